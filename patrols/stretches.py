"""Stops that are walked through: where a visit begins and ends, and how long the way through takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrols.columns import Identifier
from patrols.problem import PatrolProblem

IntArray = NDArray[np.int64]


def visit_nodes(problem: PatrolProblem, visits: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """The nodes at which visits begin and end; at a point the same.

    Parameters
    ----------
    problem : PatrolProblem
    visits : DataFrame
        stop_id, backwards; of stops that the problem has.
    """
    ends = problem.stops.set_index("stop_id")[["node", "end_node"]].reindex(visits["stop_id"])
    node, end_node = (ends[name].to_numpy(np.int64) for name in ("node", "end_node"))
    backwards = visits["backwards"].to_numpy(bool)
    return np.where(backwards, end_node, node), np.where(backwards, node, end_node)


def stays_of(problem: PatrolProblem, mode: str) -> dict[Identifier, tuple[int, int]]:
    """How long a visit by a mode takes, forth and back, by stop; -1 where it cannot go that way.

    A point is visited forth alone.
    """
    stops = problem.stops
    own = problem.through[problem.through["mode"] == mode]
    ways = dict(zip(own["stop_id"], own[["forth_s", "back_s"]].to_numpy(np.int64).tolist(), strict=True))
    stretched = set(problem.through["stop_id"])
    found = {}
    for stop_id, service_s in zip(stops["stop_id"], stops["service_s"].tolist(), strict=True):
        forth, back = ways.get(stop_id, (-1, -1)) if stop_id in stretched else (0, -1)
        found[stop_id] = (
            -1 if forth < 0 else service_s + forth,
            -1 if back < 0 else service_s + back,
        )
    return found
