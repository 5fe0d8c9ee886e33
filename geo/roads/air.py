"""Straight through the air: times, distances and lines between places that need no street.

Worked out here: a straight line, at one speed, whatever stands or is forbidden below it.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def air_matrix(points: gpd.GeoSeries, speed_m_s: float, longest_ms: int) -> tuple[IntArray, IntArray]:
    """Flight times and distances between all points.

    Parameters
    ----------
    points : (n,) GeoSeries of Point
        In a projected CRS in metres. Missing and empty points are not reachable.
    speed_m_s : float
        Metres a second, > 0.
    longest_ms : int
        Flights that take longer count as not reachable.

    Returns
    -------
    duration_s : (n, n) array of int64
        Whole seconds, rounded up; -1 not reachable.
    distance_m : (n, n) array of int64
        Whole metres, rounded to the nearest; -1 likewise.
    """
    wanted = points.to_numpy()
    xy = np.column_stack([shapely.get_x(wanted), shapely.get_y(wanted)])
    # Whole millimetres and milliseconds, as along streets; rounded up, so that no stop on the way saves time.
    exact_mm = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1)) * 1000.0
    there = np.isfinite(exact_mm)
    mm = np.ceil(np.where(there, exact_mm, 0.0) - 1e-6).astype(np.int64)
    ms = np.ceil(mm / speed_m_s - 1e-6).astype(np.int64)
    there &= ms <= longest_ms
    return np.where(there, -(-ms // 1000), -1), np.where(there, (mm + 500) // 1000, -1)


def air_paths(points: gpd.GeoSeries, pairs: IntArray) -> gpd.GeoSeries:
    """The flights that `air_matrix` measures, as straight lines.

    Parameters
    ----------
    points : (n,) GeoSeries of Point
    pairs : (k, 2) array of int64
        Positions of start and end in `points`.

    Returns
    -------
    (k,) GeoSeries
        None where a point is missing or empty, an empty line between two points at one place.
    """
    wanted = points.to_numpy()
    lines = np.full(len(pairs), None, dtype=object)
    for row, (a, b) in enumerate(pairs.tolist()):
        ends = [wanted[a], wanted[b]]
        if not (shapely.is_missing(ends) | shapely.is_empty(ends)).any():
            apart = shapely.distance(*ends) > 0.0
            lines[row] = shapely.LineString(ends) if apart else shapely.LineString()
    return gpd.GeoSeries(lines, crs=points.crs)
