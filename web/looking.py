"""Looking at blind spots is written down: pages each time, pieces of pages once a minute and question.

What counts is what was sent, not what a request says of itself: a piece of a page shows cameras as much as
the page. A list that follows the map, a table filtered letter by letter and its further pages would fill the
log with one person's one look, so the same question of the same person is written once a minute by each web
process.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, current_app, g, request

from web.access import Action, rules
from web.requests import access, audit, signed_in

LOOKED_AT = frozenset({Action.CAMERAS_VIEW, Action.GAPS_VIEW, Action.PLANS_VIEW_DRAFTS, Action.AUDIT_READ})
ONCE_IN_S = 60.0
# How a list is cut and said, not what it is of.
NOT_ASKED = frozenset({"page", "size", "sort", "bbox", "lang"})
MOST_KEPT = 10_000
_EXTENSION = "lianfang-looked-at"


def searched(subject: str, **detail: Any) -> None:
    """Say that this answer holds what somebody searched for; written down with it, see the module."""
    g.looked = ("search", subject, detail)


def write_down(response: Response) -> Hashable | None:
    """Add the entry of what this answer shows to the request's transaction.

    Returns
    -------
    Hashable or None
        What to `remember` when the transaction was committed; None where every look counts.
    """
    if request.method != "GET" or not 200 <= response.status_code < 300 or not signed_in():
        return None
    found = g.get("looked") or _looked_at(response)
    if found is None:
        return None
    event, subject, detail = found
    question = None if _is_page(response) else (access().account.id, event, subject, repr(detail))
    if question is not None and time.monotonic() - _kept().get(question, float("-inf")) < ONCE_IN_S:
        return None
    audit(event, subject, **detail)
    return question


def remember(question: Hashable | None) -> None:
    """Do not write this down again for a minute."""
    if question is None:
        return
    kept, now = _kept(), time.monotonic()
    if len(kept) >= MOST_KEPT:
        for old in [one for one, at in list(kept.items()) if now - at >= ONCE_IN_S]:
            kept.pop(old, None)
    # Where that many look at once, some looks are written twice.
    if len(kept) < MOST_KEPT:
        kept[question] = now


def _looked_at(response: Response) -> tuple[str, str, dict[str, Any]] | None:
    if response.mimetype != "text/html" or g.get("audited"):
        return None
    if rules.action_of_request(request) not in LOOKED_AT:
        return None
    if _is_page(response):
        return "view", request.full_path.rstrip("?"), {}
    asked = [
        pair for pair in parse_qsl(request.query_string.decode(errors="replace")) if pair[0] not in NOT_ASKED
    ]
    return "view", f"{request.path}?{urlencode(asked)}".rstrip("?"), {}


def _is_page(response: Response) -> bool:
    """Whether a whole page was rendered, not a piece of one."""
    return response.direct_passthrough or response.get_data()[:20].lstrip().lower().startswith(b"<!doctype")


def _kept() -> dict[Hashable, float]:
    kept: dict[Hashable, float] = current_app.extensions.setdefault(_EXTENSION, {})
    return kept
