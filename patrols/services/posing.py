"""Teams, stops and streets as the problem that the search answers."""

from __future__ import annotations

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.roads import RoadNetwork
from patrols.importers import TEAM_MODES
from patrols.problem import CrossRule, PatrolProblem
from patrols.services.again import Wishes
from patrols.services.measuring import matrices, out_of_range


def pose(
    network: RoadNetwork,
    points: gpd.GeoSeries,
    teams: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    rule: dict[str, object],
    start: datetime,
    stop_limit_m: float,
    wishes: Wishes | None,
) -> PatrolProblem:
    """Bases first, then stops, as nodes of the matrices of every mode that a team has."""
    modes = [mode for mode in TEAM_MODES if (teams["mode"] == mode).any()]
    durations, distances = matrices(network, points, modes, stop_limit_m)
    base = np.arange(len(teams))
    pinned, forbidden = (wishes.pinned, wishes.forbidden) if wishes else ((), ())
    there = set(teams["code"])
    never = {*(pair for pair in forbidden if pair[0] in there), *out_of_range(teams, stops)}
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
        forbidden=pd.DataFrame(sorted(never), columns=["team_id", "stop_id"]),
        rule=CrossRule(**rule),  # type: ignore[arg-type]
        origin=start,
        pinned=pd.DataFrame(list(pinned), columns=["team_id", "stop_id"]),
    )
