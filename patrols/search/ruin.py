"""Taking some stops out of the chains, near each other in place or time; compiled."""

from __future__ import annotations

from typing import NamedTuple

from patrols.arrays import BoolArray, IntArray
from patrols.search.compiled import uncounted
from patrols.search.fixed import BEFORE, EARLY, END, NEXT, START, TEAM, Chance, Fixed
from patrols.search.placing import draw
from patrols.search.times import detach


class Appetite(NamedTuple):
    """How much is taken out, and how.

    Parameters
    ----------
    stops : int
        Twice the mean number of stops taken out at once, less one.
    string : int
        The longest stretch of one team's chain taken out in one piece.
    strings, nearby : float
        The chance of taking stretches out, and of taking stops near each other in place and time; else
        any stops are taken.
    only_last : float
        The chance that of a stop only its last turn is taken out.
    breaks : float
        The chance that the breaks of the teams concerned are held anew.
    """

    stops: int
    string: int
    strings: float
    nearby: float
    only_last: float
    breaks: float


@uncounted
def take(fixed: Fixed, orders: IntArray, stop: int, from_turn: int) -> bool:
    """Take a stop's turns from one on out of the chains, those made before this plan left; False if none
    was."""
    taken = False
    for x in range(stop * fixed.turns + from_turn, (stop + 1) * fixed.turns):
        if 0 <= orders[TEAM, x] < fixed.teams:
            detach(orders, x)
            taken = True
    return taken


@uncounted
def ruin(
    fixed: Fixed,
    orders: IntArray,
    appetite: Appetite,
    seed: int,
    chance: Chance,
    gone: BoolArray,
    hit: BoolArray,
) -> None:
    """Take stops out around the stop `seed`; `gone` and `hit` tell which stops and teams were touched."""
    calls, turns, gang, near = fixed.stops * fixed.turns, fixed.turns, fixed.gang, fixed.near
    gone[:] = False
    hit[:] = False
    many = 1 + int(draw(chance) * appetite.stops)
    kind = draw(chance)
    if kind < appetite.strings:
        _strings(fixed, orders, appetite, seed, many, chance, gone, hit)
    elif kind < appetite.strings + appetite.nearby:
        x = seed * turns
        begin, end = gang[0, START], gang[0, END]
        for team in range(fixed.teams):
            begin, end = min(begin, gang[team, START]), max(end, gang[team, END])
        span = end - begin
        when = begin + int(draw(chance) * span)
        if orders[TEAM, x] >= 0:
            when = orders[EARLY, x]
        width = int((0.04 + 0.4 * draw(chance)) * span)
        for k in range(near.shape[1]):
            if many <= 0:
                break
            stop = near[seed, k]
            for y in range(stop * turns, (stop + 1) * turns):
                if orders[TEAM, y] >= 0 and abs(orders[EARLY, y] - when) < width and draw(chance) < 0.8:
                    last = turns - 1 if draw(chance) < appetite.only_last else 0
                    hit[min(orders[TEAM, y], fixed.teams - 1)] = True
                    if take(fixed, orders, stop, last):
                        gone[stop] = True
                        many -= 1
                    break
    else:
        for _ in range(many):
            stop = int(draw(chance) * fixed.stops)
            if take(fixed, orders, stop, 0):
                gone[stop] = True
    if fixed.breaks and draw(chance) < appetite.breaks:
        for x in range(calls, calls + fixed.breaks):
            if orders[TEAM, x] >= 0 and (hit[orders[TEAM, x]] or draw(chance) < 0.1):
                detach(orders, x)


@uncounted
def _strings(
    fixed: Fixed,
    orders: IntArray,
    appetite: Appetite,
    seed: int,
    many: int,
    chance: Chance,
    gone: BoolArray,
    hit: BoolArray,
) -> None:
    """Stretches of the chains of several teams, around the stops nearest to the seed."""
    calls, turns, near = fixed.stops * fixed.turns, fixed.turns, fixed.near
    longest = 1 + int(draw(chance) * appetite.string)
    for k in range(near.shape[1]):
        for x in range(near[seed, k] * turns, (near[seed, k] + 1) * turns):
            if many <= 0:
                return
            team = orders[TEAM, x]
            if team < 0 or team >= fixed.teams or hit[team]:
                continue
            hit[team] = True
            length = 1 + int(draw(chance) * longest)
            y = x
            for _ in range(int(draw(chance) * length)):
                if orders[BEFORE, y] >= calls:
                    break
                y = orders[BEFORE, y]
            while length > 0 and y < calls:
                stop = y // turns
                z = orders[NEXT, y]
                while z < calls and z // turns == stop:
                    z = orders[NEXT, z]
                only_last = y % turns == turns - 1 and draw(chance) < appetite.only_last
                take(fixed, orders, stop, turns - 1 if only_last else 0)
                gone[stop] = True
                many -= 1
                length -= 1
                y = z
