"""Maps of a plan: of one team's route, of all of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import geopandas as gpd
import shapely
from PIL import Image

from geo.crs import to_metric
from web.duty.content import Duty, Team
from web.duty.routemap import Letter, Mark, Route, RouteMap, route_map
from web.i18n import N_, Translator


def team_map(duty: Duty, team: Team, t: Translator, size: tuple[int, int], sharp: int) -> Image.Image:
    """One team's route; the numbers are the order of its stops.

    Parameters
    ----------
    size : (int, int)
        Points, `sharp` pixels each.
    """
    base, *points = _metric([team.start, *(visit.stop.point for visit in team.visits)], duty)
    route = Route(team.colour, _metric(team.ways, duty), base)
    marks = [Mark(visit.order, point, team.colour) for visit, point in zip(team.visits, points, strict=True)]
    return _drawn(duty, t, [route], marks, [base, *points, *route.ways], size, sharp)


def plan_map(duty: Duty, t: Translator, size: tuple[int, int], sharp: int) -> Image.Image:
    """All routes; the numbers are those of the plan's stops."""
    routes = [Route(team.colour, _metric(team.ways, duty)) for team in duty.teams]
    points = _metric([stop.point for stop in duty.stops], duty)
    marks = [Mark(stop.number, point) for stop, point in zip(duty.stops, points, strict=True)]
    ways = [way for route in routes for way in route.ways]
    return _drawn(duty, t, routes, marks, [*points, *ways] or _metric([duty.area], duty), size, sharp)


def map_address(picture: Image.Image) -> str:
    """A map as a `data:` address, as JPEG: paper takes pictures of few colours apart into twice as much."""
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=84)
    return data_address(target.getvalue(), "jpeg")


def data_address(content: bytes, kind: str = "png") -> str:
    """A picture's bytes as a `data:` address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def start_words(duty: Duty) -> str:
    """What the place is where a team sets out, marked for translation."""
    return N_("Muster") if duty.goes_on is None else N_("From here")


def _drawn(
    duty: Duty,
    t: Translator,
    routes: Sequence[Route],
    marks: Sequence[Mark],
    shown: Sequence[shapely.Geometry],
    size: tuple[int, int],
    sharp: int,
) -> Image.Image:
    (area,) = _metric([duty.area], duty)
    return route_map(
        RouteMap(
            size=size,
            sharp=sharp,
            shown=shapely.GeometryCollection(list(shown)),
            streets=duty.streets,
            area=area,
            routes=routes,
            marks=marks,
            metres=t(N_("%(n)s m"), n="%s"),
            kilometres=t(N_("%(n)s km"), n="%s"),
            north=t(N_("N")),
            muster=t(start_words(duty)),
            letters=[
                Letter(one.label, point)
                for one, point in zip(
                    duty.meetings, _metric([one.point for one in duty.meetings], duty), strict=True
                )
            ],
        )
    )


def _metric(shapes: Sequence[shapely.Geometry], duty: Duty) -> list[shapely.Geometry]:
    return list(to_metric(gpd.GeoSeries(list(shapes), crs=4326), duty.streets.crs))
