"""What is stored once is stored once, credited, inside the site's area, and told in the input revision."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import text

from geo import repository
from geo.errors import InputRefused, LianfangError
from geo.osm import ATTRIBUTION
from geo.repository.search import street_names
from geo.services import Source, credit_osm, import_places, open_site, refresh_scopes

# One street of two ways at 116.6 E, 23.2 N, a building and a school beside it.
NODES = {1: (116.600, 23.200), 2: (116.601, 23.200), 3: (116.602, 23.200)}
CORNERS = {11: (116.6002, 23.2002), 12: (116.6004, 23.2002), 13: (116.6004, 23.2004), 14: (116.6002, 23.2004)}


def osm(path, *, ways=(100, 101), building=200, version=1, names=("", "")):
    """An OpenStreetMap file of that scene; `version` changes the file and nothing in it."""
    nodes = "".join(
        f'<node id="{key}" version="{version}" lon="{lon}" lat="{lat}"/>'
        for key, (lon, lat) in {**NODES, **CORNERS}.items()
    )
    school = (
        '<node id="21" version="1" lon="116.6005" lat="23.2005">'
        '<tag k="amenity" v="school"/><tag k="name" v="一小"/></node>'
    )
    roads = "".join(
        f'<way id="{way}" version="1"><nd ref="{n}"/><nd ref="{n + 1}"/>'
        f'<tag k="highway" v="residential"/>{name and f"""<tag k="name" v="{name}"/>"""}</way>'
        for n, (way, name) in enumerate(zip(ways, names, strict=True), start=1)
    )
    ring = "".join(f'<nd ref="{n}"/>' for n in (*CORNERS, 11))
    house = f'<way id="{building}" version="1">{ring}<tag k="building" v="yes"/></way>'
    path.write_text(f'<osm version="0.6">{nodes}{school}{roads}{house}</osm>', encoding="utf8")
    return path


def areas(path, boxes, **more):
    """A jurisdiction file: path -> (west, south, east, north), or None for one without polygon."""
    features = []
    for name, box in boxes.items():
        ring = box and [[box[i], box[j]] for i, j in ((0, 1), (2, 1), (2, 3), (0, 3), (0, 1))]
        shape = ring and {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"path": name, "name": name}, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf8")
    return path


TREE = {"cy": (116.59, 23.19, 116.61, 23.21), "cy.a": (116.59, 23.19, 116.60, 23.21)}


def take(session, kind, path, **options):
    return import_places(session, kind, path, datum="wgs84", author="test", **options)


def counts(session):
    tables = ("jurisdiction", "road_edge", "road_node", "obstruction", "place", "import_batch")
    return [session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables]


@pytest.mark.parametrize(
    ("kind", "key"), [("roads", "way_id 100, 101"), ("obstructions", "key w200"), ("places", "key n21")]
)
def test_a_newer_version_of_an_extract_does_not_double_what_is_measured(session, tmp_path, kind, key):
    take(session, kind, osm(tmp_path / "town.osm"))
    before = counts(session)
    with pytest.raises(InputRefused, match=f"are already stored.*{key}.*newer version .* not merged yet"):
        take(session, kind, osm(tmp_path / "newer.osm", version=2))
    assert counts(session) == before


def test_other_ways_beside_stored_ones_are_taken_in_and_one_shared_way_is_counted(session, tmp_path):
    take(session, "roads", osm(tmp_path / "town.osm"))
    with pytest.raises(InputRefused, match="1 of 2 roads are already stored"):
        take(session, "roads", osm(tmp_path / "b.osm", ways=(101, 102)))
    assert take(session, "roads", osm(tmp_path / "c.osm", ways=(103, 104))).stored == 2
    # What has ended is no longer measured, so its key is free again.
    session.execute(
        text("UPDATE road_edge SET valid = tstzrange(lower(valid), '2020-01-01') WHERE way_id = 101")
    )
    assert take(session, "roads", osm(tmp_path / "b.osm", ways=(101, 102))).stored == 2


def test_a_jurisdiction_path_again_is_refused_in_a_sentence(session, tmp_path):
    take(session, "jurisdictions", areas(tmp_path / "a.geojson", TREE))
    newer = areas(tmp_path / "b.geojson", TREE, comment="corrected")
    with pytest.raises(InputRefused, match=r"2 of 2 jurisdictions are already stored \(path cy, cy\.a\)"):
        take(session, "jurisdictions", newer)
    assert counts(session)[0] == 2


def test_many_stored_keys_are_counted_and_five_named(session, tmp_path):
    def places(name, word):
        rows = "".join(f"k{n},school,{word},116.6,23.2\n" for n in range(1, 9))
        (tmp_path / name).write_text("key,kind,name,lon,lat\n" + rows, encoding="utf8")
        return tmp_path / name

    take(session, "places", places("a.csv", "a"))
    with pytest.raises(InputRefused, match=r"8 of 8 places .*\(key k1, k2, k3, k4, k5, …\)"):
        take(session, "places", places("b.csv", "b"))


def test_the_same_file_again_is_to_be_left_out(session, tmp_path):
    path = osm(tmp_path / "town.osm")
    take(session, "roads", path)
    with pytest.raises(
        InputRefused, match=r"town\.osm was imported as roads before.*leave it out"
    ) as refused:
        take(session, "roads", path)
    assert "change the file" not in str(refused.value)


def test_openstreetmap_is_credited_whoever_opened_the_site(session, tmp_path):
    take(session, "jurisdictions", areas(tmp_path / "a.geojson", TREE))
    site = repository.site(session)
    assert site.attribution == ""
    credit_osm(session, tmp_path / "cameras.csv")
    assert site.attribution == ""
    site.attribution = "© 测绘"
    take(session, "obstructions", osm(tmp_path / "town.osm"))
    assert site.attribution == f"© 测绘, {ATTRIBUTION}"
    credit_osm(session, "other.osm.pbf")
    assert site.attribution == f"© 测绘, {ATTRIBUTION}"


def test_the_sites_area_joins_streets_and_jurisdictions_and_a_margin(session, tmp_path):
    assert repository.site_area(session) is None
    take(session, "roads", osm(tmp_path / "town.osm"))
    assert repository.site_area(session) == pytest.approx((116.59, 23.19, 116.612, 23.21))
    take(session, "jurisdictions", areas(tmp_path / "a.geojson", {"cy": (116.5, 23.1, 116.601, 23.205)}))
    assert repository.site_area(session) == pytest.approx((116.49, 23.09, 116.612, 23.215))
    # A school 100 m beyond the eastern end of the street, and one 10 km beyond.
    for lon, good in ((116.603, True), (116.7, False)):
        path = tmp_path / f"{lon}.csv"
        path.write_text(f"key,kind,lon,lat\n{lon},school,{lon},23.2\n", encoding="utf8")
        if good:
            assert take(session, "places", path).stored == 1
        else:
            with pytest.raises(InputRefused):
                take(session, "places", path)


def test_a_first_import_without_polygons_has_no_place(session, tmp_path):
    path = areas(tmp_path / "a.geojson", {"cy": None, "cy.a": None})
    with pytest.raises(
        LianfangError, match=r"no geometry.*import roads or jurisdictions with polygons first"
    ):
        take(session, "jurisdictions", path)
    assert repository.site(session) is None
    take(session, "roads", osm(tmp_path / "town.osm"))
    assert take(session, "jurisdictions", path).stored == 2


@pytest.mark.parametrize("zone", ["Asia/Chaoyang", "", "Asia", "../etc/passwd", "北京"])
def test_an_unknown_time_zone_is_refused_with_an_example(session, tmp_path, zone):
    with pytest.raises(LianfangError, match=r"is not known; .* such as Asia/Shanghai"):
        take(session, "roads", osm(tmp_path / "town.osm"), timezone=zone)
    assert counts(session) == [0] * 6


def test_a_site_at_the_pole_is_refused_in_a_sentence(session):
    with pytest.raises(LianfangError, match="no UTM zone is defined at latitude 88"):
        open_site(session, name="极", name_en="Pole", bounds=(0.0, 88.0, 0.2, 88.2))


def test_a_row_belongs_to_the_deepest_jurisdiction_that_is_still_true(session, tmp_path):
    """`cy.a` is the western half; the eastern way lies in `cy` alone, which is no leaf."""
    take(
        session,
        "jurisdictions",
        areas(tmp_path / "a.geojson", {**TREE, "cy.a": (116.59, 23.19, 116.601, 23.21)}),
    )
    take(session, "roads", osm(tmp_path / "town.osm"))
    _, edges = repository.roads(session)
    assert dict(zip(edges["way_id"], edges["jurisdiction_path"], strict=True)) == {100: "cy.a", 101: "cy"}
    session.execute(text("UPDATE jurisdiction SET valid = '[1970-01-01,2020-01-01)' WHERE path = 'cy.a'"))
    refresh_scopes(session)
    assert list(repository.jurisdictions(session)["path"]) == ["cy"]
    assert list(repository.jurisdictions(session, under="cy.a")["path"]) == []
    assert set(repository.roads(session)[1]["jurisdiction_path"]) == {"cy"}


def test_the_input_revision_tells_everything_an_analysis_is_made_from(session):
    """Every one of these alone changes it, and undoing the change brings it back."""
    session.execute(
        text(
            """INSERT INTO import_batch (id, kind, file_name, sha256, datum, label, row_count, author)
               VALUES (1, 'cameras', 'c.csv', 'abc', 'wgs84', 'real', 1, 'test');
               INSERT INTO camera (id, code, name, azimuth_quality, ptz, geom, batch_id, valid)
               VALUES (7, 'c7', 'c', 'unknown', true, ST_SetSRID(ST_MakePoint(116.6, 23.2), 4326), 1,
                       '[1970-01-01,)');
               INSERT INTO frame_source (id, code, kind, expected_interval_s)
               VALUES (3, 'nvr', 'gateway', 60);
               INSERT INTO frame_file (sha256, source_id, file_name, row_count)
               VALUES ('def', 3, 'f.csv', 9)"""
        )
    )
    changes = (
        "UPDATE import_batch SET datum = 'gcj02'",
        "UPDATE import_batch SET label = 'synthetic'",
        "UPDATE import_batch SET row_count = 2",
        "UPDATE import_batch SET sha256 = 'abd'",
        "UPDATE frame_file SET row_count = 10",
        "UPDATE frame_file SET label = 'synthetic'",
        "UPDATE frame_source SET expected_interval_s = 90",
        "UPDATE frame_source SET kind = 'stream'",
        "INSERT INTO camera_source (camera_id, source_id) VALUES (7, 3)",
        "INSERT INTO camera_preset (camera_id, name, azimuth_deg) VALUES (7, '门', 90)",
        "INSERT INTO camera_preset (camera_id, name, azimuth_deg) VALUES (7, '门', 91)",
        "INSERT INTO camera_preset (camera_id, name, azimuth_deg, from_s) VALUES (7, '门', 90, 3600)",
        """INSERT INTO camera_threshold (code, name, value, origin, author)
           VALUES ('c7', 'dark_luma', 12, 'set', 'test')""",
    )
    seen = [repository.input_revision(session)]
    for change in changes:
        step = session.begin_nested()
        session.execute(text(change))
        seen.append(repository.input_revision(session))
        step.rollback()
        assert repository.input_revision(session) == seen[0]
    assert len(set(seen)) == len(changes) + 1
    # Numbers given by the database are not part of it: the same inputs elsewhere are the same.
    session.execute(text("UPDATE import_batch SET author = 'another', imported_at = '2020-01-01'"))
    session.execute(
        text("INSERT INTO camera_preset (id, camera_id, name, azimuth_deg) VALUES (500, 7, '门', 90)")
    )
    assert repository.input_revision(session) == seen[10]


def test_one_extract_brings_each_kind_once(session, tmp_path):
    path = osm(tmp_path / "town.osm")
    assert [take(session, kind, path).stored for kind in ("roads", "obstructions", "places")] == [2, 1, 1]
    kinds = session.execute(text("SELECT kind, row_count, sha256 FROM import_batch ORDER BY id")).all()
    sha = Source.of_file(path, datum="wgs84", label="real", author="test").sha256
    assert [tuple(row) for row in kinds] == [("roads", 2, sha), ("obstructions", 1, sha), ("places", 1, sha)]


def test_a_point_is_named_after_the_street_it_stands_in(session, tmp_path):
    """0.0001 degrees are about 10 m there; a street without a name gives way to the next that has one."""
    take(session, "roads", osm(tmp_path / "town.osm", names=("", "福华路")))
    points = gpd.GeoSeries(
        {
            "in it": shapely.Point(116.6015, 23.2),
            "30 m beside": shapely.Point(116.6015, 23.2003),
            "on the one without": shapely.Point(116.6008, 23.2),
            "50 m off": shapely.Point(116.6015, 23.2005),
            "nowhere": None,
        },
        crs=4326,
    )
    assert street_names(session, points).to_dict() == {
        "in it": "福华路",
        "30 m beside": "福华路",
        "on the one without": "福华路",
        "50 m off": None,
        "nowhere": None,
    }
    assert street_names(session, points.iloc[:0]).empty
    session.execute(text("UPDATE road_edge SET valid = tstzrange('2020-01-01', '2021-01-01')"))
    assert street_names(session, points).isna().all()
