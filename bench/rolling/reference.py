"""A reference's answer as a plan that the checker can read, and the clock of its stages."""

from __future__ import annotations

import math
import time

import pandas as pd

from bench.rolling.draft import Draft
from patrols.arrays import ProblemArrays
from patrols.plan import VISIT_COLUMNS, PatrolPlan


class Clock:
    """Ends a stage after its share of the time that is left when it begins.

    Parameters
    ----------
    end : float
        On `time.monotonic`'s clock.
    share : float
        Above 0, at most 1.
    """

    def __init__(self, end: float, share: float) -> None:
        self._end, self._share = end, share
        self._until: float | None = None

    def __call__(self, best_cost: int) -> bool:
        """Whether the stage is over; PyVRP asks before every iteration."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._share * (self._end - now)
        return now >= self._until


def plan_of(arrays: ProblemArrays, draft: Draft, bound: float) -> PatrolPlan:
    """The draft as a plan.

    Parameters
    ----------
    arrays : ProblemArrays
    draft : Draft
    bound : float
        The upper bound to claim.
    """
    rows = [
        (arrays.team_ids[team], place, arrays.stop_ids[stay.stop], *times, False)
        for team, (route, timed) in enumerate(zip(draft.routes, draft.times, strict=True))
        for place, (stay, times) in enumerate(zip(route, timed, strict=True), start=1)
    ]
    crossed = sorted(draft.closed)
    return PatrolPlan(
        visits=pd.DataFrame(rows, columns=list(VISIT_COLUMNS)),
        value=math.fsum(arrays.prize[crossed]),
        crossed=tuple(arrays.stop_ids[stop] for stop in crossed),
        unreachable=(),
        upper_bound=bound,
        seed=0,
        iterations=(),
        status="seconds",
        method="rolling",
    )
