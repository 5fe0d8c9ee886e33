"""Which check-in belongs to which planned visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from patrols.adherence import planned_and_done

SIX = datetime(2026, 11, 22, 10, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return SIX + timedelta(minutes=minutes)


def planned(*rows: tuple[int, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(team, stop, at(start)) for team, stop, start in rows], columns=["team_id", "stop_id", "start_at"]
    )


def done(*rows: tuple[int, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(team, stop, at(when)) for team, stop, when in rows], columns=["team_id", "stop_id", "arrived_at"]
    ).set_axis(range(100, 100 + len(rows)))


def test_a_check_in_belongs_to_the_same_team_at_the_same_stop() -> None:
    """Team 1 came 4 minutes late to a, not to b; team 2 was at a, where it was not sent."""
    whose, late = planned_and_done(
        planned((1, "a", 0), (1, "b", 30)), done((2, "a", 0), (1, "a", 4), (2, "b", 30))
    )
    assert whose.tolist() == [101, pd.NA] and late.tolist() == [240, pd.NA]


def test_of_two_visits_the_nearer_in_time_is_taken() -> None:
    """Sent at 0 and at 60 minutes; came at 50 alone: that was the second visit, ten minutes early."""
    whose, late = planned_and_done(planned((1, "a", 0), (1, "a", 60)), done((1, "a", 50)))
    assert whose.tolist() == [pd.NA, 100] and late.tolist() == [pd.NA, -600]


def test_one_visit_and_two_check_ins_leave_one_over() -> None:
    """The nearer one is the visit."""
    whose, late = planned_and_done(planned((1, "a", 0)), done((1, "a", 90), (1, "a", -2)))
    assert whose.tolist() == [101] and late.tolist() == [-120]


def test_of_nothing_nothing_is_told() -> None:
    """No visit, no check-in, neither."""
    for visits, ins in ((planned(), done((1, "a", 0))), (planned((1, "a", 0)), done()), (planned(), done())):
        whose, late = planned_and_done(visits, ins)
        assert whose.isna().all() and late.isna().all() and len(whose) == len(late) == len(visits)


@given(
    st.lists(st.integers(0, 240), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 240), min_size=1, max_size=4, unique=True),
)
def test_pairs_are_the_least_apart_in_sum(begins: list[int], arrivals: list[int]) -> None:
    """Against all ways to pair them."""
    _, late = planned_and_done(
        planned(*((1, "a", one) for one in begins)), done(*((1, "a", one) for one in arrivals))
    )
    short, long = sorted((begins, arrivals), key=len)
    least = min(
        sum(abs(a - b) for a, b in zip(short, chosen, strict=True))
        for chosen in permutations(long, len(short))
    )
    assert late.dropna().abs().sum() == 60 * least and late.notna().sum() == len(short)
