"""One shift of many zones: each by itself, the border between two of them patrolled for once."""

from __future__ import annotations

from datetime import timedelta

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import text
from test_planning import CRS_M, EAST, END, MIDDLE, START, WEST, X, Y, add_team_rows, source, team, town

from geo.crs import to_lonlat
from geo.errors import LianfangError
from patrols.demand import DemandSettings
from patrols.services import plan_zones, store_zones
from patrols.solve import Budget
from patrols.tables import Plan


def two_zones(session):
    """The zone of `town` and, east of it, one over its middle and its east: they share the middle village."""
    first = town(session)
    record = {"code": "e", "name": "e", "name_en": None, "rule": {"separation_s": 600}}
    second = gpd.GeoDataFrame(
        [record | {"members": [MIDDLE, EAST]}],
        geometry=[shapely.MultiPolygon([shapely.box(X + 300, Y - 100, X + 1100, Y + 500)])],
        crs=CRS_M,
    )
    other = int(store_zones(session, to_lonlat(second), source("second"))[0])
    add_team_rows(session, first, team("w", WEST, 0, 0), team("m", MIDDLE, 400, 0))
    add_team_rows(session, other, team("n", MIDDLE, 400, 400), team("o", EAST, 800, 0))


def all_zones(session, **more):
    given = {"start": START, "end": END, "budget": Budget(iterations=(200,)), "seed": 1, "workers": 2}
    return plan_zones(session, author="tester", **(given | more))


def test_every_zone_gets_a_sound_plan_and_no_stop_lies_in_sight_of_a_neighbours(session):
    two_zones(session)
    told: list[float] = []
    made = all_zones(session, progress=told.append)
    assert [zone for zone, _ in made.plans] == ["e", "z"]
    assert made.refused == ()
    assert all(outcome.violations == () and outcome.plan.crossed for _, outcome in made.plans)
    assert told == sorted(told) and told[-1] == 1.0
    rows = session.execute(
        text(
            "SELECT plan_id, ST_X(ST_Transform(geom, 32635)), ST_Y(ST_Transform(geom, 32635)) FROM plan_stop"
        )
    ).all()
    one, other = (
        shapely.MultiPoint([(x, y) for plan, x, y in rows if plan == outcome.plan_id])
        for _, outcome in made.plans
    )
    assert one.distance(other) > DemandSettings().sight_m


def test_a_zone_that_cannot_be_planned_does_not_keep_the_others_from_it(session):
    two_zones(session)
    session.execute(
        text("UPDATE team SET starts_at = :later, ends_at = NULL WHERE code IN ('n', 'o')"),
        {"later": END + timedelta(hours=1)},
    )
    made = all_zones(session)
    assert [zone for zone, _ in made.plans] == ["z"]
    assert [zone for zone, _ in made.refused] == ["e"]
    assert "no team of zone 'e' serves in the shift" in made.refused[0][1]
    assert session.query(Plan).count() == 1


def test_a_zone_that_is_not_there_is_refused_and_nothing_stored(session):
    two_zones(session)
    with pytest.raises(LianfangError, match="zone 'nowhere' is not there"):
        all_zones(session, zones=["z", "nowhere"])
    assert session.query(Plan).count() == 0


def test_the_same_seed_gives_the_same_plans_however_many_are_searched_at_once(session):
    two_zones(session)
    values = [
        [(zone, outcome.plan.visits.to_dict("list")) for zone, outcome in all_zones(session, workers=n).plans]
        for n in (1, 2)
    ]
    assert values[0] == values[1]
