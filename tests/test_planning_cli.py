"""`lianfang patrols plan-all` and `go-on` on the demo: what they answer, store and refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from conftest import Demo
from sqlalchemy import text

from cameras.repository import at_instant
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


def test_a_plan_goes_on_with_a_new_stop_and_without_another(
    run: Run, demo: Demo, plan: tuple[int, datetime, datetime, str]
) -> None:
    """The new one is required and is visited; the other is not needed any more; a camera fails besides."""
    number, start, end, _ = plan
    half = start + (end - start) / 2
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        lon, lat = session.execute(
            text(
                """SELECT ST_X(n.geom), ST_Y(n.geom) FROM road_node n, zone z
                   WHERE ST_Contains(z.geom, n.geom) ORDER BY n.id LIMIT 1"""
            )
        ).one()
        analysis = session.scalar(text("SELECT max(id) FROM analysis"))
        camera = at_instant.worth_breaking(session, analysis, 1)[0]["code"]
        last = session.scalar(
            text(
                "SELECT stop_id FROM plan_visit WHERE plan_id = :id ORDER BY start_at DESC NULLS LAST LIMIT 1"
            ),
            {"id": number},
        )
        count = session.scalar(text("SELECT count(*) FROM plan_stop WHERE plan_id = :id"), {"id": number})
    told = answer(
        run(
            *("go-on", number, "--at", half.isoformat(), "--new-stop", f"{lon},{lat}=required"),
            *("--not-needed", last, "--camera", camera, "--why", "a flood", "--budget-s", 0.3),
        )
    )
    assert told["violations"] == 0
    assert told["stops"] > count
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        kept = session.scalar(
            text("SELECT parameters -> 'goes_on' FROM plan WHERE id = :id"), {"id": told["plan"]}
        )
        visited = set(
            session.scalars(text("SELECT stop_id FROM plan_visit WHERE plan_id = :id"), {"id": told["plan"]})
        )
    assert kept["added"][-1] in visited
    assert last not in visited
    assert (kept["dropped"], kept["camera"], kept["why"]) == ([last], camera, "a flood")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--at", "2020-01-01T12:00"), "lies outside the shift of plan"),
        (("--at", "2020-01-01T12:00", "--bound", "x"), "give two with = between them"),
        (("--at", "2020-01-01T12:00", "--not-made", "x"), "give two with = between them"),
        (("--at", "2020-01-01T12:00", "--new-stop", "24.9=5"), "give a longitude, a latitude"),
        (("--at", "2020-01-01T12:00", "--new-stop", "24.9,60.1=0"), "needs a prize above 0"),
        (("--at", "2020-01-01T12:00", "--camera", "no-such"), "saw nothing for certain"),
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


def test_a_rule_is_told_and_changed_and_nights_within_a_week_go_elsewhere(
    run: Run, demo: Demo, plan: tuple[int, datetime, datetime, str]
) -> None:
    _, start, end, zone = plan
    before = answer(run("rule", zone))
    assert before["within"] == "shift"
    try:
        told = answer(run("rule", zone, "--within", "week", "--separation-min", 20))
        assert (told["within"], told["separation_s"]) == ("week", 1200)
        assert told["visits"] == before["visits"]
        hours = ("--start", start.isoformat(), "--end", end.isoformat())
        made = answer(run("plan-nights", "--zone", zone, "--nights", 2, *hours, "--iterations", 100))["plans"]
        assert [one["violations"] for one in made] == [0, 0]
        with transaction(demo.engine, scope=WHOLE_SITE) as session:
            twice = session.scalar(
                text(
                    """SELECT count(*) FROM plan_stop a JOIN plan_stop b ON ST_DWithin(a.geom, b.geom, 1e-7)
                       WHERE a.plan_id = :one AND b.plan_id = :other AND a.crossed
                             AND b.crossed AND NOT a.why @? '$[*].duty'"""
                ),
                {"one": made[0]["plan"], "other": made[1]["plan"]},
            )
        assert twice == 0
    finally:
        answer(run("rule", zone, "--within", "shift", "--separation-min", before["separation_s"] // 60))
    refused = run("rule", zone, "--visits", 9)
    assert refused.exit_code == 2
    assert "visits is 9" in refused.output
