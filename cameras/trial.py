"""What would be: the ground that one camera alone watches, and what it would see turned another way."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

# Shorter pieces come from edges that nearly coincide, not from ground anybody could walk along.
SHORTEST_M = 1.0


def watched_alone(own: shapely.Geometry, others: gpd.GeoSeries, streets: gpd.GeoSeries) -> gpd.GeoSeries:
    """The streets that one footprint covers and none of the others does.

    Parameters
    ----------
    own : Polygon or MultiPolygon
        What the camera sees for certain at an instant; metric CRS of the others.
    others : GeoSeries of Polygon or MultiPolygon
        What every other camera sees for certain at the same instant.
    streets : GeoSeries of LineString
        Watched ground; its index is kept.

    Returns
    -------
    GeoSeries
        The pieces of each street, at least `SHORTEST_M` long, on the streets' index; streets without are
        left out.

    Raises
    ------
    ValueError
        When the CRS is missing or geographic, or the two differ.
    """
    if streets.crs is None or streets.crs.is_geographic or others.crs != streets.crs:
        raise ValueError("streets and footprints must be in one projected CRS in metres")
    near = streets[shapely.intersects(np.asarray(streets.values), own)]
    touching = others[shapely.intersects(np.asarray(others.values), own)]
    left = near.intersection(own)
    if len(touching):
        left = left.difference(touching.union_all())
    return left[left.length >= SHORTEST_M]


def watched_places(footprint: shapely.Geometry, places: gpd.GeoSeries) -> int:
    """How many places lie inside a footprint or on its rim (metric CRS)."""
    return int(shapely.intersects(np.asarray(places.values), footprint).sum())


def watched_length(footprint: shapely.Geometry, streets: gpd.GeoSeries) -> float:
    """Metres of street inside a footprint (metric CRS)."""
    return float(shapely.length(shapely.intersection(np.asarray(streets.values), footprint)).sum())
