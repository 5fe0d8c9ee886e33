"""Tables of plans: stops, visits and the steps of a plan's life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Stamp, geometry, half_open, scope_column


class Plan(Base):
    """A cross-patrol plan for one zone and shift, with the problem it answers and its checker's word."""

    __tablename__ = "plan"
    __table_args__ = (
        half_open("shift"),
        CheckConstraint("status IN ('draft', 'approved', 'published')", name="status"),
    )

    id: Mapped[BigKey]
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zone.id", ondelete="CASCADE"), index=True)
    analysis_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("analysis.id", ondelete="SET NULL"), index=True
    )
    shift: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str] = mapped_column(Text)
    document: Mapped[Any] = mapped_column(JSONB)
    road_revision: Mapped[str] = mapped_column(Text)
    value: Mapped[int] = mapped_column(BigInteger)
    upper_bound: Mapped[int] = mapped_column(BigInteger)
    crossed: Mapped[int]
    reachable: Mapped[int]
    violations: Mapped[Any] = mapped_column(JSONB)
    seed: Mapped[int] = mapped_column(BigInteger)
    parameters: Mapped[Any] = mapped_column(JSONB)
    code_version: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]


def plan_column() -> Mapped[int]:
    """The plan a row belongs to, and goes with."""
    return mapped_column(BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), index=True)


class PlanStop(Base):
    """A stop of a plan: where, what it is worth and why."""

    __tablename__ = "plan_stop"
    __table_args__ = (UniqueConstraint("plan_id", "stop_id"),)

    id: Mapped[BigKey]
    plan_id: Mapped[int] = plan_column()
    stop_id: Mapped[str] = mapped_column(Text)
    prize: Mapped[int]
    service_s: Mapped[int]
    why: Mapped[Any] = mapped_column(JSONB)
    crossed: Mapped[bool]
    crossable: Mapped[bool]
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)


class PlanVisit(Base):
    """One timed presence of one team at one stop, and the streets that lead there."""

    __tablename__ = "plan_visit"
    __table_args__ = (UniqueConstraint("plan_id", "team_id", "seq"),)

    id: Mapped[BigKey]
    plan_id: Mapped[int] = plan_column()
    team_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("team.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    # None on a team's last leg, the way back to its base.
    stop_id: Mapped[str | None] = mapped_column(Text)
    arrive_at: Mapped[datetime]
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    distance_m: Mapped[float] = mapped_column(Float)
    leg: Mapped[Any | None] = mapped_column(geometry("LINESTRING"))


class PlanStep(Base):
    """A step in a plan's life: who approved, published or withdrew it, when, and what was said of it."""

    __tablename__ = "plan_step"
    __table_args__ = (
        CheckConstraint("step IN ('approved', 'published', 'withdrawn', 'replaced')", name="step"),
        CheckConstraint("by_plan_id IS NULL OR step = 'replaced'", name="by_plan"),
    )

    id: Mapped[BigKey]
    plan_id: Mapped[int] = plan_column()
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    # Why it was withdrawn, or why it was let through all the same.
    reason: Mapped[str] = mapped_column(Text, server_default="")
    # What was wrong with the plan then, as stored sentences: violations, and what had changed since.
    despite: Mapped[Any] = mapped_column(JSONB, server_default="[]")
    # Of one that is replaced, the plan that took its place; forgotten when that is removed.
    by_plan_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("plan.id", ondelete="SET NULL"), index=True
    )
