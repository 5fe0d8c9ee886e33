"""Calendars: worked by hand from the notices of China's State Council, and laws."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputRefused
from patrols.calendars import (
    WEEKDAYS,
    Calendar,
    Holidays,
    holidays_of_china,
    read_date,
    read_dates,
    read_terms,
    written_dates,
    written_terms,
)
from patrols.readers.holidays import read_holidays

WORKING = frozenset({1, 2, 3, 4, 5})
DATES = st.dates(date(2020, 1, 1), date(2030, 12, 31))
# The notice for 2026: National Day is off from 1 to 7 October, worked are 20 September (a Sunday) and
# 10 October (a Saturday).
NATIONAL_DAY = [date(2026, 10, day) for day in range(1, 8)]
MOVED = (date(2026, 9, 20), date(2026, 10, 10))


def test_working_days_follow_the_notice_of_the_state_council() -> None:
    calendar = Calendar(WORKING, holidays=holidays_of_china())
    assert not any(calendar.holds(day) for day in NATIONAL_DAY)
    assert all(calendar.holds(day) for day in MOVED)
    assert calendar.holds(date(2026, 10, 9)) and not calendar.holds(date(2026, 10, 11))


def test_a_weekend_gains_what_working_days_lose() -> None:
    """Whoever watches the water at weekends does so on holidays, and not on a moved working day."""
    weekend = Calendar(frozenset({6, 7}), holidays=holidays_of_china())
    assert all(weekend.holds(day) for day in NATIONAL_DAY)
    assert not any(weekend.holds(day) for day in MOVED)


def test_a_single_weekday_is_not_moved() -> None:
    """Which weekday a moved working day stands for is not said: a calendar of Fridays leaves it alone."""
    fridays = Calendar(frozenset({5}), holidays=holidays_of_china())
    assert not any(fridays.holds(day) for day in (*NATIONAL_DAY, *MOVED))
    assert fridays.holds(date(2026, 10, 16))


def test_a_calendar_that_follows_no_holidays_holds_on_them() -> None:
    calendar = Calendar(WORKING)
    assert calendar.holds(date(2026, 10, 1)) and not calendar.holds(MOVED[0])


def test_terms_bound_weekdays_and_both_ends_are_inside() -> None:
    term = Calendar(WORKING, ((date(2026, 9, 1), date(2027, 1, 15)),))
    assert term.holds(date(2026, 9, 1)) and term.holds(date(2027, 1, 15))
    assert not term.holds(date(2026, 8, 31)) and not term.holds(date(2027, 1, 18))


def test_single_dates_hold_and_dates_left_out_do_not() -> None:
    calendar = Calendar(
        WORKING,
        ((date(2026, 9, 1), date(2026, 9, 30)),),
        left_out=frozenset({date(2026, 9, 10)}),
        single=frozenset({date(2026, 12, 26)}),
    )
    assert not calendar.holds(date(2026, 9, 10))
    assert calendar.holds(date(2026, 12, 26)), "a Saturday outside every term"


def test_years_without_a_list_are_known_to_be_unknown() -> None:
    last = max(holidays_of_china().years)
    assert Calendar(WORKING, holidays=holidays_of_china()).knows(date(last, 1, 1))
    assert not Calendar(WORKING, holidays=holidays_of_china()).knows(date(last + 1, 1, 1))
    assert Calendar(WORKING).knows(date(last + 1, 1, 1)), "follows none"


def test_what_a_site_states_counts_before_the_list() -> None:
    stated = holidays_of_china().changed_by({date(2026, 10, 1): False, date(2099, 1, 1): True})
    calendar = Calendar(WORKING, holidays=stated)
    assert calendar.holds(date(2026, 10, 1)) and not calendar.holds(date(2099, 1, 1))


def test_a_year_is_known_once_its_list_was_stated_as_a_whole() -> None:
    """Thirteen days off by law, three of them on fixed dates; a list may name days of the next year."""
    legal = [date(2099, month, day) for month, day in ((1, 1), (4, 5), (5, 1), (5, 2), (6, 23), (9, 29))]
    legal += [date(2099, 1, day) for day in (20, 21, 22, 23)] + [date(2099, 10, day) for day in (1, 2, 3)]
    assert len(legal) == 13
    spill = {date(2100, 1, 1): True}

    def known(days: dict[date, bool]) -> list[bool]:
        calendar = Calendar(WORKING, holidays=holidays_of_china().changed_by(days))
        return [calendar.knows(date(year, 6, 1)) for year in (2099, 2100)]

    whole = dict.fromkeys(legal, True) | spill | {date(2099, 9, 27): False}
    assert known(whole) == [True, False]
    assert known({date(2099, 1, 1): True}) == [False, False]
    for missing in (date(2099, 10, 1), date(2099, 4, 5)):
        assert known({day: off for day, off in whole.items() if day != missing}) == [False, False]
    assert known(whole | {date(2099, 5, 1): False}) == [False, False], "stated otherwise by hand"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"weekdays": frozenset({8})}, "weekday 8 is none"),
        ({"weekdays": frozenset()}, "never holds"),
        # Saturday and Sunday of no term: this one is a Monday to Friday.
        (
            {"weekdays": frozenset({6, 7}), "terms": ((date(2026, 9, 7), date(2026, 9, 11)),)},
            "never holds",
        ),
        ({"weekdays": WORKING, "terms": ((date(2026, 9, 2), date(2026, 9, 1)),)}, "before it begins"),
        ({"weekdays": WORKING, "terms": ((date(2026, 9, 2), date(2056, 9, 1)),)}, "too long"),
        (
            {
                "weekdays": WORKING,
                "left_out": frozenset({date(2026, 9, 1)}),
                "single": frozenset({date(2026, 9, 1)}),
            },
            "both left out and a single date",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict, told: str) -> None:
    with pytest.raises(InputRefused, match=told):
        Calendar(**given)


def test_a_day_cannot_be_off_and_worked() -> None:
    with pytest.raises(ValueError, match="drop one"):
        Holidays(frozenset({date(2026, 1, 1)}), frozenset({date(2026, 1, 1)}))


@given(st.frozensets(st.sampled_from(WEEKDAYS), min_size=1), DATES)
def test_without_more_a_calendar_is_its_weekdays(weekdays: frozenset[int], day: date) -> None:
    assert Calendar(weekdays).holds(day) == (day.isoweekday() in weekdays)


@given(
    st.frozensets(st.sampled_from(WEEKDAYS), min_size=1),
    st.frozensets(DATES, max_size=4),
    DATES,
)
def test_leaving_out_never_adds_a_day(weekdays: frozenset[int], out: frozenset[date], day: date) -> None:
    assert Calendar(weekdays, left_out=out).holds(day) <= Calendar(weekdays).holds(day)


@given(st.lists(st.tuples(DATES, st.integers(0, 300)), max_size=4), st.frozensets(DATES, max_size=6))
def test_what_is_written_is_read_again(starts: list[tuple[date, int]], days: frozenset[date]) -> None:
    terms = tuple(sorted((first, first + timedelta(length)) for first, length in starts))
    assert read_terms(written_terms(terms)) == terms
    assert read_dates(written_dates(days)) == days


@pytest.mark.parametrize(
    "text",
    ["2026-09-01 / 2027-01-15", "2026/9/1 / 2027/1/15", "2026年9月1日至2027年1月15日", "20260901 - 20270115"],
)
def test_terms_are_read_as_people_write_them(text: str) -> None:
    assert read_terms(text) == ((date(2026, 9, 1), date(2027, 1, 15)),)


@pytest.mark.parametrize("text", ["2026-13-01", "tomorrow", "2026-02-30", "1.9.", ""])
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputRefused, match="is no date"):
        read_date(text)


def test_a_term_needs_two_dates() -> None:
    with pytest.raises(InputRefused, match="not two dates"):
        read_terms("2026-09-01")


# --- Files of holidays ----------------------------------------------------

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//CN
BEGIN:VEVENT
UID:1
SUMMARY:元旦(休)
DTSTART;VALUE=DATE:20270101
DTEND;VALUE=DATE:20270104
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:元旦 补班
DTSTART;VALUE=DATE:20270109
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_file_says_what_is_off_and_what_is_worked(tmp_path: Path) -> None:
    path = tmp_path / "2027.ics"
    path.write_text(ICS.replace("\n", "\r\n"), encoding="utf-8")
    found = read_holidays(path)
    assert {day: off for day, (off, _) in found.items()} == {
        date(2027, 1, 1): True,
        date(2027, 1, 2): True,
        date(2027, 1, 3): True,
        date(2027, 1, 9): False,
    }


def test_a_table_says_it_in_either_language(tmp_path: Path) -> None:
    path = tmp_path / "2027.csv"
    path.write_text("日期,类型,名称\n2027-01-01,休,元旦\n2027/1/9,work,元旦\n", encoding="utf-8")
    assert read_holidays(path) == {date(2027, 1, 1): (True, "元旦"), date(2027, 1, 9): (False, "元旦")}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "日期,类型\n2027-01-01,maybe\n", "nothing was taken in; bad rows: 1"),
        ("a.csv", "日期,类型\nsoon,休\n", "nothing was taken in; bad rows: 1"),
        ("a.csv", "日期,类型\n2027-01-01,休\n2027-01-01,班\n", "both a day off and a working day"),
        ("a.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "holds no holiday"),
        ("a.ics", "no calendar at all", "could not be read|holds no holiday"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputRefused, match=told):
        read_holidays(path)


@pytest.mark.parametrize("written", ["0001-01-01", "9999-12-31", "19991231", "2200年1月1日"])
def test_a_date_of_a_year_that_nobody_means_is_refused(written):
    with pytest.raises(InputRefused, match="lies outside 2000 to 2199; correct the date"):
        read_date(written)
    assert read_date("2199-12-31") == date(2199, 12, 31)
