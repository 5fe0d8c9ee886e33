"""Files of places: every bad row is told with row, value and remedy; good ones arrive in WGS 84."""

import geopandas as gpd
import pytest
import shapely
from pyproj import Geod

from geo.crs import to_metric
from geo.datums import from_wgs84
from geo.errors import InputRefused
from geo.jurisdictions import check_tree
from geo.readers import read_jurisdictions, read_obstructions, read_places, read_roads
from geo.readers.columns import lost_digits, number, simple
from geo.readers.positions import _from_dms

SHENZHEN = (113.7, 22.4, 114.7, 22.9)


def csv_file(path, *lines, encoding="utf-8"):
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def refused(reader, *args, **options):
    with pytest.raises(InputRefused) as caught:
        reader(*args, **options)
    return str(caught.value), list(caught.value.problems)


# ---------------------------------------------------------------- any table


def test_chinese_headings_encodings_and_full_width_digits_are_read(tmp_path):
    """One list as three programs write it: UTF-8 with a mark, GB 18030, semicolons."""
    lines = ("类型,名称,经度,纬度", "school,第一小学,１１４．０５７３１,22.54322")
    for encoding in ("utf-8-sig", "gb18030"):
        place = read_places(
            csv_file(tmp_path / "a.csv", *lines, encoding=encoding), datum="wgs84"
        ).frame.iloc[0]
        assert (place["kind"], place["name"]) == ("school", "第一小学")
        assert place.geometry.coords[0] == (114.05731, 22.54322)
    semicolons = [line.replace(",", ";") for line in lines]
    assert len(read_places(csv_file(tmp_path / "b.csv", *semicolons), datum="wgs84").frame) == 1


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path):
    """Headings are row 1; a blank row and a cell over two lines count as the spreadsheet counts them."""
    path = csv_file(
        tmp_path / "a.csv",
        "kind,name,lon,lat",
        "bank,A,114.05,22.54",
        "",
        '"bank","B',
        'C",114.06,22.55',
        "bank,D,0,0",
    )
    message, problems = refused(read_places, path, datum="wgs84")
    assert message.startswith("a.csv: 1 of 3 places are bad, so nothing was taken in")
    assert problems == [
        "row 5: longitude 0, latitude 0 is a place-holder, not a place; give the real coordinates"
    ]
    kept = read_places(path, datum="wgs84", keep_good=True)
    assert kept.frame.index.tolist() == [2, 4] and kept.frame["name"][4] == "B\nC"
    assert list(kept.problems) == problems


def test_every_bad_row_is_told_and_nothing_returned(tmp_path):
    path = csv_file(
        tmp_path / "a.csv",
        "kind,lon,lat",
        "bank,114.05731,22.54322",
        "bank,22.54322,114.05731",
        ",114.05731,22.54322",
        "bank,114.05731",
        "bank,here,22.54322",
        "bank,,22.54322",
        "bank,116.40528,39.90498",
    )
    _, problems = refused(read_places, path, datum="wgs84", area=SHENZHEN)
    assert [problem.split(":")[0] for problem in problems] == [f"row {n}" for n in (3, 4, 5, 5, 6, 7, 8)]
    assert "look swapped" in problems[0] and "kind is missing" in problems[1]
    assert "2 cells under 3 headings" in problems[2]
    assert "lon 'here' is no angle; give decimal degrees such as 116.40528" in problems[4]
    assert "lon is missing" in problems[5]
    assert "outside the site's area 113.7000 to 114.7000 E" in problems[6]


def test_a_file_without_a_good_row_is_refused_even_when_good_rows_are_asked_for(tmp_path):
    path = csv_file(tmp_path / "a.csv", "kind,lon,lat", "bank,0,0")
    message, problems = refused(read_places, path, datum="wgs84", keep_good=True)
    assert message == "a.csv holds no good places; correct the file" and len(problems) == 1


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_a_place_is_the_same_in_whatever_datum_it_is_written(tmp_path, datum):
    """Also just inside the site's border, where the written coordinates lie outside it."""
    for lon, lat in ((114.05731, 22.54322), (113.7001, 22.4001), (114.6999, 22.8999)):
        x, y = from_wgs84(lon, lat, datum)
        path = csv_file(tmp_path / "a.csv", "kind,lon,lat", f"bank,{float(x)!r},{float(y)!r}")
        point = read_places(path, datum=datum, area=SHENZHEN).frame.geometry.iloc[0]
        assert Geod(ellps="WGS84").inv(lon, lat, point.x, point.y)[2] < 0.001


def test_an_unknown_datum_is_refused_before_the_file_is_opened(tmp_path):
    for reader in (read_places, read_obstructions, read_jurisdictions, read_roads):
        message, _ = refused(reader, tmp_path / "none.csv", datum="beijing54")
        assert "datum 'beijing54' is not known; state one of wgs84, cgcs2000, gcj02, bd09" in message


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("116°23'45.6\"E", 116.396), ("116°23′45.6″", 116.396), ("东经116度23分45.6秒", 116.396),
        ("22°30'S", -22.5), ("7°W", -7.0), ("116 23 45", None), ("116°75'", None), ("north", None),
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_where_they_are_marked(text, degrees):
    found = _from_dms(text)
    assert found == (None if degrees is None else pytest.approx(degrees))


def test_coarse_coordinates_are_taken_in_and_told(tmp_path):
    path = csv_file(tmp_path / "a.csv", "kind,lon,lat", "bank,114.05,22.54", "bank,114.05731,22.54322")
    [finding] = read_places(path, datum="wgs84").findings
    assert finding.startswith("1 coordinates have fewer than 3 decimals") and "row 2" in finding


def test_headings_that_are_missing_or_mean_the_same_are_told(tmp_path):
    message, _ = refused(read_places, csv_file(tmp_path / "a.csv", "lon,lat", "1,2"), datum="wgs84")
    assert "a.csv has no column 'kind' (also read: 类型、类别、部位类型); add it, or map it" in message
    message, _ = refused(
        read_places, csv_file(tmp_path / "a.csv", "kind,lon,经度,lat", "bank,1,1,2"), datum="wgs84"
    )
    assert "columns 'lon' and '经度' both mean lon" in message
    message, _ = refused(
        read_places, csv_file(tmp_path / "a.csv", "一览表,,", "类型,经度,纬度", "bank,1,2"), datum="wgs84"
    )
    assert "the headings seem to be in row 2: remove the row above them" in message
    message, _ = refused(read_places, csv_file(tmp_path / "a.csv", "kind,lon", "bank,1"), datum="wgs84")
    assert "has no column 'lat'" in message


def test_a_mapping_names_the_headings_of_one_file(tmp_path):
    path = csv_file(tmp_path / "a.csv", "Art,Länge,Breite", "bank,114.05731,22.54322")
    mapping = {"kind": "Art", "lon": "Länge", "lat": "Breite"}
    assert len(read_places(path, datum="wgs84", mapping=mapping).frame) == 1
    message, _ = refused(read_places, path, datum="wgs84", mapping={"kind": "Sorte"})
    assert "has no column 'Sorte'" in message
    message, _ = refused(read_places, path, datum="wgs84", mapping={"colour": "Art"})
    assert "names a field 'colour'" in message


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.xls", "x", "give a .csv, .xlsx"),
        ("a.xlsx", "x", "could not be read as an Excel workbook"),
        ("a.csv", "", "no headings in row 1"),
        ("a.csv", "kind,lon,lat\n", "headings and no rows"),
        ("a.geojson", "{", "could not be read"),
        ("a.geojson", '{"type":"FeatureCollection","features":[]}', "holds no features"),
    ],
)
def test_files_that_hold_nothing_are_told_apart(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    message, _ = refused(read_places, tmp_path / name, datum="wgs84")
    assert says in message
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81\x30")
    assert "neither UTF-8 nor GB 18030" in refused(read_places, tmp_path / "b.csv", datum="wgs84")[0]
    assert "no file at" in refused(read_places, tmp_path / "none.csv", datum="wgs84")[0]


def test_small_readers_of_cells():
    assert simple(" 高度（m） ") == "高度" and simple("Mount_Height (m)") == "mountheight"
    assert [number(t) for t in ("12", "-1.5", ".5", "1e3", "1,5", "12m", "nan", "")] == [
        12.0, -1.5, 0.5, 1000.0, None, None, None, None,
    ]  # fmt: skip
    assert [lost_digits(c) for c in ("4.40513E+19", "4.40513e19", "44051300001320000001", "E12")] == [
        True, True, False, False,
    ]  # fmt: skip


# ---------------------------------------------------------------- vector files


def geojson(file, shapes, **columns):
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(file, driver="GeoJSON")
    return file


BOX = shapely.box(114.05, 22.54, 114.06, 22.55)
BOW = shapely.Polygon([(114.05, 22.54), (114.06, 22.55), (114.06, 22.54), (114.05, 22.55)])


def test_buildings_from_vector_files_arrive_valid_with_heights(tmp_path):
    shapes = [BOX, shapely.multipolygons([BOX])]
    for name in ("a.geojson", "a.gpkg", "a.shp"):
        gpd.GeoDataFrame({"高度": [12.5, None]}, geometry=shapes, crs=4326).to_file(
            tmp_path / name, **({"encoding": "utf-8"} if name.endswith("shp") else {})
        )
        frame = read_obstructions(tmp_path / name, datum="wgs84").frame
        assert frame["height_m"].tolist()[0] == 12.5 and frame["height_m"].isna().tolist() == [False, True]
        assert frame["key"].tolist() == ["feature1", "feature2"]
        assert shapely.equals(frame.geometry.to_numpy(), shapely.multipolygons([BOX])).all()


def test_a_polygon_that_crosses_itself_is_refused_with_the_place_of_crossing(tmp_path):
    """The bow-tie's sides meet in the middle of its box, 114.055, 22.545."""
    _, problems = refused(read_obstructions, geojson(tmp_path / "a.geojson", [BOX, BOW]), datum="gcj02")
    assert problems == [
        "feature 2: the polygon crosses itself at 114.055000, 22.545000; repair it there "
        "(QGIS: Fix geometries) and import it again"
    ]


def test_shapes_that_are_no_areas_and_bad_heights_are_refused(tmp_path):
    shapes = [shapely.Point(114.05, 22.54), None, shapely.box(22.54, 114.05, 22.55, 114.06), BOX, BOX]
    path = geojson(tmp_path / "a.geojson", shapes, height_m=["", "", "", "-3", "tall"])
    _, problems = refused(read_obstructions, path, datum="wgs84")
    assert problems[0] == "feature 1: the shape is a Point, not an area; give a Polygon or MultiPolygon"
    assert problems[1].startswith("feature 2: there is no polygon")
    assert problems[2].startswith("feature 3: vertex 1 of the polygon:") and "swapped" in problems[2]
    assert problems[3] == (
        "feature 4: height_m -3 is out of limits (above 0 and at most 1000 metres); correct it"
    )
    assert problems[4].startswith("feature 5: height_m 'tall' is no number")


def test_polygons_are_moved_from_their_datum(tmp_path):
    """A building 440 m from where it seems: GCJ-02 in Shenzhen is shifted to the south-east of WGS 84."""
    frame = read_obstructions(geojson(tmp_path / "a.geojson", [BOX]), datum="gcj02").frame
    moved = to_metric(frame).geometry.iloc[0].centroid
    raw = to_metric(gpd.GeoSeries([BOX], crs=4326), to_metric(frame).crs)[0].centroid
    assert 57.0 < moved.distance(raw) < 675.0


def test_a_projected_file_is_turned_into_degrees_and_cannot_be_gcj02(tmp_path):
    path = tmp_path / "a.gpkg"
    gpd.GeoSeries([BOX], crs=4326).to_crs(4547).to_frame("geometry").to_file(path)
    frame = read_obstructions(path, datum="cgcs2000").frame
    assert shapely.hausdorff_distance(frame.geometry.iloc[0], BOX) < 1e-8
    assert "which gcj02 coordinates never are" in refused(read_obstructions, path, datum="gcj02")[0]
    old = tmp_path / "b.gpkg"
    gpd.GeoSeries([BOX], crs=4214).to_frame("geometry").to_file(old)
    assert "states the CRS Beijing 1954" in refused(read_obstructions, old, datum="wgs84")[0]


def test_wkt_in_a_table_is_read_and_nonsense_refused(tmp_path):
    path = csv_file(tmp_path / "a.csv", "key,geometry", f'a,"{BOX.wkt}"')
    assert read_obstructions(path, datum="wgs84").frame["key"].tolist() == ["a"]
    path = csv_file(tmp_path / "a.csv", "key,geometry", "a,POLYGON EMPTY AND MORE", f'a,"{BOX.wkt}"', "b,")
    _, problems = refused(read_obstructions, path, datum="wgs84")
    assert problems[0].startswith("row 2: geometry 'POLYGON EMPTY AND MORE' is not well-known text")
    assert problems[1] == "row 3: key 'a' stands in row 2 too; give each its own"
    assert problems[2].startswith("row 4: there is no polygon")


# ---------------------------------------------------------------- jurisdictions


WEST, EAST = shapely.box(114.0, 22.5, 114.1, 22.6), shapely.box(114.1, 22.5, 114.2, 22.6)
WHOLE = shapely.box(114.0, 22.5, 114.2, 22.6)


def test_a_tree_by_paths_and_a_tree_by_parents_are_the_same(tmp_path):
    by_path = geojson(
        tmp_path / "a.geojson", [WHOLE, EAST, WEST], path=["sz", "sz.e", "sz.w"], name=["市", "东", "西"]
    )
    by_code = geojson(
        tmp_path / "b.geojson", [EAST, WEST, WHOLE],
        编码=["e", "w", "sz"], 上级编码=["sz", "sz", ""], 名称=["东", "西", "市"],
    )  # fmt: skip
    a = read_jurisdictions(by_path, datum="cgcs2000").frame
    b = read_jurisdictions(by_code, datum="cgcs2000").frame
    columns = ["path", "code", "level", "name", "origin"]
    assert a[columns].to_numpy().tolist() == b.sort_values("path")[columns].to_numpy().tolist()
    assert a["level"].tolist() == [0, 1, 1] and set(a["origin"]) == {"official"}
    assert check_tree(a).empty and (a.geom_type == "MultiPolygon").all()


def test_names_and_codes_without_polygons_make_a_tree(tmp_path):
    """Below the district many sources have no polygons at all."""
    path = csv_file(
        tmp_path / "a.csv",
        "code,parent,name",
        "440513,,潮阳区",
        "440513001,440513,文光街道",
        "440513002,440513,棉北街道",
    )
    frame = read_jurisdictions(path, datum="wgs84").frame
    assert frame["path"].tolist() == ["440513", "440513.440513001", "440513.440513002"]
    assert frame.geometry.isna().all()


def test_what_is_wrong_with_a_tree_is_told_by_row(tmp_path):
    path = geojson(
        tmp_path / "a.geojson",
        [WHOLE, EAST, BOW, WEST, None],
        path=["sz", "sz.e", "sz.x", "gz.w", "SZ-1"],
        name=["市", "东", "结", "", "横"],
        origin=["official", "made", "official", "official", "official"],
    )
    _, problems = refused(read_jurisdictions, path, datum="wgs84")
    assert [problem.split(":")[0] for problem in problems] == [f"feature {n}" for n in (2, 3, 4, 5)]
    assert "origin 'made' is not known; it is one of official, derived, synthetic" in problems[0]
    assert "the polygon crosses itself at 114.055000, 22.545000" in problems[1]
    assert "name is missing" in problems[2]
    assert "'SZ-1' is not made of labels" in problems[3]


def test_a_refused_parent_takes_its_children_with_it(tmp_path):
    path = geojson(
        tmp_path / "a.geojson",
        [WHOLE, BOW, shapely.box(114.0, 22.5, 114.01, 22.51), EAST],
        path=["sz", "sz.x", "sz.x.y", "sz.e"],
        name=list("市结子东"),
    )
    kept = read_jurisdictions(path, datum="wgs84", keep_good=True)
    assert kept.frame["path"].tolist() == ["sz", "sz.e"]
    assert kept.problems[1] == "feature 3: 'sz.x.y' has no parent feature 'sz.x'; add it or correct the path"


def test_codes_in_a_circle_are_refused(tmp_path):
    path = csv_file(tmp_path / "a.csv", "code,parent,name", "a,b,A", "b,a,B")
    _, problems = refused(read_jurisdictions, path, datum="wgs84")
    assert "row 2: code 'a' is its own ancestor" in problems[0]
    message, _ = refused(read_jurisdictions, csv_file(tmp_path / "a.csv", "code,name", "a,A"), datum="wgs84")
    assert "needs a column 'path', or 'code' and 'parent'" in message


# ---------------------------------------------------------------- OpenStreetMap


OSM = """<osm version="0.6">
<node id="1" version="1" lon="24.940" lat="60.170"/><node id="2" version="1" lon="24.941" lat="60.170"/>
<node id="3" version="1" lon="24.941" lat="60.171"/>
<node id="4" version="1" lon="24.942" lat="60.171"><tag k="amenity" v="bank"/></node>
<way id="10" version="1"><nd ref="1"/><nd ref="2"/><nd ref="99"/><tag k="highway" v="residential"/></way>
<way id="11" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="yes"/></way>
</osm>"""


def test_roads_come_from_openstreetmap_only_and_that_is_wgs84(tmp_path):
    path = tmp_path / "a.osm"
    path.write_text(OSM)
    assert len(read_roads(path, datum="wgs84").road_edges) == 1
    assert read_obstructions(path, datum="wgs84").frame["key"].tolist() == ["w11"]
    places = read_places(path, datum="wgs84")
    assert places.frame["kind"].tolist() == ["bank"] and places.findings == ("1 × incomplete_way",)
    assert "is wgs84, not gcj02" in refused(read_roads, path, datum="gcj02")[0]
    line = geojson(tmp_path / "a.geojson", [shapely.LineString([(114, 22), (115, 22)])])
    assert "is no OpenStreetMap extract" in refused(read_roads, line, datum="wgs84")[0]
    path.write_text(OSM.replace("amenity", "shop"))
    assert "holds no places" in refused(read_places, path, datum="wgs84")[0]
