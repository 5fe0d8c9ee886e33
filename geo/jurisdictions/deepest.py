"""The deepest jurisdiction that each point lies in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray


def deepest_paths(points: NDArray[np.object_], tree: pd.DataFrame) -> NDArray[np.object_]:
    """Path of the deepest jurisdiction around each point, None outside all.

    Parameters
    ----------
    points : (n,) array of Point
    tree : DataFrame
        path, level (int), geometry (in the CRS of the points); on a border the path that sorts first counts.

    Notes
    -----
    Level by level from the deepest, each only for the points that no deeper one holds, and with the points in
    the index: areas are prepared once, where the outlines of cities have the most corners.
    """
    found: NDArray[np.object_] = np.full(len(points), None, dtype=object)
    for _, areas in sorted(tree.groupby("level"), key=lambda group: -int(str(group[0]))):
        left = np.flatnonzero(found == None)  # noqa: E711 - elementwise
        if not len(left):
            break
        ordered = areas.sort_values("path")
        area, point = shapely.STRtree(points[left]).query(
            ordered["geometry"].to_numpy(), predicate="intersects"
        )
        # Written from the last path to the first: the first stays.
        for_point = left[point[::-1]]
        found[for_point] = ordered["path"].to_numpy(dtype=object)[area[::-1]]
    return found
