"""Plan a shift from the gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version

import numpy as np
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.crs import to_lonlat
from geo.errors import Sentence
from patrols import repository
from patrols.check import violations
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.reach import reachable_stops
from patrols.routing import legs
from patrols.services.again import Wishes
from patrols.services.measuring import points_at
from patrols.services.preparing import PlanSettings, Prepared, prepared
from patrols.solve import Budget, solve
from patrols.tables import Plan


@dataclass(frozen=True, eq=False)
class PlanOutcome:
    """A stored plan: its id, the answer, what its checker and its reach say, and what is worth knowing."""

    plan_id: int
    problem: PatrolProblem
    plan: PatrolPlan
    reachable: int
    violations: tuple[Sentence, ...]
    road_revision: str
    remarks: tuple[str, ...] = ()


def plan_shift(
    session: Session,
    *,
    zone: str,
    start: datetime,
    end: datetime,
    budget: Budget,
    seed: int,
    settings: PlanSettings | None = None,
    author: str,
    wishes: Wishes | None = None,
    leads: str | None = None,
    drafts: Sequence[int] = (),
    should_abort: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
    best: Callable[[float], None] | None = None,
) -> PlanOutcome:
    """Plan one zone's shift `[start, end)` (tz-aware) from the gaps of the latest analysis, and store it.

    A team whose own hours leave it no time in the shift is left out, and the remarks say so. With `wishes`
    the stops are those of the plan that is made again.

    Parameters
    ----------
    leads : str, optional
        Path of the duty village of a rota; left out, the one whose turn it is.
    drafts : sequence of int, optional
        Plans of earlier shifts of the same week or month that count although they are not published.
    should_abort : callable, optional
        Asked while it searches; once it says True the best plan so far is taken.
    progress : callable, optional
        Told the share of the work that is done, 0 to 1.
    best : callable, optional
        Told while it searches what the best plan so far is worth.

    Raises
    ------
    LianfangError
        When the zone is unknown or no team is there in the shift, nothing was analysed, the zone has no
        street or no gap, a team's base lies off the streets its mode can use, or a wish cannot be kept.
    """
    tell = progress or (lambda fraction: None)
    ready = prepared(
        session,
        zone=zone,
        start=start,
        end=end,
        settings=settings,
        wishes=wishes,
        leads=leads,
        drafts=drafts,
        tell=tell,
    )
    tell(0.4)
    plan = solve(
        ready.problem,
        budget=budget,
        seed=seed,
        should_abort=should_abort,
        progress=best,
        unlike=ready.seen,
    )
    tell(0.85)
    made = store_plan(session, ready, plan, budget=budget, seed=seed, author=author)
    tell(1.0)
    return made


def store_plan(
    session: Session, ready: Prepared, plan: PatrolPlan, *, budget: Budget, seed: int, author: str
) -> PlanOutcome:
    """Check an answer and store it as a draft."""
    problem, stops = ready.problem, ready.stops
    limit_m = ready.parameters["stop_limit_m"]
    broken = tuple(found.message for found in violations(problem, plan))
    reach = reachable_stops(problem).set_index("stop_id")
    stored = Plan(
        zone_id=ready.zone_id,
        analysis_id=ready.analysis,
        shift=Range(ready.start, ready.end),
        status="draft",
        document=repository.document(
            plan.to_json(problem, road_revision=ready.revision, places=ready.places, snap_limit_m=limit_m)
        ),
        road_revision=ready.revision,
        value=int(plan.value),
        upper_bound=int(np.floor(plan.upper_bound)),
        crossed=len(plan.crossed),
        reachable=int(reach["crossable"].sum()),
        violations=[sentence.as_json() for sentence in broken],
        seed=seed,
        parameters=ready.parameters | {"budget": asdict(budget)},
        code_version=version("lianfang"),
        author=author,
    )
    stops = stops.assign(
        crossed=stops["stop_id"].isin(plan.crossed),
        crossable=reach["crossable"].reindex(stops["stop_id"]).to_numpy(bool),
    )
    walked = legs(
        problem, plan, ready.network, points_at(ready.places, ready.network.crs), snap_limit_m=limit_m
    )
    walked["team_id"] = walked["team_id"].map(dict(zip(ready.teams["code"], ready.teams.index, strict=True)))
    number = repository.add_plan(session, stored, to_lonlat(stops), to_lonlat(walked))
    return PlanOutcome(number, problem, plan, stored.reachable, broken, ready.revision, ready.remarks)
