"""A plan's steps from draft to published, in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from patrols.tables import Plan, PlanStep


def hold(session: Session, number: int) -> Plan | None:
    """A plan, with all plans of its zone locked until the transaction ends; None for an unknown one.

    Two who publish at the same time thus come one after the other, and the second sees what the first did.
    """
    session.execute(
        text(
            """SELECT id FROM plan WHERE zone_id = (SELECT zone_id FROM plan WHERE id = :id)
               ORDER BY id FOR UPDATE"""
        ),
        {"id": number},
    )
    return session.get(Plan, number, populate_existing=True)


def published_beside(session: Session, plan: Plan) -> int | None:
    """The first of `all_published_beside`; None for none."""
    return next(iter(all_published_beside(session, plan)), None)


def all_published_beside(session: Session, plan: Plan) -> list[int]:
    """Published plans of the same zone, by its code, whose shifts overlap this plan's."""
    found = session.scalars(
        text(
            """SELECT o.id FROM plan p JOIN zone own ON own.id = p.zone_id
               JOIN zone z ON z.code = own.code JOIN plan o ON o.zone_id = z.id
               WHERE p.id = :id AND o.id <> p.id AND o.shift && p.shift AND o.status = 'published'
               ORDER BY o.id"""
        ),
        {"id": plan.id},
    )
    return [int(number) for number in found]


def add(
    session: Session,
    plan: Plan,
    step: str,
    *,
    at: datetime,
    author: str,
    reason: str = "",
    despite: Sequence[Any] = (),
    by_plan: int | None = None,
) -> None:
    """Write a step down; `by_plan` is the plan that takes the place of one that is replaced."""
    session.add(
        PlanStep(
            plan_id=plan.id,
            step=step,
            at=at,
            author=author,
            reason=reason,
            despite=list(despite),
            by_plan_id=by_plan,
        )
    )


def among(session: Session, numbers: Sequence[int]) -> list[int]:
    """Those of some plans that this session sees."""
    found = session.scalars(
        text("SELECT id FROM plan WHERE id = ANY(:numbers) ORDER BY id"), {"numbers": list(numbers)}
    )
    return [int(number) for number in found]


def steps(session: Session, number: int) -> list[dict[str, Any]]:
    """A plan's steps in order: step, at, author, reason, despite, by_plan."""
    rows = session.execute(
        text(
            """SELECT step, at, author, reason, despite, by_plan_id AS by_plan
               FROM plan_step WHERE plan_id = :plan ORDER BY id"""
        ),
        {"plan": number},
    ).mappings()
    return [dict(row) for row in rows]
