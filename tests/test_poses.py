"""Poses of cameras from records, presets and frames."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.optics import AssumedOptics
from cameras.poses import Poses, PoseTolerances, camera_poses
from cameras.schedule import nominal_schedule

NAN = float("nan")
HELSINKI = ZoneInfo("Europe/Helsinki")
MINUTE = 60_000
HOUR = 60 * MINUTE
SOURCES = pd.DataFrame(
    {"code": ["gw"], "kind": ["gateway"], "expected_interval_s": [60.0]}, index=pd.Index([0], name="source")
)


def record(**fields: object) -> pd.DataFrame:
    """One camera, id 1, of which nothing is known but what is given."""
    row: dict[str, object] = {
        "azimuth_deg": NAN,
        "azimuth_quality": "unknown",
        "tilt_deg": NAN,
        "hfov_deg": NAN,
        "vfov_deg": NAN,
        "width_px": NAN,
        "height_px": NAN,
        "mount_height_m": NAN,
        "ptz": False,
    }
    return pd.DataFrame([{**row, **fields}], index=pd.Index([1], name="camera_id"))


def frames_at(minutes: list[int], **columns: object) -> FrameBatch:
    return FrameBatch.of([1] * len(minutes), np.array(minutes) * MINUTE, **columns)  # type: ignore[arg-type]


def found(cameras: pd.DataFrame, frames: FrameBatch, presets: pd.DataFrame | None = None) -> Poses:
    return camera_poses(cameras, frames, SOURCES, (0, 24 * HOUR), presets=presets)


def test_a_camera_of_which_nothing_is_known_is_a_circle_with_assumed_optics() -> None:
    """1920 px, 90°, 15° and 3.5 m are DESIGN's; 58.7° is 2·atan(tan 45° · 9/16)."""
    poses = found(record(), FrameBatch.of([], []))
    assert poses.table.index.tolist() == [0]
    row = poses.table.loc[0]
    assert (row["camera"], row["origin"], row["azimuth_tolerance_deg"]) == (1, "assumed", 180.0)
    assert np.isnan(row["azimuth_deg"])
    assert (row["width_px"], row["hfov_deg"], row["tilt_deg"], row["mount_height_m"]) == (1920, 90, 15, 3.5)
    assert row["vfov_deg"] == pytest.approx(58.7155, abs=1e-4)
    assert set(row["assumed"].split(",")) == {
        "width_px",
        "hfov_deg",
        "vfov_deg",
        "tilt_deg",
        "mount_height_m",
    }
    assert (row["certain"], row["nominal"]) == (False, True)


def test_a_compass_point_is_coarse_and_never_certain() -> None:
    poses = found(
        record(azimuth_deg=45.0, azimuth_quality="coarse", hfov_deg=60.0, width_px=2560.0), frames_at([0])
    )
    row = poses.table.loc[0]
    assert (row["origin"], row["azimuth_deg"], row["azimuth_tolerance_deg"]) == ("record", 45.0, 22.5)
    assert not row["certain"] and row["nominal"]
    assert poses.of_frame.tolist() == [0]


def test_a_measured_record_with_optics_is_certain_and_one_without_is_not() -> None:
    full = found(
        record(azimuth_deg=45.0, azimuth_quality="measured", hfov_deg=60.0, width_px=2560.0),
        FrameBatch.of([], []),
    )
    assert full.table["certain"].tolist() == [True]
    bare = found(record(azimuth_deg=45.0, azimuth_quality="measured"), FrameBatch.of([], []))
    assert bare.table["certain"].tolist() == [False]
    assert bare.table["azimuth_tolerance_deg"].tolist() == [0.0]


def test_frames_within_three_degrees_are_one_pose_and_the_circle_closes_at_north() -> None:
    """359° and 2° are 3° apart; 3° is 4° from 359° and begins a new row."""
    poses = found(
        record(), frames_at([0, 1, 2], azimuth_deg=[359.0, 2.0, 3.0], hfov_deg=60.0, width_px=1920.0)
    )
    assert poses.of_frame.tolist() == [1, 1, 2]
    assert poses.table["azimuth_deg"].tolist()[1:] == [359.0, 3.0]
    assert poses.table["origin"].tolist() == ["assumed", "frame", "frame"]
    assert poses.table["certain"].tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("field", "values", "rows"),
    [
        ("tilt_deg", [10.0, 13.0, 13.5], [1, 1, 2]),
        ("hfov_deg", [60.0, 63.0, 64.0], [1, 1, 2]),
        ("width_px", [1920.0, 1920.0, 2560.0], [1, 1, 2]),
        ("tilt_deg", [10.0, NAN, 10.0], [1, 1, 1]),
        ("hfov_deg", [NAN, 60.0, 90.0], [1, 1, 2]),
    ],
)
def test_tilt_field_of_view_and_width_part_poses_but_a_missing_value_does_not(
    field: str, values: list[float], rows: list[int]
) -> None:
    columns: dict[str, object] = {"azimuth_deg": 100.0, field: values}
    assert found(record(), frames_at([0, 1, 2], **columns)).of_frame.tolist() == rows


def test_a_row_takes_over_what_a_later_frame_measures() -> None:
    """The first frame knows its direction only; the second also its optics: one pose, and certain."""
    poses = found(
        record(),
        frames_at([0, 1], azimuth_deg=100.0, hfov_deg=[NAN, 60.0], width_px=[NAN, 2560.0]),
    )
    assert poses.of_frame.tolist() == [1, 1]
    assert poses.table.loc[1, ["hfov_deg", "width_px"]].tolist() == [60.0, 2560.0]
    assert poses.table.loc[1, "certain"]


def test_a_record_direction_with_optics_from_frames_is_one_pose_and_nothing_moved() -> None:
    cameras = record(azimuth_deg=120.0, azimuth_quality="measured")
    poses = found(cameras, frames_at([0, 1], azimuth_deg=[121.0, 119.0], hfov_deg=60.0, width_px=1920.0))
    assert poses.of_frame.tolist() == [0, 0]
    assert poses.table["origin"].tolist() == ["record"]
    assert poses.table["azimuth_deg"].tolist() == [120.0]
    assert poses.table["hfov_deg"].tolist() == [60.0]
    assert poses.table["certain"].tolist() == [True]


def test_optics_missing_in_the_frame_come_from_the_record_before_they_are_assumed() -> None:
    poses = found(record(hfov_deg=45.0, mount_height_m=6.0), frames_at([0], azimuth_deg=10.0))
    row = poses.table.loc[1]
    assert (row["hfov_deg"], row["width_px"], row["mount_height_m"]) == (45.0, 1920.0, 6.0)
    assert set(row["assumed"].split(",")) == {"width_px", "vfov_deg", "tilt_deg"}
    assert not row["certain"]


def test_a_frame_that_measures_only_its_picture_changes_the_record_s_optics_but_not_its_direction() -> None:
    """The record says north-east and 1920 px, the decoded frame is 3840 px wide: a variant, still coarse."""
    cameras = record(azimuth_deg=45.0, azimuth_quality="coarse", width_px=1920.0)
    poses = found(cameras, frames_at([0, 1], width_px=[3840.0, 1920.0]))
    assert poses.of_frame.tolist() == [1, 0]
    row = poses.table.loc[1]
    assert (row["origin"], row["azimuth_deg"], row["azimuth_tolerance_deg"]) == ("record", 45.0, 22.5)
    assert row["width_px"] == 3840.0 and not row["certain"]


def test_the_usual_pose_is_the_one_held_longest_not_the_one_most_often_told() -> None:
    """At 100° from minute 0 to 10 in ten frames; at 200° for ten frames of one second, then at 300°."""
    early = [i * MINUTE for i in range(10)]
    late = [10 * MINUTE + i * 1000 for i in range(12)]
    frames = FrameBatch.of(
        [1] * 22, early + late, azimuth_deg=[100.0] * 10 + [200.0] * 12, hfov_deg=60.0, width_px=1920.0
    )
    poses = found(record(), frames)
    assert poses.table.loc[poses.table["nominal"], "azimuth_deg"].tolist() == [100.0]


def test_the_usual_pose_is_judged_within_the_period() -> None:
    frames = frames_at(list(range(30)), azimuth_deg=[100.0] * 20 + [200.0] * 10, hfov_deg=60.0, width_px=1e3)
    late = camera_poses(record(), frames, SOURCES, (15 * MINUTE, 60 * MINUTE))
    assert late.table.loc[late.table["nominal"], "azimuth_deg"].tolist() == [200.0]


def test_a_measured_record_stays_nominal_although_the_camera_looks_elsewhere_all_day() -> None:
    cameras = record(azimuth_deg=0.0, azimuth_quality="measured", hfov_deg=60.0, width_px=1920.0)
    poses = found(cameras, frames_at(list(range(60)), azimuth_deg=90.0))
    assert poses.table["nominal"].tolist() == [True, False]
    assert set(poses.of_frame) == {1}


def presets(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["name", "azimuth_deg", "from_s", "until_s"])
    return frame.assign(camera=1, tilt_deg=NAN, hfov_deg=40.0, vfov_deg=NAN, width_px=1920.0)


def test_frames_at_a_preset_belong_to_the_preset() -> None:
    table = presets(("day", 90.0, 8 * 3600, 20 * 3600), ("home", 180.0, NAN, NAN))
    poses = found(
        record(ptz=True), frames_at([0, 1, 2], azimuth_deg=[91.0, 178.0, 270.0], hfov_deg=40.0), table
    )
    assert poses.table["origin"].tolist() == ["preset", "preset", "assumed", "frame"]
    assert poses.of_frame.tolist() == [0, 1, 3]
    assert poses.table["nominal"].tolist() == [True, True, False, False]
    assert poses.table["from_s"].tolist()[0] == 28_800.0
    assert poses.table["certain"].tolist() == [True, True, False, False]


def test_a_preset_fits_frames_without_field_of_view_although_the_record_has_another() -> None:
    """The record's 90° is the wide end of the zoom; the preset looks at 40°; the frame tells only azimuth."""
    table = presets(("home", 180.0, NAN, NAN))
    poses = found(record(hfov_deg=90.0), frames_at([0], azimuth_deg=180.0), table)
    assert poses.of_frame.tolist() == [0]
    assert poses.table.loc[0, "hfov_deg"] == 40.0


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (presets(("day", NAN, 0.0, 10.0)), "preset 'day' has no azimuth"),
        (presets(("day", 1.0, 0.0, NAN)), "give both ends"),
        (presets(("day", 1.0, 5.0, 5.0)), "is no part of a day"),
        (presets(("day", 1.0, 0.0, 90_000.0)), "is no part of a day"),
        (presets(("day", 1.0, 0.0, 10.0)).assign(camera=9), "preset of camera 9, which is not among"),
    ],
)
def test_presets_that_make_no_sense_are_refused(table: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        found(record(), FrameBatch.of([], []), table)


def test_what_the_caller_got_wrong_is_told() -> None:
    with pytest.raises(ValueError, match=r"call in_order\(\) first"):
        found(record(), FrameBatch.of([1, 1], [5, 4]))
    with pytest.raises(ValueError, match="frames name camera 7"):
        found(record(), FrameBatch.of([7], [0]))
    with pytest.raises(ValueError, match="frames name source 3"):
        found(record(), FrameBatch.of([1], [0], source=3))
    with pytest.raises(ValueError, match="camera 1 stands twice"):
        found(pd.concat([record(), record()]), FrameBatch.of([], []))
    with pytest.raises(ValueError, match="azimuth_deg -1 is outside"):
        PoseTolerances(azimuth_deg=-1)


def test_assumed_optics_are_a_setting() -> None:
    poses = camera_poses(
        record(), FrameBatch.of([], []), SOURCES, (0, HOUR), assumed=AssumedOptics(width_px=3840, hfov_deg=60)
    )
    assert poses.table.loc[0, ["width_px", "hfov_deg"]].tolist() == [3840, 60]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2]),
            st.integers(0, 1000),
            st.one_of(st.just(NAN), st.floats(0, 359.9)),
            st.one_of(st.just(NAN), st.floats(10, 90)),
            st.sampled_from([0, 0, 0, 1]),
        ),
        max_size=40,
        unique_by=lambda row: row[:2],
    )
)
def test_every_frame_lies_within_the_tolerances_of_its_pose(
    rows: list[tuple[int, int, float, float, int]],
) -> None:
    """Laws: one nominal row a camera; the row of a frame is its own camera's and fits it."""
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 5
    frames = FrameBatch.of(
        list(columns[0]),
        list(columns[1]),
        azimuth_deg=list(columns[2]),
        tilt_deg=list(columns[3]),
        event=list(columns[4]),
    ).in_order()
    cameras = pd.concat([record(), record(azimuth_deg=10.0, azimuth_quality="measured", tilt_deg=20.0)])
    cameras.index = pd.Index([1, 2])
    poses = found(cameras, frames)
    table = poses.table
    assert table.index.tolist() == list(range(len(table)))
    assert table["camera"].is_monotonic_increasing
    assert table.groupby("camera")["nominal"].sum().tolist() == [1, 1]
    for i, row in enumerate(poses.of_frame):
        if frames.event[i] == 1:
            assert row == -1
            continue
        pose = table.loc[row]
        assert pose["camera"] == frames.camera[i]
        if np.isnan(frames.azimuth_deg[i]):
            assert pose["origin"] != "frame"
        else:
            turn = abs((frames.azimuth_deg[i] - pose["azimuth_deg"] + 180) % 360 - 180)
            assert turn <= 3.0 + 1e-9
        if not np.isnan(frames.tilt_deg[i]):
            assert abs(frames.tilt_deg[i] - pose["tilt_deg"]) <= 3.0 + 1e-9


def test_windows_follow_the_wall_clock_through_a_clock_change() -> None:
    """Helsinki, 2026-03-29: 03:00 becomes 04:00, so 01:00–06:00 lasts four hours. Home before and after."""
    table = presets(("night", 90.0, 3600, 6 * 3600), ("home", 180.0, NAN, NAN))
    poses = found(record(), FrameBatch.of([], []), table)
    day = [datetime(2026, 3, d, tzinfo=HELSINKI) for d in (29, 30)]
    period = (epoch_ms(day[0]), epoch_ms(day[1]))
    schedule = nominal_schedule(poses.table, period, HELSINKI)
    hours = (schedule["start_ms"] - period[0]) / HOUR
    assert hours.tolist() == [0.0, 1.0, 5.0]
    assert schedule["pose"].tolist() == [1, 0, 1]
    assert (period[1] - period[0]) / HOUR == 23


def test_a_window_over_midnight_and_an_overlap() -> None:
    """Night 22:00–06:00 runs over midnight; evening 20:00–23:00 stands after it, so night wins from 22:00."""
    table = presets(
        ("night", 90.0, 22 * 3600, 6 * 3600),
        ("evening", 180.0, 20 * 3600, 23 * 3600),
        ("home", 0.0, NAN, NAN),
    )
    poses = found(record(), FrameBatch.of([], []), table)
    zone = ZoneInfo("Asia/Shanghai")
    start = epoch_ms(datetime(2026, 5, 1, tzinfo=zone))
    schedule = nominal_schedule(poses.table, (start, start + 24 * HOUR), zone)
    assert ((schedule["start_ms"] - start) / HOUR).tolist() == [0.0, 6.0, 20.0, 22.0]
    assert schedule["pose"].tolist() == [0, 2, 1, 0]
