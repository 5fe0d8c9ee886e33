"""Which cameras a gap concerns, for how long, and what their evidence says."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.causes import UNMEASURED
from cameras.coverage import Coverage
from cameras.sweep import concerned_cameras

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
    found = concerned_cameras(
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
