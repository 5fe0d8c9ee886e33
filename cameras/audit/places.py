"""What is wrong with positions: outside, in a building, far from streets, shared by too many."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cameras.audit.found import column, number, of_cameras, texts
from cameras.audit.scene import AuditScene, AuditSettings
from geo.errors import Sentence
from geo.sightlines import solid_parts

# Lenses of one pole: a wide and a long one look the same way on purpose.
_SAME_LENS_SHARE = 0.2
_INDOORS = 2


def place_labels(cameras: gpd.GeoDataFrame, within_m: float) -> NDArray[np.int64]:
    """A number for each camera's place: the same for those that a chain of steps of `within_m` joins.

    Places that thousands share are compared once: the tree holds each position one time.
    """
    spots, label = np.unique(
        shapely.get_coordinates(cameras.geometry.to_numpy()).round(3), axis=0, return_inverse=True
    )
    points = shapely.points(spots)
    a, b = shapely.STRtree(points).query(points, predicate="dwithin", distance=within_m)
    near = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(spots), len(spots)))
    joined: NDArray[np.int64] = connected_components(near, directed=False)[1][label.ravel()].astype(np.int64)
    return joined


def outside(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras in no jurisdiction."""
    rows = np.flatnonzero(texts(scene, "jurisdiction_path").eq("").to_numpy())
    lonlat = shapely.get_coordinates(scene.cameras.geometry.iloc[rows].to_crs(4326).to_numpy())
    told = [
        Sentence("%(lon)s, %(lat)s lies in no jurisdiction", lon=f"{lon:.6f}", lat=f"{lat:.6f}")
        for lon, lat in lonlat.tolist()
    ]
    return of_cameras(scene, "outside", rows, told)


def crowded_position(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Positions with more cameras than a pole carries."""
    counts = _how_many(place_labels(scene.cameras, settings.same_place_m))
    rows = np.flatnonzero(counts > settings.most_at_place)
    # To a metre or so: how many stand there is not this camera's matter.
    lonlat = shapely.get_coordinates(scene.cameras.geometry.iloc[rows].to_crs(4326).to_numpy())
    marks = [f"{lon:.5f} {lat:.5f}" for lon, lat in lonlat.tolist()]
    told = [
        Sentence("%(n)s cameras within %(m)s m", n=n, m=number(settings.same_place_m, 2))
        for n in counts[rows].tolist()
    ]
    return of_cameras(scene, "crowded_position", rows, told, value=counts[rows], mark=marks)


def _how_many(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bincount(labels)[labels] if len(labels) else np.zeros(0, dtype=np.int64)
    return counts


def crowded_address(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Addresses that cameras far apart share."""
    addresses = texts(scene, "address")
    rows = np.flatnonzero(addresses.ne("").to_numpy())
    where = pd.DataFrame(shapely.get_coordinates(scene.cameras.geometry.to_numpy())[rows], columns=["x", "y"])
    groups = where.groupby(addresses.iloc[rows].to_numpy(dtype=object), sort=False)
    size = groups["x"].transform("size").to_numpy(np.int64)
    spread = np.hypot(*(groups[axis].transform(np.ptp).to_numpy(np.float64) for axis in ("x", "y")))
    bad = (size > settings.most_at_address) & (spread > settings.address_spread_m)
    told = [
        Sentence(
            "%(n)s cameras over %(m)s m have the address “%(address)s”", n=n, m=number(m, 0), address=text
        )
        for n, m, text in zip(
            size[bad].tolist(), spread[bad].tolist(), addresses.iloc[rows[bad]], strict=True
        )
    ]
    marks = addresses.iloc[rows[bad]].tolist()
    return of_cameras(scene, "crowded_address", rows[bad], told, value=size[bad], mark=marks)


def duplicate_pose(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Fixed cameras of one place with one measured direction and a like lens.

    Crowded places are left out: there the position is wrong, not the record.
    """
    labels = place_labels(scene.cameras, settings.same_place_m)
    azimuth = column(scene, "azimuth_deg") % 360.0
    measured = texts(scene, "azimuth_quality").eq("measured").to_numpy() & np.isfinite(azimuth)
    fixed = column(scene, "ptz") != 1.0
    rows = np.flatnonzero(measured & fixed & (_how_many(labels) <= settings.most_at_place))
    partner = np.full(len(labels), -1, dtype=np.int64)
    hfov = column(scene, "hfov_deg")
    # Each against the others of its place in turn: no place has more than `most_at_place`.
    order = rows[np.argsort(labels[rows], kind="stable")]
    for step in range(1, settings.most_at_place):
        a, b = order[:-step], order[step:]
        turn = np.abs((azimuth[a] - azimuth[b] + 180.0) % 360.0 - 180.0)
        other_lens = np.abs(hfov[a] - hfov[b]) > _SAME_LENS_SHARE * np.fmax(hfov[a], hfov[b])
        same = (labels[a] == labels[b]) & (turn <= settings.same_azimuth_deg) & ~other_lens
        partner[a[same]], partner[b[same]] = b[same], a[same]
    twins = np.flatnonzero(partner >= 0)
    codes = scene.cameras["code"].to_numpy(dtype=object)
    told = [
        Sentence(
            "looks %(azimuth)s°, as %(code)s at the same place does",
            azimuth=number(azimuth[row], 0),
            code=codes[partner[row]],
        )
        for row in twins
    ]
    return of_cameras(scene, "duplicate_pose", twins, told, value=azimuth[twins])


def inside_building(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras in a building, deeper than façades are drawn; `value` is how deep in metres."""
    points = scene.cameras.geometry.to_numpy()
    solid = solid_parts(scene.obstructions.to_numpy())
    point, building = shapely.STRtree(solid).query(points, predicate="within")
    depth = np.zeros(len(points))
    np.maximum.at(depth, point, shapely.distance(points[point], shapely.boundary(solid[building])))
    inside = (depth > settings.inside_m) & (column(scene, "room_type") != _INDOORS)
    rows = np.flatnonzero(inside)
    told = [Sentence("%(m)s m inside the outline of a building", m=number(m)) for m in depth[rows].tolist()]
    return of_cameras(scene, "inside_building", rows, told, value=depth[rows])


def far_from_street(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras with no street near; `value` is the distance to the nearest in metres."""
    distance = street_distance(scene.cameras.geometry.to_numpy(), shapely.STRtree(scene.streets.to_numpy()))
    rows = np.flatnonzero(distance > settings.street_m)
    told = [Sentence("the nearest street is %(m)s m away", m=number(m, 0)) for m in distance[rows].tolist()]
    return of_cameras(scene, "far_from_street", rows, told, value=distance[rows])


def street_distance(points: NDArray[np.object_], streets: shapely.STRtree) -> NDArray[np.float64]:
    """Metres from each point to the nearest street."""
    found: NDArray[np.float64] = np.full(len(points), np.inf)
    (point, _), distance = streets.query_nearest(points, return_distance=True, all_matches=False)
    found[point] = distance
    return found
