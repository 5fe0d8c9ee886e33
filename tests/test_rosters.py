"""Rosters: equal to brute force where they are tiny, sound by the checker always, and fair by law."""

from __future__ import annotations

import ast
import threading
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputRefused
from patrols.rosters import model
from patrols.rosters.check import broken
from patrols.rosters.problem import FIXED, FORBIDDEN, Before, Roster, RosterProblem, Turn, repeats_of
from patrols.rosters.solve import make_roster, spreads, take_turns

HOUR, DAY = 3600, 86_400


def turn(day, slot=0, *, hours=(18, 22), **own):
    start, end = (day * DAY + hour * HOUR for hour in hours)
    usual = {"teams": 1, "villages": 1, "weekend": day % 7 >= 5}
    return Turn(f"day {day} slot {slot}", day, slot, start, end, **usual | own)


def evenings(days, **own):
    return [turn(day, **own) for day in range(days)]


def two_slots(days, **own):
    return [
        one
        for day in range(days)
        for one in (turn(day, **own), turn(day, 1, hours=(22, 26), night=True, **own))
    ]


def problem(turns, villages, *, cannot=(), fixed=(), forbidden=(), rest_h=0, mixed=(), before=None):
    can = np.ones((len(villages), len(turns)), np.bool_)
    wish = np.zeros(can.shape, np.int8)
    for cell in cannot:
        can[cell] = False
    for cell in fixed:
        wish[cell] = FIXED
    for cell in forbidden:
        wish[cell] = FORBIDDEN
    names = [f"t{n}" for n in range(len(villages))]
    return RosterProblem(turns, names, villages, can, wish, int(rest_h * HOUR), mixed, before)


def before(turns, *served, could=None):
    """Turns before, and which of the teams served in each."""
    there = np.array(served, np.bool_)
    return Before(turns, there if could is None else np.array(could, np.bool_), there)


# ---------------------------------------------------------------- by hand


def test_four_evenings_of_two_teams_alternate():
    made = make_roster(problem(evenings(4), ["a", "b"]))
    assert (made.repeats, made.spread["all"], made.proven) == (0, 0.0, True)
    assert made.serves.sum(axis=1).tolist() == [2, 2]


def test_who_can_serve_half_as_often_serves_half_as_often():
    """Six evenings; one team can in two of them, another in four, so their shares are 2 and 4."""
    cannot = [(0, k) for k in (1, 3, 4, 5)] + [(1, k) for k in (0, 2)]
    made = make_roster(problem(evenings(6), ["a", "b"], cannot=cannot))
    assert made.serves.sum(axis=1).tolist() == [2, 4] and made.spread["all"] == 0.0


def test_rest_keeps_a_team_out_of_the_slot_after_its_own():
    """Two slots an evening with six hours of rest take two teams, and these swap slots every day."""
    made = make_roster(problem(two_slots(4), ["a", "b"], rest_h=6))
    for day in range(4):
        assert (made.serves[:, 2 * day] != made.serves[:, 2 * day + 1]).all()
    # In a row either way: the late one of today is the early one of tomorrow, or each keeps its slot.
    assert made.repeats > 0


def test_a_repeat_is_taken_only_where_it_cannot_be_avoided():
    made = make_roster(problem(evenings(3), ["a", "b"], fixed=[(0, 0), (0, 1)]))
    assert made.repeats == 1 and made.serves[0].tolist()[:2] == [True, True]


def test_what_a_person_fixed_and_forbade_is_kept():
    made = make_roster(problem(evenings(3), ["a", "b", "c"], fixed=[(2, 1)], forbidden=[(0, 0), (1, 2)]))
    assert made.serves[2, 1] and not made.serves[0, 0] and not made.serves[1, 2]


def test_teams_of_as_many_villages_as_asked_serve_and_a_police_team_is_of_none():
    turns = evenings(2, teams=2, villages=2)
    made = make_roster(problem(turns, ["a", "a", "b", None]))
    for k in range(2):
        homes = {["a", "a", "b", None][i] for i in np.flatnonzero(made.serves[:, k])} - {None}
        assert homes == {"a", "b"}


def test_a_turn_that_needs_mixed_teams_has_them_and_the_others_share_the_rest():
    """Two of four teams are mixed, and one of the two that serve must be: both kinds take turns."""
    made = make_roster(
        problem(evenings(4, teams=2, mixed=1), ["a", "a", "b", "b"], mixed=[True, False, True, False])
    )
    assert made.serves[[0, 2]].sum(axis=0).tolist() == [1, 1, 1, 1]
    assert (made.repeats, made.spread["all"]) == (0, 0.0)


def test_nights_and_weekends_are_shared_apart():
    """Two weeks of two slots, four teams: 7 turns each, of these 3 or 4 nights and 2 at weekends."""
    made = make_roster(problem(two_slots(14), ["a", "b", "c", "d"], rest_h=8))
    assert made.spread == {"all": 0.0, "night": 1.0, "weekend": 0.0}


# ---------------------------------------------------------------- what was before


def test_rest_holds_from_the_roster_before():
    """Who served until midnight has no eight hours of rest until six, and the other one has."""
    past = before([turn(-1, hours=(18, 24))], [True], [False], could=[[True], [True]])
    morning = [turn(0, hours=(6, 10))]
    made = make_roster(problem(morning, ["a", "b"], rest_h=8, before=past))
    assert made.serves[:, 0].tolist() == [False, True]
    with pytest.raises(InputRefused) as refused:
        make_roster(problem(morning, ["a", "b"], rest_h=8, before=past, fixed=[(0, 0)]))
    assert list(refused.value.problems) == [
        "team 't0' is fixed in day 0 slot 0 and served in day -1 slot 0, with less rest between them than 8 h"
    ]


def test_nobody_serves_in_the_same_slot_of_two_days_over_the_border():
    past = before([turn(-1)], [True], [False], could=[[True], [True]])
    made = make_roster(problem(evenings(2), ["a", "b"], before=past))
    assert made.serves.tolist() == [[False, True], [True, False]] and made.repeats == 0
    # Alone it has to, and that is counted; with a day between it is not in a row.
    assert make_roster(problem(evenings(1), ["a"], before=before([turn(-1)], [True]))).repeats == 1
    assert make_roster(problem(evenings(1), ["a"], before=before([turn(-2)], [True]))).repeats == 0


def test_who_served_before_serves_less_now():
    """Of four teams two had the two turns before; the others have the two now."""
    past = before(
        [turn(-4), turn(-3)],
        [True, False],
        [False, True],
        [False, False],
        [False, False],
        could=np.ones((4, 2)),
    )
    made = make_roster(problem(evenings(2), list("abcd"), before=past))
    assert made.serves.sum(axis=1).tolist() == [0, 0, 1, 1] and made.spread["all"] == 0.0


def test_a_new_team_need_not_catch_up_what_was_before_it_came():
    """Six turns before were shared by two; of three now each has one, the third's share being no larger."""
    past = before(
        [turn(day) for day in range(-9, -3)],
        [True, False] * 3,
        [False, True] * 3,
        [False] * 6,
        could=[[True] * 6, [True] * 6, [False] * 6],
    )
    made = make_roster(problem(evenings(3), list("abc"), before=past))
    assert made.serves.sum(axis=1).tolist() == [1, 1, 1]


# ---------------------------------------------------------------- impossible


@pytest.mark.parametrize(
    "asked, words",
    [
        (
            {"turns": evenings(2, teams=2), "villages": ["a", "b"], "cannot": [(0, 1)]},
            ["day 1 slot 0: 2 teams are needed and 1 can serve"],
        ),
        (
            {"turns": evenings(1, teams=2, villages=2), "villages": ["a", "a", None]},
            ["day 0 slot 0: teams of 2 villages are needed, and those that can serve are of 1"],
        ),
        (
            {
                "turns": evenings(2, mixed=1),
                "villages": ["a", "b"],
                "cannot": [(0, 1)],
                "mixed": [True, False],
            },
            ["day 1 slot 0: 1 mixed teams are needed and 0 can serve"],
        ),
        (
            {"turns": evenings(1), "villages": ["a", "b"], "fixed": [(0, 0)], "cannot": [(0, 0)]},
            ["day 0 slot 0: team 't0' is fixed and cannot serve then"],
        ),
        (
            {"turns": evenings(1), "villages": ["a", "b"], "fixed": [(0, 0), (1, 0)]},
            ["day 0 slot 0: 2 teams are fixed and 1 are needed"],
        ),
        (
            {"turns": two_slots(1), "villages": ["a", "b"], "fixed": [(0, 0), (0, 1)], "rest_h": 8},
            [
                "team 't0' is fixed in day 0 slot 0 and in day 0 slot 1, with less rest between them "
                "than 8 h",
            ],
        ),
    ],
)
def test_what_cannot_be_is_told_by_its_day_and_need(asked, words):
    with pytest.raises(InputRefused, match="no roster can be made") as refused:
        make_roster(problem(**asked))
    assert list(refused.value.problems) == words


def test_rest_that_leaves_too_few_is_told_by_the_turn_it_leaves_short():
    """Three turns in a row with a day of rest between need three teams; there are two."""
    with pytest.raises(InputRefused) as refused:
        make_roster(problem(evenings(3), ["a", "b"], rest_h=48))
    (told,) = refused.value.problems
    assert "1 teams are needed, and 0 can serve with that much rest" in told


def test_rest_that_leaves_no_mixed_team_is_told_by_the_turn_it_leaves_short():
    with pytest.raises(InputRefused) as refused:
        make_roster(problem(evenings(2, mixed=1), ["a", "b"], rest_h=24, mixed=[True, False]))
    (told,) = refused.value.problems
    assert "1 mixed teams are needed, and 0 can serve with that much rest" in told


@pytest.mark.parametrize(
    "turns, words",
    [
        ([], "1 to 248 turns, not 0"),
        ([turn(1), turn(0)], "in order of time"),
        ([turn(0, teams=1, villages=2)], "1 teams of 2 villages cannot be"),
        ([turn(0, teams=0, villages=0)], "0 teams of 0 villages cannot be"),
        ([turn(0, teams=1, mixed=2)], "1 teams, 2 of them mixed, cannot be"),
    ],
)
def test_turns_that_are_none_are_refused(turns, words):
    with pytest.raises(InputRefused, match=words):
        problem(turns, ["a"])


def test_a_watcher_hears_each_aim_and_what_the_best_so_far_comes_to():
    told = []
    made = make_roster(problem(two_slots(7), ["a", "b", "c", "d"], rest_h=8), watch=told.append)
    aims = list(dict.fromkeys(one.aim for one in told))
    assert aims == ["needs", "repeats", "all", "night", "weekend"]
    assert [one.share for one in told] == sorted(one.share for one in told)
    assert told[0].repeats is None and told[-1].repeats == made.repeats
    assert told[-1].spread["all"] == made.spread["all"]


def test_what_a_watcher_raises_ends_the_search_though_it_still_runs(monkeypatch):
    ended, asked = threading.Event(), []

    def endless(*given, **more):
        asked.append(given)
        assert ended.wait(60)
        raise AssertionError("nobody hears of this")

    class Enough(Exception):
        pass

    def watch(now):
        if asked:
            raise Enough

    monkeypatch.setattr(model, "milp", endless)
    with pytest.raises(Enough):
        make_roster(problem(evenings(2), ["a", "b"]), watch=watch)
    ended.set()


def test_arrays_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="teams by turns"):
        RosterProblem(evenings(2), ["a"], ["v"], np.ones((1, 1), np.bool_), np.zeros((1, 1), np.int8))
    with pytest.raises(ValueError, match="mixed must say of 1 teams"):
        problem(evenings(2), ["a"], mixed=[True, False])
    with pytest.raises(ValueError, match="teams by turns before"):
        problem(evenings(2), ["a"], before=before([turn(-1)], [True], [False]))


# ---------------------------------------------------------------- laws

asked = st.builds(
    lambda days, late, homes, need, villages, mixed, rest_h, cells, past: (
        (two_slots if late else evenings)(
            days, teams=need, villages=min(need, villages), mixed=min(need, mixed)
        ),
        homes,
        rest_h,
        cells,
        past,
    ),
    st.integers(1, 4),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=4),
    st.integers(1, 2),
    st.integers(0, 2),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([0, 8, 30]),
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 7), st.sampled_from(["cannot", "fixed", "forbidden"]))
    ),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=8),
)


def posed(turns, homes, rest_h, cells, past):
    marks = {"cannot": [], "fixed": [], "forbidden": []}
    for team, k, mark in {cell[:2]: cell for cell in cells}.values():
        if team < len(homes) and k < len(turns):
            marks[mark].append((team, k))
    # Those of village a are mixed.
    could = np.zeros((len(homes), 6), np.bool_)
    served = could.copy()
    for team, k, there in past:
        if team < len(homes):
            could[team, k], served[team, k] = True, served[team, k] or there
    earlier = [
        replace(one, day=one.day - 3, start_s=one.start_s - 3 * DAY, end_s=one.end_s - 3 * DAY)
        for one in two_slots(3)
    ]
    mixed = [home == "a" for home in homes]
    return problem(turns, homes, rest_h=rest_h, mixed=mixed, before=Before(earlier, could, served), **marks)


def made_of(found):
    try:
        return make_roster(found)
    except InputRefused:
        return None


def figures(made):
    return made.repeats, {kind: round(value, 9) for kind, value in made.spread.items()}


@given(asked)
@settings(max_examples=60, deadline=None)
def test_the_checker_finds_nothing_in_a_roster_that_was_made(asked):
    found = posed(*asked)
    made = made_of(found)
    assert made is None or (made.proven and broken(found, made) == [])


@given(asked, st.sampled_from(["a", "b", None]))
@settings(max_examples=40, deadline=None)
def test_one_more_team_never_makes_a_roster_impossible(asked, home):
    turns, homes, rest_h, cells, past = asked
    kept, known = ([cell for cell in some if cell[0] < len(homes)] for some in (cells, past))
    if made_of(posed(turns, homes, rest_h, kept, known)) is not None:
        assert made_of(posed(turns, [*homes, home], rest_h, kept, known)) is not None


@given(asked)
@settings(max_examples=40, deadline=None)
def test_the_order_of_teams_changes_nothing_in_the_figures(asked):
    found = posed(*asked)
    back = RosterProblem(
        found.turns,
        found.teams[::-1],
        found.villages[::-1],
        found.can[::-1],
        found.wish[::-1],
        found.rest_s,
        found.mixed[::-1],
        Before(found.past.turns, found.past.could[::-1], found.past.served[::-1]),
    )
    one, other = made_of(found), made_of(back)
    assert (one is None) == (other is None)
    assert one is None or figures(one) == figures(other)


def every_roster(found):
    """All rosters of a tiny problem that its checker lets through, best first."""
    choices = [
        [set(some) for some in combinations(range(len(found.teams)), one.teams)] for one in found.turns
    ]
    sound = []
    for chosen in product(*choices):
        serves = np.array([[i in some for some in chosen] for i in range(len(found.teams))], np.bool_)
        repeats = repeats_of(found, serves)
        made = Roster(serves, repeats, spreads(found, serves), True)
        if not broken(found, made):
            sound.append((made.repeats, *(round(value, 9) for value in made.spread.values())))
    return min(sound, default=None)


@given(
    asked.filter(
        lambda one: (
            len(one[0]) <= 4
            and np.prod([len(list(combinations(range(len(one[1])), turn.teams))) for turn in one[0]]) <= 400
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_a_tiny_roster_is_the_best_there_is(asked):
    found = posed(*asked)
    made = made_of(found)
    best = every_roster(found)
    assert (made is None) == (best is None)
    if made is not None:
        assert (made.repeats, *(round(value, 9) for value in made.spread.values())) == best


# ---------------------------------------------------------------- the checker


def sound():
    found = problem(two_slots(2), ["a", "b", "c", None], rest_h=3, forbidden=[(0, 0)], fixed=[(1, 3)])
    return found, make_roster(found)


def test_the_checker_sees_each_fault():
    found, made = sound()
    assert broken(found, made) == []
    nobody = replace(made, serves=np.zeros_like(made.serves))
    told = " ".join(broken(found, nobody))
    for words in (
        "0 teams serve, 1 are needed",
        "of 0 villages",
        "'t1' is fixed and does not serve",
        "within",
    ):
        assert words in told, words
    everybody = replace(made, serves=np.ones_like(made.serves))
    told = " ".join(broken(found, everybody))
    for words in (
        "4 teams serve, 1 are needed",
        "'t0' serves and must not",
        "with less rest",
        "twice in a row",
    ):
        assert words in told, words
    can = found.can.copy()
    can[:, 0] = False
    told = broken(replace(found, can=can), made)
    assert any("serves and cannot then" in one for one in told)
    needing = [replace(one, mixed=1) for one in found.turns]
    told = broken(replace(found, turns=needing, mixed=[False] * 4), made)
    assert sum("0 mixed teams serve, 1 are needed" in one for one in told) == 4
    past = before([turn(-1, hours=(18, 24)), turn(-1, 1, hours=(22, 26))], *[[True, False]] * 4)
    told = " ".join(broken(replace(found, before=past, rest_s=19 * HOUR), made))
    for words in ("in day -1 slot 0 and in day 0 slot 0, with less rest", "twice in a row; 1 times it does"):
        assert words in told, told
    assert "shared within 9" in " ".join(broken(found, replace(made, spread=made.spread | {"all": 9.0})))
    assert broken(found, replace(made, serves=made.serves[:, :1])) == [
        "the roster is not one of these teams and turns"
    ]


def test_the_checker_shares_no_code_with_the_solver():
    tree = ast.parse(Path(broken.__code__.co_filename).read_text(encoding="utf8"))
    taken = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module or "").startswith("patrols")
    }
    problem_words = {"FIXED", "FORBIDDEN", "Roster", "RosterProblem"}
    assert taken == {("patrols.rosters.problem", word) for word in problem_words}


# ---------------------------------------------------------------- leaders


def test_who_led_before_leads_later():
    two = np.ones((2, 1), np.bool_)
    led = before([turn(-1)], [True], [False], could=[[True], [True]])
    wish = np.zeros((2, 1), np.int8)
    assert take_turns(["a", "b"], two, wish, evenings(1), before=led) == ["b"]


def test_villages_take_turns_at_leading_where_they_are_there():
    turns = evenings(4)
    can = np.array([[True, True, True, False], [True, True, False, False]])
    led = take_turns(["a", "b"], can, np.zeros(can.shape, np.int8), turns)
    assert led[3] is None and led[2] == "a" and sorted(led[:2]) == ["a", "b"]
    wish = np.zeros(can.shape, np.int8)
    wish[0, 1] = FIXED
    assert take_turns(["a", "b"], can, wish, turns)[1] == "a"
    assert take_turns([], np.zeros((0, 4), np.bool_), np.zeros((0, 4), np.int8), turns) == [None] * 4
