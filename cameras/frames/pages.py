"""What the footer and the page headers of a Parquet file claim, read before anybody believes it.

A column chunk is a run of pages, each a header and its packed bytes. A library makes room for what a header
promises: a file of some kilobytes can ask for gigabytes, and the footer need not say so. Nor is the footer
asked through the library, which ends the whole process over some broken ones (pyarrow 26, a column chunk
whose statistics of sizes do not fit). Field numbers are those of parquet.thrift (Apache Parquet format 2.11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Final, NamedTuple

from cameras.frames.thrift import CutOff, NoStruct, Struct, struct

_FIRST_LOOK: Final = 4096
_LONGEST_HEADER: Final = 1 << 20
_INT96: Final = 3
# Number of the struct of each kind of page with values, and of the encoding in it; the first tells how many.
_DATA, _DICTIONARY, _DATA_2 = (5, 2), (7, 2), (8, 4)

#: Encodings: places in a dictionary (two names for it); lengths, then all texts; how much of the text before
#: is kept, then the rest.
PLACES, DELTA_LENGTHS, DELTA_TEXTS = (2, 8), 6, 7


class Chunk(NamedTuple):
    """Where the pages of a column lie in the file, bytes, and whether its values are INT96."""

    start: int
    length: int
    is_int96: bool


class Group(NamedTuple):
    """A row group: the rows it claims, and its column chunks by the path of their column."""

    rows: int
    chunks: Mapping[str, Chunk]


class Page(NamedTuple):
    """A page as its header tells of it.

    Parameters
    ----------
    unpacked : int
        Bytes to which it unpacks.
    values : int
        How many there are; 0 for an index page.
    encoding : int, optional
        How they are written, such as `PLACES`.
    is_dictionary : bool
        It holds the values that the other pages point to.
    """

    unpacked: int
    values: int
    encoding: int | None
    is_dictionary: bool


def row_groups(footer: bytes) -> list[Group]:
    """The row groups that a footer tells of.

    Raises
    ------
    NoStruct
        It is none.
    """
    said, _ = struct(footer)
    return [
        Group(_whole(group, 3), dict(_chunk(chunk) for chunk in _structs(group, 1)))
        for group in _structs(said, 4)
    ]


def _chunk(chunk: Struct) -> tuple[str, Chunk]:
    said = chunk.get(3)
    if not isinstance(said, dict):
        raise NoStruct("a column chunk without its place")
    path = said.get(3)
    parts = [one for one in path if isinstance(one, bytes)] if isinstance(path, list) else []
    start, dictionary = _whole(said, 9), said.get(11)
    if isinstance(dictionary, int) and 0 < dictionary < start:
        start = dictionary
    return (
        b".".join(parts).decode("utf-8", "replace"),
        Chunk(start, _whole(said, 7), said.get(1) == _INT96),
    )


def _structs(said: Struct, number: int) -> list[Struct]:
    listed = said.get(number)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise NoStruct("a footer without its row groups")
    return listed


def _whole(said: Struct, number: int) -> int:
    value = said.get(number)
    if not isinstance(value, int) or value < 0:
        raise NoStruct("a footer or page without its sizes")
    return value


def pages(stream: IO[bytes], chunk: Chunk) -> Iterator[Page]:
    """The pages of a column chunk.

    Raises
    ------
    NoStruct
        What stands there is no header, or tells sizes below 0.
    """
    at, end = chunk.start, chunk.start + chunk.length
    while at < end:
        header, used = _header(stream, at, end)
        said = next(
            (
                (header[kind], at_encoding)
                for kind, at_encoding in (_DATA, _DICTIONARY, _DATA_2)
                if kind in header
            ),
            None,
        )
        values, encoding = 0, None
        if said is not None:
            if not isinstance(said[0], dict):
                raise NoStruct("a page header that is none")
            values, encoding = _whole(said[0], 1), _whole(said[0], said[1])
        yield Page(_whole(header, 2), values, encoding, _DICTIONARY[0] in header)
        at += used + _whole(header, 3)


def _header(stream: IO[bytes], at: int, end: int) -> tuple[Struct, int]:
    """The page header at a place, and its length."""
    look = _FIRST_LOOK
    while True:
        stream.seek(at)
        content = stream.read(min(look, end - at))
        try:
            return struct(content)
        except CutOff:
            if len(content) < look or look >= _LONGEST_HEADER:
                raise
            look *= 16
