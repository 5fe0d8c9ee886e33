"""Which pose each camera should have at each instant: the daily windows of PTZ presets on the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from cameras.frames.times import epoch_ms

_Piece = tuple[int, int]
_Window = tuple[int, int, int]


def nominal_schedule(poses: pd.DataFrame, period: tuple[int, int], zone: tzinfo) -> pd.DataFrame:
    """From when on each camera should have which pose.

    Parameters
    ----------
    poses : DataFrame
        POSES of `cameras.poses.camera_poses`.
    period : tuple of int
        Epoch milliseconds, half-open.
    zone : tzinfo
        The zone of the presets' daily windows.

    Returns
    -------
    DataFrame
        By camera and start: `camera`, `start_ms`, `pose` (row of POSES). The first row of a camera starts
        with the period, and each holds until the next.

    Notes
    -----
    A window is kept by the wall clock, so it is an hour longer or shorter when the clock changes inside it;
    one that ends before it begins runs over midnight. Where windows overlap the first in POSES counts.
    """
    start, end = period
    nominal = poses[poses["nominal"]]
    windowed = nominal["from_s"].notna()
    base = nominal[~windowed]
    simple = base[~base["camera"].isin(nominal["camera"][windowed])]
    pieces = [
        pd.DataFrame(
            {"camera": simple["camera"].to_numpy(), "start_ms": start, "pose": simple.index.to_numpy()}
        )
    ]
    days: dict[tuple[date, int], int] = {}
    bases = dict(zip(base["camera"], base.index, strict=True))
    for camera, presets in nominal[windowed].groupby("camera"):
        windows: list[_Window] = []
        for row, preset in presets.iterrows():
            for low, high in _windows(float(preset["from_s"]), float(preset["until_s"]), period, zone, days):
                windows.append((low, high, int(str(row))))
        starts, rows = _tiled(start, end, windows, int(bases[camera]))
        pieces.append(pd.DataFrame({"camera": camera, "start_ms": starts, "pose": rows}))
    found = pd.concat(pieces, ignore_index=True).astype(np.int64)
    return found.sort_values(["camera", "start_ms"], ignore_index=True)


def _windows(
    from_s: float, until_s: float, period: tuple[int, int], zone: tzinfo, days: dict[tuple[date, int], int]
) -> list[_Piece]:
    """The instants of a daily window on every local day that touches the period."""
    first = datetime.fromtimestamp(period[0] / 1000, UTC).astimezone(zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(period[1] / 1000, UTC).astimezone(zone).date()
    found = []
    day = first
    while day <= last:
        ends = day + timedelta(days=1) if until_s < from_s else day
        low, high = _instant(day, int(from_s), zone, days), _instant(ends, int(until_s), zone, days)
        if max(low, period[0]) < min(high, period[1]):
            found.append((low, high))
        day += timedelta(days=1)
    return found


def _instant(day: date, second: int, zone: tzinfo, days: dict[tuple[date, int], int]) -> int:
    """Epoch milliseconds of a reading of the wall clock; looked up once for each day and second."""
    key = (day, second)
    if key not in days:
        reading = datetime(day.year, day.month, day.day) + timedelta(seconds=second)
        days[key] = epoch_ms(reading.replace(tzinfo=zone))
    return days[key]


def _tiled(start: int, end: int, windows: list[_Window], base: int) -> tuple[list[int], list[int]]:
    edges = sorted({start, *(edge for low, high, _ in windows for edge in (low, high) if start < edge < end)})
    starts: list[int] = []
    rows: list[int] = []
    for edge in edges:
        row = next((row for low, high, row in windows if low <= edge < high), base)
        if not rows or rows[-1] != row:
            starts.append(edge)
            rows.append(row)
    return starts, rows
