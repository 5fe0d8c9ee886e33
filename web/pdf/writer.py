"""A PDF written object by object (ISO 32000-1): pages with text, lines, boxes and pictures.

Text is text: it can be searched and copied, in Chinese too, and only the signs that are used are embedded.
The same calls give the same bytes.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from PIL import Image

from web.fonts import SIMPLIFIED, font_path
from web.pdf.face import Face, face

MOST_MAPPED = 100
_TAG = "LIANFA"


class _Signs:
    """The signs of one weight that a paper uses, numbered as they come."""

    def __init__(self, *, bold: bool) -> None:
        self.face: Face = face(font_path(bold=bold), SIMPLIFIED)
        self.name = f"{_TAG}+NotoSansCJKsc-{'Bold' if bold else 'Regular'}"
        self.bold = bold
        self.number: dict[str, int] = {}
        self._width: dict[str, float] = {}

    def width(self, text: str) -> float:
        """Of a text, in parts of the size of the font."""
        total = 0.0
        for sign in text:
            if sign not in self._width:
                self._width[sign] = self.face.width(self.face.glyph(sign))
            total += self._width[sign]
        return total

    def codes(self, text: str) -> str:
        """The numbers of a text's signs, as a page shows them."""
        return "".join(f"{self.number.setdefault(sign, len(self.number) + 1):04X}" for sign in text)


@dataclass
class Page:
    """A page in points (1/72 inch), measured from its upper left corner.

    Parameters
    ----------
    width, height : float
    """

    width: float
    height: float
    paper: Pdf
    marks: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, said: str, size: float, *, bold: bool = False, ink: str = "#000000"
    ) -> None:
        """A line of text whose baseline lies at `y`."""
        signs = self.paper.signs(bold)
        self.marks.append(
            f"BT {_colour(ink)} rg /{'B' if bold else 'R'} {_n(size)} Tf {_n(x)} {_n(self.height - y)} Td "
            f"<{signs.codes(said)}> Tj ET"
        )

    def box(self, x: float, y: float, wide: float, high: float, *, fill: str) -> None:
        """A filled box; `x`, `y` is its upper left corner."""
        self.marks.append(
            f"{_colour(fill)} rg {_n(x)} {_n(self.height - y - high)} {_n(wide)} {_n(high)} re f"
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, *, ink: str, width: float = 0.5) -> None:
        """A straight line."""
        ends = f"{_n(x0)} {_n(self.height - y0)} m {_n(x1)} {_n(self.height - y1)} l"
        self.marks.append(f"{_colour(ink)} RG {_n(width)} w {ends} S")

    def dot(self, x: float, y: float, radius: float, *, fill: str) -> None:
        """A filled circle around (x, y)."""
        y, k = self.height - y, 0.5523 * radius
        arcs = (
            ((radius, k), (k, radius), (0.0, radius)),
            ((-k, radius), (-radius, k), (-radius, 0.0)),
            ((-radius, -k), (-k, -radius), (0.0, -radius)),
            ((k, -radius), (radius, -k), (radius, 0.0)),
        )
        curves = " ".join(" ".join(f"{_n(x + a)} {_n(y + b)}" for a, b in arc) + " c" for arc in arcs)
        self.marks.append(f"{_colour(fill)} rg {_n(x + radius)} {_n(y)} m {curves} f")

    def picture(self, name: str, x: float, y: float, wide: float, high: float) -> None:
        """A picture that the paper holds (`Pdf.add_picture`), its upper left corner at (x, y)."""
        low = self.height - y - high
        self.marks.append(f"q {_n(wide)} 0 0 {_n(high)} {_n(x)} {_n(low)} cm /{name} Do Q")


class Pdf:
    """A paper.

    Parameters
    ----------
    title, lang : str
        Lang as in BCP 47.
    made_at : datetime
        Timezone-aware.
    """

    def __init__(self, title: str, lang: str, made_at: datetime) -> None:
        self.title, self.lang, self.made_at = title, lang, made_at
        self.pages: list[Page] = []
        self._signs = {bold: _Signs(bold=bold) for bold in (False, True)}
        self._pictures: dict[str, bytes] = {}
        self._marks: list[tuple[str, int, float]] = []

    def signs(self, bold: bool) -> _Signs:
        """Of one weight."""
        return self._signs[bold]

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Of a line of text, in points."""
        return self._signs[bold].width(text) * size

    def new_page(self, width: float, height: float) -> Page:
        """A further page, in points."""
        self.pages.append(Page(width, height, self))
        return self.pages[-1]

    def bookmark(self, words: str, y: float) -> None:
        """An entry of the table of contents beside the pages, leading to this page."""
        self._marks.append((words, len(self.pages) - 1, y))

    def add_picture(self, name: str, png: bytes) -> tuple[int, int]:
        """Keep a picture under a name; answers its width and height in pixels."""
        self._pictures[name] = png
        with Image.open(io.BytesIO(png)) as opened:
            return opened.size

    def save(self) -> bytes:
        """The file."""
        objects = _Objects()
        catalogue, tree = objects.reserve(), objects.reserve()
        fonts = {one: self._write_font(objects, self._signs[one == "B"]) for one in ("R", "B")}
        pictures = {name: _write_picture(objects, png) for name, png in self._pictures.items()}
        resources = objects.add(
            f"<< /Font << {' '.join(f'/{name} {at} 0 R' for name, at in fonts.items())} >> "
            f"/XObject << {' '.join(f'/{name} {at} 0 R' for name, at in pictures.items())} >> >>"
        )
        numbers = []
        for page in self.pages:
            shown = objects.stream("", "\n".join(page.marks).encode("ascii"))
            numbers.append(
                objects.add(
                    f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {_n(page.width)} {_n(page.height)}] "
                    f"/Resources {resources} 0 R /Contents {shown} 0 R >>"
                )
            )
        kids = " ".join(f"{number} 0 R" for number in numbers)
        objects.put(tree, f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>")
        outline = self._write_outline(objects, numbers)
        objects.put(
            catalogue,
            f"<< /Type /Catalog /Pages {tree} 0 R /Lang {_literal(self.lang)} {outline}"
            "/ViewerPreferences << /DisplayDocTitle true >> >>",
        )
        day = _literal(f"D:{self.made_at:%Y%m%d%H%M%S}")
        info = objects.add(
            f"<< /Title {_text(self.title)} /Producer {_literal('Lianfang')} /CreationDate {day} >>"
        )
        return objects.file(catalogue, info)

    def _write_outline(self, objects: _Objects, pages: Sequence[int]) -> str:
        if not self._marks:
            return ""
        root = objects.reserve()
        entries = [objects.reserve() for _ in self._marks]
        for at, (words, page, y) in enumerate(self._marks):
            beside = f"/Prev {entries[at - 1]} 0 R " if at else ""
            beside += f"/Next {entries[at + 1]} 0 R " if at + 1 < len(entries) else ""
            there = f"[{pages[page]} 0 R /XYZ 0 {_n(self.pages[page].height - y)} 0]"
            objects.put(entries[at], f"<< /Title {_text(words)} /Parent {root} 0 R {beside}/Dest {there} >>")
        objects.put(root, f"<< /First {entries[0]} 0 R /Last {entries[-1]} 0 R /Count {len(entries)} >>")
        return f"/Outlines {root} 0 R /PageMode /UseOutlines "

    def _write_font(self, objects: _Objects, signs: _Signs) -> int:
        own, used = signs.face, list(signs.number)
        glyphs = [0, *(own.glyph(sign) for sign in used)]
        program = objects.stream("/Subtype /CIDFontType0C", own.outlines.subset(glyphs))
        thousandth = 1000 / own.per_em
        box = " ".join(_n(edge * thousandth) for edge in own.box)
        described = objects.add(
            f"<< /Type /FontDescriptor /FontName /{signs.name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
            f"/Ascent {_n(own.ascent * thousandth)} /Descent {_n(own.descent * thousandth)} /CapHeight 733 "
            f"/StemV {140 if signs.bold else 80} /FontFile3 {program} 0 R >>"
        )
        widths = " ".join(_n(1000 * own.width(glyph)) for glyph in glyphs)
        below = objects.add(
            f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{signs.name} "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {described} 0 R /DW 1000 /W [0 [{widths}]] >>"
        )
        mapped = objects.stream("", _to_unicode(used))
        return objects.add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{signs.name}-Identity-H /Encoding /Identity-H "
            f"/DescendantFonts [{below} 0 R] /ToUnicode {mapped} 0 R >>"
        )


class _Objects:
    """The objects of a file, numbered from 1."""

    def __init__(self) -> None:
        self._bodies: list[bytes] = []

    def reserve(self) -> int:
        """A number for an object that is written later."""
        self._bodies.append(b"")
        return len(self._bodies)

    def put(self, number: int, body: str | bytes) -> None:
        """Write an object whose number is known."""
        self._bodies[number - 1] = body.encode("ascii") if isinstance(body, str) else body

    def add(self, body: str | bytes) -> int:
        """Write a further object."""
        number = self.reserve()
        self.put(number, body)
        return number

    def stream(self, entries: str, content: bytes) -> int:
        """Write content, packed."""
        packed = zlib.compress(content, 9)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode {entries} >>\nstream\n".encode("ascii")
        return self.add(head + packed + b"\nendstream")

    def file(self, catalogue: int, info: int) -> bytes:
        """All of it, with the table of where each object lies."""
        made = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(self._bodies, start=1):
            places.append(len(made))
            made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        table = len(made)
        made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        made += b"".join(b"%010d 00000 n \n" % place for place in places)
        made += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
            len(places) + 1,
            catalogue,
            info,
            table,
        )
        return bytes(made)


def _write_picture(objects: _Objects, png: bytes) -> int:
    """A picture by its palette: maps have few colours."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened if opened.mode == "P" else opened.convert("RGB").quantize(256)
        colours = picture.getpalette("RGB") or []
        pixels = picture.tobytes()
    table = bytes(colours).hex()
    return objects.stream(
        f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height} /BitsPerComponent 8 "
        f"/ColorSpace [/Indexed /DeviceRGB {len(colours) // 3 - 1} <{table}>]",
        pixels,
    )


def _to_unicode(signs: Sequence[str]) -> bytes:
    """What the numbers of signs mean, so that text can be searched and copied."""
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for first in range(0, len(signs), MOST_MAPPED):
        part = signs[first : first + MOST_MAPPED]
        lines.append(f"{len(part)} beginbfchar")
        lines += [
            f"<{first + at + 1:04X}> <{sign.encode('utf-16-be').hex().upper()}>"
            for at, sign in enumerate(part)
        ]
        lines.append("endbfchar")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


def _n(value: float) -> str:
    """A number with as many figures as a page needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def _colour(hex_: str) -> str:
    return " ".join(f"{int(hex_[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))


def _literal(text: str) -> str:
    return "(" + re.sub(r"([()\\])", r"\\\1", text) + ")"


def _text(text: str) -> str:
    return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"
