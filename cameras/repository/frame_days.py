"""Days of frames (UTC, a partition each): which there are, which were removed and what holds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.tables import Analysis
from geo.errors import LianfangError, Sentence


@dataclass(frozen=True)
class Removed:
    """A day whose frames were removed.

    Parameters
    ----------
    day : date
        UTC.
    removed_at : datetime
    analyses : tuple of int
        Which together hold its availability.
    """

    day: date
    removed_at: datetime
    analyses: tuple[int, ...]


def bounds(day: date) -> tuple[datetime, datetime]:
    """The period of a UTC day."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def stored_days(session: Session) -> set[date]:
    """Days (UTC) whose frames are stored and were not removed."""
    return set(session.scalars(text("SELECT day FROM frame_day WHERE removed_at IS NULL")))


def hold(session: Session) -> None:
    """Until the transaction ends nobody else makes or removes a day."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('make_frame_partition'))"))


def check_not_removed(session: Session, days: Collection[date]) -> None:
    """Refuse days whose frames were removed since the reader was told which those are.

    Raises
    ------
    LianfangError
        What is handed in again is told row by row.
    """
    for one in removed_days(session):
        if one.day in days:
            raise LianfangError(
                Sentence(
                    "frames of %(day)s (UTC) were removed at this moment; hand the file in again",
                    day=one.day.isoformat(),
                )
            )


def note_days(session: Session, days: Collection[date]) -> None:
    """Note that frames of these days are stored now; the staged ones tell whether any of them is real.

    The time is that of the clock, not of the transaction's begin: an analysis that began before it may not
    have seen these frames.
    """
    session.execute(
        text(
            """INSERT INTO frame_day (day, changed_at, label)
               SELECT day, clock_timestamp(),
                      CASE WHEN EXISTS (SELECT FROM frame_stage f JOIN frame_source s ON s.id = f.source_id
                                        WHERE s.label = 'real') THEN 'real' ELSE 'synthetic' END
               FROM unnest(CAST(:days AS date[])) AS day
               ON CONFLICT (day) DO UPDATE SET changed_at = excluded.changed_at,
                   label = CASE WHEN frame_day.label = 'real' THEN 'real' ELSE excluded.label END"""
        ),
        {"days": sorted(days)},
    )


def removed_days(
    session: Session, start: datetime | None = None, end: datetime | None = None
) -> list[Removed]:
    """Days whose frames were removed, those that reach into `[start, end)` or all."""
    rows = session.execute(
        text(
            """SELECT day, removed_at, analyses FROM frame_day WHERE removed_at IS NOT NULL
                 AND (CAST(:start AS timestamptz) IS NULL OR (day + 1) AT TIME ZONE 'UTC' > :start)
                 AND (CAST(:end AS timestamptz) IS NULL OR day AT TIME ZONE 'UTC' < :end)
               ORDER BY day"""
        ),
        {"start": start, "end": end},
    )
    return [Removed(row.day, row.removed_at, tuple(row.analyses)) for row in rows]


def kept_before(session: Session, before: date) -> list[tuple[date, datetime]]:
    """(day, last changed at) of days before another whose frames, some of them real, are still there."""
    rows = session.execute(
        text(
            """SELECT day, changed_at FROM frame_day
               WHERE removed_at IS NULL AND label = 'real' AND day < :before ORDER BY day"""
        ),
        {"before": before},
    )
    return [(row.day, row.changed_at) for row in rows]


def days_after(session: Session, day: date, end: datetime) -> list[tuple[date, datetime | None]]:
    """(day, last changed at) of the days from the next one up to a time, but for those that were removed."""
    rows = session.execute(
        text(
            """SELECT one::date AS day, known.changed_at
               FROM generate_series(CAST(:day AS date) + 1, :last, interval '1 day') AS one
               LEFT JOIN frame_day AS known ON known.day = one::date
               WHERE known.removed_at IS NULL ORDER BY 1"""
        ),
        {"day": day, "last": (end.astimezone(UTC) - timedelta(microseconds=1)).date()},
    )
    return [(row.day, row.changed_at) for row in rows]


def analyses_of(
    session: Session, span: tuple[datetime, datetime], made_after: datetime
) -> list[tuple[int, datetime, datetime]]:
    """(id, start, end) of the analyses that reach into a period and were begun after a time, newest first."""
    rows = session.query(Analysis.id, Analysis.period).filter(
        Analysis.period.overlaps(Range(*span)), Analysis.created_at > made_after
    )
    found = [(number, period.lower, period.upper) for number, period in rows.order_by(Analysis.id.desc())]
    return [(number, low, high) for number, low, high in found if low is not None and high is not None]


def remove_day(session: Session, day: date, holders: Sequence[int], changed_at: datetime) -> int | None:
    """Drop the partition of a day; answers how many frames it held.

    None, and nothing is dropped, when it was written to after `changed_at`, when one of its holders is gone,
    or when there is no such day any more. Waits for whoever reads or stores frames, a few seconds at most.
    """
    session.execute(text("SET LOCAL lock_timeout = '5s'"))
    found = session.scalar(
        text("SELECT drop_frame_partition(:day, CAST(:holders AS bigint[]), :changed)"),
        {"day": day, "holders": list(holders), "changed": changed_at},
    )
    return None if found is None else int(found)


def held_by(session: Session, analysis: int) -> list[date]:
    """The removed days of which an analysis holds a part.

    Until the transaction ends no further day is removed because this analysis holds it.
    """
    session.execute(text("SELECT FROM analysis WHERE id = :number FOR UPDATE"), {"number": analysis})
    found = session.scalars(
        text("SELECT day FROM frame_day WHERE removed_at IS NOT NULL AND :number = ANY(analyses) ORDER BY 1"),
        {"number": analysis},
    )
    return list(found)
