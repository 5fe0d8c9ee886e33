"""Gaps as files show them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from cameras.causes import CAUSE_BY_NAME, CAUSE_NAMES


def gap_table(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Gaps as files show them: whole words, metres and seconds, lists as text."""
    street = found["ground"] == "street"
    frame = found[["gap_id", "rank", "cause", "leaf", "path", "ground", "level"]].copy()
    frame.insert(3, "list", [CAUSE_BY_NAME[cause].list.name for cause in found["cause"]])
    frame["measure"] = found["measure"].where(~street, found["measure"] / 1000.0).astype(float)
    frame["minutes"] = found["open_ms"] / 60_000.0
    frame["windows"] = [
        # Not ISO's A/B: GDAL takes a text that begins with a date for that date and drops the rest.
        "; ".join(f"[{a.isoformat()}, {b.isoformat()})" for a, b in windows)
        for windows in found["windows"]
    ]
    frame["deficit"] = found["deficit"].where(~street, found["deficit"] / 1000.0).astype(float) / 1000.0
    for cause in CAUSE_NAMES:
        by_cause = pd.Series([row.get(cause, 0) for row in found["deficit_by_cause"]], index=found.index)
        frame[f"deficit_{cause}"] = by_cause.where(~street, by_cause / 1000.0).astype(float) / 1000.0
    for name in ("cameras", "reasons"):
        frame[name] = [", ".join(values) for values in found[name]]
    return gpd.GeoDataFrame(frame, geometry=found.geometry)
