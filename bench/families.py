"""Synthetic families of patrol problems, drawn from a seed, for benchmarks and their comparison."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrols.problem import CrossRule, PatrolProblem

SPEED_M_S = {"foot": 1.4, "ebike": 5.0, "car": 8.0}
# Roads are this much longer than the straight line.
DETOUR = 1.3
GATE_WINDOW_S = (3600, 5400)


@dataclass(frozen=True)
class CrossPatrolFamily:
    """Sizes of the family: places around villages in a square of 10 km, one base in every village.

    Parameters
    ----------
    places, villages, teams : int
        With fewer villages than teams, several teams share a village and its base.
    shift_s, service_s, separation_s : int
        Seconds.
    gates : int
        How many places have a window for their first visit (`GATE_WINDOW_S`).
    """

    places: int = 200
    villages: int = 12
    teams: int = 12
    shift_s: int = 4 * 3600
    service_s: int = 300
    separation_s: int = 1800
    gates: int = 10


def cross_patrol_problem(seed: int, family: CrossPatrolFamily | None = None) -> PatrolProblem:
    """One member of the family.

    Parameters
    ----------
    seed : int
        The draws and their order are fixed, so that figures of other programs on the same seed
        can be compared.
    family : CrossPatrolFamily, optional

    Returns
    -------
    PatrolProblem
        Nodes: the bases of all teams first, then the places. Travel times rounded up.
    """
    family = family or CrossPatrolFamily()
    draw = np.random.default_rng(seed)
    centre = draw.uniform(0, 10_000, (family.villages, 2))
    home = draw.integers(0, family.villages, family.places)
    place = centre[home] + draw.normal(0, 900, (family.places, 2))
    prize = draw.integers(1, 6, family.places)
    modes = np.array((["foot"] * 2 + ["ebike"] * 7 + ["car"] * 3) * (1 + family.teams // 12))[: family.teams]
    draw.shuffle(modes)
    gates = np.sort(draw.choice(family.places, family.gates, replace=False))
    village = np.arange(family.teams) % family.villages
    distance = _roads(np.vstack([centre[village], place]))
    start_s, end_s = GATE_WINDOW_S
    return PatrolProblem(
        duration_s={mode: np.ceil(distance / speed).astype(np.int64) for mode, speed in SPEED_M_S.items()},
        distance_m=dict.fromkeys(SPEED_M_S, distance),
        stops=pd.DataFrame(
            {
                "stop_id": np.arange(family.places),
                "node": family.teams + np.arange(family.places),
                "village": [f"v{number}" for number in home],
                "prize": prize,
                "service_s": family.service_s,
                "required": False,
            }
        ),
        windows=pd.DataFrame({"stop_id": gates, "start_s": start_s, "end_s": end_s, "on_visit": "first"}),
        teams=pd.DataFrame(
            {
                "team_id": np.arange(family.teams),
                "village": [f"v{number}" for number in village],
                "mode": modes.tolist(),
                "start_node": np.arange(family.teams),
                "end_node": np.arange(family.teams),
                "start_s": 0,
                "end_s": family.shift_s,
            }
        ),
        breaks=pd.DataFrame(),
        forbidden=pd.DataFrame(),
        rule=CrossRule(separation_s=family.separation_s),
        origin=datetime(2026, 1, 1, 12, tzinfo=UTC),
    )


def _roads(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Road metres between all points."""
    straight = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    return np.rint(DETOUR * straight).astype(np.int64)
