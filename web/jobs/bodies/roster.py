"""Make a roster, or make a draft again: who serves in which slot of a week or month."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words

if TYPE_CHECKING:
    from patrols.rosters.slots import Slot
    from patrols.rosters.watching import Progress

KIND = "roster"
ARGUMENTS = ("zone", "first", "last", "slots", "rest_h", "leaders")
SHARING = {"all": N_("all turns"), "night": N_("nights"), "weekend": N_("weekends")}


def title(zone: Name, first: date, last: date) -> Words:
    """What it is called: the zone's name, and the days."""
    days = {"first": first.isoformat(), "last": last.isoformat()}
    return Words(N_("Roster for %(zone)s, %(first)s to %(last)s"), {"zone": zone, **days})


@dataclass(frozen=True)
class Order:
    """What `patrols.services.rostering.make` takes."""

    zone: str
    first: date
    last: date
    slots: tuple[Slot, ...]
    rest_h: float
    leaders: tuple[str, ...]


@dataclass(frozen=True)
class Again:
    """The draft that is made again."""

    roster: int


def order(arguments: Mapping[str, Any]) -> Order | Again:
    """From zone (code), first and last (ISO dates), slots (as people write them), rest_h and leaders; or
    from again alone, the number of a draft.
    """
    from patrols.rosters.slots import read_slots

    if "again" in arguments:
        read.known(arguments, ("again",), KIND)
        return Again(read.one(arguments, "again", int))
    read.known(arguments, ARGUMENTS, KIND)
    return Order(
        read.one(arguments, "zone", str),
        _day(arguments, "first"),
        _day(arguments, "last"),
        read_slots(read.one(arguments, "slots", str)),
        read.one(arguments, "rest_h", float),
        read.texts(arguments, "leaders"),
    )


def _day(arguments: Mapping[str, Any], name: str) -> date:
    value = read.one(arguments, name, str)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputRefused(
            Sentence("%(option)s '%(value)s' is no date; write it as 2026-11-22", option=name, value=value)
        ) from error


@dataclass
class Watching:
    """Tells how long it has been made, and what the best roster so far comes to; ends it when asked to."""

    tell: Tell
    began: float = field(default_factory=time.monotonic)

    def __call__(self, now: Progress) -> None:
        words, values = self._words(now)
        self.tell.noted(words, **values)
        self.tell.reached(0.95 * now.share)
        self.tell.check()

    def _words(self, now: Progress) -> tuple[str, dict[str, Any]]:
        seconds = round(time.monotonic() - self.began)
        best: dict[str, Any] = {"repeats": now.repeats or 0, "seconds": seconds}
        if now.aim == "needs":
            return N_("Looking for a roster that meets every need (%(seconds)s s)"), {"seconds": seconds}
        if now.aim == "repeats":
            return (
                N_(
                    "The best so far meets every need, with %(repeats)s times twice in a row; looking for "
                    "fewer (%(seconds)s s)"
                ),
                best,
            )
        best["within"] = f"{now.spread.get('all', 0.0):.1f}"
        if now.aim == "leaders":
            return (
                N_(
                    "%(repeats)s times twice in a row, turns shared within %(within)s; villages and police "
                    "leaders take turns (%(seconds)s s)"
                ),
                best,
            )
        return (
            N_(
                "The best so far: %(repeats)s times twice in a row, turns shared within %(within)s; sharing "
                "%(kind)s (%(seconds)s s)"
            ),
            best | {"kind": Words(SHARING[now.aim])},
        )


@job(KIND, read=order)
def run(session: Session, asked: Order | Again, tell: Tell) -> Outcome:
    """Make and store it, all in the session's transaction."""
    from patrols.repository import rosters as store
    from patrols.services import rostering

    watch = Watching(tell)
    if isinstance(asked, Again):
        number = asked.roster
        rostering.make_again(session, number, now=datetime.now(UTC), author=tell.author, watch=watch)
    else:
        number = rostering.make(
            session,
            zone=asked.zone,
            first=asked.first,
            last=asked.last,
            slots=asked.slots,
            rest_h=asked.rest_h,
            leaders=asked.leaders,
            author=tell.author,
            watch=watch,
        )
    tell(0.97, N_("Storing the roster"))
    head = store.head(session, number)
    assert head is not None
    made = head["document"]
    summary = Words(
        N_("%(turns)s turns of %(teams)s teams; %(repeats)s times a team serves twice in a row."),
        {"turns": len(made["turns"]), "teams": len(made["teams"]), "repeats": made["repeats"]},
    )
    return Outcome(f"/rosters/{number}", summary, {"roster": number})
