"""Kernels of sightlines over walls (`geo.sightlines`): what a view at a height sees among solids of a height.

Along one direction a target is hidden in the intervals [a, k·b] of the distance: the sight enters a building
at a, leaves it at b, and over its roof comes down to the target's height at k·b (`hiding`). In the
coordinates (t, w) of `geo.wedges` a factor on the distance is a division of w, so every end of such an
interval is a straight *item* there, and what is seen is what no interval covers, above the upper envelope of
what hides without end. It is found by sweeping t through slabs between which the items neither begin, end nor
cross: in a slab the seen intervals are counted off from the viewpoint outwards (`geo.outlines` joins them).

An item is a row (start, end, w at start, slope, change of the count; `_FLOOR` for the envelope).
"""

import numba
import numpy as np

from geo.envelope import FloatArray, IntArray, longer, longer_rows, upper_envelope
from geo.outlines import APEX, opened, paired, traced_all
from geo.wedges import (
    BLOCKED,
    CHORD_DEG,
    SAME_DIRECTION,
    EdgeGrid,
    candidates,
    wedge_lines,
)

#: An interval this thin, as a share of its distance, is no view: walls that meet up to rounding.
_THIN = 1e-9
_FLOOR = 9.0


@numba.njit(nogil=True, cache=True)
def hiding(eye_m: float, roof_m: float, target_m: float) -> tuple[float, float]:
    """How far a building hides a target: the factors on where sight leaves it, and on where it enters it.

    The line of sight has the height e + (z − e) · s/r at the distance s of a target at r and height z, and is
    stopped where it runs below the roof f. Derived here:

    - z < f < e: it sinks, and is lowest where it leaves the building at b: hidden from there to
      b · (e − z) / (e − f). (The first factor; the second is inf.)
    - f ≤ min(z, e): nothing but the building itself is hidden. (1, inf)
    - f ≥ max(z, e), or a height that is not known: all is hidden from where it enters at a. (inf, 1)
    - e < f < z: it rises, and is lowest at a: hidden from a · (z − e) / (f − e) on, beside the building
      itself. (1, that factor)
    """
    if np.isnan(eye_m) or np.isnan(roof_m) or (roof_m >= eye_m and roof_m >= target_m):
        return np.inf, 1.0
    if roof_m >= eye_m:
        return 1.0, ((target_m - eye_m) / (roof_m - eye_m) if roof_m > eye_m else np.inf)
    if roof_m <= target_m:
        return 1.0, np.inf
    return (eye_m - target_m) / (eye_m - roof_m), np.inf


@numba.njit(nogil=True, cache=True)
def _at(items: FloatArray, item: int, t: float) -> float:
    """Value w of an item in direction t, never beyond its ends: a wall along the sight is all but upright."""
    return items[item, 2] + items[item, 3] * (min(max(t, items[item, 0]), items[item, 1]) - items[item, 0])


@numba.njit(nogil=True, cache=True)
def _is_above(lines: FloatArray, line: int, floor: FloatArray) -> bool:
    """Whether a line reaches above the pieces (rows as items, in their order) anywhere."""
    low, high = lines[line, 0], lines[line, 1]
    n = np.searchsorted(floor[:, 1], low)
    while n < len(floor) and floor[n, 0] < high:
        for t in (max(low, floor[n, 0]), min(high, floor[n, 1])):
            if _at(lines, line, t) > _at(floor, n, t):
                return True
        n += 1
    return False


@numba.njit(nogil=True, cache=True)
def _events(items: FloatArray, floors: int) -> FloatArray:
    """Where items (the first `floors` are the envelope) begin, end or cross above the envelope, sorted."""
    count = len(items)
    events = np.empty(4 * count)
    o = 0
    for n in range(count):
        events[o], events[o + 1] = items[n, 0], items[n, 1]
        o += 2
    order = np.argsort(items[:, 0])
    for m in range(count):
        i = order[m]
        for n in range(m + 1, count):
            j = order[n]
            if items[j, 0] >= items[i, 1]:
                break
            if i < floors and j < floors:
                continue
            low, high = items[j, 0], min(items[i, 1], items[j, 1])
            d0, d1 = _at(items, i, low) - _at(items, j, low), _at(items, i, high) - _at(items, j, high)
            if d0 * d1 >= 0.0:
                continue
            t = low + (high - low) * (d0 / (d0 - d1))
            if i >= floors and j >= floors:
                floor = min(np.searchsorted(items[:floors, 1], t), floors - 1)
                if _at(items, i, t) < _at(items, floor, t) * (1.0 - _THIN):
                    continue
            events = longer(events, o + 1)
            events[o] = t
            o += 1
    return np.sort(events[:o])


@numba.njit(nogil=True, cache=True)
def _stacked(
    items: FloatArray, active: IntArray, middle: FloatArray, count: int, inside: int, seen: FloatArray
) -> int:
    """Write the ends of what is seen in a slab to `seen` (rows w, x, y, item, far limit?, stretch).

    `active` holds the items of the slab, the nearest first, `middle` their w; `inside` is how many intervals
    begin before the viewpoint. Returns the number of ends, an even one: near and far limit in turn.
    """
    o = 0
    hidden = inside
    top, above = APEX, np.inf
    for n in range(count):
        item = active[n]
        w, change = middle[n], items[item, 4]
        if (
            w < 0.5 * BLOCKED
            and hidden == 0
            and (change > 0 and (np.isinf(above) or above - w > _THIN * above))
        ):
            seen[o, 3], seen[o, 4], seen[o, 5] = top, 0.0, -1.0
            seen[o + 1, 3], seen[o + 1, 4], seen[o + 1, 5] = item, 1.0, -1.0
            o += 2
        if change == _FLOOR:
            return o
        hidden += int(change)
        if hidden == 0:
            top, above = item, w
    return o


@numba.njit(nogil=True, cache=True)
def _placed(items: FloatArray, seen: FloatArray, count: int, t: float, cos: float, sin: float) -> None:
    """Write where the ends of the seen intervals lie in direction t: w, never rising, and x, y."""
    before = np.inf
    for n in range(count):
        w = np.inf if seen[n, 3] == APEX else min(_at(items, int(seen[n, 3]), t), before)
        x = 1.0 / w
        seen[n, 0], seen[n, 1], seen[n, 2] = w, cos * x - sin * t * x, sin * x + cos * t * x
        before = w


@numba.njit(nogil=True, cache=True)
def _once(lines: FloatArray) -> int:
    """Let two lines that block all (of a hollow corner touched) cover no direction twice; their number."""
    if lines[1, 0] <= lines[0, 0] and lines[1, 1] >= lines[0, 1]:
        lines[0, 0], lines[0, 1] = lines[1, 0], lines[1, 1]
        return 1
    if lines[1, 0] < lines[0, 0]:
        lines[1, 1] = min(lines[1, 1], lines[0, 0])
    else:
        lines[1, 0] = max(lines[1, 0], lines[0, 1])
    return 2 if lines[1, 1] > lines[1, 0] else 1


@numba.njit(nogil=True, cache=True)
def _wedge_items(
    view: FloatArray,
    cos: float,
    sin: float,
    half: float,
    chords: int,
    near: FloatArray,
    factors: FloatArray,
    edges: EdgeGrid,
    lines: FloatArray,
    old: FloatArray,
    new: FloatArray,
    items: FloatArray,
) -> tuple[int, int]:
    """Write the items of one wedge, the envelope first; their number and that of the envelope.

    `near` are the candidate edges, `factors` theirs: of the end, of the begin, 1 front or 0 back.
    """
    tangent, dead, far = np.tan(half), view[4], view[5]
    o = 0
    for n in range(len(near)):
        if np.isinf(factors[n, 1]):
            continue
        until = o + wedge_lines(view, cos, sin, tangent, near[n : n + 1], edges, lines[o:])
        for line in range(o, until):
            if lines[line, 2] < BLOCKED:
                lines[line, 2] /= factors[n, 1]
                lines[line, 3] /= factors[n, 1]
        o = until
    t1 = -tangent
    for chord in range(chords):
        t0 = t1
        t1 = np.tan((2.0 * (chord + 1) / chords - 1.0) * half) if chord + 1 < chords else tangent
        w0, w1 = np.hypot(1.0, t0) / far, np.hypot(1.0, t1) / far
        lines[o + chord, 0], lines[o + chord, 1] = t0, t1
        lines[o + chord, 2], lines[o + chord, 3] = w0, (w1 - w0) / (t1 - t0)
    limits = lines[o : o + chords].copy()
    pieces = upper_envelope(lines, o + chords, chords, old, new)
    count = len(pieces)
    for n in range(count):
        line = int(pieces[n, 2])
        items[n, 0], items[n, 1], items[n, 3], items[n, 4] = (
            pieces[n, 0],
            pieces[n, 1],
            lines[line, 3],
            _FLOOR,
        )
        items[n, 2] = lines[line, 2] + lines[line, 3] * (pieces[n, 0] - lines[line, 0])
    floors = count
    if dead > 0.0:
        for chord in range(chords):
            items[count, :4] = limits[chord]
            items[count, 2] *= far / dead
            items[count, 3] *= far / dead
            items[count, 4] = -1.0
            count += 1
    for n in range(len(near)):
        if np.isinf(factors[n, 0]):
            continue
        found = wedge_lines(view, cos, sin, tangent, near[n : n + 1], edges, lines)
        if found == 2:
            found = _once(lines)
        for line in range(found):
            if factors[n, 2] == 0.0:
                lines[line, 2] /= factors[n, 0]
                lines[line, 3] /= factors[n, 0]
            if _is_above(lines, line, items[:floors]):
                items[count, :4] = lines[line]
                items[count, 4] = 1.0 if factors[n, 2] == 1.0 else -1.0
                count += 1
    return count, floors


@numba.njit(nogil=True, cache=True)
def _view_edges(
    view: FloatArray,
    target: float,
    stamp: int,
    edges: EdgeGrid,
    roofs: FloatArray,
    stamps: IntArray,
    near: FloatArray,
    factors: FloatArray,
) -> int:
    """Write the candidate edges of a view and their factors; their number."""
    found, _ = candidates(view, stamp, edges, stamps, near, True)
    touches = False
    for n in range(found):
        if near[n, 4] < 0.0 and np.isfinite(hiding(view[6], roofs[int(-1 - near[n, 4])], target)[1]):
            touches = True
    count = 0
    for n in range(found):
        touched = near[n, 4] < 0.0
        edge = int(-1 - near[n, 4]) if touched else int(near[n, 4])
        x0, y0 = edges.segments[edge, 0] - view[0], edges.segments[edge, 1] - view[1]
        x1, y1 = edges.segments[edge, 2] - view[0], edges.segments[edge, 3] - view[1]
        front = touched or x0 * y1 - y0 * x1 < 0.0
        end, begin = hiding(view[6], roofs[edge], target)
        # As in the plane: from behind an edge is hidden by one in front, but for a viewpoint on a façade.
        if not front and not touches:
            begin = np.inf
        if np.isinf(end) and np.isinf(begin):
            continue
        near[count] = near[n]
        factors[count, 0], factors[count, 1], factors[count, 2] = end, begin, front
        count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _wedge_swept(
    items: FloatArray,
    floors: int,
    cos: float,
    sin: float,
    inside: int,
    left: FloatArray,
    opens: bool,
    links: IntArray,
    ends: FloatArray,
    stretches: int,
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, int]:
    """Carry the boundary through one wedge, from slab to slab.

    `left` are the ends where the wedge before ended. Where the view `opens` all round, what the first ends go
    on to on their left is known only when the view has come round. Returns the last ends, the first ones,
    `links` and `ends` (longer ones, maybe), and the number of stretches.
    """
    count = len(items)
    events = _events(items, floors)
    order = np.argsort(items[:, 0])
    active, middle = np.empty(count, np.int64), np.empty(count)
    n_active = coming = 0
    fresh = True
    first = left
    t0 = events[0]
    for t1 in events[1:]:
        if t1 - t0 <= SAME_DIRECTION:
            continue
        t = 0.5 * (t0 + t1)
        kept = 0
        for n in range(n_active):
            if items[active[n], 1] > t:
                active[kept] = active[n]
                kept += 1
        n_active = kept
        while coming < count and items[order[coming], 0] < t:
            if items[order[coming], 1] > t:
                active[n_active] = order[coming]
                n_active += 1
            coming += 1
        for n in range(n_active):
            item, w = active[n], _at(items, active[n], t)
            place = n
            while place > 0 and middle[place - 1] < w:
                active[place], middle[place] = active[place - 1], middle[place - 1]
                place -= 1
            active[place], middle[place] = item, w
        seen = np.empty((2 * n_active + 2, 6))
        n_seen = _stacked(items, active, middle, n_active, inside, seen)
        seen = seen[:n_seen]
        _placed(items, seen, n_seen, t0, cos, sin)
        links, ends = longer_rows(links, stretches + n_seen), longer_rows(ends, stretches + n_seen)
        if fresh and opens:
            for n in range(n_seen):
                stretches = opened(seen, n, links, ends, stretches)
            first = seen.copy()
        else:
            stretches = paired(left, seen, not fresh, links, ends, stretches)
        _placed(items, seen, n_seen, t1, cos, sin)
        left = seen
        fresh = False
        t0 = t1
    return left, first, links, ends, stretches


@numba.njit(nogil=True, cache=True)
def overlooked(
    views: FloatArray, target_m: float, edges: EdgeGrid, roofs: FloatArray
) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """What each view sees over and between solids, as the ragged polygons of `geo.wedges.swept`.

    Parameters
    ----------
    views : (n, 8) array of float
        The six of `geo.wedges.swept`; height of the eye (metres, NaN not known); and how many polygons the
        viewpoint is inside of, all of them lower than the eye.
    target_m : float
        Height of what is looked at.
    edges : EdgeGrid
    roofs : (m,) array of float
        Height of the solid each edge belongs to, NaN not known.
    """
    points = np.empty((256 * len(views) + 64, 2))
    rings, polygons = np.zeros(2 * len(views) + 64, np.int64), np.zeros(2 * len(views) + 64, np.int64)
    owner = np.empty(2 * len(views) + 64, np.int64)
    n_points = n_rings = n_polygons = 0
    stamps = np.full(len(edges.segments), -1)
    near, factors = np.empty((len(edges.segments), 5)), np.empty((len(edges.segments), 3))
    lines, old, new = np.empty((1024, 4)), np.empty((1024, 3)), np.empty((4096, 3))
    items = np.empty((1024, 5))
    links, ends = np.empty((1024, 5), np.int64), np.empty((1024, 4))
    ring, bounds = np.empty((4096, 2)), np.empty((64, 4))
    for n in range(len(views)):
        view = views[n]
        circle = view[3] >= np.pi
        wedges = 4 if circle else max(1, int(np.ceil(view[3] / (np.pi / 4) - 1e-9)))
        half = view[3] / wedges
        chords = max(1, int(np.ceil(np.degrees(2.0 * half) / CHORD_DEG - 1e-9)))
        count = _view_edges(view, target_m, n, edges, roofs, stamps, near, factors)
        room = 2 * count + chords
        lines, old, new = longer_rows(lines, room), longer_rows(old, room), longer_rows(new, 4 * room)
        inside = int(view[7]) + (view[4] > 0.0)
        left = opening = np.empty((0, 6))
        stretches = 0
        for wedge in range(wedges):
            angle = view[2] - view[3] + (2 * wedge + 1) * half
            cos, sin = np.cos(angle), np.sin(angle)
            items = longer_rows(items, 6 * room)
            n_items, floors = _wedge_items(
                view, cos, sin, half, chords, near[:count], factors, edges, lines, old, new, items
            )
            left, first, links, ends, stretches = _wedge_swept(
                items[:n_items], floors, cos, sin, inside, left, circle and wedge == 0, links, ends, stretches
            )
            if wedge == 0:
                opening = first
        stretches = paired(left, opening, False, links, ends, stretches)
        ring, bounds = longer_rows(ring, 3 * stretches + 8), longer_rows(bounds, stretches + 1)
        n_bounds = traced_all(links, ends, stretches, view, ring, bounds)
        points = longer_rows(points, n_points + int(bounds[n_bounds, 0]))
        rings, polygons = longer(rings, n_rings + n_bounds + 1), longer(polygons, n_polygons + n_bounds + 1)
        owner = longer(owner, n_polygons + n_bounds + 1)
        for shell in range(n_bounds):
            if bounds[shell, 2] < 0.0:
                continue
            # The shell first, then the holes of its region.
            for part in range(-1, n_bounds):
                which = shell if part < 0 else part
                if part >= 0 and (bounds[part, 2] > 0.0 or bounds[part, 3] != bounds[shell, 3]):
                    continue
                a, b = int(bounds[which, 0]), int(bounds[which, 1])
                points[n_points : n_points + b - a] = ring[a:b]
                n_points += b - a
                n_rings += 1
                rings[n_rings] = n_points
                if part >= 0:
                    bounds[part, 3] = -1.0
            owner[n_polygons] = n
            n_polygons += 1
            polygons[n_polygons] = n_rings
    return points[:n_points], rings[: n_rings + 1], polygons[: n_polygons + 1], owner[:n_polygons]
