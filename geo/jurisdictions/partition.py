"""A graph of neighbours cut into connected groups, and those again, level by level.

Removing one edge of a spanning tree leaves two parts that are each connected: the step of ReCom (DeFord,
Duchin, Solomon 2021, doi 10.1162/99608f92.eb30390f), with the best of many random trees instead of a chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

IntArray = NDArray[np.int64]
Group = list[int]
_TREES = 40


def nested_groups(border: csr_array, counts: Sequence[int], rng: np.random.Generator) -> list[list[Group]]:
    """Groups of leaves for every level from the top; those of one parent stand together, in its order.

    Parameters
    ----------
    border : (n, n) sparse array
        Length of the border between leaves; symmetric, connected.
    counts : sequence of int
        Units on each level, 1 first, n last, never falling.

    Raises
    ------
    ValueError
        No tree tried leaves every parent enough leaves for its children.
    """
    # How many leaves each unit should hold and how many it must, as even as whole numbers allow.
    shares, least = [np.ones(counts[-1], dtype=np.int64)], [np.ones(counts[-1], dtype=np.int64)]
    for above, below in pairwise(reversed(counts)):
        pieces = np.array_split(np.arange(above), below)
        shares.insert(0, np.array([shares[0][piece].sum() for piece in pieces], dtype=np.int64))
        parents = len(shares) == 2
        own = [1 if parents else int(least[0][piece].sum()) for piece in pieces]
        least.insert(0, np.array(own, dtype=np.int64))
    levels = [[list(range(counts[-1]))]]
    for level, (above, below) in enumerate(pairwise(counts), start=1):
        pieces = np.array_split(np.arange(below), above)
        found: list[Group] = []
        for group, piece in zip(levels[-1], pieces, strict=True):
            found += _parts(group, shares[level][piece], least[level][piece], border, rng)
        levels.append(found)
    # The lowest level is the leaves themselves, whatever order the cuts left them in.
    levels[-1] = [[leaf] for group in levels[-2] for leaf in group]
    return levels


def _parts(
    group: Group, shares: IntArray, least: IntArray, border: csr_array, rng: np.random.Generator
) -> list[Group]:
    """A connected group cut into connected parts of about the sizes asked for."""
    if len(shares) == len(group):
        return [[leaf] for leaf in group]
    parts, rest = [], group
    for i in range(len(shares) - 1):
        share = len(rest) * shares[i] / shares[i:].sum()
        part = _cut(rest, round(share), int(least[i]), len(rest) - int(least[i + 1 :].sum()), border, rng)
        parts.append(part)
        gone = set(part)
        rest = [leaf for leaf in rest if leaf not in gone]
    return [*parts, rest]


def _cut(
    group: Group, wanted: int, least: int, most: int, border: csr_array, rng: np.random.Generator
) -> Group:
    """A connected part of `least` to `most` leaves whose removal leaves the rest connected.

    Of the cuts of many random spanning trees the one nearest to `wanted` is taken, then the shortest.
    """
    inside = border[group][:, group].tocoo()
    once = inside.row < inside.col
    a, b, length = inside.row[once], inside.col[once], inside.data[once]
    best: tuple[int, float, NDArray[np.bool_]] | None = None
    for _ in range(_TREES):
        order = rng.permutation(len(a))
        for side in _sides(len(group), a[order].tolist(), b[order].tolist()):
            mark = np.zeros(len(group), dtype=bool)
            mark[side] = True
            for members in (mark, ~mark):
                size = int(members.sum())
                if not least <= size <= most or (best is not None and abs(size - wanted) > best[0]):
                    continue
                score = (abs(size - wanted), float(length[members[a] != members[b]].sum()))
                if best is None or score < best[:2]:
                    best = (*score, members)
    if best is None:
        raise ValueError("no grouping leaves every parent enough grids; ask for more grids or other counts")
    return [group[i] for i in np.flatnonzero(best[2])]


def _sides(count: int, a: list[int], b: list[int]) -> Iterator[list[int]]:
    """For each edge of the spanning tree that grows from edges in this order: the nodes on its far side."""
    root = list(range(count))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    tree: list[list[int]] = [[] for _ in range(count)]
    for i, j in zip(a, b, strict=True):
        if find(i) != find(j):
            root[find(i)] = find(j)
            tree[i].append(j)
            tree[j].append(i)
    above, order = {0: 0}, [0]
    for i in order:
        for j in tree[i]:
            if j not in above:
                above[j] = i
                order.append(j)
    # From the tips inwards: below[i] gathers the subtree that hangs on i.
    below: list[list[int]] = [[i] for i in range(count)]
    for i in reversed(order[1:]):
        below[above[i]] += below[i]
        yield below[i]
