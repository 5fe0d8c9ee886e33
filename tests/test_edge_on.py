"""Walls seen exactly edge-on, along the very directions where a view is divided: they hide nothing.

There rounding alone decides on which side of such a direction the two ends of a wall lie.
"""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from raycast import shadow_view, shadow_view_over
from shapely import Polygon, box
from shapes import CRS, camera, frame

from cameras.footprint import footprints, sectors

ROUNDING_M2 = 1e-4
RANGE_M = 30.0
CIRCLE = (np.nan, 360.0)
HALVES = [(azimuth, 180.0) for azimuth in (0.0, 90.0, 180.0, 270.0)]
QUARTERS = [(azimuth, 90.0) for azimuth in (45.0, 135.0, 225.0, 315.0)]
L_SHAPE = Polygon([(12, 13), (24, 13), (24, 17), (16, 17), (16, 25), (12, 25)])
YARD = box(12, 13, 24, 25).difference(box(14, 13, 22, 23))

#: Camera x, y; azimuth, field of view; solid. The first is a wall at the middle of a half circle.
EDGE_ON = [
    (-11, -22, (90.0, 180.0), box(0, -22, 12, -10)),
    (1, 13, CIRCLE, box(12, 13, 24, 25)),
    (1, 13, (0.0, 180.0), box(12, 13, 24, 25)),
    (12, 36, CIRCLE, box(12, 13, 24, 25)),
    (35, 25, CIRCLE, box(12, 13, 24, 25)),
    (9, -14, CIRCLE, box(4, -3, 9, 9)),
    (1, 13, CIRCLE, L_SHAPE),
    (16, 36, CIRCLE, L_SHAPE),
    (1, 13, CIRCLE, YARD),
    (22, 2, CIRCLE, YARD),
]


@pytest.mark.parametrize(("lens", "target", "roof"), [(3, 4, 2), (3, 0, 2), (5, 1.5, 3), (3, 1.5, 9)])
@pytest.mark.parametrize(("x", "y", "view", "solid"), EDGE_ON)
def test_a_wall_seen_edge_on_hides_what_its_shadow_covers(x, y, view, solid, lens, target, roof):
    """Camera above and below target and roof; in the plane as well."""
    azimuth, hfov = view
    cams = camera(x, y, azimuth_deg=azimuth, hfov_deg=hfov, width_px=1e6, range_m=40.0, mount_height_m=lens)
    scene = frame((solid,)).assign(height_m=float(roof))
    sector = sectors(cams, level=24.0).iloc[0]
    seen = footprints(cams, scene, level=24.0, dimension="2.5d", target_height_m=target).iloc[0]
    expected = shadow_view_over(x, y, sector, [solid], [roof], lens, target)
    assert seen.symmetric_difference(expected).area < ROUNDING_M2
    flat = footprints(cams, scene, level=24.0).iloc[0]
    assert flat.symmetric_difference(shadow_view(x, y, sector, [solid])).area < ROUNDING_M2


def test_the_far_side_of_a_half_circle_is_not_lost():
    """By hand: a roof below lens and target hides its own 144 m² of the half disc and no more."""
    cams = camera(-11, -22, azimuth_deg=90.0, hfov_deg=180.0, width_px=1e6, range_m=40.0, mount_height_m=3.0)
    scene = frame((box(0, -22, 12, -10),)).assign(height_m=2.0)
    seen = footprints(cams, scene, level=24.0, dimension="2.5d", target_height_m=4.0).iloc[0]
    assert seen.area == pytest.approx(np.pi * 40**2 / 2 - 12 * 12, rel=6e-5)


# ---------------------------------------------------------------- a law

WHOLE = st.integers(-20, 20)
SIDES = st.integers(2, 16)
HEIGHTS = st.sampled_from([1.0, 2.0, 3.5, 9.0])


@st.composite
def houses(draw):
    """A box, an L or a yard open to one side, corners on whole metres, walls along the axes."""
    x, y, w, h = draw(WHOLE), draw(WHOLE), draw(SIDES), draw(SIDES)
    whole = box(x, y, x + w, y + h)
    kind = draw(st.sampled_from(["box", "box", "L", "yard"]))
    if kind == "box" or min(w, h) < 4:
        return whole
    return whole.difference(box(x + 1, y + 1, x + w - (kind == "yard"), y + h))


def in_line_with_walls(solids):
    """Points on the straight continuation of every wall, 1 to 16 m from its ends and clear of all houses."""
    rings = [shapely.get_coordinates(solid) for solid in solids]
    p, q = np.vstack([ring[:-1] for ring in rings]), np.vstack([ring[1:] for ring in rings])
    ahead = (q - p) / np.hypot(*(q - p).T)[:, None]
    far = np.arange(1.0, 17.0)[:, None, None]
    spots = np.unique(np.vstack([*(q + far * ahead), *(p - far * ahead)]), axis=0)
    clear = [shapely.distance(solid, shapely.points(spots)) >= 1.0 for solid in solids]
    return spots[np.all(clear, axis=0)], len(p)


@settings(max_examples=12)
@given(
    st.lists(houses(), min_size=1, max_size=2),
    st.lists(HEIGHTS, min_size=2, max_size=2),
    st.sampled_from([1.0, 3.0, 5.0]),
    st.sampled_from([0.0, 1.5, 4.0]),
    st.sampled_from([(1e-4, 0.0), (0.0, 1e-4), (-7e-5, 7e-5)]),
)
def test_a_tenth_of_a_millimetre_aside_a_camera_sees_as_much(solids, roofs, lens, target, aside):
    """Clear of all houses by d = 1 m nothing jumps.

    A shadow's edge is a wall blown up around the camera by a factor of at most range / d, so it moves by at
    most that times 0.1 mm, over at most twice the range, for each wall.
    """
    spots, walls = in_line_with_walls(solids)
    views = np.array([CIRCLE, *HALVES, *QUARTERS])
    azimuth, hfov = np.repeat(views, len(spots), axis=0).T
    scene = frame(tuple(solids)).assign(height_m=roofs[: len(solids)])
    fields = {"azimuth_deg": azimuth, "hfov_deg": hfov, "width_px": 1e6, "range_m": RANGE_M}

    def areas(move, dimension):
        points = shapely.points(np.tile(spots + move, (len(views), 1)))
        cams = gpd.GeoDataFrame(fields | {"mount_height_m": lens}, geometry=points, crs=CRS)
        return footprints(
            cams, scene, level=24.0, dimension=dimension, target_height_m=target
        ).area.to_numpy()

    for dimension in ("2d", "2.5d"):
        apart = np.abs(areas((0.0, 0.0), dimension) - areas(aside, dimension))
        assert (apart < walls * 2 * RANGE_M**2 * 1e-4).all(), dimension
