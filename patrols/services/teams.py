"""Teams of a zone made and changed by hand, one at a time: what a page's form asks for."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import MultiPolygon, Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, Sentence
from geo.roads import AIR
from geo.services import Source, add_source, site_crs
from patrols import repository
from patrols.codes import refuse_code, refuse_name
from patrols.hours import Terms
from patrols.importers import LONGEST_FLIGHT_MIN, LONGEST_RANGE_M, TEAM_MODES, teams_off_network
from patrols.repository.calendars import calendars
from patrols.repository.team_states import team_states
from patrols.services.zoning import road_network, store_teams, villages

LARGEST_TEAM = 100
# Parts of addresses of their own pages.
RESERVED = frozenset({"new", "end"})
BASE_DECIMALS = 6
"""Forms write a base to a tenth of a metre: one that is the same so far has not moved."""


@dataclass(frozen=True)
class TeamGiven:
    """What is stated of a team.

    Parameters
    ----------
    base : (lon, lat) or None
        Where it begins and ends; None puts it on the street nearest to the middle of its village.
    range_m, endurance_s : float and int, or None
        The farthest from its base and the longest in the air; of a uav both, of others neither.
    starts_at, ends_at : datetime, optional
        It serves from the one to the other only.
    terms : Terms
        On what terms it serves.
    """

    name: str
    village: str | None
    mode: str
    size: int
    base: tuple[float, float] | None
    name_en: str = ""
    range_m: float | None = None
    endurance_s: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    terms: Terms = field(default_factory=Terms)


def add_team(session: Session, zone: str, code: str, given: TeamGiven, *, author: str) -> int:
    """Store one team of a zone; answers its id.

    Raises
    ------
    InputRefused
        For a mode, size, flight, village, calendar or code that does not fit, or a base off the streets of
        its mode.
    """
    number = repository.zone_of_code(session, zone)
    if not code.strip():
        raise InputRefused(Sentence("a team needs a code and a name"))
    refuse_code(code.strip(), RESERVED)
    frame = _checked(session, code.strip(), given)
    served = session.scalar(
        text("SELECT max(upper(valid)) FROM team WHERE code = :code AND NOT upper_inf(valid)"),
        {"code": code.strip()},
    )
    if served is not None:
        # A team of that code served before: its history stays, and this one begins after it.
        frame = frame.assign(since=[served])
    return int(store_teams(session, frame, number, _by_hand(code, author))[0])


def change_team(
    session: Session, zone: str, code: str, given: TeamGiven, *, now: datetime, author: str
) -> int:
    """Let a team serve otherwise from `now` on; answers the id of its new row.

    What it was before stays as history, and plans made with it keep what they were made with. Where nothing
    is other than before nothing is stored, and the id is that of the row there is.

    Raises
    ------
    InputRefused
        As `add_team`; when the zone has no such team, and when it is of a village outside the session's
        scope.
    """
    number = repository.zone_of_code(session, zone)
    states = team_states(session, number, code)
    if states.empty or pd.notna(states["until"].iloc[0]):
        raise InputRefused(Sentence("zone '%(zone)s' has no team '%(team)s'", zone=zone, team=code))
    row = {str(name): value for name, value in states.iloc[0].items()}
    before = stated_of(row)
    if not row["mine"]:
        raise InputRefused(
            Sentence(
                "team '%(team)s' is of a village outside your area; who plans there changes it", team=code
            )
        )
    stays = (
        before.base is not None and given.base is not None and _rounded(before.base) == _rounded(given.base)
    )
    given = _tidy(replace(given, base=before.base) if stays else given)
    if given == before:
        return int(row["id"])
    frame = _checked(session, code, given, known={*before.terms.keep_out, *before.terms.partners})
    if stays:
        # There and back through the metric CRS would move it by a billionth of a degree.
        frame = frame.set_geometry([row["geometry"]], crs=frame.crs)
    end_team(session, zone, code, now=now)
    batch = add_source(session, "teams", _by_hand(code, author), 1)
    frame = frame.assign(zone_id=number, since=[now])
    return int(repository.add_teams(session, frame, batch)[0])


def stated_of(row: Mapping[str, Any]) -> TeamGiven:
    """What is stated of a stored team, a row of `patrols.repository.team_states.team_states`."""

    def known(name: str) -> Any:
        return None if pd.isna(row[name]) else row[name]

    return _tidy(
        TeamGiven(
            name=row["name"],
            village=known("village"),
            mode=row["mode"],
            size=int(row["size"]),
            base=(row["geometry"].x, row["geometry"].y),
            name_en=known("name_en") or "",
            range_m=known("range_m"),
            endurance_s=known("endurance_s"),
            starts_at=known("starts_at"),
            ends_at=known("ends_at"),
            terms=Terms.of_row(row),
        )
    )


def _tidy(given: TeamGiven) -> TeamGiven:
    """Names without blanks around them, villages in order."""
    terms = given.terms
    return replace(
        given,
        name=given.name.strip(),
        name_en=given.name_en.strip(),
        terms=replace(terms, keep_out=tuple(sorted(terms.keep_out)), partners=tuple(sorted(terms.partners))),
    )


def _rounded(base: tuple[float, float]) -> tuple[float, float]:
    return round(base[0], BASE_DECIMALS), round(base[1], BASE_DECIMALS)


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


def _checked(session: Session, code: str, given: TeamGiven, known: Collection[str] = ()) -> gpd.GeoDataFrame:
    """One row for `patrols.repository.add_teams`, refused where it does not fit.

    `known` are villages that its terms may name though the session does not see them.
    """
    _refuse_numbers(given)
    if not given.name.strip():
        raise InputRefused(Sentence("a team needs a code and a name"))
    refuse_name(given.name.strip(), given.name_en.strip(), *given.terms.skills)
    crs = site_crs(session)
    tree = to_metric(villages(session).set_index("path"), crs)
    named = [path for path in (*given.terms.keep_out, *given.terms.partners) if path not in known]
    for path in (given.village, *named):
        if path is not None and path not in tree.index:
            raise InputRefused(Sentence("village '%(village)s' is not known or has no area", village=path))
    if given.village is not None and given.village in given.terms.keep_out:
        raise InputRefused(Sentence("a team does not keep out of its own village; take it off the list"))
    if given.village is not None and given.village in given.terms.partners:
        raise InputRefused(Sentence("a team has people of its own village anyway; take it off the list"))
    if given.base is None and given.village is None:
        raise InputRefused(
            Sentence("a team without a village needs a base: click on the map where it begins")
        )
    codes = calendars(session)["code"]
    if given.terms.calendar is not None and given.terms.calendar not in set(codes):
        raise InputRefused(
            Sentence(
                "calendar '%(code)s' is not known; known are: %(known)s",
                code=given.terms.calendar,
                known=", ".join(codes) or "–",
            )
        )
    if given.starts_at is not None and given.ends_at is not None and given.ends_at <= given.starts_at:
        raise InputRefused(
            Sentence(
                "the team serves until %(end)s, which is not after %(start)s; swap the two",
                start=given.starts_at.isoformat(),
                end=given.ends_at.isoformat(),
            )
        )
    network, _ = road_network(session)
    if given.base is not None:
        at = to_metric(gpd.GeoSeries([Point(given.base)], crs=4326), crs)
    else:
        at = _middle_street(session, tree.loc[given.village, "geometry"], crs)
    row: dict[str, list[Any]] = {
        "code": [code],
        "name": [given.name.strip()],
        "name_en": [given.name_en.strip() or None],
        "village": [given.village],
        "mode": [given.mode],
        "size": [given.size],
        "starts_at": [pd.NaT if given.starts_at is None else given.starts_at],
        "ends_at": [pd.NaT if given.ends_at is None else given.ends_at],
        "range_m": [np.nan if given.range_m is None else given.range_m],
        "endurance_s": [np.nan if given.endurance_s is None else given.endurance_s],
        "terms": [given.terms],
    }
    frame = gpd.GeoDataFrame(row, geometry=list(at), crs=crs)
    off = teams_off_network(frame, network)
    if off:
        raise InputRefused(next(iter(off.values())))
    return to_lonlat(frame)


def _refuse_numbers(given: TeamGiven) -> None:
    """Refuse a mode, size or flight that cannot be."""
    if given.mode not in TEAM_MODES:
        raise InputRefused(
            Sentence("mode '%(mode)s' is not one of %(known)s", mode=given.mode, known=", ".join(TEAM_MODES))
        )
    flies = given.mode == AIR
    if flies != (given.range_m is not None) or flies != (given.endurance_s is not None):
        raise InputRefused(
            Sentence(
                "a drone needs a range and an endurance, and no other team has them; correct one of them"
            )
        )
    if given.range_m is not None and not 0 < given.range_m <= LONGEST_RANGE_M:
        raise InputRefused(
            Sentence(
                "a range of %(range)s m is out of limits (above 0 and at most %(most)s m); correct it",
                range=f"{given.range_m:g}",
                most=f"{LONGEST_RANGE_M:g}",
            )
        )
    if given.endurance_s is not None and not 0 < given.endurance_s <= LONGEST_FLIGHT_MIN * 60:
        raise InputRefused(
            Sentence(
                "%(endurance)s min in the air are out of limits (above 0, at most %(most)s min); correct "
                "them",
                endurance=f"{given.endurance_s / 60:g}",
                most=f"{LONGEST_FLIGHT_MIN:g}",
            )
        )
    if not 1 <= given.size <= LARGEST_TEAM:
        raise InputRefused(Sentence("a team has 1 to 100 people, not %(size)s", size=given.size))


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


def _by_hand(code: str, author: str) -> Source:
    """The source of what was made on a page: no file, so each time counts as another one."""
    return Source(f"team {code}, by hand", secrets.token_hex(32), "wgs84", "real", author)
