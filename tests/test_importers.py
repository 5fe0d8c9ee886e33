"""Lists of cameras, zones and teams: the dirt of real lists is refused or told, never guessed away."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.importers import CAMERA_COLUMNS, read_cameras
from geo.datums import DATUMS, from_wgs84
from geo.errors import InputRefused
from geo.readers.places import JURISDICTION_COLUMNS, OBSTRUCTION_COLUMNS, PLACE_COLUMNS
from geo.roads import MODES, RoadNetwork
from patrols.importers import (
    TEAM_COLUMNS,
    ZONE_COLUMNS,
    read_teams,
    read_zones,
    teams_off_network,
    zones_without_roads,
)
from patrols.problem import CrossRule

HELSINKI = Path(__file__).parents[1] / "data" / "fetched" / "Helsinki.osm.pbf"
SHENZHEN = (113.7, 22.4, 114.7, 22.9)


def csv_file(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(reader, *args, **options):
    with pytest.raises(InputRefused) as caught:
        reader(*args, **options)
    return str(caught.value), list(caught.value.problems)


# ---------------------------------------------------------------- cameras


def test_a_chinese_list_is_read_as_it_stands(tmp_path):
    path = csv_file(
        tmp_path / "a.csv",
        "设备编码,名称,经度,纬度,方向,安装高度（米）,分辨率,类型,父设备编码",
        "44030400001320000001,村口,114.05731,22.54322,东南,3.5,1920x1080,枪机,44030400001180000001",
        "44030400001320000002,广场,114.05831,22.54422,１３５,,,球机,",
        "44030400001320000003,下寨村口朝东,114.05931,22.54522,,,,,",
        "44030400001320000004,东门村口,114.06031,22.54622,,,,,",
    )
    result = read_cameras(path, datum="wgs84", area=SHENZHEN)
    frame = result.frame
    assert frame["code"].tolist()[0] == "44030400001320000001"  # all twenty digits
    assert frame["azimuth_deg"].tolist()[:3] == [135.0, 135.0, 90.0] and np.isnan(
        frame["azimuth_deg"].iloc[3]
    )
    assert frame["azimuth_quality"].tolist() == ["coarse", "measured", "coarse", "unknown"]
    assert frame["ptz"].tolist() == [False, True, False, False]
    assert frame["mount_height_m"].tolist()[0] == 3.5 and frame["mount_height_m"].isna().sum() == 3
    assert (frame["width_px"].iloc[0], frame["height_px"].iloc[0]) == (1920.0, 1080.0)
    assert frame["parent_code"].tolist() == ["44030400001180000001", None, None, None]
    assert frame["hfov_deg"].isna().all()  # nothing is assumed here
    assert frame.index.tolist() == [2, 3, 4, 5] and frame.crs.to_epsg() == 4326
    [finding] = result.findings
    assert finding.startswith("1 directions were read from the name and are coarse") and "row 4" in finding


BAD_CAMERAS = {
    "4.40513E+19,114.05731,22.54322,,": "code 4.40513E+19 is a rounded number, its last digits are lost",
    ",114.05731,22.54322,,": "code is missing",
    "c1,114.05731,22.54322,,": "code 'c1' stands in row 2 too",
    "c2,22.54322,114.05731,,": "look swapped (the other way round they are in place); give longitude first",
    "c3,0,0,,": "longitude 0, latitude 0 is a place-holder, not a place",
    "c4,114.05731,22.54322,,-3": "mount_height_m -3 is out of limits (above 0 and at most 200 metres)",
    "c5,114.05731,22.54322,upwards,": "direction 'upwards' is neither degrees from 0 to 360 nor",
    "c6,114.05731,22.54322,400,": "direction '400' is neither",
    "c7,114.05731,22.54322,90-180,": "direction '90-180' is a range",
    "c8,,,,": "lon is missing",
    "c9,114.05731,22.54322,,3m": "mount_height_m '3m' is no number; write it in metres, digits only",
    "c10,116.40528,39.90498,,": "outside the site's area",
    "c11,114.05731,22.54322,,0": "mount_height_m 0 is out of limits",
}


@pytest.mark.parametrize("line", list(BAD_CAMERAS))
def test_each_kind_of_bad_camera_is_refused_with_row_value_and_remedy(tmp_path, line):
    path = csv_file(tmp_path / "a.csv", "code,lon,lat,direction,height", "c1,114.05731,22.54322,,", line)
    message, problems = refused(read_cameras, path, datum="wgs84", area=SHENZHEN)
    assert message == (
        "a.csv: 1 of 2 cameras are bad, so nothing was taken in; correct them, or ask to keep the good ones"
    )
    assert problems[0].startswith("row 3: ") and BAD_CAMERAS[line] in problems[0]
    kept = read_cameras(path, datum="wgs84", area=SHENZHEN, keep_good=True)
    assert kept.frame["code"].tolist() == ["c1"] and list(kept.problems) == problems


def test_all_bad_rows_are_told_at_once(tmp_path):
    lines = list(BAD_CAMERAS)
    path = csv_file(tmp_path / "a.csv", "code,lon,lat,direction,height", "c1,114.05731,22.54322,,", *lines)
    _, problems = refused(read_cameras, path, datum="wgs84", area=SHENZHEN)
    assert {problem.split(":")[0] for problem in problems} == {f"row {n}" for n in range(3, 3 + len(lines))}


def test_swapped_axes_of_europe_are_seen_with_the_site_area_only(tmp_path):
    """60.17, 24.94 is a place in the Gulf of Oman, and Helsinki the other way round."""
    path = csv_file(tmp_path / "a.csv", "code,lon,lat", "c1,60.17123,24.94123")
    assert len(read_cameras(path, datum="wgs84").frame) == 1
    _, [problem] = refused(read_cameras, path, datum="wgs84", area=(24.9, 60.1, 25.0, 60.2))
    assert "row 2: longitude 60.17123, latitude 24.94123 look swapped" in problem


def test_an_unknown_datum_is_refused(tmp_path):
    path = csv_file(tmp_path / "a.csv", "code,lon,lat", "c1,114.05731,22.54322")
    message, _ = refused(read_cameras, path, datum="gcj-02")
    assert message.startswith("datum 'gcj-02' is not known; state one of wgs84, cgcs2000, gcj02, bd09")


def test_a_station_full_of_cameras_and_lists_of_directions_are_told(tmp_path):
    rows = [f"c{i},114.05731,22.54322,{'45;135' if i == 0 else ''}" for i in range(5)]
    result = read_cameras(csv_file(tmp_path / "a.csv", "code,lon,lat,direction", *rows), datum="wgs84")
    assert result.frame["azimuth_deg"].iloc[0] == 45.0
    assert any(finding.startswith("5 cameras stand at 114.057310, 22.543220") for finding in result.findings)
    assert any("list several directions and only the first was taken" in f for f in result.findings)


def test_cameras_from_geojson_keep_their_twenty_digits_or_are_refused(tmp_path):
    frame = gpd.GeoDataFrame(
        {"code": ["44030400001320000001"], "azimuth_deg": [350.5]},
        geometry=[shapely.Point(114.05, 22.54)],
        crs=4326,
    )
    frame.to_file(tmp_path / "a.geojson")
    read = read_cameras(tmp_path / "a.geojson", datum="wgs84").frame
    assert read["code"].tolist() == ["44030400001320000001"] and read["azimuth_deg"].tolist() == [350.5]
    (tmp_path / "b.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":44030400001320000001},'
        '"geometry":{"type":"Point","coordinates":[114.05,22.54]}}]}'
    )
    _, [problem] = refused(read_cameras, tmp_path / "b.geojson", datum="wgs84")
    assert problem.startswith("feature 1: code 4.40304") and "its last digits are lost" in problem
    shape = gpd.GeoDataFrame({"code": ["x"]}, geometry=[shapely.box(114, 22, 115, 23)], crs=4326)
    shape.to_file(tmp_path / "c.geojson")
    _, [problem] = refused(read_cameras, tmp_path / "c.geojson", datum="wgs84")
    assert problem == "feature 1: the shape is a Polygon, not a point; give one point each"


def test_cameras_of_an_extract_are_those_of_the_reader():
    assert HELSINKI.is_file(), (
        f"{HELSINKI} is missing; `make run` fetches it (data/README.md gives the command)"
    )
    frame = read_cameras(HELSINKI, datum="wgs84").frame
    assert len(frame) == 221 and frame["code"].str.startswith("osm-n").all()
    assert "is wgs84, not bd09" in refused(read_cameras, HELSINKI, datum="bd09")[0]


@settings(max_examples=15, deadline=None)
@given(lon=st.floats(113.71, 114.69), lat=st.floats(22.41, 22.89), datum=st.sampled_from(DATUMS))
def test_a_camera_stands_where_it_stands_in_whatever_datum_it_is_written(tmp_path_factory, lon, lat, datum):
    x, y = from_wgs84(lon, lat, datum)
    path = csv_file(tmp_path_factory.mktemp("d") / "a.csv", "code,lon,lat", f"c,{float(x)!r},{float(y)!r}")
    point = read_cameras(path, datum=datum, area=SHENZHEN).frame.geometry.iloc[0]
    assert abs(point.x - lon) < 1e-8 and abs(point.y - lat) < 1e-8


# ---------------------------------------------------------------- zones and teams


def square_network():
    """A square of streets, 1 km a side, near 24.94 E, 60.17 N; cars have the south side only."""
    x, y = 385_600.0, 6_672_000.0
    places = {1: (x, y), 2: (x + 1000, y), 3: (x + 1000, y + 1000), 4: (x, y + 1000)}
    nodes = gpd.GeoDataFrame(
        geometry=[shapely.Point(p) for p in places.values()], index=list(places), crs=32635
    )
    ends = [(1, 2), (2, 3), (3, 4), (4, 1)]
    edges = gpd.GeoDataFrame(
        {"u": [a for a, _ in ends], "v": [b for _, b in ends], "road_class": "residential", "steps": False},
        geometry=[shapely.LineString([places[a], places[b]]) for a, b in ends],
        crs=32635,
    )
    for mode in MODES:
        edges[f"{mode}_forward"] = edges[f"{mode}_backward"] = [True] + [mode != "car"] * 3
    return RoadNetwork.from_edges(nodes, edges)


NETWORK = square_network()


def lonlat(x, y):
    """Degrees of a place so many metres from the square's south-western corner."""
    point = gpd.GeoSeries([shapely.Point(385_600.0 + x, 6_672_000.0 + y)], crs=32635).to_crs(4326)[0]
    return point.x, point.y


def area(west, south, east, north):
    shape = shapely.box(385_600.0 + west, 6_672_000.0 + south, 385_600.0 + east, 6_672_000.0 + north)
    return gpd.GeoSeries([shape], crs=32635).to_crs(4326)[0]


VILLAGES = gpd.GeoDataFrame(
    {"path": ["c.d.t.v01", "c.d.t.v02"], "code": ["v01", "v02"]}, geometry=[None, None], crs=4326
)


def test_a_zone_states_its_members_and_its_rule(tmp_path):
    path = csv_file(
        tmp_path / "a.csv",
        "编码,名称,成员村,间隔,geometry",
        f'z1,联防一片,"v01;c.d.t.v02",45,"{area(-50, -50, 1050, 1050).wkt}"',
        f'z2,联防二片,,,"{area(-50, -50, 500, 500).wkt}"',
    )
    frame = read_zones(path, datum="wgs84", villages=VILLAGES, network=NETWORK).frame
    assert frame["members"].tolist() == [["c.d.t.v01", "c.d.t.v02"], None]
    assert frame["rule"].tolist() == [{"separation_s": 2700}, {}]
    assert CrossRule(**frame["rule"].iloc[0]).separation_s == 2700
    assert (frame.geom_type == "MultiPolygon").all() and frame["name"].tolist() == ["联防一片", "联防二片"]


def test_a_zone_without_roads_is_refused(tmp_path):
    """Inside the square there is no street; 60 m of the south side are too few."""
    path = csv_file(
        tmp_path / "a.csv",
        "code,name,geometry",
        f'z1,A,"{area(100, 100, 900, 900).wkt}"',
        f'z2,B,"{area(100, -50, 160, 50).wkt}"',
        f'z3,C,"{area(-50, -50, 900, 900).wkt}"',
    )
    _, problems = refused(read_zones, path, datum="wgs84", network=NETWORK)
    assert problems == [
        "row 2: zone 'z1' holds 0 m of usable street (at least 100 m); correct its polygon and datum, or "
        "import the roads there first",
        "row 3: zone 'z2' holds 60 m of usable street (at least 100 m); correct its polygon and datum, or "
        "import the roads there first",
    ]
    assert len(read_zones(path, datum="wgs84").frame) == 3  # without a network nothing is known of roads
    assert zones_without_roads(read_zones(path, datum="wgs84").frame.iloc[:0], NETWORK) == {}


def test_a_zone_that_crosses_itself_or_names_an_unknown_village_is_refused(tmp_path):
    bow = "POLYGON ((24.94 60.17, 24.95 60.18, 24.95 60.17, 24.94 60.18, 24.94 60.17))"
    path = csv_file(
        tmp_path / "a.csv",
        "code,name,members,geometry",
        f'z1,A,,"{bow}"',
        f'z2,B,v09,"{area(-50, -50, 50, 50).wkt}"',
    )
    _, problems = refused(read_zones, path, datum="wgs84", villages=VILLAGES)
    assert "row 2: the polygon crosses itself at 24.945000, 60.175000; repair it there" in problems[0]
    assert problems[1] == ("row 3: village 'v09' is not known; give the code or the path of a stored village")


def teams_file(path, *lines):
    return csv_file(path, "code,village,mode,size,lon,lat,start,end", *lines)


def test_teams_have_a_base_a_mode_and_a_shift(tmp_path):
    lon, lat = lonlat(500, 10)
    path = teams_file(
        tmp_path / "a.csv",
        f"t1,v01,电动车,3,{lon},{lat},2026-11-22 19:30,2026-11-22 23:30",
        f"t2,,foot,,{lon},{lat},2026-11-22T11:30:00Z,",
    )
    frame = read_teams(path, datum="wgs84", villages=VILLAGES, network=NETWORK).frame
    assert frame["village"].tolist() == ["c.d.t.v01", None]
    assert frame["mode"].tolist() == ["ebike", "foot"] and frame["size"].tolist() == [3, 1]
    assert frame["name"].tolist() == ["t1", "t2"]
    # 19:30 in Shanghai is 11:30 UTC
    assert frame["starts_at"].tolist() == [pd.Timestamp("2026-11-22T11:30Z")] * 2
    assert pd.isna(frame["ends_at"].iloc[1])
    helsinki = read_teams(path, datum="wgs84", timezone="Europe/Helsinki", villages=VILLAGES).frame
    assert helsinki["starts_at"].iloc[0] == pd.Timestamp("2026-11-22T17:30Z")


def test_a_team_whose_base_is_off_the_network_is_refused(tmp_path):
    """In the middle of the square every street is 500 m away; by car the north side is 1,000 m away."""
    middle, north = lonlat(500, 500), lonlat(500, 1000)
    path = teams_file(
        tmp_path / "a.csv",
        f"t1,,foot,,{middle[0]},{middle[1]},,",
        f"t2,,car,,{north[0]},{north[1]},,",
        f"t3,,foot,,{north[0]},{north[1]},,",
    )
    _, problems = refused(read_teams, path, datum="wgs84", network=NETWORK)
    assert problems == [
        "row 2: the base of team 't1' lies 500 m from the nearest street usable by foot (limit 100 m); "
        "move it to a street, or check its datum",
        "row 3: the base of team 't2' lies 1000 m from the nearest street usable by car (limit 100 m); "
        "move it to a street, or check its datum",
    ]
    kept = read_teams(path, datum="wgs84", network=NETWORK, keep_good=True)
    assert kept.frame["code"].tolist() == ["t3"]
    assert (
        len(read_teams(path, datum="wgs84", network=NETWORK, snap_limit_m=600.0, keep_good=True).frame) == 2
    )
    only_foot = RoadNetwork(**(vars(NETWORK) | {"graphs": {"foot": NETWORK.graphs["foot"]}}))
    told = teams_off_network(read_teams(path, datum="wgs84").frame, only_foot)
    assert told[3] == "mode 'car' is not in the road network; it has foot"


def test_bad_teams_are_told_by_row(tmp_path):
    lon, lat = lonlat(500, 0)
    path = teams_file(
        tmp_path / "a.csv",
        f"t1,v09,foot,,{lon},{lat},,",
        f"t2,,boat,,{lon},{lat},,",
        f"t3,,foot,0,{lon},{lat},,",
        f"t4,,foot,1.5,{lon},{lat},,",
        f"t5,,foot,,{lon},{lat},tonight,",
        f"t6,,foot,,{lon},{lat},2026-11-22 19:30,2026-11-22 01:30",
        f"t7,v01 v02,foot,,{lon},{lat},,",
        f"t8,,foot,,{lat},{lon},,",
    )
    _, problems = refused(read_teams, path, datum="wgs84", villages=VILLAGES, area=(24.9, 60.1, 25.0, 60.2))
    expected = (
        "village 'v09' is not known",
        "mode 'boat' is not known; it is one of foot, ebike, car, uav",
        "size 0 is out of limits (1 to 1000 persons)",
        "size 1.5 is not a whole number of persons",
        "start 'tonight' is no time; write for example 2026-11-22 19:30",
        "the shift ends",
        "a team has one village or none",
        "look swapped",
    )
    assert len(problems) == len(expected)
    for row, (problem, part) in enumerate(zip(problems, expected, strict=True), start=2):
        assert problem.startswith(f"row {row}: ") and part in problem
    assert (
        "time zone 'Mars/Base' is not known"
        in refused(read_teams, path, datum="wgs84", timezone="Mars/Base")[0]
    )


# ---------------------------------------------------------------- the page about imports


def test_the_page_about_imports_names_every_column_and_heading():
    page = (Path(__file__).parents[1] / "docs" / "imports.md").read_text(encoding="utf-8")
    kinds = (
        CAMERA_COLUMNS,
        JURISDICTION_COLUMNS,
        OBSTRUCTION_COLUMNS,
        PLACE_COLUMNS,
        ZONE_COLUMNS,
        TEAM_COLUMNS,
    )
    for columns in kinds:
        for column in columns:
            for word in (column.field, *column.headings):
                assert word in page, word


def test_the_page_about_imports_says_the_exact_sentences(tmp_path):
    """Whole sentences of the table, one for each kind of check."""
    page = (Path(__file__).parents[1] / "docs" / "imports.md").read_text(encoding="utf-8")
    cameras = csv_file(
        tmp_path / "a.csv", "code,lon,lat,direction,height", "c1,114.05731,22.54322,,",
        "4.40513E+19,114.05731,22.54322,,",
    )  # fmt: skip
    told = refused(read_cameras, cameras, datum="wgs84")[1]
    for line in (
        ",114.05731,22.54322,,", "c1,114.05731,22.54322,,", "c2,114.05731,22.54322,,-3",
        "c3,114.05731,22.54322,upwards,",
    ):  # fmt: skip
        bad = csv_file(tmp_path / "a.csv", "code,lon,lat,direction,height", "c1,114.05731,22.54322,,", line)
        told += refused(read_cameras, bad, datum="wgs84")[1]
    swapped = csv_file(tmp_path / "a.csv", "code,lon,lat", "c1,60.17123,24.94123")
    told += refused(read_cameras, swapped, datum="wgs84", area=(24.9, 60.1, 25.0, 60.2))[1]
    message, _ = refused(read_cameras, swapped, datum="gcj-02")
    told.append(message.partition(" (GPS")[0])
    middle = lonlat(500, 500)
    teams = teams_file(
        tmp_path / "b.csv", f"t1,,foot,,{middle[0]},{middle[1]},,", f"t2,,boat,,{middle[0]},{middle[1]},,"
    )
    told += refused(read_teams, teams, datum="wgs84", network=NETWORK)[1]
    inside = area(100, 100, 900, 900).wkt
    zones = csv_file(tmp_path / "c.csv", "code,name,geometry", f'z1,A,"{inside}"')
    told += refused(read_zones, zones, datum="wgs84", network=NETWORK)[1]
    assert len(told) == 10
    for sentence in told:
        assert sentence in page, sentence
