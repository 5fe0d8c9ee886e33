"""A problem and the orders of its teams as plain numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from geo.errors import LianfangError, Sentence
from patrols.columns import Identifier
from patrols.problem import CrossRule, PatrolProblem

Windows = tuple[tuple[int, int], ...]
# (earliest, latest, duration)
Break = tuple[int, int, int]


@dataclass(frozen=True)
class Team:
    """One team. `travel` is the row of its mode's seconds from node to node."""

    team_id: Identifier
    mode: str
    # What it counts for under the rule: a number of its village, -1 for none.
    village: int
    travel: Sequence[Sequence[int]]
    start_node: int
    end_node: int
    start_s: int
    end_s: int
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class Made:
    """A visit that was made before the plan begins."""

    village: int
    start_s: int
    end_s: int


@dataclass(frozen=True)
class Stop:
    """One stop. `first` are the windows of a first visit, `each` of any; None where it is always open.

    `through` are the seconds forth and back by mode, -1 where there is no such way; empty for a place.
    """

    stop_id: Identifier
    node: int
    end_node: int
    prize: float
    service_s: int
    rule: CrossRule
    first: Windows | None
    each: Windows | None
    made: tuple[Made, ...]
    through: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Call:
    """A visit: rows of its team and its stop, the node it begins and ends at, and how long it takes."""

    team: int
    stop: int
    enter: int
    leave: int
    lasts: int
    backwards: bool


@dataclass(frozen=True)
class Ground:
    """What does not change while times are looked for."""

    teams: tuple[Team, ...]
    stops: tuple[Stop, ...]
    leader: int
    until_s: int

    @cached_property
    def stop_row(self) -> dict[Identifier, int]:
        """Row of each stop."""
        return {stop.stop_id: row for row, stop in enumerate(self.stops)}


def ground_of(problem: PatrolProblem) -> Ground:
    """A problem as plain numbers."""
    villages: dict[object, int] = {}

    def counts(village: object, mixed: int) -> int:
        if problem.rule.pattern == "joint":
            return 0 if mixed >= problem.rule.villages else -1
        return -1 if village is None else villages.setdefault(village, len(villages))

    travel = {mode: matrix.tolist() for mode, matrix in problem.duration_s.items()}
    held: dict[Identifier, list[Break]] = {}
    for row in _rows(problem.breaks):
        one = (int(row.earliest_s), int(row.latest_s), int(row.duration_s))
        held.setdefault(row.team_id, []).append(one)
    teams = tuple(
        Team(
            row.team_id,
            row.mode,
            counts(row.village, int(row.villages)),
            travel[row.mode],
            int(row.start_node),
            int(row.end_node),
            int(row.start_s),
            int(row.end_s),
            tuple(sorted(held.get(row.team_id, ()), key=lambda one: one[1])),
        )
        for row in _rows(problem.teams)
    )
    made: dict[Identifier, list[Made]] = {}
    for row in _rows(problem.done.sort_values("start_s", kind="stable")):
        counted = counts(row.village, int(row.villages))
        made.setdefault(row.stop_id, []).append(Made(counted, int(row.start_s), int(row.end_s)))
    through: dict[Identifier, dict[str, tuple[int, int]]] = {}
    for row in _rows(problem.through):
        through.setdefault(row.stop_id, {})[row.mode] = (int(row.forth_s), int(row.back_s))
    open_at = _windows(problem.windows)
    stops = tuple(
        Stop(
            row.stop_id,
            int(row.node),
            int(row.end_node),
            row.prize,
            int(row.service_s),
            problem.rule_at(number),
            *open_at.get(row.stop_id, (None, None)),
            tuple(made.get(row.stop_id, ())),
            through.get(row.stop_id, {}),
        )
        for number, row in enumerate(_rows(problem.stops))
    )
    leader = -1 if problem.rule.leader is None else villages.get(problem.rule.leader, len(villages))
    return Ground(teams, stops, leader, problem.span_s[1])


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows, each with the columns as its attributes."""
    return frame.itertuples(index=False)


def _windows(frame: pd.DataFrame) -> dict[Identifier, tuple[Windows | None, Windows | None]]:
    """Windows of the first and of any visit, by start."""
    found: dict[Identifier, dict[str, list[tuple[int, int]]]] = {}
    for row in _rows(frame):
        kinds = found.setdefault(row.stop_id, {})
        kinds.setdefault(row.on_visit, []).append((int(row.start_s), int(row.end_s)))
    both: dict[Identifier, tuple[Windows | None, Windows | None]] = {}
    for stop_id, kinds in found.items():
        each = tuple(sorted(kinds["each"])) if "each" in kinds else None
        first = tuple(sorted(kinds["first"])) if "first" in kinds else None
        if first is not None and each is not None:
            meet = ((max(a, c), min(b, d)) for a, b in first for c, d in each)
            first = tuple(sorted((a, b) for a, b in meet if a <= b))
        both[stop_id] = (each if first is None else first, each)
    return both


def calls_of(ground: Ground, team: int, order: Sequence[int], backwards: Sequence[bool]) -> list[Call]:
    """A team's visits in their order, each in its direction."""
    return [_call(ground, team, stop, back) for stop, back in zip(order, backwards, strict=True)]


def directions(ground: Ground, team: int, order: Sequence[int]) -> list[bool]:
    """Which stretches of an order are gone through backwards, so that the tour takes the least time.

    Raises
    ------
    LianfangError
        When the team's mode has no way to one of the stops, or from the last one back.
    """
    return tour(ground, team, order)[1]


def tour(ground: Ground, team: int, order: Sequence[int]) -> tuple[int, list[bool]]:
    """Seconds that a team is on its way and at its stops in an order, at the least, and the directions.

    Raises
    ------
    LianfangError
        As `directions`.
    """
    who = ground.teams[team]
    # By direction of the last visit: seconds so far, node, and the directions until there.
    ways: list[tuple[int, int, list[bool]]] = [(0, who.start_node, [])]
    for stop in order:
        place = ground.stops[stop]
        sides = [back for back in (False, True) if _seconds(place, who.mode, back) >= 0]
        found = []
        for back in sides if place.through else [False]:
            call = _call(ground, team, stop, back)
            reached = [
                (spent + who.travel[here][call.enter] + call.lasts, call.leave, [*taken, back])
                for spent, here, taken in ways
                if who.travel[here][call.enter] >= 0
            ]
            if reached:
                found.append(min(reached, key=lambda way: way[0]))
        if not found:
            raise LianfangError(
                Sentence(
                    "team '%(team)s' has no way to stop '%(stop)s'; send another team",
                    team=who.team_id,
                    stop=place.stop_id,
                )
            )
        ways = found
    if order and who.end_node >= 0:
        ways = [
            (spent + who.travel[here][who.end_node], here, taken)
            for spent, here, taken in ways
            if who.travel[here][who.end_node] >= 0
        ]
        if not ways:
            raise LianfangError(
                Sentence(
                    "team '%(team)s' has no way back from stop '%(stop)s'; send another team",
                    team=who.team_id,
                    stop=ground.stops[order[-1]].stop_id,
                )
            )
    spent, _, taken = min(ways, key=lambda way: way[0])
    return spent, taken


def _call(ground: Ground, team: int, stop: int, backwards: bool) -> Call:
    place = ground.stops[stop]
    ends = (place.end_node, place.node) if backwards else (place.node, place.end_node)
    lasts = place.service_s + max(0, _seconds(place, ground.teams[team].mode, backwards))
    return Call(team, stop, *ends, lasts, backwards)


def _seconds(place: Stop, mode: str, backwards: bool) -> int:
    """How long a mode takes through a stretch, -1 where it has no such way; 0 at a place."""
    if not place.through:
        return 0
    return place.through.get(mode, (-1, -1))[1 if backwards else 0]
