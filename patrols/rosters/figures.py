"""What a stored roster comes to: how its turns are shared, and what the independent checker finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from geo.errors import Sentence
from patrols.rosters.check import broken
from patrols.rosters.document import Document, problem_of, serves_of
from patrols.rosters.problem import Roster, kinds, served_before, shares


@dataclass(frozen=True)
class TeamFigures:
    """What one team serves in a roster, by kind of turn: turns, its fair share of them (what was served
    before evened out, at least 0), and turns before.
    """

    code: str
    turns: dict[str, int]
    share: dict[str, float]
    before: dict[str, int]


def team_figures(document: Document, zone: tzinfo) -> Iterator[TeamFigures]:
    """The figures of every team, in the document's order."""
    problem = problem_of(document, zone)
    parts = {
        name: (which, *shares(problem, name), served_before(problem, name))
        for name, which in kinds(problem.turns).items()
    }
    for i, (code, own) in enumerate(zip(problem.teams, serves_of(document), strict=True)):
        yield TeamFigures(
            code,
            {name: int(own[which].sum()) for name, (which, _, _, _) in parts.items()},
            {
                name: max(0.0, float(share[i] / whole - before[i]))
                for name, (_, share, whole, before) in parts.items()
            },
            {name: int(before[i]) for name, (_, _, _, before) in parts.items()},
        )


def faults_of(document: Document, zone: tzinfo) -> list[Sentence]:
    """What the independent checker finds in a document."""
    problem = problem_of(document, zone)
    return broken(
        problem,
        Roster(serves_of(document), document["repeats"], dict(document["spread"]), bool(document["proven"])),
    )
