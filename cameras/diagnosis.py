"""What the pictures themselves tell (视频质量诊断): which frames cannot be used, and whose clock is wrong.

The measures come from whoever looked at the pictures: a gateway, or our own `cameras.picture`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from cameras.frames.columns import (
    LIMITS,
    LOST_EVENT,
    NO_TIME,
    BoolArray,
    FloatArray,
    FrameBatch,
    Int64Array,
)

#: Why a stretch of time is as it is; the place of a word is its code, so new words come last. Said of frames
#: (`diagnose`), but for lost, silent, source_silent and alive, which are said of what is not seen
#: (`cameras.availability`).
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
    "noisy",
    "tinted",
    "shifted",
    "alive",
)
FINE, DARK, BRIGHT, FLAT, BLURRED, BLOCKED, FROZEN = range(7)
LOST, SILENT, SOURCE_SILENT, NOISY, TINTED, SHIFTED, ALIVE = range(7, len(REASONS))

#: Thresholds that a camera may have of its own, with the measure that each is about. CAMERAS may have columns
#: of these names, NaN where the site's threshold counts.
OWN_THRESHOLDS: Final = {
    "dark_luma": "luma",
    "bright_luma": "luma",
    "flat_contrast": "contrast",
    "blurred_sharpness": "sharpness",
    "frozen_similarity": "similarity",
    "noisy_noise": "noise",
    "tinted_cast": "cast",
    "shifted_shift": "shift",
}

#: Source ids further apart than this are numbered anew, so that a table by id stays small.
_WIDEST_IDS: Final = 1_000_000


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
    noisy_noise : float
        Spread of the noise, in levels of an 8-bit picture, above which it is noisy.
    tinted_cast : float
        Distance of the mean colour from grey above which it has a colour cast.
    shifted_shift : float
        Share of the picture's width by which the scene has moved above which the camera was turned.
    margin_share : float
        How much better a measure must become before a state ends that it began, so that a measure near its
        threshold does not flicker: this share of the way from the threshold to the nearer end of its scale
        (`LIMITS`). 0.1 ends dark at 33 where it began below 30, and bright at 216.5 where it began above 220;
        a clock that was wrong from 60 s on is right again at 54.
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
    # No published figures for these four; worked out on sample pictures (docs/diagnosis.md).
    noisy_noise: float = 6.0
    tinted_cast: float = 30.0
    shifted_shift: float = 0.05
    margin_share: float = 0.1
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
            ("noisy_noise", 0.0, 255.0),
            ("tinted_cast", 0.0, 255.0),
            ("shifted_shift", 0.0, 1.0),
            ("margin_share", 0.0, 1.0),
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

    def margin(self, measure: str, threshold: float | FloatArray) -> float | FloatArray:
        """How far beyond its threshold a measure must be before the state that it began ends."""
        scale = LIMITS[measure]
        return self.margin_share * np.minimum(threshold - scale.low, scale.high - threshold)


def diagnose(
    frames: FrameBatch, thresholds: Thresholds | None = None, cameras: pd.DataFrame | None = None
) -> tuple[BoolArray, NDArray[np.int8]]:
    """Which frames cannot be used, and why.

    Parameters
    ----------
    frames : FrameBatch
        By camera and time (`FrameBatch.in_order`). A missing measure says nothing against a frame.
    thresholds : Thresholds, optional
        Of the site.
    cameras : DataFrame, optional
        CAMERAS by id; those columns of `OWN_THRESHOLDS` that it has count before the site's.

    Returns
    -------
    (n,) array of bool, (n,) array of int8
        Degraded or not, and the place of the reason in `REASONS`; of several the first of dark, blocked,
        bright, flat, blurred, frozen, shifted, noisy, tinted. A loss event is no picture and has none.

    Raises
    ------
    ValueError
        When the frames are not in order.

    Notes
    -----
    Blocked is flat and blurred at once while there is light: a dark picture is flat and blurred by itself.
    Frozen marks the whole run of frames alike from its first, counted within one camera and source, for
    similarity is measured against the frame before of that source. Frozen comes after those because a dark or
    blocked picture does not change either.

    Each measure has a state of its own in each series of frames (one camera, one source): a frame beyond the
    threshold begins it, and it lasts while the frames after it are not better by `Thresholds.margin`. A frame
    without the measure, or a loss event, ends it, for nothing is known between. So a larger margin only makes
    states longer and joins them (a Schmitt trigger).
    """
    limits = Thresholds() if thresholds is None else thresholds
    if not frames.is_sorted:
        raise ValueError("frames are not sorted by camera, time and source; call in_order() first")
    is_picture = frames.event != LOST_EVENT
    states = _States(frames, is_picture, limits, cameras)
    dark = states.below("dark_luma")
    flat = states.below("flat_contrast")
    blurred = states.below("blurred_sharpness")
    reason = np.zeros(len(frames), dtype=np.int8)
    # From the last to the first: what is written later counts more.
    reason[states.above("tinted_cast")] = TINTED
    reason[states.above("noisy_noise")] = NOISY
    reason[states.above("shifted_shift")] = SHIFTED
    reason[states.frozen()] = FROZEN
    reason[blurred] = BLURRED
    reason[flat] = FLAT
    reason[states.above("bright_luma")] = BRIGHT
    reason[flat & blurred] = BLOCKED
    reason[dark] = DARK
    return reason != FINE, reason


class _States:
    """In which frames each state holds, from when it began until it was better by the margin."""

    def __init__(
        self, frames: FrameBatch, is_picture: BoolArray, limits: Thresholds, cameras: pd.DataFrame | None
    ) -> None:
        self.frames = frames
        self.is_picture = is_picture
        self.limits = limits
        self.cameras = cameras
        self._places: Int64Array | None = None

    def below(self, name: str) -> BoolArray:
        """Frames whose state began below a threshold."""
        values, threshold, margin = self._judged(name)
        return self._held(values < threshold, values < threshold + margin)

    def above(self, name: str) -> BoolArray:
        """Frames whose state began above a threshold."""
        values, threshold, margin = self._judged(name)
        return self._held(values > threshold, values > threshold - margin)

    def _judged(self, name: str) -> tuple[FloatArray, float | FloatArray, float | FloatArray]:
        """A measure, its threshold (one for all frames, or one for each), and the margin of that."""
        measure = OWN_THRESHOLDS[name]
        threshold: float | FloatArray = getattr(self.limits, name)
        if self.cameras is not None and name in self.cameras:
            own = self.cameras[name].reindex(self.frames.camera).to_numpy(dtype=np.float64)
            threshold = np.where(np.isnan(own), threshold, own)
        return getattr(self.frames, measure), threshold, self.limits.margin(measure, threshold)

    def frozen(self) -> BoolArray:
        """Frames of runs that began with enough frames alike."""
        similarity, threshold, margin = self._judged("frozen_similarity")
        alike = (similarity > threshold) & self.is_picture
        if not alike.any():
            return alike
        runs = _long_runs(self.frames.camera, self.places, alike, self.limits.frozen_frames)
        return self._held(runs, similarity > threshold - margin)

    def _held(self, begins: BoolArray, lasts: BoolArray) -> BoolArray:
        begins &= self.is_picture
        # Most measures of most days never leave their range.
        if self.limits.margin_share == 0.0 or not begins.any():
            return begins
        return _held(self.frames.camera, self.places, begins, lasts & self.is_picture)

    @property
    def places(self) -> Int64Array:
        """A small number for each frame's source, so that a table by source can be kept."""
        if self._places is None:
            source = self.frames.source
            lowest = int(source.min())
            if int(source.max()) - lowest < _WIDEST_IDS:
                self._places = source.astype(np.int64) - lowest
            else:
                self._places = np.unique(source, return_inverse=True)[1].astype(np.int64)
        return self._places


@njit(nogil=True, cache=True)
def _held(camera: Int64Array, source: Int64Array, begins: BoolArray, lasts: BoolArray) -> BoolArray:
    """Frames in a state: where it begins, and after that while it lasts, in each series by itself.

    Frames stand by camera and time, so the series of a camera are interleaved: a table keeps the state of
    each source, and which camera it was about.
    """
    held = np.zeros(len(begins), dtype=np.bool_)
    n_sources = source.max() + 1 if len(source) else 0
    about = np.zeros(n_sources, dtype=np.int64)
    is_on = np.zeros(n_sources, dtype=np.bool_)
    for i in range(len(begins)):
        place = source[i]
        goes_on = is_on[place] and about[place] == camera[i] and lasts[i]
        held[i] = begins[i] or goes_on
        is_on[place] = held[i]
        about[place] = camera[i]
    return held


@njit(nogil=True, cache=True)
def _long_runs(camera: Int64Array, source: Int64Array, alike: BoolArray, at_least: int) -> BoolArray:
    """Frames of runs of at least so many alike, each series by itself; the table is that of `_held`."""
    found = np.zeros(len(alike), dtype=np.bool_)
    n_sources = source.max() + 1 if len(source) else 0
    about = np.zeros(n_sources, dtype=np.int64)
    length = np.zeros(n_sources, dtype=np.int64)
    start = np.zeros(n_sources, dtype=np.int64)
    for i in range(len(alike)):
        place = source[i]
        if not alike[i]:
            length[place] = 0
            continue
        if length[place] == 0 or about[place] != camera[i]:
            about[place], length[place], start[place] = camera[i], 0, i
        length[place] += 1
        if length[place] == at_least:
            for j in range(start[place], i):
                if source[j] == place:
                    found[j] = True
        if length[place] >= at_least:
            found[i] = True
    return found


def is_clock_wrong(offset_s: float, was_wrong: bool, thresholds: Thresholds) -> bool:
    """Whether a clock so far off is wrong; one that was is right again only when better by the margin."""
    eased = 1.0 - thresholds.margin_share if was_wrong else 1.0
    return abs(offset_s) > thresholds.clock_error_s * eased


def clock_findings(frames: FrameBatch, thresholds: Thresholds | None = None) -> pd.DataFrame:
    """Cameras whose on-screen clock was wrong: a finding about the camera, not a loss of its picture.

    Parameters
    ----------
    frames : FrameBatch
        In any order. Frames without an on-screen time say nothing.
    thresholds : Thresholds, optional
        A clock that is wrong stays so until it is better by the margin (`is_clock_wrong`), by each source.

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
    shown = shown[np.lexsort((frames.source[shown], frames.captured_ms[shown], frames.camera[shown]))]
    offset_s: FloatArray = (frames.osd_ms[shown] - frames.captured_ms[shown]) / 1000.0
    camera = frames.camera[shown].astype(np.int64)
    readings = pd.DataFrame(
        {"camera": camera, "captured_ms": frames.captured_ms[shown], "offset_s": offset_s}
    )
    off_s = np.abs(offset_s)
    places = np.unique(frames.source[shown], return_inverse=True)[1].astype(np.int64)
    lasts = off_s > limits.clock_error_s * (1.0 - limits.margin_share)
    wrong = readings[_held(camera, places, off_s > limits.clock_error_s, lasts)]
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
