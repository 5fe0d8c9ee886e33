"""Teams that fly: straight through the air, as far and as long as they can."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import small_site
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from test_planning import CRS_M, END, MIDDLE, START, WEST, add_team_rows, at, planned, source, team, town

from geo.crs import to_lonlat
from geo.db import transaction
from geo.errors import InputRefused
from geo.roads import AIR, RoadNetwork, Speeds
from geo.scope import WHOLE_SITE
from patrols import repository
from patrols.importers import read_teams
from patrols.plan import read_plan
from patrols.services import check_plan, store_teams
from patrols.services.duty import on_duty
from patrols.services.measuring import out_of_range
from patrols.services.staleness import stale_reasons
from patrols.services.teams import TeamGiven, add_team
from patrols.services.zoning import road_network
from patrols.tables import Plan
from web.access import Role


def spots(*xy):
    return gpd.GeoSeries([None if p is None else at(*p) for p in xy], crs=CRS_M)


@pytest.fixture
def network(session):
    town(session)
    return road_network(session)[0]


def test_a_flight_is_straight_whatever_the_streets(network):
    """300 and 400 m apart at a right angle: 500 m, at 10 m/s 50 s; 8 km off the streets it is the same."""
    for x, y in ((0, 0), (8000, 0)):
        points = spots((x, y), (x + 300, y + 400), (x + 300, y), None)
        duration, distance = network.matrix(points, AIR)
        assert distance.tolist() == [[0, 500, 300, -1], [500, 0, 400, -1], [300, 400, 0, -1], [-1] * 4]
        assert duration[:3, :3].tolist() == [[0, 50, 30], [50, 0, 40], [30, 40, 0]]
    assert network.matrix(points, AIR, limit_s=40)[0][0].tolist() == [0, -1, 30, -1]
    lines = network.paths(points, [(0, 1), (1, 0), (2, 2), (0, 3)], AIR)
    assert lines[0].coords[:] == [points[0].coords[0], points[1].coords[0]] and lines[0].length == 500.0
    assert lines[1].equals_exact(lines[0].reverse(), 0.0) and lines[2].is_empty and lines[3] is None
    slower = replace(network, speeds=Speeds(uav=8.0))
    assert slower.matrix(points, AIR)[0][0, 1] == 63  # 62.5 s
    with pytest.raises(ValueError, match="in the network's CRS"):
        network.matrix(points.to_crs(4326), AIR)
    with pytest.raises(ValueError, match="in the network's CRS"):
        network.paths(points.to_crs(4326), [(0, 1)], AIR)


centimetres = st.integers(-100_000, 100_000).map(lambda n: n / 100)


@settings(max_examples=30, deadline=None)
@given(where=st.lists(st.tuples(centimetres, centimetres), min_size=3, max_size=6))
def test_laws_of_flight(where):
    """There as far as back, no stop on the way saves time, and no street is shorter."""
    nodes = gpd.GeoDataFrame(geometry=[at(-2000, -2000), at(2000, 2000)], index=[1, 2], crs=CRS_M)
    flags = {f"{mode}_{way}": True for mode in ("foot", "ebike", "car") for way in ("forward", "backward")}
    edges = gpd.GeoDataFrame(
        [{"u": 1, "v": 2, "road_class": "residential", "steps": False, "watched": True} | flags],
        geometry=[shapely.LineString(list(nodes.geometry))],
        crs=CRS_M,
    )
    net = RoadNetwork.from_edges(nodes, edges)
    points = spots(*where)
    duration, distance = net.matrix(points, AIR)
    assert np.array_equal(duration, duration.T) and np.array_equal(distance, distance.T)
    assert (np.diag(duration) == 0).all() and (duration >= 0).all()
    for row in duration:
        assert (row <= (row[:, None] + duration).min(axis=0)).all()
    walked = net.matrix(points, "foot", snap_limit_m=5000.0)[1]
    assert (distance <= walked + 1).all()


# ---------------------------------------------------------------- lists of teams


def teams_file(path, *rows):
    path.write_text("\n".join(("编码,方式,经度,纬度,飞行半径,续航分钟", *rows)), encoding="utf-8")
    return path


def test_a_list_of_teams_tells_how_far_and_how_long_they_fly(tmp_path):
    path = teams_file(tmp_path / "a.csv", "t1,无人机,24.94,60.17,1500,25.5", "t2,步行,24.94,60.17,,")
    frame = read_teams(path, datum="wgs84").frame
    assert frame["mode"].tolist() == ["uav", "foot"]
    assert frame["range_m"].iloc[0] == 1500.0 and frame["endurance_s"].iloc[0] == 1530.0
    assert frame[["range_m", "endurance_s"]].iloc[1].isna().all()


def test_a_drone_without_its_limits_is_refused_and_so_is_a_walker_with_them(tmp_path):
    rows = ("uav,24.94,60.17,,25", "uav,24.94,60.17,1500,", "drone,24.94,60.17,,", "foot,24.94,60.17,,25")
    rows += ("uav,24.94,60.17,60000,25", "uav,24.94,60.17,far,25", "uav,24.94,60.17,1500,0")
    path = teams_file(tmp_path / "a.csv", *(f"t{n},{row}" for n, row in enumerate(rows)))
    with pytest.raises(InputRefused) as told:
        read_teams(path, datum="wgs84")
    needs = "a uav needs range_m (metres from its base) and endurance_min (minutes in the air)"
    assert list(told.value.problems) == [
        *(f"row {row}: {needs}" for row in (2, 3, 4)),
        "row 5: range_m and endurance_min are for a uav; leave them empty, or correct the mode",
        "row 6: range_m 60000 is out of limits (above 0 and at most 50000 metres); correct it",
        "row 7: range_m 'far' is no number; write it in metres, digits only",
        "row 8: endurance_min 0 is out of limits (above 0 and at most 600 minutes); correct it",
    ]


def test_a_drone_needs_no_street_at_its_base(network, tmp_path):
    """5 km from every street."""
    far = to_lonlat(spots((5000, 5000)))[0]
    path = teams_file(tmp_path / "a.csv", f"t1,uav,{far.x},{far.y},1500,25", f"t2,foot,{far.x},{far.y},,")
    assert read_teams(path, datum="wgs84", network=network, keep_good=True).frame["code"].tolist() == ["t1"]


@pytest.mark.parametrize(
    ("mode", "range_m", "endurance_s"),
    [("uav", None, 1200), ("uav", 900.0, None), ("uav", 0.0, 1200), ("foot", 900.0, None), ("foot", None, 9)],
)
def test_the_database_lets_nobody_fly_without_limits(session, mode, range_m, endurance_s):
    number = town(session)
    flight = {"mode": mode, "range_m": range_m, "endurance_s": endurance_s}
    frame = gpd.GeoDataFrame([team("t", WEST, 0, 0, **flight)], crs=CRS_M)
    # `store_teams` takes an IntegrityError for a taken code only where it is one.
    with pytest.raises(IntegrityError, match="ck_team_flight"):
        store_teams(session, to_lonlat(frame), number, source("t"))


# ---------------------------------------------------------------- a shift


@pytest.fixture
def flown(session):
    """A drone 250 m off the streets, for 20 minutes and 500 m around, and a walker of another village.

    Nothing is crossed without the drone.
    """
    zone = town(session)
    drone = {"mode": "uav", "range_m": 500.0, "endurance_s": 1200}
    add_team_rows(
        session,
        zone,
        team("air", WEST, -250, 0, **drone),
        team("m", MIDDLE, 500, 400, range_m=np.nan, endurance_s=np.nan),
    )
    return planned(session)


def test_a_drone_is_planned_within_its_range_and_endurance(session, flown):
    problem, plan = flown.problem, flown.plan
    drone = problem.teams.set_index("team_id").loc["air"]
    assert (drone["mode"], drone["start_s"], drone["end_s"]) == ("uav", 0, 1200)
    assert "team 'air' flies for 20 min and is planned for these from 18:00 on" in flown.remarks
    assert sorted(problem.duration_s) == ["foot", "uav"]
    stops = repository.plan_stops(session, flown.plan_id).to_crs(CRS_M).set_index("stop_id")
    away = stops.distance(at(-250, 0))
    far = set(problem.forbidden.loc[problem.forbidden["team_id"] == "air", "stop_id"])
    assert far == set(away.index[away > 500.0]) and 0 < len(far) < len(away)
    assert set(problem.forbidden["team_id"]) == {"air"}
    visits = plan.visits[plan.visits["team_id"] == "air"]
    assert len(visits) > 0 and visits["end_s"].max() <= 1200 and flown.violations == ()
    # On the map it goes in a straight line from its base, and as far as is told.
    ways = repository.plan_visits(session, flown.plan_id)
    ways = ways[ways["team"] == "air"].to_crs(CRS_M)
    for way, metres in zip(ways.geometry, ways["distance_m"], strict=True):
        assert len(way.coords) == 2 and abs(way.length - metres) <= 0.51
    assert shapely.Point(ways.geometry.iloc[0].coords[0]).distance(at(-250, 0)) < 0.001


def test_the_checker_works_flights_out_again(session, flown):
    file = read_plan(json.dumps(session.get(Plan, flown.plan_id).document))
    broken, remarks = check_plan(session, file)
    assert broken == [] and "travel times were worked out again from the roads" in remarks
    assert not any("are not those of the roads" in remark for remark in remarks)
    # A file whose drone is ten times as fast, and goes as that allows.
    faster = {**file.problem.duration_s, "uav": file.problem.duration_s["uav"] // 10}
    visits = file.plan.visits.copy()
    first = visits.index[(visits["team_id"] == "air") & (visits["seq"] == 1)][0]
    visits.loc[first, "arrive_s"] //= 10
    forged = replace(
        file, problem=replace(file.problem, duration_s=faster), plan=replace(file.plan, visits=visits)
    )
    broken, remarks = check_plan(session, forged)
    assert any("are not those of the roads" in remark for remark in remarks) and len(broken) == 1
    assert "air" in broken[0]


def test_a_stop_beyond_the_range_is_told_by_its_team():
    teams = gpd.GeoDataFrame(
        {"code": ["a", "w", "b"], "range_m": [100.0, np.nan, 300.0]},
        geometry=[at(0, 0), at(0, 0), at(400, 0)],
        crs=CRS_M,
    )
    stops = gpd.GeoDataFrame({"stop_id": ["s1", "s2"]}, geometry=[at(100, 0), at(0, 101)], crs=CRS_M)
    assert out_of_range(teams, stops) == [("a", "s2"), ("b", "s2")]


def test_a_flight_begins_with_the_teams_hours_and_ends_with_the_shift():
    teams = pd.DataFrame(
        {
            "code": ["short", "late", "long"],
            "starts_at": [pd.NaT, END - timedelta(seconds=600), pd.NaT],
            "ends_at": [pd.NaT] * 3,
            "endurance_s": [900.0, 900.0, 9000.0],
        }
    )
    kept, remarks = on_duty(teams, START, END)
    assert kept[["code", "start_s", "end_s"]].values.tolist() == [
        ["short", 0, 900],
        ["late", 6600, 7200],
        ["long", 0, 7200],
    ]
    assert remarks == ["team 'short' flies for 15 min and is planned for these from 18:00 on"]


def test_a_plan_is_stale_once_its_drone_flies_otherwise(session, flown):
    assert stale_reasons(session, [flown.plan_id]).get(flown.plan_id, []) == []
    session.execute(text("UPDATE team SET range_m = 400 WHERE code = 'air'"))
    told = stale_reasons(session, [flown.plan_id])[flown.plan_id]
    assert told == ["team 'air' flies farther or less far now, or longer or shorter"]


# ---------------------------------------------------------------- by hand


def test_a_drone_is_added_by_hand_with_its_limits(session):
    number = town(session)
    given = {"name": "飞行队", "village": WEST, "size": 2}
    far = to_lonlat(spots((900, 900)))[0]
    drone = TeamGiven(mode="uav", base=(far.x, far.y), range_m=800.0, endurance_s=1500, **given)
    add_team(session, "z", "d", drone, author="test")
    stored = repository.teams(session, number).iloc[0]
    assert (stored["mode"], stored["range_m"], stored["endurance_s"]) == ("uav", 800.0, 1500)
    for flight, words in (
        ({"mode": "uav"}, "needs a range and an endurance"),
        ({"mode": "uav", "range_m": 800.0}, "needs a range and an endurance"),
        ({"mode": "foot", "endurance_s": 60}, "no other team has them"),
        ({"mode": "uav", "range_m": 0.0, "endurance_s": 60}, "a range of 0 m is out of limits"),
        ({"mode": "uav", "range_m": 60_000.0, "endurance_s": 60}, "at most 50000 m"),
        ({"mode": "uav", "range_m": 800.0, "endurance_s": 0}, "0 min in the air are out of limits"),
        ({"mode": "uav", "range_m": 800.0, "endurance_s": 36_060}, "at most 600 min"),
    ):
        with pytest.raises(InputRefused, match=words):
            add_team(session, "z", "e", TeamGiven(base=None, **given, **flight), author="test")


@pytest.fixture
def no_drone_left(served):
    """The served site keeps nothing of these tests."""
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM team WHERE code = 'air-1'"))
        session.execute(text("DELETE FROM import_batch WHERE file_name = 'team air-1, by hand'"))


@pytest.mark.usefixtures("no_drone_left")
def test_the_form_takes_a_drone_and_the_page_tells_its_limits(served):
    client = served.client(Role.PLANNER, small_site.OWN)
    form = {"name": "飞行队", "code": "air-1", "village": "", "mode": "uav", "size": "2"}
    form |= {"lon": "116.615", "lat": "23.315"}
    for flight, words in (
        ({}, "needs a range and an endurance"),
        ({"range_m": "far", "endurance_min": "25"}, "Range in metres: “far” is not a number"),
        ({"range_m": "800", "endurance_min": "soon"}, "Minutes in the air: “soon” is not a number"),
    ):
        answer = client.post("/zones/z3/teams/new?lang=en", data=form | flight)
        assert answer.status_code == 422 and words in html.unescape(answer.text), answer.text[:3000]
    answer = client.post("/zones/z3/teams/new", data=form | {"range_m": "800", "endurance_min": "25"})
    assert answer.status_code == 302
    page = client.get("/zones/z3?lang=en").text
    assert "by drone" in page and "800 m, 25 min" in page
    # Beside a team that has a home village it has none.
    assert ">nan<" not in page and "<td>none</td>" in page
    page = client.get("/zones/z3?lang=zh").text
    assert "无人机" in page and "800 米" in page
    page = client.get("/zones/z3/teams/air-1?lang=zh").text
    assert "续航" in page and 'value="800"' in page and 'value="25"' in page
