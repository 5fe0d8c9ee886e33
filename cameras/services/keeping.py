"""Raw frames are kept for some days, what they told of each camera for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from cameras.repository import frame_days as store
from cameras.repository import frames as frame_store
from geo.errors import LianfangError, Sentence

# A day counts as analysed by an analysis that was begun so long after its last frames were stored: those were
# committed by then.
SETTLED = timedelta(minutes=5)
# Availability wants frames from five of the longest intervals before the period.
INTERVALS_BEFORE = 5


@dataclass(frozen=True)
class Due:
    """A day whose frames are older than they are kept.

    Parameters
    ----------
    day : date
        UTC.
    holders : tuple of int
        Analyses that together hold all of it, and of what follows as much as could not be analysed without
        it; empty where none do, and its frames stay.
    changed_at : datetime
        When frames of it were last stored, as far as was known then.
    """

    day: date
    holders: tuple[int, ...]
    changed_at: datetime


class DayChanged(LianfangError):
    """A day is not any more as it was when it was found to be due."""


def due_days(session: Session, *, keep_days: int, now: datetime) -> list[Due]:
    """Days older than frames are kept, the oldest first, with the analyses that hold them.

    Parameters
    ----------
    session : Session
    keep_days : int
        0 keeps frames for ever.
    now : datetime
        Timezone-aware.

    Notes
    -----
    A day goes when its end lies `keep_days` back, and when what comes after it can do without it: the first
    hours of the next day are analysed by its frames too. Days of which only synthetic sources told stay.
    """
    if not keep_days:
        return []
    before = (now.astimezone(UTC) - timedelta(days=keep_days)).date()
    lead = lead_in(session)
    return [
        Due(day, _holders(session, day, changed_at, lead), changed_at)
        for day, changed_at in store.kept_before(session, before)
    ]


def lead_in(session: Session) -> timedelta:
    """From how long before a period frames are wanted to analyse it."""
    sources = frame_store.sources(session)
    return timedelta(
        seconds=INTERVALS_BEFORE * float(sources["expected_interval_s"].max() if len(sources) else 0)
    )


def _holders(session: Session, day: date, changed_at: datetime, lead: timedelta) -> tuple[int, ...]:
    """Few analyses that together hold a day and what needs it; none where a part is missing."""
    end = store.bounds(day)[1] + lead
    held = set(_holding(session, store.bounds(day), changed_at))
    if not held:
        return ()
    for one, changed in store.days_after(session, day, end):
        start, stop = store.bounds(one)
        part = _holding(session, (start, min(stop, end)), changed or changed_at)
        if not part:
            return ()
        held.update(part)
    return tuple(sorted(held))


def _holding(session: Session, period: tuple[datetime, datetime], changed_at: datetime) -> tuple[int, ...]:
    """Few analyses that together hold a period, the newest before the others."""
    left = [period]
    chosen: list[int] = []
    for number, start, end in store.analyses_of(session, period, changed_at + SETTLED):
        rest = [
            (low, high) for a, b in left for low, high in ((a, min(b, start)), (max(a, end), b)) if low < high
        ]
        if rest != left:
            chosen.append(number)
        left = rest
        if not left:
            return tuple(chosen)
    return ()


def remove_frames(session: Session, due: Due) -> int:
    """Remove the frames of a day that analyses hold; answers how many there were.

    Raises
    ------
    LianfangError
        When no analysis holds the day.
    DayChanged
        When that is no longer so: frames came since, or an analysis was removed.
    """
    if not due.holders:
        raise LianfangError(Sentence("no analysis holds %(day)s; its frames stay", day=due.day.isoformat()))
    rows = store.remove_day(session, due.day, due.holders, due.changed_at)
    if rows is None:
        raise DayChanged(
            Sentence(
                "frames of %(day)s stay: since they were found to be due more of them came, or an analysis "
                "that holds them was removed",
                day=due.day.isoformat(),
            )
        )
    return rows


def removed_numbers(session: Session) -> frozenset[int]:
    """Days whose frames were removed, as `cameras.frames.ReadOptions` wants them: counted since 1970."""
    return frozenset((one.day - date(1970, 1, 1)).days for one in store.removed_days(session))


def check_kept(session: Session, start: datetime, end: datetime, *, before: timedelta = timedelta()) -> None:
    """Refuse to analyse `[start, end)` where frames that it needs, also from `before` it, were removed.

    Without them cameras would be told as lost or not measured that were neither.

    Raises
    ------
    LianfangError
        Names the last such day, the analyses that hold it, and from when on it can be analysed.
    """
    gone = store.removed_days(session, start - before, end)
    if not gone:
        return
    last = gone[-1]
    raise LianfangError(
        Sentence(
            "frames of %(day)s (UTC) were removed on %(removed)s and this analysis needs them; what they "
            "told is kept in analysis %(holders)s; begin at %(first)s UTC or later",
            day=last.day.isoformat(),
            removed=last.removed_at.date().isoformat(),
            holders=", ".join(str(number) for number in last.analyses),
            first=f"{store.bounds(last.day)[1] + before:%Y-%m-%d %H:%M}",
        )
    )
