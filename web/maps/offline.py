"""Folium without an internet: its assets by their names in ``web/static``, as links or inside the page.

Folium's classes name 72 addresses on other people's servers. A map made here is an `OfflineMap`, whose
assets are names below ``web/static``; `names_of` refuses a figure that still asks for anything else, so a
Folium plugin whose files are not vendored fails when the page is made, not in front of a user.
"""

import base64
import mimetypes
import re
from pathlib import Path

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.elements import JSCSSMixin
from folium.map import Layer as FoliumLayer
from folium.template import Template

from geo.errors import LianfangError

STATIC = Path(__file__).resolve().parent.parent / "static"


class OfflineMap(folium.Map):
    """A Folium map whose default assets are the vendored ones; jQuery and icon fonts are not used."""

    default_js: list[tuple[str, str]] = [  # noqa: RUF012 (Folium declares it so)
        ("leaflet", "vendor/leaflet/leaflet.js"),
        ("bootstrap", "vendor/bootstrap/bootstrap.bundle.min.js"),
    ]
    default_css: list[tuple[str, str]] = [  # noqa: RUF012 (Folium declares it so)
        ("bootstrap_css", "vendor/bootstrap/bootstrap.min.css"),
        ("leaflet_css", "vendor/leaflet/leaflet.css"),
        ("lianfang_site_css", "site.css"),
        ("lianfang_map_css", "map.css"),
    ]


class PackedLayer(JSCSSMixin, FoliumLayer):
    """A Folium layer whose geometries travel packed and are drawn on canvas; see `web.maps.layers`.

    The page holds its data in a script element ``data-<name>``. They must not pass through Folium: it takes
    what an element renders as a template once more, and a street named ``{{ … }}`` would be run.
    """

    default_js: list[tuple[str, str]] = [  # noqa: RUF012 (Folium declares it so)
        ("lianfang_draw", "draw.js"),
        ("lianfang_annotations", "annotations.js"),
    ]

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            Lianfang.layer({{ this._parent.get_name() }}, {{ this.layer_name|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, name: str) -> None:
        super().__init__(name=name, overlay=True, control=False, show=False)
        self._name = "PackedLayer"
        self._id = name.replace("-", "_")


class Start(JSCSSMixin):
    """The last step of a map's script: controls, panel and names, from the page's ``data-options``."""

    default_js: list[tuple[str, str]] = [("lianfang_panel", "panel.js")]  # noqa: RUF012 (Folium declares it so)

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            Lianfang.start({{ this._parent.get_name() }}, "options");
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "Start"
        self._id = "start"


def names_of(figure: Figure) -> tuple[list[str], list[str]]:
    """Names below ``web/static`` of a rendered figure's style sheets and scripts, in order.

    Raises
    ------
    ValueError
        When the figure asks for anything that is not one of our files.
    """
    styles: list[str] = []
    scripts: list[str] = []
    for name, child in figure.header._children.items():
        if isinstance(child, CssLink | JavascriptLink):
            if not _is_ours(child.url):
                raise ValueError(
                    f"Folium asset {name!r} is {child.url}: vendor it in web/vendoring.py and name its file"
                )
            (styles if isinstance(child, CssLink) else scripts).append(child.url)
    return styles, scripts


def _is_ours(name: str) -> bool:
    path = (STATIC / name).resolve()
    if "//" in name or not path.is_relative_to(STATIC):
        return False
    if not path.is_file():
        raise LianfangError(f"the browser asset {name} is missing: run python -m web.vendoring")
    return True


def script_text(name: str) -> str:
    """A script's text, safe inside a script element."""
    return (STATIC / name).read_text(encoding="utf-8").replace("</script", "<\\/script")


def style_text(name: str) -> str:
    """A style sheet's text with every file it names put in as a ``data:`` address."""
    folder = (STATIC / name).parent

    def embedded(match: re.Match[str]) -> str:
        target = match.group(1).strip("\"'")
        if target.startswith(("data:", "#")):
            return match.group(0)
        kind = mimetypes.guess_type(target)[0] or "application/octet-stream"
        content = base64.b64encode((folder / target).read_bytes()).decode("ascii")
        return f'url("data:{kind};base64,{content}")'

    text = (STATIC / name).read_text(encoding="utf-8")
    return re.sub(r"url\(\s*(\"[^\"]*\"|'[^']*'|[^)\s]*)\s*\)", embedded, text).replace(
        "</style", "<\\/style"
    )


def fixed_id(element: Element, name: str) -> Element:
    """The element with an id of our choice: the same map gives the same page, byte for byte."""
    element._id = name
    return element
