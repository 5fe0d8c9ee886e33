"""Subtitles of aircraft: dialect by dialect, which number is the longitude, what is refused."""

import gzip
import io
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import damaged
from pyproj import Geod

from cameras.frames import FrameBatch, ReadBatch, ReadOptions, read_frames, srt
from geo.errors import InputRefused

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "drone_srt"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
BEGAN_MS = 1_777_593_600_000
pytestmark = pytest.mark.filterwarnings("error")

BRACKETS = (
    '1\n00:00:00,000 --> 00:00:00,033\n<font size="28">FrameCnt: 1, DiffTime: 33ms\n'
    "2026-05-01 12:00:00.123\n[iso: 200] [fnum: 1.9] [focal_len: 24.00] [latitude: 23.365080] "
    "[longitude: 116.460739] [rel_alt: 5.400 abs_alt: 124.744] "
    "[gb_yaw: -162.8 gb_pitch: -30.5 gb_roll: 0.0] </font>\n\n"
)
MATRICE = (
    "1\n00:00:00,000 --> 00:00:01,000\n2026.05.01 16:06:17\nGPS(36.6146,-6.1120,0.0M) BAROMETER:0.3M\n\n"
)
PRO = (
    "1\n00:00:01,000 --> 00:00:02,000\nHOME(8.0251,47.2532) 2026.5.1 14:11:51\n"
    "GPS(8.0251,47.2533,16) BAROMETER:1.9\nISO:100 Shutter:60 EV: Fnum:2.2\n\n"
)
# A thousandth of a degree of latitude at 34° S is 110.9 m.
RTK = (
    "1\n00:00:01,500 --> 00:00:02,000\nF/5.6, SS 400, ISO 100, EV 0, GPS (-58.850000, -34.236000, 15), "
    "HOME (-58.850000, -34.235000, -57.98m), D 110.90m, H 85.80m, H.S 0.00m/s, V.S 0.00m/s, "
    "F.PRY (2.7°, -7.0°, 110.1°), G.PRY (-24.4°, 0.0°, -110.4°)\n\n"
)
# And 81.25 of them 9,012 m.
FAR = RTK.replace("-34.236000", "-34.316250").replace("D 110.90m", "D 9012.00m")


def options(**changes):
    told = {"cameras": {"uav": 3}, "zone": SHANGHAI, "now": NOW, "source": 7, "camera": 3} | changes
    return ReadOptions(**told)


def read(path, **changes):
    parts = list(read_frames(path, options(**changes)))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(one for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


@pytest.fixture
def of(tmp_path):
    """Reads a text as the subtitles of a flight."""

    def of(text, **changes):
        path = tmp_path / "flight.SRT"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, **changes)

    return of


def only(found):
    assert not found.rejected
    return {
        name: values[0]
        for name, values in found.frames.columns().items()
        if len(values) == 1 and not np.isnan(values[0])
    }


def test_every_named_field_arrives_in_its_column(of):
    """12:00 in Shanghai is 04:00 UTC; a yaw of -162.8° is an azimuth of 197.2°; tilt is pitch downwards."""
    row = only(of(BRACKETS))
    assert row["azimuth_deg"] == pytest.approx(197.2)
    assert row["tilt_deg"] == pytest.approx(30.5)
    del row["azimuth_deg"], row["tilt_deg"]
    assert row == {
        "camera": 3, "source": 7, "captured_ms": BEGAN_MS + 4 * 3_600_000 + 123, "lon": 116.460739,
        "lat": 23.36508, "altitude_m": 124.744, "height_m": 5.4, "osd_ms": -1, "event": 0,
    }  # fmt: skip


def test_a_time_in_utc_is_not_read_in_the_sites_zone(of):
    row = only(of(BRACKETS.replace("2026-05-01 12:00:00.123", "2026-05-01T12:00:00.123Z")))
    assert row["captured_ms"] == BEGAN_MS + 12 * 3_600_000 + 123


def test_a_gimbal_that_overshoots_the_vertical_looks_to_the_other_side(of):
    """Pitched 100° down at a yaw of 350° the axis points to 170°, 80° down."""
    row = only(of(BRACKETS.replace("-162.8 gb_pitch: -30.5", "350.0 gb_pitch: -100.0")))
    assert (row["azimuth_deg"], row["tilt_deg"]) == pytest.approx((170.0, 80.0))
    (one,) = of(BRACKETS.replace("gb_pitch: -30.5", "gb_pitch: -300.5")).rejected
    assert str(one).startswith("block 1: tilt_deg '300.5' is outside [-90, 90]")


@pytest.mark.parametrize(
    ("text", "lonlat"),
    [
        (MATRICE, (-6.112, 36.6146)),
        (PRO, (8.0251, 47.2533)),
        (PRO.replace("8.0251", "149.0251"), (149.0251, 47.2533)),
        (BRACKETS.replace("longitude", "longtitude"), (116.460739, 23.36508)),
        # With a number of another form that is no satellites': the one beyond 90 is the longitude.
        (
            PRO.replace("8.0251,47.253", "39.90621,116.39130").replace(",16)", ",69.8)"),
            (116.391303, 39.90621),
        ),
    ],
)
def test_each_dialect_has_its_order_of_coordinates(of, text, lonlat):
    row = only(of(text))
    assert (row["lon"], row["lat"]) == lonlat


def test_where_only_the_form_tells_the_order_it_is_said(of):
    assert any("nothing else in the file confirms it" in note for note in of(MATRICE).notes)
    assert not of(PRO.replace("8.0251", "149.0251")).notes
    assert any("nothing else in the file confirms it" in note for note in of(RTK, begins=BEGAN).notes)
    assert not of(FAR, begins=BEGAN).notes


def test_an_order_that_nothing_tells_leaves_the_position_out(of):
    found = of(PRO.replace(",16)", ",69.8)"))
    assert "lon" not in only(found)
    assert found.notes == ("1 positions stay empty: which of the two numbers is the longitude is not known",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MATRICE.replace("36.6146,-6.1120", "136.6146,-6.1120"), "a number beyond 90 stands where the latit"),
        (PRO.replace("8.0251,47.253", "8.0251,147.253"), "the other way round than its dialect"),
        (PRO.replace("HOME(8.0251", "HOME(108.0251").replace("GPS(8.0251,47", "GPS(8.0251,97"), "neither"),
        (PRO.replace("GPS(8.0251", "GPS(9.0251"), "lies 76 km from HOME, further than such aircraft fly (50"),
        (PRO.replace("GPS(8.0251", "GPS(208.0251"), "a number is beyond 180"),
        (RTK.replace("D 110.90m", "D 710.90m"), "lies 111 m from HOME and the block tells D 711 m"),
    ],
)
def test_a_position_that_contradicts_the_rest_of_its_block_is_refused(of, text, reason):
    found = of(text, begins=BEGAN)
    (one,) = found.rejected
    assert (one.unit, one.line, one.field, len(found.frames)) == ("block", 1, "GPS", 0)
    assert reason in one.reason


def test_coordinates_turned_round_are_told_by_the_distance_from_home(of):
    """A thousandth of a degree is 110.9 m northwards and, at 34° S, 92.1 m eastwards: 9 km become 7.6."""
    assert len(of(FAR, begins=BEGAN).frames) == 1
    swapped = FAR.replace("-58.850000, -34.316250", "-34.316250, -58.850000").replace(
        "-58.850000, -34.235000", "-34.235000, -58.850000"
    )
    (one,) = of(swapped, begins=BEGAN).rejected
    assert "has longitude and latitude the other way round than its dialect" in one.reason
    metres = [round(Geod(ellps="WGS84").inv(*a, *b)[2]) for a, b in (
        ((-34.31625, -58.85), (-34.235, -58.85)), ((-58.85, -34.31625), (-58.85, -34.235)),
    )]  # fmt: skip
    assert f"lies {metres[0]} m from HOME, turned round {metres[1]} m" in one.reason


def test_without_a_date_the_clock_of_the_subtitles_counts_from_the_beginning(of):
    row = only(of(RTK, begins=BEGAN))
    assert row["captured_ms"] == BEGAN_MS + 1500
    assert (row["azimuth_deg"], row["tilt_deg"]) == pytest.approx((249.6, 24.4))
    assert row["height_m"] == 85.8
    with pytest.raises(InputRefused, match="give the time at which it began with --begins"):
        of(RTK)


def test_a_block_without_a_date_among_dated_ones_is_told(of):
    found = of(BRACKETS + RTK + BRACKETS.replace("12:00:00", "12:00:01"), begins=BEGAN)
    assert [str(one)[:20] for one in found.rejected] == ["block 2: captured_at"]
    assert "tells no date, which other blocks of the file do" in found.rejected[0].reason
    assert len(found.frames) == 2
    assert "--begins is not used where the file tells its own times" in found.notes


@pytest.mark.parametrize("nothing", ["GPS(0.0000,0.0000,0)", "GPS(n/a,n/a,n/a)", ""])
def test_a_position_the_aircraft_does_not_know_is_left_out_and_said(of, nothing):
    found = of(PRO.replace("GPS(8.0251,47.2533,16)", nothing))
    assert {"lon", "lat"}.isdisjoint(only(found))
    assert found.notes == ("1 blocks tell no position, or 0, 0; it stays empty",)


def test_what_cannot_be_used_is_said(of):
    bare = BRACKETS.replace("[rel_alt: 5.400 abs_alt: 124.744]", "[altitude: 117.0]")
    found = of(bare)
    assert {"altitude_m", "height_m", "hfov_deg"}.isdisjoint(only(found))
    assert "1 altitudes stay empty: the file does not tell whether" in found.notes[0]
    assert "fields of view stay empty" in found.notes[1]
    below = of(BRACKETS.replace("5.400", "-0.100"))
    assert "height_m" not in only(below)
    assert "1 heights below the place of take-off stay empty" in below.notes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BRACKETS.replace("116.460739", "116.46x739"), "longitude '116.46x739' is not a number"),
        (BRACKETS.replace("[longitude: 116.460739] ", ""), "is half a position"),
        (BRACKETS.replace("116.460739", "196.460739"), "lon '196.460739' is outside [-180, 180]"),
        (BRACKETS[:150], "has a bracket without its other half; it was cut off"),
        (BRACKETS.replace("[iso: 200]", "[latitude: 24.0]"), "latitude '23.365080' stands twice"),
        (BRACKETS.replace("2026-05-01", "2026-13-01"), "'2026-13-01T12:00:00.123' is not a time"),
        (BRACKETS.replace("2026-05-01", "2027-05-01"), "is more than a day after now"),
        (BRACKETS.replace("2026-05-01", "1970-01-01"), "is before the year 2000"),
        ("7\n00:00:01,000 --> 00:00:02,000\n2026-05-01 12:00:01 Hello there!\n\n", "holds no telemetry"),
        (BRACKETS.strip() + "x" * 20_000, "is longer than 10000 bytes"),
    ],
)
def test_a_bad_block_is_told_by_number_and_leaves_the_others(of, text, told):
    late = BRACKETS.replace("12:00:00", "12:00:01")
    found = of(f"{late}\n\n{text}\n\n{late}")
    assert len(found.rejected) == 1 and len(found.frames) == 2
    assert str(found.rejected[0]).startswith("block 2: ")
    assert told in str(found.rejected[0])


def test_an_hour_that_a_clock_change_repeats_is_refused(of):
    found = of(BRACKETS.replace("2026-05-01 12", "2025-10-26 03"), zone=ZoneInfo("Europe/Helsinki"))
    assert "falls into the clock change of Europe/Helsinki" in found.rejected[0].reason


def test_other_line_ends_encodings_and_missing_blank_lines_change_nothing(of):
    text = RTK + RTK.replace("00:00:01,500", "00:00:02,500")
    plain = of(text, begins=BEGAN)
    assert len(plain.frames) == 2
    for other in (
        ("﻿" + text.replace("\n", "\r\n")).encode(),
        text.encode("latin-1"),
        text.replace("\n\n", "\n").encode(),
        text.replace("\n\n", "\n \n\n\n").encode(),
    ):
        found = of(other, begins=BEGAN)
        assert not found.rejected
        for name, values in plain.frames.columns().items():
            np.testing.assert_array_equal(values, found.frames.columns()[name], err_msg=name)


def test_files_that_are_no_flight_are_refused(of, tmp_path):
    with pytest.raises(InputRefused, match=r"flight\.SRT: the file is empty"):
        of("")
    with pytest.raises(InputRefused, match="hold no telemetry of an aircraft"):
        of("1\n00:00:01,000 --> 00:00:02,000\nHello there!\n\n")
    with pytest.raises(InputRefused, match="names no camera; give its code with --camera"):
        of(BRACKETS, camera=None)
    with pytest.raises(InputRefused, match="cannot be read"):
        read(tmp_path / "none.srt")
    packed = tmp_path / "flight.srt.gz"
    packed.write_bytes(gzip.compress(BRACKETS.encode()))
    assert len(read(packed).frames) == 1
    packed.write_bytes(gzip.compress(BRACKETS.encode() * 100)[:-20])
    with pytest.raises(InputRefused, match="cannot be unpacked"):
        read(packed)


@given(st.lists(st.sampled_from([BRACKETS, MATRICE, "junk\n\n", BRACKETS[:150] + "\n\n"]), max_size=12))
def test_every_block_is_a_frame_or_a_refusal(tmp_path_factory, blocks):
    path = tmp_path_factory.mktemp("srt") / "a.srt"
    path.write_text("".join([BRACKETS, *blocks]))
    found = read(path)
    assert len(found.frames) + len(found.rejected) == 1 + len(blocks)
    assert len(found.frames) == 1 + blocks.count(BRACKETS) + blocks.count(MATRICE)


def test_a_long_flight_is_held_some_blocks_at_a_time(tmp_path, monkeypatch):
    """Ten times as many blocks take no more memory."""
    monkeypatch.setattr(srt, "_BLOCKS", 50)
    peaks = []
    for n in (200, 2000):
        path = tmp_path / f"{n}.srt"
        path.write_text(RTK * n)
        tracemalloc.start()
        sizes = [len(part.frames) for part in read_frames(path, options(begins=BEGAN))]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(sizes) == n and max(sizes) == 50
    assert peaks[1] < 1.2 * peaks[0]


def test_ten_thousand_damaged_files_raise_nothing_but_a_refusal(monkeypatch):
    """Each is of at most five blocks of all dialects; what is read stays inside of all limits."""
    generator = np.random.default_rng(20_261_123)
    samples = [one.encode() for one in (BRACKETS, MATRICE, PRO, RTK, BRACKETS + PRO, MATRICE + RTK)]
    told = options(begins=BEGAN)
    outcomes = Counter()
    # From memory: opening files would take longer than reading them.
    monkeypatch.setattr(srt, "opened", lambda path: io.BytesIO(damaged(generator, samples)))
    for _ in range(10_000):
        try:
            for part in read_frames(Path("a.srt"), told):
                outcomes["frames"] += len(part.frames)
                outcomes["rejected"] += len(part.rejected)
                assert all(one.unit == "block" and one.line >= 1 for one in part.rejected)
                frames = part.frames
                assert not (np.isnan(frames.lon) ^ np.isnan(frames.lat)).any()
                assert not (np.abs(frames.lat) > 90).any() and not (np.abs(frames.lon) > 180).any()
        except InputRefused:
            outcomes["refused"] += 1
    assert min(outcomes[kind] for kind in ("frames", "rejected", "refused")) > 100


# ---------------------------------------------------------------- real flights

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"sample files are not at {SHARED}")


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(
    ("name", "n", "lonlat", "first_utc"),
    [
        # Jerez, Spain; Airlie Beach, Queensland; the Paraná at Zárate; Barcelona twice.
        ("matrice_300.srt", 381, (-6.1120, 36.6146), "2022-06-21T08:06:17.000"),
        ("mavic_pro.SRT", 468, (149.0251, -20.2533), "2017-08-05T06:11:51.000"),
        ("p4_rtk.SRT", 55, (-58.851745, -34.237922), "2026-05-01T00:00:00.000"),
        ("air2s.srt", 17, (2.234156, 41.424724), "2022-08-07T05:40:40.774"),
        ("mavic_air2.srt", 25, (2.162162, 41.420684), "2022-05-01T07:01:58.531"),
    ],
)
def test_every_real_dialect_is_read_whole(name, n, lonlat, first_utc):
    """First blocks as they stand in the files; local times eight hours east of UTC."""
    found = read(SHARED / name, begins=BEGAN)
    frames = found.frames
    assert (len(frames), found.rejected) == (n, ())
    assert (frames.lon[0], frames.lat[0]) == lonlat
    assert str(frames.captured_ms[:1].astype("datetime64[ms]")[0]) == first_utc
    # Dates of whole seconds: two blocks may fall into one.
    assert (np.diff(frames.captured_ms) >= 0).all()
    # No flight is longer than a few kilometres, whichever number is the longitude.
    assert np.ptp(frames.lon) < 0.02 and np.ptp(frames.lat) < 0.02


@pytest.mark.shared
@needs_shared
def test_a_real_flight_that_tells_its_distance_confirms_its_order():
    """Read longitude first, the first block lies 698 m from HOME (D 698.70 m); latitude first, 560 m.

    Looks are those of its second triple, G.PRY: 24.4° down to 110.4°; H is 85.80 m above take-off.
    """
    found = read(SHARED / "p4_rtk.SRT", begins=BEGAN)
    assert not any("confirms it" in note for note in found.notes)
    frames = found.frames
    assert (frames.azimuth_deg[0], frames.tilt_deg[0]) == pytest.approx((110.4, 24.4))
    assert frames.height_m[0] == 85.80
    assert np.isnan(frames.altitude_m).all()


@pytest.mark.shared
@needs_shared
def test_an_empty_real_file_is_refused_in_words():
    with pytest.raises(InputRefused, match=r"broken_empty\.SRT: the file is empty"):
        read(SHARED / "broken_empty.SRT")
