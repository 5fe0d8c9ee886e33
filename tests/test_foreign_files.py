"""Vector files that name other files or addresses: nothing but the file itself is ever read.

And small files that would be large ones once they are read.
"""

import bz2
import gzip
import http.server
import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import osmium
import pytest
import shapely

from geo.errors import InputRefused, said
from geo.osm import extract, unpacked
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


# --- Small files that would be large ones -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "a.geojson"])
def test_a_table_has_no_more_columns_than_a_list_needs(folder: Path, name: str):
    def write(count: int) -> None:
        names = [f"h{i}" for i in range(count)]
        if name == "a.csv":
            (folder / name).write_text(",".join(names) + "\n" + ",".join("1" * count) + "\n")
            return
        features = [{**POINTS["features"][0], "properties": {one: 1}} for one in names]
        (folder / name).write_text(json.dumps({**POINTS, "features": features}))

    write(500)
    assert len(read_rows(folder / name, "wgs84").texts.columns) == 500
    write(501)
    assert "has 501 columns; a table may have up to 500" in refusal(folder / name)


def test_rows_that_do_not_fit_their_headings_are_not_filled_up_without_end(folder: Path):
    (folder / "a.csv").write_text("a,b,c\n" + "1\n" * 10_001)
    assert "more than 10000 rows of another number of cells" in refusal(folder / "a.csv")


@pytest.mark.parametrize(("ending", "packed"), [("bz2", bz2.compress), ("gz", gzip.compress)])
def test_a_packed_extract_is_unpacked_up_to_a_limit(folder: Path, monkeypatch, ending: str, packed):
    path = folder / f"a.osm.{ending}"
    road = (
        '<node id="1" lat="23.3" lon="116.6"/><node id="2" lat="23.31" lon="116.6"/><way id="1"><nd ref="1"/>'
    )
    road += '<nd ref="2"/><tag k="highway" v="residential"/></way>'
    monkeypatch.setattr(unpacked, "LARGEST_UNPACKED_MB", 3)
    for blanks, fits in ((2, True), (4, False)):
        path.write_bytes(packed(f'<osm version="0.6">{road}{" " * (blanks << 20)}</osm>'.encode()))
        assert path.stat().st_size < 10_000
        if fits:
            assert len(extract.read_osm(path).road_edges) == 1
            continue
        with pytest.raises(InputRefused) as refused:
            extract.read_osm(path)
        assert str(refused.value) == (
            f"{path.name} is more than 3 MB once unpacked; give the extract as .osm.pbf, or a smaller one"
        )
    path.write_bytes(packed(b"<osm>")[:-4])
    with pytest.raises(InputRefused, match="could not be read as OpenStreetMap data"):
        extract.read_osm(path)


def test_the_head_of_a_table_is_read_alone(folder: Path):
    """Its first rows as they are in the whole, in both encodings, and nothing of a row that is cut."""
    for encoding in ("utf-8", "gb18030"):
        (folder / "a.csv").write_bytes(("编号,名称\n" + "甲,村口\n" * 200_000).encode(encoding))
        head = read_rows(folder / "a.csv", "wgs84", head=True)
        assert head.texts.columns.tolist() == ["编号", "名称"] and not head.broken
        assert len(head.texts) == 1000 and set(head.texts["名称"]) == {"村口"}
    gpd.GeoDataFrame({"n": range(1500)}, geometry=[shapely.Point(1, 2)] * 1500, crs=4326).to_file(
        folder / "a.gpkg"
    )
    assert len(read_rows(folder / "a.gpkg", "wgs84", head=True).texts) == 1000


def test_a_binary_extract_of_empty_space_is_refused_before_it_is_unpacked(folder: Path):
    """Blocks of zeros are a thousand times as large as they lie in the file; a map is not."""
    path = folder / "a.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(116.6 + number / 1e3, 23.3)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"highway": "residential"}))
    assert len(extract.read_osm(path).road_edges) == 1
    # Three more blocks, of 30 MB of zeros: type "OSMData" and size; raw size and zlib data.
    packed = zlib.compress(bytes(30 << 20))
    blob = b"\x10" + varint(30 << 20) + b"\x1a" + varint(len(packed)) + packed
    header = b"\x0a\x07OSMData\x18" + varint(len(blob))
    whole = path.read_bytes()
    path.write_bytes(whole + 3 * (len(header).to_bytes(4) + header + blob))
    with pytest.raises(InputRefused, match="more than 20 times as large once unpacked"):
        extract.read_osm(path)
    path.write_bytes(whole[:-10])
    with pytest.raises(InputRefused, match="could not be read as OpenStreetMap data"):
        extract.read_osm(path)


def varint(value: int) -> bytes:
    """A whole number as protocol buffers write it."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
