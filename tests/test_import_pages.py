"""The import wizard: what a file is said to be, what is refused, who may import where, and undoing."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import small_site
from shapely import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.datums import to_wgs84
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE, Scope
from geo.services import refresh_scopes
from web import recognising
from web.access import Role
from web.imports import ImportOrder, import_file
from web.jobs.running import run_job
from web.pages.imports import handing_in, views
from web.recognising import recognise, suggested, try_datums
from web.refusals import Refused, said
from web.tables import AuditEntry
from web.undoing import STANDING, TABLES, undo_import

OWN_POINT = small_site.POINTS[small_site.OWN]
SIBLING_POINT = small_site.POINTS[small_site.SIBLING]
ORDER = ImportOrder("cameras", "wgs84")


def csv(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def camera_list(*rows: tuple[str, tuple[float, float]]) -> str:
    return csv("编码,名称,经度,纬度,方向", *(f"{code},x,{lon:.6f},{lat:.6f},东" for code, (lon, lat) in rows))


def write(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


# --- What a file is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "headings", "row"),
    [
        ("cameras", "设备编码,点位名称,经度,纬度,朝向", "1,村口,116.6,23.3,东"),
        ("cameras", "code,name,lon,lat,type", "1,a,116.6,23.3,dome"),
        ("places", "kind,name,lon,lat", "school,a,116.6,23.3"),
        ("teams", "编码,名称,出行方式,人数,经度,纬度", "1,a,步行,2,116.6,23.3"),
        ("zones", "编码,名称,成员村,范围", '1,a,v1,"POLYGON ((0 0,1 0,1 1,0 0))"'),
        ("jurisdictions", "编码,上级编码,名称", "440513,,潮阳区"),
        ("obstructions", "key,height_m,wkt", '1,9,"POLYGON ((0 0,1 0,1 1,0 0))"'),
    ],
)
def test_the_kind_of_a_list_is_known_by_its_headings(tmp_path, kind, headings, row):
    look = recognise(write(tmp_path, "a.csv", csv(headings, row)))
    assert look.kind == kind and look.rows == 1


def test_a_street_graph_is_known_by_its_ending_and_needs_no_datum_tried(session: Session, tmp_path):
    graph = write(tmp_path, "a.graphml", "<graphml/>")
    look = recognise(graph)
    assert (look.kind, look.kinds) == ("roads", ("roads",))
    assert try_datums(session, graph, "roads") == ()
    assert ".graphml" in handing_in.ENDINGS


def test_a_list_without_known_headings_is_of_no_kind(tmp_path):
    look = recognise(write(tmp_path, "a.csv", csv("甲,乙", "1,2")))
    assert look.kind == "" and look.headings == ("甲", "乙")


def test_streets_speak_for_the_datum_of_a_list(session: Session, tmp_path):
    """Cameras on a street, written in GCJ-02: 500 m off if they were WGS 84."""
    small_site.fill(session)
    there = [small_site.POINTS[path] for path in small_site.PATHS]
    # GCJ-02 of a point, by stepping towards it: its shift hardly changes over the way.
    shifted = []
    for lon, lat in there:
        x, y = lon, lat
        for _ in range(6):
            back_x, back_y = to_wgs84([x], [y], "gcj02")
            x, y = x + lon - float(back_x[0]), y + lat - float(back_y[0])
        shifted.append((x, y))
    path = write(tmp_path, "a.csv", camera_list(*((f"c{n}", p) for n, p in enumerate(shifted))))
    trials = try_datums(session, path, "cameras")
    assert trials[0].datum == suggested(trials) == "gcj02"
    assert trials[0].median_m < 1 and trials[1].median_m > 100
    assert suggested(trials[:1]) == ""
    assert suggested([replace(trials[0], median_m=30), replace(trials[1], median_m=50)]) == ""


# --- Who may import where ---------------------------------------------------------------------------------


def test_rows_outside_the_area_of_whoever_imports_are_refused(session: Session, tmp_path):
    small_site.fill(session)
    path = write(tmp_path, "a.csv", camera_list(("n1", OWN_POINT), ("n2", SIBLING_POINT)))
    own = replace(ORDER, within=Scope.of([small_site.OWN]))
    with pytest.raises(InputRefused, match="1 of 2 cameras are refused") as told:
        import_file(session, path, own, author="test")
    assert told.value.problems == (
        "row 3: it lies in c.d.u, outside your area (c.d.t); ask somebody who may import there",
    )
    report = import_file(session, path, replace(own, keep_good=True), author="test")
    assert report.stored == 1 and len(report.problems) == 1
    stored = session.execute(text("SELECT jurisdiction_path::text FROM camera WHERE code LIKE 'n%'"))
    assert list(stored.scalars()) == [small_site.OWN]


@pytest.mark.parametrize("kind", ["jurisdictions", "roads", "zones", "teams"])
def test_what_belongs_to_all_is_imported_by_who_has_the_whole_site(session: Session, tmp_path, kind):
    small_site.fill(session)
    order = ImportOrder(kind, "wgs84", zone="z", within=Scope.of([small_site.OWN]))
    with pytest.raises(InputRefused, match=r"more than one jurisdiction and your area is c\.d\.t"):
        import_file(session, write(tmp_path, "a.csv", csv("a", "1")), order, author="test")


def test_recorded_cameras_are_brought_up_to_date_beside_new_ones(session: Session, tmp_path):
    known = small_site.fill(session).cameras[small_site.OWN]
    path = write(tmp_path, "a.csv", camera_list((known, OWN_POINT), ("n1", OWN_POINT)))
    report = import_file(session, path, ORDER, author="test")
    assert (report.stored, report.problems) == (2, ())
    assert report.counts["added"] == 1 and report.counts["unchanged"] == 0


# --- Undoing ----------------------------------------------------------------------------------------------

EVERYTHING = (
    *("jurisdiction", "road_node", "road_edge", "obstruction", "place", "water", "camera", "zone", "team"),
    *(
        "zone_member",
        "camera_change",
        "plan",
        "plan_stop",
        "plan_visit",
        "analysis",
        "pose",
        "footprint",
        "gap",
        "site",
    ),
)


def contents(session: Session) -> dict[str, list[str]]:
    """Every row of every table, whatever batch it came with; the record of imports apart."""
    return {
        table: sorted(session.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars())
        for table in EVERYTHING
    }


def made_earlier(session: Session) -> None:
    """Analyses and plans of the small site: one transaction would make them at the import's own time."""
    session.execute(text("UPDATE analysis SET created_at = '2020-01-01'"))
    session.execute(text("UPDATE plan SET created_at = '2020-01-01'"))


def newest(session: Session) -> int:
    return session.execute(text("SELECT max(id) FROM import_batch")).scalar_one()


def polygons(*areas: tuple[str, object]) -> str:
    return csv("key,wkt", *(f'{key},"{area.wkt}"' for key, area in areas))  # type: ignore[attr-defined]


def files(folder: Path) -> dict[str, tuple[Path, ImportOrder]]:
    """A good file of each kind that takes no other, on the small site."""
    x, y = OWN_POINT
    house = box(x, y, x + 0.0002, y + 0.0002)
    west, south, *_ = small_site.BOXES[small_site.SIBLING]
    grid = box(west, south, west + 0.01, south + 0.01)
    return {
        "cameras": (write(folder, "c.csv", camera_list(("n1", OWN_POINT))), ORDER),
        "places": (
            write(folder, "p.csv", csv("kind,key,lon,lat", f"bank,b1,{x},{y}")),
            ImportOrder("places", "wgs84"),
        ),
        "obstructions": (
            write(folder, "o.csv", polygons(("h1", house))),
            ImportOrder("obstructions", "wgs84"),
        ),
        "jurisdictions": (
            write(
                folder,
                "j.csv",
                csv("path,name,wkt", f'e,东,"{grid.wkt}"'),
            ),
            ImportOrder("jurisdictions", "wgs84"),
        ),
    }


@pytest.mark.parametrize("kind", ["cameras", "places", "obstructions", "jurisdictions"])
def test_undoing_an_import_leaves_everything_as_it_was_before(session: Session, tmp_path, kind):
    small_site.fill(session)
    # Points on a border belong where the importer puts them, before as after.
    refresh_scopes(session)
    before = contents(session)
    path, order = files(tmp_path)[kind]
    assert import_file(session, path, order, author="test").stored == 1
    made_earlier(session)
    assert contents(session) != before
    batch = undo_import(session, newest(session), author="wang")
    assert (batch.undone_by, batch.undone_at is not None) == ("wang", True)
    after = contents(session)
    for table in EVERYTHING:
        if table not in ("analysis", "plan"):
            assert after[table] == before[table], table
    with pytest.raises(Refused, match="undone before"):
        undo_import(session, batch.id, author="wang")
    # The very file may come in again.
    assert import_file(session, path, order, author="test").stored == 1


def test_undoing_roads_takes_their_nodes_and_spares_those_of_others(session: Session):
    small_site.fill(session)
    made_earlier(session)
    before = contents(session)
    number = add_street(session, None)
    undo_import(session, number, author="wang")
    assert contents(session) == before
    # A later street that begins at one of its nodes stands on it.
    number = add_street(session, None)
    node = session.scalar(text("SELECT min(id) FROM road_node WHERE batch_id = :b"), {"b": number})
    add_street(session, node)
    with pytest.raises(Refused, match=r"streets of another import meet these \(1\); undo that one first"):
        undo_import(session, number, author="wang")


def add_street(session: Session, begin: int | None) -> int:
    """An import of one street, from a node of its own or from one that is there; answers its key."""
    number = session.scalar(
        text(
            """INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
               VALUES ('roads', 'r.osm.pbf', md5(random()::text), 'wgs84', 'real', 1, 'test') RETURNING id"""
        )
    )
    add = text("INSERT INTO road_node (geom, batch_id) VALUES (ST_Point(116.6, 23.3, 4326), :b) RETURNING id")
    u = begin or session.scalar(add, {"b": number})
    session.execute(
        text(
            """INSERT INTO road_edge (u, v, way_id, road_class, foot_forward, foot_backward, ebike_forward,
                   ebike_backward, car_forward, car_backward, watched, steps, geom, batch_id, valid)
               VALUES (:u, :v, 99, 'path', true, true, true, true, true, true, true, false,
                       ST_GeomFromText('LINESTRING(116.6 23.3, 116.601 23.3)', 4326), :b, '[2000-01-01,)')"""
        ),
        {"u": u, "v": session.scalar(add, {"b": number}), "b": number},
    )
    return int(number or 0)


def test_a_refused_undo_changes_nothing_and_says_what_stands_on_the_rows(session: Session):
    site = small_site.fill(session)
    before = contents(session)
    with pytest.raises(Refused, match=r"analyses used these cameras \(1\); remove them first") as told:
        undo_import(session, site.batch, author="wang")
    assert "有分析用到了这些摄像机" in said(told.value, lambda text_: TRANSLATED[text_])
    assert contents(session) == before
    assert session.scalar(text("SELECT count(*) FROM import_batch WHERE undone_at IS NOT NULL")) == 0


TRANSLATED = {
    "Not undone: analyses used these cameras (%(n)s); remove them first.": "有分析用到了这些摄像机（%(n)s）"
}


def test_rights_in_a_jurisdiction_keep_its_import_from_being_undone(session: Session):
    """They would go with it without a word."""
    small_site.fill(session)
    made_earlier(session)
    session.execute(text("DELETE FROM zone; UPDATE import_batch SET kind = 'jurisdictions'"))
    with pytest.raises(Refused, match=r"people have rights in these jurisdictions \(5\)"):
        undo_import(session, newest(session), author="wang")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            """INSERT INTO assessed_list (month, within_path, cameras, frozen_by)
               VALUES ('2026-11-01', 'c.d', 1, 'wang')""",
            r"lists of assessed cameras were frozen for these jurisdictions \(1\)",
        ),
        (
            """WITH list AS (INSERT INTO assessed_list (month, cameras, frozen_by)
                             VALUES ('2026-11-01', 1, 'wang') RETURNING id)
               INSERT INTO assessed_camera (list_id, code, name, jurisdiction_path)
               SELECT id, 'a', 'a', 'c.d' FROM list""",
            r"lists of assessed cameras were frozen for these jurisdictions \(1\)",
        ),
        (
            """WITH planned AS (INSERT INTO maintenance (period, reason, author)
                                VALUES ('[2026-11-22,2099-01-01)', 'x', 'wang') RETURNING id)
               INSERT INTO maintenance_camera (maintenance_id, code, jurisdiction_path)
               SELECT id, 'a', 'c.d' FROM planned""",
            r"maintenance was planned in these jurisdictions \(1\)",
        ),
        (
            """INSERT INTO sample_sheet (author, seed, drawn, drawn_from, jurisdiction_path)
               VALUES ('wang', 1, 1, '{}', 'c.d')""",
            r"spot checks were drawn in these jurisdictions \(1\)",
        ),
    ],
)
def test_what_was_frozen_for_a_jurisdiction_does_not_become_the_whole_sites(session: Session, row, told):
    """Nor does it go: it is what figures were reckoned from."""
    small_site.fill(session)
    made_earlier(session)
    session.execute(text("DELETE FROM zone; DELETE FROM access_grant; DELETE FROM api_token"))
    session.execute(text("UPDATE import_batch SET kind = 'jurisdictions'"))
    session.execute(text(row))
    with pytest.raises(Refused, match=told):
        undo_import(session, newest(session), author="wang")


def test_every_kind_is_asked_what_stands_on_it(session: Session):
    """Each question is SQL that the database understands."""
    assert STANDING.keys() == TABLES.keys()
    for standings in STANDING.values():
        for standing in standings:
            assert session.scalar(text(standing.count), {"batch": 0}) == 0


# --- The pages --------------------------------------------------------------------------------------------


@pytest.fixture
def clean(served) -> Iterator[None]:
    """The served site keeps nothing of these tests."""
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """DELETE FROM camera WHERE code LIKE 'n%';
                   DELETE FROM job_run; DELETE FROM procrastinate_jobs;
                   DELETE FROM import_batch WHERE file_name IN ('list.csv', 'catalog.xml')"""
            )
        )


def handed_in(client, content: str, name: str = "list.csv") -> str:
    """The token of an uploaded file."""
    answer = client.post("/imports/new", data={"file": (io.BytesIO(content.encode()), name)})
    assert answer.status_code == 302, answer.text
    return re.fullmatch(r"/imports/(.+)/columns", answer.headers["Location"])[1]


def said_of(client, token: str, **values: str) -> str:
    """The token of a file of which kind, datum and columns were said."""
    given = {"kind": "cameras", "shown": "cameras", "datum": "wgs84", **values}
    answer = client.post(f"/imports/{token}/columns", data=given)
    assert answer.status_code == 302, answer.text
    return re.fullmatch(r"/imports/(.+)/check", answer.headers["Location"])[1]


def test_from_a_file_to_its_rows_and_back(served, clean, monkeypatch):
    monkeypatch.setenv("LIANFANG_VAR", str(served.app.extensions["lianfang"].folder))
    client = served.client(Role.AUDITOR)
    bad = "n2,y,0,0,东"
    token = handed_in(client, camera_list(("n1", OWN_POINT)) + bad + "\n")
    page = client.get(f"/imports/{token}/columns?lang=zh").text
    assert "编码" in page and 'name="datum" value="wgs84" required>' in page
    assert "checked" not in page.split('name="datum"')[1], "no datum is chosen for anybody"
    checked = said_of(client, token)
    page = client.get(f"/imports/{checked}/check?lang=en").text
    assert "place-holder" in page and "Import only the good rows" in page and "n1" in page
    only_bad = client.get(f"/imports/{checked}/check?verdict=odd").text
    assert "place-holder" not in only_bad
    exported = client.get(f"/imports/{checked}/check?format=csv&lang=en").get_data(as_text=True)
    assert "place-holder" in exported
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE code LIKE 'n%'")) == 0
    begun = client.post(f"/imports/{checked}/begin", data={"keep_good": "yes"})
    job = int(begun.headers["Location"].rsplit("/", 1)[1])
    assert run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False) == "done"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        number = newest(session)
    page = client.get(f"/imports/{number}?lang=en").text
    assert f'action="/imports/{number}/undo"' in page and "place-holder" in page
    assert "list.csv" in client.get("/imports").text
    assert client.post(f"/imports/{number}/undo").headers["Location"] == f"/imports/{number}"
    page = client.get(f"/imports/{number}?lang=en").text
    assert "Undone by" in page and f'action="/imports/{number}/undo"' not in page
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE code LIKE 'n%'")) == 0
        written = session.query(AuditEntry).filter_by(event="undo", subject=f"import {number}").all()
    assert len(written) == 1


def test_a_catalog_of_devices_goes_the_same_way(served, clean, monkeypatch):
    monkeypatch.setenv("LIANFANG_VAR", str(served.app.extensions["lianfang"].folder))
    client = served.client(Role.AUDITOR)
    codes = ("44051300001320000001", "44051300001320000002", "44051300002160000001")
    places = (OWN_POINT, (0, 0), OWN_POINT)
    items = "".join(
        f"<Item><DeviceID>{code}</DeviceID><Name>桥头</Name><Longitude>{lon}</Longitude>"
        f"<Latitude>{lat}</Latitude><Password>Secret-1</Password></Item>"
        for code, (lon, lat) in zip(codes, places, strict=True)
    )
    answer = f"<Response><CmdType>Catalog</CmdType><DeviceList>{items}</DeviceList></Response>"
    token = handed_in(client, answer, "catalog.xml")
    page = client.get(f"/imports/{token}/columns?lang=en").text
    assert 'value="cameras"' in page and 'value="teams"' not in page and "Secret" not in page
    checked = said_of(client, token)
    page = client.get(f"/imports/{checked}/check?lang=en").text
    assert "1 items are areas, groups or recorders" in page and "place-holder" in page
    begun = client.post(f"/imports/{checked}/begin", data={"keep_good": "yes"})
    job = int(begun.headers["Location"].rsplit("/", 1)[1])
    assert run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False) == "done"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        stored = session.execute(
            text("SELECT code, name FROM camera WHERE code = ANY(:c)"), {"c": list(codes)}
        )
        assert stored.all() == [(codes[0], "桥头")]
        number = newest(session)
    client.post(f"/imports/{number}/undo")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE name = '桥头'")) == 0


def test_the_datum_has_to_be_said(served):
    client = served.client(Role.AUDITOR)
    token = handed_in(client, camera_list(("n1", OWN_POINT)))
    answer = client.post(f"/imports/{token}/columns?lang=en", data={"kind": "cameras", "shown": "cameras"})
    assert answer.status_code == 422 and "State the datum" in answer.text


def test_columns_that_are_not_recognised_are_chosen(served):
    client = served.client(Role.AUDITOR)
    x, y = OWN_POINT
    token = handed_in(client, csv("号,东经,北纬", f"n1,{x},{y}"))
    assert client.get(f"/imports/{token}/columns").status_code == 200, "of no kind as yet"
    checked = said_of(client, token)
    assert "has no column" in client.get(f"/imports/{checked}/check?lang=en").text
    checked = said_of(client, token, **{"field-code": "号"})
    page = client.get(f"/imports/{checked}/check?lang=en").text
    assert "Import only" not in page and ">Import</button>" in page


def test_whoever_imports_for_a_town_is_refused_the_neighbours_rows(served, clean, monkeypatch):
    """On the rehearsal and in the job alike."""
    monkeypatch.setenv("LIANFANG_VAR", str(served.app.extensions["lianfang"].folder))
    client = served.client(Role.AUDITOR, small_site.OWN)
    token = handed_in(client, camera_list(("n1", OWN_POINT), ("n2", SIBLING_POINT)))
    checked = said_of(client, token)
    assert "outside your area" in client.get(f"/imports/{checked}/check?lang=en").text
    begun = client.post(f"/imports/{checked}/begin", data={"keep_good": "yes"})
    job = int(begun.headers["Location"].rsplit("/", 1)[1])
    assert client.get(f"/jobs/{job}").status_code == 200
    run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        stored = list(session.execute(text("SELECT code FROM camera WHERE code LIKE 'n%'")).scalars())
        number = newest(session)
    assert stored == ["n1"]
    # Somebody of the neighbouring town cannot undo it, and it is all there afterwards.
    sibling = served.client(Role.AUDITOR, small_site.SIBLING)
    sibling.post(f"/imports/{number}/undo?lang=en")
    assert "lie outside your area" in sibling.get(f"/imports/{number}?lang=en").text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE code = 'n1'")) == 1
    client.post(f"/imports/{number}/undo")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE code = 'n1'")) == 0


def test_a_token_is_good_for_whoever_uploaded_the_file_alone(served):
    token = handed_in(served.client(Role.AUDITOR), camera_list(("n1", OWN_POINT)))
    other = served.client(Role.ADMINISTRATOR)
    assert other.get(f"/imports/{token}/columns").status_code == 404
    assert served.client(Role.AUDITOR).get(f"/imports/{token}x/columns").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.exe", "x", "no form that is read"),
        ("a.csv", "", "MB"),
        ("a.xlsx", "x", "could not be read as an Excel workbook"),
        ("a.xml", "x", "is no XML"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_the_door(served, name, content, told):
    client = served.client(Role.AUDITOR)
    answer = client.post("/imports/new?lang=en", data={"file": (io.BytesIO(content.encode()), name)})
    assert answer.status_code == 422 and told in answer.text


def test_what_would_keep_the_page_waiting_is_left_to_the_job(served, monkeypatch):
    """Large tables and packed extracts: a page looks at the first rows, the job at all."""
    monkeypatch.setattr(recognising, "LARGE_TABLE_BYTES", 100)
    read = []
    monkeypatch.setattr(views, "import_file", lambda *given, **_named: read.append(given))
    client = served.client(Role.AUDITOR)
    token = handed_in(client, camera_list(*((f"n{i}", OWN_POINT) for i in range(5))))
    page = client.get(f"/imports/{token}/columns?lang=en").text
    assert "编码" in page and "5 rows" not in page
    page = client.get(f"/imports/{said_of(client, token)}/check?lang=en").text
    assert "The file is large, or packed" in page and ">Import</button>" in page
    points = {"type": "FeatureCollection", "features": [], "name": "x" * 100}
    token = handed_in(client, json.dumps(points), "list.geojson")
    assert "too large to be looked at" in client.get(f"/imports/{token}/columns?lang=en").text
    page = client.get(f"/imports/{said_of(client, token)}/check?lang=en").text
    assert "The file is large, or packed" in page
    token = handed_in(client, "BZh9", "town.osm.bz2")
    page = client.get(f"/imports/{said_of(client, token, kind='roads', shown='roads')}/check?lang=en").text
    assert "The file is large, or packed" in page and read == []


def test_many_headings_are_looked_at_once_each(tmp_path):
    with pytest.raises(InputRefused, match="has 20000 columns"):
        recognise(write(tmp_path, "a.csv", ",".join(f"h{i}" for i in range(20_000)) + "\n1\n"))
    twice = recognise(write(tmp_path, "b.csv", csv("甲,甲,乙", "1,2,3")))
    assert twice.samples == {"乙": ("3",)}
