"""What a plan says of itself against what its visits show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from geo.errors import Sentence
from patrols.check.parts import Stop, Team, Violation, Visit, at_visit
from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem


def unknown(
    plan: PatrolPlan, visits: list[Visit], stops: dict[Any, Stop], teams: dict[Any, Team]
) -> Iterator[Violation]:
    """Teams and stops that the plan names and the problem, whose `stops` and `teams` are by id, lacks."""
    for visit in visits:
        if visit.team_id not in teams:
            text = Sentence("the problem has no team %(team)s", team=repr(visit.team_id))
            yield at_visit("unknown_id", visit, None, None, text)
        if visit.stop_id not in stops:
            text = Sentence("the problem has no stop %(stop)s", stop=repr(visit.stop_id))
            yield at_visit("unknown_id", visit, None, None, text)
    for stop_id in plan.crossed:
        if stop_id not in stops:
            text = Sentence(
                "the list of crossed stops names %(stop)s, which the problem does not have",
                stop=repr(stop_id),
            )
            yield Violation("unknown_id", None, stop_id, None, None, None, text)
    for stop_id in plan.unreachable:
        if stop_id not in stops:
            text = Sentence(
                "the list of unreachable stops names %(stop)s, which the problem does not have",
                stop=repr(stop_id),
            )
            yield Violation("unknown_id", None, stop_id, None, None, None, text)


def _is_crossed(problem: PatrolProblem, rule: CrossRule, here: list[Visit], teams: dict[Any, Team]) -> bool:
    """Whether visits in order of time make their stop crossed, by the words of `CrossRule`."""
    # Who was there, made before or now: both say of how many villages, and of which.
    who = [visit if visit.made else teams[visit.team_id] for visit in here]
    if rule.pattern == "joint":
        counting = [
            (visit, None) for visit, by in zip(here, who, strict=True) if by.villages >= rule.villages
        ]
    else:
        counting = [
            (visit, by.village) for visit, by in zip(here, who, strict=True) if by.village is not None
        ]
    enough = any(
        (rule.pattern == "joint" or len({village for _, village in chosen}) >= rule.villages)
        and (rule.pattern != "rota" or rule.leader in {village for _, village in chosen})
        and all(
            later.start_s - earlier.start_s >= rule.separation_s
            for (earlier, _), (later, _) in pairwise(chosen)
        )
        for chosen in combinations(counting, rule.visits)
    )
    if not enough or rule.max_idle_s is None:
        return enough
    attended_until = here[0].end_s
    longest = 0
    for visit in here[1:]:
        longest = max(longest, visit.start_s - attended_until)
        attended_until = max(attended_until, visit.end_s)
    return max(longest, problem.span_s[1] - attended_until) <= rule.max_idle_s


def claims(
    problem: PatrolProblem,
    plan: PatrolPlan,
    by_stop: dict[Any, list[Visit]],
    stops: dict[Any, Stop],
    teams: dict[Any, Team],
) -> Iterator[Violation]:
    """What the plan says of itself against what its visits show."""
    really = {
        stop_id for stop_id, here in by_stop.items() if _is_crossed(problem, stops[stop_id].rule, here, teams)
    }
    for stop_id, count in Counter(plan.crossed).items():
        text = None
        if count > 1:
            text = Sentence("stop %(stop)s is claimed as crossed %(n)s times", stop=repr(stop_id), n=count)
        elif stop_id in stops and stop_id not in really:
            text = Sentence(
                "stop %(stop)s is claimed as crossed, but its visits do not meet the rule",
                stop=repr(stop_id),
            )
        if text:
            yield Violation("claim_crossed", None, stop_id, None, count, None, text)
    for stop_id in stops:
        if stop_id in really and stop_id not in plan.crossed:
            text = Sentence(
                "stop %(stop)s is crossed by its visits, but the plan does not say so", stop=repr(stop_id)
            )
            yield Violation("claim_crossed", None, stop_id, None, None, None, text)
        if stop_id in really and stop_id in plan.unreachable:
            text = Sentence(
                "stop %(stop)s is called unreachable, but the plan itself crosses it", stop=repr(stop_id)
            )
            yield Violation("claim_crossed", None, stop_id, None, None, None, text)
    # fsum is exact before its one rounding, so the order of adding plays no part.
    worth = math.fsum(stops[stop_id].prize for stop_id in really)
    if plan.value != worth:
        text = Sentence(
            "the plan claims a value of %(value)s, its crossed stops are worth %(worth)s",
            value=plan.value,
            worth=f"{worth:g}",
        )
        yield Violation("claim_value", None, None, None, plan.value, worth, text)
    if plan.upper_bound < worth:
        text = Sentence(
            "the plan claims the upper bound %(bound)s, its own crossed stops are worth %(worth)s",
            bound=plan.upper_bound,
            worth=f"{worth:g}",
        )
        yield Violation("claim_value", None, None, None, plan.upper_bound, worth, text)
