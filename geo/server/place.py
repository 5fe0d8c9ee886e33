"""Where a private cluster can live, and the system user that may run it."""

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from geo.errors import LianfangError

# A Unix socket's address holds 107 bytes; PostgreSQL's own temporary names
# beside the socket need a few of them.
LONGEST_SOCKET_PATH = 100
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"

SHARED_PLACE = Path("/var/lib/lianfang")


@dataclass(frozen=True)
class ServerUser:
    """The system user that owns a cluster's files and runs its server."""

    name: str
    uid: int
    gid: int

    def run(self, *args: str | Path, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, from `/`, without the caller's PG* settings.

        The working directory is `/` because PostgreSQL's programs complain
        about one that their user cannot enter.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        environment |= {"LC_ALL": "C.UTF-8", "HOME": "/"}
        drop = os.geteuid() != self.uid
        return subprocess.run(
            [str(arg) for arg in args],
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=os.getgrouplist(self.name, self.gid) if drop else None,
            cwd="/",
            env=environment,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )


def user_of(uid: int) -> ServerUser:
    """The account with this number.

    Raises
    ------
    LianfangError
        When the number has no name: PostgreSQL needs one to check who connects.
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise LianfangError(
            f"user id {uid} has no name on this machine, and PostgreSQL needs one: add it to /etc/passwd, "
            "or point LIANFANG_DATABASE_URL at a server"
        ) from None
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_user() -> ServerUser:
    """Who runs a new cluster: the caller, or `postgres` when the caller is root.

    PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return user_of(os.geteuid())
    try:
        return user_of(pwd.getpwnam("postgres").pw_uid)
    except KeyError:
        raise LianfangError(
            "root cannot run PostgreSQL and this machine has no user 'postgres': run "
            "'apt-get install postgresql postgresql-postgis', or run Lianfang as an ordinary user"
        ) from None


def socket_length(directory: Path) -> int:
    """Bytes of the socket's path when `directory` is the cluster's place."""
    return len(os.fsencode(directory / "run" / SOCKET_NAME))


def candidates(var_dir: Path) -> tuple[Path, ...]:
    """Places for the cluster of this `var` folder, the preferred one first.

    The second is for a checkout below a folder that the server's user cannot
    enter, on a file system without owners, or with a path too long for a
    socket. Its name is a hash of the `var` folder's path, so two checkouts
    never share one.
    """
    var_dir = var_dir.resolve()
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    if os.geteuid() == 0:
        shared = SHARED_PLACE
    else:
        data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        shared = Path(data_home) / "lianfang"
    return var_dir / "postgres", shared / digest


def existing_place(var_dir: Path) -> Path | None:
    """The place that already holds this folder's cluster, or None.

    Raises
    ------
    LianfangError
        When the cluster is another user's.
    """
    for place in candidates(var_dir):
        try:
            if (place / "data" / "PG_VERSION").exists():
                return place
        except PermissionError:
            owner = user_of(place.stat().st_uid).name
            raise LianfangError(
                f"the database in {place} belongs to user '{owner}' and you are "
                f"'{user_of(os.geteuid()).name}': run the command as root or as '{owner}'"
            ) from None
    return None


def prepare(place: Path, user: ServerUser) -> bool:
    """Make `place` a folder that only `user` (and root) can enter; False when that cannot be done.

    It cannot where a parent folder is closed to the user, and on file systems
    that keep no owners or modes. What was made for the attempt is removed.
    """
    fresh = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(place, user.uid, user.gid)
        place.chmod(0o700)
    except OSError:
        if fresh and place.exists():
            place.rmdir()
        return False
    kept_mode = place.stat().st_mode & 0o777 == 0o700 and place.stat().st_uid == user.uid
    reached = user.run("sh", "-c", 'd=$(mktemp -d "$1/probe.XXXXXX") && rmdir "$d"', "sh", place)
    if kept_mode and reached.returncode == 0:
        return True
    if fresh:
        place.rmdir()
    return False


def choose_place(var_dir: Path, user: ServerUser) -> Path:
    """The first place where a new cluster of this `var` folder can live, made ready.

    Raises
    ------
    LianfangError
        When no place is reachable for the server's user with a short enough path.
    """
    options = candidates(var_dir)
    for place in options:
        if socket_length(place) <= LONGEST_SOCKET_PATH and prepare(place, user):
            return place
    lengths = " and ".join(f"{place} ({socket_length(place)} characters)" for place in options)
    raise LianfangError(
        f"no place for the database: user '{user.name}' must be able to enter it and its socket path may "
        f"have at most {LONGEST_SOCKET_PATH} characters, tried {lengths}: move the checkout to a shorter "
        "path that this user can enter"
    )


def check_socket_path(place: Path) -> None:
    """Refuse a place whose socket path the system cannot bind.

    Raises
    ------
    LianfangError
        When the path has more than 100 characters.
    """
    length = socket_length(place)
    if length > LONGEST_SOCKET_PATH:
        raise LianfangError(
            f"the database's socket path {place / 'run' / SOCKET_NAME} has {length} characters, the limit is "
            f"{LONGEST_SOCKET_PATH}: move the checkout to a shorter path"
        )
