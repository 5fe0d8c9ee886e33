"""Plans keep every rule, are never worth more than the best possible, and come out the same again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from patrol_strategies import fitting, line, problem_of, problems, two_villages

from bench.families import CrossPatrolFamily, cross_patrol_problem
from patrols.arrays import problem_arrays
from patrols.bound import upper_bound
from patrols.check import violations
from patrols.outcomes import stop_outcomes
from patrols.plan import PatrolPlan
from patrols.problem import PATTERNS, CrossRule, PatrolProblem
from patrols.reach import reach_of, reachable_stops
from patrols.solve import Budget, RequiredStopsUnserved, first_plan, solve

FEW = Budget(iterations=(200,))


def solved(problem: PatrolProblem, budget: Budget = FEW, seed: int = 1) -> PatrolPlan:
    """The plan of a problem whose required stops can be served."""
    try:
        return solve(problem, budget=budget, seed=seed)
    except RequiredStopsUnserved:
        assume(False)
        raise


# --- every plan is sound -------------------------------------------------------------------------


@settings(max_examples=50)
@given(problem=problems())
def test_every_plan_passes_the_independent_checker(problem: PatrolProblem) -> None:
    plan = solved(problem)
    assert violations(problem, plan) == []
    first = first_plan(problem)
    assert violations(problem, first) == []
    assert first.value <= plan.value <= plan.upper_bound


@settings(max_examples=50)
@given(problem=problems())
def test_stop_nobody_can_cross_is_said(problem: PatrolProblem) -> None:
    plan = solved(problem)
    frame = reachable_stops(problem)
    assert list(plan.unreachable) == frame.loc[~frame["crossable"], "stop_id"].tolist()
    assert not set(plan.unreachable) & set(plan.crossed)
    # A visit shows that its team could go there, whatever the matrices.
    able = frame.set_index("stop_id")["teams"]
    visitors = plan.visits.groupby("stop_id")["team_id"].nunique()
    assert all(able[stop_id] >= count for stop_id, count in visitors.items())


@pytest.mark.parametrize(
    ("villages", "seed", "worth"),
    [(12, 1, 592), (12, 2, 635), (12, 3, 557), (6, 1, 590), (6, 2, 629), (6, 3, 561)],
)
def test_family_is_the_one_whose_figures_are_published(villages: int, seed: int, worth: int) -> None:
    """The published sums of all prizes; a draw more or less before them would change every one."""
    problem = cross_patrol_problem(seed, CrossPatrolFamily(villages=villages))
    assert problem.stops["prize"].sum() == worth


def test_family_of_sixty_stops_passes_and_the_search_beats_its_first_plan() -> None:
    problem = cross_patrol_problem(5, CrossPatrolFamily(places=60, villages=4, teams=6, gates=5))
    plan = solve(problem, budget=Budget(iterations=(3000,)), seed=5)
    assert violations(problem, plan) == []
    assert (plan.method, first_plan(problem).method) == ("search", "greedy")
    assert plan.value > first_plan(problem).value


# --- against the best there is -------------------------------------------------------------------


def best_value(problem: PatrolProblem) -> int:
    """The highest value of any plan, by trying every order of every team.

    For problems without windows, breaks, forbidden pairs, required stops and limits on idleness, and
    with travel times that keep the triangle inequality: then visits that cross nothing can be
    left out, and a crossed stop needs exactly two.
    """
    stops = problem.stops.to_dict("records")
    teams = problem.teams.to_dict("records")
    orders = [order for count in range(len(stops) + 1) for order in permutations(range(len(stops)), count)]
    best = 0
    for chosen in product(orders, repeat=len(teams)):
        visitors = {s: [t for t, order in enumerate(chosen) if s in order] for s in set().union(*chosen)}
        worth = sum(stops[s]["prize"] for s in visitors)
        if worth <= best or any(
            len(t) != 2 or teams[t[0]]["village"] == teams[t[1]]["village"] for t in visitors.values()
        ):
            continue
        for firsts in product(*visitors.values()):
            if any(
                in_time(problem, stops, teams, chosen, dict(zip(visitors, firsts, strict=True)), ways)
                for ways in all_ways(problem, stops, chosen)
            ):
                best = worth
                break
    return best


def all_ways(
    problem: PatrolProblem, stops: list[Any], chosen: tuple[Any, ...]
) -> Iterator[dict[tuple[int, int], bool]]:
    """Every choice of going through stretches forth or back, by team and stop."""
    stretched = set(problem.through["stop_id"])
    pairs = [(t, s) for t, order in enumerate(chosen) for s in order]
    sides = [(False, True) if stops[s]["stop_id"] in stretched else (False,) for _, s in pairs]
    for picked in product(*sides):
        yield dict(zip(pairs, picked, strict=True))


def in_time(
    problem: PatrolProblem,
    stops: list[Any],
    teams: list[Any],
    chosen: tuple[Any, ...],
    first: dict[int, int],
    back: dict[tuple[int, int], bool],
) -> bool:
    """Whether all orders fit their shifts when each stop's second visit waits for its first."""
    ways = {
        (row.stop_id, row.mode): (row.forth_s, row.back_s) for row in problem.through.itertuples(index=False)
    }
    stretched = set(problem.through["stop_id"])
    begun = {(t, s): -(10**6) for t, order in enumerate(chosen) for s in order}
    while True:
        before = dict(begun)
        for t, order in enumerate(chosen):
            team, travel = teams[t], problem.duration_s[teams[t]["mode"]]
            now, here = team["start_s"], team["start_node"]
            for s in order:
                stop = stops[s]
                ends = (stop["node"], stop["end_node"])[:: -1 if back[t, s] else 1]
                through = 0
                if stop["stop_id"] in stretched:
                    through = ways.get((stop["stop_id"], team["mode"]), (-1, -1))[back[t, s]]
                if through < 0:
                    return False
                now += travel[here, ends[0]]
                if first[s] != t:
                    now = max(now, begun[first[s], s] + problem.rule.separation_s)
                begun[t, s] = now
                now, here = now + stop["service_s"] + through, ends[1]
            if order and team["end_node"] >= 0:
                now += travel[here, team["end_node"]]
            if now > team["end_s"]:
                return False
        if begun == before:
            return True


@settings(max_examples=50)
@given(problem=problems(most_stops=3, most_teams=3, plain=True))
def test_plan_is_the_best_there_is_and_the_bound_no_less(problem: PatrolProblem) -> None:
    best = best_value(problem)
    plan = solved(problem, Budget(iterations=(1000,)))
    assert plan.value == best <= plan.upper_bound
    event(f"best value is {'above' if best else ''} 0")


def test_two_villages_cross_both_stops() -> None:
    """Worked by hand in `test_check.SOUND`: both can be crossed, 3 and 2 together, which is all."""
    problem = two_villages()
    plan = solve(problem, budget=FEW, seed=1)
    assert (plan.value, plan.crossed, plan.unreachable, plan.upper_bound) == (5, ("p", "q"), (), 5)
    assert best_value(problem) == 5


def test_bound_follows_from_the_time_there_is() -> None:
    """Two stops of prize 3, 300 s to the left and right of one base; service 100 s, shift 1,000 s.

    A stop costs 100 s and half of 300 s there and back: 400 s. First and last leg give half of
    600 s to the base, so each team has 700 s for stops, both 3.5 stops and a half, that is 1.75
    crossed stops worth 5.25: at most 5. In truth a team visits one stop only (700 s; two take
    1,400 s), so one is crossed: 3.
    """
    stops = [
        {"stop_id": name, "node": node, "prize": 3, "service_s": 100} for node, name in ((1, "l"), (2, "r"))
    ]
    teams = [{"team_id": name, "village": name, "end_s": 1000} for name in "ab"]
    problem = problem_of(line(300, 0, 600), stops, teams, rule=CrossRule(separation_s=200))
    plan = solve(problem, budget=FEW, seed=1)
    assert (plan.value, plan.upper_bound, best_value(problem)) == (3, 5, 3)


def bound_of(problem: PatrolProblem) -> float:
    arrays = problem_arrays(problem)
    return upper_bound(arrays, reach_of(arrays))


@settings(max_examples=30)
@given(problem=problems(), data=st.data())
def test_another_team_or_minute_never_lowers_the_bound(problem: PatrolProblem, data: st.DataObject) -> None:
    assume(len(problem.teams) > 0)
    before = bound_of(problem)
    row = data.draw(st.integers(0, len(problem.teams) - 1))
    extra = problem.teams.iloc[[row]].assign(
        team_id="extra", village=data.draw(st.sampled_from(["a", "d", None])), villages=None
    )
    longer = problem.teams.copy()
    longer.loc[row, "end_s"] += data.draw(st.sampled_from([1, 60, 1000]))
    for teams in (pd.concat([problem.teams, extra]), longer):
        assert bound_of(replace(problem, teams=teams)) >= before


@settings(max_examples=50)
@given(problem=problems(), visits=st.integers(1, 4), data=st.data())
def test_every_rule_is_kept_and_bounded(problem: PatrolProblem, visits: int, data: st.DataObject) -> None:
    villages = data.draw(st.integers(1, visits))
    pattern = data.draw(st.sampled_from(PATTERNS))
    leader = data.draw(st.sampled_from(["a", "b", "nobody's"])) if pattern == "rota" else None
    rule = replace(
        problem.rule,
        pattern=pattern,
        leader=leader,
        visits=visits,
        villages=villages,
        separation_s=data.draw(st.sampled_from([0, 300])),
    )
    mixed = [data.draw(st.integers(1, 3)) if home else 0 for home in problem.teams["village"]]
    stops = fitting(problem.stops, rule)
    asked = replace(problem, rule=rule, stops=stops, teams=problem.teams.assign(villages=mixed))
    plan = solved(asked)
    assert violations(asked, plan) == []
    assert plan.value <= plan.upper_bound
    outcomes = stop_outcomes(asked, plan)
    assert (outcomes == "crossed").sum() == len(plan.crossed)
    event(f"{pattern}: {visits} by {villages} villages cross {'a stop' if plan.crossed else 'nothing'}")


def test_a_mixed_team_crosses_alone_and_a_team_of_one_village_never() -> None:
    stops = [{"stop_id": "p", "node": 1, "service_s": 60}, {"stop_id": "q", "node": 2, "service_s": 60}]
    teams = [
        {"team_id": "mixed", "village": "east", "villages": 2, "end_s": 400},
        {"team_id": "plain", "village": "west", "villages": 1, "start_node": 2},
    ]
    rule = CrossRule(pattern="joint", visits=1, villages=2)
    problem = problem_of(line(0, 100, 900), stops, teams, rule=rule)
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    assert plan.crossed == ("p",)
    assert plan.unreachable == ("q",)
    assert plan.upper_bound == 1
    claimed = replace(
        plan,
        visits=pd.DataFrame([("plain", 1, "q", 0, 0, 60, False)], columns=plan.visits.columns),
        crossed=("q",),
        unreachable=(),
    )
    assert "claim_crossed" in {found.code for found in violations(problem, claimed)}
    assert stop_outcomes(problem, replace(claimed, crossed=(), value=0))["q"] == "few_able"


@pytest.mark.parametrize(("leader", "crossed"), [("north", ("p",)), ("east", ("p",)), ("south", ())])
def test_a_rota_is_led_by_the_duty_village(leader: str, crossed: tuple[str, ...]) -> None:
    """Three teams could each be one of two visits to p; nobody is of the south."""
    teams = [{"team_id": name, "village": name, "end_s": 1400} for name in ("east", "west", "north")]
    rule = CrossRule(pattern="rota", leader=leader, separation_s=600)
    problem = problem_of(line(0, 100), [{"stop_id": "p", "node": 1, "service_s": 60}], teams, rule=rule)
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    assert plan.crossed == crossed
    assert plan.upper_bound == len(crossed)
    if crossed:
        assert leader in set(plan.visits["team_id"])
    others = ("east", "west") if leader != "east" else ("north", "west")
    rows = [
        (team, 1, "p", 100 + k * 600, 100 + k * 600, 160 + k * 600, False) for k, team in enumerate(others)
    ]
    without = replace(plan, visits=pd.DataFrame(rows, columns=plan.visits.columns), crossed=("p",), value=1)
    assert "claim_crossed" in {found.code for found in violations(problem, without)}
    said = stop_outcomes(problem, replace(without, crossed=(), value=0))["p"]
    assert said == ("not_led" if crossed else "few_able")


def test_a_visit_by_a_team_without_a_village_never_counts() -> None:
    """Required, and near the home of such a team: three visits by one village are two with it."""
    rule = CrossRule(visits=3, villages=1, separation_s=300)
    stops = [{"stop_id": name, "node": 1, "prize": 1, "required": True} for name in "pqrs"]
    teams = [
        {"team_id": "near", "village": None, "end_s": 900, "start_node": 1},
        {"team_id": "far", "village": "a", "end_s": 900},
    ]
    problem = problem_of(line(0, 200), stops, teams, rule=rule)
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []


def test_three_visits_by_two_villages_are_made_a_separation_apart() -> None:
    """Two teams at one place: one of them comes twice."""
    rule = CrossRule(visits=3, villages=2, separation_s=600)
    stops = [{"stop_id": "p", "node": 1, "service_s": 60}]
    teams = [{"team_id": n, "village": n} for n in ("east", "west")]
    problem = problem_of(line(0, 100), stops, teams, rule=rule)
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    visits = plan.visits.sort_values("start_s")
    assert plan.crossed == ("p",)
    assert len(visits) == 3
    assert visits["team_id"].nunique() == 2
    assert (visits["start_s"].diff().dropna() >= 600).all()


def test_changing_places_of_two_teams_that_are_alike_changes_nothing() -> None:
    problem = cross_patrol_problem(7, CrossPatrolFamily(places=60, villages=3, teams=6, gates=5))
    one, other = 1, 4
    alike = problem.teams.copy()
    for column in ("village", "mode", "start_node", "end_node"):
        alike.loc[other, column] = alike.loc[one, column]
    swapped = alike.copy()
    swapped.loc[one, "team_id"], swapped.loc[other, "team_id"] = other, one
    plans = [
        solve(replace(problem, teams=teams), budget=Budget(iterations=(500,)), seed=2)
        for teams in (alike, swapped)
    ]
    assert plans[0].value == plans[1].value
    renamed = plans[1].visits.assign(team_id=plans[1].visits["team_id"].replace({one: other, other: one}))
    assert sorted(renamed.itertuples(index=False)) == sorted(plans[0].visits.itertuples(index=False))


# --- demands -------------------------------------------------------------------------------------


def test_required_stop_is_served_though_it_is_worth_nothing() -> None:
    """r is the far end of the street, 1,200 s off, alone; p and q would fill a short shift."""
    stops = [
        {"stop_id": "p", "node": 2, "prize": 5, "service_s": 60},
        {"stop_id": "r", "node": 3, "prize": 0, "service_s": 60, "required": True},
    ]
    teams = [
        {"team_id": n, "village": n, "start_node": k, "end_node": k} for k, n in enumerate(["east", "west"])
    ]
    problem = problem_of(line(0, 100, 50, 1300), stops, teams)
    plan = solve(problem, budget=FEW, seed=1)
    assert "r" in set(plan.visits["stop_id"])
    assert plan.crossed == ("p",)


def test_required_stop_falls_to_the_team_without_a_village() -> None:
    """Its visit costs the villages nothing then."""
    stops = [{"stop_id": "p", "node": 1, "service_s": 60, "required": True, "prize": 0}]
    teams = [{"team_id": "E", "village": "east"}, {"team_id": "police"}]
    plan = first_plan(problem_of(line(0, 100), stops, teams))
    assert plan.visits["team_id"].tolist() == ["police"]


def test_required_stop_out_of_reach_is_refused_by_name() -> None:
    stops = [{"stop_id": name, "node": 1, "required": True} for name in ("far", "farther")]
    problem = problem_of(line(0, 1501), stops, [{"team_id": "E", "village": "east"}])
    with pytest.raises(
        RequiredStopsUnserved, match="required stop 'far' and 1 more: no team can be there"
    ) as refusal:
        solve(problem, budget=FEW, seed=1)
    assert refusal.value.stop_ids == ("far", "farther")


def test_required_stops_that_do_not_fit_together_are_refused() -> None:
    """Each takes 1,600 s of 3,000 s, so one team cannot serve both."""
    stops = [{"stop_id": n, "node": k, "required": True, "service_s": 100} for k, n in ((0, "l"), (2, "r"))]
    team = {"team_id": "E", "village": "east", "start_node": 1, "end_node": 1}
    problem = problem_of(line(0, 750, 1500), stops, [team])
    with pytest.raises(RequiredStopsUnserved, match="no room beside the other required stops"):
        solve(problem, budget=FEW, seed=1)


def test_break_is_kept_free_while_the_stop_is_still_crossed() -> None:
    """E must rest 1,000 s from 300 s on; W opens p or E does before: it is crossed either way."""
    rest = {"team_id": "E", "earliest_s": 300, "latest_s": 400, "duration_s": 1000}
    problem = two_villages(breaks=[rest])
    plan = solve(problem, budget=FEW, seed=1)
    assert violations(problem, plan) == []
    assert "p" in plan.crossed


def test_stop_is_opened_late_enough_for_the_longest_wait() -> None:
    """With at most 1,100 s of waiting until 3,000 s, p needs a visit that lasts beyond 1,900 s.

    Two waits of 1,100 s and two services of 60 s before the end: opened from 680 s on it works.
    """
    stops = [{"stop_id": "p", "node": 1, "service_s": 60}]
    teams = [{"team_id": n, "village": n} for n in ("east", "west")]
    problem = problem_of(line(0, 100), stops, teams, rule=CrossRule(separation_s=600, max_idle_s=1100))
    plan = solve(problem, budget=FEW, seed=1)
    assert plan.crossed == ("p",)
    assert violations(problem, plan) == []


def test_visit_of_the_first_window_comes_first() -> None:
    """The school gate p wants its first visit by 150 s, which only E makes; W follows 600 s later."""
    window = {"stop_id": "p", "start_s": 0, "end_s": 150, "on_visit": "first"}
    problem = two_villages(windows=[window])
    plan = solve(problem, budget=FEW, seed=1)
    visits = plan.visits[plan.visits["stop_id"] == "p"].sort_values("start_s")
    assert visits["team_id"].tolist() == ["E", "W"]
    assert visits["start_s"].iloc[0] <= 150


# --- same again ----------------------------------------------------------------------------------

SMALL = CrossPatrolFamily(places=40, villages=3, teams=6, gates=4)


def test_same_seed_and_iterations_give_the_same_file() -> None:
    problem = cross_patrol_problem(2, SMALL)
    budget = Budget(iterations=(2000, 1500))
    first, again = (solve(problem, budget=budget, seed=3).to_json(problem) for _ in range(2))
    assert first == again


def test_plan_stopped_by_the_clock_can_be_made_again_from_its_iterations() -> None:
    problem = cross_patrol_problem(2, SMALL)
    timed = solve(problem, budget=Budget(seconds=1.0), seed=3)
    again = solve(problem, budget=Budget(iterations=timed.iterations), seed=3)
    assert timed.status == "seconds"
    assert timed.visits.equals(again.visits)
    assert timed.value == again.value


def test_aborted_search_gives_the_best_plan_so_far() -> None:
    problem = cross_patrol_problem(2, SMALL)
    for patience in (0, 30):
        asked = iter(range(10**6))
        plan = solve(
            problem, budget=Budget(seconds=600), seed=3, should_abort=lambda a=asked, p=patience: next(a) >= p
        )
        assert plan.status == "aborted"
        assert (plan.iterations[0] > 0) == (patience > 0)
        assert plan.value >= first_plan(problem).value
        assert violations(problem, plan) == []


def test_load_is_shared_between_the_teams_of_a_village() -> None:
    """Everything lies at one place, a service takes 100 s: W1 and W2 of one village close two stops each."""
    stops = [{"stop_id": name, "node": 0, "service_s": 100} for name in "abcd"]
    teams = [{"team_id": n, "village": v} for n, v in (("E", "east"), ("W1", "west"), ("W2", "west"))]
    plan = solve(problem_of(line(0), stops, teams), budget=FEW, seed=1)
    assert plan.visits["team_id"].value_counts().to_dict() == {"E": 4, "W1": 2, "W2": 2}
    assert plan.value == 4


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({}, "neither seconds nor iterations"),
        ({"seconds": 0}, "a budget of 0 seconds"),
        ({"seconds": float("nan")}, "a budget of nan seconds"),
        ({"iterations": ()}, r"iterations has 0 numbers; give how many"),
        ({"iterations": (5, -1)}, "iterations is -1"),
    ],
)
def test_endless_or_empty_budget_is_refused(numbers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Budget(**numbers)


def test_seed_outside_its_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="seed is -1"):
        solve(two_villages(), budget=FEW, seed=-1)
