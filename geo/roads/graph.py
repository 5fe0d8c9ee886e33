"""Arcs of one mode, and the same graph with places on the streets as nodes of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Arcs:
    """Directed pieces of edges; all arrays of one length.

    Attributes
    ----------
    tail, head : node numbers
    edge : row of the edge this is a piece of
    start_mm, stop_mm : where on the edge the piece begins and ends, from u; start > stop against the line
    ms : duration
    """

    tail: IntArray
    head: IntArray
    edge: IntArray
    start_mm: IntArray
    stop_mm: IntArray
    ms: IntArray

    @property
    def mm(self) -> IntArray:
        return np.abs(self.stop_mm - self.start_mm)

    def plus(self, other: Arcs) -> Arcs:
        names = ("tail", "head", "edge", "start_mm", "stop_mm", "ms")
        return Arcs(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))

    def by_tail(self, nodes: int) -> tuple[Arcs, IntArray]:
        """The arcs sorted by tail (stable), and where each node's arcs begin."""
        order = np.argsort(self.tail, kind="stable")
        names = ("tail", "head", "edge", "start_mm", "stop_mm", "ms")
        counts = np.bincount(self.tail, minlength=nodes)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Arcs(*(getattr(self, name)[order] for name in names)), indptr


@dataclass(frozen=True, eq=False)
class ModeGraph:
    """What one mode may use.

    Attributes
    ----------
    forward, backward : (edges,) arrays of bool
    edge_ms : (edges,) array of int64
        Duration of the whole edge, the same both ways.
    arcs : Arcs
        Of every usable direction of every edge.
    main : (edges,) array of bool
        Edges with both ends in the largest strongly connected part: from any place on them every other place
        on them is reached, and there is a way back.
    """

    forward: BoolArray
    backward: BoolArray
    edge_ms: IntArray
    arcs: Arcs
    main: BoolArray


def mode_graph(
    nodes: int, u: IntArray, v: IntArray, length_mm: IntArray, edge_ms: IntArray, flags: BoolArray
) -> ModeGraph:
    """The graph of one mode; `flags` is (edges, 2): usable u→v, usable v→u."""
    forward, backward = flags[:, 0], flags[:, 1]
    there, back = np.flatnonzero(forward), np.flatnonzero(backward)
    zero = np.zeros(len(u), dtype=np.int64)
    arcs = Arcs(u[there], v[there], there, zero[there], length_mm[there], edge_ms[there]).plus(
        Arcs(v[back], u[back], back, length_mm[back], zero[back], edge_ms[back])
    )
    main = np.zeros(len(u), dtype=bool)
    if len(arcs.tail):
        ones = np.ones(len(arcs.tail), dtype=np.int8)
        matrix = csr_array((ones, (arcs.tail, arcs.head)), shape=(nodes, nodes))
        _, part = connected_components(matrix, directed=True, connection="strong")
        # Parts are counted by nodes that carry a usable edge: the others are parts of one node each.
        used = np.zeros(nodes, dtype=bool)
        used[arcs.tail], used[arcs.head] = True, True
        largest = int(np.argmax(np.bincount(part[used])))
        inside = part == largest
        main = inside[u] & inside[v] & (forward | backward)
    return ModeGraph(forward, backward, edge_ms, arcs, main)


def with_places(
    graph: ModeGraph,
    nodes: int,
    u: IntArray,
    v: IntArray,
    length_mm: IntArray,
    edge: IntArray,
    at_mm: IntArray,
) -> tuple[Arcs, IntArray]:
    """The arcs with k places on edges as nodes `nodes` … `nodes + k - 1`, sorted by tail, and their starts.

    Parameters
    ----------
    edge, at_mm : (k,) arrays of int64
        Row of the edge and position on it, from u, 0 to its length; no pair twice (two nodes at one place of
        a one-way street would lie a round trip apart).

    Notes
    -----
    The edge's own arcs stay, so passing traffic is untouched; beside them runs a chain u - place - … - v.
    Its durations are differences of rounded positions: they sum to the edge's exactly, so a place on the way
    never makes a route longer and the triangle inequality holds to the millisecond.
    """
    order = np.lexsort((np.arange(len(edge)), at_mm, edge))
    edge_of, place_mm = edge[order], at_mm[order]
    place_ms = (graph.edge_ms[edge_of] * place_mm + length_mm[edge_of] // 2) // length_mm[edge_of]
    first = np.ones(len(order), dtype=bool)
    first[1:] = edge_of[1:] != edge_of[:-1]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = first[1:]
    node = nodes + order
    # Pieces that end at each place, from the one before it or from u; and those from the last place to v.
    zero = np.zeros(len(order), dtype=np.int64)
    before = np.where(first, u[edge_of], np.roll(node, 1))
    before_mm = np.where(first, zero, np.roll(place_mm, 1))
    before_ms = np.where(first, zero, np.roll(place_ms, 1))
    ends = edge_of[last]
    a = np.concatenate([before, node[last]])
    b = np.concatenate([node, v[ends]])
    on = np.concatenate([edge_of, ends])
    a_mm = np.concatenate([before_mm, place_mm[last]])
    b_mm = np.concatenate([place_mm, length_mm[ends]])
    ms = np.concatenate([place_ms - before_ms, graph.edge_ms[ends] - place_ms[last]])
    there, back = graph.forward[on], graph.backward[on]
    chain = Arcs(a[there], b[there], on[there], a_mm[there], b_mm[there], ms[there]).plus(
        Arcs(b[back], a[back], on[back], b_mm[back], a_mm[back], ms[back])
    )
    # A place at the end of an edge is the crossing itself: one may leave it by every street.
    corner = np.flatnonzero((at_mm == 0) | (at_mm == length_mm[edge]))
    at = at_mm[corner]
    place, end = nodes + corner, np.where(at == 0, u[edge[corner]], v[edge[corner]])
    link = Arcs(place, end, edge[corner], at, at, np.zeros(len(at), dtype=np.int64))
    both = link.plus(Arcs(end, place, link.edge, at, at, link.ms))
    return graph.arcs.plus(chain).plus(both).by_tail(nodes + len(edge))
