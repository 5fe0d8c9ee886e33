"""Fixed duties: when they fall due, worked by hand, and what no duty can be."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputRefused
from patrols.duties import KINDS, Due, Duty, due, on_visit, read_kind, read_windows, written_windows
from patrols.problem import CrossRule
from patrols.readers.duties import DEFAULTS, KindDefaults, read_duties

ZONE = ZoneInfo("Asia/Shanghai")
GATE = Duty("g", "下寨小学", "school_gate", read_windows("07:20-08:10; 16:20-17:20"), 1800, required=True)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def always(day: date) -> bool:
    return True


def test_a_duty_falls_due_in_its_hours_and_the_stay_ends_within_them() -> None:
    """Shift from 6:00: the gate's 7:20 to 8:10 less half an hour, in seconds after the begin."""
    assert due(GATE, always, at(6), at(10), ZONE) == Due(((4800, 6000),))
    assert due(GATE, always, at(6), at(18), ZONE).windows == ((4800, 6000), (37_200, 39_000))


def test_hours_are_cut_to_the_shift() -> None:
    """From 7:30 on 20 minutes are left beside the stay, until 7:50 the same 30 and no more."""
    assert due(GATE, always, at(7, 30), at(10), ZONE).windows == ((0, 600),)
    assert due(GATE, always, at(6), at(7, 50), ZONE).windows == ((4800, 4800),)


def test_hours_that_leave_no_time_for_the_stay_are_said() -> None:
    assert due(GATE, always, at(8), at(10), ZONE) == Due((), short=True)
    assert due(GATE, always, at(18), at(22), ZONE) == Due((), short=False), "not due at all"


def test_a_duty_without_hours_may_be_done_at_any_time_of_the_shift() -> None:
    entrance = Duty("v", "村口", "village_entrance", (), 600)
    assert due(entrance, always, at(20), at(22), ZONE).windows == ((0, 6600),)


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    night = Duty("v", "村口", "village_entrance", read_windows("22:00-02:00"), 600)
    on_23 = date(2026, 11, 23)
    assert due(night, lambda day: day == on_23, at(0, 0, 24), at(4, 0, 24), ZONE).windows == ((0, 6600),)
    assert due(night, lambda day: day != on_23, at(0, 0, 24), at(4, 0, 24), ZONE).windows == ()


def test_a_day_on_which_the_calendar_does_not_hold_has_no_duty() -> None:
    assert due(GATE, lambda day: False, at(6), at(18), ZONE) == Due(())


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, 1439), st.integers(1, 1440))
def test_every_stay_lies_in_the_hours_and_in_the_shift(
    opens: int, length: int, starts: int, lasts: int
) -> None:
    """Minutes of the day; whoever begins at either end of a window is done within both."""
    hours = (time(*divmod(opens, 60)), time(*divmod((opens + length) % 1440, 60)))
    stay = min(600, length * 60)
    duty = Duty("d", "d", "other", (hours,), stay)
    start = at(0).replace(hour=starts // 60, minute=starts % 60)
    end = datetime.fromtimestamp(start.timestamp() + lasts * 60, ZONE)
    for first, last in due(duty, always, start, end, ZONE).windows:
        assert 0 <= first <= last and last + stay <= lasts * 60
        for begun in (first, last):
            since = (starts * 60 + begun - opens * 60) % 86_400
            assert since + stay <= length * 60


# --- Which visits the hours hold for --------------------------------------


def test_a_required_duty_wants_every_visit_in_its_hours() -> None:
    assert on_visit(GATE, [(0, 60)], CrossRule()) == "each"


def test_hours_too_short_for_two_visits_hold_for_the_first() -> None:
    """Half an hour apart: 30 minutes between the ends are enough, 29 are not."""
    bank = Duty("b", "b", "bank", (), 600)
    assert on_visit(bank, [(0, 1800)], CrossRule()) == "each"
    assert on_visit(bank, [(0, 1740)], CrossRule()) == "first"
    assert on_visit(bank, [(0, 0)], CrossRule(visits=1, villages=1)) == "each"


# --- What no duty can be --------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "parade"}, "kind 'parade' is not known"),
        ({"stay_s": 5}, "a stay of 5 s is out of limits"),
        ({"stay_s": 20_000}, "a stay of 20000 s is out of limits"),
        ({"prize": -1}, "-1 points are out of limits"),
        ({"hours": read_windows("08:00-08:00")}, "hours from 08:00 to 08:00 are none"),
        ({"hours": read_windows("08:00-08:20"), "stay_s": 1800}, "a stay of 30 min does not fit"),
        ({"hours": read_windows(";".join(["08:00-09:00"] * 7))}, "at most 6 windows"),
    ],
)
def test_what_cannot_be_done_is_refused(given: dict, told: str) -> None:
    with pytest.raises(InputRefused, match=told):
        Duty(**{"code": "a", "name": "a", "kind": "other", **given})


@pytest.mark.parametrize("text", ["8", "08:00", "25:00-26:00", "08:00-09:00-10:00", "soon"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        read_windows(text)


def test_hours_are_written_as_they_are_read() -> None:
    assert written_windows(read_windows("16:20-17:20；07:20-08:10")) == "07:20-08:10; 16:20-17:20"
    assert read_windows("") == ()


def test_kinds_have_words_of_both_languages_and_defaults_that_hold() -> None:
    assert read_kind("护学岗") == read_kind("School gate") == "school_gate"
    assert read_kind("巡游") == "巡游"
    assert set(DEFAULTS) == set(KINDS)
    for kind, usual in DEFAULTS.items():
        assert Duty("a", "a", kind, read_windows(usual.hours), usual.stay_s, usual.required, usual.prize)


# --- Files ----------------------------------------------------------------

HEAD = "编码,名称,类型,lon,lat,日历,时段,停留分钟,必到,分值,到岗队伍,备注\n"


def listed(tmp_path: Path, *rows: str, **options: object):
    path = tmp_path / "duties.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return read_duties(path, datum="wgs84", calendars=["term"], **options)


def test_a_list_says_what_it_wants_and_the_kind_says_the_rest(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        "g1,下寨小学,护学岗,116.6,23.3,term,,,,,,",
        "w1,水库,防溺水,116.61,23.31,,13:00-19:00,20,是,40,t1;t2,浮标旁",
    ).frame
    gate, water = found.to_dict("records")
    assert gate["kind"] == "school_gate" and gate["calendar"] == "term"
    assert gate["hours"] == ["07:20-08:10", "16:20-17:20"] and gate["stay_s"] == 1800
    assert gate["required"] is True and gate["prize"] == 200
    assert water["hours"] == ["13:00-19:00"] and water["stay_s"] == 1200 and water["required"] is True
    assert (water["prize"], water["teams"], water["note"], water["calendar"]) == (
        40,
        ["t1", "t2"],
        "浮标旁",
        None,
    )


def test_other_defaults_are_other_settings(tmp_path: Path) -> None:
    usual = {**DEFAULTS, "bank": KindDefaults("15:00-16:00", 300, True, 7)}
    found = listed(tmp_path, "b,银行,银行,116.6,23.3,,,,,,,", defaults=usual).frame.iloc[0]
    assert (found["hours"], found["stay_s"], found["required"], found["prize"]) == (
        ["15:00-16:00"],
        300,
        True,
        7,
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("x,名,巡游,116.6,23.3,,,,,,,", "kind '巡游' is not known"),
        ("x,名,其他,116.6,23.3,,8点,,,,,", "are no hours"),
        ("x,名,其他,116.6,23.3,,08:00-08:10,30,,,,", "does not fit into the hours"),
        ("x,名,其他,116.6,23.3,none,,,,,,", "calendar 'none' is not known; known are: term"),
        ("x,名,其他,116.6,23.3,,,,maybe,,,", "neither yes nor no"),
        ("x,,其他,116.6,23.3,,,,,,,", "needs a name"),
        ("x,名,其他,116.6,23.3,,,900,,,,", "out of limits"),
    ],
)
def test_a_bad_row_is_told_with_its_number(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(InputRefused) as refused:
        listed(tmp_path, row)
    assert any(told in one and one.startswith("row 2") for one in refused.value.problems)


def test_good_rows_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    found = listed(tmp_path, "x,名,巡游,116.6,23.3,,,,,,,", "y,名,其他,116.6,23.3,,,,,,,", keep_good=True)
    assert found.frame["code"].tolist() == ["y"] and len(found.problems) == 1
