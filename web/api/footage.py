"""`GET /api/v1/footage`: who saw a place."""

from __future__ import annotations

from typing import Any

from web.access import Action, needs
from web.api.schemas import FootageFound, FootageQuery
from web.api.views import bp
from web.footagetable import as_json
from web.pages.footage.asked import asked
from web.pages.footage.looking import look, traced
from web.requests import audit, translator


@bp.get("/footage")
@bp.input(FootageQuery, location="query")
@bp.output(FootageFound)
@bp.doc(
    summary="Cameras that had a place in view at a time, and what is known of their pictures",
    description="The answer and its words are explained in docs/footage.md. Every question is written down.",
)
@needs(Action.CAMERAS_VIEW)
def footage(query_data: FootageQuery) -> dict[str, Any]:
    """Who saw a place."""
    told = query_data.model_dump(by_alias=True)
    wanted = asked({name: str(value) for name, value in told.items()}, translator().zone)
    found = look(wanted)
    subject, detail = traced(wanted, found)
    audit("search", subject, **detail)
    return as_json(found)
