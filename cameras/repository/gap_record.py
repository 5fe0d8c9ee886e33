"""One gap's own numbers and shape."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_geoframe


def by_cause(session: Session, gap_id: int) -> dict[str, int]:
    """The gap's deficit by cause: measure times milliseconds; the parts add up to its deficit."""
    found = session.scalar(text("SELECT deficit_by_cause FROM gap WHERE id = :id"), {"id": gap_id})
    return {str(name): int(amount) for name, amount in (found or {}).items()}


def pieces_beside(session: Session, gap_id: int) -> list[dict[str, Any]]:
    """The other gaps that are shown as one with it, by rank: id, leaf, leaf_en, measure, open_ms."""
    rows = session.execute(
        text(
            """SELECT o.id, j.name AS leaf, j.name_en AS leaf_en, o.measure, o.open_ms
               FROM gap g JOIN gap o ON o.analysis_id = g.analysis_id AND o.merged = g.merged AND o.id <> g.id
               JOIN jurisdiction j ON j.path = o.jurisdiction_path
               WHERE g.id = :id ORDER BY o.rank"""
        ),
        {"id": gap_id},
    )
    return [dict(row) for row in rows.mappings()]


def shape(session: Session, gap_id: int) -> gpd.GeoDataFrame:
    """The gap's geometry (EPSG:4326), one row: id."""
    return read_geoframe(session, "SELECT id, ST_AsBinary(geom) AS geom FROM gap WHERE id = :id", id=gap_id)
