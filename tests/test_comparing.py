"""Two analyses compared: cases worked by hand, and the laws of a mirror."""

from __future__ import annotations

import pandas as pd
import pytest
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from cameras.comparing import (
    amounts,
    compare_cameras,
    compare_causes,
    compare_gaps,
    compare_shares,
    shared_ground,
)

HOUR = 3_600_000
DAY = 24 * HOUR
SLOT = HOUR // 4


def gaps(*rows: tuple[str, object, int]) -> GeoDataFrame:
    """Gaps of (cause, shape, open ms) in metres."""
    shapes = [shape for _, shape, _ in rows]
    return GeoDataFrame(
        {
            "cause": pd.Series([cause for cause, _, _ in rows], dtype=object),
            "ground": ["place" if isinstance(shape, Point) else "street" for shape in shapes],
            "open_ms": pd.Series([open_ms for _, _, open_ms in rows], dtype="int64"),
        },
        geometry=shapes,
        crs=4547,
    )


def street(*x: float, y: float = 0.0) -> MultiLineString:
    """A street from west to east through these metres."""
    return MultiLineString([LineString([(each, y) for each in x])])


def outcomes(before: GeoDataFrame, after: GeoDataFrame, *, days: tuple[int, int] = (1, 1)) -> list[tuple]:
    """(side, row, outcome, hours before, hours now, share of the ground) of each gap."""
    told = compare_gaps(before, after, before_ms=days[0] * DAY, after_ms=days[1] * DAY, slot_ms=SLOT)
    return [
        (row.side, row.row, row.outcome, round(row.before_h, 3), round(row.after_h, 3), round(row.shared, 3))
        for row in told.itertuples()
    ]


def test_ground_in_common_is_measured_along_the_street() -> None:
    """0-100 m and 60-130 m of a street with a bend at 80 m, cut elsewhere: 40 m; across a street: nothing."""
    bent = [(0, 0), (80, 0), (100, 20)]
    before = gaps(
        ("outage", MultiLineString([LineString(bent)]), HOUR),
        ("outage", MultiLineString([[(70, -50), (70, 50)]]), HOUR),
    )
    after = gaps(("outage", MultiLineString([LineString([(60, 0), (80, 0), (90, 10)])]), HOUR))
    pairs = shared_ground(before, after)
    assert pairs.values.tolist() == [[0, 0, 20_000_000 + 14_142_136]]
    assert amounts(before)[1] == 100_000_000


def test_ground_of_another_cause_or_on_the_next_street_is_not_in_common() -> None:
    """Nor a street that lies along it two centimetres away; places are the same at the same point only."""
    before = gaps(
        ("outage", street(0, 100), HOUR), ("outage", Point(5, 5), HOUR), ("moved", Point(9, 9), HOUR)
    )
    after = gaps(
        ("moved", street(0, 100), HOUR),
        ("outage", street(0, 100, y=0.02), HOUR),
        ("outage", Point(9, 9), HOUR),
        ("outage", Point(5, 5), HOUR),
    )
    assert shared_ground(before, after).values.tolist() == [[1, 3, 1]]


def test_two_frames_that_are_not_in_one_crs_are_refused() -> None:
    """A length of degrees is none."""
    one = gaps(("outage", street(0, 1), HOUR))
    with pytest.raises(ValueError, match="two CRSs"):
        shared_ground(one, one.to_crs(32650))
    with pytest.raises(ValueError, match="not in metres"):
        shared_ground(one.to_crs(4326), one.to_crs(4326))


def test_a_repair_worked_by_hand() -> None:
    """A day against two days: hours a day are compared.

    Before, one day: the market 0-100 m lost for 6 h, the gate 200-260 m lost for 2 h, the quay 300-340 m lost
    for 3 h. Now, two days: 0-40 m lost for 12 h (6 a day), 40-100 m for 2 h (1 a day), the gate for 4.5 h
    (2.25 a day: a slot more), 400-450 m for 1 h; of the quay 10 m of 40.
    """
    before = gaps(
        ("outage", street(0, 100), 6 * HOUR),
        ("outage", street(200, 260), 2 * HOUR),
        ("outage", street(300, 340), 3 * HOUR),
    )
    after = gaps(
        ("outage", street(0, 40), 12 * HOUR),
        ("outage", street(40, 100), 2 * HOUR),
        ("outage", street(200, 230, 260), 9 * HOUR // 2),
        ("outage", street(400, 450), HOUR),
        ("outage", street(330, 340), 6 * HOUR),
    )
    assert outcomes(before, after, days=(1, 2)) == [
        ("after", 0, "same", 6, 6, 1),
        ("after", 1, "shorter", 6, 1, 1),
        ("after", 2, "longer", 2, 2.25, 1),
        ("after", 3, "new", 0, 0.5, 0),
        ("after", 4, "same", 3, 3, 1),
        ("before", 2, "gone", 3, 0, 0.25),
    ]


def test_less_than_a_slot_a_day_is_no_difference() -> None:
    """Fourteen minutes are as it was, a quarter of an hour is not."""
    one = gaps(("outage", street(0, 10), 2 * HOUR))
    for minutes, outcome in ((14, "same"), (15, "longer"), (-14, "same"), (-15, "shorter")):
        other = gaps(("outage", street(0, 10), 2 * HOUR + minutes * 60_000))
        assert [row[2] for row in outcomes(one, other)] == [outcome]


def test_half_of_the_ground_decides_what_is_new() -> None:
    """Half of it in common is known; a metre less is new, and what was there is gone."""
    before = gaps(("outage", street(0, 50), HOUR))
    assert [row[2] for row in outcomes(before, gaps(("outage", street(25, 75), HOUR)))] == ["same"]
    assert [row[2] for row in outcomes(before, gaps(("outage", street(26, 76), HOUR)))] == ["new", "gone"]


def test_two_places_at_one_point_are_two() -> None:
    """Of two gaps there one is left: the other is gone."""
    two = gaps(("outage", Point(1, 1), HOUR), ("outage", Point(1, 1), HOUR))
    assert [row[2] for row in outcomes(two, two)] == ["same", "same"]
    assert [row[2] for row in outcomes(two, two.iloc[:1])] == ["same", "gone"]


def test_nothing_against_something() -> None:
    """All new, or all gone."""
    some, none = gaps(("outage", street(0, 1), HOUR)), gaps(("outage", street(0, 1), HOUR)).iloc[:0]
    assert [row[2] for row in outcomes(none, some)] == ["new"]
    assert [row[2] for row in outcomes(some, none)] == ["gone"]
    assert outcomes(none, none) == []


# Gaps of one analysis on one street never overlap for the same cause: pieces between cuts, each with a cause
# and a time or watched.
CUTS = st.lists(
    st.tuples(st.integers(1, 90_000), st.sampled_from((None, "outage", "moved")), st.integers(1, 96)),
    max_size=6,
)


def scene(pieces: list[tuple[int, str | None, int]]) -> GeoDataFrame:
    """A slanting street of pieces (millimetres, cause, slots)."""
    made, at = [], 0
    for length, cause, slots in pieces:
        if cause:
            ends = [(0.6 * mm / 1000, 0.8 * mm / 1000) for mm in (at, at + length)]
            made.append((cause, MultiLineString([LineString(ends)]), slots * SLOT))
        at += length
    return gaps(*made) if made else gaps(("outage", street(0, 1), 1)).iloc[:0]


@settings(max_examples=25)
@given(CUTS)
def test_an_analysis_against_itself_is_as_it_was(pieces: list) -> None:
    """All of it, and all of its ground."""
    it = scene(pieces)
    assert [row[2] for row in outcomes(it, it)] == ["same"] * len(it)
    assert all(row[5] == 1 for row in outcomes(it, it))


@settings(max_examples=25)
@given(CUTS, CUTS, st.integers(1, 3))
def test_swapping_the_two_swaps_new_and_gone(one: list, other: list, days: int) -> None:
    """And what both have in common is as much from either side."""
    a, b = scene(one), scene(other)
    there, back = outcomes(a, b, days=(1, days)), outcomes(b, a, days=(days, 1))
    new = [{row[1] for row in told if row[2] == "new"} for told in (there, back)]
    gone = [{row[1] for row in told if row[2] == "gone"} for told in (there, back)]
    assert new == gone[::-1]
    common = {(x, y): n for x, y, n in shared_ground(a, b).values.tolist()}
    assert common == {(x, y): n for y, x, n in shared_ground(b, a).values.tolist()}


def test_figures_are_rates_of_their_own_period() -> None:
    """100 m lost for 6 of 24 h are 25 m on the mean; for 12 of 48 h just as many."""
    day = pd.DataFrame({"cause": ["outage"], "ground": ["street"], "deficit": [100_000 * 6 * HOUR]})
    two = pd.DataFrame(
        {"cause": ["outage", "outage"], "ground": ["street", "place"], "deficit": [100_000 * 12 * HOUR, DAY]}
    )
    told = compare_causes(day, two, before_ms=DAY, after_ms=2 * DAY).loc["outage"]
    assert told[["list", "before_gaps", "after_gaps"]].tolist() == ["repair", 1, 2]
    assert told[["before_street_m", "after_street_m", "before_places", "after_places"]].tolist() == [
        25,
        25,
        0,
        0.5,
    ]


def test_shares_and_cameras_stand_side_by_side() -> None:
    """What only one of the two knew has no figure in the other, and no difference."""
    names = ["path", "ground", "level"]
    first = pd.DataFrame({"total": [100.0], "certain": [40.0], "possible": [60.0]}, index=_index(names, "a"))
    second = pd.DataFrame(
        {"total": [50.0, 0.0], "certain": [30.0, 0.0], "possible": [30.0, 0.0]}, index=_index(names, "a", "b")
    )
    told = compare_shares(first, second)
    assert told.iloc[0].round(6).tolist() == [0.4, 0.6, 0.6, 0.6, 0.2] and told.iloc[1].isna().all()
    cameras = pd.DataFrame({"outage_ms": [6 * HOUR], "unmeasured_ms": [0]}, index=[7])
    others = pd.DataFrame({"outage_ms": [6 * HOUR, HOUR], "unmeasured_ms": [DAY, 0]}, index=[7, 8])
    told = compare_cameras(cameras, others, before_ms=DAY, after_ms=2 * DAY)
    assert told.loc[7].tolist() == [6, 0, 3, 12, -3]
    assert told.loc[8].isna().tolist() == [True, True, False, False, True]


def _index(names: list[str], *paths: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples([(path, "street", "observe") for path in paths], names=names)
