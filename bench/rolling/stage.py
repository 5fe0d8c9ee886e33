"""One stage of the rolling search as a problem of PyVRP.

PyVRP (MIT licence, release 0.14.1) knows one window for a client, no forbidden pairs and no
breaks. So a stop with several windows becomes a group of clients of which one is served; a pair
that must not meet gets an endless way; and a break becomes a group of clients at a few places, of
which that team serves one. Only the orders are taken from the answer: the times are worked out in
`bench.rolling.draft`, where a break may be held anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyvrp

from bench.rolling.draft import Stand
from patrols.arrays import BoolArray, IntArray, ProblemArrays, Windows

# Places at which PyVRP may hold a break, besides where the team starts and ends.
BREAK_PLACES = 5
# Against PyVRP's default of 50: a fifth more iterations in the same time; 12 and 20 were worse.
NEIGHBOURS = 30


class Stop(Protocol):
    """Asked before every iteration of a stage with the best cost so far; True ends the stage."""

    def __call__(self, best_cost: int) -> bool: ...


@dataclass(frozen=True, eq=False)
class Stage:
    """One call of PyVRP: what to serve when, and where the teams begin.

    Parameters
    ----------
    windows : mapping of stop to its windows
    prizes : (S,) int
    barred : (T, S) bool
    stands : tuple of Stand
        Where and when each team begins, and the breaks it has to hold in this stage.
    reserve : (T,) int
        Seconds at the end of the shift kept for breaks of later stages.
    free_end : bool
        Whether the way home counts for time only, not as distance: teams go on from where they end.
    """

    windows: dict[int, Windows]
    prizes: IntArray
    barred: BoolArray
    stands: tuple[Stand, ...]
    reserve: IntArray
    free_end: bool


def orders(arrays: ProblemArrays, stage: Stage, stop: Stop, seed: int) -> list[list[int]]:
    """Per team the stops it serves in order, as PyVRP found them.

    Parameters
    ----------
    arrays : ProblemArrays
    stage : Stage
    stop : callable
        Ends the search.
    seed : int

    Returns
    -------
    list of lists of int
        Rows of stops, one list a team; empty lists where the stage has nothing to serve.
    """
    found: list[list[int]] = [[] for _ in range(arrays.team_count)]
    clients = _clients(arrays, stage)
    if not any(of is not None for of in clients.stop_of):
        return found
    parameters = pyvrp.SolveParams(neighbourhood=pyvrp.search.NeighbourhoodParams(num_neighbours=NEIGHBOURS))
    answer = pyvrp.solve(
        _data(arrays, stage, clients), stop, seed=seed, collect_stats=False, display=False, params=parameters
    )
    for route in answer.best.routes():
        served = (clients.stop_of[activity.idx] for activity in route if activity.is_client())
        found[route.vehicle_type()] = [number for number in served if number is not None]
    return found


@dataclass(eq=False)
class _Clients:
    """PyVRP's clients while they are gathered.

    Parameters
    ----------
    origin, latest : int
        PyVRP counts from 0: its zero in our seconds, and the end of the span from there.
    clients, groups : lists
    stop_of : list
        The stop of each client, None for a break.
    break_places : list of (team, node)
    """

    origin: int
    latest: int
    clients: list[pyvrp.Client] = field(default_factory=list)
    groups: list[pyvrp.ClientGroup] = field(default_factory=list)
    stop_of: list[int | None] = field(default_factory=list)
    break_places: list[tuple[int, int]] = field(default_factory=list)

    def add(
        self, options: list[tuple[int, tuple[int, int]]], service: int, prize: int, of: int | None
    ) -> None:
        """One client, or a group of which one is served, for every (location, window)."""
        grouped = len(options) > 1
        numbers = range(len(self.clients), len(self.clients) + len(options))
        for location, (start, end) in options:
            self.clients.append(
                pyvrp.Client(
                    location=location,
                    service_duration=service,
                    tw_early=max(start - self.origin, 0),
                    tw_late=min(max(end - self.origin, 0), self.latest),
                    prize=prize,
                    required=of is None and not grouped,
                    group=len(self.groups) if grouped else None,
                )
            )
            self.stop_of.append(of)
        if grouped:
            self.groups.append(pyvrp.ClientGroup(list(numbers), required=of is None))


def _clients(arrays: ProblemArrays, stage: Stage) -> _Clients:
    """Stops and breaks of the stage.

    Locations are the stops, every team's start, every team's end, then the places for breaks.
    """
    origin = min((stand.time for stand in stage.stands), default=0)
    latest = arrays.span[1] - origin
    gathered = _Clients(origin, latest)
    for stop, windows in stage.windows.items():
        # PyVRP wants windows that begin before the vehicles do; those that are over it cannot have.
        options = [(stop, (a, b)) for a, b in windows if b >= origin and a - origin <= latest]
        if options:
            gathered.add(options, arrays.plain.service[stop], int(stage.prizes[stop]), stop)
    fixed = arrays.stop_count + 2 * arrays.team_count
    for team, stand in enumerate(stage.stands):
        for held in stand.breaks:
            nodes = _break_nodes(arrays, stage, team)
            first = fixed + len(gathered.break_places)
            gathered.break_places += [(team, node) for node in nodes]
            window = (held.earliest, held.latest)
            gathered.add([(first + k, window) for k in range(len(nodes))], held.duration, 0, None)
    return gathered


def _break_nodes(arrays: ProblemArrays, stage: Stage, team: int) -> list[int]:
    """Where a team may hold a break: where it starts, where it ends, and the stops nearest to its start."""
    start, end = stage.stands[team].node, int(arrays.end_node[team])
    free = np.array([stop for stop in stage.windows if not stage.barred[team, stop]], np.int64)
    ways = arrays.travel[arrays.mode[team], start, arrays.node[free]]
    near = arrays.node[free[np.argsort(ways, kind="stable")][:BREAK_PLACES]]
    return list(dict.fromkeys([start, *([end] if end >= 0 else []), *near.tolist()]))


def _data(arrays: ProblemArrays, stage: Stage, gathered: _Clients) -> pyvrp.ProblemData:
    """PyVRP's problem: one vehicle a team, one routing profile for each different pair of matrices."""
    stops, teams = arrays.stop_count, arrays.team_count
    starts = [stand.node for stand in stage.stands]
    ends = [
        node if node >= 0 else start for node, start in zip(arrays.end_node.tolist(), starts, strict=True)
    ]
    nodes = np.array([*arrays.node, *starts, *ends, *(node for _, node in gathered.break_places)])
    owners = np.array([owner for owner, _ in gathered.break_places], np.int64)
    profiles: dict[bytes, int] = {}
    # PyVRP's own annotations call every array `ndarray[int]`.
    distances: list[Any] = []
    durations: list[Any] = []
    vehicles = []
    for team, stand in enumerate(stage.stands):
        distance, duration = _matrices(arrays, stage, team, nodes, owners)
        profile = profiles.setdefault(duration.tobytes() + distance.tobytes(), len(distances))
        if profile == len(distances):
            distances.append(distance)
            durations.append(duration)
        vehicles.append(
            pyvrp.VehicleType(
                start_depot=team,
                end_depot=teams + team,
                tw_early=stand.time - gathered.origin,
                tw_late=max(int(arrays.end[team] - stage.reserve[team]), stand.time) - gathered.origin,
                profile=profile,
            )
        )
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in nodes],
        clients=gathered.clients,
        depots=[pyvrp.Depot(stops + number) for number in range(2 * teams)],
        vehicle_types=vehicles,
        distance_matrices=distances,
        duration_matrices=durations,
        groups=gathered.groups,
    )


def _matrices(
    arrays: ProblemArrays, stage: Stage, team: int, nodes: IntArray, owners: IntArray
) -> tuple[IntArray, IntArray]:
    """Distance and duration between PyVRP's locations for one team."""
    stops, teams = arrays.stop_count, arrays.team_count
    # Longer than any shift, so no feasible route has it, and small enough for PyVRP's penalties.
    never = 4 * (arrays.span[1] - arrays.span[0]) + 1
    mode = arrays.mode[team]
    duration = np.minimum(arrays.travel[mode][np.ix_(nodes, nodes)], never)
    distance = np.minimum(arrays.distance[mode][np.ix_(nodes, nodes)], never)
    ends = slice(stops + teams, stops + 2 * teams)
    if arrays.end_node[team] < 0:
        duration[:, ends] = 0
    if arrays.end_node[team] < 0 or stage.free_end:
        distance[:, ends] = 0
    barred = np.concatenate([stage.barred[team], np.zeros(2 * teams, bool), owners != team])
    duration[:, barred] = never
    np.fill_diagonal(duration, 0)
    np.fill_diagonal(distance, 0)
    return distance, duration
