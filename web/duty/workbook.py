"""A plan as an Excel workbook: routes, teams and stops, a sheet each."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from web.duty.content import Duty
from web.i18n import N_, Translator
from web.maps.words import MODES

Rows = Sequence[Sequence[Any]]


def workbook(duty: Duty, t: Translator) -> bytes:
    """The workbook. Times are Excel's own, in the site's zone; texts are texts, never formulas."""
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, {"in_memory": True, **plain}) as book:
        title = f"{duty.zone} · {t.span(duty.start, duty.end)}"
        if duty.draft:
            title = f"{t(N_('DRAFT: not published, not to be walked by'))} · {title}"
        # Without it the workbook would hold when it was written, and never be the same twice.
        book.set_properties({"title": title, "created": duty.made_at.replace(tzinfo=None)})
        formats = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "number": book.add_format({"num_format": "#,##0"}),
            "place": book.add_format({"num_format": "0.000000"}),
        }
        for name, heads, rows in (
            (t(N_("Routes")), _ROUTE_HEADS, _routes(duty, t)),
            (t(N_("Teams")), _TEAM_HEADS, _teams(duty, t)),
            (t(N_("Stops")), _STOP_HEADS, _stops(duty, t)),
        ):
            _write(
                book.add_worksheet(name), title, [(t(head), wide) for head, wide in heads], rows, formats, t
            )
    return target.getvalue()


_ROUTE_HEADS = (
    (N_("Team"), 7),
    (N_("Name"), 26),
    (N_("No."), 6),
    (N_("From"), 17),
    (N_("Until"), 17),
    (N_("Where"), 40),
    (N_("Village"), 20),
    (N_("Stop"), 8),
    (N_("Way there (m)"), 11),
)
_TEAM_HEADS = (
    (N_("Team"), 7),
    (N_("Name"), 26),
    (N_("Village"), 20),
    (N_("People"), 8),
    (N_("Mode"), 14),
    (N_("Muster"), 17),
    (N_("Muster place"), 40),
    (N_("Back"), 17),
    (N_("Stops"), 8),
    (N_("Length (m)"), 11),
)
_STOP_HEADS = (
    (N_("Stop"), 8),
    (N_("Where"), 40),
    (N_("Village"), 20),
    (N_("Longitude"), 13),
    (N_("Latitude"), 13),
    (N_("Visits"), 60),
)


def _routes(duty: Duty, t: Translator) -> Rows:
    return [
        [
            team.number,
            team.name,
            visit.order,
            visit.start_at,
            visit.end_at,
            visit.stop.place,
            visit.stop.village,
            visit.stop.number,
            round(visit.length_m),
        ]
        for team in duty.teams
        for visit in team.visits
    ]


def _teams(duty: Duty, t: Translator) -> Rows:
    return [
        [
            team.number,
            team.name,
            team.village,
            team.size,
            t(MODES[team.mode]),
            team.muster_at,
            team.start_place,
            team.back_at,
            len(team.visits),
            round(team.length_m),
        ]
        for team in duty.teams
    ]


def _stops(duty: Duty, t: Translator) -> Rows:
    visits: dict[int, list[tuple[datetime, str]]] = {}
    for team in duty.teams:
        for visit in team.visits:
            who = f"{t.clock(visit.start_at)} {team.number} {team.name}"
            visits.setdefault(visit.stop.number, []).append((visit.start_at, who))
    return [
        [
            stop.number,
            stop.place,
            stop.village,
            float(stop.point.x),
            float(stop.point.y),
            t.joined([who for _, who in sorted(visits.get(stop.number, []))]),
        ]
        for stop in duty.stops
    ]


def _write(
    sheet: Worksheet,
    title: str,
    heads: Sequence[tuple[str, int]],
    rows: Rows,
    formats: dict[str, Format],
    t: Translator,
) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, title, formats["title"])
    for at, (head, wide) in enumerate(heads):
        sheet.set_column(at, at, wide)
        sheet.write_string(2, at, head, formats["head"])
    writing: dict[type, Callable[[int, int, Any], object]] = {
        int: lambda row, at, value: sheet.write_number(row, at, value, formats["number"]),
        float: lambda row, at, value: sheet.write_number(row, at, value, formats["place"]),
        str: lambda row, at, value: sheet.write_string(row, at, value),
    }
    for row, values in enumerate(rows, start=3):
        for at, value in enumerate(values):
            if isinstance(value, datetime):
                # Excel knows no time zones.
                local = value.astimezone(t.zone).replace(tzinfo=None)
                sheet.write_datetime(row, at, local, formats["time"])
            else:
                writing[type(value)](row, at, value)
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(0, 2)
    if rows:
        sheet.autofilter(2, 0, 2 + len(rows), len(heads) - 1)
