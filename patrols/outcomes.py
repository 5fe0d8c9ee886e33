"""What became of every stop of a plan: crossed, or why not."""

from __future__ import annotations

import pandas as pd

from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.reach import reachable_stops

OUTCOMES = (
    "crossed",
    "out_of_reach",
    "one_village_able",
    "unvisited",
    "no_village",
    "one_visit",
    "one_village",
    "too_close",
    "too_idle",
)


def stop_outcomes(problem: PatrolProblem, plan: PatrolPlan) -> pd.Series:
    """For every stop whether it is crossed, and else the first reason that holds.

    Parameters
    ----------
    problem : PatrolProblem
    plan : PatrolPlan
        Its list of crossed stops is believed; what it says of itself is the checker's matter.

    Returns
    -------
    Series of str
        By stop_id in the problem's order, one of `OUTCOMES`: out_of_reach (no team can be there and back in
        time), one_village_able (teams of two villages cannot both), unvisited, no_village (visited by teams
        of no village alone), one_visit (one visit of a village's team), one_village (all its visits are of
        one village), too_close (none of two villages are the separation apart), too_idle (they are, but
        nobody is there for too long).
    """
    reach = reachable_stops(problem).set_index("stop_id")
    village = problem.teams.set_index("team_id")["village"]
    crossed = set(plan.crossed)
    visits = plan.visits.assign(village=plan.visits["team_id"].map(village))
    by_stop = {stop_id: here.sort_values("start_s") for stop_id, here in visits.groupby("stop_id")}
    found = {}
    for stop_id in problem.stops["stop_id"]:
        if stop_id in crossed:
            found[stop_id] = "crossed"
        else:
            found[stop_id] = _why_not(by_stop.get(stop_id), reach.loc[stop_id], problem.rule.separation_s)
    return pd.Series(found, index=pd.Index(list(found), name="stop_id"), dtype=object)


def _why_not(here: pd.DataFrame | None, reach: pd.Series, separation_s: int) -> str:
    """Why a stop that is not crossed is not; `here` are its visits in order of time."""
    if here is not None and reach["crossable"]:
        return _of_visits(here, separation_s)
    if reach["teams"] == 0:
        return "out_of_reach"
    return "unvisited" if reach["crossable"] else "one_village_able"


def _of_visits(here: pd.DataFrame, separation_s: int) -> str:
    counted = here[here["village"].notna()]
    if counted.empty:
        return "no_village"
    if len(counted) == 1:
        return "one_visit"
    if counted["village"].nunique() == 1:
        return "one_village"
    rows = list(zip(counted["start_s"].tolist(), counted["village"].tolist(), strict=True))
    apart = any(
        b != a and later - earlier >= separation_s
        for i, (earlier, a) in enumerate(rows)
        for later, b in rows[i + 1 :]
    )
    return "too_idle" if apart else "too_close"


def ground_matrix(visits: pd.DataFrame) -> pd.DataFrame:
    """Whose teams visited whose ground, and how often.

    Parameters
    ----------
    visits : DataFrame
        home (village of the team) and ground (village the stop lies in), either None.

    Returns
    -------
    DataFrame of int
        Rows are homes, columns grounds, both sorted; "" stands for none, and comes last.
    """
    filled = visits[["home", "ground"]].fillna("")
    counts = pd.crosstab(filled["home"], filled["ground"])
    return counts.loc[_none_last(counts.index), _none_last(counts.columns)]


def _none_last(names: pd.Index) -> list[str]:
    return sorted(names, key=lambda name: (name == "", name))
