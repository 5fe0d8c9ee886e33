"""Street graphs as OSMnx saves them (`save_graphml`), in longitude and latitude.

Such a graph is OpenStreetMap data cut at its crossings: directed edges, one for each way a street is open to
wheels, so that most streets are there twice. Joined at crossings that are none, an edge may be of several
ways, and its attributes are lists then, written as Python writes them (``['steps', 'footway']``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputRefused, Sentence
from geo.osm import ATTRIBUTION, OsmExtract
from geo.osm.areas import obstruction_frame
from geo.osm.features import camera_frame, place_frame, water_frame
from geo.osm.records import Findings, Way
from geo.osm.tags import KNOWN_CLASSES, NOT_WAYS, WayUse, way_use
from geo.osm.ways import Piece, edge_frames
from geo.readers.documents import Broken, Document, Documents, Unsafe, texts

#: Names of a street of several are told together; a name with a semicolon would be one to OpenStreetMap.
BETWEEN_NAMES = "/"
# A list longer than this is no list of the ways of one street.
_LONGEST_LIST = 20_000
# Of several classes that one edge is of, the one that stands for it: the last of these, the slowest.
_FAST_FIRST = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "road", "residential", "living_street",
    "service", "track", "cycleway", "pedestrian", "path", "footway", "corridor", "elevator", "steps",
)  # fmt: skip
# 10 cm: ends of a line that lie so near are its nodes.
_SAME_DEG = 1e-6
_LONGEST_ID = 2**63


@dataclass
class _Element:
    """A node or an edge while it is read."""

    named: str
    tags: dict[str, str] = field(default_factory=dict)
    u: str = ""
    v: str = ""


class _Graph:
    """What a GraphML document says, attributes by their names."""

    def __init__(self) -> None:
        self.directed = True
        self.about: dict[str, str] = {}
        self.nodes: list[_Element] = []
        self.edges: list[_Element] = []
        self._names: dict[str, str] = {}
        self._tags: dict[str, str] | None = None
        self._key = ""
        self._rooted = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self._rooted and tag != "graphml":
            raise Broken(f"'{tag[:40]}' is no GraphML")
        self._rooted = True
        if tag == "key":
            self._names[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag == "graph":
            self.directed, self._tags = attributes.get("edgedefault") != "undirected", self.about
        elif tag == "node":
            self.nodes.append(_Element(attributes.get("id", "")))
            self._tags = self.nodes[-1].tags
        elif tag == "edge":
            u, v = attributes.get("source", ""), attributes.get("target", "")
            self.edges.append(_Element(f"{u}-{v}", u=u, v=v))
            self._tags = self.edges[-1].tags
        elif tag == "data":
            self._key = attributes.get("key", "")

    def end(self, tag: str, text: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "data" and self._tags is not None:
            self._tags[self._names.get(self._key, self._key)] = text
        elif tag in ("node", "edge"):
            self._tags = self.about


@dataclass(frozen=True)
class _Street:
    """An edge of the file: its ways, names, use and line, in the direction it has there."""

    way: Way
    ways: tuple[int, ...]
    use: WayUse
    u: int
    v: int
    lonlat: NDArray[np.float64]

    @property
    def turned(self) -> _Street:
        use = {one: getattr(self.use, _OTHER_WAY.get(one, one)) for one in _USES}
        return _Street(self.way, self.ways, WayUse(**use), self.v, self.u, self.lonlat[::-1])

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for what lies in one direction along one line of the same ways."""
        return self.u, self.v, self.ways, self.lonlat.tobytes()


_USES = tuple(one.name for one in fields(WayUse))
_OTHER_WAY = {
    f"{mode}_{one}": f"{mode}_{other}"
    for mode in ("foot", "ebike", "car")
    for one, other in (("forward", "backward"), ("backward", "forward"))
}


def read_graphml(path: Path | str) -> OsmExtract:
    """Roads of a street graph that OSMnx saved; it holds no buildings, places, water or cameras.

    A street in both directions is one edge again. Where an edge is of several ways, a mode may use it if it
    may use all of them, stairs on the way make it stairs, its class is the slowest of theirs and its name all
    their names, ``A/B``.

    Parameters
    ----------
    path : path
        UTF-8. Edges have ``highway`` and ``osmid``, nodes ``x`` and ``y``; the other tags that OSMnx was
        told to keep are understood as `geo.osm.tags.way_use` does.

    Raises
    ------
    geo.errors.InputRefused
        No such file, no GraphML, a projected graph, no road in it, or a node or edge that cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; check the path", path=path))
    graph = _read(path)
    crs = graph.about.get("crs", "epsg:4326").lower()
    if crs not in ("epsg:4326", "wgs84", "ogc:crs84"):
        raise InputRefused(
            Sentence(
                "%(file)s is projected (%(crs)s); save the graph in longitude and latitude (epsg:4326)",
                file=path.name,
                crs=crs[:40],
            )
        )
    places = {node.named: _place(path, node) for node in graph.nodes}
    findings = Findings()
    streets = [street for edge in graph.edges for street in _streets(path, graph, edge, places, findings)]
    nodes, edges = edge_frames(list(_pieces(streets)))
    if edges.empty:
        raise InputRefused(
            Sentence(
                "%(file)s holds no road (no edge with a highway tag); give a larger graph", file=path.name
            )
        )
    west, south, east, north = (float(value) for value in nodes.total_bounds)
    water = water_frame([], [], {}, findings)
    return OsmExtract(
        road_nodes=nodes,
        road_edges=edges,
        buildings=obstruction_frame([], [], {}, findings),
        places=place_frame([], [], [], {}, water, edges, findings),
        water=water,
        cameras=camera_frame([], findings),
        findings=findings.frame(),
        attribution=ATTRIBUTION,
        bounds=(west, south, east, north),
    )


def _read(path: Path) -> _Graph:
    found: Documents[_Graph] = Documents(_Graph)
    documents: list[Document[_Graph]] = []
    try:
        with path.open("rb") as file:
            for text in texts(file, "utf-8-sig"):
                documents = list(found.feed(text)) or documents
        documents = list(found.close()) or documents
    except Unsafe as error:
        raise InputRefused(
            Sentence(
                "%(file)s has a document type (DOCTYPE), which no street graph has and which is not safe to "
                "read; save the graph anew with OSMnx",
                file=path.name,
            )
        ) from error
    except UnicodeDecodeError as error:
        raise _unread(path, error) from error
    last = documents[-1] if documents else None
    if last is None or last.error is not None or not last.ended or last.number > 1:
        raise _unread(path, last.error if last is not None and last.error else "unexpected end")
    return last.collector


def _unread(path: Path, why: object) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s could not be read as GraphML (%(error)s); save the graph anew with OSMnx",
            file=path.name,
            error=why,
        )
    )


def _place(path: Path, node: _Element) -> tuple[int, float, float]:
    """Number, longitude and latitude of a node."""
    try:
        number, lon, lat = int(node.named), float(node.tags["x"]), float(node.tags["y"])
    except (KeyError, ValueError) as error:
        raise _no_place(path, node) from error
    if not (abs(number) < _LONGEST_ID and -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise _no_place(path, node)
    return number, lon, lat


def _no_place(path: Path, node: _Element) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s: node '%(name)s' has no whole number, or no longitude x and latitude y; save the graph "
            "anew with OSMnx",
            file=path.name,
            name=node.named[:60],
        )
    )


def _no_way(path: Path, edge: _Element) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s: edge '%(name)s' has no number of its way (osmid); save the graph anew with OSMnx",
            file=path.name,
            name=edge.named[:60],
        )
    )


def _no_line(path: Path, edge: _Element) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s: the line of edge '%(name)s' cannot be read, or does not run from its first node to "
            "its second; save the graph anew with OSMnx",
            file=path.name,
            name=edge.named[:60],
        )
    )


def _streets(
    path: Path, graph: _Graph, edge: _Element, places: dict[str, tuple[int, float, float]], findings: Findings
) -> Iterator[_Street]:
    """The edge as a street; nothing where it is no way or has no length."""
    if edge.u not in places or edge.v not in places:
        raise InputRefused(
            Sentence(
                "%(file)s: edge '%(name)s' ends at a node that is not in the file; save the graph anew with "
                "OSMnx",
                file=path.name,
                name=edge.named[:60],
            )
        )
    try:
        ways = tuple(sorted({int(one) for one in _several(edge.tags.get("osmid", ""))}))
    except ValueError as error:
        raise _no_way(path, edge) from error
    if not ways or not all(abs(one) < _LONGEST_ID for one in ways):
        raise _no_way(path, edge)
    classes = [one for one in _several(edge.tags.get("highway", "")) if one]
    if not classes or all(one in NOT_WAYS for one in classes):
        findings.add(f"w{ways[0]}", "not_a_way", " ".join(classes))
        return
    for one in classes:
        if one not in KNOWN_CLASSES:
            findings.add(f"w{ways[0]}", "unknown_class", one)
    lonlat = _line(path, edge, places)
    if not (np.diff(lonlat, axis=0) != 0.0).any():
        return
    use = _use(edge.tags, directed=graph.directed)
    (u, _, _), (v, _, _) = places[edge.u], places[edge.v]
    name = BETWEEN_NAMES.join(one for one in _several(edge.tags.get("name", "")) if one)
    tags = {"highway": max(classes, key=_rank)} | ({"name": name} if name else {})
    way = Way(ways[0], tags, np.array([u, v], dtype=np.int64), lonlat)
    yield _Street(way, ways, use, u, v, lonlat)


def _rank(road_class: str) -> int:
    return _FAST_FIRST.index(road_class) if road_class in _FAST_FIRST else -1


def _use(tags: dict[str, str], *, directed: bool) -> WayUse:
    """Who may use an edge: whoever may use each of the ways it is made of."""
    said = {name: _several(text) for name, text in tags.items()}
    one_way = said.pop("oneway", ("yes" if directed else "no",))
    # As Python or as OpenStreetMap writes it; an edge runs the way its street is open, also of "-1".
    flow = "yes" if any(one.lower() in ("true", "yes", "1", "-1", "reverse") for one in one_way) else "no"
    flow = next((one for one in one_way if one in ("reversible", "alternating")), flow)
    first = {name: values[0] for name, values in said.items() if values} | {"oneway": flow}
    uses = [way_use(first)]
    uses += [way_use(first | {name: one}) for name, values in said.items() for one in values[1:]]
    joined = {one: all(getattr(use, one) for use in uses) for one in _USES}
    return WayUse(**joined | {"steps": any(use.steps for use in uses)})


def _several(text: str) -> tuple[str, ...]:
    """The values of an attribute, each once, in their order."""
    if text.startswith("[") and text.endswith("]") and len(text) <= _LONGEST_LIST:
        try:
            listed = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            # A name may be in brackets.
            return (text,)
        return tuple(dict.fromkeys(str(one) for one in listed))
    return (text,) if text else ()


def _line(path: Path, edge: _Element, places: dict[str, tuple[int, float, float]]) -> NDArray[np.float64]:
    """The edge's line from u to v; straight where the file gives none."""
    ends = np.array([places[edge.u][1:], places[edge.v][1:]])
    if "geometry" not in edge.tags:
        return ends
    try:
        shape = shapely.from_wkt(edge.tags["geometry"])
    except shapely.errors.ShapelyError as error:
        raise _no_line(path, edge) from error
    if not isinstance(shape, shapely.LineString) or len(shape.coords) < 2:
        raise _no_line(path, edge)
    xy = shapely.get_coordinates(shape)
    if not np.abs(xy[[0, -1]] - ends).max() <= _SAME_DEG:
        raise _no_line(path, edge)
    xy[[0, -1]] = ends
    return xy


def _pieces(streets: Iterable[_Street]) -> Iterator[Piece]:
    """Each street once, with what its edges in both directions allow; by way, then by crossing."""
    found: dict[tuple[object, ...], _Street] = {}
    # Which of two directions a street gets does not depend on their order in the file.
    for street in sorted(streets, key=lambda one: (one.ways, one.u, one.v, one.lonlat.tolist())):
        same = street if street.key in found else street.turned
        known = found.get(same.key)
        if known is None:
            found[street.key] = street
            continue
        either = {one: getattr(known.use, one) or getattr(same.use, one) for one in _USES}
        found[same.key] = replace(known, use=WayUse(**either))
    for street in found.values():
        yield street.way, street.use, street.u, street.v, street.lonlat
