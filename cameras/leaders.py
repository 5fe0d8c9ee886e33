"""Frames of one pose gathered into one row: leader clustering, each camera in the order of time."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cameras.frames.columns import LOST_EVENT, FloatArray, Int64Array

# Where a pose comes from: a measured record, one with a compass point, one without direction. A variant is
# the record's direction with other optics, told by frames that measure their optics but no direction.
PRESET, MEASURED, COARSE, UNKNOWN, FRAME, VARIANT = range(6)


@njit(nogil=True, cache=True)
def gathered(
    pointer: Int64Array,
    event: NDArray[np.int8],
    azimuth: FloatArray,
    tilt: FloatArray,
    hfov: FloatArray,
    vfov: FloatArray,
    width: FloatArray,
    height: FloatArray,
    place: FloatArray,
    record: FloatArray,
    seed_pointer: Int64Array,
    seeds: FloatArray,
    seed_kind: Int64Array,
    tolerance: FloatArray,
) -> tuple[Int64Array, Int64Array, FloatArray, Int64Array]:
    """Pose rows of all cameras, and the row of each frame.

    Parameters
    ----------
    pointer : (c + 1,) array of int64
        Where each camera's frames begin.
    event, azimuth, tilt, hfov, vfov, width, height : (n,) arrays
        Of the frames, by camera and time; NaN where missing, azimuth in [0, 360).
    place : (n, 3) array
        East, north and height above the ground of a moving camera, metres; NaN where its record says where
        it is, height also where it is not known.
    record : (c, 9) array
        The record's fields in that order from azimuth on, taken for a new row where its frame is silent.
    seed_pointer, seeds, seed_kind : (c + 1,), (s, 9) and (s,) arrays
        The rows that each camera begins with, its default row last.
    tolerance : (4,) array
        Degrees of azimuth and tilt, share of the field of view, metres of place and height.

    Returns
    -------
    (m,) int64, (m,) int64, (m, 9) float64, (n,) int64
        Camera place and kind of each row, its fields, and the row of each frame (-1 for a loss event).
    """
    values = np.empty((2 * len(seeds) + 16, seeds.shape[1]))
    kind = np.empty(len(values), dtype=np.int64)
    owner = np.empty(len(values), dtype=np.int64)
    of_frame = np.full(len(azimuth), -1, dtype=np.int64)
    frame = np.empty(seeds.shape[1])
    count = 0
    for camera in range(len(pointer) - 1):
        first = count
        count = -1
        # The rows must not be replaced while frames are being compared with them: an array that may change
        # in the loop costs the compiled code a count of its users at every access, five times the work.
        while count < 0:
            count = _gather_one(
                values,
                kind,
                of_frame,
                frame,
                first,
                seeds,
                seed_kind,
                seed_pointer[camera],
                seed_pointer[camera + 1],
                pointer[camera],
                pointer[camera + 1],
                event,
                azimuth,
                tilt,
                hfov,
                vfov,
                width,
                height,
                place,
                record,
                camera,
                tolerance,
            )
            if count < 0:
                values, kind, owner = _grown(values, kind, owner)
        owner[first:count] = camera
    return owner[:count], kind[:count], values[:count], of_frame


@njit(nogil=True, cache=True)
def _gather_one(
    values: FloatArray,
    kind: Int64Array,
    of_frame: Int64Array,
    frame: FloatArray,
    first: int,
    seeds: FloatArray,
    seed_kind: Int64Array,
    seed_low: int,
    seed_high: int,
    low: int,
    high: int,
    event: NDArray[np.int8],
    azimuth: FloatArray,
    tilt: FloatArray,
    hfov: FloatArray,
    vfov: FloatArray,
    width: FloatArray,
    height: FloatArray,
    place: FloatArray,
    record: FloatArray,
    camera: int,
    tolerance: FloatArray,
) -> int:
    """Write one camera's rows from `first` on; returns where they end, or -1 when there is no room."""
    count = first + seed_high - seed_low
    if count > len(kind):
        return -1
    values[first:count] = seeds[seed_low:seed_high]
    kind[first:count] = seed_kind[seed_low:seed_high]
    default = count - 1
    before = -1
    for i in range(low, high):
        if event[i] == LOST_EVENT:
            continue
        frame[0], frame[1], frame[2] = azimuth[i], tilt[i], hfov[i]
        frame[3], frame[4], frame[5] = vfov[i], width[i], height[i]
        frame[6:9] = place[i]
        travels = not np.isnan(frame[6])
        is_measured = not np.isnan(frame[0])
        if not is_measured:
            frame[0] = values[default, 0]
        found = -1
        # The row of the frame before is the likeliest, and keeps a pose on a border from flickering. Whoever
        # travels rarely comes back to the very place, and has thousands of rows to be compared with.
        for row in range(first - 1, first if travels else count):
            tried = before if row == first - 1 else row
            if tried < 0:
                continue
            if travels:
                may_fit = is_measured == (kind[tried] == FRAME)
            elif is_measured:
                may_fit = kind[tried] == PRESET or kind[tried] == MEASURED or kind[tried] == FRAME
            else:
                may_fit = tried == default or kind[tried] == VARIANT
            if may_fit and _fits(values, tried, frame, tolerance):
                found = tried
                break
        if found < 0:
            if count == len(kind):
                return -1
            found = count
            count += 1
            # The record speaks only where the frame is silent, and only for a new row: a frame that lacks its
            # field of view fits a preset whose field differs from the record's.
            for field in range(1, len(frame)):
                is_known = not np.isnan(frame[field])
                values[found, field] = frame[field] if is_known else record[camera, field]
            values[found, 0] = frame[0]
            kind[found] = FRAME if is_measured else VARIANT
        else:
            for field in range(1, len(frame)):
                if np.isnan(values[found, field]):
                    values[found, field] = frame[field]
        of_frame[i] = found
        before = found
    return count


@njit(nogil=True, cache=True)
def _fits(values: FloatArray, row: int, frame: FloatArray, tolerance: FloatArray) -> bool:
    """Whether a frame's pose lies within the tolerances of a row's; a field missing on one side fits."""
    # Both azimuths lie in [0, 360), so the shorter way round needs no remainder. Any comparison with NaN is
    # false: only two known values can part a frame from a row.
    turn = abs(frame[0] - values[row, 0])
    return not (
        (turn > tolerance[0] and 360.0 - turn > tolerance[0])
        or abs(frame[1] - values[row, 1]) > tolerance[1]
        or abs(frame[2] - values[row, 2]) > tolerance[2] * values[row, 2]
        or abs(frame[4] - values[row, 4]) > 0.5
        # A place that one side lacks does part them: nowhere is not here.
        or np.isnan(frame[6]) != np.isnan(values[row, 6])
        or abs(frame[6] - values[row, 6]) > tolerance[3]
        or abs(frame[7] - values[row, 7]) > tolerance[3]
        or abs(frame[8] - values[row, 8]) > tolerance[3]
    )


@njit(nogil=True, cache=True)
def _grown(
    values: FloatArray, kind: Int64Array, owner: Int64Array
) -> tuple[FloatArray, Int64Array, Int64Array]:
    """Copies with twice the room and some more."""
    room = 2 * len(kind) + 16
    more_values = np.empty((room, values.shape[1]))
    more_kind = np.empty(room, dtype=np.int64)
    more_owner = np.empty(room, dtype=np.int64)
    more_values[: len(kind)] = values
    more_kind[: len(kind)] = kind
    more_owner[: len(kind)] = owner
    return more_values, more_kind, more_owner
