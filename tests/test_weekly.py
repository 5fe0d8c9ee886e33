"""A week told from several analyses, worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from cameras.causes import CAUSE_NAMES
from cameras.patterns import counted
from cameras.weekly import (
    clipped,
    last_whole_week,
    mean_deficits,
    mean_shares,
    most_telling,
    parsed_monday,
    parts_counted,
    silent_sources,
    things,
    uncovered,
    week_from,
)
from geo.errors import InputRefused

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000
WEEK = week_from(date(2026, 11, 16), ZONE)
START, END = WEEK.period


def hour(at: float) -> int:
    """Hours since the week began."""
    return START + round(at * HOUR)


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


# Monday by 1, Tuesday by 2; 3 is newer and counts for the second half of Tuesday, and on to Wednesday 12:00.
PERIODS = frame("start_ms end_ms", (hour(36), hour(60)), (hour(24), hour(48)), (hour(0), hour(24)))
PERIODS.index = [3, 2, 1]
PIECES = counted(PERIODS, WEEK.period)


def test_a_week_is_monday_to_sunday_of_the_site() -> None:
    """Shanghai is eight hours ahead; Helsinki's week of the last Sunday of October has an hour more."""
    assert WEEK.start == datetime(2026, 11, 15, 16, tzinfo=UTC) and WEEK.sunday == date(2026, 11, 22)
    assert WEEK.before().monday == date(2026, 11, 9)
    october = week_from(date(2026, 10, 19), ZoneInfo("Europe/Helsinki")).period
    assert (october[1] - october[0]) // HOUR == 169
    late = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    assert last_whole_week(late, ZONE).monday == date(2026, 11, 9)
    assert last_whole_week(late + timedelta(minutes=1), ZONE).monday == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-18", "2026-11-18 is not a Monday; the week it lies in begins on 2026-11-16"),
        ("16.11.2026", "is not a day; write the Monday of the week as 2026-11-16"),
        ("2026-02-30", "is not a day"),
        ("1999-12-27", "outside the years 2000 to 2199"),
        ("9999-12-27", "outside the years 2000 to 2199"),
        ("", "is not a day"),
    ],
)
def test_what_is_no_monday_is_refused_in_words(day: str, words: str) -> None:
    """With the Monday that was meant, or the way to write one."""
    with pytest.raises(InputRefused, match=words):
        week_from(parsed_monday(day), ZONE)


def test_hours_that_no_analysis_covers_are_told() -> None:
    """From Wednesday noon on; and a hole in the middle."""
    assert uncovered(PIECES, WEEK.period) == [(hour(60), END)]
    assert uncovered(PIECES.iloc[[0, 2]], WEEK.period) == [(hour(24), hour(36)), (hour(60), END)]
    assert uncovered(PIECES.iloc[:0], WEEK.period) == [WEEK.period]


def test_windows_are_cut_to_the_time_their_analysis_counts() -> None:
    """Of analysis 2 nothing after Tuesday noon, of 1 nothing before the week."""
    rows = frame(
        "gap analysis start_ms end_ms",
        (10, 2, hour(30), hour(40)),
        (11, 1, hour(-3), hour(2)),
        (12, 3, hour(36), hour(37)),
        (13, 2, hour(37), hour(47)),
    )
    told = clipped(rows, PIECES)
    assert told.to_records(index=False).tolist() == [
        (10, 2, hour(30), hour(36)),
        (11, 1, hour(0), hour(2)),
        (12, 3, hour(36), hour(37)),
    ]


def test_shares_are_means_over_the_time_that_counts() -> None:
    """100 m: 24 h at 50 %, 12 of the 24 h of an analysis at 25 %, 24 h at 100 %: 39 of 60 h are seen."""
    parts = parts_counted(PERIODS, PIECES)
    assert parts.to_dict() == {3: 1.0, 2: 0.5, 1: 1.0}
    day = 100_000 * 24 * HOUR
    sums = frame(
        "analysis path ground level measure total certain possible",
        (1, "c", "street", "observe", 100_000, day, day / 2, day / 2),
        (2, "c", "street", "observe", 100_000, day, day / 4, day),
        (3, "c", "street", "observe", 90_000, day, day, day),
    )
    told = mean_shares(sums, parts).loc[("c", "street", "observe")]
    assert told["certain"] == pytest.approx((12 + 3 + 24) / 60)
    assert told["possible"] == pytest.approx((12 + 12 + 24) / 60) and told["measure"] == 100_000


def test_causes_add_up_to_what_was_not_watched() -> None:
    """100 m, 21 of 60 h not seen: 35 m on the mean, 20 m lost and 15 m never built; a place by itself."""
    day = 100_000 * 24 * HOUR
    deficits = frame(
        "analysis path ground cause deficit",
        (1, "c", "street", "outage", day / 2),
        (2, "c", "street", "no_camera", day * 3 / 4),
        (1, "c", "place", "outage", 30 * HOUR),
    )
    told = mean_deficits(deficits, parts_counted(PERIODS, PIECES), 60 * HOUR).loc["c"]
    assert told["street", "outage"] == pytest.approx(20) and told["street", "no_camera"] == pytest.approx(15)
    assert told["place", "outage"] == pytest.approx(0.5)
    assert set(told["street"].index) == set(CAUSE_NAMES) and told.sum() == pytest.approx(35.5)


GAPS = frame(
    "id analysis cause ground measure leaf cameras reasons",
    (1, 1, "outage", "street", 40_000, "c.a", ("K1",), ("lost",)),
    (2, 1, "outage", "street", 60_000, "c.b", ("K1",), ("silent",)),
    (3, 2, "outage", "street", 50_000, "c.a", ("K1",), ("lost",)),
    (4, 2, "outage", "street", 10_000, "c.a", ("K1", "K2"), ("lost",)),
    (5, 3, "outage", "place", 1, "c.a", ("K2",), ("lost",)),
    (6, 1, "no_camera", "street", 500_000, "c.a", (), ()),
    (7, 3, "no_camera", "street", 700_000, "c.a", (), ()),
    (8, 3, "no_camera", "street", 900_000, "c.b", (), ()),
    (9, 2, "not_measured", "street", 5_000, "c.b", ("K3",), ()),
    (10, 1, "outage", "street", 90_000, "c.b", ("K9",), ()),
).set_index("id")
WINDOWS = frame(
    "gap start_ms end_ms",
    (1, hour(1), hour(3)),
    (2, hour(2), hour(5)),
    (3, hour(24), hour(30)),
    (4, hour(24), hour(30)),
    (5, hour(40), hour(41)),
    (6, hour(0), hour(24)),
    (7, hour(36), hour(60)),
    (8, hour(36), hour(60)),
    (9, hour(24), hour(36)),
)


def test_gaps_are_merged_as_a_person_would_name_them() -> None:
    """K1 was lost on Monday at two places and on Tuesday at one: one matter; so is each village without."""
    told = things(GAPS, WINDOWS, place_weight_m=75)
    assert told["gaps"].tolist() == [(1, 2, 3), (5,), (4,), (9,), (6, 7), (8,)]
    first = told.iloc[0]
    assert first["cameras"] == ("K1",) and first["reasons"] == ("lost", "silent")
    # Of all days the one with most: 40 + 60 m. Open 1–5 and 24–30: 10 h.
    assert first["street_mm"] == 100_000 and first["open_ms"] == 10 * HOUR
    assert first["windows"] == ((hour(1), hour(5)), (hour(24), hour(30)))
    assert first["weight"] == pytest.approx(40 * 2 + 60 * 3 + 50 * 6)
    # Most of it lay in c.a (300 of 560 metre hours, and 80), where gap 3 is the greatest.
    assert first["gap"] == 3 and first["leaves"] == ("c.a", "c.b")
    assert told["places"].tolist() == [0, 1, 0, 0, 0, 0] and told.loc[1, "weight"] == 75
    assert told["list"].tolist() == ["repair"] * 3 + ["measure"] + ["build"] * 2
    # 500 m for 24 h and 700 m for 24 h, before 900 m for 24 h.
    assert told.loc[4, "weight"] == 24 * 1200 and told.loc[4, "street_mm"] == 700_000


def test_a_gap_that_was_open_when_its_analysis_did_not_count_is_left_out() -> None:
    """Gap 10 has no window in what counts; without any window there is nothing at all."""
    told = things(GAPS, WINDOWS, place_weight_m=75)
    assert 10 not in {gap for gaps in told["gaps"] for gap in gaps}
    assert things(GAPS, WINDOWS.iloc[:0], place_weight_m=75).empty


def test_the_heaviest_and_the_longest_of_each_list_are_told() -> None:
    """Of repair the heaviest and the longest is one; two of build last equally long, the first counts."""
    told = things(GAPS, WINDOWS, place_weight_m=75)
    assert most_telling(told, 1, 1)["gaps"].tolist() == [(1, 2, 3), (9,), (6, 7)]
    assert most_telling(told, 0, 1)["gaps"].tolist() == [(1, 2, 3), (9,), (6, 7)]
    assert len(most_telling(told, 9, 9)) == len(told)


def test_a_silent_source_is_told_once_for_all_its_cameras() -> None:
    """Two cameras of one gateway, 2–5 and 4–6: four hours; other reasons and unknown sources count not."""
    segments = frame(
        "camera start_ms end_ms reason",
        (1, hour(2), hour(5), "source_silent"),
        (2, hour(4), hour(6), "source_silent"),
        (3, hour(0), hour(9), "source_silent"),
        (1, hour(6), hour(9), "lost"),
        (4, hour(1), hour(2), "source_silent"),
    )
    sources = pd.DataFrame({"source": ["g1", "g1", None, "g2"]}, index=[1, 2, 3, 4])
    assert silent_sources(segments, sources).to_records(index=False).tolist() == [
        ("g1", 2, 4 * HOUR, hour(2), hour(6)),
        ("g2", 1, HOUR, hour(1), hour(2)),
    ]
    assert silent_sources(segments.iloc[3:4], sources).empty
