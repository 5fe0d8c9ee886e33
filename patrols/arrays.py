"""A patrol problem as arrays, for the searches: rows instead of identifiers, villages as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrols.columns import Identifier
from patrols.crossing import Visit, first_crossing, longest_alone
from patrols.problem import CrossRule, PatrolProblem

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# "Never": above every real time and travel time by far, and safe to add up a thousand times.
FAR = 10**12

Windows = list[tuple[int, int]]


@dataclass(frozen=True)
class Break:
    """One break of a team, seconds."""

    earliest: int
    latest: int
    duration: int


@dataclass(frozen=True, eq=False)
class Openings:
    """When services may start.

    Parameters
    ----------
    start, end : (S, K) int
        First and last second of a stop's windows, by start. Rows with fewer windows end in
        (FAR, -FAR), which admits nothing.
    windows : list of lists of (start, end)
        The same as plain numbers.
    """

    start: IntArray
    end: IntArray
    windows: list[Windows]

    def next_start(self, stops: IntArray, ready: IntArray) -> IntArray:
        """First admitted second at or after `ready` for each of `stops`; FAR where there is none."""
        start = np.maximum(self.start[stops], ready[:, None])
        return np.where(start <= self.end[stops], start, FAR).min(axis=1)

    def last_start(self, stops: IntArray, limit: IntArray) -> IntArray:
        """Last admitted second at or before `limit` for each of `stops`; -FAR where there is none."""
        end = np.minimum(self.end[stops], limit[:, None])
        return np.where(end >= self.start[stops], end, -FAR).max(axis=1)

    def next_of(self, stop: int, ready: int) -> int:
        """`next_start` for one stop, on plain numbers: the inner loop of every search."""
        for start, end in self.windows[stop]:
            if ready <= end:
                return max(ready, start)
        return FAR


@dataclass(frozen=True, eq=False)
class Plain:
    """Columns of `ProblemArrays` as lists."""

    node: list[int]
    service: list[int]
    start: list[int]
    start_node: list[int]
    end: list[int]
    travel: list[list[list[int]]]
    home: list[list[int]]
    mode: list[int]


@dataclass(frozen=True, eq=False)
class ProblemArrays:
    """What the searches read. S stops, T teams, N nodes; times in seconds from the origin.

    Parameters
    ----------
    stop_ids, team_ids : list of identifiers
    node, service : (S,) int
    prize : (S,) float
    required : (S,) bool
        Whether a visit of this plan is demanded: not where one was made before.
    each : Openings
        When any visit may start.
    first : Openings
        When a visit may start that is the first at its stop: both kinds of windows hold.
    village : (T,) int
        Number of the team's village, -1 for none.
    start_node, end_node, start, end : (T,) int
        end_node -1: ends where it stands.
    mode : (T,) int
        Row of `travel` and `distance`.
    travel, distance : (M, N, N) int
        Seconds and metres; FAR = unreachable.
    home : (T, N) int
        Seconds from a node to the team's end node, 0 where it ends where it stands.
    forbidden : (T, S) bool
    breaks : tuple of tuples of Break
        Per team, by latest start: the order in which the searches hold them.
    rule : CrossRule
        A *joint* rule as one of visits by one village, which all teams that are mixed enough are of.
    leader : int
        Number of the duty village of a *rota*, -1 where any will do.
    done : tuple of tuples of Visit
        Per stop the visits made before, by time.
    pin : (S, visits of the rule) int
        The teams that must visit the stop, filled up with -1.
    """

    stop_ids: list[Identifier]
    team_ids: list[Identifier]
    node: IntArray
    service: IntArray
    prize: NDArray[np.float64]
    required: BoolArray
    each: Openings
    first: Openings
    village: IntArray
    start_node: IntArray
    end_node: IntArray
    start: IntArray
    end: IntArray
    mode: IntArray
    travel: IntArray
    distance: IntArray
    home: IntArray
    forbidden: BoolArray
    breaks: tuple[tuple[Break, ...], ...]
    rule: CrossRule
    leader: int
    done: tuple[tuple[Visit, ...], ...]
    pin: IntArray

    @cached_property
    def plain(self) -> Plain:
        """The same as plain numbers, which a loop over single visits reads several times faster."""
        return Plain(
            node=self.node.tolist(),
            service=self.service.tolist(),
            start=self.start.tolist(),
            start_node=self.start_node.tolist(),
            end=self.end.tolist(),
            travel=[self.travel[mode].tolist() for mode in range(len(self.travel))],
            home=self.home.tolist(),
            mode=self.mode.tolist(),
        )

    @cached_property
    def open_from(self) -> list[int]:
        """First second, per stop, of a first visit from which the stop can still be crossed.

        -FAR without a limit on idleness: with one, as many stays and waits as the rule has visits must
        last from there to the end of the span. A required stop may be visited earlier, so it has -FAR too.
        """
        if self.rule.max_idle_s is None:
            return [-FAR] * self.stop_count
        first = self.span[1] - self.rule.visits * (self.rule.max_idle_s + self.service)
        return [int(value) for value in np.where(self.required, -FAR, first)]

    def part_of_span(self, share: float) -> int:
        """The second at which a share of the time in which first visits are of use is over."""
        start, end = self.span
        begin = max(start, min(self.open_from, default=start))
        return int(begin + share * (end - begin))

    @cached_property
    def chains(self) -> tuple[tuple[Visit, ...], ...]:
        """Per stop the visits made before that count as its first turns, each a separation after the last."""
        return tuple(_chain(self.rule, self.leader, several, self.span[1]) for several in self.done)

    @cached_property
    def met(self) -> BoolArray:
        """(S,): stops that visits made before cross, if they are not alone too long from now on."""
        found = [
            first_crossing(self.rule, [made for made in several if made.village >= 0], self.leader)
            for several in self.done
        ]
        return np.array([whole is not None for whole in found], bool)

    @cached_property
    def lost(self) -> BoolArray:
        """(S,): stops that were alone too long already, so that no visit makes them crossed any more."""
        most = self.rule.max_idle_s
        found = np.zeros(self.stop_count, bool)
        if most is None:
            return found
        for stop, several in enumerate(self.done):
            # Nobody can be there before the span begins.
            found[stop] = bool(several) and longest_alone(several, self.span[0]) > most
        return found

    @property
    def stop_count(self) -> int:
        """How many stops."""
        return len(self.stop_ids)

    @property
    def team_count(self) -> int:
        """How many teams."""
        return len(self.team_ids)

    @property
    def span(self) -> tuple[int, int]:
        """First start and last end of any shift; (0, 0) without teams."""
        return (int(self.start.min()), int(self.end.max())) if self.team_count else (0, 0)


def problem_arrays(problem: PatrolProblem) -> ProblemArrays:
    """The arrays of a problem.

    Parameters
    ----------
    problem : PatrolProblem

    Returns
    -------
    ProblemArrays
    """
    stops, teams = problem.stops, problem.teams
    stop_row = {stop_id: row for row, stop_id in enumerate(stops["stop_id"])}
    team_row = {team_id: row for row, team_id in enumerate(teams["team_id"])}
    modes = list(problem.duration_s)
    travel = np.stack([_far(problem.duration_s[mode]) for mode in modes])
    distance = np.stack([_far(problem.distance_m[mode]) for mode in modes])
    mode = np.array([modes.index(name) for name in teams["mode"]], np.int64)
    end_node = teams["end_node"].to_numpy(np.int64)
    home = np.where(end_node[:, None] < 0, 0, travel[mode, :, end_node])
    forbidden = np.zeros((len(teams), len(stops)), bool)
    for team_id, stop_id in zip(problem.forbidden["team_id"], problem.forbidden["stop_id"], strict=True):
        forbidden[team_row[team_id], stop_row[stop_id]] = True
    each, first = _windows(problem.windows, stop_row)
    rule, villages, leader = _counted(problem)
    done: list[list[Visit]] = [[] for _ in stop_row]
    made = zip(
        problem.done["stop_id"],
        villages[len(teams) :].tolist(),
        problem.done["start_s"].tolist(),
        problem.done["end_s"].tolist(),
        strict=True,
    )
    for stop_id, village, start_s, end_s in made:
        done[stop_row[stop_id]].append(Visit(village, start_s, end_s))
    # Where somebody was before, no visit of this plan is the first.
    both = [a if had else _both(a, b) for a, b, had in zip(each, first, done, strict=True)]
    end = int(teams["end_s"].max()) if len(teams) else 0
    asked = set(problem.pinned["stop_id"])
    for stop_id, row in stop_row.items():
        # Where none of them counts the first turn still comes before the stop was alone too long.
        idle = rule.max_idle_s if done[row] and stop_id not in asked else None
        if idle is not None and not _chain(rule, leader, tuple(done[row]), end):
            both[row] = _both(both[row], [(-FAR, max(one.end for one in done[row]) + idle)])
    pin = np.full((len(stops), rule.visits), -1, np.int64)
    for team_id, stop_id in zip(problem.pinned["team_id"], problem.pinned["stop_id"], strict=True):
        row = pin[stop_row[stop_id]]
        row[int((row >= 0).sum())] = team_row[team_id]
    return ProblemArrays(
        stop_ids=stops["stop_id"].tolist(),
        team_ids=teams["team_id"].tolist(),
        node=stops["node"].to_numpy(np.int64),
        service=stops["service_s"].to_numpy(np.int64),
        prize=stops["prize"].to_numpy(np.float64),
        required=stops["required"].to_numpy(bool) & ~np.array([bool(had) for had in done], bool),
        each=_openings(each),
        first=_openings(both),
        village=villages[: len(teams)].astype(np.int64),
        start_node=teams["start_node"].to_numpy(np.int64),
        end_node=end_node,
        start=teams["start_s"].to_numpy(np.int64),
        end=teams["end_s"].to_numpy(np.int64),
        mode=mode,
        travel=travel,
        distance=distance,
        home=home,
        forbidden=forbidden,
        breaks=_breaks(problem, team_row),
        rule=rule,
        leader=leader,
        done=tuple(tuple(several) for several in done),
        pin=pin,
    )


def _counted(problem: PatrolProblem) -> tuple[CrossRule, IntArray, int]:
    """The rule, the villages that teams and visits made before count for, -1 for none, and the leader."""
    rule, teams, done = problem.rule, problem.teams, problem.done
    if rule.pattern == "joint":
        mixed = np.concatenate([teams["villages"], done["villages"]]) >= rule.villages
        return replace(rule, pattern="separate", villages=1), np.where(mixed, 0, -1), -1
    numbers, names = pd.factorize(np.concatenate([teams["village"], done["village"]]).astype(object))
    if rule.leader is None:
        return rule, numbers, -1
    known = names.tolist()
    # A number that nobody has, where nobody is of the duty village.
    return rule, numbers, known.index(rule.leader) if rule.leader in known else len(known)


def _chain(rule: CrossRule, leader: int, several: tuple[Visit, ...], end: int) -> tuple[Visit, ...]:
    """The visits that count: those that meet the rule together, else the earliest ones that turns left can
    still bring enough villages to.

    Visits that would do but leave the stop alone too long until the `end` of the span lack their last turn.
    """
    counting = [made for made in several if made.village >= 0]
    whole = first_crossing(rule, counting, leader)
    if whole is not None:
        lasts = rule.max_idle_s is None or end <= max(one.end for one in several) + rule.max_idle_s
        return whole if lasts else whole[:-1]
    chain: list[Visit] = []
    for made in counting:
        left = rule.visits - len(chain) - 1
        there = {one.village for one in (*chain, made)}
        enough = len(there) + left >= rule.villages and (left > 0 or leader < 0 or leader in there)
        if left >= 0 and enough and (not chain or made.start >= chain[-1].start + rule.separation_s):
            chain.append(made)
    return tuple(chain)


def _far(matrix: IntArray) -> IntArray:
    return np.where(matrix < 0, FAR, matrix)


def _breaks(problem: PatrolProblem, team_row: dict[Identifier, int]) -> tuple[tuple[Break, ...], ...]:
    found: list[list[Break]] = [[] for _ in team_row]
    frame = problem.breaks
    times = frame[["earliest_s", "latest_s", "duration_s"]].to_numpy(np.int64).tolist()
    for team_id, row in zip(frame["team_id"], times, strict=True):
        found[team_row[team_id]].append(Break(*row))
    return tuple(tuple(sorted(breaks, key=lambda b: (b.latest, b.earliest))) for breaks in found)


def _windows(frame: pd.DataFrame, stop_row: dict[Identifier, int]) -> tuple[list[Windows], list[Windows]]:
    """Windows for each visit and for the first, per stop; always open where there are none."""
    found: dict[str, list[Windows]] = {"each": [[] for _ in stop_row], "first": [[] for _ in stop_row]}
    rows = zip(
        frame["stop_id"], frame["start_s"].tolist(), frame["end_s"].tolist(), frame["on_visit"], strict=True
    )
    for stop_id, start, end, kind in rows:
        found[kind][stop_row[stop_id]].append((start, end))
    for windows in (*found["each"], *found["first"]):
        if not windows:
            windows.append((-FAR, FAR - 1))
    return found["each"], found["first"]


def _both(a: Windows, b: Windows) -> Windows:
    """Intersections of two lists of windows."""
    meets = ((max(s, u), min(e, v)) for s, e in a for u, v in b)
    return [(s, e) for s, e in meets if s <= e]


def _openings(windows: list[Windows]) -> Openings:
    width = max([1, *(len(rows) for rows in windows)])
    start = np.full((len(windows), width), FAR, np.int64)
    end = np.full((len(windows), width), -FAR, np.int64)
    for row, several in enumerate(windows):
        for column, (a, b) in enumerate(sorted(several)):
            start[row, column], end[row, column] = a, b
    return Openings(start, end, [sorted(several) for several in windows])
