"""Help: how each kind of user works with it, who may do what, the terms, what is not known."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from cameras.levels import DORI
from cameras.optics import level_range_m
from web import i18n
from web.access import MAY, Action, Role, needs
from web.access.roles import ACTION_TITLES, ROLE_TITLES
from web.maps.words import CAUSES, LEVELS, LISTS
from web.requests import render

bp = Blueprint("help", __name__)

# A 2-megapixel camera as it is often found, and one with four times its pixels (DOMAIN, worked ranges).
WORKED = ((1920, 90), (1920, 60), (3840, 90))


@bp.get("/help")
@needs(Action.PROFILE_OWN)
def page() -> Response:
    """All of it on one page, to be searched by the browser and printed."""
    lang = i18n.negotiated(request)
    return render(
        "help/page.html",
        prose=f"help/{lang}.html",
        roles=[(role, ROLE_TITLES[role]) for role in Role],
        rights=[(action, title) for action, title in ACTION_TITLES.items() if action is not Action.PUBLIC],
        may_do=MAY,
        levels=[
            (words, density, [float(level_range_m(width, hfov, density)) for width, hfov in WORKED])
            for words, density in (LEVELS[name] for name in DORI)
        ],
        worked=WORKED,
        causes=CAUSES,
        lists=LISTS,
    )
