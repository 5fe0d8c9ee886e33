"""Travel times between 500 places on 50,000 crossings, against SciPy's Dijkstra on the same arcs.

SciPy is given the arcs as they stand and the numbers of the crossings; what is measured of ours begins with
points on a map: snapping, rounding and the length of every fastest route are in its time, and are not in
SciPy's, which answers durations alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from geo.osm.ways import MODE_COLUMNS
from geo.roads import RoadNetwork

CRS = "EPSG:4547"
SPACING_M = 90.0
# Of the streets of a lattice that no crossing needs to be reached: with them a crossing has 2.9 streets, as
# many as in a real town.
KEPT = 0.47
ONE_WAY = 0.15
ROUNDS = 5


def run(side: int = 224, places: int = 500, rounds: int = ROUNDS) -> dict[str, Any]:
    """Processor time of both, a median of several rounds, each on foot and by car (one-way streets).

    Parameters
    ----------
    side : int
        Crossings along a side: 224 make 50,176.
    places, rounds : int

    Raises
    ------
    RuntimeError
        When a duration differs from SciPy's.
    """
    nodes, edges = town(side, seed=1)
    network = RoadNetwork.from_edges(nodes, edges, modes=("foot", "car"))
    rows = np.random.default_rng(2).choice(len(nodes), places, replace=False)
    found: dict[str, Any] = {"crossings": len(nodes), "streets": len(edges), "places": places}
    for mode in network.graphs:
        found[mode] = _compared(network, nodes.geometry.iloc[rows], rows, mode, rounds)
    return found


def _compared(
    network: RoadNetwork, points: gpd.GeoSeries, rows: NDArray[np.int64], mode: str, rounds: int
) -> dict[str, float]:
    graph = csgraph(network, mode)
    # Once unmeasured: the first call compiles, and either finds cold memory.
    network.matrix(points.iloc[:2], mode)
    dijkstra(graph, indices=rows[:2])
    ours_s, theirs_s, ratios = [], [], []
    for _ in range(rounds):
        ours, (duration, _distance) = _timed(lambda: network.matrix(points, mode))
        theirs, ms = _timed(lambda: dijkstra(graph, indices=rows)[:, rows])
        if not np.array_equal(duration, np.ceil(ms / 1000.0)):
            raise RuntimeError(f"durations by {mode} are not SciPy's")
        ours_s.append(ours)
        theirs_s.append(theirs)
        ratios.append(ours / theirs)
    return {
        "ours_s": statistics.median(ours_s),
        "scipy_s": statistics.median(theirs_s),
        "ours_to_scipy_time_ratio": statistics.median(ratios),
        "worst_round_ratio": max(ratios),
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time, which other programs on the machine do not add to; neither uses threads."""
    began = time.process_time()
    answer = work()
    return time.process_time() - began, answer


def csgraph(network: RoadNetwork, mode: str) -> csr_array:
    """The arcs of a mode, weighing milliseconds; of parallel ones the fastest, as SciPy would add them."""
    arcs, n = network.graphs[mode].arcs, network.node_count
    order = np.lexsort((arcs.ms, arcs.head, arcs.tail))
    tail, head, ms = arcs.tail[order], arcs.head[order], arcs.ms[order].astype(np.float64)
    first = np.ones(len(order), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return csr_array((ms[first], (tail[first], head[first])), shape=(n, n))


def town(side: int, *, seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """ROAD NODES and ROAD EDGES of a made-up town: a shifted lattice with streets left out, in one piece.

    Streets that a random tree over all crossings uses stay open both ways; of the others KEPT are there, and
    ONE_WAY of these may be driven along one way only.
    """
    draw = np.random.default_rng(seed)
    at = np.arange(side * side).reshape(side, side)
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    xy = (
        np.stack([x, y], axis=-1).reshape(-1, 2) * SPACING_M
        + draw.uniform(-0.35, 0.35, (side**2, 2)) * SPACING_M
    )
    xy += (500_000.0, 2_600_000.0)
    u = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    v = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    tree = minimum_spanning_tree(
        coo_array((draw.uniform(1, 2, len(u)), (u, v)), shape=(side**2, side**2)).tocsr()
    )
    needed = np.isin(u * side**2 + v, tree.tocoo().row.astype(np.int64) * side**2 + tree.tocoo().col)
    kept = needed | (draw.random(len(u)) < KEPT)
    one_way = (~needed & (draw.random(len(u)) < ONE_WAY))[kept]
    u, v = u[kept], v[kept]
    columns: dict[str, Any] = {name: np.ones(len(u), dtype=bool) for name in MODE_COLUMNS}
    columns["car_backward"] = columns["ebike_backward"] = ~one_way
    classes = draw.choice(["residential", "tertiary", "service"], len(u), p=[0.6, 0.25, 0.15])
    bend = (xy[u] + xy[v]) / 2 + draw.normal(0, 6.0, (len(u), 2))
    lines = shapely.linestrings(np.stack([xy[u], bend, xy[v]], axis=1))
    nodes = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=CRS)
    edges = gpd.GeoDataFrame(
        {"u": u, "v": v, "road_class": classes, "steps": False, "watched": True, **columns},
        geometry=lines,
        crs=CRS,
    )
    return nodes, edges
