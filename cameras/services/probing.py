"""Frames that our own probe makes of a camera's pictures, through the same door as all others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from cameras.frames import FrameBatch, ReadOptions
from cameras.moving import is_moving
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.repository.deliveries import PROBE, Handed, handed_sum, note_handed
from cameras.services.ingesting import SourceSpec, declared_source, id_of_camera
from cameras.services.keeping import removed_numbers
from geo.services import current_site


@dataclass(frozen=True)
class Probed:
    """A camera whose pictures are judged.

    Parameters
    ----------
    options : ReadOptions
        With the camera and the source of its frames.
    fixed : bool
        By its record it neither turns (PTZ) nor moves, so that a shift of its scene is a finding.
    """

    options: ReadOptions
    fixed: bool


def probed_camera(
    session: Session, code: str, spec: SourceSpec, *, now: datetime, begins: datetime | None = None
) -> Probed:
    """What the probe of a camera must know; its source is stored where it is new.

    Raises
    ------
    InputRefused
        For a camera that is not known, or a source that is known otherwise.
    """
    cameras = records.cameras(session)
    number = id_of_camera(dict(zip(cameras["code"], cameras.index, strict=True)), code)
    own = cameras.loc[[number]]
    options = ReadOptions(
        cameras={},
        zone=ZoneInfo(current_site(session).timezone),
        now=now,
        source=declared_source(session, spec),
        camera=number,
        begins=begins,
        removed_days=removed_numbers(session),
    )
    turns = bool(np.asarray(own["ptz"].fillna(False), dtype=bool)[0])
    return Probed(options, not turns and not is_moving(own)[0])


@dataclass(frozen=True)
class Watched:
    """What a run of the probe made so far.

    Parameters
    ----------
    name : str
        What it watches, without names and passwords.
    begun : datetime
        Timezone-aware.
    rows, refused : int
        Frames that could be taken, and pictures or packets that were refused.
    problems : tuple of str
        The first refusals in words.
    newest_at : datetime, optional
        When its last frame was captured.
    """

    name: str
    begun: datetime
    rows: int
    refused: int
    problems: tuple[str, ...]
    newest_at: datetime | None


def note_watched(session: Session, probed: Probed, watched: Watched, *, now: datetime) -> None:
    """Note what a run of the probe made, beside the deliveries of its source; anew while it goes on.

    A run has a row for each day of the site: what it made since the last note of the days before.
    """
    options = probed.options
    first, today = (at.astimezone(options.zone).date() for at in (watched.begun, now))
    keys = []
    for day in range(max(0, (today - first).days) + 1):
        told = f"{watched.name} {watched.begun.isoformat()} {options.camera} {first + timedelta(days=day)}"
        keys.append(hashlib.sha256(told.encode()).hexdigest())
    source = options.source or 0
    rows, refused, problems = handed_sum(session, source, keys[:-1])
    note_handed(
        session,
        Handed(
            keys[-1],
            source,
            watched.name,
            watched.rows - rows,
            "real",
            watched.refused - refused,
            watched.problems[problems:],
            PROBE,
            watched.newest_at,
            now,
        ),
    )


def store_frames(session: Session, frames: FrameBatch) -> int:
    """Store frames whose positions, if any, are WGS 84; answers how many were new, not known before."""
    if not len(frames):
        return 0
    frame_store.stage_frames(session)
    frame_store.copy_frames(session, frames)
    return frame_store.publish_frames(session)
