"""`lianfang frames probe rtsp://…` against GStreamer's RTSP server, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import small_site
from databases import another_database
from gst_rtsp_server import ACCOUNT
from sqlalchemy import Engine

from cameras.frames import FrameBatch
from cameras.frames.columns import NO_TIME
from cameras.repository import frames as frame_store
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner

SERVER = Path(__file__).with_name("gst_rtsp_server.py")
# The one that Debian's packages of Python are for, whichever runs the tests.
SYSTEM_PYTHON = "/usr/bin/python3"
PROGRAM = Path(sys.executable).with_name("lianfang")
# Only a program that hangs is stopped by it.
PATIENCE_S = 300.0


class GStreamer:
    """The server's process, which may be killed and started again on its port."""

    def __init__(self, zone: str = "UTC") -> None:
        self.port = 0
        self.zone = zone
        self.start()

    def start(self) -> None:
        command = [SYSTEM_PYTHON, str(SERVER), str(self.port)]
        # The checkout's own settings of Python are not the system's.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env["TZ"] = self.zone
        self.process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None and self.process.stderr is not None
        told = self.process.stdout.readline().strip()
        assert told.isdigit(), f"run `make test`, which installs GStreamer: {self.process.stderr.read()}"
        assert self.port in (0, int(told))
        self.port = int(told)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def address(self, password: str, path: str = "h264") -> str:
        return f"rtsp://{ACCOUNT[0]}:{password}@127.0.0.1:{self.port}/{path}"


@pytest.fixture
def server() -> Iterator[GStreamer]:
    running = GStreamer()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[tuple[Engine, str]]:
    """The small site in a database of its own, and the code of one of its cameras."""
    with another_database(cluster, "lianfang_rtsp") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            code = small_site.fill(session).cameras[small_site.OWN]
        yield engine, code
        engine.dispose()


class Probing:
    """The command in a process of its own, and what it says."""

    def __init__(self, site: tuple[Engine, str], address: str, source: str, *further: str) -> None:
        command = [
            str(PROGRAM),
            "frames",
            "probe",
            address,
            "--camera",
            site[1],
            "--source",
            source,
            *further,
        ]
        url = site[0].url.render_as_string(hide_password=False)
        self.process = subprocess.Popen(
            [*command, "--every-s", "0.2", "--json"],
            env={**os.environ, "LIANFANG_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.told: list[str] = []
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.told.extend(self.process.stderr)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, as long as the command runs."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process.poll() is None, self.told
            assert time.monotonic() < give_up_at, self.told
            time.sleep(0.1)

    def end(self) -> tuple[int, str]:
        """Exit status and standard output once it has ended by itself."""
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        status = self.process.wait(PATIENCE_S)
        self._ear.join(PATIENCE_S)
        return status, out


@pytest.fixture
def probing(site: tuple[Engine, str]) -> Iterator[Callable[..., Probing]]:
    """Starts the command; what is left running at the end is killed."""
    made: list[Probing] = []

    def start(address: str, source: str, *further: str) -> Probing:
        made.append(Probing(site, address, source, *further))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.wait()


def stored(engine: Engine, source: str) -> FrameBatch:
    with transaction(engine, scope=WHOLE_SITE) as session:
        known = frame_store.sources(session)
        ids = known.index[known["code"] == source]
        now = datetime.now(UTC)
        found = frame_store.frames(session, start=now - timedelta(days=1), end=now + timedelta(days=1))
    return found.take(np.isin(found.source, ids))


@pytest.mark.parametrize("way", ["killed", "silent"])
def test_a_camera_that_is_lost_and_comes_back_is_watched_on(
    site: tuple[Engine, str], server: GStreamer, probing: Callable[..., Probing], way: str
) -> None:
    """H.264 with a password. The server is killed, and started again on its port only after the second
    attempt to reach it; or it stands still, connected, until it is given up."""
    engine, _ = site

    def pictures() -> int:
        return int((stored(engine, way).event == 0).sum())

    began = datetime.now(UTC)
    probe = probing(server.address(ACCOUNT[1]), way)
    probe.until(lambda: pictures() >= 10)
    if way == "killed":
        server.kill()
        probe.until(lambda: any("tried again in 2 s" in line for line in probe.told))
    else:
        server.process.send_signal(signal.SIGSTOP)
        probe.until(lambda: any("tried again in 1 s" in line for line in probe.told))
    # What was told is stored: the loss is known before anybody tries again.
    before = stored(engine, way)
    at = len(before) - 1
    assert before.event[at] == 1
    if way == "killed":
        server.start()
    else:
        server.process.send_signal(signal.SIGCONT)
    probe.until(lambda: pictures() >= len(before) + 10)
    probe.process.send_signal(signal.SIGINT)
    status, out = probe.end()
    assert status == 0, probe.told

    frames = stored(engine, way)
    answer = json.loads(out.splitlines()[-1])
    assert answer["new"] == len(frames) and answer["known"] == 0
    assert answer["reconnects"] >= (2 if way == "killed" else 1)
    # Lost from its last picture on, judged or not, and once, however often it was tried.
    assert frames.event[at - 1 : at + 2].tolist() == [0, 1, 0]
    assert 0 < frames.captured_ms[at] - frames.captured_ms[at - 1] <= 200
    states = [one["state"] for one in answer["states"]]
    assert "lost" in states[1:] and states[-1] != "lost"
    # At this machine's time; a fifth of a second lies between two, but where it was lost.
    assert began.timestamp() * 1000 <= frames.captured_ms[0]
    assert frames.captured_ms[-1] <= datetime.now(UTC).timestamp() * 1000
    shown = frames.event == 0
    assert np.diff(frames.captured_ms[shown]).min() > 0
    # Half of each picture is red (luma 76), half is green (150), by ITU-R BT.601; the coder blurs its edges.
    assert np.abs(frames.luma[shown] - 113).max() < 5
    assert np.abs(frames.contrast[shown] - 37).max() < 12
    assert np.isfinite(frames.sharpness[shown]).all()
    assert set(frames.width_px[shown]) == {320} and set(frames.height_px[shown]) == {240}
    assert not [line for line in probe.told if ACCOUNT[1] in line]


def test_a_wrong_password_is_refused_at_once(
    site: tuple[Engine, str], server: GStreamer, probing: Callable[..., Probing]
) -> None:
    """Cameras lock an account that is tried again and again; and the camera is not lost."""
    probe = probing(server.address("no-such-word"), "refused")
    status, _ = probe.end()
    assert status == 1
    (said,) = probe.told
    assert f"rtsp://127.0.0.1:{server.port}/h264: name and password are not taken (" in said
    assert "401 Unauthorized" in said and "correct them in the address" in said
    assert "no-such-word" not in said
    assert len(stored(site[0], "refused")) == 0


def test_the_clock_of_a_stream_is_read_while_it_is_watched(
    site: tuple[Engine, str], probing: Callable[..., Probing]
) -> None:
    """GStreamer writes 7 min 20 s more than the time of the site, which is that of Shanghai."""
    server = GStreamer(zone="CST-8:07:20")
    try:
        probe = probing(server.address(ACCOUNT[1], "clock"), "clock", "--read-clock")
        probe.until(lambda: any("the clock on the screen is wrong: " in line for line in probe.told))
        probe.process.send_signal(signal.SIGINT)
        status, out = probe.end()
    finally:
        server.kill()
    assert status == 0, probe.told
    clock = json.loads(out.splitlines()[-1])["clock"]
    assert clock["read"] >= 1
    frames = stored(site[0], "clock")
    read = frames.osd_ms != NO_TIME
    off_s = (frames.osd_ms[read] - frames.captured_ms[read]) / 1000
    # A picture is known when it was decoded, which a busy machine does late; never before it was taken.
    assert len(off_s) == clock["read"] and off_s[-1] == clock["offset_s"]
    assert off_s.max() <= 440 and off_s.min() > 380
