"""Throw-away clusters for tests and benchmarks."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import LianfangError
from geo.server.binaries import newest
from geo.server.cluster import Cluster, dsn
from geo.server.place import LONGEST_SOCKET_PATH, ServerUser, prepare, server_user, socket_length
from geo.server.process import binaries_for, create, halt, running_pid, start
from geo.server.roles import bootstrap

PREFIX = "lianfang-test-"
_ALIVE = "alive.lock"


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """A cluster of one's own in the folder for temporary files, removed at the end.

    Roles, database and extensions are those of a lasting cluster; durability is
    given up for speed. What a killed earlier run left behind is stopped and
    removed first.

    Yields
    ------
    Cluster
        Its `var_dir` is the throw-away folder. Do not pass it to `stop`.
    """
    user = server_user()
    binaries = newest()
    place = _temporary_place(user)
    # Locked before it gets the name that another run's clearing looks for.
    unnamed = place / "alive.new"
    alive = os.open(unnamed, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    unnamed.rename(place / _ALIVE)
    try:
        create(place, binaries, user, "--no-sync")
        start(place, binaries, user, lasting=False)
        bootstrap(dsn(place))
        yield Cluster(place, place, binaries.major, os.getpid())
    finally:
        _remove(place, user)
        os.close(alive)


def _temporary_place(user: ServerUser) -> Path:
    for parent in dict.fromkeys(Path(name) for name in (tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if not parent.is_dir():
            continue
        remove_leftovers(parent)
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if socket_length(place) <= LONGEST_SOCKET_PATH and prepare(place, user):
            return place
        place.rmdir()
    raise LianfangError(
        f"no folder for temporary files can be entered by user '{user.name}': set TMPDIR to one that can"
    )


def remove_leftovers(parent: Path) -> list[Path]:
    """Stop and remove the throw-away clusters in `parent` whose process is gone; tells which.

    A run holds a lock in its folder while it lives. Folders of other users are
    left alone: anybody may write into a folder for temporary files.
    """
    removed = []
    user = server_user()
    for place in parent.glob(f"{PREFIX}*"):
        try:
            if place.is_symlink() or place.stat().st_uid != user.uid:
                continue
            alive = os.open(place / _ALIVE, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # just being made, or just being removed by its own run
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(place, user)
            removed.append(place)
        except BlockingIOError:
            continue
        finally:
            os.close(alive)
    return removed


def _remove(place: Path, user: ServerUser) -> None:
    if running_pid(place) is not None:
        halt(place, binaries_for(place), user, mode="immediate")
    shutil.rmtree(place)
