"""Cameras that move (vehicle, UAV, body-worn): where they were in each frame, and what they saw from there.

A camera moves when its record names what carries it (移动采集设备类型). Its record says nothing of where it
is: only its frames do, and between two of them it counts where the first saw it, while that frame is valid.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numba import njit
from numpy.typing import NDArray
from pyproj import Transformer

from cameras.causes import NOT_MEASURED, OUTAGE
from cameras.diagnosis import REASONS, SILENT, SOURCE_SILENT
from cameras.footprint import footprints, sectors
from cameras.frame_ground import turned
from cameras.frames.columns import BoolArray, FloatArray, FrameBatch
from cameras.levels import pixels_per_metre
from cameras.optics import level_range_m
from cameras.standpoint import standpoints
from geo.crs import need_metric

# Lower than this a height above the ground is the error of a receiver, not a view from above.
_ON_THE_GROUND_M = 0.5


def is_moving(cameras: pd.DataFrame) -> BoolArray:
    """Whether each of CAMERAS moves: its record names what carries it (`mobile_device`)."""
    if "mobile_device" not in cameras:
        return np.zeros(len(cameras), dtype=bool)
    return cameras["mobile_device"].notna().to_numpy(dtype=bool)


def places_of(frames: FrameBatch, cameras: gpd.GeoDataFrame) -> FloatArray | None:
    """Where the moving cameras were.

    Parameters
    ----------
    frames : FrameBatch
        Positions in WGS 84.
    cameras : GeoDataFrame
        CAMERAS by id, in a projected CRS in metres.

    Returns
    -------
    (n, 3) array of float, or None
        Of each frame metres east and north in the cameras' CRS, and above the ground; NaN for a camera that
        does not move and a frame without position, the height also where it is not told or not above the
        ground. None where no camera moves.
    """
    moving = is_moving(cameras)
    if not moving.any():
        return None
    rows = np.flatnonzero(
        np.isin(frames.camera, cameras.index[moving]) & np.isfinite(frames.lon) & np.isfinite(frames.lat)
    )
    found = np.full((len(frames), 3), np.nan)
    to_metres = Transformer.from_crs("EPSG:4326", need_metric(cameras.crs, "the cameras"), always_xy=True)
    x, y = to_metres.transform(frames.lon[rows], frames.lat[rows])
    height = frames.height_m[rows]
    # A position outside of what the zone can hold comes back infinite: it is no position here.
    there = np.isfinite(x) & np.isfinite(y)
    found[rows[there], 0], found[rows[there], 1] = np.asarray(x)[there], np.asarray(y)[there]
    found[rows[there], 2] = np.where(height >= _ON_THE_GROUND_M, height, np.nan)[there]
    return found


def not_on_duty(segments: pd.DataFrame, cameras: pd.DataFrame) -> pd.DataFrame:
    """SEGMENTS in which the silence of a moving camera is no loss: it has landed, or stands in its garage.

    A loss event is one: somebody says that the signal broke off.
    """
    silent = (segments["state"] == OUTAGE) & (segments["reason"] == REASONS[SILENT])
    silent &= segments["camera"].isin(cameras.index[is_moving(cameras)])
    if not silent.any():
        return segments
    state = segments["state"].mask(silent, NOT_MEASURED).astype(segments["state"].dtype)
    return segments.assign(state=state, reason=segments["reason"].where(~silent, REASONS[SOURCE_SILENT]))


def pose_points(
    poses: pd.DataFrame,
    stands: pd.DataFrame,
    obstructions: gpd.GeoDataFrame,
    *,
    clearance_m: float = 0.2,
) -> gpd.GeoSeries:
    """Where each of POSES stands.

    Parameters
    ----------
    poses : DataFrame
        POSES.
    stands : GeoDataFrame
        By camera id (`cameras.standpoint`), in a projected CRS in metres.
    obstructions : GeoDataFrame
        In the same CRS. A moving camera on the ground that is found inside one is put beside it, as a fixed
        one; one in the air flies above.
    clearance_m : float
        As for `cameras.standpoint.standpoints`.

    Returns
    -------
    GeoSeries of Point
        On the index of POSES; for the rows of a moving camera that stand nowhere, where its record is.
    """
    crs = obstructions.crs
    where = np.array(stands["geometry"].reindex(poses["camera"]).to_numpy(), dtype=object)
    travels = poses["x_m"].notna().to_numpy()
    if travels.any():
        where[travels] = shapely.points(poses.loc[travels, ["x_m", "y_m"]].to_numpy(dtype=np.float64))
        low = travels & poses["above_m"].isna().to_numpy()
        there = gpd.GeoDataFrame(geometry=gpd.GeoSeries(where[low], crs=crs))
        if len(there):
            where[low] = standpoints(there, obstructions, clearance_m=clearance_m).geometry.to_numpy()
    return gpd.GeoSeries(where, index=poses.index, crs=crs)


def stands_nowhere(poses: pd.DataFrame, cameras: pd.DataFrame) -> BoolArray:
    """Rows of POSES of moving cameras that tell no place: they see nothing."""
    moving = poses["camera"].isin(cameras.index[is_moving(cameras)])
    return (moving & poses["x_m"].isna()).to_numpy(dtype=bool)


def looks_down(poses: pd.DataFrame) -> BoolArray:
    """Rows of POSES whose view is computed from above: in the air, with a known height."""
    return poses["above_m"].notna().to_numpy(dtype=bool)


def from_above(
    viewers: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame | None,
    *,
    level: str | float,
    target_height_m: float = 0.0,
) -> gpd.GeoSeries:
    """Ground that cameras in the air see at a pixel-density level.

    Parameters
    ----------
    viewers : GeoDataFrame
        As `cameras.footprint.footprints` wants them, with mount_height_m, tilt_deg, hfov_deg and vfov_deg
        known, both fields below 180°; azimuth_deg NaN = any direction.
    obstructions : GeoDataFrame, optional
        With height_m; one whose height is not known hides whatever is behind it. None: nothing hides.
    level : str or float
    target_height_m : float
        Height of what is looked at.

    Returns
    -------
    GeoSeries of Polygon or MultiPolygon
        The quadrilateral in which the picture's pyramid meets the plane of the target, without what is
        farther along the ray than the level's range, and what the obstructions hide in 2.5D.

    Notes
    -----
    A sector round the foot of the camera, as for a mast, would be wrong from above: looking straight down, a
    camera sees on all sides of its foot. The range is one along the ray, so that at a height of h over the
    plane it reaches √(R² − h²) over the ground. The picture is taken as level (no roll).
    """
    crs = need_metric(viewers.crs, "the viewers")
    height = viewers["mount_height_m"].to_numpy(dtype=np.float64) - target_height_m
    range_m = level_range_m(
        viewers["width_px"].to_numpy(dtype=np.float64),
        viewers["hfov_deg"].to_numpy(dtype=np.float64),
        pixels_per_metre(level),
    )
    with np.errstate(invalid="ignore"):
        reach = np.sqrt(range_m**2 - np.maximum(height, 0.0) ** 2)
    found = np.full(len(viewers), shapely.Polygon(), dtype=object)
    # Below the plane of the target there is no view from above; nearer than a millimetre none at all.
    near = np.flatnonzero((height > 0.0) & (reach > 1e-3))
    if len(near):
        rows = viewers.iloc[near].reset_index(drop=True)
        all_round = rows[["geometry", "width_px", "hfov_deg", "mount_height_m"]].assign(
            azimuth_deg=np.nan, range_m=reach[near]
        )
        if obstructions is None:
            seen = sectors(all_round, level=level)
        else:
            seen = footprints(
                all_round, obstructions, level=level, dimension="2.5d", target_height_m=target_height_m
            )
        windows = _windows(rows, height[near], reach[near])
        found[near] = shapely.intersection(seen.to_numpy(), windows)
    # Where a picture's edge only touches what is seen, lines and points are left over; they are no ground.
    kept = shapely.get_dimensions(found) == 2
    mixed = np.flatnonzero(kept & (shapely.get_type_id(found) == 7))
    for row in mixed:
        parts = shapely.get_parts(found[row])
        found[row] = shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])
    found[~kept] = shapely.Polygon()
    return gpd.GeoSeries(found, index=viewers.index, crs=crs)


def _windows(rows: gpd.GeoDataFrame, height_m: FloatArray, reach_m: FloatArray) -> NDArray[np.object_]:
    """The convex piece of ground in each picture, within a square of ± `reach_m` about the camera's foot."""
    azimuth, tilt, hfov, vfov = (
        rows[name].to_numpy(dtype=np.float64) for name in ("azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg")
    )
    body = turned(np.nan_to_num(azimuth), -tilt, 0.0)
    half = np.tan(np.radians(np.stack([hfov, vfov], axis=1)) / 2.0)
    zero, one = np.zeros(len(rows)), np.ones(len(rows))
    # A ray (x, y, z) of the camera's axes lies in the picture when |y| ≤ x tan(HFOV/2), |z| ≤ x tan(VFOV/2).
    sides = np.stack(
        [
            np.stack([half[:, 0], -one, zero], axis=1),
            np.stack([half[:, 0], one, zero], axis=1),
            np.stack([half[:, 1], zero, -one], axis=1),
            np.stack([half[:, 1], zero, one], axis=1),
        ],
        axis=1,
    )
    # The same against north, east and down: the ray to a point of the plane is (north, east, height).
    north, east, down = np.moveaxis(np.einsum("nij,nkj->nki", body, sides), 2, 0)
    # Not knowing where it looks, any direction may be in the picture.
    anywhere = np.isnan(azimuth)
    north[anywhere], east[anywhere], down[anywhere] = 0.0, 0.0, 1.0
    rings, lengths = _clipped(east, north, down * height_m[:, None], reach_m)
    feet = rows.geometry.to_numpy()
    x, y = shapely.get_x(feet), shapely.get_y(feet)
    found = np.full(len(rows), shapely.Polygon(), dtype=object)
    for row in np.flatnonzero(lengths >= 3):
        found[row] = shapely.Polygon(rings[row, : lengths[row]] + (x[row], y[row]))
    return found


@njit(nogil=True, cache=True)
def _clipped(
    east: FloatArray, north: FloatArray, offset: FloatArray, reach: FloatArray
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Squares of ± reach cut by half-planes east · x + north · y + offset ≥ 0: rings and their lengths."""
    n, planes = east.shape
    rings = np.zeros((n, 4 + planes, 2))
    lengths = np.zeros(n, dtype=np.int64)
    ring = np.empty((4 + planes, 2))
    kept = np.empty((4 + planes, 2))
    for row in range(n):
        r = reach[row]
        for corner in range(4):
            ring[corner, 0] = r if corner in (1, 2) else -r
            ring[corner, 1] = r if corner >= 2 else -r
        count = 4
        for plane in range(planes):
            a, b, c = east[row, plane], north[row, plane], offset[row, plane]
            new = 0
            for i in range(count):
                j = (i + 1) % count
                here = a * ring[i, 0] + b * ring[i, 1] + c
                there = a * ring[j, 0] + b * ring[j, 1] + c
                if here >= 0.0:
                    kept[new] = ring[i]
                    new += 1
                if here * there < 0.0:
                    share = here / (here - there)
                    kept[new] = ring[i] + share * (ring[j] - ring[i])
                    new += 1
            ring[:new] = kept[:new]
            count = new
        rings[row, :count] = ring[:count]
        lengths[row] = count
    return rings, lengths
