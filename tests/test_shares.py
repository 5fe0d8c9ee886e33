"""Shares rolled up by jurisdiction, ground and kind."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coverage_strategies import (
    MINUTE,
    ORDER,
    Scene,
    analyse,
    layers_of,
    place_frame,
    scenes,
    small_day,
    street_frame,
    stretch,
)
from hypothesis import HealthCheck, given, settings

from cameras.shares import shares, with_shares

METRE_MINUTE = 1000 * MINUTE


def test_village_town_and_city_of_the_small_day():
    """v1 has 60 m of the street and the school, v2 has 40 m: figures of docs/gaps.md."""
    table = shares(analyse(small_day()), by_kind=False)
    covered = table["covered"].xs("street", level="ground") // METRE_MINUTE
    # v1: 30 m x 40 min + 10 m x 50 min + 20 m x 30 min; v2: 20 m x 30 min.
    assert covered.to_dict() == {
        "city": 2900,
        "city.town": 2900,
        "city.town.v1": 2300,
        "city.town.v2": 600,
    }
    assert table.loc[("city", "place"), ["measure", "covered"]].tolist() == [1, 50 * MINUTE]
    assert ("city.town.v2", "place") not in table.index


def test_shares_of_the_small_day():
    row = with_shares(analyse(small_day()).totals()).loc[("detect", "street")]
    assert row["certain_share"] == pytest.approx(2900 / 6000)
    assert row["possible_share"] == pytest.approx(3500 / 6000)
    assert row["twice_share"] == pytest.approx(200 / 6000)
    assert row["single_share"] == pytest.approx(2700 / 6000)
    assert row["built_share"] == pytest.approx(0.9)


def test_kinds_are_told_apart_and_add_up():
    edges = street_frame([[(0, 0), (100, 0)], [(0, 0), (0, 9)], [(0, 9), (5, 9)]])
    edges["road_class"] = ["primary", "footway", "footway"]
    scene = replace(small_day(), edges=edges, places=place_frame([(1, 1), (2, 2)], kind="bank"))
    cover = analyse(scene)
    by_kind = shares(cover)
    assert by_kind.loc[("city", "street")]["measure"].to_dict() == {"footway": 14_000, "primary": 100_000}
    assert by_kind.loc[("city", "place", "bank"), "measure"] == 2
    pd.testing.assert_frame_equal(
        by_kind.groupby(level=["path", "ground"]).sum(), shares(cover, by_kind=False)
    )


def test_built_place_is_one_that_some_camera_should_see():
    """School in front of a camera that is lost all day: built, not covered; the other was never built."""
    day = small_day()
    lost = day.segments.assign(state=2, pose=-1, reason="lost")
    cover = analyse(replace(day, segments=lost, places=place_frame([(35, 4), (95, 4)])))
    place = shares(cover, by_kind=False).loc[("city", "place")]
    assert (place["measure"], place["built"], place["covered"]) == (2, 1, 0)


def test_place_seen_only_too_coarsely_or_behind_a_wall_is_not_built():
    day = small_day()
    at_level, lowest, free = [stretch(0, 10)] * 3, [stretch(0, 50)] * 3, [stretch(0, 90)] * 3
    scene = replace(
        day, layers=layers_of(at_level, lowest, free), places=place_frame([(5, 1), (35, 1), (75, 1)])
    )
    place = analyse(scene).totals().loc[("detect", "place")]
    assert (place["measure"], place["built"]) == (3, 1)
    assert min(place["deficit_resolution"], place["deficit_occluded"]) > 0


def test_no_ground_gives_no_rows():
    day = small_day()
    empty = replace(day, edges=day.edges.assign(watched=False), places=place_frame([]))
    assert len(shares(analyse(empty))) == 0
    assert with_shares(analyse(empty).totals())["certain_share"].isna().all()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes())
def test_every_level_of_the_tree_adds_up_to_the_whole(scene: Scene):
    cover = analyse(scene)
    table = shares(cover)
    depth = table.index.get_level_values("path").str.count(r"\.")
    totals = cover.totals().loc["detect"]
    for level in (0, 1, 2):
        summed = table[depth == level].groupby(level="ground").sum().reindex(totals.index, fill_value=0)
        assert (summed == totals).all(axis=None)
    assert (
        table["covered"] + table[[f"deficit_{name}" for name in ORDER]].sum(axis=1) == table["total"]
    ).all()
    assert (table.dtypes == np.int64).all()
