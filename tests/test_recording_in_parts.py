"""A list that is taken in part by part does what it does taken in at once, and nothing where a row is bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import site

from cameras.services import Listing, import_cameras, taking_in
from geo.errors import InputRefused
from geo.repository import rows as geo_rows
from geo.scope import Scope
from geo.tables import ImportBatch
from web.undoing import undo_import

assert site
HEAD = "code,name,lon,lat,direction,mount_height_m,management_unit\n"
ROWS = [f"c{n},村{n},{114.004 + n / 10_000:.4f},22.506,{10 * n},4,一公司" for n in range(7)]
# Turned, renamed and moved, as it was, one left out, one more, turned.
LATER = [
    ROWS[0].replace(",0,4", ",5,4"),
    ROWS[1].replace("村1", "村一"),
    ROWS[2].replace("22.506", "22.507"),
    *ROWS[3:5],
    ROWS[6].replace(",60,", ",65,"),
    "d,丁,114.0055,22.506,东,,",
]
STORED = (
    "code, name, azimuth_deg, management_unit, jurisdiction_path::text, ST_AsText(geom), upper_inf(valid)"
)


@pytest.fixture
def take_in(site: Session, tmp_path: Path):
    """Take in a list of rows, so many at a time."""
    count = 0

    def run(rows: list[str], part_rows: int, **options):
        nonlocal count
        count += 1
        path = tmp_path / f"list{count}.csv"
        path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf8")
        return import_cameras(site, path, datum="wgs84", author="tester", part_rows=part_rows, **options)

    return run


def stored(site: Session) -> list[tuple]:
    found = site.execute(text(f"SELECT {STORED} FROM camera ORDER BY code, valid"))
    return [tuple(row) for row in found]


def history(site: Session) -> list[tuple]:
    found = site.execute(text("SELECT code, kind, before, after FROM camera_change ORDER BY code, kind"))
    return [tuple(row) for row in found]


@pytest.mark.parametrize("few", [500, 0], ids=["looked up", "read once"])
def test_parts_do_what_the_whole_does(site, take_in, monkeypatch, few: int):
    monkeypatch.setattr(geo_rows, "FEW_POINTS", few)
    found = []
    for part_rows in (1000, 3, 1):
        # What is told names the file, and the third file of one run is not the first.
        with site.begin_nested() as nested:
            first = take_in(ROWS, part_rows)
            again = take_in(LATER, part_rows, listing=Listing(whole_of="v", retire=True))
            found.append((first, again, stored(site), history(site)))
            nested.rollback()
    for one in found[1:]:
        assert one == found[0]
    first, again, *_ = found[0]
    assert (first.stored, first.good, first.counts["added"]) == (7, 7, 7)
    wanted = {"added": 1, "changed": 1, "moved": 3, "unchanged": 2, "restored": 0, "retired": 1, "gone": 1}
    assert dict(again.counts) == wanted and again.stored == 6
    assert [str(one).split(":")[0] for one in again.changes[:-1]] == ["row 2", "row 3", "row 4", "row 7"]


def test_one_import_is_one_however_many_parts_it_has(site, take_in):
    take_in(ROWS, 2)
    (batch,) = site.query(ImportBatch).filter_by(kind="cameras").all()
    assert batch.row_count == 7
    assert take_in(ROWS, 2).counts["unchanged"] == 7
    assert site.query(ImportBatch).filter_by(kind="cameras").count() == 1, "nothing came in"


@pytest.mark.parametrize("bad", ["c0,again,114.004,22.506,,,", "x,far,24.9,60.2,,,"])
def test_a_bad_row_in_the_last_part_stores_nothing(site, take_in, bad: str):
    with pytest.raises(InputRefused, match="1 of 8 cameras are bad") as refused, site.begin_nested():
        take_in([*ROWS, bad], 2)
    assert str(refused.value.problems[0]).startswith("row 9: ")
    assert stored(site) == [] and site.query(ImportBatch).filter_by(kind="cameras").count() == 0
    kept = take_in([*ROWS, bad], 2, keep_good=True)
    assert (kept.stored, len(kept.problems)) == (7, 1)


def test_a_row_that_is_older_than_its_record_refuses_the_parts_before_it(site, take_in):
    """Each part was stored by then; the rows of all parts that are refused are told."""
    take_in([ROWS[5], ROWS[6]], 2)
    take_in([ROWS[5].replace(",50,", ",51,"), ROWS[6].replace(",60,", ",61,")], 2)
    before = stored(site)
    late = Listing(since=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(InputRefused, match="2 of 7 cameras are refused") as refused, site.begin_nested():
        take_in(ROWS, 2, listing=late)
    assert [str(one).split(":")[0] for one in refused.value.problems] == ["row 7", "row 8"]
    assert stored(site) == before
    kept = take_in(ROWS, 2, listing=late, keep_good=True)
    assert (kept.stored, kept.good, len(kept.problems)) == (5, 5, 2)


def test_rows_outside_of_an_area_are_refused_in_every_part(site, take_in):
    far = [row.replace("22.506", "22.5044") for row in (ROWS[1], ROWS[4])]
    with pytest.raises(InputRefused) as refused, site.begin_nested():
        take_in([ROWS[0], far[0], *ROWS[2:4], far[1]], 2, within=Scope.of(["t.v"]))
    assert [str(one).split(":")[0] for one in refused.value.problems] == ["row 3", "row 6"]
    assert stored(site) == []


def test_a_dry_run_of_parts_stores_nothing_and_tells_all(site, take_in):
    take_in(ROWS, 2)
    before = stored(site)
    told = take_in(LATER, 2, dry_run=True, listing=Listing(whole_of="v"))
    assert (told.stored, told.counts["moved"], told.counts["gone"]) == (0, 3, 1)
    assert stored(site) == before


def test_an_import_of_several_parts_is_undone_whole(site, take_in):
    take_in(ROWS, 2)
    before = stored(site)
    take_in(LATER, 2, listing=Listing(whole_of="v", retire=True))
    assert stored(site) != before
    number = site.scalar(text("SELECT max(id) FROM import_batch"))
    undo_import(site, number, author="tester")
    assert stored(site) == before and history(site) == []


def test_a_map_of_a_long_list_shows_some_of_it(site, take_in, monkeypatch):
    """Of seven rows for a map of three each third: the first, the fourth and the last."""
    monkeypatch.setattr(taking_in, "SHOWN_ROWS", 3)
    assert take_in(ROWS, 2).rows["code"].tolist() == ["c0", "c3", "c6"]


def test_texts_are_stored_as_they_stand(site, take_in):
    """Whatever means something to the form in which rows go to the database."""
    names = ['a"b', "c, d", "e\\N", "\\N", "f\n\\.\ng", "\\.", "", "h\r\ni", "NULL", "'; --", "东\t西"]
    quoted = [name.replace('"', '""') for name in names]
    take_in([f'n{n:02d},"{name}",114.0{n:02d},22.506,,,' for n, name in enumerate(quoted)], 4)
    assert [row[1] for row in stored(site)] == names
