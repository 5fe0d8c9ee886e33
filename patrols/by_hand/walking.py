"""One team's shift in a given order: visits as early as they can be, with its breaks between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patrols.by_hand.ground import Break, Call, Ground, Team, Windows
from patrols.daybook import BREAK, TRAVEL, daybook
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem


class Slot(NamedTuple):
    """Where a break is held: beside the leg to the visit of that place, before it (0) or after it (1)."""

    place: int
    side: int
    held: Break


class Walk(NamedTuple):
    """Times of a team's visits in their order, rules that it breaks, and the seconds it is too late."""

    arrive: list[int]
    start: list[int]
    faults: int
    late_s: int


def opened(windows: Windows | None, ready: int) -> tuple[int, bool]:
    """The first second in a stop's windows from `ready` on, and whether there is one; else `ready` itself."""
    if windows is None:
        return ready, True
    for start, end in windows:
        if ready <= end:
            return max(ready, start), True
    return ready, False


def walk(
    team: Team,
    calls: Sequence[Call],
    windows: Sequence[Windows | None],
    low: Sequence[int],
    slots: Sequence[Slot],
) -> Walk:
    """A team's times, each visit as early as its way, its windows and `low` (a second for each) allow.

    What cannot be is late: a visit past its windows begins when the team is there, a break past its time is
    held all the same.
    """
    arrive, start, faults = [], [], 0
    beside: dict[tuple[int, int], list[Break]] = {}
    for slot in slots:
        beside.setdefault((slot.place, slot.side), []).append(slot.held)
    now, here = team.start_s, team.start_node
    for place in range(len(calls) + 1):
        last = place == len(calls)
        there = team.end_node if last else calls[place].enter
        for side in (0, 1):
            for earliest, latest, duration in beside.get((place, side), ()):
                begin = max(now, earliest)
                faults += begin > latest
                now = begin + duration
            if side == 0:
                # A team without visits stays where it is.
                now += 0 if there < 0 or not calls else team.travel[here][there]
                arrived = now
        if last:
            break
        begin, fits = opened(windows[place], max(now, low[place]))
        faults += not fits
        arrive.append(arrived)
        start.append(begin)
        now, here = begin + calls[place].lasts, calls[place].leave
    late_s = max(0, now - team.end_s)
    return Walk(arrive, start, faults + (len(slots) < len(team.breaks)) + (late_s > 0), late_s)


class _Way(NamedTuple):
    """How far one comes: rules broken, the time, and where breaks were held."""

    faults: int
    now: int
    slots: tuple[Slot, ...]


def best_slots(
    team: Team, calls: Sequence[Call], windows: Sequence[Windows | None], low: Sequence[int]
) -> tuple[Slot, ...]:
    """Where a team's breaks are best held: with the fewest rules broken, then done soonest.

    Breaks that fit nowhere are left out.
    """
    if not team.breaks:
        return ()
    # By the breaks that were held, as bits: earlier is never worse, so one way for each is enough.
    ways = {0: _Way(0, team.start_s, ())}
    here = team.start_node
    for place in range(len(calls) + 1):
        last = place == len(calls)
        there = team.end_node if last else calls[place].enter
        _hold(ways, team, place, 0)
        travel = 0 if there < 0 or not calls else team.travel[here][there]
        ways = {bits: way._replace(now=way.now + travel) for bits, way in ways.items()}
        _hold(ways, team, place, 1)
        if last:
            break
        for bits, way in ways.items():
            begin, fits = opened(windows[place], max(way.now, low[place]))
            ways[bits] = _Way(way.faults + (not fits), begin + calls[place].lasts, way.slots)
        here = calls[place].leave
    whole = 2 ** len(team.breaks) - 1
    found = min(ways.items(), key=lambda one: _cost(one, whole, team.end_s))
    return found[1].slots


def _cost(one: tuple[int, _Way], whole: int, end_s: int) -> tuple[int, int]:
    bits, way = one
    return way.faults + (bits != whole) + (way.now > end_s), way.now


def _hold(ways: dict[int, _Way], team: Team, place: int, side: int) -> None:
    """Add the ways that hold one or more breaks here."""
    for bits in range(2 ** len(team.breaks)):
        way = ways.get(bits)
        if way is None:
            continue
        for number, held in enumerate(team.breaks):
            begin = max(way.now, held[0])
            if bits & 1 << number or begin > held[1]:
                continue
            then = _Way(way.faults, begin + held[2], (*way.slots, Slot(place, side, held)))
            other = ways.get(bits | 1 << number)
            if other is None or then[:2] < other[:2]:
                ways[bits | 1 << number] = then


def slots_like(problem: PatrolProblem, plan: PatrolPlan, ground: Ground) -> Mapping[int, tuple[Slot, ...]]:
    """Where each team holds its breaks in a plan, by row; without teams whose breaks do not fit there."""
    book = daybook(problem, plan)
    found = {}
    for row, team in enumerate(ground.teams):
        own = book[book["team_id"] == team.team_id]
        pauses = own[own["kind"] == BREAK].sort_values("start_s")
        if len(pauses) < len(team.breaks) or own.empty:
            continue
        visits = plan.visits[plan.visits["team_id"] == team.team_id].sort_values("seq")
        home = own[(own["kind"] == TRAVEL) & own["stop_id"].isna()]
        arrivals = [*visits["arrive_s"].tolist(), *home["end_s"].tolist()]
        left = Counter(team.breaks)
        slots = []
        for start_s, end_s in zip(pauses["start_s"].tolist(), pauses["end_s"].tolist(), strict=True):
            fitting = [one for one in left if one[2] == end_s - start_s and one[0] <= start_s <= one[1]]
            held = min(fitting, key=lambda one: one[1])
            left -= Counter([held])
            place = int((visits["end_s"] <= start_s).sum())
            side = int(place < len(arrivals) and arrivals[place] <= start_s)
            slots.append(Slot(place, side, held))
        found[row] = tuple(slots)
    return found
