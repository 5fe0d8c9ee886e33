"""Where a camera could be put up: poles at street corners and along streets, brackets on façades."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cameras.siting.settings import SitingSettings
from geo.crs import need_metric
from geo.sightlines import solid_parts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CORNER, FACADE, POLE = "corner", "facade", "pole"
SPOTS = (CORNER, FACADE, POLE)

# The direction of an arm is taken this far from the crossing: the first vertex may be a kink.
_ARM_M = 10.0
# At a narrow angle the corner would lie far down the street; it is put no farther than this many offsets.
_FARTHEST = 2.0


def spots(
    edges: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    area: shapely.Geometry,
    settings: SitingSettings,
) -> gpd.GeoDataFrame:
    """Spots inside an area, corners first, then façades and poles along the watched streets.

    Parameters
    ----------
    edges : GeoDataFrame
        ROAD EDGES: u, v, watched, geometry LineString; metric CRS.
    obstructions : GeoDataFrame
        Polygons in the same CRS; nothing is put up inside one.
    area : Polygon or MultiPolygon
        In the same CRS.
    settings : SitingSettings

    Returns
    -------
    GeoDataFrame
        kind ("corner" | "facade" | "pole"), edge (index of a street it stands at), geometry Point; index
        0..n-1. No two nearer than `apart_m`.

    Raises
    ------
    ValueError
        When the CRS is no projected one in metres, or differs.
    """
    crs = need_metric(edges.crs, "the edges")
    if obstructions.crs != crs:
        raise ValueError("edges and obstructions are in two CRS; bring both into one with to_crs")
    shapely.prepare(area)
    walls = solid_parts(obstructions.geometry.to_numpy())
    tree = shapely.STRtree(walls)
    near = edges[shapely.intersects(edges.geometry.to_numpy(), area)]
    watched = near[near["watched"].to_numpy(dtype=bool)]
    corner_at, corner_of = _corners(near, settings.corner_m)
    side_at, side_of, on_wall = _sides(watched, walls, tree, settings)
    at = np.concatenate([corner_at, side_at])
    kind = np.concatenate([np.full(len(corner_at), CORNER), np.where(on_wall, FACADE, POLE)]).astype(object)
    edge = np.concatenate([corner_of, side_of])
    points = shapely.points(at)
    free = shapely.contains_xy(area, at[:, 0], at[:, 1]) if len(at) else np.empty(0, bool)
    free[tree.query(points, predicate="intersects")[0]] = False
    kept = np.flatnonzero(free)
    kept = kept[_apart(at[kept], settings.apart_m)]
    return gpd.GeoDataFrame({"kind": kind[kept], "edge": edge[kept]}, geometry=points[kept], crs=crs)


def _corners(edges: gpd.GeoDataFrame, offset_m: float) -> tuple[FloatArray, IntArray]:
    """Between each two neighbouring arms of every crossing, `offset_m` from both."""
    shapes = edges.geometry.to_numpy()
    n = len(edges)
    length = shapely.length(shapes)
    reach = np.minimum(_ARM_M, length)
    ends = np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])
    along = np.concatenate(
        [
            shapely.line_interpolate_point(shapes, reach),
            shapely.line_interpolate_point(shapes, length - reach),
        ]
    )
    arms = pd.DataFrame(
        {
            "node": np.concatenate([edges["u"].to_numpy(), edges["v"].to_numpy()]),
            "x": shapely.get_x(ends),
            "y": shapely.get_y(ends),
            "turn": np.arctan2(
                shapely.get_y(along) - shapely.get_y(ends), shapely.get_x(along) - shapely.get_x(ends)
            ),
            "edge": np.tile(edges.index.to_numpy(), 2) if n else np.empty(0, np.int64),
        }
    )
    # Two directions are one street that goes on; a corner needs a third.
    arms = arms[arms.groupby("node")["node"].transform("size") >= 3].sort_values(
        ["node", "turn"], kind="stable"
    )
    by_node = arms.groupby("node")["turn"]
    after = by_node.shift(-1).fillna(by_node.transform("first") + 2 * np.pi)
    half = (after - arms["turn"]).to_numpy() / 2.0
    turn = arms["turn"].to_numpy() + half
    far = offset_m * np.minimum(1.0 / np.maximum(np.sin(half), 1e-9), _FARTHEST)
    at = arms[["x", "y"]].to_numpy() + np.column_stack([np.cos(turn), np.sin(turn)]) * far[:, None]
    return at.reshape(-1, 2), arms["edge"].to_numpy()


def _sides(
    streets: gpd.GeoDataFrame, walls: NDArray[np.object_], tree: shapely.STRtree, settings: SitingSettings
) -> tuple[FloatArray, IntArray, NDArray[np.bool_]]:
    """Along each street: off the nearest façade where one is near, else beside the street."""
    shapes = streets.geometry.to_numpy()
    length = shapely.length(shapes)
    count = np.rint(length / settings.spacing_m).astype(np.int64)
    row = np.repeat(np.arange(len(shapes)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    along = (place + 0.5) * np.repeat(length / np.maximum(count, 1), count)
    middle = shapely.line_interpolate_point(shapes[row], along)
    ahead = shapely.line_interpolate_point(shapes[row], np.minimum(along + 1.0, length[row]))
    at = np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
    way = np.column_stack([shapely.get_x(ahead), shapely.get_y(ahead)]) - at
    norm = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)
    # To the right of the way the line was drawn.
    pole = at + settings.corner_m * np.column_stack([way[:, 1], -way[:, 0]]) / norm[:, None]
    on_wall = np.zeros(len(row), np.bool_)
    if settings.facade_m > 0 and len(walls) and len(row):
        sample, wall = tree.query_nearest(middle, max_distance=settings.facade_m, all_matches=False)
        foot = shapely.get_point(shapely.shortest_line(walls[wall], middle[sample]), 0)
        base = np.column_stack([shapely.get_x(foot), shapely.get_y(foot)])
        out = at[sample] - base
        far = np.hypot(out[:, 0], out[:, 1])
        # A street through a building has no façade there.
        real = far > settings.off_wall_m
        sample, base, out, far = sample[real], base[real], out[real], far[real]
        pole[sample] = base + settings.off_wall_m * out / far[:, None]
        on_wall[sample] = True
    return pole.reshape(-1, 2), streets.index.to_numpy()[row], on_wall


def _apart(at: FloatArray, apart_m: float) -> IntArray:
    """Rows in order, without those nearer than `apart_m` to a kept one before them."""
    if not len(at) or apart_m <= 0:
        return np.arange(len(at))
    dropped = np.zeros(len(at), np.bool_)
    pairs = cKDTree(at).query_pairs(apart_m, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    for first, second in pairs:
        if not dropped[first]:
            dropped[second] = True
    return np.flatnonzero(~dropped)
