"""Fixed duties on their pages and from files: made, changed with their history, ended, imported, exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import map_scene
import pytest
from click.testing import CliRunner, Result
from conftest import ServedSite
from small_site import CHILD, OWN, POINTS, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE, Scope
from patrols.duties import Duty
from patrols.problem import CrossRule
from patrols.repository import duties as store
from patrols.services.calendars import end_calendar
from patrols.services.fixed_duties import add_duty, change_duty, end_duty, import_duties
from patrols.services.ruling import uncounted
from web.access import Role
from web.cli import main
from web.imports import ImportOrder, import_file

LON, LAT = POINTS[OWN]
GATE = {
    "code": "gate",
    "name": "下寨小学",
    "name_en": "Xiazhai school",
    "kind": "school_gate",
    "hours": "07:20-08:10",
    "stay_min": "30",
    "required": "yes",
    "prize": "20",
    "lon": str(LON),
    "lat": str(LAT),
}
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


@pytest.fixture(autouse=True)
def _nothing_left(served: ServedSite) -> Iterator[None]:
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for table in ("fixed_duty", "duty_calendar", "public_holiday"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("DELETE FROM import_batch WHERE kind = 'duties'"))


def test_a_duty_is_pinned_changed_and_ended_and_its_past_is_known(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.scalar(text("SELECT COALESCE(max(id), 0) FROM audit_entry"))
    assert "No fixed duty yet" in planner.get("/fixed-duties?lang=en").text
    answer = planner.post("/fixed-duties/new", data=GATE)
    assert answer.status_code == 303 and answer.headers["Location"] == "/fixed-duties/gate"
    listed = planner.get("/fixed-duties?lang=en").text
    assert "Xiazhai school" in listed and "07:20-08:10" in listed and "school gate duty" in listed
    assert "护学岗" in planner.get("/fixed-duties?lang=zh").text
    assert planner.post("/fixed-duties/gate", data={**GATE, "hours": "16:20-17:20"}).status_code == 303
    page = planner.get("/fixed-duties/gate?lang=en").text
    assert "07:20-08:10" in page and "16:20-17:20" in page, "what it was, too"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        old = store.history(session, "gate")
        assert [one["until"] is None for one in old] == [True, False]
        assert old[0]["since"] == old[1]["until"]
    assert planner.post("/fixed-duties/gate", data={"deed": "end"}).status_code == 303
    assert planner.get("/fixed-duties/gate").status_code == 404
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        events = session.scalars(
            text(
                """SELECT event FROM audit_entry
                   WHERE subject = 'fixed duty gate' AND event <> 'view' AND id > :before ORDER BY id"""
            ),
            {"before": before},
        ).all()
    assert events == ["add", "change", "remove"]


def test_a_duty_changed_elsewhere_keeps_its_place_and_villages_that_are_not_seen(served: ServedSite) -> None:
    """Plans are stale once a duty lies elsewhere: what the form only rounds has not moved."""
    lon, lat = LON + 1.2345e-8, LAT - 2.3456e-8
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        add_duty(session, Duty("gate", "校门", "school_gate"), place=(lon, lat), now=NOW, author="t")
        stored = json.dumps([CHILD, SIBLING])
        session.execute(text("UPDATE fixed_duty SET villages = CAST(:paths AS jsonb)"), {"paths": stored})
    planner = served.client(Role.PLANNER, OWN)
    shown = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "villages": CHILD, "note": "now with a note"}
    assert planner.post("/fixed-duties/gate", data=GATE | shown).status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (row,) = store.duties(session).to_dict("records")
    assert (row["geometry"].x, row["geometry"].y) == (lon, lat)
    assert sorted(row["villages"]) == [CHILD, SIBLING] and row["note"] == "now with a note"
    assert planner.post("/fixed-duties/gate", data=GATE | {"lon": str(LON + 1e-5)}).status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (row,) = store.duties(session).to_dict("records")
    assert abs(row["geometry"].x - (LON + 1e-5)) < 1e-9


def test_a_sign_that_cannot_be_stored_is_refused_where_rows_are_written_at_once(served: ServedSite) -> None:
    """PostgreSQL takes no NUL; nothing of the form is kept."""
    answer = served.client(Role.PLANNER, OWN).post("/fixed-duties/new?lang=en", data=GATE | {"note": "a\0b"})
    assert answer.status_code == 422 and "a sign that cannot be stored" in answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert store.codes(session) == set()


def test_a_duty_says_whose_visit_does_not_count(served: ServedSite, monkeypatch) -> None:
    told = [uncounted("gate", "110", CrossRule())]
    monkeypatch.setattr("patrols.services.fixed_duties.uncounted_teams", lambda session, code: told)
    planner = served.client(Role.PLANNER, OWN)
    assert "110" not in planner.get("/fixed-duties/new?lang=en").text
    planner.post("/fixed-duties/new", data=GATE)
    page = planner.get("/fixed-duties/gate?lang=en").text
    assert "which is of no village: its visit is one of the 2 that the rule asks for" in page
    assert "该处不构成交叉" in planner.get("/fixed-duties/gate?lang=zh").text


def test_the_form_begins_with_what_is_usual_for_the_kind(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    assert 'value="07:20-08:10; 16:20-17:20"' in planner.get("/fixed-duties/new").text
    assert 'value="14:00-18:00"' in planner.get("/fixed-duties/new?kind=water").text
    assert planner.get("/fixed-duties/new?kind=parade").status_code == 404


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "parade"}, "kind &#39;parade&#39; is not known"),
        ({"hours": "8"}, "are no hours"),
        ({"hours": "08:00-08:20"}, "does not fit into the hours"),
        ({"stay_min": "long"}, "is not a number"),
        ({"prize": "-3"}, "out of limits"),
        ({"lon": "", "lat": ""}, "needs a place"),
        ({"lon": "500"}, "no position"),
        ({"lon": "2.1", "lat": "48.8"}, "outside every jurisdiction"),
        ({"calendar": "none"}, "calendar &#39;none&#39; is not known"),
        ({"code": "new"}, "cannot be an address"),
        ({"name": ""}, "needs a code and a name"),
        ({"villages": "x.y"}, "village &#39;x.y&#39; is not known"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    served: ServedSite, change: dict[str, str], told: str
) -> None:
    answer = served.client(Role.PLANNER, OWN).post("/fixed-duties/new?lang=en", data={**GATE, **change})
    assert answer.status_code == 422 and told in answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert store.codes(session) == set()


def test_a_duty_outside_every_zone_is_kept_and_told(served: ServedSite) -> None:
    """Some place of a jurisdiction that no zone covers."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE zone SET geom = ST_Translate(geom, 5, 0)"))
        told = add_duty(session, Duty("gate", "下寨小学", "other"), place=(LON, LAT), now=NOW, author="test")
        assert [str(one) for one in told] == [
            "fixed duty 'gate' lies in no zone: no plan takes it in until one does"
        ]
        session.execute(text("UPDATE zone SET geom = ST_Translate(geom, -5, 0)"))


def test_duties_of_others_are_neither_seen_nor_changed(served: ServedSite) -> None:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        add_duty(session, Duty("theirs", "别处", "other"), place=POINTS[SIBLING], now=NOW, author="test")
    planner = served.client(Role.PLANNER, CHILD)
    assert "theirs" not in planner.get("/fixed-duties").text
    assert planner.get("/fixed-duties/theirs").status_code == 404
    taken = planner.post("/fixed-duties/new?lang=en", data={**GATE, "code": "theirs"})
    assert taken.status_code in (403, 422), "its place lies outside, and the code is taken there"


def test_a_calendar_in_use_is_not_ended(served: ServedSite) -> None:
    planner = served.client(Role.PLANNER, OWN)
    planner.post("/calendars/new", data={"code": "term", "name": "学期", "weekdays": ["1"]})
    planner.post("/fixed-duties/new", data={**GATE, "calendar": "term"})
    refused = planner.post("/calendars/term?lang=en", data={"deed": "end"})
    assert refused.status_code == 422 and "used by gate" in refused.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        end_duty(session, "gate", now=datetime(2099, 1, 1, tzinfo=UTC))
        end_calendar(session, "term", now=datetime(2099, 1, 1, tzinfo=UTC))


def test_what_is_not_there_cannot_be_changed_or_ended(served: ServedSite) -> None:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        duty = Duty("none", "无", "other")
        with pytest.raises(InputRefused, match="'none' is not known"):
            change_duty(session, duty, place=(LON, LAT), now=LATER, author="test")
        with pytest.raises(InputRefused, match="'none' is not known"):
            end_duty(session, "none", now=LATER)


# --- Files ----------------------------------------------------------------

HEAD = "code,name,kind,lon,lat,hours,stay_min,required\n"


def listed(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "duties.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_list_is_imported_with_the_settings_of_the_site(served: ServedSite, tmp_path: Path) -> None:
    path = listed(tmp_path, f"g1,下寨小学,护学岗,{LON},{LAT},,,", f"b1,银行,bank,{LON},{LAT},,,")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        report = import_file(session, path, ImportOrder("duties", "wgs84"), author="test")
        assert report.stored == 2 and not report.problems
        gate = store.duties(session).set_index("code").loc["g1"]
        assert gate["hours"] == ["07:20-08:10", "16:20-17:20"] and bool(gate["required"])
        with pytest.raises(InputRefused, match="imported as duties before"):
            import_file(session, path, ImportOrder("duties", "wgs84"), author="test")


def test_rows_outside_are_refused_by_name(served: ServedSite, tmp_path: Path) -> None:
    path = listed(tmp_path, f"g1,下寨小学,护学岗,{LON},{LAT},,,")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        with pytest.raises(InputRefused) as refused:
            import_duties(session, path, datum="wgs84", author="test", now=NOW, within=Scope.of([SIBLING]))
        assert refused.value.problems == ("row 2: fixed duty 'g1' lies outside your area",)
        add_duty(session, Duty("g1", "先到", "other"), place=(LON, LAT), now=NOW, author="test")
        with pytest.raises(InputRefused) as refused:
            import_duties(session, path, datum="wgs84", author="test", now=NOW)
        assert "already stored" in refused.value.problems[0]


def test_a_rehearsal_stores_nothing(served: ServedSite, tmp_path: Path) -> None:
    path = listed(tmp_path, f"g1,下寨小学,护学岗,{LON},{LAT},,,")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        report = import_duties(session, path, datum="wgs84", author="test", now=NOW, dry_run=True)
        assert (report.stored, report.good) == (0, 1) and store.codes(session) == set()


def test_what_is_exported_is_imported_again(served: ServedSite, tmp_path: Path) -> None:
    """The table of the page, headings in either language."""
    admin = served.client(Role.ADMINISTRATOR)
    for lang in ("en", "zh"):
        admin.post("/fixed-duties/new", data=GATE)
        answer = admin.get(f"/fixed-duties?format=csv&lang={lang}")
        assert answer.status_code == 200
        admin.post("/fixed-duties/gate", data={"deed": "end"})
        path = tmp_path / f"{lang}.csv"
        path.write_bytes(answer.data)
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            report = import_duties(
                session, path, datum="wgs84", author="test", now=datetime(2098, 1, 1, tzinfo=UTC)
            )
            assert report.stored == 1, report.problems
            (row,) = store.duties(session).to_dict("records")
            assert (row["kind"], row["hours"], row["stay_s"]) == ("school_gate", ["07:20-08:10"], 1800)
            assert row["name"] == "下寨小学" and row["name_en"] == "Xiazhai school" and row["required"]
            session.execute(text("DELETE FROM fixed_duty"))


# --- The command line -----------------------------------------------------


def run(served: ServedSite, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> Result:
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    return CliRunner().invoke(main, [*map(str, arguments), "--json"])


def last(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_duties_are_taken_in_and_told_on_the_command_line(
    served: ServedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = served.client(Role.PLANNER, OWN)
    planner.post("/calendars/new", data={"code": "day", "name": "日", "single": "2026-11-23"})
    path = tmp_path / "duties.csv"
    path.write_text(
        f"code,name,kind,lon,lat,calendar\nb1,银行,bank,{LON},{LAT},day\nb2,银行,bank,{LON},{LAT},\n",
        encoding="utf-8",
    )
    assert last(run(served, monkeypatch, "import", "duties", path, "--datum", "wgs84"))["stored"] == 2
    told = last(run(served, monkeypatch, "patrols", "duties"))["duties"]
    assert [one["code"] for one in told] == ["b1", "b2"] and told[0]["hours"] == ["16:30-17:30"]
    for day, codes in (("2026-11-23", ["b1", "b2"]), ("2026-11-24", ["b2"])):
        told = last(run(served, monkeypatch, "patrols", "duties", "--on", day))["duties"]
        assert [one["code"] for one in told] == codes
    assert run(served, monkeypatch, "patrols", "duties", "--zone", "none").exit_code == 1


def test_holidays_are_taken_in_on_the_command_line(
    served: ServedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "2099.csv"
    path.write_text("date,kind,name\n2099-01-01,off,元旦\n2099-01-04,work,元旦\n", encoding="utf-8")
    assert last(run(served, monkeypatch, "patrols", "holidays", path)) == {"off": 1, "worked": 1}
