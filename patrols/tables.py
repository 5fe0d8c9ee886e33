"""Tables of joint-defence zones, teams and plans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, Ltree, Stamp, geometry, half_open, scope_column
from geo.tables import batch_column


class Zone(Dated, Base):
    """A joint-defence zone (联防片区): adjoining villages that patrol together, and their rule."""

    __tablename__ = "zone"
    __table_args__ = (
        half_open("valid"),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_zone_code_valid"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[Any] = mapped_column(JSONB)
    geom: Mapped[Any] = mapped_column(geometry("MULTIPOLYGON"), nullable=False)
    batch_id: Mapped[int] = batch_column()


class ZoneMember(Base):
    """A village of a zone; the zone is visible to whoever sees any member."""

    __tablename__ = "zone_member"

    zone_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("zone.id", ondelete="CASCADE"), primary_key=True
    )
    jurisdiction_path: Mapped[str] = mapped_column(
        # Part of the key, so not `scope_column`; same rule.
        Ltree,
        ForeignKey("jurisdiction.path", onupdate="CASCADE"),
        primary_key=True,
        index=True,
    )


class Team(Dated, Base):
    """A team on duty: home village or none, base, mode, size and hours of its shift."""

    __tablename__ = "team"
    __table_args__ = (
        half_open("valid"),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_team_code_valid"),
        CheckConstraint("mode IN ('foot', 'ebike', 'car', 'uav')", name="mode"),
        # Only who flies has them, and nobody flies without.
        CheckConstraint(
            """CASE WHEN mode = 'uav' THEN range_m IS NOT NULL AND range_m > 0
                                            AND endurance_s IS NOT NULL AND endurance_s > 0
                    ELSE range_m IS NULL AND endurance_s IS NULL END""",
            name="flight",
        ),
        CheckConstraint("size >= 1", name="size"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zone.id", ondelete="CASCADE"), index=True)
    mode: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    # Hours of its own where it cannot serve the whole shift.
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    # The farthest from its base, metres, and the longest in the air, seconds.
    range_m: Mapped[float | None] = mapped_column(Float)
    endurance_s: Mapped[int | None]
    base: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


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
    __table_args__ = (CheckConstraint("step IN ('approved', 'published', 'withdrawn')", name="step"),)

    id: Mapped[BigKey]
    plan_id: Mapped[int] = plan_column()
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    # Why it was withdrawn, or why it was let through all the same.
    reason: Mapped[str] = mapped_column(Text, server_default="")
    # What was wrong with the plan then, as stored sentences: violations, and what had changed since.
    despite: Mapped[Any] = mapped_column(JSONB, server_default="[]")


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
