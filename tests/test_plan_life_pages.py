"""Approving, publishing, withdrawing on the page; what is stale or broken is said there; planning again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from signing import app_on, signed_in_client
from small_site import CHILD, OWN
from sqlalchemy import text

from geo.db import transaction
from geo.errors import Sentence
from geo.scope import WHOLE_SITE
from patrols.services.staleness import present_roads
from web.access import Role

PLAN = 9101


def sql(engine, statement: str, **values):
    with transaction(engine, scope=WHOLE_SITE) as session:
        return (
            session.execute(text(statement), values).all()
            if "RETURNING" in statement
            else session.execute(text(statement), values)
        )


@pytest.fixture
def draft(served) -> Iterator[int]:
    """A draft of the child village that stands on the streets of now, whose zone has nothing published."""
    plan, other = served.site.drafts[CHILD], served.site.published[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE plan SET road_revision = :roads WHERE id = :plan"),
            {"roads": present_roads(session), "plan": plan},
        )
        session.execute(text("UPDATE plan SET status = 'draft' WHERE id = :plan"), {"plan": other})
    yield plan
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for statement in (
            "DELETE FROM plan_step WHERE plan_id IN (:plan, :other)",
            "UPDATE plan SET status = 'draft', violations = '[]', road_revision = 'r' WHERE id = :plan",
            "UPDATE plan SET status = 'published' WHERE id = :other",
        ):
            session.execute(text(statement), {"plan": plan, "other": other})


def events(served, plan: int) -> list[tuple[str, dict]]:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(
            text("SELECT event, detail FROM audit_entry WHERE subject = :subject ORDER BY id"),
            {"subject": f"plan {plan}"},
        )
        return [(row[0], row[1]) for row in rows if row[0] in ("approve", "publish", "withdraw")]


def test_a_commander_approves_publishes_and_withdraws_and_everybody_sees_what_is_theirs(
    served, draft
) -> None:
    """A planner does none of it; members see the plan while it is published, and nothing of its steps."""
    planner, commander = served.client(Role.PLANNER, CHILD), served.client(Role.COMMANDER, CHILD)
    member = served.client(Role.MEMBER, CHILD)
    address = f"/plans/{draft}"
    for deed in ("approve", "publish", "withdraw"):
        assert planner.post(f"{address}/{deed}").status_code == 403
        assert f"{address}/{deed}" not in planner.get(address).text
    before = len(events(served, draft))
    assert f"{address}/approve" in commander.get(address).text
    assert commander.post(f"{address}/approve").headers["Location"] == address
    assert "approved" in planner.get(f"{address}?lang=en").text and member.get(address).status_code == 404
    assert commander.post(f"{address}/publish").headers["Location"] == address
    page = member.get(f"{address}?lang=en").text
    assert "published 20" in page and "/withdraw" not in page and "Draft, approved" not in page
    assert commander.post(f"{address}/withdraw", data={"reason": "a flood"}).headers["Location"] == address
    assert member.get(address).status_code == 404
    page = planner.get(f"{address}?lang=en").text
    assert "a flood" in page and "withdrawn" in page and re.search(r"commander-\S+", page)
    assert events(served, draft)[before:] == [
        ("approve", {"zone": served.site.zones[CHILD]}),
        ("publish", {"zone": served.site.zones[CHILD]}),
        ("withdraw", {"zone": served.site.zones[CHILD], "reason": "a flood"}),
    ]


def test_steps_that_may_not_be_taken_are_told_on_the_page(served, draft) -> None:
    """422, the sentence in the reader's language, and the plan below it."""
    commander = served.client(Role.COMMANDER, CHILD)
    answer = commander.post(f"/plans/{draft}/publish?lang=en")
    assert answer.status_code == 422
    assert f"plan {draft} is a draft; approve it first" in answer.text and "Stops crossed" in answer.text
    assert "请先批准" in commander.post(f"/plans/{draft}/publish?lang=zh").text
    assert commander.post(f"/plans/{draft}/approve?lang=en").status_code == 302
    answer = commander.post(f"/plans/{draft}/withdraw?lang=en", data={"reason": " "})
    assert answer.status_code == 422 and "say why plan" in answer.text


def test_a_stale_plan_is_approved_only_by_saying_so(served, draft) -> None:
    """The page and the list say why it is; a member sees none of it once it is out."""
    commander = served.client(Role.COMMANDER, CHILD)
    address = f"/plans/{draft}"
    assert "out of date" not in commander.get(f"{address}?lang=en").text
    sql(served.engine, "UPDATE plan SET road_revision = 'other' WHERE id = :plan", plan=draft)
    page = commander.get(f"{address}?lang=en").text
    assert "out of date" in page and "the streets have changed since" in page
    assert "Approve all the same" in page
    assert "the streets have changed since" in commander.get("/plans?lang=en").text
    answer = commander.post(f"{address}/approve?lang=en")
    assert answer.status_code == 422 and "does not go out as it is (faults: 1)" in answer.text
    given = {"despite": "yes", "reason": "walked it myself"}
    assert commander.post(f"{address}/approve", data=given).status_code == 302
    page = commander.get(f"{address}?lang=en").text
    assert "known then:" in page and "walked it myself" in page
    assert "Publish all the same" not in page, "what was answered for is not asked again"
    assert commander.post(f"{address}/publish").status_code == 302
    member = served.client(Role.MEMBER, CHILD)
    for seen in (member.get(f"{address}?lang=en").text, member.get("/plans?lang=en").text):
        assert "out of date" not in seen and "streets have changed" not in seen
        assert "walked it myself" not in seen


def test_a_list_tells_of_plans_that_are_still_to_be_walked(served, draft) -> None:
    """A draft, and a published one until its shift is over; then its own page alone tells."""
    commander = served.client(Role.COMMANDER, CHILD)
    change = "UPDATE plan SET road_revision = 'other', shift = CAST(:shift AS tstzrange) WHERE id = :plan"
    over, ahead = "[2020-01-01 18:00+00,2020-01-01 22:00+00)", "[2199-01-01 18:00+00,2199-01-01 22:00+00)"
    before = sql(served.engine, "UPDATE plan SET seed = seed WHERE id = :plan RETURNING shift", plan=draft)
    try:
        for shift, status, told in (
            (over, "draft", True),
            (over, "published", False),
            (ahead, "published", True),
        ):
            sql(served.engine, change, plan=draft, shift=shift)
            sql(served.engine, "UPDATE plan SET status = :status WHERE id = :plan", plan=draft, status=status)
            # The other plan of this village is on other streets, too.
            row = commander.get("/plans?lang=en").text.split(f'data-id="{draft}"')[1].split("</tr>")[0]
            assert ("out of date" in row) is told, (shift, status)
            assert "out of date" in commander.get(f"/plans/{draft}?lang=en").text
    finally:
        sql(served.engine, "UPDATE plan SET shift = :shift WHERE id = :plan", plan=draft, shift=before[0][0])


def test_a_plan_that_breaks_rules_is_approved_only_by_saying_so(served, draft) -> None:
    late = Sentence("stop %(stop)s is required and no team visits it", stop="s1")
    sql(
        served.engine,
        "UPDATE plan SET violations = CAST(:value AS jsonb) WHERE id = :plan",
        plan=draft,
        value=json.dumps([late.as_json()]),
    )
    commander = served.client(Role.COMMANDER, CHILD)
    answer = commander.post(f"/plans/{draft}/approve?lang=zh")
    assert (
        answer.status_code == 422 and "巡逻点 s1 必须到达" in answer.text and "is required" not in answer.text
    )
    given = {"despite": "yes", "reason": "x"}
    assert commander.post(f"/plans/{draft}/approve", data=given).status_code == 302


def test_the_audit_log_says_approved(served, draft) -> None:
    commander = served.client(Role.COMMANDER, CHILD)
    commander.post(f"/plans/{draft}/approve")
    page = commander.get("/audit?event=approve&lang=en").text
    assert f"/plans/{draft}" in page and "approved" in page


def test_the_streets_are_read_once_for_as_long_as_they_stay(served, draft, monkeypatch) -> None:
    """A list of plans does not read every street again; after a change it does."""
    from web import planstate

    read = []
    monkeypatch.setattr(planstate, "present_roads", lambda session: read.append(1) or "same")
    served.app.extensions.pop(planstate.EXTENSION, None)
    commander = served.client(Role.COMMANDER, CHILD)
    for _ in range(3):
        commander.get("/plans")
    assert read == [1]
    sql(served.engine, "UPDATE road_edge SET name = name WHERE id = (SELECT min(id) FROM road_edge)")
    commander.get("/plans")
    assert read == [1, 1]
    served.app.extensions.pop(planstate.EXTENSION, None)


# --- on a plan with all its parts -----------------------------------------------------------------


@pytest.fixture(scope="module")
def planner(demo, tmp_path_factory) -> FlaskClient:
    app = app_on(demo.engine, tmp_path_factory.mktemp("plans"))
    return signed_in_client(app, demo.engine, Role.PLANNER)


@pytest.fixture
def before(demo) -> Iterator[int]:
    """The plan of the demo once more, published for the night before."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        for statement in (
            """INSERT INTO plan SELECT (jsonb_populate_record(p, jsonb_build_object('id', :copy,
                   'status', 'published', 'value', p.value - 3,
                   'shift', tstzrange(lower(shift) - interval '1 day', upper(shift) - interval '1 day')))).*
               FROM plan p WHERE id = 1""",
            """INSERT INTO plan_stop (plan_id, stop_id, prize, service_s, why, crossed, crossable, geom,
                                      jurisdiction_path)
               SELECT :copy, stop_id, prize, service_s, why, crossed, crossable, geom, jurisdiction_path
               FROM plan_stop WHERE plan_id = 1 ORDER BY id""",
            """INSERT INTO plan_visit (plan_id, team_id, seq, stop_id, arrive_at, start_at, end_at,
                                       distance_m, leg)
               SELECT :copy, team_id, seq, stop_id, arrive_at - interval '23 hours 30 minutes',
                      start_at - interval '23 hours 30 minutes', end_at - interval '23 hours 30 minutes',
                      distance_m, leg
               FROM plan_visit WHERE plan_id = 1""",
        ):
            session.execute(text(statement), {"copy": PLAN})
    yield PLAN
    sql(demo.engine, "DELETE FROM plan WHERE id = :copy", copy=PLAN)


def test_an_untouched_plan_says_what_it_is_worth_and_is_not_stale(planner) -> None:
    page = planner.get("/plans/1?lang=en").text
    assert "out of date" not in page
    for words in (
        "Gaps closed per patrol hour",
        "Watched streets by hour",
        "cameras and patrols",
        "Whose ground they visit",
        "on the way to stop",
        "No plan of this zone was published for the 7 days before",
    ):
        assert words in page, words
    watched = json.loads(re.search(r'id="data-chart-watched">(.*?)</script>', page, re.S).group(1))
    cameras, together = (one["values"] for one in watched["series"])
    assert len(watched["x"]) == len(cameras) == 4
    assert all(0 < a <= b <= 1 for a, b in zip(cameras, together, strict=True)) and cameras != together


def test_a_plan_is_compared_with_the_night_before(planner, before) -> None:
    """The same stops and teams, half an hour later: a visit is shifted by 30 min, or is nearer another."""
    page = planner.get("/plans/1?lang=en").text
    assert f"/plans/{before}" in page and "+3" in page
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page))
    assert facts["Nights looked at"] == "1"
    assert facts["Visited by a team of last night"] == "100 %"
    assert facts["Stops of last night that come again"] == "61 of 61"
    guessed = float(facts["Chance of guessing the next visit"].split()[0])
    assert 0 <= guessed < 100
    assert "Nights looked at" not in planner.get(f"/plans/{before}?lang=en").text


def test_the_stops_say_who_comes_when_and_why_not(demo, planner) -> None:
    """One that nobody crosses says why; worked out from the plan's own problem."""
    page = planner.get("/plans/1?lang=en").text
    table = page.split("lf-table-lights")[1]
    assert table.count('class="lf-visit"') == 122, "two visits each"
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        whole = session.scalar(text("SELECT document FROM plan WHERE id = 1"))
    changed = json.loads(json.dumps(whole))
    changed["plan"]["crossed"].remove(changed["plan"]["visits"]["stop_id"][0])
    set_document = "UPDATE plan SET document = CAST(:document AS jsonb) WHERE id = 1"
    try:
        sql(demo.engine, set_document, document=json.dumps(changed))
        assert "not crossed" in planner.get("/plans/1?lang=en").text.split("lf-table-lights")[1]
    finally:
        sql(demo.engine, set_document, document=json.dumps(whole))


def test_a_plan_says_what_it_was_made_from(demo, planner) -> None:
    """From which one it was made again, and from which it goes on since when, in the site's time."""
    more = {
        "wishes": {"plan": 7, "pinned": [["a", "b"]], "forbidden": []},
        "goes_on": {"plan": 8, "now": "2026-11-21T17:30:00+00:00", "out": [], "bound_until": {}},
    }
    assert "Made again from" not in planner.get("/plans/1?lang=en").text
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        whole = session.scalar(text("SELECT parameters FROM plan WHERE id = 1"))
    set_parameters = "UPDATE plan SET parameters = CAST(:given AS jsonb) WHERE id = 1"
    try:
        sql(demo.engine, set_parameters, given=json.dumps(whole | more))
        page = planner.get("/plans/1?lang=en").text
        assert "Made again from plan 7" in page and "1 visit kept, 0 visits forbidden" in page
        assert "Goes on from plan 8 at 2026-11-21 19:30" in page
    finally:
        sql(demo.engine, set_parameters, given=json.dumps(whole))


def test_a_plan_is_made_again_with_what_is_kept_forbidden_and_given_away(demo, planner) -> None:
    page = planner.get("/plans/1/again?lang=en")
    assert page.status_code == 200 and page.text.count("lf-wish") == 122
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        visits = session.execute(
            text(
                """SELECT v.id, t.code, v.stop_id FROM plan_visit v JOIN team t ON t.id = v.team_id
                   WHERE v.plan_id = 1 AND v.stop_id IS NOT NULL ORDER BY v.id LIMIT 3"""
            )
        ).all()
        other = session.scalar(
            text("SELECT code FROM team WHERE code <> :code ORDER BY code LIMIT 1"), {"code": visits[2][1]}
        )
    given = {"start": "2026-11-21T18:00", "end": "2026-11-21T22:00", "seconds": "5", "seed": "1"}
    wishes = zip(visits, ("keep", "forbid", f"give:{other}"), strict=True)
    answer = planner.post("/plans/1/again", data=given | {f"visit-{row[0]}": wish for row, wish in wishes})
    assert answer.status_code == 302, answer.text
    number = int(answer.headers["Location"].rpartition("/")[2])
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        asked = session.scalar(text("SELECT arguments FROM job_run WHERE id = :id"), {"id": number})
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.execute(text("DELETE FROM job_run WHERE id = :id"), {"id": number})
    assert asked["again"] == 1
    assert asked["pinned"] == [[visits[0][1], visits[0][2]], [other, visits[2][2]]]
    assert asked["forbidden"] == [[visits[1][1], visits[1][2]], [visits[2][1], visits[2][2]]]


def test_the_duty_village_of_a_plan_is_asked_for_again_only_while_the_rule_is_a_rota(demo, planner) -> None:
    """By another rule no village leads: the plan could not be made again at all."""
    given = {"start": "2026-11-21T18:00", "end": "2026-11-21T22:00", "seconds": "5", "seed": "1"}
    led = []
    for pattern in ("rota", "separate"):
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text(
                    """UPDATE plan SET parameters = parameters || '{"leads": "hel.d02.t03.v05"}'
                       WHERE id = 1"""
                )
            )
            session.execute(
                text("UPDATE zone SET rule = jsonb_set(rule, '{pattern}', to_jsonb(CAST(:p AS text)))"),
                {"p": pattern},
            )
        answer = planner.post("/plans/1/again", data=given)
        number = int(answer.headers["Location"].rpartition("/")[2])
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            asked = session.scalar(text("SELECT arguments FROM job_run WHERE id = :id"), {"id": number})
            session.execute(text("DELETE FROM procrastinate_jobs"))
            session.execute(text("DELETE FROM job_run WHERE id = :id"), {"id": number})
            session.execute(text("UPDATE plan SET parameters = parameters - 'leads' WHERE id = 1"))
        led.append(asked.get("leads"))
    assert led == ["hel.d02.t03.v05", None]


def test_a_wrong_order_to_plan_again_keeps_what_was_chosen(demo, planner) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        visit = session.scalar(
            text("SELECT min(id) FROM plan_visit WHERE plan_id = 1 AND stop_id IS NOT NULL")
        )
    given = {"start": "soon", "end": "2026-11-21T22:00", "seconds": "5", f"visit-{visit}": "keep"}
    answer = planner.post("/plans/1/again?lang=en", data=given)
    assert answer.status_code == 422 and "is not a time" in answer.text
    field = answer.text.split(f'id="in-visit-{visit}"')[1].split("</select>")[0]
    assert re.search(r'value="keep" selected', field)
    assert f"/plans/{OWN}" not in answer.text


def test_who_sees_gaps_but_plans_nothing_sees_the_value_of_a_published_plan(served) -> None:
    """An auditor: what it is worth and why, but not its steps, nor how it differs from other nights."""
    page = served.client(Role.AUDITOR, CHILD).get(f"/plans/{served.site.published[CHILD]}?lang=en").text
    assert "of the upper bound" in page and ">Prize<" in page
    for words in ("Draft, approved", "Different from the nights", "Rules broken"):
        assert words not in page


def test_nobody_plans_again_where_they_may_not(served) -> None:
    plan = served.site.published[CHILD]
    assert served.client(Role.MEMBER, CHILD).get(f"/plans/{plan}/again").status_code == 403
    assert f"/plans/{plan}/again" not in served.client(Role.MEMBER, CHILD).get(f"/plans/{plan}").text


def test_the_police_leader_is_typed_by_who_plans_and_shown(served, draft) -> None:
    """Publishing without one is refused on the page; the name is on the duty text, too."""
    planner, commander = served.client(Role.PLANNER, CHILD), served.client(Role.COMMANDER, CHILD)
    address = f"/plans/{draft}"
    before = sql(served.engine, "UPDATE plan SET parameters = '{}' WHERE id = :plan RETURNING id", plan=draft)
    assert before
    try:
        assert commander.post(f"{address}/approve").status_code == 302
        refused = commander.post(f"{address}/publish?lang=en")
        assert refused.status_code == 422 and "has no police leader" in refused.text
        assert planner.post(f"{address}/leader", data={"leader": "x" * 61}).status_code == 422
        assert planner.post(f"{address}/leader", data={"leader": "孙队 440513"}).status_code == 302
        assert "带班民警：孙队 440513" in planner.get(f"{address}?lang=zh").text
        assert "Police leader: 孙队 440513" in planner.get(f"{address}/file.txt?lang=en").text
        assert commander.post(f"{address}/publish").status_code == 302
    finally:
        sql(
            served.engine,
            """UPDATE plan SET parameters = '{"police_leader": "440513"}' WHERE id = :plan""",
            plan=draft,
        )
