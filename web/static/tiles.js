/* Vector tiles on canvas: what is fetched, kept, drawn and hit. Knows no layer's look (tiles_paint.js does).

   A grid draws several layers into one canvas a tile, each from tiles of its own, so that switching a layer
   or moving the time draws anew what is here already and asks the server for nothing. The tiles are decoded
   by protomaps-leaflet, which the base map brings along. */
(function () {
  "use strict";

  const Lianfang = (window.Lianfang = window.Lianfang || {});

  const SIDE = 512; // pixels of a tile on the screen
  // Tiles are cut to 4096 steps: at this zoom a step is 0.15 m, so closer views are drawn from these.
  const DEEPEST = 16;
  const KEPT = 500; // tiles kept when they have left the screen
  const SLICE_MS = 8; // of decoding and drawing in one frame
  const AT_ONCE = 5; // requests on their way: a browser sends six to one server, and a card must not wait for tiles
  const PATIENCE_MS = 300; // before a tile is drawn with the layers that came so far

  /* Decoding and drawing take turns with the browser, so that no frame waits for a whole screen of tiles. By
     messages, not by frames: where a frame takes long to show, most of the time would be spent waiting for it. */
  const jobs = [];
  const turn = new MessageChannel();
  let working = false;
  let go = null;
  turn.port1.onmessage = () => go();

  function aTurn() {
    return new Promise((next) => {
      go = next;
      turn.port2.postMessage(null);
    });
  }

  async function work() {
    // Never at the end of what is going on: Leaflet's own zooming takes half a frame already.
    await aTurn();
    let began = performance.now();
    while (jobs.length) {
      await jobs.shift()();
      if (performance.now() - began > SLICE_MS) {
        await aTurn();
        began = performance.now();
      }
    }
    working = false;
  }

  function later(job) {
    jobs.push(job);
    if (working) return;
    working = true;
    work();
  }

  /* The features of a tile by the library's own reading of the format, in pixels of the tile. */
  async function decoded(content, z, x, y) {
    const source = new protomapsL.PmtilesSource({ getZxy: async () => ({ data: content }) }, false);
    return source.get({ z, x, y }, SIDE);
  }

  class Trouble extends Error {
    constructor(status) {
      super(`the server answered ${status}`);
      this.status = status;
    }
  }

  /* Tiles by layer and place, each fetched once. `address(layer)` is a template with {z}, {x} and {y};
     `trouble(status, layer)` is told of every tile that did not come. */
  class Store {
    constructor(address, trouble) {
      this.address = address;
      this._trouble = trouble;
      this._entries = new Map();
      this._queue = [];
      this._away = 0;
      this.pending = 0;
      this.onpending = () => {};
    }

    want(layer, z, x, y, asker) {
      const address = this.address(layer), key = `${address} ${z}/${x}/${y}`;
      let entry = this._entries.get(key);
      if (entry) {
        this._entries.delete(key); // to the end: least recently wanted first
        this._entries.set(key, entry);
      } else {
        entry = { key, layer, address, features: null, failed: false, askers: new Set(), abort: new AbortController() };
        this._entries.set(key, entry);
        this._count(1);
        this._queue.push({ entry, z, x, y });
        this._send();
        this._forget();
      }
      if (!entry.features && !entry.failed) entry.askers.add(asker);
      return entry;
    }

    /* A tile that left the screen: what nobody waits for any more is not fetched to its end. */
    leave(entry, asker) {
      entry.askers.delete(asker);
      if (!entry.askers.size && !entry.features && !entry.failed) {
        entry.abort.abort();
        this._entries.delete(entry.key);
      }
    }

    /* Tiles that did not come may be asked for again. */
    forgive() {
      for (const [key, entry] of this._entries) if (entry.failed) this._entries.delete(key);
    }

    _count(step) {
      this.pending += step;
      this.onpending(this.pending);
    }

    _send() {
      while (this._away < AT_ONCE && this._queue.length) {
        const { entry, z, x, y } = this._queue.shift();
        this._away += 1;
        this._fetch(entry, z, x, y)
          // The next one goes off while this one is decoded.
          .finally(() => {
            this._away -= 1;
            this._send();
          })
          .then((content) => this._decode(entry, content, z, x, y))
          .catch((error) => this._lose(entry, error))
          .then(() => this._tell(entry));
      }
    }

    async _fetch(entry, z, x, y) {
      entry.abort.signal.throwIfAborted();
      const url = entry.address.replace("{z}", z).replace("{x}", x).replace("{y}", y);
      const answer = await fetch(url, { signal: entry.abort.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Trouble(answer.redirected ? 401 : answer.status);
      return answer.arrayBuffer();
    }

    _decode(entry, content, z, x, y) {
      return new Promise((done, fail) => {
        later(async () => {
          try {
            const layers = content.byteLength ? await decoded(content, z, x, y) : new Map();
            entry.features = layers.get(entry.layer) || [];
            done();
          } catch (error) {
            fail(error);
          }
        });
      });
    }

    _lose(entry, error) {
      if (error.name === "AbortError") return;
      entry.failed = true;
      this._trouble(error instanceof Trouble ? error.status : 0, entry.layer);
    }

    _tell(entry) {
      this._count(-1);
      for (const asker of entry.askers) asker(entry);
      entry.askers.clear();
    }

    _forget() {
      if (this._entries.size <= KEPT) return;
      for (const [key, entry] of this._entries) {
        if (entry.askers.size || entry.used) continue;
        this._entries.delete(key);
        if (this._entries.size <= KEPT) return;
      }
    }
  }

  /* A Leaflet layer of tiles. `layers`, the lowest first, are {name, from, to, shown(), paint(ctx, features,
     view), reach(feature, zoom), edge}: `from` and `to` are the zooms of tiles the server has, paint draws, reach is
     how many pixels beside a feature still hit it (null: never). `view` is {k, dx, dy, zoom}: a feature's x is
     drawn at x * k + dx. */
  const Grid = L.GridLayer.extend({
    options: { tileSize: SIDE, noWrap: true, updateWhenZooming: false, keepBuffer: 1 },

    initialize(store, layers, options) {
      L.setOptions(this, options);
      this._store = store;
      this._layers = layers;
      this._cut = new Map(); // canvas -> {coords, canvas, done, entries}
      this.on("tileunload", ({ tile }) => this._leave(tile));
    },

    /* Draw everything anew; ask for layers that were switched on. */
    refresh() {
      for (const cut of this._cut.values()) {
        this._ask(cut);
        this._soon(cut);
      }
    },

    /* Ask again for what did not come. */
    retry() {
      this._store.forgive();
      for (const cut of this._cut.values()) {
        for (const [name, entry] of cut.entries) if (entry.failed) cut.entries.delete(name);
      }
      this.refresh();
    },

    isFar(name) {
      const z = this._zoomOfTiles();
      const layer = this._layers.find((one) => one.name === name);
      return z < layer.from ? "far" : z > layer.to ? "near" : "";
    },

    /* What lies within reach of a place, the uppermost and nearest first: [{layer, feature, px}]. */
    hit(latlng) {
      if (!this._map || this._tileZoom === undefined) return [];
      const at = this._map.project(latlng, this._tileZoom);
      const found = [];
      for (const cut of this._cut.values()) {
        const x = at.x - cut.coords.x * SIDE, y = at.y - cut.coords.y * SIDE;
        if (cut.coords.z !== this._tileZoom || x < 0 || y < 0 || x >= SIDE || y >= SIDE) continue;
        const view = this._view(cut.coords);
        const point = { x: (x - view.dx) / view.k, y: (y - view.dy) / view.k };
        for (let i = this._layers.length - 1; i >= 0; i--) this._hitLayer(this._layers[i], cut, point, view, found);
      }
      return found;
    },

    /* Every feature of a layer on the screen with its tile's way to places: visit(feature, latlng(x, y)). */
    each(name, visit) {
      const seen = new Set();
      for (const cut of this._cut.values()) {
        const entry = cut.entries.get(name);
        if (cut.coords.z !== this._tileZoom || !entry || !entry.features || seen.has(entry)) continue;
        seen.add(entry);
        const { z, x, y } = this._place(cut.coords);
        const latlng = (px, py) => this._map.unproject([(x + px / SIDE) * SIDE, (y + py / SIDE) * SIDE], z + 1);
        for (const feature of entry.features) visit(feature, latlng);
      }
    },

    createTile(coords, done) {
      const canvas = L.DomUtil.create("canvas", "lf-tile");
      // A canvas has 300 by 150 pixels until it is told otherwise; an empty tile needs none.
      canvas.width = canvas.height = 0;
      const cut = { coords, canvas, done, entries: new Map(), queued: false, settled: false, patient: true };
      cut.asker = () => this._soon(cut);
      this._cut.set(canvas, cut);
      cut.timer = setTimeout(() => {
        cut.patient = false;
        this._soon(cut);
      }, PATIENCE_MS);
      // A zoom makes all tiles of the screen in one go; what they need is asked for when there is time.
      later(() => {
        if (this._cut.has(canvas)) this._ask(cut);
      });
      this._soon(cut);
      return canvas;
    },

    _zoomOfTiles() {
      return (this._tileZoom === undefined ? Math.round(this._map.getZoom()) : this._tileZoom) - 1;
    },

    /* The tile that holds the data of a tile on the screen. Leaflet counts zooms by tiles of 256 pixels. */
    _place(coords) {
      const z = coords.z - 1, over = Math.max(0, z - DEEPEST);
      return { z: z - over, x: coords.x >> over, y: coords.y >> over, over };
    },

    _view(coords) {
      const { x, y, over } = this._place(coords);
      const k = 2 ** over;
      return { k, dx: (x * k - coords.x) * SIDE, dy: (y * k - coords.y) * SIDE, zoom: coords.z };
    },

    _wanted(cut) {
      const { z } = this._place(cut.coords);
      return this._layers.filter((layer) => layer.shown() && z >= layer.from && z <= layer.to);
    },

    _ask(cut) {
      const { z, x, y } = this._place(cut.coords);
      for (const { name } of this._wanted(cut)) {
        const had = cut.entries.get(name);
        if (had && had.address === this._store.address(name)) continue;
        if (had) this._give(cut, had);
        const entry = this._store.want(name, z, x, y, cut.asker);
        entry.used = (entry.used || 0) + 1;
        cut.entries.set(name, entry);
      }
    },

    _leave(canvas) {
      const cut = this._cut.get(canvas);
      if (!cut) return;
      this._cut.delete(canvas);
      clearTimeout(cut.timer);
      for (const entry of cut.entries.values()) this._give(cut, entry);
      canvas.width = canvas.height = 0; // gives its memory back at once
    },

    _give(cut, entry) {
      entry.used -= 1;
      this._store.leave(entry, cut.asker);
    },

    _soon(cut) {
      if (cut.queued) return;
      cut.queued = true;
      later(() => {
        cut.queued = false;
        if (this._cut.has(cut.canvas)) this._paint(cut);
      });
    },

    _paint(cut) {
      const view = this._view(cut.coords);
      const ready = [];
      let waiting = false;
      for (const layer of this._wanted(cut)) {
        const entry = cut.entries.get(layer.name);
        if (entry && entry.features) ready.push([layer, entry.features]);
        else if (!entry || !entry.failed) waiting = true;
      }
      // Once, when all layers are here, rather than once for each; but not for ever.
      if (waiting && cut.patient) return;
      const dense = Math.min(window.devicePixelRatio || 1, 2), side = SIDE * dense;
      const drawn = ready.some(([, features]) => features.length);
      if (drawn || cut.canvas.width) {
        const ctx = cut.canvas.getContext("2d");
        if (cut.canvas.width !== side) cut.canvas.width = cut.canvas.height = side;
        ctx.setTransform(1, 0, 0, 1, 0, 0);
        ctx.clearRect(0, 0, side, side);
        ctx.setTransform(dense, 0, 0, dense, 0, 0);
        for (const [layer, features] of ready) {
          ctx.save();
          layer.paint(ctx, features, view);
          ctx.restore();
        }
      }
      this._settle(cut);
    },

    _settle(cut) {
      if (cut.settled) return;
      cut.settled = true;
      cut.patient = false;
      clearTimeout(cut.timer);
      cut.done(null, cut.canvas);
      this.fire("drawn");
    },

    _hitLayer(layer, cut, point, view, found) {
      const entry = cut.entries.get(layer.name);
      if (!layer.shown() || !layer.reach || !entry || !entry.features) return;
      const near = [];
      for (const feature of entry.features) {
        const px = layer.reach(feature, view.zoom);
        if (px === null) continue;
        const room = px / view.k, { minX, minY, maxX, maxY } = feature.bbox;
        if (point.x < minX - room || point.x > maxX + room || point.y < minY - room || point.y > maxY + room) continue;
        const away = distance(feature, point, layer.edge);
        if (away <= room) near.push({ layer: layer.name, feature, px: away * view.k });
      }
      near.sort((a, b) => a.px - b.px);
      found.push(...near);
    },
  });

  /* From a place to a feature, pixels of the tile; inside an area it is 0. */
  function distance(feature, point, edge) {
    if (feature.geomType === 1) return protomapsL.pointMinDistToPoints(point, feature.geom);
    if (feature.geomType === 2 || edge) return protomapsL.pointMinDistToLines(point, feature.geom);
    return protomapsL.pointInPolygon(point, feature.geom) ? 0 : Infinity;
  }

  Lianfang.tiles = { Store, Grid, SIDE };
})();
