"""The clock in a picture: what a line tells, when it is read and believed. Reading itself is played."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from clocks import FORMATS, plotted, written

from cameras.frames.times import epoch_ms
from cameras.onscreen import ClockReader, Region
from cameras.onscreen.lines import Image, lines
from cameras.onscreen.texts import readings
from geo.errors import InputRefused, LianfangError

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 18, 20, 30)
BEGAN_MS = epoch_ms(AT.replace(tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 18:20:30",
        "2026/11/23 18:20:30",
        "2026.11.23 18:20:30",
        "2026年11月23日 18:20:30",
        "2026年11月23日 星期一 18:20:30",
        "2026年11月23目 星期二18:20:30",
        "2026-11-23 星期一 18:20:30",
        "2026-11-23 Mon 18:20:30 .",
        "2026 11 23  18:20:30",
        "11-23-2026 Mon 18:20:30",
        "23-11-2026 Mon 18:20:30",
        "11-23-2026 06:20:30 PM",
        "11/23/2026 06:20:30PM",
        "2026-11-23 下午 06:20:30",
        "18:20:30 2026-11-23",
        "２０２６－１１－２３ １８：２０：３０",
    ],
)
def test_the_ways_in_which_cameras_write_a_time_are_read(text: str) -> None:
    assert readings(text) == (AT,)


def test_month_and_day_in_either_order_are_two_times() -> None:
    assert readings("05-07-2027 10:20:30") == (
        datetime(2027, 5, 7, 10, 20, 30),
        datetime(2027, 7, 5, 10, 20, 30),
    )
    assert readings("12:20:30 AM 2026-11-23") == (datetime(2026, 11, 23, 0, 20, 30),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "North gate",
        "2026-11-23",
        "18:20:30",
        "2026-11-23 18:20",
        "2026-13-23 18:20:30",
        "2026-11-31 18:20:30",
        "2026-11-23 24:20:30",
        "2026-11-23 18:20:60",
        "2026-11-23 13:20:30 PM",
        # A digit was lost or won: no other time is made of it.
        "2026-1-23 18:20:30",
        "2026-11-23 8:20:30",
        "026-11-23 18:20:30",
        "12026-11-23 18:20:30",
        "2026-11-2318:20:30",
        "2026-11-23 118:20:30",
        "2026-11-23 18:20:301",
        "2026-11-23 18:20:30 7",
        "2026411 23 18:20:30",
        "2026-11-23 18:20:30 Gate 4",
        "2026-11-23 18:20:30 gate",
    ],
)
def test_another_line_tells_no_time(text: str) -> None:
    assert readings(text) == ()


def test_a_part_of_a_picture_is_told_in_per_cent() -> None:
    assert Region.parsed("60,0,40,10") == Region(0.6, 0.0, 0.4, 0.1)
    for text, word in (
        ("60,0,40", "is not read; give left, top, width and height"),
        ("a,b,c,d", "is not read"),
        ("60,0,41,10", "60,0,41,10 is no part of a picture"),
        ("0,0,0,10", "is no part"),
        ("0,-1,10,10", "is no part"),
        ("0,nan,10,10", "is no part"),
    ):
        with pytest.raises(InputRefused, match=word):
            Region.parsed(text)


def busy(n: int = 0, height: int = 480, width: int = 640) -> Image:
    """Blocks of every brightness, which change from picture to picture."""
    rng = np.random.default_rng(n)
    rough = rng.integers(30, 190, (height // 40, width // 40, 3))
    return np.repeat(np.repeat(rough, 40, axis=0), 40, axis=1).astype(np.uint8)


@pytest.mark.parametrize("corner", ["tl", "tr", "bl", "br"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_line_of_a_clock_is_found_where_it_stands(name: str, corner: str) -> None:
    """Its digits are 18 of 24 px high; the first line found is it, from its first to its last sign."""
    picture = written(busy(), FORMATS[name](AT), 24, corner)
    drawn = np.abs(picture.astype(int) - busy()).max(axis=2) > 0
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    line = lines(picture.max(axis=2))[0]
    assert not line.is_dark
    assert 15 <= line.height <= 20
    assert rows[0] - 1 <= line.top and line.top + line.height <= rows[-1] + 2
    # Its outline, and a narrow last sign, at most.
    assert abs(line.left - columns[0]) <= 8 and abs(line.left + line.width - 1 - columns[-1]) <= 12


def test_a_picture_without_letters_has_no_line() -> None:
    assert lines(busy().max(axis=2)) == []
    assert lines(np.full((40, 300), 255, dtype=np.uint8)) == []
    assert lines(np.zeros((3, 3), dtype=np.uint8)) == []


# ------------------------------------------------------------ when it is believed


class Played:
    """A reader of text that knows what the clock shows; the pictures only have to have some line."""

    def __init__(self, shows: object) -> None:
        self.shows = shows
        self.lines: list[Image] = []

    def __call__(self, line: Image, is_digits: bool) -> str:
        self.lines.append(line)
        return str(self.shows(line, is_digits) if callable(self.shows) else self.shows)


def watched(
    reader: ClockReader, played: Played, seconds: int, shows: object, *, step: int = 1
) -> list[tuple[int, float]]:
    """(Second, seconds by which the clock is ahead) of each reading that is told, at a picture a second.

    `shows` is what the clock tells at a second.
    """
    told = []
    picture = plotted(busy(), f"{AT:%Y-%m-%d %H:%M:%S}", 18)
    for second in range(0, seconds, step):
        played.shows = shows(second)  # type: ignore[operator]
        at_ms = BEGAN_MS + second * 1000
        shown = reader.look(picture, at_ms)
        if shown is not None:
            told.append((second, (shown - at_ms) / 1000))
    return told


def ahead(seconds: float) -> object:
    """What a clock that is so much ahead shows at a second."""
    return lambda second: f"{AT + timedelta(seconds=second + seconds):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("off_s", [0, 440, -440, 3 * 86_400, -399 * 86_400])
def test_a_clock_is_read_once_a_minute_and_told_when_it_was_read_twice(off_s: int) -> None:
    """Read at 0 s and 5 s, told at 5 s; the next round begins a minute after the first."""
    played = Played("")
    reader = ClockReader(played, SHANGHAI)
    assert watched(reader, played, 140, ahead(off_s)) == [(5, off_s), (65, off_s), (125, off_s)]
    assert reader.counts == {"read": 3, "unread": 0}


def test_nothing_but_the_line_of_the_clock_is_read() -> None:
    """Once it is found, a few signs' room around it."""
    played = Played("")
    reader = ClockReader(played, SHANGHAI)
    watched(reader, played, 70, ahead(0))
    place = reader.place
    assert place is not None
    assert place.top < 0.06 and place.height < 0.15 and place.left < 0.05 and place.width < 0.75
    shapes = {line.shape for line in played.lines}
    assert max(height for height, _ in shapes) < 120 and len(played.lines) < 40


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("stands", lambda second: f"{AT:%Y-%m-%d %H:%M:%S}"),
        ("runs twice as fast", lambda second: f"{AT + timedelta(seconds=2 * second):%Y-%m-%d %H:%M:%S}"),
        ("of another year", lambda second: f"{AT + timedelta(days=401, seconds=second):%Y-%m-%d %H:%M:%S}"),
        ("1970", lambda second: f"{datetime(1970, 1, 1) + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"),
        ("no time", lambda second: "North gate"),
    ],
)
def test_a_clock_that_does_not_run_as_time_does_is_not_believed(name: str, shows: object) -> None:
    played = Played("")
    reader = ClockReader(played, SHANGHAI)
    assert watched(reader, played, 300, shows) == []
    assert reader.counts["read"] == 0 and reader.counts["unread"] >= 3


def test_what_one_way_of_cleaning_tells_alone_or_against_another_is_not_believed() -> None:
    """A 3 that may be an 8: two ways of six say so, and that is no majority that counts."""
    played = Played("")
    right, wrong = ("2026-11-23 18:20:30", "2026-11-28 18:20:30")
    answers = iter(())

    def told(line: Image, is_digits: bool) -> str:
        return next(answers, "")

    for given, expected in (
        ([right], None),
        ([right, "", wrong], None),
        ([right, right, wrong], None),
        (["", right, "", right], AT),
    ):
        answers = iter(given)
        played.shows = told
        reader = ClockReader(played, SHANGHAI, place=Region(0.0, 0.0, 0.75, 0.16))
        reader.look(plotted(busy(), right, 18), BEGAN_MS)
        first = reader._first
        assert (None if first is None else first[0]) == expected


def test_a_picture_in_which_it_is_not_read_is_followed_by_the_next() -> None:
    """Three are tried; the second reading is 5 s after the first one, or later."""
    played = Played("")
    reader = ClockReader(played, SHANGHAI)
    dumb = {0, 1, 7}
    shows = ahead(10)
    assert watched(reader, played, 60, lambda s: "" if s in dumb else shows(s)) == [(8, 10)]  # type: ignore[operator]


@pytest.mark.parametrize("form", ["%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S"])
@pytest.mark.parametrize(("off_s", "is_told"), [(90, True), (-80_000, True), (94 * 86_400, False)])
def test_of_month_and_day_the_order_is_taken_by_which_the_clock_is_right_to_a_day(
    form: str, off_s: int, is_told: bool
) -> None:
    """7 May or 5 July; where neither is today, nobody knows which."""
    played = Played("")
    reader = ClockReader(played, UTC)
    at = datetime(2027, 5, 7, 23, 20, 30, tzinfo=UTC)
    shown = at + timedelta(seconds=off_s)
    picture = plotted(busy(), f"{shown:{form}}", 18)
    told = []
    for second in range(6):
        played.shows = f"{shown + timedelta(seconds=second):{form}}"
        told.append(reader.look(picture, epoch_ms(at) + second * 1000))
    assert told == [None] * 5 + [epoch_ms(shown) + 5_000 if is_told else None]


def test_the_hour_that_a_clock_change_repeats_is_not_told() -> None:
    """2026-10-25, 03:00 to 04:00 in Helsinki, comes twice."""
    zone = ZoneInfo("Europe/Helsinki")
    played = Played("")
    for hour, expected in ((2, True), (3, False), (4, True)):
        reader = ClockReader(played, zone)
        local = datetime(2026, 10, 25, hour, 30)
        start_ms = epoch_ms(local.replace(tzinfo=zone))
        told = []
        for second in range(6):
            played.shows = f"{local + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"
            told.append(reader.look(plotted(busy(), "2026-10-25 03:30:00", 18), start_ms + second * 1000))
        assert [one for one in told if one is not None] == ([start_ms + 5000] if expected else [])


def test_a_stream_is_not_held_up_and_what_was_read_is_carried_on() -> None:
    """Read beside it: told at a later picture, by as much later as that picture is."""
    played = Played("")
    with ThreadPoolExecutor(1) as executor:
        reader = ClockReader(played, SHANGHAI, executor=executor)
        picture = plotted(busy(), "2026-11-23 18:20:30", 18)
        told = []
        for second in (0, 1, 5, 9):
            pending = reader._pending
            if pending is not None:
                pending[0].result()
            if second in (0, 5):
                played.shows = f"{AT + timedelta(seconds=second + 440):%Y-%m-%d %H:%M:%S}"
            told.append(reader.look(picture, BEGAN_MS + second * 1000))
    # At 9 s; at 5 s already should the reading be done before the look that asked for it has ended.
    at = next(n for n, one in enumerate(told) if one is not None)
    assert at >= 2 and told[at] == BEGAN_MS + (0, 1, 5, 9)[at] * 1000 + 440_000


@pytest.mark.parametrize("shape", [(1, 48, 3), (2, 640, 3), (48, 1, 3)])
def test_a_picture_of_a_few_rows_has_no_clock(shape: tuple[int, int, int]) -> None:
    assert ClockReader(Played(""), SHANGHAI).look(np.zeros(shape, np.uint8), BEGAN_MS) is None


def test_a_reader_that_fails_is_told_once_and_asked_no_more() -> None:
    def fails(line: Image, is_digits: bool) -> str:
        raise LianfangError("tesseract failed: killed")

    reader = ClockReader(fails, SHANGHAI)
    picture = plotted(busy(), "2026-11-23 18:20:30", 18)
    assert reader.look(picture, BEGAN_MS) is None
    assert reader.problem == "the clock is not read any more: tesseract failed: killed"
    assert reader.look(picture, BEGAN_MS + 60_000) is None


def test_a_clock_that_was_moved_to_another_corner_is_found_again() -> None:
    """Ten rounds nothing is read where it was; then the corners are looked through at once."""
    played = Played("")
    reader = ClockReader(played, SHANGHAI)
    told = []
    for second in range(0, 900, 5):
        corner = "tl" if second < 60 else "br"
        picture = plotted(busy(), "2026-11-23 18:20:30", 18, corner)
        played.shows = f"{AT + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"
        if reader.look(picture, BEGAN_MS + second * 1000) is not None:
            told.append(second)
    # Read at 0 s, missed from 60 s to 600 s, found in the round after that.
    assert told == [5, 665, 725, 785, 845]
    assert reader.place is not None and reader.place.top > 0.8 and reader.place.left > 0.3


def test_where_no_clock_is_the_corners_are_looked_through_more_and_more_seldom() -> None:
    """Five rounds of a minute, then one an hour."""
    played = Played("North gate")
    reader = ClockReader(played, SHANGHAI)
    picture = plotted(busy(), "2026-11-23 18:20:30", 18)
    looked = []
    for minute in range(200):
        before = len(played.lines)
        for second in range(3):
            reader.look(picture, BEGAN_MS + (minute * 60 + second) * 1000)
        if len(played.lines) > before:
            looked.append(minute)
    assert looked == [0, 1, 2, 3, 4, 64, 124, 184]
