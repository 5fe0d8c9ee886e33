"""Pictures of faults, where the site keeps any."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from cameras.repository import stills as store
from web.access import Action, needs
from web.maps.words import REASONS
from web.requests import audit, db, translator

bp = Blueprint("stills", __name__, url_prefix="/stills")

MOST_SHOWN = 6


@bp.get("/<int:number>.jpg")
@needs(Action.CAMERAS_EDIT)
def still(number: int) -> Response:
    """One picture; who looked at it is written down."""
    found = store.still(db(), number)
    if found is None:
        abort(404)
    taken: datetime = found["taken_at"]
    audit("view", f"camera {found['code']}", still=taken.isoformat(timespec="seconds"))
    return Response(found["jpeg"], mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


def shown_stills(code: str) -> list[dict[str, Any]]:
    """The newest pictures of a camera, with their fault in words."""
    t = translator()
    return [
        {**one, "words": t(REASONS.get(one["reason"], one["reason"]))}
        for one in store.stills_of(db(), code, MOST_SHOWN)
    ]
