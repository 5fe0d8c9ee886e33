"""Change a draft by hand: move, swap and take out visits, see at once what that means, keep it."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused, LianfangError
from patrols.by_hand import moved, put_in, swapped, taken_out
from patrols.repository import of_plan
from patrols.services.by_hand import Draft, draft_of, try_by_hand, wishes_by_hand, with_stop
from web.access import Action, needs
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import by_hand as body
from web.jobs.words import Name
from web.pages.plans.blueprint import bp
from web.pages.plans.board import board, goes_on
from web.pages.plans.ordering import ordered
from web.planrights import seen_plan, sees_reasons
from web.refusals import Refused, said
from web.requests import access, audit, db, render, translator
from web.settings import current
from web.tables import Account

# Orders of a large zone take some tens of thousands.
LONGEST = 400_000


@bp.get("/<int:number>/by-hand")
@needs(Action.PLANS_MAKE)
def by_hand(number: int) -> Response:
    """The plan as it is, ready to be changed."""
    plan = seen_plan(number)
    draft = draft_of(db(), number)
    return _page("plans/by_hand.html", plan, draft, draft.orders)


@bp.post("/<int:number>/by-hand/try")
@needs(Action.PLANS_MAKE)
def try_change(number: int) -> Response:
    """What a change means; nothing is stored. What cannot be is said above the plan as it was before."""
    plan = seen_plan(number)
    draft = draft_of(db(), number)
    orders = _orders(draft, request.form)
    try:
        changed = _changed(draft, orders, request.form)
        return _page("plans/by_hand_board.html", plan, draft, changed)
    except LianfangError as refused:
        return _page("plans/by_hand_board.html", plan, draft, orders, refused=refused, status=422)


@bp.post("/<int:number>/by-hand")
@needs(Action.PLANS_MAKE)
def keep(number: int) -> Response:
    """Store it as a new draft, exactly as it was ordered."""
    plan = seen_plan(number)
    draft = draft_of(db(), number)
    orders = _orders(draft, request.form)
    asked = {"plan": number, "orders": {team: own for team, own in orders.items() if own}}
    # What can be said now need not be said by the job.
    try_by_hand(db(), draft, orders)
    own = of_plan.members(db(), plan["zone_id"]).query("seen")["path"]
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(plan["zone"], plan["zone_en"]), translator().span(plan["start"], plan["end"])),
        jurisdiction_path=str(own.iloc[0]) if len(own) else None,
    )
    audit("run", f"plan for zone {plan['zone_code']}", job=job, plan=number, by_hand=True)
    return redirect(f"/jobs/{job}")


@bp.post("/<int:number>/by-hand/around")
@needs(Action.PLANS_MAKE)
def around(number: int) -> Response:
    """Let the planner put the rest around what was changed."""
    plan = seen_plan(number)
    draft = draft_of(db(), number)
    orders = _orders(draft, request.form)
    pinned, forbidden = wishes_by_hand(draft, orders)
    try:
        if goes_on(draft):
            raise Refused(
                N_(
                    "This plan goes on from the middle of its shift; keep it by hand, or go on again with a "
                    "change."
                )
            )
        if not pinned and not forbidden:
            raise Refused(N_("Nothing goes to another team; plan the shift again, or move a visit first."))
        asked: dict[str, Any] = {
            "start": plan["start"].isoformat(),
            "end": plan["end"].isoformat(),
            "seed": 1,
            "seconds": float(current(db())["planning.search_s"]),
            "zone": plan["zone_code"],
            "again": number,
            "pinned": pinned,
            "forbidden": forbidden,
        }
        if plan["leads"]:
            asked["leads"] = plan["leads"]
        return ordered(plan["zone_code"], asked)
    except InputRefused as refused:
        db().rollback()
        return _page("plans/by_hand.html", plan, draft, orders, refused=refused, status=422)


def _orders(draft: Draft, given: MultiDict[str, str]) -> dict[str, list[str]]:
    """The orders that a form carries, every team of the plan with its own.

    Raises
    ------
    InputRefused
        For what are none.
    """
    written = given.get("orders", "")
    if len(written) > LONGEST:
        raise InputRefused(gettext("The orders are too long; load the page again."))
    try:
        found = json.loads(written)
        if not isinstance(found, dict):
            raise ValueError(written)
    except (ValueError, RecursionError) as error:
        raise InputRefused(gettext("The orders cannot be read; load the page again.")) from error
    return {team: [] for team in draft.orders} | body.orders_of(found)


def _changed(draft: Draft, orders: dict[str, list[str]], given: MultiDict[str, str]) -> dict[str, list[str]]:
    """The orders after one more step; as they are for none."""
    step, team, to = (given.get(name, "") for name in ("step", "team", "to"))
    if step == "":
        return orders
    if step == "out":
        return taken_out(orders, team, _number(given, "place"))
    if step == "swap":
        return swapped(orders, team, _number(given, "place"), to, _number(given, "at"))
    if step == "move" and given.get("at"):
        return moved(orders, team, _number(given, "place"), to, _number(given, "at"))
    if step == "move":
        place = _number(given, "place")
        without = taken_out(orders, team, place)
        return with_stop(db(), draft, without, orders[team][place], to)
    if step == "come" and given.get("at"):
        return put_in(orders, given.get("stop", ""), to, _number(given, "at"))
    if step == "come":
        return with_stop(db(), draft, orders, given.get("stop", ""), to)
    raise InputRefused(gettext("“%(step)s” is no change of a plan.", step=step[:40]))


def _number(given: MultiDict[str, str], name: str) -> int:
    try:
        return int(given.get(name, ""))
    except ValueError as error:
        raise InputRefused(gettext("A place is missing; load the page again.")) from error


def _page(
    template: str,
    plan: dict[str, Any],
    draft: Draft,
    orders: dict[str, list[str]],
    *,
    refused: LianfangError | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    tried = try_by_hand(db(), draft, orders)
    return render(
        template,
        status=status,
        plan=plan,
        zone_name=plan["zone"] if t.lang == "zh" else plan["zone_en"] or plan["zone"],
        shift=t.span(plan["start"], plan["end"]),
        orders=json.dumps(orders, ensure_ascii=False, separators=(",", ":")),
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if isinstance(refused, InputRefused) else [],
        **board(plan, draft, tried, sees_reasons(plan["id"]), t),
    )
