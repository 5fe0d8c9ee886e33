"""Gaps become stops: what was lost tonight outweighs what was always blind."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


# --- The baseline grows with the time since somebody was there ------------

BLIND = ("no_camera", "street", 1.0, LineString([(0, 0), (80, 0)]))
LOST = ("outage", "street", 1.0, LineString([(0, 0), (80, 0)]))
DAYS = st.floats(0, 1000)


def visits_of(*rows):
    """Visits as (x, y, days since)."""
    return pd.DataFrame(list(rows), columns=["x", "y", "days"])


def prize_of(gap, visits, settings=None):
    """What the one stop in the middle of a gap of 80 m is worth."""
    found = choose_stops(gaps_of(gap), spots((40, 0)), settings or DemandSettings(), visits)
    return int(found["prize"].iloc[0])


def test_blind_ground_doubles_in_a_week_and_grows_to_three_times():
    """80 m of street, a tenth of a point each: today 8, after 7 days 16, after 14 and more 24."""
    for days, prize in ((0, 8), (3.5, 12), (7, 16), (14, 24), (400, 24)):
        assert prize_of(BLIND, visits_of((40, 0, days))) == prize
    assert prize_of(BLIND, visits_of()) == 24, "nobody ever was there"
    assert prize_of(BLIND, None) == 8, "nothing is said of visits"


def test_what_was_lost_does_not_grow():
    assert prize_of(LOST, visits_of()) == prize_of(LOST, visits_of((40, 0, 0))) == 32


def test_a_visit_out_of_sight_resets_nothing():
    """The stop sees 45 m: whoever stood 200 m away has seen none of the 80 m."""
    assert prize_of(BLIND, visits_of((240, 0, 0))) == 24


def test_a_bound_of_one_lets_nothing_grow():
    assert prize_of(BLIND, visits_of(), DemandSettings(growth_most=1.0)) == 8


@given(DAYS, DAYS, st.floats(1, 10), st.floats(0.1, 100))
def test_longer_since_the_last_visit_never_lowers_a_prize(one, other, most, double):
    settings = DemandSettings(growth_most=most, double_days=double)
    short, long = sorted((one, other))
    prizes = [prize_of(BLIND, visits_of((40, 0, days)), settings) for days in (0, short, long)]
    assert prizes == sorted(prizes)
    assert prizes[-1] <= prize_of(BLIND, visits_of(), settings)


@given(st.lists(st.tuples(st.floats(-100, 200), st.floats(-100, 100), DAYS), max_size=6))
def test_a_visit_today_never_raises_a_weight_and_any_visit_never_does(rows):
    gaps = gaps_of(BLIND)
    before = pieces(gaps, DemandSettings(), visits_of(*rows))["weight"].to_numpy()
    after = pieces(gaps, DemandSettings(), visits_of(*rows, (40, 0, 0)))["weight"].to_numpy()
    assert (after <= before + 1e-9).all()
    assert (after >= pieces(gaps, DemandSettings())["weight"].to_numpy() - 1e-9).all()


def test_the_reasons_of_a_stop_are_a_product_that_gives_its_weight():
    """40 m of lost street that came back, 40 m never seen and visited a week ago, a place not measured."""
    gaps = gaps_of(
        ("outage", "street", 0.5, LineString([(0, 0), (40, 0)])),
        ("no_camera", "street", 0.75, LineString([(0, 1), (40, 1)])),
        ("not_measured", "place", 1.0, Point(20, 2)),
    )
    found = choose_stops(gaps, spots((20, 0)), DemandSettings(), visits_of((20, 0, 7)))
    why = {entry["cause"]: entry for entry in found["why"][0]}
    assert why["outage"]["list_weight"] == 4 and why["outage"]["share"] == 0.5
    assert (why["no_camera"]["share"], why["no_camera"]["growth"]) == (0.75, 2.0)
    assert why["not_measured"]["metres"] == 75 and why["not_measured"]["growth"] == 1
    for entry in why.values():
        product = entry["metres"] * entry["list_weight"] * entry["share"] * entry["growth"]
        assert entry["weight"] == pytest.approx(product, abs=0.1)
        assert entry["points"] == pytest.approx(product * 0.1, abs=0.1)
    # 40 m x 4 x 0.5 + 40 m x 1 x 0.75 x 2 + 75 m x 2, a tenth of a point each.
    assert found["prize"].tolist() == [8 + 6 + 15]


@pytest.mark.parametrize(("name", "value"), [("growth_most", 0.5), ("double_days", 0)])
def test_a_baseline_that_shrinks_or_has_no_days_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        DemandSettings(**{name: value})
