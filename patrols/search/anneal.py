"""Ruin and put together again, worse answers taken less and less often; compiled.

The idea of the moves is that of slack induction by string removals (Christiaens and Vanden Berghe, 2020),
with two differences that crossing makes: a stop comes back with all its turns or not at all, and whether it
fits is known from the latest starts of all chains together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from patrols.arrays import BoolArray, IntArray
from patrols.search.compiled import counted, uncounted
from patrols.search.fixed import (
    EARLY,
    END,
    ENTER,
    LASTS,
    LEAVE,
    MODE,
    NEXT,
    START,
    TEAM,
    Chance,
    Fixed,
    FloatArray,
)
from patrols.search.placing import Room, Taste, cross, draw, guessed, hold, is_crossed, put, unvisited
from patrols.search.retiming import DEAD, GOOD, retime
from patrols.search.ruin import Appetite, ruin, take
from patrols.search.times import leg


class Scale(NamedTuple):
    """What things weigh against each other, and how the search cools.

    Parameters
    ----------
    second : float
        Prize that a second on the way costs.
    even : float
        Weight of the square of a team's busy part against its shift, in seconds on the way.
    load : float
        The most by which a team that is busy its whole shift is passed over for one that is not, in seconds.
    missing : float
        Prize that a required stop without a visit costs.
    hot, cold : float
        First and last temperature, in prizes.
    fresh : int
        How many stops that are not crossed are tried beside those taken out.
    """

    second: float
    even: float
    load: float
    missing: float
    hot: float
    cold: float
    fresh: int


class Found(NamedTuple):
    """The best plan so far and the one the search is at, as numbers.

    Parameters
    ----------
    best, current : (3,) float
        Required stops missing, value, cost in seconds.
    """

    best: FloatArray
    current: FloatArray


@uncounted
def weigh(fixed: Fixed, orders: IntArray, even: float, found: FloatArray) -> None:
    """Required stops missing, value and cost of the chains."""
    gang, travel, prize, required = fixed.gang, fixed.travel, fixed.prize, fixed.required
    kept, calls, turns = fixed.kept, fixed.stops * fixed.turns, fixed.turns
    starts = calls + fixed.breaks
    missing, value, cost = 0.0, 0.0, 0.0
    for stop in range(fixed.stops):
        if is_crossed(fixed, orders, stop):
            value += prize[stop]
        if required[stop] and unvisited(fixed, orders, stop):
            missing += 1.0
    for team in range(fixed.teams):
        mode, u, busy, way = gang[team, MODE], starts + team, 0, 0
        x = orders[NEXT, u]
        while x < starts:
            if x < calls:
                way += travel[mode, orders[LEAVE, u], orders[ENTER, x]]
                busy += orders[LASTS, x]
                cost -= kept[team, x // turns]
                if fixed.known.shape[1] > 0:
                    cost += guessed(fixed.known, x // turns, orders[EARLY, x])
                u = x
            x = orders[NEXT, x]
        if u < calls and orders[ENTER, x] >= 0:
            way += travel[mode, orders[LEAVE, u], orders[ENTER, x]]
        busy += way
        cost += way + even * busy * busy / max(gang[team, END] - gang[team, START], 1)
    found[0], found[1], found[2] = missing, value, cost


@uncounted
def mend_times(fixed: Fixed, orders: IntArray, room: Room) -> bool:
    """All times anew; turns that come too late after the one before are taken out. False where nothing
    helps."""
    while True:
        answer = retime(fixed, orders, room.stack, room.wait)
        if answer == GOOD:
            return True
        if answer == DEAD:
            return False
        take(fixed, orders, answer // fixed.turns, answer % fixed.turns)


@uncounted
def serve(fixed: Fixed, orders: IntArray, stop: int, taste: Taste, chance: Chance, room: Room) -> bool:
    """Cross a stop, or at least make the visit that is demanded. False where a look at all times failed."""
    x, prize, turns = stop * fixed.turns, fixed.prize, fixed.turns
    if prize[stop] > 0.0 and cross(fixed, orders, stop, taste, chance, room):
        return True
    own = 0
    for y in range(x, x + turns):
        own += 0 <= orders[TEAM, y] < fixed.teams
    if own > 0:
        # Turns that lead to nothing. One that is demanded stays; a second try begins without them.
        demanded = 1
        for k in range(1, turns):
            demanded += fixed.pin[stop, k] >= 0
        if fixed.required[stop] and own <= demanded and not unvisited(fixed, orders, stop):
            return True
        take(fixed, orders, stop, 0)
        if not mend_times(fixed, orders, room):
            return False
        if prize[stop] > 0.0 and cross(fixed, orders, stop, taste, chance, room):
            return True
    for y in range(x, x + turns):
        if not (fixed.required[stop] and unvisited(fixed, orders, stop)):
            break
        if orders[TEAM, y] < 0 and put(fixed, orders, y, True, taste, chance, room, 0) < 0:
            break
    return True


@uncounted
def started(fixed: Fixed, orders: IntArray, stop: int) -> bool:
    """Whether this plan makes a turn of the stop."""
    found = False
    for x in range(stop * fixed.turns, (stop + 1) * fixed.turns):
        found = found or 0 <= orders[TEAM, x] < fixed.teams
    return found


@counted
def rebuild(
    fixed: Fixed,
    orders: IntArray,
    scale: Scale,
    blink: float,
    seed: int,
    gone: BoolArray,
    chance: Chance,
    room: Room,
    several: IntArray,
    key: FloatArray,
) -> bool:
    """Put breaks and stops back in a drawn order; False where the chains do not work."""
    near, prize, required = fixed.near, fixed.prize, fixed.required
    calls, turns = fixed.stops * fixed.turns, fixed.turns
    if not mend_times(fixed, orders, room):
        return False
    for x in range(calls, calls + fixed.breaks):
        if orders[TEAM, x] < 0 and not hold(fixed, orders, x, chance, room, 1.0):
            return False
    n = 0
    for stop in range(fixed.stops):
        lacks = orders[TEAM, (stop + 1) * turns - 1] < 0
        missing = required[stop] and unvisited(fixed, orders, stop)
        begun = lacks and not required[stop] and started(fixed, orders, stop)
        if missing or (lacks and ((gone[stop] and prize[stop] > 0.0) or begun)):
            several[n] = stop
            n += 1
    fresh = scale.fresh
    for k in range(near.shape[1]):
        stop = near[seed, k]
        if fresh <= 0:
            break
        lacks = orders[TEAM, (stop + 1) * turns - 1] < 0 and prize[stop] > 0.0
        missing = required[stop] and unvisited(fixed, orders, stop)
        begun = lacks and not required[stop] and started(fixed, orders, stop)
        if lacks and not missing and not begun and not gone[stop] and draw(chance) < 0.8:
            several[n] = stop
            n += 1
            fresh -= 1
    how = draw(chance)
    spread = 2.0 * prize.max() / 3.0 if fixed.stops else 0.0
    for k in range(n):
        stop = several[k]
        if how < 0.4:
            key[k] = draw(chance)
        elif how < 0.75:
            key[k] = -prize[stop] + spread * draw(chance)
        elif how < 0.9:
            key[k] = -prize[stop] / (1.0 + draw(chance))
        else:
            key[k] = -float(leg(fixed, 0, orders[LEAVE, calls + fixed.breaks], fixed.enter[stop, 0]))
        if required[stop]:
            key[k] -= 1e9
    order = np.argsort(key[:n], kind="mergesort")
    how = draw(chance)
    push = 0.0 if how < 0.4 else (0.5 if how < 0.7 else 1.0)
    how = draw(chance)
    time = 0.0 if how < 0.5 else (0.05 if how < 0.8 else 0.2)
    load = scale.load * draw(chance) if draw(chance) < 0.5 else 0.0
    taste = Taste(push, time, load, blink, 3)
    for k in range(n):
        if not serve(fixed, orders, several[order[k]], taste, chance, room):
            return False
    # Where ways break the triangle inequality one more call may let those behind it begin earlier: a first
    # turn that does may leave its stop alone too long.
    return not fixed.idles or mend_times(fixed, orders, room)


@counted
def anneal(
    fixed: Fixed,
    current: IntArray,
    best: IntArray,
    work: IntArray,
    found: Found,
    appetite: Appetite,
    scale: Scale,
    chance: Chance,
    room: Room,
    done: int,
    iterations: int,
    warm: int,
    horizon: int,
) -> None:
    """So many iterations, the first of which is number `done`; `current`, `best` and `found` go along.

    The temperature falls from iteration `warm` to iteration `horizon` and stays.
    """
    if fixed.stops == 0 or fixed.teams == 0:
        return
    gone = np.zeros(fixed.stops, np.bool_)
    hit = np.zeros(fixed.teams, np.bool_)
    several = np.empty(fixed.stops, np.int64)
    key = np.empty(fixed.stops)
    tried = np.zeros(3)
    now = found.current
    for number in range(done, done + iterations):
        work[:] = current
        seed = int(draw(chance) * fixed.stops)
        ruin(fixed, work, appetite, seed, chance, gone, hit)
        if not rebuild(fixed, work, scale, 0.01, seed, gone, chance, room, several, key):
            continue
        weigh(fixed, work, scale.even, tried)
        cooled = min(max(number - warm, 0) / max(horizon - warm, 1), 1.0)
        temperature = scale.hot * (scale.cold / scale.hot) ** cooled
        gain = tried[1] - now[1] - scale.missing * (tried[0] - now[0]) - scale.second * (tried[2] - now[2])
        if gain >= 0.0 or draw(chance) < math.exp(gain / temperature):
            current[:] = work
            now[:] = tried
        top = found.best
        if tried[0] < top[0] or (
            tried[0] == top[0]
            and (tried[1] > top[1] + 1e-9 or (tried[1] >= top[1] - 1e-9 and tried[2] < top[2] - 1e-9))
        ):
            best[:] = work
            top[:] = tried
