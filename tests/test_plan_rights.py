"""What a plan tells, and to whom: reasons and weights are blind spots, wherever they stand."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from signing import make_account
from small_site import OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role

# A weight that no time, place or random key of an answer happens to hold.
WORTH = 86421
TELLING = ("Camera lost", "outage", ">Why<", ">Prize<", "Weight", "Value", str(WORTH), f"{WORTH:,}")


def _plan_answers(client: FlaskClient, plan: int, visit: int) -> dict[str, bytes]:
    """Everything that is answered about a plan, by address."""
    addresses = [
        f"/plans/{plan}",
        *(f"/plans/{plan}/file{ending}" for ending in (".json", ".gpx", ".geojson", ".csv", ".gpkg")),
        f"/map/plan/{plan}",
        f"/map/lists/routes?plan={plan}",
        f"/map/feature/routes/{visit}",
        f"/tiles/routes/14/13498/7102.mvt?plan={plan}",
        "/plans",
        "/zones",
    ]
    return {one: client.get(one, headers={"Accept-Language": "en"}).data for one in addresses}


@pytest.fixture
def weighed(served):
    """The published plan of two towns with a weight that is easy to find: (number, a visit) by town."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = :worth"), {"worth": WORTH})
        session.execute(
            text("""UPDATE plan SET document = '{"stops": [{"prize": 86421, "cause": "outage"}]}'""")
        )
        rows = session.execute(text("SELECT plan_id, min(id) FROM plan_visit GROUP BY 1"))
        visits = {row[0]: row[1] for row in rows}
    yield {path: (number, visits[number]) for path, number in served.site.published.items()}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = 5"))
        session.execute(text("UPDATE plan SET document = '{}'"))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VOLUNTEER, Role.VIEWER])
def test_no_answer_tells_those_who_walk_what_a_stop_is_worth(served, weighed, role: Role) -> None:
    """Page, files, map, card, tiles and lists: a weight is a blind spot as much as its cause."""
    for address, answer in _plan_answers(served.client(role, OWN), *weighed[OWN]).items():
        told = [word for word in TELLING if word.encode() in answer]
        assert not told, (address, told)


def test_a_right_in_one_town_tells_nothing_of_another_towns_plan(served, weighed) -> None:
    """Who plans in one and only looks at the other sees reasons in the first alone."""
    key = make_account(served.engine, "two-towns", (Role.COMMANDER, OWN), (Role.VIEWER, SIBLING))
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    there, visit = weighed[SIBLING]
    assert client.get(f"/plans/{there}/file.json").status_code == 403
    page = client.get(f"/plans/{there}").text
    assert f"/plans/{there}/file.json" not in page and f"/plans/{there}/withdraw" not in page
    for address, answer in _plan_answers(client, there, visit).items():
        told = [word for word in TELLING if word.encode() in answer]
        assert not told, (address, told)
    here, visit = weighed[OWN]
    answers = _plan_answers(client, here, visit)
    for address in (f"/plans/{here}", f"/map/feature/routes/{visit}"):
        assert b"Camera lost" in answers[address] and f"{WORTH:,}".encode() in answers[address], address
    assert str(WORTH).encode() in answers[f"/plans/{here}/file.json"]
