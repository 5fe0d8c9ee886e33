"""A plan is stale when what it stands on has changed, and says which; an untouched one is not."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
import shapely
from sqlalchemy import text
from test_planning import CRS_M, END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.crs import to_lonlat
from geo.services import site_crs
from patrols import repository
from patrols.repository import basis as store
from patrols.services import stale_reasons
from patrols.services.teams import end_team
from patrols.stale import basis_of_document, changes
from patrols.tables import Plan

BASIS = {
    "roads": "r1",
    "zone": {"rule": {"separation_s": 600}, "members": ["a", "b"], "area": "x"},
    "teams": {
        "t1": {"village": "a", "mode": "foot", "starts_at": None, "ends_at": None, "lon": 1.0, "lat": 2.0},
        "t2": {"village": "b", "mode": "car", "starts_at": None, "ends_at": None, "lon": 1.0, "lat": 2.0},
    },
    "analysis": 3,
    "gaps": "g1",
}


def now(*path, value):
    """The basis with one thing other than it was; a value of `None` at a team takes the team away."""
    made = copy.deepcopy(BASIS)
    inner = made
    for name in path[:-1]:
        inner = inner[name]
    if path[0] == "teams" and len(path) == 2 and value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return made


def test_the_same_basis_is_not_stale():
    assert changes(BASIS, copy.deepcopy(BASIS)) == []
    assert changes(json.loads(json.dumps(BASIS)), BASIS) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("roads",), "r2", "the streets have changed"),
        (("zone",), None, "the zone is no longer there"),
        (("zone", "rule"), {"separation_s": 900}, "the zone's rule has changed"),
        (("zone", "members"), ["a"], "other villages"),
        (("zone", "area"), "y", "border has changed"),
        (("teams", "t1"), None, "team 't1' does not serve"),
        (("teams", "t3"), BASIS["teams"]["t1"], "team 't3' serves in this shift now"),
        (("teams", "t1", "village"), "b", "team 't1' is of another village"),
        (("teams", "t1", "mode"), "ebike", "team 't1' goes by e-bike now, not on foot"),
        (("teams", "t1", "ends_at"), "2026-11-21T19:00:00+00:00", "team 't1' has other hours"),
        (("teams", "t1", "lon"), 1.001, "team 't1' has another base"),
        (("gaps",), "g2", "analysis 3 was brought up to date"),
        (("gaps",), None, "was removed"),
    ],
)
def test_each_change_is_one_reason(path, value, words):
    found = changes(BASIS, now(*path, value=value))
    assert len(found) == 1 and words in found[0]


def test_a_newer_analysis_counts_by_its_gaps():
    """Another number with the same gaps in the zone changes no stop."""
    newer = now("analysis", value=4)
    assert changes(BASIS, newer) == []
    (told,) = changes(BASIS, newer | {"gaps": "g2"})
    assert "it was made from analysis 3, the newest is 4" in told


def test_a_rule_that_only_names_its_defaults_is_the_same_rule():
    full = {"pattern": "separate", "visits": 2, "villages": 2, "separation_s": 600, "max_idle_s": None}
    assert changes(BASIS, now("zone", "rule", value=full)) == []


def test_what_a_plan_did_not_store_is_not_compared():
    """A plan file tells the rule and the teams' villages and modes, nothing of bases, hours and gaps."""
    teams = {"team_id": ["t1", "t2"], "village": ["a", "b"], "mode": ["foot", "car"]}
    told = basis_of_document({"problem": {"rule": {"separation_s": 600}, "teams": teams}})
    moved = now("teams", "t1", "lon", value=9.0) | {"gaps": "g9"}
    assert changes(told, moved) == []
    (reason,) = changes(told, now("teams", "t2", "mode", value="foot"))
    assert "goes on foot now, not by car" in reason
    assert basis_of_document({}) == basis_of_document({"problem": None}) == {}


@pytest.fixture
def plan(session):
    """A plan of two walkers, and one who serves the day after."""
    zone = town(session)
    late = {"starts_at": END + timedelta(hours=20), "ends_at": END + timedelta(hours=22)}
    add_team_rows(
        session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 400), team("late", WEST, 0, 0, **late)
    )
    return planned(session).plan_id


def reasons(session, number):
    return stale_reasons(session, [number])[number]


def test_an_untouched_plan_is_not_stale(session, plan):
    assert stale_reasons(session, [plan, plan + 1_000_000]) == {plan: []}


def test_what_has_no_part_in_the_shift_makes_nothing_stale(session, plan):
    """The team of tomorrow, names and sizes, and an analysis with the very same gaps."""
    session.execute(text("UPDATE team SET base = ST_Translate(base, 0.001, 0) WHERE code = 'late'"))
    session.execute(text("UPDATE team SET name = 'renamed', size = 5"))
    session.execute(text("UPDATE zone SET name = 'renamed'"))
    session.execute(text("UPDATE road_edge SET name = 'renamed'"))
    _analysed_again(session)
    assert reasons(session, plan) == []


def _analysed_again(session):
    """A copy of the newest analysis with its gaps; answers its id."""
    number = session.scalar(
        text(
            """INSERT INTO analysis (period, level, slot_min, threshold, parameters, input_revision,
                                     code_version, author, totals)
               SELECT period, level, slot_min, threshold, parameters, input_revision, code_version, author,
                      totals
               FROM analysis ORDER BY id DESC LIMIT 1 RETURNING id"""
        )
    )
    session.execute(
        text(
            """INSERT INTO gap (analysis_id, rank, merged, ground, cause, level, measure, open_ms, deficit,
                                deficit_by_cause, windows, reasons, geom, jurisdiction_path)
               SELECT :number, rank, merged, ground, cause, level, measure, open_ms, deficit,
                      deficit_by_cause, windows, reasons, geom, jurisdiction_path FROM gap"""
        ),
        {"number": number},
    )
    return number


CLOSED = "UPDATE road_edge SET car_forward = false WHERE way_id = 1"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (CLOSED, "the streets have changed"),
        ("DELETE FROM road_edge WHERE way_id = 1", "the streets have changed"),
        ("UPDATE zone SET rule = '{\"separation_s\": 1200}'", "the zone's rule has changed"),
        ("UPDATE zone SET valid = tstzrange('2026-01-01', '2026-11-21')", "no longer there"),
        ("UPDATE zone SET geom = ST_Multi(ST_Buffer(geom, -0.0001))", "border has changed"),
        (f"DELETE FROM zone_member WHERE jurisdiction_path = '{WEST}'", "other villages"),
        ("UPDATE team SET mode = 'car' WHERE code = 'w'", "team 'w' goes by car now"),
        (f"UPDATE team SET jurisdiction_path = '{MIDDLE}' WHERE code = 'w'", "another village"),
        ("UPDATE team SET base = ST_Translate(base, 0.001, 0) WHERE code = 'w'", "another base"),
        ("UPDATE team SET ends_at = '2026-11-21 19:00+00' WHERE code = 'w'", "other hours"),
        ("UPDATE team SET starts_at = '2026-11-21 21:00+00' WHERE code = 'w'", "'w' does not serve"),
        ("UPDATE team SET starts_at = NULL, ends_at = NULL WHERE code = 'late'", "'late' serves in this"),
        ("UPDATE gap SET open_ms = open_ms / 2 WHERE ST_XMin(geom) < 24.9325", "was brought up to date"),
    ],
)
def test_a_change_in_the_database_makes_it_stale(session, plan, statement, words):
    assert session.execute(text(statement)).rowcount > 0
    told = " ".join(reasons(session, plan))
    assert words in told, told


def test_a_new_team_and_an_ended_one_are_told(session, plan):
    zone = session.get(Plan, plan).zone_id
    add_team_rows(session, zone, team("new", MIDDLE, 400, 0))
    end_team(session, "z", "m", now=START + timedelta(days=365))
    assert reasons(session, plan) == [
        "team 'm' does not serve in this shift any more",
        "team 'new' serves in this shift now and has no place in the plan",
    ]


def test_a_newer_analysis_with_other_gaps_is_told_and_no_analysis_too(session, plan):
    made_from = session.get(Plan, plan).analysis_id
    newer = _analysed_again(session)
    session.execute(
        text("DELETE FROM gap WHERE id = (SELECT min(id) FROM gap WHERE analysis_id = :n)"), {"n": newer}
    )
    (told,) = reasons(session, plan)
    assert f"from analysis {made_from}, the newest is {newer}" in told
    session.execute(text("DELETE FROM analysis"))
    (told,) = reasons(session, plan)
    assert "was removed" in told


def test_gaps_outside_the_zone_play_no_part(session, plan):
    """The eastern village is not in it."""
    area = repository.zones(session).to_crs(CRS_M).geometry.iloc[0]
    far = to_lonlat(
        repository.open_gaps(session, session.get(Plan, plan).analysis_id).to_crs(site_crs(session))
    )
    outside = far[~far.to_crs(CRS_M).intersects(area)]["gap_id"].tolist()
    assert outside
    session.execute(text("DELETE FROM gap WHERE id = ANY(:ids)"), {"ids": outside})
    assert reasons(session, plan) == []


def test_a_plan_of_an_older_program_is_compared_by_its_document(session, plan):
    """It has no basis: streets, rule, villages and modes are."""
    session.execute(text("UPDATE plan SET parameters = parameters - 'basis'"))
    assert store.heads(session, [plan])[0]["basis"] is None
    assert reasons(session, plan) == []
    session.execute(text("UPDATE team SET base = ST_Translate(base, 0.001, 0) WHERE code = 'w'"))
    assert reasons(session, plan) == []
    session.execute(text("UPDATE team SET mode = 'ebike' WHERE code = 'w'"))
    (told,) = reasons(session, plan)
    assert "goes by e-bike" in told
    session.execute(text("UPDATE plan SET document = '{}', road_revision = 'other'"))
    (told,) = reasons(session, plan)
    assert "streets" in told


def test_a_team_of_no_village_is_compared_too(session, plan):
    zone = session.get(Plan, plan).zone_id
    add_team_rows(session, zone, team("station", None, 200, 0))
    number = planned(session).plan_id
    assert reasons(session, number) == []
    session.execute(text(f"UPDATE team SET jurisdiction_path = '{WEST}' WHERE code = 'station'"))
    assert reasons(session, number) == ["team 'station' is of another village now"]


def test_the_mark_of_the_streets_is_taken_from_whoever_knows_it(session, plan):
    """A page that has it does not read every street again."""
    stored = session.get(Plan, plan).road_revision
    assert stale_reasons(session, [plan], roads=lambda: stored) == {plan: []}
    (told,) = stale_reasons(session, [plan], roads=lambda: "other")[plan]
    assert "streets" in told
    assert stale_reasons(session, [], roads=lambda: pytest.fail("nothing was asked about")) == {}


def test_shapes_differ_only_where_they_do(session, plan):
    zone = session.get(Plan, plan).zone_id
    before = store.zone_now(session, "z")
    assert store.zone_now(session, "z") == before and store.zone_now(session, "none") is None
    assert shapely.is_valid(repository.zones(session).geometry[zone])
