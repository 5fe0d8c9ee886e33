"""A stop is told by the street it stands in, or by the two that meet there."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import LineString, Point

from patrols.corners import corners

CRS = "EPSG:4547"


def lines(*named: tuple[str | None, LineString]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": [name for name, _ in named]}, geometry=[line for _, line in named], crs=CRS
    )


def told(x: float, y: float, streets: gpd.GeoDataFrame) -> tuple[str, ...]:
    (found,) = corners(gpd.GeoSeries([Point(x, y)], crs=CRS), streets)
    return found


def test_where_two_streets_meet_both_are_named() -> None:
    """福华路 runs east, 彩田路 north, both from (0, 0); as far away as each other, they come by name."""
    cross = lines(("福华路", LineString([(0, 0), (500, 0)])), ("彩田路", LineString([(0, 0), (0, 500)])))
    assert told(0, 0, cross) == ("彩田路", "福华路")
    assert told(5, 1, cross) == ("福华路", "彩田路"), "1 m from one, 5 m from the other"
    assert told(200, 3, cross) == ("福华路",)
    assert told(30, 30, cross) == ("彩田路",), "both 30 m away: no corner, and the first by name"
    assert told(41, 41, cross) == ()


def test_a_street_in_two_pieces_is_one() -> None:
    """The two halves of a street do not meet another."""
    halves = lines(("福华路", LineString([(-9, 0), (0, 0)])), ("福华路", LineString([(0, 0), (9, 0)])))
    assert told(0, 0, halves) == ("福华路",)


def test_a_street_of_two_names_is_no_corner_with_itself() -> None:
    """红荔西路/红荔路 is where one becomes the other; with 农园路 there is a corner."""
    both = lines(
        ("红荔西路", LineString([(-9, 0), (0, 0)])),
        ("红荔西路/红荔路", LineString([(0, 0), (9, 0)])),
        ("红荔路;红荔西路", LineString([(0, 0), (9, 1)])),
    )
    assert told(0, 0, both) == ("红荔西路",)
    third = lines(
        *both[["name", "geometry"]].itertuples(index=False), ("莲花路", LineString([(0, 0), (0, 9)]))
    )
    assert told(0, 0, third) == ("红荔西路", "莲花路")


def test_a_path_without_a_name_gives_way() -> None:
    """None, an empty and a blank name are no names."""
    streets = lines(
        (None, LineString([(0, 0), (9, 0)])),
        ("", LineString([(0, 0), (0, 9)])),
        ("  ", LineString([(0, 0), (-9, 0)])),
        ("福华路", LineString([(0, 35), (9, 35)])),
    )
    assert told(0, 0, streets) == ("福华路",)


def test_of_no_point_and_no_street_nothing_is_told() -> None:
    """On the index of the points."""
    points = gpd.GeoSeries({"a": None, "b": Point(), "c": Point(0, 0)}, crs=CRS)
    assert corners(points, lines()).to_dict() == {"a": (), "b": (), "c": ()}
    street = lines(("福华路", LineString([(0, 0), (9, 0)])))
    assert corners(points, street).to_dict() == {"a": (), "b": (), "c": ("福华路",)}
    assert corners(points.iloc[:0], street).empty


def test_degrees_are_refused() -> None:
    """40 would be 40 degrees."""
    points = gpd.GeoSeries([Point(116.6, 23.3)], crs=4326)
    with pytest.raises(ValueError, match="one projected CRS"):
        corners(points, gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326))
    with pytest.raises(ValueError, match="one projected CRS"):
        corners(points.to_crs(CRS), gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326))
