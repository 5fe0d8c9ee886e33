"""What the pages of accounts and of one's own tokens share."""

from __future__ import annotations

from collections.abc import Iterable

from flask import render_template, request

from web import i18n, narrowing
from web.access import Action
from web.access.roles import ACTION_TITLES
from web.i18n import Translator
from web.requests import db, scope
from web.tabular.query import is_path
from web.whereabouts import WHOLE_SITE


def place_options() -> str:
    """Options of a jurisdiction field, by what was typed into it; the session decides what is there."""
    typed = request.args.get("place", "").strip()
    query = "" if typed == WHOLE_SITE else typed
    lang = i18n.negotiated(request)
    found: list[narrowing.Choice] = []
    if is_path(query):
        # One is chosen already: it and those below it are what may be meant instead.
        found, _ = narrowing.choices(db(), "", lang, area=scope(), within=query)
    if not found:
        found, _ = narrowing.choices(db(), query, lang, area=scope())
    return render_template("accounts/places.html", choices=found, whole_site=scope().everywhere)


def first_place() -> str:
    """What stands in a jurisdiction field at first: the one jurisdiction somebody has, else nothing.

    Not the whole site: what reaches that far is typed on purpose.
    """
    return scope().paths[0] if len(scope().paths) == 1 else ""


def rights_words(values: Iterable[str], t: Translator) -> str:
    """The rights of a token in words; one that this program no longer knows as it is stored."""
    known = {action.value: action for action in Action}
    return t.joined([t(ACTION_TITLES[known[value]]) if value in known else value for value in values])
