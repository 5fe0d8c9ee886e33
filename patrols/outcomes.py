"""What became of every stop of a plan: crossed, or why not."""

from __future__ import annotations

from itertools import combinations, pairwise

import pandas as pd

from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.reach import reachable_stops

OUTCOMES = (
    "crossed",
    "out_of_reach",
    "few_able",
    "unvisited",
    "no_village",
    "not_mixed",
    "few_visits",
    "few_villages",
    "not_led",
    "too_close",
    "too_idle",
)


def stop_outcomes(problem: PatrolProblem, plan: PatrolPlan) -> pd.Series:
    """For every stop whether it is crossed, and else the first reason that holds.

    Parameters
    ----------
    problem : PatrolProblem
    plan : PatrolPlan
        Its list of crossed stops is believed; what it says of itself is the checker's matter. Visits made
        before it begins count, too.

    Returns
    -------
    Series of str
        By stop_id in the problem's order, one of `OUTCOMES`: out_of_reach (no team can be there and back in
        time), few_able (teams of as many villages as the rule asks cannot all), unvisited, no_village
        (visited by teams of no village alone), not_mixed (a *joint* rule: by no team that is mixed enough),
        few_visits (fewer visits of teams that count than the rule asks), few_villages (visits of fewer
        villages), not_led (a *rota*: nobody of the duty village was there), too_close (no such visits are
        the separation apart), too_idle (they are, but nobody is there for too long).
    """
    reach = reachable_stops(problem).set_index("stop_id")
    teams = problem.teams.set_index("team_id")
    crossed = set(plan.crossed)
    columns = ["stop_id", "village", "villages", "start_s"]
    visits = pd.concat(
        [
            plan.visits.assign(
                village=plan.visits["team_id"].map(teams["village"]),
                villages=plan.visits["team_id"].map(teams["villages"]),
            )[columns],
            problem.done[columns],
        ]
    )
    by_stop = {stop_id: here.sort_values("start_s") for stop_id, here in visits.groupby("stop_id")}
    found = {}
    for row, stop_id in enumerate(problem.stops["stop_id"]):
        if stop_id in crossed:
            found[stop_id] = "crossed"
        else:
            found[stop_id] = _why_not(by_stop.get(stop_id), reach.loc[stop_id], problem.rule_at(row))
    return pd.Series(found, index=pd.Index(list(found), name="stop_id"), dtype=object)


def _why_not(here: pd.DataFrame | None, reach: pd.Series, rule: CrossRule) -> str:
    """Why a stop that is not crossed is not; `here` are its visits in order of time."""
    if here is not None and reach["crossable"]:
        return _of_visits(here, rule)
    if reach["teams"] == 0:
        return "out_of_reach"
    return "unvisited" if reach["crossable"] else "few_able"


def _of_visits(here: pd.DataFrame, rule: CrossRule) -> str:
    joint = rule.pattern == "joint"
    counted = here[here["villages"] >= rule.villages] if joint else here[here["village"].notna()]
    if counted.empty:
        return "not_mixed" if joint else "no_village"
    if len(counted) < rule.visits:
        return "few_visits"
    if not joint and counted["village"].nunique() < rule.villages:
        return "few_villages"
    if rule.pattern == "rota" and rule.leader not in set(counted["village"]):
        return "not_led"
    rows = list(zip(counted["start_s"].tolist(), counted["village"].tolist(), strict=True))
    apart = any(
        (joint or len({village for _, village in chosen}) >= rule.villages)
        and (rule.pattern != "rota" or rule.leader in {village for _, village in chosen})
        and all(later - earlier >= rule.separation_s for (earlier, _), (later, _) in pairwise(chosen))
        for chosen in combinations(rows, rule.visits)
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
