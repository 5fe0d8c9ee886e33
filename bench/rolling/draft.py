"""A plan in the making: the order of every team's visits, and the earliest times it allows.

In a draft a stop has at most two visits: the one that *opens* it and, by another village, the one
that *closes* it and so makes it crossed. Times follow from the orders alone: every service starts
as early as travel, windows, breaks and, for a closing visit, the opening visit plus the separation
allow. Those earliest times are the least fixed point of the orders; if it exceeds a shift, no
times at all can make the orders work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from patrols.arrays import FAR, Break, ProblemArrays


class Stay(NamedTuple):
    """One visit in a team's order."""

    stop: int
    closing: bool


class Timed(NamedTuple):
    """Its times, seconds from the origin."""

    arrive: int
    start: int
    end: int


class Stand(NamedTuple):
    """Where a team stands, from when it is free, and the breaks it still has to hold."""

    time: int
    node: int
    breaks: tuple[Break, ...]


Route = tuple[Stay, ...]


@dataclass(frozen=True, eq=False)
class Draft:
    """Orders with their times.

    Parameters
    ----------
    routes : per team its stays in order
    times : per team their times
    opened : mapping of stop to (team, start, end) of its opening visit
    closed : mapping of stop to the team of its closing visit
    """

    routes: tuple[Route, ...]
    times: tuple[tuple[Timed, ...], ...]
    opened: Mapping[int, tuple[int, int, int]]
    closed: Mapping[int, int]

    def value(self, arrays: ProblemArrays) -> float:
        """Sum of the prizes of the crossed stops."""
        return float(sum(arrays.prize[stop] for stop in sorted(self.closed)))


class Late(NamedTuple):
    """Why a draft does not work: the visit (its place in the team's order) that comes too late."""

    team: int
    place: int


def base_of(arrays: ProblemArrays, team: int) -> Stand:
    """Where a team stands when its shift begins."""
    return Stand(arrays.plain.start[team], arrays.plain.start_node[team], arrays.breaks[team])


def closing_from(arrays: ProblemArrays, stop: int, opened: tuple[int, int, int]) -> tuple[int, int]:
    """First and last second at which a closing visit makes a stop crossed, given its opening visit."""
    _, start, end = opened
    rule = arrays.rule
    if rule.max_idle_s is None:
        return start + rule.separation_s, FAR
    # After the closing visit nobody comes until the end of the span.
    leaves = arrays.span[1] - rule.max_idle_s - arrays.plain.service[stop]
    return max(start + rule.separation_s, leaves), end + rule.max_idle_s


def walk(
    arrays: ProblemArrays, team: int, route: Sequence[Stay], not_before: Sequence[int], stand: Stand
) -> tuple[list[Timed], Stand] | int:
    """Earliest times of a team's visits in the given order, and where it stands after them.

    Parameters
    ----------
    arrays : ProblemArrays
    team : int
    route : stays in order
    not_before : their earliest starts, for what other teams' visits demand
    stand : where the team begins

    Returns
    -------
    (list of Timed, Stand), or int
        The place of the first visit that cannot be kept.

    Notes
    -----
    A break is held on arrival, or else before leaving the place before: when it costs nothing
    because the team must wait anyway, or when it would come too late after the visit.
    """
    plain = arrays.plain
    travel = plain.travel[plain.mode[team]]
    time, node, pending = stand.time, stand.node, list(stand.breaks)
    times: list[Timed] = []
    for place, (stay, floor) in enumerate(zip(route, not_before, strict=True)):
        stop = stay.stop
        target, service = plain.node[stop], plain.service[stop]
        opening = arrays.each if stay.closing else arrays.first
        leg = travel[node][target]
        arrive = free = time + leg
        start = opening.next_of(stop, max(free, floor))
        while pending:
            head = pending[0]
            held = max(free, head.earliest)
            waits = held <= head.latest and held + head.duration <= start
            if not waits and _chain(start + service, pending) is not None:
                break
            if held > head.latest:
                held = max(time, head.earliest)
                if held > head.latest or free > arrive:
                    return place
                time = held + head.duration
                arrive = free = time + leg
            else:
                free = held + head.duration
            start = opening.next_of(stop, max(free, floor))
            pending.pop(0)
        if start + service >= FAR:
            return place
        times.append(Timed(arrive, start, start + service))
        time, node = start + service, target
    return times, Stand(time, node, tuple(pending))


def time_route(
    arrays: ProblemArrays, team: int, route: Sequence[Stay], not_before: Sequence[int], stand: Stand
) -> list[Timed] | int:
    """As `walk`, with the way home and the breaks after the last visit inside the shift.

    Returns
    -------
    list of Timed, or int
        The place of the first visit that cannot be kept; the number of stays when all can, but not
        the way home or the breaks after them.
    """
    walked = walk(arrays, team, route, not_before, stand)
    if isinstance(walked, int):
        return walked
    times, after = walked
    # A team that has not moved yet is at its base and has no way home.
    home = arrays.plain.home[team][after.node] if times or stand.time > arrays.plain.start[team] else 0
    back = returns_at(after.time, home, after.breaks)
    return times if back is not None and back <= arrays.plain.end[team] else len(times)


def _chain(time: int, breaks: Iterable[Break]) -> int | None:
    """When breaks held one after another from `time` on are over; None when one comes too late."""
    for held in breaks:
        time = max(time, held.earliest)
        if time > held.latest:
            return None
        time += held.duration
    return time


def returns_at(time: int, home: int, breaks: Iterable[Break]) -> int | None:
    """When a team is home and its last breaks are over; None if one would come too late.

    Held at home if possible, because the way home may fill the wait, else before leaving.
    """
    free = time + home
    away = True
    for held in breaks:
        if max(free, held.earliest) <= held.latest:
            free = max(free, held.earliest) + held.duration
            away = False
        elif away and max(time, held.earliest) <= held.latest:
            time = max(time, held.earliest) + held.duration
            free = time + home
        else:
            return None
    return free


def settle(
    arrays: ProblemArrays, routes: tuple[Route, ...], before: Draft | None = None, changed: Iterable[int] = ()
) -> Draft | Late:
    """The draft of these orders, or the visit that makes it impossible.

    Parameters
    ----------
    arrays : ProblemArrays
    routes : per team its stays in order; a stop is opened once at most, and closed at most once, by
        a team of another village than the one that opened it
    before : Draft, optional
        A draft that `routes` was made of by **adding** stays to the orders of the `changed` teams:
        then only what these disturb is worked out again.
    changed : teams

    Returns
    -------
    Draft or Late
    """
    times: list[tuple[Timed, ...]] = list(before.times) if before else [()] * len(routes)
    opened = dict(before.opened) if before else {}
    closed = dict(before.closed) if before else {}
    queue = deque(sorted(changed) if before else range(len(routes)))
    for team in queue:
        closed.update({stay.stop: team for stay in routes[team] if stay.closing})
    while queue:
        team = queue.popleft()
        limits = [
            closing_from(arrays, stay.stop, opened[stay.stop])
            if stay.closing and stay.stop in opened
            else (-FAR if stay.closing else arrays.open_from[stay.stop], FAR)
            for stay in routes[team]
        ]
        timed = time_route(arrays, team, routes[team], [low for low, _ in limits], base_of(arrays, team))
        if isinstance(timed, int):
            return Late(team, min(timed, len(routes[team]) - 1))
        times[team] = tuple(timed)
        for place, (stay, time, (_, high)) in enumerate(zip(routes[team], timed, limits, strict=True)):
            if time.start > high:
                return Late(team, place)
            if not stay.closing and opened.get(stay.stop) != (team, time.start, time.end):
                opened[stay.stop] = (team, time.start, time.end)
                closer = closed.get(stay.stop)
                if closer is not None and closer not in queue:
                    queue.append(closer)
    return Draft(tuple(routes), tuple(times), opened, closed)


def settle_dropping(arrays: ProblemArrays, routes: tuple[Route, ...]) -> Draft:
    """The draft of these orders, less visits that come too late; an opening takes its closing along."""
    while True:
        draft = settle(arrays, routes)
        if isinstance(draft, Draft):
            return draft
        late = routes[draft.team][draft.place]
        routes = without(routes, late.stop, only_closing=late.closing)


def without(routes: tuple[Route, ...], stop: int, only_closing: bool = False) -> tuple[Route, ...]:
    """The orders less a stop's visits, or less its closing visit only."""
    return tuple(
        tuple(stay for stay in route if stay.stop != stop or (only_closing and not stay.closing))
        for route in routes
    )


def inserted(arrays: ProblemArrays, draft: Draft, team: int, place: int, stay: Stay) -> Draft | None:
    """The draft with one more stay at a place of a team's order; None when that cannot be."""
    route = draft.routes[team]
    longer = (*route[:place], stay, *route[place:])
    routes = (*draft.routes[:team], longer, *draft.routes[team + 1 :])
    settled = settle(arrays, routes, draft, (team,))
    return settled if isinstance(settled, Draft) else None
