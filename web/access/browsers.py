"""Which browser on which system a sign-in came from, in two words: what its owner recognises it by."""

from __future__ import annotations

# In this order: later ones name themselves after earlier ones too.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_SHOWN = 40


def browser_words(agent: str) -> str:
    """A User-Agent header in two words; its beginning where nothing in it is known.

    Examples
    --------
    >>> browser_words("Mozilla/5.0 (Windows NT 10.0; Win64; x64) … Chrome/131.0.0.0 Safari/537.36 Edg/131.0")
    'Edge · Windows'
    """
    found = [next((name for sign, name in known if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name) or agent[:_SHOWN]
