"""Turning cameras, lenses of the record and the dark, worked by hand."""

import doctest

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box
from shapes import camera, frame

from cameras import ptz
from cameras.footprint import footprints
from cameras.optics import at_night, from_lens, level_range_m
from cameras.ptz import drives, reach, turning

CHORD_LOSS = 6e-5


def presets(*azimuths, **fields):
    """Poses of 90° and 40 m, of camera 7."""
    rows = [camera(azimuth_deg=azimuth, **fields) for azimuth in azimuths]
    return pd.concat(rows, ignore_index=True).assign(camera=7)


def test_two_presets_apart_reach_two_quarters():
    poses = presets(0.0, 180.0)
    there = reach(poses, frame(()), level=24.0)
    assert there.index.tolist() == [7] and there.crs == poses.crs
    assert there.loc[7].area == pytest.approx(np.pi * 40**2 / 2, rel=CHORD_LOSS)


def test_overlapping_presets_count_the_ground_once():
    """0° and 45°: together from −45° to 90°."""
    there = reach(presets(0.0, 45.0), frame(()), level=24.0).loc[7]
    assert there.area == pytest.approx(np.pi * 40**2 * 135 / 360, rel=CHORD_LOSS)


def test_a_zoomed_preset_reaches_further_in_a_narrower_field():
    """53.13° has tan(HFOV/2) = 1/2: 80 m."""
    narrow = np.degrees(2 * np.arctan(0.5))
    poses = presets(0.0, 0.0).assign(hfov_deg=[90.0, narrow])
    wanted = np.pi * (40**2 * (90 - narrow) + 80**2 * narrow) / 360
    assert reach(poses, frame(()), level=24.0).loc[7].area == pytest.approx(wanted, rel=CHORD_LOSS)


def test_a_wall_hides_from_every_preset_and_low_walls_are_seen_over():
    wall = frame((box(-50, 10, 50, 11),)).assign(height_m=3.0)
    poses = presets(0.0, 20.0, mount_height_m=6.0)
    flat, over = (reach(poses, wall, level=24.0, dimension=one).loc[7] for one in ("2d", "2.5d"))
    assert flat.bounds[3] == pytest.approx(10.0)
    assert over.bounds[3] == pytest.approx(40.0, rel=1e-3)


def test_cameras_stay_apart_and_blind_ones_stay():
    poses = pd.concat(
        [presets(0.0), presets(90.0).assign(camera=3), camera(30, 30, azimuth_deg=0.0).assign(camera=5)]
    )
    there = reach(poses, frame((box(25, 25, 35, 35),)), level=24.0)
    assert there.index.tolist() == [3, 5, 7]
    assert there.is_empty.tolist() == [False, True, False]
    assert len(reach(poses.iloc[:0], frame(()), level=24.0)) == 0


def test_poses_of_no_camera_are_refused():
    with pytest.raises(ValueError, match="no column camera"):
        reach(camera(), frame(()), level=24.0)


def test_a_drive_sees_all_between_its_limits():
    """From 300° clockwise to 60° with 90°: from 255° to 105°, 210° in all."""
    one = turning(camera(), 300.0, 60.0)
    view = footprints(one, frame(()), level=24.0).iloc[0]
    assert view.area == pytest.approx(np.pi * 40**2 * 210 / 360, rel=CHORD_LOSS)
    endless = footprints(turning(camera(), 10.0, 370.0), frame(()), level=24.0).iloc[0]
    assert endless.area == pytest.approx(np.pi * 40**2, rel=CHORD_LOSS)
    with pytest.raises(ValueError, match=r"turns from nan to 60\.0"):
        turning(camera(), np.nan, 60.0)


def test_presets_tell_how_far_a_drive_reaches_and_without_any_it_may_look_all_round():
    """Camera 7 turns between two presets, whatever its record says; 8 turns and has none; 9 is fixed."""
    poses = pd.concat(
        [
            presets(0.0, 180.0).assign(origin="preset", certain=True),
            camera(azimuth_deg=np.nan).assign(camera=7, origin="assumed", certain=False),
            camera(azimuth_deg=90.0).assign(camera=8, origin="record", certain=True),
            camera(azimuth_deg=90.0).assign(camera=9, origin="record", certain=True),
        ],
        ignore_index=True,
    )
    chosen = drives(poses, np.array([True, True, True, True, False]))
    assert chosen[["camera", "certain"]].values.tolist() == [[7, True], [7, True], [8, False], [9, True]]
    quarters = reach(chosen, frame(()), level=24.0).area / (np.pi * 40**2 / 4)
    assert quarters.tolist() == pytest.approx([2.0, 4.0, 1.0], rel=CHORD_LOSS)


def test_examples_in_the_docstrings_are_true():
    failed, tried = doctest.testmod(ptz, extraglobs={"gpd": gpd})
    assert tried and not failed


# ---------------------------------------------------------------- lens and night


def test_a_missing_field_of_view_follows_from_the_lens():
    """2.8 mm and 5.6 mm: 90°; 4 mm and 4.8 mm: 2·atan(0.6) = 61.93°, 64.0 m at detect."""
    records = pd.DataFrame(
        {
            "hfov_deg": [np.nan, np.nan, 50.0, np.nan, np.nan],
            "focal_mm": [2.8, 4.0, 2.8, np.nan, 0.0],
            "sensor_width_mm": [5.6, 4.8, 5.6, 5.6, 5.6],
        }
    )
    before = records.copy()
    found = from_lens(records).hfov_deg
    assert found.round(2).tolist()[:3] == [90.0, 61.93, 50.0] and found[3:].isna().all()
    assert level_range_m(1920, found[1], 25.0) == pytest.approx(64.0)
    pd.testing.assert_frame_equal(records, before)
    assert from_lens(records[["hfov_deg"]]).hfov_deg.isna().sum() == 4


def test_at_night_a_camera_sees_as_far_as_its_own_light():
    cams = pd.concat([camera(), camera(range_m=20.0), camera(), camera()], ignore_index=True)
    dark = at_night(cams.assign(night_range_m=[30.0, 30.0, 60.0, np.nan]))
    views = footprints(dark, frame(()), level=24.0)
    radius = np.sqrt(views.area / (np.pi / 4))
    assert radius.tolist() == pytest.approx([30.0, 20.0, 40.0, 40.0], rel=CHORD_LOSS)
    assert "night_range_m" not in at_night(cams)
