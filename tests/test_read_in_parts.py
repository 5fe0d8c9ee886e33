"""A long list is read in parts: what is said and taken of it is what a reading of the whole would give."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import geopandas as gpd
import openpyxl
import pytest
import shapely

from cameras.importers import answers, catalog
from cameras.importers.lists import camera_parts
from geo.errors import InputRefused
from geo.readers import Notes, cells, read_rows, result, row_parts
from geo.readers.seen import Seen

HEADINGS = ["code", "name", "lon", "lat", "direction", "status"]


def lines(count: int) -> list[list[str]]:
    """Cameras of which each fifth has its direction in its name, and the last an odd state."""
    rows = [
        [f"c{n}", f"村口{n}" + "朝东" * (n % 5 == 0), f"{114 + n / 1000:.3f}", "22.500", "", "ON"]
        for n in range(count)
    ]
    rows[-1][-1] = "perhaps"
    return rows


def written(path: Path, rows: list[list[str]]) -> Path:
    """The rows as what the ending of the path says."""
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([HEADINGS, *rows])
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in [HEADINGS, *rows]:
            book.active.append(row)
        book.save(path)
    else:
        at = [shapely.Point(float(row[2]), float(row[3])) for row in rows]
        columns = {
            name: [row[i] for row in rows] for i, name in enumerate(HEADINGS) if name not in ("lon", "lat")
        }
        gpd.GeoDataFrame(columns, geometry=at, crs=4326).to_file(path)
    return path


def taken(path: Path, size: int, *, keep_good: bool = False):
    notes = Notes(path.name, "row")
    parts = list(camera_parts(path, notes, datum="wgs84", size=size))
    return parts, *notes.settle("cameras", keep_good)


def catalog_of(rows: list[list[str]]) -> str:
    items = "".join(
        f"<Item><DeviceID>{code}</DeviceID><Name>{name}</Name><Longitude>{lon}</Longitude>"
        f"<Latitude>{lat}</Latitude><Status>{status}</Status></Item>\n"
        for code, name, lon, lat, _, status in rows
    )
    head = f"<CmdType>Catalog</CmdType><SumNum>{len(rows)}</SumNum>"
    body = f"<Response>{head}<DeviceList>{items}</DeviceList></Response>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".gpkg", ".geojson", ".shp", ".xml"])
def test_parts_say_and_hold_what_the_whole_does(tmp_path: Path, ending: str):
    """23 rows in parts of 5: findings are told once, with the count of all and the first row of the file."""
    path = tmp_path / f"a{ending}"
    if ending == ".xml":
        codes = [f"4401000000131000{n:04d}" for n in range(23)]
        path.write_text(
            catalog_of([[code, *row[1:]] for code, row in zip(codes, lines(23), strict=True)]), "utf8"
        )
    else:
        written(path, lines(23))
    parts, problems, findings = taken(path, 5)
    (whole,), *same = taken(path, 1000)
    assert [len(part) for part in parts] == [5, 5, 5, 5, 3]
    assert [problems, findings] == same and not problems
    assert any(one.startswith("5 directions were read from the name") for one in findings)
    assert any("'perhaps'" in one for one in findings)
    assert [row for part in parts for row in part.index] == whole.index.tolist()
    for column in ("code", "name", "azimuth_quality", "status"):
        told = [value for part in parts for value in part[column]]
        assert [value for value in told if value == value] == [
            value for value in whole[column] if value == value
        ]


def test_a_code_of_an_earlier_part_is_refused_with_the_row_of_the_first(tmp_path: Path):
    rows = lines(12)
    rows[11][0] = rows[1][0]
    with pytest.raises(InputRefused) as refused:
        taken(written(tmp_path / "a.csv", rows), 4)
    assert [str(one) for one in refused.value.problems] == [
        "row 13: code 'c1' stands in row 3 too; give each its own"
    ]
    assert "1 of 12 cameras are bad" in str(refused.value)
    parts, problems, _ = taken(tmp_path / "a.csv", 4, keep_good=True)
    assert [len(part) for part in parts] == [4, 4, 3] and len(problems) == 1


def test_bad_rows_of_all_parts_are_told_in_order(tmp_path: Path):
    rows = lines(9)
    rows[8][4], rows[0][2], rows[4][2] = "upwards", "", "x"
    with pytest.raises(InputRefused) as refused:
        taken(written(tmp_path / "a.csv", rows), 3)
    assert [str(one).split(":")[0] for one in refused.value.problems] == ["row 2", "row 6", "row 10"]


def test_a_crowd_is_one_across_the_borders_of_parts(tmp_path: Path):
    rows = lines(12)
    for n in (0, 3, 5, 8, 11):
        rows[n][2:4] = "114.5", "22.5"
    _, _, findings = taken(written(tmp_path / "a.csv", rows), 3)
    assert any(one.startswith("5 cameras stand at 114.500000, 22.500000") for one in findings)
    assert any(one.startswith("5 coordinates have fewer than 3 decimals") for one in findings)


def test_more_problems_than_anybody_reads_are_counted(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(result, "MOST_TOLD", 2)
    rows = [[row[0], row[1], "", *row[3:]] for row in lines(5)]
    with pytest.raises(InputRefused, match="5 of 5 cameras are bad") as refused:
        taken(written(tmp_path / "a.csv", rows), 2)
    assert [str(one) for one in refused.value.problems[1:]] == [
        "row 3: lon is missing; give it in decimal degrees",
        "3 more problems are not told one by one; correct these first",
    ]


@pytest.mark.parametrize("row", ["x" * 5000, '"a\n","b\n",' * 500, '"' + "x\n" * 2000])
def test_a_row_without_an_end_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch, row: str):
    monkeypatch.setattr(cells, "LONGEST_ROW", 1000)
    path = tmp_path / "a.csv"
    path.write_text("code,lon,lat\na,114,22\n" + row, encoding="utf8")
    with pytest.raises(InputRefused, match="has a row of more than 1000 characters"):
        read_rows(path, "wgs84")


def test_a_zero_byte_is_no_text(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code,name\na,x\0y\n")
    with pytest.raises(InputRefused, match="NUL"):
        read_rows(path, "wgs84")


def test_the_encoding_is_that_of_the_whole_file(tmp_path: Path):
    """The first Chinese letter stands behind the first part; read as UTF-8 it would be refused there."""
    path = tmp_path / "a.csv"
    path.write_bytes(("code,name\n" + "a,b\n" * 9 + "c,朝\n").encode("gb18030"))
    assert [len(part.texts) for part in row_parts(path, "wgs84", 4)] == [4, 4, 2]
    assert read_rows(path, "wgs84").texts["name"].iloc[-1] == "朝"


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize(
    "between", ["", "\n", '\n<?xml version="1.0" encoding="GB2312"?>\n', "<!-- next -->"]
)
def test_answers_are_told_apart_wherever_a_block_ends(tmp_path: Path, monkeypatch, block: int, between: str):
    monkeypatch.setattr(answers, "_BLOCK_BYTES", block)
    rows = [[f"4401000000131000{n:04d}", *row[1:]] for n, row in enumerate(lines(6))]
    begun = '<?xml version="1.0" encoding="UTF-8"?>\n'
    first, second = (catalog_of(part).removeprefix(begun).strip() for part in (rows[:4], rows[4:]))
    path = tmp_path / "a.xml"
    path.write_text(begun + first + between + second + between, encoding="utf8")
    found = list(catalog.catalog_parts(path, 2))
    assert [len(part.texts) for part in found] == [2, 2, 2]
    assert [code for part in found for code in part.texts["code"]] == [row[0] for row in rows]
    assert [part.complete for part in found] == [True, True, True]


def test_an_item_of_an_earlier_part_that_comes_again_is_taken_once(tmp_path: Path):
    rows = [[f"4401000000131000{n % 5:04d}", "x", "114.001", "22.501", "", "ON"] for n in range(7)]
    path = tmp_path / "a.xml"
    path.write_text(catalog_of(rows), encoding="utf8")
    parts, _, findings = taken(path, 2)
    assert sum(len(part) for part in parts) == 5
    assert any(one.startswith("2 items stand there twice, alike") for one in findings)


def test_texts_met_before_are_known_by_their_first_row():
    """Against a dictionary."""
    draw, seen, first = Random(1), Seen(), dict[str, int]()
    row = 0
    for _ in range(20):
        texts = [f"{draw.randrange(200)}" for _ in range(draw.randrange(30))]
        rows = list(range(row, row + len(texts)))
        row += len(texts)
        wanted = [first.setdefault(text, at) for text, at in zip(texts, rows, strict=True)]
        assert seen.first(texts, rows) == wanted
