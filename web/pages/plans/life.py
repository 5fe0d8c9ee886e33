"""From draft to published and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.repository import check_ins, of_plan
from patrols.services import life
from web.access import Action, needs
from web.i18n import N_
from web.pages.plans.blueprint import bp
from web.pages.plans.page import shown
from web.planrights import seen_plan
from web.planstate import stale_plans
from web.refusals import Refused
from web.requests import access, audit, db


@bp.post("/<int:number>/approve")
@needs(Action.PLANS_PUBLISH)
def approve(number: int) -> Response:
    """Say that a draft may go out. What is wrong with it is said, too."""
    return _step(
        number,
        "approve",
        lambda plan: life.approve(db(), number, **_who(), **_despite(number)),
        gettext("The plan is approved; publish it, so that the teams see it."),
    )


@bp.post("/<int:number>/publish")
@needs(Action.PLANS_PUBLISH)
def publish(number: int) -> Response:
    """Let everybody of the zone see an approved plan."""
    return _step(
        number,
        "publish",
        lambda plan: life.publish(db(), number, **_who(), **_despite(number)),
        gettext("The plan is published: the teams of the zone see it now."),
    )


@bp.post("/<int:number>/replace")
@needs(Action.PLANS_PUBLISH)
def replace(number: int) -> Response:
    """Publish a plan in place of the one that is published for its zone and time, in one step."""
    return _step(
        number,
        "replace",
        lambda plan: life.replace(db(), number, **_who(), **_despite(number)),
        gettext("The plan is published in place of the other one: the teams of the zone see it now."),
    )


@bp.post("/<int:number>/leader")
@needs(Action.PLANS_MAKE)
def name_leader(number: int) -> Response:
    """Say who leads the shift for the police."""
    leader = request.form.get("leader", "")
    return _step(
        number,
        "change",
        lambda plan: life.name_leader(db(), number, leader),
        gettext("The police leader is stored with the plan."),
        police_leader=leader.strip()[: life.LONGEST_LEADER],
    )


@bp.post("/<int:number>/withdraw")
@needs(Action.PLANS_PUBLISH)
def withdraw(number: int) -> Response:
    """Make it a draft again, with the reason."""
    return _step(
        number,
        "withdraw",
        lambda plan: life.withdraw(db(), number, **_who(), reason=request.form.get("reason", "")),
        gettext("The plan is a draft again; the teams do not see it."),
    )


@bp.post("/<int:number>/remove")
@needs(Action.PLANS_MAKE)
def remove(number: int) -> Response:
    """Remove a draft, so that what it stands on can be taken back."""
    plan = seen_plan(number)
    if plan["status"] == "published":
        raise Refused(N_("The teams see this plan; withdraw it before you remove it."))
    signed = len(check_ins.of_plan(db(), number))
    if signed:
        raise Refused(
            N_("Not removed: check-ins were entered for this plan (%(n)s); take them back first."), n=signed
        )
    of_plan.remove(db(), number)
    audit("remove", f"plan {number}", zone=plan["zone_code"])
    flash(gettext("The plan is removed."), "success")
    return redirect("/plans")


def _step(
    number: int, event: str, deed: Callable[[dict[str, Any]], object], done: str, **also: str
) -> Response:
    """Take a step and write it down; a refusal is told on the plan's page."""
    plan = seen_plan(number)
    try:
        deed(plan)
    except InputRefused as refused:
        db().rollback()
        return shown(number, refused=refused, status=422)
    reason = request.form.get("reason", "").strip()
    detail: dict[str, Any] = also | ({"reason": reason} if reason else {})
    audit(event, f"plan {number}", zone=plan["zone_code"], **detail)
    flash(done, "success")
    return redirect(f"/plans/{number}")


def _who() -> dict[str, Any]:
    return {"author": access().account.name, "now": datetime.now(UTC)}


def _despite(number: int) -> dict[str, Any]:
    """What has changed under the plan, and whether whoever asks says that they know what is wrong with it."""
    return {
        "stale": stale_plans([number]).get(number, []),
        "despite": request.form.get("despite") == "yes",
        "reason": request.form.get("reason", ""),
    }
