"""Who comes to a stop first, and whose visits wait for each other so that the stop is crossed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, permutations
from typing import NamedTuple

from patrols.by_hand.ground import Call, Ground, Stop
from patrols.crossing import Visit, is_crossed

# Visits made before that are tried with those of the plan; a month has no more that matter.
MOST_MADE = 8
# Of more visits to one stop only the order of their times is tried.
MOST_ORDERED = 3


class Turns(NamedTuple):
    """What holds at a stop: who must not come before whom, as (a, b, seconds): b starts so long after a.

    Parameters
    ----------
    waits : tuple of (int, int, int)
        Pairs of visits. Seconds below 0: a is held back, so that nobody is missing for too long until b.
    bounds : tuple of (int, int)
        Visits, and the second that each does not start before.
    firsts : frozenset of int
        Visits to which the windows of a first visit apply.
    """

    waits: tuple[tuple[int, int, int], ...]
    bounds: tuple[tuple[int, int], ...]
    firsts: frozenset[int]


class Chain(NamedTuple):
    """Visits that cross a stop, the separation apart: starts of those made before, and the others."""

    before: tuple[int, ...]
    numbers: tuple[int, ...]


NOTHING = Turns((), (), frozenset())


def counted(ground: Ground, stop: Stop, calls: Mapping[int, Call], start: Mapping[int, int]) -> list[Visit]:
    """All visits of a stop by time, those made before first."""
    made = [Visit(one.village, one.start_s, one.end_s) for one in stop.made]
    own = [
        Visit(ground.teams[call.team].village, start[number], start[number] + call.lasts)
        for number, call in calls.items()
    ]
    return sorted([*made, *own], key=lambda visit: visit.start)


def crossed(ground: Ground, stop: Stop, calls: Mapping[int, Call], start: Mapping[int, int]) -> bool:
    """Whether visits at these times cross their stop."""
    here = counted(ground, stop, calls, start)
    return bool(here) and is_crossed(stop.rule, here, ground.until_s, ground.leader)


def as_timed(
    ground: Ground, stop: Stop, calls: Mapping[int, Call], start: Mapping[int, int], *, chained: bool = True
) -> Turns:
    """The turns that visits at these times keep: in their order, and a crossing apart where they are one.

    `chained` False: nobody waits for anybody.
    """
    order = sorted(calls, key=lambda number: (start[number], number))
    firsts = frozenset(number for number in order if not stop.made and start[number] == start[order[0]])
    if not chained:
        return Turns((), (), firsts)
    chain = None
    if crossed(ground, stop, calls, start):
        rule = stop.rule
        fitting = (
            one
            for one in _chains(ground, stop, calls, order)
            if all(
                later - earlier >= rule.separation_s
                for earlier, later in pairwise([*one.before, *(start[number] for number in one.numbers)])
            )
        )
        chain = next(fitting, None)
    ends = {number: start[number] + calls[number].lasts for number in order}
    return _turns(ground, stop, calls, order, firsts, chain, ends)


def possible(
    ground: Ground, stop: Stop, calls: Mapping[int, Call], start: Mapping[int, int]
) -> Iterator[Turns]:
    """Every way in which visits may take turns; `start` is when they are there if nobody waits."""
    by_time = sorted(calls, key=lambda number: (start[number], number))
    orders: Sequence[Sequence[int]] = [by_time]
    if len(by_time) <= MOST_ORDERED:
        orders = sorted(permutations(by_time), key=lambda order: [by_time.index(one) for one in order])
    for order in orders:
        firsts = frozenset(() if stop.made else order[:1])
        ends = {number: place for place, number in enumerate(order)}
        for chain in _chains(ground, stop, calls, order):
            yield _turns(ground, stop, calls, order, firsts, chain, ends)
    yield as_timed(ground, stop, calls, start, chained=False)


def _chains(ground: Ground, stop: Stop, calls: Mapping[int, Call], order: Sequence[int]) -> Iterator[Chain]:
    """Visits, in this order, that cross the stop if they are the separation apart.

    Of visits made before, for the same ones of the plan, those that began first.
    """
    rule = stop.rule
    made = [(one.village, one.start_s, -1) for one in stop.made if one.village >= 0][-MOST_MADE:]
    own = [(ground.teams[calls[number].team].village, 0, number) for number in order]
    seen: set[tuple[int, ...]] = set()
    for chosen in combinations([*made, *(one for one in own if one[0] >= 0)], rule.visits):
        villages = {village for village, _, _ in chosen}
        before = tuple(start for _, start, number in chosen if number < 0)
        numbers = tuple(number for _, _, number in chosen if number >= 0)
        fits = (rule.pattern == "joint" or len(villages) >= rule.villages) and (
            ground.leader < 0 or ground.leader in villages
        )
        if not fits or any(b - a < rule.separation_s for a, b in pairwise(before)) or numbers in seen:
            continue
        seen.add(numbers)
        yield Chain(before, numbers)


def _turns(
    ground: Ground,
    stop: Stop,
    calls: Mapping[int, Call],
    order: Sequence[int],
    firsts: frozenset[int],
    chain: Chain | None,
    ends: Mapping[int, int],
) -> Turns:
    """What an order and a chain ask for; `ends` tells who is there longest."""
    waits: list[tuple[int, int, int]] = []
    bounds: list[tuple[int, int]] = []
    if firsts and stop.first is not stop.each:
        # Whoever comes before them would be the first.
        waits += [(one, other, 1) for one in firsts for other in order if other not in firsts]
    if chain is None:
        return Turns(tuple(waits), (), firsts)
    before, numbers = chain
    waits += [(a, b, stop.rule.separation_s) for a, b in pairwise(numbers)]
    if before and numbers:
        bounds.append((numbers[0], before[-1] + stop.rule.separation_s))
    idle_s = stop.rule.max_idle_s
    if idle_s is not None and order:
        for place in range(1, len(order) + 1):
            longest = max(order[:place], key=lambda number: ends[number])
            stays = calls[longest].lasts + idle_s
            if place < len(order):
                waits.append((order[place], longest, -stays))
            else:
                bounds.append((longest, ground.until_s - stays))
    return Turns(tuple(waits), tuple(bounds), firsts)
