"""Upper envelope of segments, the limit of sight of `geo.sightlines`.

A *line* is a row (low, high, value at low, slope): a straight edge seen between the directions t = low and
high (`geo.wedges`). An *envelope* is a row of *pieces* (start, end, number of the line that is nearest there)
with rising t, gaps allowed.

The envelope is built bottom-up by merging pairs, O(n log n) for the envelopes met in practice (Hershberger
1989, "Finding the upper envelope of n line segments in O(n log n) time"). A merge compares two lines only
where both exist and splits where they cross; it assumes no order of edges: they may cross, touch and overlap.
"""

import numba
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Values w closer than this, relatively, are a tie: collinear walls of neighbours must not split each other.
_TIE = 1e-12


@numba.njit(nogil=True, cache=True)
def longer(array: NDArray, room: int) -> NDArray:
    """The 1-D array itself, or a copy of at least twice the length when `room` does not fit."""
    if room <= len(array):
        return array
    copy = np.empty(max(2 * len(array), room), array.dtype)
    copy[: len(array)] = array
    return copy


@numba.njit(nogil=True, cache=True)
def longer_rows(array: NDArray, room: int) -> NDArray:
    """The same for the rows of a 2-D array."""
    if room <= len(array):
        return array
    copy = np.empty((max(2 * len(array), room), array.shape[1]), array.dtype)
    copy[: len(array)] = array
    return copy


@numba.njit(nogil=True, cache=True)
def line_value(lines: FloatArray, line: int, t: float) -> float:
    """Value w of a line in direction t."""
    return lines[line, 2] + lines[line, 3] * (t - lines[line, 0])


@numba.njit(nogil=True, cache=True)
def _push(out: FloatArray, o: int, first: int, start: float, end: float, line: float) -> int:
    """Append a piece, joined with the one before where the same line goes on; the new number of pieces."""
    if end <= start:
        return o
    if o > first and out[o - 1, 2] == line and out[o - 1, 1] == start:
        out[o - 1, 1] = end
        return o
    out[o, 0], out[o, 1], out[o, 2] = start, end, line
    return o + 1


@numba.njit(nogil=True, cache=True)
def _merged(
    lines: FloatArray, old: FloatArray, i: int, i_end: int, j_end: int, out: FloatArray, o: int
) -> int:
    """Merge old[i:i_end] and old[i_end:j_end] into `out` from o on; the new number of pieces."""
    first = o
    j = i_end
    here = -np.inf
    while i < i_end and j < j_end:
        si, sj = max(old[i, 0], here), max(old[j, 0], here)
        if si < sj:
            here = min(old[i, 1], sj)
            o = _push(out, o, first, si, here, old[i, 2])
        elif sj < si:
            here = min(old[j, 1], si)
            o = _push(out, o, first, sj, here, old[j, 2])
        else:
            here = min(old[i, 1], old[j, 1])
            p, q = int(old[i, 2]), int(old[j, 2])
            p0, q0 = line_value(lines, p, si), line_value(lines, q, si)
            p1, q1 = line_value(lines, p, here), line_value(lines, q, here)
            d0, d1 = p0 - q0, p1 - q1
            tie0, tie1 = _TIE * max(p0, q0), _TIE * max(p1, q1)
            if d0 >= -tie0 and d1 >= -tie1:
                o = _push(out, o, first, si, here, p)
            elif d0 <= tie0 and d1 <= tie1:
                o = _push(out, o, first, si, here, q)
            else:
                cross = min(max(si + (here - si) * (d0 / (d0 - d1)), si), here)
                o = _push(out, o, first, si, cross, p if d0 > 0 else q)
                o = _push(out, o, first, cross, here, q if d0 > 0 else p)
        if old[i, 1] <= here:
            i += 1
        if old[j, 1] <= here:
            j += 1
    if i == i_end:
        i, i_end = j, j_end
    while i < i_end:
        o = _push(out, o, first, max(old[i, 0], here), old[i, 1], old[i, 2])
        i += 1
    return o


@numba.njit(nogil=True, cache=True)
def upper_envelope(lines: FloatArray, count: int, chain: int, old: FloatArray, new: FloatArray) -> FloatArray:
    """Upper envelope of lines[:count], of which the last `chain` follow each other end to start.

    `old` and `new` are room to work in, both with at least `count` rows.
    """
    for line in range(count):
        old[line, 0], old[line, 1], old[line, 2] = lines[line, 0], lines[line, 1], line
    runs = count - chain + 1
    bounds = np.arange(runs + 1)
    bounds[runs] = count
    while runs > 1:
        # Merged pieces start or end where an old one does, or where two cross between two such places.
        new = longer_rows(new, 4 * bounds[runs])
        o = 0
        merged = 0
        for run in range(0, runs, 2):
            middle, end = bounds[run + 1], bounds[min(run + 2, runs)]
            o = _merged(lines, old, bounds[run], middle, end, new, o)
            merged += 1
            bounds[merged] = o  # never ahead of the bounds still to be read
        runs = merged
        old, new = new, old
    return old[: bounds[1]]
