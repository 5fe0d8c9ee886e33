"""A roster's life: published, withdrawn, removed, out of date."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from patrols.repository import rosters as store
from patrols.rosters import document as doc
from patrols.rosters.document import Document
from patrols.rosters.problem import apart
from patrols.rosters.slots import times
from patrols.services.rostering.holding import (
    clock_of_site,
    draft,
    held,
    mixed_of_zone,
    seen,
    served_before,
    teams_of_zone,
)
from patrols.tables import StoredRoster


def publish(session: Session, number: int, *, now: datetime, author: str) -> None:
    """Publish a draft: from then on shifts of its turns are planned with its teams alone.

    Raises
    ------
    InputRefused
        When it is published already, another one of its zone is for one of its days, or it is stale.
    """
    roster = draft(session, number)
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
    roster = held(session, number)
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
    draft(session, number)
    store.remove(session, number)


def stale(session: Session, number: int) -> list[str]:
    """Why a roster is out of date: teams that left, are of another village, or cannot serve in their turn."""
    roster = seen(session, number)
    clock, made = clock_of_site(session), roster.document
    when = times([date.fromisoformat(day) for day in made["days"]], doc.slots_of(made), clock)
    teams, can = teams_of_zone(session, roster.zone_id, when)
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
    told += _stale_rest(session, roster)
    told += _stale_mixed(made | {"teams": teams}, mixed_of_zone(session, roster.zone_id))
    told += [
        Sentence("team '%(team)s' serves now and has no place in the roster", team=code)
        for code in sorted(set(teams) - set(made["teams"]))
    ]
    return told


def _stale_rest(session: Session, roster: StoredRoster) -> list[str]:
    """Teams with too little rest since a turn of a roster before it, which may have changed since."""
    made: Document = roster.document
    past = served_before(session, roster.zone_id, date.fromisoformat(made["days"][0]))
    problem = doc.problem_of(made | {"before": past}, clock_of_site(session))
    return [
        Sentence(
            "team '%(team)s' serves in %(turn)s and in %(other)s, with less rest between them "
            "than %(hours)s h",
            team=team,
            turn=before.name,
            other=turn.name,
            hours=f"{made['rest_h']:g}",
        )
        for p, before in enumerate(problem.past.turns)
        for k, turn in enumerate(problem.turns)
        if not apart(before, turn, problem.rest_s)
        for i, team in enumerate(problem.teams)
        if problem.past.served[i, p] and team in made["turns"][k]["teams"]
    ]


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
