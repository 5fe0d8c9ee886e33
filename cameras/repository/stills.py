"""Stills of faults, in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.stills import Still


def add_stills(session: Session, camera_id: int, stills: Sequence[Still]) -> None:
    """Store pictures of a camera; one that is known stays as it is."""
    if stills:
        session.execute(
            text(
                """INSERT INTO still (camera_id, taken_at, reason, jpeg) VALUES (:camera, :at, :reason, :jpeg)
                   ON CONFLICT (camera_id, taken_at, reason) DO NOTHING"""
            ),
            [
                {
                    "camera": camera_id,
                    "at": datetime.fromtimestamp(one.taken_ms / 1000, UTC),
                    "reason": one.reason,
                    "jpeg": one.jpeg,
                }
                for one in stills
            ],
        )


def stills_of(session: Session, code: str, most: int) -> list[dict[str, Any]]:
    """The newest pictures of a camera, whatever its record was: id, taken_at, reason."""
    rows = session.execute(
        text(
            """SELECT s.id, s.taken_at, s.reason FROM still s JOIN camera c ON c.id = s.camera_id
               WHERE c.code = :code ORDER BY s.taken_at DESC, s.id DESC LIMIT :most"""
        ),
        {"code": code, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


def still(session: Session, number: int) -> dict[str, Any] | None:
    """One picture: code, taken_at, reason, jpeg."""
    row = session.execute(
        text(
            """SELECT c.code, s.taken_at, s.reason, s.jpeg FROM still s JOIN camera c ON c.id = s.camera_id
               WHERE s.id = :id"""
        ),
        {"id": number},
    )
    found = row.mappings().first()
    return None if found is None else dict(found)


def forget_stills(session: Session, before: datetime) -> int:
    """Take out pictures that were taken before a time; answers how many."""
    gone = session.execute(text("DELETE FROM still WHERE taken_at < :before"), {"before": before})
    return int(gone.rowcount)  # type: ignore[attr-defined]
