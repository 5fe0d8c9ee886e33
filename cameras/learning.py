"""Thresholds of single cameras learnt from their own normal days (docs/diagnosis.md).

A normal day is one on which next to nothing was called against the camera by the site's thresholds. Learning
so only ever makes a threshold stricter: a picture that was always poor teaches nothing, and is made good by a
person who sets the threshold.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cameras.diagnosis import OWN_THRESHOLDS, Thresholds, diagnose
from cameras.frames.columns import LOST_EVENT, FrameBatch

#: Thresholds that are learnt, and whether a picture is poor below or above. How light a scene is, how much of
#: it stands still, and where it should be, differ from day to day by themselves: those are not learnt.
LEARNT: Final = {
    "flat_contrast": "below",
    "blurred_sharpness": "below",
    "noisy_noise": "above",
    "tinted_cast": "above",
}
#: Columns of what a day tells, a row for each camera that it was normal for.
NORMAL: Final = ("camera", *LEARNT)
LEARNT_COLUMNS: Final = ("camera", "name", "value", "days")


def is_stricter(name: str, value: float, limits: Thresholds) -> bool:
    """Whether a learnt threshold calls more pictures poor than the site's."""
    site = float(getattr(limits, name))
    return value > site if LEARNT[name] == "below" else value < site


@dataclass(frozen=True)
class LearningSettings:
    """When days are normal, and when there are enough of them.

    Parameters
    ----------
    days : int
        So many days back are looked at.
    least_days : int
        A threshold is learnt from no fewer normal days.
    least_frames : int
        A day with fewer frames of a camera tells nothing.
    least_hours : int
        Nor does one with frames in fewer of its hours: pictures by daylight do not tell of the night.
    odd_share : float
        Share of a day's frames that may be called something, or lost, on a normal day.
    tail_share : float
        The worst share of a day's frames that does not count: what the day shows is its quantile.
    """

    days: int = 30
    least_days: int = 7
    least_frames: int = 100
    least_hours: int = 20
    odd_share: float = 0.01
    tail_share: float = 0.01


def normal_day(
    frames: FrameBatch, limits: Thresholds, settings: LearningSettings | None = None
) -> pd.DataFrame:
    """What a day's frames were like at their worst, of each camera that the day was normal for.

    Parameters
    ----------
    frames : FrameBatch
        Of one day, by camera and time (`FrameBatch.in_order`).
    limits : Thresholds
        Of the site.
    settings : LearningSettings, optional

    Returns
    -------
    DataFrame
        NORMAL: camera, and the quantile of each measure by the name of its threshold, NaN where too few
        frames tell it.
    """
    chosen = settings or LearningSettings()
    odd, _ = diagnose(frames, limits)
    is_lost = frames.event == LOST_EVENT
    told = pd.DataFrame(
        {"camera": frames.camera, "odd": odd | is_lost, "hour": frames.captured_ms // 3_600_000}
    )
    by_camera = told.groupby("camera")["odd"].agg(["size", "sum"])
    hours = told[["camera", "hour"]].drop_duplicates().groupby("camera").size()
    is_normal = (
        (by_camera["size"] >= chosen.least_frames)
        & (hours >= chosen.least_hours)
        & (by_camera["sum"] <= chosen.odd_share * by_camera["size"])
    )
    found = pd.DataFrame(index=by_camera.index[is_normal])
    rows = np.flatnonzero(np.isin(frames.camera, found.index.to_numpy()) & ~is_lost)
    for name, side in LEARNT.items():
        values = getattr(frames, OWN_THRESHOLDS[name])[rows]
        worst = _tail(frames.camera[rows], values if side == "below" else -values, chosen)
        found[name] = worst if side == "below" else -worst
    return found.rename_axis("camera").reset_index()


def _tail(camera: np.ndarray, values: np.ndarray, settings: LearningSettings) -> pd.Series:
    """The low quantile of each camera's values; none of a camera with too few."""
    known = np.isfinite(values)
    camera, values = camera[known], values[known]
    order = np.lexsort((values, camera))
    camera, values = camera[order], values[order]
    first = np.flatnonzero(np.append(True, np.diff(camera) != 0)) if len(camera) else np.empty(0, np.int64)
    count = np.diff(np.append(first, len(camera)))
    at = first + np.floor(settings.tail_share * (count - 1)).astype(np.int64)
    enough = count >= settings.least_frames
    return pd.Series(values[at[enough]], index=camera[first[enough]])


def learnt(
    days: Collection[pd.DataFrame], limits: Thresholds, settings: LearningSettings | None = None
) -> pd.DataFrame:
    """Thresholds from normal days: halfway from the site's to the worst that a normal day showed.

    Parameters
    ----------
    days : collection of DataFrame
        NORMAL, one for each day.
    limits : Thresholds
        Of the site.
    settings : LearningSettings, optional

    Returns
    -------
    DataFrame
        LEARNT_COLUMNS: camera, name of the threshold, value (rounded to 0.1), days it is learnt from; by
        camera and name. Nothing where a camera has too few days, or where its pictures leave no room.
    """
    chosen = settings or LearningSettings()
    found: list[dict[str, Any]] = []
    together = pd.concat([pd.DataFrame(columns=list(NORMAL), dtype=float), *days], ignore_index=True)
    for name, side in LEARNT.items():
        told = together[["camera", name]].dropna().groupby("camera")[name].agg(["size", "min", "max"])
        told = told[told["size"] >= chosen.least_days]
        site = float(getattr(limits, name))
        worst = told["min" if side == "below" else "max"]
        value = (site + (worst - site) / 2.0).round(1)
        stricter = value.map(lambda one, name=name: is_stricter(name, one, limits)).astype(bool)
        found += [
            {
                "camera": int(camera),
                "name": name,
                "value": float(value[camera]),
                "days": int(told["size"][camera]),
            }
            for camera in value.index[stricter]
        ]
    rows = pd.DataFrame(found, columns=list(LEARNT_COLUMNS))
    return rows.sort_values(["camera", "name"], kind="stable", ignore_index=True)
