"""Readers of jurisdictions, obstructions, places and roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geo.datums import check_datum
from geo.errors import InputRefused, Sentence
from geo.jurisdictions import check_tree
from geo.osm import OsmExtract, read_osm
from geo.osm.records import FINDINGS
from geo.readers.columns import Column, Table, check_codes, match_columns
from geo.readers.files import is_graph, is_osm, read_rows
from geo.readers.graphml import read_graphml
from geo.readers.positions import LAT, LON, WKT, lonlat_columns, shapes_in_wgs84
from geo.readers.result import KINDS, Imported, Notes
from geo.readers.rows import Rows

ORIGINS = ("official", "derived", "synthetic")
NAME = Column("name", ("名称", "名字", "地点名称"))
JURISDICTION_COLUMNS = (
    Column("path", ("路径",)),
    Column("code", ("编码", "代码", "区划代码", "行政区划代码")),
    Column("parent", ("上级", "上级编码", "上级代码", "父级编码", "parent_code")),
    Column("name", ("名称", "辖区名称", "区划名称"), required=True),
    Column("name_en", ("英文名称", "英文名")),
    Column("origin", ("来源",)),
    WKT,
)
OBSTRUCTION_COLUMNS = (
    Column("key", ("编号", "编码", "id")),
    Column("height_m", ("height", "高度", "建筑高度", "楼高")),
    WKT,
)
PLACE_COLUMNS = (
    Column("key", ("编号", "编码", "id")),
    Column("kind", ("类型", "类别", "部位类型"), required=True),
    NAME,
    LON,
    LAT,
)


def read_jurisdictions(
    path: Path | str,
    *,
    datum: str,
    mapping: Mapping[str, str] | None = None,
    origin: str = "official",
    keep_good: bool = False,
) -> Imported:
    """JURISDICTIONS from a .csv, .geojson, .gpkg or .shp file.

    Needed are `name` and either `path` or `code` and `parent` (empty at the root); polygons may be missing.
    Refused besides what any file can be refused for: see `geo.jurisdictions.check_tree`. With `keep_good`
    the children of a refused row are refused too.
    """
    check_datum(datum)
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, JURISDICTION_COLUMNS, notes, mapping)
    shapes = shapes_in_wgs84(table, rows, notes, datum, required=False)
    paths = _paths(table, rows, notes)
    origins = table.text("origin").replace("", origin)
    for row, value in origins.items():
        if value not in ORIGINS:
            notes.refuse(
                int(str(row)),
                Sentence(
                    "origin '%(value)s' is not known; it is one of %(known)s",
                    value=value,
                    known=", ".join(ORIGINS),
                ),
            )
    for row, name in table.text("name").items():
        if not name:
            notes.refuse(int(str(row)), Sentence("name is missing; every jurisdiction needs one"))
    frame = gpd.GeoDataFrame(
        {
            "path": paths,
            "code": paths.str.rpartition(".")[2],
            "level": paths.str.count(r"\."),
            "name": table.text("name"),
            "name_en": table.text("name_en"),
            "origin": origins,
        },
        geometry=shapes,
        crs=shapes.crs,
    )
    # Refusing a row can take the parent from others: checked again until nothing more falls.
    while True:
        findings = check_tree(frame[notes.good(frame.index)], notes.word)
        for row, sentence in zip(findings["row"], findings["message"], strict=True):
            notes.refuse_whole(int(row), sentence)
        if findings.empty:
            return notes.result(frame, "jurisdictions", keep_good)


def read_obstructions(
    path: Path | str, *, datum: str, mapping: Mapping[str, str] | None = None, keep_good: bool = False
) -> Imported:
    """OBSTRUCTIONS from a .csv (WKT), .geojson, .gpkg or .shp file, or an OpenStreetMap extract.

    Columns: key (else the row's number), height_m (above 0, at most 1,000; may be empty).
    """
    check_datum(datum)
    if is_osm(path):
        return _of_extract(_extract(path, datum), "buildings")
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, OBSTRUCTION_COLUMNS, notes, mapping)
    shapes = shapes_in_wgs84(table, rows, notes, datum)
    height = table.number("height_m", notes, above=0.0, most=1000.0, unit=Sentence("metres"))
    frame = gpd.GeoDataFrame(
        {"key": _keys(table, rows, notes), "height_m": height}, geometry=shapes, crs=shapes.crs
    )
    return notes.result(frame, "obstructions", keep_good)


def read_places(
    path: Path | str,
    *,
    datum: str,
    area: Sequence[float] | None = None,
    mapping: Mapping[str, str] | None = None,
    keep_good: bool = False,
) -> Imported:
    """PLACES, one point each, from a .csv, .geojson, .gpkg or .shp file, or an OpenStreetMap extract.

    Columns: kind (needed), name, key (else the row's number), lon and lat in tables. `area` is the site's
    extent (west, south, east, north).
    """
    check_datum(datum)
    if is_osm(path):
        return _of_extract(_extract(path, datum), "places")
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, PLACE_COLUMNS, notes, mapping)
    for row, kind in table.text("kind").items():
        if not kind:
            notes.refuse(
                int(str(row)),
                Sentence("kind is missing; say for example school, bank, station or water"),
            )
    points = lonlat_columns(table, rows, notes, datum, area)
    frame = gpd.GeoDataFrame(
        {"key": _keys(table, rows, notes), "kind": table.text("kind"), "name": table.text("name")},
        geometry=points,
        crs=points.crs,
    )
    return notes.result(frame, "places", keep_good)


def read_roads(path: Path | str, *, datum: str) -> OsmExtract:
    """An OpenStreetMap extract, or a street graph of one (`geo.readers.graphml`); the datum is wgs84.

    A line layer has no shared nodes and no access rules: streets would neither connect nor be one-way.
    """
    check_datum(datum)
    if is_graph(path):
        _check_wgs84(path, datum)
        return read_graphml(path)
    if not is_osm(path):
        raise InputRefused(
            Sentence(
                "%(file)s is no OpenStreetMap extract; roads are read from .osm.pbf, .osm or .graphml files",
                file=Path(path).name,
            )
        )
    return _extract(path, datum)


def _extract(path: Path | str, datum: str) -> OsmExtract:
    _check_wgs84(path, datum)
    return read_osm(path)


def _check_wgs84(path: Path | str, datum: str) -> None:
    if datum != "wgs84":
        raise InputRefused(
            Sentence(
                "%(file)s is OpenStreetMap data, which is wgs84, not %(datum)s; state wgs84",
                file=Path(path).name,
                datum=datum,
            )
        )


def _of_extract(extract: OsmExtract, kind: str) -> Imported:
    frame: gpd.GeoDataFrame = getattr(extract, kind)
    if frame.empty:
        raise InputRefused(Sentence("the extract holds no %(kind)s; nothing to take in", kind=KINDS[kind]))
    told = [
        Sentence("%(count)s × %(finding)s", count=count, finding=FINDINGS[finding])
        for finding, count in extract.counts().items()
    ]
    return Imported(frame, (), tuple(told))


def _keys(table: Table, rows: Rows, notes: Notes) -> pd.Series:
    if "key" in table.present:
        return check_codes(table, notes, "key")
    return pd.Series(
        [f"{rows.word}{row}" for row in table.texts.index], index=table.texts.index, dtype="object"
    )


def _paths(table: Table, rows: Rows, notes: Notes) -> pd.Series:
    """The path of every row: its own column, or its codes joined from the root down."""
    if "path" in table.present:
        paths = table.text("path")
        for row in paths.index[paths == ""]:
            notes.refuse(
                int(row), Sentence("path is missing; write the codes from the root down joined by dots")
            )
        return paths
    if not {"code", "parent"} <= table.present:
        raise InputRefused(
            Sentence(
                "%(file)s needs a column 'path', or 'code' and 'parent' (%(headings)s)",
                file=rows.file,
                headings="编码, 上级编码",
            )
        )
    codes = check_codes(table, notes)
    parent_of = dict(zip(codes, table.text("parent"), strict=True))
    joined = []
    for row, code in codes.items():
        labels = [code]
        while parent_of.get(labels[-1]) and len(labels) <= len(codes):
            labels.append(parent_of[labels[-1]])
        if len(labels) > len(codes):
            notes.refuse(
                int(str(row)),
                Sentence("code '%(code)s' is its own ancestor; correct the column parent", code=code),
            )
        joined.append(".".join(reversed(labels)))
    return pd.Series(joined, index=codes.index, dtype="object")
