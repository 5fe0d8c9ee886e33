"""Rows with geometries as GeoJSON features for the small maps of pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import shapely

# A tenth of a metre or so: finer than any source, and half the bytes.
_GRID_DEG = 1e-6


def collection(
    frame: gpd.GeoDataFrame,
    *,
    id: str = "id",
    label: str = "name",
    href: Callable[[Mapping[str, Any]], str] | None = None,
    colour: Callable[[Mapping[str, Any]], str] | None = None,
    number: str = "",
) -> dict[str, Any]:
    """A GeoJSON FeatureCollection for `components/map_frame.html`.

    Parameters
    ----------
    frame : GeoDataFrame
        EPSG:4326; rows without geometry are left out.
    id, label, number : str
        Columns with the feature's id, the text shown on hover, and the number drawn on a point.
    href, colour : callable
        Given a row as a mapping.
    """
    shapes = frame.geometry.to_numpy()
    kept = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    shapes = shapely.to_geojson(shapely.set_precision(kept.geometry.to_numpy(), _GRID_DEG, mode="pointwise"))
    features = []
    for row, shape in zip(kept.drop(columns=kept.geometry.name).to_dict("records"), shapes, strict=True):
        properties: dict[str, Any] = {"label": str(row.get(label) or "")}
        if href is not None:
            properties["href"] = href(row)
        if colour is not None:
            properties["colour"] = colour(row)
        if number:
            properties["number"] = row[number]
        features.append(
            {"type": "Feature", "id": row.get(id), "properties": properties, "geometry": json.loads(shape)}
        )
    return {"type": "FeatureCollection", "features": features}
