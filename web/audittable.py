"""Findings of camera audits as files show them."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from cameras.audit import KINDS, SEVERITIES
from web.i18n import N_, Translator
from web.jobs.words import told

SEVERITY_WORDS = dict(zip(SEVERITIES, (N_("serious"), N_("moderate"), N_("minor")), strict=True))
STATES = {
    "open": N_("open"),
    "assigned": N_("assigned"),
    "accepted": N_("accepted"),
    "closed": N_("closed"),
}


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


def printed_findings(found: gpd.GeoDataFrame, t: Translator) -> gpd.GeoDataFrame:
    """Findings as a person reads them on paper: every heading and value in words, times of the site."""
    severities, states = (
        [t(words[one]) for one in found[name]]
        for name, words in (("severity", SEVERITY_WORDS), ("state", STATES))
    )
    columns = {
        N_("Finding"): [t(KINDS[kind].title) for kind in found["kind"]],
        N_("Severity"): severities,
        N_("State"): states,
        N_("Camera or file"): found["name"],
        N_("Code"): found["code"],
        N_("Evidence"): [told(one, t) for one in found["evidence"]],
        N_("Remedy"): [t(KINDS[kind].remedy) for kind in found["kind"]],
        N_("Maintenance unit"): found["unit"],
        N_("Work order"): found["order_no"],
        N_("Deadline"): [None if day is None else day.isoformat() for day in found["due_on"]],
        N_("Jurisdiction"): found["jurisdiction"],
        N_("Found at"): [t.moment(moment) for moment in found["found_at"]],
    }
    frame = pd.DataFrame({t(name): list(values) for name, values in columns.items()}, index=found.index)
    return gpd.GeoDataFrame(frame, geometry=found.geometry)
