"""What a sign-in sheet says, and what of it cannot have been so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from geo.errors import InputRefused, Sentence
from patrols.hours import half_width

# A team may muster before the shift and be late to end it.
AROUND_SHIFT = timedelta(hours=1)
LONGEST_NAME, LONGEST_NOTE = 60, 200
CLOCK = re.compile(r"([01]?\d|2[0-3])[:.点时]?([0-5]\d)(?::[0-5]\d|分)?", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One line of a sign-in sheet: `left_at` is None where it was left empty."""

    team_id: int
    stop_id: str
    arrived_at: datetime
    left_at: datetime | None = None
    signer: str = ""
    note: str = ""


@dataclass(frozen=True)
class Shift:
    """From when until when, and in which zone times are said."""

    start: datetime
    end: datetime
    zone: tzinfo


def clock_of(value: str) -> time:
    """A time of day as people write it: 18:04, 1804, 18.04, 18点04分, also in full-width signs.

    A spreadsheet's seconds are left out.

    Raises
    ------
    InputRefused
        When it is none.
    """
    found = CLOCK.fullmatch(half_width(value).strip())
    if not found:
        raise InputRefused(
            Sentence("“%(value)s” is not a time of day; write it as 18:04", value=value.strip()[:20])
        )
    return time(int(found[1]), int(found[2]))


def time_in_shift(clock: time, shift: Shift, near: datetime) -> datetime:
    """The moment that a time of day on a sheet means: within the shift and an hour around it.

    Parameters
    ----------
    clock : time
        As it was written, without a zone.
    shift : Shift
    near : datetime
        When it was planned: of a shift longer than a day the nearest such moment is meant.

    Raises
    ------
    InputRefused
        When that time of day lies outside, with the shift.
    """
    first, last = shift.start - AROUND_SHIFT, shift.end + AROUND_SHIFT
    day = first.astimezone(shift.zone).date()
    meant = []
    while day <= last.astimezone(shift.zone).date():
        # Of an hour that the clocks repeat both are meant, of one that they skip none.
        for fold in (0, 1):
            local = datetime.combine(day, clock.replace(fold=fold), shift.zone)
            at = local.astimezone(UTC)
            if first <= at <= last and at.astimezone(shift.zone).time() == clock:
                meant.append(at)
        day += timedelta(days=1)
    if not meant:
        why = _outside(f"{clock:%H:%M}", shift)
        raise InputRefused(why)
    return min(meant, key=lambda at: abs(at - near))


def faults(
    entries: Sequence[Entry],
    shift: Shift,
    *,
    numbers: Mapping[str, int],
    teams: Collection[int],
    stored: Sequence[Entry],
    now: datetime,
) -> list[Sentence]:
    """A sentence for each thing that cannot have been so; empty where all of it can.

    Parameters
    ----------
    entries : sequence of Entry
        What a sheet says.
    shift : Shift
        Of the plan.
    numbers : mapping
        Numbers of the plan's stops by their ids, as people call them.
    teams : collection of int
        Teams with a route in the plan.
    stored : sequence of Entry
        What was entered before, and is believed.
    now : datetime
        Nobody has signed in later.
    """
    found = [one for entry in entries for one in _wrong(entry, shift, numbers, teams, now)]
    return found or list(_at_once(entries, stored, shift, numbers))


def _wrong(
    entry: Entry, shift: Shift, numbers: Mapping[str, int], teams: Collection[int], now: datetime
) -> Iterator[Sentence]:
    """What is wrong with one entry by itself."""
    if entry.stop_id not in numbers:
        yield Sentence("stop '%(stop)s' is none of this plan; choose one of it", stop=entry.stop_id[:60])
        return
    stop = numbers[entry.stop_id]
    if entry.team_id not in teams:
        yield Sentence("stop %(stop)s: the team has no route in this plan", stop=stop)
        return
    for at in (entry.arrived_at, entry.left_at):
        if at is None:
            continue
        if not shift.start - AROUND_SHIFT <= at <= shift.end + AROUND_SHIFT:
            yield Sentence("stop %(stop)s: %(why)s", stop=stop, why=_outside(_clock(at, shift), shift))
        elif at > now:
            yield Sentence(
                "stop %(stop)s: %(time)s is still to come, it is %(now)s; correct the time",
                stop=stop,
                time=_clock(at, shift),
                now=_clock(now, shift),
            )
    if entry.left_at is not None and entry.left_at < entry.arrived_at:
        yield Sentence(
            "stop %(stop)s: the team left at %(left)s, before it came at %(came)s; correct one of them",
            stop=stop,
            left=_clock(entry.left_at, shift),
            came=_clock(entry.arrived_at, shift),
        )
    for said, most in ((entry.signer, LONGEST_NAME), (entry.note, LONGEST_NOTE)):
        if len(said) > most:
            yield Sentence(
                "stop %(stop)s: “%(said)s…” has %(n)s letters; at most %(most)s are kept",
                stop=stop,
                said=said[:20],
                n=len(said),
                most=most,
            )
        elif said and not said.isprintable():
            yield Sentence(
                "stop %(stop)s: a name or note holds signs that cannot be read; type it anew", stop=stop
            )


def _at_once(
    entries: Sequence[Entry], stored: Sequence[Entry], shift: Shift, numbers: Mapping[str, int]
) -> Iterator[Sentence]:
    """Check-ins of one team that cannot both have been: the same twice, or two places at once."""
    rows = [
        (one.team_id, one.stop_id, one.arrived_at, one.left_at, fresh)
        for fresh, several in ((True, entries), (False, stored))
        for one in several
    ]
    rows.sort(key=lambda row: (row[0], row[2], row[1]))
    for n, (team, stop, came, left, fresh) in enumerate(rows):
        for other, other_stop, other_came, _, other_fresh in rows[n + 1 :]:
            if other != team or other_came > (left or came):
                break
            if not (fresh or other_fresh):
                continue
            if other_stop == stop:
                yield Sentence(
                    "stop %(stop)s at %(time)s is entered already; leave it out",
                    stop=numbers[stop],
                    time=_clock(other_came, shift),
                )
            elif other_came < (left or came):
                yield Sentence(
                    "the team cannot be at stop %(stop)s until %(left)s and at stop %(other)s from %(came)s; "
                    "correct one of them",
                    stop=numbers[stop],
                    left=_clock(left or came, shift),
                    other=numbers[other_stop],
                    came=_clock(other_came, shift),
                )


def _outside(clock: str, shift: Shift) -> Sentence:
    return Sentence(
        "%(time)s lies outside the shift from %(start)s to %(end)s and an hour around it; correct the time",
        time=clock,
        start=_clock(shift.start, shift),
        end=_clock(shift.end, shift),
    )


def _clock(at: datetime, shift: Shift) -> str:
    return f"{at.astimezone(shift.zone):%H:%M}"
