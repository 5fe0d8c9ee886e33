"""The synthetic day: what is planted is written, what is written is what must be found, and nothing else."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box

from cameras.availability import availability, period_ms
from cameras.causes import DEGRADED, NOT_MEASURED, OUTAGE, USABLE
from cameras.frames import FrameBatch, ReadOptions, read_frames
from cameras.synthetic import FaultPlan, RoleShares, SyntheticDay, synthetic_day
from cameras.synthetic.sight import aimed_deg, watched_m

HELSINKI = ZoneInfo("Europe/Helsinki")
DAY = datetime(2026, 11, 20, tzinfo=HELSINKI)
CRS = "EPSG:32635"
EAST, NORTH = 385_500.0, 6_672_000.0
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
# A smaller day than the demo's: one stream, a handful of faults, the same rules.
SHARES = RoleShares(streams=1, inspected=6, ptz=4)
# What availability must call a fault of each kind.
STATE = {
    "nvr": (OUTAGE, "silent"),
    "outage": (OUTAGE, "silent"),
    "lost": (OUTAGE, "lost"),
    "dark": (DEGRADED, "dark"),
    "frozen": (DEGRADED, "frozen"),
    "blocked": (DEGRADED, "blocked"),
    "turned": (USABLE, ""),
    "silent": (NOT_MEASURED, "source_silent"),
}


def town() -> tuple[gpd.GeoDataFrame, gpd.GeoSeries]:
    """Ninety cameras at random along eleven streets 60 m apart."""
    rng = np.random.default_rng(5)
    streets = gpd.GeoSeries(
        [LineString([(EAST, NORTH + 60 * k), (EAST + 600, NORTH + 60 * k)]) for k in range(11)], crs=CRS
    )
    points = [Point(EAST + x, NORTH + y) for x, y in rng.uniform(0, 600, (90, 2))]
    cameras = gpd.GeoDataFrame(
        {
            "code": [f"N-{k:03d}" for k in range(90)],
            "azimuth_deg": np.nan,
            "azimuth_quality": "unknown",
            "ptz": False,
            "parent_code": None,
        },
        geometry=points,
        index=pd.Index(range(101, 191), name="camera_id"),
        crs=CRS,
    )
    return cameras, streets


@pytest.fixture(scope="module")
def day() -> SyntheticDay:
    cameras, streets = town()
    return synthetic_day(cameras, streets, day_start=DAY, seed=6, shares=SHARES)


@pytest.fixture(scope="module")
def found(day: SyntheticDay) -> pd.DataFrame:
    period = period_ms(DAY, DAY + timedelta(days=1))
    return availability(
        day.cameras,
        day.frames,
        day.sources,
        period,
        zone=HELSINKI,
        presets=day.presets,
        expected=day.expected,
    ).segments


def test_every_planted_fault_is_found_to_the_millisecond_and_nothing_else_is(
    day: SyntheticDay, found: pd.DataFrame
) -> None:
    """The truth is worked out from the times of frames alone, availability from the frames."""
    faults = day.truth[day.truth["kind"] != "clock"]
    expected = {
        (row.camera, row.start_ms, row.end_ms, *STATE[row.kind], row.kind == "turned")
        for row in faults.itertuples()
    }
    wrong = found[(found["state"] != USABLE) | found["moved"]]
    told = {
        (row.camera, row.start_ms, row.end_ms, row.state, row.reason, row.moved) for row in wrong.itertuples()
    }
    assert told == expected
    assert set(faults["kind"]) == set(STATE)


def test_a_fault_is_seen_at_most_two_and_a_half_intervals_after_it_begins(day: SyntheticDay) -> None:
    """A silence is known 150 s after the last frame of a gateway; a bad picture at the next frame."""
    truth = day.truth[day.truth["kind"] != "clock"]
    midnight = int(DAY.timestamp()) * SECOND
    late = truth["start_ms"] - (midnight + truth["from_min"] * MINUTE)
    silence = truth["kind"].isin(["nvr", "outage", "silent"])
    # Polls come once a minute, two seconds early or late.
    assert late[silence].between(150 * SECOND - 64 * SECOND, 150 * SECOND).all()
    assert late[~silence].between(0, 64 * SECOND).all()


def test_the_wrong_clock_is_a_finding_of_seven_minutes_twenty(day: SyntheticDay) -> None:
    period = period_ms(DAY, DAY + timedelta(days=1))
    clocks = availability(day.cameras, day.frames, day.sources, period, zone=HELSINKI).clocks
    truth = day.truth[day.truth["kind"] == "clock"]
    assert clocks["camera"].tolist() == truth["camera"].tolist()
    assert clocks["offset_s"].tolist() == pytest.approx([440.0], abs=1.0)
    assert clocks["constant"].tolist() == [True]


def test_the_same_seed_gives_the_same_day_and_another_seed_another(day: SyntheticDay) -> None:
    cameras, streets = town()
    again = synthetic_day(cameras, streets, day_start=DAY, seed=6, shares=SHARES)
    for name, values in day.frames.columns().items():
        np.testing.assert_array_equal(again.frames.columns()[name], values, err_msg=name)
    pd.testing.assert_frame_equal(again.truth, day.truth)
    pd.testing.assert_frame_equal(again.presets, day.presets)
    other = synthetic_day(cameras, streets, day_start=DAY, seed=4, shares=SHARES)
    assert not other.truth.equals(day.truth)


def test_two_thirds_report_their_pose_a_sixth_has_a_compass_point_and_the_rest_nothing(
    day: SyntheticDay,
) -> None:
    frames = day.frames
    measured = np.unique(frames.camera[~np.isnan(frames.azimuth_deg)])
    assert len(measured) == 60
    told = frames.take(np.isin(frames.camera, measured) & (frames.event == 0))
    for name in ("azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px", "height_px"):
        assert np.isfinite(getattr(told, name)).all(), name
    coarse = day.cameras.index[day.cameras["azimuth_quality"] == "coarse"]
    assert len(coarse) == 15
    assert not set(coarse) & set(measured)
    assert (day.cameras.loc[coarse, "azimuth_deg"] % 45 == 0).all()
    assert (day.cameras["azimuth_quality"] != "measured").all()
    assert told.hfov_deg.min() >= 30 and told.hfov_deg.max() <= 100
    assert set(np.unique(told.width_px)) <= {1920.0, 2560.0, 3840.0}


def test_every_camera_speaks_through_the_one_source_that_is_expected_of_it(day: SyntheticDay) -> None:
    spoken = pd.DataFrame({"camera": day.frames.camera, "source": day.frames.source}).drop_duplicates()
    expected = day.expected.sort_values("camera").astype(np.int64).reset_index(drop=True)
    assert spoken.sort_values("camera").astype(np.int64).reset_index(drop=True).equals(expected)
    assert sorted(expected["camera"]) == list(day.cameras.index)
    assert set(expected["source"]) == set(day.sources.index)
    assert day.sources["expected_interval_s"].tolist() == [60.0, 60.0, 1.0, 21_600.0]


def test_no_camera_has_two_faults_and_repairs_fall_where_the_pose_is_measured(day: SyntheticDay) -> None:
    assert day.truth["camera"].is_unique
    repairs = day.truth[day.truth["cause"].isin(["outage", "degraded", "moved"])]
    frames = day.frames
    measured = set(frames.camera[~np.isnan(frames.azimuth_deg)])
    assert set(repairs["camera"]) <= measured
    assert not set(repairs["camera"]) & set(day.presets["camera"])
    # What fails alone is watched by nobody else.
    assert (repairs.loc[repairs["kind"] != "nvr", "alone_m"] > 0).all()


def test_the_recorder_takes_eight_neighbours_with_it(day: SyntheticDay) -> None:
    group = day.truth.loc[day.truth["kind"] == "nvr", "camera"]
    assert len(group) == 8
    named = day.cameras.index[day.cameras["parent_code"] == "synthetic-nvr-01"]
    assert set(named) == set(group)
    apart = day.cameras.geometry.loc[group].union_all().minimum_clearance
    assert apart > 0
    # Ninety cameras on 36 ha: eight neighbours lie within a circle much smaller than the town.
    assert day.cameras.geometry.loc[group].union_all().convex_hull.area < 0.2 * 600 * 600


def test_a_ptz_camera_looks_where_its_schedule_says(day: SyntheticDay) -> None:
    assert day.presets["camera"].nunique() == 4
    midnight = int(DAY.timestamp()) * SECOND
    for preset in day.presets.itertuples():
        own = day.frames.camera == preset.camera
        second = (day.frames.captured_ms[own] - midnight) / SECOND
        inside = (second >= preset.from_s) & (second < preset.until_s)
        turn = (day.frames.azimuth_deg[own][inside] - preset.azimuth_deg + 180) % 360 - 180
        assert len(turn) > 0
        # 0.3° of noise and a tenth of rounding.
        assert np.abs(turn).max() <= 0.4


def test_everything_made_up_is_called_synthetic(day: SyntheticDay, tmp_path: Path) -> None:
    assert day.sources["code"].str.startswith("synthetic").all()
    assert all(path.name.startswith("synthetic") for path in day.write(tmp_path).values())


def test_the_files_give_the_day_back_through_the_readers_without_a_refusal(
    day: SyntheticDay, tmp_path: Path
) -> None:
    paths = day.write(tmp_path)
    assert sorted(path.name.split(".", 1)[1] for path in paths.values()) == [
        "csv",
        "csv",
        "ndjson.gz",
        "ndjson.gz",
    ]
    parts = []
    for source, path in paths.items():
        options = ReadOptions(
            {code: int(number) for number, code in day.cameras["code"].items()},  # type: ignore[call-overload]
            HELSINKI,
            DAY + timedelta(days=1),
            source=source,
        )
        for batch in read_frames(path, options):
            assert batch.rejected == ()
            parts.append(batch.frames)
    back = FrameBatch.concatenate(parts).in_order()
    for name, values in day.frames.columns().items():
        np.testing.assert_array_equal(back.columns()[name], values, err_msg=name)


def test_too_few_cameras_are_refused_in_words() -> None:
    cameras, streets = town()
    with pytest.raises(ValueError, match="give more cameras or plan fewer faults"):
        synthetic_day(cameras.iloc[:20], streets, day_start=DAY, seed=1)
    few = FaultPlan(nvr_cameras=1, outage_min=(20,), dark_cameras=0)
    fewer = synthetic_day(cameras.iloc[:30], streets, day_start=DAY, seed=1, shares=SHARES, faults=few)
    assert set(fewer.truth["kind"]) >= {"nvr", "outage", "frozen", "blocked", "turned", "clock"}


def test_shares_and_plans_check_themselves() -> None:
    with pytest.raises(ValueError, match="add up to at most 1"):
        RoleShares(measured=0.8, compass=0.3)
    with pytest.raises(ValueError, match="give a share"):
        RoleShares(gateway_b=1.0)


def points(*coordinates: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(EAST + x, NORTH + y) for x, y in coordinates], crs=CRS)


def test_a_camera_is_turned_to_the_nearest_street_that_no_wall_hides() -> None:
    """A street 10 m to the north behind a wall, one 20 m to the east in the open.

    The field of 1° lets the aim wander by 0.3° only. Grid and true north differ by 1.8° here.
    """
    stand = points((0, 0))
    streets = gpd.GeoSeries(
        [
            LineString([(EAST - 50, NORTH + 10), (EAST + 10, NORTH + 10)]),
            LineString([(EAST + 20, NORTH - 50), (EAST + 20, NORTH + 50)]),
        ],
        crs=CRS,
    )
    wall = gpd.GeoSeries([box(EAST - 5, NORTH + 4, EAST + 5, NORTH + 6)], crs=CRS)
    none = gpd.GeoSeries([], crs=CRS)
    rng = np.random.default_rng(0)
    # PROJ's meridian convergence at 24.93° E, 60.17° N in zone 35: (24.93 - 27)° · sin 60.17° = -1.8°.
    true_north = 1.8
    hidden = aimed_deg(stand, streets, wall, np.array([1.0]), rng)
    assert hidden.tolist() == pytest.approx([90.0 - true_north], abs=0.5)
    open_air = aimed_deg(stand, streets, none, np.array([1.0]), rng)
    assert open_air.tolist() == pytest.approx([360.0 - true_north], abs=0.5)


def test_a_camera_on_a_street_looks_along_it() -> None:
    """The street runs from south-west to north-east: 45° or 225° on the grid, 1.8° less by true north."""
    street = gpd.GeoSeries([LineString([(EAST - 50, NORTH - 50), (EAST + 50, NORTH + 50)])], crs=CRS)
    none = gpd.GeoSeries([], crs=CRS)
    found = aimed_deg(points((0, 0)), street, none, np.array([1.0]), np.random.default_rng(0))
    assert found[0] % 180 == pytest.approx(45.0 - 1.8, abs=0.5)


def test_street_watched_alone_is_what_no_other_camera_sees_even_from_afar() -> None:
    """Two cameras 1000 m apart look north at a street 5 m away, and a third stands beside the second.

    1920 px over 90° reach 15.36 m at 62.5 px/m, so 45° to each side cut 2 · 5 m out of a street 5 m
    away (the corners lie at 7.07 m).
    """
    stands = points((0, 0), (1000, 0), (1000.5, 0))
    stands.index = pd.Index([7, 8, 9])
    street = gpd.GeoSeries([LineString([(EAST - 100, NORTH + 5), (EAST + 1100, NORTH + 5)])], crs=CRS)
    poses = pd.DataFrame(
        {
            "camera": [7, 8, 9],
            # Grid north, as near as a tenth of a degree.
            "azimuth_deg": [360.0 - 1.8] * 3,
            "tilt_deg": 0.0,
            "hfov_deg": 90.0,
            "vfov_deg": 90.0,
            "width_px": 1920.0,
        }
    )
    found = watched_m(poses, stands, street, gpd.GeoSeries([], crs=CRS))
    assert found.loc[7].tolist() == pytest.approx([10.0, 10.0], abs=0.05)
    assert found.loc[8, "seen_m"] == pytest.approx(10.0, abs=0.05)
    # Half a metre of each is left to itself.
    assert found.loc[[8, 9], "alone_m"].tolist() == pytest.approx([0.5, 0.5], abs=0.05)


def test_frames_begin_before_midnight_so_that_the_day_starts_with_evidence(
    day: SyntheticDay, found: pd.DataFrame
) -> None:
    first = found.drop_duplicates("camera")
    assert (first["start_ms"] == int(DAY.timestamp()) * SECOND).all()
    assert (first["state"] == USABLE).all()
    last_round = day.frames.captured_ms[day.frames.source == 3].max()
    assert int((DAY + timedelta(days=1)).timestamp()) * SECOND - last_round < 15 * HOUR
