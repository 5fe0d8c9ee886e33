"""A plan made again from another: its stops, what is kept and what is forbidden, and refusals."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, document, planned, team, town

from geo.errors import InputRefused, LianfangError
from patrols import repository
from patrols.plan import read_plan
from patrols.services import Wishes, plan_shift, stale_reasons
from patrols.solve import Budget
from patrols.tables import Plan
from web.jobs.bodies import plan as body

ORDER = {"zone": "z", "start": START.isoformat(), "end": END.isoformat()}


@pytest.fixture
def first(session):
    """A plan of two walkers."""
    zone = town(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 400))
    return planned(session)


def again(session, wishes, **more):
    given = {"zone": "z", "start": START, "end": END, "budget": Budget(iterations=(20, 20)), "seed": 1}
    return plan_shift(session, **given | more, author="tester", wishes=wishes)


def visits(outcome):
    rows = outcome.plan.visits
    return set(zip(rows["team_id"], rows["stop_id"], strict=True))


def test_what_is_forbidden_is_left_out(session, first):
    """Every visit of one team to a stop that it made; the other team still comes."""
    forbidden = sorted(pair for pair in visits(first) if pair[0] == "w")[:3]
    assert forbidden
    made = again(session, Wishes(first.plan_id, forbidden=tuple(forbidden)))
    assert not visits(made) & set(forbidden) and made.violations == ()
    pairs = zip(made.problem.forbidden["team_id"], made.problem.forbidden["stop_id"], strict=True)
    assert sorted(pairs) == forbidden


def test_a_visit_that_is_kept_is_made_by_that_team(session, first):
    for kept in sorted(visits(first))[:3]:
        made = again(session, Wishes(first.plan_id, pinned=(kept,)))
        assert kept in visits(made)
        assert made.violations == ()


def test_its_stops_are_the_same_and_its_wishes_are_kept_with_it(session, first):
    """Also when there is a newer analysis by now: the stops are those of the plan, and so is their age."""
    session.execute(
        text("UPDATE gap SET cause = 'outage' WHERE id IN (SELECT id FROM gap ORDER BY id LIMIT 9)")
    )
    assert stale_reasons(session, [first.plan_id])[first.plan_id]
    wishes = Wishes(first.plan_id, pinned=(("w", "z-001"),), forbidden=(("m", "z-002"),))
    made = again(session, wishes)
    columns = ["stop_id", "prize", "service_s", "why", "village"]
    before, after = (repository.plan_stops(session, one.plan_id) for one in (first, made))
    assert before[columns].to_dict("records") == after[columns].to_dict("records")
    assert before.get_coordinates().sub(after.get_coordinates()).abs().max().max() < 1e-8
    stored = session.get(Plan, made.plan_id)
    assert stored.parameters["wishes"] == {
        "plan": first.plan_id,
        "pinned": [["w", "z-001"]],
        "forbidden": [["m", "z-002"]],
    }
    assert stored.analysis_id == session.get(Plan, first.plan_id).analysis_id
    reasons = stale_reasons(session, [first.plan_id, made.plan_id])
    assert reasons[made.plan_id] == reasons[first.plan_id]
    assert read_plan(json.dumps(document(session, made.plan_id))).problem.same_as(made.problem)


def test_a_plan_that_was_not_made_again_says_so(session, first):
    assert session.get(Plan, first.plan_id).parameters["wishes"] is None


def test_wishes_that_cannot_be_kept_are_refused(session, first):
    with pytest.raises(InputRefused, match="wishes that cannot be kept: 2; nothing was planned") as refused:
        again(session, Wishes(first.plan_id, pinned=(("w", "z-999"), ("nobody", "z-001"))))
    assert list(refused.value.problems) == [
        f"stop 'z-999' is none of plan {first.plan_id}",
        "team 'nobody' is not on duty in this shift and cannot be kept at stop 'z-001'",
    ]
    with pytest.raises(InputRefused, match="team 'w' at stop 'z-001' is both kept and forbidden"):
        Wishes(1, (("w", "z-001"),), (("w", "z-001"),))
    with pytest.raises(LianfangError, match="is not stored"):
        again(session, Wishes(first.plan_id + 1_000_000))
    made = again(session, Wishes(first.plan_id, forbidden=(("nobody", "z-001"),)))
    assert made.problem.forbidden.empty, "who is not there comes nowhere"


def test_no_more_visits_are_kept_than_the_rule_asks_for(session, first):
    """Two teams may both be kept at a stop; a third is one too many."""
    zone = session.get(Plan, first.plan_id).zone_id
    add_team_rows(session, zone, team("third", WEST, 0, 200))
    both = (("w", "z-001"), ("m", "z-001"))
    made = again(session, Wishes(first.plan_id, pinned=both))
    assert set(both) <= visits(made) and made.violations == ()
    with pytest.raises(InputRefused) as refused:
        again(session, Wishes(first.plan_id, pinned=(*both, ("third", "z-001"))))
    assert list(refused.value.problems) == [
        "stop 'z-001' is kept for 3 teams; the zone's rule asks for 2 visits, keep no more"
    ]


def test_a_stop_out_of_range_is_not_kept_for_who_flies(session, first):
    zone = session.get(Plan, first.plan_id).zone_id
    add_team_rows(session, zone, team("drone", WEST, 0, 0, mode="uav", range_m=1.0, endurance_s=600))
    with pytest.raises(InputRefused) as refused:
        again(session, Wishes(first.plan_id, pinned=(("drone", "z-005"),)))
    assert list(refused.value.problems) == ["stop 'z-005' is out of the range of team 'drone'"]


def test_a_plan_of_another_zone_is_refused(session, first):
    session.execute(
        text(
            """INSERT INTO zone (code, name, rule, geom, valid, batch_id)
               SELECT 'other', name, rule, geom, valid, batch_id FROM zone"""
        )
    )
    number = session.scalar(text("SELECT id FROM zone WHERE code = 'other'"))
    add_team_rows(session, number, team("o", WEST, 0, 0))
    with pytest.raises(LianfangError, match=f"plan {first.plan_id} is of another zone than 'other'"):
        again(session, Wishes(first.plan_id), zone="other")


def test_an_order_reads_its_wishes():
    given = ORDER | {"again": 7, "pinned": [["w", "z-001"]], "forbidden": [["m", "z-002"]]}
    assert body.order(given).wishes == Wishes(7, (("w", "z-001"),), (("m", "z-002"),))
    assert body.order(ORDER).wishes is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"pinned": [["w", "z-001"]]}, "need again"),
        ({"again": 7, "pinned": [["w"]]}, "pairs of texts"),
        ({"again": 7, "pinned": "w"}, "pairs of texts"),
        ({"again": 7, "forbidden": [["w", 3]]}, "pairs of texts"),
        ({"again": "7"}, "give a whole number"),
    ],
)
def test_a_wrong_order_is_refused_at_the_door(more, words):
    with pytest.raises(InputRefused, match=words):
        body.order(ORDER | more)


def test_a_search_tells_what_its_best_plan_is_worth(session, first):
    """Never less than before, and in the end what the plan is worth."""
    told: list[float] = []
    made = again(session, Wishes(first.plan_id), best=told.append)
    assert told and told == sorted(told)
    assert told[-1] <= made.plan.value


def test_a_planning_job_says_what_the_best_plan_is_worth_so_far():
    noted = []

    class Telling:
        def noted(self, words, **values):
            noted.append((words, values))

    body._Search(Telling(), 5.0).best(1234.0)  # type: ignore[arg-type]
    assert noted == [("Searching for the best routes; the best so far is worth %(value)s", {"value": 1234})]
