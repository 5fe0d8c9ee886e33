"""Database base: declarative base, column types, engines, sessions and bulk rows.

Only the store ring uses this module. Nothing here commits: who opens a session ends it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geoalchemy2 import Geometry
from pyarrow import csv as pa_csv
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    MetaData,
    create_engine,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    SessionTransaction,
    declared_attr,
    mapped_column,
    sessionmaker,
)
from sqlalchemy.types import UserDefinedType

from geo.errors import LianfangError, Sentence
from geo.scope import Scope

APP_URL_VARIABLE = "LIANFANG_DATABASE_URL"
OWNER_URL_VARIABLE = "LIANFANG_OWNER_DATABASE_URL"
TELL_SCOPE = text("SELECT set_config('app.scope', :scope, true)")


class Ltree(UserDefinedType[str]):
    """PostgreSQL `ltree`: labels [a-z0-9_] joined by dots, the scope path of a row."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Type name in DDL."""
        return "LTREE"


# Without this, reflection (and so `alembic check`) sees an unknown type.
ischema_names["ltree"] = Ltree


class Base(DeclarativeBase):
    """All tables of Lianfang; names of constraints are fixed so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}


BigKey = Annotated[int, mapped_column(BigInteger, primary_key=True)]
Stamp = Annotated[datetime, mapped_column(server_default=func.now())]


def geometry(kind: str) -> Geometry:
    """Column type of a geometry in EPSG:4326, longitude first, with a GiST index."""
    return Geometry(kind, srid=4326, spatial_index=True)


def scope_column(*, nullable: bool = False) -> Mapped[Any]:
    """Jurisdiction path that a row belongs to; follows a jurisdiction that is renamed."""
    return mapped_column(
        Ltree, ForeignKey("jurisdiction.path", onupdate="CASCADE"), nullable=nullable, index=True
    )


def half_open(column: str) -> CheckConstraint:
    """Constraint that a stored period is `[start, end)` and holds at least an instant."""
    return CheckConstraint(
        f"NOT isempty({column}) AND lower_inc({column}) AND NOT upper_inc({column})",
        name=f"{column}_half_open",
    )


class Dated:
    """Period in which a row is true of the world; an open end means until further notice."""

    @declared_attr
    def valid(cls) -> Mapped[Range[datetime]]:
        """Half-open `[from, until)`."""
        return mapped_column(TSTZRANGE, nullable=False)


def make_engine(url: str, **options: Any) -> Engine:
    """Engine on `url`: UTC, pinged before use, no search path surprises."""
    return create_engine(
        url, pool_pre_ping=True, connect_args={"options": "-c timezone=UTC -c jit=off"}, **options
    )


def urls_from_environment() -> tuple[str | None, str | None]:
    """(app URL, owner URL) of a real server, where the environment names one."""
    return os.environ.get(APP_URL_VARIABLE), os.environ.get(OWNER_URL_VARIABLE)


class ScopedSession(Session):
    """A session that tells the database its scope at the begin of every transaction, also after a commit.

    The row-level policies show and take only what lies in it. A plain `Session` tells nothing and therefore
    sees no row; so does a raw connection until it says `set_config('app.scope', ..., true)` itself.

    Parameters
    ----------
    bind : Engine or Connection
    scope : Scope
    """

    def __init__(self, bind: Engine | Connection | None = None, *, scope: Scope, **options: Any) -> None:
        super().__init__(bind, **options)
        self.scope = scope


@event.listens_for(ScopedSession, "after_begin")
def _tell_scope(session: ScopedSession, begun: SessionTransaction, connection: Connection) -> None:
    # Local to the transaction, so that a pooled connection forgets it; a savepoint inherits it.
    if not begun.nested:
        connection.execute(TELL_SCOPE, {"scope": session.scope.text})


def session_factory(engine: Engine, *, scope: Scope) -> sessionmaker[ScopedSession]:
    """Factory of sessions on `engine` that see `scope`."""
    return sessionmaker(engine, class_=ScopedSession, scope=scope, expire_on_commit=False)


@contextmanager
def transaction(engine: Engine, *, scope: Scope) -> Iterator[ScopedSession]:
    """One session that sees `scope`, one transaction: committed on success, rolled back on any error."""
    with ScopedSession(engine, scope=scope, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def rehearsal(session: Session, *, only: bool) -> Iterator[None]:
    """Do the block's work; with `only` undo it after, so that a dry run meets every refusal of a real one."""
    nested = session.begin_nested()
    try:
        yield
    except BaseException:
        nested.rollback()
        raise
    if only:
        nested.rollback()
        session.expire_all()
    else:
        nested.commit()


def reserve_ids(session: Session, table: str, count: int) -> list[int]:
    """`count` fresh primary keys of `table`, for rows that are then written by `copy_rows`."""
    statement = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
    return [row[0] for row in session.execute(statement, {"table": table, "count": count})]


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows by COPY inside the session's transaction; answers how many.

    Geometries are given as hexadecimal EWKB, ranges as text; NaN and the like become NULL, dicts and lists
    JSON. Table and column names come from code, never from a user. A row outside the session's scope is
    refused, and with it all.
    """
    count = 0
    with _copying(session, table, columns) as copy:
        for row in rows:
            copy.write_row([_cell(value) for value in row])
            count += 1
    return count


@contextmanager
def _copying(session: Session, table: str, columns: Sequence[str], form: str = "") -> Iterator[Any]:
    """A COPY into some columns of a table, which also one with policies for this role takes."""
    driver = session.connection().connection.driver_connection
    if driver is None:
        raise LianfangError(Sentence("the database connection was lost; try again"))
    names = ", ".join(f'"{name}"' for name in columns)
    # PostgreSQL refuses COPY into a table whose policies hold for this role, an INSERT from another one not.
    staged = bool(session.scalar(text("SELECT row_security_active(CAST(:table AS text))"), {"table": table}))
    target = f"staged_{table}" if staged else table
    if staged:
        empty = f'SELECT {names} FROM "{table}" WITH NO DATA'
        session.execute(text(f'CREATE TEMPORARY TABLE "{target}" ON COMMIT DROP AS {empty}'))
    with driver.cursor().copy(f'COPY "{target}" ({names}) FROM STDIN {form}') as copy:
        yield copy
    if staged:
        session.execute(text(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{target}"'))
        session.execute(text(f'DROP TABLE "{target}"'))


def copy_frame(session: Session, table: str, frame: pd.DataFrame) -> pd.Index:
    """`write_frame` for columns of one plain kind each (texts, numbers, flags, days, geometries), and much
    quicker: no row is built."""
    columns = _columns(session, table, frame)
    arrays = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    rows = io.BytesIO()
    pa_csv.write_csv(pa.table(arrays), rows, pa_csv.WriteOptions(include_header=False))
    with _copying(session, table, list(columns), "(FORMAT csv)") as copy:
        copy.write(rows.getbuffer())
    return pd.Index(columns["id"], name="id", dtype="int64")


def write_frame(session: Session, table: str, frame: pd.DataFrame) -> pd.Index:
    """Write a frame whose columns are named as the table's; answers the new primary keys.

    Geometry columns must be in EPSG:4326 and are written with their SRID; NaN becomes NULL;
    dicts and lists become JSON. A column `id`, where present, is used as the key.
    """
    columns = _columns(session, table, frame)
    copy_rows(session, table, list(columns), zip(*columns.values(), strict=True))
    return pd.Index(columns["id"], name="id", dtype="int64")


def _columns(session: Session, table: str, frame: pd.DataFrame) -> dict[str, list[Any]]:
    """The values of a frame by column, with keys and geometries as the database takes them."""
    columns: dict[str, list[Any]] = {}
    if "id" not in frame.columns:
        columns["id"] = reserve_ids(session, table, len(frame))
    for name in frame.columns:
        series = frame[name]
        if isinstance(series.dtype, gpd.array.GeometryDtype):
            crs = series.array.crs
            if crs is None or crs.to_epsg() != 4326:
                raise ValueError(f"{table}.{name} must be in EPSG:4326, not {crs}; project it back first")
            columns[name] = _ewkb(np.asarray(series.values))
        else:
            columns[name] = series.tolist()
    return columns


def _ewkb(geometries: Any) -> list[str | None]:
    with_srid = shapely.set_srid(geometries, 4326)
    return list(shapely.to_wkb(with_srid, hex=True, include_srid=True))


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return None if value is None or value is pd.NA or value is pd.NaT or value != value else value


def read_frame(session: Session, sql: str, **parameters: Any) -> pd.DataFrame:
    """Rows of a query as a DataFrame, one column a column."""
    result = session.execute(text(sql), parameters)
    # As plain tuples: pandas asks every row for the names of its fields otherwise.
    return pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()))


def read_geoframe(session: Session, sql: str, *, geom: str = "geom", **parameters: Any) -> gpd.GeoDataFrame:
    """Rows of a query as a GeoDataFrame in EPSG:4326; `geom` must come as WKB (`ST_AsBinary`)."""
    frame = read_frame(session, sql, **parameters)
    shapes = shapely.from_wkb([None if wkb is None else bytes(wkb) for wkb in frame.pop(geom)])
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=4326))


FrameT = TypeVar("FrameT", bound=pd.DataFrame)


def texts_or_none(frame: FrameT) -> FrameT:
    """The frame with None where a column of texts has no value.

    Where some rows have one pandas holds NaN in the others, which is as good as a text to whoever asks
    `value or other`.
    """
    kept = frame.copy()
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.StringDtype) and frame[name].isna().any():
            kept[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return kept


def period_text(start: datetime, end: datetime | None) -> str:
    """Text of the half-open range `[start, end)`; no end means until further notice."""
    return f"[{start.isoformat()},{end.isoformat() if end else ''})"


# Stored periods have an inclusive lower bound, so "always" needs a first day.
ALWAYS = period_text(datetime(1970, 1, 1, tzinfo=UTC), None)
