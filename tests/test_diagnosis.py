"""Diagnosis of frames from their measures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.diagnosis import REASONS, Thresholds, clock_findings, diagnose, is_clock_wrong
from cameras.frames import FrameBatch
from cameras.frames.columns import NO_TIME
from web.maps.words import REASONS as WORDS

# A picture in good order; each test spoils one measure or two.
GOOD = {
    "luma": 100.0,
    "contrast": 50.0,
    "sharpness": 70.0,
    "similarity": 0.7,
    "noise": 2.0,
    "cast": 5.0,
    "shift": 0.0,
}


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
        ({"noise": 6.0, "cast": 30.0, "shift": 0.05}, ""),
        ({"noise": 6.1}, "noisy"),
        ({"cast": 30.1}, "tinted"),
        ({"shift": 0.051}, "shifted"),
        ({"noise": 40.0, "cast": 60.0, "shift": 0.5}, "shifted"),
        ({"noise": 40.0, "cast": 60.0}, "noisy"),
        ({"noise": 40.0, "cast": 60.0, "shift": 0.5, "sharpness": 10.0}, "blurred"),
        ({"contrast": 10.0, "sharpness": 10.0}, "blocked"),
        ({"contrast": 10.0, "sharpness": 10.0, "luma": 10.0}, "dark"),
        ({"contrast": 10.0, "sharpness": 10.0, "luma": 240.0}, "blocked"),
        ({"contrast": 10.0, "luma": 240.0}, "bright"),
        ({"luma": np.nan, "contrast": np.nan, "sharpness": np.nan, "similarity": np.nan}, ""),
        ({"luma": 5.0, "event": 1}, ""),
    ],
)
def test_each_reason_begins_exactly_at_its_threshold(measures: dict[str, float], word: str) -> None:
    """The first figures are those of DOMAIN §5; a loss event carries no picture and no diagnosis."""
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


def test_codes_of_reasons_are_those_of_before() -> None:
    """Stored results name reasons, and readers of older ones know them by these words and places."""
    before = ["dark", "bright", "flat", "blurred", "blocked", "frozen", "lost", "silent", "source_silent"]
    assert list(REASONS[: len(before) + 1]) == ["", *before]


def test_every_reason_has_words_on_pages_and_nothing_else_has() -> None:
    assert set(WORDS) == set(REASONS) - {""}


def measured(name: str, values: list[float], **columns: object) -> list[str]:
    n = len(values)
    given = {**GOOD, name: values, **columns}
    return reasons(FrameBatch.of([1] * n, np.arange(n), **given))  # type: ignore[arg-type]


def test_a_state_ends_only_when_the_measure_is_better_by_the_margin() -> None:
    """Worked by hand: a tenth of the way to the nearer end of the scale; 30 + 3, 220 - 3.5, 0.95 - 0.005."""
    assert measured("luma", [31, 29, 31, 32.9, 33, 31]) == ["", "dark", "dark", "dark", "", ""]
    assert measured("luma", [219, 221, 217, 216.5, 219]) == ["", "bright", "bright", "", ""]
    assert measured("sharpness", [52, 49, 54.9, 55, 52]) == ["", "blurred", "blurred", "", ""]
    assert measured("contrast", [26, 24, 27.4, 27.5]) == ["", "flat", "flat", ""]
    assert measured("noise", [5.9, 7, 5.45, 5.4]) == ["", "noisy", "noisy", ""]
    assert measured("cast", [28, 31, 27.1, 27]) == ["", "tinted", "tinted", ""]
    assert measured("shift", [0.048, 0.06, 0.046, 0.045]) == ["", "shifted", "shifted", ""]
    alike = [0.948, *[0.96] * 10, 0.948, 0.944, *[0.96] * 5, 0.948]
    assert measured("similarity", alike) == ["", *["frozen"] * 11, *[""] * 7]


def test_a_lost_signal_or_a_missing_measure_ends_a_state() -> None:
    """What the picture was like in between, nobody knows."""
    nan = float("nan")
    assert measured("luma", [29, 31, nan, 31]) == ["dark", "dark", "", ""]
    assert measured("luma", [29, 31, 31, 31], event=[0, 0, 1, 0]) == ["dark", "dark", "", ""]


def test_states_are_those_of_a_camera_and_a_source() -> None:
    """The stream saw the dark; the inspection, and the next camera, were never in it."""
    frames = FrameBatch.of(
        [1] * 6 + [2] * 2,
        [0, 1, 2, 3, 4, 5, 0, 1],
        **{**GOOD, "luma": [29, 31, 31, 31, 31, 40, 31, 31], "source": [7, 9, 7, 9, 7, 7, 7, 9]},  # type: ignore[dict-item]
    )
    assert reasons(frames) == ["dark", "", "dark", "", "dark", "", "", ""]
    # Ids of sources that lie far apart are numbered anew, with the same result.
    apart = np.where(frames.source == 9, 2_000_000_000, -2_000_000_000)
    assert reasons(FrameBatch(**{**frames.columns(), "source": apart.astype(np.int32)})) == reasons(frames)


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


# On both sides of each threshold and of its margin, and missing.
NEAR = {
    "luma": [10.0, 29.0, 30.0, 31.5, 34.0, 100.0, 215.0, 218.0, 221.0, np.nan],
    "contrast": [10.0, 24.0, 26.0, 50.0, np.nan],
    "sharpness": [10.0, 49.0, 52.0, 70.0, np.nan],
    "similarity": [0.5, 0.948, 0.99, 0.99, 0.99],
    "noise": [2.0, 5.7, 12.0, np.nan],
    "cast": [2.0, 28.0, 40.0],
    "shift": [0.0, 0.048, 0.1],
    "event": [0, 0, 0, 0, 0, 1],
    "camera": [1, 2],
    "source": [0, 3],
}
ROWS = st.lists(st.fixed_dictionaries({name: st.sampled_from(v) for name, v in NEAR.items()}), max_size=40)


def batch_of(rows: list[dict[str, float]]) -> FrameBatch:
    columns = {name: [row[name] for row in rows] for name in NEAR}
    return FrameBatch.of(columns.pop("camera"), np.arange(len(rows)), **columns).in_order()


@settings(max_examples=150)
@given(ROWS, st.integers(1, 5))
def test_without_a_margin_diagnosis_is_the_definition_frame_by_frame(
    rows: list[dict[str, float]], at_least: int
) -> None:
    rows = [{**row, "camera": 1, "source": 0, "noise": 0.0, "cast": 0.0, "shift": 0.0} for row in rows]
    frames = batch_of(rows)
    limits = Thresholds(frozen_frames=at_least, margin_share=0.0)
    assert reasons(frames, limits) == naive_reasons(frames, at_least)


@settings(max_examples=150)
@given(ROWS, st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0]), st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0]))
def test_a_larger_margin_never_changes_a_state_more_often(
    rows: list[dict[str, float]], one: float, other: float
) -> None:
    """In each series, usable or not; and whoever was called something with the smaller margin still is."""
    frames = batch_of(rows)
    low, high = sorted([one, other])
    narrow, wide = (
        diagnose(frames, Thresholds(margin_share=margin, frozen_frames=3))[0] for margin in (low, high)
    )
    assert not (narrow & ~wide).any()
    for camera in (1, 2):
        for source in (0, 3):
            series = (frames.camera == camera) & (frames.source == source)
            changes = [np.count_nonzero(np.diff(found[series])) for found in (narrow, wide)]
            assert changes[1] <= changes[0]


@settings(max_examples=100)
@given(ROWS, st.sampled_from([0.0, 0.1, 0.7]), st.integers(1, 4))
def test_a_series_is_judged_as_if_it_were_alone(
    rows: list[dict[str, float]], margin: float, at_least: int
) -> None:
    """Frames of other cameras and sources, however interleaved, change nothing."""
    frames = batch_of(rows)
    limits = Thresholds(margin_share=margin, frozen_frames=at_least)
    together = diagnose(frames, limits)[1]
    for camera in (1, 2):
        for source in (0, 3):
            series = (frames.camera == camera) & (frames.source == source)
            np.testing.assert_array_equal(together[series], diagnose(frames.take(series), limits)[1])


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
        ({"noisy_noise": -1}, "outside"),
        ({"tinted_cast": 256}, "outside"),
        ({"shifted_shift": 1.1}, "outside"),
        ({"margin_share": 1.1}, r"margin_share 1.1 is outside \[0, 1\]"),
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


def test_a_clock_near_the_threshold_does_not_flicker() -> None:
    """Wrong from 61 s on until it is off by 54 s or less, by each source; 58 s alone is right."""
    offsets = [58, 61, 58, -55, 54, 58, 61]
    other = [58] * len(offsets)
    times = np.arange(len(offsets)) * 60_000
    frames = FrameBatch.of(
        [1] * 14,
        np.concatenate([times, times]),
        source=[1] * 7 + [2] * 7,
        osd_ms=np.concatenate([times, times]) + 1000 * np.array(offsets + other),
    )
    found = clock_findings(frames)
    assert found[["frames", "start_ms", "end_ms"]].to_numpy().tolist() == [[4, 60_000, 360_001]]
    assert found["share"].tolist() == [4 / 14]
    was, told = False, []
    for offset in offsets:
        was = is_clock_wrong(offset, was, Thresholds())
        told.append(was)
    assert told == [False, True, True, True, False, False, True]
    plain = Thresholds(margin_share=0.0)
    assert clock_findings(frames, plain)["frames"].tolist() == [2]


def test_frames_without_on_screen_times_give_no_finding() -> None:
    found = clock_findings(FrameBatch.of([1, 2], [0, 0]))
    assert len(found) == 0
    assert list(found.columns) == ["camera", "offset_s", "start_ms", "end_ms", "frames", "share", "constant"]
