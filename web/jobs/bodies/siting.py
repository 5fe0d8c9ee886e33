"""Propose where new cameras and re-aims close most of a jurisdiction's gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words
from web.maps.words import LEVELS
from web.settings import current

if TYPE_CHECKING:
    from cameras.tables import SitingProposal

KIND = "siting"
ARGUMENTS = ("jurisdiction", "count", "re_aims", "level", "exact")
MOST = 500


def title(place: Name, count: int, re_aims: int) -> Words:
    """What a siting is called.

    Parameters
    ----------
    place : Name
        Of the jurisdiction.
    count, re_aims : int
        Cameras to put up, and to turn.
    """
    return Words(
        N_("Proposal of %(count)s new cameras and %(re_aims)s re-aims: %(place)s"),
        {"count": count, "re_aims": re_aims, "place": place},
    )


def order(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Jurisdiction (path), count and re_aims, level (the site's where left out), exact (no)."""
    # The kernels behind it take seconds to load: only whoever asks for a proposal waits for them.
    from cameras.services.siting import check_counts

    read.known(arguments, ARGUMENTS, KIND)
    count = read.one(arguments, "count", int)
    re_aims = read.one(arguments, "re_aims", int, count)
    check_counts(count, re_aims)
    level = read.one(arguments, "level", str, "")
    if level and level not in LEVELS:
        raise InputRefused(
            Sentence(
                "level '%(level)s' is not known; give one of %(known)s", level=level, known=", ".join(LEVELS)
            )
        )
    return {
        "jurisdiction": read.one(arguments, "jurisdiction", str),
        "count": count,
        "level": level or None,
        "re_aims": re_aims,
        "exact": read.one(arguments, "exact", bool, False),
    }


def words_at(share: float) -> str:
    """What `cameras.services.siting.propose_siting` does when it has done this share."""
    if share < 0.1:
        return N_("Reading cameras, streets and buildings")
    if share < 0.44:
        return N_("Working out what each spot would see")
    if share < 0.95:
        return N_("Choosing the spots that see most together")
    return N_("Storing the proposal")


@job(KIND, read=order)
def run(session: Session, asked: dict[str, Any], tell: Tell) -> Outcome:
    """Choose and store, all in the session's transaction."""
    from cameras.repository.siting import proposal
    from cameras.services.siting import propose_siting
    from web.settings.siting import siting_settings

    tell(0.0, words_at(0.0))
    settings = siting_settings(
        current(session), level=asked["level"], re_aim=asked["re_aims"] > 0, exact=asked["exact"]
    )
    number = propose_siting(
        session,
        jurisdiction=asked["jurisdiction"],
        count=asked["count"],
        re_aims=asked["re_aims"],
        settings=settings,
        author=tell.author,
        progress=lambda share: tell(share, words_at(share)),
        should_abort=tell.should_stop,
    )
    made = proposal(session, number)
    assert made is not None
    summary = Words(
        N_("The proposal closes %(closed)s of the gap; no other one could close more than %(most)s."),
        {"closed": _of_gap(made.value_mm, made), "most": _of_gap(made.bound_mm, made)},
    )
    return Outcome(f"/siting/{number}", summary, {"siting": number})


def _of_gap(weight_mm: int, made: SitingProposal) -> str:
    """What of the gap is closed at this weight, per cent with one decimal."""
    whole = int(made.totals["gap_mm"])
    return f"{100 * (weight_mm - made.before_mm) / whole:.1f} %" if whole else "0 %"
