"""One pass over an OpenStreetMap extract (.osm.pbf, .osm), by pyosmium."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd

from geo.crs import Bounds
from geo.errors import InputRefused, Sentence
from geo.osm.areas import obstruction_frame
from geo.osm.features import camera_frame, is_water, place_frame, place_kind, water_frame
from geo.osm.records import Findings, Node, Relation, Way
from geo.osm.unpacked import check_unpacked
from geo.osm.ways import road_frames

ATTRIBUTION = "© OpenStreetMap contributors"


@dataclass(frozen=True)
class OsmExtract:
    """What Lianfang uses of an extract; every frame in EPSG:4326, longitude first.

    Attributes
    ----------
    road_nodes, road_edges : GeoDataFrame
        Ways with a `highway` tag, split at shared nodes; edges run u→v.
    buildings : GeoDataFrame
        OBSTRUCTIONS: key, height_m (NaN unknown), valid polygons of what stands on the ground.
    places : GeoDataFrame
        key, kind, name, one declared point each.
    water : GeoDataFrame
        key, kind, name, areas and lines.
    cameras : GeoDataFrame
        CAMERAS with codes such as "osm-n123", and camera_type.
    findings : DataFrame
        key, finding, value: what was odd in the data and how it was met (docs/places.md lists them).
    attribution : str
        To be shown wherever this data is.
    bounds : (west, south, east, north)
        Degrees: the extract's own box, else that of its road nodes.
    """

    road_nodes: gpd.GeoDataFrame
    road_edges: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    cameras: gpd.GeoDataFrame
    findings: pd.DataFrame
    attribution: str
    bounds: Bounds

    def counts(self) -> dict[str, int]:
        """How often each finding was made."""
        return {str(name): int(n) for name, n in self.findings["finding"].value_counts().sort_index().items()}


def read_osm(path: Path | str) -> OsmExtract:
    """Roads, buildings, places, water and cameras of an OpenStreetMap extract.

    Parameters
    ----------
    path : path
        A file pyosmium reads (.osm.pbf, .osm, ...); node locations are held in memory, 16 bytes each.

    Raises
    ------
    geo.errors.InputRefused
        No such file, or not an OpenStreetMap file, or too large once unpacked, or no way with a `highway` tag
        in it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; give the path of an .osm.pbf extract", path=path))
    check_unpacked(path)
    try:
        nodes, ways, relations, box = _read(path)
    except RuntimeError as error:
        raise InputRefused(
            Sentence(
                "%(file)s could not be read as OpenStreetMap data (%(error)s)", file=path.name, error=error
            )
        ) from error
    by_id = {way.osm_id: way for way in ways}
    findings = Findings()
    road_nodes, road_edges = road_frames(ways, findings)
    if road_edges.empty:
        raise InputRefused(
            Sentence(
                "%(file)s holds no road (no way with a highway tag); give a larger extract", file=path.name
            )
        )
    water = water_frame(ways, relations, by_id, findings)
    return OsmExtract(
        road_nodes=road_nodes,
        road_edges=road_edges,
        buildings=obstruction_frame(ways, relations, by_id, findings),
        places=place_frame(nodes, ways, relations, by_id, water, road_edges, findings),
        water=water,
        cameras=camera_frame(nodes, findings),
        findings=findings.frame(),
        attribution=ATTRIBUTION,
        bounds=box if box is not None else _bounds(road_nodes),
    )


def _wanted(tags: dict[str, str]) -> bool:
    return (
        "highway" in tags
        or "building" in tags
        or "waterway" in tags
        or tags.get("natural") == "coastline"
        or is_water(tags)
        or place_kind(tags) is not None
    )


def _read(path: Path) -> tuple[list[Node], list[Way], list[Relation], Bounds | None]:
    # Relations come last in a file, but say which untagged ways are needed: so they are read first.
    relations = []
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        tags = dict(relation.tags)
        if isinstance(relation, osmium.osm.Relation) and tags.get("type") == "multipolygon" and _wanted(tags):
            members = tuple((member.ref, member.role) for member in relation.members if member.type == "w")
            relations.append(Relation(relation.id, tags, members))
    needed = {member for relation in relations for member, _ in relation.members}
    nodes, ways = [], []
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for item in processor:
        # Most nodes carry no tags: they are passed over before anything is copied.
        if isinstance(item, osmium.osm.Node):
            tags = dict(item.tags) if len(item.tags) else {}
            if tags.get("man_made") == "surveillance" or place_kind(tags) is not None:
                nodes.append(Node(item.id, item.lon, item.lat, tags))
        elif isinstance(item, osmium.osm.Way) and (item.id in needed or _wanted(dict(item.tags))):
            ways.append(_way(item))
    box = processor.header.box()
    bounds = None
    if box.valid():
        west_south, east_north = box.bottom_left, box.top_right
        bounds = (west_south.lon, west_south.lat, east_north.lon, east_north.lat)
    return nodes, ways, relations, bounds


def _way(way: osmium.osm.Way) -> Way:
    refs = np.array([node.ref for node in way.nodes], dtype=np.int64)
    lonlat = np.array(
        [
            (node.location.lon, node.location.lat) if node.location.valid() else (np.nan, np.nan)
            for node in way.nodes
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    return Way(way.id, dict(way.tags), refs, lonlat)


def _bounds(nodes: gpd.GeoDataFrame) -> Bounds:
    west, south, east, north = (float(value) for value in nodes.total_bounds)
    return west, south, east, north
