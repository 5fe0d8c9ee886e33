"""Tables of joint-defence zones and their teams."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, Ltree, geometry, half_open, scope_column
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
    # A person says so: else a village without a team is a finding.
    no_team: Mapped[bool] = mapped_column(server_default="false")


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
        CheckConstraint(
            """CASE WHEN daily_from IS NULL THEN daily_to IS NULL
                    ELSE daily_to IS NOT NULL AND daily_from <> daily_to END""",
            name="daily",
        ),
        CheckConstraint("pace_percent BETWEEN 20 AND 100", name="pace"),
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
    # Every day from the first to the second; the second before the first is on the next day.
    daily_from: Mapped[time | None] = mapped_column(Time)
    daily_to: Mapped[time | None] = mapped_column(Time)
    daytime_only: Mapped[bool] = mapped_column(server_default=text("false"))
    # Texts as `patrols.hours.Break.text`.
    breaks: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    skills: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'"))
    # Of the pace of its mode.
    pace_percent: Mapped[int] = mapped_column(server_default=text("100"))
    # Code of a `duty_calendar`; None: every day.
    calendar: Mapped[str | None] = mapped_column(Text)
    # The farthest from its base, metres, and the longest in the air, seconds.
    range_m: Mapped[float | None] = mapped_column(Float)
    endurance_s: Mapped[int | None]
    base: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class _OfTeam:
    """A jurisdiction that has to do with a team."""

    team_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    jurisdiction_path: Mapped[str] = mapped_column(
        # Part of the key, so not `scope_column`; same rule.
        Ltree,
        ForeignKey("jurisdiction.path", onupdate="CASCADE"),
        primary_key=True,
        index=True,
    )


class TeamKeepOut(_OfTeam, Base):
    """A jurisdiction in which a team must not be sent to a stop."""

    __tablename__ = "team_keep_out"


class TeamPartner(_OfTeam, Base):
    """A village, beside its home, whose people serve in a mixed team."""

    __tablename__ = "team_partner"
