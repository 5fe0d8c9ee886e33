"""The solver's door: a patrol problem in, the best plan found within a budget out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.errors import LianfangError, Sentence
from patrols import columns as read
from patrols.arrays import FAR, IntArray, ProblemArrays, problem_arrays
from patrols.bound import upper_bound
from patrols.crossing import Visit, is_crossed
from patrols.plan import VISIT_COLUMNS, PatrolPlan
from patrols.problem import PatrolProblem
from patrols.reach import Reach, crossable, reach_of
from patrols.search.run import EVEN, Search

LONGEST_S = 24 * 3600


@dataclass(frozen=True)
class Budget:
    """How long to search: by the clock, by iterations, or until the first of the two is used up.

    Parameters
    ----------
    seconds : float, optional
        For the whole of `solve`, > 0, at most a day. Building the first plan and the bound are not
        cut short: a very small budget is overrun.
    iterations : tuple of int, optional
        How many iterations, and optionally the one from which on the search is cold and evens the load
        (after nine tenths, where it is left out), each >= 0: what a plan says in `iterations`. With these
        alone the same problem and seed give the same plan bit for bit.

    Raises
    ------
    ValueError
        For neither, or for numbers outside these limits.
    """

    seconds: float | None = None
    iterations: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a budget that ends never or at once."""
        if self.seconds is None and self.iterations is None:
            raise ValueError("the budget has neither seconds nor iterations; give one of them")
        if self.seconds is not None and not 0 < self.seconds <= LONGEST_S:
            raise ValueError(
                Sentence(
                    "a budget of %(seconds)s seconds; give more than 0 and at most %(most)s",
                    seconds=self.seconds,
                    most=LONGEST_S,
                )
            )
        if self.iterations is not None:
            counts = tuple(read.whole(count, "iterations", 0, 2**53) for count in self.iterations)
            if not 1 <= len(counts) <= 2:
                raise ValueError(
                    f"iterations has {len(counts)} numbers; give how many, and optionally the one from which"
                    " on the search is cold, as in (20000, 18000)"
                )
            object.__setattr__(self, "iterations", counts)


class RequiredStopsUnserved(LianfangError):
    """No plan was found in which every required stop is visited.

    Parameters
    ----------
    message : str
        One sentence.
    stop_ids : tuple
        The required stops that stayed without a visit.
    """

    def __init__(self, message: str, stop_ids: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.stop_ids = stop_ids


def solve(
    problem: PatrolProblem,
    *,
    budget: Budget,
    seed: int,
    should_abort: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
    even: float = EVEN,
    load: IntArray | None = None,
    carries: IntArray | None = None,
    like: PatrolPlan | None = None,
    unlike: pd.DataFrame | None = None,
) -> PatrolPlan:
    """The best plan found within the budget.

    Parameters
    ----------
    problem : PatrolProblem
    budget : Budget
    seed : int
        From 0 to 2**32 - 1.
    should_abort : callable, optional
        Asked many times a second; once it says True the search ends and the best plan so far is returned
        with the status "aborted".
    progress : callable, optional
        Told the value of the best plan so far whenever it is asked whether to go on.
    even : float
        Weight of an even load of the teams against seconds on the way; both yield to value.
    load, carries : (S,) and (T,) array of int, optional
        What a visit to each stop adds to a team's load, and the most that each team takes. Nothing that
        patrols have: published problems do, which the search is measured by.
    like : PatrolPlan, optional
        A plan to begin with and to keep to: of two answers of the same value the one that changes less of
        it is taken. Visits of teams or to stops that the problem does not have are passed over. The search
        is cold from the start.

    unlike : DataFrame, optional
        team_id, stop_id, start_s of the visits of nights before, by the clock of this problem: of two answers
        of the same value the one is taken that sends other teams, at other times. Stops that the problem does
        not have are passed over.

    Returns
    -------
    PatrolPlan
        It keeps every rule, serves every required stop, and names the stops that cannot be crossed.

    Raises
    ------
    ValueError
        For a seed outside its limits.
    RequiredStopsUnserved
        When no plan was found that serves all required stops.
    """
    end = None if budget.seconds is None else time.monotonic() + budget.seconds
    seed = read.whole(seed, "seed", 0, 2**32 - 1)
    arrays, reach = _prepared(problem)
    bound = upper_bound(arrays, reach)
    # Evening the load would move visits that had better stay where they are.
    weight = even if like is None else 0.0
    search = Search(
        arrays, reach, seed, weight, load, carries, _rows_of(arrays, problem, like), _known(arrays, unlike)
    )

    def over(found: Search) -> bool:
        if progress is not None:
            progress(found.value)
        return should_abort is not None and should_abort()

    most = None
    if budget.iterations is not None:
        count, *cold_from = budget.iterations
        most = (count, cold_from[0] if cold_from else count * 9 // 10)
    status, cold = search.until(end, most, over, cold=like is not None)
    return _plan(problem, arrays, reach, search, bound, seed, (search.done, cold), status)


def first_plan(problem: PatrolProblem) -> PatrolPlan:
    """The plan that the search begins with, within a fraction of a second.

    Parameters
    ----------
    problem : PatrolProblem

    Returns
    -------
    PatrolPlan
        As `solve`, with seed 0 and no iterations.

    Raises
    ------
    RequiredStopsUnserved
        As `solve`.
    """
    arrays, reach = _prepared(problem)
    bound, search = upper_bound(arrays, reach), Search(arrays, reach, 0)
    return _plan(problem, arrays, reach, search, bound, 0, (0, 0), "iterations", "greedy")


def _rows_of(
    arrays: ProblemArrays, problem: PatrolProblem, like: PatrolPlan | None
) -> list[tuple[int, int, int]]:
    """The visits of a plan that are still to be made, as rows of teams and stops and their ways, by time."""
    if like is None:
        return []
    team_row = {team_id: row for row, team_id in enumerate(arrays.team_ids)}
    stop_row = {stop_id: row for row, stop_id in enumerate(arrays.stop_ids)}
    made = set(zip(problem.done["stop_id"], problem.done["start_s"], strict=True))
    visits = like.visits.sort_values("start_s", kind="stable")
    rows = zip(
        *(visits[name].tolist() for name in ("team_id", "stop_id", "start_s", "backwards")), strict=True
    )
    return [
        (team_row[team_id], stop_row[stop_id], int(backwards))
        for team_id, stop_id, start_s, backwards in rows
        if team_id in team_row and stop_id in stop_row and (stop_id, start_s) not in made
    ]


def _known(arrays: ProblemArrays, unlike: pd.DataFrame | None) -> list[tuple[int, int, int]]:
    """Visits of nights before as rows of teams (-1 for one that is not there) and stops, and seconds."""
    if unlike is None or unlike.empty:
        return []
    team_row = {team_id: row for row, team_id in enumerate(arrays.team_ids)}
    stop_row = {stop_id: row for row, stop_id in enumerate(arrays.stop_ids)}
    rows = zip(*(unlike[name].tolist() for name in ("team_id", "stop_id", "start_s")), strict=True)
    return [
        (team_row.get(team_id, -1), stop_row[stop_id], int(start_s))
        for team_id, stop_id, start_s in rows
        if stop_id in stop_row
    ]


def _prepared(problem: PatrolProblem) -> tuple[ProblemArrays, Reach]:
    arrays = problem_arrays(problem)
    reach = reach_of(arrays)
    _refuse_unreachable(arrays, reach)
    return arrays, reach


def _plan(
    problem: PatrolProblem,
    arrays: ProblemArrays,
    reach: Reach,
    search: Search,
    bound: float,
    seed: int,
    iterations: tuple[int, ...],
    status: str,
    method: str = "search",
) -> PatrolPlan:
    """What was found as a plan, with its claims."""
    _refuse_unserved(arrays, search)
    visits = search.visits()
    crossed = _crossed(arrays, visits)
    rows = [
        (arrays.team_ids[team], place, arrays.stop_ids[stop], *times, bool(back))
        for team, place, stop, *times, back in visits
    ]
    return PatrolPlan(
        visits=pd.DataFrame(rows, columns=list(VISIT_COLUMNS)),
        value=_amount(problem, math.fsum(arrays.prize[crossed])),
        crossed=tuple(arrays.stop_ids[stop] for stop in crossed),
        unreachable=tuple(arrays.stop_ids[stop] for stop in np.flatnonzero(~crossable(arrays, reach))),
        upper_bound=_amount(problem, bound),
        seed=seed,
        iterations=iterations,
        status=status,
        method=method,
    )


def _crossed(arrays: ProblemArrays, visits: list[tuple[int, ...]]) -> list[int]:
    """Rows of the stops that visits, these and those made before, cross by the words of the rule.

    The search counts turns; visits made before may meet the rule in more ways than it looks for.
    """
    here = [list(several) for several in arrays.done]
    for team, _, stop, _, start, end, _ in visits:
        here[stop].append(Visit(int(arrays.village[team]), start, end))
    until = arrays.span[1]
    return [
        stop
        for stop, several in enumerate(here)
        if is_crossed(
            arrays.rule_at(stop), sorted(several, key=lambda visit: visit.start), until, arrays.leader
        )
    ]


def _amount(problem: PatrolProblem, value: float) -> int | float:
    """A sum of prizes, whole for whole prizes."""
    return int(value) if problem.stops["prize"].dtype.kind == "i" else float(value)


def _refuse_unreachable(arrays: ProblemArrays, reach: Reach) -> None:
    """Say at once that a required stop is out of every team's reach."""
    lost = [int(stop) for stop in np.flatnonzero(arrays.required & (reach.early_first >= FAR).all(axis=0))]
    if lost:
        names = tuple(arrays.stop_ids[stop] for stop in lost)
        raise RequiredStopsUnserved(
            Sentence(
                "required stop %(stops)s: no team can be there within its windows and back by the end of its "
                "shift; move it, widen its window, lengthen a shift or require it not",
                stops=_named(names),
            ),
            names,
        )


def _refuse_unserved(arrays: ProblemArrays, search: Search) -> None:
    """Say that the required stops together did not fit."""
    names = tuple(arrays.stop_ids[stop] for stop in search.lacking())
    if names:
        raise RequiredStopsUnserved(
            Sentence(
                "required stop %(stops)s found no room beside the other required stops; "
                "add a team, lengthen a shift or lift a requirement",
                stops=_named(names),
            ),
            names,
        )


def _named(names: tuple[str | int, ...]) -> str:
    first = repr(names[0])
    return first if len(names) == 1 else Sentence("%(first)s and %(n)s more", first=first, n=len(names) - 1)
