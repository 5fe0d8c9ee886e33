"""Keeps the processes of a server running: web, job worker and, where it is private, the database.

A child that dies is started again, the sooner the longer it had lived. Children end with the supervisor:
the kernel tells them when it was killed, and the guard stops the database then.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from geo import server
from geo.errors import LianfangError
from geo.server import Cluster
from web import guard

log = structlog.get_logger("lianfang.serve")

LOOK_EVERY_S = 0.2
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 20.0
SETTLED_S = 20.0
"""A child that lived so long is started again at once."""
GRACE_S = 12.0
"""Children have so long to end when told to; gunicorn gives its requests 5 s, a job ends at its next step."""
HOPELESS = 6
"""Starts of a child that never settled, after which the server gives up."""

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """What a child runs.

    Parameters
    ----------
    name : str
        For people.
    command : tuple of str
    environment : mapping
        All of it.
    descriptors : tuple of int
        Open files it gets under the same numbers.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    deaths: int = 0
    settled: bool = field(default=False)


class PrivateDatabase:
    """The private PostgreSQL while the server runs: started again when it was killed.

    Parameters
    ----------
    var_dir : Path
        Names the cluster.
    ours : bool
        Whether this process started it.
    """

    def __init__(self, var_dir: Path, *, ours: bool) -> None:
        self._var_dir = var_dir
        self._ours = ours
        self._restarted: list[Cluster] = []
        self._guard: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._pause_s, self._start_at = 0.0, 0.0

    def look(self) -> bool:
        """Start what is not running; answers whether the database runs."""
        if self._guard is None or self._guard.poll() is not None:
            self._start_guard()
        if server.status(self._var_dir).is_running:
            return True
        if time.monotonic() < self._start_at:
            return False
        log.warning("the database is gone, starting it again")
        try:
            self._restarted.append(server.ensure_running(self._var_dir))
        except LianfangError as error:
            self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s + 1)
            self._start_at = time.monotonic() + self._pause_s
            log.error("the database did not start", reason=str(error), again_in_s=self._pause_s)
            return False
        self._pause_s = 0.0
        if not self._ours:
            self._ours = True
            os.write(self._pipe, guard.OURS)
        log.info("the database runs again")
        return True

    def close(self) -> None:
        """End this process's use of the servers it started after the first, and the guard."""
        for cluster in reversed(self._restarted):
            server.stop(cluster)
        if self._guard is not None:
            os.write(self._pipe, guard.ENDED)
            os.close(self._pipe)
            self._guard.wait()

    def _start_guard(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
        ear, self._pipe = os.pipe()
        self._guard = subprocess.Popen(
            (sys.executable, "-m", "web.guard", str(ear), str(self._var_dir)),
            pass_fds=(ear,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(ear)
        if self._ours:
            os.write(self._pipe, guard.OURS)


def supervise(programs: tuple[Program, ...], database: PrivateDatabase | None = None) -> None:
    """Run children until SIGINT, SIGTERM or SIGHUP; then end them all.

    Parameters
    ----------
    programs : tuple of Program
        Started in this order.
    database : PrivateDatabase, optional
        Where the server runs its own.

    Raises
    ------
    LianfangError
        When a child ends again and again right after its start.
    """
    children = [_Child(program) for program in programs]
    asked: list[int] = []
    with handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), asked.append):
        try:
            while not asked:
                there = database is None or database.look()
                for child in children:
                    _look(child, database_there=there)
                time.sleep(LOOK_EVERY_S)
        finally:
            _end([child.process for child in children if child.process is not None])
            if database is not None:
                database.close()


def _look(child: _Child, *, database_there: bool) -> None:
    """Start a child that is not running, when its time has come."""
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        lived = now - child.started_at
        child.settled = child.settled or lived > SETTLED_S
        if code is None:
            return
        _kill_group(child.process)
        child.process = None
        child.deaths = 1 if lived > SETTLED_S else child.deaths + 1
        if child.deaths >= HOPELESS and not child.settled and database_there:
            raise LianfangError(
                f"the {child.program.name} ended {child.deaths} times right after its start (status {code}); "
                "its own words stand above"
            )
        pause = min(LONGEST_PAUSE_S, SHORTEST_PAUSE_S * 2 ** (child.deaths - 1))
        child.start_at = now + pause
        log.warning("a process died", name=child.program.name, status=code, again_in_s=round(pause, 1))
    if now >= child.start_at:
        child.process = _started(child.program)
        child.started_at = now


def _started(program: Program) -> subprocess.Popen[bytes]:
    """A child in a session of its own: Ctrl+C reaches the supervisor alone, which ends all in order."""
    return subprocess.Popen(
        program.command,
        env=dict(program.environment),
        pass_fds=program.descriptors,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_ends_with(os.getpid()),
    )


def _ends_with(parent: int) -> Callable[[], None]:
    """What makes the kernel send SIGTERM to a new child when its parent dies."""

    def tell_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tell_kernel


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Tell children to end, and kill those that do not, with what they started."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    give_up_at = time.monotonic() + GRACE_S
    for process in processes:
        try:
            process.wait(max(0.0, give_up_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("a process did not end in time and is killed", pid=process.pid)
        _kill_group(process)
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's session: gunicorn's workers outlive a killed gunicorn for a while."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def handled(numbers: tuple[signal.Signals, ...], act: Callable[[int], None]) -> Iterator[None]:
    """Answer signals by `act` inside the block; one that is ignored (nohup) stays so."""
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda got, frame: act(got)) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
