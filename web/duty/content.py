"""What may be handed out of a plan, in one language: zone, shift, teams, their stops and ways.

The one thing that papers and files of a plan are made from. It holds where and when, never why: no camera,
footprint, gap, cause or prize is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import shapely

from patrols.hours import Break
from web.duty.meetings import Meeting


@dataclass(frozen=True)
class Stop:
    """A place to be visited.

    Parameters
    ----------
    id : str
        As the plan has it.
    number : int
        In the plan, from 1; the same on every paper.
    place : str
        Street, or the two that meet there, behind the name of the fixed duty where it is one; "" where none
        has a name.
    village : str
        "" where it lies in none.
    point : Point
        EPSG:4326.
    """

    id: str
    number: int
    place: str
    village: str
    point: shapely.Point


@dataclass(frozen=True)
class Visit:
    """One presence of one team: `order` counts the team's stops from 1.

    `way` is the way there, EPSG:4326, None where the team is there already; `length_m` its length.
    """

    order: int
    stop: Stop
    arrive_at: datetime
    start_at: datetime
    end_at: datetime
    length_m: float
    way: shapely.LineString | None


@dataclass(frozen=True)
class Team:
    """A team and its route.

    Parameters
    ----------
    id : int
        Its key.
    number : int
        In the plan, from 1.
    mode : str
        Key of `web.maps.words.MODES`.
    village : str
        "" for a team of no village.
    base : Point
        Where it comes back to, EPSG:4326.
    base_place : str
        As `Stop.place`.
    start : Point
        Where it sets out: its base, or where it stands when the plan goes on from the middle of a shift.
    start_place : str
    muster_at, back_at : datetime
        When it sets out at the latest, and when it is back.
    length_m : float
        Of all its ways.
    breaks : sequence of Break
        Those that fall due in its time.
    way_back : LineString or None
        From the last stop to the base, EPSG:4326.
    """

    id: int
    number: int
    code: str
    name: str
    colour: str
    mode: str
    village: str
    size: int
    base: shapely.Point
    base_place: str
    start: shapely.Point
    start_place: str
    muster_at: datetime
    back_at: datetime
    length_m: float
    visits: Sequence[Visit]
    way_back: shapely.LineString | None
    breaks: Sequence[Break] = ()

    @property
    def ways(self) -> list[shapely.LineString]:
        """All ways in the order they are gone; from a stop to one at the same place there is none."""
        every = (*(visit.way for visit in self.visits), self.way_back)
        return [way for way in every if way is not None and not way.is_empty]


@dataclass(frozen=True, eq=False)
class Duty:
    """A plan as its teams get it.

    Parameters
    ----------
    plan : int
        Its number.
    draft : bool
        Not published: what is handed out says so.
    goes_on : int or None
        The plan that this one goes on from, when the shift had begun.
    made_at : datetime
        When the plan was made.
    area : geometry
        Of the zone, EPSG:4326.
    streets : GeoDataFrame in the site's CRS, metres
        name (or None) and watched.
    police_leader : str
        Who leads the shift for the police, by name or number; "" while nobody is named.
    meetings : sequence of Meeting
        Where teams of the zone meet and hand over; none that is struck.
    """

    plan: int
    zone: str
    zone_code: str
    start: datetime
    end: datetime
    draft: bool
    goes_on: int | None
    made_at: datetime
    teams: Sequence[Team]
    stops: Sequence[Stop]
    area: shapely.Geometry
    streets: gpd.GeoDataFrame
    site: str
    attribution: str
    meetings: Sequence[Meeting] = ()
    police_leader: str = ""

    def team(self, number: int) -> Team | None:
        """The team of that number; None where the plan has no such team."""
        return next((team for team in self.teams if team.number == number), None)
