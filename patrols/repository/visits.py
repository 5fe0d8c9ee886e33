"""Where teams were last."""

from __future__ import annotations

from datetime import datetime, timedelta

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.db import read_geoframe
from patrols.repository.counted import COUNTED

# Who signs late does so within a day after the shift.
_SIGNED_WITHIN = timedelta(days=1)


def last_visits(session: Session, until: datetime, days: float) -> gpd.GeoDataFrame:
    """When somebody was last at each place of published plans, in the days before a time: at, Point.

    Points are in EPSG:4326. Of a plan for which teams signed in what they signed for counts, else what was
    planned, once its shift is over.
    """
    since = until - timedelta(days=days)
    # The plans are found first, and kept as found: left to itself the database joins every visit with every
    # plan, for it cannot guess how few lie in the days that are asked for.
    return read_geoframe(
        session,
        f"""WITH counted AS MATERIALIZED ({COUNTED}),
           night AS MATERIALIZED (
               SELECT p.id, counted.until, EXISTS (SELECT FROM check_in c WHERE c.plan_id = p.id) AS signed
               FROM plan p JOIN counted ON counted.plan_id = p.id
               WHERE upper(p.shift) <= :until AND upper(p.shift) >= :ended),
           been AS MATERIALIZED (
               SELECT c.plan_id, c.stop_id, c.arrived_at AS at
               FROM night n JOIN check_in c ON c.plan_id = n.id AND c.arrived_at <= n.until
               WHERE n.signed AND c.arrived_at <= :until AND c.arrived_at >= :since
               UNION ALL
               SELECT v.plan_id, v.stop_id, v.start_at
               FROM night n JOIN plan_visit v ON v.plan_id = n.id AND v.start_at <= n.until
               WHERE NOT n.signed AND v.stop_id IS NOT NULL AND v.start_at <= :until AND v.start_at >= :since)
           SELECT max(been.at) AS at, ST_AsBinary(s.geom) AS geom
           FROM been JOIN plan_stop s ON s.plan_id = been.plan_id AND s.stop_id = been.stop_id
           GROUP BY s.geom""",
        drafts=[],
        until=until,
        since=since,
        ended=since - _SIGNED_WITHIN,
    )
