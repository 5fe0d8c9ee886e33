"""Proposed changes of camera records, in and out."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_COLUMNS = """id, camera_id, code, made_at, author, origin, group_key, before, after, note, accuracy_m,
              photo IS NOT NULL AS has_photo, state, reviewer, reviewed_at, review_note"""


def add(session: Session, **values: Any) -> int:
    """Store a proposal; answers its id."""
    values |= {name: json.dumps(values[name], ensure_ascii=False) for name in ("before", "after")}
    names = ", ".join(values)
    marks = ", ".join(
        f"CAST(:{name} AS jsonb)" if name in ("before", "after") else f":{name}" for name in values
    )
    found = session.execute(
        text(f"INSERT INTO camera_proposal ({names}) VALUES ({marks}) RETURNING id"), values
    )
    return int(found.scalar_one())


def of_ids(session: Session, ids: Collection[int]) -> list[dict[str, Any]]:
    """Proposals of these ids that the session sees, in their order, held until the transaction ends."""
    rows = session.execute(
        text(f"SELECT {_COLUMNS} FROM camera_proposal WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"),
        {"ids": list(ids)},
    )
    return [dict(row) for row in rows.mappings()]


def of_code(session: Session, code: str) -> list[dict[str, Any]]:
    """Open proposals for a camera, the newest first."""
    rows = session.execute(
        text(
            f"""SELECT {_COLUMNS} FROM camera_proposal
                WHERE code = :code AND state = 'open' ORDER BY made_at DESC, id DESC"""
        ),
        {"code": code},
    )
    return [dict(row) for row in rows.mappings()]


def of_group(session: Session, group: str) -> list[int]:
    """Ids of the open proposals that were made together."""
    rows = session.execute(
        text("SELECT id FROM camera_proposal WHERE group_key = :key AND state = 'open' ORDER BY id"),
        {"key": group},
    )
    return list(rows.scalars())


def photo(session: Session, number: int) -> bytes | None:
    """The photograph that came with a proposal (JPEG)."""
    found = session.scalar(text("SELECT photo FROM camera_proposal WHERE id = :id"), {"id": number})
    return None if found is None else bytes(found)


def close(session: Session, ids: Collection[int], *, state: str, reviewer: str, note: str = "") -> None:
    """Give open proposals their end."""
    session.execute(
        text(
            """UPDATE camera_proposal SET state = :state, reviewer = :reviewer, reviewed_at = now(),
                      review_note = :note WHERE id = ANY(:ids)"""
        ),
        {"ids": list(ids), "state": state, "reviewer": reviewer, "note": note},
    )
