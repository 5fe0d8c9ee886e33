"""Put a job into the queue, take it out again, ask for it once more: inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence
from web.jobs.registry import kind_of
from web.jobs.words import Words
from web.tables import JobRun

QUEUE = "lianfang"
TASK = "lianfang.job"
PROGRAM = "lianfang"
"""The author of what nobody in particular asked for."""

# Procrastinate's own connector for SQLAlchemy wants psycopg2, and any other would be another transaction.
DEFER = text(
    """SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
           ROW(:queue, :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL)
       ]::procrastinate_job_to_defer_v1[]))"""
)
BEFORE = text(
    """SELECT count(*) FROM procrastinate_jobs
       WHERE id < :id AND task_name = :task AND status IN ('todo', 'doing')"""
)
WITHDRAW = text("SELECT procrastinate_cancel_job_v1(:id, false, true)")


class Account(Protocol):
    """Who asks: an account of the program."""

    @property
    def id(self) -> int:
        """Key of the account."""

    @property
    def name(self) -> str:
        """What it signs in with."""


def enqueue(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    account: Account | None,
    title: Words,
    jurisdiction_path: str | None,
    author: str = PROGRAM,
) -> int:
    """A new job's id. It exists, and is begun, when the caller's transaction commits.

    Parameters
    ----------
    session : Session
        Sees `jurisdiction_path`.
    kind : str
        A registered kind.
    arguments : mapping
        JSON; what the kind's reader takes.
    account : Account or None
        Who asks; None on the command line, which then gives `author`.
    title : Words
        What it is, such as "Analysis of 2026-11-21".
    jurisdiction_path : str or None
        Where it belongs: who may see jobs there sees it. None: seen by those who see the whole site.

    Raises
    ------
    LianfangError
        For an unknown kind, or arguments that its reader refuses.
    """
    kind_of(kind).read(arguments)
    run = JobRun(
        kind=kind,
        title=title.as_json(),
        arguments=dict(arguments),
        account_id=None if account is None else account.id,
        author=author if account is None else account.name,
        jurisdiction_path=jurisdiction_path,
    )
    session.add(run)
    session.flush()
    _defer(session, run)
    return run.id


def cancel(session: Session, job_id: int) -> str:
    """Cancel a job that has not ended; answers its status.

    A queued job is "cancelled" at once. A running one hears of it within a second or at its next step, and is
    "running" with `cancel_requested` until then.

    Raises
    ------
    LianfangError
        When there is no such job in sight, or it has ended.
    """
    run = _held(session, job_id)
    if run.status not in ("queued", "running"):
        raise LianfangError(f"job {job_id} is {run.status} already; there is nothing to cancel")
    withdrawn = run.status == "queued" and session.scalar(WITHDRAW, {"id": run.procrastinate_id}) is not None
    if withdrawn:
        now = session.scalar(text("SELECT clock_timestamp()"))
        run.status, run.finished_at = "cancelled", now
    run.cancel_requested = True
    session.flush()
    return run.status


def retry(session: Session, job_id: int) -> None:
    """Ask once more for a job that failed or was cancelled, with the same arguments.

    Raises
    ------
    LianfangError
        When there is no such job in sight, or it is waiting, running or done.
    """
    run = _held(session, job_id)
    if run.status not in ("failed", "cancelled"):
        raise LianfangError(
            Sentence(
                "job %(job)s is %(status)s; only one that failed or was cancelled is retried",
                job=job_id,
                status=Sentence("waiting") if run.status == "queued" else Sentence(run.status),
            )
        )
    kind_of(run.kind).read(run.arguments)
    run.status = "queued"
    run.share = 0.0
    run.attempts = 0
    run.cancel_requested = False
    run.words = run.error = run.problems = run.started_at = run.finished_at = None
    session.flush()
    _defer(session, run)


def waiting_before(session: Session, run: JobRun) -> int:
    """How many jobs come before a queued one: of everybody, so that nobody waits for what they cannot see."""
    return session.scalar(BEFORE, {"id": run.procrastinate_id, "task": TASK}) or 0


def _held(session: Session, job_id: int) -> JobRun:
    """The job, kept from changing until the transaction ends."""
    found = session.get(JobRun, job_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise LianfangError(f"there is no job {job_id}; `lianfang jobs list` shows them")
    return found


def _defer(session: Session, run: JobRun) -> None:
    values = {"queue": QUEUE, "task": TASK, "args": json.dumps({"job": run.id})}
    run.procrastinate_id = session.scalar(DEFER, values)
    session.flush()
