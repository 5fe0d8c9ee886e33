"""Findings of camera audits as files show them."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd

from cameras.audit import KINDS
from web.jobs.words import told


def finding_table(found: gpd.GeoDataFrame, translate: Callable[[str], str]) -> gpd.GeoDataFrame:
    """Findings as files show them: whole sentences in the language of `translate`, days as text."""
    frame = found[["id", "kind", "severity", "state", "code", "name", "value"]].copy()
    frame.insert(2, "title", [translate(KINDS[kind].title) for kind in found["kind"]])
    frame["evidence"] = [told(one, translate) for one in found["evidence"]]
    frame["remedy"] = [translate(KINDS[kind].remedy) for kind in found["kind"]]
    for name in ("unit", "order_no", "jurisdiction", "path", "file_name"):
        frame[name] = found[name]
    frame["due_on"] = [None if day is None else day.isoformat() for day in found["due_on"]]
    frame["found_at"] = [moment.isoformat(timespec="seconds") for moment in found["found_at"]]
    return gpd.GeoDataFrame(frame, geometry=found.geometry)
