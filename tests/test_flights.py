"""A flight's own metadata: directions, heights and times by hand, real videos, damaged ones."""

import gzip
import io
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from klv_packets import local_set, universal_set
from mutations import damaged
from scipy.spatial.transform import Rotation

from cameras.frames import FrameBatch, ReadBatch, ReadOptions, flights, read_frames
from cameras.frames.klv import read_packets
from cameras.frames.stream import KlvVideo, bare_packets
from geo.errors import InputRefused

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
BEGAN_MS = 1_777_593_600_000
pytestmark = pytest.mark.filterwarnings("error")

LAT, LON = "060e2b34010101030701020102040200", "060e2b34010101030701020102060200"
ALTITUDE, SLANT = "060e2b34010101010701020102020000", "060e2b34010101010701080101000000"
AZIMUTH, ELEVATION = "060e2b34010101010701100102000000", "060e2b34010101010701100103000000"
HFOV = "060e2b34010101020420020101080000"


def options(**changes):
    told = {"cameras": {"uav": 3}, "zone": UTC, "now": NOW, "source": 7, "camera": 3} | changes
    return ReadOptions(**told)


def collected(parts):
    parts = list(parts)
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(one for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def mapped(value, low, high, size):
    """An integer of ST 0601 for a number: unsigned over its range, signed where the range is symmetric."""
    if low == -high:
        return round(value / high * ((1 << 8 * size - 1) - 1)).to_bytes(size, "big", signed=True).hex()
    return round((value - low) / (high - low) * ((1 << 8 * size) - 1)).to_bytes(size, "big").hex()


def packet(us=1_777_593_600_000_000, **told):
    """A set of ST 0601 with a time and what is told of a look."""
    layout = {
        "yaw": (5, 0, 360, 2), "pitch": (6, -20, 20, 2), "roll": (7, -50, 50, 2),
        "lat": (13, -90, 90, 4), "lon": (14, -180, 180, 4), "altitude": (15, -900, 19_000, 2),
        "hfov": (16, 0, 180, 2), "vfov": (17, 0, 180, 2), "azimuth": (18, 0, 360, 4),
        "elevation": (19, -180, 180, 4), "sensor_roll": (20, 0, 360, 4), "slant": (21, 0, 5_000_000, 4),
        "centre": (25, -900, 19_000, 2),
    }  # fmt: skip
    items = {} if us is None else {2: us.to_bytes(8, "big").hex()}
    for name, value in told.items():
        tag, *form = layout[name]
        items[tag] = mapped(value, *form)
    return local_set(items)


LEVEL = {"yaw": 90, "pitch": 0, "roll": 0, "azimuth": 0, "elevation": -30}
PLACE = {"lat": 23.3, "lon": 116.5, "altitude": 400}


@pytest.fixture
def of(tmp_path):
    """Reads packets, one after another in a bare file."""

    def of(*packets, name="flight.klv", **changes):
        path = tmp_path / name
        path.write_bytes(b"".join(packets))
        return collected(read_frames(path, options(**changes)))

    return of


def test_a_level_platform_adds_its_yaw_to_the_sensors_azimuth(of):
    """Nose east, sensor 45° to the right and 30° down, 1,000 m of slant range: 135°, 30°, 500 m up."""
    look = LEVEL | PLACE | {"azimuth": 45, "slant": 1000, "hfov": 20, "vfov": 10}
    found = of(packet(**look))
    assert not found.rejected and not found.notes
    row = {name: values[0] for name, values in found.frames.columns().items()}
    assert (row["camera"], row["source"], row["captured_ms"]) == (3, 7, BEGAN_MS)
    wanted = {
        "azimuth_deg": 135.0, "tilt_deg": 30.0, "hfov_deg": 20.0, "vfov_deg": 10.0, "lon": 116.5,
        "lat": 23.3, "altitude_m": 400.0, "height_m": 500.0,
    }  # fmt: skip
    for name, value in wanted.items():
        # To half a step of the integers: 20/65535 of the coarsest angle, 0.3 m of altitude.
        assert row[name] == pytest.approx(value, abs=0.2 if name.endswith("_m") else 0.004), name
    assert np.isnan(row["width_px"])


@settings(max_examples=50)
@given(
    st.floats(0, 359.9), st.floats(-19, 19), st.floats(-49, 49), st.floats(0, 359.9), st.floats(-179, 179),
    st.floats(0, 359),
)  # fmt: skip
def test_any_attitude_points_where_scipys_rotations_do(tmp_path_factory, yaw, pitch, roll, azimuth, up, turn):
    """Intrinsic turns about z, y, x; the axis is their product on (1, 0, 0), in north, east, down."""
    told = {"yaw": yaw, "pitch": pitch, "roll": roll, "azimuth": azimuth, "elevation": up}
    path = tmp_path_factory.mktemp("klv") / "a.klv"
    path.write_bytes(packet(**told, sensor_roll=turn))
    found = collected(read_frames(path, options()))
    axis = (
        Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True)
        * Rotation.from_euler("ZYX", [azimuth, up, turn], degrees=True)
    ).apply([1.0, 0.0, 0.0])
    azimuth_deg, tilt_deg = np.radians([found.frames.azimuth_deg[0], found.frames.tilt_deg[0]])
    level = np.cos(tilt_deg)
    assert [level * np.cos(azimuth_deg), level * np.sin(azimuth_deg), np.sin(tilt_deg)] == pytest.approx(
        axis, abs=2e-4
    )


def test_eg_0104_tells_the_axis_in_the_open(of):
    """And no time: a bare file of it has none at all."""
    told = universal_set({AZIMUTH: ("d", -30.0), ELEVATION: ("f", -45.0), SLANT: ("d", 1000.0)})
    with pytest.raises(InputRefused, match="packets of EG 0104 tell no time; give the video"):
        of(told, begins=BEGAN)


def test_a_stray_packet_without_a_time_takes_no_others_with_it(of):
    found = of(packet(**LEVEL, **PLACE), universal_set({AZIMUTH: ("d", -30.0), ELEVATION: ("f", -45.0)}))
    assert len(found.frames) == 1
    assert str(found.rejected[0]).startswith("packet 2: the packet tells no time")


def test_times_of_a_video_count_from_its_own_beginning(monkeypatch):
    """A video cut from a longer one begins at 50,000 s; the second packet is shown 2.5 s later."""
    told = {AZIMUTH: ("d", -30.0), ELEVATION: ("f", -45.0), SLANT: ("d", 1000.0), HFOV: ("d", 3.0)}
    place = {LAT: ("d", 23.3), LON: ("d", 116.5), ALTITUDE: ("d", 800.0)}
    found = of_video(
        monkeypatch, [(50_000.0, universal_set(told)), (50_002.5, universal_set(told | place))], begins=BEGAN
    )
    frames = found.frames
    assert frames.captured_ms.tolist() == [BEGAN_MS, BEGAN_MS + 2500]
    assert frames.azimuth_deg.tolist() == [330.0, 330.0] and frames.tilt_deg.tolist() == [45.0, 45.0]
    assert frames.height_m == pytest.approx([1000 / 2**0.5] * 2)
    assert (frames.width_px.tolist(), frames.height_px.tolist()) == ([720.0] * 2, [480.0] * 2)
    assert frames.altitude_m[1] == 800.0 and np.isnan(frames.lon[0])
    assert found.notes == ("1 sets tell no position, or 0, 0; it stays empty",)
    with pytest.raises(InputRefused, match="give the time at which it began with --begins"):
        of_video(monkeypatch, [(50_000.0, universal_set(told))])


def of_video(monkeypatch, packets, **changes):
    """Reads packets as if a video had carried them."""

    class Opened:
        def __enter__(self):
            return KlvVideo(iter(packets), 50_000.0, 720, 480)

        def __exit__(self, *_):
            return False

    monkeypatch.setattr(flights, "_opened", lambda path: Opened())
    return collected(flights.read_flight(Path("flight.ts"), options(**changes)))


def test_a_packet_without_a_time_is_told(of, monkeypatch):
    found = of(packet(**LEVEL), packet(None, **LEVEL))
    assert len(found.frames) == 1
    assert str(found.rejected[0]).startswith("packet 2: the packet tells no time (tag 2), nor does the video")
    shown = of_video(monkeypatch, [(50_001.0, packet(None, **LEVEL))], begins=BEGAN)
    assert shown.frames.captured_ms.tolist() == [BEGAN_MS + 1000]


def test_height_comes_from_the_altitudes_where_no_slant_range_is_told(of):
    """400 m above the sea over ground at 150 m; with a slant range that looks up there is no ground."""
    look = LEVEL | PLACE | {"centre": 150}
    heights = of(packet(**look), packet(**(look | {"slant": 0})), packet(**(look | {"centre": 900}))).frames
    assert heights.height_m[:2] == pytest.approx([250, 250], abs=0.4) and np.isnan(heights.height_m[2])
    up = of(packet(**(LEVEL | PLACE | {"elevation": 30, "slant": 1000}))).frames
    assert np.isnan(up.height_m[0]) and up.tilt_deg[0] == pytest.approx(-30)


@pytest.mark.parametrize("missing", ["yaw", "pitch", "roll", "azimuth", "elevation"])
def test_no_direction_is_made_up_where_an_angle_is_missing(of, missing):
    look = {name: value for name, value in LEVEL.items() if name != missing}
    found = of(packet(**look, **PLACE))
    assert np.isnan(found.frames.azimuth_deg[0]) and np.isnan(found.frames.tilt_deg[0])
    assert found.notes == ("1 sets do not tell where the camera looks; their azimuth and tilt stay empty",)


@pytest.mark.parametrize("place", [{"lat": 0, "lon": 0}, {"lat": 23.3}, {}])
def test_a_position_that_is_not_known_is_left_out_and_said(of, place):
    found = of(packet(**LEVEL, **place))
    assert np.isnan(found.frames.lon[0]) and np.isnan(found.frames.lat[0]) and not found.rejected
    assert found.notes == ("1 sets tell no position, or 0, 0; it stays empty",)


def test_what_is_impossible_is_refused_with_its_value(of, monkeypatch):
    late = packet(4_000_000_000_000_000, **LEVEL)
    first = packet(0, **LEVEL)
    (one, other) = of(late, first).rejected
    assert "packet 1: captured_at '2096-10-02" in str(one) and "more than a day after now" in str(one)
    assert "packet 2: captured_at '1970-01-01" in str(other) and "before the year 2000" in str(other)
    wrong = {
        AZIMUTH: ("d", 1e9),
        ELEVATION: ("d", -95.0),
        LAT: ("d", 91.0),
        LON: ("d", 8.0),
        HFOV: ("d", -3.0),
    }
    found = of_video(monkeypatch, [(50_000.0, universal_set(wrong))], begins=BEGAN)
    assert [one.field for one in found.rejected] == ["azimuth_deg", "tilt_deg", "hfov_deg", "lat"]


def test_a_field_of_view_of_nothing_is_left_out_and_said(of):
    found = of(packet(**LEVEL, **PLACE, hfov=0, vfov=10))
    assert np.isnan(found.frames.hfov_deg[0]) and found.frames.vfov_deg[0] == pytest.approx(10, abs=0.01)
    assert found.notes == ("1 fields of view of 0° stay empty",)


def test_begins_is_not_used_where_packets_tell_their_own_time(of):
    found = of(packet(**LEVEL, **PLACE), begins=datetime(2020, 1, 1, tzinfo=UTC))
    assert found.frames.captured_ms.tolist() == [BEGAN_MS]
    assert found.notes == ("--begins is not used where the file tells its own times",)


def test_bad_packets_of_a_bare_file_are_told_by_number_and_leave_the_others(of):
    good = packet(**LEVEL, **PLACE)
    spoilt = good[:-1] + bytes([good[-1] ^ 1])
    # A length that would take in the packets behind it.
    long = good[:16] + bytes([127]) + good[17:]
    found = of(good, spoilt, good, b"junk!", long, bytes(7), good, good[:30])
    assert [one.line for one in found.rejected] == [2, 4, 5, 7]
    assert all(one.unit == "packet" for one in found.rejected)
    for one, reason in zip(
        found.rejected, ("checksum is", "no key stands", "cut off", "cut off"), strict=True
    ):
        assert reason in one.reason
    assert len(found.frames) == 3


def test_a_video_that_breaks_off_gives_what_came_before(monkeypatch):
    def broken(n):
        for at in range(n):
            yield 50_000.0 + at, packet(**LEVEL, **PLACE)
        raise InputRefused("flight.ts: the video breaks off (I/O error); what comes before was read")

    found = of_video(monkeypatch, broken(2))
    assert len(found.frames) == 2
    assert [str(one) for one in found.rejected] == [
        "packet 3: flight.ts: the video breaks off (I/O error); what comes before was read"
    ]
    with pytest.raises(InputRefused, match="the video breaks off"):
        of_video(monkeypatch, broken(0))


def test_sets_of_other_kinds_are_passed_over_and_counted(of):
    other = bytes.fromhex("060e2b34020b01010e01030306000000") + b"\x03abc"
    found = of(packet(**LEVEL, **PLACE), other, other)
    assert found.notes == ("2 sets of other kinds than ST 0601 and EG 0104 were passed over",)
    assert (len(found.frames), found.rejected) == (1, ())


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from([packet(**LEVEL), packet(**PLACE), b"some junk", packet(**LEVEL)[:40]]), max_size=9
    ),
    st.integers(1, 400),
)
def test_a_bare_file_falls_into_the_same_pieces_however_it_is_read(tmp_path_factory, pieces, chunk):
    """Nothing is lost: but for zeros, the pieces end to end are the file."""
    path = tmp_path_factory.mktemp("bare") / "a.bin"
    path.write_bytes(b"".join(pieces))
    with path.open("rb") as stream:
        small = [content for _, content in bare_packets(stream, chunk_bytes=chunk)]
    assert b"".join(small) == path.read_bytes()
    told = read_packets((None, content) for content in small).table
    with path.open("rb") as stream:
        assert len(told) == len(read_packets(bare_packets(stream)).table)


@pytest.mark.parametrize(
    "ending", ["ts", "TS", "mpg", "mpeg", "m2ts", "klv", "KLV", "bin", "klv.gz", "Bin.GZ"]
)
def test_every_ending_reaches_the_reader(tmp_path, ending):
    """What begins with a key is a file of packets, whatever its name."""
    path = tmp_path / f"flight.{ending}"
    content = packet(**LEVEL, **PLACE)
    path.write_bytes(gzip.compress(content) if ending.lower().endswith("gz") else content)
    assert len(collected(read_frames(path, options())).frames) == 1


def test_files_that_are_no_flight_are_refused(of, tmp_path):
    good = packet(**LEVEL)
    with pytest.raises(InputRefused, match="names no camera; give its code with --camera"):
        of(good, camera=None)
    for name, content in (("a.klv", b""), ("a.bin", b"junk"), ("a.bin", bytes(5000))):
        with pytest.raises(InputRefused, match="no KLV packet was found"):
            of(content, name=name)
    with pytest.raises(InputRefused, match="cannot be unpacked"):
        of(gzip.compress(good * 100)[:-9], name="a.klv.gz")
    for content in (b"", b"no video at all"):
        with pytest.raises(InputRefused, match=r"a\.ts: cannot be read as a video"):
            of(content, name="a.ts")
    with pytest.raises(InputRefused, match="cannot be read"):
        list(read_frames(tmp_path / "none.ts", options()))


def test_a_video_file_opens_no_other_file(tmp_path):
    """A play list under the name of a video would else have the reader fetch what it names."""
    (tmp_path / "other.ts").write_bytes(b"secret")
    for text in (
        "#EXTM3U\n#EXTINF:1,\nother.ts\n",
        "ffconcat version 1.0\nfile other.ts\n",
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
    ):
        path = tmp_path / "list.ts"
        path.write_text(text)
        with pytest.raises(InputRefused, match="cannot be read as a video"):
            list(read_frames(path, options()))


def test_a_long_file_is_held_some_packets_at_a_time(tmp_path, monkeypatch):
    """Ten times as many packets take no more memory."""
    monkeypatch.setattr(flights, "_BLOCK_PACKETS", 20)
    peaks = []
    for n in (60, 600):
        path = tmp_path / f"{n}.klv"
        path.write_bytes(packet(**LEVEL, **PLACE) * n)
        tracemalloc.start()
        sizes = [len(part.frames) for part in read_frames(path, options())]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(sizes) == n and max(sizes) == 20
    assert peaks[1] < 1.2 * peaks[0] + 300_000


def test_ten_thousand_damaged_packets_raise_nothing_but_a_refusal(monkeypatch):
    """A hundred damaged files of a hundred damaged packets, demultiplexed and bare in turn."""
    generator = np.random.default_rng(20_261_123)
    told = {
        AZIMUTH: ("d", 30.0),
        ELEVATION: ("f", -45.0),
        LAT: ("d", 23.3),
        LON: ("d", 116.5),
        SLANT: ("f", 9.0),
    }
    look = LEVEL | PLACE | {"slant": 1000, "hfov": 20}
    # The checksum stops nearly every damage; universal sets have none, and let them through to the values.
    samples = [packet(**look), universal_set(told), universal_set(told) * 2]
    outcomes = Counter()
    for turn in range(100):
        packets = [damaged(generator, samples) for _ in range(100)]
        if turn % 2:
            packets = [content for _, content in bare_packets(io.BytesIO(b"".join(packets)))]
        video = [(50_000.0 + at, content) for at, content in enumerate(packets)]
        try:
            found = of_video(monkeypatch, video, begins=BEGAN)
        except InputRefused:
            outcomes["refused"] += 1
            continue
        outcomes["frames"] += len(found.frames)
        outcomes["rejected"] += len(found.rejected)
        assert all(one.unit == "packet" and one.line >= 1 for one in found.rejected)
        assert not (np.abs(found.frames.lat) > 90).any() and not (np.abs(found.frames.tilt_deg) > 90).any()
    assert outcomes["frames"] > 100 and outcomes["rejected"] > 1000


def test_a_set_that_is_all_tag_or_all_sets_takes_no_time(of):
    """A tag without an end of a million bytes, and 50,000 empty sets in one packet: seconds, not hours."""
    endless = b"\xff" * 900_000
    head = bytes.fromhex("060e2b34020b01010e01030101000000")
    bomb = head + b"\x83" + len(endless).to_bytes(3, "big") + endless
    empty = bytes.fromhex("060e2b34020101010e01010201010000") + b"\x00"
    found = read_packets([(0.0, bomb), (0.0, empty * 50_000)])
    assert "has no end" in str(found.refused[0].reason)
    assert len(found.table) == 50_000


# ---------------------------------------------------------------- real flights

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"sample files are not at {SHARED}")


@pytest.mark.shared
@needs_shared
def test_a_real_flight_of_eg_0104_is_read_whole():
    """48 packets; it tells 1,729.92 m of slant range at 37.554° down: 1,054.4 m, its own altitude.

    The bearing of its own frame centre from its own position is 123.1°; azimuths are off by the convergence
    of the grid they are told against (test_frame_ground), 0.4° to 1.6° here.
    """
    found = collected(read_frames(SHARED / "video" / "aphill_short.ts", options(begins=BEGAN)))
    frames = found.frames
    assert (len(frames), found.rejected, found.notes) == (48, (), ())
    assert frames.captured_ms[0] == BEGAN_MS
    # pts runs from 1.400 to 2.968 s.
    assert frames.captured_ms[-1] == BEGAN_MS + 1568
    assert (np.diff(frames.captured_ms) >= 32).all()
    assert frames.azimuth_deg[0] == pytest.approx(123.1, abs=1.6)
    assert frames.tilt_deg[0] == pytest.approx(37.554, abs=1e-3)
    assert frames.height_m == pytest.approx(frames.altitude_m, abs=0.01)
    assert (frames.lat[0], frames.lon[0]) == (38.252336, -77.366859)
    assert set(frames.width_px) == {720.0} and set(frames.height_px) == {480.0}
    with pytest.raises(InputRefused, match="--begins"):
        collected(read_frames(SHARED / "video" / "aphill_short.ts", options()))


@pytest.mark.shared
@needs_shared
def test_the_public_stream_of_st_0601_is_read_whole():
    """30 packets of the standard's worked examples; the axis by scipy's rotations."""
    found = collected(read_frames(SHARED / "video" / "h264_klv.ts", options()))
    frames = found.frames
    assert (len(frames), found.rejected) == (30, ())
    assert str(frames.captured_ms[:1].astype("datetime64[ms]")[0]) == "2008-10-24T00:13:29.913"
    platform = Rotation.from_euler("ZYX", [159.9744, -0.4315251, 3.405814], degrees=True)
    sensor = Rotation.from_euler("ZYX", [160.71921147, -168.79232483, 176.86543764], degrees=True)
    north, east, down = (platform * sensor).apply([1.0, 0.0, 0.0])
    assert frames.azimuth_deg[0] == pytest.approx(np.degrees(np.arctan2(east, north)) % 360, abs=1e-3)
    assert frames.tilt_deg[0] == pytest.approx(np.degrees(np.arcsin(down)), abs=1e-3)
    assert frames.height_m[0] == pytest.approx(68590.98 * down, rel=1e-4)
    assert set(frames.width_px) == {160.0}


@pytest.mark.shared
@needs_shared
def test_a_published_packet_with_a_wrong_checksum_is_told_and_nothing_taken():
    path = SHARED / "klv" / "DynamicConstantMISMMSPacketData.bin"
    found = collected(read_frames(path, options()))
    assert [str(one) for one in found.rejected] == ["packet 1: checksum is 0x3e1e, the packet says 0xaa43"]
    assert len(found.frames) == 0


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("name", ["h264_no_klv.ts", "motion.mp4"])
def test_a_video_without_metadata_is_refused(name):
    with pytest.raises(InputRefused, match="carries no KLV"):
        collected(read_frames(SHARED / "video" / name, options(begins=BEGAN), format="klv"))


@pytest.mark.shared
@needs_shared
def test_hundreds_of_damaged_videos_raise_nothing_but_a_refusal(tmp_path):
    generator = np.random.default_rng(20_261_123)
    samples = [(SHARED / "video" / name).read_bytes()[:40_000] for name in ("h264_klv.ts", "aphill_short.ts")]
    path = tmp_path / "a.ts"
    outcomes = Counter()
    for _ in range(300):
        path.write_bytes(damaged(generator, samples))
        try:
            found = collected(read_frames(path, options(begins=BEGAN)))
        except InputRefused:
            outcomes["refused"] += 1
            continue
        outcomes["frames"] += len(found.frames)
        outcomes["rejected"] += len(found.rejected)
    assert outcomes["frames"] > 1000 and outcomes["refused"] > 10
