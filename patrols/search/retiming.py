"""All times of a plan anew, compiled: what the search begins with and what it checks itself by."""

from __future__ import annotations

from patrols.arrays import FAR, IntArray
from patrols.search.compiled import uncounted
from patrols.search.fixed import BEFORE, EARLY, END, LASTS, LATE, NEXT, SIDE, START, TEAM, Fixed
from patrols.search.times import earliest, latest

# What `retime` answers beside a call.
GOOD, DEAD = -1, -2


@uncounted
def settle(fixed: Fixed, orders: IntArray) -> int:
    """As `retime`, where turns of several chains may wait for each other within one second.

    Every chain is walked again until no time moves any more; in as many rounds as there are calls it must.
    """
    over_from, gang, travel, first, each = fixed.over_from, fixed.gang, fixed.travel, fixed.first, fixed.each
    calls, turns, teams = fixed.stops * fixed.turns, fixed.turns, fixed.teams
    starts = calls + fixed.breaks
    ends = starts + teams
    for team in range(teams):
        x = starts + team
        while x >= 0:
            orders[EARLY, x], orders[LATE, x] = gang[team, START], gang[team, END]
            x = orders[NEXT, x] if x < ends else -1
    moved, rounds = True, 0
    while moved:
        moved = False
        rounds += 1
        if rounds > calls + 2:
            return DEAD
        for team in range(teams):
            x = orders[NEXT, starts + team]
            while x < ends:
                if calls <= x < starts and calls <= orders[BEFORE, x] < starts and orders[SIDE, x] == 0:
                    orders[SIDE, x] = orders[SIDE, orders[BEFORE, x]]
                begin = earliest(fixed, orders, over_from, gang, travel, first, each, x)
                if begin >= FAR:
                    return DEAD
                moved = moved or begin != orders[EARLY, x]
                orders[EARLY, x] = begin
                x = orders[NEXT, x]
            orders[EARLY, x] = earliest(fixed, orders, over_from, gang, travel, first, each, x)
            if orders[EARLY, x] > gang[team, END]:
                return DEAD
    for x in range(calls):
        waits = fixed.idles and x % turns > 0 and 0 <= orders[TEAM, x] < teams and orders[TEAM, x - 1] >= 0
        if waits and orders[EARLY, x] > orders[EARLY, x - 1] + orders[LASTS, x - 1] + fixed.idle[x // turns]:
            return x
    moved, rounds = True, 0
    while moved:
        moved = False
        rounds += 1
        if rounds > calls + 2:
            return DEAD
        for team in range(teams):
            x = orders[BEFORE, ends + team]
            while x >= 0:
                if x < calls or x >= starts:
                    limit = latest(fixed, orders, gang, travel, first, each, x)
                    if limit < orders[EARLY, x]:
                        return DEAD
                    moved = moved or limit != orders[LATE, x]
                    orders[LATE, x] = limit
                x = orders[BEFORE, x] if x < starts else -1
    return GOOD


@uncounted
def retime(fixed: Fixed, orders: IntArray, stack: IntArray, wait: IntArray) -> int:
    """Work out all earliest and latest starts anew.

    Returns GOOD; or a call that comes too late after the turn before it, so that the stop is idle too long;
    or DEAD where the chains do not work for another reason. `stack` and `wait` are room for as many numbers
    as there are entries.
    """
    over_from, gang, travel, first, each = fixed.over_from, fixed.gang, fixed.travel, fixed.first, fixed.each
    calls, turns, teams = fixed.stops * fixed.turns, fixed.turns, fixed.teams
    starts = calls + fixed.breaks
    ends = starts + teams
    n = 0
    for x in range(calls):
        # Calls that were made before this plan stand as they are.
        wait[x] = -2 if orders[TEAM, x] >= teams else -1
    for team in range(teams):
        orders[EARLY, starts + team] = gang[team, START]
        stack[n] = orders[NEXT, starts + team]
        n += 1
    done = 0
    while n > 0:
        n -= 1
        x = stack[n]
        while True:
            if x < calls and x % turns > 0 and orders[TEAM, x - 1] >= 0 and wait[x - 1] != -2:
                # The turn before it is not timed yet: whoever times that one goes on here.
                wait[x - 1] = x
                break
            if calls <= x < starts and calls <= orders[BEFORE, x] < starts and orders[SIDE, x] == 0:
                # Breaks in a row: what follows one held at the place after is held there too.
                orders[SIDE, x] = orders[SIDE, orders[BEFORE, x]]
            begin = earliest(fixed, orders, over_from, gang, travel, first, each, x)
            orders[EARLY, x] = begin
            if x >= ends:
                if begin > gang[x - ends, END]:
                    return DEAD
                done += 1
                break
            if begin >= FAR:
                return DEAD
            if x < calls:
                waits = fixed.idles and x % turns > 0 and orders[TEAM, x - 1] >= 0
                if waits and begin > orders[EARLY, x - 1] + orders[LASTS, x - 1] + fixed.idle[x // turns]:
                    return x
                waiting = wait[x]
                wait[x] = -2
                if waiting >= 0:
                    stack[n] = waiting
                    n += 1
            x = orders[NEXT, x]
    if done < teams:
        # Chains that wait for each other. Without a separation they may all the same meet in one second.
        return settle(fixed, orders) if fixed.separation == 0 else DEAD
    for x in range(calls):
        wait[x] = -1
    for team in range(teams):
        orders[LATE, ends + team] = gang[team, END]
        stack[n] = orders[BEFORE, ends + team]
        n += 1
    while n > 0:
        n -= 1
        x = stack[n]
        while True:
            if x < calls and (x + 1) % turns > 0 and orders[TEAM, x + 1] >= 0 and wait[x + 1] != -2:
                wait[x + 1] = x
                break
            if x < calls or x >= starts:
                limit = latest(fixed, orders, gang, travel, first, each, x)
                orders[LATE, x] = limit
                if limit < orders[EARLY, x]:
                    return DEAD
            if x >= starts:
                break
            if x < calls:
                waiting = wait[x]
                wait[x] = -2
                if waiting >= 0:
                    stack[n] = waiting
                    n += 1
            x = orders[BEFORE, x]
    return GOOD
