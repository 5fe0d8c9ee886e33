"""Table of fixed duties."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Text, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, geometry, half_open, scope_column
from geo.tables import batch_column


class FixedDuty(Dated, Base):
    """A fixed duty (定点勤务): where somebody has to stand, when, and how long."""

    __tablename__ = "fixed_duty"
    __table_args__ = (
        half_open("valid"),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_fixed_duty_code_valid"),
        CheckConstraint("kind IN ('school_gate', 'water', 'village_entrance', 'bank', 'other')", name="kind"),
        CheckConstraint("stay_s BETWEEN 10 AND 14400", name="stay"),
        CheckConstraint("prize BETWEEN 0 AND 100000", name="prize"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    # Code of a `duty_calendar`; None: every day.
    calendar: Mapped[str | None] = mapped_column(Text)
    # Texts as "07:20-08:10"; none: the whole shift.
    hours: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    stay_s: Mapped[int]
    required: Mapped[bool]
    prize: Mapped[int]
    # Paths of villages and codes of teams that must come.
    villages: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    teams: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    note: Mapped[str] = mapped_column(Text, server_default="")
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str] = scope_column()
    author: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int] = batch_column()
