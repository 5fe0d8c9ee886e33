"""The invented town: its plan keeps the laws of a plan, and what was planted in it is what is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from databases import another_database
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sqlalchemy import Engine, text

from cameras.importers import read_cameras
from cameras.repository import records, results
from cameras.synthetic import SyntheticDay
from cameras.synthetic.listing import MISPLACED, REFUSED, Dirt
from cameras.synthetic.town import FAULTS, TownCameras, town_cameras
from geo.crs import metric_crs, to_lonlat, to_metric
from geo.db import make_engine, read_frame, transaction
from geo.jurisdictions import check_tree
from geo.roads import RoadNetwork
from geo.scope import WHOLE_SITE
from geo.synthetic import VILLAGES, Town, synthetic_town
from migrations import runner
from patrols import repository as patrols
from patrols.check import violations
from patrols.plan import read_plan
from web.demo import SCENES, run_demo
from web.demo.town import LIST, made_town
from web.demostate import demo_progress
from web.mapdata import map_data
from web.progress import Steps, Update

SEED = 1
SCENE = SCENES["town"]
# Azimuth of each compass word, by the eight-point rose of GB/T 28181 (DirectionType).
ROSE = {"北": 0, "东北": 45, "东": 90, "东南": 135, "南": 180, "西南": 225, "西": 270, "西北": 315}


@pytest.fixture(scope="module")
def town() -> Town:
    """The plan of the demo's town."""
    return made_town(SEED)[0]


@pytest.fixture(scope="module")
def cameras() -> TownCameras:
    """Its cameras, and the list of them."""
    return made_town(SEED)[1]


# The plan.


def test_the_town_lies_in_the_zone_it_is_drawn_in(town):
    assert town.crs == metric_crs(to_lonlat(town.jurisdictions))
    assert town.crs.to_epsg() == 4548


def test_villages_tile_the_town_and_grids_the_villages(town):
    tree = town.jurisdictions
    assert check_tree(tree).empty
    by_level = dict(iter(tree.groupby("level")))
    assert [len(by_level[level]) for level in (0, 1, 2, 3)] == [1, 1, 1, 8]
    whole = by_level[2].geometry.iloc[0]
    for level in (3, 4):
        shapes = by_level[level].geometry.to_numpy()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.equals(shapely.coverage_union_all(shapes).normalize(), whole.normalize())
        assert all(len(shapely.get_parts(shape)) == 1 for shape in shapes)
    for site in VILLAGES:
        assert by_level[4]["path"].str.contains(f".{site.code}.", regex=False).sum() == site.grids


def test_every_street_lies_in_the_town_and_hangs_together(town):
    whole = town.jurisdictions.loc[town.jurisdictions["level"] == 2].geometry.iloc[0]
    assert shapely.covers(whole, town.road_edges.geometry.to_numpy()).all()
    place = {node: i for i, node in enumerate(town.road_nodes.index)}
    u, v = (town.road_edges[side].map(place).to_numpy() for side in ("u", "v"))
    links = csr_array((np.ones(len(u)), (u, v)), shape=(len(place), len(place)))
    assert connected_components(links, directed=False)[0] == 1
    # As the program reads it: walkers get everywhere.
    network = RoadNetwork.from_edges(town.road_nodes, town.road_edges, modes=("foot", "ebike", "car"))
    assert network.graphs["foot"].main.all()


def test_one_gets_from_hall_to_hall_without_great_detours(town):
    """A road that misses the one it should meet would send people round half the town."""
    halls = town.places.geometry[town.places["name"].str.endswith("祠堂")]
    network = RoadNetwork.from_edges(town.road_nodes, town.road_edges, modes=("foot", "car"))
    for mode in ("foot", "car"):
        _, distance = network.matrix(halls, mode)
        assert len(halls) == 8 and distance.min() >= 0
        for i, spot in enumerate(halls):
            straight = np.delete(halls.distance(spot).to_numpy(), i)
            assert (np.delete(distance[i], i) < 2.2 * straight).all()


def test_no_building_stands_on_a_street_in_water_or_on_another(town):
    walls = town.buildings.geometry.to_numpy()
    tree = shapely.STRtree(walls)
    assert len(walls) > 3000 and shapely.is_valid(walls).all()
    assert len(tree.query(town.road_edges.geometry.to_numpy(), predicate="intersects")[0]) == 0
    assert len(tree.query(town.water.geometry.to_numpy(), predicate="intersects")[0]) == 0
    first, second = tree.query(walls, predicate="intersects")
    assert (first == second).all()


def test_streets_cross_the_river_on_bridges_alone(town):
    over = town.road_edges[town.road_edges.intersects(town.river)]
    bridges = town.places[town.places["kind"] == "bridge"]
    spots = shapely.intersection(over.geometry.to_numpy(), town.river)
    assert len(spots) >= 3
    for spot in spots:
        assert bridges.distance(spot).min() < 1.0


def test_every_village_has_hall_pond_school_office_and_entrances(town):
    whole = town.jurisdictions.set_index("code").geometry
    for site in VILLAGES:
        own = town.places[town.places.within(whole[site.code].buffer(1.0))]
        assert own["name"].str.fullmatch(f"{site.short}(祠堂|池塘)").sum() == 2
        assert (own["name"] == f"{site.short}小学").sum() == 1
        assert (own["name"] == f"{site.short}村党群服务中心").sum() == 1
        assert (own["name"].str.fullmatch(f"{site.short}[东西南北]村口")).sum() == len(site.gates)
    assert town.places.geometry.is_valid.all()
    walls = shapely.STRtree(town.buildings.geometry.to_numpy())
    assert len(walls.query(town.places.geometry.to_numpy(), predicate="intersects")[0]) == 0


def test_one_seed_gives_one_town_and_another_seed_another(town):
    again, other = synthetic_town(SEED), synthetic_town(SEED + 1)
    for name in ("road_nodes", "road_edges", "buildings", "places", "water", "jurisdictions"):
        assert getattr(again, name).equals(getattr(town, name)), name
        assert not getattr(other, name).equals(getattr(town, name)), name
    first, second = town_cameras(town, seed=SEED), town_cameras(town, seed=SEED + 1)
    assert first.texts.equals(made_town(SEED)[1].texts) and not second.texts.equals(first.texts)
    # The laws are those of any seed.
    assert check_tree(other.jurisdictions).empty
    walls = shapely.STRtree(other.buildings.geometry.to_numpy())
    assert len(walls.query(other.road_edges.geometry.to_numpy(), predicate="intersects")[0]) == 0


# The cameras and their list.


def test_cameras_stand_clear_of_walls_and_are_numbered_as_gb_28181_says(town, cameras):
    stood = cameras.truth.cameras
    assert len(stood) == 304
    assert stood["name"].is_unique and stood["code"].is_unique
    walls = shapely.STRtree(town.buildings.geometry.to_numpy())
    assert len(walls.query(stood.geometry.to_numpy(), predicate="dwithin", distance=0.49)[0]) == 0
    # 8 centre, 2 industry, 3 type (131 dome, 132 fixed), 1 network, 6 serial; recorders are 118.
    assert stood["code"].str.fullmatch(r"449901\d\d00(131|132)0\d{6}").all()
    assert ((stood["code"].str[10:13] == "131") == stood["ptz"]).all()
    recorders = stood["recorder"][stood["recorder"] != ""]
    assert recorders.str.fullmatch(r"449901\d\d001180\d{6}").all()
    assert recorders.value_counts().max() <= 16
    # A recorder serves one village.
    assert (stood[stood["recorder"] != ""].groupby("recorder")["village"].nunique() == 1).all()


def test_every_kind_of_dirt_is_planted_as_often_as_told(cameras):
    found = cameras.truth.rows["dirt"].value_counts().drop("").to_dict()
    assert found == vars(Dirt())
    assert len(cameras.truth.rows) == len(cameras.truth.cameras) + Dirt().copied


def test_misplaced_rows_are_off_by_what_the_truth_says(cameras):
    rows = cameras.truth.rows
    error = rows.set_index("dirt", append=True)["position_error_m"]
    clean = rows.loc[rows["dirt"] == "", "position_error_m"]
    assert clean.max() < 6.0
    # GCJ-02 lies 57-675 m off (docs of geo.datums); two decimals are up to 0.5 km in each direction.
    gcj = error.xs("other_datum", level="dirt")
    assert gcj.min() > 57.0 and gcj.max() < 675.0
    assert error.xs("coarse_place", level="dirt").max() < 800.0
    assert error.xs("at_station", level="dirt").min() > 100.0
    assert rows.loc[rows["dirt"].isin(["swapped", "zero", "no_place"]), "position_error_m"].isna().all()


@dataclass(frozen=True, eq=False)
class Made:
    """The town's demo after two interruptions, what was there between, and the day's truth."""

    engine: Engine
    folder: Path
    summary: dict[str, Any]
    between: list[dict[str, Any]]
    seconds: list[dict[str, float]]
    day: SyntheticDay


class Interrupted(BaseException):
    """Ctrl+C, for the test."""


class Stopping(Steps):
    """Steps that end the work when one of them has done a share."""

    def __init__(self, key: str, share: float) -> None:
        super().__init__()
        self._stop = key, share

    @contextmanager
    def step(self, key: str, label: str) -> Iterator[Update]:
        with super().step(key, label) as update:

            def counted(fraction: float) -> None:
                if key == self._stop[0] and fraction > self._stop[1]:
                    raise Interrupted
                update(fraction)

            yield counted


@pytest.fixture(scope="module")
def made(cluster, tmp_path_factory) -> Iterator[Made]:
    """The demo of the town, stopped between two files of frames and in the plan, then finished."""
    with another_database(cluster, "lianfang_town") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        folder = tmp_path_factory.mktemp("town") / "demo"
        between, seconds = [], []
        for steps in (Stopping("frames", 0.7), Stopping("plan", 0.1)):
            with pytest.raises(Interrupted):
                run_demo(engine, folder, scene="town", seed=SEED, fresh=False, steps=steps)
            seconds.append(steps.seconds)
            with transaction(engine, scope=WHOLE_SITE) as session:
                between.append(
                    {
                        "map": map_data(session),
                        "frames": read_frame(session, "SELECT count(*) AS n FROM frame")["n"][0],
                        "files": read_frame(session, "SELECT file_name FROM frame_file"),
                        "analyses": read_frame(session, "SELECT count(*) AS n FROM analysis")["n"][0],
                        "zones": read_frame(session, "SELECT count(*) AS n FROM zone")["n"][0],
                        "reached": set(demo_progress(session).made),
                    }
                )
        steps = Steps()
        summary = run_demo(engine, folder, scene="town", seed=SEED, fresh=False, steps=steps)
        seconds.append(steps.seconds)
        with transaction(engine, scope=WHOLE_SITE) as session:
            day = SCENE.day_of_frames(session, SEED)
        yield Made(engine, folder, summary, between, seconds, day)
        engine.dispose()


@pytest.fixture(scope="module")
def stored(made) -> gpd.GeoDataFrame:
    """Camera records of the demo."""
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        return records.cameras(session)


def test_the_map_is_there_before_the_frames_and_grows_whole_step_by_step(made):
    first, second = made.between
    assert len(first["map"].streets) > 3000 and len(first["map"].buildings) > 3000
    assert first["map"].figures["cameras"] == made.summary["cameras"]
    assert first["reached"] == {"places", "cameras"}
    # Some files of frames, each of them whole.
    assert 0 < len(first["files"]) < 4 and 0 < first["frames"] < made.summary["frames"]
    assert first["analyses"] == 0 and first["map"].gaps is None
    assert second["reached"] == {"places", "cameras", "frames", "analysis"}
    assert second["frames"] == made.summary["frames"]
    assert len(second["map"].gaps) == sum(made.summary["gaps"].values())
    # Zone, teams and plan are there together or not at all.
    assert second["zones"] == 0 and second["map"].routes is None
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        assert len(read_frame(session, "SELECT 1 FROM analysis")) == 1
        assert len(read_frame(session, "SELECT 1 FROM plan")) == 1
        assert len(read_frame(session, "SELECT DISTINCT sha256 FROM frame_file")) == 4
        frames = read_frame(session, "SELECT count(*) AS n FROM frame")["n"][0]
    assert frames == made.summary["frames"] == len(made.day.frames)


def test_the_summary_is_the_one_of_the_other_scene_too(made):
    helsinki = {
        "cameras", "frames", "gaps", "street_length_m", "watched_share", "stops", "reachable_stops",
        "crossed_stops", "violations", "step_s", "map_path", "plan_path",
    }  # fmt: skip
    assert set(made.summary) == helsinki
    assert set(made.summary["step_s"]) == {"places", "frames", "analyse", "plan", "map"}
    json.dumps(made.summary)
    steps = Steps()
    again = run_demo(made.engine, made.folder, scene="town", seed=SEED, fresh=False, steps=steps)
    assert again == {**made.summary, "step_s": {}} and steps.seconds == {}


def test_everything_says_that_it_is_made_up(made):
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        data = map_data(session)
        batches = set(read_frame(session, "SELECT DISTINCT label FROM import_batch")["label"])
        frames = set(read_frame(session, "SELECT DISTINCT label FROM frame_source")["label"])
    assert batches == frames == {"synthetic"}
    assert data.banners == ("invented",)
    assert "合成数据" in data.title and "synthetic" in data.title_en and "合成数据" in data.attribution
    assert set(data.jurisdictions["origin"]) == {"synthetic"}
    assert "合成数据" in (made.folder / "map.html").read_text(encoding="utf8")


def test_the_reader_refuses_exactly_the_rows_that_were_spoilt(made, cameras):
    """By the sentences themselves: row by row, each for its own reason."""
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        report = demo_progress(session).made["cameras"]
    said: dict[int, str] = {}
    for sentence in report["problems"]:
        row = int(sentence.split(":")[0].removeprefix("row "))
        said[row] = said.get(row, "") + sentence
    rows = cameras.truth.rows
    assert sorted(said) == list(rows.index[rows["refused"]])
    reasons = {
        "copied": "stands in row",
        "same_code": "stands in row",
        "rounded_code": "last digits are lost",
        "swapped": "look swapped",
        "zero": "is a place-holder",
        "no_place": "lon is missing",
        "no_sense": "is neither degrees",
    }
    assert set(reasons) == set(REFUSED)
    for row, dirt in rows.loc[rows["refused"], "dirt"].items():
        assert reasons[dirt] in said[row], (dirt, said[row])
    for row in cameras.truth.listed("copied").index:
        code = rows.loc[row, "code"]
        assert f"row {rows.index[(rows['code'] == code)][0]} too" in said[row]
    assert (made.folder / "cameras-report.txt").read_text(encoding="utf8").splitlines() == [
        *report["problems"],
        *report["findings"],
    ]


def test_the_readers_findings_count_what_was_planted(made, town, cameras):
    west, south, east, north = to_lonlat(town.jurisdictions).total_bounds
    area = (west - 0.01, south - 0.01, east + 0.01, north + 0.01)
    found = read_cameras(made.folder / LIST, datum="cgcs2000", area=area, keep_good=True)
    told = {sentence.split()[0]: sentence for sentence in found.findings}
    rows, texts = cameras.truth.rows, cameras.texts
    in_name = (texts["监视方位"] == "") & texts["设备名称"].str.contains("朝[东南西北]")
    expected = {
        "fewer than 3 decimals": Dirt().coarse_place,
        "read from the name": int(in_name.sum()),
        "several directions": Dirt().two_directions,
        "perhaps the address of a station": Dirt().at_station,
    }
    assert len(told) == len(expected)
    for words, count in expected.items():
        [sentence] = [one for one in found.findings if words in one]
        assert sentence.startswith(f"{count} ")
    crowd = cameras.truth.listed("at_station").geometry.iloc[0]
    assert any(f"{crowd.x:.6f}, {crowd.y:.6f}" in one for one in found.findings)
    assert set(found.frame.index) == set(rows.index[~rows["refused"]])


def test_what_is_stored_is_the_list_and_the_list_is_the_truth_where_it_is_clean(stored, town, cameras):
    taken = cameras.truth.taken_in
    assert set(stored["code"]) == set(taken.index)
    true = cameras.truth.cameras.loc[stored["code"].map(taken)].set_index(stored.index)
    rows = cameras.truth.rows[~cameras.truth.rows["refused"]].set_index("code").loc[stored["code"]]
    off = to_metric(gpd.GeoSeries(stored.geometry), town.crs).distance(true.geometry)
    # Written as degrees, minutes and hundredths of seconds: 0.3 m.
    assert np.allclose(off, rows["position_error_m"], atol=0.4)
    assert (off[~rows["dirt"].isin(MISPLACED).to_numpy()] < 6.0).all()

    turned = (stored["azimuth_deg"] - true["azimuth_deg"] + 180.0) % 360.0 - 180.0
    quality = stored["azimuth_quality"]
    assert turned[quality == "measured"].abs().max() <= 0.5 + 1e-6
    assert turned[quality == "coarse"].abs().max() <= 22.5 + 1e-6
    assert list(quality == "measured") == list(true["listed"] == "degrees")
    assert set(true["listed"][quality == "coarse"]) == {"compass", "name"}
    named = true["name"][true["listed"] == "name"].str.extract("朝([东南西北]{1,2})$")[0]
    assert list(named.map(ROSE)) == list(stored["azimuth_deg"][true["listed"] == "name"])
    assert list(stored["parent_code"].fillna("")) == list(true["recorder"])


# The day.


@pytest.fixture(scope="module")
def states(made, stored):
    """Availability of every camera, times in epoch milliseconds."""
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        analysis = results.latest_analysis(session)
        return read_frame(
            session,
            """SELECT c.code, a.state, a.moved,
                      (extract(epoch FROM lower(a.period)) * 1000)::bigint AS start_ms,
                      (extract(epoch FROM upper(a.period)) * 1000)::bigint AS end_ms
               FROM availability a JOIN camera c ON c.id = a.camera_id WHERE a.analysis_id = :id""",
            id=analysis.id,
        )


def test_every_fault_is_found_with_its_cause_and_minutes_and_nothing_else(made, states):
    found = states[(states["state"] != "usable") | states["moved"]]
    planted = made.day.truth.assign(code=made.day.truth["camera"].map(made.day.cameras["code"]))
    planted = planted[planted["cause"] != ""]
    both = found.merge(planted, on=["code", "start_ms", "end_ms"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all(), both[both["_merge"] != "both"]
    assert list(np.where(both["moved"].astype(bool), "moved", both["state"])) == list(both["cause"])
    assert set(planted["kind"]) == {"nvr", "outage", "dark", "frozen", "blocked", "turned", "lost", "silent"}


def test_a_failing_recorder_takes_all_its_cameras_and_no_other_together(made, states, stored, cameras):
    """Outages of more than one camera that begin in one tick are those of the two recorders."""
    lost = states[states["state"] == "outage"].merge(stored[["code", "parent_code"]], on="code")
    together = [group for _, group in lost.groupby("end_ms") if len(group) > 1]
    assert len(together) == len(FAULTS.recorders) == 2
    failed = set()
    for group in together:
        assert group["start_ms"].nunique() == 1
        [recorder] = set(group["parent_code"])
        assert set(group["code"]) == set(stored["code"][stored["parent_code"] == recorder])
        assert len(group) >= 8
        failed.add(recorder)
    truth = made.day.truth[made.day.truth["kind"] == "nvr"]
    assert failed == set(cameras.truth.cameras.loc[truth["camera"], "recorder"])


def test_every_kind_of_fault_opens_a_gap_that_names_its_cameras(made):
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        gaps = results.gaps(session, results.latest_analysis(session).id)
    truth = made.day.truth.assign(code=made.day.truth["camera"].map(made.day.cameras["code"]))
    broken = gaps[gaps["cause"].isin(["outage", "moved", "degraded"])]
    kinds = set()
    for gap in broken.itertuples():
        own = truth[truth["code"].isin(gap.cameras) & (truth["cause"] == gap.cause)]
        assert set(own["code"]) == set(gap.cameras)
        kinds |= set(own["kind"])
    assert kinds == set(truth["kind"][truth["cause"].isin(["outage", "moved", "degraded"])])
    assert set(gaps["cause"]) == set(made.summary["gaps"])


# The night.


def test_the_zone_is_the_eight_villages_and_two_of_them_have_two_teams(made):
    with transaction(made.engine, scope=WHOLE_SITE) as session:
        zones = patrols.zones(session)
        teams = patrols.teams(session, int(zones.index[0]))
        members = session.execute(text("SELECT count(*) FROM zone_member")).scalar_one()
        villages = read_frame(session, "SELECT path::text FROM jurisdiction WHERE level = 3")["path"]
    assert len(zones) == 1 and members == 8
    rule = zones["rule"].iloc[0]
    assert (rule["pattern"], rule["visits"], rule["villages"], rule["separation_s"]) == (
        "separate",
        2,
        2,
        1800,
    )
    assert sorted(teams["village"].value_counts()) == [1] * 6 + [2] * 2
    assert set(teams["village"]) == set(villages)
    assert set(teams["mode"]) == {"foot", "ebike", "car"}


def test_the_plan_crosses_stops_without_violation(made):
    held = read_plan((made.folder / "plan.json").read_text(encoding="utf8"))
    assert made.summary["violations"] == 0 and violations(held.problem, held.plan) == []
    # 60 from gaps, and a fixed duty that is due at any time.
    assert made.summary["stops"] == 61
    assert made.summary["crossed_stops"] >= 0.8 * made.summary["reachable_stops"] > 40
    assert set(held.plan.visits["team_id"]) == set(held.problem.teams["team_id"])
