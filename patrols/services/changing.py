"""What changes in the middle of a shift: who is out, which stops come and which are not needed any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sqlalchemy.orm import Session

from geo.crs import LONLAT, to_lonlat, to_metric
from geo.errors import InputRefused, Sentence
from geo.roads import AIR, RoadNetwork
from patrols.demand import DemandSettings, choose_stops, pieces
from patrols.problem import PatrolProblem
from patrols.services.again import Pair
from patrols.services.measuring import matrices, out_of_range, points_at
from patrols.services.preparing import PLACE_DECIMALS
from patrols.services.stops import junctions, villages_at
from patrols.services.zoning import villages

LARGEST_PRIZE = 100_000
LONGEST_STAND = timedelta(hours=2)
# A point that somebody clicked on is moved to the street; farther away another street may have been meant.
NEW_STOP_LIMIT_M = 100.0


@dataclass(frozen=True)
class NewStop:
    """A stop that is added by hand.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    prize : int
        What it is worth; 0 only for one that is required.
    required : bool
        Whether somebody must come.
    service_s : int, optional
        How long a team stays; as long as at other stops where it is left out.

    Raises
    ------
    InputRefused
        For a value out of its limits.
    """

    lon: float
    lat: float
    prize: int = 0
    required: bool = False
    service_s: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a stop."""
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise InputRefused(
                Sentence("“%(lon)s, %(lat)s” is no position in degrees", lon=self.lon, lat=self.lat)
            )
        if not 0 <= self.prize <= LARGEST_PRIZE:
            raise InputRefused(
                Sentence("a prize of %(prize)s; give 0 to %(most)s", prize=self.prize, most=LARGEST_PRIZE)
            )
        if not self.prize and not self.required:
            raise InputRefused(Sentence("a new stop needs a prize above 0, or is required; say which"))
        if self.service_s is not None and not 0 < self.service_s <= LONGEST_STAND.total_seconds():
            raise InputRefused(
                Sentence(
                    "a team would stay %(minutes)s min at the new stop; give above 0 and at most %(most)s",
                    minutes=f"{self.service_s / 60:g}",
                    most=f"{LONGEST_STAND / timedelta(minutes=1):g}",
                )
            )


@dataclass(frozen=True)
class Change:
    """Why a plan goes on from the middle of its shift.

    Parameters
    ----------
    now : datetime
        Within the shift, with a time zone.
    out : tuple of str
        Codes of teams that dropped out.
    bound_until : mapping of code to datetime
        Teams that something holds where they are, and until when.
    new_stops : tuple of NewStop
    dropped : tuple of stop_id
        Stops that are not needed any more. What was done there stays.
    not_made : tuple of (team code, stop_id)
        Visits that were planned before now, that nobody signed for, and that did not happen.
    camera : str
        Code of a camera that failed; "" for none.
    why : str
        In the words of whoever asks.
    """

    now: datetime
    out: tuple[str, ...] = ()
    bound_until: Mapping[str, datetime] = field(default_factory=dict)
    new_stops: tuple[NewStop, ...] = ()
    dropped: tuple[str, ...] = ()
    not_made: tuple[Pair, ...] = ()
    camera: str = ""
    why: str = ""

    def refuse_unknown(self, plan: int, teams: Collection[str], stops: Collection[str]) -> None:
        """Refuse a team or stop that the plan does not have, and a team that is both out and bound.

        Raises
        ------
        InputRefused
            With a sentence for each.
        """
        wrong = [
            Sentence("plan %(plan)s has no team '%(team)s'", plan=plan, team=team)
            for team in (*self.out, *self.bound_until, *(team for team, _ in self.not_made))
            if team not in teams
        ]
        wrong += [
            Sentence("stop '%(stop)s' is none of plan %(plan)s", stop=stop, plan=plan)
            for stop in (*self.dropped, *(stop for _, stop in self.not_made))
            if stop not in stops
        ]
        wrong += [
            Sentence("team '%(team)s' is both out and bound; choose one", team=team)
            for team in self.out
            if team in self.bound_until
        ]
        wrong += [
            Sentence("team '%(team)s' is bound until a time that is over; give a later one", team=team)
            for team, until in self.bound_until.items()
            if until <= self.now
        ]
        if len(wrong) == 1:
            raise InputRefused(wrong[0])
        if wrong:
            raise InputRefused(
                Sentence("nothing was planned: correct what is said of it"), list(dict.fromkeys(wrong))
            )

    def as_json(self) -> dict[str, Any]:
        """What is stored with the plan."""
        return {
            "now": self.now.isoformat(),
            "out": sorted(self.out),
            "bound_until": {code: until.isoformat() for code, until in sorted(self.bound_until.items())},
            "not_made": [*map(list, self.not_made)],
            "camera": self.camera,
            "why": self.why,
        }


@dataclass(frozen=True, eq=False)
class Posed:
    """A problem, where its nodes lie (longitude, latitude), and its stops in the network's CRS."""

    problem: PatrolProblem
    places: NDArray[np.float64]
    stops: gpd.GeoDataFrame


def added_by_hand(
    network: RoadNetwork, asked: Sequence[NewStop], teams: gpd.GeoDataFrame, service_s: int
) -> gpd.GeoDataFrame:
    """New stops on their streets: prize, service_s, required, why, points in the network's CRS.

    Raises
    ------
    InputRefused
        For one that no street is near.
    """
    points = to_metric(
        gpd.GeoSeries(shapely.points([(one.lon, one.lat) for one in asked]), crs=LONLAT), network.crs
    )
    placed = points.copy()
    if not (teams["mode"] == AIR).all():
        snapped = network.snap(points, "foot", NEW_STOP_LIMIT_M)
        far = [one for one, edge in zip(asked, snapped["edge_id"], strict=True) if edge < 0]
        if far:
            raise InputRefused(
                Sentence(
                    "the new stop at %(lon)s, %(lat)s lies farther than %(most)s m from every street that "
                    "can be walked; put it on a street",
                    lon=f"{far[0].lon:.5f}",
                    lat=f"{far[0].lat:.5f}",
                    most=f"{NEW_STOP_LIMIT_M:g}",
                )
            )
        placed = snapped.geometry
    return gpd.GeoDataFrame(
        {
            "prize": [one.prize for one in asked],
            "service_s": [service_s if one.service_s is None else one.service_s for one in asked],
            "required": [one.required for one in asked],
            "why": [[] for _ in asked],
        },
        geometry=placed.to_numpy(),
        crs=network.crs,
    )


def lost_stops(
    session: Session,
    network: RoadNetwork,
    area: shapely.Geometry,
    lost: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    settings: DemandSettings,
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """What the ground of a failed camera asks for: new stops, and how much more each stop is worth.

    Ground within sight of a stop that is there already is that stop's.

    Parameters
    ----------
    area : geometry
        Of the zone; ground outside it is not its own.
    lost : GeoDataFrame
        Lines of street that nobody sees any more.
    stops : GeoDataFrame in the network's CRS

    Returns
    -------
    GeoDataFrame
        As `added_by_hand`.
    (n,) array of int
        More prize of each of `stops`.
    """
    more = np.zeros(len(stops), np.int64)
    streets = to_metric(lost, network.crs).geometry.intersection(area)
    if streets.is_empty.all():
        nothing: dict[str, list[object]] = {"prize": [], "service_s": [], "required": [], "why": []}
        return gpd.GeoDataFrame(nothing, geometry=[], crs=network.crs), more
    gap = gpd.GeoDataFrame(
        {
            "gap_id": [0],
            "cause": ["outage"],
            "ground": ["street"],
            "open_share": [1.0],
            "open_at_end": [True],
        },
        geometry=[streets.union_all()],
        crs=network.crs,
    )
    ground = pieces(gap, settings)
    if len(stops) and len(ground):
        far, nearest = cKDTree(shapely.get_coordinates(stops.geometry.to_numpy())).query(ground[["x", "y"]])
        seen = far <= settings.sight_m
        weight = np.bincount(nearest[seen], ground["weight"].to_numpy()[seen], len(stops))
        more = np.rint(weight * settings.prize_per_m).astype(np.int64)
        gap.geometry = gap.geometry.difference(stops.geometry.buffer(settings.sight_m).union_all())
    left = gap[~gap.geometry.is_empty].reset_index(drop=True)
    found = choose_stops(left, junctions(session, network, area), settings)
    # The gap is not stored: nothing may point to it.
    why = [[cause | {"gap_ids": []} for cause in causes] for causes in found["why"]]
    return found[["prize", "service_s", "geometry"]].assign(required=False, why=why), more


def with_stops(
    session: Session,
    posed: Posed,
    new: gpd.GeoDataFrame,
    *,
    zone: str,
    network: RoadNetwork,
    teams: gpd.GeoDataFrame,
    snap_limit_m: float,
) -> Posed:
    """The problem with further stops behind its own, so that the numbers of those stay.

    Parameters
    ----------
    new : GeoDataFrame
        As `added_by_hand`.
    zone : str
        Its code, which the ids of stops begin with.
    teams : GeoDataFrame in the network's CRS
        As `patrols.repository.teams`.
    """
    if new.empty:
        return posed
    problem = posed.problem
    spots = shapely.get_coordinates(to_lonlat(new.geometry).to_numpy()).round(PLACE_DECIMALS)
    places = np.vstack([posed.places, spots])
    points = points_at(places, network.crs)
    durations, distances = matrices(network, points, list(problem.duration_s), snap_limit_m)
    count = len(posed.places)
    new = new.set_geometry(points.iloc[count:].to_numpy(), crs=network.crs).reset_index(drop=True)
    new["stop_id"] = fresh_ids(zone, problem.stops["stop_id"], len(new))
    new["village"] = villages_at(to_metric(villages(session), network.crs), new.geometry)
    there = set(problem.teams["team_id"])
    apart = out_of_range(teams[teams["code"].isin(there)], new)
    nodes = count + np.arange(len(new))
    rows = pd.DataFrame(new.drop(columns="geometry"))
    rows = rows.assign(node=nodes, end_node=nodes, villages=0, max_idle_s=0)
    grown = replace(
        problem,
        duration_s=durations,
        distance_m=distances,
        stops=pd.concat([problem.stops, rows[list(problem.stops.columns)]], ignore_index=True),
        forbidden=pd.concat(
            [problem.forbidden, pd.DataFrame(apart, columns=["team_id", "stop_id"])], ignore_index=True
        ),
    )
    columns = ["stop_id", "prize", "service_s", "why", "village", "geometry"]
    stops = pd.concat([posed.stops[columns], new[columns]], ignore_index=True)
    return Posed(grown, places, gpd.GeoDataFrame(stops, crs=network.crs))


def without_stops(problem: PatrolProblem, dropped: Collection[str]) -> PatrolProblem:
    """The problem in which nobody goes to some stops any more. They stay in it, with what was done there."""
    gone = set(dropped)
    if not gone:
        return problem
    pairs = [
        (team, stop) for team in problem.teams["team_id"] for stop in problem.stops["stop_id"] if stop in gone
    ]
    forbidden = [*problem.forbidden.itertuples(index=False, name=None), *pairs]
    return replace(
        problem,
        stops=problem.stops.assign(required=problem.stops["required"] & ~problem.stops["stop_id"].isin(gone)),
        pinned=problem.pinned[~problem.pinned["stop_id"].isin(gone)],
        forbidden=pd.DataFrame(list(dict.fromkeys(forbidden)), columns=["team_id", "stop_id"]),
    )


def fresh_ids(zone: str, taken: Collection[str], count: int) -> list[str]:
    """Ids for new stops of a zone, numbered on from the highest that there is."""
    numbers = [
        int(found[1]) for one in taken if (found := re.fullmatch(re.escape(zone) + r"-(\d{1,9})", str(one)))
    ]
    first = max(numbers, default=0) + 1
    return [f"{zone}-{number:03d}" for number in range(first, first + count)]
