"""Frames of cameras, their sources and days, and stills of faults."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Stamp


class FrameSource(Base):
    """Where frame metadata comes from, and how often it is expected to speak."""

    __tablename__ = "frame_source"
    __table_args__ = (CheckConstraint("expected_interval_s > 0", name="interval"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    expected_interval_s: Mapped[float] = mapped_column(Float)
    label: Mapped[str] = mapped_column(Text, server_default="real")


class CameraSource(Base):
    """That a source is expected to speak for a camera, so that its silence about it counts."""

    __tablename__ = "camera_source"

    camera_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True
    )
    source_id: Mapped[int] = mapped_column(
        ForeignKey("frame_source.id", ondelete="CASCADE"), primary_key=True
    )
    # Its first word about the camera; empty where somebody declared it, which holds for all time.
    since: Mapped[datetime | None]


class Frame(Base):
    """Metadata of one frame; partitioned by UTC day of `captured_at`."""

    __tablename__ = "frame"
    __table_args__ = ({"postgresql_partition_by": "RANGE (captured_at)"},)

    camera_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    captured_at: Mapped[datetime] = mapped_column(primary_key=True)
    azimuth_deg: Mapped[float | None] = mapped_column(Float)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    height_px: Mapped[float | None] = mapped_column(Float)
    luma: Mapped[float | None] = mapped_column(Float)
    contrast: Mapped[float | None] = mapped_column(Float)
    sharpness: Mapped[float | None] = mapped_column(Float)
    similarity: Mapped[float | None] = mapped_column(Float)
    osd_at: Mapped[datetime | None]
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)
    event: Mapped[int] = mapped_column(SmallInteger)
    height_m: Mapped[float | None] = mapped_column(Float)
    noise: Mapped[float | None] = mapped_column(Float)
    cast: Mapped[float | None] = mapped_column(Float)
    shift: Mapped[float | None] = mapped_column(Float)


class FrameFile(Base):
    """A frame file that was taken in, its good rows at least; the same file twice stores nothing twice."""

    __tablename__ = "frame_file"
    __table_args__ = (
        CheckConstraint("way IN ('file', 'batch', 'probe')", name="way"),
        Index("ix_frame_file_source_id_stored_at", "source_id", "stored_at"),
    )

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("frame_source.id"), primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    row_count: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[Stamp]
    label: Mapped[str] = mapped_column(Text, server_default="real")
    # Rows that were kept aside, and the first of them in words.
    refused: Mapped[int] = mapped_column(BigInteger, server_default="0")
    problems: Mapped[Any] = mapped_column(JSONB, server_default="[]")
    # A file, a batch of a gateway, or what a probe watches.
    way: Mapped[str] = mapped_column(Text, server_default="file")
    # When its last frame was captured, by the clock of the source.
    newest_at: Mapped[datetime | None]


class FrameDay(Base):
    """A UTC day of frames: when it was written to last, when its frames were removed, and what holds it."""

    __tablename__ = "frame_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]
    # Synthetic while only synthetic sources have told of it.
    label: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    # Analyses that together hold its availability; they are not removed.
    analyses: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")


class FrameDelivery(Base):
    """What was answered to a program's delivery of frames, by the key that it gave."""

    __tablename__ = "frame_delivery"

    account_name: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(JSONB)
    stored_at: Mapped[Stamp] = mapped_column(index=True)


class Still(Base):
    """A small picture of a fault, where the site keeps any (`files.stills`)."""

    __tablename__ = "still"
    __table_args__ = (UniqueConstraint("camera_id", "taken_at", "reason"),)

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    taken_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(Text)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
