"""Start, share and stop a private cluster."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from geo.errors import LianfangError
from geo.server.binaries import newest
from geo.server.locks import enter, leave, locked
from geo.server.place import (
    PORT,
    check_socket_path,
    choose_place,
    existing_place,
    server_user,
    user_of,
)
from geo.server.process import (
    await_ready,
    binaries_for,
    cluster_major,
    create,
    halt,
    running_pid,
    start,
)
from geo.server.roles import APP, DATABASE, OWNER, SUPERUSER, bootstrap


@dataclass(frozen=True)
class Cluster:
    """A running private server.

    Parameters
    ----------
    var_dir : Path
        The checkout's `var` folder, which names the cluster.
    place : Path
        Holds `data`, `run` (the socket) and `log`.
    major : int
        PostgreSQL's major version.
    started_by : int or None
        Process that started the server here; None when it ran already. A forked
        worker has another number, so it never stops its parent's server.
    """

    var_dir: Path
    place: Path
    major: int
    started_by: int | None

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket, for libpq's `host`."""
        return self.place / "run"

    @property
    def started_here(self) -> bool:
        """Whether this very process started the server."""
        return self.started_by == os.getpid()

    @property
    def owner_url(self) -> str:
        """SQLAlchemy address for migrations: owns everything in the database."""
        return self._url(OWNER)

    @property
    def app_url(self) -> str:
        """SQLAlchemy address for the program: owns nothing."""
        return self._url(APP)

    @property
    def superuser_url(self) -> str:
        """SQLAlchemy address of the superuser, for bootstrap and tests."""
        return self._url(SUPERUSER)

    @property
    def superuser_dsn(self) -> str:
        """libpq connection string of the superuser, without a database."""
        return dsn(self.place)

    def _url(self, role: str) -> str:
        # The port is named because libpq would otherwise take PGPORT from the user's shell.
        return (
            f"postgresql+psycopg://{role}@/{DATABASE}"
            f"?host={quote(str(self.socket_dir), safe='/')}&port={PORT}"
        )


@dataclass(frozen=True)
class Status:
    """What is known of a cluster without touching it.

    Parameters
    ----------
    place : Path or None
        None when no cluster was ever made.
    major : int or None
        The cluster's PostgreSQL version.
    pid : int or None
        The server's process; None when it is not running.
    """

    place: Path | None
    major: int | None
    pid: int | None

    @property
    def is_running(self) -> bool:
        """Whether a server process holds the cluster."""
        return self.pid is not None


def ensure_running(var_dir: Path) -> Cluster:
    """The private server of a `var` folder, made on first use and started on need.

    Safe to call from several processes at once: one makes and starts the
    server, the others wait and use it. Call `stop` with the answer at the end.

    Parameters
    ----------
    var_dir : Path
        Created when missing. The cluster lies in `var_dir/postgres`, or where
        `geo.server.place.candidates` says when that place will not do.

    Returns
    -------
    Cluster
        Accepting connections, with roles, database and extensions in place.

    Raises
    ------
    LianfangError
        No PostgreSQL with PostGIS; the cluster is another user's or another
        version's; the socket path is too long; the server does not start.
    """
    var_dir = _made(var_dir)
    with locked(var_dir):
        place = existing_place(var_dir)
        fresh = place is None
        if place is None:
            user = server_user()
            place = choose_place(var_dir, user)
            create(place, newest(), user, "--data-checksums")
        else:
            user = user_of(place.stat().st_uid)
        check_socket_path(place)
        binaries = binaries_for(place)
        pid = running_pid(place)
        started = pid is None
        try:
            if started:
                start(place, binaries, user, lasting=True)
            else:
                await_ready(place)
            # A marker, not a look at the roles: an interrupted bootstrap is repeated, and a
            # reused server costs no connection.
            marker = place / "bootstrapped"
            if started or fresh or not marker.exists():
                bootstrap(dsn(place))
                marker.touch()
        except BaseException:
            if started and running_pid(place) is not None:
                halt(place, binaries, user)
            raise
        enter(var_dir)
    return Cluster(var_dir, place, binaries.major, os.getpid() if started else None)


def stop(cluster: Cluster) -> bool:
    """End this process's use of a server, and stop the server when that is ours to do.

    Parameters
    ----------
    cluster : Cluster
        As `ensure_running` returned it, used up by this call. Close its connections first.

    Returns
    -------
    bool
        True when the server was stopped. False when another process started
        it, or when another process still uses it: then it stays up, for
        `shutdown`.
    """
    with locked(cluster.var_dir):
        alone = leave(cluster.var_dir)
        if not (cluster.started_here and alone) or running_pid(cluster.place) is None:
            return False
        halt(cluster.place, binaries_for(cluster.place), user_of(cluster.place.stat().st_uid))
        return True


def shutdown(var_dir: Path) -> bool:
    """Stop the server whoever started it, as its user asked; False when none was running."""
    if not var_dir.is_dir():
        return False
    with locked(var_dir.resolve()):
        place = existing_place(var_dir)
        if place is None or running_pid(place) is None:
            return False
        halt(place, binaries_for(place), user_of(place.stat().st_uid))
        return True


def status(var_dir: Path) -> Status:
    """What there is in a `var` folder: creates, starts and changes nothing."""
    place = existing_place(var_dir)
    if place is None:
        return Status(None, None, None)
    return Status(place, cluster_major(place), running_pid(place))


def dsn(place: Path) -> str:
    """libpq connection string of the superuser of the cluster in `place`, without a database."""
    folder = str(place / "run").replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{folder}' port={PORT} user={SUPERUSER}"


def _made(var_dir: Path) -> Path:
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LianfangError(f"cannot make the folder {var_dir}: {error.strerror}") from error
    return var_dir.resolve()
