"""Which streets a point is told by: the one it stands in, or the two that meet there."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

# Who stands in a street is not further from its middle (as `geo.repository.search.nearest_street` has it).
BESIDE_M = 40.0
# Streets that meet are drawn to the same point; carriageways of one crossing a few metres apart.
MEETING_M = 12.0


def corners(points: gpd.GeoSeries, streets: gpd.GeoDataFrame) -> pd.Series:
    """Names of the streets that each point is told by, the nearest first.

    Parameters
    ----------
    points : GeoSeries of Point
    streets : GeoDataFrame of LineString
        name (None or "" for a street without); in the CRS of `points`, in metres.

    Returns
    -------
    Series of tuple of str
        On the index of `points`. Two different names where both streets pass within 12 m, one where a street
        passes within 40 m, none for a point that is missing, empty or far from every street with a name.
        Streets as far away as each other come in the order of their names.

    Raises
    ------
    ValueError
        When the two are not in one projected CRS.
    """
    if points.crs is None or points.crs != streets.crs or not points.crs.is_projected:
        raise ValueError(f"points ({points.crs}) and streets ({streets.crs}) must be in one projected CRS")
    named = streets[streets["name"].fillna("").astype(str).str.strip() != ""]
    shapes = points.to_numpy()
    row, near = shapely.STRtree(named.geometry.to_numpy()).query(
        shapes, predicate="dwithin", distance=BESIDE_M
    )
    found = pd.DataFrame(
        {
            "row": row,
            "name": named["name"].astype(str).str.strip().to_numpy()[near],
            # By the decimetre: ends that were drawn to one point are as far away as each other.
            "away": np.round(shapely.distance(shapes[row], named.geometry.to_numpy()[near]), 1),
        }
    )
    found = found.groupby(["row", "name"])[["away"]].min().reset_index().sort_values(["row", "away", "name"])
    told: dict[object, tuple[str, ...]] = {row: _told(near) for row, near in found.groupby("row")}
    return pd.Series([told.get(n, ()) for n in range(len(points))], index=points.index, dtype=object)


def _told(near: pd.DataFrame) -> tuple[str, ...]:
    """One or two of the names around a point, the nearest first."""
    names = near["name"].tolist()
    # "红荔西路/红荔路" is where one street becomes the other, and no corner with either.
    own = _parts(names[0])
    others = (
        name
        for name, away in zip(names[1:], near["away"].iloc[1:], strict=True)
        if away <= MEETING_M and not own & _parts(name)
    )
    return (names[0], *(name for name in [next(others, None)] if name is not None))


def _parts(name: str) -> set[str]:
    return {part.strip() for part in name.replace(";", "/").split("/")}
