"""Evidence: what frames, their sources and their silence say about each camera at each instant."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.availability import availability, period_ms, rates
from cameras.causes import DEGRADED, NOT_MEASURED, OUTAGE, USABLE
from cameras.diagnosis import Thresholds
from cameras.frames import FrameBatch
from cameras.segments import SEGMENT_COLUMNS

NAN = float("nan")
S = 1000
MIN = 60 * S
HOUR = 60 * MIN

# Two gateways, a stream and an inspection round. A gateway's frame counts for 150 s, a stream's for 2.5 s,
# a round's for 15 h.
SOURCES = pd.DataFrame(
    {
        "code": ["gw-a", "gw-b", "stream", "round"],
        "kind": ["gateway", "gateway", "stream", "inspection"],
        "expected_interval_s": [60.0, 60.0, 1.0, 21_600.0],
    },
    index=pd.Index([0, 1, 2, 3], name="source"),
)
Row = tuple[int, int, str, str]


def cameras(*ids: int, **columns: object) -> pd.DataFrame:
    fields: dict[str, object] = {"azimuth_deg": NAN, "azimuth_quality": "unknown", **columns}
    return pd.DataFrame(fields, index=pd.Index(ids, name="camera_id"))


def told(
    frames: FrameBatch, period: tuple[int, int], ids: tuple[int, ...] = (1, 2), **options: object
) -> list[Row]:
    """Segments as (camera, start, end, "state reason")."""
    found = availability(
        options.pop("records", cameras(*ids)),  # type: ignore[arg-type]
        frames,
        SOURCES,
        period,
        zone=UTC,
        **options,  # type: ignore[arg-type]
    ).segments
    words = {USABLE: "usable", DEGRADED: "degraded", OUTAGE: "outage", NOT_MEASURED: "not measured"}
    return [
        (row.camera, row.start_ms, row.end_ms, f"{words[row.state]} {row.reason}".strip())  # type: ignore[misc]
        for row in found.itertuples()
    ]


def ticks(
    camera: int, first: int, last: int, step: int = MIN, source: int = 0, **columns: object
) -> FrameBatch:
    """Frames of one camera from `first` to `last`, both included."""
    times = np.arange(first, last + 1, step)
    return FrameBatch.of([camera] * len(times), times, source=source, **columns)  # type: ignore[arg-type]


def together(*parts: FrameBatch) -> FrameBatch:
    return FrameBatch.concatenate(parts)


def test_a_silent_camera_is_lost_150_seconds_after_its_last_frame_while_the_gateway_speaks() -> None:
    """Camera 1 speaks each minute up to 10:00 and from 10:20:07 on; camera 2 all the time."""
    ten = 10 * HOUR
    frames = together(
        ticks(1, ten - HOUR, ten),
        ticks(1, ten + 20 * MIN + 7 * S, ten + HOUR),
        ticks(2, ten - HOUR, ten + HOUR),
    )
    assert told(frames, (ten - 30 * MIN, ten + 30 * MIN)) == [
        (1, ten - 30 * MIN, ten + 150 * S, "usable"),
        (1, ten + 150 * S, ten + 20 * MIN + 7 * S, "outage silent"),
        (1, ten + 20 * MIN + 7 * S, ten + 30 * MIN, "usable"),
        (2, ten - 30 * MIN, ten + 30 * MIN, "usable"),
    ]


def test_a_gateway_that_falls_silent_makes_no_outage_of_any_camera() -> None:
    """Camera 1 reports at second 0 of a minute, camera 2 at second 40; nobody from 10:00:40 to 11:00.

    Camera 1's last frame ends at 10:02:30, forty seconds before camera 2's, and it is heard again forty
    seconds before it: that tells nothing about either of them.
    """
    ten = 10 * HOUR
    frames = together(
        ticks(1, ten - HOUR, ten),
        ticks(2, ten - HOUR + 40 * S, ten + 40 * S),
        ticks(1, ten + HOUR, ten + 2 * HOUR),
        ticks(2, ten + HOUR + 40 * S, ten + 2 * HOUR),
    )
    assert told(frames, (ten, ten + 90 * MIN)) == [
        (1, ten, ten + 150 * S, "usable"),
        (1, ten + 150 * S, ten + HOUR, "not measured source_silent"),
        (1, ten + HOUR, ten + 90 * MIN, "usable"),
        (2, ten, ten + 190 * S, "usable"),
        (2, ten + 190 * S, ten + HOUR + 40 * S, "not measured source_silent"),
        (2, ten + HOUR + 40 * S, ten + 90 * MIN, "usable"),
    ]


def test_a_silence_is_partly_outage_and_partly_not_measured_when_the_gateway_stops_inside_it() -> None:
    """Camera 1 stops at 0:10; the gateway, told by camera 2, stops at 0:30 and speaks again from 1:00 on.

    From 1:02:30 on camera 1 could have been heard again, was not, and is an outage.
    """
    frames = together(ticks(1, 0, 10 * MIN), ticks(2, 0, 30 * MIN), ticks(2, HOUR, 2 * HOUR))
    assert told(frames, (0, 2 * HOUR))[:4] == [
        (1, 0, 12 * MIN + 30 * S, "usable"),
        (1, 12 * MIN + 30 * S, 30 * MIN, "outage silent"),
        (1, 30 * MIN, 62 * MIN + 30 * S, "not measured source_silent"),
        (1, 62 * MIN + 30 * S, 2 * HOUR, "outage silent"),
    ]


def test_the_drawn_example_of_the_documentation_is_what_comes_out() -> None:
    """docs/frames.md draws that scene with one letter for 150 s."""
    page = (Path(__file__).parent.parent / "docs" / "frames.md").read_text(encoding="utf8")
    drawn = {line[:11].strip(): line[13:] for line in page.splitlines() if line.startswith("camera ")}
    frames = together(ticks(1, 0, 10 * MIN), ticks(2, 0, 30 * MIN), ticks(2, HOUR, 2 * HOUR))
    found = availability(cameras(1, 2), frames, SOURCES, (0, 2 * HOUR), zone=UTC).segments
    letters = {USABLE: "U", OUTAGE: "-", NOT_MEASURED: "?"}
    for camera in (1, 2):
        own = found[found["camera"] == camera]
        line = "".join(
            letters[row.state] * ((row.end_ms - row.start_ms) // (150 * S))  # type: ignore[operator]
            for row in own.itertuples()
        )
        assert drawn[f"camera {camera} is"] == line


def test_the_last_seconds_of_the_day_are_not_taken_from_an_outage() -> None:
    """The gateway's last frame of the day is at 59:00 and nothing says that it stopped."""
    frames = together(ticks(1, 0, 10 * MIN), ticks(2, 0, 59 * MIN))
    assert told(frames, (0, HOUR))[1] == (1, 12 * MIN + 30 * S, HOUR, "outage silent")


def test_another_gateway_s_life_says_nothing_about_a_camera() -> None:
    frames = together(ticks(1, 0, 10 * MIN, source=0), ticks(2, 0, HOUR, source=1))
    assert told(frames, (0, HOUR))[1] == (1, 12 * MIN + 30 * S, HOUR, "not measured source_silent")


def test_a_loss_event_ends_a_frame_at_once_and_lasts_until_the_next() -> None:
    """Camera 1, alone on its source, is lost at 0:10:20, not heard of for an hour, and back at 1:15."""
    frames = together(
        ticks(1, 0, 10 * MIN),
        FrameBatch.of([1], [10 * MIN + 20 * S], event=1),
        ticks(1, 75 * MIN, 80 * MIN),
    )
    assert told(frames, (0, 80 * MIN), (1,)) == [
        (1, 0, 10 * MIN + 20 * S, "usable"),
        (1, 10 * MIN + 20 * S, 75 * MIN, "outage lost"),
        (1, 75 * MIN, 80 * MIN, "usable"),
    ]


def test_a_loss_event_after_the_frame_expired_counts_from_itself() -> None:
    """Between 0:02:30, when the only frame ends, and the event at 0:05 nobody knows."""
    frames = together(ticks(1, 0, 0), FrameBatch.of([1], [5 * MIN], event=1))
    assert told(frames, (0, 10 * MIN), (1,)) == [
        (1, 0, 150 * S, "usable"),
        (1, 150 * S, 5 * MIN, "not measured source_silent"),
        (1, 5 * MIN, 10 * MIN, "outage lost"),
    ]


def test_a_camera_that_no_source_knows_was_not_measured() -> None:
    assert told(ticks(2, 0, HOUR), (0, HOUR)) == [(1, 0, HOUR, "not measured"), (2, 0, HOUR, "usable")]
    assert told(FrameBatch.of([], []), (0, HOUR)) == [
        (1, 0, HOUR, "not measured"),
        (2, 0, HOUR, "not measured"),
    ]


def test_an_expected_camera_that_is_silent_all_day_is_an_outage_when_its_source_lives() -> None:
    expected = pd.DataFrame({"camera": [1], "source": [0]})
    frames = ticks(2, -10 * MIN, HOUR)
    assert told(frames, (0, HOUR), expected=expected)[0] == (1, 0, HOUR, "outage silent")
    assert told(frames, (0, HOUR), expected=expected.assign(source=1))[0] == (
        1,
        0,
        HOUR,
        "not measured source_silent",
    )


def test_frames_before_the_period_count_and_those_after_it_do_not_show() -> None:
    """A frame 100 s before midnight vouches for 50 s of the day."""
    frames = together(ticks(1, -100 * S, -100 * S), ticks(2, -HOUR, HOUR))
    assert told(frames, (0, 10 * MIN))[:2] == [
        (1, 0, 50 * S, "usable"),
        (1, 50 * S, 10 * MIN, "outage silent"),
    ]


def test_a_stream_counts_above_a_gateway_and_the_gateway_takes_over_when_the_decoder_stops() -> None:
    """The stream sees darkness until second 10, its last frame ends at 12.5 s; the heartbeats say fine."""
    frames = together(
        ticks(1, 0, 10 * S, S, source=2, luma=10.0),
        ticks(2, 0, 10 * S, S, source=2),
        ticks(1, 5 * S, 65 * S, MIN, source=0),
    )
    assert told(frames, (0, MIN), (1,), records=cameras(1, 2))[:2] == [
        (1, 0, 12_500, "degraded dark"),
        (1, 12_500, 60_000, "usable"),
    ]


def test_a_decoder_that_misses_one_camera_counts_above_an_older_heartbeat_of_it() -> None:
    """As before, but the decoder goes on with camera 2: the picture is lost until a later heartbeat."""
    frames = together(
        ticks(1, 0, 10 * S, S, source=2, luma=10.0),
        ticks(2, 0, 2 * MIN, S, source=2),
        ticks(1, 5 * S, 65 * S, MIN, source=0),
    )
    assert told(frames, (0, 2 * MIN))[:3] == [
        (1, 0, 12_500, "degraded dark"),
        (1, 12_500, 65_000, "outage silent"),
        (1, 65_000, 120_000, "usable"),
    ]


def test_a_gateway_s_loss_event_ends_older_pictures_of_worse_sources_but_not_of_better_ones() -> None:
    """Lost at 0:10 by the gateway: the round's picture of 0:05 is out of date, a stream's is not."""
    event = FrameBatch.of([1], [10 * MIN], event=1)
    by_round = together(FrameBatch.of([1], [5 * MIN], source=3), event)
    assert told(by_round, (5 * MIN, HOUR), (1,)) == [
        (1, 5 * MIN, 10 * MIN, "usable"),
        (1, 10 * MIN, HOUR, "outage lost"),
    ]
    by_stream = together(ticks(1, 5 * MIN, HOUR, S, source=2), event)
    assert told(by_stream, (5 * MIN, HOUR), (1,)) == [(1, 5 * MIN, HOUR, "usable")]


def test_a_round_of_the_morning_does_not_vouch_for_a_camera_lost_at_noon() -> None:
    """The round's picture of 6:00 counts until 21:00, but the gateway saw the camera since and misses it.

    The picture of 15:00 is newer than the gateway's last word, and shows that the camera works.
    """
    noon = 12 * HOUR
    frames = together(
        FrameBatch.of([1], [6 * HOUR], source=3),
        ticks(1, 7 * HOUR, noon),
        ticks(2, -HOUR, 24 * HOUR),
        FrameBatch.of([1], [15 * HOUR], source=3),
    )
    assert told(frames, (0, 24 * HOUR))[:4] == [
        (1, 0, 6 * HOUR, "outage silent"),
        (1, 6 * HOUR, noon + 150 * S, "usable"),
        (1, noon + 150 * S, 15 * HOUR, "outage silent"),
        (1, 15 * HOUR, 24 * HOUR, "usable"),
    ]


def test_a_round_counts_for_fifteen_hours() -> None:
    frames = FrameBatch.of([1], [0], source=3)
    assert told(frames, (0, 24 * HOUR), (1,)) == [
        (1, 0, 15 * HOUR, "usable"),
        (1, 15 * HOUR, 24 * HOUR, "not measured source_silent"),
    ]


def test_equal_neighbours_are_one_segment_and_a_changed_reason_begins_another() -> None:
    luma = [100.0] * 5 + [20.0] * 5 + [240.0] * 5
    frames = ticks(1, 0, 14 * MIN, luma=luma)
    assert told(frames, (0, 15 * MIN), (1,)) == [
        (1, 0, 5 * MIN, "usable"),
        (1, 5 * MIN, 10 * MIN, "degraded dark"),
        (1, 10 * MIN, 15 * MIN, "degraded bright"),
    ]


def test_a_turned_camera_is_moved_from_the_first_frame_that_shows_it() -> None:
    frames = ticks(1, 0, 59 * MIN, azimuth_deg=[100.0] * 40 + [220.0] * 20, hfov_deg=60.0, width_px=1920.0)
    found = availability(cameras(1), frames, SOURCES, (0, HOUR), zone=UTC)
    rows = found.segments[["start_ms", "end_ms", "state", "moved"]].values.tolist()
    assert rows == [[0, 40 * MIN, USABLE, False], [40 * MIN, HOUR, USABLE, True]]
    azimuths = found.poses["azimuth_deg"]
    assert azimuths[found.segments["pose"]].tolist() == [100.0, 220.0]
    assert azimuths[found.segments["nominal"]].tolist() == [100.0, 100.0]


def test_a_frame_that_measures_no_direction_does_not_say_that_the_camera_moved() -> None:
    frames = ticks(1, 0, 59 * MIN, azimuth_deg=[100.0] * 40 + [NAN] * 20)
    found = availability(cameras(1), frames, SOURCES, (0, HOUR), zone=UTC).segments
    assert found["moved"].tolist() == [False, False]


def test_a_ptz_on_its_schedule_or_at_another_of_its_presets_is_not_moved_but_elsewhere_it_is() -> None:
    """Day preset 90° from 6:00 to 18:00 UTC, home 180°. It lags by a minute, then looks at 300°."""
    presets = pd.DataFrame(
        {
            "camera": 1,
            "name": ["day", "home"],
            "azimuth_deg": [90.0, 180.0],
            "tilt_deg": NAN,
            "hfov_deg": 60.0,
            "vfov_deg": NAN,
            "width_px": 1920.0,
            "from_s": [6 * 3600.0, NAN],
            "until_s": [18 * 3600.0, NAN],
        }
    )
    start = 6 * HOUR - 10 * MIN
    azimuth = [180.0] * 11 + [90.0] * 10 + [300.0] * 9
    frames = ticks(1, start, start + 29 * MIN, azimuth_deg=azimuth, hfov_deg=60.0)
    found = availability(
        cameras(1, ptz=True), frames, SOURCES, (start, start + 30 * MIN), zone=UTC, presets=presets
    )
    rows = found.segments[["start_ms", "pose", "nominal", "moved"]].values.tolist()
    assert rows == [
        [start, 1, 1, False],
        [6 * HOUR, 1, 0, False],
        [6 * HOUR + MIN, 0, 0, False],
        [6 * HOUR + 11 * MIN, 3, 0, True],
    ]


def test_rates_by_hand() -> None:
    """Camera 1: 30 min fine, 12.5 min dark, 7.5 min lost, 10 min fine again. Camera 3 is never heard of."""
    luma = [100.0] * 30 + [20.0] * 11
    frames = together(
        ticks(1, 0, 40 * MIN, luma=luma), ticks(1, 50 * MIN, HOUR, luma=100.0), ticks(2, 0, HOUR, luma=100.0)
    )
    found = availability(cameras(1, 2, 3), frames, SOURCES, (0, HOUR), zone=UTC)
    shares = rates(found.segments)
    assert shares.loc[
        1, ["period_ms", "usable_ms", "degraded_ms", "outage_ms", "not_measured_ms"]
    ].tolist() == [
        HOUR,
        40 * MIN,
        12.5 * MIN,
        7.5 * MIN,
        0,
    ]
    assert shares.loc[1, "online_share"] == 52.5 / 60
    assert shares.loc[1, "integrity_share"] == 40 / 52.5
    assert shares["measured_share"].tolist() == [1.0, 1.0, 0.0]
    assert shares["online_share"].tolist() == [0.875, 1.0, 0.0]
    assert np.isnan(shares.loc[3, "integrity_share"])


def test_clock_errors_are_told_beside_the_segments_and_do_not_degrade() -> None:
    times = np.arange(0, HOUR, MIN)
    frames = FrameBatch.of([1] * 60, times, osd_ms=times + 440_000)
    found = availability(cameras(1), frames, SOURCES, (0, HOUR), zone=UTC)
    assert found.clocks[["camera", "offset_s"]].values.tolist() == [[1, 440.0]]
    assert found.segments["state"].tolist() == [USABLE]
    assert list(found.segments.columns) == list(SEGMENT_COLUMNS)


def test_what_the_caller_got_wrong_is_told() -> None:
    frame = FrameBatch.of([1], [0])
    with pytest.raises(ValueError, match="is empty"):
        told(frame, (5, 5))
    with pytest.raises(ValueError, match="expected names camera 9"):
        told(frame, (0, 5), expected=pd.DataFrame({"camera": [9], "source": [0]}))
    with pytest.raises(ValueError, match="source 8, which is not among"):
        told(frame, (0, 5), expected=pd.DataFrame({"camera": [1], "source": [8]}))
    with pytest.raises(ValueError, match="kind 'rumour' is none of"):
        availability(cameras(1), frame, SOURCES.assign(kind="rumour"), (0, 5), zone=UTC)
    with pytest.raises(ValueError, match="is not above 0"):
        availability(cameras(1), frame, SOURCES.assign(expected_interval_s=0.0), (0, 5), zone=UTC)


BEATS = pd.DataFrame(
    {
        "code": ["gw", "round", "device"],
        "kind": ["gateway", "inspection", "heartbeat"],
        "expected_interval_s": [60.0, 21_600.0, 60.0],
    },
    index=pd.Index([0, 3, 4], name="source"),
)


def heard(frames: FrameBatch, period: tuple[int, int]) -> list[tuple[int, int, str]]:
    """What is known of camera 1, whose device keeps alive as source 4: (start, end, reason)."""
    found = availability(cameras(1, 2), frames, BEATS, period, zone=UTC).segments
    own = found[found["camera"] == 1]
    return [(row.start_ms, row.end_ms, f"{row.state} {row.reason}") for row in own.itertuples()]  # type: ignore[misc]


def test_a_heartbeat_says_that_a_camera_lives_and_nothing_of_its_picture() -> None:
    """It neither covers nor is lost; given up after three misses of 60 s, while other devices keep alive."""
    beats = together(ticks(1, 0, 10 * MIN, source=4), ticks(2, 0, 30 * MIN, source=4))
    assert heard(beats, (0, 30 * MIN)) == [
        (0, 13 * MIN, f"{NOT_MEASURED} alive"),
        (13 * MIN, 30 * MIN, f"{OUTAGE} silent"),
    ]


def test_a_heartbeat_lets_a_picture_of_a_round_count_until_it_is_lost() -> None:
    """Inspected at 1:00, good for 15 h; the device falls silent at 2:00, and is given up at 2:03."""
    picture = ticks(1, HOUR, HOUR, source=3)
    beats = together(ticks(1, 0, 2 * HOUR, source=4), ticks(2, 0, 4 * HOUR, source=4))
    assert heard(together(picture, beats), (0, 4 * HOUR)) == [
        (0, HOUR, f"{NOT_MEASURED} alive"),
        (HOUR, 2 * HOUR + 3 * MIN, f"{USABLE} "),
        (2 * HOUR + 3 * MIN, 4 * HOUR, f"{OUTAGE} silent"),
    ]


def test_a_heartbeat_ends_no_loss_of_the_picture() -> None:
    """The gateway lost the picture at 10:00; the device lives on."""
    pictures = together(ticks(1, 0, 9 * MIN), FrameBatch.of([1], [10 * MIN], source=0, event=1))
    beats = ticks(1, 0, 30 * MIN, source=4)
    assert heard(together(pictures, beats), (0, 30 * MIN)) == [
        (0, 10 * MIN, f"{USABLE} "),
        (10 * MIN, 30 * MIN, f"{OUTAGE} lost"),
    ]


def test_a_heartbeat_outlives_no_gateway_that_misses_the_picture() -> None:
    """The gateway hears camera 2 on, and of camera 1 nothing after 10:00, whose device lives on."""
    pictures = together(ticks(1, 0, 10 * MIN), ticks(2, 0, 30 * MIN))
    beats = ticks(1, 0, 30 * MIN, source=4)
    assert heard(together(pictures, beats), (0, 30 * MIN)) == [
        (0, 12 * MIN + 30 * S, f"{USABLE} "),
        (12 * MIN + 30 * S, 30 * MIN, f"{OUTAGE} silent"),
    ]


def test_a_period_is_half_open_in_milliseconds_and_needs_a_zone() -> None:
    start = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Helsinki"))
    end = datetime(2026, 3, 30, tzinfo=ZoneInfo("Europe/Helsinki"))
    low, high = period_ms(start, end)
    assert high - low == 23 * HOUR
    with pytest.raises(ValueError, match="is empty"):
        period_ms(end, start)
    with pytest.raises(ValueError, match="has no zone"):
        period_ms(datetime(2026, 1, 1), end)


# Laws, on small scenes: times in whole 10 s, a period of ten minutes that begins five minutes in.
PERIOD = (300 * S, 900 * S)
STEP = 10 * S
scene = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(0, 4),
        st.integers(0, 100).map(lambda k: k * STEP),
        st.sampled_from([0, 0, 0, 0, 1]),
        st.sampled_from([100.0, 10.0]),
    ),
    max_size=25,
    unique_by=lambda row: row[:3],
)
Scene = list[tuple[int, int, int, int, float]]
# Short intervals, so that silences happen within ten minutes: frames count for 50, 100, 30 and 150 s, and
# heartbeats, the last source, for three intervals of 20 s.
HEARTBEAT = 4
SHORT = pd.concat(
    [
        SOURCES.assign(expected_interval_s=[20.0, 40.0, 12.0, 60.0]),
        pd.DataFrame(
            {"code": ["device"], "kind": ["heartbeat"], "expected_interval_s": [20.0]}, index=[HEARTBEAT]
        ),
    ]
)
PATIENCE = [50 * S, 100 * S, 30 * S, 150 * S, 60 * S]
RANK = [2, 2, 4, 0, 1]
EXPECTED = pd.DataFrame({"camera": [1], "source": [0]})


def frames_of(rows: Scene, shift: int = 0) -> FrameBatch:
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 5
    return FrameBatch.of(
        list(columns[0]),
        [time + shift for time in columns[2]],
        source=list(columns[1]),
        event=list(columns[3]),
        luma=list(columns[4]),
    )


def segments_of(rows: Scene, shift: int = 0) -> pd.DataFrame:
    period = (PERIOD[0] + shift, PERIOD[1] + shift)
    return availability(
        cameras(1, 2, 3), frames_of(rows, shift), SHORT, period, zone=UTC, expected=EXPECTED
    ).segments


def is_witness(rows: Scene, source: int, instant: int) -> bool:
    """Whether the source spoke without a pause for its patience before the instant, and again after it."""
    heard = sorted({time for _, other, time, _, _ in rows if other == source})
    pauses = [low for low, high in pairwise(heard) if high - low > PATIENCE[source]]
    before = [time for time in heard if time <= instant]
    if not before:
        return False
    begins = min(time for time in before if not any(time <= low < before[-1] for low in pauses))
    goes_on = before[-1] not in pauses and (
        before[-1] < heard[-1] or heard[-1] + PATIENCE[source] >= PERIOD[1]
    )
    return begins + PATIENCE[source] <= instant and goes_on


def state_at(rows: Scene, camera: int, instant: int) -> tuple[int, str]:
    """The definition, asked for one camera and one instant: no order, no sweep, nothing carried along."""
    own = [row for row in rows if row[0] == camera and row[2] <= instant]
    names = {row[1] for row in rows if row[0] == camera} | ({0} if camera == 1 else set())
    seen = {s: max((row[2] for row in own if row[1] == s and row[3] == 0), default=-1) for s in names}
    gone = {s: max((row[2] for row in own if row[1] == s and row[3] == 1), default=-1) for s in names}
    valid = {s for s in names if seen[s] > gone[s] and instant < seen[s] + PATIENCE[s]}
    missing = {s for s in names - valid if is_witness(rows, s, instant)}
    current = [
        s
        for s in valid - {HEARTBEAT}
        if not any(
            RANK[o] >= RANK[s]
            and ((o in missing and seen[o] > seen[s]) or (gone[o] > seen[o] and gone[o] > seen[s]))
            for o in names
        )
    ]
    if current:
        best = max(current, key=lambda s: (RANK[s], seen[s], s))
        luma = next(row[4] for row in own if row[1] == best and row[2] == seen[best])
        return (DEGRADED, "dark") if luma < 30 else (USABLE, "")
    pictures = names - {HEARTBEAT}
    if names and max(gone.values()) > max(seen.values()):
        return OUTAGE, "lost"
    if pictures and max(gone[s] for s in pictures) > max(seen[s] for s in pictures):
        return OUTAGE, "lost"
    if HEARTBEAT in valid:
        above = any(RANK[s] > RANK[HEARTBEAT] for s in missing)
        return (OUTAGE, "silent") if above else (NOT_MEASURED, "alive")
    if missing:
        return OUTAGE, "silent"
    return NOT_MEASURED, "source_silent" if names else ""


@settings(max_examples=50, deadline=None)
@given(scene)
def test_every_instant_agrees_with_the_definition(rows: Scene) -> None:
    """All edges lie on whole 10 s, so asking each 10 s asks every instant."""
    found = segments_of(rows)
    for camera in (1, 2, 3):
        own = found[found["camera"] == camera]
        instants = np.arange(PERIOD[0], PERIOD[1], STEP)
        at = np.searchsorted(own["start_ms"].to_numpy(), instants, side="right") - 1
        told_there = list(
            zip(own["state"].to_numpy()[at].tolist(), own["reason"].astype(str).to_numpy()[at], strict=True)
        )
        assert told_there == [state_at(rows, camera, instant) for instant in instants.tolist()]


@settings(max_examples=20, deadline=None)
@given(scene, st.randoms(use_true_random=False), st.integers(-5, 5).map(lambda k: k * 7_777_777))
def test_segments_tile_the_period_and_late_frames_and_shifted_clocks_change_nothing(
    rows: Scene, random: object, shift: int
) -> None:
    found = segments_of(rows)
    for camera in (1, 2, 3):
        own = found[found["camera"] == camera]
        edges = [*own["start_ms"], PERIOD[1]]
        assert edges[0] == PERIOD[0]
        assert own["end_ms"].tolist() == edges[1:]
        assert (own["end_ms"] > own["start_ms"]).all()
        # Neighbours differ, or they would be one segment.
        facts = own[["state", "reason", "pose", "nominal"]].astype(str).agg("|".join, axis=1).tolist()
        assert all(one != other for one, other in pairwise(facts))
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(segments_of(mixed), found)
    moved = segments_of(rows, shift)
    moved[["start_ms", "end_ms"]] -= shift
    pd.testing.assert_frame_equal(moved, found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 20), st.integers(0, 59))
def test_a_longer_silence_of_a_camera_never_has_less_outage(
    first: int, length: int, longer: int, second: int
) -> None:
    """Camera 1 misses its frames of some minutes, and then of some more, while camera 2 speaks on."""

    def lost_ms(missing: int) -> int:
        all_day = np.arange(-10, 180) * MIN + second * S
        kept = all_day[(all_day < first * MIN) | (all_day >= (first + missing) * MIN)]
        frames = together(FrameBatch.of([1] * len(kept), kept), ticks(2, -10 * MIN, 180 * MIN))
        found = availability(cameras(1, 2), frames, SOURCES, (0, 3 * HOUR), zone=UTC).segments
        lost = found[(found["camera"] == 1) & (found["state"] == OUTAGE)]
        return int((lost["end_ms"] - lost["start_ms"]).sum())

    assert lost_ms(length + longer) >= lost_ms(length)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 59), min_size=2, max_size=6),
    st.integers(10, 60),
    st.integers(5, 60),
)
def test_a_source_that_goes_silent_never_makes_an_outage(
    seconds: list[int], stops_min: int, silent_min: int
) -> None:
    """Each camera reports at its own second of the minute; then nobody does for a while; then all again."""
    parts = []
    for camera, second in enumerate(seconds, start=1):
        times = np.arange(-10, 180) * MIN + second * S
        quiet = (times >= stops_min * MIN) & (times < (stops_min + silent_min) * MIN)
        parts.append(FrameBatch.of([camera] * int((~quiet).sum()), times[~quiet]))
    ids = range(1, len(seconds) + 1)
    found = availability(cameras(*ids), together(*parts), SOURCES, (0, 3 * HOUR), zone=UTC).segments
    assert set(found["state"]) <= {USABLE, NOT_MEASURED}
    assert (found.groupby("camera")["state"].apply(lambda states: NOT_MEASURED in set(states))).all()


def test_a_shorter_patience_is_a_setting() -> None:
    frames = together(ticks(1, 0, 0), ticks(2, -HOUR, HOUR))
    limits = Thresholds(lost_intervals=1.5)
    assert told(frames, (0, HOUR), thresholds=limits)[0] == (1, 0, 90 * S, "usable")


def test_a_day_across_the_clock_change_is_tiled_in_real_time() -> None:
    zone = ZoneInfo("Europe/Helsinki")
    start = datetime(2025, 10, 26, tzinfo=zone)
    period = period_ms(start, datetime(2025, 10, 27, tzinfo=zone))
    assert period[1] - period[0] == 25 * HOUR
    frames = ticks(1, period[0], period[1])
    found = availability(cameras(1), frames, SOURCES, period, zone=zone).segments
    assert found[["start_ms", "end_ms"]].values.tolist() == [list(period)]
    assert timedelta(milliseconds=period[1] - period[0]) == timedelta(hours=25)
