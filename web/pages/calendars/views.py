"""The pages of calendars and of public holidays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.calendars import (
    WEEKDAYS,
    Calendar,
    holidays_of_china,
    read_date,
    read_dates,
    read_terms,
    written_dates,
    written_terms,
)
from patrols.repository import calendars as store
from web.access import Action, needs
from web.i18n import N_
from web.pages.imports.handing_in import kept
from web.refusals import said
from web.requests import access, audit, db, render, translator
from web.tabular import Column, TableSpec
from web.tabular.view import table_view
from web.uploads import takes_files

bp = Blueprint("calendars", __name__, url_prefix="/calendars")

WEEKDAY_WORDS = {
    1: N_("Monday"),
    2: N_("Tuesday"),
    3: N_("Wednesday"),
    4: N_("Thursday"),
    5: N_("Friday"),
    6: N_("Saturday"),
    7: N_("Sunday"),
}
# How far ahead a calendar's page looks for dates, and how many it shows.
AHEAD_DAYS = 366
SHOWN_DAYS = 14
LARGEST_FILE = 4 * 1024**2

HOLIDAY_KINDS = {"off": N_("day off"), "worked": N_("working day")}
ORIGINS = {"site": N_("stated here"), "list": N_("installed list")}
HOLIDAYS = TableSpec(
    name="holidays",
    columns=(
        Column("on_date", N_("Date"), "day", filter="period"),
        Column("kind", N_("Kind"), "choice", filter="choice", words=HOLIDAY_KINDS),
        Column("name", N_("Name"), search=True),
        Column("origin", N_("Comes from"), "choice", filter="choice", words=ORIGINS),
    ),
    source="""
        SELECT on_date::text AS id, on_date, CASE WHEN is_off THEN 'off' ELSE 'worked' END AS kind, name,
               'site' AS origin
        FROM public_holiday
        UNION ALL
        SELECT l.on_date::text, l.on_date, CASE WHEN l.is_off THEN 'off' ELSE 'worked' END, '', 'list'
        FROM jsonb_to_recordset(CAST(:installed AS jsonb)) AS l (on_date date, is_off boolean)
        WHERE NOT EXISTS (SELECT FROM public_holiday p WHERE p.on_date = l.on_date)""",
    default_sort="-on_date",
)


@bp.get("")
@needs(Action.ZONES_EDIT)
def listed() -> Response:
    """Every calendar of the site."""
    t, today = translator(), _today()
    rows = [
        {
            **{str(key): value for key, value in row.items()},
            "title": _title(row),
            "days": [t(WEEKDAY_WORDS[day]) for day in WEEKDAYS if day in row["calendar"].weekdays],
            "next": _next(row["calendar"], today, 1),
        }
        for row in store.calendars(db()).to_dict("records")
    ]
    return render("calendars/list.html", rows=rows)


@bp.get("/new")
@needs(Action.ZONES_EDIT)
def new() -> Response:
    """An empty form; Monday to Friday and the public holidays are what most want."""
    return _form(MultiDict([*(("weekdays", str(day)) for day in range(1, 6)), ("follows", "yes")]))


@bp.post("/new")
@needs(Action.ZONES_EDIT)
def add() -> Response:
    """Store a calendar."""
    from patrols.services import calendars as service

    given = request.form
    code = given.get("code", "").strip()
    try:
        service.add_calendar(
            db(),
            code=code,
            name=given.get("name", ""),
            name_en=given.get("name_en", ""),
            calendar=_calendar(given),
            now=datetime.now(UTC),
            author=access().account.name,
        )
    except InputRefused as refused:
        return _form(given, error=refused, status=422)
    audit("add", f"calendar {code}")
    flash(gettext("The calendar was stored."), "success")
    return redirect(f"/calendars/{quote(code, safe='')}", 303)


@bp.get("/holidays")
@needs(Action.ZONES_EDIT)
def holidays() -> Response:
    """Days off by law and moved working days, installed and stated."""
    return _holidays(MultiDict())


@bp.post("/holidays")
@needs(Action.ZONES_EDIT)
def state_holiday() -> Response:
    """State one date by hand."""
    given = request.form
    try:
        day = read_date(given.get("on_date", ""))
    except InputRefused as refused:
        return _holidays(given, refused, 422)
    off = given.get("kind") != "worked"
    store.set_holidays(
        db(),
        {day: (off, given.get("name", "").strip()[:120])},
        now=datetime.now(UTC),
        author=access().account.name,
    )
    audit("change", "holidays", what=day.isoformat(), kind="off" if off else "worked")
    flash(gettext("The day was stored."), "success")
    return redirect("/calendars/holidays", 303)


@bp.post("/holidays/drop")
@needs(Action.ZONES_EDIT)
def drop_holiday() -> Response:
    """Take back what was stated of a date; the installed list counts again."""
    try:
        day = read_date(request.form.get("on_date", ""))
    except InputRefused as refused:
        return _holidays(MultiDict(), refused, 422)
    if not store.drop_holiday(db(), day):
        abort(404)
    audit("remove", "holidays", what=day.isoformat())
    flash(gettext("What was stated of the day is gone."), "success")
    return redirect("/calendars/holidays", 303)


@bp.post("/holidays/file")
@takes_files(LARGEST_FILE)
@needs(Action.ZONES_EDIT)
def holiday_file() -> Response:
    """Take the days of a file."""
    from patrols.services.calendars import take_in_holidays

    given = request.files.get("file")
    try:
        if given is None or not given.filename:
            raise InputRefused(gettext("Choose a file first."))
        file = kept(given, (".ics", ".csv", ".xlsx"), LARGEST_FILE)
        off, worked = take_in_holidays(db(), file.path, now=datetime.now(UTC), author=access().account.name)
    except InputRefused as refused:
        return _holidays(MultiDict(), refused, 422)
    audit("change", "holidays", file=given.filename, count=off + worked)
    flash(
        gettext(
            "Stored: days off %(off)s, moved working days %(worked)s.",
            off=translator().number(off),
            worked=translator().number(worked),
        ),
        "success",
    )
    return redirect("/calendars/holidays", 303)


@bp.get("/<path:code>")
@needs(Action.ZONES_EDIT)
def record(code: str) -> Response:
    """One calendar, to be looked at and changed."""
    found = _found(code)
    own: Calendar = found["calendar"]
    given = MultiDict(
        [
            ("code", code),
            ("name", found["name"]),
            ("name_en", found["name_en"] or ""),
            ("terms", written_terms(own.terms)),
            ("left_out", written_dates(own.left_out)),
            ("single", written_dates(own.single)),
            *(("weekdays", str(day)) for day in sorted(own.weekdays)),
            *([("follows", "yes")] if own.holidays is not None else []),
        ]
    )
    return _form(given, found)


@bp.post("/<path:code>")
@needs(Action.ZONES_EDIT)
def change(code: str) -> Response:
    """Write another content under its code, or let it hold no more."""
    from patrols.services import calendars as service

    found, given = _found(code), request.form
    now = datetime.now(UTC)
    try:
        if given.get("deed") == "end":
            service.end_calendar(db(), code, now=now)
            audit("remove", f"calendar {code}")
            flash(gettext("The calendar holds no more."), "success")
            return redirect("/calendars", 303)
        service.change_calendar(
            db(),
            code,
            name=given.get("name", ""),
            name_en=given.get("name_en", ""),
            calendar=_calendar(given),
            now=now,
            author=access().account.name,
        )
    except InputRefused as refused:
        return _form(given, found, refused, 422)
    audit("change", f"calendar {code}")
    flash(gettext("The calendar was changed; plans that rest on it are shown as out of date."), "success")
    return redirect(f"/calendars/{quote(code, safe='')}", 303)


def _calendar(given: MultiDict[str, str]) -> Calendar:
    days = [day for day in given.getlist("weekdays") if day.isdecimal()]
    return Calendar(
        weekdays=frozenset(map(int, days)),
        terms=read_terms(given.get("terms", "")),
        left_out=read_dates(given.get("left_out", "")),
        single=read_dates(given.get("single", "")),
        holidays=store.holidays(db()) if given.get("follows") else None,
    )


def _found(code: str) -> dict[str, Any]:
    rows = store.calendars(db())
    rows = rows[rows["code"] == code]
    if rows.empty:
        abort(404)
    return {str(key): value for key, value in rows.iloc[0].items()}


def _form(
    given: MultiDict[str, str],
    found: dict[str, Any] | None = None,
    error: InputRefused | None = None,
    status: int = 200,
) -> Response:
    today = _today()
    own: Calendar | None = found["calendar"] if found else None
    unknown = (
        [year for year in (today.year, today.year + 1) if not own.knows(date(year, 1, 1))] if own else []
    )
    return render(
        "calendars/record.html",
        status=status,
        given=given,
        found=found,
        title=_title(found) if found else "",
        weekdays=WEEKDAY_WORDS,
        next=_next(own, today, SHOWN_DAYS) if own else [],
        holds_today=own.holds(today) if own else False,
        unknown=unknown,
        error=error,
    )


def _holidays(given: MultiDict[str, str], error: InputRefused | None = None, status: int = 200) -> Response:
    installed = holidays_of_china()
    days = [{"on_date": day.isoformat(), "is_off": True} for day in sorted(installed.off)]
    days += [{"on_date": day.isoformat(), "is_off": False} for day in sorted(installed.worked)]
    t, year = translator(), _today().year
    known = store.holidays(db()).years
    return table_view(
        HOLIDAYS,
        "calendars/holidays.html",
        parameters={"installed": json.dumps(days)},
        status=status,
        given=given,
        error=error,
        problems=[said(one, t) for one in error.problems] if error else [],
        unknown=[one for one in (year, year + 1) if one not in known],
        stated=list(db().scalars(text("SELECT on_date FROM public_holiday ORDER BY 1"))),
        kinds=HOLIDAY_KINDS,
    )


def _today() -> date:
    """The date where the site is."""
    return datetime.now(translator().zone).date()


def _next(calendar: Calendar, today: date, count: int) -> list[date]:
    """The first dates from today on, at most `count`, on which a calendar holds."""
    found = (today + timedelta(n) for n in range(AHEAD_DAYS))
    held = [day for day in found if calendar.holds(day)]
    return held[:count]


def _title(row: Mapping[Any, Any]) -> str:
    return str(row["name"] if translator().lang == "zh" else row["name_en"] or row["name"])
