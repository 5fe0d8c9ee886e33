"""Papers: outlines of a font's part held against FreeType, text read back, lines broken by hand."""

from __future__ import annotations

import io
import zlib
from datetime import UTC, datetime

import pytest
from papers import objects, pages, pictures
from PIL import Image, ImageFont

from web.fonts import SIMPLIFIED, font_path
from web.pdf.cff import read_dict, whole, write_dict, write_index
from web.pdf.face import face
from web.pdf.lines import broken
from web.pdf.writer import Pdf

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SIGNS = "联防巡逻坏测建，。（）％Ag%0–−éЖ가あ①鑿"


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("sign", SIGNS)
def test_a_part_of_the_font_draws_as_the_whole_does(sign: str, bold: bool) -> None:
    """FreeType draws glyph 0 for what it does not know: the part's only glyph, the same pixel by pixel."""
    own = face(font_path(bold=bold), SIMPLIFIED)
    part = own.outlines.subset([own.glyph(sign)])
    drawn = ImageFont.truetype(io.BytesIO(part), 48).getmask("x")
    meant = ImageFont.truetype(str(font_path(bold=bold)), 48, index=SIMPLIFIED).getmask(sign)
    assert own.glyph(sign) and drawn.size == meant.size and bytes(drawn) == bytes(meant)


def test_a_part_is_small_and_the_same_each_time() -> None:
    """Of 16 MB of outlines what 20 signs need, packed well below 30 kB."""
    own = face(font_path(), SIMPLIFIED)
    glyphs = [0, *(own.glyph(sign) for sign in SIGNS)]
    part = own.outlines.subset(glyphs)
    assert part == own.outlines.subset(glyphs) and len(zlib.compress(part)) < 30_000


def test_widths_are_those_of_the_font() -> None:
    """A Chinese sign is a square; FreeType agrees about the others."""
    own = face(font_path(), SIMPLIFIED)
    assert own.width(own.glyph("联")) == 1.0
    drawn = ImageFont.truetype(str(font_path()), 1000, index=SIMPLIFIED)
    for sign in "AWi.0 %–":
        assert own.width(own.glyph(sign)) * 1000 == pytest.approx(drawn.getlength(sign), abs=1)


def test_numbers_of_dictionaries_are_kept_as_they_are_written() -> None:
    """Small, two bytes, real (the nibbles end with f), five bytes."""
    told = bytes([139, 15]) + bytes([28, 1, 0, 247, 0, 17]) + bytes([30, 0xE2, 0xA2, 0x5F, 12, 7])
    told += whole(-70_000) + bytes([18])
    found = read_dict(told)
    assert list(found) == [15, 17, 0x0C07, 18] and write_dict(found) == told
    assert write_index([]) == b"\0\0" and write_index([b"ab", b"c"]) == b"\0\2\1\1\3\4abc"


def test_text_of_a_paper_is_text() -> None:
    """Chinese, English, a sign that the font lacks; two pages; where the table says objects lie, they lie."""
    paper = Pdf("周报 (a\\b)", "zh-Hans", NOW)
    first = paper.new_page(200, 100)
    first.text(10, 20, "看不到 120 m", 9)
    first.text(10, 40, "粗体", 9, bold=True, ink="#ff0000")
    first.box(0, 0, 5, 5, fill="#00ff00")
    paper.bookmark("一", 20)
    second = paper.new_page(200, 100)
    second.text(10, 20, "\U0010fffd end", 9)
    made = paper.save()
    assert made.startswith(b"%PDF-1.7") and pages(made) == [["看不到 120 m", "粗体"], ["\U0010fffd end"]]
    assert b"/Lang (zh-Hans)" in made and b"/Title <FEFF5468" in made and pictures(made) == []
    assert len(objects(made)) > 10


def test_a_picture_keeps_its_pixels() -> None:
    """By its palette, as many as it has."""
    target = io.BytesIO()
    Image.new("RGB", (7, 3), "#123456").save(target, "PNG")
    paper = Pdf("x", "en", NOW)
    page = paper.new_page(100, 100)
    assert paper.add_picture("Map", target.getvalue()) == (7, 3)
    page.picture("Map", 0, 0, 70, 30)
    made = paper.save()
    assert pictures(made) == [(7, 3)] and b"123456" in made


def wide(text: str) -> float:
    """A Chinese sign is as wide as two others."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


@pytest.mark.parametrize(
    ("text", "room", "most", "lines"),
    [
        ("bring the camera back", 10, 0, ["bring the", "camera", "back"]),
        ("摄像机没有声音，去看。", 10, 0, ["摄像机没有", "声音，去", "看。"]),
        ("摄像机（没有）", 8, 0, ["摄像机", "（没有）"]),
        ("on Tue\u00a010:30–13:00, Wed", 16, 0, ["on", "Tue\u00a010:30–13:00,", "Wed"]),
        ("abcdefghijkl", 5, 0, ["abcde", "fghij", "kl"]),
        ("one two three four", 5, 2, ["one", "two…"]),
        ("", 5, 0, [""]),
    ],
)
def test_lines_end_where_a_reader_expects(text: str, room: float, most: int, lines: list[str]) -> None:
    """Between Chinese signs, after words, never before what closes."""
    assert broken(text, room, wide, most) == lines
    assert all(wide(line) <= room for line in broken(text, room, wide, most))
