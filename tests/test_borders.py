"""Shared borders, the streets across them, and where two villages meet with the least walk: by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from test_planning import CRS_M, X, Y, at, streets
from test_zone_findings import EAST, MIDDLE, WEST, villages

from geo.roads import RoadNetwork
from patrols.borders import APART_M, crossings, meeting_places, shared_borders


@pytest.fixture
def network() -> RoadNetwork:
    return RoadNetwork.from_edges(*streets())


@pytest.fixture
def junctions() -> gpd.GeoSeries:
    return streets()[0].geometry


def where(frame: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    moved = shapely.get_coordinates(frame.geometry.to_numpy()) - (X, Y)
    return [tuple(map(float, one)) for one in np.round(moved)]


def test_three_villages_in_a_row_have_two_borders() -> None:
    found = shared_borders(villages(west=WEST, middle=MIDDLE, east=EAST))
    assert list(zip(found["left"], found["right"], found["border_m"], strict=True)) == [
        ("c.west", "c.middle", 600.0),
        ("c.middle", "c.east", 600.0),
    ]
    assert found.geometry.iloc[0].equals(shapely.LineString([(X + 300, Y - 100), (X + 300, Y + 500)]))


def test_each_street_across_a_border_is_one_crossing(network) -> None:
    """Three streets from west to east; the border lies between two columns of junctions."""
    borders = shared_borders(villages(west=WEST, middle=MIDDLE, east=EAST))
    found = crossings(borders, network.lines)
    assert found["border"].tolist() == [0, 0, 0, 1, 1, 1]
    assert sorted(where(found)) == [(300, 0), (300, 200), (300, 400), (700, 0), (700, 200), (700, 400)]


def test_two_carriageways_are_one_crossing_and_a_street_along_the_border_none() -> None:
    borders = shared_borders(villages(west=WEST, middle=MIDDLE))
    across = [shapely.LineString([at(250, y), at(350, y)]) for y in (0, 8, 100)]
    along = shapely.LineString([at(300, 200), at(300, 300)])
    found = crossings(borders, np.array([*across, along]))
    assert sorted(where(found)) == [(300, 0), (300, 100)]


def test_they_meet_where_the_farther_side_walks_least(network, junctions) -> None:
    """Bases at (0, 0) and (800, 400), the border at 300: from the junctions at (200, 400) and (400, 200) both
    walk 600 m, from all others one side walks more. Of the two the western one is taken.
    """
    tree = villages(west=WEST, middle=(300, -100, 1100, 500))
    bases = {"c.west": [at(0, 0)], "c.middle": [at(800, 400)]}
    found = meeting_places(shared_borders(tree), tree, bases, junctions, network)
    assert where(found) == [(200, 400)]
    assert found["walk_s"].tolist() == [429], "600 m at 1.4 m/s"


def test_of_several_teams_the_nearest_comes(network, junctions) -> None:
    tree = villages(west=WEST, middle=MIDDLE)
    bases = {"c.west": [at(0, 400), at(200, 0)], "c.middle": [at(600, 400), at(400, 0)]}
    found = meeting_places(shared_borders(tree), tree, bases, junctions, network)
    assert where(found) in ([(200, 0)], [(400, 0)])
    assert found["walk_s"].tolist() == [143]


def test_a_village_without_a_team_comes_from_its_middle(network, junctions) -> None:
    """The middle of the west is (100, 200): its nearest junctions are (0, 200) and (200, 200)."""
    tree = villages(west=WEST, middle=MIDDLE)
    found = meeting_places(shared_borders(tree), tree, {"c.middle": [at(400, 200)]}, junctions, network)
    assert where(found) in ([(200, 200)], [(400, 200)])


def test_no_junction_near_no_way_to_it_no_place(network, junctions) -> None:
    tree = villages(west=WEST, middle=MIDDLE)
    borders = shared_borders(tree)
    assert meeting_places(borders, tree, {}, junctions.iloc[:0], network).empty
    far = junctions[junctions.x < X + 100]
    assert meeting_places(borders, tree, {}, far, network).empty
    nodes, edges = streets()
    mid = edges.geometry.intersects(shapely.LineString([at(300, -50), at(300, 450)]))
    cut = RoadNetwork.from_edges(nodes, edges[~mid])
    bases = {"c.west": [at(0, 0)], "c.middle": [at(600, 0)]}
    assert meeting_places(borders, tree, bases, junctions, cut).empty


def test_a_long_border_has_several_places_apart_from_each_other() -> None:
    """A border of 3,100 m with a street along it: three begun stretches of 1,500 m."""
    count = 32
    nodes = gpd.GeoDataFrame(
        geometry=[at(x, 100 * n) for n in range(count) for x in (-20, 20)], index=range(2 * count), crs=CRS_M
    )
    pairs = [(2 * n, 2 * n + 1) for n in range(count)] + [(n, n + 2) for n in range(2 * count - 2)]
    edges = gpd.GeoDataFrame(
        {"u": [u for u, _ in pairs], "v": [v for _, v in pairs]},
        geometry=[shapely.LineString([nodes.geometry[u], nodes.geometry[v]]) for u, v in pairs],
        crs=CRS_M,
    )
    flags = {f"{mode}_{way}": True for mode in ("foot", "ebike", "car") for way in ("forward", "backward")}
    network = RoadNetwork.from_edges(nodes, edges.assign(road_class="residential", steps=False, **flags))
    tree = villages(west=(-200, 0, 0, 3100), east=(0, 0, 200, 3100))
    bases = {"c.west": [at(-20, 0)], "c.east": [at(20, 0)]}
    found = meeting_places(shared_borders(tree), tree, bases, nodes.geometry, network)
    assert len(found) == 3
    apart = [a.distance(b) for n, a in enumerate(found.geometry) for b in found.geometry.iloc[n + 1 :]]
    assert min(apart) >= APART_M
