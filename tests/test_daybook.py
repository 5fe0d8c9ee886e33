"""Each team's shift without a hole, and what became of every stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from patrol_strategies import line, problem_of, problems, two_villages
from test_check import moved, plan_of

from patrols.daybook import KINDS, daybook
from patrols.outcomes import OUTCOMES, ground_matrix, stop_outcomes
from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.solve import RequiredStopsUnserved, first_plan


def rows_of(problem, plan, team):
    book = daybook(problem, plan)
    rows = book[book["team_id"] == team]
    return [
        (kind, start, end, stop)
        for kind, start, end, stop in zip(
            rows["kind"], rows["start_s"], rows["end_s"], rows["stop_id"], strict=True
        )
    ]


def test_a_shift_worked_by_hand():
    """East walks 100 s to p, serves it, walks 300 s to q, waits 340 s for the separation, and walks home."""
    book = rows_of(two_villages(), plan_of(), "E")
    assert book == [
        ("travel", 0, 100, "p"),
        ("visit", 100, 160, "p"),
        ("travel", 160, 460, "q"),
        ("wait", 460, 800, None),
        ("visit", 800, 860, "q"),
        ("travel", 860, 1260, None),
    ]


def test_a_break_lies_in_the_earliest_room_there_is():
    """Before q, where East waits; one that begins later is held before the way home, or at home."""
    held = {"team_id": "E", "earliest_s": 500, "latest_s": 600, "duration_s": 200}
    book = rows_of(two_villages(breaks=[held]), plan_of(), "E")
    assert book[3:6] == [("wait", 460, 500, None), ("break", 500, 700, None), ("wait", 700, 800, None)]
    held |= {"earliest_s": 900, "latest_s": 2000}
    book = rows_of(two_villages(breaks=[held]), plan_of(), "E")
    assert book[-3:] == [
        ("wait", 860, 900, None),
        ("break", 900, 1100, None),
        ("travel", 1100, 1500, None),
    ]
    held |= {"earliest_s": 2500, "latest_s": 2700}
    assert rows_of(two_villages(breaks=[held]), plan_of(), "E")[-3:] == [
        ("travel", 860, 1260, None),
        ("wait", 1260, 2500, None),
        ("break", 2500, 2700, None),
    ]


def test_breaks_without_room_are_left_out_and_the_rest_is_told():
    """From 100 to 300 East is at p, and then on its way to q until 460."""
    breaks = [{"team_id": "E", "earliest_s": 100, "latest_s": 300, "duration_s": 200}]
    kinds = [row[0] for row in rows_of(two_villages(breaks=breaks), plan_of(), "E")]
    assert "break" not in kinds and kinds.count("visit") == 2


def test_a_way_that_is_too_short_is_as_long_as_the_plan_says():
    """The checker refuses it; the page must still show when the team is where."""
    book = rows_of(two_villages(), plan_of(moved(1, arrive_s=200, start_s=200, end_s=260)), "E")
    assert book[:4] == [
        ("travel", 0, 100, "p"),
        ("visit", 100, 160, "p"),
        ("travel", 160, 200, "q"),
        ("visit", 200, 260, "q"),
    ]


def test_a_team_without_visits_has_no_row():
    plan = plan_of(tuple(row for row in plan_of().visits.itertuples(index=False, name=None) if row[0] == "W"))
    assert set(daybook(two_villages(), plan)["team_id"]) == {"W"}


def planned(problem: PatrolProblem) -> PatrolPlan:
    try:
        return first_plan(problem)
    except RequiredStopsUnserved:
        assume(False)
        raise


@settings(max_examples=80)
@given(problem=problems())
def test_a_shift_has_no_hole_and_holds_all_that_belongs_to_it(problem: PatrolProblem) -> None:
    """From its start to its return one thing follows another; visits, ways and breaks are those asked."""
    plan = planned(problem)
    book = daybook(problem, plan)
    assert set(book["kind"]) <= set(KINDS)
    for team in problem.teams.itertuples(index=False):
        own = book[book["team_id"] == team.team_id]
        visits = plan.visits[plan.visits["team_id"] == team.team_id]
        if visits.empty:
            assert own.empty
            continue
        at = own[["start_s", "end_s"]].to_numpy()
        assert (at[:, 0] < at[:, 1]).all() or own.empty
        assert np.array_equal(at[1:, 0], at[:-1, 1])
        if len(at):
            assert at[0, 0] == team.start_s and at[-1, 1] <= team.end_s
        served = visits[visits["start_s"] < visits["end_s"]].sort_values("seq")
        shown = own[own["kind"] == "visit"]
        assert shown[["stop_id", "start_s", "end_s"]].to_numpy().tolist() == (
            served[["stop_id", "start_s", "end_s"]].to_numpy().tolist()
        )
        held = own[own["kind"] == "break"]
        asked = problem.breaks[problem.breaks["team_id"] == team.team_id]
        assert sorted(held["end_s"] - held["start_s"]) == sorted(asked["duration_s"])
        ends = problem.stops.set_index("stop_id")[["node", "end_node"]]
        here, ways = team.start_node, []
        for visit in visits.sort_values("seq").itertuples(index=False):
            begin, over = ends.loc[visit.stop_id].tolist()[:: -1 if visit.backwards else 1]
            ways.append(int(problem.duration_s[team.mode][here, begin]))
            here = over
        if team.end_node >= 0:
            ways.append(int(problem.duration_s[team.mode][here, team.end_node]))
        travel = own[own["kind"] == "travel"]
        assert (travel["end_s"] - travel["start_s"]).tolist() == [way for way in ways if way]


# --- what became of every stop --------------------------------------------------------------------


def outcomes(problem, visits, crossed=()):
    return stop_outcomes(problem, plan_of(visits, crossed=crossed)).to_dict()


E_P, E_Q = ("E", 1, "p", 100, 100, 160), ("E", 2, "q", 460, 800, 860)


@pytest.mark.parametrize(
    ("visits", "outcome"),
    [
        ((), "unvisited"),
        ((E_P,), "few_visits"),
        ((E_P, ("E", 2, "p", 160, 900, 960)), "few_villages"),
        ((E_P, ("W", 1, "p", 500, 500, 560)), "too_close"),
        ((("P", 1, "p", 100, 100, 160),), "no_village"),
    ],
)
def test_why_a_stop_is_not_crossed(visits, outcome):
    """East, West and a police car; the separation is 600 s."""
    police = {"team_id": "P", "village": None, "start_node": 0, "end_node": 0}
    whole = two_villages()
    problem = problem_of(
        dict(whole.duration_s),
        whole.stops.to_dict("records"),
        [*whole.teams.to_dict("records"), police],
        rule=whole.rule,
    )
    assert outcomes(problem, visits)["p"] == outcome


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (CrossRule(visits=3, villages=2, separation_s=600), "few_visits"),
        (CrossRule(visits=2, villages=2, separation_s=300), "too_idle"),
        (CrossRule(visits=1, villages=1, separation_s=600), "too_idle"),
    ],
)
def test_other_rules_ask_for_other_visits(rule, outcome):
    """Two visits, of east and west, 400 s apart: of the rules that they meet only idleness is left."""
    assert outcomes(two_villages(rule=rule), (E_P, ("W", 1, "p", 500, 500, 560)))["p"] == outcome


def test_visits_made_before_the_plan_begins_count():
    """West was at p at 50; east comes at 100, which is too close, and not the only visit."""
    made = pd.DataFrame([{"stop_id": "p", "village": "west", "start_s": 50, "end_s": 90}])
    problem = replace(two_villages(), done=made)
    assert outcomes(problem, (E_P,)) == {"p": "too_close", "q": "unvisited"}
    assert outcomes(problem, ())["p"] == "few_visits"


def test_crossed_stops_are_those_the_plan_names():
    assert outcomes(two_villages(), plan_of().visits.itertuples(index=False, name=None), ("p", "q")) == {
        "p": "crossed",
        "q": "crossed",
    }


def test_a_stop_that_is_left_alone_too_long_is_told():
    """Visited at 100 and 700, then nobody until the span ends at 3,000."""
    problem = two_villages(rule=CrossRule(separation_s=600, max_idle_s=700))
    assert outcomes(problem, (E_P, ("W", 1, "p", 500, 700, 760)))["p"] == "too_idle"


def test_a_stop_out_of_reach_says_for_whom():
    """Nobody can go to q; only East can go to p."""
    problem = two_villages(
        forbidden=[
            {"team_id": "E", "stop_id": "q"},
            {"team_id": "W", "stop_id": "q"},
            {"team_id": "W", "stop_id": "p"},
        ]
    )
    assert outcomes(problem, (E_P,)) == {"p": "few_able", "q": "out_of_reach"}


@settings(max_examples=40)
@given(problem=problems())
def test_every_stop_has_an_outcome_that_the_plan_agrees_with(problem: PatrolProblem) -> None:
    plan = planned(problem)
    found = stop_outcomes(problem, plan)
    assert found.index.tolist() == problem.stops["stop_id"].tolist()
    assert set(found) <= set(OUTCOMES)
    assert set(found.index[found == "crossed"]) == set(plan.crossed)
    lost = found.isin(["out_of_reach", "few_able"])
    assert set(found.index[lost]) == set(plan.unreachable)


def test_whose_teams_visited_whose_ground():
    """East went to its own ground once and to the west twice; the police went to the west and outside all."""
    visits = pd.DataFrame(
        {
            "home": ["east", "east", "east", None, None, "west"],
            "ground": ["west", "west", "east", "west", None, "east"],
        }
    )
    table = ground_matrix(visits)
    assert table.index.tolist() == ["east", "west", ""] == table.columns.tolist()
    assert table.to_numpy().tolist() == [[1, 2, 0], [1, 0, 0], [0, 1, 1]]
    assert ground_matrix(visits.iloc[:0]).empty


def test_a_line_is_as_long_as_its_ways():
    """The helper of these tests, by hand."""
    assert line(0, 600)[0, 1] == 600
