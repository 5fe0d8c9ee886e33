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
from patrols.arrays import FAR, ProblemArrays, problem_arrays
from patrols.bound import upper_bound
from patrols.draft import Draft
from patrols.greedy import greedy, missing
from patrols.improve import even, more_crossed
from patrols.plan import VISIT_COLUMNS, PatrolPlan
from patrols.problem import PatrolProblem
from patrols.reach import Reach, crossable, reach_of
from patrols.rolling import rolling

STAGES = 2
# Part of the search's time for stage one. 0.3 to 0.7 made no difference beyond chance.
FIRST_STAGE_SHARE = 0.5
LONGEST_S = 24 * 3600


@dataclass(frozen=True)
class Budget:
    """How long to search: by the clock, by iterations, or until the first of the two is used up.

    Parameters
    ----------
    seconds : float, optional
        For the whole of `solve`, > 0, at most a day. Building the first
        plan and finishing the last one are not cut short: a very small budget is overrun.
    iterations : tuple of int, optional
        Iterations of the two stages, each >= 0. With these alone the same problem and seed give the
        same plan bit for bit.

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
            if len(counts) != STAGES:
                raise ValueError(
                    f"iterations has {len(counts)} numbers; give {STAGES}, one a stage, as in (2000, 2000)"
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


class _Watch:
    """Ends a stage by iterations, by the clock or on demand, and remembers which it was.

    Parameters
    ----------
    most : int, optional
        Iterations.
    end : float, optional
        When the whole search must be over, on `time.monotonic`'s clock.
    share : float
        The part that this stage may have of the time left when it begins.
    should_abort : callable, optional
    """

    def __init__(
        self, most: int | None, end: float | None, share: float, should_abort: Callable[[], bool] | None
    ) -> None:
        self.used = 0
        self.status = "iterations"
        self._most = most
        self._end = end
        self._share = share
        self._should_abort = should_abort
        self._until: float | None = None

    def __call__(self, best_cost: int) -> bool:
        """Whether the stage is over; counts the iteration that follows if not."""
        if self._end is not None and self._until is None:
            now = time.monotonic()
            self._until = now + self._share * (self._end - now)
        if self._should_abort is not None and self._should_abort():
            self.status = "aborted"
        elif self._most is not None and self.used >= self._most:
            self.status = "iterations"
        elif self._until is not None and time.monotonic() >= self._until:
            self.status = "seconds"
        else:
            self.used += 1
            return False
        return True


def solve(
    problem: PatrolProblem,
    *,
    budget: Budget,
    seed: int,
    should_abort: Callable[[], bool] | None = None,
) -> PatrolPlan:
    """The best plan found within the budget.

    A greedy plan comes first; then two rolling stages of PyVRP; the better of both, each improved
    by inserting what still fits, with the load evened where that costs no value.

    Parameters
    ----------
    problem : PatrolProblem
    budget : Budget
    seed : int
        From 0 to 2**32 - 1.
    should_abort : callable, optional
        Asked before every iteration; once it says True the search ends and the best plan so far is returned
        with the status "aborted".

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
    began = time.monotonic()
    seed = read.whole(seed, "seed", 0, 2**32 - 1)
    arrays, reach = _prepared(problem)
    best, method = more_crossed(arrays, reach, greedy(arrays, reach)), "greedy"
    counts = budget.iterations or (None,) * STAGES
    end = None
    if budget.seconds is not None:
        # Finishing the second draft takes about as long as making the first one took.
        end = began + budget.seconds - (time.monotonic() - began)
    watches = (
        _Watch(counts[0], end, FIRST_STAGE_SHARE, should_abort),
        _Watch(counts[1], end, 1.0, should_abort),
    )
    found = more_crossed(arrays, reach, rolling(arrays, reach, watches, seed))
    if _rank(arrays, found) > _rank(arrays, best):
        best, method = found, "rolling"
    _refuse_unserved(arrays, best)
    best = even(arrays, reach, best)
    iterations = tuple(watch.used for watch in watches)
    return _plan(problem, arrays, reach, best, seed, iterations, _status(watches), method)


def first_plan(problem: PatrolProblem) -> PatrolPlan:
    """The greedy plan alone, within a fraction of a second for some hundred stops.

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
    draft = greedy(arrays, reach)
    _refuse_unserved(arrays, draft)
    return _plan(problem, arrays, reach, draft, 0, (0,) * STAGES, "iterations", "greedy")


def _prepared(problem: PatrolProblem) -> tuple[ProblemArrays, Reach]:
    arrays = problem_arrays(problem)
    reach = reach_of(arrays)
    _refuse_unreachable(arrays, reach)
    return arrays, reach


def _plan(
    problem: PatrolProblem,
    arrays: ProblemArrays,
    reach: Reach,
    draft: Draft,
    seed: int,
    iterations: tuple[int, ...],
    status: str,
    method: str,
) -> PatrolPlan:
    """A draft as a plan, with its claims."""
    crossed = sorted(draft.closed)
    return PatrolPlan(
        visits=_visits(arrays, draft),
        value=_amount(problem, math.fsum(arrays.prize[crossed])),
        crossed=tuple(arrays.stop_ids[stop] for stop in crossed),
        unreachable=tuple(arrays.stop_ids[stop] for stop in np.flatnonzero(~crossable(arrays, reach))),
        upper_bound=_amount(problem, upper_bound(arrays, reach)),
        seed=seed,
        iterations=iterations,
        status=status,
        method=method,
    )


def _rank(arrays: ProblemArrays, draft: Draft) -> tuple[int, float]:
    """Required stops before value."""
    return -len(missing(arrays, draft)), draft.value(arrays)


def _status(watches: tuple[_Watch, ...]) -> str:
    """The word for the whole search: that it was aborted outweighs the clock, the clock the count."""
    said = {watch.status for watch in watches}
    return next(status for status in ("aborted", "seconds", "iterations") if status in said)


def _amount(problem: PatrolProblem, value: float) -> int | float:
    """A sum of prizes, whole for whole prizes."""
    return int(value) if problem.stops["prize"].dtype.kind == "i" else float(value)


def _visits(arrays: ProblemArrays, draft: Draft) -> pd.DataFrame:
    rows = [
        (arrays.team_ids[team], place, arrays.stop_ids[stay.stop], *time)
        for team, (route, times) in enumerate(zip(draft.routes, draft.times, strict=True))
        for place, (stay, time) in enumerate(zip(route, times, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=list(VISIT_COLUMNS))


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


def _refuse_unserved(arrays: ProblemArrays, draft: Draft) -> None:
    """Say that the required stops together did not fit."""
    names = tuple(arrays.stop_ids[stop] for stop in missing(arrays, draft))
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
