"""Raw frames go after their time, and nothing that they told of a camera goes with them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from databases import another_database
from signing import app_on, signed_in_client
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from test_camera_services import cameras, site, source

from cameras.repository import frame_days
from cameras.repository import frames as frame_store
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras
from cameras.services.keeping import Due, due_days, remove_frames
from geo.db import make_engine, transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from migrations import runner
from web.access import Role
from web.cli import main
from web.jobs import keeping
from web.jobs.keeping import remove_old_frames

assert site
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
# Five intervals of the 300 s source, in days: so much after a day is analysed by its frames, too.
LEAD = 25 / 1440


def hand_in(
    session: Session, folder: Path, day: int, *, minutes: range = range(0, 1440, 5), label: str = "real"
) -> int:
    """Frames of camera c0 on a day; answers how many were new."""
    path = folder / f"{day}-{minutes.start}-{label}.csv"
    begin = FIRST + timedelta(days=day)
    lines = [f"c0,{(begin + timedelta(minutes=minute)).isoformat()}" for minute in minutes]
    path.write_text("camera,captured_at\n" + "\n".join(lines) + "\n")
    spec = SourceSpec(f"gw-{label}", 300.0, label=label)
    return ingest_frames(session, path, spec, now=NOW, keep_good=True).new


def analysed(session: Session, start: float, end: float, *, after_h: float = 1.0) -> int:
    """An analysis of some days from the first, made so many hours after the frames were stored."""
    number = analyse(
        session, start=FIRST + timedelta(days=start), end=FIRST + timedelta(days=end), author="test"
    )
    session.execute(
        text("UPDATE analysis SET created_at = clock_timestamp() + :after WHERE id = :id"),
        {"after": timedelta(hours=after_h), "id": number},
    )
    return number


@pytest.fixture
def town(site: Session) -> Session:
    store_cameras(site, cameras((114.005, 22.5046)), source("cameras"))
    return site


def due(session: Session, keep_days: int = 30) -> list[tuple[int, tuple[int, ...]]]:
    found = due_days(session, keep_days=keep_days, now=NOW)
    return [((one.day - FIRST.date()).days, one.holders) for one in found]


def test_a_day_is_due_when_it_is_old_and_held_when_analyses_cover_all_of_it(town: Session, tmp_path: Path):
    """Days as the site counts them begin at 16:00 UTC: two analyses hold a UTC day between them."""
    for day in (0, 1, 2, 38):
        hand_in(town, tmp_path, day)
    assert due(town) == [(0, ()), (1, ()), (2, ())]
    one, two = analysed(town, -1 / 3, 2 / 3), analysed(town, 2 / 3, 5 / 3)
    assert due(town) == [(0, (one, two)), (1, ()), (2, ())]
    assert due(town, 0) == []
    # 39.5 days back lies on the first day, which has not ended by then.
    assert due(town, 39) == [] and due(town, 38) == [(0, (one, two))]


def test_an_analysis_made_before_the_last_frames_came_does_not_hold_the_day(town: Session, tmp_path: Path):
    hand_in(town, tmp_path, 0)
    analysed(town, 0, 1 + LEAD)
    assert due(town)[0][1] != ()
    town.execute(text("UPDATE analysis SET created_at = now() - interval '1 hour'"))
    hand_in(town, tmp_path, 0, minutes=range(2, 1440, 5))
    assert due(town) == [(0, ())]
    with pytest.raises(LianfangError, match="no analysis holds 2026-09-01"):
        remove_frames(town, Due(date(2026, 9, 1), (), NOW))


def test_synthetic_days_stay(town: Session, tmp_path: Path):
    hand_in(town, tmp_path, 0, label="synthetic")
    number = analysed(town, 0, 1 + LEAD)
    assert due(town) == []
    hand_in(town, tmp_path, 0, minutes=range(1, 9))
    assert due(town) == [(0, (number,))]


def test_what_is_removed_is_known_and_neither_told_anew_nor_forgotten(town: Session, tmp_path: Path):
    """Frames go, availability stays; late frames are refused row by row; no analysis is made of the rest."""
    hand_in(town, tmp_path, 0)
    hand_in(town, tmp_path, 1)
    number = analysed(town, 0, 1 + LEAD)
    known = "SELECT period, state FROM availability WHERE analysis_id = :id ORDER BY 1"
    before = town.execute(text(known), {"id": number}).all()
    [first, _] = due_days(town, keep_days=30, now=NOW)
    assert remove_frames(town, first) == 288
    assert town.execute(text(known), {"id": number}).all() == before != []
    assert town.scalar(text("SELECT count(*) FROM frame")) == 288
    assert town.scalar(text("SELECT to_regclass('frame_day_20260901')")) is None
    assert due(town) == [(1, ())]

    late = tmp_path / "late.csv"
    late.write_text(
        "camera,captured_at\nc0,2026-09-01T23:59:59Z\nc0,2026-09-02T00:00:01Z\nc0,2026-09-01T08:00:00+08:00\n"
    )
    report = ingest_frames(town, late, SourceSpec("gw-real"), now=NOW, keep_good=True)
    assert (report.new, report.refused) == (1, 2)
    assert (
        "line 2: captured_at '2026-09-01T23:59:59Z' is of 2026-09-01 (UTC), whose frames were removed"
        in str(report.problems[0])
    )
    assert town.scalar(text("SELECT to_regclass('frame_day_20260901')")) is None

    sentence = f"frames of 2026-09-01 .* removed on .* kept in analysis {number}; begin at 2026-09-02 00:25"
    for start in (0.0, 0.5, 1.0):
        with pytest.raises(LianfangError, match=sentence):
            analyse(town, start=FIRST + timedelta(days=start), end=FIRST + timedelta(days=2), author="test")
    # Five intervals of 300 s after midnight nothing of the removed day is needed any more.
    assert analyse(
        town, start=FIRST + timedelta(days=1, minutes=25), end=FIRST + timedelta(days=2), author="t"
    )


def test_a_day_stays_while_the_next_one_could_not_be_analysed_without_it(town: Session, tmp_path: Path):
    """Day for day: with the first gone, an analysis of the second could begin at 00:25 only."""
    hand_in(town, tmp_path, 0)
    hand_in(town, tmp_path, 1)
    first = analysed(town, 0, 1)
    assert due(town) == [(0, ()), (1, ())]
    second = analysed(town, 1, 2)
    assert due(town) == [(0, (first, second)), (1, ())]
    # An inspection every six hours says something 30 hours long: the third day is needed, too.
    store = SourceSpec("rounds", 21_600.0, "inspection")
    (rounds := tmp_path / "rounds.csv").write_text("camera,captured_at\nc0,2026-10-09T00:00:00Z\n")
    ingest_frames(town, rounds, store, now=NOW)
    assert due(town) == [(0, ()), (1, ())]
    third = analysed(town, 2, 2.25)
    assert due(town) == [(0, (first, second, third)), (1, ())]
    # What was removed already needs nothing any more.
    last = analysed(town, 2.25, 3.25)
    town.execute(
        text("UPDATE analysis SET created_at = now() - interval '1 day' WHERE id = :id"), {"id": first}
    )
    [stale, held] = due_days(town, keep_days=30, now=NOW)
    assert stale.holders == () and held.holders == (second, third, last)
    assert remove_frames(town, held) == 288
    town.execute(
        text("UPDATE analysis SET created_at = now() + interval '1 day' WHERE id = :id"), {"id": first}
    )
    assert due(town) == [(0, (first, third))]


def test_a_day_that_changed_since_it_was_due_stays(town: Session, tmp_path: Path):
    """Frames came, or what holds it went, between the two looks."""
    hand_in(town, tmp_path, 0)
    number = analysed(town, 0, 1 + LEAD)
    [before] = due_days(town, keep_days=30, now=NOW)
    hand_in(town, tmp_path, 0, minutes=range(2, 1440, 5))
    with pytest.raises(LianfangError, match="frames of 2026-09-01 stay"):
        remove_frames(town, before)
    town.execute(text("UPDATE analysis SET created_at = clock_timestamp() + interval '1 hour'"))
    [again] = due_days(town, keep_days=30, now=NOW)
    assert again.holders == (number,)
    town.execute(text("DELETE FROM analysis"))
    with pytest.raises(LianfangError, match="frames of 2026-09-01 stay"):
        remove_frames(town, again)
    assert town.scalar(text("SELECT count(*) FROM frame")) == 576
    assert town.scalar(text("SELECT count(*) FROM frame_day WHERE removed_at IS NOT NULL")) == 0


def test_a_day_is_written_to_when_its_last_frame_is_stored(town: Session, tmp_path: Path, monkeypatch):
    """However long that takes: an analysis that began meanwhile has not seen it."""
    noted = []
    monkeypatch.setattr(
        frame_days,
        "note_days",
        lambda session, days: noted.append(session.scalar(text("SELECT count(*) FROM frame"))),
    )
    hand_in(town, tmp_path, 0)
    assert noted == [288]


def test_a_day_removed_while_it_was_read_is_not_told_as_lost(town: Session, tmp_path: Path, monkeypatch):
    hand_in(town, tmp_path, 0)
    analysed(town, 0, 1 + LEAD)
    read = frame_store.frames

    def read_too_late(session: Session, **asked):
        [first] = due_days(session, keep_days=30, now=NOW)
        remove_frames(session, first)
        return read(session, **asked)

    monkeypatch.setattr(frame_store, "frames", read_too_late)
    with pytest.raises(LianfangError, match=r"frames of 2026-09-01 .* were removed"):
        analyse(town, start=FIRST, end=FIRST + timedelta(days=1), author="test")


@pytest.fixture
def own_database(cluster, tmp_path: Path):
    """A database whose transactions are committed, with two old days of frames and an analysis of one."""
    with another_database(cluster, "lianfang_keeping") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            town_of = site.__wrapped__(session)
            store_cameras(town_of, cameras((114.005, 22.5046)), source("cameras"))
            hand_in(session, tmp_path, 0)
            hand_in(session, tmp_path, 1)
            analysed(session, 0, 1 + LEAD)
        yield engine, app_url, owner_url
        engine.dispose()


def test_the_command_and_the_pages_say_what_goes_and_what_stays(own_database, tmp_path: Path, monkeypatch):
    engine, app_url, owner_url = own_database
    monkeypatch.setenv("LIANFANG_DATABASE_URL", app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", owner_url)

    def keep(*options: str) -> dict:
        told = CliRunner().invoke(main, ["frames", "keep", "--json", *options])
        assert told.exit_code == 0, told.output
        return json.loads(told.stdout.strip().splitlines()[-1])

    asked = {"due": ["2026-09-01"], "kept": ["2026-09-02"]}
    assert keep("--dry-run") == {"removed": {}, **asked}
    assert days_in_use(engine) == {}
    assert keep() == {"removed": {"2026-09-01": 288}, **asked}
    assert keep("--dry-run")["due"] == []

    client = signed_in_client(app_on(engine, tmp_path), engine, Role.ADMINISTRATOR)
    page = client.get("/jobs?lang=en").text
    assert "Frames of 1 day, 2026-09-02 (UTC), are older than they are kept and stay" in page
    answer = client.post("/analyses/1/remove?lang=en", follow_redirects=True)
    assert "removed frames told (days: 1, the first 2026-09-01)" in answer.text
    with transaction(engine, scope=WHOLE_SITE) as session:
        entry = session.execute(
            text("SELECT event, detail FROM audit_entry WHERE subject = 'frame day 2026-09-01'")
        ).one()
        assert (entry.event, entry.detail) == ("remove", {"rows": 288, "analyses": [1]})
        assert session.scalar(text("SELECT count(*) FROM analysis")) == 1


def days_in_use(engine: Engine) -> dict[str, int]:
    """What is removed while somebody stores frames and does not end."""
    with engine.connect() as other:
        other.execute(text("SELECT set_config('app.scope', '*', true)"))
        other.execute(text("LOCK TABLE frame IN ACCESS SHARE MODE"))
        return remove_old_frames(engine, now=NOW)


def test_an_analysis_is_not_removed_while_a_day_goes_because_of_it(own_database):
    """Whoever removes it has locked it when they see that it holds nothing."""
    engine, _, _ = own_database
    with engine.connect() as other:
        other.execute(text("SELECT set_config('app.scope', '*', true)"))
        assert frame_days.held_by(Session(other), 1) == []
        assert remove_old_frames(engine, now=NOW) == {}
    assert remove_old_frames(engine, now=NOW) == {"2026-09-01": 288}


def test_what_changed_between_the_two_looks_is_left_to_the_next_time(own_database, monkeypatch):
    engine, _, _ = own_database
    stale = [Due(date(2026, 9, 1), (1,), NOW)]
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "days_due", lambda session, **asked: stale)
        assert remove_old_frames(engine, now=NOW) == {}
    assert remove_old_frames(engine, now=NOW) == {"2026-09-01": 288}
