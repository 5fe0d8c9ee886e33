"""Everything stored of one camera: its record through time, and what one analysis found of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.repository.records import RECORD_COLUMNS
from geo.db import read_geoframe

_FIELDS = ", ".join(f"c.{name}" for name in RECORD_COLUMNS if name not in ("code", "name"))


# All records of the camera: what is known of a day stands with the one that held then.
_SAME = "(SELECT same.id FROM camera same JOIN camera c ON c.code = same.code WHERE c.id = :camera)"


def _rows(session: Session, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(text(sql), parameters).mappings()]


def record(session: Session, code: str) -> dict[str, Any] | None:
    """The camera's newest record with where it lies and what came with which file; None when unknown."""
    found = _rows(
        session,
        f"""SELECT c.id, c.code, {_FIELDS},
                  COALESCE(NULLIF(c.name, ''), c.code) AS name, upper(c.valid) AS until,
                  c.jurisdiction_path::text AS path, j.name AS leaf, j.name_en AS leaf_en,
                  ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, b.file_name, b.datum, b.label, b.imported_at,
                  b.author, b.id AS batch_id
           FROM camera c JOIN import_batch b ON b.id = c.batch_id
           LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
           WHERE c.code = :code ORDER BY lower(c.valid) DESC LIMIT 1""",
        code=code,
    )
    return found[0] if found else None


def cameras_under(session: Session, path: str) -> int:
    """How many cameras a jurisdiction has now."""
    sql = """SELECT count(*) FROM camera
             WHERE upper_inf(valid) AND jurisdiction_path <@ CAST(:path AS ltree)"""
    return int(session.scalar(text(sql), {"path": path}) or 0)


def named_under(session: Session, paths: Collection[str], most: int) -> list[dict[str, Any]]:
    """Cameras of some jurisdictions now, by code, `most` at most: code, name."""
    return _rows(
        session,
        """SELECT code, COALESCE(NULLIF(name, ''), code) AS name FROM camera
           WHERE upper_inf(valid) AND jurisdiction_path <@ CAST(:paths AS ltree[])
           ORDER BY code LIMIT :most""",
        paths=list(paths),
        most=most,
    )


def known(session: Session, codes: Collection[str]) -> set[str]:
    """Those of these codes that the session sees a camera of."""
    rows = _rows(session, "SELECT DISTINCT code FROM camera WHERE code = ANY(:codes)", codes=list(codes))
    return {row["code"] for row in rows}


def history(session: Session, code: str) -> list[dict[str, Any]]:
    """Every period of the record, the newest first: since, until (None: still), name, pose, and where it is
    from: author, imported_at, and file_name, "" where it was mended by hand."""
    return _rows(
        session,
        """SELECT lower(c.valid) AS since, upper(c.valid) AS until,
                  COALESCE(NULLIF(c.name, ''), c.code) AS name, c.azimuth_deg, c.azimuth_quality,
                  ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat,
                  CASE WHEN x.author IS NULL THEN b.file_name ELSE '' END AS file_name,
                  COALESCE(x.author, b.author) AS author, COALESCE(x.changed_at, b.imported_at) AS imported_at
           FROM camera c JOIN import_batch b ON b.id = c.batch_id
           LEFT JOIN LATERAL (
               SELECT m.author, m.changed_at FROM camera_change m
               WHERE m.camera_id = c.id AND m.kind = 'moved' AND m.batch_id IS NULL
               ORDER BY m.id LIMIT 1) AS x ON true
           WHERE c.code = :code ORDER BY lower(c.valid) DESC""",
        code=code,
    )


def changes(session: Session, code: str) -> list[dict[str, Any]]:
    """What was changed of the record, the newest first: changed_at, author, kind, before, after, note, the
    reviewer and the file it came by, None where it did not."""
    return _rows(
        session,
        """SELECT x.changed_at, x.author, x.kind, x.before, x.after, x.note, x.proposal_id, p.reviewer,
                  b.file_name, x.batch_id
           FROM camera_change x LEFT JOIN camera_proposal p ON p.id = x.proposal_id
           LEFT JOIN import_batch b ON b.id = x.batch_id
           WHERE x.code = :code ORDER BY x.changed_at DESC, x.id DESC""",
        code=code,
    )


def presets(session: Session, camera_id: int) -> list[dict[str, Any]]:
    """The named poses of a PTZ camera: name, azimuth_deg, tilt_deg, hfov_deg, from_s, until_s (of the
    local day)."""
    return _rows(
        session,
        """SELECT name, azimuth_deg, tilt_deg, hfov_deg, from_s, until_s FROM camera_preset
           WHERE camera_id = :camera ORDER BY from_s NULLS FIRST, name""",
        camera=camera_id,
    )


def availability(session: Session, analysis_id: int, camera_id: int) -> list[dict[str, Any]]:
    """Periods of one analysis in order: start, end, state, reason, moved, azimuth_deg looked at."""
    return _rows(
        session,
        f"""SELECT lower(a.period) AS start, upper(a.period) AS "end", a.state, a.reason, a.moved,
                  p.azimuth_deg
           FROM availability a LEFT JOIN pose p ON p.id = a.pose_id
           WHERE a.analysis_id = :analysis AND a.camera_id IN {_SAME} ORDER BY a.period""",
        analysis=analysis_id,
        camera=camera_id,
    )


def findings(session: Session, analysis_id: int, camera_id: int) -> list[dict[str, Any]]:
    """Findings of one analysis: kind, value, start and end (None where it has no period)."""
    return _rows(
        session,
        f"""SELECT kind, value, lower(period) AS start, upper(period) AS "end" FROM camera_finding
           WHERE analysis_id = :analysis AND camera_id IN {_SAME} ORDER BY kind""",
        analysis=analysis_id,
        camera=camera_id,
    )


def gaps(session: Session, analysis_id: int, camera_id: int) -> list[dict[str, Any]]:
    """Gaps that concern the camera, the most pressing first: id, cause, ground, measure, minutes."""
    return _rows(
        session,
        f"""SELECT g.id, g.rank, g.cause, g.ground, g.measure, gc.minutes
           FROM gap_camera gc JOIN gap g ON g.id = gc.gap_id
           WHERE g.analysis_id = :analysis AND gc.camera_id IN {_SAME} ORDER BY g.rank""",
        analysis=analysis_id,
        camera=camera_id,
    )


def footprints(session: Session, analysis_id: int, camera_id: int) -> gpd.GeoDataFrame:
    """Footprints of the camera's poses at every level: id, level, certain, nominal, area_m2 (EPSG:4326)."""
    return read_geoframe(
        session,
        f"""SELECT f.id, f.level, f.certain, p.nominal, f.area_m2, ST_AsBinary(f.geom) AS geom
           FROM footprint f JOIN pose p ON p.id = f.pose_id
           WHERE f.analysis_id = :analysis AND p.camera_id IN {_SAME}
           ORDER BY f.area_m2 DESC""",
        analysis=analysis_id,
        camera=camera_id,
    )


def walls_around(session: Session, lon: float, lat: float, radius_m: float) -> gpd.GeoDataFrame:
    """Buildings within `radius_m` of a point (EPSG:4326): id, height_m."""
    walls = read_geoframe(
        session,
        """SELECT o.id, o.height_m, ST_AsBinary(o.geom) AS geom FROM obstruction o
           WHERE o.geom && ST_Expand(
                     ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                     :radius / (111320.0 * cos(radians(:lat))), :radius / 111320.0)
             AND upper_inf(o.valid)""",
        lon=lon,
        lat=lat,
        radius=radius_m,
    )
    return walls.assign(height_m=walls["height_m"].astype(float))


def open_audit_findings(session: Session, code: str) -> list[dict[str, Any]]:
    """What the audit of records found of the camera and nobody closed, the gravest first: id, kind, state."""
    return _rows(
        session,
        """SELECT id, kind, severity, state FROM audit_finding
           WHERE code = :code AND state <> 'closed'
           ORDER BY array_position(ARRAY['serious', 'moderate', 'minor'], severity), id""",
        code=code,
    )


def held_pose(session: Session, code: str) -> dict[str, Any] | None:
    """How the camera usually looked, in the newest analysis: azimuth_deg (from north), its optics, assumed.

    What neither record nor evidence knows is None in it; None without an analysis of the camera.
    """
    row = (
        session.execute(
            text(
                """SELECT p.azimuth_deg, p.tilt_deg, p.hfov_deg, p.vfov_deg, p.width_px, p.mount_height_m,
                          p.assumed
                   FROM pose p JOIN camera c ON c.id = p.camera_id
                   WHERE c.code = :code AND upper_inf(c.valid) AND p.nominal
                   ORDER BY p.analysis_id DESC, p.id LIMIT 1"""
            ),
            {"code": code},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)
