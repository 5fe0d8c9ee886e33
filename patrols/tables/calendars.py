"""Tables of calendars, and of the public holidays that they follow."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Date, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Dated, Stamp, half_open


class DutyCalendar(Dated, Base):
    """On which dates something holds (`patrols.calendars.Calendar`); shared by the whole site."""

    __tablename__ = "duty_calendar"
    __table_args__ = (
        half_open("valid"),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_duty_calendar_code_valid"),
        CheckConstraint("weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]", name="weekdays"),
        CheckConstraint("cardinality(weekdays) > 0 OR cardinality(single) > 0", name="ever"),
    )

    id: Mapped[BigKey]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    # 1 is Monday.
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    # Pairs of ISO dates, both included.
    terms: Mapped[Any] = mapped_column(JSONB)
    left_out: Mapped[list[date]] = mapped_column(ARRAY(Date))
    single: Mapped[list[date]] = mapped_column(ARRAY(Date))
    follows_holidays: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)


class PublicHoliday(Base):
    """A day off by law, or a working day moved to a weekend (调休), that the installed list does not have."""

    __tablename__ = "public_holiday"

    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    is_off: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)
