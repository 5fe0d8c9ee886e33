"""Tables of recordings: what of each camera was recorded and is still there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from cameras.recordings.kinds import KINDS
from geo.db import Base, BigKey, half_open

_KIND_LIST = ", ".join(f"'{kind}'" for kind in KINDS)


class RecordingList(Base):
    """A stretch of time that a list of recordings speaks of: what it does not list was not there then.

    The stretches of one camera and source never overlap: the latest list to speak of an instant counts.
    """

    __tablename__ = "recording_list"
    __table_args__ = (
        half_open("period"),
        Index("ix_recording_list_camera_id_source_id", "camera_id", "source_id"),
    )

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    source_id: Mapped[int] = mapped_column(ForeignKey("frame_source.id", ondelete="CASCADE"), index=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    seen_at: Mapped[datetime]


class Recording(Base):
    """A period of a camera that was recorded and still there when the latest list said so."""

    __tablename__ = "recording"
    __table_args__ = (
        half_open("period"),
        CheckConstraint(f"kind IN ({_KIND_LIST})", name="kind"),
        Index("ix_recording_camera_id_period", "camera_id", "period", postgresql_using="gist"),
    )

    id: Mapped[BigKey]
    camera_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("camera.id", ondelete="CASCADE"))
    source_id: Mapped[int] = mapped_column(ForeignKey("frame_source.id", ondelete="CASCADE"), index=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    kind: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime]
