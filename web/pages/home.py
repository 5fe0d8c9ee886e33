"""The first page after signing in, by role."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from web.access import Action, needs

bp = Blueprint("home", __name__)


@bp.get("/")
@needs(Action.PROFILE_OWN)
def home() -> Response:
    """The map, for now everybody's first page."""
    return redirect("/map")
