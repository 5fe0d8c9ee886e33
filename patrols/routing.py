"""A plan as people walk it: every leg a line along real streets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.roads import RoadNetwork
from patrols import pace
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.stretches import visit_nodes


def legs(
    problem: PatrolProblem,
    plan: PatrolPlan,
    network: RoadNetwork,
    points: gpd.GeoSeries,
    *,
    snap_limit_m: float,
) -> gpd.GeoDataFrame:
    """Every leg of every team, the way back included.

    Parameters
    ----------
    problem, plan
        The problem and its answer; `node` numbers index `points`.
    network : RoadNetwork
        The network the matrices were made from.
    points : GeoSeries of Point, metric CRS
        Bases and stops in the order of the matrices.
    snap_limit_m : float
        The limit the matrices were made with.

    Returns
    -------
    GeoDataFrame in the network's CRS
        team_id, seq, stop_id (None on the way back), arrive_at, start_at, end_at (UTC; the last
        two missing on the way back), distance_m, geometry (LineString along streets, or None where
        the leg stays in place).
    """
    rows: list[tuple[Any, ...]] = []
    for team in problem.teams.itertuples(index=False):
        visits = plan.visits[plan.visits["team_id"] == team.team_id].sort_values("seq")
        rows += _team_rows(problem, team, visits)
    table = pd.DataFrame(
        rows,
        columns=[
            "team_id",
            "mode",
            "seq",
            "stop_id",
            "a",
            "b",
            "arrive_at",
            "start_at",
            "end_at",
            "distance_m",
        ],
    )
    shapes = np.full(len(table), None, object)
    for mode, group in table.groupby("mode"):
        pairs = group[["a", "b"]].to_numpy(np.int64)
        shapes[group.index.to_numpy()] = network.paths(
            points, pairs, pace.split(str(mode))[0], snap_limit_m=snap_limit_m
        ).to_numpy()
    kept = table.drop(columns=["mode", "a", "b"])
    return gpd.GeoDataFrame(kept, geometry=gpd.GeoSeries(shapes, crs=points.crs))


def _team_rows(problem: PatrolProblem, team: Any, visits: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows of one team: its visits in order and, unless it ends where it stands, the way back."""
    distance, duration = problem.distance_m[team.mode], problem.duration_s[team.mode]
    rows: list[tuple[Any, ...]] = []
    here, left_s = int(team.start_node), int(team.start_s)
    cells = [visits[name].tolist() for name in ("stop_id", "arrive_s", "start_s", "end_s")]
    begins, ends = (nodes.tolist() for nodes in visit_nodes(problem, visits))
    for seq, (stop_id, arrive_s, start_s, end_s) in enumerate(zip(*cells, strict=True), start=1):
        node = begins[seq - 1]
        times = (_at(problem, seconds) for seconds in (arrive_s, start_s, end_s))
        rows.append((team.team_id, team.mode, seq, stop_id, here, node, *times, float(distance[here, node])))
        here, left_s = ends[seq - 1], end_s
    end = int(team.end_node)
    if rows and end >= 0:
        back = _at(problem, left_s + int(duration[here, end]))
        last = (team.team_id, team.mode, len(rows) + 1, None, here, end, back, None, None)
        rows.append((*last, float(distance[here, end])))
    return rows


def _at(problem: PatrolProblem, seconds: int) -> datetime:
    return problem.origin + timedelta(seconds=seconds)
