"""Where the rows of an import lie, as layers of a map."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import text

from geo.tables import ImportBatch
from web.geofeatures import collection
from web.requests import db
from web.undoing import TABLES

SHOWN_SHAPES = 2000
LAYER = {"colour": "#0072b2", "weight": 1.5, "radius": 4, "fill": 0.5, "frame": True}


def layers(rows: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    """Positions as a map shows them, every so many of them where they are more than one looks at."""
    if rows is None or rows.geometry.isna().all():
        return []
    frame = rows[rows.geometry.notna()]
    frame = frame.iloc[:: max(1, -(-len(frame) // SHOWN_SHAPES))]
    label = next((name for name in ("code", "name", "key", "kind") if name in frame), "")
    shown = gpd.GeoDataFrame(
        {"id": list(frame.index), "label": list(frame[label]) if label else ""},
        geometry=frame.geometry.to_numpy(),
        crs=frame.crs,
    )
    return [{**LAYER, "features": collection(shown, label="label")}]


# A text for the hover of each table's rows.
_LABELS = {
    "camera": "name",
    "road_edge": "name",
    "obstruction": "key",
    "place": "name",
    "water": "''",
    "jurisdiction": "name",
    "zone": "name",
    "team": "name",
}


def stored_layers(batch: ImportBatch) -> list[dict[str, Any]]:
    """Where the rows of an import lie, as far as whoever asks may see them."""
    if batch.kind not in TABLES:
        return []
    table = TABLES[batch.kind][0]
    shape = "base" if table == "team" else "geom"
    rows = (
        db()
        .execute(
            text(
                f"""SELECT id, {_LABELS[table]} AS label, ST_AsBinary({shape}) AS shape FROM {table}
                WHERE batch_id = :batch AND {shape} IS NOT NULL ORDER BY id LIMIT :most"""
            ),
            {"batch": batch.id, "most": SHOWN_SHAPES},
        )
        .all()
    )
    if not rows:
        return []
    shown = gpd.GeoDataFrame(
        {"id": [row.id for row in rows], "label": [row.label for row in rows]},
        geometry=gpd.GeoSeries.from_wkb([bytes(row.shape) for row in rows], crs=4326),
    )
    return [{**LAYER, "features": collection(shown, label="label")}]
