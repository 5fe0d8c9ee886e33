"""Where teams were last."""

from __future__ import annotations

from datetime import datetime, timedelta

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.db import read_geoframe
from patrols.repository.counted import COUNTED


def last_visits(session: Session, until: datetime, days: float) -> gpd.GeoDataFrame:
    """When somebody was last at each place of published plans, in the days before a time: at, Point.

    Points are in EPSG:4326. Of a plan for which teams signed in what they signed for counts, else what was
    planned, once its shift is over.
    """
    return read_geoframe(
        session,
        f"""SELECT max(been.at) AS at, ST_AsBinary(s.geom) AS geom
           FROM (SELECT c.plan_id, c.stop_id, c.arrived_at AS at FROM check_in c
                 UNION ALL
                 SELECT v.plan_id, v.stop_id, v.start_at FROM plan_visit v
                 WHERE v.stop_id IS NOT NULL
                   AND NOT EXISTS (SELECT FROM check_in c WHERE c.plan_id = v.plan_id)) AS been
           JOIN plan p ON p.id = been.plan_id AND upper(p.shift) <= :until
           JOIN ({COUNTED}) AS counted ON counted.plan_id = p.id AND been.at <= counted.until
           JOIN plan_stop s ON s.plan_id = been.plan_id AND s.stop_id = been.stop_id
           WHERE been.at <= :until AND been.at >= :since
           GROUP BY s.geom""",
        drafts=[],
        until=until,
        since=until - timedelta(days=days),
    )
