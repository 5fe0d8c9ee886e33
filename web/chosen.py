"""Which analysis a page speaks of: the one named in its address (``?analysis=``), else the one made last."""

from __future__ import annotations

from flask import abort, request

from cameras.repository import results
from cameras.tables import Analysis
from web.access import Access, Action
from web.requests import access, db, translator


def may_choose_analysis(who: Access) -> bool:
    """Whether somebody may look at other analyses than the newest: which there were is not for everybody."""
    return who.may(Action.GAPS_VIEW)


def analysis() -> Analysis | None:
    """The analysis this request is about; None before there is one.

    404 for a number there is none of, and for all but the newest to whoever may not choose.
    """
    asked = request.args.get("analysis", "")
    newest = results.latest_analysis(db())
    if not asked or (newest is not None and asked == str(newest.id)):
        return newest
    known = asked.isascii() and asked.isdigit() and len(asked) < 18 and may_choose_analysis(access())
    found = db().get(Analysis, int(asked)) if known else None
    if found is None:
        abort(404)
    return found


def dimension(found: Analysis | None) -> str:
    """How buildings hid in an analysis ("2d", "2.5d"): 2D before one could choose, and without one."""
    return "2d" if found is None else str(found.parameters.get("dimension", "2d"))


def period_words(found: Analysis) -> str:
    """The analysed period in words, in the site's zone."""
    assert found.period.lower is not None and found.period.upper is not None
    return translator().span(found.period.lower, found.period.upper)
