"""Footprints of stored cameras: heights, lenses and lights of their records, in service and command."""

import json

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from click.testing import CliRunner
from shapely import MultiPolygon, Point, box
from shapely.affinity import translate
from sqlalchemy import text

from cameras.services import camera_footprints, store_cameras
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.services import Source, open_site
from web.cli import main

CHORD_LOSS = 1e-4
#: Metres here: EPSG:32650 around 23° N 117° E, where the meridian convergence is 0.
EAST, NORTH = 500_000.0, 2_543_000.0


@pytest.fixture
def site(session):
    """Three cameras that look north from 6 m, each alone; a wall of 3 m, 10 m before the first."""
    box_of_site = to_lonlat(gpd.GeoSeries([Point(EAST, NORTH).buffer(500)], crs="EPSG:32650")).total_bounds
    open_site(session, name="村", name_en="village", bounds=tuple(box_of_site), timezone="Asia/Shanghai")
    wall = translate(box(-5, 10, 5, 11), EAST, NORTH)
    walls = gpd.GeoDataFrame(
        {"key": ["w"], "height_m": [3.0]}, geometry=[MultiPolygon([wall])], crs="EPSG:32650"
    )
    batch = places.add_batch(
        session,
        kind="obstructions",
        file_name="w",
        sha256="w",
        datum="wgs84",
        label="real",
        rows=1,
        author="t",
    )
    places.add_obstructions(session, to_lonlat(walls), batch)
    cameras = gpd.GeoDataFrame(
        {
            "code": ["wall", "lens", "light"],
            "name": ["甲", "乙", "丙"],
            "azimuth_deg": 0.0,
            "azimuth_quality": "measured",
            "ptz": False,
            "parent_code": None,
            # The lowest ray is straight down: no dead zone.
            "tilt_deg": 45.0,
            "vfov_deg": 90.0,
            "width_px": 1920.0,
            "height_px": np.nan,
            "mount_height_m": 6.0,
            "hfov_deg": [90.0, np.nan, 90.0],
            "focal_mm": [np.nan, 2.8, np.nan],
            "sensor_width_mm": [np.nan, 5.6, np.nan],
            "night_range_m": [np.nan, np.nan, 20.0],
        },
        geometry=[Point(EAST + x, NORTH) for x in (0, 150, 300)],
        crs="EPSG:32650",
    )
    store_cameras(session, to_lonlat(cameras), Source("cameras", "c", "wgs84", "real", "test"))
    return session


def seen(session, **asked):
    found = camera_footprints(session, level="detect", **asked).set_index("camera")
    return found, to_metric(found, "EPSG:32650").geometry


def quarter(radius):
    return np.pi * radius**2 / 4


def test_a_low_wall_is_seen_over_with_heights_and_not_without(site):
    """16.5 m and more behind it, as worked by hand in test_over_walls."""
    _, flat = seen(site)
    _, over = seen(site, dimension="2.5d")
    there = Point(EAST, NORTH + 20)
    assert over.loc["wall"].covers(there) and not flat.loc["wall"].covers(there)
    assert over.loc["wall"].area == pytest.approx(quarter(38.4) - 62.5 - 22.5, rel=2e-3)
    assert over.loc["light"].area == pytest.approx(flat.loc["light"].area)


def test_the_field_of_view_follows_from_the_lens_of_the_record_and_is_certain(site):
    """2.8 mm before 5.6 mm is 90°."""
    found, shapes = seen(site)
    assert found.loc["lens", "certain"] and found.loc["lens", "assumed"] == ""
    assert shapes.loc["lens"].area == pytest.approx(quarter(38.4), rel=2e-3)


def test_at_night_a_record_with_a_light_ends_there_and_the_others_do_not(site):
    _, dark = seen(site, night=True)
    _, light = seen(site)
    assert dark.loc["light"].area == pytest.approx(quarter(20.0), rel=2e-3)
    assert dark.loc["lens"].area == pytest.approx(light.loc["lens"].area)


def test_a_turning_camera_without_presets_may_see_all_round(site):
    site.execute(text("UPDATE camera SET ptz = true WHERE code = 'light'"))
    found, shapes = seen(site, together=True)
    assert sorted(found.index) == ["lens", "light", "wall"]
    assert shapes.loc["light"].area == pytest.approx(4 * quarter(38.4), rel=2e-3)
    assert found["certain"].to_dict() == {"wall": True, "lens": True, "light": False}
    assert shapes.loc["lens"].area == pytest.approx(quarter(38.4), rel=2e-3)


@pytest.mark.parametrize("dimension", ["2d", "2.5d"])
def test_the_command_writes_footprints_of_either_kind(served, tmp_path, dimension):
    out = tmp_path / "footprints.gpkg"
    given = CliRunner().invoke(
        main,
        [
            "cameras",
            "footprints",
            "--level",
            "overview",
            "--dimension",
            dimension,
            "--out",
            str(out),
            "--json",
        ],
        env={"LIANFANG_DATABASE_URL": served.app_url},
    )
    assert given.exit_code == 0, given.output
    told = json.loads(given.stdout.strip().splitlines()[-1])
    assert (told["dimension"], told["level"], told["out"]) == (dimension, "overview", str(out))
    written = pyogrio.read_dataframe(out)
    assert len(written) == told["footprints"] > 0 and written.is_valid.all()
    assert told["area_m2"] == pytest.approx(written["area_m2"].sum(), abs=0.1)


def test_an_unknown_dimension_is_wrong_usage():
    given = CliRunner().invoke(main, ["cameras", "footprints", "--dimension", "3d"])
    assert given.exit_code == 2 and "'2.5d'" in given.output
