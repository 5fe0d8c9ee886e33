"""Pieces of an analysis computed again around a few cameras: what must be looked at, and how it fits in."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cameras.causes import NOT_MEASURED
from cameras.levels import level_set, lowest_level
from cameras.optics import level_range_m
from cameras.segments import SEGMENT_COLUMNS
from cameras.validity import NO_RECORD

IntArray = NDArray[np.int64]
# Nothing lies on a border for the sake of a rounded coordinate.
_MARGIN_M = 1.0


def in_reach(poses: pd.DataFrame, level: str, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Which POSES can see something of a box at the lowest level of a set.

    Parameters
    ----------
    poses : DataFrame
        width_px, hfov_deg, and where they stand: east_m, north_m.
    level : str
        Any of the set.
    box : (float, float, float, float)
        Least and most metres east and north, as `total_bounds` has them: east, north, east, north.
    """
    density = level_set(level)[str(lowest_level(level))]
    far = level_range_m(
        poses["width_px"].to_numpy(dtype=np.float64), poses["hfov_deg"].to_numpy(dtype=np.float64), density
    )
    east, north = poses["east_m"].to_numpy(), poses["north_m"].to_numpy()
    away = np.hypot(
        np.maximum(0.0, np.maximum(box[0] - east, east - box[2])),
        np.maximum(0.0, np.maximum(box[1] - north, north - box[3])),
    )
    return np.asarray(away <= far + _MARGIN_M)


def discs(poses: pd.DataFrame, level: str) -> tuple[float, float, float, float]:
    """The box, as `total_bounds`, around all that POSES can see at the lowest level of a set."""
    density = level_set(level)[str(lowest_level(level))]
    far = _MARGIN_M + level_range_m(
        poses["width_px"].to_numpy(dtype=np.float64), poses["hfov_deg"].to_numpy(dtype=np.float64), density
    )
    east, north = poses["east_m"].to_numpy(), poses["north_m"].to_numpy()
    return (
        float((east - far).min()),
        float((north - far).min()),
        float((east + far).max()),
        float((north + far).max()),
    )


def whole_segments(stored: pd.DataFrame, row_of_pose: pd.Series, period: tuple[int, int]) -> pd.DataFrame:
    """SEGMENTS from stored ones, in which the time without a record is left out.

    Parameters
    ----------
    stored : DataFrame
        SEGMENTS by camera and start, with the keys of poses instead of their rows.
    row_of_pose : Series of int
        Row of POSES by key.
    period : (int, int)
        Which the segments of every camera tile afterwards.
    """
    known = stored.assign(
        **{
            name: row_of_pose.reindex(stored[name]).fillna(-1).to_numpy(np.int64)
            for name in ("pose", "nominal")
        }
    )
    camera = known["camera"].to_numpy()
    first = np.append(True, camera[1:] != camera[:-1])[: len(camera)]
    last = np.append(camera[1:] != camera[:-1], True)[: len(camera)]
    start, end = known["start_ms"].to_numpy(), known["end_ms"].to_numpy()
    before = np.where(first, period[0], np.append(period[0], end[:-1])[: len(end)])
    holes = [(camera, before, start), (camera[last], end[last], np.full(int(last.sum()), period[1]))]
    parts = [known]
    for of, begin, finish in holes:
        there = begin < finish
        parts.append(
            pd.DataFrame(
                {
                    "camera": of[there],
                    "start_ms": begin[there],
                    "end_ms": finish[there],
                    "state": np.int8(NOT_MEASURED),
                    "reason": NO_RECORD,
                    "pose": -1,
                    "nominal": -1,
                    "moved": False,
                }
            )
        )
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    ordered = whole.sort_values(["camera", "start_ms"], kind="stable", ignore_index=True)
    return ordered[list(SEGMENT_COLUMNS)]


def touching(shapes: gpd.GeoSeries, same: IntArray) -> IntArray:
    """Group lines of one class that touch: share a vertex, directly or through others.

    Sections of street share the vertices of their nodes and of their cuts, and no others.

    Parameters
    ----------
    shapes : GeoSeries of LineString or MultiLineString
    same : (n,) array of int
        Class of each.

    Returns
    -------
    (n,) array of int
        The position of the first of each group.
    """
    n = len(shapes)
    xy, item = shapely.get_coordinates(shapes.to_numpy(), return_index=True)
    _, vertex = np.unique(xy, axis=0, return_inverse=True)
    _, token = np.unique(same[item] * (int(vertex.max(initial=0)) + 1) + vertex.ravel(), return_inverse=True)
    size = n + int(token.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(item), np.int8), (item, n + token)), shape=(size, size))
    label = connected_components(graph, directed=False)[1][:n]
    _, first, back = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[back], dtype=np.int64)
