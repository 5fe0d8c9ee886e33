"""Camera records through time: periods opened and closed, fields changed, and what was changed before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cameras.fields import FIELDS
from cameras.repository.recordings import move_recordings
from cameras.repository.records import RECORD_COLUMNS, record_rows
from geo.db import read_geoframe, write_frame
from geo.errors import LianfangError, Sentence

_NUMBERS = [one.name for one in FIELDS if one.kind in ("number", "whole", "choice")]
_FIELD_NAMES = [one.name for one in FIELDS] + ["azimuth_quality"]


def hold(session: Session, *, wait_s: int | None = None) -> None:
    """Let nobody else write records until the transaction ends: what is read of them stays true.

    Raises
    ------
    LianfangError
        When somebody else still writes them after `wait_s`; without it they are waited for.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtext('camera records'))")
    if wait_s is None:
        session.execute(lock)
        return
    try:
        with session.begin_nested():
            session.execute(text(f"SET LOCAL lock_timeout = '{int(wait_s)}s'"))
            session.execute(lock)
            session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise LianfangError(
            Sentence("records of cameras are being written, perhaps from a list; try again in a minute")
        ) from error


def open_records(session: Session, codes: Sequence[str]) -> gpd.GeoDataFrame:
    """CAMERAS of these codes with an open record, by id: RECORD_COLUMNS, since, batch_id and path."""
    frame = read_geoframe(
        session,
        f"""SELECT id, {", ".join(RECORD_COLUMNS)}, lower(valid) AS since, batch_id,
                   jurisdiction_path::text AS jurisdiction_path, ST_AsBinary(geom) AS geom
            FROM camera WHERE upper_inf(valid) AND code = ANY(:codes) ORDER BY id""",
        codes=list(codes),
    ).set_index("id")
    frame[_NUMBERS] = frame[_NUMBERS].astype(float)
    return frame


def closed_codes(session: Session, codes: Sequence[str]) -> dict[str, datetime]:
    """Of these codes those without an open record that had one before, and when the last one ended."""
    rows = session.execute(
        text(
            """SELECT code, max(upper(valid)) AS until FROM camera
               WHERE code = ANY(:codes) GROUP BY code HAVING NOT bool_or(upper_inf(valid))"""
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.until for row in rows}


def begin_listed(session: Session) -> None:
    """Begin to note the codes of a list, in this transaction."""
    session.execute(text("DROP TABLE IF EXISTS listed_camera"))
    session.execute(text("CREATE TEMPORARY TABLE listed_camera (code text) ON COMMIT DROP"))


def note_listed(session: Session, codes: Sequence[str]) -> None:
    """Note codes of the list."""
    session.execute(
        text("INSERT INTO listed_camera SELECT unnest(CAST(:codes AS text[]))"), {"codes": list(codes)}
    )


def missing_from(session: Session, path: str) -> pd.DataFrame:
    """Open records in a jurisdiction whose code was not noted: by id, code, since."""
    rows = session.execute(
        text(
            """SELECT c.id, c.code, lower(c.valid) AS since FROM camera c
               WHERE upper_inf(c.valid) AND c.jurisdiction_path <@ CAST(:path AS ltree)
                 AND NOT EXISTS (SELECT FROM listed_camera AS listed WHERE listed.code = c.code)
               ORDER BY c.code"""
        ),
        {"path": path},
    ).all()
    frame = pd.DataFrame(rows, columns=["id", "code", "since"])
    return frame.set_index("id")


def change_fields(session: Session, records: gpd.GeoDataFrame) -> None:
    """Write the fields of open records (by id, all of FIELDS and azimuth_quality) over what is stored."""
    if records.empty:
        return
    names = ", ".join(_FIELD_NAMES)
    session.execute(
        text(
            f"""CREATE TEMPORARY TABLE changed_camera ON COMMIT DROP AS
                SELECT id, {names} FROM camera WITH NO DATA"""
        )
    )
    rows = record_rows(records)[_FIELD_NAMES]
    write_frame(session, "changed_camera", rows.assign(id=records.index))
    fields = ", ".join(f"{name} = n.{name}" for name in _FIELD_NAMES)
    session.execute(
        text(
            f"""UPDATE camera AS c SET {fields} FROM changed_camera AS n
                WHERE n.id = c.id AND upper_inf(c.valid)"""
        )
    )
    session.execute(text("DROP TABLE changed_camera"))


def close(session: Session, ids: Collection[int], until: datetime) -> None:
    """End the period of open records."""
    session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), :until) WHERE id = ANY(:ids)"),
        {"ids": [int(one) for one in ids], "until": until},
    )


def reopen(session: Session, ids: Collection[int]) -> int:
    """Let closed records hold until further notice again; answers how many were in reach."""
    done = session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), NULL) WHERE id = ANY(:ids)"),
        {"ids": [int(one) for one in ids]},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def follow(session: Session, previous: Sequence[int], following: Sequence[int], since: datetime) -> None:
    """Give new records the presets, sources and recordings of those before them, and the frames captured from
    `since`."""
    pairs = {"old": [int(one) for one in previous], "new": [int(one) for one in following]}
    of = "unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)"
    poses = "name, azimuth_deg, tilt_deg, hfov_deg, vfov_deg, width_px, from_s, until_s"
    session.execute(
        text(
            f"""INSERT INTO camera_preset (camera_id, {poses})
                SELECT pair.new, {poses} FROM camera_preset p JOIN {of} ON pair.old = p.camera_id"""
        ),
        pairs,
    )
    session.execute(
        text(
            f"""INSERT INTO camera_source (camera_id, source_id, since)
                SELECT pair.new, s.source_id, s.since
                FROM camera_source s JOIN {of} ON pair.old = s.camera_id"""
        ),
        pairs,
    )
    move_frames(session, previous, following, since)
    move_recordings(session, previous, following)


def move_frames(
    session: Session, senders: Sequence[int], receivers: Sequence[int], since: datetime | None
) -> None:
    """Give the frames of records, those from `since` on or all, to other records, and who spoke of them."""
    session.execute(
        text(
            """INSERT INTO camera_source (camera_id, source_id, since)
               SELECT pair.new, s.source_id, s.since
               FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)
               JOIN camera_source AS s ON s.camera_id = pair.old WHERE s.since IS NOT NULL
               ON CONFLICT DO NOTHING"""
        ),
        {"old": [int(one) for one in senders], "new": [int(one) for one in receivers]},
    )
    session.execute(
        text(
            """UPDATE frame AS f SET camera_id = pair.new
               FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS pair (old, new)
               WHERE f.camera_id = pair.old
                 AND (CAST(:since AS timestamptz) IS NULL OR f.captured_at >= :since)"""
        ),
        {
            "old": [int(one) for one in senders],
            "new": [int(one) for one in receivers],
            "since": since,
        },
    )


def add_changes(session: Session, changes: pd.DataFrame) -> None:
    """Write down what was changed: code, camera_id, previous_id, author, kind, before, after, batch_id."""
    if not changes.empty:
        write_frame(session, "camera_change", changes)


def changes_of_batch(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """What an import changed, the newest first: id, code, camera_id, previous_id, kind, before."""
    rows = session.execute(
        text(
            """SELECT id, code, camera_id, previous_id, kind, before FROM camera_change
               WHERE batch_id = :batch ORDER BY id DESC"""
        ),
        {"batch": batch_id},
    )
    return [dict(row) for row in rows.mappings()]


def forget_changes(session: Session, batch_id: int) -> None:
    """Take out what was written down of an import that is undone."""
    session.execute(text("DELETE FROM camera_change WHERE batch_id = :batch"), {"batch": batch_id})
