"""What the pictures themselves tell (视频质量诊断): which frames cannot be used, and whose clock is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from cameras.frames.columns import LOST_EVENT, NO_TIME, BoolArray, FloatArray, FrameBatch, Int64Array

#: Why a stretch of time is as it is; the place of a word is its code. The first seven are said of frames
#: (`diagnose`), the last three of silence (`cameras.availability`).
REASONS: Final = (
    "",
    "dark",
    "bright",
    "flat",
    "blurred",
    "blocked",
    "frozen",
    "lost",
    "silent",
    "source_silent",
)
FINE, DARK, BRIGHT, FLAT, BLURRED, BLOCKED, FROZEN, LOST, SILENT, SOURCE_SILENT = range(len(REASONS))


@dataclass(frozen=True)
class Thresholds:
    """From when on a picture cannot be used. Defaults are those of one vendor's settings (DOMAIN §5).

    Parameters
    ----------
    dark_luma, bright_luma : float
        Mean brightness of an 8-bit picture below and above which it is dark or bright.
    flat_contrast : float
        Spread of an 8-bit picture below which it is flat.
    blurred_sharpness : float
        Points of 100 below which it is blurred.
    frozen_similarity : float
        Share in [0, 1] above which a picture is like the one before.
    frozen_frames : int
        So many such frames one after another are a frozen picture.
    clock_error_s : float
        An on-screen time further off than this is wrong.
    clock_drift_s : float
        A wrong clock is called constant while it stays this close to its usual error. Chosen here: the screen
        shows whole seconds, and the time of a frame is known to about one.
    lost_intervals : float
        A camera is lost, and a source silent, after so many expected intervals without a frame.
    """

    dark_luma: float = 30.0
    bright_luma: float = 220.0
    flat_contrast: float = 25.0
    blurred_sharpness: float = 50.0
    frozen_similarity: float = 0.95
    frozen_frames: int = 10
    clock_error_s: float = 60.0
    clock_drift_s: float = 5.0
    lost_intervals: float = 2.5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("dark_luma", 0.0, 255.0),
            ("bright_luma", 0.0, 255.0),
            ("flat_contrast", 0.0, 255.0),
            ("blurred_sharpness", 0.0, 100.0),
            ("frozen_similarity", 0.0, 1.0),
            ("clock_error_s", 0.0, np.inf),
            ("clock_drift_s", 0.0, np.inf),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"threshold {name} {value} is outside [{low:g}, {high:g}]; give one inside")
        if self.dark_luma > self.bright_luma:
            raise ValueError(
                f"dark_luma {self.dark_luma} is above bright_luma {self.bright_luma}; exchange them"
            )
        if self.frozen_frames < 1:
            raise ValueError(f"frozen_frames {self.frozen_frames} is below 1; give a number of frames")
        # One interval or less would call a camera lost between two frames that come as expected.
        if not 1.0 < self.lost_intervals < np.inf:
            raise ValueError(f"lost_intervals {self.lost_intervals} is not above 1; give for example 2.5")


def diagnose(frames: FrameBatch, thresholds: Thresholds | None = None) -> tuple[BoolArray, NDArray[np.int8]]:
    """Which frames cannot be used, and why.

    Parameters
    ----------
    frames : FrameBatch
        By camera and time (`FrameBatch.in_order`). A missing measure says nothing against a frame.
    thresholds : Thresholds, optional

    Returns
    -------
    (n,) array of bool, (n,) array of int8
        Degraded or not, and the place of the reason in `REASONS`; of several the first of dark, blocked,
        bright, flat, blurred, frozen. A loss event is no picture and has no diagnosis.

    Raises
    ------
    ValueError
        When the frames are not in order.

    Notes
    -----
    Blocked is flat and blurred at once while there is light: a dark picture is flat and blurred by itself.
    Frozen marks the whole run of frames alike from its first, counted within one camera and source, for
    similarity is measured against the frame before of that source. Frozen comes last because a dark or
    blocked picture does not change either.
    """
    limits = Thresholds() if thresholds is None else thresholds
    if not frames.is_sorted:
        raise ValueError("frames are not sorted by camera, time and source; call in_order() first")
    is_picture = frames.event != LOST_EVENT
    dark = frames.luma < limits.dark_luma
    flat = frames.contrast < limits.flat_contrast
    blurred = frames.sharpness < limits.blurred_sharpness
    reason = np.zeros(len(frames), dtype=np.int8)
    # From the last to the first: what is written later counts more.
    reason[_frozen(frames, is_picture, limits)] = FROZEN
    reason[blurred] = BLURRED
    reason[flat] = FLAT
    reason[frames.luma > limits.bright_luma] = BRIGHT
    reason[flat & blurred] = BLOCKED
    reason[dark] = DARK
    reason[~is_picture] = FINE
    return reason != FINE, reason


def _frozen(frames: FrameBatch, is_picture: BoolArray, limits: Thresholds) -> BoolArray:
    alike = (frames.similarity > limits.frozen_similarity) & is_picture
    if not alike.any():
        return alike
    # A camera seen by two sources has two series of pictures, interleaved in time.
    order = np.lexsort((frames.captured_ms, frames.source, frames.camera))
    in_run = _long_runs(
        frames.camera[order], frames.source[order].astype(np.int64), alike[order], limits.frozen_frames
    )
    frozen = np.zeros(len(frames), dtype=bool)
    frozen[order] = in_run
    return frozen


@njit(nogil=True, cache=True)
def _long_runs(camera: Int64Array, source: Int64Array, alike: BoolArray, at_least: int) -> BoolArray:
    found = np.zeros(len(alike), dtype=np.bool_)
    start = 0
    for i in range(len(alike) + 1):
        goes_on = (
            i < len(alike)
            and alike[i]
            and (start == i or (camera[i] == camera[start] and source[i] == source[start]))
        )
        if goes_on:
            continue
        if i - start >= at_least:
            found[start:i] = True
        # A frame that is alike but of another series begins its own run.
        start = i if i < len(alike) and alike[i] else i + 1
    return found


def clock_findings(frames: FrameBatch, thresholds: Thresholds | None = None) -> pd.DataFrame:
    """Cameras whose on-screen clock was wrong: a finding about the camera, not a loss of its picture.

    Parameters
    ----------
    frames : FrameBatch
        In any order. Frames without an on-screen time say nothing.
    thresholds : Thresholds, optional

    Returns
    -------
    DataFrame
        One row for each such camera, by camera: `camera`, `offset_s` (median of on-screen time minus time of
        capture over its wrong frames), `start_ms` and `end_ms` (from its first wrong frame to just after its
        last), `frames` (how many were wrong), `share` (of those with an on-screen time), `constant` (whether
        all stayed within `clock_drift_s` of the median).
    """
    limits = Thresholds() if thresholds is None else thresholds
    shown = np.flatnonzero(frames.osd_ms != NO_TIME)
    offset_s: FloatArray = (frames.osd_ms[shown] - frames.captured_ms[shown]) / 1000.0
    readings = pd.DataFrame(
        {"camera": frames.camera[shown], "captured_ms": frames.captured_ms[shown], "offset_s": offset_s}
    )
    wrong = readings[readings["offset_s"].abs() > limits.clock_error_s]
    by_camera = wrong.groupby("camera")
    found = by_camera.agg(
        offset_s=("offset_s", "median"),
        start_ms=("captured_ms", "min"),
        end_ms=("captured_ms", "max"),
        frames=("offset_s", "size"),
        lowest=("offset_s", "min"),
        highest=("offset_s", "max"),
    )
    found["end_ms"] += 1
    found["share"] = found["frames"] / readings.groupby("camera").size().reindex(found.index)
    found["constant"] = (found["highest"] - found["offset_s"] <= limits.clock_drift_s) & (
        found["offset_s"] - found["lowest"] <= limits.clock_drift_s
    )
    return found.drop(columns=["lowest", "highest"]).reset_index()
