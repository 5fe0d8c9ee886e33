"""Make a roster: the best one by whole numbers, in order of what matters.

First that every need is met; then that nobody serves twice in a row or in the same slot two days running;
then that turns are shared as each team's availability says, all of them, nights and weekends apart. Each is
brought to its least and kept there while the next one is: HiGHS through `scipy.optimize.milp` proves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from patrols.rosters.model import NODES, Model
from patrols.rosters.problem import (
    Before,
    BoolMatrix,
    Roster,
    RosterProblem,
    Turn,
    kinds,
    repeats_of,
    served_before,
    shares,
)
from patrols.rosters.sight import impossible, refuse_at_sight
from patrols.rosters.watching import Progress, Watch


def make_roster(problem: RosterProblem, *, nodes: int = NODES, watch: Watch | None = None) -> Roster:
    """The best roster of a problem.

    Parameters
    ----------
    nodes : int
        Of the search tree, for each aim.
    watch : callable, optional
        Told how far it is.

    Raises
    ------
    InputRefused
        When there is none: its problems name each turn, what it needs and what there is.
    """
    refuse_at_sight(problem)
    told = _Told(problem, watch)
    model = Model(problem, told.again if watch else None)
    told.begins("needs")
    model.minimise(model.shortage(), nodes)
    missing = model.missing()
    if missing:
        raise impossible(missing)
    model.keep(model.shortage(), 0.0)
    told.begins("repeats", model.serves())
    repeats = model.repeats()
    model.minimise(repeats, nodes)
    model.keep(repeats, model.least)
    for kind in kinds(problem.turns):
        told.begins(kind, model.serves())
        spread = model.spread(kind)
        model.minimise(spread, nodes)
        model.keep(spread, model.least)
    serves = model.serves()
    return Roster(serves, repeats_of(problem, serves), spreads(problem, serves), model.proven)


@dataclass
class _Told:
    """What a watcher is told: the aim, and what the best roster before it comes to."""

    problem: RosterProblem
    watch: Watch | None
    now: Progress = field(default=Progress("needs", 0.0))

    def begins(self, aim: str, serves: BoolMatrix | None = None) -> None:
        if self.watch is None:
            return
        aims = ["needs", "repeats", *kinds(self.problem.turns)]
        share = aims.index(aim) / len(aims)
        self.now = (
            Progress(aim, share)
            if serves is None
            else Progress(aim, share, repeats_of(self.problem, serves), spreads(self.problem, serves))
        )
        self.watch(self.now)

    def again(self) -> None:
        assert self.watch is not None
        self.watch(self.now)


def spreads(problem: RosterProblem, serves: BoolMatrix) -> dict[str, float]:
    """The spread of a roster by kind of turn (`Roster.spread`); teams that can never serve are left out."""
    found = {}
    for name, which in kinds(problem.turns).items():
        able = problem.open_to[:, which].any(axis=1)
        share, parts = shares(problem, name)
        beyond = (serves[:, which].sum(axis=1) + served_before(problem, name)) * parts - share
        found[name] = int(np.ptp(beyond[able])) / parts if able.any() else 0.0
    return found


def take_turns(
    names: Sequence[str],
    can: BoolMatrix,
    wish: NDArray[np.int8],
    turns: Sequence[Turn],
    *,
    before: Before | None = None,
    watch: Watch | None = None,
) -> list[str | None]:
    """Who of some names has each turn, one at a time and as fairly as `make_roster` shares turns.

    Parameters
    ----------
    names : sequence of str
        Such as duty villages or police leaders.
    can, wish : (names, turns) arrays
        As `RosterProblem`.
    before : Before, optional
        Who had the turns before, of these names.
    watch : callable, optional
        As `make_roster`.

    Returns
    -------
    list
        A name for each turn; None where nobody can.
    """
    held = [k for k in range(len(turns)) if (can[:, k] & (wish[:, k] >= 0)).any()]
    if not held:
        return [None] * len(turns)
    alone = [
        Turn(
            turns[k].name,
            turns[k].day,
            turns[k].slot,
            turns[k].start_s,
            turns[k].end_s,
            teams=1,
            villages=0,
            night=turns[k].night,
            weekend=turns[k].weekend,
        )
        for k in held
    ]
    asked = RosterProblem(alone, names, [None] * len(names), can[:, held], wish[:, held], before=before)
    made = make_roster(asked, watch=watch)
    found: list[str | None] = [None] * len(turns)
    for column, k in enumerate(held):
        found[k] = names[int(np.flatnonzero(made.serves[:, column])[0])]
    return found
