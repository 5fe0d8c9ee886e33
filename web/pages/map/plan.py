"""A plan's visits for the map's script: numbers at stops, arrows on ways, where a team is at a time."""

from __future__ import annotations

from typing import Any

import pandas as pd
from flask import Response, abort, jsonify

from patrols.repository import on_map as patrols
from web.access import Action, needs
from web.i18n import Translator
from web.maps.pack import SCALE, packed
from web.pages.map.blueprint import bp
from web.pages.map.choice import reach, rows_of
from web.pages.map.wording import named
from web.requests import db, translator

# Ways are drawn from tiles; this one is for arrows and for walking along: a metre is enough.
TOLERANCE_DEG = 1e-5


@bp.get("/map/plan/<int:number>")
@needs(Action.PLANS_VIEW)
def plan(number: int) -> Response:
    """Teams of a plan with their visits and ways, packed; a draft only for those who see drafts there."""
    found = patrols.plan_of(db(), number, reach(Action.PLANS_VIEW), reach(Action.PLANS_VIEW_DRAFTS))
    if found is None:
        abort(404)
    t = translator()
    response = jsonify(
        start=_seconds(found["start"]),
        end=_seconds(found["end"]),
        teams=[_team(group, t) for _, group in patrols.visits(db(), number).groupby("team", sort=False)],
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _team(group: pd.DataFrame, t: Translator) -> dict[str, Any]:
    rows = rows_of(group)
    return {
        "code": str(rows[0]["team"]),
        "number": int(rows[0]["number"]),
        "name": named(rows[0], "team_name", t) or str(rows[0]["team"]),
        "visits": [_visit(row) for row in rows],
    }


def _visit(row: dict[str, Any]) -> dict[str, Any]:
    way = packed(row["geometry"], tolerance_deg=TOLERANCE_DEG) if row["geometry"] is not None else None
    at_stop = row["stop_id"] is not None
    return {
        "id": int(row["id"]),
        "stop": int(row["stop"]) if at_stop else None,
        "second": bool(at_stop and row["nth"] > 1),
        "arrive": _seconds(row["arrive_at"]),
        "end": _seconds(row["end_at"]) if at_stop else None,
        "at": [round(row["lon"] * SCALE), round(row["lat"] * SCALE)] if at_stop else None,
        "leg": way["c"] if way and way["t"] == "line" else [],
    }


def _seconds(when: Any) -> int:
    return round(when.timestamp())
