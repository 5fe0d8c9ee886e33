"""A first plan at once: each team, when free, takes the stop that is worth most for its time.

Deterministic and without random numbers. Required stops are put into the orders first; then the
team that is free earliest chooses, again and again.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.rolling.draft import (
    Draft,
    Stand,
    Stay,
    base_of,
    closing_from,
    inserted,
    settle_dropping,
    time_route,
)
from patrols.arrays import FAR, Break, IntArray, ProblemArrays
from patrols.reach import Reach, crossable

# A new opening is worth this part of its prize to the team that makes it, and is made only in this part
# of the span: later ones are seldom closed. Over the family of `bench.families`, seeds 11-14, a grid
# of both was best at 1.5 to 2 and 0.7.
OPENING_WORTH = 1.8
OPENING_SHARE = 0.7
# A team that finds nothing to do asks again after this time, seconds.
ASK_AGAIN_S = 300


@dataclass(eq=False)
class _State:
    """What the choices have made so far; the only thing the greedy search changes."""

    stands: list[Stand]
    rest: list[list[Stay]]
    routes: list[list[Stay]]
    opened: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)


def greedy(arrays: ProblemArrays, reach: Reach) -> Draft:
    """A plan within a fraction of a second.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach

    Returns
    -------
    Draft
        It keeps every rule; a required stop may be missing (`missing`) where none of the orders
        tried had room for it.
    """
    backbone = serve_required(arrays, reach, settle_dropping(arrays, ((),) * arrays.team_count))
    state = _State(
        stands=[base_of(arrays, team) for team in range(arrays.team_count)],
        rest=[list(route) for route in backbone.routes],
        routes=[[] for _ in backbone.routes],
    )
    queue = [(stand.time, team) for team, stand in enumerate(state.stands)]
    heapq.heapify(queue)
    goals = _goals(arrays, reach)
    while queue:
        now, team = heapq.heappop(queue)
        if _advance(arrays, goals, state, team, now):
            heapq.heappush(queue, (state.stands[team].time, team))
        elif now + ASK_AGAIN_S < arrays.end[team]:
            heapq.heappush(queue, (now + ASK_AGAIN_S, team))
    routes = [(*done, *left) for done, left in zip(state.routes, state.rest, strict=True)]
    return serve_required(arrays, reach, settle_dropping(arrays, tuple(routes)))


def missing(arrays: ProblemArrays, draft: Draft) -> list[int]:
    """Required stops that nobody visits."""
    return [int(stop) for stop in np.flatnonzero(arrays.required) if int(stop) not in draft.opened]


def serve_required(arrays: ProblemArrays, reach: Reach, draft: Draft) -> Draft:
    """The draft with its missing required stops put in wherever they delay their team least.

    Stops with the fewest able teams come first. A team without a village is preferred: it has
    nothing to cross.
    """
    for stop in sorted(missing(arrays, draft), key=lambda s: (reach.able[:, s].sum(), s)):
        best: tuple[tuple[int, int, int, int], Draft] | None = None
        for team in np.flatnonzero(reach.able[:, stop]).tolist():
            for place in range(len(draft.routes[team]) + 1):
                longer = inserted(arrays, draft, team, place, Stay(stop, False))
                if longer is None:
                    continue
                cost = (int(arrays.village[team] >= 0), longer.times[team][-1].end, team, place)
                if best is None or cost < best[0]:
                    best = (cost, longer)
        if best is not None:
            draft = best[1]
    return draft


@dataclass(frozen=True, eq=False)
class _Goals:
    """Which stops are worth opening, by when, and from when on."""

    worth: NDArray[np.float64]
    open_from: IntArray
    open_until: IntArray


def open_until(arrays: ProblemArrays, reach: Reach, latest: int) -> IntArray:
    """Last second (T, S) at which a team may open a stop that another village can still close.

    Parameters
    ----------
    arrays, reach
    latest : int
        No opening starts after this.

    Returns
    -------
    (T, S) int
        -FAR for a team without a village.
    """
    last = np.full((arrays.team_count, arrays.stop_count), -FAR, np.int64)
    for village in np.unique(arrays.village[arrays.village >= 0]):
        others = (arrays.village >= 0) & (arrays.village != village)
        if others.any():
            closing = reach.late[others].max(axis=0) - arrays.rule.separation_s
            last[arrays.village == village] = np.minimum(closing, latest)
    return last


def _goals(arrays: ProblemArrays, reach: Reach) -> _Goals:
    return _Goals(
        worth=np.where(crossable(arrays, reach), arrays.prize, 0.0),
        open_from=np.array(arrays.open_from, np.int64),
        open_until=open_until(arrays, reach, arrays.part_of_span(OPENING_SHARE)),
    )


def _advance(arrays: ProblemArrays, goals: _Goals, state: _State, team: int, now: int) -> bool:
    """Give a team its next visit or break, if there is one."""
    stand = state.stands[team]
    stand = stand._replace(time=max(now, stand.time))
    stays, starts, scores = _candidates(arrays, goals, state, team, stand)
    for pick in np.argsort(-scores, kind="stable").tolist():
        if scores[pick] <= 0:
            break
        stay = Stay(int(stays[pick]), int(stays[pick]) in state.opened)
        if state.rest[team] and not _leaves_room(arrays, state, team, stand, stay, int(starts[pick])):
            continue
        end = int(starts[pick] + arrays.service[stay.stop])
        _commit(state, team, stay, int(starts[pick]), end, int(arrays.node[stay.stop]), stand.breaks)
        return True
    if stand.breaks:
        held = stand.breaks[0]
        begin = max(stand.time, held.earliest)
        if begin <= held.latest:
            state.stands[team] = Stand(begin + held.duration, stand.node, stand.breaks[1:])
            return True
    return _take_next_required(arrays, state, team, stand)


def _leaves_room(
    arrays: ProblemArrays, state: _State, team: int, stand: Stand, stay: Stay, start: int
) -> bool:
    """Whether a team can make this visit and still keep the required ones that wait in its order."""
    route = [stay, *state.rest[team]]
    return not isinstance(
        time_route(arrays, team, route, [start] + [-FAR] * len(state.rest[team]), stand), int
    )


def _take_next_required(arrays: ProblemArrays, state: _State, team: int, stand: Stand) -> bool:
    """Commit the next waiting required visit of a team, if there is one and it can be kept."""
    if not state.rest[team]:
        return False
    stay = state.rest[team][0]
    timed = time_route(arrays, team, [stay], [-FAR], stand)
    if isinstance(timed, int):
        return False
    state.rest[team].pop(0)
    _commit(state, team, stay, timed[0].start, timed[0].end, int(arrays.node[stay.stop]), ())
    return True


def _commit(
    state: _State, team: int, stay: Stay, start: int, end: int, node: int, breaks: tuple[Break, ...]
) -> None:
    state.routes[team].append(stay)
    state.stands[team] = Stand(end, node, breaks)
    if stay.closing:
        state.closed.add(stay.stop)
    else:
        state.opened[stay.stop] = (team, start, end)


def _candidates(
    arrays: ProblemArrays, goals: _Goals, state: _State, team: int, stand: Stand
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Stops the team could serve next, when each service would start, and what it is worth a second."""
    travel = arrays.travel[arrays.mode[team], stand.node]
    waiting = {stay.stop for rest in state.rest for stay in rest}
    village = arrays.village[team]
    fresh = np.ones(arrays.stop_count, bool)
    fresh[[*waiting, *state.opened]] = False
    opens = np.flatnonzero(
        fresh & ~arrays.forbidden[team] & (goals.worth > 0) & (goals.open_until[team] > -FAR)
    )
    start = arrays.first.next_start(
        opens, np.maximum(stand.time + travel[arrays.node[opens]], goals.open_from[opens])
    )
    start[start > goals.open_until[team, opens]] = FAR
    closes = [
        stop
        for stop, (opener, *_) in state.opened.items()
        if stop not in state.closed
        and arrays.village[opener] not in (-1, village)
        and village >= 0
        and not arrays.forbidden[team, stop]
    ]
    limits = [closing_from(arrays, stop, state.opened[stop]) for stop in closes]
    close = np.array(closes, np.int64)
    low, high = np.array(limits, np.int64).reshape(-1, 2).T
    late = arrays.each.next_start(close, np.maximum(stand.time + travel[arrays.node[close]], low))
    late[late > high] = FAR
    stops, starts = np.concatenate([opens, close]), np.concatenate([start, late])
    ends = starts + arrays.service[stops]
    back = ends.copy()
    fits = starts < FAR
    for held in stand.breaks:
        back = np.maximum(back, held.earliest)
        fits &= back <= held.latest
        back += held.duration
    fits &= back + arrays.home[team, arrays.node[stops]] <= arrays.end[team]
    worth = np.concatenate([OPENING_WORTH * goals.worth[opens], goals.worth[close]])
    return stops, starts, np.where(fits, worth / np.maximum(ends - stand.time, 1), 0.0)
