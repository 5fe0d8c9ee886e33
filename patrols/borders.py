"""Where the villages of a zone meet: their shared borders, the streets across them, places to meet at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.roads import RoadNetwork
from patrols.zones import adjoining

# A place to meet at lies so near to the border that it is in sight of both villages' ground.
NEAR_M = 150.0
# One place for each begun stretch of border, and never two beside each other.
STRETCH_M, APART_M = 1500.0, 500.0
# Carriageways of one street cross a border a few metres apart.
SAME_CROSSING_M = 12.0
BASE_LIMIT_M = 100.0


def shared_borders(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The border of each pair of villages that adjoin.

    Parameters
    ----------
    villages : GeoDataFrame in a projected CRS in metres
        path.

    Returns
    -------
    GeoDataFrame
        left, right (paths, the villages in their order), border_m, geometry (lines).
    """
    pairs = adjoining(villages)
    shapes, paths = villages.geometry, villages["path"]
    lines = [
        _lines(shapely.intersection(shapes[row.left].boundary, shapes[row.right].boundary))
        for row in pairs.itertuples(index=False)
    ]
    return gpd.GeoDataFrame(
        {
            "left": paths.reindex(pairs["left"]).to_numpy(),
            "right": paths.reindex(pairs["right"]).to_numpy(),
            "border_m": pairs["border_m"].to_numpy(),
        },
        geometry=lines,
        crs=villages.crs,
    )


def crossings(borders: gpd.GeoDataFrame, streets: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Where streets cross shared borders.

    Parameters
    ----------
    borders : GeoDataFrame
        As `shared_borders`.
    streets : array of LineString in the same CRS

    Returns
    -------
    GeoDataFrame
        border (row of `borders`), points; those within `SAME_CROSSING_M` of each other are one. A street
        that runs along a border does not cross it there; where it leaves it, it does not either.
    """
    tree = shapely.STRtree(streets)
    rows, points = [], []
    for row, border in enumerate(borders.geometry):
        met = shapely.intersection(streets[np.sort(tree.query(border, predicate="intersects"))], border)
        parts = shapely.get_parts(shapely.get_parts(met))
        single = parts[shapely.get_type_id(parts) == 0]
        for point in _apart(single):
            rows.append(row)
            points.append(point)
    return gpd.GeoDataFrame({"border": np.array(rows, np.int64)}, geometry=points, crs=borders.crs)


def meeting_places(
    borders: gpd.GeoDataFrame,
    villages: gpd.GeoDataFrame,
    bases: Mapping[str, Sequence[shapely.Point]],
    junctions: gpd.GeoSeries,
    network: RoadNetwork,
) -> gpd.GeoDataFrame:
    """Street junctions near shared borders at which the teams of both villages meet with the least walk.

    Of all junctions within `NEAR_M` of a border, in one of its two villages, the one whose *farther* side
    walks least is taken, then the one with the least sum of both walks; a side walks, on foot, from the
    nearest base of its teams, or from the junction nearest to its middle where it has no team. A border has
    one place for each begun `STRETCH_M`, `APART_M` or more apart.

    Parameters
    ----------
    borders : GeoDataFrame
        As `shared_borders`.
    villages : GeoDataFrame in the network's CRS
        path.
    bases : mapping of village path to points
        Of its teams.
    junctions : GeoSeries of Point in the network's CRS
        That can be walked to.
    network : RoadNetwork

    Returns
    -------
    GeoDataFrame
        left, right, walk_s (of the farther side), points; none for a border that no junction is near to, or
        that one side cannot walk to.
    """
    area = villages.set_index("path").geometry
    starts = {
        path: list(bases.get(path) or _middle(area[path], junctions))
        for path in {*borders["left"], *borders["right"]}
    }
    near = [
        junctions[
            (junctions.distance(row.geometry) <= NEAR_M)
            & junctions.intersects(area[row.left].union(area[row.right]))
        ]
        for row in borders.itertuples(index=False)
    ]
    wanted = sorted({label for one in near for label in one.index})
    nodes = [*junctions.loc[wanted], *(point for path in sorted(starts) for point in starts[path])]
    found: list[tuple[str, str, int, shapely.Point]] = []
    if wanted:
        points = gpd.GeoSeries(nodes, crs=network.crs)
        walk_s, _ = network.matrix(points, "foot", snap_limit_m=BASE_LIMIT_M)
        place = {label: row for row, label in enumerate(wanted)}
        first = np.cumsum([len(wanted), *(len(starts[path]) for path in sorted(starts))])
        rows_of = {path: np.arange(*first[n : n + 2]) for n, path in enumerate(sorted(starts))}
        for border, candidates in zip(borders.itertuples(index=False), near, strict=True):
            rows = np.array([place[label] for label in candidates.index], np.int64)
            sides = [_least(walk_s, rows_of[path], rows) for path in (border.left, border.right)]
            most = 1 + int(border.border_m // STRETCH_M)
            for chosen in _chosen(sides, candidates, most):
                farther = int(max(side[chosen] for side in sides))
                found.append((border.left, border.right, farther, candidates.iloc[chosen]))
    columns = ["left", "right", "walk_s", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(found, columns=columns), geometry="geometry", crs=network.crs)


def _chosen(sides: list[NDArray[np.int64]], candidates: gpd.GeoSeries, most: int) -> list[int]:
    """Rows of the best candidates that both sides can walk to, far enough from each other."""
    able = (sides[0] >= 0) & (sides[1] >= 0)
    farther, both = np.maximum(*sides), sides[0] + sides[1]
    order = np.lexsort((candidates.y, candidates.x, both, farther))
    taken: list[int] = []
    for row in order[able[order]].tolist():
        here = candidates.iloc[row]
        if len(taken) < most and all(here.distance(candidates.iloc[other]) >= APART_M for other in taken):
            taken.append(row)
    return taken


def _least(
    walk_s: NDArray[np.int64], starts: NDArray[np.int64], goals: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The shortest walk from any of the starts to each goal; -1 where there is none."""
    far = np.iinfo(np.int64).max
    walks = walk_s[np.ix_(starts, goals)]
    least = np.where(walks < 0, far, walks).min(axis=0, initial=far)
    return np.where(least == far, -1, least)


def _middle(area: shapely.Geometry, junctions: gpd.GeoSeries) -> list[shapely.Point]:
    """The junction of a village nearest to its middle; none where it has none."""
    inside = junctions[junctions.within(area)]
    return [] if inside.empty else [inside.loc[inside.distance(area.centroid).idxmin()]]


def _lines(shape: shapely.Geometry) -> shapely.Geometry:
    """The lines of a shape, joined where they go on."""
    parts = shapely.get_parts(shape)
    lines = parts[shapely.get_dimensions(parts) == 1]
    return shapely.line_merge(shapely.multilinestrings(lines))


def _apart(points: NDArray[np.object_]) -> list[shapely.Point]:
    """Points from west to east, without those beside one that was taken."""
    order = np.lexsort((shapely.get_y(points), shapely.get_x(points)))
    taken: list[shapely.Point] = []
    for point in points[order]:
        if all(shapely.distance(point, other) > SAME_CROSSING_M for other in taken):
            taken.append(point)
    return taken
