"""Map and page joined, at this one place: `render_map`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from gettext import GNUTranslations
from typing import Any, cast
from zoneinfo import ZoneInfo

from branca.element import Figure
from folium.map import CustomPane
from folium.utilities import JsCode
from jinja2 import Environment, FileSystemLoader

from web.i18n import LANGUAGES, N_, Translator, catalogue
from web.maps.data import MapData
from web.maps.layers import Layer, all_layers, middle_latitude, with_place_names
from web.maps.offline import (
    STATIC,
    OfflineMap,
    PackedLayer,
    Start,
    fixed_id,
    names_of,
    script_text,
    style_text,
)
from web.maps.panel import panel
from web.maps.places import street_labels
from web.maps.proposed import HEADS, siting_groups, siting_layers, siting_lines
from web.maps.words import TEAM_COLOURS

TEMPLATES = STATIC.parent / "templates"
DEEPEST_ZOOM = 20

PANES = (("areas", 190, False), ("base", 200, False), ("routes", 450, True), ("names", 460, False))
"""Panes beside Leaflet's own, as (name, z-index, takes the pointer). The shares lie under the streets, so
that these stay readable. A canvas that takes the pointer hides every canvas below it from the pointer: only
the one in Leaflet's overlay pane does, and a click that hits nothing there asks the areas by itself."""

FILE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""An exported file may run what is inside it and ask for nothing."""

SCRIPT_TEXTS = {
    "close": N_("Close"),
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
    "whole": N_("Whole area"),
}


def render_map(data: MapData, *, lang: str) -> str:
    """One HTML file showing `data` that makes no request at all: styles, scripts and pictures are in it.

    Parameters
    ----------
    data : MapData
    lang : "zh" or "en"

    Returns
    -------
    str
        The same for the same arguments, byte for byte.

    Raises
    ------
    LianfangError
        When the assets are not vendored or the catalogues not compiled.
    """
    t = Translator(lang, ZoneInfo(data.site_timezone))
    data = with_place_names(data, t)
    layers = [*all_layers(data, t), *siting_layers(data, t)]
    beside = panel(data, layers, t)
    folium_map = _folium_map(data, layers)
    root = folium_map.get_root()
    assert isinstance(root, Figure)
    root.render()
    styles, scripts = names_of(root)
    computed = data.figures.get("computed_at")
    return (
        environment(lang)
        .get_template("map.html")
        .render(
            lang=lang,
            revision=data.revision,
            policy=FILE_POLICY,
            styles=[{"text": style_text(name)} for name in styles],
            scripts=[{"text": script_text(name)} for name in scripts],
            title=(data.title_en or data.title) if lang == "en" else data.title,
            period=t.span(*data.period) if data.period else "",
            site_timezone=data.site_timezone,
            computed=t("Worked out %(moment)s", moment=t.moment(computed)) if computed else "",
            panel=replace(beside, groups=[*siting_groups(data, t), *beside.groups]),
            proposed_heads=[t(head) for head in HEADS] if data.siting is not None else [],
            proposed=siting_lines(data, t),
            map_html=root.html.render(),
            blocks=_blocks(data, layers, t),
            map_script=root.script.render(),
        )
    )


def _folium_map(data: MapData, layers: list[Layer]) -> OfflineMap:
    west, south, east, north = data.bounds
    folium_map = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_start=14,
        zoom_control=False,
        prefer_canvas=True,
        # A finger is wider than a street.
        renderer=cast(Any, JsCode("L.canvas({tolerance: 6, padding: 0.2})")),
        # Not max_zoom: without tiles Folium drops it, and Leaflet then has no deepest zoom.
        maxZoom=DEEPEST_ZOOM,
        zoomSnap=0.5,
        attributionControl=False,
        fadeAnimation=False,
    )
    fixed_id(folium_map, "lianfang")
    for name, z_index, pointer_events in PANES:
        fixed_id(CustomPane(name, z_index, pointer_events), name).add_to(folium_map)
    for one in layers:
        PackedLayer(one["id"]).add_to(folium_map)
    Start().add_to(folium_map)
    return folium_map


def _blocks(data: MapData, layers: list[Layer], t: Translator) -> list[tuple[str, str]]:
    """What the scripts read: (id, JSON) of each layer, and the options of the whole."""
    west, south, east, north = data.bounds
    options = {
        "attribution": data.attribution,
        "bounds": [[south, west], [north, east]],
        "teamColours": list(TEAM_COLOURS),
        "streetNames": street_labels(data.streets, latitude=middle_latitude(data)),
        "texts": {key: t(text) for key, text in SCRIPT_TEXTS.items()},
    }
    packed = [(one["id"], _json({**one, "features": _drawn(one["features"])})) for one in layers]
    return [*packed, ("options", _json(options))]


def _drawn(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The features without what only the lists beside the map need."""
    return [{k: v for k, v in one.items() if k not in ("line", "rank", "label")} for one in features]


def _json(value: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@lru_cache(maxsize=len(LANGUAGES))
def environment(lang: str) -> Environment:
    """Templates in a language, without Flask: for files that stand alone."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
    texts: GNUTranslations = catalogue(lang)
    # The extension puts this method on the environment, which its types do not know.
    made.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    return made
