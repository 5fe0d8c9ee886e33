"""Make a roster: the best one by whole numbers, in order of what matters.

First that every need is met; then that nobody serves twice in a row or in the same slot two days running;
then that turns are shared as each team's availability says, all of them, nights and weekends apart. Each is
brought to its least and kept there while the next one is: HiGHS through `scipy.optimize.milp` proves it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patrols.rosters.model import NODES, Model
from patrols.rosters.problem import BoolMatrix, Roster, RosterProblem, Turn, following, kinds, shares
from patrols.rosters.sight import impossible, refuse_at_sight


def make_roster(problem: RosterProblem, *, nodes: int = NODES) -> Roster:
    """The best roster of a problem.

    Raises
    ------
    InputRefused
        When there is none: its problems name each turn, what it needs and what there is.
    """
    refuse_at_sight(problem)
    model = Model(problem)
    model.minimise(model.shortage(), nodes)
    missing = model.missing()
    if missing:
        raise impossible(missing)
    model.keep(model.shortage(), 0.0)
    repeats = model.repeats()
    model.minimise(repeats, nodes)
    model.keep(repeats, model.least)
    for which in kinds(problem.turns).values():
        spread = model.spread(which)
        model.minimise(spread, nodes)
        model.keep(spread, model.least)
    serves = model.serves()
    again = sum(int((serves[:, a] & serves[:, b]).sum()) for a, b in following(problem.turns))
    return Roster(serves, again, spreads(problem, serves), model.proven)


def spreads(problem: RosterProblem, serves: BoolMatrix) -> dict[str, float]:
    """The spread of a roster by kind of turn (`Roster.spread`); teams that can never serve are left out."""
    found = {}
    for name, which in kinds(problem.turns).items():
        able = problem.open_to[:, which].any(axis=1)
        share, parts = shares(problem, which)
        beyond = serves[:, which].sum(axis=1) * parts - share
        found[name] = int(np.ptp(beyond[able])) / parts if able.any() else 0.0
    return found


def take_turns(
    names: Sequence[str], can: BoolMatrix, wish: NDArray[np.int8], turns: Sequence[Turn]
) -> list[str | None]:
    """Who of some names has each turn, one at a time and as fairly as `make_roster` shares turns.

    Parameters
    ----------
    names : sequence of str
        Such as duty villages or police leaders.
    can, wish : (names, turns) arrays
        As `RosterProblem`.

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
    made = make_roster(RosterProblem(alone, names, [None] * len(names), can[:, held], wish[:, held]))
    found: list[str | None] = [None] * len(turns)
    for column, k in enumerate(held):
        found[k] = names[int(np.flatnonzero(made.serves[:, column])[0])]
    return found
