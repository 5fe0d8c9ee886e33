"""What a PDF of ours says, read back by the rules of the format: its pages' text, its pictures."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj\n", re.S)
_STREAM = re.compile(rb"^(<<.*?>>)\nstream\n(.*)\nendstream$", re.S)
_SHOWN = re.compile(r"/([RB]) [\d.]+ Tf [\d.]+ [\d.]+ Td <([0-9A-F]*)> Tj")


def objects(paper: bytes) -> dict[int, bytes]:
    """Bodies by number; the table at the end must say where each of them lies."""
    found = {int(one[1]): one for one in _OBJECT.finditer(paper)}
    (at,) = re.findall(rb"startxref\n(\d+)\n%%EOF\n$", paper)
    lines = paper[int(at) :].split(b"\n")
    assert lines[0] == b"xref" and lines[1] == b"0 %d" % (len(found) + 1)
    for number, one in found.items():
        assert int(lines[2 + number][:10]) == one.start(1), number
    return {number: one[2] for number, one in found.items()}


def stream(body: bytes) -> bytes:
    """Content of an object that has one, unpacked."""
    told = _STREAM.match(body)
    assert told is not None
    (length,) = re.findall(rb"/Length (\d+)", told[1])
    assert len(told[2]) == int(length)
    return zlib.decompress(told[2])


def pages(paper: bytes) -> list[list[str]]:
    """Each page's pieces of text, in the order in which they are written."""
    bodies = objects(paper)
    fonts = {}
    (resources,) = [body for body in bodies.values() if b"/XObject" in body and b"/Font" in body]
    for name, number in re.findall(rb"/([RB]) (\d+) 0 R", resources):
        (mapped,) = re.findall(rb"/ToUnicode (\d+) 0 R", bodies[int(number)])
        told = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>", stream(bodies[int(mapped)]).decode("ascii"))
        fonts[name.decode()] = {code: bytes.fromhex(sign).decode("utf-16-be") for code, sign in told}
    (tree,) = [body for body in bodies.values() if b"/Type /Pages" in body]
    numbers = [int(one) for one in re.findall(rb"(\d+) 0 R", re.findall(rb"/Kids \[(.*?)\]", tree)[0])]
    said = []
    for number in numbers:
        (content,) = re.findall(rb"/Contents (\d+) 0 R", bodies[number])
        marks = stream(bodies[int(content)]).decode("ascii")
        said.append(
            [
                "".join(fonts[font][codes[at : at + 4]] for at in range(0, len(codes), 4))
                for font, codes in _SHOWN.findall(marks)
            ]
        )
    return said


def pictures(paper: bytes) -> list[tuple[int, int]]:
    """Width and height in pixels; each must hold as many as it says."""
    found = []
    for body in objects(paper).values():
        size = re.search(rb"/Subtype /Image /Width (\d+) /Height (\d+)", body)
        if size:
            wide, high = int(size[1]), int(size[2])
            assert len(stream(body)) == wide * high
            found.append((wide, high))
    return found
