"""The footage finder's page, its list to print, its files, its API and its command."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from signing import make_account
from small_site import CHILD, OWN, POINTS, SIBLING
from sqlalchemy import select

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Action, Role, accounts, tokens
from web.cli import main
from web.tables import AuditEntry

# In the day of the small site's analysis: its cameras worked until 10:00 of the site's time, then were lost.
WORKED = {"from": "2026-11-21T08:00", "until": "2026-11-21T09:00"}
BOTH = {"from": "2026-11-21T09:30", "until": "2026-11-21T10:30"}


def at(path: str) -> dict[str, str]:
    lon, lat = POINTS[path]
    return {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}


def entries(served) -> list[AuditEntry]:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.subject.like("footage %")))
        return sorted(found, key=lambda one: one.id)


def test_a_question_is_asked_and_answered_and_written_down(served) -> None:
    """Without a place the form; with one the cameras, what they saw, and an entry with the reason."""
    planner = served.client(Role.PLANNER, OWN)
    empty = planner.get("/footage?lang=en").text
    assert "data-lf-footage" in empty and "Who saw this place?" in empty and 'href="/footage"' in empty
    before = len(entries(served))
    page = planner.get("/footage", query_string={**at(OWN), **WORKED, "reason": "A-17", "lang": "en"}).text
    assert served.site.cameras[OWN] in page and "in view" in page and "for 1 h" in page
    # No frame of that day was stored: the analysis tells.
    assert f"analysis {served.site.analysis}" in page
    told = entries(served)[before:]
    assert [one.event for one in told] == ["search"] and told[0].jurisdiction_path == OWN
    assert told[0].detail["reason"] == "A-17" and told[0].detail["cameras"] == 1
    assert told[0].detail["start"] == "2026-11-21 08:00"
    # Half of the time it was lost.
    page = planner.get("/footage", query_string={**at(OWN), **BOTH, "lang": "en"}).text
    assert "09:30–10:00 in view; 10:00–10:30 lost (signal lost)" in page
    chinese = planner.get("/footage", query_string={**at(OWN), **BOTH, "lang": "zh"}).text
    assert "09:30–10:00 看得到" in chinese and "案发查像" in chinese


def test_cameras_of_others_are_not_told(served) -> None:
    """At a neighbour's camera nothing is in reach of one's own; a viewer may not ask at all."""
    planner = served.client(Role.PLANNER, OWN)
    page = planner.get("/footage", query_string={**at(SIBLING), **WORKED, "lang": "en"}).text
    assert served.site.cameras[SIBLING] not in page and "No camera in reach" in page
    everywhere = served.client(Role.AUDITOR).get("/footage", query_string={**at(SIBLING), **WORKED}).text
    assert served.site.cameras[SIBLING] in everywhere
    viewer = served.client(Role.VIEWER, OWN)
    assert viewer.get("/footage").status_code == 403
    assert viewer.get("/footage/sheet", query_string={**at(OWN), **WORKED}).status_code == 403
    card = viewer.get("/map/feature/places/1").text
    assert "/footage" not in card


def test_what_cannot_be_asked_is_refused_in_words(served) -> None:
    """What is no number, no datum, no time; and a place far away."""
    planner = served.client(Role.PLANNER, OWN)
    for wrong, words in (
        ({"lon": "east"}, "not a number"),
        ({"datum": "mars"}, "no datum"),
        ({"from": "soon"}, "not a time"),
        ({"radius": "900"}, "give 0 to 200"),
        ({"lon": "16.6"}, ""),
        ({"from": "2026-11-21T09:30"}, "empty"),
        ({"more": "116.6 x"}, "not a number"),
        ({"reason": "x" * 201}, "at most 200"),
    ):
        answer = planner.get("/footage", query_string={**at(OWN), **WORKED, **wrong, "lang": "en"})
        assert answer.status_code == 422 and words in answer.text, wrong


def test_the_list_to_print_and_the_files(served) -> None:
    """Who asked, why, where it is, a blank for the signature; the file holds the same rows."""
    planner = served.client(Role.PLANNER, OWN)
    asked = {**at(OWN), **BOTH, "reason": "A-17", "lang": "en"}
    sheet = planner.get("/footage/sheet", query_string=asked).text
    code = served.site.cameras[OWN]
    for words in ("Fetched by, signature", "A-17", code, "23.315000, 116.615000", "09:30"):
        assert words in sheet
    made = planner.get("/footage", query_string={**asked, "format": "csv"})
    assert made.mimetype == "text/csv"
    head, row = made.get_data(as_text=True).lstrip("\ufeff").strip().splitlines()
    assert served.site.cameras[OWN] in row and "in view" in row and head.startswith("No.")
    assert planner.get("/footage", query_string={**asked, "format": "xlsx"}).get_data()[:2] == b"PK"
    assert planner.get("/footage/sheet").status_code == 302


def test_a_gap_and_a_card_lead_to_it(served) -> None:
    """With the place of the gap and its first window; from a card of the map with its place."""
    planner = served.client(Role.PLANNER, OWN)
    page = planner.get(f"/gaps/{served.site.gaps[CHILD]}").text
    assert "/footage?lon=116.605" in page and "from=2026-11-21T10%3A00" in page
    card = planner.get(f"/map/feature/gaps/{served.site.gaps[OWN]}").text
    assert "/footage?lon=116.615" in card


@pytest.fixture(scope="module")
def token(served) -> dict[str, str]:
    make_account(served.engine, "footage-auditor", (Role.AUDITOR, None))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        owner = accounts.access_of(session, accounts.account_named(session, "footage-auditor"))
        actions = (Action.CAMERAS_VIEW,)
        _, key = tokens.make_token(
            session, owner, title="t", actions=actions, path=OWN, days=1, now=datetime.now(UTC)
        )
    return {"Authorization": f"Bearer {key}"}


def test_programs_ask_as_well(served, token: dict[str, str]) -> None:
    """The same answer as JSON, to the second and in UTC; written down each time."""
    client = served.app.test_client()
    before = len(entries(served))
    asked = {**at(OWN), **BOTH, "reason": "B-2"}
    found = client.get("/api/v1/footage", query_string=asked, headers=token).get_json()
    (item,) = found["items"]
    assert item["code"] == served.site.cameras[OWN]
    assert item["verdict"] == "certain" and item["seconds"] == 1800 and item["recording"] == "unknown"
    assert [one["verdict"] for one in item["stretches"]] == ["certain", "outage"]
    assert item["stretches"][1]["from"] == "2026-11-21T02:00:00.000Z"
    assert found["basis"] == "analysis" and found["cameras_near"] == 1
    other = client.get("/api/v1/footage", query_string={**at(SIBLING), **BOTH}, headers=token)
    assert other.get_json()["items"] == []
    assert len(entries(served)) == before + 2
    assert client.get("/api/v1/footage", query_string=at(OWN), headers=token).status_code == 422
    assert client.get("/api/v1/footage", query_string=asked).status_code == 401


def test_the_command_tells_it_too(served, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line a camera, the JSON line, an entry in the audit log."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    lon, lat = map(str, POINTS[OWN])
    arguments = ["--datum", "wgs84", "--from", BOTH["from"], "--until", BOTH["until"], "--reason", "C-3"]
    result = CliRunner().invoke(main, ["cameras", "saw", lon, lat, *arguments, "--lang", "en", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output.strip().splitlines()[-1])
    assert [one["code"] for one in answer["items"]] == [served.site.cameras[OWN]]
    assert "09:30–10:00 in view; 10:00–10:30 lost" in result.output
    assert entries(served)[-1].detail["reason"] == "C-3"
