"""A plan as its shift really went: what teams signed for, what nobody did, and what is late because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pandas as pd

from patrols.adherence import planned_and_done
from patrols.columns import Identifier
from patrols.plan import VISIT_COLUMNS, PatrolPlan
from patrols.problem import PatrolProblem
from patrols.stretches import stays_of


@dataclass
class _Visit:
    """A visit in the order of a team: `fixed` where it was signed for."""

    stop_id: Identifier
    arrive_s: int
    start_s: int
    end_s: int
    fixed: bool
    backwards: bool = False


def as_it_went(
    problem: PatrolProblem,
    plan: PatrolPlan,
    signed: pd.DataFrame,
    *,
    now_s: int,
    not_made: Collection[tuple[Identifier, Identifier]] = frozenset(),
) -> PatrolPlan:
    """The plan with the times at which teams signed in, and what follows as late as that makes it.

    A visit that was signed for stands where it was signed for. One that nobody signed for is taken to be
    made as planned, or, behind one that was late, as soon as the team can be there; unless `not_made` says
    that nobody came.

    Parameters
    ----------
    problem, plan : PatrolProblem and its answer
    signed : DataFrame
        team_id, stop_id, start_s, end_s (seconds from the problem's origin, missing where nobody wrote when
        the team left: then it stayed as long as the stop asks). Rows after `now_s`, and those of stops or
        teams that the problem does not have, are passed over.
    now_s : int
        Seconds from the origin.
    not_made : collection of (team_id, stop_id)
        Visits that were planned before now and did not happen.

    Returns
    -------
    PatrolPlan
        Not a sound one: teams may come sooner than they can, or too late. Its value is the plan's.
    """
    known = set(problem.stops["stop_id"])
    teams = {team.team_id: team for team in problem.teams.itertuples(index=False)}
    came = signed[
        (signed["start_s"] <= now_s) & signed["stop_id"].isin(known) & signed["team_id"].isin(teams)
    ].reset_index(drop=True)
    planned = plan.visits.sort_values(["team_id", "seq"], kind="stable", ignore_index=True)
    pairs = zip(planned["team_id"], planned["stop_id"], planned["start_s"], strict=True)
    left_out = pd.Series([(team, stop) in not_made and at <= now_s for team, stop, at in pairs], dtype=bool)
    whose, _ = planned_and_done(_at(problem, planned, "start_at"), _at(problem, came, "arrived_at"))
    # Who signed was there, whatever else was said.
    left_out &= whose.isna()
    rows: list[tuple[Any, ...]] = []
    for team_id, team in teams.items():
        own = planned[planned["team_id"] == team_id]
        met = {row: int(number) for row, number in whose.loc[own.index].dropna().items()}
        extra = came.index[(came["team_id"] == team_id).to_numpy() & ~came.index.isin(whose.dropna())]
        if not met and extra.empty and not left_out[own.index].any():
            rows += own[list(VISIT_COLUMNS)].itertuples(index=False, name=None)
            continue
        stays = stays_of(problem, str(team.mode))
        ordered = list(_ordered(own[~left_out[own.index]], came, met, extra, stays))
        _shift(problem, team, ordered)
        rows += [
            (team_id, seq, one.stop_id, one.arrive_s, one.start_s, one.end_s, one.backwards)
            for seq, one in enumerate(ordered)
        ]
    return replace(plan, visits=pd.DataFrame(rows, columns=list(VISIT_COLUMNS)))


def _at(problem: PatrolProblem, rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with the moment of their `start_s` as a column."""
    return rows.assign(**{name: [problem.origin + timedelta(seconds=int(at)) for at in rows["start_s"]]})


def _ordered(
    planned: pd.DataFrame,
    came: pd.DataFrame,
    met: dict[Any, int],
    extra: pd.Index,
    stays: dict[Identifier, tuple[int, int]],
) -> Iterator[_Visit]:
    """A team's visits in the order in which they are taken to have been made.

    One that nobody signed for keeps its place behind the visit that it was planned after.
    """
    keyed: list[tuple[int, int, _Visit]] = []

    rows = dict(zip(came.index, came[["stop_id", "start_s", "end_s"]].to_dict("records"), strict=True))

    def fixed(number: int, backwards: bool) -> _Visit:
        row = rows[number]
        start = int(row["start_s"])
        # A team that signed where its mode cannot go has been there all the same.
        stay = max(0, stays[row["stop_id"]][backwards])
        end = start + stay if pd.isna(row["end_s"]) else int(row["end_s"])
        return _Visit(row["stop_id"], start, start, max(start, end), True, backwards)

    behind = -(2**62)
    for place, (index, row) in enumerate(planned.iterrows()):
        if index in met:
            # Nobody writes which way a stretch was walked: as planned, unless nothing was.
            visit = fixed(met[index], bool(row["backwards"]))
            behind = max(behind, visit.start_s)
        else:
            visit = _Visit(
                row["stop_id"],
                int(row["arrive_s"]),
                int(row["start_s"]),
                int(row["end_s"]),
                False,
                bool(row["backwards"]),
            )
        keyed.append((visit.start_s if visit.fixed else max(visit.start_s, behind), place, visit))
    keyed += [(fixed(number, False).start_s, -1, fixed(number, False)) for number in extra]
    yield from (visit for _, _, visit in sorted(keyed, key=lambda one: one[:2]))


def _shift(problem: PatrolProblem, team: Any, visits: list[_Visit]) -> None:
    """Put off what cannot be as early as planned; what was signed for stands."""
    travel = problem.duration_s[team.mode]
    stops = problem.stops
    ends = dict(zip(stops["stop_id"], zip(stops["node"], stops["end_node"], strict=True), strict=True))
    here, free_s = int(team.start_node), int(team.start_s)
    for number, visit in enumerate(visits):
        node, out = ends[visit.stop_id][:: -1 if visit.backwards else 1]
        following = next((one.start_s for one in visits[number + 1 :] if one.fixed), None)
        if not visit.fixed and following is None:
            stays = visit.end_s - visit.start_s
            visit.arrive_s = max(visit.arrive_s, free_s + max(0, int(travel[here, node])))
            visit.start_s = max(visit.arrive_s, visit.start_s)
            visit.end_s = visit.start_s + stays
        elif not visit.fixed and following is not None:
            # Somebody signed behind it: it was over by then.
            visit.arrive_s, visit.start_s, visit.end_s = (
                min(at, following) for at in (visit.arrive_s, visit.start_s, visit.end_s)
            )
        here, free_s = out, max(free_s, visit.end_s)
