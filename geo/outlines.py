"""The boundary of what is seen, put together from stretches: kernels of `geo.shadows`.

A *stretch* of the boundary lies on one straight item of a wedge. What is seen in a slab of directions is told
by its *ends*, rows (w, x, y, item, far limit?, stretch), the nearest first: near and far limit in turn. At a
border of slabs the ends on both sides, sorted by w, belong together two by two: each of them changes whether
left or right is seen, and the border is part of the boundary where the two differ. No more has to be known
of the way of the boundary.

`links` says per stretch: whether it is a far limit, where its right and its left end go on (2 · stretch, + 1
more for a left end), the region (a union-find forest), and whether it has been written. `ends` says where the
left and the right end lie, from the viewpoint.
"""

import numba

from geo.envelope import FloatArray, IntArray
from geo.wedges import LEAST_AREA_M2, SAME_POINT_M

#: The item of what begins at the viewpoint itself.
APEX = -1.0


@numba.njit(nogil=True, cache=True)
def _root(links: IntArray, stretch: int) -> int:
    """The stretch that stands for the region of this one."""
    while links[stretch, 3] != stretch:
        links[stretch, 3] = links[links[stretch, 3], 3]
        stretch = links[stretch, 3]
    return stretch


@numba.njit(nogil=True, cache=True)
def _linked(links: IntArray, one: int, one_left: int, other: int, other_left: int) -> None:
    """Let the boundary go on from an end (left or right) of one stretch to an end of another."""
    links[one, 1 + one_left] = 2 * other + other_left
    links[other, 1 + other_left] = 2 * one + one_left
    links[_root(links, one), 3] = _root(links, other)


@numba.njit(nogil=True, cache=True)
def opened(seen: FloatArray, row: int, links: IntArray, ends: FloatArray, count: int) -> int:
    """Begin a stretch at an end of a seen interval; the new number of stretches."""
    if seen[row, 5] >= 0.0:
        return count
    seen[row, 5] = count
    links[count, 0], links[count, 1], links[count, 2] = int(seen[row, 4]), -1, -1
    links[count, 3], links[count, 4] = count, 0
    ends[count, 0], ends[count, 1] = seen[row, 1], seen[row, 2]
    return count + 1


@numba.njit(nogil=True, cache=True)
def paired(
    left: FloatArray,
    right: FloatArray,
    goes_on: bool,
    links: IntArray,
    ends: FloatArray,
    count: int,
) -> int:
    """Join the ends left and right of a border two by two, from the viewpoint outwards.

    With `goes_on` items have the same numbers on both sides, and a stretch runs on. Returns the number of
    stretches.
    """
    i = j = 0
    while i < len(left) or j < len(right):
        first_left = j == len(right) or (i < len(left) and left[i, 0] >= right[j, 0])
        a = i if first_left else j
        i, j = i + first_left, j + (not first_left)
        second_left = j == len(right) or (i < len(left) and left[i, 0] >= right[j, 0])
        b = i if second_left else j
        i, j = i + second_left, j + (not second_left)
        if first_left != second_left:
            m, n = (a, b) if first_left else (b, a)
            if right[n, 5] < 0.0 and left[m, 3] == right[n, 3] and (goes_on or left[m, 3] == APEX):
                right[n, 5] = left[m, 5]
                continue
            count = opened(right, n, links, ends, count)
            one = int(left[m, 5])
            ends[one, 2], ends[one, 3] = left[m, 1], left[m, 2]
            _linked(links, one, 0, int(right[n, 5]), 1)
        elif first_left:
            one, other = int(left[a, 5]), int(left[b, 5])
            ends[one, 2], ends[one, 3] = left[a, 1], left[a, 2]
            ends[other, 2], ends[other, 3] = left[b, 1], left[b, 2]
            _linked(links, one, 0, other, 0)
        else:
            count = opened(right, b, links, ends, opened(right, a, links, ends, count))
            _linked(links, int(right[a, 5]), 1, int(right[b, 5]), 1)
    for n in range(0, len(right), 2):
        one, other = int(right[n, 5]), int(right[n + 1, 5])
        links[_root(links, one), 3] = _root(links, other)
    return count


@numba.njit(nogil=True, cache=True)
def _traced(
    links: IntArray, ends: FloatArray, start: int, view: FloatArray, out: FloatArray, o: int
) -> tuple[int, float]:
    """Write the ring that a stretch is on, what is seen on its left; the point count and its area (m²)."""
    first = o
    stretch, forward = start, links[start, 0] == 1
    while True:
        links[stretch, 4] = 1
        for end in range(2):
            at = 0 if forward == (end == 0) else 2
            x, y = ends[stretch, at] + view[0], ends[stretch, at + 1] + view[1]
            if o == first or abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) >= SAME_POINT_M:
                out[o, 0], out[o, 1] = x, y
                o += 1
        link = links[stretch, 1] if forward else links[stretch, 2]
        stretch, forward = link // 2, link % 2 == 1
        if stretch == start:
            break
    x, y = out[first]
    while o > first + 1 and abs(out[o - 1, 0] - x) + abs(out[o - 1, 1] - y) < SAME_POINT_M:
        o -= 1
    twice = 0.0
    for n in range(first + 1, o - 1):
        twice += (out[n, 0] - x) * (out[n + 1, 1] - y) - (out[n, 1] - y) * (out[n + 1, 0] - x)
    out[o] = out[first]
    return o + 1, 0.5 * twice


@numba.njit(nogil=True, cache=True)
def traced_all(
    links: IntArray, ends: FloatArray, count: int, view: FloatArray, out: FloatArray, rings: FloatArray
) -> int:
    """Write every ring that holds some area to `out`, and to `rings` what it is; the number of rings.

    Rows of `rings`: first point, end, area (m², below 0 a hole), region. One more row begins at the end.
    """
    o = n = 0
    for stretch in range(count):
        if links[stretch, 4] == 0:
            end, area = _traced(links, ends, stretch, view, out, o)
            if abs(area) >= LEAST_AREA_M2:
                rings[n, 0], rings[n, 1], rings[n, 2], rings[n, 3] = o, end, area, _root(links, stretch)
                n += 1
                o = end
    rings[n, 0] = o
    return n
