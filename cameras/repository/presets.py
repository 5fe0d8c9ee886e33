"""Presets of turning cameras, in and out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.presets import PRESET_FIELDS, Preset

_FIELDS = ", ".join(PRESET_FIELDS)


def presets_of(session: Session, ids: Collection[int]) -> dict[int, list[Preset]]:
    """Presets by record (id), the empty list for one without any, in the order in which they were written."""
    found: dict[int, list[Preset]] = {int(one): [] for one in ids}
    rows = session.execute(
        text(f"SELECT camera_id, {_FIELDS} FROM camera_preset WHERE camera_id = ANY(:ids) ORDER BY id"),
        {"ids": list(found)},
    )
    for row in rows.mappings():
        found[row["camera_id"]].append({name: row[name] for name in PRESET_FIELDS})
    return found


def replace_presets(session: Session, camera_id: int, presets: Sequence[Preset]) -> None:
    """Let these be all presets of a record."""
    session.execute(text("DELETE FROM camera_preset WHERE camera_id = :camera"), {"camera": camera_id})
    if presets:
        marks = ", ".join(f":{name}" for name in PRESET_FIELDS)
        session.execute(
            text(f"INSERT INTO camera_preset (camera_id, {_FIELDS}) VALUES (:camera, {marks})"),
            [{**one, "camera": camera_id} for one in presets],
        )
