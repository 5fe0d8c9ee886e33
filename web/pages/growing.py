"""The demonstration while it is being made: how far it is, on the pages that show what it brings."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from web.access import Action, needs
from web.demostate import demo_progress
from web.jobs.words import told
from web.requests import db, may, render, translator
from web.tables import JobRun

bp = Blueprint("growing", __name__)


@dataclass(frozen=True)
class UnderWay:
    """A demonstration that is being made.

    Parameters
    ----------
    job : int
    share : float
        0 to 1.
    words : str
        What is being done, in the reader's language; "" before it began.
    made : int
        Stages that are stored already: each brings something new to look at.
    """

    job: int
    share: float
    words: str
    made: int


def under_way() -> UnderWay | None:
    """The demonstration that is being made now, for whoever may see its job."""
    if not may(Action.JOBS_VIEW):
        return None
    session = db(Action.JOBS_VIEW)
    run = session.scalar(
        select(JobRun)
        .where(JobRun.kind == "demo", JobRun.status.in_(("queued", "running")))
        .order_by(JobRun.id)
        .limit(1)
    )
    if run is None:
        return None
    progress = demo_progress(session)
    words = told(run.words, translator()) if run.words else ""
    return UnderWay(run.id, run.share, words, 0 if progress is None else len(progress.made))


@bp.get("/demo/progress")
@needs(Action.JOBS_VIEW)
def progress() -> Response:
    """The line anew; the page is loaded anew where there is more to see than it knows of, and at the end."""
    found = under_way()
    answer = render("growing.html", growing=found)
    if found is None or str(found.made) != request.args.get("made", ""):
        answer.headers["HX-Refresh"] = "true"
    return answer
