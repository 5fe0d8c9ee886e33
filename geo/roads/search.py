"""Shortest paths on a graph in compressed rows, by (duration, distance) in exact integers.

Own code where `scipy.sparse.csgraph.dijkstra` would do: SciPy gives one weight only, so the length of the
fastest route would need a second pass, it cannot stop once all targets are reached, and ties between equally
fast routes would be settled by the order of its heap. SciPy is the oracle of the tests; `bench/matrix.py`
measures both side by side on 50,000 nodes and 500 × 500 stops.

Duration and distance travel together in one integer, `milliseconds · 2³⁴ + millimetres`: comparing two such
keys compares durations first, distances second, and adding them adds both. The distance part holds 17,179 km;
routes are cut at LONGEST_MS (74 hours), in which nothing below 64 m/s gets farther.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

_BITS = 34
_MASK = 2**_BITS - 1
FAR = 2**62
LONGEST_MS = 2**28 - 2


def packed(ms: IntArray, mm: IntArray) -> IntArray:
    """Keys of durations and distances."""
    keys: IntArray = (ms << _BITS) | mm
    return keys


def last_key(limit_ms: int) -> int:
    """The largest key whose duration is `limit_ms` or, when that is less, LONGEST_MS."""
    return ((min(limit_ms, LONGEST_MS) + 1) << _BITS) - 1


def unpacked(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Durations and distances of keys; -1 for FAR."""
    reached = keys < FAR
    return np.where(reached, keys >> _BITS, -1), np.where(reached, keys & _MASK, -1)


@njit(nogil=True, cache=True)
def _settle(
    indptr: IntArray,
    head: IntArray,
    weight: IntArray,
    source: int,
    targets: NDArray[np.bool_],
    limit: int,
    key: IntArray,
    arc: IntArray,
    heap: IntArray,
) -> None:
    """Fill `key` and `arc` from one source; `heap` is work space of (arcs + 1, 2)."""
    key[:] = FAR
    arc[:] = -1
    left = 0
    for i in range(len(targets)):
        left += targets[i]
    # A four-way heap of (key, node); each arc pushes at most once, outdated entries are passed over.
    key[source] = 0
    heap[0, 0], heap[0, 1] = 0, source
    size = 1
    while size > 0 and left > 0:
        top, node = heap[0, 0], heap[0, 1]
        size -= 1
        last_key, last_node = heap[size, 0], heap[size, 1]
        at = 0
        while True:
            child = 4 * at + 1
            if child >= size:
                break
            least, least_key = child, heap[child, 0]
            for other in range(child + 1, min(child + 4, size)):
                if heap[other, 0] < least_key:
                    least, least_key = other, heap[other, 0]
            if least_key >= last_key:
                break
            heap[at, 0], heap[at, 1] = least_key, heap[least, 1]
            at = least
        heap[at, 0], heap[at, 1] = last_key, last_node
        if top > key[node]:
            continue
        left -= targets[node]
        for k in range(indptr[node], indptr[node + 1]):
            to = head[k]
            new = top + weight[k]
            if new < key[to] and new <= limit:
                key[to], arc[to] = new, k
                at = size
                size += 1
                while at > 0:
                    parent = (at - 1) >> 2
                    if heap[parent, 0] <= new:
                        break
                    heap[at, 0], heap[at, 1] = heap[parent, 0], heap[parent, 1]
                    at = parent
                heap[at, 0], heap[at, 1] = new, to


@njit(nogil=True, cache=True)
def search(
    indptr: IntArray,
    head: IntArray,
    weight: IntArray,
    source: int,
    targets: NDArray[np.bool_],
    limit: int,
) -> tuple[IntArray, IntArray]:
    """Fastest routes from one node, the shorter of equally fast ones, until every target is settled.

    Parameters
    ----------
    indptr, head, weight : arrays of int64
        Arcs of node i are indptr[i]:indptr[i + 1]; weights are keys (`packed`), >= 0.
    source : int
    targets : (n,) array of bool
        The search stops once all of them are settled.
    limit : int
        Key beyond which nodes are not reached.

    Returns
    -------
    key : (n,) array of int64
        Of the route to each node; FAR where not reached. Final at targets and at nodes nearer than the last
        of them.
    arc : (n,) array of int64
        The arc by which each node is reached; -1 at the source and where not reached.
    """
    key = np.empty(len(indptr) - 1, dtype=np.int64)
    arc = np.empty(len(indptr) - 1, dtype=np.int64)
    heap = np.empty((len(head) + 1, 2), dtype=np.int64)
    _settle(indptr, head, weight, source, targets, limit, key, arc, heap)
    return key, arc


@njit(nogil=True, cache=True)
def table(indptr: IntArray, head: IntArray, weight: IntArray, stops: IntArray, limit: int) -> IntArray:
    """Keys of the routes between all `stops` (node numbers), (n, n); FAR where not reached."""
    keys = np.empty((len(stops), len(stops)), dtype=np.int64)
    targets = np.zeros(len(indptr) - 1, dtype=np.bool_)
    for stop in stops:
        targets[stop] = True
    # Work space once for all sources: fresh pages for each of them cost more than the search.
    key = np.empty(len(indptr) - 1, dtype=np.int64)
    arc = np.empty(len(indptr) - 1, dtype=np.int64)
    heap = np.empty((len(head) + 1, 2), dtype=np.int64)
    for i in range(len(stops)):
        _settle(indptr, head, weight, stops[i], targets, limit, key, arc, heap)
        for j in range(len(stops)):
            keys[i, j] = key[stops[j]]
    return keys


def route(arc: IntArray, tail: IntArray, source: int, target: int) -> IntArray:
    """The arcs from source to target in order of travel; empty when target is the source.

    `arc` is what `search` gave for the source, `tail` the node each arc leaves. ValueError when the target
    was not reached.
    """
    arcs = []
    node = target
    while node != source:
        if arc[node] < 0:
            raise ValueError(f"node {target} is not reached from node {source}")
        arcs.append(int(arc[node]))
        node = int(tail[arc[node]])
    return np.array(arcs[::-1], dtype=np.int64)
