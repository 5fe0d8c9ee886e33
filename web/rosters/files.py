"""A roster as a workbook, and as calendars: `.xlsx`, `.ics`."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any

import xlsxwriter
from icalendar import Calendar, Event

from geo.errors import LianfangError, Sentence
from web.i18n import N_, Translator
from web.rosters.content import KINDS, Shown, Turn

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MIMETYPES = {".xlsx": XLSX, ".ics": "text/calendar"}


def workbook(roster: Shown, t: Translator) -> bytes:
    """The workbook: the grid, every entry on a row of its own, and how turns are shared. Texts are texts."""
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, {"in_memory": True, **plain}) as book:
        title = _title(roster, t)
        # Without it the workbook would hold when it was written, and never be the same twice.
        book.set_properties({"title": title, "created": roster.made_at.replace(tzinfo=None)})
        bold = book.add_format({"bold": True, "font_size": 14})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        grid = book.add_worksheet(t(N_("Roster")))
        grid.write_string(0, 0, title, bold)
        grid.set_landscape()
        grid.set_paper(9)
        grid.fit_to_pages(1, 0)
        grid.repeat_rows(2)
        grid.set_column(0, 0, 16)
        grid.set_column(1, len(roster.slots), 34)
        for column, words in enumerate((t(N_("Day")), *roster.slots)):
            grid.write_string(2, column, words, head)
        for row, (day, turns) in enumerate(zip(roster.days, roster.grid, strict=True), start=3):
            grid.write_string(row, 0, day, cell)
            for column, turn in enumerate(turns, start=1):
                grid.write_string(row, column, "\n".join(turn_lines(turn, t)), cell)
        entries = book.add_worksheet(t(N_("Entries")))
        heads = (
            N_("Day"),
            N_("From"),
            N_("Until"),
            N_("Team"),
            N_("Name"),
            N_("Duty village"),
            N_("Police leader"),
        )
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        entries.set_column(0, 6, 18)
        for column, words in enumerate(heads):
            entries.write_string(0, column, t(words), head)
        line = 1
        for turn in roster.turns:
            for entry in turn.entries:
                entries.write_string(line, 0, turn.day)
                for column, moment in ((1, turn.start), (2, turn.end)):
                    entries.write_datetime(line, column, moment.astimezone(t.zone).replace(tzinfo=None), when)
                for column, words in enumerate((entry.code, entry.name, turn.village, turn.leader), start=3):
                    entries.write_string(line, column, words)
                line += 1
        sharing = book.add_worksheet(t(N_("How turns are shared")))
        sharing.set_column(0, 2, 20)
        kinds = list(roster.spread)
        for column, words in enumerate((t(N_("Team")), t(N_("Name")), t(N_("Village")))):
            sharing.write_string(0, column, words, head)
        for n, kind in enumerate(kinds):
            sharing.write_string(0, 3 + 2 * n, t(KINDS[kind]), head)
            sharing.write_string(0, 4 + 2 * n, t(N_("Fair share")), head)
        if roster.counted:
            sharing.write_string(0, 3 + 2 * len(kinds), t(N_("Turns before")), head)
        for line, share in enumerate(roster.shares, start=1):
            for column, words in enumerate((share.code, share.name, share.village)):
                sharing.write_string(line, column, words)
            for n, kind in enumerate(kinds):
                sharing.write_number(line, 3 + 2 * n, share.turns[kind][0])
                sharing.write_number(line, 4 + 2 * n, round(share.turns[kind][1], 2))
            if roster.counted:
                sharing.write_number(line, 3 + 2 * len(kinds), share.before)
    return target.getvalue()


def calendar(roster: Shown, t: Translator, *, team: str | None = None) -> bytes:
    """The turns as events (RFC 5545): of one team by its code, else one a turn of all.

    A roster that is not published is tentative.

    Raises
    ------
    LianfangError
        When the roster has no such team.
    """
    if team is not None and team not in {share.code for share in roster.shares}:
        raise LianfangError(Sentence("the roster has no such turn or no team '%(team)s'", team=team))
    made = Calendar()
    made.add("prodid", "-//Lianfang//roster//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for turn in roster.turns:
        if team is None or team in {entry.code for entry in turn.entries}:
            made.add_component(_event(roster, turn, t, team))
    return bytes(made.to_ical())


def turn_lines(turn: Turn, t: Translator) -> list[str]:
    """Who serves in a turn, a line each, then who leads."""
    lines = [entry.name for entry in turn.entries]
    if turn.village:
        lines.append(t(N_("duty village: %(village)s"), village=turn.village))
    if turn.leader:
        lines.append(t(N_("Police leader: %(name)s"), name=turn.leader))
    return lines


def _title(roster: Shown, t: Translator) -> str:
    title = f"{roster.zone} · {roster.days[0]} – {roster.days[-1]}"
    return f"{t(N_('DRAFT: not published'))} · {title}" if roster.draft else title


def _event(roster: Shown, turn: Turn, t: Translator, team: str | None) -> Event:
    event = Event()
    event.add("uid", f"roster-{roster.number}-{turn.number}-{team or 'all'}@lianfang")
    event.add("dtstamp", roster.made_at.astimezone(UTC))
    event.add("dtstart", turn.start.astimezone(UTC))
    event.add("dtend", turn.end.astimezone(UTC))
    names: Any = [entry.name for entry in turn.entries if team is None or entry.code == team]
    event.add("summary", t(N_("Patrol: %(team)s"), team=t.joined(names)))
    event.add("status", "TENTATIVE" if roster.draft else "CONFIRMED")
    event.add("location", roster.zone)
    event.add("description", "\n".join(turn_lines(turn, t)))
    return event
