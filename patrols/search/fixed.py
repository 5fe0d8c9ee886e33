"""What never changes while a plan is searched, as arrays that compiled code reads, and the orders that do.

A **call** is one turn at one stop: stop s has the calls s*K ... s*K + K-1 where the rule asks for K visits,
in order of time. After the calls come the breaks, then the start of every team, then the end of every team.
The order of a team's calls and breaks is a chain from its start to its end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patrols.arrays import FAR, BoolArray, IntArray, ProblemArrays
from patrols.crossing import Visit
from patrols.reach import Reach

FloatArray = NDArray[np.float64]
# The state of the generator of chance.
Chance = NDArray[np.uint64]

# Stops near a stop that are worth looking at when some are taken out together.
NEIGHBOURS = 60
NOBODY = -1


class Fixed(NamedTuple):
    """A problem. S stops, K turns a stop, B breaks, T teams, N nodes of the matrices; seconds.

    Parameters
    ----------
    stops, turns, breaks, teams : int
    villages : (S,) int
        How many villages the visits of a crossed stop must come from.
    leader : int
        The village that one of them must come from, -1 for none.
    separation : int
        Seconds from start to start.
    idle : (S,) int
        The longest time alone, FAR where there is no bound.
    idles : bool
        Whether any stop has such a bound.
    over_from : (S*K,) int
        The second before which a call is not over for whatever reason beside windows.
    enter, leave : (S, 2) int
        The nodes at which a visit begins and ends, forth and back.
    stay : (M, S, 2) int
        How long it takes, FAR where the mode cannot go that way.
    first, each : (S, W, 2) int
        Windows of the first turn and of any turn, by start; rows are filled up with (FAR, -FAR).
    held : (B, 3) int
        First and last second at which a break may start, and its team.
    travel : (M, N, N) int
        FAR = unreachable.
    gang : (T + G, 5) int
        Of each team: mode, start and end of its shift, its village, its second village (-1: none). After the
        teams, one row for each of the G calls that were made before this plan, for its village.
    free : (T, S) bool
        Whether the team can visit the stop, and may.
    prize : (S,) float
    required : (S,) bool
    pin : (S, K) int
        The teams that must visit the stop, filled up with -1.
    near : (S, <= NEIGHBOURS) int
        The stops nearest to each stop, itself first.
    kept : (T, S) int
        Seconds that it is worth to let this team visit that stop: it does so in the plan that was there
        before.
    known : (S, W) int
        Seconds at which nights before had a visit, filled up with FAR: somebody who saw them expects one.
    load : (S,) int
        What a visit adds to a team's load.
    carries : (T,) int
        The most that a team's load may be; FAR where nothing bounds it.
    """

    stops: int
    turns: int
    breaks: int
    teams: int
    villages: IntArray
    leader: int
    separation: int
    idle: IntArray
    idles: bool
    over_from: IntArray
    enter: IntArray
    leave: IntArray
    stay: IntArray
    first: IntArray
    each: IntArray
    held: IntArray
    travel: IntArray
    gang: IntArray
    free: BoolArray
    prize: FloatArray
    required: BoolArray
    pin: IntArray
    near: IntArray
    kept: IntArray
    known: IntArray
    load: IntArray
    carries: IntArray


# Columns of `Fixed.gang` and `Fixed.held`.
MODE, START, END, VILLAGE = 0, 1, 2, 3
HELD_FROM, HELD_TO, HELD_BY = 0, 1, 2
# The orders are one array of these rows with a column for each call, break, start and end: what comes next
# and before it in its chain; the team that makes the call, -1 for nobody; whether a break is held at the
# place before it (0) or after it (1), and whether a call goes through its stretch forth (0) or back (1); the
# earliest and latest start for which all chains work; the nodes at which it begins and ends (-1 for a break,
# and for an end that is anywhere), and how long it takes.
NEXT, BEFORE, TEAM, SIDE, EARLY, LATE, ENTER, LEAVE, LASTS = range(9)
ROWS = 9


def fixed_of(
    arrays: ProblemArrays,
    reach: Reach,
    *,
    kept: IntArray | None = None,
    known: IntArray | None = None,
    load: IntArray | None = None,
    carries: IntArray | None = None,
) -> Fixed:
    """A problem for the search.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach
        Of the same arrays.
    kept : (T, S) array of int, optional
        Nothing is worth keeping where it is left out; below 0 where it is worth avoiding.
    known : (S, W) array of int, optional
        No time is known where it is left out.
    load, carries : (S,) and (T,) array of int, optional
        Loads and their limits; patrols have none.
    """
    rule, stops, teams = arrays.rule, arrays.stop_count, arrays.team_count
    turns = rule.visits
    held = [(team, one) for team, several in enumerate(arrays.breaks) for one in several]
    over_from = np.full((stops, turns), -FAR, np.int64)
    bounded = arrays.idle < FAR
    for turn in range(turns):
        # From each turn on, stays and waits must last to the end of the span.
        over = arrays.span[1] - (turns - turn) * arrays.idle - (turns - turn - 1) * arrays.longest
        asked = bounded & ~arrays.required if turn == 0 else bounded
        over_from[:, turn] = np.where(asked, over, -FAR)
    return Fixed(
        stops=stops,
        turns=turns,
        breaks=len(held),
        teams=teams,
        villages=arrays.villages,
        leader=arrays.leader,
        separation=rule.separation_s,
        idle=arrays.idle,
        idles=bool(bounded.any()),
        over_from=over_from.ravel(),
        enter=arrays.enter,
        leave=arrays.leave,
        stay=np.ascontiguousarray(arrays.stay),
        first=np.stack([arrays.first.start, arrays.first.end], axis=2),
        each=np.stack([arrays.each.start, arrays.each.end], axis=2),
        held=np.array([(one.earliest, one.latest, team) for team, one in held], np.int64).reshape(-1, 3),
        travel=np.ascontiguousarray(arrays.travel),
        gang=np.vstack(
            [
                np.column_stack([arrays.mode, arrays.start, arrays.end, arrays.village]),
                *([0, 0, 0, made.village] for _, made in _made(arrays)),
            ]
        ),
        free=reach.able & ~arrays.forbidden,
        prize=np.where(arrays.lost, 0.0, arrays.prize),
        required=arrays.required | (arrays.pin >= 0).any(axis=1),
        pin=arrays.pin,
        near=_near(arrays),
        kept=np.zeros((teams, stops), np.int64) if kept is None else kept,
        known=np.zeros((stops, 0), np.int64) if known is None else known,
        load=np.zeros(stops, np.int64) if load is None else load,
        carries=np.full(teams, FAR, np.int64) if carries is None else carries,
    )


def _made(arrays: ProblemArrays) -> list[tuple[int, Visit]]:
    """The calls that visits made before take, by call."""
    turns = arrays.rule.visits
    return [
        (stop * turns + turn, made)
        for stop, chain in enumerate(arrays.chains)
        for turn, made in enumerate(chain)
    ]


def _near(arrays: ProblemArrays) -> IntArray:
    """The stops nearest to each stop, over the modes that the teams have."""
    if not arrays.stop_count:
        return np.zeros((0, 0), np.int64)
    ways = np.minimum(arrays.between, 10**7).sum(axis=0)
    np.fill_diagonal(ways, -1)
    return np.argsort(ways, axis=1, kind="stable")[:, :NEIGHBOURS].astype(np.int64)


def entries(fixed: Fixed) -> int:
    """How many columns the orders have."""
    return fixed.stops * fixed.turns + fixed.breaks + 2 * fixed.teams


def empty_orders(fixed: Fixed, arrays: ProblemArrays) -> IntArray:
    """Everybody stays at the base; breaks are not in the chains yet, visits made before stand."""
    teams, turns = fixed.teams, fixed.turns
    size = entries(fixed)
    orders = np.full((ROWS, size), NOBODY, np.int64)
    orders[SIDE:ENTER], orders[LASTS] = 0, 0
    starts = size - 2 * teams + np.arange(teams)
    orders[ENTER, starts] = orders[LEAVE, starts] = arrays.start_node
    orders[ENTER, starts + teams] = orders[LEAVE, starts + teams] = arrays.end_node
    calls = fixed.stops * turns
    orders[ENTER, :calls] = orders[LEAVE, :calls] = np.repeat(arrays.node, turns)
    held = [one.duration for several in arrays.breaks for one in several]
    orders[LASTS, calls : calls + len(held)] = held
    orders[NEXT, starts], orders[BEFORE, starts + teams] = starts + teams, starts
    orders[TEAM, starts] = orders[TEAM, starts + teams] = np.arange(teams)
    for ghost, (x, made) in enumerate(_made(arrays)):
        orders[TEAM, x] = teams + ghost
        orders[EARLY, x] = orders[LATE, x] = made.start
        orders[LASTS, x] = made.end - made.start
    for stop, chain in enumerate(arrays.chains):
        if chain:
            # Whoever came after it, and does not count, was there too.
            until = max(made.end for made in arrays.done[stop])
            orders[LASTS, stop * turns + len(chain) - 1] = until - chain[-1].start
    return orders
