"""Lists of recordings: what readers take from them, and what is kept aside."""

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from mutations import damaged, withstood

from cameras.frames import read_frames
from cameras.frames.columns import ReadOptions
from cameras.recordings.columns import ListOptions
from cameras.recordings.kinds import KINDS
from cameras.recordings.reading import read_recordings
from geo.errors import InputRefused

SHANGHAI = ZoneInfo("Asia/Shanghai")
A, B, NVR = "44051300001310000001", "44051300001320000002", "44051300001180000009"
SEEN = datetime(2026, 5, 3, 4, tzinfo=UTC)
OPTIONS = ListOptions({A: 1, B: 2}, SHANGHAI, SEEN)
#: 2026-05-01 00:00 in Shanghai, which is the evening before in UTC.
MIDNIGHT = datetime(2026, 4, 30, 16, tzinfo=UTC)
HOUR_MS = 3_600_000


def item(start, end, device=A, kind="time", **more):
    """An Item as recorders write it; times are hours of 2026-05-01 in Shanghai, or texts."""
    fields = {
        **({"DeviceID": device} if device else {}),
        "Name": "下寨村口",
        "FilePath": "1591069694_1591071812",
        "Address": "Address 1",
        "StartTime": told(start),
        "EndTime": told(end),
        "Secrecy": "0",
        **({"Type": kind} if kind is not None else {}),
        **more,
    }
    return "<Item>" + "".join(f"<{name}>{text}</{name}>" for name, text in fields.items()) + "</Item>"


def told(hours):
    if isinstance(hours, str):
        return hours
    return f"{datetime(2026, 5, 1) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}"


def answer(*items, total=None, number=7, device=A, declared="GB2312"):
    """One message of an answer."""
    total = len(items) if total is None else total
    return (
        f'<?xml version="1.0" encoding="{declared}"?>\r\n<Response>\n<CmdType>RecordInfo</CmdType>\n'
        f"<SN>{number}</SN>\n<DeviceID>{device}</DeviceID>\n<Name>下寨</Name>\n<SumNum>{total}</SumNum>\n"
        f'<RecordList Num="{len(items)}">{"".join(items)}</RecordList>\n</Response>\n'
    )


def question(start, end, number=7, device=A, kind="all"):
    return (
        f"<Query><CmdType>RecordInfo</CmdType><SN>{number}</SN><DeviceID>{device}</DeviceID>"
        f"<StartTime>{told(start)}</StartTime><EndTime>{told(end)}</EndTime><Secrecy>0</Secrecy>"
        f"<Type>{kind}</Type></Query>"
    )


class Read:
    """What a file says, its recordings as (camera, start, end, kind) with hours since `MIDNIGHT`."""

    def __init__(self, folder, text, options=OPTIONS, name="list.xml"):
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        parts = list(read_recordings(path, options))
        self.rows = [
            (camera, _hours(start), _hours(end), KINDS[kind])
            for part in parts
            for camera, start, end, kind in zip(
                part.camera.tolist(),
                part.start_ms.tolist(),
                part.end_ms.tolist(),
                part.kind.tolist(),
                strict=True,
            )
        ]
        self.rejected = [str(one) for part in parts for one in part.rejected]
        self.notes = [str(one) for part in parts for one in part.notes]
        self.answers = [one for part in parts for one in part.answers]


def _hours(ms):
    return (ms - MIDNIGHT.timestamp() * 1000) / HOUR_MS


def test_an_answer_lists_what_is_recorded_of_its_camera(tmp_path):
    found = Read(tmp_path, answer(item(0, 1), item(1, 2.5, kind="alarm"), item(3, 4, kind=None, device=B)))
    assert found.rows == [(1, 0, 1, "time"), (1, 1, 2.5, "alarm"), (2, 3, 4, "unknown")]
    assert [(one.asked, one.complete, one.cameras) for one in found.answers] == [(None, True, ())]
    assert not found.rejected and not found.notes


def test_a_real_answer_of_a_recorder(tmp_path):
    """Times and layout as an embedded NVR answered; it lists a file that began before the time asked for."""
    times = ["11:48:14", "12:23:32", "12:58:50", "13:34:08", "14:09:26", "14:44:44", "15:02:23"]
    items = [item(f"2020-06-02T{start}", f"2020-06-02T{end}") for start, end in pairwise(times)]
    text = question("2020-06-02T12:00:00", "2020-06-02T15:02:23") + answer(*items)
    found = Read(tmp_path, text)
    noon = datetime(2020, 6, 2, 4, tzinfo=UTC).timestamp() * 1000
    assert len(found.rows) == 6
    (only,) = found.answers
    assert only.asked == (noon, noon + 3 * HOUR_MS + 143_000) and only.complete


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("declared", ["UTF-8", "GB2312"])
def test_the_encoding_is_what_it_is_whatever_is_declared(tmp_path, encoding, declared):
    text = (answer(item(0, 1), declared=declared) * 2).encode(encoding)
    assert Read(tmp_path, text).rows == [(1, 0, 1, "time")] * 2


def test_an_answer_comes_in_messages_and_is_whole_when_all_that_it_announces_came(tmp_path):
    first, second = (answer(item(hour, hour + 1), item(hour + 1, hour + 2), total=4) for hour in (0, 2))
    (whole,) = Read(tmp_path, first + second).answers
    assert whole.complete
    # A message that was sent twice, as over UDP, stands for no other.
    twice = Read(tmp_path, first + first)
    assert not twice.answers[0].complete
    assert twice.notes == [
        "1 lists came with fewer recordings than they announce: what they name is stored, and nothing that "
        "was known is removed; ask for less time at once"
    ]
    assert Read(tmp_path, first + first + second).answers[0].complete


def test_answers_to_several_questions_are_told_apart(tmp_path):
    text = (
        question(0, 24, number=1)
        + question(24, 48, number=2)
        + answer(item(25, 26), number=2)
        + answer(item(1, 2), item(2, 3), number=1)
    )
    found = Read(tmp_path, text)
    hours = [tuple(_hours(one) for one in answer.asked) for answer in found.answers]
    assert hours == [(24, 48), (0, 24)] and all(one.complete for one in found.answers)


def test_an_empty_answer_says_something_only_of_the_time_that_was_asked_for(tmp_path):
    found = Read(tmp_path, question(0, 24) + answer())
    assert [(one.cameras, one.complete) for one in found.answers] == [((1,), True)]
    assert found.answers[0].asked is not None and not found.notes
    silent = Read(tmp_path, answer())
    assert silent.answers[0].asked is None
    assert "do not say for which time they were asked" in silent.notes[0]
    told_beside = ListOptions({A: 1}, SHANGHAI, SEEN, since=MIDNIGHT)
    assert _hours(Read(tmp_path, answer(), told_beside).answers[0].asked[1]) == 60


def test_a_question_for_alarms_alone_tells_not_what_else_is_there(tmp_path):
    assert not Read(tmp_path, question(0, 24, kind="alarm") + answer(item(1, 2))).answers[0].complete


def test_an_answer_of_a_recorder_names_its_cameras_itself(tmp_path):
    found = Read(tmp_path, answer(item(0, 1, device=A), item(1, 2, device=B), device=NVR))
    assert [row[0] for row in found.rows] == [1, 2] and found.answers[0].cameras == ()
    # Some put their own code into the items, and the camera's into the answer; some name none there.
    assert [row[0] for row in Read(tmp_path, answer(item(0, 1, device=NVR), item(1, 2, device=""))).rows] == [
        1,
        1,
    ]


def test_recordings_past_midnight_and_in_any_zone(tmp_path):
    found = Read(tmp_path, answer(item(23, 25), item("2026-05-02T00:30:00+08:00", "2026-05-01T17:00:00Z")))
    assert [row[1:3] for row in found.rows] == [(23, 25), (24.5, 25)]


def test_what_lies_after_the_list_was_seen_cannot_be_there(tmp_path):
    """A file is laid out to the full hour; SEEN is 60 h after MIDNIGHT."""
    found = Read(tmp_path, answer(item(59.5, 61), item(60.5, 61)))
    assert found.rows == [(1, 59.5, 60, "time")]
    assert "after the list was seen was left out" in found.notes[0]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (item(2, 1), "end '2026-05-01T01:00:00' is before the start; one past midnight ends on the next day"),
        (item("yesterday", 1), "start 'yesterday' is not a time; write ISO 8601"),
        (item("1970-01-01T08:00:00", 1), "start '1970-01-01T08:00:00' is before the year 2000"),
        (
            item(1, "2062-05-01T02:00:00"),
            "end '2062-05-01T02:00:00' is more than a day after the list was seen",
        ),
        (item(1, ""), "end '' is missing; give the end of the recording"),
        (item(1, 2, device="44051300001320000099"), "camera '44051300001320000099' is not a known camera"),
    ],
)
def test_a_recording_that_cannot_be_is_kept_aside(tmp_path, bad, sentence):
    device = NVR if "20000099" in bad else A
    found = Read(tmp_path, answer(item(0, 1), bad, item(3, 4), device=device))
    assert [row[1:3] for row in found.rows] == [(0, 1), (3, 4)]
    (told_,) = found.rejected
    assert told_.startswith("item 2: ") and sentence in told_
    # Nobody knows what it would have been: the list removes nothing.
    assert not found.answers[0].complete


def test_a_recording_without_length_is_left_out(tmp_path):
    found = Read(tmp_path, answer(item(1, 1), item(2, 3)))
    assert len(found.rows) == 1 and found.answers[0].complete and "left out" in found.notes[0]


def test_a_message_that_breaks_off_leaves_the_others(tmp_path):
    broken = answer(item(0, 1), item(1, 2), total=3)[:-80]
    found = Read(tmp_path, broken + answer(item(2, 3), total=3))
    assert [row[1] for row in found.rows] == [0, 2]
    assert found.rejected[0].startswith("message 1: cannot be read") and not found.answers[0].complete


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<Notify><CmdType>Keepalive</CmdType></Notify>", "holds no list of recordings (Keepalive (1))"),
        (question(0, 1), "holds no list of recordings"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Response/>', "has a document type"),
    ],
)
def test_a_file_without_a_list_is_refused_whole(tmp_path, text, sentence):
    with pytest.raises(InputRefused) as caught:
        Read(tmp_path, text)
    assert sentence in str(caught.value)


def test_a_list_is_no_metadata_of_frames(tmp_path):
    path = tmp_path / "list.xml"
    path.write_text(answer(item(0, 1)))
    with pytest.raises(InputRefused) as caught:
        list(read_frames(path, ReadOptions({A: 1}, SHANGHAI, SEEN, source=7)))
    assert str(caught.value) == (
        "list.xml is a list of recordings, not metadata of frames; take it in with lianfang recordings ingest"
    )


def test_a_csv_lists_recordings(tmp_path):
    text = (
        "Start,camera,End,KIND,disk\n"
        f"2026-05-01 00:00,{A},2026-05-01 01:00,,1\n"
        f"2026-05-01T02:00:00+08:00,{B},2026-05-01 03:00,Manual,1\n"
        f"2026-05-01 05:00,{A},2026-05-01 04:00,,1\n"
        f"2026-05-01 05:00,{A},2026-05-01 06:00,film,1\n"
    )
    found = Read(tmp_path, gzip.compress(text.encode()), name="list.csv.gz")
    assert found.rows == [(1, 0, 1, "unknown"), (2, 2, 3, "manual")]
    assert found.rejected[0].startswith("line 4: end '2026-05-01 04:00' is before the start")
    assert found.rejected[1].startswith("line 5: kind 'film' is no kind; write one of time, alarm, manual")
    assert found.notes == ["columns not read: 'disk'"]
    with pytest.raises(InputRefused, match="heading 'end' is missing"):
        Read(tmp_path, "camera,start\n", name="list.csv")


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputRefused, match=r"do not come as 'json'; give one of \.csv, \.xml"):
        Read(tmp_path, "x", name="list.json")


# Columns of a CSV are cut apart by the reader of frames, which withstands its own.
@pytest.mark.parametrize(("name", "inputs"), [("list.xml", 10_000), ("list.csv", 10_000)])
def test_damaged_lists_are_read_or_refused_quickly_and_in_little_memory(tmp_path, name, inputs):
    many = [item(hour, hour + 1, device=(A, B)[hour % 2]) for hour in range(4)]
    samples = {
        "list.xml": [
            (question(0, 24) + answer(*many[:2], total=3) + answer(many[2], total=3)).encode(),
            answer(*many, declared="UTF-8").encode("gb18030"),
            answer().encode(),
        ],
        "list.csv": [
            f"camera,start,end,kind\n{A},2026-05-01T00:00:00,2026-05-01T01:00:00+08:00,time\n".encode(),
            f"camera,start,end\r\n{B},2026-05-01 00:00,2026-05-01 01:00\r\n".encode() * 2,
        ],
    }[name]
    path = tmp_path / name
    generator = np.random.default_rng(37300)
    told = Counter()

    def read_whole(file):
        for part in read_recordings(file, OPTIONS):
            told["listed"] += len(part) > 0
            told["aside"] += len(part.rejected)
            assert (part.start_ms < part.end_ms).all() and set(part.camera.tolist()) <= {1, 2}
            assert part.end_ms.max(initial=0) <= OPTIONS.seen_ms

    withstood(((path, damaged(generator, samples)) for _ in range(inputs)), read_whole, most_kb=200_000)
    assert told["listed"] > inputs / 10 and told["aside"] > inputs / 10
