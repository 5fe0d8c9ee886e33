"""Records that held for a part of an analysed period only, one after another of the same camera."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cameras.causes import NOT_MEASURED
from cameras.diagnosis import Thresholds
from cameras.frames.columns import NO_TIME, FrameBatch

# Why nothing is said of a camera at a time: its record, at that place and pose, did not hold then.
NO_RECORD = "no_record"


# What of a frame tells how the camera stood, which its record says anew at a border.
_OF_THE_POSE = ("azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px", "height_px")


def heard_beyond(
    frames: FrameBatch, cameras: pd.DataFrame, thresholds: Thresholds | None = None
) -> FrameBatch:
    """Frames, and those next before and after a record of the same camera given to it as well.

    A camera does not fall silent because its record changed: what is heard on one side of the border counts
    on the other as it would have without. The measured pose does not, since the record says that it changed,
    nor the clock, which is judged once.

    Parameters
    ----------
    frames : FrameBatch
        In any order.
    cameras : DataFrame
        CAMERAS by id: `code`, and `from_ms` and `until_ms` (epoch milliseconds, half-open) of each record;
        those from before the period too, as far back as frames count.
    thresholds : Thresholds, optional
        Of each source as many words are given on as make a picture frozen: the last one tells until when a
        camera is heard, and that many tell whether the picture stood still.
    """
    words = (Thresholds() if thresholds is None else thresholds).frozen_frames
    borders = _borders(cameras)
    rows = np.flatnonzero(np.isin(frames.camera, cameras.index[cameras["code"].isin(borders["code"])]))
    if not len(rows):
        return frames
    code = pd.Index(borders["code"].unique())
    heard = code.get_indexer(cameras["code"].reindex(frames.camera[rows]))
    order = np.lexsort((frames.captured_ms[rows], frames.source[rows], heard))
    rows, heard = rows[order], heard[order]
    # A series is what one source says of one camera, through all of its records.
    source, time = frames.source[rows], frames.captured_ms[rows]
    first = np.flatnonzero(np.append(True, (np.diff(heard) != 0) | (np.diff(source) != 0)))
    series = pd.DataFrame({"low": first, "high": np.append(first[1:], len(rows)), "code": code[heard[first]]})
    asked = borders.merge(series, on="code")
    # Series and time in one number, so that all borders are looked up at once.
    span = int(time.max() - time.min()) + 2
    of_row = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(rows)))) * span + time - time.min()
    at = np.clip(asked["border"].to_numpy() - time.min(), 0, span - 1)
    # A word at the border itself belongs to what follows.
    cut = np.searchsorted(of_row, np.searchsorted(first, asked["low"].to_numpy()) * span + at)
    before = asked["side"].to_numpy() < 0
    low = np.where(before, np.maximum(cut - words, asked["low"]), cut)
    high = np.where(before, cut, np.minimum(cut + words, asked["high"]))
    number = high - low
    picked = np.repeat(low - np.cumsum(number) + number, number) + np.arange(number.sum())
    given_to = np.repeat(asked["given_to"].to_numpy(dtype=np.int64), number)
    # What a record was told outside of its own time, it has already.
    new = frames.camera[rows[picked]] != given_to
    given = frames.take(rows[picked[new]]).columns()
    given["camera"] = given_to[new]
    for name in _OF_THE_POSE:
        given[name] = np.full(int(new.sum()), np.nan)
    given["osd_ms"] = np.full(int(new.sum()), NO_TIME, dtype=np.int64)
    return FrameBatch.concatenate([frames, FrameBatch(**given)])


def _borders(cameras: pd.DataFrame) -> pd.DataFrame:
    """Where one record of a camera follows another: `code`, `border`, the record `given_to`, and on which
    `side` of the border the words given to it lie (-1 before, 1 after)."""
    begins, ends = (pd.MultiIndex.from_frame(cameras[["code", name]]) for name in ("from_ms", "until_ms"))
    found = pd.concat(
        [
            cameras.loc[begins.isin(ends), ["code", "from_ms"]].set_axis(["code", "border"], axis=1),
            cameras.loc[ends.isin(begins), ["code", "until_ms"]].set_axis(["code", "border"], axis=1),
        ],
        keys=[-1, 1],
        names=["side", "given_to"],
    )
    return found.reset_index()


def within_validity(segments: pd.DataFrame, cameras: pd.DataFrame, period: tuple[int, int]) -> pd.DataFrame:
    """SEGMENTS cut to the time in which each camera's record held.

    Parameters
    ----------
    segments : DataFrame
        SEGMENTS that tile the period.
    cameras : DataFrame
        CAMERAS by id; `from_ms` and `until_ms` (epoch milliseconds, half-open) bound the record. Without
        those columns every record holds always.
    period : tuple of int
        Epoch milliseconds, half-open.

    Returns
    -------
    DataFrame
        SEGMENTS that tile the period again: outside the record they are not measured, without any pose, so
        that they neither cover anything nor cause a gap, with the reason `NO_RECORD`.
    """
    if "from_ms" not in cameras:
        return segments
    begin = np.clip(cameras["from_ms"].to_numpy(dtype=np.int64), *period)
    finish = np.clip(cameras["until_ms"].to_numpy(dtype=np.int64), *period)
    ids = cameras.index.to_numpy()
    if not ((begin > period[0]) | (finish < period[1])).any():
        return segments
    bounds = pd.DataFrame({"begin": begin, "finish": finish}, index=ids).reindex(segments["camera"])
    inside = segments.assign(
        start_ms=np.maximum(segments["start_ms"].to_numpy(), bounds["begin"].to_numpy()),
        end_ms=np.minimum(segments["end_ms"].to_numpy(), bounds["finish"].to_numpy()),
    )
    inside = inside[inside["start_ms"] < inside["end_ms"]]
    absent = [
        _absent(ids[begin > period[0]], period[0], begin[begin > period[0]]),
        _absent(ids[finish < period[1]], finish[finish < period[1]], period[1]),
    ]
    together = pd.concat([inside, *absent], ignore_index=True)[list(segments.columns)]
    told = together["reason"].astype(object)
    kept = together.astype(segments.dtypes.drop("reason").to_dict()).assign(
        # Its categories do not have the new reason.
        reason=told.astype("category") if isinstance(segments["reason"].dtype, pd.CategoricalDtype) else told
    )
    return kept.sort_values(["camera", "start_ms"], kind="stable", ignore_index=True)


def recorded(segments: pd.DataFrame) -> pd.DataFrame:
    """SEGMENTS without the time in which a record did not hold."""
    return segments[segments["reason"] != NO_RECORD]


def _absent(ids: np.ndarray, start_ms: object, end_ms: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "camera": ids,
            "start_ms": np.broadcast_to(np.asarray(start_ms), len(ids)),
            "end_ms": np.broadcast_to(np.asarray(end_ms), len(ids)),
            "state": NOT_MEASURED,
            "reason": NO_RECORD,
            "pose": -1,
            "nominal": -1,
            "moved": False,
        }
    )
