"""The maximal covering location problem, with candidates that also uncover: re-aims of existing cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Covering:
    """Points to be covered, what covers them already, and what each candidate would change.

    Point p is covered while its count is above 0: `base[p]`, plus 1 for each chosen candidate with a 1 at p,
    minus 1 for each with a −1. A new camera has 1 where it sees. A re-aim has 1 where the camera would see
    anew and −1 where it sees now and would no longer; where it sees both ways nothing changes. So any set of
    new cameras and re-aims is counted exactly, as long as a camera is re-aimed once.

    Parameters
    ----------
    weight : (n,) array of int
        What each point is worth, 0 or more: whole numbers, so that gains add up exactly.
    base : (n,) array of int
        How many existing cameras cover each point.
    change : (m, n) sparse array of 1 and −1
        One row a candidate.
    group : (m,) array of int
        Candidates of one spot, or re-aims of one camera; groups are 0..g−1.
    capacity : (g,) array of int
        How many candidates of each group may be chosen.
    kind : (m,) array of int, optional
        Candidates of one kind share a count: new cameras are bought, re-aims are not. One kind by default.

    Raises
    ------
    ValueError
        For shapes that do not fit, values out of their limits, a −1 where nothing covers, or a group of
        capacity above 1 with a −1 in it.

    Notes
    -----
    Church and ReVelle, The maximal covering location problem, Papers in Regional Science 32 (1974) 101–118,
    with a capacity for each spot. The count form is derived here.
    """

    weight: IntArray
    base: IntArray
    change: sparse.csr_array
    group: IntArray
    capacity: IntArray
    kind: IntArray | None = None

    def __post_init__(self) -> None:
        m, n = self.change.shape
        if self.weight.shape != (n,) or self.base.shape != (n,) or self.group.shape != (m,):
            raise ValueError(
                f"{m} candidates × {n} points, but {self.weight.shape} weights, {self.base.shape} bases and "
                f"{self.group.shape} groups"
            )
        if (self.weight < 0).any() or (self.base < 0).any() or (self.capacity < 0).any():
            raise ValueError("a weight, base or capacity is below 0; give whole numbers, 0 or more")
        if m and not (self.group.min() >= 0 and self.group.max() < len(self.capacity)):
            raise ValueError(f"groups run from 0 to {len(self.capacity) - 1}, one for each capacity")
        if self.kind is not None and (self.kind.shape != (m,) or (self.kind < 0).any()):
            raise ValueError("kinds are one number a candidate, 0 or more")
        if not np.isin(self.change.data, (-1, 1)).all():
            raise ValueError("a change is neither 1 nor -1; leave a 0 out")
        rows, points = self.change.nonzero()
        down = self.change.data < 0
        if (self.base[points[down]] < 1).any():
            raise ValueError("a re-aim uncovers a point that no existing camera covers")
        if (self.capacity[self.group[rows[down]]] > 1).any():
            raise ValueError("one camera cannot be re-aimed twice; give its group a capacity of 1")

    @property
    def points(self) -> int:
        """How many points there are."""
        return int(self.change.shape[1])

    @property
    def candidates(self) -> int:
        """How many candidates there are."""
        return int(self.change.shape[0])

    @cached_property
    def kinds(self) -> IntArray:
        """Kind of each candidate."""
        return np.zeros(self.candidates, np.int64) if self.kind is None else self.kind.astype(np.int64)

    def budget(self, count: int | Sequence[int]) -> IntArray:
        """How many may be chosen of each kind, from one count for all kinds or one a kind.

        Raises
        ------
        ValueError
            For a count below 0, or another number of counts than there are kinds.
        """
        last = int(self.kinds.max(initial=0))
        found = np.atleast_1d(np.asarray(count, dtype=np.int64))
        if (found < 0).any():
            raise ValueError(f"count {count} is below 0; give how many cameras to place")
        if len(found) <= last:
            raise ValueError(f"{len(found)} counts for {last + 1} kinds of candidates; give one for each")
        return found

    @cached_property
    def by_point(self) -> sparse.csc_array:
        """The same changes, by point."""
        return self.change.tocsc()

    def counts(self, chosen: IntArray) -> IntArray:
        """How many cameras cover each point once these candidates are chosen."""
        found: IntArray = self.base + np.asarray(self.change[chosen].sum(axis=0)).ravel().astype(np.int64)
        return found

    def value(self, chosen: IntArray) -> int:
        """Weight of the points covered once these candidates are chosen."""
        return int(self.weight[self.counts(chosen) > 0].sum())

    def fits(self, chosen: IntArray) -> bool:
        """Whether no candidate stands twice and every group keeps its capacity."""
        used = np.bincount(self.group[chosen], minlength=len(self.capacity))
        return len(np.unique(chosen)) == len(chosen) and bool((used <= self.capacity).all())

    def merged(self) -> tuple[Covering, int]:
        """The same problem with points that no choice tells apart made one, and the weight it leaves out.

        Left out are points that are covered, or not, whatever is chosen; the weight is that of the covered.
        """
        columns = self.by_point
        # A point that keeps a camera whatever is re-aimed is covered for good.
        downs = np.zeros(self.points, np.int64)
        np.add.at(downs, self.change.indices[self.change.data < 0], 1)
        fixed = self.base > downs
        seen: dict[tuple[int, bytes, bytes], int] = {}
        kept: list[int] = []
        weights: list[int] = []
        pointer, rows, signs = columns.indptr, columns.indices, columns.data
        for point in np.flatnonzero(~fixed & (np.diff(pointer) > 0) & (self.weight > 0)):
            part = slice(pointer[point], pointer[point + 1])
            key = (int(self.base[point]), rows[part].tobytes(), signs[part].tobytes())
            place = seen.setdefault(key, len(kept))
            if place == len(kept):
                kept.append(int(point))
                weights.append(0)
            weights[place] += int(self.weight[point])
        inert = ~fixed & (np.diff(pointer) == 0) & (self.base > 0)
        at = np.array(kept, dtype=np.int64)
        small = Covering(
            np.array(weights, dtype=np.int64),
            self.base[at],
            sparse.csr_array(columns[:, at].tocsr()),
            self.group,
            self.capacity,
            self.kind,
        )
        return small, int(self.weight[fixed | inert].sum())


@dataclass(frozen=True, eq=False)
class Siting:
    """Candidates chosen, and how good the choice is.

    Parameters
    ----------
    chosen : (k,) array of int
        Rows of the candidates, the one that gains most first, then the one that gains most beside it, and
        so on.
    gains : (k,) array of int
        Weight that each adds to those before it; they add up to `value − before`.
    before, value : int
        Covered weight without and with them.
    bound : int
        No choice of as many candidates covers more.
    bound_by : str
        What gave the bound: "all" (everything that can be covered is), "greedy" (marginal gains),
        "lagrange" (relaxation) or "exact" (HiGHS).
    greedy : int
        Covered weight of the plain greedy choice, for comparison.
    status : str
        "optimal" (value = bound), "bounded" (heuristic, with its bound), or "stopped" (HiGHS ran into its
        time limit before it closed the gap).
    """

    chosen: IntArray
    gains: IntArray
    before: int
    value: int
    bound: int
    bound_by: str
    greedy: int
    status: str

    @property
    def gap(self) -> float:
        """How far the bound lies above the value, as a share of the bound; 0 when optimal."""
        return (self.bound - self.value) / self.bound if self.bound else 0.0
