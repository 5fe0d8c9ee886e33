"""Linear referencing: places along lines, in millimetres from the line's start.

A line that meets itself has several positions at one point, which is why crossings are found segment by
segment here and not with `shapely.line_locate_point`, that knows only the first.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# Lines are laid end to end on one axis for searching, with this gap between them.
_APART_M = 1.0
# Sine of the angle below which a street and a polygon's side count as parallel, and how near the side must
# then lie for its ends to cut the street. A cut too many harms nothing: it makes two atoms of one.
_PARALLEL = 1e-6
_NEAR_M = 1e-3
# How far beyond its end a segment still counts as met, as a share of its length.
_SLACK = 1e-9
# Polygons whose rims are held at once.
_POLYGONS = 4000


@dataclass(frozen=True, eq=False)
class Lines:
    """LineStrings as flat vertex arrays.

    `line` names the line of each vertex, `first` the first vertex of each line (one more at the end),
    `along_m` the distance of each vertex from its line's start, `axis_m` the same on one axis for all lines,
    `length_mm` the rounded length of each line.
    """

    x: FloatArray
    y: FloatArray
    line: IntArray
    first: IntArray
    along_m: FloatArray
    axis_m: FloatArray
    length_mm: IntArray


def lines(geometries: NDArray[np.object_]) -> Lines:
    """Vertex arrays of (n,) LineStrings with at least two vertices each."""
    coordinates, line = shapely.get_coordinates(geometries, return_index=True)
    first = np.searchsorted(line, np.arange(len(geometries) + 1)).astype(np.int64)
    x, y = coordinates[:, 0].copy(), coordinates[:, 1].copy()
    step = np.zeros(len(x))
    step[1:] = np.hypot(np.diff(x), np.diff(y))
    step[first[:-1]] = 0.0
    run = np.cumsum(step)
    along_m = run - run[first[:-1]][line] if len(x) else run
    length_mm = np.rint(shapely.length(geometries) * 1000).astype(np.int64)
    return Lines(x, y, line.astype(np.int64), first, along_m, run + _APART_M * line, length_mm)


def points_at(of: Lines, line: IntArray, mm: NDArray[np.number]) -> tuple[FloatArray, FloatArray]:
    """Coordinates (metres) of the points `mm` along `line`, arrays of one length; ends are exact."""
    if len(line) == 0:
        return np.empty(0), np.empty(0)
    metres = mm / 1000.0
    start = of.first[line]
    last = of.first[line + 1] - 1
    axis = of.axis_m[start] + metres
    vertex = np.clip(np.searchsorted(of.axis_m, axis, side="right") - 1, start, last - 1)
    length = of.along_m[vertex + 1] - of.along_m[vertex]
    share = np.divide(metres - of.along_m[vertex], length, out=np.zeros(len(line)), where=length > 0)
    share = np.clip(share, 0.0, 1.0)
    x = of.x[vertex] + share * (of.x[vertex + 1] - of.x[vertex])
    y = of.y[vertex] + share * (of.y[vertex + 1] - of.y[vertex])
    # The rounded length may end a hair before or after the line: the end is its last vertex, exactly, so
    # that sections which share a node share the coordinates.
    at_end = mm >= of.length_mm[line]
    return np.where(at_end, of.x[last], x), np.where(at_end, of.y[last], y)


def pieces(of: Lines, line: IntArray, from_mm: IntArray, until_mm: IntArray) -> NDArray[np.object_]:
    """LineStrings of the stretches [from_mm, until_mm] of `line`, with every vertex that lies between."""
    n = len(line)
    if n == 0:
        return np.empty(0, dtype=object)
    base = of.axis_m[of.first[line]]
    low = np.searchsorted(of.axis_m, base + from_mm / 1000.0, side="right")
    high = np.searchsorted(of.axis_m, base + until_mm / 1000.0, side="left")
    high = np.minimum(high, of.first[line + 1] - 1)
    between = np.maximum(high - low, 0)
    first = np.concatenate(([0], np.cumsum(between + 2)))
    coordinates = np.empty((first[-1], 2))
    coordinates[first[:-1]] = np.column_stack(points_at(of, line, from_mm))
    coordinates[first[1:] - 1] = np.column_stack(points_at(of, line, until_mm))
    step = np.arange(between.sum()) - np.repeat(np.cumsum(between) - between, between)
    source = np.repeat(low, between) + step
    target = np.repeat(first[:-1] + 1, between) + step
    coordinates[target, 0] = of.x[source]
    coordinates[target, 1] = of.y[source]
    return shapely.linestrings(coordinates, indices=np.repeat(np.arange(n), between + 2))


def cuts(of: Lines, polygons: NDArray[np.object_]) -> tuple[IntArray, IntArray]:
    """Where the rims of polygons meet lines.

    Parameters
    ----------
    of : Lines
        In the CRS of the polygons, metres.
    polygons : (m,) array of Polygon or MultiPolygon
        Empty or missing ones have no rim.

    Returns
    -------
    line, mm : (k,) arrays of int
        Lines that are met and the positions along them, rounded to the millimetre, in no order and possibly
        repeated. Where a rim runs along a line, both ends of the common stretch are given.
    """
    is_inner = np.ones(len(of.x), dtype=bool)
    is_inner[of.first[1:] - 1] = False
    a = np.flatnonzero(is_inner)
    segments = shapely.linestrings(
        np.stack([np.column_stack((of.x[a], of.y[a])), np.column_stack((of.x[a + 1], of.y[a + 1]))], axis=1)
    )
    tree = shapely.STRtree(segments)
    blocks = []
    # The rims of a county's footprints are gigabytes at once.
    for low in range(0, max(len(polygons), 1), _POLYGONS):
        block = polygons[low : low + _POLYGONS]
        rim, rim_first = _rims(block)
        polygon, segment = tree.query(block)
        blocks.append(_crossings(polygon, a[segment], of.x, of.y, rim, rim_first))
    found, metres = (np.concatenate(column) for column in zip(*blocks, strict=True))
    line = of.line[found]
    mm = np.rint((of.along_m[found] + metres) * 1000).astype(np.int64)
    return line, np.clip(mm, 0, of.length_mm[line])


def _rims(polygons: NDArray[np.object_]) -> tuple[FloatArray, IntArray]:
    """Sides of the polygons' rings as (k, 4) x0 y0 x1 y1, and the first side of each polygon (m + 1)."""
    parts, polygon_of_part = shapely.get_parts(polygons, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    sides = np.hstack((coordinates[:-1], coordinates[1:]))[same]
    polygon = polygon_of_part[part_of_ring[ring[:-1][same]]]
    return sides, np.searchsorted(polygon, np.arange(len(polygons) + 1)).astype(np.int64)


@njit(nogil=True, cache=True)
def _crossings(polygon, vertex, x, y, rim, rim_first):  # type: ignore[no-untyped-def]
    """Segments (by first vertex) met by the rims of the paired polygons, and metres from that vertex."""
    found = np.empty(1024, np.int64)
    metres = np.empty(1024, np.float64)
    n = 0
    for pair in range(len(polygon)):
        v = vertex[pair]
        ax, ay = x[v], y[v]
        dx, dy = x[v + 1] - ax, y[v + 1] - ay
        length = np.hypot(dx, dy)
        if length == 0.0:
            continue
        low_x, high_x = min(0.0, dx) - _NEAR_M, max(0.0, dx) + _NEAR_M
        low_y, high_y = min(0.0, dy) - _NEAR_M, max(0.0, dy) + _NEAR_M
        for side in range(rim_first[polygon[pair]], rim_first[polygon[pair] + 1]):
            px, py = rim[side, 0] - ax, rim[side, 1] - ay
            qx, qy = rim[side, 2] - ax, rim[side, 3] - ay
            if max(px, qx) < low_x or min(px, qx) > high_x or max(py, qy) < low_y or min(py, qy) > high_y:
                continue
            if n + 3 > len(found):
                found = np.concatenate((found, np.empty_like(found)))
                metres = np.concatenate((metres, np.empty_like(metres)))
            ex, ey = qx - px, qy - py
            side_length = np.hypot(ex, ey)
            cross = dx * ey - dy * ex
            if cross != 0.0:
                t = (px * ey - py * ex) / cross
                s = (px * dy - py * dx) / cross
                if -_SLACK <= t <= 1 + _SLACK and -_SLACK <= s <= 1 + _SLACK:
                    found[n], metres[n] = v, t * length
                    n += 1
            if abs(cross) <= _PARALLEL * length * side_length:
                # Both ends of a side that runs along the street cut it, if they lie beside the segment.
                for rx, ry in ((px, py), (qx, qy)):
                    t = (rx * dx + ry * dy) / (length * length)
                    if abs(rx * dy - ry * dx) <= _NEAR_M * length and 0.0 <= t <= 1.0:
                        found[n], metres[n] = v, t * length
                        n += 1
    return found[:n], metres[:n]
