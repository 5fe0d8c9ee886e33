"""What the map page asks of zones and plans: which there are, one zone, one visit, all visits of a plan."""

from __future__ import annotations

from typing import Any

import pandas as pd
from geopandas import GeoDataFrame
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe
from geo.repository.search import EDGES, nearest_street, scope_values, within
from geo.scope import Scope

# A plan is seen where its zone has a member: once published by those who see plans there, before that by
# those who see drafts there.
_SEEN = f"""((p.status = 'published' AND :published_everywhere) OR :drafts_everywhere
             OR EXISTS (SELECT 1 FROM zone_member m WHERE m.zone_id = p.zone_id
                        AND ((p.status = 'published' AND {within("m.jurisdiction_path", "published_")})
                             OR {within("m.jurisdiction_path", "drafts_")})))"""
_PLAN = """p.id, p.status, lower(p.shift) AS start, upper(p.shift) AS "end", p.created_at, p.crossed,
           p.reachable, p.violations, z.name AS zone, z.name_en AS zone_en"""


def _seen(published: Scope, drafts: Scope) -> dict[str, Any]:
    return {**scope_values(published, "published_"), **scope_values(drafts, "drafts_")}


def plans(session: Session, published: Scope, drafts: Scope, limit: int) -> pd.DataFrame:
    """The plans made last that may be seen, the newest first: id, status, start, end, the zone's names."""
    return read_frame(
        session,
        f"""SELECT {_PLAN} FROM plan p JOIN zone z ON z.id = p.zone_id
            WHERE {_SEEN} ORDER BY p.created_at DESC, p.id DESC LIMIT :limit""",
        limit=limit,
        **_seen(published, drafts),
    )


def plan_of(session: Session, number: int, published: Scope, drafts: Scope) -> dict[str, Any] | None:
    """One plan by its id, if it may be seen, as `plans` tells them."""
    row = (
        session.execute(
            text(
                f"""SELECT {_PLAN} FROM plan p JOIN zone z ON z.id = p.zone_id
                    WHERE p.id = :id AND {_SEEN}"""
            ),
            {"id": number, **_seen(published, drafts)},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def stop_count(session: Session, plan_id: int) -> int:
    """How many stops a plan has."""
    return int(
        session.scalar(text("SELECT count(*) FROM plan_stop WHERE plan_id = :plan"), {"plan": plan_id}) or 0
    )


def visits(session: Session, plan_id: int) -> GeoDataFrame:
    """A plan's visits by team and order, each with its leg, its stop's number and place.

    id, team, number (of the team, from 1 in the order of codes), team_name, team_name_en, mode, home (path of
    the team's village, None for a team of none), village and village_en (its names), seq, stop_id (None on
    the way back), stop (its number in the plan, from 1), nth (of the visits to that stop, by time, from 1),
    arrive_at, start_at, end_at, distance_m, lon and lat of the stop.
    """
    return read_geoframe(
        session,
        """SELECT v.id, t.code AS team, dense_rank() OVER (ORDER BY t.code) AS number, t.name AS team_name,
                  COALESCE(t.name_en, t.name) AS team_name_en, t.mode, t.jurisdiction_path::text AS home,
                  j.name AS village, COALESCE(j.name_en, j.name) AS village_en, v.seq,
                  v.stop_id, s.stop,
                  row_number() OVER (PARTITION BY v.stop_id ORDER BY v.start_at, v.id) AS nth,
                  v.arrive_at, v.start_at, v.end_at, v.distance_m,
                  ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat, ST_AsBinary(v.leg) AS geom
           FROM plan_visit v JOIN team t ON t.id = v.team_id
           LEFT JOIN zone_villages((SELECT zone_id FROM plan WHERE id = :plan)) AS j
                  ON j.path = t.jurisdiction_path
           LEFT JOIN (SELECT stop_id, geom, row_number() OVER (ORDER BY id) AS stop FROM plan_stop
                      WHERE plan_id = :plan) AS s ON s.stop_id = v.stop_id
           WHERE v.plan_id = :plan ORDER BY t.code, v.seq""",
        plan=plan_id,
    )


def visit_plan(session: Session, number: int) -> int | None:
    """The plan a visit belongs to."""
    found = session.scalar(text("SELECT plan_id FROM plan_visit WHERE id = :id"), {"id": number})
    return None if found is None else int(found)


def stop_of(session: Session, plan_id: int, stop_id: str) -> dict[str, Any] | None:
    """One stop of a plan: prize, why, crossed, its village's names, the street it is nearest to."""
    row = (
        session.execute(
            text(
                f"""SELECT s.stop_id, s.prize, s.why, s.crossed, j.name AS village, j.name_en AS village_en,
                           street.name AS street
                    FROM plan_stop s
                    LEFT JOIN zone_villages((SELECT zone_id FROM plan WHERE id = :plan)) AS j
                           ON j.path = s.jurisdiction_path
                    LEFT JOIN LATERAL ({nearest_street("s.geom")}) AS street ON true
                    WHERE s.plan_id = :plan AND s.stop_id = :stop"""
            ),
            {"plan": plan_id, "stop": stop_id},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def zone_of(session: Session, number: int) -> dict[str, Any] | None:
    """One zone by its id: code, names, rule, names of its members, edges, a point inside."""
    row = (
        session.execute(
            text(
                f"""SELECT z.id, z.code, z.name, z.name_en, z.rule, {EDGES.format(g="z.geom")},
                       ST_X(ST_PointOnSurface(z.geom)) AS lon, ST_Y(ST_PointOnSurface(z.geom)) AS lat,
                       ARRAY(SELECT j.name FROM zone_member m
                             JOIN zone_villages(z.id) AS j ON j.path = m.jurisdiction_path
                             WHERE m.zone_id = z.id ORDER BY j.path) AS members,
                       ARRAY(SELECT COALESCE(j.name_en, j.name) FROM zone_member m
                             JOIN zone_villages(z.id) AS j ON j.path = m.jurisdiction_path
                             WHERE m.zone_id = z.id ORDER BY j.path) AS members_en
                FROM zone z WHERE z.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)
