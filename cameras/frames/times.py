"""Times, as ISO-8601 texts or as columns of timestamps, as epoch milliseconds, with or without a zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cameras.frames.columns import BoolArray, Int64Array

_DAY_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_ZONED = _DAY_TIME + r"(Z|[+-]\d{2}(:?\d{2})?)$"
_NAIVE = _DAY_TIME + r"$"
_MINUTE_MS = 60_000
# Ticks of a unit in a millisecond; seconds have less than one.
_TICKS: Final = {"s": 0, "ms": 1, "us": 1000, "ns": 1_000_000}
# What a datetime, and so everybody after us, can hold: the years 1 to 9999.
_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999

NOT_A_TIME = "is not a time; write ISO 8601 with its zone, for example 2026-05-01T12:00:00+08:00"
OUT_OF_YEARS = "is outside of the years 1 to 9999; correct the time"


def parsed_times(column: pa.Array, zone: tzinfo) -> tuple[Int64Array, BoolArray, dict[int, str]]:
    """Epoch milliseconds of times.

    Parameters
    ----------
    column : (n,) array of string or timestamp
        ISO 8601, or instants; timestamps without a zone are clock readings like texts without one. Null where
        missing. A fraction finer than a millisecond is cut off.
    zone : tzinfo
        The zone in which a time without one is read.

    Returns
    -------
    (n,) array of int64, (n,) array of bool, dict of int to str
        Milliseconds (0 where there are none), whether there is a time, and why a time was not read, by place:
        it is not ISO 8601, or its local time falls into the hour that a clock change skips or repeats, or it
        is of no year from 1 to 9999.
    """
    if pa.types.is_timestamp(column.type):
        ms, ok, problems = _of_timestamps(column, zone)
    else:
        ms, ok, problems = _of_texts(column, zone)
    for place in np.flatnonzero(ok & ((ms < _FIRST_MS) | (ms > _LAST_MS))):
        problems[int(place)] = OUT_OF_YEARS
        ok[place] = False
    return np.where(ok, ms, 0), ok, problems


def _of_texts(texts: pa.Array, zone: tzinfo) -> tuple[Int64Array, BoolArray, dict[int, str]]:
    n = len(texts)
    ms = np.zeros(n, dtype=np.int64)
    ok = np.zeros(n, dtype=bool)
    problems: dict[int, str] = {}
    present = texts.is_valid().to_numpy(zero_copy_only=False)

    zoned = _matches(texts, _ZONED)
    ms[zoned], ok[zoned] = _cast(texts.filter(pa.array(zoned)), "UTC")
    naive = np.flatnonzero(present & ~zoned)
    if len(naive):
        naive = naive[_matches(texts, _NAIVE)[naive]]
        local, local_ok = _cast(texts.take(pa.array(naive)), None)
        ms[naive], ok[naive] = _placed(naive, local, local_ok, zone, problems)
    for place in np.flatnonzero(present & ~ok):
        # A cell of blanks is an empty one.
        if texts[int(place)].as_py().strip():
            problems.setdefault(int(place), NOT_A_TIME)
    return ms, ok, problems


def _of_timestamps(column: pa.Array, zone: tzinfo) -> tuple[Int64Array, BoolArray, dict[int, str]]:
    ok = column.is_valid().to_numpy(zero_copy_only=False).copy()
    ticks = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    per_ms = _TICKS[column.type.unit]
    # Seconds are brought near first: those that are not kept would overflow.
    bound = _LAST_MS // 1000 + 1
    ms = ticks // per_ms if per_ms else np.clip(ticks, -bound, bound) * 1000
    problems: dict[int, str] = {}
    if column.type.tz is None:
        local_ok = ok.copy()
        ms, ok = _placed(np.arange(len(ms)), ms, local_ok, zone, problems)
    return ms, ok, problems


def _placed(
    places: Int64Array, local_ms: Int64Array, local_ok: BoolArray, zone: tzinfo, problems: dict[int, str]
) -> tuple[Int64Array, BoolArray]:
    """Instants of the clock readings at these places, and which of them name one; why the others do not."""
    inside = (local_ms >= _FIRST_MS) & (local_ms <= _LAST_MS)
    shifted, clear = _from_local(np.where(inside & local_ok, local_ms, 0), zone)
    for place in places[local_ok & ~inside]:
        problems[int(place)] = OUT_OF_YEARS
    for place in places[local_ok & inside & ~clear]:
        problems[int(place)] = (
            f"falls into the clock change of {zone} and names no instant, or two; write its zone"
        )
    return shifted, local_ok & inside & clear


def _matches(texts: pa.Array, pattern: str) -> BoolArray:
    found = pc.match_substring_regex(texts, pattern)
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def _cast(texts: pa.Array, zone: str | None) -> tuple[Int64Array, BoolArray]:
    """Milliseconds of texts of the right form; not ok where the date or hour does not exist."""
    try:
        micros = pc.cast(texts, pa.timestamp("us", zone)).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return micros // 1000, np.ones(len(texts), dtype=bool)
    except pa.ArrowInvalid:
        # Some text has a month 13, or seven digits of a second: one by one, to find out which.
        ms = np.zeros(len(texts), dtype=np.int64)
        ok = np.zeros(len(texts), dtype=bool)
        for place, text in enumerate(texts.to_pylist()):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                continue
            ms[place], ok[place] = epoch_ms(moment if zone else moment.replace(tzinfo=UTC)), True
        return ms, ok


def _from_local(local_ms: Int64Array, zone: tzinfo) -> tuple[Int64Array, BoolArray]:
    """Instants of local clock readings, and whether each names exactly one.

    The offset is looked up once a minute that occurs: clocks change at whole minutes. A reading that is
    skipped or repeated is the one whose offset depends on the fold.
    """
    minutes, place = np.unique(local_ms // _MINUTE_MS, return_inverse=True)
    offsets = np.zeros((len(minutes), 2), dtype=np.int64)
    for row, minute in enumerate(minutes.tolist()):
        reading = datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=zone)
        for fold in (0, 1):
            offset = reading.replace(fold=fold).utcoffset()
            offsets[row, fold] = 0 if offset is None else round(offset.total_seconds() * 1000)
    return local_ms - offsets[place, 0], (offsets[:, 0] == offsets[:, 1])[place]


def epoch_ms(moment: datetime) -> int:
    """Epoch milliseconds of a timezone-aware time, a finer fraction cut off; exact, without floats."""
    if moment.tzinfo is None:
        raise ValueError(f"time {moment} has no zone; give a timezone-aware time")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
