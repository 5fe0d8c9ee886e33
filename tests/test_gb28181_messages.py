"""GB/T 28181 messages as frames: what each kind tells, what is kept aside, and files that mean harm."""

import gzip
import resource
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from mutations import damaged, withstood

from cameras.frames import FrameBatch, ReadBatch, read_frames
from cameras.frames.columns import ReadOptions
from geo.errors import InputRefused
from geo.readers import documents

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "gb28181"
SHANGHAI = ZoneInfo("Asia/Shanghai")
A, B, DVR = "44051300001310000001", "44051300001320000002", "44051300001180000009"
OPTIONS = ReadOptions({A: 1, B: 2}, SHANGHAI, datetime(2026, 5, 2, tzinfo=UTC), source=7)
BEGUN = ReadOptions(
    {A: 1, B: 2},
    SHANGHAI,
    datetime(2026, 5, 2, tzinfo=UTC),
    source=7,
    begins=datetime(2026, 5, 1, 4, tzinfo=UTC),
)
#: 2026-05-01 12:00 in Shanghai, which is 04:00 UTC.
NOON_MS = 1_777_608_000_000


def message(command, fields, root="Notify", device=A, declared="GB2312"):
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    lead = f'<?xml version="1.0" encoding="{declared}"?>\r\n' if declared else ""
    return (
        f"{lead}<{root}><CmdType>{command}</CmdType><SN>1</SN><DeviceID>{device}</DeviceID>{inside}</{root}>"
    )


def notice(*events, **more):
    """A Catalog notice; events by code."""
    items = "".join(
        f"<Item><DeviceID>{code}</DeviceID><Event>{event}</Event></Item>" for code, event in events
    )
    return message("Catalog", {"SumNum": len(events), "DeviceList": items, **more})


POSE = {"Pan": "123.5", "Tilt": "-12.25", "Zoom": "3.0"}
ANGLES = {"HorizontalFieldAngle": "20.5", "VerticalFieldAngle": "12", "MaxViewDistance": "900"}
MOVED = {"Time": "2026-05-01T12:00:00", "Longitude": "116.62", "Latitude": "23.27", "Speed": "30.5"}


def read(folder, text, options=BEGUN, name="messages.xml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_path(path, options)


def read_path(path, options=BEGUN):
    parts = list(read_frames(path, options))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(str(one) for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def refusal(folder, text, options=BEGUN):
    with pytest.raises(InputRefused) as caught:
        read(folder, text, options)
    return str(caught.value)


@pytest.mark.parametrize("root", ["Notify", "Response"])
@pytest.mark.parametrize("around", ["", "PTZPosInfo", "Info"])
def test_a_position_of_a_turning_camera_is_its_pose(tmp_path, root, around):
    fields = POSE | ANGLES
    if around:
        fields = {around: "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())}
    found = read(tmp_path, message("PTZPosition", {"Result": "OK"} | fields, root))
    frame = {name: values.tolist() for name, values in found.frames.columns().items()}
    assert (frame["camera"], frame["captured_ms"]) == ([1], [NOON_MS]) and not found.rejected
    assert (frame["azimuth_deg"], frame["tilt_deg"]) == ([123.5], [-12.25])
    assert (frame["hfov_deg"], frame["vfov_deg"]) == ([20.5], [12.0])
    assert found.notes == (
        "Zoom and MaxViewDistance of PTZPosition were not read: frames have no such column",
    )


def test_an_angle_of_nothing_is_not_known_and_one_out_of_range_is_told(tmp_path):
    found = read(tmp_path, message("PTZPosition", {"Pan": "0", "Tilt": "0", "HorizontalFieldAngle": "0.0"}))
    assert np.isnan(found.frames.hfov_deg[0]) and found.frames.azimuth_deg[0] == 0
    found = read(tmp_path, message("PTZPosition", {"Pan": "400", "Tilt": "NaN", "VerticalFieldAngle": "12°"}))
    assert len(found.frames) == 0
    assert [one.split(";")[0] for one in found.rejected] == [
        "item 1: azimuth_deg '400' is outside [0, 360]",
        "item 1: tilt_deg 'NaN' is not a finite number",
        "item 1: vfov_deg '12°' is not a number",
    ]


def test_a_moving_device_tells_its_place_and_its_own_time(tmp_path):
    """The course (Direction) is not where the camera looks; 0, 0 is no place; no place is no position."""
    found = read(
        tmp_path,
        message("MobilePosition", MOVED | {"Direction": "90", "Altitude": "12.5"})
        + message("MobilePosition", MOVED | {"Longitude": "0", "Latitude": "0.0"}, device=B)
        + message("MobilePosition", {"Result": "OK"}, "Response"),
        OPTIONS,
    )
    frames = found.frames
    assert not found.rejected and frames.captured_ms.tolist() == [NOON_MS] * 2
    np.testing.assert_array_equal(frames.lon, [116.62, np.nan])
    np.testing.assert_array_equal(frames.lat, [23.27, np.nan])
    np.testing.assert_array_equal(frames.altitude_m, [12.5, np.nan])
    assert np.isnan(frames.azimuth_deg).all()
    assert found.notes == ("messages of other kinds were passed over: MobilePosition (1)",)


def test_places_of_several_devices_in_one_message(tmp_path):
    items = "".join(
        f"<Item><DeviceID>{code}</DeviceID><CaptureTime>2026-05-01T12:00:0{n}</CaptureTime>"
        f"<Longitude>116.{n}</Longitude><Latitude>23.5</Latitude></Item>"
        for n, code in enumerate((A, B))
    )
    found = read(tmp_path, message("MobilePosition", {"DeviceList": items}, device=DVR), OPTIONS)
    assert found.frames.camera.tolist() == [1, 2] and found.frames.lon.tolist() == [116.0, 116.1]
    assert found.frames.captured_ms.tolist() == [NOON_MS, NOON_MS + 1000] and not found.rejected


@pytest.mark.parametrize(
    ("command", "fields", "event"),
    [
        ("DeviceStatus", {"Online": "ONLINE", "Status": "OK"}, 0),
        ("DeviceStatus", {"Online": "OFFLINE", "Status": "OK"}, 1),
        ("DeviceStatus", {"Online": "ONLINE", "Status": "ERROR"}, 1),
        ("DeviceStatus", {"Online": "online", "Status": "ok", "Record": "OFF"}, 0),
        ("Keepalive", {"Status": "OK"}, 0),
        ("Keepalive", {"Status": "ERROR"}, 1),
        ("keepAlive", {}, 0),
    ],
)
def test_a_state_is_a_heartbeat_or_a_loss(tmp_path, command, fields, event):
    found = read(tmp_path, message(command, {"Result": "OK", **fields}))
    assert (found.frames.camera.tolist(), found.frames.event.tolist()) == ([1], [event])


def test_a_heartbeat_among_pictures_is_told(tmp_path):
    """Who takes it in for a picture would call a dead camera's channel covering."""
    beat = message("Keepalive", {"Status": "OK"})
    assert "take them in as a source of their own with --kind heartbeat" in read(tmp_path, beat).notes[0]
    assert not read(tmp_path, beat, replace(BEGUN, heartbeats=True)).notes


def test_the_device_time_of_a_state_is_its_time(tmp_path):
    state = {"Online": "ONLINE", "Status": "OK", "DeviceTime": "2026-05-01T12:00:05"}
    assert read(tmp_path, message("DeviceStatus", state), OPTIONS).frames.captured_ms.tolist() == [
        NOON_MS + 5000
    ]


def test_a_heartbeat_tells_which_cameras_below_do_not_work(tmp_path):
    below = f"<DeviceID>{A}</DeviceID><DeviceID>{B}</DeviceID>"
    found = read(tmp_path, message("Keepalive", {"Status": "OK", "Info": below}, device=DVR))
    assert found.frames.camera.tolist() == [1, 2] and found.frames.event.tolist() == [1, 1]
    assert found.notes == (
        "1 messages are of recorders, platforms or areas, which say nothing of their cameras; "
        "they were passed over",
    )


def test_notices_of_the_directory_are_losses_and_returns(tmp_path):
    """A change of the list says nothing of a camera's pictures."""
    for event, expected in (("ON", 0), ("OFF", 1), ("VLOST", 1), ("DEFECT", 1), ("off", 1)):
        found = read(tmp_path, notice((A, event)))
        assert found.frames.event.tolist() == [expected] and not found.rejected and not found.notes
    found = read(tmp_path, notice((A, "ADD"), (B, "DEL"), (A, "UPDATE"), ("440513", "ON"), (DVR, "OFF")))
    assert len(found.frames) == 0 and not found.rejected
    assert found.notes[0].startswith("2 messages are of recorders, platforms or areas")
    assert found.notes[1].startswith("3 notices say that the directory changed (ADD, DEL, UPDATE)")
    found = read(tmp_path, notice((A, "OFF"), (B, "GONE"), ("44051300001310000099", "OFF")))
    assert found.frames.camera.tolist() == [1]
    assert found.rejected[0].startswith(
        "item 1: Event 'GONE' is no event of the directory; it must be one of ON,"
    )
    assert "camera '44051300001310000099' is not a known camera" in found.rejected[1]


def test_messages_without_a_time_need_one(tmp_path):
    keepalive = message("Keepalive", {"Status": "OK"})
    told = refusal(tmp_path, keepalive * 3, OPTIONS)
    assert "its 3 messages tell no time; give the one at which they were received with --begins" in told
    found = read(tmp_path, keepalive + message("MobilePosition", MOVED), OPTIONS)
    assert len(found.frames) == 1
    assert found.rejected == (
        f"item 1: DeviceID '{A}' tells no time; give the one at which it was received with --begins",
    )


def test_what_messages_of_one_time_tell_of_a_camera_is_one_frame_or_a_contradiction(tmp_path):
    alive, pose = message("Keepalive", {"Status": "OK"}), message("PTZPosition", POSE)
    found = read(tmp_path, alive + pose + alive)
    assert found.frames.azimuth_deg.tolist() == [123.5] and found.frames.event.tolist() == [0]
    found = read(tmp_path, pose + notice((A, "OFF")) + message("PTZPosition", {"Pan": "7"}) + alive)
    assert len(found.frames) == 1 and found.frames.azimuth_deg.tolist() == [123.5]
    assert (
        "item 3: azimuth_deg '7' is not what item 1 tells of the same camera and time ('123.5')"
        in found.rejected[0]
    )
    assert "item 4: event 'none' is not what item 1 tells" in found.rejected[1]


@pytest.mark.parametrize("declared", ["GB2312", "UTF-8", "GB18030", "Klingon", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_the_encoding_is_what_it_is_whatever_is_declared(tmp_path, declared, encoding):
    text = message("MobilePosition", MOVED | {"Name": "下寨村口"}, declared=declared)
    texts = (text + "\r\n" + text.replace("12:00:00", "12:00:07")).encode(encoding)
    found = read(tmp_path, texts, OPTIONS)
    assert found.frames.captured_ms.tolist() == [NOON_MS, NOON_MS + 7000] and not found.rejected
    packed = read(tmp_path, gzip.compress(texts), OPTIONS, "messages.xml.gz")
    assert packed.frames.captured_ms.tolist() == found.frames.captured_ms.tolist()


def test_a_message_that_breaks_off_leaves_the_others(tmp_path):
    """Cut within a tag, a text, before an end; with and without declarations; and a byte of no encoding."""
    for declared in ("GB2312", ""):
        whole = [
            message("MobilePosition", MOVED | {"Time": f"2026-05-01T12:00:0{n}"}, declared=declared)
            for n in range(3)
        ]
        for cut in (60, 90, len(whole[1]) - 4, len(whole[1]) - 1):
            found = read(tmp_path, "\r\n".join((whole[0], whole[1][:cut], whole[2])), OPTIONS)
            assert [ms - NOON_MS for ms in found.frames.captured_ms] == [0, 2000], cut
            assert len(found.rejected) == 1 and found.rejected[0].startswith("item 2: cannot be read (")
    found = read(tmp_path, whole[0].encode().replace(b"<SN>", b"<X>\xff\x80</X><SN>"), OPTIONS)
    assert len(found.frames) == 1
    found = read(tmp_path, whole[0] + "\r\nNOTIFY sip:1@2 SIP/2.0\r\n\r\n" + whole[1] + "-- end --", OPTIONS)
    assert len(found.frames) == 2 and not found.rejected
    assert found.notes == ("2 stretches of text between the messages were not read",)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 31, 64, 100])
def test_messages_are_told_apart_wherever_a_piece_of_the_file_ends(tmp_path, monkeypatch, piece):
    """Whole ones, cut ones, with and without a declaration, and text between."""
    parts = []
    for n in range(20):
        text = message(
            "MobilePosition", MOVED | {"Time": f"2026-05-01T12:00:{n:02d}"}, declared="UTF-8" * (n % 2)
        )
        parts.append(text[: 50 + 9 * n] if n % 4 == 3 else text)
    text = "\r\n".join(parts) + "\nNOTIFY sip:1@2\n\n" + message("MobilePosition", MOVED, device=B)
    expected = read(tmp_path, text, OPTIONS)
    assert len(expected.frames) == 16 and len(expected.rejected) == 5
    monkeypatch.setattr(documents, "_PIECE", piece)
    found = read(tmp_path, text, OPTIONS)
    assert found.frames.captured_ms.tolist() == expected.frames.captured_ms.tolist()
    assert len(found.rejected) == 5 and found.notes == expected.notes


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"Online": "MAYBE"}, "item 1: Online 'MAYBE' is no state; it must be ONLINE, OFFLINE, OK or ERROR"),
        ({"Result": "ERROR"}, "item 1: Result 'ERROR' says that the device did not answer; ask it again"),
    ],
)
def test_a_state_that_says_nothing_is_kept_aside(tmp_path, fields, sentence):
    found = read(tmp_path, message("DeviceStatus", fields, "Response") + message("Keepalive", {}, device=B))
    assert found.rejected == (sentence,) and found.frames.camera.tolist() == [2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is neither an ONVIF metadata stream (MetadataStream) nor GB/T 28181 messages"),
        ("<html/>", "is neither an ONVIF metadata stream"),
        (
            message("DeviceInfo", {}, "Response"),
            "holds no metadata of frames (DeviceInfo (1)); give PTZPosition",
        ),
        (message("DeviceStatus", {}, "Query"), "holds no metadata of frames (DeviceStatus (1))"),
        (message("Catalog", {"SumNum": 1}, "Response"), "is a list of cameras, not metadata of frames"),
        (
            '<!DOCTYPE x [<!ENTITY a "b">]>' + message("Keepalive", {}, declared=""),
            "has a document type (DOCTYPE)",
        ),
        (
            message("Keepalive", {"Status": "OK"}) + '<!DOCTYPE Notify SYSTEM "file:///etc/passwd"><Notify/>',
            "has a document type (DOCTYPE)",
        ),
    ],
)
def test_a_file_that_tells_of_no_frame_is_refused_whole(tmp_path, text, sentence):
    assert sentence in refusal(tmp_path, text)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the sample messages in ../shared/data/gb28181")
def test_real_answers_of_a_device():
    """One of them is a state; it tells no time. The others tell of no frame."""
    code = "33010602011187000001"
    alone = ReadOptions({code: 4}, SHANGHAI, BEGUN.now, source=7)
    begun = ReadOptions({code: 4}, SHANGHAI, BEGUN.now, source=7, begins=BEGUN.begins)
    found = read_path(SHARED / "deviceStatus.xml", begun)
    assert found.frames.camera.tolist() == [4] and found.frames.captured_ms.tolist() == [NOON_MS]
    for name, options, sentence in (
        ("deviceStatus", alone, "tell no time; give the one at which they were received with --begins"),
        ("deviceInfo", begun, "holds no metadata of frames (DeviceInfo (1))"),
        ("catalog", begun, "is a list of cameras, not metadata of frames; take it in with lianfang import"),
    ):
        with pytest.raises(InputRefused) as caught:
            read_path(SHARED / f"{name}.xml", options)
        assert sentence in str(caught.value)


def test_a_message_without_an_end_takes_no_memory(tmp_path):
    """A megabyte each of a tag, a text, elements in each other, fields, items and messages that break off."""
    lead = "<Notify><CmdType>Keepalive</CmdType>"
    path = tmp_path / "messages.xml"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for start, piece in (
        (lead + '<X y="', "y" * 100),
        (lead + "<X>", "text " * 20),
        (lead, "<X>" * 40),
        (lead, "<X>1</X>" * 20),
        (
            "<Notify><CmdType>Catalog</CmdType>",
            f"<Item><DeviceID>{A}</DeviceID><Event>GONE</Event></Item>" * 2,
        ),
        ("", "<Notify><CmdType>Keep</Cmd>" * 5),
        (lead + "<!-- ", "comment " * 20),
    ):
        path.write_text(start + piece * (1_500_000 // len(piece)))
        begun = time.perf_counter()
        n = sum(len(part.rejected) for part in read_frames(path, BEGUN))
        assert n >= 1
        assert time.perf_counter() - begun < 20, start
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_damaged_messages_are_read_or_refused_quickly_and_in_little_memory(tmp_path):
    samples = [
        "\r\n".join(
            [
                message("PTZPosition", POSE | ANGLES),
                message("DeviceStatus", {"Online": "ONLINE", "Status": "OK"}, "Response"),
            ]
        ).encode(),
        notice((A, "ON"), (B, "VLOST")).encode(),
        (message("Keepalive", {"Status": "OK", "Name": "下寨"}) * 2).encode("gb18030"),
        message("MobilePosition", MOVED | {"Name": "下寨村口"}, declared="").encode(),
    ]
    path = tmp_path / "messages.xml"
    generator = np.random.default_rng(28181)
    told = Counter()

    def read_whole(file):
        for part in read_frames(file, BEGUN, format="gb28181"):
            told["frames"] += len(part.frames) > 0
            told["aside"] += len(part.rejected)

    files = ((path, damaged(generator, samples)) for _ in range(10_000))
    withstood(files, read_whole, most_kb=200_000)
    assert told["frames"] > 1000 and told["aside"] > 1000
