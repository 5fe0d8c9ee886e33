"""Two rolling stages of PyVRP: first visits early in the span, then second visits by other villages.

Stage one opens stops: services that start in the first part of the span. Stage two closes them:
each team goes on from where and when it stands, each opened stop is open again from its own
opening plus the separation, and the village that opened it is kept away. Nothing moves an opening
once stage two has begun, so this is a floor and not the best there is.
"""

from __future__ import annotations

import numpy as np

from bench.rolling.draft import Draft, Stand, Stay, base_of, closing_from, settle_dropping, walk
from bench.rolling.greedy import open_until
from bench.rolling.stage import Stage, Stop, orders
from patrols.arrays import FAR, BoolArray, IntArray, ProblemArrays, Windows
from patrols.reach import Reach, crossable

# First visits start in this part of the span. Over the family of `bench.families`, seeds 1-6, equal
# time: 0.43 gave a mean value of 557.2, 0.45 561.2, 0.47 560.0.
FIRST_SHARE = 0.45
# A prize of one unit outweighs a way of this many metres, where prizes average 3 (as in that
# family). Below 4,000 PyVRP leaves cheap stops out to save metres.
PRIZE_SCALE = 4000
MEAN_PRIZE = 3
# In place of the village that opened a stop; -1 is a team without a village.
UNOPENED = -2


def rolling(arrays: ProblemArrays, reach: Reach, stops: tuple[Stop, Stop], seed: int) -> Draft:
    """The draft of the two stages.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach
    stops : two callables
        One a stage; called with the best cost before every iteration, True ends the stage.
    seed : int

    Returns
    -------
    Draft
        Sound, but required stops may be missing.
    """
    cut = arrays.part_of_span(FIRST_SHARE)
    early = [tuple(held for held in breaks if held.latest < cut) for breaks in arrays.breaks]
    late = [tuple(held for held in breaks if held.latest >= cut) for breaks in arrays.breaks]
    unopened = np.full(arrays.stop_count, UNOPENED)
    first = Stage(
        windows=_first_windows(arrays, reach, cut),
        prizes=_prizes(arrays, arrays.required),
        barred=_barred(arrays, unopened),
        stands=tuple(base_of(arrays, team)._replace(breaks=early[team]) for team in range(arrays.team_count)),
        reserve=np.array([sum(held.duration for held in breaks) for breaks in late], np.int64),
        free_end=True,
    )
    opening = orders(arrays, first, stops[0], seed)
    opened = settle_dropping(arrays, tuple(tuple(Stay(s, False) for s in order) for order in opening))
    opener = unopened.copy()
    for stop, (team, *_) in opened.opened.items():
        opener[stop] = arrays.village[team]
    second = Stage(
        windows=_second_windows(arrays, opened),
        prizes=_prizes(arrays, arrays.required & (opener == UNOPENED)),
        barred=_barred(arrays, opener),
        stands=_stands(arrays, opened),
        reserve=np.zeros(arrays.team_count, np.int64),
        free_end=False,
    )
    closing = orders(arrays, second, stops[1], seed)
    routes = tuple(
        (*done, *(Stay(stop, stop in opened.opened) for stop in order))
        for done, order in zip(opened.routes, closing, strict=True)
    )
    return settle_dropping(arrays, routes)


def _prizes(arrays: ProblemArrays, demanded: BoolArray) -> IntArray:
    """Whole prizes for PyVRP; a demanded stop outweighs all others together."""
    positive = arrays.prize[arrays.prize > 0]
    scale = PRIZE_SCALE * MEAN_PRIZE / float(positive.mean()) if len(positive) else 0.0
    prizes = np.where(arrays.prize > 0, np.maximum(np.rint(arrays.prize * scale), 1), 0).astype(np.int64)
    return np.where(demanded, prizes.sum() + PRIZE_SCALE, prizes)


def _first_windows(arrays: ProblemArrays, reach: Reach, cut: int) -> dict[int, Windows]:
    """When each stop may be opened in stage one; stops that cannot be crossed are there only if required."""
    until = open_until(arrays, reach, cut).max(axis=0, initial=-FAR)
    can = crossable(arrays, reach) & (arrays.prize > 0)
    found = {}
    for stop in np.flatnonzero(can | arrays.required).tolist():
        low, high = (-FAR, cut) if arrays.required[stop] else (arrays.open_from[stop], int(until[stop]))
        found[stop] = _clipped(arrays.first.windows[stop], low, high)
    return {stop: windows for stop, windows in found.items() if windows}


def _second_windows(arrays: ProblemArrays, opened: Draft) -> dict[int, Windows]:
    """When each opened stop may be closed, and when a required one that nobody opened may be visited."""
    found = {}
    for stop, times in sorted(opened.opened.items()):
        if arrays.prize[stop] > 0 and arrays.village[times[0]] >= 0:
            found[stop] = _clipped(arrays.each.windows[stop], *closing_from(arrays, stop, times))
    for stop in np.flatnonzero(arrays.required).tolist():
        if stop not in opened.opened:
            found[stop] = _clipped(arrays.first.windows[stop], -FAR, FAR)
    return {stop: windows for stop, windows in found.items() if windows}


def _clipped(windows: Windows, low: int, high: int) -> Windows:
    meets = ((max(start, low), min(end, high)) for start, end in windows)
    return [(start, end) for start, end in meets if start <= end]


def _barred(arrays: ProblemArrays, opener: IntArray) -> BoolArray:
    """(T, S): stops that a team must leave alone; `opener` is the village that opened a stop.

    A team without a village only serves required stops: nothing it does crosses.
    """
    barred = arrays.forbidden | ((arrays.village[:, None] == opener) & (opener != UNOPENED))
    barred[arrays.village < 0] |= ~arrays.required | (opener != UNOPENED)
    return barred


def _stands(arrays: ProblemArrays, draft: Draft) -> tuple[Stand, ...]:
    """Where and when each team stands at the end of a draft of openings, and the breaks it has left."""
    found = []
    for team, route in enumerate(draft.routes):
        floors = [arrays.open_from[stay.stop] for stay in route]
        walked = walk(arrays, team, route, floors, base_of(arrays, team))
        if isinstance(walked, int):
            raise AssertionError(f"team {team} cannot keep the order that was settled for it")
        found.append(walked[1])
    return tuple(found)
