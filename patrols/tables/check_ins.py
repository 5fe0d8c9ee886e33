"""Table of the visits that teams signed for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey
from patrols.tables.plans import plan_column


class CheckIn(Base):
    """A team signed in at a stop (签到): typed from its sheet, or come in a pack from the other network."""

    __tablename__ = "check_in"
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_id", "stop_id"],
            ["plan_stop.plan_id", "plan_stop.stop_id"],
            name="fk_check_in_plan_id_stop_id",
            ondelete="CASCADE",
        ),
        UniqueConstraint("plan_id", "team_id", "stop_id", "arrived_at"),
        CheckConstraint("left_at >= arrived_at", name="left"),
        CheckConstraint("(origin = 'pack') = (pack_id IS NOT NULL)", name="origin"),
        CheckConstraint("origin IN ('sheet', 'pack')", name="known_origin"),
    )

    id: Mapped[BigKey]
    plan_id: Mapped[int] = plan_column()
    team_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("team.id", ondelete="CASCADE"), index=True)
    stop_id: Mapped[str] = mapped_column(Text)
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    # Who signed, forgotten after a while; empty where nobody's name was typed.
    signer: Mapped[str] = mapped_column(Text, server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    origin: Mapped[str] = mapped_column(Text)
    pack_id: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]
