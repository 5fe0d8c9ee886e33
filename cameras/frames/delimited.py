"""Reader of frame metadata in CSV: UTF-8, comma, one heading line."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from cameras.frames.columns import COLUMNS, REQUIRED, Int64Array, ReadBatch, ReadOptions, Rejected, shortened
from cameras.frames.lines import Block, blocks, opened
from cameras.frames.validate import validated
from geo.errors import InputRefused


def read_csv(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of a CSV file (plain or .gz), block by block.

    Parameters
    ----------
    path : Path
        The first line that is not blank names the columns; `COLUMNS` are known, in any order and case.
    options : ReadOptions

    Yields
    ------
    ReadBatch
        Rows that are right, and a sentence for every field and line that is not. Nothing is stored here:
        the caller decides whether good rows count when others are bad.

    Raises
    ------
    InputRefused
        When the file as a whole cannot be read: empty, broken archive, a heading missing or twice.
    """
    parts = read_columns(
        path, COLUMNS, REQUIRED, block_bytes=options.block_bytes, max_line_bytes=options.max_line_bytes
    )
    for raw, lines, rejected, notes in parts:
        yield validated(raw, lines, options, rejected=rejected, notes=notes)


def read_columns(
    path: Path, known: Collection[str], required: Sequence[str], *, block_bytes: int, max_line_bytes: int
) -> Iterator[tuple[dict[str, pa.Array], Int64Array, list[Rejected], tuple[str, ...]]]:
    """A CSV file's columns as texts, block by block.

    Parameters
    ----------
    path : Path
        Plain or .gz.
    known : collection of str
        Headings that are read; others are named in a remark.
    required : sequence of str
        Headings that must be there.
    block_bytes, max_line_bytes : int
        How much of the file is held at a time, and the longest line allowed.

    Yields
    ------
    columns by heading, line of each row, lines that are malformed, remarks

    Raises
    ------
    InputRefused
        As `read_csv`.
    """
    headings: list[str] | None = None
    with opened(path) as stream:
        for block in blocks(stream, block_bytes=block_bytes, max_line_bytes=max_line_bytes):
            notes: tuple[str, ...] = ()
            if headings is None:
                if not len(block.lines) and not block.rejected:
                    continue
                headings, block = _headings(path, block, required)
                notes = unknown_columns(headings, known)
            wanted = [name for name in headings if name in known]
            raw, lines, rejected = _raw_columns(block, headings, wanted)
            yield raw, lines, [*block.rejected, *rejected], notes
    if headings is None:
        raise InputRefused(f"{path} is empty; the first line names the columns: {', '.join(required)}, …")


def unknown_columns(headings: Sequence[str], known: Collection[str] = COLUMNS) -> tuple[str, ...]:
    """One remark naming the headings that are not ours, or none."""
    extra = [f"'{shortened(name)}'" for name in headings if name not in known]
    return (f"columns not read: {', '.join(extra)}",) if extra else ()


def _headings(path: Path, block: Block, required: Sequence[str]) -> tuple[list[str], Block]:
    before = [one for one in block.rejected if not len(block.lines) or one.line < block.lines[0]]
    if before:
        raise InputRefused(f"{path}: the heading cannot be read: {before[0]}", [str(before[0])])
    first, _, rest = block.text.partition(b"\n")
    try:
        fields = next(csv.reader([first.decode().rstrip("\r")], strict=True))
    except csv.Error as error:
        raise InputRefused(f"{path}: the heading is malformed ({error}); separate names by commas") from error
    names = [name.strip().lower() for name in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputRefused(f"{path}: heading '{shortened(twice[0])}' stands twice; leave one")
    missing = [name for name in required if name not in names]
    if missing:
        raise InputRefused(
            f"{path}: heading '{missing[0]}' is missing in '{shortened(','.join(names))}'; "
            f"the first line must name {' and '.join(required)}"
        )
    return names, Block(rest, block.lines[1:], block.rejected)


def _raw_columns(
    block: Block, headings: Sequence[str], wanted: Sequence[str]
) -> tuple[dict[str, pa.Array], Int64Array, list[Rejected]]:
    table = _parsed(block, headings, wanted) if len(block.lines) else None
    if table is not None:
        return {name: table[name].combine_chunks() for name in wanted}, block.lines, []
    return _line_by_line(block, headings, wanted)


def _parsed(block: Block, headings: Sequence[str], wanted: Sequence[str]) -> pa.Table | None:
    """The block as a table with one row a line, or None when some line is not as it should be."""
    # The fast parser ends a row at a lone carriage return and reads "1"2 as 12: such blocks go line by line.
    text = block.text
    if text.count(b"\r") != text.count(b"\r\n") or _has_stray_quote(text):
        return None
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(text),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=list(headings), block_size=len(text) + 1
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in headings},
                include_columns=list(wanted),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == len(block.lines) else None


def _has_stray_quote(text: bytes) -> bool:
    """Whether some quote stands neither beside a separator nor beside another quote."""
    if b'"' not in text:
        return False
    padded = np.frombuffer(b"\n" + text, np.uint8)
    quotes = np.flatnonzero(padded == ord('"'))
    beside = np.zeros(256, dtype=bool)
    beside[list(b',"\r\n')] = True
    return bool(np.any(~beside[padded[quotes - 1]] & ~beside[padded[quotes + 1]]))


def _line_by_line(
    block: Block, headings: Sequence[str], wanted: Sequence[str]
) -> tuple[dict[str, pa.Array], Int64Array, list[Rejected]]:
    """The same for a block with a bad line: slower, but it knows which line it is."""
    texts = [line.removesuffix("\r") for line in block.text.decode().split("\n")[: len(block.lines)]]
    lines, rejected = block.lines, []
    rows = _all_rows(texts, len(headings))
    if rows is None:
        rows, kept = [], []
        for place, text in enumerate(texts):
            fields = _fields(text, len(headings))
            if isinstance(fields, str):
                rejected.append(Rejected(int(lines[place]), "", shortened(text), fields))
            elif fields:
                rows.append(fields)
                kept.append(place)
        lines = lines[kept]
    places = {name: headings.index(name) for name in wanted}
    raw = {
        name: pa.array([fields[place] or None for fields in rows], pa.string())
        for name, place in places.items()
    }
    return raw, lines, rejected


def _all_rows(texts: Sequence[str], n_fields: int) -> list[list[str]] | None:
    """The fields of every line, or None when some line is not a row of its own."""
    try:
        rows = list(csv.reader(texts, strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(texts) and all(len(row) == n_fields for row in rows) else None


def _fields(text: str, n_fields: int) -> list[str] | str:
    """The fields of one line, none for a blank one, or what is wrong with it."""
    if not text.strip():
        return []
    try:
        fields = next(csv.reader([text], strict=True))
    except csv.Error as error:
        return f"is malformed ({error}); check the quotes"
    if len(fields) != n_fields:
        return f"has {len(fields)} fields where the heading has {n_fields}; complete the line"
    return fields
