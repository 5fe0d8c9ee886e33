"""The orders of a plan's teams, and what a person does to them: move, swap, take out, put in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from geo.errors import InputRefused, Sentence
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem

Orders = dict[str, list[str]]
Pair = tuple[str, str]


def orders_of(problem: PatrolProblem, plan: PatrolPlan) -> Orders:
    """The stops of every team of a problem in the order of a plan; none for a team without visits."""
    rows = plan.visits.sort_values("seq", kind="stable")
    return {team: rows.loc[rows["team_id"] == team, "stop_id"].tolist() for team in problem.teams["team_id"]}


def moved(orders: Mapping[str, Sequence[str]], team: str, place: int, to: str, at: int) -> Orders:
    """The visit at a team's `place` (from 0) before the visit that is at `at` of team `to`, or at its end.

    Raises
    ------
    InputRefused
        For a team or a place that the orders do not have. As all below.
    """
    made, stop = _without(orders, team, place)
    if team == to and at > place:
        at -= 1
    return _with(made, to, at, stop)


def swapped(orders: Mapping[str, Sequence[str]], team: str, place: int, other: str, at: int) -> Orders:
    """Two visits exchanged: each team comes to the other's stop, at the same place of its order."""
    made = _copy(orders)
    one, two = _stop(made, team, place), _stop(made, other, at)
    made[team][place], made[other][at] = two, one
    return made


def taken_out(orders: Mapping[str, Sequence[str]], team: str, place: int) -> Orders:
    """Without one visit."""
    return _without(orders, team, place)[0]


def put_in(orders: Mapping[str, Sequence[str]], stop: str, to: str, at: int) -> Orders:
    """With a visit of team `to` to a stop, before the visit that is at `at`, or at its end."""
    return _with(_copy(orders), to, at, stop)


def difference(
    before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> tuple[set[Pair], set[Pair]]:
    """(team, stop) pairs that meet in `after` alone, and those that meet in `before` alone."""
    sides = [Counter((team, stop) for team, own in side.items() for stop in own) for side in (before, after)]
    return set(sides[1] - sides[0]), set(sides[0] - sides[1])


def refuse_unknown(
    orders: Mapping[str, Sequence[str]], teams: Collection[str], stops: Collection[str], most: int
) -> None:
    """Refuse orders with teams or stops that a plan does not have, or more than `most` visits to one stop.

    Raises
    ------
    InputRefused
        Naming the first.
    """
    for team in orders:
        if team not in teams:
            raise InputRefused(Sentence("the plan has no team '%(team)s'", team=team))
    visits = Counter(stop for own in orders.values() for stop in own)
    for stop, count in visits.items():
        if stop not in stops:
            raise InputRefused(Sentence("the plan has no stop '%(stop)s'", stop=stop))
        if count > most:
            raise InputRefused(
                Sentence(
                    "stop '%(stop)s' would have %(n)s visits; leave it at %(most)s, which is more than any "
                    "rule asks for",
                    stop=stop,
                    n=count,
                    most=most,
                )
            )


def _copy(orders: Mapping[str, Sequence[str]]) -> Orders:
    return {team: list(own) for team, own in orders.items()}


def _stop(orders: Orders, team: str, place: int) -> str:
    if team not in orders or not 0 <= place < len(orders[team]):
        raise InputRefused(Sentence("team '%(team)s' has no visit %(n)s", team=team, n=place + 1))
    return orders[team][place]


def _without(orders: Mapping[str, Sequence[str]], team: str, place: int) -> tuple[Orders, str]:
    made = _copy(orders)
    stop = _stop(made, team, place)
    del made[team][place]
    return made, stop


def _with(orders: Orders, to: str, at: int, stop: str) -> Orders:
    if to not in orders:
        raise InputRefused(Sentence("the plan has no team '%(team)s'", team=to))
    orders[to].insert(max(0, at), stop)
    return orders
