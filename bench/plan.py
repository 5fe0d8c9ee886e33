"""Cross-patrol plans of the family in `bench.families`: greedy alone against the whole search."""

from __future__ import annotations

import time
from typing import Any

from bench.families import CrossPatrolFamily, cross_patrol_problem
from patrols.check import violations
from patrols.solve import Budget, first_plan, solve

SEEDS = (1, 2, 3)
VILLAGES = (12, 6)
# The published figures for these problems were measured with ten seconds each.
SECONDS = 10.0


def run(
    seconds: float = SECONDS, seeds: tuple[int, ...] = SEEDS, villages: tuple[int, ...] = VILLAGES
) -> dict[str, Any]:
    """Crossed stops and value of every problem.

    Parameters
    ----------
    seconds : float
        Budget of each search.
    seeds, villages : tuple of int
        Which problems.

    Returns
    -------
    dict
        Per problem: crossed and value, greedy and searched, the upper bound, the seconds taken,
        the iterations and the violations (0); then the ratio of the summed values.
    """
    found: dict[str, Any] = {}
    for count in villages:
        for seed in seeds:
            found[f"{count}_villages_seed_{seed}"] = _one(seed, count, seconds)
    rows = list(found.values())
    found["searched_to_greedy_value_ratio"] = round(
        sum(row["value"] for row in rows) / sum(row["greedy_value"] for row in rows), 4
    )
    return found


def _one(seed: int, villages: int, seconds: float) -> dict[str, Any]:
    problem = cross_patrol_problem(seed, CrossPatrolFamily(villages=villages))
    began = time.perf_counter()
    first = first_plan(problem)
    greedy_s = time.perf_counter() - began
    began = time.perf_counter()
    plan = solve(problem, budget=Budget(seconds=seconds), seed=seed)
    taken_s = time.perf_counter() - began
    return {
        "greedy_crossed": len(first.crossed),
        "greedy_value": first.value,
        "greedy_s": round(greedy_s, 2),
        "crossed": len(plan.crossed),
        "value": plan.value,
        "upper_bound": plan.upper_bound,
        "method": plan.method,
        "taken_s": round(taken_s, 2),
        "iterations": " ".join(map(str, plan.iterations)),
        "violations": len(violations(problem, first)) + len(violations(problem, plan)),
    }
