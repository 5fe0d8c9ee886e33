"""OpenStreetMap extracts: the real Helsinki file held against GDAL, and small ones made by hand."""

import math
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from osm_files import grid, osm_file
from pyproj import Geod

from geo.crs import to_metric
from geo.directions import direction_in_name, parse_direction
from geo.errors import InputRefused
from geo.osm import read_osm
from geo.osm.areas import PASSABLE_M, height_m, is_obstruction
from geo.osm.tags import metres, way_use

HELSINKI = Path(__file__).parents[1] / "data" / "fetched" / "Helsinki.osm.pbf"


@pytest.fixture(scope="module")
def helsinki_file():
    assert HELSINKI.is_file(), (
        f"{HELSINKI} is missing; `make run` fetches it (data/README.md gives the command)"
    )
    return HELSINKI


@pytest.fixture(scope="module")
def helsinki(helsinki_file):
    return read_osm(helsinki_file)


def merged(shape):
    """GDAL leaves parts of a multipolygon that share an edge apart; put together they are valid."""
    return shapely.union_all(shapely.get_parts(shape))


def gdal(path, layer, where, columns=()):
    # Rings that the extract has cut down to two points are no geometry to GDAL either.
    fields = ["osm_id", *columns]
    frame = pyogrio.read_dataframe(path, layer=layer, where=where, columns=fields, on_invalid="ignore")
    return frame[frame.geometry.notna()]


# ---------------------------------------------------------------- the real extract


def test_helsinki_has_221_cameras_and_gdal_finds_the_same(helsinki, helsinki_file):
    other = gdal(
        helsinki_file,
        "points",
        "other_tags LIKE '%\"man_made\"=>\"surveillance\"%' OR man_made='surveillance'",
    )
    assert len(helsinki.cameras) == len(other) == 221
    assert set(helsinki.cameras["code"]) == {f"osm-n{osm_id}" for osm_id in other["osm_id"]}
    assert helsinki.cameras["azimuth_deg"].isna().all()  # DOMAIN §2: not one direction
    assert (helsinki.cameras["azimuth_quality"] == "unknown").all()
    assert helsinki.cameras["mount_height_m"].dropna().tolist() == [8.0, 7.0, 4.0]  # the three height tags


@pytest.mark.filterwarnings("ignore:Non closed ring", "ignore:organizePolygons")
def test_the_ways_of_helsinki_are_as_long_as_gdal_says(helsinki, helsinki_file):
    """GDAL reads the same ways (closed ones too), measured on the ellipsoid; 107 km."""
    lines = gdal(helsinki_file, "lines", "highway IS NOT NULL")
    areas = gdal(helsinki_file, "multipolygons", "other_tags LIKE '%\"highway\"=>%'", ["osm_way_id"])
    outlines = areas[areas["osm_way_id"].notna()].geometry.boundary
    geod = Geod(ellps="WGS84")
    theirs = sum(geod.geometry_length(shape) for shape in [*lines.geometry, *outlines])
    ours = sum(geod.geometry_length(shape) for shape in helsinki.road_edges.geometry)
    assert ours == pytest.approx(theirs, rel=0.005)  # GDAL bridges the nodes that the extract cut off
    assert ours == pytest.approx(107_000.0, rel=0.01)
    # length is the same in the metric CRS to the scale of the projection (UTM 0.9996)
    assert to_metric(helsinki.road_edges).length.sum() == pytest.approx(ours, rel=5e-4)


@pytest.mark.filterwarnings("ignore:Non closed ring", "ignore:organizePolygons")
def test_every_whole_building_has_the_area_that_gdal_gives_it(helsinki, helsinki_file):
    other = gdal(
        helsinki_file, "multipolygons", "building IS NOT NULL", ["osm_way_id", "building", "other_tags"]
    )
    keys = [
        f"w{row.osm_way_id}" if isinstance(row.osm_way_id, str) else f"r{row.osm_id}"
        for row in other.itertuples()
    ]
    theirs = dict(zip(keys, other.geometry, strict=True))
    odd = set(
        helsinki.findings["key"][helsinki.findings["finding"].isin(["incomplete_area", "repaired_ring"])]
    )
    ours = dict(zip(helsinki.buildings["key"], helsinki.buildings.geometry, strict=True))
    whole = {key for key in ours if key not in odd}
    assert len(whole) > 420
    assert whole <= set(theirs)
    for key in whole:
        assert shapely.symmetric_difference(ours[key], merged(theirs[key])).area < 1e-13, key
    left_out = set(theirs) - set(ours)
    named = helsinki.findings[
        helsinki.findings["finding"].isin(["no_obstruction", "ring_tagged_twice", "no_area"])
    ]
    assert left_out <= set(named["key"]), "every building that GDAL has and we leave out has its finding"


def test_the_frames_of_helsinki_keep_the_contract(helsinki):
    nodes, edges = helsinki.road_nodes, helsinki.road_edges
    assert nodes.index.name == "node_id" and nodes.index.is_unique
    assert edges.index.tolist() == list(range(len(edges)))
    assert np.isin(edges[["u", "v"]].to_numpy(), nodes.index).all()
    starts = shapely.get_point(edges.geometry.to_numpy(), 0)
    ends = shapely.get_point(edges.geometry.to_numpy(), -1)
    assert shapely.equals(starts, nodes.geometry.loc[edges["u"]].to_numpy()).all()
    assert shapely.equals(ends, nodes.geometry.loc[edges["v"]].to_numpy()).all()
    assert edges.geometry.is_valid.all() and (shapely.length(edges.geometry) > 0).all()
    assert helsinki.buildings.geometry.is_valid.all()
    assert set(helsinki.buildings.geom_type) <= {"Polygon", "MultiPolygon"}
    assert helsinki.buildings["height_m"].max() == 70.0 and helsinki.buildings["height_m"].isna().any()
    assert (helsinki.places["kind"] == "school").sum() == 3
    assert (helsinki.places.geom_type == "Point").all() and helsinki.places["key"].is_unique
    assert helsinki.attribution == "© OpenStreetMap contributors"
    west, _, _, north = helsinki.bounds
    assert (west, north) == pytest.approx((24.9351762, 60.179113))
    assert all(frame.crs.to_epsg() == 4326 for frame in (nodes, edges, helsinki.places, helsinki.water))


def test_watched_ground_is_open_air(helsinki):
    watched = helsinki.road_edges[helsinki.road_edges["watched"]]
    assert not set(watched["road_class"]) & {"corridor", "elevator", "platform", "construction"}
    assert "Opintoputki" not in set(watched["name"])  # a foot tunnel under the station yard
    assert "Aleksanterinkatu" in set(watched["name"])
    assert 75_000.0 < to_metric(watched).length.sum() < 90_000.0


# ---------------------------------------------------------------- small files made by hand


STREET = [(99, [901, 902], {"highway": "residential"})]
STREET_NODES = grid((901, 0, 9), (902, 9, 9))


def test_ways_are_split_where_they_share_a_node_and_nowhere_else(tmp_path):
    """A street 1-2-3-4 crossed at 3 by 5-3-6; node 2 is only a bend."""
    nodes = grid((1, 0, 0), (2, 1, 1), (3, 2, 0), (4, 3, 0), (5, 2, 1), (6, 2, -1))
    ways = [
        (10, [1, 2, 3, 4], {"highway": "residential", "name": "A"}),
        (11, [5, 3, 6], {"highway": "footway"}),
    ]
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, ways))
    edges = extract.road_edges
    assert edges[["u", "v", "way_id"]].to_numpy().tolist() == [[1, 3, 10], [3, 4, 10], [5, 3, 11], [3, 6, 11]]
    assert [len(line.coords) for line in edges.geometry] == [3, 2, 2, 2]
    assert edges["name"].tolist() == ["A", "A", None, None]
    assert extract.road_nodes.index.tolist() == [1, 3, 4, 5, 6]
    assert extract.bounds == pytest.approx((10.0, 49.999, 10.003, 50.001))


def test_a_loop_is_one_edge_and_a_way_crossing_itself_is_split_there(tmp_path):
    nodes = grid((1, 0, 0), (2, 1, 0), (3, 1, 1), (4, 0, 5), (5, 2, 5), (6, 2, 6), (7, 1, 4))
    ways = [(10, [1, 2, 3, 1], {"highway": "residential"}), (11, [4, 5, 6, 5, 7], {"highway": "residential"})]
    edges = read_osm(osm_file(tmp_path / "x.osm", nodes, ways)).road_edges
    assert edges[["u", "v"]].to_numpy().tolist() == [[1, 1], [4, 5], [5, 5], [5, 7]]


def test_a_way_cut_off_by_the_extract_ends_there_and_no_gap_is_bridged(tmp_path):
    """Way 10 lacks nodes 3 and 4: two edges remain. Way 11 has one node left: nothing does."""
    nodes = grid((1, 0, 0), (2, 1, 0), (5, 4, 0), (6, 5, 0))
    ways = [(10, [1, 2, 3, 4, 5, 6], {"highway": "path"}), (11, [1, 77], {"highway": "path"})]
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, ways))
    assert extract.road_edges[["u", "v"]].to_numpy().tolist() == [[1, 2], [5, 6]]
    assert extract.counts() == {"incomplete_way": 1, "no_known_node": 1}


def test_two_nodes_at_one_place_make_no_edge_without_length(tmp_path):
    nodes = grid((1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 2, 0))
    edges = read_osm(
        osm_file(tmp_path / "x.osm", nodes, [(10, [1, 2, 3, 4], {"highway": "path"})])
    ).road_edges
    assert edges[["u", "v"]].to_numpy().tolist() == [[1, 4]] and len(edges.geometry[0].coords) == 3


def test_what_is_no_way_is_left_out_and_what_is_unknown_is_walked_and_counted(tmp_path):
    nodes = grid((1, 0, 0), (2, 1, 0))
    ways = [(10, [1, 2], {"highway": "rest_area"}), (11, [1, 2], {"highway": "allee"})]
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, ways))
    assert extract.road_edges["road_class"].tolist() == ["allee"]
    assert extract.road_edges["foot_forward"].all() and not extract.road_edges["car_forward"].any()
    assert extract.counts() == {"not_a_way": 1, "unknown_class": 1}


SQUARE = [(1, 0, 0), (2, 4, 0), (3, 4, 4), (4, 0, 4)]
YARD = [(5, 1, 1), (6, 3, 1), (7, 3, 3), (8, 1, 3)]


def test_a_relation_of_split_rings_has_its_courtyard(tmp_path):
    """Outer ring in two open ways, inner ring in one: 16 - 4 grid squares."""
    nodes = grid(*SQUARE, *YARD) | STREET_NODES
    ways = [(20, [1, 2, 3], {}), (21, [3, 4, 1], {}), (22, [5, 6, 7, 8, 5], {}), *STREET]
    relation = (
        30,
        [(20, "outer"), (21, "outer"), (22, "inner")],
        {"type": "multipolygon", "building": "yes"},
    )
    [building] = read_osm(osm_file(tmp_path / "x.osm", nodes, ways, [relation])).buildings.geometry
    assert building.area == pytest.approx(12e-6) and len(building.interiors) == 1


def test_a_house_in_the_courtyard_stands(tmp_path):
    """An outer ring inside the inner one, as OSM maps it: 16 - 4 + 0.5 grid squares."""
    nodes = grid(*SQUARE, *YARD, (9, 1.5, 1.5), (10, 2.5, 1.5), (11, 2, 2.5)) | STREET_NODES
    ways = [(20, [1, 2, 3, 4, 1], {}), (22, [5, 6, 7, 8, 5], {}), (23, [9, 10, 11, 9], {}), *STREET]
    members = [(20, "outer"), (22, "inner"), (23, "outer")]
    relation = (30, members, {"type": "multipolygon", "building": "yes"})
    [building] = read_osm(osm_file(tmp_path / "x.osm", nodes, ways, [relation])).buildings.geometry
    assert building.geom_type == "MultiPolygon" and building.area == pytest.approx(12.5e-6)


def test_an_outer_ring_tagged_once_more_does_not_fill_the_courtyard(tmp_path):
    nodes = grid(*SQUARE, *YARD) | STREET_NODES
    ways = [(20, [1, 2, 3, 4, 1], {"building": "yes"}), (22, [5, 6, 7, 8, 5], {}), *STREET]
    relation = (30, [(20, "outer"), (22, "inner")], {"type": "multipolygon", "building": "yes"})
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, ways, [relation]))
    assert extract.buildings["key"].tolist() == ["r30"]
    assert extract.counts() == {"ring_tagged_twice": 1}


def test_a_ring_that_crosses_itself_is_repaired_and_counted(tmp_path):
    """A bow-tie 0,0 - 4,4 - 4,0 - 0,4: two triangles of 4 grid squares each."""
    nodes = grid(*SQUARE) | STREET_NODES
    extract = read_osm(
        osm_file(tmp_path / "x.osm", nodes, [(20, [1, 3, 2, 4, 1], {"building": "yes"}), *STREET])
    )
    assert extract.buildings.geometry.is_valid.all()
    assert extract.buildings.geometry[0].area == pytest.approx(8e-6)
    assert extract.counts() == {"repaired_ring": 1}


def test_a_building_cut_off_by_the_extract_keeps_the_part_that_is_known(tmp_path):
    nodes = grid(*SQUARE[:3]) | STREET_NODES
    ways = [(20, [1, 2, 3, 4, 1], {"building": "yes"}), (21, [1, 77, 78, 1], {"building": "yes"}), *STREET]
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, ways))
    assert extract.buildings["key"].tolist() == ["w20"]
    assert extract.buildings.geometry[0].area == pytest.approx(8e-6)  # the triangle 1-2-3
    assert extract.counts() == {"incomplete_area": 2, "no_area": 1}


@pytest.mark.parametrize(
    ("tags", "stands"),
    [
        ({"building": "yes"}, True),
        ({"building": "no"}, False),
        ({"building": "roof"}, False),
        ({"building": "yes", "location": "underground"}, False),
        ({"building": "yes", "layer": "-1"}, False),
        ({"building": "yes", "layer": "1"}, True),
        ({"building": "yes", "building:min_level": "1"}, False),  # 3 m of air below
        ({"building": "yes", "min_height": "2"}, True),
        ({"building": "yes", "min_height": "16"}, False),
        ({"building": "yes", "wall": "no"}, False),
    ],
)
def test_only_what_stands_on_the_ground_hides_what_is_behind(tags, stands):
    assert is_obstruction(tags) is stands


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"height": "12.13 m"}, 12.13),
        ({"height": "18", "building:levels": "2"}, 18.0),
        ({"height": "40'"}, 12.192),
        ({"building:levels": "3.5"}, 10.5),
        ({"height": "tall"}, math.nan),
        ({"height": "-3"}, math.nan),
        ({}, math.nan),
    ],
)
def test_heights_are_metres_or_unknown(tags, expected):
    assert height_m(tags) == pytest.approx(expected, nan_ok=True)
    assert metres("2") < PASSABLE_M


def test_a_water_is_declared_at_its_bank_beside_the_street(tmp_path):
    """A pond 4 rows below a street that runs along row 9: the bank is on row 4, not in the middle."""
    nodes = grid(*SQUARE) | STREET_NODES
    extract = read_osm(
        osm_file(tmp_path / "x.osm", nodes, [(20, [1, 2, 3, 4, 1], {"natural": "water"}), *STREET])
    )
    assert extract.places["kind"].tolist() == ["water"]
    assert extract.places.geometry[0].y == pytest.approx(50.004)
    assert extract.water.geometry[0].area == pytest.approx(16e-6)


def test_a_school_mapped_as_node_and_grounds_is_one_place(tmp_path):
    nodes = grid(*SQUARE) | STREET_NODES
    nodes[50] = (10.002, 50.002, {"amenity": "school", "name": "S"})
    nodes[51] = (10.002, 50.003, {"amenity": "bank"})
    nodes[52] = (10.008, 50.002, {"amenity": "school"})
    extract = read_osm(
        osm_file(tmp_path / "x.osm", nodes, [(20, [1, 2, 3, 4, 1], {"amenity": "school"}), *STREET])
    )
    assert sorted(extract.places[["key", "kind"]].itertuples(index=False, name=None)) == [
        ("n51", "bank"), ("n52", "school"), ("w20", "school"),
    ]  # fmt: skip
    assert extract.counts() == {"place_mapped_twice": 1}


CAMERAS = {
    "measured": {"camera:direction": "135", "camera:type": "fixed", "height": "4", "camera:angle": "15"},
    "cardinal": {"direction": "NE"},
    "fixed range": {"camera:direction": "239-284", "camera:type": "fixed"},
    "narrow sweep": {"camera:direction": "350-10", "camera:type": "panning"},
    "wide sweep": {"camera:direction": "90-270", "camera:type": "dome"},
    "list": {"camera:direction": "45", "camera:tilt": "-25"},
    "nonsense": {"camera:direction": "clockwise", "height": "-4", "camera:angle": "steep"},
}


def test_the_direction_tags_of_cameras(tmp_path):
    """DOMAIN §2 forms; a turning camera's range says where it can look, not where it does."""
    nodes = dict(STREET_NODES)
    for i, tags in enumerate(CAMERAS.values()):
        nodes[i + 1] = (10.0 + 0.001 * i, 50.0, {"man_made": "surveillance", **tags})
    nodes[50] = (10.0, 50.0, {"man_made": "surveillance", "surveillance": "indoor"})
    nodes[51] = (10.0, 50.0, {"man_made": "surveillance", "surveillance:type": "guard"})
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, STREET))
    cameras = extract.cameras.assign(case=list(CAMERAS)).set_index("case")
    expected = {
        "measured": (135.0, "measured", math.nan, False),
        "cardinal": (45.0, "coarse", math.nan, False),
        "fixed range": (261.5, "measured", 45.0, False),
        "narrow sweep": (0.0, "coarse", math.nan, True),
        "wide sweep": (math.nan, "unknown", math.nan, True),
        "list": (45.0, "measured", math.nan, False),
        "nonsense": (math.nan, "unknown", math.nan, False),
    }
    for case, (azimuth, quality, hfov, ptz) in expected.items():
        row = cameras.loc[case]
        assert row["azimuth_deg"] == pytest.approx(azimuth, nan_ok=True), case
        assert (row["azimuth_quality"], row["ptz"]) == (quality, ptz), case
        assert row["hfov_deg"] == pytest.approx(hfov, nan_ok=True), case
    assert cameras["tilt_deg"].dropna().to_dict() == {"measured": 15.0, "list": 25.0}
    assert cameras["mount_height_m"].dropna().to_dict() == {"measured": 4.0}
    assert extract.counts() == {
        "direction_is_a_range": 2,
        "direction_not_understood": 1,
        "guard_not_camera": 1,
        "height_not_understood": 1,
        "indoor_camera": 1,
        "tilt_not_understood": 1,
    }


LISTS = [
    # (tags, cameras as (end of the code, azimuth, quality, width of the view), findings)
    ({"camera:direction": "45;135"}, [("", 45, "measured", None), ("-2", 135, "measured", None)], 1),
    ({"direction": "SE; 10"}, [("", 135, "coarse", None), ("-2", 10, "measured", None)], 1),
    (
        {"camera:direction": "0;90;180;270", "camera:type": "fixed"},
        [("", 0, "measured", None), *((f"-{n}", 90 * n - 90, "measured", None) for n in (2, 3, 4))],
        1,
    ),
    (
        {"camera:direction": "239-284;350-10", "camera:type": "fixed"},
        [("", 261.5, "measured", 45), ("-2", 0, "measured", 20)],
        1,
    ),
    ({"camera:direction": "45;45"}, [("", 45, "measured", None)], 0),
    ({"camera:direction": "45;"}, [("", 45, "measured", None)], 0),
]


@pytest.mark.parametrize(("tags", "cameras", "several"), LISTS)
def test_several_cameras_on_one_node(tmp_path, tags, cameras, several):
    """A list is of several cameras on one pole; they share all else that the node says."""
    nodes = dict(STREET_NODES)
    nodes[7] = (10.0, 50.0, {"man_made": "surveillance", "name": "P", "height": "4", **tags})
    nodes[8] = (10.001, 50.0, {"man_made": "surveillance", "direction": "20"})
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, STREET))
    found = extract.cameras.set_index("code")
    assert list(found.index) == [*(f"osm-n7{end}" for end, *_ in cameras), "osm-n8"]
    for end, azimuth, quality, hfov in cameras:
        row = found.loc[f"osm-n7{end}"]
        assert (row["azimuth_deg"], row["azimuth_quality"]) == (azimuth, quality)
        assert row["hfov_deg"] == pytest.approx(math.nan if hfov is None else hfov, nan_ok=True)
        assert (row["name"], row["mount_height_m"], row.geometry.x) == ("P", 4.0, 10.0)
    assert found.loc["osm-n8"].geometry.x == 10.001
    assert extract.counts() == ({"several_cameras": 1} if several else {})


def test_a_turning_camera_that_lists_directions_is_one(tmp_path):
    nodes = dict(STREET_NODES)
    nodes[7] = (10.0, 50.0, {"man_made": "surveillance", "camera:type": "dome", "direction": "45;135"})
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, STREET))
    assert extract.cameras["azimuth_deg"].tolist() == [45.0]
    assert extract.counts() == {"several_directions": 1}


def test_what_is_not_understood_in_a_list_is_told_and_the_rest_is_read(tmp_path):
    nodes = dict(STREET_NODES)
    nodes[7] = (10.0, 50.0, {"man_made": "surveillance", "direction": "up;45;135"})
    extract = read_osm(osm_file(tmp_path / "x.osm", nodes, STREET))
    assert extract.cameras[["code", "azimuth_deg"]].to_numpy().tolist() == [
        ["osm-n7", 45.0], ["osm-n7-2", 135.0],
    ]  # fmt: skip
    assert extract.counts() == {"direction_not_understood": 1, "several_cameras": 1}
    assert extract.findings["value"].tolist() == ["up", "up;45;135"]


def test_files_that_are_no_extract_are_refused(tmp_path):
    with pytest.raises(InputRefused, match="no file at"):
        read_osm(tmp_path / "missing.osm.pbf")
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"not a protocol buffer at all")
    with pytest.raises(InputRefused, match=r"broken\.osm\.pbf could not be read"):
        read_osm(broken)
    with pytest.raises(InputRefused, match="holds no road"):
        read_osm(osm_file(tmp_path / "empty.osm", grid((1, 0, 0))))


# ---------------------------------------------------------------- tags


def use(**tags):
    return way_use({key.replace("__", ":"): value for key, value in tags.items()})


def modes(found):
    """Open directions as letters: F foot, E e-bike, C car; upper case forward, lower case backward."""
    letters = ""
    for letter, mode in (("F", "foot"), ("E", "ebike"), ("C", "car")):
        letters += letter if getattr(found, f"{mode}_forward") else ""
        letters += letter.lower() if getattr(found, f"{mode}_backward") else ""
    return letters


@pytest.mark.parametrize(
    ("tags", "open_to"),
    [
        ({"highway": "residential"}, "FfEeCc"),
        ({"highway": "motorway"}, "C"),  # one-way by nature, no walking, no e-bikes
        ({"highway": "motorway", "bicycle": "yes"}, "C"),  # never, whatever is tagged
        ({"highway": "motorway_link"}, "Cc"),
        ({"highway": "motorway_link", "bicycle": "designated", "cycleway": "lane"}, "Cc"),
        ({"highway": "trunk"}, "FfCc"),  # no e-bikes where nothing says they may
        ({"highway": "trunk_link"}, "FfCc"),
        ({"highway": "trunk", "bicycle": "yes"}, "FfEeCc"),
        ({"highway": "trunk", "cycleway:right": "lane"}, "FfEeCc"),
        ({"highway": "trunk", "cycleway:both": "separate"}, "FfCc"),
        ({"highway": "trunk", "motorroad": "yes"}, "Cc"),
        ({"highway": "trunk", "motorroad": "yes", "cycleway": "track"}, "Cc"),
        ({"highway": "steps"}, "Ff"),
        ({"highway": "steps", "bicycle": "yes", "motor_vehicle": "yes"}, "Ff"),
        ({"highway": "steps", "conveying": "forward"}, "F"),
        ({"highway": "footway"}, "Ff"),
        ({"highway": "footway", "bicycle": "yes"}, "FfEe"),
        ({"highway": "pedestrian"}, "Ff"),
        ({"highway": "pedestrian", "motor_vehicle": "destination"}, "FfCc"),
        ({"highway": "cycleway"}, "FfEe"),
        ({"highway": "cycleway", "foot": "no"}, "Ee"),
        ({"highway": "primary", "bicycle": "use_sidepath"}, "FfCc"),
        ({"highway": "service", "access": "private"}, ""),
        ({"highway": "service", "access": "private", "foot": "yes"}, "Ff"),
        ({"highway": "service", "vehicle": "no"}, "Ff"),
        ({"highway": "service", "vehicle": "no", "bicycle": "yes"}, "FfEe"),
        ({"highway": "residential", "motor_vehicle": "no"}, "FfEe"),
        ({"highway": "residential", "motorcar": "private", "motor_vehicle": "yes"}, "FfEe"),
        ({"highway": "residential", "access": "destination"}, "FfEeCc"),
        ({"highway": "residential", "oneway": "yes"}, "FfEC"),
        ({"highway": "residential", "oneway": "-1"}, "Ffec"),
        ({"highway": "residential", "oneway": "reversible"}, "Ff"),
        ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, "FfEeC"),
        ({"highway": "residential", "oneway": "yes", "cycleway": "opposite_lane"}, "FfEeC"),
        ({"highway": "residential", "oneway": "yes", "cycleway:left:oneway": "-1"}, "FfEeC"),
        ({"highway": "cycleway", "oneway:bicycle": "yes"}, "FfE"),
        ({"highway": "tertiary", "junction": "roundabout"}, "FfEC"),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "no"}, "FfEeCc"),
        ({"highway": "busway"}, ""),
        ({"highway": "elevator"}, "Ff"),
        ({"highway": "construction", "foot": "yes"}, ""),
        ({"highway": "proposed"}, ""),
    ],
)
def test_who_may_use_a_way_and_which_way(tags, open_to):
    assert modes(way_use(tags)) == open_to


@pytest.mark.parametrize(
    ("tags", "watched"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "footway", "layer": "1", "bridge": "yes"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "residential", "access": "no", "bus": "yes"}, True),  # a bus street is public
        ({"highway": "motorway"}, True),
        ({"highway": "corridor"}, False),
        ({"highway": "elevator"}, False),
        ({"highway": "platform"}, False),
        ({"highway": "construction", "foot": "yes"}, False),
        ({"highway": "proposed"}, False),
        ({"highway": "footway", "tunnel": "yes"}, False),
        ({"highway": "service", "tunnel": "building_passage"}, False),
        ({"highway": "footway", "tunnel": "no", "layer": "0", "level": "0"}, True),
        ({"highway": "footway", "covered": "yes"}, False),
        ({"highway": "footway", "indoor": "yes"}, False),
        ({"highway": "footway", "layer": "-1"}, False),
        ({"highway": "footway", "level": "-3;-2"}, False),
        ({"highway": "footway", "level": "3"}, False),
        ({"highway": "service", "access": "private"}, False),
        ({"highway": "pedestrian", "area": "yes"}, False),
    ],
)
def test_what_counts_as_watched_ground(tags, watched):
    assert way_use(tags).watched is watched


# ---------------------------------------------------------------- directions


@pytest.mark.parametrize(
    ("text", "azimuth", "quality"),
    [
        ("0", 0.0, "measured"), ("360", 0.0, "measured"), ("135.5°", 135.5, "measured"),
        ("１３５", 135.0, "measured"), ("90度", 90.0, "measured"),
        ("N", 0.0, "coarse"), ("nnw", 337.5, "coarse"),
        ("south-east", 135.0, "coarse"), ("东南", 135.0, "coarse"), ("朝西", 270.0, "coarse"),
        ("正北", 0.0, "coarse"), ("东北方向", 45.0, "coarse"), ("E-W", 180.0, "coarse"),
        ("", math.nan, "unknown"), (None, math.nan, "unknown"), ("361", math.nan, "unknown"),
        ("-10", math.nan, "unknown"), ("forward", math.nan, "unknown"), ("东西", math.nan, "unknown"),
    ],
)  # fmt: skip
def test_directions_as_people_write_them(text, azimuth, quality):
    found = parse_direction(text)
    assert found.azimuth_deg == pytest.approx(azimuth, nan_ok=True)
    assert found.quality == quality
    assert bool(found.problem) == (quality == "unknown" and bool(text))


@given(start=st.integers(0, 359), span=st.integers(1, 359))
def test_a_range_runs_clockwise_around_its_middle(start, span):
    found = parse_direction(f"{start}-{(start + span) % 360}")
    assert found.span_deg == span
    assert (found.azimuth_deg - start) % 360.0 == pytest.approx(span / 2.0)


@pytest.mark.parametrize(
    ("name", "azimuth"),
    [
        ("下寨村口朝东", 90.0),
        ("学校大门东南向", 135.0),
        ("东门村口", math.nan),
        ("桥头向西北", 315.0),
        ("", math.nan),
    ],
)
def test_a_direction_in_a_name_is_read_only_where_it_is_one(name, azimuth):
    assert direction_in_name(name) == pytest.approx(azimuth, nan_ok=True)
