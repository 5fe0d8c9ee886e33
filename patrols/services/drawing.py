"""Zones and teams made by hand, one at a time: what a page's form asks for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import geopandas as gpd
import numpy as np
from pyproj import CRS
from shapely import MultiPolygon, Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, Sentence
from geo.roads import AIR
from geo.services import Source, site_crs
from patrols import repository
from patrols.importers import LONGEST_FLIGHT_MIN, LONGEST_RANGE_M, TEAM_MODES, teams_off_network
from patrols.problem import CrossRule
from patrols.services.zoning import road_network, store_teams, store_zones, villages


def draw_zone(
    session: Session,
    *,
    code: str,
    name: str,
    name_en: str,
    members: Sequence[str],
    rule: CrossRule,
    author: str,
) -> int:
    """Store a zone made of whole villages; answers its id.

    Raises
    ------
    InputRefused
        Without a code, a name or members; for a taken code, and for villages that are
        unknown or do not adjoin.
    """
    if not code.strip() or not name.strip():
        raise InputRefused(Sentence("a zone needs a code and a name"))
    tree = villages(session).set_index("path")
    unknown = [path for path in members if path not in tree.index]
    if unknown or not members:
        raise InputRefused(
            Sentence("village '%(village)s' is not known or has no area", village=unknown[0])
            if unknown
            else Sentence("a zone needs a village")
        )
    shape = tree.loc[list(members)].geometry.union_all()
    frame = gpd.GeoDataFrame(
        {
            "code": [code.strip()],
            "name": [name.strip()],
            "name_en": [name_en.strip() or None],
            "rule": [asdict(rule)],
            "members": [list(members)],
        },
        geometry=[shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])],
        crs=tree.crs,
    )
    return int(store_zones(session, frame, _by_hand("zone", code, author))[0])


def add_team(
    session: Session,
    *,
    zone: str,
    code: str,
    name: str,
    village: str | None,
    mode: str,
    size: int,
    base: tuple[float, float] | None,
    range_m: float | None = None,
    endurance_s: int | None = None,
    author: str,
) -> int:
    """Store one team of a zone; answers its id.

    Parameters
    ----------
    base : (lon, lat) or None
        Where it begins and ends; None puts it on the street nearest to the middle of its village.
    range_m, endurance_s : float and int, or None
        The farthest from its base and the longest in the air; of a uav both, of others neither.

    Raises
    ------
    InputRefused
        For a mode, size, flight, village or code that does not fit, or a base off the streets of its mode.
    """
    number = repository.zone_of_code(session, zone)
    if mode not in TEAM_MODES:
        raise InputRefused(
            Sentence("mode '%(mode)s' is not one of %(known)s", mode=mode, known=", ".join(TEAM_MODES))
        )
    if (mode == AIR) != (range_m is not None) or (mode == AIR) != (endurance_s is not None):
        raise InputRefused(
            Sentence(
                "a drone needs a range and an endurance, and no other team has them; correct one of them"
            )
        )
    if range_m is not None and not 0 < range_m <= LONGEST_RANGE_M:
        raise InputRefused(
            Sentence(
                "a range of %(range)s m is out of limits (above 0 and at most %(most)s m); correct it",
                range=f"{range_m:g}",
                most=f"{LONGEST_RANGE_M:g}",
            )
        )
    if endurance_s is not None and not 0 < endurance_s <= LONGEST_FLIGHT_MIN * 60:
        raise InputRefused(
            Sentence(
                "%(endurance)s min in the air are out of limits (above 0, at most %(most)s min); correct "
                "them",
                endurance=f"{endurance_s / 60:g}",
                most=f"{LONGEST_FLIGHT_MIN:g}",
            )
        )
    if not 1 <= size <= 100:
        raise InputRefused(Sentence("a team has 1 to 100 people, not %(size)s", size=size))
    if not code.strip() or not name.strip():
        raise InputRefused(Sentence("a team needs a code and a name"))
    crs = site_crs(session)
    tree = to_metric(villages(session).set_index("path"), crs)
    if village is not None and village not in tree.index:
        raise InputRefused(Sentence("village '%(village)s' is not known or has no area", village=village))
    if base is None and village is None:
        raise InputRefused(
            Sentence("a team without a village needs a base: click on the map where it begins")
        )
    network, _ = road_network(session)
    if base is not None:
        at = to_metric(gpd.GeoSeries([Point(base)], crs=4326), crs)
    else:
        at = _middle_street(session, tree.loc[village, "geometry"], crs)
    frame = gpd.GeoDataFrame(
        {
            "code": [code.strip()],
            "name": [name.strip()],
            "village": [village],
            "mode": [mode],
            "size": [size],
            "range_m": [np.nan if range_m is None else range_m],
            "endurance_s": [np.nan if endurance_s is None else endurance_s],
        },
        geometry=list(at),
        crs=crs,
    )
    off = teams_off_network(frame, network)
    if off:
        raise InputRefused(next(iter(off.values())))
    return int(store_teams(session, to_lonlat(frame), number, _by_hand("team", code, author))[0])


def end_team(session: Session, zone: str, code: str, *, now: datetime) -> None:
    """Let a team serve no more from `now` on; plans made with it stay.

    Raises
    ------
    InputRefused
        When the zone has no such team.
    """
    number = repository.zone_of_code(session, zone)
    ended = session.execute(
        text(
            """UPDATE team SET valid = tstzrange(lower(valid), :now, '[)')
               WHERE code = :code AND zone_id = :zone AND upper_inf(valid) AND lower(valid) < :now
               RETURNING id"""
        ),
        {"now": now, "code": code, "zone": number},
    )
    if ended.scalar() is None:
        raise InputRefused(Sentence("zone '%(zone)s' has no team '%(team)s'", zone=zone, team=code))


def _middle_street(session: Session, village: MultiPolygon, crs: CRS) -> gpd.GeoSeries:
    """The street junction of a village that lies nearest to its middle."""
    nodes, _ = places.roads(session)
    junctions = to_metric(nodes, crs).geometry
    inside = junctions[junctions.within(village)]
    if inside.empty:
        raise InputRefused(
            Sentence("the village has no street junction; click on the map where the team begins")
        )
    nearest = inside.distance(village.centroid).idxmin()
    return gpd.GeoSeries([inside.loc[nearest]], crs=crs)


def _by_hand(kind: str, code: str, author: str) -> Source:
    """The source of what was made on a page: no file, so each time counts as another one."""
    return Source(f"{kind} {code}, by hand", secrets.token_hex(32), "wgs84", "real", author)
