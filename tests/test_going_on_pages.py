"""A shift that goes on, on its page: what is said becomes an order, the draft says what changes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from signing import app_on, signed_in_client
from small_site import CHILD
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.services import Change, NewStop, go_on
from patrols.solve import Budget
from web.access import Role
from web.jobs.bodies import going_on as body

AT = "2026-11-21T20:00"


@pytest.fixture(scope="module")
def planner(demo, tmp_path_factory) -> FlaskClient:
    app = app_on(demo.engine, tmp_path_factory.mktemp("going-on"))
    return signed_in_client(app, demo.engine, Role.PLANNER)


@pytest.fixture(scope="module")
def commander(demo, tmp_path_factory) -> FlaskClient:
    app = app_on(demo.engine, tmp_path_factory.mktemp("replacing"))
    return signed_in_client(app, demo.engine, Role.COMMANDER)


@pytest.fixture
def teams(demo) -> list[str]:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        return list(session.scalars(text("SELECT code FROM team ORDER BY code")))


@pytest.fixture
def draft(demo, teams) -> Iterator[int]:
    """The demo's plan goes on at eight without its first team."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        at = session.scalar(
            text("SELECT lower(shift) + (upper(shift) - lower(shift)) / 2 FROM plan WHERE id = 1")
        )
        made = go_on(
            session,
            1,
            Change(now=at, out=(teams[0],), why="a puncture"),
            budget=Budget(iterations=(200,)),
            seed=1,
            author="tester",
        )
        session.execute(
            text(
                """UPDATE plan SET parameters = parameters || '{"police_leader": "440513"}' WHERE id = :id"""
            ),
            {"id": made.plan_id},
        )
    yield made.plan_id
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM plan_step WHERE plan_id = 1"))
        session.execute(text("UPDATE plan SET status = 'draft' WHERE id = 1"))
        session.execute(text("DELETE FROM plan WHERE id = :id"), {"id": made.plan_id})


def asked(demo, answer) -> dict:
    """What the job that an answer leads to was asked; the job goes."""
    assert answer.status_code == 302, answer.text
    number = int(answer.headers["Location"].rpartition("/")[2])
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        found = session.scalar(text("SELECT arguments FROM job_run WHERE id = :id"), {"id": number})
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.execute(text("DELETE FROM job_run WHERE id = :id"), {"id": number})
    return dict(found)


def test_the_form_says_teams_stops_and_what_nobody_signed_for(demo, planner, teams) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        stops, visits = session.execute(
            text(
                """SELECT (SELECT count(*) FROM plan_stop WHERE plan_id = 1),
                          (SELECT count(*) FROM plan_visit WHERE plan_id = 1 AND stop_id IS NOT NULL)"""
            )
        ).one()
    page = planner.get("/plans/1/go-on?lang=en").text
    assert "/plans/1/go-on" in planner.get("/plans/1?lang=en").text
    assert "does not run now" in page
    for code in teams:
        assert f'name="state-{code}"' in page
    assert page.count('name="dropped"') == stops
    assert page.count('name="not_made"') == visits
    assert re.search(r'name="now" value="2026-11-21T20:00"', page), "the middle of the shift"
    assert "摄像机" in planner.get("/plans/1/go-on?lang=zh").text


def test_the_button_comes_after_all_that_can_be_said(planner) -> None:
    """On a phone one would plan the rest before one has seen the last question."""
    page = planner.get("/plans/1/go-on?lang=en").text
    assert page.rindex('name="dropped"') < page.index("Plan the rest</button>")


def test_what_is_said_becomes_an_order(demo, planner, teams) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        camera = session.scalar(text("SELECT min(code) FROM camera"))
        stops = list(session.scalars(text("SELECT stop_id FROM plan_stop WHERE plan_id = 1 ORDER BY id")))
    given = {
        "now": AT,
        f"state-{teams[0]}": "out",
        f"state-{teams[1]}": "bound",
        f"until-{teams[1]}": "2026-11-21T20:40",
        "camera": camera,
        "why": " a flood ",
        "lon": "24.94",
        "lat": "60.17",
        "prize": "30",
        "required": "yes",
        "stay_min": "10",
        "dropped": [stops[0], stops[1]],
        "not_made": [f"{teams[2]}|{stops[2]}"],
    }
    told = asked(demo, planner.post("/plans/1/go-on", data=given))
    assert datetime.fromisoformat(told["now"]).strftime("%H:%M%z") == "20:00+0200"
    assert told["plan"] == 1
    assert (told["out"], list(told["bound_until"])) == ([teams[0]], [teams[1]])
    assert told["new_stops"] == [
        {"lon": 24.94, "lat": 60.17, "prize": 30, "required": True, "service_s": 600}
    ]
    assert (told["dropped"], told["not_made"]) == (stops[:2], [[teams[2], stops[2]]])
    assert (told["camera"], told["why"]) == (camera, "a flood")
    order = body.order(told)
    assert order.change.new_stops == (NewStop(24.94, 60.17, 30, True, 600),)
    assert asked(demo, planner.post("/plans/1/go-on", data={"now": AT}))["new_stops"] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"now": "soon"}, "is not a time"),
        ({"lon": "east", "lat": "1"}, "is not a number"),
        ({"lon": "24.9", "lat": "60.1", "prize": "0"}, "needs a prize above 0"),
        ({"camera": "no-such"}, "There is no camera “no-such” in your area"),
        ({"why": "x" * 301}, "give at most 300"),
        ({"now": "2026-11-21T17:59"}, "17:59 lies outside the shift, 2026-11-21 18:00"),
        ({"now": "2026-11-21T22:00"}, "give a time within it."),
        ({"dropped": "nowhere"}, "stop &#39;nowhere&#39; is none of plan 1"),
    ],
)
def test_what_cannot_be_keeps_what_was_said(planner, teams, more, words) -> None:
    given = {"now": AT, f"state-{teams[0]}": "out"} | more
    answer = planner.post("/plans/1/go-on?lang=en", data=given)
    assert answer.status_code == 422
    assert words in answer.text
    field = answer.text.split(f'name="state-{teams[0]}"')[1].split("</select>")[0]
    assert re.search(r'value="out" selected', field)


def test_the_draft_says_what_changes_and_for_whom(planner, draft, teams) -> None:
    """The team that dropped out visits nothing more; teams that go on as before are not in the text."""
    page = planner.get(f"/plans/{draft}?lang=en").text
    table = page.split('id="changes"')[1].split("</section>")[0]
    assert "goes" in table
    assert "a puncture" in page
    told = re.search(r'Text for a chat group">(.*?)</textarea>', page, re.S)
    assert told is not None
    assert "Change of the patrol of" in told[1]
    assert "nothing more to visit" in told[1]
    assert "20:00" in told[1].splitlines()[0]
    assert "What changes" not in planner.get("/plans/1?lang=en").text


def test_a_commander_publishes_it_in_place_of_the_other_in_one_step(demo, commander, planner, draft) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan SET status = 'published' WHERE id = 1"))
    assert f"/plans/{draft}/replace" not in planner.get(f"/plans/{draft}").text
    assert planner.post(f"/plans/{draft}/replace", data={"reason": "x"}).status_code == 403
    page = commander.get(f"/plans/{draft}?lang=en").text
    assert "Publish in place of plan 1" in page
    assert "a puncture</textarea>" in page
    refused = commander.post(f"/plans/{draft}/replace?lang=en", data={"reason": " "})
    assert refused.status_code == 422
    assert "say why plan 1 is replaced" in refused.text
    assert commander.post(f"/plans/{draft}/replace", data={"reason": "a puncture"}).status_code == 302
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        found = session.execute(text("SELECT id, status FROM plan WHERE id IN (1, :id)"), {"id": draft})
        state = {row.id: row.status for row in found}
        steps = session.execute(
            text("SELECT plan_id, step, reason, by_plan_id FROM plan_step ORDER BY id")
        ).all()
    assert state == {1: "draft", draft: "published"}
    assert [tuple(row) for row in steps] == [
        (draft, "approved", "a puncture", None),
        (1, "replaced", "a puncture", draft),
        (draft, "published", "a puncture", None),
    ]
    assert f"by plan {draft}" in commander.get("/plans/1?lang=en").text


def test_with_nothing_published_there_is_nothing_to_replace(commander, draft) -> None:
    answer = commander.post(f"/plans/{draft}/replace?lang=en", data={"reason": "x"})
    assert answer.status_code == 422
    assert "no plan is published for this zone and time" in answer.text
    assert (
        "in place of" not in commander.get(f"/plans/{draft}?lang=en").text.split("Draft, approved")[1][:800]
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"out": "hel-01"}, "give a list of texts"),
        ({"new_stops": [1]}, "give a list of objects"),
        ({"new_stops": [{"lon": 1.0, "lat": 2.0, "worth": 1}]}, "takes no argument 'worth'"),
        ({"bound_until": {"a": "later"}}, "is not a time"),
        ({"seconds": 0.0}, "a budget of 0.0 seconds"),
        ({"plan": "1"}, "give a whole number"),
    ],
)
def test_a_wrong_order_is_refused_at_the_door(more, words) -> None:
    with pytest.raises(InputRefused, match=words):
        body.order({"plan": 1, "now": "2026-11-21T20:00+02:00"} | more)


def test_nobody_lets_a_plan_go_on_where_they_may_not(served) -> None:
    plan = served.site.published[CHILD]
    member = served.client(Role.MEMBER, CHILD)
    assert member.get(f"/plans/{plan}/go-on").status_code == 403
    assert f"/plans/{plan}/go-on" not in member.get(f"/plans/{plan}").text


def test_the_page_tells_the_whole_shift_and_the_team_that_dropped_out(demo, planner, draft, teams) -> None:
    """Time lines, table of stops, matrices and check-ins count the first part; routes are of the rest."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        name = session.scalar(text("SELECT name_en FROM team WHERE code = :code"), {"code": teams[0]})
        first, early = session.execute(
            text(
                """SELECT to_char(v.start_at AT TIME ZONE 'Europe/Helsinki', 'HH24:MI'),
                          (SELECT count(*) FROM plan_visit WHERE plan_id = 1 AND stop_id IS NOT NULL
                           AND start_at <= CAST(:now AS timestamptz))
                   FROM plan_visit v JOIN team t ON t.id = v.team_id
                   WHERE v.plan_id = 1 AND t.code = :code ORDER BY v.seq LIMIT 1"""
            ),
            {"code": teams[0], "now": f"{AT}+02:00"},
        ).one()
        rest, walking = session.execute(
            text("SELECT count(stop_id), count(DISTINCT team_id) FROM plan_visit WHERE plan_id = :plan"),
            {"plan": draft},
        ).one()
    page = planner.get(f"/plans/{draft}?lang=en").text
    card = page.split('aria-label="The evening by team"', 1)[1].split("</section>")[0]
    assert f">{walking + 1} {name}<" in card, "numbered on behind those who go on"
    assert first in card
    stops = page.split('class="lf-plain-table lf-table-lights lf-stops"')[1].split("</table>")[0]
    assert stops.count('class="lf-visit"') == early + rest
    routes = page.split('aria-label="Teams"', 1)[1].split("</section>")[0]
    assert name not in routes
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """INSERT INTO check_in (plan_id, team_id, stop_id, arrived_at, signer, note, origin, author,
                                         entered_at)
                   SELECT v.plan_id, v.team_id, v.stop_id, v.start_at, '', '', 'sheet', 'tester', now()
                   FROM plan_visit v JOIN team t ON t.id = v.team_id
                   WHERE v.plan_id = 1 AND t.code = :code ORDER BY v.seq LIMIT 1"""
            ),
            {"code": teams[0]},
        )
    try:
        done = planner.get(f"/plans/{draft}/check-ins/card?lang=en").text
        assert f"1 of {early + rest} visits signed in" in done
        assert "With what was planned and done by plan 1 until 20:00" in done
        assert name in done
    finally:
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM check_in"))


def test_the_rest_of_a_shift_is_changed_by_hand_and_not_planned_again(demo, planner, draft) -> None:
    """Its board begins when it goes on; stops that were crossed before need nobody."""
    page = planner.get(f"/plans/{draft}/by-hand?lang=en").text
    assert ">20:00</text>" in page and ">19:30</text>" not in page
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        waiting = session.scalar(
            text(
                """SELECT count(*) FROM plan_stop s WHERE s.plan_id = :plan AND NOT s.crossed AND NOT EXISTS (
                       SELECT FROM plan_visit v WHERE v.plan_id = s.plan_id AND v.stop_id = s.stop_id)"""
            ),
            {"plan": draft},
        )
    assert page.count("data-hand-stop=") == waiting
    orders = re.search(r'data-hand-orders="([^"]*)"', page)
    assert orders
    given = {"orders": html.unescape(orders[1])}
    answer = planner.post(f"/plans/{draft}/by-hand/around?lang=en", data=given)
    assert answer.status_code == 422
    assert "goes on from the middle of its shift" in answer.text
