"""Places, water and cameras of an extract."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import LONLAT
from geo.directions import Direction, listed, parse_direction
from geo.osm.areas import polygons
from geo.osm.records import Findings, Node, Relation, Way
from geo.osm.tags import Tags, is_underground, metres

# Kinds of places whose watching is asked for: the first rule that fits names the kind.
_KINDS = (
    ("amenity", {"school": "school", "kindergarten": "kindergarten"}),
    ("amenity", {"university": "university", "college": "university"}),
    ("amenity", {"hospital": "hospital", "clinic": "clinic", "bank": "bank", "police": "police"}),
    ("amenity", {"townhall": "government", "marketplace": "market", "bus_station": "station"}),
    ("amenity", {"place_of_worship": "worship", "fuel": "fuel"}),
    ("railway", {"station": "station", "halt": "station"}),
    ("public_transport", {"station": "station"}),
)
_WATER_AREAS = (
    ("natural", frozenset(["water"])),
    ("waterway", frozenset(["riverbank", "dock"])),
    ("landuse", frozenset(["reservoir", "basin"])),
)
_WATER_LINES = frozenset(["river", "canal", "stream"])
# Basins that nobody can fall into by night, or that are no open water.
_NO_WATER = frozenset(["fountain", "swimming_pool", "wastewater", "reflecting_pool"])
_CAMERA_COLUMNS = ("tilt_deg", "hfov_deg", "vfov_deg", "width_px", "height_px", "mount_height_m")


def place_kind(tags: Tags) -> str | None:
    """The kind of a place, None for what is not listed."""
    for key, kinds in _KINDS:
        kind = kinds.get(tags.get(key, ""))
        if kind is not None:
            return kind
    return None


def is_water(tags: Tags) -> bool:
    """Open water mapped as an area, above ground."""
    if tags.get("water") in _NO_WATER or tags.get("amenity") == "fountain":
        return False
    if is_underground(tags) or tags.get("tunnel", "no") != "no":
        return False
    return any(tags.get(key) in values for key, values in _WATER_AREAS)


def water_frame(
    ways: Sequence[Way], relations: Sequence[Relation], by_id: Mapping[int, Way], findings: Findings
) -> gpd.GeoDataFrame:
    """Water: key, kind ("water" areas, "river", "canal", "stream", "coastline" lines), name, geometry."""
    rows: list[tuple[str, str, str, BaseGeometry]] = [
        (key, "water", tags.get("name", ""), shape)
        for key, tags, shape in polygons(ways, relations, by_id, is_water, findings)
    ]
    for way in sorted(ways, key=lambda way: way.osm_id):
        kind = "coastline" if way.tags.get("natural") == "coastline" else way.tags.get("waterway", "")
        if kind != "coastline" and (
            kind not in _WATER_LINES or way.tags.get("tunnel", "no") != "no" or is_underground(way.tags)
        ):
            continue
        if way.known.sum() >= 2:
            rows.append((way.key, kind, way.tags.get("name", ""), shapely.LineString(way.lonlat[way.known])))
    return _named(rows)


def place_frame(
    nodes: Sequence[Node],
    ways: Sequence[Way],
    relations: Sequence[Relation],
    by_id: Mapping[int, Way],
    water: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame,
    findings: Findings,
) -> gpd.GeoDataFrame:
    """PLACES: one declared point each: key, kind, name, geometry.

    An area is declared at a point inside it, water at the point of its edge nearest to a watched way (the
    place where somebody can fall in, not the middle of the lake). A node inside an area of the same kind is
    the same place mapped twice and left out (`place_mapped_twice`).
    """
    areas = polygons(ways, relations, by_id, lambda tags: place_kind(tags) is not None, findings)
    outlines = gpd.GeoDataFrame(
        {"kind": pd.Series([place_kind(tags) for _, tags, _ in areas], dtype="object")},
        geometry=[shape for _, _, shape in areas],
        crs=LONLAT,
    )
    rows: list[tuple[str, str, str, BaseGeometry]] = []
    for node in nodes:
        kind = place_kind(node.tags)
        if kind is None:
            continue
        point = shapely.Point(node.lon, node.lat)
        inside = outlines.sindex.query(point, predicate="intersects")
        if (outlines["kind"].to_numpy()[inside] == kind).any():
            findings.add(node.key, "place_mapped_twice", kind)
        else:
            rows.append((node.key, kind, node.tags.get("name", ""), point))
    for key, tags, shape in areas:
        rows.append((key, str(place_kind(tags)), tags.get("name", ""), shape.representative_point()))
    streets = shapely.union_all(edges.geometry.to_numpy()[edges["watched"].to_numpy()])
    for key, name, shape in zip(water["key"], water["name"], water.geometry, strict=True):
        rows.append((key, "water", name, _bank(shape, streets)))
    return _named(rows)


def camera_frame(nodes: Sequence[Node], findings: Findings) -> gpd.GeoDataFrame:
    """CAMERAS of the nodes with `man_made=surveillance`, and `camera_type`.

    Notes
    -----
    A range of directions is the view of a `fixed` camera, but what a turning one sweeps (OSM wiki,
    Key:camera:direction): there it says where the camera can look, not where it does, so the azimuth is
    coarse when the range is at most 45° wide and unknown beyond. Tilt: `camera:tilt` is positive upwards,
    `camera:angle` is read as degrees below the horizon.

    A list of directions (``45;135``) is one camera each on the same pole (`several_cameras`): the first keeps
    the node's code, the others are ``osm-n123-2`` and so on. Of a turning camera it is where one camera looks
    by turns, and the first is taken (`several_directions`).
    """
    cameras = []
    for node in sorted(nodes, key=lambda node: node.osm_id):
        if node.tags.get("man_made") != "surveillance":
            continue
        if node.tags.get("surveillance:type") == "guard":
            findings.add(node.key, "guard_not_camera")
        elif node.tags.get("surveillance") == "indoor" or node.tags.get("indoor", "no") != "no":
            findings.add(node.key, "indoor_camera")
        else:
            cameras.append(node)
    found = [_cameras(node, findings) for node in cameras]
    rows = [row for of_node in found for row in of_node]
    columns = ["code", "name", "azimuth_deg", "azimuth_quality", *_CAMERA_COLUMNS, "ptz", "camera_type"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["ptz"] = frame["ptz"].astype(bool)
    for column in ("azimuth_deg", *_CAMERA_COLUMNS):
        frame[column] = frame[column].astype(np.float64)
    frame["parent_code"] = pd.Series([None] * len(frame), dtype="object")
    places = [(node.lon, node.lat) for node, of_node in zip(cameras, found, strict=True) for _ in of_node]
    points = shapely.points(places) if places else []
    frame.index = frame.index.astype(np.int64).set_names("camera_id")
    return gpd.GeoDataFrame(frame, geometry=points, crs=LONLAT)


def _cameras(node: Node, findings: Findings) -> list[dict[str, object]]:
    """The cameras of a node, one for each direction that it lists."""
    tags = node.tags
    written = tags.get("camera:direction", tags.get("direction"))
    kind = tags.get("camera:type", "")
    turns = kind in ("panning", "dome") or tags.get("revolving") == "yes"
    height = metres(tags.get("height"))
    if "height" in tags and not height > 0.0:
        findings.add(node.key, "height_not_understood", tags["height"])
    shared = {
        "name": tags.get("name", ""),
        "tilt_deg": _tilt(node, findings),
        "vfov_deg": math.nan,
        "width_px": math.nan,
        "height_px": math.nan,
        "mount_height_m": height if height > 0.0 else math.nan,
        "ptz": turns,
        "camera_type": kind,
    }
    made = []
    for n, seen in enumerate(_directions(node, written, turns, findings), start=1):
        azimuth, quality, hfov = seen.azimuth_deg, seen.quality, math.nan
        if seen.span_deg <= 180.0 and kind == "fixed":
            hfov = seen.span_deg
        elif not math.isnan(seen.span_deg):
            findings.add(node.key, "direction_is_a_range", written)
            azimuth, quality = (azimuth, "coarse") if seen.span_deg <= 45.0 else (math.nan, "unknown")
        code = f"osm-{node.key}" if n == 1 else f"osm-{node.key}-{n}"
        made.append(
            {"code": code, "azimuth_deg": azimuth, "azimuth_quality": quality, "hfov_deg": hfov, **shared}
        )
    return made


def _directions(node: Node, written: str | None, turns: bool, findings: Findings) -> list[Direction]:
    """What a node says of the directions of its cameras: at least one, unknown where nothing is understood.

    The same direction written twice is one camera; what is not understood beside others is told and left out.
    """
    said = {part: parse_direction(part) for part in listed(written)}
    for part, seen in said.items():
        if seen.problem:
            findings.add(node.key, "direction_not_understood", part)
    understood = {
        (seen.azimuth_deg, seen.span_deg if seen.span_deg == seen.span_deg else None): seen
        for seen in reversed(said.values())
        if not seen.problem
    }
    found = list(reversed(understood.values())) or [Direction()]
    if len(found) == 1:
        return found
    findings.add(node.key, "several_directions" if turns else "several_cameras", written)
    return found[:1] if turns else found


def _tilt(node: Node, findings: Findings) -> float:
    for key, sign in (("camera:tilt", -1.0), ("camera:angle", 1.0)):
        text = node.tags.get(key)
        if text is None:
            continue
        try:
            tilt = sign * float(text.strip().removesuffix("°"))
        except ValueError:
            tilt = math.nan
        if -90.0 <= tilt <= 90.0:
            return tilt
        findings.add(node.key, "tilt_not_understood", text)
    return math.nan


def _bank(shape: BaseGeometry, streets: BaseGeometry) -> shapely.Point:
    edge = shape.boundary if shape.geom_type in ("Polygon", "MultiPolygon") else shape
    if streets.is_empty:
        return shapely.get_point(shapely.get_parts(edge)[0], 0)
    # Degrees are no metres, but stretched by cos(latitude) they rank distances well enough here.
    return shapely.get_point(_nearest(edge, streets), 0)


def _nearest(edge: BaseGeometry, streets: BaseGeometry) -> BaseGeometry:
    stretch = math.cos(math.radians(edge.centroid.y))
    wide = [shapely.transform(shape, lambda xy: xy * np.array([stretch, 1.0])) for shape in (edge, streets)]
    return shapely.transform(
        shapely.shortest_line(wide[0], wide[1]), lambda xy: xy / np.array([stretch, 1.0])
    )


def _named(rows: Sequence[tuple[str, str, str, BaseGeometry]]) -> gpd.GeoDataFrame:
    text = [pd.Series([row[i] for row in rows], dtype="object") for i in range(3)]
    return gpd.GeoDataFrame(
        {"key": text[0], "kind": text[1], "name": text[2]}, geometry=[row[3] for row in rows], crs=LONLAT
    )
