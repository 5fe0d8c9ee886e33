"""A shift on real streets of Futian, Shenzhen: made-up villages and gaps, true ways and Chinese names."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import map_scene
import numpy as np
import pandas as pd
import pytest
import shapely
from papers import fonts, pages
from sqlalchemy import text

from geo import repository as places
from geo.crs import to_metric
from geo.errors import InputRefused
from geo.repository.search import street_names
from geo.services import Source, import_places, site_crs, store_jurisdictions
from patrols import repository
from patrols.check import violations
from patrols.plan import read_plan
from patrols.repository import of_plan
from patrols.services import check_plan, plan_shift, store_teams, store_zones
from patrols.solve import Budget
from patrols.tables import Plan
from web.duty.making import duty_of
from web.duty.sheets import duty_sheets
from web.i18n import Translator

FUTIAN = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "shenzhen_futian" / "G.graphml"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FUTIAN.is_file(), reason=f"the sample graph is not at {FUTIAN}"),
]
START = datetime(2026, 11, 21, 11, tzinfo=UTC)
END = START + timedelta(hours=3)
# Quarters of the map, west to east and south to north; their names are as made up as their borders.
VILLAGES = {"v1": "示例一村", "v2": "示例二村", "v3": "示例三村", "v4": "示例四村"}


def source(name):
    return Source(name, f"sha-{name}", "wgs84", "synthetic", "test")


def quarters(bounds):
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    boxes = ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    return [shapely.box(*box) for box in boxes]


def fill(session):
    """Streets, four villages, one zone over all, a gap on every fortieth street with a name."""
    import_places(session, "roads", FUTIAN, datum="wgs84", author="test", name="福田")
    _, edges = places.roads(session)
    shapes = quarters(edges.total_bounds)
    whole = shapely.MultiPolygon([shapely.union_all(shapes)])
    names = ["示例市", "示例区", "示例街道", *VILLAGES.values()]
    tree = gpd.GeoDataFrame(
        {
            "path": ["c", "c.d", "c.d.t", *(f"c.d.t.{code}" for code in VILLAGES)],
            "code": ["c", "d", "t", *VILLAGES],
            "level": [0, 1, 2, 3, 3, 3, 3],
            "name": names,
            "name_en": [None] * 7,
            "origin": "synthetic",
        },
        geometry=[whole] * 3 + [shapely.MultiPolygon([shape]) for shape in shapes],
        crs=4326,
    )
    store_jurisdictions(session, tree, source("villages"))
    zone = {"code": "ft", "name": "福田片区", "name_en": None, "rule": {"separation_s": 1200}}
    zone |= {"members": [f"c.d.t.{code}" for code in VILLAGES]}
    number = int(
        store_zones(session, gpd.GeoDataFrame([zone], geometry=[whole], crs=4326), source("zone"))[0]
    )
    analysis = session.execute(
        text(
            """INSERT INTO analysis (period, level, slot_min, threshold, parameters, input_revision,
                                     code_version, author, totals)
               VALUES (tstzrange('2026-11-20', '2026-11-21'), 'recognise', 15, 0.5, '{}', 'r', 'v', 'a', '{}')
               RETURNING id"""
        )
    ).scalar_one()
    named = edges[edges["name"].notna() & edges["foot_forward"]].sort_values(["way_id", "u", "v"]).iloc[::40]
    for line, metres in zip(named.geometry, to_metric(named).length, strict=True):
        session.execute(
            text(
                """INSERT INTO gap (analysis_id, rank, merged, ground, cause, level, measure, open_ms,
                                    deficit, deficit_by_cause, windows, reasons, geom, jurisdiction_path)
                   VALUES (:analysis, 1, 1, 'street', 'no_camera', 'recognise', :mm, 86400000, :deficit,
                           '{}', '{[2026-11-20, 2026-11-21)}', '[]', ST_GeomFromText(:line, 4326), 'c')"""
            ),
            {
                "analysis": analysis,
                "mm": int(metres * 1000),
                "deficit": int(metres * 86400),
                "line": line.wkt,
            },
        )
    return number


def stored_teams(session, number, *rows):
    columns = ["code", "village", "mode", "lon", "lat", "range_m", "endurance_s"]
    frame = pd.DataFrame(rows, columns=columns).assign(name=lambda rows: rows["code"], size=2)
    shaped = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    store_teams(session, shaped, number, source("-".join(frame["code"])))


@pytest.fixture
def made(session):
    """Walkers, an e-bike, a car and a drone of four villages, each with its base beside a street."""
    number = fill(session)
    none = (np.nan, np.nan)
    stored_teams(
        session,
        number,
        ("一村步行", "c.d.t.v1", "foot", 114.0081, 22.5305, *none),
        ("二村步行", "c.d.t.v2", "foot", 114.0300, 22.5240, *none),
        ("三村电动车", "c.d.t.v3", "ebike", 114.0100, 22.5420, *none),
        ("四村汽车", "c.d.t.v4", "car", 114.0302, 22.5409, *none),
        ("二村无人机", "c.d.t.v2", "uav", 114.0290, 22.5290, 1200.0, 2400),
    )
    return plan_shift(
        session, zone="ft", start=START, end=END, budget=Budget(iterations=(40, 40)), seed=1, author="test"
    )


def test_a_shift_in_futian_is_planned_checked_and_told_by_street(session, made):
    problem, plan = made.problem, made.plan
    assert made.violations == () and violations(problem, plan) == []
    assert sorted(problem.duration_s) == ["car", "ebike", "foot", "uav"]
    assert len(plan.crossed) >= 10 and set(plan.visits["team_id"]) == set(problem.teams["team_id"])
    # The file is checked once more on the roads of the database.
    file = read_plan(json.dumps(session.get(Plan, made.plan_id).document))
    broken, remarks = check_plan(session, file)
    assert broken == [] and remarks == [
        "the roads are the ones this plan was made from",
        "travel times were worked out again from the roads",
    ]
    # Every stop lies in a street whose name is Chinese.
    stops = repository.plan_stops(session, made.plan_id)
    names = street_names(session, stops.geometry)
    assert len(names) > 20 and names.notna().all()
    assert all("\u4e00" <= sign <= "\u9fff" or sign == "/" for name in names for sign in name)
    assert len(set(names)) > 10


def test_each_team_keeps_to_what_its_mode_may_use(session, made):
    """Ways of e-bikes touch no fast road, wheels no stairs, and the drone goes straight."""
    crs = site_crs(session)
    _, edges = places.roads(session)
    edges = to_metric(edges, crs)
    ways = to_metric(repository.plan_visits(session, made.plan_id), crs)
    ways = ways[ways.geometry.notna() & (ways.length > 1.0)]
    for mode in ("foot", "ebike", "car"):
        usable = edges[edges[f"{mode}_forward"] | edges[f"{mode}_backward"]]
        lines = ways[ways["mode"] == mode].geometry
        assert len(lines) > 0
        # Up to 12 m at either end are walked, between the street and the stop.
        streets = usable.geometry.to_numpy()
        tree = shapely.STRtree(streets)
        for line in lines:
            near = shapely.union_all(streets[tree.query(line)]).buffer(0.05)
            assert shapely.difference(line, near).length <= 2 * 12.0, mode
    fast = edges["road_class"].str.contains("motorway|trunk")
    assert fast.any() and not edges.loc[fast, ["ebike_forward", "ebike_backward"]].any(axis=None)
    drone = ways[ways["mode"] == "uav"].geometry
    assert len(drone) > 0 and (shapely.get_num_coordinates(drone.to_numpy()) == 2).all()
    base = to_metric(gpd.GeoSeries([shapely.Point(114.0290, 22.5290)], crs=4326), crs)[0]
    assert shapely.distance(shapely.get_point(drone.to_numpy(), -1), base).max() <= 1200.0 + 0.01


def test_an_e_bike_whose_base_only_a_fast_road_leads_to_is_refused(session):
    """South of 滨河大道 e-bikes have streets of their own, but none that leads to the others."""
    number = fill(session)
    stored_teams(session, number, ("南", "c.d.t.v2", "ebike", 114.0300, 22.5215, np.nan, np.nan))
    with pytest.raises(InputRefused) as told:
        plan_shift(
            session, zone="ft", start=START, end=END, budget=Budget(iterations=(1, 1)), seed=1, author="test"
        )
    assert "the nearest street usable by ebike (limit 100 m)" in told.value.problems[0]


def test_the_duty_sheets_of_futian_name_its_streets_in_chinese(session, made):
    """Every stop of every team by its street or its two, on paper with fonts inside, in either language."""
    map_scene.compiled_catalogues()
    streets = session.scalars(text("SELECT DISTINCT name FROM road_edge WHERE name IS NOT NULL")).all()
    for lang in ("zh", "en"):
        t = Translator(lang, ZoneInfo("Asia/Shanghai"))
        duty = duty_of(session, of_plan.plan(session, made.plan_id), t)
        paper = duty_sheets(duty, t, home="https://lianfang.example")
        told = pages(paper)
        assert fonts(paper) == {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}
        assert len(told) == len(duty.teams) == 5
        for team, page in zip(duty.teams, told, strict=True):
            assert f"{team.number} {team.name}" in page
            whole = "".join(page)
            for visit in team.visits:
                named = [name for name in streets if name in visit.stop.place]
                assert named and visit.stop.place in whole, visit.stop.place
    assert any(" at " in visit.stop.place for team in duty.teams for visit in team.visits), "corners"
