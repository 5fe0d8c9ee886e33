"""The configuration files of a private cluster."""

import os
import pwd
from pathlib import Path

from geo.server.place import PORT, ServerUser
from geo.server.roles import APP, OWNER, SUPERUSER

_MAP = "lianfang"

# Every server: reachable over the socket alone, in UTC.
# jit: compiling takes longer than most spatial queries run.
_COMMON = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
hba_file = '{place}/pg_hba.conf'
ident_file = '{place}/pg_ident.conf'
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
random_page_cost = 1.1
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
"""

# One log file a weekday, each overwritten after a week: bounded without a tool.
_LASTING = """\
logging_collector = on
log_directory = '{place}/log'
log_filename = 'server-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
"""

# A throw-away cluster need not outlive a power cut.
_PASSING = """\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
shared_buffers = 128MB
"""


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def write(place: Path, user: ServerUser, *, lasting: bool) -> None:
    """Write the server's settings and who may connect, afresh before each start.

    Parameters
    ----------
    place : Path
        The cluster's folder; `data`, `run` and `log` lie in it.
    user : ServerUser
        Runs the server.
    lasting : bool
        False for a throw-away cluster, which gives up durability for speed.

    Notes
    -----
    `peer` asks the kernel who is at the other end of the socket, so there is
    no password to keep. The map lets exactly three in: the server's user, root
    and whoever started it.
    """
    text = _COMMON + (_LASTING if lasting else _PASSING)
    settings = text.format(port=PORT, socket_dir=_quoted(place / "run"), place=_quoted(place))
    people = sorted({user.name, "root", pwd.getpwuid(os.geteuid()).pw_name})
    idents = [f'{_MAP} "{name}" {role}\n' for name in people for role in (SUPERUSER, OWNER, APP)]
    _install(place / "lianfang.conf", settings, user)
    _install(place / "pg_ident.conf", "".join(idents), user)
    _install(place / "pg_hba.conf", f"local all all peer map={_MAP}\n", user)


def _install(path: Path, text: str, user: ServerUser) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o600)
    if os.geteuid() != user.uid:
        os.chown(fresh, user.uid, user.gid)
    fresh.replace(path)
