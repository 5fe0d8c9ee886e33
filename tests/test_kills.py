"""Kill what runs in the middle of an import, an analysis, a plan, a roster: nothing is lost or half there.

The middle is made certain by a lock on a table that the work fills late: the job has stored a part in its
transaction, and waits.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest
from sqlalchemy import Engine, text
from test_planning import CRS_M, END, MIDDLE, START, WEST, add_team_rows, at, team, town

from geo import server
from geo.crs import to_lonlat
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server.cluster import Cluster
from geo.server.place import existing_place
from geo.server.process import cluster_major
from web import jobs
from web.imports import keep_upload
from web.jobs import Words
from web.tables import JobRun

CAMERAS = 30
PATIENCE_S = 60.0


class Running:
    """`lianfang serve` in a folder of its own."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.port = _free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web", "serve", "--port", str(self.port)],
            env={**os.environ, "LIANFANG_VAR": str(var_dir), "LIANFANG_LOG_FORMAT": "json"},
            stdin=subprocess.DEVNULL,
            stderr=(var_dir / "serve.log").open("ab"),
        )
        wait_for(self.answers, "the web server to answer")

    def answers(self) -> bool:
        """Whether the pages are served, on a database that answers."""
        if self.process.poll() is not None:
            pytest.fail((self.var_dir / "serve.log").read_text())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=20) as answer:
                return json.load(answer)["status"] == "ready"
        except OSError:
            return False

    def children(self) -> dict[str, list[int]]:
        """Process numbers of what serves, by what it is."""
        found: dict[str, list[int]] = {"jobs": [], "web": [], "guard": []}
        there = {pid: (parent, command) for pid, parent, command in _processes()}
        for pid, (parent, command) in there.items():
            if parent == self.process.pid and "jobs work" in command:
                found["jobs"].append(pid)
            elif parent == self.process.pid and "web.guard" in command:
                found["guard"].append(pid)
            elif "gunicorn" in command and there.get(parent, (0, ""))[0] == self.process.pid:
                found["web"].append(pid)
        return found

    def cluster(self) -> Cluster:
        """The private PostgreSQL, without counting as one who uses it."""
        place = existing_place(self.var_dir)
        assert place is not None
        return Cluster(self.var_dir, place, cluster_major(place), None)


def _processes() -> Iterator[tuple[int, int, str]]:
    """(number, parent, command) of every process that lives."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            yield int(folder.name), int(parent), command


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(happened: Callable[[], object], what: str) -> None:
    """Until it happens; fails with its name when it does not."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > give_up_at:
            pytest.fail(f"waited {PATIENCE_S:.0f} s for {what}")
        time.sleep(0.2)


def kill(numbers: list[int]) -> None:
    """What no process can prepare for."""
    assert numbers
    for number in numbers:
        os.kill(number, signal.SIGKILL)


@pytest.fixture(scope="module")
def var_dir() -> Iterator[Path]:
    """A folder that the database's user can enter, and nothing left of it."""
    path = Path(tempfile.mkdtemp(prefix="lf-kill-"))
    path.chmod(0o755)
    yield path
    server.shutdown(path)
    place = existing_place(path)
    shutil.rmtree(path)
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def running(var_dir: Path) -> Iterator[Running]:
    """A server with a town of three villages, and no camera yet."""
    served = Running(var_dir)
    with _engine(served) as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = town(session)
        add_team_rows(session, zone, team("A", WEST, 0, 0), team("B", MIDDLE, 600, 0))
    yield served
    if served.process.poll() is None:
        served.process.kill()
        served.process.wait()


@contextmanager
def _engine(served: Running) -> Iterator[Engine]:
    engine = make_engine(served.cluster().app_url)
    try:
        yield engine
    finally:
        engine.dispose()


def camera_list() -> bytes:
    """Cameras along the streets, as a file."""
    spots = to_lonlat(gpd.GeoDataFrame(geometry=[at(25 * n, 5) for n in range(CAMERAS)], crs=CRS_M)).geometry
    lines = ["code,name,lon,lat,direction,hfov_deg,width_px,height_px,mount_height_m"]
    lines += [f"c{n},机{n},{p.x:.7f},{p.y:.7f},0,90,1920,1080,4" for n, p in enumerate(spots)]
    return "\n".join(lines).encode()


def enqueued(served: Running, kinds: tuple[str, ...]) -> dict[str, int]:
    """Work of these kinds, each acknowledged by a commit before anything is killed."""
    upload = keep_upload(served.var_dir, BytesIO(camera_list()), "list.csv")
    period = {"start": "2026-11-20T00:00:00+00:00", "end": "2026-11-20T06:00:00+00:00"}
    shift = {"zone": "z", "start": START.isoformat(), "end": END.isoformat(), "iterations": 20}
    asked = {
        "import": {"kind": "cameras", "datum": "wgs84", "sha256": upload.sha256, "file": upload.name},
        "analysis": {**period, "level": "detect"},
        "plan": shift,
        "roster": {
            "zone": "z",
            "first": "2026-11-21",
            "last": "2026-11-22",
            "slots": "18:00-22:00 1 1",
            "rest_h": 8.0,
        },
    }
    with _engine(served) as engine, transaction(engine, scope=WHOLE_SITE) as session:
        return {
            kind: jobs.enqueue(
                session, kind, arguments, account=None, title=Words(kind), jurisdiction_path=None
            )
            for kind, arguments in asked.items()
            if kind in kinds
        }


class Table:
    """A table that the work fills late, held so that it waits there."""

    def __init__(self, served: Running, name: str) -> None:
        self.name = name
        self._held = psycopg.connect(served.cluster().superuser_dsn, dbname="lianfang")
        self._held.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
        self.before = self.rows()

    def rows(self) -> int:
        """How many rows others see."""
        return self._held.execute(f"SELECT count(*) FROM {self.name}").fetchone()[0]

    def waited_for(self) -> bool:
        """Whether a job stands before it."""
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        return self._held.execute(waiting, [self.name]).fetchone()[0] > 0

    def close(self) -> None:
        """Forget it; the database has been killed meanwhile."""
        self._held.close()


def job_of(served: Running, number: int) -> JobRun:
    with _engine(served) as engine, transaction(engine, scope=WHOLE_SITE) as session:
        return session.get_one(JobRun, number)


def counts(served: Running) -> dict[str, int]:
    """What is published."""
    with _engine(served) as engine, transaction(engine, scope=WHOLE_SITE) as session:
        tables = ("camera", "analysis", "pose", "plan", "plan_visit", "roster")
        found = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}
        batches = "SELECT count(*) FROM import_batch WHERE file_name = 'list.csv'"
        return found | {"list.csv": session.scalar(text(batches)) or 0}


# The work, and the table where it is caught: after its first rows, before its last.
WORK = (("import", "camera"), ("analysis", "gap"), ("plan", "plan_visit"), ("roster", "roster"))


def killed_in_the_middle(served: Running, kind: str, late: str, asked: Callable[[], int]) -> None:
    """Kill the web worker, the job worker and the database while this job runs; wait for its end.

    `asked` tells its number, once its table is held.
    """
    published = counts(served)
    table = Table(served, late)
    number = asked()
    wait_for(table.waited_for, f"the {kind} to be in the middle")

    before = served.children()
    kill(before["web"])
    wait_for(lambda: set(served.children()["web"]) - set(before["web"]), "another web worker")
    assert served.answers()
    assert job_of(served, number).attempts == 1

    kill(before["jobs"])
    wait_for(lambda: job_of(served, number).attempts == 2, f"the {kind} to begin again")
    wait_for(table.waited_for, f"the {kind} to be in the middle again")
    assert counts(served) == published

    pid = server.status(served.var_dir).pid
    assert pid is not None
    kill([pid])
    table.close()
    wait_for(lambda: server.status(served.var_dir).pid not in (None, pid), "the database to run again")
    wait_for(served.answers, "the pages")
    wait_for(lambda: job_of(served, number).status == "done", f"the {kind} to end")
    found = job_of(served, number)
    assert (found.attempts, found.share, found.error) == (3, 1.0, None)


def test_a_killed_worker_web_worker_and_database_lose_nothing_and_publish_nothing_half(running, monkeypatch):
    """Each of the three is killed in the middle of each kind of work; then the work is done, once."""
    monkeypatch.setenv("LIANFANG_VAR", str(running.var_dir))
    numbers = enqueued(running, ("import", "analysis", "plan"))
    for kind, late in WORK:
        # A roster of two teams is made sooner than its table can be held: it is asked for behind that.
        killed_in_the_middle(
            running, kind, late, lambda kind=kind: numbers.get(kind) or enqueued(running, (kind,))[kind]
        )

    after = counts(running)
    assert (after["camera"], after["list.csv"]) == (CAMERAS, 1)
    # The town came with an analysis that stands for the gaps of the plan.
    assert (after["analysis"], after["plan"]) == (2, 1)
    assert after["pose"] == CAMERAS
    assert after["plan_visit"] > 0
    assert after["roster"] == 1
    with _engine(running) as engine, transaction(engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
        latest = session.scalar(text("SELECT max(id) FROM analysis"))
    assert job_of(running, numbers["analysis"]).result["url"] == f"/analyses/{latest}"


def alive(served: Running, numbers: list[int]) -> list[int]:
    """Which of these processes live, with the database's."""
    there = {pid for pid, _, _ in _processes()}
    database = server.status(served.var_dir).pid
    return [pid for pid in numbers if pid in there] + ([database] if database else [])


def test_a_killed_supervisor_leaves_no_process_behind(running):
    numbers = [pid for pids in running.children().values() for pid in pids]
    assert len(numbers) == 3
    running.process.kill()
    running.process.wait()
    wait_for(lambda: not alive(running, numbers), "all to end")
