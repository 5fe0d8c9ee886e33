"""Camera audits and spot checks act on, and show, the jurisdiction that the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import psycopg
import pytest
from conftest import ServedSite
from flask.testing import FlaskClient
from signing import make_account
from small_site import CHILD, NAMES, OWN, PARENT, SIBLING
from sqlalchemy import text

from cameras.services import upkeep as keeping
from cameras.services.auditing import audit_cameras
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
HATS = ((Role.AUDITOR, OWN), (Role.COMMANDER, PARENT))
PAGES = {
    "/checks/assessed": ("/checks/assessed", {"month": "2026-12", "point_class": ""}, "assessed_list"),
    "/samples": ("/samples", {"count": "1", "seed": "3"}, "sample_sheet"),
    "/checks": ("/checks/run", {}, "job_run"),
}


@pytest.fixture
def site(served: ServedSite) -> Iterator[SimpleNamespace]:
    """The served site and somebody who sees the district, and may change the records of one town of it."""
    key = make_account(served.engine, "two-hats", *HATS)
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    yield SimpleNamespace(served=served, client=client, engine=served.engine)
    with psycopg.connect(served.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("TRUNCATE sample_sheet, assessed_list, camera_audit, audit_finding, job_run CASCADE")
        owner.execute("DELETE FROM account WHERE name = 'two-hats'")


def shown(page: str) -> str | None:
    found = re.search(r'name="area" value="([^"]*)"', page)
    return found and found[1]


def rows(client: FlaskClient, address: str) -> str:
    """The table alone: the rest of the page names jurisdictions too."""
    return client.get(f"{address}&format=csv").text


def stored(site: SimpleNamespace, table: str) -> list:
    column = "within_path" if table == "assessed_list" else "jurisdiction_path"
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        return list(session.scalars(text(f"SELECT {column}::text FROM {table}")))


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_done_for_another_jurisdiction_than_the_page_says(site, page: str) -> None:
    """A choice outside of where records may be changed is refused by name, not swapped for one's own town."""
    address, asked, table = PAGES[page]
    told = site.client.get(f"{page}?lang=en&in={SIBLING}").text
    assert shown(told) == SIBLING
    for area, where in ((SIBLING, NAMES[SIBLING][1]), (PARENT, NAMES[PARENT][1]), ("", "the whole site")):
        answer = site.client.post(f"{address}?lang=en", data={**asked, "area": area}, follow_redirects=True)
        assert f"may not change camera records in {where}" in answer.text
        assert NAMES[SIBLING][0] in site.client.get(f"{page}?lang=zh").text
    for odd in ("c.d.t9", "'", "x" * 9000):
        assert (
            "may not change"
            in site.client.post(f"{address}?lang=en", data={**asked, "area": odd}, follow_redirects=True).text
        )
    answer = site.client.post(f"{address}?lang=en", data=asked, follow_redirects=True)
    assert "does not say for which jurisdiction" in answer.text
    assert stored(site, table) == []


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_says_is_what_is_done(site, page: str) -> None:
    """Also when something else was chosen in another window meanwhile."""
    address, asked, table = PAGES[page]
    for chosen, expected in (("", OWN), (CHILD, CHILD)):
        told = site.client.get(f"{page}?lang=en&in={chosen}").text
        assert shown(told) == expected and NAMES[expected][1] in told
    site.client.get(f"{page}?in={SIBLING}")
    assert site.client.post(address, data={**asked, "area": CHILD}).status_code == 303
    assert stored(site, table) == [CHILD]


def test_the_page_says_beforehand_where_nothing_can_be_frozen(site) -> None:
    told = site.client.get(f"/checks/assessed?lang=en&in={SIBLING}").text
    assert f"may not change camera records in {NAMES[SIBLING][1]}" in told


def test_what_was_made_for_another_village_is_not_shown(site) -> None:
    """Neither its lists nor its audits, which would make a village look clean that nobody audited."""
    client = site.served.client(Role.AUDITOR)
    for path in (SIBLING, CHILD):
        with transaction(site.engine, scope=WHOLE_SITE) as session:
            keeping.freeze_list(session, month=date(2026, 12, 1), within=path, author="li", now=NOW)
            audit_cameras(session, now=NOW, author="li", within=path)
            number = session.scalar(
                text("SELECT id FROM assessed_list WHERE within_path = CAST(:p AS ltree)"), {"p": path}
            )
        name = NAMES[path][1]
        # At the place, above it and below it, by choice and by right.
        for area in (path, PARENT):
            assert f": {name}" in client.get(f"/checks?lang=en&in={area}").text
            assert name in rows(client, f"/checks/assessed?lang=en&in={area}")
        elsewhere = OWN if path == SIBLING else SIBLING
        if path == SIBLING:
            assert "Last audit" not in client.get(f"/checks?lang=en&in={elsewhere}").text
            assert "Last audit" not in site.served.client(Role.AUDITOR, elsewhere).get("/checks?lang=en").text
        assert name not in rows(client, f"/checks/assessed?lang=en&in={elsewhere}")
        stranger = site.served.client(Role.AUDITOR, elsewhere)
        assert name not in rows(stranger, "/checks/assessed?lang=en")
        assert stranger.get(f"/checks/assessed/{number}").status_code == 404


def test_an_audit_of_more_is_ones_own_too(site) -> None:
    """Of the whole site, and of the district, which a village does not see by its name."""
    for within, where in ((None, "the whole site"), (PARENT, "a larger jurisdiction")):
        with transaction(site.engine, scope=WHOLE_SITE) as session:
            audit_cameras(session, now=NOW, author="li", within=within)
        assert f": {where}" in site.served.client(Role.AUDITOR, CHILD).get("/checks?lang=en").text
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        keeping.freeze_list(session, month=date(2026, 12, 1), within=PARENT, author="li", now=NOW)
    village = site.served.client(Role.AUDITOR, CHILD)
    assert "a larger jurisdiction" in rows(village, "/checks/assessed?lang=en")
