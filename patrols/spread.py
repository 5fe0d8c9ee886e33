"""How much a plan differs from those of the nights before: who knows them must not know this one.

Stops of different nights are the same when they stand at the same place; their numbers are given anew every
night. Times are compared by the clock of the day, over midnight too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

DAY_S = 86_400
# As `patrols.services.trying`: a stop is the same one when it stands at the same junction.
SAME_PLACE_M = 1.0
GUESS_S = 600


@dataclass(frozen=True)
class Spread:
    """A plan against those of the nights before.

    Parameters
    ----------
    nights : int
        How many plans of nights before were looked at.
    stops, same_stops : int
        Stops that this plan visits, and those of them that last night's plan visited too.
    shift_s : float or None
        Median over this plan's visits to these stops of the time to the nearest visit there last night;
        None without one.
    same_team : float or None
        Share of these stops that a team visits which was there last night; None without one.
    guessed : float or None
        Chance of guessing the next visit: share of this plan's visits that lie within `GUESS_S` of a visit to
        the same stop in any of the nights; None without a night or a visit.
    """

    nights: int
    stops: int
    same_stops: int
    shift_s: float | None
    same_team: float | None
    guessed: float | None


def spread(plan: pd.DataFrame, nights: Sequence[pd.DataFrame]) -> Spread:
    """How far a plan lies from those of the nights before.

    Parameters
    ----------
    plan : DataFrame
        Its visits: x, y (metres), team (code), at_s (start of the visit by the clock of the day, seconds).
    nights : sequence of DataFrame
        The same of each night before, last night's first.

    Raises
    ------
    ValueError
        For times outside a day.

    Notes
    -----
    Defined here (docs/cross-patrol.md). Somebody who saw the nights before and expects a visit where and when
    there was one is right, within ten minutes, at `guessed` of this plan's visits.
    """
    for visits in (plan, *nights):
        if len(visits) and not visits["at_s"].between(0, DAY_S, inclusive="left").all():
            raise ValueError("at_s must lie within a day, 0 to 86,399; give the time of day in seconds")
    place = _places([plan, *nights])
    mine = plan.assign(place=place[0])
    stops = int(mine["place"].nunique())
    if not nights or not stops:
        return Spread(len(nights), stops, 0, None, None, None)
    before = [night.assign(place=own) for night, own in zip(nights, place[1:], strict=True)]
    apart = np.stack([_nearest_s(mine, night) for night in before])
    last = np.isfinite(apart[0])
    same = mine[last]
    teams = before[0].groupby("place")["team"].agg(set).to_dict()
    met = [
        bool(set(own) & teams[there])
        for there, own in same.groupby("place")["team"].agg(set).to_dict().items()
    ]
    return Spread(
        len(nights),
        stops,
        len(met),
        float(np.median(apart[0][last])) if len(same) else None,
        float(np.mean(met)) if met else None,
        float((apart.min(axis=0) <= GUESS_S).mean()),
    )


def _places(frames: Sequence[pd.DataFrame]) -> list[NDArray[np.int64]]:
    """A number for the place of every row, the same for rows of any frame within `SAME_PLACE_M`."""
    xy = np.concatenate([frame[["x", "y"]].to_numpy(float).reshape(-1, 2) for frame in frames])
    number = np.arange(len(xy))
    if len(xy):
        pairs = cKDTree(xy).query_pairs(SAME_PLACE_M, output_type="ndarray")
        # The first of those near: stops of one night stand metres apart, so near is never a chain.
        np.minimum.at(number, pairs[:, 1], pairs[:, 0])
    ends = np.cumsum([len(frame) for frame in frames])
    return np.split(number, ends[:-1])


def _nearest_s(mine: pd.DataFrame, night: pd.DataFrame) -> NDArray[np.float64]:
    """Seconds from each visit to the nearest one at the same place in another night; inf without one."""
    there = {place: at.to_numpy(float) for place, at in night.groupby("place")["at_s"]}
    found = np.full(len(mine), np.inf)
    cells = zip(mine["place"].tolist(), mine["at_s"].tolist(), strict=True)
    for row, (place, at_s) in enumerate(cells):
        if place in there:
            apart = np.abs(there[place] - at_s)
            found[row] = np.minimum(apart, DAY_S - apart).min()
    return found
