"""Five levels of invented jurisdictions for a place that publishes none, labelled as derived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import need_metric
from geo.jurisdictions.cells import borders, centres, voronoi_cells
from geo.jurisdictions.partition import Group, nested_groups

_NAMES = (
    ("", "派生市", "Derived city"),
    ("d", "派生区", "Derived district"),
    ("t", "派生镇", "Derived town"),
    ("v", "派生村", "Derived village"),
    ("g", "派生网格", "Derived grid"),
)
_MARGIN_M = 50.0


@dataclass(frozen=True)
class DerivedCounts:
    """How many units each level has, and the label of the root; no level has fewer than the one above."""

    districts: int = 2
    towns: int = 4
    villages: int = 9
    grids: int = 32
    root: str = "city"

    def __post_init__(self) -> None:
        counts = self.per_level
        if any(below < above for above, below in pairwise(counts)):
            raise ValueError(f"counts {counts} must not fall from level to level, and none is below 1")
        if not re.fullmatch("[a-z0-9_]+", self.root):
            raise ValueError(f"root {self.root!r} must be made of a-z, 0-9 and _")

    @property
    def per_level(self) -> tuple[int, int, int, int, int]:
        return 1, self.districts, self.towns, self.villages, self.grids


def derive_jurisdictions(
    road_nodes: gpd.GeoDataFrame | gpd.GeoSeries,
    boundary: shapely.Polygon | None = None,
    *,
    seed: int,
    counts: DerivedCounts | None = None,
) -> gpd.GeoDataFrame:
    """An invented five-level tree that tiles a place.

    Parameters
    ----------
    road_nodes : GeoDataFrame or GeoSeries of Point
        In a projected CRS in metres; those outside the boundary are left out.
    boundary : Polygon, optional
        One polygon, in the same CRS; when not given, the convex hull of the nodes widened by 50 m, because
        streets bend outwards between their nodes and ground outside every leaf is not counted.
    seed : int
        Same nodes, boundary and seed: same tree.
    counts : DerivedCounts, optional
        1 city, 2 districts, 4 towns, 9 villages, 32 grids when not given.

    Returns
    -------
    GeoDataFrame
        JURISDICTIONS sorted by path, in the CRS of the nodes: path, code, level, name, name_en, origin
        "derived", geometry MultiPolygon. Names are made up and say so (派生村03, "Derived village 03"); codes
        such as v03 are unique in the whole tree. Neighbours share their vertices and every parent is the
        exact union of its children; every unit is connected.

    Raises
    ------
    ValueError
        Degrees, a boundary in several parts, or fewer distinct nodes inside it than leaves asked for.
    """
    used = DerivedCounts() if counts is None else counts
    crs = need_metric(road_nodes.crs, "the road nodes")
    if boundary is None:
        hull = shapely.convex_hull(
            shapely.multipoints(shapely.get_coordinates(road_nodes.geometry.to_numpy()))
        )
        boundary = hull.buffer(_MARGIN_M, join_style="mitre")
    if not isinstance(boundary, shapely.Polygon) or boundary.is_empty or not boundary.is_valid:
        raise ValueError("the boundary must be one valid polygon; derive a tree for each part of a place")
    xy = np.unique(shapely.get_coordinates(road_nodes.geometry.to_numpy()), axis=0)
    xy = xy[shapely.contains_xy(boundary, xy)]
    if len(xy) < used.grids:
        raise ValueError(
            f"{used.grids} grids need as many road nodes inside the boundary; there are {len(xy)}"
        )
    rng = np.random.default_rng(seed)
    cells = voronoi_cells(centres(xy, used.grids, rng), boundary, xy)
    if len(cells) < used.grids:
        raise ValueError(f"only {len(cells)} of {used.grids} grids have ground; ask for fewer grids")
    levels = nested_groups(borders(cells), used.per_level, rng)
    return _frame(cells, levels, used.root, crs)


def _frame(cells: NDArray[np.object_], levels: list[list[Group]], root: str, crs: CRS) -> gpd.GeoDataFrame:
    """Rows of all levels; units are numbered through the tree, from north to south inside each parent."""
    centre = shapely.get_coordinates(shapely.centroid(cells))
    rows: list[tuple[str, str, int, str, str, str]] = []
    shapes: list[shapely.MultiPolygon] = []
    parents: list[tuple[str, Group]] = []
    for level, groups in enumerate(levels):
        sign, name, name_en = _NAMES[level]
        placed: list[tuple[str, Group]] = []
        for above, group in _in_order(groups, parents, centre):
            number = f"{len(placed) + 1:0{max(2, len(str(len(groups))))}d}" if level else ""
            code = sign + number if level else root
            path = f"{above}.{code}" if level else root
            rows.append((path, code, level, name + number, f"{name_en} {number}".strip(), "derived"))
            # Interior edges of a coverage cancel exactly: the parent is the union of its children.
            shapes.append(shapely.multipolygons(shapely.get_parts(shapely.coverage_union_all(cells[group]))))
            placed.append((path, group))
        parents = placed
    columns = ["path", "code", "level", "name", "name_en", "origin"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=shapes, crs=crs)
    return frame.sort_values("path", ignore_index=True)


def _in_order(
    groups: list[Group], parents: list[tuple[str, Group]], centre: NDArray[np.float64]
) -> list[tuple[str, Group]]:
    """(path of the parent, group), by parent, then from north to south and west to east."""
    if not parents:
        return [("", group) for group in groups]
    parent_of = {leaf: i for i, (_, members) in enumerate(parents) for leaf in members}
    ranked = sorted(
        groups,
        key=lambda group: (parent_of[group[0]], -centre[group, 1].mean(), centre[group, 0].mean()),
    )
    return [(parents[parent_of[group[0]]][0], group) for group in ranked]
