"""The pages of cameras, gaps and analyses, on the small site."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import small_site
from shapely.geometry import shape
from signing import app_on, signed_in_client
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web import forms
from web.access import Role


def test_the_list_says_which_cameras_were_lost_when(served) -> None:
    """All five were lost at 10 in the morning and still are: newly lost; online 10 of 24 hours."""
    page = served.client(Role.AUDITOR).get("/cameras?lang=en").text
    assert all(code in page for code in served.site.cameras.values())
    assert page.count("newly lost") >= 5 and "42 %" in page
    none = served.client(Role.AUDITOR).get("/cameras?change=restored&lang=en").text
    assert not any(code in none for code in served.site.cameras.values())


def test_a_camera_is_known_by_its_record_and_its_day(served) -> None:
    """Direction, codes, the lost hours in words, the gap it causes; the wedge is on its map."""
    code = served.site.cameras[OWN]
    page = served.client(Role.AUDITOR).get(f"/cameras/{code}?lang=en").text
    assert code in page and "90° (measured)" in page and "signal lost" in page
    assert f"/gaps/{served.site.gaps[OWN]}" in page and '"Polygon"' in page
    assert "Qianpu" in page and "small.csv" in page


def test_a_camera_of_another_town_is_not_found(served) -> None:
    """Nor in the list; one of a village in the town is."""
    client = served.client(Role.AUDITOR, OWN)
    page = client.get("/cameras").text
    assert served.site.cameras[CHILD] in page and served.site.cameras[SIBLING] not in page
    assert client.get(f"/cameras/{served.site.cameras[SIBLING]}").status_code == 404


def test_gaps_stand_on_the_list_of_who_acts(served) -> None:
    """Lost cameras are for the contractor; the other two lists are empty here, and say so."""
    client = served.client(Role.COMMANDER, OWN)
    page = client.get("/gaps?lang=en").text
    assert f"/gaps/{served.site.gaps[OWN]}" in page and f"/gaps/{served.site.gaps[SIBLING]}" not in page
    assert "Nothing on this list" in client.get("/gaps?list=build&lang=en").text
    assert client.get("/gaps?list=somewhere").status_code == 404


def test_gaps_that_belong_together_are_one_row_until_every_piece_is_asked_for(served) -> None:
    """Two of 82 m over a border: one of 165 m with two pieces; who sees one village sees its piece alone."""
    one, two = served.site.gaps[OWN], served.site.gaps[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        old = dict(session.execute(text("SELECT id, merged FROM gap")).all())
        session.execute(text("UPDATE gap SET merged = :one WHERE id = :two"), {"one": old[one], "two": two})
    try:
        client = served.client(Role.COMMANDER)
        table = client.get("/gaps?list=repair&format=csv&lang=en").text.splitlines()
        pieces = client.get("/gaps?list=repair&format=csv&lang=en&pieces=yes").text.splitlines()
        assert (len(table), len(pieces)) == (1 + 4, 1 + 5)
        (row,) = [line for line in table if "+1" in line]
        metres = [float(line.split(",")[4]) for line in pieces[1:]]
        assert float(row.split(",")[4]) == pytest.approx(sum(metres[:2]), abs=0.2) and row.endswith(",2")
        page = client.get("/gaps?list=repair&lang=en").text
        assert re.search(r">\s*4\s*<", page) and "Show every piece" in page
        drawn = client.get("/gaps?list=repair&format=geojson").get_json(force=True)["features"]
        assert sorted(shape(one["geometry"]).length for one in drawn)[-1] == pytest.approx(
            2 * shape(drawn[-1]["geometry"]).length, rel=0.01
        )
        narrowed = client.get(f"/gaps?list=repair&format=csv&lang=en&in={CHILD}").text.splitlines()
        assert len(narrowed) == 2 and "+1" not in narrowed[1]
        assert f'href="/gaps/{two}"' in client.get(f"/gaps/{one}?lang=en").text
        only = served.client(Role.COMMANDER, CHILD)
        assert f'href="/gaps/{one}"' not in only.get(f"/gaps/{two}?lang=en").text
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text("UPDATE gap SET merged = :one WHERE id = :two"), {"one": old[two], "two": two}
            )


def test_a_gap_says_why_when_and_whose(served) -> None:
    """82 m unseen for 14 hours because the camera was lost; all of its deficit by that cause."""
    page = served.client(Role.COMMANDER).get(f"/gaps/{served.site.gaps[OWN]}?lang=en").text
    assert "Camera lost" in page and "82 m" in page and "14 h" in page and "100 %" in page
    assert f"/cameras/{served.site.cameras[OWN]}" in page and "contractor" in page


def test_an_analysis_shows_each_reader_their_own_part(served) -> None:
    """The whole site has five gaps, the town with its village two."""
    address = f"/analyses/{served.site.analysis}?lang=en"
    for path, gaps in ((None, 5), (OWN, 2)):
        page = served.client(Role.COMMANDER, path).get(address).text
        values = re.findall(r'lf-metric-value">([^<]*)<', page)
        assert values[0] == str(gaps), values
    assert served.client(Role.COMMANDER).get("/analyses/999999").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"start": "yesterday"}, "is not a time"),
        ({"end": "2026-11-20T00:00"}, "empty"),
        ({"start": "1000-01-01T00:00"}, "2000 to 2199"),
        ({"slot_min": "x"}, "is not a number"),
        ({"slot_min": "-5"}, "slot"),
        ({"threshold": "400"}, "threshold"),
        ({"level": "guess"}, "level"),
    ],
)
def test_a_wrong_order_is_told_and_nothing_is_queued(served, wrong: dict, words: str) -> None:
    """The form comes back with what was written, and one sentence."""
    given = {
        "start": "2026-11-21T00:00",
        "end": "2026-11-22T00:00",
        "level": "observe",
        "slot_min": "15",
        "threshold": "50",
        **wrong,
    }
    answer = served.client(Role.AUDITOR).post("/analyses/new?lang=en", data=given)
    assert answer.status_code == 422 and words in answer.text
    assert _jobs(served) == 0


def test_a_time_that_the_clocks_leave_out_is_refused(monkeypatch) -> None:
    """On 29 March 2026 it was 02:59 in Helsinki, and then 04:00."""
    monkeypatch.setattr(forms, "gettext", lambda message, **values: message % values)
    helsinki = ZoneInfo("Europe/Helsinki")
    with pytest.raises(InputRefused, match="put forward"):
        forms.local_moment("2026-03-29 03:30", helsinki, "From")
    assert forms.local_moment("2026-03-29 04:00", helsinki, "From").utcoffset() == timedelta(hours=3)
    assert forms.local_moment("2026-10-25 03:30", helsinki, "From").utcoffset() == timedelta(hours=3)


def test_a_time_with_an_offset_of_its_own_is_told_by_the_sites_clock() -> None:
    """The database takes no offset of a whole day, ISO 8601 does."""
    at = forms.local_moment("2026-12-02T00:00+23:59", ZoneInfo("Europe/Helsinki"), "From")
    assert at == datetime(2026, 12, 1, 0, 1, tzinfo=UTC) and at.utcoffset() == timedelta(hours=2)


def test_the_day_proposed_is_over(demo, tmp_path) -> None:
    """Frames of this minute must not make it today, whose coming hours nobody could have measured."""
    client = signed_in_client(app_on(demo.engine, tmp_path), demo.engine, Role.AUDITOR)
    page = client.get("/analyses/new?lang=en").text
    assert 'value="2026-11-20T00:00"' in page and 'value="2026-11-21T00:00"' in page
    assert "Frames are stored for: 2026-11-20" in page


def test_a_jurisdiction_that_is_gone_narrows_nothing(served) -> None:
    """A mistyped address, or an import that was taken back, must not stand in the way."""
    client = served.client(Role.AUDITOR)
    assert client.get("/jurisdictions?in=c.gone", follow_redirects=True).status_code == 200
    given = {"start": "2026-11-21T00:00", "end": "2026-11-22T00:00", "level": "observe"}
    answer = client.post("/analyses/new", data={**given, "slot_min": "15", "threshold": "50"})
    assert answer.status_code == 302
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        assert (
            connection.execute(text("DELETE FROM job_run RETURNING jurisdiction_path")).scalar_one() is None
        )
        connection.execute(text("DELETE FROM procrastinate_jobs"))


def test_an_order_becomes_a_job_of_ones_own_jurisdiction(served) -> None:
    """Read in the site's zone: midnight in Shanghai is 16:00 UTC the day before."""
    given = {
        "start": "2026-11-21T00:00",
        "end": "2026-11-22T00:00",
        "level": "observe",
        "slot_min": "15",
        "threshold": "50",
    }
    answer = served.client(Role.AUDITOR, OWN).post("/analyses/new", data=given)
    assert answer.status_code == 302 and re.fullmatch(r"/jobs/\d+", answer.headers["Location"])
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        row = connection.execute(
            text("SELECT kind, jurisdiction_path::text AS path, arguments FROM job_run")
        ).one()
        assert (row.kind, row.path) == ("analysis", OWN)
        start = datetime.fromisoformat(row.arguments["start"])
        assert start.astimezone(UTC) == datetime(2026, 11, 20, 16, tzinfo=UTC)
        connection.execute(text("DELETE FROM procrastinate_jobs; DELETE FROM job_run"))


def _jobs(served) -> int:
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        return int(connection.execute(text("SELECT count(*) FROM job_run")).scalar() or 0)


def test_whoever_may_not_see_cameras_sees_none_of_it(served) -> None:
    """Viewers, volunteers and patrol members: no list, no record, no gap."""
    site = served.site
    for role in (Role.VIEWER, Role.VOLUNTEER, Role.MEMBER):
        client = served.client(role)
        addresses = (
            "/cameras",
            f"/cameras/{site.cameras[OWN]}",
            "/gaps",
            f"/gaps/{site.gaps[OWN]}",
            "/analyses",
        )
        assert {client.get(one).status_code for one in addresses} == {403}
    assert small_site.OWN == OWN


def test_the_first_page_is_by_role(served) -> None:
    """The technical team sees this morning, the station tonight, a viewer the map."""
    auditor = served.client(Role.AUDITOR).get("/?lang=en").text
    assert "This morning" in auditor and "Newly lost" in auditor
    planner = served.client(Role.PLANNER, OWN).get("/?lang=en").text
    assert "Tonight" in planner and f"/plans/{served.site.published[OWN]}" in planner
    assert f"/plans/{served.site.published[SIBLING]}" not in planner
    member = served.client(Role.MEMBER, OWN).get("/?lang=en").text
    assert "Tonight" in member and "This morning" not in member
    assert f"/plans/{served.site.drafts[OWN]}" not in member, "a draft is not for the team yet"
    assert served.client(Role.VIEWER).get("/").headers["Location"] == "/map"


@pytest.mark.parametrize(
    "address",
    [
        "/cameras/%00",
        "/zones/%00",
        "/map/search?q=%00",
        "/narrow?q=%00",
        "/jobs/99999999999999999999",
        "/imports/99999999999999999999",
        "/gaps/99999999999999999999",
        "/plans/99999999999999999999",
    ],
)
def test_what_no_database_holds_is_refused_or_not_found(served, address: str) -> None:
    """PostgreSQL's texts hold no NUL and its numbers end at 2^63; neither is a failure of the server."""
    answer = served.client(Role.ADMINISTRATOR).get(f"{address}{'&' if '?' in address else '?'}lang=en")
    assert answer.status_code in (404, 422), answer.text[:200]


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 4000, "9" * 5000])
@pytest.mark.parametrize(
    "address", ["/samples/{}", "/samples/{}/sheet", "/checks/{}", "/checks/assessed/{}", "/jobs/{}"]
)
def test_a_number_beyond_all_keys_is_the_address_of_nothing(served, address: str, number: str) -> None:
    client = served.client(Role.ADMINISTRATOR)
    assert client.get(address.format(number)).status_code == 404
    assert client.get(address.format("9223372036854775807")).status_code == 404


def test_a_stranger_with_a_nul_is_refused(served) -> None:
    """Before anybody is signed in, too."""
    assert served.app.test_client().post("/sign-in", data={"name": "a\0", "password": "x"}).status_code < 500


def test_a_code_with_signs_of_addresses_has_its_page(served) -> None:
    """Codes of real lists hold anything."""
    code, old = "UX/X 4?#", served.site.cameras[OWN]
    change = text("UPDATE camera SET code = :new WHERE code = :old")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(change, {"new": code, "old": old})
    client = served.client(Role.AUDITOR)
    href = re.search(r'href="(/cameras/UX[^"]*)"', client.get("/cameras").text)
    assert href
    page = client.get(href[1])
    assert page.status_code == 200 and code in page.text
    for trial in re.findall(r'href="(/try/[^"]*)"', page.text):
        assert client.get(trial).status_code == 200, trial
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(change, {"new": old, "old": code})


def test_the_lists_are_as_long_as_what_is_narrowed_to(served) -> None:
    """One gap of the village, not five of the city."""
    client = served.client(Role.AUDITOR)
    assert re.search(r">\s*5\s*<", client.get("/gaps?lang=en&list=repair").text)
    narrowed = client.get(f"/gaps?lang=en&list=repair&in={CHILD}").text
    assert re.search(r">\s*1\s*<", narrowed) and not re.search(r">\s*5\s*<", narrowed)
