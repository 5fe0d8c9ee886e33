"""From pixels, lens and mounting to distances, and what is assumed when a record is silent."""

import doctest

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras import optics
from cameras.optics import (
    AssumedOptics,
    completed,
    far_edge_m,
    focal_from_hfov_mm,
    hfov_from_lens_deg,
    level_range_m,
    near_edge_m,
    pixel_density,
    vfov_from_hfov_deg,
)

DORI = np.array([25.0, 62.5, 125.0, 250.0])


@pytest.mark.parametrize(
    ("width_px", "hfov_deg", "ranges"),
    [
        (1920, 90, [38.4, 15.4, 7.7, 3.8]),
        (1920, 60, [66.5, 26.6, 13.3, 6.7]),
        (3840, 90, [76.8, 30.7, 15.4, 7.7]),
    ],
)
def test_range_agrees_with_the_worked_table(width_px, hfov_deg, ranges):
    """The worked ranges of DOMAIN §2."""
    assert level_range_m(width_px, hfov_deg, DORI).round(1).tolist() == ranges


def test_scene_width_agrees_with_a_real_flight():
    """KLV of aphill_short.ts (DOMAIN §2): HFOV 0.8°, slant range 1729.9 m, corners 24.0 to 24.4 m apart.

    The density at that range times the scene's width is the picture's width.
    """
    assert 1280 / pixel_density(1280, 0.8, 1729.9) == pytest.approx(24.2, abs=0.2)


def test_a_panorama_spreads_its_pixels_over_the_arc():
    """4000 px all round at 25 px/m go round a circle of 160 m: radius 160 / 2π."""
    assert level_range_m(4000, 360.0, 25.0) == pytest.approx(160 / (2 * np.pi))
    assert level_range_m(4000, 180.0, 25.0) == pytest.approx(160 / np.pi)


@given(st.floats(1, 179), st.floats(100, 8000), st.floats(0.5, 2000))
def test_density_at_the_range_of_a_density_is_that_density(hfov, width, density):
    assert pixel_density(width, hfov, level_range_m(width, hfov, density)) == pytest.approx(density)


@given(st.floats(1, 175), st.floats(1, 36))
def test_lens_and_field_of_view_are_each_others_reverse(hfov, sensor):
    assert hfov_from_lens_deg(focal_from_hfov_mm(hfov, sensor), sensor) == pytest.approx(hfov)


def test_a_full_frame_50_mm_lens_sees_39_6_degrees_across_and_27_0_down():
    """Photographers' textbook figures for 36 × 24 mm."""
    hfov = hfov_from_lens_deg(50.0, 36.0)
    assert hfov == pytest.approx(39.6, abs=0.05)
    assert vfov_from_hfov_deg(hfov, 36 / 24) == pytest.approx(27.0, abs=0.05)


def test_near_and_far_edge_by_hand():
    """h = 4 m, field 60° high: looking 15° down the rays fall at 45° and −15°; 45° down at 75° and 15°."""
    assert near_edge_m(4.0, 15.0, 60.0) == pytest.approx(4.0)
    assert far_edge_m(4.0, 15.0, 60.0) == np.inf
    assert near_edge_m(4.0, 45.0, 60.0) == pytest.approx(4 * (2 - 3**0.5))
    assert far_edge_m(4.0, 45.0, 60.0) == pytest.approx(4 * (2 + 3**0.5))


def test_a_field_that_reaches_straight_down_has_no_dead_zone():
    assert near_edge_m(4.0, [60.0, 70.0, 90.0], 60.0).tolist() == [0.0, 0.0, 0.0]


def test_a_field_above_the_horizon_never_meets_the_ground():
    assert near_edge_m(4.0, [-30.0, -45.0], 60.0).tolist() == [np.inf, np.inf]


def test_an_edge_of_an_unknown_mounting_is_unknown():
    unknown = near_edge_m([np.nan, 4.0, 4.0], [15.0, np.nan, 15.0], [60.0, 60.0, np.nan])
    assert np.isnan(unknown).all()


@given(st.floats(0.5, 30), st.floats(-30, 90), st.floats(5, 120))
def test_the_near_edge_is_never_beyond_the_far_edge(height, tilt, vfov):
    assert near_edge_m(height, tilt, vfov) <= far_edge_m(height, tilt, vfov)


def test_a_silent_record_takes_every_assumed_value_and_says_so():
    silent = gpd.GeoDataFrame(
        {"azimuth_deg": [np.nan]}, geometry=gpd.points_from_xy([0], [0]), crs="EPSG:32635"
    )
    row = completed(silent).iloc[0]
    assert (row.width_px, row.hfov_deg, row.mount_height_m, row.tilt_deg) == (1920, 90, 3.5, 15)
    assert row.vfov_deg == pytest.approx(np.degrees(2 * np.arctan(9 / 16)))  # tan 45° / (16/9)
    assert row.assumed == "width_px,hfov_deg,vfov_deg,mount_height_m,tilt_deg"
    assert np.isnan(row.azimuth_deg)


def test_known_values_are_kept_and_not_called_assumed():
    known = pd.DataFrame(
        {
            "width_px": [2560.0, np.nan],
            "height_px": [1440.0, 1080.0],
            "hfov_deg": [70.0, 70.0],
            "vfov_deg": [np.nan, 41.0],
            "mount_height_m": [6.0, 6.0],
            "tilt_deg": [0.0, np.nan],
        },
        index=["N-07", "N-07"],
    )
    before = known.copy()
    out = completed(known, AssumedOptics(width_px=1280, tilt_deg=20))
    assert out["assumed"].tolist() == ["", "width_px,tilt_deg"]
    assert out["width_px"].tolist() == [2560, 1280]
    assert out["tilt_deg"].tolist() == [0, 20]
    # Square pixels: tan(vfov/2) = tan(35°) · 1440 / 2560, derived and not assumed.
    assert out["vfov_deg"].tolist() == pytest.approx(
        [np.degrees(2 * np.arctan(np.tan(np.radians(35)) * 0.5625)), 41]
    )
    assert out.index.tolist() == ["N-07", "N-07"]
    pd.testing.assert_frame_equal(known, before)


def test_the_height_of_a_panorama_is_not_invented():
    out = completed(pd.DataFrame({"hfov_deg": [360.0]}))
    assert np.isnan(out["vfov_deg"].iloc[0])
    assert "vfov_deg" not in out["assumed"].iloc[0]


def test_what_was_assumed_before_stays_assumed():
    once = completed(pd.DataFrame({"hfov_deg": [70.0, np.nan]}))
    twice = completed(once)
    pd.testing.assert_frame_equal(once, twice)


def test_none_in_a_column_of_objects_is_a_missing_value():
    out = completed(pd.DataFrame({"width_px": [None, 1280]}, dtype=object))
    assert out["width_px"].tolist() == [1920, 1280]


def test_no_camera_gives_an_empty_frame():
    assert completed(pd.DataFrame({"hfov_deg": np.empty(0)}))["assumed"].tolist() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hfov_deg": 0},
        {"hfov_deg": 361},
        {"width_px": -1},
        {"mount_height_m": 0},
        {"tilt_deg": 91},
        {"aspect": np.nan},
    ],
)
def test_impossible_assumptions_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AssumedOptics(**wrong)


def test_examples_in_the_docstrings_are_true():
    failed, tried = doctest.testmod(optics)
    assert tried and not failed
