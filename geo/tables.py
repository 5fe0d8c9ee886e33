"""Tables of places: site, imports, jurisdictions, roads, obstructions, places, water."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, Ltree, Stamp, geometry, half_open, scope_column


class Site(Base):
    """The one site this database serves: its name, time zone and metric CRS."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    metric_epsg: Mapped[int]
    scene: Mapped[str | None] = mapped_column(Text)
    attribution: Mapped[str] = mapped_column(Text, server_default="")


class ImportBatch(Base):
    """One imported file: what it was, its datum, and what label its rows carry."""

    __tablename__ = "import_batch"
    __table_args__ = (
        CheckConstraint("datum IN ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name="datum"),
        CheckConstraint("label IN ('real', 'derived', 'synthetic')", name="label"),
    )

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    datum: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    row_count: Mapped[int]
    imported_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    # Its rows are gone again; the record of it stays.
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(Text)


def batch_column() -> Mapped[int]:
    """The import a row came with."""
    return mapped_column(BigInteger, ForeignKey("import_batch.id"), index=True)


class Jurisdiction(Dated, Base):
    """One node of the tree; `path` is the scope every other row refers to."""

    __tablename__ = "jurisdiction"
    __table_args__ = (
        half_open("valid"),
        CheckConstraint("level >= 0", name="level"),
        CheckConstraint("nlevel(path) = level + 1", name="depth"),
        CheckConstraint("origin IN ('official', 'derived', 'synthetic')", name="origin"),
        Index("ix_jurisdiction_path_gist", "path", postgresql_using="gist"),
        # The few nodes that are drawn while a whole city is in view.
        Index(
            "ix_jurisdiction_upper_geom",
            "geom",
            postgresql_using="gist",
            postgresql_where=text("drawn_from <= 3"),
        ),
    )

    id: Mapped[BigKey]
    path: Mapped[str] = mapped_column(Ltree, unique=True)
    code: Mapped[str] = mapped_column(Text, index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(geometry("MULTIPOLYGON"))
    batch_id: Mapped[int] = batch_column()
    # Kept by a trigger: at which levels of the tree a map shows this node. Its own, those below it where
    # nothing deeper has a geometry, and those above it where nothing higher has one.
    leaf: Mapped[bool] = mapped_column(server_default=true())
    drawn_from: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    drawn_until: Mapped[int] = mapped_column(SmallInteger, server_default="32767")


class RoadNode(Base):
    """A point where road edges meet."""

    __tablename__ = "road_node"

    id: Mapped[BigKey]
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    batch_id: Mapped[int] = batch_column()


class RoadEdge(Dated, Base):
    """A stretch of way between two nodes: where one travels and, if watched, ground to be seen."""

    __tablename__ = "road_edge"
    __table_args__ = (half_open("valid"),)

    id: Mapped[BigKey]
    u: Mapped[int] = mapped_column(BigInteger, ForeignKey("road_node.id"))
    v: Mapped[int] = mapped_column(BigInteger, ForeignKey("road_node.id"))
    way_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(Text)
    road_class: Mapped[str] = mapped_column(Text)
    foot_forward: Mapped[bool]
    foot_backward: Mapped[bool]
    ebike_forward: Mapped[bool]
    ebike_backward: Mapped[bool]
    car_forward: Mapped[bool]
    car_backward: Mapped[bool]
    watched: Mapped[bool]
    steps: Mapped[bool]
    geom: Mapped[Any] = mapped_column(geometry("LINESTRING"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class Obstruction(Dated, Base):
    """A solid thing that hides what is behind it: a building."""

    __tablename__ = "obstruction"
    __table_args__ = (half_open("valid"), CheckConstraint("height_m > 0", name="height"))

    id: Mapped[BigKey]
    key: Mapped[str] = mapped_column(Text)
    height_m: Mapped[float | None] = mapped_column(Float)
    geom: Mapped[Any] = mapped_column(geometry("MULTIPOLYGON"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class Place(Dated, Base):
    """A point that should be seen: a school gate, a bank, a bridge."""

    __tablename__ = "place"
    __table_args__ = (half_open("valid"),)

    id: Mapped[BigKey]
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class Water(Base):
    """Water for the base map."""

    __tablename__ = "water"

    id: Mapped[BigKey]
    geom: Mapped[Any] = mapped_column(geometry("MULTIPOLYGON"), nullable=False)
    batch_id: Mapped[int] = batch_column()


class Setting(Base):
    """A value an administrator changed from its default, by dotted name."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(nullable=False)
    author: Mapped[str] = mapped_column(Text)


class ChangeCount(Base):
    """How often rows of a table were changed: the sum of `n` over the rows of its name.

    Kept by triggers, so that whoever keeps a copy of what a table shows can ask whether it still holds.
    """

    __tablename__ = "change_count"

    id: Mapped[BigKey]
    name: Mapped[str] = mapped_column(Text)
    n: Mapped[int] = mapped_column(BigInteger)
