"""Segments of evidence as flat arrays, checked: what the sweep over time reads."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.causes import DEGRADED, STATES, USABLE

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timetable:
    """SEGMENTS and POSES of all cameras, as arrays.

    `cameras` are the camera ids in ascending order; segments of camera `c` are `first[c]` to `first[c + 1]`
    and tile the period. `look` is the pose a segment is judged by: the one looked at while live, else the
    nominal one. `reason` indexes `reasons`. `pose_camera` gives the position in `cameras` of each pose,
    `certain` whether its footprint is certain.
    """

    cameras: IntArray
    first: IntArray
    start_ms: IntArray
    end_ms: IntArray
    state: NDArray[np.int8]
    moved: NDArray[np.bool_]
    look: IntArray
    nominal: IntArray
    reason: IntArray
    reasons: tuple[str, ...]
    pose_camera: IntArray
    certain: NDArray[np.bool_]


def timetable(poses: DataFrame, segments: DataFrame, start: int, end: int) -> Timetable:
    """SEGMENTS and POSES checked against each other and the period [start, end), epoch milliseconds.

    Raises
    ------
    ValueError
        Naming the camera, if its segments do not tile the period, a pose is unknown or another camera's, a
        state is unknown, a camera is `moved` without being live, or a camera has poses and no segments.
    """
    if not np.array_equal(poses.index.to_numpy(), np.arange(len(poses))):
        raise ValueError(f"POSES: the index is not 0 to {len(poses) - 1}")
    ordered = segments.sort_values(["camera", "start_ms"], kind="stable")
    camera = _column(ordered, "camera", np.int64)
    cameras, first = np.unique(camera, return_index=True)
    bounds = np.append(first, len(camera)).astype(np.int64)
    start_ms, end_ms = _column(ordered, "start_ms", np.int64), _column(ordered, "end_ms", np.int64)
    state = _column(ordered, "state", np.int8)
    moved = _column(ordered, "moved", bool)
    pose, nominal = _column(ordered, "pose", np.int64), _column(ordered, "nominal", np.int64)
    pose_owner = _column(poses, "camera", np.int64)

    is_first, is_last = np.zeros((2, len(camera)), bool)
    is_first[bounds[:-1]] = is_last[bounds[1:] - 1] = True
    before = np.where(is_first, start, np.roll(end_ms, 1))
    is_live = (state == USABLE) | (state == DEGRADED)
    _check(camera, is_first & (start_ms != start), f"has segments that do not begin with the period, {start}")
    _check(camera, start_ms != before, "has a segment that does not begin where the one before ended")
    _check(camera, is_last & (end_ms != end), f"has segments that do not end with the period, {end}")
    _check(camera, end_ms <= start_ms, "has a segment that is empty")
    _check(camera, (state < 0) | (state >= len(STATES)), f"has a state outside 0..{len(STATES) - 1}")
    _check(camera, moved & ~(is_live & (nominal >= 0)), "is moved but not live or has no nominal pose")
    for row, what in ((pose, "pose"), (nominal, "nominal pose")):
        _check(camera, (row < -1) | (row >= len(poses)), f"has a {what} that is no row of POSES")
        owner = np.append(pose_owner, -1)[row]
        _check(camera, (row >= 0) & (owner != camera), f"has a {what} that belongs to another camera")

    position = np.searchsorted(cameras, pose_owner)
    known = np.append(cameras, -1)[position] == pose_owner
    _check(pose_owner, ~known, "has poses but no segments; give segments that tile the period")
    reasons, reason = np.unique(ordered["reason"].astype(str).to_numpy(object), return_inverse=True)
    if len(reasons) > 62:
        raise ValueError(f"SEGMENTS: {len(reasons)} different reasons; at most 62 are told apart")
    return Timetable(
        cameras=cameras,
        first=bounds,
        start_ms=start_ms,
        end_ms=end_ms,
        state=state,
        moved=moved,
        look=np.where(is_live, pose, nominal),
        nominal=nominal,
        reason=reason.astype(np.int64),
        reasons=tuple(reasons),
        pose_camera=position.astype(np.int64),
        certain=_column(poses, "certain", bool),
    )


def _column(frame: DataFrame, name: str, dtype: type[np.generic] | type[bool]) -> NDArray[Any]:
    """A column as an array of its own: kernels are compiled once, for writable arrays, not for views too."""
    return np.array(frame[name].to_numpy(), dtype=dtype)


def _check(camera: IntArray, wrong: NDArray[np.bool_], what: str) -> None:
    """Refuse the first camera that something is wrong with."""
    if wrong.any():
        raise ValueError(f"camera {camera[wrong][0]} {what}")
