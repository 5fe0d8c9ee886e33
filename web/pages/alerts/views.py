"""The pages of alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.repository import alerts as store
from cameras.repository import one as of_camera
from geo.errors import InputRefused, LianfangError
from web import i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.jobs import told
from web.maps.words import CAUSES, LISTS, all_said
from web.pages.alerts.tables import ALERTS, ENDINGS, STATE_TONES, STATES
from web.refusals import said
from web.requests import access, audit, db, render, translator
from web.settings import alert_settings, analysis_settings, current
from web.tabular.view import table_view, wants_rows

bp = Blueprint("alerts", __name__, url_prefix="/alerts")

SURROUNDINGS_M = 150.0


@bp.get("")
@needs(Action.GAPS_VIEW)
def listed() -> Response:
    """What is usually watched and is not: now, and before."""
    rows_only = wants_rows(ALERTS)
    return table_view(
        ALERTS,
        "alerts/list.html",
        parameters={"lang": i18n.negotiated(request)},
        counts={} if rows_only else store.counts(db(), narrowing.area()),
        last=None if rows_only else _last(),
    )


@bp.get("/news")
@needs(Action.JOBS_VIEW)
def news() -> Response:
    """When the last check was; the page is loaded anew where there is more to see than it knows of.

    It says nothing of what was found, so that a page that stands open all night is one look.
    """
    last = _last()
    answer = render("alerts/last.html", last=last)
    if last["mark"] != request.args.get("mark", ""):
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.get("/<int:number>")
@needs(Action.GAPS_VIEW)
def record(number: int) -> Response:
    """One alert: where, why, since when; what to do."""
    return _record(number)


@bp.post("/<int:number>/acknowledge")
@needs(Action.CAMERAS_EDIT)
def acknowledge(number: int) -> Response:
    """Somebody has seen to it."""
    from cameras.services import alerting

    found = store.told(db(), number)
    if found is None:
        abort(404)
    note = request.form.get("note", "")
    try:
        alerting.acknowledge(db(), number, author=access().account.name, note=note, now=datetime.now(UTC))
    except InputRefused as refused:
        return _record(number, refused, note, 422)
    audit("change", f"alert {number}", path=found["path"], what="acknowledge", note=note.strip())
    flash(gettext("It is written down."), "success")
    return redirect(f"/alerts/{number}", 303)


def _last() -> dict[str, Any]:
    """The last check, and whether enough days are known of this hour."""
    # Loads the compiled kernels, which takes seconds: only whoever asks for alerts waits for it.
    from cameras.services import alerting

    session = db(Action.GAPS_VIEW)
    check, now = store.last_check(session), datetime.now(UTC)
    days = fewest = 0
    problem = ""
    try:
        values = current(session)
        chosen = alert_settings(values)
        days = len(alerting.known_days(session, now, analysis_settings(values), chosen))
        fewest = chosen.fewest_days
    except LianfangError as error:
        problem = said(error, translator())
    if check is not None and check.error is not None:
        problem = told(check.error, translator())
    return {
        "check": check,
        "days": days,
        "fewest": fewest,
        "problem": problem,
        "mark": f"{store.mark(session)}.{'' if days >= fewest else 'few'}",
    }


def _record(number: int, error: InputRefused | None = None, note: str = "", status: int = 200) -> Response:
    alert = store.told(db(Action.GAPS_VIEW), number)
    if alert is None:
        abort(404)
    cause = CAUSES[alert["cause"]]
    return render(
        "alerts/record.html",
        status=status,
        alert=alert,
        cause=cause,
        who=LISTS[cause.list],
        reasons=all_said(alert["reasons"], translator()),
        state=(STATES[alert["state"]], STATE_TONES[alert["state"]]),
        ended_how=ENDINGS.get(alert["ended_how"] or "", ""),
        layers=_layers(alert),
        may_act=access().scope(Action.CAMERAS_EDIT).covers(alert["path"]),
        error=error,
        note=note,
    )


def _layers(alert: dict[str, Any]) -> list[dict[str, Any]]:
    """The ground among the walls, and where its cameras stand."""
    session = db(Action.GAPS_VIEW)
    walls = of_camera.walls_around(session, alert["lon"], alert["lat"], SURROUNDINGS_M)
    cause = CAUSES[alert["cause"]]
    return [
        {"features": collection(walls.assign(name="")), "colour": "#8b949b", "weight": 1, "fill": 0.35},
        {
            "features": collection(store.stands(session, alert["id"])),
            "colour": "#2a788e",
            "radius": 6,
            "fill": 0.9,
            "frame": True,
        },
        {
            "features": collection(store.shape(session, alert["id"]).assign(name=translator()(cause.name))),
            "colour": cause.colour,
            "weight": 6,
            "dash": cause.dash,
            "radius": 7,
            "fill": 0.9,
            "frame": True,
        },
    ]
