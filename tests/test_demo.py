"""The whole chain on real streets: what was planted is found, sums are exact, routes follow streets."""

from __future__ import annotations

import json
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from databases import another_database
from sqlalchemy import text

from cameras.causes import CAUSE_BY_NAME, CAUSE_NAMES
from cameras.repository import records, results
from geo import repository as places
from geo.crs import to_metric
from geo.db import Base, ScopedSession, make_engine, read_frame, transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from geo.services import site_crs
from migrations import runner
from patrols import repository as patrols
from patrols.check import violations
from patrols.plan import read_plan
from web.demo import SCENES, run_demo
from web.demo.run import LOCK, scene_tables, wipe
from web.demostate import SCENE_NAMES, refuse_others_data
from web.jobs.bodies import demo as demojob
from web.jobs.registry import kind_of
from web.mapdata import map_data
from web.progress import Steps
from web.tables import Account

DAY = SCENES["helsinki"].day
DAY_MS = 24 * 3_600_000
REPAIR = {name for name in CAUSE_NAMES if CAUSE_BY_NAME[name].list.name == "repair"}


@pytest.fixture(scope="module")
def scene(demo):
    """What the tests read: analysis, gaps, availability, cameras, and the planted truth by database ids."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        crs = site_crs(session)
        analysis = results.latest_analysis(session)
        made = SCENES["helsinki"].day_of_frames(session, seed=1)
        cameras = records.cameras(session)
        number = {code: camera for camera, code in cameras["code"].items()}
        truth = made.truth.assign(camera=made.truth["camera"].map(made.cameras["code"]).map(number))
        availability = read_frame(
            session,
            """SELECT camera_id AS camera, state, reason, moved,
                      (extract(epoch FROM lower(period)) * 1000)::bigint AS start_ms,
                      (extract(epoch FROM upper(period)) * 1000)::bigint AS end_ms
               FROM availability WHERE analysis_id = :id ORDER BY 1, 5""",
            id=analysis.id,
        )
        gaps = results.gaps(session, analysis.id)
        shares = read_frame(session, "SELECT * FROM coverage_share WHERE analysis_id = :id", id=analysis.id)
        return {
            "crs": crs,
            "analysis": analysis,
            "cameras": cameras,
            "truth": truth,
            "availability": availability,
            "gaps": gaps,
            "shares": shares,
            "edges": to_metric(places.roads(session)[1], crs),
        }


def test_the_summary_has_every_field_of_the_contract(demo):
    assert set(demo.summary) == {
        "cameras",
        "frames",
        "gaps",
        "street_length_m",
        "watched_share",
        "stops",
        "reachable_stops",
        "crossed_stops",
        "violations",
        "step_s",
        "map_path",
        "plan_path",
    }
    assert demo.summary["cameras"] == 221
    assert set(demo.summary["gaps"]) == set(CAUSE_NAMES)
    assert set(demo.summary["watched_share"]) == {"detect", "observe", "recognise", "identify"}
    json.dumps(demo.summary)


def test_certain_and_possible_shares_differ_and_fall_with_the_level(demo):
    shares = demo.summary["watched_share"]
    ladder = [shares[level] for level in ("detect", "observe", "recognise", "identify")]
    assert all(level["certain"] < level["possible"] for level in ladder)
    for name in ("certain", "possible"):
        values = [level[name] for level in ladder]
        assert values == sorted(values, reverse=True)


def test_coverage_and_deficit_fill_measure_times_period_exactly(scene):
    """In every stored row, of every level, jurisdiction and kind: whole numbers, no tolerance."""
    shares = scene["shares"]
    assert len(shares) > 500
    for row in shares.itertuples():
        causes = sum(row.deficit_by_cause.values())
        assert row.measure * DAY_MS == row.total
        assert row.certain + causes == row.total
        assert row.certain <= row.possible <= row.total
        assert row.twice <= row.certain


def test_a_parent_holds_exactly_what_its_children_hold(scene):
    shares = scene["shares"]
    sums = shares.assign(depth=shares["jurisdiction_path"].str.count(r"\."))
    by_level = sums.groupby(["level", "ground", "kind", "depth"])[["measure", "certain", "possible"]].sum()
    assert (by_level.groupby(level=[0, 1, 2]).nunique() == 1).all().all()


def test_the_causes_of_every_gap_add_up_to_its_deficit(scene):
    for gap in scene["gaps"].itertuples():
        assert sum(gap.deficit_by_cause.values()) == gap.deficit
        lengths = [(end - start).total_seconds() * 1000 for start, end in gap.windows]
        assert sum(lengths) == gap.open_ms
        assert gap.deficit <= gap.measure * gap.open_ms


def test_every_planted_fault_is_found_with_its_cause_and_its_minutes(scene):
    """Availability shows each fault on its camera in exactly the period its frames tell, and nothing else."""
    found = scene["availability"]
    found = found[(found["state"] != "usable") | found["moved"]]
    planted = scene["truth"][scene["truth"]["cause"] != ""]
    both = found.merge(planted, on=["camera", "start_ms", "end_ms"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all(), both[both["_merge"] != "both"]
    cause = np.where(both["moved"].astype(bool), "moved", both["state"])
    assert list(cause) == list(both["cause"])
    assert planted["kind"].nunique() >= 7


def test_the_clock_that_is_wrong_is_a_finding_with_its_offset(demo, scene):
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        found = results.findings(session, scene["analysis"].id)
    clocks = found[found["kind"] == "clock_wrong"]
    planted = scene["truth"].loc[scene["truth"]["kind"] == "clock", "camera"]
    assert list(clocks["camera"]) == list(planted)
    assert clocks["value"].iloc[0] == pytest.approx(440.0, abs=1.0)


def test_repair_gaps_concern_planted_cameras_alone_and_every_kind_of_fault_opens_one(scene):
    """Nothing else is called broken; each gap's windows lie inside its fault, to the slot."""
    repair = scene["gaps"][scene["gaps"]["cause"].isin(REPAIR)]
    assert len(repair) > 0
    truth = scene["truth"][scene["truth"]["cause"].isin(REPAIR)]
    code = scene["cameras"]["code"]
    kinds = set()
    for gap in repair.itertuples():
        own = truth[truth["camera"].map(code).isin(gap.cameras) & (truth["cause"] == gap.cause)]
        assert set(own["camera"].map(code)) == set(gap.cameras)
        kinds |= set(own["kind"])
        for start, end in gap.windows:
            begin, stop = start.timestamp() * 1000, end.timestamp() * 1000
            # Every slot of the window is broken into by the faults of the very cameras named.
            for slot in np.arange(begin, stop, 15 * 60_000):
                lost = np.minimum(own["end_ms"], slot + 15 * 60_000) - np.maximum(own["start_ms"], slot)
                assert lost.max() > 7.5 * 60_000
    assert kinds == set(truth["kind"])


def test_a_source_that_went_silent_is_not_measured_and_no_outage(scene):
    silent = scene["truth"][scene["truth"]["kind"] == "silent"]
    codes = set(silent["camera"].map(scene["cameras"]["code"]))
    gaps = scene["gaps"][scene["gaps"]["cause"] == "not_measured"]
    assert len(gaps) > 0
    assert {code for row in gaps["cameras"] for code in row} <= codes
    states = scene["availability"]
    of_silent = states[states["camera"].isin(silent["camera"])]
    assert set(of_silent["state"]) == {"usable", "not_measured"}


def test_at_least_four_in_five_crossable_stops_are_crossed_without_violation(demo):
    summary = demo.summary
    # 60 from gaps, and a fixed duty that is due at any time.
    assert summary["stops"] == 61
    assert summary["violations"] == 0
    assert summary["crossed_stops"] >= 0.8 * summary["reachable_stops"]
    held = read_plan((demo.folder / "plan.json").read_text(encoding="utf8"))
    assert violations(held.problem, held.plan) == []
    assert len(held.problem.teams) == 8
    assert held.problem.teams["mode"].nunique() >= 2
    assert held.problem.teams["village"].nunique() >= 5


def test_every_route_follows_streets(demo, scene):
    """Each leg of each team lies on road edges; only the walk from a street to a stop may leave them."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        plan = patrols.latest_plan(session)
        legs = to_metric(patrols.plan_visits(session, plan.id), scene["crs"])
    legs = legs[legs.geometry.notna() & ~legs.geometry.is_empty]
    assert len(legs) >= 120
    streets = shapely.unary_union(scene["edges"].geometry.to_numpy()).buffer(0.05)
    off = legs.geometry.difference(streets).length
    # Stops are junctions for walkers; a wheeled team may walk its last 12 m, at both ends of a leg.
    assert off[legs["mode"] == "foot"].max() < 0.2
    assert off.max() <= 2 * 12.0
    assert np.allclose(legs.geometry.length, legs["distance_m"], atol=1.0)


def test_teams_leave_and_return_to_their_base_within_the_shift(demo):
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        plan = patrols.latest_plan(session)
        legs = patrols.plan_visits(session, plan.id)
        teams = patrols.teams(session, plan.zone_id).set_index("code")
    for code, group in legs.groupby("team"):
        first, last = group.iloc[0], group.iloc[-1]
        base = shapely.get_coordinates(teams.loc[code, "geometry"])[0]
        assert np.allclose(first.geometry.coords[0], base, atol=1e-6)
        assert np.allclose(last.geometry.coords[-1], base, atol=1e-6)
        assert last["arrive_at"] <= plan.shift.upper
        assert pd.isna(last["stop_id"])


def test_the_files_hold_every_gap_and_gdal_reads_them(demo, scene):
    for ending in (".geojson", ".gpkg"):
        read = pyogrio.read_dataframe(demo.folder / f"gaps{ending}")
        assert len(read) == len(scene["gaps"])
        assert read["windows"].str.fullmatch(r"(\[\S+, \S+\)(; )?)+").all()
        assert read.crs.to_epsg() == 4326
        assert read["cause"].value_counts().to_dict() == {
            name: n for name, n in demo.summary["gaps"].items() if n
        }
    assert (demo.folder / "map.html").stat().st_size > 500_000


def test_two_runs_of_one_seed_agree_in_everything_but_times_and_paths(demo, cluster, tmp_path):
    with another_database(cluster, "lianfang_again") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        again = run_demo(engine, tmp_path / "again", seed=1, fresh=False, steps=Steps())
        once_more = run_demo(engine, tmp_path / "again", seed=1, fresh=False, steps=Steps())
        engine.dispose()
    timeless = [key for key in again if key not in ("step_s", "map_path", "plan_path")]
    assert {key: again[key] for key in timeless} == {key: demo.summary[key] for key in timeless}
    assert {key: once_more[key] for key in timeless} == {key: again[key] for key in timeless}
    assert once_more["step_s"] == {}
    first = json.loads((demo.folder / "plan.json").read_text(encoding="utf8"))
    second = json.loads((tmp_path / "again" / "plan.json").read_text(encoding="utf8"))
    assert first["plan"] == second["plan"]
    assert first["road_revision"] == second["road_revision"]
    gaps = [pyogrio.read_dataframe(folder / "gaps.gpkg") for folder in (demo.folder, tmp_path / "again")]
    assert gaps[0].drop(columns="gap_id").equals(gaps[1].drop(columns="gap_id"))


def test_what_is_derived_and_synthetic_says_so(demo):
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        data = map_data(session)
        labels = read_frame(session, "SELECT DISTINCT label FROM frame_source")["label"].tolist()
        batches = read_frame(session, "SELECT kind, label FROM import_batch").set_index("kind")["label"]
    assert set(data.banners) == {"derived", "synthetic"}
    assert labels == ["synthetic"]
    assert batches["cameras"] == "synthetic"
    assert {batches[kind] for kind in ("jurisdictions", "zones", "teams")} == {"derived"}
    assert {batches[kind] for kind in ("roads", "obstructions", "places", "water")} == {"real"}
    assert (data.jurisdictions["origin"] == "derived").all()
    assert not data.jurisdictions["name"].str.contains("Helsinki|赫尔辛基").any()


def test_periods_never_overlap_and_a_second_one_is_refused_by_the_database(demo, scene):
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        clash = session.execute(
            text(
                """SELECT count(*) FROM availability a JOIN availability b
                   ON a.analysis_id = b.analysis_id AND a.camera_id = b.camera_id AND a.id < b.id
                   AND a.period && b.period"""
            )
        ).scalar_one()
        tiled = read_frame(
            session,
            """SELECT camera_id, sum(extract(epoch FROM upper(period) - lower(period))) AS seconds
               FROM availability WHERE analysis_id = :id GROUP BY 1""",
            id=scene["analysis"].id,
        )
    assert clash == 0
    assert (tiled["seconds"].astype(float) == 86_400.0).all()
    assert len(tiled) == 221


def test_gaps_lie_on_watched_streets(scene):
    """Against an independent measure: a street gap's length is its measure, and lies on streets."""
    gaps = to_metric(scene["gaps"], scene["crs"])
    street = gaps[gaps["ground"] == "street"]
    assert np.allclose(street.geometry.length, street["measure"] / 1000.0, atol=0.05)
    watched = gpd.GeoSeries(scene["edges"].loc[scene["edges"]["watched"]].geometry)
    near = shapely.unary_union(watched.to_numpy()).buffer(0.05)
    assert street.geometry.sample(100, random_state=1).difference(near).length.max() < 0.05


def test_the_day_is_24_hours_of_the_site(scene):
    assert (scene["analysis"].period.lower, scene["analysis"].period.upper) == (DAY, DAY + timedelta(days=1))


@pytest.fixture
def undone(demo):
    """A session on the demo's database whose work is undone."""
    with demo.engine.connect() as connection:
        outer = connection.begin()
        with ScopedSession(
            connection, scope=WHOLE_SITE, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as opened:
            yield opened
        outer.rollback()


def test_a_database_with_anybodys_imports_is_refused(undone):
    refuse_others_data(undone, fresh=False)
    undone.execute(text("UPDATE import_batch SET author = 'chen' WHERE kind = 'cameras'"))
    with pytest.raises(LianfangError, match="holds the site '赫尔辛基市中心' with 1 imported files"):
        refuse_others_data(undone, fresh=True)


def test_a_site_that_is_no_scene_is_refused(undone):
    undone.execute(text("UPDATE site SET scene = NULL"))
    with pytest.raises(LianfangError, match="set LIANFANG_VAR"):
        refuse_others_data(undone, fresh=True)


def test_what_people_analysed_in_the_demo_goes_only_when_all_is_asked_for_anew(undone):
    undone.execute(text("UPDATE analysis SET author = 'chen'"))
    with pytest.raises(LianfangError, match=r"1 analyses and plans .* --fresh"):
        refuse_others_data(undone, fresh=False)
    refuse_others_data(undone, fresh=True)


def test_another_scene_takes_the_place_and_leaves_people_settings_and_jobs(undone):
    """Whoever may sign in still may; a job of a jurisdiction that is gone is still written down."""
    undone.add(Account(name="chen", display_name="Chen", active=True, author="test"))
    undone.flush()
    put = "INSERT INTO setting (name, value, changed_at, author) VALUES ('a.b', '1', now(), 'test')"
    undone.execute(text(put))
    job = """INSERT INTO job_run (kind, title, arguments, author, jurisdiction_path)
             VALUES ('plan', '{}', '{}', 'chen', 'hel.d01')"""
    undone.execute(text(job))
    wipe(undone)
    left = {
        table: undone.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one()
        for table in ("jurisdiction", "site", "camera", "frame", "analysis", "plan", "zone", "import_batch")
    }
    assert left == dict.fromkeys(left, 0)
    assert undone.execute(
        text("SELECT jurisdiction_path FROM job_run WHERE kind = 'plan'")
    ).scalars().all() == [None]
    assert undone.execute(text("SELECT count(*) FROM account WHERE name = 'chen'")).scalar_one() == 1
    assert undone.execute(text("SELECT count(*) FROM setting WHERE name = 'a.b'")).scalar_one() == 1


def test_whatever_refers_to_a_scene_goes_with_it_or_lets_go():
    """A new table of the server that points into a scene must say what happens when the scene goes."""
    for table in Base.metadata.sorted_tables:
        if table in scene_tables():
            continue
        for key in table.foreign_keys:
            if key.column.table in scene_tables() and table.name != "job_run":
                assert key.ondelete in ("CASCADE", "SET NULL"), f"{table.name}.{key.parent.name}"


def test_two_cannot_make_the_demo_at_once(demo):
    with demo.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        with pytest.raises(LianfangError, match="by another process"):
            run_demo(demo.engine, demo.folder, seed=2, fresh=False, steps=Steps())
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def test_the_job_refuses_what_is_no_scene_and_finds_a_finished_one_finished(demo):
    read = kind_of("demo").read
    assert read({}) == demojob.DemoOrder("helsinki", 1, False)
    for wrong in ({"scene": "atlantis"}, {"seed": -1}, {"seed": "1"}, {"place": "town"}):
        with pytest.raises(LianfangError):
            read(wrong)
    told = []
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        outcome = kind_of("demo").body(session, read({}), lambda *words: told.append(words))
    assert outcome.url == "/map" and told == []
    assert outcome.summary.values["cameras"] == 221
    assert outcome.details["gaps"] == demo.summary["gaps"]


def test_asking_twice_for_a_scene_gives_one_job(undone):
    order = demojob.DemoOrder("helsinki", 1, True)
    first = demojob.ask_for(undone, order, author="test")
    assert demojob.ask_for(undone, order, author="test") == first
    assert demojob.ask_for(undone, demojob.DemoOrder("town", 1, True), author="test") != first
    undone.execute(text("UPDATE import_batch SET author = 'chen'"))
    with pytest.raises(LianfangError, match="would remove"):
        demojob.ask_for(undone, demojob.DemoOrder("town", 2, True), author="test")


def test_the_command_line_and_the_scenes_agree_on_their_names():
    assert tuple(SCENES) == SCENE_NAMES
