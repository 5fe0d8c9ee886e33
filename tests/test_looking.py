"""Looking at blind spots stands in the audit log, however the page was asked for, and once for one look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from signing import make_account
from small_site import OWN
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web import looking
from web.access import Role

HTMX = {"HX-Request": "true"}
VIEW = "bbox=116,23,117,24"


@pytest.fixture
def app(served) -> Iterator[Flask]:
    """Nothing was looked at a minute ago."""
    served.app.extensions.pop("lianfang-looked-at", None)
    yield served.app
    served.app.extensions.pop("lianfang-looked-at", None)


def client(served, name: str, role: Role) -> FlaskClient:
    made = served.app.test_client()
    key = make_account(served.engine, name, (role, OWN))
    with made.session_transaction() as cookie:
        cookie["_user_id"] = key
    return made


def looks(served, name: str) -> list[tuple]:
    """(event, subject, detail) of what somebody looked at, in order."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(
            text(
                """SELECT event, subject, detail FROM audit_entry
                   WHERE account_name = :name AND event IN ('view', 'search') ORDER BY id"""
            ),
            {"name": name},
        )
        return [tuple(row) for row in rows]


def test_a_header_hides_no_look_at_a_page(served, app) -> None:
    """A page is a page whether or not the request says that a script asks."""
    auditor = client(served, "hiding", Role.AUDITOR)
    pages = [f"/cameras/{served.site.cameras[OWN]}", f"/gaps/{served.site.gaps[OWN]}", "/cameras"]
    for page in pages:
        answer = auditor.get(page, headers={**HTMX, "HX-Target": "x"})
        assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")
    assert looks(served, "hiding") == [("view", page, {}) for page in pages]
    assert auditor.get(pages[0]).status_code == 200
    assert len(looks(served, "hiding")) == 4, "a page counts each time"


def test_rows_anew_are_written_once_a_minute_and_question(served, app, monkeypatch) -> None:
    """Turning pages is one look; another word is another question; a minute later all is new."""
    auditor = client(served, "paging", Role.AUDITOR)
    rows = {**HTMX, "HX-Target": "table-cameras"}
    for address in ("/cameras?size=25", "/cameras?page=1&sort=name", "/cameras?q=x", "/cameras?q=x&lang=en"):
        answer = auditor.get(address, headers=rows)
        assert answer.status_code == 200 and "<html" not in answer.text
    told = [("view", "/cameras", {}), ("view", "/cameras?q=x", {})]
    assert looks(served, "paging") == told
    monkeypatch.setattr(looking, "ONCE_IN_S", 0.0)
    assert auditor.get("/cameras?q=x", headers=rows).status_code == 200
    assert looks(served, "paging") == [*told, told[1]]


def test_the_maps_own_lists_and_searches_are_written_down(served, app) -> None:
    """Its lists whatever the view and page, its searches with their words where cameras were found."""
    auditor = client(served, "mapping", Role.AUDITOR)
    assert auditor.get("/map?lang=en").status_code == 200
    for address in (
        f"/map/lists/cameras?{VIEW}",
        f"/map/lists/cameras?{VIEW}&page=2",
        "/map/lists/cameras?bbox=116,23,116.9,24",
        f"/map/lists/gaps?list=repair&{VIEW}",
        "/map/search?q=路口",
        "/map/search?q=路口",
        "/map/search?q=no-such-thing",
    ):
        assert auditor.get(address, headers=HTMX).status_code == 200, address
    assert looks(served, "mapping") == [
        ("view", "/map?lang=en", {}),
        ("view", "/map/lists/cameras", {}),
        ("view", "/map/lists/gaps?list=repair", {}),
        ("search", "map", {"words": "路口", "cameras": 2}),
    ]
    page = served.client(Role.COMMANDER, OWN).get("/audit?lang=en&person=mapping").text
    for words in ("Cameras on the map", "Gaps on the map", "searched", "searched for: 路口"):
        assert words in page
    assert 'href="/map/lists' not in page


def test_what_everybody_may_see_is_not_written_down(served, app) -> None:
    """A viewer's map, figures and published plans hold no blind spot."""
    viewer = client(served, "viewing", Role.VIEWER)
    for address in (
        "/map",
        f"/jurisdictions/{OWN}",
        f"/plans/{served.site.published[OWN]}",
        "/map/search?q=埔",
    ):
        assert viewer.get(address).status_code == 200
    assert looks(served, "viewing") == []


def test_a_look_at_a_draft_is_written_down(served, app) -> None:
    """A plan that is not published yet tells where teams will be."""
    planner, draft = client(served, "drafting", Role.PLANNER), served.site.drafts[OWN]
    assert planner.get(f"/plans/{draft}").status_code == 200
    assert looks(served, "drafting") == [("view", f"plan {draft}", {})]
