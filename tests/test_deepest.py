"""The deepest jurisdiction around points: asked of the database and worked out here, the same."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import small_site
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import repository
from geo.jurisdictions.deepest import deepest_paths
from geo.repository import rows

STEPS = st.integers(0, 8)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(STEPS, STEPS, STEPS, STEPS, st.integers(0, 2)), max_size=6),
    st.lists(st.tuples(STEPS, STEPS), max_size=12),
)
def test_it_is_the_deepest_and_of_those_the_first(boxes, spots) -> None:
    """Points on borders and corners too; boxes without an area hold nothing to lie in but their line."""
    areas = [
        {"path": f"a.b{n}", "level": level, "geometry": shapely.box(x, y, x + 1 + w % 3, y + 1 + h % 3)}
        for n, (x, y, w, h, level) in enumerate(boxes)
    ]
    points = np.array([shapely.Point(xy) for xy in spots], dtype=object)
    tree = pd.DataFrame(areas, columns=["path", "level", "geometry"])
    expected = []
    for point in points:
        around = [one for one in areas if one["geometry"].intersects(point)]
        expected.append(min(around, key=lambda one: (-one["level"], one["path"]))["path"] if around else None)
    assert deepest_paths(points, tree).tolist() == expected


def test_many_points_lie_where_few_do(session: Session, monkeypatch) -> None:
    small_site.fill(session)
    extent = "SELECT ST_Extent(geom) AS box FROM jurisdiction"
    west, south, east, north = session.execute(
        text(f"SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM ({extent}) AS e")
    ).one()
    draw = np.random.default_rng(1)
    lon, lat = draw.uniform(west - 0.01, east + 0.01, 300), draw.uniform(south - 0.01, north + 0.01, 300)
    points = gpd.GeoSeries(shapely.points(lon, lat), crs=4326)
    few = repository.paths_at(session, points)
    monkeypatch.setattr(rows, "FEW_POINTS", 0)
    many = repository.paths_at(session, points)
    assert few.tolist() == many.tolist()
    assert few.notna().any() and few.isna().any()
