"""What a report consists of, whatever form it takes: sections of figures, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

Value = str | int | float | date | datetime | None

MISSING = "–"
HEAT = ("#f7f9fa", "#fdf0d9", "#fbdfae", "#f6c77c", "#eeab4e")
"""Backgrounds of shades 0 to 4, as the page's style sheet has them."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table, or what a figure says.

    Parameters
    ----------
    text : str
        As it is read.
    value : optional
        As a workbook holds it; None where that is the text.
    form : str
        How a workbook shows the value: "", "integer", "number", "share", "day" or "moment".
    colour : str
        Of a dot before the text.
    href : str
        On the server's own page.
    shade : int or None
        Of a table of shades, from 0 to 4.
    """

    text: str
    value: Value = None
    form: str = ""
    colour: str = ""
    href: str = ""
    shade: int | None = None


@dataclass(frozen=True)
class Head:
    """Above a column: `wide` is its part of the paper's width, beside the others'; `unit` for workbooks."""

    text: str
    wide: float = 1.0
    is_number: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    key : str
    title : str
        Empty where the section's says enough.
    heads : sequence of Head
    rows : sequence of sequences of Cell
    note : str
        Below the title.
    more : str
        What is said of rows that are left out.
    empty : str
        Said in the place of no rows.
    shades : bool
        Whether its cells have shades.
    """

    key: str
    title: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    more: str = ""
    empty: str = ""
    shades: bool = False


@dataclass(frozen=True)
class Figure:
    """A headline figure: `before` is of the week before; `change` its words and tone; `bar` two shares."""

    label: str
    now: Cell
    before: Cell | None = None
    note: str = ""
    change: tuple[str, str] | None = None
    bar: tuple[float, float] | None = None


@dataclass(frozen=True)
class Section:
    """A part of a report. `sheet` names its sheet in a workbook; `has_map`: the map stands at its end."""

    key: str
    title: str
    sheet: str
    note: str = ""
    lines: Sequence[str] = ()
    warnings: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    has_map: bool = False


@dataclass(frozen=True)
class Document:
    """A report in one language.

    Parameters
    ----------
    name : str
        Of a file, without its ending.
    title, subtitle : str
    facts : sequence of (str, str)
        What it is about, who made it, when and from what.
    sections : sequence of Section
    picture : bytes
        The map, PNG; empty where there is nothing to draw.
    picture_says : str
        For whoever does not see it.
    legend : sequence of (colour, words)
        Of the picture, which is small on a phone.
    foot : str
        On every page of the paper.
    lang : str
    made_at : datetime
        Timezone-aware.
    """

    name: str
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    picture: bytes
    picture_says: str
    legend: Sequence[tuple[str, str]]
    foot: str
    lang: str
    made_at: datetime
