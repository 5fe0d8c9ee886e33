"""The pages and the command of camera audits, on the small site in a database of these tests' own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import map_scene
import openpyxl
import pytest
import small_site
from click.testing import CliRunner
from databases import another_database
from flask.testing import FlaskClient
from signing import app_on, make_account, signed_in_client
from small_site import CHILD, NAMES, OWN, SIBLING
from sqlalchemy import text

from cameras.repository import audits, upkeep
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE, Scope
from geo.server import Cluster
from migrations import runner
from web.access import Role
from web.cli import main
from web.jobs.running import run_job

DUE = (date.today() + timedelta(days=9)).isoformat()


@pytest.fixture(scope="module")
def place(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    map_scene.compiled_catalogues()
    with another_database(cluster, "lianfang_checks") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            site = small_site.fill(session)
            session.execute(text("UPDATE camera SET management_unit = '海康运维'"))
        app = app_on(engine, tmp_path_factory.mktemp("checks"))
        yield SimpleNamespace(engine=engine, app=app, site=site, app_url=app_url, owner_url=owner_url)
        engine.dispose()


@pytest.fixture(autouse=True)
def _anew(place: SimpleNamespace) -> None:
    """No audit yet, no camera has a height."""
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        for table in ("audit_finding", "camera_audit", "maintenance", "assessed_list", "job_run"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("UPDATE camera SET mount_height_m = NULL"))


def auditor(place: SimpleNamespace, path: str | None = None) -> FlaskClient:
    return signed_in_client(place.app, place.engine, Role.AUDITOR, path)


def audited(place: SimpleNamespace, client: FlaskClient) -> str:
    """Ask for an audit and do it; answers what the job says in the end."""
    shown = re.search(r'name="area" value="([^"]*)"', client.get("/checks").text)
    assert shown
    answer = client.post("/checks/run", data={"area": shown[1]})
    found = re.fullmatch(r"/jobs/(\d+)", answer.headers["Location"])
    assert found, answer.headers["Location"]
    assert run_job(place.engine, int(found[1]), procrastinate_id=None, stopping=lambda: False) == "done"
    return client.get(f"/jobs/{found[1]}?lang=en").text


def number_of(place: SimpleNamespace, path: str) -> int:
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        return session.execute(
            text("SELECT id FROM audit_finding WHERE code = :c"), {"c": place.site.cameras[path]}
        ).scalar_one()


def state_of(place: SimpleNamespace, number: int) -> str:
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        return session.execute(
            text("SELECT state FROM audit_finding WHERE id = :n"), {"n": number}
        ).scalar_one()


def test_before_the_first_audit_the_pages_say_so(place) -> None:
    client = auditor(place)
    assert "after the first audit" in client.get("/checks?lang=en").text
    assert "Nothing is registered" in client.get("/checks/maintenance?lang=en").text
    assert "No list is frozen yet" in client.get("/checks/assessed?lang=en").text


def test_a_finding_from_the_audit_to_its_end(place) -> None:
    """One person orders the work, the record is put right, the next audit closes the finding."""
    client = auditor(place, OWN)
    told = audited(place, client)
    assert "2 findings on 2 cameras: 2 new, 0 back, 0 gone" in told
    page = client.get("/checks?state=open,assigned,accepted&lang=en").text
    own, child = number_of(place, OWN), number_of(place, CHILD)
    assert all(f'href="/checks/{n}"' in page for n in (own, child)) and "No mounting height" in page
    zh = client.get("/checks?lang=zh").text
    assert "缺少安装高度" in zh and "档案未填安装高度" in zh

    answer = client.post("/checks/assign", data={"finding": [own, child], "unit": "海康运维", "due_on": DUE})
    order = re.fullmatch(r"/checks\?order_no=(GD\d{8}-\d+)", answer.headers["Location"])
    assert order and state_of(place, own) == state_of(place, child) == "assigned"
    record = client.get(f"/checks/{own}?lang=en").text
    assert order[1] in record and DUE in record and "Write down the height" in record
    assert f"/cameras/{place.site.cameras[OWN]}" in record and "/map#at=18/23.315/116.615" in record

    mine = client.post(f"/checks/{own}/close?lang=en", data={"reason": "done"})
    assert mine.status_code == 422 and "another person has to review it" in mine.text
    other = place.app.test_client()
    key = make_account(place.engine, "lin-reviews", (Role.AUDITOR, OWN))
    with other.session_transaction() as cookie:
        cookie["_user_id"] = key
    assert other.post(f"/checks/{own}/close", data={"reason": "现场核实"}).status_code == 303
    assert state_of(place, own) == "closed" and "现场核实" in client.get(f"/checks/{own}").text

    with transaction(place.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE camera SET mount_height_m = 4 WHERE code = :c"), {"c": place.site.cameras[CHILD]}
        )
    assert "1 findings on 2 cameras: 0 new, 0 back, 1 gone" in audited(place, client)
    assert state_of(place, child) == "closed"
    assert "no longer found: closed" in client.get(f"/checks/{child}?lang=en").text
    assert client.post(f"/checks/{own}/reopen", data={"reason": "复查"}).status_code == 303
    assert client.post(f"/checks/{own}/accept", data={"reason": "室内"}).status_code == 303
    assert state_of(place, own) == "accepted"


@pytest.mark.parametrize(
    ("ticked", "words"),
    [
        (["9" * 5000], "there is no finding 99999999999999999999 in your area"),
        (["9" * 18], f"there is no finding {'9' * 18} in your area"),
        (["１", "-1"], "there is no finding １ in your area"),
        ([str(n) for n in range(1, 1002)], "1001 findings are ticked; one work order takes at most 1000"),
    ],
)
def test_findings_that_cannot_be_on_a_work_order_are_refused_in_a_sentence(place, ticked, words) -> None:
    asked = {"finding": ticked, "unit": "海康", "due_on": DUE}
    answer = auditor(place).post("/checks/assign?lang=en", data=asked, follow_redirects=True)
    assert answer.status_code == 200 and words in answer.text


def test_what_lies_elsewhere_is_not_found_and_a_viewer_of_cameras_may_not_act(place) -> None:
    audited(place, auditor(place))
    client = auditor(place, OWN)
    assert client.get(f"/checks/{number_of(place, SIBLING)}").status_code == 404
    refused = client.post(
        "/checks/assign", data={"finding": [number_of(place, SIBLING)], "unit": "u", "due_on": DUE}
    )
    assert refused.status_code == 303 and state_of(place, number_of(place, SIBLING)) == "open"
    planner = signed_in_client(place.app, place.engine, Role.PLANNER, OWN)
    page = planner.get(f"/checks/{number_of(place, OWN)}?lang=en").text
    assert "Give the work order" not in page and "What to do" in page
    listed = planner.get("/checks?lang=en").text
    assert "data-lf-pick" not in listed and "Audit now" not in listed
    assert planner.post(f"/checks/{number_of(place, OWN)}/accept", data={"reason": "x"}).status_code == 403


def test_a_twin_across_the_border_is_named_to_whoever_sees_it_alone(place) -> None:
    """Two cameras at one spot look the same way; each belongs to another town."""
    codes = {path: place.site.cameras[path] for path in (OWN, SIBLING)}
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        moved = {"one": codes[OWN], "other": codes[SIBLING]}
        before = session.scalar(text("SELECT geom::text FROM camera WHERE code = :other"), moved)
        session.execute(
            text(
                """UPDATE camera SET geom = (SELECT geom FROM camera WHERE code = :one)
                   WHERE code = :other"""
            ),
            moved,
        )
    try:
        audited(place, auditor(place))
        with transaction(place.engine, scope=WHOLE_SITE) as session:
            number = session.scalar(
                text("SELECT id FROM audit_finding WHERE kind = 'duplicate_pose' AND code = :one"), moved
            )
            of_town = audits.listed(session, OWN).set_index("id").at[number, "evidence"]
            assert codes[SIBLING] not in json.dumps(of_town)
            assert (
                audits.listed(session, None).set_index("id").at[number, "evidence"]["values"]["code"]
                == (codes[SIBLING])
            )
        for page in ("/checks?kind=duplicate_pose&lang=en", f"/checks/{number}?lang=en"):
            assert codes[SIBLING] in auditor(place).get(page).text
            told = auditor(place, OWN).get(page).text
            assert "as a camera in another area at the same place does" in told
            assert codes[SIBLING] not in told
    finally:
        with transaction(place.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text("UPDATE camera SET geom = CAST(:geom AS geometry) WHERE code = :other"),
                {"geom": before, **moved},
            )


def test_the_list_leaves_as_a_file_in_words(place) -> None:
    client = auditor(place)
    audited(place, client)
    answer = client.get("/checks?format=csv&lang=zh")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 5 and {row["证据"] for row in rows} == {"档案未填安装高度"}
    features = json.loads(client.get("/checks?format=geojson&lang=zh").data)["features"]
    assert {one["properties"]["evidence"] for one in features} == {"the record has no mounting height"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": ""}, "reason is missing"),
        ({"codes": "nowhere", "unit": ""}, "nowhere is not known"),
        ({"start": "soon"}, "is not a time"),
        ({"end": "2026-01-01T00:00", "start": "2025-12-31T00:00"}, "before it takes place"),
    ],
)
def test_maintenance_that_makes_no_sense_comes_back_as_written(place, wrong, words) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    asked = {
        "start": f"{soon:%Y-%m-%dT%H:%M}",
        "end": f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}",
        "unit": "海康运维",
        "codes": "",
        "reason": "割接",
    }
    client = auditor(place, OWN)
    answer = client.post("/checks/maintenance?lang=en", data=asked | wrong)
    assert answer.status_code == 422 and words in answer.text
    assert asked["end"] in answer.text or "end" in wrong


def test_maintenance_is_registered_and_withdrawn(place) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    client = auditor(place, OWN)
    asked = {"start": f"{soon:%Y-%m-%dT%H:%M}", "end": f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    answer = client.post("/checks/maintenance", data={**asked, "unit": "海康运维", "reason": "割接"})
    assert answer.status_code == 303
    page = client.get("/checks/maintenance?lang=en").text
    number = re.search(r"/checks/maintenance/(\d+)/withdraw", page)
    assert number and "割接" in page and "ahead" in page
    # The unit looks after all five cameras; the town's technician registers the two that are theirs.
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM maintenance_camera")) == 2
        assert session.scalar(text("SELECT jurisdiction_path::text FROM maintenance")) == OWN
    assert auditor(place, SIBLING).post(number[0]).status_code == 404
    assert client.post(number[0]).status_code == 303
    assert "withdrawn" in client.get("/checks/maintenance?phase=withdrawn&lang=en").text


def test_maintenance_over_two_villages_counts_in_each_and_is_withdrawn_by_whoever_holds_both(place) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    codes = [place.site.cameras[path] for path in (CHILD, SIBLING)]
    grants = [(Role.AUDITOR, path) for path in (CHILD, SIBLING)]
    both = place.app.test_client()
    with both.session_transaction() as cookie:
        cookie["_user_id"] = make_account(place.engine, "auditor-of-two", *grants)
    asked = {"start": f"{soon:%Y-%m-%dT%H:%M}", "end": f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    answer = both.post("/checks/maintenance", data={**asked, "codes": " ".join(codes), "reason": "跨村割接"})
    assert answer.status_code == 303
    assert "/withdraw" in both.get("/checks/maintenance").text
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(text("SELECT id FROM maintenance"))
        assert upkeep.maintenance_windows(session, soon, soon + timedelta(days=9))["code"].nunique() == 2
    for path, code in zip((CHILD, SIBLING), codes, strict=True):
        with transaction(place.engine, scope=Scope.of([path])) as session:
            seen = upkeep.maintenance_windows(session, soon, soon + timedelta(days=9))
        assert seen["code"].tolist() == [code]
        village = auditor(place, path)
        page = village.get("/checks/maintenance?lang=en").text
        assert "跨村割接" in page and "/withdraw" not in page
        refused = village.post(f"/checks/maintenance/{number}/withdraw?lang=en")
        assert refused.status_code == 422 and "outside your area" in refused.text
    # Narrowed to one of the villages, the city finds it there too.
    assert "跨村割接" in auditor(place).get(f"/checks/maintenance?in={CHILD}").text
    assert both.post(f"/checks/maintenance/{number}/withdraw").status_code == 303


def test_a_list_is_frozen_once_and_the_rates_stand_on_it(place) -> None:
    """Five cameras, 10 of 24 hours online, four required fields and the unit of fifteen filled."""
    client = auditor(place)
    page = client.get("/checks/rates?lang=en").text
    assert "counted on all records there are" in page and "42 %" in page and "33 %" in page
    assert "does not lie in" not in page
    elsewhen = client.get("/checks/rates?month=2026-10&lang=en").text
    # The analysis is of 21 November: of October it says nothing.
    assert "does not lie in 2026-10" in elsewhen and "42 %" not in elsewhen and "33 %" in elsewhen
    asked = {"month": "2026-11", "point_class": ""}
    village = auditor(place, CHILD).post("/checks/assessed", data={**asked, "area": CHILD})
    assert village.status_code == 303
    assert "1 of 5 cameras are counted on frozen lists" in client.get("/checks/rates?lang=en").text
    assert "Counted on the frozen list" in auditor(place, CHILD).get("/checks/rates?lang=en").text
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM assessed_list"))
    answer = client.post("/checks/assessed", data={**asked, "area": ""})
    assert answer.status_code == 303
    listed = client.get(answer.headers["Location"]).text
    assert all(code in listed for code in place.site.cameras.values())
    again = client.post("/checks/assessed?lang=en", data={**asked, "area": ""})
    assert again.status_code == 422 and "frozen already" in again.text
    assert "Counted on the frozen list" in client.get("/checks/rates?lang=en").text
    by_unit = client.get("/checks/rates?by=unit&lang=en").text
    assert "海康运维" in by_unit and "/checks?unit=" in by_unit
    assert NAMES["c.d"][1] in client.get("/checks/rates?lang=en").text
    odd = client.get("/checks/rates?month=soon&lang=en")
    assert odd.status_code == 200 and "is not a month" in odd.text
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """INSERT INTO coverage_share (analysis_id, ground, kind, level, measure, total, certain,
                       possible, twice, built, deficit_by_cause, jurisdiction_path)
                   SELECT id, 'place', 'school', 'observe', 8, 100, 25, 50, 0, 6, '{}', 'c' FROM analysis"""
            )
        )
    places = client.get("/checks/places?lang=en").text
    assert "school" in places and "75 %" in places and "25 %" in places and "50 %" in places


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".csv", ".xlsx", ".html"])
def test_the_command_writes_what_it_found(place, ending, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LIANFANG_DATABASE_URL", place.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", place.owner_url)
    out = tmp_path / f"findings{ending}"
    arguments = ["cameras", "audit", "--jurisdiction", OWN, "--out", str(out), "--lang", "en", "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output.strip().splitlines()[-1])
    assert (told["cameras"], told["findings"], told["by_kind"]) == (2, 2, {"no_height": 2})
    codes = {place.site.cameras[OWN], place.site.cameras[CHILD]}
    if ending in (".geojson", ".gpkg"):
        found = gpd.read_file(out)
        assert set(found["code"]) == codes and set(found["evidence"]) == {"the record has no mounting height"}
    elif ending == ".xlsx":
        sheet = openpyxl.load_workbook(out).active
        head, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
        assert {row[head.index("code")] for row in rows} == codes
        assert (rows[0][head.index("lon")], rows[0][head.index("lat")]) in {
            small_site.POINTS[OWN],
            small_site.POINTS[CHILD],
        }
    else:
        said = out.read_text(encoding="utf-8-sig")
        assert all(code in said for code in codes) and "http" not in said.replace("http-equiv", "")
        # What is for people is in words throughout.
        assert ("no_height" in said) == (ending == ".csv") and ("Severity" in said) == (ending == ".html")


def test_the_command_refuses_in_one_sentence(place, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LIANFANG_DATABASE_URL", place.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", place.owner_url)
    for arguments, words in (
        (["--jurisdiction", "nowhere"], "nowhere"),
        (["--out", str(tmp_path / "x.pdf")], ".pdf is not one of"),
    ):
        result = CliRunner().invoke(main, ["cameras", "audit", *arguments])
        assert result.exit_code == 1 and words in result.output and "Traceback" not in result.output


def test_a_camera_in_no_jurisdiction_is_rated_beside_the_others(served):
    """It has a row of its own; a month that is none is told, not an error of the server."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id)
                   SELECT 'nowhere', '界外', 'unknown', false, ST_Point(117.5, 23.3, 4326),
                          '[2020-01-01,)', min(id) FROM import_batch"""
            )
        )
    try:
        client = served.client(Role.AUDITOR)
        page = client.get("/checks/rates?lang=en")
        assert page.status_code == 200 and "in no jurisdiction" in page.text
        for month in ("abc", "0001-01", "9999-12"):
            assert client.get(f"/checks/rates?month={month}").status_code == 200
        assert client.post("/checks/assessed", data={"month": "0001-01", "area": ""}).status_code == 422
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            assert session.scalar(text("SELECT count(*) FROM assessed_list WHERE month < '2000-01-01'")) == 0
            session.execute(text("DELETE FROM camera WHERE code = 'nowhere'"))
