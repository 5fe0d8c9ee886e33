/* How each layer of vector tiles looks: colours and words come from the page (web/maps/words.py), so that a
   cause, a team and a share look here as they do in every list, chart and exported map. */
(function () {
  "use strict";

  const Lianfang = (window.Lianfang = window.Lianfang || {});

  const INK = "#1b1f23", LIT = "#d6006c", WHITE = "#ffffff";

  /* Features by a key that never changes, worked out once for each tile. */
  function grouped(features, keyOf) {
    if (!features.groups) {
      features.groups = new Map();
      for (const feature of features) {
        const key = keyOf(feature.props);
        if (!features.groups.has(key)) features.groups.set(key, []);
        features.groups.get(key).push(feature);
      }
    }
    return features.groups;
  }

  function trace(ctx, geometry, { k, dx, dy }) {
    for (const line of geometry) {
      ctx.moveTo(line[0].x * k + dx, line[0].y * k + dy);
      for (let i = 1; i < line.length; i++) ctx.lineTo(line[i].x * k + dx, line[i].y * k + dy);
    }
  }

  function traceAll(ctx, features, view) {
    ctx.beginPath();
    for (const feature of features) trace(ctx, feature.geom, view);
  }

  function stroke(ctx, colour, width, alpha, dash) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.globalAlpha = alpha;
    ctx.setLineDash(dash || []);
    ctx.stroke();
  }

  function fill(ctx, colour, alpha) {
    ctx.fillStyle = colour;
    ctx.globalAlpha = alpha;
    ctx.fill();
  }

  const idOf = (feature) => String(feature.props.id ?? feature.id);

  /* The layers of a page, the lowest first: `under` lies below the streets, `over` above them.
     `look` is what the reader chose: {on: Set of inputs, level, slot, lit: {layer, id} or null, team}.
     `o` are the page's options. */
  function layers(look, o) {
    const isLit = (name, feature) => look.lit && look.lit.layer === name && look.lit.id === idOf(feature);
    const litOf = (name, features) => (look.lit && look.lit.layer === name ? features.filter((f) => isLit(name, f)) : []);

    /* Areas, each class one path: no seams between neighbours of a colour, and few calls. */
    function jurisdictions(ctx, features, view) {
      const groups = grouped(features, ({ certain }) => shareColour(certain, o.shares));
      for (const [colour, group] of groups) {
        traceAll(ctx, group, view);
        fill(ctx, colour, 0.38);
      }
      traceAll(ctx, features, view);
      stroke(ctx, WHITE, view.zoom < 12 ? 1 : 1.6, 0.9);
      traceAll(ctx, litOf("jurisdictions", features), view);
      stroke(ctx, LIT, 3, 1);
    }

    /* A square stands for the gaps in it, as large as there is street open. */
    function cells(ctx, features, view) {
      const metresPerPixel = (40075016.7 * Math.cos(o.latitude)) / (256 * 2 ** view.zoom);
      for (const feature of features) {
        const [metres, cause] = openIn(feature.props, look.on, o.causes);
        if (!metres) continue;
        const { minX, minY, maxX, maxY } = feature.bbox;
        const room = Math.min(maxX - minX, maxY - minY) * view.k;
        // All of it where a square has as much open as a dense town has street: 15 km in a square kilometre.
        const most = 0.015 * (room * metresPerPixel) ** 2;
        const side = room * (0.25 + 0.67 * Math.min(1, Math.sqrt(metres / most)));
        const x = ((minX + maxX) / 2) * view.k + view.dx, y = ((minY + maxY) / 2) * view.k + view.dy;
        ctx.globalAlpha = look.slot === null ? 0.8 : 0.35;
        ctx.fillStyle = o.causes[cause].colour;
        ctx.fillRect(x - side / 2, y - side / 2, side, side);
        ctx.strokeStyle = WHITE;
        ctx.lineWidth = 1;
        ctx.strokeRect(x - side / 2, y - side / 2, side, side);
      }
    }

    function streets(ctx, features, view) {
      const width = Math.max(1, 2 ** (view.zoom - 15) * 3);
      traceAll(ctx, features, view);
      stroke(ctx, "#bdbcb8", width + 1.4, 1);
      traceAll(ctx, features, view);
      stroke(ctx, WHITE, width, 1);
    }

    function footprints(ctx, features, view) {
      const shown = features.filter(({ props }) => props.level === look.level);
      const certain = look.on.has("footprints-certain") ? shown.filter(({ props }) => props.certain) : [];
      const possible = look.on.has("footprints-possible") ? shown.filter(({ props }) => !props.certain) : [];
      for (const one of certain) {
        // Each by itself: where two views cover the same ground it is whiter.
        traceAll(ctx, [one], view);
        fill(ctx, WHITE, 0.55);
        stroke(ctx, "#33383d", 1, 0.7);
      }
      traceAll(ctx, possible, view);
      stroke(ctx, "#33383d", 1.2, 0.8, [4, 4]);
      const own = look.lit && look.lit.layer === "cameras" ? shown.filter(({ props }) => props.camera === look.lit.code) : [];
      const lit = [...own, ...litOf("footprints", shown)];
      traceAll(ctx, lit, view);
      if (lit.length) {
        fill(ctx, LIT, 0.12);
        stroke(ctx, LIT, 2.5, 1);
      }
    }

    function zones(ctx, features, view) {
      traceAll(ctx, features, view);
      stroke(ctx, INK, 3, 0.85, [12, 5, 3, 5]);
      traceAll(ctx, litOf("zones", features), view);
      stroke(ctx, LIT, 4, 1, [12, 5, 3, 5]);
    }

    /* Build lies lowest, repair on top: what can be mended within hours is never hidden. */
    function gaps(ctx, features, view) {
      const groups = grouped(features, ({ cause }) => cause);
      for (const [name, cause] of Object.entries(o.causes).reverse()) {
        const open = (groups.get(name) || []).filter((one) => gapShown(one.props));
        if (!open.length) continue;
        const thin = cause.list === "build", far = view.zoom < 15 ? 0.6 : 1;
        const lines = open.filter((one) => one.geomType === 2), points = open.filter((one) => one.geomType === 1);
        traceAll(ctx, lines, view);
        stroke(ctx, cause.colour, (thin ? 2.5 : 6) * far, thin ? 0.65 : 0.85, cause.dash);
        ctx.setLineDash([]);
        for (const one of points) diamond(ctx, one.geom[0][0], view, cause.colour, far);
      }
      for (const one of litOf("gaps", features)) {
        if (one.geomType === 1) diamond(ctx, one.geom[0][0], view, o.causes[one.props.cause].colour, 1.2, LIT);
        else {
          traceAll(ctx, [one], view);
          stroke(ctx, LIT, 12, 0.55);
          traceAll(ctx, [one], view);
          stroke(ctx, o.causes[one.props.cause].colour, 5, 1, o.causes[one.props.cause].dash);
        }
      }
    }

    function gapShown({ cause, slots }) {
      return look.on.has(`gaps-${cause}`) && (look.slot === null || isOpen(slots, look.slot));
    }

    function routes(ctx, features, view) {
      const groups = grouped(features, ({ number }) => number);
      ctx.lineCap = ctx.lineJoin = "round";
      for (const [number, group] of groups) {
        const faded = look.team !== null && look.team !== group[0].props.team;
        const colour = o.teamColours[(number - 1) % o.teamColours.length];
        const dash = number > o.teamColours.length ? [9, 5] : [];
        const legs = group.filter(({ props }) => !look.hidden.has(props.team));
        const [ahead, gone] = divided(legs);
        for (const [some, alpha] of [[ahead, 0.3], [gone, 0.95]]) {
          if (!some.length) continue;
          traceAll(ctx, some, view);
          stroke(ctx, number === o.yellow ? "#4a4a3c" : WHITE, 7, faded ? 0.12 : alpha * 0.9);
          traceAll(ctx, some, view);
          stroke(ctx, colour, 4, faded ? 0.2 : alpha, dash);
        }
      }
    }

    /* Legs still ahead at the time shown, and legs gone or being gone; without a time all are alike. */
    function divided(legs) {
      if (!look.reached) return [[], legs];
      return [legs.filter((leg) => !look.reached.has(idOf(leg))), legs.filter((leg) => look.reached.has(idOf(leg)))];
    }

    function cameras(ctx, features, view) {
      const groups = grouped(features, ({ state }) => (o.states[state] ? state : "unknown"));
      const radius = cameraRadius(view.zoom);
      for (const [state, { colour }] of Object.entries(o.states)) {
        const group = groups.get(state) || [];
        if (!group.length || !look.on.has(`cameras-${state}`)) continue;
        if (radius < 3.5) {
          const half = state === "usable" ? radius : radius + 0.8;
          ctx.fillStyle = colour;
          for (const { geom } of group) {
            ctx.fillRect(geom[0][0].x * view.k + view.dx - half, geom[0][0].y * view.k + view.dy - half, 2 * half, 2 * half);
          }
          continue;
        }
        for (const feature of group) cameraSign(ctx, feature, view, radius, colour, isLit("cameras", feature));
      }
    }

    /* What each would see in the colour of its kind, then poles and brackets with their rank. */
    function siting(ctx, features, view) {
      const shown = features.filter(({ props }) => look.on.has(`siting-${props.kind}`));
      for (const one of shown.filter(({ geomType }) => geomType === 3)) {
        const lit = isLit("siting", one);
        traceAll(ctx, [one], view);
        fill(ctx, lit ? LIT : o.proposed[one.props.kind], 0.22);
        stroke(ctx, lit ? LIT : o.proposed[one.props.kind], lit ? 2.5 : 1.4, 0.9);
      }
      for (const one of shown.filter(({ geomType }) => geomType === 1)) {
        proposedSign(ctx, one, view, o.proposed[one.props.kind], isLit("siting", one));
      }
    }

    const causesOn = () => Object.keys(o.causes).some((name) => look.on.has(`gaps-${name}`));
    const pixels = (px) => () => px;
    const known = {
      jurisdictions: { paint: jurisdictions, shown: () => look.on.has("jurisdictions"), reach: pixels(0) },
      cells: { paint: cells, shown: causesOn, reach: null },
      streets: { paint: streets, shown: () => look.on.has("streets"), reach: null },
      footprints: {
        paint: footprints,
        shown: () => look.on.has("footprints-certain") || look.on.has("footprints-possible"),
        reach: ({ props }) => (props.level === look.level && look.on.has(`footprints-${props.certain ? "certain" : "possible"}`) ? 0 : null),
      },
      zones: { paint: zones, shown: () => look.on.has("zones"), reach: pixels(6), edge: true },
      gaps: { paint: gaps, shown: causesOn, reach: ({ props }) => (gapShown(props) ? 7 : null) },
      routes: {
        paint: routes,
        shown: () => look.on.has("routes"),
        reach: ({ props }) => (!look.hidden.has(props.team) ? 6 : null),
      },
      siting: {
        paint: siting,
        shown: () => Object.keys(o.proposed).some((kind) => look.on.has(`siting-${kind}`)),
        reach: ({ props, geomType }) => (!look.on.has(`siting-${props.kind}`) ? null : geomType === 1 ? 12 : 0),
      },
      cameras: {
        paint: cameras,
        shown: () => Object.keys(o.states).some((state) => look.on.has(`cameras-${state}`)),
        reach: ({ props }, zoom) => (look.on.has(`cameras-${o.states[props.state] ? props.state : "unknown"}`) ? cameraRadius(zoom) + 4 : null),
      },
    };
    const made = (names) =>
      names.filter((name) => o.layers[name]).map((name) => ({ name, from: o.layers[name].from, to: o.layers[name].to, ...known[name] }));
    return {
      under: made(["jurisdictions"]),
      over: made(["streets", "cells", "footprints", "zones", "gaps", "routes", "cameras", "siting"]),
    };
  }

  /* The class of a share given per mille; the last colour is for areas without a street. */
  function shareColour(certain, { bounds, colours, none }) {
    if (certain === undefined || certain === null) return none;
    if (certain <= 0) return colours[0];
    return colours[bounds.filter((bound) => certain / 1000 >= bound).length];
  }

  /* Metres open in a square by the causes that are switched on, and the cause with most of them. */
  function openIn(props, on, causes) {
    let metres = 0, most = 0, which = "";
    for (const name of Object.keys(causes)) {
      const open = (on.has(`gaps-${name}`) && props[name]) || 0;
      metres += open;
      if (open > most) [most, which] = [open, name];
    }
    return [metres, which];
  }

  /* Whether a gap is open in a slot: bits in hexadecimal digits, the first slot highest in the first. */
  function isOpen(slots, slot) {
    if (!slots) return false;
    return ((parseInt(slots[slot >> 2], 16) || 0) & (8 >> (slot & 3))) !== 0;
  }

  function diamond(ctx, { x, y }, { k, dx, dy }, colour, size, edge) {
    const cx = x * k + dx, cy = y * k + dy, r = 9 * size;
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(cx, cy - r);
    ctx.lineTo(cx + r, cy);
    ctx.lineTo(cx, cy + r);
    ctx.lineTo(cx - r, cy);
    ctx.closePath();
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.strokeStyle = edge || WHITE;
    ctx.lineWidth = edge ? 3 : 1.5;
    ctx.stroke();
  }

  function cameraRadius(zoom) {
    return [1.3, 1.8, 2.6, 3.6, 4.6, 5.5][Math.min(Math.max(zoom - 11, 0), 5)];
  }

  /* Signs: a state is told by a mark as well as by its colour, and a wedge says where the camera looks. */
  function cameraSign(ctx, { props, geom }, { k, dx, dy, zoom }, r, colour, lit) {
    const x = geom[0][0].x * k + dx, y = geom[0][0].y * k + dy;
    if (zoom >= 16 && props.azimuth !== undefined && props.azimuth !== null && props.quality !== "unknown") {
      const half = props.quality === "coarse" ? 0.8 : 0.4, middle = ((props.azimuth - 90) * Math.PI) / 180;
      ctx.fillStyle = colour;
      ctx.globalAlpha = props.quality === "coarse" ? 0.22 : 0.4;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.arc(x, y, r * 2.4, middle - half, middle + half);
      ctx.closePath();
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    ctx.beginPath();
    ctx.arc(x, y, lit ? r + 2 : r, 0, 2 * Math.PI);
    ctx.fillStyle = colour;
    ctx.strokeStyle = lit ? LIT : WHITE;
    ctx.lineWidth = lit ? 4 : 1.5;
    ctx.stroke();
    ctx.fill();
    if (r < 4) return;
    const m = r * 0.42;
    ctx.strokeStyle = ctx.fillStyle = WHITE;
    ctx.lineWidth = 1.8;
    ctx.beginPath();
    if (props.state === "outage") {
      ctx.moveTo(x - m, y - m);
      ctx.lineTo(x + m, y + m);
      ctx.moveTo(x + m, y - m);
      ctx.lineTo(x - m, y + m);
      ctx.stroke();
    } else if (props.state === "degraded") {
      ctx.moveTo(x - m * 1.4, y);
      ctx.lineTo(x + m * 1.4, y);
      ctx.stroke();
    } else if (props.state === "not_measured") {
      ctx.font = `700 ${Math.round(r * 1.7)}px sans-serif`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText("?", x, y + 0.5);
    } else if (props.state !== "usable") {
      ctx.arc(x, y, r * 0.5, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /* A camera that is not there yet: its rank in a disc, and a wedge where it would look. */
  function proposedSign(ctx, { props, geom }, { k, dx, dy, zoom }, colour, lit) {
    const x = geom[0][0].x * k + dx, y = geom[0][0].y * k + dy, r = zoom < 14 ? 4 : 9;
    const middle = ((props.azimuth - 90) * Math.PI) / 180;
    ctx.setLineDash([]);
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.arc(x, y, r * 2.2, middle - 0.45, middle + 0.45);
    ctx.closePath();
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fill();
    ctx.strokeStyle = lit ? LIT : WHITE;
    ctx.lineWidth = lit ? 3.5 : 1.5;
    ctx.stroke();
    if (zoom < 14) return;
    ctx.fillStyle = WHITE;
    ctx.font = `700 ${props.rank > 99 ? 9 : 11}px sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(String(props.rank), x, y + 0.5);
  }

  Lianfang.looks = { layers, isOpen, openIn, shareColour, idOf, LIT, INK };
})();
