"""Whether the pictures of a place were recorded, and until when they are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from cameras.footage import IN_VIEW
from cameras.recordings.periods import days_left, shares
from cameras.recordings.periods import kept as kept_days
from cameras.repository import recordings


def recordings_of(
    session: Session, pieces: pd.DataFrame, start: datetime, now: datetime
) -> dict[int, dict[str, Any]]:
    """What lists say of the time in which each camera may have had the place in view, and how long it
    stays."""
    if pieces.empty:
        return {}
    ids = pieces["camera"].unique().tolist()
    ends = int(pieces["start_ms"].min()), int(pieces["end_ms"].max())
    period = datetime.fromtimestamp(ends[0] / 1000, UTC), datetime.fromtimestamp(ends[1] / 1000, UTC)
    recorded, listed = recordings.recorded_periods(session, ids, *period)
    lasting = kept_days(recordings.kept_since(session, ids))
    left = days_left(lasting["days"], start, now)
    # Lists that looked no further than what they show do not tell that anything is gone.
    left = left[(left >= 0) | (lasting["asked_days"] > lasting["days"])]
    told: dict[int, dict[str, Any]] = {int(camera): {"left": float(left[camera])} for camera in left.index}
    for piece in pieces[pieces["verdict"].isin(IN_VIEW)].to_dict("records"):
        asked = int(piece["start_ms"]), int(piece["end_ms"])
        found = shares(
            recorded[recorded["camera"] == piece["camera"]],
            listed[listed["camera"] == piece["camera"]],
            asked,
        )
        camera = told.setdefault(int(piece["camera"]), {})
        camera["of_ms"] = camera.get("of_ms", 0) + asked[1] - asked[0]
        for name in ("recorded_ms", "missing_ms"):
            camera[name] = camera.get(name, 0) + (int(found[name].iloc[0]) if len(found) else 0)
    return told


def kept_words(
    told: dict[str, Any] | None, record_days: float | None, start: datetime, now: datetime
) -> dict[str, Any]:
    """Whether there is a recording, and for how long, as a `Sighting` has it."""
    told = told or {}
    recorded, missing, of = (told.get(name, 0) for name in ("recorded_ms", "missing_ms", "of_ms"))
    word = "unknown"
    if of and recorded == of:
        word = "yes"
    elif recorded:
        word = "part"
    elif of and missing == of:
        word = "no"
    if "left" in told and word != "unknown":
        return {
            "recording": word,
            "recorded_s": recorded / 1000.0,
            "days_left": told["left"],
            "days_from": "list",
        }
    left = None if record_days is None else float(record_days) - (now - start) / timedelta(days=1)
    return {
        "recording": word,
        "recorded_s": recorded / 1000.0,
        "days_left": left,
        "days_from": "" if left is None else "record",
    }
