"""Compiled kernels over time: what a segment of evidence gives an atom, and everything that asks for it.

They stand in one file on purpose. Numba's cache follows changes of the file a kernel stands in, not of files
it calls: a rule kept elsewhere could change without its callers being compiled again.
"""

import numpy as np
from numba import njit

from cameras.causes import (
    AT_LEVEL,
    AT_LOWEST,
    COVERED,
    DEGRADED,
    LOST,
    LOST_QUALITY,
    MOVED,
    N_RANKS,
    NO_CAMERA,
    NOT_MEASURED,
    OCCLUDED,
    OUTAGE,
    RESOLUTION,
    UNCERTAIN,
    UNMEASURED,
    UNOBSTRUCTED,
    USABLE,
)

# Thresholds are compared in millionths.
PPM = 1_000_000


@njit(nogil=True, cache=True)
def camera_rank(  # type: ignore[no-untyped-def]  # compiled; the types are those of the docstring
    state, moved, look_is_certain, nominal_is_certain, look_bits, nominal_bits
):
    """Lowest rank that one camera gives one atom while one segment of evidence lasts.

    Parameters
    ----------
    state : int
        USABLE, DEGRADED, OUTAGE or NOT_MEASURED.
    moved : bool
        The camera was live and off its nominal pose.
    look_is_certain, nominal_is_certain : bool
        Whether the pose looked at (the nominal one unless live) and the nominal pose are certain.
    look_bits, nominal_bits : int
        Incidence bits of the atom with those two poses; 0 where a pose is unknown.

    Returns
    -------
    int
        0 (covered) to 8 (no_camera).

    Notes
    -----
    DESIGN §4, table of causes, read for one camera. `uncertain` and `occluded` hold in any state: which way
    a camera points and what stands before it do not depend on whether it works tonight.
    """
    if look_is_certain and look_bits & AT_LEVEL and state == USABLE:
        return COVERED
    if moved and nominal_is_certain and nominal_bits & AT_LEVEL:
        return MOVED
    if state == DEGRADED and look_is_certain and look_bits & AT_LEVEL:
        return LOST_QUALITY
    if state == OUTAGE and nominal_is_certain and nominal_bits & AT_LEVEL:
        return LOST
    if state == NOT_MEASURED and nominal_is_certain and nominal_bits & AT_LEVEL:
        return UNMEASURED
    if not look_is_certain and look_bits & AT_LEVEL:
        return UNCERTAIN
    if state == USABLE and look_is_certain and look_bits & AT_LOWEST:
        return RESOLUTION
    if look_bits & UNOBSTRUCTED:
        return OCCLUDED
    return NO_CAMERA


@njit(nogil=True, cache=True)
def pose_bits(pose, low, high, entry_pose, entry_bits):  # type: ignore[no-untyped-def]
    """Bits of a pose among the entries low..high of a signature; 0 if it is unknown or not among them."""
    if pose >= 0:
        for entry in range(low, high):
            if entry_pose[entry] == pose:
                return np.int64(entry_bits[entry])
    return np.int64(0)


@njit(nogil=True, cache=True)
def segment_rank(  # type: ignore[no-untyped-def]
    segment, low, high, entry_pose, entry_bits, certain, state, moved, look, nominal
):
    """Rank and possible coverage that a segment gives a signature; its camera's entries are low..high."""
    looked = pose_bits(look[segment], low, high, entry_pose, entry_bits)
    meant = pose_bits(nominal[segment], low, high, entry_pose, entry_bits)
    look_is_certain = look[segment] >= 0 and certain[look[segment]]
    nominal_is_certain = nominal[segment] >= 0 and certain[nominal[segment]]
    rank = camera_rank(state[segment], moved[segment], look_is_certain, nominal_is_certain, looked, meant)
    # `look` is the nominal pose of a camera that was not measured.
    is_possible = (state[segment] == USABLE or state[segment] == NOT_MEASURED) and looked & AT_LEVEL
    return rank, np.int64(1 if is_possible else 0)


@njit(nogil=True, cache=True)
def sweep(  # type: ignore[no-untyped-def]
    wanted,
    first,
    entry_pose,
    entry_bits,
    pose_camera,
    certain,
    segment_first,
    end_ms,
    state,
    moved,
    look,
    nominal,
    slots,
    cause_ms,
    possible_ms,
    twice_ms,
):
    """Walk the merged breakpoints of each signature's cameras and the slots, adding up milliseconds."""
    most = 1
    for s in wanted:
        most = max(most, first[s + 1] - first[s])
    low = np.empty(most + 1, np.int64)
    segment = np.empty(most, np.int64)
    rank = np.empty(most, np.int64)
    possible = np.empty(most, np.int64)
    for row in range(len(wanted)):
        s = wanted[row]
        n = 0
        camera = -1
        for entry in range(first[s], first[s + 1]):
            if pose_camera[entry_pose[entry]] != camera:
                camera = pose_camera[entry_pose[entry]]
                low[n] = entry
                segment[n] = segment_first[camera]
                n += 1
        low[n] = first[s + 1]
        for k in range(n):
            rank[k], possible[k] = segment_rank(
                segment[k], low[k], low[k + 1], entry_pose, entry_bits, certain, state, moved, look, nominal
            )
        slot = 0
        now = slots[0]
        while now < slots[-1]:
            until = slots[slot + 1]
            best = N_RANKS - 1
            covering = 0
            any_possible = 0
            for k in range(n):
                until = min(until, end_ms[segment[k]])
                best = min(best, rank[k])
                covering += rank[k] == COVERED
                any_possible |= possible[k]
            lasts = until - now
            cause_ms[row, slot, best] += lasts
            if any_possible:
                possible_ms[row, slot] += lasts
            if covering >= 2:
                twice_ms[row, slot] += lasts
            now = until
            if now == slots[-1]:
                break
            if now == slots[slot + 1]:
                slot += 1
            for k in range(n):
                if end_ms[segment[k]] == now:
                    segment[k] += 1
                    rank[k], possible[k] = segment_rank(
                        segment[k],
                        low[k],
                        low[k + 1],
                        entry_pose,
                        entry_bits,
                        certain,
                        state,
                        moved,
                        look,
                        nominal,
                    )


@njit(nogil=True, cache=True)
def open_slots(cause_ms, slots, threshold_ppm, leading):  # type: ignore[no-untyped-def]
    """Open time and milliseconds by rank inside it, by leading cause; writes `leading`."""
    n, n_slots, n_ranks = cause_ms.shape
    open_ms = np.zeros((n, n_ranks), np.int64)
    in_open = np.zeros((n, n_ranks, n_ranks), np.int64)
    for row in range(n):
        for slot in range(n_slots):
            length = slots[slot + 1] - slots[slot]
            if cause_ms[row, slot, COVERED] * PPM >= threshold_ppm * length:
                continue
            lead = 1
            for rank in range(2, n_ranks):
                if cause_ms[row, slot, rank] > cause_ms[row, slot, lead]:
                    lead = rank
            leading[row, slot] = lead
            open_ms[row, lead] += length
            for rank in range(n_ranks):
                in_open[row, lead, rank] += cause_ms[row, slot, rank]
    return open_ms, in_open


@njit(nogil=True, cache=True)
def concerned_cameras(  # type: ignore[no-untyped-def]
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
