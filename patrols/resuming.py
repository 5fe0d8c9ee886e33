"""The rest of a shift as a problem of its own: from where everybody is, with what was done already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from patrols.columns import Identifier, objects
from patrols.daybook import BREAK, TRAVEL, VISIT, daybook
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.stretches import visit_nodes


def rest_of_shift(
    problem: PatrolProblem,
    plan: PatrolPlan,
    now_s: int,
    *,
    out: Collection[Identifier] = (),
    bound_until: Mapping[Identifier, int] | None = None,
) -> PatrolProblem:
    """What is left to plan at a time within a shift, everybody having done as planned until then.

    Parameters
    ----------
    problem, plan : PatrolProblem and its answer
    now_s : int
        Seconds from the problem's origin.
    out : collection of team_id
        Teams that dropped out. What they did counts.
    bound_until : mapping of team_id to int, optional
        Teams that something else holds where they are, until these seconds from the origin.

    Returns
    -------
    PatrolProblem
        Of the same stops. Visits begun by `now_s` are in `done`. A team at a stop stays there until its
        visit is over, one on its way goes on to where it is going, one at rest rests to the end; each is
        free from then on. Teams whose shift leaves them no time are not in it, breaks held and pairs met
        are not asked for again.

    Raises
    ------
    ValueError
        When a team is named that the problem does not have.
    """
    bound = dict(bound_until or {})
    unknown = [team for team in (*out, *bound) if team not in set(problem.teams["team_id"])]
    if unknown:
        raise ValueError(f"the problem has no team {unknown[0]!r}")
    begun = plan.visits[plan.visits["start_s"] <= now_s]
    of = problem.teams.set_index("team_id")
    made = pd.DataFrame(
        {
            "stop_id": begun["stop_id"].to_numpy(),
            "village": objects([of["village"][team] for team in begun["team_id"]]),
            "villages": of["villages"].reindex(begun["team_id"]).to_numpy(),
            "start_s": begun["start_s"].to_numpy(),
            "end_s": begun["end_s"].to_numpy(),
        }
    )
    book = daybook(problem, plan)
    rows = []
    for team in _rows(problem.teams):
        own = plan.visits[plan.visits["team_id"] == team.team_id].sort_values("seq")
        node, free_s = _stands(problem, book[book["team_id"] == team.team_id], own, team, now_s)
        free_s = max(free_s, bound.get(team.team_id, free_s))
        if team.team_id not in out and free_s < team.end_s:
            rows.append(team._replace(start_node=node, start_s=free_s))
    teams = pd.DataFrame(rows, columns=list(problem.teams.columns))
    there = set(teams["team_id"])
    met = set(zip(begun["team_id"], begun["stop_id"], strict=True))
    return replace(
        problem,
        teams=teams,
        done=pd.concat([problem.done, made], ignore_index=True),
        breaks=_breaks_left(problem, book, teams, now_s),
        forbidden=problem.forbidden[problem.forbidden["team_id"].isin(there)],
        pinned=pd.DataFrame(
            [
                (team, stop)
                for team, stop in problem.pinned.itertuples(index=False, name=None)
                if team in there and (team, stop) not in met
            ],
            columns=["team_id", "stop_id"],
        ),
    )


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows, each with the columns as its attributes."""
    return frame.itertuples(index=False)


def _stands(
    problem: PatrolProblem, book: pd.DataFrame, visits: pd.DataFrame, team: Any, now_s: int
) -> tuple[int, int]:
    """Where a team is next free to go anywhere, and from when on; `visits` are its own, in order."""
    if book.empty or now_s < team.start_s:
        return team.start_node, max(team.start_s, now_s)
    begins, ends = visit_nodes(problem, visits)
    arrives, starts, over = (visits[name].to_numpy() for name in ("arrive_s", "start_s", "end_s"))
    here = int(team.start_node)
    for row in _rows(book):
        if row.kind == TRAVEL:
            end = int(team.end_node) if row.stop_id is None else int(begins[arrives == row.end_s][0])
            there = end if end >= 0 else here
        else:
            there = int(ends[(starts == row.start_s) & (over == row.end_s)][0]) if row.kind == VISIT else here
        if row.end_s > now_s:
            # On its way it goes on to where it is going; a wait can be broken off, a visit and a rest cannot.
            return (there, row.end_s) if row.kind in (TRAVEL, VISIT, BREAK) else (here, now_s)
        here = there
    return here, now_s


def _breaks_left(problem: PatrolProblem, book: pd.DataFrame, teams: pd.DataFrame, now_s: int) -> pd.DataFrame:
    """The breaks that nobody has begun yet, of the teams that are left, as far as there is room for them."""
    begun = book[(book["kind"] == BREAK) & (book["start_s"] <= now_s)]
    left = []
    for team in _rows(teams):
        own = begun[begun["team_id"] == team.team_id]
        held = list(zip(own["start_s"].tolist(), (own["end_s"] - own["start_s"]).tolist(), strict=True))
        free_s = team.start_s
        rest = problem.breaks[problem.breaks["team_id"] == team.team_id].sort_values(
            ["latest_s", "earliest_s"]
        )
        for row in _rows(rest):
            was = [
                one for one in held if one[1] == row.duration_s and row.earliest_s <= one[0] <= row.latest_s
            ]
            if was:
                held.remove(was[0])
                continue
            begins = max(free_s, row.earliest_s)
            # A team that something held past the time of its break has missed it.
            if begins <= row.latest_s and begins + row.duration_s <= team.end_s:
                left.append(row)
                free_s = begins + row.duration_s
    return pd.DataFrame(left, columns=list(problem.breaks.columns))
