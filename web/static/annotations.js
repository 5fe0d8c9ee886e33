/* Names of streets and jurisdictions, and arrowheads along routes, on one canvas above the map. */
(function () {
  "use strict";

  const FONT = '"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';
  const ARROW_EVERY = 110; // pixels
  const SAME_NAME_APART = 280; // pixels: both carriageways of a street have its name

  const Annotations = L.Layer.extend({
    initialize(source) {
      this._source = source; // () => ({streets, areas, routes})
    },

    onAdd(map) {
      this._canvas = L.DomUtil.create("canvas", "lf-names leaflet-zoom-hide", map.getPane("names"));
      map.on("moveend zoomend resize viewreset", this.redraw, this);
      this.redraw();
    },

    onRemove(map) {
      map.off("moveend zoomend resize viewreset", this.redraw, this);
      this._canvas.remove();
    },

    redraw() {
      const map = this._map, size = map.getSize(), dense = window.devicePixelRatio || 1;
      L.DomUtil.setPosition(this._canvas, map.containerPointToLayerPoint([0, 0]));
      this._canvas.width = size.x * dense;
      this._canvas.height = size.y * dense;
      this._canvas.style.width = `${size.x}px`;
      this._canvas.style.height = `${size.y}px`;
      const ctx = this._canvas.getContext("2d");
      ctx.scale(dense, dense);
      const { streets, areas, routes } = this._source();
      this._taken = [];
      this._named = new Map(); // street name -> where it is written already
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      for (const one of routes) this._arrows(ctx, one);
      for (const [text, lon, lat, width] of areas) this._areaName(ctx, text, lon, lat, width);
      const scale = this._pixelsPerMetre();
      for (const [text, lon, lat, angle, room, rank] of streets) {
        if (scale > [0.12, 0.25, 0.45, 0.9][rank]) this._streetName(ctx, text, lon, lat, angle, room * scale);
      }
    },

    _pixelsPerMetre() {
      const latitude = (this._map.getCenter().lat * Math.PI) / 180;
      return (256 * 2 ** this._map.getZoom()) / (40075016.7 * Math.cos(latitude));
    },

    /* Whether a text of this size fits here; if so its room is taken. */
    _free(point, width, height, angle) {
      const cos = Math.abs(Math.cos(angle)), sin = Math.abs(Math.sin(angle));
      const w = (width * cos + height * sin) / 2 + 3, h = (width * sin + height * cos) / 2 + 2;
      const box = [point.x - w, point.y - h, point.x + w, point.y + h];
      const size = this._map.getSize();
      if (box[2] < 0 || box[3] < 0 || box[0] > size.x || box[1] > size.y) return false;
      if (this._taken.some((o) => o[0] < box[2] && o[2] > box[0] && o[1] < box[3] && o[3] > box[1])) return false;
      this._taken.push(box);
      return true;
    },

    _text(ctx, text, point, angle, colour, halo) {
      ctx.save();
      ctx.translate(point.x, point.y);
      ctx.rotate(angle);
      ctx.strokeStyle = "rgba(255,255,255,0.85)";
      ctx.lineWidth = halo;
      ctx.strokeText(text, 0, 0);
      ctx.fillStyle = colour;
      ctx.fillText(text, 0, 0);
      ctx.restore();
    },

    _areaName(ctx, text, lon, lat, width) {
      ctx.font = `600 ${this._map.getZoom() < 15.5 ? 13 : 15}px ${FONT}`;
      const long = ctx.measureText(text).width;
      const west = this._map.latLngToContainerPoint([lat, lon - width / 2]).x;
      const east = this._map.latLngToContainerPoint([lat, lon + width / 2]).x;
      const point = this._map.latLngToContainerPoint([lat, lon]);
      if (east - west < long * 0.9 || !this._free(point, long, 18, 0)) return;
      this._text(ctx, text, point, 0, "#1b1f23", 4);
    },

    _streetName(ctx, text, lon, lat, angle, room) {
      ctx.font = `400 12px ${FONT}`;
      const long = ctx.measureText(text).width;
      const turn = (angle * Math.PI) / 180;
      const point = this._map.latLngToContainerPoint([lat, lon]);
      const written = this._named.get(text) || [];
      if (room < long + 8 || written.some((other) => other.distanceTo(point) < SAME_NAME_APART)) return;
      if (!this._free(point, long, 14, turn)) return;
      this._named.set(text, [...written, point]);
      this._text(ctx, text, point, turn, "#4b5157", 3);
    },

    /* Arrowheads at even steps along a route on the screen, so that they do not crowd when zoomed out. */
    _arrows(ctx, { latlngs, colour, faded }) {
      const size = this._map.getSize();
      const small = this._map.getZoom() < 15.5 ? 0.72 : 1;
      ctx.globalAlpha = faded ? 0.2 : 1;
      for (const line of latlngs) {
        let left = ARROW_EVERY / 2, before = null;
        for (const latlng of line) {
          const here = this._map.latLngToContainerPoint(latlng);
          if (before) {
            const dx = here.x - before.x, dy = here.y - before.y, long = Math.hypot(dx, dy);
            let at = left;
            while (at <= long) {
              const x = before.x + (dx * at) / long, y = before.y + (dy * at) / long;
              if (x > -9 && y > -9 && x < size.x + 9 && y < size.y + 9) {
                this._arrow(ctx, x, y, Math.atan2(dy, dx), colour, small);
              }
              at += ARROW_EVERY;
            }
            left = at - long;
          }
          before = here;
        }
      }
      ctx.globalAlpha = 1;
    },

    _arrow(ctx, x, y, angle, colour, small) {
      ctx.save();
      ctx.translate(x, y);
      ctx.rotate(angle);
      ctx.scale(small, small);
      ctx.beginPath();
      ctx.moveTo(7, 0);
      ctx.lineTo(-5, -6);
      ctx.lineTo(-2, 0);
      ctx.lineTo(-5, 6);
      ctx.closePath();
      ctx.lineWidth = 2.5;
      ctx.strokeStyle = "#ffffff";
      ctx.stroke();
      ctx.fillStyle = colour;
      ctx.fill();
      ctx.restore();
    },
  });

  Lianfang.Annotations = Annotations;
})();
