"""One face of a font file: which glyph a sign has, how wide it is, and the outlines of some signs."""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

from web.pdf.cff import Outlines

SFNT_TABLE = 16
BMP_AND_BEYOND = 12


class Face:
    """A face of an OpenType collection with CFF outlines.

    Parameters
    ----------
    path : Path
    number : int
        Of the face in its collection.
    """

    def __init__(self, path: Path, number: int) -> None:
        with path.open("rb") as file:
            self._file = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        (at,) = struct.unpack_from(">I", self._file, 12 + 4 * number)
        (count,) = struct.unpack_from(">H", self._file, at + 4)
        self._tables: dict[bytes, memoryview] = {}
        for n in range(count):
            tag, _, start, length = struct.unpack_from(">4sIII", self._file, at + 12 + SFNT_TABLE * n)
            self._tables[tag] = self._file[start : start + length]
        self.per_em: int = struct.unpack_from(">H", self._tables[b"head"], 18)[0]
        self.box: tuple[int, ...] = struct.unpack_from(">4h", self._tables[b"head"], 36)
        self.ascent, self.descent = struct.unpack_from(">2h", self._tables[b"hhea"], 4)
        self._widths_told: int = struct.unpack_from(">H", self._tables[b"hhea"], 34)[0]
        self._ranges = self._read_map()
        self._firsts = [first for first, _, _ in self._ranges]
        self.outlines = Outlines(self._tables[b"CFF "])

    def _read_map(self) -> list[tuple[int, int, int]]:
        """(first sign, last sign, glyph of the first), in order."""
        table = self._tables[b"cmap"]
        (count,) = struct.unpack_from(">H", table, 2)
        for n in range(count):
            (at,) = struct.unpack_from(">I", table, 8 + 8 * n)
            (form,) = struct.unpack_from(">H", table, at)
            if form == BMP_AND_BEYOND:
                (groups,) = struct.unpack_from(">I", table, at + 12)
                return [struct.unpack_from(">III", table, at + 16 + 12 * g) for g in range(groups)]
        raise ValueError("the font has no map of all of Unicode (cmap format 12)")

    def glyph(self, sign: str) -> int:
        """Number of a sign's glyph; 0 where the font has none."""
        code = ord(sign)
        at = bisect_right(self._firsts, code) - 1
        if at < 0 or code > self._ranges[at][1]:
            return 0
        return self._ranges[at][2] + code - self._ranges[at][0]

    def width(self, glyph: int) -> float:
        """How far the next sign stands, in parts of the size of the font."""
        table = self._tables[b"hmtx"]
        told: int = struct.unpack_from(">H", table, 4 * min(glyph, self._widths_told - 1))[0]
        return told / self.per_em


@lru_cache(maxsize=4)
def face(path: Path, number: int) -> Face:
    """A face, read once."""
    return Face(path, number)
