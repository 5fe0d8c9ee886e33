"""Geometries and street names on their way to the map: small, in place, the right way up."""

import json

import geopandas as gpd
import map_scene
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon

from web.maps.pack import packed
from web.maps.places import street_labels, street_names


def unpacked(small: dict) -> list[np.ndarray]:
    """The other half of `packed`, written here a second time: the vertices of every line or ring."""
    if small["t"] == "point":
        return [np.array([small["c"]]) / 1e6]
    lines = small["c"] if small["t"] == "line" else [ring for polygon in small["c"] for ring in polygon]
    return [np.cumsum(np.array(line).reshape(-1, 2), axis=0) / 1e6 for line in lines]


# Streets


def test_a_gap_is_named_after_the_street_it_lies_on() -> None:
    """The longer part's street first; a place out of reach of any street has no name."""
    streets = map_scene.streets()
    on_two = shapely.MultiLineString([map_scene.line((1.1, 0), (1.9, 0)), map_scene.line((0, 1.1), (0, 1.4))])
    far = Point(map_scene.at(20, 20))
    names = street_names([on_two, far], streets, latitude=23.26)
    assert names == ["横0路 / 纵0街", ""]
    assert street_names([on_two], streets.iloc[:0], latitude=23.26) == [""]


@settings(max_examples=40)
@given(st.floats(0, 360), st.floats(-60, 60))
def test_no_street_name_stands_on_its_head(bearing: float, latitude: float) -> None:
    """The angle of a straight street's label is that of the street on the screen, within ±90 degrees."""
    east, north = np.sin(np.radians(bearing)), np.cos(np.radians(bearing))
    start = np.array([10.0, latitude])
    end = start + 0.002 * np.array([east / np.cos(np.radians(latitude)), north])
    street = gpd.GeoDataFrame(
        {"road_class": ["residential"], "name": ["A"]}, geometry=[LineString([start, end])], crs="EPSG:4326"
    )
    labels = street_labels(street, latitude=latitude)
    assert labels
    for _, lon, lat, angle, room, _ in labels:
        assert -90 <= angle <= 90
        # On the screen x runs east and y south; a line has no direction, so compare modulo half a turn.
        expected = np.degrees(np.arctan2(-north, east))
        assert abs((angle - expected + 90) % 180 - 90) < 0.6
        assert shapely.distance(street.geometry.iloc[0], Point(lon, lat)) < 1e-5
        assert room <= 230


# Geometry


coordinates = st.floats(-80, 80, allow_nan=False).map(lambda v: round(v, 9))


@settings(max_examples=60)
@given(st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=30, unique=True))
def test_packing_moves_no_vertex_by_more_than_half_a_millionth(points: list[tuple[float, float]]) -> None:
    """Differences of whole numbers add up exactly: the error does not grow along a line."""
    small = packed(LineString(points))
    assert small is not None
    (line,) = unpacked(small)
    kept = [points[0]]
    for point in points[1:]:
        if any(np.rint(np.array(point) * 1e6) != np.rint(np.array(kept[-1]) * 1e6)):
            kept.append(point)
    assert np.allclose(line, kept, rtol=0, atol=0.5001e-6)


def test_packing_keeps_holes_and_parts_and_drops_what_is_empty() -> None:
    """A multipolygon with a hole has three rings; of a mixed collection the areas stay."""
    holed = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    other = Polygon([(6, 0), (7, 0), (7, 1)])
    small = packed(MultiPolygon([holed, other]))
    assert small is not None and small["t"] == "polygon"
    assert [len(polygon) for polygon in small["c"]] == [2, 1]
    mixed = packed(GeometryCollection([Point(0, 0), LineString([(0, 0), (1, 1)]), other]))
    assert mixed == packed(other)
    assert packed(Polygon()) is None
    assert packed(GeometryCollection()) is None
    assert packed(GeometryCollection([Polygon(), LineString()])) is None


def test_a_packed_vertex_takes_less_than_half_of_geojson() -> None:
    """On 20,000 vertices of a winding street, against the same coordinates as GeoJSON with six digits."""
    steps = np.random.default_rng(1).normal(0, 1e-4, (20_000, 2)).cumsum(axis=0)
    steps += np.array([116.6, 23.26])
    small = json.dumps(packed(LineString(steps)), separators=(",", ":"))
    plain = json.dumps(np.round(steps, 6).tolist(), separators=(",", ":"))
    assert len(small) < 0.5 * len(plain)
