"""A base map of the intranet instead of our own: its address is a setting, checked before it is believed.

The address goes into the policy of every page that shows a map (which servers the browser may ask), so it
is checked when it is set and again when it is read: a row changed by hand must not open the policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from geo.errors import InputRefused
from geo.tables import Setting

log = structlog.get_logger("lianfang.web")

URL_SETTING = "basemap.url"
ATTRIBUTION_SETTING = "basemap.attribution"
LONGEST_ATTRIBUTION = 200

# Nothing that ends a source in a content security policy or an attribute in a page.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?&=%+@{}\[\]-]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")
_EXAMPLE = "http://10.1.2.3/tiles/{z}/{x}/{y}.png"


@dataclass(frozen=True)
class IntranetMap:
    """Somebody else's base map.

    Parameters
    ----------
    url : str
        As `checked_url` answers it.
    kind : str
        "raster" or "pmtiles".
    origin : str
        Scheme, host and port: what a browser must be allowed to ask.
    attribution : str
        Whose map it is; plain text.
    """

    url: str
    kind: str
    origin: str
    attribution: str = ""


def checked_url(given: object) -> IntranetMap:
    """The base map at an address.

    Parameters
    ----------
    given : str
        ``http(s)://host[:port]/…`` with ``{z}``, ``{x}`` and ``{y}`` (or ``{-y}``) for pictures, or ending in
        ``.pmtiles``.

    Raises
    ------
    InputRefused
        For anything else, with what is wrong with it.
    """
    address = given.strip() if isinstance(given, str) else ""
    if not address or not _PLAIN.fullmatch(address):
        raise InputRefused(f"base map address {given!r}: give a plain address such as {_EXAMPLE}")
    # Braces stand for numbers in a path: a URL parser must not meet them, and a host must not have them.
    names = _PLACEHOLDER.findall(address)
    bare = _PLACEHOLDER.sub("0", address)
    try:
        parts = urlsplit(bare)
        port = parts.port
    except ValueError as error:
        raise InputRefused(f"base map address {address!r} is no address ({error})") from error
    host = parts.netloc.removesuffix(f":{port}")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "{" in bare or "}" in bare:
        raise InputRefused(
            f"base map address {address!r}: begin with http:// or https:// and a host, without a user name "
            f"or a placeholder in it, as in {_EXAMPLE}"
        )
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    if not address.lower().startswith(f"{origin}/"):
        raise InputRefused(f"base map address {address!r}: give a path on the host too, as in {_EXAMPLE}")
    if parts.path.endswith(".pmtiles") and not names:
        return IntranetMap(address, "pmtiles", origin)
    if sorted(name.removeprefix("-") if name == "-y" else name for name in names) != ["x", "y", "z"]:
        raise InputRefused(
            f"base map address {address!r}: pictures need {{z}}, {{x}} and {{y}} once each and no other "
            f"placeholder, as in {_EXAMPLE}; a file of vector tiles ends in .pmtiles"
        )
    return IntranetMap(address, "raster", origin)


def checked_attribution(given: object) -> str:
    """The words that credit an intranet's map.

    Raises
    ------
    InputRefused
        For anything but a text of at most `LONGEST_ATTRIBUTION` characters.
    """
    if not isinstance(given, str) or len(given.strip()) > LONGEST_ATTRIBUTION:
        raise InputRefused(f"base map attribution {given!r}: give at most {LONGEST_ATTRIBUTION} characters")
    return given.strip()


def intranet_map(session: Session) -> IntranetMap | None:
    """The intranet's base map, None where our own is used.

    Raises
    ------
    InputRefused
        For a stored address that `checked_url` would not take.
    """
    stored = session.get(Setting, URL_SETTING)
    if stored is None or not stored.value:
        return None
    found = checked_url(stored.value)
    credit = session.get(Setting, ATTRIBUTION_SETTING)
    words = checked_attribution(credit.value) if credit is not None and credit.value else ""
    return IntranetMap(found.url, found.kind, found.origin, words)


def usable_intranet_map(session: Session) -> IntranetMap | None:
    """The intranet's base map for pages: an address that is not a valid one is as good as none.

    It cannot be set that way, so somebody changed the row by hand; pages go on with our own map, and the log
    says why.
    """
    try:
        return intranet_map(session)
    except InputRefused as error:
        log.warning("intranet base map not used", reason=str(error))
        return None


def basemap_origins(session: Session) -> tuple[str, ...]:
    """Origins that a page with a map may ask beside our own server: none, or the intranet map's.

    They go into `img-src` and `connect-src` of the page's content security policy, and are safe to stand
    there.
    """
    found = usable_intranet_map(session)
    return () if found is None else (found.origin,)
