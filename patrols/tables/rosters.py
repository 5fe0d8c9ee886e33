"""Tables of rosters and of what was done to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Stamp


class StoredRoster(Base):
    """Who serves in which slot of a week or month in one zone (`patrols.rosters.document`)."""

    __tablename__ = "roster"
    __table_args__ = (CheckConstraint("status IN ('draft', 'published')", name="status"),)

    id: Mapped[BigKey]
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zone.id", ondelete="CASCADE"), index=True)
    days: Mapped[Range[date]] = mapped_column(DATERANGE)
    status: Mapped[str] = mapped_column(Text)
    document: Mapped[Any] = mapped_column(JSONB)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(Text)


class RosterStep(Base):
    """One change of a roster by a person, with the document before it, so that it can be undone."""

    __tablename__ = "roster_step"

    id: Mapped[BigKey]
    roster_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("roster.id", ondelete="CASCADE"), index=True
    )
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(JSONB)
    before: Mapped[Any] = mapped_column(JSONB)
