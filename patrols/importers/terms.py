"""On what terms a team serves, as files write it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import numpy as np
import pandas as pd

from geo.errors import InputRefused, Sentence, message_of
from geo.readers.columns import Column, Table
from geo.readers.result import Notes
from patrols.hours import SLOWEST_PERCENT, Terms, read_breaks, read_hours, read_words
from patrols.importers.villages import members_named

TERM_COLUMNS = (
    Column("hours", ("daily_hours", "每日时段", "执勤时段", "上岗时段")),
    Column("daytime_only", ("daytime", "只白天", "仅白天", "白天")),
    Column("calendar", ("日历", "日历编码", "执勤日历")),
    Column("breaks", ("休息", "休息时段", "轮休")),
    Column("skills", ("技能", "专长")),
    Column("pace_percent", ("pace", "步速", "速度百分比")),
    Column("keep_out", ("回避", "回避村", "不去")),
    Column("partners", ("联合村", "合编村", "共同组成")),
)
YES_NO = {
    **dict.fromkeys(("yes", "y", "true", "1", "是", "对"), True),
    **dict.fromkeys(("", "no", "n", "false", "0", "否", "不"), False),
}
T = TypeVar("T")


def read_terms_of(
    table: Table, notes: Notes, villages: Mapping[str, str] | None, calendars: Collection[str] | None
) -> pd.Series:
    """The `Terms` of every row; a row whose terms are refused has the usual ones.

    Parameters
    ----------
    villages : mapping, optional
        Path by path and by code; a place to keep out of that is not among them is refused.
    calendars : collection of str, optional
        Codes of the calendars there are; any other is refused.
    """
    pace = table.number(
        "pace_percent", notes, least=SLOWEST_PERCENT, most=100.0, unit=Sentence("per cent of the usual pace")
    )
    texts = {
        name: table.text(name)
        for name in ("hours", "daytime_only", "calendar", "breaks", "skills", "keep_out", "partners")
    }
    found = []
    for at, row in enumerate(table.texts.index):
        line = {name: str(column.iloc[at]) for name, column in texts.items()}
        try:
            found.append(_terms(int(str(row)), line, pace[at], notes, villages, calendars))
        except InputRefused as refused:
            notes.refuse(int(str(row)), message_of(refused))
            found.append(Terms())
    return pd.Series(found, table.texts.index, object)


def _terms(
    row: int,
    line: Mapping[str, str],
    pace: float,
    notes: Notes,
    villages: Mapping[str, str] | None,
    calendars: Collection[str] | None,
) -> Terms:
    """One row's terms.

    Raises
    ------
    InputRefused
        For what cannot be read, or cannot be.
    """
    daytime = line["daytime_only"].lower()
    if daytime not in YES_NO:
        raise InputRefused(
            Sentence(
                "%(field)s '%(value)s' is not known; write yes or no (%(words)s)",
                field=Sentence("daytime_only"),
                value=line["daytime_only"],
                words="是, 否",
            )
        )
    if calendars is not None and line["calendar"] and line["calendar"] not in calendars:
        raise InputRefused(
            Sentence(
                "calendar '%(code)s' is not known; known are: %(known)s",
                code=line["calendar"],
                known=", ".join(sorted(calendars)) or "–",
            )
        )
    if np.isfinite(pace) and pace % 1.0:
        raise InputRefused(
            Sentence("a pace of %(pace)s per cent is no whole number; round it", pace=f"{pace:g}")
        )
    return Terms(
        hours=read_hours(line["hours"]),
        daytime_only=YES_NO[daytime],
        breaks=read_breaks(line["breaks"]),
        skills=read_words(line["skills"]),
        pace_percent=int(pace) if np.isfinite(pace) else 100,
        keep_out=tuple(dict.fromkeys(members_named(row, line["keep_out"], villages, notes) or ())),
        partners=tuple(dict.fromkeys(members_named(row, line["partners"], villages, notes) or ())),
        calendar=line["calendar"] or None,
    )
