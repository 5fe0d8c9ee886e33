"""From draft to published and back: in order, with who, when and why, and nothing wrong goes out unsaid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.errors import InputRefused, LianfangError, Sentence
from patrols.repository.steps import steps
from patrols.services import life
from patrols.tables import Plan

LATE = Sentence("stop %(stop)s is required and no team visits it", stop="z-001")
ROADS = Sentence("the streets have changed since: ways and times may be others")
ZONE = Sentence("the zone has other villages now")
AT = START - timedelta(hours=2)


@pytest.fixture
def number(session):
    """A draft of two walkers."""
    zone = town(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 400))
    made = planned(session).plan_id
    life.name_leader(session, made, "440513")
    return made


def approve(session, number, **more):
    given = {"author": "chief", "now": AT, "stale": []} | more
    life.approve(session, number, **given)


def publish(session, number, **more):
    given = {"author": "chief", "now": AT + timedelta(minutes=5), "stale": []} | more
    life.publish(session, number, **given)


def withdraw(session, number, reason="rain"):
    life.withdraw(session, number, author="deputy", now=AT + timedelta(minutes=9), reason=reason)


def status(session, number):
    session.flush()
    return session.scalar(text("SELECT status FROM plan WHERE id = :id"), {"id": number})


def told(session, number):
    session.flush()
    return [(row["step"], row["author"], row["reason"]) for row in steps(session, number)]


def test_a_draft_is_approved_published_and_withdrawn_with_who_and_when(session, number):
    approve(session, number)
    assert status(session, number) == "approved"
    publish(session, number)
    assert status(session, number) == "published"
    withdraw(session, number)
    assert status(session, number) == "draft"
    assert told(session, number) == [
        ("approved", "chief", ""),
        ("published", "chief", ""),
        ("withdrawn", "deputy", "rain"),
    ]
    assert [row["at"] - AT for row in steps(session, number)] == [
        timedelta(0),
        timedelta(minutes=5),
        timedelta(minutes=9),
    ]


def test_steps_out_of_order_are_refused(session, number):
    with pytest.raises(InputRefused, match="is a draft; approve it first"):
        publish(session, number)
    with pytest.raises(InputRefused, match="nothing to withdraw"):
        withdraw(session, number)
    approve(session, number)
    with pytest.raises(InputRefused, match="is approved already; only a draft"):
        approve(session, number)
    publish(session, number)
    with pytest.raises(InputRefused, match="is published already; only a draft"):
        approve(session, number)
    with pytest.raises(InputRefused, match="is published already"):
        publish(session, number)
    for deed in (approve, publish, withdraw):
        with pytest.raises(LianfangError, match="is not stored"):
            deed(session, number + 1_000_000)


def test_a_plan_is_withdrawn_with_a_reason(session, number):
    approve(session, number)
    with pytest.raises(InputRefused, match="say why"):
        withdraw(session, number, "  ")
    with pytest.raises(InputRefused, match="501 characters; give at most 500"):
        withdraw(session, number, "x" * 501)
    withdraw(session, number, "  a flood \n")
    assert told(session, number)[-1] == ("withdrawn", "deputy", "a flood")


def test_what_is_wrong_is_said_before_it_is_approved(session, number):
    """A broken rule and a change, both listed; then both kept with the reason."""
    session.get(Plan, number).violations = [LATE.as_json()]
    with pytest.raises(InputRefused, match=r"as it is \(faults: 2\)") as refused:
        approve(session, number, stale=[ROADS])
    assert list(refused.value.problems) == [str(LATE), str(ROADS)]
    assert [one.as_json() for one in refused.value.problems] == [LATE.as_json(), ROADS.as_json()]
    with pytest.raises(InputRefused, match="say why"):
        approve(session, number, stale=[ROADS], despite=True, reason=" ")
    assert status(session, number) == "draft" and told(session, number) == []
    approve(session, number, stale=[ROADS], despite=True, reason="a fair is on")
    assert told(session, number) == [("approved", "chief", "a fair is on")]
    assert steps(session, number)[0]["despite"] == [LATE.as_json(), ROADS.as_json()]


def test_what_came_after_the_approval_is_said_before_it_is_published(session, number):
    """What was answered for then is not asked again; a withdrawal ends that."""
    approve(session, number, stale=[ROADS], despite=True, reason="walked it")
    with pytest.raises(InputRefused, match=r"as it is \(faults: 1\)") as refused:
        publish(session, number, stale=[ROADS, ZONE])
    assert list(refused.value.problems) == [str(ZONE)]
    publish(session, number, stale=[ROADS])
    assert steps(session, number)[1]["despite"] == []
    withdraw(session, number)
    session.flush()
    with pytest.raises(InputRefused, match=r"\(faults: 1\)"):
        approve(session, number, stale=[ROADS])
    approve(session, number, stale=[ROADS], despite=True, reason="again")
    publish(session, number, stale=[ROADS, ZONE], despite=True, reason="and this")
    assert steps(session, number)[-1]["despite"] == [ZONE.as_json()]


def test_a_reason_where_nothing_is_wrong_is_not_kept(session, number):
    approve(session, number, despite=True, reason="for no reason")
    assert told(session, number) == [("approved", "chief", "")]


def test_a_sentence_of_an_older_program_is_told_as_it_stands(session, number):
    session.get(Plan, number).violations = ["as it was said before sentences had parts"]
    with pytest.raises(InputRefused) as refused:
        approve(session, number)
    assert list(refused.value.problems) == ["as it was said before sentences had parts"]


def test_two_plans_for_one_time_are_not_published(session, number):
    """Not of one zone, also where the zone was stored anew under its code; the hour after is another time."""
    other, later = planned(session).plan_id, planned(session, END, END + (END - START)).plan_id
    for one in (number, other, later):
        life.name_leader(session, one, "440513")
        approve(session, one)
    publish(session, number)
    with pytest.raises(InputRefused, match=f"plan {number} is published for this zone and time already"):
        publish(session, other)
    publish(session, later)
    session.flush()
    session.execute(
        text(
            """WITH ended AS (UPDATE zone SET valid = tstzrange('-infinity', '2026-11-21') RETURNING id, code)
               INSERT INTO zone (code, name, rule, geom, valid, batch_id)
               SELECT z.code, z.name, z.rule, z.geom, tstzrange('2026-11-21', NULL), z.batch_id
               FROM zone z JOIN ended USING (id)"""
        )
    )
    session.execute(
        text("UPDATE plan SET zone_id = (SELECT max(id) FROM zone) WHERE id = :id"), {"id": other}
    )
    with pytest.raises(InputRefused, match="withdraw it first"):
        publish(session, other)
    withdraw(session, number)
    publish(session, other)
    assert status(session, other) == "published"


# ---------------------------------------------------------------- who leads for the police


def test_a_plan_without_a_police_leader_is_not_published(session, number):
    life.name_leader(session, number, "  ")
    approve(session, number)
    with pytest.raises(InputRefused, match=f"plan {number} has no police leader; name who leads the shift"):
        publish(session, number)
    life.name_leader(session, number, " 孙队 440513 ")
    publish(session, number)
    assert session.get(Plan, number).parameters["police_leader"] == "孙队 440513"
    with pytest.raises(InputRefused, match="withdraw it to name another police leader"):
        life.name_leader(session, number, "x")


@pytest.mark.parametrize("leader", ["x" * 61, "a\nb"])
def test_a_police_leader_is_one_line(session, number, leader):
    with pytest.raises(InputRefused, match="in one line of at most 60 characters"):
        life.name_leader(session, number, leader)
