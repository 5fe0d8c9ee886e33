"""Texts of an Arrow column that may be anything: what a foreign writer calls text need not be UTF-8."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cameras.frames.columns import shortened

#: Bytes. A code, a time or an event is far shorter.
LONGEST_TEXT: Final = 1000


def texts_of(column: pa.Array) -> tuple[pa.Array, dict[int, tuple[str, str]]]:
    """Texts of a column, and by row what stands where none can be: it is not UTF-8, or too long.

    Parameters
    ----------
    column : pyarrow.Array
        Of any of Arrow's types of text.

    Returns
    -------
    texts : pyarrow.Array
        Plain strings, null in the rows of `bad`.
    bad : dict
        By row, from 0, the beginning of what stands there and why it is no text.
    """
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.binary_view()).cast(pa.large_binary()).view(pa.large_string())
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    if lengths.max(initial=0) <= LONGEST_TEXT and _is_sound(column):
        return column.cast(pa.string()), {}
    bad: dict[int, tuple[str, str]] = {}
    kept: list[str | None] = []
    for row, raw in enumerate(column.cast(pa.large_binary()).to_pylist()):
        text = None if raw is None or len(raw) > LONGEST_TEXT else _decoded(raw)
        kept.append(text)
        if raw is not None and text is None:
            bad[row] = (shortened(raw[:80].decode("utf-8", "replace")), _problem(raw))
    return pa.array(kept, pa.string()), bad


def _problem(raw: bytes) -> str:
    if len(raw) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} bytes; give a code, a time or an event"
    return "is not UTF-8; write texts as UTF-8"


def _is_sound(column: pa.Array) -> bool:
    """Whether all of a column is UTF-8; it does not say which row is not."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
