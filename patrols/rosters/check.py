"""The independent checker of rosters: whether one keeps what it was asked, and is as fair as it claims.

It shares no code with the solver: everything is derived from the problem again, by turns and by teams.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from geo.errors import Sentence
from patrols.rosters.problem import FIXED, FORBIDDEN, Roster, RosterProblem

_CLOSE = 1e-9


def broken(problem: RosterProblem, roster: Roster) -> list[Sentence]:
    """Everything in which a roster breaks its problem, one sentence each; empty for a sound one.

    Serving twice in a row and an uneven share are no faults; a roster that claims less of them than there is
    has one.
    """
    if roster.serves.shape != (len(problem.teams), len(problem.turns)):
        return [Sentence("the roster is not one of these teams and turns")]
    return [*_needs(problem, roster), *_teams(problem, roster), *_claims(problem, roster)]


def _needs(problem: RosterProblem, roster: Roster) -> Iterator[Sentence]:
    for k, turn in enumerate(problem.turns):
        there = [i for i in range(len(problem.teams)) if roster.serves[i, k]]
        if len(there) != turn.teams:
            yield Sentence(
                "%(turn)s: %(have)s teams serve, %(n)s are needed",
                turn=turn.name,
                have=len(there),
                n=turn.teams,
            )
        homes = {problem.villages[i] for i in there if problem.villages[i] is not None}
        if len(homes) < turn.villages:
            yield Sentence(
                "%(turn)s: the teams are of %(have)s villages, %(n)s are needed",
                turn=turn.name,
                have=len(homes),
                n=turn.villages,
            )
        mixed = [i for i in there if problem.mixed and problem.mixed[i]]
        if len(mixed) < turn.mixed:
            yield Sentence(
                "%(turn)s: %(have)s mixed teams serve, %(n)s are needed",
                turn=turn.name,
                have=len(mixed),
                n=turn.mixed,
            )


def _teams(problem: RosterProblem, roster: Roster) -> Iterator[Sentence]:
    for i, team in enumerate(problem.teams):
        own = [turn for k, turn in enumerate(problem.turns) if roster.serves[i, k]]
        for k, turn in enumerate(problem.turns):
            if roster.serves[i, k] and not problem.can[i, k]:
                yield Sentence("%(turn)s: team '%(team)s' serves and cannot then", turn=turn.name, team=team)
            if roster.serves[i, k] and problem.wish[i, k] == FORBIDDEN:
                yield Sentence("%(turn)s: team '%(team)s' serves and must not", turn=turn.name, team=team)
            if not roster.serves[i, k] and problem.wish[i, k] == FIXED:
                yield Sentence(
                    "%(turn)s: team '%(team)s' is fixed and does not serve", turn=turn.name, team=team
                )
        served = [turn for p, turn in enumerate(problem.past.turns) if problem.past.served[i, p]]
        pairs = [*combinations(sorted(own, key=lambda turn: turn.start_s), 2), *product(served, own)]
        for one, other in pairs:
            # Those that overlap are no rest at all, whatever the rule.
            if other.start_s - one.end_s < problem.rest_s:
                yield Sentence(
                    "team '%(team)s' serves in %(turn)s and in %(other)s, with less rest between them "
                    "than %(hours)s h",
                    team=team,
                    turn=one.name,
                    other=other.name,
                    hours=f"{problem.rest_s / 3600:g}",
                )


def _claims(problem: RosterProblem, roster: Roster) -> Iterator[Sentence]:
    repeats = 0
    for row, past in zip(roster.serves, problem.past.served, strict=True):
        every = [*problem.past.turns, *problem.turns]
        serves = [*past, *row]
        border = len(problem.past.turns)
        for k, turn in enumerate(every):
            # What was twice in a row before is no matter of this roster.
            for later in range(max(k + 1, border), len(every)):
                other = every[later]
                next_one = later == k + 1 and (k >= border or other.day <= turn.day + 1)
                next_day = other.slot == turn.slot and other.day == turn.day + 1
                if serves[k] and serves[later] and (next_one or next_day):
                    repeats += 1
    if repeats != roster.repeats:
        yield Sentence(
            "the roster says that %(claim)s times a team serves twice in a row; %(n)s times it does",
            claim=roster.repeats,
            n=repeats,
        )
    for kind in ("all", "night", "weekend"):
        found = _spread(problem, roster, kind)
        claim = roster.spread.get(kind)
        if (found is None) != (claim is None) or (
            found is not None and claim is not None and abs(float(found) - claim) > _CLOSE
        ):
            yield Sentence(
                "the roster says that turns (%(kind)s) are shared within %(claim)s; they are within %(n)s",
                kind=kind,
                claim="–" if claim is None else f"{claim:g}",
                n="–" if found is None else f"{float(found):g}",
            )


def _spread(problem: RosterProblem, roster: Roster, kind: str) -> Fraction | None:
    """The largest less the least of what teams serve beyond their share; None without a turn of that kind."""
    counted, before = (
        [
            k
            for k, turn in enumerate(turns)
            if kind == "all" or (kind == "night" and turn.night) or (kind == "weekend" and turn.weekend)
        ]
        for turns in (problem.turns, problem.past.turns)
    )
    if not counted:
        return None
    teams = range(len(problem.teams))
    now = {i: sum(_open(problem, i, k) for k in counted) for i in teams}
    able = {i: now[i] + int(np.count_nonzero(problem.past.could[i, before])) for i in teams}
    served = {i: int(np.count_nonzero(problem.past.served[i, before])) for i in teams}
    whole = sum(able.values())
    needed = sum(problem.turns[k].teams for k in counted) + sum(served.values())
    beyond = [
        served[i] + int(np.count_nonzero(roster.serves[i, counted])) - Fraction(needed * able[i], whole)
        for i in teams
        if now[i]
    ]
    return max(beyond) - min(beyond) if beyond else Fraction(0)


def _open(problem: RosterProblem, i: int, k: int) -> bool:
    """Whether a team can serve in a turn as far as its terms, people's wishes and its turns before let it."""
    if not problem.can[i, k] or problem.wish[i, k] == FORBIDDEN:
        return False
    return all(
        problem.turns[k].start_s - turn.end_s >= problem.rest_s
        for turn, one in zip(problem.past.turns, problem.past.served[i], strict=True)
        if one
    )
