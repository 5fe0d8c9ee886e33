"""Earliest and latest starts, kept true while calls enter and leave the chains; compiled.

With every start as early as the chains allow, and every start as late as they allow, whether one more call
fits somewhere is a matter of its neighbours alone: it fits when the call behind it, pushed back, still starts
no later than it may. A later turn waits for the turn before it, so a push travels from chain to chain.
"""

from __future__ import annotations

from patrols.arrays import FAR, IntArray
from patrols.search.compiled import uncounted, uncounted_inline
from patrols.search.fixed import (
    BEFORE,
    EARLY,
    END,
    ENTER,
    HELD_FROM,
    HELD_TO,
    LASTS,
    LATE,
    LEAVE,
    MODE,
    NEXT,
    SIDE,
    TEAM,
    Fixed,
)


@uncounted_inline
def first_start(windows: IntArray, stop: int, ready: int) -> int:
    """First second within a stop's windows at or after `ready`; FAR where there is none."""
    begin = FAR
    for k in range(windows.shape[1]):
        if ready <= windows[stop, k, 1]:
            begin = max(ready, windows[stop, k, 0])
            break
    return begin


@uncounted_inline
def last_start(windows: IntArray, stop: int, limit: int) -> int:
    """Last second within a stop's windows at or before `limit`; -FAR where there is none."""
    begin = -FAR
    for k in range(windows.shape[1] - 1, -1, -1):
        if windows[stop, k, 0] <= limit and windows[stop, k, 1] >= windows[stop, k, 0]:
            begin = min(limit, windows[stop, k, 1])
            break
    return begin


@uncounted
def call_before(fixed: Fixed, orders: IntArray, x: int) -> int:
    """The call or the start that precedes, `x` itself if it is one."""
    calls, starts = fixed.stops * fixed.turns, fixed.stops * fixed.turns + fixed.breaks
    while calls <= x < starts:
        x = orders[BEFORE, x]
    return x


@uncounted
def call_after(fixed: Fixed, orders: IntArray, x: int) -> int:
    """The call or the end that follows, `x` itself if it is one."""
    calls, starts = fixed.stops * fixed.turns, fixed.stops * fixed.turns + fixed.breaks
    while calls <= x < starts:
        x = orders[NEXT, x]
    return x


@uncounted
def leg(fixed: Fixed, team: int, here: int, there: int) -> int:
    """Travel between two nodes; none to where one stands, or to an end that is anywhere."""
    if there < 0 or here == there:
        return 0
    return fixed.travel[fixed.gang[team, MODE], here, there]


@uncounted
def arrival(fixed: Fixed, orders: IntArray, team: int, u: int, there: int) -> int:
    """When the team can be at node `there` if that comes next after `u`, breaks between held on the way."""
    calls = fixed.stops * fixed.turns
    z = call_before(fixed, orders, u)
    here = orders[LEAVE, z]
    time = orders[EARLY, z] + orders[LASTS, z]
    travelled = False
    while z != u:
        z = orders[NEXT, z]
        if orders[SIDE, z] == 1 and not travelled:
            time += leg(fixed, team, here, there)
            travelled = True
        begin = max(time, fixed.held[z - calls, HELD_FROM])
        if begin > fixed.held[z - calls, HELD_TO]:
            return FAR
        time = begin + orders[LASTS, z]
    return time if travelled else time + leg(fixed, team, here, there)


@uncounted
def leaving(fixed: Fixed, orders: IntArray, team: int, here: int, w: int) -> int:
    """The latest time at which the team must be free at node `here` if `w` comes next, breaks included."""
    calls = fixed.stops * fixed.turns
    y = call_after(fixed, orders, w)
    limit = orders[LATE, y]
    onward = leg(fixed, team, here, orders[ENTER, y])
    z = y
    at_y = True
    while z != w:
        z = orders[BEFORE, z]
        if orders[SIDE, z] == 0 and at_y:
            limit -= onward
            at_y = False
        limit = min(limit - orders[LASTS, z], fixed.held[z - calls, HELD_TO])
        if limit < fixed.held[z - calls, HELD_FROM]:
            return -FAR
    return limit - onward if at_y else limit


@uncounted
def earliest_by_break(fixed: Fixed, orders: IntArray, x: int) -> int:
    """When a break, or whatever follows a break, can begin by the order alone; FAR where a break cannot."""
    team, u = orders[TEAM, x], orders[BEFORE, x]
    calls = fixed.stops * fixed.turns
    if calls <= x < calls + fixed.breaks:
        there = orders[ENTER, call_after(fixed, orders, x)] if orders[SIDE, x] == 1 else -1
        begin = max(arrival(fixed, orders, team, u, there), fixed.held[x - calls, HELD_FROM])
        return begin if begin <= fixed.held[x - calls, HELD_TO] else FAR
    # A team without calls stays where it is.
    stays = x >= calls and call_before(fixed, orders, u) >= calls
    return arrival(fixed, orders, team, u, -1 if stays else orders[ENTER, x])


@uncounted
def latest_by_break(fixed: Fixed, orders: IntArray, x: int) -> int:
    """Until when a call or start that a break follows must be begun, by the order alone."""
    team, w = orders[TEAM, x], orders[NEXT, x]
    calls = fixed.stops * fixed.turns
    if x >= calls and call_after(fixed, orders, w) >= calls:
        return fixed.gang[team, END]
    return leaving(fixed, orders, team, orders[LEAVE, x], w) - orders[LASTS, x]


@uncounted_inline
def earliest(
    fixed: Fixed,
    orders: IntArray,
    over_from: IntArray,
    gang: IntArray,
    travel: IntArray,
    first: IntArray,
    each: IntArray,
    x: int,
) -> int:
    """Earliest start of a call, break or end, given those of its predecessors."""
    u = orders[BEFORE, x]
    calls, turns = fixed.stops * fixed.turns, fixed.turns
    starts = calls + fixed.breaks
    if (x < calls or x >= starts) and (u < calls or u >= starts):
        ready = orders[EARLY, u] + orders[LASTS, u]
        # A team without calls stays where it is.
        if orders[ENTER, x] >= 0 and (x < calls or u < calls):
            ready += travel[gang[orders[TEAM, x], MODE], orders[LEAVE, u], orders[ENTER, x]]
    else:
        ready = earliest_by_break(fixed, orders, x)
    if x < calls:
        ready = max(ready, over_from[x] - orders[LASTS, x])
        if x % turns == 0:
            ready = first_start(first, x // turns, ready)
        else:
            if orders[TEAM, x - 1] >= 0:
                ready = max(ready, orders[EARLY, x - 1] + fixed.separation)
            ready = first_start(each, x // turns, ready)
    return ready


@uncounted_inline
def latest(
    fixed: Fixed,
    orders: IntArray,
    gang: IntArray,
    travel: IntArray,
    first: IntArray,
    each: IntArray,
    x: int,
) -> int:
    """Latest start of a call or start, given those of its successors; a break is never asked."""
    w = orders[NEXT, x]
    calls, turns = fixed.stops * fixed.turns, fixed.turns
    starts = calls + fixed.breaks
    if w < calls or w >= starts:
        limit = orders[LATE, w] - orders[LASTS, x]
        if orders[ENTER, w] >= 0 and (x < calls or w < calls):
            limit -= travel[gang[orders[TEAM, x], MODE], orders[LEAVE, x], orders[ENTER, w]]
    else:
        limit = latest_by_break(fixed, orders, x)
    if x < calls:
        turn = x % turns
        if turn + 1 < turns and orders[TEAM, x + 1] >= 0:
            limit = min(limit, orders[LATE, x + 1] - fixed.separation)
        if turn == 0:
            limit = last_start(first, x // turns, limit)
        else:
            if fixed.idles and orders[TEAM, x - 1] >= 0:
                limit = min(limit, orders[EARLY, x - 1] + orders[LASTS, x - 1] + fixed.idle[x // turns])
            limit = last_start(each, x // turns, limit)
    return limit


@uncounted
def detach(orders: IntArray, x: int) -> None:
    """Take a call or break out of its chain; times are not touched."""
    orders[NEXT, orders[BEFORE, x]] = orders[NEXT, x]
    orders[BEFORE, orders[NEXT, x]] = orders[BEFORE, x]
    orders[TEAM, x] = -1


@uncounted
def undo(orders: IntArray, trail: IntArray, length: int, begin: int) -> None:
    """Give times their old values back, the newest change first."""
    for k in range(length - 1, begin - 1, -1):
        orders[trail[k, 0], trail[k, 1]] = trail[k, 2]


@uncounted
def link(
    fixed: Fixed,
    orders: IntArray,
    x: int,
    team: int,
    u: int,
    side: int,
    stack: IntArray,
    trail: IntArray,
    length: int,
) -> int:
    """Put a call or a break behind `u` in a team's chain and push what it pushes.

    A call goes through its stretch forth (`side` 0) or back (1), a break is held as `side` says.

    Returns the new length of `trail`, which remembers every changed time, or -1 when the chains would not
    work: then nothing was changed.
    """
    w = orders[NEXT, u]
    orders[SIDE, x] = side
    if x < fixed.stops * fixed.turns:
        stop = x // fixed.turns
        orders[ENTER, x], orders[LEAVE, x] = fixed.enter[stop, side], fixed.leave[stop, side]
        orders[LASTS, x] = fixed.stay[fixed.gang[team, MODE], stop, side]
    orders[NEXT, u], orders[BEFORE, x], orders[NEXT, x], orders[BEFORE, w] = x, u, w, x
    orders[TEAM, x] = team
    pushed = _push(fixed, orders, x, stack, trail, length)
    longer = _pull(fixed, orders, x, stack, trail, pushed) if pushed >= 0 else pushed
    if longer < 0:
        undo(orders, trail, -1 - longer, length)
        orders[NEXT, u], orders[BEFORE, w], orders[TEAM, x] = w, u, -1
        return -1
    return longer


@uncounted
def _push(fixed: Fixed, orders: IntArray, x: int, stack: IntArray, trail: IntArray, length: int) -> int:
    """Earliest starts after `x` was linked; the trail's length, or -1 less that when it fails."""
    over_from, gang, travel, first, each = fixed.over_from, fixed.gang, fixed.travel, fixed.first, fixed.each
    calls, turns = fixed.stops * fixed.turns, fixed.turns
    starts = calls + fixed.breaks
    ends = starts + fixed.teams
    begin = earliest(fixed, orders, over_from, gang, travel, first, each, x)
    orders[EARLY, x] = begin
    if begin >= FAR:
        return -1 - length
    stack[0] = orders[NEXT, x]
    n = 1
    if x < calls and (x + 1) % turns > 0 and orders[TEAM, x + 1] >= 0:
        stack[1] = x + 1
        n = 2
    while n > 0:
        n -= 1
        y = stack[n]
        a_break = calls <= y < starts
        time = earliest(fixed, orders, over_from, gang, travel, first, each, y)
        # A break goes where its neighbours are, and may come earlier; what follows is looked at all the same.
        if time > orders[EARLY, y] or a_break:
            if time > (FAR - 1 if a_break else orders[LATE, y]):
                return -1 - length
            if length >= len(trail) or n >= len(stack) - 2:
                return -1 - length
            trail[length, 0], trail[length, 1], trail[length, 2] = EARLY, y, orders[EARLY, y]
            length += 1
            orders[EARLY, y] = time
            if y < ends:
                stack[n] = orders[NEXT, y]
                n += 1
                if y < calls and (y + 1) % turns > 0 and orders[TEAM, y + 1] >= 0:
                    stack[n] = y + 1
                    n += 1
    return length


@uncounted
def _pull(fixed: Fixed, orders: IntArray, x: int, stack: IntArray, trail: IntArray, length: int) -> int:
    """Latest starts after `x` was linked; answers as `_push`."""
    gang, travel, first, each = fixed.gang, fixed.travel, fixed.first, fixed.each
    calls, turns, teams = fixed.stops * fixed.turns, fixed.turns, fixed.teams
    starts = calls + fixed.breaks
    stack[0] = x
    n = 1
    while n > 0:
        n -= 1
        y = stack[n]
        if calls <= y < starts:
            stack[n] = orders[BEFORE, y]
            n += 1
            continue
        if y < calls and orders[TEAM, y] >= teams:
            continue
        limit = latest(fixed, orders, gang, travel, first, each, y)
        if limit < orders[LATE, y] or y == x:
            if limit < orders[EARLY, y] or length >= len(trail) or n >= len(stack) - 2:
                return -1 - length
            trail[length, 0], trail[length, 1], trail[length, 2] = LATE, y, orders[LATE, y]
            length += 1
            orders[LATE, y] = limit
            if y < calls:
                stack[n] = orders[BEFORE, y]
                n += 1
                if y % turns > 0:
                    stack[n] = y - 1
                    n += 1
    return length
