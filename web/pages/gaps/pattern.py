"""When gaps are open: hours of the day and days of the week."""

from __future__ import annotations

from typing import Any

import numpy as np
from babel.dates import get_day_names
from flask import abort, request
from flask_babel import get_locale
from werkzeug.wrappers import Response

from cameras.services.comparing import weekly_pattern
from web import chosen, narrowing
from web.access import Action, needs
from web.maps.words import LISTS
from web.pages.gaps.tables import CAUSES_OF
from web.pages.gaps.views import FIRST, bp
from web.requests import db, render, translator

DAYS = 28
SHADES = 5


@bp.get("/pattern")
@needs(Action.GAPS_VIEW)
def pattern() -> Response:
    """Street unseen by hour of the day and day of the week, over the analyses of four weeks."""
    key = request.args.get("list", FIRST)
    if key not in LISTS:
        abort(404)
    newest = chosen.analysis()
    if newest is None:
        return render("gaps/pattern.html", analysis=None)
    found, analyses = weekly_pattern(db(), newest, DAYS, CAUSES_OF[key], narrowing.area(), translator().zone)
    names = get_day_names("abbreviated", locale=get_locale())
    most = np.nanmax(found.open_mean, initial=0.0)
    rows: list[tuple[int, list[dict[str, Any] | None]]] = [
        (
            hour,
            [
                {
                    "metres": float(mean),
                    "days": int(found.days[day, hour]),
                    "shade": min(SHADES - 1, int(SHADES * mean / most)) if most else 0,
                }
                if mean == mean
                else None
                for day, mean in enumerate(found.open_mean[:, hour])
            ],
        )
        for hour in range(found.open_mean.shape[1])
    ]
    return render(
        "gaps/pattern.html",
        analysis=newest,
        analyses=analyses,
        key=key,
        lists=LISTS,
        days=DAYS,
        names=[names[day] for day in range(7)],
        rows=rows,
    )
