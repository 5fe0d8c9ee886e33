"""What the checker reads of a problem and a plan, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import Sentence
from patrols.problem import PatrolProblem

CODES = (
    "time_travel",
    "window",
    "shift",
    "break",
    "mode",
    "forbidden",
    "required",
    "pinned",
    "overlap",
    "unknown_id",
    "claim_crossed",
    "claim_value",
)


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks.

    Parameters
    ----------
    code : str
        time_travel: a leg or a service gets less time than it takes, or times run backwards within
        a visit. window: a service starts outside the stop's windows. shift: a team would have to
        leave before its shift or is back after it. break: a team's breaks do not fit into its idle time.
        mode: a leg that the team's mode cannot travel. forbidden: a pair that must not meet.
        required: a required stop that nobody visits. pinned: a stop that its team does not visit. overlap:
        a team is at two stops at once, or two visits have the same place in its order. unknown_id: a team
        or stop that the problem does not have. claim_crossed: the list of crossed stops is wrong, or the
        list of unreachable ones is refuted by the plan. claim_value: the value or the upper bound is not
        what the visits are worth.
    team_id, stop_id, seq
        Where, as far as it applies; else None.
    value, limit : float or None
        What was found and what is allowed, in the unit of the message.
    message : Sentence
        One sentence.
    """

    code: str
    team_id: Any
    stop_id: Any
    seq: int | None
    value: float | None
    limit: float | None
    message: Sentence


@dataclass(frozen=True)
class Stop:
    """What a stop asks of its visits; windows of any visit and of the first, seconds."""

    node: int
    prize: float
    service_s: int
    required: bool
    each: tuple[tuple[int, int], ...]
    first: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Team:
    """Who it is, how it moves (N x N seconds), its shift and its breaks (earliest, latest, duration)."""

    village: Any
    villages: int
    travel_s: NDArray[np.int64]
    start_node: int
    end_node: int
    start_s: int
    end_s: int
    breaks: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Visit:
    """One visit of the plan, or one that was made before it."""

    team_id: Any
    seq: int
    stop_id: Any
    arrive_s: int
    start_s: int
    end_s: int
    # Of a visit made before the plan: its team may not be in it.
    made: bool = False
    village: Any = None
    villages: int = 0


def stops_of(problem: PatrolProblem) -> dict[Any, Stop]:
    """The stops by their ids."""
    windows: dict[Any, dict[str, list[tuple[int, int]]]] = {
        stop_id: {"each": [], "first": []} for stop_id in problem.stops["stop_id"]
    }
    for stop_id, start_s, end_s, on_visit in problem.windows.itertuples(index=False, name=None):
        windows[stop_id][on_visit].append((start_s, end_s))
    return {
        stop_id: Stop(
            node,
            prize,
            service_s,
            required,
            tuple(windows[stop_id]["each"]),
            tuple(windows[stop_id]["first"]),
        )
        for stop_id, node, _, prize, service_s, required in problem.stops.itertuples(index=False, name=None)
    }


def teams_of(problem: PatrolProblem) -> dict[Any, Team]:
    """The teams by their ids."""
    breaks: dict[Any, list[tuple[int, int, int]]] = {team_id: [] for team_id in problem.teams["team_id"]}
    for team_id, earliest_s, latest_s, duration_s in problem.breaks.itertuples(index=False, name=None):
        breaks[team_id].append((earliest_s, latest_s, duration_s))
    return {
        team_id: Team(
            village, villages, problem.duration_s[mode], start, end, start_s, end_s, tuple(breaks[team_id])
        )
        for team_id, village, mode, start, end, start_s, end_s, villages in problem.teams.itertuples(
            index=False, name=None
        )
    }


def at_visit(code: str, visit: Visit, value: float | None, limit: float | None, what: Sentence) -> Violation:
    """A violation at a visit, its message opening with where it is."""
    text = Sentence(
        "team %(team)s, visit %(seq)s at stop %(stop)s: %(what)s",
        team=repr(visit.team_id),
        seq=visit.seq,
        stop=repr(visit.stop_id),
        what=what,
    )
    return Violation(code, visit.team_id, visit.stop_id, visit.seq, value, limit, text)
