"""Proposals of new cameras."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cameras.tables.audits import place_column
from geo.db import Base, BigKey, Stamp, geometry


class SitingProposal(Base):
    """Where new cameras and re-aims would close most of a jurisdiction's gap, kept with all it was made from.

    Weights are millimetres of street, a place counting as many as the parameters say.
    """

    __tablename__ = "siting_proposal"
    __table_args__ = (
        CheckConstraint("status IN ('optimal', 'bounded', 'stopped')", name="status"),
        CheckConstraint("before_mm <= value_mm AND value_mm <= bound_mm", name="bound"),
    )

    id: Mapped[BigKey]
    level: Mapped[str] = mapped_column(Text)
    asked: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    bound_by: Mapped[str] = mapped_column(Text)
    before_mm: Mapped[int] = mapped_column(BigInteger)
    value_mm: Mapped[int] = mapped_column(BigInteger)
    bound_mm: Mapped[int] = mapped_column(BigInteger)
    greedy_mm: Mapped[int] = mapped_column(BigInteger)
    totals: Mapped[Any] = mapped_column(JSONB)
    parameters: Mapped[Any] = mapped_column(JSONB)
    input_revision: Mapped[str] = mapped_column(Text)
    code_version: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
    jurisdiction_path: Mapped[str | None] = place_column()


class SitingCamera(Base):
    """A camera of a proposal: one to put up, or one to turn; what it adds to those of lower rank."""

    __tablename__ = "siting_camera"
    __table_args__ = (
        UniqueConstraint("proposal_id", "rank"),
        CheckConstraint("kind IN ('new', 're_aim')", name="kind"),
        CheckConstraint("azimuth_deg >= 0 AND azimuth_deg < 360", name="azimuth"),
    )

    id: Mapped[BigKey]
    proposal_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("siting_proposal.id", ondelete="CASCADE"), index=True
    )
    rank: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    spot: Mapped[str] = mapped_column(Text)
    # By code: its record may change, or go, while the proposal is discussed.
    camera_code: Mapped[str | None] = mapped_column(Text)
    street: Mapped[str | None] = mapped_column(Text)
    azimuth_deg: Mapped[float] = mapped_column(Float)
    azimuth_before_deg: Mapped[float | None] = mapped_column(Float)
    street_mm: Mapped[int] = mapped_column(BigInteger)
    places: Mapped[int]
    weight_mm: Mapped[int] = mapped_column(BigInteger)
    seen_mm: Mapped[int] = mapped_column(BigInteger)
    seen_places: Mapped[int]
    share: Mapped[float] = mapped_column(Float)
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    seen: Mapped[Any] = mapped_column(geometry("GEOMETRY"), nullable=False)
    jurisdiction_path: Mapped[str | None] = place_column()
