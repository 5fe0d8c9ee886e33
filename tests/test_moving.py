"""Cameras on vehicles and in the air: where they were, what they saw from there, and how long that held."""

from __future__ import annotations

from dataclasses import replace
from math import radians, tan

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box
from test_dimensions import CRS, MINUTE_MS, placed, scene

from cameras.analysis import AnalysisResult, AnalysisSettings, Scene, analyse_scene
from cameras.causes import NOT_MEASURED, OUTAGE
from cameras.coverage import CoverageSettings
from cameras.frame_ground import ground_offsets_m, turned
from cameras.frames import FrameBatch
from cameras.moving import from_above
from cameras.poses import PoseTolerances
from geo.crs import to_lonlat

VEHICLE, UAV = 4, 5


def viewer(**fields: float) -> gpd.GeoDataFrame:
    row = {
        "azimuth_deg": 0.0,
        "tilt_deg": 90.0,
        "hfov_deg": 60.0,
        "vfov_deg": 40.0,
        "width_px": 3840.0,
        "mount_height_m": 50.0,
    }
    return gpd.GeoDataFrame([{**row, **fields}], geometry=[Point(0, 0)], crs=CRS)


def seen_from(
    row: gpd.GeoDataFrame, level: str | float, walls: gpd.GeoDataFrame | None = None
) -> shapely.Geometry:
    return from_above(row, walls, level=level).iloc[0]


# The picture from above ------------------------------------------------------------------------------


def test_straight_down_it_sees_a_rectangle_about_its_foot() -> None:
    """50 m up, 60° × 40°: 2 · 50 · tan 30° = 57.74 m wide, 2 · 50 · tan 20° = 36.40 m high."""
    seen = seen_from(viewer(), 20.0)
    assert seen.bounds == pytest.approx((-28.868, -18.199, 28.868, 18.199), abs=1e-3)
    assert seen.area == pytest.approx(57.735 * 36.397, rel=1e-4)
    turned_east = seen_from(viewer(azimuth_deg=90.0), 20.0)
    assert turned_east.bounds == pytest.approx((-18.199, -28.868, 18.199, 28.868), abs=1e-3)


def test_too_high_for_the_level_it_sees_nothing() -> None:
    """3840 px over 60° are 33.3 px/m at 100 m and 27.7 at 120 m: 25 reach to 133 m, 30 to 110.9 m."""
    assert seen_from(viewer(mount_height_m=120.0), 30.0).is_empty
    assert not seen_from(viewer(mount_height_m=120.0), 25.0).is_empty


def test_the_corners_are_those_of_the_rays() -> None:
    """Against the quadrilateral that flights are checked with, from slant range and attitude."""
    row = viewer(azimuth_deg=30.0, tilt_deg=50.0)
    slant = 50.0 / np.sin(radians(50.0))
    rays = ground_offsets_m(turned([30.0], [-50.0], [0.0]), [slant], [60.0], [40.0])[0, 1:]
    # One pixel a metre: the range hides no corner.
    assert shapely.normalize(seen_from(row, 1.0)).equals_exact(shapely.normalize(shapely.Polygon(rays)), 1e-6)


@given(
    st.floats(0, 359),
    st.floats(-10, 90),
    st.floats(10, 120),
    st.floats(10, 100),
    st.floats(5, 150),
    st.integers(0, 2**32 - 1),
)
def test_a_point_is_seen_when_its_ray_lies_in_the_picture(
    azimuth: float, tilt: float, hfov: float, vfov: float, height: float, seed: int
) -> None:
    """A thousand points each, by the angles of their rays and the pixels a metre along them."""
    density = 10.0
    seen = seen_from(
        viewer(azimuth_deg=azimuth, tilt_deg=tilt, hfov_deg=hfov, vfov_deg=vfov, mount_height_m=height),
        density,
    )
    range_m = 3840.0 / (2.0 * density * tan(radians(hfov) / 2.0))
    east, north = np.random.default_rng(seed).uniform(-1.2 * range_m, 1.2 * range_m, (2, 1000))
    # Along the axis, to the right of it, and below it.
    a, t = radians(azimuth), radians(tilt)
    level = east * np.sin(a) + north * np.cos(a)
    right = east * np.cos(a) - north * np.sin(a)
    ahead = level * np.cos(t) + height * np.sin(t)
    down = height * np.cos(t) - level * np.sin(t)
    distance = np.sqrt(east**2 + north**2 + height**2)
    slack = np.minimum.reduce(
        [
            ahead * tan(radians(hfov) / 2.0) - np.abs(right),
            ahead * tan(radians(vfov) / 2.0) - np.abs(down),
            range_m - distance,
        ]
    )
    clear = np.abs(slack) > 1e-3 * range_m
    found = shapely.contains_xy(seen, east, north)
    assert seen.is_valid
    assert np.array_equal(found[clear], slack[clear] > 0)


def test_from_above_a_wall_hides_what_lies_right_behind_it_only() -> None:
    """From 50 m up, 40 m off, a wall of 10 m hides 40 · 10 / 40 = 10 m of ground behind it."""
    wall = gpd.GeoDataFrame({"height_m": [10.0]}, geometry=[box(-100, 40, 100, 40.001)], crs=CRS)
    row = viewer(tilt_deg=45.0, hfov_deg=90.0, vfov_deg=88.0)
    seen = seen_from(row, 5.0, wall)
    assert not seen.contains(Point(0, 45)) and not seen.contains(Point(0, 49.9))
    assert seen.contains(Point(0, 50.2)) and seen.contains(Point(0, 39.9))


# In an analysis --------------------------------------------------------------------------------------


def moving(frames: FrameBatch, kind: float, **record: object) -> Scene:
    """The street of 30 m without its wall, and a camera that is carried along it."""
    still = scene(wall_m=3.0)
    cameras = still.cameras.assign(mobile_device=kind, **record)
    walls = still.obstructions.iloc[:0]
    return replace(still, cameras=cameras, obstructions=walls, frames=frames)


def positions(metres: list[float], minutes: list[float], **columns: object) -> FrameBatch:
    """Frames of camera 1 that many metres along the street, 0 being its record's place."""
    points = to_lonlat(gpd.GeoSeries([placed(Point(east, 0)) for east in metres], crs=CRS))
    told = {"azimuth_deg": 90.0, "luma": 120.0, "contrast": 60.0, "sharpness": 80.0, "similarity": 0.5}
    return FrameBatch.of(
        [1] * len(minutes),
        [round(minute * MINUTE_MS) for minute in minutes],
        source=1,
        lon=points.x.to_numpy(),
        lat=points.y.to_numpy(),
        **{**told, **columns},  # type: ignore[arg-type]
    )


def found_in(made: Scene, minutes: int = 15, tolerances: PoseTolerances | None = None) -> AnalysisResult:
    asked = AnalysisSettings(
        coverage=CoverageSettings(level="observe"), tolerances=tolerances or PoseTolerances()
    )
    return analyse_scene(made, (0, minutes * MINUTE_MS), asked)


def covered_mm_ms(result: AnalysisResult) -> int:
    """Street × time that was covered, in thousandths of a metre and of a second."""
    return int(result.coverages["observe"].totals()["covered"].sum())


def test_a_vehicle_covers_where_it_is_and_while_its_frames_hold() -> None:
    """Five minutes at the street's begin, then away: 1920 px over 90° tell 62.5 px/m up to 15.36 m."""
    minutes = [float(minute) for minute in range(15)]
    there = positions([0.0] * 5 + [5_000.0] * 10, minutes)
    result = found_in(moving(there, VEHICLE, tilt_deg=np.nan, vfov_deg=np.nan, mount_height_m=np.nan))
    share = covered_mm_ms(result) / (15_360 * 5 * MINUTE_MS)
    # Its near edge is that of an assumed mast, 3.5 m · cot(15° + 29.36°) = 3.58 m.
    assert share == pytest.approx((15.36 - 3.58) / 15.36, abs=0.01)


def test_without_its_frames_it_covers_nothing_and_loses_nothing() -> None:
    """Neither the place in its record nor its silence means anything: no street was lost with it."""
    quiet = positions([0.0], [-1000.0])
    other = FrameBatch.of([2] * 20, [minute * MINUTE_MS for minute in range(-5, 15)], source=1)
    made = moving(FrameBatch.concatenate([quiet, other]), VEHICLE)
    witness = made.cameras.assign(code="witness").set_index(pd.Index([2])).assign(mobile_device=np.nan)
    witness = witness.set_geometry([placed(Point(0, 9_000))], crs=CRS)
    made = replace(made, cameras=pd.concat([made.cameras, witness]))
    result = found_in(made)
    own = result.availability.segments[result.availability.segments["camera"] == 1]
    assert own["state"].tolist() == [NOT_MEASURED]
    assert set(result.gaps.frame["cause"]) == {"no_camera"}
    fixed = found_in(replace(made, cameras=made.cameras.assign(mobile_device=np.nan)))
    lost = fixed.availability.segments[fixed.availability.segments["camera"] == 1]
    assert OUTAGE in lost["state"].tolist(), "a fixed one would have been lost"


def test_where_a_fixed_camera_says_it_is_changes_nothing() -> None:
    minutes = [float(minute) for minute in range(-5, 15)]
    told = found_in(moving(positions([500.0] * 20, minutes), np.nan))
    silent = positions([500.0] * 20, minutes)
    nan = np.full(len(silent), np.nan)
    plain = found_in(moving(replace(silent, lon=nan, lat=nan), np.nan))
    assert covered_mm_ms(told) == covered_mm_ms(plain) > 0


def test_a_flight_is_as_many_poses_as_it_has_places() -> None:
    """A kilometre in steps of 3 m: a place reaches 10 m, so each fourth frame begins a new one."""
    metres = [float(m) for m in range(0, 1001, 3)]
    flight = positions(metres, [m / 60.0 for m in metres], height_m=40.0)
    poses = found_in(moving(flight, UAV)).availability.poses
    places = poses["x_m"].dropna()
    assert places.diff().dropna().to_numpy() == pytest.approx(12.0, abs=1e-3)
    assert len(places) == 84
    assert poses["mount_height_m"][places.index].unique().tolist() == [40.0]


def test_hovering_is_one_pose_and_no_turning_away() -> None:
    """A receiver that is wrong by some metres, and a gimbal that turns: it was told to look there."""
    rng = np.random.default_rng(7)
    minutes = [second / 60.0 for second in range(600)]
    hover = positions(rng.normal(0, 1.5, 600).tolist(), minutes, height_m=40.0)
    result = found_in(moving(hover, UAV))
    assert result.availability.poses["x_m"].notna().sum() == 1
    turning = replace(hover, azimuth_deg=np.where(np.arange(600) < 300, 90.0, 270.0))
    assert not found_in(moving(turning, UAV)).availability.segments["moved"].any()


def test_from_the_air_the_street_is_covered_as_worked_out_by_hand() -> None:
    """20 m above the middle of the street, straight down, 90° × 90°: 20 m to either side, all of its 30 m.

    1920 px over 90° reach 15.36 m at observe and 38.4 m at detect: at 20 m up the first sees nothing, the
    second √(38.4² − 20²) = 32.8 m round, so that the picture's own edge of 20 m counts.
    """
    minutes = [float(minute) for minute in range(15)]
    flight = positions([15.0] * 15, minutes, tilt_deg=90.0, vfov_deg=90.0, hfov_deg=90.0, height_m=20.0)
    result = found_in(moving(flight, UAV))
    assert covered_mm_ms(result) == 0
    detect = result.coverages["detect"]
    assert int(detect.totals()["covered"].sum()) == 30_000 * 15 * MINUTE_MS
