"""A stored plan goes on from the middle of its shift, and what cannot be is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from test_planning import END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.errors import LianfangError
from patrols.plan import read_plan
from patrols.services import check_plan, go_on
from patrols.solve import Budget
from patrols.tables import Plan

NOW = START + (END - START) / 3


@pytest.fixture
def first(session):
    """A plan of three walkers of two villages."""
    zone = town(session)
    add_team_rows(
        session, zone, team("w", WEST, 0, 0), team("v", WEST, 200, 200), team("m", MIDDLE, 500, 400)
    )
    return planned(session)


def gone_on(session, first, **more):
    given = {"now": NOW, "budget": Budget(iterations=(200,)), "seed": 1, "author": "tester"}
    return go_on(session, first.plan_id, **(given | more))


def test_the_rest_is_a_draft_of_its_own_that_the_checker_finds_sound(session, first):
    made = gone_on(session, first, out=["v"])
    assert made.violations == ()
    assert set(made.problem.teams["team_id"]) == {"w", "m"}
    begun = first.plan.visits[first.plan.visits["start_s"] <= (NOW - START).total_seconds()]
    assert len(made.problem.done) == len(begun) > 0
    stored = session.get(Plan, made.plan_id)
    assert stored.status == "draft"
    assert stored.parameters["goes_on"] == {
        "plan": first.plan_id,
        "now": NOW.isoformat(),
        "out": ["v"],
        "bound_until": {},
    }
    file = read_plan(json.dumps(stored.document))
    problems, remarks = check_plan(session, file)
    assert problems == []
    assert "travel times were worked out again from the roads" in remarks
    assert session.get(Plan, first.plan_id).parameters.get("goes_on") is None


def test_a_team_that_is_bound_does_nothing_until_it_is_free(session, first):
    until = NOW + timedelta(minutes=40)
    made = gone_on(session, first, bound_until={"m": until})
    own = made.plan.visits[made.plan.visits["team_id"] == "m"]
    assert (own["arrive_s"] >= (until - START).total_seconds()).all()
    assert made.violations == ()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"now": START - timedelta(minutes=1)}, "lies outside the shift of plan"),
        ({"now": END}, "lies outside the shift of plan"),
        ({"out": ["x"]}, "has no team 'x'"),
        ({"bound_until": {"y": NOW}}, "has no team 'y'"),
        ({"out": ["w", "v", "m"]}, "no team of plan .* is left"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_stored(session, first, more, sentence):
    with pytest.raises(LianfangError, match=sentence):
        gone_on(session, first, **more)
    assert session.query(Plan).count() == 1


def test_a_plan_that_is_not_there_or_whose_streets_changed_is_refused(session, first):
    with pytest.raises(LianfangError, match="plan 999999 is not stored"):
        go_on(session, 999999, now=NOW, seed=1, author="tester")
    session.get(Plan, first.plan_id).road_revision = "other"
    session.flush()
    with pytest.raises(LianfangError, match="the streets have changed since plan"):
        gone_on(session, first)
