"""What of a time is recorded and still there, and how long recordings are kept (录像完整率, 录像保存天数).

Three parts of a time, which together fill it: *recorded*; *missing*, of which a list speaks and names no
recording; and *not listed*, of which no list speaks. What no list speaks of counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from cameras.audit.rates import merged_windows
from cameras.frames.times import epoch_ms

#: Lists tell whole seconds, and many recorders the last second that a file holds: where the next one begins
#: within a second, nothing is missing.
JOIN_MS: Final = 1000
DAY_MS: Final = 86_400_000


def merged(periods: pd.DataFrame, join_ms: int = JOIN_MS) -> pd.DataFrame:
    """Periods of each camera in order, those that overlap, touch or nearly touch made one.

    Parameters
    ----------
    periods : DataFrame
        camera, start_ms, end_ms; in any order, each not empty.
    join_ms : int
        Pieces no further apart than this are one.

    Returns
    -------
    DataFrame
        camera, start_ms, end_ms.
    """
    wide = periods[["camera", "start_ms", "end_ms"]].set_axis(["code", "start_ms", "end_ms"], axis=1)
    joined = merged_windows(wide.assign(end_ms=wide["end_ms"] + join_ms))
    return joined.assign(end_ms=joined["end_ms"] - join_ms).rename(columns={"code": "camera"})


def shares(recorded: pd.DataFrame, listed: pd.DataFrame, period: tuple[int, int]) -> pd.DataFrame:
    """How much of a period is recorded, of each camera that a list speaks of in it.

    Parameters
    ----------
    recorded, listed : DataFrame
        camera, start_ms, end_ms: what is kept, and what lists speak of.
    period : tuple of int
        Epoch milliseconds, half-open.

    Returns
    -------
    DataFrame
        By camera: `recorded_ms`, `missing_ms`, `unlisted_ms`, which add up to the period, and `share`, the
        recorded part of what lists speak of (录像完整率); NaN where that is nothing.
    """
    kept = merged(recorded)
    known = merged(pd.concat([listed, kept], ignore_index=True))
    recorded_ms, listed_ms = _inside(kept, period), _inside(known, period)
    found = pd.DataFrame({"recorded_ms": recorded_ms.reindex(listed_ms.index, fill_value=0)})
    found["missing_ms"] = listed_ms - found["recorded_ms"]
    found["unlisted_ms"] = period[1] - period[0] - listed_ms
    found["share"] = (found["recorded_ms"] / listed_ms).where(listed_ms > 0)
    return found


def _inside(periods: pd.DataFrame, period: tuple[int, int]) -> pd.Series:
    """Milliseconds of merged periods inside a period, by camera; 0 of one that lies outside."""
    length = periods["end_ms"].clip(upper=period[1]) - periods["start_ms"].clip(lower=period[0])
    return length.clip(lower=0).groupby(periods["camera"]).sum().astype(np.int64)


def daily_shares(
    recorded: pd.DataFrame, listed: pd.DataFrame, edges_ms: Sequence[int]
) -> dict[tuple[int, int], pd.DataFrame]:
    """`shares` of each day, by its beginning and end (`day_edges`)."""
    return {day: shares(recorded, listed, day) for day in pairwise(edges_ms)}


def day_edges(last: datetime, days: int, zone: tzinfo) -> list[int]:
    """Midnights of a zone, epoch milliseconds: those around the `days` whole days before that of `last`."""
    today = last.astimezone(zone).date()
    return [
        epoch_ms(datetime.combine(today - timedelta(days=back), time(), zone)) for back in range(days, -1, -1)
    ]


def kept(since: pd.DataFrame) -> pd.DataFrame:
    """How long the recordings of each camera are kept, as far as lists show it (录像保存天数).

    Parameters
    ----------
    since : DataFrame
        camera, source, seen_ms, kept_ms, asked_ms, as `cameras.repository.recordings.kept_since` reads them.

    Returns
    -------
    DataFrame
        By camera: `days` that the oldest of what is kept had when its list was seen, of the source that keeps
        longest; `asked_days`, how far back its lists looked, of the source where that is least; `seen_ms`,
        when the list of that longest source was seen. Where they looked no further than `days`, more may be
        kept.
    """
    made = since.assign(days=since["kept_ms"] / DAY_MS, asked_days=since["asked_ms"] / DAY_MS)
    by_camera = made.groupby("camera")
    longest = made.loc[by_camera["days"].idxmax()].set_index("camera")
    return pd.DataFrame(
        {
            "days": longest["days"],
            "asked_days": by_camera["asked_days"].min(),
            "seen_ms": longest["seen_ms"].astype(np.int64),
        }
    )


def is_short(kept_days: pd.DataFrame, required_days: pd.Series) -> pd.Series:
    """Whether recordings are kept for less than is required: 1, 0, or NaN where that is not known.

    Parameters
    ----------
    kept_days : DataFrame
        As `kept` answers.
    required_days : Series
        By camera, on the same index.

    Notes
    -----
    A list that was not asked so far back does not tell what else is kept. Half a day is left for the file
    that is being overwritten.
    """
    enough = kept_days["days"] >= required_days - 0.5
    told = enough | (kept_days["asked_days"] >= required_days)
    return (~enough).astype(float).where(told)


def grouped(cameras: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """Rates of recordings of groups of cameras.

    Parameters
    ----------
    cameras : DataFrame
        `share` of `shares` and `short` of `is_short`; both NaN of a camera without a list.
    keys : Series
        Group of each camera, on the same index; missing ones are in no group.

    Returns
    -------
    DataFrame
        By group: `told` (cameras whose recorded share is known), `recorded` (录像完整率: its mean over them),
        `lasting` (cameras whose recordings are kept as long as is required, of those of which that is
        known); NaN where no list speaks of any of them.
    """
    groups = cameras.groupby(keys, sort=True)
    return pd.DataFrame(
        {
            "told": groups["share"].count(),
            "recorded": groups["share"].mean(),
            "lasting": 1.0 - groups["short"].mean(),
        }
    )


def days_left(kept_days: pd.Series, at: datetime, now: datetime) -> pd.Series:
    """Days until what was recorded at an instant is overwritten; below 0 it should be gone by now.

    Parameters
    ----------
    kept_days : Series
        `days` of `kept`, by camera.
    at, now : datetime
        Timezone-aware.
    """
    return kept_days - (now - at) / timedelta(days=1)
