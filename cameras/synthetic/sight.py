"""What made-up cameras look at: a street they can see, and how much street each watches alone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from cameras.footprint import footprints
from cameras.optics import completed
from geo.crs import true_north_deg

FloatArray = NDArray[np.float64]

# Who puts up a camera turns it to a street nearby; one farther off is out of range of most optics.
REACH_M = 40.0
# A camera this near to the middle of a street looks along it.
ON_STREET_M = 1.0
# Turned aside by at most this share of the field of view, so that the street stays in the picture.
ASIDE_SHARE = 0.3
# Ground that a camera sees closely and no other sees even from afar is watched by it alone at every level
# between the two.
NEAR_LEVEL, FAR_LEVEL = "observe", "detect"


def aimed_deg(
    stands: gpd.GeoSeries,
    streets: gpd.GeoSeries,
    obstructions: gpd.GeoSeries,
    hfov_deg: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Azimuth of each camera against true north, towards the nearest street in its sight.

    Parameters
    ----------
    stands : GeoSeries of Point
        Where the cameras stand, clear of obstructions, in a metric CRS.
    streets, obstructions : GeoSeries
        Lines and polygons in the same CRS.
    hfov_deg : (n,) array of float
    rng : Generator

    Returns
    -------
    (n,) array of float
        Degrees in [0, 360) with one decimal. Towards the nearest point of a street within `REACH_M` that no
        obstruction hides, else the nearest at all, turned aside a little; along the street for a camera that
        stands on one; any azimuth without streets.
    """
    points, lines = stands.to_numpy(), streets.to_numpy()
    aside = rng.uniform(-ASIDE_SHARE, ASIDE_SHARE, len(points)) * hfov_deg
    found = rng.uniform(0.0, 360.0, len(points))
    backwards = rng.random(len(points)) < 0.5
    if len(lines):
        tree = shapely.STRtree(lines)
        camera, street = tree.query(points, predicate="dwithin", distance=REACH_M)
        far = np.setdiff1d(np.arange(len(points)), camera)
        camera = np.concatenate([camera, far])
        street = np.concatenate([street, tree.nearest(points[far])])
        sights = shapely.shortest_line(points[camera], lines[street])
        hidden = np.zeros(len(sights), bool)
        hidden[shapely.STRtree(obstructions.to_numpy()).query(sights, predicate="intersects")[0]] = True
        order = np.lexsort((street, shapely.length(sights), hidden, camera))
        best = order[np.unique(camera[order], return_index=True)[1]]
        found = _direction_deg(points, lines[street[best]], sights[best], backwards) + aside
    # Measured against the grid so far; frames tell it against true north.
    return np.round(found - true_north_deg(stands), 1) % 360.0


def _direction_deg(
    points: NDArray[np.object_],
    lines: NDArray[np.object_],
    sights: NDArray[np.object_],
    backwards: NDArray[np.bool_],
) -> FloatArray:
    """Grid azimuth along each line of sight, or along the street itself where that is too short."""
    at = shapely.line_locate_point(lines, points)
    low = shapely.line_interpolate_point(lines, np.maximum(at - ON_STREET_M, 0.0))
    high = shapely.line_interpolate_point(lines, at + ON_STREET_M)
    along = shapely.get_coordinates(high) - shapely.get_coordinates(low)
    along[backwards] *= -1.0
    ends = shapely.get_coordinates(sights).reshape(-1, 2, 2)
    on_street = shapely.length(sights) < ON_STREET_M
    east, north = np.where(on_street[:, None], along, ends[:, 1] - ends[:, 0]).T
    return np.degrees(np.arctan2(east, north))


def watched_m(
    poses: pd.DataFrame, stands: gpd.GeoSeries, streets: gpd.GeoSeries, obstructions: gpd.GeoSeries
) -> pd.DataFrame:
    """Street that each camera watches for certain, and that it watches alone, metres.

    Parameters
    ----------
    poses : DataFrame
        camera, azimuth_deg (against true north), tilt_deg, hfov_deg, vfov_deg, width_px: every pose that a
        camera with a measured pose takes. The mounting height is the assumed one, as in an analysis.
    stands : GeoSeries of Point
        By camera, in a metric CRS.
    streets, obstructions : GeoSeries
        Lines and polygons in the same CRS.

    Returns
    -------
    DataFrame by camera
        seen_m, length of street inside the camera's footprint at `NEAR_LEVEL` (of its first pose); alone_m,
        what of it lies outside the footprints of all others at `FAR_LEVEL`.
    """
    where = gpd.GeoSeries(stands.loc[poses["camera"]].to_numpy(), index=poses.index, crs=stands.crs)
    viewers = gpd.GeoDataFrame(completed(poses), geometry=where)
    viewers["azimuth_deg"] = (viewers["azimuth_deg"] + true_north_deg(where)) % 360.0
    walls = gpd.GeoDataFrame(geometry=obstructions)
    near = footprints(viewers, walls, level=NEAR_LEVEL).to_numpy()
    far = footprints(viewers, walls, level=FAR_LEVEL).to_numpy()
    owner = poses["camera"].to_numpy()
    lines, others = shapely.STRtree(streets.to_numpy()), shapely.STRtree(far)
    rows = {}
    for camera, first in zip(*np.unique(owner, return_index=True), strict=True):
        rivals = others.query(near[first], predicate="intersects")
        alone = near[first].difference(shapely.union_all(far[rivals[owner[rivals] != camera]]))
        seen = streets.to_numpy()[lines.query(near[first], predicate="intersects")]
        rows[camera] = [
            float(shapely.length(shapely.intersection(seen, area)).sum()) for area in (near[first], alone)
        ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["seen_m", "alone_m"], dtype=float)
