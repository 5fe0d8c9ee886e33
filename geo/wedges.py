"""Kernels of `geo.sightlines`: from edges to what is seen, one view and one wedge of it at a time.

Inside a wedge everything is in the coordinates (t, w) = (y/x, 1/x) explained there. A *line* is a row (low,
high, value at low, slope): a straight edge seen between the directions t = low and high. An *envelope* is a
row of *pieces* (start, end, number of the line that is nearest there) with rising t, gaps allowed.

The envelope is built bottom-up by merging pairs, O(n log n) for the envelopes met in practice (Hershberger
1989, "Finding the upper envelope of n line segments in O(n log n) time"). A merge compares two lines only
where both exist and splits where they cross; it assumes no order of edges: they may cross, touch and overlap.

All kernels stand in one file: Numba's cache notices a change in the file of the function that is called, not
in the files of the functions that one calls.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: A viewpoint this near an edge stands on it: a point computed to lie on a façade misses it by about 1e-9 m.
ON_EDGE_M = 1e-6
#: Chord of the far and near limit. A chord of angle d loses 1 − sin(d)/d of its sector's area: 5e-5 for 1°.
CHORD_DEG = 1.0

#: Values w closer than this, relatively, are a tie: collinear walls of neighbours must not split each other.
_TIE = 1e-12
#: Directions (tangents) closer than this are one: a leak between walls that meet up to rounding is no view.
_SAME_DIRECTION = 1e-8
#: Points of a boundary closer than this (metres) are one, and areas (m²) below its use are none.
_SAME_POINT_M = 1e-8
_LEAST_AREA_M2 = 1e-8
#: Value w of an edge that the viewpoint touches: directions behind it are blocked at once.
_BLOCKED = 1e9
#: A limit of sight within this share of the near limit touches it.
_TOUCH = 1e-9


class EdgeGrid(NamedTuple):
    """Edges of polygons and the grid that finds them (a NamedTuple because kernels take no dataclass).

    Attributes
    ----------
    segments : (n, 4) array of float
        x0, y0, x1, y1 in metres, the inside of the polygon on the left.
    previous : (n,) array of int
        The edge before in the same ring.
    keys, entries : (m,) arrays of int
        Grid cell (row · columns + column), sorted, and the edge that passes through it.
    grid : (4,) array of float
        West, south, cell size (metres) and number of columns of the grid.
    """

    segments: FloatArray
    previous: IntArray
    keys: IntArray
    entries: IntArray
    grid: FloatArray


@numba.njit(nogil=True, cache=True)
def _longer(array: NDArray, room: int) -> NDArray:
    """The 1-D array itself, or a copy of at least twice the length when `room` does not fit."""
    if room <= len(array):
        return array
    copy = np.empty(max(2 * len(array), room), array.dtype)
    copy[: len(array)] = array
    return copy


@numba.njit(nogil=True, cache=True)
def _longer_rows(array: NDArray, room: int) -> NDArray:
    """The same for the rows of a 2-D array."""
    if room <= len(array):
        return array
    copy = np.empty((max(2 * len(array), room), array.shape[1]), array.dtype)
    copy[: len(array)] = array
    return copy


@numba.njit(nogil=True, cache=True)
def _value(lines: FloatArray, line: int, t: float) -> float:
    """Value w of a line in direction t."""
    return lines[line, 2] + lines[line, 3] * (t - lines[line, 0])


@numba.njit(nogil=True, cache=True)
def _push(out: FloatArray, o: int, first: int, start: float, end: float, line: float) -> int:
    """Append a piece, joined with the one before where the same line goes on; the new number of pieces."""
    if end <= start:
        return o
    if o > first and out[o - 1, 2] == line and out[o - 1, 1] == start:
        out[o - 1, 1] = end
        return o
    out[o, 0], out[o, 1], out[o, 2] = start, end, line
    return o + 1


@numba.njit(nogil=True, cache=True)
def _merged(
    lines: FloatArray, old: FloatArray, i: int, i_end: int, j_end: int, out: FloatArray, o: int
) -> int:
    """Merge old[i:i_end] and old[i_end:j_end] into `out` from o on; the new number of pieces."""
    first = o
    j = i_end
    here = -np.inf
    while i < i_end and j < j_end:
        si, sj = max(old[i, 0], here), max(old[j, 0], here)
        if si < sj:
            here = min(old[i, 1], sj)
            o = _push(out, o, first, si, here, old[i, 2])
        elif sj < si:
            here = min(old[j, 1], si)
            o = _push(out, o, first, sj, here, old[j, 2])
        else:
            here = min(old[i, 1], old[j, 1])
            p, q = int(old[i, 2]), int(old[j, 2])
            p0, q0 = _value(lines, p, si), _value(lines, q, si)
            p1, q1 = _value(lines, p, here), _value(lines, q, here)
            d0, d1 = p0 - q0, p1 - q1
            tie0, tie1 = _TIE * max(p0, q0), _TIE * max(p1, q1)
            if d0 >= -tie0 and d1 >= -tie1:
                o = _push(out, o, first, si, here, p)
            elif d0 <= tie0 and d1 <= tie1:
                o = _push(out, o, first, si, here, q)
            else:
                cross = min(max(si + (here - si) * (d0 / (d0 - d1)), si), here)
                o = _push(out, o, first, si, cross, p if d0 > 0 else q)
                o = _push(out, o, first, cross, here, q if d0 > 0 else p)
        if old[i, 1] <= here:
            i += 1
        if old[j, 1] <= here:
            j += 1
    if i == i_end:
        i, i_end = j, j_end
    while i < i_end:
        o = _push(out, o, first, max(old[i, 0], here), old[i, 1], old[i, 2])
        i += 1
    return o


@numba.njit(nogil=True, cache=True)
def _envelope(lines: FloatArray, count: int, chain: int, old: FloatArray, new: FloatArray) -> FloatArray:
    """Upper envelope of lines[:count], of which the last `chain` follow each other end to start.

    `old` and `new` are room to work in, both with at least `count` rows.
    """
    for line in range(count):
        old[line, 0], old[line, 1], old[line, 2] = lines[line, 0], lines[line, 1], line
    runs = count - chain + 1
    bounds = np.arange(runs + 1)
    bounds[runs] = count
    while runs > 1:
        # Merged pieces start or end where an old one does, or where two cross between two such places.
        new = _longer_rows(new, 4 * bounds[runs])
        o = 0
        merged = 0
        for run in range(0, runs, 2):
            middle, end = bounds[run + 1], bounds[min(run + 2, runs)]
            o = _merged(lines, old, bounds[run], middle, end, new, o)
            merged += 1
            bounds[merged] = o  # never ahead of the bounds still to be read
        runs = merged
        old, new = new, old
    return old[: bounds[1]]


@numba.njit(nogil=True, cache=True)
def _candidates(
    view: FloatArray, stamp: int, edges: EdgeGrid, stamps: IntArray, near: FloatArray, backs: bool
) -> tuple[int, bool]:
    """Edges that may limit the view: facing the viewpoint or touched by it, and within reach.

    Writes rows (x0, y0, x1, y1 from the viewpoint, edge) to `near`, clockwise around the viewpoint, with
    −1 − edge for an edge that it touches. With `backs`, edges seen from behind come too, turned round.
    `stamps` remembers the last stamp that met an edge. Returns the number of rows and whether an edge was
    touched.
    """
    segments, keys = edges.segments, edges.keys
    x, y, turn, half, far = view[0], view[1], view[2], view[3], view[5]
    # Box of the sector: its two ends and the compass directions inside it.
    west = south = east = north = 0.0
    for n in range(6):
        angle = turn + (2 * n - 9) * half if n > 3 else n * np.pi / 2
        if n > 3 or abs(np.mod(angle - turn + np.pi, 2 * np.pi) - np.pi) <= half:
            west, east = min(west, far * np.cos(angle)), max(east, far * np.cos(angle))
            south, north = min(south, far * np.sin(angle)), max(north, far * np.sin(angle))
    x_grid, y_grid, cell, columns = edges.grid[0], edges.grid[1], edges.grid[2], int(edges.grid[3])
    count = 0
    touched = False
    row = int(np.floor((y + south - y_grid) / cell))
    while y_grid + row * cell <= y + north:
        # Chord of the circle at the point of this row nearest to the viewpoint.
        gap = max(y_grid + row * cell - y, y - y_grid - (row + 1) * cell, 0.0)
        reach = np.sqrt(max(far * far - gap * gap, 0.0)) + ON_EDGE_M
        first = max(int(np.floor((x + max(west, -reach) - x_grid) / cell)), 0)
        last = min(int(np.floor((x + min(east, reach) - x_grid) / cell)), columns - 1)
        at = np.searchsorted(keys, row * columns + first) if first <= last else len(keys)
        while at < len(keys) and keys[at] <= row * columns + last:
            n = edges.entries[at]
            at += 1
            if stamps[n] == stamp:
                continue
            stamps[n] = stamp
            px, py, qx, qy = segments[n, 0] - x, segments[n, 1] - y, segments[n, 2] - x, segments[n, 3] - y
            ex, ey = qx - px, qy - py
            f = min(max(-(px * ex + py * ey) / (ex * ex + ey * ey), 0.0), 1.0)
            distance = np.hypot(px + f * ex, py + f * ey)
            if distance <= ON_EDGE_M:
                near[count, 0], near[count, 1], near[count, 2], near[count, 3] = px, py, qx, qy
                near[count, 4] = -1 - n
                touched = True
                count += 1
            elif distance <= far:
                front = px * qy - py * qx < 0.0
                if front:
                    near[count, 0], near[count, 1], near[count, 2], near[count, 3] = px, py, qx, qy
                elif backs:
                    near[count, 0], near[count, 1], near[count, 2], near[count, 3] = qx, qy, px, py
                near[count, 4] = n
                count += front or backs
        row += 1
    return count, touched


@numba.njit(nogil=True, cache=True)
def _left_of(ex: float, ey: float, tangent: float) -> tuple[float, float]:
    """Directions t within ±tangent to the left of the vector e, as (low, high); none when low ≥ high."""
    if ex > 0.0:
        return max(ey / ex, -tangent), tangent
    if ex < 0.0:
        return -tangent, min(ey / ex, tangent)
    return -tangent, (tangent if ey < 0.0 else -tangent)


@numba.njit(nogil=True, cache=True)
def _touched(
    px: float,
    py: float,
    qx: float,
    qy: float,
    rx: float,
    ry: float,
    tangent: float,
    lines: FloatArray,
    o: int,
) -> int:
    """Lines that block the inside of a polygon whose edge p→q (after r→p) the viewpoint touches.

    Blocked is what lies left of the edge; at its first corner, left of both edges, or of either one if the
    corner is hollow. The last corner is the next edge's first. Returns the new number of lines.
    """
    t0, t1 = _left_of(qx - px, qy - py, tangent)
    u0, u1 = 1.0, -1.0
    if np.hypot(px, py) <= ON_EDGE_M:
        u0, u1 = _left_of(px - rx, py - ry, tangent)
        if (px - rx) * (qy - py) - (py - ry) * (qx - px) >= 0.0:
            t0, t1 = max(t0, u0), min(t1, u1)
            u0, u1 = 1.0, -1.0
    elif np.hypot(qx, qy) <= ON_EDGE_M:
        return o
    for a, b in ((t0, t1), (u0, u1)):
        if a < b:
            lines[o, 0], lines[o, 1], lines[o, 2], lines[o, 3] = a, b, _BLOCKED, 0.0
            o += 1
    return o


@numba.njit(nogil=True, cache=True)
def _wedge_lines(
    view: FloatArray,
    cos: float,
    sin: float,
    tangent: float,
    near: FloatArray,
    edges: EdgeGrid,
    lines: FloatArray,
) -> int:
    """Write the lines of the candidate edges `near` in the wedge |t| ≤ tangent around the axis (cos, sin).

    Returns their number; two for each candidate at most.
    """
    o = 0
    for n in range(len(near)):
        px, py = cos * near[n, 0] + sin * near[n, 1], cos * near[n, 1] - sin * near[n, 0]
        qx, qy = cos * near[n, 2] + sin * near[n, 3], cos * near[n, 3] - sin * near[n, 2]
        if near[n, 4] < 0:
            before = edges.previous[int(-1 - near[n, 4])]
            rx, ry = edges.segments[before, 0] - view[0], edges.segments[before, 1] - view[1]
            rx, ry = cos * rx + sin * ry, cos * ry - sin * rx
            o = _touched(px, py, qx, qy, rx, ry, tangent, lines, o)
            continue
        # Clip to the two sides of the wedge. The edge faces the viewpoint, so t falls from p to q.
        f0, f1 = tangent * px - py, tangent * qx - qy
        g0, g1 = tangent * px + py, tangent * qx + qy
        if (f0 < 0.0 and f1 < 0.0) or (g0 < 0.0 and g1 < 0.0):
            continue
        begin, end = 0.0, 1.0
        if f0 < 0.0:
            begin = f0 / (f0 - f1)
        elif f1 < 0.0:
            end = f0 / (f0 - f1)
        if g0 < 0.0:
            begin = max(begin, g0 / (g0 - g1))
        elif g1 < 0.0:
            end = min(end, g0 / (g0 - g1))
        if begin >= end:
            continue
        t1, w1 = tangent, 1.0 / (px + begin * (qx - px))
        if begin == 0.0:
            t1 = min(max(py / px, -tangent), tangent)
        t0, w0 = -tangent, 1.0 / (px + end * (qx - px))
        if end == 1.0:
            # Exactly as for the first point of the next edge, so that neighbours leave no gap.
            t0, w0 = min(max(qy / qx, -tangent), tangent), 1.0 / qx
        # Below 1 / far the whole line lies beyond the chords; without width it hides nothing.
        if t1 - t0 > 1e-13 and max(w0, w1) >= 1.0 / view[5]:
            lines[o, 0], lines[o, 1], lines[o, 2], lines[o, 3] = t0, t1, w0, (w1 - w0) / (t1 - t0)
            o += 1
    return o


@numba.njit(nogil=True, cache=True)
def _add(path: FloatArray, count: int, first: int, t: float, w: float, cos: float, sin: float) -> int:
    """Append the point (t, w) to the path that begins at `first`, unless it repeats the last; the count."""
    x, y = 1.0 / w, t / w
    x, y = cos * x - sin * y, sin * x + cos * y
    if count > first and abs(path[count - 1, 0] - x) + abs(path[count - 1, 1] - y) < _SAME_POINT_M:
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
        if b - a < _SAME_DIRECTION:
            continue
        t = a
        while t < b:
            # Without a near limit the whole piece is one step; with one, a step ends at a chord's end too.
            u = b
            v0 = v1 = 0.5 * _BLOCKED
            if ratio < np.inf:
                while chord < last and lines[chord, 1] <= t:
                    chord += 1
                u = min(b, lines[chord, 1]) if chord < last else b
                v0, v1 = ratio * _value(lines, chord, t), ratio * _value(lines, chord, u)
            w0, w1 = _value(lines, line, t), _value(lines, line, u)
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
                        state[4] = d0 / v0 > _TOUCH and t - pieces[0, 0] < 2 * _SAME_DIRECTION
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
        if o == first or abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) >= _SAME_POINT_M:
            out[o, 0], out[o, 1] = x, y
            o += 1
    return o


@numba.njit(nogil=True, cache=True)
def _closed(out: FloatArray, o: int, first: int) -> int:
    """Close the ring out[first:o]; the new count, or `first` when it holds no area."""
    x, y = out[first]
    while o > first + 1 and abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) < _SAME_POINT_M:
        o -= 1
    twice = 0.0
    for n in range(first + 1, o - 1):
        twice += (out[n, 0] - x) * (out[n + 1, 1] - y) - (out[n, 1] - y) * (out[n + 1, 0] - x)
    if abs(twice) < 2.0 * _LEAST_AREA_M2:
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
        count, touched = _candidates(view, 2 * n, edges, stamps, near, False)
        if touched:
            count, touched = _candidates(view, 2 * n + 1, edges, stamps, near, True)
        lines = _longer_rows(lines, 2 * count + chords)
        state[:4] = 0
        state[4] = -1
        gap = np.inf
        for wedge in range(wedges):
            angle = view[2] - view[3] + (2 * wedge + 1) * half
            cos, sin = np.cos(angle), np.sin(angle)
            chain = _wedge_lines(view, cos, sin, tangent, near[:count], edges, lines)
            t1, w1 = -tangent, np.hypot(1.0, tangent) / far
            for chord in range(chords):
                t0, w0 = t1, w1
                t1 = np.tan((2.0 * (chord + 1) / chords - 1.0) * half) if chord + 1 < chords else tangent
                w1 = np.hypot(1.0, t1) / far
                line = lines[chain + chord]
                line[0], line[1], line[2], line[3] = t0, t1, w0, (w1 - w0) / (t1 - t0)
            old, new = _longer_rows(old, chain + chords), _longer_rows(new, chain + chords)
            pieces = _envelope(lines, chain + chords, chords, old, new)
            # A piece adds two points, and with a near limit two more for each chord it spans.
            room = 4 * (len(pieces) + chords) + 8
            outer, inner = _longer_rows(outer, state[0] + room), _longer_rows(inner, state[1] + room)
            runs = _longer_rows(runs, state[2] + room)
            ratio = far / dead if dead > 0.0 else np.inf
            gap = _walk(pieces, lines, chain, chords, ratio, cos, sin, outer, inner, runs, state, gap)
            state[4] = max(state[4], 0)
        end = state[2]
        runs[end, 0], runs[end, 1] = state[0], state[1]
        if dead == 0.0:
            inner[: state[1]] = 0.0  # back through the viewpoint itself
        joined = circle and state[3] == 1 and state[4] == 1 and gap > _TOUCH
        points = _longer_rows(points, n_points + state[0] + state[1] + 2 * end + 4)
        rings, polygons = _longer(rings, n_rings + end + 3), _longer(polygons, n_polygons + end + 3)
        owner = _longer(owner, n_polygons + end + 3)
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
