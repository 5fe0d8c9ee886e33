"""Which analysis a page speaks of: the one named in its address (``?analysis=``), else the one made last."""

from __future__ import annotations

from flask import abort, request

from cameras.repository import results
from cameras.tables import Analysis
from web.requests import db, translator


def analysis() -> Analysis | None:
    """The analysis this request is about; None before there is one. 404 for a number there is none of."""
    asked = request.args.get("analysis", "")
    if not asked:
        return results.latest_analysis(db())
    found = (
        db().get(Analysis, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    )
    if found is None:
        abort(404)
    return found


def period_words(found: Analysis) -> str:
    """The analysed period in words, in the site's zone."""
    assert found.period.lower is not None and found.period.upper is not None
    return translator().span(found.period.lower, found.period.upper)
