/* The base map: streets, buildings, water and names in quiet greys, under everything else.

   Lianfang.basemap(map, {url, lang, areas}) asks `url` (/basemap/current.json) which base map there is and
   draws it; `lang` is "zh" or "en"; `areas` (true) also names towns and villages. The answer's handle has
   remove() and nameAreas(on). Without a base map, or without an answer, the map's own ground stays: no error. */
(function () {
  "use strict";

  const FONT = '"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';
  const GROUND = "#f1f0ee", WATER = "#dbe4ea", BUILDING = "#d8d7d5", CASING = "#bdbcb8", PATH = "#e3e1dc";
  const WORLD = 40075016.6855785; // metres, the width of the world in Web Mercator
  const WIDTHS = { major: 9, minor: 6.5, service: 3.6, path: 2.2 }; // metres on the ground
  const ROOM_FROM = [0.12, 0.25, 0.45, 0.9]; // pixels a metre from which streets of each rank are named
  const SAME_NAME_APART = 280; // pixels: both carriageways of a street have its name
  const TRY_AGAIN = [10, 30, 120, 600]; // seconds
  const CJK = /[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]/;

  const pixelsPerMetre = (zoom) => (256 * 2 ** zoom) / WORLD;

  /* Metres on the ground in a metre of the projection, at a height of the world's picture. */
  function stretch(y, zoom) {
    return Math.cosh(Math.PI * (1 - (2 * y) / (256 * 2 ** zoom)));
  }

  /* Streets are as wide as streets are, never thinner than a hair; from far away their class decides. */
  function streetWidth(kind, zoom, latitude) {
    const real = (WIDTHS[kind] * pixelsPerMetre(zoom)) / Math.cos((latitude * Math.PI) / 180);
    const least = kind === "major" ? 1.6 : kind === "path" ? 0.6 : 0.9;
    return Math.max(least, Math.min(real, 30));
  }

  function paintRules(latitude) {
    const { PolygonSymbolizer, LineSymbolizer } = protomapsL;
    const of = (kind) => (zoom, feature) => feature.props.kind === kind;
    const line = (kind, color, more) => ({
      dataLayer: "roads",
      filter: of(kind),
      symbolizer: new LineSymbolizer({
        color,
        width: (zoom) => streetWidth(kind, zoom, latitude) + more,
        lineCap: "round",
        lineJoin: "round",
      }),
    });
    // Casings first: where streets meet, no casing runs across the other street.
    return [
      { dataLayer: "water", symbolizer: new PolygonSymbolizer({ fill: WATER }) },
      { dataLayer: "buildings", symbolizer: new PolygonSymbolizer({ fill: BUILDING }) },
      line("path", PATH, 0),
      line("service", CASING, 1.6),
      line("minor", CASING, 1.6),
      line("major", CASING, 1.6),
      line("service", "#ffffff", 0),
      line("minor", "#ffffff", 0),
      line("major", "#ffffff", 0),
    ];
  }

  /* Names. Each class is what protomaps-leaflet calls a label symbolizer. */

  function written(ctx, text, { angle = 0, font, colour, halo }) {
    ctx.rotate(angle);
    ctx.font = font;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.globalAlpha = 1;
    ctx.strokeStyle = "rgba(255,255,255,0.85)";
    ctx.lineWidth = halo;
    ctx.strokeText(text, 0, 0);
    ctx.fillStyle = colour;
    ctx.fillText(text, 0, 0);
  }

  function wide(layout, text, font) {
    layout.scratch.font = font;
    return layout.scratch.measureText(text).width;
  }

  function box(anchor, width, height) {
    return {
      minX: anchor.x - width / 2,
      minY: anchor.y - height / 2,
      maxX: anchor.x + width / 2,
      maxY: anchor.y + height / 2,
    };
  }

  // Chinese characters are read at 14 pixels, letters at 12.
  const fontOf = (text, weight, more = 0) => `${weight} ${(CJK.test(text) ? 14 : 12) + more}px ${FONT}`;

  class StreetName {
    place(layout, geom, feature) {
      const { name, angle, room, rank } = feature.props, anchor = geom[0][0];
      const scale = pixelsPerMetre(layout.zoom);
      if (scale * stretch(anchor.y, layout.zoom) <= ROOM_FROM[rank]) return undefined;
      const font = fontOf(name, 400), long = wide(layout, name, font), turn = (angle * Math.PI) / 180;
      if (room * scale < long + 8) return undefined;
      // Small squares along the name: a slanted name must not take the room of a whole box.
      const bboxes = [];
      const count = Math.ceil(long / 14) + 1;
      for (let i = 0; i < count; i++) {
        const along = (i / (count - 1) - 0.5) * long;
        bboxes.push(box({ x: anchor.x + along * Math.cos(turn), y: anchor.y + along * Math.sin(turn) }, 16, 16));
      }
      return [{
        anchor,
        bboxes,
        deduplicationKey: name,
        deduplicationDistance: SAME_NAME_APART,
        draw: (ctx) => written(ctx, name, { angle: turn, font, colour: "#4b5157", halo: 3 }),
      }];
    }
  }

  class AreaName {
    constructor(lang) {
      this.lang = lang;
    }

    place(layout, geom, feature) {
      const { name, name_en, room } = feature.props, anchor = geom[0][0];
      const said = (this.lang === "en" && name_en) || name;
      const font = fontOf(said, 600, layout.zoom < 16 ? 0 : 1), long = wide(layout, said, font);
      if (room * pixelsPerMetre(layout.zoom) < long * 0.9) return undefined;
      return [{
        anchor,
        bboxes: [box(anchor, long + 6, 20)],
        draw: (ctx) => written(ctx, said, { font, colour: "#3b4248", halo: 4 }),
      }];
    }
  }

  class PlaceName {
    place(layout, geom, feature) {
      const { name } = feature.props, anchor = geom[0][0];
      const font = fontOf(name, 400), long = wide(layout, name, font);
      if (long > 160) return undefined;
      return [{
        anchor,
        bboxes: [box({ x: anchor.x, y: anchor.y + 7 }, long + 4, 28)],
        draw: (ctx) => {
          ctx.fillStyle = "#8a9299";
          ctx.globalAlpha = 1;
          ctx.beginPath();
          ctx.arc(0, 0, 2.5, 0, 2 * Math.PI);
          ctx.fill();
          ctx.translate(0, 13);
          written(ctx, name, { font, colour: "#6b737a", halo: 3 });
        },
      }];
    }
  }

  function labelRules(lang) {
    // Who comes first gets the room.
    const byRank = (a, b) => a.rank - b.rank;
    return [
      { id: "areas", dataLayer: "names", symbolizer: new AreaName(lang) },
      { dataLayer: "street_names", symbolizer: new StreetName(), sort: byRank },
      { dataLayer: "places", minzoom: 17, symbolizer: new PlaceName() },
    ];
  }

  /* An archive that fails quietly: protomaps-leaflet writes every failure but an abort to the console, and
     remembers an empty answer as the tile. */
  function quiet(archive, lost) {
    return {
      getZxy: (z, x, y, signal) =>
        archive.getZxy(z, x, y, signal).catch((error) => {
          if (error.name !== "AbortError") lost();
          throw new DOMException("no tile", "AbortError");
        }),
    };
  }

  function credit(words) {
    const made = document.createElement("span");
    made.textContent = words;
    return made.outerHTML; // Leaflet takes HTML: names come from other people's data
  }

  /* Ground below everything, names above what is drawn on the map; neither takes the pointer. */
  function pane(map, name, zIndex) {
    if (!map.getPane(name)) {
      const made = map.createPane(name);
      made.style.zIndex = zIndex;
      made.style.pointerEvents = "none";
    }
    return name;
  }

  class BaseMap {
    constructor(map, { url, lang, areas = true }) {
      Object.assign(this, { map, url, lang, areas, layers: [], tries: 0 });
      this.ask();
    }

    async ask() {
      let told = null;
      try {
        const answer = await fetch(this.url, { credentials: "same-origin" });
        if (answer.ok) told = await answer.json();
      } catch {
        // No answer is like no base map; asked again below.
      }
      if (this.removed) return;
      if (!told) return this.later();
      this.clear();
      const draw = { own: this.own, pmtiles: this.foreign, raster: this.raster }[told.kind];
      if (draw) draw.call(this, told);
    }

    /* Asked again when the server did not answer or a file went: a new version may have taken its place. */
    later() {
      if (this.timer || this.removed) return;
      const wait = TRY_AGAIN[Math.min(this.tries++, TRY_AGAIN.length - 1)];
      this.timer = setTimeout(() => {
        this.timer = null;
        this.ask();
      }, wait * 1000);
    }

    own(told) {
      const latitude = (told.bounds[1] + told.bounds[3]) / 2;
      const archive = quiet(new protomapsL.PmtilesSource(told.url, true).p, () => this.later());
      const common = {
        url: archive,
        maxDataZoom: told.max_zoom,
        maxZoom: this.map.getMaxZoom(),
        attribution: credit(told.attribution),
        lang: this.lang,
      };
      const ground = protomapsL.leafletLayer({
        ...common,
        pane: pane(this.map, "basemap", 190),
        paintRules: paintRules(latitude),
        labelRules: [],
        backgroundColor: GROUND,
      });
      const names = protomapsL.leafletLayer({
        ...common,
        pane: pane(this.map, "basemap-names", 450),
        paintRules: [],
        labelRules: labelRules(this.lang),
      });
      names.views = ground.views; // each tile is fetched and read once
      this.names = names;
      this.nameAreas(this.areas);
      this.show(ground, names);
    }

    /* An intranet's vector tiles: in the one schema that such files have, and its greyest look. */
    foreign(told) {
      const archive = quiet(new protomapsL.PmtilesSource(told.url, true).p, () => this.later());
      this.show(protomapsL.leafletLayer({
        url: archive,
        flavor: "white",
        lang: this.lang === "en" ? "en" : "zh-Hans",
        maxZoom: this.map.getMaxZoom(),
        pane: pane(this.map, "basemap", 190),
        attribution: credit(told.attribution),
      }));
    }

    raster(told) {
      const name = pane(this.map, "basemap", 190);
      // Other people's maps are colourful; here colour is for what matters.
      this.map.getPane(name).style.filter = "grayscale(0.9) brightness(1.06) contrast(0.85)";
      this.show(L.tileLayer(told.url, {
        pane: name,
        maxZoom: this.map.getMaxZoom(),
        maxNativeZoom: 18,
        attribution: credit(told.attribution),
      }));
    }

    show(...layers) {
      this.layers = layers;
      for (const layer of layers) layer.addTo(this.map);
    }

    nameAreas(on) {
      this.areas = on;
      if (!this.names) return;
      this.names.labelRules.find((rule) => rule.id === "areas").visible = on;
      if (this.names._map) {
        this.names.clearLayout();
        this.names.rerenderTiles();
      }
    }

    clear() {
      for (const layer of this.layers) layer.remove();
      this.layers = [];
      this.names = null;
      const under = this.map.getPane("basemap");
      if (under) under.style.filter = "";
    }

    remove() {
      this.removed = true;
      clearTimeout(this.timer);
      this.clear();
    }
  }

  window.Lianfang = Object.assign(window.Lianfang || {}, { basemap: (map, options) => new BaseMap(map, options) });
})();
