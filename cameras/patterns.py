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


def weekly(periods: pd.DataFrame, windows: pd.DataFrame, zone: ZoneInfo) -> Pattern:
    """What was open in each hour of the week.

    Parameters
    ----------
    periods : DataFrame
        Index analysis, the newest first; start_ms, end_ms.
    windows : DataFrame
        One row a window: analysis, start_ms, end_ms, measure (open while it lasts). Windows may overlap.
    zone : ZoneInfo
        Whose hours and days are meant. An hour that comes twice in a night of autumn counts twice.

    Returns
    -------
    Pattern
    """
    amount, length = np.zeros((DAYS, HOURS)), np.zeros((DAYS, HOURS))
    dates: dict[tuple[int, int], set[str]] = {}
    newer: list[tuple[int, int]] = []
    for analysis, start, end in periods[["start_ms", "end_ms"]].itertuples():
        own = windows[windows["analysis"] == analysis]
        edges = np.array(_edges(start, end, newer, zone))
        sums = np.diff(_opened(own, edges))
        for (first, last), opened in zip(pairwise(edges.tolist()), sums.tolist(), strict=True):
            if any(a <= first and last <= b for a, b in newer):
                continue
            local = datetime.fromtimestamp(first / 1000, zone)
            cell = local.weekday(), local.hour
            amount[cell] += opened
            length[cell] += last - first
            dates.setdefault(cell, set()).add(f"{local:%Y-%m-%d}")
        newer.append((start, end))
    days = np.zeros((DAYS, HOURS), np.int64)
    for cell, known in dates.items():
        days[cell] = len(known)
    return Pattern(np.where(length > 0, amount / np.where(length > 0, length, 1.0), np.nan), days)


def _edges(start: int, end: int, newer: list[tuple[int, int]], zone: ZoneInfo) -> list[int]:
    """Where an hour of the zone or a newer period begins or ends, inside a period and at its ends."""
    found = {start, end, *(at for period in newer for at in period if start < at < end)}
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
