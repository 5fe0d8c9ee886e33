"""Derived trees tile their place exactly; what is wrong with a tree is told; every point has one leaf."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.jurisdictions import DerivedCounts, check_tree, derive_jurisdictions, leaf_of, leaves

CRS_M = "EPSG:4547"  # CGCS2000, central meridian 114° E: Shenzhen

SQUARE = shapely.box(0, 0, 1000, 1000)
# A U: cells of its two arms that a Voronoi diagram joins across the gap must not be one unit.
HORSESHOE = shapely.Polygon(
    [(0, 0), (1000, 0), (1000, 1000), (900, 1000), (900, 100), (100, 100), (100, 1000), (0, 1000)]
)
RING = shapely.box(0, 0, 1000, 1000).difference(shapely.box(200, 200, 800, 800))
SHAPES = {"square": SQUARE, "horseshoe": HORSESHOE, "ring": RING}


def nodes_in(shape, seed, count=300):
    west, south, east, north = shape.bounds
    xy = np.random.default_rng(seed).uniform((west, south), (east, north), (20 * count, 2))
    xy = xy[shapely.contains_xy(shape, xy)][:count]
    return gpd.GeoSeries(shapely.points(xy), crs=CRS_M)


def derived(shape=SQUARE, seed=1, **counts):
    return derive_jurisdictions(nodes_in(shape, seed), shape, seed=seed, counts=DerivedCounts(**counts))


def children(tree, path):
    return tree[tree["path"].str.rpartition(".")[0] == path]


@settings(max_examples=10, deadline=None)
@given(
    shape=st.sampled_from(list(SHAPES)),
    seed=st.integers(0, 10_000),
    counts=st.lists(st.integers(1, 12), min_size=3, max_size=3).map(sorted),
    grids=st.integers(12, 40),
)
def test_children_tile_their_parent_exactly_and_every_unit_is_connected(shape, seed, counts, grids):
    tree = derived(SHAPES[shape], seed, districts=counts[0], towns=counts[1], villages=counts[2], grids=grids)
    assert tree["level"].value_counts().sort_index().tolist() == [1, *counts, grids]
    for _, unit in tree[tree["level"] < 4].iterrows():
        below = children(tree, unit["path"])
        shapes = below.geometry.to_numpy()
        assert len(below) >= 1
        # a valid coverage shares all vertices: no gap, no overlap, however small
        assert shapely.coverage_is_valid(shapes)
        assert shapely.equals(shapely.coverage_union_all(shapes), unit["geometry"])
        assert set(shapely.get_coordinates(unit["geometry"]).view(complex).ravel()) <= set(
            shapely.get_coordinates(shapes).view(complex).ravel()
        )
    assert (shapely.get_num_geometries(tree.geometry.to_numpy()) == 1).all()
    # the place itself is tiled: to the rounding of a noded border
    assert shapely.symmetric_difference(tree.geometry[0], SHAPES[shape]).area < 1e-6
    assert check_tree(tree).empty


def test_five_levels_have_the_sizes_asked_for():
    """1, 2, 4, 9, 32 when nothing is said; three or four grids a village, two or three villages a town."""
    tree = derived()
    assert tree["level"].value_counts().sort_index().tolist() == [1, 2, 4, 9, 32]
    villages = tree[tree["level"] == 3]
    grids = [len(children(tree, path)) for path in villages["path"]]
    assert set(grids) <= {2, 3, 4, 5} and 3 <= np.mean(grids) <= 4
    assert {len(children(tree, path)) for path in tree[tree["level"] == 2]["path"]} <= {2, 3}


def test_names_are_made_up_and_say_so():
    tree = derived(root="hel")
    assert set(tree["origin"]) == {"derived"}
    assert tree["name"].str.startswith("派生").all() and tree["name_en"].str.startswith("Derived ").all()
    assert tree["code"].is_unique and tree["path"].is_unique
    third = tree[tree["code"] == "v03"].iloc[0]
    assert (third["name"], third["name_en"], third["level"]) == ("派生村03", "Derived village 03", 3)
    assert third["path"].startswith("hel.d") and third["path"].count(".") == 3
    assert tree["path"].str.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*").all()  # an ltree of PostgreSQL 15
    assert tree["path"].tolist() == sorted(tree["path"])
    assert (tree.geom_type == "MultiPolygon").all() and tree.crs.to_epsg() == 4547


def test_numbers_run_from_north_to_south_inside_a_parent():
    tree = derived()
    for path in tree[tree["level"] == 3]["path"]:
        below = children(tree, path).sort_values("code")
        assert below.geometry.centroid.y.is_monotonic_decreasing


def test_the_seed_decides_and_the_order_of_nodes_does_not():
    nodes = nodes_in(SQUARE, 5)
    a = derive_jurisdictions(nodes, SQUARE, seed=3)
    b = derive_jurisdictions(nodes.sample(frac=1.0, random_state=1), SQUARE, seed=3)
    c = derive_jurisdictions(nodes, SQUARE, seed=4)
    assert a.equals(b)
    assert not a.geometry.equals(c.geometry)


def test_a_piece_cut_off_by_a_bend_goes_to_its_neighbour():
    """Two centres high in the arms of the horseshoe, one at its foot: no unit leaps over the gap."""
    tree = derived(HORSESHOE, 2, districts=1, towns=1, villages=2, grids=3)
    assert (shapely.get_num_geometries(tree.geometry.to_numpy()) == 1).all()
    assert leaves(tree).geometry.area.sum() == pytest.approx(HORSESHOE.area)


def test_without_a_boundary_the_nodes_and_50_m_around_them_are_tiled():
    """Corners of a 1 km square: a square of 1,100 m."""
    corners = gpd.GeoSeries([shapely.Point(x, y) for x in (0, 500, 1000) for y in (0, 500, 1000)], crs=CRS_M)
    counts = DerivedCounts(districts=1, towns=1, villages=2, grids=4)
    tree = derive_jurisdictions(corners, seed=1, counts=counts)
    assert shapely.symmetric_difference(tree.geometry[0], shapely.box(-50, -50, 1050, 1050)).area < 1e-6


def test_wrong_inputs_are_named():
    nodes = nodes_in(SQUARE, 1)
    with pytest.raises(ValueError, match="not in metres"):
        derive_jurisdictions(nodes.set_crs(4326, allow_override=True), SQUARE, seed=1)
    with pytest.raises(ValueError, match="one valid polygon"):
        derive_jurisdictions(nodes, shapely.multipolygons([SQUARE]), seed=1)
    with pytest.raises(ValueError, match="32 grids need as many road nodes inside the boundary; there are 8"):
        derive_jurisdictions(nodes.iloc[:8], SQUARE, seed=1)
    with pytest.raises(ValueError, match="must not fall"):
        DerivedCounts(districts=5, towns=4)
    with pytest.raises(ValueError, match="root 'Hel-1'"):
        DerivedCounts(root="Hel-1")


# ---------------------------------------------------------------- leaves


def tree_of(*rows):
    """JURISDICTIONS of (path, polygon) rows; level and code follow from the path."""
    paths = [path for path, _ in rows]
    columns = {
        "path": paths,
        "code": [path.rpartition(".")[2] for path in paths],
        "level": [path.count(".") for path in paths],
        "name": paths,
        "name_en": paths,
        "origin": "synthetic",
    }
    return gpd.GeoDataFrame(columns, geometry=[shape for _, shape in rows], crs=CRS_M)


HALVES = tree_of(
    ("c", shapely.box(0, 0, 20, 10)), ("c.b", shapely.box(10, 0, 20, 10)), ("c.a", shapely.box(0, 0, 10, 10))
)


def test_every_point_has_one_leaf_and_a_border_is_counted_once():
    at = gpd.GeoSeries(
        [shapely.Point(5, 5), shapely.Point(15, 5), shapely.Point(10, 5), shapely.Point(21, 5), None],
        index=list("pqrst"),
        crs=CRS_M,
    )
    assert leaf_of(at, HALVES).to_dict() == {"p": "c.a", "q": "c.b", "r": "c.a", "s": None, "t": None}
    assert leaf_of(at[:0], HALVES).empty
    assert leaves(HALVES)["path"].tolist() == ["c.b", "c.a"]
    with pytest.raises(ValueError, match="one CRS"):
        leaf_of(at.to_crs(4326), HALVES)


def test_leaves_without_a_shape_hold_nothing():
    tree = tree_of(("c", shapely.box(0, 0, 20, 10)), ("c.a", None))
    assert leaf_of(gpd.GeoSeries([shapely.Point(5, 5)], crs=CRS_M), tree).tolist() == [None]
    assert check_tree(tree).empty


@settings(max_examples=50)
@given(x=st.floats(0, 1000), y=st.floats(0, 1000))
def test_every_point_of_the_place_is_in_exactly_one_leaf(x, y):
    tree = TREE
    point = gpd.GeoSeries([shapely.Point(x, y)], crs=CRS_M)
    [path] = leaf_of(point, tree)
    ends = leaves(tree)
    holding = ends["path"][shapely.intersects(ends.geometry.to_numpy(), point[0])].tolist()
    assert path == min(holding)
    inside = ends["path"][shapely.contains(ends.geometry.to_numpy(), point[0])].tolist()
    assert len(inside) <= 1


TREE = derived()


# ---------------------------------------------------------------- what is wrong with a tree


def found(tree):
    result = check_tree(tree)
    return sorted(result[["row", "finding"]].itertuples(index=False, name=None))


def test_a_sound_tree_has_no_findings():
    assert found(HALVES) == []
    assert found(HALVES.to_crs(4326)) == []


def test_a_missing_parent_is_named():
    tree = tree_of(("c", SQUARE), ("c.d.t", shapely.box(0, 0, 10, 10)))
    result = check_tree(tree)
    assert found(tree) == [(1, "parent_missing")]
    assert result["message"][0] == "row 1: 'c.d.t' has no parent row 'c.d'; add it or correct the path"


def test_a_polygon_that_crosses_itself_is_told_with_the_place_of_crossing():
    """A bow-tie whose sides meet at 5, 5."""
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    tree = tree_of(("c", shapely.box(0, 0, 10, 10)), ("c.a", bow)).set_index(np.array([2, 3]))
    [message] = check_tree(tree)["message"]
    assert message.startswith("row 3: the polygon of 'c.a' crosses itself at 5.000000, 5.000000; repair it")


def test_siblings_that_overlap_and_children_outside_are_measured():
    """b reaches 2 m over a (20 m²) and 3 m beyond c (30 m²)."""
    tree = tree_of(
        ("c", shapely.box(0, 0, 20, 10)),
        ("c.a", shapely.box(0, 0, 10, 10)),
        ("c.b", shapely.box(8, 0, 23, 10)),
    )
    assert found(tree) == [(2, "outside_parent"), (2, "siblings_overlap")]
    messages = check_tree(tree)["message"].tolist()
    assert "lies 30 m² outside its parent 'c' (limit 1 m²)" in messages[0]
    assert "overlaps 'c.a' (row 1) by 20 m² (limit 1 m²)" in messages[1]


def test_a_long_straight_border_in_degrees_fits_its_children():
    """A parent without a vertex where its children meet: projected, it would cut them by 20,000 m²."""
    west, east = shapely.box(114.0, 22.5, 114.1, 22.6), shapely.box(114.1, 22.5, 114.2, 22.6)
    tree = tree_of(("c", shapely.box(114.0, 22.5, 114.2, 22.6)), ("c.a", west), ("c.b", east))
    assert found(tree.set_crs(4326, allow_override=True)) == []
    # 1e-4 degrees are 11.1 m of latitude, and 10.3 m of longitude at 22.55 N: 10.3 m by 11.1 km
    over = tree_of(
        ("c", shapely.box(114.0, 22.5, 114.2, 22.6)),
        ("c.a", west),
        ("c.b", shapely.box(114.0999, 22.5, 114.2, 22.6)),
    )
    [message] = check_tree(over.set_crs(4326, allow_override=True))["message"]
    assert "by 114" in message and " m² (limit 1 m²)" in message


def test_cousins_and_slivers_are_not_findings():
    """0.05 m over 10 m is half a square metre; and only siblings share a parent's ground."""
    tree = tree_of(
        ("c", shapely.box(0, 0, 20, 10)),
        ("c.a", shapely.box(0, 0, 10.05, 10)),
        ("c.b", shapely.box(10, 0, 20, 10)),
    )
    assert found(tree) == []


def test_paths_codes_and_levels_must_agree():
    tree = tree_of(("c", SQUARE), ("c.a", SQUARE), ("c.a", shapely.box(0, 0, 0.5, 0.5)), ("c.b-1", None))
    assert found(tree) == [(2, "twice"), (3, "bad_path")]
    wrong = tree_of(("c", SQUARE), ("c.a", SQUARE)).assign(level=[0, 2])
    assert found(wrong) == [(1, "level")]
    assert "at level 1, but the row says code 'a', level 2" in check_tree(wrong)["message"][0]
