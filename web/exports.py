"""Files written by their ending: `.geojson`, `.gpkg` and `.csv`; lists also `.xlsx` and `.html`."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import xlsxwriter

from geo.errors import LianfangError

DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG"}
TABLES = (*DRIVERS, ".csv")
REPORTS = (*TABLES, ".xlsx", ".html")


def check_ending(path: Path, endings: Iterable[str]) -> None:
    """Refuse an `--out` file whose ending is not one of `endings`, or whose folder is missing."""
    if path.suffix.lower() not in endings:
        raise LianfangError(
            f"{path.name}: the ending {path.suffix or '(none)'} is not one of {' '.join(endings)}"
        )
    if not path.parent.is_dir():
        raise LianfangError(f"{path.parent} is not a folder; make it first")


def write_table(frame: gpd.GeoDataFrame, path: Path, *, layer: str) -> None:
    """Write a GeoDataFrame in EPSG:4326 to `path`, replacing it only once it is complete.

    Lists and dicts must be text already. In CSV the geometry is WKT.
    """
    check_ending(path, TABLES)
    with complete(path) as unfinished:
        driver = DRIVERS.get(path.suffix.lower())
        if driver:
            frame.to_file(unfinished, driver=driver, layer=layer, engine="pyogrio", index=False)
        else:
            table = frame.drop(columns=frame.geometry.name)
            table["wkt"] = frame.geometry.to_wkt(rounding_precision=7)
            # The byte-order mark lets a spreadsheet see that the Chinese text is UTF-8.
            table.to_csv(unfinished, index=False, encoding="utf-8-sig")


def write_report(frame: gpd.GeoDataFrame, path: Path, *, layer: str, title: str, lang: str) -> None:
    """Write a GeoDataFrame of points in EPSG:4326 as `write_table` does, or as a workbook or a page to print.

    In both, codes are texts that keep every digit, and the position stands in the columns lon and lat.
    """
    check_ending(path, REPORTS)
    ending = path.suffix.lower()
    if ending in TABLES:
        write_table(frame, path, layer=layer)
        return
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    table["lon"], table["lat"] = frame.geometry.x.round(7), frame.geometry.y.round(7)
    with complete(path) as unfinished:
        if ending == ".xlsx":
            _write_workbook(table, unfinished, layer)
        else:
            unfinished.write_text(_page(table, title, lang), encoding="utf8")


def _write_workbook(table: pd.DataFrame, path: Path, sheet_name: str) -> None:
    # Texts are written as texts: nothing is read as a formula, a number or a link.
    plain = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, **plain}) as book:
        sheet = book.add_worksheet(sheet_name)
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True, "bottom": 1})
        for at, name in enumerate(table.columns):
            sheet.write_string(0, at, str(name), bold)
        for row, values in enumerate(table.itertuples(index=False, name=None), start=1):
            for at, value in enumerate(values):
                if pd.isna(value):
                    continue
                if isinstance(value, int | float):
                    sheet.write_number(row, at, value)
                else:
                    sheet.write_string(row, at, str(value))


def _page(table: pd.DataFrame, title: str, lang: str) -> str:
    """A page that stands alone, asks for nothing and prints well."""
    heads = "".join(f"<th>{html.escape(str(name))}</th>" for name in table.columns)
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td>{'' if pd.isna(one) else html.escape(str(one))}</td>" for one in values)
        + "</tr>"
        for values in table.itertuples(index=False, name=None)
    )
    language = "zh-Hans" if lang == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(title)}'
        "</title><style>body{font:14px sans-serif}table{border-collapse:collapse}"
        "td,th{border:1px solid #ccc;padding:2px 6px;text-align:left;vertical-align:top}</style></head>"
        f"<body><h1>{html.escape(title)}</h1><table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n"
        "</tbody></table></body></html>\n"
    )


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A place to write to, which becomes the file once it is complete."""
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
