"""Cameras that turn: what their presets see together, and how far a drive can look round."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from cameras.footprint import footprints


def reach(
    poses: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    *,
    level: str | float,
    dimension: str = "2d",
    target_height_m: float = 1.5,
) -> gpd.GeoSeries:
    """Ground that each camera can see in one pose or another, though never all of it at once.

    Parameters
    ----------
    poses : GeoDataFrame
        A row a pose (a preset, or a row of `turning`) with column camera, and what `footprints` wants.
    obstructions, level, dimension, target_height_m
        As for `footprints`.

    Returns
    -------
    GeoSeries of Polygon or MultiPolygon
        One for each camera, its id as index, rising; valid, and empty where no pose sees anything.

    Raises
    ------
    ValueError
        As `footprints`, and for poses without the column camera.
    """
    if "camera" not in poses:
        raise ValueError("poses have no column camera; add the id of the camera that each belongs to")
    seen = footprints(
        poses, obstructions, level=level, dimension=dimension, target_height_m=target_height_m
    ).to_numpy()
    ids, of = np.unique(poses["camera"].to_numpy(), return_inverse=True)
    order = np.argsort(of, kind="stable")
    # A union a row, of the collection of one camera's footprints.
    together = shapely.geometrycollections(seen[order], indices=of[order]) if len(ids) else seen
    united = shapely.union_all(together[:, np.newaxis], axis=1)
    united = np.where(shapely.is_empty(united), shapely.Polygon(), united)
    return gpd.GeoSeries(united, index=pd.Index(ids, name="camera"), crs=poses.crs)


def drives(poses: gpd.GeoDataFrame, turns: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """The poses that tell how far a camera reaches, for `reach`.

    Parameters
    ----------
    poses : GeoDataFrame
        POSES (`cameras.poses`) with their place: camera, origin, and what `footprints` wants.
    turns : (n,) array of bool
        Whether the camera of each pose is a turning one.

    Returns
    -------
    GeoDataFrame
        Of a camera with presets its presets alone: the pose of its record is no limit of its drive. Of a
        turning camera without any, its poses all round, `certain` no more where there is such a column. Of
        others their poses as they are.
    """
    poses = poses.assign(azimuth_tolerance_deg=poses.get("azimuth_tolerance_deg", 0.0))
    preset = (poses["origin"] == "preset").to_numpy()
    has_presets = poses["camera"].isin(poses.loc[preset, "camera"]).to_numpy()
    free = turns & ~has_presets
    round_about = turning(poses[free], 0.0, 0.0)
    if "certain" in round_about:
        round_about["certain"] = False
    return pd.concat([poses[preset | ~(has_presets | free)], round_about]).sort_index(kind="stable")


def turning(cameras: gpd.GeoDataFrame, from_deg: ArrayLike, to_deg: ArrayLike) -> gpd.GeoDataFrame:
    """A copy of poses that look anywhere from one azimuth clockwise to another: the limits of a drive.

    Parameters
    ----------
    cameras : GeoDataFrame
        Poses with hfov_deg at the zoom that is meant.
    from_deg, to_deg : array_like
        Azimuths of the axis; the same twice, or 360 apart, is no limit at all.

    Returns
    -------
    GeoDataFrame
        With azimuth_deg the middle and azimuth_tolerance_deg half the way, so that its footprint is all that
        the camera can see on the way round.

    Raises
    ------
    ValueError
        For an azimuth that is not finite.

    Examples
    --------
    >>> free = gpd.GeoDataFrame({"hfov_deg": [60.0, 60.0]})
    >>> turning(free, [300.0, 0.0], [60.0, 0.0])[["azimuth_deg", "azimuth_tolerance_deg"]].values.tolist()
    [[0.0, 60.0], [180.0, 180.0]]
    """
    start, end = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (from_deg, to_deg)), np.zeros(len(cameras))
    )[:2]
    bad = ~np.isfinite(start + end)
    if bad.any():
        raise ValueError(
            f"a camera turns from {start[bad][0]} to {end[bad][0]}; give two azimuths in degrees from north"
        )
    way = (end - start) % 360.0
    way = np.where(way == 0.0, 360.0, way)
    return cameras.assign(azimuth_deg=(start + way / 2.0) % 360.0, azimuth_tolerance_deg=way / 2.0)
