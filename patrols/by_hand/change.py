"""Times for orders that a person gave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from geo.errors import LianfangError, Sentence
from patrols.by_hand.ground import Call, Ground, calls_of, directions, ground_of
from patrols.by_hand.turns import NOTHING, Turns, as_timed, crossed, possible
from patrols.by_hand.walking import Slot, Walk, best_slots, slots_like, walk
from patrols.plan import VISIT_COLUMNS, PatrolPlan
from patrols.problem import PatrolProblem

# Times beyond the end of the shift from which teams are taken to wait for each other in a circle.
CIRCLE_S = 6 * 3600
NEVER = -(10**9)

# Identifiers are texts or numbers, of one kind in a problem.
Orders = Mapping[Any, Sequence[Any]]


class _Found(NamedTuple):
    """Times of all visits, what they break, what they are worth, and the seconds no visit starts before."""

    cost: tuple[int, int, float, int]
    arrive: dict[int, int]
    start: dict[int, int]
    low: dict[int, int]


def by_hand(problem: PatrolProblem, orders: Orders, like: PatrolPlan) -> PatrolPlan:
    """A plan whose teams make the visits of `orders`, in that order, each as early as it can be.

    Parameters
    ----------
    problem : PatrolProblem
    orders : mapping of team_id to the stop_ids that it visits, in order
        Teams that are left out make no visit.
    like : PatrolPlan
        The plan that was changed, of the same problem. Where teams do the same as there it is left as it is,
        or earlier.

    Returns
    -------
    PatrolPlan
        Not a sound one where the orders cannot be kept: then visits are late, breaks are missed. Its claims
        are true; `patrols.check.violations` says what it breaks.

    Raises
    ------
    LianfangError
        For a team or a stop that the problem does not have, and where a team has no way to a stop or back.
    """
    ground = ground_of(problem)
    return _Change(problem, ground, _rows(problem, ground, orders), like).plan()


def _rows(problem: PatrolProblem, ground: Ground, orders: Orders) -> list[list[int]]:
    """The orders by rows of teams and stops."""
    known = {team.team_id for team in ground.teams}
    for team_id, stops in orders.items():
        if team_id not in known:
            raise LianfangError(Sentence("the plan has no team '%(team)s'", team=team_id))
        for stop_id in stops:
            if stop_id not in ground.stop_row:
                raise LianfangError(Sentence("the plan has no stop '%(stop)s'", stop=stop_id))
    return [[ground.stop_row[stop] for stop in orders.get(team.team_id, ())] for team in ground.teams]


class _Change:
    """The search for who waits for whom. Visits are numbered by team and order."""

    def __init__(
        self, problem: PatrolProblem, ground: Ground, orders: list[list[int]], like: PatrolPlan
    ) -> None:
        self.problem, self.ground, self.like = problem, ground, like
        before = _as_it_was(ground, like)
        self.calls: dict[int, Call] = {}
        self.of_team: list[list[int]] = []
        # When a visit was made in the plan before, for those that were.
        self.known: dict[int, int] = {}
        same = []
        for team, order in enumerate(orders):
            same.append(order == [stop for stop, _, _ in before[team]])
            backwards = [back for _, _, back in before[team]] if same[-1] else directions(ground, team, order)
            numbers = range(len(self.calls), len(self.calls) + len(order))
            self.of_team.append(list(numbers))
            self.calls |= dict(zip(numbers, calls_of(ground, team, order, backwards), strict=True))
            left = Counter[int]()
            for number, stop in zip(numbers, order, strict=True):
                times = [start for other, start, _ in before[team] if other == stop]
                if left[stop] < len(times):
                    self.known[number] = times[left[stop]]
                left[stop] += 1
        self.at_stop: dict[int, dict[int, Call]] = {}
        for number, call in self.calls.items():
            self.at_stop.setdefault(call.stop, {})[number] = call
        held = slots_like(problem, like, ground)
        self.slots: list[tuple[Slot, ...] | None] = [
            held.get(team) if same[team] else None for team in range(len(orders))
        ]
        changed = {team for team, one in enumerate(same) if not one}
        gone = {
            stop
            for team in changed
            for stop in (Counter(one for one, _, _ in before[team]) - Counter(orders[team]))
        }
        self.touched = {
            stop
            for stop, here in self.at_stop.items()
            if stop in gone or any(call.team in changed for call in here.values())
        }
        # Where who comes first is not known from before.
        self.open = {
            stop
            for stop in self.touched
            if stop in gone or any(number not in self.known for number in self.at_stop[stop])
        }

    def plan(self) -> PatrolPlan:
        """The best times that were found."""
        free = self._times(dict.fromkeys(self.at_stop, NOTHING), endless=True)
        assert free is not None
        guess = free.start | self.known
        turns = {
            stop: as_timed(self.ground, self.ground.stops[stop], here, self.known)
            if stop not in self.open
            else next(possible(self.ground, self.ground.stops[stop], here, guess))
            for stop, here in self.at_stop.items()
        }
        turns, found = self._better(turns, self._times(turns), sorted(self.open), free.start)
        if self.touched and (found is None or found.cost[0] or not self._all_crossed(found)):
            alone = {
                stop: as_timed(
                    self.ground,
                    self.ground.stops[stop],
                    self.at_stop[stop],
                    free.start,
                    chained=False,
                )
                if stop in self.touched
                else one
                for stop, one in turns.items()
            }
            dearest = sorted(self.touched, key=lambda stop: (-self.ground.stops[stop].prize, stop))
            others, built = self._better(
                alone, self._times(alone, endless=True), [*dearest, *dearest], free.start
            )
            assert built is not None
            if found is None or built.cost[:3] < found.cost[:3]:
                turns, found = others, built
        assert found is not None
        return self._as_plan(self._rested(turns, found))

    def _better(
        self,
        turns: dict[int, Turns],
        found: _Found | None,
        stops: Iterable[int],
        free: Mapping[int, int],
    ) -> tuple[dict[int, Turns], _Found | None]:
        """Try every way of taking turns at these stops, one stop after the other, and keep what is better."""
        for stop in stops:
            for one in possible(self.ground, self.ground.stops[stop], self.at_stop[stop], free):
                if one == turns[stop]:
                    continue
                tried = turns | {stop: one}
                times = self._times(tried)
                if times is not None and (found is None or times.cost < found.cost):
                    turns, found = tried, times
        return turns, found

    def _all_crossed(self, found: _Found) -> bool:
        """Whether every touched stop that can be crossed by its visits is."""
        return all(
            self._crossed(stop, found.start) for stop in self.touched if self._can_be(stop, found.start)
        )

    def _can_be(self, stop: int, start: Mapping[int, int]) -> bool:
        """Whether the visits of a stop would cross it if they were far enough apart."""
        best = next(possible(self.ground, self.ground.stops[stop], self.at_stop[stop], start))
        return bool(best.waits or best.bounds)

    def _crossed(self, stop: int, start: Mapping[int, int]) -> bool:
        return crossed(self.ground, self.ground.stops[stop], self.at_stop.get(stop, {}), start)

    def _rested(self, turns: dict[int, Turns], found: _Found) -> _Found:
        """With the breaks of changed teams where the waits that were found leave room for them."""
        slots = list(self.slots)
        for team, own in enumerate(self.of_team):
            if slots[team] is None and self.ground.teams[team].breaks:
                windows = [self._windows(turns, number) for number in own]
                low = [found.low[number] for number in own]
                slots[team] = best_slots(self.ground.teams[team], [self.calls[n] for n in own], windows, low)
        before, self.slots = self.slots, slots
        again = self._times(turns)
        self.slots = before
        return again if again is not None and again.cost < found.cost else found

    def _windows(self, turns: Mapping[int, Turns], number: int) -> Any:
        call = self.calls[number]
        stop = self.ground.stops[call.stop]
        return stop.first if number in turns[call.stop].firsts else stop.each

    def _times(self, turns: Mapping[int, Turns], *, endless: bool = False) -> _Found | None:
        """All visits as early as these turns allow; None where teams wait for each other in a circle.

        Every wait only ever pushes a visit later, so that whoever was pushed is walked again until nobody is.
        """
        waits = [wait for one in turns.values() for wait in one.waits]
        low = dict.fromkeys(self.calls, NEVER)
        for one in turns.values():
            for number, bound in one.bounds:
                low[number] = max(low[number], bound)
        windows = {number: self._windows(turns, number) for number in self.calls}
        horizon = self.ground.until_s + CIRCLE_S
        start: dict[int, int] = {}
        walks: list[Walk | None] = [None] * len(self.of_team)
        pushed = set(range(len(self.of_team)))
        for _ in range(len(waits) + 2):
            for team in pushed:
                walks[team] = done = self._walk(team, windows, low)
                start |= zip(self.of_team[team], done.start, strict=True)
            pushed = set()
            for a, b, seconds in waits:
                if start[a] + seconds > low[b]:
                    low[b] = start[a] + seconds
                    if low[b] > start[b]:
                        pushed.add(self.calls[b].team)
            if not pushed:
                return self._found(start, walks, low)
            if not endless and max(low.values()) > horizon:
                return None
        return None

    def _walk(self, team: int, windows: Mapping[int, Any], low: Mapping[int, int]) -> Walk:
        own = self.of_team[team]
        who, calls = self.ground.teams[team], [self.calls[number] for number in own]
        opening, bounds = [windows[number] for number in own], [low[number] for number in own]
        slots = self.slots[team]
        if slots is None:
            slots = best_slots(who, calls, opening, bounds)
        return walk(who, calls, opening, bounds, slots)

    def _found(self, start: dict[int, int], walks: Sequence[Walk | None], low: dict[int, int]) -> _Found:
        done = [one for one in walks if one is not None]
        arrive = {
            number: at
            for own, one in zip(self.of_team, done, strict=True)
            for number, at in zip(own, one.arrive, strict=True)
        }
        worth = math.fsum(
            self.ground.stops[stop].prize for stop in self.at_stop if self._crossed(stop, start)
        )
        cost = (
            sum(one.faults for one in done),
            sum(one.late_s for one in done),
            -worth,
            sum(start.values()),
        )
        return _Found(cost, arrive, dict(start), dict(low))

    def _as_plan(self, found: _Found) -> PatrolPlan:
        """The times with true claims."""
        rows = []
        for team, own in enumerate(self.of_team):
            for seq, number in enumerate(own, start=1):
                call, at = self.calls[number], found.start[number]
                rows.append(
                    {
                        "team_id": self.ground.teams[team].team_id,
                        "seq": seq,
                        "stop_id": self.ground.stops[call.stop].stop_id,
                        "arrive_s": found.arrive[number],
                        "start_s": at,
                        "end_s": at + call.lasts,
                        "backwards": call.backwards,
                    }
                )
        really = [row for row in range(len(self.ground.stops)) if self._crossed(row, found.start)]
        names = tuple(self.ground.stops[row].stop_id for row in really)
        worth = math.fsum(self.ground.stops[row].prize for row in really)
        value = int(worth) if self.problem.stops["prize"].dtype.kind == "i" else worth
        return replace(
            self.like,
            visits=pd.DataFrame(rows, columns=list(VISIT_COLUMNS)),
            value=value,
            crossed=names,
            # Too late, a stop can be crossed that nobody reaches in time.
            unreachable=tuple(stop for stop in self.like.unreachable if stop not in names),
            upper_bound=max(self.like.upper_bound, value),
            iterations=(0, 0),
            status="iterations",
        )


def _as_it_was(ground: Ground, like: PatrolPlan) -> list[list[tuple[int, int, bool]]]:
    """Each team's visits in their order: stop, start, direction."""
    found: list[list[tuple[int, int, bool]]] = []
    rows = like.visits.sort_values(["seq", "start_s"], kind="stable")
    for team in ground.teams:
        own = rows[rows["team_id"] == team.team_id]
        found.append(
            [
                (ground.stop_row[stop_id], int(start_s), bool(back))
                for stop_id, start_s, back in zip(
                    own["stop_id"], own["start_s"], own["backwards"], strict=True
                )
            ]
        )
    return found
