/* Draws the layers of a map: the browser's half of web/maps/layers.py and web/maps/pack.py. */
(function () {
  "use strict";

  const SCALE = 1e6;
  const layers = new Map(); // layer id -> {spec, group, members}
  const stopPopups = new Map(); // stop id -> popup, shared by the stop and the badges of its visits

  function decodeLine(flat) {
    const out = new Array(flat.length / 2);
    let x = 0, y = 0;
    for (let i = 0; i < flat.length; i += 2) {
      x += flat[i];
      y += flat[i + 1];
      out[i / 2] = [y / SCALE, x / SCALE];
    }
    return out;
  }

  function decode(geometry) {
    if (geometry.t === "point") return [geometry.c[1] / SCALE, geometry.c[0] / SCALE];
    if (geometry.t === "line") return geometry.c.map(decodeLine);
    return geometry.c.map((rings) => rings.map(decodeLine));
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /* Texts go in as text, never as HTML: names come from other people's data. */
  function popupContent(popup) {
    const box = element("div", "lf-popup");
    box.append(element("p", "lf-popup-kind", popup.k), element("h2", "", popup.t));
    if (popup.r.length) {
      const list = element("dl");
      for (const [label, value] of popup.r) {
        const said = element("dd");
        said.append(...value.split("\n").map((line) => element("div", "", line)));
        list.append(element("dt", "", label), said);
      }
      box.append(list);
    }
    if (popup.d) box.append(element("p", "lf-popup-advice", popup.d));
    return box;
  }

  const POPUP = {
    maxWidth: 330,
    minWidth: 230,
    maxHeight: 400,
    autoPanPaddingTopLeft: [12, 12],
    autoPanPaddingBottomRight: [58, 24], // beside the zoom buttons, not under them
  };

  function bind(layer, popup) {
    if (popup) layer.bindPopup(() => popupContent(popup), POPUP);
  }

  function renderer(map, pane) {
    map.lianfangRenderers = map.lianfangRenderers || {};
    if (!map.lianfangRenderers[pane]) {
      map.lianfangRenderers[pane] = (pane === "routes" ? L.svg : L.canvas)({ pane, padding: 0.3, tolerance: 5 });
    }
    return map.lianfangRenderers[pane];
  }

  /* Signs on canvas: a state is told by a mark as well as by its colour. */
  const Sign = L.CircleMarker.extend({
    /* What must be drawn anew when the sign changes: the wedge reaches beyond the circle. */
    _updateBounds() {
      const reach = this.options.radius * 2.4 + 4;
      this._pxBounds = L.bounds(this._point.subtract([reach, reach]), this._point.add([reach, reach]));
    },

    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const ctx = renderer._ctx, p = this._point, o = this.options, r = o.radius;
      ctx.save();
      ctx.globalAlpha = 1;
      if (o.azimuth !== undefined && r > 3) {
        const half = 0.4, reach = r * 2.4, middle = ((o.azimuth - 90) * Math.PI) / 180;
        ctx.fillStyle = o.fillColor;
        ctx.globalAlpha = 0.4;
        ctx.beginPath();
        ctx.moveTo(p.x, p.y);
        ctx.arc(p.x, p.y, reach, middle - half, middle + half);
        ctx.closePath();
        ctx.fill();
        ctx.globalAlpha = 1;
      }
      ctx.beginPath();
      if (o.sign === "diamond") {
        ctx.moveTo(p.x, p.y - r - 3);
        ctx.lineTo(p.x + r + 3, p.y);
        ctx.lineTo(p.x, p.y + r + 3);
        ctx.lineTo(p.x - r - 3, p.y);
        ctx.closePath();
      } else {
        ctx.arc(p.x, p.y, r, 0, 2 * Math.PI);
      }
      const stop = o.sign === "stop" || o.sign === "stop-crossed";
      ctx.fillStyle = stop ? "#ffffff" : o.fillColor;
      ctx.strokeStyle = o.lit ? "#000000" : stop ? "#1b1f23" : "#ffffff";
      ctx.lineWidth = o.lit ? 3 : stop ? 2 : 1.5;
      ctx.fill();
      ctx.stroke();
      if (o.sign === "stop-crossed" && r > 3) {
        ctx.fillStyle = "#1b1f23";
        ctx.beginPath();
        ctx.arc(p.x, p.y, r / 2.2, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.strokeStyle = "#ffffff";
      ctx.lineWidth = 1.8;
      const m = r * 0.42;
      ctx.beginPath();
      if (o.sign === "camera-outage") {
        ctx.moveTo(p.x - m, p.y - m);
        ctx.lineTo(p.x + m, p.y + m);
        ctx.moveTo(p.x + m, p.y - m);
        ctx.lineTo(p.x - m, p.y + m);
      } else if (o.sign === "camera-degraded") {
        ctx.moveTo(p.x - m * 1.4, p.y);
        ctx.lineTo(p.x + m * 1.4, p.y);
      }
      ctx.stroke();
      if (o.sign === "camera-not_measured" && r > 3) {
        ctx.fillStyle = "#ffffff";
        ctx.font = `700 ${Math.round(r * 1.7)}px sans-serif`;
        ctx.textAlign = "center";
        ctx.textBaseline = "middle";
        ctx.fillText("?", p.x, p.y + 0.5);
      }
      ctx.restore();
    },
  });

  /* A route: a white casing, the team's colour, and white dashes that run along while it is picked out. */
  function route(map, latlngs, spec) {
    const line = { ...spec.style, lineJoin: "round", lineCap: "round", bubblingMouseEvents: false };
    const quiet = { ...line, interactive: false, dashArray: null };
    return L.featureGroup([
      L.polyline(latlngs, { ...quiet, color: spec.casing, weight: spec.style.weight + 3, opacity: 0.9 }),
      L.polyline(latlngs, line),
      L.polyline(latlngs, { ...quiet, color: "#ffffff", weight: 2, opacity: 0, dashArray: "2 14", className: "lf-ants" }),
    ]);
  }

  function badge(latlng, feature, spec) {
    const side = feature.second ? "lf-visit-second" : "lf-visit-first";
    const icon = L.divIcon({
      className: `lf-visit ${side} team-${spec.team % Lianfang.teamColourCount}`,
      html: element("span", "", String(feature.seq)),
      iconSize: [22, 22],
      iconAnchor: feature.second ? [-1, 11] : [23, 11],
    });
    return L.marker(latlng, { icon, title: feature.title, alt: feature.title, riseOnHover: true });
  }

  function draw(map, spec, feature) {
    const at = decode(feature.g);
    const style = { ...spec.style, ...(feature.s || {}), bubblingMouseEvents: false };
    let made;
    if (feature.sym === "route") made = route(map, at, spec);
    else if (feature.sym === "visit") made = badge(at, feature, spec);
    else if (feature.g.t === "point") {
      if (feature.sym === "diamond") style.fillColor = style.color;
      made = new Sign(at, { radius: 6, ...style, sign: feature.sym, azimuth: feature.az });
    } else if (feature.g.t === "line") made = L.polyline(at, style);
    else made = L.polygon(at, style);
    if (feature.sym && feature.sym.startsWith("stop")) stopPopups.set(feature.stop, feature.p);
    if (feature.sym === "visit") {
      made.bindPopup(() => popupContent(stopPopups.get(feature.stop) || { k: "", t: feature.title, r: [] }), POPUP);
    } else bind(made, feature.p);
    return made;
  }

  /* Streets are as wide as streets are: metres on the ground, never thinner than a hair. */
  function streetWeight(map, width_m, latitude) {
    const metresPerPixel = (40075016.7 * Math.cos((latitude * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
    return Math.max(width_m > 3 ? 0.9 : 0.6, Math.min(width_m / metresPerPixel, 30));
  }

  function baseLayer(map, spec) {
    const common = { renderer: renderer(map, "base"), pane: "base", interactive: false };
    const group = L.layerGroup();
    for (const feature of spec.features) {
      const at = decode(feature.g);
      if (!spec.width_m) {
        group.addLayer(L.polygon(at, { ...spec.style, ...common }));
        continue;
      }
      const path = spec.width_m < 3;
      const casing = L.polyline(at, { ...spec.style, ...common, color: path ? "#eceae6" : "#bdbcb8" });
      const filling = path ? null : L.polyline(at, { ...spec.style, ...common, color: "#ffffff" });
      group.addLayer(casing);
      if (filling) group.addLayer(filling);
      const widen = () => {
        const weight = streetWeight(map, spec.width_m, map.getCenter().lat);
        casing.options.weight = path ? weight : weight + 1.6;
        if (filling) filling.options.weight = weight;
      };
      map.on("zoom viewreset", widen);
      map.whenReady(widen);
    }
    return group;
  }

  function dataOf(id) {
    return JSON.parse(document.getElementById(`data-${id}`).textContent);
  }

  function layer(map, id) {
    const spec = dataOf(id);
    let group, members = [];
    if (spec.pane === "base") {
      group = baseLayer(map, spec);
    } else {
      if (spec.pane) Object.assign(spec.style, { pane: spec.pane, renderer: renderer(map, spec.pane) });
      if (spec.pane === "areas") spec.style.interactive = false;
      members = spec.features.map((feature) => draw(map, spec, feature));
      group = L.featureGroup(members);
    }
    layers.set(id, { id, spec, group, members });
    return group;
  }

  window.Lianfang = { layer, dataOf, layers, popupContent, element, POPUP, teamColourCount: 8 };
})();
