"""What each source delivered, and what that says of it and of its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.orm import Session

from cameras.diagnosis import Thresholds
from cameras.repository import deliveries as store
from cameras.source_clock import SourceClock, source_clock
from geo.services import current_site

WEEK = timedelta(days=7)
NEVER, SPEAKS, SILENT, GONE = "never", "speaks", "silent", "gone"
# A source that was not heard of for so long is looked for in another place than its connection.
GONE_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class ClockDay:
    """The clock of a source by the batches of one day."""

    day: str
    batches: int
    least_s: float
    greatest_s: float
    clock: SourceClock


def sources_told(session: Session, *, now: datetime, thresholds: Thresholds | None = None) -> pd.DataFrame:
    """Every source with what it delivered (`sources_summed`), its state and its clock.

    Returns
    -------
    DataFrame
        By id; further columns `state` (never, speaks, silent, gone), `clock`, `clock_s`, `clock_spread_s`.
    """
    limits = Thresholds() if thresholds is None else thresholds
    midnight = now.astimezone(ZoneInfo(current_site(session).timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    told = store.sources_summed(session, today=midnight, week=now - WEEK)
    states, clocks = [], []
    for row in told.to_dict("records"):
        patience_s = limits.lost_intervals * float(row["expected_interval_s"])
        states.append(_state(row["heard_at"], now, patience_s))
        lags = _number(row["least_s"]), _number(row["greatest_s"])
        clocks.append(source_clock(int(row["batches"]), *lags, patience_s))
    return told.assign(
        state=states,
        clock=[one.state for one in clocks],
        clock_s=[one.offset_s for one in clocks],
        clock_spread_s=[one.spread_s for one in clocks],
    )


def clock_days(session: Session, source: int, *, now: datetime, interval_s: float) -> list[ClockDay]:
    """What the batches of each of the last days said of a source's clock, the newest first."""
    zone = current_site(session).timezone
    patience_s = Thresholds().lost_intervals * interval_s
    rows = store.clock_days(session, source, since=now - 2 * WEEK, zone=zone)
    return [
        ClockDay(
            str(row["day"]),
            int(row["batches"]),
            float(row["least_s"]),
            float(row["greatest_s"]),
            source_clock(int(row["batches"]), float(row["least_s"]), float(row["greatest_s"]), patience_s),
        )
        for row in rows.to_dict("records")
    ]


def _state(heard_at: Any, now: datetime, patience_s: float) -> str:
    if pd.isna(heard_at):
        return NEVER
    silent = now - heard_at
    if silent <= timedelta(seconds=patience_s):
        return SPEAKS
    return SILENT if silent <= max(GONE_AFTER, timedelta(seconds=2 * patience_s)) else GONE


def _number(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)
