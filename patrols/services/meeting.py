"""Where the teams of adjoining villages meet: proposed, made by hand, named, moved and struck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo.crs import LONLAT, to_lonlat, to_metric
from geo.errors import InputRefused, Sentence
from geo.services import site_crs
from patrols import repository
from patrols.borders import APART_M, crossings, meeting_places, shared_borders
from patrols.repository import zone_ground as store
from patrols.services.zone_checks import streets_around
from patrols.tables import MeetingPlace
from patrols.zone_findings import MARGIN_M

LONGEST_NAME = 60


@dataclass(frozen=True, eq=False)
class Ground:
    """The borders inside a zone (EPSG:4326).

    Parameters
    ----------
    borders : GeoDataFrame
        left, right (paths), border_m, crossings (how many), lines.
    crossings : GeoDataFrame
        border (row of `borders`), points.
    """

    borders: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame


def zone_ground(session: Session, zone_id: int) -> Ground:
    """The shared borders of a zone's villages and the streets across them.

    The session sees the whole zone.
    """
    villages = to_metric(store.members(session, zone_id), site_crs(session))
    borders = shared_borders(villages)
    if borders.empty:
        nothing = gpd.GeoDataFrame({"border": []}, geometry=[], crs=LONLAT)
        return Ground(to_lonlat(borders).assign(crossings=[]), nothing)
    found = crossings(borders, streets_around(session, villages, MARGIN_M).lines)
    count = found["border"].value_counts().reindex(borders.index, fill_value=0)
    return Ground(to_lonlat(borders).assign(crossings=count), to_lonlat(found))


def propose(session: Session, zone_id: int, *, author: str, now: datetime) -> int:
    """Work out meeting places and store them; answers how many are new.

    What was proposed before and nobody touched goes. Where a place was named, moved, made or struck by hand
    none is proposed within `patrols.borders.APART_M` for the same two villages. The session sees the whole
    zone.
    """
    villages = to_metric(store.members(session, zone_id), site_crs(session))
    store.forget_proposed(session, zone_id)
    borders = shared_borders(villages)
    if borders.empty:
        return 0
    network = streets_around(session, villages, MARGIN_M)
    teams = to_metric(repository.teams(session, zone_id), network.crs)
    found = meeting_places(
        borders,
        villages,
        {path: list(own.geometry) for path, own in teams.groupby("village")},
        _junctions(network.lines[network.graphs["foot"].main], villages),
        network,
    )
    kept = to_metric(store.meeting_places(session, zone_id, struck=True), network.crs)
    fresh = [
        not any(
            other.geometry.distance(row.geometry) < APART_M
            for other in kept.itertuples()
            if {other.left, other.right} == {row.left, row.right}
        )
        for row in found.itertuples()
    ]
    new = to_lonlat(found[np.array(fresh, bool)])
    store.add_meeting_places(
        session,
        [
            MeetingPlace(
                zone_id=zone_id,
                left_path=row.left,
                right_path=row.right,
                name="",
                origin="proposed",
                struck=False,
                walk_s=int(row.walk_s),
                author=author,
                changed_at=now,
                geom=_stored(row.geometry),
            )
            for row in new.itertuples(index=False)
        ],
    )
    return len(new)


def make(
    session: Session,
    zone_id: int,
    villages: tuple[str, str],
    at: tuple[float, float],
    name: str,
    *,
    author: str,
    now: datetime,
) -> int:
    """Store a place of two adjoining villages made by hand; answers its id.

    Parameters
    ----------
    villages : (path, path)
    at : (lon, lat)

    Raises
    ------
    InputRefused
        When the two share no border in the zone, the place lies away from it, or the name is too long.
    """
    members = to_metric(store.members(session, zone_id), site_crs(session))
    borders = shared_borders(members)
    pairs = [{row.left, row.right} for row in borders.itertuples()]
    if set(villages) not in pairs:
        raise InputRefused(Sentence("choose two villages of the zone that share a border"))
    place = MeetingPlace(
        zone_id=zone_id,
        left_path=villages[0],
        right_path=villages[1],
        name=_named(name),
        origin="by_hand",
        struck=False,
        author=author,
        changed_at=now,
        geom=_stored(_inside(at, members)),
    )
    store.add_meeting_places(session, [place])
    return place.id


def change(
    session: Session,
    zone_id: int,
    number: int,
    *,
    name: str,
    at: tuple[float, float] | None,
    struck: bool,
    author: str,
    now: datetime,
) -> None:
    """Name a meeting place, move it (None: it stays where it is), strike it or take it up again.

    Raises
    ------
    InputRefused
        When the zone has no such place, it would lie away from the zone, or the name is too long.
    """
    place = store.meeting_place(session, zone_id, number)
    if place is None:
        raise InputRefused(Sentence("this meeting place is not there any more; load the page anew"))
    place.name, place.struck = _named(name), struck
    if at is not None:
        members = to_metric(store.members(session, zone_id), site_crs(session))
        place.geom, place.origin, place.walk_s = _stored(_inside(at, members)), "by_hand", None
    place.author, place.changed_at = author, now
    session.flush()


def _junctions(lines: shapely.Geometry, villages: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Ends of streets inside villages, each once."""
    ends = shapely.union_all([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    points = gpd.GeoSeries(list(shapely.get_parts(ends)), crs=villages.crs)
    inside: gpd.GeoSeries = points[points.within(villages.geometry.union_all())]
    return inside.reset_index(drop=True)


def _inside(at: tuple[float, float], members: gpd.GeoDataFrame) -> shapely.Point:
    """A place in or near the zone (EPSG:4326).

    Raises
    ------
    InputRefused
        When it is no position, or lies farther from the zone than somebody would go.
    """
    lon, lat = at
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputRefused(Sentence("“%(lon)s, %(lat)s” is no position in degrees", lon=lon, lat=lat))
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs=LONLAT)
    away_m = float(to_metric(point, members.crs).iloc[0].distance(members.geometry.union_all()))
    if away_m > MARGIN_M:
        raise InputRefused(
            Sentence(
                "the meeting place lies %(length)s m from the zone; put it at most %(most)s m away",
                length=round(away_m),
                most=f"{MARGIN_M:g}",
            )
        )
    return point.iloc[0]


def _named(given: str) -> str:
    name = given.strip()
    if len(name) > LONGEST_NAME or not (name.isprintable() or not name):
        raise InputRefused(
            Sentence(
                "the name of a meeting place has at most %(most)s characters that can be read; correct it",
                most=LONGEST_NAME,
            )
        )
    return name


def _stored(point: shapely.Point) -> str:
    return f"SRID=4326;POINT({point.x} {point.y})"
