"""Accounts of a jurisdiction: who there is, what each may do and where, how they come in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web import narrowing
from web.access import Action, Role, accounts, directory, needs, signing, tokens
from web.access.browsers import browser_words
from web.access.roles import ROLE_TITLES
from web.i18n import N_
from web.pages.accountpieces import first_place, place_options, rights_words
from web.pages.audit import last_deeds, words
from web.pages.signing import doors
from web.refusals import Refused, said
from web.requests import access, audit, db, may, render, scope, server, translator
from web.tables import Account
from web.tabular import Column, TableSpec
from web.tabular.view import table_view
from web.whereabouts import typed_path

bp = Blueprint("accounts", __name__)

SHOWN_DEEDS = 10
STATES = {
    "active": N_("in use"),
    "invited": N_("never signed in"),
    "disabled": N_("disabled"),
}

ACCOUNTS = TableSpec(
    "accounts",
    (
        Column("display_name", N_("Name"), search=True),
        Column("name", N_("Account"), "code", search=True),
        Column("roles", N_("Roles"), search=True),
        Column(
            "state",
            N_("State"),
            "choice",
            filter="choice",
            words=STATES,
            tones={"active": "good", "invited": "info", "disabled": "quiet"},
        ),
        Column("seen_at", N_("Signed in, last seen"), "moment"),
        Column("created_at", N_("Made"), "moment", filter="period"),
    ),
    # What lies outside the administrator's scope is not there: neither accounts nor their grants.
    source="""
        WITH granted AS (
            SELECT g.account_id, g.jurisdiction_path AS path,
                   (:whole OR g.jurisdiction_path <@ ANY (CAST(:paths AS ltree[]))) IS TRUE AS inside,
                   concat(CAST(:roles AS jsonb) ->> g.role, ' · ',
                          CASE WHEN g.jurisdiction_path IS NULL THEN CAST(:everywhere AS text)
                               WHEN :chinese THEN j.name ELSE COALESCE(NULLIF(j.name_en, ''), j.name) END
                         ) AS words
            FROM access_grant g LEFT JOIN jurisdiction j ON j.path = g.jurisdiction_path)
        SELECT a.id, a.name, a.display_name,
               (SELECT string_agg(words, :comma ORDER BY nlevel(path) NULLS FIRST, path, words)
                FROM granted WHERE account_id = a.id AND inside) AS roles,
               CASE WHEN NOT a.active THEN 'disabled'
                    WHEN a.password_hash IS NULL AND NOT EXISTS (SELECT FROM sign_in WHERE account_id = a.id)
                    THEN 'invited' ELSE 'active' END AS state,
               (SELECT max(seen_at) FROM sign_in WHERE account_id = a.id AND expires_at > now()) AS seen_at,
               a.created_at
        FROM account a
        WHERE (CAST(:narrowed AS ltree) IS NULL AND NOT EXISTS (SELECT FROM granted WHERE account_id = a.id))
           OR EXISTS (SELECT FROM granted WHERE account_id = a.id AND inside
                      AND (CAST(:narrowed AS ltree) IS NULL OR path <@ CAST(:narrowed AS ltree)))""",
    default_sort="display_name",
    link="/accounts/{name}",
)


@bp.get("/accounts")
@needs(Action.ACCOUNTS_MANAGE)
def page() -> Response:
    """All accounts that somebody may see."""
    t = translator()
    return table_view(
        ACCOUNTS,
        "accounts/list.html",
        parameters={
            "whole": scope().everywhere,
            "paths": list(scope().paths),
            "roles": json.dumps({role.value: t(title) for role, title in ROLE_TITLES.items()}),
            "everywhere": gettext("the whole site"),
            "chinese": t.lang == "zh",
            "comma": "；" if t.lang == "zh" else "; ",
            "narrowed": narrowing.chosen(),
        },
    )


@bp.get("/accounts/new")
@needs(Action.ACCOUNTS_MANAGE)
def new() -> Response:
    """The form for an account."""
    return _form({"role": Role.VIEWER.value, "place": narrowing.chosen() or first_place()})


@bp.post("/accounts/new")
@needs(Action.ACCOUNTS_MANAGE)
def add() -> Response:
    """Make an account with its first role, and show its invitation."""
    try:
        role, path = _role_asked(), typed_path(db(), request.form.get("place", ""))
        made = accounts.add_account(
            db(),
            request.form.get("name", ""),
            author=access().account.name,
            display_name=request.form.get("display_name", "")[:80],
        )
        accounts.grant(db(), made, role, path, author=access().account.name, within=scope())
    except LianfangError as refused:
        return _form(request.form.to_dict(), refused)
    audit("add", f"account {made.name}", path=path)
    audit("grant", f"account {made.name}", path=path, role=role.value)
    return _page(made, link=_invitation(made))


@bp.get("/accounts/new/places")
@needs(Action.ACCOUNTS_MANAGE)
def places() -> str:
    """Jurisdictions to choose from while one types."""
    return place_options()


@bp.get("/accounts/<name>")
@needs(Action.ACCOUNTS_MANAGE)
def account(name: str) -> Response:
    """One account."""
    return _page(_visible(name))


@bp.post("/accounts/<name>/grants")
@needs(Action.ACCOUNTS_MANAGE)
def grant(name: str) -> Response:
    """Give a role in a jurisdiction of one's own area."""
    found = _visible(name)

    def work() -> str:
        role, path = _role_asked(), typed_path(db(), request.form.get("place", ""))
        invited = accounts.has_invitation(db(), found)
        if not accounts.grant(db(), found, role, path, author=access().account.name, within=scope()):
            return gettext("%(name)s had that role already.", name=found.display_name)
        audit("grant", f"account {found.name}", path=path, role=role.value)
        done = gettext("%(name)s has one role more.", name=found.display_name)
        if invited:
            done += " " + gettext("The invitation that was open has ended; make a new one.")
        return done

    return _done(found, work)


@bp.post("/accounts/<name>/grants/revoke")
@needs(Action.ACCOUNTS_MANAGE)
def revoke(name: str) -> Response:
    """Take a role back."""
    found = _visible(name)

    def work() -> str:
        held = [
            one for one in directory.grants_of(db(), found.id) if str(one.id) == request.form.get("grant", "")
        ]
        if not held:
            raise Refused(N_("that role was taken back already; load the page again"))
        accounts.revoke(db(), found, held[0].role, held[0].path, within=scope())
        audit("revoke", f"account {found.name}", path=held[0].path, role=held[0].role.value)
        return gettext("The role is taken back.")

    return _done(found, work)


@bp.post("/accounts/<name>/active")
@needs(Action.ACCOUNTS_MANAGE)
def set_active(name: str) -> Response:
    """Disable an account, or let it sign in again."""
    found = _visible(name)

    def work() -> str:
        asked = request.form.get("active", "")
        if asked not in ("yes", "no"):
            raise Refused(N_("say whether the account can sign in"))
        accounts.set_active(db(), found, asked == "yes", within=scope())
        audit("enable" if asked == "yes" else "disable", f"account {found.name}")
        if asked == "yes":
            return gettext("%(name)s can sign in again.", name=found.display_name)
        return gettext(
            "%(name)s can no longer sign in, and is signed out everywhere.", name=found.display_name
        )

    return _done(found, work)


@bp.post("/accounts/<name>/link")
@needs(Action.ACCOUNTS_MANAGE)
def link(name: str) -> Response:
    """Make an invitation, shown in this answer and never again."""
    found = _visible(name)
    try:
        # Who holds the link is that person: it must not open what the one who asks may not open.
        accounts.refuse_beyond(db(), found, scope())
        if not found.active:
            raise Refused(N_("%(name)s is disabled; enable the account first"), name=found.name)
        return _page(found, link=_invitation(found))
    except LianfangError as refused:
        return _page(found, refused=refused)


@bp.post("/accounts/<name>/sign-outs")
@needs(Action.ACCOUNTS_MANAGE)
def sign_out(name: str) -> Response:
    """Sign one browser of an account out, or all."""
    found = _visible(name)

    def work() -> str:
        accounts.refuse_beyond(db(), found, scope())
        asked = request.form.get("browser", "")
        if asked == "all":
            accounts.sign_out_everywhere(db(), found)
        elif not signing.end_sign_in(db(), found.id, asked):
            raise Refused(N_("that browser is signed out already; load the page again"))
        audit("sign-out", f"account {found.name}", browsers="all" if asked == "all" else "one")
        return gettext("Signed out.")

    return _done(found, work)


@bp.post("/accounts/<name>/tokens/revoke")
@needs(Action.ACCOUNTS_MANAGE)
def revoke_token(name: str) -> Response:
    """End a token of an account."""
    found = _visible(name)

    def work() -> str:
        accounts.refuse_beyond(db(), found, scope())
        asked = request.form.get("token", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0
        if not tokens.revoke_token(db(), found.id, number, now=datetime.now(UTC)):
            raise Refused(N_("there is no such token; load the page again"))
        audit("revoke", f"token {number}", account=found.name)
        return gettext("The token is revoked.")

    return _done(found, work)


def _visible(name: str) -> Account:
    found = directory.visible_account(db(), name.strip().lower(), scope())
    if found is None:
        abort(404)
    return found


def _role_asked() -> Role:
    asked = request.form.get("role", "")
    if asked not in {role.value for role in Role}:
        raise Refused(N_("choose a role"))
    return Role(asked)


def _role_options() -> list[tuple[str, str]]:
    return [(role.value, translator()(title)) for role, title in ROLE_TITLES.items()]


def _form(values: dict[str, str], refused: Exception | None = None) -> Response:
    return render(
        "accounts/new.html",
        status=422 if refused else 200,
        values=values,
        roles=_role_options(),
        whole_site=scope().everywhere,
        refused=said(refused, translator()) if refused else "",
    )


def _done(found: Account, work: Callable[[], str]) -> Response:
    """Do something to an account, and say so on its page; or say there why not."""
    try:
        sentence = work()
    except LianfangError as refused:
        return _page(found, refused=refused)
    doors().forget()
    flash(sentence, "success")
    return redirect(url_for("accounts.account", name=found.name))


def _invitation(found: Account) -> str:
    """A new one-time link to an account, as its holder types it."""
    key = signing.make_link(db(), found, now=datetime.now(UTC), local=False)
    audit("invite", f"account {found.name}", days=signing.INVITATION_FOR.days)
    base = server().public_url or request.host_url
    return f"{base.rstrip('/')}{url_for('signing.link', key=key)}"


def _page(found: Account, *, link: str = "", refused: Exception | None = None) -> Response:
    now, t = datetime.now(UTC), translator()
    held = directory.grants_of(db(), found.id)
    inside = [one for one in held if scope().covers(one.path)]
    # Where somebody signs in from is for those who administer all of them.
    all_mine = len(inside) == len(held)
    own = tokens.tokens_of(db(), found.id) if all_mine else []
    paths = [one.path for one in inside] + [one.jurisdiction_path for one in own]
    names = narrowing.named(db(), [path for path in paths if path], t.lang)
    return render(
        "accounts/account.html",
        status=422 if refused else 200,
        person=found,
        held=inside,
        elsewhere=len(held) - len(inside),
        role_words={role: t(title) for role, title in ROLE_TITLES.items()},
        rights_words=lambda values: rights_words(values, t),
        names=names,
        roles=_role_options(),
        place=first_place(),
        whole_site=scope().everywhere,
        browsers=signing.sign_ins_of(db(), found.id, now=now) if all_mine else [],
        browser_words=browser_words,
        tokens=own,
        deeds=last_deeds(found.id, SHOWN_DEEDS) if may(Action.AUDIT_READ) else None,
        deed_words=words(t),
        link=link,
        link_days=signing.INVITATION_FOR.days,
        this_machine_only=server().public_url is None,
        refused=said(refused, t) if refused else "",
        now=now,
    )
