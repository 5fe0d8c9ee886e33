"""The short way to a tile, for somebody who is signed in and may see it.

A page asks for dozens of tiles, and the machinery around every view (forms, limits, languages, the cookie
sent anew, the log) takes longer than the database needs for a small one. What decides is asked here too:
where the request comes from, whose cookie it carries, the rule of the layer, the scope of that rule.
Whatever is not a tile for somebody who may see it goes the whole way, and is refused there: this module lets
in and never refuses. A test asks both ways for every layer, role and jurisdiction.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, cast

from flask import Flask, Request
from sqlalchemy.exc import OperationalError

from geo.repository.tiles import Tile
from web.access import Access, login
from web.hosts import from_elsewhere
from web.metrics import REQUESTS, SECONDS
from web.requests import EXTENSION, Server
from web.tiles.answers import Answer, answer, asked_for
from web.tiles.layers import LAYERS
from web.tiles.source import Source
from web.tiles.views import EXTENSION as SOURCE

ENDPOINT = "tiles.tile"
MOST_COOKIES = 2_000

_ADDRESS = re.compile(
    rf"/tiles/({'|'.join(LAYERS)})/([0-9]{{1,2}})/([0-9]{{1,8}})/([0-9]{{1,8}})\.mvt", re.ASCII
)
_REASONS = {status: f"{status} {HTTPStatus(status).phrase}" for status in (200, 204, 304)}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Shortcut:
    """WSGI middleware around an app that has the tiles' address.

    Parameters
    ----------
    app : Flask
    doors : Doors
        Knows whose a cookie is.
    headers : mapping
        That every answer of the app carries.
    """

    def __init__(self, app: Flask, doors: login.Doors, headers: Mapping[str, str]) -> None:
        self._app = app
        self._whole_way = app.wsgi_app
        self._doors = doors
        self._headers = list(headers.items())
        self._public_url = cast(Server, app.extensions[EXTENSION]).public_url
        self._source = cast(Source, app.extensions[SOURCE])
        self._seconds = SECONDS.labels(ENDPOINT)
        self._counts = {status: REQUESTS.labels(ENDPOINT, "GET", str(int(status))) for status in _REASONS}
        # By the whole header: reading cookies and checking a signature takes as long as all the rest.
        self._keys: dict[str, tuple[float, str]] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The tile, or the app's own answer."""
        match = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if match is None or environ["REQUEST_METHOD"] != "GET":
            return self._whole_way(environ, start_response)
        began = time.perf_counter()
        found = self._answer(environ, match)
        if found is None:
            return self._whole_way(environ, start_response)
        headers = [*found.headers, *self._headers, ("X-Request-Id", secrets.token_hex(6))]
        if found.status == HTTPStatus.OK:
            headers.append(("Content-Length", str(len(found.body))))
        start_response(_REASONS[found.status], headers)
        self._counts[found.status].inc()
        self._seconds.observe(time.perf_counter() - began)
        return (found.body,)

    def _answer(self, environ: Environ, match: re.Match[str]) -> Answer | None:
        request = self._app.request_class(environ)
        if from_elsewhere(request, self._public_url):
            return None
        access = self._access(request)
        if access is None:
            return None
        layer, z, x, y = match.groups()
        scope = access.scope(LAYERS[layer].action)
        if not scope:
            return None
        try:
            tile = Tile(int(z), int(x), int(y))
            asked = asked_for(layer, request.args, access)
            return answer(
                self._source,
                layer,
                tile,
                scope,
                asked,
                revision=request.args.get("v", ""),
                etags=environ.get("HTTP_IF_NONE_MATCH", ""),
                codings=environ.get("HTTP_ACCEPT_ENCODING", ""),
            )
        except (ValueError, LookupError, OperationalError):
            # No such tile, or the database is away: told in words on the whole way.
            return None

    def _access(self, request: Request) -> Access | None:
        """What the holder of the cookie may do; None without one."""
        # A token, a language or a narrowing in the address are the whole way's to heed.
        if "HTTP_AUTHORIZATION" in request.environ or "in" in request.args or "lang" in request.args:
            return None
        cookies = request.environ.get("HTTP_COOKIE", "")
        until, key = self._keys.get(cookies, (0.0, ""))
        if until <= time.monotonic():
            key = self._key(request)
            # Only with a cookie whose signature was right, so no one can fill this but those signed in.
            if key:
                if len(self._keys) >= MOST_COOKIES:
                    self._keys.clear()
                self._keys[cookies] = (time.monotonic() + login.KEPT_SECONDS, key)
        return self._doors.by_key(key) if key else None

    def _key(self, request: Request) -> str:
        """The key in the signed cookie of a request, or nothing."""
        session = self._app.session_interface.open_session(self._app, request)
        key = session.get("_user_id") if session else None
        return key if isinstance(key, str) else ""
