"""Faults planted in a synthetic day, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.synthetic.roles import CERTAIN, GATEWAY_A, GATEWAY_B, STREAM

MINUTE_MS = 60_000


@dataclass(frozen=True)
class FaultPlan:
    """What is planted; times in minutes after local midnight.

    Parameters
    ----------
    outage_min : tuple of int
        Lengths of single outages, one camera each.
    nvr_cameras, nvr_from, nvr_min : int
        How many neighbours hang on the NVR that fails, when and for how long.
    dark_cameras, dark_from, dark_min : int
        Cameras whose light is out in the evening.
    frozen, blocked : (int, int)
        From and length, one camera each.
    turned_from : int
        One camera is turned away from then on.
    clock_s : float
        One camera's on-screen clock is off by this, all day.
    lost : (int, int)
        From and length: the stream reports that it lost one of its cameras.
    silent_from, silent_min : int
        The second gateway itself is silent.
    recorders : tuple of (int, int)
        From and length, one failing recorder each with everything that hangs on it: for equipment that says
        what hangs on which. `nvr_cameras` is then 0 as a rule.
    """

    outage_min: tuple[int, ...] = (20, 45, 90, 180, 300)
    nvr_cameras: int = 8
    nvr_from: int = 10 * 60 + 25
    nvr_min: int = 150
    dark_cameras: int = 3
    dark_from: int = 20 * 60 + 5
    dark_min: int = 170
    frozen: tuple[int, int] = (11 * 60 + 10, 150)
    blocked: tuple[int, int] = (9 * 60, 90)
    turned_from: int = 15 * 60 + 20
    clock_s: float = 440.0
    lost: tuple[int, int] = (14 * 60 + 35, 50)
    silent_from: int = 4 * 60 + 10
    silent_min: int = 45
    recorders: tuple[tuple[int, int], ...] = ()


def planted(
    cameras: gpd.GeoDataFrame,
    made: pd.DataFrame,
    watched: pd.DataFrame,
    plan: FaultPlan,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Who fails how and when.

    Parameters
    ----------
    cameras : GeoDataFrame
        Points in a metric CRS, by id.
    made : DataFrame
        `cameras.synthetic.roles.roles`; with a column `recorder` ("" none) where recorders are to fail.
    watched : DataFrame
        `cameras.synthetic.sight.watched_m`.
    plan : FaultPlan
    rng : Generator

    Returns
    -------
    DataFrame
        fault (number), kind, cause (cause of the gaps it opens, "" for a mere finding), camera, from_min,
        until_min (minutes after local midnight; the day ends at 1440), alone_m (street that goes unwatched,
        0 where others watch it too). No camera has two faults. Repair faults fall on fixed cameras whose
        pose is known and who see a street, those first that watch the most street alone; the NVR's cameras
        are neighbours; of recorders those fail whose cameras watch the most street alone.

    Raises
    ------
    ValueError
        When there are too few such cameras, or recorders.
    """
    fixed = made.index[made["knows"].isin(CERTAIN) & ~made["ptz"]]
    alone_m, seen_m = watched["alone_m"], watched["seen_m"]
    weight = alone_m.reindex(fixed).sort_values(ascending=False, kind="stable")
    sees = [int(camera) for camera in weight.index if seen_m[camera] > 0]
    failing = _failing_recorders(made, alone_m, len(plan.recorders))
    hung = {camera for members in failing for camera in members}
    able = [camera for camera in sees if made.loc[camera, "source"] == GATEWAY_A and camera not in hung]
    streams = [camera for camera in sees if made.loc[camera, "source"] == STREAM]
    needed = plan.nvr_cameras + len(plan.outage_min) + plan.dark_cameras + 4
    if len(able) < needed:
        raise ValueError(
            f"{len(able)} fixed cameras of the first gateway report their pose and see a street, where the "
            f"faults need {needed}; give more cameras or plan fewer faults"
        )
    rows: list[tuple[str, str, list[int], int, int]] = [
        ("nvr", "outage", members, start, start + length)
        for members, (start, length) in zip(failing, plan.recorders, strict=True)
    ]
    group: list[int] = []
    if plan.nvr_cameras:
        # The middle of the crowd, not the loneliest, has neighbours close enough to hang on one recorder.
        group = _neighbours(cameras, able, plan.nvr_cameras)
        rows.append(("nvr", "outage", group, plan.nvr_from, plan.nvr_from + plan.nvr_min))
    free = [camera for camera in able if camera not in group]
    for length in plan.outage_min:
        start = int(rng.integers(30, 24 * 60 - 30 - length))
        rows.append(("outage", "outage", [free.pop(0)], start, start + length))
    for _ in range(plan.dark_cameras):
        rows.append(("dark", "degraded", [free.pop(0)], plan.dark_from, plan.dark_from + plan.dark_min))
    rows.append(("frozen", "degraded", [free.pop(0)], plan.frozen[0], sum(plan.frozen)))
    rows.append(("blocked", "degraded", [free.pop(0)], plan.blocked[0], sum(plan.blocked)))
    # Only frames that tell where a camera looks can tell that it looks elsewhere.
    turned = next(camera for camera in free if made.loc[camera, "knows"] == "measured")
    free.remove(turned)
    rows.append(("turned", "moved", [turned], plan.turned_from, 24 * 60))
    rows.append(("clock", "", [free.pop(0)], -60, 24 * 60))
    if streams and alone_m[streams[0]] > 0:
        rows.append(("lost", "outage", streams[:1], plan.lost[0], sum(plan.lost)))
    silent = list(made.index[made["source"] == GATEWAY_B])
    rows.append(("silent", "not_measured", silent, plan.silent_from, plan.silent_from + plan.silent_min))
    table = [
        (number, kind, cause, camera, start, stop)
        for number, (kind, cause, members, start, stop) in enumerate(rows, start=1)
        for camera in members
    ]
    found = pd.DataFrame(table, columns=["fault", "kind", "cause", "camera", "from_min", "until_min"])
    return found.assign(alone_m=found["camera"].map(alone_m).fillna(0.0))


def _failing_recorders(made: pd.DataFrame, alone_m: pd.Series, count: int) -> list[list[int]]:
    """The cameras of each recorder that fails: all of the first gateway, the most street alone first."""
    if not count:
        return []
    named = made[made["recorder"] != ""]
    whole = named.groupby("recorder")["source"].agg(lambda sources: bool((sources == GATEWAY_A).all()))
    alone = alone_m.reindex(named.index).fillna(0.0).groupby(named["recorder"]).sum()
    # By name where two watch equally much, so that the order does not hang on the sort.
    ranked = alone[whole[whole].index].sort_index().sort_values(ascending=False, kind="stable")
    if len(ranked) < count:
        raise ValueError(
            f"{len(ranked)} recorders have all cameras at the first gateway, where {count} are to fail; "
            "give more recorders or plan fewer failures"
        )
    return [
        [int(camera) for camera in named.index[named["recorder"] == recorder]]
        for recorder in ranked.index[:count]
    ]


def _neighbours(cameras: gpd.GeoDataFrame, ids: list[int], count: int) -> list[int]:
    """The `count` cameras that lie closest together around one of them."""
    among = cameras.loc[ids]
    apart = np.sort(_distances(among), axis=1)
    centre = int(apart[:, count - 1].argmin())
    return [int(ids[row]) for row in np.argsort(_distances(among)[centre], kind="stable")[:count]]


def _distances(cameras: gpd.GeoDataFrame) -> NDArray[np.float64]:
    xy = np.column_stack([cameras.geometry.x, cameras.geometry.y])
    return np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))


def truth_table(
    faults: pd.DataFrame, ticks: dict[int, NDArray[np.int64]], lost: dict[int, int], day_ms: tuple[int, int]
) -> pd.DataFrame:
    """What must be found, worked out from the frame times alone.

    Parameters
    ----------
    faults : DataFrame
        As `planted`.
    ticks : dict of camera to (n,) array of int
        Times of the frames that were really written, epoch milliseconds, ascending.
    lost : dict of camera to int
        After how long a frame stops being evidence, milliseconds.
    day_ms : (int, int)
        The day, epoch milliseconds.

    Returns
    -------
    DataFrame
        The faults with start_ms and end_ms: from the last frame's end of validity to the next frame for a
        silence, from the first bad frame to the next good one for the others.
    """
    start, end = [], []
    for camera, kind, first, last in zip(
        faults["camera"], faults["kind"], faults["from_min"], faults["until_min"], strict=True
    ):
        times = ticks[camera]
        begin, stop = day_ms[0] + first * MINUTE_MS, day_ms[0] + last * MINUTE_MS
        after = times[times >= stop]
        resumed = int(after[0]) if len(after) else day_ms[1]
        if kind in ("outage", "nvr", "silent"):
            began = int(times[times < begin][-1]) + lost[camera]
        else:
            began = int(times[times >= begin][0])
        start.append(max(began, day_ms[0]))
        end.append(min(resumed, day_ms[1]))
    return faults.assign(start_ms=start, end_ms=end)
