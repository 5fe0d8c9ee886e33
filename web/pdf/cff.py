"""Parts of a font: the outlines of the signs that a paper shows, and nothing of the 65,000 others.

Reads and writes the Compact Font Format (Adobe Technical Note 5176) as CID-keyed fonts such as Noto Sans CJK
use it. Programs of outlines are kept as they are; subroutines that none of them calls are emptied, because
their numbers must stay.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Operators of dictionaries (tables 9, 10 and 23 of the note); 12 is the first byte of those of two.
CHARSET, ENCODING, CHAR_STRINGS, PRIVATE, SUBRS = 15, 16, 17, 18, 19
ROS, CID_COUNT, FD_ARRAY, FD_SELECT = 0x0C1E, 0x0C22, 0x0C24, 0x0C25

# Operators of outlines (Technical Note 5177).
STEMS, MASKS = frozenset({1, 3, 18, 23}), frozenset({19, 20})
CALL_LOCAL, CALL_GLOBAL, RETURN, ESCAPE = 10, 29, 11, 12
FLEXES = frozenset({34, 35, 36, 37})

Dict = dict[int, bytes]


@dataclass(frozen=True)
class Index:
    """An INDEX of the format: items by number, read where they lie."""

    data: memoryview
    offsets: memoryview
    offset_size: int
    count: int
    start: int
    end: int

    def __getitem__(self, number: int) -> bytes:
        first, last = self._at(number), self._at(number + 1)
        return bytes(self.data[self.start + first : self.start + last])

    def _at(self, number: int) -> int:
        size = self.offset_size
        return int.from_bytes(self.offsets[number * size : (number + 1) * size], "big")

    def __len__(self) -> int:
        return self.count


def read_index(data: memoryview, at: int) -> Index:
    """The INDEX that begins at a byte; `end` is the byte after it."""
    (count,) = struct.unpack_from(">H", data, at)
    if not count:
        return Index(data, data[:0], 1, 0, at + 2, at + 2)
    size = data[at + 2]
    offsets = data[at + 3 : at + 3 + (count + 1) * size]
    # Offsets count from the byte before the first item.
    start = at + 2 + (count + 1) * size
    end = start + int.from_bytes(offsets[count * size :], "big")
    return Index(data, offsets, size, count, start, end)


def write_index(items: Sequence[bytes]) -> bytes:
    """An INDEX of these items."""
    if not items:
        return struct.pack(">H", 0)
    offsets, at = [1], 1
    for item in items:
        at += len(item)
        offsets.append(at)
    size = max(1, (at.bit_length() + 7) // 8)
    head = struct.pack(">HB", len(items), size) + b"".join(one.to_bytes(size, "big") for one in offsets)
    return head + b"".join(items)


def read_dict(data: bytes) -> Dict:
    """Operators of a dictionary, each with its operands as they are written, in their order."""
    found: Dict = {}
    at = first = 0
    while at < len(data):
        lead = data[at]
        if lead <= 21:
            operator, wide = (data[at] << 8 | data[at + 1], 2) if lead == ESCAPE else (lead, 1)
            found[operator] = data[first:at]
            at += wide
            first = at
        elif lead == 30:
            at += 1
            while data[at] & 0x0F != 0x0F and data[at] >> 4 != 0x0F:
                at += 1
            at += 1
        else:
            at += {28: 3, 29: 5}.get(lead, 1 if lead < 247 else 2)
    return found


def integers(operands: bytes) -> list[int]:
    """Whole numbers of a dictionary."""
    found, at = [], 0
    while at < len(operands):
        lead = operands[at]
        if lead == 28:
            found.append(struct.unpack_from(">h", operands, at + 1)[0])
            at += 3
        elif lead == 29:
            found.append(struct.unpack_from(">i", operands, at + 1)[0])
            at += 5
        elif lead < 247:
            found.append(lead - 139)
            at += 1
        else:
            sign = 1 if lead < 251 else -1
            found.append(sign * ((lead - (247 if lead < 251 else 251)) * 256 + operands[at + 1] + 108))
            at += 2
    return found


def whole(*values: int) -> bytes:
    """Numbers as five bytes each, so that a dictionary is as long whatever they are."""
    return b"".join(b"\x1d" + struct.pack(">i", value) for value in values)


def write_dict(operators: Mapping[int, bytes]) -> bytes:
    """A dictionary of these operators with their operands."""
    return b"".join(
        operands + (operator.to_bytes(2, "big") if operator > 0xFF else bytes([operator]))
        for operator, operands in operators.items()
    )


@dataclass(frozen=True)
class _Group:
    """What glyphs of one kind (an FD) share: its dictionaries and subroutines."""

    font: Dict
    private: Dict
    subrs: Index | None


class Outlines:
    """The table `CFF ` of a CID-keyed font.

    Raises
    ------
    ValueError
        When the font is not CID-keyed.
    """

    def __init__(self, table: memoryview) -> None:
        self._data = table
        names = read_index(table, table[2])
        tops = read_index(table, names.end)
        strings = read_index(table, tops.end)
        self._global = read_index(table, strings.end)
        self._names, self._strings = bytes(table[table[2] : names.end]), bytes(table[tops.end : strings.end])
        self._top = read_dict(tops[0])
        if ROS not in self._top:
            raise ValueError("the font is not CID-keyed; only Noto Sans CJK and its like are read")
        self._programs = read_index(table, integers(self._top[CHAR_STRINGS])[0])
        self._select = _read_select(table, integers(self._top[FD_SELECT])[0], len(self._programs))
        fonts = read_index(table, integers(self._top[FD_ARRAY])[0])
        self._groups = [self._group(read_dict(fonts[n])) for n in range(len(fonts))]

    def _group(self, font: Dict) -> _Group:
        size, at = integers(font[PRIVATE])
        private = read_dict(bytes(self._data[at : at + size]))
        subrs = read_index(self._data, at + integers(private[SUBRS])[0]) if SUBRS in private else None
        return _Group(font, private, subrs)

    def subset(self, glyphs: Sequence[int]) -> bytes:
        """The table with these glyphs alone, numbered (glyph and CID) as they come; the first is shown for
        what is missing."""
        programs = [self._programs[glyph] for glyph in glyphs]
        groups = [self._select[glyph] for glyph in glyphs]
        used = sorted(set(groups))
        called = _Called({one: self._groups[one].subrs for one in used}, self._global)
        for program, group in zip(programs, groups, strict=True):
            called.by(program, group)
        select = bytes([0, *(used.index(one) for one in groups)])
        # One range of CIDs from 1 on; glyph 0 is 0 and not told.
        charset = b"\x02" + struct.pack(">HH", 1, len(glyphs) - 2) if len(glyphs) > 1 else b"\x00"
        privates = [self._private(self._groups[one], called.local[one]) for one in used]
        globals_ = _emptied(self._global, called.everywhere)

        top = {name: operands for name, operands in self._top.items() if name not in (ENCODING, PRIVATE)}
        top |= {CID_COUNT: whole(len(glyphs))}
        offsets = (CHARSET, FD_SELECT, CHAR_STRINGS, FD_ARRAY)
        top |= dict.fromkeys(offsets, whole(0))
        header = bytes([1, 0, 4, 4]) + self._names
        # As long with any offsets in it.
        at = len(header) + len(write_index([write_dict(top)])) + len(self._strings) + len(globals_)
        parts = [charset, select, write_index(programs)]
        for name, part in zip(offsets, parts, strict=False):
            top[name] = whole(at)
            at += len(part)
        fonts = []
        for one, private in zip(used, privates, strict=True):
            size = len(private[0])
            fonts.append(write_dict({**self._groups[one].font, PRIVATE: whole(size, at)}))
            parts.append(b"".join(private))
            at += len(parts[-1])
        top[FD_ARRAY] = whole(at)
        parts.append(write_index(fonts))
        return b"".join([header, write_index([write_dict(top)]), self._strings, globals_, *parts])

    def _private(self, group: _Group, called: set[int]) -> tuple[bytes, bytes]:
        """A private dictionary, and the subroutines that follow it."""
        told = {name: operands for name, operands in group.private.items() if name != SUBRS}
        if group.subrs is None or not called:
            return write_dict(told), b""
        length = len(write_dict({**told, SUBRS: whole(0)}))
        return write_dict({**told, SUBRS: whole(length)}), _emptied(group.subrs, called)


def _read_select(data: memoryview, at: int, count: int) -> Sequence[int]:
    """Which group each glyph is of."""
    if data[at] == 0:
        return bytes(data[at + 1 : at + 1 + count])
    (ranges,) = struct.unpack_from(">H", data, at + 1)
    found = bytearray(count)
    for n in range(ranges):
        first, group, after = struct.unpack_from(">HBH", data, at + 3 + 3 * n)
        found[first:after] = bytes([group]) * (after - first)
    return bytes(found)


def _emptied(index: Index, kept: set[int]) -> bytes:
    """The INDEX with only some of its items; the others are of no length, so that all offsets between two are
    the same, and nothing when packed."""
    return write_index([index[n] if n in kept else b"" for n in range(len(index))])


class _Called:
    """Which subroutines outlines call, directly or not."""

    def __init__(self, local: Mapping[int, Index | None], everywhere: Index) -> None:
        self._indexes, self._global = local, everywhere
        self.local: dict[int, set[int]] = {group: set() for group in local}
        self.everywhere: set[int] = set()

    def by(self, program: bytes, group: int) -> None:
        """Follow one outline."""
        self._follow(program, group, [], [0])

    def _follow(self, program: bytes, group: int, stack: list[int], stems: list[int]) -> None:
        at = 0
        while at < len(program):
            lead = program[at]
            at += 1
            if lead >= 32 or lead == 28:
                value, at = _operand(program, lead, at)
                stack.append(value)
            elif lead in (CALL_LOCAL, CALL_GLOBAL):
                self._call(lead, group, stack, stems)
            elif lead in STEMS:
                stems[0] += len(stack) // 2
                stack.clear()
            elif lead in MASKS:
                # Stems may stand before a mask without an operator of their own.
                stems[0] += len(stack) // 2
                stack.clear()
                at += (stems[0] + 7) // 8
            elif lead == ESCAPE:
                if program[at] not in FLEXES:
                    raise ValueError(f"the font computes in an outline (12 {program[at]}), which is not read")
                at += 1
                stack.clear()
            elif lead != RETURN:
                stack.clear()

    def _call(self, lead: int, group: int, stack: list[int], stems: list[int]) -> None:
        index = self._global if lead == CALL_GLOBAL else self._indexes[group]
        assert index is not None
        bias = 107 if len(index) < 1240 else 1131 if len(index) < 33900 else 32768
        number = stack.pop() + bias
        (self.everywhere if lead == CALL_GLOBAL else self.local[group]).add(number)
        # Followed each time: how many stems there are depends on where it is called.
        self._follow(index[number], group, stack, stems)


def _operand(program: bytes, lead: int, at: int) -> tuple[int, int]:
    """A number of an outline (of a fraction its whole part), and the byte after it."""
    if lead == 28:
        return struct.unpack_from(">h", program, at)[0], at + 2
    if lead < 247:
        return lead - 139, at
    if lead == 255:
        return struct.unpack_from(">h", program, at)[0], at + 4
    if lead < 251:
        return (lead - 247) * 256 + program[at] + 108, at + 1
    return -(lead - 251) * 256 - program[at] - 108, at + 1
