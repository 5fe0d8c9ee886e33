"""Zones are made of villages that share a border, not a corner."""

import geopandas as gpd
import pytest
from shapely import box

from patrols.zones import adjoining, compact_zone, connected

CRS = 32635


def grid(columns, rows, size=100.0):
    cells = {
        f"v{x}{y}": box(x * size, y * size, (x + 1) * size, (y + 1) * size)
        for x in range(columns)
        for y in range(rows)
    }
    return gpd.GeoDataFrame(geometry=list(cells.values()), index=list(cells), crs=CRS)


def test_four_squares_adjoin_in_four_pairs_and_not_across_the_corner():
    pairs = adjoining(grid(2, 2))
    assert list(zip(pairs["left"], pairs["right"], strict=True)) == [
        ("v00", "v01"),
        ("v00", "v10"),
        ("v01", "v11"),
        ("v10", "v11"),
    ]
    assert pairs["border_m"].tolist() == [100.0] * 4


def test_two_squares_that_meet_in_a_corner_are_no_zone():
    assert not connected(grid(2, 2).loc[["v00", "v11"]])
    assert connected(grid(2, 2).loc[["v00", "v01", "v11"]])
    assert not connected(grid(1, 1).iloc[:0])


def test_a_compact_zone_grows_from_the_middle():
    """In three by three the middle comes first and the four that share a border with it next."""
    zone = compact_zone(grid(3, 3), 5)
    assert zone[0] == "v11"
    assert set(zone) == {"v11", "v01", "v10", "v12", "v21"}
    assert connected(grid(3, 3).loc[zone])


def test_more_villages_than_adjoin_are_refused():
    apart = grid(3, 1).loc[["v00", "v20"]]
    with pytest.raises(ValueError, match="only 1 villages adjoin"):
        compact_zone(apart, 2)
    with pytest.raises(ValueError, match="there are 2"):
        compact_zone(apart, 3)


def test_degrees_are_refused():
    with pytest.raises(ValueError, match="metres"):
        adjoining(grid(2, 2).set_crs(4326, allow_override=True))
