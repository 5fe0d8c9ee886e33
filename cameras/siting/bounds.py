"""What no choice can pass: bounds on the covered weight."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from cameras.siting.covering import Covering
from cameras.siting.kernels import State

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# HiGHS satisfies constraints to about 1e-6; a bound is rounded up by so much before it is cut to whole units.
_SLACK = 1e-6


def reachable(problem: Covering) -> int:
    """Weight of all points that some choice covers: the bound of having as many cameras as one likes."""
    up = problem.change.data > 0
    can = problem.base > 0
    can[problem.change.indices[up]] = True
    return int(problem.weight[can].sum())


def best_of_groups(value: FloatArray, problem: Covering, budget: IntArray) -> IntArray:
    """Rows of the greatest positive values: of each kind as many as its budget, of each group its capacity.

    No choice has a greater sum; where a group holds several kinds, the answer may overfill it.
    """
    chosen = []
    for kind, count in enumerate(budget):
        rows = np.flatnonzero((value > 0) & (problem.kinds == kind))
        looked_at = 8 * int(count) + 64
        while True:
            # Most of thousands never come into it: look at the greatest, and at more where groups fill up.
            part = rows
            if looked_at < len(rows):
                part = rows[np.argpartition(-value[rows], looked_at)[:looked_at]]
            order = part[np.lexsort((-value[part], problem.group[part]))]
            group = problem.group[order]
            first = np.searchsorted(group, group, side="left")
            order = order[np.arange(len(order)) - first < problem.capacity[group]]
            if len(order) >= count or len(part) == len(rows):
                chosen.append(order[np.argsort(-value[order], kind="stable")][:count])
                break
            looked_at *= 4
    return np.concatenate(chosen)


def marginal_bound(state: State, budget: IntArray) -> int:
    """The data-dependent bound of a submodular function at a choice: value plus the greatest marginal gains.

    Nemhauser, Wolsey and Fisher, Mathematical Programming 14 (1978) 265–294, proposition 2.1: an optimum T
    covers no more than f(S ∪ T) ≤ f(S) + Σ of what each of T would add to S. What an existing camera saw
    before it was re-aimed in S is added as well, because T may leave it as it is (derived here). What a
    re-aim loses is not taken off, so that the bound holds for sets with re-aims.
    """
    problem = state.problem
    up, down = problem.change.copy(), problem.change.copy()
    up.data, down.data = (up.data > 0).astype(np.int64), (down.data < 0).astype(np.int64)
    bare = problem.weight * (state.counts == 0)
    gains = (up @ bare).astype(np.float64)
    given_up = np.asarray(down[state.picks()].sum(axis=0)).ravel() > 0
    rows = best_of_groups(gains, problem, budget)
    return state.value + int(gains[rows].sum()) + int(bare[given_up].sum())


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What the relaxation found: the bound, and choices met on the way, the latest last."""

    bound: int
    choices: tuple[IntArray, ...]


def lagrange(
    problem: Covering,
    budget: IntArray,
    floor: int,
    rounds: int,
    should_abort: Callable[[], bool] | None = None,
) -> Relaxed:
    """Lagrangian relaxation of the covering constraints by subgradient steps.

    Parameters
    ----------
    problem : Covering
    budget : (k,) array of int
        Candidates to choose of each kind.
    floor : int
        Covered weight of a choice that is known, for the length of the steps.
    rounds : int
        Steps; the bound falls with each that helps.
    should_abort : callable, optional
        Asked now and then; True ends with what there is.

    Notes
    -----
    Maximise Σ w y with y_p ≤ base_p + Σ change_ip x_i; with multipliers 0 ≤ λ ≤ w the constraints go into
    the objective, and what is left falls apart into points and candidates (Galvão and ReVelle, European
    Journal of Operational Research 88 (1996) 114–123). It comes as near as the linear relaxation does, at a
    fraction of its time; any λ gives a bound that holds.
    """
    weight, base = problem.weight.astype(np.float64), problem.base.astype(np.float64)
    change = problem.change.astype(np.float64)
    across = sparse.csr_array(change.T.tocsr())
    price = np.where(base > 0, 0.0, weight / np.maximum(1.0, np.asarray(abs(across).sum(axis=1)).ravel()))
    best, kept, length, since = math.inf, price, 1.0, 0
    choices: list[IntArray] = []
    for round_ in range(rounds):
        if should_abort is not None and round_ % 20 == 0 and should_abort():
            break
        worth = change @ price
        rows = best_of_groups(worth, problem, budget)
        slack_weight = weight - price
        bound = float(slack_weight.sum() + price @ base + worth[rows].sum())
        if bound < best - 1e-9 * abs(best if math.isfinite(best) else 1.0):
            best, kept, since = bound, price.copy(), 0
            choices.append(rows)
        else:
            since += 1
            if since >= 15:
                length, since, price = length / 2.0, 0, kept.copy()
                continue
        if best <= floor + 1.0 - _SLACK or length < 1e-4:
            break
        taken = np.zeros(problem.candidates)
        taken[rows] = 1.0
        # A covered point is bought (y = 1) as long as its price is below its weight.
        slope = base + across @ taken - (slack_weight > 0)
        norm = float(slope @ slope)
        if norm == 0.0:
            break
        step = length * max(bound - floor, 1.0) / norm
        price = np.clip(price - step * slope, 0.0, weight)
    bound_ = reachable(problem) if not math.isfinite(best) else math.floor(best + max(_SLACK, 1e-12 * best))
    return Relaxed(bound_, tuple(choices[-8:]))


@dataclass(frozen=True, eq=False)
class Solved:
    """An answer of HiGHS: the choice (None without one), its bound, and whether it is proven."""

    chosen: IntArray | None
    bound: int | None
    proven: bool


def exact(problem: Covering, budget: IntArray, time_limit_s: float) -> Solved:
    """The optimum by integer programming (HiGHS), or what it knows when its time is up.

    Maximise Σ w y, y_p ≤ base_p + Σ change_ip x_i, Σ x of each kind ≤ its budget, groups within their
    capacity; x whole, 0 ≤ y ≤ 1, which is whole by itself. Give it a `merged` problem: it is smaller by far.
    """
    m, n = problem.candidates, problem.points
    unit = float(max(problem.weight.max(initial=1), 1))
    groups = sparse.csr_array((np.ones(m), (problem.group, np.arange(m))), shape=(len(problem.capacity), m))
    kinds = sparse.csr_array((np.ones(m), (problem.kinds, np.arange(m))), shape=(len(budget), m))
    rows = sparse.vstack(
        [
            sparse.hstack([-problem.change.T.astype(np.float64), sparse.eye_array(n)]),
            sparse.hstack([kinds, sparse.csr_array((len(budget), n))]),
            sparse.hstack([groups, sparse.csr_array((len(problem.capacity), n))]),
        ],
        format="csr",
    )
    upper = np.concatenate([problem.base, budget, problem.capacity]).astype(np.float64)
    answer = milp(
        np.concatenate([np.zeros(m), -problem.weight / unit]),
        integrality=np.concatenate([np.ones(m), np.zeros(n)]),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(rows, -np.inf, upper),
        options={"time_limit": float(time_limit_s), "mip_rel_gap": 0.0},
    )
    chosen = None if answer.x is None else np.flatnonzero(answer.x[:m] > 0.5)
    dual = getattr(answer, "mip_dual_bound", None)
    bound = None
    if dual is not None and math.isfinite(dual):
        bound = math.floor(-float(dual) * unit + _SLACK * unit)
    return Solved(chosen, bound, answer.status == 0)
