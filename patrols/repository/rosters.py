"""Rosters, in and out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from patrols.tables import RosterStep, StoredRoster


def head(session: Session, number: int) -> dict[str, Any] | None:
    """A roster with its zone: id, status, first, last (days), author, created_at, published_at, published_by,
    zone_id, zone_code, zone, zone_en, document; None when it is unknown or outside the scope.
    """
    row = (
        session.execute(
            text(
                """SELECT r.id, r.status, lower(r.days) AS first, upper(r.days) - 1 AS last, r.author,
                          r.created_at, r.published_at, r.published_by, r.document, z.id AS zone_id,
                          z.code AS zone_code, z.name AS zone, z.name_en AS zone_en
                   FROM roster r JOIN zone z ON z.id = r.zone_id WHERE r.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def hold(session: Session, number: int) -> StoredRoster | None:
    """A roster, with all rosters of its zone locked until the transaction ends; None for an unknown one."""
    session.execute(
        text(
            """SELECT id FROM roster WHERE zone_id = (SELECT zone_id FROM roster WHERE id = :id)
               ORDER BY id FOR UPDATE"""
        ),
        {"id": number},
    )
    return session.get(StoredRoster, number, populate_existing=True)


def published_beside(session: Session, number: int) -> int | None:
    """A published roster of the same zone, by its code, that shares a day with this one; None for none."""
    found = session.scalar(
        text(
            """SELECT min(o.id) FROM roster r JOIN zone own ON own.id = r.zone_id
               JOIN zone z ON z.code = own.code JOIN roster o ON o.zone_id = z.id
               WHERE r.id = :id AND o.id <> r.id AND o.days && r.days AND o.status = 'published'"""
        ),
        {"id": number},
    )
    return None if found is None else int(found)


def published(session: Session, zone_code: str, first: date, last: date) -> list[dict[str, Any]]:
    """Published rosters of a zone that hold a day from the first to the last: id, document."""
    rows = session.execute(
        text(
            """SELECT r.id, r.document FROM roster r JOIN zone z ON z.id = r.zone_id
               WHERE z.code = :code AND r.status = 'published'
                     AND r.days && daterange(:first, :last, '[]') ORDER BY r.id"""
        ),
        {"code": zone_code, "first": first, "last": last},
    ).mappings()
    return [dict(row) for row in rows]


def latest_document(session: Session, zone_id: int) -> dict[str, Any] | None:
    """The document of the roster of a zone that was made last; None without one."""
    query = select(StoredRoster.document).where(StoredRoster.zone_id == zone_id)
    found = session.scalar(query.order_by(StoredRoster.id.desc()).limit(1))
    return None if found is None else dict(found)


def add_step(
    session: Session,
    roster: StoredRoster,
    step: str,
    *,
    at: datetime,
    author: str,
    detail: dict[str, Any],
    before: Any,
) -> None:
    """Write a change down, with the document before it."""
    session.add(
        RosterStep(roster_id=roster.id, step=step, at=at, author=author, detail=detail, before=before)
    )


def last_step(session: Session, number: int) -> RosterStep | None:
    """The newest change of a roster; None without one."""
    query = select(RosterStep).where(RosterStep.roster_id == number).order_by(RosterStep.id.desc()).limit(1)
    return session.scalar(query)


def steps(session: Session, number: int) -> list[dict[str, Any]]:
    """The changes of a roster, the newest first: step, at, author, detail."""
    rows = session.execute(
        text(
            """SELECT step, at, author, detail FROM roster_step WHERE roster_id = :number
               ORDER BY id DESC LIMIT 50"""
        ),
        {"number": number},
    ).mappings()
    return [dict(row) for row in rows]


def remove(session: Session, number: int) -> None:
    """Delete a roster with its steps."""
    session.execute(text("DELETE FROM roster WHERE id = :id"), {"id": number})
