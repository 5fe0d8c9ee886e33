"""Analyse a period: read what is stored, compute, store what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.analysis import (
    AnalysisResult,
    AnalysisSettings,
    Scene,
    analyse_scene,
    camera_findings,
    watched_shares,
)
from cameras.asked import check_period
from cameras.availability import Availability, rates
from cameras.causes import CAUSE_NAMES
from cameras.diagnosis import Thresholds
from cameras.footprint import footprints
from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.moving import is_moving, pose_points
from cameras.optics import AssumedOptics, at_night
from cameras.poses import camera_poses
from cameras.ptz import drives, reach
from cameras.repository import frames as frame_store
from cameras.repository import records, results
from cameras.repository.thresholds import with_thresholds
from cameras.services.keeping import INTERVALS_BEFORE as INTERVALS_BEFORE
from cameras.services.keeping import check_kept, lead_in
from cameras.services.reporting import sum_up
from cameras.shares import shares
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.validity import heard_beyond, recorded
from cameras.views import pose_cameras
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site, site_crs

# A person is a pixel wide then; with less a camera would see the whole city.
FEWEST_PER_METRE = 1


def analyse(
    session: Session,
    *,
    start: datetime,
    end: datetime,
    settings: AnalysisSettings | None = None,
    author: str,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Analyse `[start, end)` (tz-aware) over the whole site and store the result; answers its id.

    Raises
    ------
    LianfangError
        When the period is empty or too long, or there are no cameras, roads or jurisdictions to analyse.
    """
    check_period(start, end)
    chosen = settings or AnalysisSettings()
    tell = progress or (lambda fraction: None)
    # Before it is read: what is changed meanwhile shows as changed.
    ground = places.ground_changes(session)
    scene = stored_scene(session, start, end, chosen.thresholds)
    tell(0.15)
    period = (epoch_ms(start), epoch_ms(end))
    found = analyse_scene(scene, period, chosen, progress=lambda part: tell(0.15 + 0.6 * part))
    head = Analysis(
        period=Range(start, end),
        level=str(chosen.coverage.level),
        slot_min=chosen.coverage.slot_min,
        threshold=chosen.coverage.threshold,
        parameters=asdict(chosen),
        input_revision=places.input_revision(session),
        code_version=version("lianfang"),
        author=author,
        totals=_totals(scene, found),
        delivered=by_source(found.availability.delivered),
        ground=ground,
    )
    analysis = results.add_analysis(session, head)
    _store(session, analysis, head.level, scene, found, tell)
    tell(1.0)
    return analysis


def stored_scene(
    session: Session,
    start: datetime,
    end: datetime,
    thresholds: Thresholds | None = None,
    *,
    brief: bool = False,
) -> Scene:
    """The scene of a period as the database holds it, in the site's metric CRS.

    With `brief` the frames of each source are read from five of its own expected intervals before the period
    on, and not from five of the longest: else a minute of gateways would be judged by the hours that an
    inspection round takes.
    """
    site, crs = current_site(session), site_crs(session)
    sources = frame_store.sources(session)
    # What was heard of a camera before its record changed says something of it after, too.
    heard_from = start - lead_in(session)
    check_kept(session, start, end, before=start - heard_from)
    cameras = records.cameras(session, during=(heard_from, end))
    told = (
        _brief(session, start, end, sources)
        if brief
        else frame_store.frames(session, start=heard_from, end=end)
    )
    frames = heard_beyond(told, cameras, thresholds)
    # A day that was removed while they were read would pass for one of losses.
    check_kept(session, start, end, before=start - heard_from)
    cameras = with_thresholds(
        session, cameras[cameras["until_ms"] > epoch_ms(start)], thresholds or Thresholds()
    )
    _, edges = places.roads(session)
    tree = places.jurisdictions(session)
    for rows, what, command in (
        (cameras, Sentence("cameras"), "lianfang import cameras"),
        (edges, Sentence("roads"), "lianfang import roads"),
        (
            tree[tree.geometry.notna()],
            Sentence("jurisdictions with an area"),
            "lianfang import jurisdictions",
        ),
    ):
        if rows.empty:
            raise LianfangError(
                Sentence(
                    "there are no %(what)s to analyse; run `%(command)s FILE --datum D` first",
                    what=what,
                    command=command,
                )
            )
    return Scene(
        cameras=to_metric(cameras, crs),
        presets=_of(records.presets(session), cameras.index),
        sources=sources,
        expected=_of(frame_store.expected_sources(session, before=end), cameras.index),
        frames=of_cameras(frames, cameras.index),
        edges=to_metric(edges, crs),
        places=to_metric(places.places(session), crs),
        obstructions=to_metric(places.obstructions(session), crs),
        jurisdictions=to_metric(tree[tree.geometry.notna()], crs),
        zone=ZoneInfo(site.timezone),
    )


def _brief(session: Session, start: datetime, end: datetime, sources: pd.DataFrame) -> FrameBatch:
    """Frames of each source from five of its own intervals before a period on."""
    parts = []
    for interval_s, own in sources.groupby("expected_interval_s"):
        lead = timedelta(seconds=INTERVALS_BEFORE * float(str(interval_s)))
        parts.append(frame_store.frames(session, start=start - lead, end=end, sources=own.index.tolist()))
    return FrameBatch.concatenate(parts)


def _of(rows: pd.DataFrame, cameras: pd.Index) -> pd.DataFrame:
    """Rows of cameras that are looked at, not of records that hold no more."""
    return rows[rows["camera"].isin(cameras)].reset_index(drop=True)


def of_cameras(frames: FrameBatch, cameras: pd.Index) -> FrameBatch:
    """The frames of these cameras."""
    kept = np.isin(frames.camera, cameras.to_numpy())
    return frames if kept.all() else frames.take(kept)


def camera_footprints(
    session: Session,
    *,
    level: str | float,
    assumed: AssumedOptics | None = None,
    dimension: str = "2d",
    night: bool = False,
    together: bool = False,
) -> gpd.GeoDataFrame:
    """What every camera sees at its recorded pose, a row a pose.

    camera (code), level, dimension, certain, assumed, area_m2 and geometry, EPSG:4326. Frames are not looked
    at; `analyse` does that. At night a camera sees as far as its own light where its record tells how far
    that is. `together` makes it a row a camera, all that it can see in one pose or another (`cameras.ptz`).
    """
    if not isinstance(level, str) and level < FEWEST_PER_METRE:
        raise InputRefused(
            Sentence(
                "level %(level)s is below %(least)s pixel a metre, at which nothing is seen; give a level or "
                "more",
                level=f"{level:g}",
                least=FEWEST_PER_METRE,
            )
        )
    crs = site_crs(session)
    cameras = to_metric(records.cameras(session), crs)
    # Where a moving camera is, its record does not tell.
    cameras = cameras[~is_moving(cameras)]
    if cameras.empty:
        raise LianfangError(
            Sentence("there are no cameras; run `lianfang import cameras FILE --datum D` first")
        )
    solid = to_metric(places.obstructions(session), crs)
    no_sources = pd.DataFrame({"kind": [], "expected_interval_s": []})
    poses = camera_poses(
        cameras,
        FrameBatch.of([], []),
        no_sources,
        (0, 1),
        presets=_of(records.presets(session), cameras.index),
        assumed=assumed,
    ).table
    viewers = pose_cameras(poses, pose_points(poses, standpoints(cameras, solid), solid))
    if night:
        light_m = cameras["night_range_m"].reindex(poses["camera"]).to_numpy()
        viewers = at_night(viewers.assign(night_range_m=light_m))
    if together:
        viewers = drives(viewers, cameras["ptz"].reindex(poses["camera"]).to_numpy(dtype=bool))
        shapes = reach(viewers, solid, level=level, dimension=dimension)
        told = viewers.groupby("camera").agg({"certain": "all", "assumed": _joined}).reset_index()
    else:
        shapes, told = footprints(viewers, solid, level=level, dimension=dimension), viewers
    frame = gpd.GeoDataFrame(
        {
            "camera": cameras["code"].reindex(told["camera"]).to_numpy(),
            "level": str(level),
            "dimension": dimension,
            "certain": told["certain"].to_numpy(),
            "assumed": told["assumed"].to_numpy(),
            "area_m2": shapes.area.round(1).to_numpy(),
        },
        geometry=gpd.GeoSeries(shapes.to_numpy(), crs=crs),
    )
    return to_lonlat(frame)


def _joined(assumed: pd.Series[str]) -> str:
    """Names of assumed fields of several poses, each once."""
    return ",".join(dict.fromkeys(name for names in assumed for name in names.split(",") if name))


def _totals(scene: Scene, found: AnalysisResult) -> dict[str, Any]:
    """Headline figures, kept with the analysis."""
    online = rates(found.availability.segments)
    any_level = next(iter(found.coverages.values()))
    street = any_level.totals().xs("street", level="ground").iloc[0]
    causes = found.gaps.frame["cause"].value_counts()
    return {
        "cameras": len(scene.cameras),
        "frames": len(scene.frames),
        "street_length_m": int(street["measure"]) / 1000.0,
        "street_outside_m": any_level.ground.outside_mm / 1000.0,
        "places_outside": any_level.ground.outside_places,
        "watched_share": watched_shares(found),
        "gaps": {name: int(causes.get(name, 0)) for name in CAUSE_NAMES},
        "online_rate": float(online["online_share"].mean()),
    }


def by_source(delivered: pd.DataFrame) -> dict[str, list[list[int]]]:
    """DELIVERIES as an analysis keeps them: [first_ms, last_ms] of each, by source id."""
    return {
        str(source): own[["first_ms", "last_ms"]].to_numpy().tolist()
        for source, own in delivered.groupby("source")
    }


def _store(
    session: Session,
    analysis: int,
    level: str,
    scene: Scene,
    found: AnalysisResult,
    tell: Callable[[float], None],
) -> None:
    store_camera_results(
        session,
        analysis,
        scene.cameras["jurisdiction_path"],
        found.availability,
        found.points,
        found.footprints,
        camera_findings(found.availability, found.stands),
    )
    tell(0.85)
    sum_up(session, analysis)
    tell(0.9)
    results.add_gaps(session, analysis, level, to_lonlat(found.gaps.frame), found.gaps.cameras)
    for name, covered in found.coverages.items():
        results.add_shares(session, analysis, name, shares(covered))
    results.add_jurisdiction_shares(session, analysis)


def store_camera_results(
    session: Session,
    analysis: int,
    scope: pd.Series,
    seen: Availability,
    points: gpd.GeoSeries,
    footprints: Mapping[str, gpd.GeoSeries],
    findings: pd.DataFrame,
) -> None:
    """Store what an analysis says of cameras: poses, footprints by level, availability, findings.

    Parameters
    ----------
    session : Session
    analysis : int
    scope : Series
        Jurisdiction path by camera id.
    seen : Availability
    points, footprints
        By row of its POSES, metric CRS.
    findings : DataFrame
        `cameras.analysis.camera_findings`.
    """
    poses = seen.poses
    pose_ids = results.add_poses(session, analysis, poses, points)
    for name, shapes in footprints.items():
        frame = gpd.GeoDataFrame(
            {
                "certain": poses["certain"],
                "area_m2": shapes.area,
                "jurisdiction_path": poses["camera"].map(scope),
            },
            geometry=shapes,
        )
        results.add_footprints(session, analysis, name, to_lonlat(frame), pose_ids)
    results.add_availability(session, analysis, recorded(seen.segments), pose_ids, scope)
    results.add_findings(session, analysis, findings, scope)
