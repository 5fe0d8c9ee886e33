"""ONVIF metadata streams as frames: what pan, tilt and zoom mean in each space, and files that mean harm."""

import gzip
import resource
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import damaged, withstood

from cameras.frames import FrameBatch, ReadBatch, read_frames
from cameras.frames.columns import ReadOptions
from geo.errors import InputRefused
from geo.readers import documents

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 2, tzinfo=UTC)
OPTIONS = ReadOptions({"N-01": 1}, SHANGHAI, NOW, source=7, camera=1)
NOON_MS = 1_777_636_800_000
SPACES = "http://www.onvif.org/ver10/tptz"
DEGREES = f"{SPACES}/PanTiltSpaces/SphericalPositionSpaceDegrees"
GENERIC = f"{SPACES}/PanTiltSpaces/PositionGenericSpace"
MILLIMETRES = f"{SPACES}/ZoomSpaces/PositionSpaceMillimeter"


def stream(*parts, declared=True):
    """A `tt:MetadataStream` document."""
    lead = '<?xml version="1.0" encoding="UTF-8"?>\n' if declared else ""
    schema = "http://www.onvif.org/ver10/schema"
    return f'{lead}<tt:MetadataStream xmlns:tt="{schema}">{"".join(parts)}</tt:MetadataStream>\n'


def frame(second=0, inside=""):
    return (
        f'<tt:VideoAnalytics><tt:Frame UtcTime="2026-05-01T12:00:{second:02d}.000Z">{inside}</tt:Frame>'
        "</tt:VideoAnalytics>"
    )


def status(pan=None, zoom=None, second=0, more="", space=DEGREES, utc=True):
    """A `tt:PTZStatus`; pan is (x, y)."""
    where = "" if pan is None else f'<tt:PanTilt x="{pan[0]}" y="{pan[1]}" space="{space}"/>'
    where += "" if zoom is None else f'<tt:Zoom x="{zoom[0]}" space="{zoom[1]}"/>'
    clock = f"<tt:UtcTime>2026-05-01T12:00:{second:02d}Z</tt:UtcTime>" if utc else ""
    return f"<tt:PTZStatus><tt:Position>{where}</tt:Position>{clock}{more}</tt:PTZStatus>"


def ptz(*statuses):
    return f"<tt:PTZ>{''.join(statuses)}</tt:PTZ>"


def located(yaw=None, entity="Device"):
    turn = "" if yaw is None else f'<tt:GeoOrientation yaw="{yaw}"/>'
    place = '<tt:GeoLocation lon="116.62" lat="23.27" elevation="9.5"/>'
    return f'<tt:Extension><tt:Location Entity="{entity}">{place}{turn}</tt:Location></tt:Extension>'


def read(folder, text, options=OPTIONS, name="stream.xml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    parts = list(read_frames(path, options))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(str(one) for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def refusal(folder, text, options=OPTIONS):
    with pytest.raises(InputRefused) as caught:
        read(folder, text, options)
    return str(caught.value)


def test_every_frame_and_status_is_a_frame_of_the_camera(tmp_path):
    """Without a zone a time is UTC here, whatever the zone of the site: the standard allows no other."""
    naive = '<tt:VideoAnalytics><tt:Frame UtcTime="2026-05-01T12:00:04.250"/></tt:VideoAnalytics>'
    found = read(tmp_path, stream(frame(0), frame(1), ptz(status(second=2))) + stream(naive))
    assert [ms - NOON_MS for ms in found.frames.captured_ms] == [0, 1000, 2000, 4250]
    assert found.frames.camera.tolist() == [1] * 4 and not found.rejected and not found.notes


def test_tilt_in_degrees_counts_upwards_there_and_downwards_here(tmp_path):
    """PTZ specification: raising the tilt moves the picture down. What pan 0 points to is not said."""
    found = read(tmp_path, stream(ptz(status((35, -20)), status((35, 5), second=1))))
    assert found.frames.tilt_deg.tolist() == [20.0, -5.0]
    assert np.isnan(found.frames.azimuth_deg).all()
    assert found.notes == (
        "pan counts from the camera's own zero, and nothing tells which way that points; "
        "the tilt was read and the azimuth not",
    )


def test_azimuth_is_told_where_the_document_tells_its_zero(tmp_path):
    """PTZ specification, annex on positioning: pan is the direction from north plus the yaw.

    By hand: pan 0 points to 330° (30° left of north), so the yaw is +30; pan 45 then looks to 15°.
    """
    found = read(tmp_path, stream(located(30), ptz(status((45, 0)), status((20, 0), second=1))))
    assert found.frames.azimuth_deg.tolist() == [15.0, 350.0]
    assert found.frames.lon.tolist() == [116.62] * 2 and found.frames.altitude_m.tolist() == [9.5] * 2
    (note,) = found.notes
    assert note.startswith("azimuth is pan less the yaw of GeoOrientation")
    # A place is of its document alone: the next camera may have moved.
    assert np.isnan(read(tmp_path, stream(located()) + stream(frame())).frames.lon).all()


def test_a_camera_past_straight_down_looks_the_other_way(tmp_path):
    """The specification's example: (-145, -160) and (35, -20) are one direction."""
    found = read(tmp_path, stream(located(0), ptz(status((-145, -160)), status((35, -20), second=1))))
    assert found.frames.azimuth_deg.tolist() == [35.0, 35.0] and found.frames.tilt_deg.tolist() == [
        20.0,
        20.0,
    ]


@settings(max_examples=60, deadline=None)
@given(st.floats(-1000, 1000), st.floats(-180, 180), st.floats(-180, 180))
def test_any_pan_and_tilt_is_a_direction_in_range(tmp_path_factory, pan, tilt, yaw):
    """Law: the direction in space is that of pan - yaw clockwise from north and of the tilt upwards."""
    folder = tmp_path_factory.mktemp("any")
    found = read(folder, stream(located(repr(yaw)), ptz(status((repr(pan), repr(tilt))))))
    assert not found.rejected
    azimuth, down = np.radians([found.frames.azimuth_deg[0], found.frames.tilt_deg[0]])
    turn, up = np.radians([pan - yaw, tilt])
    expected = [np.sin(turn) * np.cos(up), np.cos(turn) * np.cos(up), np.sin(up)]
    told = [np.sin(azimuth) * np.cos(down), np.cos(azimuth) * np.cos(down), -np.sin(down)]
    np.testing.assert_allclose(told, expected, atol=1e-9)


def test_a_range_that_is_not_known_tells_no_pose_and_is_said_once(tmp_path):
    """Generic -1..1; a space of the maker's; none."""
    for space, named in (
        (GENERIC, "PositionGenericSpace"),
        ("urn:x/DigitalPositionSpace", "DigitalPositionSpace"),
    ):
        found = read(tmp_path, stream(ptz(*(status((0.5, -0.5), second=n, space=space) for n in range(3)))))
        assert len(found.frames) == 3 and np.isnan(found.frames.tilt_deg).all()
        assert len(found.notes) == 1 and f"in the space '{named}' are not degrees" in found.notes[0]
    without = status((0.5, -0.5)).replace(f' space="{DEGREES}"', "")
    assert "in the space '-' are not degrees" in read(tmp_path, stream(ptz(without))).notes[0]


def test_the_field_of_view_is_read_and_the_zoom_is_not(tmp_path):
    wide = '<tt:FieldOfView hfov="58.5" vfov="34.25"/>'
    found = read(tmp_path, stream(ptz(status(zoom=("4.7", MILLIMETRES), more=wide))))
    assert (found.frames.hfov_deg[0], found.frames.vfov_deg[0]) == (58.5, 34.25)
    assert "zoom in millimetres was not read" in found.notes[0]
    generic = f"{SPACES}/ZoomSpaces/PositionGenericSpace"
    assert (
        "its space tells no field of view" in read(tmp_path, stream(ptz(status(zoom=(0, generic))))).notes[0]
    )


def test_a_status_within_a_frame_is_of_that_frame(tmp_path):
    """And one beside it of the same time is the same frame."""
    found = read(tmp_path, stream(frame(3, status((0, -30), utc=False))))
    assert found.frames.captured_ms.tolist() == [NOON_MS + 3000] and found.frames.tilt_deg.tolist() == [30.0]
    text = stream(frame(3), ptz(status((0, -30), second=3)))
    assert read(tmp_path, text).frames.tilt_deg.tolist() == [30.0]


def test_what_the_camera_sees_is_not_where_it_stands(tmp_path):
    """Objects have a GeoLocation of their own; events are not read."""
    seen = (
        '<tt:Object ObjectId="1"><tt:Appearance><tt:GeoLocation lon="1" lat="2"/></tt:Appearance></tt:Object>'
    )
    event = '<tt:Event><tt:Message UtcTime="2026-05-01T12:00:00Z"/></tt:Event>'
    found = read(tmp_path, stream(frame(0, seen), event, event))
    assert np.isnan(found.frames.lon).all() and len(found.frames) == 1
    assert found.notes == ("events of the metadata stream (tt:Event) are not read",)


def test_bad_ones_are_kept_aside_and_the_others_read(tmp_path):
    late = frame(1).replace("2026-05-01", "2026-05-09")
    untimed = ptz(status((0, -5), utc=False))
    found = read(tmp_path, stream(frame(0), late, untimed, ptz(status((0, -200), second=5)), untimed))
    assert len(found.frames) == 1 and "item 5: captured_at '' is missing" in found.rejected[3]
    assert "item 2: captured_at '2026-05-09T12:00:01.000Z' is more than a day after now" in found.rejected[0]
    assert "item 3: captured_at '' is missing" in found.rejected[1]
    assert "item 4: tilt_deg '200.0' is outside [-90, 90]" in found.rejected[2]
    found = read(tmp_path, stream(located("north"), ptz(status(("x", "y")))))
    assert (
        "tilt_deg 'y' is not a number" in found.rejected[1] and "azimuth_deg 'x north'" in found.rejected[0]
    )
    for declared in (True, False):
        whole = [stream(frame(n), declared=declared) for n in range(3)]
        for cut in (70, 130, -3):
            found = read(tmp_path, whole[0] + whole[1][:cut] + whole[2])
            kept = [ms - NOON_MS for ms in found.frames.captured_ms]
            assert kept in ([0, 2000], [0, 1000, 2000]), cut
            assert len(found.rejected) == 1 and "document 2: cannot be read (" in found.rejected[0]


@pytest.mark.parametrize("piece", [1, 2, 3, 20, 4096])
@pytest.mark.parametrize(
    "empty",
    ["<MetadataStream/>", "<MetadataStream></MetadataStream>", "<MetadataStream>/></MetadataStream >"],
)
@pytest.mark.parametrize("after", ["", "</", "</tt", "</tt:MetadataStream>", "/>", ">", "<!-- </ -->"])
def test_an_empty_document_ends_where_it_ends(tmp_path, monkeypatch, piece, empty, after):
    """What follows it, an end tag of nothing even, costs no other document."""
    monkeypatch.setattr(documents, "_PIECE", piece)
    found = read(tmp_path, stream(frame(0)) + empty + after + stream(frame(1)))
    assert [ms - NOON_MS for ms in found.frames.captured_ms] == [0, 1000]
    assert len(found.rejected) == after.startswith("<" + "/")


def test_packed_streams_are_read_alike(tmp_path):
    text = (stream(frame(0)) + stream(frame(1))).encode()
    found = read(tmp_path, gzip.compress(text), name="stream.xml.gz")
    assert [ms - NOON_MS for ms in found.frames.captured_ms] == [0, 1000]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (stream(), "tells of no frame and no position of the camera"),
        (stream("<tt:Event/>"), "tells of no frame and no position of the camera"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + stream(frame(), declared=False), "has a document type (DOCTYPE)"),
        (
            stream(frame()) + '<!DOCTYPE a SYSTEM "file:///etc/passwd">' + stream(frame()),
            "has a document type",
        ),
    ],
)
def test_files_that_cannot_be_meant_are_refused_whole(tmp_path, text, sentence):
    assert sentence in refusal(tmp_path, text)


def test_the_camera_must_be_told(tmp_path):
    alone = ReadOptions({"N-01": 1}, SHANGHAI, NOW, source=7)
    assert "the file names no camera; give its code with --camera" in refusal(
        tmp_path, stream(frame()), alone
    )


def test_a_long_document_takes_no_memory(tmp_path):
    """One document of 40,000 frames, and one whose elements never end."""
    path = tmp_path / "stream.xml"
    body = "".join(
        frame(n % 60).replace("12:00", f"{n // 3600:02d}:{n // 60 % 60:02d}") for n in range(40_000)
    )
    path.write_text(stream(body))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = [len(part.frames) for part in read_frames(path, OPTIONS)]
    assert sum(sizes) == 40_000 and max(sizes) < 10_000
    path.write_text(stream()[:-21] + "<tt:VideoAnalytics>" * 200_000)
    told = [one for part in read_frames(path, OPTIONS) for one in part.rejected]
    assert "more than 200 elements in each other" in str(told[0])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kB


def test_damaged_streams_are_read_or_refused_quickly_and_in_little_memory(tmp_path):
    samples = [
        (stream(frame(0), ptz(status((10, -20), second=1))) + stream(frame(2))).encode(),
        stream(located(30), ptz(status((35, -160), ("4.7", MILLIMETRES)))).encode(),
        stream(frame(3, status((1, 1), space=GENERIC, utc=False)), declared=False).encode("gb18030"),
    ]
    path = tmp_path / "stream.xml"
    generator = np.random.default_rng(7)
    told = Counter()

    def read_whole(file):
        for part in read_frames(file, OPTIONS, format="onvif"):
            told["frames"] += len(part.frames) > 0
            told["aside"] += len(part.rejected)

    files = ((path, damaged(generator, samples)) for _ in range(10_000))
    withstood(files, read_whole, most_kb=200_000)
    assert told["frames"] > 1000 and told["aside"] > 1000
