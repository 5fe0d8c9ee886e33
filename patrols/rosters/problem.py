"""What a roster (排班) is asked: which of the teams serve in which turn of a week or month.

A *turn* is one slot (岗位) of one day. Nothing here knows a calendar: a turn has a day's number, a slot's
number, and seconds from a common origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
class Before:
    """What was served before the first turn, so that nobody begins anew with every roster.

    Parameters
    ----------
    turns : sequence of Turn
        In order of time. Days and seconds count from the same origin and are mostly negative; a slot has the
        number of the one with the same hours now, -1 where there is none.
    could, served : (teams, turns) arrays of bool
        Which of the teams of now could serve in each, and which did.
    """

    turns: Sequence[Turn]
    could: BoolMatrix
    served: BoolMatrix


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
    before : Before, optional
        Left out, nobody served before.

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
    before: Before | None = None

    def __post_init__(self) -> None:
        """Refuse what is no problem."""
        shape = (len(self.teams), len(self.turns))
        if self.can.shape != shape or self.wish.shape != shape or len(self.villages) != shape[0]:
            raise ValueError(f"can and wish must be {shape[0]} x {shape[1]}, teams by turns")
        if len(self.mixed) not in (0, shape[0]):
            raise ValueError(f"mixed must say of {shape[0]} teams whether they are, or of none")
        past = (len(self.teams), len(self.past.turns))
        if self.past.could.shape != past or self.past.served.shape != past:
            raise ValueError(f"could and served must be {past[0]} x {past[1]}, teams by turns before")
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
    def past(self) -> Before:
        """What was served before; nothing where nothing is known."""
        none = np.zeros((len(self.teams), 0), np.bool_)
        return self.before or Before((), none, none)

    @cached_property
    def open_to(self) -> BoolMatrix:
        """Where a team can serve, is not forbidden, and has had its rest since its last turn before."""
        starts = np.array([turn.start_s for turn in self.turns])
        rested = np.ones(self.can.shape, np.bool_)
        for i, own in enumerate(self.past.served):
            ends = [turn.end_s for turn, one in zip(self.past.turns, own, strict=True) if one]
            if ends:
                rested[i] = starts >= max(ends) + self.rest_s
        return self.can & (self.wish != FORBIDDEN) & rested


@dataclass(frozen=True, eq=False)
class Roster:
    """Who serves when.

    Parameters
    ----------
    serves : (teams, turns) array of bool
    repeats : int
        How often a team serves in two turns one right after the other, or in the same slot two days running;
        the last ones before count too.
    spread : dict
        By kind of turn (`kinds`): the largest less the least of what teams serve, before and now,
        beyond their fair share, in turns; of teams that can serve in one of these turns.
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


def over_border(problem: RosterProblem) -> list[tuple[int, int]]:
    """As `following`, of a turn before (its number there) and one of these."""
    past, turns = problem.past.turns, problem.turns
    pairs = {
        (p, k)
        for p, before in enumerate(past)
        for k, turn in enumerate(turns)
        if before.slot == turn.slot and turn.day == before.day + 1
    }
    if past and past[-1].day + 1 >= turns[0].day:
        pairs.add((len(past) - 1, 0))
    return sorted(pairs)


def repeats_of(problem: RosterProblem, serves: BoolMatrix) -> int:
    """How often a team serves twice in a row (`Roster.repeats`)."""
    inside = sum(int((serves[:, a] & serves[:, b]).sum()) for a, b in following(problem.turns))
    served = problem.past.served
    return inside + sum(int((served[:, p] & serves[:, k]).sum()) for p, k in over_border(problem))


def served_before(problem: RosterProblem, kind: str) -> NDArray[np.int64]:
    """How many turns of a kind (`kinds`) each team served before."""
    return problem.past.served[:, _of_kind(problem.past.turns, kind)].sum(axis=1).astype(np.int64)


def shares(problem: RosterProblem, kind: str) -> tuple[NDArray[np.int64], int]:
    """The fair share of each team in the turns of a kind (`kinds`), before and now, as a fraction of turns.

    What these turns need in teams, by how many of them each team can or could serve in.

    Returns
    -------
    ((teams,) array of int, int)
        The numerators, 0 of a team that can serve in none, and the common denominator, at least 1: whole
        numbers, so that fairness is compared exactly.
    """
    now, past = _of_kind(problem.turns, kind), _of_kind(problem.past.turns, kind)
    able = problem.open_to[:, now].sum(axis=1) + problem.past.could[:, past].sum(axis=1)
    needed = sum(turn.teams for turn, one in zip(problem.turns, now, strict=True) if one)
    needed += int(problem.past.served[:, past].sum())
    able = able.astype(np.int64)
    return able * needed, max(1, int(able.sum()))


def kinds(turns: Sequence[Turn]) -> dict[str, NDArray[np.bool_]]:
    """What turns are shared by, each kind apart: all of them, nights, weekends; as far as there are any."""
    found = {name: _of_kind(turns, name) for name in ("all", "night", "weekend")}
    return {name: which for name, which in found.items() if which.any()}


def _of_kind(turns: Sequence[Turn], kind: str) -> NDArray[np.bool_]:
    if kind == "all":
        return np.ones(len(turns), np.bool_)
    return np.array([turn.night if kind == "night" else turn.weekend for turn in turns], np.bool_)
