"""Visits made already, pairs that must meet, a shift that goes on from where everybody is."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from patrol_strategies import fitting, line, problem_of, problems, two_villages

from bench.families import CrossPatrolFamily, cross_patrol_problem
from patrols.check import violations
from patrols.plan import PatrolPlan, read_plan
from patrols.problem import PATTERNS, CrossRule, PatrolProblem
from patrols.resuming import rest_of_shift
from patrols.solve import Budget, RequiredStopsUnserved, solve

FEW = Budget(iterations=(200,))


def made(*rows: tuple[str, str | None, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stop_id", "village", "start_s", "end_s"])


def pinned(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["team_id", "stop_id"])


@settings(max_examples=80)
@given(problem=problems(), data=st.data())
def test_plans_that_go_on_from_visits_made_keep_every_rule(
    problem: PatrolProblem, data: st.DataObject
) -> None:
    stop_ids, team_ids = problem.stops["stop_id"].tolist(), problem.teams["team_id"].tolist()
    assume(stop_ids)
    visit = st.tuples(
        # Made before the plan begins: no visit of the plan comes before one of them.
        *(st.sampled_from(stop_ids), st.sampled_from(["a", "b", "z", None]), st.integers(-2000, 0))
    )
    rows = data.draw(st.lists(visit, max_size=6))
    done = made(*((stop, village, start, start + 60) for stop, village, start in rows))
    never = set(zip(problem.forbidden["team_id"], problem.forbidden["stop_id"], strict=True))
    pairs: list[tuple[str, str]] = []
    if team_ids:
        pair = st.tuples(st.sampled_from(team_ids), st.sampled_from(stop_ids))
        for team, stop in data.draw(st.lists(pair, max_size=3, unique=True)):
            if (team, stop) not in never and sum(other == stop for _, other in pairs) < 2:
                pairs.append((team, stop))
    pattern = data.draw(st.sampled_from(PATTERNS))
    visits = data.draw(st.integers(1, 3))
    most = max([1, *(sum(stop == other for _, other in pairs) for _, stop in pairs)])
    rule = replace(
        problem.rule,
        pattern=pattern,
        leader="a" if pattern == "rota" else None,
        visits=max(visits, most),
        villages=data.draw(st.integers(1, max(visits, most))),
    )
    stops = fitting(problem.stops, rule)
    asked = replace(problem, rule=rule, stops=stops, done=done, pinned=pinned(*pairs))
    try:
        plan = solve(asked, budget=FEW, seed=1)
    except RequiredStopsUnserved:
        event("a stop that is demanded has no room")
        return
    assert violations(asked, plan) == []
    assert plan.value <= plan.upper_bound
    event(f"{'some' if pairs else 'no'} pair must meet, {'some' if plan.crossed else 'no'} stop is crossed")


def test_the_bound_of_a_rota_knows_that_its_duty_village_is_still_to_come() -> None:
    """East and north were there, two visits of two villages; west, whose duty it is, was not."""
    rule = CrossRule(pattern="rota", leader="west", separation_s=600)
    problem = two_villages(rule=rule)
    asked = replace(problem, done=made(("p", "east", -1200, -1140), ("p", "north", -300, -240)))
    plan = solve(asked, budget=FEW, seed=1)
    assert violations(asked, plan) == []
    assert "p" in plan.crossed
    assert plan.upper_bound >= plan.value


def test_a_visit_that_counts_for_nobody_still_kept_the_stop_from_being_alone() -> None:
    """A police car was at p; two villages come within the limit of it and of each other."""
    rule = CrossRule(separation_s=600, max_idle_s=2500)
    problem = replace(two_villages(rule=rule), done=made(("p", None, -600, -540)))
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    assert "p" in plan.crossed


def test_visits_that_met_the_rule_in_any_order_are_known() -> None:
    """West and, too soon, east; west again later: east and the second west are far enough apart."""
    done = made(("p", "west", -3000, -2990), ("p", "east", -2900, -2890), ("p", "west", -500, -490))
    problem = replace(two_villages(rule=CrossRule(separation_s=1800)), done=done)
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    assert "p" in plan.crossed
    assert "p" not in set(plan.visits["stop_id"])


def test_a_stop_that_one_village_was_at_needs_the_other_alone() -> None:
    """West was at p at 0 s, so east alone crosses it, from 600 s on; q needs both."""
    problem = replace(two_villages(), done=made(("p", "west", 0, 60)))
    plan = solve(problem, budget=FEW, seed=1)
    at_p = plan.visits[plan.visits["stop_id"] == "p"]
    assert plan.crossed == ("p", "q")
    assert at_p["team_id"].tolist() == ["E"]
    assert at_p["start_s"].iloc[0] >= 600
    assert violations(problem, plan) == []


def test_a_stop_crossed_before_counts_and_nobody_goes_there() -> None:
    problem = replace(two_villages(), done=made(("p", "west", -1200, -1140), ("p", "east", -300, -240)))
    plan = solve(problem, budget=FEW, seed=1)
    assert plan.crossed == ("p", "q")
    assert set(plan.visits["stop_id"]) == {"q"}
    assert violations(problem, plan) == []


def test_a_required_stop_that_somebody_was_at_is_not_required_any_more() -> None:
    stops = [{"stop_id": "r", "node": 1, "prize": 0, "required": True}]
    problem = problem_of(line(0, 100), stops, [{"team_id": "E", "village": "east"}])
    plan = solve(replace(problem, done=made(("r", None, -60, 0))), budget=FEW, seed=1)
    assert plan.visits.empty


def test_visit_made_before_is_first_of_those_that_start_together() -> None:
    """Its window for first visits is over; who comes in the same second comes second."""
    problem = two_villages()
    plan = solve(problem, budget=FEW, seed=1)
    late = plan.visits[plan.visits["stop_id"] == "p"].sort_values("start_s").tail(1)
    start_s = int(late["start_s"].iloc[0])
    windows = pd.DataFrame(
        [("p", 0, start_s - 1, "first")], columns=["stop_id", "start_s", "end_s", "on_visit"]
    )
    alone = replace(plan, visits=late.assign(seq=1), crossed=(), value=0)
    codes = [
        {found.code for found in violations(replace(problem, windows=windows, done=done), alone)}
        for done in (made(), made(("p", None, start_s, start_s + 1)))
    ]
    assert ["window" in found for found in codes] == [True, False]


def test_the_window_of_a_first_visit_is_over_when_somebody_was_there() -> None:
    """p may be opened until 150 s, which nobody but E could; after a visit before, any time will do."""
    window = {"stop_id": "p", "start_s": 0, "end_s": 50, "on_visit": "first"}
    problem = two_villages(windows=[window])
    assert "p" not in solve(problem, budget=FEW, seed=1).crossed
    later = replace(problem, done=made(("p", None, 0, 10)))
    plan = solve(later, budget=FEW, seed=1)
    assert "p" in plan.crossed
    assert violations(later, plan) == []


def test_a_stop_left_alone_too_long_already_cannot_be_crossed() -> None:
    rule = CrossRule(separation_s=600, max_idle_s=1500)
    problem = replace(two_villages(rule=rule), done=made(("p", "east", -5000, -4900), ("p", "west", 0, 60)))
    plan = solve(problem, budget=FEW, seed=1)
    assert "p" not in plan.crossed
    assert "p" in plan.unreachable
    assert violations(problem, plan) == []


def test_a_pinned_team_visits_its_stop_though_another_is_nearer() -> None:
    """q lies near west; east must be there, and the stop is still crossed."""
    problem = replace(two_villages(), pinned=pinned(("E", "q")))
    plan = solve(problem, budget=FEW, seed=1)
    assert "E" in plan.visits.loc[plan.visits["stop_id"] == "q", "team_id"].tolist()
    assert plan.crossed == ("p", "q")
    assert violations(problem, plan) == []


def test_two_visits_that_are_kept_are_both_made() -> None:
    problem = replace(two_villages(), pinned=pinned(("E", "q"), ("W", "q")))
    plan = solve(problem, budget=FEW, seed=1)
    assert sorted(plan.visits.loc[plan.visits["stop_id"] == "q", "team_id"]) == ["E", "W"]
    assert violations(problem, plan) == []


def test_a_stop_without_a_prize_is_visited_by_the_team_it_is_pinned_to() -> None:
    stops = [{"stop_id": "r", "node": 1, "prize": 0, "service_s": 60}]
    teams = [
        {"team_id": "near", "village": "a", "start_node": 1, "end_node": 1},
        {"team_id": "far", "village": "b"},
    ]
    problem = problem_of(line(0, 700), stops, teams)
    plan = solve(replace(problem, pinned=pinned(("far", "r"))), budget=FEW, seed=1)
    assert plan.visits["team_id"].tolist() == ["far"]


def test_a_plan_that_leaves_a_pinned_pair_apart_is_told() -> None:
    plan = solve(two_villages(), budget=FEW, seed=1)
    visits = plan.visits[~((plan.visits["stop_id"] == "q") & (plan.visits["team_id"] == "E"))]
    apart = replace(plan, visits=visits, crossed=("p",), value=3)
    assert [
        found.code for found in violations(replace(two_villages(), pinned=pinned(("E", "q"))), apart)
    ] == ["pinned"]


def test_visits_made_and_pins_are_kept_in_the_plan_file() -> None:
    problem = replace(two_villages(), done=made(("p", "west", 0, 60)), pinned=pinned(("E", "q")))
    plan = solve(problem, budget=FEW, seed=1)
    again = read_plan(plan.to_json(problem)).problem
    assert again is not None
    assert again.same_as(problem)


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        ({"done": made(("x", "west", 0, 60))}, "'x'"),
        ({"done": made(("p", "west", 60, 0))}, "ends at 0 s, before it starts at 60 s"),
        (
            {"pinned": pinned(("E", "p"), ("W", "p")), "rule": CrossRule(visits=1, villages=1)},
            "pinned to 2 teams",
        ),
        ({"pinned": pinned(("X", "p"))}, "'X'"),
        ({"pinned": pinned(("E", "p")), "forbidden": pinned(("E", "p"))}, "pinned and forbidden"),
    ],
)
def test_what_cannot_have_been_or_cannot_be_is_refused(frames: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(two_villages(), **frames)


# --- from the middle of a shift --------------------------------------------------------------------

TOWN = CrossPatrolFamily()
HALF_S = 2 * 3600


@pytest.fixture(scope="module")
def shift() -> tuple[PatrolProblem, PatrolPlan]:
    problem = cross_patrol_problem(3, TOWN)
    return problem, solve(problem, budget=Budget(iterations=(20_000,)), seed=1)


def pairs(plan: PatrolPlan, after_s: int) -> set[tuple[object, object]]:
    rows = plan.visits[plan.visits["start_s"] > after_s]
    return set(zip(rows["team_id"], rows["stop_id"], strict=True))


def test_going_on_as_planned_loses_nothing_and_changes_nothing(
    shift: tuple[PatrolProblem, PatrolPlan],
) -> None:
    problem, plan = shift
    rest = rest_of_shift(problem, plan, HALF_S)
    again = solve(rest, budget=Budget(iterations=(0,)), seed=1, like=plan)
    assert violations(rest, again) == []
    assert again.value == plan.value
    assert pairs(again, HALF_S) == pairs(plan, HALF_S)


def test_when_a_team_drops_out_the_others_change_little(shift: tuple[PatrolProblem, PatrolPlan]) -> None:
    problem, plan = shift
    rest = rest_of_shift(problem, plan, HALF_S, out=[2])
    assert 2 not in set(rest.teams["team_id"])
    kept, anew = (solve(rest, budget=Budget(iterations=(1500,)), seed=1, like=like) for like in (plan, None))
    assert violations(rest, kept) == []
    wanted = {pair for pair in pairs(plan, HALF_S) if pair[0] != 2}
    changed = [len(wanted - pairs(one, HALF_S)) for one in (kept, anew)]
    assert changed[0] < changed[1] / 2
    assert kept.value > sum(problem.stops.set_index("stop_id")["prize"][list(_crossed_by(plan, 2))])


def _crossed_by(plan: PatrolPlan, team: int) -> set[object]:
    """Stops that were crossed without this team by the middle of the shift."""
    begun = plan.visits[(plan.visits["start_s"] <= HALF_S) & (plan.visits["team_id"] != team)]
    counts = begun["stop_id"].value_counts()
    return set(counts.index[counts >= 2]) & set(plan.crossed)


def test_a_team_that_is_bound_goes_on_where_it_stands_when_it_is_free(
    shift: tuple[PatrolProblem, PatrolPlan],
) -> None:
    problem, plan = shift
    rest = rest_of_shift(problem, plan, HALF_S, bound_until={1: HALF_S + 1800})
    start_s = rest.teams.set_index("team_id")["start_s"]
    assert start_s[1] == HALF_S + 1800
    assert start_s.min() >= HALF_S
    again = solve(rest, budget=Budget(iterations=(300,)), seed=1, like=plan)
    assert violations(rest, again) == []
    own = again.visits[again.visits["team_id"] == 1]
    assert (own["arrive_s"] >= HALF_S + 1800).all()


def test_whoever_is_at_a_stop_or_on_the_way_is_free_there() -> None:
    """E walks 100 s to p, stays 60 s, waits, and walks on to q: where it is free, and when."""
    problem = two_villages()
    plan = solve(problem, budget=FEW, seed=1)
    east = plan.visits[plan.visits["team_id"] == "E"].iloc[0]
    node = problem.stops.set_index("stop_id")["node"][east["stop_id"]]
    for now_s in (int(east["arrive_s"]) - 1, int(east["start_s"])):
        team = rest_of_shift(problem, plan, now_s).teams.set_index("team_id").loc["E"]
        wanted_s = east["end_s"] if now_s >= east["start_s"] else east["arrive_s"]
        assert (team["start_node"], team["start_s"]) == (node, wanted_s)


def test_a_break_that_was_held_is_not_held_again() -> None:
    rest = [{"team_id": "E", "earliest_s": 0, "latest_s": 50, "duration_s": 60}]
    problem = two_villages(breaks=[*rest, {**rest[0], "earliest_s": 1500, "latest_s": 2000}])
    plan = solve(problem, budget=FEW, seed=1)
    left = rest_of_shift(problem, plan, 1200)
    assert left.breaks["earliest_s"].tolist() == [1500]


@settings(max_examples=40)
@given(problem=problems(), now_s=st.integers(-100, 3500), data=st.data())
def test_the_rest_of_any_shift_can_be_planned_and_checked(
    problem: PatrolProblem, now_s: int, data: st.DataObject
) -> None:
    try:
        plan = solve(problem, budget=FEW, seed=1)
    except RequiredStopsUnserved:
        assume(False)
    team_ids = problem.teams["team_id"].tolist()
    out = data.draw(st.lists(st.sampled_from(team_ids), max_size=1)) if team_ids else []
    rest = rest_of_shift(problem, plan, now_s, out=out)
    try:
        again = solve(rest, budget=Budget(iterations=(50,)), seed=1, like=plan)
    except RequiredStopsUnserved:
        assert out or now_s > 0
        return
    assert violations(rest, again) == []


def test_a_team_that_is_not_there_is_refused(shift: tuple[PatrolProblem, PatrolPlan]) -> None:
    with pytest.raises(ValueError, match="the problem has no team 99"):
        rest_of_shift(*shift, HALF_S, out=[99])
