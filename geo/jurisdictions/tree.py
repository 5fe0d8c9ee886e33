"""A jurisdiction tree as a frame: its leaves, what lies in which, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import Sentence, of_row, row_named

LEVELS = ("city", "district", "town", "village", "grid")
# Borders drawn by different hands overlap by slivers; below this they are not worth a refusal.
OVERLAP_LIMIT_M2 = 1.0
_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
Finding = tuple[object, str, str, Sentence]


def leaves(jurisdictions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rows that are no other row's parent, in the order given."""
    parents = set(_parent(jurisdictions["path"]))
    return jurisdictions[~jurisdictions["path"].isin(parents)]


def leaf_of(points: gpd.GeoSeries, jurisdictions: gpd.GeoDataFrame) -> pd.Series:
    """The path of the leaf each point lies in.

    Parameters
    ----------
    points : GeoSeries of Point
        In the CRS of `jurisdictions`.
    jurisdictions : GeoDataFrame
        JURISDICTIONS; leaves without a geometry hold nothing.

    Returns
    -------
    Series of str
        On the index of `points`; None outside every leaf and for missing points. A point on a border belongs
        to the leaf whose path sorts first, so that it is counted once.
    """
    if points.crs != jurisdictions.crs:
        raise ValueError("points and jurisdictions must be in one CRS; project both with geo.crs")
    ends = leaves(jurisdictions)
    ends = ends[ends.geometry.notna()].sort_values("path", ignore_index=True)
    paths = ends["path"].to_numpy(dtype=object)
    found = np.full(len(points), None, dtype=object)
    wanted = points.to_numpy()
    good = np.flatnonzero(~(shapely.is_missing(wanted) | shapely.is_empty(wanted)))
    if len(ends) and len(good):
        hits = shapely.STRtree(ends.geometry.to_numpy()).query(wanted[good], predicate="intersects")
        # Highest first: the last write, which stands, is the lowest path.
        for point, leaf in hits[:, np.argsort(-hits[1], kind="stable")].T:
            found[good[point]] = paths[leaf]
    return pd.Series(found, index=points.index, name="jurisdiction_path", dtype="object")


def check_tree(jurisdictions: gpd.GeoDataFrame, word: str = "row") -> pd.DataFrame:
    """What is wrong with a jurisdiction tree; empty when nothing is.

    Parameters
    ----------
    jurisdictions : GeoDataFrame
        JURISDICTIONS in any CRS; the index labels name the rows in the messages. Rows without a geometry are
        allowed (below the district many sources have names and codes only).
    word : str
        What the messages call a row: "row" or "feature".

    Returns
    -------
    DataFrame
        row, path, finding, message: one `Sentence` with row, value, limit and remedy. Findings: `bad_path`,
        `twice`, `level`, `parent_missing`, `crosses_itself`, `outside_parent`, `siblings_overlap`. Shapes of
        rows that cross themselves are not compared further.
    """
    rows = [
        (row, path, finding, of_row(word, row, what))
        for row, path, finding, what in (
            *_path_findings(jurisdictions, word),
            *_shape_findings(jurisdictions, word),
        )
    ]
    return pd.DataFrame(rows, columns=["row", "path", "finding", "message"], dtype="object")


def invalid_place(shape: shapely.Geometry) -> Sentence:
    """Where and how a polygon is invalid: "crosses itself at 24.94310, 60.17120"."""
    reason = shapely.is_valid_reason(shape)
    place = re.search(r"\[(\S+) (\S+)\]", reason)
    how = (
        Sentence("crosses itself")
        if "Self-intersection" in reason
        else Sentence("is not valid (%(reason)s)", reason=reason.split("[")[0])
    )
    if not place:
        return how
    x, y = f"{float(place[1]):.6f}", f"{float(place[2]):.6f}"
    return Sentence("%(how)s at %(lon)s, %(lat)s", how=how, lon=x, lat=y)


def _parent(paths: pd.Series) -> list[str | None]:
    return [path.rpartition(".")[0] or None for path in paths]


def _path_findings(frame: gpd.GeoDataFrame, word: str) -> Iterator[Finding]:
    named = Sentence("feature") if word == "feature" else Sentence("row")
    known = set(frame["path"])
    twice = frame["path"].duplicated(keep="first")
    columns = (frame.index, frame["path"], frame["level"], frame["code"], twice)
    for row, path, level, code, again in zip(*columns, strict=True):
        if not _PATH.fullmatch(path):
            told = Sentence(
                "path '%(path)s' is not made of labels of a-z, 0-9 and _ joined by dots; "
                "replace hyphens and capitals",
                path=path,
            )
            yield row, path, "bad_path", told
            continue
        if again:
            told = Sentence(
                "path '%(path)s' stands in an earlier %(word)s too; remove one of them", path=path, word=named
            )
            yield row, path, "twice", told
        labels = path.split(".")
        if level != len(labels) - 1 or code != labels[-1]:
            told = Sentence(
                "path '%(path)s' is code '%(label)s' at level %(depth)s, but the %(word)s says "
                "code '%(code)s', level %(level)s; make them agree",
                path=path,
                label=labels[-1],
                depth=len(labels) - 1,
                word=named,
                code=code,
                level=level,
            )
            yield row, path, "level", told
        parent = path.rpartition(".")[0]
        if parent and parent not in known:
            told = Sentence(
                "'%(path)s' has no parent %(word)s '%(parent)s'; add it or correct the path",
                path=path,
                word=named,
                parent=parent,
            )
            yield row, path, "parent_missing", told


def _shape_findings(frame: gpd.GeoDataFrame, word: str) -> Iterator[Finding]:
    shapes = frame.geometry.to_numpy()
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    sound = there & shapely.is_valid(shapes)
    for i in np.flatnonzero(there & ~sound):
        row, path = frame.index[i], frame["path"].iloc[i]
        told = Sentence(
            "the polygon of '%(path)s' %(how)s; repair it there (QGIS: Fix geometries) and import it again",
            path=path,
            how=invalid_place(shapes[i]),
        )
        yield row, path, "crosses_itself", told
    usable = frame[sound]
    if len(usable):
        yield from _misfits(usable, word)


def _misfits(frame: gpd.GeoDataFrame, word: str) -> Iterator[Finding]:
    """Rows outside their parent and siblings that overlap, of valid shapes.

    Shapes are overlaid in the coordinates they are drawn in: projecting first would bend a parent's long
    straight border away from its children's short ones (by 3 m in the middle of 20 km).
    """
    shapes = frame.geometry.to_numpy()
    degrees = frame.crs is not None and frame.crs.is_geographic
    paths = frame["path"].tolist()
    parent = np.array(_parent(frame["path"]), dtype=object)
    place = {path: i for i, path in enumerate(paths)}
    limit = f"{OVERLAP_LIMIT_M2:.0f}"
    for i, above in enumerate(parent):
        if above in place:
            outside = _area_m2(shapely.difference(shapes[i], shapes[place[above]]), degrees)
            if outside > OVERLAP_LIMIT_M2:
                told = Sentence(
                    "'%(path)s' lies %(area)s m² outside its parent '%(parent)s' (limit %(limit)s m²); "
                    "cut it to the parent or correct the path",
                    path=paths[i],
                    area=f"{outside:.0f}",
                    parent=above,
                    limit=limit,
                )
                yield frame.index[i], paths[i], "outside_parent", told
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    siblings = (left < right) & (parent[left] == parent[right])
    for first, second in zip(left[siblings].tolist(), right[siblings].tolist(), strict=True):
        shared = _area_m2(shapely.intersection(shapes[first], shapes[second]), degrees)
        if shared > OVERLAP_LIMIT_M2:
            told = Sentence(
                "'%(path)s' overlaps '%(other)s' (%(place)s) by %(area)s m² (limit %(limit)s m²); "
                "give the ground to one of them",
                path=paths[second],
                other=paths[first],
                place=row_named(word, frame.index[first]),
                area=f"{shared:.0f}",
                limit=limit,
            )
            yield frame.index[second], paths[second], "siblings_overlap", told


def _area_m2(shape: shapely.Geometry, degrees: bool) -> float:
    """Area in square metres; of degrees on a sphere of 6,371 km, good to 1 %."""
    if not degrees or shape.is_empty:
        return float(shape.area)
    metres = np.radians(1.0) * 6_371_000.0
    return float(shape.area * metres**2 * np.cos(np.radians(shape.centroid.y)))
