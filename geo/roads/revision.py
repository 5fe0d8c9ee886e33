"""A short name for the content of a road network."""

from __future__ import annotations

import hashlib

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import to_lonlat
from geo.osm.ways import MODE_COLUMNS


def road_revision(edges: gpd.GeoDataFrame) -> str:
    """Twelve hexadecimal digits that change when anything routes or ground depend on changes.

    Parameters
    ----------
    edges : GeoDataFrame
        ROAD EDGES in any CRS. Order, ids and names do not matter, so a database that numbers its rows anew
        gives the same revision; class, modes, `steps`, `watched` and coordinates to 10⁻⁷ degrees (1 cm, the
        resolution of OpenStreetMap) do.
    """
    lonlat = to_lonlat(edges)
    flags = edges[[*MODE_COLUMNS, "watched", "steps"]].to_numpy(dtype=bool)
    packed = np.packbits(flags, axis=1)
    digests = []
    for line, flag, road_class in zip(lonlat.geometry, packed, edges["road_class"], strict=True):
        places = np.rint(shapely.get_coordinates(line) * 1e7).astype("<i8")
        digests.append(hashlib.sha256(f"{road_class},".encode() + flag.tobytes() + places.tobytes()).digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:12]
