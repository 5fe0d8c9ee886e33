"""The sources keep the four packages and the three rings apart (read, not run)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("geo", "cameras", "patrols", "web")  # each may import those before it
OURS = {*PACKAGES, "migrations"}

STORE = {"db", "server", "tables", "repository"}
USE_CASES = {"services"}

# Modules whose work is to read and write files of a foreign format.
READERS = (
    *("geo.osm", "geo.readers", "cameras.frames", "cameras.readers", "cameras.importers"),
    "cameras.recordings",
    *("patrols.readers", "patrols.importers"),
)
# Modules that may look at the clock: a search has a time budget.
TIMED = ("patrols.solve", "patrols.search.run")

COMPUTE_LIBRARIES = {
    *("chinese_calendar", "geopandas", "numba", "numpy", "pandas", "pygeomag", "pyproj", "scipy", "shapely"),
}
READER_LIBRARIES = {"icalendar", "openpyxl", "osmium", "pyarrow", "pyogrio"}
STORE_LIBRARIES = {"geoalchemy2", "psycopg", "pyarrow", "sqlalchemy"}
ONLY_IN = {
    **dict.fromkeys(("flask", "flask_babel", "folium", "branca", "jinja2", "click", "procrastinate"), "web"),
    **dict.fromkeys(("gunicorn", "rich", "structlog", "babel"), "web"),
    **dict.fromkeys(("cv2", "av"), "cameras"),
}

CLOCK = {"now", "utcnow", "today"}
OUTSIDE = {
    "http",
    "os",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "time",
    "urllib",
}
FILE_CALLS = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "mkdir", "rename"}


def below(module: str, names: tuple[str, ...]) -> bool:
    """Whether a module is one of these or lies in one of them."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def ring_of(module: str) -> str:
    """compute, store or use case, told by the module's name; a folder counts like a module."""
    parts = set(module.split(".")[1:])
    if parts & USE_CASES:
        return "use case"
    return "store" if parts & STORE else "compute"


def imports(tree: ast.Module, module: str, is_folder: bool) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".") if is_folder else module.split(".")[:-1]
                kept = parents[: len(parents) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            # `from geo import server` imports a module as `import geo.server` does.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(module: str, source: str, *, is_folder: bool = False) -> list[str]:
    """What a source of this module does that its place forbids, one sentence each."""
    tree = ast.parse(source)
    package = module.split(".")[0]
    found = []
    for line, target in imports(tree, module, is_folder):
        found += [f"{module}:{line} {reason}" for reason in import_faults(module, package, target)]
    if package in ("geo", "cameras", "patrols"):
        for line, reason in conduct_faults(tree, module):
            found.append(f"{module}:{line} {reason}")
    return found


def import_faults(module: str, package: str, target: str) -> Iterator[str]:
    """Why this package or ring may not import that."""
    top = target.split(".")[0]
    home = ONLY_IN.get(top)
    # The queue's schema comes from its library, and a migration applies it.
    queue_schema = package == "migrations" and below(target, ("procrastinate.schema",))
    if home and home != package and not queue_schema:
        yield f"imports {top}, which belongs to {home} alone"
    if top in OURS:
        yield from inner_faults(module, package, target)
    elif package in ("geo", "cameras", "patrols") and not home:
        allowed = set(COMPUTE_LIBRARIES) | set(sys.stdlib_module_names)
        if below(module, READERS):
            allowed |= READER_LIBRARIES
        ring = ring_of(module)
        if ring != "compute":
            allowed |= STORE_LIBRARIES
        if top not in allowed:
            yield f"imports {top}, which its ring ({ring}) may not"
        may_use = {"time"} if below(module, TIMED) else set()
        # A GeoPackage is an SQLite database, whose schema is looked at before GDAL reads it.
        may_use |= {"sqlite3"} if below(module, READERS) else set()
        if ring == "compute" and top in OUTSIDE - may_use:
            yield f"imports {top}: compute knows no clock, no environment and no outside"


def inner_faults(module: str, package: str, target: str) -> Iterator[str]:
    """Why one of our modules may not import another."""
    top = target.split(".")[0]
    if package == "migrations":
        if top != "migrations" and not {"tables", "db", "errors"} & set(target.split(".")[1:]):
            yield f"imports {target}: migrations know the tables alone"
        return
    if top == "migrations":
        if package != "web":
            yield f"imports {target}: only web runs migrations"
        return
    if PACKAGES.index(top) > PACKAGES.index(package):
        yield f"imports {target}: imports point down, web > patrols > cameras > geo"
    if package == "patrols" and top == "cameras" and module != "patrols.demand":
        yield f"imports {target}: patrols touches cameras in patrols.demand alone"
    if package != "web":
        order = ("compute", "store", "use case")
        own, other = ring_of(module), ring_of(target)
        if order.index(other) > order.index(own):
            yield f"imports {target}: {own} may not know {other}"


def conduct_faults(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    """Calls that a ring may not make."""
    ring = ring_of(module)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("import_module", "__import__"):
            yield node.lineno, "imports by a computed name, which no one can check"
        if ring == "use case" and name == "commit":
            yield node.lineno, "commits: the caller owns the transaction"
        if ring == "compute" and name in CLOCK and isinstance(node.func, ast.Attribute):
            yield node.lineno, f"calls .{name}(): compute reads no clock"
        if ring == "compute" and name in FILE_CALLS and not below(module, READERS):
            yield node.lineno, f"calls {name}(): only readers touch files"


def sources() -> list[tuple[str, Path]]:
    """Every module of ours with its file."""
    paths = [path for name in sorted(OURS) for path in sorted((ROOT / name).rglob("*.py"))]
    return [
        (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path)
        for path in paths
    ]


def test_every_module_keeps_to_its_layer_and_ring() -> None:
    checked = sources()
    assert len(checked) > len(OURS)
    found = [
        fault
        for module, path in checked
        for fault in violations(
            module, path.read_text(encoding="utf-8"), is_folder=path.name == "__init__.py"
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    ("module", "source", "told"),
    [
        ("geo.crs", "import cameras.footprint", "imports point down"),
        ("cameras.gaps", "from patrols import solve", "imports point down"),
        ("patrols.solve", "def f():\n    import web.maps.page", "imports point down"),
        ("patrols.zones", "from cameras.gaps import find", "patrols.demand alone"),
        ("patrols.services", "from cameras import repository", "patrols.demand alone"),
        ("geo.crs", "from geo.db import Base", "compute may not know store"),
        ("geo.crs", "from . import tables", "compute may not know store"),
        ("cameras.frames.csv", "from ..services import ingest", "compute may not know use case"),
        ("geo.repository", "import geo.services", "store may not know use case"),
        ("geo.crs", "import sqlalchemy as sa", "imports sqlalchemy, which its ring (compute) may not"),
        ("geo.crs", "import os", "imports os: compute knows no clock"),
        ("geo.crs", "import time", "imports time: compute knows no clock"),
        ("geo.crs", "from datetime import datetime\nx = datetime.now()", "reads no clock"),
        ("geo.crs", "from datetime import date\nx = date.today()", "reads no clock"),
        ("geo.crs", "def f(p):\n    return open(p)", "only readers touch files"),
        ("geo.crs", "def f(p):\n    return p.read_text()", "only readers touch files"),
        ("geo.crs", "import importlib\nimportlib.import_module('web')", "computed name"),
        ("geo.grid", "import osmium", "imports osmium, which its ring (compute) may not"),
        ("patrols.solve", "import ortools", "imports ortools, which its ring (compute) may not"),
        ("geo.services", "from flask import g", "imports flask, which belongs to web alone"),
        ("patrols.plan", "import folium", "imports folium, which belongs to web alone"),
        ("geo.grid", "import cv2", "imports cv2, which belongs to cameras alone"),
        ("web.video", "import av", "imports av, which belongs to cameras alone"),
        (
            "cameras.services.ingesting",
            "def f(session):\n    session.commit()",
            "the caller owns the transaction",
        ),
        ("migrations.versions.one", "import geo.services", "migrations know the tables alone"),
        ("cameras.services", "from migrations import runner", "only web runs migrations"),
    ],
)
def test_planted_fault_is_told(module: str, source: str, told: str) -> None:
    found = violations(module, source)
    assert len(found) == 1, found
    assert told in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "web.cli.demo",
            "import os\nfrom patrols.services import plan\nimport flask\nfrom migrations import runner",
        ),
        ("patrols.demand", "from cameras.gaps import Gaps"),
        ("patrols.solve", "import time\nimport scipy"),
        (
            "cameras.services",
            "from geo.services import roads\nfrom cameras.repository import load\nimport os",
        ),
        ("cameras.repository.frames", "import psycopg\nfrom cameras.gaps import Gaps"),
        ("cameras.frames.video", "import av\ndef f(p):\n    return p.open()"),
        ("geo.osm.extract", "import osmium"),
        ("geo.server.process", "import os\nimport subprocess"),
        ("geo.grid", "from datetime import datetime, timedelta\nimport numpy as np\nfrom . import crs"),
        ("migrations.env", "import cameras.tables\nfrom geo.db import Base\nimport alembic"),
    ],
)
def test_what_the_design_allows_passes(module: str, source: str) -> None:
    assert violations(module, source) == []
