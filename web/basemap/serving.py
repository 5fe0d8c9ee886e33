"""The base map for browsers: which one is in use, and its file in the pieces they ask for."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, request, send_file, url_for
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header

from web.access import Action, needs
from web.basemap.address import usable_intranet_map
from web.basemap.archive import archive_path, basemap_folder, current
from web.requests import db, server

bp = Blueprint("basemap", __name__, url_prefix="/basemap")

TYPE = "application/vnd.pmtiles"
YEAR_S = 365 * 24 * 3600
# A file's content never changes under its name; it is nobody's but a signed-in person's.
FOR_EVER = f"private, max-age={YEAR_S}, immutable"
_NO_BYTES = re.compile(r"bytes\s*=\s*-0+")


def folder() -> Path:
    """Where this server's base map stands."""
    return basemap_folder(server().folder)


@bp.get("/current.json")
@needs(Action.MAP_VIEW)
def now() -> Response:
    """Which base map a page draws.

    ``kind`` is "own" (our PMTiles), "pmtiles" or "raster" (an intranet's) or "none"; then ``url``,
    ``attribution`` and, for our own, ``version``, ``min_zoom``, ``max_zoom`` and ``bounds``. No base map is
    an answer too, not an error: pages work without.
    """
    told: dict[str, object] = {"kind": "none", "attribution": ""}
    intranet = usable_intranet_map(db())
    own = current(folder())
    if intranet is not None:
        told = {"kind": intranet.kind, "url": intranet.url, "attribution": intranet.attribution}
    elif own is not None:
        told = {
            "kind": "own",
            "url": url_for("basemap.archive", version=own.version),
            "version": own.version,
            "min_zoom": own.min_zoom,
            "max_zoom": own.max_zoom,
            "bounds": own.bounds,
            "attribution": own.attribution,
        }
    answer = jsonify(told)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.get("/<version>.pmtiles")
@needs(Action.MAP_VIEW)
def archive(version: str) -> Response:
    """The file of a version, or one range of its bytes (RFC 9110 §14)."""
    path = archive_path(folder(), version)
    if path is None:
        abort(404)
    answer = send_file(path, mimetype=TYPE, conditional=False, etag=version)
    size = path.stat().st_size
    answer.headers["Cache-Control"] = FOR_EVER
    try:
        answer.make_conditional(_understood(size, version), accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        answer.close()
        # Answered here: a page that explains it would lose the header by which a client learns the size.
        return Response(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    return answer


def _understood(size: int, version: str) -> dict[str, object]:
    """The request with a Range header that Werkzeug takes the way RFC 9110 asks for, or without one.

    Werkzeug refuses (416) what a server should not: another unit, several ranges, a range that is no range
    (all three may be answered with the whole), and a suffix longer than the file (which is all of it). It
    also takes ranges for HEAD, and before it looks at If-None-Match.
    """
    environ = dict(request.environ)
    asked = request.headers.get("Range")
    if asked is None or _NO_BYTES.fullmatch(asked.strip()):
        return environ
    known = parse_range_header(asked)
    unchanged = request.if_none_match.contains_weak(version)
    if (
        known is None
        or known.units != "bytes"
        or len(known.ranges) != 1
        or unchanged
        or request.method != "GET"
    ):
        del environ["HTTP_RANGE"]
    elif known.ranges[0][0] < -size:
        environ["HTTP_RANGE"] = "bytes=0-"
    return environ
