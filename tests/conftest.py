"""One throw-away PostGIS a run, one rolled-back transaction a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import map_scene
import pytest
import small_site
from databases import another_database
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from signing import app_on, signed_in_client
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.db import ScopedSession, make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster, temporary_cluster
from migrations import runner
from web.access import Role
from web.demo import run_demo
from web.progress import Steps

# Laws are checked on examples, never on time: the machine may be busy. On the same ones each time, so that a
# change is told from chance; HYPOTHESIS_PROFILE=explore looks for others.
settings.register_profile(
    "lianfang", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("lianfang"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "lianfang"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostGIS of this test run's own, without tables."""
    with temporary_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def engine(cluster: Cluster) -> Iterator[Engine]:
    """The program's role on a migrated database."""
    runner.upgrade(cluster.owner_url)
    made = make_engine(cluster.app_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session inside an outer transaction that is rolled back, whatever the test commits."""
    with engine.connect() as connection:
        outer = connection.begin()
        with ScopedSession(
            connection,
            scope=WHOLE_SITE,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
        ) as opened:
            yield opened
        outer.rollback()


@pytest.fixture(scope="session")
def helsinki_pbf() -> Path:
    """The OpenStreetMap extract of central Helsinki that the set-up unpacks."""
    path = ROOT / "data" / "fetched" / "Helsinki.osm.pbf"
    if not path.exists():
        pytest.fail(f"{path} is missing; run `make test`, which fetches it (data/README.md)")
    return path


@dataclass(frozen=True)
class Demo:
    """The demo, run once for the whole suite in a database of its own; tests only read it."""

    engine: Engine
    folder: Path
    summary: dict[str, Any]
    app_url: str
    owner_url: str


@pytest.fixture(scope="session")
def demo(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, helsinki_pbf: Path) -> Iterator[Demo]:
    """Central Helsinki, one synthetic day, analysed and planned."""
    with another_database(cluster, "lianfang_demo") as (app_url, owner_url):
        runner.upgrade(owner_url)
        made = make_engine(app_url)
        folder = tmp_path_factory.mktemp("demo")
        summary = run_demo(made, folder, seed=1, fresh=False, steps=Steps())
        yield Demo(made, folder, summary, app_url, owner_url)
        made.dispose()


@dataclass(frozen=True)
class ServedSite:
    """The small site in a database of its own, and the app on it; tests may sign in, and add to it."""

    engine: Engine
    app: Flask
    site: small_site.SmallSite
    app_url: str
    owner_url: str

    def client(self, role: Role, path: str | None = None) -> FlaskClient:
        """A client signed in with one role in one jurisdiction (None: the whole site)."""
        return signed_in_client(self.app, self.engine, role, path)


@pytest.fixture(scope="session")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """The small site, served; shared by the tests of a run, so each leaves what it found."""
    map_scene.compiled_catalogues()
    with another_database(cluster, "lianfang_small") as (app_url, owner_url):
        runner.upgrade(owner_url)
        made = make_engine(app_url)
        with transaction(made, scope=WHOLE_SITE) as session:
            stored = small_site.fill(session)
        app = app_on(made, tmp_path_factory.mktemp("served"))
        yield ServedSite(made, app, stored, app_url, owner_url)
        made.dispose()
