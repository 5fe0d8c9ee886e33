"""Further databases on the test run's own server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from geo.server import Cluster


@contextmanager
def another_database(cluster: Cluster, name: str) -> Iterator[tuple[str, str]]:
    """(app URL, owner URL) of an empty database, dropped at the end."""
    with psycopg.connect(cluster.superuser_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} (FORCE)")
        connection.execute(f"CREATE DATABASE {name} OWNER lianfang_owner")
    with psycopg.connect(cluster.superuser_dsn, dbname=name, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis; CREATE EXTENSION ltree; CREATE EXTENSION btree_gist")
    app_url, owner_url = (
        url.replace("/lianfang?", f"/{name}?") for url in (cluster.app_url, cluster.owner_url)
    )
    yield app_url, owner_url
    with psycopg.connect(cluster.superuser_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} (FORCE)")
