"""A draft changed by hand: what a change means, worked out without storing, and a new draft of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import site_crs
from patrols import repository
from patrols.by_hand import by_hand, difference, near_places, orders_of, put_in, refuse_unknown
from patrols.check import Violation, violations
from patrols.plan import PatrolPlan
from patrols.problem import MOST_VISITS, PatrolProblem
from patrols.services.figures import plan_file
from patrols.services.kept_plans import gone_teams, held_plan, kept_plan
from patrols.services.measuring import kept_out, out_of_range
from patrols.services.planning import PlanOutcome, store_plan
from patrols.services.preparing import Prepared
from patrols.solve import Budget
from patrols.tables import Plan

GivenOrders = Mapping[str, Sequence[str]]
# Places of a team's order that are tried for a stop that a person gives it without saying when.
MOST_TRIED = 3


@dataclass(frozen=True, eq=False)
class Draft:
    """A stored draft that can be changed by hand.

    Parameters
    ----------
    stored : Plan
    problem : PatrolProblem
    plan : PatrolPlan
    """

    stored: Plan
    problem: PatrolProblem
    plan: PatrolPlan

    @property
    def orders(self) -> dict[str, list[str]]:
        """Every team's stops in order."""
        return orders_of(self.problem, self.plan)


@dataclass(frozen=True, eq=False)
class Tried:
    """What orders that a person gave come to.

    Parameters
    ----------
    problem : PatrolProblem
        As `asked_by_hand` leaves it.
    plan : PatrolPlan
    broken : tuple of Violation
        What the independent checker finds.
    """

    problem: PatrolProblem
    plan: PatrolPlan
    broken: tuple[Violation, ...]


def draft_of(session: Session, plan_id: int) -> Draft:
    """A draft with its problem.

    Raises
    ------
    LianfangError
        When there is none of that number, or it keeps no problem.
    InputRefused
        When it is no draft.
    """
    stored = held_plan(session, plan_id)
    if stored.status != "draft":
        raise InputRefused(
            Sentence(
                "plan %(plan)s is not a draft any more; withdraw it before it is changed by hand",
                plan=plan_id,
            )
        )
    file = plan_file(stored)
    if file is None or file.problem is None:
        raise LianfangError(
            Sentence("plan %(plan)s does not say what it was made from; plan the shift anew", plan=plan_id)
        )
    return Draft(stored, file.problem, file.plan)


def try_by_hand(session: Session, draft: Draft, orders: GivenOrders) -> Tried:
    """What orders mean for a draft: exact times, and what they break. Nothing is stored.

    Raises
    ------
    InputRefused
        For orders with a team or stop that the plan does not have, or with too many visits to one stop.
    LianfangError
        When a team has no way to a stop.
    """
    refuse_unknown(
        orders, set(draft.problem.teams["team_id"]), set(draft.problem.stops["stop_id"]), MOST_VISITS
    )
    problem = asked_by_hand(session, draft, orders)
    same = same_orders(orders, draft.orders)
    plan = draft.plan if same else by_hand(problem, orders, draft.plan)
    return Tried(problem, plan, tuple(violations(problem, plan)))


def with_stop(
    session: Session, draft: Draft, orders: GivenOrders, stop: str, to: str
) -> dict[str, list[str]]:
    """Orders in which a team comes to one more stop, where that is best.

    Of the places with the least detours the one that breaks the fewest rules, is worth most and is soonest.

    Raises
    ------
    InputRefused, LianfangError
        As `try_by_hand`.
    """
    tried = []
    whole = put_in(orders, stop, to, 0)
    refuse_unknown(
        whole, set(draft.problem.teams["team_id"]), set(draft.problem.stops["stop_id"]), MOST_VISITS
    )
    for place in near_places(draft.problem, orders[to], to, stop, MOST_TRIED):
        made = put_in(orders, stop, to, place)
        found = try_by_hand(session, draft, made)
        cost = (len(found.broken), -found.plan.value, int(found.plan.visits["start_s"].sum()), place)
        tried.append((cost, made))
    return min(tried, key=lambda one: one[0])[1]


def asked_by_hand(session: Session, draft: Draft, orders: GivenOrders) -> PatrolProblem:
    """A draft's problem without the wishes of before that somebody's hand overrules.

    What a duty asks for, and where a team must not go at all, stays.
    """
    wishes = draft.stored.parameters.get("wishes") or {}
    meets = {(team, stop) for team, own in orders.items() for stop in own}
    lifted = {tuple(pair) for pair in wishes.get("pinned", ())} - meets
    allowed = {tuple(pair) for pair in wishes.get("forbidden", ())} & meets
    if allowed:
        crs = site_crs(session)
        teams = to_metric(repository.teams(session, draft.stored.zone_id), crs)
        stops = to_metric(repository.plan_stops(session, draft.stored.id), crs)
        allowed -= {*out_of_range(teams, stops), *kept_out(teams, stops)}
    return replace(
        draft.problem,
        pinned=_without(draft.problem.pinned, lifted),
        forbidden=_without(draft.problem.forbidden, allowed),
    )


def same_orders(one: GivenOrders, other: GivenOrders) -> bool:
    """Whether two orders have the same visits; a team that is left out has none."""
    return all(list(one.get(team, ())) == list(other.get(team, ())) for team in {*one, *other})


def wishes_by_hand(draft: Draft, orders: GivenOrders) -> tuple[list[list[str]], list[list[str]]]:
    """Pairs (team, stop) to be kept and forbidden, so that a search leaves alone what a person changed.

    With what was wished or changed by hand before, as far as it does not speak against it.
    """
    new, gone = difference(draft.orders, orders)
    kept, barred = new, gone - new
    for before in (draft.stored.parameters.get(name) or {} for name in ("by_hand", "wishes")):
        kept = kept | ({(team, stop) for team, stop in before.get("pinned", ())} - barred)
        barred = barred | ({(team, stop) for team, stop in before.get("forbidden", ())} - kept)
    return [*map(list, sorted(kept))], [*map(list, sorted(barred))]


def keep_by_hand(session: Session, plan_id: int, orders: GivenOrders, *, author: str) -> PlanOutcome:
    """Store a draft changed by hand as a new draft, exactly as it was ordered, with times worked out anew.

    Rules that it breaks are stored with it: whoever approves it answers for them.

    Raises
    ------
    InputRefused
        As `draft_of` and `try_by_hand`, and when nothing was changed.
    LianfangError
        As `kept_plan`, and when a team is not in the zone any more.
    """
    draft = draft_of(session, plan_id)
    if same_orders(orders, draft.orders):
        raise InputRefused(Sentence("nothing was changed; move, swap or take out a visit first"))
    tried = try_by_hand(session, draft, orders)
    kept = kept_plan(session, plan_id)
    gone = gone_teams(tried.problem, kept.teams)
    if gone:
        raise LianfangError(
            Sentence("team '%(team)s' is not in the zone any more; plan the shift anew", team=gone[0])
        )
    stored = draft.stored
    pinned, forbidden = wishes_by_hand(draft, orders)
    assert stored.shift.lower is not None and stored.shift.upper is not None
    ready = Prepared(
        zone=kept.head["zone_code"],
        zone_id=stored.zone_id,
        start=stored.shift.lower,
        end=stored.shift.upper,
        problem=tried.problem,
        network=kept.network,
        revision=kept.revision,
        places=kept.places,
        teams=kept.teams,
        stops=kept.stops,
        analysis=stored.analysis_id,
        parameters=_parameters(stored, orders)
        | {"by_hand": {"plan": plan_id, "pinned": pinned, "forbidden": forbidden}},
        remarks=(),
    )
    nothing = Budget(iterations=(0, 0))
    return store_plan(session, ready, tried.plan, budget=nothing, seed=tried.plan.seed, author=author)


def _parameters(stored: Plan, orders: GivenOrders) -> dict[str, Any]:
    """What the plan keeps of how it was made, its wishes without those that were overruled."""
    wishes = stored.parameters.get("wishes")
    if not wishes:
        return dict(stored.parameters)
    meets = {(team, stop) for team, own in orders.items() for stop in own}
    return stored.parameters | {
        "wishes": wishes
        | {
            "pinned": [pair for pair in wishes["pinned"] if tuple(pair) in meets],
            "forbidden": [pair for pair in wishes["forbidden"] if tuple(pair) not in meets],
        }
    }


def _without(pairs: pd.DataFrame, left_out: set[Any]) -> pd.DataFrame:
    """Rows (team_id, stop_id) but some."""
    rows = zip(pairs["team_id"], pairs["stop_id"], strict=True)
    return pairs[[pair not in left_out for pair in rows]]
