"""The sweep over time: milliseconds by rank for every signature and slot.

Atoms that lie in the same footprints of the same poses share one timeline. Such a set of atoms is a
*signature*; the sweep walks each once, over the merged breakpoints of its cameras' segments and the slots.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cameras.causes import AT_LEVEL, COVERED, N_RANKS, NOT_MEASURED, USABLE, camera_rank
from cameras.ground import Incidence
from cameras.timetable import Timetable

IntArray = NDArray[np.int64]

# Thresholds are compared in millionths.
PPM = 1_000_000


@dataclass(frozen=True, eq=False)
class Signatures:
    """Atoms by the footprints they lie in.

    `of_atom` gives the signature of every atom; entries of signature `s` are `first[s]` to `first[s + 1]`, by
    camera and then pose: `pose` and `bits` as in `Incidence`.
    """

    of_atom: IntArray
    first: IntArray
    pose: IntArray
    bits: NDArray[np.uint8]


def group_rows(first: IntArray, tokens: IntArray) -> tuple[IntArray, IntArray]:
    """Number rows of a ragged table so that equal rows, and only they, have equal numbers.

    Parameters
    ----------
    first : (n + 1,) array of int
        Tokens of row i are tokens[first[i]:first[i + 1]].
    tokens : (k,) array of int

    Returns
    -------
    group : (n,) array of int
        0..m-1.
    example : (m,) array of int
        The first row of each group.

    Notes
    -----
    Derived here: rows are sorted into a tree, one level for each position in the row. Exact, unlike a hash.
    """
    n = len(first) - 1
    _, token = np.unique(tokens, return_inverse=True)
    width = int(token.max(initial=0)) + 1
    length = np.diff(first)
    label = np.zeros(n, np.int64)
    used = 1
    rows = np.arange(n)
    for depth in range(int(length.max(initial=0))):
        rows = rows[length[rows] > depth]
        branches, branch = np.unique(label[rows] * width + token[first[rows] + depth], return_inverse=True)
        label[rows] = used + branch
        used += len(branches)
    _, example, group = np.unique(label, return_index=True, return_inverse=True)
    return group.astype(np.int64), example.astype(np.int64)


def group_by_signature(incidence: Incidence, pose_camera: IntArray) -> Signatures:
    """Atoms grouped by equal incidence."""
    n_atoms = len(incidence.first) - 1
    atom = np.repeat(np.arange(n_atoms), np.diff(incidence.first))
    # Entries of one camera must stand together for the sweep.
    order = np.lexsort((incidence.pose, pose_camera[incidence.pose], atom))
    pose, bits = incidence.pose[order], incidence.bits[order]
    of_atom, example = group_rows(incidence.first, pose * 8 + bits)
    length = np.diff(incidence.first)[example]
    first = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
    entry = np.repeat(incidence.first[example] - first[:-1], length) + np.arange(first[-1])
    return Signatures(of_atom, first, pose[entry], bits[entry])


def timelines(
    wanted: IntArray, signatures: Signatures, timetable: Timetable, slots: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """The sweep's full result for the wanted signatures: (n, slots, 9), (n, slots), (n, slots) ms."""
    shape = (len(wanted), len(slots) - 1)
    cause_ms = np.zeros((*shape, N_RANKS), np.int64)
    possible_ms, twice_ms = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    _sweep(
        wanted,
        signatures.first,
        signatures.pose,
        signatures.bits,
        timetable.pose_camera,
        timetable.certain,
        timetable.first,
        timetable.end_ms,
        timetable.state,
        timetable.moved,
        timetable.look,
        timetable.nominal,
        slots,
        cause_ms,
        possible_ms,
        twice_ms,
    )
    return cause_ms, possible_ms, twice_ms


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
def _sweep(  # type: ignore[no-untyped-def]
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
