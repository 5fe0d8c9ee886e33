"""Ask for a roster: its job, and the one that makes a roster again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from patrols.repository import of_plan
from web.access import Action
from web.jobs import enqueue
from web.jobs.bodies import roster as body
from web.jobs.words import Name
from web.requests import access, audit, db, may
from web.tables import Account, JobRun

RUNNING = ("queued", "running")


def ordered(zone: Mapping[str, Any], first: date, last: date, asked: Mapping[str, Any], subject: str) -> int:
    """Put a roster of a zone into the queue; the number of its job.

    Parameters
    ----------
    zone : mapping
        id, code, name and name_en.
    asked : mapping
        As `web.jobs.bodies.roster.order`.
    subject : str
        What the audit log says that it is about.

    Raises
    ------
    InputRefused
        For an order that cannot be.
    """
    own = of_plan.members(db(), zone["id"]).query("seen")["path"]
    number = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(zone["name"], zone["name_en"]), first, last),
        jurisdiction_path=str(own.iloc[0]) if len(own) else None,
    )
    audit("run", subject, job=number, zone=zone["code"])
    return number


def last_job(number: int) -> JobRun | None:
    """The newest job that makes this roster again, for whoever may see it."""
    if not may(Action.JOBS_VIEW):
        return None
    query = select(JobRun).where(JobRun.kind == body.KIND, JobRun.arguments["again"].as_integer() == number)
    return db(Action.JOBS_VIEW).scalar(query.order_by(JobRun.id.desc()).limit(1))
