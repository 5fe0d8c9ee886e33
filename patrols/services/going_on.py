"""Plan the rest of a shift again, from where everybody is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import LianfangError, Sentence
from patrols import repository
from patrols.repository import of_plan
from patrols.resuming import rest_of_shift
from patrols.services.figures import plan_file
from patrols.services.planning import PlanOutcome, store_plan
from patrols.services.preparing import Prepared
from patrols.services.zoning import road_network
from patrols.solve import Budget, solve
from patrols.tables import Plan

# Somebody waits at the radio.
SECONDS = 4.0


def go_on(
    session: Session,
    plan_id: int,
    *,
    now: datetime,
    out: Collection[str] = (),
    bound_until: Mapping[str, datetime] | None = None,
    budget: Budget | None = None,
    seed: int,
    author: str,
    should_abort: Callable[[], bool] | None = None,
) -> PlanOutcome:
    """Plan what is left of a stored plan's shift, changing as little as can be, and store it as a draft.

    Everybody is taken to have done as planned until `now`.

    Parameters
    ----------
    session : Session
    plan_id : int
    now : datetime
        Within the shift, with a time zone.
    out : collection of str
        Codes of teams that dropped out.
    bound_until : mapping of code to datetime, optional
        Teams that something holds where they are, and until when.
    budget : Budget, optional
        `SECONDS` where it is left out.
    seed : int
    author : str
    should_abort : callable, optional

    Raises
    ------
    LianfangError
        When the plan is not stored, `now` lies outside its shift, its streets have changed since, a team
        is not in it or not in the zone any more, no team is left, or a required stop can no more be visited.
    """
    stored = session.get(Plan, plan_id)
    if stored is None:
        raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan_id))
    start, end = stored.shift.lower, stored.shift.upper
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
    network, revision = road_network(session)
    if revision != stored.road_revision:
        raise LianfangError(
            Sentence(
                "the streets have changed since plan %(plan)s was made; plan the shift anew", plan=plan_id
            )
        )
    file, head = plan_file(stored), of_plan.plan(session, plan_id)
    problem = None if file is None else file.problem
    if file is None or problem is None or file.places is None or head is None:
        raise LianfangError(
            Sentence("plan %(plan)s does not say where its stops lie; plan the shift anew", plan=plan_id)
        )
    bound = dict(bound_until or {})
    codes = set(problem.teams["team_id"])
    for code in (*out, *bound):
        if code not in codes:
            raise LianfangError(Sentence("plan %(plan)s has no team '%(team)s'", plan=plan_id, team=code))
    second = timedelta(seconds=1)
    rest = rest_of_shift(
        problem,
        file.plan,
        (now - problem.origin) // second,
        out=out,
        bound_until={code: -((problem.origin - until) // second) for code, until in bound.items()},
    )
    if rest.teams.empty:
        raise LianfangError(Sentence("no team of plan %(plan)s is left to patrol", plan=plan_id))
    teams = repository.teams(session, stored.zone_id)
    gone = sorted(set(rest.teams["team_id"]) - set(teams["code"]))
    if gone:
        raise LianfangError(
            Sentence("team '%(team)s' is not in the zone any more; say that it is out", team=gone[0])
        )
    chosen = budget or Budget(seconds=SECONDS)
    plan = solve(rest, budget=chosen, seed=seed, like=file.plan, should_abort=should_abort)
    stops = repository.plan_stops(session, plan_id)
    ready = Prepared(
        zone=head["zone_code"],
        zone_id=stored.zone_id,
        start=start,
        end=end,
        problem=rest,
        network=network,
        revision=revision,
        places=file.places,
        teams=teams,
        stops=to_metric(stops, network.crs),
        analysis=stored.analysis_id,
        parameters=stored.parameters
        | {
            "goes_on": {
                "plan": plan_id,
                "now": now.isoformat(),
                "out": sorted(out),
                "bound_until": {code: until.isoformat() for code, until in sorted(bound.items())},
            }
        },
        remarks=(),
    )
    return store_plan(session, ready, plan, budget=chosen, seed=seed, author=author)
