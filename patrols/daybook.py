"""What each team does at every time of its shift: on the way, waiting, at a stop, having a break.

A plan lists visits alone. Ways follow from the arrivals, waits are what is left over, and a break lies in the
earliest room that the visits leave for it: that there is room is what the plan promises, not where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from patrols.columns import objects
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.stretches import visit_nodes

TRAVEL, WAIT, VISIT, BREAK = KINDS = ("travel", "wait", "visit", "break")
COLUMNS = ["team_id", "kind", "start_s", "end_s", "stop_id"]


@dataclass(frozen=True)
class _Idle:
    """A stretch in which a team neither travels nor serves, half-open, seconds from the origin."""

    start_s: int
    end_s: int


def daybook(problem: PatrolProblem, plan: PatrolPlan) -> pd.DataFrame:
    """Each team's shift, from its start to when it is back, without a hole.

    Parameters
    ----------
    problem : PatrolProblem
    plan : PatrolPlan
        A sound one: of a plan that the checker refuses, ways that take less time than they need are as long
        as the plan says, and breaks without room are left out.

    Returns
    -------
    DataFrame
        team_id, kind (one of `KINDS`), start_s, end_s (seconds from the origin, start < end), stop_id (of a
        visit, and where a way leads; None elsewhere), by team in the problem's order, then by time. Teams
        without visits have no row.
    """
    rows: list[tuple[Any, ...]] = []
    for team in problem.teams.itertuples(index=False):
        visits = plan.visits[plan.visits["team_id"] == team.team_id].sort_values("seq")
        if len(visits):
            rows += sorted(_shift(problem, team, visits), key=lambda row: (row[2], row[3]))
    book = pd.DataFrame(rows, columns=COLUMNS)
    # Beside numbers of stops pandas would turn None into NaN.
    return book.assign(stop_id=objects([row[4] for row in rows]))


def _shift(problem: PatrolProblem, team: Any, visits: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The rows of one team."""
    travel = problem.duration_s[team.mode]
    begins, ends = visit_nodes(problem, visits)
    here, left_s = int(team.start_node), int(team.start_s)
    idle: list[_Idle] = []
    cells = [visits[name].tolist() for name in ("stop_id", "arrive_s", "start_s", "end_s")]
    for stop_id, arrive_s, start_s, end_s, node, out in zip(*cells, begins, ends, strict=True):
        # A way shorter than it needs to be is the checker's matter: here it is as long as the plan says.
        leaves_s = max(left_s, arrive_s - max(0, int(travel[here, node])))
        if leaves_s < arrive_s:
            yield (team.team_id, TRAVEL, leaves_s, arrive_s, stop_id)
            idle += [_Idle(left_s, leaves_s), _Idle(arrive_s, start_s)]
        else:
            idle.append(_Idle(left_s, start_s))
        if start_s < end_s:
            yield (team.team_id, VISIT, start_s, end_s, stop_id)
        here, left_s = int(out), end_s
    home_s = max(0, int(travel[here, team.end_node])) if team.end_node >= 0 else 0
    breaks = problem.breaks[problem.breaks["team_id"] == team.team_id]
    held = [
        (int(earliest), int(latest), int(duration))
        for earliest, latest, duration in breaks[["earliest_s", "latest_s", "duration_s"]].to_numpy().tolist()
    ]
    placed = _placed(idle, left_s, int(team.end_s), home_s, held) or []
    # Breaks before the way home hold it up; the others are held at the end node.
    leaves_s = max([left_s, *(end for number, _, end in placed if number == len(idle))])
    if home_s:
        yield (team.team_id, TRAVEL, leaves_s, leaves_s + home_s, None)
    for _, start_s, end_s in placed:
        yield (team.team_id, BREAK, start_s, end_s, None)
    back_s = leaves_s + home_s
    last_s = max([back_s, *(end for number, _, end in placed if number > len(idle))])
    stretches = [*idle, _Idle(left_s, leaves_s), _Idle(back_s, last_s)]
    for number, stretch in enumerate(stretches):
        free_s = stretch.start_s
        for start_s, end_s in sorted((a, b) for n, a, b in placed if n == number):
            if free_s < start_s:
                yield (team.team_id, WAIT, free_s, start_s, None)
            free_s = end_s
        if free_s < stretch.end_s:
            yield (team.team_id, WAIT, free_s, stretch.end_s, None)


def _placed(
    idle: list[_Idle], left_s: int, end_s: int, home_s: int, breaks: list[tuple[int, int, int]]
) -> list[tuple[int, int, int]] | None:
    """Where breaks are held, as early as they can be: (number of the stretch, start, end).

    Two more stretches follow those of `idle`: before the way home, and after it. None where they do not fit.
    """
    before_home, after_home = len(idle), len(idle) + 1
    rooms = [*idle, _Idle(left_s, end_s - home_s), _Idle(left_s + home_s, end_s)]

    def search(
        number: int, now: int, open_breaks: list[tuple[int, int, int]]
    ) -> list[tuple[int, int, int]] | None:
        if not open_breaks:
            return []
        if number > after_home:
            return None
        for index, (earliest, latest, duration) in enumerate(open_breaks):
            start = max(now, earliest)
            if start > latest or start + duration > rooms[number].end_s:
                continue
            others = open_breaks[:index] + open_breaks[index + 1 :]
            rest = search(number, start + duration, others)
            if rest is not None:
                return [(number, start, start + duration), *rest]
        if number == after_home:
            return None
        following = rooms[number + 1].start_s
        if number == before_home:
            # Whoever had a break before the way home comes home later.
            following = max(following, now + home_s)
        return search(number + 1, following, open_breaks)

    return search(0, rooms[0].start_s, breaks)
