"""A change of one camera record as a person writes it: read, checked, and laid over the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from cameras.changed_words import label_of
from cameras.fields import BY_NAME, POSE_NAMES, Field
from cameras.importers.further import value_of
from cameras.presets import PRESETS
from cameras.reconcile import CHANGED, MOVED, POSITION, SAME_PLACE_M
from geo.crs import lonlat_problems
from geo.datums import check_datum, to_wgs84
from geo.directions import parse_direction
from geo.errors import InputRefused, Sentence
from geo.readers.columns import number, plain

DIRECTION = "direction"
QUALITY = "azimuth_quality"
AIM = ("azimuth_deg", QUALITY)
_METRES_PER_DEG = 111_320.0

Change = tuple[dict[str, Any], dict[str, Any]]


def read_change(
    texts: Mapping[str, str],
    record: pd.Series,
    datum: str = "wgs84",
    area: Sequence[float] | None = None,
) -> Change:
    """What some fields are and are to be, where they differ; as `read_values` and `against` one record."""
    return against(read_values(texts, datum, area), record)


def read_values(
    texts: Mapping[str, str], datum: str = "wgs84", area: Sequence[float] | None = None
) -> dict[str, Any]:
    """What is written of some fields, by field; JSON values, and a Point (WGS 84) for the position.

    Parameters
    ----------
    texts : mapping
        Names of `cameras.fields` (`direction` for the azimuth: degrees or a compass point; `lon` and `lat`)
        to what was written; an empty text empties the field.
    datum : str
        Of `lon` and `lat`.
    area : (west, south, east, north), optional
        The site's extent in WGS 84 degrees: a position outside of it is refused.

    Raises
    ------
    geo.errors.InputRefused
        With one sentence a field that is not understood, not known, or must not be empty.
    """
    check_datum(datum)
    problems: list[Sentence] = []
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name in ("lon", "lat", DIRECTION):
            continue
        if name not in BY_NAME or name == "azimuth_deg":
            problems.append(Sentence("'%(field)s' is no field of a camera record", field=name))
            continue
        one = BY_NAME[name]
        try:
            values[name] = _read(one, plain(text))
        except ValueError:
            problems.append(_refusal(one, text))
    values |= _direction(texts, problems)
    place = _position(texts, datum, area, problems)
    if place is not None:
        values[POSITION] = place
    if problems:
        raise InputRefused(Sentence("nothing was proposed; mend what is said of the fields"), problems)
    return values


def against(values: Mapping[str, Any], record: pd.Series) -> Change:
    """(before, after) of the fields that differ from a record, its point in WGS 84 under `geometry`.

    Equal keys; both empty when nothing differs. A direction and its accuracy are one value: where either
    differs, both are told.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in values.items():
        if name == POSITION:
            if _apart_m(value, record["geometry"]) > SAME_PLACE_M:
                before[name], after[name] = written(record["geometry"]), written(value)
        elif value != (old := as_json(record[name])):
            before[name], after[name] = old, value
    if not after.keys().isdisjoint(AIM):
        for name in AIM:
            before[name], after[name] = as_json(record[name]), values[name]
    return before, after


def kind_of(after: Mapping[str, Any]) -> str:
    """Whether a change opens a new period ("moved") or not ("changed")."""
    return MOVED if (POSE_NAMES | {POSITION, PRESETS}) & after.keys() else CHANGED


def outdated(before: Mapping[str, Any], record: pd.Series) -> list[str]:
    """Fields of a proposal whose value is not what it was when it was made.

    The record has its presets in a column of that name where a proposal is about them.
    """
    now = {
        name: written(record["geometry"]) if name == POSITION else as_json(record[name]) for name in before
    }
    return [name for name in before if now[name] != before[name]]


def applied(records: gpd.GeoDataFrame, afters: Mapping[int, Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Records (by id) with the changes of each id laid over them."""
    made = records.copy()
    for number_, after in afters.items():
        for name, value in after.items():
            if name == PRESETS:
                # They have a table of their own.
                continue
            if name == POSITION:
                lon, lat = (float(part) for part in str(value).split(","))
                made.at[number_, "geometry"] = Point(lon, lat)
                # No row of a list says where it stands now; forms give WGS 84.
                made.at[number_, "source_datum"], made.at[number_, "source_row"] = "wgs84", None
            elif value is None and made[name].dtype.kind == "f":
                made.at[number_, name] = np.nan
            elif name == "name" and value is None:
                made.at[number_, name] = ""
            elif name in BY_NAME and BY_NAME[name].kind == "day" and value is not None:
                made.at[number_, name] = date.fromisoformat(value)
            else:
                made.at[number_, name] = value
    return made


@dataclass
class Mended:
    """What reviewed changes made of one field: the values that they replaced, and the last that they gave."""

    before: list[Any]
    after: Any


def unsay(
    listed: gpd.GeoDataFrame, row: object, mended: Mapping[str, Mended], record: pd.Series
) -> list[str]:
    """Empty the values of a list's row that reviewed changes replaced, in place; answers their fields.

    A field counts where the record still has what was given to it last and the list has what was there
    before. A direction counts with its accuracy: another one of the same accuracy is news.
    """
    stale = []
    for name, one in mended.items():
        if name == DIRECTION:
            now, said = (tuple(as_json(of[part]) for part in AIM) for of in (record, listed.loc[row]))
            if now == one.after and said in one.before:
                listed.at[row, "azimuth_deg"], listed.at[row, QUALITY] = np.nan, "unknown"
                stale.append(name)
        elif name == POSITION:
            point = listed.at[row, "geometry"]
            old = [Point(*(float(part) for part in str(value).split(","))) for value in one.before]
            near = any(_apart_m(point, before) <= SAME_PLACE_M for before in old)
            if written(record["geometry"]) == one.after and near:
                listed.at[row, "geometry"] = record["geometry"]
                stale.append(name)
        elif (
            name in listed
            and as_json(record[name]) == one.after
            and as_json(listed.at[row, name]) in one.before
        ):
            if name == "ptz":
                listed.at[row, "ptz_said"] = False
            else:
                listed.at[row, name] = np.nan if listed[name].dtype.kind == "f" else None
            stale.append(name)
    return stale


def mended(changes: Iterable[Change]) -> dict[str, Mended]:
    """By field what reviewed changes of one camera, the oldest first, made of it; the direction as one."""
    found: dict[str, Mended] = {}
    for before, after in changes:
        parts = {name: (before[name], value) for name, value in after.items() if name not in AIM}
        if set(AIM) <= after.keys():
            parts[DIRECTION] = (tuple(before[name] for name in AIM), tuple(after[name] for name in AIM))
        for name, (old, new) in parts.items():
            one = found.setdefault(name, Mended([], new))
            one.before.append(old)
            one.after = new
    return found


def as_json(value: Any) -> Any:
    """A stored value as JSON has it: None for nothing, days as ISO text, whole numbers whole."""
    if value is None or value is pd.NaT or value != value or value == "":
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def written(point: Point) -> str:
    """Longitude and latitude, to a centimetre."""
    return f"{point.x:.7f}, {point.y:.7f}"


def _read(one: Field, text: str) -> Any:
    if one.kind == "flag":
        if text not in ("yes", "no"):
            raise ValueError(text)
        return text == "yes"
    if not text.isprintable():
        raise ValueError(text)
    return as_json(value_of(one, text))


def _refusal(one: Field, text: str) -> Sentence:
    if one.kind in ("number", "whole"):
        low = one.above if np.isfinite(one.above) else one.least
        return Sentence(
            "%(field)s '%(text)s' is no number from %(low)s to %(high)s; correct it",
            field=one.label,
            text=text[:40],
            low=f"{low:g}",
            high=f"{one.most:g}",
        )
    return Sentence("%(field)s '%(text)s' is not understood; correct it", field=one.label, text=text[:40])


def _direction(texts: Mapping[str, str], problems: list[Sentence]) -> dict[str, Any]:
    if DIRECTION not in texts:
        return {}
    seen = parse_direction(texts[DIRECTION])
    if seen.problem:
        problems.append(seen.problem if isinstance(seen.problem, Sentence) else Sentence(seen.problem))
        return {}
    if np.isfinite(seen.span_deg) or seen.further:
        problems.append(
            Sentence(
                "%(field)s '%(text)s' is not understood; correct it",
                field=label_of("azimuth_deg"),
                text=texts[DIRECTION][:40],
            )
        )
        return {}
    return {"azimuth_deg": as_json(seen.azimuth_deg), QUALITY: seen.quality}


def _position(
    texts: Mapping[str, str], datum: str, area: Sequence[float] | None, problems: list[Sentence]
) -> Point | None:
    lon, lat = plain(texts.get("lon", "")), plain(texts.get("lat", ""))
    if not lon and not lat:
        return None
    x, y = number(lon), number(lat)
    if x is None or y is None:
        problems.append(
            Sentence(
                "position '%(lon)s, %(lat)s' is not in decimal degrees; correct it",
                lon=lon[:20],
                lat=lat[:20],
            )
        )
        return None
    told = lonlat_problems(np.array([x]), np.array([y]))[0]
    if told is None:
        [lon_deg], [lat_deg] = to_wgs84(np.array([x]), np.array([y]), datum)
        told = lonlat_problems(np.array([lon_deg]), np.array([lat_deg]), area)[0]
    if told is not None:
        problems.append(Sentence("position: %(problem)s", problem=told))
        return None
    return Point(float(lon_deg), float(lat_deg))


def _apart_m(one: Point, other: Point) -> float:
    east = (one.x - other.x) * float(np.cos(np.radians(one.y)))
    return float(np.hypot(east, one.y - other.y)) * _METRES_PER_DEG
