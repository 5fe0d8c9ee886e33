"""What forms of several pages read alike."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext

from geo.errors import InputRefused

EARLIEST, LATEST = 2000, 2200


def within(value: float, least: float, most: float, what: str) -> float:
    """A number that a form names `what`, where it lies in its limits.

    Raises
    ------
    InputRefused
        Where it does not.
    """
    if not least <= value <= most:
        raise InputRefused(
            gettext(
                "%(what)s: %(value)s is out of limits (%(least)s to %(most)s); correct it.",
                what=what,
                value=f"{value:g}",
                least=f"{least:g}",
                most=f"{most:g}",
            )
        )
    return value


def local_moment(value: str, zone: ZoneInfo, what: str) -> datetime:
    """A time that a person gave without its zone, read in the site's.

    Raises
    ------
    InputRefused
        When it is none, lies outside 2000 to 2199, or does not exist because the clocks were put forward.
    """
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InputRefused(
            gettext(
                "%(what)s: “%(value)s” is not a time; write it as 2026-11-22 19:30.",
                what=what,
                value=value[:40],
            )
        ) from error
    if not EARLIEST <= moment.year < LATEST:
        raise InputRefused(
            gettext("%(what)s: the year %(year)s lies outside 2000 to 2199.", what=what, year=moment.year)
        )
    if moment.tzinfo:
        # The database takes no offset from -16:00 or from +16:00 on.
        return moment.astimezone(zone)
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise InputRefused(
            gettext(
                "%(what)s: “%(value)s” does not exist, the clocks are put forward then; take an hour later.",
                what=what,
                value=value[:40],
            )
        )
    return local
