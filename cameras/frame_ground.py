"""The ground in the picture of a moving camera, from its place and the way it looks.

Axes: the platform's x forward, y to its right, z down; yaw clockwise from true north, pitch nose up, roll
right wing down (ST 0601 tags 5 to 7). The sensor turns on the platform by azimuth (clockwise from the nose),
elevation (up) and roll (clockwise) in this order (tags 18 to 20). The ground is the horizontal plane through
the point that the axis meets at the slant range.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

FloatArray = NDArray[np.float64]

#: Centre, then upper left, upper right, lower right, lower left of the picture: to the right, and up.
_SPOTS = np.array([(0.0, 0.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)])
_WGS84 = Geod(ellps="WGS84")


def turned(yaw_deg: ArrayLike, pitch_deg: ArrayLike, roll_deg: ArrayLike) -> FloatArray:
    """(n, 3, 3) matrices from the axes of a body to north, east, down: first roll, then pitch, then yaw.

    Examples
    --------
    >>> turned([90.0], [0.0], [0.0])[0, :, 0].round(6) + 0.0  # the nose points east
    array([0., 1., 0.])
    """
    yaw, pitch, roll = np.radians(np.broadcast_arrays(*map(_column, (yaw_deg, pitch_deg, roll_deg))))
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def relative_to_platform(
    platform: FloatArray, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Azimuth and elevation on the platform of an axis that is known against north and horizon, degrees.

    `platform` holds (n, 3, 3) matrices of `turned`. EG 0104 tells the axis in the open; a gimbal turning by
    azimuth and elevation alone tilts the picture with its platform.
    """
    axis = turned(azimuth_deg, elevation_deg, 0.0)[:, :, 0]
    x, y, z = np.einsum("nji,nj->in", platform, axis)
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arcsin(np.clip(-z, -1.0, 1.0)))


def axis_direction(body: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Azimuth against true north in [0, 360) and tilt, positive downwards, of the axis of a sensor, degrees.

    Parameters
    ----------
    body : (n, 3, 3) array of float
        `turned(...)` of the sensor, or `turned(platform) @ turned(sensor)`. NaN gives NaN.

    Returns
    -------
    (n,) array of float, (n,) array of float
        Of a sensor that looks straight down or up, the azimuth is where the top of its picture points (down)
        or its foot (up): the limit of less steep looks.

    Examples
    --------
    >>> [float(angle[0].round(6)) for angle in axis_direction(turned(350.0, -100.0, 0.0))]
    [170.0, 80.0]
    >>> [float(angle[0].round(6)) for angle in axis_direction(turned(30.0, -90.0, 0.0))]
    [30.0, 90.0]
    """
    axis, foot = body[:, :, 0], body[:, :, 2]
    steep = np.hypot(axis[:, 0], axis[:, 1]) < 1e-9
    level = np.where(steep[:, None], -np.sign(axis[:, 2:3]) * foot, axis)
    azimuth_deg = np.degrees(np.arctan2(level[:, 1], level[:, 0])) % 360.0
    tilt_deg = np.degrees(np.arctan2(axis[:, 2], np.hypot(axis[:, 0], axis[:, 1])))
    # The remainder of a tiny negative angle is 360 itself.
    return np.where(azimuth_deg >= 360.0, 0.0, azimuth_deg), tilt_deg


def ground_offsets_m(
    sensor: FloatArray, slant_range_m: ArrayLike, hfov_deg: ArrayLike, vfov_deg: ArrayLike
) -> FloatArray:
    """Where the picture's centre and corners meet the ground, metres east and north of the sensor.

    Parameters
    ----------
    sensor : (n, 3, 3) array of float
        `turned(platform) @ turned(sensor)`.
    slant_range_m : (n,) array_like
        Along the axis to the ground, > 0.
    hfov_deg, vfov_deg : (n,) array_like
        In (0, 180).

    Returns
    -------
    (n, 5, 2) array of float
        Centre, upper left, upper right, lower right, lower left. NaN for all of a frame whose axis does not
        meet the ground, and for a corner whose ray does not.

    Notes
    -----
    Derived here: a corner's ray is (1, ±tan(HFOV/2), ∓tan(VFOV/2)) in the sensor's axes; the ground lies
    slant range · sin(depression) below; flat, for a kilometre of slant range bends by less than 0.1 m.
    """
    slant, hfov, vfov = np.broadcast_arrays(*map(_column, (slant_range_m, hfov_deg, vfov_deg)))
    half = np.tan(np.radians(np.stack([hfov, vfov], axis=1)) / 2.0)
    spots = _SPOTS[None, :, :] * half[:, None, :]
    rays = np.stack([np.ones(spots.shape[:2]), spots[:, :, 0], -spots[:, :, 1]], axis=2)
    north, east, down = np.moveaxis(np.einsum("nij,nkj->nki", sensor, rays), 2, 0)
    below_m = slant * sensor[:, 2, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where((down > 0.0) & (below_m > 0.0)[:, None], below_m[:, None] / down, np.nan)
    return np.stack([east * along, north * along], axis=2)


def ground_lonlat(lon: ArrayLike, lat: ArrayLike, offsets_m: FloatArray) -> FloatArray:
    """(n, k, 2) longitudes and latitudes (WGS 84) of points so many metres east and north of places."""
    east, north = offsets_m[..., 0], offsets_m[..., 1]
    start_lon, start_lat = (
        np.broadcast_to(_column(value)[:, None], east.shape).copy() for value in (lon, lat)
    )
    known = np.isfinite(east + north)
    bearing, length = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
    there = _WGS84.fwd(start_lon, start_lat, np.where(known, bearing, 0.0), np.where(known, length, 0.0))[:2]
    return np.where(known[..., None], np.stack(there, axis=-1), np.nan)


def _column(value: ArrayLike) -> FloatArray:
    return np.atleast_1d(np.asarray(value, dtype=np.float64))
