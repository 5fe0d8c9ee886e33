"""Learn thresholds of single cameras from their own normal days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words
from web.settings import analysis_settings, current

KIND = "learn-thresholds"


def title() -> Words:
    """What it is called."""
    return Words(N_("Thresholds learnt from normal days"))


def order(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is asked."""
    read.known(arguments, (), KIND)
    return {}


@job(KIND, read=order)
def run(session: Session, asked: dict[str, Any], tell: Tell) -> Outcome:
    """Learn and store, all in the session's transaction."""
    from cameras.services.thresholds import learn_thresholds

    words = N_("Reading the days of each camera")
    tell(0.0, words)
    found = learn_thresholds(
        session,
        analysis_settings(current(session)).thresholds,
        author=tell.author,
        now=datetime.now(UTC),
        progress=lambda share: tell(share, words),
    )
    summary = Words(
        N_("%(thresholds)s thresholds of %(cameras)s cameras were learnt"),
        {"thresholds": len(found), "cameras": int(found["code"].nunique())},
    )
    return Outcome("/thresholds?origin=learnt", summary, {"thresholds": len(found)})
