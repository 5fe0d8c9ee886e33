"""Rows of zones, teams and plans, in and out. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from geo.db import ALWAYS, period_text, read_frame, read_geoframe, write_frame
from geo.errors import LianfangError, Sentence
from patrols.hours import Terms
from patrols.tables import Plan, TeamKeepOut, TeamPartner


def add_zones(session: Session, zones: gpd.GeoDataFrame, batch_id: int) -> pd.Index:
    """Store zones (code, name, name_en, rule dict, MultiPolygon in EPSG:4326); answers their ids."""
    rows = zones[["code", "name", "name_en", "rule"]].copy()
    rows["valid"], rows["batch_id"], rows["geom"] = ALWAYS, batch_id, zones.geometry
    return write_frame(session, "zone", rows)


def zone_of_code(session: Session, code: str) -> int:
    """Id of the zone of that code; LianfangError that lists the known ones otherwise."""
    stored = zones(session)
    found = stored.index[stored["code"] == code]
    if not len(found):
        known = ", ".join(stored["code"]) or Sentence("none yet; run `lianfang import zones FILE --datum D`")
        raise LianfangError(
            Sentence("zone '%(code)s' is not known; known are: %(known)s", code=code, known=known)
        )
    return int(found[0])


def set_members(session: Session, zone_id: int, paths: Sequence[str]) -> None:
    """State which villages a zone is made of."""
    session.execute(text("DELETE FROM zone_member WHERE zone_id = :zone"), {"zone": zone_id})
    rows = [{"zone": zone_id, "path": path} for path in paths]
    if rows:
        session.execute(
            text("INSERT INTO zone_member (zone_id, jurisdiction_path) VALUES (:zone, CAST(:path AS ltree))"),
            rows,
        )


def zones(session: Session) -> gpd.GeoDataFrame:
    """Zones valid now, indexed by id: code, name, name_en, rule, members (sorted paths), geometry."""
    return read_geoframe(
        session,
        """SELECT id, code, name, name_en, rule, ST_AsBinary(geom) AS geom,
                  ARRAY(SELECT jurisdiction_path::text FROM zone_member m WHERE m.zone_id = z.id
                        ORDER BY 1) AS members
           FROM zone z WHERE upper_inf(valid) ORDER BY code""",
    ).set_index("id")


def add_teams(session: Session, teams: gpd.GeoDataFrame, batch_id: int) -> pd.Index:
    """Store teams (base Point in EPSG:4326): code, name, zone_id, village (path or None), mode, size.

    Where the frame has them also `name_en`, `starts_at` and `ends_at` (tz-aware, NaT: the whole shift), and
    `range_m` and `endurance_s` (NaN for who does not fly), `terms` (`patrols.hours.Terms`), and `since` when
    they serve from then on alone.
    """
    rows = teams[["code", "name", "zone_id", "mode", "size"]].copy()
    rows["name_en"] = teams.get("name_en")
    for name in ("starts_at", "ends_at"):
        if name in teams:
            rows[name] = [None if pd.isna(at) else at.isoformat() for at in teams[name]]
    if "range_m" in teams:
        rows["range_m"] = teams["range_m"]
        rows["endurance_s"] = pd.array(teams["endurance_s"], dtype="Int64")
    rows["jurisdiction_path"] = teams["village"]
    rows["valid"], rows["batch_id"], rows["base"] = ALWAYS, batch_id, teams.geometry
    if "since" in teams:
        rows["valid"] = [period_text(at, None) for at in teams["since"]]
    stated = teams["terms"] if "terms" in teams else [None] * len(rows)
    terms = [one if isinstance(one, Terms) else Terms() for one in stated]
    rows["daily_from"] = [one.hours and one.hours[0].isoformat() for one in terms]
    rows["daily_to"] = [one.hours and one.hours[1].isoformat() for one in terms]
    rows["daytime_only"] = [one.daytime_only for one in terms]
    rows["breaks"] = [[pause.text for pause in one.breaks] for one in terms]
    rows["skills"] = [list(one.skills) for one in terms]
    rows["pace_percent"] = [one.pace_percent for one in terms]
    rows["calendar"] = [one.calendar for one in terms]
    ids = write_frame(session, "team", rows)
    numbered = list(zip(ids, terms, strict=True))
    for table, rows_of in (
        (TeamKeepOut, [(number, one.keep_out) for number, one in numbered]),
        (TeamPartner, [(number, one.partners) for number, one in numbered]),
    ):
        given = [
            {"team_id": int(number), "jurisdiction_path": path} for number, paths in rows_of for path in paths
        ]
        if given:
            session.execute(insert(table), given)
    return ids


def teams(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """A zone's teams indexed by id: code, name, mode, size, village (path or None), hours, base geometry.

    Of those who fly also range_m and endurance_s, NaN for others; and on what terms they serve
    (`patrols.hours.Terms.of_row`).
    """
    return read_geoframe(
        session,
        """SELECT id, code, name, mode, size, jurisdiction_path::text AS village, starts_at, ends_at,
                  range_m, CAST(endurance_s AS float) AS endurance_s, daily_from, daily_to, daytime_only,
                  breaks, skills, pace_percent, calendar,
                  ARRAY(SELECT jurisdiction_path::text FROM team_keep_out WHERE team_id = team.id
                        ORDER BY 1) AS keep_out,
                  ARRAY(SELECT jurisdiction_path::text FROM team_partner WHERE team_id = team.id
                        ORDER BY 1) AS partners,
                  ST_AsBinary(base) AS geom
           FROM team WHERE zone_id = :zone AND upper_inf(valid) ORDER BY code""",
        zone=zone_id,
    ).set_index("id")


def team_codes(session: Session) -> dict[str, int]:
    """Team id by code."""
    return {
        row.code: row.id for row in session.execute(text("SELECT code, id FROM team WHERE upper_inf(valid)"))
    }


def add_plan(session: Session, plan: Plan, stops: gpd.GeoDataFrame, visits: gpd.GeoDataFrame) -> int:
    """Store a plan with its stops (EPSG:4326) and timed visits; answers its id.

    `stops`: stop_id, prize, service_s, why, crossed, crossable, village. `visits`: team_id
    (database id), seq, stop_id (None for the way back), arrive_at, start_at, end_at, distance_m,
    geometry of the leg that leads there.
    """
    session.add(plan)
    session.flush()
    rows = stops[["stop_id", "prize", "service_s", "why", "crossed", "crossable"]].copy()
    rows["plan_id"], rows["jurisdiction_path"], rows["geom"] = plan.id, stops["village"], stops.geometry
    write_frame(session, "plan_stop", rows)
    legs = visits[["team_id", "seq", "stop_id", "arrive_at", "start_at", "end_at", "distance_m"]].copy()
    legs["plan_id"], legs["leg"] = plan.id, visits.geometry
    write_frame(session, "plan_visit", legs)
    return plan.id


def latest_plan(session: Session, *, zone_id: int | None = None) -> Plan | None:
    """The plan made last, of one zone or of all."""
    query = select(Plan).order_by(Plan.created_at.desc(), Plan.id.desc()).limit(1)
    return session.scalar(query if zone_id is None else query.where(Plan.zone_id == zone_id))


def plan_stops(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """A plan's stops in order of their ids."""
    return read_geoframe(
        session,
        """SELECT stop_id, prize, service_s, why, crossed, crossable, jurisdiction_path::text AS village,
                  ST_AsBinary(geom) AS geom
           FROM plan_stop WHERE plan_id = :plan ORDER BY id""",
        plan=plan_id,
    )


def plan_visits(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """A plan's legs by team and order: team, mode, village, seq, stop_id, times, distance_m, geometry."""
    return read_geoframe(
        session,
        """SELECT t.code AS team, t.name AS team_name, t.name_en AS team_name_en, t.mode,
                  t.jurisdiction_path::text AS village,
                  v.seq, v.stop_id, v.arrive_at, v.start_at, v.end_at, v.distance_m,
                  ST_AsBinary(v.leg) AS geom
           FROM plan_visit v JOIN team t ON t.id = v.team_id
           WHERE v.plan_id = :plan ORDER BY t.code, v.seq""",
        plan=plan_id,
    )


# `gap` and `analysis` are read by SQL: `patrols.demand` alone may import cameras, and it knows no database.
def open_gaps(session: Session, analysis_id: int) -> gpd.GeoDataFrame:
    """Gaps of an analysis as demand sees them (`patrols.demand.pieces`)."""
    return read_geoframe(
        session,
        """SELECT g.id AS gap_id, g.cause, g.ground,
                  g.open_ms / (extract(epoch FROM upper(a.period) - lower(a.period)) * 1000)::float8
                      AS open_share,
                  upper(g.windows) = upper(a.period) AS open_at_end,
                  ST_AsBinary(g.geom) AS geom
           FROM gap g JOIN analysis a ON a.id = g.analysis_id WHERE a.id = :analysis ORDER BY g.id""",
        analysis=analysis_id,
    )


def latest_analysis_id(session: Session) -> int | None:
    """The analysis made last."""
    frame = read_frame(session, "SELECT max(id) AS id FROM analysis")
    found = frame["id"].iloc[0]
    return None if pd.isna(found) else int(found)


def analysed_until(session: Session, analysis_id: int) -> datetime:
    """The end of the period that an analysis is of."""
    asked = text("SELECT upper(period) FROM analysis WHERE id = :id")
    return session.execute(asked, {"id": analysis_id}).scalar_one()


def document(text_of_plan: str) -> Any:
    """A plan's JSON text as the database stores it."""
    return json.loads(text_of_plan)
