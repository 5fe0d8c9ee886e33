"""Choosing candidates: greedy, exchange with kicks, the bound, and the exact answer where it is small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.siting import bounds
from cameras.siting.covering import Covering, Siting
from cameras.siting.kernels import State

IntArray = NDArray[np.int64]
Progress = Callable[[float], None]
Abort = Callable[[], bool]


@dataclass(frozen=True)
class SearchSettings:
    """How hard to search. Counts, not seconds: the same input and seed give the same answer.

    Parameters
    ----------
    kicks : int
        Times that a part of the choice is thrown away and found anew.
    enough : float
        Kicks end when the value is as near the bound as this, a share of it.
    seed : int
        Of the kicks.
    relaxation : int
        Steps of the Lagrangian bound.
    exact : bool or None
        Whether HiGHS is asked for the optimum; None: where the problem is no larger than `small`.
    small : int
        Entries of the merged problem up to which HiGHS is asked without being told to.
    time_limit_s : float
        Of HiGHS. An answer that ran into it may differ on another machine, and says "stopped".
    """

    kicks: int = 600
    enough: float = 1e-4
    seed: int = 1
    relaxation: int = 600
    exact: bool | None = None
    small: int = 4_000
    time_limit_s: float = 20.0

    def __post_init__(self) -> None:
        if self.kicks < 0 or self.relaxation < 0 or self.small < 0:
            raise ValueError("kicks, relaxation and small are counts, 0 or more")
        if not 0 <= self.enough < 1:
            raise ValueError(f"enough {self.enough} is outside [0, 1); give a share")
        if not 0 < self.time_limit_s < 86_400:
            raise ValueError(f"time_limit_s {self.time_limit_s} is outside (0, 86400); give seconds")


def greedy(problem: Covering, count: int | Sequence[int]) -> IntArray:
    """Up to `count` candidates, each the one that gains most beside those before it; ends where none gains.

    `count` is one for all, or one for each kind.

    For new cameras alone it covers at least 1 − 1/e of what the best choice adds (Nemhauser, Wolsey and
    Fisher 1978), a half with groups (Fisher, Nemhauser and Wolsey 1978).
    """
    return State(problem, problem.budget(count)).fill()


def choose(
    problem: Covering,
    count: int | Sequence[int],
    settings: SearchSettings | None = None,
    *,
    progress: Progress | None = None,
    should_abort: Abort | None = None,
) -> Siting:
    """At most `count` candidates that cover as much weight as could be found, and a bound on any choice.

    Parameters
    ----------
    problem : Covering
    count : int or sequence of int
        Candidates to choose, of each kind where there are several; fewer where no further one gains.
    settings : SearchSettings, optional
    progress : callable, optional
        Gets the fraction done.
    should_abort : callable, optional
        True ends the search with the best choice so far; its bound still holds.

    Returns
    -------
    Siting

    Raises
    ------
    ValueError
        For a count below 0, or not one for each kind.
    """
    budget = problem.budget(count)
    settings = settings or SearchSettings()
    tell = progress or (lambda share: None)
    abort = should_abort or (lambda: False)
    small, left_out = problem.merged()
    before = small.value(np.empty(0, np.int64))
    state = State(small, budget)
    marginal = bounds.marginal_bound(state, budget)
    state.fill()
    first = state.value
    marginal = min(marginal, bounds.marginal_bound(state, budget))
    state.exchange()
    best, value = state.picks(), state.value
    tell(0.1)

    relaxed = bounds.lagrange(small, budget, value, settings.relaxation, abort)
    for start in relaxed.choices:
        state.become(start)
        state.exchange()
        if state.value > value:
            best, value = state.picks(), state.value
    marginal = min(marginal, bounds.marginal_bound(state, budget))
    tell(0.3)
    limits = {
        "all": bounds.reachable(small),
        "greedy": marginal,
        "lagrange": relaxed.bound,
    }
    best, value = _kicked(state, best, value, settings, min(limits.values()), tell, abort)
    asked = small.change.nnz <= settings.small if settings.exact is None else settings.exact
    status = "bounded"
    if asked and value < min(limits.values()) and not abort():
        solved = bounds.exact(small, budget, settings.time_limit_s)
        if solved.bound is not None:
            limits["exact"] = solved.bound
        if solved.chosen is not None and small.fits(solved.chosen) and small.value(solved.chosen) > value:
            state.become(solved.chosen)
            state.exchange()
            best, value = state.picks(), state.value
        status = "bounded" if solved.proven else "stopped"
    tell(1.0)
    name = min(limits, key=lambda key: limits[key])
    bound = max(limits[name], value)
    chosen = in_order(small, best)
    return Siting(
        chosen=chosen,
        gains=gains_of(small, chosen),
        before=before + left_out,
        value=value + left_out,
        bound=bound + left_out,
        bound_by=name,
        greedy=first + left_out,
        status="optimal" if bound == value else status,
    )


def in_order(problem: Covering, chosen: IntArray) -> IntArray:
    """The same candidates, each the one that gains most beside those before it; none is left out."""
    state = State(problem)
    left = list(chosen)
    order: list[int] = []
    while left:
        best = max(left, key=lambda row: (state.gains[row], -row))
        state.shift(int(best), 1)
        left.remove(best)
        order.append(int(best))
    return np.array(order, dtype=np.int64)


def gains_of(problem: Covering, order: IntArray) -> IntArray:
    """Weight that each candidate adds to those before it; below 0 where a re-aim loses more than it wins."""
    state = State(problem)
    gains = np.empty(len(order), np.int64)
    for place, row in enumerate(order):
        gains[place] = state.gains[row]
        state.shift(int(row), 1)
    return gains


def _kicked(
    state: State,
    best: IntArray,
    value: int,
    settings: SearchSettings,
    bound: int,
    tell: Progress,
    abort: Abort,
) -> tuple[IntArray, int]:
    """Throw a part of the choice away, fill and exchange anew, and keep what is no worse; many times."""
    chance = np.random.default_rng(settings.seed)
    state.become(best)
    current, held = best, value
    for kick in range(settings.kicks):
        if value >= (1.0 - settings.enough) * bound or not len(current) or (kick % 8 == 0 and abort()):
            break
        thrown = chance.choice(current, size=min(len(current), 1 + int(chance.integers(1, 5))), replace=False)
        for row in thrown:
            state.shift(int(row), -1)
        # A few strangers come in, or filling would only bring back who was thrown out.
        for row in chance.permutation(np.flatnonzero((state.gains > 0) & ~state.chosen))[: len(thrown) // 2]:
            if state.may(int(row)):
                state.shift(int(row), 1)
        state.fill()
        state.exchange()
        if state.value >= held:
            current, held = state.picks(), state.value
            if held > value:
                best, value = current, held
        else:
            state.become(current)
        if kick % 20 == 0:
            tell(0.3 + 0.6 * kick / settings.kicks)
    return best, value
