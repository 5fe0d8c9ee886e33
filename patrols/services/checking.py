"""Check a plan file again, with travel times of the roads where there are any."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from geo import repository as places
from geo.errors import LianfangError, Sentence
from patrols import pace
from patrols.check import violations
from patrols.importers import TEAM_MODES
from patrols.plan import PlanFile
from patrols.problem import PatrolProblem
from patrols.services.measuring import matrices, points_at
from patrols.services.zoning import road_network


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
    unknown = sorted(mode for mode in problem.duration_s if pace.split(mode)[0] not in TEAM_MODES)
    if unknown:
        remarks.append(f"the roads know no {', '.join(unknown)}: its travel times were trusted")
    modes = [mode for mode in problem.duration_s if mode not in unknown]
    duration, distance = matrices(network, points_at(file.places, network.crs), modes, file.snap_limit_m)
    remarks.append("travel times were worked out again from the roads")
    other = sum(int((duration[mode] != problem.duration_s[mode]).sum()) for mode in modes)
    if other:
        remarks.append(f"{other} travel times of the file are not those of the roads; the roads' were used")
    return replace(
        problem,
        duration_s={**problem.duration_s, **duration},
        distance_m={**problem.distance_m, **distance},
    ), remarks
