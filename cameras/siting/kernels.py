"""Moves on a choice, compiled: what a candidate gains now is kept exact by touching only what changed.

A lazy queue (CELF) would not do: with re-aims a gain can grow while others are chosen, because what a
re-aimed camera leaves is seen by then, so that an old gain is no bound. Gains here are never old.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cameras.siting.covering import Covering

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
# Changes by candidate and by point (pointer, index, sign each), and the weights.
Fixed = tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray, IntArray]
# Room of groups, what is left of kinds, who is chosen; group and kind of each candidate.
Limits = tuple[IntArray, IntArray, BoolArray, IntArray, IntArray]


class State:
    """A choice in the making: counts of points, gains of candidates, room of groups, who is chosen.

    `budget` is how many of each kind there may be; without one there is no limit.
    """

    def __init__(self, problem: Covering, budget: IntArray | None = None) -> None:
        rows, columns = problem.change, problem.by_point
        self.problem = problem
        self.fixed: Fixed = (
            rows.indptr.astype(np.int64),
            rows.indices.astype(np.int64),
            rows.data.astype(np.int64),
            columns.indptr.astype(np.int64),
            columns.indices.astype(np.int64),
            columns.data.astype(np.int64),
            problem.weight.astype(np.int64),
        )
        self.group, self.kind = problem.group.astype(np.int64), problem.kinds
        endless = np.full(int(self.kind.max(initial=0)) + 1, np.iinfo(np.int64).max)
        self.left = (endless if budget is None else budget).astype(np.int64).copy()
        self.counts = problem.base.astype(np.int64).copy()
        self.gains = self._gains()
        self.room = problem.capacity.astype(np.int64).copy()
        self.chosen = np.zeros(problem.candidates, np.bool_)

    def _gains(self) -> IntArray:
        """Gains from nothing: new ground that nobody covers, less ground that hangs on a re-aimed camera."""
        change, weight = self.problem.change, self.problem.weight
        alone, bare = weight * (self.counts == 1), weight * (self.counts == 0)
        up, down = change.copy(), change.copy()
        up.data, down.data = (change.data > 0).astype(np.int64), (change.data < 0).astype(np.int64)
        gains: IntArray = (up @ bare - down @ alone).astype(np.int64)
        return gains

    @property
    def value(self) -> int:
        """Covered weight."""
        return int(self.problem.weight[self.counts > 0].sum())

    def picks(self) -> IntArray:
        """Who is chosen, by row."""
        return np.flatnonzero(self.chosen)

    def shift(self, candidate: int, direction: int) -> None:
        """Choose a candidate (1) or give it up (−1)."""
        _shift(candidate, direction, self.counts, self.gains, self.fixed)
        self.room[self.group[candidate]] -= direction
        self.left[self.kind[candidate]] -= direction
        self.chosen[candidate] = direction > 0

    def may(self, candidate: int) -> bool:
        """Whether a candidate is free to be chosen."""
        open_ = self.room[self.group[candidate]] > 0 and self.left[self.kind[candidate]] > 0
        return bool(open_ and not self.chosen[candidate])

    def fill(self) -> IntArray:
        """Choose the best candidates while the budget lasts and they gain; answers who, in order."""
        limits = self.room, self.left, self.chosen, self.group, self.kind
        return _fill(self.counts, self.gains, limits, self.fixed)

    def exchange(self) -> None:
        """Give one up for a better one until no such exchange is left."""
        limits = self.room, self.left, self.chosen, self.group, self.kind
        _exchange(self.counts, self.gains, limits, self.fixed)

    def become(self, chosen: IntArray) -> None:
        """Turn into this choice."""
        wanted = np.zeros(len(self.chosen), np.bool_)
        wanted[chosen] = True
        for candidate in np.flatnonzero(self.chosen & ~wanted):
            self.shift(int(candidate), -1)
        for candidate in np.flatnonzero(wanted & ~self.chosen):
            self.shift(int(candidate), 1)


@njit(nogil=True, cache=True)
def _shift(candidate: int, direction: int, counts: IntArray, gains: IntArray, fixed: Fixed) -> None:
    row_ptr, row_at, row_sign, col_ptr, col_at, col_sign, weight = fixed
    for k in range(row_ptr[candidate], row_ptr[candidate + 1]):
        point = row_at[k]
        old = counts[point]
        new = old + row_sign[k] * direction
        counts[point] = new
        bare = weight[point] * (np.int64(new == 0) - np.int64(old == 0))
        alone = weight[point] * (np.int64(new == 1) - np.int64(old == 1))
        if bare == 0 and alone == 0:
            continue
        for m in range(col_ptr[point], col_ptr[point + 1]):
            if col_sign[m] > 0:
                gains[col_at[m]] += bare
            else:
                gains[col_at[m]] -= alone


@njit(nogil=True, cache=True)
def _best(gains: IntArray, limits: Limits) -> int:
    """Who gains most among those that may be chosen, the first of equals; -1 when none gains."""
    room, left, chosen, group, kind = limits
    best, most = -1, 0
    for i in range(len(gains)):
        if gains[i] > most and not chosen[i] and room[group[i]] > 0 and left[kind[i]] > 0:
            best, most = i, gains[i]
    return best


@njit(nogil=True, cache=True)
def _take(candidate: int, direction: int, limits: Limits) -> None:
    room, left, chosen, group, kind = limits
    room[group[candidate]] -= direction
    left[kind[candidate]] -= direction
    chosen[candidate] = direction > 0


@njit(nogil=True, cache=True)
def _fill(counts: IntArray, gains: IntArray, limits: Limits, fixed: Fixed) -> IntArray:
    order = np.empty(len(gains), np.int64)
    taken = 0
    while True:
        best = _best(gains, limits)
        if best < 0:
            return order[:taken]
        _shift(best, 1, counts, gains, fixed)
        _take(best, 1, limits)
        order[taken] = best
        taken += 1


@njit(nogil=True, cache=True)
def _exchange(counts: IntArray, gains: IntArray, limits: Limits, fixed: Fixed) -> None:
    better = True
    while better:
        better = False
        for one in np.flatnonzero(limits[2]):
            out = int(one)
            _shift(out, -1, counts, gains, fixed)
            _take(out, -1, limits)
            best = _best(gains, limits)
            if best < 0 and gains[out] <= 0:
                # It adds nothing, so it stays out.
                better = better or gains[out] < 0
                continue
            # Equal gains keep who was there: otherwise two equals would take turns for ever.
            if best < 0 or gains[best] <= gains[out]:
                best = out
            else:
                better = True
            _shift(best, 1, counts, gains, fixed)
            _take(best, 1, limits)
        if len(_fill(counts, gains, limits, fixed)):
            better = True
