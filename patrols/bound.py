"""An upper bound on what any plan can be worth."""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from patrols.arrays import FAR, IntArray, ProblemArrays
from patrols.reach import Reach, crossable, led, visits_in_time


def upper_bound(arrays: ProblemArrays, reach: Reach) -> float:
    """A value that no plan exceeds; whole where all prizes are whole.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach
        Of the same arrays.

    Returns
    -------
    float

    Notes
    -----
    Derived here. Take any plan. A crossed stop s has k visits by at least m villages, k and m those of the
    rule; choose such visits for every crossed stop and let x[t, s] count those of s that team t makes, y[s]
    say that s is crossed. Then

    - x[t, s] = 0 unless t can visit s alone (`reach_of`): a visit as part of a longer way comes no
      earlier, and leaves no more time, than one by the shortest way; and x[t, s] = 0 for a team without a
      village;
    - sum over t of x[t, s] = k y[s], and the teams of one village together at most (k - m + 1) y[s], because
      each of the other m - 1 villages makes one at least;
    - where j visits by villages were made before, the sum is max(k - j, 0) y[s] instead;
    - under a *rota* the teams of the duty village together make y[s] of them at least, where it was not there
      before, and the sum is y[s] at least;
    - y[s] = 0 unless the visits can follow each other in time (`visits_in_time`);
    - **time**: a team's shift holds all its travel, service and breaks. Of its legs, give half of
      each to the stop it leaves and half to the stop it enters. A visited stop is entered from
      another place and left for another place at least once, so it gets at least half its
      shortest entry plus half its shortest exit, taken over the team's start node, its end node
      and all stops it can visit (an exit costs nothing where the team may end anywhere). What the
      first leg gives to the start node and the last leg to the end node is not given to any stop;
      a team with a visit has both. Where k = m no team makes two of the visits to a stop. Where k > m one
      may, and wait there between them: then half entries and exits are taken as 0. Hence

          sum over s of x[t, s] (service[s] + (entry[t, s] + exit[t, s]) / 2)
              <= shift[t] - breaks[t] - (first[t] + last[t]) / 2

      with first and last the shortest leg from the start node and to the end node, and the right
      side not below 0 (a team without visits has an empty left side).

    All of it is linear, so the maximum of the sum of prize[s] y[s] over real x from 0 to k - m + 1 and y
    from 0 to 1 is at least the plan's value. It is found with HiGHS through SciPy; whole prizes make whole
    values, so the bound is rounded down to a whole number then, after adding one millionth for
    the solver's tolerance. Idleness is not used. More teams only add columns and more time only loosens
    rows, so neither lowers the bound.
    """
    wanted = np.flatnonzero(crossable(arrays, reach) & visits_in_time(arrays, reach) & (arrays.prize > 0))
    plain = float(math.fsum(arrays.prize[wanted]))
    teams, stops = np.nonzero(reach.able[:, wanted] & (arrays.village >= 0)[:, None])
    if not len(wanted) or not len(teams):
        return plain if not len(wanted) else _without_teams(arrays, wanted)
    rule, count = arrays.rule, len(teams)
    spare = rule.visits - arrays.villages[wanted]
    before = [sum(made.village >= 0 for made in arrays.done[stop]) for stop in wanted.tolist()]
    left = np.maximum(rule.visits - np.array(before, np.float64), (~led(arrays)[wanted]).astype(np.float64))
    cost = np.empty(count)
    room = np.zeros(arrays.team_count)
    for team in np.unique(teams):
        half_in, half_out, half_ends = _halves(arrays, reach, int(team))
        own = teams == team
        at = wanted[stops[own]]
        if spare[stops[own]].any():
            half_in[wanted[spare > 0]], half_out[wanted[spare > 0]], half_ends = 0.0, 0.0, 0.0
        cost[own] = arrays.stay[arrays.mode[team], at].min(axis=1) + half_in[at] + half_out[at]
        rest = sum(held.duration for held in arrays.breaks[team])
        room[team] = max(0.0, float(arrays.end[team] - arrays.start[team] - rest) - half_ends)
    columns = np.arange(count)
    last = count + np.arange(len(wanted))
    time = _rows(teams, columns, cost, arrays.team_count, count + len(wanted))
    twice = _rows(stops, columns, np.ones(count), len(wanted), count + len(wanted)) - _rows(
        np.arange(len(wanted)),
        last,
        left,
        len(wanted),
        count + len(wanted),
    )
    pair, village = np.unique(np.column_stack([stops, arrays.village[teams]]), axis=0, return_inverse=True)
    alone = _rows(village, columns, np.ones(count), len(pair), count + len(wanted)) - _rows(
        np.arange(len(pair)),
        last[pair[:, 0]],
        spare[pair[:, 0]] + 1.0,
        len(pair),
        count + len(wanted),
    )
    # None of these teams need be able to come where the stop is not crossed.
    unled = np.flatnonzero(~led(arrays)[wanted])
    row = np.full(len(wanted), -1)
    row[unled] = np.arange(len(unled))
    leads = np.flatnonzero((arrays.village[teams] == arrays.leader) & (row[stops] >= 0))
    lead = _rows(
        np.arange(len(unled)), last[unled], np.ones(len(unled)), len(unled), count + len(wanted)
    ) - _rows(row[stops[leads]], leads, np.ones(len(leads)), len(unled), count + len(wanted))
    answer = linprog(
        np.concatenate([np.zeros(count), -arrays.prize[wanted]]),
        A_ub=sp.vstack([time, alone, lead]).tocsr(),
        b_ub=np.concatenate([room, np.zeros(len(pair) + len(unled))]),
        A_eq=twice.tocsr(),
        b_eq=np.zeros(len(wanted)),
        bounds=np.column_stack(
            [np.zeros(count + len(wanted)), np.r_[spare[stops] + 1.0, np.ones(len(wanted))]]
        ),
        method="highs",
    )
    # Without an optimum (a numerical failure) the plain sum still bounds.
    relaxed = min(plain, -float(answer.fun) * (1 + 1e-9) + 1e-6) if answer.status == 0 else plain
    whole = bool((arrays.prize == np.floor(arrays.prize)).all())
    return float(math.floor(relaxed)) if whole else relaxed


def _without_teams(arrays: ProblemArrays, wanted: IntArray) -> float:
    """What visits made before are worth where no team is left."""
    return float(math.fsum(arrays.prize[wanted[arrays.met[wanted]]]))


def _halves(
    arrays: ProblemArrays, reach: Reach, team: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Half the shortest entry and exit of every stop, and of the start and end together, for one team."""
    way = reach.shortest[arrays.mode[team]]
    able = np.flatnonzero(reach.able[team])
    enter, exits = arrays.enter, arrays.leave
    start, end = int(arrays.start_node[team]), int(arrays.end_node[team])
    # A stretch is entered and left at whichever of its ends is nearer.
    ways = way[exits[:, None, :, None], enter[None, :, None, :]].min(axis=(2, 3))
    entry = np.minimum(way[start, enter].min(axis=1), _apart(ways[able].T, able).min(axis=1))
    onward = _apart(ways[:, able], able).min(axis=1)
    leave = (
        np.zeros(arrays.stop_count, np.int64) if end < 0 else np.minimum(way[exits, end].min(axis=1), onward)
    )
    first = int(way[start, enter[able]].min())
    last = 0 if end < 0 else int(way[exits[able], end].min())
    return entry / 2, leave / 2, (first + last) / 2


def _apart(ways: IntArray, able: IntArray) -> IntArray:
    """(S, A) ways between stops and the stops in `able`, the way from a stop to itself left out."""
    ways = ways.copy()
    ways[able, np.arange(len(able))] = FAR
    return ways


def _rows(
    row: IntArray, column: IntArray, value: NDArray[np.float64], height: int, width: int
) -> sp.csr_matrix:
    return sp.csr_matrix((value, (row, column)), shape=(height, width))
