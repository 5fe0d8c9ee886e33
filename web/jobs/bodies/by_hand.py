"""Store a draft that a person changed by hand as a new draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words, as_stored

KIND = "by-hand"
ARGUMENTS = ("plan", "orders")


def title(zone: Name, shift: str) -> Words:
    """What it is called: the zone's name, and the shift."""
    return Words(N_("A plan changed by hand: %(zone)s, %(shift)s"), {"zone": zone, "shift": shift})


@dataclass(frozen=True)
class Order:
    """What `keep_by_hand` takes."""

    plan: int
    orders: Mapping[str, list[str]]


def order(arguments: Mapping[str, Any]) -> Order:
    """From plan (its number) and orders (code of a team to the ids of its stops, in order)."""
    read.known(arguments, ARGUMENTS, KIND)
    return Order(read.one(arguments, "plan", int), orders_of(read.one(arguments, "orders", dict)))


def orders_of(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Orders as JSON has them.

    Raises
    ------
    InputRefused
        For what is no list of texts.
    """
    for team, own in given.items():
        if not isinstance(own, list) or not all(isinstance(stop, str) for stop in own):
            raise InputRefused(f"orders: what team {team!r} does is not a list of stops")
    return {team: list(own) for team, own in given.items()}


@job(KIND, read=order)
def run(session: Session, asked: Order, tell: Tell) -> Outcome:
    """Work the times out, check and store, all in the session's transaction."""
    from patrols.services.by_hand import keep_by_hand

    tell(0.2, N_("Checking and storing the plan"))
    made = keep_by_hand(session, asked.plan, asked.orders, author=tell.author)
    summary = Words(
        N_("Changed by hand: %(crossed)s stops are crossed; violations: %(violations)s."),
        {"crossed": len(made.plan.crossed), "violations": len(made.violations)},
    )
    details = {"plan": made.plan_id, "violations": [as_stored(one) for one in made.violations]}
    return Outcome(f"/plans/{made.plan_id}", summary, details)
