"""Excel workbooks (.xlsx) as rows of text, one row at a time."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from geo.errors import InputRefused, Sentence
from geo.readers.limits import MOST_COLUMNS

ENDING = ".xlsx"
MOST_UNPACKED = 256 * 1024**2
# All texts of a workbook are read before its first row.
MOST_TEXTS = 64 * 1024**2
MOST_ROWS = 1_048_576
# A number of more digits was rounded when it was typed in.
EXACT = 1e15
_HEAD_BYTES = 65_536
# Of styles and checks of cells that are not read anyway. Set once and for all: a filter set for a
# while is set for every thread.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
# A sheet that has nothing in so many rows has none.
_LOOKED_AT = 50


def read_cells(path: Path) -> Iterator[list[str]]:
    """The rows of the one sheet that has some, the first of them the headings; empty rows as empty lists.

    Raises
    ------
    geo.errors.InputRefused
        No workbook, one behind a password, too large once unpacked, with a document type, or with rows on
        several sheets.
    """
    check(path)
    with _opened(path) as book:
        filled = [
            sheet
            for sheet in book.worksheets
            if sheet.sheet_state == "visible" and any(_rows(path, sheet, _LOOKED_AT))
        ]
        if len(filled) > 1:
            raise InputRefused(
                Sentence(
                    "%(file)s has rows on %(n)s sheets (%(names)s); save the one to take in as a file of its "
                    "own",
                    file=path.name,
                    n=len(filled),
                    names=", ".join(sheet.title for sheet in filled),
                )
            )
        for sheet in filled:
            yield from _rows(path, sheet)


def unpacked_bytes(path: Path) -> int:
    """How large the parts of a workbook are that are read; InputRefused for what is none."""
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(part.file_size for part in packed.infolist() if _is_read(part.filename))
    except (zipfile.BadZipFile, OSError) as error:
        raise InputRefused(_none(path, error)) from error


def check(path: Path) -> None:
    """Refuse what would take all memory or ask for other files, before it is read.

    Raises
    ------
    geo.errors.InputRefused
    """
    if unpacked_bytes(path) > MOST_UNPACKED:
        raise InputRefused(_too_large(path, MOST_UNPACKED))
    with zipfile.ZipFile(path) as packed:
        for part in packed.infolist():
            if not _is_read(part.filename):
                continue
            if part.filename.endswith("sharedStrings.xml") and part.file_size > MOST_TEXTS:
                raise InputRefused(_too_large(path, MOST_TEXTS))
            try:
                with packed.open(part) as content:
                    head = content.read(_HEAD_BYTES)
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
                raise InputRefused(_none(path, error)) from error
            if b"<!DOCTYPE" in head.replace(b"\0", b""):
                raise InputRefused(
                    Sentence(
                        "%(file)s has a document type (DOCTYPE), which no workbook has and which is not safe "
                        "to read; save it again as .xlsx",
                        file=path.name,
                    )
                )


def _is_read(part: str) -> bool:
    return part.endswith((".xml", ".rels"))


@contextmanager
def _opened(path: Path) -> Iterator[openpyxl.Workbook]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (
        *(zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError),
        *(KeyError, ValueError, TypeError, AttributeError, IndexError, OSError),
    ) as error:
        raise InputRefused(_none(path, error)) from error
    try:
        yield book
    finally:
        book.close()


def _rows(path: Path, sheet: Any, most: int | None = None) -> Iterator[list[str]]:
    """Rows with their cells up to the last that is filled."""
    last = MOST_ROWS if most is None else most
    try:
        # Rows that are left out come as empty ones: without an end a file could name a row beyond all.
        found = sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS + 1, values_only=True)
        for row in found:
            cells = [_text(cell) for cell in _filled(row)]
            while cells and not cells[-1]:
                cells.pop()
            if most is None or cells:
                yield cells
    except (
        *(zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError),
        *(TypeError, AttributeError, IndexError, OverflowError),
    ) as error:
        raise InputRefused(_none(path, error)) from error


def _filled(row: tuple[object, ...]) -> tuple[object, ...]:
    """A row up to its last cell; rows come padded to the widest, a million empty ones among them."""
    filled = len(row) - row.count(None)
    if row[:filled].count(None):
        filled = max(at for at, cell in enumerate(row, start=1) if cell is not None)
    return row[:filled]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}" if cell.second else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if abs(cell) >= EXACT:
            return f"{float(cell):.5E}"
        return str(int(cell)) if float(cell).is_integer() else repr(float(cell))
    return str(cell).strip()


def _none(path: Path, error: Exception) -> Sentence:
    return Sentence(
        "%(file)s could not be read as an Excel workbook (%(error)s); if it asks for a password or is an old "
        ".xls, save it again as .xlsx without one, or as CSV UTF-8",
        file=path.name,
        error=error,
    )


def _too_large(path: Path, most: int) -> Sentence:
    return Sentence(
        "%(file)s is more than %(most)s MB once unpacked; save its rows in several files, or as CSV UTF-8",
        file=path.name,
        most=most // 1024**2,
    )
