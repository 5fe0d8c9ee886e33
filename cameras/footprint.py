"""The ground one camera pose can see, in the plane or over low walls."""

import math
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from cameras.levels import pixels_per_metre
from cameras.optics import far_edge_m, level_range_m, near_edge_m
from geo.crs import need_metric
from geo.sightlines import obstruction_edges, visible_areas

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DIMENSIONS = ("2d", "2.5d")
_NEEDED = ("azimuth_deg", "hfov_deg", "width_px")


def footprints(
    cameras: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    *,
    level: str | float,
    dimension: str = "2d",
    target_height_m: float = 1.5,
) -> gpd.GeoSeries:
    """Ground that each camera sees at a pixel-density level, behind obstructions.

    A sector around the azimuth: the level's range taken radially (the conservative reading: towards the sides
    of the picture a flat sensor has more pixels per degree), the dead zone cut, hidden parts cut.

    Parameters
    ----------
    cameras : GeoDataFrame
        One row a camera pose, any index, duplicates allowed, in a projected CRS in metres. Geometry Point;
        azimuth_deg, clockwise from grid north (NaN = circle); hfov_deg, in (0, 360] (360 = circle); width_px.
        Optional, NaN = not known: range_m (a cap), mount_height_m, tilt_deg (positive down), vfov_deg; and
        azimuth_tolerance_deg, 0 when left out: what any azimuth within ± tolerance could see; and assumed,
        names of assumed fields joined by commas (`cameras.optics.completed`).
    obstructions : GeoDataFrame
        Polygon or MultiPolygon, in the same CRS. Empty ones hide nothing.
        Column height_m, NaN = not known, above ground; needed in 2.5d, without effect in 2d.
    level : str or float
        Name of a level (`cameras.levels`) or pixels per metre.
    dimension : str
        "2d": every obstruction hides whatever its height. "2.5d": an obstruction is a solid of its height on
        flat ground, and the camera sees over what is lower than its sightline.
    target_height_m : float
        Height of what is looked at; without effect in 2d, where the ground itself is looked at.

    Returns
    -------
    GeoSeries of Polygon or MultiPolygon
        On the cameras' index and CRS, every geometry valid. An empty polygon when nothing is seen: the camera
        is inside an obstruction, its whole field looks above the horizon, or it sees no ground in range. A
        camera on a façade sees outwards and nothing inwards. In 2.5d islands behind low walls make a
        MultiPolygon, and a camera above the roof that it stands on sees over that roof.

    Raises
    ------
    ValueError
        For a CRS that is missing, not in metres or not the same; for a missing column; and for an impossible
        value, naming the camera, the value, the limit and the remedy.

    Notes
    -----
    Range = min(level range, far edge, range_m). The level range keeps the camera's own HFOV when a tolerance
    widens the sector. The far edge limits only where the highest ray meets the ground, tilt > VFOV/2; the
    near edge cuts only where height, tilt and VFOV are known. Formulas: `cameras.optics`, DOMAIN §2. Grid
    north is used as it is: in a projected zone it differs from true north by the meridian convergence.

    In 2.5d a camera at height h sees a target at height z over a roof at height f < h again from
    b · (h − z) / (h − f) on, where b is how far away sight leaves the building (`geo.shadows.hiding`). The
    building's own ground is never seen. Not known is taken against the camera: an obstruction without
    height_m, and every obstruction for a camera whose mount_height_m is missing or assumed, hides as in 2d.
    So in 2.5d a camera sees all that it sees in 2d, and more only where heights are known.
    """
    check_dimension(dimension, target_height_m)
    check_frames(cameras, obstructions)
    solid = obstructions.geometry.to_numpy()
    density = pixels_per_metre(level)
    if dimension == "2d":
        return _visible(cameras, solid, density)
    if "height_m" not in obstructions:
        raise ValueError("obstructions have no column height_m; add it, NaN = not known, or take '2d'")
    roof_m = _numbers(obstructions, "height_m", "obstructions")
    _refuse(
        "obstruction",
        obstructions.index,
        ~(_above(roof_m) | np.isnan(roof_m)),
        roof_m,
        "is not above 0; give metres above ground, NaN = unknown",
        "height_m",
    )
    return _visible(cameras, solid, density, roof_m, target_height_m)


def check_dimension(dimension: str, target_height_m: float) -> None:
    """ValueError unless it is one of `DIMENSIONS`, and a height of 0 m or more."""
    if dimension not in DIMENSIONS:
        raise ValueError(f"dimension {dimension!r} is not known; give '2d' or '2.5d'")
    if not (math.isfinite(target_height_m) and target_height_m >= 0):
        raise ValueError(f"target_height_m {target_height_m} is not a height; give metres, 0 or more")


def sectors(cameras: gpd.GeoDataFrame, *, level: str | float) -> gpd.GeoSeries:
    """Ground that each camera would see at a level if nothing stood in the way.

    As `footprints` without obstructions, with the same parameters, shape and errors; a footprint lies inside
    its sector. What a sector has more is *occluded* (DESIGN §4).
    """
    check_frames(cameras)
    return _visible(cameras, np.empty(0, dtype=object), pixels_per_metre(level))


def _visible(
    cameras: gpd.GeoDataFrame,
    obstructions: NDArray[np.object_],
    density: float,
    roof_m: FloatArray | None = None,
    target_m: float = 0.0,
) -> gpd.GeoSeries:
    missing = [name for name in _NEEDED if name not in cameras]
    if missing:
        raise ValueError(f"cameras have no column {', '.join(missing)}; add it, azimuth_deg NaN = circle")
    values = {
        name: _numbers(cameras, name)
        for name in (*_NEEDED, "range_m", "mount_height_m", "tilt_deg", "vfov_deg", "azimuth_tolerance_deg")
    }
    _refuse_values(cameras.index, values)
    near, far = _reach(values, density)
    width = np.where(
        np.isnan(values["azimuth_deg"]), 360.0, values["hfov_deg"] + 2 * values["azimuth_tolerance_deg"]
    )
    points = cameras.geometry.to_numpy()
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    close = _within(xy, far, obstructions)
    areas = visible_areas(
        xy,
        values["azimuth_deg"],
        width,
        near,
        far,
        obstruction_edges(obstructions[close], None if roof_m is None else roof_m[close]),
        eye_m=None if roof_m is None else _known_height_m(cameras, values["mount_height_m"]),
        target_m=target_m,
    )
    return gpd.GeoSeries(areas, index=cameras.index, crs=cameras.crs)


def _known_height_m(cameras: gpd.GeoDataFrame, height_m: FloatArray) -> FloatArray:
    """Mounting heights that somebody told: an assumed one sets the dead zone, but never looks over a wall."""
    if "assumed" not in cameras:
        return height_m
    assumed = cameras["assumed"].fillna("").map(lambda names: "mount_height_m" in names.split(","))
    return np.where(assumed.to_numpy(dtype=bool), np.nan, height_m)


def _reach(values: dict[str, FloatArray], density: float) -> tuple[FloatArray, FloatArray]:
    """Near and far limit of each camera, metres; far 0 where no ground is in the field at all."""
    optics = values["mount_height_m"], values["tilt_deg"], values["vfov_deg"]
    near = np.nan_to_num(near_edge_m(*optics), nan=0.0, posinf=np.inf)
    far = level_range_m(values["width_px"], values["hfov_deg"], density)
    # fmin takes the number where the other is NaN, that is: not known, no limit.
    far = np.fmin(np.fmin(far, far_edge_m(*optics)), values["range_m"])
    # Needs no height: rays above the horizon never come down.
    above = values["tilt_deg"] + values["vfov_deg"] / 2.0 <= 0.0
    return near, np.where(above, 0.0, far)


def _within(xy: FloatArray, far: FloatArray, obstructions: NDArray[np.object_]) -> BoolArray:
    """Whose box meets the box of all views: a city is not indexed for one street's cameras."""
    if not len(xy):
        return np.zeros(len(obstructions), dtype=bool)
    low, high = (xy - far[:, None]).min(axis=0), (xy + far[:, None]).max(axis=0)
    box = shapely.bounds(obstructions).reshape(-1, 4)
    return np.all((box[:, 2:] >= low) & (box[:, :2] <= high), axis=1)


def _numbers(frame: pd.DataFrame, name: str, what: str = "cameras") -> FloatArray:
    if name not in frame:
        return np.full(len(frame), 0.0 if name == "azimuth_tolerance_deg" else np.nan)
    try:
        return pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{what}: column {name} is not numeric ({error}); give numbers, NaN = unknown"
        ) from None


def check_frames(cameras: gpd.GeoDataFrame, obstructions: gpd.GeoDataFrame | None = None) -> None:
    """ValueError unless both are in one projected CRS in metres, all points and all polygons.

    Raises
    ------
    TypeError
        When one is no GeoDataFrame.
    ValueError
        Naming the frame and its CRS, or the camera or obstruction and its geometry, with the remedy. Missing
        and empty obstructions pass, missing and empty points do not.
    """
    for what, frame in (("cameras", cameras), ("obstructions", obstructions)):
        if frame is not None:
            if not isinstance(frame, gpd.GeoDataFrame):
                raise TypeError(f"{what} is a {type(frame).__name__}; give a GeoDataFrame")
            need_metric(frame.crs, what)
    points = cameras.geometry.to_numpy()
    # x is NaN for anything but a point, and an error for an empty one.
    there = np.where(shapely.is_empty(points), None, points)
    placed = np.isfinite(shapely.get_x(there)) & np.isfinite(shapely.get_y(there))
    _refuse(
        "camera", cameras.index, ~placed, points, "is not a point with finite x and y; give one in metres"
    )
    if obstructions is None:
        return
    if cameras.crs != obstructions.crs:
        both = f"{cameras.crs.to_string()} and {obstructions.crs.to_string()}"
        raise ValueError(f"cameras and obstructions are in two CRS, {both}; bring both into one with to_crs")
    shapes = obstructions.geometry.to_numpy()
    solid = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    flat = np.isin(shapely.get_type_id(shapes), (3, 6))
    _refuse(
        "obstruction",
        obstructions.index,
        solid & ~flat,
        shapes,
        "is not Polygon or MultiPolygon; leave it out",
    )
    endless = solid & ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    _refuse(
        "obstruction",
        obstructions.index,
        endless,
        shapes,
        "has coordinates that are not finite; leave it out",
    )


def _refuse_values(index: pd.Index, values: dict[str, FloatArray]) -> None:
    """ValueError for the first camera with an impossible value."""
    for name, possible, remedy in _POSSIBLE:
        value = values[name]
        if name == "azimuth_tolerance_deg":
            value = np.where(np.isnan(values["azimuth_deg"]), 0.0, value)
        _refuse("camera", index, ~possible(value), value, remedy, name)


def _refuse(
    what: str, index: pd.Index, bad: BoolArray, values: NDArray[Any], remedy: str, name: str = "geometry"
) -> None:
    if not bad.any():
        return
    row = int(np.argmax(bad))
    key = index[row]
    key = key.item() if isinstance(key, np.generic) else key
    others = f" (and {bad.sum() - 1} more)" if bad.sum() > 1 else ""
    raise ValueError(f"{what} {key!r}{others}: {name} {values[row]} {remedy}")


def _above(value: FloatArray) -> BoolArray:
    return (value > 0) & np.isfinite(value)


#: Column, what it may be, and what to say when it is not.
_POSSIBLE: tuple[tuple[str, Callable[[FloatArray], BoolArray], str], ...] = (
    (
        "hfov_deg",
        lambda v: (v > 0) & (v <= 360),
        "is outside (0, 360]; give degrees, or take assumed ones from cameras.optics.completed",
    ),
    (
        "width_px",
        _above,
        "is not above 0; give pixels, or take assumed ones from cameras.optics.completed",
    ),
    (
        "azimuth_deg",
        lambda v: ~np.isinf(v),
        "is not finite; give degrees clockwise from north, NaN = unknown",
    ),
    (
        "azimuth_tolerance_deg",
        lambda v: (v >= 0) & np.isfinite(v),
        "is below 0 or not finite; give degrees, 0 = exact",
    ),
    ("range_m", lambda v: (v > 0) | np.isnan(v), "is not above 0; give metres, NaN = no cap"),
    (
        "mount_height_m",
        lambda v: _above(v) | np.isnan(v),
        "is not above 0; give metres above ground, NaN = unknown",
    ),
    (
        "tilt_deg",
        lambda v: (np.abs(v) <= 90) | np.isnan(v),
        "is outside [-90, 90]; give degrees, downwards positive, NaN = unknown",
    ),
    (
        "vfov_deg",
        lambda v: ((v > 0) & (v <= 180)) | np.isnan(v),
        "is outside (0, 180]; give degrees, NaN = unknown",
    ),
)
