"""Weeks and months in which a stop has its visits, and what visits of earlier shifts make of a stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

import geopandas as gpd
import numpy as np
import pandas as pd

from patrols.arrays import IntArray
from patrols.crossing import Visit, first_crossing
from patrols.problem import CrossRule

# Stops are chosen anew for every shift; one that stands within this of an earlier one is the same.
SAME_PLACE_M = 1.0
# Visits of a month that are tried with each other.
MOST_TRIED = 40


def span_begins(within: str, start: datetime, zone: tzinfo) -> datetime:
    """When the span of a shift began: the shift itself, its Monday or its month's first.

    Parameters
    ----------
    within : str
        One of `patrols.problem.SPANS`.
    start : datetime
        Of the shift, with a time zone.
    zone : tzinfo
        Of the site; weeks and months begin there at midnight.
    """
    if within == "shift":
        return start
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday()) if within == "week" else day.replace(day=1)


def at_same_place(visits: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """Rows of earlier visits that stand where a stop is, and the rows of these stops.

    Both are points in the same metric CRS; the nearest stop within `SAME_PLACE_M`.
    """
    if visits.empty or stops.empty:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    found = stops.sindex.nearest(visits.geometry.to_numpy(), max_distance=SAME_PLACE_M, return_all=False)
    return found[0].astype(np.int64), found[1].astype(np.int64)


def visits_at_stops(visits: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> pd.DataFrame:
    """Earlier visits that were made where stops stand now.

    Parameters
    ----------
    visits : GeoDataFrame of Point in a metric CRS
        village (path or None), villages (of how many the people came), start_at, end_at.
    stops : GeoDataFrame of Point in the same CRS
        stop_id.

    Returns
    -------
    DataFrame
        stop_id and the columns of `visits`; by time.
    """
    columns = ["village", "villages", "start_at", "end_at"]
    at, stop = at_same_place(visits, stops)
    found = visits[columns].iloc[at].reset_index(drop=True)
    found["village"] = found["village"].astype(object).where(found["village"].notna(), None)
    found.insert(0, "stop_id", stops["stop_id"].to_numpy()[stop])
    return found.sort_values("start_at", kind="stable", ignore_index=True)


def met(rule: CrossRule, visits: pd.DataFrame) -> bool:
    """Whether visits of earlier shifts meet a rule by themselves; idleness is not asked for.

    Parameters
    ----------
    rule : CrossRule
        *separate* or *joint*.
    visits : DataFrame
        village, villages and start_at of the visits to one stop.
    """
    joint = rule.pattern == "joint"
    counts = visits["villages"] >= rule.villages if joint else visits["village"].notna()
    rows = visits[counts].sort_values("start_at", kind="stable").head(MOST_TRIED)
    village = pd.factorize(rows["village"].astype(object), use_na_sentinel=False)[0]
    start = (rows["start_at"].map(lambda at: at.timestamp())).tolist()
    calls = [Visit(int(number), int(at), int(at)) for number, at in zip(village, start, strict=True)]
    return first_crossing(rule, calls) is not None


def met_at(rule: CrossRule, visits: pd.DataFrame) -> set[str]:
    """Stops (their ids) whose visits meet a rule already.

    Parameters
    ----------
    visits : DataFrame
        As `visits_at_stops`.
    """
    return {str(stop_id) for stop_id, here in visits.groupby("stop_id") if met(rule, here)}


def as_made(visits: pd.DataFrame, origin: datetime, leave_out: Sequence[str] = ()) -> pd.DataFrame:
    """Earlier visits as `PatrolProblem.done`: stop_id, village, villages, start_s, end_s from `origin`.

    Whole seconds, inwards. Visits to the stops of `leave_out` do not count.
    """
    kept = visits[~visits["stop_id"].isin(list(leave_out))]
    if kept.empty:
        return pd.DataFrame()
    seconds = [
        ((column - origin) / timedelta(seconds=1)).astype(float).to_numpy()
        for column in (kept["start_at"], kept["end_at"])
    ]
    return pd.DataFrame(
        {
            "stop_id": kept["stop_id"].to_numpy(),
            "village": kept["village"].to_numpy(),
            "villages": kept["villages"].to_numpy(np.int64),
            "start_s": np.ceil(seconds[0]).astype(np.int64),
            "end_s": np.maximum(np.floor(seconds[1]), np.ceil(seconds[0])).astype(np.int64),
        }
    )
