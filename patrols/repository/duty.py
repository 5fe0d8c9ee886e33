"""What a plan's papers ask: its visits with their teams, its stops, the streets of its zone.

Nothing here is worth, cause or reason of a stop: what is not read cannot be printed.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_geoframe


def teams(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """Teams with a route in a plan, numbered from 1 by their codes; the geometry is the base (EPSG:4326).

    id, number, code, name, name_en, mode, size, starts_at and ends_at (own hours or None), village and
    village_en (None for a team of no village), daily_from, daily_to, daytime_only, breaks
    (`patrols.hours.Terms.of_row`).
    """
    return read_geoframe(
        session,
        """SELECT t.id, row_number() OVER (ORDER BY t.code) AS number, t.code, t.name, t.name_en, t.mode,
                  t.size, t.starts_at, t.ends_at, t.daily_from, t.daily_to, t.daytime_only, t.breaks,
                  j.name AS village, j.name_en AS village_en,
                  ST_AsBinary(t.base) AS geom
           FROM team t
           LEFT JOIN zone_villages((SELECT zone_id FROM plan WHERE id = :plan)) AS j
                  ON j.path = t.jurisdiction_path
           WHERE t.id IN (SELECT team_id FROM plan_visit WHERE plan_id = :plan) ORDER BY t.code""",
        plan=plan_id,
    )


def goes_on(session: Session, plan_id: int) -> dict[str, Any] | None:
    """What a plan goes on from, where it was made in the middle of its shift.

    plan, now (ISO 8601), out (codes), bound_until (ISO 8601 by code); None for any other plan.
    """
    found = session.scalar(
        text("SELECT parameters -> 'goes_on' FROM plan WHERE id = :plan"), {"plan": plan_id}
    )
    return None if found is None else dict(found)


def legs(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """Legs of a plan by team and order: team_id, seq, stop_id (None on the way back), arrive_at, start_at,
    end_at, distance_m; the geometry is the way there (EPSG:4326), None where there is none.
    """
    return read_geoframe(
        session,
        """SELECT v.team_id, v.seq, v.stop_id, v.arrive_at, v.start_at, v.end_at, v.distance_m,
                  ST_AsBinary(v.leg) AS geom
           FROM plan_visit v WHERE v.plan_id = :plan ORDER BY v.team_id, v.seq""",
        plan=plan_id,
    )


def stops(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """Stops of a plan in the order of their numbers: number (from 1), stop_id, village, village_en, and the
    name of the fixed duty there, duty and duty_en (None for any other stop).
    """
    return read_geoframe(
        session,
        """SELECT row_number() OVER (ORDER BY s.id) AS number, s.stop_id, j.name AS village,
                  j.name_en AS village_en, d.duty ->> 'name' AS duty, d.duty ->> 'name_en' AS duty_en,
                  ST_AsBinary(s.geom) AS geom
           FROM plan_stop s
           LEFT JOIN LATERAL (SELECT duty FROM jsonb_array_elements(s.why) AS duty
                              WHERE duty ? 'duty' LIMIT 1) AS d ON true
           LEFT JOIN zone_villages((SELECT zone_id FROM plan WHERE id = :plan)) AS j
                  ON j.path = s.jurisdiction_path
           WHERE s.plan_id = :plan ORDER BY s.id""",
        plan=plan_id,
    )


def streets(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """Streets in the box around a zone, those of all its villages (EPSG:4326): name or None, watched."""
    return read_geoframe(
        session,
        "SELECT name, watched, ST_AsBinary(geom) AS geom FROM zone_streets(:zone)",
        zone=zone_id,
    )
