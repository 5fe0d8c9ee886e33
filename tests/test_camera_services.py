"""Camera records and frames at the edges of what is expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiPolygon, Point, box
from sqlalchemy import text

from cameras.repository import results
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras
from geo import repository as places
from geo.errors import InputRefused, LianfangError
from geo.services import Source, open_site, store_jurisdictions

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NOW = DAY + timedelta(days=2)


def source(kind):
    return Source(kind, kind, "wgs84", "real", "test")


def cameras(*points):
    rows = [
        {"code": f"c{n}", "name": f"机{n}", "azimuth_deg": 0.0, "azimuth_quality": "measured", "ptz": False}
        for n in range(len(points))
    ]
    frame = gpd.GeoDataFrame(rows, geometry=[Point(xy) for xy in points], crs=4326)
    for name in ("tilt_deg", "vfov_deg", "height_px"):
        frame[name] = np.nan
    frame["hfov_deg"], frame["width_px"], frame["mount_height_m"] = 90.0, 3840.0, 4.0
    frame["parent_code"] = None
    return frame


@pytest.fixture
def site(session):
    """One street of about 111 m towards the north in one leaf of two levels; two cameras south of its end.

    The second camera stands outside every jurisdiction.
    """
    open_site(
        session, name="村", name_en="village", bounds=(114.0, 22.5, 114.01, 22.51), timezone="Asia/Shanghai"
    )
    nodes = gpd.GeoDataFrame(
        index=[1, 2], geometry=[Point(114.005, 22.505), Point(114.005, 22.506)], crs=4326
    )
    flags = dict.fromkeys(places.ROAD_FLAGS, True) | {"steps": False}
    street = {"u": 1, "v": 2, "way_id": 7, "name": "村道", "road_class": "residential", **flags}
    line = LineString(nodes.geometry.tolist())
    edges = gpd.GeoDataFrame([street], geometry=[line], crs=4326)
    batch = places.add_batch(
        session, kind="roads", file_name="r", sha256="r", datum="wgs84", label="real", rows=1, author="test"
    )
    places.add_roads(session, nodes, edges, batch)
    area = MultiPolygon([box(114.0, 22.5045, 114.01, 22.51)])
    tree = gpd.GeoDataFrame(
        {
            "path": ["t", "t.v"],
            "code": ["t", "v"],
            "level": [0, 1],
            "name": ["镇", "村"],
            "name_en": [None, None],
            "origin": ["synthetic", "synthetic"],
        },
        geometry=[area, area],
        crs=4326,
    )
    store_jurisdictions(session, tree, source("jurisdictions"))
    return session


def frames(path, *, camera="c0", minutes=range(1440)):
    lines = ["camera,captured_at"]
    lines += [f"{camera},{(DAY + timedelta(minutes=m)).isoformat()}" for m in minutes]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


def test_a_neighbours_camera_outside_every_jurisdiction_counts(site, tmp_path):
    """Its footprint reaches in; it has no scope of its own, and its availability is stored all the same."""
    store_cameras(site, cameras((114.005, 22.5044)), source("cameras"))
    assert site.execute(text("SELECT jurisdiction_path FROM camera")).scalar_one() is None
    ingest_frames(site, frames(tmp_path / "f.csv"), SourceSpec("gw"), now=NOW)
    analysis = analyse(site, start=DAY, end=DAY + timedelta(days=1), author="test")
    stored = site.execute(text("SELECT state, jurisdiction_path FROM availability")).all()
    assert stored == [("usable", None)]
    shares = results.shares(site, analysis, "detect")
    # By hand: 3840 px over 90° reach 76.8 m, the street begins 66.4 m away and is 110.7 m long.
    assert shares.set_index("path").loc["t.v", "certain_share"] == pytest.approx(10.4 / 110.7, abs=0.002)


def test_without_a_street_in_any_jurisdiction_the_analysis_says_so(site, tmp_path):
    store_cameras(site, cameras((114.005, 22.5044)), source("cameras"))
    site.execute(text("UPDATE jurisdiction SET geom = ST_Translate(geom, 1, 0)"))
    with pytest.raises(LianfangError, match="none of the 1 streets lies in any of the 1 leaf"):
        analyse(site, start=DAY, end=DAY + timedelta(days=1), author="test")


def test_two_files_in_one_transaction_and_an_overlap_store_each_frame_once(site, tmp_path):
    store_cameras(site, cameras((114.005, 22.5046)), source("cameras"))
    first = ingest_frames(site, frames(tmp_path / "a.csv", minutes=range(10)), SourceSpec("gw"), now=NOW)
    second = ingest_frames(site, frames(tmp_path / "b.csv", minutes=range(5, 15)), SourceSpec("gw"), now=NOW)
    assert (first.new, first.known) == (10, 0)
    assert (second.new, second.known) == (5, 5)
    assert site.execute(text("SELECT count(*) FROM frame")).scalar_one() == 15


def test_one_bad_row_keeps_the_whole_file_out_unless_good_rows_are_asked_for(site, tmp_path):
    store_cameras(site, cameras((114.005, 22.5046)), source("cameras"))
    path = frames(tmp_path / "a.csv", minutes=range(3))
    path.write_text(path.read_text(encoding="utf8") + "c0,1970-01-01T00:00:00Z\n", encoding="utf8")
    with pytest.raises(InputRefused, match="1 rows were refused") as told, site.begin_nested():
        ingest_frames(site, path, SourceSpec("gw"), now=NOW)
    assert "line 5" in told.value.problems[0]
    assert site.execute(text("SELECT count(*) FROM frame")).scalar_one() == 0
    assert site.execute(text("SELECT count(*) FROM frame_source")).scalar_one() == 0
    report = ingest_frames(site, path, SourceSpec("gw"), now=NOW, keep_good=True)
    assert (report.new, report.refused) == (3, 1)


def test_a_camera_that_is_recorded_is_not_overwritten(site):
    store_cameras(site, cameras((114.005, 22.5046)), source("cameras"))
    with pytest.raises(InputRefused, match="1 of 2 cameras are already recorded") as told:
        store_cameras(site, cameras((114.005, 22.505), (114.006, 22.505)), source("more"))
    assert told.value.problems == ("camera 'c0' is already recorded; leave it out",)


def test_an_empty_period_is_refused(site):
    with pytest.raises(LianfangError, match="is empty; give an end after its start"):
        analyse(site, start=DAY, end=DAY, author="test")


def test_a_century_is_refused(site):
    """It would hold a worker for hours."""
    with pytest.raises(LianfangError, match="has 36525 days; ask for at most 366"):
        analyse(site, start=DAY, end=DAY + timedelta(days=36_525), author="test")


def test_missing_numbers_become_null(site):
    """NaN in a frame is no number in the database."""
    store_cameras(site, cameras((114.005, 22.5046)), source("cameras"))
    assert tuple(site.execute(text("SELECT tilt_deg, hfov_deg FROM camera")).one()) == (None, 90.0)
