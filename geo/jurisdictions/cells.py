"""Cells that tile a boundary exactly: Voronoi cells of a seeded k-means of points."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_ROUNDS = 100


def centres(xy: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Centres of a k-means of distinct points, started by k-means++ (Arthur, Vassilvitskii 2007).

    A cluster that empties is moved to the point farthest from its centre.
    """
    chosen = [int(rng.integers(len(xy)))]
    near = ((xy - xy[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        # A point that is a centre already has no share in the sum, so it is never drawn again.
        drawn = np.searchsorted(np.cumsum(near), rng.random() * near.sum(), side="right")
        chosen.append(int(min(drawn, np.flatnonzero(near)[-1])))
        near = np.minimum(near, ((xy - xy[chosen[-1]]) ** 2).sum(axis=1))
    found = xy[chosen]
    for _ in range(_ROUNDS):
        far, label = cKDTree(found).query(xy)
        size = np.bincount(label, minlength=count)
        sums = np.column_stack([np.bincount(label, xy[:, i], count) for i in (0, 1)])
        moved: FloatArray = sums / np.maximum(size, 1)[:, None]
        empty = np.flatnonzero(size == 0)
        moved[empty] = xy[np.argsort(-far, kind="stable")[: len(empty)]]
        if np.array_equal(moved, found):
            break
        found = moved
    return found


def voronoi_cells(centre: FloatArray, boundary: shapely.Polygon, xy: FloatArray) -> NDArray[np.object_]:
    """One connected polygon a centre, in no particular order; together they tile the boundary.

    Neighbours share their vertices (a valid coverage). Where a bend of the boundary cuts a Voronoi cell in
    two, the piece with most of the points `xy` keeps the cell and the others go to the neighbour with the
    longest shared border.
    """
    edges = shapely.voronoi_polygons(shapely.multipoints(centre), extend_to=boundary, only_edges=True)
    # Polygonizing the noded lines gives faces that share every vertex, so no sliver can arise between them.
    lines = shapely.union_all([edges, boundary.boundary])
    faces = np.array(shapely.polygonize(shapely.get_parts(lines)).geoms, dtype=object)
    inner = shapely.point_on_surface(faces)
    kept = shapely.contains(boundary, inner)
    faces, inner = faces[kept], inner[kept]
    _, nearest = cKDTree(centre).query(shapely.get_coordinates(inner))
    hits = shapely.STRtree(faces).query(shapely.points(xy), predicate="intersects")
    points = np.bincount(hits[1], minlength=len(faces)).astype(np.float64)
    # Ties, and pieces without any point, go by area.
    weight = points + shapely.area(faces) / boundary.area
    label = in_one_piece(nearest.astype(np.int64), borders(faces), weight)
    return np.array([shapely.coverage_union_all(faces[label == k]) for k in np.unique(label)], dtype=object)


def borders(shapes: NDArray[np.object_]) -> csr_array:
    """Length of the border that each two shapes share, as a symmetric matrix."""
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    outlines = shapely.boundary(shapes)
    length = shapely.length(shapely.intersection(outlines[left], outlines[right]))
    keep = length > 0.0
    left, right, length = left[keep], right[keep], length[keep]
    ends = (np.concatenate([left, right]), np.concatenate([right, left]))
    return csr_array((np.concatenate([length, length]), ends), shape=(len(shapes), len(shapes)))


def in_one_piece(label: IntArray, border: csr_array, weight: FloatArray) -> IntArray:
    """The labels, changed where a label's faces do not hang together."""
    label = label.copy()
    a, b = border.nonzero()
    for _ in range(len(label)):
        same = label[a] == label[b]
        links = csr_array((np.ones(int(same.sum())), (a[same], b[same])), shape=border.shape)
        part = connected_components(links, directed=False)[1]
        heft = np.bincount(part, weight)
        # The parts of each label but its heaviest.
        stray: list[int] = []
        for k in np.unique(label):
            parts = np.unique(part[label == k])
            stray += parts[parts != parts[np.argmax(heft[parts])]].tolist()
        if not stray:
            break
        piece = part == min(stray)
        length = np.asarray(border[np.flatnonzero(piece)].sum(axis=0)).ravel()
        length[piece] = 0.0
        label[piece] = label[int(np.argmax(length))]
    return label
