"""Ways split at shared nodes into the edges of a road network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import LONLAT
from geo.osm.records import Findings, Way
from geo.osm.tags import KNOWN_CLASSES, NOT_WAYS, WayUse, way_use

MODE_COLUMNS = (
    "foot_forward", "foot_backward", "ebike_forward", "ebike_backward", "car_forward", "car_backward",
)  # fmt: skip


def road_frames(ways: Sequence[Way], findings: Findings) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """ROAD NODES and ROAD EDGES of the ways with a `highway` tag.

    Parameters
    ----------
    ways : sequence of Way
        In any order; the answer is sorted by way, then along it, so edge ids do not depend on the order.
    findings : Findings
        Gets `incomplete_way`, `no_known_node`, `not_a_way`, `unknown_class` and `area_outline`.

    Returns
    -------
    nodes : GeoDataFrame
        Index node_id (the OSM id): ends of ways and nodes that ways share.
    edges : GeoDataFrame
        Index edge_id from 0: u, v, way_id, name, road_class, six mode columns, watched, steps, geometry u→v.
        A closed way that nothing else touches is one edge with u = v. Where the extract cut nodes off, the
        way ends at the last known node; no gap is bridged.
    """
    roads = sorted((way for way in ways if "highway" in way.tags), key=lambda way: way.osm_id)
    runs: list[tuple[Way, NDArray[np.int64], NDArray[np.float64]]] = []
    for way in roads:
        road_class = way.tags["highway"]
        if road_class in NOT_WAYS:
            findings.add(way.key, "not_a_way", road_class)
            continue
        if road_class not in KNOWN_CLASSES:
            findings.add(way.key, "unknown_class", road_class)
        if way.tags.get("area") == "yes":
            findings.add(way.key, "area_outline")
        known = _runs(way)
        if not way.known.all():
            findings.add(way.key, "incomplete_way" if known else "no_known_node", int((~way.known).sum()))
        runs += [(way, refs, lonlat) for refs, lonlat in known]
    uses: Counter[int] = Counter()
    for _, refs, _ in runs:
        uses.update(refs.tolist())
        # An end is a node of the network however seldom it is used.
        uses.update((int(refs[0]), int(refs[-1])))
    pieces = [piece for way, refs, lonlat in runs for piece in _pieces(way, refs, lonlat, uses)]
    return edge_frames(pieces)


def _runs(way: Way) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The stretches of consecutive known nodes with at least two different places."""
    known = way.known
    ends = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    found = []
    for start, stop in zip(ends[::2], ends[1::2], strict=True):
        refs, lonlat = way.refs[start:stop], way.lonlat[start:stop]
        # Two nodes at one place, or one node twice in a row, would make an edge without length.
        keep = np.concatenate(([True], (np.diff(lonlat, axis=0) != 0.0).any(axis=1)))
        if keep.sum() >= 2:
            found.append((refs[keep], lonlat[keep]))
    return found


Piece = tuple[Way, WayUse, int, int, NDArray[np.float64]]


def _pieces(
    way: Way, refs: NDArray[np.int64], lonlat: NDArray[np.float64], uses: Counter[int]
) -> list[Piece]:
    use = way_use(way.tags)
    cuts = [i for i, ref in enumerate(refs.tolist()) if uses[ref] > 1]
    return [(way, use, int(refs[a]), int(refs[b]), lonlat[a : b + 1]) for a, b in pairwise(cuts)]


def edge_frames(pieces: Sequence[Piece]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """ROAD NODES and ROAD EDGES (`road_frames`) of ways already cut: way, use, u, v, line from u to v."""
    lengths = np.array([len(piece[4]) for piece in pieces], dtype=np.int64)
    lonlat = np.concatenate([piece[4] for piece in pieces]) if pieces else np.empty((0, 2))
    lines = shapely.linestrings(lonlat, indices=np.repeat(np.arange(len(pieces)), lengths))
    u = np.array([piece[2] for piece in pieces], dtype=np.int64)
    v = np.array([piece[3] for piece in pieces], dtype=np.int64)
    names = [piece[0].tags.get("name") for piece in pieces]
    columns: dict[str, object] = {
        "u": u,
        "v": v,
        "way_id": np.array([piece[0].osm_id for piece in pieces], dtype=np.int64),
        "name": pd.Series(names, dtype="object"),
        "road_class": pd.Series([piece[0].tags["highway"] for piece in pieces], dtype="object"),
    }
    for column in (*MODE_COLUMNS, "watched", "steps"):
        columns[column] = np.array([getattr(piece[1], column) for piece in pieces], dtype=bool)
    index = pd.RangeIndex(len(pieces), name="edge_id").astype(np.int64)
    edges = gpd.GeoDataFrame(columns, geometry=np.asarray(lines, dtype=object), crs=LONLAT).set_index(index)
    # Each node once, at the coordinates of the first edge end that names it.
    stops = np.cumsum(lengths)
    ends = np.concatenate([lonlat[stops - lengths], lonlat[stops - 1]]) if pieces else np.empty((0, 2))
    ids, first = np.unique(np.concatenate([u, v]), return_index=True)
    nodes = gpd.GeoDataFrame(
        geometry=shapely.points(ends[first]), index=pd.Index(ids, name="node_id"), crs=LONLAT
    )
    return nodes, edges
