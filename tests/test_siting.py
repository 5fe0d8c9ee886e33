"""Choosing where cameras go: against every choice there is, against HiGHS, and by laws that hold for all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial import cKDTree

from cameras.siting import Covering, SearchSettings, choose, greedy
from cameras.siting.bounds import exact, lagrange, marginal_bound
from cameras.siting.kernels import State
from cameras.siting.search import gains_of

QUICK = SearchSettings(kicks=20, relaxation=60, exact=False)


@st.composite
def scenes(draw: st.DrawFn) -> dict:
    """Sets of points, said without any matrix: what cameras see, what spots would, what re-aims would."""
    n = draw(st.integers(1, 8))
    points = st.frozensets(st.integers(0, n - 1), max_size=n)
    return {
        "weight": draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
        "cameras": draw(st.lists(points, max_size=3)),
        "new": draw(st.lists(st.tuples(st.integers(0, 3), points), max_size=5)),
        "turned": draw(st.lists(st.tuples(st.integers(0, 2), points), max_size=4)),
        "count": draw(st.integers(0, 4)),
        # Re-aims have a count of their own, or share the one.
        "turns": draw(st.none() | st.integers(0, 2)),
        "capacity": draw(st.integers(1, 2)),
    }


def problem_of(scene: dict) -> Covering:
    """The same as counts: a re-aim adds what it sees anew and takes what it sees no more."""
    n, cameras = len(scene["weight"]), scene["cameras"]
    turned = [(camera, seen) for camera, seen in scene["turned"] if camera < len(cameras)]
    rows = np.zeros((len(scene["new"]) + len(turned), n), np.int8)
    for row, (_, seen) in enumerate(scene["new"]):
        rows[row, list(seen)] = 1
    for row, (camera, seen) in enumerate(turned, start=len(scene["new"])):
        rows[row, list(seen - cameras[camera])] = 1
        rows[row, list(cameras[camera] - seen)] = -1
    base = np.zeros(n, np.int64)
    for seen in cameras:
        base[list(seen)] += 1
    return Covering(
        weight=np.array(scene["weight"], dtype=np.int64),
        base=base,
        change=sparse.csr_array(rows),
        group=np.array([spot for spot, _ in scene["new"]] + [4 + c for c, _ in turned], dtype=np.int64),
        capacity=np.array([scene["capacity"]] * 4 + [1] * 3, dtype=np.int64),
        kind=None
        if scene["turns"] is None
        else np.array([0] * len(scene["new"]) + [1] * len(turned), dtype=np.int64),
    )


def count_of(scene: dict) -> int | tuple[int, int]:
    """As `choose` takes it."""
    return scene["count"] if scene["turns"] is None else (scene["count"], scene["turns"])


def allowed(scene: dict, chosen: tuple[int, ...]) -> bool:
    """Whether a choice keeps to the counts."""
    new = sum(row < len(scene["new"]) for row in chosen)
    if scene["turns"] is None:
        return len(chosen) <= scene["count"]
    return new <= scene["count"] and len(chosen) - new <= scene["turns"]


def covered(scene: dict, chosen: tuple[int, ...]) -> int | None:
    """Weight covered by a choice, from the sets alone; None where a spot or camera is used too often."""
    new, cameras = scene["new"], list(scene["cameras"])
    turned = [(camera, seen) for camera, seen in scene["turned"] if camera < len(cameras)]
    spots = [new[row][0] for row in chosen if row < len(new)]
    again = [turned[row - len(new)][0] for row in chosen if row >= len(new)]
    if any(spots.count(spot) > scene["capacity"] for spot in spots) or len(set(again)) < len(again):
        return None
    for row in chosen:
        if row >= len(new):
            cameras[turned[row - len(new)][0]] = turned[row - len(new)][1]
    seen = frozenset().union(*cameras, *(new[row][1] for row in chosen if row < len(new)))
    return sum(scene["weight"][point] for point in seen)


def best_of_all(scene: dict, candidates: int) -> int:
    """The optimum, by trying every choice."""
    choices = (c for k in range(candidates + 1) for c in combinations(range(candidates), k))
    return max(value for c in choices if allowed(scene, c) and (value := covered(scene, c)) is not None)


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_a_choice_is_counted_as_its_sets_are(scene: dict) -> None:
    """Any choice that fits covers what the union of its sets covers, re-aims and all."""
    problem = problem_of(scene)
    for size in range(min(3, problem.candidates) + 1):
        for chosen in combinations(range(problem.candidates), size):
            rows = np.array(chosen, dtype=np.int64)
            by_hand = covered(scene, chosen)
            assert problem.fits(rows) == (by_hand is not None)
            if by_hand is not None:
                assert problem.value(rows) == by_hand


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_exact_is_the_best_of_all_choices_and_nothing_passes_the_bound(scene: dict) -> None:
    problem = problem_of(scene)
    optimum = best_of_all(scene, problem.candidates)
    asked = SearchSettings(kicks=20, relaxation=60, exact=True)
    found = choose(problem, count_of(scene), asked)
    assert found.value == optimum == found.bound and found.status == "optimal"
    assert covered(scene, tuple(found.chosen)) == optimum
    quick = choose(problem, count_of(scene), QUICK)
    assert quick.greedy <= quick.value <= optimum <= quick.bound


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_gains_add_up_and_more_cameras_never_cover_less(scene: dict) -> None:
    problem = problem_of(scene)
    found = choose(problem, count_of(scene), QUICK)
    assert found.before + found.gains.sum() == found.value == covered(scene, tuple(found.chosen))
    assert allowed(scene, tuple(found.chosen)) and problem.fits(found.chosen)
    one_kind = problem_of({**scene, "turns": None})
    values = [one_kind.value(greedy(one_kind, count)) for count in range(5)]
    assert values == sorted(values)
    optima = [
        best_of_all({**scene, "count": count}, problem.candidates) for count in range(scene["count"] + 1)
    ]
    assert optima == sorted(optima)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.randoms(use_true_random=False))
def test_gains_kept_up_to_date_are_those_counted_anew(scene: dict, chance) -> None:
    """After any walk of choosing and giving up: each gain is the value with it, less the value without."""
    problem = problem_of(scene)
    state, budget = State(problem), problem.budget(count_of(scene))
    for _ in range(6):
        free = [
            i for i in range(problem.candidates) if not state.chosen[i] and state.room[state.group[i]] > 0
        ]
        if free and chance.random() < 0.7:
            state.shift(chance.choice(free), 1)
        elif state.chosen.any():
            state.shift(int(chance.choice(list(state.picks()))), -1)
        for row in free:
            if not state.chosen[row] and state.room[state.group[row]] > 0:
                with_it = problem.value(np.append(state.picks(), row))
                assert state.gains[row] == with_it - problem.value(state.picks())
        for bound in (marginal_bound(state, budget), lagrange(problem, budget, 0, 40).bound):
            assert bound >= best_of_all(scene, problem.candidates)


def town(seed: int, *, points: int, spots: int, radius: float, clusters: int) -> Covering:
    """Seeded points, thick in places, and spots with eight directions each that see a quarter circle."""
    chance = np.random.default_rng(seed)
    centre = chance.random((clusters, 2))
    at = centre[chance.integers(0, clusters, points)] + chance.normal(0, 0.06, (points, 2))
    where = at[chance.integers(0, points, spots)] + chance.normal(0, 0.01, (spots, 2))
    rows, columns = [], []
    for spot, near in enumerate(cKDTree(at).query_ball_point(where, radius)):
        seen = np.array(near, dtype=np.int64)
        bearing = np.arctan2(*(at[seen] - where[spot]).T)
        for way in range(8):
            off = np.abs((bearing - way * np.pi / 4 + np.pi) % (2 * np.pi) - np.pi)
            columns += list(seen[off <= np.pi / 4])
            rows += [8 * spot + way] * int((off <= np.pi / 4).sum())
    change = sparse.csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(8 * spots, points))
    return Covering(
        weight=chance.integers(500, 5000, points),
        base=np.zeros(points, np.int64),
        change=change,
        group=np.repeat(np.arange(spots), 8),
        capacity=np.ones(spots, np.int64),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [3, 12])
def test_without_highs_within_one_per_cent_of_what_highs_proves(seed: int, count: int) -> None:
    problem = town(seed, points=400, spots=40, radius=0.1, clusters=6)
    small, left_out = problem.merged()
    proven = exact(small, np.array([count]), 60.0)
    assert proven.proven and proven.chosen is not None and left_out == 0
    optimum = problem.value(proven.chosen)
    found = choose(problem, count, SearchSettings(exact=False))
    assert 0.99 * optimum <= found.value <= optimum <= found.bound


def test_a_planted_optimum_is_found_where_greedy_fails() -> None:
    """By hand: greedy takes the candidate across both (6 + 6), then one half (5 more): 17. The two halves
    hold 11 each: 22."""
    halves = np.array([[5, 6, 0, 0], [0, 0, 6, 5], [0, 6, 6, 0]])
    problem = Covering(
        weight=np.array([5, 6, 6, 5]),
        base=np.zeros(4, np.int64),
        change=sparse.csr_array((halves > 0).astype(np.int8)),
        group=np.arange(3),
        capacity=np.ones(3, np.int64),
    )
    assert problem.value(greedy(problem, 2)) == 17
    found = choose(problem, 2, QUICK)
    assert (found.value, sorted(found.chosen), list(found.gains)) == (22, [0, 1], [11, 11])
    assert found.greedy == 17


def test_a_re_aim_takes_off_what_nobody_else_sees() -> None:
    """By hand: the camera sees points of 10 and 4, turned it would see one of 12. On its own that loses 2;
    with a new camera on the 10 it wins 8."""
    problem = Covering(
        weight=np.array([10, 4, 12]),
        base=np.array([1, 1, 0]),
        change=sparse.csr_array(np.array([[-1, -1, 1], [1, 0, 0]], dtype=np.int8)),
        group=np.array([0, 1]),
        capacity=np.array([1, 1]),
    )
    assert len(choose(problem, 1, QUICK).chosen) == 0
    both = choose(problem, 2, SearchSettings(exact=True))
    assert both.before == 14 and both.value == 22 and both.status == "optimal"
    assert sum(gains_of(problem, both.chosen)) == 8


def test_the_same_seed_gives_the_same_choice_and_an_abort_a_bound_that_holds() -> None:
    problem = town(9, points=600, spots=60, radius=0.12, clusters=5)
    once, again = choose(problem, 10, QUICK), choose(problem, 10, QUICK)
    assert list(once.chosen) == list(again.chosen)
    stopped = choose(problem, 10, QUICK, should_abort=lambda: True)
    assert stopped.value <= once.bound and once.value <= stopped.bound


def test_nothing_to_cover_and_nothing_to_choose() -> None:
    """Empty matrices give an empty choice, not an error."""
    none = Covering(
        weight=np.array([7]),
        base=np.array([1]),
        change=sparse.csr_array((0, 1), dtype=np.int8),
        group=np.empty(0, np.int64),
        capacity=np.empty(0, np.int64),
    )
    for exactly in (True, False):
        found = choose(none, 3, SearchSettings(exact=exactly))
        assert (found.value, found.bound, list(found.chosen), found.status) == (7, 7, [], "optimal")
    with pytest.raises(ValueError, match="below 0"):
        choose(none, -1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weight": np.array([-1, 1])}, "below 0"),
        ({"group": np.array([0, 5])}, "groups run"),
        ({"base": np.array([0, 0])}, "no existing camera"),
        ({"capacity": np.array([2, 2])}, "re-aimed twice"),
        ({"base": np.array([1])}, "2 candidates"),
        ({"kind": np.array([0])}, "kinds"),
    ],
)
def test_an_impossible_problem_is_refused(changed: dict, told: str) -> None:
    given_ = {
        "weight": np.array([1, 1]),
        "base": np.array([1, 0]),
        "change": sparse.csr_array(np.array([[-1, 1], [0, 1]], dtype=np.int8)),
        "group": np.array([0, 1]),
        "capacity": np.array([1, 1]),
    }
    Covering(**given_)
    with pytest.raises(ValueError, match=told):
        Covering(**{**given_, **changed})
