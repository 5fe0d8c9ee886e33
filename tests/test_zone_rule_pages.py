"""The rule of a zone on its page: shown as it is, changed, refused with what was typed kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from small_site import CHILD, OWN
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role


@pytest.fixture
def zone(served) -> Iterator[str]:
    """Code of a zone of one village; it goes afterwards."""
    drawn = {"code": "ruled", "name": "片区", "members": [CHILD], "separation_min": "30"}
    assert served.client(Role.PLANNER, OWN).post("/zones/new", data=drawn).status_code == 302
    yield "ruled"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM zone WHERE code = 'ruled'"))
        session.execute(text("DELETE FROM import_batch WHERE file_name LIKE 'zone ruled%'"))


GIVEN = {
    "pattern": "separate",
    "visits": "2",
    "villages": "1",
    "separation_min": "20",
    "idle_min": "",
    "within": "week",
}


def test_a_planner_changes_a_rule_and_sees_it(served, zone: str) -> None:
    client: FlaskClient = served.client(Role.PLANNER, OWN)
    assert f'href="/zones/{zone}/rule"' in client.get(f"/zones/{zone}").text
    page = client.get(f"/zones/{zone}/rule").text
    assert 'value="separate" checked' in page
    answer = client.post(f"/zones/{zone}/rule", data=GIVEN)
    assert answer.headers["Location"] == f"/zones/{zone}"
    told = client.get(f"/zones/{zone}?lang=en").text
    assert "in one week" in told
    assert "20 min" in told
    assert 'value="20"' in client.get(f"/zones/{zone}/rule").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"visits": "two"}, "“two” is not a number"),
        ({"visits": "9"}, "Visits: 9 is out of limits (1 to 4); correct it."),
        ({"visits": "2", "villages": "3"}, "Villages that come: 3 is out of limits (1 to 2)"),
        ({"separation_min": "-5"}, "Time between visits: -5 is out of limits (0 to 10080)"),
        ({"separation_min": "1e30"}, "Time between visits: 1e+30 is out of limits"),
        ({"idle_min": "0"}, "Longest time alone: 0 is out of limits (1 to 10080)"),
        ({"pattern": "relay"}, "pattern &#39;relay&#39; is not known"),
        ({"pattern": "rota"}, "a rota is within one shift, not a week"),
        ({"pattern": "joint", "villages": "9"}, "asks for 9 villages at a stop"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_what_was_typed_stays(
    served, zone: str, changes: dict[str, str], words: str
) -> None:
    client: FlaskClient = served.client(Role.PLANNER, OWN)
    answer = client.post(f"/zones/{zone}/rule?lang=en", data=GIVEN | changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{(GIVEN | changes)["separation_min"]}"' in answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        stored = session.scalar(text("SELECT rule->>'within' FROM zone WHERE code = :code"), {"code": zone})
    assert stored != "week"


def test_a_zone_that_is_not_there_has_no_rule(served) -> None:
    client: FlaskClient = served.client(Role.PLANNER, OWN)
    assert client.get("/zones/nowhere/rule").status_code == 404
    assert client.post("/zones/nowhere/rule", data=GIVEN).status_code == 404
