"""What the checker reads of a problem and a plan, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import Sentence
from patrols.problem import CrossRule, PatrolProblem

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
    """What a stop asks of its visits; windows of any visit and of the first, seconds.

    `through` has, by mode, how long a stretch takes forth and back, -1 for not that way; None: it is a point.
    """

    node: int
    end_node: int
    prize: float
    service_s: int
    required: bool
    each: tuple[tuple[int, int], ...]
    first: tuple[tuple[int, int], ...]
    rule: CrossRule
    through: dict[Any, tuple[int, int]] | None

    def way_in(self, backwards: bool) -> int:
        """The node at which a visit begins."""
        return self.end_node if backwards else self.node

    def way_out(self, backwards: bool) -> int:
        """The node at which a visit ends."""
        return self.node if backwards else self.end_node

    def takes_s(self, mode: Any, backwards: bool) -> int | None:
        """How long a visit takes, None where this mode cannot go through that way."""
        if self.through is None:
            return self.service_s
        through_s = self.through.get(mode, (-1, -1))[backwards]
        return None if through_s < 0 else self.service_s + through_s


@dataclass(frozen=True)
class Team:
    """Who it is, how it moves (N x N seconds), its shift and its breaks (earliest, latest, duration)."""

    village: Any
    villages: int
    mode: Any
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
    backwards: bool = False
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
    through: dict[Any, dict[Any, tuple[int, int]]] = {}
    for stop_id, mode, forth_s, _, back_s, _ in problem.through.itertuples(index=False, name=None):
        through.setdefault(stop_id, {})[mode] = (forth_s, back_s)
    return {
        stop_id: Stop(
            node,
            end_node,
            prize,
            service_s,
            required,
            tuple(windows[stop_id]["each"]),
            tuple(windows[stop_id]["first"]),
            _rule_of(problem.rule, villages, max_idle_s),
            through.get(stop_id),
        )
        for (
            stop_id,
            node,
            _,
            prize,
            service_s,
            required,
            end_node,
            villages,
            max_idle_s,
        ) in problem.stops.itertuples(index=False, name=None)
    }


def _rule_of(rule: CrossRule, villages: int, max_idle_s: int) -> CrossRule:
    """The rule with what one stop asks for instead, where that is not 0."""
    return replace(rule, villages=villages or rule.villages, max_idle_s=max_idle_s or rule.max_idle_s)


def teams_of(problem: PatrolProblem) -> dict[Any, Team]:
    """The teams by their ids."""
    breaks: dict[Any, list[tuple[int, int, int]]] = {team_id: [] for team_id in problem.teams["team_id"]}
    for team_id, earliest_s, latest_s, duration_s in problem.breaks.itertuples(index=False, name=None):
        breaks[team_id].append((earliest_s, latest_s, duration_s))
    return {
        team_id: Team(
            village,
            villages,
            mode,
            problem.duration_s[mode],
            start,
            end,
            start_s,
            end_s,
            tuple(breaks[team_id]),
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
