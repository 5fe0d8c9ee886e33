"""What a roster (排班) is asked: which of the teams serve in which turn of a week or month.

A *turn* is one slot (岗位) of one day. Nothing here knows a calendar: a turn has a day's number, a slot's
number, and seconds from a common origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputRefused, Sentence

MOST_TURNS = 62 * 4
MOST_TEAMS = 100
OPEN, FIXED, FORBIDDEN = 0, 1, -1

BoolMatrix = NDArray[np.bool_]


@dataclass(frozen=True)
class Turn:
    """One slot of one day, and what it needs.

    Parameters
    ----------
    name : str
        As people say it, for sentences.
    day, slot : int
        Their numbers, from 0.
    start_s, end_s : int
        Seconds from an origin that all turns share.
    teams : int
        How many serve, exactly.
    villages : int
        Of how many different villages these are, at least. A team of no village counts as none.
    mixed : int
        How many of these are mixed teams (`RosterProblem.mixed`), at least.
    night, weekend : bool
        Whether it counts among these when turns are shared.
    """

    name: str
    day: int
    slot: int
    start_s: int
    end_s: int
    teams: int = 2
    villages: int = 2
    mixed: int = 0
    night: bool = False
    weekend: bool = False


@dataclass(frozen=True, eq=False)
class RosterProblem:
    """Turns, teams and who can serve when.

    Parameters
    ----------
    turns : sequence of Turn
        In order of time, each (day, slot) once.
    teams : sequence of str
        Codes.
    villages : sequence of str or None
        Home of each team.
    can : (teams, turns) array of bool
        Whether a team's own terms let it serve in a turn.
    wish : (teams, turns) array of int
        `FIXED` where a person wants the team, `FORBIDDEN` where not, `OPEN` elsewhere.
    rest_s : int
        Seconds between the end of a team's turn and the begin of its next.
    mixed : sequence of bool
        Whether a team is mixed enough for a *joint* rule (`patrols.problem.CrossRule`); left out, none is.

    Raises
    ------
    InputRefused
        For turns out of order or too many, teams named twice, and needs that cannot be.
    ValueError
        For arrays of another shape.
    """

    turns: Sequence[Turn]
    teams: Sequence[str]
    villages: Sequence[str | None]
    can: BoolMatrix
    wish: NDArray[np.int8]
    rest_s: int = 0
    mixed: Sequence[bool] = ()

    def __post_init__(self) -> None:
        """Refuse what is no problem."""
        shape = (len(self.teams), len(self.turns))
        if self.can.shape != shape or self.wish.shape != shape or len(self.villages) != shape[0]:
            raise ValueError(f"can and wish must be {shape[0]} x {shape[1]}, teams by turns")
        if len(self.mixed) not in (0, shape[0]):
            raise ValueError(f"mixed must say of {shape[0]} teams whether they are, or of none")
        if len(set(self.teams)) < len(self.teams):
            raise InputRefused(Sentence("a team is named twice in the roster; name each once"))
        if not 1 <= len(self.turns) <= MOST_TURNS:
            raise InputRefused(
                Sentence(
                    "a roster has 1 to %(most)s turns, not %(n)s; choose other days or slots",
                    most=MOST_TURNS,
                    n=len(self.turns),
                )
            )
        if len(self.teams) > MOST_TEAMS:
            raise InputRefused(
                Sentence(
                    "a roster has at most %(most)s teams, not %(n)s; make two",
                    most=MOST_TEAMS,
                    n=len(self.teams),
                )
            )
        if self.rest_s < 0:
            raise InputRefused(Sentence("a rest is not below 0; correct it"))
        for before, after in zip(self.turns[:-1], self.turns[1:], strict=True):
            if (before.start_s, before.day, before.slot) >= (after.start_s, after.day, after.slot):
                raise InputRefused(Sentence("turns must be in order of time, each once"))
        for turn in self.turns:
            if not (turn.start_s < turn.end_s and turn.teams >= 1 and 0 <= turn.villages <= turn.teams):
                raise InputRefused(
                    Sentence(
                        "a turn with %(teams)s teams of %(villages)s villages cannot be; ask for 1 team or "
                        "more and no more villages than teams",
                        teams=turn.teams,
                        villages=turn.villages,
                    )
                )
            if not 0 <= turn.mixed <= turn.teams:
                raise InputRefused(
                    Sentence(
                        "a turn with %(teams)s teams, %(mixed)s of them mixed, cannot be; ask for no more "
                        "mixed teams than teams",
                        teams=turn.teams,
                        mixed=turn.mixed,
                    )
                )

    @property
    def open_to(self) -> BoolMatrix:
        """Where a team can serve and is not forbidden."""
        return self.can & (self.wish != FORBIDDEN)


@dataclass(frozen=True, eq=False)
class Roster:
    """Who serves when.

    Parameters
    ----------
    serves : (teams, turns) array of bool
    repeats : int
        How often a team serves in two turns one right after the other, or in the same slot two days running.
    spread : dict
        By kind of turn (`kinds`): the largest less the least of what teams serve
        beyond their fair share, in turns.
    proven : bool
        Whether no roster is better; else the search was cut short and a better one may be.
    """

    serves: BoolMatrix
    repeats: int
    spread: dict[str, float]
    proven: bool


def apart(first: Turn, second: Turn, rest_s: int) -> bool:
    """Whether one team may serve in both turns, `first` being the earlier, with that much rest."""
    return second.start_s >= first.end_s + rest_s


def following(turns: Sequence[Turn]) -> list[tuple[int, int]]:
    """Pairs of turns in which the same team should not serve: one right after the other, and the same slot of
    two days running; the numbers of the earlier and the later one.
    """
    number = {(turn.day, turn.slot): k for k, turn in enumerate(turns)}
    pairs = {(k, k + 1) for k in range(len(turns) - 1)}
    for k, turn in enumerate(turns):
        tomorrow = number.get((turn.day + 1, turn.slot))
        if tomorrow is not None:
            pairs.add((k, tomorrow))
    return sorted(pairs)


def shares(problem: RosterProblem, counted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """The fair share of each team in the turns that are counted, as a fraction of turns.

    What these turns need in teams, by how many of them each team can serve in.

    Returns
    -------
    ((teams,) array of int, int)
        The numerators, 0 of a team that can serve in none, and the common denominator, at least 1: whole
        numbers, so that fairness is compared exactly.
    """
    able = problem.open_to[:, counted].sum(axis=1).astype(np.int64)
    needed = sum(turn.teams for turn, one in zip(problem.turns, counted, strict=True) if one)
    return able * needed, max(1, int(able.sum()))


def kinds(turns: Sequence[Turn]) -> dict[str, NDArray[np.bool_]]:
    """What turns are shared by, each kind apart: all of them, nights, weekends; as far as there are any."""
    found = {
        "all": np.ones(len(turns), np.bool_),
        "night": np.array([turn.night for turn in turns], np.bool_),
        "weekend": np.array([turn.weekend for turn in turns], np.bool_),
    }
    return {name: which for name, which in found.items() if which.any()}
