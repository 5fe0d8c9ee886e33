"""The PostgreSQL programs on this machine that come with PostGIS."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

from geo.errors import LianfangError

OLDEST_POSTGRESQL = 15
OLDEST_POSTGIS = (3, 3)
EXTENSIONS = ("postgis", "ltree", "btree_gist")

# Debian and Ubuntu keep every major version in a folder of its own and put
# initdb and pg_ctl on nobody's PATH.
DEBIAN_ROOT = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation that has every extension Lianfang needs.

    Parameters
    ----------
    bin_dir : Path
        Holds `initdb`, `pg_ctl` and `postgres`.
    major : int
        PostgreSQL's major version, for example 15.
    postgis : tuple of int
        PostGIS (major, minor) that this installation would create.
    """

    bin_dir: Path
    major: int
    postgis: tuple[int, int]

    def program(self, name: str) -> str:
        """Absolute path of one program of this installation."""
        return str(self.bin_dir / name)


def _output(program: Path, *args: str) -> str:
    return subprocess.run([program, *args], capture_output=True, text=True, check=True, timeout=30).stdout


def _candidate_dirs() -> Iterator[Path]:
    yield from DEBIAN_ROOT.glob("*/bin")
    on_path = which("pg_config")
    if on_path:
        yield Path(_output(Path(on_path), "--bindir").strip())


def _inspect(bin_dir: Path) -> Binaries | None:
    needed = ("initdb", "pg_ctl", "postgres", "pg_config")
    if not all((bin_dir / name).exists() for name in needed):
        return None
    version = re.search(r"\) (\d+)", _output(bin_dir / "postgres", "--version"))
    extensions = Path(_output(bin_dir / "pg_config", "--sharedir").strip()) / "extension"
    if version is None or not all((extensions / f"{name}.control").exists() for name in EXTENSIONS):
        return None
    postgis = re.search(r"default_version\s*=\s*'(\d+)\.(\d+)", (extensions / "postgis.control").read_text())
    if postgis is None:
        return None
    found = Binaries(bin_dir, int(version[1]), (int(postgis[1]), int(postgis[2])))
    recent = found.major >= OLDEST_POSTGRESQL and found.postgis >= OLDEST_POSTGIS
    return found if recent else None


@cache
def installations() -> tuple[Binaries, ...]:
    """Every usable installation on this machine, newest first; empty when there is none.

    Looked up once in a process: installing a server is a step of the set-up,
    not something that happens under a running program.
    """
    seen = {path.resolve() for path in _candidate_dirs() if path.is_dir()}
    found = (_inspect(path) for path in sorted(seen))
    return tuple(sorted((b for b in found if b is not None), key=lambda b: b.major, reverse=True))


def newest() -> Binaries:
    """The newest usable installation.

    Raises
    ------
    LianfangError
        When this machine has no PostgreSQL with PostGIS that is recent enough.
    """
    found = installations()
    if not found:
        raise LianfangError(
            f"no PostgreSQL {OLDEST_POSTGRESQL} or newer with PostGIS "
            f"{OLDEST_POSTGIS[0]}.{OLDEST_POSTGIS[1]} or newer is installed: run "
            "'apt-get install postgresql postgresql-postgis', or point LIANFANG_DATABASE_URL at a server"
        )
    return found[0]
