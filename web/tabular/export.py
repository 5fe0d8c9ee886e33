"""All rows of a table's filter as a file: CSV, XLSX or GeoJSON.

The file is written before any of it is sent, so that a failure is an error page and not half a file.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import InputRefused
from web.i18n import N_, Translator
from web.jobs.words import told
from web.tabular.cells import file_head, file_value
from web.tabular.query import Question, ask
from web.tabular.spec import FORMATS, Column, TableSpec

MOST_SHEET_ROWS = 1_048_575
"""Rows of a worksheet, less its head (Excel specifications and limits)."""
MOST_CELL_LETTERS = 32_767
ROWS_AT_ONCE = 1000
IN_MEMORY_BYTES = 4_000_000
DECIMALS = 7
"""Of a degree in GeoJSON: 1 cm (RFC 7946, section 11.2, asks for no more than is meant)."""


@dataclass(frozen=True)
class Export:
    """A finished file."""

    file: IO[bytes]
    name: str
    mimetype: str
    rows: int


def export_table(
    session: Session,
    spec: TableSpec,
    arguments: Mapping[str, str],
    fmt: str,
    t: Translator,
    *,
    parameters: Mapping[str, Any] | None = None,
    within: str | None = None,
    about: Sequence[tuple[str, str]] = (),
) -> Export:
    """Every row that the filters let through, in the order asked.

    Parameters
    ----------
    session, spec, arguments, parameters, within
        As for `read_table`; ``page`` and ``size`` do not matter.
    fmt : "csv", "xlsx" or "geojson"
        CSV is UTF-8 with a byte order mark, for Excel. In XLSX codes are texts and keep every digit.
    t : Translator
        Language of heads and words, zone of times.
    about : sequence of (str, str)
        Where it comes from, for a second sheet of a workbook.

    Raises
    ------
    InputRefused
        When a filter cannot be understood, the format is not one of the table's, or the rows do not fit.
    """
    if fmt not in spec.formats:
        raise InputRefused(
            t(
                N_("“%(value)s” is no format of this table; use %(formats)s."),
                value=fmt[:20],
                formats=t.joined(spec.formats),
            )
        )
    asked = ask(spec, arguments, within=within, zone=t.zone)
    if asked.problems:
        raise InputRefused(" ".join(problem.text(t) for problem in asked.problems))
    if fmt == "xlsx":
        _must_fit(session, asked, parameters, t)
    rows = _all_rows(session, asked, parameters, with_geometry=fmt == "geojson")
    columns = [column for column in spec.columns if column.exported]
    # Not closed here: whoever sends it does.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115
    if fmt == "csv":
        count = _write_csv(file, columns, rows, t)
    elif fmt == "xlsx":
        count = _write_xlsx(file, columns, rows, t, about)
    else:
        count = _write_geojson(file, spec, columns, rows, t)
    file.seek(0)
    day = f"{datetime.now(t.zone):%Y-%m-%d}"
    return Export(file, f"{spec.name}-{day}.{fmt}", FORMATS[fmt], count)


def _must_fit(session: Session, asked: Question, parameters: Mapping[str, Any] | None, t: Translator) -> None:
    rows = asked.spec.rows()
    statement = select(func.count()).select_from(rows).where(asked.statement(rows))
    total = session.execute(statement, dict(parameters or {})).scalar_one()
    if total > MOST_SHEET_ROWS:
        raise InputRefused(
            t(
                N_("%(rows)s rows do not fit a worksheet of %(most)s; filter the table or take CSV."),
                rows=t.number(total),
                most=t.number(MOST_SHEET_ROWS),
            )
        )


def _all_rows(
    session: Session, asked: Question, parameters: Mapping[str, Any] | None, *, with_geometry: bool
) -> Iterator[Mapping[str, Any]]:
    spec, rows = asked.spec, asked.spec.rows()
    columns: list[Any] = [rows.c[key] for key in spec.fetched]
    if with_geometry and spec.geometry:
        columns.append(func.ST_AsGeoJSON(rows.c[spec.geometry], DECIMALS).label("_geojson"))
    statement = asked.ordered(select(*columns).where(asked.statement(rows)), rows)
    found = session.execute(statement, dict(parameters or {}), execution_options={"yield_per": ROWS_AT_ONCE})
    for row in found.mappings():
        yield dict(row)


def _write_csv(
    file: IO[bytes], columns: Sequence[Column], rows: Iterator[Mapping[str, Any]], t: Translator
) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_harmless(file_head(column, t)) for column in columns])
    count = 0
    for row in rows:
        values = [file_value(column, row[column.key], t) for column in columns]
        writer.writerow([_harmless(value) if isinstance(value, str) else _plain(value) for value in values])
        count += 1
    text.detach()
    return count


def _harmless(value: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{value}" if value.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and value else value


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _write_xlsx(
    file: IO[bytes],
    columns: Sequence[Column],
    rows: Iterator[Mapping[str, Any]],
    t: Translator,
    about: Sequence[tuple[str, str]],
) -> int:
    # Texts are written as texts: nothing is read as a formula, a number or a link.
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(t(N_("Rows")))
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        head = file_head(column, t)
        sheet.set_column(at, at, max(10, min(40, 2 * len(head) if t.lang == "zh" else len(head) + 2)))
        sheet.write_string(0, at, head, bold)
    count = 0
    for row in rows:
        count += 1
        for at, column in enumerate(columns):
            value = file_value(column, row[column.key], t)
            if isinstance(value, str):
                sheet.write_string(count, at, value[:MOST_CELL_LETTERS])
            elif isinstance(value, datetime):
                # A worksheet knows no zones; the head names it.
                sheet.write_datetime(count, at, value.replace(tzinfo=None), moment)
            elif value is not None and column.kind == "day":
                sheet.write_datetime(count, at, value, day)
            elif value is not None:
                sheet.write_number(count, at, value)
    if about:
        notes = book.add_worksheet(t(N_("About")))
        notes.set_column(0, 1, 32)
        for at, (what, said) in enumerate(about):
            notes.write_string(at, 0, what, bold)
            notes.write_string(at, 1, said)
    book.close()
    return count


def _write_geojson(
    file: IO[bytes],
    spec: TableSpec,
    columns: Sequence[Column],
    rows: Iterator[Mapping[str, Any]],
    t: Translator,
) -> int:
    # Keys, not labels: a program reads this.
    file.write(b'{"type": "FeatureCollection", "features": [')
    count = 0
    for row in rows:
        properties = {column.key: _machine(column, row[column.key]) for column in columns}
        # The geometry stays the database's own text: to take it apart costs more than all the rest.
        told = (
            f'"id": {json.dumps(row[spec.id])}',
            f'"geometry": {row["_geojson"] or "null"}',
            f'"properties": {json.dumps(properties, ensure_ascii=False, allow_nan=False)}',
        )
        text = f'{{"type": "Feature", {", ".join(told)}}}'
        file.write((",\n" if count else "\n").encode() + text.encode("utf-8"))
        count += 1
    file.write(b"\n]}\n")
    return count


def _machine(column: Column, value: Any) -> Any:
    """A value of a GeoJSON property: keys as they are, times in UTC."""
    if value is None or value != value:
        return None
    match column.kind:
        case "integer":
            return int(value)
        case "number" | "share" | "length" | "minutes":
            return float(value)
        case "moment":
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case "day":
            return value.isoformat()
        case "flag":
            return bool(value)
        case "list":
            return [str(one) for one in value]
        case "said":
            return told(value, str)
    return str(value)
