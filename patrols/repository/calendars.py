"""Calendars and public holidays, in and out."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame
from patrols.calendars import Calendar, Holidays, holidays_of_china


def calendars(session: Session) -> pd.DataFrame:
    """Calendars valid now, indexed by id: code, name, name_en, follows_holidays, calendar (`Calendar`)."""
    stored = read_frame(
        session,
        """SELECT id, code, name, name_en, weekdays, terms, left_out, single, follows_holidays
           FROM duty_calendar WHERE upper_inf(valid) ORDER BY code""",
    ).set_index("id")
    known = holidays(session)
    made: list[Any] = [_calendar(row, known) for row in stored.to_dict("records")]
    stored["calendar"] = pd.Series(made, stored.index, object)
    # A column of texts would hold NaN where there is none.
    stored["name_en"] = stored["name_en"].astype(object).where(stored["name_en"].notna(), None)
    return stored.drop(columns=["weekdays", "terms", "left_out", "single"])


def _calendar(row: Mapping[Hashable, Any], known: Holidays) -> Calendar:
    return Calendar(
        weekdays=frozenset(int(day) for day in row["weekdays"]),
        terms=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in row["terms"]),
        left_out=frozenset(row["left_out"]),
        single=frozenset(row["single"]),
        holidays=known if row["follows_holidays"] else None,
    )


def holidays(session: Session) -> Holidays:
    """Public holidays: the installed list, and what the site says otherwise or further."""
    rows = session.execute(text("SELECT on_date, is_off FROM public_holiday"))
    return holidays_of_china().changed_by({row.on_date: row.is_off for row in rows})


def add_calendar(
    session: Session,
    *,
    code: str,
    name: str,
    name_en: str | None,
    calendar: Calendar,
    now: datetime,
    author: str,
) -> int:
    """Store a calendar that holds from `now` on; answers its id."""
    return int(
        session.execute(
            text(
                """INSERT INTO duty_calendar (code, name, name_en, weekdays, terms, left_out, single,
                                              follows_holidays, changed_at, author, valid)
                   VALUES (:code, :name, :name_en, :weekdays, CAST(:terms AS jsonb), :left_out, :single,
                           :follows, :now, :author, tstzrange(:now, NULL, '[)')) RETURNING id"""
            ),
            {"code": code, "name": name, "name_en": name_en, "now": now, "author": author} | _parts(calendar),
        ).scalar_one()
    )


def change_calendar(
    session: Session,
    number: int,
    *,
    name: str,
    name_en: str | None,
    calendar: Calendar,
    now: datetime,
    author: str,
) -> None:
    """Write another content under a calendar's code."""
    session.execute(
        text(
            """UPDATE duty_calendar SET name = :name, name_en = :name_en, weekdays = :weekdays,
                      terms = CAST(:terms AS jsonb), left_out = :left_out, single = :single,
                      follows_holidays = :follows, changed_at = :now, author = :author
               WHERE id = :id"""
        ),
        {"id": number, "name": name, "name_en": name_en, "now": now, "author": author} | _parts(calendar),
    )


def end_calendar(session: Session, number: int, *, now: datetime) -> None:
    """Let a calendar hold no more from `now` on."""
    session.execute(
        text("UPDATE duty_calendar SET valid = tstzrange(lower(valid), :now, '[)') WHERE id = :id"),
        {"id": number, "now": now},
    )


def _parts(calendar: Calendar) -> dict[str, Any]:
    return {
        "weekdays": sorted(calendar.weekdays),
        "terms": json.dumps([[first.isoformat(), last.isoformat()] for first, last in calendar.terms]),
        "left_out": sorted(calendar.left_out),
        "single": sorted(calendar.single),
        "follows": calendar.holidays is not None,
    }


def set_holidays(
    session: Session, days: Mapping[date, tuple[bool, str]], *, now: datetime, author: str
) -> None:
    """State days off (True) and moved working days (False), each with its name; what was said is replaced."""
    rows = [
        {"day": day, "off": is_off, "name": name, "now": now, "author": author}
        for day, (is_off, name) in sorted(days.items())
    ]
    if rows:
        session.execute(
            text(
                """INSERT INTO public_holiday (on_date, is_off, name, changed_at, author)
                   VALUES (:day, :off, :name, :now, :author)
                   ON CONFLICT (on_date) DO UPDATE SET is_off = excluded.is_off, name = excluded.name,
                       changed_at = excluded.changed_at, author = excluded.author"""
            ),
            rows,
        )


def drop_holiday(session: Session, day: date) -> bool:
    """Take back what the site said of a date; False where it had said nothing."""
    gone = session.execute(
        text("DELETE FROM public_holiday WHERE on_date = :day RETURNING on_date"), {"day": day}
    )
    return gone.scalar() is not None
