"""Who signed in where: rows in and out. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from geo.db import read_frame, texts_or_none
from patrols.tables import CheckIn


def of_plan(session: Session, plan_id: int) -> pd.DataFrame:
    """Check-ins of a plan by time, indexed by id.

    team_id, stop_id, arrived_at, left_at (NaT where not told), signer, note, origin, pack_id (None where it
    was typed), author, entered_at.
    """
    found = read_frame(
        session,
        """SELECT id, team_id, stop_id, arrived_at, left_at, signer, note, origin, pack_id, author, entered_at
           FROM check_in WHERE plan_id = :plan ORDER BY arrived_at, id""",
        plan=plan_id,
    ).set_index("id")
    return texts_or_none(found)


def signed(session: Session, plan_id: int) -> pd.DataFrame:
    """What teams signed for: team (code), stop_id, arrived_at, left_at (NaT where not told), by time."""
    return read_frame(
        session,
        """SELECT t.code AS team, c.stop_id, c.arrived_at, c.left_at
           FROM check_in c JOIN team t ON t.id = c.team_id
           WHERE c.plan_id = :plan ORDER BY c.arrived_at, c.id""",
        plan=plan_id,
    )


def lock(session: Session, plan_id: int) -> None:
    """Let others who enter check-ins of this plan wait until this transaction ends."""
    session.execute(text("SELECT FROM plan WHERE id = :plan FOR UPDATE"), {"plan": plan_id})


def planned(session: Session, plan_id: int) -> pd.DataFrame:
    """Planned visits of a plan by team and order: team_id, seq, stop_id, start_at, end_at."""
    return read_frame(
        session,
        """SELECT team_id, seq, stop_id, start_at, end_at FROM plan_visit
           WHERE plan_id = :plan AND stop_id IS NOT NULL ORDER BY team_id, seq""",
        plan=plan_id,
    )


def stop_numbers(session: Session, plan_id: int) -> dict[str, int]:
    """Number of each stop of a plan, from 1, by its id."""
    rows = session.execute(
        text("SELECT stop_id, row_number() OVER (ORDER BY id) FROM plan_stop WHERE plan_id = :plan"),
        {"plan": plan_id},
    )
    return {row[0]: int(row[1]) for row in rows}


def add(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Store check-ins, each a mapping of the table's columns; answers their ids."""
    if not rows:
        return []
    return list(
        session.scalars(insert(CheckIn).returning(CheckIn.id, sort_by_parameter_order=True), list(rows))
    )


def take_back(session: Session, plan_id: int, number: int) -> CheckIn | None:
    """Remove one check-in of a plan; answers what it was, None where there is none."""
    found = session.scalar(select(CheckIn).where(CheckIn.plan_id == plan_id, CheckIn.id == number))
    if found is not None:
        session.delete(found)
        session.flush()
    return found


def take_back_pack(session: Session, plan_id: int, pack_id: str) -> int:
    """Remove all check-ins of a plan that came with one pack; answers how many."""
    gone = session.scalars(
        delete(CheckIn).where(CheckIn.plan_id == plan_id, CheckIn.pack_id == pack_id).returning(CheckIn.id)
    )
    return len(gone.all())


def forget_signers(session: Session, before: datetime) -> int:
    """Empty the names of those who signed in before a time, and the notes; answers in how many check-ins."""
    gone = session.scalars(
        text(
            """UPDATE check_in SET signer = '', note = ''
               WHERE arrived_at < :before AND (signer <> '' OR note <> '') RETURNING id"""
        ),
        {"before": before},
    )
    return len(gone.all())
