"""Drawn lines made a network: cut where they meet, without stubs, in one piece, open to whom OSM says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.osm.tags import way_use
from geo.osm.ways import MODE_COLUMNS

# Half the width of the carriageway and its margin: nothing is built nearer to the middle line, metres.
CLEAR_M = {
    "primary": 10.0,
    "secondary": 8.0,
    "tertiary": 5.0,
    "unclassified": 3.6,
    "residential": 2.7,
    "service": 2.2,
    "path": 0.95,
    "track": 2.0,
}
# Which of two lines drawn over each other is the one that is there.
RANK = {name: i for i, name in enumerate(CLEAR_M)}
# Vertices are whole centimetres: lines that meet by drawing then meet by number.
GRID_M = 0.01
# An end that leads nowhere is left out up to this length, metres.
STUB_M = {"track": 45.0, "path": 9.0}
OTHER_STUB_M = 14.0


@dataclass(frozen=True)
class Drawn:
    """A line as drawn: OSM class, name ("" none) and the village it belongs to (0 none)."""

    road_class: str
    name: str
    line: shapely.Geometry
    village: int = 0


def network(
    drawn: Sequence[Drawn], ends: shapely.Geometry, crs: CRS
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """ROAD NODES and ROAD EDGES of drawn lines (columns of `geo.osm.ways.road_frames`, and `village`).

    Parameters
    ----------
    drawn : sequence of Drawn
        Lines in a projected CRS in metres. Where two lie on each other the greater class stays.
    ends : geometry
        Ends of lines that touch it lead out of the picture and are no stubs.
    crs : CRS
    """
    shapes = np.array([one.line for one in drawn], dtype=object)
    pieces = shapely.get_parts(shapely.union_all(shapes, grid_size=GRID_M))
    pieces = pieces[shapely.length(pieces) > 0.0]
    owner = _owners(pieces, shapes, [RANK[one.road_class] for one in drawn])
    xy = [shapely.get_coordinates(piece) for piece in pieces]
    tips = np.rint(np.array([[line[0], line[-1]] for line in xy]) / GRID_M).astype(np.int64)
    spots, number = np.unique(tips.reshape(-1, 2), axis=0, return_inverse=True)
    u, v = number.reshape(-1, 2).T
    leads_out = shapely.dwithin(shapely.points(spots * GRID_M), ends, 1.0)
    limit = np.array([STUB_M.get(drawn[i].road_class, OTHER_STUB_M) for i in owner])
    keep = _without_stubs(u, v, shapely.length(pieces), limit, leads_out)
    keep &= _largest_part(u, v, keep, shapely.length(pieces))
    return _frames(pieces[keep], owner[keep], u[keep], v[keep], spots, drawn, crs)


def _owners(
    pieces: NDArray[np.object_], shapes: NDArray[np.object_], rank: Sequence[int]
) -> NDArray[np.int64]:
    """The drawn line that each piece is part of: of those under its middle the one of greatest class."""
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, line = shapely.STRtree(shapes).query(middles, predicate="dwithin", distance=0.05)
    order = np.lexsort((line, np.asarray(rank)[line], piece))
    first = order[np.unique(piece[order], return_index=True)[1]]
    found: NDArray[np.int64] = line[first]
    return found


def _without_stubs(
    u: NDArray[np.int64],
    v: NDArray[np.int64],
    length: NDArray[np.float64],
    limit: NDArray[np.float64],
    leads_out: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which pieces stay once short dead ends are taken away, and what then ends dead in turn."""
    keep = np.ones(len(u), dtype=bool)
    while True:
        degree = np.bincount(np.concatenate([u[keep], v[keep]]), minlength=len(leads_out))
        dead = (degree == 1) & ~leads_out
        stub = keep & (dead[u] | dead[v]) & (length < limit)
        if not stub.any():
            return keep
        keep &= ~stub


def _largest_part(
    u: NDArray[np.int64], v: NDArray[np.int64], keep: NDArray[np.bool_], length: NDArray[np.float64]
) -> NDArray[np.bool_]:
    size = int(max(u.max(), v.max())) + 1
    links = csr_array((np.ones(int(keep.sum())), (u[keep], v[keep])), shape=(size, size))
    part = connected_components(links, directed=False)[1]
    heft = np.bincount(part[u], np.where(keep, length, 0.0))
    found: NDArray[np.bool_] = part[u] == int(np.argmax(heft))
    return found


def _frames(
    pieces: NDArray[np.object_],
    owner: NDArray[np.int64],
    u: NDArray[np.int64],
    v: NDArray[np.int64],
    spots: NDArray[np.int64],
    drawn: Sequence[Drawn],
    crs: CRS,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    by_class = {name: way_use({"highway": name}) for name in CLEAR_M}
    uses = [by_class[drawn[i].road_class] for i in owner]
    columns: dict[str, object] = {
        "u": u + 1,
        "v": v + 1,
        "way_id": owner + 1,
        "name": pd.Series([drawn[i].name or None for i in owner], dtype="object"),
        "road_class": pd.Series([drawn[i].road_class for i in owner], dtype="object"),
    }
    for column in (*MODE_COLUMNS, "watched", "steps"):
        columns[column] = np.array([getattr(use, column) for use in uses], dtype=bool)
    columns["village"] = np.array([drawn[i].village for i in owner], dtype=np.int64)
    edges = gpd.GeoDataFrame(columns, geometry=pieces, crs=crs)
    edges.index = pd.RangeIndex(len(edges), name="edge_id").astype(np.int64)
    used = np.unique(np.concatenate([u, v]))
    # From the lines themselves: a whole number of centimetres times 0.01 is not always the same double.
    tips = np.concatenate([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)])
    _, first = np.unique(np.concatenate([u, v]), return_index=True)
    nodes = gpd.GeoDataFrame(geometry=tips[first], index=pd.Index(used + 1, name="node_id"), crs=crs)
    return nodes, edges
