"""What a body says while it works, and how it hears that it shall stop."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.jobs.words import Value, Words

log = structlog.get_logger("lianfang.jobs")

TELL_EVERY_S = 0.5
# A body's own transaction may hold the row (a renamed jurisdiction takes its jobs along). The two would wait
# for each other for ever, and PostgreSQL sees only one of them.
WAIT_FOR_ROW = "SET LOCAL lock_timeout = '1s'"
LOCK_TIMEOUT = "55P03"

NOTE = text(
    """UPDATE job_run SET share = :share, words = CAST(:words AS jsonb)
       WHERE id = :id AND status = 'running' AND attempts = :attempt
       RETURNING cancel_requested"""
)


class Stopped(BaseException):
    """The work shall end here and leave nothing.

    Not an `Exception`, so that no body mistakes it for a failure of its own and goes on.
    """


class JobCancelled(Stopped):
    """Somebody cancelled the job."""


class JobInterrupted(Stopped):
    """The worker is told to end; another one, or the same after its restart, begins again."""


class JobSuperseded(Stopped):
    """The job was given to another worker, this one being taken for dead."""


class Tell:
    """Progress of one attempt at a job, over a connection apart from the body's transaction.

    Parameters
    ----------
    engine : Engine
    job_id, attempt : int
        Only this attempt of this job may speak.
    author : str
        Who asked for it.
    stopping : callable
        Whether the worker is told to end.
    """

    def __init__(
        self, engine: Engine, job_id: int, attempt: int, *, author: str, stopping: Callable[[], bool]
    ) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self.author = author
        self._engine = engine
        self._stopping = stopping
        self._share = 0.0
        self._words = Words("")
        self._told_at = 0.0
        self._reason: type[Stopped] | None = None
        # Bodies may compute in several threads.
        self._lock = threading.Lock()

    def __call__(self, share: float, words: str = "", **values: Value) -> None:
        """Say how far the work is.

        Parameters
        ----------
        share : float
            0 to 1; never shown going backwards.
        words : str
            What is being done, a message id; left out, what was said last still stands.
        **values
            For the places in `words`.

        Raises
        ------
        Stopped
            When the work shall end. Let it through: it rolls everything back.
        """
        self.reached(share)
        changed = bool(words) and words != self._words.text
        if words:
            self._words = Words(words, values)
        if changed:
            self._told_at = 0.0
        self.check()

    def reached(self, share: float) -> None:
        """Note the share done without asking whether to go on; the next question tells it."""
        self._share = max(self._share, min(1.0, share))

    def noted(self, words: str, **values: Value) -> None:
        """Note what is being done without asking whether to go on; the next question tells it."""
        self._words = Words(words, values)

    def check(self) -> None:
        """Raise `Stopped` when the work shall end; asked at every statement of the body's transaction."""
        if self.should_stop():
            assert self._reason is not None
            raise self._reason

    def should_stop(self) -> bool:
        """The same as an answer, for a search that ends early by itself; the next `tell` then raises."""
        with self._lock:
            if self._reason is None and self._stopping():
                self._reason = JobInterrupted
            now = time.monotonic()
            if self._reason is None and now - self._told_at >= TELL_EVERY_S:
                self._reason = self._note()
                self._told_at = time.monotonic()
            return self._reason is not None

    def _note(self) -> type[Stopped] | None:
        """Write the progress down and hear whether to go on."""
        values = {
            "id": self.job_id,
            "attempt": self.attempt,
            "share": self._share,
            "words": json.dumps(self._words.as_json()),
        }
        try:
            with transaction(self._engine, scope=WHOLE_SITE) as session:
                session.execute(text(WAIT_FOR_ROW))
                asked = session.execute(NOTE, values).scalar_one_or_none()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_TIMEOUT:
                raise
            log.debug("progress not noted, the row is taken", job=self.job_id)
            return None
        if asked is None:
            return JobSuperseded
        return JobCancelled if asked else None
