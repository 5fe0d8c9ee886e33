"""Cross-patrol plans of the family in `bench.families`, beside greedy and two rolling stages of two
programs."""

from __future__ import annotations

import time
from statistics import fmean
from typing import Any

from bench.families import CrossPatrolFamily, cross_patrol_problem
from bench.rolling.greedy import greedy
from bench.rolling.reference import Clock, plan_of
from bench.rolling.stages import rolling
from bench.rolling.vroom_stages import vroom_rolling
from patrols.arrays import problem_arrays
from patrols.bound import upper_bound
from patrols.check import violations
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.reach import reach_of
from patrols.solve import Budget, first_plan, solve

SEEDS = tuple(range(1, 11))
VILLAGES = (12, 6)
SECONDS, SHORT = 10.0, 3.0


def run(
    seconds: float = SECONDS, seeds: tuple[int, ...] = SEEDS, villages: tuple[int, ...] = VILLAGES
) -> dict[str, Any]:
    """Value of every problem, ours and the references', and the ratios.

    Parameters
    ----------
    seconds : float
        Budget of each search, the references' included.
    seeds, villages : tuple of int
        Which problems.

    Returns
    -------
    dict
        Per problem the values; then, per number of villages and over all, the mean and the least ratio of
        our value to that of two rolling stages of PyVRP; the same for our value within `SHORT` seconds; the
        mean ratios to greedy and to VROOM; and the violations of all plans, which the checker must not find.
    """
    first_plan(cross_patrol_problem(seeds[0], CrossPatrolFamily(villages=villages[0])))
    found: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for count in villages:
        for seed in seeds:
            row = _one(seed, count, seconds)
            found[f"{count}_villages_seed_{seed}"] = row
            rows.append(row)
        if len(villages) > 1:
            found[f"{count}_villages"] = _ratios(rows[-len(seeds) :])
    return found | _ratios(rows) | {"violations": sum(row["violations"] for row in rows)}


def _ratios(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and least ratios over some problems."""
    to_pyvrp = [row["value"] / row["pyvrp"] for row in rows]
    short = [row["value_short"] / row["pyvrp"] for row in rows]
    return {
        "mean_value_to_pyvrp_ratio": round(fmean(to_pyvrp), 4),
        "least_value_to_pyvrp_ratio": round(min(to_pyvrp), 4),
        "mean_short_to_pyvrp_ratio": round(fmean(short), 4),
        "least_short_to_pyvrp_ratio": round(min(short), 4),
        "short_not_below_pyvrp": sum(ratio >= 1 for ratio in short),
        "problems": len(rows),
        "mean_value_to_vroom_ratio": round(fmean(row["value"] / row["vroom"] for row in rows), 4),
        "mean_value_to_greedy_ratio": round(fmean(row["value"] / row["greedy"] for row in rows), 4),
    }


def _one(seed: int, villages: int, seconds: float) -> dict[str, Any]:
    problem = cross_patrol_problem(seed, CrossPatrolFamily(villages=villages))
    arrays = problem_arrays(problem)
    reach = reach_of(arrays)
    bound = upper_bound(arrays, reach)
    began = time.monotonic()
    clocks = Clock(began + seconds, 0.5), Clock(began + seconds, 1.0)
    pyvrp = plan_of(arrays, rolling(arrays, reach, clocks, seed), bound)
    pyvrp_s = time.monotonic() - began
    began = time.monotonic()
    vroom = plan_of(arrays, vroom_rolling(arrays, seconds), bound)
    vroom_s = time.monotonic() - began
    simple = plan_of(arrays, greedy(arrays, reach), bound)
    ours, ours_s = _timed(problem, seconds, seed)
    short, short_s = _timed(problem, SHORT, seed)
    first = first_plan(problem)
    plans = (pyvrp, vroom, simple, ours, short, first)
    return {
        "all_prizes": int(problem.stops["prize"].sum()),
        "upper_bound": ours.upper_bound,
        "value": int(ours.value),
        "value_short": int(short.value),
        "value_first": int(first.value),
        "pyvrp": int(pyvrp.value),
        "vroom": int(vroom.value),
        "greedy": int(simple.value),
        "crossed": len(ours.crossed),
        "pyvrp_crossed": len(pyvrp.crossed),
        "seconds": round(ours_s, 2),
        "short_s": round(short_s, 2),
        "pyvrp_s": round(pyvrp_s, 2),
        "vroom_s": round(vroom_s, 2),
        "iterations": ours.iterations[0],
        "violations": sum(len(violations(problem, plan)) for plan in plans),
    }


def _timed(problem: PatrolProblem, seconds: float, seed: int) -> tuple[PatrolPlan, float]:
    began = time.monotonic()
    plan = solve(problem, budget=Budget(seconds=seconds), seed=seed)
    return plan, time.monotonic() - began
