"""A zone's villages with their mark, and its meeting places, in and out. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import geopandas as gpd
import pandas as pd
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe
from patrols.tables import MeetingPlace


def members(session: Session, zone_id: int) -> gpd.GeoDataFrame:
    """The zone's villages that the session sees and that have an area (EPSG:4326): path, name, name_en,
    no_team.
    """
    return read_geoframe(
        session,
        """SELECT j.path::text AS path, j.name, COALESCE(j.name_en, j.name) AS name_en, m.no_team,
                  ST_AsBinary(j.geom) AS geom
           FROM zone_member m JOIN jurisdiction j ON j.path = m.jurisdiction_path
           WHERE m.zone_id = :zone AND j.geom IS NOT NULL AND upper_inf(j.valid) ORDER BY j.path""",
        zone=zone_id,
    )


def towns(session: Session) -> pd.DataFrame:
    """Towns that villages lie in: path, name, name_en."""
    return read_frame(
        session,
        """SELECT path::text AS path, name, COALESCE(name_en, name) AS name_en FROM jurisdiction
           WHERE level = 2 AND upper_inf(valid) ORDER BY path""",
    )


def change_members(session: Session, zone_id: int, came: Collection[str], went: Collection[str]) -> None:
    """Take villages into a zone and others out; its area is that of its villages again.

    Meeting places on the borders of those that went go too.
    """
    session.execute(
        text(
            """DELETE FROM meeting_place WHERE zone_id = :zone
               AND (left_path = ANY (CAST(:went AS ltree[])) OR right_path = ANY (CAST(:went AS ltree[])))"""
        ),
        {"zone": zone_id, "went": list(went)},
    )
    session.execute(
        text(
            """DELETE FROM zone_member
               WHERE zone_id = :zone AND jurisdiction_path = ANY (CAST(:went AS ltree[]))"""
        ),
        {"zone": zone_id, "went": list(went)},
    )
    session.execute(
        text(
            """INSERT INTO zone_member (zone_id, jurisdiction_path)
               SELECT :zone, path FROM unnest(CAST(:came AS ltree[])) AS path"""
        ),
        {"zone": zone_id, "came": list(came)},
    )
    session.execute(
        text(
            """UPDATE zone SET geom = (
                   SELECT ST_Multi(ST_UnaryUnion(ST_Collect(j.geom)))
                   FROM zone_member m JOIN jurisdiction j ON j.path = m.jurisdiction_path
                   WHERE m.zone_id = :zone)
               WHERE id = :zone"""
        ),
        {"zone": zone_id},
    )


def mark_without_team(session: Session, zone_id: int, path: str, without: bool) -> bool:
    """Say that a village of a zone has no team, or take that back; False where it is none of its villages."""
    found = session.execute(
        text(
            """UPDATE zone_member SET no_team = :without
               WHERE zone_id = :zone AND jurisdiction_path = CAST(:path AS ltree) RETURNING zone_id"""
        ),
        {"without": without, "zone": zone_id, "path": path},
    )
    return found.scalar() is not None


def meeting_places(session: Session, zone_id: int, *, struck: bool = False) -> gpd.GeoDataFrame:
    """Places where teams of a zone meet (EPSG:4326), in the order of their ids; with `struck` all of them.

    id, left, right (paths), left_name, left_name_en, right_name, right_name_en, name ("" without), origin,
    struck, walk_s (None where nobody worked it out).
    """
    return read_geoframe(
        session,
        """SELECT p.id, p.left_path::text AS left, p.right_path::text AS right,
                  l.name AS left_name, COALESCE(l.name_en, l.name) AS left_name_en,
                  r.name AS right_name, COALESCE(r.name_en, r.name) AS right_name_en,
                  p.name, p.origin, p.struck, p.walk_s, ST_AsBinary(p.geom) AS geom
           FROM meeting_place p
           LEFT JOIN zone_villages(:zone) AS l ON l.path = p.left_path
           LEFT JOIN zone_villages(:zone) AS r ON r.path = p.right_path
           WHERE p.zone_id = :zone AND (NOT p.struck OR :struck) ORDER BY p.id""",
        zone=zone_id,
        struck=struck,
    )


def meeting_place(session: Session, zone_id: int, number: int) -> MeetingPlace | None:
    """One meeting place of a zone; None for another's."""
    return session.scalar(
        select(MeetingPlace).where(MeetingPlace.id == number, MeetingPlace.zone_id == zone_id)
    )


def add_meeting_places(session: Session, places: Sequence[MeetingPlace]) -> None:
    """Store meeting places."""
    session.add_all(places)
    session.flush()


def forget_proposed(session: Session, zone_id: int) -> None:
    """Delete what was proposed and nobody named, moved or struck."""
    session.execute(
        delete(MeetingPlace).where(
            MeetingPlace.zone_id == zone_id,
            MeetingPlace.origin == "proposed",
            MeetingPlace.name == "",
            MeetingPlace.struck.is_(False),
        )
    )
