"""Who saw a place, and where its recording is (案发查像). Nothing is stored; functions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from cameras.analysis import AnalysisSettings
from cameras.availability import availability
from cameras.diagnosis import clock_findings
from cameras.footage import VERDICTS, Sights, Target, by_camera, sightings
from cameras.footage_answer import RECORDED, Footage, Sighting, Stretch
from cameras.frames import FrameBatch
from cameras.frames.columns import NO_TIME
from cameras.frames.times import epoch_ms
from cameras.levels import level_set, pixels_per_metre
from cameras.moving import is_moving, pose_points
from cameras.ptz import drives, reach
from cameras.repository import footage as store
from cameras.repository import frame_days, one, records, revising
from cameras.repository import frames as frame_store
from cameras.repository.thresholds import with_thresholds
from cameras.services.analysing import INTERVALS_BEFORE, of_cameras
from cameras.services.footage_asked import check_time, checked_place
from cameras.services.footage_kept import kept_words, recordings_of
from cameras.services.keeping import check_kept
from cameras.services.trying import REACH_M
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.validity import heard_beyond
from cameras.views import pose_cameras, pose_footprints, views
from geo.crs import to_lonlat, to_metric
from geo.services import current_site, site_crs

# How far a camera is looked for; as far as its lens reaches beyond that, and any turning one, to the second.
NEAR_M = REACH_M
TURNING_M = 2_000.0
# Where a camera without measured record usually looks is where it was seen to look for so long.
USUAL = timedelta(hours=24)
# A camera on a façade is moved off it, and walls beside the way of sight count.
AROUND_M = 100.0


def who_saw(
    session: Session,
    points: Sequence[tuple[float, float]],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    datum: str = "wgs84",
    radius_m: float = 0.0,
    settings: AnalysisSettings | None = None,
    around: Session | None = None,
) -> Footage:
    """The cameras that had a place in view in `[start, end)`, and what is known of their pictures.

    Parameters
    ----------
    session : Session
        In the scope of whoever asks: cameras outside it are not told.
    points : sequence of (lon, lat)
        One point, or several along a street, in `datum`.
    start, end : datetime
        Timezone-aware.
    now : datetime
        What is later is not looked at.
    radius_m : float
        All ground so far around the points.
    settings : AnalysisSettings, optional
        The set of levels is that of its level.
    around : Session, optional
        One that sees the whole site: a wall across the border hides, and a source is alive that speaks of
        cameras there. Nothing of it is told. `session` where left out.

    Raises
    ------
    InputRefused
        For a place or time that cannot be asked.
    """
    chosen, whole = settings or AnalysisSettings(), around or session
    end = min(end, now)
    check_time(session, start, end, now)
    places = checked_place(whole, points, datum, radius_m)
    crs = site_crs(session)
    target = Target(to_metric(gpd.GeoSeries(map(shapely.Point, places), crs=4326), crs), radius_m)
    middle = to_lonlat(gpd.GeoSeries([target.ground.centroid], crs=crs)).iloc[0]
    spread = float(target.points.distance(target.ground.centroid).max()) + radius_m
    lowest = next(iter(level_set(str(chosen.coverage.level))))
    missing = store.days_without_frames(whole, start, end)
    lead = _lead(frame_store.sources(whole))
    gone = frame_days.removed_days(whole, start - lead, end)
    kept = store.covering_analysis(session, start, end) if missing or gone else None
    if gone and kept is None:
        check_kept(whole, start, end, before=lead)
    codes = store.codes_near(
        session,
        middle.x,
        middle.y,
        NEAR_M + spread,
        TURNING_M + spread,
        pixels_per_metre(lowest),
        (start, end),
        None if kept is None else kept.id,
    )
    dimension = chosen.dimension
    if not codes:
        sights = None
    elif kept is not None:
        dimension = str(kept.parameters.get("dimension", dimension))
        sights, segments, clocks = _as_analysed(session, kept, codes, (start, end), chosen)
    else:
        sights, segments, clocks = _from_frames(session, whole, codes, target, (start, end), chosen)
    pieces = None
    if sights is not None:
        pieces = sightings(target, sights, segments, (epoch_ms(start), epoch_ms(end)))
    found = () if pieces is None else _told(session, pieces, clocks, (start, now))
    return Footage(
        start=start,
        end=end,
        points=tuple(places),
        radius_m=radius_m,
        sightings=found,
        near=len(codes),
        basis="frames" if kept is None else "analysis",
        analysis=None if kept is None else kept.id,
        days_without_frames=missing,
        dimension=dimension,
        views=_drawn(sights, pieces),
    )


def _lead(sources: pd.DataFrame) -> timedelta:
    """How long before a time frames tell of it."""
    longest_s = float(sources["expected_interval_s"].max()) if len(sources) else 0.0
    return timedelta(seconds=INTERVALS_BEFORE * longest_s)


def _from_frames(
    session: Session,
    whole: Session,
    codes: Sequence[str],
    target: Target,
    asked: tuple[datetime, datetime],
    settings: AnalysisSettings,
) -> tuple[Sights, pd.DataFrame, dict[int, float]]:
    """Views, SEGMENTS and clocks from the frames of cameras in reach, and of a day before."""
    sources = frame_store.sources(whole)
    begin, end = asked[0] - USUAL, asked[1]
    heard_from = begin - _lead(sources)
    cameras = records.cameras(session, during=(heard_from, end), codes=codes)
    frames = frame_store.frames(session, start=heard_from, end=end, cameras=cameras.index.tolist())
    frames = heard_beyond(frames, cameras, settings.thresholds)
    # Records that held before the asked time alone say nothing of it.
    cameras = cameras[cameras["until_ms"] > epoch_ms(asked[0])]
    frames = of_cameras(frames, cameras.index)
    ids = cameras.index
    expected = frame_store.expected_sources(session, before=end)
    expected = expected[expected["camera"].isin(ids)].reset_index(drop=True)
    presets = records.presets(session)
    presets = presets[presets["camera"].isin(ids)].reset_index(drop=True)
    speaking = sources[sources.index.isin(np.append(np.unique(frames.source), expected["source"]))]
    crs = target.points.crs
    there = to_metric(with_thresholds(session, cameras, settings.thresholds), crs)
    seen = availability(
        there,
        frames,
        sources,
        (epoch_ms(begin), epoch_ms(end)),
        zone=ZoneInfo(current_site(session).timezone),
        presets=presets,
        expected=expected,
        assumed=settings.assumed,
        tolerances=settings.tolerances,
        thresholds=settings.thresholds,
        delivered=store.said_of_others(
            whole,
            ids.tolist(),
            speaking,
            asked[0],
            end,
            INTERVALS_BEFORE,
            settings.thresholds.lost_intervals,
        ),
    )
    walls = _walls(whole, there, target)
    stands = standpoints(there, walls, clearance_m=settings.clearance_m)
    points = pose_points(seen.poses, stands, walls, clearance_m=settings.clearance_m)
    viewers = pose_cameras(seen.poses, points)
    found = views(
        viewers,
        there,
        walls,
        level=str(settings.coverage.level),
        dimension=settings.dimension,
        target_height_m=settings.target_height_m,
    )
    lowest = next(iter(found.at_level))
    turning = _drives(viewers, there, walls, lowest, settings)
    sights = Sights(viewers, found.at_level, found.unobstructed[lowest], turning)
    return sights, seen.segments, _clocks(frames, settings)


def _walls(session: Session, cameras: gpd.GeoDataFrame, target: Target) -> gpd.GeoDataFrame:
    """Buildings that may stand between any of some cameras and the place."""
    middle = target.ground.centroid
    away = max(float(cameras.distance(middle).max()), float(target.points.distance(middle).max()))
    # A camera that moves may be far from its record; where it was, it is in reach of the place.
    away = TURNING_M if is_moving(cameras).any() else min(away, TURNING_M)
    there = to_lonlat(gpd.GeoSeries([middle], crs=cameras.crs)).iloc[0]
    walls = one.walls_around(session, there.x, there.y, away + target.radius_m + AROUND_M)
    return to_metric(walls, cameras.crs)


def _drives(
    viewers: gpd.GeoDataFrame,
    cameras: gpd.GeoDataFrame,
    walls: gpd.GeoDataFrame,
    level: str,
    settings: AnalysisSettings,
) -> gpd.GeoSeries:
    """What turning cameras can look at, by camera."""
    turning = cameras.index[cameras["ptz"].to_numpy(dtype=bool) & ~is_moving(cameras)]
    own = viewers[viewers["camera"].isin(turning)]
    if own.empty:
        return gpd.GeoSeries([], crs=viewers.crs)
    return reach(
        drives(own, np.ones(len(own), dtype=bool)),
        walls,
        level=level,
        dimension=settings.dimension,
        target_height_m=settings.target_height_m,
    )


def _clocks(frames: FrameBatch, settings: AnalysisSettings) -> dict[int, float]:
    """Seconds that clocks in the picture are ahead, of cameras whose clock was read: 0 where it was right."""
    wrong = clock_findings(frames, settings.thresholds)
    read = dict.fromkeys(np.unique(frames.camera[frames.osd_ms != NO_TIME]).tolist(), 0.0)
    return read | dict(zip(wrong["camera"].tolist(), wrong["offset_s"].tolist(), strict=True))


def _as_analysed(
    session: Session,
    analysis: Analysis,
    codes: Sequence[str],
    asked: tuple[datetime, datetime],
    settings: AnalysisSettings,
) -> tuple[Sights, pd.DataFrame, dict[int, float]]:
    """Views, SEGMENTS and clocks as a stored analysis has them."""
    crs = site_crs(session)
    cameras = records.cameras(session, during=asked, codes=codes)
    ids = cameras.index.tolist()
    poses = revising.poses(session, analysis.id, ids)
    where = to_metric(
        gpd.GeoSeries(gpd.points_from_xy(poses["lon"], poses["lat"]), poses.index, crs=4326), crs
    )
    # An older program noted neither that a camera moved nor how high it was: its density is that over the
    # ground, and whether only a wall stood between is not told.
    x_m, y_m = (poses[name].where(poses["travels"]) for name in ("east_m", "north_m"))
    viewers = pose_cameras(poses.assign(x_m=x_m, y_m=y_m), where)
    row = pd.Series(np.arange(len(viewers)), index=viewers.index)
    shapes = to_metric(store.stored_footprints(session, analysis.id, viewers.index.tolist()), crs)
    viewers = viewers.reset_index(drop=True)
    levels = list(level_set(analysis.level))
    at_level = {}
    for name in levels:
        own = shapes[shapes["level"] == name]
        drawn = np.full(len(viewers), shapely.Polygon(), dtype=object)
        drawn[row.reindex(own["pose"]).to_numpy(dtype=np.int64)] = own.geometry.to_numpy()
        at_level[name] = gpd.GeoSeries(drawn, crs=crs)
    segments = revising.segments(session, analysis.id, ids)
    for name in ("pose", "nominal"):
        segments[name] = segments[name].map(row).fillna(-1).astype(np.int64)
    there = to_metric(cameras, crs)
    open_ground = pose_footprints(viewers, there, None, level=levels[0], dimension=settings.dimension)
    sights = Sights(viewers, at_level, open_ground, gpd.GeoSeries([], crs=crs))
    return sights, segments, store.stored_clocks(session, analysis.id, ids)


def _told(
    session: Session, pieces: pd.DataFrame, clocks: dict[int, float], begun: tuple[datetime, datetime]
) -> tuple[Sighting, ...]:
    best = by_camera(pieces)
    known = store.to_fetch(session, best.index.tolist())
    kept = recordings_of(session, pieces, *begun)
    told = []
    for camera, row in zip(best.index.tolist(), best.to_dict("records"), strict=True):
        record = known[camera]
        told.append(
            Sighting(
                camera=camera,
                **{name: record[name] for name in ("code", "name", "path", "lon", "lat", "unit", "recorder")},
                verdict=row["verdict"],
                seconds=row["best_ms"] / 1000.0,
                level=row["level"],
                density=float(row["density"]),
                share=float(row["share"]),
                distance_m=float(row["distance_m"]),
                bearing_deg=_number(row["bearing_deg"]),
                azimuth_deg=_number(row["azimuth_deg"]),
                stretches=tuple(
                    Stretch(
                        _moment(one["start_ms"]),
                        _moment(one["end_ms"]),
                        one["verdict"],
                        one["state"],
                        one["reason"],
                        _number(one["azimuth_deg"]),
                        float(one["density"]),
                        one["level"],
                    )
                    for one in pieces[pieces["camera"] == camera].to_dict("records")
                ),
                clock_s=clocks.get(camera),
                record_days=None if record["record_days"] is None else int(record["record_days"]),
                **kept_words(kept.get(camera), record["record_days"], *begun),
            )
        )
    # Stable: what is alike stays in the order of `by_camera`.
    order = {word: number for number, word in enumerate(RECORDED)}
    return tuple(sorted(told, key=lambda one: (VERDICTS.index(one.verdict), order[one.recording])))


def _drawn(sights: Sights | None, pieces: pd.DataFrame | None) -> gpd.GeoDataFrame:
    """The ground that each camera saw in its best piece."""
    if sights is None or pieces is None or pieces.empty:
        return gpd.GeoDataFrame({"camera": []}, geometry=[], crs=4326)
    best = by_camera(pieces)
    poses = pieces.merge(
        best[["verdict", "density"]].reset_index(), on=["camera", "verdict", "density"]
    ).drop_duplicates("camera")
    rows = poses["pose"].to_numpy(dtype=np.int64)
    widest = sights.widest
    shapes = [widest[row] if row >= 0 else shapely.Polygon() for row in rows]
    return to_lonlat(
        gpd.GeoDataFrame({"camera": poses["camera"].to_numpy()}, geometry=shapes, crs=sights.viewers.crs)
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch / 1000, UTC)
