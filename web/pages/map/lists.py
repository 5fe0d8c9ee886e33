"""The lists beside the map, a page at a time: gaps of one list, cameras in view, teams of the plan."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
from flask import Response, abort, request

from cameras.repository import on_map as cameras
from geo.repository.search import Bounds
from patrols.repository import on_map as patrols
from web.access import Action, needs
from web.i18n import Translator
from web.maps.words import CAUSES, LISTS, MODES, TEAM_COLOURS
from web.pages.map.blueprint import bp
from web.pages.map.choice import asked_number, chosen_analysis, reach, rows_of
from web.pages.map.wording import Row, bounds_of, camera_row, gap_row, named
from web.requests import db, render, translator

PAGE = 50
LAST_PAGE = 10_000


@bp.get("/map/lists/gaps")
@needs(Action.GAPS_VIEW)
def gap_list() -> Response:
    """Gaps of the list asked for, the most pressing first; those in view when asked `within`."""
    key = request.args.get("list", "repair")
    if key not in LISTS:
        abort(404)
    analysis, t, page = chosen_analysis(), translator(), asked_page()
    rows = pd.DataFrame()
    if analysis is not None:
        rows = cameras.gap_rows(
            db(),
            analysis.id,
            [name for name, cause in CAUSES.items() if cause.list == key],
            bounds=asked_bounds() if request.args.get("within") else None,
            limit=PAGE + 1,
            offset=(page - 1) * PAGE,
        )
    return _rows([gap_row(row, t) for row in rows_of(rows)], page, t("Nothing on this list here."))


@bp.get("/map/lists/cameras")
@needs(Action.CAMERAS_VIEW)
def camera_list() -> Response:
    """Cameras in view, the worst state first."""
    analysis, t, page, bounds = chosen_analysis(), translator(), asked_page(), asked_bounds()
    rows = pd.DataFrame()
    if bounds is not None:
        rows = cameras.camera_rows(
            db(),
            analysis.id if analysis else None,
            bounds=bounds,
            limit=PAGE + 1,
            offset=(page - 1) * PAGE,
        )
    return _rows([camera_row(row, t) for row in rows_of(rows)], page, t("No camera is in view."))


@bp.get("/map/lists/routes")
@needs(Action.PLANS_VIEW)
def route_list() -> Response:
    """The teams of a plan with their visits in order."""
    t, number = translator(), asked_number("plan")
    found = None
    if number is not None:
        found = patrols.plan_of(db(), number, reach(Action.PLANS_VIEW), reach(Action.PLANS_VIEW_DRAFTS))
        if found is None:
            abort(404)
    return render(
        "map/routes.html", teams=teams(patrols.visits(db(), int(found["id"])), t) if found else [], plan=found
    )


def teams(visits: pd.DataFrame, t: Translator) -> list[dict[str, Any]]:
    """Teams with their visits, in words."""
    made = []
    for code, group in visits.groupby("team", sort=False):
        rows = rows_of(group)
        first, stops = rows[0], [row for row in rows if row["stop_id"] is not None]
        count = t.plural("%(n)s stop", "%(n)s stops", len(stops))
        words = MODES.get(str(first["mode"]), "")
        mode = t(words) or str(first["mode"] or "")
        shapes = [row["geometry"] for row in rows if row["geometry"] is not None]
        west, south, east, north = _around(shapes)
        made.append(
            {
                "code": str(code),
                "colour": (int(first["number"]) - 1) % len(TEAM_COLOURS),
                "name": named(first, "team_name", t) or str(code),
                "line": t.joined([part for part in (named(first, "village", t), mode, count) if part]),
                "feature": f"routes:{first['id']}",
                "bounds": bounds_of({"west": west, "south": south, "east": east, "north": north})
                if shapes
                else "",
                "visits": [
                    {
                        "feature": f"routes:{row['id']}",
                        "bounds": bounds_of(row),
                        "order": str(order),
                        "label": t("Stop %(label)s", label=int(row["stop"])),
                        "time": f"{t.clock(row['start_at'])} – {t.clock(row['end_at'])}",
                        "kind": t("second visit") if row["nth"] > 1 else t("first visit"),
                    }
                    for order, row in enumerate(stops, start=1)
                ],
            }
        )
    return made


def _around(shapes: list[Any]) -> Bounds:
    edges = [shape.bounds for shape in shapes] or [(0.0, 0.0, 0.0, 0.0)]
    west, south, east, north = zip(*edges, strict=True)
    return min(west), min(south), max(east), max(north)


def asked_page() -> int:
    """The page of a list asked for, from 1."""
    page = asked_number("page") or 1
    return page if page <= LAST_PAGE else abort(404)


def asked_bounds() -> Bounds | None:
    """``bbox=west,south,east,north`` of the address in degrees; None without one, 404 for what is none."""
    asked = request.args.get("bbox", "")
    if not asked:
        return None
    try:
        west, south, east, north = (float(part) for part in asked.split(","))
    except ValueError:
        abort(404)
    # A view may reach beyond the date line; what lies there is not ours.
    if not (west < east and -90 <= south < north <= 90 and west >= -720 and east <= 720):
        abort(404)
    return max(west, -180.0), south, min(east, 180.0), north


def _rows(rows: list[Row], page: int, nothing: str) -> Response:
    more = ""
    if len(rows) > PAGE:
        asked = {**request.args.to_dict(), "page": str(page + 1)}
        more = f"{request.path}?{urlencode(asked)}"
    return render("map/rows.html", rows=rows[:PAGE], more=more, nothing=nothing if page == 1 else "")
