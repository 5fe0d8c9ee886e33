/* Joins the panel with the map: the legend switches layers, a line of a list shows its thing, and back. */
(function () {
  "use strict";

  const narrow = window.matchMedia("(max-width: 767.98px)");

  function start(map, id) {
    const options = Lianfang.dataOf(id);
    const layers = Lianfang.layers;
    const inputs = new Map();
    document.querySelectorAll("[data-input]").forEach((input) => inputs.set(input.dataset.input, input));
    Lianfang.map = map;
    Lianfang.teamColourCount = options.teamColours.length;

    // Not animated: what follows asks for the zoom, and would be told the one before.
    map.fitBounds(options.bounds, { animate: false });
    // Leaflet takes an attribution as HTML: give it the text escaped.
    L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map)
      .addAttribution(Lianfang.element("span", "", options.attribution).outerHTML);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    // On a phone popups open at the top, so the buttons stand at the bottom.
    const corner = narrow.matches ? "bottomright" : "topright";
    L.control.zoom({ position: corner, zoomInTitle: options.texts.zoom_in, zoomOutTitle: options.texts.zoom_out })
      .addTo(map);
    wholeAreaControl(map, options, corner).addTo(map);

    let picked = null; // the team picked out, or null
    let annotations = null;

    function isOn(layer) {
      return layer.spec.when.every((name) => !inputs.has(name) || inputs.get(name).checked);
    }

    function refresh() {
      for (const layer of layers.values()) {
        if (isOn(layer) !== map.hasLayer(layer.group)) {
          if (isOn(layer)) map.addLayer(layer.group);
          else map.removeLayer(layer.group);
        }
      }
      // Layers share one canvas, which draws in the order of adding: put them back into theirs.
      for (const layer of layers.values()) {
        if (!layer.spec.pane && map.hasLayer(layer.group)) {
          layer.members.forEach((member) => member.bringToFront());
        }
      }
      const none = inputs.get("jurisdictions-none");
      document.querySelector(".lf-map-scale")?.toggleAttribute("hidden", !none || none.checked);
      if (annotations) annotations.redraw();
    }

    function annotated() {
      const areas = [], routes = [];
      for (const { spec, group, members } of layers.values()) {
        if (!map.hasLayer(group)) continue;
        if (spec.names) areas.push(...spec.names);
        if (spec.team !== undefined && spec.features[0]?.sym === "route") {
          const colour = options.teamColours[spec.team % options.teamColours.length];
          const faded = picked !== null && picked !== spec.team;
          routes.push({ latlngs: members[0].getLayers()[1].getLatLngs(), colour, faded });
        }
      }
      return { streets: options.streetNames, areas, routes };
    }

    function pick(team) {
      picked = team;
      for (const { spec, members } of layers.values()) {
        if (spec.team === undefined) continue;
        const faded = team !== null && team !== spec.team;
        members.forEach((member, i) => {
          if (spec.features[i].sym === "route") {
            const [casing, line, ants] = member.getLayers();
            casing.setStyle({ opacity: faded ? 0.15 : 0.9 });
            line.setStyle({ opacity: faded ? 0.2 : spec.style.opacity });
            ants.setStyle({ opacity: team === spec.team ? 0.9 : 0 });
            if (team === spec.team) member.bringToFront();
          } else member.setOpacity(faded ? 0.25 : 1).setZIndexOffset(team === spec.team ? 1000 : 0);
        });
      }
      annotations.redraw();
    }

    let lit = null;
    function light(member) {
      if (lit) lit.restore();
      lit = null;
      if (!(member instanceof L.Path)) return;
      const { weight, opacity, dashArray } = member.options;
      lit = {
        restore() {
          member.setStyle({ weight, opacity, lit: false });
        },
      };
      const thicker = member instanceof L.CircleMarker ? weight : (weight || 1) + 3;
      member.setStyle({ weight: thicker, opacity: 1, dashArray, lit: true });
    }

    function turnOn(layer) {
      for (const name of layer.spec.when) {
        if (inputs.has(name)) inputs.get(name).checked = true;
      }
      refresh();
    }

    function show(target) {
      const [id, index] = target.split(":");
      const layer = layers.get(id), member = layer.members[Number(index)], feature = layer.spec.features[Number(index)];
      turnOn(layer);
      if (narrow.matches) togglePanel(false);
      if (layer.spec.team !== undefined) pick(layer.spec.team);
      // Not animated: opening the popup pans again, and the two movements would fight.
      const move = { animate: false, maxZoom: 18, padding: [50, 50] };
      if (feature.sym === "route") {
        map.fitBounds(member.getBounds(), move);
        return;
      }
      const at = L.latLng(feature.a[1], feature.a[0]);
      const bounds = member.getBounds && !(member instanceof L.CircleMarker) ? member.getBounds() : at.toBounds(120);
      map.fitBounds(bounds, move);
      member.openPopup(at);
    }

    const toggle = document.getElementById("panel-toggle"), panel = document.getElementById("panel");
    function togglePanel(open) {
      panel.classList.toggle("lf-closed", !open);
      toggle.setAttribute("aria-expanded", String(open));
    }
    toggle.addEventListener("click", () => togglePanel(panel.classList.contains("lf-closed")));
    togglePanel(!narrow.matches);
    narrow.addEventListener("change", () => togglePanel(!narrow.matches));

    document.querySelectorAll("[data-input]").forEach((input) => input.addEventListener("change", refresh));
    document.querySelectorAll("[data-target]").forEach((button) => {
      button.addEventListener("click", () => show(button.dataset.target));
    });
    document.querySelectorAll("[data-tab]").forEach((figure) => {
      figure.addEventListener("click", () => {
        if (figure.dataset.tab) bootstrap.Tab.getOrCreateInstance(`#tab-${figure.dataset.tab}`).show();
      });
    });
    document.querySelectorAll("details[data-team]").forEach((details) => {
      details.addEventListener("toggle", () => {
        const team = Number(details.dataset.team);
        if (details.open) pick(team);
        else if (picked === team) pick(null);
      });
    });

    /* What is clicked on the map is lit in the lists. */
    function mark(target) {
      document.querySelectorAll(".lf-row-lit").forEach((row) => row.classList.remove("lf-row-lit"));
      const row = target && document.querySelector(`[data-target="${target}"]`);
      if (!row) return;
      row.classList.add("lf-row-lit");
      if (row.offsetParent) row.scrollIntoView({ block: "nearest" });
    }
    for (const { id, members, spec } of layers.values()) {
      members.forEach((member, index) => {
        member.on("popupopen", () => {
          light(member);
          mark(`${id}:${index}`);
          if (spec.team !== undefined) pick(spec.team);
        });
        member.on("popupclose", () => {
          light(null);
          mark(null);
          const open = document.querySelector("details[data-team][open]");
          if (spec.team !== undefined && !open) pick(null);
        });
      });
    }
    /* The areas lie under the streets, out of the pointer's reach: a click that hit nothing else asks them. */
    map.on("click", (event) => {
      const point = map.latLngToLayerPoint(event.latlng);
      for (const { spec, group, members } of layers.values()) {
        if (spec.pane !== "areas" || !map.hasLayer(group)) continue;
        const hit = members.findIndex((member) => member._containsPoint(point));
        if (hit >= 0) {
          map.openPopup(L.popup(Lianfang.POPUP).setLatLng(event.latlng).setContent(Lianfang.popupContent(spec.features[hit].p)));
        }
      }
    });
    map.on("popupopen", (event) => {
      const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) close.setAttribute("aria-label", options.texts.close);
    });

    map.getPane("popupPane").setAttribute("aria-live", "polite");
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });

    /* Far out, badges shrink to dots and signs get smaller, so that the ways stay readable. */
    function thin() {
      const zoom = map.getZoom();
      map.getContainer().classList.toggle("lf-far", zoom < 15.5);
      for (const { spec, members } of layers.values()) {
        if (spec.style.radius) {
          members.forEach((member) => (member.options.radius = spec.style.radius * (zoom < 14 ? 0.5 : zoom < 16 ? 0.75 : 1)));
        }
      }
    }
    map.on("zoom", thin);
    thin();
    map.setMinZoom(Math.max(2, map.getBoundsZoom(options.bounds) - 2));
    refresh();
    annotations = new Lianfang.Annotations(annotated).addTo(map);
    new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  }

  function wholeAreaControl(map, options, position) {
    const control = L.control({ position });
    control.onAdd = () => {
      const bar = Lianfang.element("div", "leaflet-bar");
      const button = Lianfang.element("button", "lf-whole", "⤢");
      button.type = "button";
      button.title = options.texts.whole;
      button.setAttribute("aria-label", options.texts.whole);
      L.DomEvent.disableClickPropagation(bar);
      button.addEventListener("click", () => map.fitBounds(options.bounds));
      bar.append(button);
      return bar;
    };
    return control;
  }

  Lianfang.start = start;
})();
