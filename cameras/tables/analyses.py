"""Analyses and what they found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from cameras.causes import CAUSE_NAMES
from cameras.tables.records import camera_column
from geo.db import Base, BigKey, Stamp, geometry, half_open, scope_column

_CAUSE_LIST = ", ".join(f"'{cause}'" for cause in CAUSE_NAMES)


class Analysis(Base):
    """One run over frames and footprints, kept with all that is needed to repeat it."""

    __tablename__ = "analysis"
    __table_args__ = (half_open("period"),)

    id: Mapped[BigKey]
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    level: Mapped[str] = mapped_column(Text)
    slot_min: Mapped[int]
    threshold: Mapped[float] = mapped_column(Float)
    parameters: Mapped[Any] = mapped_column(JSONB)
    input_revision: Mapped[str] = mapped_column(Text)
    code_version: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
    totals: Mapped[Any] = mapped_column(JSONB)
    # DELIVERIES (`cameras.evidence`) by source id: [first_ms, last_ms] of each; null of older programs.
    delivered: Mapped[Any | None] = mapped_column(JSONB)
    # How often streets, places, buildings and jurisdictions had been changed then; null of older programs.
    ground: Mapped[Any | None] = mapped_column(JSONB)
    # Since it was made: when, who, codes of the cameras, the input revision then.
    revisions: Mapped[Any] = mapped_column(JSONB, server_default="[]")


def analysis_column() -> Mapped[int]:
    """The analysis a row belongs to, and goes with."""
    return mapped_column(BigInteger, ForeignKey("analysis.id", ondelete="CASCADE"), index=True)


class Pose(Base):
    """One way a camera looked, or should look, in an analysis."""

    __tablename__ = "pose"

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    camera_id: Mapped[int] = camera_column()
    origin: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float | None] = mapped_column(Float)
    azimuth_tolerance_deg: Mapped[float] = mapped_column(Float)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    mount_height_m: Mapped[float | None] = mapped_column(Float)
    assumed: Mapped[str] = mapped_column(Text)
    certain: Mapped[bool]
    nominal: Mapped[bool]
    stand: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    # The same in the site's CRS, metres, and of one in the air how high; whether its frames tell the place.
    east_m: Mapped[float | None] = mapped_column(Float)
    north_m: Mapped[float | None] = mapped_column(Float)
    above_m: Mapped[float | None] = mapped_column(Float)
    travels: Mapped[bool] = mapped_column(server_default="false")


class Footprint(Base):
    """What one pose can see at one pixel-density level, behind obstructions."""

    __tablename__ = "footprint"
    __table_args__ = (UniqueConstraint("pose_id", "level"),)

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    pose_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pose.id", ondelete="CASCADE"))
    level: Mapped[str] = mapped_column(Text)
    certain: Mapped[bool]
    area_m2: Mapped[float] = mapped_column(Float)
    geom: Mapped[Any] = mapped_column(geometry("GEOMETRY"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)


class Availability(Base):
    """What evidence says of one camera in one half-open period; periods never overlap."""

    __tablename__ = "availability"
    __table_args__ = (
        half_open("period"),
        ExcludeConstraint(
            ("analysis_id", "="), ("camera_id", "="), ("period", "&&"), name="ex_availability_camera_period"
        ),
        CheckConstraint("state IN ('usable', 'degraded', 'outage', 'not_measured')", name="state"),
    )

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    camera_id: Mapped[int] = camera_column()
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    moved: Mapped[bool]
    pose_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("pose.id", ondelete="CASCADE"))
    nominal_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("pose.id", ondelete="CASCADE"))
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)


class CameraState(Base):
    """What an analysis says of one camera, summed up for lists: the sums of availability and findings.

    `change` tells what became of its last loss, `together` what that loss has in common with others
    (`cameras.losses`).
    """

    __tablename__ = "camera_state"
    __table_args__ = (
        CheckConstraint("state IN ('usable', 'degraded', 'outage', 'not_measured')", name="state"),
        CheckConstraint("change IN ('new', 'still', 'restored')", name="change"),
    )

    analysis_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True
    )
    camera_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(Text)
    online: Mapped[float] = mapped_column(Float)
    findings: Mapped[int] = mapped_column(Integer)
    change: Mapped[str | None] = mapped_column(Text)
    together: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)


class CameraFinding(Base):
    """Something a technician should know of a camera: what, how much, when."""

    __tablename__ = "camera_finding"

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    camera_id: Mapped[int] = camera_column()
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[float | None] = mapped_column(Float)
    period: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)


class Gap(Base):
    """Touching watched ground of one leaf jurisdiction, open in the same windows for one cause.

    `measure` is millimetres of street or a count of places; `deficit` is measure times
    milliseconds, exact, and the sum of `deficit_by_cause`.
    """

    __tablename__ = "gap"
    __table_args__ = (
        CheckConstraint(f"cause IN ({_CAUSE_LIST})", name="cause"),
        CheckConstraint("ground IN ('street', 'place')", name="ground"),
        Index("ix_gap_analysis_cause", "analysis_id", "cause"),
    )

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    rank: Mapped[int]
    merged: Mapped[int] = mapped_column(BigInteger)
    ground: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    measure: Mapped[int] = mapped_column(BigInteger)
    open_ms: Mapped[int] = mapped_column(BigInteger)
    deficit: Mapped[int] = mapped_column(BigInteger)
    deficit_by_cause: Mapped[Any] = mapped_column(JSONB)
    windows: Mapped[Any] = mapped_column(TSTZMULTIRANGE)
    reasons: Mapped[Any] = mapped_column(JSONB)
    # The windows once more, as `cameras.slots` writes them: read for thousands of gaps at once.
    slots: Mapped[str] = mapped_column(Text, server_default="")
    geom: Mapped[Any] = mapped_column(geometry("GEOMETRY"), nullable=False)
    jurisdiction_path: Mapped[str] = scope_column()


class GapCamera(Base):
    """A camera concerned by a gap, and for how long."""

    __tablename__ = "gap_camera"

    gap_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("gap.id", ondelete="CASCADE"), primary_key=True
    )
    camera_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    minutes: Mapped[float] = mapped_column(Float)


class CoverageShare(Base):
    """Watched ground of one jurisdiction, kind and level: how much, and how much was seen."""

    __tablename__ = "coverage_share"
    __table_args__ = (UniqueConstraint("analysis_id", "jurisdiction_path", "ground", "kind", "level"),)

    id: Mapped[BigKey]
    analysis_id: Mapped[int] = analysis_column()
    ground: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    measure: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    certain: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    twice: Mapped[int] = mapped_column(BigInteger)
    # Measure that some camera, working or not, has in its footprint at the level.
    built: Mapped[int] = mapped_column(BigInteger)
    deficit_by_cause: Mapped[Any] = mapped_column(JSONB)
    jurisdiction_path: Mapped[str] = scope_column()


class JurisdictionShare(Base):
    """Street shares of one jurisdiction at the level of the analysis, as the map shows them.

    The sums of `CoverageShare`, added up: a tile needs them of hundreds of jurisdictions, and finds them by
    number because a row-level policy keeps it from finding them by path.
    """

    __tablename__ = "jurisdiction_share"

    analysis_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True
    )
    jurisdiction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("jurisdiction.id", ondelete="CASCADE"), primary_key=True
    )
    certain_permille: Mapped[int] = mapped_column(SmallInteger)
    possible_permille: Mapped[int] = mapped_column(SmallInteger)
    jurisdiction_path: Mapped[str] = scope_column()
