"""Rows of a stored analysis around a few cameras, out and in again. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.causes import CAUSE_BY_NAME, LISTS, STATES
from cameras.repository.results import POSE_COLUMNS
from geo.db import read_frame, read_geoframe
from geo.repository import Box


def poses(session: Session, analysis_id: int, cameras: Sequence[int] | None = None) -> pd.DataFrame:
    """Poses of an analysis, of all cameras or of some, by id, in the order of POSES: camera, `POSE_COLUMNS`,
    where they stand in WGS 84 (lon, lat) and in the site's CRS: east_m, north_m (NaN where an older program
    did not note it), above_m, travels (false there as well)."""
    names = ", ".join([*POSE_COLUMNS, "east_m", "north_m", "above_m", "travels"])
    found = read_frame(
        session,
        f"""SELECT id, camera_id AS camera, {names}, ST_X(stand) AS lon, ST_Y(stand) AS lat FROM pose
            WHERE analysis_id = :analysis
              AND (CAST(:cameras AS bigint[]) IS NULL OR camera_id = ANY(:cameras)) ORDER BY id""",
        analysis=analysis_id,
        cameras=None if cameras is None else [int(one) for one in cameras],
    ).set_index("id")
    numbers = [name for name in found.columns.astype(str) if name.endswith(("_deg", "_m", "_px"))]
    return found.astype(dict.fromkeys(numbers, float))


def segments(session: Session, analysis_id: int, cameras: Sequence[int]) -> pd.DataFrame:
    """Availability of some cameras: camera, start_ms, end_ms, state (number), reason, moved, pose, nominal
    (ids, -1 for none)."""
    found = read_frame(
        session,
        """SELECT camera_id AS camera, (extract(epoch FROM lower(period)) * 1000)::bigint AS start_ms,
                  (extract(epoch FROM upper(period)) * 1000)::bigint AS end_ms, state, reason, moved,
                  COALESCE(pose_id, -1) AS pose, COALESCE(nominal_id, -1) AS nominal
           FROM availability WHERE analysis_id = :analysis AND camera_id = ANY(:cameras)
           ORDER BY camera_id, period""",
        analysis=analysis_id,
        cameras=[int(one) for one in cameras],
    )
    number = {name: n for n, name in enumerate(STATES)}
    return found.assign(state=found["state"].map(number).astype(np.int8))


def records_of(session: Session, codes: Sequence[str]) -> list[int]:
    """Ids of all records, of any time, with some codes."""
    found = session.execute(text("SELECT id FROM camera WHERE code = ANY(:codes)"), {"codes": list(codes)})
    return list(found.scalars())


def carriers(session: Session, cameras: Sequence[int]) -> pd.DataFrame:
    """What carries some cameras (ids), where they move: mobile_device."""
    return read_frame(
        session,
        "SELECT id, mobile_device FROM camera WHERE id = ANY(:ids) ORDER BY id",
        ids=[int(one) for one in cameras],
    ).set_index("id")


def cameras_of_sources(session: Session, sources: Sequence[int]) -> list[str]:
    """Codes of the cameras that some sources speak for."""
    found = session.execute(
        text(
            """SELECT DISTINCT c.code FROM camera_source s JOIN camera c ON c.id = s.camera_id
               WHERE s.source_id = ANY(:sources) ORDER BY 1"""
        ),
        {"sources": [int(one) for one in sources]},
    )
    return list(found.scalars())


def leaves(session: Session, box: Box) -> gpd.GeoDataFrame:
    """Leaf jurisdictions with an area that meet a box: path, in the order of their paths."""
    west, south, east, north = map(float, box)
    return read_geoframe(
        session,
        """SELECT j.path::text AS path, ST_AsBinary(j.geom) AS geom FROM jurisdiction j
           WHERE j.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) AND NOT EXISTS (
               SELECT FROM jurisdiction c WHERE c.path <@ j.path AND c.path <> j.path
                 AND c.geom IS NOT NULL)
           ORDER BY j.path::text COLLATE "C" """,
        west=west,
        south=south,
        east=east,
        north=north,
    )


def remove_cameras(session: Session, analysis_id: int, cameras: Sequence[int]) -> None:
    """Take out what an analysis says of some cameras alone: poses, footprints, availability, findings."""
    values = {"analysis": analysis_id, "cameras": [int(one) for one in cameras]}
    for table in ("availability", "camera_finding", "pose"):
        session.execute(
            text(f"DELETE FROM {table} WHERE analysis_id = :analysis AND camera_id = ANY(:cameras)"), values
        )


def gaps_of(session: Session, analysis_id: int, paths: Collection[str]) -> pd.DataFrame:
    """Gaps of some leaves by id, with all that tells them apart: path, ground, cause, measure, open_ms,
    deficit, deficit_by_cause, reasons, slots, geom (hexadecimal WKB), cameras (ids), minutes (of each)."""
    found = read_frame(
        session,
        """SELECT g.id, g.jurisdiction_path::text AS path, g.ground, g.cause, g.measure, g.open_ms, g.deficit,
                  g.deficit_by_cause, g.reasons, g.slots, encode(ST_AsBinary(g.geom), 'hex') AS geom,
                  c.cameras, c.minutes
           FROM gap g LEFT JOIN LATERAL (
               SELECT array_agg(camera_id ORDER BY camera_id) AS cameras,
                      array_agg(minutes ORDER BY camera_id) AS minutes
               FROM gap_camera WHERE gap_id = g.id) AS c ON true
           WHERE g.analysis_id = :analysis AND g.jurisdiction_path = ANY(CAST(:paths AS ltree[]))
           ORDER BY g.id""",
        analysis=analysis_id,
        paths=sorted(paths),
    ).set_index("id")
    for name in ("cameras", "minutes"):
        found[name] = [tuple(each or ()) for each in found[name]]
    return found


def remove_gaps(session: Session, gaps: Sequence[int]) -> None:
    """Take out gaps."""
    session.execute(text("DELETE FROM gap WHERE id = ANY(:ids)"), {"ids": [int(one) for one in gaps]})


def street_gaps_of_cameras(session: Session, analysis_id: int, cameras: Collection[int]) -> gpd.GeoDataFrame:
    """Street gaps that concern any of some cameras, by id: cause, merged, cameras (tuple of ids)."""
    found = read_geoframe(
        session,
        """SELECT g.id, g.cause, g.merged, ST_AsBinary(g.geom) AS geom,
                  (SELECT array_agg(camera_id ORDER BY camera_id) FROM gap_camera
                   WHERE gap_id = g.id) AS cameras
           FROM gap g WHERE g.analysis_id = :analysis AND g.ground = 'street'
             AND g.id IN (SELECT gap_id FROM gap_camera WHERE camera_id = ANY(:cameras))
           ORDER BY g.id""",
        analysis=analysis_id,
        cameras=[int(one) for one in cameras],
    ).set_index("id")
    found["cameras"] = [tuple(each) for each in found["cameras"]]
    return found


def merge_gaps(session: Session, gaps: NDArray[np.int64], merged: NDArray[np.int64]) -> None:
    """Let gaps be shown under other numbers."""
    session.execute(
        text(
            """UPDATE gap SET merged = n.merged
               FROM unnest(CAST(:ids AS bigint[]), CAST(:merged AS bigint[])) AS n (id, merged)
               WHERE gap.id = n.id AND gap.merged <> n.merged"""
        ),
        {"ids": gaps.tolist(), "merged": merged.tolist()},
    )


def rank_gaps(session: Session, analysis_id: int, gaps: Sequence[int], place_weight_m: int) -> None:
    """Give gaps that came the rank of the one they stand before, in the order of `cameras.gaps`.

    That one keeps it too: people have spoken of it by its rank, and to count twenty thousand anew takes
    longer than all the rest.
    """
    urgency = {one.name: n for n, one in enumerate(LISTS)}
    causes = list(CAUSE_BY_NAME)
    session.execute(
        text(
            """UPDATE gap SET rank = n.rank FROM (
                   SELECT g.id, COALESCE(
                       min(g.rank) FILTER (WHERE g.id <> ALL(:gaps)) OVER (
                           ORDER BY u.urgency DESC,
                                    g.deficit::numeric
                                    * CASE g.ground WHEN 'place' THEN :weight ELSE 1 END,
                                    lower(g.windows) DESC, g.jurisdiction_path::text COLLATE "C" DESC,
                                    g.id DESC
                           ROWS UNBOUNDED PRECEDING),
                       1 + COALESCE(max(g.rank) FILTER (WHERE g.id <> ALL(:gaps)) OVER (), 0)
                   ) AS rank
                   FROM gap g JOIN unnest(CAST(:causes AS text[]), CAST(:urgency AS int[]))
                                   AS u (cause, urgency) ON u.cause = g.cause
                   WHERE g.analysis_id = :analysis) AS n
               WHERE gap.id = n.id AND gap.id = ANY(:gaps)"""
        ),
        {
            "analysis": analysis_id,
            "gaps": [int(one) for one in gaps],
            "weight": place_weight_m * 1000,
            "causes": causes,
            "urgency": [urgency[CAUSE_BY_NAME[name].list.name] for name in causes],
        },
    )


def stored_shares(session: Session, analysis_id: int, level: str, paths: Collection[str]) -> pd.DataFrame:
    """Rows of coverage_share of some jurisdictions at a level, as the database has them, without id."""
    return read_frame(
        session,
        """SELECT jurisdiction_path::text AS path, ground, kind, measure, total, certain AS covered, possible,
                  twice, built, deficit_by_cause
           FROM coverage_share WHERE analysis_id = :analysis AND level = :level
             AND jurisdiction_path = ANY(CAST(:paths AS ltree[]))""",
        analysis=analysis_id,
        level=level,
        paths=sorted(paths),
    )


def remove_shares(session: Session, analysis_id: int, paths: Collection[str]) -> None:
    """Take out the shares of some jurisdictions."""
    for table in ("coverage_share", "jurisdiction_share"):
        session.execute(
            text(
                f"""DELETE FROM {table} WHERE analysis_id = :analysis
                    AND jurisdiction_path = ANY(CAST(:paths AS ltree[]))"""
            ),
            {"analysis": analysis_id, "paths": sorted(paths)},
        )


def headlines(session: Session, analysis_id: int) -> dict[str, Any]:
    """Of the `totals` of an analysis those that one camera changes: gaps by cause, online_rate."""
    gaps = session.execute(
        text("SELECT cause, count(*) AS n FROM gap WHERE analysis_id = :analysis GROUP BY 1"),
        {"analysis": analysis_id},
    )
    online = session.scalar(
        text("SELECT avg(online) FROM camera_state WHERE analysis_id = :analysis"), {"analysis": analysis_id}
    )
    return {"gaps": {row.cause: int(row.n) for row in gaps}, "online_rate": float(online or 0.0)}


def share_of_all(session: Session, analysis_id: int, level: str) -> dict[str, float]:
    """Share of street length × time at a level, over all leaves: certain, possible."""
    row = session.execute(
        text(
            """SELECT COALESCE(sum(s.certain)::float8 / NULLIF(sum(s.total), 0), 0) AS certain,
                      COALESCE(sum(s.possible)::float8 / NULLIF(sum(s.total), 0), 0) AS possible
               FROM coverage_share s
               WHERE s.analysis_id = :analysis AND s.level = :level AND s.ground = 'street'
                 AND nlevel(s.jurisdiction_path) = 1"""
        ),
        {"analysis": analysis_id, "level": level},
    ).one()
    return {"certain": float(row.certain), "possible": float(row.possible)}
