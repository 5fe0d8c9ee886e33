"""A report on paper: A4 across, tables with their heads on every page, pages numbered, text that is text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from web.i18n import N_, Translator
from web.pdf.lines import broken
from web.pdf.writer import Page, Pdf
from web.report.content import HEAT, Cell, Document, Figure, Section, Table

# Points; A4 across.
WIDTH, HEIGHT = 841.89, 595.28
EDGE, FOOT = 36.0, 40.0
ROOM = WIDTH - 2 * EDGE
BOTTOM = HEIGHT - FOOT - 6
INK, SOFT, LINE, HAIR, WARN, ACCENT = "#1b1f23", "#59626a", "#c3c9cd", "#e3e6e8", "#8a5a00", "#1c6170"
TONES = {"good": "#00704f", "bad": "#b03a00", "same": SOFT}
TITLE, HEADING, CAPTION, TEXT, SMALL = 20.0, 13.5, 10.5, 9.0, 8.0
LEADING = 1.38
PAD = 3.0
# A column of words after one of numbers keeps its distance.
GUTTER = 8.0
SHORT = 230.0
ACROSS = 4
BOX = (ROOM - (ACROSS - 1) * 8) / ACROSS
# What a dot before a text takes.
INDENT = 9.0
# Of one cell: a row is never cut by the edge of a page.
MOST_LINES = 12


def report_paper(document: Document, t: Translator) -> bytes:
    """The report as a PDF."""
    return _Paper(document, t).made()


@dataclass(frozen=True)
class _Boxes:
    """Figures in rows, with the lines of their notes and the height of each row."""

    rows: Sequence[Sequence[Figure]]
    notes: Sequence[Sequence[Sequence[str]]]
    highs: Sequence[float]

    @property
    def high(self) -> float:
        """Of all rows."""
        return sum(self.highs) + 8 * len(self.highs)


@dataclass(frozen=True)
class _Broken:
    """A table with its texts broken into lines; `least` is what must have room where it begins."""

    table: Table
    widths: Sequence[float]
    heads: Sequence[Sequence[str]]
    rows: Sequence[Sequence[Sequence[str]]]
    least: float


def _high(lines: Sequence[Sequence[str]]) -> float:
    """Of a row with these lines in its cells."""
    return max((len(one) for one in lines), default=1) * SMALL * LEADING + 2 * PAD - 1


class _Paper:
    """Writes from top to bottom, and turns the page where the next thing has no room."""

    def __init__(self, document: Document, t: Translator) -> None:
        self.document, self.t = document, t
        lang = "zh-Hans" if document.lang == "zh" else document.lang
        self.pdf = Pdf(f"{document.title} · {document.subtitle}", lang, document.made_at)
        self.page: Page = self.pdf.new_page(WIDTH, HEIGHT)
        self.y = EDGE

    def made(self) -> bytes:
        """All of it; the feet last, because only then is it known how many pages there are."""
        self._title()
        for section in self.document.sections:
            self._section(section)
        count = len(self.pdf.pages)
        for number, page in enumerate(self.pdf.pages, start=1):
            page.line(EDGE, HEIGHT - FOOT, WIDTH - EDGE, HEIGHT - FOOT, ink=LINE)
            told = self.t(N_("Page %(n)s of %(count)s"), n=number, count=count)
            room = ROOM - self.pdf.width(told, SMALL) - 20
            foot = broken(self.document.foot, room, lambda text: self.pdf.width(text, SMALL), 1)[0]
            page.text(EDGE, HEIGHT - FOOT + 14, foot, SMALL, ink=SOFT)
            page.text(WIDTH - EDGE - self.pdf.width(told, SMALL), HEIGHT - FOOT + 14, told, SMALL, ink=SOFT)
        return self.pdf.save()

    def _turn(self) -> None:
        self.page = self.pdf.new_page(WIDTH, HEIGHT)
        self.y = EDGE

    def _need(self, high: float) -> None:
        if self.y + high > BOTTOM and self.y > EDGE:
            self._turn()

    def _lines(self, text: str, room: float, size: float, *, bold: bool = False, most: int = 0) -> list[str]:
        return broken(text, room, lambda part: self.pdf.width(part, size, bold=bold), most)

    def _say(self, text: str, size: float, *, bold: bool = False, ink: str = INK, after: float = 3.0) -> None:
        """A paragraph."""
        for line in self._lines(text, ROOM, size, bold=bold):
            self._need(size * LEADING)
            self.page.text(EDGE, self.y + size, line, size, bold=bold, ink=ink)
            self.y += size * LEADING
        self.y += after

    def _title(self) -> None:
        self._say(self.document.title, TITLE, bold=True, after=0)
        self._say(self.document.subtitle, HEADING, ink=SOFT, after=8)
        wide = max(self.pdf.width(what, TEXT) for what, _ in self.document.facts) + 14
        for what, said in self.document.facts:
            self.page.text(EDGE, self.y + TEXT, what, TEXT, ink=SOFT)
            for line in self._lines(said, ROOM - wide, TEXT):
                self.page.text(EDGE + wide, self.y + TEXT, line, TEXT)
                self.y += TEXT * LEADING
        self.y += 8

    def _section(self, section: Section) -> None:
        if section.has_map:
            self._map(section)
            return
        boxes, tables = self._boxes(section.figures), [self._broken(table) for table in section.tables]
        said = [*((one, TEXT) for one in (*section.warnings, *section.lines)), (section.note, SMALL)]
        high = sum(len(self._lines(one, ROOM, size)) * size * LEADING + 3 for one, size in said if one)
        # The heading stays with what follows it.
        follows = boxes.high if boxes.rows else tables[0].least if tables else 0.0
        self._need(6 + HEADING * LEADING + 4 + high + follows)
        self._heading(section.title)
        for sentence in section.warnings:
            self._say(sentence, TEXT, ink=WARN)
        for sentence in section.lines:
            self._say(sentence, TEXT)
        if section.note:
            self._say(section.note, SMALL, ink=SOFT)
        self._figures(boxes)
        for broken_table in tables:
            self._table(broken_table)

    def _heading(self, words: str) -> None:
        self.y += 6
        self.pdf.bookmark(words, self.y)
        self.page.text(EDGE, self.y + HEADING, words, HEADING, bold=True, ink=ACCENT)
        self.y += HEADING * LEADING + 4

    def _map(self, section: Section) -> None:
        """On a page of its own, as large as that allows."""
        if self.y > EDGE:
            self._turn()
        self._heading(section.title)
        self._say(section.note, SMALL, ink=SOFT)
        if not self.document.picture:
            self._say(self.t(N_("There is no ground to draw.")), TEXT, ink=SOFT)
            return
        wide, high = self.pdf.add_picture("Map", self.document.picture)
        scale = min(ROOM / wide, (BOTTOM - self.y) / high)
        self.page.picture("Map", EDGE + (ROOM - wide * scale) / 2, self.y, wide * scale, high * scale)
        self.y += high * scale + 6

    def _boxes(self, figures: Sequence[Figure]) -> _Boxes:
        rows = [figures[first : first + ACROSS] for first in range(0, len(figures), ACROSS)]
        notes = [[self._notes(one, BOX - 16) for one in row] for row in rows]
        highs = [44 + max(len(lines) for lines in said) * SMALL * LEADING for said in notes]
        return _Boxes(rows, notes, highs)

    def _figures(self, boxes: _Boxes) -> None:
        """Boxes, four in a row: what it is, its value, its change, its note."""
        self._need(boxes.high)
        for row, notes, high in zip(boxes.rows, boxes.notes, boxes.highs, strict=True):
            for at, (one, lines) in enumerate(zip(row, notes, strict=True)):
                self._figure(one, lines, EDGE + at * (BOX + 8), BOX, high)
            self.y += high + 8

    def _notes(self, one: Figure, room: float) -> list[str]:
        parts = [one.note] if one.note else []
        if one.before is not None:
            parts.append(self.t(N_("week before: %(value)s"), value=one.before.text))
        return [line for part in parts for line in self._lines(part, room, SMALL)]

    def _figure(self, one: Figure, notes: Sequence[str], x: float, wide: float, high: float) -> None:
        page, y = self.page, self.y
        page.box(x, y, wide, high, fill="#f4f6f7")
        label = self._lines(one.label, wide - 16, SMALL, most=1)[0]
        page.text(x + 8, y + 14, label, SMALL, ink=SOFT)
        page.text(x + 8, y + 34, one.now.text, 17, bold=True)
        if one.change is not None:
            words, tone = one.change
            after = x + 14 + self.pdf.width(one.now.text, 17, bold=True)
            words = self._lines(words, x + wide - 4 - after, SMALL, most=1)[0]
            page.text(after, y + 34, words, SMALL, bold=True, ink=TONES[tone])
        for at, line in enumerate(notes):
            page.text(x + 8, y + 48 + at * SMALL * LEADING, line, SMALL, ink=SOFT)

    def _broken(self, table: Table) -> _Broken:
        whole = sum(head.wide for head in table.heads)
        widths = [ROOM * head.wide / whole for head in table.heads]
        heads = [
            self._lines(head.text, wide - PAD - GUTTER, SMALL, bold=True)
            for head, wide in zip(table.heads, widths, strict=True)
        ]
        rows = [
            [
                self._lines(
                    cell.text, wide - PAD - GUTTER - (INDENT if cell.colour else 0), SMALL, most=MOST_LINES
                )
                for cell, wide in zip(row, widths, strict=True)
            ]
            for row in table.rows
        ]
        note = self._lines(table.note, ROOM, SMALL) if table.note else []
        begin = CAPTION * LEADING + 6 + len(note) * SMALL * LEADING + _high(heads)
        rest = sum(_high(lines) for lines in rows)
        # A short table is not parted; of a long one at least the first row stands with its head.
        first = _high(rows[0]) if rows else SMALL * LEADING
        least = begin + 8 + (rest if table.shades or begin + rest < SHORT else first)
        return _Broken(table, widths, heads, rows, least)

    def _table(self, made: _Broken) -> None:
        table = made.table
        self._need(made.least)
        if table.title:
            self.page.text(EDGE, self.y + CAPTION, table.title, CAPTION, bold=True)
            self.y += CAPTION * LEADING + 2
        if table.note:
            self._say(table.note, SMALL, ink=SOFT)
        if not table.rows:
            self._say(table.empty, TEXT, ink=SOFT, after=8)
            return
        self._head(made)
        for cells, lines in zip(table.rows, made.rows, strict=True):
            if self.y + _high(lines) > BOTTOM:
                self._turn()
                self._head(made)
            self._cells(made, cells, lines)
        if table.more:
            self.y += 2
            self._say(table.more, SMALL, ink=SOFT)
        self.y += 9

    def _head(self, made: _Broken) -> None:
        x = EDGE
        for head, lines, wide in zip(made.table.heads, made.heads, made.widths, strict=True):
            self._put(lines, x, wide, right=head.is_number, bold=True, ink=SOFT)
            x += wide
        self.y += _high(made.heads)
        self.page.line(EDGE, self.y, WIDTH - EDGE, self.y, ink=LINE, width=0.8)

    def _cells(self, made: _Broken, row: Sequence[Cell], lines: Sequence[Sequence[str]]) -> None:
        x, high = EDGE, _high(lines)
        for head, cell, said, wide in zip(made.table.heads, row, lines, made.widths, strict=True):
            indent = INDENT if cell.colour else 0.0
            if cell.shade is not None:
                self.page.box(x, self.y, wide, high, fill=HEAT[cell.shade])
            if cell.colour:
                self.page.dot(x + PAD + 3, self.y + PAD + SMALL * 0.62, 3, fill=cell.colour)
            self._put(said, x + indent, wide - indent, right=head.is_number)
            x += wide
        self.y += high
        self.page.line(EDGE, self.y, WIDTH - EDGE, self.y, ink=HAIR)

    def _put(
        self,
        lines: Sequence[str],
        x: float,
        wide: float,
        *,
        right: bool,
        bold: bool = False,
        ink: str = INK,
    ) -> None:
        for at, line in enumerate(lines):
            far = wide - GUTTER - self.pdf.width(line, SMALL, bold=bold) if right else PAD
            low = self.y + PAD + SMALL * 0.92 + at * SMALL * LEADING
            self.page.text(x + far, low, line, SMALL, bold=bold, ink=ink)
