"""What cameras saw at one instant of an analysis."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_geoframe


def last_certain(session: Session, analysis_id: int, code: str) -> dict[str, Any] | None:
    """The last period in which a camera was usable and saw something: camera_id, until, azimuth_deg."""
    row = (
        session.execute(
            text(
                """SELECT c.id AS camera_id, upper(a.period) AS until, p.azimuth_deg
                   FROM camera c JOIN availability a ON a.camera_id = c.id AND a.analysis_id = :analysis
                   JOIN pose p ON p.id = a.pose_id
                   JOIN analysis n ON n.id = a.analysis_id
                   JOIN footprint f ON f.pose_id = p.id AND f.level = n.level AND f.certain
                   WHERE c.code = :code AND a.state = 'usable'
                   ORDER BY a.period DESC LIMIT 1"""
            ),
            {"analysis": analysis_id, "code": code},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def certain_footprints(session: Session, analysis_id: int, level: str, at: datetime) -> gpd.GeoDataFrame:
    """What every usable camera certainly saw at an instant (EPSG:4326): camera_id, code, name."""
    return read_geoframe(
        session,
        """SELECT c.id AS camera_id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
                  ST_AsBinary(f.geom) AS geom
           FROM availability a
           JOIN footprint f ON f.pose_id = a.pose_id AND f.level = :level AND f.certain
           JOIN camera c ON c.id = a.camera_id
           WHERE a.analysis_id = :analysis AND a.state = 'usable' AND a.period @> CAST(:at AS timestamptz)""",
        analysis=analysis_id,
        level=level,
        at=at,
    )


def streets_near(session: Session, lon: float, lat: float, radius_m: float) -> gpd.GeoDataFrame:
    """Watched streets in the box of `radius_m` around a point (EPSG:4326): id, name."""
    return read_geoframe(
        session,
        """SELECT e.id, e.name, ST_AsBinary(e.geom) AS geom FROM road_edge e
           WHERE e.watched AND upper_inf(e.valid)
             AND e.geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                                     :radius / (111320.0 * cos(radians(:lat))), :radius / 111320.0)""",
        lon=lon,
        lat=lat,
        radius=radius_m,
    )


def worth_breaking(session: Session, analysis_id: int, limit: int) -> list[dict[str, Any]]:
    """Cameras that certainly see much, those in a zone first: code, name, area_m2 of their footprint."""
    rows = session.execute(
        text(
            """SELECT c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name, max(f.area_m2) AS area_m2,
                      bool_or(EXISTS (SELECT 1 FROM zone z WHERE upper_inf(z.valid)
                                      AND ST_Contains(z.geom, c.geom))) AS zoned
               FROM camera c JOIN pose p ON p.camera_id = c.id AND p.analysis_id = :analysis
               JOIN footprint f ON f.pose_id = p.id AND f.certain
               JOIN analysis a ON a.id = p.analysis_id AND f.level = a.level
               WHERE p.nominal AND EXISTS (SELECT 1 FROM availability v WHERE v.analysis_id = a.id
                                           AND v.camera_id = c.id AND v.state = 'usable')
               GROUP BY c.code, c.name ORDER BY zoned DESC, area_m2 DESC, c.code LIMIT :limit"""
        ),
        {"analysis": analysis_id, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
