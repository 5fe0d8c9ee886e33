"""Plans of the nights before, and what the watched share of a plan's zone is worked out from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe
from patrols.repository.counted import COUNTED, PARTS


def published_before(session: Session, plan_id: int, within: timedelta) -> list[dict[str, Any]]:
    """Published plans of a plan's zone whose shift began before this one's, at most `within`, newest first.

    id, start, end, value, upper_bound, crossed, reachable of each. The zone is told by its code: one that was
    stored anew is the same.
    """
    rows = session.execute(
        text(
            """SELECT o.id, lower(o.shift) AS start, upper(o.shift) AS "end", o.value, o.upper_bound,
                      o.crossed, o.reachable
               FROM plan p JOIN zone own ON own.id = p.zone_id JOIN zone z ON z.code = own.code
                    JOIN plan o ON o.zone_id = z.id
               WHERE p.id = :plan AND o.status = 'published' AND lower(o.shift) < lower(p.shift)
                 AND lower(o.shift) >= lower(p.shift) - CAST(:within AS interval)
               ORDER BY lower(o.shift) DESC, o.id DESC"""
        ),
        {"plan": plan_id, "within": within},
    ).mappings()
    return [dict(row) for row in rows]


def visits_at_places(session: Session, plan_ids: Sequence[int]) -> gpd.GeoDataFrame:
    """Visits of plans by plan and time, where their stops stand (EPSG:4326).

    Of a plan that goes on from the middle of its shift also those made before, by the plan it goes on from.
    plan, team (code), home (path of the team's village, None for a team of none), ground (path of the village
    that the stop lies in, or None), start_at, end_at.
    """
    return read_geoframe(
        session,
        f"""{PARTS}
           SELECT part.plan_id AS plan, t.code AS team, t.jurisdiction_path::text AS home,
                  s.jurisdiction_path::text AS ground, v.start_at, v.end_at, ST_AsBinary(s.geom) AS geom
           FROM part JOIN plan_visit v ON v.plan_id = part.part_id AND v.start_at <= part.until
                JOIN team t ON t.id = v.team_id
                JOIN plan_stop s ON s.plan_id = v.plan_id AND s.stop_id = v.stop_id
           WHERE NOT part.not_made @> jsonb_build_array(jsonb_build_array(t.code, v.stop_id))
           ORDER BY part.plan_id, v.start_at, t.code, v.seq""",
        plans=list(plan_ids),
    )


def visits_of_span(
    session: Session, zone_id: int, begin: datetime, before: datetime, drafts: Sequence[int]
) -> gpd.GeoDataFrame:
    """Visits of a zone's plans whose shift began from `begin` on and before `before` (EPSG:4326).

    Of plans that count (`COUNTED`). Where somebody signed for a visit of a plan, what was signed
    for stands for the plan. plan (its number), village (path, None for a team of none), villages (of how many
    the people came), start_at, end_at; by time.
    """
    return read_geoframe(
        session,
        f"""WITH counted AS ({COUNTED}),
           night AS (
               SELECT o.id, counted.until, EXISTS (SELECT FROM check_in c WHERE c.plan_id = o.id) AS signed
               FROM zone own JOIN zone z ON z.code = own.code JOIN plan o ON o.zone_id = z.id
                    JOIN counted ON counted.plan_id = o.id
               WHERE own.id = :zone AND lower(o.shift) >= :begin AND lower(o.shift) < :before),
           visit AS (
               SELECT v.plan_id, v.team_id, v.stop_id, v.start_at, v.end_at
               FROM plan_visit v JOIN night n ON n.id = v.plan_id AND NOT n.signed AND v.start_at <= n.until
               WHERE v.stop_id IS NOT NULL
               UNION ALL
               SELECT c.plan_id, c.team_id, c.stop_id, c.arrived_at, COALESCE(c.left_at, c.arrived_at)
               FROM check_in c JOIN night n ON n.id = c.plan_id AND n.signed AND c.arrived_at <= n.until)
           SELECT v.plan_id AS plan, t.jurisdiction_path::text AS village,
                  (t.jurisdiction_path IS NOT NULL)::int
                      + (SELECT count(*) FROM team_partner p WHERE p.team_id = t.id) AS villages,
                  v.start_at, v.end_at, ST_AsBinary(s.geom) AS geom
           FROM visit v JOIN team t ON t.id = v.team_id
                JOIN plan_stop s ON s.plan_id = v.plan_id AND s.stop_id = v.stop_id
           ORDER BY v.start_at, v.plan_id, v.team_id""",
        zone=zone_id,
        begin=begin,
        before=before,
        drafts=list(drafts),
    )


def visits_in(
    session: Session, zone_id: int, begin: datetime, before: datetime, drafts: Sequence[int]
) -> gpd.GeoDataFrame:
    """Planned visits of a zone's shifts that began from `begin` on and before `before` (EPSG:4326).

    Of plans that count (`COUNTED`). team (code), start_at; by time.
    """
    return read_geoframe(
        session,
        f"""SELECT t.code AS team, v.start_at, ST_AsBinary(s.geom) AS geom
           FROM zone own JOIN zone z ON z.code = own.code JOIN plan o ON o.zone_id = z.id
                JOIN ({COUNTED}) AS counted ON counted.plan_id = o.id
                JOIN plan_visit v ON v.plan_id = o.id AND v.start_at <= counted.until
                JOIN team t ON t.id = v.team_id
                JOIN plan_stop s ON s.plan_id = v.plan_id AND s.stop_id = v.stop_id
           WHERE own.id = :zone AND lower(o.shift) >= :begin AND lower(o.shift) < :before
           ORDER BY v.start_at, v.plan_id, v.team_id, v.seq""",
        zone=zone_id,
        begin=begin,
        before=before,
        drafts=list(drafts),
    )


def street_gaps(session: Session, analysis_id: int, zone_id: int) -> gpd.GeoDataFrame:
    """An analysis' gaps of street that meet a zone, in order of their ids: gap_id, cause, geometry."""
    return read_geoframe(
        session,
        """SELECT g.id AS gap_id, g.cause, ST_AsBinary(g.geom) AS geom
           FROM gap g, zone z
           WHERE g.analysis_id = :analysis AND g.ground = 'street' AND z.id = :zone AND g.geom && z.geom
                 AND ST_Intersects(g.geom, z.geom)
           ORDER BY g.id""",
        analysis=analysis_id,
        zone=zone_id,
    )


def gap_windows(session: Session, gap_ids: Sequence[int]) -> pd.DataFrame:
    """When gaps are open: gap_id, start, end of every window."""
    return read_frame(
        session,
        """SELECT g.id AS gap_id, lower(w) AS start, upper(w) AS "end"
           FROM gap g, unnest(g.windows) AS w WHERE g.id = ANY(:gaps) ORDER BY g.id, lower(w)""",
        gaps=list(gap_ids),
    )


def analysed(session: Session, analysis_id: int) -> dict[str, Any]:
    """Start and end of an analysis' period, and how often its ground had been changed then (or None)."""
    row = session.execute(
        text(
            'SELECT lower(period) AS start, upper(period) AS "end", ground FROM analysis WHERE id = :analysis'
        ),
        {"analysis": analysis_id},
    )
    return dict(row.mappings().one())


def gaps_closed(session: Session, plan_id: int) -> int:
    """How many gaps have ground in sight of a stop that the plan crosses."""
    return int(
        session.scalar(
            text(
                """SELECT count(DISTINCT gap) FROM plan_stop s, jsonb_array_elements(s.why) AS cause,
                          jsonb_array_elements(COALESCE(cause -> 'gap_ids', '[]')) AS gap
                   WHERE s.plan_id = :plan AND s.crossed"""
            ),
            {"plan": plan_id},
        )
        or 0
    )
