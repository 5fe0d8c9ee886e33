"""A plan's life: draft, approved, published, and back to a draft when it is withdrawn.

What is wrong with a plan, a rule that its checker found broken or something that has changed since, does not
go out unsaid: whoever approves or publishes it all the same says so and why, and both are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from patrols.repository import steps as store
from patrols.tables import Plan

LONGEST_REASON = 500
LONGEST_LEADER = 60


def approve(
    session: Session,
    number: int,
    *,
    author: str,
    now: datetime,
    stale: Sequence[Sentence],
    despite: bool = False,
    reason: str = "",
) -> None:
    """Approve a draft.

    Parameters
    ----------
    number : int
        Its id.
    author : str
        Who approves it.
    stale : sequence of Sentence
        What has changed since it was made (`stale_reasons`).
    despite : bool
        Whether the author says that they know what is wrong with it.
    reason : str
        Why it goes out all the same; needed with `despite` where something is wrong.

    Raises
    ------
    LianfangError
        When there is no such plan.
    InputRefused
        When it is no draft, or something is wrong with it and that was not said.
    """
    plan = _held(session, number)
    if plan.status != "draft":
        raise InputRefused(
            Sentence(
                "plan %(plan)s is %(status)s already; only a draft is approved",
                plan=number,
                status=_STATUSES[plan.status],
            )
        )
    wrong = faults(plan, stale)
    said = _let_through(number, wrong, despite, reason)
    plan.status = "approved"
    store.add(session, plan, "approved", at=now, author=author, reason=said, despite=wrong)


def publish(
    session: Session,
    number: int,
    *,
    author: str,
    now: datetime,
    stale: Sequence[Sentence],
    despite: bool = False,
    reason: str = "",
) -> None:
    """Publish an approved plan, so that the teams see it.

    What was wrong with it when it was approved has been answered for; what came since has not.

    Parameters
    ----------
    As `approve`.

    Raises
    ------
    LianfangError
        When there is no such plan.
    InputRefused
        When it is not approved or has no police leader, another one of its zone is published for a shift that
        overlaps, or something is wrong with it that nobody has answered for.
    """
    plan = _held(session, number)
    if plan.status == "draft":
        raise InputRefused(Sentence("plan %(plan)s is a draft; approve it first", plan=number))
    if plan.status == "published":
        raise InputRefused(Sentence("plan %(plan)s is published already", plan=number))
    _refuse_without_leader(plan)
    other = store.published_beside(session, plan)
    if other is not None:
        raise InputRefused(
            Sentence(
                "plan %(other)s is published for this zone and time already: withdraw it first, so that the "
                "teams know which one counts",
                other=other,
            )
        )
    known = answered(store.steps(session, number))
    wrong = [one for one in faults(plan, stale) if one not in known]
    said = _let_through(number, wrong, despite, reason)
    plan.status = "published"
    store.add(session, plan, "published", at=now, author=author, reason=said, despite=wrong)


def replace(
    session: Session,
    number: int,
    *,
    author: str,
    now: datetime,
    stale: Sequence[Sentence],
    despite: bool = False,
    reason: str,
) -> int:
    """Publish a plan in place of the one that is published for its zone and time, in one step.

    The other one becomes a draft again; its steps say by which plan it was replaced, and why. A draft is
    approved on the way.

    Parameters
    ----------
    As `approve`; the reason is always needed.

    Returns
    -------
    int
        The plan that was replaced.

    Raises
    ------
    LianfangError
        When there is no such plan.
    InputRefused
        When it is published already or has no police leader, no other one or several are in its place, no
        reason is given, or something is wrong with it that nobody has answered for.
    """
    plan = _held(session, number)
    if plan.status == "published":
        raise InputRefused(Sentence("plan %(plan)s is published already", plan=number))
    _refuse_without_leader(plan)
    beside = store.all_published_beside(session, plan)
    if not beside:
        raise InputRefused(
            Sentence(
                "no plan is published for this zone and time that plan %(plan)s could replace; publish it",
                plan=number,
            )
        )
    if len(beside) > 1:
        raise InputRefused(
            Sentence(
                "plans %(plans)s are published for parts of this time; withdraw those that shall not count",
                plans=", ".join(map(str, beside)),
            )
        )
    why = _reason(reason)
    if not why:
        raise InputRefused(
            Sentence("say why plan %(plan)s is replaced: whoever relied on it will ask", plan=beside[0])
        )
    known = answered(store.steps(session, number)) if plan.status == "approved" else []
    wrong = [one for one in faults(plan, stale) if one not in known]
    _let_through(number, wrong, despite, reason)
    if plan.status == "draft":
        store.add(session, plan, "approved", at=now, author=author, reason=why, despite=wrong)
    other = session.get_one(Plan, beside[0])
    other.status = "draft"
    store.add(session, other, "replaced", at=now, author=author, reason=why, by_plan=number)
    plan.status = "published"
    store.add(session, plan, "published", at=now, author=author, reason=why, despite=wrong)
    return beside[0]


def name_leader(session: Session, number: int, leader: str) -> None:
    """State who leads a plan's shift for the police (带班民警), by name or number; "" takes it back.

    Raises
    ------
    LianfangError
        When there is no such plan.
    InputRefused
        When it is published, or the text is too long.
    """
    plan = _held(session, number)
    if plan.status == "published":
        raise InputRefused(
            Sentence(
                "plan %(plan)s is published; withdraw it to name another police leader, so that the teams "
                "know who counts",
                plan=number,
            )
        )
    plan.parameters = plan.parameters | {"police_leader": leader_named(leader)}


def leader_named(given: str) -> str:
    """A police leader's name or number without the space around it.

    Raises
    ------
    InputRefused
        When it is too long, or not one line.
    """
    said = given.strip()
    if len(said) > LONGEST_LEADER or not said.isprintable():
        raise InputRefused(
            Sentence(
                "a police leader is named in one line of at most %(most)s characters; shorten it",
                most=LONGEST_LEADER,
            )
        )
    return said


def _refuse_without_leader(plan: Plan) -> None:
    """Refuse to let a plan out that nobody of the police leads."""
    if not plan.parameters.get("police_leader"):
        raise InputRefused(
            Sentence(
                "plan %(plan)s has no police leader; name who leads the shift before it is published",
                plan=plan.id,
            )
        )


def withdraw(session: Session, number: int, *, author: str, now: datetime, reason: str) -> None:
    """Make an approved or published plan a draft again; the teams see it no more.

    Raises
    ------
    LianfangError
        When there is no such plan.
    InputRefused
        When it is a draft, or no reason is given.
    """
    plan = _held(session, number)
    if plan.status == "draft":
        raise InputRefused(Sentence("plan %(plan)s is a draft; there is nothing to withdraw", plan=number))
    said = _reason(reason)
    if not said:
        raise InputRefused(
            Sentence("say why plan %(plan)s is withdrawn: whoever relied on it will ask", plan=number)
        )
    plan.status = "draft"
    store.add(session, plan, "withdrawn", at=now, author=author, reason=said)


def faults(plan: Plan, stale: Sequence[Sentence]) -> list[Any]:
    """What is wrong with a plan, as stored sentences: the rules it breaks, then what has changed since."""
    return [*plan.violations, *(one.as_json() for one in stale)]


def answered(steps: Sequence[dict[str, Any]]) -> list[Any]:
    """What was said to be known since the plan became a draft last."""
    known: list[Any] = []
    for step in steps:
        known = [] if step["step"] in ("withdrawn", "replaced") else [*known, *step["despite"]]
    return known


_STATUSES = {"approved": Sentence("approved"), "published": Sentence("published")}


def _held(session: Session, number: int) -> Plan:
    plan = store.hold(session, number)
    if plan is None:
        raise LianfangError(Sentence("plan %(plan)s is not stored", plan=number))
    return plan


def _let_through(number: int, wrong: list[Any], despite: bool, reason: str) -> str:
    """The reason for letting a plan through; '' where nothing is wrong with it."""
    if not wrong:
        return ""
    if not despite:
        raise InputRefused(
            Sentence(
                "plan %(plan)s does not go out as it is (faults: %(n)s); plan again, or say that you know "
                "them and why it goes out all the same",
                plan=number,
                n=len(wrong),
            ),
            [_sentence(one) for one in wrong],
        )
    said = _reason(reason)
    if not said:
        raise InputRefused(
            Sentence(
                "say why plan %(plan)s goes out although something is wrong with it (faults: %(n)s)",
                plan=number,
                n=len(wrong),
            )
        )
    return said


def _sentence(stored: Any) -> str:
    """A stored sentence; the plain text of older programs as it stands."""
    return stored if isinstance(stored, str) else Sentence.from_json(stored)


def _reason(given: str) -> str:
    """A reason without the space around it.

    Raises
    ------
    InputRefused
        When it is too long.
    """
    said = given.strip()
    if len(said) > LONGEST_REASON:
        raise InputRefused(
            Sentence(
                "the reason has %(n)s characters; give at most %(most)s", n=len(said), most=LONGEST_REASON
            )
        )
    return said
