"""What people hand in and what is made of it is removed in time, and never while a job needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.tables import Setting
from web.jobs import Words
from web.jobs.clearing import LOOK_EVERY_S, Clearing, clear_files
from web.tables import JobRun

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def put(path: Path, days: float) -> Path:
    """A folder with a file, last written so many days ago."""
    path.mkdir(parents=True)
    (path / "list.csv").write_text("x")
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))
    return path


def job(session: Session, status: str, days: float, **arguments: str) -> int:
    """A job that ended so many days ago, or did not."""
    at = None if status in ("queued", "running") else NOW - timedelta(days=days)
    run = JobRun(
        kind="own",
        title=Words("x").as_json(),
        arguments=arguments,
        author="li",
        status=status,
        finished_at=at,
        started_at=None if status == "queued" else at or NOW,
        error=Words("x").as_json() if status == "failed" else None,
        result={"url": None, "summary": Words("x").as_json(), "details": {}} if status == "done" else None,
    )
    session.add(run)
    session.flush()
    return run.id


def test_an_upload_is_kept_for_a_week_and_as_long_as_a_job_waits_for_it(session: Session, tmp_path: Path):
    uploads = tmp_path / "uploads"
    fresh, old = put(uploads / ("a" * 64), 6.9), put(uploads / ("b" * 64), 7.1)
    waited_for = [put(uploads / (letter * 64), 90) for letter in "cdef"]
    job(session, "queued", 0, sha256="c" * 64)
    job(session, "running", 0, streets_sha256="d" * 64)
    job(session, "failed", 6.9, cameras_sha256="e" * 64)
    job(session, "cancelled", 1, sha256="f" * 64)
    gone = [old, put(uploads / ("1" * 64), 90), put(uploads / ("2" * 64), 90)]
    job(session, "failed", 7.1, sha256="1" * 64)
    job(session, "done", 1, sha256="2" * 64)
    half, given_up = put(uploads / ".upload-a", 0.1), put(uploads / ".upload-b", 1.1)
    assert set(clear_files(session, tmp_path, now=NOW)) == {*gone, given_up}
    assert all(path.is_dir() for path in (fresh, half, *waited_for))
    assert not any(path.exists() for path in (*gone, given_up))
    assert clear_files(session, tmp_path, now=NOW) == []


def test_results_are_kept_for_a_month_and_none_of_a_job_that_made_none(session: Session, tmp_path: Path):
    def result(status: str, days: float) -> Path:
        return put(tmp_path / "results" / str(job(session, status, days)), days)

    kept = [result("done", 29.9), result("running", 2), result("queued", 2), result("failed", 0.1)]
    gone = [result("done", 30.1), result("failed", 2), result("cancelled", 2)]
    gone += [put(tmp_path / "results" / "0", 2), put(tmp_path / "results" / ".7.1", 2)]
    assert set(clear_files(session, tmp_path, now=NOW)) == set(gone)
    assert all(path.is_dir() for path in kept)


def test_an_administrator_says_for_how_long(session: Session, tmp_path: Path):
    path = put(tmp_path / "uploads" / ("a" * 64), 9)
    session.add(Setting(name="files.uploads_days", value=10, changed_at=NOW, author="li"))
    session.flush()
    assert clear_files(session, tmp_path, now=NOW) == []
    assert clear_files(session, tmp_path, now=NOW + timedelta(days=1.1)) == [path]


def test_without_anything_handed_in_there_is_nothing_to_remove(session: Session, tmp_path: Path):
    assert clear_files(session, tmp_path / "nowhere", now=NOW) == []


@pytest.fixture
def clock() -> Iterator[list[float]]:
    """Seconds that a test sets."""
    yield [1000.0]


def test_a_worker_looks_at_once_and_then_every_hour(engine: Engine, tmp_path: Path, clock: list[float]):
    clearing = Clearing(engine, tmp_path, clock=lambda: clock[0])
    for later, removed in ((0.0, True), (LOOK_EVERY_S - 1, False), (1.0, True)):
        path = put(tmp_path / "uploads" / "x", 3650)
        clock[0] += later
        clearing.look()
        assert path.exists() is not removed
        if not removed:
            (path / "list.csv").unlink()
            path.rmdir()
