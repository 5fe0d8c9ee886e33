"""One attempt at a job: its body in one transaction, which also says that it is done.

Exactly once in effect: "done" is stored with the work or not at all, and only by the newest attempt. Whoever
runs a job holds a lock of the database's for as long as the connection lives, so a dead worker is known
without waiting, and a slow one is never taken for dead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web.failures import sentence_of
from web.i18n import N_
from web.jobs.registry import Kind, Outcome, kind_of
from web.jobs.telling import JobCancelled, JobInterrupted, JobSuperseded, Tell
from web.jobs.words import Words, as_stored
from web.logs import crash_log
from web.tables import JobRun

log = structlog.get_logger("lianfang.jobs")

ATTEMPTS = 3
"""Times a job is begun before it is given up: it may be what brings its worker down."""
LOCK_CLASS = 0x4C46
"""First half of the advisory locks' keys; the second is the job's id."""
BUSY_S = 5
KEPT_PROBLEMS = 500

# A worker on another machine may vanish without a word; its connection is then found dead in half a minute.
KEEP_ALIVE = (
    "SET tcp_keepalives_idle = 15",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
# The statement of a worker that was killed would else run, and hold its locks, to its end.
NOTICE_DEATH = "SET LOCAL client_connection_check_interval = '2s'"

DONE = text(
    """UPDATE job_run SET status = 'done', share = 1, words = NULL, result = CAST(:result AS jsonb),
           finished_at = clock_timestamp()
       WHERE id = :id AND status = 'running' AND attempts = :attempt
       RETURNING cancel_requested"""
)
ENDED = text(
    """UPDATE job_run SET status = :status, words = NULL, error = CAST(:error AS jsonb),
           problems = CAST(:problems AS jsonb), finished_at = clock_timestamp()
       WHERE id = :id AND status = 'running' AND attempts = :attempt"""
)
PUT_BACK = text(
    """UPDATE job_run SET status = 'queued', share = 0, words = NULL, attempts = attempts - 1,
           started_at = NULL
       WHERE id = :id AND status = 'running' AND attempts = :attempt"""
)


class PutBack(Exception):
    """The job goes back into the queue.

    Parameters
    ----------
    seconds : int
        Not before so many seconds.
    """

    def __init__(self, reason: str, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class _Attempt:
    """One claim to run a job."""

    job_id: int
    number: int
    kind: Kind
    arguments: Any
    author: str


def run_job(
    engine: Engine, job_id: int, *, procrastinate_id: int | None, stopping: Callable[[], bool]
) -> str | None:
    """Run a job to its end; answers the status it left the job in, None when there was nothing to do.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    job_id : int
    procrastinate_id : int or None
        The queue's row that asks; one that is not the job's newest is ignored. None asks for it anyway.
    stopping : callable
        Whether this worker is told to end; then the job goes back, and the attempt does not count.

    Raises
    ------
    PutBack
        When somebody else runs it just now, the worker ends, or the database went away.
    """
    with _only_one(engine, job_id):
        attempt = _claim(engine, job_id, procrastinate_id)
        if attempt is None:
            return None
        structlog.contextvars.bind_contextvars(job=job_id, kind=attempt.kind.name, attempt=attempt.number)
        log.info("job begun")
        tell = Tell(engine, job_id, attempt.number, author=attempt.author, stopping=stopping)
        try:
            status = _attempted(engine, attempt, tell)
        finally:
            structlog.contextvars.unbind_contextvars("job", "kind", "attempt")
        return status


def _attempted(engine: Engine, attempt: _Attempt, tell: Tell) -> str:
    """Do it, and write down how it ended where that is not stored with the work."""
    try:
        with transaction(engine, scope=WHOLE_SITE) as session:
            session.execute(text(NOTICE_DEATH))
            with _checked(session.connection(), tell):
                outcome = attempt.kind.body(session, attempt.arguments, tell)
            session.flush()
            _done(session, attempt, outcome)
    except JobCancelled:
        log.info("job cancelled")
        return _ended(engine, attempt, "cancelled")
    except JobSuperseded:
        log.warning("job superseded")
        return "superseded"
    except JobInterrupted:
        with transaction(engine, scope=WHOLE_SITE) as session:
            session.execute(PUT_BACK, {"id": attempt.job_id, "attempt": attempt.number})
        raise PutBack("the worker ends") from None
    except Exception as error:
        if database_went_away(error):
            raise PutBack(f"the database went away: {error}") from error
        return _failed(engine, attempt, error)
    log.info("job done")
    return "done"


@contextmanager
def _only_one(engine: Engine, job_id: int) -> Iterator[None]:
    """Hold the right to run a job; `PutBack` when another worker has it."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    # Taken out of the pool: closed, it frees the lock whatever happened before.
    connection.detach()
    with connection:
        for statement in KEEP_ALIVE:
            connection.execute(text(statement))
        lock = {"class": LOCK_CLASS, "id": job_id}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:class, :id)"), lock):
            raise PutBack("another worker runs it", BUSY_S)
        try:
            yield
        finally:
            _unlock(connection, lock)


def _unlock(connection: Connection, lock: dict[str, int]) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:class, :id)"), lock)
    except SQLAlchemyError as error:
        # The connection is gone and the lock with it; what happened is told by the attempt itself.
        log.debug("lock gone with its connection", reason=str(error))


def _claim(engine: Engine, job_id: int, procrastinate_id: int | None) -> _Attempt | None:
    """Begin an attempt; None when the job has ended, is cancelled or given up."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        run = session.get(JobRun, job_id, with_for_update=True)
        if run is None or run.status not in ("queued", "running"):
            return None
        if procrastinate_id is not None and run.procrastinate_id != procrastinate_id:
            return None
        now = session.scalar(text("SELECT clock_timestamp()"))
        run.words = None
        if run.cancel_requested:
            run.status, run.finished_at = "cancelled", now
            return None
        if run.attempts >= ATTEMPTS:
            run.status, run.finished_at = "failed", now
            run.error = Words(
                N_(
                    "It was interrupted %(attempts)s times and is given up; it may need more memory than the "
                    "server has."
                ),
                {"attempts": run.attempts},
            ).as_json()
            log.error("job given up", job=job_id, attempts=run.attempts)
            return None
        run.status, run.started_at, run.share = "running", now, 0.0
        run.attempts += 1
        number, name, arguments, author = run.attempts, run.kind, run.arguments, run.author
    try:
        kind = kind_of(name)
        return _Attempt(job_id, number, kind, kind.read(arguments), author)
    except Exception as error:
        # Asked by a program of another version, or by a defect: told like any other failure.
        _failed(engine, _Attempt(job_id, number, Kind(name, dict, _no_body), {}, author), error)
        return None


def _no_body(session: Session, arguments: Any, tell: Tell) -> Outcome:
    raise AssertionError("an attempt that could not be read is never run")


@contextmanager
def _checked(connection: Connection, tell: Tell) -> Iterator[None]:
    """Ask before each statement of the body whether to go on: most bodies need no other place to stop."""

    def before(*_: Any) -> None:
        tell.check()

    event.listen(connection, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", before)


def _done(session: Session, attempt: _Attempt, outcome: Outcome) -> None:
    values = {"id": attempt.job_id, "attempt": attempt.number, "result": _json(outcome.as_json())}
    asked = session.execute(DONE, values).scalar_one_or_none()
    if asked is None:
        raise JobSuperseded
    if asked:
        raise JobCancelled


def _ended(
    engine: Engine,
    attempt: _Attempt,
    status: str,
    error: dict[str, Any] | None = None,
    problems: tuple[str, ...] = (),
) -> str:
    values = {
        "id": attempt.job_id,
        "attempt": attempt.number,
        "status": status,
        "error": None if error is None else _json(error),
        "problems": _json([as_stored(one) for one in problems[:KEPT_PROBLEMS]]) if problems else None,
    }
    with transaction(engine, scope=WHOLE_SITE) as session:
        session.execute(ENDED, values)
    return status


def _failed(engine: Engine, attempt: _Attempt, error: Exception) -> str:
    """Write a failure down: one sentence somebody can act on, or the number of a defect."""
    sentence = sentence_of(error)
    problems = error.problems if isinstance(error, InputRefused) else ()
    if sentence is not None:
        log.warning("job failed", reason=sentence)
        return _ended(engine, attempt, "failed", as_stored(sentence), problems)
    number = crash_log(error).stem.removeprefix("crash-")
    log.error("job failed by a defect", number=number, reason=f"{type(error).__name__}: {error}")
    words = Words(
        N_("A defect of the program; it was written down under number %(number)s."), {"number": number}
    )
    return _ended(engine, attempt, "failed", words.as_json())


def database_went_away(error: BaseException) -> bool:
    """Whether an error, or one it came from, says that the connection was lost: nothing was committed then,
    or everything."""
    at: BaseException | None = error
    while at is not None:
        cause = at.orig if isinstance(at, DBAPIError) else at
        if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            state = cause.sqlstate
            # Without a state it is libpq that speaks; class 08 is the connection, 57P01-57P03 the shutdown.
            if state is None or state.startswith("08") or state in ("57P01", "57P02", "57P03"):
                return True
        at = at.__cause__ or at.__context__
    return False


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
