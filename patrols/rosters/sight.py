"""What a person sees of a roster problem at once: that a turn cannot be, before anything is searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geo.errors import InputRefused, Sentence
from patrols.rosters.problem import FIXED, RosterProblem, apart


def refuse_at_sight(problem: RosterProblem) -> None:
    """Refuse what a person sees to be impossible, turn by turn.

    Raises
    ------
    InputRefused
        Naming each.
    """
    wrong: list[str] = []
    for k, turn in enumerate(problem.turns):
        fixed = np.flatnonzero(problem.wish[:, k] == FIXED).tolist()
        wrong += [
            Sentence(
                "%(turn)s: team '%(team)s' is fixed and cannot serve then",
                turn=turn.name,
                team=problem.teams[i],
            )
            for i in fixed
            if not problem.can[i, k]
        ]
        wrong += [
            Sentence(
                "team '%(team)s' is fixed in %(turn)s and served in %(other)s, with less rest between them "
                "than %(hours)s h",
                team=problem.teams[i],
                turn=turn.name,
                other=before.name,
                hours=f"{problem.rest_s / 3600:g}",
            )
            for p, before in enumerate(problem.past.turns)
            if not apart(before, turn, problem.rest_s)
            for i in fixed
            if problem.past.served[i, p]
        ]
        if len(fixed) > turn.teams:
            wrong.append(
                Sentence(
                    "%(turn)s: %(fixed)s teams are fixed and %(n)s are needed",
                    turn=turn.name,
                    fixed=len(fixed),
                    n=turn.teams,
                )
            )
        there = np.flatnonzero(problem.open_to[:, k]).tolist()
        homes = {problem.villages[i] for i in there} - {None}
        if len(there) < turn.teams:
            wrong.append(
                Sentence(
                    "%(turn)s: %(n)s teams are needed and %(have)s can serve",
                    turn=turn.name,
                    n=turn.teams,
                    have=len(there),
                )
            )
        elif len(homes) < turn.villages:
            wrong.append(
                Sentence(
                    "%(turn)s: teams of %(n)s villages are needed, and those that can serve are of %(have)s",
                    turn=turn.name,
                    n=turn.villages,
                    have=len(homes),
                )
            )
        mixed = [i for i in there if problem.mixed and problem.mixed[i]]
        if len(mixed) < turn.mixed <= len(there):
            wrong.append(
                Sentence(
                    "%(turn)s: %(n)s mixed teams are needed and %(have)s can serve",
                    turn=turn.name,
                    n=turn.mixed,
                    have=len(mixed),
                )
            )
        for later in range(k + 1, len(problem.turns)):
            if apart(turn, problem.turns[later], problem.rest_s):
                break
            wrong += [
                Sentence(
                    "team '%(team)s' is fixed in %(turn)s and in %(other)s, with less rest between them than "
                    "%(hours)s h",
                    team=problem.teams[i],
                    turn=turn.name,
                    other=problem.turns[later].name,
                    hours=f"{problem.rest_s / 3600:g}",
                )
                for i in fixed
                if problem.wish[i, later] == FIXED
            ]
    if wrong:
        raise impossible(wrong)


def impossible(problems: Sequence[str]) -> InputRefused:
    """The refusal of a roster for which each of these sentences says why there is none."""
    return InputRefused(
        Sentence(
            "no roster can be made: let more teams serve, ask for fewer, or for less rest between their turns"
        ),
        problems,
    )
