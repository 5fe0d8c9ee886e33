"""Where a stop fits best: every place in every chain is tried, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from patrols.arrays import FAR, IntArray
from patrols.search.compiled import uncounted, uncounted_inline
from patrols.search.fixed import (
    BEFORE,
    EARLY,
    END,
    ENTER,
    HELD_BY,
    LASTS,
    LATE,
    LEAVE,
    MODE,
    NEXT,
    SIDE,
    START,
    TEAM,
    VILLAGE,
    Chance,
    Fixed,
    FloatArray,
)
from patrols.search.times import (
    arrival,
    call_after,
    call_before,
    detach,
    earliest,
    earliest_by_break,
    first_start,
    leaving,
    link,
    undo,
)

NOWHERE = 1e18
# A visit within so many seconds of one that is known costs so many more.
GUESSABLE_S, GUESSED = 600, 100
# More than any way, in seconds.
HOME_TEAM = 1e7


class Room(NamedTuple):
    """Space that the search works in; nothing in it outlives a move.

    Parameters
    ----------
    stack, wait : (4 * entries,) int
    trail : (16 * entries, 3) int
        Changes of times, to take them back.
    cost : (K, T) float
    place, side : (K, T) int
        The cheapest place of each turn in each team's chain: what it is put behind, and whether it goes
        through its stretch forth (0) or back (1).
    """

    stack: IntArray
    wait: IntArray
    trail: IntArray
    cost: FloatArray
    place: IntArray
    side: IntArray


class Taste(NamedTuple):
    """What a place costs beside the way: drawn anew for every move, so that moves differ.

    Parameters
    ----------
    push : float
        For a second by which the call behind is pushed.
    time : float
        For a second that the first turn starts later.
    load : float
        For a team that is busy its whole shift; less for others.
    blink : float
        The chance that a place is overlooked.
    tries : int
        How many teams are tried for every turn but the last.
    """

    push: float
    time: float
    load: float
    blink: float
    tries: int


@uncounted_inline
def draw(chance: Chance) -> float:
    """A number from 0 up to 1, and the state of the generator (xorshift64*) one further."""
    x = chance[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    chance[0] = x
    return np.float64((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@uncounted_inline
def adds_up(fixed: Fixed, orders: IntArray, gang: IntArray, x: int, team: int) -> bool:
    """Whether a call by this team leaves the stop enough villages, and its leader, with the turns after it.

    A call by a team without a village, as one that is demanded for itself may be, counts for no village,
    and no calls after it make up for it.
    """
    turn = x % fixed.turns
    known, led = 0, fixed.leader < 0
    for k in range(turn + 1):
        by = team if k == turn else orders[TEAM, x - turn + k]
        village = gang[by, VILLAGE]
        new = True
        for j in range(k):
            new = new and gang[orders[TEAM, x - turn + j], VILLAGE] != village
        known += new if village >= 0 else -2 * fixed.turns
        led = led or village == fixed.leader
    left = fixed.turns - 1 - turn
    return known + left >= fixed.villages[x // fixed.turns] and (led or left > 0)


@uncounted
def still_to_come(fixed: Fixed, orders: IntArray, stop: int, turn: int, team: int) -> int:
    """Of the teams that must visit a stop, how many have not before a turn; of one team alone where >= 0."""
    missing = 0
    for k in range(fixed.turns):
        pin = fixed.pin[stop, k]
        if pin < 0 or (team >= 0 and pin != team):
            continue
        came = False
        for x in range(stop * fixed.turns, stop * fixed.turns + turn):
            came = came or orders[TEAM, x] == pin
        missing += not came
    return missing


@uncounted_inline
def guessed(known: IntArray, stop: int, begin: int) -> int:
    """What it costs that a visit begins about when nights before had one."""
    cost = 0
    for k in range(known.shape[1]):
        if abs(begin - known[stop, k]) <= GUESSABLE_S:
            cost = GUESSED
            break
    return cost


@uncounted
def scan(
    fixed: Fixed, orders: IntArray, x: int, alone: bool, taste: Taste, chance: Chance, room: Room
) -> bool:
    """The cheapest place for a call in every team's chain, in `room`; False where there is none.

    `alone` asks for a visit that need not cross: any team that is free to go will do.
    """
    gang, travel, free = fixed.gang, fixed.travel, fixed.free
    load, carries, kept = fixed.load, fixed.carries, fixed.kept
    # Only teams that must come may, where there are as many of these left as turns.
    left = 1 if alone else fixed.turns - x % fixed.turns
    stop, turn = x // fixed.turns, x % fixed.turns
    tied = fixed.pin[stop, 0] >= 0 and still_to_come(fixed, orders, stop, turn, -1) >= left
    calls, turns = fixed.stops * fixed.turns, fixed.turns
    starts = calls + fixed.breaks
    ends = starts + fixed.teams
    cost, place = room.cost[turn], room.place[turn]
    after, high = -FAR, FAR - 1
    windows = fixed.each if turn > 0 else fixed.first
    if turn > 0:
        after = orders[EARLY, x - 1] + fixed.separation
        if fixed.idles:
            high = min(high, orders[EARLY, x - 1] + orders[LASTS, x - 1] + fixed.idle[stop])
    found = False
    weight = taste.time if turn == 0 else 0.0
    for team in range(fixed.teams):
        cost[team], place[team] = NOWHERE, -1
        if (
            not free[team, stop]
            or (tied and still_to_come(fixed, orders, stop, turn, team) == 0)
            or not (alone or adds_up(fixed, orders, gang, x, team))
        ):
            continue
        if carries[team] < FAR:
            left = carries[team] - load[stop]
            u = orders[NEXT, starts + team]
            while u < ends:
                left -= load[u // turns] if u < calls else 0
                u = orders[NEXT, u]
            if left < 0:
                continue
        mode = gang[team, MODE]
        shift = max(gang[team, END] - gang[team, START], 1)
        extra = taste.load * (orders[EARLY, ends + team] - gang[team, START]) / shift - kept[team, stop]
        if alone and gang[team, VILLAGE] >= 0:
            # A team without a village has nothing to cross.
            extra += HOME_TEAM
        for side in range(2):
            stay = fixed.stay[mode, stop, side]
            if stay >= FAR:
                continue
            here, out = fixed.enter[stop, side], fixed.leave[stop, side]
            low = max(after, fixed.over_from[x] - stay)
            u = starts + team
            while u < ends:
                w = orders[NEXT, u]
                plain = (u < calls or u >= starts) and (w < calls or w >= starts)
                y = w if plain else call_after(fixed, orders, w)
                if orders[LATE, y] >= low:
                    z = u if plain else call_before(fixed, orders, u)
                    there = orders[ENTER, y]
                    to = travel[mode, orders[LEAVE, z], here]
                    onward = travel[mode, out, there] if there >= 0 else 0
                    if plain:
                        begin = orders[EARLY, u] + orders[LASTS, u] + to
                        limit = orders[LATE, w] - onward
                    else:
                        begin = arrival(fixed, orders, team, u, here)
                        limit = leaving(fixed, orders, team, out, w)
                    begin = first_start(windows, stop, max(begin, low))
                    if begin > high:
                        break
                    done = begin + stay
                    if done <= limit and (taste.blink == 0.0 or draw(chance) >= taste.blink):
                        detour = to + onward
                        if there >= 0 and (z < calls or y < calls):
                            detour -= travel[mode, orders[LEAVE, z], there]
                        pushed = max(done + onward - orders[EARLY, y], 0)
                        price = detour + taste.push * pushed + weight * begin + extra
                        if fixed.known.shape[1] > 0:
                            price += guessed(fixed.known, stop, begin)
                        if price < cost[team]:
                            cost[team], place[team], room.side[turn, team] = price, u, side
                            found = True
                u = w
    return found


@uncounted
def is_crossed(fixed: Fixed, orders: IntArray, stop: int) -> bool:
    """Whether all turns of a stop are made, by enough villages, and the last not too long before the end.

    Only a visit that is demanded for itself may miss the two: others are not made without them.
    """
    x = (stop + 1) * fixed.turns - 1
    team = orders[TEAM, x]
    if team < 0 or not fixed.required[stop]:
        return team >= 0
    lasts = True
    for other in range(fixed.teams if fixed.idles else 0):
        leaves = orders[EARLY, x] + orders[LASTS, x]
        lasts = lasts and leaves + fixed.idle[stop] >= fixed.gang[other, END]
    return lasts and adds_up(fixed, orders, fixed.gang, x, team)


@uncounted
def unvisited(fixed: Fixed, orders: IntArray, stop: int) -> bool:
    """Whether a visit that is demanded has not been made: any, or that of a team that must come."""
    if fixed.pin[stop, 0] < 0:
        return fixed.required[stop] and orders[TEAM, stop * fixed.turns] < 0
    return still_to_come(fixed, orders, stop, fixed.turns, -1) > 0


@uncounted
def least(cost: FloatArray) -> int:
    """Where the smallest number stands, the first of several."""
    at = 0
    for k in range(1, len(cost)):
        if cost[k] < cost[at]:
            at = k
    return at


@uncounted
def put(
    fixed: Fixed,
    orders: IntArray,
    x: int,
    alone: bool,
    taste: Taste,
    chance: Chance,
    room: Room,
    length: int,
) -> int:
    """Put one call where it is cheapest; the new length of the trail, -1 where there is no place."""
    if not scan(fixed, orders, x, alone, taste, chance, room):
        return -1
    turn = x % fixed.turns
    cost, place = room.cost[turn], room.place[turn]
    while True:
        team = least(cost)
        if place[team] < 0:
            return -1
        side = room.side[turn, team]
        longer = link(fixed, orders, x, team, place[team], side, room.stack, room.trail, length)
        if longer >= 0:
            return longer
        cost[team], place[team] = NOWHERE, -1


@uncounted
def rest_cost(
    fixed: Fixed, orders: IntArray, x: int, taste: Taste, chance: Chance, room: Room, length: int
) -> float:
    """What the turns from `x` on cost at their cheapest places, tried one after another and taken out
    again."""
    turns = fixed.turns
    stop = x // turns
    total, reached = 0.0, x
    at = length
    while reached < (stop + 1) * turns:
        cost = room.cost[reached % turns]
        if reached == (stop + 1) * turns - 1:
            found = scan(fixed, orders, reached, False, taste, chance, room)
            total = total + cost[least(cost)] if found else NOWHERE
            break
        longer = put(fixed, orders, reached, False, taste, chance, room, at)
        if longer < 0:
            total = NOWHERE
            break
        total += cost[least(cost)]
        at = longer
        reached += 1
    undo(orders, room.trail, at, length)
    for y in range(reached - 1, x - 1, -1):
        detach(orders, y)
    return total


@uncounted
def cross(fixed: Fixed, orders: IntArray, stop: int, taste: Taste, chance: Chance, room: Room) -> bool:
    """Give a stop the turns it lacks; False, and nothing changed, where they do not fit.

    For the first turn that is lacking, the cheapest few teams are each tried with the turns that follow.
    """
    turns = fixed.turns
    x = stop * turns
    end = x + turns
    while x < end and orders[TEAM, x] >= 0:
        x += 1
    if x == end:
        return True
    first = x
    length = 0
    if x < end - 1:
        if not scan(fixed, orders, x, False, taste, chance, room):
            return False
        turn = x % turns
        best, best_team, best_place, best_side = NOWHERE, -1, -1, 0
        cost, place = room.cost[turn], room.place[turn]
        for _ in range(taste.tries):
            team = least(cost)
            here, behind, side = cost[team], place[team], room.side[turn, team]
            if behind < 0 or here >= best:
                break
            cost[team], place[team] = NOWHERE, -1
            longer = link(fixed, orders, x, team, behind, side, room.stack, room.trail, 0)
            if longer < 0:
                continue
            whole = here + rest_cost(fixed, orders, x + 1, taste, chance, room, longer)
            if whole < best:
                best, best_team, best_place, best_side = whole, team, behind, side
            undo(orders, room.trail, longer, 0)
            detach(orders, x)
        if best_team < 0:
            return False
        length = link(fixed, orders, x, best_team, best_place, best_side, room.stack, room.trail, 0)
        if length < 0:
            return False
        x += 1
    while x < end:
        longer = put(fixed, orders, x, False, taste, chance, room, length)
        if longer < 0:
            undo(orders, room.trail, length, 0)
            for y in range(x - 1, first - 1, -1):
                detach(orders, y)
            return False
        length = longer
        x += 1
    return True


@uncounted
def hold(fixed: Fixed, orders: IntArray, x: int, chance: Chance, room: Room, loose: float) -> bool:
    """Put a break into its team's chain where it pushes least, or nearly; False where it does not fit."""
    over_from, gang, travel, first, each = (
        fixed.over_from,
        fixed.gang,
        fixed.travel,
        fixed.first,
        fixed.each,
    )
    calls = fixed.stops * fixed.turns
    starts = calls + fixed.breaks
    ends = starts + fixed.teams
    team = fixed.held[x - calls, HELD_BY]
    best, best_u, best_side = NOWHERE, -1, 0
    u = starts + team
    orders[TEAM, x] = team
    while u < ends:
        w = orders[NEXT, u]
        for side in range(2):
            if (side == 0 and (calls <= u < starts) and orders[SIDE, u] == 1) or (
                side == 1 and (calls <= w < starts) and orders[SIDE, w] == 0
            ):
                continue
            orders[NEXT, u], orders[BEFORE, x], orders[NEXT, x], orders[BEFORE, w] = x, u, w, x
            orders[SIDE, x] = side
            y = call_after(fixed, orders, w)
            time = earliest(fixed, orders, over_from, gang, travel, first, each, y)
            if time <= orders[LATE, y] and earliest_by_break(fixed, orders, x) < FAR:
                price = max(time - orders[EARLY, y], 0) * (1.0 + loose * draw(chance)) + draw(chance)
                if price < best:
                    best, best_u, best_side = price, u, side
            orders[NEXT, u], orders[BEFORE, w] = w, u
        u = w
    if best_u < 0:
        orders[TEAM, x] = -1
        return False
    return link(fixed, orders, x, team, best_u, best_side, room.stack, room.trail, 0) >= 0
