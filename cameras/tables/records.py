"""Camera records, their changes and what belongs to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, Stamp, geometry, half_open, scope_column
from geo.tables import batch_column


def camera_column() -> Mapped[int]:
    """The camera a row speaks of."""
    return mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), index=True)


class Camera(Dated, Base):
    """One camera record (一机一档) in one period; a changed position or pose opens a new period."""

    __tablename__ = "camera"
    __table_args__ = (
        half_open("valid"),
        # A number first: an index of codes alone compares them letter by letter, at four times the cost.
        ExcludeConstraint(
            (text("hashtextextended(code, 0)"), "="),
            ("code", "="),
            ("valid", "&&"),
            name="ex_camera_code_valid",
        ),
        Index("ix_camera_code", "code"),
        CheckConstraint("azimuth_quality IN ('measured', 'coarse', 'unknown')", name="azimuth_quality"),
        CheckConstraint("azimuth_deg >= 0 AND azimuth_deg < 360", name="azimuth"),
        CheckConstraint("mount_height_m > 0", name="mount_height"),
        CheckConstraint("hfov_deg > 0 AND hfov_deg <= 360", name="hfov"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float | None] = mapped_column(Float)
    azimuth_quality: Mapped[str] = mapped_column(Text)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    height_px: Mapped[float | None] = mapped_column(Float)
    mount_height_m: Mapped[float | None] = mapped_column(Float)
    ptz: Mapped[bool]
    parent_code: Mapped[str | None] = mapped_column(Text)
    focal_mm: Mapped[float | None] = mapped_column(Float)
    sensor_width_mm: Mapped[float | None] = mapped_column(Float)
    night_range_m: Mapped[float | None] = mapped_column(Float)
    max_view_m: Mapped[float | None] = mapped_column(Float)
    ptz_type: Mapped[int | None] = mapped_column(SmallInteger)
    supply_light: Mapped[int | None] = mapped_column(SmallInteger)
    room_type: Mapped[int | None] = mapped_column(SmallInteger)
    mobile_device: Mapped[int | None] = mapped_column(SmallInteger)
    point_class: Mapped[int | None] = mapped_column(SmallInteger)
    capture_position: Mapped[str | None] = mapped_column(Text)
    function_type: Mapped[str | None] = mapped_column(Text)
    manufacturer: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    civil_code: Mapped[str | None] = mapped_column(Text)
    block: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    grassroots_code: Mapped[str | None] = mapped_column(Text)
    business_group: Mapped[str | None] = mapped_column(Text)
    security_level: Mapped[str | None] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    installed_on: Mapped[date | None] = mapped_column(Date)
    record_days: Mapped[int | None] = mapped_column(Integer)
    management_unit: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    ip_address: Mapped[str | None] = mapped_column(Text)
    port: Mapped[int | None] = mapped_column(Integer)
    mac: Mapped[str | None] = mapped_column(Text)
    # Of the file that the record came in with; its name is the batch's.
    source_datum: Mapped[str | None] = mapped_column(Text)
    source_row: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class CameraChange(Base):
    """What was changed of a camera record after it was first taken in: when, by whom, from what to what.

    `before` and `after` hold the fields that differ, positions as lon and lat; `camera_id` is the record that
    holds the change, and `previous_id` the one whose period it ended, where a new period began.
    """

    __tablename__ = "camera_change"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('changed', 'moved', 'retired', 'restored')",
            name="kind",
        ),
        Index("ix_camera_change_code_changed_at", "code", "changed_at"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    camera_id: Mapped[int] = camera_column()
    previous_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    before: Mapped[Any] = mapped_column(JSONB)
    after: Mapped[Any] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text, server_default="")
    batch_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("import_batch.id"), index=True, nullable=True
    )
    proposal_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("camera_proposal.id", ondelete="SET NULL"), index=True
    )


class CameraProposal(Base):
    """A change of a camera record that somebody proposed; it counts when a reviewer accepts it.

    `before` and `after` hold the fields it changes, as `CameraChange` does.
    """

    __tablename__ = "camera_proposal"
    __table_args__ = (
        CheckConstraint("origin IN ('page', 'bulk', 'pole')", name="origin"),
        CheckConstraint("state IN ('open', 'accepted', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint(
            "(state = 'open') = (reviewed_at IS NULL) AND (reviewer IS NULL) = (reviewed_at IS NULL)",
            name="reviewed",
        ),
    )

    id: Mapped[BigKey]
    camera_id: Mapped[int] = camera_column()
    code: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    group_key: Mapped[str | None] = mapped_column(Text, index=True)
    before: Mapped[Any] = mapped_column(JSONB)
    after: Mapped[Any] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text, server_default="")
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="open", index=True)
    reviewer: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str] = mapped_column(Text, server_default="")


class CameraPreset(Base):
    """A named pose of a PTZ camera and the daily local hours it is scheduled for."""

    __tablename__ = "camera_preset"
    __table_args__ = (UniqueConstraint("camera_id", "name"),)

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float] = mapped_column(Float)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    from_s: Mapped[int | None] = mapped_column(Integer)
    until_s: Mapped[int | None] = mapped_column(Integer)


class CameraThreshold(Base):
    """From when on a picture of one camera cannot be used, where that differs from the site."""

    __tablename__ = "camera_threshold"
    __table_args__ = (
        CheckConstraint("origin IN ('set', 'learnt')", name="origin"),
        CheckConstraint("(origin = 'learnt') = (camera_id IS NOT NULL)", name="learnt_of_a_record"),
        UniqueConstraint("code", "name", "origin"),
    )

    id: Mapped[BigKey]
    # Set by hand it holds for the camera, whatever becomes of its record.
    code: Mapped[str] = mapped_column(Text)
    # Learnt it holds for the view it was learnt from: turned or moved, the camera has another record.
    camera_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[float] = mapped_column(Float)
    origin: Mapped[str] = mapped_column(Text)
    days: Mapped[int | None] = mapped_column(Integer)
    author: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Stamp]
