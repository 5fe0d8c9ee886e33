"""The independent checker: whether a plan keeps every rule of its problem, and is worth what it claims.

It shares no code with the solver: it imports the problem and the plan and derives everything from
them again, one visit after the other, slowly and plainly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import Sentence
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem

CODES = (
    "time_travel",
    "window",
    "shift",
    "break",
    "mode",
    "forbidden",
    "required",
    "pinned",
    "overlap",
    "unknown_id",
    "claim_crossed",
    "claim_value",
)


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks.

    Parameters
    ----------
    code : str
        time_travel: a leg or a service gets less time than it takes, or times run backwards within
        a visit. window: a service starts outside the stop's windows. shift: a team would have to
        leave before its shift or is back after it. break: a team's breaks do not fit into its idle time.
        mode: a leg that the team's mode cannot travel. forbidden: a pair that must not meet.
        required: a required stop that nobody visits. pinned: a stop that its team does not visit. overlap:
        a team is at two stops at once, or two visits have the same place in its order. unknown_id: a team
        or stop that the problem does not have. claim_crossed: the list of crossed stops is wrong, or the
        list of unreachable ones is refuted by the plan. claim_value: the value or the upper bound is not
        what the visits are worth.
    team_id, stop_id, seq
        Where, as far as it applies; else None.
    value, limit : float or None
        What was found and what is allowed, in the unit of the message.
    message : Sentence
        One sentence.
    """

    code: str
    team_id: Any
    stop_id: Any
    seq: int | None
    value: float | None
    limit: float | None
    message: Sentence


@dataclass(frozen=True)
class _Stop:
    node: int
    prize: float
    service_s: int
    required: bool
    each: tuple[tuple[int, int], ...]
    first: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Team:
    village: Any
    villages: int
    travel_s: NDArray[np.int64]
    start_node: int
    end_node: int
    start_s: int
    end_s: int
    breaks: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class _Visit:
    team_id: Any
    seq: int
    stop_id: Any
    arrive_s: int
    start_s: int
    end_s: int
    # Of a visit made before the plan: its team may not be in it.
    made: bool = False
    village: Any = None
    villages: int = 0


def violations(problem: PatrolProblem, plan: PatrolPlan) -> list[Violation]:
    """Everything in which `plan` breaks `problem`; an empty list for a sound plan.

    Parameters
    ----------
    problem : PatrolProblem
    plan : PatrolPlan

    Returns
    -------
    list of Violation
        By team in the problem's order, then by stop, then the claims. An uncrossed stop is no
        violation; a plan that claims it is. Visits of unknown teams or stops are reported and then
        left out of every other check.

    Notes
    -----
    Independent of the solver by rule (a test reads the imports). The rule of crossing is that of
    `patrols.problem.CrossRule`, written again here.
    """
    stops, teams = _stops(problem), _teams(problem)
    forbidden = set(zip(problem.forbidden["team_id"], problem.forbidden["stop_id"], strict=True))
    visits = [_Visit(*row) for row in plan.visits.itertuples(index=False, name=None)]
    found = list(_unknown(plan, visits, stops, teams))
    sound = [visit for visit in visits if visit.team_id in teams and visit.stop_id in stops]
    for team_id, team in teams.items():
        own = sorted((v for v in sound if v.team_id == team_id), key=lambda v: (v.seq, v.start_s))
        found += _team_violations(own, team_id, team, stops, forbidden)
    made = [
        _Visit(None, 0, stop_id, start_s, start_s, end_s, made=True, village=village, villages=villages)
        for stop_id, village, start_s, end_s, villages in problem.done.itertuples(index=False, name=None)
    ]
    by_stop = {
        stop_id: sorted((v for v in [*made, *sound] if v.stop_id == stop_id), key=lambda v: v.start_s)
        for stop_id in stops
    }
    for stop_id, stop in stops.items():
        found += _stop_violations(by_stop[stop_id], stop_id, stop)
    for team_id, stop_id in problem.pinned.itertuples(index=False, name=None):
        if not any(visit.team_id == team_id and not visit.made for visit in by_stop[stop_id]):
            text = Sentence(
                "team %(team)s must visit stop %(stop)s and does not", team=repr(team_id), stop=repr(stop_id)
            )
            found.append(Violation("pinned", team_id, stop_id, None, 0, 1, text))
    return found + list(_claims(problem, plan, by_stop, stops, teams))


def _stops(problem: PatrolProblem) -> dict[Any, _Stop]:
    windows: dict[Any, dict[str, list[tuple[int, int]]]] = {
        stop_id: {"each": [], "first": []} for stop_id in problem.stops["stop_id"]
    }
    for stop_id, start_s, end_s, on_visit in problem.windows.itertuples(index=False, name=None):
        windows[stop_id][on_visit].append((start_s, end_s))
    return {
        stop_id: _Stop(
            node,
            prize,
            service_s,
            required,
            tuple(windows[stop_id]["each"]),
            tuple(windows[stop_id]["first"]),
        )
        for stop_id, node, _, prize, service_s, required in problem.stops.itertuples(index=False, name=None)
    }


def _teams(problem: PatrolProblem) -> dict[Any, _Team]:
    breaks: dict[Any, list[tuple[int, int, int]]] = {team_id: [] for team_id in problem.teams["team_id"]}
    for team_id, earliest_s, latest_s, duration_s in problem.breaks.itertuples(index=False, name=None):
        breaks[team_id].append((earliest_s, latest_s, duration_s))
    return {
        team_id: _Team(
            village, villages, problem.duration_s[mode], start, end, start_s, end_s, tuple(breaks[team_id])
        )
        for team_id, village, mode, start, end, start_s, end_s, villages in problem.teams.itertuples(
            index=False, name=None
        )
    }


def _unknown(
    plan: PatrolPlan, visits: list[_Visit], stops: dict[Any, _Stop], teams: dict[Any, _Team]
) -> Iterator[Violation]:
    for visit in visits:
        if visit.team_id not in teams:
            text = Sentence("the problem has no team %(team)s", team=repr(visit.team_id))
            yield _at("unknown_id", visit, None, None, text)
        if visit.stop_id not in stops:
            text = Sentence("the problem has no stop %(stop)s", stop=repr(visit.stop_id))
            yield _at("unknown_id", visit, None, None, text)
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


def _team_violations(
    own: list[_Visit], team_id: Any, team: _Team, stops: dict[Any, _Stop], forbidden: set[tuple[Any, Any]]
) -> Iterator[Violation]:
    """Everything that concerns one team's visits in their order."""
    before: _Visit | None = None
    here, left_s = team.start_node, team.start_s
    # Stretches in which the team neither travels nor serves.
    idle: list[tuple[int, int]] = []
    timed = True
    for visit in own:
        stop = stops[visit.stop_id]
        yield from _visit_violations(visit, before, stop, (team_id, visit.stop_id) in forbidden)
        wrong = _leg_violation(visit, before, here, left_s, stop, team)
        if wrong is not None:
            yield wrong
        timed = timed and wrong is None and visit.arrive_s <= visit.start_s
        travel_s = int(team.travel_s[here, stop.node])
        if travel_s == 0:
            # Nothing lies between waiting at the place before and waiting here: it is one stretch.
            idle.append((left_s, visit.start_s))
        else:
            idle += [(left_s, visit.arrive_s - travel_s), (visit.arrive_s, visit.start_s)]
        before, here, left_s = visit, stop.node, visit.end_s
    home_s = 0 if not own or team.end_node < 0 else int(team.travel_s[here, team.end_node])
    if own and (home_s < 0 or left_s + home_s > team.end_s):
        timed = False
        yield _return_violation(own[-1], home_s, here, team)
    # Without sound times there is no idle time to speak of, and the cause has been reported.
    if timed and not _breaks_fit(idle, (left_s, team.end_s, home_s), team.breaks):
        text = Sentence(
            "team %(team)s: its breaks %(breaks)s (earliest, latest, duration) "
            "do not fit into the time in which it neither travels nor serves",
            team=repr(team_id),
            breaks=list(team.breaks),
        )
        yield Violation("break", team_id, None, None, None, None, text)


def _at(code: str, visit: _Visit, value: float | None, limit: float | None, what: Sentence) -> Violation:
    """A violation at a visit, its message opening with where it is."""
    text = Sentence(
        "team %(team)s, visit %(seq)s at stop %(stop)s: %(what)s",
        team=repr(visit.team_id),
        seq=visit.seq,
        stop=repr(visit.stop_id),
        what=what,
    )
    return Violation(code, visit.team_id, visit.stop_id, visit.seq, value, limit, text)


def _visit_violations(
    visit: _Visit, before: _Visit | None, stop: _Stop, is_forbidden: bool
) -> Iterator[Violation]:
    """What a visit shows by itself and by its place in the order."""
    if is_forbidden:
        yield _at("forbidden", visit, None, None, Sentence("this team must not visit this stop"))
    if before is not None and visit.seq == before.seq:
        text = Sentence("another visit has number %(seq)s in its order too", seq=visit.seq)
        yield _at("overlap", visit, visit.seq, None, text)
    if visit.start_s < visit.arrive_s:
        text = Sentence(
            "the service starts at %(start)s s, before the arrival at %(arrival)s s",
            start=visit.start_s,
            arrival=visit.arrive_s,
        )
        yield _at("time_travel", visit, visit.start_s, visit.arrive_s, text)
    stays_s = visit.end_s - visit.start_s
    if stays_s < stop.service_s:
        text = Sentence(
            "it stays %(stays)s s of the %(service)s s that the service takes",
            stays=stays_s,
            service=stop.service_s,
        )
        yield _at("time_travel", visit, stays_s, stop.service_s, text)


def _leg_violation(
    visit: _Visit, before: _Visit | None, here: int, left_s: int, stop: _Stop, team: _Team
) -> Violation | None:
    """What is wrong with the way to a visit from node `here`, free from `left_s` on; None when sound."""
    travel_s = int(team.travel_s[here, stop.node])
    if travel_s < 0:
        text = Sentence(
            "its mode has no way from node %(here)s to node %(there)s; send another team",
            here=here,
            there=stop.node,
        )
        return _at("mode", visit, None, None, text)
    leaves_s = visit.arrive_s - travel_s
    if leaves_s >= left_s:
        return None
    if before is None:
        text = Sentence(
            "to arrive at %(arrival)s s it must leave its base at %(leaves)s s, "
            "before its shift starts at %(start)s s",
            arrival=visit.arrive_s,
            leaves=leaves_s,
            start=left_s,
        )
        return _at("shift", visit, leaves_s, left_s, text)
    if visit.arrive_s < left_s:
        text = Sentence(
            "it arrives at %(arrival)s s while the visit before lasts until %(end)s s",
            arrival=visit.arrive_s,
            end=left_s,
        )
        return _at("overlap", visit, visit.arrive_s, left_s, text)
    given_s = visit.arrive_s - left_s
    text = Sentence(
        "the leg from node %(here)s to node %(there)s takes %(travel)s s, the plan gives it %(given)s s",
        here=here,
        there=stop.node,
        travel=travel_s,
        given=given_s,
    )
    return _at("time_travel", visit, given_s, travel_s, text)


def _return_violation(visit: _Visit, home_s: int, here: int, team: _Team) -> Violation:
    """Why a team does not end its shift where and when it must, after its last visit."""
    if home_s < 0:
        text = Sentence(
            "its mode has no way from node %(here)s to its end node %(there)s; send another team",
            here=here,
            there=team.end_node,
        )
        return _at("mode", visit, None, None, text)
    back_s = visit.end_s + home_s
    text = Sentence(
        "afterwards it is at its end node at %(back)s s, its shift ends at %(end)s s",
        back=back_s,
        end=team.end_s,
    )
    return _at("shift", visit, back_s, team.end_s, text)


def _breaks_fit(
    idle: list[tuple[int, int]], tail: tuple[int, int, int], breaks: tuple[tuple[int, int, int], ...]
) -> bool:
    """Whether all breaks find room, none cut in two, in any order.

    `tail` is (end of the last service, end of the shift, way home): breaks may be held before
    that way or after it.
    """
    left_s, end_s, home_s = tail
    stretches = [(a, b) for a, b in idle if b > a] + [(left_s, end_s - home_s), (left_s + home_s, end_s)]
    last = len(stretches) - 1

    def search(number: int, now: int, remaining: tuple[tuple[int, int, int], ...]) -> bool:
        if not remaining:
            return True
        while number <= last:
            for index, (earliest, latest, duration) in enumerate(remaining):
                start = max(now, earliest)
                fits = start <= latest and start + duration <= stretches[number][1]
                others = remaining[:index] + remaining[index + 1 :]
                if fits and search(number, start + duration, others):
                    return True
            number += 1
            if number <= last:
                now = max(stretches[number][0], now + home_s if number == last else now)
        return False

    return search(0, stretches[0][0], breaks)


def _stop_violations(here: list[_Visit], stop_id: Any, stop: _Stop) -> Iterator[Violation]:
    """Windows and the demand of a required stop; `here` are its visits in order of time."""
    if stop.required and not here:
        text = Sentence("stop %(stop)s is required and no team visits it", stop=repr(stop_id))
        yield Violation("required", None, stop_id, None, 0, 1, text)
    for visit in here:
        if visit.made:
            # Made before this plan: nothing of it can be changed.
            continue
        # Of visits that start together one made before comes first, else each of them does.
        is_first = visit.start_s == here[0].start_s and not here[0].made
        for name, windows, applies in (
            (Sentence("a visit"), stop.each, True),
            (Sentence("the first visit"), stop.first, is_first),
        ):
            if applies and windows and not any(a <= visit.start_s <= b for a, b in windows):
                limit = min(
                    (edge for window in windows for edge in window), key=lambda e: abs(e - visit.start_s)
                )
                text = Sentence(
                    "the service starts at %(start)s s, but %(visit)s must start within %(windows)s",
                    start=visit.start_s,
                    visit=name,
                    windows=list(windows),
                )
                yield _at("window", visit, visit.start_s, limit, text)


def _is_crossed(problem: PatrolProblem, here: list[_Visit], teams: dict[Any, _Team]) -> bool:
    """Whether visits in order of time make their stop crossed, by the words of `CrossRule`."""
    rule = problem.rule
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


def _claims(
    problem: PatrolProblem,
    plan: PatrolPlan,
    by_stop: dict[Any, list[_Visit]],
    stops: dict[Any, _Stop],
    teams: dict[Any, _Team],
) -> Iterator[Violation]:
    """What the plan says of itself against what its visits show."""
    really = {stop_id for stop_id, here in by_stop.items() if _is_crossed(problem, here, teams)}
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
