"""Bad input is refused in a sentence with row, value and remedy, exit status 1, and nothing is stored."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.cli import main

TABLES = (
    *("jurisdiction", "road_edge", "obstruction", "place", "zone", "team", "plan", "analysis"),
    *("camera", "frame", "frame_source", "frame_file", "import_batch"),
)


@pytest.fixture
def run(demo, monkeypatch):
    """Run a command against the demo's database; answers status, what was said, whether rows stayed."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", demo.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", demo.owner_url)

    def counts():
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            there = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}
        # Rows out of sight would stay the same count whatever became of them.
        assert there["frame"] > 0
        return there

    def call(*arguments):
        before = counts()
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        return result.exit_code, result.output, before == counts()

    return call


def refused(answer, *words):
    """Exit status 1, nothing stored, one closing sentence, and every word said."""
    status, said, unchanged = answer
    assert status == 1, said
    assert unchanged
    assert said.strip().splitlines()[-1].startswith("lianfang: ")
    assert "Traceback" not in said
    for word in words:
        assert word in said, said


CAMERA_HEAD = "code,name,lon,lat,height\n"


def test_swapped_coordinates(run, tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERA_HEAD + "A1,one,24.9450,60.1700,4\nA2,two,60.1701,24.9451,4\n", encoding="utf8")
    refused(run("import", "cameras", path, "--datum", "wgs84"), "row 3", "60.1701", "24.9451", "swap")


def test_unknown_datum(run, tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERA_HEAD + "A1,one,24.9450,60.1700,4\n", encoding="utf8")
    refused(
        run("import", "cameras", path, "--datum", "xian80"), "xian80", "wgs84", "cgcs2000", "gcj02", "bd09"
    )


def test_a_datum_must_be_stated(run, tmp_path):
    """No silent default: wrong usage, status 2."""
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERA_HEAD, encoding="utf8")
    status, said, unchanged = run("import", "cameras", path)
    assert (status, unchanged) == (2, True)
    assert "--datum" in said


def test_camera_with_a_negative_height(run, tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERA_HEAD + "A1,one,24.9450,60.1700,-4\n", encoding="utf8")
    refused(run("import", "cameras", path, "--datum", "wgs84"), "row 2", "-4", "above 0")


def test_polygon_that_crosses_itself(run, tmp_path):
    bow_tie = [[[24.94, 60.17], [24.95, 60.18], [24.95, 60.17], [24.94, 60.18], [24.94, 60.17]]]
    feature = {
        "type": "Feature",
        "properties": {"code": "x9", "parent": "", "name": "九"},
        "geometry": {"type": "Polygon", "coordinates": bow_tie},
    }
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf8")
    refused(run("import", "jurisdictions", path, "--datum", "wgs84"), "feature 1", "cross", "24.945")


@pytest.mark.parametrize("name", ["frames.csv", "frames.ndjson"])
def test_frame_from_the_year_1970(run, tmp_path, name):
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("camera,captured_at\nosm-n1405624916,1970-01-01T00:00:07Z\n", encoding="utf8")
    else:
        row = {"camera": "osm-n1405624916", "captured_at": "1970-01-01T00:00:07Z"}
        path.write_text(json.dumps(row) + "\n", encoding="utf8")
    line = "line 2" if name.endswith("csv") else "line 1"
    refused(run("frames", "ingest", path, "--source", "door"), line, "1970-01-01T00:00:07Z", "2000")


def test_frame_for_an_unknown_camera(run, tmp_path):
    path = tmp_path / "frames.csv"
    path.write_text(
        "camera,captured_at\nosm-n1405624916,2026-11-20T10:00:00Z\nnobody,2026-11-20T10:00:00Z\n",
        encoding="utf8",
    )
    refused(run("frames", "ingest", path, "--source", "door"), "line 3", "nobody", "camera")


def test_zone_without_roads(run, tmp_path):
    path = tmp_path / "zones.csv"
    path.write_text(
        'code,name,wkt\nz9,海上,"POLYGON ((25.5 60.1, 25.6 60.1, 25.6 60.2, 25.5 60.2, 25.5 60.1))"\n',
        encoding="utf8",
    )
    refused(run("import", "zones", path, "--datum", "wgs84"), "row 2", "z9", "0 m of usable street", "import")


def test_team_whose_base_is_off_the_network(run, tmp_path):
    """In the railway's shunting yard, in the site's area, 100 m and more from a street for cars."""
    path = tmp_path / "teams.csv"
    path.write_text("code,mode,lon,lat\nq1,car,24.9383,60.1785\n", encoding="utf8")
    refused(
        run("import", "teams", path, "--zone", "hel-lf", "--datum", "wgs84"), "row 2", "q1", "limit 100 m"
    )


def test_a_bad_row_keeps_the_good_ones_out_unless_they_are_asked_for(run, tmp_path, demo):
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERA_HEAD + "A1,one,24.9450,60.1700,4\nA2,two,24.9450,60.1700,-4\n", encoding="utf8")
    refused(run("import", "cameras", path, "--datum", "wgs84"), "1 of 2")
    status, said, unchanged = run("import", "cameras", path, "--datum", "wgs84", "--keep-good", "--dry-run")
    assert (status, unchanged) == (0, True), said
    assert "1 cameras are good" in said


def test_the_same_frame_file_stores_nothing_twice(run, demo):
    path = demo.folder / "synthetic-gateway-b.csv"
    status, said, unchanged = run("frames", "ingest", path, "--source", "synthetic-gateway-b")
    assert (status, unchanged) == (0, True), said
    assert "stored before" in said


def test_an_ingest_never_redeclares_its_source_in_passing(run, demo):
    """Another interval would change what every later analysis calls an outage."""
    path = demo.folder / "synthetic-round.ndjson.gz"
    answer = run("frames", "ingest", path, "--source", "synthetic-round", "--interval-s", "60")
    refused(answer, "synthetic-round", "21600", "--interval-s")
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        kept = session.execute(
            text("SELECT kind, expected_interval_s, label FROM frame_source WHERE code = 'synthetic-round'")
        ).one()
    assert tuple(kept) == ("inspection", 21_600.0, "synthetic")


def test_unknown_zone_jurisdiction_and_ending_are_told_with_what_is_known(run, tmp_path):
    shift = ("--start", "2026-11-21T18:00", "--end", "2026-11-21T22:00")
    refused(run("patrols", "plan", "--zone", "nowhere", *shift), "nowhere", "hel-lf")
    refused(run("import", "teams", __file__, "--zone", "nowhere", "--datum", "wgs84"), "nowhere", "hel-lf")
    refused(
        run("gaps", "find", "--jurisdiction", "mars", "--start", "2026-11-20", "--end", "2026-11-21"), "mars"
    )
    refused(run("map", "--out", tmp_path / "map.pdf"), ".pdf", ".html")


def test_a_damaged_plan_file_is_refused(run, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"format": "lianfang-plan/7"}', encoding="utf8")
    refused(run("patrols", "check", path), "lianfang-plan/7", "lianfang-plan/1")
