"""A made-up city in a database, of any size: 27,000 grids and 10,000 cameras unless asked for otherwise.

Nothing here is real. It is what the tiles and the map page are measured on; the tests use a small one. Every
row lies in its jurisdiction by construction, which lets a test know what a tile must hold without asking the
database. Rows are written as imports and analyses write them, without running either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import asinh, pi, prod, radians, tan
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.causes import CAUSE_NAMES
from cameras.repository import results
from cameras.services.reporting import sum_up
from cameras.slots import slot_digits
from cameras.tables import Analysis
from geo import repository as places
from geo.db import ALWAYS, copy_rows, write_frame
from geo.repository.tiles import Tile
from geo.tables import Site
from patrols import repository as patrols
from patrols.tables import Plan

Floats = NDArray[np.float64]

WEST, SOUTH = 116.50, 23.30
# Degrees of 100 m there.
STEP_LON, STEP_LAT = 0.000980, 0.000903
PERIOD = (datetime(2026, 11, 21, 16, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC))
SLOT_MIN = 15
SLOTS = 96
LEVELS = {"detect": 76.0, "observe": 31.0}  # and how far a camera of 1920 pixels and 90° sees at them, metres
CLASSES = ("residential", "secondary", "footway")
STATES = ("usable", "degraded", "outage", "not_measured")
QUALITIES = ("measured", "coarse", "unknown")


@dataclass(frozen=True)
class Size:
    """How large a city: children (across, up) of each node of the tree, and what stands in it.

    Parameters
    ----------
    tree : tuple of (int, int)
        Districts of the city, towns of a district, villages of a town, grids of a village.
    cameras, gaps, zones : int
        Zones lie one in a town, each of its first three villages.
    finer : (int, int)
        Steps of the lattice, 100 m each, across and up in a grid.
    """

    tree: tuple[tuple[int, int], ...] = ((2, 3), (5, 2), (3, 6), (5, 5))
    cameras: int = 10_000
    gaps: int = 15_000
    zones: int = 12
    finer: tuple[int, int] = (1, 1)

    @property
    def across(self) -> int:
        """Steps from west to east."""
        return prod(x for x, _ in self.tree) * self.finer[0]

    @property
    def up(self) -> int:
        """Steps from south to north."""
        return prod(y for _, y in self.tree) * self.finer[1]


SMALL = Size(((1, 2), (2, 1), (3, 1), (3, 3)), cameras=200, gaps=80, zones=2)


@dataclass(frozen=True)
class Scene:
    """What was stored: ids to ask tiles for, and the tree."""

    analysis: int
    published: int
    draft: int
    tree: gpd.GeoDataFrame
    bounds: tuple[float, float, float, float]


class _City:
    """The shifted lattice that everything lies on, and the path of every grid."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size = size
        self.draw = np.random.default_rng(seed)
        cols, rows = np.meshgrid(np.arange(size.across + 1), np.arange(size.up + 1))
        # A fifth of a step at most: the middle half of every grid is surely inside it.
        self.lon = WEST + STEP_LON * (cols + self.draw.uniform(-0.2, 0.2, cols.shape))
        self.lat = SOUTH + STEP_LAT * (rows + self.draw.uniform(-0.2, 0.2, rows.shape))
        self.tree, self.path = self._tree()

    def corners(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Floats:
        """(n, 2) lattice points."""
        return np.stack([self.lon[rows, cols], self.lat[rows, cols]], axis=-1)

    def block(self, row: int, col: int, up: int, across: int) -> shapely.Polygon:
        """The ring of lattice points around some grids, so that neighbours share their borders exactly."""
        east, north = np.arange(across), np.arange(up)
        rows = np.concatenate([0 * east, north, 0 * east + up, up - north])
        cols = np.concatenate([east, 0 * north + across, across - east, 0 * north])
        return shapely.Polygon(self.corners(row + rows, col + cols))

    def middle(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> Floats:
        """(n, 2) random points inside the grids named."""
        shift = self.draw.uniform(0.25, 0.75, (len(row), 2))
        return np.stack(
            [WEST + STEP_LON * (col + shift[:, 0]), SOUTH + STEP_LAT * (row + shift[:, 1])], axis=-1
        )

    def _tree(self) -> tuple[gpd.GeoDataFrame, NDArray[np.object_]]:
        nodes: list[dict[str, Any]] = []
        path = np.full((self.size.up, self.size.across), "", dtype=object)

        def grow(code: str, name: str, level: int, row: int, col: int, up: int, across: int) -> None:
            nodes.append(
                {
                    "path": code,
                    "code": code.rsplit(".", 1)[-1],
                    "level": level,
                    "name": name,
                    "name_en": f"Grid {code.rsplit('g', 1)[-1]}" if level == 4 else f"Made-up {code}",
                    "origin": "synthetic",
                    "geometry": self.block(row, col, up, across),
                }
            )
            if level == len(self.size.tree):
                path[row : row + up, col : col + across] = code
                return
            wide, high = self.size.tree[level]
            for n in range(wide * high):
                y, x = divmod(n, wide)
                grow(
                    f"{code}.{'dtvg'[level]}{n + 1}",
                    f"第{n + 1}格" if level == 3 else f"{name}{'区镇村'[level]}{n + 1}",
                    level + 1,
                    row + y * up // high,
                    col + x * across // wide,
                    up // high,
                    across // wide,
                )

        grow("syn", "示例市", 0, 0, 0, self.size.up, self.size.across)
        return gpd.GeoDataFrame(nodes, geometry="geometry", crs=4326), path


def build(session: Session, size: Size | None = None, *, seed: int = 1) -> Scene:
    """Store a city in an empty, migrated database.

    Parameters
    ----------
    session : Session
        With the whole site as its scope. Not committed here.
    size : Size, optional
        27,000 grids and 10,000 cameras without it.
    seed : int
        Of every draw.
    """
    city = _City(size or Size(), seed)
    session.add(Site(id=1, name="示例市", name_en="Made-up City", timezone="Asia/Shanghai", metric_epsg=4547))
    batch = places.add_batch(
        session,
        kind="jurisdictions",
        file_name="made-up city",
        sha256=f"{seed:064d}",
        datum="wgs84",
        label="synthetic",
        rows=len(city.tree),
        author="bench",
    )
    places.add_jurisdictions(session, city.tree, batch)
    streets = _streets(session, city, batch)
    analysis = results.add_analysis(session, _analysis())
    _cameras(session, city, batch, analysis)
    _gaps(session, city, streets, analysis)
    _shares(session, city, streets, analysis)
    published, draft = _patrols(session, city, batch)
    west, south, east, north = (float(edge) for edge in city.tree.total_bounds)
    return Scene(analysis, published, draft, city.tree, (west, south, east, north))


def tile_at(lon: float, lat: float, z: int) -> Tile:
    """The tile a place lies in (OpenStreetMap wiki, Slippy map tilenames)."""
    x = (lon + 180) / 360 * 2**z
    y = (1 - asinh(tan(radians(lat))) / pi) / 2 * 2**z
    return Tile(z, int(x), int(y))


def covering(bounds: tuple[float, float, float, float], z: int) -> list[Tile]:
    """All tiles of a zoom that meet west, south, east, north."""
    west, south, east, north = bounds
    first, last = tile_at(west, north, z), tile_at(east, south, z)
    return [Tile(z, x, y) for x in range(first.x, last.x + 1) for y in range(first.y, last.y + 1)]


def _batch_of(count: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns, index=range(count))


def _streets(session: Session, city: _City, batch: int) -> gpd.GeoDataFrame:
    """A street along every second row of the lattice and every third column, in pieces of one grid."""
    up, across = city.size.up, city.size.across
    grid_row, grid_col = (each.ravel() for each in np.mgrid[0:up, 0:across])
    lying, standing = grid_row % 2 == 0, grid_col % 3 == 0
    row, col = (np.concatenate([each[lying], each[standing]]) for each in (grid_row, grid_col))
    upright = np.arange(len(row)) >= lying.sum()
    ends = [(row, col), (row + upright, col + ~upright)]
    number = np.arange(city.lon.size).reshape(city.lon.shape)
    used = np.unique(np.concatenate([number[each] for each in ends]))
    points = gpd.GeoSeries(shapely.points(city.lon.ravel()[used], city.lat.ravel()[used]), crs=4326)
    keys = pd.Series(write_frame(session, "road_node", _with(points, batch_id=batch)), index=used)
    lines = shapely.linestrings(np.stack([city.corners(*end) for end in ends], axis=1))
    kind = np.where(upright, "footway", np.where(row % 10 == 0, "secondary", "residential"))
    edges = _with(
        gpd.GeoSeries(lines, crs=4326),
        u=keys[number[ends[0]]].to_numpy(),
        v=keys[number[ends[1]]].to_numpy(),
        way_id=np.arange(len(row)) + 1,
        name=[f"{r + 1}号路" if r % 4 == 0 else None for r in row],
        road_class=kind,
        steps=False,
        **dict.fromkeys([flag for flag in places.ROAD_FLAGS if flag != "steps"], True),
        jurisdiction_path=city.path[row, col],
        valid=ALWAYS,
        batch_id=batch,
    )
    write_frame(session, "road_edge", edges)
    return gpd.GeoDataFrame(edges, geometry="geom", crs=4326)


def _with(shapes: gpd.GeoSeries, *, geom: str = "geom", **columns: Any) -> pd.DataFrame:
    """Columns beside a geometry column, as `write_frame` takes them."""
    return _batch_of(len(shapes), **columns).assign(**{geom: shapes.reset_index(drop=True)})


def _analysis() -> Analysis:
    return Analysis(
        period=Range(*PERIOD, bounds="[)"),
        level="observe",
        slot_min=SLOT_MIN,
        threshold=0.5,
        parameters={},
        input_revision="0" * 12,
        code_version="0",
        author="bench",
        totals={
            "street_length_m": 1.0,
            "watched_share": {name: {"certain": 0.0, "possible": 0.0} for name in LEVELS},
            "frames": 0,
            "online_rate": 0.0,
        },
    )


def _cameras(session: Session, city: _City, batch: int, analysis: int) -> None:
    """Cameras, a pose and two footprints for each, and what evidence says of nine in ten."""
    count, draw = city.size.cameras, city.draw
    row, col = draw.integers(0, city.size.up, count), draw.integers(0, city.size.across, count)
    spots, path = city.middle(row, col), city.path[row, col]
    quality = draw.choice(QUALITIES, count, p=(0.7, 0.2, 0.1))
    azimuth = np.where(quality == "unknown", np.nan, draw.integers(0, 360, count).astype(float))
    points = gpd.GeoSeries(shapely.points(spots), crs=4326)
    optics = {"tilt_deg": 10.0, "hfov_deg": 90.0, "vfov_deg": 50.0, "width_px": 1920.0, "mount_height_m": 5.0}
    cameras = _with(
        points,
        code=[f"C{n:06d}" for n in range(count)],
        name=[f"路口{n}" for n in range(count)],
        azimuth_deg=azimuth,
        azimuth_quality=quality,
        height_px=1080.0,
        ptz=False,
        jurisdiction_path=path,
        valid=ALWAYS,
        batch_id=batch,
        **optics,
    )
    ids = write_frame(session, "camera", cameras).to_numpy()
    poses = _with(
        points,
        geom="stand",
        analysis_id=analysis,
        camera_id=ids,
        origin="record",
        azimuth_deg=azimuth,
        azimuth_tolerance_deg=np.where(quality == "measured", 0.0, 22.5),
        assumed="",
        certain=quality == "measured",
        nominal=True,
        **optics,
    )
    pose_ids = write_frame(session, "pose", poses).to_numpy()
    for level, reach_m in LEVELS.items():
        views = _with(
            gpd.GeoSeries(_sectors(spots, azimuth, reach_m), crs=4326),
            analysis_id=analysis,
            pose_id=pose_ids,
            level=level,
            certain=quality == "measured",
            area_m2=np.pi * reach_m**2 / 4,
            jurisdiction_path=path,
        )
        write_frame(session, "footprint", views)
    rows = []
    for n in np.flatnonzero(draw.random(count) < 0.9):
        first, second = draw.choice(STATES, 2, p=(0.8, 0.07, 0.08, 0.05))
        turn = PERIOD[0] + timedelta(minutes=int(draw.integers(1, 24 * 60)))
        for state, start, end in ((first, PERIOD[0], turn), (second, turn, PERIOD[1])):
            period = f"[{start.isoformat()},{end.isoformat()})"
            rows.append((analysis, int(ids[n]), period, str(state), "", False, int(pose_ids[n]), path[n]))
    names = ("analysis_id", "camera_id", "period", "state", "reason", "moved", "pose_id", "jurisdiction_path")
    copy_rows(session, "availability", names, rows)
    sum_up(session, analysis)


def _sectors(spots: Floats, azimuth: Floats, reach_m: float) -> NDArray[np.object_]:
    """Quarter circles around the azimuths, whole ones where there is none."""
    open_side = np.where(np.isnan(azimuth), 180.0, 45.0)
    turn = np.nan_to_num(azimuth)[:, None] + open_side[:, None] * np.linspace(-1, 1, 13)
    reach = reach_m / 100.0 * np.array([STEP_LON, STEP_LAT])
    arc = spots[:, None, :] + reach * np.stack([np.sin(np.radians(turn)), np.cos(np.radians(turn))], axis=-1)
    return shapely.polygons(np.concatenate([spots[:, None, :], arc], axis=1))


def _gaps(session: Session, city: _City, streets: gpd.GeoDataFrame, analysis: int) -> None:
    """One piece of street a gap, open in one to four runs of slots; every tenth is a place instead."""
    draw, count = city.draw, min(city.size.gaps, len(streets))
    chosen = streets.iloc[np.sort(draw.choice(len(streets), count, replace=False))]
    place = np.arange(count) % 10 == 9
    shapes = np.where(
        place, shapely.line_interpolate_point(chosen.geometry.values, 0.5, normalized=True), chosen.geometry
    )
    windows, slots, open_slots = zip(*(_windows(draw) for _ in range(count)), strict=True)
    cause = draw.choice(CAUSE_NAMES, count)
    open_ms = np.array(open_slots) * SLOT_MIN * 60_000
    measure = np.where(place, 1, 100_000)
    rows = _with(
        gpd.GeoSeries(shapes, crs=4326),
        analysis_id=analysis,
        rank=draw.permutation(count) + 1,
        merged=np.arange(count),
        ground=np.where(place, "place", "street"),
        cause=cause,
        level="observe",
        measure=measure,
        open_ms=open_ms,
        deficit=measure * open_ms,
        windows=windows,
        slots=slots,
        jurisdiction_path=chosen["jurisdiction_path"].to_numpy(),
    )
    rows["deficit_by_cause"] = [
        {name: int(of)} for name, of in zip(rows["cause"], rows["deficit"], strict=True)
    ]
    rows["reasons"] = [[] for _ in range(count)]
    write_frame(session, "gap", rows)


def _windows(draw: np.random.Generator) -> tuple[str, str, int]:
    """A multirange of whole slots as text, the same as digits, and how many slots it holds."""
    edges = np.sort(draw.choice(SLOTS + 1, 2 * int(draw.integers(1, 5)), replace=False))
    moment = [PERIOD[0] + timedelta(minutes=SLOT_MIN * int(edge)) for edge in edges]
    runs = [f"[{a.isoformat()},{b.isoformat()})" for a, b in zip(moment[::2], moment[1::2], strict=True)]
    start_ms, end_ms = (int(at.timestamp()) * 1000 for at in PERIOD)
    at_ms = start_ms + edges * SLOT_MIN * 60_000
    windows = zip(at_ms[::2].tolist(), at_ms[1::2].tolist(), strict=True)
    digits = slot_digits(windows, start_ms=start_ms, end_ms=end_ms, slot_min=SLOT_MIN)
    return "{" + ",".join(runs) + "}", digits, int((edges[1::2] - edges[::2]).sum())


def _shares(session: Session, city: _City, streets: gpd.GeoDataFrame, analysis: int) -> None:
    """Street shares of every grid that has a street, and of all above it, added up."""
    seconds = int((PERIOD[1] - PERIOD[0]).total_seconds()) * 1000
    leaves = streets.groupby(["jurisdiction_path", "road_class"]).size().rename("pieces").reset_index()
    for level in LEVELS:
        share = city.draw.uniform(0, 1, (2, len(leaves)))
        rows = leaves.assign(measure=leaves["pieces"] * 100_000)
        rows["total"] = rows["measure"] * seconds
        rows["possible"] = (rows["total"] * share[0]).astype(np.int64)
        rows["certain"] = (rows["possible"] * share[1] ** 2).astype(np.int64)
        rows["built"] = rows["measure"] // 2
        rows["path"] = [_up(path) for path in rows["jurisdiction_path"]]
        sums = ["measure", "total", "certain", "possible", "built"]
        rolled = rows.explode("path").groupby(["path", "road_class"])[sums].sum().reset_index()
        rolled = rolled.rename(columns={"path": "jurisdiction_path", "road_class": "kind"})
        rolled["deficit_by_cause"] = [{"no_camera": int(n)} for n in rolled["total"] - rolled["certain"]]
        rolled["twice"], rolled["ground"], rolled["level"], rolled["analysis_id"] = (
            0,
            "street",
            level,
            analysis,
        )
        write_frame(session, "coverage_share", rolled)
    results.add_jurisdiction_shares(session, analysis)


def _up(path: str) -> list[str]:
    labels = path.split(".")
    return [".".join(labels[:n]) for n in range(len(labels), 0, -1)]


def _patrols(session: Session, city: _City, batch: int) -> tuple[int, int]:
    """Zones of three villages with a team in each; a published and a draft plan for the first. Their ids."""
    villages = city.tree[city.tree["level"] == len(city.size.tree) - 1]
    towns = [town for _, town in villages.groupby(villages["path"].str.rsplit(".", n=1).str[0], sort=False)]
    chosen = [town.iloc[:3] for town in towns[: city.size.zones]]
    zones = gpd.GeoDataFrame(
        {
            "code": [f"Z{n + 1}" for n in range(len(chosen))],
            "name": [f"第{n + 1}联防区" for n in range(len(chosen))],
            "name_en": [f"Zone {n + 1}" for n in range(len(chosen))],
            "rule": [{"pattern": "separate", "visits": 2, "villages": 2, "separation_s": 1800}] * len(chosen),
        },
        geometry=[shapely.MultiPolygon([shapely.union_all(town.geometry.values)]) for town in chosen],
        crs=4326,
    )
    ids = patrols.add_zones(session, zones, batch)
    for number, members in zip(ids, chosen, strict=True):
        patrols.set_members(session, int(number), members["path"].tolist())
    bases = [town.geometry.representative_point() for town in chosen]
    teams = gpd.GeoDataFrame(
        {
            "code": [f"T{n + 1}{letter}" for n in range(len(chosen)) for letter in "ABC"],
            "name": "示例队",
            "zone_id": np.repeat(ids.to_numpy(), 3),
            "village": [path for town in chosen for path in town["path"]],
            "mode": "foot",
            "size": 2,
        },
        geometry=np.concatenate([each.values for each in bases]),
        crs=4326,
    )
    team_ids = patrols.add_teams(session, teams, batch)
    first = int(ids[0])
    return tuple(  # type: ignore[return-value]
        patrols.add_plan(session, _plan(first, status), *_walk(teams.iloc[:3], team_ids[:3], shift))
        for status, shift in (("published", 0), ("draft", 1))
    )


def _plan(zone: int, status: str) -> Plan:
    return Plan(
        zone_id=zone,
        shift=Range(PERIOD[1], PERIOD[1] + timedelta(hours=4), bounds="[)"),
        status=status,
        document={},
        road_revision="0",
        value=0,
        upper_bound=0,
        crossed=0,
        reachable=0,
        violations=[],
        seed=1,
        parameters={},
        code_version="0",
        author="bench",
    )


def _walk(
    teams: gpd.GeoDataFrame, team_ids: pd.Index, shift: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Stops at the teams' bases, and visits by which each team goes round them and comes home."""
    at = list(teams.geometry)
    stops = gpd.GeoDataFrame(
        {
            "stop_id": [f"s{n}" for n in range(len(at))],
            "prize": 1,
            "service_s": 300,
            "why": [[] for _ in at],
            "crossed": True,
            "crossable": True,
            "village": teams["village"].tolist(),
        },
        geometry=at,
        crs=4326,
    )
    rows, legs = [], []
    for n, team in enumerate(team_ids):
        order = [(n + k + shift) % len(at) for k in range(1, len(at))] + [n]
        here = n
        for seq, there in enumerate(order):
            when = PERIOD[1] + timedelta(minutes=20 * (seq + 1))
            last = seq == len(order) - 1
            moment = [
                when.isoformat(),
                None if last else when.isoformat(),
                None if last else when.isoformat(),
            ]
            rows.append([int(team), seq, None if last else f"s{there}", *moment, 100.0])
            # A leg needs a length: a team may come by its own base.
            legs.append(None if here == there else shapely.LineString([at[here], at[there]]))
            here = there
    names = ["team_id", "seq", "stop_id", "arrive_at", "start_at", "end_at", "distance_m"]
    return stops, gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry=legs, crs=4326)
