"""Frame metadata readers: what is taken, what is refused and in which words."""

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.frames import FrameBatch, ReadBatch, ReadOptions, read_frames
from cameras.frames.columns import COLUMNS, NO_TIME
from cameras.frames.times import epoch_ms
from cameras.frames.write import write_csv, write_frames, write_ndjson
from geo.errors import InputRefused

HELSINKI = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 5, 2, tzinfo=UTC)
CAMERAS = {"N-01": 11, "N-02": 12, "下寨村口": 13}
OPTIONS = ReadOptions(cameras=CAMERAS, zone=HELSINKI, now=NOW, source=7, sources={"gw": 8})
SMALL_BLOCKS = ReadOptions(
    cameras=CAMERAS, zone=HELSINKI, now=NOW, source=7, sources={"gw": 8}, block_bytes=64
)


def read(path: Path, options: ReadOptions = OPTIONS) -> ReadBatch:
    parts = list(read_frames(path, options))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(one for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def csv_of(folder: Path, text: str | bytes, name: str = "frames.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def assert_same(one: FrameBatch, other: FrameBatch) -> None:
    for name, values in one.columns().items():
        np.testing.assert_array_equal(values, other.columns()[name], err_msg=name)


def test_every_column_of_a_line_arrives_in_its_unit(tmp_path: Path) -> None:
    """Worked by hand: 2026-05-01T12:00:00+08:00 is 04:00 UTC, 1,777,608,000 s after 1970."""
    path = csv_of(
        tmp_path,
        ",".join(COLUMNS) + "\n"
        "N-01,2026-05-01T12:00:00+08:00,360,-5,90,60,1920,1080,100,40,70,0.75,3,5,0.02,2026-05-01T04:07:20Z,"
        "24.9,60.2,12.5,8.5,lost,gw\n",
    )
    found = read(path)
    assert found.rejected == ()
    assert {name: values[0] for name, values in found.frames.columns().items()} == {
        "camera": 11,
        "source": 8,
        "captured_ms": 1_777_608_000_000,
        "azimuth_deg": 0.0,
        "tilt_deg": -5.0,
        "hfov_deg": 90.0,
        "vfov_deg": 60.0,
        "width_px": 1920.0,
        "height_px": 1080.0,
        "luma": 100.0,
        "contrast": 40.0,
        "sharpness": 70.0,
        "similarity": 0.75,
        "noise": 3.0,
        "cast": 5.0,
        "shift": 0.02,
        "osd_ms": 1_777_608_000_000 + 440_000,
        "lon": 24.9,
        "lat": 60.2,
        "altitude_m": 12.5,
        "height_m": 8.5,
        "event": 1,
    }


def test_the_same_frames_read_from_csv_and_ndjson(tmp_path: Path) -> None:
    """Order and case of headings, blanks, CRLF, a byte-order mark and blank lines do not matter."""
    text = (
        "\ufeff\r\nCaptured_At , camera,luma\r\n2026-05-01T00:00:00Z, N-02 , 41.5\r\n"
        "\r\n2026-05-01 00:01Z,下寨村口, \r\n"
    )
    lines = [
        {"camera": "N-02", "captured_at": "2026-05-01T03:00:00+03:00", "luma": 41.5},
        {"captured_at": "2026-05-01T00:01:00.000Z", "camera": "下寨村口", "luma": None},
    ]
    from_csv = read(csv_of(tmp_path, text))
    from_json = read(csv_of(tmp_path, "\r\n".join(map(json.dumps, lines)), "frames.ndjson"))
    assert from_csv.rejected == from_json.rejected == ()
    assert from_csv.frames.camera.tolist() == [12, 13]
    assert_same(from_csv.frames, from_json.frames)


@pytest.mark.parametrize(
    ("heading", "row", "sentence"),
    [
        (
            "",
            "N-99,2026-05-01T00:00Z",
            "line 2: camera 'N-99' is not a known camera; import the camera first",
        ),
        ("", ",2026-05-01T00:00Z", "line 2: camera '' is missing; give the code"),
        ("", "N-01,", "line 2: captured_at '' is missing; give the time"),
        ("", "N-01,  ", "line 2: captured_at '  ' is missing; give the time"),
        (
            "",
            "N-01,1970-01-01T00:00:00Z",
            "line 2: captured_at '1970-01-01T00:00:00Z' is before the year 2000",
        ),
        (
            "",
            "N-01,2026-05-03T00:00:01Z",
            "line 2: captured_at '2026-05-03T00:00:01Z' is more than a day after now (2026-05-02 00:00 UTC)",
        ),
        ("", "N-01,yesterday", "line 2: captured_at 'yesterday' is not a time; write ISO 8601"),
        ("", "N-01,2026-05-01", "is not a time; write ISO 8601"),
        ("", "N-01,2026-13-01T00:00:00Z", "is not a time; write ISO 8601"),
        ("", "N-01,2026-02-29T00:00:00", "is not a time; write ISO 8601"),
        ("", "N-01,1777608000", "is not a time; write ISO 8601"),
        ("", "N-01,2026-03-29T03:30:00", "falls into the clock change of Europe/Helsinki"),
        ("", "N-01,2025-10-26T03:30:00", "falls into the clock change of Europe/Helsinki"),
        ("azimuth_deg", "361", "azimuth_deg '361' is outside [0, 360]; give degrees clockwise from north"),
        ("azimuth_deg", "-0.5", "is outside [0, 360]"),
        ("azimuth_deg", "NaN", "azimuth_deg 'NaN' is not a finite number; give degrees clockwise"),
        ("azimuth_deg", "-inf", "is not a finite number"),
        ("azimuth_deg", "1e999", "is not a finite number"),
        ("azimuth_deg", "NE", "azimuth_deg 'NE' is not a number; give degrees clockwise"),
        ("azimuth_deg", "１２", "is not a number"),
        ("azimuth_deg", "1_0", "is not a number"),
        ("tilt_deg", "90.5", "tilt_deg '90.5' is outside [-90, 90]; give degrees below the horizon"),
        ("hfov_deg", "0", "hfov_deg '0' is outside (0, 360]"),
        ("hfov_deg", "361", "is outside (0, 360]"),
        ("vfov_deg", "-3", "vfov_deg '-3' is outside (0, 180]"),
        ("width_px", "-1920", "width_px '-1920' is outside [1, 100000]"),
        ("height_px", "0", "height_px '0' is outside [1, 100000]"),
        ("luma", "256", "luma '256' is outside [0, 255]"),
        ("contrast", "-1", "contrast '-1' is outside [0, 255]"),
        ("sharpness", "101", "sharpness '101' is outside [0, 100]"),
        ("similarity", "95", "similarity '95' is outside [0, 1]; share of the picture"),
        ("osd_at", "12:00", "osd_at '12:00' is not a time"),
        ("event", "smoke", "event 'smoke' is no event; write lost, none, or leave it empty"),
        ("source", "gw9", "source 'gw9' is not a known source; declare the source first"),
        (
            "lon,lat",
            "181,60",
            "lon '181' is outside [-180, 180]; give degrees, longitude and latitude not swapped",
        ),
        ("lon,lat", "24.9,-91", "lat '-91' is outside [-90, 90]"),
        ("lon,lat", "24.9,", "lon '24.9' stands without lat; give both or leave both empty"),
        ("lat", "60.2", "lat '60.2' stands without lon"),
        ("altitude_m", "200000", "altitude_m '200000' is outside [-1000, 100000]"),
        ("luma", "1,2", "line 2: 'N-01,2026-05-01T00:00:00Z,1,2' has 4 fields where the heading has 3"),
        ("luma", '"1', "is malformed (unexpected end of data); check the quotes"),
        ("luma", '"1"2', "is malformed"),
    ],
)
def test_a_bad_line_is_told_with_line_value_and_remedy_and_leaves_the_others(
    tmp_path: Path, heading: str, row: str, sentence: str
) -> None:
    if heading:
        row = f"N-01,2026-05-01T00:00:00Z,{row}"
    names = "camera,captured_at" + ("," + heading if heading else "")
    good = "N-02,2026-05-01T00:00:00Z" + "," * (names.count(",") - 1)
    found = read(csv_of(tmp_path, f"{names}\n{row}\n{good}\n"))
    assert len(found.rejected) == 1
    assert sentence in str(found.rejected[0])
    assert str(found.rejected[0]).startswith("line 2: ")
    assert found.frames.camera.tolist() == [12]


def test_every_bad_field_of_a_line_is_told(tmp_path: Path) -> None:
    found = read(csv_of(tmp_path, "camera,captured_at,luma\nN-99,1999-12-31T23:59:59Z,-1\n"))
    assert [one.field for one in found.rejected] == ["camera", "captured_at", "luma"]
    assert len(found.frames) == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            '{"camera": "N-01", "captured_at": "2026-05-01T00:00Z", "luma": NaN}',
            "luma 'nan' is not a finite number",
        ),
        (
            '{"camera": "N-01", "captured_at": "2026-05-01T00:00Z", "luma": 1e999}',
            "luma 'inf' is not a finite",
        ),
        ('{"camera": "N-01", "captured_at": "2026-05-01T00:00Z", "luma": "12"}', "write it without quotes"),
        (
            '{"camera": "N-01", "captured_at": "2026-05-01T00:00Z", "luma": true}',
            "luma 'True' is not a number",
        ),
        (
            '{"camera": 44051300001320000001, "captured_at": "2026-05-01T00:00Z"}',
            "is not text; write it in quotes",
        ),
        ('{"camera": "N-01", "captured_at": 1777608000}', "captured_at '1777608000' is not text"),
        (
            '{"camera": "N-01", "camera": "N-02", "captured_at": "2026-05-01T00:00Z"}',
            "key 'camera' stands twice",
        ),
        ('{"camera": "N-01", "captured_at": "2026-05-01T00:00Z"', "is malformed"),
        ('["N-01", "2026-05-01T00:00Z"]', "is not an object; write one JSON object a line"),
        ('{"captured_at": "2026-05-01T00:00Z"}', "camera '' is missing"),
        ('{"camera": "N-01"}', "captured_at '' is missing"),
        ('{"x": ' + "[" * 100_000, "is malformed"),
        (
            '{"camera": "N-01", "captured_at": "2026-05-01T00:00Z", "luma": 1' + "0" * 400 + "}",
            "not a finite",
        ),
    ],
)
def test_a_bad_object_is_told_and_leaves_the_others(tmp_path: Path, line: str, sentence: str) -> None:
    good = '{"camera": "N-02", "captured_at": "2026-05-01T00:00Z", "luma": 40}'
    found = read(csv_of(tmp_path, f"{good}\n{line}\n{good}\n", "frames.jsonl"))
    assert len(found.rejected) == 1
    assert str(found.rejected[0]).startswith("line 2: ")
    assert sentence in str(found.rejected[0])
    assert found.frames.camera.tolist() == [12, 12]


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_over_long_and_undecodable_lines_are_told_by_number(tmp_path: Path, ending: str) -> None:
    """The file is held 64 bytes at a time, so the long line is never in memory as a whole."""
    if ending == "csv":
        good, head = b"N-01,2026-05-01T00:00:00Z", [b"camera,captured_at"]
    else:
        good, head = b'{"camera":"N-01","captured_at":"2026-05-01T00:00Z"}', []
    long = b"N-01," + b"x" * 3000
    lines = [*head, good, long, good, b"N-\xff\xfe,2026", b"", good]
    options = ReadOptions(CAMERAS, HELSINKI, NOW, source=7, block_bytes=64, max_line_bytes=2000)
    found = read(csv_of(tmp_path, b"\n".join(lines), f"frames.{ending}"), options)
    assert len(found.frames) == 3
    at = len(head)
    assert [one.line for one in found.rejected] == [at + 2, at + 4]
    assert "is longer than 2000 bytes" in str(found.rejected[0])
    assert "is not UTF-8; save the file as UTF-8" in str(found.rejected[1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; the first line names the columns: camera, captured_at"),
        ("\n\n", "is empty"),
        ("camera,luma\n", "heading 'captured_at' is missing in 'camera,luma'"),
        ("N-01,2026-05-01T00:00Z\n", "heading 'camera' is missing"),
        ("camera,captured_at,luma,Luma\n", "heading 'luma' stands twice; leave one"),
        ('camera,"captured_at\n', "the heading is malformed"),
        (b"\xff\xfecamera,captured_at\n", "the heading cannot be read: line 1:"),
    ],
)
def test_a_file_without_a_right_heading_is_refused_whole(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        read(csv_of(tmp_path, text))
    assert sentence in str(refusal.value)


def test_files_that_cannot_be_opened_or_unpacked_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputRefused, match="cannot be unpacked"):
        read(csv_of(tmp_path, "camera,captured_at\n", "frames.csv.gz"))
    packed = gzip.compress(b"camera,captured_at\n" + b"N-01,2026-05-01T00:00Z\n" * 1000)
    with pytest.raises(InputRefused, match="cannot be unpacked"):
        read(csv_of(tmp_path, packed[:-20], "frames.csv.gz"))
    with pytest.raises(InputRefused, match=r"format 'doc' is not known; give one of \.csv, \.ndjson"):
        read(tmp_path / "frames.doc")
    with pytest.raises(InputRefused, match="is empty; write one object a line"):
        read(csv_of(tmp_path, "", "frames.ndjson"))


def test_unknown_columns_are_told_once_and_are_no_error(tmp_path: Path) -> None:
    rows = "".join(f"N-01,2026-05-01T00:00:{s:02d}Z,x,1\n" for s in range(20))
    found = read(csv_of(tmp_path, "camera,captured_at,operator,luma\n" + rows), SMALL_BLOCKS)
    assert found.notes == ("columns not read: 'operator'",)
    assert len(found.frames) == 20 and not found.rejected

    line = '{"camera":"N-01","captured_at":"2026-05-01T00:00Z","operator":{"name":["x"]}}\n'
    found = read(csv_of(tmp_path, line * 20, "frames.ndjson"), SMALL_BLOCKS)
    assert found.notes == ("columns not read: 'operator'",)
    assert len(found.frames) == 20 and not found.rejected


def test_a_quoted_line_feed_does_not_shift_the_line_numbers(tmp_path: Path) -> None:
    """A quoted field over two lines makes both malformed; the bad luma below is still told on line 5."""
    text = (
        "camera,captured_at,luma\n"
        'N-01,2026-05-01T00:00Z,"4\n0"\n'
        "N-01,2026-05-01T00:01Z,40\nN-01,2026-05-01T00:02Z,-4\n"
    )
    found = read(csv_of(tmp_path, text))
    assert [one.line for one in found.rejected] == [2, 3, 5]
    assert len(found.frames) == 1


def test_an_on_screen_clock_that_lost_its_time_is_read_not_refused(tmp_path: Path) -> None:
    """Half past midnight on 1970-01-01 in Shanghai is 7.5 h before the epoch; -1 alone means missing."""
    options = ReadOptions(CAMERAS, ZoneInfo("Asia/Shanghai"), NOW, source=7)
    text = (
        "camera,captured_at,osd_at\n"
        "N-01,2026-05-01T12:00:00,1970-01-01T00:30:00\n"
        "N-01,2026-05-01T12:00:01,1969-12-31T23:59:59.999Z\n"
        "N-01,2026-05-01T12:00:02,\n"
    )
    found = read(csv_of(tmp_path, text), options)
    assert found.rejected == ()
    assert found.frames.osd_ms.tolist() == [-27_000_000, -2, NO_TIME]
    assert found.frames.captured_ms[0] == 1_777_608_000_000


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(2000, 1, 2), datetime(2026, 5, 1)),
            st.one_of(st.none(), st.integers(-14 * 60, 14 * 60)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_times_agree_with_the_standard_library(
    tmp_path_factory: pytest.TempPathFactory, moments: list[tuple[datetime, int | None]]
) -> None:
    """Law: a time with an offset is that instant; one without is read on the wall clock of the zone."""
    rows, expected = [], []
    for moment, offset_min in moments:
        zone = HELSINKI if offset_min is None else timezone(timedelta(minutes=offset_min))
        aware = moment.replace(tzinfo=zone)
        if aware.utcoffset() != aware.replace(fold=1).utcoffset():
            continue
        shown = moment if offset_min is None else aware
        rows.append(f"N-01,{shown.isoformat()}\n")
        expected.append((aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    path = csv_of(tmp_path_factory.mktemp("times"), "camera,captured_at\n" + "".join(rows))
    found = read(path)
    assert found.rejected == ()
    assert found.frames.captured_ms.tolist() == expected


def frame_batches() -> st.SearchStrategy[FrameBatch]:
    number = st.one_of(st.just(float("nan")), st.floats(0, 1).map(lambda x: round(x, 4)))
    row = st.tuples(
        st.sampled_from([11, 12, 13]),
        st.integers(epoch_ms(datetime(2000, 1, 1, tzinfo=UTC)), epoch_ms(NOW)),
        number,
        number,
        st.one_of(st.just(NO_TIME), st.integers(0, 4_000_000_000_000)),
        st.integers(0, 1),
    )
    return st.lists(row, min_size=1, max_size=30).map(
        lambda rows: FrameBatch.of(
            *(list(column) for column in list(zip(*rows, strict=True))[:2]),
            azimuth_deg=[row[2] for row in rows],
            similarity=[row[3] for row in rows],
            osd_ms=[row[4] for row in rows],
            event=[row[5] for row in rows],
            source=7,
        )
    )


@settings(max_examples=25, deadline=None)
@given(frame_batches())
def test_what_is_written_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, frames: FrameBatch
) -> None:
    folder = tmp_path_factory.mktemp("round")
    codes = {camera: code for code, camera in CAMERAS.items()}
    for name, write in (
        ("a.csv", write_csv),
        ("a.csv.gz", write_csv),
        ("a.ndjson", write_ndjson),
        ("a.ndjson.gz", write_ndjson),
    ):
        write(folder / name, frames, codes)
        for options in (OPTIONS, SMALL_BLOCKS):
            found = read(folder / name, options)
            assert found.rejected == ()
            assert_same(found.frames, frames)


def test_codes_with_quotes_and_commas_survive_both_formats(tmp_path: Path) -> None:
    code = 'N "1",\\x'
    frames = FrameBatch.of([1], [1_777_608_000_000])
    options = ReadOptions({code: 1}, HELSINKI, NOW, source=0)
    write_csv(tmp_path / "a.csv", frames, {1: code})
    write_ndjson(tmp_path / "a.ndjson", frames, {1: code})
    for name in ("a.csv", "a.ndjson"):
        assert_same(read(tmp_path / name, options).frames, frames)


def test_each_source_gets_its_own_file_and_the_same_frames_the_same_bytes(tmp_path: Path) -> None:
    frames = FrameBatch.of([11, 12, 11], [1_777_608_000_000] * 3, source=[1, 2, 2])
    sources = pd.DataFrame(
        {"code": ["gw-a", "round", "idle"], "kind": ["gateway", "inspection", "gateway"]}, index=[1, 2, 3]
    )
    codes = {11: "N-01", 12: "N-02"}
    paths = write_frames(tmp_path, frames, sources, codes)
    assert {source: path.name for source, path in paths.items()} == {1: "gw-a.csv", 2: "round.ndjson.gz"}
    before = paths[2].read_bytes()
    write_frames(tmp_path, frames, sources, codes)
    assert paths[2].read_bytes() == before
    assert read(paths[2]).frames.camera.tolist() == [12, 11]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["good", "short", "azimuth", "camera", "blank"]), max_size=25))
def test_a_bad_line_takes_no_good_one_with_it(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    """Law: good lines become frames in their order, each other line is told once, whatever the block size."""
    lines = {
        "good": "N-01,2026-05-01T00:{:02d}:00Z,12",
        "short": "N-01",
        "azimuth": "N-01,2026-05-01T00:{:02d}:00Z,400",
        "camera": "N-77,2026-05-01T00:{:02d}:00Z,12",
        "blank": "",
    }
    text = "".join(lines[kind].format(minute) + "\n" for minute, kind in enumerate(kinds))
    path = csv_of(tmp_path_factory.mktemp("bad"), "camera,captured_at,azimuth_deg\n" + text)
    for options in (OPTIONS, SMALL_BLOCKS):
        found = read(path, options)
        minutes = (found.frames.captured_ms // 60_000 % 60).tolist()
        assert minutes == [minute for minute, kind in enumerate(kinds) if kind == "good"]
        assert [one.line for one in found.rejected] == [
            place + 2 for place, kind in enumerate(kinds) if kind in ("short", "azimuth", "camera")
        ]


def test_frames_keep_their_order_only_when_it_is_by_camera_time_and_source() -> None:
    frames = FrameBatch.of([2, 1, 1, 1], [5, 9, 9, 3], source=[0, 1, 0, 0])
    assert not frames.is_sorted
    ordered = frames.in_order()
    assert ordered.camera.tolist() == [1, 1, 1, 2]
    assert ordered.captured_ms.tolist() == [3, 9, 9, 5]
    assert ordered.source.tolist() == [0, 0, 1, 0]
    assert ordered.in_order() is ordered
    assert len(FrameBatch.concatenate([])) == 0


def test_frames_refuse_columns_of_the_wrong_kind_or_length() -> None:
    frames = FrameBatch.of([1, 2], [3, 4])
    columns = frames.columns()
    with pytest.raises(ValueError, match="luma has 1 values where camera has 2"):
        FrameBatch(**{**columns, "luma": np.zeros(1)})
    with pytest.raises(TypeError, match="captured_ms is not a flat array of int64"):
        FrameBatch(**{**columns, "captured_ms": np.zeros(2)})
    with pytest.raises(TypeError, match="no column brightness"):
        FrameBatch.of([1], [2], brightness=[3.0])


def test_options_say_what_they_need() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ReadOptions({}, UTC, datetime(2026, 5, 1), source=1)
    with pytest.raises(ValueError, match="neither a source"):
        ReadOptions({}, UTC, NOW)
    with pytest.raises(ValueError, match="at least 1"):
        ReadOptions({}, UTC, NOW, source=1, block_bytes=0)


def test_a_file_that_names_no_source_needs_one_given(tmp_path: Path) -> None:
    options = ReadOptions(CAMERAS, HELSINKI, NOW, sources={"gw": 8})
    found = read(csv_of(tmp_path, "camera,captured_at\nN-01,2026-05-01T00:00Z\n"), options)
    assert "source '' is missing; give the code of a source" in str(found.rejected[0])
    text = "camera,captured_at,source\nN-01,2026-05-01T00:00Z,gw\nN-01,2026-05-01T00:01Z,\n"
    found = read(csv_of(tmp_path, text), OPTIONS)
    assert found.frames.source.tolist() == [8, 7]


def test_the_documentation_names_every_column() -> None:
    page = (Path(__file__).parent.parent / "docs" / "frames.md").read_text(encoding="utf8")
    table = page.split("| column |")[1].split("\n\n")[0]
    assert all(f"`{name}`" in table for name in COLUMNS)
