"""Which teams could visit which stops, each alone: what no plan can do better than."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import floyd_warshall

from patrols.arrays import FAR, BoolArray, IntArray, ProblemArrays, problem_arrays
from patrols.problem import PatrolProblem


@dataclass(frozen=True, eq=False)
class Reach:
    """When each team, alone, could visit each stop. T teams, S stops; seconds from the origin.

    Parameters
    ----------
    shortest : (M, N, N) int
        Travel with every detour over other nodes allowed; FAR = unreachable.
    early, late : (T, S) int
        Earliest and latest start of a service after which the team is back in time; FAR and -FAR
        where there is none.
    early_first : (T, S) int
        The same where the visit is the stop's first.
    """

    shortest: IntArray
    early: IntArray
    late: IntArray
    early_first: IntArray

    @property
    def able(self) -> BoolArray:
        """(T, S): whether the team can visit the stop."""
        return self.early < FAR


def reachable_stops(problem: PatrolProblem) -> pd.DataFrame:
    """For every stop, who could visit it and whether it could be crossed at all.

    A team can visit a stop when, going nowhere else, it leaves its start node at the start of its
    shift, serves within the stop's windows for "each" visit, is at its end node by the end of its
    shift, is not forbidden there, and the time that is neither travel nor service is at least as
    long as its breaks together.

    Parameters
    ----------
    problem : PatrolProblem

    Returns
    -------
    DataFrame
        On the index of `problem.stops`: stop_id, teams (how many can visit it), villages (how many villages
        these teams come from; teams without a village count for none; for a *joint* rule 1 where one of
        them is mixed enough), crossable (teams of as many villages as the rule asks for could each visit
        it, the duty village of a *rota* among them, and some team could be the first one where the first
        visit has windows of its own). The separation is not asked for here.

    Notes
    -----
    Ways are shortest ways over the nodes of the problem, so a matrix that breaks the triangle
    inequality makes a stop look reachable rather than lost: what is called unreachable is so for
    every plan.
    """
    arrays = problem_arrays(problem)
    reach = reach_of(arrays)
    able = reach.able
    return pd.DataFrame(
        {
            "stop_id": problem.stops["stop_id"],
            "teams": able.sum(axis=0).astype(np.int64),
            "villages": _villages(arrays, able),
            "crossable": crossable(arrays, reach),
        },
        index=problem.stops.index,
    )


def crossable(arrays: ProblemArrays, reach: Reach) -> BoolArray:
    """(S,): the column of that name of `reachable_stops`."""
    first = (reach.early_first < FAR).any(axis=0)
    enough: BoolArray = _villages(arrays, reach.able) >= arrays.villages
    enough &= led(arrays) | reach.able[arrays.village == arrays.leader].any(axis=0)
    return ((enough & first) | arrays.met) & ~arrays.lost


def led(arrays: ProblemArrays) -> BoolArray:
    """(S,): whether nobody of a duty village need come any more: there is none, or it was there before."""
    if arrays.leader < 0:
        return np.ones(arrays.stop_count, bool)
    return np.array([any(made.village == arrays.leader for made in several) for several in arrays.done], bool)


def _villages(arrays: ProblemArrays, able: BoolArray) -> IntArray:
    """How many villages the teams that are able, or that were there before, come from, per stop."""
    count = np.zeros(arrays.stop_count, np.int64)
    for village in np.unique(arrays.village[arrays.village >= 0]):
        before = np.array([any(made.village == village for made in several) for several in arrays.done], bool)
        count += able[arrays.village == village].any(axis=0) | before
    for stop, several in enumerate(arrays.done):
        count[stop] += len({made.village for made in several} - set(arrays.village.tolist()) - {-1})
    return count


def reach_of(arrays: ProblemArrays) -> Reach:
    """When each team, alone, could visit each stop.

    Parameters
    ----------
    arrays : ProblemArrays

    Returns
    -------
    Reach
    """
    shortest = np.stack([shortest_ways(matrix) for matrix in arrays.travel])
    teams, stops = arrays.team_count, arrays.stop_count
    early, first = np.full((teams, stops), FAR, np.int64), np.full((teams, stops), FAR, np.int64)
    late = np.full((teams, stops), -FAR, np.int64)
    every = np.arange(stops)
    for team, side in product(range(teams), range(2)):
        way, stay = shortest[arrays.mode[team]], arrays.stay[arrays.mode[team], :, side]
        there = way[arrays.start_node[team], arrays.enter[:, side]]
        end_node = arrays.end_node[team]
        back = np.zeros(stops, np.int64) if end_node < 0 else way[arrays.leave[:, side], end_node]
        shift = int(arrays.end[team] - arrays.start[team])
        rest = sum(held.duration for held in arrays.breaks[team])
        arrive = arrays.start[team] + there
        limit = arrays.end[team] - back - stay
        fits = ~arrays.forbidden[team] & (there + stay + back + rest <= shift)
        starts = (
            arrays.each.next_start(every, arrive),
            arrays.first.next_start(every, arrive),
            arrays.each.last_start(every, limit),
        )
        able = fits & (starts[0] <= limit)
        early[team] = np.where(able, np.minimum(starts[0], early[team]), early[team])
        first[team] = np.where(fits & (starts[1] <= limit), np.minimum(starts[1], first[team]), first[team])
        late[team] = np.where(able, np.maximum(starts[2], late[team]), late[team])
    return Reach(shortest, early, late, first)


def shortest_ways(travel: IntArray) -> IntArray:
    """Travel with every detour over other nodes allowed.

    Parameters
    ----------
    travel : (N, N) int
        Seconds, FAR = unreachable.

    Returns
    -------
    (N, N) int
        Never more than `travel`; the same where it keeps the triangle inequality.
    """
    # SciPy reads an edge of weight 0 as no edge. So every edge weighs one more after scaling all
    # by more than the number of edges of any shortest way, and the division takes it out again.
    scale = len(travel) + 1
    weights = np.where(travel >= FAR, np.inf, travel.astype(np.float64) * scale + 1)
    np.fill_diagonal(weights, 0)
    ways = floyd_warshall(weights, directed=True)
    reached = np.isfinite(ways)
    return np.where(reached, np.where(reached, ways, 0).astype(np.int64) // scale, FAR)


def visits_in_time(arrays: ProblemArrays, reach: Reach) -> BoolArray:
    """(S,): whether the rule's visits could follow each other in time, as far as single teams can tell.

    Where a visit was made before, yes. Else the first and the last of them must be far enough apart for all
    separations between, and where the rule asks for two villages, two teams of different villages must be
    able to come one separation apart.
    """
    rule = arrays.rule
    own = arrays.village >= 0
    had = np.array([bool(several) for several in arrays.done], bool)
    if not own.any():
        return had
    early, late = reach.early[own].min(axis=0), reach.late[own].max(axis=0)
    found: BoolArray = (early < FAR) & (early + (rule.visits - 1) * rule.separation_s <= late)
    villages = np.unique(arrays.village[own])
    alone = arrays.villages == 1
    if len(villages) < 2:
        return (found & alone) | had
    early = np.stack([reach.early[arrays.village == v].min(axis=0) for v in villages])
    late = np.stack([reach.late[arrays.village == v].max(axis=0) for v in villages])
    apart = np.zeros(arrays.stop_count, bool)
    for a in range(len(villages)):
        others = np.delete(late, a, axis=0).max(axis=0)
        apart |= early[a] + rule.separation_s <= others
    return (found & (alone | apart) & (arrays.villages <= len(villages))) | had
