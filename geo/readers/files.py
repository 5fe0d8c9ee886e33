"""Files as rows of text with their numbers, and the geometries of those that have some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from geo.crs import LONLAT, to_lonlat
from geo.errors import InputRefused, Sentence
from geo.readers import vectors, workbook
from geo.readers.cells import HEAD_ROWS, csv_parts, workbook_parts
from geo.readers.limits import check_columns
from geo.readers.rows import PART_ROWS, Rows, joined, split

OSM_ENDINGS = (".osm.pbf", ".osm", ".osm.bz2", ".osm.gz")
GRAPH_ENDING = ".graphml"


def is_osm(path: Path | str) -> bool:
    """Whether a file is an OpenStreetMap extract by its ending."""
    return str(path).lower().endswith(OSM_ENDINGS)


def is_graph(path: Path | str) -> bool:
    """Whether a file is a street graph of OSMnx by its ending."""
    return str(path).lower().endswith(GRAPH_ENDING)


def is_of_osm(path: Path | str) -> bool:
    """Whether a file is one of the two, both of OpenStreetMap's data: credited, and in WGS 84."""
    return is_osm(path) or is_graph(path)


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
    if head:
        return next(row_parts(path, datum, HEAD_ROWS, head=True))
    return joined(row_parts(path, datum))


def row_parts(path: Path | str, datum: str, size: int = PART_ROWS, *, head: bool = False) -> Iterator[Rows]:
    """The same, `size` rows at a time: at least one part, and only one in memory. GeoJSON is read whole.

    With `head` no more is looked at than the first part may need.
    """
    path = Path(path)
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; check the path", path=path))
    ending = path.suffix.lower()
    if ending in (".csv", ".txt", ".tsv"):
        return csv_parts(path, size, head=head)
    if ending == workbook.ENDING:
        return workbook_parts(path, size)
    if ending in vectors.ENDINGS:
        return _vector_parts(path, datum, size, head)
    raise InputRefused(
        Sentence(
            "%(file)s ends in %(ending)s; give a .csv, .xlsx, .geojson, .gpkg or .shp file",
            file=path.name,
            ending=ending or Sentence("nothing"),
        )
    )


def _vector_parts(path: Path, datum: str, size: int, head: bool) -> Iterator[Rows]:
    try:
        name = vectors.opened_as(path)
        info = pyogrio.read_info(name)
        check_columns(path.name, len(info["fields"]))
        if path.suffix.lower() in (".geojson", ".json"):
            # All of it is laid out however little is asked for.
            whole = _features(path, pyogrio.read_dataframe(name, max_features=size if head else None), datum)
            yield from split(whole, size)
            return
        start = 0
        while True:
            frame = pyogrio.read_dataframe(name, skip_features=start, max_features=size)
            if start and frame.empty:
                return
            yield _features(path, frame, datum, start)
            start += len(frame)
            if len(frame) < size:
                return
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise InputRefused(
            Sentence("%(file)s could not be read (%(error)s)", file=path.name, error=error)
        ) from error


def _features(path: Path, frame: pd.DataFrame, datum: str, start: int = 0) -> Rows:
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputRefused(
            Sentence("%(file)s has no geometry; give a layer with shapes, or a .csv file", file=path.name)
        )
    if frame.empty:
        raise InputRefused(Sentence("%(file)s holds no features; nothing to take in", file=path.name))
    frame.index = pd.RangeIndex(start + 1, start + len(frame) + 1, name="row")
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
