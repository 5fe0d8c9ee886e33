/* What lies above the tiles on one canvas: names of areas, arrows and numbers of a plan, where its teams are at
   the time shown, and a ring around what was picked. */
(function () {
  "use strict";

  const SCALE = 1e6; // web/maps/pack.py

  /* A plan as the server gives it (web/pages/map/plan.py), its ways unpacked to places. */
  function unpackedPlan(told) {
    for (const team of told.teams) {
      for (const visit of team.visits) {
        let x = 0, y = 0;
        visit.way = (visit.leg || []).map((flat) => {
          const line = [];
          x = y = 0;
          for (let i = 0; i < flat.length; i += 2) {
            x += flat[i];
            y += flat[i + 1];
            line.push(L.latLng(y / SCALE, x / SCALE));
          }
          return line;
        });
        visit.place = visit.at ? L.latLng(visit.at[1] / SCALE, visit.at[0] / SCALE) : null;
      }
    }
    return told;
  }

  /* Where a team is at a time (epoch seconds): at its stop, or on the way there in step with the clock.
     None outside its tour. */
  function whereabouts(team, now, begin) {
    let left = begin, last = null;
    for (const visit of team.visits) {
      if (now < visit.arrive) return now < left ? last : along(visit.way.flat(), (now - left) / (visit.arrive - left));
      last = visit.place || last;
      left = visit.end === null ? visit.arrive : visit.end;
      if (now < left) return last;
    }
    return null;
  }

  function along(way, share) {
    if (way.length < 2) return way[0] || null;
    const steps = way.slice(1).map((to, i) => way[i].distanceTo(to));
    let left = steps.reduce((sum, step) => sum + step, 0) * Math.min(Math.max(share, 0), 1);
    for (const [i, step] of steps.entries()) {
      if (left <= step) {
        const part = step ? left / step : 0, a = way[i], b = way[i + 1];
        return L.latLng(a.lat + (b.lat - a.lat) * part, a.lng + (b.lng - a.lng) * part);
      }
      left -= step;
    }
    return way[way.length - 1];
  }

  /* The visits whose leg has begun at a time. */
  function reached(plan, now) {
    const ids = new Set();
    for (const team of plan.teams) {
      let left = plan.start;
      for (const visit of team.visits) {
        if (left <= now) ids.add(String(visit.id));
        left = visit.end === null ? visit.arrive : visit.end;
      }
    }
    return ids;
  }

  /* `scene()` answers {areas, plan, look, teamColours, ring}. */
  const Overlay = Lianfang.Annotations.extend({
    initialize(scene) {
      this._scene = scene;
      this._signs = [];
      Lianfang.Annotations.prototype.initialize.call(this, () => this._sceneParts());
    },

    /* Drawn with the next frame, once however often it was asked for. */
    redraw() {
      if (!this._frame) this._frame = requestAnimationFrame(() => this._draw());
    },

    _draw() {
      this._frame = null;
      if (!this._map) return;
      Lianfang.Annotations.prototype.redraw.call(this);
      const ctx = this._canvas.getContext("2d"), scene = this._scene();
      this._signs = [];
      if (scene.plan && scene.look.on.has("routes")) this._plan(ctx, scene);
      if (scene.ring) this._ring(ctx, scene.ring);
    },

    /* The visit or team whose sign is at a point of the screen, or null. */
    hit(point) {
      let best = null, least = 14;
      for (const sign of this._signs) {
        const away = sign.point.distanceTo(point);
        if (away < least) [best, least] = [sign, away];
      }
      return best && { layer: "routes", id: best.id, team: best.team };
    },

    _sceneParts() {
      const { areas, plan, look, teamColours } = this._scene();
      const routes = [];
      if (plan && look.on.has("routes") && this._map.getZoom() >= 14) {
        for (const team of plan.teams) {
          if (look.hidden.has(team.code)) continue;
          const colour = teamColours[(team.number - 1) % teamColours.length];
          const faded = look.team !== null && look.team !== team.code;
          const legs = team.visits.filter(({ id }) => !look.reached || look.reached.has(String(id)));
          routes.push({ latlngs: legs.flatMap(({ way }) => way), colour, faded });
        }
      }
      return { streets: [], areas, routes };
    },

    _plan(ctx, { plan, look, teamColours, yellow }) {
      const zoom = this._map.getZoom(), far = zoom < 15;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      for (const team of plan.teams) {
        if (look.hidden.has(team.code)) continue;
        const colour = teamColours[(team.number - 1) % teamColours.length];
        const faded = look.team !== null && look.team !== team.code;
        const dark = colour === yellow || Lianfang.isLight(colour);
        team.visits.forEach((visit, i) => {
          if (zoom < 14 || !visit.place || visit.stop === null) return;
          const ahead = look.reached && !look.reached.has(String(visit.id));
          ctx.globalAlpha = faded ? 0.2 : ahead ? 0.4 : 1;
          this._badge(ctx, visit, i + 1, colour, dark, far, team.code);
        });
      }
      if (look.now === null) return;
      for (const team of plan.teams) {
        const at = !look.hidden.has(team.code) && whereabouts(team, look.now, plan.start);
        if (at) this._team(ctx, at, team, teamColours[(team.number - 1) % teamColours.length]);
      }
      ctx.globalAlpha = 1;
    },

    /* First visits to the left of a stop and round, second ones to the right and square. */
    _badge(ctx, visit, number, colour, dark, far, team) {
      const at = this._map.latLngToContainerPoint(visit.place), r = far ? 4.5 : 10;
      const point = L.point(at.x + (visit.second ? r + 1 : -r - 1), at.y);
      if (!this._isNear(point, 20)) return;
      ctx.beginPath();
      if (visit.second) ctx.roundRect(point.x - r, point.y - r, 2 * r, 2 * r, 3);
      else ctx.arc(point.x, point.y, r, 0, 2 * Math.PI);
      ctx.fillStyle = colour;
      ctx.strokeStyle = dark ? "#4a4a3c" : "#ffffff";
      ctx.lineWidth = far ? 1 : 2;
      ctx.fill();
      ctx.stroke();
      if (!far) {
        ctx.fillStyle = dark ? "#000000" : "#ffffff";
        ctx.font = "700 12px sans-serif";
        ctx.fillText(String(number), point.x, point.y + 0.5);
      }
      this._signs.push({ point, id: String(visit.id), team });
    },

    _team(ctx, place, team, colour) {
      const at = this._map.latLngToContainerPoint(place);
      if (!this._isNear(at, 60)) return;
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.arc(at.x, at.y, 11, 0, 2 * Math.PI);
      ctx.fillStyle = colour;
      ctx.fill();
      ctx.lineWidth = 3;
      ctx.strokeStyle = "#ffffff";
      ctx.stroke();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = "#1b1f23";
      ctx.beginPath();
      ctx.arc(at.x, at.y, 13, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.font = "700 13px sans-serif";
      this._text(ctx, team.name, L.point(at.x, at.y - 24), 0, "#1b1f23", 4);
      const now = team.visits.find((visit) => this._scene().look.now < (visit.end ?? visit.arrive));
      this._signs.push({ point: at, id: String((now || team.visits[0]).id), team: team.code });
    },

    _ring(ctx, place) {
      const at = this._map.latLngToContainerPoint(place);
      ctx.globalAlpha = 1;
      for (const [width, colour] of [[6, "#ffffff"], [3, Lianfang.looks.LIT]]) {
        ctx.beginPath();
        ctx.arc(at.x, at.y, 18, 0, 2 * Math.PI);
        ctx.lineWidth = width;
        ctx.strokeStyle = colour;
        ctx.stroke();
      }
    },

    _isNear(point, room) {
      const size = this._map.getSize();
      return point.x > -room && point.y > -room && point.x < size.x + room && point.y < size.y + room;
    },
  });

  /* Names of the areas on the screen: [text, lon, lat, width in degrees], written at the middle of what of each
     is on the screen, the widest first. */
  function areaNames(grid, english) {
    const areas = new Map();
    grid.each("jurisdictions", (feature, latlng) => {
      const { minX, minY, maxX, maxY } = feature.bbox;
      const west = latlng(minX, minY), east = latlng(maxX, maxY), id = Lianfang.looks.idOf(feature);
      const one = areas.get(id) || { props: feature.props, west: 180, east: -180, lat: 0, lng: 0, weight: 0 };
      const [x, y, weight] = middle(feature.geom);
      const at = latlng(x, y);
      one.west = Math.min(one.west, west.lng);
      one.east = Math.max(one.east, east.lng);
      one.lat += at.lat * weight;
      one.lng += at.lng * weight;
      one.weight += weight;
      areas.set(id, one);
    });
    const names = [];
    for (const { props, west, east, lat, lng, weight } of areas.values()) {
      const name = (english && props.name_en) || props.name || props.name_en;
      if (name && weight) names.push([name, lng / weight, lat / weight, east - west]);
    }
    return names.sort((a, b) => b[3] - a[3]).slice(0, 400);
  }

  /* Centre and size of a polygon's rings, holes counted negative (surveyor's formula). */
  function middle(geometry) {
    let area = 0, x = 0, y = 0;
    for (const ring of geometry) {
      for (let i = 0; i + 1 < ring.length; i++) {
        const a = ring[i], b = ring[i + 1], cross = a.x * b.y - b.x * a.y;
        area += cross;
        x += (a.x + b.x) * cross;
        y += (a.y + b.y) * cross;
      }
    }
    return area ? [x / (3 * area), y / (3 * area), Math.abs(area)] : [geometry[0][0].x, geometry[0][0].y, 0];
  }

  /* Whether black is read better than white on a colour (#rrggbb). */
  function isLight(colour) {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b > 150;
  }

  Object.assign(Lianfang, { Overlay, areaNames, unpackedPlan, whereabouts, reached, isLight });
})();
