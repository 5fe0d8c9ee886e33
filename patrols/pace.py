"""Teams slower than their mode: a mode of their own in the problem's matrices, such as "foot@70".

The number is a whole percentage of the mode's pace, so that travel times follow from the mode's own by whole
numbers alone: whoever checks a plan gets the very same ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FULL = 100
_MARK = "@"


def paced(mode: str, percent: int) -> str:
    """The mode's name in a problem: itself at full pace, else with the percentage behind it."""
    return mode if percent == FULL else f"{mode}{_MARK}{percent}"


def split(mode: str) -> tuple[str, int]:
    """(mode of the streets, percentage) of a problem's mode; another text is itself, at full pace."""
    name, _, percent = mode.partition(_MARK)
    if not percent.isdecimal() or not 0 < int(percent) <= FULL:
        return mode, FULL
    return name, int(percent)


def slowed(seconds: NDArray[np.int64], percent: int) -> NDArray[np.int64]:
    """Travel times at a percentage of the pace, whole seconds up; -1 (unreachable) stays.

    Rounding up keeps that no detour is shorter than the straight way (derived here:
    ceil(a) + ceil(b) >= ceil(a + b)).
    """
    return np.where(seconds < 0, seconds, -((-seconds * FULL) // percent))
