"""What people do to a roster: swaps, marks, leaders, undo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from patrols.repository import rosters as store
from patrols.rosters import document as doc
from patrols.rosters.changing import marked, swapped
from patrols.services.life import leader_named
from patrols.services.rostering.holding import change, clock_of_site, draft, held


def swap(
    session: Session, number: int, one: tuple[int, str], other: tuple[int, str], *, now: datetime, author: str
) -> None:
    """Exchange two entries of a roster, a draft's or a published one's.

    Raises
    ------
    InputRefused
        As `patrols.rosters.changing.swapped`.
    """
    roster = held(session, number)
    made = swapped(roster.document, clock_of_site(session), one, other)
    detail = {
        "one": [doc.turn_name(roster.document, one[0]), one[1]],
        "other": [doc.turn_name(roster.document, other[0]), other[1]],
    }
    change(session, roster, made, "swapped", detail, now=now, author=author)


def mark(
    session: Session, number: int, turn: int, team: str, state: str, *, now: datetime, author: str
) -> None:
    """Fix a team in a turn of a draft, forbid it there, or leave it open.

    Raises
    ------
    InputRefused
        For an unknown turn, team or state.
    """
    roster = draft(session, number)
    made = marked(roster.document, turn, team, state)
    detail = {"turn": doc.turn_name(roster.document, turn), "team": team, "state": state}
    change(session, roster, made, "marked", detail, now=now, author=author)


def name_leader(session: Session, number: int, turn: int, leader: str, *, now: datetime, author: str) -> None:
    """Say who leads a turn for the police; "" for nobody yet.

    Raises
    ------
    InputRefused
        For an unknown turn, or a name that is none.
    """
    roster = held(session, number)
    named = leader_named(leader)
    if not 0 <= turn < len(roster.document["turns"]):
        raise InputRefused(Sentence("the roster has no such turn"))
    turns = [one | {"leader": named} if k == turn else one for k, one in enumerate(roster.document["turns"])]
    detail = {"turn": doc.turn_name(roster.document, turn), "leader": named}
    change(session, roster, roster.document | {"turns": turns}, "led", detail, now=now, author=author)


def undo(session: Session, number: int) -> None:
    """Take the newest change of a roster back.

    Raises
    ------
    InputRefused
        When there is none.
    """
    roster = held(session, number)
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
