"""Whose ground it is: grids, villages and town, drawn so that a street lies in one grid with both sides.

The ground is first given to the nearest of many points along streets and over the fields (their Voronoi
cells); each point belongs to a grid, and a grid is the union of its points' cells. Borders so run between
streets, through the backs of the blocks, and in the middle of the river.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array
from scipy.spatial import Voronoi, cKDTree

from geo.jurisdictions.cells import borders, centres, in_one_piece
from geo.synthetic.drawing import CITY, DISTRICT, TOWN, VILLAGES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STEP_M = 15.0
LEAST_APART_M = 10.0
FIELD_APART_M = 75.0
# Corners of the borders less than this off the straight line are cut, metres.
TOLERANCE_M = 12.0
# Vertices where borders meet the town's are whole millimetres.
GRID_M = 0.001


def territory(
    edges: gpd.GeoDataFrame,
    settlements: list[shapely.Polygon],
    boundary: shapely.Polygon,
    river: shapely.LineString,
    rng: np.random.Generator,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """JURISDICTIONS sorted by path, origin "synthetic": city, district, town, eight villages and their grids.

    Parameters
    ----------
    edges : GeoDataFrame
        ROAD EDGES with `village` (number, 0 for roads between them).
    settlements : list of Polygon
        Outline of each village's settlement, in the order of `VILLAGES`.
    boundary : Polygon
        The town, which the leaves tile.
    river : LineString
        Ground on its two sides never is one village's.
    """
    xy, village = _points(edges, settlements, boundary, river, rng)
    owner = _grids(xy, village, settlements, rng)
    cells, near = _cells(xy)
    whole = np.flatnonzero(~shapely.is_empty(cells))
    cells, owner, near = cells[whole], owner[whole], near[whole][:, whole]
    owner = _in_one_piece(owner, cells, near)
    labels = np.unique(owner)
    leaves = np.array([shapely.coverage_union_all(cells[owner == label]) for label in labels], dtype=object)
    leaves, labels = _clipped(shapely.coverage_simplify(leaves, TOLERANCE_M), labels, boundary)
    return _frame(leaves, labels, crs)


def _clipped(
    leaves: NDArray[np.object_], labels: IntArray, boundary: shapely.Polygon
) -> tuple[NDArray[np.object_], IntArray]:
    """The leaves inside the boundary, each in one piece, still sharing every vertex."""
    # Noded together: cut one by one, two neighbours would meet the boundary a hair apart.
    lines = shapely.union_all([*shapely.boundary(leaves), boundary.boundary], grid_size=GRID_M)
    faces = np.array(shapely.polygonize(shapely.get_parts(lines)).geoms, dtype=object)
    spots = shapely.point_on_surface(faces)
    inside = shapely.contains(boundary, spots)
    faces, spots = faces[inside], spots[inside]
    face, leaf = shapely.STRtree(leaves).query(spots, predicate="within")
    owner = labels[leaf[np.argsort(face)]]
    owner = in_one_piece(owner, borders(faces), shapely.area(faces))
    found = np.unique(owner)
    return np.array([shapely.coverage_union_all(faces[owner == one]) for one in found], dtype=object), found


def _points(
    edges: gpd.GeoDataFrame,
    settlements: list[shapely.Polygon],
    boundary: shapely.Polygon,
    river: shapely.LineString,
    rng: np.random.Generator,
) -> tuple[FloatArray, IntArray]:
    """Points of the ground and the number of the village each belongs to."""
    lines = edges.geometry.to_numpy()
    count = np.maximum(1, np.rint(shapely.length(lines) / STEP_M)).astype(np.int64)
    of_line = np.repeat(np.arange(len(lines)), count)
    within = np.arange(len(of_line)) - np.repeat(np.cumsum(count) - count, count)
    on_street = shapely.line_interpolate_point(
        lines[of_line], (within + 0.5) / count[of_line], normalized=True
    )
    # Beyond the boundary too: the outermost cells have no end.
    west, south, east, north = boundary.buffer(3 * FIELD_APART_M).bounds
    x, y = np.meshgrid(np.arange(west, east, FIELD_APART_M), np.arange(south, north, FIELD_APART_M))
    fields = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(-20, 20, (x.size, 2))
    # Rows of points on both sides of the river keep the border in its middle.
    along = np.arange(0.0, river.length, STEP_M)
    banks = [
        shapely.get_coordinates(shapely.line_interpolate_point(river.offset_curve(side), along))
        for side in (10.0, -10.0)
    ]
    roads = shapely.get_coordinates(on_street)
    others = np.concatenate([fields, *banks])
    # A point very near to a street's would cut a sliver off its ground.
    others = others[cKDTree(roads).query(others)[0] > LEAST_APART_M]
    xy = np.concatenate([roads, others])
    stated = np.concatenate([edges["village"].to_numpy()[of_line], np.zeros(len(others), np.int64)])
    found = stated.copy()
    found[stated == 0] = _nearest_village(xy[stated == 0], settlements, river)
    return xy, found


def _nearest_village(
    xy: FloatArray, settlements: list[shapely.Polygon], river: shapely.LineString
) -> IntArray:
    """The village whose settlement is nearest on the same side of the river."""
    side = _side(xy, river)
    middles = shapely.get_coordinates(shapely.centroid(settlements))
    of_village = _side(middles, river)
    far = np.column_stack([shapely.distance(shapely.points(xy), shape) for shape in settlements])
    far[side[:, None] != of_village[None, :]] = np.inf
    found: IntArray = np.argmin(far, axis=1) + 1
    return found


def _side(xy: FloatArray, river: shapely.LineString) -> NDArray[np.bool_]:
    """Whether each point lies left of a line that crosses the whole picture."""
    at = shapely.line_locate_point(river, shapely.points(xy))
    near = shapely.get_coordinates(shapely.line_interpolate_point(river, np.maximum(at - 1.0, 0.0)))
    far = shapely.get_coordinates(shapely.line_interpolate_point(river, at + 1.0))
    step, out = far - near, xy - near
    return step[:, 0] * out[:, 1] - step[:, 1] * out[:, 0] > 0.0


def _grids(
    xy: FloatArray, village: IntArray, settlements: list[shapely.Polygon], rng: np.random.Generator
) -> IntArray:
    """village × 100 + number of the grid: k-means of the points inside each settlement."""
    found = np.zeros(len(xy), dtype=np.int64)
    for site, outline in zip(VILLAGES, settlements, strict=True):
        own = village == site.number
        inner = own & shapely.contains_xy(outline, xy)
        middle = centres(xy[inner], site.grids, rng)
        # Numbered from north to south.
        middle = middle[np.lexsort((middle[:, 0], -middle[:, 1]))]
        found[own] = site.number * 100 + 1 + cKDTree(middle).query(xy[own])[1]
    return found


def _cells(xy: FloatArray) -> tuple[NDArray[np.object_], csr_array]:
    """Voronoi cell of each point, and the length of the border that each two share.

    Cells are made of one list of corners, so neighbours share theirs exactly. Those without end are empty.
    """
    found = Voronoi(xy)
    regions = [found.regions[region] for region in found.point_region]
    ends = np.array([len(region) > 2 and -1 not in region for region in regions])
    point = np.repeat(np.flatnonzero(ends), [len(regions[i]) for i in np.flatnonzero(ends)])
    corners = found.vertices[np.concatenate([regions[i] for i in np.flatnonzero(ends)])]
    east, north = (corners - xy[point]).T
    order = np.lexsort((np.arctan2(north, east), point))
    rings = shapely.linearrings(corners[order], indices=np.unique(point, return_inverse=True)[1])
    cells = np.full(len(xy), shapely.Polygon(), dtype=object)
    cells[ends] = shapely.polygons(rings)
    sides = np.array(found.ridge_vertices)
    pairs = np.asarray(found.ridge_points)[(sides >= 0).all(axis=1)]
    sides = sides[(sides >= 0).all(axis=1)]
    length = np.hypot(*(found.vertices[sides[:, 0]] - found.vertices[sides[:, 1]]).T)
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    return cells, csr_array((np.concatenate([length, length]), (rows, columns)), shape=(len(xy), len(xy)))


def _in_one_piece(owner: IntArray, cells: NDArray[np.object_], near: csr_array) -> IntArray:
    """The owners, changed so that every village and every grid hangs together."""
    owner = owner.copy()
    area = shapely.area(cells)
    village = in_one_piece(owner // 100, near, area)
    # A piece that went to another village goes to the nearest grid of that one.
    middles = shapely.get_coordinates(shapely.centroid(cells))
    for cell in np.flatnonzero(village != owner // 100):
        same = np.flatnonzero((village == village[cell]) & (owner // 100 == village[cell]))
        owner[cell] = owner[same[int(np.argmin(((middles[same] - middles[cell]) ** 2).sum(axis=1)))]]
    for number in np.unique(village):
        own = np.flatnonzero(village == number)
        owner[own] = in_one_piece(owner[own], near[own][:, own], area[own])
    return owner


def _frame(leaves: NDArray[np.object_], labels: IntArray, crs: CRS) -> gpd.GeoDataFrame:
    rows: list[tuple[str, str, int, str, str]] = []
    shapes: list[shapely.Geometry] = []
    above = f"{CITY[0]}.{DISTRICT[0]}.{TOWN[0]}"
    whole = shapely.coverage_union_all(leaves)
    for level, (path, (code, name, name_en)) in enumerate(
        zip((CITY[0], f"{CITY[0]}.{DISTRICT[0]}", above), (CITY, DISTRICT, TOWN), strict=True)
    ):
        rows.append((path, code, level, name, name_en))
        shapes.append(whole)
    for site in VILLAGES:
        own = labels // 100 == site.number
        path = f"{above}.{site.code}"
        rows.append((path, site.code, 3, site.name, site.name_en))
        shapes.append(shapely.coverage_union_all(leaves[own]))
        for label, leaf in zip(labels[own].tolist(), leaves[own], strict=True):
            number = label % 100
            code = f"{site.code}{number:03d}"
            name_en = f"{site.name_en.removesuffix(' Village')} grid {number:02d}"
            rows.append((f"{path}.{code}", code, 4, f"{site.short}第{number:02d}网格", name_en))
            shapes.append(leaf)
    frame = pd.DataFrame(rows, columns=["path", "code", "level", "name", "name_en"])
    parts = [shapely.multipolygons(shapely.get_parts(shape)) for shape in shapes]
    found = gpd.GeoDataFrame(frame.assign(origin="synthetic"), geometry=parts, crs=crs)
    return found.sort_values("path", ignore_index=True)
