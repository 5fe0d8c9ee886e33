/* The small maps of components/map_frame.html: a few features of a page, lit together with their rows. */
(function () {
  "use strict";

  const ACCENT = "#0072b2";

  function text(words) {
    const made = document.createElement("span");
    made.textContent = words;
    return made;
  }

  function look(spec, feature, lit) {
    const colour = (feature.properties || {}).colour || spec.colour || "#40484f";
    const made = {
      color: lit ? ACCENT : colour,
      weight: (spec.weight ?? 2) + (lit ? 2 : 0),
      opacity: 1,
      dashArray: lit ? null : spec.dash || null,
      fillColor: colour,
      fillOpacity: spec.fill ?? 0.15,
    };
    return made;
  }

  function point(spec, feature, latlng) {
    const properties = feature.properties || {};
    const radius = spec.radius ?? 6;
    if (properties.number === undefined) {
      return L.circleMarker(latlng, { radius });
    }
    const icon = document.createElement("span");
    icon.textContent = properties.number;
    return L.marker(latlng, {
      icon: L.divIcon({ className: "lf-map-number", html: icon, iconSize: [24, 24] }),
      keyboard: false,
      alt: String(properties.label || properties.number),
    });
  }

  function draw(box) {
    const data = JSON.parse(document.getElementById(box.dataset.lfMap).textContent);
    const map = L.map(box, { zoomControl: false, attributionControl: false, maxZoom: 20, zoomSnap: 0.25, preferCanvas: true });
    const known = new Map(); // id -> [{layer, spec, feature}]
    // Ways that run: white dashes over the line, moved by the style sheet, which canvas cannot do. In a pane of
    // their own, so that a line that is lit does not cover them.
    map.createPane("ants").style.zIndex = 450;
    const ants = L.svg({ pane: "ants" });
    const lines = L.svg();
    const groups = data.layers.map((spec) => {
      const group = L.geoJSON(spec.features, {
        ...(spec.ants ? { renderer: lines } : {}),
        style: (feature) => look(spec, feature, false),
        pointToLayer: (feature, latlng) => point(spec, feature, latlng),
        onEachFeature: (feature, layer) => {
          const properties = feature.properties || {};
          if (properties.label) layer.bindTooltip(() => text(properties.label), { className: "lf-map-tip", sticky: true });
          if (feature.id === undefined) return;
          const id = String(feature.id);
          if (!known.has(id)) known.set(id, []);
          known.get(id).push({ layer, spec, feature });
          layer.on("click", () => {
            light(id);
            Lianfang.tell(id, "map");
            if (properties.href && !document.querySelector(`[data-id="${CSS.escape(id)}"]`)) {
              window.location.assign(properties.href);
            }
          });
        },
      });
      group.addTo(map);
      if (spec.ants) {
        L.geoJSON(spec.features, {
          pane: "ants",
          renderer: ants,
          interactive: false,
          className: "lf-ants",
          style: () => ({ color: "#ffffff", weight: 2, opacity: 0.9, dashArray: "6 18", lineCap: "butt" }),
        }).addTo(map);
      }
      return { spec, group };
    });

    let lit = null;
    function light(id) {
      for (const [which, on] of [[lit, false], [id, true]]) {
        for (const one of known.get(which) || []) {
          if (one.layer.setStyle) one.layer.setStyle(look(one.spec, one.feature, on));
          one.layer.getElement?.()?.classList.toggle("lf-lit", on);
          if (on && one.layer.bringToFront) one.layer.bringToFront();
        }
      }
      lit = id;
    }
    document.addEventListener("lf:row", (event) => {
      if (event.detail.from === "map" || !known.has(event.detail.id)) return;
      light(event.detail.id);
      const first = known.get(event.detail.id)[0].layer;
      const bounds = first.getBounds ? first.getBounds() : L.latLngBounds([first.getLatLng()]);
      if (!map.getBounds().contains(bounds)) map.panInsideBounds(bounds.pad(0.3));
    });

    const framing = groups.filter((one) => one.spec.frame);
    const bounds = L.latLngBounds([]);
    for (const one of framing.length ? framing : groups) bounds.extend(one.group.getBounds());
    function whole() {
      if (bounds.isValid()) map.fitBounds(bounds.pad(0.08), { animate: false, maxZoom: 18 });
      else map.setView([0, 0], 2, { animate: false });
    }
    whole();
    if (data.basemap && Lianfang.basemap) {
      const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
      Lianfang.basemap(map, { url: data.basemap, lang, areas: true });
    }
    if (data.attribution) {
      L.control.attribution({ prefix: false }).addTo(map).addAttribution(text(data.attribution).outerHTML);
    }
    L.control.scale({ imperial: false }).addTo(map);
    L.control.zoom({ position: "topright", zoomInTitle: data.texts.zoom_in, zoomOutTitle: data.texts.zoom_out }).addTo(map);
    const again = L.control({ position: "topright" });
    again.onAdd = () => {
      const bar = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("button", "lf-map-whole", bar);
      button.type = "button";
      button.title = data.texts.whole;
      button.setAttribute("aria-label", data.texts.whole);
      button.textContent = "⤢";
      L.DomEvent.disableClickPropagation(bar);
      button.addEventListener("click", whole);
      return bar;
    };
    again.addTo(map);
    new ResizeObserver(() => map.invalidateSize()).observe(box);
    box.dataset.lfDrawn = "yes";
    (Lianfang.smallMaps = Lianfang.smallMaps || {})[box.id] = { map, groups };
  }

  function drawAll(root) {
    root.querySelectorAll("[data-lf-map]:not([data-lf-drawn])").forEach(draw);
  }
  drawAll(document);
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt.parentElement || document));
})();
