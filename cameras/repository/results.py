"""Rows of analyses, in and out: poses, footprints, availability, findings, gaps, shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cameras.causes import CAUSE_NAMES, STATES
from cameras.gaps import Windows
from cameras.slots import slot_digits
from cameras.tables import Analysis
from geo.crs import to_lonlat
from geo.db import copy_frame, copy_rows, read_frame, read_geoframe, reserve_ids, write_frame

POSE_COLUMNS = [
    "origin",
    "azimuth_deg",
    "azimuth_tolerance_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "mount_height_m",
    "assumed",
    "certain",
    "nominal",
]


def add_analysis(session: Session, analysis: Analysis) -> int:
    """Store the head of an analysis; answers its id."""
    session.add(analysis)
    session.flush()
    return analysis.id


def add_poses(
    session: Session, analysis_id: int, poses: pd.DataFrame, points: gpd.GeoSeries
) -> NDArray[np.int64]:
    """Store POSES with where they stand (the site's CRS, one a row); answers the id of every row."""
    rows = poses[POSE_COLUMNS].copy()
    rows["camera_id"], rows["analysis_id"] = poses["camera"], analysis_id
    where = gpd.GeoSeries(np.asarray(points.values), index=rows.index, crs=points.crs)
    # In metres as well: what is computed again from a stored pose must be what it was, to the last bit.
    rows["east_m"], rows["north_m"] = where.x, where.y
    rows["above_m"], rows["travels"] = poses["above_m"], poses["x_m"].notna()
    rows["stand"] = to_lonlat(where)
    return write_frame(session, "pose", rows).to_numpy(np.int64)


def add_footprints(
    session: Session, analysis_id: int, level: str, footprints: gpd.GeoDataFrame, pose_ids: NDArray[np.int64]
) -> None:
    """Store one level's footprints (row of POSES as index, EPSG:4326); empty ones are left out."""
    kept = footprints[~footprints.geometry.is_empty]
    rows = kept[["certain", "area_m2", "jurisdiction_path"]].copy()
    rows["pose_id"] = pose_ids[kept.index.to_numpy()]
    rows["analysis_id"], rows["level"], rows["geom"] = analysis_id, level, kept.geometry
    copy_frame(session, "footprint", rows)


def add_availability(
    session: Session,
    analysis_id: int,
    segments: pd.DataFrame,
    pose_ids: NDArray[np.int64],
    scope: pd.Series,
) -> None:
    """Store SEGMENTS; `scope` is the jurisdiction path by camera."""
    names = ["analysis_id", "camera_id", "period", "state", "reason", "moved", "pose_id", "nominal_id"]
    known = np.append(pose_ids, -1)
    pose, nominal = known[segments["pose"].to_numpy()], known[segments["nominal"].to_numpy()]
    path = segments["camera"].map(scope).tolist()
    cells = [segments[name].tolist() for name in ("camera", "start_ms", "end_ms", "state", "reason", "moved")]
    rows = (
        (
            analysis_id,
            camera,
            f"[{moment(start_ms)},{moment(end_ms)})",
            STATES[state],
            reason,
            moved,
            None if pose[n] < 0 else int(pose[n]),
            None if nominal[n] < 0 else int(nominal[n]),
            path[n],
        )
        for n, (camera, start_ms, end_ms, state, reason, moved) in enumerate(zip(*cells, strict=True))
    )
    copy_rows(session, "availability", [*names, "jurisdiction_path"], rows)


def add_findings(session: Session, analysis_id: int, findings: pd.DataFrame, scope: pd.Series) -> None:
    """Store findings: camera, kind, value, start_ms, end_ms (-1: no period)."""
    names = ["analysis_id", "camera_id", "kind", "value", "period", "jurisdiction_path"]
    cells = [findings[name].tolist() for name in ("camera", "kind", "value", "start_ms", "end_ms")]
    rows = (
        (
            analysis_id,
            camera,
            kind,
            None if np.isnan(value) else value,
            None if start_ms < 0 else f"[{moment(start_ms)},{moment(end_ms)})",
            scope[camera],
        )
        for camera, kind, value, start_ms, end_ms in zip(*cells, strict=True)
    )
    copy_rows(session, "camera_finding", names, rows)


def add_gaps(
    session: Session, analysis_id: int, level: str, gaps: gpd.GeoDataFrame, cameras: pd.DataFrame
) -> pd.Series:
    """Store gaps (EPSG:4326) and the cameras they concern (`gap`, `camera`, `within_ms`); answers their ids.

    Gaps that are shown as one carry the least id of them as `merged`.
    """
    rows = gaps[["ground", "cause", "measure", "open_ms", "deficit"]].copy()
    ids = pd.Series(reserve_ids(session, "gap", len(gaps)), index=gaps.index, dtype=np.int64)
    rows["id"], rows["merged"] = ids, gaps["merged"].map(ids)
    rows["rank"], rows["analysis_id"], rows["level"] = gaps["priority"], analysis_id, level
    by_cause = gaps[[f"deficit_{name}" for name in CAUSE_NAMES]].to_numpy(np.int64)
    rows["deficit_by_cause"] = _by_name(by_cause).to_numpy()
    rows["windows"] = [
        "{" + ",".join(f"[{moment(a)},{moment(b)})" for a, b in windows) + "}" for windows in gaps["windows"]
    ]
    rows["reasons"] = [list(reasons) for reasons in gaps["reasons"]]
    head = session.get_one(Analysis, analysis_id)
    rows["slots"] = slots_of(head, gaps["windows"])
    rows["jurisdiction_path"], rows["geom"] = gaps["leaf"].astype(str), gaps.geometry
    write_frame(session, "gap", rows)
    concerned = zip(
        cameras["gap"].map(ids).tolist(),
        cameras["camera"].tolist(),
        (cameras["within_ms"] / 60_000).tolist(),
        strict=True,
    )
    copy_rows(session, "gap_camera", ["gap_id", "camera_id", "minutes"], concerned)
    return ids


def slots_of(head: Analysis, windows: Iterable[Windows]) -> list[str]:
    """Windows of gaps of an analysis in the slots of its period (`cameras.slots`)."""
    start, end = head.period.lower, head.period.upper
    assert start is not None and end is not None
    start_ms, end_ms = (round(at.timestamp() * 1000) for at in (start, end))
    return [slot_digits(each, start_ms=start_ms, end_ms=end_ms, slot_min=head.slot_min) for each in windows]


def add_shares(session: Session, analysis_id: int, level: str, shares: pd.DataFrame) -> None:
    """Store the table of `cameras.shares.shares` for one level."""
    flat = shares.reset_index()
    rows = flat[["ground", "kind", "measure", "total", "possible", "twice", "built"]].copy()
    rows["certain"], rows["jurisdiction_path"] = flat["covered"], flat["path"]
    rows["analysis_id"], rows["level"] = analysis_id, level
    by_cause = flat[[f"deficit_{name}" for name in CAUSE_NAMES]].to_numpy(np.int64)
    rows["deficit_by_cause"] = _by_name(by_cause).to_numpy()
    write_frame(session, "coverage_share", rows)


def add_jurisdiction_shares(session: Session, analysis_id: int, only: Collection[str] | None = None) -> None:
    """Store what the map shows of every jurisdiction, or of some: street shares at the analysis' level."""
    head = session.get_one(Analysis, analysis_id)
    found = shares(session, analysis_id, head.level, only=only).dropna().set_index("path")
    # Joined here: behind a row-level policy the planner would look for every path among all of them.
    ids = read_frame(
        session,
        f"SELECT id, path::text AS path FROM jurisdiction WHERE {_of('path', only)}",
        only=_listed(only),
    ).set_index("path")["id"]
    rows = pd.DataFrame({"analysis_id": analysis_id, "jurisdiction_id": ids.reindex(found.index)})
    for name in ("certain", "possible"):
        rows[f"{name}_permille"] = _permille(found[f"{name}_share"].to_numpy(np.float64))
    rows = rows.reset_index(names="jurisdiction_path")
    copy_rows(session, "jurisdiction_share", rows.columns.tolist(), rows.to_numpy(object).tolist())


def _permille(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Shares in thousandths, neither nothing nor everything where it is not quite so."""
    rounded = np.clip(np.rint(1000 * share), 1, 999)
    return np.where(share <= 0, 0, np.where(share >= 1, 1000, rounded)).astype(np.int64)


def _by_name(by_cause: NDArray[np.int64]) -> pd.Series:
    """One mapping a row of the causes that have a deficit."""
    found = [{name: int(n) for name, n in zip(CAUSE_NAMES, row, strict=True) if n} for row in by_cause]
    return pd.Series(found, dtype=object)


def latest_analysis(session: Session) -> Analysis | None:
    """The analysis made last."""
    return session.scalar(select(Analysis).order_by(Analysis.id.desc()).limit(1))


def shares(
    session: Session, analysis_id: int, level: str, *, only: Collection[str] | None = None
) -> pd.DataFrame:
    """Street shares by jurisdiction, all or some, at one level: path, measure_mm, certain_share,
    possible_share."""
    return read_frame(
        session,
        f"""SELECT jurisdiction_path::text AS path, sum(measure)::bigint AS measure_mm,
                   (sum(certain) / NULLIF(sum(total), 0))::float8 AS certain_share,
                   (sum(possible) / NULLIF(sum(total), 0))::float8 AS possible_share
            FROM coverage_share WHERE analysis_id = :analysis AND level = :level AND ground = 'street'
              AND {_of("jurisdiction_path", only)}
            GROUP BY jurisdiction_path ORDER BY 1""",
        analysis=analysis_id,
        level=level,
        only=_listed(only),
    )


def _of(column: str, only: Collection[str] | None) -> str:
    return "CAST(:only AS text[]) IS NULL" if only is None else f"{column} = ANY(CAST(:only AS ltree[]))"


def _listed(only: Collection[str] | None) -> list[str] | None:
    return None if only is None else sorted(only)


def add_camera_states(session: Session, analysis_id: int, states: pd.DataFrame) -> None:
    """Store what an analysis says of each camera, in the place of what it said before of the same ones.

    `states`, by camera id: state, online, findings, change, together (None where there is nothing), path.
    """
    cameras = [int(camera) for camera in states.index]
    session.execute(
        text("DELETE FROM camera_state WHERE analysis_id = :analysis AND camera_id = ANY(:cameras)"),
        {"analysis": analysis_id, "cameras": cameras},
    )
    names = ["state", "online", "findings", "change", "together", "path"]
    rows = zip([analysis_id] * len(states), cameras, *(states[name].tolist() for name in names), strict=True)
    copy_rows(session, "camera_state", ["analysis_id", "camera_id", *names[:-1], "jurisdiction_path"], rows)


def states_told(session: Session, analysis_id: int) -> pd.DataFrame:
    """What `add_camera_states` stored."""
    return read_frame(
        session,
        """SELECT camera_id AS camera, state, online, findings, change, together,
                  jurisdiction_path::text AS path
           FROM camera_state WHERE analysis_id = :analysis ORDER BY camera_id""",
        analysis=analysis_id,
    ).set_index("camera")


def forget_states(session: Session, analysis_id: int, cameras: Collection[int]) -> None:
    """Take out what an analysis says of cameras that it does not look at any more."""
    session.execute(
        text("DELETE FROM camera_state WHERE analysis_id = :analysis AND camera_id = ANY(:cameras)"),
        {"analysis": analysis_id, "cameras": [int(one) for one in cameras]},
    )


def camera_states(session: Session, analysis_id: int) -> pd.DataFrame:
    """By camera id: worst state of the period, online_share of it, assumed fields, moved_m, azimuth."""
    return read_frame(
        session,
        """WITH spoken AS (
             SELECT camera_id,
                    (array_agg(state ORDER BY array_position(CAST(:worst_first AS text[]), state)))[1]
                        AS state,
                    sum(extract(epoch FROM upper(period) - lower(period)))
                        FILTER (WHERE state IN ('usable', 'degraded')) AS online_s,
                    sum(extract(epoch FROM upper(period) - lower(period))) AS period_s
             FROM availability WHERE analysis_id = :analysis GROUP BY camera_id),
           posed AS (
             SELECT DISTINCT ON (p.camera_id) p.camera_id, p.assumed,
                    ST_Distance(p.stand::geography, c.geom::geography) AS moved_m,
                    p.azimuth_deg, p.azimuth_tolerance_deg = 0 AS azimuth_measured
             FROM pose p JOIN camera c ON c.id = p.camera_id
             WHERE p.analysis_id = :analysis ORDER BY p.camera_id, p.nominal DESC, p.certain DESC, p.id)
           SELECT camera_id, state, (COALESCE(online_s, 0) / period_s)::float8 AS online_share, assumed,
                  moved_m, azimuth_deg, azimuth_measured
           FROM spoken JOIN posed USING (camera_id) ORDER BY camera_id""",
        analysis=analysis_id,
        worst_first=["outage", "degraded", "not_measured", "usable"],
    ).set_index("camera_id")


def segments(session: Session, analysis_id: int) -> pd.DataFrame:
    """Availability of an analysis: camera (id), start_ms, end_ms, state, reason, moved, path."""
    return read_frame(
        session,
        """SELECT camera_id AS camera, (extract(epoch FROM lower(period)) * 1000)::bigint AS start_ms,
                  (extract(epoch FROM upper(period)) * 1000)::bigint AS end_ms, state, reason, moved,
                  jurisdiction_path::text AS path
           FROM availability WHERE analysis_id = :analysis ORDER BY camera_id, period""",
        analysis=analysis_id,
    )


def common_sources(session: Session, *analysis_ids: int) -> pd.DataFrame:
    """What the cameras of analyses hang on, by camera id: code, name, path, parent, source (codes)."""
    return read_frame(
        session,
        """SELECT c.id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
                  c.jurisdiction_path::text AS path, c.parent_code AS parent, s.source
           FROM camera c LEFT JOIN (
               SELECT cs.camera_id, min(fs.code) AS source
               FROM camera_source cs JOIN frame_source fs ON fs.id = cs.source_id GROUP BY 1
           ) AS s ON s.camera_id = c.id
           WHERE EXISTS (SELECT FROM availability a
                         WHERE a.analysis_id = ANY(CAST(:analyses AS bigint[])) AND a.camera_id = c.id)
           ORDER BY c.id""",
        analyses=list(analysis_ids),
    ).set_index("id")


def findings(session: Session, analysis_id: int) -> pd.DataFrame:
    """Findings of an analysis: camera (id), kind, value."""
    return read_frame(
        session,
        """SELECT camera_id AS camera, kind, value FROM camera_finding
           WHERE analysis_id = :analysis ORDER BY camera_id, kind""",
        analysis=analysis_id,
    )


def footprints(session: Session, analysis_id: int, level: str) -> gpd.GeoDataFrame:
    """Footprints at one level: camera (code), level, certain, nominal, area_m2, assumed."""
    return read_geoframe(
        session,
        """SELECT c.code AS camera, f.level, f.certain, p.nominal, f.area_m2, p.assumed,
                  ST_AsBinary(f.geom) AS geom
           FROM footprint f JOIN pose p ON p.id = f.pose_id JOIN camera c ON c.id = p.camera_id
           WHERE f.analysis_id = :analysis AND f.level = :level ORDER BY c.code, f.id""",
        analysis=analysis_id,
        level=level,
    )


def gaps(session: Session, analysis_id: int, *, under: str | None = None) -> gpd.GeoDataFrame:
    """Gaps in order of priority, with windows as (start, end) pairs, camera codes and the leaf's names."""
    frame = read_geoframe(
        session,
        """SELECT g.id AS gap_id, g.rank, g.merged, g.cause, g.ground, g.level, g.measure, g.open_ms,
                  g.deficit, g.deficit_by_cause, g.reasons, g.jurisdiction_path::text AS path,
                  j.name AS leaf, j.name_en AS leaf_en,
                  ARRAY(SELECT lower(w) FROM unnest(g.windows) AS w) AS starts,
                  ARRAY(SELECT upper(w) FROM unnest(g.windows) AS w) AS ends,
                  ARRAY(SELECT c.code FROM gap_camera gc JOIN camera c ON c.id = gc.camera_id
                        WHERE gc.gap_id = g.id ORDER BY c.code) AS cameras,
                  ST_AsBinary(g.geom) AS geom
           FROM gap g JOIN jurisdiction j ON j.path = g.jurisdiction_path
           WHERE g.analysis_id = :analysis
             AND (CAST(:under AS ltree) IS NULL OR g.jurisdiction_path <@ CAST(:under AS ltree))
           ORDER BY g.rank""",
        analysis=analysis_id,
        under=under,
    )
    frame["windows"] = [
        list(zip(starts, ends, strict=True))
        for starts, ends in zip(frame.pop("starts"), frame.pop("ends"), strict=True)
    ]
    return frame


def moment(epoch_ms: int) -> str:
    """ISO text, in UTC and to the millisecond, of epoch milliseconds."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds")
