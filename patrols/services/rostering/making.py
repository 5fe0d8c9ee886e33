"""Rosters made, and made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from patrols import repository
from patrols.rosters import document as doc
from patrols.rosters.document import Document
from patrols.rosters.sight import refuse_at_sight
from patrols.rosters.slots import Slot, days_between, times
from patrols.rosters.watching import Watch
from patrols.services.life import leader_named
from patrols.services.rostering.holding import (
    change,
    clock_of_site,
    draft,
    mixed_of_zone,
    seen_draft,
    served_before,
    teams_of_zone,
)
from patrols.tables import StoredRoster

REST_H = 8.0
"""Hours between two turns of one team, where nobody sets others."""
MOST_REST_H = 72.0
MOST_LEADERS = 60


def make(
    session: Session,
    *,
    zone: str,
    first: date,
    last: date,
    slots: Sequence[Slot],
    rest_h: float = REST_H,
    leaders: Sequence[str] = (),
    author: str,
    watch: Watch | None = None,
) -> int:
    """Make a roster of a zone's teams for the days from the first to the last, and store it as a draft.

    Parameters
    ----------
    leaders : sequence of str
        Police leaders, by name or number, who lead in turn.
    watch : callable, optional
        As `patrols.rosters.solve.make_roster`.

    Returns
    -------
    int
        Its id.

    Raises
    ------
    LianfangError
        When the zone is unknown or has no team.
    InputRefused
        For days, slots or hours of rest that cannot be, and when there is no such roster: its problems say
        which day lacks what.
    """
    asked = posed(session, zone=zone, first=first, last=last, slots=slots, rest_h=rest_h, leaders=leaders)
    stored = StoredRoster(
        zone_id=repository.zone_of_code(session, zone),
        days=Range(first, last, bounds="[]"),
        status="draft",
        document=doc.made(asked, clock_of_site(session), watch=watch),
        author=author,
    )
    session.add(stored)
    session.flush()
    return stored.id


def posed(
    session: Session,
    *,
    zone: str,
    first: date,
    last: date,
    slots: Sequence[Slot],
    rest_h: float = REST_H,
    leaders: Sequence[str] = (),
) -> Document:
    """What `make` will be asked, before anybody serves: refused here where that is seen at once.

    Raises
    ------
    LianfangError, InputRefused
        As `make`, but for what only the search finds.
    """
    number, clock = repository.zone_of_code(session, zone), clock_of_site(session)
    if not 0 <= rest_h <= MOST_REST_H:
        raise InputRefused(
            Sentence(
                "a rest of %(rest)s h is out of limits (0 to %(most)s h); correct it",
                rest=f"{rest_h:g}",
                most=f"{MOST_REST_H:g}",
            )
        )
    mixed_of = mixed_of_zone(session, number)
    slots = _with_mixed(slots, mixed_of, zone)
    days = days_between(first, last)
    teams, can = teams_of_zone(session, number, times(days, slots, clock))
    if not teams:
        raise LianfangError(
            Sentence("zone '%(zone)s' has no team; run `lianfang import teams FILE --datum D`", zone=zone)
        )
    named = [leader_named(name) for name in leaders if name.strip()]
    if len(named) > MOST_LEADERS:
        raise InputRefused(
            Sentence("%(n)s police leaders are named; give at most %(most)s", n=len(named), most=MOST_LEADERS)
        )
    asked = doc.asked(
        days,
        slots,
        teams,
        can,
        zone=clock,
        rest_h=rest_h,
        leaders=list(dict.fromkeys(named)),
        mixed_of=mixed_of,
        before=served_before(session, number, first),
    )
    refuse_at_sight(doc.problem_of(asked, clock))
    return asked


def make_again(
    session: Session, number: int, *, now: datetime, author: str, watch: Watch | None = None
) -> None:
    """Make a draft anew with the teams as they are now; what is fixed and forbidden stays where it can.

    The rosters of the zone are not held while it is searched.

    Raises
    ------
    LianfangError, InputRefused
        As `make`; when it is published; and when it was changed in the meantime.
    """
    before = seen_draft(session, number).document
    made = doc.made(posed_again(session, number), clock_of_site(session), watch=watch)
    roster = draft(session, number)
    if roster.document != before:
        raise InputRefused(
            Sentence(
                "roster %(roster)s was changed while it was made again; nothing was stored, make it again",
                roster=number,
            )
        )
    change(session, roster, made, "made", {}, now=now, author=author)


def posed_again(session: Session, number: int) -> Document:
    """What `make_again` will be asked: refused here where that is seen at once.

    Raises
    ------
    LianfangError, InputRefused
        As `make_again`, but for what only the search finds.
    """
    roster = seen_draft(session, number)
    clock = clock_of_site(session)
    before: Document = roster.document
    when = times([date.fromisoformat(day) for day in before["days"]], doc.slots_of(before), clock)
    teams, can = teams_of_zone(session, roster.zone_id, when)
    turns = [
        turn
        | {
            "can": [code for code in teams if can[code][k]],
            "fixed": [code for code in turn["fixed"] if code in teams],
            "forbidden": [code for code in turn["forbidden"] if code in teams],
        }
        for k, turn in enumerate(before["turns"])
    ]
    mixed_of = mixed_of_zone(session, roster.zone_id)
    slots = [one | {"mixed": mixed_need(one.get("mixed"), mixed_of)} for one in before["slots"]]
    past = served_before(session, roster.zone_id, date.fromisoformat(before["days"][0]))
    asked = before | {
        "teams": teams,
        "turns": turns,
        "slots": slots,
        "mixed_of": mixed_of,
        "before": past,
    }
    refuse_at_sight(doc.problem_of(asked, clock))
    return asked


def mixed_need(said: int | None, mixed_of: int | None) -> int | None:
    """How many mixed teams a slot needs: one at least where nothing is crossed without."""
    if mixed_of is None:
        return None
    return 1 if said is None else said


def _with_mixed(slots: Sequence[Slot], mixed_of: int | None, zone: str) -> list[Slot]:
    if mixed_of is None and any(slot.mixed for slot in slots):
        raise InputRefused(
            Sentence(
                "the rule of zone '%(zone)s' is not joint, so mixed teams are like others; leave their "
                "number out",
                zone=zone,
            )
        )
    return [replace(slot, mixed=mixed_need(slot.mixed, mixed_of)) for slot in slots]
