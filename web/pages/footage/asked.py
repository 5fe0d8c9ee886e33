"""What a page, a program or a link asks of the footage finder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask_babel import gettext

from geo.datums import DATUMS
from geo.errors import InputRefused
from web.forms import local_moment

USUAL = timedelta(hours=1)
LONGEST_REASON = 200
#: What stands in the address of a question.
NAMES = ("lon", "lat", "more", "datum", "radius", "from", "until", "reason")


@dataclass(frozen=True)
class Asked:
    """A question, understood."""

    points: list[tuple[float, float]]
    datum: str
    radius_m: float
    start: datetime
    end: datetime
    reason: str


def given(arguments: Mapping[str, str], zone: ZoneInfo, now: datetime) -> dict[str, str]:
    """What the form shows: what was given, and what is usual where nothing was."""
    told = {name: arguments.get(name, "").strip() for name in NAMES}
    local = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    until = told["until"] or local.isoformat(timespec="minutes")
    usual = {
        "datum": "wgs84",
        "radius": "0",
        "from": (local - USUAL).isoformat(timespec="minutes"),
        "until": until,
    }
    return {name: value or usual.get(name, "") for name, value in told.items()}


def asked(told: Mapping[str, str], zone: ZoneInfo) -> Asked:
    """The question of a form that was filled in (`given`).

    Raises
    ------
    InputRefused
    """
    points = [(_number(told["lon"], gettext("Longitude")), _number(told["lat"], gettext("Latitude")))]
    for pair in filter(None, (part.strip() for part in told["more"].split(";"))):
        lon, _, lat = pair.replace(",", " ").partition(" ")
        points.append((_number(lon, gettext("Longitude")), _number(lat, gettext("Latitude"))))
    if told["datum"] not in DATUMS:
        raise InputRefused(
            gettext(
                "“%(datum)s” is no datum; use one of %(known)s.",
                datum=told["datum"][:20],
                known=", ".join(DATUMS),
            )
        )
    reason = told["reason"]
    if len(reason) > LONGEST_REASON:
        raise InputRefused(
            gettext(
                "The reason has %(n)s characters; give at most %(most)s.", n=len(reason), most=LONGEST_REASON
            )
        )
    return Asked(
        points=points,
        datum=told["datum"],
        radius_m=_number(told["radius"], gettext("Around it, so far")),
        start=local_moment(told["from"], zone, gettext("From")),
        end=local_moment(told["until"], zone, gettext("To")),
        reason=reason,
    )


def query(told: Mapping[str, str], **changes: str) -> str:
    """The address's query of a question, with changes."""
    return urlencode({name: value for name, value in {**told, **changes}.items() if value})


def _number(value: str, what: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = float("nan")
    if found != found or abs(found) > 1e6:
        raise InputRefused(gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40]))
    return found
