"""Calendars made, changed and ended; public holidays stated by hand or taken from a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from patrols.calendars import Calendar
from patrols.codes import refuse_code, refuse_name
from patrols.readers.holidays import read_holidays
from patrols.repository import calendars as store
from patrols.repository.duties import on_calendar

# Parts of addresses of their own pages.
RESERVED = frozenset({"new", "holidays"})
MOST_NAMED = 5


def add_calendar(
    session: Session, *, code: str, name: str, name_en: str, calendar: Calendar, now: datetime, author: str
) -> int:
    """Store a calendar; answers its id.

    Raises
    ------
    InputRefused
        Without a code or a name, for a code that is no address, and for a taken one.
    """
    code, name = _named(code, name)
    refuse_code(code, RESERVED)
    refuse_name(name, name_en.strip())
    if code in set(store.calendars(session)["code"]):
        raise InputRefused(
            Sentence("calendar '%(code)s' is already stored; give another code, or change it", code=code)
        )
    return store.add_calendar(
        session,
        code=code,
        name=name,
        name_en=name_en.strip() or None,
        calendar=calendar,
        now=now,
        author=author,
    )


def change_calendar(
    session: Session, code: str, *, name: str, name_en: str, calendar: Calendar, now: datetime, author: str
) -> None:
    """Write another content under a calendar's code; plans made with the one before become stale by it.

    Raises
    ------
    InputRefused
        For an unknown code, or without a name.
    """
    number = calendar_of_code(session, code)
    _, name = _named(code, name)
    refuse_name(name, name_en.strip())
    store.change_calendar(
        session, number, name=name, name_en=name_en.strip() or None, calendar=calendar, now=now, author=author
    )


def end_calendar(session: Session, code: str, *, now: datetime) -> None:
    """Let a calendar hold no more.

    Raises
    ------
    InputRefused
        For an unknown code, and while a fixed duty or a team stands on it.
    """
    number = calendar_of_code(session, code)
    users = on_calendar(session, code)
    if users:
        raise InputRefused(
            Sentence(
                "calendar '%(code)s' is used by %(users)s; give them another first",
                code=code,
                users=", ".join(users[:MOST_NAMED]) + (", …" if len(users) > MOST_NAMED else ""),
            )
        )
    store.end_calendar(session, number, now=now)


def calendar_of_code(session: Session, code: str) -> int:
    """Id of the calendar of a code; InputRefused that lists the known ones otherwise."""
    stored = store.calendars(session)
    found = stored.index[stored["code"] == code]
    if not len(found):
        known = ", ".join(stored["code"]) or Sentence("none yet; make one on the page of calendars")
        raise InputRefused(
            Sentence("calendar '%(code)s' is not known; known are: %(known)s", code=code, known=known)
        )
    return int(found[0])


def take_in_holidays(session: Session, path: Path, *, now: datetime, author: str) -> tuple[int, int]:
    """State the public holidays of a file; answers how many days off, and how many moved working days.

    Raises
    ------
    InputRefused
        As `patrols.readers.holidays.read_holidays`.
    """
    days = read_holidays(path)
    store.set_holidays(session, days, now=now, author=author)
    off = sum(is_off for is_off, _ in days.values())
    return off, len(days) - off


def _named(code: str, name: str) -> tuple[str, str]:
    if not code.strip() or not name.strip():
        raise InputRefused(Sentence("a calendar needs a code and a name"))
    return code.strip(), name.strip()
