"""Kill, at any moment, what stores frames: nothing acknowledged is lost, nothing is there by half.

The kill is SIGKILL, of the command that reads files and of the server that takes batches. Both run in
processes forked from one that has loaded them, so that two dozen deaths take seconds.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from databases import another_database
from signing import app_on, make_account
from small_site import OWN, fill
from sqlalchemy import Engine, text
from werkzeug.serving import make_server

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from migrations import runner
from web.access import Action, Role, accounts, tokens
from web.cli import main

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
DEATHS = 12
ROWS = 3000
BATCHES, BATCH_ROWS = 50, 100
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Store:
    """A database of its own, with one camera of a known code."""

    engine: Engine
    app_url: str
    owner_url: str
    camera: str

    def frames(self) -> dict[str, int]:
        """Frames by the code of their source, once nobody else works on the database."""
        wait_for(self._is_quiet)
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            rows = session.execute(
                text(
                    """SELECT s.code, count(*) FROM frame f JOIN frame_source s ON s.id = f.source_id
                       GROUP BY 1"""
                )
            )
            return {row[0]: int(row[1]) for row in rows}

    def leftovers(self) -> list[str]:
        """Temporary tables, and day partitions that belong to nothing."""
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            return list(
                session.scalars(
                    text(
                        """SELECT relname FROM pg_class c
                           WHERE relkind IN ('r', 'p') AND (relpersistence = 't'
                               OR (relname LIKE 'frame_day_%'
                                   AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)))"""
                    )
                )
            )

    def _is_quiet(self) -> bool:
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            others = """SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            return session.scalar(text(others)) == 0


@pytest.fixture(scope="module")
def store(cluster) -> Iterator[Store]:
    with another_database(cluster, "lianfang_frame_kills") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            site = fill(session)
            session.execute(text("DELETE FROM frame"))
        yield Store(engine, app_url, owner_url, site.cameras[OWN])
        engine.dispose()


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Where processes are forked that have loaded the program."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["web.cli", "web.app", "cameras.services.delivering", "web.api.frames", "test_frame_kills"]
    )
    return context


def wait_for(happened) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def die(process: BaseProcess) -> None:
    # SIGKILL; nothing where it has ended by itself.
    process.kill()
    process.join()


def ingest(app_url: str, owner_url: str, said: str, paths: list[str], source: str) -> None:
    """`lianfang frames ingest`, what it says on standard error written into a file."""
    os.environ |= {"LIANFANG_DATABASE_URL": app_url, "LIANFANG_OWNER_DATABASE_URL": owner_url}
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    main(["frames", "ingest", *paths, "--source", source], standalone_mode=False)


def day_files(folder: Path, camera: str) -> list[Path]:
    """Three files, each of two days, the middle one packed in with frames of the first."""
    paths = []
    for number in range(3):
        path = folder / f"part{number}.csv"
        times = (BEGIN + timedelta(days=number, seconds=30 * row + number) for row in range(ROWS))
        path.write_text("camera,captured_at\n" + "".join(f"{camera},{at.isoformat()}\n" for at in times))
        paths.append(path)
    return paths


def test_a_killed_command_leaves_whole_files_or_nothing(store: Store, processes, tmp_path: Path) -> None:
    """Each death in a source of its own, at a moment between the first and the last that it works."""
    paths = [str(path) for path in day_files(tmp_path, store.camera)]

    def begun(source: str) -> BaseProcess:
        said = str(tmp_path / f"{source}.err")
        process = processes.Process(target=ingest, args=(store.app_url, store.owner_url, said, paths, source))
        process.start()
        return process

    begun("warm").join()
    before = time.monotonic()
    begun("whole").join()
    lasts_s = time.monotonic() - before
    assert store.frames() == {"warm": 3 * ROWS, "whole": 3 * ROWS}

    rng = random.Random(5)
    unfinished = 0
    for death in range(DEATHS):
        source = f"killed-{death}"
        process = begun(source)
        # One in each part of the time, so that every step is met.
        time.sleep(lasts_s * (death + rng.random()) / DEATHS)
        die(process)
        found = store.frames().get(source, 0)
        said = tmp_path / f"{source}.err"
        acknowledged = said.read_text().count("frames stored") if said.exists() else 0
        assert found % ROWS == 0, "a file is there by half"
        assert found >= acknowledged * ROWS, "frames that were acknowledged are lost"
        assert store.leftovers() == []
        unfinished += found < 3 * ROWS
    assert unfinished > DEATHS // 3, "it was killed too late to show anything"
    for death in (0, DEATHS // 2):
        begun(f"killed-{death}").join()
    whole = store.frames()
    assert whole["killed-0"] == whole[f"killed-{DEATHS // 2}"] == 3 * ROWS
    with transaction(store.engine, scope=WHOLE_SITE) as session:
        files = (
            "SELECT count(*) FROM frame_file f JOIN frame_source s ON s.id = f.source_id WHERE s.code = :code"
        )
        assert session.scalar(text(files), {"code": "killed-0"}) == 3


def serve(app_url: str, folder: str, port: int) -> None:
    """The program's pages and API on a port, until killed."""
    app = app_on(make_engine(app_url), Path(folder))
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def token_of(store: Store) -> str:
    make_account(store.engine, "gateway", (Role.AUDITOR, None))
    with transaction(store.engine, scope=WHOLE_SITE) as session:
        owner = accounts.access_of(session, accounts.account_named(session, "gateway"))
        return tokens.make_token(
            session,
            owner,
            title="t",
            actions=[Action.FRAMES_DELIVER],
            path=OWN,
            days=1,
            now=datetime.now(UTC),
        )[1]


class Sender(threading.Thread):
    """A gateway: sends its batches one after another, each again under its key until it is answered."""

    def __init__(self, port: int, token: str, name: str, camera: str, stop: threading.Event) -> None:
        super().__init__(name=name)
        self.port, self.token, self.camera, self.stop = port, token, camera, stop
        self.acknowledged = 0
        self.repeated = 0

    def body(self, batch: int) -> bytes:
        begin = BEGIN + timedelta(days=9)
        times = (begin + timedelta(seconds=60 * batch, milliseconds=100 * row) for row in range(BATCH_ROWS))
        return b"".join(
            json.dumps({"camera": self.camera, "captured_at": at.isoformat()}).encode() + b"\n"
            for at in times
        )

    def run(self) -> None:
        while self.acknowledged < BATCHES and not self.stop.is_set():
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}/api/v1/frames?source={self.name}",
                self.body(self.acknowledged),
                {
                    "Authorization": f"Bearer {self.token}",
                    "Content-Type": "application/x-ndjson",
                    "Idempotency-Key": f"batch-{self.acknowledged}-{self.name}",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    told = json.load(answer)
                    assert told["stored"] + told["known"] == BATCH_ROWS
                    self.acknowledged += 1
            except (OSError, HTTPException):
                self.repeated += 1
                time.sleep(0.05)


def test_a_killed_server_loses_no_batch_that_it_answered(store: Store, processes, tmp_path: Path) -> None:
    """Two gateways send; the server dies again and again; each batch is there whole or not at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    token, stop, rng = token_of(store), threading.Event(), random.Random(11)
    senders = [Sender(port, token, name, store.camera, stop) for name in ("gw-1", "gw-2")]
    try:
        for death in range(DEATHS):
            server = processes.Process(target=serve, args=(store.app_url, str(tmp_path), port), daemon=True)
            server.start()
            wait_for(lambda: answers(port))
            if not death:
                for sender in senders:
                    sender.start()
            if death % 3:
                # Two of three times it has begun to work in earnest.
                begun = sum(sender.acknowledged for sender in senders)
                wait_for(lambda before=begun: sum(sender.acknowledged for sender in senders) > before)
            time.sleep(rng.uniform(0.0, 0.2))
            known = {sender.name: sender.acknowledged for sender in senders}
            die(server)
            found = store.frames()
            for sender in senders:
                rows = found.get(sender.name, 0)
                assert rows % BATCH_ROWS == 0, "a batch is there by half"
                assert rows >= known[sender.name] * BATCH_ROWS, "a batch that was answered is lost"
            assert store.leftovers() == []
        server = processes.Process(target=serve, args=(store.app_url, str(tmp_path), port), daemon=True)
        server.start()
        for sender in senders:
            sender.join(PATIENCE_S)
        die(server)
    finally:
        stop.set()
    assert [sender.acknowledged for sender in senders] == [BATCHES] * 2
    assert sum(sender.repeated for sender in senders) >= DEATHS // 2, "it died where nobody was sending"
    found = store.frames()
    assert [found[sender.name] for sender in senders] == [BATCHES * BATCH_ROWS] * 2
