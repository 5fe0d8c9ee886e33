"""Proposed changes of camera records, in and out."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
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


def of_ids(session: Session, ids: Collection[int], *, hold: bool = False) -> list[dict[str, Any]]:
    """Proposals of these ids that the session sees, in order; held until the transaction ends with `hold`."""
    held = "FOR UPDATE" if hold else ""
    rows = session.execute(
        text(f"SELECT {_COLUMNS} FROM camera_proposal WHERE id = ANY(:ids) ORDER BY id {held}"),
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


def mended(session: Session, codes: Collection[str]) -> dict[str, dict[str, tuple[Any, Any]]]:
    """By code and field what the last accepted change of it was: before, after."""
    rows = session.execute(
        text(
            """SELECT code, before, after FROM camera_proposal
               WHERE state = 'accepted' AND code = ANY(:codes) ORDER BY reviewed_at, id"""
        ),
        {"codes": list(codes)},
    )
    found: dict[str, dict[str, tuple[Any, Any]]] = {}
    for code, before, after in rows:
        found.setdefault(code, {}).update({name: (before[name], after[name]) for name in after})
    return found


def give(session: Session, senders: Sequence[int], receivers: Sequence[int]) -> None:
    """Let proposals about records be about other ones."""
    session.execute(
        text(
            """UPDATE camera_proposal AS p SET camera_id = pair.new
               FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)
               WHERE p.camera_id = pair.old"""
        ),
        {"old": [int(one) for one in senders], "new": [int(one) for one in receivers]},
    )


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
