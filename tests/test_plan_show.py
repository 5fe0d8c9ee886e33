"""`lianfang patrols show`: a stored plan, its steps, and whether it is still good."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols.services import life
from web.cli import main


@pytest.fixture
def run(demo, monkeypatch):
    """The command on the demo's database."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", demo.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", demo.owner_url)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["patrols", "show", *arguments, "--json"])

    return invoke


def answer(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_a_plan_is_shown_with_what_it_is_worth(run, demo) -> None:
    """The one made last, and the same by its number."""
    told = answer(run())
    assert told == answer(run(str(told["plan"])))
    assert told["status"] == "draft" and told["stale"] == [] and told["steps"] == []
    assert told["crossed_stops"] == demo.summary["crossed_stops"] and told["violations"] == []
    assert told["value"] <= told["upper_bound"]


def test_its_steps_and_what_has_changed_are_said(run, demo) -> None:
    number = answer(run())["plan"]
    now = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    try:
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            life.approve(session, number, author="chief", now=now, stale=[])
            session.execute(text("UPDATE plan SET road_revision = 'other' WHERE id = :id"), {"id": number})
        result = run(str(number))
        told = answer(result)
        assert told["status"] == "approved"
        assert told["steps"] == [
            {"step": "approved", "author": "chief", "reason": "", "at": "2026-11-21T15:00:00+00:00"}
        ]
        (why,) = told["stale"]
        assert "streets have changed" in why
        assert f"Out of date: {why}." in result.stderr
        assert "Approved by chief, 2026-11-21 17:00." in result.stderr, "in the site's zone"
    finally:
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text(
                    """UPDATE plan SET status = 'draft', road_revision = document ->> 'road_revision'
                       WHERE id = :id"""
                ),
                {"id": number},
            )
            session.execute(text("DELETE FROM plan_step"))
    assert answer(run())["stale"] == []


def test_a_plan_that_is_not_there_is_said_in_a_sentence(run) -> None:
    result = run("987654")
    assert result.exit_code == 1 and "plan 987654 is not stored" in result.output
