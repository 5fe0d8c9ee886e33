"""Coverage, deficit and causes over time, in exact integers."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from coverage_strategies import (
    CRS,
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
    polygons,
    pose_frame,
    scenes,
    segment_frame,
    small_day,
    street_frame,
    stretch,
    truth,
    with_outage,
    with_usable_camera,
)
from geopandas import GeoDataFrame, GeoSeries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from cameras.causes import CAUSE_BY_NAME, CAUSES
from cameras.coverage import CoverageSettings
from cameras.footprint import footprints, sectors
from cameras.ground import Layers
from cameras.signatures import group_rows
from geo.errors import LianfangError

HOUR = 60 * MINUTE
_law = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
NONE = Polygon()


def scene_of(
    at_level, poses, segments, *, at_lowest=None, unobstructed=None, length=100, period=(0, HOUR), **options
):
    """A street of `length` metres along the x axis in one leaf."""
    return Scene(
        edges=street_frame([[(0, 0), (length, 0)]]),
        places=place_frame([]),
        leaves=leaf_frame(**EVERYWHERE),
        poses=pose_frame(poses),
        layers=layers_of(at_level, at_lowest, unobstructed),
        segments=segment_frame(segments),
        period=period,
        settings=CoverageSettings(**options),
    )


def causes_of(cover) -> dict[str, int]:
    """Deficit by cause, without the zeros; covered too."""
    row = cover.totals().xs("street", level="ground").iloc[0]
    found = {name: int(row[f"deficit_{name}"]) for name in ORDER} | {"covered": int(row["covered"])}
    return {name: value for name, value in found.items() if value}


ALL = stretch(-1, 101)
AWAY = stretch(400, 500)
# One camera for each cause: (footprints of its poses at the level, at the lowest, unobstructed), certain,
# (state, pose, nominal, moved); poses are numbered within the camera.
ONE_CAMERA = {
    "covered": (([ALL], None, None), True, (USABLE, 0, 0, False)),
    "moved": (([ALL, AWAY], None, None), True, (USABLE, 1, 0, True)),
    "degraded": (([ALL], None, None), True, (DEGRADED, 0, 0, False)),
    "outage": (([ALL], None, None), True, (OUTAGE, -1, 0, False)),
    "not_measured": (([ALL], None, None), True, (NOT_MEASURED, -1, 0, False)),
    "uncertain": (([ALL], None, None), False, (USABLE, 0, 0, False)),
    "resolution": (([NONE], [ALL], None), True, (USABLE, 0, 0, False)),
    "occluded": (([NONE], None, [ALL]), True, (USABLE, 0, 0, False)),
    "no_camera": (([AWAY], None, None), True, (USABLE, 0, 0, False)),
}


def crowd(names) -> Scene:
    """A street of 100 m for an hour, with one camera of each named cause."""
    levels, lowests, free, poses, segments = [], [], [], [], []
    for camera, name in enumerate(names, start=1):
        (at_level, at_lowest, unobstructed), certain, (state, pose, nominal, moved) = ONE_CAMERA[name]
        base = len(poses)
        levels += at_level
        lowests += at_lowest or at_level
        free += unobstructed or at_level
        poses += [(camera, certain)] * len(at_level)
        segments.append(
            (
                camera,
                0,
                HOUR,
                state,
                "",
                base + pose if pose >= 0 else -1,
                base + nominal,
                moved,
            )
        )
    return scene_of(levels, poses, segments, at_lowest=lowests, unobstructed=free)


class TestCauses:
    @pytest.mark.parametrize("name", ONE_CAMERA)
    def test_one_camera_gives_its_cause_to_the_whole_street_and_hour(self, name):
        # 100 m for an hour: 100,000 mm x 3,600,000 ms.
        assert causes_of(analyse(crowd([name]))) == {name: 360_000_000_000}

    @pytest.mark.parametrize("k", range(len(ONE_CAMERA)))
    def test_of_several_causes_the_first_of_the_table_counts(self, k):
        names = list(ONE_CAMERA)[k:]
        assert list(causes_of(analyse(crowd(names[::-1])))) == [names[0]]

    def test_table_is_the_one_of_the_design(self):
        assert tuple(cause.name for cause in CAUSES) == ORDER
        assert [cause.rank for cause in CAUSES] == list(range(1, 9))
        lists = {name: CAUSE_BY_NAME[name].list.name_zh for name in ORDER}
        assert [lists[name] for name in ORDER] == ["坏了"] * 3 + ["没测"] * 2 + ["没建"] * 3

    @pytest.mark.parametrize(
        ("name", "certain_becomes"),
        [
            ("moved", "no_camera"),
            ("degraded", "uncertain"),
            ("outage", "uncertain"),
            ("not_measured", "uncertain"),
        ],
    )
    def test_uncertain_pose_never_makes_work_for_the_repairer(self, name, certain_becomes):
        scene = crowd([name])
        coarse = replace(scene, poses=scene.poses.assign(certain=False))
        assert list(causes_of(analyse(coarse))) == [certain_becomes]

    def test_lost_camera_behind_a_wall_leaves_the_ground_occluded(self):
        scene = scene_of(
            [NONE], [(1, True)], [(1, 0, HOUR, OUTAGE, "lost", -1, 0, False)], unobstructed=[ALL]
        )
        assert list(causes_of(analyse(scene))) == ["occluded"]

    def test_lost_camera_that_saw_too_coarsely_is_not_wanting_in_resolution(self):
        lost = segment_frame([(1, 0, HOUR, OUTAGE, "lost", -1, 0, False)])
        assert list(causes_of(analyse(replace(crowd(["resolution"]), segments=lost)))) == ["no_camera"]

    def test_moved_camera_still_covers_what_it_looks_at(self):
        scene = scene_of(
            [stretch(0, 50), stretch(50, 100)],
            [(1, True), (1, True)],
            [(1, 0, HOUR, USABLE, "", 1, 0, True)],
        )
        assert causes_of(analyse(scene)) == {"moved": 180_000_000_000, "covered": 180_000_000_000}

    def test_ptz_on_its_other_preset_is_not_moved(self):
        scene = scene_of(
            [stretch(0, 50), stretch(50, 100)],
            [(1, True), (1, True)],
            [(1, 0, HOUR // 2, USABLE, "", 0, 0, False), (1, HOUR // 2, HOUR, USABLE, "", 1, 1, False)],
        )
        assert causes_of(analyse(scene)) == {"no_camera": 180_000_000_000, "covered": 180_000_000_000}

    def test_live_camera_of_unknown_pose_covers_nothing(self):
        scene = scene_of([ALL], [(1, True)], [(1, 0, HOUR, USABLE, "", -1, -1, False)])
        assert list(causes_of(analyse(scene))) == ["no_camera"]


class TestRealFootprints:
    """A camera at the west end of a street of 60 m looks along it: 1920 px, 90°, level *observe*.

    Ranges of DOMAIN §2: observe 1920 / (2 · 62.5 · tan 45°) = 15.36 m, detect 38.4 m.
    """

    def street(self, *walls) -> dict[str, float]:
        camera = GeoDataFrame(
            {"azimuth_deg": [90.0], "hfov_deg": [90.0], "width_px": [1920.0]},
            geometry=GeoSeries([Point(0, 0)], crs=CRS),
        )
        standing = GeoDataFrame(geometry=GeoSeries(list(walls), crs=CRS))
        scene = scene_of(
            [NONE], [(1, True)], [(1, 0, HOUR, USABLE, "", 0, 0, False)], length=60, level="observe"
        )
        layers = Layers(
            footprints(camera, standing, level="observe"),
            footprints(camera, standing, level="detect"),
            sectors(camera, level="observe"),
        )
        return {
            name: mm / HOUR / 1000 for name, mm in causes_of(analyse(replace(scene, layers=layers))).items()
        }

    def test_beyond_its_range_the_camera_lacks_resolution_and_then_reach(self):
        # The arc is a chain of chords, up to 0.1 % short of the range.
        wanted = {"covered": 15.36, "resolution": 23.04, "no_camera": 21.6}
        assert self.street() == pytest.approx(wanted, abs=0.04)

    def test_behind_a_wall_the_range_left_over_is_occluded(self):
        wanted = {"covered": 10.0, "occluded": 5.36, "no_camera": 44.64}
        assert self.street(box(10, -20, 11, 20)) == pytest.approx(wanted, abs=0.02)


class TestTotals:
    def test_small_day_is_the_one_worked_by_hand(self):
        """Metre minutes of docs/gaps.md: 6,000 in all, 2,900 covered, 3,500 possibly, 200 twice."""
        totals = analyse(small_day()).totals().loc["detect"]
        metre_minute = 1000 * MINUTE
        street = totals.loc["street"]
        assert street["measure"] == 100_000
        wanted = {"total": 6000, "covered": 2900, "possible": 3500, "twice": 200, "deficit": 3100}
        wanted |= {"deficit_degraded": 700, "deficit_outage": 1200, "deficit_uncertain": 600}
        wanted |= {"deficit_no_camera": 600, "deficit_moved": 0, "deficit_not_measured": 0}
        assert {name: street[name] / metre_minute for name in wanted} == wanted
        assert street["built"] == 90_000
        place = totals.loc["place"]
        assert (place["measure"], place["total"], place["built"]) == (1, 60 * MINUTE, 1)
        assert (place["covered"], place["deficit"], place["deficit_degraded"]) == (
            50 * MINUTE,
            10 * MINUTE,
            10 * MINUTE,
        )
        assert place["twice"] == 20 * MINUTE

    def test_not_measured_is_possible_and_not_certain(self):
        row = analyse(crowd(["not_measured"])).totals().loc[("detect", "street")]
        assert (row["covered"], row["possible"]) == (0, row["total"])

    def test_degraded_and_lost_cameras_are_not_even_possible(self):
        row = analyse(crowd(["degraded", "outage"])).totals().loc[("detect", "street")]
        assert row["possible"] == 0

    def test_two_cameras_on_one_street_are_counted_once_and_told_apart(self):
        row = analyse(crowd(["covered", "covered"])).totals().loc[("detect", "street")]
        assert (row["covered"], row["twice"], row["total"]) == (360_000_000_000,) * 3

    def test_no_ground_gives_zeros(self):
        scene = replace(
            small_day(), edges=street_frame([[(0, 0), (1, 0)]], watched=[False]), places=place_frame([])
        )
        totals = analyse(scene).totals()
        assert totals.shape[0] == 2
        assert (totals.to_numpy() == 0).all()

    def test_no_cameras_leave_all_ground_to_no_camera(self):
        assert causes_of(analyse(scene_of([], [], []))) == {"no_camera": 360_000_000_000}

    def test_single_precision_would_not_do_and_is_not_used(self):
        # 7 mm uncovered for 1 ms beside 100 m for a day: the small term must survive.
        day = 24 * HOUR
        scene = scene_of(
            [ALL, stretch(0, 0.007)],
            [(1, True), (2, True)],
            [
                (1, 0, day - 1, USABLE, "", 0, 0, False),
                (1, day - 1, day, OUTAGE, "lost", -1, 0, False),
                (2, 0, day, USABLE, "", 1, 1, False),
            ],
            period=(0, day),
        )
        assert causes_of(analyse(scene)) == {"covered": 100_000 * day - 99_993, "outage": 99_993}


class TestSlots:
    @pytest.mark.parametrize(("lost_ms", "is_open"), [(450_000, False), (450_001, True)])
    def test_slot_is_open_just_below_the_threshold(self, lost_ms, is_open):
        scene = scene_of(
            [ALL],
            [(1, True)],
            [(1, 0, lost_ms, OUTAGE, "lost", -1, 0, False), (1, lost_ms, HOUR, USABLE, "", 0, 0, False)],
        )
        assert (analyse(scene).leading[0] > 0).tolist() == [is_open, False, False, False]

    def test_last_slot_may_be_shorter(self):
        scene = scene_of(
            [ALL], [(1, True)], [(1, 0, 20 * MINUTE, USABLE, "", 0, 0, False)], period=(0, 20 * MINUTE)
        )
        assert (analyse(scene).slots // MINUTE).tolist() == [0, 15, 20]

    def test_threshold_of_one_opens_every_slot_that_is_not_wholly_covered(self):
        scene = scene_of(
            [ALL],
            [(1, True)],
            [(1, 0, 1, OUTAGE, "lost", -1, 0, False), (1, 1, HOUR, USABLE, "", 0, 0, False)],
            threshold=1.0,
        )
        assert (analyse(scene).leading[0] > 0).tolist() == [True, False, False, False]

    def test_leading_cause_is_the_longest_and_the_first_of_the_table_when_equal(self):
        minutes = [(OUTAGE, 6), (DEGRADED, 6), (OUTAGE, 3), (DEGRADED, 9), (OUTAGE, 6)]
        rows, at = [], 0
        for state, length in minutes:
            rows.append((1, at, at + length * MINUTE, state, "", 0 if state == DEGRADED else -1, 0, False))
            at += length * MINUTE
        scene = scene_of([ALL], [(1, True)], rows, period=(0, at))
        # 9 : 6 minutes for the outage in the first slot, 9 : 6 for the degraded picture in the second.
        assert analyse(scene).leading[0].tolist() == [
            CAUSE_BY_NAME["outage"].rank,
            CAUSE_BY_NAME["degraded"].rank,
        ]
        even = scene_of(
            [ALL],
            [(1, True)],
            [
                (1, 0, 5 * MINUTE, OUTAGE, "", -1, 0, False),
                (1, 5 * MINUTE, 10 * MINUTE, DEGRADED, "", 0, 0, False),
            ],
            period=(0, 10 * MINUTE),
        )
        assert analyse(even).leading[0].tolist() == [CAUSE_BY_NAME["degraded"].rank]

    def test_timeline_of_an_atom_shows_each_slot(self):
        by_rank, possible, twice = analyse(small_day()).timeline(np.array([1]))
        # Atom 30..40 m: both cameras until 20:10 and from 20:50; neither from 20:30 to 20:40.
        assert (by_rank[0, :, 0] // MINUTE).tolist() == [15, 15, 5, 15]
        assert (by_rank[0, :, 2] // MINUTE).tolist() == [0, 0, 10, 0]
        assert (possible[0] // MINUTE).tolist() == [15, 15, 5, 15]
        assert (twice[0] // MINUTE).tolist() == [10, 0, 0, 10]


def check_identities(scene: Scene, cover) -> None:
    """Covered and the eight causes add up to measure × period, exactly, in every atom and in total."""
    atoms = cover.by_atom()
    causes = [f"deficit_{name}" for name in ORDER]
    length = scene.period[1] - scene.period[0]
    assert (atoms["covered"] + atoms[causes].sum(axis=1) == cover.ground.atoms["measure"] * length).all()
    totals = cover.totals()
    assert (totals["covered"] + totals["deficit"] == totals["total"]).all()
    assert (totals[causes].sum(axis=1) == totals["deficit"]).all()
    assert (totals["twice"] <= totals["covered"]).all()
    assert (totals["covered"] <= totals["possible"]).all()
    assert (totals.dtypes == np.int64).all()


class TestLaws:
    @settings(_law, max_examples=25)
    @given(scenes())
    def test_brute_force_over_atoms_and_ticks_agrees_and_sums_are_exact(self, scene: Scene):
        cover = analyse(scene)
        told = truth(scene, cover)
        by_rank, possible, twice = cover.timeline(np.arange(len(cover.ground.atoms)))
        borders = ((cover.slots - scene.period[0]) // TICK).tolist()
        for slot, (a, b) in enumerate(pairwise(borders)):
            for rank, name in enumerate(("covered", *ORDER)):
                wanted = (told.cause[:, a:b] == name).sum(axis=1) * TICK
                assert (by_rank[:, slot, rank] == wanted).all()
            assert (possible[:, slot] == told.possible[:, a:b].sum(axis=1) * TICK).all()
            assert (twice[:, slot] == told.twice[:, a:b].sum(axis=1) * TICK).all()
            for atom in range(len(by_rank)):
                lost = [(-(told.cause[atom, a:b] == name).sum(), i) for i, name in enumerate(ORDER, start=1)]
                covered = (told.cause[atom, a:b] == "covered").sum()
                is_open = covered < scene.settings.threshold * (b - a)
                assert cover.leading[cover.signatures.of_atom[atom], slot] == (min(lost)[1] if is_open else 0)
        check_identities(scene, cover)

    @_law
    @given(scenes(), polygons())
    def test_one_more_usable_camera_never_adds_deficit_nor_opens_a_slot(self, scene: Scene, footprint):
        before, after = analyse(scene), analyse(with_usable_camera(scene, footprint))
        assert (after.totals()["deficit"] <= before.totals()["deficit"]).all()
        old, new = before.ground.atoms, after.ground.atoms
        # The new footprint cuts atoms in two: each new one lies within an old one.
        start = pd.Series(
            range(len(old)), index=pd.MultiIndex.from_frame(old[["ground", "ground_id", "from_mm"]])
        )
        parent = -1
        for atom in new.itertuples():
            parent = int(start.get((atom.ground, atom.ground_id, atom.from_mm), parent))
            was_open = before.leading[before.signatures.of_atom[parent]] > 0
            is_open = after.leading[after.signatures.of_atom[atom.Index]] > 0
            assert not (is_open & ~was_open).any()

    @_law
    @given(scenes(cameras=st.integers(1, 4)), st.integers(0, 300), st.integers(1, 300))
    def test_longer_outage_never_takes_deficit_away(self, scene: Scene, start_s, length_s):
        camera = 1
        lost = with_outage(scene, camera, start_s * 1000, (start_s + length_s) * 1000)
        longer = with_outage(lost, camera, start_s * 1000, (start_s + length_s + 30) * 1000)
        deficits = [analyse(s).totals()["deficit"] for s in (scene, lost, longer)]
        assert (deficits[0] <= deficits[1]).all()
        assert (deficits[1] <= deficits[2]).all()

    @_law
    @given(scenes(), st.data())
    def test_telling_a_segment_in_two_changes_nothing(self, scene: Scene, data):
        rows = list(scene.segments.itertuples(index=False, name=None))
        if not rows:
            return
        k = data.draw(st.integers(0, len(rows) - 1))
        camera, a, b, *rest = rows[k]
        middle = data.draw(st.integers(a, b))
        parts = [(camera, x, y, *rest) for x, y in ((a, middle), (middle, b)) if x < y]
        told_twice = replace(scene, segments=segment_frame([*rows[:k], *rows[k + 1 :], *parts]))
        one, two = analyse(scene), analyse(told_twice)
        pd.testing.assert_frame_equal(one.by_atom(), two.by_atom())
        assert (one.leading == two.leading).all()

    @_law
    @given(st.lists(st.lists(st.integers(-3, 3), max_size=4), max_size=12))
    def test_rows_are_grouped_together_exactly_when_equal(self, rows):
        first = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        group, example = group_rows(first, np.array([t for row in rows for t in row], dtype=np.int64))
        for i, row in enumerate(rows):
            assert rows[example[group[i]]] == row
            assert all((group[i] == group[j]) == (row == other) for j, other in enumerate(rows))

    def test_blocks_do_not_show(self, monkeypatch):
        """A sweep in blocks of one signature gives what one sweep gives."""
        whole = analyse(small_day())
        monkeypatch.setattr("cameras.coverage._BLOCK", 1)
        parts = analyse(small_day())
        pd.testing.assert_frame_equal(whole.by_atom(), parts.by_atom())
        assert (whole.leading == parts.leading).all()
        assert (whole.open_times.cause_ms == parts.open_times.cause_ms).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"slot_min": 0}, "slot_min 0 min; give 1 to 1440"),
            ({"slot_min": 7.5}, "not a whole number"),
            ({"slot_min": True}, "not a whole number"),
            ({"threshold": 0.0}, "threshold 0.0; give a share"),
            ({"threshold": 1.01}, "threshold 1.01; give a share"),
            ({"threshold": float("nan")}, "threshold nan; give a share"),
            ({"threshold": 1 / 3}, "at most six decimals"),
            ({"level": "see"}, "level 'see' is not known"),
            ({"place_weight_m": -1}, "place_weight_m -1 m"),
        ],
    )
    def test_settings_check_themselves(self, options, message):
        with pytest.raises(ValueError, match=message):
            CoverageSettings(**options)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"start_ms": [1]}, "camera 1 has segments that do not begin with the period, 0"),
            ({"end_ms": [HOUR - 1]}, "camera 1 has segments that do not end with the period"),
            ({"state": [4]}, "camera 1 has a state outside 0..3"),
            ({"pose": [7]}, "camera 1 has a pose that is no row of POSES"),
            ({"nominal": [1]}, "camera 1 has a nominal pose that belongs to another camera"),
            ({"nominal": [-1], "moved": [True]}, "camera 1 is moved but not live or has no nominal pose"),
            ({"camera": [9], "pose": [-1], "nominal": [-1]}, "camera 1 has poses but no segments"),
        ],
    )
    def test_contradictory_segments_are_refused_by_camera(self, change, message):
        good = (1, 0, HOUR, USABLE, "", 0, 0, False)
        other = (2, 0, HOUR, USABLE, "", 1, 1, False)
        first = segment_frame([good]).assign(**change)
        scene = scene_of([ALL, ALL], [(1, True), (2, True)], [])
        with pytest.raises(ValueError, match=message):
            analyse(replace(scene, segments=pd.concat([first, segment_frame([other])])))

    def test_hole_and_overlap_between_segments_are_refused(self):
        for second_start in (HOUR // 2 - 1, HOUR // 2 + 1):
            rows = [
                (1, 0, HOUR // 2, USABLE, "", 0, 0, False),
                (1, second_start, HOUR, USABLE, "", 0, 0, False),
            ]
            with pytest.raises(ValueError, match="camera 1 has a segment that does not begin where"):
                analyse(scene_of([ALL], [(1, True)], rows))

    def test_empty_period_is_refused(self):
        with pytest.raises(ValueError, match=r"period \[5, 5\) ms is empty"):
            analyse(scene_of([], [], [], period=(5, 5)))

    def test_period_too_long_for_exact_integers_is_refused_with_the_days_that_fit(self):
        # 2,000 km: 2e9 mm x period < 2**63 up to 53 days.
        day = 24 * HOUR
        period = (0, 54 * day)
        scene = scene_of([], [], [], length=2_000_000, period=period)
        far = replace(
            scene,
            edges=street_frame([[(0, k), (500_000, k)] for k in range(4)]),
            leaves=leaf_frame(g=(-1, -1, 2_000_001, 9)),
        )
        with pytest.raises(LianfangError, match=r"2000 km of street over 54\.0 days.*at most 53 days"):
            analyse(far)
        assert (
            analyse(replace(far, period=(0, 53 * day))).totals()["deficit"].max() == 2_000_000_000 * 53 * day
        )

    def test_poses_out_of_order_are_refused(self):
        scene = crowd(["covered"])
        with pytest.raises(ValueError, match="POSES: the index is not 0 to 0"):
            analyse(replace(scene, poses=scene.poses.set_axis([3])))

    def test_layers_of_another_crs_are_refused(self):
        scene = crowd(["covered"])
        layer = GeoSeries([box(0, 0, 1, 1)], crs=CRS).to_crs(32635)
        with pytest.raises(ValueError, match="reproject to one first"):
            analyse(replace(scene, layers=type(scene.layers)(layer, layer, layer)))
