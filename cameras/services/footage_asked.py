"""What may be asked of the finder of footage: which time, which place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geo.crs import lonlat_problems
from geo.datums import to_wgs84
from geo.errors import InputRefused, Sentence
from geo.repository import site_area
from geo.services import current_site

#: What may be asked at once.
MOST_POINTS = 20
LARGEST_RADIUS_M = 200.0
LONGEST_HOURS = 72


def check_time(session: Session, start: datetime, end: datetime, now: datetime) -> None:
    """Refuse a time in the future, an empty one and one too long.

    Raises
    ------
    InputRefused
    """
    zone = ZoneInfo(current_site(session).timezone)
    if start >= now:
        raise InputRefused(
            Sentence(
                "%(start)s is in the future; nothing was recorded yet, give a time that is over",
                start=f"{start.astimezone(zone):%Y-%m-%d %H:%M}",
            )
        )
    if end <= start:
        raise InputRefused(
            Sentence(
                "the period from %(start)s to %(end)s is empty; give an end after its start",
                start=f"{start.astimezone(zone):%Y-%m-%d %H:%M}",
                end=f"{end.astimezone(zone):%Y-%m-%d %H:%M}",
            )
        )
    hours = (end - start) / timedelta(hours=1)
    if hours > LONGEST_HOURS:
        raise InputRefused(
            Sentence(
                "%(hours)s hours are asked for; give at most %(most)s at once",
                hours=f"{hours:.0f}",
                most=LONGEST_HOURS,
            )
        )


def checked_place(
    session: Session, points: Sequence[tuple[float, float]], datum: str, radius_m: float
) -> list[tuple[float, float]]:
    """The points in WGS 84, each in the site.

    Raises
    ------
    InputRefused
    """
    if not 1 <= len(points) <= MOST_POINTS:
        raise InputRefused(
            Sentence("%(n)s points are given; give 1 to %(most)s", n=len(points), most=MOST_POINTS)
        )
    if not 0 <= radius_m <= LARGEST_RADIUS_M:
        raise InputRefused(
            Sentence(
                "radius %(radius)s m; give 0 to %(most)s",
                radius=f"{radius_m:g}",
                most=f"{LARGEST_RADIUS_M:g}",
            )
        )
    lon, lat = to_wgs84([one[0] for one in points], [one[1] for one in points], datum)
    wrong = lonlat_problems(lon, lat, site_area(session))
    for problem in wrong:
        if problem is not None:
            raise InputRefused(problem)
    return list(zip(lon.tolist(), lat.tolist(), strict=True))
