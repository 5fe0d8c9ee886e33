"""Take in who signed in at which stop and when, and refuse what cannot have been so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from patrols.repository import check_ins as store

# A team may muster before the shift and be late to end it.
AROUND_SHIFT = timedelta(hours=1)
LONGEST_NAME, LONGEST_NOTE = 60, 200


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
    """Of which plan and time, and in which zone times are said."""

    plan_id: int
    start: datetime
    end: datetime
    zone: tzinfo


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
        raise InputRefused(_outside(f"{clock:%H:%M}", shift))
    return min(meant, key=lambda at: abs(at - near))


def enter(
    session: Session,
    shift: Shift,
    entries: Sequence[Entry],
    *,
    author: str,
    now: datetime,
    pack_id: str | None = None,
) -> list[int]:
    """Store check-ins of a plan, all or none; answers their ids.

    Parameters
    ----------
    session : Session
    shift : Shift
        Of the plan.
    entries : sequence of Entry
    author : str
        Who types them, or hands the pack in.
    now : datetime
    pack_id : str, optional
        Of the pack that they came with.

    Raises
    ------
    InputRefused
        With a sentence for each thing that cannot have been so: a stop or team of another plan, a time
        outside the shift or still to come, a team that left before it came or was in two places at once, a
        check-in that is there already.
    """
    store.lock(session, shift.plan_id)
    planned, stored = store.planned(session, shift.plan_id), store.of_plan(session, shift.plan_id)
    numbers = store.stop_numbers(session, shift.plan_id)
    teams = set(planned["team_id"])
    problems = []
    for entry in entries:
        problems += list(_wrong(entry, shift, numbers, teams, now))
    if not problems:
        problems = list(_at_once(entries, stored, shift, numbers))
    if problems:
        raise InputRefused(Sentence("nothing was entered: correct what is said of it"), problems)
    return store.add(
        session,
        [
            {
                "plan_id": shift.plan_id,
                "team_id": entry.team_id,
                "stop_id": entry.stop_id,
                "arrived_at": entry.arrived_at,
                "left_at": entry.left_at,
                "signer": entry.signer,
                "note": entry.note,
                "origin": "sheet" if pack_id is None else "pack",
                "pack_id": pack_id,
                "author": author,
                "entered_at": now,
            }
            for entry in entries
        ],
    )


def _wrong(
    entry: Entry, shift: Shift, numbers: dict[str, int], teams: set[int], now: datetime
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
    entries: Sequence[Entry], stored: pd.DataFrame, shift: Shift, numbers: dict[str, int]
) -> Iterator[Sentence]:
    """Check-ins of one team that cannot both have been: the same twice, or two places at once."""
    rows: list[tuple[int, str, datetime, datetime | None, bool]]
    rows = [(one.team_id, one.stop_id, one.arrived_at, one.left_at, True) for one in entries]
    for row in stored.to_dict("records"):
        left_at = None if pd.isna(row["left_at"]) else row["left_at"]
        rows.append((row["team_id"], row["stop_id"], row["arrived_at"], left_at, False))
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
