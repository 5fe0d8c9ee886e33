"""Planned maintenance, assessed lists, and what rates are worked out from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.audit.kinds import POSITION_KINDS
from cameras.audit.rates import FIELDS, NORMAL_SHARE, ONLINE, STATES, TELLING
from cameras.tables import AssessedList, Maintenance
from geo.db import copy_rows, read_frame, reserve_ids

# A window counts from when it was registered, and until it was withdrawn.
_STARTS = "GREATEST(lower(m.period), m.created_at)"
_ENDS = "LEAST(upper(m.period), m.withdrawn_at)"


def cameras_of(session: Session, *, codes: Sequence[str] | None, unit: str | None) -> pd.DataFrame:
    """Cameras valid now by code, or all of a maintenance unit: code, path."""
    return read_frame(
        session,
        """SELECT code, jurisdiction_path::text AS path FROM camera
           WHERE upper_inf(valid) AND (CAST(:codes AS text[]) IS NULL OR code = ANY(:codes))
             AND (CAST(:unit AS text) IS NULL OR btrim(management_unit) = :unit) ORDER BY code""",
        codes=None if codes is None else list(codes),
        unit=unit,
    )


def add_maintenance(
    session: Session,
    cameras: Sequence[tuple[str, str | None]],
    *,
    period: Range[datetime],
    unit: str | None,
    reason: str,
    author: str,
    at: datetime,
    path: str | None,
) -> int:
    """Store a planned maintenance with its cameras (code, jurisdiction path); answers its id."""
    # It is seen with its cameras, so nothing can be asked of it before they are there: not even its id.
    number = reserve_ids(session, "maintenance", 1)[0]
    session.add(
        Maintenance(
            id=number,
            period=period,
            unit=unit,
            reason=reason,
            author=author,
            created_at=at,
            jurisdiction_path=path,
        )
    )
    session.flush()
    columns = ["maintenance_id", "code", "jurisdiction_path"]
    copy_rows(session, "maintenance_camera", columns, ((number, *one) for one in cameras))
    return number


def holds_maintenance(session: Session, number: int) -> bool:
    """Whether all cameras of a planned maintenance lie in the session's scope."""
    return bool(session.scalar(text("SELECT scope_holds_maintenance(:number)"), {"number": number}))


def maintenance_windows(session: Session, start: datetime, end: datetime) -> pd.DataFrame:
    """Planned maintenance that touches `[start, end)`: code, start_ms, end_ms."""
    return read_frame(
        session,
        f"""SELECT c.code, (extract(epoch FROM {_STARTS}) * 1000)::bigint AS start_ms,
                   (extract(epoch FROM {_ENDS}) * 1000)::bigint AS end_ms
            FROM maintenance m JOIN maintenance_camera c ON c.maintenance_id = m.id
            WHERE m.period && tstzrange(:start, :end) AND {_STARTS} < {_ENDS}""",
        start=start,
        end=end,
    )


def _speaks(path: str, point_class: str) -> str:
    """Whether assessed list `l` speaks for a jurisdiction and class of points, given as SQL.

    All classes or the whole site, and a camera of no class or in no jurisdiction, are null: only a list that
    leaves it open too speaks for them.
    """
    return f"""(l.within_path IS NULL OR {path} <@ l.within_path)
               AND (l.point_class IS NULL OR l.point_class = {point_class})"""


def lists_of(
    session: Session, month: date, within: str | None, point_class: int | None
) -> list[dict[str, Any]]:
    """Assessed lists of a month: id, path (None: the whole site), its name (None where it is not seen), and
    `speaks`: for all of this jurisdiction (None: the whole site) and class (None: all).

    Nobody else freezes one of that month until the transaction ends.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('assessed_list'), :number)"),
        {"number": month.year * 12 + month.month},
    )
    rows = session.execute(
        text(
            f"""SELECT l.id, l.within_path::text AS path, j.name,
                       COALESCE({_speaks("CAST(:path AS ltree)", "CAST(:class AS int)")}, false) AS speaks
                FROM assessed_list l LEFT JOIN jurisdiction j ON j.path = l.within_path
                WHERE l.month = :month ORDER BY l.id"""
        ),
        {"month": month, "path": within, "class": point_class},
    )
    return [dict(row) for row in rows.mappings()]


def freeze(session: Session, head: AssessedList) -> int:
    """Store an assessed list of the cameras valid now in its jurisdiction and class, but for those that other
    lists of the month hold or speak for; answers how many."""
    session.add(head)
    session.flush()
    stored = session.execute(
        text(
            f"""INSERT INTO assessed_camera (list_id, code, name, unit, jurisdiction_path)
               SELECT :list, c.code, c.name, NULLIF(btrim(c.management_unit), ''), c.jurisdiction_path
               FROM camera c
               WHERE upper_inf(valid)
                 AND NOT EXISTS (
                   SELECT FROM assessed_list l WHERE l.month = :month AND l.id <> :list
                     AND {_speaks("c.jurisdiction_path", "c.point_class")})
                 AND c.code NOT IN (
                   SELECT a.code FROM assessed_camera a JOIN assessed_list l ON l.id = a.list_id
                   WHERE l.month = :month)
                 AND (CAST(:path AS ltree) IS NULL OR jurisdiction_path <@ CAST(:path AS ltree))
                 AND (CAST(:class AS int) IS NULL OR point_class = :class)"""
        ),
        {"list": head.id, "month": head.month, "path": head.within_path, "class": head.point_class},
    )
    head.cameras = int(stored.rowcount)  # type: ignore[attr-defined]
    session.flush()
    return head.cameras


def assessed(session: Session, month: date, paths: Sequence[str] | None) -> pd.DataFrame:
    """Cameras on the lists of a month below these paths (None: all): code, path, unit."""
    return read_frame(
        session,
        """SELECT DISTINCT ON (c.code) c.code, c.jurisdiction_path::text AS path, c.unit
           FROM assessed_camera c JOIN assessed_list l ON l.id = c.list_id
           WHERE l.month = :month
             AND (CAST(:paths AS ltree[]) IS NULL OR c.jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))
           ORDER BY c.code""",
        month=month,
        paths=None if paths is None else list(paths),
    )


def unlisted(session: Session, month: date, paths: Sequence[str] | None) -> pd.DataFrame:
    """Cameras valid now below these paths (None: all) where no list of the month speaks: code, path, unit."""
    return read_frame(
        session,
        f"""SELECT c.code, c.jurisdiction_path::text AS path, NULLIF(btrim(c.management_unit), '') AS unit
           FROM camera c WHERE upper_inf(c.valid)
             AND NOT EXISTS (
               SELECT FROM assessed_list l
               WHERE l.month = :month AND {_speaks("c.jurisdiction_path", "c.point_class")})
             AND (CAST(:paths AS ltree[]) IS NULL OR c.jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))
           ORDER BY c.code""",
        month=month,
        paths=None if paths is None else list(paths),
    )


def judged_records(session: Session, codes: Sequence[str] | None) -> pd.DataFrame:
    """Records valid now with these codes (None: all), by code: `kept`, which fields are filled, as
    `cameras.audit.rates.filled_share` reads it, and `doubted`: an open finding says the position is wrong."""
    letters = " || ".join(
        f"CASE WHEN c.{name} = '{TELLING[name]}' THEN '1' ELSE '0' END"
        if name in TELLING
        else f"CASE WHEN btrim(c.{name}::text) <> '' THEN '1' ELSE '0' END"
        for name in FIELDS
    )
    return read_frame(
        session,
        f"""WITH wrong AS MATERIALIZED (
              SELECT code, batch_id FROM audit_finding WHERE kind = ANY(:kinds) AND state <> 'closed')
            SELECT c.code, {letters} AS kept,
                   c.code IN (SELECT code FROM wrong WHERE code IS NOT NULL)
                   OR c.batch_id IN (SELECT batch_id FROM wrong WHERE batch_id IS NOT NULL) AS doubted
            FROM camera c
            WHERE upper_inf(c.valid) AND (CAST(:codes AS text[]) IS NULL OR c.code = ANY(:codes))""",
        kinds=list(POSITION_KINDS),
        codes=None if codes is None else list(codes),
    ).set_index("code")


_MS = " - ".join(f"(extract(epoch FROM {end}(a.period)) * 1000)::bigint" for end in ("upper", "lower"))


def state_sums(session: Session, analysis_id: int, codes: Sequence[str] | None) -> pd.DataFrame:
    """Milliseconds in each state of an analysis, by code (None: all), planned maintenance included."""
    sums = ", ".join(
        f"COALESCE(sum({_MS}) FILTER (WHERE a.state = '{state}'), 0)::bigint AS {state}" for state in STATES
    )
    return read_frame(
        session,
        f"""SELECT c.code, {sums} FROM availability a JOIN camera c ON c.id = a.camera_id
            WHERE a.analysis_id = :analysis AND (CAST(:codes AS text[]) IS NULL OR c.code = ANY(:codes))
            GROUP BY c.code""",
        analysis=analysis_id,
        codes=None if codes is None else list(codes),
    ).set_index("code")


def segments(session: Session, analysis_id: int, codes: Sequence[str]) -> pd.DataFrame:
    """Availability of an analysis for these codes: code, start_ms, end_ms, state."""
    return read_frame(
        session,
        """SELECT c.code, (extract(epoch FROM lower(a.period)) * 1000)::bigint AS start_ms,
                  (extract(epoch FROM upper(a.period)) * 1000)::bigint AS end_ms, a.state
           FROM availability a JOIN camera c ON c.id = a.camera_id
           WHERE a.analysis_id = :analysis AND c.code = ANY(:codes)""",
        analysis=analysis_id,
        codes=list(codes),
    )


def day_rates(session: Session, pieces: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Time rates of some cameras by day, as `cameras.audit.rates.time_rates` and `group_rates` have them.

    Worked out here, for a month of a county is a million rows.

    Parameters
    ----------
    pieces : DataFrame
        day (text), analysis, start_ms, end_ms: for which time of a day each analysis counts.
    codes : sequence of str

    Returns
    -------
    DataFrame
        By day: cameras (that an analysis knows), planned, online, measured, normal.
    """
    sums = ", ".join(f"COALESCE(sum(s) FILTER (WHERE state = '{state}'), 0) AS {state}" for state in STATES)
    total, online = " + ".join(STATES), " + ".join(ONLINE)
    return read_frame(
        session,
        f"""WITH piece AS (
              SELECT day, analysis, tstzrange(to_timestamp(first / 1000.0), to_timestamp(last / 1000.0)) AS of
              FROM unnest(CAST(:days AS text[]), CAST(:analyses AS bigint[]), CAST(:first AS bigint[]),
                          CAST(:last AS bigint[])) AS p (day, analysis, first, last)),
            planned AS (
              SELECT c.code, range_agg(tstzrange({_STARTS}, {_ENDS})) AS off
              FROM maintenance m JOIN maintenance_camera c ON c.maintenance_id = m.id
              WHERE {_STARTS} < {_ENDS} GROUP BY c.code),
            told AS (
              SELECT p.day, c.code, a.state, CASE WHEN m.off IS NULL
                       THEN extract(epoch FROM upper(a.period * p.of) - lower(a.period * p.of))
                       ELSE (SELECT COALESCE(sum(extract(epoch FROM upper(w) - lower(w))), 0)
                             FROM unnest(tstzmultirange(a.period * p.of) - m.off) AS w) END AS s
              FROM piece p JOIN availability a ON a.analysis_id = p.analysis AND a.period && p.of
              JOIN camera c ON c.id = a.camera_id LEFT JOIN planned m ON m.code = c.code
              WHERE c.code = ANY(:codes)),
            sums AS (SELECT day, code, {sums} FROM told GROUP BY day, code)
            SELECT day, count(*) AS cameras, count(*) FILTER (WHERE {total} = 0) AS planned,
                   avg(({online}) / NULLIF({total}, 0))::float8 AS online,
                   avg(1 - not_measured / NULLIF({total}, 0))::float8 AS measured,
                   avg(CASE WHEN {online} > 0 THEN (usable / ({online}) > {NORMAL_SHARE})::int END)::float8
                       AS normal
            FROM sums GROUP BY day ORDER BY day""",
        days=pieces["day"].tolist(),
        analyses=pieces["analysis"].tolist(),
        first=pieces["start_ms"].tolist(),
        last=pieces["end_ms"].tolist(),
        codes=list(codes),
    ).set_index("day")
