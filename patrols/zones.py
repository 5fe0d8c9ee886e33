"""Joint-defence zones: which villages adjoin, and what must hold before a zone can be patrolled."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

# Villages that meet in a corner only do not adjoin: a patrol cannot cross there.
LEAST_SHARED_BORDER_M = 1.0


def adjoining(villages: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs of villages that share a border.

    Parameters
    ----------
    villages : GeoDataFrame in a projected CRS in metres
        One polygon a row.

    Returns
    -------
    DataFrame
        left, right (index labels, left before right), border_m, sorted.

    Raises
    ------
    ValueError
        When the CRS is missing or geographic.
    """
    if villages.crs is None or villages.crs.is_geographic:
        raise ValueError("villages must be in a projected CRS in metres; use geo.crs.to_metric")
    shapes = np.asarray(villages.geometry.values)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    border = shapely.length(
        shapely.intersection(shapely.boundary(shapes[left]), shapely.boundary(shapes[right]))
    )
    keep = border >= LEAST_SHARED_BORDER_M
    table = pd.DataFrame(
        {"left": villages.index[left[keep]], "right": villages.index[right[keep]], "border_m": border[keep]}
    )
    return table.sort_values(["left", "right"], ignore_index=True)


def connected(villages: gpd.GeoDataFrame) -> bool:
    """Whether one can walk from any village to any other through shared borders."""
    if villages.empty:
        return False
    pairs = adjoining(villages)
    seen = {villages.index[0]}
    grown = True
    while grown:
        touching = pairs["left"].isin(seen) != pairs["right"].isin(seen)
        grown = bool(touching.any())
        seen |= set(pairs.loc[touching, "left"]) | set(pairs.loc[touching, "right"])
    return len(seen) == len(villages)


def compact_zone(villages: gpd.GeoDataFrame, count: int) -> list[object]:
    """Labels of `count` adjoining villages around the middle one, nearest first.

    Parameters
    ----------
    villages : GeoDataFrame in a projected CRS in metres
    count : int
        How many villages, at most as many as there are.

    Returns
    -------
    list
        Index labels; connected through shared borders. The middle village is the one nearest to
        the centre of them all, and each next one adjoins the zone so far and lies nearest to it.

    Raises
    ------
    ValueError
        When there are not that many villages that adjoin.
    """
    if not 1 <= count <= len(villages):
        raise ValueError(f"a zone of {count} villages was asked for and there are {len(villages)}")
    pairs = adjoining(villages)
    centre = villages.geometry.union_all().centroid
    distance = villages.geometry.centroid.distance(centre)
    zone = [distance.idxmin()]
    while len(zone) < count:
        left, right = pairs["left"], pairs["right"]
        outside = [*right[left.isin(zone) & ~right.isin(zone)], *left[right.isin(zone) & ~left.isin(zone)]]
        if not outside:
            raise ValueError(f"only {len(zone)} villages adjoin; a zone of {count} was asked for")
        zone.append(distance.loc[sorted(set(outside))].idxmin())
    return zone
