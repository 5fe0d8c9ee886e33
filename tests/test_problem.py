"""A patrol problem refuses what cannot be patrolled, naming the value and the remedy."""

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from patrol_strategies import ORIGIN, line, problem_of, two_villages

from patrols.problem import CrossRule, PatrolProblem
from patrols.reach import reachable_stops

PARTS = (
    *("duration_s", "distance_m", "stops", "windows", "teams", "breaks", "forbidden"),
    *("rule", "origin"),
)


def changed(**parts: Any) -> PatrolProblem:
    """The two-villages problem with some parts replaced."""
    whole = two_villages()
    return PatrolProblem(**{name: parts.get(name, getattr(whole, name)) for name in PARTS})


def edited(frame: str, row: int, **values: Any) -> PatrolProblem:
    """The two-villages problem with some cells of a frame replaced."""
    rows = getattr(two_villages(), frame).to_dict("records")
    rows[row] |= values
    return changed(**{frame: pd.DataFrame(rows, dtype=object)})


def rows(**row: Any) -> pd.DataFrame:
    return pd.DataFrame([row])


WINDOW = {"stop_id": "p", "start_s": 0, "end_s": 10, "on_visit": "each"}
BREAK = {"team_id": "E", "earliest_s": 0, "latest_s": 10, "duration_s": 60}


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: edited("stops", 0, prize=-2), r"stop 'p': prize -2 must lie from 0 \(worth nothing\)"),
        (lambda: edited("stops", 0, prize=float("nan")), r"stop 'p': prize is nan; give a number"),
        (lambda: edited("stops", 0, prize=True), r"stop 'p': prize is True; give a number"),
        (lambda: edited("stops", 1, node=4), r"stop 'q': node is 4; it must lie from 0 to 3"),
        (lambda: edited("stops", 1, service_s=-1), r"stop 'q': service_s is -1; it must lie from 0"),
        (lambda: edited("stops", 1, service_s=59.5), r"stop 'q': service_s is 59.5; give a whole number"),
        (lambda: edited("stops", 1, required="no"), r"stop 'q': required is 'no'; give True or False"),
        (lambda: edited("stops", 1, stop_id="p"), r"stop_id 'p' comes twice"),
        (lambda: edited("stops", 1, stop_id=7), r"stop_id mixes texts and numbers"),
        (lambda: edited("stops", 1, stop_id=None), r"stop_id in row 1 is (None|nan); give a text or"),
        (lambda: edited("stops", 0, village=" "), r"stop 'p' has an empty village"),
        (lambda: edited("teams", 0, mode="boat"), r"mode 'boat' has no travel times; known modes: foot"),
        (lambda: edited("teams", 0, start_node=9), r"team 'E': start_node is 9; it must lie from 0 to 3"),
        (lambda: edited("teams", 0, end_node=-2), r"team 'E': end_node is -2; it must lie from -1 to 3"),
        (lambda: edited("teams", 1, end_s=0), r"team 'W': its shift ends at 0 s, not after its start at 0 s"),
        (lambda: edited("teams", 1, team_id="E"), r"team_id 'E' comes twice"),
        (lambda: edited("teams", 1, village=""), r"team 'W' has an empty village"),
        (lambda: changed(windows=rows(**WINDOW | {"stop_id": "x"})), r"a window names the unknown stop 'x'"),
        (lambda: changed(windows=rows(**WINDOW | {"end_s": -1})), r"window of stop 'p' ends at -1 s, before"),
        (lambda: changed(windows=rows(**WINDOW | {"on_visit": "last"})), r"on_visit is 'last'; give 'each'"),
        (lambda: changed(breaks=rows(**BREAK | {"team_id": "X"})), r"a break names the unknown team 'X'"),
        (lambda: changed(breaks=rows(**BREAK | {"duration_s": 0})), r"break of team 'E': duration_s is 0"),
        (lambda: changed(breaks=rows(**BREAK | {"latest_s": -1})), r"team 'E': its breaks .* do not fit"),
        (lambda: changed(breaks=rows(**BREAK | {"duration_s": 3001})), r"do not fit .* from 0 to 3000 s"),
        (lambda: changed(breaks=pd.concat([rows(**BREAK)] * 2)), r"do not fit one after another"),
        (lambda: changed(breaks=pd.concat([rows(**BREAK)] * 5)), r"team 'E' has 5 breaks; give at most 4"),
        (lambda: changed(forbidden=rows(team_id="E", stop_id="x")), r"pair names the unknown stop 'x'"),
        (lambda: changed(forbidden=rows(team_id="X", stop_id="p")), r"pair names the unknown team 'X'"),
        (lambda: changed(stops=two_villages().stops.drop(columns="prize")), r"stops has no column prize"),
        (lambda: changed(duration_s={}), r"duration_s has no mode"),
        (lambda: changed(duration_s={"car": line(0, 1, 2, 3)}), r"in one of duration_s and distance_m only"),
        (lambda: changed(duration_s={"foot": line(0, 1, 2)}), r"first mode is 3 x 3"),
        (lambda: changed(duration_s={"foot": np.zeros((4, 3), int)}), r"is 4 x 3; give a square matrix"),
        (lambda: changed(duration_s={"foot": line(0, 1, 2, 3) / 2}), r"float64; give whole numbers"),
        (lambda: changed(duration_s={"foot": line(0, 1, 2, 3) - 2}), r"node 0 to node 0 is -2; give -1 for"),
        (lambda: changed(duration_s={"foot": line(0, 1, 2, 3) + 1}), r"from node 0 to itself is 1; give 0"),
        (lambda: changed(duration_s={"foot": one_way()}), r"from node 0 to node 1 only one .* is -1"),
        (lambda: changed(origin=datetime(2026, 1, 1)), r"origin 2026-01-01T00:00:00 has no time zone"),
        (lambda: CrossRule(pattern="relay"), r"pattern 'relay' is not known; give one of separate, joint"),
        (lambda: CrossRule(within="year"), r"within 'year' is not known; give one of shift, week, month"),
        (lambda: CrossRule(pattern="rota", within="week"), r"a rota is within one shift, not a week"),
        (lambda: CrossRule(leader="east"), r"'separate' has the duty village 'east'; only a rota has one"),
        (lambda: changed(rule=CrossRule(pattern="rota")), r"a rota without a duty village; name its leader"),
        (lambda: CrossRule(pattern="joint", villages=13), r"villages is 13"),
        (lambda: changed(teams=two_villages().teams.assign(villages=0)), r"'E': villages is 0"),
        (lambda: CrossRule(visits=5), r"visits is 5"),
        (lambda: CrossRule(visits=2, villages=3), r"villages is 3"),
        (lambda: CrossRule(separation_s=-1), r"separation_s is -1"),
        (lambda: CrossRule(max_idle_s=0), r"max_idle_s is 0"),
        (lambda: CrossRule(max_idle_s=7200, within="week"), r"7200 s, but shifts of a week lie a day apart"),
    ],
)  # fmt: skip
def test_bad_value_is_refused_with_its_limit_and_remedy(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()


def one_way() -> np.ndarray:
    """Travel without a way from node 0 to node 1."""
    matrix = line(0, 600, 100, 400)
    matrix[0, 1] = -1
    return matrix


@pytest.mark.parametrize(
    ("part", "value"), [("stops", [1, 2]), ("rule", "separate"), ("origin", "2026-01-01T00:00:00Z")]
)
def test_part_of_the_wrong_type_is_refused(part: str, value: Any) -> None:
    with pytest.raises(TypeError, match=part):
        changed(**{part: value})


def test_problem_keeps_its_own_copy() -> None:
    """What the caller does to a frame or a matrix afterwards does not reach the problem."""
    matrix, stops = line(0, 600, 100, 400), two_villages().stops
    problem = changed(duration_s={"foot": matrix}, distance_m={"foot": matrix}, stops=stops)
    matrix[0, 1] = 5
    stops.loc[0, "prize"] = 99
    assert problem.duration_s["foot"][0, 1] == 600
    assert problem.stops.loc[0, "prize"] == 3
    with pytest.raises(ValueError, match="read-only"):
        problem.duration_s["foot"][0, 1] = 5


def test_whole_numbers_that_pandas_made_floats_are_read() -> None:
    """A column of seconds beside a gap becomes floats in pandas; 60.0 s is still 60 s."""
    problem = edited("stops", 0, service_s=60.0, village=float("nan"))
    assert problem.stops["service_s"].tolist() == [60, 60]
    assert problem.stops["village"].tolist() == [None, None]


def test_problem_survives_pickling() -> None:
    problem = two_villages(windows=[WINDOW])
    assert pickle.loads(pickle.dumps(problem)).same_as(problem)
    assert not edited("stops", 0, prize=4).same_as(problem)


def test_stops_nobody_can_cross_are_told_apart() -> None:
    """Worked by hand on a street: bases of a and b at its end, of c on an island (node 2).

    near is 100 s off: a and b can both go and be back within 3,000 s. far is 1,480 s off, 2,960 s
    both ways, and its service of 60 s makes it 3,020 s: nobody. isle is c's own: one team. late
    opens after everybody must have left it.
    """
    travel = np.full((6, 6), -1)
    travel[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = line(0, 0, 100, 1480)
    travel[np.ix_([2, 5], [2, 5])] = line(0, 50)
    stops = [
        {"stop_id": "near", "node": 3, "service_s": 60},
        {"stop_id": "far", "node": 4, "service_s": 60},
        {"stop_id": "isle", "node": 5, "service_s": 60},
        {"stop_id": "late", "node": 3, "service_s": 60},
    ]
    teams = [
        {"team_id": name, "village": name, "start_node": node, "end_node": node}
        for node, name in enumerate(["a", "b", "c"])
    ]
    # The last service at 100 s from the base starts at 3000 - 100 - 60 = 2840 s.
    window = {"stop_id": "late", "start_s": 2841, "end_s": 5000}
    problem = problem_of(travel, stops, teams, windows=[window])
    found = reachable_stops(problem)
    assert found["stop_id"].tolist() == ["near", "far", "isle", "late"]
    assert found["teams"].tolist() == [2, 0, 1, 0]
    assert found["villages"].tolist() == [2, 0, 1, 0]
    assert found["crossable"].tolist() == [True, False, False, False]


def test_team_without_a_village_reaches_but_is_no_village() -> None:
    teams = [{"team_id": "E", "village": "east"}, {"team_id": "police"}, {"team_id": "police 2"}]
    problem = problem_of(line(0, 100), [{"stop_id": "p", "node": 1}], teams)
    row = reachable_stops(problem).iloc[0]
    assert (row["teams"], row["villages"], bool(row["crossable"])) == (3, 1, False)


def test_breaks_count_against_reach_by_their_length() -> None:
    """100 s there, 60 s service, 100 s back: 2,740 s of breaks just fit, 2,741 s do not."""
    for rest, teams in ((2740, 1), (2741, 0)):
        problem = problem_of(
            line(0, 100),
            [{"stop_id": "p", "node": 1, "service_s": 60}],
            [{"team_id": "E", "village": "east"}],
            breaks=[{"team_id": "E", "earliest_s": 0, "latest_s": 500, "duration_s": rest}],
        )
        assert reachable_stops(problem)["teams"].tolist() == [teams]


def test_first_visit_needs_a_team_that_comes_early_enough() -> None:
    """Both villages can be at p by 500 s at the earliest; a first visit before 90 s is beyond both."""
    window = {"stop_id": "p", "start_s": 0, "end_s": 90, "on_visit": "first"}
    assert reachable_stops(two_villages(windows=[window]))["crossable"].tolist() == [False, True]
    assert reachable_stops(two_villages(windows=[window | {"end_s": 100}]))["crossable"].all()


def test_span_runs_from_the_first_start_to_the_last_end() -> None:
    teams = [{"team_id": 1, "start_s": -600, "end_s": 60}, {"team_id": 2, "start_s": 0, "end_s": 7200}]
    problem = problem_of(line(0, 1), [{"stop_id": 5, "node": 1}], teams)
    assert problem.span_s == (-600, 7200)
    assert problem.origin == ORIGIN
