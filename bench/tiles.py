"""Vector tiles with access control against a plain view without, and against tipg.

Three servers take turns on one database of 27,000 grids and 10,000 cameras, with 8 clients on one machine:

ours
    The program as `lianfang serve` starts its web server, a signed-in person, row-level security on.
plain
    A Flask view of a few lines over a psycopg pool, the same SQL, the same gunicorn settings; no sign-in, and
    a database role that no policy holds. `bare` is the same without a transaction around the query.
tipg
    The tile server of that name, where there is one: `python -m bench.tiles --tipg` installs it from PyPI
    into an environment of its own below `var/`.

Cold, each tile is asked for once after the data have changed, so that nothing kept helps; warm, once more.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from flask import Flask, Response
from psycopg_pool import ConnectionPool

from bench.__main__ import lines
from bench.load import Load, ask_once, load
from bench.scene import SMALL, Scene, Size, build, covering
from geo.db import APP_URL_VARIABLE, make_engine, transaction
from geo.repository.tiles import Tile
from geo.scope import WHOLE_SITE
from geo.server import Cluster, temporary_cluster
from geo.server.place import PORT
from migrations import runner
from web.access.signing import local_link
from web.database import VAR_VARIABLE
from web.tiles.layers import LAYERS, Asked
from web.tiles.source import KEPT_S

ROOT = Path(__file__).resolve().parent.parent
TIPG = ROOT / "var" / "bench" / "tipg"
PYTHON_OF_TIPG = TIPG / "bin" / "python"
DSN_VARIABLE = "BENCH_DSN"
BARE_VARIABLE = "BENCH_BARE"
ROUNDS = 5
# Of each layer and zoom that many tiles, drawn from all over the city.
TILES = 60
# Where the grids themselves are shown.
GRID_ZOOMS = (14, 15, 16)
MIXED = {
    "jurisdictions": (12, 13, 14, 15),
    "streets": (13, 14, 15),
    "cameras": (13, 14, 15),
    "footprints": (14, 15),
    "gaps": (13, 14, 15),
}
# Of the tables that have another key than `id`.
KEY = {"zone_member": "zone_id"}
READY_S = 60.0


def plain_app() -> Flask:
    """The plain view, for gunicorn."""
    app = Flask("plain")
    options = {"autocommit": BARE_VARIABLE in os.environ}
    pool = ConnectionPool(os.environ[DSN_VARIABLE], min_size=8, max_size=8, kwargs=options, open=True)

    @app.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
    def tile(layer: str, z: int, x: int, y: int) -> Response:
        query = LAYERS[layer].query(Tile(z, x, y), WHOLE_SITE, Asked())
        with pool.connection() as connection:
            row = connection.execute(query.sql, query.parameters, binary=True).fetchone()
        return Response(row[0], mimetype="application/vnd.mapbox-vector-tile")

    return app


@dataclass(frozen=True)
class Server:
    """One that answers.

    Parameters
    ----------
    port : int
        On this machine.
    pid : int
        Of its first process.
    address : str
        Of a tile, with {layer}, {z}, {x} and {y}.
    headers : str
        That every request carries.
    """

    port: int
    pid: int
    address: str = "/tiles/{layer}/{z}/{x}/{y}.mvt"
    headers: str = ""

    def paths(self, tiles: Sequence[tuple[str, Tile]]) -> list[str]:
        """Addresses of (layer, tile) pairs."""
        return [self.address.format(layer=layer, z=tile.z, x=tile.x, y=tile.y) for layer, tile in tiles]


def run(rounds: int = ROUNDS, size: Size | None = None) -> dict[str, Any]:
    """Tiles a second and the slowest hundredth of each server; medians of the rounds.

    Parameters
    ----------
    rounds : int
    size : Size, optional
        Of the city; 27,000 grids and 10,000 cameras without it.
    """
    size = size or Size()
    with filled_cluster(size) as (cluster, scene), serving(cluster) as ours, _others(cluster) as others:
        grids = _tiles(scene, {"jurisdictions": GRID_ZOOMS})
        mixed = _tiles(scene, MIXED)
        _agree(ours, others["plain"], [*grids, *mixed])
        found: dict[str, Any] = {
            "grids_in_the_city": int((scene.tree["level"] == len(size.tree)).sum()),
            "cameras_in_the_city": size.cameras,
            "grids": _contest(cluster, grids, ours, others, rounds),
        }
        # Of one table, as a table is: it has no other layer of ours.
        without = {name: server for name, server in others.items() if name != "tipg"}
        found["all_layers"] = _contest(cluster, mixed, ours, without, rounds)
        if "tipg" not in others:
            found["tipg"] = "not installed: python -m bench.tiles --tipg"
        return found


@contextmanager
def filled_cluster(size: Size) -> Iterator[tuple[Cluster, Scene]]:
    """A server of its own with the made-up city in it, and its statistics taken."""
    with temporary_cluster() as cluster:
        runner.upgrade(cluster.owner_url)
        engine = make_engine(cluster.app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            scene = build(session, size)
        engine.dispose()
        with psycopg.connect(_dsn(cluster), autocommit=True) as connection:
            # One row for every grid as tipg wants it: a table with the columns of our tiles.
            connection.execute(
                """CREATE TABLE bench_grid AS
                   SELECT j.id, j.path::text AS path, j.level::int AS level, j.name, j.name_en,
                          s.certain_permille::int AS certain, s.possible_permille::int AS possible,
                          j.leaf, j.geom
                   FROM jurisdiction j LEFT JOIN jurisdiction_share s ON s.jurisdiction_id = j.id
                   WHERE j.leaf;
                   ALTER TABLE bench_grid ADD PRIMARY KEY (id);
                   CREATE INDEX ON bench_grid USING gist (geom);"""
            )
            connection.execute("VACUUM ANALYZE")
        yield cluster, scene


def _dsn(cluster: Cluster) -> str:
    """As the superuser, whom no policy holds."""
    return cluster.superuser_url.replace("+psycopg", "")


def _tiles(scene: Scene, zooms: Mapping[str, Sequence[int]]) -> list[tuple[str, Tile]]:
    """So many tiles of each layer and zoom, spread over the city, in an order of their own."""
    draw = random.Random(1)
    found = []
    for layer, each in zooms.items():
        for z in each:
            tiles = covering(scene.bounds, z)
            found += [(layer, tile) for tile in draw.sample(tiles, min(TILES, len(tiles)))]
    draw.shuffle(found)
    return found


def _agree(ours: Server, plain: Server, tiles: Sequence[tuple[str, Tile]]) -> None:
    """Both answer the very same bytes; else the comparison says nothing."""
    for mine, theirs in zip(ours.paths(tiles), plain.paths(tiles), strict=True):
        answers = ask_once(ours.port, mine, ours.headers), ask_once(plain.port, theirs, plain.headers)
        if answers[0][1] != answers[1][1]:
            sizes = [(status, len(body)) for status, body in answers]
            raise RuntimeError(f"{mine}: {sizes} differ")


def _contest(
    cluster: Cluster,
    tiles: Sequence[tuple[str, Tile]],
    ours: Server,
    others: Mapping[str, Server],
    rounds: int,
) -> dict[str, Any]:
    """Every server on the same tiles, in turn, so that what disturbs the machine disturbs them alike."""
    took: dict[str, list[Load]] = {}
    spent: dict[str, list[float]] = {}

    def measure(name: str, server: Server) -> None:
        before = _processor_s(server.pid) + _processor_s(_postmaster(cluster))
        took.setdefault(name, []).append(load(server.port, server.paths(tiles), server.headers))
        after = _processor_s(server.pid) + _processor_s(_postmaster(cluster))
        spent.setdefault(name, []).append(1000 * (after - before) / len(tiles))

    for number in range(rounds + 1):
        data_changed(cluster)
        # The one that goes first meets an emptier machine: they take turns in that too.
        for name, server in list({"cold": ours, **others}.items())[:: 1 if number % 2 else -1]:
            measure(name, server)
        measure("warm", ours)
        if number == 0:
            # Connections, prepared statements, the database's own memory.
            took.clear()
            spent.clear()
    figures: dict[str, Any] = {
        name: {
            "tiles_per_s": statistics.median(each.per_s for each in loads),
            "p50_ms": statistics.median(each.p50_ms for each in loads),
            "p99_ms": statistics.median(each.p99_ms for each in loads),
            # Which other work on the machine disturbs less.
            "processor_ms_a_tile": statistics.median(spent[name]),
            "mean_kb": statistics.median(each.bytes for each in loads) / len(tiles) / 1000,
        }
        for name, loads in took.items()
    }
    for own in ("cold", "warm"):
        for name in others:
            # Round by round: two servers one after the other meet the same machine, two medians need not.
            pairs = zip(took[own], took[name], strict=True)
            ratios = sorted(mine.per_s / theirs.per_s for mine, theirs in pairs)
            figures[f"{own}_to_{name}_ratio"] = statistics.median(ratios)
            figures[f"{own}_to_{name}_ratio_lowest"] = ratios[0]
            figures[f"{own}_to_{name}_ratio_highest"] = ratios[-1]
    return figures


def _postmaster(cluster: Cluster) -> int:
    return int((cluster.place / "data" / "postmaster.pid").read_text().split()[0])


def _processor_s(pid: int) -> float:
    """Seconds of processor time of a process and of those it started, living and gone."""
    tree: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        number = int(entry.parent.name)
        tree.setdefault(int(fields[1]), []).append(number)
        times[number] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    found, left = 0.0, [pid]
    while left:
        number = left.pop()
        found += times.get(number, 0.0)
        left += tree.get(number, [])
    return found


def data_changed(cluster: Cluster) -> None:
    """Let everything kept be out of date, as if something had been imported."""
    with psycopg.connect(_dsn(cluster), autocommit=True) as connection:
        for table in sorted({table for layer in LAYERS.values() for table in layer.tables}):
            connection.execute(
                f"UPDATE {table} SET {KEY.get(table, 'id')} = {KEY.get(table, 'id')} WHERE false"
            )
    time.sleep(KEPT_S + 0.2)


@contextmanager
def serving(cluster: Cluster) -> Iterator[Server]:
    """Our web server as the program starts it, and a person signed in who may see everything."""
    engine = make_engine(cluster.app_url)
    with transaction(engine, scope=WHOLE_SITE) as session:
        link = local_link(session)
    engine.dispose()
    with tempfile.TemporaryDirectory() as folder:
        environment = {APP_URL_VARIABLE: cluster.app_url, VAR_VARIABLE: folder}
        with _gunicorn("web.wsgi:make_app()", environment) as (port, pid):
            cookie = _signed_in(port, link)
            yield Server(port, pid, headers=f"Cookie: {cookie}\r\n")


def _signed_in(port: int, link: str) -> str:
    """The cookie that a one-time link gives."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/sign-in/link/{link}")
    answer = connection.getresponse()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    connection.close()
    return cookie


@contextmanager
def _others(cluster: Cluster) -> Iterator[dict[str, Server]]:
    """The servers without access control, by name."""
    environment = {DSN_VARIABLE: _dsn(cluster)}
    app = "bench.tiles:plain_app()"
    with (
        _gunicorn(app, environment) as plain,
        _gunicorn(app, environment | {BARE_VARIABLE: "1"}) as bare,
        _tipg(cluster) as tipg,
    ):
        found = {"plain": Server(*plain), "bare": Server(*bare)}
        yield found | ({"tipg": tipg} if tipg else {})


@contextmanager
def _gunicorn(app: str, environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """An app under gunicorn with the settings of the program; answers its port and process."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:web.gunicornconf"]
    with _running([*command, "--bind", f"127.0.0.1:{port}", app], environment, port) as pid:
        yield port, pid


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[int]:
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            until = time.monotonic() + READY_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        said.seek(0)
                        words = said.read().decode()[-2000:]
                        raise RuntimeError(f"{command[0]} does not answer: {words}") from None
                    time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _tipg(cluster: Cluster) -> Iterator[Server | None]:
    """tipg on the same database, if it is installed."""
    if not PYTHON_OF_TIPG.exists():
        yield None
        return
    port = _free_port()
    # In an address a socket's folder can only stand so.
    host = quote(str(cluster.socket_dir), safe="")
    environment = {
        "DATABASE_URL": f"postgresql://postgres@{host}:{PORT}/lianfang",
        "TIPG_MAX_FEATURES_PER_TILE": "100000",
        "TIPG_CATALOG_TTL": "36000",
        "DB_MIN_CONN_SIZE": "8",
        "DB_MAX_CONN_SIZE": "8",
    }
    command = [
        str(PYTHON_OF_TIPG),
        "-m",
        "uvicorn",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "tipg.main:app",
    ]
    with _running(command, environment, port) as pid:
        yield Server(port, pid, "/collections/public.bench_grid/tiles/WebMercatorQuad/{z}/{x}/{y}")


def install_tipg() -> None:
    """Make the environment of tipg."""
    venv.create(TIPG, with_pip=True, clear=True)
    subprocess.run([PYTHON_OF_TIPG, "-m", "pip", "install", "--quiet", "tipg", "uvicorn"], check=True)


def main(arguments: list[str]) -> int:
    """Measure; with `--tipg` install that first."""
    parser = argparse.ArgumentParser(prog="python -m bench.tiles", description=__doc__.splitlines()[0])
    parser.add_argument("--tipg", action="store_true", help="install tipg from PyPI below var/ first")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--small", action="store_true", help="a town of 108 grids, to see whether all works")
    asked = parser.parse_args(arguments)
    if asked.tipg:
        install_tipg()
    print(*lines(run(asked.rounds, SMALL if asked.small else None)), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
