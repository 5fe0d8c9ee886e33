"""What a plan that goes on changes: worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from patrols.changes import GONE, MOVED, NEW, changed_visits

SIX = datetime(2026, 11, 21, 18, tzinfo=UTC)


def plan(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(team, stop, SIX + timedelta(minutes=minutes)) for team, stop, minutes in rows],
        columns=["team", "stop_id", "start_at"],
    )


def told(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str, str, bool]]:
    found = changed_visits(before, after)
    return list(zip(found["team"], found["stop_id"], found["what"], found["told"], strict=True))


def test_a_plan_changes_nothing_of_itself() -> None:
    one = plan(("a", "p", 0), ("b", "p", 40))
    assert told(one, one) == []
    assert told(plan(), plan()) == []


def test_a_stop_that_another_team_takes_over_goes_here_and_comes_there() -> None:
    assert told(plan(("a", "p", 0), ("b", "q", 0)), plan(("b", "q", 0), ("b", "p", 20))) == [
        ("a", "p", GONE, True),
        ("b", "p", NEW, True),
    ]


def test_a_team_is_told_of_five_minutes_and_not_of_four() -> None:
    assert told(plan(("a", "p", 0), ("a", "q", 30)), plan(("a", "p", 4), ("a", "q", 25))) == [
        ("a", "p", MOVED, False),
        ("a", "q", MOVED, True),
    ]


def test_of_two_visits_of_a_team_to_a_stop_the_second_goes() -> None:
    found = changed_visits(plan(("a", "p", 0), ("a", "p", 60)), plan(("a", "p", 0)))
    assert found["what"].tolist() == [GONE]
    assert found["before"].tolist() == [pd.Timestamp(SIX + timedelta(minutes=60))]
    assert found["after"].isna().all()
