"""What an analysis says of each camera, summed up for lists."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Of the states of a period the worst is told.
_WORST_FIRST = ("outage", "degraded", "not_measured", "usable")


def camera_states(segments: pd.DataFrame, findings: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    """Worst state, share of time online, and number of findings of each camera.

    Parameters
    ----------
    segments : DataFrame
        camera, start_ms, end_ms, state (name), path; the time in which its record held.
    findings : DataFrame
        camera, a row for each.
    lost : DataFrame
        The last losses (`cameras.losses.losses`): camera, change, common.

    Returns
    -------
    DataFrame
        By camera: state, online (share of its time in which it was usable or degraded), findings, change,
        together (what its loss has in common with others; None where there is nothing), path.
    """
    rank = segments["state"].map({name: n for n, name in enumerate(_WORST_FIRST)})
    length = segments["end_ms"] - segments["start_ms"]
    live = length.where(segments["state"].isin(["usable", "degraded"]), 0)
    by_camera = pd.DataFrame(
        {"camera": segments["camera"], "rank": rank, "length": length, "live": live, "path": segments["path"]}
    ).groupby("camera")
    sums = by_camera[["length", "live"]].sum()
    told = pd.DataFrame(
        {
            "state": np.array(_WORST_FIRST, dtype=object)[by_camera["rank"].min().to_numpy(dtype=np.int64)],
            "online": sums["live"] / sums["length"],
            "findings": findings.groupby("camera").size().reindex(sums.index, fill_value=0),
        },
        index=sums.index,
    )
    last = lost.set_index("camera")
    told["change"] = _or_none(last["change"].reindex(sums.index))
    told["together"] = _or_none(last["common"].replace("", None).reindex(sums.index))
    told["path"] = _or_none(by_camera["path"].first())
    return told


def _or_none(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), None)
