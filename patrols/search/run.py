"""The search as the solver calls it: orders that nobody has searched yet, then better and better ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from patrols.arrays import FAR, IntArray, ProblemArrays
from patrols.reach import Reach
from patrols.search.anneal import Found, Scale, anneal, mend_times, rebuild, weigh
from patrols.search.fixed import (
    BEFORE,
    EARLY,
    ENTER,
    HELD_FROM,
    LASTS,
    LEAVE,
    MODE,
    NEXT,
    SIDE,
    START,
    TEAM,
    Fixed,
    empty_orders,
    entries,
    fixed_of,
)
from patrols.search.placing import Room, hold, unvisited
from patrols.search.ruin import Appetite
from patrols.search.times import link

# Where nothing else is said. Over the family of `bench.families`, seeds 11-14, four seconds of processor
# time each, half or twice any of these made no difference beyond chance.
APPETITE = Appetite(stops=11, string=8, strings=0.9, nearby=0.07, only_last=0.3, breaks=0.3)
# A second on the way costs this part of a mean prize, where a stop takes a time of 1.
SECOND = 0.075
# The square of a team's busy part against its shift, in seconds on the way.
EVEN = 1.0
# Of that weight while the search is hot: an even load must not cost value.
EVEN_WHILE_HOT = 0.2
# A team that is busy its whole shift is passed over for one that is not by as much as this many stops take.
LOAD = 1.0
# First and last temperature, in mean prizes.
HOT, COLD = 0.7, 0.017
# Stops that are not crossed, tried beside those taken out.
FRESH = 8
# Another team at a stop than in the plan before costs as much as this many stops take.
KEPT = 2.0
# The team that was at a stop in a night before costs as much as this part of what a stop takes, each night.
SAME_TEAM = 0.2
# Iterations before cooling begins; the clock measures how long they take.
WARM = 100
# Of the time left the search cools in this part, so that a machine that slows down does not end hot.
COOLED_WITHIN = 0.92
CONSTRUCTIONS = 6
# Between two looks at the clock, seconds.
PATIENCE_S = 0.02


class Search:
    """A problem under search: `orders` is the best found so far at any time.

    Parameters
    ----------
    arrays : ProblemArrays
    reach : Reach
        Of the same arrays.
    seed : int
        The same seed and the same iterations give the same orders, bit for bit.
    even : float
        Weight of an even load against seconds on the way; 0 asks for the shortest ways.
    load, carries : optional
        As `fixed_of`.
    like : sequence of (team, stop, way), rows
        Visits of a plan that was there before, by time: the search begins with it, as far as it still
        works, and changes of it cost.
    unlike : sequence of (team, stop, seconds), rows and times
        Visits of nights before: the same team, and about the same time, cost. A team below 0 is none of
        these.
    """

    def __init__(
        self,
        arrays: ProblemArrays,
        reach: Reach,
        seed: int,
        even: float = EVEN,
        load: IntArray | None = None,
        carries: IntArray | None = None,
        like: Sequence[tuple[int, int, int]] = (),
        unlike: Sequence[tuple[int, int, int]] = (),
    ) -> None:
        self.arrays = arrays
        self._even = even
        even = EVEN_WHILE_HOT * even
        self.scale = _scale(arrays, even)
        kept = np.zeros((arrays.team_count, arrays.stop_count), np.int64)
        for team, stop, _ in like:
            kept[team, stop] = round(KEPT * _time_of_a_stop(arrays))
        for team, stop, _ in unlike:
            if team >= 0:
                kept[team, stop] -= round(SAME_TEAM * _time_of_a_stop(arrays))
        known = _known(arrays.stop_count, unlike)
        self.fixed = fixed_of(arrays, reach, kept=kept, known=known, load=load, carries=carries)
        self.done = 0
        self.chance = np.array([np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] | 1], np.uint64)
        size = entries(self.fixed)
        turns, teams = self.fixed.turns, self.fixed.teams
        self._room = Room(
            np.empty(4 * size, np.int64),
            np.empty(4 * size, np.int64),
            np.empty((16 * size, 3), np.int64),
            np.empty((turns, teams)),
            np.empty((turns, teams), np.int64),
            np.empty((turns, teams), np.int64),
        )
        self.orders = empty_orders(self.fixed, arrays)
        self._found = Found(np.zeros(3), np.zeros(3))
        weigh(self.fixed, self.orders, even, self._found.best)
        self._construct(like)
        self._found.current[:] = self._found.best
        self._current, self._work = self.orders.copy(), self.orders.copy()

    @property
    def missing(self) -> int:
        """Required stops that nobody visits."""
        return int(self._found.best[0])

    @property
    def value(self) -> float:
        """Sum of the prizes of the crossed stops."""
        return float(self._found.best[1])

    def _construct(self, like: Sequence[tuple[int, int, int]]) -> None:
        """Put everything into empty chains in several drawn orders, and keep the best.

        With a plan to be like, its visits stand in the chains before.
        """
        fixed, room = self.fixed, self._room
        gone = np.ones(fixed.stops, np.bool_)
        several, key = np.empty(fixed.stops, np.int64), np.empty(fixed.stops)
        tried = np.zeros(3)
        if not fixed.stops or not fixed.teams:
            return
        sound = False
        # Not the seed's own chance: every search of a problem begins with the same plan.
        chance = np.array([CONSTRUCTIONS], np.uint64)
        for _ in range(CONSTRUCTIONS):
            orders = empty_orders(fixed, self.arrays)
            if like and not self._follow(orders, like):
                continue
            if not rebuild(fixed, orders, self.scale, 0.0, 0, gone, chance, room, several, key):
                continue
            weigh(fixed, orders, self.scale.even, tried)
            if not sound or (-tried[0], tried[1]) > (-self._found.best[0], self._found.best[1]):
                self.orders, sound = orders, True
                self._found.best[:] = tried
        if not sound:
            # Breaks that do not fit even into an empty shift: a plan without visits is all there is.
            self._found.best[:] = int(fixed.required.sum()), 0.0, 0.0

    def _follow(self, orders: IntArray, like: Sequence[tuple[int, int, int]]) -> bool:
        """Put visits into the chains in their order, and leave out what does not work any more."""
        fixed, room = self.fixed, self._room
        ends = fixed.stops * fixed.turns + fixed.breaks + fixed.teams
        if not mend_times(fixed, orders, room):
            return False
        for x in range(fixed.stops * fixed.turns, fixed.stops * fixed.turns + fixed.breaks):
            if not hold(fixed, orders, x, np.array([1], np.uint64), room, 0.0):
                return False
        for team, stop, side in like:
            x = stop * fixed.turns
            while x < (stop + 1) * fixed.turns and orders[TEAM, x] >= 0:
                x += 1
            goes = fixed.free[team, stop] and fixed.stay[fixed.gang[team, MODE], stop, side] < FAR
            if x < (stop + 1) * fixed.turns and goes:
                behind = int(orders[BEFORE, ends + team])
                link(fixed, orders, x, team, behind, side, room.stack, room.trail, 0)
        return True

    def even_out(self) -> None:
        """From here on an even load has its whole weight; the best plan so far is where it begins."""
        if self.scale.even == self._even:
            return
        self.scale = self.scale._replace(even=self._even)
        self._current[:] = self.orders
        weigh(self.fixed, self.orders, self._even, self._found.best)
        self._found.current[:] = self._found.best

    def improve(self, iterations: int, horizon: int) -> None:
        """So many iterations more; the temperature is at its lowest from iteration `horizon` on."""
        anneal(
            self.fixed,
            self._current,
            self.orders,
            self._work,
            self._found,
            APPETITE,
            self.scale,
            self.chance,
            self._room,
            self.done,
            iterations,
            WARM,
            horizon,
        )
        self.done += iterations

    def until(
        self,
        end: float | None,
        most: tuple[int, int] | None,
        over: Callable[[Search], bool],
        *,
        cold: bool = False,
    ) -> tuple[str, int]:
        """Improve until the clock, the count or somebody says that it is enough.

        Parameters
        ----------
        end : float or None
            On `time.monotonic`'s clock.
        most : (int, int) or None
            Iterations, and the one at which the search is cold.
        over : callable
            Asked often; True ends the search.
        cold : bool
            Whether the search is cold from the first iteration on.

        Returns
        -------
        (str, int)
            "seconds", "iterations" or "aborted"; the iteration at which the search was cold.
        """
        horizon = 0 if cold else most[1] if most else None
        step = WARM
        while True:
            if over(self):
                return "aborted", self.done if horizon is None else horizon
            if most and self.done >= most[0]:
                return "iterations", most[1] if horizon is None else horizon
            began = time.monotonic()
            if end is not None and began >= end:
                return "seconds", self.done if horizon is None else horizon
            size = min(step, most[0] - self.done) if most else step
            if horizon is not None:
                if self.done >= horizon:
                    self.even_out()
                else:
                    size = min(size, horizon - self.done)
            self.improve(size, WARM + 10**9 if horizon is None else horizon)
            now = time.monotonic()
            each = max((now - began) / size, 1e-7)
            if horizon is None and end is not None:
                horizon = self.done + int(COOLED_WITHIN * max(end - now, 0.0) / each)
            step = max(1, int(PATIENCE_S / each))

    def lacking(self) -> list[int]:
        """Rows of the stops that lack the visit that is demanded."""
        fixed = self.fixed
        demanded = np.flatnonzero(fixed.required).tolist()
        return [stop for stop in demanded if unvisited(fixed, self.orders, stop)]

    def visits(self) -> list[tuple[int, ...]]:
        """(team, place in its order, stop, arrive, start, end, way) of every visit, by team and order.

        The way is 1 where a stretch is gone through from its end to its beginning, else 0.
        """
        fixed, orders = self.fixed, self.orders
        if fixed.stops and fixed.teams and not mend_times(fixed, orders, self._room):
            raise RuntimeError("the best orders found do not work; please report the plan's problem and seed")
        return [row for team in range(fixed.teams) for row in _timed(fixed, orders, team)]


def _timed(fixed: Fixed, orders: IntArray, team: int) -> list[tuple[int, ...]]:
    """Visits of one team: when it is there, when it starts and when it is done."""
    calls = fixed.stops * fixed.turns
    start = calls + fixed.breaks + team
    time, here = int(fixed.gang[team, START]), int(orders[LEAVE, start])
    travel = fixed.travel[fixed.gang[team, MODE]]
    rows: list[tuple[int, ...]] = []
    x = int(orders[NEXT, start])
    # Breaks held at the place that comes next wait for the arrival there.
    there: list[int] = []
    while x < calls + fixed.breaks:
        if x >= calls:
            held = x - calls
            if orders[SIDE, x] == 1:
                there.append(held)
            else:
                time = max(time, int(fixed.held[held, HELD_FROM])) + int(orders[LASTS, x])
        else:
            time += int(travel[here, orders[ENTER, x]])
            arrive = time
            for held in there:
                time = max(time, int(fixed.held[held, HELD_FROM])) + int(orders[LASTS, calls + held])
            there = []
            begin = int(orders[EARLY, x])
            time = begin + int(orders[LASTS, x])
            side = int(orders[SIDE, x])
            rows.append((team, len(rows) + 1, x // fixed.turns, arrive, begin, time, side))
            here = int(orders[LEAVE, x])
        x = int(orders[NEXT, x])
    return rows


def _known(stops: int, unlike: Sequence[tuple[int, int, int]]) -> IntArray:
    """(S, W): the seconds at which each stop had a visit, filled up with FAR."""
    times: list[list[int]] = [[] for _ in range(stops)]
    for _, stop, at in unlike:
        times[stop].append(at)
    width = max(map(len, times), default=0)
    return np.array([row + [FAR] * (width - len(row)) for row in times], np.int64).reshape(stops, width)


def _scale(arrays: ProblemArrays, even: float) -> Scale:
    """What a second costs, from what a stop takes and what one is worth."""
    positive = arrays.prize[arrays.prize > 0]
    prize = float(positive.mean()) if len(positive) else 1.0
    time_s = _time_of_a_stop(arrays)
    second = SECOND * prize / time_s
    total = float(arrays.prize.sum()) + prize * max(arrays.stop_count, 1)
    return Scale(
        second=second,
        even=even,
        load=LOAD * time_s if even > 0.0 else 0.0,
        missing=total,
        hot=HOT * prize,
        cold=COLD * prize,
        fresh=FRESH,
    )


def _time_of_a_stop(arrays: ProblemArrays) -> float:
    """Seconds: the mean service and the mean way to a near stop.

    Where every stop is required there is nothing to choose but the ways, and these alone count.
    """
    if not arrays.stop_count or not arrays.team_count:
        return 1.0
    near = np.sort(np.minimum(arrays.between, 24 * 3600), axis=2)[:, :, 1:6]
    way = float(near.mean()) if near.shape[2] else 0.0
    service = 0.0 if arrays.required.all() else float(arrays.service.mean())
    return max(service + way, 1.0)
