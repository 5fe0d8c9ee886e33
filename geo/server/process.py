"""The server process of one cluster: made, started, recognised, stopped."""

import os
import shutil
import time
from pathlib import Path

from geo.errors import LianfangError
from geo.server import settings
from geo.server.binaries import Binaries, installations, newest
from geo.server.place import ServerUser, user_of
from geo.server.roles import DATABASE, SUPERUSER

START_TIMEOUT_S = 60
# After its postmaster was killed, a backend notices within moments.
ORPHAN_TIMEOUT_S = 15.0


def create(place: Path, binaries: Binaries, user: ServerUser, *options: str) -> None:
    """Make an empty cluster in `place/data`, whole or not at all."""
    for leftover in place.glob("data.new*"):
        shutil.rmtree(leftover)
    unfinished = place / f"data.new{os.getpid()}"
    done = user.run(
        binaries.program("initdb"),
        *("-D", unfinished, "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"),
        *("--auth-local=peer", "--auth-host=reject", "--no-instructions", *options),
    )
    if done.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise LianfangError(f"the database could not be made in {place}: {_last_line(done.stderr)}")
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude = '../lianfang.conf'\n")
    unfinished.rename(place / "data")


def cluster_major(place: Path) -> int:
    """Major version that made the cluster, from its `PG_VERSION`."""
    return int((place / "data" / "PG_VERSION").read_text())


def binaries_for(place: Path) -> Binaries:
    """The installation that can serve an existing cluster: one of its own major version.

    Raises
    ------
    LianfangError
        When none is installed. PostgreSQL reads no other version's files, so
        the sentence gives the commands that carry the data over.
    """
    major = cluster_major(place)
    for binaries in installations():
        if binaries.major == major:
            return binaries
    available = newest().major
    packages = f"apt-get install postgresql-{major} postgresql-{major}-postgis-3"
    refused = f"the database in {place} was made by PostgreSQL {major} and this machine has {available}"
    if major > available:
        raise LianfangError(f"{refused}, which cannot read it: run '{packages}'")
    old = f"/usr/lib/postgresql/{major}/bin"
    as_user = f"runuser -u {user_of(place.stat().st_uid).name} -- " if os.geteuid() == 0 else ""
    file = place / f"lianfang-{major}.dump"
    steps = (
        packages,
        f"{as_user}{old}/pg_ctl -D {place}/data -l {place}/log/start.log -w start",
        f"{as_user}{old}/pg_dump -Fc -h {place}/run -U {SUPERUSER} -f {file} {DATABASE}",
        f"{as_user}{old}/pg_ctl -D {place}/data -w stop",
    )
    raise LianfangError(
        f"{refused}: dump it with '{' && '.join(steps)}', move {place}/data away, and bring it back with "
        f"'lianfang db restore {file}'"
    )


def start(place: Path, binaries: Binaries, user: ServerUser, *, lasting: bool) -> None:
    """Start the server of a cluster that is not running.

    Raises
    ------
    LianfangError
        When it does not come up, with the end of its log.
    """
    for name in ("run", "log"):
        folder = place / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() != user.uid:
            os.chown(folder, user.uid, user.gid)
    settings.write(place, user, lasting=lasting)
    _clear_stale_pid(place, user)
    log = place / "log" / "start.log"
    command = (binaries.program("pg_ctl"), "-D", place / "data", "-l", log, "-w", "-t", START_TIMEOUT_S)
    give_up_at = time.monotonic() + ORPHAN_TIMEOUT_S
    while True:
        log.unlink(missing_ok=True)
        done = user.run(*map(str, command), "start")
        if done.returncode == 0:
            return
        text = log.read_text(errors="replace") if log.exists() else done.stderr
        # Backends of a killed server may live a moment longer; PostgreSQL sees their memory.
        if "still in use" not in text or time.monotonic() > give_up_at:
            break
        time.sleep(0.2)
    raise LianfangError(f"the database in {place} did not start: {_last_line(text)} (log: {log})")


def halt(place: Path, binaries: Binaries, user: ServerUser, mode: str = "fast") -> None:
    """Stop a running server; open transactions are rolled back.

    Parameters
    ----------
    mode : str
        pg_ctl's mode: "fast" writes everything out first, "immediate" does not.
    """
    done = user.run(binaries.program("pg_ctl"), "-D", place / "data", "-m", mode, "-w", "-t", "60", "stop")
    if done.returncode != 0 and running_pid(place) is not None:
        raise LianfangError(f"the database in {place} did not stop: {_last_line(done.stderr)}")


def running_pid(place: Path) -> int | None:
    """Process number of the cluster's server, None when it is not running.

    The number in `postmaster.pid` counts only when that process is a server of
    this very folder: after a crash or a reboot it may be anybody's.
    """
    lines = _pid_lines(place)
    if not lines:
        return None
    process = Path("/proc") / lines[0].strip()
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    data = os.fsencode(place / "data")
    is_server = arguments[0].endswith(b"postgres") and data in arguments
    return int(lines[0]) if is_server else None


def _pid_lines(place: Path) -> list[str]:
    try:
        return (place / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def await_ready(place: Path) -> None:
    """Wait for a server that somebody else is just starting or that is replaying its journal."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while True:
        lines = _pid_lines(place)
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        if time.monotonic() > give_up_at:
            raise LianfangError(
                f"the database in {place} has not become ready in {START_TIMEOUT_S} s: "
                f"see its log in {place}/log"
            )
        time.sleep(0.05)


def _clear_stale_pid(place: Path, user: ServerUser) -> None:
    """Remove a `postmaster.pid` whose number now belongs to another program.

    A dead number is left to PostgreSQL, which also checks the shared memory
    noted in the file. A living foreign number it takes for a server and
    refuses to start; then the file goes, once no process works in the folder.
    """
    lines = _pid_lines(place)
    if not lines or not (Path("/proc") / lines[0].strip()).exists():
        return
    give_up_at = time.monotonic() + ORPHAN_TIMEOUT_S
    while True:
        # As the server's user: reading where a process works needs its owner, and root in a
        # container is often not enough.
        working = user.run("sh", "-c", "readlink /proc/[0-9]*/cwd").stdout.splitlines()
        if str((place / "data").resolve()) not in working:
            break
        if time.monotonic() > give_up_at:
            raise LianfangError(
                f"processes of an earlier server still work in {place}/data: find them with "
                f"'fuser {place}/data' and end them"
            )
        time.sleep(0.2)
    (place / "data" / "postmaster.pid").unlink(missing_ok=True)
    for leftover in (place / "run").glob(".s.PGSQL.*"):
        leftover.unlink()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no message"])[-1].rstrip(".")
