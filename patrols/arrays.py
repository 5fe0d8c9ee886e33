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
    node : (S,) int
        Where a stop is; of a stretch its beginning.
    enter, leave : (S, 2) int
        The nodes at which a visit begins and ends, forth and back.
    stay : (M, S, 2) int
        How long a visit takes by each mode, forth and back; FAR where it cannot go that way. Points are
        visited forth alone.
    service : (S,) int
        The least that a visit takes, by whatever mode and way.
    longest : (S,) int
        And the most.
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
    villages, idle : (S,) int
        Of how many villages a stop's visits must be; the longest time alone, FAR where there is no bound.
    rule : CrossRule
        Of stops that ask for nothing else. A *joint* rule as one of visits by one village, which
        all teams that are mixed enough are of.
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
    enter: IntArray
    leave: IntArray
    stay: IntArray
    service: IntArray
    longest: IntArray
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
    villages: IntArray
    idle: IntArray
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
        first = self.span[1] - self.rule.visits * (self.idle + self.longest)
        return [int(value) for value in np.where(self.required | (self.idle >= FAR), -FAR, first)]

    def rule_at(self, stop: int) -> CrossRule:
        """The rule as it holds for a stop."""
        idle = int(self.idle[stop])
        return replace(self.rule, villages=int(self.villages[stop]), max_idle_s=None if idle >= FAR else idle)

    def part_of_span(self, share: float) -> int:
        """The second at which a share of the time in which first visits are of use is over."""
        start, end = self.span
        begin = max(start, min(self.open_from, default=start))
        return int(begin + share * (end - begin))

    @cached_property
    def chains(self) -> tuple[tuple[Visit, ...], ...]:
        """Per stop the visits made before that count as its first turns, each a separation after the last."""
        return tuple(
            _chain(self.rule_at(stop), self.leader, several, self.span[1]) if several else ()
            for stop, several in enumerate(self.done)
        )

    @cached_property
    def met(self) -> BoolArray:
        """(S,): stops that visits made before cross, if they are not alone too long from now on."""
        found = [
            first_crossing(self.rule_at(stop), [made for made in several if made.village >= 0], self.leader)
            if several
            else None
            for stop, several in enumerate(self.done)
        ]
        return np.array([whole is not None for whole in found], bool)

    @cached_property
    def lost(self) -> BoolArray:
        """(S,): stops that were alone too long already, so that no visit makes them crossed any more."""
        found = np.zeros(self.stop_count, bool)
        for stop, several in enumerate(self.done):
            # Nobody can be there before the span begins.
            found[stop] = bool(several) and longest_alone(several, self.span[0]) > self.idle[stop]
        return found

    @cached_property
    def between(self) -> IntArray:
        """(modes that teams have, S, S): ways from stop to stop; of a stretch from the nearer end."""
        ways = self.travel[np.unique(self.mode)]
        sides = [(a, b) for a in range(2) for b in range(2)]
        several = [ways[:, self.leave[:, None, a], self.enter[None, :, b]] for a, b in sides]
        return np.minimum.reduce(several)

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
    asked, idle = _asked(problem, rule)
    enter = stops[["node", "end_node"]].to_numpy(np.int64)
    stay = _stays(problem, modes, stop_row)
    # By the modes that teams have; a stretch that none of them can go through takes no time of anybody.
    used = stay[np.unique(mode)] if len(mode) else stay
    service = np.where(used < FAR, used, FAR).min(axis=(0, 2), initial=FAR)
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
    pinned = set(problem.pinned["stop_id"])
    for stop_id, row in stop_row.items():
        # Where none of them counts the first turn still comes before the stop was alone too long.
        limited = bool(done[row]) and stop_id not in pinned and idle[row] < FAR
        own = replace(rule, villages=int(asked[row]), max_idle_s=int(idle[row])) if limited else rule
        if limited and not _chain(own, leader, tuple(done[row]), end):
            both[row] = _both(both[row], [(-FAR, max(one.end for one in done[row]) + int(idle[row]))])
    pin = np.full((len(stops), rule.visits), -1, np.int64)
    for team_id, stop_id in zip(problem.pinned["team_id"], problem.pinned["stop_id"], strict=True):
        row = pin[stop_row[stop_id]]
        row[int((row >= 0).sum())] = team_row[team_id]
    return ProblemArrays(
        stop_ids=stops["stop_id"].tolist(),
        team_ids=teams["team_id"].tolist(),
        node=enter[:, 0].copy(),
        enter=enter,
        leave=enter[:, ::-1].copy(),
        stay=stay,
        service=np.where(service < FAR, service, 0),
        longest=np.where(used < FAR, used, 0).max(axis=(0, 2), initial=0),
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
        villages=asked,
        idle=idle,
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


def _asked(problem: PatrolProblem, rule: CrossRule) -> tuple[IntArray, IntArray]:
    """How many villages each stop asks for, and its longest time alone, as the searches count them."""
    stops = problem.stops
    own_villages, own_idle = (stops[name].to_numpy(np.int64) for name in ("villages", "max_idle_s"))
    idle = FAR if rule.max_idle_s is None else rule.max_idle_s
    return (
        np.where(own_villages > 0, own_villages, rule.villages),
        np.where(own_idle > 0, own_idle, idle),
    )


def _stays(problem: PatrolProblem, modes: list[str], stop_row: dict[Identifier, int]) -> IntArray:
    """(M, S, 2): `ProblemArrays.stay`."""
    service = problem.stops["service_s"].to_numpy(np.int64)
    stay = np.full((len(modes), len(service), 2), FAR, np.int64)
    stay[:, :, 0] = service
    stretched = [stop_row[stop_id] for stop_id in problem.through["stop_id"]]
    stay[:, stretched] = FAR
    rows = zip(
        stretched,
        problem.through["mode"],
        problem.through[["forth_s", "back_s"]].to_numpy(np.int64),
        strict=True,
    )
    for row, mode, through in rows:
        stay[modes.index(mode), row] = np.where(through < 0, FAR, service[row] + through)
    return stay


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
