"""A plan's figures in words: against the bound and the nights before, per hour, and with the cameras."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols.outcomes import ground_matrix, stop_outcomes
from patrols.plan import PlanFile
from patrols.repository import nights
from patrols.services.figures import PlanFigures, watched_share
from patrols.tables import Plan
from web.i18n import N_, Translator
from web.requests import db, server

SHARES = (
    ("cameras", N_("cameras"), "#6b747b", True),
    ("together", N_("cameras and patrols"), "#0072b2", False),
)


def change(now: float, before: float, t: Translator) -> tuple[str, str]:
    """A difference with its sign, and whether more is better here: it is."""
    apart = now - before
    sign = "+" if apart > 0 else "−" if apart < 0 else "±"
    return f"{sign}{t.number(abs(apart))}", "good" if apart > 0 else "bad" if apart < 0 else "same"


def spread_told(figures: PlanFigures, t: Translator) -> list[tuple[str, str]]:
    """How much a plan differs from the nights before, as pairs of what and how much; none without a night."""
    found = figures.spread
    if figures.before is None:
        return []
    rows = [
        (t(N_("Nights looked at")), t.number(found.nights)),
        (
            t(N_("Stops of last night that come again")),
            t(N_("%(same)s of %(all)s"), same=t.number(found.same_stops), all=t.number(found.stops)),
        ),
    ]
    if found.shift_s is not None:
        rows.append((t(N_("Median shift of their visits")), t.duration(found.shift_s / 60)))
    if found.same_team is not None:
        rows.append((t(N_("Visited by a team of last night")), t.share(found.same_team)))
    if found.guessed is not None:
        rows.append((t(N_("Chance of guessing the next visit")), t.share(found.guessed)))
    return rows


def watched_chart(plan: Plan, t: Translator) -> dict[str, Any] | None:
    """The watched share by hour for `components/chart.html`; None where there is none to tell.

    Over the whole site: gaps of the zone's other villages count for whoever may know of gaps here.
    """
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        found = watched_share(session, session.get_one(Plan, plan.id))
    if found is None or found["cameras"].isna().all():
        return None
    return {
        "kind": "share",
        "x": [f"{t.clock(row['start'])}–{t.clock(row['end'])}" for row in found.to_dict("records")],
        "series": [
            {
                "name": t(words),
                "values": [None if pd.isna(value) else float(value) for value in found[column]],
                "colour": colour,
                "dashed": dashed,
            }
            for column, words, colour, dashed in SHARES
        ],
        "unit": "",
    }


def ground_told(
    plan_id: int, members: gpd.GeoDataFrame, homes: dict[str, str], t: Translator
) -> dict[str, Any]:
    """Whose teams visited whose ground: heads, rows of (name, counts); no rows for a plan without visits.

    Parameters
    ----------
    members : GeoDataFrame
        As `of_plan.members`.
    homes : dict
        Names of the teams' villages by their paths.
    """
    counts = ground_matrix(nights.visits_at_places(db(), [plan_id]))
    column = "name" if t.lang == "zh" else "name_en"
    names = dict(zip(members["path"], members[column], strict=True)) | homes

    def named(path: str, nowhere: str) -> str:
        return names.get(path, path.rpartition(".")[2]) if path else nowhere

    return {
        "heads": [named(path, t(N_("outside all"))) for path in counts.columns],
        "rows": [
            (named(path, t(N_("no village"))), [int(n) for n in counts.loc[path]], path)
            for path in counts.index
        ],
        "columns": list(counts.columns),
    }


def outcomes_of(stops: gpd.GeoDataFrame, file: PlanFile | None) -> dict[str, str]:
    """Why each stop is not crossed, by stop_id; "crossed" for those that are.

    Of a plan without its problem only what was stored is known: whether it could be crossed at all.
    """
    if file is not None and file.problem is not None:
        return {str(stop): str(why) for stop, why in stop_outcomes(file.problem, file.plan).items()}
    return {
        row["stop_id"]: "crossed" if row["crossed"] else "" if row["crossable"] else "few_able"
        for row in stops.drop(columns="geometry").to_dict("records")
    }
