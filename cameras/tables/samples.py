"""Spot checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cameras.tables.audits import place_column
from geo.db import Base, BigKey, Stamp


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
