"""KLV metadata: the standard's own examples, what is kept aside, and real videos."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from klv_packets import local_set, universal_set, word_sum

from cameras.frames.klv import checksum, read_packets
from cameras.frames.stream import klv_packets
from geo.errors import InputRefused

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
pytestmark = pytest.mark.filterwarnings("error")

#: Tag: (bytes, column, number), the worked examples that stand with each tag in ST 0601, section 8.
EXAMPLES = {
    5: ("71c2", "platform_yaw_deg", 159.9744),
    6: ("fd3d", "platform_pitch_deg", -0.4315251),
    7: ("08b8", "platform_roll_deg", 3.405814),
    13: ("5595b66d", "lat", 60.17682296690),
    14: ("5b5360c4", "lon", 128.42675904204),
    15: ("c221", "altitude_m", 14190.72),
    16: ("cd9c", "hfov_deg", 144.5713),
    17: ("d917", "vfov_deg", 152.6436),
    18: ("724a0a20", "sensor_azimuth_deg", 160.71921147),
    19: ("87f84b86", "sensor_elevation_deg", -168.79232483),
    20: ("7dc55ece", "sensor_roll_deg", 176.86543764),
    21: ("03830926", "slant_range_m", 68590.98),
    22: ("1281", "target_width_m", 722.8199),
    23: ("f101a229", "centre_lat", -10.54238863314),
    24: ("14bc082b", "centre_lon", 29.15789012292),
    25: ("34f3", "centre_altitude_m", 3216.037),
}


def read(*packets):
    return read_packets((None, packet) for packet in packets)


def reasons(*packets):
    return [str(refused.reason) for refused in read(*packets).refused]


def test_the_examples_of_the_standard_are_read():
    found = read(local_set({2: "0004cb4de0a52d24", **{tag: text for tag, (text, _, _) in EXAMPLES.items()}}))
    assert not found.refused
    row = found.table.iloc[0]
    for _, column, number in EXAMPLES.values():
        # To half a step of the integer: the standard tells the number before it was rounded.
        assert row[column] == pytest.approx(number, rel=2e-5), column
    assert row["captured_us"] == 0x0004CB4DE0A52D24
    assert (row["form"], row["packet"]) == ("0601", 0)
    assert np.isnan(row["pts_s"]) and np.isnan(row["corner_lat_1"])


def test_corners_come_in_full_or_as_offsets_from_the_centre():
    """ST 0601: 0x1750 is an offset of 0.0136602540°; a full corner wins."""
    centre = {23: "f101a229", 24: "14bc082b"}
    row = read(local_set({**centre, 26: "1750", 27: "063f"})).table.iloc[0]
    assert row["corner_lat_1"] == pytest.approx(-10.542388633 + 0.0136602540, abs=1.2e-6)
    assert row["corner_lon_1"] == pytest.approx(29.157890123 + 0.0036602540, abs=1.2e-6)
    full = read(local_set({**centre, 26: "1750", 82: "f0000000"})).table.iloc[0]
    assert full["corner_lat_1"] == pytest.approx(-0x10000000 * 180 / (2**32 - 2), abs=1e-9)


def test_what_is_out_of_range_or_withdrawn_is_not_known():
    """0x8000 says out of range (tag 6), a length of 0 that the value holds no more."""
    row = read(local_set({6: "8000", 7: "", 13: "80000000"})).table.iloc[0]
    assert row[["platform_pitch_deg", "platform_roll_deg", "lat"]].isna().all()


def test_the_full_range_of_pitch_wins_over_the_short_one():
    row = read(local_set({90: "40000000", 6: "0000"})).table.iloc[0]
    assert row["platform_pitch_deg"] == pytest.approx(0x40000000 * 180 / (2**32 - 2))


def test_a_full_value_that_is_not_known_takes_nothing_from_the_short_one():
    """Tag 90 with the value for "out of range" beside a good tag 6."""
    [row] = read_packets([(0.0, local_set({6: "1000", 90: "80000000"}))]).table.to_dict("records")
    assert row["platform_pitch_deg"] == pytest.approx(0x1000 * 40 / 65534)


def test_zeros_behind_a_set_only_fill_the_packet_up():
    packet = local_set({6: "1000"})
    found = read_packets([(0.0, packet + bytes(5)), (1.0, packet + bytes(40))])
    assert len(found.table) == 2 and not found.refused


def test_a_wrong_checksum_is_refused_with_both_sums():
    packet = local_set({5: "71c2"})
    spoilt = packet[:-1] + bytes([packet[-1] ^ 1])
    (reason,) = reasons(spoilt)
    assert reason == f"checksum is {word_sum(packet[:-2]):#x}, the packet says {word_sum(packet[:-2]) ^ 1:#x}"


def test_bad_packets_are_kept_aside_and_the_others_read():
    good = local_set({5: "71c2"})
    cut, wrong = good[:-5], local_set({5: "71"})
    no_sum = good[:-4].replace(b"\x08", b"\x04", 1)
    found = read(good, cut, b"\x00" * 40, good, wrong, b"", good + good)
    assert found.table["packet"].tolist() == [0, 3, 6, 6]
    assert [refused.number for refused in found.refused] == [1, 2, 4]
    assert "cut off" in str(found.refused[0].reason)
    assert str(found.refused[2].reason) == "tag 5 has 1 bytes; it takes 2"
    assert "does not end in a checksum" in reasons(no_sum)[0] or "cut off" in reasons(no_sum)[0]
    assert "no length can be read" in reasons(good[:16])[0]
    assert "bytes are no metadata" in reasons(b"\0" * 1_000_001)[0]


@settings(max_examples=50)
@given(st.binary(max_size=60), st.integers(0, 40), st.integers(0, 255))
def test_no_bytes_at_all_raise_anything(junk, place, byte):
    packet = bytearray(local_set({5: "71c2", 13: "5595b66d"}))
    packet[place % len(packet)] = byte
    found = read(junk, bytes(packet), bytes(packet[:place]))
    assert len(found.refused) + found.table["packet"].nunique() <= 3


@given(st.binary(max_size=100))
def test_the_checksum_is_the_running_sum_of_the_standard(content):
    assert checksum(content) == word_sum(content)


def test_a_universal_set_holds_plain_numbers():
    packet = universal_set(
        {
            "060e2b34010101030701020102040200": ("d", 38.25),
            "060e2b34010101010701080101000000": ("f", 1729.5),
            "060e2b34010101010701100103000000": ("f", -37.5),
            "060e2b340101010307010201030e0100": ("d", -77.25),
            "060e2b34010101010101200100000000": ("f", 12.0),
        }
    )
    row = read(packet).table.iloc[0]
    names = ["lat", "slant_range_m", "axis_elevation_deg", "corner_lon_4"]
    assert row[names].tolist() == [38.25, 1729.5, -37.5, -77.25]
    assert row["form"] == "0104" and row.isna()["captured_us"]
    (reason,) = reasons(universal_set({"060e2b34010101010701080101000000": ("h", 3)}))
    assert "has 2 bytes; it takes 4 or 8" in reason


@pytest.mark.parametrize("clock", ["f" * 16, "8" + "0" * 15])
def test_a_time_no_clock_can_show_is_not_told_and_spoils_no_stream(clock):
    """From 2⁶³ µs on, the year 294247; the rest of its packet and the packets after it are read."""
    found = read(local_set({2: clock, 5: "71c2"}), local_set({2: "7" + "f" * 15}))
    assert not found.refused
    assert found.table["captured_us"].isna().tolist() == [True, False]
    assert found.table["captured_us"].iloc[1] == 2**63 - 1
    assert found.table["platform_yaw_deg"].iloc[0] == pytest.approx(159.9744, rel=2e-5)


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("form", ["f", "d"])
def test_a_number_that_is_not_finite_is_not_told(form, number):
    packet = universal_set(
        {
            "060e2b34010101030701020102040200": (form, 38.25),
            "060e2b34010101030701020102060200": (form, number),
        }
    )
    found = read(packet)
    assert not found.refused
    row = found.table.iloc[0]
    assert row["lat"] == 38.25 and np.isnan(row["lon"])


def test_a_file_that_is_no_video_is_refused(tmp_path):
    path = tmp_path / "notes.ts"
    path.write_text("no video")
    with pytest.raises(InputRefused, match=r"notes\.ts: cannot be read as a video"):
        next(klv_packets(path))


# ---------------------------------------------------------------- real packets

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"sample files are not at {SHARED}")


@pytest.mark.shared
@needs_shared
def test_a_full_0601_stream_is_read_packet_by_packet():
    """The public test vector of 30 packets, decoded by tstrans 0.8.0 as well."""
    found = read_packets(klv_packets(SHARED / "video" / "h264_klv.ts"))
    assert len(found.table) == 30 and not found.refused
    first = found.table.iloc[0]
    for _, column, number in EXAMPLES.values():
        if column in ("lat", "lon", "platform_yaw_deg", "slant_range_m", "centre_lat"):
            assert first[column] == pytest.approx(number, rel=1e-6)
    assert found.table["captured_us"].is_monotonic_increasing


@pytest.mark.shared
@needs_shared
def test_a_published_packet_with_a_wrong_checksum_is_refused():
    """0xaa43 is declared, 0x3e1e is right (`klv/` of the samples)."""
    packet = (SHARED / "klv" / "DynamicConstantMISMMSPacketData.bin").read_bytes()
    assert reasons(packet) == ["checksum is 0x3e1e, the packet says 0xaa43"]


@pytest.mark.shared
@needs_shared
def test_a_video_without_metadata_is_refused():
    with pytest.raises(InputRefused, match="carries no KLV"):
        next(klv_packets(SHARED / "video" / "h264_no_klv.ts"))
