"""A stored plan goes on from the middle of its shift, and what cannot be is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import text
from test_planning import CRS_M, END, MIDDLE, START, WEST, add_team_rows, at, planned, team, town

from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError
from patrols import repository
from patrols.demand import DemandSettings
from patrols.plan import read_plan
from patrols.services import Change, NewStop, check_plan, go_on
from patrols.services.changing import fresh_ids, lost_stops
from patrols.services.zoning import road_network
from patrols.solve import Budget
from patrols.tables import Plan

NOW = START + (END - START) / 3


@pytest.fixture
def first(session):
    """A plan of three walkers of two villages."""
    zone = town(session)
    add_team_rows(
        session, zone, team("w", WEST, 0, 0), team("v", WEST, 200, 200), team("m", MIDDLE, 500, 400)
    )
    return planned(session)


def gone_on(session, first, *, lost=None, **change):
    return go_on(
        session,
        first.plan_id,
        Change(**{"now": NOW} | change),
        lost=lost,
        budget=Budget(iterations=(200,)),
        seed=1,
        author="tester",
    )


def test_the_rest_is_a_draft_of_its_own_that_the_checker_finds_sound(session, first):
    made = gone_on(session, first, out=("v",))
    assert made.violations == ()
    assert set(made.problem.teams["team_id"]) == {"w", "m"}
    begun = first.plan.visits[first.plan.visits["start_s"] <= (NOW - START).total_seconds()]
    assert len(made.problem.done) == len(begun) > 0
    stored = session.get(Plan, made.plan_id)
    assert stored.status == "draft"
    assert stored.parameters["goes_on"] == {
        "plan": first.plan_id,
        "now": NOW.isoformat(),
        "out": ["v"],
        "bound_until": {},
        "not_made": [],
        "camera": "",
        "why": "",
        "check_ins": 0,
        "dropped": [],
        "added": [],
    }
    file = read_plan(json.dumps(stored.document))
    problems, remarks = check_plan(session, file)
    assert problems == []
    assert "travel times were worked out again from the roads" in remarks
    assert session.get(Plan, first.plan_id).parameters.get("goes_on") is None


def test_a_team_that_is_bound_does_nothing_until_it_is_free(session, first):
    until = NOW + timedelta(minutes=40)
    made = gone_on(session, first, bound_until={"m": until})
    own = made.plan.visits[made.plan.visits["team_id"] == "m"]
    assert (own["arrive_s"] >= (until - START).total_seconds()).all()
    assert made.violations == ()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"now": START - timedelta(minutes=1)}, "lies outside the shift of plan"),
        ({"now": END}, "lies outside the shift of plan"),
        ({"out": ("x",)}, "has no team 'x'"),
        ({"bound_until": {"y": END}}, "has no team 'y'"),
        ({"out": ("w", "v", "m")}, "no team of plan .* is left"),
        ({"dropped": ("z-999",)}, "stop 'z-999' is none of plan"),
        ({"not_made": (("w", "z-999"),)}, "stop 'z-999' is none of plan"),
        ({"out": ("w",), "bound_until": {"w": END}}, "team 'w' is both out and bound"),
        ({"bound_until": {"w": NOW}}, "bound until a time that is over"),
        ({"new_stops": (NewStop(10.0, 50.0, 5),)}, "lies farther than 100 m from every street"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_stored(session, first, more, sentence):
    with pytest.raises(LianfangError, match=sentence):
        gone_on(session, first, **more)
    assert session.query(Plan).count() == 1


def test_a_plan_that_is_not_there_or_whose_streets_changed_is_refused(session, first):
    with pytest.raises(LianfangError, match="plan 999999 is not stored"):
        go_on(session, 999999, Change(NOW), seed=1, author="tester")
    session.get(Plan, first.plan_id).road_revision = "other"
    session.flush()
    with pytest.raises(LianfangError, match="the streets have changed since plan"):
        gone_on(session, first)


def lonlat(session, x, y):
    point = to_lonlat(gpd.GeoSeries([at(x, y)], crs=CRS_M)).iloc[0]
    return point.x, point.y


def test_a_new_stop_is_required_and_visited_and_its_id_is_nobody_elses(session, first):
    """30 m off a street it is moved onto it; stops keep their numbers and the new one comes last."""
    made = gone_on(session, first, new_stops=(NewStop(*lonlat(session, 100, 30), required=True),))
    assert made.violations == ()
    before, after = (repository.plan_stops(session, one.plan_id) for one in (first, made))
    assert after["stop_id"].tolist()[: len(before)] == before["stop_id"].tolist()
    new = after.iloc[-1]
    assert len(after) == len(before) + 1
    assert new["stop_id"] == f"z-{len(before) + 1:03d}"
    assert new["stop_id"] in set(made.plan.visits["stop_id"])
    where = to_metric(after, CRS_M).geometry.iloc[-1]
    assert where.distance(at(100, 0)) < 0.01
    stored = session.get(Plan, made.plan_id)
    assert stored.parameters["goes_on"]["added"] == [new["stop_id"]]
    problems, _ = check_plan(session, read_plan(json.dumps(stored.document)))
    assert problems == []


def test_a_stop_added_twice_over_has_two_ids(session, first):
    spot = lonlat(session, 100, 0)
    once = gone_on(session, first, new_stops=(NewStop(*spot, 5),))
    twice = gone_on(session, once, now=NOW + timedelta(minutes=5), new_stops=(NewStop(*spot, 5),))
    ids = repository.plan_stops(session, twice.plan_id)["stop_id"]
    assert ids.is_unique
    assert len(ids) == len(repository.plan_stops(session, first.plan_id)) + 2


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((1.0, 2.0), "needs a prize above 0, or is required"),
        ((1.0, 2.0, -1), "a prize of -1"),
        ((200.0, 2.0, 1), "is no position"),
        ((float("nan"), 2.0, 1), "is no position"),
        ((1.0, 2.0, 1, False, 9999), "would stay 166.65 min"),
    ],
)
def test_what_cannot_be_a_stop_is_refused(given, sentence):
    with pytest.raises(InputRefused, match=sentence):
        NewStop(*given)


def test_nobody_goes_to_a_stop_that_is_not_needed_any_more(session, first):
    """Not in the next plan that goes on either; what was done there stays."""
    now_s = (NOW - START).total_seconds()
    to_come = first.plan.visits[first.plan.visits["start_s"] > now_s]["stop_id"].tolist()
    stop = to_come[0]
    made = gone_on(session, first, dropped=(stop,))
    assert stop not in set(made.plan.visits["stop_id"])
    assert made.violations == ()
    assert stop in set(repository.plan_stops(session, made.plan_id)["stop_id"])
    further = gone_on(session, made, now=NOW + timedelta(minutes=5))
    assert stop not in set(further.plan.visits["stop_id"])
    assert session.get(Plan, further.plan_id).parameters["goes_on"]["dropped"] == [stop]


def check_in(session, first, team_code, stop, came, left=None):
    row = repository.team_codes(session)[team_code]
    session.execute(
        text(
            """INSERT INTO check_in (plan_id, team_id, stop_id, arrived_at, left_at, origin, author,
                                     entered_at)
               VALUES (:plan, :team, :stop, :came, :left, 'sheet', 'tester', :came)"""
        ),
        {"plan": first.plan_id, "team": row, "stop": stop, "came": came, "left": left},
    )


def test_what_teams_signed_for_counts_as_they_signed(session, first):
    begun = first.plan.visits[first.plan.visits["start_s"] <= (NOW - START).total_seconds()]
    visit = begun.iloc[0]
    came = START + timedelta(seconds=int(visit["start_s"]) + 60)
    check_in(session, first, visit["team_id"], visit["stop_id"], came, came + timedelta(minutes=7))
    made = gone_on(session, first)
    row = made.problem.done.set_index("stop_id").loc[[visit["stop_id"]]].iloc[0]
    assert [row["start_s"], row["end_s"]] == [visit["start_s"] + 60, visit["start_s"] + 480]
    assert session.get(Plan, made.plan_id).parameters["goes_on"]["check_ins"] == 1
    assert made.violations == ()


def test_a_visit_that_was_not_made_does_not_count(session, first):
    begun = first.plan.visits[first.plan.visits["start_s"] <= (NOW - START).total_seconds()]
    pair = (begun.iloc[0]["team_id"], begun.iloc[0]["stop_id"])
    made = gone_on(session, first, not_made=(pair,))
    done = len(gone_on(session, first).problem.done)
    assert len(made.problem.done) == done - 1


def test_the_ground_of_a_failed_camera_asks_for_stops(session, first):
    """Stops of the town stand at every junction: ground in their sight makes them worth more, the middle
    of a street farther than that asks for none where nobody can stand.
    """
    lost = to_lonlat(gpd.GeoDataFrame(geometry=[shapely.LineString([at(0, 0), at(200, 0)])], crs=CRS_M))
    made = gone_on(session, first, camera="c-1", lost=lost)
    before = repository.plan_stops(session, first.plan_id).set_index("stop_id")["prize"]
    after = repository.plan_stops(session, made.plan_id).set_index("stop_id")["prize"]
    near = to_metric(repository.plan_stops(session, first.plan_id), CRS_M).set_index("stop_id").geometry
    risen = (after.loc[before.index] - before)[after.loc[before.index] > before]
    assert set(risen.index) == set(near[near.distance(at(100, 0)) <= 101].index)
    assert session.get(Plan, made.plan_id).parameters["goes_on"]["camera"] == "c-1"


def test_lost_ground_away_from_every_stop_gets_one_of_its_own(session, first):
    """A plan whose stop at a corner is taken away: the ground there is nobody's, and a junction is near."""
    zone = session.get(Plan, first.plan_id).zone_id
    area = to_metric(repository.zones(session).loc[[zone]], CRS_M).geometry.iloc[0]
    network, _ = road_network(session)
    stops = to_metric(repository.plan_stops(session, first.plan_id), network.crs)
    others = stops[stops.distance(at(0, 0)) > 1].reset_index(drop=True)
    lost = to_lonlat(gpd.GeoDataFrame(geometry=[shapely.LineString([at(0, 0), at(40, 0)])], crs=CRS_M))
    new, more = lost_stops(session, network, area, lost, others, DemandSettings())
    # 40 m of what was lost tonight weigh 4 each; a tenth of that is the prize.
    assert new["prize"].tolist() == [16]
    assert new.geometry.iloc[0].distance(at(0, 0)) < 0.01
    assert not more.any()
    assert [cause["cause"] for cause in new["why"].iloc[0]] == ["outage"]


def test_ground_lost_outside_the_zone_asks_for_nothing(session, first):
    lost = to_lonlat(gpd.GeoDataFrame(geometry=[shapely.LineString([at(750, 0), at(800, 0)])], crs=CRS_M))
    made = gone_on(session, first, camera="c-1", lost=lost)
    before, after = (repository.plan_stops(session, one.plan_id) for one in (first, made))
    assert after[["stop_id", "prize"]].equals(before[["stop_id", "prize"]])


def test_ids_go_on_from_the_highest():
    assert fresh_ids("z", ["z-001", "z-120", "other-500", "z-x"], 2) == ["z-121", "z-122"]
    assert fresh_ids("a.b", [], 1) == ["a.b-001"]
