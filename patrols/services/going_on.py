"""Plan the rest of a shift again, from where everybody is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import LianfangError, Sentence
from patrols.columns import objects
from patrols.problem import PatrolProblem
from patrols.replaying import as_it_went
from patrols.repository import check_ins, of_plan
from patrols.resuming import rest_of_shift
from patrols.services.changing import (
    Change,
    Posed,
    added_by_hand,
    lost_stops,
    with_stops,
    without_stops,
)
from patrols.services.figures import demand_of
from patrols.services.kept_plans import gone_teams, held_plan, kept_plan
from patrols.services.planning import PlanOutcome, store_plan
from patrols.services.preparing import Prepared
from patrols.solve import Budget, solve

# Somebody waits at the radio.
SECONDS = 2.5
SECOND = timedelta(seconds=1)


def go_on(
    session: Session,
    plan_id: int,
    change: Change,
    *,
    lost: gpd.GeoDataFrame | None = None,
    budget: Budget | None = None,
    seed: int,
    author: str,
    should_abort: Callable[[], bool] | None = None,
    best: Callable[[float], None] | None = None,
) -> PlanOutcome:
    """Plan what is left of a stored plan's shift, changing as little as can be, and store it as a draft.

    What teams signed for has happened as they signed; the rest is taken to have gone as planned
    (`patrols.replaying.as_it_went`).

    Parameters
    ----------
    session : Session
    plan_id : int
    change : Change
    lost : GeoDataFrame, optional
        Lines of street that nobody sees any more because `change.camera` failed.
    budget : Budget, optional
        `SECONDS` where it is left out.
    seed : int
    author : str
    should_abort, best : callable, optional
        As `plan_shift`.

    Raises
    ------
    LianfangError
        When the plan is not stored, the time lies outside its shift, its streets have changed since, a team
        or stop is not in it, a team is not in the zone any more, no team is left, a new stop lies off the
        streets, or a required stop can no more be visited.
    """
    stored = held_plan(session, plan_id)
    now, (start, end) = change.now, (stored.shift.lower, stored.shift.upper)
    if start is None or end is None or not start <= now < end:
        raise LianfangError(
            Sentence(
                "%(now)s lies outside the shift of plan %(plan)s, %(start)s to %(end)s; "
                "give a time within it",
                now=now.isoformat(),
                plan=plan_id,
                start=None if start is None else start.astimezone(now.tzinfo).isoformat(),
                end=None if end is None else end.astimezone(now.tzinfo).isoformat(),
            )
        )
    kept = kept_plan(session, plan_id)
    problem, network = kept.problem, kept.network
    change.refuse_unknown(plan_id, set(problem.teams["team_id"]), set(problem.stops["stop_id"]))
    now_s = (now - problem.origin) // SECOND
    signed = _signed(session, plan_id, problem, now)
    went = as_it_went(problem, kept.plan, signed, now_s=now_s, not_made=change.not_made)
    rest = rest_of_shift(
        problem,
        went,
        now_s,
        out=change.out,
        bound_until={
            code: -((problem.origin - until) // SECOND) for code, until in change.bound_until.items()
        },
    )
    if rest.teams.empty:
        raise LianfangError(Sentence("no team of plan %(plan)s is left to patrol", plan=plan_id))
    gone = gone_teams(rest, kept.teams)
    if gone:
        raise LianfangError(
            Sentence("team '%(team)s' is not in the zone any more; say that it is out", team=gone[0])
        )
    posed = Posed(without_stops(rest, change.dropped), kept.places, kept.stops)
    before = stored.parameters.get("goes_on") or {}
    demand, new = demand_of(stored), []
    if lost is not None and len(lost):
        area = to_metric(of_plan.zone_shape(session, stored.zone_id), network.crs).geometry.iloc[0]
        opened, more = lost_stops(session, network, area, lost, kept.stops, demand)
        posed = _worth_more(posed, dict(zip(kept.stops["stop_id"], more.tolist(), strict=True)))
        new.append(opened)
    if change.new_stops:
        new.append(added_by_hand(network, change.new_stops, kept.teams, demand.service_s))
    if new:
        posed = with_stops(
            session,
            posed,
            gpd.GeoDataFrame(pd.concat(new, ignore_index=True), crs=network.crs),
            zone=kept.head["zone_code"],
            network=network,
            teams=kept.teams,
            snap_limit_m=float(stored.parameters["stop_limit_m"]),
        )
    chosen = budget or Budget(seconds=SECONDS)
    plan = solve(posed.problem, budget=chosen, seed=seed, like=went, should_abort=should_abort, progress=best)
    ready = Prepared(
        zone=kept.head["zone_code"],
        zone_id=stored.zone_id,
        start=start,
        end=end,
        problem=posed.problem,
        network=network,
        revision=kept.revision,
        places=posed.places,
        teams=kept.teams,
        stops=posed.stops,
        analysis=stored.analysis_id,
        parameters=stored.parameters
        | {
            "goes_on": {
                "plan": plan_id,
                **change.as_json(),
                "check_ins": len(signed),
                # What one that this plan goes on from had dropped is not needed any more either.
                "dropped": sorted({*before.get("dropped", ()), *change.dropped}),
                "added": posed.stops["stop_id"].tolist()[len(kept.stops) :],
            }
        },
        remarks=(),
    )
    return store_plan(session, ready, plan, budget=chosen, seed=seed, author=author)


def _signed(session: Session, plan_id: int, problem: PatrolProblem, now: datetime) -> pd.DataFrame:
    """What teams signed for until now, as `as_it_went` takes it."""
    rows = check_ins.signed(session, plan_id)
    rows = rows[rows["arrived_at"] <= now]

    def seconds(column: str) -> list[int | None]:
        return [
            None if pd.isna(at) else (at.to_pydatetime() - problem.origin) // SECOND for at in rows[column]
        ]

    return pd.DataFrame(
        {
            "team_id": objects(rows["team"].tolist()),
            "stop_id": objects(rows["stop_id"].tolist()),
            "start_s": pd.array(seconds("arrived_at"), dtype="Int64"),
            "end_s": pd.array(seconds("left_at"), dtype="Int64"),
        }
    )


def _worth_more(posed: Posed, more: dict[str, int]) -> Posed:
    """Stops that a failed camera makes worth more."""

    def risen(stops: pd.DataFrame) -> pd.DataFrame:
        return stops.assign(prize=stops["prize"] + stops["stop_id"].map(more).to_numpy())

    problem = replace(posed.problem, stops=risen(posed.problem.stops))
    return replace(posed, problem=problem, stops=risen(posed.stops))
