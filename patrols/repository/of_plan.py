"""What the pages of zones and plans ask: a zone with its villages and teams, a plan with its crossings."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe, texts_or_none


def zone(session: Session, code: str) -> dict[str, Any] | None:
    """A zone valid now: id, code, name, name_en, rule; None when it is unknown or outside the scope."""
    row = (
        session.execute(
            text("SELECT id, code, name, name_en, rule FROM zone WHERE code = :code AND upper_inf(valid)"),
            {"code": code},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def zone_shape(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """The zone's area (EPSG:4326), one row: id."""
    return read_geoframe(
        session, "SELECT id, ST_AsBinary(geom) AS geom FROM zone WHERE id = :zone", zone=zone_id
    )


def members(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """The zone's villages: path, name, name_en, teams (count), seen; a geometry where they are seen.

    Whoever sees a zone knows the names of all its villages; `seen` are those in the session's scope.
    """
    return read_geoframe(
        session,
        """SELECT j.path::text AS path, j.name, COALESCE(j.name_en, j.name) AS name_en,
                  (SELECT count(*) FROM team t WHERE t.zone_id = :zone AND upper_inf(t.valid)
                   AND t.jurisdiction_path = j.path) AS teams, own.path IS NOT NULL AS seen,
                  ST_AsBinary(own.geom) AS geom
           FROM zone_member m JOIN zone_villages(:zone) AS j ON j.path = m.jurisdiction_path
           LEFT JOIN jurisdiction own ON own.path = m.jurisdiction_path
           WHERE m.zone_id = :zone ORDER BY j.path""",
        zone=zone_id,
    )


def teams(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """The zone's teams that serve now: id, code, name, name_en, mode, size, village's names, base point, and
    `mine`: whether the session may write a team of its village.

    Of those who fly also range_m and endurance_s.
    """
    return read_geoframe(
        session,
        """SELECT t.id, t.code, t.name, COALESCE(t.name_en, t.name) AS name_en, t.mode, t.size,
                  j.name AS village, COALESCE(j.name_en, j.name) AS village_en, t.starts_at, t.ends_at,
                  t.range_m, t.endurance_s, t.jurisdiction_path IS NULL OR EXISTS (
                      SELECT FROM jurisdiction own WHERE own.path = t.jurisdiction_path) AS mine,
                  ST_AsBinary(t.base) AS geom
           FROM team t LEFT JOIN zone_villages(:zone) AS j ON j.path = t.jurisdiction_path
           WHERE t.zone_id = :zone AND upper_inf(t.valid) ORDER BY t.code""",
        zone=zone_id,
    )


def plan(session: Session, number: int) -> dict[str, Any] | None:
    """A plan with its zone: head, figures, remarks; None when it is unknown or outside the scope."""
    row = (
        session.execute(
            text(
                """SELECT p.id, p.status, lower(p.shift) AS start, upper(p.shift) AS "end", p.value,
                          p.upper_bound, p.crossed, p.reachable, p.violations, p.seed, p.author,
                          p.created_at, p.code_version, p.road_revision, p.analysis_id,
                          z.id AS zone_id, z.code AS zone_code, z.name AS zone, z.name_en AS zone_en, z.rule,
                          COALESCE(p.parameters->>'police_leader', '') AS police_leader,
                          p.parameters->>'leads' AS leads, l.name AS leads_name,
                          COALESCE(l.name_en, l.name) AS leads_name_en
                   FROM plan p JOIN zone z ON z.id = p.zone_id
                   LEFT JOIN zone_villages(z.id) AS l ON l.path::text = p.parameters->>'leads'
                   WHERE p.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def stops(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """A plan's stops in order: number (from 1), stop_id, prize, why, crossed, crossable, village's names.

    None are the names of one outside all villages.
    """
    found = read_geoframe(
        session,
        """SELECT row_number() OVER (ORDER BY s.id) AS number, s.stop_id, s.prize, s.service_s, s.why,
                  s.crossed, s.crossable, j.name AS village, COALESCE(j.name_en, j.name) AS village_en,
                  ST_AsBinary(s.geom) AS geom
           FROM plan_stop s
           LEFT JOIN zone_villages((SELECT zone_id FROM plan WHERE id = :plan)) AS j
                  ON j.path = s.jurisdiction_path
           WHERE s.plan_id = :plan ORDER BY s.id""",
        plan=plan_id,
    )
    return texts_or_none(found)


def crossings(visits: pd.DataFrame) -> pd.DataFrame:
    """Who crosses whom: how often a stop was first visited by one village and then by another.

    Parameters
    ----------
    visits : DataFrame
        Of `patrols.repository.on_map.visits`: stop_id, start_at, home.

    Returns
    -------
    DataFrame
        Square, by path: rows are the villages that came first, columns those that came next; teams of no
        village are left out.
    """
    at_stops = visits[visits["stop_id"].notna() & visits["home"].notna()].sort_values(["stop_id", "start_at"])
    pairs = at_stops.assign(then=at_stops.groupby("stop_id")["home"].shift(-1)).dropna(subset=["then"])
    pairs = pairs[pairs["home"] != pairs["then"]]
    paths = sorted(at_stops["home"].unique())
    return pd.crosstab(pairs["home"], pairs["then"]).reindex(index=paths, columns=paths, fill_value=0)


def remove(session: Session, number: int) -> None:
    """Delete a plan with its stops and visits."""
    session.execute(text("DELETE FROM plan WHERE id = :id"), {"id": number})


def village_choices(session: Session) -> gpd.GeoDataFrame:
    """Villages a zone can be made of: path, name, name_en, geometry; zone and zone_en, names of the zones it
    is in, "" for none.
    """
    return read_geoframe(
        session,
        """SELECT j.path::text AS path, j.name, COALESCE(j.name_en, j.name) AS name_en,
                  COALESCE(within.zone, '') AS zone, COALESCE(within.zone_en, '') AS zone_en,
                  ST_AsBinary(j.geom) AS geom
           FROM jurisdiction j
           LEFT JOIN LATERAL (
             SELECT string_agg(z.name, '、' ORDER BY z.name) AS zone,
                    string_agg(COALESCE(z.name_en, z.name), ', ' ORDER BY z.name) AS zone_en
             FROM zone_member m JOIN zone z ON z.id = m.zone_id AND upper_inf(z.valid)
             WHERE m.jurisdiction_path = j.path) AS within ON true
           WHERE j.level = 3 AND j.geom IS NOT NULL AND upper_inf(j.valid)
           ORDER BY j.path LIMIT 2000""",
    )


def may_lead(session: Session) -> pd.DataFrame:
    """Villages that can lead a shift: those with a team in a zone whose rule is a rota.

    zone (code), path, name, name_en; by zone, then by path.
    """
    return read_frame(
        session,
        """SELECT DISTINCT z.code AS zone, j.path::text AS path, j.name,
                  COALESCE(j.name_en, j.name) AS name_en
           FROM zone z CROSS JOIN LATERAL zone_villages(z.id) AS j
           JOIN team t ON t.zone_id = z.id AND t.jurisdiction_path = j.path AND upper_inf(t.valid)
           WHERE upper_inf(z.valid) AND z.rule->>'pattern' = 'rota' ORDER BY zone, path""",
    )


def zone_choices(session: Session) -> pd.DataFrame:
    """Zones a shift can be planned for: code, name, name_en, teams (count)."""
    return read_frame(
        session,
        """SELECT code, name, COALESCE(name_en, name) AS name_en,
                  (SELECT count(*) FROM team t WHERE t.zone_id = z.id AND upper_inf(t.valid)) AS teams
           FROM zone z WHERE upper_inf(valid) ORDER BY name""",
    )
