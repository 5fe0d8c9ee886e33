"""When a team serves: hours of the day, days, breaks and pace, worked by hand and by law."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputRefused
from patrols import pace
from patrols.hours import (
    Break,
    Terms,
    breaks_within,
    read_breaks,
    read_clock,
    read_hours,
    read_words,
    serving,
)
from patrols.problem_frames import breaks_fit
from patrols.services.duty import on_duty

CHINA = ZoneInfo("Asia/Shanghai")


def local(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA)


# Friday to Saturday.
EVENING = (local(27, 18), local(28, 2))


def parts(terms, period=EVENING, **more):
    return [
        f"{a.astimezone(CHINA):%d %H:%M}-{b.astimezone(CHINA):%d %H:%M}"
        for a, b in serving(*period, CHINA, terms, **more)
    ]


@pytest.mark.parametrize(
    "hours, expected",
    [
        (None, ["27 18:00-28 02:00"]),
        ("18:00-22:00", ["27 18:00-27 22:00"]),
        ("20:00-06:00", ["27 20:00-28 02:00"]),
        # The night before reaches into this one's evening on neither side.
        ("08:00-12:00", []),
        ("01:00-19:00", ["27 18:00-27 19:00", "28 01:00-28 02:00"]),
        ("00:00-24:00", None),
    ],
)
def test_daily_hours_are_cut_to_the_shift(hours, expected):
    if expected is None:
        with pytest.raises(InputRefused, match="daily hours from 00:00 to 00:00 are none"):
            Terms(hours=read_hours(hours))
    else:
        assert parts(Terms(hours=hours and read_hours(hours))) == expected


def test_hours_past_midnight_belong_to_the_day_they_begin_on():
    """A shift after midnight on Saturday is Friday's for whoever serves at night."""
    night = Terms(hours=(time(22), time(4)))
    saturday = (local(28, 0), local(28, 6))
    assert parts(night, saturday, serves=lambda day: day == date(2026, 11, 27)) == ["28 00:00-28 04:00"]
    assert parts(night, saturday, serves=lambda day: day == date(2026, 11, 28)) == []


def test_without_hours_a_shift_belongs_to_the_day_it_begins_on():
    assert parts(Terms(), serves=lambda day: day == date(2026, 11, 27)) == ["27 18:00-28 02:00"]
    assert parts(Terms(), serves=lambda day: day == date(2026, 11, 28)) == []


def test_by_day_only_ends_at_nineteen():
    assert parts(Terms(daytime_only=True)) == ["27 18:00-27 19:00"]
    assert parts(Terms(daytime_only=True, hours=(time(20), time(22)))) == []


def test_the_day_the_clocks_go_back_has_an_hour_more():
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 20, tzinfo=berlin)
    ((first, last),) = serving(start, start + timedelta(days=1), berlin, Terms(hours=(time(22), time(6))))
    assert last - first == timedelta(hours=9)


@given(
    hours=st.tuples(st.times(), st.times()).filter(lambda two: two[0] != two[1]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    length=st.integers(1, 3 * 1440),
)
def test_parts_lie_in_the_shift_apart_and_in_order(hours, start, length):
    first = start.replace(tzinfo=UTC)
    last = first + timedelta(minutes=length)
    found = serving(first, last, CHINA, Terms(hours=hours))
    flat = [moment for part in found for moment in part]
    assert flat == sorted(flat) and len(set(flat)) == len(flat)
    assert all(first <= moment <= last for moment in flat)


# ---------------------------------------------------------------- breaks


def test_a_break_is_due_when_it_can_be_begun_and_ended_in_the_teams_time():
    one = Break(time(20), time(21), 15)
    start = EVENING[0]
    # Two hours after six, to be begun within an hour.
    assert breaks_within([one], start, CHINA, 0, 8 * 3600) == [(7200, 10800, 900)]
    # A team that leaves at half past eight begins it by a quarter past.
    assert breaks_within([one], start, CHINA, 0, 9000) == [(7200, 8100, 900)]
    assert breaks_within([one], start, CHINA, 0, 7200 + 899) == []
    # Past midnight.
    late = Break(time(23, 30), time(0, 30), 10)
    assert breaks_within([late], start, CHINA, 0, 8 * 3600) == [(19800, 23400, 600)]


def test_breaks_of_the_same_time_fit_only_one_after_the_other():
    two = [(7200, 7200, 900), (7200, 8100, 900)]
    assert breaks_fit(two, 0, 9000)
    assert not breaks_fit([(7200, 7200, 900), (7200, 7200, 900)], 0, 9000)


@pytest.mark.parametrize(
    "written", ["18:00-22:00", "18：00－22：00", "１８:００～２２:００", "18:00至22:00", "18点00分到22点00分"]
)
def test_hours_are_read_as_chinese_keyboards_write_them(written):
    assert read_hours(written) == (time(18), time(22))


@pytest.mark.parametrize("between", [";", "；", "，", "、", "\n", " , "])
def test_breaks_are_told_apart_by_what_people_put_between_them(between):
    two = read_breaks(f"20:00-21:00 15分{between}２２：００－２３：００　１０")
    assert two == (Break(time(20), time(21), 15), Break(time(22), time(23), 10))


def test_what_is_written_is_read_back():
    breaks = read_breaks("20:00-21:00 15；23：30至0:30 10分钟;")
    assert breaks == (Break(time(20), time(21), 15), Break(time(23, 30), time(0, 30), 10))
    assert read_breaks("; ".join(one.text for one in breaks)) == breaks
    assert read_hours(" 22:00—02:00 ") == (time(22), time(2))
    assert read_hours(" ") is None
    assert read_clock("24:00") == time(0)
    assert read_words("急救, 划船，急救;") == ("急救", "划船")


@pytest.mark.parametrize(
    "read, value, words",
    [
        (read_clock, "25:00", "'25:00' is no time of the day; write it as 18:00"),
        (read_clock, "9", "is no time of the day"),
        (read_hours, "six", "'six' are no hours; write them as 18:00-22:00"),
        (read_breaks, "20:00 15", "'20:00 15' is no break"),
        (read_breaks, "20:00-21:00", "is no break"),
        (read_breaks, "20:00-21:00 0", "from 1 to 240 minutes, not 0"),
        (read_breaks, "20:00-21:00 241", "from 1 to 240 minutes, not 241"),
    ],
)
def test_what_is_no_time_is_refused(read, value, words):
    with pytest.raises(InputRefused, match=words):
        read(value)


@pytest.mark.parametrize(
    "terms, words",
    [
        ({"breaks": read_breaks("20:00-21:00 15;" * 5)}, "at most 4 breaks, not 5"),
        ({"pace_percent": 19}, "a pace of 19 per cent"),
        ({"pace_percent": 101}, "a pace of 101 per cent"),
        ({"skills": ("x" * 41,)}, "at most 40 characters"),
    ],
)
def test_terms_out_of_limits_are_refused(terms, words):
    with pytest.raises(InputRefused, match=words):
        Terms(**terms)


# ---------------------------------------------------------------- pace


def test_a_slower_mode_has_its_pace_in_its_name():
    assert pace.paced("foot", 100) == "foot"
    assert pace.split(pace.paced("foot", 70)) == ("foot", 70)
    assert pace.split("car") == ("car", 100)
    assert pace.split("foot@x") == ("foot@x", 100)


def test_seven_minutes_take_ten_at_seventy_per_cent():
    assert pace.slowed(np.array([420, 0, -1, 1]), 70).tolist() == [600, 0, -1, 2]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(20, 100))
def test_no_detour_is_shorter_than_the_straight_way(a, b, percent):
    there, on, whole = pace.slowed(np.array([a, b, a + b]), percent)
    assert there + on >= whole >= a + b


# ---------------------------------------------------------------- who is on duty


def frame(**own):
    row = {"code": "t", "starts_at": pd.NaT, "ends_at": pd.NaT} | own
    return pd.DataFrame([row])


def duty(days=None, **own):
    kept, remarks = on_duty(frame(**own), *EVENING, zone=CHINA, days=days)
    return kept[["start_s", "end_s"]].to_numpy().tolist(), [str(one) for one in remarks]


def test_a_team_serves_within_its_daily_hours():
    assert duty(daily_from=time(20), daily_to=time(22)) == ([[7200, 14400]], [])


def test_a_team_that_does_not_serve_now_is_left_out_and_told_why():
    assert duty(daily_from=time(8), daily_to=time(12), daytime_only=True) == (
        [],
        [
            "team 't' serves daily from 08:00 to 12:00; by day only, 06:00 to 19:00, not in this shift, and "
            "was left out"
        ],
    )


def test_a_team_with_two_parts_of_a_shift_gets_the_longer():
    assert duty(daily_from=time(1), daily_to=time(20)) == (
        [[0, 7200]],
        ["team 't' serves in 2 parts of this shift and is planned for the longest, 18:00 to 20:00"],
    )


def test_a_calendar_says_on_which_days_a_team_serves():
    assert duty({"w": lambda day: day == date(2026, 11, 27)}, calendar="w") == ([[0, 28800]], [])
    assert duty({"w": lambda day: False}, calendar="w") == (
        [],
        ["team 't' serves on the days of calendar 'w', not in this shift, and was left out"],
    )
    assert duty({}, calendar="w") == (
        [],
        ["team 't' serves by calendar 'w', which is not there, and was left out; give it another one"],
    )
