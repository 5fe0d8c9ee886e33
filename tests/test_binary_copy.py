"""Columns of numbers through PostgreSQL's binary COPY, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from geo.binary_copy import EPOCH_US, NO_TIMESTAMP, packed, unpacked
from geo.db import transaction
from geo.scope import WHOLE_SITE

KINDS = [np.dtype(kind) for kind in ("i2", "i4", "i8", "f4", "f8")]


def columns_of(rows: int) -> list[np.ndarray]:
    draw = np.random.default_rng(rows)
    return [
        draw.integers(-(2**15), 2**15, rows, dtype=np.int16),
        draw.integers(-(2**31), 2**31, rows, dtype=np.int32),
        draw.integers(-(2**63), 2**63 - 1, rows, dtype=np.int64),
        draw.normal(0, 1e6, rows).astype(np.float32),
        np.where(draw.random(rows) < 0.2, np.nan, draw.normal(0, 1e12, rows)),
    ]


def kinds_of(*names: str) -> list[np.dtype]:
    return [np.dtype(name) for name in names]


def joined(parts, kinds=KINDS) -> list[np.ndarray]:
    blocks = list(unpacked(parts, kinds))
    return [
        np.concatenate([block[n] for block in blocks]) if blocks else np.empty(0) for n in range(len(kinds))
    ]


@given(st.integers(0, 40), st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_what_was_packed_is_unpacked_however_it_is_cut(rows: int, cuts: list[int]) -> None:
    columns = columns_of(rows)
    whole = packed(dict(zip("abcde", columns, strict=True)))
    parts, at, n = [], 0, 0
    while at < len(whole):
        size = cuts[n % len(cuts)]
        parts.append(whole[at : at + size])
        at, n = at + size, n + 1
    for found, given_ in zip(joined(parts), columns, strict=True):
        np.testing.assert_array_equal(found, given_)


def test_postgresql_takes_it_and_gives_it_back(served) -> None:
    """Types of every width, NaN, and times in both directions: 2026-11-23 18:05:00.123 in Shanghai."""
    at_us = np.array([1_795_428_300_123_000 - EPOCH_US, NO_TIMESTAMP])
    columns = [*columns_of(2), at_us]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """CREATE TEMP TABLE t (a smallint, b int, c bigint, d real, e float8, f timestamptz)
                   ON COMMIT DROP"""
            )
        )
        driver = session.connection().connection.driver_connection
        with driver.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
            copy.write(packed(dict(zip("abcdef", columns, strict=True))))
        rows = session.execute(
            text("SELECT a, b, c, d, e, f::text, isfinite(f) FROM t ORDER BY isfinite(f) DESC")
        ).all()
        for place, values in enumerate(columns[:5]):
            np.testing.assert_array_equal(np.array([row[place] for row in rows]).astype(values.dtype), values)
        session.execute(text("SET LOCAL TIME ZONE 'Asia/Shanghai'"))
        told = session.scalar(text("SELECT f::text FROM t WHERE isfinite(f)"))
        assert told == "2026-11-23 18:05:00.123+08" and rows[1][5] == "-infinity"
        with driver.cursor().copy("COPY t TO STDOUT (FORMAT binary)") as copy:
            back = joined([bytes(part) for part in copy], [*KINDS, *kinds_of("i8")])
        for found, given_ in zip(back, columns, strict=True):
            np.testing.assert_array_equal(found, given_)


def test_a_null_a_cut_and_another_width_are_refused() -> None:
    whole = packed({"a": np.arange(3), "b": np.arange(3.0)})
    kinds = kinds_of("i8", "f8")
    null = bytearray(whole)
    # The length of the first value, behind the header and the count of fields.
    null[21:25] = b"\xff\xff\xff\xff"
    for wrong in (bytes(null), whole[:-1], whole[:-3], b"nonsense" * 5, b""):
        with pytest.raises(ValueError, match="binary COPY"):
            list(unpacked([wrong], kinds))
    with pytest.raises(ValueError, match="COALESCE"):
        # The same bytes a row, otherwise divided.
        list(unpacked([packed({"a": np.arange(3, dtype=np.int32), "b": np.arange(3)})], kinds_of("i8", "i4")))
    with pytest.raises(ValueError, match="different lengths"):
        packed({"a": np.arange(3), "b": np.arange(2)})
    with pytest.raises(ValueError, match="no fixed width"):
        packed({"a": np.array(["x"])})
