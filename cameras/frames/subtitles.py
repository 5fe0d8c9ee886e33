"""Subtitles as blocks, and what one block of an aircraft's subtitles tells, in whichever dialect."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from cameras.frames.columns import shortened
from geo.errors import Sentence

LonLat = tuple[float, float]

_SHOWN: Final = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)[,.](\d{1,3})\s*-->")
# 2022-08-07 13:40:40,774,808 · 2021-12-25 12:27:52.373 · 2017.8.5 14:11:51 · with T and Z
_DATE: Final = re.compile(
    r"(\d{4})([-.])(\d{1,2})\2(\d{1,2})[ T](\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,3}))?(?:,?(\d{3}))?(Z)?"
)
_NAMED: Final = re.compile(
    r"\b(latitude|longt?itude|altitude|rel_alt|abs_alt|gb_yaw|gb_pitch|focal_len)\s*:\s*([^\s\],;<]*)", re.I
)
_CALLED: Final = re.compile(r"\b(GPS|HOME|G\.PRY)\s*\(([^()]*)\)")
_SPACED: Final = re.compile(r"(?<![\w.])([HD])\s+([^\s,]+)")
_HEIGHTS: Final = re.compile(r"\b(BAROMETER|Hb)\s*:\s*([^\s,]*)")
_CAMERA: Final = re.compile(r"\b(?:SrtCnt|FrameCnt|fnum|shutter)\b|\bSS \d", re.I)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
#: The longest dialect known takes 800 bytes a block.
MOST_BYTES: Final = 10_000
_MISSING: Final = ("", "n/a", "na", "null", "none", "nan", "-")


@dataclass(frozen=True)
class Block:
    """One subtitle: its number, from 1, and its lines; `is_long` where it was too long to hold."""

    number: int
    text: str
    is_long: bool = False


@dataclass(frozen=True)
class Unreadable:
    """Why a block cannot be taken: the field, what stood there, the limit and the remedy."""

    field: str
    value: str
    reason: Sentence


@dataclass(frozen=True)
class Telemetry:
    """What one block tells; None where it does not.

    Parameters
    ----------
    text : str
        Its beginning, to be shown.
    date : str, optional
        ISO 8601, in the aircraft's local time unless it ends in Z.
    shown_ms : int, optional
        When it is shown, milliseconds after the beginning of the video.
    gps_text : str
        The position as it stands there.
    lonlat, home : (float, float), optional
        Position and place of take-off, degrees; the place only where it is written in the same way. None also
        for 0, 0, which the aircraft writes before it knows.
    has_no_order, is_confirmed, is_by_form : bool
        Whether the position stays out because the order of its numbers is not known; whether a number beyond
        90° tells the order; whether the form of the dialect does.
    distance_m : float, optional
        Horizontal, to the place of take-off.
    height_m, altitude_m : float, optional
        Above the place of take-off, and above the sea.
    yaw_deg, pitch_deg : float, optional
        Of the gimbal: clockwise from north, and upwards.
    has_bare_altitude, has_focal_length : bool
        Whether one is told that cannot be used.
    """

    text: str
    date: str | None = None
    shown_ms: int | None = None
    gps_text: str = ""
    lonlat: LonLat | None = None
    home: LonLat | None = None
    has_no_order: bool = False
    is_confirmed: bool = False
    is_by_form: bool = False
    distance_m: float | None = None
    height_m: float | None = None
    altitude_m: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    has_bare_altitude: bool = False
    has_focal_length: bool = False


class _Bad(Exception):
    """Carries the `Unreadable`."""


def subtitle_blocks(stream: IO[bytes]) -> Iterator[Block]:
    """The blocks of a subtitle file, parted by blank lines or by the next counter; at most one is held.

    Bytes that are no UTF-8 are replaced: in telemetry they are degree signs of another encoding.
    """
    number, size, lines = 0, 0, list[bytes]()
    while line := stream.readline(MOST_BYTES + 1):
        plain = line.removeprefix(b"\xef\xbb\xbf") if not number and not lines else line
        plain = plain.strip()
        if lines and (not plain or (len(lines) > 1 and plain.isdigit())):
            number += 1
            yield _block(number, lines, size > MOST_BYTES)
            size, lines = 0, []
        if plain:
            size += len(line)
            # Of a block that is too long its beginning is kept, to be shown.
            if size <= MOST_BYTES or not lines:
                lines.append(plain[:MOST_BYTES])
    if lines:
        yield _block(number + 1, lines, size > MOST_BYTES)


def _block(number: int, lines: list[bytes], is_long: bool) -> Block:
    return Block(number, b"\n".join(lines).decode("utf-8", "replace"), is_long)


def telemetry(block: Block) -> Telemetry | Unreadable:
    """What a block tells, or why it cannot be read."""
    shown = shortened(block.text)
    if block.is_long:
        return Unreadable(
            "",
            shown,
            Sentence("is longer than %(limit)s bytes; no subtitle of an aircraft is", limit=MOST_BYTES),
        )
    text = block.text
    if not is_telemetry(text):
        return Unreadable("", shown, Sentence("holds no telemetry; leave the block out"))
    if any(text.count(opening) != text.count(closing) for opening, closing in ("[]", "()")):
        return Unreadable("", shown, Sentence("has a bracket without its other half; it was cut off"))
    try:
        return _read(text, shown)
    except _Bad as bad:
        (problem,) = bad.args
        return problem if isinstance(problem, Unreadable) else Unreadable("", shown, problem)


def is_telemetry(text: str) -> bool:
    """Whether anything of an aircraft or its camera is found."""
    return any(form.search(text) for form in (_NAMED, _CALLED, _HEIGHTS, _CAMERA))


def _read(text: str, shown: str) -> Telemetry:
    named = _once(_NAMED.findall(text), lower=True)
    called = _once(_CALLED.findall(text))
    spaced, heights = _once(_SPACED.findall(text)), _once(_HEIGHTS.findall(text))
    longitude = named.pop("longtitude", None)
    if longitude is not None:
        named.setdefault("longitude", longitude)
    yaw, pitch = _gimbal(named, called)
    above = next((told for told in (named.get("rel_alt"), spaced.get("H"), *heights.values()) if told), None)
    place = _named_place(named) if "latitude" in named or "longitude" in named else _called_place(called)
    return Telemetry(
        text=shown,
        date=told_date(text),
        shown_ms=_shown_ms(text),
        distance_m=_number("D", spaced.get("D")),
        height_m=_number("height", above),
        altitude_m=_number("abs_alt", named.get("abs_alt")),
        yaw_deg=yaw,
        pitch_deg=pitch,
        has_bare_altitude="altitude" in named,
        has_focal_length="focal_len" in named,
        **place,  # type: ignore[arg-type]
    )


def _once(found: list[tuple[str, str]], *, lower: bool = False) -> dict[str, str]:
    """Values by name; the same name with another value is no block of one moment."""
    told: dict[str, str] = {}
    for name, value in found:
        key = name.lower() if lower else name
        if told.setdefault(key, value) != value:
            reason = Sentence("stands twice in one block; leave one, or part the blocks by a blank line")
            raise _Bad(Unreadable(key, value, reason))
    return told


def _number(field: str, text: str | None) -> float | None:
    """A number without its unit; None where none is told."""
    if text is None:
        return None
    # A degree sign may have been read in the wrong encoding.
    plain = text.strip(" \t°Â�\xba").strip()
    for unit in ("m/s", "m", "M"):
        plain = plain.removesuffix(unit)
    if plain.strip().lower() in _MISSING:
        return None
    value = float(plain) if _NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        raise _Bad(Unreadable(field, text, Sentence("is not a number; correct it or leave the block out")))
    return value


def _named_place(named: dict[str, str]) -> dict[str, object]:
    lat, lon = (_number(name, named.get(name)) for name in ("latitude", "longitude"))
    told = f"{named.get('latitude', '')}, {named.get('longitude', '')}"
    if (lat is None) != (lon is None):
        raise _Bad(Unreadable("GPS", told, Sentence("is half a position; give both numbers or none")))
    known = lat is not None and lon is not None and (lat, lon) != (0.0, 0.0)
    return {"gps_text": told, "lonlat": (lon, lat) if known else None}


def _called_place(called: dict[str, str]) -> dict[str, object]:
    """The position of `GPS(…)` and the place of `HOME(…)`, their two numbers put into their order.

    GPS(36.6146,-6.1120,0.0M) of the Matrice 300 is latitude first; GPS(149.0251,-20.2533,16) with a whole
    number, that of the satellites, is longitude first. Another form is of an order that is not known. A
    number beyond 90 is a longitude whatever the form; where form and number disagree, the block is refused.
    """
    if "GPS" not in called:
        return {}
    told = called["GPS"]
    here, there = _pair("GPS", told), _pair("HOME", called.get("HOME"))
    if here is None:
        return {"gps_text": told}
    third = told.split(",")[2].strip() if told.count(",") >= 2 else ""
    by_form = "lat first" if third.endswith("M") else "lon first" if third.isdecimal() else None
    beyond = [max(abs(pair[place]) for pair in (here, there) if pair) > 90.0 for place in (0, 1)]
    if all(beyond):
        reason = Sentence("is no position: neither number can be a latitude, which ends at 90; correct it")
        raise _Bad(Unreadable("GPS", told, reason))
    by_number = "lon first" if beyond[0] else "lat first" if beyond[1] else None
    if by_form and by_number and by_form != by_number:
        reason = Sentence(
            "has longitude and latitude the other way round than its dialect: a number beyond 90 stands "
            "where the latitude should; correct the order"
        )
        raise _Bad(Unreadable("GPS", told, reason))
    order = by_form or by_number
    if order is None:
        return {"gps_text": told, "has_no_order": True}
    return {
        "gps_text": told,
        "lonlat": here if order == "lon first" else here[::-1],
        "home": there if order == "lon first" or there is None else there[::-1],
        "is_confirmed": by_number is not None,
        "is_by_form": by_form is not None,
    }


def _pair(field: str, told: str | None) -> tuple[float, float] | None:
    """The first two numbers of a call; None for 0, 0 or where one is not told."""
    if told is None:
        return None
    parts = told.split(",")
    if len(parts) < 2:
        raise _Bad(Unreadable(field, told, Sentence("is half a position; give both numbers or none")))
    first, second = _number(field, parts[0]), _number(field, parts[1])
    if first is None or second is None or (first, second) == (0.0, 0.0):
        return None
    if max(abs(first), abs(second)) > 180.0:
        reason = Sentence("is no position: a number is beyond 180; correct it or leave the block out")
        raise _Bad(Unreadable(field, told, reason))
    return first, second


def _gimbal(named: dict[str, str], called: dict[str, str]) -> tuple[float | None, float | None]:
    """Yaw and pitch: gb_yaw and gb_pitch, or G.PRY (pitch, roll, yaw)."""
    if "gb_yaw" in named or "gb_pitch" in named:
        return _number("gb_yaw", named.get("gb_yaw")), _number("gb_pitch", named.get("gb_pitch"))
    parts = called.get("G.PRY", "").split(",")
    if len(parts) != 3:
        return None, None
    return _number("G.PRY", parts[2]), _number("G.PRY", parts[0])


def told_date(text: str) -> str | None:
    """The date and time that a block tells, as ISO 8601, without a zone unless it ends in Z."""
    found = _DATE.search(text)
    if found is None:
        return None
    year, _, month, day, hour, minute, second, milli, micro, utc = found.groups()
    fraction = f".{milli:0<3}{micro or ''}" if milli else ""
    day_part = f"{year}-{month:0>2}-{day:0>2}"
    return f"{day_part}T{hour:0>2}:{minute}:{second}{fraction}{utc or ''}"


def _shown_ms(text: str) -> int | None:
    found = _SHOWN.search(text)
    if found is None:
        return None
    hours, minutes, seconds, milli = found.groups()
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(f"{milli:0<3}")
