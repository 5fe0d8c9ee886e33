"""A camera whose record changed: what it was heard of before still counts, its pose does not."""

from __future__ import annotations

from datetime import UTC
from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from cameras.availability import availability
from cameras.causes import OUTAGE, USABLE
from cameras.frames import FrameBatch
from cameras.validity import heard_beyond, recorded

S, MIN, HOUR = 1000, 60_000, 3_600_000
ALWAYS = (-(10**15), 10**15)
# A gateway's frame counts for 150 s, that of a round for 15 h.
SOURCES = pd.DataFrame(
    {"code": ["gw", "round"], "kind": ["gateway", "inspection"], "expected_interval_s": [60.0, 21_600.0]},
    index=pd.Index([0, 1], name="source"),
)
DAY = (0, 12 * HOUR)


def records(*rows: tuple[int, str, int, int]) -> pd.DataFrame:
    """CAMERAS of (id, code, from, until)."""
    ids, codes, starts, ends = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "code": codes,
            "azimuth_deg": np.nan,
            "azimuth_quality": "unknown",
            "from_ms": starts,
            "until_ms": ends,
        },
        index=pd.Index(ids, name="camera_id"),
    )


def states(frames: FrameBatch, cameras: pd.DataFrame, code: str = "a") -> list[tuple[int, int, int, str]]:
    """(start, end, state, reason) of a camera through all of its records, alike neighbours joined."""
    expected = pd.DataFrame({"camera": cameras.index, "source": 0})
    found = recorded(availability(cameras, frames, SOURCES, DAY, zone=UTC, expected=expected).segments)
    found = found[found["camera"].isin(cameras.index[cameras["code"] == code])].sort_values("start_ms")
    told: list[tuple[int, int, int, str]] = []
    for row in found.itertuples():
        now = (int(row.start_ms), int(row.end_ms), int(row.state), str(row.reason))
        if told and told[-1][1] == now[0] and told[-1][2:] == now[2:]:
            now = (told.pop()[0], *now[1:])
        told.append(now)
    return told


def of_record(times: np.ndarray, border: int, source: int = 0) -> FrameBatch:
    """Frames of camera a: those before the border are of record 1, the others of record 2."""
    return FrameBatch.of(np.where(times < border, 1, 2), times, source=source, azimuth_deg=90.0)


WITNESS_AT = np.arange(-HOUR, 13 * HOUR, MIN)
WITNESS = FrameBatch.of(np.full(len(WITNESS_AT), 3), WITNESS_AT)
ONE = records((1, "a", *ALWAYS), (3, "b", *ALWAYS))


def two(border: int) -> pd.DataFrame:
    return records((1, "a", ALWAYS[0], border), (2, "a", border, ALWAYS[1]), (3, "b", *ALWAYS))


def test_a_camera_that_never_missed_a_beat_is_never_lost() -> None:
    """Seven seconds after a frame its record changes; the next frame comes 53 s later."""
    border = 2 * HOUR + 7 * S
    heard = FrameBatch.concatenate([of_record(np.arange(-HOUR, 13 * HOUR, MIN), border), WITNESS])
    broken = states(heard, two(border))
    assert OUTAGE in {state for _, _, state, _ in broken}, "without what came before it seems lost"
    whole = states(heard_beyond(heard, two(border)), two(border))
    assert whole == [(0, 12 * HOUR, USABLE, "")]


def test_the_picture_of_a_round_counts_over_the_border() -> None:
    """A picture each six hours; the record changes at 2:07."""
    border = 2 * HOUR + 7 * MIN
    heard = of_record(np.array([0, 6 * HOUR, 12 * HOUR]), border, source=1)
    assert states(heard_beyond(heard, two(border)), two(border)) == [(0, 12 * HOUR, USABLE, "")]


def test_the_measured_pose_of_before_says_nothing_of_the_record_after() -> None:
    border = 2 * HOUR + 7 * S
    heard = of_record(np.arange(-HOUR, border, MIN), border)
    found = heard_beyond(heard, two(border))
    later = found.take(found.camera == 2)
    assert len(later) == 10 and np.isnan(later.azimuth_deg).all()


@example(list(range(60)), [1], 1.0)
@given(
    st.lists(st.integers(0, 240), min_size=1, max_size=60, unique=True),
    st.lists(st.integers(1, 12 * 3600 - 1), min_size=1, max_size=3, unique=True),
    st.sampled_from([0.0, 1.0]),
)
def test_states_are_those_of_a_camera_whose_record_did_not_change(
    at: list[int], borders_s: list[int], similarity: float
) -> None:
    """Wherever the borders lie: outages begin and end, and pictures freeze, at the same instants."""
    times = np.sort(np.array(at)) * 3 * MIN
    borders = np.sort(np.array(borders_s)) * S
    whole = FrameBatch.of(np.ones(len(times)), times, similarity=similarity)
    expected = states(FrameBatch.concatenate([whole, WITNESS]), ONE)
    ids = 10 + np.arange(len(borders) + 1)
    holding = ids[np.searchsorted(borders, times, side="right")]
    cut = FrameBatch.of(holding, times, similarity=similarity, azimuth_deg=90.0)
    bounds = [ALWAYS[0], *borders.tolist(), ALWAYS[1]]
    known = records(
        *((int(i), "a", *held) for i, held in zip(ids, pairwise(bounds), strict=True)), (3, "b", *ALWAYS)
    )
    assert states(heard_beyond(FrameBatch.concatenate([cut, WITNESS]), known), known) == expected
