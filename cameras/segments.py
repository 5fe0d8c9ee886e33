"""The state of every camera at every instant, from its frames and from what its sources missed."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Final

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from cameras.causes import DEGRADED, NOT_MEASURED, OUTAGE, USABLE
from cameras.diagnosis import ALIVE, FINE, LOST, REASONS, SILENT, SOURCE_SILENT, Thresholds
from cameras.evidence import SourceTable, deliveries, witnesses
from cameras.frames.columns import LOST_EVENT, FrameBatch, Int64Array
from cameras.poses import Poses
from cameras.schedule import nominal_schedule

#: Columns of SEGMENTS, in their order.
SEGMENT_COLUMNS: Final = ("camera", "start_ms", "end_ms", "state", "reason", "pose", "nominal", "moved")


def camera_segments(
    frames: FrameBatch,
    reason: NDArray[np.int8],
    poses: Poses,
    sources: pd.DataFrame,
    period: tuple[int, int],
    *,
    zone: tzinfo,
    expected: pd.DataFrame | None = None,
    thresholds: Thresholds | None = None,
    delivered: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The state of every camera at every instant of a period.

    Parameters
    ----------
    frames : FrameBatch
        In order, of cameras that POSES knows.
    reason : (n,) array of int8
        Of each frame (`cameras.diagnosis.diagnose`).
    poses : Poses
        Its cameras are those for which segments are made.
    sources, period, zone, expected, thresholds
        As in `availability`.
    delivered : DataFrame, optional
        DELIVERIES (`cameras.evidence.deliveries`); those of `frames` when left out.

    Returns
    -------
    DataFrame
        SEGMENTS by camera and start: `camera`, `start_ms`, `end_ms` (half-open; the segments of a camera tile
        the period), `state` (int8: 0 usable, 1 degraded, 2 outage, 3 not measured), `reason` (category of
        `REASONS`), `pose` (row of POSES looked at while live, else -1), `nominal` (row of POSES it should
        have), `moved` (live, measured off its nominal pose, and at no preset of its own).

    Raises
    ------
    ValueError
        For frames out of order, of an unknown camera or source, or a period that is empty.

    Notes
    -----
    A frame is valid on [t, min(next, t + patience)), the next being the next word of the same source about
    the camera: a frame or a loss event. At each instant the valid frame of the best source counts, but none
    that is out of date: a source of the same or a better rank has seen the camera since and now misses it, or
    has since reported it lost. Otherwise this morning's inspection picture would vouch until night for a
    camera that its gateway lost at noon. A source misses a camera while it is a witness
    (`cameras.evidence.witnesses`) and has no valid frame of it.

    Without such a frame the camera is lost from a loss event until its next frame; is lost while one of its
    sources misses it; else it was not measured. A heartbeat is no such frame: while it is valid the camera is
    alive and not measured, unless somebody told the loss of its picture, or a source above it misses the
    camera. The sources of a camera are those that delivered for it in
    `frames`, and the expected ones. A camera that no source knows was not measured, with reason "".
    """
    limits = Thresholds() if thresholds is None else thresholds
    start, end = period
    if start >= end:
        raise ValueError(f"period from {start} to {end} ms is empty; give a start before the end")
    if not frames.is_sorted:
        raise ValueError("frames are not sorted by camera, time and source; call in_order() first")
    known = SourceTable.of(sources, limits.lost_intervals)
    place = known.places(frames.source)
    told = deliveries(frames, known, place) if delivered is None else delivered
    witness = witnesses(told, known, period)
    schedule = nominal_schedule(poses.table, period, zone)
    ids = np.unique(schedule["camera"].to_numpy(dtype=np.int64))
    own_pointer, own_sources = _sources_by_camera(ids, frames, place, known, expected)

    rows = _swept(
        np.append(np.searchsorted(frames.camera, ids), len(frames)).astype(np.int64),
        frames.captured_ms,
        frames.event,
        place,
        reason,
        poses.of_frame,
        own_pointer,
        own_sources,
        known.rank,
        known.shows,
        known.patience_ms,
        witness.pointer,
        witness.start_ms,
        witness.end_ms,
        np.searchsorted(schedule["camera"].to_numpy(), np.append(ids, np.iinfo(np.int64).max)),
        np.array(schedule["start_ms"], dtype=np.int64),
        np.array(schedule["pose"], dtype=np.int64),
        start,
        end,
    )
    return _segments(ids, rows, poses.table)


def _sources_by_camera(
    ids: Int64Array,
    frames: FrameBatch,
    place: Int64Array,
    known: SourceTable,
    expected: pd.DataFrame | None,
) -> tuple[Int64Array, Int64Array]:
    """The source places of each camera place, in one array with pointers."""
    n_sources = max(1, len(known.ids))
    camera = np.searchsorted(ids, frames.camera)
    outside = (camera == len(ids)) | (ids[np.minimum(camera, len(ids) - 1)] != frames.camera)
    if outside.any():
        raise ValueError(f"frames name camera {frames.camera[np.argmax(outside)]}, which has no pose")
    pairs = camera.astype(np.int64) * n_sources + place
    if expected is not None and len(expected):
        named = expected["camera"].to_numpy(dtype=np.int64)
        of_camera = np.searchsorted(ids, named)
        strange = (of_camera == len(ids)) | (ids[np.minimum(of_camera, len(ids) - 1)] != named)
        if strange.any():
            raise ValueError(f"expected names camera {named[np.argmax(strange)]}, which is not known")
        of_source = known.places(expected["source"].to_numpy(dtype=np.int64))
        pairs = np.concatenate([pairs, of_camera.astype(np.int64) * n_sources + of_source])
    pairs = np.unique(pairs)
    pointer = np.searchsorted(pairs // n_sources, np.arange(len(ids) + 1)).astype(np.int64)
    return pointer, pairs % n_sources


# A time before all times, far enough from the end of the numbers to add a patience to.
_NEVER: Final = np.iinfo(np.int64).min // 2
# Columns of the swept rows.
_CAMERA, _START, _END, _STATE, _REASON, _POSE, _NOMINAL = range(7)


def _swept(*arguments: Any) -> Int64Array:
    """The segments as rows: swept once into a guess of the room needed, and again if it was too small."""
    rows = np.empty((max(1024, 8 * len(arguments[0])), 7), dtype=np.int64)
    count = _sweep(rows, *arguments)
    if count > len(rows):
        rows = np.empty((count, 7), dtype=np.int64)
        count = _sweep(rows, *arguments)
    return rows[:count]


@njit(nogil=True, cache=True)
def _listen(
    own: Int64Array,
    patience: Int64Array,
    seen: Int64Array,
    gone: Int64Array,
    witness_pointer: Int64Array,
    witness_start: Int64Array,
    witness_end: Int64Array,
    instant: int,
    stop: int,
    misses: NDArray[np.bool_],
) -> int:
    """Set which sources miss the camera now; returns until when that holds, `stop` at the latest."""
    for source in own:
        misses[source] = False
        until = seen[source] + patience[source]
        if seen[source] > gone[source] and instant < until:
            stop = min(stop, until)
            continue
        low, high = witness_pointer[source], witness_pointer[source + 1]
        at = low + np.searchsorted(witness_end[low:high], instant, side="right")
        if at < high:
            misses[source] = witness_start[at] <= instant
            stop = min(stop, witness_end[at] if misses[source] else witness_start[at])
    return stop


@njit(nogil=True, cache=True)
def _best(
    own: Int64Array,
    rank: Int64Array,
    shows: NDArray[np.bool_],
    patience: Int64Array,
    seen: Int64Array,
    gone: Int64Array,
    misses: NDArray[np.bool_],
    instant: int,
) -> int:
    """The source whose last frame counts now, -1 for none; of one rank the later frame."""
    best = -1
    for source in own:
        counts = shows[source] and seen[source] > gone[source] and instant < seen[source] + patience[source]
        for other in own:
            is_lost = gone[other] > max(seen[other], seen[source])
            is_missed = misses[other] and seen[other] > seen[source]
            if rank[other] >= rank[source] and (is_lost or is_missed):
                counts = False
        if counts and (
            best < 0
            or rank[source] > rank[best]
            or (rank[source] == rank[best] and seen[source] >= seen[best])
        ):
            best = source
    return best


@njit(nogil=True, cache=True)
def _without_picture(
    own: Int64Array,
    rank: Int64Array,
    shows: NDArray[np.bool_],
    patience: Int64Array,
    seen: Int64Array,
    gone: Int64Array,
    misses: NDArray[np.bool_],
    instant: int,
) -> tuple[int, int]:
    """State and reason of a camera that no picture vouches for.

    A heartbeat ends no loss that somebody told of the picture, and the silence of no source above it.
    """
    heard = shown = lost = lost_picture = _NEVER
    alive = -1
    for source in own:
        heard = max(heard, seen[source])
        lost = max(lost, gone[source])
        if shows[source]:
            shown = max(shown, seen[source])
            lost_picture = max(lost_picture, gone[source])
        elif seen[source] > gone[source] and instant < seen[source] + patience[source]:
            alive = max(alive, rank[source])
    if lost > heard or lost_picture > shown:
        return OUTAGE, LOST
    for source in own:
        if misses[source] and rank[source] > alive:
            return OUTAGE, SILENT
    return NOT_MEASURED, ALIVE if alive >= 0 else SOURCE_SILENT


@njit(nogil=True, cache=True)
def _sweep(
    rows: Int64Array,
    pointer: Int64Array,
    captured: Int64Array,
    event: NDArray[np.int8],
    place: Int64Array,
    reason: NDArray[np.int8],
    pose: Int64Array,
    own_pointer: Int64Array,
    own_sources: Int64Array,
    rank: Int64Array,
    shows: NDArray[np.bool_],
    patience: Int64Array,
    witness_pointer: Int64Array,
    witness_start: Int64Array,
    witness_end: Int64Array,
    nominal_pointer: Int64Array,
    nominal_start: Int64Array,
    nominal_pose: Int64Array,
    start: int,
    end: int,
) -> int:
    """Walk through each camera's frames; equal neighbours are one row. Returns how many rows there are."""
    count = 0
    last = np.full(7, -1, dtype=np.int64)
    piece = np.empty(7, dtype=np.int64)
    # Of each source: its last frame of the camera, when that and its last loss event came, and whether it
    # misses the camera now.
    n_sources = len(rank)
    frame = np.full(n_sources, -1, dtype=np.int64)
    seen = np.full(n_sources, _NEVER, dtype=np.int64)
    gone = np.full(n_sources, _NEVER, dtype=np.int64)
    misses = np.zeros(n_sources, dtype=np.bool_)
    for camera in range(len(pointer) - 1):
        own = own_sources[own_pointer[camera] : own_pointer[camera + 1]]
        for source in own:
            frame[source], seen[source], gone[source] = -1, _NEVER, _NEVER
        cursor = start
        nominal = nominal_pointer[camera]
        for i in range(pointer[camera], pointer[camera + 1] + 1):
            is_word = i < pointer[camera + 1]
            upto = min(max(captured[i], start), end) if is_word else end
            while cursor < upto:
                stop = upto
                while nominal + 1 < nominal_pointer[camera + 1] and nominal_start[nominal + 1] <= cursor:
                    nominal += 1
                if nominal + 1 < nominal_pointer[camera + 1]:
                    stop = min(stop, nominal_start[nominal + 1])
                stop = _listen(
                    own,
                    patience,
                    seen,
                    gone,
                    witness_pointer,
                    witness_start,
                    witness_end,
                    cursor,
                    stop,
                    misses,
                )
                best = _best(own, rank, shows, patience, seen, gone, misses, cursor)
                piece[_CAMERA], piece[_START], piece[_END], piece[_POSE] = camera, cursor, stop, -1
                piece[_NOMINAL] = nominal_pose[nominal]
                if best >= 0:
                    piece[_STATE] = USABLE if reason[frame[best]] == FINE else DEGRADED
                    piece[_REASON] = reason[frame[best]]
                    piece[_POSE] = pose[frame[best]]
                elif len(own) == 0:
                    piece[_STATE], piece[_REASON] = NOT_MEASURED, FINE
                else:
                    piece[_STATE], piece[_REASON] = _without_picture(
                        own, rank, shows, patience, seen, gone, misses, cursor
                    )
                goes_on = last[_CAMERA] == camera
                for column in range(_STATE, _NOMINAL + 1):
                    goes_on = goes_on and last[column] == piece[column]
                if goes_on:
                    last[_END] = stop
                else:
                    count += 1
                    last[:] = piece
                if count <= len(rows):
                    rows[count - 1] = last
                cursor = stop
            if cursor >= end:
                break
            if is_word and event[i] == LOST_EVENT:
                gone[place[i]] = captured[i]
            elif is_word:
                frame[place[i]], seen[place[i]] = i, captured[i]
    return count


def _segments(ids: Int64Array, rows: Int64Array, poses: pd.DataFrame) -> pd.DataFrame:
    pose, nominal = rows[:, _POSE], rows[:, _NOMINAL]
    # Only a measured direction can be off: a record's or preset's row is where the camera should be. One that
    # travels should be anywhere.
    measured = ((poses["origin"] == "frame") & poses["x_m"].isna()).to_numpy(dtype=bool)
    moved = np.zeros(len(rows), dtype=bool)
    live = pose >= 0
    moved[live] = measured[pose[live]] & (pose[live] != nominal[live])
    return pd.DataFrame(
        {
            "camera": ids[rows[:, _CAMERA]],
            "start_ms": rows[:, _START],
            "end_ms": rows[:, _END],
            "state": rows[:, _STATE].astype(np.int8),
            "reason": pd.Categorical.from_codes(rows[:, _REASON], categories=pd.Index(REASONS)),
            "pose": pose,
            "nominal": nominal,
            "moved": moved,
        }
    )
