"""Which database the program talks to, and that it is ready: started, migrated, not too new."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

import cameras.alerts.tables
import cameras.recordings.tables
import cameras.tables
import geo.tables
import patrols.tables
import web.tables
from geo import server
from geo.db import APP_URL_VARIABLE, OWNER_URL_VARIABLE, make_engine, urls_from_environment
from geo.errors import LianfangError
from migrations import runner

VAR_VARIABLE = "LIANFANG_VAR"
PUBLIC_URL_VARIABLE = "LIANFANG_PUBLIC_URL"
UPLOADS, RESULTS = "uploads", "results"
"""Folders below `var_dir`: what people hand in, and what jobs make for them to take away."""
THREADS = 8
"""Of the web server; each may hold a connection."""
# Tables refer to each other across packages by name: a command that loads one module needs them all known.
TABLES = (
    geo.tables,
    cameras.tables,
    cameras.recordings.tables,
    cameras.alerts.tables,
    patrols.tables,
    web.tables,
)


def var_dir() -> Path:
    """Folder of everything the program makes for itself: cluster, logs, demo files."""
    return Path(os.environ.get(VAR_VARIABLE) or Path(__file__).resolve().parent.parent / "var")


@dataclass(frozen=True)
class Urls:
    """Addresses of one database for its two roles; `private` when the program runs the server itself, and
    `started` when this process has started that."""

    app: str
    owner: str | None
    private: bool
    started: bool = False


@contextmanager
def running_database() -> Iterator[Urls]:
    """The database's addresses, its private server running for as long as the block lasts.

    A server started here is stopped here; one that was running already is left alone.

    Raises
    ------
    LianfangError
        When the server cannot be started or the environment names only half of a real one.
    """
    app, owner = urls_from_environment()
    if owner and not app:
        raise LianfangError(
            f"{OWNER_URL_VARIABLE} is set but {APP_URL_VARIABLE} is not; set both, or neither"
        )
    if app:
        yield Urls(app, owner, private=False)
        return
    cluster = server.ensure_running(var_dir())
    here = os.getpid()
    try:
        yield Urls(cluster.app_url, cluster.owner_url, private=True, started=cluster.started_here)
    finally:
        # A web worker forked inside the block leaves it too; the server is its parent's.
        if os.getpid() == here:
            server.stop(cluster)


def migrate(urls: Urls) -> bool:
    """Bring the schema up to date; answers whether anything was to do.

    A private database is migrated at once. A real server is its administrator's: it is only
    checked here, and migrated by `lianfang db upgrade`.
    """
    if urls.private:
        assert urls.owner is not None
        return runner.upgrade(urls.owner)
    runner.refuse_newer(urls.app)
    current, wanted = runner.current_revision(urls.app), runner.head_revision()
    if current != wanted:
        raise LianfangError(
            f"the database is at revision {current}, this program needs {wanted}; run `lianfang db upgrade`"
        )
    return False


@contextmanager
def open_database() -> Iterator[Engine]:
    """An engine on a running, migrated database; everything started is stopped afterwards."""
    with running_database() as urls:
        migrate(urls)
        engine = make_engine(urls.app)
        try:
            yield engine
        finally:
            engine.dispose()
