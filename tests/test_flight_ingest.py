"""Flights on the command line: stored for the camera that is named, once, with what was wrong beside them."""

import json

import pytest
from click.testing import CliRunner
from databases import another_database
from klv_packets import local_set
from sqlalchemy import text

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.services import open_site
from migrations import runner
from web.cli import main

# 2024-05-01T04:00:00Z, noon in Shanghai.
NOON_US = 1_714_536_000_000_000
SUBTITLE = (
    "{n}\n00:00:0{n},000 --> 00:00:0{n},900\n2024-05-01 12:00:0{n}.000\n[fnum: 1.9] [latitude: 23.25] "
    "[longitude: 116.5] [rel_alt: 60.0 abs_alt: 75.0] [gb_yaw: 90.0 gb_pitch: -45.0 gb_roll: 0.0]\n\n"
)


@pytest.fixture(scope="module")
def site(cluster, tmp_path_factory):
    """A site with one camera on an aircraft (UAV, 移动采集设备类型 5), imported from a table."""
    with another_database(cluster, "lianfang_flights") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            open_site(
                session,
                name="村",
                name_en="village",
                bounds=(116.4, 23.2, 116.6, 23.4),
                timezone="Asia/Shanghai",
            )

        def run(*arguments):
            told = {"LIANFANG_DATABASE_URL": app_url, "LIANFANG_OWNER_DATABASE_URL": owner_url}
            result = CliRunner().invoke(main, [str(one) for one in (*arguments, "--json")], env=told)
            return result.exit_code, result.output

        table = tmp_path_factory.mktemp("site") / "cameras.csv"
        table.write_text("code,name,lon,lat,mobile_device\nuav-1,无人机,116.5,23.25,5\n", encoding="utf8")
        status, said = run("import", "cameras", table, "--datum", "wgs84")
        assert status == 0, said
        yield run, engine
        engine.dispose()


def rows(engine, query):
    with transaction(engine, scope=WHOLE_SITE) as session:
        return [tuple(row) for row in session.execute(text(query))]


def look(second):
    """Nose east and level, the sensor ahead and 45° down; 116.5° E, 23.25° N, 1,000 m of slant range."""
    degrees = {13: round(23.25 / 90 * (2**31 - 1)), 14: round(116.5 / 180 * (2**31 - 1))}
    items = {2: (NOON_US + second * 1_000_000).to_bytes(8, "big").hex(), 5: "4000", 6: "0000", 7: "0000"}
    items |= {tag: number.to_bytes(4, "big").hex() for tag, number in degrees.items()}
    down = round(-45 / 180 * (2**31 - 1)).to_bytes(4, "big", signed=True).hex()
    slant = round(1000 / 5_000_000 * (2**32 - 1)).to_bytes(4, "big").hex()
    return local_set(items | {18: "00000000", 19: down, 21: slant})


def test_the_camera_is_a_moving_one(site):
    assert rows(site[1], "SELECT code, mobile_device FROM camera") == [("uav-1", 5)]


@pytest.mark.parametrize(
    ("name", "content", "filling", "source", "height_m"),
    [
        ("flight.KLV", b"".join(look(n) for n in range(1, 4)), b"\0", "klv", 1000 / 2**0.5),
        ("a.SRT", "".join(SUBTITLE.format(n=n) for n in range(1, 4)).encode(), b"\n", "srt", 60.0),
    ],
)
def test_a_flight_is_stored_for_its_camera_and_only_once(
    site, tmp_path, name, content, filling, source, height_m
):
    run, engine = site
    path = tmp_path / name
    path.write_bytes(content)
    told = ("frames", "ingest", path, "--source", source, "--camera", "uav-1", "--interval-s", "1")
    status, said = run(*told)
    assert status == 0, said
    assert json.loads(said.splitlines()[-1])["new"] == 3
    frames = (
        "SELECT extract(epoch FROM captured_at)::bigint, azimuth_deg, tilt_deg, lon, lat, height_m "
        "FROM frame f JOIN frame_source s ON s.id = f.source_id "
        f"WHERE s.code = '{source}' ORDER BY captured_at"
    )
    stored = rows(engine, frames)
    assert [row[0] for row in stored] == [NOON_US // 1_000_000 + n for n in (1, 2, 3)]
    assert stored[0][1:] == pytest.approx((90.0, 45.0, 116.5, 23.25, height_m), abs=0.01)

    status, said = run(*told)
    assert status == 0 and "was stored before" in said
    # The same flight in a file that is another one: every frame is known.
    path.write_bytes(content + filling)
    status, said = run(*told)
    counts = json.loads(said.splitlines()[-1])
    assert (status, counts["new"], counts["known"]) == (0, 0, 3)
    assert len(rows(engine, frames)) == 3


def test_a_broken_flight_is_refused_or_kept_with_its_problems(site, tmp_path):
    run, engine = site
    good, bad = look(7), look(8)[:-1] + b"\x00"
    path = tmp_path / "broken.klv"
    path.write_bytes(good + bad)
    told = ("frames", "ingest", path, "--source", "broken", "--camera", "uav-1")
    status, said = run(*told)
    assert status == 1 and "broken.klv packet 2: checksum is 0x" in said
    assert not rows(engine, "SELECT 1 FROM frame_file WHERE file_name = 'broken.klv'")
    status, said = run(*told, "--keep-good")
    assert status == 0, said
    ((n, refused, problems),) = rows(
        engine, "SELECT row_count, refused, problems FROM frame_file WHERE file_name = 'broken.klv'"
    )
    assert (n, refused, len(problems)) == (1, 1, 1)
    assert problems[0].startswith("broken.klv packet 2: checksum is 0x")


def test_positions_of_flights_are_not_shifted_by_a_datum(site, tmp_path):
    """GCJ-02 would move them some 500 m."""
    run, engine = site
    path = tmp_path / "shifted.srt"
    path.write_text(SUBTITLE.format(n=9))
    status, said = run("frames", "ingest", path, "--source", "gcj", "--camera", "uav-1", "--datum", "gcj02")
    assert status == 0 and "the positions of such a file are WGS 84; the datum gcj02 is not used" in said
    assert rows(
        engine,
        "SELECT lon, lat FROM frame f JOIN frame_source s ON s.id = f.source_id WHERE s.code = 'gcj'",
    ) == [pytest.approx((116.5, 23.25), abs=1e-5)]


def test_a_flight_needs_its_camera(site, tmp_path):
    run, _ = site
    path = tmp_path / "nobody.srt"
    path.write_text(SUBTITLE.format(n=1))
    status, said = run("frames", "ingest", path, "--source", "srt")
    assert status == 1 and "nobody.srt: the file names no camera; give its code with --camera" in said
