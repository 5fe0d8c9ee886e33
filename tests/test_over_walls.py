"""Footprints over walls (2.5D): worked by hand, against two independent judges, and by laws."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from raycast import hidden_stretches, ray_area_over, shadow_view_over
from shapely import Point, box
from shapely.affinity import affine_transform
from shapes import CRS, INVALID, SCENES, camera, frame
from strategies import buildings, cameras, polygons

from cameras.footprint import footprints, sectors
from geo.crs import to_metric
from geo.osm import read_osm

HELSINKI = Path(__file__).parent.parent / "data" / "fetched" / "Helsinki.osm.pbf"
CIRCLE = np.nan
CHORD_LOSS = 6e-5
ROUNDING_M2 = 1e-4
WALL = box(-5, 10, 5, 11)


def solids(*pairs):
    """OBSTRUCTIONS of (polygon, height) pairs."""
    return frame(tuple(shape for shape, _ in pairs)).assign(height_m=[float(height) for _, height in pairs])


def over(cams, obstructions, level=24.0, target=1.5):
    return footprints(cams, obstructions, level=level, dimension="2.5d", target_height_m=target)


def seen(height, *pairs, target=1.5, **fields):
    """What one camera at a height sees to 40 m, facing north."""
    return over(camera(mount_height_m=height, **fields), solids(*pairs), target=target).iloc[0]


def open_area(**fields):
    return sectors(camera(**fields), level=24.0).iloc[0].area


# ---------------------------------------------------------------- by hand


def test_ground_reappears_where_the_sight_comes_down_behind_a_low_wall():
    """From 6 m over 3 m down to 1.5 m: (6 − 1.5) / (6 − 3) = 1.5 times the far side of the wall, 16.5 m."""
    view = seen(6.0, (WALL, 3.0))
    assert view.covers(Point(0, 9.9)) and view.covers(Point(0, 16.6))
    assert not view.intersects(Point(0, 10.1)) and not view.intersects(Point(0, 16.4))
    # The shadow is as wide as the distance from 10 to 15 m, then 15 m wide up to 16.5 m.
    assert view.area == pytest.approx(open_area() - (15**2 - 10**2) / 2 - 15 * 1.5, rel=1e-9)


def test_a_deep_low_house_is_left_at_its_far_wall():
    """The same height, 6 m deep: 1.5 × 16 m."""
    view = seen(6.0, (box(-5, 10, 5, 16), 3.0))
    assert not view.intersects(Point(0, 23.9)) and view.covers(Point(0, 24.1))


@pytest.mark.parametrize("height", [0.5, 1.5])
def test_a_wall_no_higher_than_the_target_hides_only_its_own_ground(height):
    assert seen(6.0, (WALL, height)).area == pytest.approx(open_area() - 10, rel=1e-9)


@pytest.mark.parametrize(("lens", "roof"), [(6.0, 6.0), (6.0, 30.0), (6.0, np.nan), (np.nan, 3.0)])
def test_a_wall_as_high_as_the_camera_or_a_height_not_known_hides_as_in_the_plane(lens, roof):
    flat = footprints(camera(), solids((WALL, 3.0)), level=24.0).iloc[0]
    assert seen(lens, (WALL, roof)).symmetric_difference(flat).area < ROUNDING_M2


def test_a_target_on_the_ground_is_hidden_longer_than_one_that_stands():
    """Over 3 m from 6 m the ground itself is met at twice the distance."""
    view = seen(6.0, (WALL, 3.0), target=0.0)
    assert not view.intersects(Point(0, 21.9)) and view.covers(Point(0, 22.1))


def test_behind_a_low_ring_of_walls_there_are_a_yard_and_what_lies_beyond():
    """Walls from 10 to 20 m, shadow to 30: the yard, and a circle of 45 m without a square of 60 m."""
    view = seen(6.0, (SCENES["holed"][0], 3.0), azimuth_deg=CIRCLE, width_px=24 * 2 * 45.0)
    assert view.is_valid and len(view.geoms) == 2
    assert sorted(len(part.interiors) for part in view.geoms) == [0, 1]
    assert view.area == pytest.approx(
        open_area(azimuth_deg=CIRCLE, width_px=24 * 2 * 45.0) - 60**2 + 20**2, rel=1e-9
    )


def test_a_higher_wall_behind_a_low_one_ends_the_sight():
    view = seen(6.0, (WALL, 3.0), (box(-60, 20, 60, 21), 6.5))
    assert view.covers(Point(0, 18)) and not view.intersects(box(-60, 20.001, 60, 60))


def test_a_camera_on_a_roof_sees_over_it():
    """10 m up on a roof of 6 m: (10 − 1.5) / (10 − 6) = 2.125 times its edges."""
    house = box(-4, -4, 4, 4)
    view = seen(10.0, (house, 6.0), azimuth_deg=CIRCLE)
    assert view.area == pytest.approx(open_area(azimuth_deg=CIRCLE) - 17**2, rel=1e-9)
    assert len(view.interiors) == 1
    assert seen(6.0, (house, 6.0), azimuth_deg=CIRCLE).is_empty


def test_its_own_facade_never_blinds_a_camera():
    house = box(-8, -10, 8, 0)
    for roof in (3.0, 9.0, np.nan):
        assert seen(6.0, (house, roof)).area == pytest.approx(open_area(), rel=1e-9)
    assert seen(6.0, (house, 9.0), azimuth_deg=180.0).is_empty
    # Back over its own low roof: from 1.5 × 10 m on.
    back = seen(6.0, (house, 3.0), azimuth_deg=180.0)
    assert not back.intersects(Point(0, -14.9)) and back.covers(Point(0, -15.1))


def test_a_camera_below_the_target_sees_over_a_kerb_as_long_as_the_sight_clears_it():
    """1 m up to 1.5 m over 1.25 m: cleared up to twice the near side of the kerb, 20 m."""
    view = seen(1.0, (WALL, 1.25))
    assert view.covers(Point(0, 11.1)) and view.covers(Point(0, 19.9))
    assert not view.intersects(Point(0, 10.5)) and not view.intersects(Point(0, 20.1))


def test_the_dead_zone_is_cut_and_what_stands_in_it_casts_its_shadow():
    """Lowest ray at 45° from 6 m: 6 m; a wall at 4 m of 3 m hides from 4 to 1.5 × 5 m."""
    mounting = {"tilt_deg": 15.0, "vfov_deg": 60.0}
    view = seen(6.0, (box(-50, 4, 50, 5), 3.0), **mounting)
    free = seen(6.0, **mounting)
    assert free.area == pytest.approx(np.pi * (40**2 - 6**2) / 4, rel=CHORD_LOSS)
    assert not view.intersects(Point(0, 7.4)) and view.covers(Point(0, 7.6))


def test_heights_that_are_missing_or_impossible_are_refused():
    with pytest.raises(ValueError, match="no column height_m"):
        over(camera(), frame((WALL,)).drop(columns="height_m"))
    with pytest.raises(ValueError, match=r"obstruction 1: height_m 0\.0 is not above 0; give"):
        over(camera(), solids((WALL, 3.0), (WALL, 0.0)))
    with pytest.raises(ValueError, match="obstructions: column height_m is not numeric"):
        over(camera(), frame((WALL,)).assign(height_m="two storeys"))


def test_the_judge_itself_by_hand():
    assert hidden_stretches(10, 11, 3, 6, 1.5) == [(10, 16.5)]
    assert hidden_stretches(10, 11, 1, 6, 1.5) == [(10, 11)]
    assert hidden_stretches(10, 11, 1.25, 1, 1.5) == [(10, 11), (20, np.inf)]
    assert hidden_stretches(10, 11, np.nan, 6, 1.5) == [(10, np.inf)]
    rays = ray_area_over(0, 0, 0.0, 90.0, 0, 40, [WALL], [3.0], 6.0, 1.5, rays=20_000)
    assert rays == pytest.approx(np.pi * 40**2 / 4 - 62.5 - 22.5, rel=1e-4)


# ---------------------------------------------------------------- the zoo and real buildings


def judged(cams, obstructions, target, level=24.0):
    """The overlay judge's answer for each camera."""
    solid = obstructions.geometry.to_numpy()
    solid = np.where(shapely.is_valid(solid), solid, shapely.make_valid(solid, method="structure"))
    roofs = obstructions.height_m.to_numpy()
    some = ~(shapely.is_missing(solid) | shapely.is_empty(solid))
    for cam, sector in zip(cams.itertuples(), sectors(cams, level=level), strict=True):
        x, y, eye = cam.geometry.x, cam.geometry.y, cam.mount_height_m
        within = shapely.contains_properly(solid, cam.geometry) & ~(roofs < eye)
        deep = shapely.distance(shapely.boundary(solid), cam.geometry) > 1e-6
        if (within & deep).any():
            yield shapely.Polygon()
        else:
            yield shadow_view_over(x, y, sector, solid[some], roofs[some], eye, target)


SPOTS = [(0, 0), (5, 0), (5, -4), (7, 0), (-20, 0), (12, 8)]
#: As in the plane: where a polygon touches itself, or is thinner than "on the façade" asks.
TOUCHES_ITSELF_AT = {("flat", 5, y) for y in (-4, 0)}


@pytest.mark.parametrize("name", [name for name in SCENES if name not in INVALID])
def test_awkward_scenes_agree_with_shadows_cut_by_overlay(name):
    mounting = {"tilt_deg": 15.0, "vfov_deg": 60.0, "azimuth_deg": CIRCLE}
    cams = pd.concat(
        [
            camera(*spot, mount_height_m=5.0, **view)
            for spot in SPOTS
            for view in ({}, {"azimuth_deg": 45.0, "hfov_deg": 170.0, "width_px": 22000.0}, mounting)
            if (name, *spot) not in TOUCHES_ITSELF_AT
        ]
    )
    heights = [3.0, 4.0, 9.0, 1.0, 3.5, np.nan, 4.5, 2.0]
    scene = frame(SCENES[name])
    scene = scene.assign(height_m=[heights[n % len(heights)] for n in range(len(scene))])
    views = over(cams, scene)
    assert views.is_valid.all()
    assert set(views.geom_type) <= {"Polygon", "MultiPolygon"}
    for view, expected, point in zip(views, judged(cams, scene, 1.5), cams.geometry, strict=True):
        assert view.symmetric_difference(expected).area < ROUNDING_M2, point


def test_real_footprints_agree_with_rays_through_solids():
    """Helsinki with the heights that it has and a seeded spread elsewhere: mean area error under 0.1 %."""
    assert HELSINKI.is_file(), f"{HELSINKI} is missing; run scripts/fetch_data.py (make test does)"
    solid = to_metric(read_osm(HELSINKI).buildings)
    rng = np.random.default_rng(3)
    spread = rng.uniform(2, 15, len(solid))
    solid = solid.assign(height_m=np.where(solid.height_m.isna(), spread, solid.height_m))
    low, high = solid.total_bounds[:2], solid.total_bounds[2:]
    spots = shapely.points(rng.uniform(low, high, (200, 2)))
    free = np.setdiff1d(np.arange(200), solid.sindex.query(spots, predicate="intersects")[0])[:20]
    fields = {
        "azimuth_deg": rng.uniform(0, 360, 20),
        "hfov_deg": rng.uniform(40, 120, 20),
        "width_px": 1e6,
        "range_m": rng.uniform(60, 100, 20),
        "mount_height_m": rng.uniform(4, 12, 20),
    }
    cams = gpd.GeoDataFrame(fields, geometry=spots[free], crs=solid.crs)
    views = over(cams, solid)
    assert views.is_valid.all()
    cast = []
    for cam in cams.itertuples():
        close = solid.iloc[solid.sindex.query(cam.geometry.buffer(cam.range_m))]
        seen_by = (cam.geometry.x, cam.geometry.y, cam.azimuth_deg, cam.hfov_deg, 0.0, cam.range_m)
        cast.append(ray_area_over(*seen_by, close.geometry, close.height_m, cam.mount_height_m, 1.5, 1000))
    some = np.array(cast) > 1.0
    assert some.sum() > 16
    assert np.mean(np.abs(views.area[some] / np.array(cast)[some] - 1)) < 1e-3
    assert views.area.sum() > footprints(cams, solid, level=24.0).area.sum() + 1.0


# ---------------------------------------------------------------- laws

SOME = settings(max_examples=20)
ROOFS = st.sampled_from([0.5, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0, np.nan])
TARGET_M = st.sampled_from([0.0, 1.5, 3.0])


@st.composite
def scenes(draw, min_size=1):
    """Buildings with heights, some alike, some not known; and cameras, most with a height."""
    obstructions = draw(buildings(min_size=min_size))
    roofs = draw(st.lists(ROOFS, min_size=len(obstructions), max_size=len(obstructions)))
    cams = draw(cameras())
    lens = draw(st.sampled_from([1.0, 3.5, 5.0, 8.0, np.nan]))
    return obstructions.assign(height_m=np.array(roofs, float)), cams.fillna({"mount_height_m": lens})


@SOME
@given(scenes(), TARGET_M)
def test_any_scene_agrees_with_shadows_cut_by_overlay(scene, target):
    obstructions, cams = scene
    views = over(cams, obstructions, target=target)
    assert views.is_valid.all()
    for view, expected in zip(views, judged(cams, obstructions, target), strict=True):
        assert view.symmetric_difference(expected).area < ROUNDING_M2


@SOME
@given(scenes(), st.lists(st.tuples(st.integers(0, 359), st.floats(0.1, 29.9)), min_size=5))
def test_a_target_is_seen_when_the_straight_line_to_its_height_is_free(scene, targets):
    """In space: the line from the lens to 1.5 m is lowest over each solid at one end of its way across."""
    obstructions, cams = scene
    cams = cams.assign(azimuth_deg=CIRCLE, hfov_deg=360.0, width_px=1e6, range_m=30.0, tilt_deg=np.nan)
    solid, roofs = obstructions.geometry.to_numpy(), obstructions.height_m.to_numpy()
    degrees, metres = np.array(targets).T
    for cam, view in zip(cams.itertuples(), over(cams, obstructions), strict=True):
        lens, foot = cam.mount_height_m, cam.geometry
        x, y = foot.x + metres * np.sin(np.radians(degrees)), foot.y + metres * np.cos(np.radians(degrees))
        clear = view.is_empty | (shapely.distance(shapely.boundary(view), shapely.points(x, y)) > 1e-5)
        for n in np.flatnonzero(clear):
            line, there, free = shapely.LineString([foot, (x[n], y[n])]), Point(x[n], y[n]), True
            for shape, roof in zip(solid, roofs, strict=True):
                for part in shapely.get_parts(shapely.intersection(line, shape)):
                    if shapely.length(part) > 1e-6:
                        way = (
                            shapely.distance(shapely.points(shapely.get_coordinates(part)), foot) / metres[n]
                        )
                        lowest = (lens + (1.5 - lens) * way).min()
                        free &= bool(lowest >= roof - 1e-9)
                free &= shapely.distance(shape, there) > 0
            assert view.covers(there) == free, (cam, there)


@SOME
@given(scenes(), st.integers(0, 360), st.sampled_from([(0, 0), (4e5, 6.7e6)]))
def test_turning_and_shifting_the_scene_turns_and_shifts_the_footprint(scene, turn, shift):
    obstructions, cams = scene
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    move = [cos, sin, -sin, cos, *shift]
    moved = [
        part.set_geometry(
            gpd.GeoSeries([affine_transform(g, move) for g in part.geometry], part.index, crs=CRS)
        )
        for part in (cams.assign(azimuth_deg=cams.azimuth_deg + turn), obstructions)
    ]
    there = over(*moved)
    assert there.is_valid.all()
    for here, view in zip(over(cams, obstructions), there, strict=True):
        expected = affine_transform(here, move) if not here.is_empty else here
        assert view.symmetric_difference(expected).area < 1e-3


@SOME
@given(scenes(min_size=0), polygons(), ROOFS)
def test_a_further_wall_never_enlarges_a_footprint(scene, wall, roof):
    obstructions, cams = scene
    more = frame((*obstructions.geometry, wall)).assign(height_m=[*obstructions.height_m, roof])
    assert over(cams, more).difference(over(cams, obstructions), align=False).area.max() < ROUNDING_M2


@SOME
@given(scenes(), st.floats(0.05, 1.0), TARGET_M)
def test_lowering_every_building_never_shrinks_a_footprint(scene, share, target):
    obstructions, cams = scene
    lower = obstructions.assign(height_m=share * obstructions.height_m)
    high, low = over(cams, obstructions, target=target), over(cams, lower, target=target)
    assert high.difference(low, align=False).area.max() < ROUNDING_M2
    flat = footprints(cams, obstructions, level=24.0)
    assert flat.difference(high, align=False).area.max() < ROUNDING_M2


@SOME
@given(polygons(), st.floats(0, 1), ROOFS)
def test_its_own_facade_never_blinds_a_camera_of_any_height(house, share, roof):
    """On a flat piece of façade it sees the half circle before it, and over a low house more."""
    shell = shapely.get_parts(house)[0].exterior
    spot = shell.interpolate(share, normalized=True)
    if np.hypot(*(shapely.get_coordinates(shell) - (spot.x, spot.y)).T).min() < 0.1:
        return
    view = seen_from(spot, house, roof)
    close = spot.buffer(0.05)
    half = close.difference(house).area
    assert view.intersection(close).area == pytest.approx(half, rel=1e-3)


def seen_from(spot, house, roof):
    """All round from 5 m at a point of a house."""
    cams = camera(spot.x, spot.y, azimuth_deg=CIRCLE, mount_height_m=5.0)
    return over(cams, solids((house, roof))).iloc[0]


@SOME
@given(scenes(), TARGET_M)
def test_among_buildings_above_camera_and_target_heights_change_nothing(scene, target):
    obstructions, cams = scene
    tall = obstructions.assign(height_m=np.maximum(cams.mount_height_m.max(), target) + 0.1)
    views, flat = over(cams, tall, target=target), footprints(cams, tall, level=24.0)
    assert views.symmetric_difference(flat, align=False).area.max() < ROUNDING_M2


@SOME
@given(scenes(), st.floats(20, 200), st.floats(1.0, 8.0))
def test_a_higher_level_lies_inside_a_lower_one(scene, density, factor):
    obstructions, cams = scene
    low, high = over(cams, obstructions, density), over(cams, obstructions, density * factor)
    assert high.difference(low, align=False).area.max() < ROUNDING_M2
