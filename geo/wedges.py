"""From edges to what a view meets, one wedge of it at a time: the first kernels of `geo.sightlines`.

Inside a wedge everything is in the coordinates (t, w) = (y/x, 1/x) explained there; edges become the *lines*
of `geo.envelope`.
"""

from typing import NamedTuple

import numba
import numpy as np

from geo.envelope import FloatArray, IntArray

#: A viewpoint this near an edge stands on it: a point computed to lie on a façade misses it by about 1e-9 m.
ON_EDGE_M = 1e-6
#: Chord of the far and near limit. A chord of angle d loses 1 − sin(d)/d of its sector's area: 5e-5 for 1°.
CHORD_DEG = 1.0

#: Directions (tangents) closer than this are one: a leak between walls that meet up to rounding is no view.
SAME_DIRECTION = 1e-8
#: Points of a boundary closer than this (metres) are one, and areas (m²) below its use are none.
SAME_POINT_M = 1e-8
LEAST_AREA_M2 = 1e-8
#: Value w of an edge that the viewpoint touches: directions behind it are blocked at once.
BLOCKED = 1e9


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
def candidates(
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
            lines[o, 0], lines[o, 1], lines[o, 2], lines[o, 3] = a, b, BLOCKED, 0.0
            o += 1
    return o


@numba.njit(nogil=True, cache=True)
def wedge_lines(
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
        begin = f0 / (f0 - f1) if f0 < 0.0 else 0.0
        end = g0 / (g0 - g1) if g1 < 0.0 else 1.0
        # It comes in over the left side (f) and goes out over the right one (g). The other way round only
        # rounding takes it: seen edge-on it lies along that side and hides nothing, least of all the wedge.
        if (g0 < 0.0 and g0 / (g0 - g1) > begin) or (f1 < 0.0 and f0 / (f0 - f1) < end) or begin >= end:
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
