"""Reader of lists of fixed duties."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.datums import check_datum
from geo.errors import InputRefused, Sentence
from geo.readers.columns import Column, check_codes, match_columns
from geo.readers.files import read_rows
from geo.readers.positions import LAT, LON, lonlat_columns
from geo.readers.result import Imported, Notes
from patrols.duties import (
    LARGEST_PRIZE,
    LEAST_STAY_S,
    LONGEST_STAY_S,
    Duty,
    read_kind,
    read_windows,
    written_windows,
)

DUTY_COLUMNS = (
    Column("code", ("编码", "代码", "勤务编码"), required=True),
    Column("name", ("名称", "勤务名称"), required=True),
    Column("name_en", ("英文名称", "英文名", "englishname")),
    Column("duty_kind", ("kind", "类型", "类别", "种类", "勤务类型"), required=True),
    LON,
    LAT,
    Column("calendar", ("日历", "日历编码")),
    Column("hours", ("时段", "时间", "勤务时段", "钟点", "小时")),
    Column("stay_min", ("停留分钟", "停留", "停留时间", "stay, minutes")),
    Column("required", ("必到", "必须", "必须到达")),
    Column("prize", ("points", "分值", "得分")),
    Column("villages", ("到岗村", "必须到的村", "villages that must come")),
    Column("teams", ("到岗队伍", "必须到的队伍", "teams that must come")),
    Column("note", ("备注", "说明")),
)
YES, NO = frozenset({"yes", "true", "1", "是", "必到", "y"}), frozenset({"no", "false", "0", "否", "n"})


@dataclass(frozen=True)
class KindDefaults:
    """What a duty of one kind is where nothing else is said.

    Parameters
    ----------
    hours : str
        As `patrols.duties.read_windows` reads them.
    stay_s : int
    required : bool
    prize : int
    """

    hours: str = ""
    stay_s: int = 360
    required: bool = False
    prize: int = 50


# No rule was found that says them: what a station would begin with, each a setting. Points are about what a
# stop from gaps has, of 100 to 250 in the demo.
DEFAULTS: Mapping[str, KindDefaults] = {
    "school_gate": KindDefaults("07:20-08:10; 16:20-17:20", 1800, True, 200),
    "water": KindDefaults("14:00-18:00", 900, False, 150),
    "village_entrance": KindDefaults("", 600, False, 100),
    "bank": KindDefaults("16:30-17:30", 900, False, 100),
    "other": KindDefaults(),
}


def read_duties(
    path: Path | str,
    *,
    datum: str,
    calendars: Sequence[str] = (),
    villages: gpd.GeoDataFrame | None = None,
    defaults: Mapping[str, KindDefaults] = DEFAULTS,
    area: Sequence[float] | None = None,
    mapping: Mapping[str, str] | None = None,
    keep_good: bool = False,
) -> Imported:
    """Fixed duties from a .csv, .xlsx, .geojson, .gpkg or .shp file.

    Parameters
    ----------
    calendars : sequence of str
        Codes of those that are stored.
    villages : GeoDataFrame, optional
        JURISDICTIONS of the village level: named villages are then checked, and codes become paths.
    defaults : mapping
        Of a kind, for what a row leaves empty.
    area : (west, south, east, north), optional
        The site's extent in WGS 84 degrees.

    Returns
    -------
    Imported
        `frame`: code, name, name_en, kind, calendar (None: every day), hours (texts), stay_s, required,
        prize, villages (paths), teams (codes), note, Point.

    Raises
    ------
    geo.errors.InputRefused
        Any bad row unless `keep_good`, told with row, value, limit and remedy.
    """
    check_datum(datum)
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, DUTY_COLUMNS, notes, mapping)
    codes = check_codes(table, notes)
    points = lonlat_columns(table, rows, notes, datum, area)
    minutes = Sentence("minutes")
    stays = table.number("stay_min", notes, least=LEAST_STAY_S / 60, most=LONGEST_STAY_S / 60, unit=minutes)
    prizes = table.number("prize", notes, least=0, most=LARGEST_PRIZE, unit=Sentence("prize points"))
    known = None if villages is None else _paths(villages)
    made = []
    for at, row in enumerate(codes.index.tolist()):
        cell = {field: table.text(field)[row] for field in _TEXTS}
        kind = read_kind(cell["duty_kind"])
        usual = defaults.get(kind, KindDefaults())
        try:
            duty = Duty(
                code=codes[row],
                name=cell["name"],
                kind=kind,
                hours=read_windows(cell["hours"] or usual.hours),
                stay_s=usual.stay_s if np.isnan(stays[at]) else round(stays[at] * 60),
                required=_flag(cell["required"], usual.required),
                prize=usual.prize if np.isnan(prizes[at]) else round(prizes[at]),
                villages=_named(cell["villages"], known),
                teams=_words(cell["teams"]),
            )
            if not duty.name:
                raise InputRefused(Sentence("a fixed duty needs a name"))
            if cell["calendar"] and cell["calendar"] not in calendars:
                raise InputRefused(_unknown_calendar(cell["calendar"], calendars))
        except InputRefused as refused:
            notes.refuse(row, refused.args[0])
            duty = None
        made.append((duty, cell))
    frame = gpd.GeoDataFrame(
        pd.DataFrame([_row(duty, cell) for duty, cell in made], index=codes.index, dtype="object"),
        geometry=points,
        crs=points.crs,
    )
    frame.insert(0, "code", codes)
    return notes.result(frame, "duties", keep_good)


_TEXTS = ("name", "name_en", "duty_kind", "calendar", "hours", "required", "villages", "teams", "note")


def _row(duty: Duty | None, cell: Mapping[str, str]) -> dict[str, object]:
    texts = {
        "name": cell["name"],
        "name_en": cell["name_en"] or None,
        "calendar": cell["calendar"] or None,
        "note": cell["note"],
    }
    if duty is None:
        # Refused, and dropped with its row.
        names = ("kind", "hours", "stay_s", "required", "prize", "villages", "teams")
        return {**texts, **dict.fromkeys(names)}
    return {
        **texts,
        "kind": duty.kind,
        "hours": [written_windows([hours]) for hours in duty.hours],
        "stay_s": duty.stay_s,
        "required": duty.required,
        "prize": duty.prize,
        "villages": list(duty.villages),
        "teams": list(duty.teams),
    }


def _flag(text: str, usual: bool) -> bool:
    word = text.strip().lower()
    if not word:
        return usual
    if word not in YES | NO:
        raise InputRefused(
            Sentence("required '%(value)s' is neither yes nor no; correct it", value=text[:40])
        )
    return word in YES


def _unknown_calendar(code: str, known: Sequence[str]) -> Sentence:
    return Sentence(
        "calendar '%(code)s' is not known; known are: %(known)s",
        code=code,
        known=", ".join(known) or Sentence("none yet; make one on the page of calendars"),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[;；,，、\s]+", text) if word))


def _paths(villages: gpd.GeoDataFrame) -> dict[str, str]:
    """Path by path and by code."""
    return {**dict(zip(villages["code"], villages["path"], strict=True)), **{p: p for p in villages["path"]}}


def _named(text: str, known: Mapping[str, str] | None) -> tuple[str, ...]:
    words = _words(text)
    for word in words:
        if known is not None and word not in known:
            raise InputRefused(
                Sentence(
                    "village '%(village)s' is not known; give the code or the path of a stored village",
                    village=word,
                )
            )
    return words if known is None else tuple(known[word] for word in words)
