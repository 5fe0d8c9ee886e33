"""Vector tiles: GDAL reads them, Shapely and the stored rows say what must be in them."""

from __future__ import annotations

import gzip
import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyogrio
import pytest
import shapely
from databases import another_database
from flask import Flask, request_started
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from signing import app_on, signed_in_client
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bench import scene
from bench.scene import PERIOD, SLOT_MIN, SLOTS, SMALL, Scene, build
from bench.scene import tile_at as at
from cameras.slots import slot_digits
from geo.db import make_engine, read_frame, read_geoframe, transaction
from geo.repository import tiles as place_tiles
from geo.repository.tiles import Tile, TileQuery
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from geo.server import Cluster
from migrations import runner
from migrations.versions import __name__ as versions
from web.access import Role
from web.tiles import LAYERS, revisions
from web.tiles import source as tile_source
from web.tiles.layers import Asked
from web.tiles.source import Content, Kept, Source
from web.tiles.views import source

VILLAGE = "syn.d1.t1.v2"
WORST_FIRST = ["outage", "degraded", "not_measured", "usable", "unknown"]


@dataclass(frozen=True)
class Town:
    """The small made-up town, served, and its rows."""

    engine: Engine
    app: Flask
    scene: Scene
    owner_url: str

    def client(self, role: Role, path: str | None = None) -> FlaskClient:
        return signed_in_client(self.app, self.engine, role, path)

    def frame(self, sql: str, **parameters: Any) -> gpd.GeoDataFrame:
        """Stored rows with their geometry `geom`, in EPSG:3857, by id."""
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            return read_geoframe(session, sql, **parameters).set_index("id").to_crs(3857)


@pytest.fixture(scope="module")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with another_database(cluster, "lianfang_tiles") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            stored = build(session, SMALL, seed=7)
        app = app_on(engine, tmp_path_factory.mktemp("tiles"))
        yield Town(engine, app, stored, owner_url)
        with app.app_context():
            source().close()
        engine.dispose()


@pytest.fixture(scope="module")
def chief(town: Town) -> FlaskClient:
    """Somebody who may see everything everywhere."""
    return town.client(Role.ADMINISTRATOR)


def covering(town: Town, z: int) -> list[Tile]:
    """All tiles of a zoom that the town lies in."""
    return scene.covering(town.scene.bounds, z)


def square(tile: Tile, buffer: float = 0.0) -> shapely.Polygon:
    """A tile in EPSG:3857, with `buffer` (of its side) around it."""
    half = 20037508.342789244
    side = 2 * half / 2**tile.z
    west, north = tile.x * side - half, half - tile.y * side
    more = buffer * side
    return shapely.box(west - more, north - side - more, west + side + more, north + more)


def step(tile: Tile) -> float:
    """The unit of a tile's coordinates, in metres of EPSG:3857."""
    return 2 * 20037508.342789244 / 2**tile.z / 4096


def address(layer: str, tile: Tile, **asked: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt?{query}"


def features(content: bytes, layer: str, tile: Tile) -> gpd.GeoDataFrame:
    """A tile as GDAL reads it, in EPSG:3857, with what lies around it."""
    path = f"/vsimem/{layer}.mvt"
    place = {"X": tile.x, "Y": tile.y, "Z": tile.z, "CLIP": "NO"}
    frame = pyogrio.read_dataframe(_in_memory(content, path), layer=layer, **place)
    if layer != "cells":
        assert frame["mvt_id"].tolist() == frame["id"].tolist()
        assert frame["id"].is_unique
    return frame.set_index("mvt_id")


def _in_memory(content: bytes, path: str) -> Path:
    file = Path(_in_memory.folder) / Path(path).name  # type: ignore[attr-defined]
    file.write_bytes(content)
    return file


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    _in_memory.folder = tmp_path_factory.mktemp("mvt")  # type: ignore[attr-defined]


def get(client: FlaskClient, layer: str, tile: Tile, **asked: Any) -> gpd.GeoDataFrame:
    """One tile asked for and read; an empty frame for an empty one."""
    answer = client.get(address(layer, tile, **asked))
    if answer.status_code == 204:
        return gpd.GeoDataFrame({"id": []}, geometry=[], crs=3857)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"
    return features(answer.data, layer, tile)


def all_of(client: FlaskClient, town: Town, layer: str, z: int, **asked: Any) -> pd.DataFrame:
    """The features of all tiles of a zoom, each once, by id."""
    parts = [get(client, layer, tile, **asked) for tile in covering(town, z)]
    joined = pd.concat(parts)
    return joined[~joined.index.duplicated()].sort_index()


def assert_drawn_true(drawn: gpd.GeoDataFrame, stored: gpd.GeoDataFrame, tile: Tile, steps: float) -> None:
    """Nothing is drawn but what is stored, and all of it that lies in the tile, to within some steps."""
    near = steps * step(tile)
    around, inside = square(tile, (64 + steps) / 4096), square(tile)
    assert set(stored.index[stored.intersects(inside)]) <= set(drawn.index)
    for number, shape in drawn.geometry.items():
        whole = stored.geometry[number]
        assert shape.within(whole.buffer(near)) and shape.within(around), number
        assert whole.intersection(inside).difference(shape.buffer(near)).is_empty, number


# -- jurisdictions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("z", "level"), [(9, 1), (11, 2), (13, 3), (14, 4), (16, 4)])
def test_the_level_of_the_tree_fits_the_zoom(town: Town, chief: FlaskClient, z: int, level: int) -> None:
    """Districts, towns, villages, grids: as Shapely cuts them, to the rounding of a step, and to the quarter
    of a pixel (4 of 4096 steps) by which borders are simplified while they are far away."""
    stored = town.frame(
        "SELECT id, name, ST_AsBinary(geom) AS geom FROM jurisdiction WHERE level = :level", level=level
    )
    for tile in covering(town, z)[:4]:
        drawn = get(chief, "jurisdictions", tile)
        assert_drawn_true(drawn, stored, tile, 1.5 if level == 4 else 6)
        assert (drawn["name"] == stored["name"].loc[drawn.index]).all()
        assert set(drawn["level"]) <= {level} and set(drawn["leaf"]) <= {level == 4}
    assert set(all_of(chief, town, "jurisdictions", z).index) == set(stored.index)


def test_shares_are_those_of_the_streets_at_the_level_of_the_analysis(town: Town, chief: FlaskClient) -> None:
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        sums = read_frame(
            session,
            """SELECT j.id, sum(certain)::float8 AS certain, sum(possible)::float8 AS possible,
                      sum(total)::float8 AS total
               FROM coverage_share c JOIN jurisdiction j ON j.path = c.jurisdiction_path
               WHERE ground = 'street' AND c.level = 'observe' GROUP BY j.id""",
        ).set_index("id")
    for z in (13, 15):
        drawn = all_of(chief, town, "jurisdictions", z, analysis=town.scene.analysis)
        for name in ("certain", "possible"):
            known = drawn[name].dropna()
            assert set(known.index) == set(sums.index) & set(drawn.index)
            share = 1000 * (sums[name] / sums["total"]).loc[known.index]
            assert ((known - share).abs() <= 1).all()
            assert ((known == 0) == (share == 0)).all(), "a little is not nothing"
        assert drawn[drawn["certain"].isna()].index.isin(sums.index).sum() == 0
    other = all_of(chief, town, "jurisdictions", 15, analysis=town.scene.analysis + 1)
    assert "certain" not in other.columns, "nothing is known of an analysis that there is not"


@pytest.fixture
def raw(session: Session) -> Any:
    """The driver's connection of a session whose work is rolled back, under the whole site."""
    return session.connection().connection.driver_connection


def ask(raw: Any, query: TileQuery) -> bytes:
    content: bytes = raw.execute(query.sql, query.parameters, binary=True).fetchone()[0]
    return content


def plant(session: Session, *nodes: tuple[str, bool]) -> None:
    """A tree of one tile: (path, whether it has a geometry)."""
    session.execute(
        text(
            """INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
               VALUES ('jurisdictions', 'f', 'f', 'wgs84', 'synthetic', 1, 't')"""
        )
    )
    rows = [
        {"path": path, "level": path.count("."), "drawn": drawn, "at": 116.5 + n / 1000}
        for n, (path, drawn) in enumerate(nodes)
    ]
    session.execute(
        text(
            """INSERT INTO jurisdiction (path, code, level, name, origin, geom, valid, batch_id)
               SELECT CAST(:path AS ltree), :path, :level, :path, 'synthetic',
                      CASE WHEN :drawn
                           THEN ST_Multi(ST_MakeEnvelope(:at, 23.3, :at + 0.0005, 23.31, 4326)) END,
                      '[2000-01-01,)', max(id) FROM import_batch"""
        ),
        rows,
    )


def shown(raw: Any, z: int, scope: Scope = WHOLE_SITE) -> dict[str, bool]:
    """Paths drawn at a zoom, and whether each is a leaf."""
    tile = at(116.505, 23.305, z)
    content = ask(raw, place_tiles.jurisdictions(tile, scope, analysis=None))
    frame = features(content, "jurisdictions", tile) if content else pd.DataFrame({"path": [], "leaf": []})
    return dict(zip(frame["path"], frame["leaf"], strict=True))


def test_a_tree_with_polygons_of_districts_alone_shows_them_at_every_zoom(session: Session, raw: Any) -> None:
    """As the real one: names and codes to the village, borders to the district."""
    plant(session, ("s", False), ("s.a", True), ("s.b", True), ("s.a.t", False), ("s.a.t.v", False))
    for z in (8, 10, 12, 14):
        assert shown(raw, z) == {"s.a": False, "s.b": True}


def test_a_branch_that_ends_early_is_shown_with_its_last_node(session: Session, raw: Any) -> None:
    plant(session, ("s", True), ("s.a", True), ("s.b", True), ("s.a.t", True), ("s.a.t.v", True))
    assert set(shown(raw, 8)) == {"s.a", "s.b"}
    assert set(shown(raw, 10)) == {"s.a.t", "s.b"}
    assert shown(raw, 14) == {"s.a.t.v": True, "s.b": True}
    # What is taken away is made up for at once.
    session.execute(text("DELETE FROM jurisdiction WHERE path = 's.a.t.v'"))
    assert shown(raw, 14) == {"s.a.t": True, "s.b": True}


def test_a_tree_that_begins_low_is_shown_from_afar_too(session: Session, raw: Any) -> None:
    plant(session, ("s", False), ("s.a", False), ("s.a.t", False), ("s.a.t.v", True), ("s.a.t.v.g", True))
    assert set(shown(raw, 8)) == set(shown(raw, 12)) == {"s.a.t.v"}
    assert set(shown(raw, 15)) == {"s.a.t.v.g"}


def test_ones_own_village_is_shown_from_afar(session: Session, raw: Any) -> None:
    """Districts are not its officer's to see, and an empty map would tell nothing."""
    plant(session, ("s", True), ("s.a", True), ("s.a.t", True), ("s.a.t.v", True), ("s.a.t.w", True))
    own = Scope.of(["s.a.t.v"])
    assert set(shown(raw, 8, own)) == set(shown(raw, 12, own)) == {"s.a.t.v"}
    assert shown(raw, 8, NOWHERE) == {}


def test_policies_leave_the_spatial_index_to_tiles(town: Town) -> None:
    """Both walls up and sequential scans dear: the index is looked in for the tile."""
    tile = at(*town.scene.bounds[:2], 15)
    with psycopg.connect(_plain(town.engine)) as connection:
        connection.execute("SELECT set_config('app.scope', 'syn.d1', true)")
        connection.execute("SET LOCAL enable_seqscan = off")
        for name, layer in LAYERS.items():
            # A proposal holds at most 1,000 cameras, which are found by its number.
            if layer.first_zoom > 15 or layer.last_zoom < 15 or name == "siting":
                continue
            query = layer.query(tile, Scope.of(["syn.d1"]), Asked())
            plan = connection.execute(f"EXPLAIN {query.sql}", query.parameters).fetchall()
            assert any("Index Cond" in line and "&&" in line for (line,) in plan), plan


def _plain(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


# -- streets, gaps, cells ----------------------------------------------------------------------------------


def test_streets_are_those_watched(town: Town, chief: FlaskClient) -> None:
    stored = town.frame("SELECT id, name, road_class, ST_AsBinary(geom) AS geom FROM road_edge WHERE watched")
    for tile in covering(town, 16)[:5]:
        drawn = get(chief, "streets", tile)
        assert_drawn_true(drawn, stored, tile, 1.5)
        assert (drawn["class"] == stored["road_class"].loc[drawn.index]).all()
    joined = all_of(chief, town, "streets", 14)
    assert joined["name"].equals(stored["name"].sort_index().rename_axis("mvt_id"))
    afar = all_of(chief, town, "streets", 13)
    assert set(afar.index) == set(stored.index[stored["road_class"] != "footway"]) < set(joined.index)


def test_gaps_tell_cause_rank_and_minutes(town: Town, chief: FlaskClient) -> None:
    stored = town.frame(
        "SELECT id, cause, ground, rank, open_ms / 60000 AS minutes, ST_AsBinary(geom) AS geom FROM gap"
    )
    for tile in covering(town, 15)[:4]:
        drawn = get(chief, "gaps", tile)
        assert_drawn_true(drawn, stored, tile, 1.5)
        told = ["cause", "ground", "rank", "minutes"]
        pd.testing.assert_frame_equal(
            pd.DataFrame(drawn[told]),
            pd.DataFrame(stored[told]).loc[drawn.index],
            check_dtype=False,
            check_names=False,
        )
    assert len(all_of(chief, town, "gaps", 13)) == len(stored)


def test_slots_agree_with_windows(town: Town, chief: FlaskClient) -> None:
    """Bit for bit: a slot is set if the database finds it inside the windows."""
    drawn = all_of(chief, town, "gaps", 14)
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        inside = read_frame(
            session,
            """SELECT g.id, string_agg((g.windows && tstzrange(s, s + interval '15 min'))::int::text, ''
                                       ORDER BY s) AS bits
               FROM gap g, generate_series(CAST(:start AS timestamptz), CAST(:end AS timestamptz)
                                           - interval '15 min', interval '15 min') AS s GROUP BY g.id""",
            start=PERIOD[0],
            end=PERIOD[1],
        ).set_index("id")["bits"]
    assert len(drawn) == len(inside)
    for number, digits in drawn["slots"].items():
        assert f"{int(digits, 16):0{SLOTS}b}" == inside[number]
        assert drawn.loc[number, "minutes"] == SLOT_MIN * inside[number].count("1")


@given(
    st.integers(1, 200),
    st.lists(st.integers(0, 200), min_size=0, max_size=8, unique=True),
    st.sampled_from([1, 15, 60]),
)
def test_digits_are_the_slots_one_by_one(slots: int, edges: list[int], minutes: int) -> None:
    """The last slot of a period may be shorter, and the last digit unfinished."""
    edges = sorted(edge for edge in edges if edge <= slots)
    windows = list(zip(edges[::2], edges[1::2], strict=False))
    slot_ms, end_ms = minutes * 60_000, slots * minutes * 60_000 - 17_000
    digits = slot_digits(
        [(a * slot_ms, min(b * slot_ms, end_ms)) for a, b in windows],
        start_ms=0,
        end_ms=end_ms,
        slot_min=minutes,
    )
    bits = "".join("1" if any(a <= n < b for a, b in windows) else "0" for n in range(slots))
    assert len(digits) == math.ceil(slots / 4)
    assert "".join(f"{int(digit, 16):04b}" for digit in digits) == bits.ljust(4 * len(digits), "0")


def test_slots_of_earlier_analyses_are_made_up_for_by_the_migration(town: Town) -> None:
    migration = __import__(f"{versions}.0007_tiles", fromlist=["EARLIER_SLOTS"])
    with psycopg.connect(town.owner_url.replace("+psycopg", "")) as connection:
        stored = dict(connection.execute("SELECT id, slots FROM gap").fetchall())
        connection.execute("UPDATE gap SET slots = ''")
        connection.execute(migration.EARLIER_SLOTS)
        assert dict(connection.execute("SELECT id, slots FROM gap").fetchall()) == stored
        shares = connection.execute("SELECT * FROM jurisdiction_share ORDER BY 1, 2").fetchall()
        connection.execute("DELETE FROM jurisdiction_share")
        connection.execute(migration.EARLIER_SHARES)
        again = connection.execute("SELECT * FROM jurisdiction_share ORDER BY 1, 2").fetchall()
        # Halves are rounded up by one and to even by the other.
        assert [row[:2] for row in again] == [row[:2] for row in shares]
        assert (
            max(
                abs(a - b)
                for x, y in zip(again, shares, strict=True)
                for a, b in zip(x[2:4], y[2:4], strict=True)
            )
            <= 1
        )
        connection.rollback()


@pytest.mark.parametrize("z", [9, 12, 13])
def test_squares_add_up_to_the_mean_length_that_is_open(town: Town, chief: FlaskClient, z: int) -> None:
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        gaps = read_frame(session, "SELECT cause, measure, open_ms FROM gap WHERE ground = 'street'")
    gaps["open_m"] = gaps["measure"] / 1000 * gaps["open_ms"] / (24 * 3600 * 1000)
    tiles = [(tile, get(chief, "cells", tile)) for tile in covering(town, z)]
    found = pd.concat([frame for _, frame in tiles])
    # Each square is rounded to a tenth.
    assert found["open_m"].sum() == pytest.approx(gaps["open_m"].sum(), abs=0.05 * len(found))
    for cause, amount in gaps.groupby("cause")["open_m"].sum().items():
        assert found[cause].sum() == pytest.approx(amount, abs=0.05 * len(found))
    for tile, frame in tiles:
        side = step(tile) * 128
        assert np.allclose(frame.area, side**2, rtol=1e-3)
        assert frame.within(square(tile).buffer(step(tile))).all()


# -- cameras and footprints --------------------------------------------------------------------------------


def worst(town: Town) -> pd.Series:
    """The worst state of every camera, straight from the evidence."""
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        cameras = read_frame(session, "SELECT id FROM camera")["id"]
        told = read_frame(session, "SELECT camera_id, state FROM availability")
    ranks = told["state"].map(WORST_FIRST.index).groupby(told["camera_id"]).min()
    return ranks.reindex(cameras).fillna(4).astype(int).map(WORST_FIRST.__getitem__)


def test_cameras_are_shown_with_the_worst_of_the_period(town: Town, chief: FlaskClient) -> None:
    stored = town.frame(
        "SELECT id, code, name, azimuth_deg, azimuth_quality, ST_AsBinary(geom) AS geom FROM camera"
    )
    drawn = all_of(chief, town, "cameras", 14)
    assert len(drawn) == SMALL.cameras
    assert drawn["state"].to_dict() == worst(town).to_dict()
    stored = stored.loc[drawn.index]
    for mine, theirs in (("code", "code"), ("name", "name"), ("quality", "azimuth_quality")):
        assert drawn[mine].tolist() == stored[theirs].tolist()
    assert np.allclose(drawn["azimuth"], stored["azimuth_deg"], equal_nan=True)
    assert "count" not in drawn.columns
    far = drawn.set_geometry("geometry", crs=3857).distance(stored)
    assert far.max() <= step(at(116.5, 23.3, 14))


def test_far_away_one_camera_stands_for_a_square_and_it_is_the_worst(town: Town, chief: FlaskClient) -> None:
    stored = town.frame("SELECT id, ST_AsBinary(geom) AS geom FROM camera")
    states = worst(town)
    for tile in covering(town, 12):
        drawn = get(chief, "cameras", tile)
        west, _, _, north = square(tile).bounds
        side = 128 * step(tile)
        # In steps of the tile, rounded as they are drawn.
        col = (np.rint((stored.geometry.x - west) / step(tile)) // 128).astype(int)
        row = (np.rint((north - stored.geometry.y) / step(tile)) // 128).astype(int)
        here = stored.assign(square=list(zip(col, row, strict=True)), worst=states.map(WORST_FIRST.index))
        here = here[col.between(-1, 32) & row.between(-1, 32)]
        groups = here.groupby("square")
        assert len(drawn) == len(groups) < len(here)
        assert set(drawn.index) == set(
            here.reset_index().sort_values(["worst", "id"]).groupby("square")["id"].first()
        )
        assert drawn["count"].fillna(1).sum() == len(here)
        assert side > 0


def test_footprints_are_of_one_level(town: Town, chief: FlaskClient) -> None:
    """That of the analysis where none is named."""
    for asked, level in (({}, "observe"), ({"level": "detect"}, "detect")):
        stored = town.frame(
            """SELECT f.id, c.code, f.certain, ST_AsBinary(f.geom) AS geom
               FROM footprint f JOIN pose p ON p.id = f.pose_id JOIN camera c ON c.id = p.camera_id
               WHERE f.level = :level""",
            level=level,
        )
        for tile in covering(town, 16)[:3]:
            drawn = get(chief, "footprints", tile, **asked)
            assert_drawn_true(drawn, stored, tile, 2)
            assert drawn["camera"].tolist() == stored["code"].loc[drawn.index].tolist()
            assert drawn["certain"].tolist() == stored["certain"].loc[drawn.index].tolist()
            assert set(drawn["level"]) == {level}
    assert get(chief, "footprints", covering(town, 16)[0], level="no.such").empty


# -- zones and routes --------------------------------------------------------------------------------------


def test_zones_are_shown_to_whoever_sees_a_member(town: Town, chief: FlaskClient) -> None:
    stored = town.frame("SELECT id, code, ST_AsBinary(geom) AS geom FROM zone")
    tile = covering(town, 14)[0]
    assert_drawn_true(get(chief, "zones", tile), stored, tile, 1.5)
    assert sorted(all_of(chief, town, "zones", 12)["code"]) == ["Z1", "Z2"]
    assert all_of(town.client(Role.VIEWER, VILLAGE), town, "zones", 12)["code"].tolist() == ["Z1"]
    assert all_of(town.client(Role.VIEWER, "syn.d2.t1.v1"), town, "zones", 12).empty


def test_a_published_plan_is_for_all_who_see_its_zone_and_a_draft_for_its_makers(town: Town) -> None:
    published, draft = town.scene.published, town.scene.draft
    planner, viewer = (town.client(role, VILLAGE) for role in (Role.PLANNER, Role.VIEWER))
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        legs = read_frame(
            session,
            """SELECT v.id, v.plan_id AS plan, t.code AS team, v.seq FROM plan_visit v
               JOIN team t ON t.id = v.team_id WHERE leg IS NOT NULL ORDER BY v.id""",
        ).set_index("id")
    for client, plan in ((viewer, published), (planner, published), (planner, draft)):
        drawn = all_of(client, town, "routes", 14, plan=plan)
        expected = legs[legs["plan"] == plan]
        pd.testing.assert_frame_equal(
            pd.DataFrame(drawn[["plan", "team", "seq"]]), expected, check_dtype=False, check_names=False
        )
        assert dict(zip(drawn["team"], drawn["number"], strict=True)) == {"T1A": 1, "T1B": 2, "T1C": 3}
    assert all_of(viewer, town, "routes", 14, plan=draft).empty
    assert set(all_of(planner, town, "routes", 14)["plan"]) == {published}, "the latest published"
    elsewhere = town.client(Role.PLANNER, "syn.d2.t1")
    assert all_of(elsewhere, town, "routes", 14, plan=published).empty


# -- who sees what -----------------------------------------------------------------------------------------


def test_a_village_sees_its_own_and_nothing_else(town: Town) -> None:
    """And what it sees is all there is of it."""
    client = town.client(Role.AUDITOR, VILLAGE)
    tables = {"streets": "road_edge", "cameras": "camera", "gaps": "gap", "jurisdictions": "jurisdiction"}
    for layer, table in tables.items():
        path = "path" if table == "jurisdiction" else "jurisdiction_path"
        leaf = "AND level = 4" if table == "jurisdiction" else ""
        stored = town.frame(
            f"""SELECT id, ST_AsBinary(geom) AS geom FROM {table}
                WHERE {path} <@ CAST(:path AS ltree) {leaf}""",
            path=VILLAGE,
        )
        assert set(all_of(client, town, layer, 14).index) == set(stored.index) and len(stored)
    with transaction(town.engine, scope=Scope.of([VILLAGE])) as session:
        own = session.scalar(
            text("SELECT sum(measure / 1000.0 * open_ms) / 86400000 FROM gap WHERE ground = 'street'")
        )
    cells = all_of(client, town, "cells", 13)
    assert cells["open_m"].sum() == pytest.approx(float(own), abs=0.05 * len(cells))


def test_rows_of_no_jurisdiction_are_for_the_whole_site_alone(town: Town, chief: FlaskClient) -> None:
    west, south, _, _ = town.scene.bounds
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(
            text(
                """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id)
                   SELECT 'outside', '界外', 'unknown', false, ST_Point(:lon, :lat, 4326), '[2000-01-01,)',
                          min(id)
                   FROM import_batch RETURNING id"""
            ),
            {"lon": west, "lat": south - 0.0005},
        )
    try:
        tile = at(west, south - 0.0005, 15)
        _fresh(town)
        seen = get(chief, "cameras", tile)
        assert number in seen.index and seen.loc[number, "state"] == "unknown"
        assert number not in get(town.client(Role.AUDITOR, "syn"), "cameras", tile).index
    finally:
        with transaction(town.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM camera WHERE id = :id"), {"id": number})
        _fresh(town)


STAFF = {Role.ADMINISTRATOR, Role.COMMANDER, Role.PLANNER, Role.AUDITOR}


@pytest.mark.parametrize("role", list(Role))
def test_cameras_footprints_gaps_and_squares_are_for_staff(town: Town, role: Role) -> None:
    client = town.client(role)
    tile = covering(town, 14)[0]
    for layer in LAYERS:
        staff = layer in ("cameras", "footprints", "siting", "gaps", "cells")
        status = client.get(address(layer, tile)).status_code
        assert status == 403 if staff and role not in STAFF else status in (200, 204), layer


def test_nobody_is_told_to_sign_in_as_programs_are(town: Town) -> None:
    answer = town.app.test_client().get(address("jurisdictions", covering(town, 14)[0]))
    assert answer.status_code == 401 and answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("role", list(Role))
def test_the_short_way_answers_as_the_whole_way_does(town: Town, role: Role) -> None:
    """`lang` in the address makes a request go the whole way; nothing else about the answer may differ."""
    places = (covering(town, 13)[0], covering(town, 14)[0])
    queries = ({"analysis": "x"}, {"plan": town.scene.draft, "v": "0", "level": "detect"})
    for path in (None, VILLAGE, "syn.d2"):
        client = town.client(role, path)
        for layer, tile, query in itertools.product(LAYERS, places, queries):
            short = client.get(address(layer, tile, **query))
            whole = client.get(address(layer, tile, **query, lang="en"))
            assert short.status_code == whole.status_code, (path, layer, tile, query)
            if short.status_code < 300:
                assert short.data == whole.data and _told(short) == _told(whole)


def _told(answer: Any) -> dict[str, Any]:
    """Headers, without those of one answer alone and the order of those that vary it."""
    own = {"X-Request-Id", "Set-Cookie", "Content-Length"}
    told: dict[str, Any] = {name: value for name, value in answer.headers if name not in own}
    return told | {"Vary": set(told["Vary"].split(", "))}


def test_a_tile_takes_the_short_way_and_a_refusal_does_not(town: Town) -> None:
    began: list[Any] = []
    with request_started.connected_to(lambda sender, **more: began.append(sender), town.app):
        viewer = town.client(Role.VIEWER)
        assert viewer.get(address("streets", covering(town, 14)[0])).status_code == 200
        assert began == []
        assert viewer.get(address("gaps", covering(town, 14)[0])).status_code == 403
        assert viewer.get(address("streets", covering(town, 14)[0], lang="en")).status_code == 200
        assert len(began) == 2


def test_the_short_way_is_closed_from_elsewhere_and_after_signing_out(town: Town) -> None:
    where = address("jurisdictions", covering(town, 14)[0])
    client = town.client(Role.VIEWER)
    assert client.get(where).status_code == 200
    assert client.get(where, headers={"Host": "example.org"}).status_code == 403
    assert client.get(where, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403
    copy = town.app.test_client()
    copy.set_cookie("lianfang", client.get_cookie("lianfang").value)  # type: ignore[union-attr]
    assert copy.get(where).status_code == 200
    forged = town.app.test_client()
    forged.set_cookie("lianfang", client.get_cookie("lianfang").value[:-1])  # type: ignore[union-attr]
    assert forged.get(where).status_code == 401
    client.post("/sign-out")
    assert copy.get(where).status_code == 401, "at once, though it was remembered"


# -- the answer --------------------------------------------------------------------------------------------


def _fresh(town: Town) -> None:
    """Let the app ask at once whether something was changed, instead of within a second."""
    with town.app.app_context():
        source().forget()


def test_an_unchanged_tile_is_not_sent_twice_and_a_changed_one_is(town: Town, chief: FlaskClient) -> None:
    where = address("zones", covering(town, 12)[0])
    first = chief.get(where)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = chief.get(where, headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.data and again.headers["ETag"] == tag
    other = town.client(Role.VIEWER, VILLAGE).get(where, headers={"If-None-Match": tag})
    assert other.status_code == 200 and other.headers["ETag"] != tag, "another scope is another tile"
    with transaction(town.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE zone SET name = '改名' WHERE code = 'Z1'"))
    _fresh(town)
    changed = chief.get(where, headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    assert "改名".encode() in changed.data


def test_a_tile_of_a_named_revision_is_kept_by_the_browser(town: Town, chief: FlaskClient) -> None:
    with town.app.app_context():
        revision = revisions()["streets"]
    tile = covering(town, 14)[0]
    answer = chief.get(address("streets", tile, v=revision))
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"
    assert {"Cookie", "Accept-Encoding"} <= set(answer.headers["Vary"].split(", "))
    assert "no-cache" in chief.get(address("streets", tile, v=f"{revision}9")).headers["Cache-Control"]


def test_a_tile_is_compressed_for_who_takes_it_so(town: Town, chief: FlaskClient) -> None:
    where = address("jurisdictions", covering(town, 14)[0])
    plain = chief.get(where)
    zipped = chief.get(where, headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers and zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data and len(plain.data) > 1000


@pytest.mark.parametrize(
    "where",
    [
        "/tiles/streets/14/0/0.mvt",
        "/tiles/streets/12/3373/1774.mvt",
        "/tiles/cells/14/13494/7096.mvt",
        "/tiles/cameras/10/843/443.mvt",
        "/tiles/gaps/14/13494/7096.mvt?analysis=999999",
        "/tiles/routes/14/13494/7096.mvt?plan=999999",
    ],
)
def test_nothing_to_show_is_an_empty_answer(chief: FlaskClient, where: str) -> None:
    """Elsewhere in the world, outside the zooms of the layer, of an analysis or plan that there is not."""
    answer = chief.get(where)
    assert answer.status_code == 204 and answer.data == b""


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("/tiles/streets/25/0/0.mvt", "the deepest is 24"),
        ("/tiles/streets/14/16384/0.mvt", "x and y go from 0 to 16383"),
        ("/tiles/streets/0/0/1.mvt", "x and y go from 0 to 0"),
        ("/tiles/streets/99999999999/0/0.mvt", "the deepest is 24"),
        ("/tiles/streets/14/-1/0.mvt", ""),
        ("/tiles/streets/14/1.5/0.mvt", ""),
        ("/tiles/people/14/1/1.mvt", ""),
        ("/tiles/gaps/14/13494/7096.mvt?analysis=latest", ""),
        ("/tiles/gaps/14/13494/7096.mvt?analysis=99999999999999999999", ""),
        ("/tiles/footprints/14/13494/7096.mvt?level=%27;--", ""),
    ],
)
def test_an_address_of_no_tile_is_refused_with_what_there_is(
    chief: FlaskClient, where: str, told: str
) -> None:
    answer = chief.get(where, headers={"Accept-Language": "en"})
    assert answer.status_code == 404 and answer.mimetype == "application/problem+json"
    assert told in answer.json["detail"]


# -- what stands behind it ---------------------------------------------------------------------------------


def test_every_change_counts_though_nobody_waits_for_another(town: Town) -> None:
    """Two writers of one table at a time: neither waits, and after each commit the count is another."""

    def count(connection: psycopg.Connection) -> int:
        return int({row[0]: row[1] for row in connection.execute(place_tiles.CHANGES)}["zone"])

    touch = "UPDATE zone SET name = name WHERE code = 'Z2'", "UPDATE zone SET name = name WHERE code = 'Z1'"
    address_ = _plain(town.engine)
    with (
        psycopg.connect(address_) as one,
        psycopg.connect(address_) as two,
        psycopg.connect(address_, autocommit=True) as reader,
    ):
        for writer in (one, two):
            writer.execute("SELECT set_config('app.scope', '*', false)")
            writer.commit()
            writer.execute("SET lock_timeout = '2s'")
        counts = [count(reader)]
        one.execute(touch[0])
        two.execute(touch[1])
        for end in (two.commit, one.commit, one.rollback):
            end()
            counts.append(count(reader))
        one.execute(touch[0])
        one.rollback()
        counts.append(count(reader))
    assert counts[0] < counts[1] < counts[2] == counts[3] == counts[4]


def test_what_is_kept_stays_within_its_bound() -> None:
    """The least recently asked for goes first."""
    kept = Kept(10_000)
    for name in range(4):
        kept.keep(name, Content(bytes(1000)))
    assert kept.get(0) is not None
    kept.keep(4, Content(bytes(1000)))
    assert kept.get(1) is None and kept.get(0) is not None and kept.get(4) is not None
    kept.keep(5, Content(bytes(100_000)))
    assert all(kept.get(name) is None for name in range(6))


def test_a_restarted_server_is_not_noticed(town: Town, chief: FlaskClient, cluster: Cluster) -> None:
    """All connections ended, as by a restart: the next tile comes over fresh ones."""
    tile = covering(town, 15)[0]
    content = chief.get(address("streets", tile)).data
    with psycopg.connect(cluster.superuser_dsn, dbname="lianfang_tiles", autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    with town.app.app_context():
        query = place_tiles.streets(tile, WHOLE_SITE)
        assert source().tile(query, WHOLE_SITE) == content


def test_a_database_that_is_away_is_told_as_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_source, "WAIT_S", 0.2)
    nowhere = Source(make_engine("postgresql+psycopg://nobody@/nothing?host=/nonexistent"))
    with pytest.raises(OperationalError):
        nowhere.revisions()
    nowhere.close()


def test_one_asks_for_revisions_while_others_wait(town: Town) -> None:
    asked: list[int] = []
    own = Source(town.engine)
    original = own._ask

    def counted(*arguments: Any) -> Any:
        asked.append(1)
        return original(*arguments)

    own._ask = counted  # type: ignore[method-assign]
    threads = [threading.Thread(target=own.revisions) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own.close()
    assert len(asked) == 1
