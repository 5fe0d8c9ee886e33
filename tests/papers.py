"""What a PDF says, read back by the rules of the format as far as WeasyPrint's files go."""

from __future__ import annotations

import re
import struct
import zlib
from functools import cache
from itertools import pairwise

_OBJECT = re.compile(rb"^(\d+) 0 obj\n(.*?)\nendobj$", re.S | re.M)
_STREAM = re.compile(rb"^(<<.*?>>)\nstream\n(.*)\nendstream$", re.S)
_NUMBER = rb"/%s (\d+)"
_TEXT = re.compile(rb"BT\n(.*?)\nET", re.S)
_SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|<([0-9a-f]*)>(?=[^\]]*\] TJ)")


def stream(body: bytes) -> bytes:
    """Content of an object that has one, unpacked."""
    told = _STREAM.match(body)
    assert told is not None
    return zlib.decompress(told[2])


@cache
def objects(paper: bytes) -> dict[int, bytes]:
    """Bodies by number, also of those that are packed together into streams."""
    assert paper.startswith(b"%PDF-1.7") and paper.endswith(b"%%EOF\n")
    found = {int(one[1]): one[2] for one in _OBJECT.finditer(paper)}
    for body in list(found.values()):
        if b"/Type /ObjStm" not in body[:200]:
            continue
        (count,), (first,) = (re.findall(_NUMBER % name, body) for name in (b"N", b"First"))
        packed = stream(body)
        pairs = [int(one) for one in packed[: int(first)].split()]
        assert len(pairs) == 2 * int(count)
        starts = [*pairs[1::2], len(packed) - int(first)]
        for number, (begin, end) in zip(pairs[::2], pairwise(starts), strict=True):
            found[number] = packed[int(first) + begin : int(first) + end].strip()
    return found


@cache
def _fonts(paper: bytes) -> dict[str, dict[int, str]]:
    """Signs by their number in each font that is inside, by the name that pages use."""
    bodies = objects(paper)
    found = {}
    for body in bodies.values():
        named = re.search(rb"/BaseFont /(\w+)\+.*?/ToUnicode (\d+) 0 R", body, re.S)
        if named and b"/Type0" in body:
            told = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", stream(bodies[int(named[2])]))
            found[named[1].decode()] = {
                int(code, 16): bytes.fromhex(sign.decode()).decode("utf-16-be") for code, sign in told
            }
    return found


def fonts(paper: bytes) -> set[str]:
    """Names of the fonts; the file of each must be inside."""
    bodies = objects(paper)
    found = set()
    for body in bodies.values():
        named = re.search(rb"/Type /FontDescriptor.*?/FontName /\w+\+([\w-]+)", body, re.S)
        if named:
            (inside,) = re.findall(rb"/FontFile\d? (\d+) 0 R", body)
            assert stream(bodies[int(inside)])
            found.add(named[1].decode())
    return found


def pages(paper: bytes) -> list[list[str]]:
    """Each page's pieces of text, in the order in which they are written."""
    bodies, known = objects(paper), _fonts(paper)
    (tree,) = [body for body in bodies.values() if b"/Type /Pages" in body]
    numbers = [int(one) for one in re.findall(rb"(\d+) 0 R", re.findall(rb"/Kids \[(.*?)\]", tree)[0])]
    said = []
    for number in numbers:
        (content,) = re.findall(rb"/Contents (\d+) 0 R", bodies[number])
        lines, font = [], ""
        for block in _TEXT.findall(stream(bodies[int(content)])):
            # Each piece is set at a place of its own.
            for placed in block.split(b" Tm\n")[1:]:
                line = ""
                for name, codes in _SHOWN.findall(placed):
                    font = name.decode() or font
                    line += "".join(
                        known[font][int(codes[at : at + 4], 16)] for at in range(0, len(codes), 4)
                    )
                lines.append(line)
        said.append(lines)
    return said


def pictures(paper: bytes) -> list[tuple[int, int]]:
    """Width and height in pixels."""
    sizes = (
        re.search(rb"/Subtype /Image.*?/Width (\d+).*?/Height (\d+)", body[:300], re.S)
        for body in objects(paper).values()
    )
    return [(int(size[1]), int(size[2])) for size in sizes if size]


def drawn(paper: bytes) -> list[bytes]:
    """Pictures as files of their own, PNG or JPEG, in the order in which they were put in."""
    found = []
    for _, body in sorted(objects(paper).items()):
        told = _STREAM.match(body)
        size = re.search(rb"/Subtype /Image.*?/Width (\d+).*?/Height (\d+)", told[1], re.S) if told else None
        if told and size and b"/DCTDecode" in told[1]:
            found.append(told[2])
        elif told and size and b"/Predictor 15" in told[1]:
            # What a PNG holds between its first part and its last, in colours of three bytes.
            head = struct.pack(">IIBBBBB", int(size[1]), int(size[2]), 8, 2, 0, 0, 0)
            parts = ((b"IHDR", head), (b"IDAT", told[2]), (b"IEND", b""))
            found.append(
                b"\x89PNG\r\n\x1a\n"
                + b"".join(
                    struct.pack(">I", len(content))
                    + name
                    + content
                    + struct.pack(">I", zlib.crc32(name + content))
                    for name, content in parts
                )
            )
    return found
