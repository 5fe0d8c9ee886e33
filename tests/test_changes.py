"""What a plan that goes on changes: worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from patrols.changes import GONE, MOVED, NEW, changed_visits
from web.pages.plans.changed import to_come

SIX = datetime(2026, 11, 21, 18, tzinfo=UTC)


def plan(*rows: tuple[str, str | None, float]) -> pd.DataFrame:
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


def test_a_visit_that_is_brought_forward_to_the_very_moment_is_not_told_as_gone():
    """Its team stands at the stop, and begins at once; what had begun then is in neither."""
    now = SIX + timedelta(minutes=60)
    was = plan(("a", "p", 60), ("a", "q", 90), ("a", None, 120))
    becomes = plan(("a", "q", 60), ("a", None, 100))
    found = changed_visits(*to_come(was, becomes, now))
    assert found[["stop_id", "what"]].to_numpy().tolist() == [["q", MOVED]]
