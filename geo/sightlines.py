"""What can be seen from a point between obstructions, in the plane and exactly.

Method (derived here). A view is cut into wedges of at most 90°. In a wedge whose axis is x, a point (x, y) is
taken to (t, w) = (y/x, 1/x): straight edges stay straight, t is the direction, and the nearer of two edges is
the one with the larger w. The limit of sight is then an upper envelope of segments (`geo.envelope`); what is
seen lies between it and the near limit. The far limit of the view is a polygon of chords whose edges enter
the same envelope: a shadow cuts the view exactly, and what is seen never leaves the unobstructed view.
With heights a shadow may end, and what is seen may have islands: `geo.shadows`.
"""

from dataclasses import dataclass

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.envelope import FloatArray, IntArray
from geo.horizons import swept
from geo.shadows import overlooked
from geo.wedges import ON_EDGE_M, EdgeGrid

#: Grid cell for finding edges. Between 8 and 32 m the speed changes little in the inner city.
_CELL_M = 16.0


@dataclass(frozen=True)
class ObstructionEdges:
    """Polygons and their edges, ready for many sightline questions. Made by `obstruction_edges`.

    Attributes
    ----------
    polygons : (k,) array of Polygon
        Single, valid, anticlockwise.
    edges : EdgeGrid
        Their edges, indexed.
    roof_m : (k,) array of float
        Height of each polygon above ground, NaN not known.
    edge_roof_m : (n,) array of float
        The same for each edge.
    """

    polygons: NDArray[np.object_]
    edges: EdgeGrid
    roof_m: FloatArray
    edge_roof_m: FloatArray


def solid_parts(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Single, valid, anticlockwise Polygons that cover the same ground as Polygons and MultiPolygons.

    Empty and missing geometries are left out, Z is dropped. A polygon that crosses itself is repaired
    (`shapely.make_valid`, method structure): what its outline encloses is solid.

    Raises
    ------
    TypeError
        When a geometry is neither Polygon nor MultiPolygon.
    """
    return _parts(polygons)[0]


def _parts(polygons: NDArray[np.object_]) -> tuple[NDArray[np.object_], IntArray]:
    """`solid_parts`, and the row of the polygon that each is a part of."""
    solid = np.asarray(polygons, dtype=object)
    rows = np.flatnonzero(~(shapely.is_missing(solid) | shapely.is_empty(solid)))
    solid = shapely.force_2d(solid[rows])
    flat = np.isin(shapely.get_type_id(solid), (3, 6))
    if not flat.all():
        raise TypeError(f"an obstruction is a {solid[~flat][0].geom_type}; give Polygon or MultiPolygon")
    crossing = ~shapely.is_valid(solid)
    solid[crossing] = shapely.make_valid(solid[crossing], method="structure", keep_collapsed=False)
    parts, of_solid = shapely.get_parts(solid, return_index=True)
    some = ~shapely.is_empty(parts)
    return shapely.orient_polygons(parts[some]), rows[of_solid[some]]


def obstruction_edges(polygons: NDArray[np.object_], height_m: FloatArray | None = None) -> ObstructionEdges:
    """Edges of Polygons and MultiPolygons (metres) as `solid_parts` reads them, for `visible_areas`.

    `height_m` is the height of each polygon, NaN not known; no height is known where it is left out.
    """
    parts, rows = _parts(polygons)
    roof = np.full(len(parts), np.nan) if height_m is None else np.asarray(height_m, np.float64)[rows]
    _, xy, (rings, shells) = (
        shapely.to_ragged_array(parts) if len(parts) else (None, np.empty((0, 2)), ([0], [0]))
    )
    rings = np.asarray(rings, dtype=np.int64)

    ring = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
    # The last point of a ring starts no edge; a repeated point would start one without direction.
    edge = (ring[:-1] == ring[1:]) & (xy[:-1] != xy[1:]).any(axis=1)
    segments, ring = np.hstack([xy[:-1], xy[1:]])[edge], ring[:-1][edge]
    first = np.flatnonzero(np.diff(ring, prepend=-1))
    previous = np.arange(len(segments), dtype=np.int64) - 1
    previous[first] = np.append(first[1:], len(segments))[: len(first)] - 1
    part = np.repeat(np.arange(len(parts)), np.diff(shells))[ring]
    return ObstructionEdges(parts, EdgeGrid(segments, previous, *_indexed(segments)), roof, roof[part])


def visible_areas(
    xy: FloatArray,
    azimuth_deg: FloatArray,
    width_deg: FloatArray,
    near_m: FloatArray,
    far_m: FloatArray,
    obstructions: ObstructionEdges,
    *,
    eye_m: FloatArray | None = None,
    target_m: float = 0.0,
) -> NDArray[np.object_]:
    """The ground each viewpoint can see inside its own sector.

    Parameters
    ----------
    xy : (n, 2) array of float
        Viewpoints, metres, finite.
    azimuth_deg : (n,) array of float
        Middle of the sector, clockwise from grid north (+y); without meaning for a circle.
    width_deg : (n,) array of float
        Opening of the sector, > 0; 360 and more is a circle.
    near_m, far_m : (n,) array of float
        What is nearer or farther is cut. Nothing is seen where near_m ≥ far_m or far_m ≤ 0.
    obstructions : ObstructionEdges
        In the same coordinates.
    eye_m : (n,) array of float, optional
        Height of each viewpoint above ground, NaN not known. Obstructions are then solids of their height
        (`geo.shadows.hiding`); without it every one hides whatever its height.
    target_m : float
        Height of what is looked at, with `eye_m` only.

    Returns
    -------
    (n,) array of Polygon or MultiPolygon
        Valid; an empty Polygon where nothing is seen, as for a viewpoint inside an obstruction that is not
        lower. A viewpoint on a boundary (within `ON_EDGE_M`) sees outwards, and inwards over a lower solid
        only; where a polygon touches itself, a viewpoint at that very point sees nothing.
    """
    seeing = (far_m > 0) & (near_m < far_m)
    placed, point, polygon = _placed(xy, obstructions.polygons)
    above = np.zeros(len(point), dtype=bool)
    if eye_m is not None:
        above = eye_m[point] > obstructions.roof_m[polygon]
    seeing[point[~above]] = False
    rows = np.flatnonzero(seeing)
    width = np.minimum(width_deg[rows], 360.0)
    turn = np.radians(90.0 - np.mod(np.where(width < 360.0, azimuth_deg[rows], 0.0), 360.0))
    views = np.column_stack([placed[rows], turn, np.radians(width) / 2.0, near_m[rows], far_m[rows]])
    if eye_m is None:
        points, rings, polygons, owner = swept(views, obstructions.edges)
    else:
        over = np.bincount(point[above], minlength=len(xy))
        views = np.column_stack([views, eye_m[rows], over[rows]])
        points, rings, polygons, owner = overlooked(
            views, float(target_m), obstructions.edges, obstructions.edge_roof_m
        )
    areas = np.full(len(xy), shapely.Polygon(), dtype=object)
    if len(owner):
        parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (rings, polygons))
        single = np.bincount(owner, minlength=len(rows)) == 1
        alone = single[owner]
        areas[rows[owner[alone]]] = parts[alone]
        shared, group = np.unique(owner[~alone], return_inverse=True)
        areas[rows[shared]] = shapely.multipolygons(parts[~alone], indices=group) if len(shared) else []
    # Rounding to the coordinate grid (1e-9 m) can still fold a spike of that width.
    folded = ~shapely.is_valid(areas)
    areas[folded] = shapely.make_valid(areas[folded], method="structure", keep_collapsed=False)
    return areas


def _placed(xy: FloatArray, polygons: NDArray[np.object_]) -> tuple[FloatArray, IntArray, IntArray]:
    """Viewpoints, those just inside a boundary put onto it; and pairs (viewpoint, polygon it is inside)."""
    none = np.empty(0, np.int64)
    if not len(polygons) or not len(xy):
        return xy, none, none
    points = shapely.points(xy)
    point, polygon = shapely.STRtree(polygons).query(points, predicate="within")
    way_out = shapely.shortest_line(points[point], shapely.boundary(polygons[polygon]))
    shallow = shapely.length(way_out) <= ON_EDGE_M
    placed = xy.copy()
    placed[point[shallow]] = shapely.get_coordinates(shapely.get_point(way_out[shallow], 1))
    return placed, point[~shallow], polygon[~shallow]


def _indexed(segments: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Sorted grid cells of the edges. Keys, not a dense table: an outlier far away costs nothing."""
    if not len(segments):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.array([0.0, 0.0, _CELL_M, 1.0])
    west, south = np.minimum(segments[:, :2], segments[:, 2:]).min(axis=0)
    east = segments[:, ::2].max()
    grid = np.array([west, south, _CELL_M, np.floor((east - west) / _CELL_M) + 1.0])
    none = np.empty(0, np.int64)
    room = _cells(segments, grid, none, none)
    keys, entries = np.empty(room, np.int64), np.empty(room, np.int64)
    _cells(segments, grid, keys, entries)
    order = np.argsort(keys)
    return keys[order], entries[order], grid


@numba.njit(nogil=True, cache=True)
def _cells(segments: FloatArray, grid: FloatArray, keys: IntArray, entries: IntArray) -> int:
    """Write every grid cell that an edge passes through, as far as there is room; returns the room needed."""
    west, south, cell, columns = grid[0], grid[1], grid[2], int(grid[3])
    count = 0
    for n in range(len(segments)):
        x0, y0, x1, y1 = segments[n]
        top = int((max(y0, y1) - south) / cell)
        for row in range(int((min(y0, y1) - south) / cell), top + 1):
            a, b = x0, x1
            if y0 != y1:
                # The part of the edge in this row, a hair wider than the row against rounding.
                f = (south + (row - 1e-6) * cell - y0) / (y1 - y0)
                g = (south + (row + 1 + 1e-6) * cell - y0) / (y1 - y0)
                a = x0 + (x1 - x0) * min(max(min(f, g), 0.0), 1.0)
                b = x0 + (x1 - x0) * min(max(max(f, g), 0.0), 1.0)
            last = min(int((max(a, b) - west) / cell), columns - 1)
            for column in range(int(max(min(a, b) - west, 0.0) / cell), last + 1):
                if count < len(keys):
                    keys[count] = row * columns + column
                    entries[count] = n
                count += 1
    return count
