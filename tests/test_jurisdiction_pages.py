"""The pages of jurisdictions: roll-up, drill-down, rights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small_site
from signing import make_account
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role


def test_a_single_uppermost_jurisdiction_opens_itself(served) -> None:
    """Whoever has one town begins in it."""
    client = served.client(Role.VIEWER, small_site.OWN)
    answer = client.get("/jurisdictions")
    assert answer.status_code == 302 and answer.headers["Location"] == "/jurisdictions/c.d.t"


def test_whoever_has_places_of_different_levels_begins_with_all_of_them(served) -> None:
    """A village of one town and the town beside it: neither hides the other, and nothing above is told."""
    key = make_account(
        served.engine, "two-levels", (Role.AUDITOR, small_site.CHILD), (Role.AUDITOR, small_site.SIBLING)
    )
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    answer = client.get("/jurisdictions?lang=en")
    assert answer.status_code == 200
    rows = answer.text.split("<tbody")[1].split("</tbody>")[0]
    assert "Xiazhai" in rows and "Houpu" in rows and "Qianpu" not in rows


def test_the_record_shows_the_shares_that_are_stored(served) -> None:
    """10 of 24 hours certain (42 %), 12 possible (50 %), 82 m of street; those directly in it are listed."""
    page = served.client(Role.VIEWER).get("/jurisdictions/c.d?lang=en").text
    assert "Town District" in page and "42 %" in page and "50 %" in page and "82 m" in page
    assert "/jurisdictions/c.d.t" in page and "/jurisdictions/c.d.u" in page
    assert "/jurisdictions/c.d.t.v" not in page.split("<main")[1].split("data-map")[0], (
        "not a child, a grandchild"
    )
    assert "City" not in page or "/jurisdictions/c" in page


def test_another_level_has_no_figures_here(served) -> None:
    """Only *observe* was stored; a level that does not exist is no page."""
    client = served.client(Role.VIEWER)
    assert "Nothing to watch here" in client.get("/jurisdictions/c.d?level=identify&lang=en").text
    assert client.get("/jurisdictions/c.d?level=guess").status_code == 404


def test_what_lies_outside_is_not_found(served) -> None:
    """Parent and sibling are as unknown as nonsense; the way up shows no names above one's own."""
    client = served.client(Role.VIEWER, small_site.OWN)
    assert client.get("/jurisdictions/c.d.t.v").status_code == 200
    for path in ("c", "c.d", "c.d.u", "nonsense", "c.d'--"):
        assert client.get(f"/jurisdictions/{path}").status_code == 404, path
    assert "Town District" not in client.get("/jurisdictions/c.d.t?lang=en").text


def test_the_table_is_exported_by_those_who_may(served) -> None:
    """A viewer may look, an auditor may take it away."""
    address = "/jurisdictions/c.d?format=csv"
    assert served.client(Role.VIEWER).get(address).status_code == 403
    answer = served.client(Role.AUDITOR).get(address)
    assert answer.status_code == 200 and "前埔镇" in answer.get_data(as_text=True)


@pytest.fixture
def earlier(served) -> Iterator[int]:
    """A newer analysis without figures: the stored one, with its number, is no longer the newest."""
    columns = "period, level, slot_min, threshold, parameters, input_revision, code_version, author, totals"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        newest = session.scalar(
            text(f"INSERT INTO analysis ({columns}) SELECT {columns} FROM analysis LIMIT 1 RETURNING id")
        )
    yield served.site.analysis
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM analysis WHERE id = :id"), {"id": newest})


def test_other_analyses_than_the_newest_are_for_those_who_see_gaps(served, earlier: int) -> None:
    """A viewer has the newest by whatever address; the older one is not there for them."""
    viewer, auditor = served.client(Role.VIEWER, small_site.OWN), served.client(Role.AUDITOR, small_site.OWN)
    newest = auditor.get(f"/jurisdictions/{small_site.OWN}?lang=en").text
    assert "42 %" not in newest, "it has no figures"
    tile = "/tiles/jurisdictions/12/3374/1775.mvt"
    for path in (f"/jurisdictions/{small_site.OWN}", "/jurisdictions/c.d.t.v"):
        told = auditor.get(f"{path}?lang=en&analysis={earlier}")
        assert told.status_code == 200 and "42 %" in told.text
        assert viewer.get(f"{path}?lang=en&analysis={earlier}").status_code == 404
        assert viewer.get(f"{path}?lang=en").status_code == 200
        assert viewer.get(f"{path}?lang=en&analysis={_newest(served)}").status_code == 200
    assert viewer.get(f"{tile}?analysis={earlier}").data == viewer.get(tile).data != b""
    assert auditor.get(f"{tile}?analysis={earlier}").data != auditor.get(tile).data


def _newest(served) -> int:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return int(session.scalar(text("SELECT max(id) FROM analysis")) or 0)
