"""The watched share by hour, of cameras and with patrols: by hand, by brute force, and as laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrols.watched import watched_by_hour

HOUR = 3600


def pieces(*rows):
    return pd.DataFrame(rows, columns=["gap", "x", "y", "metres"]).astype({"x": float, "y": float})


def windows(*rows):
    return pd.DataFrame(rows, columns=["gap", "start_s", "end_s"])


def stands(*rows):
    return pd.DataFrame(rows, columns=["x", "y", "start_s", "end_s"]).astype({"x": float, "y": float})


def shares(pieces_, windows_, stands_, *, street_m=100.0, hours=2, sight_m=45.0):
    found = watched_by_hour(
        pieces_,
        windows_,
        stands_,
        street_m=street_m,
        edges_s=np.arange(hours + 1) * HOUR,
        sight_m=sight_m,
    )
    return found[["cameras", "together"]].to_numpy().tolist()


def test_worked_by_hand():
    """40 of 100 m are open in the first hour and in half of the second; a team stands there for 15 minutes.

    Cameras: 60 % and 80 %. The team sees 20 of the 40 m for a quarter of the first hour: 5 % more.
    """
    ground = pieces((7, 0, 0, 20.0), (7, 100, 0, 20.0))
    times = windows((7, 0, HOUR + HOUR // 2))
    assert shares(ground, times, stands((10, 0, 900, 1800))) == [
        [pytest.approx(0.60), pytest.approx(0.65)],
        [pytest.approx(0.80), pytest.approx(0.80)],
    ]


def test_ground_that_cameras_watch_is_not_watched_twice():
    """The team stands there before and after the window, and only its time inside counts."""
    ground = pieces((1, 0, 0, 50.0))
    times = windows((1, 1200, 2400))
    assert shares(ground, times, stands((0, 0, 600, 1800)), hours=1) == [
        [pytest.approx(1 - 50 * 1200 / (100 * HOUR)), pytest.approx(1 - 50 * 600 / (100 * HOUR))]
    ]


def test_two_teams_at_once_watch_no_more_than_one():
    ground, times = pieces((1, 0, 0, 50.0)), windows((1, 0, HOUR))
    one = shares(ground, times, stands((0, 0, 0, 1800)), hours=1)
    two = shares(ground, times, stands((0, 0, 0, 1800), (20, 0, 600, 1500), (0, 0, 1200, 1800)), hours=1)
    assert one == two == [[0.5, 0.75]]


def test_a_stand_over_the_hour_counts_in_both():
    ground, times = pieces((1, 0, 0, 100.0)), windows((1, 0, 2 * HOUR))
    assert shares(ground, times, stands((0, 0, HOUR - 360, HOUR + 720))) == [
        [0.0, pytest.approx(0.1)],
        [0.0, pytest.approx(0.2)],
    ]


def test_ground_at_the_edge_of_sight_is_seen_and_beyond_is_not():
    ground, times = pieces((1, 45, 0, 100.0)), windows((1, 0, HOUR))
    assert shares(ground, times, stands((0, 0, 0, HOUR)), hours=1) == [[0.0, 1.0]]
    assert shares(ground, times, stands((0, 0, 0, HOUR)), hours=1, sight_m=44.9) == [[0.0, 0.0]]


def test_the_same_ground_in_two_gaps_at_different_times_counts_once():
    """A piece for each gap; each is open for half an hour."""
    ground = pieces((1, 0, 0, 100.0), (2, 0, 0, 100.0))
    times = windows((1, 0, 1800), (2, 1800, 3600))
    assert shares(ground, times, stands(), hours=1) == [[0.0, 0.0]]
    assert shares(ground, times, stands((0, 0, 900, 2700)), hours=1) == [[0.0, 0.5]]


def test_no_gap_is_all_watched_and_no_team_adds_nothing():
    assert shares(pieces(), windows(), stands((0, 0, 0, 10)), hours=1) == [[1.0, 1.0]]
    assert shares(pieces((1, 0, 0, 10.0)), windows((1, 0, HOUR)), stands(), hours=1) == [[0.9, 0.9]]
    assert shares(pieces((1, 0, 0, 10.0)), windows(), stands(), hours=1) == [[1.0, 1.0]]


def test_what_cannot_be_is_refused():
    ground, times = pieces((1, 0, 0, 200.0)), windows((1, 0, HOUR))
    with pytest.raises(ValueError, match=r"200\.0 m of street are open, of 100\.0 m in all"):
        shares(ground, times, stands(), hours=1)
    with pytest.raises(ValueError, match="street_m is 0"):
        shares(ground, times, stands(), street_m=0)
    with pytest.raises(ValueError, match="two borders"):
        watched_by_hour(ground, times, stands(), street_m=1.0, edges_s=np.array([0]), sight_m=1.0)


SECONDS = st.integers(0, 20)
SPANS = st.tuples(SECONDS, st.integers(1, 8))


@given(
    spots=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=6, unique=True),
    open_=st.dictionaries(st.integers(0, 2), SPANS, max_size=3),
    teams=st.lists(st.tuples(st.integers(0, 4), SPANS), max_size=5),
)
def test_second_by_second_it_is_the_same(spots, open_, teams):
    """Brute force over every second and piece; another team never lowers the share."""
    ground = pieces(*((gap, 10.0 * place, 0.0, 5.0) for gap, place in spots))
    times = windows(*((gap, start, start + length) for gap, (start, length) in open_.items()))
    standing = stands(*((10.0 * place, 0.0, start, start + length) for place, (start, length) in teams))
    edges = np.array([0, 10, 20])
    found = watched_by_hour(ground, times, standing, street_m=200.0, edges_s=edges, sight_m=12.0)
    for row, (start_s, end_s) in enumerate(((0, 10), (10, 20))):
        lost = alone = 0.0
        for second in range(start_s, end_s):
            for piece in ground.itertuples(index=False):
                start, length = open_.get(piece.gap, (0, 0))
                if not start <= second < start + length:
                    continue
                alone += piece.metres
                lost += piece.metres * (
                    not any(
                        abs(10 * place - piece.x) <= 12 and a <= second < a + b for place, (a, b) in teams
                    )
                )
        assert found["cameras"][row] == pytest.approx(1 - alone / 2000)
        assert found["together"][row] == pytest.approx(1 - lost / 2000)
        assert found["together"][row] >= found["cameras"][row] - 1e-12
