"""Tables (.csv, .xlsx) as rows of text, part by part: no more of a file is in memory than a part of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
import pandas as pd

from geo.errors import InputRefused, Sentence
from geo.readers import workbook
from geo.readers.encodings import encoding_of
from geo.readers.limits import check_columns
from geo.readers.rows import Rows

MOST_BROKEN = 10_000
"""So many rows with another number of cells are a wrong delimiter, not slips."""
HEAD_ROWS = 1000
HEAD_BYTES = 1 << 20
LONGEST_ROW = 1 << 20
"""Characters of a row; one that is longer has no end, or is no row."""

# Number, cells, and what is wrong with their count.
_Row = tuple[int, list[str], Sentence | None]


def csv_parts(path: Path, size: int, *, head: bool = False) -> Iterator[Rows]:
    """The rows of a .csv file (UTF-8 or GB 18030; comma, semicolon or tab), `size` at a time.

    With `head` they are looked for in the first `HEAD_BYTES` alone.

    Raises
    ------
    geo.errors.InputRefused
        In neither encoding, no such table, without headings or rows, with too many columns or rows that do
        not fit the headings, or with a row that does not end.
    """
    with path.open("rb") as file:
        source: BinaryIO = io.BytesIO(_first_rows(file)) if head else file
        encoding = encoding_of(source)
        if encoding is None:
            raise InputRefused(
                Sentence("%(file)s is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8", file=path.name)
            )
        text = io.TextIOWrapper(source, encoding, newline="")
        delimiter = max(",;\t", key=text.readline(LONGEST_ROW).count)
        text.seek(0)
        lines = _Lines(path, text)
        records = csv.reader(lines, delimiter=delimiter)
        try:
            headings = _headings(path, next(records, []))
            too_many = Sentence(
                "%(file)s has more than %(most)s rows of another number of cells than its %(headings)s "
                "headings; save it again as CSV UTF-8",
                file=path.name,
                most=MOST_BROKEN,
                headings=len(headings),
            )
            rows = _csv_rows(records, lines, len(headings), delimiter)
            yield from _parts(path, headings, rows, size, too_many)
        except csv.Error as error:
            raise InputRefused(
                Sentence(
                    "%(file)s is no table of comma-separated values (%(error)s)", file=path.name, error=error
                )
            ) from error


def workbook_parts(path: Path, size: int) -> Iterator[Rows]:
    """The rows of a workbook, `size` at a time.

    Raises
    ------
    geo.errors.InputRefused
        As `workbook.read_cells`; without headings or rows, or with too many columns or cells beyond them.
    """
    records = workbook.read_cells(path)
    headings = _headings(path, next(records, []))
    too_many = Sentence(
        "%(file)s has more than %(most)s rows with cells right of its last heading; write headings over all "
        "columns",
        file=path.name,
        most=MOST_BROKEN,
    )
    beyond = Sentence("a cell stands right of the last heading; head it or empty it")
    rows = (
        (number, cells, beyond if len(cells) > len(headings) else None)
        for number, cells in enumerate(records, start=2)
        if cells
    )
    yield from _parts(path, headings, rows, size, too_many)


class _Lines:
    """The lines of a text for a reader of rows, which forgets `chars` with every row that it has read.

    A row may have several lines, between quotation marks. One without an end would fill the memory.
    """

    def __init__(self, path: Path, source: TextIO) -> None:
        self.chars = 0
        self._count = 0
        self._path, self._source = path, source

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._source.readline(LONGEST_ROW)
        if not line:
            raise StopIteration
        self.chars += len(line)
        if self.chars >= LONGEST_ROW:
            raise InputRefused(
                Sentence(
                    "%(file)s has a row of more than %(most)s characters: an end of line or a quotation mark "
                    "is missing; save it again as CSV UTF-8",
                    file=self._path.name,
                    most=LONGEST_ROW,
                )
            )
        if "\0" in line:
            raise InputRefused(
                Sentence(
                    "%(file)s has a zero byte (NUL) after %(n)s lines, which no text has; save it again as "
                    "CSV UTF-8",
                    file=self._path.name,
                    n=self._count,
                )
            )
        self._count += 1
        return line


def _csv_rows(records: Iterator[list[str]], lines: _Lines, count: int, delimiter: str) -> Iterator[_Row]:
    lines.chars = 0
    for number, record in enumerate(records, start=2):
        lines.chars = 0
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        told = None
        if len(cells) != count:
            told = Sentence(
                "%(cells)s cells under %(headings)s headings; quote cells that hold a %(delimiter)s",
                cells=len(cells),
                headings=count,
                delimiter=repr(delimiter),
            )
        yield number, cells, told


def _parts(
    path: Path, headings: list[str], rows: Iterator[_Row], size: int, too_many: Sentence
) -> Iterator[Rows]:
    count, bad, empty = len(headings), 0, True
    numbers: list[int] = []
    kept: list[list[str]] = []
    broken: list[tuple[int, str]] = []

    def part() -> Rows:
        cells = np.empty((len(kept), count), dtype=object)
        cells[:] = kept
        texts = pd.DataFrame(
            cells, columns=pd.Index(headings), index=pd.Index(numbers, name="row"), dtype="object"
        )
        made = Rows(path.name, "row", texts, None, tuple(broken))
        for one in (numbers, kept, broken):
            one.clear()
        return made

    for number, cells, told in rows:
        if told is not None:
            broken.append((number, told))
            bad += 1
            if bad > MOST_BROKEN:
                raise InputRefused(too_many)
        if len(cells) != count:
            cells = (cells + [""] * count)[:count]
        numbers.append(number)
        kept.append(cells)
        if len(kept) == size:
            empty = False
            yield part()
    if kept:
        yield part()
    elif empty:
        raise InputRefused(
            Sentence("%(file)s holds headings and no rows; nothing to take in", file=path.name)
        )


def _headings(path: Path, cells: list[str]) -> list[str]:
    headings = [cell.strip() for cell in cells]
    if not any(headings):
        raise InputRefused(
            Sentence("%(file)s has no headings in row 1; write the column names there", file=path.name)
        )
    check_columns(path.name, len(headings))
    return headings


def _first_rows(file: BinaryIO) -> bytes:
    raw = file.read(HEAD_BYTES)
    if file.read(1):
        # Up to the end of a row; in neither encoding is this byte part of another character.
        raw = raw[: raw.rfind(b"\n") + 1] or raw
    return raw
