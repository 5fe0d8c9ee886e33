"""The map that the server shows: a Folium map whose layers are vector tiles, joined into a page.

Nothing of the data goes through Folium, only which layers there are; so the same rights give the same
script, and it is made once. What the layers show and how stands in the page's ``data-map`` element.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import folium
from branca.element import Figure
from folium.elements import JSCSSMixin
from folium.map import CustomPane
from folium.map import Layer as FoliumLayer
from folium.template import Template
from folium.utilities import JsCode

from web.maps.offline import fixed_id, names_of
from web.maps.page import DEEPEST_ZOOM

OPTIONS = "data-map"
"""Id of the script element that holds the page's options as JSON."""

PANES = (("areas", 250, False), ("things", 400, False), ("names", 460, False))
"""Panes above the base map, as (name, z-index, takes the pointer). None does: the page asks its tiles what
lies under the pointer, which is one question for all of them."""


class TiledMap(folium.Map):
    """A Folium map with the assets of the map page; those that every page has come with its frame."""

    default_js: list[tuple[str, str]] = [  # noqa: RUF012 (Folium declares it so)
        ("leaflet", "vendor/leaflet/leaflet.js"),
        ("protomaps", "vendor/protomaps/protomaps-leaflet.js"),
        ("lianfang_basemap", "basemap.js"),
        ("lianfang_tiles", "tiles.js"),
        ("lianfang_tiles_paint", "tiles_paint.js"),
        ("lianfang_annotations", "annotations.js"),
        ("lianfang_map_overlay", "map_overlay.js"),
        ("lianfang_map_time", "map_time.js"),
        ("lianfang_map_search", "map_search.js"),
        ("lianfang_map_controls", "map_controls.js"),
        ("lianfang_map_page", "map_page.js"),
    ]
    default_css: list[tuple[str, str]] = [  # noqa: RUF012 (Folium declares it so)
        ("leaflet_css", "vendor/leaflet/leaflet.css"),
        ("lianfang_map_css", "map.css"),
        ("lianfang_map_page_css", "map_page.css"),
    ]


class VectorTiles(JSCSSMixin, FoliumLayer):
    """A layer whose tiles come from ``/tiles/<name>/…``; ``tiles_paint.js`` knows its look."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            Lianfang.tileLayer({{ this._parent.get_name() }}, {{ this.layer_name|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, name: str) -> None:
        super().__init__(name=name, overlay=True, control=False, show=False)
        self._name = "VectorTiles"
        self._id = name


class OpenMap(JSCSSMixin):
    """The last step of the map's script: base map, layers, panel, time and address."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            Lianfang.openMap({{ this._parent.get_name() }}, {{ this.options_id|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "OpenMap"
        self._id = "open"
        self.options_id = OPTIONS


@dataclass(frozen=True)
class Joined:
    """What a page needs of a Folium map: its element, its script, its assets below ``web/static``."""

    html: str
    script: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


@lru_cache(maxsize=64)
def joined(layers: tuple[str, ...]) -> Joined:
    """The map with these layers, ready to stand in a page. The same for the same layers, byte for byte.

    The script carries no nonce: the page gives it one, together with its own.

    Raises
    ------
    LianfangError
        When the assets are not vendored.
    """
    tiled = TiledMap(
        tiles=None,
        zoom_control=False,
        # Not max_zoom: without tiles Folium drops it, and Leaflet then has no deepest zoom.
        maxZoom=DEEPEST_ZOOM,
        minZoom=3,
        attributionControl=False,
        fadeAnimation=False,
        # Leaflet would draw the little there is as SVG; everything else is tiles.
        renderer=cast(Any, JsCode("L.canvas()")),
    )
    fixed_id(tiled, "lianfang")
    for name, z_index, pointer_events in PANES:
        fixed_id(CustomPane(name, z_index, pointer_events), name).add_to(tiled)
    for name in layers:
        VectorTiles(name).add_to(tiled)
    OpenMap().add_to(tiled)
    root = tiled.get_root()
    assert isinstance(root, Figure)
    root.render()
    styles, scripts = names_of(root)
    return Joined(root.html.render(), root.script.render(), tuple(styles), tuple(scripts))
