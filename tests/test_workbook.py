"""Excel workbooks: read as the CSV of the same rows is; what would hold the server up is refused first."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from cameras.importers import read_cameras
from geo.errors import InputRefused
from geo.readers import read_rows, workbook
from web.recognising import is_large, recognise

CODE = "44051300001320000001"
HEADINGS = ["设备编码", "名称", "经度", "纬度", "方向", "云台"]
SHEET = "xl/worksheets/sheet1.xml"


def book(path: Path, *rows: list[Any], sheets: dict[str, list[list[Any]]] | None = None) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as made:
        for name, content in (sheets or {"Sheet1": list(rows)}).items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(content):
                sheet.write_row(number, 0, row)
    return path


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The same workbook with something else in one of its parts."""
    with zipfile.ZipFile(path) as packed:
        parts = {one: packed.read(one) for one in packed.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputRefused) as caught:
        read_rows(path, "wgs84")
    return str(caught.value)


def test_a_workbook_is_read_as_the_csv_of_the_same_rows(tmp_path: Path) -> None:
    rows = [[CODE, "桥头", 116.60123, 23.26, "东", True], [], ["b", "", "116.7", "23.3", 135, "否"]]
    found = read_rows(book(tmp_path / "a.xlsx", HEADINGS, *rows), "wgs84")
    lines = [",".join(HEADINGS), f"{CODE},桥头,116.60123,23.26,东,True", "", "b,,116.7,23.3,135,否"]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pd.testing.assert_frame_equal(found.texts, read_rows(tmp_path / "a.csv", "wgs84").texts)
    assert found.texts.index.tolist() == [2, 4], "rows are numbered as Excel shows them"
    cameras = read_cameras(tmp_path / "a.xlsx", datum="wgs84").frame
    assert cameras["code"].tolist() == [CODE, "b"] and cameras["ptz"].tolist() == [True, False]


def test_dates_are_written_as_our_lists_write_them(tmp_path: Path) -> None:
    when = datetime(2026, 11, 22, 19, 30)
    found = read_rows(book(tmp_path / "a.xlsx", ["code", "start"], ["a", when]), "wgs84")
    assert found.texts["start"].tolist() == ["2026-11-22 19:30"]


def test_a_code_that_was_typed_as_a_number_has_lost_its_digits(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", HEADINGS, [int(CODE), "x", 116.6, 23.3, "", ""])
    with pytest.raises(InputRefused) as caught:
        read_cameras(path, datum="wgs84")
    assert "4.40513E+19 is a rounded number" in str(caught.value.problems[0])


def test_what_stands_beside_the_table_is_told_and_a_title_above_it(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", HEADINGS, ["a", "x", 116.6, 23.3, "", "", "note"])
    with pytest.raises(InputRefused) as caught:
        read_cameras(path, datum="wgs84")
    assert [str(one) for one in caught.value.problems] == [
        "row 2: a cell stands right of the last heading; head it or empty it"
    ]
    titled = book(tmp_path / "b.xlsx", ["摄像机清单"], HEADINGS, ["a", "x", 116.6, 23.3, "", ""])
    with pytest.raises(InputRefused):
        read_cameras(titled, datum="wgs84")


def test_one_sheet_is_read_and_none_is_passed_over_in_silence(tmp_path: Path) -> None:
    rows = [HEADINGS, ["a", "x", 116.6, 23.3, "", ""]]
    found = read_rows(book(tmp_path / "a.xlsx", sheets={"说明": [], "清单": rows}), "wgs84")
    assert found.texts["设备编码"].tolist() == ["a"]
    message = refused(book(tmp_path / "b.xlsx", sheets={"一": rows, "二": rows}))
    assert "rows on 2 sheets (一, 二)" in message
    assert "no headings in row 1" in refused(book(tmp_path / "c.xlsx", []))
    assert "headings and no rows" in refused(book(tmp_path / "d.xlsx", HEADINGS))


def test_the_wizard_reads_the_first_rows_of_a_large_one(tmp_path: Path, monkeypatch) -> None:
    path = book(tmp_path / "a.xlsx", HEADINGS, ["a", "桥头", 116.6, 23.3, "东", "是"])
    look = recognise(path)
    assert (look.kind, look.rows, look.samples["名称"]) == ("cameras", 1, ("桥头",))
    monkeypatch.setattr("web.recognising.LARGE_TABLE_BYTES", 100)
    assert is_large(path) and recognise(path).rows == 0


# --- What means harm ---------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return book(tmp_path / "a.xlsx", HEADINGS, ["a", "x", 116.6, 23.3, "", ""])


def test_what_unpacks_beyond_the_limit_is_refused_unread(plain: Path, monkeypatch) -> None:
    blown = changed(plain, SHEET, b"</worksheet>", b" " * 50_000_000 + b"</worksheet>")
    assert blown.stat().st_size < 200_000
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 40 * 1024**2)
    assert "more than 40 MB once unpacked" in refused(blown)


def test_texts_beyond_the_limit_are_refused_unread(plain: Path, monkeypatch) -> None:
    monkeypatch.setattr(workbook, "MOST_TEXTS", 100)
    assert "once unpacked" in refused(plain)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(plain: Path, encoding: str) -> None:
    harm = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    with zipfile.ZipFile(plain, "a") as packed:
        packed.writestr("xl/more.xml", harm.encode(encoding))
    assert "document type (DOCTYPE)" in refused(plain)


def test_a_row_or_column_beyond_all_is_not_waited_for(plain: Path) -> None:
    far = changed(plain, SHEET, b'<row r="2"', b'<row r="99999999999"')
    assert "headings and no rows" in refused(far)


def test_a_heading_beyond_all_columns_is_refused(plain: Path) -> None:
    wide = changed(plain, SHEET, b'<c r="F1"', b'<c r="SG1"')
    assert "501 columns" in refused(wide)
    further = changed(plain, SHEET, b'<c r="SG1"', b'<c r="XFD1"')
    assert read_rows(further, "wgs84").texts.columns.tolist() == HEADINGS[:5], "what lies beyond is not read"


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (SHEET, b"</worksheet>", b""),
        (SHEET, b'<c r="A2" t="s"><v>', b'<c r="A2" t="s"><v>99999'),
        ("xl/workbook.xml", b"<workbook", b"<nothing"),
        ("[Content_Types].xml", b"<Types", b"<Typos"),
    ],
)
def test_a_broken_workbook_is_refused_in_words(plain: Path, part: str, old: bytes, new: bytes) -> None:
    message = refused(changed(plain, part, old, new))
    assert message.startswith("a.xlsx") and "Traceback" not in message


def test_a_workbook_behind_a_password_is_refused(tmp_path: Path) -> None:
    # Such a file is a compound document, as an old .xls is.
    path = tmp_path / "a.xlsx"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 2000)
    assert "asks for a password" in refused(path)
