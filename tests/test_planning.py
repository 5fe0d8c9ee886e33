"""A shift planned in a hand-made town: bases, hours, names, files, and the times checked by the roads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from databases import another_database
from sqlalchemy import text

from geo import repository as places
from geo.crs import to_lonlat
from geo.db import make_engine, read_frame, transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from geo.services import Source, add_source, open_site, site_crs, store_jurisdictions
from patrols import repository
from patrols.plan import read_plan
from patrols.services import check_plan, import_zones, plan_shift, store_teams, store_zones
from patrols.services.duty import on_duty
from patrols.services.stops import by_place, villages_at
from patrols.solve import Budget
from patrols.tables import Plan
from web.cli import main
from web.duty import files as planfiles

CRS_M = "EPSG:32635"
X, Y = 385_000.0, 6_672_000.0
START = datetime(2026, 11, 21, 18, tzinfo=UTC)
END = START + timedelta(hours=2)
ENDINGS = (".gpx", ".geojson", ".csv")


def at(x, y):
    return shapely.Point(X + x, Y + y)


def source(name):
    return Source(name, f"sha-{name}", "wgs84", "synthetic", "tester")


def village_frame(boxes):
    """JURISDICTIONS of one city and villages {code: (x0, y0, x1, y1)}."""
    shapes = [
        shapely.MultiPolygon([shapely.box(X + a, Y + b, X + c, Y + d)]) for a, b, c, d in boxes.values()
    ]
    city = shapely.MultiPolygon([shapely.box(*shapely.union_all(shapes).bounds)])
    codes = ["c", *boxes]
    tree = {
        "path": ["c", *(f"c.d.t.{code}" for code in boxes)],
        "code": codes,
        "level": [0] + [3] * len(boxes),
    }
    for level, path in ((1, "c.d"), (2, "c.d.t")):
        codes.append(path[-1])
        tree["path"].append(path)
        tree["level"].append(level)
        shapes.append(city)
    tree |= {"name": codes, "name_en": codes, "origin": "synthetic"}
    return gpd.GeoDataFrame(tree, geometry=[city, *shapes], crs=CRS_M)


def streets():
    """A grid of 5 by 3 junctions, 200 m apart, every mode both ways."""
    spots = {(i, j): n for n, (i, j) in enumerate(((i, j) for i in range(5) for j in range(3)), start=1)}
    nodes = gpd.GeoDataFrame(
        geometry=[at(200 * i, 200 * j) for i, j in spots], index=list(spots.values()), crs=CRS_M
    )
    rows, lines = [], []
    for (i, j), u in spots.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in spots:
                rows.append({"u": u, "v": spots[other], "way_id": len(rows) + 1, "name": None})
                lines.append(shapely.LineString([nodes.geometry[u], nodes.geometry[spots[other]]]))
    frame = gpd.GeoDataFrame(rows, geometry=lines, crs=CRS_M)
    flags = {f"{mode}_{way}": True for mode in ("foot", "ebike", "car") for way in ("forward", "backward")}
    return nodes, frame.assign(road_class="residential", watched=True, steps=False, **flags)


def team(code, village, x, y, **own):
    row = {"code": code, "name": code, "name_en": None, "village": village, "mode": "foot", "size": 2}
    return row | {"starts_at": pd.NaT, "ends_at": pd.NaT, "geometry": at(x, y)} | own


def add_team_rows(session, zone, *rows):
    frame = gpd.GeoDataFrame(list(rows), crs=CRS_M)
    store_teams(session, to_lonlat(frame), zone, source("-".join(frame["code"])))


WEST, MIDDLE, EAST = "c.d.t.west", "c.d.t.middle", "c.d.t.east"


def town(session):
    """Three villages side by side, streets, a zone over two of them, one gap on every street in it."""
    nodes, edges = streets()
    lonlat = to_lonlat(nodes)
    west, south, east, north = lonlat.total_bounds
    open_site(session, name="t", name_en="t", bounds=(west, south, east, north), timezone="UTC")
    assert site_crs(session).to_epsg() == 32635
    places.add_roads(session, lonlat, to_lonlat(edges), add_source(session, "roads", source("roads"), 1))
    boxes = {"west": (-100, -100, 300, 500), "middle": (300, -100, 700, 500), "east": (700, -100, 1100, 500)}
    store_jurisdictions(session, to_lonlat(village_frame(boxes)), source("villages"))
    zone = gpd.GeoDataFrame(
        [
            {
                "code": "z",
                "name": "z",
                "name_en": None,
                "rule": {"separation_s": 600},
                "members": [WEST, MIDDLE],
            }
        ],
        geometry=[shapely.MultiPolygon([shapely.box(X - 100, Y - 100, X + 700, Y + 500)])],
        crs=CRS_M,
    )
    number = int(store_zones(session, to_lonlat(zone), source("zone"))[0])
    analysis = session.execute(
        text(
            """INSERT INTO analysis (period, level, slot_min, threshold, parameters, input_revision,
                                     code_version, author, totals)
               VALUES (tstzrange('2026-11-20', '2026-11-21'), 'recognise', 15, 0.5, '{}', 'r', 'v', 'a', '{}')
               RETURNING id"""
        )
    ).scalar_one()
    # Every street lacks a camera; the ones in the east for longer, so demand falls from east to west.
    for length, line in zip(edges.length, to_lonlat(edges).geometry, strict=True):
        open_ms = int(8.64e7 * (line.centroid.x - west + 0.001) / (east - west + 0.002))
        session.execute(
            text(
                """INSERT INTO gap (analysis_id, rank, merged, ground, cause, level, measure, open_ms,
                                    deficit, deficit_by_cause, windows, reasons, geom, jurisdiction_path)
                   VALUES (:analysis, 1, 1, 'street', 'no_camera', 'recognise', :mm, :open, :deficit, '{}',
                           '{[2026-11-20, 2026-11-21)}', '[]', ST_GeomFromText(:line, 4326), 'c')"""
            ),
            {
                "analysis": analysis,
                "mm": int(length * 1000),
                "open": open_ms,
                "deficit": int(length * 1000) * open_ms,
                "line": line.wkt,
            },
        )
    return number


def planned(session, start=START, end=END):
    return plan_shift(
        session, zone="z", start=start, end=end, budget=Budget(iterations=(20, 20)), seed=1, author="tester"
    )


@pytest.fixture
def made(session):
    """A plan of three walkers: `w` has its base on a junction, `m` 70 m off, `late` serves tomorrow."""
    zone = town(session)
    late = {"starts_at": END + timedelta(hours=20), "ends_at": END + timedelta(hours=22)}
    add_team_rows(
        session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 470), team("late", WEST, 0, 0, **late)
    )
    return planned(session)


def document(session, plan_id):
    return json.loads(json.dumps(session.get(Plan, plan_id).document))


def test_a_team_with_other_hours_is_left_out_and_told(made):
    assert made.problem.teams["team_id"].tolist() == ["m", "w"]
    assert len(made.remarks) == 1
    assert made.remarks[0].startswith("team 'late' serves from 2026-11-22T16:00")


def test_the_walk_from_base_to_street_is_taken_off_both_ends_of_the_shift(made):
    """70 m at 1.4 m/s are 50 s."""
    teams = made.problem.teams.set_index("team_id")
    assert teams.loc["m", ["start_s", "end_s"]].tolist() == [50, 7200 - 50]
    assert teams.loc["w", ["start_s", "end_s"]].tolist() == [0, 7200]
    assert made.violations == ()
    assert len(made.plan.crossed) > 0


def test_no_team_in_the_shift_is_refused_and_one_village_is_told(session):
    zone = town(session)
    later = {"starts_at": END, "ends_at": None}
    add_team_rows(session, zone, team("late", WEST, 0, 0, **later))
    with pytest.raises(LianfangError, match=r"no team of zone 'z' serves in the shift.*late"):
        planned(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("station", None, 200, 0))
    made = planned(session)
    assert any("nothing can be crossed" in remark and "all are of west" in remark for remark in made.remarks)
    assert made.plan.crossed == ()


def test_hours_are_cut_to_the_shift_and_rounded_inwards():
    half = timedelta(milliseconds=500)
    frame = pd.DataFrame(
        {
            "code": ["whole", "cut", "touching"],
            "starts_at": [pd.NaT, START + half, START - timedelta(hours=3)],
            "ends_at": [pd.NaT, START + timedelta(seconds=9) + half, START],
        }
    )
    kept, remarks = on_duty(frame, START, END)
    assert kept[["code", "start_s", "end_s"]].to_numpy().tolist() == [["whole", 0, 7200], ["cut", 1, 9]]
    assert len(remarks) == 1
    assert "'touching'" in remarks[0]


def test_stop_numbers_go_from_west_to_east_whatever_is_worth_most():
    stops = gpd.GeoDataFrame({"prize": [9, 7, 5]}, geometry=[at(400, 0), at(0, 200), at(0, 0)], crs=CRS_M)
    named = by_place(stops, "z")
    assert named["stop_id"].tolist() == ["z-001", "z-002", "z-003"]
    assert named["prize"].tolist() == [5, 7, 9]


def test_stored_stops_are_numbered_by_place(session, made):
    stops = repository.plan_stops(session, made.plan_id).sort_values("stop_id").to_crs(CRS_M)
    xy = np.round(shapely.get_coordinates(stops.geometry.to_numpy()))
    assert xy.tolist() == sorted(xy.tolist())
    assert stops["prize"].is_monotonic_decreasing is False


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_a_point_on_a_shared_corner_belongs_to_the_lowest_path(order):
    boxes = [(0, 0, 9, 9), (-9, 0, 0, 9), (-9, -9, 0, 0), (0, -9, 9, 0)]
    tree = gpd.GeoDataFrame(
        {"path": [f"c.v{n}" for n in range(4)]}, geometry=[shapely.box(*box) for box in boxes], crs=CRS_M
    ).iloc[order]
    spots = gpd.GeoSeries(shapely.points([[0, 0], [-5, 0], [5, -5], [99, 0]]), crs=CRS_M)
    assert villages_at(tree, spots).tolist() == ["c.v0", "c.v1", "c.v3", None]


def test_the_file_says_where_its_nodes_lie_and_the_roads_give_the_same_times(session, made):
    held = read_plan(json.dumps(document(session, made.plan_id)))
    assert held.snap_limit_m == 12.0
    spots = gpd.GeoSeries(shapely.points(held.places), crs="EPSG:4326").to_crs(CRS_M)
    # The base 70 m off stands on the street below it, the other on its junction.
    assert spots[0].distance(at(500, 400)) < 1e-3
    assert spots[1].distance(at(0, 0)) < 1e-3
    stops = repository.plan_stops(session, made.plan_id).to_crs(CRS_M)
    assert spots[2:].reset_index(drop=True).distance(stops.geometry).max() < 1e-3
    found, remarks = check_plan(session, held)
    assert found == []
    assert remarks == [
        "the roads are the ones this plan was made from",
        "travel times were worked out again from the roads",
    ]


def tampered(session, made):
    """The file with every way taking 1 s, and each team early everywhere after its first visit."""
    changed = document(session, made.plan_id)
    changed["problem"]["duration_s"]["foot"] = [
        [min(1, cell) for cell in row] for row in changed["problem"]["duration_s"]["foot"]
    ]
    visits = changed["plan"]["visits"]
    for row in range(1, len(visits["seq"])):
        if visits["team_id"][row] == visits["team_id"][row - 1]:
            arrive = min(visits["arrive_s"][row], visits["end_s"][row - 1] + 1)
            visits["arrive_s"][row] = arrive
    return changed


def test_times_tampered_to_one_second_are_caught_by_the_roads(session, made):
    held = read_plan(json.dumps(tampered(session, made)))
    trusted, told = check_plan(None, held)
    assert trusted == []
    assert told == ["no database: the travel times of the file were trusted"]
    found, remarks = check_plan(session, held)
    assert any("the plan gives it 1 s" in message for message in found)
    assert any("are not those of the roads" in remark for remark in remarks)


def test_an_old_file_without_places_is_trusted_and_that_is_said(session, made):
    old = tampered(session, made)
    del old["places"], old["snap_limit_m"]
    found, remarks = check_plan(session, read_plan(json.dumps(old)))
    assert found == []
    assert "the file does not say where its nodes lie: its travel times were trusted" in remarks


def test_changed_roads_are_said_and_used(session, made):
    """With the western column of streets closed to walkers, a team based there cannot set out."""
    held = read_plan(json.dumps(document(session, made.plan_id)))
    session.execute(
        text("UPDATE road_edge SET foot_forward = false, foot_backward = false WHERE way_id <= 6")
    )
    found, remarks = check_plan(session, held)
    assert remarks[0].startswith("the roads have changed")
    assert any("no way from node 1" in message for message in found)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("places", [[24.9, 60.2]], "not a list of"),
        ("places", "far", "not a list of"),
        ("snap_limit_m", 0, "snap_limit_m is 0"),
        ("snap_limit_m", None, "snap_limit_m is None"),
    ],
)
def test_damaged_places_are_refused(session, made, name, value, sentence):
    with pytest.raises(InputRefused, match=sentence):
        read_plan(json.dumps(document(session, made.plan_id) | {name: value}))


def test_a_place_off_the_globe_or_without_its_limit_is_refused(session, made):
    changed = document(session, made.plan_id)
    changed["places"][1] = [60.2, 124.9]
    with pytest.raises(InputRefused, match=r"place 1 is .*124\.9"):
        read_plan(json.dumps(changed))
    changed = document(session, made.plan_id)
    del changed["snap_limit_m"]
    with pytest.raises(InputRefused, match="no 'snap_limit_m'"):
        read_plan(json.dumps(changed))


def test_files_for_outside_name_no_camera_gap_or_cause(session, made, tmp_path):
    for ending in ENDINGS:
        path = tmp_path / f"plan{ending}"
        planfiles.write_plan(session, made.plan_id, path)
        written = path.read_text(encoding="utf-8-sig")
        assert "z-001" in written
        for word in ("camera", "gap", "cause", "no_camera", "why", "prize", "recognise"):
            assert word not in written.lower(), (ending, word)
    inside = document(session, made.plan_id)
    assert {"stop_id", "node", "village", "prize", "service_s", "required"} <= set(inside["problem"]["stops"])


@pytest.mark.parametrize("ending", [".json", ".gpx"])
def test_a_write_that_fails_leaves_the_old_file_whole(session, made, tmp_path, monkeypatch, ending):
    path = tmp_path / f"plan{ending}"
    planfiles.write_plan(session, made.plan_id, path)
    before = path.read_bytes()
    assert len(before) > 100

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        planfiles.write_plan(session, made.plan_id, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def zones_file(tmp_path, *rows):
    path = tmp_path / "zones.csv"
    shape = to_lonlat(gpd.GeoSeries([shapely.box(X - 50, Y - 50, X + 100, Y + 450)], crs=CRS_M))[0].wkt
    lines = [f'{code},{code},{members},"{shape}"\n' for code, members in rows]
    path.write_text("code,name,members,wkt\n" + "".join(lines), encoding="utf8")
    return path


def test_a_zone_of_villages_apart_or_of_none_is_refused_by_its_name(session, tmp_path):
    """West and east have the middle between them; the drawn shape holds less than half of any village."""
    town(session)
    path = zones_file(tmp_path, ("apart", "west;east"), ("bare", ""), ("good", "west;middle"))
    for dry_run in (True, False):
        with pytest.raises(InputRefused, match="2 of 3 zones") as refusal:
            import_zones(session, path, datum="wgs84", author="tester", dry_run=dry_run)
        apart, bare = refusal.value.problems
        assert "'apart'" in apart and "do not adjoin" in apart
        assert "'bare'" in bare and "no village" in bare
    report = import_zones(session, path, datum="wgs84", author="tester", keep_good=True)
    assert report.stored == 1
    assert len(report.problems) == 2
    assert repository.zones(session)["code"].tolist() == ["good", "z"]


@pytest.fixture
def plan_file(session, made, tmp_path):
    path = tmp_path / "plan.json"
    planfiles.write_plan(session, made.plan_id, path)
    return path


def checked(path):
    result = CliRunner().invoke(main, ["patrols", "check", str(path), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output.strip().splitlines()[-1])["remarks"]


def test_checking_a_file_makes_no_database(plan_file, tmp_path, monkeypatch):
    monkeypatch.delenv("LIANFANG_DATABASE_URL", raising=False)
    monkeypatch.delenv("LIANFANG_OWNER_DATABASE_URL", raising=False)
    monkeypatch.setenv("LIANFANG_VAR", str(tmp_path / "var"))
    assert checked(plan_file) == ["no database: the travel times of the file were trusted"]
    assert not (tmp_path / "var").exists()


def test_a_database_that_does_not_answer_is_said(plan_file, tmp_path, monkeypatch):
    monkeypatch.setenv("LIANFANG_DATABASE_URL", f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    remarks = checked(plan_file)
    assert remarks[0].startswith("the database does not answer")
    assert remarks[1] == "no database: the travel times of the file were trusted"


def test_checking_a_file_does_not_migrate(plan_file, cluster, monkeypatch):
    with another_database(cluster, "lianfang_unmigrated") as (app_url, owner_url):
        monkeypatch.setenv("LIANFANG_DATABASE_URL", app_url)
        monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", owner_url)
        assert checked(plan_file)[0].startswith("the database is at revision None")
        engine = make_engine(app_url)
        with engine.connect() as connection:
            tables = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
        engine.dispose()
    assert tables is None


def test_a_database_without_roads_is_said(plan_file, engine, monkeypatch):
    """The test run's own database: migrated, and empty but for what tests roll back."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    assert checked(plan_file) == ["the database has no roads: the travel times of the file were trusted"]
    with transaction(engine, scope=WHOLE_SITE) as session:
        assert read_frame(session, "SELECT count(*) AS n FROM site")["n"].iloc[0] == 0
