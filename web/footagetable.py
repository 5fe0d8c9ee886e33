"""What the footage finder found, in words: for pages, files, programs and the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cameras.footage_answer import Footage, Sighting
from web.i18n import N_, Translator
from web.maps.words import LEVELS, REASONS

VERDICTS: dict[str, tuple[str, str, str]] = {
    "certain": (N_("in view"), "good", N_("The camera worked and had the place in its picture.")),
    "degraded": (
        N_("in view, picture poor"),
        "warn",
        N_("It had the place in its picture, but not much can be made out; look all the same."),
    ),
    "possible": (
        N_("perhaps in view"),
        "info",
        N_("Where it looks or through which lens is not known for certain; look at the recording."),
    ),
    "not_measured": (
        N_("should have it in view"),
        "info",
        N_("No evidence came of it then: it may have worked or not."),
    ),
    "elsewhere": (N_("looked elsewhere"), "quiet", N_("It could have seen the place, but was turned away.")),
    "outage": (
        N_("lost"),
        "bad",
        N_("It should have seen the place, but sent nothing; its own memory may hold a recording."),
    ),
    "occluded": (N_("hidden by a building"), "quiet", N_("A building stands between it and the place.")),
}
"""Key → words, tone, meaning; the most useful first."""
RECORDINGS: dict[str, tuple[str, str]] = {
    "yes": (N_("recorded"), "good"),
    "part": (N_("recorded in part"), "warn"),
    "unknown": (N_("no list of recordings"), "quiet"),
    "no": (N_("not recorded"), "bad"),
}
"""Key → words, tone."""
DIRECTIONS = (N_("N"), N_("NE"), N_("E"), N_("SE"), N_("S"), N_("SW"), N_("W"), N_("NW"))


def rows(found: Footage, t: Translator) -> list[dict[str, Any]]:
    """A row a camera, the most useful first: the columns of the page's table."""
    return [_row(number, one, found, t) for number, one in enumerate(found.sightings, start=1)]


def _row(number: int, one: Sighting, found: Footage, t: Translator) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "rank": number,
        "name": one.name,
        "code": one.code,
        "verdict": one.verdict,
        "in_view": one.in_view,
        "level": one.level if one.level in LEVELS else "",
        "level_words": t(LEVELS[one.level][0]) if one.level in LEVELS else one.level,
        "density": one.density if one.in_view else None,
        "minutes": one.seconds / 60,
        "when": "; ".join(
            f"{clock(part.start, found, t)}–{clock(part.end, found, t)} {stretch_words(part, t)}"
            for part in one.stretches
        ),
        "seen_at": "; ".join(
            f"{clock(part.start, found, t)}–{clock(part.end, found, t)}"
            for part in one.stretches
            if part.verdict == one.verdict
        ),
        "distance_m": one.distance_m,
        "bearing": bearing(one.bearing_deg, t),
        "azimuth": bearing(one.azimuth_deg, t),
        "clock_s": one.clock_s,
        "clock": clock_words(one, found, t),
        "unit": one.unit,
        "recorder": one.recorder,
        "recording": one.recording,
        "days_left": one.days_left,
        "left": left_words(one, t),
        "lon": one.lon,
        "lat": one.lat,
    }


def stretch_words(part: Any, t: Translator) -> str:
    """What a camera gave in a piece of time, and why not more."""
    said = t(VERDICTS[part.verdict][0])
    reason = REASONS.get(part.reason)
    # Of what looked elsewhere or at a wall it says nothing that matters.
    told = reason and part.verdict in ("degraded", "possible", "not_measured", "outage")
    return f"{said} ({t(reason)})" if reason and told else said


def clock(when: datetime, found: Footage, t: Translator) -> str:
    """A time within the asked time, as short as it can be said: with seconds where it has some."""
    local = when.astimezone(t.zone)
    first, last = found.start.astimezone(t.zone), (found.end - timedelta(seconds=1)).astimezone(t.zone)
    day = "" if first.date() == last.date() else f"{local:%m-%d} "
    return f"{day}{local:%H:%M:%S}" if local.second else f"{day}{local:%H:%M}"


def clock_words(one: Sighting, found: Footage, t: Translator) -> str:
    """Which time to look for on the camera's own clock."""
    if one.clock_s is None:
        return t(N_("clock not read"))
    if one.clock_s == 0:
        return t(N_("right to a minute"))
    ahead = timedelta(seconds=round(one.clock_s))
    first, last = (at.astimezone(t.zone) + ahead for at in (found.start, found.end))
    pattern = "%H:%M:%S" if first.date() == found.start.astimezone(t.zone).date() else "%m-%d %H:%M:%S"
    words = N_("%(off)s ahead: look for %(first)s–%(last)s")
    if one.clock_s < 0:
        words = N_("%(off)s behind: look for %(first)s–%(last)s")
    return t(words, off=offset(abs(one.clock_s), t), first=f"{first:{pattern}}", last=f"{last:{pattern}}")


def left_words(one: Sighting, t: Translator) -> str:
    """How long the recording will be there."""
    if one.days_left is None or one.recording == "no":
        return ""
    days = t.number(max(0, math.floor(one.days_left)))
    by_record = one.days_from == "record"
    if one.days_left < 0:
        gone = N_("by its record it is overwritten by now")
        return t(gone) if by_record else t(N_("should be overwritten by now"))
    words = (
        N_("overwritten in %(days)s days, by its record") if by_record else N_("overwritten in %(days)s days")
    )
    return t(words, days=days)


def offset(seconds: float, t: Translator) -> str:
    """How far a clock is off."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return t.duration(seconds / 60)
    return (
        t(N_("%(m)s min %(s)s s"), m=minutes, s=rest) if rest else t(N_("%(minutes)s min"), minutes=minutes)
    )


def bearing(degrees: float | None, t: Translator) -> str:
    """A direction, clockwise from true north, with its name."""
    if degrees is None:
        return ""
    return f"{t(DIRECTIONS[round(degrees / 45) % 8])} {round(degrees) % 360}°"


def as_json(found: Footage) -> dict[str, Any]:
    """The answer as programs read it: keys, seconds, metres, degrees, times in UTC."""
    return {
        "from": _iso(found.start),
        "until": _iso(found.end),
        "points": [{"lon": lon, "lat": lat} for lon, lat in found.points],
        "radius_m": found.radius_m,
        "basis": found.basis,
        "analysis": found.analysis,
        "days_without_frames": found.days_without_frames,
        "dimension": found.dimension,
        "cameras_near": found.near,
        "items": [_sighting(one, found) for one in found.sightings],
        "total": len(found.sightings),
    }


def _sighting(one: Sighting, found: Footage) -> dict[str, Any]:
    ahead = timedelta(seconds=one.clock_s or 0.0)
    return {
        "id": one.camera,
        **{name: getattr(one, name) for name in ("code", "name", "path", "lon", "lat", "unit", "recorder")},
        "verdict": one.verdict,
        "in_view": one.in_view,
        "seconds": one.seconds,
        "level": one.level or None,
        "pixels_per_metre": _number(one.density),
        "share": one.share,
        "distance_m": one.distance_m,
        "bearing_deg": one.bearing_deg,
        "azimuth_deg": one.azimuth_deg,
        "clock_ahead_s": one.clock_s,
        "on_screen": None
        if one.clock_s is None
        else {"from": _iso(found.start + ahead), "until": _iso(found.end + ahead)},
        "record_days": one.record_days,
        "recording": one.recording,
        "recorded_s": one.recorded_s,
        "days_left": None if one.days_left is None else round(one.days_left, 2),
        "days_left_from": one.days_from or None,
        "stretches": [
            {
                "from": _iso(part.start),
                "until": _iso(part.end),
                "verdict": part.verdict,
                "state": part.state,
                "reason": part.reason,
                "azimuth_deg": part.azimuth_deg,
                "level": part.level or None,
                "pixels_per_metre": _number(part.density),
            }
            for part in one.stretches
        ],
    }


def _number(value: float) -> float | None:
    return None if value != value else round(value, 2)


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(found: Footage) -> Mapping[str, int]:
    """How many cameras there are of each verdict, in its order."""
    counted = {key: sum(one.verdict == key for one in found.sightings) for key in VERDICTS}
    return {key: count for key, count in counted.items() if count}
