"""Everything that a search of a shift needs, read from the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.roads import RoadNetwork
from geo.services import current_site, site_crs
from patrols import repository
from patrols.demand import DemandSettings
from patrols.importers import teams_off_network
from patrols.problem import CrossRule, PatrolProblem
from patrols.services.again import Wishes, plan_again
from patrols.services.duty import less_the_walk, listed
from patrols.services.duty_stops import (
    DutiesDue,
    duties_due,
    pins,
    refuse_unreachable,
    with_duties,
    without_late_pins,
)
from patrols.services.measuring import kept_out, on_their_street, out_of_range, points_at
from patrols.services.posing import pose
from patrols.services.rostering import Rostered, serving_here
from patrols.services.ruling import crossing_remarks, rule_of_shift
from patrols.services.spanning import earlier_basis, earlier_visits, left_to_cross, made_before
from patrols.services.staleness import plan_basis
from patrols.services.stops import villages_at, zone_stops
from patrols.services.varying import seen_before
from patrols.services.zoning import road_network, village_names, villages
from patrols.shifts import refuse_shift
from patrols.spans import as_made
from patrols.tables import Plan

# A tenth of a millimetre: nodes are moved to the places as the plan file writes them before anything is
# measured, so that whoever reads the file measures from the very same ones.
PLACE_DECIMALS = 9


@dataclass(frozen=True)
class PlanSettings:
    """How a shift is planned; kept with the plan.

    Parameters
    ----------
    demand : DemandSettings
        How gaps become stops.
    stop_limit_m : float
        The farthest a stop may lie from a street of a team's mode, metres: the last steps are walked
        straight, so they must be few. A car does not reach a path in a park.
    base_limit_m : float
        The farthest a base may lie from a street its team can use, metres. Routes begin and end on that
        street; the way between it and the base is walked, and taken off the team's shift at both ends.
    """

    demand: DemandSettings = field(default_factory=DemandSettings)
    stop_limit_m: float = 12.0
    base_limit_m: float = 100.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """A shift of a zone that is ready to be searched.

    Parameters
    ----------
    zone : str
    zone_id : int
    start, end : datetime
    problem : PatrolProblem
    network : RoadNetwork
    revision : str
        Of the roads.
    places : (N, 2) array of float
        Longitude and latitude of every node of the problem.
    teams, stops : GeoDataFrame
        On duty, and where they may go; in the network's CRS.
    analysis : int or None
    parameters : dict
        What the plan keeps of how it was made.
    remarks : tuple of str
    seen : DataFrame
        Visits of the nights before, as `patrols.solve.solve` takes them.
    """

    zone: str
    zone_id: int
    start: datetime
    end: datetime
    problem: PatrolProblem
    network: RoadNetwork
    revision: str
    places: NDArray[np.float64]
    teams: gpd.GeoDataFrame
    stops: gpd.GeoDataFrame
    analysis: int | None
    parameters: dict[str, Any]
    remarks: tuple[str, ...]
    seen: pd.DataFrame = field(default_factory=pd.DataFrame)


def prepared(
    session: Session,
    *,
    zone: str,
    start: datetime,
    end: datetime,
    settings: PlanSettings | None = None,
    wishes: Wishes | None = None,
    roads: tuple[RoadNetwork, str] | None = None,
    taken: gpd.GeoSeries | None = None,
    leads: str | None = None,
    drafts: Sequence[int] = (),
    tell: Callable[[float], None] = lambda fraction: None,
) -> Prepared:
    """Everything that a search of one zone's shift needs, read from the database.

    Parameters
    ----------
    roads : (RoadNetwork, str), optional
        The streets and their revision, where they were read before.
    taken : GeoSeries of Point, optional
        Stops of neighbouring zones, in the network's CRS: what lies within sight of one is theirs.
    leads : str, optional
        Path of the duty village of a rota; left out, the one whose turn it is.
    drafts : sequence of int, optional
        Plans of earlier shifts of the same span whose visits count although they are not published.
    tell : callable
        Told 0.2 when the stops are chosen.

    Raises
    ------
    LianfangError
        As `plan_shift`.
    """
    refuse_shift(start, end)
    chosen = settings or PlanSettings()
    crs, zone_id = site_crs(session), repository.zone_of_code(session, zone)
    record = to_metric(repository.zones(session).loc[[zone_id]], crs)
    teams = to_metric(repository.teams(session, zone_id), crs)
    if teams.empty:
        raise LianfangError(
            Sentence("zone '%(zone)s' has no team; run `lianfang import teams FILE --datum D`", zone=zone)
        )
    teams, remarks, roster = serving_here(session, zone, teams, start, end)
    if teams.empty:
        raise LianfangError(
            Sentence(
                "no team of zone '%(zone)s' serves in the shift from %(start)s to %(end)s (%(why)s); "
                "choose another shift, or change their hours",
                zone=zone,
                start=start.isoformat(),
                end=end.isoformat(),
                why=listed(remarks),
            )
        )
    network, revision = roads or road_network(session)
    stored = CrossRule(**record["rule"].iloc[0])
    earlier = earlier_visits(session, zone_id, stored.within, start, drafts)
    many = replace(chosen.demand, stops=chosen.demand.stops + earlier.geometry.nunique())
    area = record.geometry.iloc[0]
    duties = DutiesDue.none(crs)
    if wishes is None:
        duties = duties_due(session, zone_id, start, end, network, chosen.base_limit_m)
        remarks += duties.remarks
    whole = replace(chosen, demand=many)
    analysis, basis, stops = _stops(session, zone, area, network, whole, wishes, start, duties)
    if wishes is None and len(earlier):
        stops = left_to_cross(stops, earlier, stored, chosen.demand.stops, zone)
        if stops.empty:
            remarks.append(
                Sentence(
                    "every stop that gaps ask for was crossed in earlier shifts of the same span already"
                )
            )
    if taken is not None and len(taken):
        stops = stops[stops.geometry.distance(taken.union_all()) > chosen.demand.sight_m]
        if stops.empty and duties.stops.empty:
            raise LianfangError(
                Sentence("all stops of zone '%(zone)s' are in sight of its neighbours' stops", zone=zone)
            )
    if len(duties.stops):
        stops = with_duties(stops, duties.stops, zone, chosen.demand.sight_m)
    tree = villages(session)
    names = village_names(tree)
    stops["village"] = villages_at(to_metric(tree, crs), stops.geometry)
    tell(0.2)
    far = teams_off_network(teams, network, chosen.base_limit_m)
    if far:
        raise InputRefused(
            Sentence("%(n)s team bases are off the network; nothing was planned", n=len(far)),
            list(far.values()),
        )
    bases, walk_s = on_their_street(network, teams, chosen.base_limit_m)
    teams, short = less_the_walk(teams, walk_s)
    remarks += short
    if teams.empty:
        raise LianfangError(
            Sentence(
                "zone '%(zone)s' has no team with time to patrol (%(why)s)", zone=zone, why=listed(short)
            )
        )
    teams = teams.assign(villages=teams["village"].notna() + teams["partners"].map(len))
    if (
        leads is None
        and roster is not None
        and stored.pattern == "rota"
        and roster.village in set(teams["village"])
    ):
        leads = roster.village
    rule = rule_of_shift(session, zone_id, stored, teams, start, leads, drafts)
    remarks += crossing_remarks(teams, rule, names)
    never = [*out_of_range(teams, stops), *kept_out(teams, stops)]
    remarks += pins(stops, teams, never, rule, names)[1]
    if wishes is not None:
        wishes.refuse_impossible(
            set(stops["stop_id"]),
            set(teams["code"]),
            set(out_of_range(teams, stops)),
            rule.visits,
            barred=set(kept_out(teams, stops)),
        )
    nodes = gpd.GeoSeries([*bases.loc[teams.index], *stops.geometry], crs=crs)
    places_of_nodes = shapely.get_coordinates(to_lonlat(nodes).to_numpy()).round(PLACE_DECIMALS)
    points = points_at(places_of_nodes, crs)
    clock = ZoneInfo(current_site(session).timezone)
    made = as_made(made_before(stops, earlier), start)
    problem = pose(network, points, teams, stops, rule, start, chosen.stop_limit_m, wishes, clock, made)
    remarks += refuse_unreachable(problem, stops)
    problem, late = without_late_pins(problem, stops, {stop for _, stop in wishes.pinned} if wishes else ())
    remarks += late
    return Prepared(
        zone=zone,
        zone_id=zone_id,
        start=start,
        end=end,
        problem=problem,
        network=network,
        revision=revision,
        places=places_of_nodes,
        teams=teams,
        stops=stops,
        analysis=analysis,
        parameters=asdict(chosen)
        | {
            "basis": plan_basis(session, zone, analysis, start, end)
            | {"earlier": earlier_basis(earlier)}
            | basis,
            "wishes": None if wishes is None else wishes.as_json(),
            "leads": rule.leader,
            "roster": None if roster is None else roster.roster,
            "police_leader": _leader(session, wishes, roster),
        },
        seen=seen_before(session, zone_id, start, stops, drafts),
        remarks=tuple(remarks),
    )


def _leader(session: Session, wishes: Wishes | None, roster: Rostered | None) -> str:
    """Who leads for the police: of a plan made again as before, else by the roster; "" for nobody yet."""
    before = None if wishes is None else session.get(Plan, wishes.plan)
    named = "" if before is None else before.parameters.get("police_leader")
    return named or ("" if roster is None else roster.leader)


def _stops(
    session: Session,
    zone: str,
    area: shapely.Geometry,
    network: RoadNetwork,
    chosen: PlanSettings,
    wishes: Wishes | None,
    start: datetime,
    duties: DutiesDue,
) -> tuple[int | None, dict[str, Any], gpd.GeoDataFrame]:
    """The analysis that stops come from, what of the plan's basis comes with them, and the stops."""
    if wishes is not None:
        before, kept = plan_again(session, wishes, zone)
        # As stale, or not, as where they come from.
        basis = before.parameters.get("basis") or {}
        gaps = {name: basis.get(name) for name in ("gaps", "analysis", "duties")}
        return before.analysis_id, gaps, to_metric(kept, network.crs)
    analysis = repository.latest_analysis_id(session)
    if analysis is None:
        raise LianfangError(Sentence("nothing was analysed yet; run `lianfang gaps find` first"))
    found = zone_stops(
        session, analysis, network, area, zone, chosen.demand, at=start, may_be_none=len(duties.stops) > 0
    )
    return analysis, {}, found
