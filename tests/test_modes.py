"""Who gets where, from the tags of a file to times and lines: one-way streets, footpaths, stairs, bridges."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from osm_files import grid, osm_file

from geo.crs import to_metric
from geo.osm import read_osm
from geo.roads import MODES, RoadNetwork

HELSINKI = Path(__file__).parents[1] / "data" / "fetched" / "Helsinki.osm.pbf"


def town(tmp_path, cells, ways):
    """The network of an .osm file, and its nodes in metres by id."""
    extract = read_osm(osm_file(tmp_path / "town.osm", grid(*cells), ways))
    nodes, edges = to_metric(extract.road_nodes), to_metric(extract.road_edges)
    return RoadNetwork.from_edges(nodes, edges), nodes


def metres(net, nodes, mode, *ids):
    """Distances between crossings by a mode, -1 where there is no way."""
    return net.matrix(nodes.geometry.loc[list(ids)], mode)[1].tolist()


# Columns lie 71.6 m apart, rows 111.2 m.
LADDER = [(1, 0, 0), (2, 1, 0), (3, 1, 1), (4, 0, 1)]


def test_a_one_way_street_binds_wheels_and_no_walker(tmp_path):
    """A square; 1 to 2 is one-way against its drawing, the rest is open: back to 1 by the other three."""
    net, nodes = town(
        tmp_path,
        LADDER,
        [
            (10, [2, 1], {"highway": "residential", "oneway": "-1"}),
            (11, [2, 3, 4, 1], {"highway": "residential"}),
        ],
    )
    assert metres(net, nodes, "foot", 1, 2) == [[0, 72], [72, 0]]
    for mode in ("ebike", "car"):
        # 2 rows and a column
        assert metres(net, nodes, mode, 1, 2) == [[0, 72], [294, 0]], mode


def test_stairs_and_a_footpath_are_a_walkers_short_cut(tmp_path):
    """From 1 straight to 4: by stairs on foot, where wheels go round; the path beside takes e-bikes too."""
    ring = (11, [1, 2, 3, 4], {"highway": "residential"})
    stairs, nodes = town(tmp_path, LADDER, [ring, (12, [1, 4], {"highway": "steps"})])
    assert [metres(stairs, nodes, mode, 1, 4)[0][1] for mode in MODES] == [111, 255, 255]
    # 111.2 m at 0.7 m/s
    assert stairs.matrix(nodes.geometry.loc[[1, 4]], "foot")[0][0, 1] == 159
    for tags, expected in (
        ({"highway": "footway"}, [111, 255, 255]),
        ({"highway": "path"}, [111, 111, 255]),
        ({"highway": "cycleway", "foot": "no"}, [255, 111, 255]),
        ({"highway": "service", "motor_vehicle": "no"}, [111, 111, 255]),
        ({"highway": "service", "access": "private"}, [255, 255, 255]),
    ):
        net, nodes = town(tmp_path, LADDER, [ring, (12, [1, 4], tags)])
        assert [metres(net, nodes, mode, 1, 4)[0][1] for mode in MODES] == expected, tags


# A bridge 1-5-2 from west to east over a street 3-6-4 from south to north; both have a bend where they cross,
# and far in the west and south the two are joined.
CROSS = [(1, -1, 0), (5, 0, 0), (2, 1, 0), (3, 0, -1), (6, 0, 0), (4, 0, 1), (7, -1, -1)]


def test_nobody_turns_from_a_bridge_into_the_street_below(tmp_path):
    """The two cross in the map and share no node: from the east end to the north end is all the way round."""
    ways = [
        (10, [1, 5, 2], {"highway": "primary", "bridge": "yes", "layer": "1"}),
        (11, [3, 6, 4], {"highway": "residential"}),
        (12, [1, 7, 3], {"highway": "residential"}),
    ]
    net, nodes = town(tmp_path, CROSS, ways)
    for mode in MODES:
        # 2 columns of bridge, 1 row, 1 column, 2 rows
        assert abs(metres(net, nodes, mode, 2, 4)[0][1] - (2 * 71.6 + 111.2 + 71.6 + 2 * 111.2)) <= 2, mode
    # With one node in common it is a crossing: one column and one row.
    joined = [(10, [1, 5, 2], {"highway": "primary"}), (11, [3, 5, 4], {"highway": "residential"}), ways[2]]
    net, nodes = town(tmp_path, CROSS, joined)
    assert abs(metres(net, nodes, "car", 2, 4)[0][1] - (71.6 + 111.2)) <= 1


@pytest.mark.parametrize("road", ["motorway", "motorway_link", "trunk", "trunk_link"])
def test_an_e_bike_goes_round_a_fast_road(tmp_path, road):
    """The short way from 1 to 2 is a fast road, open to cars; e-bikes take the three other sides."""
    net, nodes = town(
        tmp_path,
        LADDER,
        [
            (10, [1, 2], {"highway": road, "oneway": "no"}),
            (11, [2, 3, 4, 1], {"highway": "residential"}),
        ],
    )
    assert metres(net, nodes, "car", 1, 2)[0][1] == 72
    assert abs(metres(net, nodes, "ebike", 1, 2)[0][1] - 294) <= 1
    # nor does one begin or end there, however near it stands
    middle = gpd.GeoSeries(
        [shapely.centroid(shapely.MultiPoint(list(nodes.geometry.loc[[1, 2]])))], crs=net.crs
    )
    assert net.snap(middle, "car")["access_m"][0] < 0.01
    assert net.snap(middle, "ebike")["access_m"][0] > 30.0


def against(edges, line, mode):
    """Metres of a line that run on streets of a mode against all directions open there.

    Worked out from the geometry alone: each piece of the line is held against every usable street that
    it lies on.
    """
    usable = edges[edges[f"{mode}_forward"] | edges[f"{mode}_backward"]]
    tree = shapely.STRtree(usable.geometry.to_numpy())
    xy = shapely.get_coordinates(line)
    wrong = 0.0
    for a, b in pairwise(xy):
        length = np.hypot(*(b - a))
        # Pieces of a few centimetres have no direction worth the name.
        if length < 0.1:
            continue
        ends = [shapely.Point(a + share * (b - a)) for share in (0.25, 0.75)]
        rows = tree.query(ends[0], predicate="dwithin", distance=0.02)
        streets = usable.iloc[[row for row in rows if ends[1].dwithin(usable.geometry.iloc[row], 0.02)]]
        assert len(streets), "the line leaves the streets"
        along = [street.project(ends[1]) > street.project(ends[0]) for street in streets.geometry]
        flags = streets[[f"{mode}_backward", f"{mode}_forward"]].to_numpy(dtype=bool)
        if not any(flags[row, int(forth)] for row, forth in enumerate(along)):
            wrong += float(length)
    return wrong


def test_no_route_in_helsinki_goes_against_a_one_way_street():
    assert HELSINKI.is_file(), f"{HELSINKI} is missing; `make run` fetches it (data/README.md)"
    extract = read_osm(HELSINKI)
    nodes, edges = to_metric(extract.road_nodes), to_metric(extract.road_edges)
    net = RoadNetwork.from_edges(nodes, edges)
    for mode in ("ebike", "car"):
        ends = nodes.geometry.iloc[np.unique(net.u[net.graphs[mode].main])[::29][:30]].reset_index(drop=True)
        lines = net.paths(ends, [(i, i + 1) for i in range(len(ends) - 1)], mode)
        assert sum(against(edges, line, mode) for line in lines) == 0.0, mode
        # The measure itself can tell: many of these routes turned round would be wrong.
        assert sum(against(edges, line.reverse(), mode) for line in lines) > 1000.0, mode
