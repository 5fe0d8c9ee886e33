"""When ground is not watched: by hour of the day and day of the week, over several analyses.

Every instant counts once, by the newest analysis that covers it (docs/gaps.md, "Hours of the week").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAYS, HOURS = 7, 24


@dataclass(frozen=True, eq=False)
class Pattern:
    """A week of hours.

    Parameters
    ----------
    open_mean : ndarray, shape (7, 24), float64
        Measure open on the mean in this hour of this weekday (Monday is 0); NaN where nothing was analysed.
    days : ndarray, shape (7, 24), int64
        From how many days.
    """

    open_mean: NDArray[np.float64]
    days: NDArray[np.int64]


def weekly(
    periods: pd.DataFrame, windows: pd.DataFrame, zone: ZoneInfo, within: tuple[int, int] | None = None
) -> Pattern:
    """What was open in each hour of the week.

    Parameters
    ----------
    periods : DataFrame
        Index analysis, the newest first; start_ms, end_ms.
    windows : DataFrame
        One row a window: analysis, start_ms, end_ms, measure (open while it lasts). Windows may overlap.
    zone : ZoneInfo
        Whose hours and days are meant. An hour that comes twice in a night of autumn counts twice.
    within : (start_ms, end_ms), optional
        What lies outside counts for nothing.

    Returns
    -------
    Pattern
    """
    amount, length = np.zeros((DAYS, HOURS)), np.zeros((DAYS, HOURS))
    dates: dict[tuple[int, int], set[str]] = {}
    pieces = counted(periods, within)
    for analysis, own in pieces.groupby("analysis", sort=False):
        opened_in = windows[windows["analysis"] == analysis]
        for start, end in own[["start_ms", "end_ms"]].itertuples(index=False):
            edges = np.array(_hours(int(start), int(end), zone))
            sums = np.diff(_opened(opened_in, edges))
            for (first, last), opened in zip(pairwise(edges.tolist()), sums.tolist(), strict=True):
                local = datetime.fromtimestamp(first / 1000, zone)
                cell = local.weekday(), local.hour
                amount[cell] += opened
                length[cell] += last - first
                dates.setdefault(cell, set()).add(f"{local:%Y-%m-%d}")
    days = np.zeros((DAYS, HOURS), np.int64)
    for cell, known in dates.items():
        days[cell] = len(known)
    return Pattern(np.where(length > 0, amount / np.where(length > 0, length, 1.0), np.nan), days)


def counted(periods: pd.DataFrame, within: tuple[int, int] | None = None) -> pd.DataFrame:
    """For which time each of several analyses counts: every instant by the newest that covers it.

    Parameters
    ----------
    periods : DataFrame
        Index analysis, the newest first; start_ms, end_ms (half-open).
    within : (start_ms, end_ms), optional
        What lies outside counts for nothing.

    Returns
    -------
    DataFrame
        analysis, start_ms, end_ms (int64), in the order of time: pieces that do not overlap, and together
        cover what the periods cover. An analysis that newer ones cover wholly has none.
    """
    pieces: list[tuple[int, int, int]] = []
    for analysis, start, end in periods[["start_ms", "end_ms"]].itertuples():
        first, last = int(start), int(end)
        if within is not None:
            first, last = max(first, within[0]), min(last, within[1])
        at = first
        for _, begins, ends in sorted(pieces, key=lambda one: one[1]):
            if at < min(begins, last):
                pieces.append((analysis, at, min(begins, last)))
            at = max(at, ends)
        if at < last:
            pieces.append((analysis, at, last))
    found = pd.DataFrame(pieces, columns=["analysis", "start_ms", "end_ms"]).astype(np.int64)
    return found.sort_values("start_ms", ignore_index=True)


def _hours(start: int, end: int, zone: ZoneInfo) -> list[int]:
    """Where an hour of the zone begins or ends inside a period, and its ends."""
    found = {start, end}
    # Clocks are put forward and back by quarters of an hour, so hours of the zone begin at one.
    quarter = 900_000
    for at in range(-(-start // quarter) * quarter, end, quarter):
        if datetime.fromtimestamp(at / 1000, zone).minute == 0:
            found.add(at)
    return sorted(found)


def _opened(windows: pd.DataFrame, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measure times milliseconds open before each instant."""
    total = np.zeros(len(at))
    for begins, ends, measure in windows[["start_ms", "end_ms", "measure"]].itertuples(index=False):
        total += float(measure) * (np.clip(at, begins, ends) - begins)
    return total
