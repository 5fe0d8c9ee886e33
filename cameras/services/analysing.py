"""Analyse a period: read what is stored, compute, store what was found."""

from __future__ import annotations

from collections.abc import Callable
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
    pose_cameras,
    watched_shares,
)
from cameras.availability import rates
from cameras.causes import CAUSE_NAMES
from cameras.footprint import footprints
from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.optics import AssumedOptics, at_night
from cameras.poses import camera_poses
from cameras.ptz import drives, reach
from cameras.repository import records, results
from cameras.services.reporting import sum_up
from cameras.shares import shares
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.validity import recorded
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site, site_crs

# Availability wants frames from five of the longest intervals before the period.
INTERVALS_BEFORE = 5
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
        When the period is empty or there are no cameras, roads or jurisdictions to analyse.
    """
    if end <= start:
        raise LianfangError(
            Sentence(
                "the period from %(start)s to %(end)s is empty; swap the two",
                start=start.isoformat(),
                end=end.isoformat(),
            )
        )
    chosen = settings or AnalysisSettings()
    tell = progress or (lambda fraction: None)
    scene = stored_scene(session, start, end)
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
    )
    analysis = results.add_analysis(session, head)
    _store(session, analysis, head.level, scene, found, tell)
    tell(1.0)
    return analysis


def stored_scene(session: Session, start: datetime, end: datetime) -> Scene:
    """The scene of a period as the database holds it, in the site's metric CRS."""
    site, crs = current_site(session), site_crs(session)
    cameras, (_, edges) = records.cameras(session, during=(start, end)), places.roads(session)
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
    sources = records.sources(session)
    longest_s = float(sources["expected_interval_s"].max()) if len(sources) else 0.0
    return Scene(
        cameras=to_metric(cameras, crs),
        presets=_of(records.presets(session), cameras.index),
        sources=sources,
        expected=_of(records.expected_sources(session), cameras.index),
        frames=of_cameras(
            records.frames(session, start=start - timedelta(seconds=INTERVALS_BEFORE * longest_s), end=end),
            cameras.index,
        ),
        edges=to_metric(edges, crs),
        places=to_metric(places.places(session), crs),
        obstructions=to_metric(places.obstructions(session), crs),
        jurisdictions=to_metric(tree[tree.geometry.notna()], crs),
        zone=ZoneInfo(site.timezone),
    )


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
    """What every camera sees at its recorded pose: camera (code), level, certain, assumed, area_m2, geometry.

    EPSG:4326. Frames are not looked at; `analyse` does that. At night a camera sees as far as its own light
    where its record tells how far that is. A row a pose; `together` a row a camera, all that it can see in
    one pose or another (`cameras.ptz`).
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
    viewers = pose_cameras(poses, standpoints(cameras, solid), crs)
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


def _store(
    session: Session,
    analysis: int,
    level: str,
    scene: Scene,
    found: AnalysisResult,
    tell: Callable[[float], None],
) -> None:
    crs = scene.cameras.crs
    poses, stands = found.availability.poses, found.stands
    scope = scene.cameras["jurisdiction_path"]
    standing = gpd.GeoSeries(stands["geometry"].reindex(poses["camera"]).to_numpy(), crs=crs)
    pose_ids = results.add_poses(session, analysis, poses, to_lonlat(standing))
    for name, shapes in found.footprints.items():
        frame = gpd.GeoDataFrame(
            {
                "certain": poses["certain"],
                "area_m2": shapes.area,
                "jurisdiction_path": poses["camera"].map(scope),
            },
            geometry=shapes,
        )
        results.add_footprints(session, analysis, name, to_lonlat(frame), pose_ids)
    tell(0.8)
    results.add_availability(session, analysis, recorded(found.availability.segments), pose_ids, scope)
    results.add_findings(session, analysis, camera_findings(found), scope)
    sum_up(session, analysis)
    tell(0.9)
    results.add_gaps(session, analysis, level, to_lonlat(found.gaps.frame), found.gaps.cameras)
    for name, covered in found.coverages.items():
        results.add_shares(session, analysis, name, shares(covered))
    results.add_jurisdiction_shares(session, analysis)
