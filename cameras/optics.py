"""Optics of one camera: pixels, angles and the ground they reach.

Every function takes scalars or arrays that broadcast together and returns float64 of the broadcast shape.
A missing value (NaN) in gives NaN out. Angles are degrees, tilt positive downwards.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Frame = TypeVar("Frame", bound=pd.DataFrame)

#: The fields that `completed` can fill, in the order in which column `assumed` names them.
OPTICS_FIELDS = ("width_px", "hfov_deg", "vfov_deg", "mount_height_m", "tilt_deg")


def level_range_m(width_px: ArrayLike, hfov_deg: ArrayLike, pixels_per_metre: ArrayLike) -> FloatArray:
    """Distance at which the picture still has so many pixels per metre.

    Parameters
    ----------
    width_px : array_like
        Picture width, pixels, > 0.
    hfov_deg : array_like
        Horizontal field of view, degrees, in (0, 360].
    pixels_per_metre : array_like
        Wanted density, > 0.

    Notes
    -----
    Below 180°: R = W / (2 · PPM · tan(HFOV/2)), the scene width of a pinhole camera (DOMAIN §2). From 180° on
    no flat picture exists; a panorama spreads its pixels evenly over the angle, so over the arc HFOV · R:
    R = W / (PPM · HFOV), HFOV in radians (derived here). The two do not join at 180°, where a pinhole has no
    range at all.

    Examples
    --------
    >>> level_range_m(1920, [90.0, 60.0], 25.0).round(1)
    array([38.4, 66.5])
    """
    width, hfov, density = _floats(width_px, hfov_deg, pixels_per_metre)
    half = np.radians(hfov) / 2.0
    pinhole = hfov < 180.0
    spread = np.where(pinhole, np.tan(np.where(pinhole, half, 0.1)), half)
    return width / (2.0 * density * spread)


def pixel_density(width_px: ArrayLike, hfov_deg: ArrayLike, distance_m: ArrayLike) -> FloatArray:
    """Pixels per metre at a distance: the reverse of `level_range_m`, same formula with R and PPM exchanged.

    Examples
    --------
    >>> float(pixel_density(1920, 90.0, 38.4).round(6))
    25.0
    """
    return level_range_m(width_px, hfov_deg, distance_m)


def hfov_from_lens_deg(focal_mm: ArrayLike, sensor_width_mm: ArrayLike) -> FloatArray:
    """Horizontal field of view of a rectilinear lens: 2 · atan(sensor width / (2 · focal length)).

    Derived here: half the sensor and the focal length are the legs of the half angle.

    Examples
    --------
    >>> float(hfov_from_lens_deg(2.8, 5.6).round(6))
    90.0
    """
    focal, sensor = _floats(focal_mm, sensor_width_mm)
    return np.degrees(2.0 * np.arctan(sensor / (2.0 * focal)))


def focal_from_hfov_mm(hfov_deg: ArrayLike, sensor_width_mm: ArrayLike) -> FloatArray:
    """Focal length of the rectilinear lens with this field of view: sensor width / (2 · tan(HFOV/2)).

    NaN from 180° on, where there is no such lens.

    Examples
    --------
    >>> float(focal_from_hfov_mm(90.0, 5.6).round(6))
    2.8
    """
    hfov, sensor = _floats(hfov_deg, sensor_width_mm)
    return sensor / (2.0 * _half_tangent(hfov))


def vfov_from_hfov_deg(hfov_deg: ArrayLike, aspect: ArrayLike) -> FloatArray:
    """Vertical field of view of a picture with square pixels: 2 · atan(tan(HFOV/2) / aspect).

    Parameters
    ----------
    hfov_deg : array_like
        Degrees. NaN comes back from 180° on: a panorama's height does not follow from its width.
    aspect : array_like
        Width over height, > 0.

    Examples
    --------
    >>> float(vfov_from_hfov_deg(90.0, 16 / 9).round(2))
    58.72
    """
    hfov, ratio = _floats(hfov_deg, aspect)
    return np.degrees(2.0 * np.arctan(_half_tangent(hfov) / ratio))


def near_edge_m(mount_height_m: ArrayLike, tilt_deg: ArrayLike, vfov_deg: ArrayLike) -> FloatArray:
    """Ground distance of the lowest ray, h / tan(t + VFOV/2): the radius of the dead zone under the camera.

    0 when the field reaches straight down (t + VFOV/2 ≥ 90°), inf when the whole field looks at or above the
    horizon (t + VFOV/2 ≤ 0). Source: DOMAIN §2, ground footprint of a pinhole camera.

    Examples
    --------
    >>> near_edge_m(4.0, [15.0, -40.0, 80.0], 60.0)
    array([ 4., inf,  0.])
    """
    height, tilt, vfov = _floats(mount_height_m, tilt_deg, vfov_deg)
    return _ground_distance_m(height, tilt + vfov / 2.0)


def far_edge_m(mount_height_m: ArrayLike, tilt_deg: ArrayLike, vfov_deg: ArrayLike) -> FloatArray:
    """Ground distance of the highest ray, h / tan(t − VFOV/2); inf when it is at or above the horizon.

    Source: DOMAIN §2, ground footprint of a pinhole camera.

    Examples
    --------
    >>> far_edge_m(4.0, [75.0, 30.0], 60.0)
    array([ 4., inf])
    """
    height, tilt, vfov = _floats(mount_height_m, tilt_deg, vfov_deg)
    return _ground_distance_m(height, tilt - vfov / 2.0)


@dataclass(frozen=True)
class AssumedOptics:
    """What is taken for a camera whose record does not say. A setting; the defaults are DESIGN's.

    Parameters
    ----------
    width_px : float
        Picture width, pixels.
    hfov_deg : float
        Horizontal field of view, degrees, in (0, 360].
    mount_height_m : float
        Lens above ground, metres.
    tilt_deg : float
        Degrees below the horizon.
    aspect : float
        Picture width over height, for the vertical field of view.
    """

    width_px: float = 1920.0
    hfov_deg: float = 90.0
    mount_height_m: float = 3.5
    tilt_deg: float = 15.0
    aspect: float = 16 / 9

    def __post_init__(self) -> None:
        for name, low, high in (
            ("width_px", 0.0, np.inf),
            ("hfov_deg", 0.0, 360.0),
            ("mount_height_m", 0.0, np.inf),
            ("aspect", 0.0, np.inf),
        ):
            value = getattr(self, name)
            if not (low < value <= high and np.isfinite(value)):
                raise ValueError(
                    f"assumed {name} {value} is outside ({low:g}, {high:g}]; give a value inside"
                )
        if not -90.0 <= self.tilt_deg <= 90.0:
            raise ValueError(f"assumed tilt_deg {self.tilt_deg} is outside [-90, 90]; give degrees downwards")


def completed(cameras: Frame, assumed: AssumedOptics | None = None) -> Frame:
    """A copy of a CAMERAS or POSES frame with its optics filled in, and column `assumed` saying where.

    Parameters
    ----------
    cameras : DataFrame or GeoDataFrame
        Any of the columns width_px, height_px, hfov_deg, vfov_deg, mount_height_m, tilt_deg; a missing column
        counts as missing everywhere. Values that are there are never changed, not even impossible ones.
    assumed : AssumedOptics, optional
        The values to take; the defaults when left out.

    Returns
    -------
    same type
        On the same index, with the five optics columns as float64 and `assumed`: the names of the assumed
        fields joined by commas, in the order of `OPTICS_FIELDS`, "" for none. Names already in a column
        `assumed` of the input are kept. Azimuth is never assumed.

    Notes
    -----
    A missing vertical field follows from the horizontal one and the picture's shape. It is called assumed
    when either of the two was; from a known HFOV and a known width and height it is derived, not assumed.
    From 180° on it stays NaN (see `vfov_from_hfov_deg`).
    """
    values = AssumedOptics() if assumed is None else assumed
    filled: dict[str, FloatArray] = {}
    missing: dict[str, NDArray[np.bool_]] = {}
    for name in ("width_px", "hfov_deg", "mount_height_m", "tilt_deg"):
        known = _column(cameras, name)
        missing[name] = np.isnan(known)
        filled[name] = np.where(missing[name], getattr(values, name), known)

    with np.errstate(divide="ignore", invalid="ignore"):
        shape = filled["width_px"] / _column(cameras, "height_px")
    shape_known = np.isfinite(shape) & (shape > 0) & ~missing["width_px"]
    derived = vfov_from_hfov_deg(filled["hfov_deg"], np.where(shape_known, shape, values.aspect))
    vfov = _column(cameras, "vfov_deg")
    missing["vfov_deg"] = np.isnan(vfov) & np.isfinite(derived) & (missing["hfov_deg"] | ~shape_known)
    filled["vfov_deg"] = np.where(np.isnan(vfov), derived, vfov)

    return cameras.assign(**filled, assumed=_assumed_names(cameras, missing))


def from_lens(cameras: Frame) -> Frame:
    """A copy in which a missing hfov_deg follows from focal_mm and sensor_width_mm where both are known.

    A field of view that is there is kept, whatever lens stands beside it; without the two columns nothing
    changes. The result is derived from the record, not assumed.
    """
    hfov = _column(cameras, "hfov_deg")
    focal, sensor = _column(cameras, "focal_mm"), _column(cameras, "sensor_width_mm")
    there = np.isnan(hfov) & (focal > 0) & (sensor > 0)
    derived = hfov_from_lens_deg(np.where(there, focal, 1.0), np.where(there, sensor, 1.0))
    return cameras.assign(hfov_deg=np.where(there, derived, hfov))


def at_night(cameras: Frame) -> Frame:
    """A copy in which range_m ends where the camera's own light does: at night_range_m, where it is known."""
    return cameras.assign(range_m=np.fmin(_column(cameras, "range_m"), _column(cameras, "night_range_m")))


def _assumed_names(cameras: pd.DataFrame, missing: dict[str, NDArray[np.bool_]]) -> list[str]:
    before = cameras["assumed"].fillna("").tolist() if "assumed" in cameras else [""] * len(cameras)
    flags = np.column_stack([missing[name] for name in OPTICS_FIELDS])
    names = []
    for earlier, row in zip(before, flags, strict=True):
        kept = [name for name in earlier.split(",") if name and name not in OPTICS_FIELDS]
        now = [
            name for name, flag in zip(OPTICS_FIELDS, row, strict=True) if flag or name in earlier.split(",")
        ]
        names.append(",".join(now + kept))
    return names


def _column(frame: pd.DataFrame, name: str) -> FloatArray:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return list(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def _half_tangent(hfov_deg: FloatArray) -> FloatArray:
    return np.tan(np.radians(np.where(hfov_deg < 180.0, hfov_deg, np.nan)) / 2.0)


def _ground_distance_m(height_m: FloatArray, depression_deg: FloatArray) -> FloatArray:
    # Written with 90° − a, so that straight down is exactly 0 and never a large negative tangent.
    inside = (depression_deg > 0.0) & (depression_deg < 90.0)
    below = height_m * np.tan(np.radians(90.0 - np.where(inside, depression_deg, 45.0)))
    distance = np.where(depression_deg <= 0.0, np.inf, np.where(inside, below, 0.0))
    return np.where(np.isnan(height_m + depression_deg), np.nan, distance)
