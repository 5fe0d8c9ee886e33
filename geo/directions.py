"""Directions as people write them: degrees, compass points in English and Chinese, ranges and lists."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from geo.errors import Sentence

_POINTS = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
_WORDS = {point: 22.5 * i for i, point in enumerate(_POINTS)} | {
    "NORTH": 0.0, "NORTHEAST": 45.0, "EAST": 90.0, "SOUTHEAST": 135.0,
    "SOUTH": 180.0, "SOUTHWEST": 225.0, "WEST": 270.0, "NORTHWEST": 315.0,
    "北": 0.0, "东北": 45.0, "北东": 45.0, "东": 90.0, "东南": 135.0, "南东": 135.0,
    "南": 180.0, "西南": 225.0, "南西": 225.0, "西": 270.0, "西北": 315.0, "北西": 315.0,
}  # fmt: skip
_IN_NAME = re.compile(r"[朝向往](正?[东南西北]{1,2})|([东南西北]{1,2})向(?![东南西北])")


@dataclass(frozen=True)
class Direction:
    """What a written direction says.

    Attributes
    ----------
    azimuth_deg : float
        Degrees clockwise from north in [0, 360); the middle of a range; NaN when nothing is said.
    quality : {"measured", "coarse", "unknown"}
        Degrees are measured, compass points coarse (a 45° sector), nothing or nonsense unknown.
    span_deg : float
        Width of a range, clockwise, in (0, 360]; NaN for a single direction.
    further : int
        How many more directions the text lists; only the first is read.
    problem : str
        Why the text was not understood, with the remedy; "" when it was.
    """

    azimuth_deg: float = float("nan")
    quality: str = "unknown"
    span_deg: float = float("nan")
    further: int = 0
    problem: str = ""


def parse_direction(text: str | None) -> Direction:
    """The direction a text says; never a guess: what is not understood is unknown, with a problem.

    Examples
    --------
    >>> parse_direction("NE").azimuth_deg, parse_direction("NE").quality
    (45.0, 'coarse')
    >>> parse_direction("350-10").azimuth_deg, parse_direction("350-10").span_deg
    (0.0, 20.0)
    >>> parse_direction("45;135").further
    1
    """
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if not plain:
        return Direction()
    first, *others = listed(plain) or [""]
    single = _single(first)
    if single is not None:
        return Direction(single[0], single[1], further=len(others))
    ends = re.fullmatch(r"([^-~]+)[-~]([^-~]+)", first)
    if ends:
        start, stop = _single(ends[1]), _single(ends[2])
        if start is not None and stop is not None:
            # Clockwise from the first to the second; 0-360 and 0-0 are the whole circle.
            span = (stop[0] - start[0]) % 360.0 or 360.0
            quality = "coarse" if "coarse" in (start[1], stop[1]) else "measured"
            middle = (start[0] + span / 2.0) % 360.0
            return Direction(middle, quality, span, len(others))
    return Direction(
        problem=Sentence(
            "direction '%(text)s' is neither degrees from 0 to 360 nor a compass point; "
            "write for example 135, SE or %(southeast)s",
            text=text,
            southeast="东南",
        )
    )


def listed(text: str | None) -> list[str]:
    """The directions that a text lists, one by one as they are written; none of an empty text.

    Examples
    --------
    >>> listed("45; 239-284"), listed("")
    (['45', '239-284'], [])
    """
    plain = unicodedata.normalize("NFKC", text or "")
    return [part.strip() for part in re.split(r"[;,、/|]", plain) if part.strip()]


def direction_in_name(name: str) -> float:
    """Azimuth of a compass point written into a name (下寨村口朝东), coarse; NaN when there is none.

    A bare 东 in a place name (东门村) is no direction: 朝, 向 or 往 must stand before it or 向 after it.
    """
    found = _IN_NAME.search(unicodedata.normalize("NFKC", name))
    if not found:
        return float("nan")
    word = (found[1] or found[2]).removeprefix("正")
    return _WORDS.get(word, float("nan"))


def _single(text: str) -> tuple[float, str] | None:
    plain = text.strip().removesuffix("°").removesuffix("度").strip()
    if re.fullmatch(r"\+?\d+(\.\d+)?", plain):
        degrees = float(plain)
        return (degrees % 360.0, "measured") if degrees <= 360.0 else None
    word = re.sub(r"^[朝向往]?正?|(方向|[方向侧])$", "", re.sub(r"[\s_-]", "", plain)).upper()
    return (_WORDS[word], "coarse") if word in _WORDS else None
