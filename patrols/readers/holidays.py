"""Public holidays from a file: ICS as calendar services offer it, or a table."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

from icalendar import Calendar as File

from geo.errors import InputRefused, Sentence
from geo.readers.columns import Column, match_columns
from geo.readers.files import read_rows
from geo.readers.result import Notes
from patrols.calendars import read_date

COLUMNS = (
    Column("date", ("日期", "day", "时间"), required=True),
    Column("kind", ("类型", "off", "isOffDay", "休班", "安排"), required=True),
    Column("name", ("名称", "节日", "holiday", "说明")),
)
OFF_WORDS = frozenset({"off", "休", "休息", "放假", "假日", "节假日", "true", "yes", "是", "1", "holiday"})
WORK_WORDS = frozenset(
    {"work", "班", "上班", "补班", "调休", "调班", "工作日", "false", "no", "否", "0", "workday"}
)
# As most Chinese holiday feeds write a moved working day: 春节(班), 国庆节 补班, 上班.
_WORKED = re.compile(r"班|workday|work day", re.IGNORECASE)
LONGEST_HOLIDAY_DAYS = 40


def read_holidays(path: Path) -> dict[date, tuple[bool, str]]:
    """Days off (True) and moved working days (False) of a .ics, .csv or .xlsx file, each with its name.

    A table has the columns date, kind (休 or off, 班 or work) and name. Of an ICS file every all-day event
    counts: its days are worked where its title says 班 (workday), else off; its end is not included, as the
    format has it.

    Raises
    ------
    InputRefused
        For a file that cannot be read, without such days, and with a day that is both.
    """
    found = _of_events(path) if path.suffix.lower() == ".ics" else _of_table(path)
    days: dict[date, tuple[bool, str]] = {}
    for day, is_off, name in found:
        if day in days and days[day][0] != is_off:
            raise InputRefused(
                Sentence(
                    "%(file)s calls %(day)s both a day off and a working day; drop one",
                    file=path.name,
                    day=day.isoformat(),
                )
            )
        days[day] = (is_off, name)
    if not days:
        raise InputRefused(
            Sentence("%(file)s holds no holiday; give one day a row, or all-day events", file=path.name)
        )
    return days


def _of_events(path: Path) -> list[tuple[date, bool, str]]:
    try:
        events = File.from_ical(path.read_bytes()).walk("VEVENT")
    except (OSError, ValueError) as error:
        raise InputRefused(
            Sentence("%(file)s could not be read (%(error)s)", file=path.name, error=error)
        ) from error
    found = []
    for event in events:
        start = event.decoded("DTSTART", None)
        if start is None or isinstance(start, datetime):
            continue
        end = event.decoded("DTEND", None)
        last = end if isinstance(end, date) and not isinstance(end, datetime) else start + timedelta(1)
        count = max(1, (last - start).days)
        title = str(event.get("SUMMARY", ""))
        if count > LONGEST_HOLIDAY_DAYS:
            raise InputRefused(
                Sentence(
                    "%(file)s: “%(title)s” lasts %(days)s days (at most %(most)s); correct its end",
                    file=path.name,
                    title=title[:60],
                    days=count,
                    most=LONGEST_HOLIDAY_DAYS,
                )
            )
        found += [(start + timedelta(n), not _WORKED.search(title), title) for n in range(count)]
    return found


def _of_table(path: Path) -> list[tuple[date, bool, str]]:
    # Of a table without positions the datum says nothing.
    rows = read_rows(path, "wgs84")
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, COLUMNS, notes)
    problems, found = [], []
    for row, day, kind, name in zip(
        table.texts.index, table.text("date"), table.text("kind"), table.text("name"), strict=True
    ):
        word = kind.lower()
        try:
            # A workbook writes a date with a time of zero.
            at = read_date(re.sub(r"[ T]00:00(:00)?$", "", day))
        except InputRefused as refused:
            problems.append(Sentence("row %(row)s: %(what)s", row=row, what=refused.args[0]))
            continue
        if word not in OFF_WORDS | WORK_WORDS:
            problems.append(
                Sentence(
                    "row %(row)s: %(what)s",
                    row=row,
                    what=Sentence(
                        "kind “%(kind)s” is not known; write %(off)s (off) or %(work)s (work)",
                        kind=kind,
                        off="休",
                        work="班",
                    ),
                )
            )
            continue
        found.append((at, word in OFF_WORDS, name))
    if problems:
        raise InputRefused(
            Sentence("%(file)s: nothing was taken in; bad rows: %(n)s", file=path.name, n=len(problems)),
            problems,
        )
    return found
