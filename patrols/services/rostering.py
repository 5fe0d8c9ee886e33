"""Rosters: made, changed by people, published, and what they say of a shift that is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site
from patrols import repository
from patrols.problem import CrossRule
from patrols.repository import of_plan
from patrols.repository import rosters as store
from patrols.rosters import document as doc
from patrols.rosters.changing import marked, swapped
from patrols.rosters.document import Document
from patrols.rosters.sight import refuse_at_sight
from patrols.rosters.slots import Slot, days_between, times
from patrols.rosters.watching import Watch
from patrols.services.duty import calendar_days, on_duty_here, serves_whole
from patrols.services.life import leader_named
from patrols.tables import StoredRoster, Zone

REST_H = 8.0
"""Hours between two turns of one team, where nobody sets others."""
MOST_REST_H = 72.0


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
        document=doc.made(asked, _clock(session), watch=watch),
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
    number, clock = repository.zone_of_code(session, zone), _clock(session)
    if not 0 <= rest_h <= MOST_REST_H:
        raise InputRefused(
            Sentence(
                "a rest of %(rest)s h is out of limits (0 to %(most)s h); correct it",
                rest=f"{rest_h:g}",
                most=f"{MOST_REST_H:g}",
            )
        )
    mixed_of = _mixed_of(session, number)
    slots = _with_mixed(slots, mixed_of, zone)
    days = days_between(first, last)
    teams, can = _teams(session, number, times(days, slots, clock))
    if not teams:
        raise LianfangError(
            Sentence("zone '%(zone)s' has no team; run `lianfang import teams FILE --datum D`", zone=zone)
        )
    named = [leader_named(name) for name in leaders if name.strip()]
    asked = doc.asked(
        days,
        slots,
        teams,
        can,
        zone=clock,
        rest_h=rest_h,
        leaders=list(dict.fromkeys(named)),
        mixed_of=mixed_of,
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
    before = _seen_draft(session, number).document
    made = doc.made(posed_again(session, number), _clock(session), watch=watch)
    roster = _draft(session, number)
    if roster.document != before:
        raise InputRefused(
            Sentence(
                "roster %(roster)s was changed while it was made again; nothing was stored, make it again",
                roster=number,
            )
        )
    _change(session, roster, made, "made", {}, now=now, author=author)


def posed_again(session: Session, number: int) -> Document:
    """What `make_again` will be asked: refused here where that is seen at once.

    Raises
    ------
    LianfangError, InputRefused
        As `make_again`, but for what only the search finds.
    """
    roster = _seen_draft(session, number)
    clock = _clock(session)
    before: Document = roster.document
    when = times([date.fromisoformat(day) for day in before["days"]], doc.slots_of(before), clock)
    teams, can = _teams(session, roster.zone_id, when)
    turns = [
        turn
        | {
            "can": [code for code in teams if can[code][k]],
            "fixed": [code for code in turn["fixed"] if code in teams],
            "forbidden": [code for code in turn["forbidden"] if code in teams],
        }
        for k, turn in enumerate(before["turns"])
    ]
    mixed_of = _mixed_of(session, roster.zone_id)
    slots = [one | {"mixed": _mixed_need(one.get("mixed"), mixed_of)} for one in before["slots"]]
    asked = before | {"teams": teams, "turns": turns, "slots": slots, "mixed_of": mixed_of}
    refuse_at_sight(doc.problem_of(asked, clock))
    return asked


def swap(
    session: Session, number: int, one: tuple[int, str], other: tuple[int, str], *, now: datetime, author: str
) -> None:
    """Exchange two entries of a roster, a draft's or a published one's.

    Raises
    ------
    InputRefused
        As `patrols.rosters.changing.swapped`.
    """
    roster = _held(session, number)
    made = swapped(roster.document, _clock(session), one, other)
    detail = {
        "one": [doc.turn_name(roster.document, one[0]), one[1]],
        "other": [doc.turn_name(roster.document, other[0]), other[1]],
    }
    _change(session, roster, made, "swapped", detail, now=now, author=author)


def mark(
    session: Session, number: int, turn: int, team: str, state: str, *, now: datetime, author: str
) -> None:
    """Fix a team in a turn of a draft, forbid it there, or leave it open.

    Raises
    ------
    InputRefused
        For an unknown turn, team or state.
    """
    roster = _draft(session, number)
    made = marked(roster.document, turn, team, state)
    detail = {"turn": doc.turn_name(roster.document, turn), "team": team, "state": state}
    _change(session, roster, made, "marked", detail, now=now, author=author)


def name_leader(session: Session, number: int, turn: int, leader: str, *, now: datetime, author: str) -> None:
    """Say who leads a turn for the police; "" for nobody yet.

    Raises
    ------
    InputRefused
        For an unknown turn, or a name that is none.
    """
    roster = _held(session, number)
    named = leader_named(leader)
    if not 0 <= turn < len(roster.document["turns"]):
        raise InputRefused(Sentence("the roster has no such turn"))
    turns = [one | {"leader": named} if k == turn else one for k, one in enumerate(roster.document["turns"])]
    detail = {"turn": doc.turn_name(roster.document, turn), "leader": named}
    _change(session, roster, roster.document | {"turns": turns}, "led", detail, now=now, author=author)


def undo(session: Session, number: int) -> None:
    """Take the newest change of a roster back.

    Raises
    ------
    InputRefused
        When there is none.
    """
    roster = _held(session, number)
    step = store.last_step(session, number)
    if step is None:
        raise InputRefused(Sentence("nothing was changed in this roster; there is nothing to undo"))
    if roster.published_at is not None and step.at <= roster.published_at:
        raise InputRefused(
            Sentence(
                "nothing was changed in roster %(roster)s since it was published; withdraw it to undo what "
                "was before",
                roster=number,
            )
        )
    roster.document = step.before
    session.delete(step)
    session.flush()


def publish(session: Session, number: int, *, now: datetime, author: str) -> None:
    """Publish a draft: from then on shifts of its turns are planned with its teams alone.

    Raises
    ------
    InputRefused
        When it is published already, another one of its zone is for one of its days, or it is stale.
    """
    roster = _draft(session, number)
    other = store.published_beside(session, number)
    if other is not None:
        raise InputRefused(
            Sentence(
                "roster %(other)s is published for days of this one; withdraw it first, so that the teams "
                "know which one counts",
                other=other,
            )
        )
    reasons = stale(session, number)
    if reasons:
        raise InputRefused(
            Sentence("the roster is out of date; make it again before it is published"), reasons
        )
    roster.status, roster.published_at, roster.published_by = "published", now, author
    session.flush()


def withdraw(session: Session, number: int) -> None:
    """Make a published roster a draft again.

    Raises
    ------
    InputRefused
        When it is a draft.
    """
    roster = _held(session, number)
    if roster.status != "published":
        raise InputRefused(
            Sentence("roster %(roster)s is a draft; there is nothing to withdraw", roster=number)
        )
    roster.status, roster.published_at, roster.published_by = "draft", None, None
    session.flush()


def remove(session: Session, number: int) -> None:
    """Remove a draft.

    Raises
    ------
    InputRefused
        When it is published.
    """
    _draft(session, number)
    store.remove(session, number)


def stale(session: Session, number: int) -> list[str]:
    """Why a roster is out of date: teams that left, are of another village, or cannot serve in their turn."""
    roster = _held(session, number)
    clock, made = _clock(session), roster.document
    when = times([date.fromisoformat(day) for day in made["days"]], doc.slots_of(made), clock)
    teams, can = _teams(session, roster.zone_id, when)
    told: list[str] = []
    for code, facts in made["teams"].items():
        if code not in teams:
            told.append(Sentence("team '%(team)s' serves no more", team=code))
        elif teams[code]["village"] != facts["village"]:
            told.append(Sentence("team '%(team)s' is of another village now", team=code))
    for k, turn in enumerate(made["turns"]):
        told += [
            Sentence(
                "%(turn)s: team '%(team)s' serves and cannot then", turn=doc.turn_name(made, k), team=code
            )
            for code in turn["teams"]
            if code in teams and not can[code][k]
        ]
    told += _stale_mixed(made | {"teams": teams}, _mixed_of(session, roster.zone_id))
    told += [
        Sentence("team '%(team)s' serves now and has no place in the roster", team=code)
        for code in sorted(set(teams) - set(made["teams"]))
    ]
    return told


def _stale_mixed(made: Document, mixed_of: int | None) -> list[str]:
    """Why it is out of date by a *joint* rule, its teams being those of now."""
    if mixed_of != made.get("mixed_of"):
        if mixed_of is None:
            return [Sentence("the zone's rule asks for no mixed teams any more")]
        return [Sentence("the zone's rule asks for mixed teams of %(n)s villages now", n=mixed_of)]
    told: list[str] = []
    for k, turn in enumerate(made["turns"]):
        need = made["slots"][turn["slot"]].get("mixed") or 0
        there = sum(
            doc.is_mixed(made, made["teams"][code]) for code in turn["teams"] if code in made["teams"]
        )
        if there < need:
            told.append(
                Sentence(
                    "%(turn)s: %(have)s mixed teams serve, %(n)s are needed",
                    turn=doc.turn_name(made, k),
                    have=there,
                    n=need,
                )
            )
    return told


@dataclass(frozen=True)
class Rostered:
    """What a published roster says of a shift: its number, teams (codes), duty village and police leader."""

    roster: int
    teams: tuple[str, ...]
    village: str | None
    leader: str


def rostered(session: Session, zone: str, start: datetime, end: datetime) -> Rostered | None:
    """What the published roster of a zone says of the shift `[start, end)`.

    Returns
    -------
    Rostered or None
        Of the turn that holds the whole shift, the shortest of several; None where there is none.
    """
    clock = _clock(session)
    # A turn past midnight belongs to the day before.
    first = date.fromordinal(start.astimezone(clock).date().toordinal() - 1)
    found: list[tuple[float, Rostered]] = []
    for row in store.published(session, zone, first, start.astimezone(clock).date()):
        made: Document = row["document"]
        for turn, (begins, ends) in zip(made["turns"], doc.periods(made, clock), strict=True):
            if begins <= start and end <= ends:
                told = Rostered(row["id"], tuple(turn["teams"]), turn["village"], turn["leader"])
                found.append(((ends - begins).total_seconds(), told))
    return min(found, key=lambda one: one[0])[1] if found else None


def serving_here(
    session: Session, zone: str, teams: gpd.GeoDataFrame, start: datetime, end: datetime
) -> tuple[gpd.GeoDataFrame, list[str], Rostered | None]:
    """`on_duty_here` of the teams that a published roster names for the shift; of all where there is none.

    A remark says which roster it was.
    """
    told = rostered(session, zone, start, end)
    if told is None:
        return *on_duty_here(session, teams, start, end), None
    own = teams[teams["code"].isin(told.teams)]
    kept, remarks = on_duty_here(session, own, start, end)
    chosen = Sentence(
        "by roster %(roster)s these teams serve in this shift: %(teams)s",
        roster=told.roster,
        teams=", ".join(told.teams),
    )
    return kept, [chosen, *remarks], told


def _change(
    session: Session,
    roster: StoredRoster,
    made: Document,
    step: str,
    detail: Mapping[str, Any],
    *,
    now: datetime,
    author: str,
) -> None:
    store.add_step(session, roster, step, at=now, author=author, detail=dict(detail), before=roster.document)
    roster.document = made
    session.flush()


def _mixed_of(session: Session, zone_id: int) -> int | None:
    """Of how many villages the people of a mixed team are, where the zone's rule is *joint*."""
    rule = CrossRule(**session.get_one(Zone, zone_id).rule)
    return rule.villages if rule.pattern == "joint" else None


def _mixed_need(said: int | None, mixed_of: int | None) -> int | None:
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
    return [replace(slot, mixed=_mixed_need(slot.mixed, mixed_of)) for slot in slots]


def _teams(
    session: Session, zone_id: int, when: Sequence[tuple[int, int, datetime, datetime]]
) -> tuple[dict[str, dict[str, Any]], dict[str, list[bool]]]:
    """The teams of a zone as a roster keeps them, and in which turns each can serve."""
    clock = _clock(session)
    days: Mapping[str, Callable[[date], bool]] = calendar_days(session)
    names = of_plan.teams(session, zone_id).set_index("code")
    teams: dict[str, dict[str, Any]] = {}
    can: dict[str, list[bool]] = {}
    for row in repository.teams(session, zone_id).to_dict("records"):
        code = str(row["code"])
        told = names.loc[code]
        teams[code] = {
            "name": row["name"],
            "name_en": told["name_en"],
            "village": _known(row["village"]),
            "village_name": _known(told["village"]),
            "village_name_en": _known(told["village_en"]),
            "villages": int(_known(row["village"]) is not None) + len(row["partners"]),
        }
        can[code] = [serves_whole(row, start, end, clock, days) for _, _, start, end in when]
    return teams, can


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value


def _clock(session: Session) -> ZoneInfo:
    return ZoneInfo(current_site(session).timezone)


def _held(session: Session, number: int) -> StoredRoster:
    roster = store.hold(session, number)
    if roster is None:
        raise LianfangError(Sentence("roster %(roster)s is not stored", roster=number))
    return roster


def _draft(session: Session, number: int) -> StoredRoster:
    return _unpublished(_held(session, number))


def _seen_draft(session: Session, number: int) -> StoredRoster:
    """A draft as it is, without keeping others from changing it."""
    roster = session.get(StoredRoster, number, populate_existing=True)
    if roster is None:
        raise LianfangError(Sentence("roster %(roster)s is not stored", roster=number))
    return _unpublished(roster)


def _unpublished(roster: StoredRoster) -> StoredRoster:
    if roster.status != "draft":
        raise InputRefused(
            Sentence("roster %(roster)s is published; withdraw it before it is changed so", roster=roster.id)
        )
    return roster
