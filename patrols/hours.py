"""When and how a team serves: hours of the day, days, breaks, pace, and where it must not go.

Hours of the day are the site's; whoever works with them gives its time zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from geo.errors import InputRefused, Sentence
from patrols.problem_frames import MOST_BREAKS

DAYTIME = (time(6), time(19))
"""When a team serves that serves by day only (五老 and the like). No rule was found that says it; a team with
other hours has them as its own."""
LONGEST_BREAK_MIN = 240
SLOWEST_PERCENT = 20
LONGEST_SKILL, MOST_SKILLS = 40, 20

Hours = tuple[time, time]
Stretch = tuple[datetime, datetime]

# Full-width forms of ASCII (Unicode 16.0, U+FF01 to U+FF5E), and the blank that goes with them.
_HALF = {0xFF01 + n: 0x21 + n for n in range(0x5E)} | {0x3000: 0x20}
_CLOCK = re.compile(r"(\d{1,2})[:点时](\d{2})分?")
_UNTIL = re.compile(r"\s*(?:-|–|—|~|至|到)\s*")
_BREAK = re.compile(rf"([\d:点时分]+){_UNTIL.pattern}([\d:点时分]+)\s+(\d{{1,4}})\s*(?:min|分钟|分)?")


@dataclass(frozen=True)
class Break:
    """A break that begins from `earliest` to `latest` (both included) and lasts `minutes`.

    `latest` before `earliest` is on the next day.

    Raises
    ------
    InputRefused
        When it lasts less than a minute or more than `LONGEST_BREAK_MIN`.
    """

    earliest: time
    latest: time
    minutes: int

    def __post_init__(self) -> None:
        """Refuse what is no break."""
        if not 1 <= self.minutes <= LONGEST_BREAK_MIN:
            raise InputRefused(
                Sentence(
                    "a break lasts from 1 to %(most)s minutes, not %(minutes)s; correct it",
                    most=LONGEST_BREAK_MIN,
                    minutes=self.minutes,
                )
            )

    @property
    def text(self) -> str:
        """As people write it: "20:00-21:00 15"."""
        return f"{self.earliest:%H:%M}-{self.latest:%H:%M} {self.minutes}"


@dataclass(frozen=True)
class Terms:
    """On what terms a team serves, beside its mode, size and base.

    Parameters
    ----------
    hours : (time, time), optional
        It serves daily from the first to the second; the second before the first is on the next day.
    daytime_only : bool
        It serves within `DAYTIME` only.
    breaks : tuple of Break
        At most `MOST_BREAKS`.
    skills : tuple of str
        Free words.
    pace_percent : int
        Of the pace of its mode: 70 takes 100/70 of the time.
    keep_out : tuple of str
        Paths of jurisdictions where it must not be sent to a stop.
    partners : tuple of str
        Paths of the villages, beside its own, whose people serve in it: a mixed team has some.
    calendar : str, optional
        Code of the calendar of the days it serves; without one it serves every day.

    Raises
    ------
    InputRefused
        For what is out of these limits.
    """

    hours: Hours | None = None
    daytime_only: bool = False
    breaks: tuple[Break, ...] = ()
    skills: tuple[str, ...] = ()
    pace_percent: int = 100
    keep_out: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    calendar: str | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody can serve by."""
        if self.hours is not None and self.hours[0] == self.hours[1]:
            raise InputRefused(
                Sentence(
                    "daily hours from %(start)s to %(end)s are none; leave them empty for the whole day",
                    start=f"{self.hours[0]:%H:%M}",
                    end=f"{self.hours[1]:%H:%M}",
                )
            )
        if len(self.breaks) > MOST_BREAKS:
            raise InputRefused(
                Sentence(
                    "a team has at most %(most)s breaks, not %(n)s; leave some out",
                    most=MOST_BREAKS,
                    n=len(self.breaks),
                )
            )
        if not SLOWEST_PERCENT <= self.pace_percent <= 100:
            raise InputRefused(
                Sentence(
                    "a pace of %(pace)s per cent is out of limits (%(least)s to 100 of the mode's); "
                    "correct it",
                    pace=self.pace_percent,
                    least=SLOWEST_PERCENT,
                )
            )
        if len(self.skills) > MOST_SKILLS or any(len(one) > LONGEST_SKILL for one in self.skills):
            raise InputRefused(
                Sentence(
                    "a team has at most %(n)s skills of at most %(most)s characters each; shorten them",
                    n=MOST_SKILLS,
                    most=LONGEST_SKILL,
                )
            )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Terms:
        """Of a stored team (`patrols.repository.teams`); what the row lacks has its default."""
        first, last = row.get("daily_from"), row.get("daily_to")
        return cls(
            hours=(first, last) if isinstance(first, time) and isinstance(last, time) else None,
            daytime_only=bool(row.get("daytime_only") or False),
            breaks=read_breaks(";".join(row.get("breaks") or ())),
            skills=tuple(row.get("skills") or ()),
            pace_percent=int(row.get("pace_percent") or 100),
            keep_out=tuple(row.get("keep_out") or ()),
            partners=tuple(row.get("partners") or ()),
            calendar=row.get("calendar") if isinstance(row.get("calendar"), str) else None,
        )

    @property
    def hours_text(self) -> str:
        """As people write it, "" without hours of its own."""
        return "" if self.hours is None else f"{self.hours[0]:%H:%M}-{self.hours[1]:%H:%M}"

    @property
    def breaks_text(self) -> str:
        """As people write them, "" without any."""
        return "; ".join(one.text for one in self.breaks)


def half_width(text: str) -> str:
    """A text with the full-width digits and signs that Chinese keyboards write as plain ones."""
    return text.translate(_HALF)


def read_clock(text: str) -> time:
    """A time of the day, "18:00" or 18点00分, also in full-width signs; "24:00" is midnight.

    Raises
    ------
    InputRefused
        For what is none.
    """
    found = _CLOCK.fullmatch(half_width(text).strip())
    hour, minute = (int(found[1]), int(found[2])) if found else (99, 99)
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise InputRefused(Sentence("'%(value)s' is no time of the day; write it as 18:00", value=text[:40]))
    return time(hour, minute)


def read_hours(text: str) -> Hours | None:
    """Daily hours, "18:00-22:00"; None for an empty text.

    Raises
    ------
    InputRefused
        For what is none.
    """
    if not text.strip():
        return None
    parts = _UNTIL.split(half_width(text).strip())
    if len(parts) != 2:
        raise InputRefused(Sentence("'%(value)s' are no hours; write them as 18:00-22:00", value=text[:40]))
    return read_clock(parts[0]), read_clock(parts[1])


def read_breaks(text: str) -> tuple[Break, ...]:
    """Breaks, "20:00-21:00 15; 23:00-23:30 10": begun from when to when, and how many minutes.

    Raises
    ------
    InputRefused
        For what is none.
    """
    found = []
    for part in re.split(r"[;,、\n]", half_width(text)):
        if not part.strip():
            continue
        written = _BREAK.fullmatch(part.strip())
        if written is None:
            raise InputRefused(
                Sentence(
                    "'%(value)s' is no break; write when it begins and how many minutes it lasts, as in "
                    "20:00-21:00 15",
                    value=part.strip()[:40],
                )
            )
        found.append(Break(read_clock(written[1]), read_clock(written[2]), int(written[3])))
    return tuple(found)


def read_words(text: str) -> tuple[str, ...]:
    """Words with a comma, semicolon or line between them, each once."""
    words = (word.strip() for word in re.split(r"[,，;；、\n]", text))
    return tuple(dict.fromkeys(word for word in words if word))


def serving(
    start: datetime,
    end: datetime,
    zone: tzinfo,
    terms: Terms,
    *,
    serves: Callable[[date], bool] = lambda day: True,
) -> list[Stretch]:
    """The parts of `[start, end)` in which a team serves by its terms, in order, UTC.

    Parameters
    ----------
    serves : callable
        Whether it serves on a day. Daily hours that pass midnight belong to the day they begin on; without
        daily hours the whole period belongs to the day it begins on.
    """
    days = _days(start, end, zone)
    if terms.hours is None:
        spans = [(start, end)] if serves(start.astimezone(zone).date()) else []
    else:
        spans = [on_day(day, terms.hours, zone) for day in days if serves(day)]
    if terms.daytime_only:
        spans = _overlap(spans, [on_day(day, DAYTIME, zone) for day in days])
    return _merged(_overlap(spans, [(start, end)]))


def breaks_within(
    breaks: Sequence[Break], start: datetime, zone: tzinfo, first_s: int, last_s: int
) -> list[tuple[int, int, int]]:
    """The breaks that fall due while a team serves from `first_s` to `last_s`, seconds from `start`.

    Returns
    -------
    list of (earliest_s, latest_s, duration_s)
        When each may begin, cut so that it is begun and over within the team's time; one that cannot be is
        not due.
    """
    second = timedelta(seconds=1)
    due = []
    for day in _days(start + first_s * second, start + last_s * second, zone):
        for one in breaks:
            opens, closes = on_day(day, (one.earliest, one.latest), zone, same_is_a_day=False)
            earliest_s = max(first_s, -((start - opens) // second))
            latest_s = min(last_s - one.minutes * 60, (closes - start) // second)
            if earliest_s <= latest_s:
                due.append((earliest_s, latest_s, one.minutes * 60))
    return sorted(due)


def _days(start: datetime, end: datetime, zone: tzinfo) -> list[date]:
    """Every day whose hours can meet the period: from the day before its first to its last."""
    first = start.astimezone(zone).date()
    return [first + timedelta(days=n) for n in range(-1, (end.astimezone(zone).date() - first).days + 1)]


def on_day(day: date, hours: Hours, zone: tzinfo, *, same_is_a_day: bool = True) -> Stretch:
    """Hours of a day as instants (UTC); an end before the begin is on the next day."""
    first, last = hours
    next_day = last <= first if same_is_a_day else last < first
    return (
        datetime.combine(day, first, zone).astimezone(UTC),
        datetime.combine(day + timedelta(days=int(next_day)), last, zone).astimezone(UTC),
    )


def _overlap(some: Iterable[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """What lies in both."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return sorted((a.astimezone(UTC), b.astimezone(UTC)) for a, b in both if a < b)


def _merged(spans: Iterable[Stretch]) -> list[Stretch]:
    """Stretches that touch as one."""
    whole: list[Stretch] = []
    for first, last in spans:
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return whole
