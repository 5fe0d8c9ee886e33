"""The search box: jurisdictions, streets, places and cameras by a part of their name or code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request

from cameras.repository import on_map as cameras
from geo.repository import search as places
from web.access import Action, needs
from web.i18n import N_, Translator
from web.looking import searched
from web.maps.popups import display_name
from web.maps.words import JURISDICTION_LEVELS
from web.pages.map.blueprint import bp
from web.pages.map.choice import reach, rows_of
from web.pages.map.wording import bounds_of, camera_title, named
from web.requests import db, render, translator

MOST_FOUND = 20
LEAST_OF_A_KIND = 5
LONGEST_QUERY = 80

KINDS = {
    "jurisdictions": N_("Jurisdictions"),
    "cameras": N_("Cameras"),
    "streets": N_("Streets"),
    "places": N_("Places"),
}


@dataclass(frozen=True)
class Found:
    """One result: where it leads, its name, and what tells it from others of that name."""

    feature: str
    bounds: str
    name: str
    hint: str


@bp.get("/map/search")
@needs(Action.MAP_VIEW)
def search() -> Response:
    """At most 20 results by kind, as options of the search box."""
    query, t = request.args.get("q", "").strip()[:LONGEST_QUERY], translator()
    found = _shared(_found(query, t)) if query else {}
    cameras_found = len(found.get("cameras", ()))
    if cameras_found:
        # A name is a look at the cameras that bear it.
        searched("map", words=query, cameras=cameras_found)
    return render(
        "map/found.html",
        query=query,
        kinds=[(t(KINDS[kind]), rows) for kind, rows in found.items() if rows],
    )


def _found(query: str, t: Translator) -> dict[str, list[Found]]:
    """Up to `MOST_FOUND` of each kind; cameras only where whoever asks sees cameras."""
    session, here, seen = db(), reach(Action.MAP_VIEW), reach(Action.CAMERAS_VIEW)
    made = {
        "jurisdictions": [
            Found(f"jurisdictions:{row['id']}", bounds_of(row), display_name(row, t), _area_hint(row, t))
            for row in rows_of(places.found_jurisdictions(session, query, here, MOST_FOUND))
        ]
    }
    if seen:
        made["cameras"] = [
            Found(f"cameras:{row['id']}", bounds_of(row), camera_title(row), _hint(row, t, str(row["code"])))
            for row in rows_of(cameras.found_cameras(session, query, seen, MOST_FOUND))
        ]
    made["streets"] = [
        Found(
            f"streets:{row['id']}", bounds_of(row), str(row["name"]), _hint(row, t, t.length(row["length_m"]))
        )
        for row in rows_of(places.found_streets(session, query, here, MOST_FOUND))
    ]
    made["places"] = [
        Found(f"places:{row['id']}", bounds_of(row), str(row["name"]), _hint(row, t))
        for row in rows_of(places.found_places(session, query, here, MOST_FOUND))
    ]
    return made


def _shared(found: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """The places of the list shared out: some for each kind, the rest to the first kinds."""
    take = {kind: min(len(rows), LEAST_OF_A_KIND) for kind, rows in found.items()}
    for kind, rows in found.items():
        take[kind] += min(len(rows) - take[kind], MOST_FOUND - sum(take.values()))
    return {kind: rows[: take[kind]] for kind, rows in found.items()}


def _area_hint(row: dict[str, Any], t: Translator) -> str:
    level = t(JURISDICTION_LEVELS[min(int(row["level"]), len(JURISDICTION_LEVELS) - 1)])
    return _hint(row, t, level)


def _hint(row: dict[str, Any], t: Translator, *parts: str) -> str:
    return " · ".join(part for part in (*parts, named(row, "above", t)) if part)
