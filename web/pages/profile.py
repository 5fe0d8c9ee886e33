"""One's own account: roles, password, browsers that are signed in, language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web import narrowing
from web.access import Action, accounts, directory, login, needs, passwords, signing
from web.access.browsers import browser_words
from web.access.roles import ROLE_TITLES
from web.i18n import N_
from web.limits import limiter
from web.pages.signing import doors
from web.refusals import Refused, said
from web.requests import access, audit, db, render, translator
from web.tables import Account

bp = Blueprint("profile", __name__)

# Somebody at an open browser must not try out what the password may be.
PER_PERSON = "6 per minute; 30 per hour"


@bp.get("/profile")
@needs(Action.PROFILE_OWN)
def page() -> Response:
    """Who I am, what I may do and where, where I am signed in."""
    return _page()


@bp.post("/profile/password")
@needs(Action.PROFILE_OWN)
@limiter.limit(PER_PERSON, key_func=lambda: f"password {access().account.id}")
def password() -> Response:
    """Choose a new password; every other browser is signed out, this one gets a fresh key."""
    mine = _mine()
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        if mine.password_hash is not None and not passwords.matches(
            old[: passwords.LONGEST], mine.password_hash
        ):
            raise Refused(N_("the old password is wrong"))
        if new != again:
            raise Refused(N_("the two new passwords differ; type the same one twice"))
        accounts.set_password(db(), mine, new)
    except LianfangError as refused:
        return _page(refused)
    audit("change", "password")
    key = signing.begin(
        db(),
        mine,
        now=datetime.now(UTC),
        peer=request.remote_addr or "",
        browser=request.headers.get("User-Agent", ""),
    )
    login.enter(key, accounts.access_of(db(), mine))
    doors().forget()
    flash(gettext("The password is changed; your other browsers are signed out."), "success")
    return redirect(url_for("profile.page"))


@bp.post("/profile/sign-outs")
@needs(Action.PROFILE_OWN)
def sign_out() -> Response:
    """Sign one of one's other browsers out, or all of them."""
    asked = request.form.get("browser", "")
    if asked == "others":
        count = signing.end_others(db(), access().account.id, keep=_key())
    elif asked == signing.key_hash(_key()):
        return _page(Refused(N_("this browser is signed out by the menu at the top")))
    else:
        count = int(signing.end_sign_in(db(), access().account.id, asked))
    doors().forget()
    if count:
        audit("sign-out", "browser", browsers=count)
    flash(
        translator().plural("%(n)s browser was signed out.", "%(n)s browsers were signed out.", count),
        "success",
    )
    return redirect(url_for("profile.page"))


def _mine() -> Account:
    return db().get_one(Account, access().account.id)


def _key() -> str:
    """What this browser's cookie holds."""
    return cast(str, current_user.get_id())


def _page(refused: Exception | None = None) -> Response:
    t, mine = translator(), _mine()
    held = directory.grants_of(db(), mine.id)
    return render(
        "profile/page.html",
        status=422 if refused else 200,
        mine=mine,
        held=held,
        names=narrowing.named(db(), [one.path for one in held if one.path], t.lang),
        role_words={role: t(words) for role, words in ROLE_TITLES.items()},
        browsers=signing.sign_ins_of(db(), mine.id, now=datetime.now(UTC)),
        this_browser=signing.key_hash(_key()),
        browser_words=browser_words,
        shortest=passwords.SHORTEST,
        refused=said(refused, t) if refused else "",
    )
