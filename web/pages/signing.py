"""Signing in and out: a name and a password, or a one-time link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from geo.errors import InputRefused
from web.access import PUBLIC, Action, accounts, login, needs, signing
from web.hosts import from_this_machine
from web.limits import limiter
from web.refusals import said
from web.requests import audit, db, render, signed_in, translator
from web.tables import Account

bp = Blueprint("signing", __name__)

PER_MACHINE = "10 per minute; 60 per hour"
PER_NAME = "6 per minute; 30 per hour"


@bp.get("/sign-in")
@needs(PUBLIC)
def page() -> AnyResponse:
    """The form; somebody signed in is sent on."""
    if signed_in():
        return redirect(_next())
    return render("signing/page.html", name="", problem=None, next=_next())


@bp.post("/sign-in")
@needs(PUBLIC)
@limiter.limit(PER_MACHINE)
@limiter.limit(PER_NAME, key_func=lambda: f"name {request.form.get('name', '').strip().lower()}")
def sign_in() -> AnyResponse:
    """Try a name and a password."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    found = signing.account_by_password(db(), name, password[: accounts.passwords.LONGEST])
    if found is None:
        audit("sign-in refused", f"account {name.strip().lower()[:60]}")
        # Committed here: the answer's status would roll the entry back.
        db().commit()
        problem = gettext("Name or password is wrong, or the account is not active.")
        return render("signing/page.html", status=401, name=name, problem=problem, next=_next())
    return _enter(found, "password")


@bp.get("/sign-in/link/<key>")
@needs(PUBLIC)
@limiter.limit(PER_MACHINE)
def link(key: str) -> AnyResponse:
    """Use a link of this machine at once; ask the holder of an invitation for a password first."""
    try:
        found, account = signing.link_account(
            db(), key, now=datetime.now(UTC), local=from_this_machine(request)
        )
    except signing.SignInRefused as refused:
        return render("signing/page.html", status=401, name="", problem=said(refused, translator()), next="/")
    if not found.local:
        return render("signing/invitation.html", key=key, account_name=account.name, problem=None)
    if not signing.use_link(db(), found, now=datetime.now(UTC)):
        return redirect(url_for("signing.page"))
    return _enter(account, "local link")


@bp.post("/sign-in/link/<key>")
@needs(PUBLIC)
@limiter.limit(PER_MACHINE)
def accept(key: str) -> AnyResponse:
    """Take an invitation: choose a password and be signed in."""
    now = datetime.now(UTC)
    try:
        found, account = signing.link_account(db(), key, now=now, local=from_this_machine(request))
        # First the link: of two browsers at once, only the one that gets in chooses the password.
        if not signing.use_link(db(), found, now=now):
            return redirect(url_for("signing.page"))
        accounts.set_password(db(), account, request.form.get("password", ""))
    except signing.SignInRefused as refused:
        return render("signing/page.html", status=401, name="", problem=said(refused, translator()), next="/")
    except InputRefused as refused:
        return render(
            "signing/invitation.html",
            status=422,
            key=key,
            account_name=account.name,
            problem=said(refused, translator()),
        )
    return _enter(account, "invitation")


@bp.post("/sign-out")
@needs(Action.PROFILE_OWN)
def sign_out() -> AnyResponse:
    """End this browser's sign-in."""
    audit("sign-out", "browser")
    key = login.leave()
    if key is not None:
        signing.end(db(), key)
    doors().forget()
    return redirect(url_for("signing.page"))


def doors() -> login.Doors:
    """What remembers who is signed in."""
    return cast(login.Doors, current_app.extensions["lianfang-doors"])


def _enter(account: Account, how: str) -> Response:
    """Sign the browser in under a fresh key, and send it on."""
    key = signing.begin(
        db(),
        account,
        now=datetime.now(UTC),
        peer=request.remote_addr or "",
        browser=request.headers.get("User-Agent", ""),
    )
    access = accounts.access_of(db(), account)
    audit("sign-in", how, path=access.scope(Action.MAP_VIEW).root, who=access.account)
    login.enter(key, access)
    return cast(Response, redirect(_next()))


def _next() -> str:
    """Where to go afterwards: an address of this server only."""
    asked = request.values.get("next", "")
    parts = urlsplit(asked)
    if not asked.startswith("/") or asked.startswith(("//", "/\\")) or parts.netloc or "\n" in asked:
        return url_for("home.home")
    return asked
