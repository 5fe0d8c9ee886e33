"""The rates day by day."""

from __future__ import annotations

from typing import Any

import pandas as pd
from flask import request
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from web import narrowing
from web.access import Action, needs
from web.pages.checks.blueprint import bp, month_of, tabs, today
from web.pages.checks.tables import DAYS
from web.requests import db, translator
from web.tabular.view import table_view


@bp.get("/rates/days")
@needs(Action.CAMERAS_VIEW)
def rates_of_days() -> Response:
    """Online and integrity rates of each day of a month that was analysed, of all cameras or of a unit's."""
    from cameras.services.upkeep import rates_by_day

    problem, month = None, today().replace(day=1)
    if request.args.get("month"):
        try:
            month = month_of(request.args["month"])
        except InputRefused as refused:
            problem = refused
    unit = request.args.get("unit", "").strip() or None
    found = rates_by_day(db(), month, narrowing.area(), translator().zone, unit)
    return table_view(
        DAYS,
        "checks/days.html",
        parameters=_rows(found),
        tabs=tabs(),
        month=f"{month:%Y-%m}",
        unit=unit,
        problem=problem,
    )


def _rows(found: pd.DataFrame) -> dict[str, Any]:
    """Parameters of `DAYS`: one array a column."""
    kinds = {
        "cameras": int,
        "planned": int,
        **dict.fromkeys(("analysed", "online", "measured", "normal"), float),
    }
    return {
        "day": [str(day) for day in found.index],
        **{
            name: [None if value != value else kind(value) for value in found[name]]
            for name, kind in kinds.items()
        },
    }
