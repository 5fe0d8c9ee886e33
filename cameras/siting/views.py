"""What a camera would see in each direction, from one look all round.

A sector behind obstructions is the circle behind the same obstructions, cut by two rays: so what can be seen
is computed once for each stand, and each azimuth is a choice among the points in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from cameras.siting.settings import SitingSettings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Bearings and rims are compared to this: a point on a rim is inside, as `cameras.ground` has it.
_RIM_DEG = 1e-6


@dataclass(frozen=True, eq=False)
class Sights:
    """Pairs of stands and points in sight of them all round, by stand: `bearing_deg` clockwise from grid
    north, from the stand to the point; NaN where they are one."""

    stand: IntArray
    point: IntArray
    bearing_deg: FloatArray

    def towards(self, azimuth_deg: FloatArray, hfov_deg: FloatArray) -> NDArray[np.bool_]:
        """Which pairs lie in the field of a stand; one azimuth (grid) and one field a stand."""
        off = np.abs((self.bearing_deg - azimuth_deg[self.stand] + 180.0) % 360.0 - 180.0)
        # Not "at most": the point that a camera stands on has no bearing (NaN) and lies in every field.
        found: NDArray[np.bool_] = ~(off > hfov_deg[self.stand] / 2.0 + _RIM_DEG)
        return found


def all_round(
    stands: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    x: FloatArray,
    y: FloatArray,
    settings: SitingSettings,
) -> Sights:
    """Points in sight of each stand whatever way it looks, at the range of its own lens.

    Parameters
    ----------
    stands : GeoDataFrame
        As `cameras.footprint.footprints` takes cameras; azimuths and their tolerances are left aside.
    obstructions : GeoDataFrame
        In the same CRS.
    x, y : (n,) array of float
        Points, metres in that CRS.
    settings : SitingSettings
        Level of detail, and how walls hide.
    """
    turned = stands.assign(azimuth_deg=np.nan, azimuth_tolerance_deg=0.0).reset_index(drop=True)
    shapes = settings.footprints(turned, obstructions)
    tree = shapely.STRtree(shapely.points(x, y))
    stand, point = tree.query(shapes.to_numpy(), predicate="intersects")
    at = turned.geometry.to_numpy()
    east, north = x[point] - shapely.get_x(at)[stand], y[point] - shapely.get_y(at)[stand]
    bearing = np.degrees(np.arctan2(east, north)) % 360.0
    return Sights(stand, point, np.where((east == 0.0) & (north == 0.0), np.nan, bearing))


def seen_now(
    poses: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    x: FloatArray,
    y: FloatArray,
    settings: SitingSettings,
) -> tuple[IntArray, IntArray]:
    """(row of `poses`, point) of what each pose sees as it is."""
    shapes = settings.footprints(poses, obstructions)
    tree = shapely.STRtree(shapely.points(x, y))
    found = tree.query(shapes.to_numpy(), predicate="intersects")
    return found[0], found[1]
