"""Camera lists: CSV with Chinese or English headings, vector files, extracts, catalogs of devices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.fields import BY_NAME, POSE_FIELDS
from cameras.importers.ape import is_ape_list, read_ape_list
from cameras.importers.catalog import is_catalog, read_catalog
from cameras.importers.further import FURTHER_COLUMNS, further_values
from geo.datums import check_datum
from geo.directions import direction_in_name, parse_direction
from geo.errors import InputRefused, Sentence, row_named
from geo.osm.records import FINDINGS
from geo.readers.columns import Column, Table, check_codes, match_columns
from geo.readers.files import Rows, is_osm, read_rows
from geo.readers.places import read_roads
from geo.readers.positions import LAT, LON, lonlat_columns
from geo.readers.result import Imported, Notes

CAMERA_COLUMNS = (
    Column("code", ("编码", "设备编码", "国标编码", "摄像机编码", "device_id", "id"), required=True),
    Column("name", BY_NAME["name"].headings),
    LON,
    LAT,
    Column("direction", ("azimuth", "azimuth_deg", "方向", "方位", "方位角", "朝向", "监视方位")),
    *(Column(one.name, one.headings) for one in POSE_FIELDS if one.headings),
    Column("resolution", ("分辨率",)),
    Column("type", ("camera_type", "类型", "摄像机类型", "设备类型")),
    Column("parent_code", BY_NAME["parent_code"].headings),
    *FURTHER_COLUMNS,
)
# Hundreds of cameras at one spot are the station's address, not their own places.
CROWD = 5
_YES = frozenset(["yes", "true", "1", "y", "是", "有"])
_NO = frozenset(["no", "false", "0", "n", "否", "无", ""])
_TURNING = re.compile(r"ptz|panning|dome|speed ?dome|球机|球型|云台")


def read_cameras(
    path: Path | str,
    *,
    datum: str,
    area: Sequence[float] | None = None,
    mapping: Mapping[str, str] | None = None,
    keep_good: bool = False,
    number_rows: bool = False,
) -> Imported:
    """CAMERAS from a table, vector file, GB/T 28181 catalog (.xml), GA/T 1400 list (.json) or extract.

    Parameters
    ----------
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}
        No default: a list without its datum is 60 to 1,500 m of doubt.
    area : (west, south, east, north), optional
        The site's extent in WGS 84 degrees; with it swapped axes are seen everywhere, without it only where
        the latitude would leave its range.
    mapping : {field: heading}, optional
        Headings of this very file; fields are those of `CAMERA_COLUMNS`.
    keep_good : bool
        Return the good rows although others are bad; their problems come with them.
    number_rows : bool
        Take a list without a column of codes too, and give every row its number for one.

    Returns
    -------
    Imported
        `frame`: CAMERAS on the row numbers. Directions in degrees are measured, compass points coarse, also
        one that only the name says (下寨村口朝东, with a finding); without one the azimuth is NaN, unknown.
        Fields that a list does not have are NaN: nothing is assumed here.

    Raises
    ------
    geo.errors.InputRefused
        Any bad row (unless `keep_good`), each told with row, value, limit and remedy; an unknown datum; a
        missing column; an unreadable file.
    """
    check_datum(datum)
    if is_osm(path):
        return _of_extract(path, datum)
    rows, findings = camera_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    for finding in findings:
        notes.finding(finding)
    columns: tuple[Column, ...] = CAMERA_COLUMNS
    if number_rows:
        columns = tuple(replace(one, required=False) if one.field == "code" else one for one in columns)
    table = match_columns(rows, columns, notes, mapping)
    if number_rows and "code" not in table.present:
        codes = pd.Series([str(row) for row in table.texts.index], index=table.texts.index, dtype="object")
    else:
        codes = check_codes(table, notes)
    points = lonlat_columns(table, rows, notes, datum, area)
    names = table.text("name")
    azimuth, quality = _directions(table, names, notes)
    width, height = _resolution(table, notes)
    values = {
        "code": codes,
        "name": names,
        "azimuth_deg": azimuth,
        "azimuth_quality": quality,
        "tilt_deg": _number(table, "tilt_deg", notes),
        "hfov_deg": _number(table, "hfov_deg", notes),
        "vfov_deg": _number(table, "vfov_deg", notes),
        "width_px": width,
        "height_px": height,
        "mount_height_m": _number(table, "mount_height_m", notes),
        **_turning(table, notes),
        "parent_code": _parents(table),
        **further_values(table, notes),
        "source_datum": datum,
        "source_row": table.texts.index.to_numpy(),
    }
    frame = gpd.GeoDataFrame(values, geometry=points, crs=points.crs)
    _tell_crowds(frame[notes.good(frame.index)], notes)
    return replace(notes.result(frame, "cameras", keep_good), complete=rows.complete)


def lists_devices(path: Path | str) -> bool:
    """Whether a file can hold nothing but cameras: an answer of a device or a platform."""
    return is_catalog(path) or is_ape_list(path)


def camera_rows(path: Path | str, datum: str, *, head: bool = False) -> tuple[Rows, list[Sentence]]:
    """The rows of a list of cameras in any form, and what is worth knowing of what is not in them.

    Parameters and errors as `geo.readers.read_rows`, `cameras.importers.catalog.read_catalog` and
    `cameras.importers.ape.read_ape_list`.
    """
    if is_catalog(path):
        return read_catalog(Path(path))
    if is_ape_list(path):
        return read_ape_list(Path(path))
    return read_rows(path, datum, head=head), []


def _directions(
    table: Table, names: pd.Series, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    azimuth = np.full(len(names), np.nan)
    quality = np.full(len(names), "unknown", dtype=object)
    from_name: list[int] = []
    several: list[int] = []
    for i, (row, text) in enumerate(table.text("direction").items()):
        at = int(str(row))
        seen = parse_direction(text)
        if seen.problem:
            notes.refuse(at, seen.problem)
        elif np.isfinite(seen.span_deg):
            notes.refuse(
                at,
                Sentence(
                    "direction '%(text)s' is a range; give the one direction the camera looks in", text=text
                ),
            )
        elif text:
            azimuth[i], quality[i] = seen.azimuth_deg, seen.quality
            if seen.further:
                several.append(at)
        elif np.isfinite(named := direction_in_name(names.iloc[i])):
            azimuth[i], quality[i] = named, "coarse"
            from_name.append(at)
    if from_name:
        notes.finding(
            Sentence(
                "%(n)s directions were read from the name and are coarse (a 45° sector), first in %(first)s; "
                "measure them",
                n=len(from_name),
                first=row_named(notes.word, from_name[0]),
            )
        )
    if several:
        notes.finding(
            Sentence(
                "%(n)s cameras list several directions and only the first was taken, first in %(first)s; "
                "give each view a camera of its own",
                n=len(several),
                first=row_named(notes.word, several[0]),
            )
        )
    return azimuth, quality


def _resolution(table: Table, notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width and height in pixels, from their columns or from one such as 1920x1080."""
    width, height = _number(table, "width_px", notes), _number(table, "height_px", notes)
    for i, (row, text) in enumerate(table.text("resolution").items()):
        if not text:
            continue
        found = re.fullmatch(r"(\d{2,5})\s*[x×*X]\s*(\d{2,5})", text)
        if not found:
            notes.refuse(
                int(str(row)),
                Sentence("resolution '%(text)s' is not read; write width x height, 1920x1080", text=text),
            )
            continue
        width[i] = width[i] if np.isfinite(width[i]) else float(found[1])
        height[i] = height[i] if np.isfinite(height[i]) else float(found[2])
    return width, height


def _number(table: Table, field: str, notes: Notes) -> NDArray[np.float64]:
    one = BY_NAME[field]
    assert one.unit is not None
    return table.number(field, notes, above=one.above, least=one.least, most=one.most, unit=one.unit)


def _turning(table: Table, notes: Notes) -> dict[str, NDArray[np.bool_]]:
    """Whether each camera turns, and whether the list says so or not at all."""
    types = table.text("type").str.lower()
    found = np.array([bool(_TURNING.search(text)) for text in types], dtype=np.bool_)
    said = np.array(types != "", dtype=np.bool_)
    for i, (row, text) in enumerate(table.text("ptz").str.lower().items()):
        said[i] |= text != ""
        if text in _YES:
            found[i] = True
        elif text not in _NO:
            notes.refuse(
                int(str(row)),
                Sentence(
                    "ptz '%(text)s' is neither yes nor no; write %(yes)s or %(no)s",
                    text=text,
                    yes="是",
                    no="否",
                ),
            )
    return {"ptz": found, "ptz_said": said}


def _parents(table: Table) -> pd.Series:
    codes = table.text("parent_code")
    # As objects: pandas would turn None into NaN in a column of its own text type.
    return pd.Series([code or None for code in codes], index=codes.index, dtype="object")


def _tell_crowds(good: gpd.GeoDataFrame, notes: Notes) -> None:
    at = good.geometry.map(lambda point: (point.x, point.y))
    for (lon, lat), count in at.value_counts().items():
        if count >= CROWD:
            notes.finding(
                Sentence(
                    "%(n)s cameras stand at %(lon)s, %(lat)s, perhaps the address of a station; "
                    "take their real places",
                    n=count,
                    lon=f"{lon:.6f}",
                    lat=f"{lat:.6f}",
                )
            )


def _of_extract(path: Path | str, datum: str) -> Imported:
    extract = read_roads(path, datum=datum)
    if extract.cameras.empty:
        raise InputRefused(
            Sentence(
                "%(file)s holds no camera (man_made=surveillance); nothing to take in", file=Path(path).name
            )
        )
    about = extract.findings[extract.findings["key"].isin(extract.cameras["code"].str.removeprefix("osm-"))]
    told = [
        Sentence(
            "%(key)s: %(finding)s %(value)s", key=row.key, finding=FINDINGS[str(row.finding)], value=row.value
        )
        for row in about.itertuples()
    ]
    frame = extract.cameras.drop(columns="camera_type")
    return Imported(frame.set_index(frame.index.set_names("row")), (), tuple(told))
