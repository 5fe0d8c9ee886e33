"""Times of a plan whose orders a person changed: by hand on one street, and laws against the checker."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patrol_strategies import line, problem_of, problems, two_villages

from geo.errors import LianfangError
from patrols.by_hand import by_hand
from patrols.check import violations
from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.solve import Budget, RequiredStopsUnserved, solve

FEW = Budget(iterations=(60, 50))
CLAIMS = {"claim_crossed", "claim_value", "unknown_id", "overlap", "time_travel"}


def solved(problem: PatrolProblem) -> PatrolPlan | None:
    """A plan of the solver; None where the required stops cannot be served."""
    try:
        return solve(problem, budget=FEW, seed=1)
    except RequiredStopsUnserved:
        return None


def orders_of(plan: PatrolPlan) -> dict[str, list[str]]:
    rows = plan.visits.sort_values("seq", kind="stable")
    return {team: own["stop_id"].tolist() for team, own in rows.groupby("team_id")}


def times(plan: PatrolPlan) -> dict[tuple[str, str], int]:
    rows = plan.visits
    return dict(
        zip(zip(rows["team_id"], rows["stop_id"], strict=True), rows["start_s"].tolist(), strict=True)
    )


def codes(problem: PatrolProblem, plan: PatrolPlan) -> list[str]:
    return [one.code for one in violations(problem, plan)]


@settings(max_examples=150, deadline=None)
@given(problem=problems(), visits=st.integers(1, 3), data=st.data())
def test_a_plan_of_the_solver_stays_sound_and_is_nowhere_later(problem, visits, data):
    """Whatever its demands: no rule is broken, no visit is later, and it is worth no less."""
    rule = data.draw(st.sampled_from(["separate", "joint", "rota"]))
    leader = "a" if rule == "rota" else None
    most = data.draw(st.integers(1, visits))
    found = replace(problem.rule, pattern=rule, visits=visits, villages=most, leader=leader)
    # What a stop asks for instead of the rule must be possible under the rule.
    asked = problem.stops["villages"].clip(upper=0 if rule == "joint" else visits)
    problem = replace(problem, rule=found, stops=problem.stops.assign(villages=asked))
    plan = solved(problem)
    if plan is None:
        return
    again = by_hand(problem, orders_of(plan), plan)
    assert violations(problem, again) == []
    columns = ["team_id", "seq", "stop_id"]
    both = plan.visits.merge(again.visits, on=columns, validate="one_to_one")
    assert len(both) == len(plan.visits) == len(again.visits)
    assert (both["start_s_y"] <= both["start_s_x"]).all()
    assert again.value >= plan.value


@settings(max_examples=150, deadline=None)
@given(problem=problems(), data=st.data())
def test_whatever_is_dragged_its_claims_are_true_and_its_times_are_possible(problem, data):
    """A visit goes to another team, or anywhere else in its own order: what cannot be is said by the checker
    alone, and no time is one that nobody can keep."""
    plan = solved(problem)
    if plan is None or plan.visits.empty:
        return
    orders = {team: [] for team in problem.teams["team_id"]} | orders_of(plan)
    away = data.draw(st.sampled_from([team for team in orders if orders[team]]))
    stop = orders[away].pop(data.draw(st.integers(0, len(orders[away]) - 1)))
    to = data.draw(st.sampled_from(sorted(orders)))
    orders[to].insert(data.draw(st.integers(0, len(orders[to]))), stop)
    try:
        changed = by_hand(problem, orders, plan)
    except LianfangError as refused:
        assert "has no way" in str(refused)
        return
    assert orders_of(changed) == {team: stops for team, stops in orders.items() if stops}
    assert not CLAIMS & set(codes(problem, changed))


# --- worked by hand: one street, east's base at 0 s, p at 100 s, q at 400 s, west's base at 600 s -------


def sound_plan(**more) -> tuple[PatrolProblem, PatrolPlan]:
    """East serves p at 100 and q at 460; west q at 1,060, 600 s after east, and p at 1,420."""
    problem = two_villages(**more)
    rows = [
        ("E", 1, "p", 100, 100, 160),
        ("E", 2, "q", 460, 460, 520),
        ("W", 1, "q", 200, 1060, 1120),
        ("W", 2, "p", 1420, 1420, 1480),
    ]
    frame = pd.DataFrame(rows, columns=["team_id", "seq", "stop_id", "arrive_s", "start_s", "end_s"])
    plan = PatrolPlan(frame, 5, ("p", "q"), (), 5, 1, (0,), "iterations")
    assert codes(problem, plan) == []
    return problem, plan


def test_an_order_turned_round_makes_whoever_waits_wait():
    """West goes to p first: from 600 s straight there, at 500; it must wait for the 600 s after east, to 700.
    Then q at 1,060. East is as it was."""
    problem, plan = sound_plan()
    changed = by_hand(problem, {"E": ["p", "q"], "W": ["p", "q"]}, plan)
    assert times(changed) == {("E", "p"): 100, ("E", "q"): 460, ("W", "p"): 700, ("W", "q"): 1060}
    assert (changed.value, changed.crossed) == (5, ("p", "q"))
    assert codes(problem, changed) == []


def test_who_came_first_before_comes_first_again():
    """Both orders turned round: east serves q at 400 and p at 760. West could be first at p, at 500; but east
    was, and so the rest of the evening stays as it was: west waits to 1,360, and is at q at 1,720."""
    problem, plan = sound_plan()
    changed = by_hand(problem, {"E": ["q", "p"], "W": ["p", "q"]}, plan)
    assert times(changed) == {("E", "q"): 400, ("E", "p"): 760, ("W", "p"): 1360, ("W", "q"): 1720}
    assert changed.value == 5 and codes(problem, changed) == []


def test_turns_are_changed_where_else_a_rule_would_be_broken():
    """As before, but west must be back by 1,500: it is at p first, at 500, and waits at q to 1,000; east
    waits at p to 1,100."""
    problem, plan = sound_plan()
    problem = replace(problem, teams=problem.teams.assign(end_s=[3000, 1500]))
    changed = by_hand(problem, {"E": ["q", "p"], "W": ["p", "q"]}, plan)
    assert times(changed) == {("E", "q"): 400, ("E", "p"): 1100, ("W", "p"): 500, ("W", "q"): 1000}
    assert changed.value == 5 and codes(problem, changed) == []


def test_a_visit_that_is_taken_away_leaves_its_stop_uncrossed():
    """And nobody waits at q any more: west is there at 200, at p at 700, 600 s after east."""
    problem, plan = sound_plan()
    changed = by_hand(problem, {"E": ["p"], "W": ["q", "p"]}, plan)
    assert times(changed) == {("E", "p"): 100, ("W", "q"): 200, ("W", "p"): 700}
    assert (changed.value, changed.crossed) == (3, ("p",)) and codes(problem, changed) == []


def test_waiting_is_given_up_where_it_would_break_a_rule():
    """West must be back, 200 s away from q, by 1,200: it cannot wait for east at q, and goes at once. Nor can
    east wait for west, to 800: it must be back, 400 s away, by 1,000."""
    problem, plan = sound_plan()
    problem = replace(problem, teams=problem.teams.assign(end_s=[1000, 1200]))
    changed = by_hand(problem, {"E": ["p", "q"], "W": ["q"]}, plan)
    assert times(changed)["W", "q"] == 200
    assert changed.crossed == () and codes(problem, changed) == []


def test_what_does_not_fit_is_late_and_the_checker_says_so():
    """West back from p after q by 700: it cannot be. It is there as soon as it can, 1,260 s at its base."""
    problem, plan = sound_plan()
    problem = replace(problem, teams=problem.teams.assign(end_s=[3000, 700]))
    changed = by_hand(problem, {"W": ["q", "p"]}, plan)
    assert times(changed) == {("W", "q"): 200, ("W", "p"): 560}
    late = violations(problem, changed)
    assert [(one.code, one.team_id, one.value) for one in late] == [("shift", "W", 1120)]


def test_a_visit_past_its_windows_is_made_when_the_team_is_there():
    windows = [{"stop_id": "q", "start_s": 0, "end_s": 430}]
    problem, plan = two_villages(windows=windows), sound_plan()[1]
    changed = by_hand(problem, {"E": ["p", "q"], "W": []}, plan)
    assert times(changed) == {("E", "p"): 100, ("E", "q"): 460}
    assert codes(problem, changed) == ["window"]


def test_a_break_finds_room_in_a_wait():
    """East rests for 300 s from 1,000 on; west waits 860 s at q and rests there for 600 from 250 on."""
    breaks = [
        {"team_id": "E", "earliest_s": 1000, "latest_s": 1200, "duration_s": 300},
        {"team_id": "W", "earliest_s": 250, "latest_s": 400, "duration_s": 600},
    ]
    problem, plan = sound_plan(breaks=breaks)
    for orders in ({"E": ["p", "q"], "W": ["q", "p"]}, {"E": ["p", "q"], "W": ["p", "q"]}):
        changed = by_hand(problem, orders, plan)
        assert changed.value == 5 and codes(problem, changed) == []
    # Turned round it rests at its base first, to 850, and is at p at 1,350.
    assert times(changed)["W", "p"] in (1100, 1350)


def test_nobody_is_sent_where_there_is_no_way():
    far = line(0, 600, 100, 400)
    far[:, 3], far[3, :] = -1, -1
    far[3, 3] = 0
    problem = problem_of(
        {"foot": far, "car": line(0, 600, 100, 400)},
        [{"stop_id": "p", "node": 2}, {"stop_id": "q", "node": 3}],
        [{"team_id": "E", "village": "e"}, {"team_id": "C", "village": "c", "mode": "car"}],
        rule=CrossRule(separation_s=600),
    )
    plan = solve(problem, budget=FEW, seed=1)
    assert times(by_hand(problem, {"C": ["q"]}, plan)) == {("C", "q"): 400}
    with pytest.raises(LianfangError, match="team 'E' has no way to stop 'q'"):
        by_hand(problem, {"E": ["q"]}, plan)


@pytest.mark.parametrize("orders", [{"X": ["p"]}, {"E": ["x"]}])
def test_unknown_teams_and_stops_are_refused(orders):
    problem, plan = sound_plan()
    with pytest.raises(LianfangError, match="the plan has no"):
        by_hand(problem, orders, plan)


def test_a_stretch_is_gone_through_the_shorter_way_round():
    """From 100 s to 400 s of the street, 300 s on foot: east enters at its near end at 100, west could at its
    own at 200; it waits for 600 s after east, and is through at 1,000."""
    problem = problem_of(
        line(0, 600, 100, 400),
        [{"stop_id": "r", "node": 2}],
        [
            {"team_id": "E", "village": "e", "start_node": 0, "end_node": 1},
            {"team_id": "W", "village": "w", "start_node": 1, "end_node": 0},
        ],
    )
    through = {"stop_id": "r", "mode": "foot", "forth_s": 300, "forth_m": 300, "back_s": 300, "back_m": 300}
    problem = replace(problem, stops=problem.stops.assign(end_node=3), through=pd.DataFrame([through]))
    nothing = PatrolPlan(solve(problem, budget=FEW, seed=1).visits.iloc[:0], 0, (), (), 1, 1, (0,), "aborted")
    changed = by_hand(problem, {"E": ["r"], "W": ["r"]}, nothing)
    columns = ["team_id", "start_s", "end_s", "backwards"]
    assert changed.visits[columns].values.tolist() == [["E", 100, 400, False], ["W", 700, 1000, True]]
    assert changed.crossed == ("r",) and codes(problem, changed) == []
