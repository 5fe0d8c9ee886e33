"""A text file as blocks of whole lines, each line with its number, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from cameras.frames.columns import Int64Array, Rejected, shortened
from geo.errors import InputRefused

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, eq=False)
class Block:
    """Whole lines that are UTF-8, not blank and not over-long.

    Parameters
    ----------
    text : bytes
        The lines, each ended by a line feed.
    lines : (n,) array of int64
        Number of each line in the file, the first is 1.
    rejected : tuple of Rejected
        Lines of this stretch that are not in `text`.
    """

    text: bytes
    lines: Int64Array
    rejected: tuple[Rejected, ...]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked when its name ends in .gz; a broken archive is refused in one sentence."""
    try:
        with path.open("rb") as raw:
            if path.suffix.lower() != ".gz":
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as stream:
                yield cast(IO[bytes], stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputRefused(
            f"{path} cannot be unpacked ({error}); copy it again or pack it again with gzip"
        ) from error
    except OSError as error:
        raise InputRefused(f"{path} cannot be read ({error.strerror}); give a readable file") from error


def blocks(stream: IO[bytes], *, block_bytes: int, max_line_bytes: int) -> Iterator[Block]:
    """Blocks of about `block_bytes`; memory is bounded by that and the longest line allowed."""
    carry, line, skipping = b"", 1, False
    pending: list[Rejected] = []
    first = True
    while chunk := stream.read(block_bytes):
        if first:
            chunk, first = chunk.removeprefix(_BOM), False
        if skipping:
            _, ended, chunk = chunk.partition(b"\n")
            if not ended:
                continue
            skipping, line = False, line + 1
        text, newline, carry = (carry + chunk).rpartition(b"\n")
        if newline:
            block = _checked(text + b"\n", line, max_line_bytes, pending)
            line, pending = line + text.count(b"\n") + 1, []
            yield block
        if len(carry) > max_line_bytes:
            pending.append(_over_long(line, carry, max_line_bytes))
            carry, skipping = b"", True
    if carry or pending:
        yield _checked(carry + b"\n" if carry else b"", line, max_line_bytes, pending)


def _checked(text: bytes, first_line: int, max_line_bytes: int, pending: list[Rejected]) -> Block:
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1) - 1
    lines = np.arange(first_line, first_line + len(ends), dtype=np.int64)
    # A line of one byte may be the carriage return of a blank one.
    if not len(ends) or (lengths.min() > 1 and lengths.max() <= max_line_bytes and _is_utf8(text)):
        return Block(text, lines, tuple(pending))

    kept, numbers, rejected = [], [], list(pending)
    for number, raw in zip(lines.tolist(), text.split(b"\n"), strict=False):
        if not raw.strip():
            continue
        if len(raw) > max_line_bytes:
            rejected.append(_over_long(number, raw, max_line_bytes))
        elif not _is_utf8(raw):
            shown = shortened(raw.decode("utf-8", "replace"))
            rejected.append(Rejected(number, "", shown, "is not UTF-8; save the file as UTF-8"))
        else:
            kept.append(raw)
            numbers.append(number)
    joined = b"\n".join([*kept, b""])
    return Block(joined, np.array(numbers, dtype=np.int64), tuple(rejected))


def _over_long(line: int, raw: bytes, limit: int) -> Rejected:
    shown = shortened(raw[:80].decode("utf-8", "replace"))
    return Rejected(line, "", shown, f"is longer than {limit} bytes; write one frame a line")


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
