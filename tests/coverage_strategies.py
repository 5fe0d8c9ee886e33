"""Small scenes of streets, cameras and evidence: made by hand or by Hypothesis, and judged by brute force.

The brute-force evaluator follows the table of DESIGN §4 word by word, one atom and one tick at a time. It
shares nothing with `cameras.sweep` but the atoms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from hypothesis import strategies as st

from cameras.coverage import Coverage, CoverageSettings, coverage
from cameras.ground import Layers, incidence, watched_ground

CRS = "EPSG:3067"
USABLE, DEGRADED, OUTAGE, NOT_MEASURED = range(4)
MINUTE = 60_000
TICK = 5_000
ORDER = ("moved", "degraded", "outage", "not_measured", "uncertain", "resolution", "occluded", "no_camera")


@dataclass(frozen=True)
class Scene:
    """Everything `coverage` needs."""

    edges: GeoDataFrame
    places: GeoDataFrame
    leaves: GeoDataFrame
    poses: pd.DataFrame
    layers: Layers
    segments: pd.DataFrame
    period: tuple[int, int]
    settings: CoverageSettings


def analyse(scene: Scene) -> Coverage:
    """The scene's coverage, by the way every caller goes."""
    ground = watched_ground(scene.edges, scene.places, scene.leaves, scene.layers)
    return coverage(
        ground, incidence(ground, scene.layers), scene.poses, scene.segments, scene.period, scene.settings
    )


# --- by hand ---


def street_frame(lines, *, nodes=None, watched=None, road_class="residential") -> GeoDataFrame:
    """ROAD EDGES of coordinate lists, ids 1, 2, …; nodes are named by their coordinates unless given."""
    lines = [shapely.LineString(line) for line in lines]
    ends = [(line.coords[0], line.coords[-1]) for line in lines]
    name = {at: i for i, at in enumerate(sorted({at for pair in ends for at in pair}), start=100)}
    pairs = nodes or [(name[a], name[b]) for a, b in ends]
    ids = pd.RangeIndex(1, len(lines) + 1)
    return GeoDataFrame(
        {
            "u": np.array([u for u, _ in pairs], dtype=np.int64),
            "v": np.array([v for _, v in pairs], dtype=np.int64),
            "road_class": [road_class] * len(lines),
            "watched": np.array([True] * len(lines) if watched is None else watched, dtype=bool),
        },
        geometry=GeoSeries(lines, index=ids, crs=CRS),
        index=ids,
    )


def place_frame(points, kind="school") -> GeoDataFrame:
    """PLACES of one kind, ids 500, 501, …"""
    ids = pd.RangeIndex(500, 500 + len(points))
    shapes = GeoSeries([shapely.Point(p) for p in points], index=ids, crs=CRS)
    return GeoDataFrame({"kind": np.array([kind] * len(points), dtype=object)}, geometry=shapes, index=ids)


def leaf_frame(**boxes) -> GeoDataFrame:
    """Leaves by label: (x0, y0, x1, y1), under city.town."""
    return GeoDataFrame(
        {"path": [f"city.town.{label}" for label in boxes]},
        geometry=[shapely.box(*box) for box in boxes.values()],
        crs=CRS,
    )


EVERYWHERE = {"g1": (-1000, -1000, 1000, 1000)}


def layers_of(at_level, at_lowest=None, unobstructed=None) -> Layers:
    """Layers of lists of polygons; those not given repeat the first."""
    return Layers(
        *(
            GeoSeries(list(shapes if shapes is not None else at_level), crs=CRS)
            for shapes in (at_level, at_lowest, unobstructed)
        )
    )


def stretch(x0: float, x1: float) -> shapely.Polygon:
    """A footprint that contains x0..x1 of a street along the x axis."""
    return shapely.box(x0, -5, x1, 5)


def pose_frame(rows) -> pd.DataFrame:
    """POSES of (camera, certain) pairs."""
    return pd.DataFrame(rows, columns=["camera", "certain"])


def segment_frame(rows) -> pd.DataFrame:
    """SEGMENTS of (camera, start_ms, end_ms, state, reason, pose, nominal, moved) tuples."""
    columns = ["camera", "start_ms", "end_ms", "state", "reason", "pose", "nominal", "moved"]
    return pd.DataFrame(rows, columns=columns).astype({"moved": bool})


def small_day() -> Scene:
    """The hand-worked hour of docs/gaps.md: a street of 100 m, a school, three cameras."""
    t = [k * MINUTE for k in range(61)]
    return Scene(
        edges=street_frame([[(0, 0), (100, 0)]]),
        places=place_frame([(35, 4)]),
        leaves=leaf_frame(v1=(-10, -10, 60, 10), v2=(60, -10, 110, 10)),
        poses=pose_frame([(1, True), (2, True), (3, False)]),
        layers=layers_of([stretch(0, 40), stretch(30, 80), stretch(80, 90)]),
        segments=segment_frame(
            [
                (1, t[0], t[30], USABLE, "", 0, 0, False),
                (1, t[30], t[50], DEGRADED, "dark", 0, 0, False),
                (1, t[50], t[60], USABLE, "", 0, 0, False),
                (2, t[0], t[10], USABLE, "", 1, 1, False),
                (2, t[10], t[40], OUTAGE, "lost", -1, 1, False),
                (2, t[40], t[60], USABLE, "", 1, 1, False),
                (3, t[0], t[60], USABLE, "", 2, 2, False),
            ]
        ),
        period=(0, 60 * MINUTE),
        settings=CoverageSettings(),
    )


# --- by Hypothesis ---

# Streets and leaves lie on whole metres, footprints off them: no street runs exactly along a footprint's rim,
# where a float's last bit would decide and laws that compare two scenes could not hold.
_OFF = (0.1370137, 0.2910291)
_whole = st.integers(0, 60)
_point = st.tuples(_whole, _whole)


@st.composite
def polygons(draw) -> shapely.Geometry:
    """A box, a triangle, a sector with a dead zone, two boxes, a box with a hole, or nothing."""
    x, y = draw(_point)
    w, h = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    box = shapely.box(x, y, x + w, y + h)
    kind = draw(st.sampled_from(["box", "triangle", "sector", "two", "hole", "empty"]))
    if kind == "triangle":
        box = shapely.Polygon([(x, y), (x + w, y), (x, y + h)])
    elif kind == "sector":
        turn = np.radians(draw(st.integers(0, 359)) + np.linspace(0, draw(st.integers(10, 350)), 12))
        ring = np.column_stack((np.cos(turn), np.sin(turn)))
        box = shapely.Polygon(np.vstack((ring * (w + 2), ring[::-1] * 1.5)) + np.array([x, y]))
    elif kind == "two":
        box = shapely.MultiPolygon([box, shapely.box(x + w + 3, y, x + w + 9, y + h)])
    elif kind == "hole":
        box = box.difference(shapely.box(x + w / 4, y + h / 4, x + w / 2, y + h / 2))
    elif kind == "empty":
        box = shapely.Polygon()
    return shapely.transform(box, lambda at: at + _OFF)


@st.composite
def streets(draw) -> GeoDataFrame:
    """One to five sections between few nodes, bent, crossing, parallel or closed; some not watched."""
    nodes = draw(st.lists(_point, min_size=2, max_size=5, unique=True))
    lines, pairs = [], []
    for _ in range(draw(st.integers(1, 5))):
        u, v = draw(st.integers(0, len(nodes) - 1)), draw(st.integers(0, len(nodes) - 1))
        bends = draw(st.lists(_point, max_size=2))
        if u == v and not any(bend != nodes[u] for bend in bends):
            bends = [(nodes[u][0] + 7, nodes[u][1] + 1)]
        lines.append([nodes[u], *bends, nodes[v]])
        pairs.append((u, v))
    watched = draw(
        st.lists(st.sampled_from([True, True, True, False]), min_size=len(lines), max_size=len(lines))
    )
    return street_frame(lines, nodes=pairs, watched=watched)


@st.composite
def tiles(draw, camera: int, own: list[int], ticks: int) -> list[tuple]:
    """Segments of one camera that tile [0, ticks)."""
    inner = draw(st.lists(st.integers(1, ticks - 1), max_size=4, unique=True))
    borders = [0, *sorted(inner), ticks]
    rows = []
    for a, b in pairwise(borders):
        state = draw(st.sampled_from([USABLE, USABLE, DEGRADED, OUTAGE, NOT_MEASURED]))
        is_live = state in (USABLE, DEGRADED)
        nominal = draw(st.sampled_from([-1, *own, *own]))
        pose = draw(st.sampled_from([-1, *own, *own, *own])) if is_live else -1
        moved = is_live and nominal >= 0 and pose != nominal and draw(st.booleans())
        reason = draw(st.sampled_from(["", "dark", "lost", "frozen"]))
        rows.append((camera, a * TICK, b * TICK, state, reason, pose, nominal, moved))
    return rows


@st.composite
def scenes(draw, cameras=st.integers(0, 4)) -> Scene:  # noqa: B008 - a strategy is a constant
    """A whole random scene of a few minutes, slots of one minute, the last one shorter."""
    n_cameras = draw(cameras)
    # A camera's poses need not stand together.
    owners = draw(
        st.permutations([c for c in range(1, n_cameras + 1) for _ in range(draw(st.integers(1, 2)))])
    )
    at_level = [draw(polygons()) for _ in owners]
    # The other layers may contradict: incidence repairs that.
    at_lowest = [draw(st.one_of(st.just(shape), polygons())) for shape in at_level]
    unobstructed = [draw(st.one_of(st.just(shape), polygons())) for shape in at_level]
    ticks = draw(st.integers(13, 66))
    rows = []
    for camera in range(1, n_cameras + 1):
        own = [pose for pose, owner in enumerate(owners) if owner == camera]
        rows += draw(tiles(camera, own, ticks))
    split = draw(st.integers(5, 55))
    return Scene(
        edges=draw(streets()),
        places=place_frame(draw(st.lists(_point, max_size=3))),
        leaves=leaf_frame(a=(0, 0, split, 60), b=(split, 0, 60, draw(st.sampled_from([60, 60, 40])))),
        poses=pose_frame([(owner, draw(st.sampled_from([True, True, False]))) for owner in owners]),
        layers=layers_of(at_level, at_lowest, unobstructed),
        segments=segment_frame(rows),
        period=(0, ticks * TICK),
        settings=CoverageSettings(slot_min=1, threshold=draw(st.sampled_from([0.5, 0.25, 1.0, 0.333333]))),
    )


def with_usable_camera(scene: Scene, footprint: shapely.Geometry) -> Scene:
    """The scene and one more camera, certain and usable throughout."""
    pose, camera = len(scene.poses), 99
    row = (camera, *scene.period, USABLE, "", pose, pose, False)
    more = GeoSeries([footprint], index=[pose], crs=CRS)
    grown = [
        pd.concat([layer, more]) if len(layer) else more
        for layer in (scene.layers.at_level, scene.layers.at_lowest, scene.layers.unobstructed)
    ]
    return replace(
        scene,
        poses=pose_frame([*scene.poses.itertuples(index=False, name=None), (camera, True)]),
        layers=Layers(*grown),
        segments=segment_frame([*scene.segments.itertuples(index=False, name=None), row]),
    )


def with_outage(scene: Scene, camera: int, start_ms: int, end_ms: int) -> Scene:
    """The scene with one camera lost in [start_ms, end_ms)."""
    rows = []
    for row in scene.segments.itertuples(index=False, name=None):
        owner, a, b, _, _, _, nominal, _ = row
        if owner != camera or b <= start_ms or end_ms <= a:
            rows.append(row)
            continue
        if a < start_ms:
            rows.append((owner, a, start_ms, *row[3:]))
        rows.append((owner, max(a, start_ms), min(b, end_ms), OUTAGE, "lost", -1, nominal, False))
        if end_ms < b:
            rows.append((owner, end_ms, b, *row[3:]))
    return replace(scene, segments=segment_frame(rows))


# --- by brute force ---


@dataclass(frozen=True)
class Truth:
    """What the table of DESIGN §4 says of every atom and tick: arrays (atoms, ticks)."""

    cause: np.ndarray  # object: "covered" or the cause's name
    possible: np.ndarray
    twice: np.ndarray
    own: dict[int, np.ndarray]  # the same as `cause` if there were only this camera


def truth(scene: Scene, coverage: Coverage) -> Truth:
    """The scene judged one atom and one tick at a time, by the atoms' midpoints."""
    atoms = coverage.ground.atoms
    ticks = (scene.period[1] - scene.period[0]) // TICK
    cameras = sorted({int(c) for c in scene.segments["camera"]})
    shape = (len(atoms), ticks)
    cause, possible, twice = np.empty(shape, object), np.zeros(shape, bool), np.zeros(shape, bool)
    own = {camera: np.empty(shape, object) for camera in cameras}
    points = [shapely.Point(at) for at in zip(atoms["x"], atoms["y"], strict=True)]
    layers = {name: list(layer) for name, layer in vars(scene.layers).items()}
    certain = scene.poses["certain"].tolist()

    @lru_cache(None)
    def sees(layer: str, pose: int, atom: int) -> bool:
        if layer != "at_level" and sees("at_level", pose, atom):
            return True
        return bool(layers[layer][pose].intersects(points[atom]))

    rows = list(scene.segments.itertuples(index=False))

    @lru_cache(None)
    def holds(row: int, atom: int) -> frozenset[str]:
        """Every claim that one segment supports for one atom."""
        s = rows[row]
        live = s.state in (USABLE, DEGRADED)
        looked = s.pose if live else s.nominal
        claims = {"no_camera"}
        if looked >= 0:
            sure, in_level = bool(certain[looked]), sees("at_level", looked, atom)
            if s.state == USABLE and sure and in_level:
                claims.add("covered")
            if s.state == DEGRADED and sure and in_level:
                claims.add("degraded")
            if in_level and not sure:
                claims.add("uncertain")
            if s.state == USABLE and sure and sees("at_lowest", looked, atom):
                claims.add("resolution")
            if sees("unobstructed", looked, atom):
                claims.add("occluded")
            if s.state == USABLE and in_level:
                claims.add("possible")
        if s.nominal >= 0 and sees("at_level", s.nominal, atom):
            if certain[s.nominal]:
                if s.moved:
                    claims.add("moved")
                if s.state == OUTAGE:
                    claims.add("outage")
                if s.state == NOT_MEASURED:
                    claims.add("not_measured")
            if s.state == NOT_MEASURED:
                claims.add("possible")
        return frozenset(claims)

    def first_of(claims: set[str] | frozenset[str]) -> str:
        return next((name for name in ("covered", *ORDER) if name in claims), "no_camera")

    for tick in range(ticks):
        at = scene.period[0] + tick * TICK
        now = [i for i, s in enumerate(rows) if s.start_ms <= at < s.end_ms]
        for atom in range(len(atoms)):
            each = [holds(i, atom) for i in now]
            cause[atom, tick] = first_of(frozenset().union(*each))
            possible[atom, tick] = any("possible" in c for c in each)
            twice[atom, tick] = sum("covered" in c for c in each) >= 2
            for i, claims in zip(now, each, strict=True):
                own[int(rows[i].camera)][atom, tick] = first_of(claims)
    return Truth(cause, possible, twice, own)
