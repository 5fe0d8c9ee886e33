"""Analyse a period: where, when and why nobody was looking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from cameras.asked import check_period
from geo.errors import InputRefused, message_of
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words
from web.settings import analysis_settings, current

KIND = "analysis"
ARGUMENTS = ("start", "end", "level", "slot_min", "threshold", "dimension")


def title(period: str, level: str) -> Words:
    """What an analysis is called.

    Parameters
    ----------
    period : str
        As `Translator.span` writes it, the same in both languages.
    level : str
        Pixel-density level.
    """
    from web.maps.words import LEVELS

    # Only the levels of one set have everyday names; the others are said as they are.
    said = Words(LEVELS[level][0] if level in LEVELS else level)
    return Words(N_("Analysis of %(period)s: where %(level)s"), {"period": period, "level": said})


def order(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Period [start, end) (ISO 8601 with a zone), and what is asked for instead of the site's settings."""
    read.known(arguments, ARGUMENTS, KIND)
    start, end = read.moment(arguments, "start"), read.moment(arguments, "end")
    check_period(start, end)
    return {"start": start, "end": end, "instead": _instead(arguments)}


def _instead(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for instead of the site's settings."""
    # Loads the compiled kernels, which takes seconds: only whoever asks for an analysis waits for it.
    from cameras.coverage import CoverageSettings
    from cameras.footprint import check_dimension

    kinds: dict[str, type] = {"level": str, "slot_min": int, "threshold": float}
    asked: dict[str, Any] = {
        name: read.one(arguments, name, kind) for name, kind in kinds.items() if name in arguments
    }
    dimension = {"dimension": read.one(arguments, "dimension", str)} if "dimension" in arguments else {}
    try:
        CoverageSettings(**asked)
        check_dimension(dimension.get("dimension", "2d"), 0.0)
    except ValueError as error:
        raise InputRefused(message_of(error)) from error
    return asked | dimension


def words_at(share: float) -> str:
    """What `cameras.services.analyse` does when it has done this share."""
    if share < 0.15:
        return N_("Reading cameras, frames and streets")
    if share < 0.75:
        return N_("Working out what was seen, and when")
    return N_("Storing what was found")


@job(KIND, read=order)
def run(session: Session, asked: dict[str, Any], tell: Tell) -> Outcome:
    """Analyse and store, all in the session's transaction."""
    from cameras.services import analyse

    tell(0.0, words_at(0.0))
    number = analyse(
        session,
        start=asked["start"],
        end=asked["end"],
        settings=analysis_settings(current(session), **asked["instead"]),
        author=tell.author,
        progress=lambda share: tell(share, words_at(share)),
    )
    # An analysis is of the whole site, whoever asked for it: its page counts what lies in the reader's area.
    summary = Words(N_("The analysis is stored; its page tells what was found in your area."))
    return Outcome(f"/analyses/{number}", summary, {"analysis": number})
