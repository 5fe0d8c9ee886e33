"""Where rows lie: coordinates from columns or shapes, checked at the door, in WGS 84."""

from __future__ import annotations

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import LONLAT, lonlat_problems
from geo.datums import check_datum, geometries_to_wgs84, to_wgs84
from geo.errors import InputRefused, Sentence
from geo.jurisdictions.tree import invalid_place
from geo.readers.columns import Column, Table, number, plain
from geo.readers.result import Notes
from geo.readers.rows import Rows

LON = Column("lon", ("lng", "longitude", "x", "经度", "东经"))
LAT = Column("lat", ("latitude", "y", "纬度", "北纬"))
WKT = Column("geometry", ("wkt", "geom", "边界", "几何", "范围"))

# GCJ-02 and BD-09 lie up to 1.5 km off: a place inside the area may be written outside it by that much.
_SHIFT_DEG = 0.02
_COARSE_DECIMALS = 3
_DMS = re.compile(
    r"([NSEW]|[东南西北]经|[南北]纬)?\s*(\d+)\s*[°度]\s*(?:(\d+(?:\.\d+)?)\s*['′分])?\s*(?:(\d+(?:\.\d+)?)\s*[\"″秒])?\s*([NSEW])?",
    re.IGNORECASE,
)


def lonlat_columns(
    table: Table, rows: Rows, notes: Notes, datum: str, area: Sequence[float] | None = None
) -> gpd.GeoSeries:
    """The points of a file in WGS 84 (EPSG:4326), from columns lon and lat or from its own points.

    Parameters
    ----------
    area : (west, south, east, north), optional
        Extent of the site in WGS 84 degrees; with it swapped axes are seen everywhere.

    Returns
    -------
    GeoSeries of Point
        On the row numbers; None where refused: missing, not understood, out of range, swapped, 0,0, outside
        the area, or a shape that is no point. Degrees, minutes and seconds are read; coordinates with fewer
        than three decimals are taken in with a finding.
    """
    check_datum(datum)
    if rows.shapes is not None:
        lon, lat = _point_coordinates(rows.shapes, notes)
    else:
        for field in ("lon", "lat"):
            if field not in table.present:
                other = "lon 经度" if field == "lon" else "lat 纬度"
                raise InputRefused(
                    Sentence(
                        "%(file)s has no column '%(field)s' (%(other)s); add it, or map it",
                        file=rows.file,
                        field=field,
                        other=other,
                    )
                )
        lon, lat = _degrees(table, "lon", notes), _degrees(table, "lat", notes)
    index = table.texts.index
    good = notes.good(index)
    wide = area
    if area is not None and datum in ("gcj02", "bd09"):
        wide = (area[0] - _SHIFT_DEG, area[1] - _SHIFT_DEG, area[2] + _SHIFT_DEG, area[3] + _SHIFT_DEG)
    told = lonlat_problems(lon, lat, wide)
    for i in np.flatnonzero(good & (told != np.array(None))):
        notes.refuse(int(index[int(i)]), told[i])
    good &= told == np.array(None)
    if rows.shapes is None:
        _tell_coarse(table, good, notes)
    x, y = to_wgs84(np.where(good, lon, np.nan), np.where(good, lat, np.nan), datum)
    points = np.where(good, shapely.points(x, y), None)
    return gpd.GeoSeries(points, index=index, crs=LONLAT)


def shapes_in_wgs84(
    table: Table, rows: Rows, notes: Notes, datum: str, *, required: bool = True
) -> gpd.GeoSeries:
    """The areas of a file as MultiPolygons in WGS 84, from its shapes or a column of WKT.

    Refused: missing (unless not required), not an area, a vertex with bad coordinates, a polygon that crosses
    itself (told with the place of crossing). None where refused or missing.
    """
    check_datum(datum)
    raw = rows.shapes if rows.shapes is not None else _wkt(table, notes)
    index = table.texts.index
    kept = np.full(len(raw), None, dtype=object)
    for i, (row, shape) in enumerate(zip(index, raw, strict=True)):
        if shape is None or shape.is_empty:
            if required and notes.good(index[[i]])[0]:
                notes.refuse(int(row), Sentence("there is no polygon; draw one, or remove the row"))
            continue
        sentence = _area_problem(shape)
        if sentence is None:
            kept[i] = shapely.multipolygons(shapely.get_parts(shapely.force_2d(shape)))
        else:
            notes.refuse(int(row), sentence)
    return geometries_to_wgs84(gpd.GeoSeries(kept, index=index, crs=LONLAT), datum)


def _area_problem(shape: shapely.Geometry) -> Sentence | None:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return Sentence(
            "the shape is a %(type)s, not an area; give a Polygon or MultiPolygon", type=shape.geom_type
        )
    xy = shapely.get_coordinates(shape)
    told = lonlat_problems(xy[:, 0], xy[:, 1])
    bad = np.flatnonzero(told != np.array(None))
    if len(bad):
        return Sentence("vertex %(n)s of the polygon: %(what)s", n=bad[0] + 1, what=told[bad[0]])
    if not shape.is_valid:
        return Sentence(
            "the polygon %(how)s; repair it there (QGIS: Fix geometries) and import it again",
            how=invalid_place(shape),
        )
    return None


def _point_coordinates(
    shapes: gpd.GeoSeries, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = shapes.to_numpy()
    for row, shape in shapes.items():
        if shape is not None and shape.geom_type != "Point":
            notes.refuse(
                int(str(row)),
                Sentence("the shape is a %(type)s, not a point; give one point each", type=shape.geom_type),
            )
    lonlat = np.full((len(points), 2), np.nan)
    there = (shapely.get_type_id(points) == 0) & ~shapely.is_empty(points)
    lonlat[there] = shapely.get_coordinates(points[there])
    return lonlat[:, 0], lonlat[:, 1]


def _degrees(table: Table, field: str, notes: Notes) -> NDArray[np.float64]:
    index = table.texts.index
    found = np.full(len(index), np.nan)
    empty = np.ones(len(index), dtype=np.bool_)
    for i, row, text in table.filled(field):
        empty[i] = False
        value = number(text)
        if value is None:
            value = _from_dms(text)
        if value is None:
            notes.refuse(
                row,
                Sentence(
                    "%(field)s '%(value)s' is no angle; give decimal degrees such as 116.40528",
                    field=Sentence(field),
                    value=text,
                ),
            )
        else:
            found[i] = value
    for row in index[empty]:
        notes.refuse(
            int(row),
            Sentence("%(field)s is missing; give it in decimal degrees", field=Sentence(field)),
        )
    return found


def _from_dms(text: str) -> float | None:
    """Degrees of 116°23'45.6"E, 东经116度23分45秒 and the like; None when not understood."""
    # NFKC turns ″ into two ′: told apart again before the parts are read.
    found = _DMS.fullmatch(plain(text).replace("′′", "″").replace("''", "″"))
    if not found:
        return None
    minutes, seconds = float(found[3] or 0.0), float(found[4] or 0.0)
    if minutes >= 60.0 or seconds >= 60.0:
        return None
    sign = -1.0 if (found[1] or found[5] or "").upper() in ("S", "W", "南纬", "西经") else 1.0
    return sign * (float(found[2]) + minutes / 60.0 + seconds / 3600.0)


def _tell_coarse(table: Table, good: NDArray[np.bool_], notes: Notes) -> None:
    few = {i for i, _, text in table.filled("lon") if good[i] and _is_coarse(text)}
    coarse = [row for i, row, text in table.filled("lat") if i in few and _is_coarse(text)] if few else []

    def tell(n: int, first: Sentence) -> Sentence:
        return Sentence(
            "%(n)s coordinates have fewer than %(decimals)s decimals (1 km or worse), "
            "first in %(first)s; take them again on site",
            n=n,
            decimals=_COARSE_DECIMALS,
            first=first,
        )

    notes.tally("coarse", coarse, tell)


def _is_coarse(text: str) -> bool:
    return len(text.partition(".")[2]) < _COARSE_DECIMALS and number(text) is not None


def _wkt(table: Table, notes: Notes) -> gpd.GeoSeries:
    shapes: list[shapely.Geometry | None] = [None] * len(table.texts)
    cells = table.texts["geometry"].items() if "geometry" in table.present else ()
    for i, (row, text) in enumerate(cells):
        if text:
            try:
                shapes[i] = shapely.from_wkt(text)
            except shapely.errors.ShapelyError:
                notes.refuse(
                    int(str(row)),
                    Sentence(
                        "geometry '%(value)s' is not well-known text; give POLYGON ((…))", value=text[:40]
                    ),
                )
    return gpd.GeoSeries(shapes, index=table.texts.index, crs=LONLAT)
