"""Where cameras go: how near the optimum, how far above plain greedy, and in what time.

`python -m bench siting` uses seeded towns; `python -m bench.siting FILE… --radius R --count N…` published
instances as well: text, one place a line as `x y weight`, every place a point and a candidate; a first line
that is none is left out.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from bench.__main__ import lines
from cameras.siting import Covering, SearchSettings, choose, greedy
from cameras.siting.bounds import exact

#: HiGHS proves these optima in seconds.
PROVEN_SEEDS = range(3)
PROOF_LIMIT_S = 60.0
DIRECTIONS = 8
REPEATS = 3


def run() -> dict[str, Any]:
    """Gaps to proven optima, and the size that has to be quick: 5,000 points × 1,000 candidates."""
    choose(town(0, 200, 80, 0.1, 3), 3, SearchSettings(kicks=2, relaxation=5))
    proven = {}
    for name, clusters, side in (("spread", 400, 0.08), ("clustered", 12, 0.08)):
        found = [compared(town(seed, 2000, 400, side, clusters), 20, prove=True) for seed in PROVEN_SEEDS]
        proven[name] = {
            "instances": len(found),
            "proven": sum(one["proven"] for one in found),
            "worst_gap_to_optimum_percent": max(one["gap_to_optimum_percent"] for one in found),
            "worst_gap_to_bound_percent": max(one["gap_to_bound_percent"] for one in found),
            "value_over_greedy_ratio": statistics.mean(one["value_over_greedy_ratio"] for one in found),
            "ours_s": max(one["ours_s"] for one in found),
            "highs_s": max(one["highs_s"] for one in found),
        }
    large = {
        f"{count}_cameras_{name}": compared(town(1, 5000, 1000, side, clusters), count, prove=False)
        for name, clusters, side in (("spread", 1000, 0.05), ("clustered", 20, 0.08))
        for count in (20, 100)
    }
    return {"2000_points_400_candidates": proven, "5000_points_1000_candidates": large}


def compared(problem: Covering, count: int, *, prove: bool) -> dict[str, Any]:
    """One problem: the heuristic without HiGHS, plain greedy beside it, and the optimum where asked."""
    asked = SearchSettings(exact=False)
    ours, found = timed(lambda: choose(problem, count, asked))
    plain, rows = timed(lambda: plain_greedy(problem, count))
    kept, _ = timed(lambda: greedy(problem, count))
    figures = {
        "ours_s": ours,
        "gap_to_bound_percent": 100 * found.gap,
        "value_over_greedy_ratio": found.value / problem.value(rows),
        "greedy_speed_over_plain_ratio": plain / kept,
    }
    if prove:
        small, left_out = problem.merged()
        started = time.perf_counter()
        solved = exact(small, np.array([count]), PROOF_LIMIT_S)
        figures["highs_s"] = time.perf_counter() - started
        figures["proven"] = solved.proven
        # Where time ran out, against what HiGHS could not exclude.
        best = (solved.bound or 0) + left_out
        figures["gap_to_optimum_percent"] = 100 * (best - found.value) / best
    return figures


def plain_greedy(problem: Covering, count: int) -> NDArray[np.int64]:
    """The textbook's: every gain computed anew for every camera."""
    chosen: list[int] = []
    counts, room = problem.base.copy(), problem.capacity.copy()
    up = problem.change > 0
    for _ in range(count):
        gains = (up @ (problem.weight * (counts == 0))) * (room[problem.group] > 0)
        gains[chosen] = 0
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        chosen.append(best)
        room[problem.group[best]] -= 1
        counts = problem.counts(np.array(chosen))
    return np.array(chosen)


def timed(work: Any) -> tuple[float, Any]:
    """Median seconds of a few runs, and what the last one gave."""
    seconds, found = [], None
    for _ in range(REPEATS):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), found


def town(seed: int, points: int, candidates: int, radius: float, clusters: int) -> Covering:
    """Seeded points around centres, and spots among them whose directions see a quarter circle each."""
    chance = np.random.default_rng(seed)
    centre = chance.random((clusters, 2))
    at = centre[chance.integers(0, clusters, points)] + chance.normal(0, 0.05, (points, 2))
    spots = candidates // DIRECTIONS
    where = at[chance.integers(0, points, spots)] + chance.normal(0, 0.005, (spots, 2))
    rows, columns = [], []
    for spot, near in enumerate(cKDTree(at).query_ball_point(where, radius)):
        seen = np.array(near, dtype=np.int64)
        bearing = np.arctan2(*(at[seen] - where[spot]).T)
        for way in range(DIRECTIONS):
            off = np.abs((bearing - way * 2 * np.pi / DIRECTIONS + np.pi) % (2 * np.pi) - np.pi)
            columns.append(seen[off <= np.pi / 4])
            rows.append(np.full(len(columns[-1]), DIRECTIONS * spot + way))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return Covering(
        weight=chance.integers(500, 5000, points),
        base=np.zeros(points, np.int64),
        change=sparse.csr_array(
            (np.ones(len(row), np.int8), (row, column)), shape=(spots * DIRECTIONS, points)
        ),
        group=np.repeat(np.arange(spots), DIRECTIONS),
        capacity=np.ones(spots, np.int64),
    )


def published(path: Path, radius: float) -> Covering:
    """An instance of a file: every place may be chosen, and covers what lies within the radius."""
    split = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    table = np.array([[float(cell) for cell in row[:3]] for row in split if len(row) == 3])
    pairs = cKDTree(table[:, :2]).query_ball_point(table[:, :2], radius)
    row = np.repeat(np.arange(len(pairs)), [len(near) for near in pairs])
    column = np.concatenate([np.array(near, dtype=np.int64) for near in pairs])
    n = len(table)
    return Covering(
        weight=table[:, 2].astype(np.int64),
        base=np.zeros(n, np.int64),
        change=sparse.csr_array((np.ones(len(row), np.int8), (row, column)), shape=(n, n)),
        group=np.arange(n),
        capacity=np.ones(n, np.int64),
    )


def main(arguments: Sequence[str]) -> int:
    """Published instances named on the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.siting", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--radius", type=float, required=True, help="how far a candidate covers")
    parser.add_argument("--count", type=int, nargs="+", required=True, help="how many to choose")
    asked = parser.parse_args(arguments)
    for path in asked.files:
        problem = published(path, asked.radius)
        for count in asked.count:
            print(f"{path.name}, {count}", *lines(compared(problem, count, prove=True)), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
