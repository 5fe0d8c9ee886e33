"""The independent checker: whether a plan keeps every rule of its problem, and is worth what it claims.

It shares no code with the solver: it imports the problem and the plan and derives everything from
them again, one visit after the other, slowly and plainly.
"""

from __future__ import annotations

from geo.errors import Sentence
from patrols.check.claims import claims, unknown
from patrols.check.parts import CODES, Violation, Visit, stops_of, teams_of
from patrols.check.stops import stop_violations
from patrols.check.teams import team_violations
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem

__all__ = ["CODES", "Violation", "violations"]


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
    stops, teams = stops_of(problem), teams_of(problem)
    forbidden = set(zip(problem.forbidden["team_id"], problem.forbidden["stop_id"], strict=True))
    visits = [Visit(*row) for row in plan.visits.itertuples(index=False, name=None)]
    found = list(unknown(plan, visits, stops, teams))
    sound = [visit for visit in visits if visit.team_id in teams and visit.stop_id in stops]
    for team_id, team in teams.items():
        own = sorted((v for v in sound if v.team_id == team_id), key=lambda v: (v.seq, v.start_s))
        found += team_violations(own, team_id, team, stops, forbidden)
    made = [
        Visit(None, 0, stop_id, start_s, start_s, end_s, made=True, village=village, villages=villages)
        for stop_id, village, start_s, end_s, villages in problem.done.itertuples(index=False, name=None)
    ]
    by_stop = {
        stop_id: sorted((v for v in [*made, *sound] if v.stop_id == stop_id), key=lambda v: v.start_s)
        for stop_id in stops
    }
    for stop_id, stop in stops.items():
        found += stop_violations(by_stop[stop_id], stop_id, stop)
    for team_id, stop_id in problem.pinned.itertuples(index=False, name=None):
        if not any(visit.team_id == team_id and not visit.made for visit in by_stop[stop_id]):
            text = Sentence(
                "team %(team)s must visit stop %(stop)s and does not", team=repr(team_id), stop=repr(stop_id)
            )
            found.append(Violation("pinned", team_id, stop_id, None, 0, 1, text))
    return found + list(claims(problem, plan, by_stop, stops, teams))
