"""Thresholds of single cameras, in and out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.diagnosis import Thresholds
from cameras.learning import is_stricter
from geo.db import read_frame, write_frame

SET, LEARNT = "set", "learnt"


def thresholds(session: Session, codes: Collection[str] | None = None) -> pd.DataFrame:
    """What differs from the site, of all cameras or of these, by code and name.

    code, camera_id (the record it was learnt from, NaN where it was set by hand), name, value, origin, days,
    author, changed_at.
    """
    of = "" if codes is None else "WHERE code = ANY(:codes)"
    return read_frame(
        session,
        f"""SELECT code, camera_id::float8 AS camera_id, name, value, origin, days, author, changed_at
            FROM camera_threshold {of} ORDER BY code, name, origin""",
        **({} if codes is None else {"codes": list(codes)}),
    )


def with_thresholds(session: Session, cameras: pd.DataFrame, limits: Thresholds) -> pd.DataFrame:
    """CAMERAS by id with columns of `cameras.diagnosis.OWN_THRESHOLDS`, of which nobody has one left out.

    What was set by hand counts for every record of the camera, before what was learnt from one of them; that
    counts only where it is stricter than the site's threshold is now.
    """
    rows = thresholds(session)
    told = zip(rows["origin"].astype(str), rows["name"].astype(str), rows["value"].astype(float), strict=True)
    stricter = [origin == SET or is_stricter(name, value, limits) for origin, name, value in told]
    rows = rows[np.array(stricter, dtype=bool)]
    by_hand = rows[rows["origin"] == SET]
    found = {}
    for name in rows["name"].unique():
        of_code = by_hand[by_hand["name"] == name].set_index("code")["value"]
        of_record = rows[(rows["name"] == name) & (rows["origin"] == LEARNT)].set_index("camera_id")["value"]
        values = cameras["code"].map(of_code).astype(float)
        values = values.fillna(pd.Series(of_record.reindex(cameras.index).to_numpy(), index=cameras.index))
        if values.notna().any():
            found[name] = values
    return cameras.assign(**found)


def always_poor(session: Session, dark_luma: float, bright_luma: float) -> list[str]:
    """Codes of cameras that would be dark above where they are bright, were these the site's thresholds."""
    rows = session.scalars(
        text(
            """SELECT code FROM camera_threshold
               WHERE origin = 'set' AND name IN ('dark_luma', 'bright_luma') GROUP BY code
               HAVING COALESCE(max(value) FILTER (WHERE name = 'dark_luma'), :dark)
                    > COALESCE(max(value) FILTER (WHERE name = 'bright_luma'), :bright) ORDER BY code"""
        ),
        {"dark": dark_luma, "bright": bright_luma},
    )
    return list(rows)


def replace_set(
    session: Session, code: str, values: Mapping[str, float], *, author: str, at: datetime
) -> None:
    """Let these be all thresholds set by hand for a camera; what stays as it is keeps its author."""
    names = list(values)
    session.execute(
        text("DELETE FROM camera_threshold WHERE code = :code AND origin = 'set' AND name <> ALL(:names)"),
        {"code": code, "names": names},
    )
    if values:
        session.execute(
            text(
                """INSERT INTO camera_threshold AS old (code, name, value, origin, author, changed_at)
                   VALUES (:code, :name, :value, 'set', :author, :at)
                   ON CONFLICT (code, name, origin) DO UPDATE
                   SET value = excluded.value, author = excluded.author, changed_at = excluded.changed_at
                   WHERE old.value <> excluded.value"""
            ),
            [
                {"code": code, "name": name, "value": values[name], "author": author, "at": at}
                for name in names
            ],
        )


def replace_learnt(session: Session, rows: pd.DataFrame, *, author: str, at: datetime) -> None:
    """Let these be all thresholds that were learnt: code, camera_id, name, value, days."""
    # Two that learnt at the same time would both find nothing to take out.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('camera_threshold'))"))
    forget_learnt(session)
    if len(rows):
        kept = rows[["code", "camera_id", "name", "value", "days"]]
        write_frame(session, "camera_threshold", kept.assign(origin=LEARNT, author=author, changed_at=at))


def forget_learnt(session: Session) -> int:
    """Take out what was learnt; answers how many."""
    gone = session.execute(text("DELETE FROM camera_threshold WHERE origin = 'learnt'"))
    return int(gone.rowcount)  # type: ignore[attr-defined]
