"""Hours of the week: worked by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from cameras.patterns import counted, weekly
from web.access import Role

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> int:
    """A time of November 2026 in Shanghai; the 23rd is a Monday."""
    return int(datetime(2026, 11, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


def table(*rows: tuple) -> pd.DataFrame:
    """Windows."""
    return pd.DataFrame(rows, columns=["analysis", "start_ms", "end_ms", "measure"])


def test_hours_are_means_of_their_own_weekday() -> None:
    """Two Mondays, 20:00 to 22:00: 100 open from 20:30 to 21:00 on one of them; 60 all evening on both."""
    periods = pd.DataFrame(
        {"start_ms": [at(23, 20), at(16, 20)], "end_ms": [at(23, 22), at(16, 22)]}, index=[2, 1]
    )
    windows = table(
        (2, at(23, 20, 30), at(23, 21), 100), (2, at(23, 20), at(23, 22), 60), (1, at(16, 20), at(16, 22), 60)
    )
    told = weekly(periods, windows, ZONE)
    assert told.open_mean[0, 20] == 60 + 25 and told.open_mean[0, 21] == 60
    assert told.days[0, 20] == 2 and told.days.sum() == 4
    # What was not analysed is empty, and not 0.
    assert np.isnan(told.open_mean).sum() == 7 * 24 - 2


def test_the_newest_analysis_of_an_instant_counts() -> None:
    """The older one told 40 for the whole hour, the newer 10 of its first half: 25 in the mean of one day."""
    periods = pd.DataFrame(
        {"start_ms": [at(24, 8), at(24, 8)], "end_ms": [at(24, 8, 30), at(24, 9)]}, index=[2, 1]
    )
    windows = table((2, at(24, 8), at(24, 8, 30), 10), (1, at(24, 8), at(24, 9), 40))
    told = weekly(periods, windows, ZONE)
    assert told.open_mean[1, 8] == 25 and told.days[1, 8] == 1


def test_each_instant_counts_once_by_the_newest() -> None:
    """3 covers the middle of 2, 1 reaches out on both sides; what lies outside the day counts for nothing."""
    periods = pd.DataFrame(
        {"start_ms": [at(24, 8), at(24, 6), at(23, 20)], "end_ms": [at(24, 9), at(24, 12), at(25, 4)]},
        index=[3, 2, 1],
    )
    whole = [
        (1, at(23, 20), at(24, 6)),
        (2, at(24, 6), at(24, 8)),
        (3, at(24, 8), at(24, 9)),
        (2, at(24, 9), at(24, 12)),
        (1, at(24, 12), at(25, 4)),
    ]
    assert list(counted(periods).itertuples(index=False, name=None)) == whole
    day = (at(24, 0), at(25, 0))
    assert list(counted(periods, day).itertuples(index=False, name=None)) == [
        (number, max(a, day[0]), min(b, day[1])) for number, a, b in whole
    ]
    hidden = pd.DataFrame(
        {"start_ms": [at(24, 6), at(24, 7)], "end_ms": [at(24, 9), at(24, 8)]}, index=[2, 1]
    )
    assert counted(hidden)["analysis"].tolist() == [2]


def test_nothing_analysed_is_all_empty() -> None:
    """No hour has a figure."""
    told = weekly(pd.DataFrame({"start_ms": [], "end_ms": []}), table(), ZONE)
    assert np.isnan(told.open_mean).all() and not told.days.any()


def test_the_page_shows_the_hours_of_its_reader(served) -> None:
    """Five streets of 82 m are unseen from ten in the morning of a Saturday on, two of them in the town."""
    for path, metres in ((None, "410 m"), ("c.d.t", "164 m")):
        page = served.client(Role.COMMANDER, path).get("/gaps/pattern?lang=en").text
        assert page.count(metres) == 14 and page.count("<td></td>") == 6 * 24
        assert page.count("1 day<") == 24 and "Sat" in page
    build = served.client(Role.COMMANDER).get("/gaps/pattern?list=build&lang=en").text
    assert build.count(">0 m<") == 24, "analysed, and nothing open"
    assert served.client(Role.COMMANDER).get("/gaps/pattern?list=x").status_code == 404
    assert "周六" in served.client(Role.COMMANDER).get("/gaps/pattern?lang=zh").text
