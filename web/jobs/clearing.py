"""Remove what nobody waits for: old uploads, photographs, and results of jobs long done or that made none."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cameras.repository import frames, proposals
from cameras.repository.stills import forget_stills
from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from patrols.repository import check_ins
from web import settings
from web.database import RESULTS, UPLOADS
from web.jobs.keeping import remove_old_frames

log = structlog.get_logger("lianfang.jobs")

LOOK_EVERY_S = 3600.0
UNFINISHED = timedelta(days=1)
"""A file half handed in, or a result half made, is given up after this time."""

ANSWERS_KEPT = timedelta(days=7)
"""A gateway that got no answer for so long has given a batch up, or sends it as a new one."""

# A job that failed or was cancelled may be asked for again, for as long as a fresh upload is kept.
NAMED = text(
    """SELECT DISTINCT argument.value FROM job_run CROSS JOIN jsonb_each_text(arguments) AS argument
       WHERE argument.key LIKE '%sha256' AND (status IN ('queued', 'running')
           OR (status IN ('failed', 'cancelled') AND finished_at > :since))"""
)
# Running jobs write their results while this looks.
KEPT = text(
    """SELECT id FROM job_run WHERE status IN ('queued', 'running')
       OR (status = 'done' AND finished_at > :since)"""
)


class Clearing:
    """Looks for files to remove, at once and then every hour.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    folder : Path
        The program's own.
    """

    def __init__(self, engine: Engine, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._folder = folder
        self._clock = clock
        self._next = clock()

    def look(self) -> None:
        """Remove what is old, if it is time to look again."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + LOOK_EVERY_S
        try:
            with transaction(self._engine, scope=WHOLE_SITE) as session:
                removed = clear_files(session, self._folder, now=datetime.now(UTC))
        except (LianfangError, OSError) as error:
            # A setting that cannot be used, or a folder that may not be written: no reason to stop working.
            log.warning("old files not removed", reason=str(error))
            return
        if removed:
            log.info("old files removed", files=[path.name for path in removed])
        remove_old_frames(self._engine, now=datetime.now(UTC))


def clear_files(session: Session, folder: Path, *, now: datetime) -> list[Path]:
    """Remove uploads, results, photographs, stills and names on sign-in sheets by the site's settings.

    Answers the removed files.

    Parameters
    ----------
    session : Session
        Sees the whole site.
    folder : Path
        The program's own (`web.database.var_dir`).
    now : datetime

    Raises
    ------
    LianfangError
        When a stored setting cannot be used.
    OSError
        When a file cannot be removed.
    """
    values = settings.current(session)
    uploads_since = now - timedelta(days=float(values["files.uploads_days"]))
    results_since = now - timedelta(days=float(values["files.results_days"]))
    frames.forget_deliveries(session, now - ANSWERS_KEPT)
    proposals.forget_photos(session, now - timedelta(days=float(values["files.photos_days"])))
    keeps_stills = values["files.stills"] == "on"
    check_ins.forget_signers(session, now - timedelta(days=float(values["files.signers_days"])))
    forget_stills(session, now - timedelta(days=float(values["files.stills_days"]) if keeps_stills else 0))
    named = set(session.scalars(NAMED, {"since": uploads_since}))
    kept = {str(number) for number in session.scalars(KEPT, {"since": results_since})}
    removed = []
    for path in _inside(folder / UPLOADS):
        since = now - UNFINISHED if path.name.startswith(".") else uploads_since
        if path.name not in named and _changed_at(path) < since:
            removed.append(path)
    for path in _inside(folder / RESULTS):
        if path.name not in kept and _changed_at(path) < now - UNFINISHED:
            removed.append(path)
    for path in removed:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return removed


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _changed_at(path: Path) -> datetime:
    """When something was last put there; the same file handed in again counts."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
