"""The Flask app: who may ask, one database session a request, security headers, errors told for people.

What pages there are stands in `web.pages`; what each needs, at its view (`web.access.needs`).

Without a public address the app answers this machine only. Three walls, because a name server or a proxy
can get around each one alone: the server listens on a loopback address (`loopback_host`), the peer must be
loopback, and the Host header must name this machine (DNS rebinding).
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Flask, Response, g, redirect, request, url_for
from flask_babel import gettext
from flask_wtf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from geo.errors import LianfangError
from geo.scope import NOWHERE
from web import errors, i18n, icons, looking, narrowing, tiles
from web.access import Action, login, needs, rules
from web.access.signing import SIGNED_IN_FOR
from web.addresses import KeyConverter
from web.hosts import from_elsewhere
from web.limits import limiter
from web.metrics import count_request
from web.pages import BLUEPRINTS
from web.requests import EXTENSION, Server, access, close_sessions, signed_in
from web.uploads import LARGEST_FORM, largest_request

log = structlog.get_logger("lianfang.web")

COOKIE_SECONDS = 365 * 24 * 3600


csrf = CSRFProtect()


def content_policy(nonce: str | None = None, origins: tuple[str, ...] = ()) -> str:
    """The content security policy of a page: this server only, and only the scripts marked with `nonce`.

    Parameters
    ----------
    nonce : str, optional
    origins : tuple of str
        Of a base map that an administrator has set: pictures and data may come from there too.
    """
    marked = f" 'nonce-{nonce}'" if nonce else ""
    also = "".join(f" {origin}" for origin in origins)
    return (
        f"default-src 'none'; script-src 'self'{marked}; style-src 'self'{marked}; "
        f"img-src 'self' data:{also}; font-src 'self'; connect-src 'self'{also}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def security_headers(public_url: str | None) -> dict[str, str]:
    """What every answer tells a browser besides its content policy."""
    told = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return told if public_url is None else told | {"Strict-Transport-Security": "max-age=31536000"}


def create_app(
    engine: Engine, *, secret_key: str, folder: Path, public_url: str | None = None, testing: bool = False
) -> Flask:
    """The app on a database.

    Parameters
    ----------
    engine : Engine
        Of the program's role; every session on it has a scope.
    secret_key : str
        Signs cookies and forms; the same in every worker.
    folder : Path
        Where the program keeps what it makes for itself (`web.database.var_dir`).
    public_url : str, optional
        The https address people come in by, through one reverse proxy; None answers this machine only.
    testing : bool
        As Flask's: and sign-in is not throttled.

    Raises
    ------
    LianfangError
        For a public address that is not https.
    """
    app = APIFlask(
        __name__,
        title="Lianfang",
        version=version("lianfang"),
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    app.error_processor(_api_refused)
    app.url_map.converters["int"] = KeyConverter
    # What the API is is no secret; what it answers is.
    needs(Action.PUBLIC)(app.view_functions["openapi.spec"])
    app.testing = testing
    secure = public_url is not None
    if public_url is not None and urlsplit(public_url).scheme != "https":
        raise LianfangError(f"public address {public_url}: passwords need https; give https://…")
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME="__Host-lianfang" if secure else "lianfang",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SIGNED_IN_FOR,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=int(timedelta(hours=24).total_seconds()),
        WTF_CSRF_SSL_STRICT=secure,
        RATELIMIT_ENABLED=not testing,
    )
    doors = login.Doors(engine)
    app.extensions[EXTENSION] = Server(engine, folder, public_url)
    app.extensions["lianfang-doors"] = doors
    i18n.init_app(app)
    app.jinja_env.globals["icon_drawing"] = icons.drawing
    limiter.init_app(app)
    login.init_app(app, doors)
    errors.init_app(app)
    _open_requests(app)
    narrowing.init_app(app)
    # After who asks is known: a request without rights is refused whatever its form holds.
    csrf.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for endpoint, view in app.view_functions.items():
        if rules.takes_tokens_only(app, endpoint):
            csrf.exempt(view)
    rules.check_rules(app)
    shown = {"Content-Security-Policy": content_policy(), **security_headers(public_url)}
    app.wsgi_app = tiles.Shortcut(app, doors, shown)  # type: ignore[method-assign]
    if secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _api_refused(error: HTTPError) -> Response:
    """What APIFlask refuses (an argument of the wrong kind), told as everything else is."""
    problems = tuple(f"{where}: {what}" for where, what in (error.detail or {}).items())
    return errors.told(error.status_code, gettext("Not accepted"), error.message or "", problems)


def _open_requests(app: Flask) -> None:
    @app.before_request
    def begin() -> Any:
        g.started = time.perf_counter()
        g.request_id = uuid.uuid4().hex[:12]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)
        public_url = app.extensions[EXTENSION].public_url
        if from_elsewhere(request, public_url):
            return errors.told(
                403,
                gettext("This machine only"),
                gettext(
                    "The server was started without a public address, so it answers its own machine only."
                ),
            )
        if request.endpoint is None:
            return None
        refused = _let_in(
            rules.action_of(app, request.endpoint, request.view_args or {}),
            rules.takes_tokens_only(app, request.endpoint),
        )
        if refused is None:
            # Only now, and before anything reads the form: who may not hand a file in hands in none.
            request.max_content_length = largest_request(app, request.endpoint)
        return refused

    @app.after_request
    def finish(response: Response) -> Response:
        _end_transaction(response)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", content_policy(g.get("nonce"), g.get("origins", ())))
        headers.update(security_headers(app.extensions[EXTENSION].public_url))
        headers["X-Request-Id"] = g.request_id
        if request.endpoint == "static":
            headers["Cache-Control"] = "no-cache"
        headers.setdefault("Cache-Control", "no-store")
        _keep_language(response)
        seconds = time.perf_counter() - g.started
        count_request(request, response, seconds)
        quiet = request.endpoint in ("static", "health.healthz") or (request.endpoint or "").startswith(
            "tiles"
        )
        (log.debug if quiet else log.info)(
            "request",
            method=request.method,
            # A sign-in link's address is its key.
            path=request.url_rule.rule
            if request.blueprint == "signing" and request.url_rule
            else request.path,
            status=response.status_code,
            ms=round(1000 * seconds, 1),
            peer=request.remote_addr,
            account=access().account.name if signed_in() else None,
        )
        return response

    @app.teardown_request
    def close(error: BaseException | None) -> None:
        close_sessions()


def _let_in(action: Action, token_only: bool) -> Any:
    """Refuse, or note the scope that the request's session gets."""
    if action is Action.PUBLIC:
        g.scope = access().scope(Action.MAP_VIEW) if _cookie_known() else NOWHERE
        return None
    if not signed_in():
        if login.wants_problem():
            return errors.told(
                401, gettext("Sign in first"), gettext("Give a token as Authorization: Bearer.")
            )
        if request.method == "GET" and "HX-Request" not in request.headers:
            return redirect(url_for("signing.page", next=request.full_path.rstrip("?")))
        answer = errors.told(401, gettext("Sign in first"), gettext("You were signed out; sign in again."))
        answer.headers["HX-Redirect"] = url_for("signing.page")
        return answer
    if not access().may(action):
        return errors.told(403, gettext("Not allowed"), gettext("Your account has no role that allows this."))
    if token_only and not login.by_token():
        return errors.told(
            401, gettext("Give a token"), gettext("Programs come in with a token of their own.")
        )
    # Being somebody is enough for one's own profile; the frame around it shows the site.
    g.scope = access().scope(Action.MAP_VIEW if action is Action.PROFILE_OWN else action)
    return None


def _cookie_known() -> bool:
    """Whether a public page was asked for by somebody signed in; health checks never ask the database."""
    return request.blueprint not in ("health", None) and signed_in()


def _end_transaction(response: Response) -> None:
    """Commit what the view did if it succeeded; a failure to do so becomes a page of its own."""
    question = looking.write_down(response)
    session = g.get("sessions", {}).get(None)
    if session is None:
        return
    if response.status_code < 400:
        session.commit()
        looking.remember(question)
    else:
        session.rollback()


def _keep_language(response: Response) -> None:
    """Remember the language somebody chose by ``?lang=``."""
    chosen = request.args.get("lang")
    if chosen in i18n.LANGUAGES and response.mimetype == "text/html":
        response.set_cookie(i18n.COOKIE, chosen, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
