"""Camera lists: CSV with Chinese or English headings, vector files, extracts, catalogs of devices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.fields import BY_NAME, POSE_FIELDS
from cameras.importers.ape import is_ape_list, read_ape_list
from cameras.importers.catalog import catalog_parts, is_catalog
from cameras.importers.further import FURTHER_COLUMNS, further_values
from geo.datums import check_datum
from geo.directions import Direction, direction_in_name, parse_direction
from geo.errors import InputRefused, Sentence
from geo.osm.records import FINDINGS
from geo.readers.cells import HEAD_ROWS
from geo.readers.columns import Column, Table, check_codes, match_columns
from geo.readers.files import is_osm, row_parts
from geo.readers.places import read_roads
from geo.readers.positions import LAT, LON, lonlat_columns
from geo.readers.result import Imported, Notes
from geo.readers.rows import PART_ROWS, Rows, joined, split

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
_PIXELS = re.compile(r"(\d{2,5})\s*[x×*X]\s*(\d{2,5})")
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
    if is_osm(path):
        check_datum(datum)
        return _of_extract(path, datum)
    notes = Notes(Path(path).name, "row")
    parts = list(camera_parts(path, notes, datum=datum, area=area, mapping=mapping, number_rows=number_rows))
    problems, findings = notes.settle("cameras", keep_good)
    frame = gpd.GeoDataFrame(pd.concat(parts), crs=parts[0].crs)
    return Imported(frame, problems, findings, notes.word, notes.complete)


def camera_parts(
    path: Path | str,
    notes: Notes,
    *,
    datum: str,
    area: Sequence[float] | None = None,
    mapping: Mapping[str, str] | None = None,
    number_rows: bool = False,
    size: int = PART_ROWS,
) -> Iterator[gpd.GeoDataFrame]:
    """The good rows of a list, about `size` at a time and no more of them in memory; an extract is one part.

    What is wrong and what is odd is noted; `notes.settle` tells it once the last part was taken. Parameters,
    columns and errors as `read_cameras`.
    """
    check_datum(datum)
    if is_osm(path):
        found = _of_extract(path, datum)
        for finding in found.findings:
            notes.finding(finding)
        yield notes.keep(found.frame)
        return
    columns: tuple[Column, ...] = CAMERA_COLUMNS
    if number_rows:
        columns = tuple(replace(one, required=False) if one.field == "code" else one for one in columns)
    places: list[NDArray[np.complex128]] = []
    for rows in row_parts_of(path, datum, size):
        notes.word, notes.complete = rows.word, rows.complete
        for finding in rows.told:
            notes.finding(finding)
        frame = notes.keep(_frame(rows, notes, columns, datum, area, mapping, number_rows))
        places.append(frame.geometry.x.to_numpy() + 1j * frame.geometry.y.to_numpy())
        yield frame
    _tell_crowds(np.concatenate(places), notes)


def _frame(
    rows: Rows,
    notes: Notes,
    columns: Sequence[Column],
    datum: str,
    area: Sequence[float] | None,
    mapping: Mapping[str, str] | None,
    number_rows: bool,
) -> gpd.GeoDataFrame:
    """CAMERAS of some rows, good and bad ones."""
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
    return gpd.GeoDataFrame(values, geometry=points, crs=points.crs)


def lists_devices(path: Path | str) -> bool:
    """Whether a file can hold nothing but cameras: an answer of a device or a platform."""
    return is_catalog(path) or is_ape_list(path)


def camera_rows(path: Path | str, datum: str, *, head: bool = False) -> Rows:
    """The rows of a list of cameras in any form.

    Parameters and errors as `geo.readers.read_rows`, `cameras.importers.catalog.catalog_parts` and
    `cameras.importers.ape.read_ape_list`.
    """
    if head:
        return next(row_parts(path, datum, HEAD_ROWS, head=True))
    return joined(row_parts_of(path, datum))


def row_parts_of(path: Path | str, datum: str, size: int = PART_ROWS) -> Iterator[Rows]:
    """The same in parts."""
    if is_catalog(path):
        return catalog_parts(Path(path), size)
    if is_ape_list(path):
        return iter(split(read_ape_list(Path(path)), size))
    return row_parts(path, datum, size)


def _directions(
    table: Table, names: pd.Series, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    azimuth = np.full(len(names), np.nan)
    quality = np.full(len(names), "unknown", dtype=object)
    said = np.zeros(len(names), dtype=np.bool_)
    several: list[int] = []
    # Of 10,000 directions a few hundred are different.
    read: dict[str, Direction] = {}
    for i, row, text in table.filled("direction"):
        said[i] = True
        if text not in read:
            read[text] = parse_direction(text)
        seen = read[text]
        if seen.problem:
            notes.refuse(row, seen.problem)
        elif np.isfinite(seen.span_deg):
            notes.refuse(
                row,
                Sentence(
                    "direction '%(text)s' is a range; give the one direction the camera looks in", text=text
                ),
            )
        else:
            azimuth[i], quality[i] = seen.azimuth_deg, seen.quality
            if seen.further:
                several.append(row)
    from_name = []
    for i, (row, name) in enumerate(zip(names.index.tolist(), names.tolist(), strict=True)):
        if not said[i] and np.isfinite(named := direction_in_name(name)):
            azimuth[i], quality[i] = named, "coarse"
            from_name.append(row)
    notes.tally("from name", from_name, _from_name)
    notes.tally("several", several, _several)
    return azimuth, quality


def _from_name(n: int, first: Sentence) -> Sentence:
    return Sentence(
        "%(n)s directions were read from the name and are coarse (a 45° sector), first in %(first)s; "
        "measure them",
        n=n,
        first=first,
    )


def _several(n: int, first: Sentence) -> Sentence:
    return Sentence(
        "%(n)s cameras list several directions and only the first was taken, first in %(first)s; "
        "give each view a camera of its own",
        n=n,
        first=first,
    )


def _resolution(table: Table, notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width and height in pixels, from their columns or from one such as 1920x1080."""
    width, height = _number(table, "width_px", notes), _number(table, "height_px", notes)
    for i, row, text in table.filled("resolution"):
        found = _PIXELS.fullmatch(text)
        if not found:
            notes.refuse(
                row,
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
    found, said = (np.zeros(len(table.texts), dtype=np.bool_) for _ in range(2))
    for i, _, text in table.filled("type"):
        found[i], said[i] = _TURNING.search(text.lower()) is not None, True
    for i, row, text in table.filled("ptz"):
        said[i] = True
        if text.lower() in _YES:
            found[i] = True
        elif text.lower() not in _NO:
            notes.refuse(
                row,
                Sentence(
                    "ptz '%(text)s' is neither yes nor no; write %(yes)s or %(no)s",
                    text=text.lower(),
                    yes="是",
                    no="否",
                ),
            )
    return {"ptz": found, "ptz_said": said}


def _parents(table: Table) -> pd.Series:
    codes: NDArray[np.object_] = np.full(len(table.texts), None, dtype=object)
    for i, _, text in table.filled("parent_code"):
        codes[i] = text
    # As objects: pandas would turn None into NaN in a column of its own text type.
    return pd.Series(codes, index=table.texts.index, dtype="object")


def _tell_crowds(places: NDArray[np.complex128], notes: Notes) -> None:
    """Tell where several cameras stand, the largest crowd first; sorts `places` in place, to need no more."""
    places.sort()
    begins = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
    counts = np.diff(np.append(begins, len(places)))
    crowds = np.flatnonzero(counts >= CROWD)
    for i in crowds[np.argsort(-counts[crowds], kind="stable")]:
        at = places[begins[i]]
        notes.finding(
            Sentence(
                "%(n)s cameras stand at %(lon)s, %(lat)s, perhaps the address of a station; "
                "take their real places",
                n=counts[i],
                lon=f"{at.real:.6f}",
                lat=f"{at.imag:.6f}",
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
