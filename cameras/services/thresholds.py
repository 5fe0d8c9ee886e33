"""Thresholds of single cameras: set by hand, or learnt from the frames of their own normal days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from cameras.diagnosis import OWN_THRESHOLDS, Thresholds
from cameras.frames.columns import LIMITS
from cameras.learning import LearningSettings, learnt, normal_day
from cameras.repository import changes, frame_days, records
from cameras.repository import frames as frame_store
from cameras.repository import thresholds as store
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site

# A day of a county is fifteen million frames; of so many cameras it is one and a half.
CAMERAS_AT_ONCE = 1_000


def thresholds_of(session: Session, code: str, limits: Thresholds) -> Thresholds:
    """What a camera is judged by now: the site's thresholds, before them what was learnt, or set by hand."""
    own = store.with_thresholds(session, records.cameras(session, codes=[code]), limits)
    values = {name: float(own[name].iloc[0]) for name in OWN_THRESHOLDS if name in own}
    return _together(limits, {name: value for name, value in values.items() if value == value}, code)


def set_thresholds(
    session: Session,
    code: str,
    values: Mapping[str, float],
    limits: Thresholds,
    *,
    author: str,
    now: datetime,
) -> None:
    """Let these be the thresholds set by hand for a camera, in place of those it had.

    They count for every analysis that is made from now on, of times past as well.

    Parameters
    ----------
    session : Session
    code : str
    values : mapping of str to float
        By name of `cameras.diagnosis.OWN_THRESHOLDS`; for others the site's counts, or what was learnt.
    limits : Thresholds
        Of the site.
    author : str
    now : datetime
        Aware.

    Raises
    ------
    InputRefused
        With a sentence for each name or value that is none; nothing is stored then.
    LianfangError
        A camera without an open record.
    """
    if changes.open_records(session, [code]).empty:
        raise LianfangError(Sentence("camera '%(code)s' has no open record", code=code))
    problems = []
    for name, value in values.items():
        if name not in OWN_THRESHOLDS:
            problems.append(
                Sentence(
                    "'%(name)s' is no threshold of a camera; give one of %(known)s",
                    name=name,
                    known=", ".join(OWN_THRESHOLDS),
                )
            )
        elif not (scale := LIMITS[OWN_THRESHOLDS[name]]).low <= value <= scale.high:
            problems.append(
                Sentence(
                    "%(name)s %(value)s is outside %(low)s to %(high)s; correct it, or leave it to the site",
                    name=name,
                    value=f"{value:g}",
                    low=f"{scale.low:g}",
                    high=f"{scale.high:g}",
                )
            )
    if problems:
        raise InputRefused(Sentence("nothing was stored; mend what is said of the thresholds"), problems)
    _together(limits, values, code)
    store.replace_set(session, code, values, author=author, at=now)


def learn_thresholds(
    session: Session,
    limits: Thresholds,
    *,
    author: str,
    now: datetime,
    settings: LearningSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Learn anew from the last whole days of the site whose frames are stored, in place of what was learnt.

    Returns
    -------
    DataFrame
        code, name, value, days of each threshold that was learnt.
    """
    chosen = settings or LearningSettings()
    tell = progress or (lambda fraction: None)
    zone = ZoneInfo(current_site(session).timezone)
    cameras = records.cameras(session)
    today = now.astimezone(zone).date()
    there = frame_days.stored_days(session)
    days = []
    for back in range(chosen.days, 0, -1):
        start, end = (
            datetime.combine(today - timedelta(days=n), datetime.min.time(), zone) for n in (back, back - 1)
        )
        # A day of the site lies in two of UTC; where one of them was removed, the rest tells half a day.
        if all(at.astimezone(UTC).date() in there for at in (start, end - timedelta(seconds=1))):
            days.append((start, end))
    normal = []
    parts = np.array_split(cameras.index.to_numpy(), max(1, -(-len(cameras) // CAMERAS_AT_ONCE)))
    for nth, (start, end) in enumerate(days):
        for part in parts:
            frames = frame_store.frames(session, start=start, end=end, cameras=part.tolist())
            normal.append(normal_day(frames, limits, chosen))
        tell((nth + 1) / len(days))
    found = learnt(normal, limits, chosen)
    found = found.assign(code=cameras["code"].reindex(found["camera"]).to_numpy()).rename(
        columns={"camera": "camera_id"}
    )
    store.replace_learnt(session, found, author=author, at=now)
    return found[["code", "name", "value", "days"]]


def _together(limits: Thresholds, own: Mapping[str, float], code: str) -> Thresholds:
    """The site's thresholds with a camera's own in their place."""
    dark, bright = (own.get(name, getattr(limits, name)) for name in ("dark_luma", "bright_luma"))
    if dark > bright:
        raise InputRefused(
            Sentence(
                "camera '%(code)s' would be dark below %(dark)s and bright above %(bright)s, so always; "
                "correct one of the two",
                code=code,
                dark=f"{dark:g}",
                bright=f"{bright:g}",
            )
        )
    kept = {one.name: getattr(limits, one.name) for one in fields(Thresholds)}
    return Thresholds(**{**kept, **own})
