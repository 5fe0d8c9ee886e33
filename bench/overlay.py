"""Footprints over streets over a day, in PostGIS SQL and by ours, on a fixed twentieth of the county."""

from __future__ import annotations

import time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cameras.coverage import CoverageSettings, coverage
from cameras.frames.times import epoch_ms
from cameras.ground import Layers, incidence, watched_ground
from cameras.repository import revising
from cameras.revision import whole_segments
from cameras.tables import Analysis
from geo.crs import to_metric
from geo.db import read_geoframe, transaction
from geo.scope import WHOLE_SITE
from geo.services import site_crs

# Five of a hundred towns, side by side.
TOWNS = [f"syn.d1.t{n}" for n in range(1, 6)]
# Uncovered metres of street × seconds: wherever and whenever no certain footprint of a usable camera is.
SQL = """
WITH street AS MATERIALIZED (
       SELECT id, ST_Transform(geom, :epsg) AS geom FROM road_edge
       WHERE watched AND jurisdiction_path <@ ANY(CAST(:towns AS ltree[]))),
     seen AS MATERIALIZED (
       SELECT s.id, ST_Transform(f.geom, :epsg) AS geom, a.period
       FROM street s JOIN footprint f ON ST_Intersects(f.geom, ST_Transform(s.geom, 4326))
       JOIN availability a ON a.analysis_id = :analysis AND a.pose_id = f.pose_id AND a.state = 'usable'
       WHERE f.analysis_id = :analysis AND f.level = :level AND f.certain),
     change AS (
       SELECT id, lower(period) AS at FROM seen UNION SELECT id, upper(period) FROM seen
       UNION SELECT id, CAST(:start AS timestamptz) FROM street
       UNION SELECT id, CAST(:end AS timestamptz) FROM street),
     span AS (
       SELECT id, at, lead(at) OVER (PARTITION BY id ORDER BY at) AS until FROM change),
     looked AS (
       SELECT n.id, n.at, n.until, ST_Union(v.geom) AS geom
       FROM span n LEFT JOIN seen v ON v.id = n.id AND v.period @> n.at
       WHERE n.until IS NOT NULL GROUP BY 1, 2, 3)
SELECT sum(ST_Length(CASE WHEN l.geom IS NULL THEN s.geom ELSE ST_Difference(s.geom, l.geom) END)
           * extract(epoch FROM l.until - l.at))::float8
FROM looked l JOIN street s USING (id)
"""


def overlay(engine: Engine, analysis: int) -> dict[str, Any]:
    """Seconds of both, their ratio, and how far their answers are apart, percent."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        head = session.get_one(Analysis, analysis)
        _ours(session, head)
        started = time.perf_counter()
        ours, streets = _ours(session, head)
        ours_s = time.perf_counter() - started
        started = time.perf_counter()
        theirs = _sql(session, head)
        sql_s = time.perf_counter() - started
    return {
        "streets": streets,
        "ours_s": ours_s,
        "sql_s": sql_s,
        "speed_ratio": sql_s / ours_s,
        "difference_percent": 100 * abs(ours - theirs) / theirs,
    }


def _sql(session: Session, head: Analysis) -> float:
    epsg = site_crs(session).to_epsg()
    asked = {"epsg": epsg, "towns": TOWNS, "analysis": head.id, "level": head.level}
    period = {"start": head.period.lower, "end": head.period.upper}
    return float(session.execute(text(SQL), {**asked, **period}).scalar_one())


def _ours(session: Session, head: Analysis) -> tuple[float, int]:
    """The same from the same rows: metres × seconds, and how many streets."""
    crs = site_crs(session)
    assert head.period.lower is not None and head.period.upper is not None
    period = (epoch_ms(head.period.lower), epoch_ms(head.period.upper))
    edges = read_geoframe(
        session,
        """SELECT id, u, v, road_class, watched, ST_AsBinary(geom) AS geom FROM road_edge
           WHERE watched AND jurisdiction_path <@ ANY(CAST(:towns AS ltree[])) ORDER BY id""",
        towns=TOWNS,
    ).set_index("id")
    west, south, east, north = edges.total_bounds
    seen = read_geoframe(
        session,
        """SELECT p.id, p.camera_id AS camera, p.certain, ST_AsBinary(f.geom) AS geom
           FROM footprint f JOIN pose p ON p.id = f.pose_id
           WHERE f.analysis_id = :analysis AND f.level = :level AND p.camera_id IN (
               SELECT o.camera_id FROM footprint g JOIN pose o ON o.id = g.pose_id
               WHERE g.analysis_id = :analysis AND g.level = :level
                 AND g.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326))
           ORDER BY p.id""",
        analysis=head.id,
        level=head.level,
        west=float(west),
        south=float(south),
        east=float(east),
        north=float(north),
    ).set_index("id")
    shapes = to_metric(seen, crs).geometry.reset_index(drop=True)
    layers = Layers(shapes, shapes, shapes)
    rows = pd.Series(np.arange(len(seen)), index=seen.index)
    cameras = seen["camera"].unique().tolist()
    segments = whole_segments(revising.segments(session, head.id, cameras), rows, period)
    leaves = gpd.GeoDataFrame(
        {"path": ["all"]}, geometry=[to_metric(edges, crs).union_all().envelope.buffer(1.0)], crs=crs
    )
    ground = watched_ground(to_metric(edges, crs), None, leaves, layers)
    poses = seen[["camera", "certain"]].reset_index(drop=True)
    found = coverage(
        ground,
        incidence(ground, layers),
        poses,
        segments,
        period,
        CoverageSettings(level=head.level, slot_min=head.slot_min),
    )
    return float(found.totals()["deficit"].iloc[0]) / 1e6, len(edges)
