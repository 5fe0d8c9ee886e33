"""Files as rows of text with their numbers, and the geometries of those that have some."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from geo.crs import LONLAT, to_lonlat
from geo.errors import InputRefused, Sentence
from geo.readers import vectors, workbook
from geo.readers.limits import check_columns

MOST_BROKEN = 10_000
"""So many rows with another number of cells are a wrong delimiter, not slips."""
HEAD_ROWS = 1000
HEAD_BYTES = 1 << 20
OSM_ENDINGS = (".osm.pbf", ".osm", ".osm.bz2", ".osm.gz")


@dataclass(frozen=True)
class Rows:
    """A file as it is written.

    Attributes
    ----------
    file : str
        Its name.
    word : str
        "row" (numbered as a spreadsheet does, headings are row 1), "feature" or "item" (numbered from 1).
    texts : DataFrame of str
        Index the row numbers; "" where a cell is empty.
    shapes : GeoSeries or None
        Geometries in longitude and latitude in the file's own datum; None for tables.
    broken : tuple of (row, sentence)
        Rows whose number of cells is not that of the headings; they are not in `texts`.
    complete : bool
        Whether the file has all that it says it has.
    """

    file: str
    word: str
    texts: pd.DataFrame
    shapes: gpd.GeoSeries | None
    broken: tuple[tuple[int, str], ...] = ()
    complete: bool = True


def is_osm(path: Path | str) -> bool:
    """Whether a file is an OpenStreetMap extract by its ending."""
    return str(path).lower().endswith(OSM_ENDINGS)


def read_rows(path: Path | str, datum: str, *, head: bool = False) -> Rows:
    """The rows of a .csv (UTF-8 or GB 18030), .xlsx, .geojson, .gpkg or .shp file.

    Parameters
    ----------
    path : path
    datum : str
        Matters where a vector file states a CRS of its own: a projected one is turned into longitude and
        latitude, which is only possible for WGS 84 and CGCS2000.
    head : bool
        The first rows only, at most `HEAD_ROWS`, to see what a file is. GeoJSON is read whole all the same.

    Raises
    ------
    geo.errors.InputRefused
        No such file, another ending, unreadable, without rows, of too many columns, or a stated CRS that
        contradicts the datum.
    """
    path = Path(path)
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; check the path", path=path))
    ending = path.suffix.lower()
    if ending in (".csv", ".txt", ".tsv"):
        return _read_csv(path, head)
    if ending == workbook.ENDING:
        return _read_workbook(path, head)
    if ending in vectors.ENDINGS:
        return _read_vector(path, datum, head)
    raise InputRefused(
        Sentence(
            "%(file)s ends in %(ending)s; give a .csv, .xlsx, .geojson, .gpkg or .shp file",
            file=path.name,
            ending=ending or Sentence("nothing"),
        )
    )


def _read_csv(path: Path, head: bool) -> Rows:
    text = _decoded(path, head)
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        headings = _headings(path, next(records, []))
        numbers, rows, broken = _cells(path, records, headings, delimiter, HEAD_ROWS if head else None)
    except csv.Error as error:
        raise InputRefused(
            Sentence(
                "%(file)s is no table of comma-separated values (%(error)s)", file=path.name, error=error
            )
        ) from error
    return _table(path, headings, numbers, rows, broken)


def _read_workbook(path: Path, head: bool) -> Rows:
    records = workbook.read_cells(path)
    headings = _headings(path, next(records, []))
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    for number, cells in enumerate(records, start=2):
        if not cells:
            continue
        if len(cells) > len(headings):
            broken.append((number, Sentence("a cell stands right of the last heading; head it or empty it")))
            if len(broken) > MOST_BROKEN:
                raise InputRefused(
                    Sentence(
                        "%(file)s has more than %(most)s rows with cells right of its last heading; write "
                        "headings over all columns",
                        file=path.name,
                        most=MOST_BROKEN,
                    )
                )
        numbers.append(number)
        rows.append((cells + [""] * len(headings))[: len(headings)])
        if head and len(rows) == HEAD_ROWS:
            break
    return _table(path, headings, numbers, rows, broken)


def _headings(path: Path, cells: list[str]) -> list[str]:
    headings = [cell.strip() for cell in cells]
    if not any(headings):
        raise InputRefused(
            Sentence("%(file)s has no headings in row 1; write the column names there", file=path.name)
        )
    check_columns(path.name, len(headings))
    return headings


def _table(
    path: Path,
    headings: list[str],
    numbers: list[int],
    rows: list[list[str]],
    broken: list[tuple[int, str]],
) -> Rows:
    if not rows:
        raise InputRefused(
            Sentence("%(file)s holds headings and no rows; nothing to take in", file=path.name)
        )
    texts = pd.DataFrame(
        rows, columns=pd.Index(headings), index=pd.Index(numbers, name="row"), dtype="object"
    )
    return Rows(path.name, "row", texts, None, tuple(broken))


def _cells(
    path: Path, records: Iterator[list[str]], headings: list[str], delimiter: str, most: int | None
) -> tuple[list[int], list[list[str]], list[tuple[int, str]]]:
    """The numbers and cells of all rows or the first so many, and what is wrong with some."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    for number, record in enumerate(records, start=2):
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        if len(cells) != len(headings):
            told = Sentence(
                "%(cells)s cells under %(headings)s headings; quote cells that hold a %(delimiter)s",
                cells=len(cells),
                headings=len(headings),
                delimiter=repr(delimiter),
            )
            broken.append((number, told))
            if len(broken) > MOST_BROKEN:
                raise InputRefused(
                    Sentence(
                        "%(file)s has more than %(most)s rows of another number of cells than its "
                        "%(headings)s headings; save it again as CSV UTF-8",
                        file=path.name,
                        most=MOST_BROKEN,
                        headings=len(headings),
                    )
                )
            cells = (cells + [""] * len(headings))[: len(headings)]
        numbers.append(number)
        rows.append(cells)
        if len(rows) == most:
            break
    return numbers, rows, broken


def _decoded(path: Path, head: bool) -> str:
    with path.open("rb") as file:
        raw = file.read(HEAD_BYTES if head else -1)
        if head and file.read(1):
            # Up to the end of a row; in neither encoding is this byte part of another character.
            raw = raw[: raw.rfind(b"\n") + 1] or raw
    # GB 18030 is what Chinese spreadsheets write when they do not write UTF-8.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputRefused(
        Sentence("%(file)s is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8", file=path.name)
    )


def _read_vector(path: Path, datum: str, head: bool) -> Rows:
    try:
        name = vectors.opened_as(path)
        check_columns(path.name, len(pyogrio.read_info(name)["fields"]))
        frame = pyogrio.read_dataframe(name, max_features=HEAD_ROWS if head else None)
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise InputRefused(
            Sentence("%(file)s could not be read (%(error)s)", file=path.name, error=error)
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputRefused(
            Sentence("%(file)s has no geometry; give a layer with shapes, or a .csv file", file=path.name)
        )
    if frame.empty:
        raise InputRefused(Sentence("%(file)s holds no features; nothing to take in", file=path.name))
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    shapes = _in_degrees(frame.geometry, path.name, datum)
    columns = frame.drop(columns=frame.geometry.name)
    texts = pd.DataFrame(
        {name: [_text(cell) for cell in columns[name]] for name in columns}, index=frame.index
    )
    return Rows(path.name, "feature", texts.astype("object"), shapes)


def _in_degrees(shapes: gpd.GeoSeries, name: str, datum: str) -> gpd.GeoSeries:
    """Shapes in longitude and latitude; the datum says which, whatever label the file carries."""
    if shapes.crs is None:
        return shapes.set_crs(LONLAT)
    stated = CRS.from_user_input(shapes.crs)
    base = (stated.geodetic_crs or stated).to_epsg()
    if base not in (4326, 4490, 4979, 4480, None):
        raise InputRefused(
            Sentence(
                "%(file)s states the CRS %(crs)s, which is neither WGS 84 nor CGCS2000; convert it to "
                "EPSG:4326 or EPSG:4490 first",
                file=name,
                crs=stated.name,
            )
        )
    if stated.is_geographic:
        return shapes.set_crs(LONLAT, allow_override=True)
    if datum not in ("wgs84", "cgcs2000"):
        raise InputRefused(
            Sentence(
                "%(file)s is projected (%(crs)s), which %(datum)s coordinates never are; state its true "
                "datum or give longitude and latitude",
                file=name,
                crs=stated.name,
                datum=datum,
            )
        )
    return to_lonlat(shapes)


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is pd.NaT or cell is pd.NA else str(cell).strip()
