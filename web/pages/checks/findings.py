"""Findings: the list, one with its evidence and history, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
from flask import abort, flash, redirect, request
from flask_babel import gettext, ngettext
from shapely import Point
from werkzeug.wrappers import Response

from cameras.audit import KINDS, corrected
from cameras.repository import at_instant, audits
from cameras.repository import one as of_camera
from geo.errors import InputRefused
from web import i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_
from web.jobs import enqueue, told
from web.jobs.bodies import checking as body
from web.jobs.words import Name
from web.pages.checks import tables
from web.pages.checks.blueprint import (
    ABOVE,
    NOT_CLOSED,
    WHOLE,
    bp,
    day,
    given,
    may_edit,
    now,
    one_area,
    tabs,
    target,
    today,
)
from web.refusals import Refused, said
from web.requests import access, audit, db, render, translator
from web.tables import Account
from web.tabular.view import table_view, wants_rows

SURROUNDINGS_M = 150.0
MOST_SHOWN = 2000
MOST_TICKED = 1000
# Streets round the middle of a file's cameras: enough to see what lies along them.
AROUND_FILE_M = 1000.0
Deed = Callable[..., object]


@bp.get("")
@needs(Action.CAMERAS_VIEW)
def listed() -> Response:
    """The findings of somebody's area."""
    spec = tables.findings(picking=may_edit())
    rows_only = wants_rows(spec)
    return table_view(
        spec,
        "checks/list.html",
        parameters={"lang": i18n.negotiated(request), "today": today()},
        tabs=tabs(),
        run=None if rows_only else _last_run(),
        counts={} if rows_only else _counts(),
        units=[] if rows_only else audits.units(db()),
        picking=may_edit(),
        target=target(),
        today=today().isoformat(),
    )


@bp.post("/run")
@needs(Action.CAMERAS_EDIT)
def run() -> Response:
    """Put an audit into the queue."""
    try:
        area = one_area()
    except InputRefused as refused:
        flash(said(refused, translator()), "error")
        return redirect("/checks", 303)
    arguments = {"area": area or ""}
    body.order(arguments)
    name = None
    if area is not None:
        names = [narrowing.named(db(), [area], lang).get(area, area) for lang in ("zh", "en")]
        name = Name(*names)
    job = enqueue(
        db(),
        body.KIND,
        arguments,
        account=db().get_one(Account, access().account.id),
        title=body.title(name),
        jurisdiction_path=area,
    )
    audit("run", "camera audit", path=area, job=job)
    return redirect(f"/jobs/{job}", 303)


@bp.get("/<int:number>")
@needs(Action.CAMERAS_VIEW)
def record(number: int) -> Response:
    """One finding."""
    return _record(number)


@bp.post("/<int:number>/<any(accept, assign, close, reopen):deed>")
@needs(Action.CAMERAS_EDIT)
def act(number: int, deed: str) -> Response:
    """Accept a finding, give it to a maintenance unit, close it as a reviewer, or open it again."""
    from cameras.services import auditing

    found = audits.finding(db(), number)
    if found is None:
        abort(404)
    asked = given(request.form, "reason", "unit", "due_on", "note")
    who: dict[str, Any] = {"author": access().account.name, "now": now()}
    try:
        if deed == "assign":
            order = auditing.assign(
                db(),
                [number],
                unit=asked["unit"],
                due_on=day(asked["due_on"], N_("Deadline")),
                today=today(),
                note=asked["note"],
                **who,
            )
            audit("change", f"finding {number}", path=found["path"], what=order, unit=asked["unit"])
        else:
            deeds: dict[str, Deed] = {
                "accept": auditing.accept,
                "close": auditing.close_reviewed,
                "reopen": auditing.reopen,
            }
            deeds[deed](db(), number, reason=asked["reason"], **who)
            audit("change", f"finding {number}", path=found["path"], what=deed, reason=asked["reason"])
    except InputRefused as refused:
        return _record(number, refused, asked, 422)
    flash(gettext("It is written down."), "success")
    return redirect(f"/checks/{number}", 303)


@bp.post("/assign")
@needs(Action.CAMERAS_EDIT)
def assign() -> Response:
    """One work order for several findings."""
    from cameras.services import auditing

    asked = given(request.form, "unit", "due_on", "note")
    try:
        numbers = _ticked(request.form.getlist("finding"))
        order = auditing.assign(
            db(),
            numbers,
            unit=asked["unit"],
            due_on=day(asked["due_on"], N_("Deadline")),
            today=today(),
            note=asked["note"],
            author=access().account.name,
            now=now(),
        )
    except InputRefused as refused:
        flash(said(refused, translator()), "error")
        return redirect(f"/checks?state={NOT_CLOSED}", 303)
    audit("change", f"findings {len(numbers)}", what=order, unit=asked["unit"])
    flash(
        ngettext(
            "Work order %(order)s holds %(n)s finding.",
            "Work order %(order)s holds %(n)s findings.",
            len(numbers),
            order=order,
            n=translator().number(len(numbers)),
        ),
        "success",
    )
    return redirect(f"/checks?order_no={order}", 303)


def _ticked(values: list[str]) -> list[int]:
    """Numbers of the findings that somebody ticked."""
    if len(values) > MOST_TICKED:
        raise Refused(
            N_("%(n)s findings are ticked; one work order takes at most %(most)s: give several"),
            n=len(values),
            most=MOST_TICKED,
        )
    odd = next((one for one in values if not (one.isascii() and one.isdigit() and len(one) <= 18)), None)
    if odd is not None:
        raise Refused(N_("there is no finding %(n)s in your area"), n=odd[:20])
    return [int(one) for one in values]


def _last_run() -> dict[str, Any] | None:
    """The audit made last of somebody's area, of more or of a part of it, and of `where` it was."""
    area, t = narrowing.area(), translator()
    found = audits.last_run(db(), None if area.everywhere else list(area.paths))
    if found is not None:
        named = found["name"] if i18n.negotiated(request) == "zh" else found["name_en"] or found["name"]
        found["where"] = t(WHOLE) if found["path"] is None else named or t(ABOVE)
    return found


def _counts() -> dict[str, int]:
    """How many findings there are, by state and by severity."""
    area = narrowing.area()
    made = dict.fromkeys((*tables.STATES, *tables.SEVERITY_WORDS, "overdue"), 0)
    for row in audits.counts(db(), None if area.everywhere else list(area.paths), today()):
        made[row["state"]] += row["n"]
        made["overdue"] += row["overdue"]
        made[KINDS[row["kind"]].severity] += row["n"]
    return made


def _record(
    number: int, error: InputRefused | None = None, asked: dict[str, str] | None = None, status: int = 200
) -> Response:
    found = audits.finding(db(), number)
    if found is None:
        abort(404)
    kind = KINDS[found["kind"]]
    return render(
        "checks/record.html",
        status=status,
        finding=found,
        kind=kind,
        evidence=told(found["evidence"], translator()),
        severity=(tables.SEVERITY_WORDS[found["severity"]], tables.SEVERITY_TONES[found["severity"]]),
        state=(tables.STATES[found["state"]], tables.STATE_TONES[found["state"]]),
        history=audits.steps(db(), number),
        step_words=tables.STEPS,
        layers=_preview(found) if found["batch_id"] is not None else _surroundings(found),
        units=audits.units(db()),
        error=error,
        asked=asked or {},
        today=today().isoformat(),
        may_act=access().scope(Action.CAMERAS_EDIT).covers(found["path"]),
        previewed=found["batch_id"] is not None,
    )


def _surroundings(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The camera among walls and streets."""
    where = (found["lon"], found["lat"], SURROUNDINGS_M)
    point = gpd.GeoDataFrame(
        {"id": [found["id"]], "name": [found["name"]]}, geometry=[Point(where[:2])], crs=4326
    )
    return [
        {
            "features": collection(of_camera.walls_around(db(), *where).assign(name="")),
            "colour": "#8b949b",
            "weight": 1,
            "fill": 0.35,
        },
        {"features": collection(at_instant.streets_near(db(), *where)), "colour": "#c9a227", "weight": 2},
        {"features": collection(point), "colour": "#d55e00", "radius": 7, "fill": 1, "frame": True},
    ]


def _preview(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the cameras of a file stand, and where they would in the datum it probably is in."""
    declared, _, really = found["mark"].partition(">")
    stored = audits.batch_positions(db(), found["batch_id"], declared).head(MOST_SHOWN)
    moved = stored.set_geometry(corrected(stored.geometry, declared, really))
    streets = at_instant.streets_near(db(), found["lon"], found["lat"], AROUND_FILE_M)
    return [
        {"features": collection(streets.assign(name="")), "colour": "#c9a227", "weight": 1},
        {"features": collection(stored), "colour": "#8b949b", "radius": 3, "fill": 0.8, "frame": True},
        {"features": collection(moved), "colour": "#0072b2", "radius": 3, "fill": 0.9, "frame": True},
    ]
