"""Rows of cameras, frames and analyses, in and out. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.fields import FIELDS
from geo.db import ALWAYS, copy_frame, read_frame, read_geoframe, write_frame
from geo.repository import PathFinder

# What an analysis wants of a camera.
CAMERA_COLUMNS = [
    "code",
    "name",
    "azimuth_deg",
    "azimuth_quality",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "height_px",
    "mount_height_m",
    "focal_mm",
    "sensor_width_mm",
    "night_range_m",
    "ptz",
    "parent_code",
    "mobile_device",
]
CAMERA_NUMBERS = [
    "azimuth_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "height_px",
    "mount_height_m",
    "focal_mm",
    "sensor_width_mm",
    "night_range_m",
]
# All of a record.
RECORD_COLUMNS = ["code", *(one.name for one in FIELDS), "azimuth_quality", "source_datum", "source_row"]
_WHOLE = [one.name for one in FIELDS if one.kind in ("whole", "choice")]
# An end that does not come.
NEVER_MS = 2**62
PRESET_COLUMNS = [
    "name",
    "azimuth_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "from_s",
    "until_s",
]


def add_cameras(
    session: Session,
    cameras: gpd.GeoDataFrame,
    batch_id: int | Sequence[int],
    valid: str | Sequence[str] = ALWAYS,
    finder: PathFinder | None = None,
) -> pd.Index:
    """Store CAMERAS (EPSG:4326) with the fields they have; answers their ids in the frame's order.

    `valid` is the text of a period, always by default; it and `batch_id` are one for all, or one a row.
    `finder` knows where cameras lie that are a part of many.
    """
    if cameras.empty:
        return pd.Index([], name="id", dtype="int64")
    rows = record_rows(cameras)
    # Where they lie is known before they are written: a second writing of 100,000 rows takes as long again.
    finder = finder or PathFinder(session, cameras.total_bounds)
    rows["jurisdiction_path"] = finder.paths_at(cameras.geometry)
    # Half of the fields of most lists are empty throughout.
    rows = rows.dropna(axis="columns", how="all")
    rows["valid"], rows["batch_id"], rows["geom"] = valid, batch_id, cameras.geometry
    return copy_frame(session, "camera", rows)


def remove_batch(session: Session, batch_id: int) -> int:
    """Take out the records that came with an import; answers how many the session could reach."""
    gone = session.execute(text("DELETE FROM camera WHERE batch_id = :batch"), {"batch": batch_id})
    return int(gone.rowcount)  # type: ignore[attr-defined]


def record_rows(cameras: gpd.GeoDataFrame) -> pd.DataFrame:
    """RECORD_COLUMNS of CAMERAS as the table takes them: whole numbers whole, None where there is nothing."""
    rows = cameras[[name for name in RECORD_COLUMNS if name in cameras]].copy()
    for name in (*_WHOLE, "source_row"):
        if name in rows:
            whole = [None if value is None or value != value else int(value) for value in rows[name]]
            rows[name] = pd.Series(whole, index=rows.index, dtype=object)
    return rows


def cameras(
    session: Session,
    *,
    during: tuple[datetime, datetime] | None = None,
    codes: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """CAMERAS indexed by id in the order of their codes, with `jurisdiction_path`; all, or those of `codes`.

    Those whose record is open, or with `during` those whose record held at some time of `[start, end)`, with
    `from_ms` and `until_ms`, when it did (epoch milliseconds).
    """
    if during is None:
        held, bounds, period = "upper_inf(valid)", "", dict[str, Any]()
    else:
        held = "valid && tstzrange(:start, :end)"
        bounds = f"""(extract(epoch FROM lower(valid)) * 1000)::bigint AS from_ms,
                     COALESCE((extract(epoch FROM upper(valid)) * 1000)::bigint, {NEVER_MS}) AS until_ms,"""
        period = {"start": during[0], "end": during[1]}
    if codes is not None:
        held, period = f"{held} AND code = ANY(:codes)", {**period, "codes": list(codes)}
    frame = read_geoframe(
        session,
        f"""SELECT id, {", ".join(CAMERA_COLUMNS)}, {bounds} jurisdiction_path::text AS jurisdiction_path,
                   ST_AsBinary(geom) AS geom
            FROM camera WHERE {held} ORDER BY code, valid""",
        **period,
    ).set_index("id")
    frame[CAMERA_NUMBERS] = frame[CAMERA_NUMBERS].astype(float)
    return frame


def camera_ids(session: Session) -> dict[str, int]:
    """Camera id by code."""
    rows = session.execute(text("SELECT code, id FROM camera WHERE upper_inf(valid)"))
    return {row.code: row.id for row in rows}


def add_presets(session: Session, presets: pd.DataFrame) -> None:
    """Store presets: `camera` (id) and PRESET_COLUMNS."""
    rows = presets[["camera", *PRESET_COLUMNS]].rename(columns={"camera": "camera_id"})
    for column in ("from_s", "until_s"):
        rows[column] = [None if np.isnan(value) else int(value) for value in rows[column].astype(float)]
        rows[column] = rows[column].astype(object)
    write_frame(session, "camera_preset", rows)


def presets(session: Session) -> pd.DataFrame:
    """Presets of PTZ cameras: camera (id), name, pose, daily window in seconds of the local day."""
    frame = read_frame(
        session, f"SELECT camera_id AS camera, {', '.join(PRESET_COLUMNS)} FROM camera_preset ORDER BY id"
    )
    numbers = [name for name in PRESET_COLUMNS if name != "name"]
    frame[numbers] = frame[numbers].astype(float)
    return frame
