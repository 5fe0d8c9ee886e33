"""What is usually watched, put together as losses, followed from check to check: worked by hand."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from cameras.alerts import PASSING, AlertSettings
from cameras.alerts.candidates import candidates
from cameras.alerts.due import deadlines, is_due
from cameras.alerts.following import continued, endings, shared_ground
from cameras.alerts.grouping import losses_of
from cameras.alerts.usual import days_before, open_days, open_in

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "alerts.md").read_text(encoding="utf8")
ZONE = ZoneInfo("Asia/Shanghai")
CRS = "EPSG:4547"
MIN = 60_000
# The street of the page, along a line of whole metres.
WEST, SOUTH = 500_000.0, 2_500_000.0


def at(day: int, clock: str) -> int:
    """A time of November 2026 in Shanghai, epoch milliseconds; "24" is tonight."""
    hour, minute = map(int, clock.split(":"))
    return round(datetime(2026, 11, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


def street(first: float, last: float, beside: float = 0.0) -> LineString:
    return LineString([(WEST + first, SOUTH + beside), (WEST + last, SOUTH + beside)])


def ground(*shapes: shapely.Geometry, ids: range | None = None) -> gpd.GeoDataFrame:
    kinds = ["place" if shape.geom_type == "Point" else "street" for shape in shapes]
    index = None if ids is None else pd.Index(ids)
    return gpd.GeoDataFrame({"ground": kinds}, geometry=list(shapes), index=index, crs=CRS)


def no_ground() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"ground": []}, geometry=[], crs=CRS)


def rows_of(heading: str) -> list[list[str]]:
    """Cells of the table of the page whose head begins so."""
    table = re.search(rf"^\| {re.escape(heading)}.*\n\|[- |]+\n((?:\|.*\n)+)", PAGE, re.M)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


def test_the_evening_of_the_page() -> None:
    """docs/alerts.md, "worked by hand": both tables."""
    window = at(24, "20:00"), at(24, "20:15")
    analysed, windows, shapes = {}, [], []
    for number, (back, known, open_on, begins, ends) in enumerate(rows_of("days before")):
        day = 24 - int(back)
        if known == "yes":
            analysed[number] = at(day, "0:00"), at(day, "23:59")
        if open_on != "–":
            first, last = (float(one) for one in open_on.removesuffix(" m").split("–"))
            windows.append((len(shapes), number, at(day, begins), at(day, ends)))
            shapes.append(street(first, last))
    periods = pd.DataFrame.from_dict(analysed, orient="index", columns=["start_ms", "end_ms"])
    days = days_before(window, periods, days=14, zone=ZONE)
    assert [day.back for day in days] == [1, 2, 4, 5, 6]
    told = pd.DataFrame(windows, columns=["gap", "analysis", "start_ms", "end_ms"])
    pieces = open_days(
        ground(street(0, 30)), ground(*shapes, ids=range(len(shapes))), open_in(days, told), 15 * MIN // 2
    )
    expected = rows_of("ground")
    limit = AlertSettings().open_share * len(days)
    for piece, (where, count, share, said) in zip(pieces.itertuples(), expected, strict=True):
        west, _, east, _ = piece.geometry.bounds
        assert f"{west - WEST:.0f}–{east - WEST:.0f} m" == where
        assert piece.measure == 1000 * round(east - west)
        assert (str(piece.days), f"{100 * piece.days // len(days)} %") == (count, share)
        assert (piece.days <= limit) == (said == "told")


def test_only_causes_that_come_and_go_are_told() -> None:
    assert PASSING == ("moved", "degraded", "outage", "not_measured")


def test_days_keep_their_time_of_day_where_clocks_change() -> None:
    """20:00 in Helsinki is 17:00 UTC until 25 October 2026, and 18:00 after."""
    zone = ZoneInfo("Europe/Helsinki")
    start = round(datetime(2026, 10, 26, 20, tzinfo=zone).timestamp() * 1000)
    periods = pd.DataFrame({"start_ms": [start - 40 * 86_400_000], "end_ms": [start]}, index=[1])
    days = days_before((start, start + 900_000), periods, days=3, zone=zone)
    hours = [datetime.fromtimestamp(day.window[0] / 1000, zone) for day in days]
    assert [(one.day, one.hour) for one in hours] == [(25, 20), (24, 20), (23, 20)]
    assert hours[1].utcoffset() != hours[0].utcoffset()


def test_a_day_of_which_a_minute_is_missing_is_not_known() -> None:
    window = at(24, "20:00"), at(24, "20:15")
    periods = pd.DataFrame({"start_ms": [at(23, "20:01")], "end_ms": [at(23, "21:00")]}, index=[1])
    assert days_before(window, periods, days=14, zone=ZONE) == []
    assert days_before(window, periods.iloc[:0], days=14, zone=ZONE) == []


def test_an_older_analysis_tells_only_what_no_newer_one_does() -> None:
    """The newer tells 20:05 to 20:15, and that nothing was open then."""
    window = at(24, "20:00"), at(24, "20:15")
    periods = pd.DataFrame(
        {"start_ms": [at(23, "20:05"), at(23, "19:00")], "end_ms": [at(23, "20:15"), at(23, "21:00")]},
        index=[2, 1],
    )
    days = days_before(window, periods, days=14, zone=ZONE)
    windows = pd.DataFrame(
        {"gap": [7], "analysis": [1], "start_ms": [at(23, "19:00")], "end_ms": [at(23, "21:00")]}
    )
    assert open_in(days, windows).to_dict("records") == [{"gap": 7, "back": 1, "open_ms": 5 * MIN}]


def test_ground_open_for_two_causes_after_each_other_was_open_for_both_times() -> None:
    """4 minutes of one gap and 4 of another on the same ground are more than 7.5."""
    opened = pd.DataFrame({"gap": [0, 1, 2], "back": [1, 1, 1], "open_ms": [4 * MIN] * 3})
    past = ground(street(0, 20), street(10, 30), Point(WEST, SOUTH), ids=range(3))
    now = ground(street(0, 30), Point(WEST, SOUTH))
    pieces = open_days(now, past, opened, 15 * MIN // 2)
    told = [(piece.row, piece.measure, piece.days) for piece in pieces.itertuples()]
    assert told == [(0, 10_000, 0), (0, 10_000, 1), (0, 10_000, 0), (1, 1, 0)]


def test_ground_beside_and_across_is_other_ground() -> None:
    opened = pd.DataFrame({"gap": [0, 1, 2], "back": [1, 1, 1], "open_ms": [15 * MIN] * 3})
    across = LineString([(WEST + 15, SOUTH - 10), (WEST + 15, SOUTH + 10)])
    past = ground(street(0, 30, beside=5.0), across, Point(WEST + 3, SOUTH), ids=range(3))
    pieces = open_days(ground(street(0, 30), Point(WEST + 2, SOUTH)), past, opened, 1)
    assert [(one.measure, one.days) for one in pieces.itertuples()] == [(30_000, 0), (1, 0)]


def test_without_gaps_before_everything_is_watched() -> None:
    none = pd.DataFrame({"gap": [], "back": [], "open_ms": []}, dtype="int64")
    pieces = open_days(ground(street(0, 30), Point(WEST, SOUTH)), no_ground(), none, 1)
    assert pieces["days"].tolist() == [0, 0] and pieces["measure"].tolist() == [30_000, 1]
    assert open_days(no_ground(), no_ground(), none, 1).empty
    with pytest.raises(ValueError, match="two CRSs"):
        open_days(ground(street(0, 30)), no_ground().set_crs("EPSG:4546", allow_override=True), none, 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 4)).filter(
            lambda one: one[0] < one[1]
        ),
        max_size=8,
    )
)
def test_pieces_fill_the_ground_and_count_as_brute_force_does(spans: list[tuple[int, int, int]]) -> None:
    """A law: every metre, asked on its own, was open on as many days as its piece says."""
    past = ground(*[street(a, b) for a, b, _ in spans], ids=range(len(spans))) if spans else no_ground()
    opened = pd.DataFrame(
        {
            "gap": list(range(len(spans))),
            "back": [day for *_, day in spans],
            "open_ms": [15 * MIN] * len(spans),
        },
        dtype="int64",
    )
    # Bent at metre 12, so that it has two straight pieces.
    line = LineString([(WEST, SOUTH), (WEST + 12, SOUTH), (WEST + 30, SOUTH)])
    pieces = open_days(ground(line), past, opened, 15 * MIN)
    assert pieces["measure"].sum() == 30_000
    for metre in range(30):
        days = {day for a, b, day in spans if a <= metre < b}
        (own,) = [
            one.days
            for one in pieces.itertuples()
            if one.geometry.bounds[0] - WEST < metre + 0.5 < one.geometry.bounds[2] - WEST
        ]
        assert own == len(days)


# Losses ---------------------------------------------------------------------------------------------------


def gaps(*rows: tuple[str, str, tuple[int, ...], shapely.Geometry]) -> gpd.GeoDataFrame:
    leaf, cause, cameras, shapes = zip(*rows, strict=True)
    columns = {"leaf": leaf, "cause": cause, "cameras": cameras, "reasons": [("lost",)] * len(rows)}
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)
    return frame.assign(since_ms=[1000 * (10 - row) for row in range(len(rows))])


def whole(frame: gpd.GeoDataFrame, days: int = 0) -> gpd.GeoDataFrame:
    """All ground of gaps as pieces."""
    is_place = frame.geom_type == "Point"
    pieces = pd.DataFrame(
        {"row": range(len(frame)), "ground": is_place.map({True: "place", False: "street"})}
    )
    measure = [
        1 if one else round(1000 * shape.length) for one, shape in zip(is_place, frame.geometry, strict=True)
    ]
    return gpd.GeoDataFrame(pieces.assign(measure=measure, days=days), geometry=frame.geometry, crs=CRS)


NOTHING_COMMON = pd.Series({}, dtype=object)


def test_gaps_with_a_camera_in_common_are_one_loss() -> None:
    """1; 1 and 2; 2: one loss of two cameras. Another leaf, another cause and camera 3 stand alone."""
    frame = gaps(
        ("c.a", "outage", (1,), street(0, 10)),
        ("c.a", "outage", (1, 2), street(10, 20)),
        ("c.a", "outage", (2,), Point(WEST + 25, SOUTH)),
        ("c.b", "outage", (1,), street(30, 40)),
        ("c.a", "degraded", (1,), street(50, 60)),
        ("c.a", "outage", (3,), street(70, 80)),
    )
    found = losses_of(frame, whole(frame), NOTHING_COMMON, ())
    told = [(one.leaf, one.cause, one.cameras, one.street_mm, one.places) for one in found.itertuples()]
    assert told == [
        ("c.a", "degraded", (1,), 10_000, 0),
        ("c.a", "outage", (1, 2), 20_000, 1),
        ("c.a", "outage", (3,), 10_000, 0),
        ("c.b", "outage", (1,), 10_000, 0),
    ]
    shape = found.geometry.iloc[1]
    assert shape.geom_type == "GeometryCollection" and shape.length == pytest.approx(20)
    assert found["since_ms"].iloc[1] == 8000, "of the first gap"
    assert not found["planned"].any() and (found["common"] == "").all()


def test_cameras_that_went_together_are_one_loss_named_by_what_they_hang_on() -> None:
    frame = gaps(
        ("c.a", "outage", (1,), street(0, 10)),
        ("c.a", "outage", (2,), street(20, 30)),
        ("c.a", "outage", (3,), street(40, 50)),
    )
    found = losses_of(frame, whole(frame), pd.Series({1: "nvr-1", 2: "nvr-1", 3: ""}), ())
    assert [(one.cameras, one.common) for one in found.itertuples()] == [((1, 2), "nvr-1"), ((3,), "")]


def test_what_is_under_maintenance_stays_apart_and_only_what_is_told_counts() -> None:
    """The gap of 1 and 2 is an alert: 2 is not under maintenance. Of the last gap no ground is told."""
    frame = gaps(
        ("c.a", "outage", (1,), street(0, 10)),
        ("c.a", "outage", (1, 2), street(10, 20)),
        ("c.a", "outage", (3,), street(20, 30)),
    )
    pieces = whole(frame)
    found = losses_of(frame, pieces[pieces["row"] != 2], NOTHING_COMMON, {1})
    assert [(one.planned, one.cameras) for one in found.itertuples()] == [(False, (1, 2)), (True, (1,))]
    assert losses_of(frame, pieces.iloc[:0], NOTHING_COMMON, ()).empty


def test_uncertain_ground_is_told_as_what_its_lost_cameras_are() -> None:
    """Of 1 (lost), 2 (dark) and 3 (fine) the first cause counts: dark. Of 3 alone nothing is lost."""
    frame = gaps(
        ("c.a", "uncertain", (1, 2, 3), street(0, 10)),
        ("c.a", "uncertain", (1, 3), street(10, 20)),
        ("c.a", "uncertain", (3,), street(20, 30)),
        ("c.a", "outage", (1,), street(30, 40)),
        ("c.a", "no_camera", (), street(40, 50)),
        ("c.a", "uncertain", (4,), street(50, 60)),
    ).drop(columns="since_ms")
    concerned = pd.DataFrame(
        [(gap, camera, 7) for gap, cameras in frame["cameras"].items() for camera in cameras],
        columns=["gap", "camera", "from_ms"],
    )
    rows = [(1, 0, 5, 0, ""), (1, 5, 9, 2, "silent"), (2, 0, 9, 1, "dark"), (3, 0, 9, 0, "")]
    # The record of 4 does not hold any more.
    rows.append((4, 0, 9, 3, "no_record"))
    segments = pd.DataFrame(rows, columns=["camera", "start_ms", "end_ms", "state", "reason"])
    found = candidates(frame, concerned, segments)
    told = [(one.cause, one.cameras, one.reasons, one.since_ms) for one in found.itertuples()]
    assert told == [
        ("outage", (1,), ("lost",), 7),
        ("degraded", (2,), ("dark",), 0),
        ("outage", (1,), ("silent",), 5),
    ]
    assert found.index.tolist() == [0, 1, 2] and found.crs == CRS
    assert candidates(frame.iloc[4:5], concerned.iloc[:0], segments).empty


# From check to check ----------------------------------------------------------------------------------------


def lost(*rows: tuple[str, bool, tuple[str, ...], shapely.Geometry]) -> gpd.GeoDataFrame:
    leaf, planned, cameras, shapes = zip(*rows, strict=True)
    columns = {"leaf": leaf, "planned": planned, "cameras": cameras}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def test_shared_ground_is_metres_of_street_and_places() -> None:
    one = lost(("c.a", False, ("k",), shapely.GeometryCollection([street(0, 30), Point(WEST, SOUTH)])))
    other = lost(
        ("c.a", False, ("k",), MultiLineString([street(0, 10), street(25, 60)])),
        ("c.a", False, ("k",), Point(WEST, SOUTH + 0.001)),
        ("c.a", False, ("k",), street(0, 30, beside=1.0)),
    )
    told = shared_ground(one, other)
    assert told[["one", "other"]].to_numpy().tolist() == [[0, 0], [0, 1]]
    assert told["amount"].tolist() == pytest.approx([15.0, 75.0])


def test_the_same_loss_goes_on_and_each_alert_once() -> None:
    """Most ground first: the alert of 0–30 m goes on with 0–28, not with 28–30."""
    now = lost(
        ("c.a", False, ("k",), street(28, 30)),
        ("c.a", False, ("k", "m"), street(0, 28)),
        ("c.a", False, ("n",), street(40, 50)),
        ("c.a", True, ("p",), street(60, 70)),
        ("c.b", False, ("q",), street(80, 90)),
        ("c.a", False, ("r",), street(100, 110)),
    )
    then = lost(
        ("c.a", False, ("k",), street(0, 30)),
        ("c.a", False, ("other",), street(40, 50)),
        ("c.a", False, ("p",), street(60, 70)),
        ("c.c", False, ("q",), street(80, 90)),
        ("c.a", False, ("r",), street(105, 200)),
    )
    assert continued(now, then) == {1: 0, 5: 4}
    assert continued(now.iloc[:0], then) == {} == continued(now, then.iloc[:0])


def test_how_an_alert_ended() -> None:
    gone = lost(
        ("c.a", False, ("k",), street(0, 10)),
        ("c.a", False, ("k",), street(20, 30)),
        ("c.a", False, ("k",), street(40, 50)),
        ("c.a", True, ("k",), street(60, 70)),
        ("c.a", False, ("k",), street(80, 90)),
    )
    now = lost(
        ("c.a", True, ("k",), street(40, 50)),
        ("c.a", False, ("k",), street(60, 70)),
        ("c.a", False, ("k",), street(85, 99)),
    )
    usual = gpd.GeoDataFrame(geometry=[street(25, 35)], crs=CRS)
    assert endings(gone, now, usual) == ["watched", "usual", "maintenance", "maintenance", "joined"]


# When it is time --------------------------------------------------------------------------------------------


def test_deadlines_of_silence() -> None:
    """Heard at 0, patient for 150 s; a window of 900 s opens when more than half of it is missing."""
    assert deadlines([(0, 150_000)], window_ms=900_000, threshold_ppm=500_000) == [150_000, 600_001]
    assert deadlines([], window_ms=900_000, threshold_ppm=500_000) == []


@pytest.mark.parametrize(
    ("now", "checked", "mark", "due"),
    [(100, None, 1, True), (100, 90, 2, True), (100, 90, 1, False), (160, 90, 1, True), (160, 150, 1, False)],
)
def test_due_with_frames_or_at_a_deadline(now: int, checked: int | None, mark: int, due: bool) -> None:
    """The deadline is 150."""
    assert is_due(now, checked_ms=checked, mark=mark, last_mark=1, times=[150]) is due


@pytest.mark.parametrize(
    "wrong", [{"window_min": 0}, {"fewest_days": 0}, {"days": 367}, {"open_share": 1.0}, {"open_share": -0.1}]
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        AlertSettings(**wrong)
