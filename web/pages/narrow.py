"""What the jurisdiction switcher in the bar offers while one types."""

from __future__ import annotations

from flask import Blueprint, Response, request

from web import i18n, narrowing
from web.access import Action, needs
from web.requests import db, render, scope

bp = Blueprint("narrow", __name__)


@bp.get("/narrow")
@needs(Action.MAP_VIEW)
def choices() -> Response:
    """Links to the page shown, narrowed."""
    query, chosen = request.args.get("q", "").strip(), narrowing.chosen()
    found, cut = narrowing.choices(db(), query, i18n.negotiated(request), area=scope(), within=chosen)
    return render("components/choices.html", choices=found, cut=cut, query=query, chosen=chosen)
