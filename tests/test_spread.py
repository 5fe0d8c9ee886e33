"""How much a plan differs from those of the nights before, worked by hand and as laws."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrols.spread import DAY_S, GUESS_S, Spread, spread


def night(*visits):
    """(place, team, time) rows; places are 100 m apart."""
    return pd.DataFrame(
        [
            {"x": 100.0 * place, "y": 5.0, "team": team, "at_s": hours * 3600 + minutes * 60}
            for place, team, (hours, minutes) in visits
        ],
        columns=["x", "y", "team", "at_s"],
    )


MINE = night((1, "A", (18, 0)), (1, "B", (19, 0)), (2, "A", (20, 0)), (3, "B", (21, 0)))


def test_worked_by_hand():
    """Last night: stop 1 at 18:20 by B, stop 2 at 20:05 by C, and a stop that is none tonight.

    Tonight's visits there are 20, 40 and 5 minutes off: the median is 20. B comes to stop 1 again, nobody
    does to stop 2. Of four visits one lies within ten minutes of last night's; the night before had stop 3
    at 20:51, which makes it two.
    """
    last = night((1, "B", (18, 20)), (2, "C", (20, 5)), (9, "A", (18, 0)))
    before = night((3, "A", (20, 51)))
    found = spread(MINE, [last, before])
    assert found == Spread(2, 3, 2, 20 * 60.0, 0.5, 0.5)
    assert spread(MINE, [last]).guessed == 0.25


def test_the_same_plan_again_is_guessed_wholly():
    assert spread(MINE, [MINE]) == Spread(1, 3, 3, 0.0, 1.0, 1.0)


def test_without_a_night_or_a_visit_nothing_is_claimed():
    assert spread(MINE, []) == Spread(0, 3, 0, None, None, None)
    assert spread(MINE.iloc[:0], [MINE]) == Spread(1, 0, 0, None, None, None)
    elsewhere = spread(MINE, [night((9, "A", (18, 0)))])
    assert elsewhere == Spread(1, 3, 0, None, None, 0.0)
    assert spread(MINE, [MINE.iloc[:0]]) == Spread(1, 3, 0, None, None, 0.0)


def test_ten_minutes_are_still_a_guess_and_a_second_more_is_none():
    one = night((1, "A", (18, 0)))
    for apart, guessed in ((GUESS_S, 1.0), (GUESS_S + 1, 0.0)):
        assert spread(one, [one.assign(at_s=one["at_s"] + apart)]).guessed == guessed


def test_times_are_compared_over_midnight():
    late, early = night((1, "A", (23, 58))), night((1, "A", (0, 3)))
    assert spread(late, [early]).shift_s == 300.0 == spread(early, [late]).shift_s


def test_a_stop_is_the_same_where_it_stands_whatever_its_number():
    """Half a metre is the same junction, two metres are another stop."""
    one = night((1, "A", (18, 0)))
    assert spread(one, [one.assign(x=one["x"] + 0.5)]).same_stops == 1
    assert spread(one, [one.assign(x=one["x"] + 2.0)]).same_stops == 0


def test_a_time_outside_the_day_is_refused():
    with pytest.raises(ValueError, match="within a day"):
        spread(MINE.assign(at_s=MINE["at_s"] + DAY_S), [])
    with pytest.raises(ValueError, match="within a day"):
        spread(MINE, [MINE.assign(at_s=-1)])


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("ABC"), st.tuples(st.integers(0, 23), st.integers(0, 59))),
    max_size=8,
)


@given(mine=ROWS, nights=st.lists(ROWS, max_size=3), more=ROWS)
def test_another_night_never_makes_the_next_visit_harder_to_guess(mine, nights, more):
    """And the order of the rows plays no part."""
    plan, before = night(*mine), [night(*rows) for rows in nights]
    found = spread(plan, before)
    wider = spread(plan, [*before, night(*more)])
    if found.guessed is not None:
        assert wider.guessed is not None and wider.guessed >= found.guessed
        assert 0 <= found.guessed <= 1
    assert spread(plan.iloc[::-1], [one.iloc[::-1] for one in before]) == found
    assert found.same_stops <= found.stops
