"""Bring a stored analysis up to date around some cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words

KIND = "analysis-update"
#: Around more cameras an analysis is made again as quickly.
MOST_CAMERAS = 200


def title(period: str, cameras: int) -> Words:
    """What it is called; `period` as `Translator.span` writes it."""
    return Words(
        N_("Analysis of %(period)s brought up to date, cameras: %(n)s"), {"period": period, "n": cameras}
    )


def order(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`analysis`: its number; `cameras`: codes, 1 to `MOST_CAMERAS`."""
    read.known(arguments, ("analysis", "cameras"), KIND)
    cameras = arguments.get("cameras")
    if not isinstance(cameras, list) or not all(isinstance(code, str) and code for code in cameras):
        raise InputRefused(f"cameras is {cameras!r}; give a list of codes")
    codes = sorted(set(cameras))
    if not 1 <= len(codes) <= MOST_CAMERAS:
        raise InputRefused(
            Sentence(
                "%(n)s cameras; name 1 to %(most)s of them, or make the analysis again",
                n=len(codes),
                most=MOST_CAMERAS,
            )
        )
    return {"analysis": read.one(arguments, "analysis", int), "cameras": codes}


@job(KIND, read=order)
def run(session: Session, asked: dict[str, Any], tell: Tell) -> Outcome:
    """Look again and store, all in the session's transaction."""
    from cameras.services import revise

    tell(0.0, N_("Working out what was seen, and when"))
    found = revise(session, asked["analysis"], asked["cameras"], author=tell.author)
    summary = Words(N_("The analysis is up to date again; its page tells what was found in your area."))
    return Outcome(f"/analyses/{asked['analysis']}", summary, {"cameras": len(found.cameras)})
