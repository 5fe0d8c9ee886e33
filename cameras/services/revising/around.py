"""What is read around some cameras of a stored analysis, and computed from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy.orm import Session

from cameras.analysis import AnalysisSettings, Held, Scene, level_coverages
from cameras.availability import Availability, availability
from cameras.coverage import Coverage, CoverageSettings
from cameras.diagnosis import Thresholds
from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.gaps import Gaps, coverage_gaps
from cameras.levels import lowest_level
from cameras.moving import pose_points
from cameras.optics import AssumedOptics
from cameras.poses import POSE_COLUMNS, PoseTolerances
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.repository import revising as store
from cameras.repository.thresholds import with_thresholds
from cameras.revision import discs, in_reach, whole_segments
from cameras.services.analysing import INTERVALS_BEFORE, by_source, of_cameras
from cameras.services.keeping import check_kept
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.validity import heard_beyond
from cameras.views import pose_cameras, pose_footprints, views
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.repository import Box
from geo.services import current_site, site_crs

# Around nothing.
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


def stored_settings(parameters: dict[str, Any]) -> AnalysisSettings:
    """The settings that an analysis was made with, from what it keeps of them."""
    parts = {
        "coverage": CoverageSettings,
        "thresholds": Thresholds,
        "assumed": AssumedOptics,
        "tolerances": PoseTolerances,
    }
    made: dict[str, Any] = {name: kind(**parameters[name]) for name, kind in parts.items()}
    return AnalysisSettings(**{**parameters, **made})


@dataclass(frozen=True, eq=False)
class Placed:
    """POSES of the cameras looked at, with east_m and north_m, and where they stand."""

    poses: pd.DataFrame
    stands: pd.DataFrame
    points: gpd.GeoSeries


@dataclass(frozen=True, eq=False)
class Change:
    """What was computed: footprints of the cameras looked at by level, and the ground of the leaves."""

    footprints: dict[str, gpd.GeoSeries]
    coverages: dict[str, Coverage]
    gaps: Gaps | None


class Area:
    """What is read of an analysis and of the database around some cameras."""

    def __init__(self, session: Session, head: Analysis, stored: pd.DataFrame) -> None:
        assert head.period.lower is not None and head.period.upper is not None
        self.session, self.head, self.stored = session, head, stored
        self.start, self.end = head.period.lower, head.period.upper
        self.period = (epoch_ms(self.start), epoch_ms(self.end))
        self.settings = stored_settings(head.parameters)
        self.level = str(self.settings.coverage.level)
        self.crs: CRS = site_crs(session)
        self.codes: set[str] = set()
        self.cameras = gpd.GeoDataFrame()

    def look(self, codes: Collection[str]) -> Availability:
        """Availability of cameras, and of all those that their sources speak for where it hangs on them."""
        session, settings = self.session, self.settings
        sources = frame_store.sources(session)
        longest_s = float(sources["expected_interval_s"].max()) if len(sources) else 0.0
        heard_from = self.start - timedelta(seconds=INTERVALS_BEFORE * longest_s)
        check_kept(session, self.start, self.end, before=self.start - heard_from)
        told = _delivered(self.head)
        whole: set[int] = set()
        self.codes = set(codes)
        while True:
            own = records.cameras(session, during=(heard_from, self.end), codes=sorted(self.codes))
            frames = frame_store.frames(session, start=heard_from, end=self.end, cameras=own.index.tolist())
            heard = heard_beyond(frames, own, settings.thresholds)
            cameras = to_metric(
                with_thresholds(session, own[own["until_ms"] > self.period[0]], settings.thresholds), self.crs
            )
            self.cameras = cameras
            presets = records.presets(session)
            expected = frame_store.expected_sources(session, before=self.end)
            seen = availability(
                cameras,
                of_cameras(heard, cameras.index),
                sources,
                self.period,
                zone=ZoneInfo(current_site(session).timezone),
                presets=presets[presets["camera"].isin(cameras.index)].reset_index(drop=True),
                expected=expected[expected["camera"].isin(cameras.index)].reset_index(drop=True),
                assumed=settings.assumed,
                tolerances=settings.tolerances,
                thresholds=settings.thresholds,
                delivered=told[~told["source"].isin(whole)],
            )
            other = _differing(seen.delivered, told) - whole
            if not other:
                return seen
            whole |= other
            self.codes |= set(store.cameras_of_sources(session, sorted(whole)))

    def placed(self, seen: Availability) -> Placed:
        """The poses that were found, and where they stand."""
        where = gpd.GeoSeries(
            self.cameras.geometry.reindex(seen.poses["camera"]).to_numpy(),
            index=seen.poses.index,
            crs=self.crs,
        )
        rough = seen.poses.assign(
            east_m=seen.poses["x_m"].fillna(where.x), north_m=seen.poses["y_m"].fillna(where.y)
        )
        solid = self._obstructions(discs(rough, self.level)) if len(rough) else self._obstructions(NOWHERE)
        clearance_m = self.settings.clearance_m
        stands = standpoints(self.cameras, solid, clearance_m=clearance_m)
        points = pose_points(seen.poses, stands, solid, clearance_m=clearance_m)
        return Placed(seen.poses.assign(east_m=points.x, north_m=points.y), stands, points)

    def touched(self, before: pd.DataFrame, fresh: Placed) -> gpd.GeoDataFrame:
        """Leaf jurisdictions of which the cameras saw, or see now, anything at all."""
        lowest = str(lowest_level(self.level))
        reached = []
        for viewers, cameras in (
            (self._viewers(before), store.carriers(self.session, before["camera"].unique().tolist())),
            (pose_cameras(fresh.poses[list(POSE_COLUMNS)], fresh.points), self.cameras),
        ):
            if len(viewers):
                shapes = pose_footprints(viewers, cameras, None, level=lowest)
                reached.append(shapes[~shapes.is_empty].to_numpy())
        shapes = np.concatenate([*reached, np.empty(0, dtype=object)])
        if not len(shapes):
            return gpd.GeoDataFrame({"path": []}, geometry=[], crs=self.crs)
        around = to_lonlat(gpd.GeoSeries(shapes, crs=self.crs))
        leaves = to_metric(store.leaves(self.session, tuple(around.total_bounds)), self.crs)
        tree = shapely.STRtree(leaves.geometry.to_numpy())
        met = np.unique(tree.query(shapes, predicate="intersects")[1])
        return leaves.iloc[met].reset_index(drop=True)

    def ground(
        self, touched: gpd.GeoDataFrame, seen: Availability, fresh: Placed, before: pd.DataFrame
    ) -> Change:
        """Footprints, coverage and gaps in some leaves, of the cameras looked at and all that see there."""
        session = self.session
        others = self.stored[~self.stored["camera"].isin({*before["camera"], *self.cameras.index})]
        edges, spots, leaves = self._ground_of(touched)
        if len(touched):
            near = others["camera"][in_reach(others, self.level, tuple(touched.total_bounds))].unique()
            others = others[others["camera"].isin(near)]
        else:
            others = others.iloc[:0]
        poses = pd.concat([_poses_of(others), fresh.poses], keys=["other", "fresh"], names=["of", "key"])
        poses = poses.sort_values("camera", kind="stable")
        row = pd.Series(np.arange(len(poses)), index=poses.index)
        poses = poses.reset_index(drop=True)
        points = gpd.GeoSeries(gpd.points_from_xy(poses["east_m"], poses["north_m"]), crs=self.crs)
        of_others = store.carriers(session, others["camera"].unique().tolist())
        carried = pd.concat([of_others, pd.DataFrame(self.cameras[["mobile_device"]])])
        own = row.loc["fresh"] if len(fresh.poses) else row.iloc[:0]
        found = views(
            pose_cameras(poses[list(POSE_COLUMNS)], points),
            carried,
            self._obstructions(discs(poses, self.level) if len(poses) else NOWHERE),
            level=self.level,
            dimension=self.settings.dimension,
            target_height_m=self.settings.target_height_m,
        )
        footprints = {
            name: shapes.iloc[own.to_numpy()].set_axis(fresh.poses.index)
            for name, shapes in found.at_level.items()
        }
        if not len(touched):
            return Change(footprints, {}, None)
        of_near = whole_segments(
            store.segments(session, self.head.id, others["camera"].unique().tolist()),
            row.loc["other"] if len(others) else row.iloc[:0],
            self.period,
        )
        known = np.append(own.to_numpy(), -1)
        of_own = seen.segments.assign(
            **{name: known[seen.segments[name].to_numpy()] for name in ("pose", "nominal")}
        )
        segments = pd.concat(
            [part.astype({"reason": object}) for part in (of_near, of_own) if len(part)], ignore_index=True
        )
        scene = Scene(
            cameras=self.cameras,
            presets=pd.DataFrame(),
            sources=pd.DataFrame(),
            expected=pd.DataFrame(),
            frames=FrameBatch.of([], []),
            edges=edges,
            places=spots,
            obstructions=gpd.GeoDataFrame(geometry=[], crs=self.crs),
            jurisdictions=leaves,
            zone=UTC,
        )
        coverages = dict(
            level_coverages(
                found,
                Held(poses, segments),
                scene,
                self.period,
                self.settings,
                within=tuple(touched["path"]),
            )
        )
        return Change(footprints, coverages, coverage_gaps(coverages[self.level]))

    def _viewers(self, stored: pd.DataFrame) -> gpd.GeoDataFrame:
        rows = _poses_of(stored).reset_index(drop=True)
        points = gpd.GeoSeries(gpd.points_from_xy(rows["east_m"], rows["north_m"]), crs=self.crs)
        return pose_cameras(rows[list(POSE_COLUMNS)], points)

    def _ground_of(
        self, touched: gpd.GeoDataFrame
    ) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """Streets and places in some leaves, and every leaf that these streets run through."""
        box = tuple(to_lonlat(touched).total_bounds) if len(touched) else NOWHERE
        edges = to_metric(places.edges(self.session, within=box), self.crs)
        spots = to_metric(places.places(self.session, within=box), self.crs)
        if not len(edges):
            return edges, spots, touched
        tree = shapely.STRtree(edges.geometry.to_numpy())
        edges = edges.iloc[np.unique(tree.query(touched.geometry.to_numpy(), predicate="intersects")[1])]
        if not len(edges):
            return edges, spots, touched
        leaves = store.leaves(self.session, tuple(to_lonlat(edges).total_bounds))
        return edges, spots, to_metric(leaves, self.crs)

    def _obstructions(self, box: Box) -> gpd.GeoDataFrame:
        corners = gpd.GeoSeries([shapely.box(*box)], crs=self.crs)
        around = tuple(to_lonlat(corners).total_bounds)
        return to_metric(places.obstructions(self.session, within=around), self.crs)


def _poses_of(stored: pd.DataFrame) -> pd.DataFrame:
    """POSES, with east_m and north_m, from rows of the table."""
    return stored.assign(
        x_m=stored["east_m"].where(stored["travels"]),
        y_m=stored["north_m"].where(stored["travels"]),
        from_s=np.nan,
        until_s=np.nan,
    )[[*POSE_COLUMNS, "east_m", "north_m"]]


def _delivered(head: Analysis) -> pd.DataFrame:
    """DELIVERIES that an analysis keeps."""
    rows = [(int(source), *run) for source, runs in (head.delivered or {}).items() for run in runs]
    return pd.DataFrame(rows, columns=["source", "first_ms", "last_ms"]).astype(np.int64)


def _differing(new: pd.DataFrame, old: pd.DataFrame) -> set[int]:
    """Sources whose DELIVERIES are not the same."""
    now, then = by_source(new), by_source(old)
    return {int(source) for source in {*now, *then} if now.get(source) != then.get(source)}
