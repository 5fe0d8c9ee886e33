"""The list of plans, a new one, and the page of one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.repository import of_plan
from web import i18n
from web.access import Action, needs
from web.pages.plans.blueprint import bp
from web.pages.plans.ordering import number_given, ordered, shift_given
from web.pages.plans.page import shown
from web.pages.plans.tables import PLANS, drafts_seen, stale_in
from web.planrights import seen_plan
from web.refusals import said
from web.requests import audit, db, render, scope, translator
from web.settings import current
from web.tabular.view import table_view

EVENING = 18
SHIFT_HOURS = 4


@bp.get("")
@needs(Action.PLANS_VIEW)
def listed() -> Response:
    """The plans somebody may see."""
    parameters = {"lang": i18n.negotiated(request), **drafts_seen()}
    return table_view(PLANS, "plans/list.html", parameters=parameters, stale_in=stale_in)


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
    zone = given.get("zone", "")
    try:
        more: dict[str, Any] = {"leads": given["leads"]} if given.get("leads") else {}
        if given.get("nights", "1") != "1":
            more["nights"] = number_given(given["nights"], gettext("Nights running"), int)
        return ordered(zone, {"zone": zone, **shift_given(given), **more})
    except InputRefused as refused:
        return _form(given, problem=said(refused, translator()), status=422)


@bp.get("/<int:number>")
@needs(Action.PLANS_VIEW)
def record(number: int) -> Response:
    """One plan: its state, routes, times, who crosses whom, what it is worth."""
    if seen_plan(number)["status"] != "published":
        audit("view", f"plan {number}")
    return shown(number)


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
        leaders=[
            (row["path"], gettext("%(village)s (zone %(zone)s)", village=row[name], zone=row["zone"]))
            for row in of_plan.may_lead(db()).to_dict("records")
        ],
        seconds=current(db())["planning.search_s"],
        zone_here=bool(scope()),
    )
