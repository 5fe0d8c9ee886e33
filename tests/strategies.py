"""Hypothesis scenes: random buildings and cameras on a small metric plane.

Corners lie on whole metres more often than not, so that shared walls, collinear edges, cameras on façades and
rays along walls come up all the time and not only by luck.
"""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.affinity import rotate
from shapes import CRS

#: Side of the plane, metres.
SIDE = 60


@st.composite
def polygons(draw):
    """One building: a box, a turned box, an L, a triangle, a courtyard or two parts."""
    x, y = draw(st.integers(0, SIDE)), draw(st.integers(0, SIDE))
    w, h = draw(st.integers(2, 20)), draw(st.integers(2, 20))
    shape = box(x, y, x + w, y + h)
    kind = draw(st.sampled_from(["box", "box", "turned", "L", "triangle", "courtyard", "parts"]))
    if kind == "turned":
        return rotate(shape, draw(st.integers(1, 89)), (x, y))
    if kind == "L":
        return Polygon([(x, y), (x + w, y), (x + w, y + 1), (x + 1, y + 1), (x + 1, y + h), (x, y + h)])
    if kind == "triangle":
        return Polygon([(x, y), (x + w, y), (x + draw(st.integers(0, w)), y + h)])
    if kind == "courtyard" and min(w, h) >= 4:
        return shape.difference(box(x + 1, y + 1, x + w - 1, y + h - 1))
    if kind == "parts":
        return MultiPolygon([shape, box(x + w + 1, y, x + w + 3, y + h)])
    return shape


@st.composite
def buildings(draw, min_size=0, max_size=6):
    """OBSTRUCTIONS frame; buildings may touch, overlap and repeat."""
    shapes = draw(st.lists(polygons(), min_size=min_size, max_size=max_size))
    return gpd.GeoDataFrame(
        {"key": [f"w{n}" for n in range(len(shapes))], "height_m": np.full(len(shapes), np.nan)},
        geometry=shapes,
        crs=CRS,
    )


@st.composite
def cameras(draw, min_size=1, max_size=3, optics=True):
    """CAMERAS frame with azimuth (sometimes unknown), field of view, width and, if asked, height and tilt."""
    count = draw(st.integers(min_size, max_size))
    place = st.one_of(
        st.integers(0, SIDE), st.floats(0, SIDE, allow_subnormal=False).map(lambda v: round(v, 3))
    )
    rows = []
    for _ in range(count):
        known = optics and draw(st.booleans())
        rows.append(
            {
                "geometry": shapely.Point(draw(place), draw(place)),
                "azimuth_deg": draw(st.one_of(st.just(np.nan), st.integers(-360, 720))),
                "azimuth_tolerance_deg": draw(st.sampled_from([0.0, 0.0, 22.5])),
                "hfov_deg": draw(st.sampled_from([20.0, 60.0, 90.0, 90.0, 117.3, 170.0, 230.0, 360.0])),
                "width_px": draw(st.sampled_from([1280.0, 1920.0, 3840.0])),
                "mount_height_m": draw(st.floats(2, 12)) if known else np.nan,
                "tilt_deg": draw(st.floats(-10, 60)) if known else np.nan,
                "vfov_deg": draw(st.floats(20, 70)) if known else np.nan,
            }
        )
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    return frame.astype({name: float for name in frame.columns if name != "geometry"})
