"""A roster problem in whole numbers, for HiGHS through `scipy.optimize.milp`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from geo.errors import Sentence
from patrols.rosters.problem import (
    FIXED,
    BoolMatrix,
    RosterProblem,
    apart,
    following,
    kinds,
    over_border,
    served_before,
    shares,
)
from patrols.rosters.watching import polled

NODES = 2000
"""Nodes of the search tree for one aim, a limit that is the same on every machine; a week needs a handful."""
# What the solver's answers may be off a whole number.
_SLACK = 1e-6
# Of `milp`: the best was found; a limit was reached.
_DONE, _CUT_SHORT = 0, 1


@dataclass(eq=False)
class Model:
    """The whole numbers and their constraints; aims are added one after the other.

    Variables: whether a team serves in a turn (where it is open to it), whether a village is there, how many
    teams, villages and mixed teams a turn lacks, and what the aims add. `poll` is as
    `patrols.rosters.watching.polled`.
    """

    problem: RosterProblem
    poll: Callable[[], None] | None = None
    cells: NDArray[np.int64] = field(init=False)
    least: float = 0.0
    proven: bool = True

    def __post_init__(self) -> None:
        problem = self.problem
        self._low: list[float] = []
        self._high: list[float] = []
        self._whole: list[int] = []
        self._rows: list[tuple[list[int], list[float], float, float]] = []
        self._x: NDArray[np.float64] | None = None
        self.cells = np.full(problem.can.shape, -1, np.int64)
        for i, k in np.argwhere(problem.open_to).tolist():
            self.cells[i, k] = self._variable(float(problem.wish[i, k] == FIXED), 1.0, whole=True)
        self._needs()
        for k, turn in enumerate(problem.turns):
            for later in range(k + 1, len(problem.turns)):
                if apart(turn, problem.turns[later], problem.rest_s):
                    break
                for a, b in self._both(k, later):
                    self._row([a, b], [1.0, 1.0], high=1.0)

    def _variable(self, low: float, high: float, *, whole: bool = False) -> int:
        self._low.append(low)
        self._high.append(high)
        self._whole.append(int(whole))
        return len(self._low) - 1

    def _row(
        self, columns: list[int], weights: list[float], *, low: float = -np.inf, high: float = np.inf
    ) -> None:
        self._rows.append((columns, weights, low, high))

    def _both(self, first: int, second: int) -> list[tuple[int, int]]:
        """The cells of every team that is open to both turns."""
        both = (self.cells[:, first] >= 0) & (self.cells[:, second] >= 0)
        return [(int(a), int(b)) for a, b in self.cells[both][:, [first, second]].tolist()]

    def _needs(self) -> None:
        """So many teams, of so many villages, in every turn, less what it lacks."""
        problem = self.problem
        self._lacks: list[int] = []
        self._lacks_villages: list[int] = []
        self._lacks_mixed: list[int] = []
        is_mixed = list(problem.mixed) or [False] * len(problem.teams)
        homes = sorted({village for village in problem.villages if village is not None})
        own = {village: [v == village for v in problem.villages] for village in homes}
        for k, turn in enumerate(problem.turns):
            there = [int(cell) for cell in self.cells[:, k] if cell >= 0]
            self._lacks.append(self._variable(0.0, float(turn.teams)))
            self._row([*there, self._lacks[-1]], [1.0] * (len(there) + 1), low=turn.teams, high=turn.teams)
            self._lacks_villages.append(self._variable(0.0, float(turn.villages)))
            come = []
            for village in homes if turn.villages > 1 else ():
                members = [int(cell) for cell in self.cells[own[village], k] if cell >= 0]
                if members:
                    come.append(self._variable(0.0, 1.0, whole=True))
                    self._row([*members, come[-1]], [*[1.0] * len(members), -1.0], low=0.0)
            if turn.villages == 1:
                come = [
                    c
                    for c, v in zip(self.cells[:, k].tolist(), problem.villages, strict=True)
                    if c >= 0 and v
                ]
            if turn.villages:
                self._row(
                    [*come, self._lacks_villages[-1]], [1.0] * (len(come) + 1), low=float(turn.villages)
                )
            self._lacks_mixed.append(self._variable(0.0, float(turn.mixed)))
            if turn.mixed:
                mixed = [int(cell) for cell in self.cells[is_mixed, k] if cell >= 0]
                self._row([*mixed, self._lacks_mixed[-1]], [1.0] * (len(mixed) + 1), low=float(turn.mixed))

    def shortage(self) -> dict[int, float]:
        """What all turns lack together: teams, villages and mixed teams."""
        return dict.fromkeys([*self._lacks, *self._lacks_villages, *self._lacks_mixed], 1.0)

    def repeats(self) -> dict[int, float]:
        """How often the same team serves in turns that follow each other."""
        aim: dict[int, float] = {}
        for first, second in following(self.problem.turns):
            for a, b in self._both(first, second):
                again = self._variable(0.0, 1.0)
                self._row([a, b, again], [1.0, 1.0, -1.0], high=1.0)
                aim[again] = 1.0
        for p, k in over_border(self.problem):
            for cell in self.cells[self.problem.past.served[:, p], k].tolist():
                if cell >= 0:
                    aim[cell] = aim.get(cell, 0.0) + 1.0
        return aim

    def spread(self, kind: str) -> dict[int, float]:
        """The largest less the least of what teams serve beyond their share of the turns of a kind, in parts
        of a turn (whole numbers of them: one over the denominator of the shares).
        """
        which = kinds(self.problem.turns)[kind]
        left, parts = self._left(kind)
        far = float(parts * (len(which) + len(self.problem.past.turns)))
        most, fewest = self._variable(-far, far), self._variable(-far, far)
        for i, own in enumerate(self.cells):
            cells = [int(cell) for cell in own[which] if cell >= 0]
            if cells:
                each = [float(parts)] * len(cells)
                self._row([*cells, most], [*each, -1.0], high=float(left[i]))
                self._row([*cells, fewest], [*each, -1.0], low=float(left[i]))
        # Numbers of turns that need not make a roster can be shared no worse: knowing how ends the search.
        self._row([most, fewest], [1.0, -1.0], low=float(self._fairest(kind)))
        return {most: 1.0, fewest: -1.0}

    def _left(self, kind: str) -> tuple[NDArray[np.int64], int]:
        """What each team's share leaves it to serve now, as `shares`; below 0 of who served more before."""
        share, parts = shares(self.problem, kind)
        return share - parts * served_before(self.problem, kind), parts

    def _fairest(self, kind: str) -> int:
        """The least spread of whole numbers that add up, each between what is fixed and what is open."""
        which = kinds(self.problem.turns)[kind]
        left, parts = self._left(kind)
        able = self.problem.open_to[:, which]
        most = able.sum(axis=1)
        least = ((self.problem.wish[:, which] == FIXED) & able).sum(axis=1)
        there = np.flatnonzero(most > 0)
        count = len(there)
        far = float(parts * (len(which) + len(self.problem.past.turns)))
        needed = sum(turn.teams for turn, one in zip(self.problem.turns, which, strict=True) if one)
        each, top, bottom = np.eye(count) * parts, np.zeros((count, 2)), np.zeros((count, 2))
        top[:, 0], bottom[:, 1] = -1.0, -1.0
        found = self._answer(
            np.array([0.0] * count + [1.0, -1.0]),
            integrality=np.array([1] * count + [0, 0]),
            bounds=Bounds(np.array([*least[there], -far, -far]), np.array([*most[there], far, far])),
            constraints=[
                LinearConstraint(np.hstack([each, top]), ub=left[there].astype(np.float64)),
                LinearConstraint(np.hstack([each, bottom]), lb=left[there].astype(np.float64)),
                LinearConstraint(np.array([[1.0] * count + [0.0, 0.0]]), lb=needed, ub=needed),
            ],
            options={"node_limit": NODES},
        )
        bound = found.mip_dual_bound
        return 0 if bound is None or not np.isfinite(bound) else max(0, math.ceil(bound - _SLACK))

    def keep(self, aim: dict[int, float], value: float) -> None:
        """From now on an aim stays at most so large."""
        if aim:
            self._row(list(aim), list(aim.values()), high=value)

    def minimise(self, aim: dict[int, float], nodes: int) -> None:
        """Bring an aim to its least; `least` is it."""
        if not aim:
            self.least = 0.0
            if self._x is not None:
                return
        cost = np.zeros(len(self._low))
        cost[list(aim)] = list(aim.values())
        counts = [len(columns) for columns, *_ in self._rows]
        matrix = coo_array(
            (
                np.concatenate([weights for _, weights, *_ in self._rows]),
                (
                    np.repeat(np.arange(len(counts)), counts),
                    np.concatenate([columns for columns, *_ in self._rows]),
                ),
            ),
            shape=(len(counts), len(cost)),
        ).tocsr()
        found = self._searched(cost, matrix, nodes)
        self.proven &= found.status == _DONE
        if found.x is not None:
            self._x = found.x
            # Every aim is a whole number.
            self.least = float(round(found.fun))
        elif self._x is not None:
            # Cut short before a first answer: the one before it meets everything that is kept.
            self.least = np.inf
        else:
            raise RuntimeError(f"the solver gave no roster: {found.message}")

    def _searched(self, cost: NDArray[np.float64], matrix: Any, nodes: int) -> Any:
        """HiGHS's answer; once more without simplifying first, where that went wrong by a rounding."""
        low, high = (np.array([row[side] for row in self._rows]) for side in (2, 3))
        for presolve in (True, False):
            found = self._answer(
                cost,
                integrality=np.array(self._whole),
                bounds=Bounds(np.array(self._low), np.array(self._high)),
                constraints=LinearConstraint(matrix, low, high),
                options={"node_limit": nodes, "mip_rel_gap": 0.0, "presolve": presolve},
            )
            if found.status in (_DONE, _CUT_SHORT):
                break
        return found

    def _answer(self, cost: NDArray[np.float64], **asked: Any) -> Any:
        return polled(lambda: milp(cost, **asked), self.poll)

    def missing(self) -> list[str]:
        """What each turn lacks at the least, in sentences."""
        assert self._x is not None
        told: list[str] = []
        for turn, teams, villages, mixed in zip(
            self.problem.turns,
            self._x[self._lacks],
            self._x[self._lacks_villages],
            self._x[self._lacks_mixed],
            strict=True,
        ):
            if round(float(teams)) > 0:
                told.append(
                    Sentence(
                        "%(turn)s: %(n)s teams are needed, and %(have)s can serve with that much rest",
                        turn=turn.name,
                        n=turn.teams,
                        have=turn.teams - round(float(teams)),
                    )
                )
            elif float(villages) > _SLACK:
                told.append(
                    Sentence(
                        "%(turn)s: teams of %(n)s villages are needed, and with the rest between turns those "
                        "that can serve are of %(have)s",
                        turn=turn.name,
                        n=turn.villages,
                        have=turn.villages - round(float(villages)),
                    )
                )
            elif float(mixed) > _SLACK:
                told.append(
                    Sentence(
                        "%(turn)s: %(n)s mixed teams are needed, and %(have)s can serve with that much rest",
                        turn=turn.name,
                        n=turn.mixed,
                        have=turn.mixed - round(float(mixed)),
                    )
                )
        return told

    def serves(self) -> BoolMatrix:
        """The answer so far."""
        assert self._x is not None
        found = np.zeros(self.cells.shape, np.bool_)
        held = self.cells >= 0
        found[held] = self._x[self.cells[held]] > 0.5
        return found
