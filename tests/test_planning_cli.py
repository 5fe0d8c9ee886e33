"""`lianfang patrols plan-all` and `go-on` on the demo: what they answer, store and refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from conftest import Demo
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A command of `lianfang patrols` on the demo's database; the plans it makes are removed."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", demo.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", demo.owner_url)
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        before = list(session.scalars(text("SELECT id FROM plan")))
    yield lambda *arguments: CliRunner().invoke(main, ["patrols", *map(str, arguments), "--json"])
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM plan WHERE NOT id = ANY(:before)"), {"before": before})


@pytest.fixture
def plan(demo: Demo) -> tuple[int, datetime, datetime, str]:
    """The demo's plan: number, begin and end of its shift, its zone's code."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        row = session.execute(
            text(
                "SELECT p.id, lower(p.shift), upper(p.shift), z.code FROM plan p"
                " JOIN zone z ON z.id = p.zone_id ORDER BY p.id LIMIT 1"
            )
        ).one()
    return row[0], row[1], row[2], row[3]


def answer(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_a_shift_of_all_zones_is_planned(run: Run, plan: tuple[int, datetime, datetime, str]) -> None:
    number, start, end, zone = plan
    told = answer(run("plan-all", "--start", start.isoformat(), "--end", end.isoformat(), "--iterations", 50))
    assert [one["zone"] for one in told["plans"]] == [zone]
    assert told["plans"][0]["plan"] != number
    assert told["plans"][0]["violations"] == 0
    assert told["refused"] == []


def test_a_plan_goes_on_without_a_team(
    run: Run, demo: Demo, plan: tuple[int, datetime, datetime, str]
) -> None:
    number, start, end, _ = plan
    half = start + (end - start) / 2
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        teams = session.scalars(
            text("SELECT code FROM team WHERE id IN (SELECT team_id FROM plan_visit) ORDER BY code")
        ).all()
    bound = f"{teams[1]}={(half + timedelta(minutes=20)).isoformat()}"
    told = answer(
        run("go-on", number, "--at", half.isoformat(), "--out", teams[0], "--bound", bound, "--budget-s", 0.3)
    )
    assert told["goes_on_from"] == number
    assert told["violations"] == 0
    assert told["visits_made"] > 0
    assert told["teams"] < len(teams)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--at", "2020-01-01T12:00"), "lies outside the shift of plan"),
        (("--at", "2020-01-01T12:00", "--bound", "x"), "give a team and a time"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    run: Run, plan: tuple[int, datetime, datetime, str], more: tuple[str, ...], sentence: str
) -> None:
    result = run("go-on", plan[0], *more)
    assert result.exit_code != 0
    assert sentence in result.output


def test_no_zone_that_could_be_planned_is_a_failure(run: Run) -> None:
    result = run("plan-all", "--start", "2020-01-01T18:00", "--end", "2020-01-01T17:00", "--iterations", 5)
    assert result.exit_code != 0
    assert "is empty; swap the two" in result.output
