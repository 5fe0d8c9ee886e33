"""The pages of alerts: both languages, who sees and acknowledges what, files, and looking anew."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from conftest import ServedSite
from openpyxl import load_workbook
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import text

from cameras.services import alerting
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role

SEEN = datetime(2026, 11, 22, 12, 24, 30, tzinfo=UTC)
ALERT = """
WITH made AS (
    INSERT INTO alert (planned, cause, reasons, common, street_mm, places, open_days, days, since_at,
                       first_seen_at, last_seen_at, ended_at, ended_how, geom, jurisdiction_path)
    SELECT :planned, :cause, '["silent"]', :common, 82000, 1, 1, 5,
           CAST(:seen AS timestamptz) - interval '8 min', :seen,
           :seen, CASE WHEN CAST(:how AS text) IS NOT NULL THEN CAST(:seen AS timestamptz) END,
           CAST(:how AS text), e.geom, c.jurisdiction_path
    FROM camera c JOIN road_edge e ON e.jurisdiction_path = c.jurisdiction_path
    WHERE c.jurisdiction_path = CAST(:path AS ltree) RETURNING id, jurisdiction_path)
INSERT INTO alert_camera (alert_id, camera_id)
SELECT made.id, c.id FROM made JOIN camera c ON c.jurisdiction_path = made.jurisdiction_path
RETURNING alert_id"""


@pytest.fixture
def alerts(served: ServedSite) -> Iterator[dict[str, int]]:
    """One of the town, its village and its sibling, one planned and one that has ended; by jurisdiction."""
    made = {}
    rows = (
        (OWN, False, "outage", "", None),
        (CHILD, False, "not_measured", "gw-3", None),
        (SIBLING, False, "degraded", "", None),
        (PARENT, True, "moved", "", None),
        ("c", False, "outage", "", "watched"),
    )
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for path, planned, cause, common, how in rows:
            values = {"path": path, "planned": planned, "cause": cause, "common": common, "how": how}
            made[path] = session.scalar(text(ALERT), {**values, "seen": SEEN})
        session.execute(
            text("INSERT INTO alert_check (id, checked_at, days) VALUES (1, :seen, 5)"), {"seen": SEEN}
        )
    yield made
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM alert"))
        session.execute(text("DELETE FROM alert_check"))


def rows_of(page: str) -> list[list[str]]:
    """Cells of the table's rows, as text."""
    body = page.split('id="table-alerts"')[1].split("<tbody>")[1].split("</tbody>")[0]
    cells = [re.findall(r"<td.*?>(.*?)</td>", row, re.S) for row in body.split("</tr>")[:-1]]
    return [[re.sub(r"<.*?>", "", cell).strip() for cell in row] for row in cells]


def test_without_alerts_the_page_says_why(served: ServedSite) -> None:
    """No check was made, and too few days are known, whatever day it is."""
    client = served.client(Role.COMMANDER)
    page = client.get("/alerts?lang=en").text
    assert re.search(r"Not enough days yet: [01] of the 3 it takes", page)
    assert "Not checked yet" in page and "Nothing can be told yet." in page
    page = client.get("/alerts?lang=zh").text
    assert re.search(r"天数不足：此时段已分析 [01] 天，需要 3 天", page) and "平时可见、此刻不可见" in page
    assert "not now:" not in client.get("/?lang=en").text


def test_current_ones_come_first_and_say_what_was_lost(served: ServedSite, alerts: dict[str, int]) -> None:
    page = served.client(Role.COMMANDER).get("/alerts?lang=en").text
    told = rows_of(page)
    assert [row[0] for row in told] == ["new", "new", "new", "under maintenance", "ended"]
    newest, gateway, camera = told[:3]
    assert newest[1:6] == ["后埔镇路口", "Picture of no use", "Houpu", "82 m", "1"]
    assert gateway[1] == "gw-3" and camera[1] == "前埔镇路口"
    assert newest[9] == "80 %" and newest[6:8] == ["2026-11-22 20:16", "2026-11-22 20:24"]
    assert "Last checked at 2026-11-22 20:24, against 5 days before." in page
    only = served.client(Role.COMMANDER).get("/alerts?lang=en&state=new&cause=outage").text
    assert [row[1] for row in rows_of(only)] == ["前埔镇路口"]


def test_with_enough_days_the_page_does_not_ask_for_more(
    served: ServedSite, alerts: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "known_days", lambda *_: [None] * 3)
    page = served.client(Role.COMMANDER).get("/alerts?lang=en").text
    assert "Not enough days" not in page
    page = served.client(Role.COMMANDER, "c.d.u").get("/alerts?lang=en&cause=moved").text
    assert "No row matches" in page


def test_a_reader_of_one_town_sees_its_own(served: ServedSite, alerts: dict[str, int]) -> None:
    client = served.client(Role.PLANNER, OWN)
    page = client.get("/alerts?lang=zh").text
    assert [row[3] for row in rows_of(page)] == ["下寨村", "前埔镇"]
    assert "后埔镇" not in page
    assert client.get(f"/alerts/{alerts[SIBLING]}").status_code == 404
    assert client.get(f"/alerts/{alerts[CHILD]}").status_code == 200
    for role in (Role.VIEWER, Role.MEMBER, Role.VOLUNTEER):
        other = served.client(role, OWN)
        assert other.get("/alerts").status_code == 403
        assert other.get("/alerts/news").status_code == 403
        assert "/alerts" not in other.get("/map").text


def test_one_alert_tells_what_to_do(served: ServedSite, alerts: dict[str, int]) -> None:
    page = served.client(Role.COMMANDER).get(f"/alerts/{alerts[OWN]}?lang=en").text
    assert "camera lost" in page.lower() and "前埔镇大街" in page
    assert "on 4 of 5 days before, at this hour" in page and "What to do" in page
    assert 'href="/cameras/44051300001310000003"' in page
    # At the middle of its street.
    assert re.search(r'href="/map#at=18/23\.31\d*/116\.61\d*"', page)
    assert 'action="/alerts/' not in page, "a commander changes no camera records"
    ended = served.client(Role.COMMANDER).get(f"/alerts/{alerts['c']}?lang=zh").text
    assert "地面重新可见" in ended


def test_the_technical_team_acknowledges_with_a_note(served: ServedSite, alerts: dict[str, int]) -> None:
    client = served.client(Role.AUDITOR, OWN)
    where = f"/alerts/{alerts[OWN]}"
    assert f'action="{where}/acknowledge"' in client.get(where).text
    assert client.post(f"/alerts/{alerts[SIBLING]}/acknowledge", data={"note": "x"}).status_code == 404
    refused = client.post(f"{where}/acknowledge?lang=en", data={"note": "x" * 501})
    assert refused.status_code == 422 and "the note has 501 characters" in refused.text
    assert client.post(f"{where}/acknowledge", data={"note": " 已派单 "}).status_code == 303
    page = client.get(f"{where}?lang=zh").text
    assert "已派单" in page and "acknowledge" not in page
    again = client.post(f"{where}/acknowledge?lang=zh", data={})
    assert again.status_code == 422 and "确认" in again.text
    assert served.client(Role.COMMANDER, OWN).post(f"{where}/acknowledge", data={}).status_code == 403
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        entry = session.execute(
            text(
                "SELECT event, subject, jurisdiction_path::text AS path, detail FROM audit_entry "
                "WHERE subject = :subject AND event = 'change'"
            ),
            {"subject": f"alert {alerts[OWN]}"},
        ).one()
    assert (entry.path, entry.detail) == (OWN, {"what": "acknowledge", "note": "已派单"})
    log = served.client(Role.ADMINISTRATOR).get("/audit?lang=zh&event=change").text
    assert f'href="/alerts/{alerts[OWN]}"' in log


def test_files_hold_what_the_page_shows(served: ServedSite, alerts: dict[str, int]) -> None:
    client = served.client(Role.PLANNER, OWN)
    lines = client.get("/alerts?lang=en&format=csv").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 3 and lines[0].startswith("State,Camera or recorder,Cause")
    book = load_workbook(io.BytesIO(client.get("/alerts?lang=zh&format=xlsx").data))
    told = [list(row[:4]) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert told[1:] == [["新增", "gw-3", "未检测", "下寨村"], ["新增", "前埔镇路口", "摄像机掉线", "前埔镇"]]
    features = client.get("/alerts?format=geojson").get_json()["features"]
    assert {feature["geometry"]["type"] for feature in features} == {"LineString"}


def test_the_home_page_counts_those_of_ones_area(served: ServedSite, alerts: dict[str, int]) -> None:
    assert "3 new, 0 acknowledged" in served.client(Role.COMMANDER).get("/?lang=en").text
    assert "新增 2，已确认 0" in served.client(Role.AUDITOR, OWN).get("/?lang=zh").text


def test_an_open_page_is_loaded_anew_when_there_is_more_to_see(
    served: ServedSite, alerts: dict[str, int]
) -> None:
    """And is one look in the audit log, however long it stands open."""
    client = served.client(Role.COMMANDER)
    page = client.get("/alerts?lang=en").text
    (news,) = re.findall(r'hx-get="(/alerts/news\?mark=[^"]*)"', page)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.scalar(text("SELECT count(*) FROM audit_entry"))
    same = client.get(news)
    assert "HX-Refresh" not in same.headers and "2026-11-22 20:24" in same.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM audit_entry")) == before
        session.execute(
            text("UPDATE alert SET ended_at = now(), ended_how = 'watched' WHERE id = :id"),
            {"id": alerts[OWN]},
        )
    assert client.get(news).headers["HX-Refresh"] == "true"


def test_a_check_that_failed_is_told(served: ServedSite, alerts: dict[str, int]) -> None:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE alert_check SET failed_at = now(), error = :error"),
            {
                "error": '{"text": "there are no %(what)s to analyse; run `%(command)s FILE --datum D` '
                'first", "values": {"what": {"text": "roads", "values": {}}, "command": "x"}}'
            },
        )
    page = served.client(Role.COMMANDER).get("/alerts?lang=en").text
    assert "Nothing is looked for: there are no roads to analyse" in page
