"""What the database holds around a place at a time: cameras in reach, who else spoke, what was analysed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.frames.times import epoch_ms
from cameras.tables import Analysis
from geo.db import read_frame, read_geoframe

# Metres of a degree of latitude.
_DEGREE_M = 111_320.0


def codes_near(
    session: Session,
    lon: float,
    lat: float,
    radius_m: float,
    turning_m: float,
    per_metre: float,
    during: tuple[datetime, datetime],
    analysis: int | None = None,
) -> list[str]:
    """Codes of cameras that may have a place (WGS 84) in view at some time of `[start, end)`.

    Those whose record, valid then, lies within `radius_m`, or as far as its lens or that of a preset brings
    `per_metre` pixels on a metre, `turning_m` at most, which turning cameras always have; and those that
    move, where a frame of that time or a pose of `analysis` puts them so near.
    """
    rows = session.execute(
        text(
            """WITH here AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geom),
                    around AS (SELECT ST_Expand(geom, :turning / (:degree * cos(radians(:lat))),
                                                :turning / :degree) AS geom FROM here),
               lens AS (
                 SELECT c.id, c.code, c.geom, c.ptz, c.width_px, c.hfov_deg FROM camera c
                 WHERE c.valid && tstzrange(:start, :end) AND c.mobile_device IS NULL
                   AND c.geom && (SELECT geom FROM around)
                 UNION ALL
                 SELECT c.id, c.code, c.geom, c.ptz, COALESCE(p.width_px, c.width_px), p.hfov_deg
                 FROM camera c JOIN camera_preset p ON p.camera_id = c.id
                 WHERE c.valid && tstzrange(:start, :end) AND c.mobile_device IS NULL
                   AND c.geom && (SELECT geom FROM around))
               SELECT DISTINCT code FROM lens, here
               WHERE ST_DistanceSphere(lens.geom, here.geom) <= LEAST(:turning, GREATEST(
                   :radius, CASE WHEN ptz THEN :turning END,
                   CASE WHEN hfov_deg < 180
                        THEN width_px / (2 * :per_metre * tan(radians(hfov_deg) / 2)) END))
               UNION
               SELECT DISTINCT c.code FROM camera c JOIN frame f ON f.camera_id = c.id
               WHERE c.valid && tstzrange(:start, :end) AND c.mobile_device IS NOT NULL
                 AND f.captured_at >= :start AND f.captured_at < :end
                 AND f.lat BETWEEN :lat - :turning / :degree AND :lat + :turning / :degree
                 AND f.lon BETWEEN :lon - :turning / (:degree * cos(radians(:lat)))
                               AND :lon + :turning / (:degree * cos(radians(:lat)))
               UNION
               SELECT DISTINCT c.code FROM camera c JOIN pose p ON p.camera_id = c.id
               WHERE p.analysis_id = :analysis AND p.travels AND c.valid && tstzrange(:start, :end)
                 AND p.stand && (SELECT geom FROM around)
               ORDER BY 1"""
        ),
        {
            "lon": lon,
            "lat": lat,
            "radius": radius_m,
            "turning": turning_m,
            "per_metre": per_metre,
            "degree": _DEGREE_M,
            "start": during[0],
            "end": during[1],
            "analysis": analysis,
        },
    )
    return [str(row.code) for row in rows]


def said_of_others(
    session: Session,
    cameras: Sequence[int],
    sources: pd.DataFrame,
    start: datetime,
    end: datetime,
    times: float,
    lost_intervals: float,
) -> pd.DataFrame:
    """When sources delivered for other cameras than these: source, first_ms, last_ms, some of it joined.

    From `times` of each source's interval before `start` on. What analyses of the same `lost_intervals` noted
    is taken where no frame of the day came since (there of all cameras), frames where none tells. Of frames
    no more than one interval is joined: whoever judges by several (`cameras.evidence.deliveries`) finds the
    runs that all frames would give.
    """
    none = pd.DataFrame({"source": [], "first_ms": [], "last_ms": []}, dtype=np.int64)
    if sources.empty:
        return none
    leads = [timedelta(seconds=times * float(one)) for one in sources["expected_interval_s"]]
    noted, left = _noted(session, sources.index, start - max(leads), end, lost_intervals)
    parts = [none, noted]
    for since, until in left:
        parts.append(
            read_frame(
                session,
                """SELECT f.source_id AS source,
                          (extract(epoch FROM min(f.captured_at)) * 1000)::bigint AS first_ms,
                          (extract(epoch FROM max(f.captured_at)) * 1000)::bigint AS last_ms
                   FROM frame f JOIN (
                       SELECT id, make_interval(secs => s) AS step, since FROM unnest(
                           CAST(:sources AS bigint[]), CAST(:steps AS float8[]),
                           CAST(:begins AS timestamptz[])) AS asked (id, s, since)
                   ) AS asked ON asked.id = f.source_id
                   WHERE f.captured_at >= :since AND f.captured_at < :until AND f.captured_at >= asked.since
                     AND f.camera_id <> ALL(:cameras)
                   GROUP BY f.source_id, date_bin(asked.step, f.captured_at, TIMESTAMPTZ 'epoch')""",
                sources=[int(one) for one in sources.index],
                steps=[float(one) for one in sources["expected_interval_s"]],
                begins=[start - lead for lead in leads],
                since=since,
                until=until,
                cameras=list(map(int, cameras)),
            )
        )
    return pd.concat(parts, ignore_index=True).astype(np.int64)


def _noted(
    session: Session, sources: pd.Index, start: datetime, end: datetime, lost_intervals: float
) -> tuple[pd.DataFrame, list[tuple[datetime, datetime]]]:
    """What analyses noted of deliveries of sources in `[start, end)`, and the time of which none tells."""
    found = session.execute(
        text(
            """SELECT a.id, tstzmultirange(a.period * tstzrange(:start, :end)) - COALESCE((
                          SELECT range_agg(tstzrange(d.day::timestamp AT TIME ZONE 'UTC',
                                                     (d.day + 1)::timestamp AT TIME ZONE 'UTC'))
                          FROM frame_day d
                          WHERE d.changed_at >= a.created_at
                            AND d.day BETWEEN (lower(a.period) AT TIME ZONE 'UTC')::date
                                          AND (upper(a.period) AT TIME ZONE 'UTC')::date
                      ), '{}') AS told
               FROM analysis a
               WHERE a.period && tstzrange(:start, :end) AND a.delivered IS NOT NULL
                 AND (a.parameters->'thresholds'->>'lost_intervals')::float8 = :lost
               ORDER BY a.id DESC"""
        ),
        {"start": start, "end": end, "lost": lost_intervals},
    )
    rows: list[tuple[int, int, int]] = []
    left = [(start, end)]
    wanted = {str(int(one)) for one in sources}
    for analysis, told in found.all():
        taken = [
            (max(a, piece.lower), min(b, piece.upper))
            for piece in told
            for a, b in left
            if max(a, piece.lower) < min(b, piece.upper)
        ]
        if not taken:
            continue
        noted = session.get_one(Analysis, analysis).delivered or {}
        for begin, finish in taken:
            left = [
                part
                for a, b in left
                for part in ((a, min(b, begin)), (max(a, finish), b))
                if part[0] < part[1]
            ]
            since, until = epoch_ms(begin), epoch_ms(finish)
            rows += [
                (int(source), max(first, since), min(last, until - 1))
                for source in wanted.intersection(noted)
                for first, last in noted[source]
                if first < until and last >= since
            ]
    return pd.DataFrame(rows, columns=["source", "first_ms", "last_ms"]).astype(np.int64), left


def days_without_frames(session: Session, start: datetime, end: datetime) -> int:
    """How many UTC days that `[start, end)` touches hold no frame in it at all."""
    days, missing = start.astimezone(UTC).date(), 0
    while (begin := datetime.combine(days, time(), UTC)) < end:
        found = session.scalar(
            text("SELECT EXISTS (SELECT FROM frame WHERE captured_at >= :since AND captured_at < :until)"),
            {"since": max(begin, start), "until": min(begin + timedelta(days=1), end)},
        )
        missing += not found
        days += timedelta(days=1)
    return missing


def covering_analysis(session: Session, start: datetime, end: datetime) -> Analysis | None:
    """The newest analysis whose period holds all of `[start, end)`."""
    return session.scalar(
        select(Analysis)
        .where(Analysis.period.contains(Range(start, end)))
        .order_by(Analysis.id.desc())
        .limit(1)
    )


def stored_footprints(session: Session, analysis: int, poses: Sequence[int]) -> gpd.GeoDataFrame:
    """Footprints of some poses (EPSG:4326): pose (id), level."""
    return read_geoframe(
        session,
        """SELECT pose_id AS pose, level, ST_AsBinary(geom) AS geom FROM footprint
           WHERE analysis_id = :analysis AND pose_id = ANY(:poses)""",
        analysis=analysis,
        poses=list(map(int, poses)),
    )


def stored_clocks(session: Session, analysis: int, cameras: Sequence[int]) -> dict[int, float]:
    """Seconds by which an analysis found the clock on a camera's picture to be wrong, by camera id."""
    rows = session.execute(
        text(
            """SELECT camera_id, value FROM camera_finding
               WHERE analysis_id = :analysis AND camera_id = ANY(:cameras) AND kind = 'clock_wrong'"""
        ),
        {"analysis": analysis, "cameras": list(map(int, cameras))},
    )
    return {int(row.camera_id): float(row.value) for row in rows}


def to_fetch(session: Session, cameras: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What whoever fetches a recording must know of some cameras, by id: code, name, path, lon, lat,
    management_unit, recorder (its code), record_days."""
    rows = session.execute(
        text(
            """SELECT id, code, COALESCE(NULLIF(name, ''), code) AS name, jurisdiction_path::text AS path,
                      ST_X(geom) AS lon, ST_Y(geom) AS lat, COALESCE(btrim(management_unit), '') AS unit,
                      COALESCE(btrim(parent_code), '') AS recorder, record_days
               FROM camera WHERE id = ANY(:cameras)"""
        ),
        {"cameras": list(map(int, cameras))},
    )
    return {int(row["id"]): dict(row) for row in rows.mappings()}
