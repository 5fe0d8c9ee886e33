"""Cameras recorded inside buildings or on façades are put where they can stand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from shapely import Point, box
from shapes import CRS, SCENES, frame
from strategies import buildings, cameras

from cameras.standpoint import standpoints

HOUSE = box(0, 0, 10, 20)


def places(*points, index=None):
    return gpd.GeoDataFrame(geometry=[Point(point) for point in points], index=index, crs=CRS)


def test_a_camera_in_the_open_stays():
    out = standpoints(places((-5, 5)), frame((HOUSE,)))
    assert out.geometry.iloc[0] == Point(-5, 5)
    assert out[["moved_m", "finding"]].iloc[0].tolist() == [0.0, ""]


def test_a_camera_inside_goes_out_through_the_nearest_wall_and_keeps_the_clearance():
    """3 m from the west wall: 3.2 m to a point 0.2 m in front of it."""
    out = standpoints(places((3, 8)), frame((HOUSE,))).iloc[0]
    assert out.finding == "inside"
    assert out.moved_m == pytest.approx(3.2, abs=1e-3)
    assert (out.geometry.x, out.geometry.y) == pytest.approx((-0.2, 8), abs=1e-3)


@pytest.mark.parametrize("x", [0.0, -0.05, -0.19])
def test_a_camera_on_or_right_before_a_facade_is_brought_to_the_clearance(x):
    out = standpoints(places((x, 8)), frame((HOUSE,))).iloc[0]
    assert out.finding == "on_facade"
    assert out.moved_m == pytest.approx(0.2 + x, abs=1e-3)
    assert out.geometry.x == pytest.approx(-0.2, abs=1e-3)


def test_the_clearance_is_a_setting():
    near_wall = places((-0.3, 8))
    assert standpoints(near_wall, frame((HOUSE,)))["finding"].iloc[0] == ""
    out = standpoints(near_wall, frame((HOUSE,)), clearance_m=0.5).iloc[0]
    assert out.finding == "on_facade" and out.geometry.x == pytest.approx(-0.5, abs=2e-3)


def test_a_camera_does_not_move_out_of_one_house_into_the_next_nor_into_a_slit_between_them():
    """1 m from the shared wall at x = 10 and from the slit of 0.2 m at x = 0, the way out is 9 m north."""
    block = frame((HOUSE, box(10, 0, 30, 20), box(-30, 0, -0.2, 20)))
    out = standpoints(places((9, 11), (11, 11), (1, 11)), block)
    assert out.finding.tolist() == ["inside"] * 3
    assert out.moved_m.tolist() == pytest.approx([9.2] * 3, abs=2e-3)
    assert out.geometry.y.tolist() == pytest.approx([20.2] * 3, abs=2e-3)


def test_a_courtyard_is_outside():
    out = standpoints(places((-12, 0)), frame(SCENES["holed"])).iloc[0]
    assert (out.geometry.x, out.geometry.y) == pytest.approx((-9.8, 0), abs=2e-3)


def test_a_camera_too_deep_inside_is_reported_and_left_where_it_was():
    hall = frame((box(0, 0, 300, 300),))
    deep = places((150, 150))
    out = standpoints(pd.concat([deep, places((30, 150))]), hall)
    assert out.finding.tolist() == ["inside", "inside"]
    assert np.isnan(out.moved_m.iloc[0]) and out.geometry.iloc[0] == Point(150, 150)
    assert out.moved_m.iloc[1] == pytest.approx(30.2, abs=2e-3)
    assert standpoints(deep, hall, reach_m=200).moved_m.iloc[0] == pytest.approx(150.2, abs=2e-3)


def test_index_crs_and_inputs_are_kept():
    cams = places((3, 8), (3, 8), (50, 50), index=["N-07", "N-07", "N-08"])
    before = cams.copy()
    out = standpoints(cams, frame((HOUSE,)))
    assert out.index.tolist() == ["N-07", "N-07", "N-08"] and out.crs == cams.crs
    pd.testing.assert_frame_equal(pd.DataFrame(cams), pd.DataFrame(before))
    assert standpoints(cams.iloc[:0], frame((HOUSE,))).empty
    assert (standpoints(cams, frame(()))["finding"] == "").all()


def test_settings_out_of_their_limits_and_frames_in_degrees_are_refused():
    for wrong in (0.0, 0.04, 0.6, np.nan):
        with pytest.raises(ValueError, match="clearance_m"):
            standpoints(places((0, 0)), frame((HOUSE,)), clearance_m=wrong)
    with pytest.raises(ValueError, match="reach_m"):
        standpoints(places((0, 0)), frame((HOUSE,)), reach_m=0.1)
    with pytest.raises(ValueError, match="not in metres"):
        standpoints(places((0, 0)).set_crs(4326, allow_override=True), frame((HOUSE,)))


@pytest.mark.parametrize("name", SCENES)
def test_in_awkward_scenes_every_moved_camera_is_clear_and_stays_where_it_was_put(name):
    cams = places(*((x, y) for x in (-15, 0, 5, 7, 9, 12) for y in (-4, 0, 2, 8)))
    _check(cams, frame(SCENES[name]))


@settings(max_examples=30)
@given(buildings(max_size=8), cameras(max_size=6))
def test_in_any_scene_every_moved_camera_is_clear_and_stays_where_it_was_put(obstructions, cams):
    _check(cams, obstructions)


def _check(cams, obstructions):
    out = standpoints(cams, obstructions)
    solid = obstructions.geometry.to_numpy()
    solid = shapely.make_valid(solid[~shapely.is_missing(solid)], method="structure", keep_collapsed=False)
    freed = out.moved_m.to_numpy() > 0
    for point in out.geometry[freed]:
        apart = shapely.distance(solid, point)
        assert not (apart < 0.2 - 1e-9).any()
        assert not shapely.contains_xy(solid, point.x, point.y).any()
    moved = shapely.distance(cams.geometry.to_numpy(), out.geometry.to_numpy())
    assert moved[freed] == pytest.approx(out.moved_m[freed])
    assert (moved[~freed] == 0).all()
    # No nearer point would do: the rim around the old place, a little closer, is all too near to something.
    for old, metres in zip(cams.geometry[freed], moved[freed], strict=True):
        rim = shapely.get_coordinates(old.buffer(0.98 * metres, quad_segs=16).exterior)
        apart = shapely.distance(shapely.points(rim)[:, None], solid)
        assert (np.nanmin(apart, axis=1) < 0.2 * 1.01).all()
    again = standpoints(out, obstructions)
    assert (again.finding[freed] == "").all()
    inside = [any(shapely.contains_properly(solid, point)) for point in cams.geometry]
    assert (out.finding == "inside").tolist() == inside
