"""What a person does to the orders of teams, and what was wished of them by it."""

from __future__ import annotations

import pytest
from patrol_strategies import line, problem_of
from test_by_hand import sound_plan

from geo.errors import InputRefused
from patrols.by_hand import (
    difference,
    moved,
    near_places,
    orders_of,
    put_in,
    refuse_unknown,
    swapped,
    taken_out,
)

ORDERS = {"E": ["a", "b", "c"], "W": ["d"], "N": []}


@pytest.mark.parametrize(
    ("step", "east", "west"),
    [
        ((moved, "E", 1, "W", 0), ["a", "c"], ["b", "d"]),
        ((moved, "E", 1, "W", 1), ["a", "c"], ["d", "b"]),
        ((moved, "E", 0, "E", 2), ["b", "a", "c"], ["d"]),
        ((moved, "E", 0, "E", 3), ["b", "c", "a"], ["d"]),
        ((moved, "E", 2, "E", 0), ["c", "a", "b"], ["d"]),
        ((moved, "E", 1, "E", 1), ["a", "b", "c"], ["d"]),
        ((moved, "E", 1, "E", 2), ["a", "b", "c"], ["d"]),
        ((swapped, "E", 2, "W", 0), ["a", "b", "d"], ["c"]),
        ((swapped, "E", 0, "E", 2), ["c", "b", "a"], ["d"]),
        ((taken_out, "W", 0), ["a", "b", "c"], []),
        ((put_in, "x", "W", 9), ["a", "b", "c"], ["d", "x"]),
    ],
)
def test_a_step_changes_what_it_says_and_nothing_else(step, east, west):
    deed, *where = step
    before = {team: list(own) for team, own in ORDERS.items()}
    assert deed(ORDERS, *where) == {"E": east, "W": west, "N": []}
    assert before == ORDERS


@pytest.mark.parametrize(
    ("deed", "where"),
    [
        (moved, ("X", 0, "E", 0)),
        (moved, ("E", 3, "W", 0)),
        (moved, ("E", -1, "W", 0)),
        (moved, ("E", 0, "X", 0)),
        (swapped, ("E", 0, "N", 0)),
        (taken_out, ("N", 0)),
        (put_in, ("a", "X", 0)),
    ],
)
def test_what_is_not_there_is_refused(deed, where):
    with pytest.raises(InputRefused, match="has no"):
        deed(ORDERS, *where)


def test_orders_are_those_of_the_plan_and_teams_without_visits_have_none():
    problem, plan = sound_plan()
    assert orders_of(problem, plan) == {"E": ["p", "q"], "W": ["q", "p"]}


def test_a_difference_is_who_meets_where_not_in_which_order():
    after = {"E": ["c", "a"], "W": ["d", "b", "b"], "N": []}
    assert difference(ORDERS, after) == ({("W", "b")}, {("E", "b")})
    assert difference(ORDERS, moved(ORDERS, "E", 0, "E", 3)) == (set(), set())


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ({"X": []}, "the plan has no team 'X'"),
        ({"E": ["x"]}, "the plan has no stop 'x'"),
        ({"E": ["a"], "W": ["a", "a"]}, "stop 'a' would have 3 visits"),
    ],
)
def test_orders_of_another_plan_are_refused(orders, words):
    with pytest.raises(InputRefused, match=words):
        refuse_unknown(orders, {"E", "W"}, {"a", "b"}, 2)


def test_near_places_come_with_the_least_detour_first():
    """On one street: base 0, stops at 100, 300 and 200. Between 100 and 300 costs nothing, nor does it on the
    way back; before 100 costs 200."""
    stops = [{"stop_id": name, "node": node} for node, name in enumerate("abc", start=1)]
    problem = problem_of(line(0, 100, 300, 200), stops, [{"team_id": "E"}])
    assert near_places(problem, ["a", "b"], "E", "c", 3) == [1, 2, 0]
    assert near_places(problem, ["a", "b"], "E", "c", 1) == [1]
    assert near_places(problem, [], "E", "c", 3) == [0]
