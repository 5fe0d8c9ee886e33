"""Plan a shift from the gaps, and check a plan again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError
from geo.roads import RoadNetwork, road_revision
from geo.services import site_crs
from patrols import repository
from patrols.check import violations
from patrols.demand import DemandSettings, choose_stops
from patrols.importers import teams_off_network
from patrols.plan import PatrolPlan, PlanFile
from patrols.problem import CrossRule, PatrolProblem
from patrols.reach import reachable_stops
from patrols.routing import legs
from patrols.services.zoning import MODES, road_network, villages
from patrols.solve import Budget, solve
from patrols.tables import Plan


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
        The farthest a base may lie from a street its team can use, metres; routes begin on that street.
    """

    demand: DemandSettings = field(default_factory=DemandSettings)
    stop_limit_m: float = 12.0
    base_limit_m: float = 100.0


@dataclass(frozen=True, eq=False)
class PlanOutcome:
    """A stored plan: its id, the answer and what its checker and its reach say."""

    plan_id: int
    problem: PatrolProblem
    plan: PatrolPlan
    reachable: int
    violations: tuple[str, ...]
    road_revision: str


def plan_shift(
    session: Session,
    *,
    zone: str,
    start: datetime,
    end: datetime,
    budget: Budget,
    seed: int,
    settings: PlanSettings | None = None,
    author: str,
    should_abort: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> PlanOutcome:
    """Plan one zone's shift `[start, end)` (tz-aware) from the gaps of the latest analysis, and store it.

    Raises
    ------
    LianfangError
        When the zone is unknown or without teams, nothing was analysed, the zone has no street or no gap,
        or a team's base lies off the streets its mode can use.
    """
    if end <= start:
        raise LianfangError(f"the shift from {start.isoformat()} to {end.isoformat()} is empty; swap the two")
    chosen = settings or PlanSettings()
    tell = progress or (lambda fraction: None)
    crs, zone_id = site_crs(session), repository.zone_of_code(session, zone)
    record = to_metric(repository.zones(session).loc[[zone_id]], crs)
    teams = to_metric(repository.teams(session, zone_id), crs)
    if teams.empty:
        raise LianfangError(f"zone {zone!r} has no team; run `lianfang import teams FILE --datum D`")
    analysis = repository.latest_analysis_id(session)
    if analysis is None:
        raise LianfangError("nothing was analysed yet; run `lianfang gaps find` first")
    network, revision = road_network(session)
    area = record.geometry.iloc[0]
    stops = _stops(session, analysis, network, area, zone, crs, chosen)
    stops["village"] = _village_of(session, stops.geometry)
    tell(0.2)
    far = teams_off_network(teams, network, chosen.base_limit_m)
    if far:
        raise InputRefused(
            f"{len(far)} team bases are off the network; nothing was planned", list(far.values())
        )
    bases = _on_their_street(network, teams, chosen.base_limit_m)
    points = gpd.GeoSeries([*bases, *stops.geometry], crs=crs)
    problem = _problem(network, points, teams, stops, record["rule"].iloc[0], start, end, chosen)
    tell(0.4)
    plan = solve(problem, budget=budget, seed=seed, should_abort=should_abort)
    tell(0.85)
    broken = tuple(found.message for found in violations(problem, plan))
    reach = reachable_stops(problem).set_index("stop_id")
    stored = Plan(
        zone_id=zone_id,
        analysis_id=analysis,
        shift=Range(start, end),
        status="draft",
        document=repository.document(plan.to_json(problem, road_revision=revision)),
        road_revision=revision,
        value=int(plan.value),
        upper_bound=int(np.floor(plan.upper_bound)),
        crossed=len(plan.crossed),
        reachable=int(reach["crossable"].sum()),
        violations=list(broken),
        seed=seed,
        parameters=asdict(chosen) | {"budget": asdict(budget)},
        code_version=version("lianfang"),
        author=author,
    )
    stops["crossed"] = stops["stop_id"].isin(plan.crossed)
    stops["crossable"] = reach["crossable"].reindex(stops["stop_id"]).to_numpy(bool)
    walked = legs(problem, plan, network, points, snap_limit_m=chosen.stop_limit_m)
    walked["team_id"] = walked["team_id"].map(dict(zip(teams["code"], teams.index, strict=True)))
    number = repository.add_plan(session, stored, to_lonlat(stops), to_lonlat(walked))
    tell(1.0)
    return PlanOutcome(number, problem, plan, stored.reachable, broken, revision)


def check_plan(session: Session | None, file: PlanFile) -> tuple[list[str], list[str]]:
    """(violations, remarks) of a plan file, each one sentence.

    Travel times are those of the file's own matrices; where a database is there, the remarks say whether its
    roads are still the ones the plan was made from.
    """
    if file.problem is None:
        raise LianfangError("the plan file holds no problem to check against; write it with its problem")
    found = [entry.message for entry in violations(file.problem, file.plan)]
    if session is None:
        return found, ["no database: the travel times of the file were trusted"]
    _, edges = places.roads(session)
    if file.road_revision != road_revision(edges):
        return found, ["the roads have changed since this plan was made; plan again"]
    return found, ["the roads are the ones this plan was made from"]


def _village_of(session: Session, points: gpd.GeoSeries) -> NDArray[np.object_]:
    """Path of the village each point (metric CRS) lies in, None outside all."""
    tree = to_metric(villages(session), points.crs).sort_values("path")
    point, village = tree.sindex.query(points.to_numpy(), predicate="intersects")
    found = np.full(len(points), None, object)
    # Backwards, so that of two villages sharing a border the lower path is written last and stays.
    found[point[::-1]] = tree["path"].to_numpy(object)[village[::-1]]
    return found


def _stops(
    session: Session,
    analysis: int,
    network: RoadNetwork,
    area: object,
    zone: str,
    crs: CRS,
    chosen: PlanSettings,
) -> gpd.GeoDataFrame:
    """The zone's stops of highest demand, at street junctions that can be walked to."""
    gaps = to_metric(repository.open_gaps(session, analysis), crs)
    inside = gaps.geometry.intersection(area)
    gaps = gaps.set_geometry(inside)[~inside.is_empty]
    if gaps.empty:
        raise LianfangError(
            f"zone {zone!r} has no gap in the latest analysis: there is nothing to patrol for"
        )
    nodes, _ = places.roads(session)
    junctions = to_metric(nodes, crs).geometry
    junctions = junctions[junctions.within(area)]
    near = network.snap(junctions, "foot", 1.0)
    candidates = junctions[(near["edge_id"] >= 0).to_numpy()]
    if candidates.empty:
        raise LianfangError(f"zone {zone!r} has no street; draw it where streets are")
    stops = choose_stops(gaps.reset_index(drop=True), candidates, chosen.demand)
    stops["stop_id"] = [f"{zone}-{number:03d}" for number in range(1, len(stops) + 1)]
    return stops


def _on_their_street(network: RoadNetwork, teams: gpd.GeoDataFrame, limit_m: float) -> gpd.GeoSeries:
    """Where each team enters the streets of its mode."""
    places_on = teams.geometry.copy()
    for mode, group in teams.groupby("mode"):
        places_on.loc[group.index] = network.snap(group.geometry, str(mode), limit_m).geometry
    return places_on


def _hours(teams: gpd.GeoDataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """Seconds from `start` in which each team serves: the shift, cut to hours of its own."""
    own = pd.DataFrame(
        {
            "start_s": [start if pd.isna(at) else min(max(start, at), end) for at in teams["starts_at"]],
            "end_s": [end if pd.isna(at) else max(min(end, at), start) for at in teams["ends_at"]],
        }
    )
    return own.map(lambda at: int((at - start) / timedelta(seconds=1)))


def _problem(
    network: RoadNetwork,
    points: gpd.GeoSeries,
    teams: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    rule: dict[str, object],
    start: datetime,
    end: datetime,
    chosen: PlanSettings,
) -> PatrolProblem:
    """Bases first, then stops, as nodes of the matrices of every mode that a team has."""
    matrices = {
        mode: network.matrix(points, mode, snap_limit_m=chosen.stop_limit_m)
        for mode in MODES
        if (teams["mode"] == mode).any()
    }
    for duration, distance in matrices.values():
        # A stop off a mode's streets cannot be reached, but a team is never away from where it is.
        np.fill_diagonal(duration, 0)
        np.fill_diagonal(distance, 0)
    hours = _hours(teams, start, end)
    base = np.arange(len(teams))
    return PatrolProblem(
        duration_s={mode: duration for mode, (duration, _) in matrices.items()},
        distance_m={mode: distance for mode, (_, distance) in matrices.items()},
        stops=pd.DataFrame(
            {
                "stop_id": stops["stop_id"],
                "node": len(teams) + np.arange(len(stops)),
                "village": stops["village"],
                "prize": stops["prize"],
                "service_s": stops["service_s"],
                "required": False,
            }
        ),
        windows=pd.DataFrame(),
        teams=pd.DataFrame(
            {
                "team_id": teams["code"].to_numpy(),
                "village": teams["village"].to_numpy(),
                "mode": teams["mode"].to_numpy(),
                "start_node": base,
                "end_node": base,
                "start_s": hours["start_s"],
                "end_s": hours["end_s"],
            }
        ),
        breaks=pd.DataFrame(),
        forbidden=pd.DataFrame(),
        rule=CrossRule(**rule),  # type: ignore[arg-type]
        origin=start,
    )
