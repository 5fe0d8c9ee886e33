"""Propose where new cameras and re-aims close most of a jurisdiction's gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy.orm import Session

from cameras.frames import FrameBatch
from cameras.levels import pixels_per_metre
from cameras.moving import is_moving, pose_points
from cameras.optics import AssumedOptics, level_range_m
from cameras.poses import camera_poses
from cameras.repository import records, results
from cameras.repository import siting as store
from cameras.siting.proposal import Proposal, best_re_aims, propose
from cameras.siting.scene import SitingScene, siting_problem
from cameras.siting.settings import SitingSettings
from cameras.standpoint import standpoints
from cameras.tables import SitingProposal
from cameras.views import pose_cameras
from geo import repository as places
from geo.crs import to_lonlat, to_metric, true_north_deg
from geo.errors import InputRefused, LianfangError, Sentence
from geo.repository.search import street_names
from geo.services import site_crs

# Of cameras that look into a jurisdiction from outside, those are taken into account that stand this near.
FARTHEST_M = 2_000.0
MOST_CAMERAS = 500
_DEGREE_M = 111_320.0


def propose_siting(
    session: Session,
    *,
    jurisdiction: str,
    count: int,
    re_aims: int | None = None,
    settings: SitingSettings | None = None,
    author: str,
    progress: Callable[[float], None] | None = None,
    should_abort: Callable[[], bool] | None = None,
) -> int:
    """Propose up to `count` new cameras and `re_aims` re-aims and store the proposal; its id.

    Parameters
    ----------
    session : Session
        Under the whole site's scope: a neighbour's camera counts.
    jurisdiction : str
        Path.
    count : int
        Cameras to put up, 0 to `MOST_CAMERAS`.
    re_aims : int, optional
        Cameras to turn, 0 to `MOST_CAMERAS`; as many as are put up when left out.
    settings : SitingSettings, optional
    author : str
    progress : callable, optional
        Gets the fraction done.
    should_abort : callable, optional
        True ends the search with the best found so far.

    Raises
    ------
    LianfangError
        When the count or the jurisdiction will not do, or the jurisdiction has no watched ground.
    """
    turned = count if re_aims is None else re_aims
    check_counts(count, turned)
    chosen = settings or SitingSettings()
    tell = progress or (lambda share: None)
    scene = siting_scene(session, jurisdiction, chosen)
    tell(0.1)
    found = propose(
        scene,
        count,
        chosen,
        re_aims=turned,
        progress=lambda share: tell(0.1 + 0.85 * share),
        should_abort=should_abort,
    )
    number = _store(session, jurisdiction, count, turned, chosen, scene, found, author)
    tell(1.0)
    return number


def check_counts(count: int, re_aims: int) -> None:
    """Refuse counts of new cameras and re-aims that no proposal can have."""
    for asked in (count, re_aims):
        if not 0 <= asked <= MOST_CAMERAS:
            raise InputRefused(
                Sentence("%(count)s cameras; give 0 to %(most)s", count=asked, most=MOST_CAMERAS)
            )
    if not count and not re_aims:
        raise InputRefused(Sentence("no camera to put up and none to turn; ask for at least one"))


def jurisdiction_re_aims(
    session: Session, jurisdiction: str, settings: SitingSettings, *, most: int = 10
) -> pd.DataFrame:
    """The single re-aims that help a jurisdiction most, one a camera: code, name, azimuth_deg,
    azimuth_before_deg, street_mm, places, weight_mm.

    Raises
    ------
    LianfangError
        When the jurisdiction is unknown, or has no watched ground.
    """
    scene = siting_scene(session, jurisdiction, settings)
    rows = best_re_aims(siting_problem(scene, settings, new=False), most)
    named = store.cameras_named(session, [int(camera) for camera in rows["camera"]])
    told = pd.DataFrame(rows.drop(columns="geometry"))
    for name in ("code", "name"):
        told[name] = [named[int(camera)][name] for camera in rows["camera"]]
    return told


def siting_scene(session: Session, jurisdiction: str, settings: SitingSettings) -> SitingScene:
    """What lies in and around a jurisdiction, in the site's metric CRS.

    Cameras look as the newest analysis has it, which knows evidence; as their record says where it knows
    nothing of them.
    """
    crs = site_crs(session)
    area = store.area_of(session, jurisdiction)
    if area is None:
        raise LianfangError(
            Sentence("jurisdiction '%(path)s' has no area; import its polygon first", path=jurisdiction)
        )
    around = _widened(area.bounds, FARTHEST_M)
    poses = _poses(session, around, crs, settings.optics)
    density = pixels_per_metre(settings.level)
    widest = np.append(poses["width_px"].to_numpy(), settings.optics.width_px)
    field = np.append(poses["hfov_deg"].to_numpy(), settings.optics.hfov_deg)
    reach_m = min(FARTHEST_M, float(np.nanmax(level_range_m(widest, field, density))))
    box = _widened(area.bounds, 2.0 * reach_m + 1.0)
    metric_area = to_metric(gpd.GeoSeries([area], crs=4326), crs).iloc[0]
    solid = to_metric(store.obstructions_in(session, around), crs)
    near = shapely.dwithin(poses.geometry.to_numpy(), metric_area, reach_m)
    return SitingScene(
        area=metric_area,
        edges=to_metric(store.edges_in(session, box), crs),
        places=to_metric(store.places_in(session, box), crs),
        obstructions=solid,
        poses=poses[near].reset_index(drop=True),
    )


def _poses(
    session: Session, box: tuple[float, float, float, float], crs: CRS, assumed: AssumedOptics
) -> gpd.GeoDataFrame:
    """Nominal poses as `cameras.siting.scene` wants them."""
    analysis = results.latest_analysis(session)
    cameras = records.cameras(session).cx[box[0] : box[2], box[1] : box[3]]
    # Where a moving camera is, its record does not tell; it watches no street for good.
    cameras = cameras[~is_moving(cameras)]
    known = store.nominal_poses(session, analysis.id if analysis else None, box)
    known = known[known["camera"].isin(cameras.index)]
    unknown = cameras[~cameras.index.isin(known["camera"])]
    parts = []
    if len(known):
        evident = to_metric(known, crs)
        parts.append(
            evident.assign(
                true_azimuth_deg=evident["azimuth_deg"],
                azimuth_deg=(evident["azimuth_deg"] + true_north_deg(evident.geometry)) % 360.0,
            )
        )
    if len(unknown):
        parts.append(_by_record(session, to_metric(unknown, crs), assumed))
    if not parts:
        columns = ("camera", "certain", "azimuth_deg", "true_azimuth_deg", "hfov_deg", "width_px", "vfov_deg")
        empty = {name: np.empty(0) for name in (*columns, "mount_height_m", "tilt_deg")}
        return gpd.GeoDataFrame({**empty, "ptz": np.empty(0, bool)}, geometry=[], crs=crs)
    poses = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(
        poses.assign(ptz=poses["camera"].map(cameras["ptz"])), geometry="geometry", crs=crs
    )


def _by_record(session: Session, cameras: gpd.GeoDataFrame, assumed: AssumedOptics) -> gpd.GeoDataFrame:
    """Poses of records that no analysis has spoken of."""
    presets = records.presets(session)
    nothing = pd.DataFrame({"kind": [], "expected_interval_s": []})
    poses = camera_poses(
        cameras,
        FrameBatch.of([], []),
        nothing,
        (0, 1),
        presets=presets[presets["camera"].isin(cameras.index)],
        assumed=assumed,
    ).table
    poses = poses[poses["nominal"]].reset_index(drop=True)
    west, south, east, north = cameras.to_crs(4326).total_bounds
    solid = to_metric(
        store.obstructions_in(session, _widened((west, south, east, north), 100.0)), cameras.crs
    )
    viewers = pose_cameras(poses, pose_points(poses, standpoints(cameras, solid), solid))
    return viewers.assign(true_azimuth_deg=poses["azimuth_deg"])


def _widened(box: tuple[float, float, float, float], margin_m: float) -> tuple[float, float, float, float]:
    west, south, east, north = box
    up = margin_m / _DEGREE_M
    aside = up / np.cos(np.radians(min(max(abs(south), abs(north)), 89.0)))
    return float(west - aside), float(south - up), float(east + aside), float(north + up)


def _store(
    session: Session,
    jurisdiction: str,
    count: int,
    re_aims: int,
    settings: SitingSettings,
    scene: SitingScene,
    found: Proposal,
    author: str,
) -> int:
    siting, problem, rows = found.siting, found.problem, found.rows
    head = SitingProposal(
        level=str(settings.level),
        asked=count,
        status=siting.status,
        bound_by=siting.bound_by,
        before_mm=siting.before,
        value_mm=siting.value,
        bound_mm=siting.bound,
        greedy_mm=siting.greedy,
        totals={
            **found.totals,
            "re_aims_asked": re_aims if settings.re_aim else 0,
            "spots": problem.spots,
            "spots_left_out": problem.spots_left_out,
            "candidates": len(problem.candidates),
            "points": len(problem.points),
            "piece_m": problem.piece_m,
            "cameras": int(scene.poses["camera"].nunique()),
        },
        parameters=asdict(settings),
        input_revision=places.input_revision(session),
        code_version=version("lianfang"),
        author=author,
        jurisdiction_path=jurisdiction,
    )
    where = to_lonlat(rows.geometry)
    named = store.cameras_named(session, [int(one) for one in rows["camera"] if one >= 0])
    frame = pd.DataFrame(rows.drop(columns=["geometry", "camera", "edge"])).assign(
        camera_code=pd.Series([named[int(one)]["code"] if one >= 0 else None for one in rows["camera"]]),
        street=street_names(session, where),
        jurisdiction_path=places.paths_at(session, where).to_numpy(),
        geom=where.array,
        seen=to_lonlat(found.footprints).array,
    )
    return store.add_proposal(session, head, gpd.GeoDataFrame(frame))
