"""Reading the columns of a caller's frame: whole numbers, identifiers, flags, each bad value named."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import Sentence

Identifier = str | int

# Far beyond any span of patrols (three years in seconds), and small enough that sums of many
# such numbers stay exact in 64 bits.
LARGEST = 10**8


def cells_of(
    value: pd.DataFrame | None, name: str, columns: Iterable[str], *, optional: Collection[str] = ()
) -> dict[str, list[Any]]:
    """The cells of the wanted columns, in order of the rows; empty lists for None or an empty frame.

    Optional columns that are not there hold None.

    Raises
    ------
    TypeError
        When `value` is not a DataFrame.
    ValueError
        When a column is missing.
    """
    wanted = list(columns)
    if value is None:
        return {column: [] for column in wanted}
    if not isinstance(value, pd.DataFrame):
        raise TypeError(
            f"{name} is a {type(value).__name__}; give a pandas DataFrame with {', '.join(wanted)}"
        )
    if value.empty and not len(value.columns):
        return {column: [] for column in wanted}
    missing = [column for column in wanted if column not in value.columns and column not in optional]
    if missing:
        raise ValueError(
            f"{name} has no column {', '.join(missing)}; its columns must include {', '.join(wanted)}"
        )
    return {
        column: value[column].tolist() if column in value.columns else [None] * len(value)
        for column in wanted
    }


def is_missing(value: Any) -> bool:
    """Whether a cell holds None, NaN or NA."""
    return (
        value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT
    )


def identifiers(values: Iterable[Any], what: str) -> list[Identifier]:
    """Every value as text or whole number, as the caller wrote it.

    Raises
    ------
    ValueError
        For a missing or empty identifier, another type, or text mixed with numbers.
    """
    found: list[Identifier] = []
    for row, value in enumerate(values):
        if isinstance(value, str) and value.strip():
            found.append(str(value))
        elif isinstance(value, Integral) and not isinstance(value, bool | np.bool_):
            found.append(int(value))
        else:
            raise ValueError(f"{what} in row {row} is {value!r}; give a text or a whole number")
    if len({type(value) for value in found}) > 1:
        raise ValueError(
            f"{what} mixes texts and numbers; give one kind, so that '1' and 1 are not two things"
        )
    return found


def unique(values: list[Identifier], what: str) -> list[Identifier]:
    """`values`, when none comes twice.

    Raises
    ------
    ValueError
        Naming the first that does.
    """
    seen: set[Identifier] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value!r} comes twice; give every one its own")
        seen.add(value)
    return values


def known(values: list[Identifier], among: Iterable[Hashable], what: str, where: str) -> list[Identifier]:
    """`values`, when all are in `among`.

    Raises
    ------
    ValueError
        Naming the first that is not.
    """
    allowed = set(among)
    for value in values:
        if value not in allowed:
            raise ValueError(f"{where} names the unknown {what} {value!r}; name one of the {what}s given")
    return values


def whole(value: Any, label: str, least: int = -LARGEST, most: int = LARGEST) -> int:
    """`value` as an int; whole floats pass, because pandas makes them of integers beside a gap.

    Raises
    ------
    ValueError
        When it is not a whole number within [least, most].
    """
    number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not number or is_missing(value) or not np.isfinite(float(value)) or float(value) != int(value):
        raise ValueError(f"{label} is {value!r}; give a whole number")
    if not least <= int(value) <= most:
        raise ValueError(
            Sentence(
                "%(label)s is %(value)s; it must lie from %(least)s to %(most)s",
                label=Sentence(label),
                value=int(value),
                least=least,
                most=most,
            )
        )
    return int(value)


def flag(value: Any, label: str) -> bool:
    """`value` as a bool.

    Raises
    ------
    ValueError
        When it is not one.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{label} is {value!r}; give True or False")
    return bool(value)


def village_of(value: Any, label: str) -> str | int | None:
    """A village's name or number, or None for a missing one.

    Raises
    ------
    ValueError
        For an empty text or another type.
    """
    if is_missing(value):
        return None
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"{label} has an empty village; give its name, or None for a team of no village")
    return identifiers([value], f"{label}: village")[0]


def objects(values: list[Any]) -> pd.Series:
    """A column of plain objects: pandas would turn None beside texts into NaN."""
    return pd.Series(values, dtype=object)


def id_column(values: list[Identifier]) -> pd.Series | NDArray[np.int64]:
    """Identifiers as a column: int64 for numbers, objects for texts and for an empty column."""
    return np.array(values, np.int64) if values and isinstance(values[0], int) else objects(values)
