"""A stored plan with everything that another draft is made of from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import LianfangError, Sentence
from geo.roads import RoadNetwork
from patrols import repository
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.repository import of_plan
from patrols.services.figures import plan_file
from patrols.services.zoning import road_network
from patrols.tables import Plan


@dataclass(frozen=True, eq=False)
class KeptPlan:
    """A stored plan on the streets it was made from.

    Parameters
    ----------
    stored : Plan
    head : dict
        As `of_plan.plan`.
    problem, plan : PatrolProblem and its answer
    places : (N, 2) array of float
        Longitude and latitude of the problem's nodes.
    network : RoadNetwork
    revision : str
    teams, stops : GeoDataFrame
        Of the zone and of the plan, in the network's CRS.
    """

    stored: Plan
    head: dict[str, Any]
    problem: PatrolProblem
    plan: PatrolPlan
    places: NDArray[np.float64]
    network: RoadNetwork
    revision: str
    teams: gpd.GeoDataFrame
    stops: gpd.GeoDataFrame


def held_plan(session: Session, plan_id: int) -> Plan:
    """A stored plan.

    Raises
    ------
    LianfangError
        When there is none of that number.
    """
    stored = session.get(Plan, plan_id)
    if stored is None:
        raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan_id))
    return stored


def kept_plan(session: Session, plan_id: int) -> KeptPlan:
    """A stored plan with its problem, streets, teams and stops.

    Raises
    ------
    LianfangError
        When it is not stored, its streets have changed since, or it does not say where its stops lie.
    """
    stored = held_plan(session, plan_id)
    network, revision = road_network(session)
    if revision != stored.road_revision:
        raise LianfangError(
            Sentence(
                "the streets have changed since plan %(plan)s was made; plan the shift anew", plan=plan_id
            )
        )
    file, head = plan_file(stored), of_plan.plan(session, plan_id)
    problem = None if file is None else file.problem
    if file is None or problem is None or file.places is None or head is None:
        raise LianfangError(
            Sentence("plan %(plan)s does not say where its stops lie; plan the shift anew", plan=plan_id)
        )
    return KeptPlan(
        stored,
        head,
        problem,
        file.plan,
        file.places,
        network,
        revision,
        to_metric(repository.teams(session, stored.zone_id), network.crs),
        to_metric(repository.plan_stops(session, plan_id), network.crs),
    )


def gone_teams(problem: PatrolProblem, teams: gpd.GeoDataFrame) -> list[str]:
    """Codes of a problem's teams that the zone does not have any more, sorted."""
    return sorted(set(problem.teams["team_id"]) - set(teams["code"]))
