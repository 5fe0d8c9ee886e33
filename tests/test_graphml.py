"""Street graphs of OSMnx: small ones made by hand, and a real one of Shenzhen held against SciPy."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from sqlalchemy import text

from geo import repository
from geo.crs import to_metric
from geo.errors import InputRefused
from geo.osm import ATTRIBUTION
from geo.readers import read_roads
from geo.readers.graphml import read_graphml
from geo.repository.search import street_names
from geo.roads import RoadNetwork
from geo.services import import_places

FUTIAN = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "shenzhen_futian" / "G.graphml"
needs_futian = pytest.mark.skipif(not FUTIAN.is_file(), reason=f"the sample graph is not at {FUTIAN}")

# A square of about 103 × 111 m, west of Futian.
PLACES = {1: (114.000, 22.500), 2: (114.001, 22.500), 3: (114.001, 22.501), 4: (114.000, 22.501)}
STREET = {"osmid": "10", "highway": "residential", "oneway": "False"}


def graph(path, edges, *, places=None, directed=True, crs="epsg:4326", head=""):
    """A GraphML file as `osmnx.save_graphml` writes it: edges (u, v, {attribute: text})."""
    names = sorted({name for _, _, tags in edges for name in tags} | {"x", "y", "crs"})
    keys = {name: f"d{i}" for i, name in enumerate(names)}

    def data(tags):
        return "".join(f'<data key="{keys[k]}">{escape(str(v))}</data>' for k, v in tags.items())

    nodes = (places or PLACES).items()
    path.write_text(
        "<?xml version='1.0' encoding='utf-8'?>\n"
        + head
        + '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        + "".join(f'<key id="{key}" attr.name="{name}" attr.type="string"/>' for name, key in keys.items())
        + f'<graph edgedefault="{"directed" if directed else "undirected"}">{data({"crs": crs})}'
        + "".join(f'<node id="{n}">{data({"y": lat, "x": lon})}</node>' for n, (lon, lat) in nodes)
        + "".join(f'<edge source="{u}" target="{v}" id="0">{data(t)}</edge>' for u, v, t in edges)
        + "</graph></graphml>",
        encoding="utf-8",
    )
    return path


def both(u, v, tags):
    """A street in both directions, as two edges."""
    points = tags.get("geometry")
    turned = tags | {"reversed": "True"}
    if points:
        inside = points.removeprefix("LINESTRING (").removesuffix(")").split(", ")
        turned["geometry"] = f"LINESTRING ({', '.join(reversed(inside))})"
    return [(u, v, tags | {"reversed": "False"}), (v, u, turned)]


def flags(edges, row=0):
    """Open directions as letters: F foot, E e-bike, C car; upper case forward, lower case backward."""
    one = edges.iloc[row]
    found = ""
    for letter, mode in (("F", "foot"), ("E", "ebike"), ("C", "car")):
        found += letter * bool(one[f"{mode}_forward"]) + letter.lower() * bool(one[f"{mode}_backward"])
    return found


def refused(path):
    with pytest.raises(InputRefused) as told:
        read_graphml(path)
    return str(told.value)


def test_a_street_in_both_directions_is_one_edge(tmp_path):
    """With a bend, a name and its way; it is as long as it was drawn, once."""
    line = "LINESTRING (114 22.5, 114.0005 22.5001, 114.001 22.5)"
    extract = read_graphml(
        graph(tmp_path / "a.graphml", both(1, 2, STREET | {"name": "福华路", "geometry": line}))
    )
    edges = extract.road_edges
    assert edges[["u", "v", "way_id", "name", "road_class"]].values.tolist() == [
        [1, 2, 10, "福华路", "residential"]
    ]
    assert list(edges.geometry.iloc[0].coords) == [(114.0, 22.5), (114.0005, 22.5001), (114.001, 22.5)]
    assert flags(edges) == "FfEeCc" and edges["watched"].all() and not edges["steps"].any()
    assert extract.road_nodes.index.tolist() == [1, 2]
    assert extract.attribution == ATTRIBUTION and extract.bounds == (114.0, 22.5, 114.001, 22.5)
    for frame in (extract.buildings, extract.places, extract.water, extract.cameras):
        assert frame.empty


def test_the_order_of_a_file_changes_nothing(tmp_path):
    edges = [
        *both(1, 2, STREET),
        *both(2, 3, STREET | {"osmid": "[11, 9]"}),
        (3, 4, STREET | {"oneway": "True"}),
    ]
    one = read_graphml(graph(tmp_path / "a.graphml", edges)).road_edges
    other = read_graphml(graph(tmp_path / "b.graphml", edges[::-1])).road_edges
    assert one.equals(other) and one["way_id"].tolist() == [9, 10, 10]


def test_a_one_way_street_is_open_to_wheels_as_its_edge_runs(tmp_path):
    one_way = STREET | {"oneway": "True"}
    for edge, tags, expected in (
        ((1, 2), one_way, "FfEC"),
        ((2, 1), one_way, "FfEC"),
        ((1, 2), one_way | {"oneway": "[False, True]"}, "FfEC"),
        ((1, 2), one_way | {"oneway:bicycle": "no"}, "FfEeC"),
        ((1, 2), STREET | {"oneway": "reversible"}, "Ff"),
        ((1, 2), STREET, "FfEeCc"),
    ):
        edges = read_graphml(graph(tmp_path / "a.graphml", [(*edge, tags)])).road_edges
        assert (*edges[["u", "v"]].iloc[0], flags(edges)) == (*edge, expected), tags


def test_without_a_word_on_one_way_the_edges_themselves_tell(tmp_path):
    plain = {"osmid": "10", "highway": "residential"}
    assert flags(read_graphml(graph(tmp_path / "a.graphml", [(1, 2, plain)])).road_edges) == "FfEC"
    edges = read_graphml(graph(tmp_path / "a.graphml", [(1, 2, plain), (2, 1, plain)])).road_edges
    assert len(edges) == 1 and flags(edges) == "FfEeCc"
    undirected = graph(tmp_path / "a.graphml", [(1, 2, plain)], directed=False)
    assert flags(read_graphml(undirected).road_edges) == "FfEeCc"


def test_two_ways_between_the_same_crossings_stay_two(tmp_path):
    """Straight both, of different ways; and a loop, whose two directions are one edge."""
    edges = [*both(1, 2, STREET), *both(1, 2, STREET | {"osmid": "11", "highway": "footway"})]
    loop = "LINESTRING (114 22.5, 113.999 22.5, 113.999 22.499, 114 22.5)"
    edges += both(1, 1, STREET | {"osmid": "12", "geometry": loop})
    found = read_graphml(graph(tmp_path / "a.graphml", edges)).road_edges
    assert found[["u", "v", "way_id"]].values.tolist() == [[1, 2, 10], [1, 2, 11], [1, 1, 12]]
    assert [flags(found, row) for row in range(3)] == ["FfEeCc", "Ff", "FfEeCc"]


@pytest.mark.parametrize(
    ("tags", "road_class", "open_to", "steps"),
    [
        ({"highway": "['primary', 'trunk']"}, "primary", "FfCc", False),
        ({"highway": "['trunk', 'motorway']"}, "trunk", "Cc", False),
        ({"highway": "['steps', 'footway']"}, "steps", "Ff", True),
        ({"highway": "['service', 'residential']"}, "service", "FfEeCc", False),
        ({"highway": "residential", "access": "['yes', 'private']"}, "residential", "", False),
        ({"highway": "trunk"}, "trunk", "FfCc", False),
        ({"highway": "footway", "bicycle": "designated"}, "footway", "FfEe", False),
    ],
)
def test_an_edge_of_several_ways_is_open_to_who_may_use_them_all(tmp_path, tags, road_class, open_to, steps):
    edges = read_graphml(graph(tmp_path / "a.graphml", both(1, 2, STREET | tags))).road_edges
    assert (edges["road_class"][0], flags(edges), bool(edges["steps"][0])) == (road_class, open_to, steps)


def test_names_of_several_ways_are_told_together(tmp_path):
    for written, name in (
        ("['红荔西路', '竹子林一路', '红荔西路']", "红荔西路/竹子林一路"),
        ("[旧]街", "[旧]街"),
        ("[未完]", "[未完]"),
        ("", None),
    ):
        path = graph(tmp_path / "a.graphml", both(1, 2, STREET | {"name": written}))
        assert read_graphml(path).road_edges["name"].tolist() == [name]


def test_a_tunnel_is_no_watched_ground_and_no_way_is_left_out(tmp_path):
    edges = [
        *both(1, 2, STREET | {"tunnel": "['yes', 'no']"}),
        *both(2, 3, STREET | {"osmid": "11", "highway": "allee"}),
        *both(3, 4, STREET | {"osmid": "12", "highway": "bus_stop"}),
        *both(4, 4, STREET | {"osmid": "13"}),
    ]
    found = read_graphml(graph(tmp_path / "a.graphml", edges))
    assert found.road_edges["way_id"].tolist() == [10, 11]
    assert found.road_edges["watched"].tolist() == [False, True]
    assert found.counts() == {"not_a_way": 2, "unknown_class": 2}


def test_what_is_no_street_graph_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "a.graphml"
    assert "no file at" in refused(path)
    for content in ("", "no graph", "<osm/>", "<graphml><graph>", "<graphml/><graphml/>"):
        path.write_text(content)
        assert refused(path).startswith("a.graphml could not be read as GraphML"), content
    path.write_bytes("<graphml>村</graphml>".encode("gb18030"))
    assert refused(path).startswith("a.graphml could not be read as GraphML")
    assert "document type" in refused(graph(path, both(1, 2, STREET), head="<!DOCTYPE graphml>"))
    assert "is projected (epsg:32650); save" in refused(graph(path, both(1, 2, STREET), crs="EPSG:32650"))
    assert "holds no road" in refused(graph(path, []))
    assert "holds no road" in refused(graph(path, [(1, 1, STREET)]))
    for number, lon, lat in ((1.5, 114.0, 22.5), (1, "here", 22.5), (1, 1140.0, 22.5), (1, "nan", 22.5)):
        told = refused(graph(path, [], places={number: (lon, lat)}))
        assert told.startswith(f"a.graphml: node '{number}' has no whole number"), told
    assert "edge '1-5' ends at a node that is not in the file" in refused(graph(path, [(1, 5, STREET)]))
    for osmid in ("", "w10", "[]", "['x']", str(2**63)):
        told = refused(graph(path, [(1, 2, STREET | {"osmid": osmid})]))
        assert "edge '1-2' has no number of its way (osmid)" in told, osmid
    for line in ("LINESTRING", "POINT (114 22.5)", "LINESTRING (114 22.5, 114.002 22.5)", "LINESTRING EMPTY"):
        told = refused(graph(path, [(1, 2, STREET | {"geometry": line})]))
        assert "the line of edge '1-2' cannot be read" in told, line


def test_a_graph_is_taken_in_as_roads_and_credited(session, tmp_path):
    path = graph(tmp_path / "futian.graphml", both(1, 2, STREET | {"name": "福华路"}))
    with pytest.raises(InputRefused, match="is wgs84, not gcj02"):
        read_roads(path, datum="gcj02")
    report = import_places(session, "roads", path, datum="wgs84", author="test")
    assert report.stored == 1
    assert session.execute(text("SELECT attribution FROM site")).scalar_one() == ATTRIBUTION
    with pytest.raises(InputRefused, match=r"futian\.graphml was imported as roads before"):
        import_places(session, "roads", path, datum="wgs84", author="test")


# ---------------------------------------------------------------- a real graph


@pytest.fixture(scope="module")
def futian():
    return read_graphml(FUTIAN)


@pytest.fixture(scope="module")
def file_edges():
    """Edges as the file has them, read by another parser: (u, v, tags)."""
    tree = ET.parse(FUTIAN).getroot()
    names = {key.get("id"): key.get("attr.name") for key in tree.findall(".//{*}key")}
    return [
        (int(edge.get("source")), int(edge.get("target")), {names[d.get("key")]: d.text for d in edge})
        for edge in tree.findall(".//{*}edge")
    ]


def listed(value):
    return ast.literal_eval(value) if value.startswith("[") else [value]


@pytest.mark.shared
@needs_futian
def test_futian_has_every_street_once_and_with_its_name(futian, file_edges):
    """1,751 nodes and 4,009 edges (its README); 1,181 of these are one-way, the others there twice."""
    edges = futian.road_edges
    one_way = [edge for edge in file_edges if edge[2]["oneway"] == "True"]
    assert (len(futian.road_nodes), len(file_edges), len(one_way)) == (1751, 4009, 1181)
    assert len(edges) == 1181 + (4009 - 1181) // 2 and futian.counts() == {}
    length = sum(
        float(tags["length"]) * (1.0 if tags["oneway"] == "True" else 0.5) for *_, tags in file_edges
    )
    # OSMnx measures on a sphere, we in the projection.
    assert to_metric(edges).length.sum() == pytest.approx(length, rel=0.003)
    names = Counter(edges["name"].dropna())
    assert names["深南大道"] == 46 and names["红荔西路/竹子林一路"] == 1 and len(names) == 164
    assert not edges["ebike_forward"][edges["road_class"].str.contains("motorway|trunk")].any()


SLOW = {"living_street", "service", "pedestrian", "track", "footway", "cycleway", "path"}
WALKED_ONLY = {"footway", "pedestrian", "path", "cycleway", "steps", "track"}


def seconds(tags, mode):
    """How long an edge of the file takes, None where the mode may not go: the rules of docs/roads.md anew."""
    classes = set(listed(tags["highway"]))
    if set(listed(tags.get("access", "yes"))) & {"private", "no"}:
        return None
    length = float(tags["length"])
    if mode == "foot":
        if classes & {"motorway", "motorway_link"}:
            return None
        return length / (0.7 if "steps" in classes else 1.4)
    if classes & WALKED_ONLY:
        return None
    return length / (4.0 if classes & SLOW else 8.0)


@pytest.mark.shared
@needs_futian
@pytest.mark.parametrize("mode", ["foot", "car"])
def test_times_in_futian_are_those_of_the_file(futian, file_edges, mode):
    """Between 40 crossings, with SciPy, from the lengths, classes and directions that the file states."""
    nodes = to_metric(futian.road_nodes)
    net = RoadNetwork.from_edges(nodes, to_metric(futian.road_edges))
    row = {int(number): i for i, number in enumerate(nodes.index)}
    best: dict[tuple[int, int], float] = {}
    for u, v, tags in file_edges:
        took = seconds(tags, mode)
        if took is None:
            continue
        for a, b in ((u, v), (v, u)) if mode == "foot" else ((u, v),):
            best[row[a], row[b]] = min(took, best.get((row[a], row[b]), np.inf))
    keys = np.array(list(best))
    matrix = csr_array((list(best.values()), (keys[:, 0], keys[:, 1])), shape=(len(row),) * 2)
    main = net.graphs[mode].main
    ends = np.intersect1d(net.u[main], net.v[main])[::29][:40]
    theirs = dijkstra(matrix, indices=ends)[:, ends]
    ours, _ = net.matrix(nodes.geometry.iloc[ends], mode)
    assert len(ends) > 20 and np.isfinite(theirs).all()
    assert np.abs(ours - theirs).max() <= 1.0 + 0.004 * theirs.max()


@pytest.mark.shared
@needs_futian
def test_a_place_in_futian_is_named_in_chinese(session):
    import_places(session, "roads", FUTIAN, datum="wgs84", author="test", name="福田")
    _, edges = repository.roads(session)
    on = edges[edges["name"] == "沙嘴路"]
    middles = gpd.GeoSeries(
        shapely.line_interpolate_point(on.geometry.to_numpy(), 0.5, normalized=True), crs=4326
    )
    assert len(middles) > 10 and set(street_names(session, middles)) == {"沙嘴路"}
