"""A county's evening at once: 285 teams in 40 zones, 5,000 stops, two zones searched at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.families import CrossPatrolFamily, cross_patrol_problem
from patrols.check import violations
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.solve import Budget, first_plan, solve

ZONES, TEAMS, STOPS = 40, 285, 5000
SECONDS, WORKERS = 10.0, 2


def problems() -> list[PatrolProblem]:
    """Zones of 125 stops each, 35 of them with seven teams of seven villages, five with eight of eight."""
    extra = TEAMS - 7 * ZONES
    return [
        cross_patrol_problem(
            100 + zone, CrossPatrolFamily(places=STOPS // ZONES, villages=teams, teams=teams, gates=6)
        )
        for zone in range(ZONES)
        for teams in [8 if zone < extra else 7]
    ]


def run(seconds: float = SECONDS, workers: int = WORKERS) -> dict[str, Any]:
    """Seconds for all zones, from their problems to checked plans, and what they are worth.

    Parameters
    ----------
    seconds : float
        Budget of each zone.
    workers : int
        Zones searched at a time.
    """
    zones = problems()
    first_plan(zones[0])

    def planned(problem: PatrolProblem) -> tuple[PatrolPlan, int]:
        plan = solve(problem, budget=Budget(seconds=seconds), seed=1)
        return plan, len(violations(problem, plan))

    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        plans = list(pool.map(planned, zones))
    taken = time.monotonic() - began
    value = sum(plan.value for plan, _ in plans)
    return {
        "zones": len(zones),
        "teams": sum(len(problem.teams) for problem in zones),
        "stops": sum(len(problem.stops) for problem in zones),
        "seconds_each": seconds,
        "taken_s": round(taken, 1),
        "value": int(value),
        "value_to_bound_ratio": round(value / sum(plan.upper_bound for plan, _ in plans), 4),
        "violations": sum(count for _, count in plans),
    }
