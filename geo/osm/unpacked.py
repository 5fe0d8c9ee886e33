"""How large an extract is once it is unpacked: a file of kilobytes may be gigabytes."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from geo.errors import InputRefused, Sentence

LARGEST_UNPACKED_MB = 1024
"""Of packed XML."""
MOST_TIMES = 20
"""Blocks of a .osm.pbf are about three times as large as they lie in the file."""
ALWAYS_BYTES = 64 * 1024**2
"""That large any may be: small ones can be very regular."""
LARGEST_BLOCK = 64 * 1024**2
"""Bytes; the format allows half as many."""

_UNPACKING: dict[str, type[bz2.BZ2File] | type[gzip.GzipFile]] = {".bz2": bz2.BZ2File, ".gz": gzip.GzipFile}
_READ_BYTES = 1 << 20
# Field numbers of the format's messages (wiki.openstreetmap.org/wiki/PBF_Format): of a BlobHeader, of a Blob.
_DATASIZE = 3
_RAW, _RAW_SIZE = 1, 2
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def check_unpacked(path: Path) -> None:
    """Refuse an extract that would be far larger than its file; no more of it is unpacked than the limit.

    Raises
    ------
    geo.errors.InputRefused
        Also for a file that is damaged.
    """
    try:
        if path.suffix.lower() in _UNPACKING:
            _check_packed(path)
        elif path.suffix.lower() == ".pbf":
            _check_blocks(path)
    except (OSError, EOFError, zlib.error) as error:
        raise InputRefused(
            Sentence(
                "%(file)s could not be read as OpenStreetMap data (%(error)s)", file=path.name, error=error
            )
        ) from error


def _check_packed(path: Path) -> None:
    left = LARGEST_UNPACKED_MB * 1024**2
    with _UNPACKING[path.suffix.lower()](path) as file:
        while left >= 0 and (block := file.read(_READ_BYTES)):
            left -= len(block)
    if left < 0:
        raise InputRefused(
            Sentence(
                "%(file)s is more than %(most)s MB once unpacked; give the extract as .osm.pbf, or a smaller "
                "one",
                file=path.name,
                most=LARGEST_UNPACKED_MB,
            )
        )


def _check_blocks(path: Path) -> None:
    size = 0
    with path.open("rb") as file:
        while length := file.read(4):
            header = file.read(min(int.from_bytes(length), LARGEST_BLOCK))
            data = sum(value for number, value in _fields(header) if number == _DATASIZE)
            if data > LARGEST_BLOCK:
                raise EOFError(f"a block of {data} bytes")
            blob = file.read(data)
            size += sum(value for number, value in _fields(blob) if number in (_RAW, _RAW_SIZE))
    if size > max(ALWAYS_BYTES, MOST_TIMES * path.stat().st_size):
        raise InputRefused(
            Sentence(
                "%(file)s is more than %(most)s times as large once unpacked, as no true extract is; take it "
                "anew from its source",
                file=path.name,
                most=MOST_TIMES,
            )
        )


def _fields(message: bytes) -> Iterator[tuple[int, int]]:
    """The fields of a protocol buffer: number, and the value of a whole number or a length."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind == _BYTES:
            value, at = _varint(message, at)
            at += value
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            value = 8 if kind == _EIGHT_BYTES else 4
            at += value
        else:
            raise EOFError(f"no field of kind {kind} is known")
        if at > len(message):
            raise EOFError("a block is cut off")
        yield tag >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where it ends."""
    value = 0
    for place, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise EOFError("a block is cut off")
