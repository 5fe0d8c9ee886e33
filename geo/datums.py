"""The four datums of Chinese place data, to WGS 84 and back.

`wgs84` and `cgcs2000` are taken as equal (PROJ: null transformation; they differ by centimetres). `gcj02`
(Amap, Tencent) lies 57-675 m away, `bd09` (Baidu) 708-1471 m; both are unpublished, and what is computed here
is the reverse-engineered form that public implementations share to within 0.012 m.

Outside the rectangle 72.004-137.8347° E, 0.8293-55.8271° N, which those implementations all use for *China*,
no GCJ-02 offset is applied: coordinates pass unchanged. The rectangle holds neighbouring countries too, where
real map services apply none; data from there is given as `wgs84`.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import LONLAT
from geo.errors import InputRefused, Sentence

FloatArray = NDArray[np.float64]
Pair = tuple[FloatArray, FloatArray]

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

# Krassovsky 1940 and the constants of the offset, as in googollee/eviltransform and wandergis/coordtransform.
_AXIS_M = 6_378_245.0
_ECCENTRICITY2 = 0.00669342162296594323
# eviltransform has plain pi here, which puts its BD-09 10 m away from coordtransform, geoChina and hutool.
_BD_RADIANS = np.pi * 3000.0 / 180.0
_RECTANGLE = (72.004, 0.8293, 137.8347, 55.8271)

# 1e-10 degrees is 0.011 mm on the ground, well below the millimetre promised.
_TOLERANCE_DEG = 1e-10
_MOST_ROUNDS = 30


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> Pair:
    """Longitude and latitude in WGS 84 of coordinates given in `datum`.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, any one shape. NaN stays NaN.
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}

    Returns
    -------
    (lon, lat) : arrays of float
        New arrays. The inverse is iterated until it moves by less than 10⁻¹⁰ degrees (0.01 mm).

    Raises
    ------
    geo.errors.InputRefused
        The datum is not one of the four.
    """
    check_datum(datum)
    x, y, shape = _flat(lon, lat)
    if datum == "bd09":
        x, y = _invert(_gcj02_to_bd09, x, y)
    if datum in ("gcj02", "bd09"):
        inside = _in_rectangle(x, y)
        # The offset is inverted without the rectangle: its edge is a step no iteration can settle on.
        x[inside], y[inside] = _invert(_shifted, x[inside], y[inside])
    return x.reshape(shape), y.reshape(shape)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> Pair:
    """Longitude and latitude in `datum` of WGS 84 coordinates; the other way round from `to_wgs84`."""
    check_datum(datum)
    x, y, shape = _flat(lon, lat)
    if datum in ("gcj02", "bd09"):
        inside = _in_rectangle(x, y)
        x[inside], y[inside] = _shifted(x[inside], y[inside])
    if datum == "bd09":
        x, y = _gcj02_to_bd09(x, y)
    return x.reshape(shape), y.reshape(shape)


def geometries_to_wgs84(geometries: gpd.GeoSeries, datum: str) -> gpd.GeoSeries:
    """The same geometries with every vertex moved from `datum` to WGS 84, in EPSG:4326, on the same index.

    Parameters
    ----------
    geometries : GeoSeries
        Longitude and latitude in degrees, whatever CRS is set. Heights are dropped. Straight edges stay
        straight between their moved ends. Missing and empty geometries stay so.
    """
    check_datum(datum)
    flat = shapely.force_2d(geometries.to_numpy())
    moved = shapely.transform(flat, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum)))
    return gpd.GeoSeries(moved, index=geometries.index, crs=LONLAT, name=geometries.name)


def check_datum(datum: str) -> None:
    """Pass a known datum; InputRefused that lists the four for anything else (no silent default)."""
    if datum not in DATUMS:
        raise InputRefused(
            Sentence(
                "datum '%(datum)s' is not known; state one of %(known)s (GPS: wgs84; "
                "national survey, %(tianditu)s: cgcs2000; Amap %(amap)s, Tencent %(tencent)s: gcj02; "
                "Baidu %(baidu)s: bd09)",
                datum=datum,
                known=", ".join(DATUMS),
                tianditu="天地图",
                amap="高德",
                tencent="腾讯",
                baidu="百度",
            )
        )


def _flat(lon: ArrayLike, lat: ArrayLike) -> tuple[FloatArray, FloatArray, tuple[int, ...]]:
    """Copies as flat arrays, and the shape they had."""
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    if x.shape != y.shape:
        raise ValueError(f"longitudes {x.shape} and latitudes {y.shape} must have one shape")
    return x.ravel(), y.ravel(), x.shape


def _in_rectangle(lon: FloatArray, lat: FloatArray) -> NDArray[np.bool_]:
    west, south, east, north = _RECTANGLE
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _shifted(lon: FloatArray, lat: FloatArray) -> Pair:
    """GCJ-02 of WGS 84, without the rectangle.

    Source: the formula shared by googollee/eviltransform and wandergis/coordtransform (both MIT).
    """
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel_m = _AXIS_M / np.sqrt(magic) * np.cos(phi)
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)


def _gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    """BD-09 of GCJ-02: a turn and a stretch about the origin, then a constant. Same sources."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_RADIANS)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_RADIANS)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _invert(forward: Callable[[FloatArray, FloatArray], Pair], lon: FloatArray, lat: FloatArray) -> Pair:
    """The point that `forward` moves to (lon, lat), by fixed-point iteration.

    The offsets change by less than 0.01 of a step, so each round gains two digits; the closed forms that
    many implementations use stop after one round and miss by up to metres.
    """
    x, y = lon.copy(), lat.copy()
    for _ in range(_MOST_ROUNDS):
        moved_lon, moved_lat = forward(x, y)
        step_x, step_y = lon - moved_lon, lat - moved_lat
        x, y = x + step_x, y + step_y
        if not np.any(np.abs(step_x) > _TOLERANCE_DEG) and not np.any(np.abs(step_y) > _TOLERANCE_DEG):
            return x, y
    raise ValueError(f"the datum inverse did not settle in {_MOST_ROUNDS} rounds; check the coordinates")
