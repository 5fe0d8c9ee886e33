"""Calendars and public holidays on their pages: made, changed, ended, stated, taken from a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import map_scene
import pytest
from conftest import ServedSite
from small_site import OWN
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols.repository import calendars as store
from web.access import Role

TERM = {
    "code": "term",
    "name": "学期",
    "name_en": "School term",
    "weekdays": ["1", "2", "3", "4", "5"],
    "follows": "yes",
    "terms": "2026-09-01 / 2027-01-15",
    "left_out": "2026-11-20",
}


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


@pytest.fixture(autouse=True)
def _nothing_left(served: ServedSite) -> Iterator[None]:
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for table in ("fixed_duty", "duty_calendar", "public_holiday"):
            session.execute(text(f"DELETE FROM {table}"))


def test_a_calendar_is_made_shown_changed_and_ended(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.scalar(text("SELECT COALESCE(max(id), 0) FROM audit_entry"))
    assert "No calendar yet" in planner.get("/calendars?lang=en").text
    answer = planner.post("/calendars/new", data=TERM)
    assert answer.status_code == 303 and answer.headers["Location"] == "/calendars/term"
    assert "School term" in planner.get("/calendars?lang=en").text
    page = planner.get("/calendars/term?lang=zh").text
    assert "学期" in page and "2026-09-01 / 2027-01-15" in page and "2026-11-20" in page
    assert planner.post("/calendars/term", data={**TERM, "terms": ""}).status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (row,) = store.calendars(session).to_dict("records")
        assert row["calendar"].terms == () and row["follows_holidays"]
    assert planner.post("/calendars/term", data={"deed": "end"}).status_code == 303
    assert planner.get("/calendars/term").status_code == 404
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert store.calendars(session).empty
        events = session.scalars(
            text(
                """SELECT event FROM audit_entry
                   WHERE subject = 'calendar term' AND event <> 'view' AND id > :before ORDER BY id"""
            ),
            {"before": before},
        ).all()
    assert events == ["add", "change", "remove"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weekdays": []}, "the calendar never holds"),
        ({"weekdays": ["²"]}, "the calendar never holds"),
        ({"single": "0001-01-01"}, "the year 1 lies outside 2000 to 2199"),
        ({"terms": "2026-09-01"}, "is not two dates"),
        ({"left_out": "soon"}, "is no date"),
        ({"name": " "}, "needs a code and a name"),
        ({"code": "holidays"}, "cannot be an address"),
        ({"terms": "2027-01-15 / 2026-09-01"}, "before it begins"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    served: ServedSite, change: dict[str, object], told: str
) -> None:
    answer = served.client(Role.PLANNER, OWN).post("/calendars/new?lang=en", data={**TERM, **change})
    assert answer.status_code == 422 and told in answer.text and "School term" in answer.text


def test_a_code_is_taken_once(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    planner.post("/calendars/new", data=TERM)
    again = planner.post("/calendars/new?lang=zh", data=TERM)
    assert again.status_code == 422 and "已存在" in again.text


def test_a_holiday_is_stated_and_taken_back(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    stated = {"on_date": "2099-05-01", "kind": "off", "name": "劳动节"}
    assert planner.post("/calendars/holidays", data=stated).status_code == 303
    page = planner.get("/calendars/holidays?lang=en&q=劳动节").text
    assert "2099-05-01" in page and "stated here" in page
    assert planner.post("/calendars/holidays/drop", data=stated).status_code == 303
    assert planner.post("/calendars/holidays/drop", data=stated).status_code == 404
    assert planner.post("/calendars/holidays", data={"on_date": "never"}).status_code == 422


def test_holidays_come_from_a_file(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    lines = "日期,类型,名称\n2099-01-01,休,元旦\n2099-01-04,班,元旦\n".encode()
    answer = planner.post("/calendars/holidays/file", data={"file": (io.BytesIO(lines), "2099.csv")})
    assert answer.status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(text("SELECT on_date::text, is_off FROM public_holiday ORDER BY 1"))
        assert [tuple(row) for row in rows] == [("2099-01-01", True), ("2099-01-04", False)]
    bad = planner.post(
        "/calendars/holidays/file?lang=en",
        data={"file": (io.BytesIO("日期,类型\n2099-01-01,或许\n".encode()), "2099.csv")},
    )
    assert bad.status_code == 422 and "row 2" in bad.text


def test_one_stated_day_makes_no_year_known(served: ServedSite, monkeypatch) -> None:
    """The page warns of a year until its list is there."""
    monkeypatch.setattr("web.pages.calendars.views._today", lambda: date(2098, 6, 1))
    planner = served.client(Role.PLANNER, OWN)
    warned = "The public holidays of 2099 are not all known here"
    planner.post("/calendars/holidays", data={"on_date": "2099-05-01", "kind": "off", "name": "x"})
    assert warned in planner.get("/calendars/holidays?lang=en").text
    days = ["2099-01-01", "2099-05-01", *(f"2099-10-{n:02}" for n in range(1, 12))]
    lines = "date,kind,name\n" + "".join(f"{day},off,x\n" for day in days)
    planner.post("/calendars/holidays/file", data={"file": (io.BytesIO(lines.encode()), "list.csv")})
    assert warned not in planner.get("/calendars/holidays?lang=en").text


def test_what_serves_those_who_plan_is_shown_to_them_alone(served: ServedSite) -> None:
    member = served.client(Role.MEMBER, OWN)
    assert member.get("/calendars").status_code == 403
    assert 'href="/calendars"' not in member.get("/zones").text
    assert 'href="/calendars"' in served.client(Role.PLANNER, OWN).get("/zones").text
