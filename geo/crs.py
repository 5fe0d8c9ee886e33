"""The one projected CRS of an analysis, and the check of coordinates at every door.

Stored coordinates are EPSG:4326, longitude first. Metres are computed in one projected CRS chosen once:
the CGCS2000 3-degree Gauss-Krüger zone (EPSG:4534-4554) in China, the UTM zone elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj

from geo.errors import Sentence

LONLAT = CRS.from_epsg(4326)
Bounds = tuple[float, float, float, float]
Frame = TypeVar("Frame", gpd.GeoSeries, gpd.GeoDataFrame)

# A coarse outline, good to about 50 km and drawn outside the land borders and the coasts. It only decides
# which of two good projections is used, shows no border and is never drawn on a map.
_CHINA = shapely.Polygon(
    [
        (73.3, 39.5), (73.7, 38.2), (74.2, 37.0), (76.0, 35.4), (78.0, 33.5), (78.3, 31.2), (81.0, 29.7),
        (85.5, 27.7), (88.8, 27.0), (92.0, 26.4), (95.0, 26.4), (97.2, 27.4), (97.3, 23.7), (99.0, 21.8),
        (101.5, 20.8), (102.0, 21.0), (102.7, 22.2), (105.5, 22.8), (106.5, 21.8), (108.0, 21.3),
        (107.9, 17.7), (110.0, 14.5), (109.9, 6.0), (112.3, 3.4), (114.5, 6.5), (116.4, 8.5), (117.8, 11.5),
        (118.8, 16.0), (119.5, 21.0), (123.0, 21.4), (124.9, 26.0), (124.9, 30.0), (124.0, 38.5),
        (124.2, 39.8), (126.8, 41.2), (129.3, 41.3), (131.4, 42.4), (131.6, 44.8), (134.0, 45.0),
        (135.6, 48.6), (131.2, 48.6), (129.5, 49.9), (126.3, 53.1), (121.5, 54.0), (119.5, 53.0),
        (118.3, 50.2), (116.0, 50.1), (115.2, 48.2), (115.2, 47.5), (118.0, 47.0), (116.5, 46.8),
        (110.3, 44.2), (110.0, 43.0), (105.0, 42.3), (99.8, 43.0), (96.0, 44.5), (91.5, 45.7), (91.3, 47.2),
        (87.6, 49.6), (85.0, 48.2), (82.0, 47.4), (79.5, 45.4), (79.7, 42.3), (76.0, 41.0), (73.6, 40.2),
    ]
)  # fmt: skip
shapely.prepare(_CHINA)


def metric_crs(where: Sequence[float] | gpd.GeoSeries | gpd.GeoDataFrame) -> CRS:
    """The projected CRS in metres for one analysis, chosen by the centre of its extent.

    Parameters
    ----------
    where : (west, south, east, north) in degrees, or a GeoSeries or GeoDataFrame with any CRS

    Returns
    -------
    pyproj.CRS
        CGCS2000 3-degree Gauss-Krüger without zone prefix (EPSG:4534 central meridian 75° E to EPSG:4554
        135° E) when the centre lies in China, else the WGS 84 UTM zone (EPSG:326xx north, 327xx south).

    Raises
    ------
    ValueError
        Nothing to choose by (empty), no CRS, out of range, or a centre beyond 84° N or 80° S where no UTM
        zone is defined.

    Notes
    -----
    One zone is used for the whole extent: a Gauss-Krüger zone lengthens a line by less than 4·10⁻⁴ at
    1.5° from its meridian at the equator, by less farther north (k ≈ 1 + (Δλ·cos φ)² / 2).

    Examples
    --------
    >>> metric_crs((113.9, 22.5, 114.2, 22.7)).to_epsg()
    4547
    >>> metric_crs((24.935, 60.164, 24.954, 60.18)).to_epsg()
    32635
    """
    west, south, east, north = _lonlat_bounds(where)
    lon, lat = (west + east) / 2.0, (south + north) / 2.0
    if shapely.contains_xy(_CHINA, lon, lat):
        zone = round((lon - 75.0) / 3.0)
        return CRS.from_epsg(4534 + min(max(zone, 0), 20))
    if not -80.0 <= lat <= 84.0:
        raise ValueError(f"no UTM zone is defined at latitude {lat:.4f}; it ends at 80° S and 84° N")
    zone = min(int((lon + 180.0) // 6.0) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0.0 else 32700) + zone)


def to_metric(frame: Frame, crs: CRS | None = None) -> Frame:
    """The same frame in a projected CRS in metres (`metric_crs` of itself when none is given).

    Raises
    ------
    ValueError
        The frame has no CRS, or `crs` is not projected in metres.
    """
    _need_crs(frame)
    target = metric_crs(frame) if crs is None else CRS.from_user_input(crs)
    need_metric(target)
    return frame.to_crs(target)


def to_lonlat(frame: Frame) -> Frame:
    """The same frame in EPSG:4326, longitude first. ValueError when the frame has no CRS."""
    _need_crs(frame)
    return frame.to_crs(LONLAT)


def need_metric(crs: object, what: str = "the frame") -> CRS:
    """The CRS, when it is projected in metres; ValueError that names `what` otherwise."""
    if crs is None:
        raise ValueError(f"{what} has no CRS; set it, then project with geo.crs.to_metric")
    known = CRS.from_user_input(crs)
    if not known.is_projected or any(axis.unit_name != "metre" for axis in known.axis_info[:2]):
        raise ValueError(f"{what} is in {known.name}, not in metres; project it with geo.crs.to_metric")
    return known


def lonlat_problems(
    lon: NDArray[np.float64], lat: NDArray[np.float64], area: Sequence[float] | None = None
) -> NDArray[np.object_]:
    """What is wrong with each coordinate pair: one clause a row, None where nothing is.

    Parameters
    ----------
    lon, lat : (n,) arrays of float
        Degrees; NaN is a missing coordinate.
    area : (west, south, east, north), optional
        Extent of the site in degrees, margin included. Without it only what no place on Earth can have is
        found: swapped axes at longitudes below 90° (all of Europe) need the area to be seen.

    Returns
    -------
    (n,) array of Sentence or None
        Checked in this order: missing, out of range (swapped when the swapped pair is in range), 0,0, outside
        the area (swapped when the swapped pair is inside).
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if lon.shape != lat.shape or lon.ndim != 1:
        raise ValueError(f"longitudes {lon.shape} and latitudes {lat.shape} must be two arrays of one length")
    found: NDArray[np.object_] = np.full(lon.shape, None, dtype=object)
    missing = ~(np.isfinite(lon) & np.isfinite(lat))
    out = ~missing & ~_inside(lon, lat, (-180.0, -90.0, 180.0, 90.0))
    zero = ~missing & ~out & (lon == 0.0) & (lat == 0.0)
    away = np.zeros_like(out) if area is None else ~(missing | out | zero) & ~_inside(lon, lat, area)
    for i in np.flatnonzero(missing | out | zero | away):
        found[i] = _problem(lon[i], lat[i], bool(missing[i]), bool(out[i]), bool(zero[i]), area)
    return found


def check_lonlat(
    lon: NDArray[np.float64], lat: NDArray[np.float64], area: Sequence[float] | None = None
) -> None:
    """Pass when every coordinate pair is good; ValueError with the first bad row (from 0) otherwise."""
    problems = lonlat_problems(lon, lat, area)
    bad = np.flatnonzero(problems != np.array(None))
    if len(bad):
        raise ValueError(f"{len(bad)} bad coordinates, first at position {bad[0]}: {problems[bad[0]]}")


def _problem(
    lon: float, lat: float, missing: bool, out: bool, zero: bool, area: Sequence[float] | None
) -> Sentence:
    x, y = f"{lon:.10g}", f"{lat:.10g}"
    if missing:
        return Sentence(
            "longitude %(lon)s, latitude %(lat)s: a coordinate is missing; give both in degrees", lon=x, lat=y
        )
    if zero:
        return Sentence(
            "longitude %(lon)s, latitude %(lat)s is a place-holder, not a place; give the real coordinates",
            lon=x,
            lat=y,
        )
    west, south, east, north = area if area is not None else (-180.0, -90.0, 180.0, 90.0)
    if _inside(lat, lon, (west, south, east, north)):
        return Sentence(
            "longitude %(lon)s, latitude %(lat)s look swapped (the other way round they are in place); "
            "give longitude first",
            lon=x,
            lat=y,
        )
    if out:
        return Sentence(
            "longitude %(lon)s, latitude %(lat)s are out of range (longitude -180 to 180, latitude -90 to 90)"
            "; give decimal degrees",
            lon=x,
            lat=y,
        )
    return Sentence(
        "longitude %(lon)s, latitude %(lat)s lie outside the site's area %(west)s to %(east)s E, "
        "%(south)s to %(north)s N; correct them, or check the datum and the columns",
        lon=x,
        lat=y,
        west=f"{west:.4f}",
        east=f"{east:.4f}",
        south=f"{south:.4f}",
        north=f"{north:.4f}",
    )


def _inside(lon: NDArray[np.float64] | float, lat: NDArray[np.float64] | float, area: Sequence[float]) -> Any:
    west, south, east, north = area
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _need_crs(frame: gpd.GeoSeries | gpd.GeoDataFrame) -> None:
    if frame.crs is None:
        raise ValueError("the frame has no CRS; set EPSG:4326 once its datum is known (geo.datums)")


def _lonlat_bounds(where: Sequence[float] | gpd.GeoSeries | gpd.GeoDataFrame) -> Bounds:
    if isinstance(where, gpd.GeoSeries | gpd.GeoDataFrame):
        _need_crs(where)
        # Transform the bounds, not every geometry: only the centre matters.
        west, south, east, north = where.total_bounds
        if not np.isfinite([west, south, east, north]).all():
            raise ValueError("no CRS can be chosen for an empty frame; give it at least one geometry")
        box = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=where.crs)
        west, south, east, north = box.to_crs(LONLAT).total_bounds
    else:
        west, south, east, north = (float(value) for value in where)
    if not (-180.0 <= west <= east <= 180.0 and -90.0 <= south <= north <= 90.0):
        raise ValueError(
            f"bounds {west}, {south}, {east}, {north} are not west, south, east, north in degrees; "
            "longitude comes first"
        )
    return float(west), float(south), float(east), float(north)


def true_north_deg(points: gpd.GeoSeries) -> NDArray[np.float64]:
    """Grid azimuth of true north at each point.

    Parameters
    ----------
    points : (n,) GeoSeries of Point
        In a projected CRS.

    Returns
    -------
    (n,) array of float
        Degrees clockwise from grid north. Add it to an azimuth against true north, as a compass or a frame
        gives it, to get the one against the grid. Up to 2.6° at the edge of a UTM zone at 60° latitude,
        which turns the far end of a 60 m sector by nearly 3 m.

    Notes
    -----
    PROJ's factor `meridian_convergence`, with its sign turned: PROJ counts from true to grid north.
    """
    crs = need_metric(points.crs, "the points")
    lonlat = points.to_crs(LONLAT)
    if points.empty:
        # PROJ takes no empty array.
        return np.empty(0)
    factors = Proj(crs).get_factors(lonlat.x.to_numpy(), lonlat.y.to_numpy())
    return -np.asarray(factors.meridian_convergence, dtype=np.float64)
