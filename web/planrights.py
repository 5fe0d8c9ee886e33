"""What of a plan somebody may know, asked of this plan: a right held in another town does not count here."""

from __future__ import annotations

from typing import Any

from flask import abort

from patrols.repository import of_plan
from web.access import Action
from web.requests import access, db


def may_of_plan(action: Action, number: int) -> bool:
    """Whether whoever asks may do `action` where this plan's zone has a member."""
    return access().may(action) and of_plan.plan(db(action), number) is not None


def sees_reasons(number: int) -> bool:
    """Whether they may know why a stop is one and what it is worth, which tells where nobody looks."""
    return may_of_plan(Action.GAPS_VIEW, number)


def seen_plan(number: int) -> dict[str, Any]:
    """A plan that whoever asks may see, as `of_plan.plan`; 404 otherwise."""
    plan = of_plan.plan(db(), number)
    if plan is None or (plan["status"] != "published" and not may_of_plan(Action.PLANS_VIEW_DRAFTS, number)):
        abort(404)
    return plan
