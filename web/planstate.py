"""Whether plans are stale, over the whole site: what they stand on lies also outside the reader's area."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.errors import Sentence
from geo.repository import ground_changes
from geo.scope import WHOLE_SITE
from patrols.services import stale_reasons
from patrols.services.staleness import present_roads
from web.requests import server

EXTENSION = "lianfang.roads"


def stale_plans(numbers: Collection[int]) -> dict[int, list[Sentence]]:
    """Why each of some plans is stale; an empty list for one that is not. For those who see drafts there."""
    if not numbers:
        return {}
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        return stale_reasons(session, sorted(numbers), roads=lambda: _roads(session))


def _roads(session: Session) -> str:
    """The revision of the streets, worked out once for as long as nothing writes to them.

    To read every street of a large site takes seconds, and a list of plans must not.
    """
    kept: dict[Any, str] = current_app.extensions.setdefault(EXTENSION, {})
    # Counted before they are read: what is written meanwhile is then read again. A restored database counts
    # from its own beginning, so its table is named too.
    table = session.scalar(text("SELECT 'change_count'::regclass::oid::bigint"))
    key = (table, ground_changes(session)["road_edge"])
    if key not in kept:
        revision = present_roads(session)
        kept.clear()
        kept[key] = revision
    return kept[key]
