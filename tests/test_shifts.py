"""A shift is neither empty nor longer than a day: a slip in the date is no plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from test_planning import planned, town

from geo.errors import InputRefused
from patrols.shifts import refuse_shift
from web.jobs.bodies.plan import order

SIX = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("lasts", "nights", "words"),
    [
        (timedelta(), 1, "ends when it begins, at 2026-11-24 18:00; give a later end"),
        (-HOUR, 1, "from 2026-11-24 18:00 to 2026-11-24 17:00 is empty; swap the two"),
        (timedelta(days=365), 1, "to 2027-11-24 18:00 lasts 8,760 h; plan at most 24 h at a time"),
        (26 * HOUR, 1, "lasts 26 h"),
        (25 * HOUR, 2, "lasts 25 h"),
    ],
)
def test_what_is_no_shift_is_told_by_the_clock_it_was_given_in(lasts, nights, words):
    with pytest.raises(InputRefused) as refused:
        refuse_shift(SIX, SIX + lasts, nights=nights)
    assert words in str(refused.value)


def test_a_day_and_a_night_are_a_shift_also_when_the_clocks_are_put_back():
    """2026-10-25 has 25 hours in Helsinki."""
    refuse_shift(SIX, SIX + 24 * HOUR, nights=2)
    helsinki = ZoneInfo("Europe/Helsinki")
    start, end = (datetime(2026, 10, day, 0, tzinfo=helsinki).astimezone(UTC) for day in (25, 26))
    assert end - start == 25 * HOUR
    refuse_shift(start, end)


def test_it_is_refused_before_it_is_put_into_the_queue_and_by_the_service(session):
    asked = {"zone": "z", "start": SIX.isoformat(), "end": (SIX + timedelta(days=365)).isoformat()}
    with pytest.raises(InputRefused, match="plan at most 24 h"):
        order(asked)
    town(session)
    with pytest.raises(InputRefused, match="plan at most 24 h"):
        planned(session, start=SIX, end=SIX + timedelta(days=2))
