"""Gaps of now that a loss may lie behind."""

from __future__ import annotations

import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame

from cameras.alerts.settings import PASSING
from cameras.causes import CAUSE_BY_NAME, DEGRADED, NOT_MEASURED, OUTAGE
from cameras.validity import recorded

_UNCERTAIN = "uncertain"
_CAUSE_OF = {DEGRADED: "degraded", OUTAGE: "outage", NOT_MEASURED: "not_measured"}


def candidates(gaps: GeoDataFrame, concerned: DataFrame, segments: DataFrame) -> GeoDataFrame:
    """Gaps whose cause comes and goes, and uncertain ones of a camera that gives no picture now.

    Parameters
    ----------
    gaps : GeoDataFrame
        `Gaps.frame` of a window.
    concerned : DataFrame
        `Gaps.cameras`: gap, camera, from_ms.
    segments : DataFrame
        SEGMENTS of the window.

    Returns
    -------
    GeoDataFrame
        Rows of `gaps` from 0 on, with since_ms: from when on the first of its cameras was at fault.

    Notes
    -----
    Of a camera whose direction its frames tell and its record does not, nobody knows where it would look once
    its frames are not there: its ground is *uncertain* then, and not lost. It is told here as what the camera
    is, and for those cameras alone that give no picture of use at the window's end.
    """
    since = concerned.groupby("gap")["from_ms"].min()
    passing = gaps[gaps["cause"].isin(PASSING)]
    passing = passing.assign(since_ms=since.reindex(passing.index), cause=passing["cause"].astype(str))
    last = recorded(segments).sort_values(["camera", "start_ms"]).groupby("camera").tail(1)
    last = last[last["state"].isin(list(_CAUSE_OF))].set_index("camera")
    unsure = gaps[gaps["cause"] == _UNCERTAIN]
    told = concerned[concerned["gap"].isin(unsure.index) & concerned["camera"].isin(last.index)]
    now = last.loc[told["camera"]].reset_index()
    told = DataFrame(
        {
            "gap": told["gap"].to_numpy(),
            "camera": now["camera"],
            "cause": now["state"].map(_CAUSE_OF),
            "reason": now["reason"].astype(str),
            "since_ms": now["start_ms"],
        }
    )
    rank = told["cause"].map({name: cause.rank for name, cause in CAUSE_BY_NAME.items()})
    # As of any ground, the first cause of the table counts.
    told = told[rank == rank.groupby(told["gap"]).transform("min")]
    by_gap = told.groupby("gap")
    of = dict(iter(by_gap))
    lost = unsure.loc[list(of)].assign(
        cause=by_gap["cause"].first(),
        cameras=pd.Series({gap: tuple(own["camera"]) for gap, own in of.items()}, dtype=object),
        reasons=pd.Series({gap: _reasons(own) for gap, own in of.items()}, dtype=object),
        since_ms=by_gap["since_ms"].min(),
    )
    both = pd.concat([part for part in (passing, lost) if len(part)] or [passing], ignore_index=True)
    return GeoDataFrame(both.astype({"since_ms": "int64"}), geometry="geometry", crs=gaps.crs)


def _reasons(told: DataFrame) -> tuple[str, ...]:
    """What the evidence says of some cameras, each once."""
    return tuple(sorted({name for name in told["reason"] if name}))
