"""The report of a week in words: as a page, on paper, in a workbook, in one file, in both languages."""

from __future__ import annotations

import base64
import io
import logging
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import shapely
from click.testing import CliRunner
from geopandas import GeoSeries
from papers import fonts, objects, pages, pictures
from PIL import Image
from small_site import CHILD, NAMES, OWN, PATHS, SIBLING
from sqlalchemy import text

from cameras.services.weekly import week_report, weeks_analysed
from cameras.weekly import week_from
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role
from web.cli import main
from web.i18n import Translator
from web.report.content import Cell, Document, Head, Section, Table
from web.report.making import week_document
from web.report.page import report_file
from web.report.paper import report_paper
from web.report.picture import Layer, MapPicture, map_picture
from web.report.words import span_words, spans_words, windows_words
from web.sketch import scale_length

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = "/reports/2026-11-16"
EN, ZH = Translator("en", ZONE), Translator("zh", ZONE)
START = week_from(date(2026, 11, 16), ZONE).period[0]
HOUR = 3_600_000
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)

# A Wednesday of the week before, on which everything was seen for 6 of 24 hours, with one gap: the sibling's,
# for another cause, from 10 o'clock on.
FILL = """
INSERT INTO analysis SELECT (jsonb_populate_record(a,
    '{"id": 9301, "period": "[2026-11-10T16:00:00+00,2026-11-11T16:00:00+00)"}')).*
FROM analysis a WHERE id = :first;
INSERT INTO coverage_share SELECT (jsonb_populate_record(s, jsonb_build_object('id', 9300 + s.id,
    'analysis_id', 9301, 'certain', s.total / 4, 'possible', s.total / 4,
    'deficit_by_cause', jsonb_build_object('moved', s.total * 3 / 4)))).*
FROM coverage_share s WHERE analysis_id = :first;
INSERT INTO gap SELECT (jsonb_populate_record(g, jsonb_build_object('id', 9300 + g.id, 'analysis_id', 9301,
    'cause', 'moved', 'windows', '{[2026-11-11T02:00:00+00,2026-11-11T16:00:00+00)}'))).*
FROM gap g WHERE g.id = :sibling
"""


@pytest.fixture(scope="module", autouse=True)
def earlier(served) -> Iterator[None]:
    """An analysis of the week before the one that the small site has."""
    numbers = {"first": served.site.analysis, "sibling": served.site.gaps[SIBLING]}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for statement in FILL.split(";\n"):
            session.execute(text(statement), numbers)
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM analysis WHERE id = 9301"))


def metrics(page: str) -> dict[str, str]:
    """Values of the figures by their label."""
    found = re.findall(r'lf-metric-label">([^<]*)</span>\s*<span class="lf-metric-value">([^<]*)<', page)
    return dict(found)


def table(page: str, caption: str) -> list[list[str]]:
    """Rows of a table as they are read."""
    (body,) = re.findall(rf"hidden\">{caption}</caption>.*?<tbody>(.*?)</tbody>", page, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [
        [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in rows
    ]


def book(client, address: str = f"{WEEK}?format=xlsx&lang=en") -> openpyxl.Workbook:
    """A workbook that the server hands out."""
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def test_times_are_said_as_people_say_them() -> None:
    """The end of a day is 24:00; the same hours of several days are one; the longest are named."""
    assert span_words(START + 130 * HOUR, START + 144 * HOUR, EN) == "Sat 10:00–24:00"
    assert span_words(START + 142 * HOUR, START + 150 * HOUR, ZH) == "周六 22:00 – 周日 06:00"
    assert span_words(START, START + 168 * HOUR, EN) == "Mon 00:00 – Sun 24:00"
    daily = [(START + (24 * day + 10) * HOUR, START + (24 * day + 13) * HOUR) for day in range(1, 5)]
    assert spans_words(daily, EN) == "Tue–Fri\u00a010:00–13:00"
    assert spans_words([daily[0], daily[2]], ZH) == "周二/周四\u00a010:00–13:00"
    odd = [(START + (24 * day) * HOUR, START + (24 * day + 1 + day) * HOUR) for day in range(6)]
    assert spans_words(odd, EN) == (
        "Thu\u00a000:00–04:00, Fri\u00a000:00–05:00, Sat\u00a000:00–06:00 and 3 more times"
    )
    assert windows_words([(START, START + 24 * HOUR)], 24 * HOUR, 24 * HOUR, EN) == "all of the time analysed"


def test_the_page_tells_the_week_against_the_week_before(served) -> None:
    """10 of 24 h against 6 of 24; 82 m of street for 14 h of 24; five gaps against one."""
    client = served.client(Role.COMMANDER)
    page = client.get(f"{WEEK}?lang=en").text
    told = metrics(page)
    assert told["Certainly watched street"] == "42 %" and told["Possibly watched street"] == "50 %"
    assert "+16.7 points" in page and "week before: 25 %" in page
    assert told["Street unseen on the mean"] == "48 m" and "week before: 62 m" in page
    assert [told[name] for name in ("Broken: repair", "Unknown: measure", "Missing: build")] == [
        "5",
        "0",
        "0",
    ]
    assert told["Online rate"] == "42 %" and "measured for 100 % of the time" in page
    assert told["Picture in order"] == "100 %" and "Recorded" not in told
    causes = table(page, "Why it was unseen")
    assert causes[0][0] == "Camera lost" and causes[0][3:] == ["5", "0", "48 m", "0 m", "0"]
    assert causes[1][0] == "Camera turned away" and causes[1][3:] == ["0", "1", "0 m", "62 m", "0"]
    assert causes[2][3:] == ["5", "1", "48 m", "62 m", "0"]
    gaps = table(page, "Broken: repair")
    assert len(gaps) == 5 and {row[6] for row in gaps} == {"Sat\u00a010:00–24:00"}
    assert gaps[0][5] == "14 h" and "signal lost" in gaps[0][1] and "Tell the contractor" in gaps[0][7]
    assert {row[8] for row in gaps} == {f"{names[0]}路口" for names in NAMES.values()}
    assert "5 cameras newly lost: 5 single cameras" in page
    assert "No work order is overdue." in page and "Every source spoke" in page


def test_half_a_week_says_which_half(served) -> None:
    """24 of 168 hours; the hours of the other days are named, and count for nothing."""
    client = served.client(Role.COMMANDER)
    page = client.get(f"{WEEK}?lang=en").text
    assert "24 h of 168 h are analysed (14 %)" in page
    assert "Mon\u00a000:00\u00a0–\u00a0Fri\u00a024:00, Sun\u00a000:00–24:00" in page
    chinese = client.get(f"{WEEK}?lang=zh").text
    assert "全周 168 小时中有 24 小时经过分析（14 %）" in chinese and "周日" in chinese
    assert metrics(chinese)["坏了：维修"] == "5" and "周六\u00a010:00–24:00" in chinese
    hours = table(page, "Street in open gaps, on the mean")
    assert len(hours) == 24 and {row[6] for row in hours[:10]} == {"0 m"}
    assert {row[6] for row in hours[10:]} == {"410 m"} and not any(cell for row in hours for cell in row[1:6])


def test_a_reader_of_one_village_sees_no_other(served) -> None:
    """On the page and in every file; a town sees its own and its village's, row by row."""
    others = [NAMES[path] for path in PATHS if path != CHILD]
    village = served.client(Role.COMMANDER, CHILD)
    files = [village.get(f"{WEEK}?format={form}&lang=zh").data for form in ("html", "pdf", "xlsx")]
    said = [
        village.get(f"{WEEK}?lang=zh").text.split("<main")[1],
        files[0].decode(),
        " ".join(line for page in pages(files[1]) for line in page),
        " ".join(
            str(cell)
            for sheet in openpyxl.load_workbook(io.BytesIO(files[2]))
            for row in sheet.iter_rows(values_only=True)
            for cell in row
        ),
    ]
    for told in said:
        assert "下寨村" in told
        # The whole site's name is on every page's frame and on none of these but as whose report it is.
        for name, _ in others:
            assert f"{name}路口" not in told and f"{name}大街" not in told
    town = served.client(Role.COMMANDER, OWN).get(f"{WEEK}?lang=en").text
    assert metrics(town)["Broken: repair"] == "2"
    assert [row[0] for row in table(town, "By jurisdiction")] == ["Xiazhai"]


def test_whom_gaps_are_hidden_from_gets_no_report(served) -> None:
    """Neither list nor report nor file; nobody is sent to sign in."""
    viewer = served.client(Role.VIEWER)
    for address in ("/reports", WEEK, f"{WEEK}?format=pdf"):
        assert viewer.get(address).status_code == 403
    assert served.app.test_client().get(WEEK).status_code == 302


def test_paper_holds_the_same_in_chinese(served, caplog) -> None:
    """Every page with its number and whose week it is; the map as a picture; text that is text; fonts."""
    client = served.client(Role.COMMANDER)
    paper = client.get(f"{WEEK}?format=pdf&lang=zh").data
    told = pages(paper)
    assert len(told) > 2 and len(pictures(paper)) == 1
    assert fonts(paper) == {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}
    for number, page in enumerate(told, start=1):
        assert f"{number} / {len(told)}" in page, number
        assert any(line.startswith("周报 · 赫市 · 2026-11-16 – 2026-11-22 · ") for line in page), number
    words = [line for page in told for line in page]
    assert words[0] == "周报" and "赫市 · 2026-11-16 – 2026-11-22" in words
    for value in metrics(client.get(f"{WEEK}?lang=zh").text).values():
        assert value in words
    assert "缺口地图" in words and "没有逾期的工单。" in words
    assert any(b"/Lang (zh-Hans)" in body for body in objects(paper).values())
    english = pages(client.get(f"{WEEK}?format=pdf&lang=en").data)
    assert english[0][0] == "Weekly report" and f"1 / {len(english)}" in english[0]
    # Neither a style that the paper's maker does not know nor an address that it may not open.
    # Other tests may have asked it to tell its progress, too.
    told = [one for one in caplog.records if one.name.startswith("weasyprint")]
    assert [one.message for one in told if one.levelno >= logging.WARNING] == []


def report_of(session, now: datetime = NOW) -> Document:
    """The whole site's report in English."""
    found = week_report(session, week_from(date(2026, 11, 16), ZONE), WHOLE_SITE, now=now)
    assert found is not None
    return week_document(session, found, EN, who="somebody", area="")


def test_the_same_report_is_the_same_paper(served) -> None:
    """Byte for byte; made at another time it differs in that time alone."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        made, later = report_of(session), report_of(session, NOW + timedelta(hours=1))
    paper = report_paper(made)
    assert paper == report_paper(made)
    (dated,) = [body for body in objects(paper).values() if b"/CreationDate" in body]
    assert b"/CreationDate (D:20261123010000+00'00)" in dated
    first, second = ([line for page in pages(one) for line in page] for one in (paper, report_paper(later)))
    assert first != second
    assert [line.replace("09:00", "10:00") for line in first] == second


def test_heads_stand_on_every_page_of_a_table(served) -> None:
    """A table of eighty rows; each row is there once, and none is cut."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        made = report_of(session)
    rows = [[Cell(f"row {n}"), Cell(f"{n} m")] for n in range(80)]
    long = Table("x", "Long", [Head("What it is", 3.0), Head("How long", 1.0, True)], rows)
    told = pages(
        report_paper(replace(made, picture=b"", sections=[Section("x", "Part", "x", tables=[long])]))
    )
    assert len(told) > 2
    assert all(page.count("What it is") == page.count("How long") == 1 for page in told)
    assert [line for page in told for line in page if line.startswith("row ")] == [
        row[0].text for row in rows
    ]
    assert all((f"row {n}" in page) == (f"{n} m" in page) for page in told for n in range(80))


def test_the_paper_reads_nothing_but_what_is_in_it(served, tmp_path, monkeypatch) -> None:
    """Neither a server of this machine nor a file, as picture, style sheet or attachment."""
    target = io.BytesIO()
    Image.new("RGB", (4, 4), "#123456").save(target, "PNG")
    (tmp_path / "a.png").write_bytes(target.getvalue())
    file = (tmp_path / "a.png").as_uri()
    data = f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        markup = "".join(
            f'<link rel="stylesheet" href="{one}"><link rel="attachment" href="{one}"><img src="{one}">'
            f"<style>@import url({one}); p {{ background: url({one}) }}</style><p>said</p>"
            for one in (file, web)
        )
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            made = report_of(session)
        monkeypatch.setattr("web.report.paper.report_markup", lambda *_: markup)
        paper = report_paper(made)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert pages(paper) == [["said", "said"]] and pictures(paper) == []
    assert not any(b"EmbeddedFile" in body for body in objects(paper).values())
    monkeypatch.setattr("web.report.paper.report_markup", lambda *_: f'<img src="{data}">')
    assert pictures(report_paper(made)) == [(4, 4)]


def test_without_pango_the_other_forms_are_made(served, tmp_path, monkeypatch) -> None:
    """And the PDF says which packages it needs, on the page and at the command line."""
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    client = served.client(Role.COMMANDER)
    packages = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    answer = client.get(f"{WEEK}?format=pdf&lang=en")
    assert answer.status_code == 409 and f"install the packages {packages}" in answer.text
    answer = client.get(f"{WEEK}?format=pdf&lang=zh")
    assert answer.status_code == 409 and f"请安装软件包 {packages}" in answer.text
    assert client.get(f"{WEEK}?format=html").status_code == 200 and book(client).sheetnames
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    to = tmp_path / "week.pdf"
    done = CliRunner().invoke(main, ["report", "week", "--monday", "2026-11-16", "--to", str(to)])
    assert done.exit_code == 1 and packages in done.output and not to.exists()


def test_the_workbook_holds_the_figures_of_the_page(served) -> None:
    """As numbers, each of which reads as the page says it."""
    client = served.client(Role.COMMANDER)
    page, made = client.get(f"{WEEK}?lang=en").text, book(client)
    assert made.sheetnames[:4] == ["Time analysed", "Figures", "Jurisdictions", "Map"]
    rows = {row[0]: row for row in made["Figures"].iter_rows(values_only=True) if row[0]}
    told = metrics(page)
    for label in ("Certainly watched street", "Possibly watched street", "Online rate", "Picture in order"):
        assert EN.share(rows[label][1]) == told[label]
    assert EN.length(rows["Street unseen on the mean"][1]) == told["Street unseen on the mean"]
    assert rows["Broken: repair"][1:3] == (5, 1) and rows["Certainly watched street"][2] == 0.25
    (below,) = [row for row in made["Jurisdictions"].iter_rows(values_only=True) if row[0] == "Town District"]
    (shown,) = table(page, "By jurisdiction")
    assert [EN.length(below[1]), EN.share(below[2])] == shown[1:3] and below[3] == 16.7
    assert [EN.share(below[4]), EN.length(below[5]), *below[6:9]] == [*shown[4:6], *map(int, shown[6:9])]
    assert [EN.share(value) for value in below[9:12]] == shown[9:12]
    gaps = [row for row in made["Gaps"].iter_rows(values_only=True) if row[0] in range(1, 6)]
    assert len(gaps) == 5 and {row[5] for row in gaps} == {14} and {row[3] for row in gaps} == {82}
    assert len(made["Map"]._images) == 1


def test_a_name_is_no_formula_in_the_workbook(served) -> None:
    """A camera called =1+1 stays a text."""
    code = served.site.cameras[OWN]
    rename = "UPDATE camera SET name = :name WHERE code = :code"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text(rename), {"name": "=1+1", "code": code})
    try:
        cells = [cell for row in book(served.client(Role.COMMANDER))["Gaps"].iter_rows() for cell in row]
        (found,) = [cell for cell in cells if cell.value == "=1+1"]
        assert found.data_type == "s"
        page = served.client(Role.COMMANDER).get(f"{WEEK}?format=html").text
        assert "=1+1" in page
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text(rename), {"name": f"{NAMES[OWN][0]}路口", "code": code})


def test_the_file_asks_for_nothing_else(served) -> None:
    """No script, no link, no address but data; the map inside."""
    page = served.client(Role.COMMANDER).get(f"{WEEK}?format=html&lang=en").text
    assert "<script" not in page and 'href="/' not in page and '<link rel="stylesheet"' not in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "data:image/png;base64," in page
    assert metrics(page)["Broken: repair"] == "5"


def test_what_leaves_the_house_is_written_down(served) -> None:
    """Who, which week, which form."""
    served.client(Role.COMMANDER, OWN).get(f"{WEEK}?format=pdf")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        told = session.execute(
            text(
                """SELECT subject, detail ->> 'format', jurisdiction_path::text FROM audit_entry
                   WHERE event = 'export' AND subject LIKE 'report%' ORDER BY id DESC LIMIT 1"""
            )
        ).one()
    assert tuple(told) == ("report 2026-11-16", "pdf", OWN)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/reports/2026-11-18", 422, "2026-11-18 is not a Monday; the week it lies in begins on 2026-11-16"),
        ("/reports/monday", 422, "is not a day; write the Monday of the week as 2026-11-16"),
        ("/reports/1990-01-01", 422, "outside the years 2000 to 2199"),
        ("/reports/2190-11-15", 422, "has not begun yet"),
        (f"{WEEK}?format=doc", 422, "is no format of a report; use html, pdf, xlsx"),
        ("/reports/2026-11-02?format=pdf", 422, "No analysis covers any of the week from 2026-11-02"),
        ("/reports?day=soon", 422, "is not a day"),
        ("/reports/2026-11-02", 200, "Nothing of this week is analysed"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(served, address: str, status: int, words: str) -> None:
    """A week without any analysis says how to make one."""
    answer = served.client(Role.COMMANDER).get(f"{address}{'&' if '?' in address else '?'}lang=en")
    assert answer.status_code == status and words in answer.text


def test_weeks_are_listed_and_any_day_leads_to_its_week(served) -> None:
    """Two weeks have analyses; a day of a week leads there."""
    client = served.client(Role.COMMANDER)
    page = client.get("/reports?lang=en").text
    assert f'href="{WEEK}"' in page and 'href="/reports/2026-11-09"' in page and "14 %" in page
    assert client.get("/reports?day=2026-11-22").headers["Location"] == WEEK
    assert 'href="/reports"' in client.get("/gaps").text


def test_a_site_without_analysis_lists_no_week(session) -> None:
    """Nothing is there to be told, and nothing fails."""
    session.execute(text("DELETE FROM analysis"))
    assert weeks_analysed(session, ZONE).empty


def test_without_the_right_to_see_cameras_none_is_named(served) -> None:
    """Gaps are told with their ground and times; cameras, losses, findings and sources are not."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        found = week_report(session, week_from(date(2026, 11, 16), ZONE), WHOLE_SITE, now=NOW)
        assert found is not None
        made = week_document(session, found, EN, who="somebody", area="")
    assert [section.key for section in made.sections] == [
        *("time", "figures", "jurisdictions", "map", "hours", "gaps", "analyses")
    ]
    said = report_file(made).decode("utf-8")
    assert "路口" not in said and "Sat\u00a010:00–24:00" in said and "Online rate" not in said


def test_the_command_writes_each_form(served, tmp_path, monkeypatch) -> None:
    """And refuses what is no week, no form and no jurisdiction."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)

    def run(*arguments: str):
        return CliRunner().invoke(main, ["report", "week", *arguments])

    for form, begins in (("html", b"<!doctype html>"), ("pdf", b"%PDF-1.7"), ("xlsx", b"PK")):
        to = tmp_path / f"week.{form}"
        done = run("--monday", "2026-11-16", "--to", str(to), "--language", "en", "--json")
        assert done.exit_code == 0, done.output
        assert to.read_bytes().startswith(begins) and '"gaps": {"repair": 5}' in done.output
    one = tmp_path / "village.html"
    assert run("--monday", "2026-11-16", "--to", str(one), "--jurisdiction", CHILD).exit_code == 0
    assert "下寨村" in one.read_text("utf-8") and "后埔镇" not in one.read_text("utf-8")
    for arguments, words in (
        (("--monday", "2026-11-17", "--to", str(one)), "begins on 2026-11-16"),
        (("--monday", "2026-11-02", "--to", str(one)), "run `lianfang gaps find`"),
        (("--monday", "2026-11-16", "--to", str(tmp_path / "x.doc")), "is not one of .html .pdf .xlsx"),
        (("--monday", "2026-11-16", "--to", str(one), "--jurisdiction", "zz"), "zz"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 1 and words in refused.output


def test_the_scale_is_a_round_number() -> None:
    """1, 2 or 5 times a power of ten, as long as there is room; at least a metre."""
    assert [scale_length(metres, 100) for metres in (0.001, 0.5, 3, 7.3, 99, 200)] == [
        1,
        50,
        200,
        500,
        5000,
        20_000,
    ]


def test_the_map_draws_each_list_in_its_colour() -> None:
    """What is most urgent on top; nothing to draw is no picture."""
    line = shapely.LineString([(0, 0), (400, 300)])
    nothing = GeoSeries([], crs=4547)

    def drawn(*layers: Layer) -> bytes:
        return map_picture(
            MapPicture(layers, nothing, nothing, "street", "border", "%s m", "%s km", "N", "somebody")
        )

    assert drawn() == b""
    both = [Layer(GeoSeries([line], crs=4547), colour, 9, "x") for colour in ("#0072b2", "#d55e00")]
    with Image.open(io.BytesIO(drawn(*both))) as picture:
        middle = picture.convert("RGB").getpixel((picture.width // 2, (picture.height - 84) // 2))
    assert all(abs(a - b) < 16 for a, b in zip(middle, (0xD5, 0x5E, 0x00), strict=True))
    with Image.open(
        io.BytesIO(drawn(Layer(GeoSeries([shapely.Point(5, 5)], crs=4547), "#d55e00", 7, "x")))
    ) as one:
        assert one.size[0] == 1300
