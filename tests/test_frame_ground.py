"""The ground in a moving camera's picture: by hand, and against a real flight's own corner points."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Proj

from cameras import frame_ground
from cameras.frame_ground import ground_lonlat, ground_offsets_m, relative_to_platform, turned
from cameras.frames.klv import read_packets
from cameras.frames.stream import klv_packets

FLIGHT = Path(__file__).parent.parent.parent / "shared" / "data" / "video" / "aphill_short.ts"
LEVEL = turned(0.0, 0.0, 0.0)


def seen(yaw, elevation, slant, hfov, vfov, roll=0.0):
    return ground_offsets_m(LEVEL @ turned(yaw, elevation, roll), slant, hfov, vfov)[0]


def test_straight_down_the_picture_is_a_rectangle_around_the_foot():
    """From 100 m with 90° by 2·atan(1/2): 200 by 100 m, its upper edge to the north."""
    spots = seen(0.0, -90.0, 100.0, 90.0, np.degrees(2 * np.arctan(0.5)))
    assert spots == pytest.approx(
        np.array([[0, 0], [-100, 50], [100, 50], [100, -50], [-100, -50]]), abs=1e-9
    )


def test_obliquely_near_and_far_edge_are_those_of_a_pinhole():
    """100 m up, 45° down, 30° upright: near edge 100/tan 60°, far edge 100/tan 30° (DOMAIN §2)."""
    spots = seen(90.0, -45.0, 100 * 2**0.5, 40.0, 30.0)
    assert spots[0] == pytest.approx([100, 0])
    assert spots[1:, 0] == pytest.approx(100 * np.array([3**0.5, 3**0.5, 3**-0.5, 3**-0.5]))
    # Half the width: tan 20° of the way along the axis, which is cos 15° of the way to the edge.
    half = np.tan(np.radians(20)) * 100 / np.sin(np.radians([30, 30, 60, 60])) * np.cos(np.radians(15))
    assert spots[1:, 1] == pytest.approx(half * [1, -1, -1, 1])


def test_a_rolled_picture_turns_around_its_axis():
    """A quarter turn clockwise puts the upper left corner where the upper right was."""
    plain, rolled = seen(0.0, -90.0, 50.0, 40.0, 40.0), seen(0.0, -90.0, 50.0, 40.0, 40.0, roll=90.0)
    assert rolled[1:] == pytest.approx(np.roll(plain[1:], -1, axis=0), abs=1e-9)


def test_the_sensor_turns_on_its_platform():
    """Nose to the east, sensor 90° to the right: it looks south; a platform rolled right lowers that look."""
    level = turned(90.0, 0.0, 0.0) @ turned(90.0, -45.0, 0.0)
    assert level[0, :, 0] == pytest.approx([-(0.5**0.5), 0, 0.5**0.5])
    banked = turned(90.0, 0.0, 15.0) @ turned(90.0, -30.0, 0.0)
    assert banked[0, 2, 0] == pytest.approx(0.5**0.5)


def test_a_ray_at_or_above_the_horizon_meets_no_ground():
    high = seen(0.0, -10.0, 100.0, 30.0, 30.0)
    assert np.isnan(high[1:3]).all() and np.isfinite(high[3:]).all()
    assert np.isnan(seen(0.0, 5.0, 100.0, 30.0, 30.0)).all()
    assert np.isnan(ground_lonlat(10.0, 50.0, high[None])[0, 1]).all()


@given(st.floats(-180, 180), st.floats(-30, 30), st.floats(-40, 40), st.floats(0, 359), st.floats(-89, -1))
def test_an_axis_told_in_the_open_is_the_same_axis_told_on_the_platform(yaw, pitch, roll, azimuth, elevation):
    platform = turned(yaw, pitch, roll)
    relative = relative_to_platform(platform, azimuth, elevation)
    there = (platform @ turned(*relative, 0.0))[0, :, 0]
    assert there == pytest.approx(turned(azimuth, elevation, 0.0)[0, :, 0], abs=1e-9)


def test_offsets_become_places_on_the_ellipsoid():
    """A minute of latitude at 45° is 1852.2 m."""
    ((north, east),) = ground_lonlat(116.0, 45.0, np.array([[[0.0, 1852.2], [1000.0, 0.0]]]))
    assert north == pytest.approx([116.0, 45.0 + 1 / 60], abs=1e-5)
    assert Geod(ellps="WGS84").inv(116.0, 45.0, *east)[2] == pytest.approx(1000.0, abs=1e-6)


def test_examples_in_the_docstrings_are_true():
    failed, tried = doctest.testmod(frame_ground)
    assert tried and not failed


# ---------------------------------------------------------------- a real flight


@pytest.fixture(scope="module")
def flight():
    """Per packet: computed centre and corners and the file's, metres east and north of the sensor."""
    if not FLIGHT.is_file():
        pytest.skip(f"the sample flight is not at {FLIGHT}")
    told = read_packets(klv_packets(FLIGHT))
    assert len(told.table) == 48 and not told.refused
    rows = told.table
    truth = np.stack(
        [
            _metres(rows, rows[lon], rows[lat])
            for lon, lat in (
                ("centre_lon", "centre_lat"),
                *((f"corner_lon_{n}", f"corner_lat_{n}") for n in range(1, 5)),
            )
        ],
        axis=1,
    )
    return rows, _computed(rows, rows.axis_azimuth_deg), truth


def _computed(rows, azimuth):
    platform = turned(rows.platform_yaw_deg, rows.platform_pitch_deg, rows.platform_roll_deg)
    relative = relative_to_platform(platform, azimuth, rows.axis_elevation_deg)
    sensor = platform @ turned(*relative, 0.0)
    return ground_offsets_m(sensor, rows.slant_range_m, rows.hfov_deg, rows.vfov_deg)


def _metres(rows, lon, lat):
    bearing, _, length = Geod(ellps="WGS84").inv(rows.lon, rows.lat, lon, lat)
    return np.column_stack([length * np.sin(np.radians(bearing)), length * np.cos(np.radians(bearing))])


def _sides(quadrilaterals):
    return np.linalg.norm(np.roll(quadrilaterals, -1, axis=1) - quadrilaterals, axis=2)


@pytest.mark.shared
def test_sides_agree_with_the_files_own_within_two_per_cent(flight):
    _, ours, truth = flight
    assert _sides(ours[:, 1:]) == pytest.approx(_sides(truth[:, 1:]), rel=0.02)
    assert _sides(truth[:, 1:])[:, 0].min() > 24.0


@pytest.mark.shared
def test_corners_agree_within_a_metre_once_centred(flight):
    _, ours, truth = flight
    apart = (ours - ours[:, :1])[:, 1:] - (truth - truth[:, :1])[:, 1:]
    assert np.linalg.norm(apart, axis=2).max() < 1.0


@pytest.mark.shared
def test_the_centre_is_off_by_the_meridian_convergence_alone(flight):
    """35 to 36 m off; under half a metre with azimuths from grid north of UTM zone 18, as they seem to be."""
    rows, ours, truth = flight
    off = np.linalg.norm(ours[:, 0] - truth[:, 0], axis=1)
    assert off.min() > 34.0 and off.max() < 37.0
    convergence = Proj("EPSG:32618").get_factors(rows.lon, rows.lat).meridian_convergence
    from_grid = _computed(rows, rows.axis_azimuth_deg + convergence)
    assert np.linalg.norm(from_grid[:, 0] - truth[:, 0], axis=1).max() < 0.5
