"""Records that held for a part of an analysed period only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cameras.causes import NOT_MEASURED

# Why nothing is said of a camera at a time: its record, at that place and pose, did not hold then.
NO_RECORD = "no_record"


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
