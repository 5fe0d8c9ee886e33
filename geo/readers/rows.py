"""The rows of a file as they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd

from geo.errors import Sentence

PART_ROWS = 5000
"""So many rows of a long file are in memory at once."""


@dataclass(frozen=True)
class Rows:
    """A file, or a part of one, as it is written.

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
        Rows whose number of cells is not that of the headings; they are in `texts` as far as they go.
    complete : bool
        Whether the file has all that it says it has; told by its last part.
    told : tuple of Sentence
        What is to be said of the whole file; told by its last part.
    """

    file: str
    word: str
    texts: pd.DataFrame
    shapes: gpd.GeoSeries | None
    broken: tuple[tuple[int, str], ...] = ()
    complete: bool = True
    told: tuple[Sentence, ...] = ()


def joined(parts: Iterable[Rows]) -> Rows:
    """The parts of a file, of which there is at least one, as one."""
    rows = list(parts)
    first, last = rows[0], rows[-1]
    if len(rows) == 1:
        return first
    shapes = None
    if first.shapes is not None:
        shapes = gpd.GeoSeries(pd.concat([one.shapes for one in rows]), crs=first.shapes.crs)
    broken = tuple(found for one in rows for found in one.broken)
    return replace(last, texts=pd.concat([one.texts for one in rows]), shapes=shapes, broken=broken)


def split(rows: Rows, size: int) -> Iterable[Rows]:
    """A file that is read whole, in parts."""
    for start in range(0, len(rows.texts), size):
        end = start + size
        texts = rows.texts.iloc[start:end]
        yield replace(
            rows,
            texts=texts,
            shapes=None if rows.shapes is None else rows.shapes.iloc[start:end],
            broken=tuple(found for found in rows.broken if found[0] in texts.index),
            told=rows.told if end >= len(rows.texts) else (),
        )
