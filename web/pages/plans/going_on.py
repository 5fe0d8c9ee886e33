"""A shift that goes on: a team dropped out or is bound, a camera failed, stops come or are not needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from cameras.repository import one
from geo.errors import InputRefused
from patrols.repository import of_plan, on_map
from web.access import Action, needs
from web.duty.content import Team, Visit
from web.duty.done import TeamDone, planned_beside_done
from web.duty.making import duty_of
from web.forms import local_moment
from web.jobs import enqueue
from web.jobs.bodies import going_on as body
from web.jobs.words import Name
from web.pages.plans.blueprint import bp
from web.pages.plans.page import plan_layers
from web.planrights import may_of_plan, seen_plan
from web.refusals import said
from web.requests import access, audit, db, render, translator
from web.tables import Account

if TYPE_CHECKING:
    from patrols.services import Change

AS_PLANNED, OUT, BOUND = "", "out", "bound"
USUAL_PRIZE = 50
MOST_CAMERAS = 1_000


@bp.get("/<int:number>/go-on")
@needs(Action.PLANS_MAKE)
def going_on(number: int) -> Response:
    """What has changed, to be said: now, or where the shift does not run, its middle to try it with."""
    return _form(seen_plan(number), MultiDict())


@bp.post("/<int:number>/go-on")
@needs(Action.PLANS_MAKE)
def go_on(number: int) -> Response:
    """Put the rest of the shift into the queue, with what has changed."""
    plan = seen_plan(number)
    try:
        asked = {"plan": number, **_asked(plan, request.form)}
        order = body.order(asked)
        _refuse_at_sight(plan, order.change)
    except InputRefused as refused:
        return _form(plan, request.form, refused=refused, status=422)
    own = of_plan.members(db(), plan["zone_id"]).query("seen")["path"]
    t = translator()
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(plan["zone"], plan["zone_en"]), t.moment(order.change.now)),
        jurisdiction_path=str(own.iloc[0]) if len(own) else None,
    )
    audit("run", f"plan for zone {plan['zone_code']}", job=job, **asked)
    return redirect(f"/jobs/{job}")


def _asked(plan: dict[str, Any], given: MultiDict[str, str]) -> dict[str, Any]:
    """What was said, as the job takes it.

    Raises
    ------
    InputRefused
        For a time or a number that is none, and for a camera that whoever asks does not see.
    """
    zone = translator().zone
    now = local_moment(given.get("now", ""), zone, gettext("Time"))
    out, bound = [], {}
    for team in duty_of(db(), plan, translator()).teams:
        state = given.get(f"state-{team.code}", AS_PLANNED)
        if state == OUT:
            out.append(team.code)
        elif state == BOUND:
            until = local_moment(given.get(f"until-{team.code}", ""), zone, team.name)
            bound[team.code] = until.isoformat()
    camera = given.get("camera", "").strip()
    # Where its stops come to lie tells what it saw.
    seen = may_of_plan(Action.CAMERAS_VIEW, plan["id"]) and one.known(db(Action.CAMERAS_VIEW), [camera])
    if camera and not seen:
        raise InputRefused(gettext("There is no camera “%(code)s” in your area.", code=camera[:40]))
    return {
        "now": now.isoformat(),
        "out": out,
        "bound_until": bound,
        "new_stops": _new_stops(given),
        "dropped": given.getlist("dropped"),
        "not_made": [list(one.split("|", 1)) for one in given.getlist("not_made") if "|" in one],
        "camera": camera,
        "why": given.get("why", "").strip(),
    }


def _refuse_at_sight(plan: dict[str, Any], change: Change) -> None:
    """Refuse on the form what the job would refuse, so that nothing is typed twice.

    Raises
    ------
    InputRefused
        For a time outside the shift, a stop that is none of the plan, and a team that is bound until a time
        that is over.
    """
    t = translator()
    if not plan["start"] <= change.now < plan["end"]:
        raise InputRefused(
            gettext(
                "%(time)s lies outside the shift, %(shift)s; give a time within it.",
                time=t.moment(change.now),
                shift=t.span(plan["start"], plan["end"]),
            )
        )
    teams = {row["code"] for row in of_plan.teams(db(), plan["zone_id"]).to_dict("records")}
    stops = set(of_plan.stops(db(), plan["id"])["stop_id"])
    change.refuse_unknown(plan["id"], teams | {team.code for team in duty_of(db(), plan, t).teams}, stops)


def _new_stops(given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The stop that was pointed at; none where its position was left empty."""
    lon, lat = given.get("lon", "").strip(), given.get("lat", "").strip()
    if not lon and not lat:
        return []
    stop: dict[str, Any] = {
        "lon": _number(lon, gettext("Longitude"), float),
        "lat": _number(lat, gettext("Latitude"), float),
        "required": given.get("required") == "yes",
        "prize": _number(given.get("prize", "").strip() or "0", gettext("Prize"), int),
    }
    if given.get("stay_min", "").strip():
        stop["service_s"] = 60 * _number(given["stay_min"].strip(), gettext("How long a team stays"), int)
    return [stop]


def _number(value: str, what: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        words = gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        raise InputRefused(words) from error


def _form(
    plan: dict[str, Any],
    given: MultiDict[str, str],
    *,
    refused: InputRefused | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    duty = duty_of(db(), plan, t)
    at, done = _now(plan), planned_beside_done(db(), duty, t)
    with_cameras = may_of_plan(Action.CAMERAS_VIEW, plan["id"])
    return render(
        "plans/going_on.html",
        status=status,
        plan=plan,
        duty=duty,
        zone_name=duty.zone,
        shift=t.span(plan["start"], plan["end"]),
        runs=plan["start"] <= datetime.now(UTC) < plan["end"],
        given={
            "now": f"{at.astimezone(t.zone):%Y-%m-%dT%H:%M}",
            "prize": str(USUAL_PRIZE),
            **given.to_dict(),
        },
        until=f"{min(at + timedelta(minutes=30), plan['end']).astimezone(t.zone):%Y-%m-%dT%H:%M}",
        dropped=set(given.getlist("dropped")),
        not_made=set(given.getlist("not_made")),
        unsigned=_unsigned(done),
        signs=sum(team.done for team in done),
        with_cameras=with_cameras,
        cameras=_cameras(plan) if with_cameras else [],
        layers=plan_layers(plan, on_map.visits(db(), plan["id"]), of_plan.stops(db(), plan["id"]), t),
        longest_why=body.LONGEST_WHY,
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if refused else [],
        states=(AS_PLANNED, OUT, BOUND),
    )


def _now(plan: dict[str, Any]) -> datetime:
    """Now, to the minute; the middle of a shift that does not run."""
    now = datetime.now(UTC)
    if not plan["start"] <= now < plan["end"]:
        now = plan["start"] + (plan["end"] - plan["start"]) / 2
    whole: datetime = now.replace(second=0, microsecond=0)
    return max(whole, plan["start"])


def _unsigned(done: Sequence[TeamDone]) -> list[tuple[Team, list[Visit]]]:
    """Planned visits that nobody signed in at, by team."""
    found = [(team.team, [line.visit for line in team.lines if line.came is None]) for team in done]
    return [(team, visits) for team, visits in found if visits]


def _cameras(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Cameras of the zone's villages, to choose from."""
    members = of_plan.members(db(), plan["zone_id"])["path"].tolist()
    return one.named_under(db(Action.CAMERAS_VIEW), members, MOST_CAMERAS)
