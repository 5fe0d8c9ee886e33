"""A synthetic day: roles, faults and frames put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.diagnosis import Thresholds
from cameras.frames.columns import LOST_EVENT, NO_TIME, FrameBatch
from cameras.frames.times import epoch_ms
from cameras.frames.write import write_frames
from cameras.standpoint import standpoints
from cameras.synthetic.faults import MINUTE_MS, FaultPlan, planted, truth_table
from cameras.synthetic.roles import (
    INSPECTION,
    SOURCES,
    STREAM,
    TOUR_S,
    RoleShares,
    certain_poses,
    presets,
    records,
    roles,
)
from cameras.synthetic.sight import watched_m

DAY_MS = 24 * 60 * MINUTE_MS
# Frames begin before the day, so that at midnight there is evidence already: one round, five ticks.
INSPECTION_ROUNDS_H = (-4, 2, 8, 14, 20)
LEAD_MS = 5 * MINUTE_MS
POSE_NOISE_DEG = 0.3
TURNED_DEG = 110.0


@dataclass(frozen=True, eq=False)
class SyntheticDay:
    """Everything that is made up about a day.

    Parameters
    ----------
    cameras : GeoDataFrame
        CAMERAS as the catalogue has them, on the index of those given.
    presets : DataFrame
        Presets of PTZ cameras (`camera` is an index label).
    sources, expected : DataFrame
        SOURCES, and which of them speaks for which camera.
    frames : FrameBatch
        In order; camera is the index label, source the row of `sources`.
    truth : DataFrame
        fault, kind, cause, camera, from_min, until_min, alone_m (planted, see `faults.planted`), start_ms,
        end_ms (what must be found).
    """

    cameras: gpd.GeoDataFrame
    presets: pd.DataFrame
    sources: pd.DataFrame
    expected: pd.DataFrame
    frames: FrameBatch
    truth: pd.DataFrame

    def write(self, folder: Path) -> dict[int, Path]:
        """Write the frames, one file a source; answers the file of each row of `sources`."""
        codes = {int(str(number)): str(code) for number, code in self.cameras["code"].items()}
        return write_frames(folder, self.frames, self.sources, codes)


def synthetic_day(
    cameras: gpd.GeoDataFrame,
    streets: gpd.GeoSeries,
    *,
    day_start: datetime,
    seed: int,
    obstructions: gpd.GeoSeries | None = None,
    shares: RoleShares | None = None,
    faults: FaultPlan | None = None,
    equipment: pd.DataFrame | None = None,
) -> SyntheticDay:
    """One day of frames for given cameras, faults included; the same seed gives the same day.

    Parameters
    ----------
    cameras : GeoDataFrame
        CAMERAS on unique whole numbers, in a metric CRS.
    streets : GeoSeries
        Lines in the same CRS, for the cameras to look at.
    day_start : datetime
        Local midnight, tz-aware. The day has 24 hours.
    seed : int
    obstructions : GeoSeries, optional
        Polygons in the same CRS. With them cameras look past buildings, and faults fall on those whose loss
        leaves street unwatched; without them nothing is thought to stand in the way.
    shares : RoleShares, optional
    faults : FaultPlan, optional
    equipment : DataFrame, optional
        What each camera is and reports, in the form of `cameras.synthetic.roles.roles` (`knows` may also be
        "listed": the record tells direction and lens, the frames do not), and `recorder`, the code of the
        recorder it hangs on or "". The records then stay as they are given. Without it, it is drawn.
    """
    rng = np.random.default_rng(seed)
    walls = gpd.GeoSeries([], crs=cameras.crs) if obstructions is None else obstructions
    stands = standpoints(cameras, gpd.GeoDataFrame(geometry=walls)).geometry
    made = roles(stands, streets, walls, shares or RoleShares(), rng) if equipment is None else equipment
    plan = faults or FaultPlan()
    watched = watched_m(certain_poses(made), stands, streets, walls)
    wrong = planted(cameras, made, watched, plan, rng)
    start = epoch_ms(day_start)
    frames = FrameBatch.concatenate(
        _of_source(int(number), made, wrong, plan, start, rng) for number in SOURCES.index
    ).in_order()
    catalogue = cameras.copy()
    if equipment is None:
        catalogue = records(cameras, made)
        in_nvr = wrong.loc[wrong["kind"] == "nvr", "camera"]
        catalogue.loc[in_nvr, "parent_code"] = "synthetic-nvr-01"
    times = {int(camera): frames.captured_ms[frames.camera == camera] for camera in wrong["camera"].unique()}
    lost = (made["source"].map(SOURCES["expected_interval_s"]) * 1000 * Thresholds().lost_intervals).astype(
        int
    )
    return SyntheticDay(
        cameras=catalogue,
        presets=presets(made),
        sources=SOURCES.copy(),
        expected=pd.DataFrame({"camera": made.index, "source": made["source"].to_numpy()}),
        frames=frames,
        truth=truth_table(
            wrong, times, {int(str(camera)): int(ms) for camera, ms in lost.items()}, (start, start + DAY_MS)
        ),
    )


def _ticks(source: int, start: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """When a source polls its cameras, all at once, epoch milliseconds."""
    if source == INSPECTION:
        hours = np.array(INSPECTION_ROUNDS_H, np.int64)
        return start + hours * 3_600_000 + rng.integers(0, 20 * MINUTE_MS, len(hours))
    step, jitter = (1000, 100) if source == STREAM else (MINUTE_MS, 2000)
    lead = 10_000 if source == STREAM else LEAD_MS
    ticks = np.arange(start - lead, start + DAY_MS, step, dtype=np.int64)
    return ticks + rng.integers(-jitter, jitter + 1, len(ticks))


def _of_source(
    source: int,
    made: pd.DataFrame,
    wrong: pd.DataFrame,
    plan: FaultPlan,
    start: int,
    rng: np.random.Generator,
) -> FrameBatch:
    """Frames of one source: every camera at every tick, less what faults take, bent as faults bend it."""
    members = made[made["source"] == source]
    ticks = _ticks(source, start, rng)
    camera = np.repeat(members.index.to_numpy(np.int64), len(ticks))
    own = members.loc[camera]
    ms = np.tile(ticks, len(members))
    n = len(ms)
    second = (ms - start) / 1000.0
    measured = (own["knows"] == "measured").to_numpy()
    noise = rng.uniform(-POSE_NOISE_DEG, POSE_NOISE_DEG, (2, n))
    # Clear of every threshold by day and by night: what is dark or flat here is a planted fault.
    light = 95.0 + 45.0 * np.sin(2 * np.pi * (second / 86_400.0 - 0.3))
    columns = {
        "azimuth_deg": own["azimuth_deg"].to_numpy() + noise[0] + _tour(own, second),
        "tilt_deg": own["tilt_deg"].to_numpy() + noise[1],
        "hfov_deg": own["hfov_deg"].to_numpy(),
        "vfov_deg": own["vfov_deg"].to_numpy(),
        "width_px": own["width_px"].to_numpy(),
        "height_px": own["height_px"].to_numpy(),
        "luma": light + rng.uniform(-6.0, 6.0, n),
        "contrast": rng.uniform(42.0, 70.0, n),
        "sharpness": rng.uniform(60.0, 88.0, n),
        "similarity": rng.uniform(0.5, 0.9, n),
    }
    osd_ms = np.where(own["shows_clock"], ms // 1000 * 1000 + rng.integers(0, 3, n) * 1000, NO_TIME)
    keep = np.ones(n, bool)
    event = np.zeros(n, np.int8)
    for fault in wrong[wrong["camera"].isin(members.index)].to_dict("records"):
        begin, stop = start + fault["from_min"] * MINUTE_MS, start + fault["until_min"] * MINUTE_MS
        hit = (camera == fault["camera"]) & (ms >= begin) & (ms < stop)
        _bend(str(fault["kind"]), hit, columns, keep, event)
        if fault["kind"] == "clock":
            osd_ms[hit] = ms[hit] // 1000 * 1000 + round(plan.clock_s * 1000)
    for name in ("azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px", "height_px"):
        columns[name] = np.where(measured, columns[name], np.nan)
    columns["azimuth_deg"] = columns["azimuth_deg"] % 360.0
    # As an instrument writes them; more digits would only make files larger.
    rounded = {name: np.round(values, 3 if name == "similarity" else 1) for name, values in columns.items()}
    rounded["azimuth_deg"] = np.where(rounded["azimuth_deg"] >= 360.0, 0.0, rounded["azimuth_deg"])
    lost = event == LOST_EVENT
    osd_ms[lost] = NO_TIME
    for values in rounded.values():
        values[lost] = np.nan
    return FrameBatch.of(camera, ms, source=source, osd_ms=osd_ms, event=event, **rounded).take(keep)


def _tour(own: pd.DataFrame, second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees that the schedule has turned a PTZ camera by at each time; 0 for the others."""
    window = np.searchsorted([stop for _, stop in TOUR_S[:-1]], second, side="right")
    # Before midnight the schedule is that of the evening.
    window = np.where(second < 0, len(TOUR_S) - 1, window)
    return np.where(own["ptz"].to_numpy(bool), 100.0 * window, 0.0)


def _bend(
    kind: str,
    hit: NDArray[np.bool_],
    columns: dict[str, NDArray[np.float64]],
    keep: NDArray[np.bool_],
    event: NDArray[np.int8],
) -> None:
    """What a fault does to the frames it hits."""
    if kind in ("outage", "nvr", "silent"):
        keep[hit] = False
    elif kind == "lost":
        # The source says so once, and has nothing more to say.
        first = np.flatnonzero(hit)[:1]
        keep[hit] = False
        keep[first], event[first] = True, LOST_EVENT
    elif kind == "dark":
        columns["luma"][hit] = 12.0
    elif kind == "frozen":
        columns["similarity"][hit] = 0.99
    elif kind == "blocked":
        for name, value in (("luma", 88.0), ("contrast", 8.0), ("sharpness", 14.0), ("similarity", 0.8)):
            columns[name][hit] = value
    elif kind == "turned":
        columns["azimuth_deg"][hit] += TURNED_DEG
