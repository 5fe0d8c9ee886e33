"""Flask-Login tied to our sign-ins: whom a browser's cookie or a program's token belongs to.

The cookie holds the key of one `SignIn` row, signed. Ending the row signs the browser out wherever it is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, Request, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import Engine

from geo.db import transaction
from geo.scope import NOWHERE
from web.access import signing, tokens
from web.access.identity import Access

# A page asks for dozens of tiles: who asks is looked up once in this time. Ending a sign-in takes effect
# at once in the process that ends it, and within this time in others.
KEPT_SECONDS = 2.0
_MOST_KEPT = 10_000
BEARER = "Bearer "
# Only programs' addresses take tokens. They are read only but for those that take nothing else (`web.api`; a
# test sees to it), so no form stands behind them.
TOKEN_PATHS = ("/api/", "/tiles/", "/ogc/", "/basemap/")


class SignedIn(UserMixin):
    """Whoever asks, as Flask-Login wants it."""

    def __init__(self, key: str, access: Access) -> None:
        self._key = key
        self.access = access

    def get_id(self) -> str:
        """What the cookie holds."""
        return self._key


class Doors:
    """Looks up keys and tokens, and remembers the answers for `KEPT_SECONDS`.

    A page asks for many things at once: the first looks up who asks, the others wait for its answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Access | None]] = {}
        self._asking: dict[str, threading.Lock] = {}
        self._forgotten = 0

    def by_key(self, key: str) -> Access | None:
        """Whom a browser's key belongs to."""
        return self._look(f"key {key}", lambda: self._ask(signing.access_by_key, key))

    def by_token(self, text: str) -> Access | None:
        """What a token's bearer may do."""
        return self._look(f"token {text}", lambda: self._ask(tokens.access_by_token, text))

    def forget(self) -> None:
        """Ask anew from now on: a sign-in ended, or a grant changed."""
        with self._lock:
            self._kept.clear()
            self._forgotten += 1

    def _look(self, name: str, ask: Callable[[], Access | None]) -> Access | None:
        name = signing.key_hash(name)
        with self._lock:
            found = self._fresh(name)
            if found is not None:
                return found[1]
            gate = self._asking.setdefault(name, threading.Lock())
        with gate:
            with self._lock:
                found = self._fresh(name)
                if found is not None:
                    return found[1]
                forgotten = self._forgotten
            # From before the question: what changes while it is answered must be seen in time too.
            until = time.monotonic() + KEPT_SECONDS
            kept = None
            try:
                kept = until, ask()
                return kept[1]
            finally:
                with self._lock:
                    self._asking.pop(name, None)
                    # An answer from before something was to be forgotten is not to be remembered.
                    if kept is not None and forgotten == self._forgotten:
                        if len(self._kept) >= _MOST_KEPT:
                            self._kept.clear()
                        self._kept[name] = kept

    def _fresh(self, name: str) -> tuple[float, Access | None] | None:
        found = self._kept.get(name)
        return found if found is not None and found[0] > time.monotonic() else None

    def _ask(self, question: Callable[..., Access | None], secret: str) -> Access | None:
        # Accounts belong to no jurisdiction, so no scope is needed to know who somebody is.
        with transaction(self._engine, scope=NOWHERE) as opened:
            return question(opened, secret, now=datetime.now(UTC))


def init_app(app: Flask, doors: Doors) -> None:
    """Let Flask-Login ask `doors`."""
    manager = LoginManager()
    manager.session_protection = None  # the key is random, hashed in the database and ends there
    manager.init_app(app)

    @manager.user_loader
    def by_cookie(key: str) -> SignedIn | None:
        found = doors.by_key(key)
        return SignedIn(key, found) if found else None

    @manager.request_loader
    def by_header(asked: Request) -> SignedIn | None:
        header = asked.headers.get("Authorization", "")
        if not header.startswith(BEARER) or not asked.path.startswith(TOKEN_PATHS):
            return None
        text = header.removeprefix(BEARER).strip()
        found = doors.by_token(text)
        return SignedIn("", found) if found else None


def by_token() -> bool:
    """Whether whoever asks, who is somebody, showed a program's token."""
    return not current_user.get_id()


def enter(key: str, access: Access) -> None:
    """Sign this browser in under a fresh key; whatever its cookie held before is gone."""
    session.clear()
    login_user(SignedIn(key, access))
    session.permanent = True


def leave() -> str | None:
    """Sign this browser out; answers the key it had."""
    key = session.get("_user_id")
    logout_user()
    session.clear()
    return key if isinstance(key, str) else None


def wants_problem() -> bool:
    """Whether an error is told as problem JSON: to programs, not to people."""
    return request.path.startswith(TOKEN_PATHS)
