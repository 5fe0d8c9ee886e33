"""Gaps become stops: what was lost tonight outweighs what was always blind."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiLineString, Point

from patrols.demand import DemandSettings, choose_stops, pieces

CRS = 32635


def gaps_of(*rows):
    return gpd.GeoDataFrame(
        [
            {"gap_id": n, "cause": cause, "ground": ground, "open_share": share, "open_at_end": share == 1.0}
            for n, (cause, ground, share, _) in enumerate(rows)
        ],
        geometry=[shape for *_, shape in rows],
        crs=CRS,
    )


def spots(*points):
    return gpd.GeoSeries([Point(p) for p in points], index=[f"n{i}" for i in range(len(points))], crs=CRS)


def test_pieces_keep_the_length_of_the_street_and_its_weight():
    """100 m weigh 100 on the build list all day, 400 lost and still lost, 200 lost for a while."""
    line = MultiLineString([[(0, 0), (60, 0)], [(60, 0), (100, 0)]])
    for cause, share, weight in (("no_camera", 1.0, 100.0), ("outage", 1.0, 400.0), ("outage", 0.03, 200.0)):
        table = pieces(gaps_of((cause, "street", share, line)), DemandSettings())
        assert table["metres"].sum() == pytest.approx(100.0)
        assert table["weight"].sum() == pytest.approx(weight)


def test_a_short_outage_outweighs_as_much_ground_that_was_always_blind():
    """45 minutes of a day, over by its end, against the whole day without a camera."""
    gaps = gaps_of(
        ("no_camera", "street", 1.0, LineString([(0, 0), (80, 0)])),
        ("outage", "street", 45 / 1440, LineString([(1000, 0), (1080, 0)])),
    )
    stops = choose_stops(gaps, spots((40, 0), (1040, 0)), DemandSettings(stops=1))
    assert stops["candidate"].tolist() == ["n1"]


def test_a_street_lost_tonight_is_visited_before_one_that_was_always_blind():
    gaps = gaps_of(
        ("no_camera", "street", 1.0, LineString([(0, 0), (80, 0)])),
        ("outage", "street", 1.0, LineString([(1000, 0), (1080, 0)])),
    )
    stops = choose_stops(gaps, spots((40, 0), (1040, 0)), DemandSettings(stops=1))
    assert stops["candidate"].tolist() == ["n1"]
    assert stops["why"][0][0]["cause"] == "outage"
    assert stops["why"][0][0]["gap_ids"] == [1]


def test_ground_is_claimed_once_so_that_stops_spread_out():
    """Three spots 10 m apart on one short alley: one claims it whole, and no second one is left anything."""
    gaps = gaps_of(("outage", "street", 1.0, LineString([(0, 0), (40, 0)])))
    stops = choose_stops(gaps, spots((10, 0), (20, 0), (30, 0)), DemandSettings())
    assert len(stops) == 1
    assert stops["demand_m"].sum() == pytest.approx(4 * 40.0)


def test_demand_never_rises_down_the_list_and_never_exceeds_the_ground():
    rng = np.random.default_rng(3)
    lines = [LineString(rng.uniform(0, 500, (2, 2))) for _ in range(20)]
    gaps = gaps_of(*[("no_camera", "street", 1.0, line) for line in lines])
    stops = choose_stops(gaps, spots(*rng.uniform(0, 500, (200, 2))), DemandSettings(stops=30))
    assert (np.diff(stops["demand_m"]) <= 1e-9).all()
    assert stops["demand_m"].sum() <= sum(line.length for line in lines) + 1e-6


def test_a_place_counts_as_its_metres():
    gaps = gaps_of(("not_measured", "place", 1.0, Point(0, 0)))
    stops = choose_stops(gaps, spots((5, 5)), DemandSettings())
    assert stops["demand_m"].tolist() == [pytest.approx(2 * 75.0)]
    assert stops["why"][0][0]["places"] == 1


def test_no_gap_gives_no_stop():
    assert choose_stops(_no_gaps(), spots((0, 0)), DemandSettings()).empty


def _no_gaps():
    return gpd.GeoDataFrame(
        {"gap_id": [], "cause": [], "ground": [], "open_share": [], "open_at_end": []},
        geometry=gpd.GeoSeries([], crs=CRS),
    )


def test_degrees_are_refused():
    gaps = gaps_of(("outage", "street", 1.0, LineString([(0, 0), (1, 0)]))).set_crs(4326, allow_override=True)
    with pytest.raises(ValueError, match="metres"):
        choose_stops(gaps, spots((0, 0)).set_crs(4326, allow_override=True), DemandSettings())


def test_settings_that_give_nothing_are_refused():
    with pytest.raises(ValueError, match="stops is 0"):
        DemandSettings(stops=0)
