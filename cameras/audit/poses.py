"""What is wrong with directions, heights, tilts and lenses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cameras.audit.found import column, moving, number, of_cameras, texts
from cameras.audit.scene import AuditScene, AuditSettings
from cameras.optics import hfov_from_lens_deg, vfov_from_hfov_deg
from geo.errors import Sentence

_PANORAMIC = 6
# Beyond this no flat picture has the angle, and the formulas of a lens do not hold.
_WIDEST_LENS_DEG = 170.0


def no_azimuth(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras without a direction, where a direction means something."""
    unknown = texts(scene, "azimuth_quality").eq("unknown").to_numpy()
    unknown = unknown | ~np.isfinite(column(scene, "azimuth_deg"))
    all_round = (column(scene, "hfov_deg") >= 360.0) | (column(scene, "ptz_type") == _PANORAMIC)
    rows = np.flatnonzero(unknown & ~all_round & ~moving(scene))
    return of_cameras(scene, "no_azimuth", rows, Sentence("the record has no direction"))


def coarse_azimuth(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras of which a compass point is known."""
    coarse = texts(scene, "azimuth_quality").eq("coarse").to_numpy()
    azimuth = column(scene, "azimuth_deg")
    rows = np.flatnonzero(coarse & np.isfinite(azimuth))
    told = [
        Sentence("%(azimuth)s° from a compass point, good to 22.5°", azimuth=number(value))
        for value in azimuth[rows].tolist()
    ]
    return of_cameras(scene, "coarse_azimuth", rows, told, value=azimuth[rows])


def no_height(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Mounted cameras without a height."""
    rows = np.flatnonzero(~np.isfinite(column(scene, "mount_height_m")) & ~moving(scene))
    return of_cameras(scene, "no_height", rows, Sentence("the record has no mounting height"))


def height_odd(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Mounting heights that are too low or too high."""
    height = column(scene, "mount_height_m")
    bad = (height < settings.lowest_m) | (height > settings.highest_m)
    rows = np.flatnonzero(bad & ~moving(scene))
    told = [
        Sentence(
            "%(height)s m above the ground; %(low)s to %(high)s m are usual",
            height=number(value, 2),
            low=number(settings.lowest_m),
            high=number(settings.highest_m),
        )
        for value in height[rows].tolist()
    ]
    # What is usual is a setting, and no matter of the camera's.
    marks = [number(value, 2) for value in height[rows].tolist()]
    return of_cameras(scene, "height_odd", rows, told, value=height[rows], mark=marks)


def tilt_up(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras whose axis points above the horizon; of those that turn, whose whole picture does."""
    tilt, half = column(scene, "tilt_deg"), column(scene, "vfov_deg") / 2.0
    turns = column(scene, "ptz") == 1.0
    rows = np.flatnonzero(np.where(turns, tilt + np.nan_to_num(half) < 0.0, tilt < 0.0))
    told = [
        Sentence("the tilt is %(tilt)s°: above the horizon", tilt=number(value))
        for value in tilt[rows].tolist()
    ]
    return of_cameras(scene, "tilt_up", rows, told, value=tilt[rows])


def lens_disagrees(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Angles of view that do not follow from focal length and sensor; zooms (cameras that turn) aside."""
    given = column(scene, "hfov_deg")
    with np.errstate(divide="ignore", invalid="ignore"):
        due = hfov_from_lens_deg(column(scene, "focal_mm"), column(scene, "sensor_width_mm"))
        off = np.abs(given - due) > settings.lens_share * due
    rows = np.flatnonzero(off & (given < _WIDEST_LENS_DEG) & (column(scene, "ptz") != 1.0))
    told = [
        Sentence("the record says %(given)s°, the lens gives %(due)s°", given=number(a), due=number(b))
        for a, b in zip(given[rows].tolist(), due[rows].tolist(), strict=True)
    ]
    return of_cameras(scene, "lens_disagrees", rows, told, value=given[rows])


def aspect_disagrees(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Vertical angles that do not follow from the horizontal ones and a picture with square pixels."""
    hfov, given = column(scene, "hfov_deg"), column(scene, "vfov_deg")
    wide, high = column(scene, "width_px"), column(scene, "height_px")
    with np.errstate(divide="ignore", invalid="ignore"):
        due = vfov_from_hfov_deg(hfov, wide / high)
        off = np.abs(given - due) > settings.aspect_share * due
    rows = np.flatnonzero(off & (hfov < _WIDEST_LENS_DEG))
    told = [
        Sentence(
            "%(given)s° vertical; %(hfov)s° across %(width)s × %(height)s px give %(due)s°",
            given=number(given[row]),
            hfov=number(hfov[row]),
            width=number(wide[row], 0),
            height=number(high[row], 0),
            due=number(due[row]),
        )
        for row in rows
    ]
    return of_cameras(scene, "aspect_disagrees", rows, told, value=given[rows])
