"""Tables: filters, order, pages, narrowing and files, all worked out in SQL from checked arguments."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import map_scene
import pyogrio
import pytest
import small_site
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChoiceLoader, FileSystemLoader
from signing import app_on, make_account, signed_in_client
from sqlalchemy import column, select, text, values
from sqlalchemy import types as sqltypes
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web.access import Action, Role, needs
from web.i18n import Translator
from web.tables import AuditEntry
from web.tabular import Column, TablePage, TableSpec, export_table, read_table
from web.tabular.query import ask
from web.tabular.view import table_view

ZONE = ZoneInfo("Asia/Shanghai")
EN = Translator("en", ZONE)
CODE = "44051300001310000001"

# Seven things; 6 has no value at all, 7 would be a formula, 5 lies in the neighbouring town.
ROWS = """
SELECT * FROM (VALUES
  (1, '东门 01', '44051300001310000001', 'lost', 0.10, 1500.5, 90, true,
   '2026-11-21T15:59:59Z'::timestamptz, DATE '2026-11-21', 'c.d.t'::ltree, 116.61),
  (2, '东门 02', '44051300001310000002', 'fine', 0.90, 20.0, 5, false,
   '2026-11-21T16:00:00Z', DATE '2026-11-22', 'c.d.t.v', 116.62),
  (3, '西门 100%', '00000000000000000003', 'fine', 0.50, 20.0, 60, true,
   '2026-11-22T15:59:59Z', DATE '2026-11-22', 'c.d.t', 116.63),
  (4, 'x_y\\z', 'AB-4', 'lost', 0.50, 300.0, 61, false,
   '2026-11-22T16:00:00Z', DATE '2026-11-23', 'c.d.t', 116.64),
  (5, 'xay', 'AB-5', 'doubt', 0.55, 400.0, 1440, true,
   '2026-11-23T00:00:00Z', DATE '2026-11-24', 'c.d.u', 116.65),
  (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, '=1+1', '-7', 'lost', 'NaN'::float8, 1.0, 1, true,
   '2026-11-24T00:00:00Z', DATE '2026-11-25', 'c.d.t', 116.67)
) AS t (id, name, code, state, share, length_m, open_min, fixed, seen_at, day, path, lon)
"""
SOURCE = f"SELECT s.*, ST_SetSRID(ST_MakePoint(lon, 23.3), 4326) AS geom FROM ({ROWS}) s WHERE id <= :most"
MOST = {"most": 7}
THINGS = TableSpec(
    "things",
    (
        Column("name", "Name", filter="contains", search=True),
        Column("code", "Code", "code", filter="equals", search=True),
        Column(
            "state",
            "State",
            "choice",
            filter="choice",
            words={"lost": "Lost", "doubt": "In doubt", "fine": "Fine"},
        ),
        Column("share", "Share", "share", filter="range"),
        Column("length_m", "Length", "length", filter="range"),
        Column("open_min", "Open", "minutes", sortable=False),
        Column("fixed", "Fixed", "flag", filter="flag"),
        Column("seen_at", "Seen", "moment", filter="period"),
        Column("day", "Day", "day", filter="period"),
    ),
    SOURCE,
    "name",
    link="/things/{code}",
    path="path",
    geometry="geom",
)


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


def read(session: Session, **arguments: Any) -> TablePage:
    within = arguments.pop("within", None)
    texts = {key: str(value) for key, value in arguments.items()}
    return read_table(session, THINGS, texts, parameters=MOST, within=within, zone=ZONE)


def ids(session: Session, **arguments: Any) -> list[int]:
    return [row["id"] for row in read(session, **arguments).rows]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, {1, 2, 3, 4, 5, 6, 7}),
        ({"q": "东门"}, {1, 2}),
        ({"q": "ab-"}, {4, 5}),
        ({"name": "100%"}, {3}),
        ({"name": "x_y"}, {4}),
        ({"name": "\\"}, {4}),
        ({"code": CODE}, {1}),
        ({"code": "4405"}, set()),
        ({"state": "lost"}, {1, 4, 7}),
        ({"state": "lost,doubt"}, {1, 4, 5, 7}),
        ({"share_min": "50", "share_max": "55"}, {3, 4, 5}),
        ({"length_m_min": "1,000"}, {1}),
        ({"length_m_max": "20"}, {2, 3, 7}),
        ({"fixed": "yes"}, {1, 3, 5, 7}),
        ({"fixed": "no"}, {2, 4}),
        ({"seen_at_from": "2026-11-22", "seen_at_to": "2026-11-22"}, {2, 3}),
        ({"day_from": "2026-11-22", "day_to": "2026-11-23"}, {2, 3, 4}),
        ({"state": "fine", "fixed": "yes"}, {3}),
        ({"within": "c.d.t"}, {1, 2, 3, 4, 7}),
        ({"within": "c.d.t.v"}, {2}),
        ({"within": "c.d", "state": "doubt"}, {5}),
        ({"within": "elsewhere"}, set()),
        ({"unheard_of": "1"}, {1, 2, 3, 4, 5, 6, 7}),
    ],
)
def test_a_filter_lets_through_what_it_says(
    session: Session, arguments: dict[str, str], found: set[int]
) -> None:
    """Read off the seven rows by hand. Marks of LIKE are letters; days are days of the site's zone."""
    page = read(session, **arguments)
    assert {row["id"] for row in page.rows} == found and page.total == len(found)


@pytest.mark.parametrize(
    "arguments",
    [
        {"state": "gone"},
        {"state": "lost,gone"},
        {"share_min": "much"},
        {"share_min": "nan"},
        {"length_m_max": "1e999"},
        {"fixed": "maybe"},
        {"seen_at_from": "22/11/2026"},
        {"seen_at_to": "9999-12-31"},
        {"day_to": "2026-02-30"},
        {"sort": "geom"},
        {"sort": "open_min"},
        {"sort": "--name"},
        {"q": "x" * 201},
        {"q": "a\x00b"},
        {"within": "c d"},
        {"within": "c.d')--"},
    ],
)
def test_what_cannot_be_understood_is_said_and_shows_nothing(
    session: Session, arguments: dict[str, str]
) -> None:
    """Not every row, as if the filter were not there."""
    page = read(session, **arguments)
    assert page.total == 0 and not page.rows and len(page.problems) == 1
    assert page.problems[0].text(Translator("zh", ZONE)) != page.problems[0].text(EN)
    texts = {key: value for key, value in arguments.items() if key != "within"}
    with pytest.raises(InputRefused):
        export_table(session, THINGS, texts, "csv", EN, parameters=MOST, within=arguments.get("within"))


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "'; DROP TABLE camera; --",
            "name; SELECT 1",
            "1 OR 1=1",
            "%",
            "_",
            "\\",
            "%s",
            ":most",
            '"',
            "name)",
        ]
    ),
    st.text(max_size=30),
)


@given(argument=st.sampled_from([*THINGS.arguments, "sort", "page", "size"]), value=HOSTILE)
def test_an_argument_never_becomes_sql(argument: str, value: str) -> None:
    """The statement is the same text whatever the value; and its columns are those of the specification."""
    rows = THINGS.rows()
    asked = ask(THINGS, {argument: value}, zone=ZONE)
    said = str(asked.ordered(select(rows.c.id).where(asked.statement(rows)), rows))
    tail = said.rpartition("AS rows")[2]
    assert tail and not re.search(r'[";\\]|DROP|SELECT|1=1|:most', tail)


@pytest.mark.parametrize("argument", [*THINGS.arguments, "sort", "page", "size"])
@pytest.mark.parametrize(
    "value", ["'; DELETE FROM site; --", "1) OR (1=1", "name DESC; SELECT pg_sleep(9)", "%%:s"]
)
def test_an_attempt_at_injection_finds_no_more_than_a_word_would(
    session: Session, argument: str, value: str
) -> None:
    """It is looked for as a text, told as a problem, or no number of a page; the tables are still there."""
    page = read(session, **{argument: value})
    assert page.total in ((7,) if argument in ("page", "size") else (0,))
    assert session.execute(text("SELECT count(*) FROM site")).scalar_one() >= 0


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("length_m", [7, 2, 3, 4, 5, 1, 6]),
        ("-length_m", [1, 5, 4, 2, 3, 7, 6]),
        ("state", [1, 4, 7, 5, 2, 3, 6]),
        ("-state", [2, 3, 5, 1, 4, 7, 6]),
        ("-seen_at", [7, 5, 4, 3, 2, 1, 6]),
    ],
)
def test_rows_stand_in_the_order_asked(session: Session, sort: str, order: list[int]) -> None:
    """Choices in the order of their words, no value last either way, ties by id."""
    assert ids(session, sort=sort) == order


def test_pages_share_no_row_and_miss_none(session: Session) -> None:
    """500 rows with one value among them all: only the id tells them apart."""
    many = TableSpec(
        "many",
        (Column("same", "Same", "integer"),),
        "SELECT g AS id, 1 AS same FROM generate_series(1, 510) g",
        "same",
    )
    seen: list[int] = []
    for number in range(1, 12):
        page = read_table(session, many, {"page": str(number), "size": "50"})
        assert (page.page, page.pages, page.first) == (number, 11, 50 * (number - 1) + 1)
        seen += [row["id"] for row in page.rows]
    assert seen == list(range(1, 511)) and page.last == 510
    after = read_table(session, many, {"page": "99999999", "size": "77"})
    assert (after.page, after.size) == (11, 50), "after the last is the last; 77 is no size to choose"
    assert after.near == [1, None, 9, 10, 11]
    none = read_table(session, many, {"page": "0"}, within=None)
    assert none.page == 1


def test_links_of_a_table_keep_what_was_asked(session: Session) -> None:
    """A head sorts and goes back to the first page; the filter stays; what is usual is left out."""
    page = read(session, q="东 门&", sort="-share", page=1, size=25)
    assert page.link(page=2) == "?q=%E4%B8%9C+%E9%97%A8%26&sort=-share&size=25&page=2"
    share, length = THINGS.column("share"), THINGS.column("length_m")
    assert share and length
    assert (page.direction(share), page.direction(length)) == ("descending", "none")
    assert "sort=share" in page.sort_link(share) and "sort=-length_m" in page.sort_link(length)
    assert read(session).link(page=3) == "?page=3"
    row = {"code": "a/b ?東", "id": 1}
    assert THINGS.href(row) == "/things/a%2Fb%20%3F%E6%9D%B1", "a code leads nowhere else"


def test_a_table_from_a_select_is_read_like_one_from_text(session: Session) -> None:
    """Both ways of writing the source."""
    rows = values(column("id", sqltypes.Integer), column("name", sqltypes.Text), name="v").data(
        [(1, "b"), (2, "a")]
    )
    spec = TableSpec("picked", (Column("name", "Name", search=True),), select(rows.c.id, rows.c.name), "name")
    assert [row["name"] for row in read_table(session, spec, {}).rows] == ["a", "b"]
    assert read_table(session, spec, {"q": "b"}).total == 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": "Name"}, "use a-z"),
        ({"key": "sort"}, "use a-z"),
        ({"key": "x", "filter": "choice"}, "no words"),
        ({"key": "x", "filter": "range"}, "range of numbers"),
        ({"key": "x", "filter": "period"}, "by days"),
    ],
)
def test_a_column_that_cannot_work_is_refused_when_it_is_written(wrong: dict[str, Any], why: str) -> None:
    """Not when somebody opens the page."""
    with pytest.raises(ValueError, match=why):
        Column(label="X", **wrong)


def test_a_table_that_cannot_work_is_refused_when_it_is_written() -> None:
    """Names twice, an order by nothing, a size nobody can choose."""
    name = Column("name", "Name")
    for columns, sort, size, why in (
        ((name, name), "name", 50, "more than one column"),
        (
            (Column("a", "A", "number", "range"), Column("a_min", "B", filter="contains")),
            "a",
            50,
            "one filter a_min",
        ),
        ((name,), "-other", 50, "no column"),
        ((name,), "name", 33, "33 rows"),
    ):
        with pytest.raises(ValueError, match=why):
            TableSpec("t", columns, "SELECT 1", sort, size=size)


def exported(session: Session, fmt: str, t: Translator = EN, **arguments: str) -> bytes:
    within = arguments.pop("within", None)
    made = export_table(
        session, THINGS, arguments, fmt, t, parameters=MOST, within=within, about=[("By", "=me")]
    )
    content = made.file.read()
    made.file.close()
    return content


def csv_rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "arguments",
    [{}, {"state": "lost", "sort": "-length_m"}, {"within": "c.d.t", "sort": "seen_at"}, {"q": "nothing"}],
)
def test_a_file_holds_the_rows_of_the_filter_in_their_order(
    session: Session, arguments: dict[str, str]
) -> None:
    """All of them, whatever page is shown, in each format."""
    shown = [row["code"] or "" for row in read(session, **arguments).rows]
    told = [
        row["Code"].removeprefix("'")
        for row in csv_rows(exported(session, "csv", page="2", size="25", **arguments))
    ]
    assert told == shown
    features = json.loads(exported(session, "geojson", **arguments))["features"]
    assert [one["properties"]["code"] or "" for one in features] == shown
    sheet = worksheet(exported(session, "xlsx", **arguments))
    # A row of empty cells is not written into the file.
    assert [row[1] or "" for row in sheet[1:]] == (shown if shown[-1:] != [""] else shown[:-1])


def test_no_cell_of_a_csv_is_a_formula(session: Session) -> None:
    """A text that begins like one is quoted (OWASP, CSV Injection); numbers are left alone."""
    row = next(one for one in csv_rows(exported(session, "csv")) if one["Length (m)"] == "1.0")
    assert (row["Name"], row["Code"]) == ("'=1+1", "'-7")
    source = "SELECT 1 AS id, '  @SUM(A1)' AS name, -5 AS n UNION ALL SELECT 2, E'\\t=1', 3"
    spec = TableSpec("forms", (Column("name", "+Name"), Column("n", "N", "integer")), source, "n")
    made = csv_rows(export_table(session, spec, {}, "csv", EN).file.read())
    assert made == [{"'+Name": "'  @SUM(A1)", "N": "-5"}, {"'+Name": "'\t=1", "N": "3"}]


def test_a_file_tells_units_and_the_zone(session: Session) -> None:
    """Values are bare, so the head says what they are; times are the site's, with their distance from UTC."""
    row = csv_rows(exported(session, "csv", code=CODE))[0]
    assert row == {
        "Name": "东门 01",
        "Code": CODE,
        "State": "Lost",
        "Share (0–1)": "0.1",
        "Length (m)": "1500.5",
        "Open (min)": "90.0",
        "Fixed": "yes",
        "Seen (Asia/Shanghai)": "2026-11-21T23:59:59+08:00",
        "Day": "2026-11-21",
    }
    zh = csv_rows(exported(session, "csv", Translator("zh", ZONE), code=CODE))[0]
    assert zh["Fixed"] == "是"


def test_geojson_keeps_keys_and_utc(session: Session) -> None:
    """For programs: longitude first (RFC 7946), no words, nothing where nothing is known."""
    first, *_, last = json.loads(exported(session, "geojson", sort="length_m"))["features"][1:]
    assert first["geometry"] == {"type": "Point", "coordinates": [116.62, 23.3]} and first["id"] == 2
    assert first["properties"]["seen_at"] == "2026-11-21T16:00:00Z" and first["properties"]["state"] == "fine"
    assert last["geometry"] is None and set(last["properties"].values()) == {None}


NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def worksheet(content: bytes, number: int = 1) -> list[list[str | None]]:
    """Texts of a sheet's cells, read from the file format itself (ECMA-376), not by our writer."""
    book = zipfile.ZipFile(io.BytesIO(content))
    shared = []
    if "xl/sharedStrings.xml" in book.namelist():
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        shared = ["".join(part.itertext()) for part in strings.findall("m:si", NS)]
    sheet = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    made: list[list[str | None]] = []
    for row in sheet.findall(".//m:row", NS):
        while len(made) + 1 < int(row.get("r", "")):
            made.append([None] * 9)
        cells: list[str | None] = [None] * 9
        for cell in row.findall("m:c", NS):
            assert cell.find("m:f", NS) is None, "no cell is a formula"
            value = "".join(cell.itertext())
            if cell.get("t") == "s":
                value = shared[int(value)]
            cells["ABCDEFGHI".index(re.sub(r"\d", "", cell.get("r", "")))] = value
        made.append(cells)
    return made


def test_a_worksheet_keeps_twenty_digits_and_runs_nothing(session: Session, tmp_path: Path) -> None:
    """A GB/T 28181 code is no number (2^53 has 16 digits); =1+1 is four letters; times are serial days."""
    content = exported(session, "xlsx", sort="length_m")
    rows = worksheet(content)
    assert rows[0][:2] == ["Name", "Code"] and rows[0][7] == "Seen (Asia/Shanghai)"
    by_name = {row[0]: row for row in rows[1:]}
    assert by_name["东门 01"][1] == CODE and by_name["=1+1"][1] == "-7"
    # 2026-11-22 00:00 in Shanghai, as days since 1899-12-30.
    assert float(by_name["东门 02"][7] or 0) == (date(2026, 11, 22) - date(1899, 12, 30)).days
    assert by_name["=1+1"][3] is None, "NaN is an empty cell"
    assert worksheet(content, 2)[0][:2] == ["By", "=me"]
    (tmp_path / "things.xlsx").write_bytes(content)
    frame = pyogrio.read_dataframe(tmp_path / "things.xlsx", layer="Rows")
    assert CODE in set(frame["Code"]), "GDAL reads the same digits"


def test_more_rows_than_a_worksheet_has_are_refused_with_a_way_out(session: Session) -> None:
    """1,048,576 rows, one of them the head (Excel specifications and limits)."""
    source = "SELECT g AS id, g AS n FROM generate_series(1, 1048576) g"
    spec = TableSpec("much", (Column("n", "N", "integer", "range"),), source, "n")
    with pytest.raises(InputRefused, match="take CSV"):
        export_table(session, spec, {}, "xlsx", EN)
    with pytest.raises(InputRefused, match="no format"):
        export_table(session, spec, {}, "geojson", EN)


CAMERAS = TableSpec(
    "cameras",
    (Column("code", "Code", "code", search=True), Column("path", "Path")),
    "SELECT id, code, jurisdiction_path AS path, geom FROM camera",
    "code",
    path="path",
    geometry="geom",
)


@pytest.fixture(scope="module")
def app(served: Any) -> Flask:
    """The app with a table of cameras at ``/table``."""
    made = app_on(served.engine, Path("unused"))
    pieces = FileSystemLoader(Path(__file__).parent / "gallery")
    assert made.jinja_loader
    made.jinja_loader = ChoiceLoader([made.jinja_loader, pieces])

    @made.get("/table")
    @needs(Action.CAMERAS_VIEW)
    def table() -> Response:
        return table_view(CAMERAS, "plain_table.html")

    @made.get("/unplaced")
    @needs(Action.CAMERAS_VIEW)
    def unplaced() -> Response:
        return table_view(replace(CAMERAS, path=None), "plain_table.html")

    @made.get("/anybody")
    @needs(Action.MAP_VIEW)
    def anybody() -> Response:
        return table_view(CAMERAS, "plain_table.html")

    return made


@pytest.fixture
def planner(app: Flask, served: Any) -> Iterator[FlaskClient]:
    yield signed_in_client(app, served.engine, Role.PLANNER, small_site.PARENT)


def test_a_table_answers_page_rows_or_file(planner: FlaskClient) -> None:
    """The same address: whole, anew for HTMX, or as a file; a file is never kept by the browser."""
    whole = planner.get("/table?lang=en")
    assert whole.status_code == 200 and "<!doctype html>" in whole.text and "4 rows" in whole.text
    rows = planner.get("/table", headers={"HX-Request": "true", "HX-Target": "table-cameras"})
    assert (
        rows.text.strip().startswith('<div class="lf-region" id="table-cameras"') and "<html" not in rows.text
    )
    file = planner.get("/table?format=csv&q=nothing-like-it")
    assert file.mimetype == "text/csv" and file.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(
        r"attachment; filename=cameras-\d{4}-\d\d-\d\d\.csv", file.headers["Content-Disposition"]
    )
    assert planner.get("/table?format=exe").status_code == 422


def test_narrowing_stays_until_it_is_taken_back(planner: FlaskClient, served: Any) -> None:
    """?in= is kept with the sign-in; every table follows it; the bar says so; it widens nothing."""
    own = {small_site.OWN, small_site.CHILD}
    assert "Qianpu" in planner.get(f"/table?lang=en&in={small_site.OWN}").text
    paths = {row["Path"] for row in csv_rows(planner.get("/table?format=csv&lang=en").data)}
    assert paths == own
    assert planner.get("/table?in=bad'path&lang=en").status_code == 200
    planner.get(f"/table?in={small_site.ROOT}")
    paths = {row["Path"] for row in csv_rows(planner.get("/table?format=csv&lang=en").data)}
    assert paths == own | {small_site.PARENT, small_site.SIBLING}, "the root is not the planner's"
    planner.get("/table?in=")
    assert len(csv_rows(planner.get("/table?format=csv").data)) == 4


def test_the_switcher_offers_what_one_may_see(planner: FlaskClient) -> None:
    """Without a word the uppermost; with one those named so, and where they lie."""
    offered = re.findall(r'href="\?in=([^"]*)"', planner.get("/narrow?lang=en").text)
    assert offered == ["", small_site.PARENT, small_site.OWN, small_site.SIBLING]
    found = planner.get("/narrow?lang=en&q=xiaz").text
    assert re.findall(r'href="\?in=([^"]*)"', found) == [small_site.CHILD]
    assert "Town District › Qianpu" in found
    assert "No jurisdiction" in planner.get("/narrow?lang=en&q=%25").text, "% is a letter"


def test_an_export_is_filed_where_its_rows_lie(app: Flask, served: Any) -> None:
    """Narrowed where the table is; a narrowing it does not follow, or outside one's area, moves nothing."""
    key = make_account(served.engine, "narrowing", (Role.PLANNER, small_site.OWN))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    for address in (
        f"/table?format=csv&in={small_site.CHILD}",
        f"/unplaced?format=csv&in={small_site.CHILD}",
        f"/table?format=csv&in={small_site.SIBLING}",
        f"/unplaced?format=csv&in={small_site.SIBLING}",
    ):
        assert client.get(address).status_code == 200
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        filed = session.scalars(
            select(AuditEntry.jurisdiction_path)
            .where(AuditEntry.account_name == "narrowing", AuditEntry.event == "export")
            .order_by(AuditEntry.id)
        ).all()
    assert filed == [small_site.CHILD, small_site.OWN, small_site.OWN, small_site.OWN]


def test_a_file_needs_the_right_to_export_and_is_written_down(app: Flask, served: Any) -> None:
    """A viewer gets none; who may export in one town gets that town's rows of what they see elsewhere too."""
    viewer = signed_in_client(app, served.engine, Role.VIEWER, small_site.PARENT)
    assert viewer.get("/anybody").status_code == 200
    assert viewer.get("/anybody?format=csv").status_code == 403
    assert "format=csv" not in viewer.get("/anybody").text, "and is not offered one"
    key = make_account(
        served.engine, "two-roles", (Role.VIEWER, small_site.PARENT), (Role.PLANNER, small_site.OWN)
    )
    both = app.test_client()
    with both.session_transaction() as cookie:
        cookie["_user_id"] = key
    assert "4 rows" in both.get("/anybody?lang=en").text
    leaving = csv_rows(both.get("/anybody?format=csv&lang=en&q=0").data)
    assert {row["Path"] for row in leaving} == {small_site.OWN, small_site.CHILD}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        exports = session.scalars(select(AuditEntry).where(AuditEntry.event == "export")).all()
    (entry,) = [one for one in exports if one.account_name == "two-roles"]
    assert entry.subject == "table cameras"
    assert entry.detail == {"format": "csv", "rows": len(leaving), "filters": {"q": "0"}}
