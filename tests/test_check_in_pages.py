"""Sheets to sign in on, typed back, beside what was planned; taken back; for whom they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import cv2
import duty_scene
import map_scene
import numpy as np
import pytest
from conftest import ServedSite
from papers import drawn, fonts, pages
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.repository import check_ins as store
from patrols.signing import clock_of
from web.access import Role
from web.duty.sign_in import sign_in_sheets
from web.i18n import Translator
from web.jobs.clearing import clear_files

HOME = "https://lianfang.example"


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


@pytest.fixture
def shift(served: ServedSite):
    """The small site's plan, two years earlier, so that its shift is over; no check-in is left."""
    move = "UPDATE plan SET shift = tstzrange(lower(shift) - :by, upper(shift) - :by)"
    visits = """UPDATE plan_visit SET arrive_at = arrive_at - :by, start_at = start_at - :by,
                                      end_at = end_at - :by"""
    for by in ("2 years", "-2 years"):
        if by.startswith("-"):
            yield served.site.published[OWN]
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM check_in"))
            for statement in (move, visits):
                session.execute(text(statement.replace(":by", f"interval '{by}'")))


def stored(served: ServedSite) -> list[tuple]:
    """All check-ins: stop, clock of coming and leaving in Shanghai, signer, origin."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(
            text(
                """SELECT stop_id, to_char(arrived_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') AS came,
                          to_char(left_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') AS left, signer, note
                   FROM check_in ORDER BY arrived_at"""
            )
        )
        return [tuple(row) for row in rows]


def test_a_sheet_has_a_line_a_visit_and_some_to_spare() -> None:
    """In the order of the walk, with empty fields; the code leads to where it is typed."""
    paper = sign_in_sheets(duty_scene.duty(), Translator("zh"), home=HOME)
    first, second = pages(paper)
    assert fonts(paper) == {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}
    assert "签到表 · 福田联防片区" in first and "1 前埔1队" in first and "2 前埔2队" in second
    assert [line for line in first if line in ("1", "2", "3")] == ["1", "2", "3"]
    assert [line for line in first if line.startswith("18:0")] == ["18:04"]
    assert first.count("其他巡逻点：") == second.count("其他巡逻点：") == 3
    assert "签名" in first and "不得记录过往行人。" in "".join(first)
    codes = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in drawn(paper)]
    assert [cv2.QRCodeDetector().detectAndDecode(one)[0] for one in codes] == [
        f"{HOME}/plans/7/check-ins?team={n}" for n in (1, 2)
    ]
    stops = [duty_scene.stop(n, 20.0 * n, 0, f"第{n}街") for n in range(1, 41)]
    long = pages(
        sign_in_sheets(duty_scene.duty(duty_scene.team(1, stops, minutes=1)), Translator("zh"), home=HOME)
    )
    assert len(long) > 1 and all(page.count("签名") == 1 for page in long)
    assert [line for page in long for line in page if line.startswith("第")] == [
        f"第{n}街" for n in range(1, 41)
    ]


def test_what_a_sheet_says_is_typed_and_stands_beside_the_plan(served: ServedSite, shift: int) -> None:
    """Planned from 18:00: came at 18:04, which is on time; written down who typed it."""
    planner = served.client(Role.PLANNER, OWN)
    address = f"/plans/{shift}/check-ins"
    page = planner.get(f"{address}?lang=en").text
    assert "not signed in" not in page and "0 of 1 visits signed in" in page
    typed = {"team": "1", "came-1": "1804", "left-1": "18：10", "signer-all": "陈一", "note-1": "门锁着"}
    answer = planner.post(f"{address}?lang=en", data=typed)
    assert answer.status_code == 303 and answer.headers["Location"] == f"{address}?team=1"
    assert stored(served) == [("s1", "18:04", "18:10", "陈一", "门锁着")]
    page = planner.get(f"{address}?lang=en").text
    assert (
        "on time" in page and "18:04–18:10" in page and "陈一" in page and "1 of 1 visits signed in" in page
    )
    card = planner.get(f"{address}/card?lang=en").text
    assert "1 of 1 visit signed in" in card and "Qianpu, team 1" in card
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        entry = session.execute(
            text(
                """SELECT event, subject, detail FROM audit_entry WHERE subject LIKE 'check-ins%'
                     AND event <> 'view' ORDER BY id DESC"""
            )
        ).first()
    assert entry is not None and entry.event == "add" and entry.subject == f"check-ins of plan {shift}"
    assert entry.detail["rows"] == 1 and "陈一" not in str(entry.detail)
    planner.get(address)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        newest = session.scalars(
            text("SELECT event || ' ' || subject FROM audit_entry ORDER BY id DESC")
        ).first()
    assert newest == f"view check-ins of plan {shift}", "whoever looks at people's names is written down"


def test_what_was_typed_stands_beside_what_a_pack_brought(served: ServedSite, shift: int) -> None:
    """Only the second is taken back as a pack."""
    planner = served.client(Role.PLANNER, OWN)
    address = f"/plans/{shift}/check-ins"
    assert planner.post(address, data={"team": "1", "came-1": "18:04"}).status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (first,) = session.execute(text("SELECT team_id, stop_id, arrived_at FROM check_in"))
        store.add(
            session,
            [
                {
                    "plan_id": shift,
                    "team_id": first.team_id,
                    "stop_id": first.stop_id,
                    "arrived_at": first.arrived_at + timedelta(minutes=20),
                    "left_at": None,
                    "signer": "",
                    "note": "",
                    "origin": "pack",
                    "pack_id": "ab" * 32,
                    "author": "t",
                    "entered_at": first.arrived_at + timedelta(days=1),
                }
            ],
        )
    page = planner.get(f"{address}?lang=en")
    assert page.status_code == 200 and page.text.count('name="pack" value="') == 1
    assert planner.post(f"{address}/take-back", data={"pack": "ab" * 32}).status_code == 303
    assert [row[:2] for row in stored(served)] == [("s1", "18:04")]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"came-1": "25:00"}, "line 1: “25:00” is not a time of day; write it as 18:04"),
        ({"came-1": "soon"}, "“soon” is not a time of day"),
        ({"came-1": "12:00"}, "12:00 lies outside the shift from 18:00 to 22:00"),
        ({"came-1": "18:10", "left-1": "18:04"}, "the team left at 18:04, before it came at 18:10"),
        ({"left-1": "18:04"}, "line 1: write when the team came, or leave the line empty"),
        ({"note-1": "门锁着"}, "line 1: write when the team came, or leave the line empty"),
        ({"came-1": "18:04", "note-x1": "灯坏"}, "line +1: choose the stop, or leave the line empty"),
        ({"came-x1": "18:04"}, "line +1: choose the stop, or leave the line empty"),
        ({"came-x1": "18:04", "stop-x1": "s9"}, "stop &#39;s9&#39; is none of this plan"),
        ({"came-1": "18:04", "came-x2": "18:04", "stop-x2": "s1"}, "is entered already"),
        ({}, "Nothing was typed"),
    ],
)
def test_a_wrong_entry_is_refused_in_one_sentence_and_stays_typed(
    served: ServedSite, shift: int, typed: dict[str, str], words: str
) -> None:
    """Nothing is kept, the rest need not be typed again."""
    answer = served.client(Role.PLANNER, OWN).post(
        f"/plans/{shift}/check-ins?lang=en", data={"team": "1", "signer-all": "陈一", **typed}
    )
    assert answer.status_code == 422 and words in answer.text, answer.text
    assert 'value="陈一"' in answer.text
    for name, value in typed.items():
        if name.startswith(("came", "left")):
            assert re.search(rf'name="{name}" value="{value}"', answer.text), name
    assert stored(served) == []


@pytest.mark.parametrize(
    "typed", ["18:04", "1804", "18.04", " 18:04 ", "18：04", "１８：０４", "18点04分", "18时04", "18:04:59"]
)
def test_a_time_is_read_as_it_is_written(typed: str) -> None:
    assert clock_of(typed) == time(18, 4)


@pytest.mark.parametrize("typed", ["", "18", "18:4", "24:00", "六点", "18点60分", "18:04分分", "²²:04"])
def test_what_is_no_time_of_day_is_refused(typed: str) -> None:
    with pytest.raises(InputRefused, match="is not a time of day"):
        clock_of(typed)


def test_a_shift_that_is_still_to_come_has_nothing_to_enter(served: ServedSite) -> None:
    """Times are held against the clock."""
    later = datetime.now(UTC).year + 2
    plan = served.site.published[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.scalar(text("SELECT shift::text FROM plan WHERE id = :plan"), {"plan": plan})
        session.execute(
            text("UPDATE plan SET shift = CAST(:shift AS tstzrange) WHERE id = :plan"),
            {"plan": plan, "shift": f"[{later}-01-01 10:00+00,{later}-01-01 14:00+00)"},
        )
    try:
        answer = served.client(Role.PLANNER, OWN).post(
            f"/plans/{plan}/check-ins?lang=en", data={"team": "1", "came-1": "18:04"}
        )
        assert answer.status_code == 422 and "stop 1: 18:04 is still to come" in answer.text
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text("UPDATE plan SET shift = CAST(:shift AS tstzrange) WHERE id = :plan"),
                {"plan": plan, "shift": before},
            )


def test_a_check_in_is_taken_back_once(served: ServedSite, shift: int) -> None:
    """And can be typed again; of another plan it is not found."""
    planner = served.client(Role.PLANNER, OWN)
    planner.post(f"/plans/{shift}/check-ins", data={"team": "1", "came-1": "18:30"})
    page = planner.get(f"/plans/{shift}/check-ins?lang=en").text
    assert "30 min late" in page
    (number,) = re.findall(r'name="id" value="(\d+)"', page)
    other = served.site.drafts[OWN]
    assert planner.post(f"/plans/{other}/check-ins/take-back", data={"id": number}).status_code == 422
    address = f"/plans/{shift}/check-ins/take-back"
    assert planner.post(address, data={"id": number, "team": "1"}).status_code == 303
    assert stored(served) == []
    again = planner.post(f"{address}?lang=en", data={"id": number})
    assert again.status_code == 422 and "taken back already" in again.text
    assert planner.post(f"/plans/{shift}/check-ins", data={"team": "1", "came-1": "18:30"}).status_code == 303


def test_who_signed_in_is_not_for_those_who_walk(served: ServedSite, shift: int) -> None:
    """Members get the sheet to sign on; list, form and card are the station's, in its own area."""
    member = served.client(Role.MEMBER, OWN)
    assert member.get(f"/plans/{shift}/sign-in.pdf").mimetype == "application/pdf"
    elsewhere = served.client(Role.PLANNER, SIBLING)
    for address in (f"/plans/{shift}/check-ins", f"/plans/{shift}/check-ins/card"):
        assert member.get(address).status_code == 403
        assert elsewhere.get(address).status_code == 404
    typed = {"team": "1", "came-1": "18:04"}
    assert member.post(f"/plans/{shift}/check-ins", data=typed).status_code == 403
    assert elsewhere.post(f"/plans/{shift}/check-ins", data=typed).status_code == 404
    assert elsewhere.post(f"/plans/{shift}/check-ins/take-back", data={"id": "1"}).status_code == 404
    assert "check-ins" not in member.get(f"/plans/{shift}/papers").text
    planner = served.client(Role.PLANNER, OWN)
    assert f"/plans/{shift}/check-ins" in planner.get(f"/plans/{shift}/papers").text
    for team in ("9", "x", "0"):
        assert planner.get(f"/plans/{shift}/check-ins?team={team}").status_code == 404
    assert stored(served) == []


def test_names_are_cleared_after_the_days_of_the_setting(served: ServedSite, shift: int, tmp_path) -> None:
    """With the other things that are kept for a while; the check-in stays."""
    served.client(Role.PLANNER, OWN).post(
        f"/plans/{shift}/check-ins", data={"team": "1", "came-1": "18:04", "signer-1": "陈一"}
    )
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (came,) = session.scalars(text("SELECT arrived_at FROM check_in"))
        clear_files(session, tmp_path, now=came + timedelta(days=29))
        assert session.scalars(text("SELECT signer FROM check_in")).all() == ["陈一"]
        clear_files(session, tmp_path, now=came + timedelta(days=31))
        assert session.scalars(text("SELECT signer FROM check_in")).all() == [""]


def test_the_plans_page_asks_for_the_card_where_check_ins_may_be_entered(
    served: ServedSite, shift: int
) -> None:
    """Not for members; a plan at which somebody signed in is not removed."""
    card = f'hx-get="/plans/{shift}/check-ins/card"'
    assert card in served.client(Role.PLANNER, OWN).get(f"/plans/{shift}").text
    assert card not in served.client(Role.MEMBER, OWN).get(f"/plans/{shift}").text
    commander = served.client(Role.COMMANDER, OWN)
    commander.post(f"/plans/{shift}/check-ins", data={"team": "1", "came-1": "18:04"})
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan SET status = 'draft' WHERE id = :plan"), {"plan": shift})
    try:
        answer = commander.post(f"/plans/{shift}/remove?lang=en")
        assert answer.status_code == 422 and "check-ins were entered for this plan (1)" in answer.text
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("UPDATE plan SET status = 'published' WHERE id = :plan"), {"plan": shift})
