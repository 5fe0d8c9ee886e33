"""Readers of tables and vector files: rows with their numbers, refused one by one, good ones in WGS 84."""

from geo.readers.columns import Column, Table, match_columns
from geo.readers.files import read_rows, row_parts
from geo.readers.places import read_jurisdictions, read_obstructions, read_places, read_roads
from geo.readers.positions import lonlat_columns, shapes_in_wgs84
from geo.readers.result import Imported, Notes
from geo.readers.rows import PART_ROWS, Rows

__all__ = [
    "PART_ROWS",
    "Column",
    "Imported",
    "Notes",
    "Rows",
    "Table",
    "lonlat_columns",
    "match_columns",
    "read_jurisdictions",
    "read_obstructions",
    "read_places",
    "read_roads",
    "read_rows",
    "row_parts",
    "shapes_in_wgs84",
]
