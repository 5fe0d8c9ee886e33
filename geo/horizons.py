"""What a view sees between obstructions that hide without end: the kernels of `geo.sightlines` in the plane.

In each direction sight has one limit, and what is seen lies between it and the near limit: *runs* of
directions, walked from wedge to wedge.
"""

import numba
import numpy as np

from geo.envelope import FloatArray, IntArray, line_value, longer, longer_rows, upper_envelope
from geo.wedges import (
    BLOCKED,
    CHORD_DEG,
    LEAST_AREA_M2,
    SAME_DIRECTION,
    SAME_POINT_M,
    EdgeGrid,
    candidates,
    wedge_lines,
)

#: A limit of sight within this share of the near limit touches it.
_TOUCH = 1e-9


@numba.njit(nogil=True, cache=True)
def _add(path: FloatArray, count: int, first: int, t: float, w: float, cos: float, sin: float) -> int:
    """Append the point (t, w) to the path that begins at `first`, unless it repeats the last; the count."""
    x, y = 1.0 / w, t / w
    x, y = cos * x - sin * y, sin * x + cos * y
    if count > first and abs(path[count - 1, 0] - x) + abs(path[count - 1, 1] - y) < SAME_POINT_M:
        return count
    path[count, 0], path[count, 1] = x, y
    return count + 1


@numba.njit(nogil=True, cache=True)
def _walk(
    pieces: FloatArray,
    lines: FloatArray,
    chain: int,
    chords: int,
    ratio: float,
    cos: float,
    sin: float,
    outer: FloatArray,
    inner: FloatArray,
    runs: IntArray,
    state: IntArray,
    gap: float,
) -> float:
    """Add what is seen in one wedge to the paths `outer` (limit of sight) and `inner` (near limit).

    What is seen is a set of *runs* of directions; `runs` holds the first outer and inner point of each. Two
    runs never share more than a point. `state` is (outer points, inner points, runs, a run is open, the first
    run opens with the view or −1 before that is known). `ratio` is far over near limit, inf without a near
    limit; the chords of the far limit are lines[chain : chain + chords]. `gap` is the relative room between
    both limits where the wedge before ended; returns the same for this one.
    """
    chord, last = chain, chain + chords - 1
    for piece in range(len(pieces)):
        a, b, line = pieces[piece, 0], pieces[piece, 1], int(pieces[piece, 2])
        if b - a < SAME_DIRECTION:
            continue
        t = a
        while t < b:
            # Without a near limit the whole piece is one step; with one, a step ends at a chord's end too.
            u = b
            v0 = v1 = 0.5 * BLOCKED
            if ratio < np.inf:
                while chord < last and lines[chord, 1] <= t:
                    chord += 1
                u = min(b, lines[chord, 1]) if chord < last else b
                v0, v1 = ratio * line_value(lines, chord, t), ratio * line_value(lines, chord, u)
            w0, w1 = line_value(lines, line, t), line_value(lines, line, u)
            d0, d1 = v0 - w0, v1 - w1
            if state[3] == 1 and (d0 <= 0.0 or (t == a and min(gap, d0 / v0) <= _TOUCH)):
                if t > a:
                    state[0] = _add(outer, state[0], runs[state[2] - 1, 0], t, w0, cos, sin)
                state[1] = _add(inner, state[1], runs[state[2] - 1, 1], t, v0, cos, sin)
                state[3] = 0
            if d0 > 0.0 or d1 > 0.0:
                cross = d0 / (d0 - d1) if min(d0, d1) < 0.0 else 0.0
                t_cross, w_cross = t + (u - t) * cross, w0 + (w1 - w0) * cross
                if state[3] == 0:
                    if state[4] < 0:
                        state[4] = d0 / v0 > _TOUCH and t - pieces[0, 0] < 2 * SAME_DIRECTION
                    runs[state[2], 0], runs[state[2], 1] = state[0], state[1]
                    start, w, v = (t, w0, v0) if d0 >= 0.0 else (t_cross, w_cross, w_cross)
                    state[0] = _add(outer, state[0], state[0], start, w, cos, sin)
                    state[1] = _add(inner, state[1], state[1], start, v, cos, sin)
                    state[2] += 1
                    state[3] = 1
                elif t == a:
                    state[0] = _add(outer, state[0], runs[state[2] - 1, 0], t, w0, cos, sin)
                if d1 < 0.0:
                    state[0] = _add(outer, state[0], runs[state[2] - 1, 0], t_cross, w_cross, cos, sin)
                    state[1] = _add(inner, state[1], runs[state[2] - 1, 1], t_cross, w_cross, cos, sin)
                    state[3] = 0
                else:
                    if u == b:
                        state[0] = _add(outer, state[0], runs[state[2] - 1, 0], u, w1, cos, sin)
                    state[1] = _add(inner, state[1], runs[state[2] - 1, 1], u, v1, cos, sin)
            gap = d1 / v1
            t = u
    return gap


@numba.njit(nogil=True, cache=True)
def _put(
    path: FloatArray, a: int, b: int, step: int, view: FloatArray, out: FloatArray, o: int, first: int
) -> int:
    """Write path[a:b:step], seen from the viewpoint, to the ring that begins at `first`; the new count."""
    for n in range(a, b, step):
        x, y = path[n, 0] + view[0], path[n, 1] + view[1]
        if o == first or abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) >= SAME_POINT_M:
            out[o, 0], out[o, 1] = x, y
            o += 1
    return o


@numba.njit(nogil=True, cache=True)
def _closed(out: FloatArray, o: int, first: int) -> int:
    """Close the ring out[first:o]; the new count, or `first` when it holds no area."""
    x, y = out[first]
    while o > first + 1 and abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) < SAME_POINT_M:
        o -= 1
    twice = 0.0
    for n in range(first + 1, o - 1):
        twice += (out[n, 0] - x) * (out[n + 1, 1] - y) - (out[n, 1] - y) * (out[n + 1, 0] - x)
    if abs(twice) < 2.0 * LEAST_AREA_M2:
        return first
    out[o] = out[first]
    return o + 1


@numba.njit(nogil=True, cache=True)
def _ring(
    run: int,
    then: int,
    outer: FloatArray,
    inner: FloatArray,
    runs: IntArray,
    view: FloatArray,
    out: FloatArray,
    o: int,
) -> int:
    """Write one run, or two of which `then` continues the first, as a closed ring; the new point count."""
    first = o
    o = _put(outer, runs[run, 0], runs[run + 1, 0], 1, view, out, o, first)
    if then >= 0:
        o = _put(outer, runs[then, 0], runs[then + 1, 0], 1, view, out, o, first)
        o = _put(inner, runs[then + 1, 1] - 1, runs[then, 1] - 1, -1, view, out, o, first)
    o = _put(inner, runs[run + 1, 1] - 1, runs[run, 1] - 1, -1, view, out, o, first)
    return _closed(out, o, first)


@numba.njit(nogil=True, cache=True)
def swept(views: FloatArray, edges: EdgeGrid) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """What each view sees, as ragged polygons.

    Parameters
    ----------
    views : (n, 6) array of float
        x, y, direction of the axis (radians anticlockwise from +x), half opening (radians, π is a circle),
        near and far limit (metres, 0 ≤ near < far). No viewpoint is inside a polygon.
    edges : EdgeGrid
        In the same coordinates.

    Returns
    -------
    points : (p, 2) array of float
    rings : (r + 1,) array of int
        First point of each closed ring, and p.
    polygons : (q + 1,) array of int
        First ring of each polygon, and r.
    owner : (q,) array of int
        View of each polygon, rising.
    """
    points = np.empty((256 * len(views) + 64, 2))
    rings, polygons = np.zeros(2 * len(views) + 64, np.int64), np.zeros(2 * len(views) + 64, np.int64)
    owner = np.empty(2 * len(views) + 64, np.int64)
    n_points = n_rings = n_polygons = 0
    stamps = np.full(len(edges.segments), -1)
    near = np.empty((len(edges.segments), 5))
    outer, inner, runs = np.empty((1024, 2)), np.empty((1024, 2)), np.empty((64, 2), np.int64)
    lines, old, new = np.empty((1024, 4)), np.empty((1024, 3)), np.empty((4096, 3))
    state = np.zeros(5, np.int64)
    for n in range(len(views)):
        view = views[n]
        dead, far = view[4], view[5]
        circle = view[3] >= np.pi
        wedges = 4 if circle else max(1, int(np.ceil(view[3] / (np.pi / 4) - 1e-9)))
        half = view[3] / wedges
        chords = max(1, int(np.ceil(np.degrees(2.0 * half) / CHORD_DEG - 1e-9)))
        tangent = np.tan(half)
        # From outside, an edge seen from behind is hidden by one in front. A viewpoint on a façade may be a
        # rounding error inside, where rays past a hollow corner would leave through such edges unhindered.
        count, touched = candidates(view, 2 * n, edges, stamps, near, False)
        if touched:
            count, touched = candidates(view, 2 * n + 1, edges, stamps, near, True)
        lines = longer_rows(lines, 2 * count + chords)
        state[:4] = 0
        state[4] = -1
        gap = np.inf
        for wedge in range(wedges):
            angle = view[2] - view[3] + (2 * wedge + 1) * half
            cos, sin = np.cos(angle), np.sin(angle)
            chain = wedge_lines(view, cos, sin, tangent, near[:count], edges, lines)
            t1, w1 = -tangent, np.hypot(1.0, tangent) / far
            for chord in range(chords):
                t0, w0 = t1, w1
                t1 = np.tan((2.0 * (chord + 1) / chords - 1.0) * half) if chord + 1 < chords else tangent
                w1 = np.hypot(1.0, t1) / far
                line = lines[chain + chord]
                line[0], line[1], line[2], line[3] = t0, t1, w0, (w1 - w0) / (t1 - t0)
            old, new = longer_rows(old, chain + chords), longer_rows(new, chain + chords)
            pieces = upper_envelope(lines, chain + chords, chords, old, new)
            # A piece adds two points, and with a near limit two more for each chord it spans.
            room = 4 * (len(pieces) + chords) + 8
            outer, inner = longer_rows(outer, state[0] + room), longer_rows(inner, state[1] + room)
            runs = longer_rows(runs, state[2] + room)
            ratio = far / dead if dead > 0.0 else np.inf
            gap = _walk(pieces, lines, chain, chords, ratio, cos, sin, outer, inner, runs, state, gap)
            state[4] = max(state[4], 0)
        end = state[2]
        runs[end, 0], runs[end, 1] = state[0], state[1]
        if dead == 0.0:
            inner[: state[1]] = 0.0  # back through the viewpoint itself
        joined = circle and state[3] == 1 and state[4] == 1 and gap > _TOUCH
        points = longer_rows(points, n_points + state[0] + state[1] + 2 * end + 4)
        rings, polygons = longer(rings, n_rings + end + 3), longer(polygons, n_polygons + end + 3)
        owner = longer(owner, n_polygons + end + 3)
        for run in range(end - 1 if joined and end > 1 else end):
            if joined and end == 1:
                # All round: the limit of sight closes in itself and the near limit is a hole.
                o = _closed(points, _put(outer, 0, state[0], 1, view, points, n_points, n_points), n_points)
            elif joined and run == 0:
                o = _ring(end - 1, 0, outer, inner, runs, view, points, n_points)
            else:
                o = _ring(run, -1, outer, inner, runs, view, points, n_points)
            if o == n_points:
                continue
            n_rings, n_points = n_rings + 1, o
            rings[n_rings] = n_points
            if joined and end == 1 and dead > 0.0:
                o = _put(inner, state[1] - 1, -1, -1, view, points, n_points, n_points)
                n_rings, n_points = n_rings + 1, _closed(points, o, n_points)
                rings[n_rings] = n_points
            owner[n_polygons] = n
            n_polygons += 1
            polygons[n_polygons] = n_rings
    return points[:n_points], rings[: n_rings + 1], polygons[: n_polygons + 1], owner[:n_polygons]
