"""What sources delivered: files, batches, probes; and what of it was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cameras.tables import FrameFile
from geo.db import read_frame

FILE, BATCH, PROBE = "file", "batch", "probe"


@dataclass(frozen=True)
class Handed:
    """One file, batch or run of a probe.

    Parameters
    ----------
    sha256 : str
        Of its content; of a probe's run, of what it watches and since when.
    source_id : int
    file_name : str
    rows : int
        Frames that could be taken, those known before counted too.
    label : str
    refused : int
    problems : sequence of str
        The first refusals in words.
    way : str
        file, batch or probe.
    newest_at : datetime, optional
        When its last frame was captured, by the clock of the source.
    stored_at : datetime, optional
        When it was handed in; now, where it is not told.
    """

    sha256: str
    source_id: int
    file_name: str
    rows: int
    label: str
    refused: int = 0
    problems: Sequence[str] = ()
    way: str = FILE
    newest_at: datetime | None = None
    stored_at: datetime | None = None


def note_handed(session: Session, handed: Handed) -> None:
    """Note what was handed in; of a probe that goes on, anew."""
    values: dict[str, Any] = {
        "row_count": handed.rows,
        "refused": handed.refused,
        "problems": list(handed.problems),
        "newest_at": handed.newest_at,
        "stored_at": func.now() if handed.stored_at is None else handed.stored_at,
    }
    row = insert(FrameFile).values(
        sha256=handed.sha256,
        source_id=handed.source_id,
        file_name=handed.file_name,
        label=handed.label,
        way=handed.way,
        **values,
    )
    session.execute(row.on_conflict_do_update(index_elements=["sha256", "source_id"], set_=values))


def handed_sum(session: Session, source: int, sha256s: Sequence[str]) -> tuple[int, int, int]:
    """Frames, refusals and kept sentences of some of a source's deliveries together."""
    rows, refused, told = session.execute(
        select(
            func.coalesce(func.sum(FrameFile.row_count), 0),
            func.coalesce(func.sum(FrameFile.refused), 0),
            func.coalesce(func.sum(func.jsonb_array_length(FrameFile.problems)), 0),
        ).where(FrameFile.source_id == source, FrameFile.sha256.in_(sha256s))
    ).one()
    return int(rows), int(refused), int(told)


def sources_summed(session: Session, *, today: datetime, week: datetime) -> pd.DataFrame:
    """Every source, by id, with what it delivered.

    Parameters
    ----------
    today, week : datetime
        Since when "today" and "the last seven days" are.

    Returns
    -------
    DataFrame
        code, kind, expected_interval_s, label, cameras (those in reach of which it spoke or should speak),
        newest_at, heard_at (the same, but not later than it came), stored_at (last delivery),
        today, week (rows), refused (rows in the week), problem (the first sentence of the last refusal), and
        of the week's batches: batches, least_s, greatest_s.
    """
    frame = read_frame(
        session,
        """SELECT s.id, s.code, s.kind, s.expected_interval_s, s.label,
                  (SELECT count(DISTINCT c.code) FROM camera_source cs JOIN camera c ON c.id = cs.camera_id
                   WHERE cs.source_id = s.id) AS cameras,
                  last.newest_at, last.heard_at, last.stored_at, f.*,
                  (SELECT p.problems ->> 0 FROM frame_file p WHERE p.source_id = s.id AND p.refused > 0
                   ORDER BY p.stored_at DESC LIMIT 1) AS problem
           FROM frame_source s
           CROSS JOIN LATERAL (SELECT max(newest_at) AS newest_at, max(stored_at) AS stored_at,
                                      max(LEAST(newest_at, stored_at))
                                      FILTER (WHERE newest_at IS NOT NULL) AS heard_at
                               FROM frame_file WHERE source_id = s.id) AS last
           CROSS JOIN LATERAL (
               SELECT COALESCE(sum(row_count) FILTER (WHERE stored_at >= :today), 0)::bigint AS today,
                      COALESCE(sum(row_count), 0)::bigint AS week,
                      COALESCE(sum(refused), 0)::bigint AS refused,
                      count(lag) AS batches, min(lag) AS least_s, max(lag) AS greatest_s
               FROM (SELECT row_count, refused, stored_at, CASE WHEN way = 'batch' OR newest_at > stored_at
                         THEN extract(epoch FROM stored_at - newest_at)::float8 END AS lag
                     FROM frame_file WHERE source_id = s.id AND stored_at >= :week) AS one
           ) AS f
           WHERE s.kind <> 'recording' ORDER BY s.code""",
        today=today,
        week=week,
    )
    return frame.set_index("id")


def clock_days(session: Session, source: int, *, since: datetime, zone: str) -> pd.DataFrame:
    """By day of the site, newest first: day, batches, least_s and greatest_s lag of a source's batches."""
    return read_frame(
        session,
        """SELECT (stored_at AT TIME ZONE :zone)::date AS day, count(*) AS batches,
                  min(extract(epoch FROM stored_at - newest_at))::float8 AS least_s,
                  max(extract(epoch FROM stored_at - newest_at))::float8 AS greatest_s
           FROM frame_file WHERE source_id = :source AND stored_at >= :since AND newest_at IS NOT NULL
             AND (way = 'batch' OR newest_at > stored_at)
           GROUP BY 1 ORDER BY 1 DESC""",
        source=source,
        since=since,
        zone=zone,
    )
