"""Rows of cameras, frames and analyses, in and out. Nothing is decided here."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as pa_csv
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.fields import FIELDS
from cameras.frames.columns import LIMITS, NO_TIME, FrameBatch
from geo.db import ALWAYS, copy_rows, read_frame, read_geoframe, write_frame
from geo.repository import paths_at

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
FRAME_NUMBERS = list(LIMITS)


# Whole-number columns of a FrameBatch as they come out of the database.
_FRAME_KEYS: dict[str, Any] = {
    "camera": np.int64,
    "source": np.int32,
    "captured_ms": np.int64,
    "osd_ms": np.int64,
    "event": np.int8,
}


def add_cameras(
    session: Session,
    cameras: gpd.GeoDataFrame,
    batch_id: int | Sequence[int],
    valid: str | Sequence[str] = ALWAYS,
) -> pd.Index:
    """Store CAMERAS (EPSG:4326) with the fields they have; answers their ids in the frame's order.

    `valid` is the text of a period, always by default; it and `batch_id` are one for all, or one a row.
    """
    rows = record_rows(cameras)
    # Where they lie is known before they are written: a second writing of 100,000 rows takes as long again.
    rows["jurisdiction_path"] = paths_at(session, cameras.geometry)
    # Half of the fields of most lists are empty throughout.
    rows = rows.dropna(axis="columns", how="all")
    rows["valid"], rows["batch_id"], rows["geom"] = valid, batch_id, cameras.geometry
    return write_frame(session, "camera", rows)


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


def cameras(session: Session, *, during: tuple[datetime, datetime] | None = None) -> gpd.GeoDataFrame:
    """CAMERAS indexed by id in the order of their codes, with `jurisdiction_path`.

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


def source_of_code(session: Session, code: str) -> tuple[int, str, float] | None:
    """(id, kind, expected interval in seconds) of a frame source, None when it is not known."""
    found = session.execute(
        text("SELECT id, kind, expected_interval_s FROM frame_source WHERE code = :code"), {"code": code}
    ).first()
    return None if found is None else (int(found[0]), str(found[1]), float(found[2]))


def add_source(session: Session, *, code: str, kind: str, expected_interval_s: float, label: str) -> int:
    """Store a new frame source; answers its id."""
    found = session.execute(
        text(
            """INSERT INTO frame_source (code, kind, expected_interval_s, label)
               VALUES (:code, :kind, :interval, :label) RETURNING id"""
        ),
        {"code": code, "kind": kind, "interval": expected_interval_s, "label": label},
    )
    return int(found.scalar_one())


def sources(session: Session) -> pd.DataFrame:
    """SOURCES indexed by id: code, kind, expected_interval_s, label."""
    frame = read_frame(
        session, "SELECT id, code, kind, expected_interval_s, label FROM frame_source ORDER BY id"
    )
    return frame.set_index("id")


def expect_sources(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Record that (camera, source) pairs are expected to deliver."""
    copy_rows(session, "camera_source", ["camera_id", "source_id"], pairs)


def expected_sources(session: Session) -> pd.DataFrame:
    """Which source is expected to speak for which camera: camera, source."""
    return read_frame(
        session, "SELECT camera_id AS camera, source_id AS source FROM camera_source ORDER BY 1, 2"
    )


def has_frame_file(session: Session, sha256: str, source_id: int) -> bool:
    """Whether this very file was already stored for that source."""
    found = session.execute(
        text("SELECT 1 FROM frame_file WHERE sha256 = :sha AND source_id = :source"),
        {"sha": sha256, "source": source_id},
    )
    return found.first() is not None


def add_frame_file(
    session: Session, *, sha256: str, source_id: int, file_name: str, rows: int, label: str
) -> None:
    """Note that a frame file was stored whole."""
    session.execute(
        text(
            """INSERT INTO frame_file (sha256, source_id, file_name, row_count, label)
               VALUES (:sha, :source, :name, :rows, :label)"""
        ),
        {"sha": sha256, "source": source_id, "name": file_name, "rows": rows, "label": label},
    )


def stage_frames(session: Session) -> None:
    """Make this transaction's staging table, through which the same frame is never stored twice."""
    session.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS frame_stage (LIKE frame) ON COMMIT DROP"))


def copy_frames(session: Session, batch: FrameBatch) -> int:
    """COPY a batch into the staging table; answers how many rows."""
    columns = {
        "camera_id": pa.array(batch.camera),
        "source_id": pa.array(batch.source),
        "captured_at": _moments(batch.captured_ms),
        "osd_at": _moments(batch.osd_ms, batch.osd_ms == NO_TIME),
        "event": pa.array(batch.event),
    }
    columns |= {name: pa.array(getattr(batch, name), from_pandas=True) for name in FRAME_NUMBERS}
    rows = io.BytesIO()
    pa_csv.write_csv(pa.table(columns), rows, pa_csv.WriteOptions(include_header=False))
    driver: Any = session.connection().connection.driver_connection
    names = ", ".join(columns)
    with driver.cursor().copy(f"COPY frame_stage ({names}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(rows.getbuffer())
    return len(batch)


def _moments(ms: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Epoch milliseconds as Arrow timestamps in UTC, which CSV writes as ISO text ending in Z."""
    return pa.array(ms, mask=missing).cast(pa.timestamp("ms", tz="UTC"))


def publish_frames(session: Session) -> int:
    """Move the staged frames into their day partitions; answers how many were new."""
    days = session.execute(
        text("SELECT DISTINCT (captured_at AT TIME ZONE 'UTC')::date FROM frame_stage ORDER BY 1")
    ).scalars()
    for day in list(days):
        session.execute(text("SELECT make_frame_partition(:day)"), {"day": day})
    _to_their_records(session)
    moved = session.execute(text("INSERT INTO frame SELECT * FROM frame_stage ON CONFLICT DO NOTHING"))
    session.execute(text("TRUNCATE frame_stage"))
    return int(moved.rowcount)  # type: ignore[attr-defined]


def _to_their_records(session: Session) -> None:
    """Give staged frames that were captured outside their record's period to the record of that time."""
    older = text(
        """UPDATE frame_stage AS s SET camera_id = o.id
           FROM camera AS c JOIN camera AS o ON o.code = c.code AND o.id <> c.id
           WHERE c.id = s.camera_id AND NOT c.valid @> s.captured_at AND o.valid @> s.captured_at
             AND c.id = ANY(:replaced)"""
    )
    # A record may have been closed since its frames were looked up.
    replaced = session.execute(
        text("SELECT id FROM camera WHERE code IN (SELECT code FROM camera WHERE NOT upper_inf(valid))")
    ).scalars()
    if found := list(replaced):
        session.execute(older, {"replaced": found})


def frames(session: Session, *, start: datetime, end: datetime) -> FrameBatch:
    """Frames captured in `[start, end)`, by camera, time and source.

    The database computes epoch milliseconds and sends text: a datetime for every row would take ten
    times as long.
    """
    numbers = ", ".join(f"COALESCE({name}, 'NaN')" for name in FRAME_NUMBERS)
    query = f"""COPY (SELECT camera_id, source_id, (extract(epoch FROM captured_at) * 1000)::bigint,
                      COALESCE((extract(epoch FROM osd_at) * 1000)::bigint, {NO_TIME}), event, {numbers}
               FROM frame WHERE captured_at >= '{start.astimezone(UTC).isoformat()}'
                            AND captured_at < '{end.astimezone(UTC).isoformat()}'
               ORDER BY camera_id, captured_at, source_id) TO STDOUT (FORMAT csv)"""
    driver: Any = session.connection().connection.driver_connection
    text_rows = io.BytesIO()
    with driver.cursor().copy(query) as copy:
        for part in copy:
            text_rows.write(part)
    text_rows.seek(0)
    names = [*_FRAME_KEYS, *FRAME_NUMBERS]
    dtypes: dict[str, Any] = dict.fromkeys(names, np.float64) | _FRAME_KEYS
    table = pd.read_csv(text_rows, header=None, names=names, dtype=dtypes)
    return FrameBatch(**{name: table[name].to_numpy() for name in names})
