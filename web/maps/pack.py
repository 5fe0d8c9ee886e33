"""Geometries as small as a browser needs them.

Coordinates become whole millionths of a degree (at most 0.11 m), each the difference from the one
before: about 8 bytes a vertex where GeoJSON takes 23. `decode` in ``static/map.js`` is the other half.
"""

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

SCALE = 1_000_000


def packed(geometry: BaseGeometry, *, tolerance_deg: float = 0.0) -> dict[str, Any] | None:
    """A geometry as ``{"t": kind, "c": coordinates}``, None when there is nothing to draw.

    Parameters
    ----------
    geometry : shapely geometry
        Lon, lat. Parts of other kinds than the largest dimension in it are left out.
    tolerance_deg : float
        Douglas–Peucker tolerance, degrees; 0 keeps every vertex.

    Returns
    -------
    dict or None
        kind "point" with one pair; "line" with a list of lines; "polygon" with a list of polygons, each a
        list of rings. A line or ring is ``[x0, y0, dx1, dy1, …]``. What is smaller than a millionth of a
        degree is a point: it is drawn and counted all the same.
    """
    if geometry is None or geometry.is_empty:
        return None
    if tolerance_deg:
        geometry = shapely.simplify(geometry, tolerance_deg)
    parts = shapely.get_parts(shapely.get_parts(geometry))
    dimensions = shapely.get_dimensions(parts)
    parts = parts[dimensions == dimensions.max()] if len(parts) else parts
    if not len(parts):
        return None
    kind = ("point", "line", "polygon")[int(dimensions.max())]
    if kind == "point":
        return {"t": kind, "c": [int(v) for v in _whole(parts[0])[0]]}
    coordinates: list[Any]
    if kind == "line":
        coordinates = [line for part in parts if (line := _differences(part, least=2))]
    else:
        coordinates = []
        for part in parts:
            shell = _differences(part.exterior, least=4)
            if shell:
                holes = [_differences(hole, least=4) for hole in part.interiors]
                coordinates.append([shell, *(hole for hole in holes if hole)])
    if not coordinates:
        return {"t": "point", "c": [int(v) for v in _whole(parts[0])[0]]}
    return {"t": kind, "c": coordinates}


def _whole(part: BaseGeometry) -> np.ndarray:
    return np.rint(shapely.get_coordinates(part) * SCALE).astype(np.int64)


def _differences(part: BaseGeometry, least: int) -> list[int]:
    xy = _whole(part)
    keep = np.ones(len(xy), dtype=bool)
    keep[1:] = np.any(np.diff(xy, axis=0) != 0, axis=1)
    xy = xy[keep]
    if len(xy) < least:
        return []
    xy[1:] = np.diff(xy, axis=0)
    flat: list[int] = xy.ravel().tolist()
    return flat
