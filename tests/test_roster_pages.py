"""Rosters on their pages and on the command line: made, changed, published, handed out, and by whom."""

from __future__ import annotations

import io
import json
import threading
import time
from datetime import date

import openpyxl
import pytest
from click.testing import CliRunner
from icalendar import Calendar
from signing import signed_in_client
from small_site import CHILD, SIBLING
from sqlalchemy import func, select, text

from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from patrols.repository import rosters as store
from patrols.rosters import model
from patrols.rosters.watching import Progress
from web.access import Role
from web.cli import main
from web.i18n import Translator
from web.jobs.bodies import roster as body
from web.jobs.running import run_job
from web.jobs.words import Words, told
from web.tables import JobRun


@pytest.fixture
def zone(served):
    """The child's zone, whose team alone serves; no roster stays."""
    yield served.site.zones[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM roster; DELETE FROM job_run; DELETE FROM procrastinate_jobs"))


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
    job = asked(served, zone, **own)
    assert run(served, job) == "done"
    return int(job_of(served, job).result["url"].removeprefix("/rosters/"))


def asked(served, zone, **own):
    answer = client(served).post("/rosters/new", data=FORM | {"zone": zone} | own)
    assert answer.status_code == 302, answer.text[:2000]
    return int(answer.headers["Location"].removeprefix("/jobs/"))


def job_of(served, number):
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return session.get_one(JobRun, number)


def last_job(served):
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return session.scalar(select(func.max(JobRun.id)))


def run(served, job):
    return run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False)


def rosters(served):
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return session.scalar(text("SELECT count(*) FROM roster"))


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
    assert "job-state-" not in planner.get(address).text


# ---------------------------------------------------------------- the job


def test_a_roster_is_made_by_a_job_that_anybody_who_plans_there_sees(served, zone):
    job = asked(served, zone)
    assert rosters(served) == 0
    page = client(served).get(f"/jobs/{job}?lang=en").text
    assert "It is next." in page and "2026-12-01 to 2026-12-03" in page
    assert client(served, path=SIBLING).get(f"/jobs/{job}").status_code == 404
    assert run(served, job) == "done" and rosters(served) == 1
    assert "3 turns of 1 teams; 2 times a team serves twice in a row." in (
        client(served).get(f"/jobs/{job}?lang=en").text
    )


def test_what_only_the_search_finds_is_told_by_the_job(served, zone):
    job = asked(served, zone, rest_h="48")
    assert run(served, job) == "failed" and rosters(served) == 0
    page = client(served).get(f"/jobs/{job}?lang=en").text
    assert "no roster can be made" in page and "0 can serve with that much rest" in page


def test_a_roster_that_is_made_again_shows_its_job_and_is_not_changed_meanwhile(served, zone):
    planner, number = client(served), made(served, zone)
    address = f"/rosters/{number}"
    assert planner.post(f"{address}/again").headers["Location"] == address
    job = last_job(served)
    page = planner.get(f"{address}?lang=en").text
    assert f"job-state-{job}" in page and f"/jobs/{job}/cancel" in page
    assert "Swap two entries" not in page and f"{address}/remove" not in page
    refused = planner.post(f"{address}/again?lang=en")
    assert refused.status_code == 422 and "is being made again already" in refused.text
    assert run(served, job) == "done"
    page = planner.get(f"{address}?lang=en").text
    assert "made again" in page and "Swap two entries" in page and "job-state-" not in page


def test_a_roster_changed_while_it_is_made_again_stays_as_it_was_changed(served, zone, monkeypatch):
    planner, number = client(served), made(served, zone)
    planner.post(f"/rosters/{number}/again")
    searched = model.milp

    def meanwhile(*given, **more):
        planner.post(f"/rosters/{number}/leader", data={"led_turn": "0", "leader": "440513"})
        return searched(*given, **more)

    monkeypatch.setattr(model, "milp", meanwhile)
    assert run(served, last_job(served)) == "failed"
    page = planner.get(f"/rosters/{number}?lang=en").text
    assert f"roster {number} was changed while it was made again" in page and "440513" in page
    assert "made again ·" not in page
    # Once something else was done it is told no more.
    planner.post(f"/rosters/{number}/leader", data={"led_turn": "1", "leader": "440514"})
    assert "was changed while" not in planner.get(f"/rosters/{number}?lang=en").text


def test_a_search_is_cancelled_in_its_middle_and_stores_nothing(served, zone, monkeypatch):
    """HiGHS itself cannot be told to stop; the job ends while it still searches."""
    monkeypatch.setattr("web.jobs.telling.TELL_EVERY_S", 0.0)
    planner, job, ended = client(served), asked(served, zone), threading.Event()

    def endless(*given, **more):
        assert planner.post(f"/jobs/{job}/cancel").status_code == 303
        assert ended.wait(60)
        raise AssertionError("nobody hears of this")

    monkeypatch.setattr(model, "milp", endless)
    assert run(served, job) == "cancelled"
    ended.set()
    assert rosters(served) == 0


def test_progress_says_what_the_best_so_far_comes_to(served, zone):
    heard = []

    class Teller:
        def noted(self, words, **values):
            heard.append((words, values))

        def reached(self, share):
            heard.append(share)

        def check(self):
            pass

    watching = body.Watching(Teller(), began=time.monotonic() - 60)
    watching(Progress("needs", 0.0))
    watching(Progress("repeats", 0.2, 5, {"all": 1.0}))
    watching(Progress("night", 0.6, 2, {"all": 0.25}))
    watching(Progress("leaders", 1.0, 2, {"all": 0.25}))
    assert [one for one in heard if isinstance(one, float)] == [0.0, 0.19, 0.57, 0.95]
    shown = [
        Words(text, values).as_json() for text, values in (one for one in heard if one.__class__ is tuple)
    ]
    lines = [told(one, Translator("en")) for one in shown]
    assert "with 5 times twice in a row" in lines[1] and "60 s" in lines[1]
    assert "2 times twice in a row, turns shared within 0.2; sharing nights" in lines[2]
    for line, one in zip(lines, shown, strict=True):
        assert told(one, Translator("zh")) != line


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"again": "1"}, "again is '1'; give a whole number"),
        ({"again": 1, "zone": "z"}, "no argument 'zone'"),
        ({"zone": "z", "first": "soon", "last": "2026-12-01"}, "'soon' is no date"),
        ({"zone": "z", "first": "2026-12-01", "last": "2026-12-01", "slots": "late"}, "'late' are no hours"),
        (
            {"zone": "z", "first": "2026-12-01", "last": "2026-12-01", "slots": "18:00-20:00", "rest_h": "x"},
            "rest_h is 'x'; give a number",
        ),
    ],
)
def test_wrong_arguments_of_a_job_are_refused(arguments, sentence):
    with pytest.raises(LianfangError, match=sentence):
        body.order(arguments)


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


def test_what_was_before_is_shown_with_the_shares(served, zone):
    before = made(served, zone)
    assert client(served, Role.COMMANDER).post(f"/rosters/{before}/publish").status_code == 302
    number = made(served, zone, first="2026-12-04", last="2026-12-05")
    page = client(served).get(f"/rosters/{number}?lang=en").text
    assert f"Goes on from roster {before}, published" in page and "Turns before" in page
    book = openpyxl.load_workbook(io.BytesIO(client(served).get(f"/rosters/{number}/file.xlsx?lang=en").data))
    sheet = book["How turns are shared"]
    (column,) = [cell.column for cell in sheet[1] if cell.value == "Turns before"]
    assert sheet.cell(2, column).value == 3
    assert "Turns before" not in client(served).get(f"/rosters/{before}?lang=en").text


@pytest.fixture
def command(served, monkeypatch):
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    return lambda *arguments: CliRunner().invoke(main, ["patrols", "roster", *map(str, arguments), "--json"])


def test_the_command_line_makes_shows_publishes_and_writes(zone, served, command, tmp_path):
    asked = ["--zone", zone, "--from", "2026-12-01", "--to", "2026-12-02"]
    made = json.loads(command("make", *asked, "--slot", "18:00-22:00 1 1").stdout)
    assert [turn["day"] for turn in made["turns"]] == ["2026-12-01", "2026-12-02"]
    number = made["roster"]
    shown = json.loads(command("show", number).stdout)
    assert shown["faults"] == [] and shown["out_of_date"] == [] and shown["status"] == "draft"
    assert command("publish", number).exit_code == 0
    for name in ("r.xlsx", "r.ics"):
        assert command("export", number, tmp_path / name).exit_code == 0
        assert (tmp_path / name).stat().st_size > 100
    for wrong, words in (
        (["show", 999_999], "roster 999999 is not stored"),
        (["export", number, tmp_path / "r.pdf"], ".xlsx"),
        (["export", number, tmp_path / "r.xlsx", "--team", "x"], "--team is for an .ics file"),
        (["make", *asked[:3], "soon", *asked[4:], "--slot", "18:00-22:00"], "is no date"),
        (["make", *asked, "--slot", "18:00-22:00 2 2"], "2 teams are needed and 1 can serve"),
    ):
        answer = command(*wrong)
        assert answer.exit_code != 0 and words in answer.stderr, answer.stderr
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert store.head(session, number)["first"] == date(2026, 12, 1)
