"""Vector files that name other files or addresses: nothing but the file itself is ever read."""

import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import InputRefused, said
from geo.readers import read_rows
from web.i18n import Translator

SECRET = "another-village's-gap"
POINTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "a", "type": "link"},
            "geometry": {"type": "Point", "coordinates": [116.6, 23.3]},
        }
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where one file is handed in, beside files of the server's own."""
    secret = {**POINTS, "features": [{**POINTS["features"][0], "properties": {"cause": SECRET}}]}
    (tmp_path / "gaps.geojson").write_text(json.dumps(secret))
    (tmp_path / "my.key").write_text(f"{SECRET}\n")
    given = tmp_path / "uploads" / "ab"
    given.mkdir(parents=True)
    return given


def vrt(source: str) -> str:
    """A file that stands for another one, in GDAL's format for that."""
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="gaps"><SrcDataSource relativeToVRT="1">'
        f"{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )


def pipeline(source: Path) -> str:
    """The same, in the JSON format of GDAL's own commands."""
    return json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {source}"})


def refusal(path: Path) -> str:
    """Why a file is refused, after its sentence was said in Chinese too."""
    with pytest.raises(InputRefused) as refused:
        read_rows(path, "wgs84")
    assert not refused.value.problems and SECRET not in str(refused.value)
    chinese = said(refused.value, Translator("zh"))
    assert chinese != str(refused.value) and path.name in chinese
    return str(refused.value)


@pytest.mark.parametrize("name", ["a.json", "a.geojson", "a.gpkg", "a.shp", "CSV:a.json", "x.zip!a.json"])
@pytest.mark.parametrize("before", ["", "\n \t", "\ufeff"])
def test_a_file_that_stands_for_another_is_refused(folder: Path, name: str, before: str):
    path = folder / name
    path.write_text(before + vrt("../../gaps.geojson"), encoding="utf-8")
    assert "is not what its ending" in refusal(path)
    path.write_text(before + vrt(f"CSV:{folder.parent.parent / 'my.key'}"), encoding="utf-8")
    assert "is not what its ending" in refusal(path)


def test_a_command_in_json_is_not_run(folder: Path):
    (folder / "a.json").write_text(pipeline(folder.parent.parent / "gaps.geojson"))
    assert "could not be read" in refusal(folder / "a.json")


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address of this machine, and what was asked of it."""
    paths: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/crs", paths
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["link", "url", "LINK", "li\\u006ek", "link\\u0000"])
@pytest.mark.parametrize("key", ["crs", "\\u0063rs", "CRS", "crs\\u0000"])
def test_a_crs_at_an_address_is_refused_and_not_fetched(folder: Path, asked, kind: str, key: str):
    address, paths = asked
    crs = f'"{key}": {{"type": "{kind}", "properties": {{"href": "{address}", "url": "{address}"}}}}'
    for text in (
        json.dumps(POINTS).replace('"features"', f'{crs}, "features"', 1),
        json.dumps(POINTS).replace('"coordinates"', f'{crs}, "coordinates"', 1),
    ):
        (folder / "a.geojson").write_text(text)
        assert "gives its CRS as a link" in refusal(folder / "a.geojson")
    assert paths == []


def test_a_crs_by_its_name_is_read(folder: Path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    (folder / "a.geojson").write_text("\ufeff" + json.dumps({**POINTS, "crs": crs}), encoding="utf-8")
    rows = read_rows(folder / "a.geojson", "cgcs2000")
    assert rows.texts["name"].tolist() == ["a"] and rows.shapes is not None


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIRTUAL TABLE more USING VirtualText(''{key}'', ''UTF-8'', 0, POINT, NONE, '','')",
        "CREATE VIEW more AS SELECT 1 AS fid, ''x'' AS name",
        "CREATE TABLE more (fid INTEGER PRIMARY KEY, name TEXT AS (upper(''x'')))",
    ],
)
def test_a_geopackage_that_computes_or_reads_elsewhere_is_refused(folder: Path, made: str):
    path = folder / "a.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(116.6, 23.3)], crs=4326).to_file(path)
    assert read_rows(path, "wgs84").texts["name"].tolist() == ["a"]
    words = made.split()[1].lower()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = ON")
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'a'").fetchone()[0]
        root, kind = (root, "table") if words == "table" else (0, words.replace("virtual", "table"))
        database.execute(
            f"INSERT INTO sqlite_master VALUES ('{kind}', 'more', 'more', {root}, "
            f"'{made.format(key=folder.parent.parent / 'my.key')}')"
        )
    database.close()
    assert "holds views, virtual tables or computed columns" in refusal(path)


def test_a_text_named_geopackage_is_refused(folder: Path):
    (folder / "a.gpkg").write_text("GPKG")
    assert "is not what its ending" in refusal(folder / "a.gpkg")
