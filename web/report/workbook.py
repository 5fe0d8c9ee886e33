"""A report as an Excel workbook: one sheet a section, numbers as numbers, the map on a sheet of its own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from web.i18n import N_, Translator
from web.report.content import HEAT, Cell, Document, Section, Table
from web.tabular.export import MOST_CELL_LETTERS

FORMS = {
    "integer": "#,##0",
    "number": "#,##0.0##",
    "share": "0.0%",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
WIDEST, NARROWEST = 60, 9
# Width of a picture's pixel beside the sheet's own: the map fits a screen.
MAP_SCALE = 0.6
LONGEST_SHEET_NAME = 31


def workbook(document: Document, t: Translator) -> bytes:
    """The workbook. Texts are written as texts: nothing in it is read as a formula, a number or a link."""
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, {"in_memory": True, **plain}) as book:
        book.set_properties({"title": document.title, "subject": document.subtitle})
        formats = {
            name: book.add_format({"num_format": form, "valign": "top"}) for name, form in FORMS.items()
        }
        formats[""] = book.add_format({"text_wrap": True, "valign": "top"})
        formats["bold"] = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats["title"] = book.add_format({"bold": True, "font_size": 14})
        for shade, colour in enumerate(HEAT):
            formats[f"heat-{shade}"] = book.add_format({"num_format": FORMS["number"], "bg_color": colour})
        for section in document.sections:
            sheet = book.add_worksheet(section.sheet[:LONGEST_SHEET_NAME])
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            _write_section(sheet, document, section, formats, t)
    return target.getvalue()


def _write_section(
    sheet: Worksheet, document: Document, section: Section, formats: Mapping[str, Format], t: Translator
) -> None:
    sheet.write_string(0, 0, section.title, formats["title"])
    sheet.write_string(1, 0, document.subtitle)
    row = 3
    if section is document.sections[0]:
        for what, said in document.facts:
            sheet.write_string(row, 0, what, formats["bold"])
            sheet.write_string(row, 1, said)
            row += 1
        row += 1
    for line in (*section.warnings, *section.lines, *([section.note] if section.note else [])):
        sheet.write_string(row, 0, line)
        row += 1
    if section.figures:
        row = _write_figures(sheet, section, row + 1, formats, t)
    for table in section.tables:
        row = _write_table(sheet, table, row + 1, formats)
    _set_widths(sheet, section, has_facts=section is document.sections[0])
    if section.has_map and document.picture:
        sheet.insert_image(
            row + 1,
            0,
            "map.png",
            {
                "image_data": io.BytesIO(document.picture),
                "x_scale": MAP_SCALE,
                "y_scale": MAP_SCALE,
                "description": document.picture_says,
            },
        )


def _write_figures(
    sheet: Worksheet, section: Section, row: int, formats: Mapping[str, Format], t: Translator
) -> int:
    heads = (t(N_("Figure")), t(N_("This week")), t(N_("Week before")), t(N_("Note")))
    for at, head in enumerate(heads):
        sheet.write_string(row, at, head, formats["bold"])
    for one in section.figures:
        row += 1
        sheet.write_string(row, 0, one.label, formats[""])
        _write_cell(sheet, row, 1, one.now, formats)
        if one.before is not None:
            _write_cell(sheet, row, 2, one.before, formats)
        sheet.write_string(row, 3, one.note, formats[""])
    return row + 1


def _write_table(sheet: Worksheet, table: Table, row: int, formats: Mapping[str, Format]) -> int:
    if table.title:
        sheet.write_string(row, 0, table.title, formats["title"])
        row += 1
    for line in (table.note, "" if table.rows else table.empty):
        if line:
            sheet.write_string(row, 0, line)
            row += 1
    if not table.rows:
        return row
    for at, head in enumerate(table.heads):
        sheet.write_string(row, at, f"{head.text} ({head.unit})" if head.unit else head.text, formats["bold"])
    for cells in table.rows:
        row += 1
        for at, cell in enumerate(cells):
            _write_cell(sheet, row, at, cell, formats)
    row += 1
    if table.more:
        sheet.write_string(row, 0, table.more)
        row += 1
    return row


def _write_cell(sheet: Worksheet, row: int, at: int, cell: Cell, formats: Mapping[str, Format]) -> None:
    value = cell.value
    form = formats[cell.form] if cell.shade is None else formats[f"heat-{cell.shade}"]
    if isinstance(value, datetime):
        # A worksheet knows no zones; the sheet of what it is made from names it.
        sheet.write_datetime(row, at, value.replace(tzinfo=None), form)
    elif isinstance(value, date):
        sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), form)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value, form)
    elif value is not None:
        sheet.write_string(row, at, value[:MOST_CELL_LETTERS], form)


def _set_widths(sheet: Worksheet, section: Section, *, has_facts: bool) -> None:
    """Columns as wide as what stands in them, Chinese signs counted twice, within reason."""
    widths: dict[int, int] = {0: 26, 1: WIDEST} if has_facts else {}
    if section.figures:
        widths |= {0: 26, 1: 16, 2: 16, 3: 40}
    for table in section.tables:
        for at, head in enumerate(table.heads):
            texts = [f"{head.text} ({head.unit})", *(row[at].text for row in table.rows[:200])]
            widest = max(sum(2 if ord(sign) > 0x2E7F else 1 for sign in text) for text in texts) + 2
            widths[at] = max(widths.get(at, NARROWEST), min(WIDEST, widest))
    for at, width in widths.items():
        sheet.set_column(at, at, width)
