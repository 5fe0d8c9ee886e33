"""The map page itself: Folium's map joined with the page, the legend, the choices; no data of any layer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request, url_for

from cameras.repository import siting as store
from geo.repository import site_area
from geo.repository.search import Bounds, extent
from geo.scope import Scope
from web import narrowing
from web.access import Action, needs
from web.basemap import basemap_origins
from web.basemap.archive import current
from web.basemap.serving import folder
from web.i18n import N_, Translator
from web.looking import LOOKED_AT
from web.maps.panel import share_scale
from web.maps.served import OPTIONS, joined
from web.maps.words import LISTS
from web.pages.growing import under_way
from web.pages.map.blueprint import bp
from web.pages.map.bundle import ALONE, script_url
from web.pages.map.choice import Choice, chosen
from web.pages.map.kept import kept
from web.pages.map.legend import Counts, figures, groups
from web.pages.map.options import options
from web.pages.map.wording import analysis_words, plan_words, siting_words
from web.requests import audit, db, may, render, scope, site, translator
from web.tiles import LAYERS, revisions

AROUND_DEG = 0.02

SEARCH = {
    True: N_("Place, street, camera, jurisdiction"),
    False: N_("Place, street, jurisdiction"),
}


@bp.get("/map")
@needs(Action.MAP_VIEW)
def show() -> Response:
    """The map of what whoever asks may see; what to do first where nothing is there yet."""
    t, there = translator(), site()
    whole = _whole()
    if there is None or whole is None:
        return render("map/empty.html", can_import=may(Action.IMPORTS_RUN), growing=under_way())
    choice = chosen()
    layers = _layers(choice)
    if any(LAYERS[name].action in LOOKED_AT for name in layers):
        audit("view", request.full_path.rstrip("?"))
    counts = Counts.of(choice)
    # An intranet's base map is on another server, which this page's policy must let the browser ask.
    g.origins = basemap_origins(db())
    drawn = bool(g.origins) or current(folder()) is not None
    folium_map = joined(tuple(layers))
    return render(
        "map/index.html",
        choice=choice,
        growing=under_way(),
        period=t.span(choice.analysis.start, choice.analysis.end) if choice.analysis else "",
        analyses=[(one.id, analysis_words(one, t)) for one in choice.analyses],
        plans=[(one.id, plan_words(one, t)) for one in choice.plans],
        sitings=[(one.id, siting_words(one, t)) for one in choice.sitings],
        figures=figures(choice, counts, t),
        groups=groups(choice, counts, t, streets=not drawn),
        lists=_lists(counts, choice, t),
        scale=share_scale(t),
        map=folium_map,
        script_urls=(url_for("static", filename=ALONE), script_url()),
        options_id=OPTIONS,
        options=options(
            choice, layers, _opening(choice, whole), _around(whole), t, attribution=there.attribution
        )
        | {"footage": t("Who saw this place?") if may(Action.CAMERAS_VIEW) else None},
        tabs=_tabs(choice, t),
        search_words=t(SEARCH[may(Action.CAMERAS_VIEW)]),
    )


def _layers(choice: Choice) -> dict[str, dict[str, Any]]:
    """Template of the address and zooms of every layer that whoever asks may see."""
    names = {**choice.query(), "level": "{level}"}
    revision = revisions()
    made = {}
    for name, layer in LAYERS.items():
        if not may(layer.action) or (name == "siting" and choice.siting is None):
            continue
        asked = {**{key: names[key] for key in layer.names if key in names}, "v": revision[name]}
        # Where single gaps are drawn, squares of them are not.
        last = LAYERS["gaps"].first_zoom - 1 if name == "cells" else layer.last_zoom
        made[name] = {
            "url": f"/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt?{urlencode(asked, safe='{}')}",
            "from": layer.first_zoom,
            "to": last,
        }
    return made


def _whole() -> Bounds | None:
    """Where all that somebody sees lies; None before there is anything."""
    return kept("extent", scope(), lambda: extent(db(), scope()) or site_area(db()))


def _opening(choice: Choice, whole: Bounds) -> Bounds:
    """What the map opens with: the proposal, the jurisdiction somebody narrowed to, else all they see."""
    proposed = store.proposed_extent(db(), choice.siting.id) if choice.siting else None
    if proposed is not None:
        return proposed
    path = narrowing.chosen()
    return (extent(db(), Scope.of([path])) if path else None) or whole


def _around(whole: Bounds) -> Bounds:
    """A town's breadth around: cameras, zones and routes may lie across a border."""
    west, south, east, north = whole
    return west - AROUND_DEG, south - AROUND_DEG, east + AROUND_DEG, north + AROUND_DEG


def _tabs(choice: Choice, t: Translator) -> list[tuple[str, str]]:
    tabs = [("layers", t("Layers"))]
    if may(Action.GAPS_VIEW) and choice.analysis is not None:
        tabs.append(("gaps", t("Gaps")))
    if choice.plan is not None:
        tabs.append(("routes", t("Routes")))
    if may(Action.CAMERAS_VIEW):
        tabs.append(("cameras", t("Cameras")))
    return tabs


def _lists(counts: Counts, choice: Choice, t: Translator) -> list[tuple[str, str, str, str]]:
    """The three lists of gaps: key, title, who acts, how many; none without the right or an analysis."""
    if not may(Action.GAPS_VIEW) or choice.analysis is None:
        return []
    return [
        (key, t(title), t("for %(who)s", who=t(who)), t.number(counts.of_list(key)))
        for key, (title, who) in LISTS.items()
    ]
