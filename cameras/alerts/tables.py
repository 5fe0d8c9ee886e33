"""Tables of alerts: ground that is usually watched and is not, and the last check for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, Integer, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cameras.alerts.following import ENDINGS
from cameras.alerts.settings import PASSING
from cameras.tables import place_column
from geo.db import Base, BigKey, geometry

_CAUSES = ", ".join(f"'{one}'" for one in PASSING)
_ENDINGS = ", ".join(f"'{one}'" for one in ENDINGS)


class Alert(Base):
    """A loss of ground in one leaf jurisdiction, from when it was first found until it has ended.

    It is told as a person would name it: what one camera lost, or several that went together (`common`).
    With `planned` its cameras are under registered maintenance, and nobody is alarmed. Of `days` days that
    are known at this hour its ground was open on `open_days` at most.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"cause IN ({_CAUSES})", name="cause"),
        CheckConstraint(f"ended_how IN ({_ENDINGS})", name="ended_how"),
        CheckConstraint("(ended_at IS NULL) = (ended_how IS NULL)", name="ended"),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
        Index("ix_alert_open", "id", postgresql_where=sql("ended_at IS NULL")),
    )

    id: Mapped[BigKey]
    planned: Mapped[bool]
    cause: Mapped[str] = mapped_column(Text)
    reasons: Mapped[Any] = mapped_column(JSONB)
    common: Mapped[str] = mapped_column(Text, server_default="")
    street_mm: Mapped[int] = mapped_column(BigInteger)
    places: Mapped[int]
    open_days: Mapped[int]
    days: Mapped[int]
    # From when on its cameras were at fault, as far as the first check could see.
    since_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    # Checks in a row that did not find it.
    missed: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    geom: Mapped[Any] = mapped_column(geometry("GEOMETRY"), nullable=False)
    jurisdiction_path: Mapped[str | None] = place_column()


class AlertCamera(Base):
    """A camera whose fault an alert is."""

    __tablename__ = "alert_camera"

    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True
    )
    camera_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class AlertCheck(Base):
    """The last check of the site: when, on what, and why one failed after it. A row of its own kind."""

    __tablename__ = "alert_check"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    # What "now" was at the last check that succeeded.
    checked_at: Mapped[datetime | None]
    days: Mapped[int | None] = mapped_column(Integer)
    took_s: Mapped[float | None] = mapped_column(Float)
    # When frames were last stored, as far as that check saw them.
    frames_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    # A stored sentence.
    error: Mapped[Any | None] = mapped_column(JSONB)
