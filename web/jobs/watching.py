"""Look for what is usually watched and is not now, whenever frames came: docs/alerts.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Engine, text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web import settings
from web.failures import sentence_of
from web.i18n import N_
from web.jobs.words import Words, as_stored
from web.logs import crash_log

# The kernels take seconds to load: a site without analyses never does.
if TYPE_CHECKING:
    from cameras.services.alerting import Checked

log = structlog.get_logger("lianfang.jobs")

LOOK_EVERY_S = 20.0
"""How often it is asked whether frames came; the check itself takes what it takes."""


class Stopped(Exception):
    """The worker is told to end; what the check had found is looked for again."""


class Watching:
    """Looks every `LOOK_EVERY_S`, and after a long check not before as much time has passed again.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    stopping : callable
        Whether the worker is told to end.
    clock, now : callable
        Seconds that go on, and the time of day.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._stopping = stopping
        self._clock = clock
        self._now = now
        self._next = clock()
        self._said: object = None

    def look(self) -> Checked | None:
        """Check where it is time and something may be new; answers what was found, None without a check.

        Raises
        ------
        SQLAlchemyError
            When the database does not even take down that it failed.
        """
        started = self._clock()
        if started < self._next:
            return None
        now = self._now()
        found = None
        try:
            found = self._check(now)
        except Stopped:
            log.info("check for alerts interrupted")
        except Exception as error:
            self._tell(error, now)
        else:
            self._said = None
        ended = self._clock()
        self._next = max(started + LOOK_EVERY_S, 2 * ended - started)
        return found

    def _check(self, now: datetime) -> Checked | None:
        with transaction(self._engine, scope=WHOLE_SITE) as session:
            if not session.scalar(text("SELECT EXISTS (SELECT FROM analysis)")):
                return None
            from cameras.services import alerting

            values = settings.current(session)
            analysis, chosen = settings.analysis_settings(values), settings.alert_settings(values)
            if not alerting.check_is_due(session, now, analysis, chosen):
                return None
            started = self._clock()
            try:
                found = alerting.check_alerts(
                    session, now=now, analysis=analysis, chosen=chosen, progress=self._go_on
                )
            except alerting.CheckRunning:
                return None
            took_s = self._clock() - started
            alerting.note_duration(session, took_s)
        if found.raised or found.ended:
            log.info("alerts", raised=found.raised, ended=found.ended, took_s=round(took_s, 1))
        return found

    def _go_on(self, share: float) -> None:
        if self._stopping():
            raise Stopped

    def _tell(self, error: Exception, now: datetime) -> None:
        """Write down why a check failed, for the page, and for the log when it is not the same as before."""
        sentence = sentence_of(error)
        said = (type(error), str(error))
        words: dict[str, Any]
        if sentence is not None:
            words = as_stored(sentence)
        elif said == self._said:
            return
        else:
            number = crash_log(error).stem.removeprefix("crash-")
            words = Words(
                N_("A defect of the program; it was written down under number %(number)s."),
                {"number": number},
            ).as_json()
        if said != self._said:
            log.warning("check for alerts failed", reason=sentence or f"{type(error).__name__}: {error}")
        self._said = said
        from cameras.services import alerting

        with transaction(self._engine, scope=WHOLE_SITE) as session:
            alerting.note_failure(session, words, now)
