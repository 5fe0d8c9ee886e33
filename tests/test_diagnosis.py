"""Diagnosis of frames from their measures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.diagnosis import REASONS, Thresholds, clock_findings, diagnose
from cameras.frames import FrameBatch
from cameras.frames.columns import NO_TIME

# A picture in good order; each test spoils one measure or two.
GOOD = {"luma": 100.0, "contrast": 50.0, "sharpness": 70.0, "similarity": 0.7}


def reasons(frames: FrameBatch, thresholds: Thresholds | None = None) -> list[str]:
    degraded, codes = diagnose(frames, thresholds)
    words = [REASONS[code] for code in codes]
    assert degraded.tolist() == [word != "" for word in words]
    return words


@pytest.mark.parametrize(
    ("measures", "word"),
    [
        ({}, ""),
        ({"luma": 29.9}, "dark"),
        ({"luma": 30.0}, ""),
        ({"luma": 220.0}, ""),
        ({"luma": 220.1}, "bright"),
        ({"contrast": 24.9}, "flat"),
        ({"contrast": 25.0}, ""),
        ({"sharpness": 49.9}, "blurred"),
        ({"sharpness": 50.0}, ""),
        ({"contrast": 10.0, "sharpness": 10.0}, "blocked"),
        ({"contrast": 10.0, "sharpness": 10.0, "luma": 10.0}, "dark"),
        ({"contrast": 10.0, "sharpness": 10.0, "luma": 240.0}, "blocked"),
        ({"contrast": 10.0, "luma": 240.0}, "bright"),
        ({"luma": np.nan, "contrast": np.nan, "sharpness": np.nan, "similarity": np.nan}, ""),
        ({"luma": 5.0, "event": 1}, ""),
    ],
)
def test_each_reason_begins_exactly_at_its_threshold(measures: dict[str, float], word: str) -> None:
    """The figures are those of DOMAIN §5; a loss event carries no picture and no diagnosis."""
    assert reasons(FrameBatch.of([1], [0], **{**GOOD, **measures})) == [word]


def similar(values: list[float], **columns: object) -> FrameBatch:
    n = len(values)
    return FrameBatch.of([1] * n, np.arange(n) * 1000, **{**GOOD, "similarity": values, **columns})  # type: ignore[arg-type]


def test_ten_frames_alike_are_frozen_from_the_first_and_nine_are_not() -> None:
    assert reasons(similar([0.7] + [0.96] * 10 + [0.7])) == [""] + ["frozen"] * 10 + [""]
    assert reasons(similar([0.7] + [0.96] * 9 + [0.7])) == [""] * 11
    assert reasons(similar([0.95] * 20)) == [""] * 20
    assert reasons(similar([0.99] * 12)) == ["frozen"] * 12


def test_a_frame_without_similarity_or_a_lost_signal_ends_the_run() -> None:
    assert reasons(similar([0.99] * 9 + [np.nan] + [0.99] * 9)) == [""] * 19
    assert reasons(similar([0.99] * 19, event=[0] * 9 + [1] + [0] * 9)) == [""] * 19


def test_a_run_does_not_go_on_in_another_camera() -> None:
    """Six frames of one camera and six of the next are all alike: neither is frozen."""
    frames = FrameBatch.of([1] * 6 + [2] * 6, list(range(6)) * 2, **{**GOOD, "similarity": 0.99})
    assert reasons(frames) == [""] * 12


def test_two_sources_of_one_camera_are_two_series_of_pictures() -> None:
    """The stream stands still while the inspection's own pictures, between them, differ."""
    frames = FrameBatch.of(
        [1] * 22,
        np.arange(22),
        **{**GOOD, "source": [0, 1] * 11, "similarity": [0.99, 0.5] * 11},  # type: ignore[dict-item]
    )
    assert reasons(frames) == ["frozen", ""] * 11


def test_a_dark_frozen_picture_is_called_dark() -> None:
    assert reasons(similar([0.99] * 12, luma=[10.0] * 12)) == ["dark"] * 12


def naive_reasons(frames: FrameBatch, at_least: int) -> list[str]:
    """The definition written a second time, frame by frame, for one camera and source."""
    words = []
    n = len(frames)
    alike = [frames.similarity[i] > 0.95 and frames.event[i] == 0 for i in range(n)]
    for i in range(n):
        flat, blurred = frames.contrast[i] < 25, frames.sharpness[i] < 50
        low, high = i, i
        while low > 0 and alike[low - 1]:
            low -= 1
        while high < n - 1 and alike[high + 1]:
            high += 1
        word = ""
        if frames.event[i] == 1:
            word = ""
        elif frames.luma[i] < 30:
            word = "dark"
        elif flat and blurred:
            word = "blocked"
        elif frames.luma[i] > 220:
            word = "bright"
        elif flat:
            word = "flat"
        elif blurred:
            word = "blurred"
        elif alike[i] and high - low + 1 >= at_least:
            word = "frozen"
        words.append(word)
    return words


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([10.0, 100.0, 240.0]),
            st.sampled_from([10.0, 50.0]),
            st.sampled_from([10.0, 70.0]),
            st.sampled_from([0.5, 0.99, 0.99, 0.99]),
            st.sampled_from([0, 0, 0, 0, 0, 1]),
        ),
        max_size=40,
    ),
    st.integers(1, 5),
)
def test_diagnosis_agrees_with_the_definition_frame_by_frame(
    rows: list[tuple[float, float, float, float, int]], at_least: int
) -> None:
    columns = {
        name: [row[place] for row in rows]
        for place, name in enumerate(("luma", "contrast", "sharpness", "similarity", "event"))
    }
    frames = FrameBatch.of([1] * len(rows), np.arange(len(rows)), **columns)
    assert reasons(frames, Thresholds(frozen_frames=at_least)) == naive_reasons(frames, at_least)


def test_frames_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"call in_order\(\) first"):
        diagnose(FrameBatch.of([1, 1], [5, 4]))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dark_luma": -1}, r"dark_luma -1 is outside \[0, 255\]"),
        ({"frozen_similarity": 95}, r"frozen_similarity 95 is outside \[0, 1\]"),
        ({"dark_luma": 200, "bright_luma": 100}, "exchange them"),
        ({"frozen_frames": 0}, "below 1"),
        ({"lost_intervals": 1.0}, "not above 1"),
        ({"lost_intervals": float("nan")}, "not above 1"),
        ({"clock_error_s": float("nan")}, "outside"),
    ],
)
def test_thresholds_check_themselves(values: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Thresholds(**values)  # type: ignore[arg-type]


def test_a_clock_seven_minutes_twenty_ahead_is_found_with_its_period() -> None:
    """Camera 1 is 440 s ahead from its second frame to its fourth; camera 2 is right to the minute."""
    captured = [0, 60_000, 120_000, 180_000, 240_000]
    ahead = [0, 439_000, 440_000, 441_000, 0]
    frames = FrameBatch.of(
        [1] * 5 + [2] * 3 + [3],
        captured * 1 + [0, 60_000, 120_000] + [0],
        osd_ms=[t + a for t, a in zip(captured, ahead, strict=True)] + [60_000, 0, 120_000] + [NO_TIME],
    )
    found = clock_findings(frames)
    assert found.to_dict("records") == [
        {
            "camera": 1,
            "offset_s": 440.0,
            "start_ms": 60_000,
            "end_ms": 180_001,
            "frames": 3,
            "share": 0.6,
            "constant": True,
        }
    ]


def test_a_clock_that_runs_slow_is_not_constant() -> None:
    captured = np.arange(10) * 3_600_000
    frames = FrameBatch.of([5] * 10, captured, osd_ms=captured - 70_000 - np.arange(10) * 2_000)
    found = clock_findings(frames)
    assert found["constant"].tolist() == [False]
    assert found["offset_s"].tolist() == [-79.0]


def test_frames_without_on_screen_times_give_no_finding() -> None:
    found = clock_findings(FrameBatch.of([1, 2], [0, 0]))
    assert len(found) == 0
    assert list(found.columns) == ["camera", "offset_s", "start_ms", "end_ms", "frames", "share", "constant"]
