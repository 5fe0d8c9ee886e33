"""Where the cameras of the invented town stand, what they look at, and what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import true_north_deg
from geo.jurisdictions import leaf_of
from geo.synthetic import VILLAGES, Town
from geo.synthetic.streets import CLEAR_M

FloatArray = NDArray[np.float64]

# Cameras at each place of a kind: how many, and what the spot is called after the place's own name.
AT_PLACES: dict[str, tuple[str, ...]] = {
    "school": ("校门", "围墙外"),
    "kindergarten": ("门口",),
    "hospital": ("门口", "急诊通道"),
    "bank": ("门口",),
    "police": ("门口", "院外"),
    "government": ("门口",),
    "market": ("入口", "摊位区"),
    "station": ("出站口", "进站口"),
    "fuel": ("出入口",),
    "worship": ("前",),
    "bridge": ("桥头",),
    "water": ("岸边",),
}
MAIN_CLASSES = ("primary", "secondary")
VILLAGE_CLASSES = ("residential", "unclassified")
# A camera stands at least this far from a wall, metres.
OFF_WALL_M = 0.5
# Turned aside from the middle of what it is to see by about this, degrees.
ASIDE_DEG = 7.0
# Two cameras at one junction look at least this far apart, degrees.
APART_DEG = 60.0
# Junctions of a village with cameras lie at least this far apart, metres.
JUNCTIONS_APART_M = 42.0


@dataclass
class Sites:
    """Cameras as they are put up one after another: place, azimuth against grid north, name, role."""

    town: Town
    rng: np.random.Generator
    points: list[shapely.Point] = field(default_factory=list)
    azimuths: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._walls = shapely.STRtree(self.town.buildings.geometry.to_numpy())
        water = [area for area in self.town.water.geometry if area.area > 150.0]
        self._water = shapely.STRtree(water)
        self._taken: defaultdict[str, int] = defaultdict(int)

    def free(self, spots: FloatArray) -> FloatArray | None:
        """The first of the spots that is clear of walls and water, None where none is."""
        points = shapely.points(spots)
        bad = np.concatenate(
            [
                self._walls.query(points, predicate="dwithin", distance=OFF_WALL_M)[0],
                self._water.query(points, predicate="intersects")[0],
            ]
        )
        good = np.setdiff1d(np.arange(len(spots)), bad)
        return spots[good[0]] if len(good) else None

    def add(self, spot: FloatArray, towards: FloatArray, name: str, role: str) -> None:
        """Put up a camera at a spot that looks towards another one; a name given before is numbered."""
        self._taken[name] += 1
        number = self._taken[name]
        aside = float(np.clip(self.rng.normal(0.0, ASIDE_DEG), -2 * ASIDE_DEG, 2 * ASIDE_DEG))
        east, north = towards - spot
        self.points.append(shapely.Point(spot))
        self.azimuths.append(float(np.degrees(np.arctan2(east, north)) + aside) % 360.0)
        self.names.append(f"{name}{number}" if number > 1 else name)
        self.roles.append(role)


def camera_sites(town: Town, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """`count` cameras of the town.

    Returns
    -------
    GeoDataFrame in the town's CRS
        Index from 0: name (each once), role ("entrance", "place", "road", "junction"), village (number of the
        village it stands in), azimuth_deg (against true north, one decimal), geometry (clear of walls and
        water).

    Raises
    ------
    ValueError
        When the town has no room for so many.
    """
    sites = Sites(town, rng)
    arms = _arms(town)
    _entrances(sites)
    _at_places(sites)
    _on_roads(sites, arms)
    for node, street, at in _village_junctions(town, arms, rng):
        if len(sites.points) >= count:
            break
        if node == -1:
            continue
        _at_junction(sites, arms, node, f"{street}路口", at)
    if len(sites.points) < count:
        raise ValueError(f"the town has room for {len(sites.points)} cameras, {count} were asked for")
    return _frame(sites, count)


def _frame(sites: Sites, count: int) -> gpd.GeoDataFrame:
    town = sites.town
    points = gpd.GeoSeries(sites.points[:count], crs=town.crs)
    leaf = leaf_of(points, town.jurisdictions)
    number = {site.code: site.number for site in VILLAGES}
    azimuth = (np.array(sites.azimuths[:count]) - true_north_deg(points)) % 360.0
    return gpd.GeoDataFrame(
        {
            "name": sites.names[:count],
            "role": sites.roles[:count],
            "village": [number[path.split(".")[3]] for path in leaf],
            "azimuth_deg": np.round(azimuth, 1) % 360.0,
        },
        geometry=points,
    )


def _entrances(sites: Sites) -> None:
    """Two at every village entrance: who comes in, who goes out."""
    places = sites.town.places
    middles = {site.short: np.zeros(2) for site in VILLAGES}
    villages = sites.town.jurisdictions
    for site in VILLAGES:
        own = villages[villages["code"] == site.code].geometry.iloc[0]
        inside = sites.town.places[sites.town.places["name"] == f"{site.short}祠堂"].geometry.iloc[0]
        assert own.contains(inside)
        middles[site.short] = shapely.get_coordinates(inside)[0]
    for name, point in places.loc[places["kind"] == "entrance", ["name", "geometry"]].itertuples(index=False):
        gate = shapely.get_coordinates(point)[0]
        inwards = middles[name[:2]] - gate
        inwards /= np.hypot(*inwards)
        for word, look in (("进村", -inwards), ("出村", inwards)):
            spot = sites.free(_around(gate - 7.0 * look, look, 3.2))
            if spot is not None:
                sites.add(spot, spot + 30.0 * look, f"{name}{word}", "entrance")


def _at_places(sites: Sites) -> None:
    """Cameras that look at a door, a bank of water or a bridge from across the street or along it."""
    streets = sites.town.road_edges.geometry.to_numpy()
    tree = shapely.STRtree(streets)
    places = sites.town.places
    for kind, name, point in places[["kind", "name", "geometry"]].itertuples(index=False):
        at = shapely.get_coordinates(point)[0]
        line = streets[tree.nearest(point)]
        on_street = shapely.get_coordinates(line.interpolate(line.project(point)))[0]
        for turn, word in enumerate(AT_PLACES.get(kind, ())):
            along = _along(line, point) * (1 if turn else -1)
            spot = sites.free(_around(on_street - (11.0 + 4.0 * turn) * along, along, 3.4))
            if spot is not None:
                sites.add(spot, at, f"{name}{word}", "place")


def _on_roads(sites: Sites, arms: dict[int, list[tuple[FloatArray, str, str]]]) -> None:
    """Where the main roads meet others: one for each greater arm."""
    nodes = sites.town.road_nodes.geometry
    for node, around in arms.items():
        classes = [road_class for _, road_class, _ in around]
        if len(around) < 3 or not any(name in MAIN_CLASSES for name in classes):
            continue
        others = [
            name for _, road_class, name in around if road_class not in (*MAIN_CLASSES, "track", "service")
        ]
        names = [name for _, road_class, name in around if road_class in MAIN_CLASSES]
        crossing = len(set(names)) > 1
        if not others and not crossing:
            continue
        name = f"{names[0]}{others[0] if others else sorted(set(names))[-1]}路口"
        at = shapely.get_coordinates(nodes.loc[node])[0]
        greater = [arm for arm in around if arm[1] in (*MAIN_CLASSES, "tertiary", "unclassified")]
        for direction, road_class, _ in greater:
            spot = sites.free(_around(at - 8.0 * direction, direction, CLEAR_M[road_class] - 1.0))
            if spot is not None:
                sites.add(spot, spot + 40.0 * direction, name, "road")


def _at_junction(
    sites: Sites,
    arms: dict[int, list[tuple[FloatArray, str, str]]],
    node: int,
    name: str,
    at: FloatArray,
) -> None:
    """One or two on a pole at a junction, each along a street."""
    around = sorted(arms[node], key=lambda arm: -CLEAR_M[arm[1]])
    chosen: list[FloatArray] = []
    wanted = 2 if sites.rng.random() < 0.45 else 1
    for direction, road_class, _ in around:
        apart = [np.degrees(np.arccos(np.clip(direction @ other, -1.0, 1.0))) for other in chosen]
        if len(chosen) == wanted or any(angle < APART_DEG for angle in apart):
            continue
        spot = sites.free(_around(at - 2.0 * direction, direction, CLEAR_M[road_class] - 0.4))
        if spot is not None:
            chosen.append(direction)
            sites.add(spot, spot + 30.0 * direction, name, "junction")


def _village_junctions(
    town: Town, arms: dict[int, list[tuple[FloatArray, str, str]]], rng: np.random.Generator
) -> Iterator[tuple[int, str, FloatArray]]:
    """Junctions inside the villages by turns, in each the one farthest from those chosen before first."""
    edges = town.road_edges
    of_village = edges[(edges["village"] > 0) & edges["road_class"].isin(VILLAGE_CLASSES)]
    ends = pd.concat([of_village.set_index("u")["village"], of_village.set_index("v")["village"]])
    ends = ends[~ends.index.duplicated()]
    queues = []
    for site in VILLAGES:
        own = [
            node
            for node in ends.index[ends == site.number].tolist()
            if sum(arm[1] in VILLAGE_CLASSES for arm in arms[node]) >= 3
        ]
        xy = shapely.get_coordinates(town.road_nodes.geometry.loc[own].to_numpy())
        queues.append(_spread(own, xy, rng))
    while any(queues):
        for queue in queues:
            if queue:
                node, at = queue.pop(0)
                streets = [arm[2] for arm in arms[node] if arm[2] and arm[1] in VILLAGE_CLASSES]
                yield node, sorted(set(streets), key=streets.index)[0], at


def _spread(nodes: list[int], xy: FloatArray, rng: np.random.Generator) -> list[tuple[int, FloatArray]]:
    """The nodes in an order in which each is the farthest from all before it; near ones are left out."""
    first = int(rng.integers(len(nodes)))
    order, gap = [first], np.hypot(*(xy - xy[first]).T)
    while gap.max() >= JUNCTIONS_APART_M:
        order.append(int(gap.argmax()))
        gap = np.minimum(gap, np.hypot(*(xy - xy[order[-1]]).T))
    return [(nodes[i], xy[i]) for i in order]


def _arms(town: Town) -> dict[int, list[tuple[FloatArray, str, str]]]:
    """By node: direction (unit vector away from it), class and name of every street that meets there."""
    found: dict[int, list[tuple[FloatArray, str, str]]] = defaultdict(list)
    edges = town.road_edges
    lines = edges.geometry.to_numpy()
    xy = {side: shapely.get_coordinates(shapely.get_point(lines, at)) for side, at in (("u", 0), ("v", -1))}
    reach = np.minimum(15.0, shapely.length(lines))
    near = {
        "u": shapely.get_coordinates(shapely.line_interpolate_point(lines, reach)),
        "v": shapely.get_coordinates(shapely.line_interpolate_point(lines, -reach)),
    }
    for side in ("u", "v"):
        step = near[side] - xy[side]
        step /= np.maximum(np.hypot(*step.T), 1e-9)[:, None]
        for node, direction, road_class, name in zip(
            edges[side].tolist(), step, edges["road_class"], edges["name"], strict=True
        ):
            found[node].append((direction, str(road_class), name or ""))
    return found


def _along(line: shapely.LineString, point: shapely.Point) -> FloatArray:
    """Unit vector along a line where a point is nearest to it."""
    at = line.project(point)
    ends = shapely.get_coordinates([line.interpolate(max(0.0, at - 1.0)), line.interpolate(at + 1.0)])
    step: FloatArray = ends[1] - ends[0]
    return step / np.hypot(*step)


def _around(spot: FloatArray, direction: FloatArray, aside_m: float) -> FloatArray:
    """Spots beside a way through `spot`, first on its margins, at last on the way itself."""
    left = np.array([-direction[1], direction[0]])
    steps = [(aside, back) for back in (0.0, -4.0, 5.0) for aside in (aside_m, -aside_m, 0.6 * aside_m)]
    steps += [(0.0, 0.0), (0.0, 8.0)]
    return np.array([spot + aside * left + back * direction for aside, back in steps])


def recorder_groups(sites: gpd.GeoDataFrame, alone: NDArray[np.bool_], channels: int) -> NDArray[np.int64]:
    """Number of the recorder each camera hangs on, -1 for those that hang on none (`alone`).

    Neighbours of one village share a recorder of at most `channels`; a village's recorders are about equally
    full.
    """
    found = np.full(len(sites), -1, np.int64)
    xy = shapely.get_coordinates(sites.geometry.to_numpy())
    number = 0
    for village in sorted(sites["village"].unique()):
        left = np.flatnonzero((sites["village"] == village).to_numpy() & ~alone)
        for recorders_left in range(-(-len(left) // channels), 0, -1):
            # From the outermost inwards, so that no recorder is left with what is scattered all round.
            start = left[np.argmax(np.hypot(*(xy[left] - xy[left].mean(axis=0)).T))]
            order = np.argsort(np.hypot(*(xy[left] - xy[start]).T), kind="stable")
            near = left[order[: -(-len(left) // recorders_left)]]
            found[near] = number
            number += 1
            left = np.setdiff1d(left, near)
    return found
