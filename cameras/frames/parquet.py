"""Reader of frame metadata in Parquet, whose columns carry the headings of our own CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cameras.frames.columns import (
    COLUMNS,
    LIMITS,
    REQUIRED,
    ReadBatch,
    ReadOptions,
    Rejected,
    shortened,
)
from cameras.frames.delimited import unknown_columns
from cameras.frames.pages import DELTA_LENGTHS, DELTA_TEXTS, PLACES, Group, Page, pages, row_groups
from cameras.frames.texts import LONGEST_TEXT, texts_of
from cameras.frames.thrift import NoStruct
from cameras.frames.validate import validated
from geo.errors import InputRefused, Sentence

#: A text in a cell is not longer. What a page unpacks to is measured against it, too.
#: A page unpacks to this and no more. Writers end pages at 1 MB where nothing else is said.
MOST_PAGE_BYTES: Final = 64 * 1024**2
#: Rows that a byte of a file may stand for. Times alone take more than a byte a row in real files; a run of
#: one repeated value takes none.
MOST_ROWS_PER_BYTE: Final = 100
_MOST_FOOTER_BYTES: Final = 4 * 1024**2
_ROW_BYTES: Final = 500
_PAGE_MARGIN: Final = 8192
_MOST_TEXT_BYTES: Final = 256 * 1024**2
_MOST_LENGTHS: Final = 1_000_000
_TIMES: Final = ("captured_at", "osd_at")
# What a bad file raises here and in the library, which has no kind of error of its own for one.
_BROKEN: Final = (NoStruct, pa.ArrowException, OSError, ValueError, OverflowError)


def read_parquet(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of a Parquet file, some thousands of rows at a time, however large its row groups are.

    Parameters
    ----------
    path : Path
        Columns of `COLUMNS` by name, in any order and case: text for codes and events; text or timestamps for
        times, with a zone or, in that of the site, without; any number for the others. Rows count from 1.
    options : ReadOptions

    Yields
    ------
    ReadBatch
        As `cameras.frames.delimited.read_csv` does.

    Raises
    ------
    InputRefused
        No Parquet, encrypted, broken off; a column missing, twice, nested or of a type that cannot be meant;
        pages or rows that no file of its size holds.
    """
    size, groups = _footer(path)
    _check_rows(path, sum(group.rows for group in groups), size)
    with _opened(path) as stream:
        with _in_words(path):
            file = pq.ParquetFile(stream, **_CAREFULLY)
            names = _headings(path, file.schema_arrow, groups)
        notes = unknown_columns([name.strip().lower() for name in file.schema_arrow.names])
        first = 1
        for number, group in enumerate(groups):
            if not group.rows:
                continue
            with _in_words(path):
                rows = _rows_at_a_time(path, file.schema_arrow, group, number, names, options)
            for part in _parts(path, file, number, names, rows):
                yield _judged(part, names, first, options, notes)
                first, notes = first + part.num_rows, ()
                _check_rows(path, first - 1, size)
    if notes:
        yield validated(_nothing(), np.empty(0, np.int64), options, notes=notes, unit="row")


def _parts(
    path: Path, file: pq.ParquetFile, group: int, names: dict[str, str], rows: int
) -> Iterator[pa.RecordBatch]:
    """The columns that are read of a row group, at most so many rows at a time."""
    parts = file.iter_batches(rows, row_groups=[group], columns=list(names), use_threads=False)
    while True:
        with _in_words(path):
            part = next(parts, None)
            if part is None:
                return
            _check_places(part)
        yield part


#: No thread, no more of a column at a time than its buffer, no more of the footer than a footer has.
_CAREFULLY: Final = {
    "pre_buffer": False,
    "buffer_size": 1 << 20,
    "thrift_container_size_limit": 100_000,
    "thrift_string_size_limit": _MOST_FOOTER_BYTES,
    "arrow_extensions_enabled": False,
}


def _check_places(part: pa.RecordBatch) -> None:
    """Refuse values that stand nowhere in the dictionary of their column: the library passes them on."""
    for column in part.columns:
        if not pa.types.is_dictionary(column.type) or column.null_count == len(column):
            continue
        ends = pc.min_max(column.indices)
        if ends["min"].as_py() < 0 or ends["max"].as_py() >= len(column.dictionary):
            raise NoStruct("a value outside of its dictionary")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputRefused(
            Sentence(
                "%(file)s cannot be read (%(why)s); give a readable file", file=path.name, why=error.strerror
            )
        ) from error
    with stream:
        yield stream


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What the library finds wrong with a file, as one refusal."""
    try:
        yield
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s cannot be read as Parquet (%(why)s); write or copy it again",
            file=path.name,
            why=shortened(error, 200),
        )
    )


def _footer(path: Path) -> tuple[int, list[Group]]:
    """Size of a file that begins and ends as Parquet does, bytes, and what its footer says of row groups."""
    with _opened(path) as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 8))
        tail = stream.read(8)
        length = int.from_bytes(tail[:4], "little")
        _check_ends(path, tail, size, length)
        stream.seek(size - 8 - length)
        footer = stream.read(length)
    try:
        return size, row_groups(footer)
    except NoStruct as error:
        raise _unreadable(path, error) from error


def _check_ends(path: Path, tail: bytes, size: int, footer: int) -> None:
    if size >= 12 and tail[4:] == b"PARE":
        raise InputRefused(
            Sentence("%(file)s is encrypted; write it again without encryption", file=path.name)
        )
    if size < 12 or tail[4:] != b"PAR1":
        raise InputRefused(
            Sentence(
                "%(file)s is no Parquet file, or was cut off; write or copy it again, not packed with gzip",
                file=path.name,
            )
        )
    if footer > min(_MOST_FOOTER_BYTES, size - 12):
        raise InputRefused(
            Sentence(
                "%(file)s: its footer claims %(n)s bytes, of a file of %(size)s and at most %(most)s; "
                "write or copy it again",
                file=path.name,
                n=footer,
                size=size,
                most=_MOST_FOOTER_BYTES,
            )
        )


def _headings(path: Path, schema: pa.Schema, groups: Sequence[Group]) -> dict[str, str]:
    """Heading by the name of its column, of those that are read."""
    headings = [name.strip().lower() for name in schema.names]
    twice = sorted({name for name in headings if headings.count(name) > 1 and name in COLUMNS})
    if twice:
        raise InputRefused(
            Sentence("%(file)s: column '%(name)s' stands twice; leave one", file=path.name, name=twice[0])
        )
    missing = [name for name in REQUIRED if name not in headings]
    if missing:
        raise InputRefused(
            Sentence(
                "%(file)s: column '%(name)s' is missing in '%(names)s'; there must be %(all)s",
                file=path.name,
                name=missing[0],
                names=shortened(",".join(headings)),
                all=", ".join(REQUIRED),
            )
        )
    old = {
        column.strip().lower() for group in groups for column, chunk in group.chunks.items() if chunk.is_int96
    }
    for field, heading in zip(schema, headings, strict=True):
        wanted = _wanted(field.type, heading, heading in old)
        if wanted is not None:
            raise InputRefused(
                Sentence(
                    "%(file)s: column '%(name)s' is %(kind)s; write %(wanted)s",
                    file=path.name,
                    name=heading,
                    kind="INT96" if heading in old else shortened(field.type),
                    wanted=wanted,
                )
            )
    return {name: heading for name, heading in zip(schema.names, headings, strict=True) if heading in COLUMNS}


def _wanted(kind: pa.DataType, heading: str, is_int96: bool) -> Sentence | None:
    """What a column should be written as, None when it is; whatever a column is that is not read."""
    if heading not in COLUMNS or pa.types.is_null(kind):
        return None
    text = _is_text(kind)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if heading in _TIMES:
        # INT96 says of no time whether it is an instant or a clock reading.
        # The zone is asked for, so that one that is no text is found out here.
        good = text or (pa.types.is_timestamp(kind) and kind.tz != "" and not is_int96)
        return None if good else Sentence("timestamps (64 bits, in UTC), or texts in ISO 8601")
    if heading in LIMITS:
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        return None if number or text else Sentence("numbers")
    return None if text else Sentence("texts")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _check_rows(path: Path, rows: int, size: int) -> None:
    if rows > MOST_ROWS_PER_BYTE * size:
        raise InputRefused(
            Sentence(
                "%(file)s claims %(rows)s rows in %(size)s bytes, more than %(most)s a byte; "
                "write it again from its source",
                file=path.name,
                rows=rows,
                size=size,
                most=MOST_ROWS_PER_BYTE,
            )
        )


def _rows_at_a_time(
    path: Path, schema: pa.Schema, group: Group, number: int, names: dict[str, str], options: ReadOptions
) -> int:
    """How many rows of a row group fit into memory together; InputRefused where not even their pages do."""
    rows = max(1, options.block_bytes // _ROW_BYTES)
    listed = []
    with _opened(path) as stream:
        for name, heading in names.items():
            if name not in group.chunks:
                raise NoStruct(f"a row group without '{heading}'")
            kind = schema.field(name).type
            for place, page in enumerate(pages(stream, group.chunks[name])):
                _check_page(path, heading, page, place, is_listed=pa.types.is_dictionary(kind))
                if page.is_dictionary and _is_text(kind):
                    listed.append(name)
                if page.encoding == DELTA_TEXTS:
                    # Every text may begin with all of the page.
                    rows = max(1, min(rows, _MOST_TEXT_BYTES // max(1, page.unpacked)))
    if listed:
        _check_listed(path, number, listed, names)
    return rows


def _check_page(path: Path, heading: str, page: Page, place: int, *, is_listed: bool) -> None:
    """Refuse a page that unpacks to more than its values can need."""
    if page.unpacked > min(MOST_PAGE_BYTES, _PAGE_MARGIN + LONGEST_TEXT * page.values):
        raise InputRefused(
            Sentence(
                "%(file)s: a page of column '%(name)s' unpacks to %(n)s bytes for %(values)s values; "
                "at most %(longest)s a value and %(most)s MB a page are read",
                file=path.name,
                name=heading,
                n=page.unpacked,
                values=page.values,
                longest=LONGEST_TEXT,
                most=MOST_PAGE_BYTES // 1024**2,
            )
        )
    if page.encoding in (DELTA_LENGTHS, DELTA_TEXTS) and page.values > _MOST_LENGTHS:
        raise NoStruct(f"a page of {page.values} lengths")
    if page.is_dictionary and place:
        raise NoStruct("a dictionary behind its values")
    if is_listed and not page.is_dictionary and page.encoding not in PLACES:
        raise InputRefused(
            Sentence(
                "%(file)s: column '%(name)s' was written as categories that outgrew their dictionary; "
                "write it as it is",
                file=path.name,
                name=heading,
            )
        )


def _check_listed(path: Path, number: int, listed: Sequence[str], names: dict[str, str]) -> None:
    """Refuse texts of a dictionary that are too long: each may be meant by every row."""
    with _opened(path) as stream:
        file = pq.ParquetFile(stream, read_dictionary=list(listed), **_CAREFULLY)
        part = next(file.iter_batches(1, row_groups=[number], columns=list(listed), use_threads=False), None)
        if part is None:
            raise NoStruct("a row group without its rows")
        for name in listed:
            texts = part.column(name).dictionary
            longest = pc.max(pc.binary_length(texts)).as_py() or 0
            if longest > LONGEST_TEXT:
                raise InputRefused(
                    Sentence(
                        "%(file)s: column '%(name)s' has a text of %(n)s bytes; at most %(longest)s are read",
                        file=path.name,
                        name=names[name],
                        n=longest,
                        longest=LONGEST_TEXT,
                    )
                )


def _judged(
    part: pa.RecordBatch, names: dict[str, str], first: int, options: ReadOptions, notes: Sequence[str]
) -> ReadBatch:
    """Frames of some rows, the first of which has this number."""
    rows = np.arange(first, first + part.num_rows, dtype=np.int64)
    good = np.ones(part.num_rows, dtype=bool)
    raw: dict[str, pa.Array] = {}
    rejected: list[Rejected] = []
    for name, heading in names.items():
        column = part.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if _is_text(column.type):
            column, bad = texts_of(column)
            for row, (shown, problem) in bad.items():
                rejected.append(Rejected(int(rows[row]), heading, shown, problem, "row"))
                good[row] = False
        elif pa.types.is_null(column.type):
            column = column.cast(pa.float64() if heading in LIMITS else pa.string())
        raw[heading] = column
    if not good.all():
        raw = {heading: column.filter(pa.array(good)) for heading, column in raw.items()}
    return validated(raw, rows[good], options, rejected=rejected, notes=notes, unit="row")


def _nothing() -> dict[str, pa.Array]:
    return {name: pa.array([], pa.string()) for name in REQUIRED}
