/* The buttons on the map, its address, and how it goes to paper. */
(function () {
  "use strict";

  const NARROW = "(max-width: 767.98px)";
  // Around a whole area: the search box lies above, the time below.
  const ROOM = { animate: false, paddingTopLeft: [12, 58], paddingBottomRight: [12, 76] };
  const PAPER = { width: 790, height: 668 }; // CSS pixels of the map on A4 across, beside title and legend

  /* Where we look, what is on, which time, what is picked: behind the "#", which no server log sees.
     Only what differs from the page as it opens is written. */
  const address = {
    text(page, { picked = true } = {}) {
      const { map, look, inputs, time } = page, at = map.getCenter();
      const parts = [`at=${map.getZoom()}/${at.lat.toFixed(5)}/${at.lng.toFixed(5)}`];
      const changed = (on) => inputs.filter((i) => i.checked !== i.defaultChecked && i.checked === on).map((i) => i.dataset.input);
      if (changed(true).length) parts.push(`on=${changed(true).join(".")}`);
      if (changed(false).length) parts.push(`off=${changed(false).join(".")}`);
      if (time && time.slot !== null) parts.push(`t=${new Date(time.begins(time.slot) * 1000).toISOString().slice(0, 16)}Z`);
      if (picked && look.lit) parts.push(`f=${look.lit.layer}:${encodeURIComponent(look.lit.id)}`);
      return `#${parts.join("&")}`;
    },

    read() {
      const told = new URLSearchParams(location.hash.slice(1));
      const at = (told.get("at") || "").split("/").map(Number);
      const list = (name) => new Set((told.get(name) || "").split(".").filter(Boolean));
      const time = Date.parse(told.get("t") || "") / 1000;
      const picked = /^[a-z]+:[\w.-]+$/.exec(told.get("f") || "");
      const isPlace = at.length === 3 && at.every(Number.isFinite) && Math.abs(at[1]) <= 85 && Math.abs(at[2]) <= 180;
      return { at: isPlace ? at : null, on: list("on"), off: list("off"), time: Number.isFinite(time) ? time : null, picked: picked && picked[0] };
    },
  };

  function button(label, picture, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "lf-map-button";
    made.title = label;
    made.setAttribute("aria-label", label);
    // The pictures are drawings of the page itself (components/icon.html).
    made.append(document.getElementById(`icon-${picture}`).content.cloneNode(true));
    made.addEventListener("click", act);
    return made;
  }

  function controls(page) {
    const { map, o } = page, { texts } = o;
    const position = window.matchMedia(NARROW).matches ? "bottomright" : "topright";
    // Leaflet takes an attribution as HTML: give it the text escaped.
    const credit = document.createElement("span");
    credit.textContent = o.attribution;
    L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map).addAttribution(credit.outerHTML);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    L.control.zoom({ position, zoomInTitle: texts.zoom_in, zoomOutTitle: texts.zoom_out }).addTo(map);
    const bar = L.control({ position });
    bar.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar lf-map-buttons");
      L.DomEvent.disableClickPropagation(box);
      box.append(
        button(texts.whole, "whole", () => map.fitBounds(o.bounds, ROOM)),
        button(texts.full_screen, "expand", fullScreen),
        button(texts.copy_link, "link", () => copyLink(page)),
        button(texts.print, "print", () => window.print()),
      );
      return box;
    };
    bar.addTo(map);
    paper(page);
    // The other language shows the same view.
    document.querySelectorAll("a[hreflang]").forEach((link) => {
      const plain = link.href;
      link.addEventListener("click", () => (link.href = plain + address.text(page)));
    });
    window.addEventListener("hashchange", () => location.reload());
  }

  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.querySelector(".lf-map-shell").requestFullscreen();
  }

  /* The clipboard is for pages by https and of this machine; elsewhere the address is shown, marked for copying. */
  async function copyLink(page) {
    const { texts } = page.o, url = location.origin + location.pathname + location.search + address.text(page);
    const box = document.getElementById("map-link"), input = box.querySelector("input");
    try {
      await navigator.clipboard.writeText(url);
      box.querySelector("[data-said]").textContent = texts.copied;
    } catch {
      box.querySelector("[data-said]").textContent = texts.copy_yourself;
    }
    input.value = url;
    box.hidden = false;
    input.focus();
    input.select();
  }

  /* On paper the map is what is on the screen, made to fit; nothing is fetched anew, so nothing can be missing. */
  function paper(page) {
    const shell = document.querySelector(".lf-map-shell"), printed = document.querySelector("[data-printed]");
    window.addEventListener("beforeprint", () => {
      const now = new Intl.DateTimeFormat("sv-SE", { timeZone: page.o.zone, dateStyle: "short", timeStyle: "short" });
      page.printing = true; // what the paper does to the page's size is not the map's affair
      const { x, y } = page.map.getSize();
      const scale = Math.min(PAPER.width / x, PAPER.height / y);
      shell.style.setProperty("--lf-print-scale", scale.toFixed(4));
      shell.style.setProperty("--lf-print-width", `${x}px`);
      shell.style.setProperty("--lf-print-height", `${y}px`);
      shell.style.setProperty("--lf-print-room", `${Math.floor(y * scale)}px`);
      printed.textContent = now.format(new Date());
    });
    window.addEventListener("afterprint", () => (page.printing = false));
  }

  Object.assign(window.Lianfang, { address, controls, ROOM });
})();
