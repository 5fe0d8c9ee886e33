"""Teams, stops and streets as the problem that the search answers."""

from __future__ import annotations

from datetime import datetime, tzinfo

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import LianfangError, Sentence
from geo.roads import RoadNetwork
from patrols import pace
from patrols.hours import Terms, breaks_within
from patrols.importers import TEAM_MODES
from patrols.problem import CrossRule, PatrolProblem
from patrols.problem_frames import breaks_fit
from patrols.services.again import Wishes
from patrols.services.duty_stops import pins, required, windows_frame
from patrols.services.measuring import kept_out, matrices, out_of_range


def pose(
    network: RoadNetwork,
    points: gpd.GeoSeries,
    teams: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    rule: CrossRule,
    start: datetime,
    stop_limit_m: float,
    wishes: Wishes | None,
    zone: tzinfo,
    made: pd.DataFrame,
) -> PatrolProblem:
    """Bases first, then stops, as nodes of the matrices of every mode and pace that a team has.

    `zone` is the site's time zone, in which the hours of breaks are; `made` are visits of earlier shifts that
    count, as `PatrolProblem.done`.
    """
    own_modes = _modes(teams)
    modes = sorted(set(own_modes), key=_in_order)
    durations, distances = matrices(network, points, modes, stop_limit_m)
    base = np.arange(len(teams))
    pinned, forbidden = (wishes.pinned, wishes.forbidden) if wishes else ((), ())
    there = set(teams["code"])
    never = {
        *(pair for pair in forbidden if pair[0] in there),
        *out_of_range(teams, stops),
        *kept_out(teams, stops),
    }
    # What a person wishes of a stop comes before what its duty asks for.
    wished = {stop for _, stop in pinned}
    posted = [pair for pair in pins(stops, teams, never, rule)[0] if pair[1] not in wished]
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
                "required": required(stops),
            }
        ),
        windows=windows_frame(stops, rule, start),
        teams=pd.DataFrame(
            {
                "team_id": teams["code"].to_numpy(),
                "village": teams["village"].to_numpy(),
                "mode": own_modes,
                "start_node": base,
                "end_node": base,
                "start_s": teams["start_s"].to_numpy(),
                "end_s": teams["end_s"].to_numpy(),
                "villages": teams["villages"].to_numpy(),
            }
        ),
        breaks=_breaks(teams, start, zone),
        forbidden=pd.DataFrame(sorted(never), columns=["team_id", "stop_id"]),
        rule=rule,
        origin=start,
        done=made,
        pinned=pd.DataFrame([*pinned, *posted], columns=["team_id", "stop_id"]),
    )


def _modes(teams: gpd.GeoDataFrame) -> list[str]:
    """The mode of each team in the problem: of a slower one, one of its own."""
    percents = teams["pace_percent"] if "pace_percent" in teams else pd.Series(pace.FULL, teams.index)
    return [pace.paced(mode, int(percent)) for mode, percent in zip(teams["mode"], percents, strict=True)]


def _in_order(mode: str) -> tuple[int, int]:
    """Modes as they are listed everywhere, the slower after the faster."""
    name, percent = pace.split(mode)
    return TEAM_MODES.index(name), -percent


def _breaks(teams: gpd.GeoDataFrame, start: datetime, zone: tzinfo) -> pd.DataFrame:
    """The breaks of the teams that fall due in their time.

    Raises
    ------
    LianfangError
        When a team's breaks do not fit into its time one after the other.
    """
    rows = []
    for team in teams.to_dict("records"):
        first_s, last_s = int(team["start_s"]), int(team["end_s"])
        due = breaks_within(Terms.of_row(team).breaks, start, zone, first_s, last_s)
        if not breaks_fit(due, first_s, last_s):
            raise LianfangError(
                Sentence(
                    "the breaks of team '%(team)s' do not fit into its time in this shift one after the "
                    "other (%(breaks)s); change them, or the shift",
                    team=team["code"],
                    breaks=Terms.of_row(team).breaks_text,
                )
            )
        rows += [(team["code"], *one) for one in due]
    return pd.DataFrame(rows, columns=["team_id", "earliest_s", "latest_s", "duration_s"])
