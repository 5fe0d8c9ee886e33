"""What a camera sees, worked by hand, and what is refused."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, box
from shapes import CRS, SCENES, camera, frame

from cameras.footprint import footprints, sectors

#: Chords of 1° lose 1 − sin(1°) / 1° of a sector.
CHORD_LOSS = 6e-5
#: Areas of exact overlays differ by rounding only, m².
ROUNDING_M2 = 1e-4


def seen(cams, *shapes):
    """Footprint of the first camera at 24 px/m."""
    return footprints(cams, frame(shapes), level=24.0).iloc[0]


def near(expected, share=CHORD_LOSS):
    return pytest.approx(expected, rel=share)


# ---------------------------------------------------------------- by hand


def test_an_open_camera_sees_the_sector_of_its_level_range():
    view = seen(camera())
    assert view.area == near(np.pi * 40**2 / 4)
    assert view.bounds == pytest.approx((-(800**0.5), 0, 800**0.5, 40))


def test_a_higher_level_shortens_the_range_and_a_name_stands_for_its_density():
    for level, metres in (("detect", 38.4), (62.5, 15.36), ("identify", 3.84)):
        view = footprints(camera(), frame(()), level=level).iloc[0]
        assert view.bounds[3] == pytest.approx(metres)


@pytest.mark.parametrize(
    ("azimuth", "x", "y"), [(0, 0, 1), (90, 1, 0), (180, 0, -1), (-90, -1, 0), (450, 1, 0)]
)
def test_azimuth_runs_clockwise_from_north(azimuth, x, y):
    view = seen(camera(azimuth_deg=float(azimuth)))
    # The centroid of a quarter circle lies at 4√2 R / 3π from its apex.
    apart = 4 * 2**0.5 * 40 / (3 * np.pi)
    assert (view.centroid.x, view.centroid.y) == pytest.approx((x * apart, y * apart), abs=0.01)


def test_an_unknown_azimuth_or_a_field_all_round_is_a_circle():
    unknown = seen(camera(azimuth_deg=np.nan))
    assert unknown.area == near(np.pi * 40**2)
    # All round, W pixels spread over the arc: 24 px/m · 2π · 40 m.
    panorama = seen(camera(hfov_deg=360.0, width_px=24 * 2 * np.pi * 40))
    assert panorama.symmetric_difference(unknown).area < ROUNDING_M2


def test_range_m_caps_the_range_and_never_lengthens_it():
    assert seen(camera(range_m=10.0)).area == near(np.pi * 10**2 / 4)
    assert seen(camera(range_m=70.0)).area == near(np.pi * 40**2 / 4)
    assert seen(camera(range_m=np.nan)).area == near(np.pi * 40**2 / 4)


def test_the_dead_zone_is_cut_where_the_mounting_is_known():
    """Height 4 m, lowest ray at 45°: the first 4 m are not seen."""
    mounting = {"mount_height_m": 4.0, "tilt_deg": 15.0, "vfov_deg": 60.0}
    assert seen(camera(**mounting)).area == near(np.pi * (40**2 - 4**2) / 4)
    ring = seen(camera(azimuth_deg=np.nan, **mounting))
    assert ring.area == near(np.pi * (40**2 - 4**2))
    assert len(ring.interiors) == 1
    for unknown in mounting:
        assert seen(camera(**mounting | {unknown: np.nan})).area == near(np.pi * 40**2 / 4)


def test_the_far_edge_limits_a_camera_that_looks_down_steeply():
    """Height 10 m, rays at 75° and 45°: from 10·tan 15° to 10 m."""
    view = seen(camera(mount_height_m=10.0, tilt_deg=60.0, vfov_deg=30.0))
    assert view.area == near(np.pi * (100 - (10 * (2 - 3**0.5)) ** 2) / 4)


@pytest.mark.parametrize("height", [4.0, np.nan])
def test_a_camera_that_looks_above_the_horizon_sees_no_ground(height):
    assert seen(camera(mount_height_m=height, tilt_deg=-20.0, vfov_deg=40.0)).is_empty


def test_a_dead_zone_as_wide_as_the_range_leaves_nothing():
    assert seen(camera(mount_height_m=40.0, tilt_deg=15.0, vfov_deg=60.0)).is_empty


def test_a_wall_hides_what_lies_behind_it():
    """A wall 10 m wide, 10 m ahead, is seen under 2·atan(1/2); before it stays a triangle of 50 m²."""
    view = seen(camera(), box(-5, 10, 5, 11))
    hidden = 40**2 / 2 * 2 * np.arctan(0.5) - 50
    assert view.area == near(np.pi * 40**2 / 4 - hidden, 1e-4)
    assert view.covers(Point(0, 9.9))
    assert not view.intersects(Point(0, 12))


def test_a_wall_across_the_whole_sector_leaves_a_triangle():
    assert seen(camera(), box(-50, 10, 50, 11)).area == pytest.approx(100)


def test_a_corner_exactly_on_the_edge_of_the_sector_hides_nothing():
    assert seen(camera(), box(10, 0, 20, 10)).area == near(np.pi * 40**2 / 4)


def test_a_camera_on_its_own_facade_sees_outwards_as_if_it_stood_free():
    house = box(-8, -10, 8, 0)
    assert seen(camera(), house).area == pytest.approx(seen(camera()).area, rel=1e-12)
    assert seen(camera(azimuth_deg=180.0), house).is_empty
    assert seen(camera(azimuth_deg=np.nan), house).area == near(np.pi * 40**2 / 2)
    assert seen(camera(azimuth_deg=90.0), house).area == near(np.pi * 40**2 / 8)


def test_a_camera_on_the_corner_of_a_house_sees_three_quarters_of_the_circle():
    assert seen(camera(azimuth_deg=np.nan), box(0, 0, 9, 9)).area == near(0.75 * np.pi * 40**2)


def test_a_camera_in_a_hollow_corner_sees_one_quarter_of_the_circle():
    hollow = box(-20, -20, 20, 20).difference(box(-50, -50, 0, 0))
    assert seen(camera(azimuth_deg=np.nan), hollow).area == near(np.pi * 40**2 / 4)


@pytest.mark.parametrize(("x", "y"), [(2e-6, 5e-7), (2e-5, 9e-7), (-5e-7, -3e-6), (-1e-8, -1e-8)])
def test_a_camera_a_hair_inside_a_facade_does_not_see_through_the_house(x, y):
    """Beside the hollow corner at (0, 0), where a ray along the wall runs on inside the building."""
    hollow = SCENES["hollow corner"][0]
    view = seen(camera(x, y, azimuth_deg=np.nan), hollow)
    assert view.intersection(hollow).area < 1e-3
    assert view.area == near(np.pi * 40**2 / 4, 1e-3)


def test_a_camera_on_the_wall_between_two_houses_sees_nothing():
    assert seen(camera(azimuth_deg=np.nan), box(-9, -9, 0, 9), box(0, -9, 9, 9)).is_empty


def test_a_camera_where_two_houses_meet_on_the_street_sees_the_street_side():
    view = seen(camera(azimuth_deg=np.nan), box(-9, -9, 0, 0), box(0, -9, 9, 0))
    assert view.area == near(np.pi * 40**2 / 2)


def test_a_camera_inside_an_obstruction_sees_nothing():
    assert seen(camera(), box(-3, -3, 3, 3)).is_empty


def test_a_camera_in_a_courtyard_sees_the_courtyard():
    yard = seen(camera(azimuth_deg=np.nan), SCENES["holed"][0])
    assert yard.symmetric_difference(box(-10, -10, 10, 10)).area < ROUNDING_M2


def test_a_wall_that_touches_the_dead_zone_splits_the_ring_without_breaking_it():
    ring = camera(azimuth_deg=np.nan, mount_height_m=4.0, tilt_deg=15.0, vfov_deg=60.0)
    view = seen(ring, box(-50, 4, 50, 5), box(-50, -5, 50, -4))
    assert view.is_valid
    # Left and right of the dead zone: a strip of 40 m half length and 8 m width, cut by the circle's arc.
    half_angle = np.arcsin(4 / 40)
    strip = 40**2 * half_angle + 4 * 40 * np.cos(half_angle)
    assert view.area == near(2 * strip - np.pi * 4**2, 3e-4)


def test_tolerance_sees_what_any_azimuth_within_it_could_see():
    """±22.5° around a field of 90°: 135°, at the range of 90°."""
    assert seen(camera(azimuth_tolerance_deg=22.5)).area == near(np.pi * 40**2 * 135 / 360)
    assert seen(camera(azimuth_tolerance_deg=135.0)).area == near(np.pi * 40**2)
    assert seen(camera(azimuth_tolerance_deg=180.0)).area == near(np.pi * 40**2)


def test_frames_keep_index_and_crs_and_are_left_as_they_were():
    cams = pd.concat([camera(), camera(azimuth_deg=np.nan), camera(5, 20)])
    cams.index = pd.Index(["N-07", "N-07", "N-08"], name="code")
    obstructions = frame(SCENES["multipart"])
    before = cams.copy(), obstructions.copy()
    views = footprints(cams, obstructions, level="detect")
    assert views.index.equals(cams.index) and views.crs == cams.crs
    pd.testing.assert_frame_equal(pd.DataFrame(cams), pd.DataFrame(before[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(obstructions), pd.DataFrame(before[1]))
    none = footprints(cams.iloc[:0], obstructions, level="detect")
    assert len(none) == 0 and none.crs == cams.crs


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"hfov_deg": 0.0}, "hfov_deg 0.0 is outside"),
        ({"hfov_deg": 361.0}, "hfov_deg 361.0 is outside"),
        ({"hfov_deg": np.nan}, "hfov_deg nan is outside"),
        ({"width_px": 0.0}, "width_px 0.0 is not above 0"),
        ({"width_px": np.nan}, "width_px nan is not above 0"),
        ({"azimuth_deg": np.inf}, "azimuth_deg inf is not finite"),
        ({"azimuth_tolerance_deg": -1.0}, "azimuth_tolerance_deg -1.0 is below 0"),
        ({"azimuth_tolerance_deg": np.nan}, "azimuth_tolerance_deg nan"),
        ({"range_m": 0.0}, "range_m 0.0 is not above 0"),
        ({"mount_height_m": -2.0}, "mount_height_m -2.0 is not above 0"),
        ({"tilt_deg": 91.0}, "tilt_deg 91.0 is outside"),
        ({"vfov_deg": 0.0}, "vfov_deg 0.0 is outside"),
    ],
)
def test_an_impossible_value_is_refused_with_camera_value_and_remedy(fields, told):
    cams = pd.concat([camera(), camera(**fields)])
    for name in fields:
        cams[name] = (
            cams[name].fillna({"azimuth_tolerance_deg": 0.0}.get(name, 1.0)).where([False, True], 1.0)
        )
        cams.iloc[1, cams.columns.get_loc(name)] = fields[name]
    cams.index = ["N-07", "N-08"]
    for see in (lambda c: footprints(c, frame(()), level=25), lambda c: sectors(c, level=25)):
        with pytest.raises(ValueError, match="camera 'N-08'.*" + told + ".*; give"):
            see(cams)


@pytest.mark.parametrize("place", [None, Point(), Point(np.nan, 1), box(0, 0, 1, 1)])
def test_a_camera_without_a_place_is_refused(place):
    cams = camera()
    cams = cams.set_geometry(gpd.GeoSeries([place], crs=CRS))
    with pytest.raises(ValueError, match=r"camera 0: geometry .* is not a point"):
        footprints(cams, frame(()), level=25)


def test_obstructions_that_are_no_polygons_are_refused():
    with pytest.raises(ValueError, match=r"obstruction 1.* is not Polygon"):
        seen(camera(), box(3, 3, 4, 4), shapely.LineString([(0, 1), (2, 3)]))
    with pytest.raises(ValueError, match=r"obstruction 0.* not finite"):
        seen(camera(), shapely.Polygon([(0, 0), (1, np.inf), (1, 0)]))


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (None, CRS, "cameras has no CRS|cameras have no CRS"),
        ("EPSG:4326", "EPSG:4326", "not in metres"),
        ("EPSG:2263", "EPSG:2263", "not in metres"),
        (CRS, "EPSG:4547", "two CRS"),
        (CRS, None, "obstructions has no CRS"),
    ],
)
def test_both_frames_must_be_in_one_projected_crs_in_metres(first, second, told):
    cams = camera().set_crs(first, allow_override=True)
    obstructions = frame(()).set_crs(second, allow_override=True)
    with pytest.raises(ValueError, match=told):
        footprints(cams, obstructions, level=25)


def test_unknown_dimension_level_and_missing_columns_are_refused():
    with pytest.raises(ValueError, match=r"dimension '3d' is not known; give '2d' or '2\.5d'"):
        footprints(camera(), frame(()), level=25, dimension="3d")
    with pytest.raises(ValueError, match="level 'see' is not known"):
        footprints(camera(), frame(()), level="see")
    with pytest.raises(ValueError, match="no column width_px"):
        footprints(camera().drop(columns="width_px"), frame(()), level=25)
    with pytest.raises(ValueError, match="column hfov_deg is not numeric"):
        footprints(camera(hfov_deg="wide"), frame(()), level=25)
    with pytest.raises(ValueError, match="target_height_m"):
        footprints(camera(), frame(()), level=25, target_height_m=-1)
