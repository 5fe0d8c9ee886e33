"""Analyses: those made, a new one, one with its figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from cameras.repository import on_map, records
from cameras.repository.frame_days import held_by
from cameras.services.ingesting import id_of_camera
from cameras.tables import Analysis
from geo.errors import InputRefused
from web import chosen, narrowing
from web.access import Action, needs
from web.forms import local_moment
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import analysis as body
from web.jobs.bodies import updating
from web.maps.words import CAUSES, DIMENSIONS, LEVELS, LISTS
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, translator
from web.settings import current
from web.tables import Account
from web.tabular import Column, TableSpec
from web.tabular.view import table_view

bp = Blueprint("analyses", __name__, url_prefix="/analyses")

ANALYSES = TableSpec(
    name="analyses",
    columns=(
        Column("period_from", N_("From"), "moment", filter="period"),
        Column("period_to", N_("To"), "moment"),
        Column(
            "level",
            N_("Level of detail"),
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in LEVELS.items()},
        ),
        Column(
            "dimension",
            N_("Buildings in the way"),
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in DIMENSIONS.items()},
        ),
        Column("slot_min", N_("Slot"), "integer", unit="min"),
        Column("threshold", N_("Open below"), "share"),
        Column("author", N_("Created by"), search=True),
        Column("created_at", N_("Created at"), "moment", filter="period"),
    ),
    source="""SELECT id, lower(period) AS period_from, upper(period) AS period_to, level,
                     COALESCE(parameters ->> 'dimension', '2d') AS dimension, slot_min, threshold, author,
                     created_at FROM analysis""",
    default_sort="-created_at",
    link="/analyses/{id}",
)


@bp.get("")
@needs(Action.GAPS_VIEW)
def listed() -> Response:
    """The analyses made so far."""
    return table_view(ANALYSES, "analyses/list.html")


@bp.get("/new")
@needs(Action.ANALYSES_RUN)
def new() -> Response:
    """What to analyse: the last day that has frames, at the settings of the site."""
    start, end = _proposed()
    return _form(start, end, {})


@bp.post("/new")
@needs(Action.ANALYSES_RUN)
def begin() -> Response:
    """Put the analysis into the queue."""
    given = request.form
    try:
        zone = translator().zone
        asked: dict[str, Any] = {
            "start": local_moment(given.get("start", ""), zone, gettext("From")).isoformat(),
            "end": local_moment(given.get("end", ""), zone, gettext("To")).isoformat(),
            "level": given.get("level", ""),
            "slot_min": _number(given.get("slot_min", ""), gettext("Slot"), int),
            "threshold": _number(given.get("threshold", ""), gettext("Open below"), float) / 100,
            **({"dimension": given["dimension"]} if given.get("dimension") else {}),
        }
        order = body.order(asked)
    except InputRefused as refused:
        problem = said(refused, translator())
        return _form(given.get("start", ""), given.get("end", ""), given, problem=problem, status=422)
    where = narrowing.chosen() or (None if scope().everywhere else scope().paths[0])
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(translator().span(order["start"], order["end"]), asked["level"]),
        jurisdiction_path=where,
    )
    audit("run", "analysis", path=where, job=job, **asked)
    return redirect(f"/jobs/{job}")


@bp.get("/<int:number>")
@needs(Action.GAPS_VIEW)
def record(number: int) -> Response:
    """One analysis: its figures in somebody's area, and how it was made."""
    found = db().get(Analysis, number)
    if found is None:
        abort(404)
    return _page(found)


def _page(found: Analysis, *, cameras: str | None = None, problem: str = "", status: int = 200) -> Response:
    """The page of an analysis; with what was written into its form, and why that will not do."""
    number = found.id
    counts = on_map.gap_counts(db(), number, scope())
    shares = {level: on_map.share(db(), number, level, scope()) for level in LEVELS}
    t = translator()
    corrected = _corrected_since(found)
    return render(
        "analyses/record.html",
        status=status,
        problem=problem,
        cameras="\n".join(corrected) if cameras is None else cameras,
        is_filled_in=cameras is None and bool(corrected),
        analysis=found,
        period=chosen.period_words(found),
        buildings=DIMENSIONS[chosen.dimension(found)][1],
        revisions=[
            (datetime.fromisoformat(one["at"]), one["by"], one["cameras"]) for one in found.revisions[:-6:-1]
        ],
        removable=access().scope(Action.ANALYSES_RUN).everywhere,
        shares={level: one for level, one in shares.items() if one is not None},
        levels=LEVELS,
        lists=[
            (key, t(name), t(who), sum(counts.get(c, 0) for c in CAUSES if CAUSES[c].list == key))
            for key, (name, who) in LISTS.items()
        ],
        by_cause={
            "kind": "bar",
            "x": [t(CAUSES[cause].name) for cause in CAUSES],
            "series": [{"name": t(N_("Gaps")), "values": [counts.get(cause, 0) for cause in CAUSES]}],
            "unit": "",
            "turned": True,
        },
    )


@bp.post("/<int:number>/update")
@needs(Action.ANALYSES_RUN)
def update(number: int) -> Response:
    """Put into the queue that it is brought up to date around some cameras."""
    found = db().get(Analysis, number)
    if found is None:
        abort(404)
    written = request.form.get("cameras", "")
    try:
        order = updating.order({"analysis": number, "cameras": written.replace(",", " ").split()})
        known = records.camera_ids(db())
        for code in order["cameras"]:
            # Of cameras outside one's area nothing is told.
            id_of_camera(known, code)
    except InputRefused as refused:
        return _page(found, cameras=written, problem=said(refused, translator()), status=422)
    where = narrowing.chosen() or (None if scope().everywhere else scope().paths[0])
    job = enqueue(
        db(),
        updating.KIND,
        order,
        account=db().get_one(Account, access().account.id),
        title=updating.title(chosen.period_words(found), len(order["cameras"])),
        jurisdiction_path=where,
    )
    audit("run", f"analysis {number}", path=where, job=job, cameras=" ".join(order["cameras"]))
    return redirect(f"/jobs/{job}")


@bp.post("/<int:number>/remove")
@needs(Action.ANALYSES_RUN)
def remove(number: int) -> Response:
    """Remove an analysis with all that it found; plans that were made from it stay."""
    found = db().get(Analysis, number)
    if found is None:
        abort(404)
    if not scope().everywhere:
        raise Refused(
            N_("An analysis holds the whole site: somebody who may run them everywhere can remove it.")
        )
    held = held_by(db(), number)
    if held:
        raise Refused(
            N_("Not removed: it holds what removed frames told (days: %(days)s, the first %(first)s)."),
            days=len(held),
            first=held[0].isoformat(),
        )
    words = chosen.period_words(found)
    db().delete(found)
    audit("remove", f"analysis {number}", what=words)
    flash(gettext("The analysis is removed, with its gaps and shares."), "success")
    return redirect("/analyses")


def _corrected_since(analysis: Analysis) -> list[str]:
    """Codes of cameras in somebody's area whose records were changed since an analysis, the last first."""
    last = analysis.revisions[-1]["at"] if analysis.revisions else analysis.created_at.isoformat()
    rows = db().execute(
        text(
            """SELECT code FROM camera_change
               WHERE changed_at > CAST(:since AS timestamptz)
               GROUP BY code ORDER BY max(changed_at) DESC, code LIMIT :most"""
        ),
        {"since": last, "most": updating.MOST_CAMERAS},
    )
    return list(rows.scalars())


def _form(start: str, end: str, given: Any, *, problem: str = "", status: int = 200) -> Response:
    values = current(db())
    return render(
        "analyses/new.html",
        status=status,
        start=start,
        end=end,
        level=given.get("level") or values["analysis.level"],
        slot_min=given.get("slot_min") or values["analysis.slot_min"],
        threshold=given.get("threshold") or round(100 * float(values["analysis.threshold"])),
        levels=LEVELS,
        dimension=given.get("dimension") or values["analysis.dimension"],
        dimensions=DIMENSIONS,
        problem=problem,
        frames=_frame_days(),
    )


def _frame_days() -> list[str]:
    """Days in the site's zone (newest first) that frames reach into, at most a month of them."""
    zone = translator().zone.key
    rows = db().execute(
        text(
            """SELECT day FROM (
                   SELECT generate_series(
                       date_trunc('day', min(captured_at) AT TIME ZONE :zone),
                       date_trunc('day', max(captured_at) AT TIME ZONE :zone), '1 day') AS day
                   FROM frame) days
               WHERE EXISTS (SELECT FROM frame WHERE captured_at >= day AT TIME ZONE :zone
                             AND captured_at < (day + interval '1 day') AT TIME ZONE :zone)
               ORDER BY 1 DESC LIMIT 31"""
        ),
        {"zone": zone},
    )
    return [f"{day:%Y-%m-%d}" for (day,) in rows]


def _proposed() -> tuple[str, str]:
    """The last day in the site's zone that is over and that frames reach into; yesterday without any.

    A day that is not over would count its coming hours as not measured.
    """
    zone = translator().zone
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    newest = db().scalar(
        text("SELECT max(captured_at) FROM frame WHERE captured_at < :today"), {"today": today}
    )
    day = (
        (newest or today - timedelta(hours=12))
        .astimezone(zone)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    # By the calendar: a day may have 23 or 25 hours.
    return f"{day:%Y-%m-%dT%H:%M}", f"{day.replace(tzinfo=None) + timedelta(days=1):%Y-%m-%dT%H:%M}"


def _number(text_: str, what: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(text_)
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=what, value=text_[:40])
        ) from error
