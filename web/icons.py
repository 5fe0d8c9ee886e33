"""Small drawings beside words: Font Awesome's, by the names that our templates use.

The files come with the browser assets (`web.vendoring`). Their lines stand in the page, so that no page waits
for a font or for fifty files.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from geo.errors import LianfangError

FOLDER = Path(__file__).resolve().parent / "static" / "vendor" / "icons"
ICONS = {
    "menu": "bars",
    "close": "xmark",
    "map": "map",
    "sitemap": "sitemap",
    "camera": "video",
    "gap": "eye-slash",
    "route": "route",
    "import": "file-import",
    "export": "download",
    "jobs": "list-check",
    "users": "users",
    "user": "circle-user",
    "gear": "gear",
    "log": "clipboard-list",
    "help": "circle-question",
    "sign-out": "right-from-bracket",
    "key": "key",
    "search": "magnifying-glass",
    "filter": "filter",
    "sort": "sort",
    "up": "sort-up",
    "down": "sort-down",
    "left": "chevron-left",
    "right": "chevron-right",
    "caret": "chevron-down",
    "check": "check",
    "good": "circle-check",
    "warn": "triangle-exclamation",
    "bad": "circle-exclamation",
    "info": "circle-info",
    "clock": "clock",
    "copy": "copy",
    "plus": "plus",
    "print": "print",
    "expand": "expand",
    "pin": "location-dot",
    "empty": "inbox",
    "undo": "rotate-left",
    "more": "ellipsis",
    "broken": "video-slash",
    "upload": "cloud-arrow-up",
    "play": "play",
    "stop": "circle-stop",
    "link": "link",
}
"""Name in a template → Font Awesome's name of the solid drawing."""

_DRAWN = re.compile(r'viewBox="([\d. ]+)".*?<path d="([^"]+)"', re.S)


@cache
def drawing(name: str) -> tuple[str, str]:
    """View box and path of an icon, as SVG writes them.

    Raises
    ------
    KeyError
        For a name that is not in `ICONS`.
    LianfangError
        When the browser assets are missing or the drawing is not one path.
    """
    path = FOLDER / f"{ICONS[name]}.svg"
    if not path.exists():
        raise LianfangError(f"{path.name} is missing below web/static/vendor: run `python -m web.vendoring`")
    found = _DRAWN.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise LianfangError(f"{path.name} is not one path: choose another drawing in web/icons.py")
    return found[1], found[2]
