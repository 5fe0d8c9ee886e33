"""Headings in Chinese and English matched to fields, and cells read as numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputRefused
from geo.readers.files import Rows
from geo.readers.result import Notes


@dataclass(frozen=True)
class Column:
    """A field, the headings that name it (compared without case, spaces and units), and if it is needed."""

    field: str
    headings: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Table:
    """The columns of a file under their field names, as text.

    Attributes
    ----------
    texts : DataFrame of str
        Index the row numbers; a column for every field of the kind, "" throughout where the file has none.
    present : frozenset of str
        Fields that the file has.
    """

    texts: pd.DataFrame
    present: frozenset[str]

    def text(self, field: str) -> pd.Series:
        """A field's cells with full-width letters and digits made plain."""
        return self.texts[field].map(plain)

    def number(
        self,
        field: str,
        notes: Notes,
        *,
        above: float = -np.inf,
        least: float = -np.inf,
        most: float = np.inf,
        unit: str,
    ) -> NDArray[np.float64]:
        """A field's cells as floats, NaN where empty; cells that are no number or out of limits are refused.

        `above` is an open limit, `least` and `most` are closed.
        """
        found = np.full(len(self.texts), np.nan)
        for i, (row, text) in enumerate(self.text(field).items()):
            if not text:
                continue
            value = number(text)
            if value is None:
                notes.refuse(_row(row), f"{field} {text!r} is no number; write it in {unit}, digits only")
            elif not (value > above and least <= value <= most):
                notes.refuse(
                    _row(row),
                    f"{field} {text} is out of limits ({_limits(above, least, most)} {unit}); correct it",
                )
            else:
                found[i] = value
        return found


def match_columns(
    rows: Rows, columns: Sequence[Column], notes: Notes, mapping: Mapping[str, str] | None = None
) -> Table:
    """The columns of a file by field.

    Parameters
    ----------
    mapping : {field: heading}, optional
        Headings of this very file, before the known ones.

    Raises
    ------
    geo.errors.InputRefused
        A required column is missing, two columns name one field, or the mapping names no column or field.
    """
    headings = {simple(str(heading)): str(heading) for heading in rows.texts.columns}
    given = dict(mapping or {})
    fields = [column.field for column in columns]
    for field, heading in given.items():
        if field not in fields:
            raise InputRefused(f"the mapping names a field {field!r}; known are {', '.join(fields)}")
        if simple(heading) not in headings:
            raise InputRefused(
                f"{rows.file} has no column {heading!r}, which the mapping gives for {field!r}"
            )
    texts = pd.DataFrame(index=rows.texts.index)
    present = set()
    for column in columns:
        names = (given[column.field],) if column.field in given else (column.field, *column.headings)
        found = list(dict.fromkeys(headings[simple(n)] for n in names if simple(n) in headings))
        if len(found) > 1:
            raise InputRefused(
                f"{rows.file}: columns {found[0]!r} and {found[1]!r} both mean {column.field}; keep one, or "
                "name it in the mapping"
            )
        if found:
            present.add(column.field)
            texts[column.field] = _single(rows, found[0])
        elif column.required:
            raise InputRefused(_missing(rows, column))
        else:
            texts[column.field] = ""
    for row, sentence in rows.broken:
        notes.refuse(row, sentence)
    return Table(texts, frozenset(present))


def plain(text: str) -> str:
    """Text with full-width letters, digits and signs made plain."""
    return unicodedata.normalize("NFKC", text).strip()


def simple(heading: str) -> str:
    """A heading as it is compared: plain, lower case, without spaces, marks and a unit in brackets."""
    return re.sub(r"[\s_\-*:]", "", re.sub(r"\(.*?\)|\[.*?\]", "", plain(heading))).lower()


def number(text: str) -> float | None:
    """A plain decimal number; None for anything else (no thousands separators, no guesses)."""
    return float(text) if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text) else None


def lost_digits(code: str) -> bool:
    """Whether a code was turned into a rounded number (4.40513E+19): its last digits are gone."""
    return re.fullmatch(r"[+-]?\d(\.\d+)?[eE]\+?\d+", plain(code)) is not None


def check_codes(table: Table, notes: Notes, field: str = "code") -> pd.Series:
    """The codes of a file, each refused that is missing, has lost digits or stands there twice."""
    codes = table.text(field)
    first: dict[str, int] = {}
    for row, code in codes.items():
        at = _row(row)
        if not code:
            notes.refuse(at, f"{field} is missing; every row needs its own")
        elif lost_digits(code):
            notes.refuse(
                at,
                f"{field} {code} is a rounded number, its last digits are lost; export the column as text "
                "from the source and import that",
            )
        elif code in first:
            notes.refuse(at, f"{field} {code!r} stands in {notes.word} {first[code]} too; give each its own")
        else:
            first[code] = at
    return codes


def _single(rows: Rows, heading: str) -> pd.Series:
    column = rows.texts[heading]
    if isinstance(column, pd.DataFrame):
        raise InputRefused(f"{rows.file}: heading {heading!r} stands there twice; keep one column")
    return column


def _missing(rows: Rows, column: Column) -> str:
    # Spreadsheets for people often have a title or a merged first row above the headings.
    below = {simple(cell) for cell in rows.texts.iloc[0]} if len(rows.texts) else set()
    names = {simple(name) for name in (column.field, *column.headings)}
    hint = "; the headings seem to be in row 2: remove the row above them" if below & names else ""
    headings = "、".join(column.headings)
    return (
        f"{rows.file} has no column {column.field!r} (also read: {headings}){hint or '; add it, or map it'}"
    )


def _limits(above: float, least: float, most: float) -> str:
    low = f"above {above:g}" if np.isfinite(above) else f"{least:g}" if np.isfinite(least) else ""
    high = f"{most:g}" if np.isfinite(most) else ""
    if low and high:
        return f"{low} and at most {high}" if np.isfinite(above) else f"{low} to {high}"
    return low or f"at most {high}"


def _row(label: object) -> int:
    return int(str(label))
