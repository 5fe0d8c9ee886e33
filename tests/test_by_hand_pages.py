"""Changing a draft by hand, on its page: the board, steps and what they mean, and the orders they become."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from signing import app_on, signed_in_client
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web.access import Role
from web.jobs.bodies import by_hand as body

PAGE = "/plans/1/by-hand"


@pytest.fixture(scope="module")
def planner(demo, tmp_path_factory) -> FlaskClient:
    app = app_on(demo.engine, tmp_path_factory.mktemp("by-hand"))
    return signed_in_client(app, demo.engine, Role.PLANNER)


def orders_on(page: str) -> dict[str, list[str]]:
    """The orders that a page carries."""
    found = re.search(r'data-hand-orders="([^"]*)"', page)
    assert found
    return dict(json.loads(html.unescape(found[1])))


def tried(planner: FlaskClient, orders: Any, lang: str = "en", **step: Any):
    given = {"orders": orders if isinstance(orders, str) else json.dumps(orders), **step}
    return planner.post(f"{PAGE}/try?lang={lang}", data=given)


@pytest.fixture
def orders(planner) -> dict[str, list[str]]:
    return orders_on(planner.get(f"{PAGE}?lang=en").text)


def asked(demo, answer) -> dict[str, Any]:
    """What the job that an answer leads to was asked; the job goes."""
    assert answer.status_code == 302, answer.text
    number = int(answer.headers["Location"].rpartition("/")[2])
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        found = session.scalar(text("SELECT arguments FROM job_run WHERE id = :id"), {"id": number})
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.execute(text("DELETE FROM job_run WHERE id = :id"), {"id": number})
    return dict(found)


def test_the_board_has_every_team_and_visit_and_nothing_is_changed(demo, planner, orders) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        visits = session.execute(
            text(
                """SELECT t.code, v.stop_id FROM plan_visit v JOIN team t ON t.id = v.team_id
                   WHERE v.plan_id = 1 AND v.stop_id IS NOT NULL ORDER BY t.code, v.seq"""
            )
        ).all()
    page = planner.get(f"{PAGE}?lang=en").text
    assert [(team, stop) for team in sorted(orders) for stop in orders[team]] == [
        tuple(row) for row in visits
    ]
    assert page.count("data-hand-visit ") == len(visits)
    assert page.count("data-hand-row=") == len(orders)
    assert "Nothing is changed yet." in page
    assert f'href="{PAGE}"' in planner.get("/plans/1?lang=en").text
    assert "手动调整" in planner.get(f"{PAGE}?lang=zh").text


def test_a_step_says_who_goes_where_and_what_it_is_worth(planner, orders) -> None:
    """One visit less: its stop is not crossed any more."""
    team = next(code for code in orders if orders[code])
    answer = tried(planner, orders, step="out", team=team, place=0)
    assert answer.status_code == 200
    assert orders_on(answer.text) == orders | {team: orders[team][1:]}
    assert "is not crossed any more: fewer visits than the rule asks" in answer.text
    assert re.search(r"lf-change-bad[^>]*>−1<", answer.text)
    assert ">goes<" in answer.text.replace("</span>", "<")
    assert "<html" not in answer.text, "the board alone"
    assert "不再被交叉巡到" in tried(planner, orders, "zh", step="out", team=team, place=0).text


def test_steps_move_swap_and_put_in(planner, orders) -> None:
    one, two, *_ = [code for code in orders if len(orders[code]) > 2]
    stop = orders[one][0]
    to_its_end = tried(planner, orders, step="move", team=one, place=0, to=two, at=len(orders[two]))
    assert orders_on(to_its_end.text)[two] == [*orders[two], stop]
    swapped = orders_on(tried(planner, orders, step="swap", team=one, place=0, to=two, at=1).text)
    assert (swapped[one][0], swapped[two][1]) == (orders[two][1], stop)
    best = orders_on(tried(planner, orders, step="move", team=one, place=0, to=two, at="").text)
    assert sorted(best[two]) == sorted([*orders[two], stop]) and stop not in best[one][:1]
    without = orders_on(tried(planner, orders, step="out", team=one, place=0).text)
    back = orders_on(tried(planner, without, step="come", stop=stop, to=one, at=0).text)
    assert back == orders
    assert orders_on(tried(planner, orders).text) == orders, "no step shows the orders as they are"


def test_a_rule_that_breaks_is_told_by_name_and_time(planner, orders) -> None:
    labels = dict(
        re.findall(r'data-hand-row="([^"]*)" data-hand-name="([^"]*)"', tried(planner, orders).text)
    )
    one, *others = [code for code in orders if "(foot)" in labels[code]]
    everything = [stop for code in (one, *others) for stop in orders[code]]
    both = orders | {code: [] for code in others} | {one: everything}
    page = tried(planner, both).text
    assert re.search(r"team \d \(foot\) is back at \d\d:\d\d, its shift ends at 22:00", page)
    assert "whoever approves it says that they know" in page
    assert "班次 22:00 结束" in tried(planner, both, "zh").text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"step": "move", "team": "no-such", "place": 0, "to": "x", "at": 0}, "has no visit 1"),
        ({"step": "come", "stop": "no-such", "to": "", "at": 0}, "the plan has no team"),
        ({"step": "out", "team": "x", "place": "one"}, "A place is missing"),
        ({"step": "burn"}, "“burn” is no change of a plan"),
    ],
)
def test_a_step_that_cannot_be_leaves_the_board_as_it_is(planner, orders, given, words) -> None:
    answer = tried(planner, orders, **given)
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert orders_on(answer.text) == orders


@pytest.mark.parametrize("orders", ["", "[]", "{", '{"a": 1}', '{"no-such": []}', "[" * 5000, " " * 400_001])
def test_orders_that_are_none_are_refused(planner, orders) -> None:
    assert tried(planner, orders).status_code == 422
    assert planner.post(PAGE, data={"orders": orders}).status_code == 422


def test_kept_by_hand_it_becomes_a_draft_and_says_from_what(demo, planner, orders) -> None:
    team = next(code for code in orders if orders[code])
    changed = orders | {team: orders[team][1:]}
    told = asked(demo, planner.post(PAGE, data={"orders": json.dumps(changed)}))
    assert told == {"plan": 1, "orders": {code: own for code, own in changed.items() if own}}
    order = body.order(told)
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        from patrols.services.by_hand import keep_by_hand

        made = keep_by_hand(session, order.plan, order.orders, author="tester")
    try:
        page = planner.get(f"/plans/{made.plan_id}?lang=en").text
        assert "Changed by hand from plan 1" in page
        assert "0 visits given to teams, 1 visit taken away" in page
        assert f'href="/plans/{made.plan_id}/by-hand"' in page
    finally:
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM plan WHERE id = :id"), {"id": made.plan_id})


def test_around_it_the_rest_is_planned_with_what_was_changed_kept(demo, planner, orders) -> None:
    one, two, *_ = [code for code in orders if orders[code]]
    stop = next(stop for stop in orders[one] if stop not in orders[two])
    place = orders[one].index(stop)
    changed = orders_on(tried(planner, orders, step="move", team=one, place=place, to=two, at=0).text)
    told = asked(demo, planner.post(f"{PAGE}/around", data={"orders": json.dumps(changed)}))
    assert (told["again"], told["pinned"], told["forbidden"]) == (1, [[two, stop]], [[one, stop]])
    same = planner.post(f"{PAGE}/around?lang=en", data={"orders": json.dumps(orders)})
    assert same.status_code == 422 and "Nothing goes to another team" in same.text


def test_a_plan_that_is_no_draft_is_not_changed(demo, planner, orders) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan SET status = 'published' WHERE id = 1"))
    try:
        answers = [planner.get(f"{PAGE}?lang=en"), tried(planner, orders), planner.post(PAGE)]
        assert [answer.status_code for answer in answers] == [422] * 3
        assert "is not a draft any more" in answers[0].text
        assert "/by-hand" not in planner.get("/plans/1").text
    finally:
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            session.execute(text("UPDATE plan SET status = 'draft' WHERE id = 1"))


def test_who_only_looks_does_not_change(demo, tmp_path_factory) -> None:
    app = app_on(demo.engine, tmp_path_factory.mktemp("looking"))
    looker = signed_in_client(app, demo.engine, Role.VIEWER)
    assert looker.get(PAGE).status_code == 403
    assert looker.post(f"{PAGE}/try", data={"orders": "{}"}).status_code == 403


@pytest.mark.parametrize("given", [{"plan": 1}, {"plan": 1, "orders": {"a": "b"}}, {"plan": 1, "orders": []}])
def test_a_job_with_other_arguments_is_refused(given) -> None:
    with pytest.raises(InputRefused):
        body.order(given)
