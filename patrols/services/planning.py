"""Plan a shift from the gaps, and check a plan again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import LONLAT, to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.roads import RoadNetwork
from geo.services import site_crs
from patrols import repository
from patrols.check import violations
from patrols.demand import DemandSettings
from patrols.importers import teams_off_network
from patrols.plan import PatrolPlan, PlanFile
from patrols.problem import CrossRule, PatrolProblem
from patrols.reach import reachable_stops
from patrols.routing import legs
from patrols.services.stops import zone_stops
from patrols.services.zoning import MODES, road_network, villages
from patrols.solve import Budget, solve
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
class PlanOutcome:
    """A stored plan: its id, the answer, what its checker and its reach say, and what is worth knowing."""

    plan_id: int
    problem: PatrolProblem
    plan: PatrolPlan
    reachable: int
    violations: tuple[Sentence, ...]
    road_revision: str
    remarks: tuple[str, ...] = ()


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

    A team whose own hours leave it no time in the shift is left out, and the remarks say so.

    Raises
    ------
    LianfangError
        When the zone is unknown or no team is there in the shift, nothing was analysed, the zone has no
        street or no gap,
        or a team's base lies off the streets its mode can use.
    """
    if end <= start:
        raise LianfangError(
            Sentence(
                "the shift from %(start)s to %(end)s is empty; swap the two",
                start=start.isoformat(),
                end=end.isoformat(),
            )
        )
    chosen = settings or PlanSettings()
    tell = progress or (lambda fraction: None)
    crs, zone_id = site_crs(session), repository.zone_of_code(session, zone)
    record = to_metric(repository.zones(session).loc[[zone_id]], crs)
    teams = to_metric(repository.teams(session, zone_id), crs)
    if teams.empty:
        raise LianfangError(
            Sentence("zone '%(zone)s' has no team; run `lianfang import teams FILE --datum D`", zone=zone)
        )
    teams, remarks = on_duty(teams, start, end)
    if teams.empty:
        raise LianfangError(
            Sentence(
                "no team of zone '%(zone)s' serves in the shift from %(start)s to %(end)s (%(why)s); "
                "choose another shift, or change their hours",
                zone=zone,
                start=start.isoformat(),
                end=end.isoformat(),
                why=_listed(remarks),
            )
        )
    analysis = repository.latest_analysis_id(session)
    if analysis is None:
        raise LianfangError(Sentence("nothing was analysed yet; run `lianfang gaps find` first"))
    network, revision = road_network(session)
    area = record.geometry.iloc[0]
    stops = zone_stops(session, analysis, network, area, zone, chosen.demand)
    stops["village"] = villages_at(to_metric(villages(session), crs), stops.geometry)
    tell(0.2)
    far = teams_off_network(teams, network, chosen.base_limit_m)
    if far:
        raise InputRefused(
            Sentence("%(n)s team bases are off the network; nothing was planned", n=len(far)),
            list(far.values()),
        )
    bases, walk_s = _on_their_street(network, teams, chosen.base_limit_m)
    teams, short = less_the_walk(teams, walk_s)
    remarks += short
    if teams.empty:
        raise LianfangError(
            Sentence(
                "zone '%(zone)s' has no team with time to patrol (%(why)s)", zone=zone, why=_listed(short)
            )
        )
    remarks += _crossing_remarks(teams)
    nodes = gpd.GeoSeries([*bases.loc[teams.index], *stops.geometry], crs=crs)
    places_of_nodes = shapely.get_coordinates(to_lonlat(nodes).to_numpy()).round(PLACE_DECIMALS)
    points = _points(places_of_nodes, crs)
    problem = _problem(network, points, teams, stops, record["rule"].iloc[0], start, chosen)
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
        document=repository.document(
            plan.to_json(
                problem,
                road_revision=revision,
                places=places_of_nodes,
                snap_limit_m=chosen.stop_limit_m,
            )
        ),
        road_revision=revision,
        value=int(plan.value),
        upper_bound=int(np.floor(plan.upper_bound)),
        crossed=len(plan.crossed),
        reachable=int(reach["crossable"].sum()),
        violations=[sentence.as_json() for sentence in broken],
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
    return PlanOutcome(number, problem, plan, stored.reachable, broken, revision, tuple(remarks))


def check_plan(session: Session | None, file: PlanFile) -> tuple[list[str], list[str]]:
    """(violations, remarks) of a plan file, each one sentence.

    With a session whose database has roads, travel times are worked out again from these roads, between the
    places that the file gives for its nodes; what the file says of travel plays no part then. Else, and for a
    file without places, the times of the file are trusted. The remarks say which it was, and whether the
    roads are those the plan was made from. How long a team walks between its base and its street is the
    file's word either way: the file holds the place on the street only.

    Raises
    ------
    LianfangError
        When the file holds no problem.
    """
    problem = file.problem
    if problem is None:
        raise LianfangError(
            Sentence("the plan file holds no problem to check against; write it with its problem")
        )
    remarks = []
    if session is None:
        remarks.append("no database: the travel times of the file were trusted")
    elif places.site(session) is None or places.roads(session)[1].empty:
        remarks.append("the database has no roads: the travel times of the file were trusted")
    else:
        problem, remarks = _by_the_roads(session, problem, file)
    return [entry.message for entry in violations(problem, file.plan)], remarks


def _by_the_roads(
    session: Session, problem: PatrolProblem, file: PlanFile
) -> tuple[PatrolProblem, list[str]]:
    """The problem with travel times of the database's roads, as far as the file allows, and remarks."""
    network, revision = road_network(session)
    same = file.road_revision == revision
    remarks = [
        "the roads are the ones this plan was made from"
        if same
        else "the roads have changed since this plan was made, or are of another place; plan again"
    ]
    if file.places is None or file.snap_limit_m is None:
        return problem, [*remarks, "the file does not say where its nodes lie: its travel times were trusted"]
    unknown = sorted(set(problem.duration_s) - set(MODES))
    if unknown:
        remarks.append(f"the roads know no {', '.join(unknown)}: its travel times were trusted")
    modes = [mode for mode in problem.duration_s if mode in MODES]
    duration, distance = _matrices(network, _points(file.places, network.crs), modes, file.snap_limit_m)
    remarks.append("travel times were worked out again from the roads")
    other = sum(int((duration[mode] != problem.duration_s[mode]).sum()) for mode in modes)
    if other:
        remarks.append(f"{other} travel times of the file are not those of the roads; the roads' were used")
    return replace(
        problem,
        duration_s={**problem.duration_s, **duration},
        distance_m={**problem.distance_m, **distance},
    ), remarks


def villages_at(tree: gpd.GeoDataFrame, points: gpd.GeoSeries) -> NDArray[np.object_]:
    """Path of the village each point lies in, None outside all.

    Parameters
    ----------
    tree : GeoDataFrame
        Villages with their `path`. A point on a border belongs to the one whose path sorts first, as in
        `geo.repository.assign_scope`.
    points : GeoSeries of Point in the same CRS
    """
    ordered = tree.sort_values("path")
    point, village = ordered.sindex.query(points.to_numpy(), predicate="intersects")
    lowest = np.full(len(points), len(ordered), np.int64)
    np.minimum.at(lowest, point, village)
    paths = np.full(len(ordered) + 1, None, object)
    paths[:-1] = ordered["path"]
    return paths[lowest]


def _points(lonlat: NDArray[np.float64], crs: CRS) -> gpd.GeoSeries:
    """Places of a plan file in the CRS of the network."""
    return to_metric(gpd.GeoSeries(shapely.points(lonlat), crs=LONLAT), crs)


def _on_their_street(
    network: RoadNetwork, teams: gpd.GeoDataFrame, limit_m: float
) -> tuple[gpd.GeoSeries, pd.Series]:
    """Where each team enters the streets of its mode, and the whole seconds it walks there from its base."""
    places_on = teams.geometry.copy()
    walk_s = pd.Series(0, teams.index)
    for mode, group in teams.groupby("mode"):
        snapped = network.snap(group.geometry, str(mode), limit_m)
        places_on.loc[group.index] = snapped.geometry
        # Whole millimetres, as the network measures; a rounding error must not cost a second.
        walk_mm = np.rint(snapped["access_m"].to_numpy() * 1000.0)
        walk_s.loc[group.index] = np.ceil(walk_mm / (network.speeds.foot * 1000.0) - 1e-9).astype(np.int64)
    return places_on, walk_s


def on_duty(teams: gpd.GeoDataFrame, start: datetime, end: datetime) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Teams that serve in the shift `[start, end)`, and a remark on each that does not.

    Parameters
    ----------
    teams : GeoDataFrame
        code, starts_at, ends_at (tz-aware; NaT or None: as the shift).

    Returns
    -------
    (GeoDataFrame, list of str)
        The teams with start_s and end_s, whole seconds from `start` inside both the shift and their hours.
    """
    second = timedelta(seconds=1)
    hours: list[tuple[int, int]] = []
    remarks: list[str] = []
    for code, own_start, own_end in zip(teams["code"], teams["starts_at"], teams["ends_at"], strict=True):
        first = start if pd.isna(own_start) else max(start, own_start)
        last = end if pd.isna(own_end) else min(end, own_end)
        # Rounded inwards: a second begun before the team is there is not the team's.
        hours.append((-((start - first) // second), (last - start) // second))
        if hours[-1][0] >= hours[-1][1]:
            remarks.append(
                Sentence(
                    "team '%(team)s' serves %(hours)s, not in this shift, and was left out",
                    team=code,
                    hours=_hours(own_start, own_end, start.tzinfo),
                )
            )
    kept = teams.assign(start_s=[first for first, _ in hours], end_s=[last for _, last in hours])
    return kept[kept["start_s"] < kept["end_s"]], remarks


def less_the_walk(teams: gpd.GeoDataFrame, walk_s: pd.Series) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Shifts cut at both ends by the walk between base and street; teams with no time left are left out."""
    cut = teams.assign(start_s=teams["start_s"] + walk_s, end_s=teams["end_s"] - walk_s)
    has_time = cut["start_s"] < cut["end_s"]
    remarks: list[str] = [
        Sentence(
            "team '%(team)s' walks %(walk)s s from its base to its street and back, has no time left in this "
            "shift, and was left out",
            team=code,
            walk=walk,
        )
        for code, walk in zip(cut.loc[~has_time, "code"], walk_s[~has_time], strict=True)
    ]
    return cut[has_time], remarks


def _crossing_remarks(teams: gpd.GeoDataFrame) -> list[str]:
    """That nothing can be crossed, where the teams on duty are not of two villages."""
    homes = sorted(teams["village"].dropna().unique())
    if len(homes) >= 2:
        return []
    of = Sentence("all are of %(village)s", village=homes[0]) if homes else Sentence("none has a village")
    return [
        Sentence(
            "nothing can be crossed: that takes teams of two villages, and of those on duty %(of)s", of=of
        )
    ]


def _hours(start: Any, end: Any, zone: tzinfo | None) -> Sentence:
    """A team's own hours, at least one end of which is given."""
    first, last = (None if pd.isna(at) else at.astimezone(zone).isoformat() for at in (start, end))
    if first is None:
        return Sentence("until %(end)s", end=last)
    if last is None:
        return Sentence("from %(start)s", start=first)
    return Sentence("from %(start)s until %(end)s", start=first, end=last)


def _listed(remarks: list[str]) -> str:
    """Several remarks as one."""
    first, *others = remarks
    return first if not others else Sentence("%(first)s; %(others)s", first=first, others=_listed(others))


def _matrices(
    network: RoadNetwork, points: gpd.GeoSeries, modes: list[str], snap_limit_m: float
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.int64]]]:
    """Travel times and distances between all nodes, by mode."""
    durations, distances = {}, {}
    for mode in modes:
        duration, distance = network.matrix(points, mode, snap_limit_m=snap_limit_m)
        # A stop off a mode's streets cannot be reached, but a team is never away from where it is.
        np.fill_diagonal(duration, 0)
        np.fill_diagonal(distance, 0)
        durations[mode], distances[mode] = duration, distance
    return durations, distances


def _problem(
    network: RoadNetwork,
    points: gpd.GeoSeries,
    teams: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    rule: dict[str, object],
    start: datetime,
    chosen: PlanSettings,
) -> PatrolProblem:
    """Bases first, then stops, as nodes of the matrices of every mode that a team has."""
    modes = [mode for mode in MODES if (teams["mode"] == mode).any()]
    durations, distances = _matrices(network, points, modes, chosen.stop_limit_m)
    base = np.arange(len(teams))
    return PatrolProblem(
        duration_s=durations,
        distance_m=distances,
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
                "start_s": teams["start_s"].to_numpy(),
                "end_s": teams["end_s"].to_numpy(),
            }
        ),
        breaks=pd.DataFrame(),
        forbidden=pd.DataFrame(),
        rule=CrossRule(**rule),  # type: ignore[arg-type]
        origin=start,
    )
