"""Zones checked: each village, street, team and base told by name and place, in a hand-made town."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from test_planning import CRS_M, X, Y, at, streets

from geo.roads import RoadNetwork
from patrols.zone_findings import ADJOIN, BASE, MODE, STREETS, TEAM, pieces_of, zone_findings


def villages(**boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"path": [f"c.{name}" for name in boxes], "name": list(boxes), "no_team": False},
        geometry=[shapely.box(X + a, Y + b, X + c, Y + d) for a, b, c, d in boxes.values()],
        crs=CRS_M,
    )


def teams(*rows: tuple[str, str | None, str, shapely.Point, float]) -> gpd.GeoDataFrame:
    names = ["code", "village", "mode", "geometry", "range_m"]
    frame = gpd.GeoDataFrame([dict(zip(names, row, strict=True)) for row in rows], crs=CRS_M)
    return frame.assign(name=frame["code"])


WEST, MIDDLE, EAST = (-100, -100, 300, 500), (300, -100, 700, 500), (700, -100, 1100, 500)
WALKER = ("w", "c.west", "foot", at(0, 0), np.nan)
OTHER = ("m", "c.middle", "foot", at(400, 0), np.nan)


@pytest.fixture
def network() -> RoadNetwork:
    return RoadNetwork.from_edges(*streets())


def told(*given) -> list[tuple[str, str]]:
    return [(one.kind, str(one.told)) for one in zone_findings(*given)]


def test_a_whole_zone_has_no_finding(network) -> None:
    assert told(villages(west=WEST, middle=MIDDLE), teams(WALKER, OTHER), network) == []


def test_villages_apart_are_named_and_shown(network) -> None:
    found = zone_findings(villages(west=WEST, east=EAST), teams(WALKER, OTHER), network)
    apart = [one for one in found if one.kind == ADJOIN]
    assert [str(one.told).split(":")[0] for one in apart] == ["east"]
    assert shapely.box(X + 700, Y - 100, X + 1100, Y + 500).contains(apart[0].point)


def test_pieces_that_adjoin_come_largest_first() -> None:
    tree = villages(a=WEST, b=EAST, c=(1100, -100, 1200, 500))
    assert pieces_of(tree) == [[1, 2], [0]]


def test_a_village_whose_only_bridge_is_gone_is_cut_off() -> None:
    """Streets from the last column of junctions but one to the last are taken away: the east is an island."""
    nodes, edges = streets()
    x = nodes.geometry.x
    bridge = edges["u"].map(x).lt(X + 700) & edges["v"].map(x).gt(X + 700)
    network = RoadNetwork.from_edges(nodes, edges[~bridge])
    found = zone_findings(villages(middle=MIDDLE, east=EAST), teams(OTHER), network)
    cut = [one for one in found if one.kind == STREETS]
    assert [str(one.told) for one in cut] == [
        "east cannot be come to on foot from the rest of the zone: none of its streets connects within 500 m "
        "of the zone"
    ]
    assert cut[0].point.x > X + 700


def test_a_part_that_cannot_be_left_again_is_told_by_its_length() -> None:
    """Cars may go into the last column of junctions and not out of it: three streets there, two along it."""
    nodes, edges = streets()
    into = edges["v"].map(nodes.geometry.x).gt(X + 700)
    edges = edges.assign(car_backward=edges["car_backward"] & ~into)
    driver = ("d", "c.east", "car", at(600, 0), np.nan)
    tree = villages(west=WEST, east=(300, -100, 1100, 500))
    network = RoadNetwork.from_edges(nodes, edges)
    found = zone_findings(tree, teams(driver, WALKER), network)
    assert [str(one.told) for one in found] == [
        "east: 1000 m of street cannot be come to by car and left again; no stop there is reached that way"
    ]
    assert found[0].point.x > X + 600


def test_a_village_without_a_street_is_told(network) -> None:
    far = villages(west=WEST, north=(-100, 500, 300, 900))
    assert (STREETS, "north has no street that can be gone on foot") in told(far, teams(WALKER), network)


def test_a_village_has_a_team_or_a_person_says_that_it_has_none(network) -> None:
    tree = villages(west=WEST, middle=MIDDLE)
    assert told(tree, teams(WALKER), network) == [
        (TEAM, "middle has no team; add one, or say that it has none")
    ]
    assert told(tree.assign(no_team=[False, True]), teams(WALKER), network) == []
    assert told(tree.assign(no_team=[True, True]), teams(WALKER), network) == [
        (TEAM, "west is said to have no team and has one; take the mark away")
    ]


def test_bases_outside_and_away_from_streets_are_told(network) -> None:
    tree = villages(west=WEST, middle=MIDDLE).assign(no_team=True)
    outside = ("o", None, "foot", at(900, 0), np.nan)
    lost = ("l", None, "foot", at(100, -90), np.nan)
    found = zone_findings(tree, teams(outside, ("l", None, "foot", at(-100, 500), np.nan)), network)
    assert [(one.kind, str(one.told).split(";")[0]) for one in found] == [
        (BASE, "the base of team o lies 200 m outside the zone"),
        (
            BASE,
            "the base of team l is farther than 100 m from every street of the zone that can be gone on foot",
        ),
    ]
    assert found[0].point == outside[3]
    assert told(tree, teams(lost), network) == []


def test_a_way_of_moving_that_leads_nowhere_is_told() -> None:
    nodes, edges = streets()
    closed = edges.assign(car_forward=False, car_backward=False)
    tree = villages(west=WEST, middle=MIDDLE).assign(no_team=True)
    driver = ("d", None, "car", at(0, 0), np.nan)
    drone = ("u", None, "uav", at(5000, 0), 1000.0)
    found = told(tree, teams(driver, drone), RoadNetwork.from_edges(nodes, closed))
    assert [words for kind, words in found if kind == MODE] == [
        "team d moves by car, and no street of the zone can be gone so; it reaches nothing",
        "team u flies 1000 m at most and the zone begins 4300 m from its base; it reaches nothing",
    ]
