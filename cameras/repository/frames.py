"""Frame sources, frame files and frames, in and out. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from cameras.frames.columns import LIMITS, NO_TIME, FrameBatch
from cameras.repository import frame_days
from cameras.tables import FrameDelivery
from geo.binary_copy import EPOCH_US, NO_TIMESTAMP, packed, unpacked
from geo.db import read_frame

FRAME_NUMBERS = list(LIMITS)


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
    """SOURCES indexed by id: code, kind, expected_interval_s, label. Who lists recordings tells no frames."""
    frame = read_frame(
        session,
        """SELECT id, code, kind, expected_interval_s, label FROM frame_source
           WHERE kind <> 'recording' ORDER BY id""",
    )
    return frame.set_index("id")


def expect_sources(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Record that (camera, source) pairs are expected to deliver, from the first day on."""
    told = [(int(camera), int(source)) for camera, source in pairs]
    session.execute(
        text(
            """INSERT INTO camera_source (camera_id, source_id)
               SELECT * FROM unnest(CAST(:cameras AS bigint[]), CAST(:sources AS integer[]))
               ON CONFLICT (camera_id, source_id) DO UPDATE SET since = NULL"""
        ),
        {"cameras": [camera for camera, _ in told], "sources": [source for _, source in told]},
    )


def expected_sources(session: Session, before: datetime) -> pd.DataFrame:
    """Which source is expected to speak for which camera: camera, source.

    Those that were declared, and those that had said something of the camera before a time: a camera does not
    stop being missed because it has been silent for long.
    """
    return read_frame(
        session,
        """SELECT camera_id AS camera, source_id AS source FROM camera_source
           WHERE since IS NULL OR since < :before ORDER BY 1, 2""",
        before=before,
    )


def has_frame_file(session: Session, sha256: str, source_id: int) -> bool:
    """Whether this very file was already stored for that source."""
    found = session.execute(
        text("SELECT 1 FROM frame_file WHERE sha256 = :sha AND source_id = :source"),
        {"sha": sha256, "source": source_id},
    )
    return found.first() is not None


def first_delivery(session: Session, *, account: str, key: str, sha256: str) -> FrameDelivery | None:
    """Claim a delivery's key; answers the delivery that has it already, None when it is this one's now.

    Whoever comes while another transaction claims the same key waits until that one has ended.
    """
    claimed = session.execute(
        text(
            """INSERT INTO frame_delivery (account_name, key, sha256, answer)
               VALUES (:account, :key, :sha, 'null') ON CONFLICT DO NOTHING"""
        ),
        {"account": account, "key": key, "sha": sha256},
    )
    if claimed.rowcount:  # type: ignore[attr-defined]
        return None
    return session.get_one(FrameDelivery, (account, key))


def answer_delivery(session: Session, *, account: str, key: str, answer: dict[str, Any]) -> None:
    """Keep what is answered to a delivery."""
    session.execute(
        update(FrameDelivery)
        .where(FrameDelivery.account_name == account, FrameDelivery.key == key)
        .values(answer=answer)
    )


def forget_deliveries(session: Session, before: datetime) -> None:
    """Remove the answers to deliveries of long ago; their frames stay."""
    session.execute(delete(FrameDelivery).where(FrameDelivery.stored_at < before))


def stage_frames(session: Session) -> None:
    """Make this transaction's staging table, through which the same frame is never stored twice."""
    session.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS frame_stage (LIKE frame) ON COMMIT DROP"))


def copy_frames(session: Session, batch: FrameBatch) -> int:
    """COPY a batch into the staging table; answers how many rows.

    What is missing is staged as NaN and -infinity (`geo.binary_copy`), a column without any value not at all.
    """
    columns: dict[str, NDArray[Any]] = {
        "camera_id": batch.camera,
        "source_id": batch.source,
        "captured_at": batch.captured_ms * 1000 - EPOCH_US,
        "event": batch.event.astype(np.int16),
    }
    missing = batch.osd_ms == NO_TIME
    if not missing.all():
        columns["osd_at"] = np.where(missing, NO_TIMESTAMP, batch.osd_ms * 1000 - EPOCH_US)
    for name in FRAME_NUMBERS:
        values = getattr(batch, name)
        if not np.isnan(values).all():
            columns[name] = values
    driver: Any = session.connection().connection.driver_connection
    # In quotes: `cast` is a word of the language.
    names = ", ".join(f'"{name}"' for name in columns)
    with driver.cursor().copy(f"COPY frame_stage ({names}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(packed(columns))
    return len(batch)


def publish_frames(session: Session) -> int:
    """Move the staged frames into their day partitions; answers how many were new."""
    days = session.execute(
        text("SELECT DISTINCT (captured_at AT TIME ZONE 'UTC')::date FROM frame_stage ORDER BY 1")
    ).scalars()
    stored = list(days)
    frame_days.hold(session)
    frame_days.check_not_removed(session, stored)
    for day in stored:
        session.execute(text("SELECT make_frame_partition(:day)"), {"day": day})
    _to_their_records(session)
    _note_speakers(session)
    numbers = ", ".join(f'"{name}"' for name in FRAME_NUMBERS)
    staged = ", ".join(f"NULLIF(\"{name}\", 'NaN')" for name in FRAME_NUMBERS)
    # In the order of the key: its index then grows at one end of each camera, a quarter faster.
    moved = session.execute(
        text(
            f"""INSERT INTO frame (camera_id, source_id, captured_at, event, osd_at, {numbers})
                SELECT camera_id, source_id, captured_at, event, NULLIF(osd_at, '-infinity'), {staged}
                FROM frame_stage ORDER BY camera_id, source_id, captured_at ON CONFLICT DO NOTHING"""
        )
    )
    frame_days.note_days(session, stored)
    session.execute(text("TRUNCATE frame_stage"))
    return int(moved.rowcount)  # type: ignore[attr-defined]


def _note_speakers(session: Session) -> None:
    """Note which source spoke of which camera, and since when, where that is new.

    In one order, and nothing where nothing is new: deliveries at the same time do not wait for each other.
    """
    session.execute(
        text(
            """INSERT INTO camera_source (camera_id, source_id, since)
               SELECT camera_id, source_id, since FROM (
                   SELECT camera_id, source_id, min(captured_at) AS since FROM frame_stage GROUP BY 1, 2
               ) AS heard WHERE NOT EXISTS (
                   SELECT FROM camera_source AS known
                   WHERE known.camera_id = heard.camera_id AND known.source_id = heard.source_id
                     AND (known.since IS NULL OR known.since <= heard.since))
               ORDER BY camera_id, source_id
               ON CONFLICT (camera_id, source_id) DO UPDATE
               SET since = LEAST(camera_source.since, excluded.since) WHERE camera_source.since IS NOT NULL"""
        )
    )


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


def frames(
    session: Session,
    *,
    start: datetime,
    end: datetime,
    cameras: Sequence[int] | None = None,
    sources: Sequence[int] | None = None,
) -> FrameBatch:
    """Frames captured in `[start, end)`, of all cameras and sources or of these (ids), by camera, time and
    source.

    A day of a county is fifteen million rows: only columns that hold something are asked for, as binary
    (`geo.binary_copy`), and they are put in order here, where a sort takes a quarter of the time.
    """
    columns = None
    # Whoever stores frames between the two questions makes us ask once more.
    while columns is None:
        columns = _columns(session, start, end, cameras, sources)
    return _ordered(columns)


# Whole-number columns of a FrameBatch as they travel.
_KEYS: dict[str, np.dtype[Any]] = {
    "camera": np.dtype(np.int64),
    "source": np.dtype(np.int32),
    "captured_ms": np.dtype(np.int64),
    "osd_ms": np.dtype(np.int64),
    "event": np.dtype(np.int16),
}


def _columns(
    session: Session,
    start: datetime,
    end: datetime,
    cameras: Sequence[int] | None = None,
    sources: Sequence[int] | None = None,
) -> dict[str, NDArray[Any]] | None:
    """Columns that hold something, as PostgreSQL tells them; None when rows were added meanwhile."""
    # Whole numbers alone: COPY takes no parameters.
    of = "".join(
        f" AND {column} = ANY('{{{','.join(str(int(one)) for one in ids)}}}')"
        for column, ids in (("camera_id", cameras), ("source_id", sources))
        if ids is not None
    )
    held = session.execute(
        text(
            f"""SELECT count(*) AS rows, count(osd_at) > 0 AS osd_at,
                       {", ".join(f'count("{name}") > 0 AS "{name}"' for name in FRAME_NUMBERS)}
                FROM frame WHERE captured_at >= :start AND captured_at < :end {of}"""
        ),
        {"start": start, "end": end},
    ).one()
    numbers = [name for name in FRAME_NUMBERS if getattr(held, name)]
    asked = {
        "camera": "camera_id",
        "source": "source_id",
        "captured_ms": "captured_at",
        "event": "event",
        **({"osd_ms": "COALESCE(osd_at, '-infinity')"} if held.osd_at else {}),
        **{name: f"COALESCE(\"{name}\", 'NaN')" for name in numbers},
    }
    kinds = {**_KEYS, **dict.fromkeys(numbers, np.dtype(np.float64))}
    columns = {name: np.empty(held.rows, dtype=kinds[name]) for name in asked}
    query = f"""COPY (SELECT {", ".join(asked.values())} FROM frame
                      WHERE captured_at >= '{start.astimezone(UTC).isoformat()}'
                        AND captured_at < '{end.astimezone(UTC).isoformat()}' {of})
                TO STDOUT (FORMAT binary)"""
    driver: Any = session.connection().connection.driver_connection
    at = 0
    with driver.cursor().copy(query) as copy:
        for block in unpacked(_joined(copy), [kinds[name] for name in asked]):
            rows = len(block[0])
            for name, values in zip(asked, block, strict=True):
                room = columns[name][at : at + rows]
                room[:] = values[: len(room)]
            at += rows
    return columns if at == held.rows else None


_BLOCK_BYTES = 8_000_000


def _joined(copy: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The rows of a COPY, which come one by one, in blocks worth working on."""
    block = bytearray()
    for part in copy:
        block += part
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _ordered(columns: dict[str, NDArray[Any]]) -> FrameBatch:
    """A FrameBatch of columns as they came; one after the other, so that never two of all are held."""
    rows = len(columns["camera"])
    for name in ("captured_ms", "osd_ms"):
        if name in columns:
            told = columns[name] != NO_TIMESTAMP
            columns[name] = np.where(told, (columns[name] + EPOCH_US) // 1000, NO_TIME)
    columns["event"] = columns["event"].astype(np.int8)
    if rows:
        camera, time, source = columns["camera"], columns["captured_ms"], columns["source"]
        same = (np.diff(camera) == 0) & (
            (np.diff(time) > 0) | ((np.diff(time) == 0) & (np.diff(source) >= 0))
        )
        if not np.all((np.diff(camera) > 0) | same):
            order = np.lexsort((source, time, camera))
            for name in columns:
                columns[name] = columns[name][order]
    # One column for all that hold nothing.
    nothing = np.full(rows, np.nan)
    missing: dict[str, NDArray[Any]] = {name: nothing for name in FRAME_NUMBERS if name not in columns}
    if "osd_ms" not in columns:
        missing["osd_ms"] = np.full(rows, NO_TIME, dtype=np.int64)
    return FrameBatch(**columns, **missing)
