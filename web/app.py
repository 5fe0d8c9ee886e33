"""The Flask app: the map at ``/``, health, static files. Thin: what it shows is handed to `create_app`.

Until accounts exist the app answers this machine only. Three walls, because a name server or a proxy can
get around each one alone: the server listens on a loopback address (`loopback_host`), the peer must be
loopback, and the Host header must name this machine (DNS rebinding).
"""

import gzip
import hashlib
import ipaddress
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from geo.errors import LianfangError
from web import i18n
from web.maps import MapData, render_map

log = structlog.get_logger("lianfang.web")

MapSource = Callable[[], MapData]
"""Makes today's map. May have an attribute `revision`, a callable giving a short text that changes when the
map would: the page is then made again only when it does."""

COOKIE_SECONDS = 365 * 24 * 3600
NAMES_OF_THIS_MACHINE = ("localhost", "localhost.localdomain", "ip6-localhost")
PLAIN_STYLES = ("vendor/bootstrap/bootstrap.min.css", "site.css")


def loopback_host(host: str) -> str:
    """The host to listen on, if it can be reached from this machine only.

    Raises
    ------
    LianfangError
        For any other address, with what to do instead.
    """
    if not _is_loopback(host):
        raise LianfangError(
            f"--host {host} can be reached from other machines and the program has no accounts yet: "
            "listen on 127.0.0.1 and come in through an SSH tunnel"
        )
    return host


def _is_loopback(host: str) -> bool:
    name = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    if name in NAMES_OF_THIS_MACHINE:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # A socket for both families shows an IPv4 peer as ::ffff:127.0.0.1.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@dataclass(frozen=True)
class _Page:
    """A rendered map: its bytes plain and compressed, the nonce its scripts carry, its ETag.

    The nonce lives as long as the bytes it stands in. What could be injected is fixed when the page is
    made, before the nonce is known; a fresh nonce a request would mean compressing megabytes each time.
    """

    body: bytes
    zipped: bytes
    nonce: str
    tag: str


class _PageCache:
    """The page of the newest revision in each language; made once however many ask for it at once."""

    def __init__(self, source: MapSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._revision: str | None = None
        self._pages: dict[str, _Page] = {}

    def page(self, lang: str) -> _Page:
        with self._lock:
            ask = getattr(self._source, "revision", None)
            if ask is None:
                return _rendered(self._source(), lang)
            revision = str(ask())
            if revision != self._revision:
                self._pages.clear()
                self._revision = revision
            if lang not in self._pages:
                started = time.perf_counter()
                page = _rendered(self._source(), lang)
                self._pages[lang] = page
                log.info(
                    "map rendered",
                    lang=lang,
                    revision=revision,
                    bytes=len(page.body),
                    ms=round(1000 * (time.perf_counter() - started)),
                )
            return self._pages[lang]


def _rendered(data: MapData, lang: str) -> _Page:
    nonce = secrets.token_urlsafe(16)
    body = render_map(data, lang=lang, inline=False, nonce=nonce).encode("utf-8")
    return _Page(body, gzip.compress(body, 6, mtime=0), nonce, hashlib.sha256(body).hexdigest()[:24])


def content_policy(nonce: str | None = None) -> str:
    """The content security policy of a page: this server only, and only the scripts marked with `nonce`."""
    marked = f" 'nonce-{nonce}'" if nonce else ""
    return (
        f"default-src 'none'; script-src 'self'{marked}; style-src 'self'{marked}; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def create_app(map_source: MapSource, health: Callable[[], Mapping[str, Any]]) -> Flask:
    """The app around a source of maps and a question whether the database answers.

    Parameters
    ----------
    map_source : callable
        See `MapSource`. A `LianfangError` becomes a page that says so (503).
    health : callable
        Answers with what is worth knowing (shown as JSON at ``/readyz``), raises when the database does not
        answer (503).
    """
    app = Flask(__name__)
    i18n.init_app(app)
    cache = _PageCache(map_source)

    @app.before_request
    def begin() -> Response | None:
        g.started = time.perf_counter()
        g.request_id = uuid.uuid4().hex[:12]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)
        if _from_elsewhere():
            return _error_page(
                403,
                gettext("This machine only"),
                gettext(
                    "The program has no accounts yet, so it answers the machine it runs on and nobody else."
                ),
            )
        return None

    @app.get("/")
    def map_page() -> Response:
        lang = i18n.negotiated(request)
        page = cache.page(lang)
        zipped = request.accept_encodings.quality("gzip") > 0
        response = make_response(page.zipped if zipped else page.body)
        response.mimetype = "text/html"
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Security-Policy"] = content_policy(page.nonce)
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
        response.set_etag(page.tag + ("-gz" if zipped else ""))
        if request.args.get("lang") in i18n.LANGUAGES:
            response.set_cookie(i18n.COOKIE, lang, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
        response.make_conditional(request)
        return response

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="up")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        try:
            told = dict(health())
        except Exception as error:
            # Whatever the reason, the answer is the same: not ready. The reason goes to the log.
            log.warning("not ready", reason=str(error))
            return jsonify(status="unavailable"), 503
        return jsonify(status="ready", **told), 200

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", content_policy())
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["X-Request-Id"] = g.request_id
        if request.endpoint == "static":
            headers["Cache-Control"] = "no-cache"
        headers.setdefault("Cache-Control", "no-store")
        say = log.debug if request.endpoint in ("static", "healthz") else log.info
        say(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.started), 1),
            peer=request.remote_addr,
        )
        return response

    @app.errorhandler(LianfangError)
    def nothing_to_show(error: Exception) -> Response:
        log.warning("no map", reason=str(error))
        return _error_page(503, gettext("No map yet"), str(error))

    @app.errorhandler(OperationalError)
    def away(error: OperationalError) -> Response:
        log.error("database away", reason=str(error.orig))
        return _error_page(
            503,
            gettext("The database does not answer"),
            gettext("Try again in a moment; `lianfang doctor` on the server says what is wrong."),
        )

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        code = error.code or 500
        if code == 404:
            return _error_page(404, gettext("Not found"), gettext("There is no page at this address."))
        if code == 405:
            return _error_page(405, gettext("Not allowed"), gettext("This page can only be read."))
        return _error_page(code, gettext("Not possible"), gettext("The request could not be answered."))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        log.exception("failed", path=request.path)
        return _error_page(
            500,
            gettext("Something went wrong"),
            gettext("It was written down under number %(number)s.", number=g.request_id),
        )

    return app


def _from_elsewhere() -> bool:
    """Whether a request did not begin on this machine, as far as one can tell."""
    if not _is_loopback(request.remote_addr or ""):
        return True
    if "Forwarded" in request.headers or "X-Forwarded-For" in request.headers:
        return True
    host = request.headers.get("Host", "")
    return not _is_loopback(host if host.endswith("]") else host.rsplit(":", 1)[0])


def _error_page(code: int, title: str, sentence: str) -> Response:
    styles = [{"url": f"/static/{name}"} for name in PLAIN_STYLES]
    body = render_template(
        "error.html",
        lang=i18n.negotiated(request),
        code=code,
        title=title,
        sentence=sentence,
        styles=styles,
        scripts=[],
        nonce=None,
        policy=None,
    )
    response = make_response(body, code)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response
