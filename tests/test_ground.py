"""Watched ground and its atoms: where streets are cut, whose they are, what they touch."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from coverage_strategies import (
    CRS,
    EVERYWHERE,
    Scene,
    layers_of,
    leaf_frame,
    place_frame,
    scenes,
    street_frame,
    stretch,
)
from geopandas import GeoDataFrame, GeoSeries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box
from shapely.ops import substring

from cameras.ground import Layers, incidence, leaf_jurisdictions, watched_ground
from cameras.linear import cuts, lines, pieces, points_at

NOTHING = layers_of([])
STREET = street_frame([[(0, 0), (100, 0)]])
_law = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def stretches(ground) -> list[tuple[int, int]]:
    """Where the street atoms begin and end, millimetres."""
    street = ground.atoms[ground.atoms["ground"] == "street"]
    return list(zip(street["from_mm"].tolist(), street["until_mm"].tolist(), strict=True))


def cut_by(*polygons, edges=STREET, leaves=EVERYWHERE):
    """Ground of one street of 100 m (unless given) cut by footprints."""
    return watched_ground(edges, None, leaf_frame(**leaves), layers_of(polygons))


class TestCuts:
    def test_street_without_footprints_is_one_atom(self):
        ground = watched_ground(STREET, None, leaf_frame(**EVERYWHERE), NOTHING)
        assert stretches(ground) == [(0, 100_000)]
        assert ground.atoms["measure"].tolist() == [100_000]

    def test_footprint_cuts_street_where_it_begins_and_ends(self):
        assert stretches(cut_by(stretch(30, 60.5))) == [(0, 30_000), (30_000, 60_500), (60_500, 100_000)]

    def test_every_layer_cuts(self):
        layers = layers_of([stretch(10, 20)], [stretch(10, 40)], [stretch(5, 20)])
        ground = watched_ground(STREET, None, leaf_frame(**EVERYWHERE), layers)
        assert [a for a, _ in stretches(ground)] == [0, 5_000, 10_000, 20_000, 40_000]

    def test_cut_is_rounded_to_the_millimetre(self):
        # A rim at x = y + 1/3 crosses the x axis at 333.33 mm.
        third = Polygon([(1 / 3 - 5, -5), (1 / 3 + 5, 5), (1 / 3 - 5, 5)])
        assert stretches(cut_by(third)) == [(0, 333), (333, 100_000)]

    def test_footprint_thinner_than_a_millimetre_leaves_no_atom(self):
        assert stretches(cut_by(stretch(30.0001, 30.0003))) == [(0, 30_000), (30_000, 100_000)]

    def test_footprints_of_equal_rims_cut_once(self):
        assert len(stretches(cut_by(stretch(30, 60), stretch(30, 60), stretch(60, 80)))) == 4

    def test_footprint_that_touches_in_a_point_cuts_without_covering(self):
        corner = Polygon([(50, 0), (40, 10), (60, 10)])
        ground = cut_by(corner)
        assert stretches(ground) == [(0, 50_000), (50_000, 100_000)]
        assert len(incidence(ground, layers_of([corner])).pose) == 0

    def test_street_along_a_rim_is_cut_where_the_rim_ends_and_counts_as_inside(self):
        layers = layers_of([box(20, 0, 70, 30)])
        ground = watched_ground(STREET, None, leaf_frame(**EVERYWHERE), layers)
        assert stretches(ground) == [(0, 20_000), (20_000, 70_000), (70_000, 100_000)]
        assert np.diff(incidence(ground, layers).first).tolist() == [0, 1, 0]

    def test_slanted_street_along_a_rim_is_cut_where_the_rim_ends(self):
        # 3-4-5: the rim runs from 10 m to 40 m along a street of 50 m.
        ground = cut_by(Polygon([(6, 8), (24, 32), (0, 32)]), edges=street_frame([[(0, 0), (30, 40)]]))
        assert stretches(ground) == [(0, 10_000), (10_000, 40_000), (40_000, 50_000)]

    def test_hole_and_parts_of_a_footprint_cut(self):
        ring = box(10, -9, 50, 9).difference(box(20, -5, 30, 5))
        ground = cut_by(MultiPolygon([ring, box(60, -1, 70, 1)]))
        assert [a // 1000 for a, _ in stretches(ground)] == [0, 10, 20, 30, 50, 60, 70]
        bits = np.diff(incidence(ground, layers_of([MultiPolygon([ring, box(60, -1, 70, 1)])])).first)
        assert bits.tolist() == [0, 1, 0, 1, 0, 1, 0]

    def test_bent_street_is_cut_along_its_length(self):
        # 40 m east, then 30 m north; the rim crosses 10 m up the second leg.
        ground = cut_by(box(30, -5, 50, 10), edges=street_frame([[(0, 0), (40, 0), (40, 30)]]))
        assert stretches(ground) == [(0, 30_000), (30_000, 50_000), (50_000, 70_000)]

    def test_street_that_crosses_itself_is_cut_at_each_passage(self):
        # A loop that comes back through (10, 0): the footprint holds both passages, and only them.
        loop = [(0, 0), (20, 0), (20, 10), (10, 10), (10, -10)]
        ground = cut_by(box(8, -2, 12, 2), edges=street_frame([loop]))
        assert stretches(ground) == [
            (0, 8_000),
            (8_000, 12_000),
            (12_000, 48_000),
            (48_000, 52_000),
            (52_000, 60_000),
        ]

    def test_empty_and_missing_footprints_see_nothing(self):
        layers = layers_of([Polygon(), None])
        ground = watched_ground(STREET, None, leaf_frame(**EVERYWHERE), layers)
        assert stretches(ground) == [(0, 100_000)]
        assert incidence(ground, layers).first.tolist() == [0, 0]

    def test_street_shorter_than_half_a_millimetre_has_no_atom(self):
        assert stretches(cut_by(edges=street_frame([[(0, 0), (0.0004, 0)]]))) == []

    def test_unwatched_street_is_no_ground(self):
        edges = street_frame([[(0, 0), (100, 0)], [(0, 0), (0, 50)]], watched=[False, True])
        assert cut_by(edges=edges).atoms["ground_id"].tolist() == [2]


class TestLeaves:
    def test_leaf_border_cuts_and_each_side_has_its_leaf(self):
        ground = cut_by(leaves={"w": (-1, -9, 40, 9), "e": (40, -9, 101, 9)})
        assert stretches(ground) == [(0, 40_000), (40_000, 100_000)]
        assert ground.atoms["leaf"].astype(str).tolist() == ["city.town.w", "city.town.e"]

    def test_ground_outside_every_leaf_is_left_out_and_reported(self):
        places = place_frame([(10, 1), (99, 1)])
        leaves = leaf_frame(w=(-1, -9, 40, 9))
        ground = watched_ground(STREET, places, leaves, NOTHING)
        assert stretches(ground) == [(0, 40_000)]
        assert (ground.outside_mm, ground.outside_places) == (60_000, 1)
        assert ground.atoms["ground_id"].tolist() == [1, 500]

    def test_street_on_a_common_border_belongs_to_the_lower_path(self):
        ground = cut_by(leaves={"b": (0, 0, 100, 9), "a": (0, -9, 100, 0)})
        assert set(ground.atoms["leaf"].astype(str)) == {"city.town.a"}

    def test_leaves_are_the_jurisdictions_without_children_whatever_the_depth(self):
        tree = GeoDataFrame(
            {"path": ["c", "c.d", "c.d.t1", "c.d.t1.v1", "c.d.t2"]}, geometry=[box(0, 0, 1, 1)] * 5, crs=CRS
        )
        assert leaf_jurisdictions(tree)["path"].tolist() == ["c.d.t1.v1", "c.d.t2"]


class TestTouching:
    def test_streets_touch_at_their_node_and_pieces_at_their_cut(self):
        edges = street_frame([[(0, 0), (100, 0)], [(100, 0), (100, 50)]])
        atoms = cut_by(stretch(0, 30), edges=edges).atoms
        first, second, north = atoms.itertuples()
        assert first.end_key == second.start_key
        assert second.end_key == north.start_key
        assert len({first.start_key, first.end_key, second.end_key, north.end_key}) == 4

    def test_streets_that_cross_without_a_node_do_not_touch(self):
        edges = street_frame([[(0, 0), (100, 0)], [(50, -50), (50, 50)]])
        keys = cut_by(edges=edges).atoms[["start_key", "end_key"]].to_numpy()
        assert len(np.unique(keys)) == 4

    def test_places_touch_nothing(self):
        ground = watched_ground(STREET, place_frame([(1, 1), (1, 1)]), leaf_frame(**EVERYWHERE), NOTHING)
        place = ground.atoms[ground.atoms["ground"] == "place"]
        assert place["start_key"].tolist() == place["end_key"].tolist() == [-1, -1]
        assert place["measure"].tolist() == [1, 1]


class TestIncidence:
    def test_ground_at_the_level_counts_at_the_lowest_level_and_unobstructed(self):
        layers = layers_of([stretch(0, 10)], [Polygon()], [Polygon()])
        ground = watched_ground(STREET, None, leaf_frame(**EVERYWHERE), layers)
        found = incidence(ground, layers)
        assert found.first.tolist() == [0, 1, 1]
        assert found.bits.tolist() == [7]

    def test_layers_tell_three_kinds_of_seeing_apart(self):
        layers = layers_of([stretch(0, 10)], [stretch(0, 20)], [stretch(30, 40)])
        ground = watched_ground(STREET, place_frame([(35, 1)]), leaf_frame(**EVERYWHERE), layers)
        found = incidence(ground, layers)
        assert np.diff(found.first).tolist() == [1, 1, 0, 1, 0, 1]
        assert found.bits.tolist() == [7, 2, 4, 4]


class TestLaws:
    @_law
    @given(scenes())
    def test_atoms_of_random_scenes(self, scene: Scene):
        """Atoms tile each watched street to the millimetre, end to end; leaves and outside share out all."""
        ground = watched_ground(scene.edges, scene.places, leaf_frame(**EVERYWHERE), scene.layers)
        shapes = ground.geometry()
        for edge, row in scene.edges.iterrows():
            is_mine = (ground.atoms["ground"] == "street") & (ground.atoms["ground_id"] == edge)
            mine, laid = ground.atoms[is_mine], shapes[is_mine]
            length = row.geometry.length if row["watched"] else 0.0
            assert mine["measure"].sum() == round(length * 1000)
            assert math.isclose(laid.length.sum(), length, abs_tol=1e-6)
            assert (mine["measure"] > 0).all()
            assert mine["until_mm"].tolist()[:-1] == mine["from_mm"].tolist()[1:]
            assert all(a.coords[-1] == b.coords[0] for a, b in pairwise(laid))

        part = watched_ground(scene.edges, scene.places, scene.leaves, scene.layers)
        street = part.atoms["ground"] == "street"
        whole = sum(round(s.length * 1000) for s in scene.edges.geometry[scene.edges["watched"]])
        assert part.atoms["measure"][street].sum() + part.outside_mm == whole
        assert (~street).sum() + part.outside_places == len(scene.places)

    @_law
    @given(scenes(), st.integers(1, 9))
    def test_no_atom_straddles_a_footprint_or_a_leaf(self, scene: Scene, tenth: int):
        """A millimetre inside its ends, all of an atom is where its midpoint is."""
        ground = watched_ground(scene.edges, scene.places, scene.leaves, scene.layers)
        rims = [shape.boundary for layer in vars(scene.layers).values() for shape in layer]
        rim = shapely.union_all(rims)
        leaf = scene.leaves.set_index("path").geometry
        for atom, line in zip(ground.atoms.itertuples(), ground.geometry(), strict=True):
            if atom.ground != "street" or atom.measure <= 2:
                continue
            inner = substring(line, 0.001, line.length - 0.001)
            assert rim.is_empty or inner.distance(rim) > 0
            assert leaf[atom.leaf].intersects(line.interpolate(tenth / 10, normalized=True).buffer(1e-6))

    @_law
    @given(scenes())
    def test_incidence_equals_asking_each_footprint_about_each_midpoint(self, scene: Scene):
        ground = watched_ground(scene.edges, scene.places, scene.leaves, scene.layers)
        found = incidence(ground, scene.layers)
        middle = ground.geometry().apply(
            lambda g: g if isinstance(g, Point) else g.interpolate(0.5, normalized=True)
        )
        for atom, at in enumerate(middle):
            bits = {}
            for pose in range(len(scene.poses)):
                level, low, free = (
                    bool(getattr(scene.layers, name).iloc[pose].intersects(at))
                    for name in ("at_level", "at_lowest", "unobstructed")
                )
                if level or low or free:
                    bits[pose] = level + 2 * (level or low) + 4 * (level or free)
            entries = slice(found.first[atom], found.first[atom + 1])
            assert dict(zip(found.pose[entries].tolist(), found.bits[entries].tolist(), strict=True)) == bits


class TestAlongLines:
    def test_pieces_equal_those_of_shapely(self):
        bent = shapely.LineString([(0, 0), (40, 0), (40, 30), (0, 30)])
        along = lines(np.array([bent, bent.reverse()]))
        line, a, b = np.array([0, 0, 1]), np.array([0, 35_500, 69_000]), np.array([110_000, 71_000, 70_500])
        wanted = [
            substring(g, x / 1000, y / 1000)
            for g, x, y in zip([bent, bent, bent.reverse()], a, b, strict=True)
        ]
        assert all(
            got.equals_exact(want, 1e-9) for got, want in zip(pieces(along, line, a, b), wanted, strict=True)
        )

    def test_points_of_shared_nodes_are_bit_for_bit_equal(self):
        node = (0.1 + 0.2, 1 / 3)
        along = lines(np.array([shapely.LineString([(7, 7), node]), shapely.LineString([node, (9, 1)])]))
        x, y = points_at(along, np.array([0, 1]), np.array([along.length_mm[0], 0]))
        assert (x[0], y[0]) == (x[1], y[1]) == node

    def test_cuts_agree_with_shapely_on_a_sector(self):
        turn = np.linspace(0.3, 1.9, 40)
        sector = Polygon([(0, 0), *zip(50 * np.cos(turn), 50 * np.sin(turn), strict=True)])
        street = shapely.LineString([(-60, 20.5), (60, 33.25)])
        met = street.intersection(sector.boundary)
        wanted = sorted(round(street.project(p) * 1000) for p in shapely.get_parts(met))
        _, mm = cuts(lines(np.array([street])), np.array([sector]))
        assert sorted(mm.tolist()) == wanted
        assert len(wanted) == 2


class TestRefusals:
    def test_degrees_are_refused(self):
        with pytest.raises(ValueError, match=r"edges is in WGS 84, not in metres"):
            watched_ground(STREET.to_crs(4326), None, leaf_frame(**EVERYWHERE), NOTHING)

    def test_two_projections_are_refused(self):
        with pytest.raises(ValueError, match="reproject to one first"):
            watched_ground(STREET.to_crs(32635), None, leaf_frame(**EVERYWHERE), NOTHING)

    def test_polygon_that_crosses_itself_is_refused_by_row(self):
        bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        with pytest.raises(
            ValueError, match=r"layer at_level: row 1 is no valid polygon \(Self-intersection"
        ):
            layers_of([stretch(0, 1), bow])

    def test_line_as_footprint_is_refused(self):
        with pytest.raises(ValueError, match="row 0 is no valid polygon"):
            layers_of([shapely.LineString([(0, 0), (1, 1)])])

    def test_layers_off_the_rows_of_poses_are_refused(self):
        shifted = GeoSeries([stretch(0, 1)], index=[5], crs=CRS)
        with pytest.raises(ValueError, match="not the 1 rows of POSES"):
            Layers(shifted, shifted, shifted)

    def test_missing_street_is_refused(self):
        edges = STREET.set_geometry(GeoSeries([None], index=STREET.index, crs=CRS))
        with pytest.raises(ValueError, match="edges: row 1 is None, not a LineString"):
            cut_by(edges=edges)

    @pytest.mark.parametrize("twice", ["edges", "leaves"])
    def test_repeated_ids_are_refused(self, twice):
        edges = STREET.iloc[[0, 0]] if twice == "edges" else STREET
        leaves = leaf_frame(**EVERYWHERE)
        leaves = leaves.iloc[[0, 0]] if twice == "leaves" else leaves
        with pytest.raises(ValueError, match=rf"{twice}: \w+ .+ is repeated"):
            watched_ground(edges, None, leaves, NOTHING)
