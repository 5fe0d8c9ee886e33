"""Calendars: on which dates something holds, such as a school gate or the duty of a team.

A calendar knows weekdays, terms, dates left out and single dates, and may follow China's public holidays with
their moved working days (调休). Dates are those of the site's time zone; whoever has a moment says its date
there first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import chinese_calendar

from geo.errors import InputRefused, Sentence

WEEKDAYS = (1, 2, 3, 4, 5, 6, 7)
EARLIEST, LATEST = 2000, 2199
"""Monday to Sunday, as ISO 8601 numbers them."""
LONGEST_TERM_DAYS = 3660
FIXED_DAYS = ((1, 1), (5, 1), (10, 1))
"""New Year's Day, Labour Day and National Day: off on the same dates every year."""
LEGAL_DAYS = 13
"""Days off by law in a year (全国年节及纪念日放假办法, as in force since 2025), without moved ones."""
_WORKING, _RESTING = frozenset({1, 2, 3, 4, 5}), frozenset({6, 7})
# Between two dates of a term. A dash stands inside dates too, so it counts between blanks only.
_BETWEEN = re.compile(r"\s*(?:/|\.\.|至|到|~|–|\s-\s)\s*")
_APART = re.compile(r"[\s,，;；、]+")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?")
_SEPARATED = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")


@dataclass(frozen=True)
class Holidays:
    """Days off by law, and days of a weekend that are worked instead.

    Parameters
    ----------
    off, worked : frozenset of date
        No day is both.
    years : frozenset of int
        Years of which all are known; of any other some may be.

    Raises
    ------
    ValueError
        For a day that is both.
    """

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a day that is both."""
        both = sorted(self.off & self.worked)
        if both:
            raise ValueError(f"{both[0]} is a day off and a working day; drop one")

    def changed_by(self, days: Mapping[date, bool]) -> Holidays:
        """These with further days: True for a day off, False for one that is worked; they win."""
        stated = {day for day, is_off in days.items() if is_off}
        worked = set(days) - stated
        off = (self.off - worked) | stated
        whole = {year for year in {day.year for day in days} if _is_whole(year, off)}
        return Holidays(off, (self.worked - stated) | worked, self.years | whole)


def _is_whole(year: int, off: Collection[date]) -> bool:
    """Whether days off are the list of a year: its days on fixed dates, and as many as the law gives."""
    count = sum(day.year == year for day in off)
    return count >= LEGAL_DAYS and all(date(year, *day) in off for day in FIXED_DAYS)


@cache
def holidays_of_china() -> Holidays:
    """China's public holidays with their moved working days, as far as the installed list of them goes.

    The State Council names those of a year in the November before (`chinesecalendar` copies its notices).
    """
    off, worked = frozenset(chinese_calendar.holidays), frozenset(chinese_calendar.workdays)
    return Holidays(off - worked, worked, frozenset(day.year for day in off))


@dataclass(frozen=True)
class Calendar:
    """On which dates something holds.

    Parameters
    ----------
    weekdays : frozenset of int
        1 (Monday) to 7 (Sunday).
    terms : tuple of (date, date)
        First and last day of each; the weekdays hold inside them only. Without any they hold all year.
    left_out : frozenset of date
        Dates on which it does not hold.
    single : frozenset of date
        Dates on which it holds whatever the rest says.
    holidays : Holidays, optional
        Those it follows: a day off by law then counts as a weekend (it holds where both Saturday and Sunday
        do), a moved working day as a working day (it holds where Monday to Friday all do).

    Raises
    ------
    InputRefused
        For a weekday that is none, a term that ends before it begins, a date that is left out and single, and
        a calendar that never holds.

    Examples
    --------
    >>> school = Calendar(frozenset({1, 2, 3, 4, 5}), ((date(2026, 9, 1), date(2027, 1, 15)),))
    >>> school.holds(date(2026, 9, 1)), school.holds(date(2026, 8, 31)), school.holds(date(2026, 9, 5))
    (True, False, False)
    """

    weekdays: frozenset[int] = frozenset()
    terms: tuple[tuple[date, date], ...] = ()
    left_out: frozenset[date] = frozenset()
    single: frozenset[date] = frozenset()
    holidays: Holidays | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        strange = sorted(self.weekdays - set(WEEKDAYS))
        if strange:
            raise InputRefused(
                Sentence("weekday %(day)s is none; give 1 (Monday) to 7 (Sunday)", day=strange[0])
            )
        for first, last in self.terms:
            if last < first:
                raise InputRefused(
                    Sentence(
                        "a term ends on %(last)s, before it begins on %(first)s; swap the two",
                        first=first.isoformat(),
                        last=last.isoformat(),
                    )
                )
            if (last - first).days > LONGEST_TERM_DAYS:
                raise InputRefused(
                    Sentence(
                        "a term of %(days)s days is too long (at most %(most)s); correct its dates, or leave "
                        "the terms empty for all year",
                        days=(last - first).days,
                        most=LONGEST_TERM_DAYS,
                    )
                )
        both = sorted(self.left_out & self.single)
        if both:
            raise InputRefused(
                Sentence("%(day)s is both left out and a single date; choose one", day=both[0].isoformat())
            )
        if not self.single and not self._ever():
            raise InputRefused(
                Sentence(
                    "the calendar never holds: choose a weekday that lies in its terms, or give a single date"
                )
            )

    def _ever(self) -> bool:
        """Whether it holds on any date but the single ones.

        Holidays play no part: what is said of one day next year makes no stored calendar bad.
        """
        if not self.terms:
            return bool(self.weekdays)
        return any(
            day.isoweekday() in self.weekdays and day not in self.left_out
            for first, last in self.terms
            for day in (first + timedelta(days) for days in range((last - first).days + 1))
        )

    def holds(self, day: date) -> bool:
        """Whether it holds on a date of the site's time zone."""
        if day in self.single:
            return True
        if day in self.left_out or not self._in_term(day):
            return False
        if self.holidays is not None and day in self.holidays.off:
            return self.weekdays >= _RESTING
        if self.holidays is not None and day in self.holidays.worked:
            return self.weekdays >= _WORKING
        return day.isoweekday() in self.weekdays

    def knows(self, day: date) -> bool:
        """Whether all public holidays it follows are known in the year of a date."""
        return self.holidays is None or day.year in self.holidays.years

    def _in_term(self, day: date) -> bool:
        return not self.terms or any(first <= day <= last for first, last in self.terms)


def read_dates(text: str) -> frozenset[date]:
    """Dates written one after another, apart by blanks, commas or lines.

    Raises
    ------
    InputRefused
        Naming the first that is no date.
    """
    return frozenset(read_date(word) for word in _APART.split(_plain(text)) if word)


def read_terms(text: str) -> tuple[tuple[date, date], ...]:
    """Terms, one a line or apart by semicolons or commas, each as ``2026-09-01 / 2027-01-15``; in order.

    Raises
    ------
    InputRefused
        Naming the first that is not two dates.
    """
    found = []
    for line in re.split(r"[\n;；,，、]+", text):
        if not line.strip():
            continue
        ends = [word for word in _BETWEEN.split(_plain(line.strip())) if word]
        if len(ends) != 2:
            raise InputRefused(
                Sentence(
                    "term “%(value)s” is not two dates; write for example 2026-09-01 / 2027-01-15",
                    value=line.strip()[:60],
                )
            )
        found.append((read_date(ends[0]), read_date(ends[1])))
    return tuple(sorted(found))


def read_date(text: str) -> date:
    """A date as 2026-09-01, 2026/9/1, 2026.9.1, 20260901 or 2026年9月1日.

    Raises
    ------
    InputRefused
        For anything else, and for a year that nobody means.
    """
    word = _plain(text.strip())
    parts = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", word) or _SEPARATED.fullmatch(word)
    if not parts:
        raise _no_date(text)
    try:
        found = date(*map(int, parts.groups()))
    except ValueError as error:
        raise _no_date(text) from error
    refuse_year(found)
    return found


def refuse_year(day: date) -> None:
    """Refuse a date whose year is outside `EARLIEST` to `LATEST`: a slip, and the days around it need be too.

    Raises
    ------
    InputRefused
        Naming the year.
    """
    if not EARLIEST <= day.year <= LATEST:
        raise InputRefused(
            Sentence(
                "the year %(year)s lies outside %(first)s to %(last)s; correct the date",
                year=day.year,
                first=EARLIEST,
                last=LATEST,
            )
        )


def written_dates(days: Iterable[date]) -> str:
    """Dates as `read_dates` reads them, in order."""
    return ", ".join(day.isoformat() for day in sorted(days))


def written_terms(terms: Iterable[tuple[date, date]]) -> str:
    """Terms as `read_terms` reads them, one a line."""
    return "\n".join(f"{first.isoformat()} / {last.isoformat()}" for first, last in terms)


def _plain(text: str) -> str:
    """Every date with dashes: a slash then stands between two dates only."""
    dashed = _CHINESE.sub(r"\1-\2-\3", text)
    return _SEPARATED.sub(r"\1-\2-\3", dashed)


def _no_date(text: str) -> InputRefused:
    return InputRefused(
        Sentence("“%(value)s” is no date; write for example 2026-09-01", value=text.strip()[:40])
    )
