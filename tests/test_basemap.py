"""The base map: what is on it, how its file comes and goes, how it is served, how a browser draws it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import geopandas as gpd
import pyogrio
import pytest
import shapely
from databases import another_database
from flask import Response, make_response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, sync_playwright
from signing import app_on, make_account, signed_in_client
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from test_browser import ARGUMENTS, CHROMIUM
from test_place_services import osm
from werkzeug.serving import make_server

from geo import repository
from geo.crs import to_metric
from geo.db import ScopedSession, make_engine
from geo.errors import InputRefused
from geo.osm import read_osm
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from geo.services import Source, open_site, site_crs, store_extract
from geo.tables import Setting, Site
from migrations import runner
from web.access import PUBLIC, Role, needs
from web.app import content_policy
from web.basemap import basemap_folder, basemap_origins, ensure_basemap
from web.basemap.address import ATTRIBUTION_SETTING, URL_SETTING, checked_attribution, checked_url
from web.basemap.archive import KEPT_SECONDS, current
from web.database import VAR_VARIABLE
from web.imports import ImportOrder, keep_upload
from web.jobs.bodies import importing
from web.jobs.registry import kind_of
from web.requests import nonce
from web.tables import JobRun

WEST, SOUTH = 116.60, 23.30
"""A corner in 潮阳. The scene: one street 400 m long eastwards from it, a house and two places beside it."""
HOUSE = shapely.box(WEST + 0.0010, SOUTH + 0.0003, WEST + 0.0020, SOUTH + 0.0010)
DAY = 24 * 3600.0
VERSION = "0123456789ab"


@pytest.fixture(scope="module")
def own(cluster: Cluster) -> Iterator[Engine]:
    """The program's role on a database that no other test fills."""
    with another_database(cluster, "lianfang_basemap") as (app_url, owner_url):
        runner.upgrade(owner_url)
        made = make_engine(app_url)
        yield made
        made.dispose()


@pytest.fixture
def empty(own: Engine) -> Iterator[Session]:
    """A session on it inside a transaction that is rolled back."""
    with own.connect() as connection:
        outer = connection.begin()
        with ScopedSession(connection, scope=WHOLE_SITE, join_transaction_mode="create_savepoint") as opened:
            yield opened
        outer.rollback()


@pytest.fixture
def scene(empty: Session) -> Session:
    """The scene by hand."""
    lonlat: dict[str, Any] = {"crs": "EPSG:4326"}
    ends = [shapely.Point(WEST, SOUTH), shapely.Point(WEST + 0.004, SOUTH)]
    street = {"u": [0], "v": [1], "way_id": [7], "name": ["和平路"], "road_class": ["residential"]}
    flags = {flag: [True] for flag in repository.ROAD_FLAGS}
    places = {"key": ["a", "b"], "kind": ["school", "bank"], "name": ["中心小学", "农村信用社"]}
    area = shapely.MultiPolygon([shapely.box(WEST - 0.01, SOUTH - 0.01, WEST + 0.01, SOUTH + 0.01)])
    tree = {
        "path": ["cy", "cy.a", "cy.a.t", "cy.a.t.v"],
        "code": ["cy", "a", "t", "v"],
        "level": [0, 1, 2, 3],
    }
    names = {"name": ["汕头市", "潮阳区", "海门镇", "新河村"], "name_en": [None, None, None, "Xinhe"]}
    open_site(empty, name="镇", name_en="Town", bounds=(WEST, SOUTH, WEST + 0.01, SOUTH + 0.01))
    empty.get_one(Site, 1).attribution = "测绘院 <2026>"
    batch = repository.add_batch(
        empty,
        kind="scene",
        file_name="scene",
        sha256="0",
        datum="wgs84",
        label="synthetic",
        rows=1,
        author="test",
    )
    repository.add_roads(
        empty,
        gpd.GeoDataFrame(geometry=ends, **lonlat),
        gpd.GeoDataFrame({**street, **flags}, geometry=[shapely.LineString(ends)], **lonlat),
        batch,
    )
    house = gpd.GeoDataFrame({"key": ["h"], "height_m": [9.4]}, geometry=[HOUSE], **lonlat)
    repository.add_obstructions(empty, house, batch)
    at = [shapely.Point(WEST + 0.001, SOUTH - 0.0005), shapely.Point(WEST + 0.003, SOUTH - 0.0005)]
    repository.add_places(empty, gpd.GeoDataFrame(places, geometry=at, **lonlat), batch)
    repository.add_jurisdictions(
        empty, gpd.GeoDataFrame({**tree, **names, "origin": "official"}, geometry=[area] * 4, **lonlat), batch
    )
    return empty


def read(path: Path, layer: str, zoom: int = 16) -> gpd.GeoDataFrame:
    """A layer of the file as GDAL sees it, in EPSG:4326."""
    return pyogrio.read_dataframe(path, layer=layer, ZOOM_LEVEL=str(zoom)).to_crs(4326)


# What is on it


def test_gdal_finds_the_streets_and_houses_of_the_extract(
    empty: Session, helsinki_pbf: Path, tmp_path: Path
) -> None:
    """Every watched street lies within half a metre of a line of the tiles that has its name."""
    extract = read_osm(helsinki_pbf)
    open_site(empty, name="H", name_en="H", bounds=extract.bounds, timezone="Europe/Helsinki")
    store_extract(empty, extract, Source.of_file(helsinki_pbf, datum="wgs84", label="real", author="test"))
    path = ensure_basemap(empty, tmp_path)
    assert path
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        *("water", "buildings", "roads", "street_names", "places", "names")
    ]
    crs = site_crs(empty)
    wanted = to_metric(extract.road_edges[extract.road_edges["watched"]], crs)
    drawn = read(path, "roads").to_crs(crs)
    assert set(drawn["name"].dropna()) == set(wanted["name"].dropna()) - {""}
    # A point every ten metres of the street network, and the nearest line of the tiles that has its name.
    steps = wanted.geometry.segmentize(10).get_coordinates()
    points = gpd.GeoDataFrame(
        wanted[["name"]].reindex(steps.index), geometry=gpd.points_from_xy(steps["x"], steps["y"]), crs=crs
    )
    for name in (None, *sorted(set(drawn["name"].dropna()))[:20]):
        own, lines = (
            (points, drawn)
            if name is None
            else (points[points["name"] == name], drawn[drawn["name"] == name])
        )
        _, apart = shapely.STRtree(lines.geometry.values).query_nearest(
            own.geometry.values, all_matches=False, return_distance=True
        )
        assert apart.max() < 0.5
    houses = to_metric(extract.buildings, crs)
    seen = shapely.union_all(read(path, "buildings").to_crs(crs).geometry.make_valid().values)
    there = shapely.union_all(houses.geometry.values)
    assert seen.symmetric_difference(there).area < 0.01 * there.area
    assert current(tmp_path).attribution == "© OpenStreetMap contributors"  # type: ignore[union-attr]


def test_each_thing_is_drawn_with_what_its_look_needs(scene: Session, tmp_path: Path) -> None:
    path = ensure_basemap(scene, tmp_path)
    assert path
    (street,) = read(path, "roads").drop(columns=["mvt_id", "geometry"]).drop_duplicates().to_dict("records")
    assert street == {"class": "residential", "kind": "minor", "name": "和平路"}
    assert set(read(path, "buildings")["height"]) == {9.0}
    label = read(path, "street_names").iloc[0]
    # Due east, and 409 m of it: 0.004° × 111.32 km × cos 23.3°, said in metres of the projection (÷ cos).
    assert label["name"] == "和平路"
    assert label["angle"] == 0
    assert label["room"] == pytest.approx(0.004 * 111_320, rel=0.01)
    (village,) = read(path, "names").to_dict("records")
    assert (village["name"], village["name_en"], village["level"]) == ("新河村", "Xinhe", 3)


@pytest.mark.parametrize(
    ("zoom", "name"), [(8, "汕头市"), (9, "潮阳区"), (11, "海门镇"), (12, "新河村"), (16, "新河村")]
)
def test_names_follow_the_zoom_from_city_to_village(
    scene: Session, tmp_path: Path, zoom: int, name: str
) -> None:
    path = ensure_basemap(scene, tmp_path)
    assert path
    assert name in set(read(path, "names", zoom)["name"])
    assert ("新河村" in set(read(path, "names", zoom)["name"])) == (zoom >= 12)


def test_a_place_to_be_guarded_stays_out_of_a_file_that_everybody_may_read(
    scene: Session, tmp_path: Path
) -> None:
    """The file has no scope: the school is on any town map, the list of banks is not."""
    path = ensure_basemap(scene, tmp_path)
    assert path
    assert list(read(path, "places")["name"].unique()) == ["中心小学"]


def test_a_jurisdiction_without_geometry_is_left_out(scene: Session, tmp_path: Path) -> None:
    scene.execute(text("UPDATE jurisdiction SET geom = NULL WHERE level = 3"))
    path = ensure_basemap(scene, tmp_path)
    assert path
    assert "names" not in dict(pyogrio.list_layers(path)) or read(path, "names").empty


# How its file comes and goes


def test_nothing_stored_is_no_base_map(empty: Session, tmp_path: Path) -> None:
    """Also where there was one before."""
    assert ensure_basemap(empty, tmp_path) is None
    assert current(tmp_path) is None


def test_the_same_data_is_the_same_file_byte_for_byte(scene: Session, tmp_path: Path) -> None:
    """So an address may be kept for ever, whichever server made its file."""
    one, two = (ensure_basemap(scene, tmp_path / name) for name in ("one", "two"))
    assert one and two
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()
    before = one.stat().st_mtime_ns
    assert ensure_basemap(scene, tmp_path / "one") == one
    assert one.stat().st_mtime_ns == before, "made once"


def test_an_old_file_stays_a_day_for_pages_that_use_it(scene: Session, tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    first = ensure_basemap(scene, tmp_path, now=now)
    scene.execute(text("UPDATE jurisdiction SET name = '新名村' WHERE level = 3"))
    # Long in use: the day counts from when it was replaced, not from when it was made.
    later = now + 30 * DAY
    second = ensure_basemap(scene, tmp_path, now=later)
    assert first and second
    assert first != second
    assert first.exists()
    told = current(tmp_path)
    assert told and second.stem == told.version
    ensure_basemap(scene, tmp_path, now=later + KEPT_SECONDS - 60)
    assert first.exists()
    ensure_basemap(scene, tmp_path, now=later + KEPT_SECONDS + 60)
    assert not first.exists()
    assert second.exists()


def test_data_that_is_as_before_uses_the_file_of_before(scene: Session, tmp_path: Path) -> None:
    """An import that is undone."""
    first = ensure_basemap(scene, tmp_path)
    with scene.begin_nested() as undone:
        scene.execute(text("UPDATE road_edge SET valid = '[1970-01-01,2020-01-01)'"))
        assert ensure_basemap(scene, tmp_path) != first
        undone.rollback()
    scene.expire_all()
    assert ensure_basemap(scene, tmp_path) == first
    told = current(tmp_path)
    assert first and told and told.version == first.stem


def test_work_that_breaks_off_leaves_the_base_map_of_before(scene: Session, tmp_path: Path) -> None:
    """Cancelled in the middle: no half file, and pages go on with the old one."""
    first = ensure_basemap(scene, tmp_path)
    scene.execute(text("UPDATE jurisdiction SET name = '新名村' WHERE level = 3"))
    told: list[float] = []

    def cancelled(share: float) -> None:
        told.append(share)
        if share > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_basemap(scene, tmp_path, progress=cancelled)
    assert told == sorted(told)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([first.name, "current.json"])  # type: ignore[union-attr]
    now_used = current(tmp_path)
    assert first and now_used and now_used.version == first.stem


def test_an_imported_street_is_on_the_base_map_when_its_job_is_done(
    empty: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import asks for a new base map in its own transaction: neither comes without the other."""
    monkeypatch.setenv(VAR_VARIABLE, str(tmp_path))
    file = osm(tmp_path / "town.osm")
    with file.open("rb") as stream:
        upload = keep_upload(tmp_path, stream, file.name)
    tell: Any = Mock(author="li")
    order = ImportOrder(kind="roads", datum="wgs84", name="镇")
    importing.run(empty, importing.FileOrder(upload, order), tell)
    (asked,) = empty.scalars(select(JobRun)).all()
    assert (asked.kind, asked.author, asked.status) == ("basemap", "li", "queued")
    kind = kind_of(asked.kind)
    kind.body(empty, kind.read(asked.arguments), tell)
    used = current(basemap_folder(tmp_path))
    assert used
    path = basemap_folder(tmp_path) / f"{used.version}.pmtiles"
    assert set(read(path, "roads")["class"]) == {"residential"}
    # 116.600 to 116.602 east at 23.2 north, as the file has it; a step of the deepest tiles is 0.15 m.
    assert read(path, "roads").total_bounds == pytest.approx((116.6, 23.2, 116.602, 23.2), abs=3e-6)


# How it is served


@dataclass
class Served:
    """A client signed in as a viewer, and the bytes of the file it may ask for."""

    client: FlaskClient
    content: bytes
    folder: Path

    def ask(self, **headers: str) -> Any:
        return self.client.get(
            f"/basemap/{VERSION}.pmtiles", headers={k.replace("_", "-"): v for k, v in headers.items()}
        )


@pytest.fixture
def served(own: Engine, tmp_path: Path) -> Served:
    folder = basemap_folder(tmp_path)
    folder.mkdir()
    content = bytes(range(256)) * 40
    (folder / f"{VERSION}.pmtiles").write_bytes(content)
    told = {"version": VERSION, "min_zoom": 8, "max_zoom": 16, "bounds": [1, 2, 3, 4], "attribution": "x"}
    (folder / "current.json").write_text(json.dumps(told))
    return Served(signed_in_client(app_on(own, tmp_path), own, Role.VIEWER), content, folder)


SIZE = 256 * 40


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-499", 0, 499),
        ("bytes=500-", 500, SIZE - 1),
        ("bytes=-500", SIZE - 500, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        # RFC 9110 §14.1.2: a last byte beyond the end means the end; a longer suffix, the whole.
        (f"bytes=100-{SIZE * 9}", 100, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, SIZE - 1),
        ("Bytes=0-499", 0, 499),
    ],
)
def test_a_range_is_answered_with_those_bytes(served: Served, asked: str, first: int, last: int) -> None:
    """RFC 9110 §14.1.2, §15.3.7."""
    answer = served.ask(Range=asked)
    assert answer.status_code == 206
    assert answer.data == served.content[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.headers["Content-Type"] == "application/vnd.pmtiles"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_a_range_beyond_the_file_is_refused_with_its_size(served: Served, asked: str) -> None:
    """RFC 9110 §15.5.17."""
    answer = served.ask(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes", "bytes=", "bytes=-", "0-499"]
)
def test_what_is_no_single_range_of_bytes_is_answered_with_the_whole(served: Served, asked: str) -> None:
    """RFC 9110 §14.2: another unit must be ignored, several ranges and invalid ones may be."""
    answer = served.ask(Range=asked)
    assert answer.status_code == 200
    assert answer.data == served.content
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_conditions_come_before_ranges(served: Served) -> None:
    """RFC 9110 §13.2.2, and §13.1.5 for If-Range."""
    tag = served.ask().headers["ETag"]
    assert not tag.startswith("W/"), "a range needs a strong one"
    assert served.ask(If_None_Match=tag).status_code == 304
    assert served.ask(If_None_Match=tag, Range="bytes=0-9").status_code == 304
    assert served.ask(If_None_Match='"another"', Range="bytes=0-9").status_code == 206
    assert served.ask(If_Range=tag, Range="bytes=0-9").status_code == 206
    assert served.ask(If_Range='"another"', Range="bytes=0-9").status_code == 200


def test_a_head_tells_the_whole_size_whatever_range_it_asks(served: Served) -> None:
    """RFC 9110 §14.2: ranges are for GET."""
    answer = served.client.head(f"/basemap/{VERSION}.pmtiles", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, str(SIZE), b"")


def test_a_file_may_be_kept_for_ever_and_is_nobody_elses(served: Served) -> None:
    kept = served.ask(Range="bytes=0-9").headers["Cache-Control"]
    assert set(kept.split(", ")) == {"private", "max-age=31536000", "immutable"}
    assert served.client.application
    stranger = served.client.application.test_client()
    asked = {"Accept": "application/json"}
    assert stranger.get(f"/basemap/{VERSION}.pmtiles", headers=asked).status_code in (302, 401)
    assert stranger.get("/basemap/current.json", headers=asked).status_code in (302, 401)


@pytest.mark.parametrize("version", ["ffffffffffff", "..", "current", "0123456789AB", "%2e%2e%2fsecret"])
def test_a_version_that_is_not_there_is_not_found(served: Served, version: str) -> None:
    (served.folder.parent / "secret.pmtiles").write_text("secret")
    assert served.client.get(f"/basemap/{version}.pmtiles").status_code == 404


def set_to(engine: Engine, **values: str) -> None:
    with ScopedSession(engine, scope=WHOLE_SITE) as session:
        for name, value in values.items():
            row = Setting(
                name=name.replace("__", "."), value=value, changed_at=datetime.now(UTC), author="test"
            )
            session.merge(row)
        session.commit()


@pytest.fixture
def unset(own: Engine) -> Iterator[Engine]:
    yield own
    with ScopedSession(own, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM setting"))
        session.commit()


def test_pages_learn_which_base_map_there_is(served: Served, unset: Engine) -> None:
    """Ours; none, which is no error; an intranet's; ours again when somebody broke that row by hand."""
    ask = served.client.get
    assert ask("/basemap/current.json").json["url"] == f"/basemap/{VERSION}.pmtiles"  # type: ignore[index]
    set_to(unset, basemap__url="http://10.0.0.7:8080/t/{z}/{x}/{y}.png", basemap__attribution="省局")
    told = ask("/basemap/current.json").json
    assert told == {
        "kind": "raster",
        "url": "http://10.0.0.7:8080/t/{z}/{x}/{y}.png",
        "attribution": "省局",
    }
    set_to(unset, basemap__url="javascript:alert(1)")
    assert ask("/basemap/current.json").json["kind"] == "own"  # type: ignore[index]
    set_to(unset, basemap__url="")
    (served.folder / "current.json").unlink()
    assert ask("/basemap/current.json").json == {"kind": "none", "attribution": ""}


# An intranet's map


@pytest.mark.parametrize(
    ("address", "kind", "origin"),
    [
        ("http://10.1.2.3/tiles/{z}/{x}/{y}.png", "raster", "http://10.1.2.3"),
        (
            "https://Tiles.Example.internal:8443/{z}/{x}/{-y}.jpg?v=2",
            "raster",
            "https://tiles.example.internal:8443",
        ),
        ("http://[fd00::1]:80/wmts/{z}/{y}/{x}", "raster", "http://[fd00::1]:80"),
        ("http://10.1.2.3/city.pmtiles", "pmtiles", "http://10.1.2.3"),
    ],
)
def test_an_address_of_the_intranet_opens_its_own_origin(
    empty: Session, address: str, kind: str, origin: str
) -> None:
    assert (checked_url(address).kind, checked_url(address).origin) == (kind, origin)
    assert basemap_origins(empty) == ()
    empty.add(Setting(name=URL_SETTING, value=address, changed_at=datetime.now(UTC), author="test"))
    empty.add(Setting(name=ATTRIBUTION_SETTING, value="省局", changed_at=datetime.now(UTC), author="test"))
    empty.flush()
    assert basemap_origins(empty) == (origin,)
    assert f"img-src 'self' data: {origin};" in content_policy(origins=basemap_origins(empty))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "10.1.2.3/{z}/{x}/{y}.png",
        "javascript:{z}{x}{y}",
        "//10.1.2.3/{z}/{x}/{y}.png",
        "ftp://10.1.2.3/{z}/{x}/{y}.png",
        "http://user:word@10.1.2.3/{z}/{x}/{y}.png",
        "http://{s}.example.internal/{z}/{x}/{y}.png",
        "http://10.1.2.3/{z}/{x}.png",
        "http://10.1.2.3/{z}/{x}/{y}/{z}.png",
        "http://10.1.2.3/plain.png",
        "http://10.1.2.3:99999/{z}/{x}/{y}.png",
        "http://10.1.2.3; script-src */{z}/{x}/{y}.png",
        "http://10.1.2.3 http://evil.example/{z}/{x}/{y}.png",
        "http://*/{z}/{x}/{y}.png",
        "http://10.1.2.3\n/{z}/{x}/{y}.png",
        None,
        7,
    ],
)
def test_an_address_that_would_open_more_is_refused(address: object) -> None:
    with pytest.raises(InputRefused, match="base map address"):
        checked_url(address)


@given(st.text(alphabet=st.sampled_from("htps:/.{}zxy;' \"*,@%#?a1-_\\\n"), max_size=60))
def test_whatever_is_accepted_is_one_source_of_a_policy(tail: str) -> None:
    """No address smuggles a second source or directive into the content security policy."""
    try:
        found = checked_url(f"http://10.1.2.3{tail}{{z}}/{{x}}/{{y}}")
    except InputRefused:
        return
    assert not set(found.origin) & set(" ;,'\"*\\\n/{}@") - set("//")
    assert found.url.lower().startswith(f"{found.origin}/")


def test_a_credit_is_a_short_text() -> None:
    assert checked_attribution(" 省测绘院 ") == "省测绘院"
    for given_ in ("字" * 201, 7, None):
        with pytest.raises(InputRefused, match="attribution"):
            checked_attribution(given_)


# How a browser draws it

PAGE = """<!doctype html><html lang="zh"><head><title>base map</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/vendor/leaflet/leaflet.css">
<style nonce="{n}">#map {{ position: absolute; inset: 0; }}</style></head><body><div id="map"></div>
<script src="/static/vendor/leaflet/leaflet.js"></script>
<script src="/static/vendor/protomaps/protomaps-leaflet.js"></script>
<script src="/static/basemap.js"></script>
<script nonce="{n}">
const asked = new URLSearchParams(location.search);
window.map = L.map("map", {{ maxZoom: 20, zoomControl: false, attributionControl: false }})
  .setView([asked.get("lat"), asked.get("lon")], asked.get("z"));
L.control.attribution({{ prefix: false }}).addTo(map);
window.base = Lianfang.basemap(map, {{ url: "/basemap/current.json", lang: asked.get("lang") }});
</script></body></html>"""

COLOUR = """at => {
  const p = map.latLngToContainerPoint(at), found = [];
  for (const tile of map.getPane("basemap")?.querySelectorAll("canvas") ?? []) {
    const box = tile.getBoundingClientRect();
    if (p.x < box.left || p.x >= box.right || p.y < box.top || p.y >= box.bottom) continue;
    const k = tile.width / box.width;
    const one = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    one.drawImage(tile, (box.left - p.x) * k, (box.top - p.y) * k);
    found.push([...one.getImageData(0, 0, 1, 1).data]);
  }
  return found.at(-1) || null;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site_with_map(own: Engine, scene: Session, tmp_path: Path, chromium: Any) -> Iterator[Any]:
    """Opens the scene's base map in a browser; answers the page, its requests and its complaints."""
    ensure_basemap(scene, basemap_folder(tmp_path))
    app = app_on(own, tmp_path)

    @app.get("/a-map")
    @needs(PUBLIC)
    def a_map() -> Response:
        mark = nonce()
        page = make_response(PAGE.format(n=mark))
        page.headers["Content-Security-Policy"] = content_policy(mark)
        return page

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    home = f"http://127.0.0.1:{server.port}"
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    key = make_account(own, "map-reader", (Role.VIEWER, None))
    cookie = {"name": app.config["SESSION_COOKIE_NAME"], "value": serializer.dumps({"_user_id": key})}
    context = chromium.new_context(viewport={"width": 640, "height": 480})
    context.add_cookies([{**cookie, "url": home}])

    def opened(lon: float, lat: float, zoom: int, lang: str = "zh") -> tuple[Page, list[str], list[str]]:
        page = context.new_page()
        requests: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requests.append(request.url.removeprefix(home)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.goto(f"{home}/a-map?lon={lon}&lat={lat}&z={zoom}&lang={lang}")
        return page, requests, complaints

    yield opened
    context.close()
    server.shutdown()
    thread.join()


def wait_for(page: Page, ask: str, wanted: Callable[[Any], bool]) -> Any:
    """The answer once it is as wanted. Playwright's own wait evaluates a text, which the policy forbids."""
    for _ in range(100):
        answer = page.evaluate(ask)
        if wanted(answer):
            return answer
        page.wait_for_timeout(100)
    raise AssertionError(f"{ask} stayed {answer!r}")


def wait_for_colour(page: Page, lon: float, lat: float, colour: tuple[int, int, int]) -> None:
    def near(found: Any) -> bool:
        return bool(found) and all(abs(a - b) < 3 for a, b in zip(found, colour, strict=False))

    wait_for(page, f"({COLOUR})([{lat}, {lon}])", near)


@pytest.mark.browser
def test_a_browser_draws_house_street_and_ground_where_they_are(site_with_map: Any) -> None:
    """Under the pages' own policy, asking nobody else, without a word in the console."""
    middle = HOUSE.centroid
    page, requests, complaints = site_with_map(middle.x, middle.y, 17)
    wait_for_colour(page, middle.x, middle.y, (0xD8, 0xD7, 0xD5))
    wait_for_colour(page, WEST + 0.0022, SOUTH, (0xFF, 0xFF, 0xFF))
    wait_for_colour(page, WEST + 0.0022, SOUTH + 0.0005, (0xF1, 0xF0, 0xEE))
    assert complaints == []
    assert all(url.startswith(("/a-map", "/static/", "/basemap/")) for url in requests)
    assert page.locator(".leaflet-control-attribution").inner_text() == "测绘院 <2026>"


@pytest.mark.browser
def test_names_are_in_the_readers_language(site_with_map: Any) -> None:
    """What is written on the canvas is caught on its way there."""
    said = {}
    for lang in ("zh", "en"):
        page, _, _ = site_with_map(WEST, SOUTH, 16, lang)
        page.add_init_script(
            "window.said = new Set(); const canvas = CanvasRenderingContext2D.prototype;"
            "const fill = canvas.fillText;"
            "canvas.fillText = function (text, ...at) { said.add(text); fill.call(this, text, ...at); }"
        )
        page.reload()
        said[lang] = set(wait_for(page, "[...said]", lambda found: len(found) >= 2))
    assert said == {"zh": {"新河村", "和平路"}, "en": {"Xinhe", "和平路"}}


@pytest.mark.browser
def test_without_a_base_map_the_page_stays_quiet(site_with_map: Any, tmp_path: Path) -> None:
    (basemap_folder(tmp_path) / "current.json").unlink()
    page, requests, complaints = site_with_map(WEST, SOUTH, 16)
    page.wait_for_load_state("networkidle")
    assert complaints == []
    assert not [url for url in requests if url.endswith(".pmtiles")]
    assert page.locator("canvas").count() == 0


@pytest.mark.browser
def test_a_file_that_went_is_replaced_by_the_one_in_use(
    site_with_map: Any, scene: Session, tmp_path: Path
) -> None:
    """A page that was open for days: its tiles are not there any more, and it asks which ones are."""
    folder = basemap_folder(tmp_path)
    middle = HOUSE.centroid
    (old,) = folder.glob("*.pmtiles")
    old.rename(folder / "gone")
    page, _, complaints = site_with_map(middle.x, middle.y, 17)
    wait_for(page, "Boolean(base.timer)", bool)
    assert [said for said in complaints if "404" not in said] == [], "the browser's own note alone"
    scene.execute(text("UPDATE jurisdiction SET name = '新名村' WHERE level = 3"))
    ensure_basemap(scene, folder)
    page.evaluate("base.ask()")
    wait_for_colour(page, middle.x, middle.y, (0xD8, 0xD7, 0xD5))
