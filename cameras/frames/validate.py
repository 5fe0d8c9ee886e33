"""Raw columns of text or numbers into frames, with a sentence for everything that cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cameras.frames.columns import (
    EVENT_CODES,
    LIMITS,
    NO_EVENT,
    NO_TIME,
    BoolArray,
    FloatArray,
    FrameBatch,
    Int64Array,
    Limit,
    ReadBatch,
    ReadOptions,
    Rejected,
    shortened,
)
from cameras.frames.times import parsed_times

EARLIEST_MS: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
MS_PER_DAY: Final = 86_400_000
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


class Rows:
    """The rows of one block while they are being judged.

    Parameters
    ----------
    raw : mapping of str to (n,) pyarrow array
        Columns by heading.
    lines : (n,) array of int64
        Number of each row, as `unit`.
    unit : str
        What the rows of the file are.
    """

    def __init__(self, raw: Mapping[str, pa.Array], lines: Int64Array, unit: str) -> None:
        self.raw = raw
        self.lines = lines
        self.unit = unit
        self.good = np.ones(len(lines), dtype=bool)
        self.rejected: list[Rejected] = []

    def refuse(self, row: int | np.integer[Any], field: str, reason: str) -> None:
        shown = _shown(self.raw[field].slice(int(row), 1)) if field in self.raw else None
        text = "" if shown is None else shortened(shown)
        self.good[row] = False
        self.rejected.append(Rejected(int(self.lines[row]), field, text, reason, self.unit))

    def texts(self, field: str) -> pa.Array:
        """A text column; all null when the file has no such column."""
        return self.raw[field] if field in self.raw else pa.nulls(len(self.lines), pa.string())


def _shown(one: pa.Array) -> object:
    """The value of a column of one row, to be shown; a timestamp may be of no year that Python knows."""
    if not pa.types.is_timestamp(one.type):
        return one[0].as_py()
    zone = None if one.type.tz is None else "UTC"
    return pc.cast(pc.cast(one, pa.timestamp(one.type.unit, zone)), pa.string())[0].as_py()


def validated(
    raw: Mapping[str, pa.Array],
    lines: Int64Array,
    options: ReadOptions,
    *,
    rejected: Sequence[Rejected] = (),
    notes: Sequence[str] = (),
    unit: str = "line",
) -> ReadBatch:
    """Frames of the rows that are right in every field; each wrong field of the others is told.

    Parameters
    ----------
    raw : mapping of str to (n,) pyarrow array
        Columns by heading: strings, for `LIMITS` also any numbers, for times also timestamps (instants with a
        zone, else read in that of the site). Null is missing. A file that names no camera has no such
        column: then all rows are of `options.camera`.
    lines : (n,) array of int64
        Line of each row, or its number as `unit`.
    options : ReadOptions
    rejected, notes : sequences
        What the reader itself found in this stretch; passed on.
    unit : str
        What the rows of the file are, as of `Rejected`.
    """
    rows = Rows(raw, lines, unit)
    columns: dict[str, NDArray[Any]] = {
        "camera": _cameras(rows, options),
        "source": _sources(rows, options),
        "captured_ms": _captured(rows, options),
        "osd_ms": _on_screen(rows, options),
        "event": _events(rows),
    }
    for name, limit in LIMITS.items():
        if name in raw:
            columns[name] = _numbers(rows, name, limit)
    if "azimuth_deg" in columns:
        azimuth_deg = columns["azimuth_deg"]
        columns["azimuth_deg"] = np.where(azimuth_deg == 360.0, 0.0, azimuth_deg)
    _check_position(rows, columns)

    if not rows.good.all():
        columns = {name: values[rows.good] for name, values in columns.items()}
    told = sorted([*rejected, *rows.rejected], key=lambda one: one.line)
    return ReadBatch(FrameBatch.of(**columns), tuple(told), tuple(notes))


def _cameras(rows: Rows, options: ReadOptions) -> Int64Array:
    if "camera" not in rows.raw and options.camera is not None:
        return np.full(len(rows.lines), options.camera, dtype=np.int64)
    return looked_up(
        rows,
        "camera",
        options.cameras,
        missing="is missing; give the code of a camera",
        unknown="is not a known camera; import the camera first or correct the code",
    )


def _sources(rows: Rows, options: ReadOptions) -> Int64Array:
    if "source" not in rows.raw and options.source is not None:
        return np.full(len(rows.lines), options.source, dtype=np.int64)
    return looked_up(
        rows,
        "source",
        options.sources,
        missing="is missing; give the code of a source",
        unknown="is not a known source; declare the source first or correct the code",
        default=options.source,
    )


def looked_up(
    rows: Rows,
    field: str,
    ids: Mapping[str, int],
    *,
    missing: str,
    unknown: str,
    default: int | None = None,
) -> Int64Array:
    """Ids of codes, each distinct code looked up once; a missing one takes the default, if there is one."""
    places, codes = coded(rows, field)
    found = [default if not code else ids.get(code) for code in codes]
    known = np.array([one is not None for one in found], dtype=bool)
    table = np.array([0 if one is None else one for one in found], dtype=np.int64)
    for row in np.flatnonzero(~known[places]):
        rows.refuse(row, field, unknown if codes[places[row]] else missing)
    return table[places]


def coded(rows: Rows, field: str) -> tuple[Int64Array, list[str]]:
    """The distinct texts of a column, trimmed, and each row's place among them; "" where missing."""
    coded = rows.texts(field).dictionary_encode()
    texts = [text.strip() for text in coded.dictionary.to_pylist()]
    # dictionary_encode gives null no place of its own.
    places = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return places, [*texts, ""]


def _captured(rows: Rows, options: ReadOptions) -> Int64Array:
    ms, ok, problems = parsed_times(rows.texts("captured_at"), options.zone)
    for row in np.flatnonzero(~ok):
        rows.refuse(
            row, "captured_at", problems.get(int(row), "is missing; give the time at which it was captured")
        )
    for row in np.flatnonzero(ok & (ms < EARLIEST_MS)):
        rows.refuse(
            row,
            "captured_at",
            "is before the year 2000: that clock was never set; correct the time or leave the frame out",
        )
    for row in np.flatnonzero(ok & (ms > options.latest_ms)):
        rows.refuse(
            row,
            "captured_at",
            f"is more than a day after now ({options.now:%Y-%m-%d %H:%M %Z}): that clock runs ahead; "
            "correct the time",
        )
    if options.removed_days:
        days = ms // MS_PER_DAY
        for row in np.flatnonzero(ok & np.isin(days, list(options.removed_days))):
            rows.refuse(
                row,
                "captured_at",
                f"is of {np.datetime64(int(days[row]), 'D')} (UTC), whose frames were removed after an "
                "analysis; leave it out",
            )
    return ms


def _on_screen(rows: Rows, options: ReadOptions) -> Int64Array:
    """On-screen times. They may be of any year: a wrong one is a finding about the camera, not a bad row."""
    if "osd_at" not in rows.raw:
        return np.full(len(rows.lines), NO_TIME, dtype=np.int64)
    ms, ok, problems = parsed_times(rows.texts("osd_at"), options.zone)
    for row, problem in problems.items():
        rows.refuse(row, "osd_at", problem)
    # The millisecond that stands for "missing" moves by one.
    return np.where(ok, np.where(ms == NO_TIME, NO_TIME - 1, ms), NO_TIME)


def _events(rows: Rows) -> Int64Array:
    places, words = coded(rows, "event")
    values = np.array([EVENT_CODES.get(word.lower(), -1) for word in words], dtype=np.int64)[places]
    for row in np.flatnonzero(values < 0):
        rows.refuse(row, "event", "is no event; write lost, none, or leave it empty")
    return np.maximum(values, NO_EVENT)


def _numbers(rows: Rows, field: str, limit: Limit) -> FloatArray:
    column = rows.raw[field]
    if pa.types.is_string(column.type):
        values, present = _read_numbers(rows, field)
    else:
        present = column.is_valid().to_numpy(zero_copy_only=False)
        values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    inside = limit.admits(values)
    if not inside[present].all():
        for row in np.flatnonzero(present & ~inside):
            finite = np.isfinite(values[row])
            problem = f"is outside {limit}" if finite else "is not a finite number"
            rows.refuse(row, field, f"{problem}; {limit.remedy}")
    return values


def _read_numbers(rows: Rows, field: str) -> tuple[FloatArray, BoolArray]:
    texts = rows.texts(field)
    try:
        column = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        plain = np.asarray(
            pc.fill_null(pc.match_substring_regex(texts, _NUMBER), True).to_numpy(zero_copy_only=False)
        )
        odd = texts.is_valid().to_numpy(zero_copy_only=False) & ~plain
        for row in np.flatnonzero(odd):
            if not texts[int(row)].as_py().strip():
                continue
            is_infinite = texts[int(row)].as_py().strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
            problem = "is not a finite number" if is_infinite else "is not a number"
            rows.refuse(row, field, f"{problem}; {LIMITS[field].remedy}")
        # A cell of blanks is an empty one.
        kept = pc.if_else(pa.array(odd), pa.scalar(None, pa.string()), texts)
        column = pc.cast(pc.ascii_trim_whitespace(kept), pa.float64())
    present = column.is_valid().to_numpy(zero_copy_only=False)
    return column.to_numpy(zero_copy_only=False), present


def _check_position(rows: Rows, columns: Mapping[str, NDArray[Any]]) -> None:
    for field, other in (("lon", "lat"), ("lat", "lon")):
        if field not in columns:
            continue
        partner = columns.get(other)
        alone = ~np.isnan(columns[field])
        if partner is not None:
            alone &= np.isnan(partner)
        for row in np.flatnonzero(alone & rows.good):
            rows.refuse(row, field, f"stands without {other}; give both or leave both empty")
