"""When a shift can be: not empty, and not so long that a date must be a slip."""

from __future__ import annotations

from datetime import datetime, timedelta

from geo.errors import InputRefused, Sentence

LONGEST_SHIFT = timedelta(hours=24)
# Between the same times of two days that the clocks are put back in.
PUT_BACK = timedelta(hours=1)


def refuse_shift(start: datetime, end: datetime, *, nights: int = 1) -> None:
    """Refuse a shift that nobody can serve; times are told as they are given, by their own clock.

    Parameters
    ----------
    start, end : datetime
        With a time zone.
    nights : int
        On how many nights running it is planned.

    Raises
    ------
    InputRefused
        When it is empty, longer than a day (by the clock), or overlaps with that of the next night.
    """
    told = {"start": f"{start:%Y-%m-%d %H:%M}", "end": f"{end:%Y-%m-%d %H:%M}"}
    if end == start:
        raise InputRefused(Sentence("the shift ends when it begins, at %(start)s; give a later end", **told))
    if end < start:
        raise InputRefused(Sentence("the shift from %(start)s to %(end)s is empty; swap the two", **told))
    if end - start > LONGEST_SHIFT + (PUT_BACK if nights == 1 else timedelta()):
        raise InputRefused(
            Sentence(
                "the shift from %(start)s to %(end)s lasts %(hours)s h; plan at most %(most)s h at a time",
                **told,
                hours=f"{(end - start) / timedelta(hours=1):,.0f}",
                most=f"{LONGEST_SHIFT / timedelta(hours=1):g}",
            )
        )
