"""Where things are, in street names: which street a gap or a stop lies on, where a name is written.

Works on a local plane in metres around the map's middle (equirectangular): good to a per mille over the
tens of kilometres of one map, which is ample for naming; nothing is measured with it.
"""

from collections import Counter
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

METRES_PER_DEGREE = 111_320.0
LEAST_LABELLED_M = 60.0
LABEL_EVERY_M = 220.0

STREET_RANK = {
    "motorway": 0,
    "trunk": 0,
    "primary": 0,
    "secondary": 1,
    "tertiary": 1,
    "unclassified": 2,
    "residential": 2,
    "living_street": 2,
    "pedestrian": 2,
}
"""Which names go first where there is no room for all; ways not named here come last."""


def to_plane(geometries: Iterable[BaseGeometry], latitude: float) -> np.ndarray:
    """Lon/lat geometries in metres east and north, true to scale at `latitude`."""
    scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(latitude)), METRES_PER_DEGREE])
    return shapely.transform(np.asarray(list(geometries), dtype=object), lambda xy: xy * scale)


def _named(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    has_name = [isinstance(name, str) and bool(name) for name in streets["name"]]
    return streets[np.array(has_name, dtype=bool)]


def street_names(
    geometries: Iterable[BaseGeometry],
    streets: gpd.GeoDataFrame,
    *,
    latitude: float,
    reach_m: float = 25.0,
    most: int = 2,
) -> list[str]:
    """For each geometry the streets it lies on, the longest share first, at most `most`, "" for none.

    A line is asked for at the middle of each of its parts, weighted by the part's length.
    """
    given = list(geometries)
    named = _named(streets)
    if not given or named.empty:
        return [""] * len(given)
    names = named["name"].to_numpy()
    tree = shapely.STRtree(to_plane(named.geometry, latitude))
    answers = []
    for geometry in to_plane(given, latitude):
        parts = [part for part in shapely.get_parts(geometry) if not part.is_empty]
        middles = [p.interpolate(0.5, normalized=True) if p.length else p.centroid for p in parts]
        found: Counter[str] = Counter()
        if middles:
            near = tree.query_nearest(middles, max_distance=reach_m, all_matches=False)
            for part, street in near.T:
                found[names[street]] += max(parts[part].length, 1e-9)
        answers.append(" / ".join(name for name, _ in found.most_common(most)))
    return answers


def street_labels(streets: gpd.GeoDataFrame, *, latitude: float) -> list[list[float | str]]:
    """Where street names are written: [name, lon, lat, angle, room, rank] for each place.

    angle is degrees clockwise from east as a screen has it, kept between -90 and 90 so that no name stands
    on its head; room is the length of street the name may fill, metres; rank 0 goes first.
    """
    named = _named(streets)
    labels: list[list[float | str]] = []
    for name, group in named.groupby("name"):
        rank = int(group["road_class"].map(lambda c: STREET_RANK.get(str(c), 3)).min())
        plane = to_plane(group.geometry, latitude)
        merged = shapely.line_merge(shapely.union_all(plane))
        for line in shapely.get_parts(merged):
            if line.length < LEAST_LABELLED_M:
                continue
            pieces = max(1, int(line.length // LABEL_EVERY_M))
            room = line.length / pieces
            for piece in range(pieces):
                middle = (piece + 0.5) * room
                at = line.interpolate(middle)
                before, after = line.interpolate(middle - 25), line.interpolate(middle + 25)
                angle = -np.degrees(np.arctan2(after.y - before.y, after.x - before.x))
                angle = (angle + 90) % 180 - 90
                lon = at.x / (METRES_PER_DEGREE * np.cos(np.radians(latitude)))
                lat = at.y / METRES_PER_DEGREE
                labels.append([str(name), round(lon, 6), round(lat, 6), round(angle, 1), round(room), rank])
    return sorted(labels, key=lambda label: (label[5], -float(label[4])))
