"""The checker finds each kind of damage in a plan worked out by hand, and nothing in the sound plan."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from patrol_strategies import line, problem_of, problems, two_villages

import patrols
from patrols.check import CODES, violations
from patrols.plan import VISIT_COLUMNS, PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.solve import RequiredStopsUnserved, first_plan

Visit = tuple[str, int, str, int, int, int]

# By hand, see `two_villages`: E serves p from 100 to 160, is at q at 460 and waits for W's visit
# (200) plus 600; W, free at 260, is at p at 560 and waits until 700. Both are home by 1,260.
SOUND: tuple[Visit, ...] = (
    ("E", 1, "p", 100, 100, 160),
    ("E", 2, "q", 460, 800, 860),
    ("W", 1, "q", 200, 200, 260),
    ("W", 2, "p", 560, 700, 760),
)


def plan_of(visits: tuple[Visit, ...] = SOUND, **claims: Any) -> PatrolPlan:
    """A plan with these visits that claims to cross both stops, 5 together."""
    plain = {"value": 5, "crossed": ("p", "q"), "unreachable": (), "upper_bound": 5}
    return PatrolPlan(
        pd.DataFrame([(*visit, False)[:7] for visit in visits], columns=list(VISIT_COLUMNS)),
        **{**plain, "seed": 1, "iterations": (0, 0), "status": "iterations", **claims},
    )


def moved(row: int, **cells: Any) -> tuple[Visit, ...]:
    """The sound visits with some cells of one row replaced."""
    visits = [list(visit) for visit in SOUND]
    for name, value in cells.items():
        visits[row][VISIT_COLUMNS.index(name)] = value
    return tuple(tuple(visit) for visit in visits)


def found(problem: PatrolProblem, plan: PatrolPlan) -> list[tuple[str, Any, Any]]:
    return [(v.code, v.team_id, v.stop_id) for v in violations(problem, plan)]


def test_plan_worked_by_hand_is_sound() -> None:
    assert violations(two_villages(), plan_of()) == []


NOTHING = {"value": 0, "crossed": ()}
HOURS = {"stop_id": "p", "start_s": 0, "end_s": 699}
EACH, FIRST = HOURS | {"on_visit": "each"}, HOURS | {"on_visit": "first"}
REST = {"team_id": "E", "earliest_s": 0, "latest_s": 3000}


@pytest.mark.parametrize(
    ("frames", "plan", "expected"),
    [
        # E needs 300 s from p to q and gets 299.
        ({}, plan_of(moved(1, arrive_s=459)), [("time_travel", "E", "q")]),
        # The service begins before the team is there.
        ({}, plan_of(moved(3, arrive_s=701)), [("time_travel", "W", "p")]),
        # 59 s of a service of 60 s.
        ({}, plan_of(moved(3, end_s=759)), [("time_travel", "W", "p")]),
        ({"windows": [EACH]}, plan_of(), [("window", "W", "p")]),
        ({"windows": [EACH, HOURS | {"start_s": 700, "end_s": 700}]}, plan_of(), []),
        ({"windows": [FIRST]}, plan_of(), []),
        ({"windows": [FIRST | {"end_s": 99}]}, plan_of(), [("window", "E", "p")]),
        # E cannot be at p, 100 s off, at 99.
        ({}, plan_of(moved(0, arrive_s=99)), [("shift", "E", "p")]),
        # W is 500 s from home after p: 2,441 + 60 + 500 is 3,001.
        ({}, plan_of(moved(3, start_s=2441, end_s=2501)), [("shift", "W", "p")]),
        ({}, plan_of(moved(3, start_s=2440, end_s=2500)), []),
        # E is idle at q from 460 to 800, 340 s, and from 860 to 3,000 but for 400 s on the way.
        ({"breaks": [REST | {"latest_s": 460, "duration_s": 340}]}, plan_of(), []),
        ({"breaks": [REST | {"latest_s": 460, "duration_s": 341}]}, plan_of(), [("break", "E", None)]),
        ({"breaks": [REST | {"earliest_s": 460, "duration_s": 1740}]}, plan_of(), []),
        ({"breaks": [REST | {"earliest_s": 461, "latest_s": 859, "duration_s": 340}]}, plan_of(),
         [("break", "E", None)]),
        # Before leaving q or at home, but not on the way between 860 and 1,260.
        ({"breaks": [REST | {"earliest_s": 1000, "latest_s": 1100, "duration_s": 1500}]}, plan_of(), []),
        ({"breaks": [REST | {"earliest_s": 1000, "latest_s": 1100, "duration_s": 1601}]}, plan_of(),
         [("break", "E", None)]),
        ({"breaks": [REST | {"duration_s": 300}, REST | {"duration_s": 1740}]}, plan_of(), []),
        ({"breaks": [REST | {"latest_s": 800, "duration_s": n} for n in (300, 41)]}, plan_of(),
         [("break", "E", None)]),
        ({"forbidden": [{"team_id": "W", "stop_id": "q"}]}, plan_of(), [("forbidden", "W", "q")]),
        # W arrives at p while it still serves q until 260.
        ({}, plan_of(moved(3, arrive_s=259)), [("overlap", "W", "p")]),
        ({}, plan_of(moved(1, seq=1)), [("overlap", "E", "q")]),
        ({}, plan_of(moved(3, team_id="X")),
         [("unknown_id", "X", "p"), ("claim_crossed", None, "p"), ("claim_value", None, None)]),
        ({}, plan_of(moved(3, stop_id="x")),
         [("unknown_id", "W", "x"), ("claim_crossed", None, "p"), ("claim_value", None, None)]),
        ({}, plan_of(crossed=("p", "q", "x")), [("unknown_id", None, "x")]),
        ({}, plan_of(unreachable=("x",)), [("unknown_id", None, "x")]),
        # 599 s after the first visit is not 600 s.
        ({}, plan_of(moved(3, start_s=699, end_s=759)),
         [("claim_crossed", None, "p"), ("claim_value", None, None)]),
        ({}, plan_of(moved(3, start_s=699, end_s=759), crossed=("q",), value=2), []),
        ({}, plan_of(crossed=("p", "q", "q")), [("claim_crossed", None, "q")]),
        ({}, plan_of(crossed=("p",)), [("claim_crossed", None, "q")]),
        ({}, plan_of(unreachable=("q",)), [("claim_crossed", None, "q")]),
        ({}, plan_of(value=6, upper_bound=6), [("claim_value", None, None)]),
        ({}, plan_of(upper_bound=4), [("claim_value", None, None)]),
        ({}, plan_of(SOUND[:0], **NOTHING), []),
    ],
)  # fmt: skip
def test_damage_is_found_and_named(frames: dict[str, Any], plan: PatrolPlan, expected: list[Any]) -> None:
    """Each plan differs from the sound one, or each problem from its own, in exactly one thing."""
    assert found(two_villages(**frames), plan) == expected


def test_leg_without_a_way_is_a_mode_violation() -> None:
    """The way from p to q is closed; E may go to q from its base only, and then not home."""
    problem = two_villages()
    travel = problem.duration_s["foot"].copy()
    travel[2, 3] = -1
    closed = problem_like(problem, travel)
    assert found(closed, plan_of()) == [("mode", "E", "q")]
    travel[2, 3], travel[3, 0] = 300, -1
    assert found(problem_like(problem, travel), plan_of()) == [("mode", "E", "q")]


def problem_like(problem: PatrolProblem, travel: Any, **parts: Any) -> PatrolProblem:
    """The problem with other travel times, or other parts."""
    plain = {
        name: getattr(problem, name) for name in ("stops", "windows", "teams", "breaks", "forbidden", "rule")
    }
    matrices = {"foot": travel}
    return PatrolProblem(matrices, matrices, **{**plain, **parts}, origin=problem.origin)


def test_required_stop_without_a_visit_is_found() -> None:
    stops = [{"stop_id": "p", "node": 1, "required": True}]
    problem = problem_of(line(0, 100), stops, [{"team_id": "E", "village": "east"}])
    assert found(problem, plan_of(SOUND[:0], **NOTHING)) == [("required", None, "p")]
    assert found(problem, plan_of((("E", 1, "p", 100, 100, 100),), **NOTHING)) == []


def test_team_without_a_village_crosses_nothing() -> None:
    """The same plan as by hand, but W is a police team."""
    problem = two_villages()
    teams = problem.teams.assign(village=["east", None])
    police = problem_like(problem, problem.duration_s["foot"], teams=teams)
    assert found(police, plan_of(**NOTHING)) == []
    assert [code for code, *_ in found(police, plan_of())] == [
        "claim_crossed",
        "claim_crossed",
        "claim_value",
    ]


def test_two_teams_of_one_village_cross_nothing() -> None:
    problem = two_villages()
    teams = problem.teams.assign(village=["east", "east"])
    same = problem_like(problem, problem.duration_s["foot"], teams=teams)
    assert found(same, plan_of(**NOTHING)) == []


def test_idleness_runs_from_the_first_visit_to_the_end_of_the_span() -> None:
    """Span to 3,000 s. p is left at 160 and 760: waits 540 and 2,240 s. q: 540 and 2,140 s."""
    for most, crossed, value in ((2240, ("p", "q"), 5), (2239, ("q",), 2), (2139, (), 0)):
        problem = two_villages(rule=CrossRule(separation_s=600, max_idle_s=most))
        assert found(problem, plan_of(crossed=crossed, value=value)) == []
    # A longer first wait than the last one counts as well: W comes to p at 2,440 only.
    late = moved(3, start_s=2440, end_s=2500)
    for most, crossed, value in ((2280, ("p", "q"), 5), (2279, ("q",), 2)):
        problem = two_villages(rule=CrossRule(separation_s=600, max_idle_s=most))
        assert found(problem, plan_of(late, crossed=crossed, value=value)) == []


def test_message_is_one_sentence_with_value_and_limit() -> None:
    (violation,) = violations(two_villages(), plan_of(moved(1, arrive_s=459)))
    assert (violation.value, violation.limit, violation.seq) == (299, 300, 2)
    assert violation.message == (
        "team 'E', visit 2 at stop 'q': the leg from node 2 to node 3 takes 300 s, the plan gives it 299 s"
    )
    assert violation.code in CODES


@settings(max_examples=40)
@given(problem=problems(), data=st.data())
def test_one_second_too_early_never_passes(problem: PatrolProblem, data: st.DataObject) -> None:
    """Plans are as early as can be, so a visit moved to before its team's arrival must be seen."""
    try:
        plan = first_plan(problem)
    except RequiredStopsUnserved:
        assume(False)
    assume(len(plan.visits) > 0)
    assert violations(problem, plan) == []
    visits = plan.visits.copy()
    row = data.draw(st.integers(0, len(visits) - 1))
    visits.loc[row, "start_s"] = visits.loc[row, "arrive_s"] - 1
    parts = {name: getattr(plan, name) for name in ("value", "crossed", "unreachable", "upper_bound")}
    damaged = PatrolPlan(visits, **parts, seed=0, iterations=(0, 0), status="iterations")
    assert "time_travel" in {violation.code for violation in violations(problem, damaged)}


def test_checker_shares_no_code_with_the_solver() -> None:
    """Of our own modules it imports the problem and the plan, and these import no search either."""
    root = Path(patrols.__file__).parent
    seen, todo = set(), ["patrols.check"]
    while todo:
        place = root.parent / todo.pop().replace(".", "/")
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = {
                f"patrols.{alias.name}" if node.module == "patrols" else str(node.module)
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "patrols"
                for alias in node.names
            }
            names = {name for name in names if not name.startswith("patrols.check")}
            todo += sorted(names - seen)
            seen |= names
    assert seen == {f"patrols.{name}" for name in ("plan", "problem", "columns", "problem_frames")}
