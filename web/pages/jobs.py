"""Jobs: those that wait, run and have ended, and one with its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web import jobs
from web.access import Action, needs
from web.i18n import N_
from web.jobs.keeping import days_due, kept_for_want
from web.jobs.running import ATTEMPTS
from web.jobs.words import told
from web.refusals import said
from web.requests import access, audit, db, render, scope, translator
from web.tables import JobRun
from web.tabular import Column, TableSpec
from web.tabular.view import table_view

bp = Blueprint("jobs", __name__, url_prefix="/jobs")

STATUSES = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}
TONES = {"queued": "quiet", "running": "info", "done": "good", "failed": "bad", "cancelled": "quiet"}
KINDS = {
    "analysis": N_("Analysis"),
    "analysis-update": N_("Analysis brought up to date"),
    "siting": N_("Proposed cameras"),
    "import": N_("Import"),
    "plan": N_("Patrol plan"),
    "go-on": N_("Shift that goes on"),
    "by-hand": N_("Plan changed by hand"),
    "roster": N_("Roster"),
    "basemap": N_("Base map"),
    "demo": N_("Demonstration"),
    "own": N_("Own data"),
    "camera-audit": N_("Camera audit"),
    "learn-thresholds": N_("Thresholds learnt"),
}
ASKED_BY = {
    "analysis": Action.ANALYSES_RUN,
    "analysis-update": Action.ANALYSES_RUN,
    "siting": Action.ANALYSES_RUN,
    "import": Action.IMPORTS_RUN,
    "plan": Action.PLANS_MAKE,
    "go-on": Action.PLANS_MAKE,
    "by-hand": Action.PLANS_MAKE,
    "roster": Action.PLANS_MAKE,
    "basemap": Action.SETTINGS_CHANGE,
    "demo": Action.SETTINGS_CHANGE,
    "own": Action.ANALYSES_RUN,
    "camera-audit": Action.CAMERAS_EDIT,
    "learn-thresholds": Action.CAMERAS_EDIT,
}
"""To ask again for a job needs what asking for it needed."""
LISTS = {
    "problems": N_("Rows that were refused"),
    "findings": N_("What looks odd"),
    "violations": N_("Violations"),
    "remarks": N_("Remarks"),
}
ENDED = ("done", "failed", "cancelled")

JOBS = TableSpec(
    name="jobs",
    columns=(
        Column("title", N_("Job"), sortable=False, exported=False),
        Column("kind", N_("Kind"), "choice", filter="choice", words=KINDS),
        Column("status", N_("Status"), "choice", filter="choice", words=STATUSES, tones=TONES),
        Column("share", N_("Progress"), "share"),
        Column("author", N_("Asked by"), search=True),
        Column("created_at", N_("Asked at"), "moment", filter="period"),
        Column("finished_at", N_("Ended at"), "moment"),
    ),
    source="""SELECT id, title, kind, status, share, author, created_at, finished_at, jurisdiction_path
              FROM job_run""",
    default_sort="-created_at",
    link="/jobs/{id}",
    path="jurisdiction_path",
)


@bp.get("")
@needs(Action.JOBS_VIEW)
def listed() -> Response:
    """The jobs, the newest first."""
    return table_view(JOBS, "jobs/list.html", told=_told, kept=_kept_frames())


def _kept_frames() -> dict[str, Any] | None:
    """How many days of frames stay though they are due, and the first of them; None where none do."""
    if not scope().everywhere:
        return None
    try:
        days = kept_for_want(days_due(db(), now=datetime.now(UTC)))
    except LianfangError:
        # A setting that cannot be used is told on its own page.
        return None
    return {"days": len(days), "first": days[0]} if days else None


@bp.get("/<int:number>")
@needs(Action.JOBS_VIEW)
def record(number: int) -> Response:
    """One job: how far it is or how it ended, and what there is to say of it."""
    run = _seen(number)
    details = run.result["details"] if run.result else {}
    return render(
        "jobs/record.html",
        said=progress_of(run),
        kind=translator()(KINDS.get(run.kind, run.kind)),
        lists=[
            (words, [_told(one) for one in details[name]])
            for name, words in LISTS.items()
            if details.get(name)
        ],
    )


@bp.get("/<int:number>/progress")
@needs(Action.JOBS_VIEW)
def progress(number: int) -> Response:
    """How far a job is, asked for every second; the page is loaded anew when it has ended."""
    run = _seen(number)
    answer = render("jobs/progress.html", said=progress_of(run))
    if run.status in ENDED:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<int:number>/cancel")
@needs(Action.JOBS_CANCEL)
def cancel(number: int) -> Response:
    """Cancel a job that has not ended."""
    run = _seen(number)
    try:
        jobs.cancel(db(), number)
    except LianfangError:
        flash(gettext("It has ended already; there was nothing to cancel."), "warning")
    else:
        audit("cancel", f"job {number}", path=run.jurisdiction_path, kind=run.kind)
    return redirect(f"/jobs/{number}", 303)


@bp.post("/<int:number>/retry")
@needs(Action.JOBS_CANCEL)
def retry(number: int) -> Response:
    """Ask once more for a job that failed or was cancelled."""
    run = _seen(number)
    if not _may_ask(run):
        abort(403)
    try:
        jobs.retry(db(), number)
    except LianfangError as error:
        flash(said(error, translator()), "error")
    else:
        audit("run", f"job {number}", path=run.jurisdiction_path, kind=run.kind, again=True)
    return redirect(f"/jobs/{number}", 303)


def _seen(number: int) -> JobRun:
    run = db().get(JobRun, number)
    if run is None:
        abort(404)
    return run


def _may_ask(run: JobRun) -> bool:
    """Whether whoever asks could have asked for this job, in all the places that it is about."""
    if run.kind not in ASKED_BY:
        return False
    where = access().scope(ASKED_BY[run.kind])
    within = str(run.arguments.get("within", ""))
    return all(where.covers(path) for path in (run.jurisdiction_path, *filter(None, within.split(","))))


def _told(words: Mapping[str, Any] | None) -> str:
    """A stored sentence in the reader's language."""
    return told(words, translator())


@dataclass(frozen=True, eq=False)
class JobSaid:
    """What `components/progress.html` shows of a job; pages of other subjects may show it too."""

    job: JobRun
    told: Callable[[Mapping[str, Any] | None], str]
    problems: Sequence[str]
    status: str
    tone: str
    before: int
    attempts: int
    may_retry: bool


def progress_of(run: JobRun) -> JobSaid:
    """A job in the words and with the rights of whoever asks."""
    return JobSaid(
        run,
        _told,
        [_told(one) for one in run.problems or ()],
        STATUSES[run.status],
        TONES[run.status],
        jobs.waiting_before(db(), run) if run.status == "queued" else 0,
        ATTEMPTS,
        may_retry=run.status in ("failed", "cancelled") and _may_ask(run),
    )
