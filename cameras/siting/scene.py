"""A siting's problem, made from streets, places, walls and cameras: points, candidates, who covers what."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from cameras.levels import pixels_per_metre
from cameras.linear import lines, points_at
from cameras.optics import level_range_m, vfov_from_hfov_deg
from cameras.siting.covering import Covering
from cameras.siting.settings import SitingSettings
from cameras.siting.spots import spots
from cameras.siting.views import Sights, all_round, seen_now
from geo.crs import need_metric, true_north_deg
from geo.errors import LianfangError, Sentence

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NEW, RE_AIM = "new", "re_aim"


@dataclass(frozen=True, eq=False)
class SitingScene:
    """What a siting looks at; every geometry in one projected CRS in metres.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        Of the jurisdiction: its watched ground counts, its corners and façades are candidates.
    edges, places, obstructions : GeoDataFrame
        ROAD EDGES, PLACES, OBSTRUCTIONS, also around the area.
    poses : GeoDataFrame
        Nominal poses of every camera in or near the area, as `cameras.footprint` wants them (azimuths against
        grid north; `assumed` where it is known), with camera (id), certain, ptz and true_azimuth_deg.
    """

    area: shapely.Geometry
    edges: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    obstructions: gpd.GeoDataFrame
    poses: gpd.GeoDataFrame


@dataclass(frozen=True, eq=False)
class SitingProblem:
    """The covering problem with what its rows mean.

    Parameters
    ----------
    covering : Covering
        Weights are millimetres of street; a place weighs its setting.
    points : DataFrame
        x, y, mm (0 for a place), place (bool), inside (of the area), seen (cameras that certainly see it).
    candidates : GeoDataFrame
        kind ("new" | "re_aim"), spot ("corner" | "facade" | "pole" | ""), camera (id, -1 for a new one), edge
        (index of its street, -1 for a re-aim), azimuth_deg and azimuth_before_deg (true north; NaN), and the
        columns of `cameras.footprint` with grid_azimuth_deg; geometry Point.
    spots, spots_left_out : int
        How many spots were tried, and how many had too little open ground in reach.
    piece_m : float
        Longest piece that was used.
    """

    covering: Covering
    points: pd.DataFrame
    candidates: gpd.GeoDataFrame
    spots: int
    spots_left_out: int
    piece_m: float


def siting_problem(scene: SitingScene, settings: SitingSettings, *, new: bool = True) -> SitingProblem:
    """Points, candidates and who covers what; without `new` re-aims alone.

    A point is watched ground of the area; ground outside counts where a camera that may be re-aimed sees it
    now, so that a re-aim that takes it from a neighbour is charged for it. A camera that looks several ways
    in turn covers what it sees in all of them, and is not re-aimed. One whose pose is only possible covers
    nothing for certain and is not re-aimed either: it is measured first.

    Raises
    ------
    LianfangError
        When the area has no watched ground.
    ValueError
        For a CRS that is no projected one in metres.
    """
    need_metric(scene.edges.crs, "the edges")
    reach_m = _reach_m(scene, settings)
    points, piece_m = _watched(scene, settings, reach_m)
    if not points["inside"].any():
        raise LianfangError(
            Sentence("no watched street and no place lies in this jurisdiction; import roads or places first")
        )
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    poses = scene.poses[_near(scene.poses, scene.area, reach_m)].reset_index(drop=True)
    camera, point = _certain_cover(poses, scene.obstructions, x, y, settings)
    seen = np.bincount(point, minlength=len(points))
    turnable = _turnable(poses, scene.area) if settings.re_aim else poses.iloc[:0]
    theirs = np.isin(camera, turnable["camera"].to_numpy())
    at_stake = np.zeros(len(points), np.bool_)
    at_stake[point[theirs]] = True
    # Ground outside can only be lost, and matters only where somebody can be turned away from it.
    kept = points["inside"].to_numpy() | at_stake
    place = np.cumsum(kept) - 1
    points = points[kept].assign(seen=seen[kept]).reset_index(drop=True)
    x, y, at_stake = x[kept], y[kept], at_stake[kept]
    mine = kept[point]
    camera, point = camera[mine], place[point[mine]]

    open_ = points["inside"].to_numpy() & ((points["seen"].to_numpy() == 0) | at_stake)
    weight = _weights(points, settings)
    stands, left_out = _stands(scene, settings, x, y, np.where(open_ & new, weight, 0))
    fresh, new_rows = _new_candidates(stands, scene.obstructions, x, y, open_, settings)
    turned, turned_rows = _re_aims(turnable, scene.obstructions, x, y, camera, point, settings)
    candidates = pd.concat([fresh, turned], ignore_index=True)
    change = sparse.vstack([new_rows, turned_rows], format="csr", dtype=np.int8)
    group = np.concatenate(
        [fresh["group"].to_numpy(dtype=np.int64), len(stands) + turned["group"].to_numpy(dtype=np.int64)]
    )
    covering = Covering(
        weight=weight,
        base=points["seen"].to_numpy(dtype=np.int64),
        change=sparse.csr_array(change),
        group=group,
        capacity=np.ones(len(stands) + len(turnable), np.int64),
        kind=np.repeat([0, 1], [len(fresh), len(turned)]).astype(np.int64),
    )
    frame = gpd.GeoDataFrame(candidates.drop(columns="group"), geometry="geometry", crs=scene.edges.crs)
    return SitingProblem(covering, points, frame, len(stands), left_out, piece_m)


def _reach_m(scene: SitingScene, settings: SitingSettings) -> float:
    """As far as any camera of the scene, or a new one, sees at the level."""
    density = pixels_per_metre(settings.level)
    own = level_range_m(settings.optics.width_px, settings.optics.hfov_deg, density)
    theirs = level_range_m(scene.poses["width_px"].to_numpy(), scene.poses["hfov_deg"].to_numpy(), density)
    return float(np.nanmax(np.append(theirs, own)))


def _near(frame: gpd.GeoDataFrame, area: shapely.Geometry, distance_m: float) -> BoolArray:
    found: BoolArray = shapely.dwithin(frame.geometry.to_numpy(), area, distance_m)
    return found


def _watched(scene: SitingScene, settings: SitingSettings, reach_m: float) -> tuple[pd.DataFrame, float]:
    """Pieces of watched street and places in or around the area, and the pieces' longest length."""
    around = reach_m if settings.re_aim else 0.0
    streets = scene.edges[scene.edges["watched"].to_numpy(dtype=bool)]
    streets = streets[_near(streets, scene.area, around)]
    places = scene.places[_near(scene.places, scene.area, around)]
    along = lines(streets.geometry.to_numpy())
    # Longer pieces rather than no answer for a whole city.
    piece_m = max(settings.piece_m, along.length_mm.sum() / 1000.0 / settings.most_pieces)
    count = np.maximum(np.ceil(along.length_mm / (piece_m * 1000.0)).astype(np.int64), 1)
    section = np.repeat(np.arange(len(streets)), count)
    nth = np.arange(len(section)) - np.repeat(np.cumsum(count) - count, count)
    start = along.length_mm[section] * nth // count[section]
    end = along.length_mm[section] * (nth + 1) // count[section]
    x, y = points_at(along, section, (start + end) / 2)
    spot = places.geometry.to_numpy()
    frame = pd.DataFrame(
        {
            "x": np.concatenate([x, shapely.get_x(spot)]),
            "y": np.concatenate([y, shapely.get_y(spot)]),
            "mm": np.concatenate([end - start, np.zeros(len(places), np.int64)]),
            "place": np.concatenate([np.zeros(len(x), np.bool_), np.ones(len(places), np.bool_)]),
        }
    )
    shapely.prepare(scene.area)
    frame["inside"] = shapely.intersects_xy(scene.area, frame["x"].to_numpy(), frame["y"].to_numpy())
    return frame, piece_m


def _weights(points: pd.DataFrame, settings: SitingSettings) -> IntArray:
    place = points["place"].to_numpy()
    found: IntArray = np.where(place, settings.place_weight_m * 1000, points["mm"].to_numpy()).astype(
        np.int64
    )
    return found


def _certain_cover(
    poses: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    x: FloatArray,
    y: FloatArray,
    settings: SitingSettings,
) -> tuple[IntArray, IntArray]:
    """(camera id, point) of what each camera sees for certain in every one of its nominal poses."""
    row, point = seen_now(poses[poses["certain"].to_numpy(dtype=bool)], obstructions, x, y, settings)
    sure = poses[poses["certain"].to_numpy(dtype=bool)]
    ways = poses["camera"].value_counts()
    found = pd.DataFrame({"camera": sure["camera"].to_numpy()[row], "point": point})
    times = found.groupby(["camera", "point"]).size()
    who = times.index.get_level_values("camera")
    always = times[times.to_numpy() == ways.reindex(who).to_numpy()]
    camera = always.index.get_level_values("camera").to_numpy(dtype=np.int64)
    return camera, always.index.get_level_values("point").to_numpy(dtype=np.int64)


def _turnable(poses: gpd.GeoDataFrame, area: shapely.Geometry) -> gpd.GeoDataFrame:
    """Poses of cameras of the area that may be re-aimed: one certain way to look, less than all round."""
    alone = poses.groupby("camera")["camera"].transform("size") == 1
    fit = alone & poses["certain"].astype(bool) & ~poses["ptz"].astype(bool) & (poses["hfov_deg"] < 360.0)
    inside = shapely.intersects(poses.geometry.to_numpy(), area)
    return poses[fit.to_numpy() & inside & poses["azimuth_deg"].notna().to_numpy()].reset_index(drop=True)


def _stands(
    scene: SitingScene, settings: SitingSettings, x: FloatArray, y: FloatArray, open_weight: IntArray
) -> tuple[gpd.GeoDataFrame, int]:
    """Spots with open ground in reach, those with most first, and how many were left out for their number."""
    if not open_weight.any():
        none: dict[str, list[object]] = {"kind": [], "edge": []}
        return gpd.GeoDataFrame(none, geometry=[], crs=scene.edges.crs), 0
    found = spots(scene.edges, scene.obstructions, scene.area, settings)
    optics = settings.optics
    far = float(level_range_m(optics.width_px, optics.hfov_deg, pixels_per_metre(settings.level)))
    wanted = np.flatnonzero(open_weight > 0)
    if not len(wanted) or found.empty:
        return found.iloc[:0], 0
    at = np.column_stack([found.geometry.x, found.geometry.y])
    near = cKDTree(np.column_stack([x[wanted], y[wanted]])).query_ball_point(at, far)
    reachable = np.array([int(open_weight[wanted[rows]].sum()) for rows in near])
    order = np.argsort(-reachable, kind="stable")
    order = order[reachable[order] > 0]
    kept = np.sort(order[: settings.most_spots])
    return found.iloc[kept].reset_index(drop=True), max(0, len(order) - settings.most_spots)


def _new_candidates(
    stands: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    x: FloatArray,
    y: FloatArray,
    open_: BoolArray,
    settings: SitingSettings,
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """A candidate a spot and azimuth that sees open ground, and what each sees."""
    optics = settings.optics
    viewers = stands.assign(
        hfov_deg=optics.hfov_deg,
        width_px=optics.width_px,
        mount_height_m=optics.mount_height_m,
        tilt_deg=optics.tilt_deg,
        vfov_deg=float(vfov_from_hfov_deg(optics.hfov_deg, optics.aspect)),
    )
    sights = all_round(viewers, obstructions, x, y, settings)
    north = true_north_deg(stands.geometry)
    parts = []
    for azimuth in np.arange(0.0, 360.0, settings.new_step_deg):
        grid = (azimuth + north) % 360.0
        parts.append(_looking(viewers, sights, np.full(len(viewers), azimuth), grid, len(x), open_))
    nobody = pd.Series(-1, index=stands.index)
    return _joined(parts, viewers, kind=NEW, camera=nobody, spot=stands["kind"], edge=stands["edge"])


def _re_aims(
    turnable: gpd.GeoDataFrame,
    obstructions: gpd.GeoDataFrame,
    x: FloatArray,
    y: FloatArray,
    camera: IntArray,
    point: IntArray,
    settings: SitingSettings,
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Each camera turned to other azimuths: 1 where it would see anew, −1 where it would see no more."""
    n = len(x)
    sights = all_round(turnable, obstructions, x, y, settings)
    north = true_north_deg(turnable.geometry)
    now = turnable["true_azimuth_deg"].to_numpy(dtype=np.float64)
    order = pd.Series(np.arange(len(turnable)), index=turnable["camera"])
    mine = order.reindex(camera)
    held = mine.notna().to_numpy()
    shape = (len(turnable), n)
    present = sparse.csr_array(
        (np.ones(held.sum(), np.int8), (mine[held].to_numpy(dtype=np.int64), point[held])), shape=shape
    )
    parts = []
    for azimuth in np.arange(0.0, 360.0, settings.re_aim_step_deg):
        other = np.abs((azimuth - now + 180.0) % 360.0 - 180.0) >= settings.re_aim_step_deg / 2.0
        grid = (azimuth + north) % 360.0
        rows, seen = _looking(turnable, sights, np.full(len(turnable), azimuth), grid, n)
        keep = other[rows["group"].to_numpy(dtype=np.int64)]
        rows = rows[keep]
        change = (seen[keep] - present[rows["group"].to_numpy(dtype=np.int64)]).tocsr()
        change.eliminate_zeros()
        parts.append((rows, change))
    return _joined(
        parts,
        turnable,
        kind=RE_AIM,
        camera=turnable["camera"],
        spot=pd.Series("", index=turnable.index),
        edge=pd.Series(-1, index=turnable.index),
        before=now,
    )


def _looking(
    viewers: gpd.GeoDataFrame,
    sights: Sights,
    azimuth_deg: FloatArray,
    grid_deg: FloatArray,
    points: int,
    open_: BoolArray | None = None,
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Candidates that look one way, and what they see; with `open_` only those that see some of it."""
    hit = sights.towards(grid_deg, viewers["hfov_deg"].to_numpy(dtype=np.float64))
    seen = sparse.csr_array(
        (np.ones(hit.sum(), np.int8), (sights.stand[hit], sights.point[hit])), shape=(len(viewers), points)
    )
    kept = np.arange(len(viewers))
    if open_ is not None:
        kept = np.flatnonzero(seen.astype(np.int64) @ open_.astype(np.int64) > 0)
    rows = pd.DataFrame({"group": kept, "azimuth_deg": azimuth_deg[kept], "grid_azimuth_deg": grid_deg[kept]})
    return rows, seen[kept]


_OPTICS = ("hfov_deg", "width_px", "mount_height_m", "tilt_deg", "vfov_deg")


def _joined(
    parts: list[tuple[pd.DataFrame, sparse.csr_array]],
    viewers: gpd.GeoDataFrame,
    *,
    kind: str,
    camera: pd.Series,
    spot: pd.Series,
    edge: pd.Series,
    before: FloatArray | None = None,
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """All azimuths below one another, candidates of one stand together."""
    rows = pd.concat([frame for frame, _ in parts], ignore_index=True)
    order = np.argsort(rows["group"].to_numpy(), kind="stable")
    rows = rows.iloc[order].reset_index(drop=True)
    of = rows["group"].to_numpy(dtype=np.int64)
    told = {
        "camera": camera.to_numpy(),
        "spot": spot.to_numpy(),
        "edge": edge.to_numpy(),
        # Of a camera there is; whoever buys one knows how high it is put up.
        "assumed": viewers["assumed"].to_numpy() if "assumed" in viewers else np.full(len(viewers), ""),
    }
    rows = rows.assign(
        kind=kind,
        azimuth_before_deg=np.nan if before is None else before[of],
        **{name: values[of] for name, values in told.items()},
        **{name: viewers[name].to_numpy(dtype=np.float64)[of] for name in _OPTICS},
        geometry=viewers.geometry.to_numpy()[of],
    )
    return rows, sparse.csr_array(
        sparse.vstack([change for _, change in parts], format="csr", dtype=np.int8)[order]
    )
