"""Children are started again, told to end, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geo.errors import LianfangError
from web import supervision
from web.supervision import Program, supervise

PATIENCE_S = 20.0
# Writes its number and waits; ends in order, or not at all when told to be stubborn.
CHILD = """
import os, signal, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""
PARENT = """
import os, sys
from web.supervision import Program, supervise
supervise((Program("child", tuple(sys.argv[1:]), dict(os.environ)),))
"""


def program(path: Path, how: str = "gentle") -> Program:
    """A child that notes each of its starts."""
    return Program("child", (sys.executable, "-c", CHILD, str(path), how), dict(os.environ))


def starts(path: Path) -> list[int]:
    """Process numbers it had."""
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_for(happened: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def is_alive(number: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    try:
        return (Path("/proc") / str(number) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def meanwhile(act: Callable[[], None]) -> threading.Thread:
    """Do something while the main thread supervises."""
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def end_this() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Path]:
    """Where a child notes its starts; none of them survives the test."""
    path = tmp_path / "starts"
    yield path
    assert not any(is_alive(number) for number in starts(path))


def test_a_killed_child_is_started_again_and_ends_with_the_rest(notes):
    def act() -> None:
        for count in (1, 2):
            wait_for(lambda wanted=count: len(starts(notes)) == wanted)
            os.kill(starts(notes)[-1], signal.SIGKILL)
        wait_for(lambda: len(starts(notes)) == 3)
        end_this()

    thread = meanwhile(act)
    supervise((program(notes),))
    thread.join()
    assert len(starts(notes)) == 3


def test_a_child_that_will_not_end_is_killed(notes, monkeypatch):
    monkeypatch.setattr(supervision, "GRACE_S", 0.3)

    def act() -> None:
        wait_for(lambda: starts(notes))
        end_this()

    thread = meanwhile(act)
    supervise((program(notes, "stubborn"),))
    thread.join()


def test_a_child_that_never_comes_up_ends_the_server_with_its_status(monkeypatch):
    monkeypatch.setattr(supervision, "SHORTEST_PAUSE_S", 0.01)
    hopeless = Program("web server", (sys.executable, "-c", "raise SystemExit(7)"), dict(os.environ))
    with pytest.raises(LianfangError, match=r"web server ended 6 times .* \(status 7\)"):
        supervise((hopeless,))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_children_end_with_their_supervisor_whatever_ends_it(notes, number):
    """SIGKILL too: the kernel tells the children."""
    command = program(notes).command
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *command],
        # A suite started in the background inherits ignored signals, which are rightly kept.
        preexec_fn=lambda: [signal.signal(heard, signal.SIG_DFL) for heard in (signal.SIGINT, signal.SIGHUP)],
    )
    wait_for(lambda: starts(notes))
    parent.send_signal(number)
    assert parent.wait(PATIENCE_S) == (-9 if number == signal.SIGKILL else 0)
    wait_for(lambda: not is_alive(starts(notes)[0]))


def test_a_signal_that_is_ignored_stays_ignored(notes):
    """`nohup lianfang serve` goes on when its terminal closes."""
    command = program(notes).command
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *command],
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    wait_for(lambda: starts(notes))
    parent.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        parent.wait(1.0)
    parent.terminate()
    assert parent.wait(PATIENCE_S) == 0
