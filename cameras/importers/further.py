"""The fields of a record that no footprint needs, read leniently.

A cell that is not understood is left empty and told: a row with a good place and code is not refused for the
maker's name of its light.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.choices import WRITTEN
from cameras.fields import FURTHER_FIELDS, LONGEST_TEXT, Field
from geo.errors import Sentence
from geo.readers.columns import Column, Table, number
from geo.readers.result import Notes

FURTHER_COLUMNS = tuple(Column(one.name, one.headings, first=True) for one in FURTHER_FIELDS)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?|(\d{4})(\d{2})(\d{2})", re.ASCII)


class _Unknown(Exception):
    """A cell that is not understood."""


def further_values(table: Table, notes: Notes) -> dict[str, pd.Series]:
    """Values of `FURTHER_FIELDS` by name: texts and days as objects with None, all else floats with NaN."""
    return {one.name: _values(one, table, notes) for one in FURTHER_FIELDS}


def value_of(one: Field, text: str) -> Any:
    """What a cell says of a field, None where it is empty.

    Raises
    ------
    ValueError
        For one that is not understood or out of limits; without words, the caller knows the field.
    """
    if not text:
        return None
    try:
        return _READ[one.kind](one, text)
    except _Unknown as error:
        raise ValueError from error


def _values(one: Field, table: Table, notes: Notes) -> pd.Series:
    plain = one.kind in ("text", "day")
    size = len(table.texts)
    found: NDArray[Any] = np.full(size, None, dtype=object) if plain else np.full(size, np.nan)
    odd: list[tuple[int, str]] = []
    # Of 10,000 cells a few are different: each is read once.
    read: dict[str, Any] = {}
    for i, row, text in table.filled(one.name):
        if text not in read:
            try:
                read[text] = value_of(one, text)
            except ValueError:
                read[text] = _Unknown
        if read[text] is _Unknown:
            odd.append((row, text))
        else:
            found[i] = read[text]

    def tell(n: int, first: Sentence) -> Sentence:
        return Sentence(
            "%(n)s cells of “%(field)s” are not understood and were left empty, first '%(text)s' in "
            "%(first)s; write them as the list of fields has them",
            n=n,
            field=one.label,
            text=odd[0][1][:40],
            first=first,
        )

    notes.tally(one.name, [row for row, _ in odd], tell)
    # As objects: pandas would turn None into NaN in a column of its own text type.
    return pd.Series(found, index=table.texts.index, dtype="object" if plain else np.float64)


def _text(_: Field, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise _Unknown
    return text


def _number(one: Field, text: str) -> float:
    value = number(text)
    if value is None or not (value > one.above and one.least <= value <= one.most):
        raise _Unknown
    return value


def _whole(one: Field, text: str) -> float:
    value = _number(one, text)
    if value != int(value):
        raise _Unknown
    return value


def _day(_: Field, text: str) -> date:
    found = _DAY.fullmatch(text)
    if found is None:
        raise _Unknown
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise _Unknown from error


def _choice(one: Field, text: str) -> float:
    """Its number, with zeros before it or not, or a word for it."""
    if re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) and int(text) in one.choices:
        return float(int(text))
    words = WRITTEN.get(one.name, {})
    if text.lower() not in words:
        raise _Unknown
    return float(words[text.lower()])


_READ: dict[str, Callable[[Field, str], Any]] = {
    "text": _text,
    "number": _number,
    "whole": _whole,
    "day": _day,
    "choice": _choice,
}
