"""The list of weeks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pandas as pd

from web.i18n import N_
from web.tabular import Column, TableSpec

# Weeks are worked out, and the same for everybody: an analysis is of the whole site.
WEEKS = TableSpec(
    name="weeks",
    columns=(
        Column("days", N_("Week")),
        Column(
            "analysed",
            N_("Analysed"),
            "share",
            hint=N_("Share of the week that analyses cover; each instant counts once."),
        ),
        Column("analyses", N_("Analyses"), "integer"),
    ),
    source="""SELECT * FROM jsonb_to_recordset(CAST(:weeks AS jsonb)) AS r (
                  id text, days text, analysed float8, analyses bigint)""",
    default_sort="-days",
    link="/reports/{id}",
)


def weeks_parameters(found: pd.DataFrame) -> dict[str, Any]:
    """Parameters of `WEEKS` from `cameras.services.weekly.weeks_analysed`."""
    rows = [
        {
            "id": f"{monday:%Y-%m-%d}",
            "days": f"{monday:%Y-%m-%d} – {monday + timedelta(days=6):%Y-%m-%d}",
            "analysed": float(analysed),
            "analyses": int(analyses),
        }
        for monday, analyses, analysed in found.itertuples(index=False)
    ]
    return {"weeks": json.dumps(rows, ensure_ascii=False)}
