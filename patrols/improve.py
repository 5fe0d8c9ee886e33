"""What can still be made of a finished draft: more stops crossed, then the load evened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patrols.arrays import FAR, IntArray, ProblemArrays
from patrols.draft import Draft, Stay, closing_from, inserted, settle, without
from patrols.greedy import open_until
from patrols.reach import Reach, crossable

# Of a team's order only the places where a new visit would push the next one back least are tried.
PLACES_TRIED = 3
OPENINGS_TRIED = 3
MOVES = 12
GIVERS = 3
# Teams whose loads differ by less than this part of a shift are even enough.
EVEN_WITHIN = 0.02


def more_crossed(arrays: ProblemArrays, reach: Reach, draft: Draft) -> Draft:
    """The draft with more stops crossed where there was room.

    Visits that cross nothing and are not required are given up only where that makes room for
    more value. Nothing here depends on the clock or on chance.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach
    draft : Draft

    Returns
    -------
    Draft
        Worth at least as much, and with no required stop lost.
    """
    fuller = complete(arrays, reach, draft)
    lean = settle(arrays, _crossed_and_required(arrays, draft))
    if isinstance(lean, Draft) and len(fuller.closed) < arrays.stop_count:
        rebuilt = complete(arrays, reach, lean)
        if rebuilt.value(arrays) > fuller.value(arrays):
            return rebuilt
    return fuller


def _crossed_and_required(arrays: ProblemArrays, draft: Draft) -> tuple[tuple[Stay, ...], ...]:
    """The orders less the visits of stops that are neither crossed nor required."""
    routes = draft.routes
    for stop in sorted(draft.opened):
        if stop not in draft.closed and not arrays.required[stop]:
            routes = without(routes, stop)
    return routes


def complete(arrays: ProblemArrays, reach: Reach, draft: Draft) -> Draft:
    """The draft with stops closed, or opened and closed, wherever the orders have room.

    The most valuable stops come first; each is put where it delays its team least.
    """
    wanted = np.flatnonzero(crossable(arrays, reach) & (arrays.prize > 0))
    for stop in sorted(wanted.tolist(), key=lambda s: (-arrays.prize[s], s)):
        if stop in draft.closed:
            continue
        starts = [draft] if stop in draft.opened else _openings(arrays, reach, draft, stop)
        for start in starts:
            closed = _close(arrays, reach, start, stop)
            if closed is not None:
                draft = closed
                break
    return draft


def _openings(arrays: ProblemArrays, reach: Reach, draft: Draft, stop: int) -> list[Draft]:
    """A few drafts that open the stop, the earliest openings first."""
    last = open_until(arrays, reach, arrays.span[1])
    found: list[tuple[int, int, Draft]] = []
    for team in np.flatnonzero(reach.able[:, stop] & (last[:, stop] > -FAR)).tolist():
        longer = _best(arrays, draft, team, Stay(stop, False), arrays.open_from[stop])
        if longer is not None and longer.opened[stop][1] <= last[team, stop]:
            found.append((longer.opened[stop][1], team, longer))
    return [longer for *_, longer in sorted(found, key=lambda item: item[:2])[:OPENINGS_TRIED]]


def _close(arrays: ProblemArrays, reach: Reach, draft: Draft, stop: int) -> Draft | None:
    """The draft with the opened stop closed by the team that is back earliest then; None if none can."""
    opened = draft.opened[stop]
    village = arrays.village[opened[0]]
    if village < 0:
        return None
    able = reach.able[:, stop] & (arrays.village >= 0) & (arrays.village != village)
    best: tuple[int, int, Draft] | None = None
    for team in np.flatnonzero(able).tolist():
        longer = _best(arrays, draft, team, Stay(stop, True), closing_from(arrays, stop, opened)[0])
        if longer is not None:
            cost = (
                longer.times[team][-1].end - (draft.times[team][-1].end if draft.times[team] else 0),
                team,
            )
            if best is None or cost < best[:2]:
                best = (*cost, longer)
    return None if best is None else best[2]


def _best(arrays: ProblemArrays, draft: Draft, team: int, stay: Stay, low: int) -> Draft | None:
    """The draft with the stay where it delays the team least; None if there is no place for it."""
    for place in _places(arrays, draft, team, stay.stop, low):
        longer = inserted(arrays, draft, team, place, stay)
        if longer is not None:
            return longer
    return None


def _places(arrays: ProblemArrays, draft: Draft, team: int, stop: int, low: int) -> list[int]:
    """Places in a team's order by the delay a new visit would bring, the least first.

    The delay is that of the next service if all times before stay as they are.
    """
    travel, target = arrays.travel[arrays.mode[team]], arrays.node[stop]
    nodes = arrays.node[[stay.stop for stay in draft.routes[team]]]
    before = np.concatenate([[arrays.start_node[team]], nodes])
    free = np.array([arrays.start[team], *(time.end for time in draft.times[team])])
    done = np.maximum(free + travel[before, target], low) + arrays.service[stop]
    onward = np.concatenate([travel[target, nodes], [arrays.home[team, target]]])
    due = np.array([*(time.start for time in draft.times[team]), int(arrays.end[team])])
    delay = done + onward - due
    order = np.argsort(delay, kind="stable")[:PLACES_TRIED]
    # Behind the last visit nothing can give way.
    return [int(place) for place in order if place < len(nodes) or delay[place] <= 0]


def even(arrays: ProblemArrays, reach: Reach, draft: Draft) -> Draft:
    """The draft with closing visits moved from the busiest teams to less busy ones.

    A team's load is the part of its shift in which it travels or serves. A move is made when the
    busier of the two teams is less busy after it than the giver was before; so the highest loads
    sink one after another and no stop is lost. At most `MOVES` moves, from the `GIVERS` busiest teams.
    """
    for _ in range(MOVES):
        loads = _loads(arrays, draft)
        for giver in np.argsort(-loads, kind="stable")[:GIVERS].tolist():
            moved = _relieve(arrays, reach, draft, giver, loads)
            if moved is not None:
                draft = moved
                break
        else:
            return draft
    return draft


def _relieve(
    arrays: ProblemArrays, reach: Reach, draft: Draft, giver: int, loads: NDArray[np.float64]
) -> Draft | None:
    """The draft with one closing visit of the giver taken by a less busy team; None if no move helps."""
    for stay in draft.routes[giver]:
        if not stay.closing:
            continue
        less = settle(arrays, without(draft.routes, stay.stop, only_closing=True))
        if not isinstance(less, Draft):
            continue
        opened = less.opened[stay.stop]
        able = (
            reach.able[:, stay.stop] & (arrays.village >= 0) & (arrays.village != arrays.village[opened[0]])
        )
        for taker in np.argsort(loads, kind="stable").tolist():
            if not able[taker] or loads[taker] > loads[giver] - EVEN_WITHIN:
                continue
            moved = _best(arrays, less, taker, stay, closing_from(arrays, stay.stop, opened)[0])
            if moved is not None:
                after = _loads(arrays, moved)
                if max(after[taker], after[giver]) < loads[giver]:
                    return moved
    return None


def _loads(arrays: ProblemArrays, draft: Draft) -> NDArray[np.float64]:
    """(T,): the part of each team's shift in which it travels or serves."""
    busy = np.zeros(arrays.team_count)
    for team, route in enumerate(draft.routes):
        if route:
            stops = np.array([stay.stop for stay in route])
            nodes: IntArray = np.concatenate([[arrays.start_node[team]], arrays.node[stops]])
            legs = arrays.travel[arrays.mode[team], nodes[:-1], nodes[1:]].sum()
            busy[team] = legs + arrays.service[stops].sum() + arrays.home[team, nodes[-1]]
    return busy / np.maximum(arrays.end - arrays.start, 1)
