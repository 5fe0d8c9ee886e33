"""What stored lists of recordings say, whichever came first; and the figures that are drawn from them."""

import csv
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import small_site
from click.testing import CliRunner
from databases import another_database
from hypothesis import given, settings
from hypothesis import strategies as st
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from cameras.recordings.columns import Answer, ListBatch
from cameras.recordings.periods import day_edges, days_left, is_short, kept, merged, shares
from cameras.repository import changes, recordings
from cameras.services.recording_lists import ingest_recordings
from geo.db import make_engine, transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.services import open_site
from migrations import runner
from web.access import Role
from web.cli import main

START = datetime(2026, 5, 1, tzinfo=UTC)
HOUR_MS = 3_600_000


def at(hours):
    return START + timedelta(hours=hours)


@pytest.fixture
def site(session):
    """The small site; what a test does is rolled back."""
    return small_site.fill(session)


@pytest.fixture
def listed(session, site, tmp_path):
    """Takes in a CSV of hours of START for one's own camera (or others by code)."""

    def take(*hours, seen, since=None, until=None, source="nvr", camera=site.cameras[OWN], **options):
        path = tmp_path / "list.csv"
        rows = "".join(f"{camera},{at(a).isoformat()},{at(b).isoformat()}\n" for a, b in hours)
        path.write_text("camera,start,end\n" + rows)
        return ingest_recordings(
            session,
            path,
            source,
            seen_at=at(seen),
            since=None if since is None else at(since),
            until=None if until is None else at(until),
            **options,
        )

    return take


def stored(session, table="recording"):
    """Hours that a table holds, and when they were seen, in order."""
    rows = session.execute(
        text(f"SELECT lower(period) AS a, upper(period) AS b, seen_at FROM {table} ORDER BY 1, 2")
    )
    return [tuple((one - START) / timedelta(hours=1) for one in row) for row in rows]


def test_a_later_list_replaces_what_an_earlier_one_said_of_the_time_it_speaks_of(session, listed):
    listed((0, 10), seen=24)
    # Hours 0 to 4 were overwritten; hours 4 to 6 were never asked for again.
    listed((6, 8), seen=48, since=6, until=10)
    assert stored(session) == [(0, 6, 24), (6, 8, 48)]
    assert stored(session, "recording_list") == [(0, 6, 24), (6, 10, 48)]
    listed((5, 6), (7, 9), seen=72)
    assert stored(session) == [(0, 5, 24), (5, 6, 72), (7, 9, 72)]


def test_lists_may_come_in_any_order(session, listed):
    lists = (
        {"hours": [(0, 10)], "seen": 20},
        {"hours": [(2, 3), (5, 12)], "seen": 30, "since": 1, "until": 11},
        {"hours": [(4, 6), (8, 9)], "seen": 40},
    )
    said = set()
    for order in permutations(lists):
        session.execute(text("DELETE FROM recording"))
        session.execute(text("DELETE FROM recording_list"))
        for one in order:
            listed(*one["hours"], **{key: value for key, value in one.items() if key != "hours"})
        said.add((tuple(stored(session)), tuple(stored(session, "recording_list"))))
    ((periods, _),) = said
    assert periods == ((0, 1, 20), (2, 3, 30), (4, 6, 40), (8, 9, 40), (9, 12, 30))


def test_lists_of_other_recorders_and_cameras_stand(session, site, listed):
    listed((0, 10), seen=20)
    listed((0, 10), seen=20, source="centre")
    listed((0, 10), seen=20, camera=site.cameras[small_site.SIBLING])
    listed((4, 5), seen=30, since=0, until=10)
    assert stored(session) == [(0, 10, 20), (0, 10, 20), (4, 5, 30)]


def test_a_list_with_bad_rows_adds_what_it_names_and_removes_nothing(session, listed):
    listed((0, 10), seen=20)
    with pytest.raises(InputRefused, match="1 rows were refused and nothing was stored"):
        listed((12, 14), (6, 5), seen=30)
    report = listed((12, 14), (6, 5), (2, 3), seen=30, keep_good=True)
    assert (report.listed, report.refused, report.cameras) == (2, 1, 1)
    assert stored(session) == [(0, 2, 20), (2, 3, 30), (3, 10, 20), (12, 14, 30)]


def test_files_of_a_recorder_follow_each_other_without_a_break(session, listed):
    """One tells the last second that a file holds, the next the first."""
    second = 1 / 3600
    listed((0, 1 - second), (1, 2 - second), (3, 4), seen=20)
    (first, *_), _ = stored(session)
    assert first == 0 and len(stored(session)) == 2


def test_recordings_are_found_by_any_record_of_their_camera(session, site, listed):
    listed((0, 10), seen=20)
    asked = text("SELECT id FROM camera WHERE code = :code")
    new = session.execute(asked, {"code": site.cameras[OWN]}).scalar_one()
    for hour, found in ((5, 1), (15, 0)):
        for table in recordings.recorded_periods(session, [new], at(hour), at(hour + 1)):
            assert table["camera"].tolist() == [new] * found
    periods, lists = recordings.recorded_periods(session, None, at(1), at(2))
    assert len(periods) == len(lists) == 1
    since = recordings.kept_since(session, [new])
    assert since["kept_ms"].tolist() == since["asked_ms"].tolist() == [20 * HOUR_MS]


DAY = 24


@pytest.mark.parametrize(
    ("lists", "days", "asked_days", "short"),
    [
        # Sixty lists of the day before, each seen an hour after midnight, show a day and an hour. Whether the
        # thirty required are kept nobody knows, were the recorder to keep seven.
        ([(day * DAY + 1, (day - 1, day), (day - 1, day)) for day in range(1, 61)], 25 / 24, 25 / 24, None),
        # One list that looked back 40 days found seven; lists of single days do not make that more or less.
        (
            [(60 * DAY, (20, 60), (53, 60))]
            + [(day * DAY, (day - 1, day), (day - 1, day)) for day in range(61, 70)],
            7,
            40,
            1,
        ),
        # A recorder that kept 40 days keeps seven since its disk was changed.
        ([(60 * DAY, (20, 60), (20, 60)), (160 * DAY, (120, 160), (153, 160))], 7, 40, 1),
        # 40 days; a later list of the last three days, recorded for one of them, does not speak of more.
        ([(60 * DAY, (15, 60), (20, 60)), (63 * DAY, (60, 63), (60, 61))], 40, 45, 0),
        # Nothing of a day a month ago: between that and the last day anything may be kept.
        ([(60 * DAY, (59, 60), (59, 60)), (61 * DAY, (30, 31), None)], 1, 1, None),
        # Nothing at all, looked for as far as the last midnight.
        ([(60 * DAY + 1, (20, 60), None)], 0, 40 + 1 / 24, 1),
    ],
)
def test_lists_show_how_long_recordings_stay(session, site, lists, days, asked_days, short):
    """Days from START: when each list was seen (hours), what it looked at, what it names."""
    camera = session.execute(text("SELECT min(id) FROM camera")).scalar_one()
    number = session.execute(
        text(
            """INSERT INTO frame_source (code, kind, expected_interval_s) VALUES ('nvr', 'recording', 86400)
               RETURNING id"""
        )
    ).scalar_one()

    def instant(day):
        return int(at(day * DAY).timestamp() * 1000)

    for seen, looked, named in lists:
        recordings.stage_list(session)
        recordings.stage_answers(
            session, [Answer(0, (camera,), (instant(looked[0]), instant(looked[1])), True)]
        )
        if named is not None:
            one = {"camera": camera, "start_ms": instant(named[0]), "end_ms": instant(named[1])}
            blank = {"kind": np.zeros(1, np.int16), "answer": np.zeros(1, np.int32)}
            columns = {name: np.array([value], np.int64) for name, value in one.items()}
            recordings.copy_recordings(session, ListBatch(**columns, **blank))
        recordings.publish_list(session, number, at(seen))
    found = kept(recordings.kept_since(session, [camera]))
    assert found["days"].tolist() == pytest.approx([days])
    assert found["asked_days"].tolist() == pytest.approx([asked_days])
    said = is_short(found, pd.Series(30, index=found.index)).tolist()
    assert said == [short] if short is not None else pd.isna(said[0])


def test_a_source_delivers_frames_or_lists(listed, session):
    session.execute(
        text("INSERT INTO frame_source (code, kind, expected_interval_s) VALUES ('gw', 'gateway', 60)")
    )
    with pytest.raises(InputRefused, match="source 'gw' delivers frames"):
        listed((0, 1), seen=20, source="gw")


def test_a_list_is_taken_in_on_the_command_line(cluster, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("camera,start,end\nc-1,2026-05-01 00:00,2026-05-01 01:00\n")
    table = tmp_path / "cameras.csv"
    table.write_text("code,name,lon,lat\nc-1,下寨,116.5,23.25\n", encoding="utf8")
    with another_database(cluster, "lianfang_lists") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            open_site(
                session,
                name="村",
                name_en="village",
                bounds=(116.4, 23.2, 116.6, 23.4),
                timezone="Asia/Shanghai",
            )

        def run(*arguments):
            told = {"LIANFANG_DATABASE_URL": app_url, "LIANFANG_OWNER_DATABASE_URL": owner_url}
            result = CliRunner().invoke(main, [str(one) for one in (*arguments, "--json")], env=told)
            return result.exit_code, result.output

        assert run("import", "cameras", table, "--datum", "wgs84")[0] == 0
        ingest = ("recordings", "ingest", path, "--source", "nvr")
        status, said = run(*ingest, "--from", "2026-04-30", "--seen-at", "2026-05-02T00:00")
        assert status == 0 and "1 recordings of 1 cameras are 1 periods; 0 refused." in said
        with transaction(engine, scope=WHOLE_SITE) as session:
            period = session.execute(text("SELECT period FROM recording_list")).scalar_one()
            assert (period.upper - period.lower) == timedelta(days=2)
            entry = session.execute(
                text("SELECT event, subject, detail FROM audit_entry WHERE peer = 'command line'")
            ).one()
            assert tuple(entry) == ("add", "recordings nvr", {"file": "list.csv", "rows": 1, "cameras": 1})
        engine.dispose()
        status, said = run(*ingest, "--seen-at", "2062-05-02")
        assert status == 2 and "no list was answered then" in said
        status, said = run(*ingest, "--from", "2026-05-03", "--seen-at", "2026-05-02")
        assert status == 1 and "the asked time begins at 2026-05-03 00:00 CST" in said


# Whole seconds of two cameras; a period is never empty.
PERIODS = st.lists(
    st.tuples(st.integers(1, 2), st.integers(0, 100), st.integers(1, 40)).map(
        lambda one: (one[0], one[1] * 1000, (one[1] + one[2]) * 1000)
    ),
    max_size=8,
)
ASKED = (20_000, 90_000)


def table(rows):
    return pd.DataFrame(rows, columns=["camera", "start_ms", "end_ms"]).astype("int64")


@settings(max_examples=150, deadline=None)
@given(PERIODS, PERIODS, st.randoms(), st.data())
def test_figures_hang_on_what_is_recorded_not_on_how_it_is_cut_or_told(rows, lists, shuffled, data):
    figures = shares(table(rows), table(lists), ASKED)
    told = list(rows)
    for camera, start, end in rows:
        cut = data.draw(st.integers(start, end))
        told += [(camera, a, b) for a, b in ((start, cut), (cut, end)) if a < b]
    shuffled.shuffle(told)
    pd.testing.assert_frame_equal(shares(table(told), table(lists), ASKED), figures)
    pd.testing.assert_frame_equal(merged(table(told)), merged(table(rows)))


@settings(max_examples=150, deadline=None)
@given(PERIODS, PERIODS)
def test_recorded_missing_and_unlisted_fill_the_period(rows, lists):
    """Counted second by second beside it; a break of one second between recordings is none."""
    figures = shares(table(rows), table(lists), ASKED)
    filled = figures[["recorded_ms", "missing_ms", "unlisted_ms"]]
    assert (filled.sum(axis=1) == ASKED[1] - ASKED[0]).all() and (filled >= 0).all(axis=None)
    for camera, row in figures.iterrows():
        seconds = {n for one, a, b in rows if one == camera for n in range(a // 1000, b // 1000)}
        seconds |= {n for n in range(140) if n - 1 in seconds and n + 1 in seconds}
        known = {n for one, a, b in lists if one == camera for n in range(a // 1000, b // 1000)} | seconds
        known |= {n for n in range(140) if n - 1 in known and n + 1 in known}
        inside = range(ASKED[0] // 1000, ASKED[1] // 1000)
        assert row["recorded_ms"] == 1000 * len(seconds.intersection(inside))
        assert row["missing_ms"] == 1000 * len((known - seconds).intersection(inside))


def test_a_day_of_the_site_begins_at_its_midnight():
    """23 h long when Helsinki's clocks went forward, 2026-03-29."""
    helsinki = ZoneInfo("Europe/Helsinki")
    edges = day_edges(datetime(2026, 3, 30, 9, tzinfo=helsinki), 2, helsinki)
    assert [(b - a) / HOUR_MS for a, b in pairwise(edges)] == [24, 23]
    assert edges[-1] == datetime(2026, 3, 30, tzinfo=helsinki).timestamp() * 1000


def test_days_kept_and_whether_they_are_enough():
    """Camera 1 has two recorders; the list of one was not asked further back than it keeps."""
    day = 24 * HOUR_MS
    since = pd.DataFrame(
        {
            "camera": [1, 1, 2, 3, 4],
            "source": [1, 2, 1, 1, 1],
            "seen_ms": [100 * day, 90 * day, 100 * day, 100 * day, 100 * day],
            "kept_ms": [25 * day, 2 * day, 29 * day, 0, 0],
            "asked_ms": [40 * day, 2 * day, 40 * day, 1 * day, 40 * day],
        }
    )
    found = kept(since)
    assert found["days"].tolist() == [25, 29, 0, 0]
    assert found["asked_days"].tolist() == [2, 40, 1, 40]
    short = is_short(found, pd.Series(30, index=found.index))
    # Of cameras 1 and 3 nobody asked for 30 days; 29 of 30 is too few, 29 of 29 is enough.
    assert short.isna().tolist() == [True, False, True, False]
    assert short[[2, 4]].tolist() == [1, 1] and is_short(found, pd.Series(29, index=found.index))[2] == 0
    left = days_left(found["days"], at(0), at(24 * 26))
    assert left.tolist() == [-1, 3, -26, -26]


@pytest.fixture
def place(served):
    """The served small site without a list of recordings, before and after."""
    yield served
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM frame_source WHERE code = 'nvr'"))


def recorded_days(place, days, asked_days, camera):
    """A list of a camera, recorded for the last so many days until now, asked for the last so many."""
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """WITH s AS (INSERT INTO frame_source (code, kind, expected_interval_s)
                              VALUES ('nvr', 'recording', 86400)
                              ON CONFLICT (code) DO UPDATE SET kind = excluded.kind RETURNING id),
                   c AS (SELECT id FROM camera WHERE code = :camera),
                   r AS (INSERT INTO recording (camera_id, source_id, period, kind, seen_at)
                         SELECT c.id, s.id, tstzrange(now() - :days * interval '1 day', now()), 'time', now()
                         FROM c, s)
                   INSERT INTO recording_list (camera_id, source_id, period, seen_at)
                   SELECT c.id, s.id, tstzrange(now() - :asked * interval '1 day', now()), now() FROM c, s"""
            ),
            {"camera": camera, "days": days, "asked": asked_days},
        )


def test_the_page_of_a_camera_tells_what_is_recorded_of_it(place):
    codes = place.site.cameras
    client = place.client(Role.AUDITOR)

    def card(path):
        page = client.get(f"/cameras/{codes[path]}?lang=en").text
        return page[page.index('aria-label="Recordings"') :].partition("</section>")[0]

    assert "No recording list" in card(OWN) and "%" not in card(OWN)
    recorded_days(place, 40, 45, codes[OWN])
    recorded_days(place, 12, 45, codes[CHILD])
    recorded_days(place, 8, 8, codes[SIBLING])
    assert "100 %" in card(OWN) and "lf-tag-good" in card(OWN) and "40 days" in card(OWN)
    assert "lf-tag-bad" in card(CHILD) and "12 days" in card(CHILD) and "30 days" in card(CHILD)
    # Nobody asked further back: too few or not, it is not known.
    assert "at least 8 days" in card(SIBLING) and "lf-tag-bad" not in card(SIBLING)
    assert "No recording list" in card(small_site.PARENT)


def test_rates_of_recordings_by_jurisdiction_and_unit(place):
    client = place.client(Role.AUDITOR)
    month = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"

    def rates(by):
        said = client.get(f"/checks/rates?month={month}&by={by}&lang=en&format=csv").data
        return list(csv.DictReader(said.decode("utf-8-sig").splitlines()))

    assert "no recording list" in client.get(f"/checks/rates?month={month}&lang=en").text
    assert {row["Kept long enough (0–1)"] for row in rates("jurisdiction")} == {""}
    recorded_days(place, 40, 45, place.site.cameras[OWN])
    recorded_days(place, 3, 45, place.site.cameras[CHILD])
    for by in ("jurisdiction", "unit"):
        (row,) = [row for row in rates(by) if row["Kept long enough (0–1)"]]
        # One of two is kept long enough; one lacks more than half of the days.
        assert float(row["Kept long enough (0–1)"]) == 0.5
        assert 0.7 < float(row["Recorded (0–1)"]) < 0.8
    page = client.get(f"/checks/rates?month={month}&lang=en").text
    assert "of 2 of 5 cameras; 50 % kept long enough" in page


def test_recordings_follow_their_camera_when_its_record_is_opened_anew(session, site, listed):
    listed((0, 10), seen=20)
    old = session.execute(text("SELECT camera_id FROM recording")).scalar_one()
    session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), '2026-05-02') WHERE id = :id"), {"id": old}
    )
    added = session.execute(
        text(
            """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id, jurisdiction_path)
               SELECT code, name, azimuth_quality, ptz, geom, '[2026-05-02,)', batch_id, jurisdiction_path
               FROM camera WHERE id = :id RETURNING id"""
        ),
        {"id": old},
    ).scalar_one()
    changes.follow(session, [old], [added], at(24))
    assert session.execute(text("SELECT DISTINCT camera_id FROM recording")).scalar_one() == added
    for record in (old, added):
        for table in recordings.recorded_periods(session, [record], at(5), at(6)):
            assert table["camera"].tolist() == [record]


def test_an_empty_answer_empties_the_time_it_was_asked_for(session, site, tmp_path):
    """The recorder was asked for two hours of which it holds nothing any more."""
    camera = site.cameras[OWN]
    path = tmp_path / "list.xml"
    asked = "<SN>1</SN><DeviceID>{}</DeviceID><StartTime>{}</StartTime><EndTime>{}</EndTime>"
    head = "<CmdType>RecordInfo</CmdType>"
    answer = f"<SN>1</SN><DeviceID>{camera}</DeviceID>"
    whole = f"<Item><StartTime>{at(0).isoformat()}</StartTime><EndTime>{at(10).isoformat()}</EndTime></Item>"
    for seen, since, until, said in (
        (20, 0, 12, f"<SumNum>1</SumNum><RecordList Num='1'>{whole}</RecordList>"),
        (30, 2, 4, "<SumNum>0</SumNum>"),
        # Of three announced none came: nothing is known by it.
        (40, 0, 12, "<SumNum>3</SumNum>"),
    ):
        query = asked.format(camera, at(since).isoformat(), at(until).isoformat())
        path.write_text(f"<Query>{head}{query}</Query>\n<Response>{head}{answer}{said}</Response>")
        ingest_recordings(session, path, "nvr", seen_at=at(seen))
    assert stored(session) == [(0, 2, 20), (4, 10, 20)]
    assert stored(session, "recording_list") == [(0, 2, 20), (2, 4, 30), (4, 12, 20)]
