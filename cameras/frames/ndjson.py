"""Reader of frame metadata in NDJSON: UTF-8, one flat object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json

from cameras.frames.columns import COLUMNS, LIMITS, Int64Array, ReadBatch, ReadOptions, Rejected, shortened
from cameras.frames.delimited import unknown_columns
from cameras.frames.lines import Block, blocks, opened
from cameras.frames.validate import validated
from geo.errors import InputRefused

_SCHEMA: Final = pa.schema([(name, pa.float64() if name in LIMITS else pa.string()) for name in COLUMNS])
# Keys stand on every line: so many of a block are looked at for unknown ones.
_SAMPLE_LINES: Final = 100


def read_ndjson(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of an NDJSON file (plain or .gz), block by block; keys are the headings of `COLUMNS`.

    Numbers stand without quotes, codes and times with; null is missing. See `cameras.frames.read_frames`.
    """
    with opened(path) as stream:
        yield from ndjson_batches(stream, str(path), options)


def ndjson_batches(stream: IO[bytes], name: str, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of a stream of NDJSON that goes by `name`, block by block."""
    told: set[str] = set()
    empty = True
    for block in blocks(stream, block_bytes=options.block_bytes, max_line_bytes=options.max_line_bytes):
        empty = empty and not len(block.lines) and not block.rejected
        extra = sorted(_unknown_keys(block) - told)
        told |= set(extra)
        raw, lines, rejected = _raw_columns(block)
        yield validated(
            raw, lines, options, rejected=[*block.rejected, *rejected], notes=unknown_columns(extra)
        )
    if empty:
        raise InputRefused(f"{name} is empty; write one object a line")


def _unknown_keys(block: Block) -> set[str]:
    names: set[str] = set()
    for line in block.text.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES]:
        found = _object(line) if line else ""
        if not isinstance(found, str):
            names.update(found)
    return names - set(COLUMNS)


def _raw_columns(block: Block) -> tuple[dict[str, pa.Array], Int64Array, list[Rejected]]:
    table = _parsed(block) if len(block.lines) and _one_object_a_line(block) else None
    if table is None:
        return _line_by_line(block)
    raw = {}
    for name in COLUMNS:
        column = table[name].combine_chunks()
        # A key that never occurs is a column that the file does not have.
        if column.null_count < len(column) or name in ("camera", "captured_at"):
            raw[name] = column
    return raw, block.lines, []


def _one_object_a_line(block: Block) -> bool:
    """Whether every line opens and closes an object: then a table of as many rows has one row a line."""
    text = np.frombuffer(block.text, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    last = ends - 1
    last = last - (text[last] == ord("\r"))
    return bool(np.all(text[starts] == ord("{")) and np.all(text[last] == ord("}")))


def _parsed(block: Block) -> pa.Table | None:
    try:
        table = arrow_json.read_json(
            pa.BufferReader(block.text),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(block.text) + 1),
            # Not "infer": it builds a type for every unknown key and overflows the stack on a deep one.
            parse_options=arrow_json.ParseOptions(
                explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return table if table.num_rows == len(block.lines) else None


def _line_by_line(block: Block) -> tuple[dict[str, pa.Array], Int64Array, list[Rejected]]:
    """The same for a block with a bad line: slower, but it knows which line it is."""
    rejected: list[Rejected] = []
    rows: list[dict[str, Any]] = []
    kept: list[int] = []
    for place, line in enumerate(block.text.split(b"\n")[: len(block.lines)]):
        number = int(block.lines[place])
        found = _object(line)
        if isinstance(found, str):
            rejected.append(Rejected(number, "", shortened(line.decode()), found))
            continue
        wrong = [
            Rejected(number, name, shortened(found[name]), problem)
            for name in COLUMNS
            if (problem := _wrong_type(name, found.get(name)))
        ]
        if wrong:
            rejected.extend(wrong)
        else:
            rows.append(found)
            kept.append(place)
    raw = {}
    for name in COLUMNS:
        values = [row.get(name) for row in rows]
        if name in ("camera", "captured_at") or any(value is not None for value in values):
            numeric = name in LIMITS
            raw[name] = pa.array(
                [None if value is None else float(value) if numeric else value for value in values],
                pa.float64() if numeric else pa.string(),
                from_pandas=False,
            )
    return raw, block.lines[kept], rejected


def _object(line: bytes) -> dict[str, Any] | str:
    """The object on a line, or why there is none."""
    try:
        found = json.loads(line, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        return f"is malformed ({error}); write one JSON object a line"
    if not isinstance(found, dict):
        return "is not an object; write one JSON object a line"
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key '{shortened(twice)}' stands twice")
    return found


def _wrong_type(name: str, value: Any) -> str:
    """Why a value cannot stand in this column, or ""."""
    if value is None:
        return ""
    if name not in LIMITS:
        return "" if isinstance(value, str) else "is not text; write it in quotes"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is not a number; write it without quotes"
    if isinstance(value, int) and abs(value) > 10**300:
        return f"is not a finite number; {LIMITS[name].remedy}"
    return ""
