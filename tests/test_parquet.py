"""Frame metadata in Parquet: columns of any numeric type and timestamps, and files that mean harm."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import damaged, withstood

from cameras.frames import FrameBatch, ReadBatch, read_frames
from cameras.frames.columns import COLUMNS, LIMITS, NO_TIME, ReadOptions
from cameras.frames.times import OUT_OF_YEARS, parsed_times
from cameras.frames.validate import validated
from cameras.frames.write import write_csv, write_parquet
from geo.errors import InputRefused

HELSINKI = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 5, 2, tzinfo=UTC)
CAMERAS = {"N-01": 11, "N-02": 12, "下寨村口": 13}
OPTIONS = ReadOptions(CAMERAS, HELSINKI, NOW, source=7, sources={"gw": 8})
SMALL_BLOCKS = ReadOptions(CAMERAS, HELSINKI, NOW, source=7, block_bytes=2000)
CODES = {camera: code for code, camera in CAMERAS.items()}
NOON_MS = 1_777_636_800_000


def read(path, options=OPTIONS):
    parts = list(read_frames(path, options))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(one for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def parquet_of(folder, columns, **options):
    path = folder / "frames.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def refusal(path, options=OPTIONS):
    with pytest.raises(InputRefused) as caught:
        read(path, options)
    return str(caught.value)


def assert_same(one, other):
    for name, values in one.columns().items():
        np.testing.assert_array_equal(values, other.columns()[name], err_msg=name)


def timestamps(values, unit="ms", zone=None):
    return pa.array(values, pa.int64()).cast(pa.timestamp(unit, zone))


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "+05:30", "No/Where"])
def test_a_timestamp_with_a_zone_is_that_instant_in_whatever_unit_and_zone(unit, zone):
    per_s = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
    ms, ok, problems = parsed_times(timestamps([NOON_MS // 1000 * per_s, None], unit, zone), HELSINKI)
    assert ms.tolist() == [NOON_MS, 0] and ok.tolist() == [True, False] and not problems


def test_a_fraction_finer_than_a_millisecond_is_cut_off_as_of_a_text():
    micros = [1_999, -1]
    texts = pa.array(["1970-01-01T00:00:00.001999Z", "1969-12-31T23:59:59.999999Z"])
    assert parsed_times(timestamps(micros, "us", "UTC"), HELSINKI)[0].tolist() == [1, -1]
    assert parsed_times(texts, HELSINKI)[0].tolist() == [1, -1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20))
def test_timestamps_without_a_zone_are_read_as_texts_without_one(moments):
    """Law: the same clock readings as texts and as timestamps are the same instants, or refused alike."""
    as_texts = parsed_times(pa.array([one.isoformat(timespec="microseconds") for one in moments]), HELSINKI)
    as_stamps = parsed_times(pa.array(moments, pa.timestamp("us")), HELSINKI)
    assert as_texts[0].tolist() == as_stamps[0].tolist()
    assert as_texts[1].tolist() == as_stamps[1].tolist() and as_texts[2] == as_stamps[2]


def test_a_clock_reading_in_the_hour_of_a_clock_change_names_no_instant():
    skipped = int(datetime(2026, 3, 29, 3, 30, tzinfo=UTC).timestamp())
    _, ok, problems = parsed_times(timestamps([skipped, skipped + 3600], "s"), HELSINKI)
    assert ok.tolist() == [False, True] and "clock change of Europe/Helsinki" in problems[0]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["0000-01-01T00:00:00"]),
        pa.array(["0000-01-01T00:00:00Z"]),
        pa.array(["0001-01-01T00:00:00+14:00"]),
        timestamps([2**62], "s"),
        timestamps([-(2**63)], "s", "UTC"),
        timestamps([2**62], "ms", "UTC"),
        timestamps([2**62], "us"),
    ],
)
def test_times_of_no_year_that_a_calendar_has_are_told(column):
    ms, ok, problems = parsed_times(column, HELSINKI)
    assert (ms.tolist(), ok.tolist(), problems) == ([0], [False], {0: OUT_OF_YEARS})
    cameras = pa.array(["N-01"])
    found = validated({"camera": cameras, "captured_at": column}, np.array([4]), OPTIONS, unit="row")
    assert len(found.frames) == 0 and str(found.rejected[0]).startswith("row 4: captured_at '")
    assert str(found.rejected[0]).endswith(OUT_OF_YEARS)


# ---------------------------------------------------------------- numbers and cameras


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(9, 2), pa.float16()]
)
def test_a_number_may_come_in_any_type(kind):
    moments = timestamps([NOON_MS] * 3, "ms", "UTC")
    raw = {
        "camera": pa.array(["N-01"] * 3),
        "captured_at": moments,
        "luma": pa.array([40, None, 120]).cast(pa.float64()).cast(kind),
    }
    found = validated(raw, np.arange(1, 4), OPTIONS)
    assert not found.rejected and found.frames.captured_ms.tolist() == [NOON_MS] * 3
    np.testing.assert_array_equal(found.frames.luma, [40, np.nan, 120])


def test_a_file_that_names_no_camera_is_of_the_one_it_is_said_to_be_of():
    raw = {"captured_at": timestamps([NOON_MS], "ms", "UTC")}
    alone = ReadOptions(CAMERAS, HELSINKI, NOW, source=7, camera=12)
    assert validated(raw, np.array([1]), alone).frames.camera.tolist() == [12]
    assert "camera '' is missing" in str(validated(raw, np.array([1]), OPTIONS).rejected[0])


# ---------------------------------------------------------------- files


def test_the_same_frames_read_from_csv_and_parquet(tmp_path):
    """Every column; in Parquet as texts throughout, and as the types that a program would write."""
    cells = {
        "camera": ["N-01", "下寨村口"],
        "captured_at": ["2026-05-01T12:00:00Z", "2026-05-01T12:00:01.500Z"],
        **{name: ["1", None] for name in LIMITS},
        "osd_at": ["2026-05-01T12:00:03Z", None],
        "event": [None, "lost"],
        "source": ["gw", None],
    }
    rows = zip(*cells.values(), strict=True)
    (tmp_path / "a.csv").write_text("\n".join(",".join(c or "" for c in row) for row in [list(cells), *rows]))
    expected = read(tmp_path / "a.csv")
    assert not expected.rejected and len(expected.frames) == 2
    assert_same(read(parquet_of(tmp_path, cells)).frames, expected.frames)
    typed = {name: pa.array(values, pa.string()) for name, values in cells.items()}
    for name in ("captured_at", "osd_at"):
        typed[name] = typed[name].cast(pa.timestamp("ms", "UTC"))
    for name in LIMITS:
        typed[name] = pa.array([1, None], pa.int16())
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        typed["camera"] = pa.array(cells["camera"]).cast(kind)
        for version in ("1.0", "2.0"):
            path = parquet_of(tmp_path, typed, data_page_version=version)
            assert_same(read(path).frames, expected.frames)
    assert set(typed) == set(COLUMNS)


def frame_batches():
    number = st.one_of(st.just(float("nan")), st.floats(0, 1))
    row = st.tuples(
        st.sampled_from([11, 12, 13]),
        st.integers(946_684_800_000, NOON_MS),
        number,
        number,
        st.one_of(st.just(NO_TIME), st.integers(-62_135_596_800_000, 253_402_300_799_999)),
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


@settings(max_examples=30, deadline=None)
@given(frame_batches())
def test_what_is_written_is_read_back_unchanged(tmp_path_factory, frames):
    path = tmp_path_factory.mktemp("round") / "a.parquet"
    write_parquet(path, frames, CODES)
    for options in (OPTIONS, SMALL_BLOCKS):
        found = read(path, options)
        assert not found.rejected and not found.notes
        assert_same(found.frames, frames)


def test_columns_without_a_value_are_left_out_and_the_same_frames_are_the_same_bytes(tmp_path):
    frames = FrameBatch.of([11, 12], [NOON_MS] * 2, luma=[40, np.nan], source=7)
    write_parquet(tmp_path / "a.parquet", frames, CODES)
    write_parquet(tmp_path / "b.parquet", frames, CODES)
    assert pq.read_schema(tmp_path / "a.parquet").names == ["camera", "captured_at", "luma"]
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    write_csv(tmp_path / "a.csv", frames, CODES)
    assert_same(read(tmp_path / "a.parquet").frames, read(tmp_path / "a.csv").frames)


def test_rows_are_counted_over_batches_and_row_groups_and_unknown_columns_told_once(tmp_path):
    n = 50
    columns = {
        " Camera": ["N-01"] * 20 + ["N-99"] + ["N-02"] * (n - 21),
        "CAPTURED_AT": ["2026-05-01T12:00:00Z"] * 33 + ["yesterday"] + [None] + ["2026-05-01T12:00:00"] * 15,
        "operator": [{"name": ["x"]}] * n,
        "luma": [40] * 49 + [256],
    }
    found = read(parquet_of(tmp_path, columns, row_group_size=17), SMALL_BLOCKS)
    assert [str(one).split(";")[0] for one in found.rejected] == [
        "row 21: camera 'N-99' is not a known camera",
        "row 34: captured_at 'yesterday' is not a time",
        "row 35: captured_at '' is missing",
        "row 50: luma '256' is outside [0, 255]",
    ]
    assert found.notes == ("columns not read: 'operator'",) and len(found.frames) == 46
    empty = read(parquet_of(tmp_path, pa.table(columns).slice(0, 0).to_pydict() | {"x": []}))
    assert len(empty.frames) == 0 and empty.notes == ("columns not read: 'operator', 'x'",)


def test_a_text_that_is_no_text_or_too_long_costs_its_rows_alone(tmp_path):
    bad = pa.array([b"N-01", b"N-\xff", b"N-02", b"x" * 1001, None], pa.binary())
    view = pa.Array.from_buffers(pa.string(), 5, bad.buffers())
    columns = {"camera": view, "captured_at": ["2026-05-01T12:00:00Z"] * 5}
    columns_2 = columns | {"event": pa.array([None, None, None, None, None], pa.string_view())}
    assert len(read(parquet_of(tmp_path, columns_2, use_dictionary=False)).rejected) == 3
    found = read(parquet_of(tmp_path, columns, use_dictionary=False))
    assert [one.line for one in found.rejected] == [2, 4, 5] and found.frames.camera.tolist() == [11, 12]
    assert "camera 'N-\ufffd' is not UTF-8" in str(found.rejected[0])
    assert "is longer than 1000 bytes" in str(found.rejected[1])
    assert "camera '' is missing" in str(found.rejected[2])
    # In a dictionary one text may be meant by every row.
    assert "column 'camera' has a text of 1001 bytes; at most 1000" in refusal(parquet_of(tmp_path, columns))


# ---------------------------------------------------------------- files refused whole

GOOD = {"camera": ["N-01"], "captured_at": timestamps([NOON_MS], "ms", "UTC")}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"camera": ["N-01"]},
            "column 'captured_at' is missing in 'camera'; there must be camera, captured_at",
        ),
        (GOOD | {"Luma": [1], "luma": [2]}, "column 'luma' stands twice; leave one"),
        (GOOD | {"luma": [{"x": 1}]}, "column 'luma' is struct<x: int64>; write numbers"),
        (GOOD | {"camera": [["N-01"]]}, "column 'camera' is list<element: string>; write texts"),
        (GOOD | {"luma": [True]}, "column 'luma' is bool; write numbers"),
        (GOOD | {"camera": [440513]}, "column 'camera' is int64; write texts"),
        (GOOD | {"camera": [b"N-01"]}, "column 'camera' is binary; write texts"),
        (GOOD | {"captured_at": [1.5]}, "column 'captured_at' is double; write timestamps (64 bits, in UTC)"),
        (GOOD | {"captured_at": pa.array([1], pa.date32())}, "column 'captured_at' is date32[day]; write"),
    ],
)
def test_a_file_whose_columns_cannot_be_meant_is_refused_whole(tmp_path, columns, sentence):
    assert sentence in refusal(parquet_of(tmp_path, columns))


def test_old_timestamps_that_say_no_zone_are_refused(tmp_path):
    """INT96: one writer means instants by it, another clock readings, and the file does not say which."""
    path = parquet_of(tmp_path, GOOD, use_deprecated_int96_timestamps=True)
    assert "column 'captured_at' is INT96; write timestamps" in refusal(path)


def test_what_is_no_parquet_is_refused_in_words(tmp_path):
    path = tmp_path / "frames.parquet"
    good = parquet_of(tmp_path, GOOD).read_bytes()
    for content, sentence in (
        (b"", "is no Parquet file, or was cut off"),
        (b"camera,captured_at\n" * 9, "is no Parquet file"),
        (good[:-3], "is no Parquet file, or was cut off"),
        (good[:-4] + b"PARE", "is encrypted; write it again without encryption"),
        (good[:-8] + b"\xff\xff\xff\x7fPAR1", "its footer claims 2147483647 bytes"),
        (good[:-300] + bytes(292) + good[-8:], "cannot be read as Parquet"),
    ):
        path.write_bytes(content)
        assert sentence in refusal(path)
    path.unlink()
    assert "cannot be read (No such file or directory)" in refusal(path)


def test_a_page_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path):
    """One text of 40 MB, packed into some kilobytes, meant by every one of 100,000 rows: 4 TB written out."""
    text = "x" * 40_000_000
    for columns in (
        GOOD | {"camera": [text]},
        {"camera": pa.DictionaryArray.from_arrays(np.zeros(100_000, np.int8), [text])}
        | {"captured_at": timestamps([NOON_MS] * 100_000, "ms", "UTC")},
    ):
        path = parquet_of(tmp_path, columns, compression="zstd", write_statistics=False)
        assert path.stat().st_size < 20_000
        assert "a page of column 'camera' unpacks to 4" in refusal(path)
        assert "at most 1000 a value and 64 MB a page are read" in refusal(path)


def test_more_rows_than_a_file_can_hold_are_refused(tmp_path):
    n = 2_000_000
    same = {
        "camera": pa.DictionaryArray.from_arrays(np.zeros(n, np.int8), ["N-01"]),
        "captured_at": timestamps(np.full(n, NOON_MS), "ms", "UTC"),
    }
    path = parquet_of(tmp_path, same, compression="zstd", row_group_size=n)
    assert path.stat().st_size < 20_000
    assert f"claims {n} rows in {path.stat().st_size} bytes, more than 100 a byte" in refusal(path)


def test_categories_are_read_as_what_they_name_and_refused_where_they_outgrow_their_dictionary(tmp_path):
    """A library keeps growing such a dictionary while it reads: as much memory as there are texts."""
    n = 40
    codes = pa.array(["N-01", "N-02"] * 20).dictionary_encode()
    columns = {"camera": codes, "captured_at": timestamps([NOON_MS] * n, "ms", "UTC")}
    assert read(parquet_of(tmp_path, columns)).frames.camera.tolist() == [11, 12] * 20
    told = refusal(parquet_of(tmp_path, columns, use_dictionary=False))
    assert "column 'camera' was written as categories that outgrew their dictionary" in told


def test_texts_that_each_keep_all_of_the_one_before_are_read_few_at_a_time(tmp_path):
    """10,000 texts of 900 bytes, each 899 like the one before, in some kilobytes."""
    columns = {
        "camera": ["N-01"] * 10_000,
        "captured_at": timestamps([NOON_MS] * 10_000, "ms", "UTC"),
        "event": ["x" * 890 + f"{n:010d}" for n in range(10_000)],
    }
    path = parquet_of(tmp_path, columns, use_dictionary=False, column_encoding={"event": "DELTA_BYTE_ARRAY"})
    found = read(path)
    assert len(found.rejected) == 10_000 and "is no event" in str(found.rejected[0])


def test_damaged_files_are_read_or_refused_quickly_and_in_little_memory(tmp_path):
    n = 30
    stamps = {"camera": ["N-01", "N-02"] * 15, "captured_at": timestamps([NOON_MS + i for i in range(n)])}
    texts = {"camera": ["N-01", "N-99"] * 15, "captured_at": ["2026-05-01T12:00:00"] * n}
    stamps |= {"luma": list(range(n)), "event": [None, "lost"] * 15}
    texts |= {"hfov_deg": pa.array([1.5] * n).cast(pa.decimal128(9, 2)), "osd_at": timestamps(range(n), "ns")}
    samples = [
        parquet_of(tmp_path, columns, **how).read_bytes()
        for columns in (stamps, texts)
        for how in (
            {"compression": "none", "store_schema": False},
            {"compression": "zstd"},
            {"compression": "gzip", "data_page_version": "2.0", "row_group_size": 14},
            {"compression": "lz4", "use_dictionary": False, "store_schema": False},
            {"compression": "snappy", "use_dictionary": False, "write_statistics": False},
        )
    ]
    path = tmp_path / "frames.parquet"
    generator = np.random.default_rng(21)
    told = Counter()

    def read_whole(file):
        told["read"] += len(read(file).frames) > 0

    files = (
        (path, damaged(generator, samples) if turn % 2 else _flipped(generator, samples))
        for turn in range(12_000)
    )
    withstood(files, read_whole, most_kb=500_000)
    assert told["read"] > 100


def _flipped(generator, samples):
    """Bytes changed and none moved, so that places still are what the footer says."""
    content = bytearray(samples[int(generator.integers(len(samples)))])
    for at in generator.integers(0, len(content), int(generator.integers(1, 4))):
        content[at] = int(generator.integers(256))
    return bytes(content)
