"""Remove frames that are older than the site keeps them, a day at a time, once an analysis holds the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cameras.services.keeping import DayChanged, Due, due_days, remove_frames
from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from web import settings
from web.jobs.queue import PROGRAM
from web.tables import AuditEntry

log = structlog.get_logger("lianfang.jobs")

NAME = "files.frames_days"


def days_due(session: Session, *, now: datetime, keep_days: int | None = None) -> list[Due]:
    """Days whose frames are older than the site's settings keep them, or than `keep_days`.

    Raises
    ------
    LianfangError
        When the stored setting cannot be used.
    """
    days = int(settings.current(session)[NAME]) if keep_days is None else keep_days
    return due_days(session, keep_days=days, now=now)


def remove_old_frames(
    engine: Engine,
    *,
    now: datetime,
    author: str = PROGRAM,
    peer: str = "worker",
    keep_days: int | None = None,
) -> dict[str, int]:
    """Remove the days that are due and held, each in a transaction of its own; answers frames by day.

    A day that is being read or written, or was since it was found to be due, waits for the next time.
    """
    try:
        with transaction(engine, scope=WHOLE_SITE) as session:
            due = days_due(session, now=now, keep_days=keep_days)
    except LianfangError as error:
        log.warning("old frames not removed", reason=str(error))
        return {}
    removed: dict[str, int] = {}
    for one in due:
        if not one.holders:
            continue
        try:
            with transaction(engine, scope=WHOLE_SITE) as session:
                rows = remove_frames(session, one)
                session.add(_entry(one, rows, author, peer))
        except OperationalError as error:
            log.warning("frames of a day in use stay", day=one.day.isoformat(), reason=str(error.orig))
            continue
        except DayChanged as error:
            log.warning("frames of a day that changed stay", day=one.day.isoformat(), reason=str(error))
            continue
        removed[one.day.isoformat()] = rows
        log.info("old frames removed", day=one.day.isoformat(), rows=rows, analyses=list(one.holders))
    return removed


def kept_for_want(due: Sequence[Due]) -> list[str]:
    """Days that stay although they are due, for no analysis holds them."""
    return [one.day.isoformat() for one in due if not one.holders]


def _entry(one: Due, rows: int, author: str, peer: str) -> AuditEntry:
    return AuditEntry(
        account_id=None,
        account_name=author,
        event="remove",
        subject=f"frame day {one.day.isoformat()}",
        jurisdiction_path=None,
        detail={"rows": rows, "analyses": list(one.holders)},
        peer=peer,
    )
