"""Table of places where teams of adjoining villages meet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Ltree, geometry


class MeetingPlace(Base):
    """A place on the border of two villages of a zone at which their teams meet and hand over (交接点)."""

    __tablename__ = "meeting_place"
    __table_args__ = (
        CheckConstraint("origin IN ('proposed', 'by_hand')", name="origin"),
        CheckConstraint("walk_s >= 0", name="walk"),
    )

    id: Mapped[BigKey]
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zone.id", ondelete="CASCADE"), index=True)
    left_path: Mapped[str] = mapped_column(
        Ltree, ForeignKey("jurisdiction.path", onupdate="CASCADE"), index=True
    )
    right_path: Mapped[str] = mapped_column(
        Ltree, ForeignKey("jurisdiction.path", onupdate="CASCADE"), index=True
    )
    # Empty: told by its streets.
    name: Mapped[str] = mapped_column(Text, server_default="")
    # By hand once a person moved or made it.
    origin: Mapped[str] = mapped_column(Text)
    # Not used, and not proposed again.
    struck: Mapped[bool] = mapped_column(server_default="false")
    # Seconds that the farther of the two sides walks, as it was proposed.
    walk_s: Mapped[int | None]
    author: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
