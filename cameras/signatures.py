"""Signatures: sets of atoms that lie in the same footprints of the same poses, and so share one timeline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.causes import N_RANKS
from cameras.ground import Incidence
from cameras.sweep import sweep
from cameras.timetable import Timetable

IntArray = NDArray[np.int64]


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
    # Entries of one camera stand together, so that the sweep walks its segments once.
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
    sweep(
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
