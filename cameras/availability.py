"""When each camera could be used, when it could not, and when nobody knows (DESIGN §4, *Evidence*)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np
import pandas as pd

from cameras.causes import DEGRADED, NOT_MEASURED, OUTAGE, USABLE
from cameras.diagnosis import Thresholds, clock_findings, diagnose
from cameras.evidence import SourceTable, deliveries
from cameras.frames.columns import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.moving import not_on_duty, places_of
from cameras.optics import AssumedOptics
from cameras.poses import PoseTolerances, camera_poses
from cameras.segments import camera_segments
from cameras.validity import recorded, within_validity


@dataclass(frozen=True, eq=False)
class Availability:
    """What the frames of a period tell about each camera.

    Parameters
    ----------
    segments : DataFrame
        SEGMENTS (see `cameras.segments.camera_segments`).
    poses : DataFrame
        POSES (see `cameras.poses.camera_poses`), to whose rows SEGMENTS point.
    clocks : DataFrame
        Cameras whose on-screen clock was wrong (see `cameras.diagnosis.clock_findings`).
    delivered : DataFrame
        DELIVERIES (see `cameras.evidence.deliveries`).
    """

    segments: pd.DataFrame
    poses: pd.DataFrame
    clocks: pd.DataFrame
    delivered: pd.DataFrame


def availability(
    cameras: pd.DataFrame,
    frames: FrameBatch,
    sources: pd.DataFrame,
    period: tuple[int, int],
    *,
    zone: tzinfo,
    presets: pd.DataFrame | None = None,
    expected: pd.DataFrame | None = None,
    assumed: AssumedOptics | None = None,
    tolerances: PoseTolerances | None = None,
    thresholds: Thresholds | None = None,
    delivered: pd.DataFrame | None = None,
) -> Availability:
    """Diagnosis, poses and evidence of a period, put together.

    Parameters
    ----------
    cameras : DataFrame or GeoDataFrame
        CAMERAS by id; with `from_ms` and `until_ms` where a record did not hold always, and thresholds of
        their own where they have some (`cameras.diagnosis.OWN_THRESHOLDS`). Where some of them move
        (`cameras.moving`), in a projected CRS in metres.
    frames : FrameBatch
        In any order. Give some before the period too: five times the longest expected interval is enough to
        know each camera's last frame and which sources were alive when the period began.
    sources : DataFrame
        SOURCES by id: kind, expected_interval_s.
    period : tuple of int
        Epoch milliseconds, half-open (`period_ms`).
    zone : tzinfo
        The zone of the presets' daily windows.
    presets : DataFrame, optional
        Poses of PTZ cameras (`cameras.poses.PRESET_COLUMNS`).
    expected : DataFrame, optional
        `camera`, `source`: who should deliver for whom, so that a camera never heard of is missed.
    assumed, tolerances, thresholds : optional
        Settings; their defaults when left out.
    delivered : DataFrame, optional
        DELIVERIES of other cameras, whose frames are not given: silence means the same as if they were.

    Returns
    -------
    Availability
    """
    limits = Thresholds() if thresholds is None else thresholds
    ordered = frames.in_order()
    known = SourceTable.of(sources, limits.lost_intervals)
    heard = deliveries(ordered, known, known.places(ordered.source), beside=delivered)
    poses = camera_poses(
        cameras,
        ordered,
        sources,
        period,
        presets=presets,
        places=places_of(ordered, cameras),
        assumed=assumed,
        tolerances=tolerances,
        thresholds=limits,
    )
    segments = camera_segments(
        ordered,
        diagnose(ordered, limits, cameras)[1],
        poses,
        sources,
        period,
        zone=zone,
        expected=expected,
        thresholds=limits,
        delivered=heard,
    )
    segments = not_on_duty(within_validity(segments, cameras, period), cameras)
    inside = (ordered.captured_ms >= period[0]) & (ordered.captured_ms < period[1])
    return Availability(segments, poses.table, clock_findings(ordered.take(inside), limits), heard)


def period_ms(start: datetime, end: datetime) -> tuple[int, int]:
    """A period in epoch milliseconds from two timezone-aware times; ValueError when it is empty or naive."""
    period = epoch_ms(start), epoch_ms(end)
    if period[0] >= period[1]:
        raise ValueError(f"period from {start} to {end} is empty; give a start before the end")
    return period


def rates(segments: pd.DataFrame) -> pd.DataFrame:
    """Shares of time of each camera, the base of online rate (在线率) and integrity rate (图像完好率).

    Parameters
    ----------
    segments : DataFrame
        SEGMENTS.

    Returns
    -------
    DataFrame
        By camera, for the time in which its record held: `period_ms`,
        `usable_ms`, `degraded_ms`, `outage_ms`, `not_measured_ms`, which add up to
        the period; `measured_share` (all but not measured, of the period), `online_share` (usable and
        degraded, of the period, as DOMAIN §1 has the online rate), `integrity_share` (usable of usable and
        degraded, NaN for a camera that was never online).
    """
    segments = recorded(segments)
    duration = segments["end_ms"] - segments["start_ms"]
    by_state = duration.groupby([segments["camera"], segments["state"]]).sum().unstack(fill_value=0)
    by_state = by_state.reindex(columns=[USABLE, DEGRADED, OUTAGE, NOT_MEASURED], fill_value=0)
    by_state.columns = pd.Index(["usable_ms", "degraded_ms", "outage_ms", "not_measured_ms"])
    found = by_state.astype(np.int64)
    found.insert(0, "period_ms", found.sum(axis=1))
    online = found["usable_ms"] + found["degraded_ms"]
    found["measured_share"] = 1.0 - found["not_measured_ms"] / found["period_ms"]
    found["online_share"] = online / found["period_ms"]
    found["integrity_share"] = (found["usable_ms"] / online).where(online > 0)
    return found
