"""The scripts of the map page as one: a browser that knows none of them asks once, not a dozen times.

But for Leaflet, which takes as long to start as all others together: alone, it lets the page draw in between.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from flask import Response, request, url_for

from web.access import PUBLIC, needs
from web.maps.offline import STATIC
from web.maps.served import joined
from web.pages.map.blueprint import bp

ALONE = "vendor/leaflet/leaflet.js"
YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Bundle:
    """Scripts one after the other, plain and compressed, and a name that changes when one of them does."""

    digest: str
    plain: bytes
    zipped: bytes


def bundle() -> Bundle:
    """The scripts as they are now."""
    names = tuple(name for name in joined(()).scripts if name != ALONE)
    return _made(names, tuple((STATIC / name).stat().st_mtime_ns for name in names))


def script_url() -> str:
    """Where a page finds them."""
    return url_for("map.script", digest=bundle().digest)


@bp.get("/map/script-<digest>.js")
@needs(PUBLIC)
def script(digest: str) -> Response:
    """The scripts; kept for good by a browser that asked for what they are."""
    now = bundle()
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(now.zipped if zipped else now.plain, mimetype="text/javascript")
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    # Another name is that of a page made before an update: it gets what there is, and asks again next time.
    named = digest == now.digest
    response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if named else "no-cache"
    return response


@lru_cache(maxsize=4)
def _made(names: tuple[str, ...], changed: tuple[int, ...]) -> Bundle:
    # Each is a closed function or declares one name, so they do not meet; a line may end in a comment.
    plain = "\n;\n".join((STATIC / name).read_text(encoding="utf-8") for name in names).encode()
    return Bundle(hashlib.sha256(plain).hexdigest()[:16], plain, gzip.compress(plain, 6, mtime=0))
