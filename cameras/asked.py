"""What may be asked for as the period of an analysis."""

from __future__ import annotations

from datetime import datetime

from geo.errors import InputRefused, Sentence

#: Longer ones would hold a worker for hours; what fits into 64 bits may be less (`cameras.coverage`).
LONGEST_DAYS = 366


def check_period(start: datetime, end: datetime) -> None:
    """Refuse a period [start, end), timezone-aware, that is empty or longer than `LONGEST_DAYS`.

    Raises
    ------
    InputRefused
    """
    written = {"start": f"{start:%Y-%m-%d %H:%M}", "end": f"{end:%Y-%m-%d %H:%M}"}
    if end <= start:
        raise InputRefused(
            Sentence("the period from %(start)s to %(end)s is empty; give an end after its start", **written)
        )
    days = (end - start).total_seconds() / 86_400.0
    if days > LONGEST_DAYS:
        raise InputRefused(
            Sentence(
                "the period from %(start)s to %(end)s has %(days)s days; ask for at most %(most)s at once",
                **written,
                days=f"{days:.0f}",
                most=LONGEST_DAYS,
            )
        )
