"""One gap's own numbers and shape."""

from __future__ import annotations

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_geoframe


def by_cause(session: Session, gap_id: int) -> dict[str, int]:
    """The gap's deficit by cause: measure times milliseconds; the parts add up to its deficit."""
    found = session.scalar(text("SELECT deficit_by_cause FROM gap WHERE id = :id"), {"id": gap_id})
    return {str(name): int(amount) for name, amount in (found or {}).items()}


def shape(session: Session, gap_id: int) -> gpd.GeoDataFrame:
    """The gap's geometry (EPSG:4326), one row: id."""
    return read_geoframe(session, "SELECT id, ST_AsBinary(geom) AS geom FROM gap WHERE id = :id", id=gap_id)
