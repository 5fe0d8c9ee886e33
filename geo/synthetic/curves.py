"""Lines as a draughtsman draws them: smooth through given points, bent gently, cut into even steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

FloatArray = NDArray[np.float64]
STEP_M = 18.0


def smooth(points: Sequence[tuple[float, float]], step_m: float = STEP_M) -> shapely.LineString:
    """A line through the points without corners, with a vertex about every `step_m` metres.

    Notes
    -----
    Monotone cubic interpolation (Fritsch and Carlson 1980) of both coordinates over the length along the
    points: it never swings out beyond them, as a spline may.
    """
    xy = np.asarray(points, dtype=np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / step_m) + 1))
    return shapely.LineString(PchipInterpolator(along, xy, axis=0)(at))


def joined(
    start: FloatArray, leaving: FloatArray, end: FloatArray, arriving: FloatArray, *, step_m: float = STEP_M
) -> shapely.LineString:
    """A line that leaves `start` in one direction and arrives at `end` in another (cubic Bézier).

    Parameters
    ----------
    start, end : (2,) arrays of float
        Metres.
    leaving, arriving : (2,) arrays of float
        Unit vectors of travel.
    """
    reach = 0.38 * float(np.hypot(*(end - start)))
    control = np.array([start, start + reach * leaving, end - reach * arriving, end])
    t = np.linspace(0.0, 1.0, max(3, round(2.6 * reach / step_m) + 1))[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return shapely.LineString(weights @ control)


def heading(line: shapely.LineString, at_m: float) -> FloatArray:
    """Unit vector along a line at a distance from its start."""
    near = max(0.0, min(at_m, line.length) - 1.0)
    far = min(line.length, near + 2.0)
    ends = shapely.get_coordinates([line.interpolate(near), line.interpolate(far)])
    step: FloatArray = ends[1] - ends[0]
    return step / np.hypot(*step)


def left_of(vector: FloatArray) -> FloatArray:
    """The vector turned by 90° to the left."""
    return np.array([-vector[1], vector[0]])


def box_beside(
    line: shapely.LineString, at_m: float, side: int, setback_m: float, along_m: float, deep_m: float
) -> shapely.Polygon:
    """A rectangle beside a line: its front parallel to it, `setback_m` off, left (1) or right (-1)."""
    forward = heading(line, at_m)
    out = side * left_of(forward)
    foot = shapely.get_coordinates(line.interpolate(at_m))[0]
    near, far = foot + setback_m * out, foot + (setback_m + deep_m) * out
    half = along_m / 2 * forward
    return shapely.Polygon([near - half, near + half, far + half, far - half])


def inside_box(box: shapely.Polygon, u: float, v: float, width_m: float, depth_m: float) -> shapely.Polygon:
    """A rectangle in the axes of another one (`box_beside`): u from its left front corner along the front, v
    away from the line."""
    corner, along, _, deep = shapely.get_coordinates(box)[:4]
    a, b = along - corner, deep - corner
    a, b = a / np.hypot(*a), b / np.hypot(*b)
    start = corner + u * a + v * b
    return shapely.Polygon(
        [start, start + width_m * a, start + width_m * a + depth_m * b, start + depth_m * b]
    )
