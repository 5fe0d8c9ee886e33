"""Pixel-density levels: how much of a person a picture of some pixels per metre can show."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

#: IEC/EN 62676-4:2014/15, pixels per metre on the target, lowest first (as quoted by the DORI paper of
#: infinitioptics.com and by cctv-check.de).
DORI: Final[Mapping[str, float]] = MappingProxyType(
    {"detect": 25.0, "observe": 62.5, "recognise": 125.0, "identify": 250.0}
)

#: IEC 62676-4:2025, pixels per metre on the target, lowest first (as quoted by jvsg.com/?p=11243).
OODPCVS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "overview": 20.0,
        "outline": 40.0,
        "discern": 80.0,
        "perceive": 125.0,
        "characterise": 250.0,
        "validate": 500.0,
        "scrutinise": 1500.0,
    }
)

#: The sets by name. No level name is in two of them, so a name says which set it belongs to.
LEVEL_SETS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType({"DORI": DORI, "OODPCVS": OODPCVS})

#: What an officer reads on the screen. Only DORI has everyday names; OODPCVS appears in tooltips as it is.
SCREEN_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "detect": "看得到人",
        "observe": "看得清动作",
        "recognise": "认得出熟人",
        "identify": "认得出生人",
    }
)


def pixels_per_metre(level: str | float) -> float:
    """Pixels per metre that a level asks for; a number is its own answer.

    Parameters
    ----------
    level : str or float
        Name of a DORI or OODPCVS level, or pixels per metre, finite and > 0.

    Raises
    ------
    ValueError
        For an unknown name (the message lists the known ones) or a number that is no density.
    TypeError
        For anything that is neither text nor number.

    Examples
    --------
    >>> pixels_per_metre("observe")
    62.5
    """
    if isinstance(level, str):
        return level_set(level)[level]
    if isinstance(level, bool):
        raise TypeError(f"level {level!r} is neither a name nor pixels per metre; {_known()}")
    try:
        density = float(level)
    except (TypeError, ValueError):
        raise TypeError(f"level {level!r} is neither a name nor pixels per metre; {_known()}") from None
    if not (math.isfinite(density) and density > 0):
        raise ValueError(f"level {density} px/m is not above 0; {_known()}")
    return density


def level_set(level: str) -> Mapping[str, float]:
    """The set (DORI or OODPCVS) that a named level belongs to, lowest level first.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.
    """
    for levels in LEVEL_SETS.values():
        if level in levels:
            return levels
    raise ValueError(f"level {level!r} is not known; {_known()}")


def lowest_level(level: str | float) -> str | float:
    """The lowest level of the set that a level belongs to; a number is its own lowest.

    Cause `resolution` of a gap (DESIGN §4) is judged against it.

    Examples
    --------
    >>> lowest_level("identify"), lowest_level("perceive"), lowest_level(40.0)
    ('detect', 'overview', 40.0)
    """
    density = pixels_per_metre(level)
    if isinstance(level, str):
        return next(iter(level_set(level)))
    return density


def ordered(levels: Iterable[str | float]) -> list[str | float]:
    """Levels from the lowest to the highest pixel density, names and numbers mixed; ties keep their order."""
    return sorted(levels, key=pixels_per_metre)


def parsed_level(text: str) -> str | float:
    """A level as typed: one of the known names, else pixels per metre.

    Raises
    ------
    ValueError
        When the text is neither; the message lists the known names.

    Examples
    --------
    >>> parsed_level("detect"), parsed_level("62.5")
    ('detect', 62.5)
    """
    word = text.strip()
    try:
        number = float(word)
    except ValueError:
        level_set(word)
        return word
    return pixels_per_metre(number)


def _known() -> str:
    names = ", ".join(f"{name} {value:g}" for levels in LEVEL_SETS.values() for name, value in levels.items())
    return f"give pixels per metre above 0 or one of: {names}"
