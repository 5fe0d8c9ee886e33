"""On how many of the days before, at the same time of day, ground was open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.comparing import NEAR_M, lying_on
from cameras.patterns import counted
from geo.crs import need_metric

IntArray = NDArray[np.int64]
Window = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Day:
    """A day before, of which the window's time of day was analysed.

    Parameters
    ----------
    back : int
        How many days before.
    window : (start_ms, end_ms)
        Half-open, epoch milliseconds.
    parts : DataFrame
        analysis, start_ms, end_ms: which analysis tells which part of it; they fill it.
    """

    back: int
    window: Window
    parts: DataFrame


def days_before(window: Window, periods: DataFrame, *, days: int, zone: ZoneInfo) -> list[Day]:
    """The days before on which all of the window's time of day was analysed, the latest first.

    Parameters
    ----------
    window : (start_ms, end_ms)
        Half-open, epoch milliseconds.
    periods : DataFrame
        Index analysis, the newest first; start_ms, end_ms.
    days : int
        How many days back.
    zone : ZoneInfo
        Whose time of day is meant: where clocks are put forward, 20:00 stays 20:00.
    """
    found = []
    begins = datetime.fromtimestamp(window[0] / 1000, zone).replace(tzinfo=None)
    for back in range(1, days + 1):
        start = round((begins - timedelta(days=back)).replace(tzinfo=zone).timestamp() * 1000)
        same = start, start + window[1] - window[0]
        parts = counted(periods, same)
        if (parts["end_ms"] - parts["start_ms"]).sum() == same[1] - same[0]:
            found.append(Day(back, same, parts))
    return found


def open_in(days: list[Day], windows: DataFrame) -> DataFrame:
    """Which gaps were open in the window of which day, and for how long.

    Parameters
    ----------
    days : list of Day
    windows : DataFrame
        gap, analysis, start_ms, end_ms: windows of stored gaps.

    Returns
    -------
    DataFrame
        gap, back (days), open_ms (above 0): inside the parts of that day that the gap's analysis tells.
    """
    rows = [DataFrame({"gap": [], "back": [], "open_ms": []}, dtype=np.int64)]
    for day in days:
        both = windows.merge(day.parts, on="analysis", suffixes=("", "_part"))
        open_ms = both[["end_ms", "end_ms_part"]].min(axis=1) - both[["start_ms", "start_ms_part"]].max(
            axis=1
        )
        told = DataFrame({"gap": both["gap"], "back": day.back, "open_ms": open_ms})
        rows.append(told[told["open_ms"] > 0])
    sums = pd.concat(rows).groupby(["gap", "back"])["open_ms"].sum()
    return sums.reset_index().astype(np.int64)


def open_days(now: GeoDataFrame, past: GeoDataFrame, opened: DataFrame, least_ms: int) -> GeoDataFrame:
    """Ground that is open now, cut where it was open on different days before.

    Parameters
    ----------
    now : GeoDataFrame
        ground ("street" | "place"), geometry (lines | Point), in a CRS in metres.
    past : GeoDataFrame
        Index gap; the same columns, in the same CRS.
    opened : DataFrame
        gap, back, open_ms (`open_in`).
    least_ms : int
        From when on it counts as open on a day: so long, all gaps on it taken together.

    Returns
    -------
    GeoDataFrame
        row (position in `now`), ground, measure (int64: millimetres of street; 1 for a place), days (on how
        many it was open), geometry (LineString | Point). Pieces of street shorter than a centimetre are left
        out: cuts of two analyses lie on their street to a millimetre.

    Raises
    ------
    ValueError
        A frame that is not in metres, or two CRSs.
    """
    if need_metric(now.crs) != need_metric(past.crs):
        raise ValueError("the gaps of now and of before are in two CRSs; project them into one")
    parts = [_streets(now, past, opened, least_ms), _places(now, past, opened, least_ms)]
    return GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=now.crs)


def _streets(now: GeoDataFrame, past: GeoDataFrame, opened: DataFrame, least_ms: int) -> DataFrame:
    rows = np.flatnonzero(now["ground"] == "street")
    other = past[past["ground"] == "street"]
    straight = lying_on(now.geometry.to_numpy()[rows], other.geometry.to_numpy())
    length = np.hypot(*(straight.ends - straight.starts).T)
    spans = straight.spans.assign(
        gap=other.index.to_numpy()[straight.spans["other"].to_numpy(dtype=np.int64)]
    )
    spans = spans.merge(opened, on="gap")
    at = spans["piece"].to_numpy(dtype=np.int64)
    in_part = (spans["first_m"] > NEAR_M) | (spans["last_m"] < length[at] - NEAR_M)
    # Most pieces lie wholly in what was open: they are counted all at once.
    parted = np.unique(at[in_part])
    whole = spans[~spans["piece"].isin(parted)].groupby(["piece", "back"])["open_ms"].sum()
    days = np.zeros(len(length), np.int64)
    np.add.at(days, whole[whole >= least_ms].index.get_level_values("piece").to_numpy(np.int64), 1)
    uncut = np.setdiff1d(np.arange(len(length)), parted)
    cut = DataFrame(
        [
            (piece, *one)
            for piece, own in spans[spans["piece"].isin(parted)].groupby("piece")
            for one in _cut(own, float(length[piece]), least_ms)
        ],
        columns=["piece", "first_m", "last_m", "days"],
    )
    every = DataFrame({"piece": uncut, "first_m": 0.0, "last_m": length[uncut], "days": days[uncut]})
    every = (
        pd.concat([every, cut])
        .astype({"piece": np.int64, "days": np.int64, "first_m": np.float64, "last_m": np.float64})
        .sort_values(["piece", "first_m"])
    )
    piece = every["piece"].to_numpy()
    begins, vector = straight.starts[piece], straight.ends[piece] - straight.starts[piece]
    ends = [
        begins + (every[name].to_numpy() / length[piece])[:, None] * vector for name in ("first_m", "last_m")
    ]
    return DataFrame(
        {
            "row": rows[straight.street[piece]],
            "ground": "street",
            "measure": np.rint(1000 * (every["last_m"] - every["first_m"]).to_numpy()).astype(np.int64),
            "days": every["days"].to_numpy(),
            "geometry": shapely.linestrings(np.stack(ends, axis=1)),
        }
    )


def _cut(spans: DataFrame, metres: float, least_ms: int) -> list[tuple[float, float, int]]:
    """(first_m, last_m, days) of a straight piece, cut where the days on which it was open change."""
    first, last = spans["first_m"].to_numpy(), spans["last_m"].to_numpy()
    edges = np.unique(np.concatenate(([0.0, metres], first, last)))
    # What is nearer to the edge before than a cut is exact is that edge.
    edges = edges[np.append(True, np.diff(edges) > NEAR_M)]
    if metres - edges[-1] < NEAR_M and len(edges) > 1:
        edges[-1] = metres
    found: list[tuple[float, float, int]] = []
    backs, of = np.unique(spans["back"].to_numpy(), return_inverse=True)
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        there = (first <= low + NEAR_M) & (last >= high - NEAR_M)
        open_ms = np.bincount(of[there], spans["open_ms"].to_numpy()[there], minlength=len(backs))
        days = int((open_ms >= least_ms).sum())
        if found and found[-1][2] == days:
            found[-1] = (found[-1][0], high, days)
        else:
            found.append((low, high, days))
    return found


def _places(now: GeoDataFrame, past: GeoDataFrame, opened: DataFrame, least_ms: int) -> DataFrame:
    rows = np.flatnonzero(now["ground"] == "place")
    other = past[past["ground"] == "place"]
    here, there = same_place(now.geometry.to_numpy()[rows], other.geometry.to_numpy())
    pairs = DataFrame({"at": here, "gap": other.index.to_numpy()[there]}).merge(opened, on="gap")
    per_day = pairs.groupby(["at", "back"])["open_ms"].sum()
    days = np.zeros(len(rows), np.int64)
    np.add.at(days, per_day[per_day >= least_ms].index.get_level_values("at").to_numpy(np.int64), 1)
    return DataFrame(
        {
            "row": rows,
            "ground": "place",
            "measure": np.ones(len(rows), np.int64),
            "days": days,
            "geometry": now.geometry.to_numpy()[rows],
        }
    )


def same_place(points: NDArray[np.object_], others: NDArray[np.object_]) -> tuple[IntArray, IntArray]:
    """Pairs of positions of points that are one, to a centimetre."""
    one, other = shapely.STRtree(others).query(points, predicate="dwithin", distance=NEAR_M)
    return one.astype(np.int64), other.astype(np.int64)
