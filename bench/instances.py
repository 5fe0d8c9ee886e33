"""The planner's search alone, on published routing problems, against the best that anybody found.

The files are not ours to pass on. They are published at

- https://www.sintef.no/projectweb/top/vrptw/solomon-benchmark/100-customers/ (Solomon 1987: vehicle routing
  with time windows, 56 files of 100 customers),
- https://www.mech.kuleuven.be/en/cib/op (Chao, Golden and Wasil 1996: team orienteering; set 4 is
  `p4.2.a.txt` to `p4.4.t.txt`, 60 files of 100 places).

`python -m bench.instances PATH… [--seconds 10]` takes files and folders; `python -m bench` runs what lies in
the folder that LIANFANG_BENCH_INSTANCES names, and says so where none is named.

Either becomes a patrol problem whose stops are crossed by one visit. Solomon's customers are required, and
the shortest ways are asked for. Capacity is nothing that patrols know; the search keeps it all the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.__main__ import lines
from bench.best_known import CHAO_4, SOLOMON
from patrols.check import violations
from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.solve import Budget, solve

VARIABLE = "LIANFANG_BENCH_INSTANCES"
SECONDS = 10.0
SEED = 1
IntArray = NDArray[np.int64]
# Whole numbers: a tenth, as the best known figures count; and so fine that rounding up costs no place.
SOLOMON_SCALE, CHAO_SCALE = 10, 10_000
_MODE = "car"


@dataclass(frozen=True, eq=False)
class Instance:
    """A published problem as one of patrols.

    Parameters
    ----------
    name : str
    problem : PatrolProblem
        Node 0 is where all teams begin; stop_id counts from 1 as in the file.
    best : float or None
        The best known figure, in the units of the file.
    shortest : bool
        Whether the figure is a distance to be short (Solomon) or a score to be great (Chao).
    demand : mapping of stop_id to what a visit adds to a route's load
    capacity : int or None
        Of a route.
    """

    name: str
    problem: PatrolProblem
    best: float | None
    shortest: bool
    demand: dict[int, int]
    capacity: int | None

    def figure(self, plan: PatrolPlan) -> float:
        """Distance or score of a plan, in the units of the file."""
        return self.distance(plan) / SOLOMON_SCALE if self.shortest else float(plan.value)

    def gap_percent(self, figure: float) -> float | None:
        """By how much a figure is worse than the best known; None where none is known."""
        if not self.best:
            return None
        return 100.0 * (figure - self.best if self.shortest else self.best - figure) / self.best

    def distance(self, plan: PatrolPlan) -> int:
        """Whole units of the matrix, ways back included."""
        metres, node = self.problem.distance_m[_MODE], self.problem.stops.set_index("stop_id")["node"]
        teams = self.problem.teams.set_index("team_id")
        total = 0
        for team, visits in plan.visits.groupby("team_id"):
            ends = teams.loc[team, ["start_node", "end_node"]]
            way = [ends.iloc[0], *node.loc[visits.sort_values("seq")["stop_id"]], ends.iloc[1]]
            total += int(metres[way[:-1], way[1:]].sum())
        return total

    def overloaded(self, plan: PatrolPlan) -> int:
        """How many routes carry more than the capacity."""
        if self.capacity is None:
            return 0
        load = plan.visits["stop_id"].map(self.demand).groupby(plan.visits["team_id"]).sum()
        return int((load > self.capacity).sum())


def solomon(text: str) -> Instance:
    """An instance of Solomon's: vehicles and their capacity, then number, x, y, demand, window and service.

    Distances, and with them times, are cut to one decimal.

    Raises
    ------
    ValueError
        When the text is of another form.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    numbers = [[int(cell) for cell in row] for row in rows if all(cell.isdigit() for cell in row)]
    if len(numbers) < 3 or len(numbers[0]) != 2 or {len(row) for row in numbers[1:]} != {7}:
        raise ValueError("this is no instance of Solomon's: two numbers of vehicles, then seven a customer")
    (count, capacity), table = numbers[0], np.array(numbers[1:], dtype=np.int64)
    if table[:, 0].tolist() != list(range(len(table))):
        raise ValueError("customers must be numbered from 0, the depot, upwards")
    between = np.floor(_apart(table[:, 1:3].astype(float)) * SOLOMON_SCALE + 1e-9).astype(np.int64)
    ids = table[1:, 0]
    name = rows[0][0].upper()
    return Instance(
        name,
        _problem(
            between,
            stops=pd.DataFrame({"stop_id": ids, "node": ids, "prize": 1, "required": True}).assign(
                service_s=table[1:, 6] * SOLOMON_SCALE
            ),
            windows=pd.DataFrame({"stop_id": ids, "on_visit": "each"}).assign(
                start_s=table[1:, 4] * SOLOMON_SCALE, end_s=table[1:, 5] * SOLOMON_SCALE
            ),
            teams=count,
            end_node=0,
            end_s=int(table[0, 5]) * SOLOMON_SCALE,
        ),
        SOLOMON.get(name),
        True,
        dict(zip(ids.tolist(), table[1:, 3].tolist(), strict=True)),
        capacity,
    )


def chao(text: str, name: str) -> Instance:
    """An instance of Chao's: n, m and tmax, then x, y and score of each place; first and last are the ends.

    Ways are rounded up, so that none is longer than allowed, and the limit down.

    Raises
    ------
    ValueError
        When the text is of another form.
    """
    rows = [line.replace(";", " ").split() for line in text.splitlines() if line.strip()]
    head = {row[0]: row[1] for row in rows[:3] if len(row) == 2}
    if set(head) != {"n", "m", "tmax"} or len(rows) != 3 + int(head["n"]) or int(head["n"]) < 2:
        raise ValueError("this is no instance of Chao's: n, m and tmax, then as many places as n says")
    table = np.array([[float(cell) for cell in row] for row in rows[3:]])
    between = np.ceil(_apart(table[:, :2]) * CHAO_SCALE - 1e-6).astype(np.int64)
    ids = np.arange(1, len(table) - 1)
    stops = {"stop_id": ids, "node": ids, "prize": table[1:-1, 2].astype(np.int64), "required": False}
    return Instance(
        name,
        _problem(
            between,
            stops=pd.DataFrame(stops).assign(service_s=0),
            windows=pd.DataFrame(),
            teams=int(head["m"]),
            end_node=len(table) - 1,
            end_s=int(float(head["tmax"]) * CHAO_SCALE + 1e-6),
        ),
        CHAO_4.get(name),
        False,
        {},
        None,
    )


def _apart(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))


def _problem(
    between: IntArray, *, stops: pd.DataFrame, windows: pd.DataFrame, teams: int, end_node: int, end_s: int
) -> PatrolProblem:
    """All teams alike, of one village, and one visit crosses a stop."""
    return PatrolProblem(
        duration_s={_MODE: between},
        distance_m={_MODE: between},
        stops=stops.assign(village="v"),
        windows=windows,
        teams=pd.DataFrame({"team_id": np.arange(teams), "village": "v", "mode": _MODE}).assign(
            start_node=0, end_node=end_node, start_s=0, end_s=end_s
        ),
        breaks=pd.DataFrame(),
        forbidden=pd.DataFrame(),
        rule=CrossRule(visits=1, villages=1, separation_s=0),
        origin=datetime(2026, 1, 1, tzinfo=UTC),
    )


def read(path: Path) -> Instance:
    """The instance of a file, of whichever of the two forms.

    Raises
    ------
    ValueError
        That names the file, when it is of neither.
    """
    text = path.read_text(encoding="utf-8")
    try:
        return chao(text, path.stem) if text.lstrip()[:1] == "n" else solomon(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def run() -> dict[str, Any]:
    """All instances of the folder that LIANFANG_BENCH_INSTANCES names; a word on it where none is named."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return {
            "not_run": f"no instances given: {VARIABLE} names no folder; bench/instances.py tells of them"
        }
    return compared(files([Path(folder)]))


def files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all .txt below the folders named, in order."""
    found = [below for path in paths for below in (sorted(path.rglob("*.txt")) if path.is_dir() else [path])]
    if not found:
        raise ValueError("no .txt file there")
    return found


def compared(paths: Sequence[Path], seconds: float = SECONDS, seed: int = SEED) -> dict[str, Any]:
    """Each instance's figure beside the best known, and average and worst gap of each set."""
    instances = [read(path) for path in paths]
    # Once unmeasured: the first search of a process is compiled.
    solve(instances[0].problem, budget=Budget(iterations=(1,)), seed=seed)
    found: dict[str, Any] = {}
    for instance in instances:
        kind = "solomon" if instance.shortest else "chao"
        found.setdefault(kind, {})[instance.name] = _solved(instance, Budget(seconds=seconds), seed)
    return {kind: {"all": _summary(rows), **rows} for kind, rows in found.items()}


def _solved(instance: Instance, budget: Budget, seed: int) -> dict[str, Any]:
    began = time.perf_counter()
    # Load need not be even: nothing but the figure counts.
    load = carries = None
    if instance.capacity is not None:
        load = np.array([instance.demand[stop] for stop in instance.problem.stops["stop_id"]], np.int64)
        carries = np.full(len(instance.problem.teams), instance.capacity, np.int64)
    plan = solve(instance.problem, budget=budget, seed=seed, even=0.0, load=load, carries=carries)
    took = time.perf_counter() - began
    figure = instance.figure(plan)
    overloaded = instance.overloaded(plan)
    gap = None if overloaded else instance.gap_percent(figure)
    return {
        "found": figure,
        **({} if instance.best is None else {"best_known": instance.best}),
        **({} if gap is None else {"gap_percent": gap}),
        "routes": int(plan.visits["team_id"].nunique()),
        "overloaded_routes": overloaded,
        "violations": len(violations(instance.problem, plan)),
        "taken_s": took,
    }


def _summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Average and worst gap over what can be compared."""
    gaps = {name: row["gap_percent"] for name, row in rows.items() if "gap_percent" in row}
    told: dict[str, Any] = {
        "instances": len(rows),
        "compared": len(gaps),
        "overloaded": sum(row["overloaded_routes"] > 0 for row in rows.values()),
        "violations": sum(row["violations"] for row in rows.values()),
    }
    if gaps:
        worst = max(gaps, key=lambda name: gaps[name])
        told["average_gap_percent"] = statistics.mean(gaps.values())
        told["worst_gap_percent"] = gaps[worst]
        told["worst"] = worst
    return told


def main(arguments: Sequence[str]) -> int:
    """Instances named on the command line; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.instances",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders of .txt files")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="budget of each")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(arguments)
    for kind, found in compared(files(asked.paths), asked.seconds, asked.seed).items():
        print(kind, *lines(found), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
