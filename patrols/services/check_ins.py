"""Take in who signed in at which stop and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from patrols.repository import check_ins as store
from patrols.signing import Entry, Shift, faults


def enter(
    session: Session,
    plan_id: int,
    shift: Shift,
    entries: Sequence[Entry],
    *,
    author: str,
    now: datetime,
    pack_id: str | None = None,
) -> list[int]:
    """Store check-ins of a plan, all or none; answers their ids.

    Parameters
    ----------
    session : Session
    plan_id : int
    shift : Shift
        Of the plan.
    entries : sequence of Entry
    author : str
        Who types them, or hands the pack in.
    now : datetime
    pack_id : str, optional
        Of the pack that they came with.

    Raises
    ------
    InputRefused
        With a sentence for each thing that cannot have been so (`patrols.signing.faults`).
    """
    store.lock(session, plan_id)
    planned, kept = store.planned(session, plan_id), store.of_plan(session, plan_id)
    before = [
        Entry(
            row["team_id"],
            row["stop_id"],
            row["arrived_at"],
            None if pd.isna(row["left_at"]) else row["left_at"],
        )
        for row in kept.to_dict("records")
    ]
    problems = faults(
        entries,
        shift,
        numbers=store.stop_numbers(session, plan_id),
        teams=set(planned["team_id"]),
        stored=before,
        now=now,
    )
    if problems:
        raise InputRefused(Sentence("nothing was entered: correct what is said of it"), problems)
    return store.add(
        session,
        [
            {
                "plan_id": plan_id,
                "team_id": entry.team_id,
                "stop_id": entry.stop_id,
                "arrived_at": entry.arrived_at,
                "left_at": entry.left_at,
                "signer": entry.signer,
                "note": entry.note,
                "origin": "sheet" if pack_id is None else "pack",
                "pack_id": pack_id,
                "author": author,
                "entered_at": now,
            }
            for entry in entries
        ],
    )
