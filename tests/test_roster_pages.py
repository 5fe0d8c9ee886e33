"""Rosters on their pages and on the command line: made, changed, published, handed out, and by whom."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
import pytest
from click.testing import CliRunner
from icalendar import Calendar
from signing import signed_in_client
from small_site import CHILD, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols.repository import rosters as store
from web.access import Role
from web.cli import main


@pytest.fixture
def zone(served):
    """The child's zone, whose team alone serves; no roster stays."""
    yield served.site.zones[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM roster"))


def client(served, role=Role.PLANNER, path=CHILD):
    return signed_in_client(served.app, served.engine, role, path)


FORM = {
    "first": "2026-12-01",
    "last": "2026-12-03",
    "slots": "18:00-22:00 1 1",
    "rest_h": "8",
    "leaders": "孙队\n",
}


def made(served, zone, **own):
    answer = client(served).post("/rosters/new", data=FORM | {"zone": zone} | own)
    assert answer.status_code == 302, answer.text[:2000]
    return int(answer.headers["Location"].rpartition("/")[2])


def test_a_roster_is_made_shown_and_published_for_the_zone_to_see(served, zone):
    planner, commander, member = client(served), client(served, Role.COMMANDER), client(served, Role.MEMBER)
    assert "18:00-22:00 2 2" in planner.get(f"/rosters/new?zone={zone}").text
    number = made(served, zone)
    address = f"/rosters/{number}"
    page = planner.get(f"{address}?lang=en").text
    for words in (
        "2026-12-01 Tue",
        "18:00–22:00",
        "Police leader: 孙队",
        "Swap two entries",
        "Twice in a row",
    ):
        assert words in page, words
    assert "周二" in planner.get(f"{address}?lang=zh").text
    assert member.get(address).status_code == 404 and "2026-12-01" not in member.get("/rosters").text
    assert planner.post(f"{address}/publish").status_code == 403
    assert commander.post(f"{address}/publish").status_code == 302
    assert "Swap two entries" not in member.get(f"{address}?lang=en").text
    assert "2026-12-01" in member.get("/rosters").text
    assert client(served, Role.MEMBER, SIBLING).get(address).status_code == 404
    refused = planner.post(f"{address}/again?lang=en")
    assert refused.status_code == 422 and f"roster {number} is published" in refused.text
    assert commander.post(f"{address}/withdraw").status_code == 302
    assert planner.post(f"{address}/remove").headers["Location"] == "/rosters"
    assert planner.get(address).status_code == 404


@pytest.mark.parametrize(
    "own, words",
    [
        ({"zone": "nowhere"}, "Choose a zone of your area"),
        ({"first": "soon"}, "“soon” is no date; write it as 2026-11-22"),
        ({"last": "2026-11-30"}, "from 2026-12-01 to 2026-11-30 are 0"),
        ({"slots": "18:00-22:00 2 2"}, "2026-12-01 18:00–22:00: 2 teams are needed and 1 can serve"),
        ({"slots": "late"}, "are no hours"),
        ({"rest_h": "long"}, "“long” is not a number"),
    ],
)
def test_what_cannot_be_is_told_on_the_form(served, zone, own, words):
    answer = client(served).post("/rosters/new?lang=en", data=FORM | {"zone": zone} | own)
    assert answer.status_code == 422 and words in answer.text


def test_it_is_changed_by_hand_and_undone(served, zone):
    planner, number = client(served), made(served, zone)
    address = f"/rosters/{number}"
    for deed, data, words in (
        ("swap", {"one": "0:x", "other": "1:y"}, "does not serve in the turn that is swapped"),
        ("swap", {"one": "", "other": "1:y"}, "Choose two entries to swap"),
        ("mark", {"turn": "", "team": "x", "state": "fixed"}, "Choose a turn"),
        ("mark", {"turn": "0", "team": "x", "state": "fixed"}, "no such turn or no team"),
        ("leader", {"led_turn": "9", "leader": "x"}, "no such turn"),
        ("undo", {}, "nothing was changed in this roster"),
    ):
        answer = planner.post(f"{address}/{deed}?lang=en", data=data)
        assert answer.status_code == 422 and words in answer.text, deed
    assert planner.post(f"{address}/leader", data={"led_turn": "1", "leader": "440513"}).status_code == 302
    page = planner.get(f"{address}?lang=en").text
    assert "Police leader: 440513" in page and "police leader named" in page
    assert planner.post(f"{address}/undo").status_code == 302
    assert "440513" not in planner.get(address).text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (team,) = store.head(session, number)["document"]["teams"]
    assert (
        planner.post(f"{address}/mark", data={"turn": "1", "team": team, "state": "forbidden"}).status_code
        == 302
    )
    refused = planner.post(f"{address}/again?lang=en")
    assert refused.status_code == 422 and "1 teams are needed and 0 can serve" in refused.text


def test_it_is_handed_out_as_a_workbook_and_calendars(served, zone):
    number = made(served, zone)
    member, planner = client(served, Role.MEMBER), client(served)
    assert member.get(f"/rosters/{number}/file.xlsx").status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(planner.get(f"/rosters/{number}/file.xlsx?lang=en").data))
    assert book.sheetnames == ["Roster", "Entries", "How turns are shared"]
    assert book["Roster"]["A4"].value == "2026-12-01 Tue" and "孙队" in book["Roster"]["B4"].value
    assert book["Entries"].max_row == 4 and book["How turns are shared"]["D2"].value == 3
    events = Calendar.from_ical(planner.get(f"/rosters/{number}/file.ics").data).walk("VEVENT")
    assert events[0]["DTSTART"].dt.isoformat() == "2026-12-01T10:00:00+00:00"
    assert len(events) == 3 and {str(event["STATUS"]) for event in events} == {"TENTATIVE"}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (team,) = store.head(session, number)["document"]["teams"]
    own = planner.get(f"/rosters/{number}/file.ics?team={team}")
    assert own.status_code == 200 and "-1.ics" in own.headers["Content-Disposition"]
    for wrong in ("file.ics?team=x", f"file.xlsx?team={team}", "file.pdf"):
        assert planner.get(f"/rosters/{number}/{wrong}").status_code == 404


@pytest.fixture
def run(served, monkeypatch):
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    return lambda *arguments: CliRunner().invoke(main, ["patrols", "roster", *map(str, arguments), "--json"])


def test_the_command_line_makes_shows_publishes_and_writes(zone, served, run, tmp_path):
    asked = ["--zone", zone, "--from", "2026-12-01", "--to", "2026-12-02"]
    made = json.loads(run("make", *asked, "--slot", "18:00-22:00 1 1").stdout)
    assert [turn["day"] for turn in made["turns"]] == ["2026-12-01", "2026-12-02"]
    number = made["roster"]
    shown = json.loads(run("show", number).stdout)
    assert shown["faults"] == [] and shown["out_of_date"] == [] and shown["status"] == "draft"
    assert run("publish", number).exit_code == 0
    for name in ("r.xlsx", "r.ics"):
        assert run("export", number, tmp_path / name).exit_code == 0
        assert (tmp_path / name).stat().st_size > 100
    for wrong, words in (
        (["show", 999_999], "roster 999999 is not stored"),
        (["export", number, tmp_path / "r.pdf"], ".xlsx"),
        (["export", number, tmp_path / "r.xlsx", "--team", "x"], "--team is for an .ics file"),
        (["make", *asked[:3], "soon", *asked[4:], "--slot", "18:00-22:00"], "is no date"),
        (["make", *asked, "--slot", "18:00-22:00 2 2"], "2 teams are needed and 1 can serve"),
    ):
        answer = run(*wrong)
        assert answer.exit_code != 0 and words in answer.stderr, answer.stderr
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert store.head(session, number)["first"] == date(2026, 12, 1)
