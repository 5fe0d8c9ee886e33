"""Plan the rest of a shift that has begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence, message_of
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words, as_stored

if TYPE_CHECKING:
    from patrols.services import Change
    from patrols.solve import Budget

KIND = "go-on"
ARGUMENTS = (
    "plan",
    "now",
    "out",
    "bound_until",
    "new_stops",
    "dropped",
    "not_made",
    "camera",
    "why",
    "seed",
    "seconds",
)
LONGEST_WHY = 300


def title(zone: Name, at: str) -> Words:
    """What it is called: the zone's name, and the moment from which the plan goes on."""
    return Words(N_("The shift goes on: %(zone)s, from %(when)s"), {"zone": zone, "when": at})


@dataclass(frozen=True)
class Order:
    """What `go_on` takes; without a budget its own holds."""

    plan: int
    change: Change
    seed: int
    budget: Budget | None


def order(arguments: Mapping[str, Any]) -> Order:
    """From plan (its number) and now (ISO 8601 with a zone); all else may be left out.

    out, dropped (lists of codes and stop ids), bound_until (code to ISO 8601), not_made (pairs of a team's
    code and a stop's), new_stops (objects: lon, lat, prize, required, service_s), camera, why, seed, seconds.
    """
    # The solver takes seconds to load: only whoever asks for a plan waits for it.
    from patrols.services import Change
    from patrols.solve import Budget

    read.known(arguments, ARGUMENTS, KIND)
    why = read.one(arguments, "why", str, "")
    if len(why) > LONGEST_WHY:
        raise InputRefused(
            Sentence("the reason has %(n)s characters; give at most %(most)s", n=len(why), most=LONGEST_WHY)
        )
    bound = read.one(arguments, "bound_until", dict, {})
    try:
        budget = Budget(seconds=read.one(arguments, "seconds", float)) if "seconds" in arguments else None
    except ValueError as error:
        raise InputRefused(message_of(error)) from error
    return Order(
        read.one(arguments, "plan", int),
        Change(
            now=read.moment(arguments, "now"),
            out=read.texts(arguments, "out"),
            bound_until={code: read.moment(bound, code) for code in bound},
            new_stops=tuple(_new_stop(one) for one in read.objects(arguments, "new_stops")),
            dropped=read.texts(arguments, "dropped"),
            not_made=read.pairs(arguments, "not_made"),
            camera=read.one(arguments, "camera", str, ""),
            why=why,
        ),
        read.one(arguments, "seed", int, 1),
        budget,
    )


def _new_stop(given: Mapping[str, Any]) -> Any:
    from patrols.services import NewStop

    read.known(given, ("lon", "lat", "prize", "required", "service_s"), "new_stops")
    return NewStop(
        read.one(given, "lon", float),
        read.one(given, "lat", float),
        read.one(given, "prize", int, 0),
        read.one(given, "required", bool, False),
        read.one(given, "service_s", int) if "service_s" in given else None,
    )


@job(KIND, read=order)
def run(session: Session, asked: Order, tell: Tell) -> Outcome:
    """Plan the rest, check and store it, all in the session's transaction."""
    from patrols.services import go_on
    from web.lostground import ground_lost

    lost = None
    if asked.change.camera:
        tell(0.0, N_("Looking for what the camera alone saw"))
        lost = ground_lost(session, asked.change.camera)
    tell(0.2, N_("Searching for the best routes"))

    def best(value: float) -> None:
        tell.noted(
            N_("Searching for the best routes; the best so far is worth %(value)s"), value=round(value)
        )

    made = go_on(
        session,
        asked.plan,
        asked.change,
        lost=lost,
        budget=asked.budget,
        seed=asked.seed,
        author=tell.author,
        should_abort=tell.should_stop,
        best=best,
    )
    tell(0.95, N_("Checking and storing the plan"))
    summary = Words(
        N_("The shift goes on: %(crossed)s stops are crossed by its end; violations: %(violations)s."),
        {"crossed": len(made.plan.crossed), "violations": len(made.violations)},
    )
    details = {"plan": made.plan_id, "violations": [as_stored(one) for one in made.violations]}
    return Outcome(f"/plans/{made.plan_id}#changes", summary, details)
