"""A plan as its teams get it, made by hand: two teams of Qianpu and Houpu on a grid of named streets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import shapely
from shapely import LineString, Point

from web.duty.content import Duty, Stop, Team, Visit
from web.duty.making import colour_of

CRS = "EPSG:4547"
# South-west corner of the scene, in metres of that CRS.
X, Y = 470_000.0, 2_580_000.0
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
STREETS = ("福华路", "彩田路", "益田路", "滨河大道")


def lonlat(*points: tuple[float, float]):
    """Points in metres from the corner, as the plan has them."""
    moved = gpd.GeoSeries([Point(X + x, Y + y) for x, y in points], crs=CRS).to_crs(4326)
    return list(moved)


def way(*points: tuple[float, float]) -> LineString:
    """A way over such points."""
    return LineString([(point.x, point.y) for point in lonlat(*points)])


def stop(number: int, x: float, y: float, place: str) -> Stop:
    (point,) = lonlat((x, y))
    return Stop(f"z-{number:03d}", number, place, "下寨村", point)


def team(number: int, stops: list[Stop], *, name: str = "", minutes: int = 9) -> Team:
    """A team that is at one stop after the other, six minutes each."""
    (base,) = lonlat((0, 0))
    visits, at, here = [], START + timedelta(minutes=4), base
    for order, one in enumerate(stops, start=1):
        line = LineString([(here.x, here.y), (one.point.x, one.point.y)])
        visits.append(Visit(order, one, at, at, at + timedelta(minutes=6), 100.0, line))
        at, here = at + timedelta(minutes=minutes), one.point
    back = LineString([(here.x, here.y), (base.x, base.y)])
    return Team(
        id=number,
        number=number,
        code=f"t{number}",
        name=name or f"前埔{number}队",
        colour=colour_of(number),
        mode="foot",
        village="前埔村",
        size=3,
        base=base,
        base_place="福华路与彩田路路口",
        start=base,
        start_place="福华路与彩田路路口",
        muster_at=START,
        back_at=at,
        length_m=100.0 * (len(stops) + 1),
        visits=visits,
        way_back=back,
    )


def duty(*teams: Team, draft: bool = False) -> Duty:
    """The plan of these teams; of two with three and two stops without."""
    stops = [stop(n, 100.0 * n, 50.0 * (n % 3), f"{STREETS[n % 4]}与益田路路口") for n in range(1, 5)]
    chosen = teams or (team(1, stops[:3]), replace(team(2, stops[2:]), village="后埔村", mode="ebike"))
    known = {visit.stop.number: visit.stop for one in chosen for visit in one.visits}
    lines = [LineString([(X - 200, Y + 100 * n), (X + 900, Y + 100 * n)]) for n in range(3)]
    lines += [LineString([(X + 300 * n, Y - 200), (X + 300 * n, Y + 400)]) for n in range(2)]
    names = ("福华路", None, "滨河大道", "彩田路", "益田路")
    streets = gpd.GeoDataFrame({"name": names, "watched": True}, geometry=lines, crs=CRS)
    area = shapely.MultiPolygon([way((-150, -150), (800, -150), (800, 350), (-150, 350)).convex_hull])
    return Duty(
        plan=7,
        zone="福田联防片区",
        zone_code="ft",
        start=START,
        end=START + timedelta(hours=4),
        draft=draft,
        goes_on=None,
        made_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
        teams=list(chosen),
        stops=[known[number] for number in sorted(known)],
        area=area,
        streets=streets,
        site="深圳",
        attribution="© OpenStreetMap contributors",
    )
