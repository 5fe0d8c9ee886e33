"""Tables of cameras, their frames, and what analyses of them found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZMULTIRANGE, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from cameras.causes import CAUSE_NAMES
from geo.db import Base, BigKey, Dated, Ltree, Stamp, geometry, half_open, scope_column
from geo.tables import batch_column

_CAUSE_LIST = ", ".join(f"'{cause}'" for cause in CAUSE_NAMES)


def camera_column() -> Mapped[int]:
    """The camera a row speaks of."""
    return mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), index=True)


class Camera(Dated, Base):
    """One camera record (一机一档) in one period; a changed position or pose opens a new period."""

    __tablename__ = "camera"
    __table_args__ = (
        half_open("valid"),
        # A number first: an index of codes alone compares them letter by letter, at four times the cost.
        ExcludeConstraint(
            (text("hashtextextended(code, 0)"), "="),
            ("code", "="),
            ("valid", "&&"),
            name="ex_camera_code_valid",
        ),
        Index("ix_camera_code", "code"),
        CheckConstraint("azimuth_quality IN ('measured', 'coarse', 'unknown')", name="azimuth_quality"),
        CheckConstraint("azimuth_deg >= 0 AND azimuth_deg < 360", name="azimuth"),
        CheckConstraint("mount_height_m > 0", name="mount_height"),
        CheckConstraint("hfov_deg > 0 AND hfov_deg <= 360", name="hfov"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float | None] = mapped_column(Float)
    azimuth_quality: Mapped[str] = mapped_column(Text)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    height_px: Mapped[float | None] = mapped_column(Float)
    mount_height_m: Mapped[float | None] = mapped_column(Float)
    ptz: Mapped[bool]
    parent_code: Mapped[str | None] = mapped_column(Text)
    focal_mm: Mapped[float | None] = mapped_column(Float)
    sensor_width_mm: Mapped[float | None] = mapped_column(Float)
    night_range_m: Mapped[float | None] = mapped_column(Float)
    max_view_m: Mapped[float | None] = mapped_column(Float)
    ptz_type: Mapped[int | None] = mapped_column(SmallInteger)
    supply_light: Mapped[int | None] = mapped_column(SmallInteger)
    room_type: Mapped[int | None] = mapped_column(SmallInteger)
    mobile_device: Mapped[int | None] = mapped_column(SmallInteger)
    point_class: Mapped[int | None] = mapped_column(SmallInteger)
    capture_position: Mapped[str | None] = mapped_column(Text)
    function_type: Mapped[str | None] = mapped_column(Text)
    manufacturer: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    civil_code: Mapped[str | None] = mapped_column(Text)
    block: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    grassroots_code: Mapped[str | None] = mapped_column(Text)
    business_group: Mapped[str | None] = mapped_column(Text)
    security_level: Mapped[str | None] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    installed_on: Mapped[date | None] = mapped_column(Date)
    record_days: Mapped[int | None] = mapped_column(Integer)
    management_unit: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    ip_address: Mapped[str | None] = mapped_column(Text)
    port: Mapped[int | None] = mapped_column(Integer)
    mac: Mapped[str | None] = mapped_column(Text)
    # Of the file that the record came in with; its name is the batch's.
    source_datum: Mapped[str | None] = mapped_column(Text)
    source_row: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    batch_id: Mapped[int] = batch_column()


class CameraChange(Base):
    """What was changed of a camera record after it was first taken in: when, by whom, from what to what.

    `before` and `after` hold the fields that differ, positions as lon and lat; `camera_id` is the record that
    holds the change, and `previous_id` the one whose period it ended, where a new period began.
    """

    __tablename__ = "camera_change"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('changed', 'moved', 'retired', 'restored')",
            name="kind",
        ),
        Index("ix_camera_change_code_changed_at", "code", "changed_at"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    camera_id: Mapped[int] = camera_column()
    previous_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    before: Mapped[Any] = mapped_column(JSONB)
    after: Mapped[Any] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text, server_default="")
    batch_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("import_batch.id"), index=True, nullable=True
    )
    proposal_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("camera_proposal.id", ondelete="SET NULL"), index=True
    )


class CameraProposal(Base):
    """A change of a camera record that somebody proposed; it counts when a reviewer accepts it.

    `before` and `after` hold the fields it changes, as `CameraChange` does.
    """

    __tablename__ = "camera_proposal"
    __table_args__ = (
        CheckConstraint("origin IN ('page', 'bulk', 'pole')", name="origin"),
        CheckConstraint("state IN ('open', 'accepted', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint(
            "(state = 'open') = (reviewed_at IS NULL) AND (reviewer IS NULL) = (reviewed_at IS NULL)",
            name="reviewed",
        ),
    )

    id: Mapped[BigKey]
    camera_id: Mapped[int] = camera_column()
    code: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    group_key: Mapped[str | None] = mapped_column(Text, index=True)
    before: Mapped[Any] = mapped_column(JSONB)
    after: Mapped[Any] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text, server_default="")
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="open", index=True)
    reviewer: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str] = mapped_column(Text, server_default="")


class CameraPreset(Base):
    """A named pose of a PTZ camera and the daily local hours it is scheduled for."""

    __tablename__ = "camera_preset"
    __table_args__ = (UniqueConstraint("camera_id", "name"),)

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    azimuth_deg: Mapped[float] = mapped_column(Float)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    from_s: Mapped[int | None] = mapped_column(Integer)
    until_s: Mapped[int | None] = mapped_column(Integer)


class CameraThreshold(Base):
    """From when on a picture of one camera cannot be used, where that differs from the site."""

    __tablename__ = "camera_threshold"
    __table_args__ = (
        CheckConstraint("origin IN ('set', 'learnt')", name="origin"),
        CheckConstraint("(origin = 'learnt') = (camera_id IS NOT NULL)", name="learnt_of_a_record"),
        UniqueConstraint("code", "name", "origin"),
    )

    id: Mapped[BigKey]
    # Set by hand it holds for the camera, whatever becomes of its record.
    code: Mapped[str] = mapped_column(Text)
    # Learnt it holds for the view it was learnt from: turned or moved, the camera has another record.
    camera_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[float] = mapped_column(Float)
    origin: Mapped[str] = mapped_column(Text)
    days: Mapped[int | None] = mapped_column(Integer)
    author: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Stamp]


class Still(Base):
    """A small picture of a fault, where the site keeps any (`files.stills`)."""

    __tablename__ = "still"
    __table_args__ = (UniqueConstraint("camera_id", "taken_at", "reason"),)

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    taken_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(Text)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)


class FrameSource(Base):
    """Where frame metadata comes from, and how often it is expected to speak."""

    __tablename__ = "frame_source"
    __table_args__ = (CheckConstraint("expected_interval_s > 0", name="interval"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    expected_interval_s: Mapped[float] = mapped_column(Float)
    label: Mapped[str] = mapped_column(Text, server_default="real")


class CameraSource(Base):
    """That a source is expected to speak for a camera, so that its silence about it counts."""

    __tablename__ = "camera_source"

    camera_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True
    )
    source_id: Mapped[int] = mapped_column(
        ForeignKey("frame_source.id", ondelete="CASCADE"), primary_key=True
    )
    # Its first word about the camera; empty where somebody declared it, which holds for all time.
    since: Mapped[datetime | None]


class Frame(Base):
    """Metadata of one frame; partitioned by UTC day of `captured_at`."""

    __tablename__ = "frame"
    __table_args__ = ({"postgresql_partition_by": "RANGE (captured_at)"},)

    camera_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    captured_at: Mapped[datetime] = mapped_column(primary_key=True)
    azimuth_deg: Mapped[float | None] = mapped_column(Float)
    tilt_deg: Mapped[float | None] = mapped_column(Float)
    hfov_deg: Mapped[float | None] = mapped_column(Float)
    vfov_deg: Mapped[float | None] = mapped_column(Float)
    width_px: Mapped[float | None] = mapped_column(Float)
    height_px: Mapped[float | None] = mapped_column(Float)
    luma: Mapped[float | None] = mapped_column(Float)
    contrast: Mapped[float | None] = mapped_column(Float)
    sharpness: Mapped[float | None] = mapped_column(Float)
    similarity: Mapped[float | None] = mapped_column(Float)
    osd_at: Mapped[datetime | None]
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)
    event: Mapped[int] = mapped_column(SmallInteger)
    height_m: Mapped[float | None] = mapped_column(Float)
    noise: Mapped[float | None] = mapped_column(Float)
    cast: Mapped[float | None] = mapped_column(Float)
    shift: Mapped[float | None] = mapped_column(Float)


class FrameFile(Base):
    """A frame file that was taken in, its good rows at least; the same file twice stores nothing twice."""

    __tablename__ = "frame_file"
    __table_args__ = (
        CheckConstraint("way IN ('file', 'batch', 'probe')", name="way"),
        Index("ix_frame_file_source_id_stored_at", "source_id", "stored_at"),
    )

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("frame_source.id"), primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    row_count: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[Stamp]
    label: Mapped[str] = mapped_column(Text, server_default="real")
    # Rows that were kept aside, and the first of them in words.
    refused: Mapped[int] = mapped_column(BigInteger, server_default="0")
    problems: Mapped[Any] = mapped_column(JSONB, server_default="[]")
    # A file, a batch of a gateway, or what a probe watches.
    way: Mapped[str] = mapped_column(Text, server_default="file")
    # When its last frame was captured, by the clock of the source.
    newest_at: Mapped[datetime | None]


class FrameDay(Base):
    """A UTC day of frames: when it was written to last, when its frames were removed, and what holds it."""

    __tablename__ = "frame_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]
    # Synthetic while only synthetic sources have told of it.
    label: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    # Analyses that together hold its availability; they are not removed.
    analyses: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")


class FrameDelivery(Base):
    """What was answered to a program's delivery of frames, by the key that it gave."""

    __tablename__ = "frame_delivery"

    account_name: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(JSONB)
    stored_at: Mapped[Stamp] = mapped_column(index=True)


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


def place_column() -> Mapped[Any]:
    """Jurisdiction of a row that outlives it: what was found or agreed stays when the tree is taken back."""
    return mapped_column(
        Ltree,
        ForeignKey("jurisdiction.path", onupdate="CASCADE", ondelete="SET NULL"),
        nullable=True,
        index=True,
    )


class CameraAudit(Base):
    """One audit of camera records: what was looked for, and how many findings came and went."""

    __tablename__ = "camera_audit"

    id: Mapped[BigKey]
    made_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    # What was audited; null is the whole site.
    within_path: Mapped[str | None] = place_column()
    parameters: Mapped[Any] = mapped_column(JSONB)
    checked: Mapped[Any] = mapped_column(JSONB)
    code_version: Mapped[str] = mapped_column(Text)
    cameras: Mapped[int]
    found: Mapped[int]
    opened: Mapped[int]
    returned: Mapped[int]
    gone: Mapped[int]


class AuditFinding(Base):
    """Something wrong with a record, from when it was first found until it is closed; its steps tell how.

    There is one of a kind and subject (a camera's code, or `batch:<id>:<datum>`); when it comes back after it
    was closed, the same one is open again.
    """

    __tablename__ = "audit_finding"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        CheckConstraint("severity IN ('serious', 'moderate', 'minor')", name="severity"),
        CheckConstraint("state IN ('open', 'accepted', 'assigned', 'closed')", name="state"),
        CheckConstraint("closed_how IN ('evidence', 'review')", name="closed_how"),
        CheckConstraint("(state = 'closed') = (closed_how IS NOT NULL)", name="closed"),
        CheckConstraint("state <> 'assigned' OR (unit IS NOT NULL AND due_on IS NOT NULL)", name="assigned"),
    )

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, index=True)
    closed_how: Mapped[str | None] = mapped_column(Text)
    value: Mapped[float | None] = mapped_column(Float)
    evidence: Mapped[Any] = mapped_column(JSONB)
    # Stays the same as long as the matter does: what a reviewer closed comes back when it changes.
    mark: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    # Of the record, or the file, as the last audit saw it: a list of findings asks no other table.
    name: Mapped[str] = mapped_column(Text, server_default="")
    record_unit: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("import_batch.id"), index=True)
    unit: Mapped[str | None] = mapped_column(Text, index=True)
    due_on: Mapped[date | None] = mapped_column(Date)
    order_no: Mapped[str | None] = mapped_column(Text)
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    geom: Mapped[Any] = mapped_column(geometry("POINT"), nullable=False)
    jurisdiction_path: Mapped[str | None] = place_column()


class AuditStep(Base):
    """One step in the life of a finding: what, when, who, and why. Steps are added and never changed."""

    __tablename__ = "audit_step"
    __table_args__ = (
        CheckConstraint(
            "step IN ('found', 'returned', 'gone', 'accepted', 'assigned', 'closed', 'reopened')", name="step"
        ),
    )

    id: Mapped[BigKey]
    finding_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_finding.id", ondelete="CASCADE"), index=True
    )
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(JSONB)


class Maintenance(Base):
    """Planned maintenance (报备): cameras that need not be online in a period, said beforehand."""

    __tablename__ = "maintenance"
    __table_args__ = (half_open("period"),)

    id: Mapped[BigKey]
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    unit: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = place_column()


class MaintenanceCamera(Base):
    """A camera of a planned maintenance, by code: its record may change meanwhile.

    Its own jurisdiction decides who sees it, and with it the maintenance, which may span several.
    """

    __tablename__ = "maintenance_camera"

    maintenance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("maintenance.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    jurisdiction_path: Mapped[str | None] = place_column()


class AssessedList(Base):
    """The cameras that are assessed in a month (考核清单), frozen: the denominator of the rates."""

    __tablename__ = "assessed_list"
    __table_args__ = (CheckConstraint("extract(day FROM month) = 1", name="month"),)

    id: Mapped[BigKey]
    month: Mapped[date] = mapped_column(Date, index=True)
    # What it holds; null is the whole site.
    within_path: Mapped[str | None] = place_column()
    point_class: Mapped[int | None] = mapped_column(SmallInteger)
    cameras: Mapped[int]
    frozen_at: Mapped[Stamp]
    frozen_by: Mapped[str] = mapped_column(Text)


class AssessedCamera(Base):
    """A camera of a frozen list, with its unit and jurisdiction as they were."""

    __tablename__ = "assessed_camera"

    list_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("assessed_list.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = place_column()


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


class SampleSheet(Base):
    """A spot check (抽检): cameras drawn at random, judged by a person; once signed it is not changed."""

    __tablename__ = "sample_sheet"
    __table_args__ = (
        CheckConstraint("seed >= 0", name="seed"),
        CheckConstraint(
            "(closed_at IS NULL) = (signer IS NULL) AND (closed_at IS NULL) = (sha256 IS NULL)", name="closed"
        ),
    )

    id: Mapped[BigKey]
    made_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    drawn: Mapped[int]
    # {area, path, cameras, sha256}: what was drawn from, as it was.
    drawn_from: Mapped[Any] = mapped_column(JSONB)
    closed_at: Mapped[datetime | None]
    signer: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = place_column()


class SampledCamera(Base):
    """A camera of a spot check, its record as it was when drawn, and the verdicts on it."""

    __tablename__ = "sampled_camera"
    __table_args__ = (
        UniqueConstraint("sheet_id", "code"),
        *(
            CheckConstraint(f"{name} IN ('right', 'wrong', 'unjudged')", name=name)
            for name in ("picture", "naming", "direction", "clock")
        ),
    )

    sheet_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("sample_sheet.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(Text, index=True)
    record: Mapped[Any] = mapped_column(JSONB)
    picture: Mapped[str | None] = mapped_column(Text)
    naming: Mapped[str | None] = mapped_column(Text)
    direction: Mapped[str | None] = mapped_column(Text)
    clock: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    judged_by: Mapped[str | None] = mapped_column(Text)
    judged_at: Mapped[datetime | None]
