"""The parts of a patrol problem, each cleaned, copied and checked on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrols import columns as read
from patrols.columns import Identifier

ON_VISIT = ("each", "first")
# More breaks than this in one shift is a slip of the pen, and the order of breaks is searched in full.
MOST_BREAKS = 4

STOP_COLUMNS = (
    "stop_id",
    "node",
    "village",
    "prize",
    "service_s",
    "required",
    "end_node",
    "villages",
    "max_idle_s",
)
THROUGH_COLUMNS = ("stop_id", "mode", "forth_s", "forth_m", "back_s", "back_m")
WINDOW_COLUMNS = ("stop_id", "start_s", "end_s", "on_visit")
TEAM_COLUMNS = ("team_id", "village", "mode", "start_node", "end_node", "start_s", "end_s", "villages")
BREAK_COLUMNS = ("team_id", "earliest_s", "latest_s", "duration_s")
DONE_COLUMNS = ("stop_id", "village", "start_s", "end_s", "villages")
FORBIDDEN_COLUMNS = ("team_id", "stop_id")


IntArray = NDArray[np.int64]
Matrices = Mapping[str, NDArray[np.int64]]


def matrices(duration_s: Matrices, distance_m: Matrices) -> tuple[Matrices, Matrices]:
    """Read-only copies of both mappings, checked against each other."""
    for name, given in (("duration_s", duration_s), ("distance_m", distance_m)):
        if not isinstance(given, Mapping) or not given:
            raise ValueError(f"{name} has no mode; give a mapping such as {{'foot': matrix}}")
        if not all(isinstance(mode, str) and mode for mode in given):
            raise ValueError(f"{name} has the modes {list(given)!r}; name every mode with a text")
    if set(duration_s) != set(distance_m):
        odd = sorted(set(duration_s) ^ set(distance_m))
        raise ValueError(
            f"mode {odd[0]!r} is in one of duration_s and distance_m only; give both for every mode"
        )
    durations = {mode: _matrix(matrix, f"duration_s[{mode!r}]") for mode, matrix in duration_s.items()}
    distances = {mode: _matrix(distance_m[mode], f"distance_m[{mode!r}]") for mode in durations}
    shape = next(iter(durations.values())).shape
    for mode in durations:
        for name, matrix in (("duration_s", durations[mode]), ("distance_m", distances[mode])):
            if matrix.shape != shape:
                raise ValueError(
                    f"{name}[{mode!r}] is {matrix.shape[0]} x {matrix.shape[1]}, the first mode is "
                    f"{shape[0]} x {shape[1]}; give all modes on the same nodes"
                )
        apart = np.argwhere((durations[mode] < 0) != (distances[mode] < 0))
        if len(apart):
            a, b = apart[0]
            raise ValueError(
                f"mode {mode!r}: from node {a} to node {b} only one of duration_s and distance_m is -1; "
                "give -1 (unreachable) in both or in none"
            )
    return durations, distances


def _matrix(given: NDArray[Any], name: str) -> NDArray[np.int64]:
    """One square matrix as a read-only int64 copy."""
    matrix = np.asarray(given)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        shape = " x ".join(str(side) for side in matrix.shape) or "a single number"
        raise ValueError(f"{name} is {shape}; give a square matrix, one row and column for each node")
    if matrix.dtype.kind not in "iu":
        raise ValueError(
            f"{name} holds {matrix.dtype}; give whole numbers, rounded up (numpy.ceil) so no leg is late"
        )
    bad = np.argwhere((matrix < -1) | (matrix > read.LARGEST))
    if len(bad):
        a, b = bad[0]
        raise ValueError(
            f"{name} from node {a} to node {b} is {matrix[a, b]}; give -1 for unreachable, "
            f"else a number from 0 to {read.LARGEST}"
        )
    if matrix.diagonal().any():
        node = int(np.flatnonzero(matrix.diagonal())[0])
        raise ValueError(f"{name} from node {node} to itself is {matrix[node, node]}; give 0")
    copy = matrix.astype(np.int64)
    copy.flags.writeable = False
    return copy


def stops_frame(given: pd.DataFrame, size: int) -> pd.DataFrame:
    """The stops: one kind of identifier, nodes inside the matrices, prizes whole where all are."""
    cells = read.cells_of(given, "stops", STOP_COLUMNS, optional=STOP_COLUMNS[6:])
    ids = read.unique(read.identifiers(cells["stop_id"], "stop_id"), "stop_id")
    prizes = [_prize(value, ids[row]) for row, value in enumerate(cells["prize"])]
    integral = all(isinstance(value, int) for value in prizes)
    ends = [_or(end, node) for end, node in zip(cells["end_node"], cells["node"], strict=True)]
    asked = {name: [_or(value, 0) for value in cells[name]] for name in ("villages", "max_idle_s")}
    return pd.DataFrame(
        {
            "stop_id": read.id_column(ids),
            "node": _whole_column(cells["node"], ids, "stop", "node", 0, size - 1),
            "village": read.objects(
                [read.village_of(v, f"stop {ids[row]!r}") for row, v in enumerate(cells["village"])]
            ),
            "prize": np.array(prizes, "int64" if integral else "float64"),
            "service_s": _whole_column(cells["service_s"], ids, "stop", "service_s", 0, read.LARGEST),
            "required": np.array(
                [read.flag(v, f"stop {ids[row]!r}: required") for row, v in enumerate(cells["required"])],
                dtype=bool,
            ),
            "end_node": _whole_column(ends, ids, "stop", "end_node", 0, size - 1),
            **{
                name: _whole_column(values, ids, "stop", name, 0, read.LARGEST)
                for name, values in asked.items()
            },
        }
    )


def _or(value: Any, instead: Any) -> Any:
    """A cell, or what stands for one that is left out."""
    return instead if read.is_missing(value) else value


def through_frame(given: pd.DataFrame | None, stops: pd.DataFrame, durations: Matrices) -> pd.DataFrame:
    """The ways through stretches: each of a known stop and mode, once, in one direction at least.

    A stop that ends elsewhere than it begins needs one.
    """
    cells = read.cells_of(given, "through", THROUGH_COLUMNS)
    ids = read.known(
        read.identifiers(cells["stop_id"], "through: stop_id"), stops["stop_id"], "stop", "a way through"
    )
    clean: dict[str, Any] = {"stop_id": read.id_column(ids), "mode": read.objects(cells["mode"])}
    for name in THROUGH_COLUMNS[2:]:
        clean[name] = _whole_column(cells[name], ids, "way through stop", name, -1, read.LARGEST)
    frame = pd.DataFrame(clean)
    seen: set[tuple[Any, Any]] = set()
    for stop_id, mode, forth_s, forth_m, back_s, back_m in frame.itertuples(index=False, name=None):
        if mode not in durations:
            raise ValueError(
                f"way through stop {stop_id!r}: mode {mode!r} has no travel times; known modes: "
                f"{', '.join(durations)}"
            )
        if (stop_id, mode) in seen:
            raise ValueError(f"stop {stop_id!r} has two ways through by {mode!r}; give one")
        seen.add((stop_id, mode))
        if (forth_s < 0) != (forth_m < 0) or (back_s < 0) != (back_m < 0):
            raise ValueError(
                f"way through stop {stop_id!r} by {mode!r}: only one of seconds and metres is -1; give -1 "
                "(not that way) in both or in none"
            )
        if forth_s < 0 and back_s < 0:
            raise ValueError(
                f"way through stop {stop_id!r} by {mode!r} is -1 both ways; leave it out, then this mode "
                "cannot visit the stop"
            )
    stretched = set(frame["stop_id"])
    for stop_id, node, end_node in zip(stops["stop_id"], stops["node"], stops["end_node"], strict=True):
        if node != end_node and stop_id not in stretched:
            raise ValueError(
                f"stop {stop_id!r} begins at node {node} and ends at node {end_node}, but nobody goes "
                "through it; give its ways through"
            )
    return frame


def _prize(value: Any, stop_id: Identifier) -> int | float:
    """A prize: whole numbers stay whole, so that sums of them are exact."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool | np.bool_
    )
    if not number or not np.isfinite(value):
        raise ValueError(f"stop {stop_id!r}: prize is {value!r}; give a number, 0 for a stop worth nothing")
    if not 0 <= value <= read.LARGEST:
        raise ValueError(f"stop {stop_id!r}: prize {value} must lie from 0 (worth nothing) to {read.LARGEST}")
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _whole_column(
    values: list[Any], ids: list[Identifier], kind: str, name: str, least: int, most: int
) -> IntArray:
    numbers = [read.whole(v, f"{kind} {ids[row]!r}: {name}", least, most) for row, v in enumerate(values)]
    return np.array(numbers, np.int64)


def teams_frame(given: pd.DataFrame, size: int, durations: Matrices) -> pd.DataFrame:
    """The teams: a known mode, nodes inside the matrices, an end after the start."""
    cells = read.cells_of(given, "teams", TEAM_COLUMNS, optional=("villages",))
    ids = read.unique(read.identifiers(cells["team_id"], "team_id"), "team_id")
    for team_id, mode in zip(ids, cells["mode"], strict=True):
        if mode not in durations:
            raise ValueError(
                f"team {team_id!r}: mode {mode!r} has no travel times; known modes: {', '.join(durations)}"
            )
    clean = pd.DataFrame(
        {
            "team_id": read.id_column(ids),
            "village": read.objects(
                [read.village_of(v, f"team {ids[row]!r}") for row, v in enumerate(cells["village"])]
            ),
            "mode": read.objects(cells["mode"]),
            "start_node": _whole_column(cells["start_node"], ids, "team", "start_node", 0, size - 1),
            "end_node": _whole_column(cells["end_node"], ids, "team", "end_node", -1, size - 1),
            "start_s": _whole_column(cells["start_s"], ids, "team", "start_s", -read.LARGEST, read.LARGEST),
            "end_s": _whole_column(cells["end_s"], ids, "team", "end_s", -read.LARGEST, read.LARGEST),
            "villages": _villages(cells, ids, "team"),
        }
    )
    for team_id, start_s, end_s in zip(ids, clean["start_s"].tolist(), clean["end_s"].tolist(), strict=True):
        if end_s <= start_s:
            raise ValueError(
                f"team {team_id!r}: its shift ends at {end_s} s, not after its start at {start_s} s; "
                "give a later end, past midnight in seconds from the origin"
            )
    return clean


def _villages(cells: dict[str, list[Any]], ids: list[Identifier], kind: str) -> IntArray:
    """Of how many villages people come: at least the one they are of."""
    least = [0 if read.is_missing(village) else 1 for village in cells["village"]]
    given = [
        n if read.is_missing(value) else value for n, value in zip(least, cells["villages"], strict=True)
    ]
    numbers = [
        read.whole(value, f"{kind} {ids[row]!r}: villages", least[row], read.LARGEST)
        for row, value in enumerate(given)
    ]
    return np.array(numbers, np.int64)


def windows_frame(given: pd.DataFrame | None, stop_ids: list[Identifier]) -> pd.DataFrame:
    """The windows, each of a known stop and not ending before it starts."""
    cells = read.cells_of(given, "windows", WINDOW_COLUMNS)
    ids = read.known(read.identifiers(cells["stop_id"], "windows: stop_id"), stop_ids, "stop", "a window")
    clean = pd.DataFrame(
        {
            "stop_id": read.id_column(ids),
            "start_s": _whole_column(
                cells["start_s"], ids, "window of stop", "start_s", -read.LARGEST, read.LARGEST
            ),
            "end_s": _whole_column(
                cells["end_s"], ids, "window of stop", "end_s", -read.LARGEST, read.LARGEST
            ),
            "on_visit": read.objects(cells["on_visit"]),
        }
    )
    rows = zip(ids, clean["start_s"].tolist(), clean["end_s"].tolist(), clean["on_visit"], strict=True)
    for stop_id, start_s, end_s, on_visit in rows:
        if on_visit not in ON_VISIT:
            raise ValueError(f"window of stop {stop_id!r}: on_visit is {on_visit!r}; give 'each' or 'first'")
        if end_s < start_s:
            raise ValueError(
                f"window of stop {stop_id!r} ends at {end_s} s, before it starts at {start_s} s; swap them"
            )
    return clean


def breaks_frame(given: pd.DataFrame | None, teams: pd.DataFrame) -> pd.DataFrame:
    """The breaks, each of a known team, and all of a team's together possible in its shift."""
    cells = read.cells_of(given, "breaks", BREAK_COLUMNS)
    shift = dict(
        zip(
            teams["team_id"],
            zip(teams["start_s"].tolist(), teams["end_s"].tolist(), strict=True),
            strict=True,
        )
    )
    ids = read.known(read.identifiers(cells["team_id"], "breaks: team_id"), shift, "team", "a break")
    whole = (-read.LARGEST, read.LARGEST)
    clean = pd.DataFrame(
        {
            "team_id": read.id_column(ids),
            "earliest_s": _whole_column(cells["earliest_s"], ids, "break of team", "earliest_s", *whole),
            "latest_s": _whole_column(cells["latest_s"], ids, "break of team", "latest_s", *whole),
            "duration_s": _whole_column(
                cells["duration_s"], ids, "break of team", "duration_s", 1, read.LARGEST
            ),
        }
    )
    every = clean[["earliest_s", "latest_s", "duration_s"]].to_numpy().tolist()
    for team_id, (start_s, end_s) in shift.items():
        times = [row for row, owner in zip(every, ids, strict=True) if owner == team_id]
        if len(times) > MOST_BREAKS:
            raise ValueError(f"team {team_id!r} has {len(times)} breaks; give at most {MOST_BREAKS}")
        if not breaks_fit(times, start_s, end_s):
            raise ValueError(
                f"team {team_id!r}: its breaks {times} (earliest, latest, duration) do not fit one after "
                f"another into its shift from {start_s} to {end_s} s, even without visits; shorten them"
            )
    return clean


def breaks_fit(breaks: Iterable[Sequence[int]], start_s: int, end_s: int) -> bool:
    """Whether breaks (earliest, latest, duration) can be held one after the other within a shift."""
    return any(_fit(order, start_s, end_s) for order in permutations(breaks))


def _fit(order: tuple[Sequence[int], ...], start_s: int, end_s: int) -> bool:
    """Whether the breaks can be held in this order, each as early as possible."""
    now = start_s
    for earliest, latest, duration in order:
        now = max(now, earliest)
        if now > latest:
            return False
        now += duration
    return now <= end_s


def forbidden_frame(
    given: pd.DataFrame | None, team_ids: list[Identifier], stop_ids: list[Identifier]
) -> pd.DataFrame:
    """The forbidden pairs, each once."""
    cells = read.cells_of(given, "forbidden", FORBIDDEN_COLUMNS)
    teams = read.known(
        read.identifiers(cells["team_id"], "forbidden: team_id"), team_ids, "team", "a forbidden pair"
    )
    stops = read.known(
        read.identifiers(cells["stop_id"], "forbidden: stop_id"), stop_ids, "stop", "a forbidden pair"
    )
    clean = pd.DataFrame({"team_id": read.id_column(teams), "stop_id": read.id_column(stops)})
    return clean.drop_duplicates(ignore_index=True)


def done_frame(given: pd.DataFrame | None, stop_ids: list[Identifier]) -> pd.DataFrame:
    """The visits made before, each at a known stop and not ending before it starts, by time."""
    cells = read.cells_of(given, "done", DONE_COLUMNS, optional=("villages",))
    ids = read.known(read.identifiers(cells["stop_id"], "done: stop_id"), stop_ids, "stop", "a visit made")
    whole = (-read.LARGEST, read.LARGEST)
    clean = pd.DataFrame(
        {
            "stop_id": read.id_column(ids),
            "village": read.objects(
                [
                    read.village_of(v, f"visit made to stop {ids[row]!r}")
                    for row, v in enumerate(cells["village"])
                ]
            ),
            "start_s": _whole_column(cells["start_s"], ids, "visit made to stop", "start_s", *whole),
            "end_s": _whole_column(cells["end_s"], ids, "visit made to stop", "end_s", *whole),
            "villages": _villages(cells, ids, "visit made to stop"),
        }
    )
    for stop_id, start_s, end_s in zip(ids, clean["start_s"].tolist(), clean["end_s"].tolist(), strict=True):
        if end_s < start_s:
            raise ValueError(
                f"visit made to stop {stop_id!r} ends at {end_s} s, before it starts at {start_s} s; "
                "swap the two"
            )
    return clean.sort_values("start_s", kind="stable", ignore_index=True)


def pinned_frame(
    given: pd.DataFrame | None,
    team_ids: list[Identifier],
    stop_ids: list[Identifier],
    forbidden: pd.DataFrame,
    most: int,
) -> pd.DataFrame:
    """The pairs that must meet: at most so many a stop, and none of them forbidden."""
    cells = read.cells_of(given, "pinned", FORBIDDEN_COLUMNS)
    teams = read.known(
        read.identifiers(cells["team_id"], "pinned: team_id"), team_ids, "team", "a pinned pair"
    )
    stops = read.known(
        read.identifiers(cells["stop_id"], "pinned: stop_id"), stop_ids, "stop", "a pinned pair"
    )
    clean = pd.DataFrame({"team_id": read.id_column(teams), "stop_id": read.id_column(stops)})
    clean = clean.drop_duplicates(ignore_index=True)
    for stop_id, count in clean["stop_id"].value_counts(sort=False).items():
        if count > most:
            raise ValueError(
                f"stop {stop_id!r} is pinned to {count} teams; the rule asks for {most} visits, pin no more"
            )
    never = set(zip(forbidden["team_id"], forbidden["stop_id"], strict=True))
    for pair in zip(clean["team_id"], clean["stop_id"], strict=True):
        if pair in never:
            raise ValueError(f"team {pair[0]!r} and stop {pair[1]!r} are pinned and forbidden; choose one")
    return clean
