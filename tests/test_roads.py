"""Streets as a network: hand-worked times, SciPy and brute force as oracles, and laws."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.crs import metric_crs, to_metric
from geo.osm import read_osm
from geo.roads import MODES, RoadNetwork, Speeds, road_revision
from geo.roads.search import FAR, LONGEST_MS, last_key, packed, search, table, unpacked

CRS_M = "EPSG:32635"
HELSINKI = Path(__file__).parents[1] / "data" / "fetched" / "Helsinki.osm.pbf"


def frames(places, streets):
    """ROAD NODES and EDGES of {node: (x, y)} and rows (u, v, {column: value}, via points)."""
    nodes = gpd.GeoDataFrame(
        geometry=[shapely.Point(xy) for xy in places.values()], index=list(places), crs=CRS_M
    )
    rows, lines = [], []
    for u, v, given_values, *via in streets:
        row = {"u": u, "v": v, "road_class": "residential", "steps": False, "watched": True}
        row |= {f"{mode}_{way}": True for mode in MODES for way in ("forward", "backward")}
        rows.append(row | given_values)
        lines.append(shapely.LineString([places[u], *via, places[v]]))
    return nodes, gpd.GeoDataFrame(rows, geometry=lines, crs=CRS_M)


def network(places, streets, **options):
    return RoadNetwork.from_edges(*frames(places, streets), **options)


def points(*xy):
    return gpd.GeoSeries([None if p is None else shapely.Point(p) for p in xy], crs=CRS_M)


ONE_WAY = {"ebike_backward": False, "car_backward": False}

# A square of 100 m sides; the car may only go round it 1 -> 2 -> 3 -> 4 -> 1.
ROUND = network(
    {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100)},
    [(1, 2, ONE_WAY), (2, 3, ONE_WAY), (3, 4, ONE_WAY), (4, 1, ONE_WAY)],
)


def test_a_car_goes_round_and_a_walker_goes_straight_back():
    """From the middle of one side to the corner behind it: 50 m on foot, 350 m by car at 8 m/s."""
    at = points((50, 0), (0, 0))
    duration, distance = ROUND.matrix(at, "car")
    assert distance.tolist() == [[0, 350], [50, 0]]
    assert duration.tolist() == [[0, 44], [7, 0]]  # 43.75 and 6.25 s, rounded up
    duration, distance = ROUND.matrix(at, "foot")
    assert distance.tolist() == [[0, 50], [50, 0]]
    assert duration.tolist() == [[0, 36], [36, 0]]  # 50 / 1.4 = 35.71
    assert ROUND.path(at[0], at[1], "car").coords[:] == [(50, 0), (100, 0), (100, 100), (0, 100), (0, 0)]


def test_a_place_behind_another_on_a_one_way_street_is_once_round():
    duration, distance = ROUND.matrix(points((20, 0), (80, 0)), "car")
    assert distance.tolist() == [[0, 60], [340, 0]]
    assert duration.tolist() == [[0, 8], [43, 0]]  # 7.5 and 42.5 s


def test_two_places_at_one_spot_of_a_one_way_street_are_no_round_trip_apart():
    duration, distance = ROUND.matrix(points((20, 0), (20, 0), (20, 3)), "car")
    assert distance[0].tolist() == [0, 0, 3] and distance[2].tolist() == [3, 3, 0]
    assert duration[0].tolist() == [0, 0, 3]  # 3 m on foot: 2.14 s


def test_a_place_at_a_crossing_is_left_by_every_street():
    """A street that leads away from the crossing lies nearest by row: the others are still open."""
    net = network(
        {1: (0, 0), 2: (100, 0), 3: (0, 100)},
        [(1, 2, ONE_WAY), (2, 3, ONE_WAY), (3, 1, {})],
    )
    assert net.matrix(points((0, 0), (0, 100)), "car")[1].tolist() == [[0, 100], [100, 0]]


def test_the_walk_to_the_street_is_counted_at_both_ends():
    """7 m and 14 m off a street of 100 m: 121 m, on foot 121 / 1.4 = 86.43 s; the path shows all of it."""
    net = network({1: (0, 0), 2: (100, 0)}, [(1, 2, {})])
    at = points((0, 7), (100, -14))
    duration, distance = net.matrix(at, "foot")
    assert (duration[0, 1], distance[0, 1]) == (87, 121)
    # by e-bike 21 / 1.4 + 100 / 5 = 35 s
    assert net.matrix(at, "ebike")[0][0, 1] == 35
    assert net.path(at[0], at[1], "foot").coords[:] == [(0, 7), (0, 0), (100, 0), (100, -14)]


def test_stairs_are_slow_on_foot_and_closed_to_wheels():
    """A stair of 70 m between two streets, and a way round of 300 m that is 4.3 times as long."""
    no_wheels = {f"{mode}_{way}": False for mode in ("ebike", "car") for way in ("forward", "backward")}
    net = network(
        {1: (0, 0), 2: (70, 0), 3: (70, 115), 4: (0, 115)},
        [
            (1, 2, {"steps": True, **no_wheels}),
            (2, 3, {}), (3, 4, {}), (4, 1, {}),
        ],
    )  # fmt: skip
    at = points((0, 0), (70, 0))
    assert net.matrix(at, "foot")[0][0, 1] == 100  # 70 / 0.7
    assert net.matrix(at, "ebike")[1][0, 1] == 300
    # at a third of a walking pace the way round is the quicker one on foot too
    slow = network(
        {1: (0, 0), 2: (70, 0), 3: (70, 115), 4: (0, 115)},
        [(1, 2, {"steps": True}), (2, 3, {}), (3, 4, {}), (4, 1, {})],
        speeds=Speeds(stairs=0.3),
    )
    assert slow.matrix(at, "foot")[1][0, 1] == 300


def test_cars_are_slower_in_yards():
    net = network({1: (0, 0), 2: (80, 0)}, [(1, 2, {"road_class": "service"})])
    assert net.matrix(points((0, 0), (80, 0)), "car")[0][0, 1] == 20  # 80 / 4


def test_of_two_equally_fast_ways_the_shorter_is_measured():
    """80 m of yard at 4 m/s and 160 m of street at 8 m/s both take 20 s."""
    streets = [(1, 2, {"road_class": "service"}), (1, 2, {}, (40, 69.282032))]
    for order in (streets, streets[::-1]):
        duration, distance = network({1: (0, 0), 2: (80, 0)}, order).matrix(points((0, 0), (80, 0)), "car")
        assert (duration[0, 1], distance[0, 1]) == (20, 80)


def test_parallel_streets_and_loops_are_kept_apart():
    """Two streets between the same crossings, and a loop at one of them: the shorter one is taken."""
    net = network(
        {1: (0, 0), 2: (100, 0)},
        [(1, 2, {}, (50, 80)), (1, 2, {}), (2, 2, {}, (130, 30), (130, -30))],
    )
    assert net.matrix(points((0, 0), (100, 0)), "foot")[1][0, 1] == 100
    # on the loop, 42.43 + 30 m from the crossing either way
    assert net.matrix(points((100, 0), (130, 0)), "foot")[1].tolist() == [[0, 72], [72, 0]]


def test_places_off_the_network_are_said_to_be_unreachable():
    net = network({1: (0, 0), 2: (100, 0)}, [(1, 2, {})])
    at = points((0, 0), (0, 101), None, (50, 0))
    snapped = net.snap(at, "foot", limit_m=100.0)
    assert snapped["edge_id"].tolist() == [0, -1, -1, 0]
    assert snapped["access_m"].isna().tolist() == [False, True, True, False]
    duration, distance = net.matrix(at, "foot", snap_limit_m=100.0)
    assert (duration[[1, 2]] == -1).all() and (distance[:, [1, 2]] == -1).all()
    assert duration[0, 3] == 36
    lines = net.paths(at, [(0, 3), (0, 1), (2, 3), (0, 0)], "foot")
    assert lines[0].length == 50.0 and lines[1] is None and lines[2] is None and lines[3].is_empty
    assert net.matrix(points(), "foot")[0].shape == (0, 0)


def test_a_street_that_strands_a_team_is_not_snapped_to():
    """A one-way stub leads out of the square and nothing comes back: the next street is taken instead."""
    places = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (50, -60)}
    net = network(
        places, [(1, 2, ONE_WAY), (2, 3, ONE_WAY), (3, 4, ONE_WAY), (4, 1, ONE_WAY), (1, 5, ONE_WAY)]
    )
    at = points((50, -50))
    assert net.snap(at, "car")["edge_id"].tolist() == [0]
    assert net.snap(at, "foot")["edge_id"].tolist() == [4]


def test_the_smaller_of_two_separate_nets_is_left_out():
    net = network(
        {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (0, 50), 5: (100, 50)},
        [(4, 5, {}), (1, 2, {}), (2, 3, {})],
    )
    assert net.snap(points((0, 49)), "foot")["edge_id"].tolist() == [1]


def test_a_mode_without_any_street_reaches_nothing():
    net = network({1: (0, 0), 2: (9, 0)}, [(1, 2, {"car_forward": False, "car_backward": False})])
    assert (net.matrix(points((0, 0), (9, 0)), "car")[0] == -1).all()
    assert net.paths(points((0, 0), (9, 0)), [(0, 1)], "car")[0] is None
    assert net.length_within(gpd.GeoSeries([shapely.box(-1, -1, 10, 1)], crs=CRS_M), "car")[0] == 0.0


def test_a_time_limit_cuts_routes_and_nothing_else():
    net = network({1: (0, 0), 2: (140, 0), 3: (280, 0)}, [(1, 2, {}), (2, 3, {})])
    at = points((0, 0), (140, 0), (280, 0))
    assert net.matrix(at, "foot", limit_s=150)[0].tolist() == [[0, 100, -1], [100, 0, 100], [-1, 100, 0]]
    assert net.matrix(at, "foot", limit_s=200)[0][0, 2] == 200


def test_street_length_in_an_area_is_cut_at_its_border():
    areas = gpd.GeoSeries(
        [shapely.box(-10, -10, 50, 10), shapely.box(500, 500, 600, 600)], index=["a", "b"], crs=CRS_M
    )
    assert ROUND.length_within(areas, "foot").to_dict() == {"a": 60.0, "b": 0.0}  # 50 m and 10 m of two sides


# ---------------------------------------------------------------- random streets


@st.composite
def street_nets(draw):
    """A few crossings on a 1 m raster, a ring through all of them, and some more streets."""
    count = draw(st.integers(3, 7))
    cell = st.tuples(st.integers(0, 400), st.integers(0, 400))
    xy = draw(st.lists(cell, min_size=count, max_size=count, unique=True))
    flag = st.booleans()
    streets = [(i, (i + 1) % count, {}) for i in range(count)]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] != e[1])
    for u, v in draw(st.lists(ends, max_size=6)):
        streets.append(
            (u, v, {"ebike_forward": draw(flag), "ebike_backward": draw(flag), "steps": draw(flag)})
        )
    if draw(flag):  # the ring one-way by e-bike
        streets[:count] = [(u, v, {"ebike_backward": False}) for u, v, _ in streets[:count]]
    return dict(enumerate(xy)), streets


def floyd_warshall(net, mode):
    """All durations in ms between crossings by brute force."""
    n = net.node_count
    best = np.full((n, n), np.inf)
    np.fill_diagonal(best, 0.0)
    graph = net.graphs[mode]
    for e in range(len(net.u)):
        if graph.forward[e]:
            best[net.u[e], net.v[e]] = min(best[net.u[e], net.v[e]], graph.edge_ms[e])
        if graph.backward[e]:
            best[net.v[e], net.u[e]] = min(best[net.v[e], net.u[e]], graph.edge_ms[e])
    for k in range(n):
        best = np.minimum(best, best[:, [k]] + best[[k], :])
    return best


@settings(max_examples=20, deadline=None)
@given(scene=street_nets(), mode=st.sampled_from(["foot", "ebike"]))
def test_the_matrix_between_crossings_is_that_of_brute_force(scene, mode):
    places, streets = scene
    net = network(places, streets)
    duration, _ = net.matrix(points(*places.values()), mode)
    assert np.array_equal(duration, np.ceil(floyd_warshall(net, mode) / 1000.0))


@settings(max_examples=30, deadline=None)
@given(
    scene=street_nets(),
    mode=st.sampled_from(["foot", "ebike"]),
    where=st.lists(st.tuples(st.integers(-30, 430), st.integers(-30, 430)), min_size=3, max_size=6),
)
def test_laws_of_travel(scene, mode, where):
    """Triangle inequality to the second; the path is as long as the matrix says, runs from point to point
    on the streets, and on foot there is as far as back."""
    net = network(*scene)
    at = points(*where)
    duration, distance = net.matrix(at, mode, snap_limit_m=1000.0)
    n = len(where)
    assert (duration >= 0).all() and (np.diag(duration) == 0).all()
    for i in range(n):
        assert (duration[i] <= (duration[i][:, None] + duration).min(axis=0)).all()
    if mode == "foot":
        assert np.array_equal(duration, duration.T) and np.array_equal(distance, distance.T)
    pairs = [(i, j) for i in range(n) for j in range(n)]
    lines = net.paths(at, pairs, mode, snap_limit_m=1000.0)
    streets = shapely.union_all(net.lines).buffer(0.01)
    snapped = net.snap(at, mode, 1000.0)
    for (i, j), line in zip(pairs, lines, strict=True):
        if i == j:
            assert line.is_empty
            continue
        assert abs(line.length - distance[i, j]) <= 0.51 + 0.001 * len(line.coords)
        if line.is_empty:
            assert where[i] == where[j]
            continue
        assert line.coords[0] == at[i].coords[0] and line.coords[-1] == at[j].coords[0]
        off_street = shapely.difference(line, streets).length
        assert off_street <= snapped["access_m"][i] + snapped["access_m"][j] + 0.01


@settings(max_examples=20, deadline=None)
@given(scene=street_nets(), data=st.data())
def test_a_place_on_the_way_makes_no_route_longer(scene, data):
    """Cutting a street at a point changes no time between other points, to the millisecond."""
    net = network(*scene)
    some = points(
        *data.draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=3))
    )
    more = points(
        *[p.coords[0] for p in some],
        *data.draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=4)),
    )
    few, _ = net.matrix(some, "ebike", snap_limit_m=1000.0)
    many, _ = net.matrix(more, "ebike", snap_limit_m=1000.0)
    assert np.array_equal(few, many[: len(some), : len(some)])


# ---------------------------------------------------------------- the search itself


def random_graph(seed, nodes, arcs):
    rng = np.random.default_rng(seed)
    tail = np.sort(rng.integers(0, nodes, arcs))
    head = rng.integers(0, nodes, arcs)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=nodes))])
    return tail, head, indptr, rng.integers(0, 50, arcs), rng.integers(0, 50, arcs)


@pytest.mark.parametrize("seed", range(5))
def test_the_search_agrees_with_scipy(seed):
    """SciPy weighs (duration, distance) as one float here, exact below 2^53; equal arcs are reduced first."""
    tail, head, indptr, ms, mm = random_graph(seed, 300, 900)
    ms += 1
    weight = ms * 2.0**20 + mm
    best = {}
    for a, b, w in zip(tail.tolist(), head.tolist(), weight.tolist(), strict=True):
        best[a, b] = min(w, best.get((a, b), np.inf))
    keys = np.array(list(best))
    theirs = dijkstra(csr_array((list(best.values()), (keys[:, 0], keys[:, 1])), shape=(300, 300)))
    stops = np.arange(0, 300, 7)
    ours_ms, ours_mm = unpacked(table(indptr, head, packed(ms, mm), stops, last_key(LONGEST_MS)))
    theirs = theirs[np.ix_(stops, stops)]
    reached = np.isfinite(theirs)
    assert np.array_equal(ours_ms >= 0, reached) and reached.any() and not reached.all()
    assert np.array_equal(ours_ms[reached] * 2.0**20 + ours_mm[reached], theirs[reached])


def test_the_search_stops_at_its_limit_and_reaches_itself():
    indptr, head = np.array([0, 1, 2, 2]), np.array([1, 2])
    weight = packed(np.array([10, 10]), np.array([1, 1]))
    key, arc = search(indptr, head, weight, 0, np.ones(3, dtype=bool), last_key(19))
    assert unpacked(key)[0].tolist() == [0, 10, -1] and arc.tolist() == [-1, 0, -1]
    assert key[2] == FAR


# ---------------------------------------------------------------- Helsinki


@pytest.fixture(scope="module")
def helsinki():
    assert HELSINKI.is_file(), (
        f"{HELSINKI} is missing; `make run` fetches it (data/README.md gives the command)"
    )
    extract = read_osm(HELSINKI)
    crs = metric_crs(extract.bounds)
    return (
        to_metric(extract.road_nodes, crs),
        to_metric(extract.road_edges, crs),
        to_metric(extract.places, crs),
    )


def test_times_in_helsinki_are_those_of_scipy(helsinki):
    """Between 40 crossings, by car with its one-way streets, on SciPy's own Dijkstra."""
    nodes, edges, _ = helsinki
    net = RoadNetwork.from_edges(nodes, edges)
    for mode in MODES:
        graph = net.graphs[mode]
        ends = np.unique(net.u[graph.main])[::37][:40]
        best = {}
        arcs = graph.arcs
        for a, b, w in zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.ms.tolist(), strict=True):
            best[a, b] = min(w, best.get((a, b), np.inf))
        keys = np.array(list(best))
        matrix = csr_array((list(best.values()), (keys[:, 0], keys[:, 1])), shape=(net.node_count,) * 2)
        theirs = dijkstra(matrix, indices=ends)[:, ends]
        ours, _ = net.matrix(nodes.geometry.iloc[ends], mode)
        assert np.array_equal(ours, np.ceil(theirs / 1000.0)), mode


def test_routes_in_helsinki_follow_streets_of_their_mode(helsinki):
    nodes, edges, places = helsinki
    net = RoadNetwork.from_edges(nodes, edges)
    for mode, least_km in (("foot", 95.0), ("ebike", 28.0), ("car", 22.0)):
        usable = edges[edges[f"{mode}_forward"] | edges[f"{mode}_backward"]]
        snapped = net.snap(places.geometry, mode).geometry.dropna().reset_index(drop=True)
        pairs = [(i, i + 1) for i in range(0, len(snapped) - 1, 3)]
        lines = net.paths(snapped, pairs, mode)
        streets = shapely.STRtree(usable.geometry.to_numpy())
        _, distance = net.matrix(snapped, mode)
        for (i, j), line in zip(pairs, lines, strict=True):
            xy = shapely.get_coordinates(line)
            seen = shapely.points(np.concatenate([xy, (xy[1:] + xy[:-1]) / 2.0]))
            _, off = streets.query_nearest(seen, return_distance=True, all_matches=False)
            assert off.max() < 0.01
            assert abs(line.length - distance[i, j]) <= 0.51 + 0.001 * len(line.coords)
        assert net.length_mm[net.graphs[mode].main].sum() > least_km * 1e6


def test_a_revision_names_the_content_and_not_the_order(helsinki):
    _, edges, _ = helsinki
    some = edges.iloc[:200]
    name = road_revision(some)
    assert len(name) == 12 and int(name, 16) >= 0
    assert road_revision(some.sample(frac=1.0, random_state=1).reset_index(drop=True)) == name
    assert road_revision(some.to_crs(4326)) == name
    # nor the ids: a database numbers its rows anew
    assert road_revision(some.assign(u=some["u"] + 1, v=some["v"] + 1, name="x")) == name
    for column, value in (("car_forward", ~some["car_forward"]), ("road_class", "path")):
        assert road_revision(some.assign(**{column: value})) != name
    assert road_revision(some.set_geometry(some.geometry.translate(0.05))) != name
    assert road_revision(some.iloc[1:]) != name


# ---------------------------------------------------------------- refusals


def test_wrong_inputs_are_named():
    nodes, edges = frames({1: (0, 0), 2: (100, 0)}, [(1, 2, {})])
    with pytest.raises(ValueError, match="not in metres"):
        RoadNetwork.from_edges(nodes.to_crs(4326), edges.to_crs(4326))
    with pytest.raises(ValueError, match="one CRS"):
        RoadNetwork.from_edges(nodes.to_crs(32634), edges)
    with pytest.raises(ValueError, match="edge 0 ends at a node"):
        RoadNetwork.from_edges(nodes.iloc[:1], edges)
    with pytest.raises(ValueError, match="edge 0 does not run from"):
        RoadNetwork.from_edges(nodes, edges.assign(u=edges["v"], v=edges["u"]))
    with pytest.raises(ValueError, match="mode 'uav' is not known"):
        RoadNetwork.from_edges(nodes, edges, modes=["uav"])
    with pytest.raises(ValueError, match="over 74 hours"):
        network({1: (0, 0), 2: (1e6, 0)}, [(1, 2, {})])
    with pytest.raises(ValueError, match="speed foot=0"):
        Speeds(foot=0.0)
    net = RoadNetwork.from_edges(nodes, edges, modes=["foot"])
    with pytest.raises(ValueError, match="mode 'car' is not in this network; it has foot"):
        net.snap(points((0, 0)), "car")
    with pytest.raises(ValueError, match="in the network's CRS"):
        net.snap(points((0, 0)).to_crs(4326), "foot")
    with pytest.raises(ValueError, match="positions from 0 to 0"):
        net.paths(points((0, 0)), [(0, 1)], "foot")
