"""Headings in Chinese and English matched to fields, and cells read as numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputRefused, Sentence, row_named
from geo.readers.result import Notes
from geo.readers.rows import Rows

# Codes stand in addresses of pages; a device's has 20 digits.
LONGEST_CODE = 100
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ROUNDED = re.compile(r"[+-]?\d(\.\d+)?[eE]\+?\d+")


@dataclass(frozen=True)
class Column:
    """A field and the headings that name it (compared without case, spaces and units).

    Parameters
    ----------
    field : str
    headings : tuple of str
        Besides the field's own name.
    required : bool
        Whether a file without it is refused.
    first : bool
        Where several columns of a file name it, take the one that comes first in `headings`; such a file is
        refused otherwise.
    """

    field: str
    headings: tuple[str, ...] = ()
    required: bool = False
    first: bool = False


@dataclass(frozen=True)
class Table:
    """The columns of a file under their field names, as text.

    Attributes
    ----------
    texts : DataFrame of str
        Index the row numbers; a column for every field that the file has.
    present : frozenset of str
        Fields that the file has.
    """

    texts: pd.DataFrame
    present: frozenset[str]

    def text(self, field: str) -> pd.Series:
        """A field's cells with full-width letters and digits made plain."""
        cells: NDArray[np.object_] = np.full(len(self.texts), "", dtype=object)
        if field in self.present:
            cells[:] = [plain(cell) for cell in self.texts[field].tolist()]
        return pd.Series(cells, index=self.texts.index, dtype="object")

    def filled(self, field: str) -> Iterator[tuple[int, int, str]]:
        """Position, row number and text of a field's cells that are not empty."""
        if field in self.present:
            for i, (row, cell) in enumerate(
                zip(self.texts.index.tolist(), self.texts[field].tolist(), strict=True)
            ):
                if cell and (text := plain(cell)):
                    yield i, row, text

    def number(
        self,
        field: str,
        notes: Notes,
        *,
        above: float = -np.inf,
        least: float = -np.inf,
        most: float = np.inf,
        unit: Sentence,
    ) -> NDArray[np.float64]:
        """A field's cells as floats, NaN where empty; cells that are no number or out of limits are refused.

        `above` is an open limit, `least` and `most` are closed.
        """
        found = np.full(len(self.texts), np.nan)
        for i, row, text in self.filled(field):
            value = number(text)
            if value is None:
                notes.refuse(
                    row,
                    Sentence(
                        "%(field)s '%(value)s' is no number; write it in %(unit)s, digits only",
                        field=Sentence(field),
                        value=text,
                        unit=unit,
                    ),
                )
            elif not (value > above and least <= value <= most):
                notes.refuse(
                    row,
                    Sentence(
                        "%(field)s %(value)s is out of limits (%(limits)s %(unit)s); correct it",
                        field=Sentence(field),
                        value=text,
                        limits=_limits(above, least, most),
                        unit=unit,
                    ),
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
            raise InputRefused(
                Sentence(
                    "the mapping names a field '%(field)s'; known are %(known)s",
                    field=field,
                    known=", ".join(fields),
                )
            )
        if simple(heading) not in headings:
            raise InputRefused(
                Sentence(
                    "%(file)s has no column '%(heading)s', which the mapping gives for '%(field)s'",
                    file=rows.file,
                    heading=heading,
                    field=field,
                )
            )
    texts: dict[str, object] = {}
    present = set()
    for column in columns:
        names = (given[column.field],) if column.field in given else (column.field, *column.headings)
        found = list(dict.fromkeys(headings[simple(n)] for n in names if simple(n) in headings))
        if len(found) > 1 and not column.first:
            raise InputRefused(
                Sentence(
                    "%(file)s: columns '%(first)s' and '%(second)s' both mean %(field)s; keep one, or name "
                    "it in the mapping",
                    file=rows.file,
                    first=found[0],
                    second=found[1],
                    field=column.field,
                )
            )
        if found:
            present.add(column.field)
            texts[column.field] = _single(rows, found[0])
        elif column.required:
            raise InputRefused(_missing(rows, column))
    for row, sentence in rows.broken:
        notes.refuse(row, sentence)
    return Table(pd.DataFrame(texts, index=rows.texts.index, dtype="object"), frozenset(present))


def plain(text: str) -> str:
    """Text with full-width letters, digits and signs made plain."""
    # Most cells are codes and numbers, which are plain as they stand.
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def simple(heading: str) -> str:
    """A heading as it is compared: plain, lower case, without spaces, marks and a unit in brackets."""
    return re.sub(r"[\s_\-*:]", "", re.sub(r"\(.*?\)|\[.*?\]", "", plain(heading))).lower()


def number(text: str) -> float | None:
    """A plain decimal number; None for anything else (no thousands separators, no guesses)."""
    return float(text) if _NUMBER.fullmatch(text) else None


def lost_digits(code: str) -> bool:
    """Whether a code was turned into a rounded number (4.40513E+19): its last digits are gone."""
    return _ROUNDED.fullmatch(plain(code)) is not None


def check_codes(table: Table, notes: Notes, field: str = "code") -> pd.Series:
    """The codes of a file, each refused that is missing, has lost digits, is none or stands there twice.

    Of a file in parts a code that stood in an earlier one is refused too.
    """
    codes = table.text(field)
    good: list[tuple[int, str]] = []
    for at, code in zip(codes.index.tolist(), codes.tolist(), strict=True):
        if not code:
            notes.refuse(at, Sentence("%(field)s is missing; every row needs its own", field=Sentence(field)))
        elif lost_digits(code):
            notes.refuse(
                at,
                Sentence(
                    "%(field)s %(code)s is a rounded number, its last digits are lost; export the column as "
                    "text from the source and import that",
                    field=Sentence(field),
                    code=code,
                ),
            )
        elif len(code) > LONGEST_CODE or not code.isprintable() or code in (".", ".."):
            notes.refuse(
                at,
                Sentence(
                    "%(field)s '%(code)s' is no code: it has up to %(most)s characters that print, and is "
                    "not '.' or '..'; correct it",
                    field=Sentence(field),
                    code=code[:40],
                    most=LONGEST_CODE,
                ),
            )
        else:
            good.append((at, code))
    first = notes.seen.first([code for _, code in good], [at for at, _ in good])
    for (at, code), before in zip(good, first, strict=True):
        if before != at:
            notes.refuse(
                at,
                Sentence(
                    "%(field)s '%(code)s' stands in %(place)s too; give each its own",
                    field=Sentence(field),
                    code=code,
                    place=row_named(notes.word, before),
                ),
            )
    return codes


def _single(rows: Rows, heading: str) -> pd.Series:
    column = rows.texts[heading]
    if isinstance(column, pd.DataFrame):
        raise InputRefused(
            Sentence(
                "%(file)s: heading '%(heading)s' stands there twice; keep one column",
                file=rows.file,
                heading=heading,
            )
        )
    return column


def _missing(rows: Rows, column: Column) -> Sentence:
    # Spreadsheets for people often have a title or a merged first row above the headings.
    below = {simple(cell) for cell in rows.texts.iloc[0]} if len(rows.texts) else set()
    names = {simple(name) for name in (column.field, *column.headings)}
    headings = "、".join(column.headings)
    if below & names:
        return Sentence(
            "%(file)s has no column '%(field)s' (also read: %(headings)s); the headings seem to be in row 2: "
            "remove the row above them",
            file=rows.file,
            field=column.field,
            headings=headings,
        )
    return Sentence(
        "%(file)s has no column '%(field)s' (also read: %(headings)s); add it, or map it",
        file=rows.file,
        field=column.field,
        headings=headings,
    )


def _limits(above: float, least: float, most: float) -> Sentence:
    """Limits as they are read, with `most` always finite."""
    if np.isfinite(above):
        return Sentence("above %(low)s and at most %(high)s", low=f"{above:g}", high=f"{most:g}")
    if np.isfinite(least):
        return Sentence("%(low)s to %(high)s", low=f"{least:g}", high=f"{most:g}")
    return Sentence("at most %(high)s", high=f"{most:g}")
