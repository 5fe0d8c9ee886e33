"""One shift on several nights running: what one night began, another completes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence
from geo.services import current_site
from patrols.services.planning import PlanOutcome, plan_shift
from patrols.services.preparing import PlanSettings
from patrols.shifts import refuse_shift
from patrols.solve import Budget

MOST_NIGHTS = 31


def plan_nights(
    session: Session,
    *,
    zone: str,
    start: datetime,
    end: datetime,
    nights: int,
    budget: Budget,
    seed: int,
    settings: PlanSettings | None = None,
    author: str,
    leads: str | None = None,
    should_abort: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
    best: Callable[[float], None] | None = None,
) -> tuple[PlanOutcome, ...]:
    """Plan a zone's shift from `start` to `end` and the same hours of the days that follow, and store all.

    Where the zone's rule is within a week or a month, each night counts the visits of those before it: what
    they crossed is not gone to again, and what they began is completed.

    Parameters
    ----------
    nights : int
        1 to `MOST_NIGHTS`. Hours are those of the site's clock, also where it is put forward or back.
    budget : Budget
        Of each night.
    seed : int
        Of the first night; each that follows has the next.
    leads : str, optional
        Path of the duty village of a rota in every night; left out, the villages take turns.

    Returns
    -------
    tuple of PlanOutcome
        By night, as `plan_shift`; fewer than asked for when `should_abort` ended the search of one.

    Raises
    ------
    LianfangError
        As `plan_shift`, for any night, or when there are too many.
    """
    if not 1 <= nights <= MOST_NIGHTS:
        raise LianfangError(
            Sentence("%(nights)s nights; give 1 to %(most)s", nights=nights, most=MOST_NIGHTS)
        )
    refuse_shift(start, end, nights=nights)
    zone_clock = ZoneInfo(current_site(session).timezone)
    made: list[PlanOutcome] = []
    for night in range(nights):
        first, last = (at.astimezone(zone_clock) + timedelta(days=night) for at in (start, end))
        outcome = plan_shift(
            session,
            zone=zone,
            start=first,
            end=last,
            budget=budget,
            seed=(seed + night) % 2**32,
            settings=settings,
            author=author,
            leads=leads,
            drafts=[before.plan_id for before in made],
            should_abort=should_abort,
            progress=_part(progress, night, nights),
            best=best,
        )
        made.append(outcome)
        if outcome.plan.status == "aborted":
            break
    return tuple(made)


def _part(
    progress: Callable[[float], None] | None, night: int, nights: int
) -> Callable[[float], None] | None:
    """Progress of one night as a part of all."""
    return None if progress is None else lambda share: progress((night + share) / nights)
