"""Lists of recordings in, and what they say of cameras out. Nothing is decided here.

Recordings are stored with the newest record of their camera and found by any record of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.recordings.columns import Answer, ListBatch
from cameras.recordings.kinds import KINDS
from cameras.recordings.periods import JOIN_MS
from geo.binary_copy import EPOCH_US, packed
from geo.db import copy_rows, read_frame

_KIND = f"(ARRAY[{', '.join(repr(kind) for kind in KINDS)}])[kind + 1]"
_JOIN = f"interval '{JOIN_MS} milliseconds'"
# Every record of the cameras that a list speaks of.
_OLDER = """{table} AS r USING recording_reach w
    JOIN camera one ON one.id = w.camera_id JOIN camera same ON same.code = one.code
    WHERE r.camera_id = same.id AND r.source_id = :source AND r.seen_at <= :seen
      AND tstzmultirange(r.period) && w.reach"""


def stage_list(session: Session) -> None:
    """Make this transaction's staging tables, empty."""
    for table, columns in (
        (
            "recording_stage",
            "answer int, camera_id bigint, starts timestamptz, ends timestamptz, kind smallint",
        ),
        ("recording_answer", "answer int, camera_id bigint, starts_ms bigint, ends_ms bigint, complete bool"),
    ):
        session.execute(text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({columns}) ON COMMIT DROP"))
        session.execute(text(f"TRUNCATE {table}"))


def copy_recordings(session: Session, batch: ListBatch) -> None:
    """COPY recordings into the staging table."""
    rows = packed(
        {
            "answer": batch.answer,
            "camera_id": batch.camera,
            "starts": batch.start_ms * 1000 - EPOCH_US,
            "ends": batch.end_ms * 1000 - EPOCH_US,
            "kind": batch.kind,
        }
    )
    driver = session.connection().connection.driver_connection
    assert driver is not None
    columns = "answer, camera_id, starts, ends, kind"
    with driver.cursor().copy(f"COPY recording_stage ({columns}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(rows)


def stage_answers(session: Session, answers: Sequence[Answer]) -> None:
    """Stage what the answers themselves say: a row for each camera that they are about, at least one."""
    columns = ["answer", "camera_id", "starts_ms", "ends_ms", "complete"]
    rows = (
        (one.number, camera, *(one.asked or (None, None)), one.complete)
        for one in answers
        for camera in (one.cameras or (None,))
    )
    copy_rows(session, "recording_answer", columns, rows)


def publish_list(session: Session, source_id: int, seen_at: datetime) -> tuple[int, int]:
    """Let the staged lists replace what earlier ones of that source said of the same cameras and times.

    What a list speaks of (its reach) is the time that was asked for, else from its first to its last
    recording, and its recordings; of an answer that did not come whole, its recordings alone. What a list
    that was seen later says of an instant stands: lists may come in any order.

    Returns
    -------
    tuple of int
        How many periods were stored, and of how many cameras something is known by the lists.
    """
    asked = {"source": source_id, "seen": seen_at}
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('recording_list'), :source)"), {"source": source_id}
    )
    for statement in (
        "DROP TABLE IF EXISTS recording_told, recording_reach",
        f"""CREATE TEMPORARY TABLE recording_told ON COMMIT DROP AS
            SELECT camera_id, kind, tstzrange(lower(p), upper(p) - {_JOIN}) AS period
            FROM (SELECT camera_id, kind, unnest(range_agg(tstzrange(starts, ends + {_JOIN}))) AS p
                  FROM recording_stage GROUP BY camera_id, kind) AS joined""",
        """CREATE TEMPORARY TABLE recording_reach ON COMMIT DROP AS
           WITH spans AS (
               SELECT answer, camera_id, min(starts) AS first, max(ends) AS last
               FROM recording_stage GROUP BY answer, camera_id
               UNION ALL
               SELECT answer, camera_id, NULL, NULL FROM recording_answer WHERE camera_id IS NOT NULL),
           told AS (SELECT DISTINCT answer, to_timestamp(starts_ms / 1000.0) AS since,
                           to_timestamp(ends_ms / 1000.0) AS until
                    FROM recording_answer WHERE complete)
           SELECT camera_id, range_agg(period) AS reach
           FROM (SELECT s.camera_id,
                        tstzrange(COALESCE(t.since, s.first), COALESCE(t.until, s.last)) AS period
                 FROM spans s JOIN told t USING (answer)
                 WHERE COALESCE(t.since, s.first) < COALESCE(t.until, s.last)
                 UNION ALL SELECT camera_id, period FROM recording_told) AS parts
           GROUP BY camera_id""",
    ):
        session.execute(text(statement))
    for table, further in (("recording", "kind, "), ("recording_list", "")):
        session.execute(
            text(
                f"""WITH gone AS (DELETE FROM {_OLDER.format(table=table)} RETURNING r.*, w.reach)
                    INSERT INTO {table} (camera_id, source_id, {further}seen_at, period)
                    SELECT camera_id, source_id, {further}seen_at, unnest(tstzmultirange(period) - reach)
                    FROM gone"""
            ),
            asked,
        )
    newer = """SELECT w.camera_id, range_agg(l.period) AS period
               FROM recording_reach w JOIN camera one ON one.id = w.camera_id
               JOIN camera same ON same.code = one.code
               JOIN recording_list l ON l.camera_id = same.id
               WHERE l.source_id = :source AND l.seen_at > :seen GROUP BY w.camera_id"""
    left = "COALESCE(newer.period, '{}'::tstzmultirange)"
    session.execute(
        text(
            f"""WITH newer AS MATERIALIZED ({newer})
                INSERT INTO recording_list (camera_id, source_id, seen_at, period)
                SELECT w.camera_id, :source, :seen, unnest(w.reach - {left})
                FROM recording_reach w LEFT JOIN newer USING (camera_id)"""
        ),
        asked,
    )
    stored = session.execute(
        text(
            f"""WITH newer AS MATERIALIZED ({newer})
                INSERT INTO recording (camera_id, source_id, seen_at, kind, period)
                SELECT t.camera_id, :source, :seen, {_KIND}, unnest(tstzmultirange(t.period) - {left})
                FROM recording_told t LEFT JOIN newer USING (camera_id)"""
        ),
        asked,
    )
    cameras = session.scalar(text("SELECT count(*) FROM recording_reach"))
    return int(stored.rowcount), int(cameras or 0)  # type: ignore[attr-defined]


def move_recordings(session: Session, senders: Sequence[int], receivers: Sequence[int]) -> None:
    """Give what lists say of records of cameras to other records of theirs."""
    pairs = {"old": [int(one) for one in senders], "new": [int(one) for one in receivers]}
    for table in ("recording", "recording_list"):
        session.execute(
            text(
                f"""UPDATE {table} AS r SET camera_id = pair.new
                    FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)
                    WHERE r.camera_id = pair.old"""
            ),
            pairs,
        )


# Every record of the cameras asked for, as (camera, same).
_SAME = """SELECT one.id AS camera, same.id AS same FROM camera one JOIN camera same ON same.code = one.code
           WHERE CAST(:cameras AS bigint[]) IS NULL AND upper_inf(one.valid) OR one.id = ANY(:cameras)"""
_MS = "round(extract(epoch FROM {}) * 1000)::bigint"
_ASKED = "max(l.far) FILTER (WHERE l.near <= COALESCE(k.age, interval '0') + interval '1 day')"


def required_days(session: Session, cameras: Sequence[int] | None) -> pd.DataFrame:
    """For how many days records say that recordings are kept: by camera (id) `code`, `record_days` (NaN where
    they do not say); None asks for all records that hold now."""
    found = read_frame(
        session,
        """SELECT id AS camera, code, record_days FROM camera
           WHERE CAST(:cameras AS bigint[]) IS NULL AND upper_inf(valid) OR id = ANY(:cameras)""",
        cameras=None if cameras is None else [int(one) for one in cameras],
    )
    return found.astype({"camera": "int64", "record_days": "float64"}).set_index("camera")


def recorded_periods(
    session: Session, cameras: Sequence[int] | None, start: datetime, end: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is kept of `[start, end)`, and what lists speak of it, for `cameras.recordings.periods`.

    Parameters
    ----------
    cameras : sequence of int or None
        Ids of records; None asks for all that hold now.

    Returns
    -------
    recorded, listed : DataFrame
        camera (id), start_ms, end_ms; not merged, reaching out of the period where they do.
    """

    def read(table: str) -> pd.DataFrame:
        return read_frame(
            session,
            f"""WITH asked AS ({_SAME})
                SELECT a.camera, {_MS.format("lower(r.period)")} AS start_ms,
                       {_MS.format("upper(r.period)")} AS end_ms
                FROM asked a JOIN {table} r ON r.camera_id = a.same
                WHERE r.period && tstzrange(:start, :end)""",
            cameras=None if cameras is None else [int(one) for one in cameras],
            start=start,
            end=end,
        ).astype("int64")

    return read("recording"), read("recording_list")


def kept_since(session: Session, cameras: Sequence[int] | None) -> pd.DataFrame:
    """How long lists show that recordings stay, by camera (id) and source, for `periods.kept`.

    Parameters
    ----------
    cameras : sequence of int or None
        Ids of records; None asks for all that hold now.

    Returns
    -------
    DataFrame
        camera, source (id); kept_ms, the greatest age that something had in the list that names it (0 where
        nothing is kept); seen_ms of that list, the latest one where nothing is kept; asked_ms, how far back
        one list looked.

    Notes
    -----
    An age is taken within one list: sixty lists of the day before each show that a day is kept, and no more.
    What a list showed counts until a later one looks at that age (half a day is left, as in `is_short`) and
    does not show it any more. A list that begins beyond what is kept, a day left for those that end at the
    last midnight, says nothing of what lies between.
    """
    found = read_frame(
        session,
        f"""WITH asked AS ({_SAME}),
            listed AS (SELECT a.camera, l.source_id AS source, l.seen_at AS seen,
                              l.seen_at - upper(l.period) AS near, l.seen_at - lower(l.period) AS far
                       FROM asked a JOIN recording_list l ON l.camera_id = a.same),
            shown AS (SELECT a.camera, r.source_id AS source, r.seen_at AS seen,
                             max(r.seen_at - lower(r.period)) AS age
                      FROM asked a JOIN recording r ON r.camera_id = a.same GROUP BY 1, 2, 3),
            -- Where a later list shows more there is nothing to compare.
            most AS (SELECT camera, source, seen, age,
                            max(age) OVER (PARTITION BY camera, source ORDER BY seen DESC
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later
                     FROM shown),
            kept AS (SELECT DISTINCT ON (camera, source) camera, source, seen, age FROM most m
                     WHERE (later IS NULL OR age > later) AND NOT EXISTS (
                         SELECT FROM listed l WHERE l.camera = m.camera AND l.source = m.source
                           AND l.seen > m.seen AND l.near < m.age AND l.far >= m.age - interval '12 hours')
                     ORDER BY camera, source, age DESC)
            SELECT camera, source, {_MS.format("COALESCE(max(k.seen), max(l.seen))")} AS seen_ms,
                   {_MS.format("COALESCE(max(k.age), interval '0')")} AS kept_ms,
                   COALESCE({_MS.format(_ASKED)}, 0) AS asked_ms
            FROM listed l LEFT JOIN kept k USING (camera, source) GROUP BY 1, 2 ORDER BY 1, 2""",
        cameras=None if cameras is None else [int(one) for one in cameras],
    )
    return found.astype("int64")
