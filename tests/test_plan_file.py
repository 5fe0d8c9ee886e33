"""A plan file gives back what was written, number for number; anything else is refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from patrol_strategies import problem_of, problems, two_villages

from geo.errors import InputRefused
from patrols.check import violations
from patrols.plan import FORMAT, PatrolPlan, read_plan
from patrols.problem import PatrolProblem
from patrols.solve import RequiredStopsUnserved, first_plan


@settings(max_examples=40)
@given(problem=problems())
def test_file_gives_back_problem_and_plan(problem: PatrolProblem) -> None:
    try:
        plan = first_plan(problem)
    except RequiredStopsUnserved:
        assume(False)
    text = plan.to_json(problem, road_revision="r7")
    read = read_plan(text)
    assert read.problem is not None
    assert read.problem.same_as(problem)
    assert read.plan.same_as(plan)
    assert read.road_revision == "r7"
    assert read.plan.to_json(read.problem, road_revision="r7") == text
    assert violations(read.problem, read.plan) == []


def test_numbers_and_fractions_stay_what_they_are() -> None:
    """Whole identifiers stay numbers, and a prize of 0.1 + 0.2 stays that and not 0.3."""
    problem = problem_of(
        np.zeros((1, 1), int),
        [{"stop_id": 4, "node": 0, "prize": 0.1 + 0.2, "village": "中寨"}],
        [{"team_id": 9, "village": "上寨"}],
    )
    plan = first_plan(problem)
    read = read_plan(plan.to_json(problem))
    assert read.problem is not None
    assert read.problem.stops.loc[0, "prize"] == 0.1 + 0.2
    assert read.problem.stops.loc[0, "village"] == "中寨"
    assert read.problem.teams["team_id"].dtype == "int64"
    assert read.road_revision is None


def test_file_without_a_problem_still_gives_the_plan() -> None:
    plan = first_plan(two_villages())
    assert PatrolPlan.from_json(plan.to_json()).same_as(plan)
    assert read_plan(plan.to_json()).problem is None


def written() -> dict[str, Any]:
    """A sound file as a document."""
    problem = two_villages()
    return json.loads(first_plan(problem).to_json(problem))


def test_format_is_named_in_the_file() -> None:
    assert list(written()) == ["format", "problem", "plan", "road_revision"]
    assert written()["format"] == FORMAT == "lianfang-plan/1"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("format", "lianfang-plan/2", "format 'lianfang-plan/2', this program reads 'lianfang-plan/1'"),
        ("format", "gpx", "format is 'gpx', not 'lianfang-plan/1'"),
        ("format", None, "format is None"),
        ("plan", None, "plan is not an object"),
        ("problem", 3, "problem is not an object"),
        ("road_revision", 7, "road_revision is 7"),
        ("plan/visits/start_s", [0.5], "differ in length"),
        ("plan/visits/start_s", [0.5] * 4, "start_s in row 0 is 0.5; give a whole number"),
        ("plan/status", "perfect", "status is 'perfect'; give one of"),
        ("plan/value", -1, "value is -1"),
        ("plan/crossed", "pq", "crossed is 'pq'; give a sequence"),
        ("plan/seed", -1, "seed is -1"),
        ("problem/stops/prize", [-1, 2], "stop 'p': prize -1"),
        ("problem/duration_s/foot", [[0, 1], [1]], "damaged"),
        ("problem/duration_s/foot", [[0, 1.5], [1, 0]], "whole numbers"),
        ("problem/rule/pattern", "relay", "pattern 'relay' is not known"),
        ("problem/origin", "yesterday", "Invalid isoformat"),
        ("problem/teams", [1], "teams is not a table"),
    ],
)
def test_damaged_or_foreign_file_is_refused(path: str, value: Any, sentence: str) -> None:
    document = written()
    *parents, last = path.split("/")
    inner = document
    for name in parents:
        inner = inner[name]
    assert last in inner
    inner[last] = value
    with pytest.raises(InputRefused, match=sentence) as refusal:
        read_plan(json.dumps(document))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "path",
    [
        *("problem", "plan", "road_revision", "plan/visits", "plan/visits/seq", "plan/method"),
        *("problem/rule", "problem/rule/separation_s", "problem/windows", "problem/stops/prize"),
        "problem/origin",
    ],
)
def test_file_with_a_part_missing_is_refused_by_its_name(path: str) -> None:
    """A missing part is never filled with a default."""
    document = written()
    *parents, last = path.split("/")
    inner = document
    for name in parents:
        inner = inner[name]
    del inner[last]
    with pytest.raises(InputRefused, match=f"no (column )?'?{last}"):
        read_plan(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "NaN", '{"format": Infinity}', "[" * 100_000])
def test_text_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match="plan file"):
        read_plan(text)


def test_plan_refuses_times_that_are_not_whole() -> None:
    visits = pd.DataFrame(
        [("E", 1, "p", 0.5, 1, 2)], columns=["team_id", "seq", "stop_id", "arrive_s", "start_s", "end_s"]
    )
    with pytest.raises(ValueError, match=r"arrive_s in row 0 is 0\.5"):
        PatrolPlan(visits, 0, (), (), 0, 1, (0, 0), "iterations")
    with pytest.raises(ValueError, match="no column end_s"):
        PatrolPlan(visits.drop(columns="end_s"), 0, (), (), 0, 1, (0, 0), "iterations")
