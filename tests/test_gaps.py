"""Gaps: which ground hangs together, when, why, and whom it concerns."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from coverage_strategies import (
    DEGRADED,
    EVERYWHERE,
    MINUTE,
    NOT_MEASURED,
    ORDER,
    OUTAGE,
    TICK,
    USABLE,
    Scene,
    analyse,
    layers_of,
    leaf_frame,
    place_frame,
    pose_frame,
    scenes,
    segment_frame,
    small_day,
    street_frame,
    stretch,
    truth,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from cameras.coverage import CoverageSettings
from cameras.gaps import coverage_gaps

HOUR = 60 * MINUTE
DOC = Path(__file__).resolve().parent.parent / "docs" / "gaps.md"


def scene_of(edges, at_level, poses, segments, *, leaves=EVERYWHERE, places=(), period=(0, HOUR), **options):
    """A scene whose footprints are the same at every level."""
    return Scene(
        edges=edges,
        places=place_frame(list(places)),
        leaves=leaf_frame(**leaves),
        poses=pose_frame(poses),
        layers=layers_of(at_level),
        segments=segment_frame(segments),
        period=period,
        settings=CoverageSettings(**options),
    )


def lost(camera, pose, start, end, until=HOUR):
    """Segments of a camera lost from minute `start` to minute `end`, usable otherwise."""
    borders = [
        (0, start * MINUTE, USABLE, ""),
        (start * MINUTE, end * MINUTE, OUTAGE, "lost"),
        (end * MINUTE, until, USABLE, ""),
    ]
    return [
        (camera, a, b, state, reason, pose if state == USABLE else -1, pose, False)
        for a, b, state, reason in borders
        if a < b
    ]


def summary(gaps) -> set[tuple]:
    """Cause, leaf, measure and windows in minutes of every gap."""
    return {
        (
            g.cause,
            g.leaf.rpartition(".")[2],
            g.measure,
            tuple((a // MINUTE, b // MINUTE) for a, b in g.windows),
        )
        for g in gaps.frame.itertuples()
    }


STREET = street_frame([[(0, 0), (100, 0)]])


class TestSmallDay:
    """The hour worked by hand in docs/gaps.md."""

    def test_page_shows_what_is_computed(self):
        cover = analyse(small_day())
        gaps = coverage_gaps(cover).frame
        text = DOC.read_text(encoding="utf-8")
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in text.splitlines()
            if line.startswith("| ") and line.count("|") == 9
        ]
        told = [row for row in rows if row[0].isdigit()]
        clock = lambda ms: f"20:{ms // MINUTE:02d}" if ms < HOUR else "21:00"  # noqa: E731
        unit = {"street": 1000 * MINUTE, "place": MINUTE}
        assert told == [
            [
                str(g.priority),
                g.cause,
                g.list,
                g.leaf.rpartition(".")[2],
                f"{g.measure // 1000} m" if g.ground == "street" else "school",
                ", ".join(f"{clock(a)}–{clock(b)}" for a, b in g.windows),
                f"{g.deficit // unit[g.ground]} {'m·min' if g.ground == 'street' else 'min'}",
                ", ".join(f"K{c}" for c in g.cameras) or "–",
            ]
            for g in gaps.itertuples()
        ]
        totals = cover.totals().loc[("detect", "street")] // (1000 * MINUTE)
        for name in ("total", "covered", "possible", "twice", "deficit", *(f"deficit_{c}" for c in ORDER)):
            assert f"| {name} | {totals[name]} |" in text

    def test_atoms_of_the_page(self):
        atoms = analyse(small_day()).ground.atoms
        street = atoms[atoms["ground"] == "street"]
        assert (street["from_mm"] // 1000).tolist() == [0, 30, 40, 60, 80, 90]

    def test_closed_slots_hold_what_gaps_do_not(self):
        closed = coverage_gaps(analyse(small_day())).closed_deficit
        metre_minute = 1000 * MINUTE
        assert {k: v / metre_minute for k, v in closed.items() if v} == {
            ("street", "degraded"): 150,  # 30 m from 20:45 to 20:50
            ("street", "outage"): 200,  # 40 m from 20:10 to 20:15
        }

    def test_cameras_are_told_with_their_minutes_and_reasons(self):
        gaps = coverage_gaps(analyse(small_day()))
        outage = gaps.cameras[gaps.cameras["camera"] == 2].iloc[0]
        assert outage["within_ms"] == 25 * MINUTE  # of the 30 lost, from 20:15 on
        assert (outage["from_ms"], outage["until_ms"]) == (10 * MINUTE, 40 * MINUTE)
        assert outage["reasons"] == ("lost",)
        assert gaps.frame["reasons"].tolist() == [("dark",), ("dark",), ("lost",), ("lost",), (), ()]


class TestComponents:
    def test_tonights_outage_is_not_swallowed_by_ground_that_no_camera_ever_sees(self):
        scene = scene_of(STREET, [stretch(40, 60)], [(1, True)], lost(1, 0, 15, 45))
        assert summary(coverage_gaps(analyse(scene))) == {
            ("outage", "g1", 20_000, ((15, 45),)),
            ("no_camera", "g1", 40_000, ((0, 60),)),
        }
        # The blind street is in two pieces: what lies between them is seen at other times.
        assert len(coverage_gaps(analyse(scene)).frame) == 3

    def test_gap_goes_on_through_nodes_and_cuts(self):
        edges = street_frame([[(0, 0), (50, 0)], [(50, 0), (50, 40)], [(50, 0), (90, 0)]])
        leaf = {"g1": (-10, -10, 100, 100)}
        gaps = coverage_gaps(analyse(scene_of(edges, [], [], [], leaves=leaf)))
        assert summary(gaps) == {("no_camera", "g1", 130_000, ((0, 60),))}
        assert len(gaps.frame) == 1

    def test_streets_that_cross_without_a_node_are_two_gaps(self):
        edges = street_frame([[(0, 0), (100, 0)], [(50, -50), (50, 50)]])
        assert len(coverage_gaps(analyse(scene_of(edges, [], [], []))).frame) == 2

    def test_leaf_border_ends_a_gap_and_the_display_joins_it_again(self):
        leaves = {"a": (-1, -9, 50, 9), "b": (50, -9, 101, 9)}
        scene = scene_of(STREET, [stretch(-1, 101)], [(1, True)], lost(1, 0, 0, 15), leaves=leaves)
        gaps = coverage_gaps(analyse(scene))
        assert summary(gaps) == {
            ("outage", "a", 50_000, ((0, 15),)),
            ("outage", "b", 50_000, ((0, 15),)),
        }
        assert gaps.frame["merged"].tolist() == [0, 0]

    def test_touching_gaps_of_two_cameras_are_not_joined_for_display(self):
        scene = scene_of(
            STREET,
            [stretch(-1, 50), stretch(50, 101)],
            [(1, True), (2, True)],
            lost(1, 0, 0, 15) + lost(2, 1, 30, 45),
        )
        frame = coverage_gaps(analyse(scene)).frame
        assert frame["merged"].tolist() == [0, 1]
        assert frame["cameras"].tolist() == [(1,), (2,)]

    def test_blind_ground_is_not_joined_for_display_over_a_leaf_border(self):
        leaves = {"a": (-1, -9, 50, 9), "b": (50, -9, 101, 9)}
        assert coverage_gaps(analyse(scene_of(STREET, [], [], [], leaves=leaves))).frame[
            "merged"
        ].tolist() == [0, 1]

    def test_display_joins_gaps_of_one_camera_with_different_windows(self):
        # The second half is also seen by camera 2 until 20:30, so it opens later than the first.
        scene = scene_of(
            STREET,
            [stretch(-1, 101), stretch(50, 101)],
            [(1, True), (2, True)],
            [
                *lost(1, 0, 0, 60),
                (2, 0, 30 * MINUTE, USABLE, "", 1, 1, False),
                (2, 30 * MINUTE, HOUR, DEGRADED, "", -1, -1, False),
            ],
        )
        gaps = coverage_gaps(analyse(scene))
        assert summary(gaps) == {
            ("outage", "g1", 50_000, ((0, 60),)),
            ("outage", "g1", 50_000, ((30, 60),)),
        }
        assert gaps.frame["merged"].tolist() == [0, 0]

    def test_places_side_by_side_are_gaps_of_their_own(self):
        edges = street_frame([[(0, 0), (1, 0)]], watched=[False])
        gaps = coverage_gaps(analyse(scene_of(edges, [], [], [], places=[(5, 5), (5, 5)])))
        assert gaps.frame["measure"].tolist() == [1, 1]
        assert gaps.frame["merged"].tolist() == [0, 1]

    def test_one_atom_is_in_a_gap_of_each_cause_that_leads_at_some_time(self):
        rows = [
            (1, 0, 15 * MINUTE, OUTAGE, "lost", -1, 0, False),
            (1, 15 * MINUTE, 30 * MINUTE, DEGRADED, "dark", 0, 0, False),
            (1, 30 * MINUTE, 45 * MINUTE, OUTAGE, "silent", -1, 0, False),
            (1, 45 * MINUTE, HOUR, NOT_MEASURED, "source_silent", -1, 0, False),
        ]
        gaps = coverage_gaps(analyse(scene_of(STREET, [stretch(-1, 101)], [(1, True)], rows)))
        assert summary(gaps) == {
            ("outage", "g1", 100_000, ((0, 15), (30, 45))),
            ("degraded", "g1", 100_000, ((15, 30),)),
            ("not_measured", "g1", 100_000, ((45, 60),)),
        }
        assert gaps.atoms["atom"].tolist() == [0, 0, 0]
        reasons = dict(zip(gaps.frame["cause"], gaps.frame["reasons"], strict=True))
        assert reasons == {
            "outage": ("lost", "silent"),
            "degraded": ("dark",),
            "not_measured": ("source_silent",),
        }

    def test_open_slot_counts_what_other_causes_took_in_it_too(self):
        # Lost for 8 minutes, then dark for 4: the slot belongs to the outage, the deficit to both.
        rows = [
            (1, 0, 8 * MINUTE, OUTAGE, "lost", -1, 0, False),
            (1, 8 * MINUTE, 12 * MINUTE, DEGRADED, "dark", 0, 0, False),
            (1, 12 * MINUTE, HOUR, USABLE, "", 0, 0, False),
        ]
        gap = coverage_gaps(analyse(scene_of(STREET, [stretch(-1, 101)], [(1, True)], rows))).frame.iloc[0]
        metre_minute = 1000 * MINUTE
        assert (gap["cause"], gap["deficit"]) == ("outage", 1200 * metre_minute)
        assert (gap["deficit_outage"], gap["deficit_degraded"]) == (800 * metre_minute, 400 * metre_minute)
        assert gap["open_ms"] == 15 * MINUTE

    def test_period_of_many_slots_keeps_its_windows_apart(self):
        """100 slots do not fit one machine word: the set of open slots must still be told exactly."""
        rows, until = [], 100 * MINUTE
        for k in range(100):
            state = OUTAGE if k in (3, 70, 71, 99) else USABLE
            rows.append((1, k * MINUTE, (k + 1) * MINUTE, state, "", 0 if state == USABLE else -1, 0, False))
        second = [(2, *row[1:5], row[5] + 1 if row[5] >= 0 else -1, 1, False) for row in rows]
        k = 70
        second[k] = (2, k * MINUTE, (k + 1) * MINUTE, USABLE, "", 1, 1, False)
        scene = scene_of(
            STREET,
            [stretch(-1, 50), stretch(50, 101)],
            [(1, True), (2, True)],
            rows + second,
            period=(0, until),
            slot_min=1,
        )
        assert summary(coverage_gaps(analyse(scene))) == {
            ("outage", "g1", 50_000, ((3, 4), (70, 72), (99, 100))),
            ("outage", "g1", 50_000, ((3, 4), (71, 72), (99, 100))),
        }

    def test_nothing_open_gives_an_empty_frame_of_the_same_columns(self):
        some = coverage_gaps(analyse(small_day()))
        scene = scene_of(STREET, [stretch(-1, 101)], [(1, True)], lost(1, 0, 0, 0))
        none = coverage_gaps(analyse(scene))
        assert len(none.frame) == len(none.atoms) == len(none.cameras) == 0
        assert none.frame.columns.tolist() == some.frame.columns.tolist()
        assert none.frame.crs == some.frame.crs
        assert set(none.closed_deficit.values()) == {0}


class TestConcerned:
    def test_two_lost_cameras_of_one_place_are_both_named(self):
        scene = scene_of(
            STREET,
            [stretch(-1, 101), stretch(-1, 101)],
            [(1, True), (2, True)],
            lost(1, 0, 0, 30) + lost(2, 1, 15, 45),
        )
        gaps = coverage_gaps(analyse(scene))
        # Only 20:15 to 20:30 is open: until then camera 2 covers, afterwards camera 1.
        assert summary(gaps) == {("outage", "g1", 100_000, ((15, 30),))}
        assert gaps.cameras[["camera", "within_ms"]].to_numpy().tolist() == [
            [1, 15 * MINUTE],
            [2, 15 * MINUTE],
        ]

    def test_camera_is_counted_once_however_many_pieces_it_covers(self):
        cuts = [stretch(k, k + 7) for k in range(0, 90, 10)]
        poses = [(1, True), *((k, False) for k in range(2, 2 + len(cuts)))]
        idle = [(k, 0, HOUR, OUTAGE, "", -1, -1, False) for k in range(2, 2 + len(cuts))]
        scene = scene_of(STREET, [stretch(-1, 101), *cuts], poses, lost(1, 0, 0, 15) + idle)
        gaps = coverage_gaps(analyse(scene))
        assert gaps.frame["atoms"].tolist() == [18]
        assert gaps.cameras[["camera", "within_ms"]].to_numpy().tolist() == [[1, 15 * MINUTE]]

    def test_no_camera_concerns_none_even_where_a_lost_one_stands_by(self):
        scene = scene_of(
            STREET, [stretch(-1, 101)], [(1, True)], [(1, 0, HOUR, OUTAGE, "lost", -1, -1, False)]
        )
        gaps = coverage_gaps(analyse(scene))
        assert gaps.frame["cause"].tolist() == ["no_camera"]
        assert gaps.frame["cameras"].tolist() == [()]

    def test_uncertain_camera_is_named_without_the_reason_of_its_evidence(self):
        rows = [(1, 0, HOUR, DEGRADED, "dark", 0, 0, False)]
        gap = coverage_gaps(analyse(scene_of(STREET, [stretch(-1, 101)], [(1, False)], rows))).frame.iloc[0]
        assert (gap["cause"], gap["cameras"], gap["reasons"]) == ("uncertain", (1,), ())


class TestOrder:
    def test_repair_comes_before_measure_before_build_then_the_larger_deficit(self):
        scene = scene_of(
            STREET,
            [stretch(0, 10), stretch(10, 15), stretch(15, 60)],
            [(1, True), (2, True), (3, False)],
            lost(1, 0, 0, 15) + lost(2, 1, 0, 60) + [(3, 0, HOUR, USABLE, "", 2, 2, False)],
        )
        frame = coverage_gaps(analyse(scene)).frame
        assert frame["cause"].tolist() == ["outage", "outage", "uncertain", "no_camera"]
        assert frame["measure"].tolist() == [5_000, 10_000, 45_000, 40_000]
        assert frame["priority"].tolist() == [1, 2, 3, 4]

    @pytest.mark.parametrize(("weight", "first"), [(99, "street"), (101, "place")])
    def test_place_weighs_as_much_as_the_settings_say(self, weight, first):
        scene = scene_of(STREET, [], [], [], places=[(1, 1)], place_weight_m=weight)
        assert coverage_gaps(analyse(scene)).frame["ground"].iloc[0] == first


class TestGeometry:
    def test_pieces_are_joined_into_the_street_they_come_from(self):
        edges = street_frame([[(0, 0), (40, 0), (40, 30)], [(40, 30), (80, 30)]])
        scene = scene_of(edges, [stretch(10, 20)], [(1, True)], lost(1, 0, 0, 60), places=[(7, 7)])
        gaps = coverage_gaps(analyse(scene)).frame.set_index(["cause", "measure"])
        assert gaps.geometry[("outage", 10_000)].equals(MultiLineString([[(10, 0), (20, 0)]]))
        long = gaps.geometry[("no_camera", 90_000)]
        assert isinstance(long, MultiLineString)
        assert len(long.geoms) == 1
        assert long.equals(MultiLineString([[(20, 0), (40, 0), (40, 30), (80, 30)]]))
        assert gaps.geometry[("no_camera", 1)] == Point(7, 7)

    def test_crossing_of_three_streets_keeps_three_lines(self):
        edges = street_frame([[(0, 0), (10, 0)], [(10, 0), (20, 5)], [(10, 0), (20, -5)]])
        shape = coverage_gaps(analyse(scene_of(edges, [], [], []))).frame.geometry.iloc[0]
        assert sorted(line.length for line in shape.geoms) == sorted(edges.length)
        assert LineString([(0, 0), (10, 0)]).within(shape)


class TestLaws:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(scenes())
    def test_brute_force_finds_the_same_gaps_and_cameras(self, scene: Scene):
        cover = analyse(scene)
        gaps = coverage_gaps(cover)
        wanted = brute_gaps(scene, cover)
        members = gaps.atoms.groupby("gap")["atom"].apply(frozenset) if len(gaps.atoms) else {}
        found = {}
        for g in gaps.frame.itertuples():
            mine = gaps.cameras[gaps.cameras["gap"] == g.Index]
            cameras = dict(zip(mine["camera"].tolist(), mine["within_ms"].tolist(), strict=True))
            found[(g.cause, members[g.Index])] = (g.windows, g.deficit, cameras)
        assert found == wanted

        # Gaps and closed slots hold the whole deficit, cause by cause.
        frame, causes = gaps.frame, [f"deficit_{name}" for name in ORDER]
        assert (frame[causes].sum(axis=1) == frame["deficit"]).all()
        totals = cover.totals().loc["detect"]
        for ground in ("street", "place"):
            for name in ORDER:
                inside = frame.loc[frame["ground"] == ground, f"deficit_{name}"].sum()
                assert inside + gaps.closed_deficit[(ground, name)] == totals.loc[ground, f"deficit_{name}"]
                assert gaps.closed_deficit[(ground, name)] >= 0
        # Ground, windows and geometry tell the same measure.
        assert (frame["open_ms"] == [sum(b - a for a, b in w) for w in frame["windows"]]).all()
        assert all(b < c for w in frame["windows"] for (_, b), (c, _) in pairwise(w))
        street = frame[frame["ground"] == "street"]
        assert np.allclose(
            street.geometry.length * 1000,
            street["measure"],
            atol=2 + street["atoms"].max() if len(street) else 1,
        )
        assert (frame["priority"] == np.arange(1, len(frame) + 1)).all()

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(scenes(), st.sampled_from([-7, 1, 86_400_000, 1_795_000_000_123]))
    def test_shifting_all_times_shifts_all_windows(self, scene: Scene, shift):
        later = replace(
            scene,
            segments=scene.segments.assign(
                start_ms=scene.segments["start_ms"] + shift, end_ms=scene.segments["end_ms"] + shift
            ),
            period=(scene.period[0] + shift, scene.period[1] + shift),
        )
        one, two = coverage_gaps(analyse(scene)), coverage_gaps(analyse(later))
        moved = [tuple((a + shift, b + shift) for a, b in w) for w in one.frame["windows"]]
        assert two.frame["windows"].tolist() == moved
        times = ["windows", "start_ms", "end_ms"]
        pd.testing.assert_frame_equal(one.frame.drop(columns=times), two.frame.drop(columns=times))
        assert (one.cameras["from_ms"] + shift).tolist() == two.cameras["from_ms"].tolist()


def brute_gaps(scene: Scene, cover) -> dict:
    """(cause, atoms) -> (windows, deficit, {camera: ms}), by walking from atom to atom."""
    atoms, told = cover.ground.atoms, truth(scene, cover)
    borders = ((cover.slots - scene.period[0]) // TICK).tolist()
    slots = list(pairwise(borders))
    leads: dict[tuple[int, str], set[int]] = {}
    for atom in range(len(atoms)):
        for k, (a, b) in enumerate(slots):
            here = told.cause[atom, a:b].tolist()
            if here.count("covered") < scene.settings.threshold * (b - a):
                lead = max(ORDER, key=lambda name: (here.count(name), -ORDER.index(name)))
                leads.setdefault((atom, lead), set()).add(k)

    edges = scene.edges
    length = {i: round(g.length * 1000) for i, g in edges.geometry.items()}

    def ends(i: int) -> set:
        row = atoms.iloc[i]
        if row["ground"] == "place":
            return {("place", i)}
        edge = row["ground_id"]
        start = ("node", edges.at[edge, "u"]) if row["from_mm"] == 0 else (edge, row["from_mm"])
        end = ("node", edges.at[edge, "v"]) if row["until_mm"] == length[edge] else (edge, row["until_mm"])
        return {start, end}

    touching = [ends(i) for i in range(len(atoms))]
    found, left = {}, set(leads)
    while left:
        seed = min(left)
        group, todo = set(), [seed]
        while todo:
            one = todo.pop()
            if one not in left:
                continue
            left.remove(one)
            group.add(one[0])
            todo += [
                other
                for other in left
                if other[1] == one[1]
                and leads[other] == leads[one]
                and atoms["leaf"].iloc[other[0]] == atoms["leaf"].iloc[one[0]]
                and touching[other[0]] & touching[one[0]]
            ]
        cause, open_slots = seed[1], sorted(leads[seed])
        ticks = [t for k in open_slots for t in range(*slots[k])]
        rows = sorted(group)
        lost_ticks = (told.cause[np.ix_(rows, ticks)] != "covered").sum(axis=1)
        deficit = int((lost_ticks * TICK * atoms["measure"].to_numpy()[rows]).sum())
        cameras = {}
        for camera, own in told.own.items():
            ms = int((own[np.ix_(rows, ticks)] == cause).any(axis=0).sum()) * TICK
            if ms and cause != "no_camera":
                cameras[camera] = ms
        windows: list[list[int]] = []
        for k in open_slots:
            a, b = (scene.period[0] + TICK * t for t in slots[k])
            if windows and windows[-1][1] == a:
                windows[-1][1] = b
            else:
                windows.append([a, b])
        found[(cause, frozenset(group))] = (tuple(map(tuple, windows)), deficit, cameras)
    return found
