"""Alerts and their checks, in and out, and what a check reads beside a scene. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.alerts.tables import AlertCheck
from cameras.repository.results import moment
from cameras.tables import Analysis
from geo.crs import to_lonlat
from geo.db import copy_rows, read_frame, read_geoframe, write_frame
from geo.repository.search import nearest_street, scope_values, within
from geo.scope import Scope

Box = tuple[float, float, float, float]
# As people speak of it: what has ended has, whatever it was before.
STATE = """CASE WHEN a.ended_at IS NOT NULL THEN 'ended' WHEN a.planned THEN 'planned'
                WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'new' END"""
SIDES = ("west", "south", "east", "north")


def hold(session: Session) -> bool:
    """Keep others from checking until the transaction ends; False where somebody does already."""
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('alert_check'))")))


def last_check(session: Session) -> AlertCheck | None:
    """The last check; None before the first."""
    return session.get(AlertCheck, 1, populate_existing=True)


def note_check(session: Session, **values: Any) -> None:
    """Keep what a check says of itself, columns of `AlertCheck`; the others stay."""
    held = last_check(session)
    if held is None:
        session.add(AlertCheck(id=1, **values))
    else:
        for name, value in values.items():
            setattr(held, name, value)
    session.flush()


def frames_at(session: Session, start: datetime, end: datetime) -> datetime | None:
    """When frames of the days (UTC) of `[start, end)` were stored last."""
    return session.scalar(
        text(
            """SELECT max(changed_at) FROM frame_day
               WHERE day BETWEEN (CAST(:start AS timestamptz) AT TIME ZONE 'UTC')::date
                             AND (CAST(:end AS timestamptz) AT TIME ZONE 'UTC')::date"""
        ),
        {"start": start, "end": end},
    )


def heard(session: Session, before: datetime) -> pd.DataFrame:
    """Of each source that spoke: source, heard_ms (its newest frame, none ahead of a time)."""
    return read_frame(
        session,
        """SELECT s.id AS source,
                  (extract(epoch FROM max(LEAST(f.newest_at, :before))) * 1000)::bigint AS heard_ms
           FROM frame_source s JOIN frame_file f ON f.source_id = s.id
           WHERE f.newest_at IS NOT NULL AND s.kind <> 'recording' GROUP BY s.id""",
        before=before,
    )


def analyses(session: Session, start: datetime, end: datetime) -> list[Analysis]:
    """Analyses that reach into a period, the newest first."""
    found = session.scalars(
        select(Analysis).where(Analysis.period.overlaps(Range(start, end))).order_by(Analysis.id.desc())
    )
    return list(found)


def gaps_there(
    session: Session, analysis_ids: Collection[int], spans: Sequence[tuple[int, int]], boxes: Sequence[Box]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Stored gaps near some ground, open in some spans of time.

    Parameters
    ----------
    analysis_ids : collection of int
    spans : sequence of (start_ms, end_ms)
    boxes : sequence of (west, south, east, north)
        EPSG:4326.

    Returns
    -------
    GeoDataFrame, DataFrame
        By id of the gap: ground, geometry (EPSG:4326). And their windows that meet a span: gap, analysis,
        start_ms, end_ms.
    """
    asked: dict[str, Any] = {
        "analyses": sorted(analysis_ids),
        "spans": "{" + ",".join(f"[{moment(a)},{moment(b)})" for a, b in spans) + "}",
    }
    asked |= {name: list(side) for name, side in zip(SIDES, zip(*boxes, strict=True), strict=True)}
    gaps = read_geoframe(
        session,
        """SELECT g.id, g.ground, ST_AsBinary(g.geom) AS geom FROM gap g
           WHERE g.analysis_id = ANY(CAST(:analyses AS bigint[]))
             AND g.windows && CAST(:spans AS tstzmultirange)
             AND g.id IN (
               SELECT n.id FROM unnest(CAST(:west AS float8[]), CAST(:south AS float8[]),
                                       CAST(:east AS float8[]), CAST(:north AS float8[]))
                                AS b (west, south, east, north)
               JOIN gap n ON n.geom && ST_MakeEnvelope(b.west, b.south, b.east, b.north, 4326))
           ORDER BY g.id""",
        **asked,
    ).set_index("id")
    windows = read_frame(
        session,
        """SELECT g.id AS gap, g.analysis_id AS analysis,
                  (extract(epoch FROM lower(w)) * 1000)::bigint AS start_ms,
                  (extract(epoch FROM upper(w)) * 1000)::bigint AS end_ms
           FROM gap g, unnest(g.windows) AS w
           WHERE g.id = ANY(CAST(:gaps AS bigint[])) AND w && ANY(
               SELECT unnest(CAST(:spans AS tstzmultirange)))
           ORDER BY 1, 3""",
        gaps=[int(one) for one in gaps.index],
        spans=asked["spans"],
    )
    return gaps, windows.astype(np.int64)


def open_alerts(session: Session) -> gpd.GeoDataFrame:
    """Alerts that have not ended, by id: leaf (path), planned, missed, cameras (tuple of codes), geometry
    (EPSG:4326)."""
    found = read_geoframe(
        session,
        """SELECT a.id, a.jurisdiction_path::text AS leaf, a.planned, a.missed, ST_AsBinary(a.geom) AS geom,
                  ARRAY(SELECT c.code FROM alert_camera ac JOIN camera c ON c.id = ac.camera_id
                        WHERE ac.alert_id = a.id ORDER BY c.code) AS cameras
           FROM alert a WHERE a.ended_at IS NULL ORDER BY a.id""",
    ).set_index("id")
    found["cameras"] = [tuple(each) for each in found["cameras"]]
    return found


def add_alerts(session: Session, losses: gpd.GeoDataFrame, *, days: int, at: datetime) -> list[int]:
    """Store losses (`cameras.alerts.grouping`) as new alerts first seen at a time; answers their ids."""
    if losses.empty:
        return []
    rows = _rows(losses, days)
    rows["jurisdiction_path"], rows["planned"] = losses["leaf"], losses["planned"]
    rows["since_at"] = [moment(one) for one in losses["since_ms"]]
    rows["first_seen_at"] = rows["last_seen_at"] = at
    rows["geom"] = to_lonlat(losses.geometry)
    ids = [int(one) for one in write_frame(session, "alert", rows)]
    _add_cameras(session, ids, losses)
    return ids


def go_on(session: Session, ids: Sequence[int], losses: gpd.GeoDataFrame, *, days: int, at: datetime) -> None:
    """Let alerts be what their losses are now."""
    if not ids:
        return
    rows = _rows(losses, days)
    shapes = to_lonlat(losses.geometry).to_wkb()
    update = text(
        """UPDATE alert SET cause = :cause, reasons = CAST(:reasons AS jsonb), common = :common,
                  street_mm = :street_mm, places = :places, open_days = :open_days, days = :days,
                  geom = ST_SetSRID(ST_GeomFromWKB(:geom), 4326), last_seen_at = :at, missed = 0
           WHERE id = :id"""
    )
    for number, row, shape in zip(ids, rows.to_dict("records"), shapes, strict=True):
        values = {str(name): value for name, value in row.items()}
        values |= {"reasons": json.dumps(row["reasons"]), "geom": shape, "at": at, "id": number}
        session.execute(update, values)
    session.execute(text("DELETE FROM alert_camera WHERE alert_id = ANY(:ids)"), {"ids": list(ids)})
    _add_cameras(session, ids, losses)


def miss(session: Session, ids: Sequence[int]) -> None:
    """Count that a check did not find some alerts."""
    session.execute(text("UPDATE alert SET missed = missed + 1 WHERE id = ANY(:ids)"), {"ids": list(ids)})


def end(session: Session, how: dict[int, str], at: datetime) -> None:
    """End alerts, each in its way."""
    session.execute(
        text(
            """UPDATE alert SET ended_at = :at, ended_how = e.how, missed = missed + 1
               FROM unnest(CAST(:ids AS bigint[]), CAST(:hows AS text[])) AS e (id, how)
               WHERE alert.id = e.id"""
        ),
        {"at": at, "ids": list(how), "hows": list(how.values())},
    )


def _rows(losses: gpd.GeoDataFrame, days: int) -> pd.DataFrame:
    rows = pd.DataFrame(losses[["cause", "common", "street_mm", "places", "open_days"]])
    return rows.assign(days=days, reasons=pd.Series(map(list, losses["reasons"]), index=rows.index))


def _add_cameras(session: Session, ids: Sequence[int], losses: gpd.GeoDataFrame) -> None:
    pairs: list[tuple[int, int]] = [
        (number, int(camera))
        for number, cameras in zip(ids, losses["cameras"], strict=True)
        for camera in cameras
    ]
    copy_rows(session, "alert_camera", ["alert_id", "camera_id"], pairs)


def boxes_of(shapes: gpd.GeoSeries) -> NDArray[np.float64]:
    """The boxes (EPSG:4326) around shapes in metres, a row each, grown by a metre."""
    grown = shapes.envelope.buffer(1.0, join_style="mitre")
    return np.asarray(to_lonlat(gpd.GeoSeries(grown, crs=shapes.crs)).bounds, dtype=np.float64)


def counts(session: Session, area: Scope) -> dict[str, int]:
    """How many alerts of an area are new, acknowledged, under maintenance ("planned") and ended."""
    rows = session.execute(
        text(
            f"""SELECT {STATE} AS state, count(*) AS n FROM alert a
                WHERE {within("a.jurisdiction_path")} GROUP BY 1"""
        ),
        scope_values(area),
    )
    return {"new": 0, "acknowledged": 0, "planned": 0, "ended": 0} | {row.state: int(row.n) for row in rows}


def mark(session: Session) -> str:
    """What changes whenever an alert in sight is raised, acknowledged or ended, and when a check fails."""
    row = session.execute(
        text(
            """SELECT count(*) AS n, count(acknowledged_at) AS seen_to, count(ended_at) AS ended,
                      (SELECT failed_at IS NOT NULL FROM alert_check) AS failed FROM alert"""
        )
    ).one()
    return f"{row.n}.{row.seen_to}.{row.ended}.{'f' if row.failed else ''}"


def told(session: Session, number: int) -> dict[str, Any] | None:
    """One alert: its columns, `state`, names of its leaf and street, lon, lat, and its cameras in sight."""
    row = (
        session.execute(
            text(
                f"""SELECT a.id, a.planned, a.cause, a.reasons, a.common, a.street_mm, a.places, a.open_days,
                           a.days, a.since_at, a.first_seen_at, a.last_seen_at, a.ended_at, a.ended_how,
                           a.acknowledged_at, a.acknowledged_by, a.note, {STATE} AS state,
                           a.jurisdiction_path::text AS path, j.name AS leaf, j.name_en AS leaf_en,
                           street.name AS street, ST_X(p.at) AS lon, ST_Y(p.at) AS lat
                    FROM alert a LEFT JOIN jurisdiction j ON j.path = a.jurisdiction_path
                    CROSS JOIN LATERAL (SELECT ST_PointOnSurface(a.geom) AS at) AS p
                    LEFT JOIN LATERAL ({nearest_street("p.at")}) AS street ON true
                    WHERE a.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    cameras = read_frame(
        session,
        """SELECT c.id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name
           FROM alert_camera ac JOIN camera c ON c.id = ac.camera_id
           WHERE ac.alert_id = :id ORDER BY name, c.code""",
        id=number,
    )
    return {**row, "cameras": cameras.to_dict("records")}


def shape(session: Session, number: int) -> gpd.GeoDataFrame:
    """The ground of an alert (EPSG:4326), a row a piece: id."""
    return read_geoframe(
        session,
        "SELECT id, ST_AsBinary((ST_Dump(geom)).geom) AS geom FROM alert WHERE id = :id",
        id=number,
    )


def stands(session: Session, number: int) -> gpd.GeoDataFrame:
    """Where the cameras of an alert stand, those in sight (EPSG:4326): id, name."""
    return read_geoframe(
        session,
        """SELECT c.id, COALESCE(NULLIF(c.name, ''), c.code) AS name, ST_AsBinary(c.geom) AS geom
           FROM alert_camera ac JOIN camera c ON c.id = ac.camera_id WHERE ac.alert_id = :id ORDER BY c.id""",
        id=number,
    )
