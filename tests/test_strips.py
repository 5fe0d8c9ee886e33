"""Strips of a shift of several parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from patrols.daybook import TRAVEL, VISIT
from web.i18n import Translator
from web.pages.plans.strips import _period

SIX = datetime(2026, 11, 24, 18, tzinfo=UTC)
EN = Translator("en", ZoneInfo("UTC"))


def test_a_team_that_was_back_before_the_shift_went_on_is_shown_on_its_way_back():
    """One column of all parts holds NaN where a way leads to no stop."""
    book = pd.DataFrame(
        {
            "kind": [TRAVEL, VISIT, TRAVEL],
            "stop_id": ["z-001", "z-001", None],
            "start_at": [SIX + n * timedelta(minutes=5) for n in range(3)],
            "end_at": [SIX + n * timedelta(minutes=5) for n in range(1, 4)],
        }
    )
    assert pd.isna(book["stop_id"].iloc[2])
    told = [_period(row, pd.Series({"z-001": 7}), "#000000", EN) for row in book.to_dict("records")]
    assert [one.title for one in told] == ["on the way to stop 7", "stop 7", "on the way back"]
