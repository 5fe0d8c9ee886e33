"""One's own tokens: keys for programs that do a part of what one may do oneself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web import narrowing
from web.access import Action, accounts, needs, tokens
from web.access.roles import ACTION_TITLES
from web.i18n import N_
from web.pages.accountpieces import first_place, place_options, rights_words
from web.pages.signing import doors
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, server, translator
from web.whereabouts import typed_path

bp = Blueprint("tokens", __name__, url_prefix="/profile/tokens")

DAYS = 90
# What addresses for programs ask for, with one to try; who may do what, and what is changed, is for people.
EXAMPLES = {
    Action.CAMERAS_VIEW: "/api/v1/cameras",
    Action.GAPS_VIEW: "/api/v1/gaps",
    Action.FIGURES_VIEW: "/api/v1/jurisdictions",
    Action.ZONES_VIEW: "/api/v1/zones",
    Action.PLANS_VIEW: "/api/v1/plans",
    Action.PLANS_VIEW_DRAFTS: "/api/v1/plans",
    Action.MAP_VIEW: "/basemap/current.json",
}


@bp.get("")
@needs(Action.TOKENS_OWN)
def page() -> Response:
    """My tokens, and the form for a new one."""
    return _page({"days": str(DAYS), "place": first_place()}, [])


@bp.get("/places")
@needs(Action.TOKENS_OWN)
def places() -> str:
    """Jurisdictions to choose from while one types."""
    return place_options()


@bp.post("")
@needs(Action.TOKENS_OWN)
def add() -> Response:
    """Make a token, shown in this answer and never again."""
    form = request.form
    asked = form.getlist("actions")
    try:
        offered = {action.value: action for action in _offered()}
        if not set(asked) <= set(offered):
            raise Refused(N_("a token cannot be given that right"))
        made, key = tokens.make_token(
            db(),
            access(),
            title=form.get("title", "")[:80],
            actions=[offered[value] for value in asked],
            path=typed_path(db(), form.get("place", "")),
            days=_days(form.get("days", "")),
            now=datetime.now(UTC),
        )
    except LianfangError as refused:
        return _page(form.to_dict(), asked, refused=refused)
    audit(
        "add",
        f"token {made.id}",
        path=made.jurisdiction_path,
        title=made.title,
        actions=made.actions,
        days=_days(form.get("days", "")),
    )
    return _page(
        {"days": str(DAYS), "place": first_place()}, [], key=key, example=EXAMPLES[offered[asked[0]]]
    )


@bp.post("/revoke")
@needs(Action.TOKENS_OWN)
def revoke() -> Response:
    """End one of my tokens."""
    asked = request.form.get("token", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0
    if not tokens.revoke_token(db(), access().account.id, number, now=datetime.now(UTC)):
        return _page(
            {"days": str(DAYS), "place": first_place()},
            [],
            refused=Refused(N_("there is no such token; load the page again")),
        )
    audit("revoke", f"token {number}")
    doors().forget()
    flash(gettext("The token is revoked; programs that use it are out."), "success")
    return redirect(url_for("tokens.page"))


def _offered() -> list[Action]:
    mine = accounts.actions_of(access())
    return [action for action in EXAMPLES if action in mine]


def _days(typed: str) -> int:
    if not (typed.strip().isascii() and typed.strip().isdigit() and len(typed.strip()) < 6):
        raise Refused(N_("days: “%(value)s” is not a whole number"), value=typed[:20])
    return int(typed)


def _page(
    values: dict[str, Any],
    chosen: list[str],
    *,
    key: str = "",
    example: str = "",
    refused: Exception | None = None,
) -> Response:
    t = translator()
    own = tokens.tokens_of(db(), access().account.id)
    base = (server().public_url or request.host_url).rstrip("/")
    return render(
        "profile/tokens.html",
        status=422 if refused else 200,
        tokens=own,
        names=narrowing.named(db(), [one.jurisdiction_path for one in own if one.jurisdiction_path], t.lang),
        rights_words=lambda values: rights_words(values, t),
        offered=[(action.value, t(ACTION_TITLES[action]), "") for action in _offered()],
        values=values,
        chosen=chosen,
        whole_site=scope().everywhere,
        most_days=tokens.LONGEST_DAYS,
        key=key,
        example=f'curl -H "Authorization: Bearer {key}" {base}{example}' if key else "",
        now=datetime.now(UTC),
        refused=said(refused, t) if refused else "",
    )
