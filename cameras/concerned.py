"""Which cameras a gap concerns, for how long, and what their evidence says."""

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.causes import NO_CAMERA, UNMEASURED
from cameras.coverage import Coverage
from cameras.sweep import segment_rank

IntArray = NDArray[np.int64]


def cameras_concerned(coverage: Coverage, gap: IntArray, row: IntArray, n_gaps: int) -> DataFrame:
    """Cameras whose own rank is the cause of a gap inside its windows.

    Parameters
    ----------
    coverage : Coverage
    gap, row : (k,) arrays of int
        Which rows of `coverage.open_times` the atoms of each gap have, repeats allowed; the rows of one gap
        have the same cause and the same open slots.
    n_gaps : int

    Returns
    -------
    DataFrame
        gap, camera (id), within_ms (inside the windows, of the segments where the camera has that rank for
        one of the gap's atoms), from_ms, until_ms (from the first to the last such segment, also outside the
        windows), reasons (tuple). In the order of gap, then camera. A gap of `no_camera` has none.
    """
    times, timetable, signatures = coverage.open_times, coverage.timetable, coverage.signatures
    pairs = np.unique(np.column_stack((gap, row)), axis=0) if len(row) else np.empty((0, 2), np.int64)
    first = np.searchsorted(pairs[:, 0], np.arange(n_gaps + 1))
    found = _concerned_cameras(
        first,
        times.signature[pairs[:, 1]],
        times.cause[pairs[:, 1]],
        coverage.leading,
        coverage.slots,
        signatures.first,
        signatures.pose,
        signatures.bits,
        timetable.pose_camera,
        timetable.certain,
        timetable.first,
        timetable.start_ms,
        timetable.end_ms,
        timetable.state,
        timetable.moved,
        timetable.look,
        timetable.nominal,
        timetable.reason,
        UNMEASURED,
    )
    masks, back = np.unique(found[:, 5], return_inverse=True)
    named = [
        tuple(r for i, r in enumerate(timetable.reasons) if r and mask >> i & 1) for mask in masks.tolist()
    ]
    frame = DataFrame(found[:, :5], columns=["gap", "camera", "within_ms", "from_ms", "until_ms"])
    frame["camera"] = timetable.cameras[frame["camera"].to_numpy()]
    frame["reasons"] = pd.Series([named[i] for i in back], dtype=object)
    return frame.sort_values(["gap", "camera"], kind="stable").reset_index(drop=True)


@njit(nogil=True, cache=True)
def _concerned_cameras(  # type: ignore[no-untyped-def]
    first,
    signature,
    cause,
    leading,
    slots,
    entry_first,
    entry_pose,
    entry_bits,
    pose_camera,
    certain,
    segment_first,
    start_ms,
    end_ms,
    state,
    moved,
    look,
    nominal,
    reason,
    last_reasoned,
):
    """Rows (gap, camera position, within_ms, from_ms, until_ms, reason bits) of the cameras concerned."""
    out = np.empty((1024, 6), np.int64)
    n = 0
    n_slots = len(slots) - 1
    # Which gap last counted each segment, and the row it last gave each camera: nothing is counted twice.
    counted = np.full(len(start_ms), -1, np.int64)
    row_of_camera = np.full(len(segment_first) - 1, -1, np.int64)
    opened = np.zeros(n_slots + 1, np.int64)
    for gap in range(len(first) - 1):
        at_gap = n
        wanted = cause[first[gap]]
        if wanted == NO_CAMERA:
            continue
        for slot in range(n_slots):
            is_open = leading[signature[first[gap]], slot] == wanted
            opened[slot + 1] = opened[slot] + (slots[slot + 1] - slots[slot] if is_open else 0)
        for pair in range(first[gap], first[gap + 1]):
            s = signature[pair]
            low = entry_first[s]
            while low < entry_first[s + 1]:
                camera = pose_camera[entry_pose[low]]
                high = low + 1
                while high < entry_first[s + 1] and pose_camera[entry_pose[high]] == camera:
                    high += 1
                for segment in range(segment_first[camera], segment_first[camera + 1]):
                    if counted[segment] == gap:
                        continue
                    rank, _ = segment_rank(
                        segment, low, high, entry_pose, entry_bits, certain, state, moved, look, nominal
                    )
                    if rank != wanted:
                        continue
                    within = _opened_before(end_ms[segment], slots, opened) - _opened_before(
                        start_ms[segment], slots, opened
                    )
                    if within == 0:
                        continue
                    counted[segment] = gap
                    row = row_of_camera[camera]
                    if row < at_gap:
                        if n == len(out):
                            out = np.concatenate((out, np.empty_like(out)))
                        row = n
                        row_of_camera[camera] = row
                        out[row] = gap, camera, 0, start_ms[segment], end_ms[segment], 0
                        n += 1
                    out[row, 2] += within
                    out[row, 3] = min(out[row, 3], start_ms[segment])
                    out[row, 4] = max(out[row, 4], end_ms[segment])
                    if rank <= last_reasoned:
                        out[row, 5] |= np.int64(1) << reason[segment]
                low = high
    return out[:n]


@njit(nogil=True, cache=True)
def _opened_before(at, slots, opened):  # type: ignore[no-untyped-def]
    """Open milliseconds before an instant of the period."""
    slot = min(np.searchsorted(slots, at, side="right") - 1, len(slots) - 2)
    if opened[slot + 1] == opened[slot]:
        return opened[slot]
    return opened[slot] + at - slots[slot]
