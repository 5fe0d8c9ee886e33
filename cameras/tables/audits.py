"""Audits of records, planned maintenance, and assessed lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Ltree, Stamp, geometry, half_open


def place_column() -> Mapped[Any]:
    """Jurisdiction of a row that outlives it: what was found or agreed stays when the tree is taken back."""
    return mapped_column(
        Ltree,
        ForeignKey("jurisdiction.path", onupdate="CASCADE", ondelete="SET NULL"),
        nullable=True,
        index=True,
    )


class CameraAudit(Base):
    """One audit of camera records: what was looked for, and how many findings came and went."""

    __tablename__ = "camera_audit"

    id: Mapped[BigKey]
    made_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    # What was audited; null is the whole site.
    within_path: Mapped[str | None] = place_column()
    parameters: Mapped[Any] = mapped_column(JSONB)
    checked: Mapped[Any] = mapped_column(JSONB)
    code_version: Mapped[str] = mapped_column(Text)
    cameras: Mapped[int]
    found: Mapped[int]
    opened: Mapped[int]
    returned: Mapped[int]
    gone: Mapped[int]


class AuditFinding(Base):
    """Something wrong with a record, from when it was first found until it is closed; its steps tell how.

    There is one of a kind and subject (a camera's code, or `batch:<id>:<datum>`); when it comes back after it
    was closed, the same one is open again.
    """

    __tablename__ = "audit_finding"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        CheckConstraint("severity IN ('serious', 'moderate', 'minor')", name="severity"),
        CheckConstraint("state IN ('open', 'accepted', 'assigned', 'closed')", name="state"),
        CheckConstraint("closed_how IN ('evidence', 'review')", name="closed_how"),
        CheckConstraint("(state = 'closed') = (closed_how IS NOT NULL)", name="closed"),
        CheckConstraint("state <> 'assigned' OR (unit IS NOT NULL AND due_on IS NOT NULL)", name="assigned"),
    )

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, index=True)
    closed_how: Mapped[str | None] = mapped_column(Text)
    value: Mapped[float | None] = mapped_column(Float)
    evidence: Mapped[Any] = mapped_column(JSONB)
    # Stays the same as long as the matter does: what a reviewer closed comes back when it changes.
    mark: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    # Of the record, or the file, as the last audit saw it: a list of findings asks no other table.
    name: Mapped[str] = mapped_column(Text, server_default="")
    record_unit: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("import_batch.id"), index=True)
    unit: Mapped[str | None] = mapped_column(Text, index=True)
    due_on: Mapped[date | None] = mapped_column(Date)
    order_no: Mapped[str | None] = mapped_column(Text)
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = place_column()


class AuditStep(Base):
    """One step in the life of a finding: what, when, who, and why. Steps are added and never changed."""

    __tablename__ = "audit_step"
    __table_args__ = (
        CheckConstraint(
            "step IN ('found', 'returned', 'gone', 'accepted', 'assigned', 'closed', 'reopened')", name="step"
        ),
    )

    id: Mapped[BigKey]
    finding_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_finding.id", ondelete="CASCADE"), index=True
    )
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(JSONB)


class Maintenance(Base):
    """Planned maintenance (报备): cameras that need not be online in a period, said beforehand."""

    __tablename__ = "maintenance"
    __table_args__ = (half_open("period"),)

    id: Mapped[BigKey]
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    unit: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = place_column()


class MaintenanceCamera(Base):
    """A camera of a planned maintenance, by code: its record may change meanwhile.

    Its own jurisdiction decides who sees it, and with it the maintenance, which may span several.
    """

    __tablename__ = "maintenance_camera"

    maintenance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("maintenance.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    jurisdiction_path: Mapped[str | None] = place_column()


class AssessedList(Base):
    """The cameras that are assessed in a month (考核清单), frozen: the denominator of the rates."""

    __tablename__ = "assessed_list"
    __table_args__ = (CheckConstraint("extract(day FROM month) = 1", name="month"),)

    id: Mapped[BigKey]
    month: Mapped[date] = mapped_column(Date, index=True)
    # What it holds; null is the whole site.
    within_path: Mapped[str | None] = place_column()
    point_class: Mapped[int | None] = mapped_column(SmallInteger)
    cameras: Mapped[int]
    frozen_at: Mapped[Stamp]
    frozen_by: Mapped[str] = mapped_column(Text)


class AssessedCamera(Base):
    """A camera of a frozen list, with its unit and jurisdiction as they were."""

    __tablename__ = "assessed_camera"

    list_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("assessed_list.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = place_column()
