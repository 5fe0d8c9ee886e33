"""Columns of numbers as PostgreSQL's binary COPY has them, and back, without a loop over rows.

The format (PostgreSQL manual, COPY, *Binary Format*): a header, then for every row a 16-bit count of fields
and for every field a 32-bit length and its bytes in network order, then -1 instead of a count. Where no field
is null, every row is as long as the others, and an array of records is the whole text. So a missing number
travels as NaN and a missing time as -infinity; the query on the other side makes them NULL, or makes them of
NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
#: Microseconds from 1970 to 2000, from where PostgreSQL counts.
EPOCH_US: Final = 946_684_800_000_000
#: -infinity as a timestamp.
NO_TIMESTAMP: Final = np.iinfo(np.int64).min
_KINDS: Final = frozenset({"i2", "i4", "i8", "f4", "f8"})


def packed(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Rows of columns of one length, whole with header and trailer.

    Parameters
    ----------
    columns : mapping of str to (n,) array
        int16, int32, int64, float32 or float64, in the order of the COPY's columns, whose types must be as
        wide (smallint, integer, bigint or timestamptz, real, double precision).
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f"columns are of different lengths: {sorted(lengths)}")
    rows = np.empty(lengths.pop(), dtype=_record([values.dtype for values in columns.values()]))
    rows["count"] = len(columns)
    for place, values in enumerate(columns.values()):
        rows[f"length{place}"] = values.dtype.itemsize
        rows[f"value{place}"] = values
    return b"".join((_HEADER, rows.tobytes(), _TRAILER))


def unpacked(
    parts: Iterable[bytes | memoryview], dtypes: Sequence[np.dtype[Any]]
) -> Iterator[list[NDArray[Any]]]:
    """Columns of rows without nulls, block by block as they come.

    Parameters
    ----------
    parts : iterable of bytes
        What COPY … TO STDOUT (FORMAT binary) sends, cut anywhere.
    dtypes : sequence of dtype
        Of each column, as for `packed`.

    Raises
    ------
    ValueError
        When a row has a null, or its columns are others.
    """
    record = _record(dtypes)
    carry, begun = b"", False
    for part in parts:
        carry = b"".join((carry, part))
        if not begun:
            if len(carry) < len(_HEADER):
                continue
            if not carry.startswith(_HEADER[:11]):
                raise ValueError("this is no binary COPY")
            carry, begun = carry[len(_HEADER) :], True
        number = len(carry) // record.itemsize
        if not number:
            continue
        rows = np.frombuffer(carry, dtype=record, count=number)
        carry = carry[number * record.itemsize :]
        _check(rows, dtypes)
        yield [rows[f"value{place}"].astype(dtype) for place, dtype in enumerate(dtypes)]
    if not begun or carry != _TRAILER:
        raise ValueError("the binary COPY broke off, or a row has a null")


def _check(rows: NDArray[Any], dtypes: Sequence[np.dtype[Any]]) -> None:
    good = bool((rows["count"] == len(dtypes)).all())
    for place, dtype in enumerate(dtypes):
        good = good and bool((rows[f"length{place}"] == dtype.itemsize).all())
    if not good:
        raise ValueError("a row of the binary COPY has a null or other columns; COALESCE them")


def _record(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for place, dtype in enumerate(dtypes):
        kind = f"{dtype.kind}{dtype.itemsize}"
        if kind not in _KINDS:
            raise ValueError(f"a column of {dtype} has no fixed width here; give one of {sorted(_KINDS)}")
        fields += [(f"length{place}", ">i4"), (f"value{place}", f">{kind}")]
    return np.dtype(fields)
