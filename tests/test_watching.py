"""The worker looks for alerts whenever frames came: driven here by given times, and by no clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from test_alerting import Village, at, village
from test_camera_services import site

from cameras.services import alerting
from geo.errors import LianfangError
from web.cli import alerts as command
from web.cli import main
from web.jobs.watching import LOOK_EVERY_S, Watching
from web.settings import change

assert village and site


class Worker:
    """A worker that looks at given minutes after 20:00."""

    def __init__(self, village: Village) -> None:
        self.village, self.minute, self.took_s, self.stopping = village, 0.0, 0.0, False
        # Sessions on the test's own connection are savepoints of its transaction.
        connection = cast(Engine, village.session.connection())
        self.watching = Watching(
            connection, stopping=lambda: self.stopping, clock=self._clock, now=lambda: at(self.minute)
        )

    def _clock(self) -> float:
        self.took_s += 0.5
        return 60.0 * self.minute + self.took_s

    def look(self, minute: float) -> alerting.Checked | None:
        self.minute = minute
        return self.watching.look()

    def told(self) -> dict[str, Any]:
        """What is kept of the last check."""
        self.village.session.expire_all()
        row = self.village.session.execute(text("SELECT * FROM alert_check")).mappings().one()
        return dict(row)


@pytest.fixture
def worker(village: Village, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setenv("LIANFANG_VAR", str(tmp_path))
    yield Worker(village)


def test_frames_that_show_the_loss_are_an_alert_at_the_next_look(worker: Worker, village: Village) -> None:
    """c0 counts until 20:16:30, so until 20:17 half of a minute is covered; then a frame of c1 comes."""
    village.hand_in(15, 17, "c1")
    assert worker.look(16.5) == alerting.Checked(at(16.5), 3, 3)
    village.hand_in(17, 18, "c1")
    stored, looked = 17.1, 17.1 + LOOK_EVERY_S / 60
    assert looked - stored <= 0.5 and looked - 16.5 < 1
    found = worker.look(looked)
    assert found is not None and len(found.raised) == 1
    told = worker.told()
    assert told["checked_at"] == at(looked) and told["days"] == 3 and told["took_s"] > 0


def test_where_nothing_came_nothing_is_checked(worker: Worker, village: Village) -> None:
    village.hand_in(15, 24, "c1")
    assert worker.look(23) is not None
    for minute in (23.5, 24, 24.5):
        assert worker.look(minute) is None
    assert worker.told()["checked_at"] == at(23)


def test_it_looks_every_twenty_seconds_and_rests_as_long_as_it_worked(
    worker: Worker, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []

    def due(session: Any, now: datetime, *settings: Any) -> bool:
        asked.append(now)
        # A look that takes two minutes.
        worker.minute += 2
        return False

    monkeypatch.setattr(alerting, "check_is_due", due)
    for minute in (23.0, 25.1, 26.9, 27.1, 31.0, 31.2):
        worker.look(minute)
    # From 23:00 to 25:00 it worked, and rested until 27:00.
    assert asked == [at(23), at(27.1), at(31.2)]
    monkeypatch.setattr(alerting, "check_is_due", lambda *_: asked.append(at(0)))
    worker = Worker(village)
    for minute in (40.0, 40.3, 40.4):
        worker.look(minute)
    assert len(asked) == 5, "one at 40:00, none 18 seconds later, one after 24"


def test_a_check_that_fails_is_told_and_the_next_one_that_does_not_takes_it_back(
    worker: Worker, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise error

    real = alerting.check_alerts
    monkeypatch.setattr(alerting, "check_alerts", fail)
    error: Exception = LianfangError("there are no roads to analyse")
    assert worker.look(22) is None
    assert worker.told()["error"]["text"] == "there are no roads to analyse"
    assert (worker.told()["failed_at"], worker.told()["checked_at"]) == (at(22), None)
    error = ZeroDivisionError("division by zero")
    assert worker.look(22.5) is None
    assert "A defect of the program" in worker.told()["error"]["text"]
    monkeypatch.setattr(alerting, "check_alerts", real)
    assert worker.look(23) is not None
    assert (worker.told()["failed_at"], worker.told()["error"]) == (None, None)


def test_a_setting_that_cannot_be_used_is_told(worker: Worker, village: Village) -> None:
    village.session.execute(
        text("INSERT INTO setting (name, value, changed_at, author) VALUES ('alerts.days', '0', now(), 'x')")
    )
    assert worker.look(22) is None
    assert "Days looked back" in str(worker.told()["error"])


def test_with_fewer_days_than_asked_for_it_does_not_even_check(worker: Worker, village: Village) -> None:
    change(village.session, {"alerts.fewest_days": 4}, author="x", now=at(0))
    assert worker.look(25) is None
    assert village.session.scalar(text("SELECT count(*) FROM alert_check")) == 0
    village.session.execute(text("DELETE FROM analysis"))
    assert worker.look(26) is None


def test_two_checks_at_once_are_one(worker: Worker, village: Village, engine: Engine) -> None:
    with engine.connect() as other, other.begin():
        assert other.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('alert_check'))"))
        assert worker.look(22) is None
    assert village.session.scalar(text("SELECT count(*) FROM alert_check")) == 0
    assert worker.look(23) is not None


def test_a_worker_that_is_told_to_end_does_not_finish_the_check(worker: Worker, village: Village) -> None:
    worker.stopping = True
    assert worker.look(22) is None
    assert village.session.scalar(text("SELECT count(*) FROM alert_check")) == 0


def test_the_command_checks_once_and_rehearses(
    worker: Worker, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.hand_in(15, 60, "c1")
    connection = village.session.connection()
    monkeypatch.setattr(command, "open_database", lambda: nullcontext(connection))
    monkeypatch.setattr(command, "datetime", SimpleNamespace(now=lambda zone: at(30)))

    def run(*options: str) -> dict[str, Any]:
        found = CliRunner().invoke(main, ["alerts", "check", "--json", *options])
        assert found.exit_code == 0, found.output
        return dict(json.loads(found.output.splitlines()[-1]))

    stored = text("SELECT count(*) FROM alert")
    told = run("--dry-run", "--now", "2026-11-24T20:25")
    assert (told["judged"], told["days"], len(told["raised"]), told["dry_run"]) == (True, 3, 1, True)
    assert village.session.scalar(stored) == 0
    assert len(run()["raised"]) == 1 and village.session.scalar(stored) == 1
    assert len(run("--dry-run", "--now", "2026-11-24T20:10")["raised"]) == 0, "before the last check"
    late = CliRunner().invoke(main, ["alerts", "check", "--now", "2026-11-24T20:31"])
    assert late.exit_code == 2 and "still to come" in late.output
    early = CliRunner().invoke(main, ["alerts", "check", "--now", "2026-11-24T20:29"])
    assert early.exit_code == 1 and "is not after it; give a later time" in early.output
    other_hour = run("--dry-run", "--now", "2026-11-24T10:00")
    assert (other_hour["judged"], other_hour["days"], other_hour["fewest_days"]) == (False, 0, 3)
