"""The list of rosters, a new one, the page of one, and what it is handed out as."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused, LianfangError
from patrols.repository import of_plan
from patrols.repository import rosters as store
from patrols.rosters.document import slots_of
from patrols.rosters.slots import read_slots
from patrols.services import rostering
from web import i18n
from web.access import Action, needs
from web.i18n import N_
from web.pages.jobs import JobSaid, progress_of
from web.pages.plans.tables import SEEN, drafts_seen
from web.pages.plans.wording import STATUSES, TONES
from web.pages.rosters.blueprint import bp
from web.pages.rosters.ordering import RUNNING, last_job, ordered
from web.refusals import said
from web.requests import access, audit, db, render, scope, translator
from web.rosters.content import KINDS, shown
from web.rosters.files import MIMETYPES, calendar, workbook
from web.settings import current
from web.tabular import Column, TableSpec
from web.tabular.view import table_view

DAYS = 7
USUAL_SLOTS = "18:00-22:00 2 2"
STEPS = {
    "made": N_("made again"),
    "swapped": N_("swapped"),
    "marked": N_("fixed or forbidden"),
    "led": N_("police leader named"),
}
MARKS = {"fixed": N_("fixed"), "forbidden": N_("forbidden"), "open": N_("open")}

ROSTERS = TableSpec(
    name="rosters",
    columns=(
        Column("zone", N_("Zone"), search=True),
        Column("first", N_("From"), "day", filter="period"),
        Column("last", N_("To"), "day"),
        Column("status", N_("Status"), "choice", filter="choice", words=STATUSES, tones=TONES),
        Column("turns", N_("Turns"), "integer"),
        Column("repeats", N_("Twice in a row"), "integer"),
        Column("created_at", N_("Created at"), "moment"),
        Column("author", N_("Created by"), search=True),
    ),
    source=f"""
        SELECT p.id, CASE WHEN :lang = 'zh' THEN z.name ELSE COALESCE(z.name_en, z.name) END AS zone,
               lower(p.days) AS first, upper(p.days) - 1 AS last, p.status,
               jsonb_array_length(p.document -> 'turns') AS turns,
               CAST(p.document ->> 'repeats' AS integer) AS repeats, p.created_at, p.author
        FROM roster p JOIN zone z ON z.id = p.zone_id WHERE {SEEN}""",
    default_sort="-first",
    link="/rosters/{id}",
)


@bp.get("")
@needs(Action.PLANS_VIEW)
def listed() -> Response:
    """The rosters somebody may see."""
    return table_view(
        ROSTERS, "rosters/list.html", parameters={"lang": i18n.negotiated(request), **drafts_seen()}
    )


@bp.get("/new")
@needs(Action.PLANS_MAKE)
def new() -> Response:
    """For which zone and days: the next seven, with the slots of the zone's last roster."""
    tomorrow = datetime.now(translator().zone).date() + timedelta(days=1)
    given = {
        "first": tomorrow.isoformat(),
        "last": (tomorrow + timedelta(days=DAYS - 1)).isoformat(),
        "slots": USUAL_SLOTS,
        "rest_h": f"{current(db())['planning.rest_h']:g}",
        **request.args.to_dict(),
    }
    zone = of_plan.zone(db(), given.get("zone", ""))
    before = store.latest_document(db(), zone["id"]) if zone else None
    if before is not None:
        given |= {
            "slots": "\n".join(slot.text for slot in slots_of(before)),
            "leaders": "\n".join(before["leaders"]),
            "rest_h": f"{before['rest_h']:g}",
        }
    return _form(MultiDict(given))


@bp.post("/new")
@needs(Action.PLANS_MAKE)
def make() -> Response:
    """Ask for a roster; its job's page."""
    given = request.form
    zone = of_plan.zone(db(), given.get("zone", ""))
    try:
        if zone is None:
            raise InputRefused(gettext("Choose a zone of your area."))
        first = _day(given.get("first", ""), gettext("From"))
        last = _day(given.get("last", ""), gettext("To"))
        slots, rest_h = given.get("slots", ""), _hours(given.get("rest_h", ""))
        leaders = given.get("leaders", "").splitlines()
        # What can be known to be impossible is told here, not by the job.
        rostering.posed(
            db(),
            zone=zone["code"],
            first=first,
            last=last,
            slots=read_slots(slots),
            rest_h=rest_h,
            leaders=leaders,
        )
    except LianfangError as refused:
        db().rollback()
        return _form(given, refused, 422)
    asked = {
        "zone": zone["code"],
        "first": first.isoformat(),
        "last": last.isoformat(),
        "slots": slots,
        "rest_h": rest_h,
        "leaders": leaders,
    }
    job = ordered(zone, first, last, asked, f"roster of zone {zone['code']}")
    return redirect(f"/jobs/{job}")


@bp.get("/<int:number>")
@needs(Action.PLANS_VIEW)
def record(number: int) -> Response:
    """One roster: the grid, how turns are shared, and what can be done to it."""
    if seen_roster(number)["status"] != "published":
        audit("view", f"roster {number}")
    return page(number)


@bp.get("/<int:number>/file<ending>")
@needs(Action.PLANS_VIEW)
def file(number: int, ending: str) -> Response:
    """The roster as a workbook, or as a calendar: of all, or of the team that is asked for."""
    roster = shown(seen_roster(number), translator())
    if ending not in MIMETYPES:
        abort(404)
    team = request.args.get("team") or None
    if team is not None and (ending != ".ics" or team not in {share.code for share in roster.shares}):
        abort(404)
    t = translator()
    content = workbook(roster, t) if ending == ".xlsx" else calendar(roster, t, team=team)
    audit("export", f"roster {number}", format=ending)
    response = Response(content, mimetype=MIMETYPES[ending])
    name = f"roster-{number}{f'-{roster_team(roster, team)}' if team else ''}{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def roster_team(roster: Any, code: str) -> int:
    """The number of a team in a roster, from 1: codes need not be file names."""
    return [share.code for share in roster.shares].index(code) + 1


def may_of_roster(action: Action, number: int) -> bool:
    """Whether whoever asks may do `action` where this roster's zone has a member."""
    return access().may(action) and store.head(db(action), number) is not None


def seen_roster(number: int) -> dict[str, Any]:
    """A roster that whoever asks may see; 404 otherwise."""
    head = store.head(db(), number)
    if head is None or (
        head["status"] != "published" and not may_of_roster(Action.PLANS_VIEW_DRAFTS, number)
    ):
        abort(404)
    return head


def page(number: int, *, refused: LianfangError | None = None, status: int = 200) -> Response:
    """The page of a roster, with the refusal of what was tried on it."""
    head, t = seen_roster(number), translator()
    with_drafts = may_of_roster(Action.PLANS_VIEW_DRAFTS, number)
    roster, status_word = shown(head, t), head["status"]
    return render(
        "rosters/record.html",
        status=status,
        roster=roster,
        head=head,
        title=f"{roster.zone} {head['first']:%Y-%m-%d} – {head['last']:%Y-%m-%d}",
        state=t(STATUSES[status_word]),
        tone=TONES[status_word],
        kinds=KINDS,
        stale=[said(one, t) for one in rostering.stale(db(), number)] if with_drafts else [],
        steps=[_step(one) for one in store.steps(db(), number)] if with_drafts else [],
        turns=[(str(turn.number), turn.name) for turn in roster.turns],
        entries=[
            (f"{turn.number}:{entry.code}", f"{turn.name} · {entry.name}")
            for turn in roster.turns
            for entry in turn.entries
        ],
        teams=[(share.code, share.name) for share in roster.shares],
        marks=[(key, t(words)) for key, words in MARKS.items()],
        may_make=may_of_roster(Action.PLANS_MAKE, number) and bool(scope()),
        may_publish=may_of_roster(Action.PLANS_PUBLISH, number) and bool(scope()),
        given=request.form,
        job=_job_shown(number, head),
        refused=said(refused, t) if refused else "",
        refusals=[said(one, t) for one in refused.problems] if isinstance(refused, InputRefused) else [],
    )


def _job_shown(number: int, head: dict[str, Any]) -> JobSaid | None:
    """The job that makes it again: while it runs, and how it failed until something else was done."""
    job = last_job(number)
    if job is None or head["status"] == "published":
        return None
    later = [
        one["at"] for one in store.steps(db(), number)[:1] if job.finished_at and one["at"] > job.finished_at
    ]
    shown = job.status in RUNNING or (job.status == "failed" and not later)
    return progress_of(job) if shown else None


def _step(step: dict[str, Any]) -> dict[str, str]:
    t, name = translator(), step["step"]
    parts = [
        " ".join(map(str, value)) if isinstance(value, list) else t(MARKS.get(value, value))
        for value in step["detail"].values()
    ]
    return {
        "words": t(STEPS[name]),
        "at": t.moment(step["at"]),
        "author": step["author"],
        "detail": " · ".join(part for part in parts if part),
    }


def _form(given: MultiDict[str, str], refused: LianfangError | None = None, status: int = 200) -> Response:
    t = translator()
    name = "name" if t.lang == "zh" else "name_en"
    return render(
        "rosters/new.html",
        status=status,
        given=given,
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if isinstance(refused, InputRefused) else [],
        zones=[
            (row["code"], gettext("%(zone)s (%(n)s teams)", zone=row[name], n=row["teams"]))
            for row in of_plan.zone_choices(db()).to_dict("records")
        ],
    )


def _day(value: str, what: str) -> date:
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is no date; write it as 2026-11-22.", what=what, value=value[:40])
        ) from error


def _hours(value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=gettext("Rest"), value=value[:40])
        ) from error
