"""Further databases on the test run's own server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from geo.server import Cluster


@contextmanager
def another_database(cluster: Cluster, name: str, *, copy_of: str = "") -> Iterator[tuple[str, str]]:
    """(app URL, owner URL) of a database, empty or a copy of an idle one; dropped at the end."""
    with psycopg.connect(cluster.superuser_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} (FORCE)")
        template = f"TEMPLATE {copy_of}" if copy_of else ""
        connection.execute(f"CREATE DATABASE {name} OWNER lianfang_owner {template}")
    if not copy_of:
        with psycopg.connect(cluster.superuser_dsn, dbname=name, autocommit=True) as connection:
            connection.execute(
                "CREATE EXTENSION postgis; CREATE EXTENSION ltree; CREATE EXTENSION btree_gist;"
                "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"
            )
    app_url, owner_url = (
        url.replace("/lianfang?", f"/{name}?") for url in (cluster.app_url, cluster.owner_url)
    )
    yield app_url, owner_url
    with psycopg.connect(cluster.superuser_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} (FORCE)")
