"""Who may start or stop a cluster now, and who still uses it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import LianfangError
from geo.server.place import user_of

LOCK_TIMEOUT_S = 180.0

# Two files, because one is held for a moment (starting, stopping) and the other
# as long as a process uses the server.
_START_LOCK = "postgres.lock"
_USE_LOCK = "postgres.users"

# (process, `var` folder) -> (open lock file, uses). The process is part of the key because a
# forked worker inherits this table, and its parent's lock is not its own to give up.
_uses: dict[tuple[int, Path], tuple[int, int]] = {}


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        owner = user_of(path.stat().st_uid).name if path.exists() else user_of(path.parent.stat().st_uid).name
        raise LianfangError(
            f"cannot open {path}, it belongs to user '{owner}': run the command as '{owner}'"
        ) from None


@contextmanager
def locked(var_dir: Path) -> Iterator[None]:
    """Hold the right to start or stop the server of this `var` folder.

    Raises
    ------
    LianfangError
        When another process keeps it for three minutes, or the lock is another user's.
    """
    descriptor = _open_lock(var_dir / _START_LOCK)
    give_up_at = time.monotonic() + LOCK_TIMEOUT_S
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    raise LianfangError(
                        "another process has been starting or stopping the database for "
                        f"{LOCK_TIMEOUT_S:.0f} s: find it with 'fuser {var_dir / _START_LOCK}'"
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def enter(var_dir: Path) -> None:
    """Note one more use of the server by this process."""
    key = (os.getpid(), var_dir)
    descriptor, uses = _uses.get(key, (-1, 0))
    if uses == 0:
        descriptor = _open_lock(var_dir / _USE_LOCK)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    _uses[key] = (descriptor, uses + 1)


def leave(var_dir: Path) -> bool:
    """End one use; True when no use is left, in this process or another.

    The kernel frees the lock of a process that dies, so a crash leaves no use behind.
    """
    key = (os.getpid(), var_dir)
    descriptor, uses = _uses.get(key, (-1, 0))
    if uses == 0:
        return False
    if uses > 1:
        _uses[key] = (descriptor, uses - 1)
        return False
    del _uses[key]
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
