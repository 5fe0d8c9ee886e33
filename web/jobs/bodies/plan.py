"""Plan a shift: which team goes where, and when."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence, message_of
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words, as_stored
from web.settings import current, plan_settings

if TYPE_CHECKING:
    from patrols.services import Wishes
    from patrols.solve import Budget

KIND = "plan"
ARGUMENTS = (
    "zone",
    "start",
    "end",
    "seed",
    "seconds",
    "iterations",
    "again",
    "pinned",
    "forbidden",
    "leads",
    "nights",
)
# Where `patrols.services.plan_shift` stands when its search begins and ends.
SEARCH = (0.4, 0.85)


def title(zone: Name, shift: str) -> Words:
    """What a plan is called: the zone's name, and the shift as `Translator.span` writes it."""
    return Words(N_("Patrol plan for %(zone)s, %(shift)s"), {"zone": zone, "shift": shift})


@dataclass(frozen=True)
class PlanOrder:
    """What `plan_shift` takes; without a budget the site's setting holds, without wishes stops are chosen."""

    zone: str
    start: datetime
    end: datetime
    seed: int
    budget: Budget | None
    wishes: Wishes | None = None
    leads: str | None = None
    nights: int = 1


def order(arguments: Mapping[str, Any]) -> PlanOrder:
    """From zone (code), start and end (ISO 8601 with a zone), seed, and seconds or iterations.

    nights asks for the same hours of so many days running. Of a rota also leads, the path of the duty
    village, where it is not the one whose turn it is.

    To plan again: again (number of a plan), pinned and forbidden (pairs of a team's code and a stop's).
    """
    # The solver takes seconds to load: only whoever asks for a plan waits for it.
    from patrols.services import Wishes
    from patrols.services.nights import MOST_NIGHTS
    from patrols.shifts import refuse_shift
    from patrols.solve import Budget

    read.known(arguments, ARGUMENTS, KIND)
    zone = read.one(arguments, "zone", str)
    start, end = read.moment(arguments, "start"), read.moment(arguments, "end")
    seed = read.one(arguments, "seed", int, 1)
    if not 0 <= seed < 2**32:
        raise InputRefused(Sentence("seed %(seed)s; give 0 to %(most)s", seed=seed, most=2**32 - 1))
    try:
        budget = None
        if "iterations" in arguments:
            budget = Budget(iterations=(read.one(arguments, "iterations", int),))
        elif "seconds" in arguments:
            budget = Budget(seconds=read.one(arguments, "seconds", float))
    except ValueError as error:
        raise InputRefused(message_of(error)) from error
    wishes = None
    pinned, forbidden = read.pairs(arguments, "pinned"), read.pairs(arguments, "forbidden")
    if "again" in arguments:
        wishes = Wishes(read.one(arguments, "again", int), pinned, forbidden)
    elif pinned or forbidden:
        raise InputRefused("pinned and forbidden need again, the number of the plan they are about")
    leads = read.one(arguments, "leads", str) if "leads" in arguments else None
    nights = read.one(arguments, "nights", int, 1)
    if not 1 <= nights <= MOST_NIGHTS:
        raise InputRefused(Sentence("%(nights)s nights; give 1 to %(most)s", nights=nights, most=MOST_NIGHTS))
    refuse_shift(start, end, nights=nights)
    if nights > 1 and wishes is not None:
        raise InputRefused(Sentence("a plan is made again for its own shift, not for several nights"))
    return PlanOrder(zone, start, end, seed, budget, wishes, leads, nights)


def words_at(share: float) -> str:
    """What `plan_shift` does when it has done this share."""
    if share < 0.2:
        return N_("Choosing stops from the gaps")
    if share < SEARCH[0]:
        return N_("Measuring ways on the streets")
    if share < SEARCH[1]:
        return N_("Searching for the best routes")
    return N_("Checking and storing the plan")


@dataclass
class _Search:
    """Progress through a search that asks whether to stop, and tells what its best plan is worth so far."""

    tell: Tell
    seconds: float | None
    began: float | None = field(default=None)

    def progress(self, share: float) -> None:
        if share >= SEARCH[0] and self.began is None:
            self.began = time.monotonic()
        self.tell(share, words_at(share))

    def best(self, value: float) -> None:
        self.tell.noted(
            N_("Searching for the best routes; the best so far is worth %(value)s"), value=round(value)
        )

    def should_abort(self) -> bool:
        if self.seconds and self.began is not None:
            done = min(1.0, (time.monotonic() - self.began) / self.seconds)
            self.tell.reached(SEARCH[0] + (SEARCH[1] - SEARCH[0]) * done)
        return self.tell.should_stop()


@job(KIND, read=order)
def run(session: Session, asked: PlanOrder, tell: Tell) -> Outcome:
    """Plan, check and store, all in the session's transaction."""
    from patrols.services import plan_shift
    from patrols.solve import Budget

    tell(0.0, words_at(0.0))
    values = current(session)
    budget = asked.budget or Budget(float(values["planning.search_s"]))
    if asked.nights > 1:
        return _several(session, asked, budget, tell)
    search = _Search(tell, budget.seconds)
    made = plan_shift(
        session,
        zone=asked.zone,
        start=asked.start,
        end=asked.end,
        budget=budget,
        seed=asked.seed,
        settings=plan_settings(values),
        author=tell.author,
        wishes=asked.wishes,
        leads=asked.leads,
        should_abort=search.should_abort,
        progress=search.progress,
        best=search.best,
    )
    summary = Words(
        N_("%(crossed)s of %(reachable)s reachable stops are crossed; violations: %(violations)s."),
        {
            "crossed": len(made.plan.crossed),
            "reachable": made.reachable,
            "violations": len(made.violations),
        },
    )
    details = {
        "plan": made.plan_id,
        "remarks": [as_stored(one) for one in made.remarks],
        "violations": [as_stored(one) for one in made.violations],
    }
    return Outcome(f"/plans/{made.plan_id}", summary, details)


def _several(session: Session, asked: PlanOrder, budget: Budget, tell: Tell) -> Outcome:
    """The same hours of several days."""
    from patrols.services import plan_nights

    def progress(share: float) -> None:
        night = min(int(share * asked.nights) + 1, asked.nights)
        tell.noted(N_("Planning night %(night)s of %(nights)s"), night=night, nights=asked.nights)
        tell.reached(share)

    made = plan_nights(
        session,
        zone=asked.zone,
        start=asked.start,
        end=asked.end,
        nights=asked.nights,
        budget=budget,
        seed=asked.seed,
        settings=plan_settings(current(session)),
        author=tell.author,
        leads=asked.leads,
        should_abort=tell.should_stop,
        progress=progress,
    )
    summary = Words(
        N_("%(nights)s plans; together they cross %(crossed)s stops; violations: %(violations)s."),
        {
            "nights": len(made),
            "crossed": sum(len(one.plan.crossed) for one in made),
            "violations": sum(len(one.violations) for one in made),
        },
    )
    details = {
        "plans": [one.plan_id for one in made],
        "remarks": [as_stored(remark) for one in made for remark in one.remarks],
        "violations": [as_stored(broken) for one in made for broken in one.violations],
    }
    return Outcome("/plans", summary, details)
