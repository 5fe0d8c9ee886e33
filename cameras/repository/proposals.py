"""Proposed changes of camera records, in and out."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence

_COLUMNS = """id, camera_id, code, made_at, author, origin, group_key, before, after, note, accuracy_m,
              photo IS NOT NULL AS has_photo, state, reviewer, reviewed_at, review_note"""


def add(
    session: Session, changes: Sequence[tuple[int, str, dict[str, Any], dict[str, Any]]], **shared: Any
) -> list[int]:
    """Store proposals of (camera id, code, before, after) with what they share; answers their ids.

    One without a photograph that waits for review already, word for word, is not stored twice.

    Raises
    ------
    InputRefused
        When all of them wait for review already.
    """
    names = ", ".join(shared)
    marks = ", ".join(f":{name}" for name in shared)
    found = session.execute(
        text(
            f"""INSERT INTO camera_proposal (camera_id, code, before, after, {names})
                SELECT n.camera_id, n.code, n.before, n.after, {marks}
                FROM unnest(CAST(:_ids AS bigint[]), CAST(:_codes AS text[]), CAST(:_before AS jsonb[]),
                            CAST(:_after AS jsonb[])) AS n (camera_id, code, before, after)
                WHERE :_with_photo OR NOT EXISTS (
                    SELECT FROM camera_proposal p
                    WHERE p.camera_id = n.camera_id AND p.state = 'open' AND p.after = n.after)
                ORDER BY n.code RETURNING id"""
        ),
        {
            **shared,
            "_with_photo": shared.get("photo") is not None,
            "_ids": [int(one[0]) for one in changes],
            "_codes": [one[1] for one in changes],
            "_before": [json.dumps(one[2], ensure_ascii=False) for one in changes],
            "_after": [json.dumps(one[3], ensure_ascii=False) for one in changes],
        },
    )
    made = list(found.scalars())
    if not made:
        raise InputRefused(
            Sentence("the same was proposed before and waits for its review; nothing was proposed again")
        )
    return made


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


def accepted(session: Session, codes: Collection[str]) -> dict[str, list[tuple[Any, Any]]]:
    """By code (before, after) of each accepted change, the oldest first."""
    rows = session.execute(
        text(
            """SELECT code, before, after FROM camera_proposal
               WHERE state = 'accepted' AND code = ANY(:codes) ORDER BY reviewed_at, id"""
        ),
        {"codes": list(codes)},
    )
    found: dict[str, list[tuple[Any, Any]]] = {}
    for code, before, after in rows:
        found.setdefault(code, []).append((before, after))
    return found


def give(
    session: Session, senders: Sequence[int], receivers: Sequence[int], *, only_open: bool = False
) -> None:
    """Let proposals about records be about other ones; all of them, or those still to be reviewed."""
    session.execute(
        text(
            """UPDATE camera_proposal AS p SET camera_id = pair.new
               FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)
               WHERE p.camera_id = pair.old AND (p.state = 'open' OR NOT :only_open)"""
        ),
        {
            "old": [int(one) for one in senders],
            "new": [int(one) for one in receivers],
            "only_open": only_open,
        },
    )


def photo(session: Session, number: int) -> bytes | None:
    """The photograph that came with a proposal (JPEG)."""
    found = session.scalar(text("SELECT photo FROM camera_proposal WHERE id = :id"), {"id": number})
    return None if found is None else bytes(found)


def close(session: Session, ids: Collection[int], *, state: str, reviewer: str, note: str = "") -> None:
    """Give open proposals their end. Photographs of those that do not count are not kept."""
    session.execute(
        text(
            """UPDATE camera_proposal SET state = :state, reviewer = :reviewer, reviewed_at = now(),
                      review_note = :note, photo = CASE WHEN :state = 'accepted' THEN photo END
               WHERE id = ANY(:ids)"""
        ),
        {"ids": list(ids), "state": state, "reviewer": reviewer, "note": note},
    )


def forget_photos(session: Session, before: datetime) -> None:
    """Take out the photographs of changes that were reviewed before a time."""
    session.execute(
        text("UPDATE camera_proposal SET photo = NULL WHERE photo IS NOT NULL AND reviewed_at < :before"),
        {"before": before},
    )
