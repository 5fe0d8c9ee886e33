"""The slots of a day, and the turns that they make on some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from geo.errors import InputRefused, Sentence
from patrols.calendars import refuse_year
from patrols.hours import Hours, on_day, read_hours

LONGEST_DAYS = 31
MOST_SLOTS = 4


@dataclass(frozen=True)
class Slot:
    """A slot of every day: its hours, how many teams serve in it, of how many villages at least, and how many
    of them are mixed teams at least: None where nobody said, or the zone's rule knows none.

    Raises
    ------
    InputRefused
        For needs that cannot be.
    """

    hours: Hours
    teams: int
    villages: int
    mixed: int | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody can meet."""
        if not (1 <= self.teams <= 50 and 0 <= self.villages <= self.teams):
            raise InputRefused(
                Sentence(
                    "a slot of %(teams)s teams and %(villages)s villages cannot be; ask for 1 to 50 teams "
                    "and no more villages than teams",
                    teams=self.teams,
                    villages=self.villages,
                )
            )
        if self.mixed is not None and not 0 <= self.mixed <= self.teams:
            raise InputRefused(
                Sentence(
                    "a slot of %(teams)s teams, %(mixed)s of them mixed, cannot be; ask for no more "
                    "mixed teams than teams",
                    teams=self.teams,
                    mixed=self.mixed,
                )
            )

    @property
    def text(self) -> str:
        """As people write it: "18:00-22:00 2 2", and the mixed teams behind where somebody said."""
        mixed = "" if self.mixed is None else f" {self.mixed}"
        return f"{self.hours[0]:%H:%M}-{self.hours[1]:%H:%M} {self.teams} {self.villages}{mixed}"


def read_slots(text: str) -> tuple[Slot, ...]:
    """Slots, one a line: "18:00-22:00 2 2 1", hours, teams, villages (1 each where left out), mixed teams
    (None where left out).

    Raises
    ------
    InputRefused
        For a line that is none, none at all, or too many.
    """
    found = []
    for line in text.replace(";", "\n").splitlines():
        words = line.split()
        if not words:
            continue
        hours = read_hours(words[0])
        numbers = words[1:]
        if hours is None or len(numbers) > 3 or not all(word.isdecimal() for word in numbers):
            raise InputRefused(
                Sentence(
                    "'%(value)s' is no slot; write its hours, how many teams and of how many villages, as in "
                    "18:00-22:00 2 2",
                    value=line.strip()[:60],
                )
            )
        teams = int(numbers[0]) if numbers else 1
        villages = int(numbers[1]) if len(numbers) > 1 else min(1, teams)
        found.append(Slot(hours, teams, villages, int(numbers[2]) if len(numbers) > 2 else None))
    if not 1 <= len(found) <= MOST_SLOTS:
        raise InputRefused(
            Sentence(
                "a roster has 1 to %(most)s slots a day, not %(n)s; write one a line",
                most=MOST_SLOTS,
                n=len(found),
            )
        )
    return tuple(sorted(found, key=lambda slot: (slot.hours[0], slot.hours[1])))


def days_between(first: date, last: date) -> list[date]:
    """Every day from the first to the last.

    Raises
    ------
    InputRefused
        When there is none, or more than `LONGEST_DAYS`, and for a year that nobody means.
    """
    for day in (first, last):
        refuse_year(day)
    count = (last - first).days + 1
    if not 1 <= count <= LONGEST_DAYS:
        raise InputRefused(
            Sentence(
                "a roster is for 1 to %(most)s days; from %(first)s to %(last)s are %(n)s",
                most=LONGEST_DAYS,
                first=first.isoformat(),
                last=last.isoformat(),
                n=max(0, count),
            )
        )
    return [date.fromordinal(first.toordinal() + n) for n in range(count)]


def times(
    days: Sequence[date], slots: Sequence[Slot], zone: tzinfo
) -> list[tuple[int, int, datetime, datetime]]:
    """Every turn: day's number, slot's number, begin and end (UTC), in order of time."""
    return sorted(
        (
            (day, number, *on_day(days[day], slot.hours, zone))
            for day in range(len(days))
            for number, slot in enumerate(slots)
        ),
        key=lambda turn: (turn[2], turn[1]),
    )
