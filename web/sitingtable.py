"""Proposals of cameras as files and pages show them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from cameras.tables import SitingProposal
from web.i18n import N_, Translator
from web.maps.words import SITING
from web.maps.words import SITING_SPOTS as SPOTS

KINDS = {kind: words for kind, (words, _) in SITING.items()}
STATUSES = {
    "optimal": N_("proven best"),
    "bounded": N_("near the best, see the bound"),
    "stopped": N_("near the best; the proof ran out of time"),
}


def of_gap(weight_mm: float, head: SitingProposal) -> float:
    """What of the gap before is closed at this covered weight, 0–1; 0 where there was no gap."""
    gap = int(head.totals["gap_mm"])
    return (weight_mm - head.before_mm) / gap if gap else 0.0


def siting_table(rows: gpd.GeoDataFrame, head: SitingProposal, t: Translator) -> gpd.GeoDataFrame:
    """Rows of `cameras.repository.siting.proposed` as files show them: metres, shares 0–1, names in words."""
    closed = head.before_mm + rows["weight_mm"].cumsum()
    leaf = rows["leaf"] if t.lang == "zh" else rows["leaf_en"].fillna(rows["leaf"])
    table = pd.DataFrame(
        {
            "rank": rows["rank"],
            "what": [t(KINDS[kind]) for kind in rows["kind"]],
            "camera": rows["camera_code"],
            "spot": [t(SPOTS[spot]) for spot in rows["spot"]],
            "street": rows["street"],
            "jurisdiction": leaf,
            "azimuth_deg": rows["azimuth_deg"],
            "azimuth_before_deg": rows["azimuth_before_deg"].astype(float).round(1),
            "street_m": rows["street_mm"] / 1000.0,
            "places": rows["places"],
            "gap_closed_share": [round(of_gap(value, head), 4) for value in closed],
            "seen_share": rows["share"].round(4),
        }
    )
    return gpd.GeoDataFrame(table, geometry=rows.geometry)


def siting_rows(rows: gpd.GeoDataFrame, seen: gpd.GeoSeries, head: SitingProposal) -> gpd.GeoDataFrame:
    """Rows of a proposal as a map shows them (`web.maps.data`): with what each would see and closes."""
    gap = int(head.totals["gap_mm"])
    closed = rows["weight_mm"].cumsum()
    told = rows.copy()
    for name in ("camera_code", "street", "leaf", "leaf_en"):
        told[name] = told[name].astype(object).where(told[name].notna(), None)
    return told.assign(
        seen=seen.to_numpy(),
        gap_share=rows["weight_mm"] / gap if gap else 0.0,
        gap_closed_share=closed / gap if gap else 0.0,
    )
