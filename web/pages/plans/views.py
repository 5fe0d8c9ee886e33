"""The pages of plans."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.repository import of_plan
from web import i18n
from web.access import Action, needs
from web.forms import local_moment
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import plan as body
from web.jobs.words import Name
from web.pages.plans.sheet import plan_sheet
from web.pages.plans.tables import PLANS, drafts_seen
from web.planrights import may_of_plan, seen_plan, sees_reasons
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, translator
from web.settings import current
from web.tables import Account
from web.tabular.view import table_view

bp = Blueprint("plans", __name__, url_prefix="/plans")

EVENING = 18
SHIFT_HOURS = 4


@bp.get("")
@needs(Action.PLANS_VIEW)
def listed() -> Response:
    """The plans somebody may see."""
    return table_view(
        PLANS, "plans/list.html", parameters={"lang": i18n.negotiated(request), **drafts_seen()}
    )


@bp.get("/new")
@needs(Action.PLANS_MAKE)
def new() -> Response:
    """Which zone, which shift: tonight from six to ten."""
    now = datetime.now(translator().zone)
    start = now.replace(hour=EVENING, minute=0, second=0, microsecond=0)
    if start < now:
        start += timedelta(days=1)
    end = start + timedelta(hours=SHIFT_HOURS)
    return _form(
        {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}", **request.args.to_dict()}
    )


@bp.post("/new")
@needs(Action.PLANS_MAKE)
def begin() -> Response:
    """Put the plan into the queue."""
    given = request.form.to_dict()
    zone = of_plan.zone(db(), given.get("zone", ""))
    try:
        if zone is None:
            raise InputRefused(gettext("Choose a zone of your area."))
        zone_info = translator().zone
        asked: dict[str, Any] = {
            "zone": zone["code"],
            "start": local_moment(given.get("start", ""), zone_info, gettext("From")).isoformat(),
            "end": local_moment(given.get("end", ""), zone_info, gettext("To")).isoformat(),
            "seed": _number(given.get("seed", "1"), gettext("Seed"), int),
            "seconds": _number(given.get("seconds", ""), gettext("Search for"), float),
        }
        order = body.order(asked)
    except InputRefused as refused:
        return _form(given, problem=said(refused, translator()), status=422)
    own = of_plan.members(db(), zone["id"]).query("seen")["path"]
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(zone["name"], zone["name_en"]), translator().span(order.start, order.end)),
        jurisdiction_path=str(own.iloc[0]) if len(own) else None,
    )
    audit("run", f"plan for zone {zone['code']}", job=job, **asked)
    return redirect(f"/jobs/{job}")


@bp.get("/<int:number>")
@needs(Action.PLANS_VIEW)
def record(number: int) -> Response:
    """One plan: routes, times, who crosses whom."""
    plan = seen_plan(number)
    if plan["status"] != "published":
        audit("view", f"plan {number}")
    return render(
        "plans/record.html",
        may_here={
            action: may_of_plan(action, number)
            for action in (Action.PLANS_VIEW_DRAFTS, Action.PLANS_MAKE, Action.PLANS_PUBLISH)
        },
        **plan_sheet(plan, with_reasons=sees_reasons(number)),
    )


@bp.post("/<int:number>/publish")
@needs(Action.PLANS_PUBLISH)
def publish(number: int) -> Response:
    """Let everybody of the zone see it. A plan with violations is not published."""
    plan = seen_plan(number)
    if plan["violations"]:
        raise InputRefused(
            gettext(
                "This plan breaks %(n)s rules and cannot be published; plan again.", n=len(plan["violations"])
            )
        )
    other = of_plan.published_beside(db(), number)
    if other is not None:
        raise Refused(
            N_(
                "Plan %(other)s is published for this zone and time already: withdraw it first, so that the "
                "teams know which one counts."
            ),
            other=other,
        )
    of_plan.set_status(db(), number, "published")
    audit("publish", f"plan {number}", zone=plan["zone_code"])
    flash(gettext("The plan is published: the teams of the zone see it now."), "success")
    return redirect(f"/plans/{number}")


@bp.post("/<int:number>/withdraw")
@needs(Action.PLANS_PUBLISH)
def withdraw(number: int) -> Response:
    """Make it a draft again."""
    plan = seen_plan(number)
    of_plan.set_status(db(), number, "draft")
    audit("withdraw", f"plan {number}", zone=plan["zone_code"])
    flash(gettext("The plan is a draft again; the teams see it no more."), "success")
    return redirect(f"/plans/{number}")


@bp.post("/<int:number>/remove")
@needs(Action.PLANS_MAKE)
def remove(number: int) -> Response:
    """Remove a draft, so that what it stands on can be taken back."""
    plan = seen_plan(number)
    if plan["status"] == "published":
        raise Refused(N_("The teams see this plan; withdraw it before you remove it."))
    of_plan.remove(db(), number)
    audit("remove", f"plan {number}", zone=plan["zone_code"])
    flash(gettext("The plan is removed."), "success")
    return redirect("/plans")


def _form(given: dict[str, Any], *, problem: str = "", status: int = 200) -> Response:
    zones = of_plan.zone_choices(db())
    name = "name" if i18n.negotiated(request) == "zh" else "name_en"
    return render(
        "plans/new.html",
        status=status,
        given=given,
        problem=problem,
        zones=[
            (row["code"], gettext("%(zone)s (%(n)s teams)", zone=row[name], n=row["teams"]))
            for row in zones.to_dict("records")
        ],
        seconds=current(db())["planning.search_s"],
        zone_here=bool(scope()),
    )


def _number(value: str, what: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        words = gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        raise InputRefused(words) from error
