"""Alembic environment: online only, run by the owner role."""

from __future__ import annotations

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import cameras.alerts.tables
import cameras.recordings.tables
import cameras.tables
import geo.tables
import patrols.tables
import web.tables
from geo.db import Base

# Importing the four fills the metadata that autogenerate and `check` compare with.
TABLES = (
    geo.tables,
    cameras.tables,
    cameras.recordings.tables,
    cameras.alerts.tables,
    patrols.tables,
    web.tables,
)


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out PostGIS's own tables, the day partitions of `frame`, and Procrastinate's queue.

    The queue is another program's: made by its SQL, read by its functions, unknown to our tables.
    """
    if kind == "table" and name is not None and name.startswith(("frame_day_", "procrastinate_")):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def run() -> None:
    """Migrate over one connection in one transaction."""
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
