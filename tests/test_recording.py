"""A list taken in again: records are brought up to date by code, and what they meant before is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import DAY, NOW, frames, site

from cameras.services import Listing, SourceSpec, analyse, import_cameras, ingest_frames
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE, Scope
from geo.tables import ImportBatch
from web.refusals import Refused
from web.undoing import undo_import

assert site
HEAD = "code,name,lon,lat,direction,mount_height_m,management_unit\n"
FIRST = HEAD + "a,甲,114.004,22.506,90,4,一公司\nb,乙,114.005,22.506,东,,\nc,丙,114.006,22.506,,,\n"


@pytest.fixture
def take_in(site: Session, tmp_path: Path):
    """Take in a list: its rows in, the report out."""
    count = 0

    def run(content: str, **options):
        nonlocal count
        count += 1
        path = tmp_path / f"list{count}.csv"
        path.write_text(content, encoding="utf8")
        return import_cameras(site, path, datum="wgs84", author="tester", **options)

    return run


def stored(site: Session, columns: str) -> list[tuple]:
    """Open records by code."""
    return [
        tuple(row)
        for row in site.execute(
            text(f"SELECT code, {columns} FROM camera WHERE upper_inf(valid) ORDER BY code")
        )
    ]


def periods(site: Session, code: str) -> list[tuple]:
    rows = site.execute(
        text("SELECT azimuth_deg, lower(valid), upper(valid) FROM camera WHERE code = :code ORDER BY valid"),
        {"code": code},
    )
    return [tuple(row) for row in rows]


def batch(site: Session) -> int:
    return site.scalar(text("SELECT max(id) FROM import_batch WHERE kind = 'cameras'"))


def test_each_row_is_added_changed_moved_or_as_before(site, take_in):
    first = take_in(FIRST)
    assert (first.stored, first.counts["added"]) == (3, 3)
    again = take_in(
        HEAD + "a,甲,114.004,22.506,120,4,一公司\nb,乙二,114.005,22.506,东,,二公司\n"
        "c,丙,114.006,22.506,,,\nd,丁,114.007,22.506,,,\n"
    )
    assert {kind: again.counts[kind] for kind in ("added", "moved", "changed", "unchanged")} == {
        "added": 1, "moved": 1, "changed": 1, "unchanged": 1,
    }  # fmt: skip
    assert [str(one) for one in again.changes] == [
        "row 2: camera 'a': Direction 90 → 120",
        "row 3: camera 'b': Name 乙 → 乙二",
        "row 3: camera 'b': Maintenance unit – → 二公司",
    ]
    assert stored(site, "name, management_unit") == [
        ("a", "甲", "一公司"), ("b", "乙二", "二公司"), ("c", "丙", None), ("d", "丁", None),
    ]  # fmt: skip


def test_a_camera_that_was_turned_has_a_period_before_and_one_after(site, take_in):
    since = datetime(2026, 10, 1, tzinfo=UTC)
    take_in(FIRST)
    take_in(FIRST.replace(",90,", ",120,"), listing=Listing(since=since))
    (old, _, until), (new, begin, end) = periods(site, "a")
    assert (old, until, new, begin, end) == (90.0, since, 120.0, since, None)
    (kind, before, after) = site.execute(text("SELECT kind, before, after FROM camera_change")).one()
    assert (kind, before, after) == ("moved", {"azimuth_deg": 90}, {"azimuth_deg": 120})


def test_an_empty_cell_takes_nothing_away(site, take_in):
    take_in(FIRST)
    report = take_in("code,name,lon,lat\na,,114.004,22.506\n")
    assert report.counts["unchanged"] == 1 and report.stored == 0
    assert stored(site, "azimuth_deg, mount_height_m")[0] == ("a", 90.0, 4.0)


@pytest.mark.parametrize(("said", "told"), [("东", False), ("东北", True)])
def test_a_compass_point_never_takes_the_place_of_what_was_measured(site, take_in, said: str, told: bool):
    """East is 67.5° to 112.5°: north-east does not fit 90°, which is told."""
    take_in(FIRST)
    report = take_in(FIRST.replace(",90,", f",{said},"))
    assert [row[0] for row in periods(site, "a")] == [90.0]
    assert any("do not fit the measured direction" in one for one in report.findings) == told


def test_rounding_of_coordinates_moves_no_camera(site, take_in):
    """0.000003° of latitude are 0.33 m, 0.00001° are 1.1 m."""
    take_in(FIRST)
    assert take_in(FIRST.replace("a,甲,114.004,22.506,", "a,甲,114.004,22.506003,")).counts["moved"] == 0
    assert take_in(FIRST.replace("a,甲,114.004,22.506,", "a,甲,114.004,22.50601,")).counts["moved"] == 1


def test_a_dry_run_tells_the_same_and_stores_nothing(site, take_in):
    take_in(FIRST)
    changed = FIRST.replace(",90,", ",120,") + "d,丁,114.007,22.506,,,\n"
    told = take_in(changed, dry_run=True)
    assert (told.stored, told.counts["added"], told.counts["moved"]) == (0, 1, 1)
    assert len(periods(site, "a")) == 1 and len(stored(site, "name")) == 3
    assert site.scalar(text("SELECT count(*) FROM camera_change")) == 0
    assert take_in(changed).changes == told.changes


def test_what_a_whole_list_lacks_is_gone_and_closed_only_when_asked(site, take_in):
    take_in(FIRST)
    part = FIRST.splitlines(keepends=True)
    told = take_in("".join(part[:3]))
    assert told.counts["gone"] == 0, "a part of a list says nothing of the rest"
    told = take_in("".join(part[:3]), listing=Listing(whole_of="v"))
    assert told.counts["gone"] == 1 and len(stored(site, "name")) == 3
    assert str(told.changes[0]).startswith("camera 'c' is recorded in t.v and not in its whole list")
    told = take_in("".join(part[:3]), listing=Listing(whole_of="t.v", retire=True))
    assert (told.stored, told.counts["retired"]) == (1, 1)
    assert [row[0] for row in stored(site, "name")] == ["a", "b"]
    back = take_in(FIRST)
    assert (back.counts["restored"], back.counts["added"]) == (1, 0)
    assert len(periods(site, "c")) == 2


def test_records_are_not_closed_for_a_part(take_in):
    with pytest.raises(InputRefused, match="only for a list that is whole"):
        take_in(FIRST, listing=Listing(retire=True))


def test_a_list_older_than_a_record_is_refused_row_by_row(site, take_in):
    now = site.scalar(text("SELECT now()"))
    take_in(FIRST)
    take_in(FIRST.replace(",90,", ",120,"), listing=Listing(since=now - timedelta(days=2)))
    older = FIRST.replace(",90,", ",150,")
    with pytest.raises(InputRefused) as told, site.begin_nested():
        take_in(older, listing=Listing(since=now - timedelta(days=3)))
    assert "give a later time for the list" in told.value.problems[0]
    with pytest.raises(InputRefused, match="which is to come"):
        take_in(older, listing=Listing(since=now + timedelta(days=1)))
    assert [row[0] for row in periods(site, "a")] == [90.0, 120.0]


def test_no_record_is_closed_for_a_list_of_which_a_row_was_refused(site, take_in):
    take_in(FIRST)
    bad = FIRST.replace(",东,", ",upwards,")
    with pytest.raises(InputRefused, match="is not whole"), site.begin_nested():
        take_in(bad, keep_good=True, listing=Listing("t", retire=True))
    report = take_in(bad, keep_good=True, listing=Listing("t"))
    assert report.counts["gone"] == 0
    assert "which cameras are gone is not told" in report.findings[-1]


def test_no_record_is_closed_before_it_began(site, take_in):
    now = site.scalar(text("SELECT now()"))
    take_in(FIRST)
    take_in(FIRST.replace(",90,", ",120,"), listing=Listing(since=now - timedelta(days=2)))
    part = HEAD + "b,乙,114.005,22.506,东,,\n"
    with pytest.raises(InputRefused, match="give a later time"), site.begin_nested():
        take_in(part, listing=Listing("v", retire=True, since=now - timedelta(days=3)))


def test_whoever_sees_a_part_of_an_import_does_not_undo_it(site, take_in):
    take_in(FIRST + "far,远,114.005,22.5044,90,4,\n")
    with pytest.raises(Refused, match="1 of its rows, or of the records it changed, lie outside"):
        undo_import(site, batch(site), author="tester", within=Scope.of(["t.v"]))
    undo_import(site, batch(site), author="tester", within=WHOLE_SITE)


def test_a_record_of_another_area_is_not_touched(site, take_in):
    """The list puts the camera into somebody's area, but it is recorded outside of it."""
    take_in(HEAD + "far,远,114.005,22.5044,90,4,\n")
    assert site.scalar(text("SELECT jurisdiction_path FROM camera")) is None
    with pytest.raises(InputRefused) as told, site.begin_nested():
        take_in(HEAD + "far,远,114.005,22.506,90,4,\n", within=Scope.of(["t.v"]))
    assert "is recorded in no jurisdiction, outside your area (t.v)" in told.value.problems[0]


def test_frames_go_to_the_record_of_their_time(site, take_in, tmp_path):
    """Turned at noon: the morning's frames stay with the old record, also those that come late."""
    take_in(FIRST)
    noon = DAY + timedelta(hours=12)
    ingest_frames(site, frames(tmp_path / "f.csv", camera="a"), SourceSpec("gw"), now=NOW)
    take_in(FIRST.replace(",90,", ",270,"), listing=Listing(since=noon))
    late = frames(tmp_path / "late.csv", camera="b", minutes=range(3))
    late.write_text(late.read_text().replace("b,", "a,").replace(":00+", ":30+"))
    assert ingest_frames(site, late, SourceSpec("gw"), now=NOW).new == 3
    rows = site.execute(
        text(
            """SELECT c.azimuth_deg, count(*), bool_and(c.valid @> f.captured_at)
               FROM frame f JOIN camera c ON c.id = f.camera_id GROUP BY 1 ORDER BY 1"""
        )
    ).all()
    assert [tuple(row) for row in rows] == [(90.0, 723, True), (270.0, 720, True)]


def test_an_analysis_looks_at_each_record_while_it_held(site, take_in, tmp_path):
    """Turned at noon. Before it the camera looked east, after it west, and never in both directions."""
    take_in(HEAD + "a,甲,114.004,22.506,90,4,\n")
    noon = DAY + timedelta(hours=12)
    ingest_frames(site, frames(tmp_path / "f.csv", camera="a"), SourceSpec("gw"), now=NOW)
    take_in(HEAD + "a,甲,114.004,22.506,270,4,\n", listing=Listing(since=noon))
    analysis = analyse(site, start=DAY, end=DAY + timedelta(days=1), author="test")
    rows = site.execute(
        text(
            """SELECT c.azimuth_deg, a.state, lower(a.period), upper(a.period)
               FROM availability a JOIN camera c ON c.id = a.camera_id
               WHERE a.analysis_id = :analysis ORDER BY 3"""
        ),
        {"analysis": analysis},
    ).all()
    assert [tuple(row) for row in rows] == [
        (90.0, "usable", DAY, noon),
        (270.0, "usable", noon, DAY + timedelta(days=1)),
    ]
    before = analyse(site, start=DAY, end=noon, author="test")
    looked = site.execute(
        text("SELECT DISTINCT azimuth_deg FROM pose WHERE analysis_id = :analysis"), {"analysis": before}
    ).scalars()
    assert list(looked) == [90.0], "what it sees since says nothing of the time before"


def test_an_undone_import_leaves_records_history_and_frames_as_they_were(site, take_in, tmp_path):
    take_in(FIRST)
    ingest_frames(site, frames(tmp_path / "f.csv", camera="a"), SourceSpec("gw"), now=NOW)
    kept = "name, azimuth_deg, management_unit, valid::text, ST_AsText(geom)"
    before = stored(site, kept)
    take_in(
        FIRST.replace(",90,", ",270,").replace("丙", "丙二").replace("b,乙", "d,丁"),
        listing=Listing(whole_of="v", retire=True, since=DAY + timedelta(hours=12)),
    )
    assert stored(site, kept) != before
    undo_import(site, batch(site), author="tester")
    assert stored(site, kept) == before
    assert site.scalar(text("SELECT count(*) FROM camera")) == 3
    assert site.scalar(text("SELECT count(*) FROM camera_change")) == 0
    assert site.execute(text("SELECT count(*), count(DISTINCT camera_id) FROM frame")).one() == (1440, 1)


def test_an_import_that_others_build_on_is_not_undone(site, take_in):
    take_in(FIRST)
    first = batch(site)
    take_in(FIRST.replace(",90,", ",120,"))
    second = batch(site)
    with pytest.raises(Refused, match="were changed since"):
        undo_import(site, first, author="tester")
    undo_import(site, second, author="tester")
    undo_import(site, first, author="tester")
    assert site.get_one(ImportBatch, first).undone_by == "tester"
    assert stored(site, "name") == []


@pytest.mark.parametrize("code", ["..", "a\tb", "x" * 101])
def test_a_code_that_no_address_can_hold_is_refused(take_in, code: str):
    with pytest.raises(InputRefused) as told:
        take_in(HEAD + f'"{code}",甲,114.004,22.506,90,4,\n')
    assert "is no code" in told.value.problems[0]
