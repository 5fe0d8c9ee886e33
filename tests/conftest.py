"""One throw-away PostGIS a run, one rolled-back transaction a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.db import make_engine
from geo.server import Cluster, temporary_cluster
from migrations import runner

# Laws are checked on examples, never on time: the machine may be busy.
settings.register_profile("lianfang", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lianfang")

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
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as opened:
            yield opened
        outer.rollback()


@pytest.fixture(scope="session")
def helsinki_pbf() -> Path:
    """The OpenStreetMap extract of central Helsinki that the set-up unpacks."""
    path = ROOT / "data" / "fetched" / "Helsinki.osm.pbf"
    if not path.exists():
        pytest.fail(f"{path} is missing; run `make test`, which fetches it (data/README.md)")
    return path
