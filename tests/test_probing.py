"""A probe of recordings and live streams: what it stores, how it says it, how it comes back and stops."""

import http.server
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import small_site
from click.testing import CliRunner
from databases import another_database
from sqlalchemy import Engine, text
from test_video import light, street
from videos import coded

from cameras.diagnosis import LOST, REASONS, Thresholds, diagnose
from cameras.frames import FrameBatch
from cameras.repository import frames as frame_store
from cameras.services import SourceSpec
from cameras.services.probing import Probed, probed_camera
from cameras.stretches import Stretches
from geo.db import make_engine, transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner
from web.cli import main
from web.probing import Probe, stopped_by_signal

BEGINS = datetime(2026, 11, 21, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[tuple[Engine, str]]:
    """The small site in a database of its own, and the code of one of its cameras."""
    with another_database(cluster, "lianfang_probe") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            code = small_site.fill(session).cameras[small_site.OWN]
        yield engine, code
        engine.dispose()


def made(
    site: tuple[Engine, str],
    source: str,
    video: str,
    *,
    live: bool = False,
    for_s: float = 1e9,
    every: float = 1.0,
) -> tuple[Probe, list[str], Probed]:
    engine, code = site
    with transaction(engine, scope=WHOLE_SITE) as session:
        probed = probed_camera(
            session,
            code,
            SourceSpec(source, every, "stream"),
            now=datetime.now(UTC) + timedelta(days=1),
            begins=None if live else BEGINS,
        )
    told: list[str] = []
    probe = Probe(engine, video, probed, Thresholds(), every, for_s, threading.Event(), told.append)
    return probe, told, probed


def stored(engine: Engine, probed: Probed) -> FrameBatch:
    with transaction(engine, scope=WHOLE_SITE) as session:
        found = frame_store.frames(session, start=BEGINS, end=datetime.now(UTC) + timedelta(days=1))
    return found.take(found.source == probed.options.source)


def test_a_recording_is_stored_once_and_told_state_by_state(site: tuple[Engine, str], tmp_path: Path) -> None:
    """30 s at one picture a second; from 10 to 19 s a tenth of the light. A second time all is known."""
    pictures = [light(street(n) * 0.1) if 10 <= n < 20 else street(n) for n in range(30)]
    path = coded(tmp_path / "night.mp4", pictures, rate=1)
    probe, told, probed = made(site, "recording", str(path))
    answer = probe.run()
    assert {name: answer[name] for name in ("pictures", "new", "known", "refused")} == {
        "pictures": 30,
        "new": 30,
        "known": 0,
        "refused": 0,
    }
    assert [(one["state"], one["frames"]) for one in answer["states"]] == [
        ("fine", 10),
        ("dark", 10),
        ("fine", 10),
    ]
    assert (answer["states"][1]["from"], answer["states"][1]["until"]) == (
        "2026-11-21T14:00:10.000+00:00",
        "2026-11-21T14:00:19.000+00:00",
    )
    # The site's zone is that of Shanghai.
    assert told[1].startswith("2026-11-21 22:00:10 to 22:00:19: too dark (10 pictures; luma ")
    frames = stored(site[0], probed)
    assert len(frames) == 30
    assert diagnose(frames)[0].tolist() == [False] * 10 + [True] * 10 + [False] * 10
    again = made(site, "recording", str(path))[0].run()
    assert (again["new"], again["known"]) == (0, 30)


def test_a_recording_is_read_as_far_as_asked(site: tuple[Engine, str], tmp_path: Path) -> None:
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(30)], rate=1)
    assert made(site, "part", str(path), for_s=4.5)[0].run()["pictures"] == 5


def test_the_command_says_what_it_saw(site: tuple[Engine, str], tmp_path: Path) -> None:
    """In words on standard error, in one machine-readable line at the end; 1 refused, 2 wrong usage."""
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(5)], rate=1)
    url = site[0].url.render_as_string(hide_password=False)

    def run(*told: str) -> tuple[int, str, str]:
        arguments = ["frames", "probe", *told, "--camera", site[1], "--json"]
        done = CliRunner().invoke(main, arguments, env={"LIANFANG_DATABASE_URL": url})
        return done.exit_code, done.stdout, done.stderr

    status, out, words = run(str(path), "--begins", "2026-11-21T23:00", "--every-s", "2")
    assert status == 0, words
    answer = json.loads(out.splitlines()[-1])
    assert (answer["pictures"], answer["new"]) == (3, 3)
    assert answer["states"][0]["from"] == "2026-11-21T15:00:00.000+00:00"
    assert "2026-11-21 23:00:00 to 23:00:04: in good order (3 pictures; luma " in words
    status, _, words = run(str(path))
    assert status == 1 and "say when it began (--begins)" in words
    assert run(str(tmp_path / "none.mp4"))[0] == 2
    assert run(str(path), "--every-s", "0")[0] == 2


def test_a_camera_that_turns_by_itself_is_never_shifted(site: tuple[Engine, str]) -> None:
    engine, code = site
    assert made(site, "fixed", "a.mp4")[2].fixed
    for column, value in (("ptz", "true"), ("mobile_device", "1")):
        with transaction(engine, scope=WHOLE_SITE) as session:
            session.execute(text(f"UPDATE camera SET {column} = {value} WHERE code = :code"), {"code": code})
        assert not made(site, "fixed", "a.mp4")[2].fixed
        with transaction(engine, scope=WHOLE_SITE) as session:
            session.execute(text("UPDATE camera SET ptz = false, mobile_device = NULL"))


def test_a_camera_nobody_knows_is_refused(site: tuple[Engine, str]) -> None:
    with pytest.raises(InputRefused, match="camera 'X-9' is not known"):
        made((site[0], "X-9"), "fixed", "a.mp4")


# ------------------------------------------------------------ live, from a server on this machine


@contextmanager
def serving(content: bytes, *, seconds: float, breaks: int) -> Iterator[str]:
    """Address of a server that streams at the pace of a camera, breaks off, and then refuses so often."""
    asked: list[float] = []

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(time.monotonic())
            if 1 < len(asked) <= 1 + breaks:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "video/MP2T")
            self.end_headers()
            step = max(1, len(content) // 40)
            try:
                for at in range(0, len(content), step):
                    self.wfile.write(content[at : at + step])
                    self.wfile.flush()
                    time.sleep(seconds / 40)
            except OSError:
                return

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://user:secret@127.0.0.1:{server.server_port}/live.ts"
    finally:
        server.shutdown()
        server.server_close()


def test_a_live_stream_that_breaks_off_is_lost_and_found_again(
    site: tuple[Engine, str], tmp_path: Path
) -> None:
    """Two seconds of pictures, cut off, one refusal, two seconds again; then it is enough."""
    content = coded(
        tmp_path / "a.ts", [street(n) for n in range(50)], codec="mpeg2video", rate=25
    ).read_bytes()
    began = datetime.now(UTC)
    with serving(content, seconds=2.0, breaks=1) as address:
        probe, told, probed = made(site, "live", address, live=True, every=0.2, for_s=9.0)
        answer = probe.run()
    frames = stored(site[0], probed)
    assert len(frames) == answer["new"] and answer["known"] == 0
    assert answer["reconnects"] >= 2
    lost = np.flatnonzero(frames.event)
    # Once for each time it broke off, not for each attempt, and pictures on both sides.
    assert 1 <= len(lost) <= 2 and 3 <= lost[0] < len(frames) - 3
    assert began.timestamp() * 1000 <= frames.captured_ms[0]
    assert frames.captured_ms[-1] <= datetime.now(UTC).timestamp() * 1000
    assert [line for line in told if "tried again in 1 s" in line]
    assert [line for line in told if "tried again in 2 s" in line]
    assert not [line for line in told if "secret" in line]
    assert [one["state"] for one in answer["states"]][:3] == ["fine", "lost", "fine"]


def test_a_stream_nobody_serves_is_lost_and_said_so(site: tuple[Engine, str]) -> None:
    """Nothing listens at the address: one loss event, and a refusal when the time is over."""
    probe, told, probed = made(site, "nobody", "rtsp://127.0.0.1:9/none", live=True, for_s=1.5)
    with pytest.raises(InputRefused, match=r"no picture came in 1\.5 s; check address, password and network"):
        probe.run()
    assert stored(site[0], probed).event.tolist() == [1]
    assert "cannot be read as a video (Connection refused)" in told[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_watching_and_loses_nothing(
    site: tuple[Engine, str], tmp_path: Path, number: signal.Signals
) -> None:
    """Everything that was told of is stored, and the stop itself is no loss of the signal."""
    content = coded(
        tmp_path / "a.ts", [street(n) for n in range(250)], codec="mpeg2video", rate=25
    ).read_bytes()
    with serving(content, seconds=10.0, breaks=0) as address, stopped_by_signal() as stop:
        probe, _, probed = made(site, f"stop-{number}", address, live=True, every=0.2, for_s=20.0)
        probe.stop = stop
        threading.Timer(2.5, lambda: signal.raise_signal(number)).start()
        started = time.monotonic()
        answer = probe.run()
    assert time.monotonic() - started < 9
    frames = stored(site[0], probed)
    assert len(frames) == answer["new"] == answer["pictures"] > 3
    assert not frames.event.any()


# ------------------------------------------------------------ stretches


def test_stretches_are_those_of_the_whole_series_however_it_comes_in() -> None:
    """Cut into blocks of any size, the states are those of all frames judged at once."""
    generator = np.random.default_rng(3)
    n = 400
    similarity = np.where(np.arange(n) // 25 % 3 == 1, 0.99, 0.6)
    luma = np.where(np.arange(n) // 40 % 4 == 2, generator.uniform(25, 34, n), 100.0)
    event = (np.arange(n) % 97 == 96).astype(int)
    frames = FrameBatch.of(
        [1] * n, np.arange(n) * 1000, luma=luma, similarity=similarity, contrast=50.0, event=event
    )
    codes = diagnose(frames)[1]
    codes[event == 1] = LOST
    starts = np.flatnonzero(np.append(True, np.diff(codes) != 0))
    expected = [(REASONS[codes[at]], at * 1000) for at in starts]
    assert len(expected) > 20
    for size in (1, 7, 64, 400):
        told = Stretches()
        found = [one for at in range(0, n, size) for one in told.add(frames.take(slice(at, at + size)))]
        found += told.finish()
        assert [(one.reason, one.start_ms) for one in found] == expected
        assert sum(one.frames for one in found) == n
