"""Rows of camera audits, in and out: records to look at, runs, findings with their steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.tables import Camera, CameraAudit
from geo.db import copy_rows, read_frame, read_geoframe, write_frame
from geo.errors import Sentence

RECORD_COLUMNS = tuple(
    column.name
    for column in Camera.__table__.columns
    if column.name not in ("id", "geom", "valid", "jurisdiction_path")
)
STAGED = (
    *("id", "severity", "value", "evidence", "mark", "name", "record_unit"),
    *("geom", "jurisdiction_path", "returned"),
)

_ELSEWHERE = {
    "code_twice": Sentence("(in another area)"),
    "duplicate_pose": Sentence("a camera in another area"),
}


def shown_evidence(twin_seen: str = "true") -> str:
    """The evidence of `audit_finding f` as SQL: another camera's code only where that camera is seen.

    Findings are made from all records, so that a twin across the border counts; who reads one may not see it.

    Parameters
    ----------
    twin_seen : str
        SQL over the other camera, `twin`, that has to hold beside the session's own policies.
    """
    cases = " ".join(
        f"WHEN '{kind}' THEN CAST('{json.dumps(words.as_json())}' AS jsonb)"
        for kind, words in _ELSEWHERE.items()
    )
    kinds = ", ".join(f"'{kind}'" for kind in _ELSEWHERE)
    return f"""CASE WHEN f.kind IN ({kinds}) AND NOT EXISTS (
                   SELECT FROM camera twin
                   WHERE twin.code = f.evidence #>> '{{values,code}}' AND ({twin_seen}))
               THEN jsonb_set(f.evidence, '{{values,code}}', CASE f.kind {cases} END)
               ELSE f.evidence END"""


def full_records(session: Session) -> gpd.GeoDataFrame:
    """Every field of the cameras valid now (EPSG:4326), by id, in the order of their codes."""
    return read_geoframe(
        session,
        f"""SELECT id, {", ".join(RECORD_COLUMNS)}, jurisdiction_path::text AS jurisdiction_path,
                   ST_AsBinary(geom) AS geom
            FROM camera WHERE upper_inf(valid) ORDER BY code""",
    ).set_index("id")


def batches(session: Session) -> pd.DataFrame:
    """Imports by id: file_name, datum, imported_at."""
    return read_frame(session, "SELECT id, file_name, datum, imported_at FROM import_batch").set_index("id")


def last_frames(session: Session) -> pd.Series | None:
    """When the last frame of each camera valid now came, by id; None where there is no frame at all.

    A code's earlier periods count too; a loss event is no sign of life.
    """
    if session.execute(text("SELECT FROM frame LIMIT 1")).first() is None:
        return None
    found = read_frame(
        session,
        """WITH heard AS (
             SELECT camera_id, max(captured_at) AS at FROM frame WHERE event = 0 GROUP BY camera_id)
           SELECT c.id, max(h.at) AS at
           FROM camera c JOIN camera o ON o.code = c.code JOIN heard h ON h.camera_id = o.id
           WHERE upper_inf(c.valid) GROUP BY c.id""",
    )
    return pd.Series(found["at"].to_numpy(), index=found["id"].to_numpy("int64"), name="at")


def known_findings(session: Session) -> pd.DataFrame:
    """All findings ever made: id, kind, subject, state, closed_how, mark, path.

    Until the transaction ends no other audit publishes, and nobody moves a finding.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('audit_finding'))"))
    # In the order in which `held` takes them, or two could wait for each other.
    return read_frame(
        session,
        """SELECT id, kind, subject, state, closed_how, mark, jurisdiction_path::text AS path
           FROM audit_finding ORDER BY id FOR UPDATE""",
    )


def add_findings(session: Session, findings: gpd.GeoDataFrame) -> pd.Index:
    """Store new findings (EPSG:4326); answers their ids."""
    return write_frame(session, "audit_finding", findings)


def update_findings(session: Session, rows: Sequence[Sequence[Any]], at: datetime) -> None:
    """Write what an audit saw again: rows of `STAGED`; a returned one is open and nobody's."""
    if not rows:
        return
    session.execute(
        text(
            """CREATE TEMPORARY TABLE seen_again (
                   id BIGINT, severity TEXT, value FLOAT8, evidence JSONB, mark TEXT, name TEXT,
                   record_unit TEXT,
                   geom GEOMETRY (POINT, 4326), jurisdiction_path LTREE, returned BOOLEAN) ON COMMIT DROP"""
        )
    )
    copy_rows(session, "seen_again", STAGED, rows)
    session.execute(
        text(
            """UPDATE audit_finding AS f
               SET severity = s.severity, value = s.value, evidence = s.evidence, mark = s.mark,
                   name = s.name, record_unit = s.record_unit, geom = s.geom,
                   jurisdiction_path = s.jurisdiction_path, seen_at = :at,
                   state = CASE WHEN s.returned THEN 'open' ELSE f.state END,
                   closed_how = CASE WHEN s.returned THEN NULL ELSE f.closed_how END,
                   unit = CASE WHEN s.returned THEN NULL ELSE f.unit END,
                   due_on = CASE WHEN s.returned THEN NULL ELSE f.due_on END,
                   order_no = CASE WHEN s.returned THEN NULL ELSE f.order_no END,
                   changed_at = CASE WHEN s.returned THEN :at ELSE f.changed_at END
               FROM seen_again s WHERE f.id = s.id"""
        ),
        {"at": at},
    )
    session.execute(text("DROP TABLE seen_again"))


def close_gone(session: Session, ids: Sequence[int], at: datetime) -> None:
    """Close findings that the evidence no longer bears out, also those that a reviewer had closed."""
    session.execute(
        text(
            """UPDATE audit_finding
               SET state = 'closed', closed_how = 'evidence',
                   changed_at = CASE WHEN state = 'closed' THEN changed_at ELSE :at END
               WHERE id = ANY(:ids)"""
        ),
        {"ids": list(ids), "at": at},
    )


def add_steps(
    session: Session,
    ids: Sequence[int],
    step: str,
    *,
    at: datetime,
    author: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down one and the same step of many findings."""
    session.execute(
        text(
            """INSERT INTO audit_step (finding_id, step, at, author, detail)
               SELECT id, :step, :at, :author, CAST(:detail AS jsonb)
               FROM unnest(CAST(:ids AS bigint[])) AS one (id)"""
        ),
        {
            "ids": [int(one) for one in ids],
            "step": step,
            "at": at,
            "author": author,
            "detail": json.dumps(detail or {}, ensure_ascii=False),
        },
    )


def add_run(session: Session, run: CameraAudit) -> int:
    """Store an audit; answers its id."""
    session.add(run)
    session.flush()
    return run.id


def last_run(session: Session, paths: Sequence[str] | None) -> dict[str, Any] | None:
    """The audit made last of these jurisdictions (None: all), of one above them or of a part of them.

    Returns
    -------
    dict or None
        made_at, author; `path`, `name` and `name_en` of what was audited: no path is the whole site, no name
        one that is not seen.
    """
    row = (
        session.execute(
            text(
                f"""SELECT a.made_at, a.author, a.within_path::text AS path, j.name, j.name_en
                    FROM camera_audit a LEFT JOIN jurisdiction j ON j.path = a.within_path
                    WHERE {made_about("a.within_path")} ORDER BY a.id DESC LIMIT 1"""
            ),
            {"paths": None if paths is None else list(paths)},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def made_about(column: str) -> str:
    """Whether what was made for a jurisdiction concerns those of `:paths` (null: all), as SQL: it is for the
    whole site, for one above them, or for a part of them."""
    paths = "CAST(:paths AS ltree[])"
    return f"({paths} IS NULL OR {column} IS NULL OR {column} @> ANY ({paths}) OR {column} <@ ANY ({paths}))"


def finding(session: Session, number: int) -> dict[str, Any] | None:
    """One finding with its camera's name and units, and where it lies; None when it is not seen."""
    row = (
        session.execute(
            text(
                f"""SELECT f.id, f.kind, f.subject, f.severity, f.state, f.closed_how, f.value,
                          {shown_evidence()} AS evidence, f.mark, f.code, f.batch_id,
                          f.unit, f.due_on, f.order_no, f.found_at, f.seen_at,
                          f.changed_at, f.jurisdiction_path::text AS path, j.name AS leaf,
                          j.name_en AS leaf_en, ST_X(f.geom) AS lon, ST_Y(f.geom) AS lat,
                          c.id AS camera_id, COALESCE(NULLIF(c.name, ''), f.code) AS name,
                          c.management_unit, b.file_name
                   FROM audit_finding f
                   LEFT JOIN camera c ON c.code = f.code AND upper_inf(c.valid)
                   LEFT JOIN jurisdiction j ON j.path = f.jurisdiction_path
                   LEFT JOIN import_batch b ON b.id = f.batch_id
                   WHERE f.id = :number"""
            ),
            {"number": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def held(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Findings by these numbers as far as they are seen, kept from changing: id, state, path."""
    rows = session.execute(
        text(
            """SELECT id, state, jurisdiction_path::text AS path FROM audit_finding
               WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"""
        ),
        {"ids": list(ids)},
    )
    return [dict(row) for row in rows.mappings()]


def set_state(session: Session, ids: Sequence[int], state: str, *, at: datetime, **values: Any) -> None:
    """Give findings a state; unit, due_on, order_no and closed_how are what is given, else nothing."""
    session.execute(
        text(
            """UPDATE audit_finding
               SET state = :state, closed_how = :closed_how, unit = :unit, due_on = :due_on,
                   order_no = :order_no, changed_at = :at
               WHERE id = ANY(:ids)"""
        ),
        {"closed_how": None, "unit": None, "due_on": None, "order_no": None}
        | values
        | {"ids": list(ids), "state": state, "at": at},
    )


def next_order(session: Session) -> int:
    """The number of a new work order: no other one has it."""
    return int(session.execute(text("SELECT nextval('work_order_seq')")).scalar_one())


def steps(session: Session, number: int) -> list[dict[str, Any]]:
    """Steps of a finding, the first one first: step, at, author, detail."""
    rows = session.execute(
        text("SELECT step, at, author, detail FROM audit_step WHERE finding_id = :number ORDER BY id"),
        {"number": number},
    )
    return [dict(row) for row in rows.mappings()]


def counts(session: Session, paths: Sequence[str] | None, today: date) -> list[dict[str, Any]]:
    """Findings that are not closed, by kind and state, below these paths (None: all): kind, state, n, and
    overdue, how many of them were due before today."""
    rows = session.execute(
        text(
            """SELECT kind, state, count(*) AS n,
                      count(*) FILTER (WHERE state = 'assigned' AND due_on < :today) AS overdue
               FROM audit_finding
               WHERE state <> 'closed'
                 AND (CAST(:paths AS ltree[]) IS NULL OR jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))
               GROUP BY kind, state"""
        ),
        {"paths": None if paths is None else list(paths), "today": today},
    )
    return [dict(row) for row in rows.mappings()]


def units(session: Session) -> list[str]:
    """Maintenance units named in the records or in findings, in order."""
    rows = session.scalars(
        text(
            """SELECT DISTINCT btrim(management_unit) AS unit FROM camera
               WHERE upper_inf(valid) AND btrim(management_unit) <> ''
               UNION SELECT DISTINCT unit FROM audit_finding WHERE unit IS NOT NULL ORDER BY 1"""
        )
    )
    return list(rows)


def batch_positions(session: Session, batch_id: int, declared: str) -> gpd.GeoDataFrame:
    """Cameras valid now of an import in one datum: code, name (EPSG:4326)."""
    return read_geoframe(
        session,
        """SELECT c.code AS id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
                  ST_AsBinary(c.geom) AS geom
           FROM camera c JOIN import_batch b ON b.id = c.batch_id
           WHERE c.batch_id = :batch AND upper_inf(c.valid) AND COALESCE(c.source_datum, b.datum) = :declared
           ORDER BY c.code""",
        batch=batch_id,
        declared=declared,
    )


def listed(session: Session, within: str | None) -> gpd.GeoDataFrame:
    """Findings that are not closed, as files hold them (EPSG:4326), the gravest first.

    A file of one jurisdiction names no camera of another.
    """
    inside = "CAST(:within AS ltree) IS NULL OR twin.jurisdiction_path <@ CAST(:within AS ltree)"
    return read_geoframe(
        session,
        f"""SELECT f.id, f.kind, f.severity, f.state, f.code, c.name, f.value,
                  {shown_evidence(inside)} AS evidence, f.unit, f.due_on, f.order_no,
                  j.name AS jurisdiction, f.jurisdiction_path::text AS path, f.found_at,
                  b.file_name, ST_AsBinary(f.geom) AS geom
           FROM audit_finding f LEFT JOIN camera c ON c.code = f.code AND upper_inf(c.valid)
           LEFT JOIN jurisdiction j ON j.path = f.jurisdiction_path
           LEFT JOIN import_batch b ON b.id = f.batch_id
           WHERE f.state <> 'closed'
             AND (CAST(:within AS ltree) IS NULL OR f.jurisdiction_path <@ CAST(:within AS ltree))
           ORDER BY array_position(ARRAY['serious', 'moderate', 'minor'], f.severity), f.kind, f.subject""",
        within=within,
    )


def open_below(session: Session, paths: Sequence[str]) -> dict[str, int]:
    """How many findings that are not closed lie at or below each of these paths."""
    rows = session.execute(
        text(
            """SELECT p.path::text, count(f.id) FROM unnest(CAST(:paths AS ltree[])) AS p (path)
               LEFT JOIN audit_finding f ON f.jurisdiction_path <@ p.path AND f.state <> 'closed'
               GROUP BY p.path"""
        ),
        {"paths": list(paths)},
    )
    return {str(path): int(count) for path, count in rows}


def open_by_unit(session: Session, paths: Sequence[str] | None) -> dict[str | None, int]:
    """How many findings that are not closed each maintenance unit has, below these paths (None: all)."""
    rows = session.execute(
        text(
            """SELECT COALESCE(f.unit, f.record_unit), count(*) FROM audit_finding f
               WHERE f.state <> 'closed'
                 AND (CAST(:paths AS ltree[]) IS NULL OR f.jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))
               GROUP BY 1"""
        ),
        {"paths": None if paths is None else list(paths)},
    )
    return {unit: int(count) for unit, count in rows}
