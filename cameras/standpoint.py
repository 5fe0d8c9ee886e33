"""Where a camera really stands, when its record puts it into a building or onto a façade."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from cameras.footprint import check_frames
from geo.sightlines import solid_parts

#: What `clearance_m` may be. A bracket or pole is nearer to the wall than half a metre; below 5 cm the
#: coordinates of a record mean nothing.
CLEARANCE_LIMITS_M = (0.05, 0.5)

# A buffer's round corners are polygons; this much more keeps every point of them clear all the same:
# 64 chords a circle come nearer by the share 1 − cos(180° / 64) = 0.0012.
_ROUNDING = 1.0015
_QUARTER_CHORDS = 16


def standpoints(
    cameras: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    *,
    clearance_m: float = 0.2,
    reach_m: float = 50.0,
) -> gpd.GeoDataFrame:
    """Where each camera stands once it is clear of every obstruction, and what was found.

    A camera inside an obstruction, or nearer than `clearance_m` to one, is moved to the nearest point that
    keeps the clearance to all of them, neighbours included; courtyards count as outside. Others stay.

    Parameters
    ----------
    cameras : GeoDataFrame
        Points in a projected CRS in metres; any index, duplicates allowed.
    obstructions : GeoDataFrame
        Polygon or MultiPolygon in the same CRS.
    clearance_m : float
        Distance to the façade, within `CLEARANCE_LIMITS_M`.
    reach_m : float
        No camera is moved farther: a point that deep inside is a wrong coordinate, not a façade.

    Returns
    -------
    GeoDataFrame on the cameras' index and CRS
        geometry : the standpoint; moved_m : float, 0 where it stayed, NaN where it could not be freed and
        stays as recorded; finding : "inside" (an obstruction, its boundary not counted), "on_facade" (outside
        or on the boundary, nearer than the clearance) or "".

    Raises
    ------
    ValueError
        For the CRS and geometries as `cameras.footprint.check_frames`, and for a setting out of its limits.
    """
    low, high = CLEARANCE_LIMITS_M
    if not low <= clearance_m <= high:
        raise ValueError(f"clearance_m {clearance_m} is outside [{low}, {high}]; give metres to the façade")
    if not (np.isfinite(reach_m) and reach_m > clearance_m):
        raise ValueError(f"reach_m {reach_m} is not above clearance_m {clearance_m}; give metres")
    check_frames(cameras, obstructions)
    points = cameras.geometry.to_numpy().copy()
    solid = solid_parts(obstructions.geometry.to_numpy())
    tree = shapely.STRtree(solid)

    finding = np.full(len(points), "", dtype=object)
    finding[tree.query(points, predicate="dwithin", distance=clearance_m)[0]] = "on_facade"
    finding[tree.query(points, predicate="within")[0]] = "inside"
    rows = np.flatnonzero(finding != "")
    moved = np.zeros(len(points))
    moved[rows] = np.nan
    radius = 8.0
    while len(rows):
        radius = min(4.0 * radius, reach_m)
        spots = _nearest_clear(points[rows], solid, tree, clearance_m, radius)
        distance = shapely.distance(points[rows], spots)
        # Farther than the radius there may be an obstruction that was not looked at.
        free = distance <= radius
        moved[rows[free]] = distance[free]
        points[rows[free]] = spots[free]
        rows = rows[~free] if radius < reach_m else rows[:0]
    return gpd.GeoDataFrame(
        {"moved_m": moved, "finding": finding}, geometry=points, index=cameras.index, crs=cameras.crs
    )


def _nearest_clear(
    points: NDArray[np.object_],
    solid: NDArray[np.object_],
    tree: shapely.STRtree,
    clearance_m: float,
    radius_m: float,
) -> NDArray[np.object_]:
    """Nearest point to each that is clear of all obstructions within the radius."""
    point, other = tree.query(points, predicate="dwithin", distance=radius_m + 2.0 * clearance_m)
    used, slot = np.unique(other, return_inverse=True)
    grown = shapely.buffer(solid[used], clearance_m * _ROUNDING, quad_segs=_QUARTER_CHORDS)
    # One union a row: of the collection of all grown obstructions around that point.
    order = np.argsort(point, kind="stable")
    around = shapely.geometrycollections(grown[slot[order]], indices=point[order])
    edge = shapely.boundary(shapely.union_all(around[:, np.newaxis], axis=1))
    return shapely.get_point(shapely.shortest_line(points, edge), 1)
