"""What poses see: from a mast, from a vehicle, from above; at every level of a set."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cameras.footprint import footprints, sectors
from cameras.levels import level_set
from cameras.moving import from_above, looks_down, stands_nowhere
from geo.crs import true_north_deg


def pose_cameras(poses: pd.DataFrame, points: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """POSES as `cameras.footprint` wants them: where they stand, azimuths against grid north.

    Parameters
    ----------
    poses : DataFrame
        POSES, azimuths against true north.
    points : GeoSeries of Point
        Where each of them stands (`cameras.moving.pose_points`), in a projected CRS in metres.
    """
    frame = gpd.GeoDataFrame(poses.copy(), geometry=points)
    frame["azimuth_deg"] = (frame["azimuth_deg"] + true_north_deg(points)) % 360.0
    return frame


def pose_footprints(
    viewers: gpd.GeoDataFrame,
    cameras: pd.DataFrame,
    obstructions: gpd.GeoDataFrame | None,
    *,
    level: str,
    dimension: str = "2d",
    target_height_m: float = 1.5,
) -> gpd.GeoSeries:
    """Ground that each pose sees at a level: from a mast, from a vehicle, from above.

    Parameters
    ----------
    viewers : GeoDataFrame
        `pose_cameras`.
    cameras : DataFrame
        CAMERAS by id.
    obstructions : GeoDataFrame, optional
        None: nothing stands in the way (`cameras.footprint.sectors`).
    level, dimension, target_height_m
        As for `cameras.footprint.footprints`. What is in the air is always looked at in 2.5d, in "2d" with
        the ground as its target: no wall hides all that is behind it from above.
    """
    nowhere, above = stands_nowhere(viewers, cameras), looks_down(viewers)
    found = gpd.GeoSeries(
        np.full(len(viewers), shapely.Polygon(), dtype=object), index=viewers.index, crs=viewers.crs
    )
    usual = viewers[~nowhere & ~above]
    if obstructions is None:
        found[usual.index] = sectors(usual, level=level)
    else:
        found[usual.index] = footprints(
            usual, obstructions, level=level, dimension=dimension, target_height_m=target_height_m
        )
    if above.any():
        found[viewers.index[above]] = from_above(
            viewers[above],
            obstructions,
            level=level,
            target_height_m=target_height_m if dimension == "2.5d" else 0.0,
        )
    return found


@dataclass(frozen=True, eq=False)
class Views:
    """What every pose sees, by level of a set, lowest first: GeoSeries by row of POSES, metric CRS.

    Parameters
    ----------
    at_level : dict
        Behind obstructions.
    unobstructed : dict
        As if nothing stood in the way.
    """

    at_level: dict[str, gpd.GeoSeries]
    unobstructed: dict[str, gpd.GeoSeries]


def views(
    viewers: gpd.GeoDataFrame,
    cameras: pd.DataFrame,
    obstructions: gpd.GeoDataFrame,
    *,
    level: str,
    dimension: str = "2d",
    target_height_m: float = 1.5,
) -> Views:
    """What `pose_cameras` see at every level of the set that `level` is of; as for `pose_footprints`."""
    members = level_set(level)
    levels = sorted(members, key=lambda name: members[name])

    def seen(name: str, solid: gpd.GeoDataFrame | None) -> gpd.GeoSeries:
        return pose_footprints(
            viewers, cameras, solid, level=name, dimension=dimension, target_height_m=target_height_m
        )

    return Views(
        {name: seen(name, obstructions) for name in levels}, {name: seen(name, None) for name in levels}
    )
