"""Closed ways and multipolygon relations as valid polygons."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import LONLAT
from geo.osm.records import Findings, Relation, Way
from geo.osm.tags import Tags, is_underground, metres

STOREY_M = 3.0
# A floor hung this high or higher lets people, and sightlines at street level, pass below.
PASSABLE_M = 2.5
# `building` values that have no walls.
_OPEN = frozenset(["no", "roof", "carport", "entrance", "underpass_entrance"])


def is_obstruction(tags: Tags) -> bool:
    """Whether a building stands on the ground and hides what is behind it."""
    if tags.get("building", "no") in _OPEN or tags.get("wall") == "no" or is_underground(tags):
        return False
    lifted = metres(tags.get("min_height"))
    if math.isnan(lifted):
        lifted = metres(tags.get("building:min_level")) * STOREY_M
    return not lifted >= PASSABLE_M


def height_m(tags: Tags) -> float:
    """Height above ground, metres: `height`, else 3 m a storey (a setting of many importers), else NaN."""
    height = metres(tags.get("height"))
    return height if not math.isnan(height) else metres(tags.get("building:levels")) * STOREY_M


def obstruction_frame(
    ways: Sequence[Way], relations: Sequence[Relation], by_id: Mapping[int, Way], findings: Findings
) -> gpd.GeoDataFrame:
    """OBSTRUCTIONS: key, height_m and a valid polygon for every building that stands on the ground.

    A way that is the outer ring of a building relation and carries the tag once more is left out: it would
    fill the relation's courtyard.
    """
    rings = {
        member
        for relation in relations
        if "building" in relation.tags
        for member, role in relation.members
        if role != "inner"
    }
    plain = []
    for way in ways:
        if way.tags.get("building", "no") != "no" and way.osm_id in rings:
            findings.add(way.key, "ring_tagged_twice")
        else:
            plain.append(way)
    found = polygons(plain, relations, by_id, lambda tags: tags.get("building", "no") != "no", findings)
    solid = [row for row in found if is_obstruction(row[1])]
    for key, tags, _ in found:
        if not is_obstruction(tags):
            findings.add(key, "no_obstruction", tags["building"])
    frame = gpd.GeoDataFrame(
        {
            "key": pd.Series([key for key, _, _ in solid], dtype="object"),
            "height_m": np.array([height_m(tags) for _, tags, _ in solid], dtype=np.float64),
        },
        geometry=[shape for _, _, shape in solid],
        crs=LONLAT,
    )
    frame.index = frame.index.astype(np.int64).set_names("obstruction_id")
    return frame


def polygons(
    ways: Sequence[Way],
    relations: Sequence[Relation],
    by_id: Mapping[int, Way],
    wanted: Callable[[Tags], bool],
    findings: Findings,
) -> list[tuple[str, Tags, BaseGeometry]]:
    """Key, tags and valid polygon of every closed way and multipolygon relation that is wanted.

    Findings: `incomplete_area` (nodes or member ways cut off by the extract; what is known is kept),
    `repaired_ring` (crossed itself), `no_area` (nothing left: skipped).
    """
    found: list[tuple[str, Tags, BaseGeometry]] = []
    for way in sorted(ways, key=lambda way: way.osm_id):
        if way.closed and wanted(way.tags):
            _keep(found, way.key, way.tags, _way_polygon(way), not way.known.all(), findings)
    for relation in sorted(relations, key=lambda relation: relation.osm_id):
        if wanted(relation.tags):
            shape, complete = _relation_polygon(relation, by_id)
            _keep(found, relation.key, relation.tags, shape, not complete, findings)
    return found


def _keep(
    found: list[tuple[str, Tags, BaseGeometry]],
    key: str,
    tags: Tags,
    shape: BaseGeometry,
    incomplete: bool,
    findings: Findings,
) -> None:
    if incomplete:
        findings.add(key, "incomplete_area")
    if not shape.is_valid:
        findings.add(key, "repaired_ring", shapely.is_valid_reason(shape))
        shape = _polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    if shape.is_empty:
        findings.add(key, "no_area")
        return
    found.append((key, tags, shape))


def _way_polygon(way: Way) -> BaseGeometry:
    # A node beyond the extract's edge is cut straight across: the part inside stays a wall.
    ring = way.lonlat[way.known]
    return shapely.Polygon(ring) if len(np.unique(ring, axis=0)) >= 3 else shapely.Polygon()


def _relation_polygon(relation: Relation, by_id: Mapping[int, Way]) -> tuple[BaseGeometry, bool]:
    """The area of the closed outer rings less that of the inner ones, and whether all members were there."""
    outer: list[BaseGeometry] = []
    inner: list[BaseGeometry] = []
    complete = True
    for member, role in relation.members:
        way = by_id.get(member)
        complete &= way is not None and bool(way.known.all())
        if way is None or way.known.sum() < 2:
            continue
        lonlat = way.lonlat[way.known]
        if way.closed:
            lonlat = np.vstack([lonlat, lonlat[:1]])
        (inner if role == "inner" else outer).append(shapely.LineString(lonlat))
    shells, holes = _faces(outer), shapely.union_all(_faces(inner))
    # An outer ring inside a hole is a house in the courtyard: it stands, the hole notwithstanding.
    left = shapely.area(shapely.difference(shells, holes))
    islands = shells[left < 1e-6 * shapely.area(shells)]
    walls = shapely.difference(shapely.union_all(shells), holes)
    return _polygonal(shapely.union_all([walls, *islands])), complete


def _faces(lines: list[BaseGeometry]) -> NDArray[np.object_]:
    # Rings in several ways close where the ways share end nodes; what does not close drops out. The union
    # nodes lines that cross, which polygonize alone would lose.
    faces: NDArray[np.object_] = np.array(
        shapely.polygonize(shapely.get_parts(shapely.union_all(lines))).geoms, dtype=object
    )
    return faces


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry, without the lines and points a repair may leave."""
    parts = shapely.get_parts(shape)
    kept = parts[np.isin(shapely.get_type_id(parts), [3, 6])]
    return shapely.union_all(kept) if len(kept) else shapely.Polygon()
