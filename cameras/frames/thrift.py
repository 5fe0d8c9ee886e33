"""Structs of Thrift's compact protocol, as far as the footer and the page headers of Parquet need it."""

from __future__ import annotations

from typing import Final

#: Values of a struct by the number of their field: whole numbers, truth values, bytes, structs and lists of
#: them; None for a floating number, of which none is needed.
Struct = dict[int, object]

_MOST_IN_A_LIST: Final = 100_000
_DEEPEST: Final = 12
# Types of values.
_TRUE, _FALSE, _BYTE, _I16, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 6, 7, 8, 9, 10, 12


class NoStruct(Exception):
    """What stands there is no struct."""


class CutOff(NoStruct):
    """The struct goes on behind the bytes at hand."""


def struct(content: bytes, at: int = 0, depth: int = 0) -> tuple[Struct, int]:
    """The struct that begins at a place of some bytes, and the place where it ends.

    Raises
    ------
    NoStruct
        There is none; `CutOff` when more bytes might make one.
    """
    if depth > _DEEPEST:
        raise NoStruct("structs too deep in each other")
    found: Struct = {}
    number = 0
    while True:
        head, at = _byte(content, at)
        kind, step = head & 15, head >> 4
        if head == 0:
            return found, at
        if step:
            number += step
        else:
            number, at = _whole(content, at)
        if kind in (_TRUE, _FALSE):
            found[number] = kind == _TRUE
        else:
            found[number], at = _value(content, at, kind, depth)


def _value(content: bytes, at: int, kind: int, depth: int) -> tuple[object, int]:
    if kind == _STRUCT:
        return struct(content, at, depth + 1)
    if _I16 <= kind <= _I64:
        return _whole(content, at)
    if kind in (_BYTE, _TRUE, _FALSE):
        return _byte(content, at)
    if kind == _DOUBLE:
        return None, _bytes(content, at, 8)[1]
    if kind == _BINARY:
        size, at = _varint(content, at)
        return _bytes(content, at, size)
    if kind in (_LIST, _SET):
        return _list(content, at, depth)
    raise NoStruct(f"a value of the type {kind}")


def _list(content: bytes, at: int, depth: int) -> tuple[object, int]:
    head, at = _byte(content, at)
    size = head >> 4
    if size == 15:
        size, at = _varint(content, at)
    if size > _MOST_IN_A_LIST:
        raise NoStruct(f"a list of {size} values")
    values = []
    for _ in range(size):
        value, at = _value(content, at, head & 15, depth + 1)
        values.append(value)
    return values, at


def _bytes(content: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(content):
        raise CutOff("a struct that is cut off")
    return content[at : at + size], at + size


def _byte(content: bytes, at: int) -> tuple[int, int]:
    if at >= len(content):
        raise CutOff("a struct that is cut off")
    return content[at], at + 1


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = _byte(content, at)
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise NoStruct("a number longer than 64 bits")


def _whole(content: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(content, at)
    return (value >> 1) ^ -(value & 1), at
