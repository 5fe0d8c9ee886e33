"""Spot checks by sampling (抽检): which cameras are drawn, what the verdicts add up to, the signed text."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CRITERIA = ("picture", "naming", "direction", "clock")
RIGHT, WRONG, UNJUDGED = VERDICTS = ("right", "wrong", "unjudged")
ALL = "all"
"""Of a whole camera: right when every criterion is, wrong when any is."""
FORM = "lianfang spot check 1"
# Two-sided 95 % of the normal distribution.
Z = 1.959963984540054


def draw(codes: Iterable[str], count: int, seed: int) -> list[str]:
    """A simple random sample without replacement, in the order drawn.

    Parameters
    ----------
    codes : iterable of str
        The cameras to draw from; order and repetition do not matter.
    count : int
        How many, from 1 to as many as there are.
    seed : int
        ≥ 0. The same codes, count and seed give the same sample anywhere.

    Returns
    -------
    list of str
        `count` codes. With a larger count the same ones come first.

    Raises
    ------
    ValueError
        When there are fewer codes than `count`, or `count` or `seed` is out of its range.

    Notes
    -----
    Each code gets the number SHA-256 of ``<seed>:<code>``, and the smallest ones are drawn: consistent
    sampling as for audits of elections (R. L. Rivest, *Consistent Sampling with Replacement*,
    arXiv:1808.10016). It hangs on no library's generator, and with a hash tool anyone can check it.

    Examples
    --------
    >>> draw(["a", "b", "c", "d"], 2, 7) == draw("dcba", 2, 7)
    True
    """
    known = set(codes)
    if not 1 <= count <= len(known):
        raise ValueError(f"count {count}: draw from 1 to {len(known)}, as many as there are")
    if seed < 0:
        raise ValueError(f"seed {seed}: give a whole number from 0")
    return sorted(known, key=lambda code: (_digest(f"{seed}:{code}"), code))[:count]


def population_hash(codes: Iterable[str]) -> str:
    """SHA-256 (hex) of the codes drawn from, sorted, one a line: tells whether a later list is the same."""
    return _digest("\n".join(sorted(set(codes))))


@dataclass(frozen=True)
class Result:
    """What a sample says of one criterion.

    Parameters
    ----------
    criterion : str
        One of `CRITERIA`, or `ALL`.
    right, wrong, unjudged : int
        Cameras of the sample; those without a verdict yet are in none.
    share, low, high : float or None
        Right of judged, and its 95 % interval, 0–1; None when nothing could be judged.
    """

    criterion: str
    right: int
    wrong: int
    unjudged: int
    share: float | None
    low: float | None
    high: float | None


def results(rows: Sequence[Mapping[str, Any]], population: int) -> list[Result]:
    """The figures of a sheet, by criterion, the whole camera last.

    Parameters
    ----------
    rows : sequence of mappings
        Cameras drawn, each with `CRITERIA`: a verdict or None.
    population : int
        How many cameras were drawn from. When every one of them was judged the share is no estimate, and the
        interval is the share itself.
    """
    verdicts = {name: [row[name] for row in rows] for name in CRITERIA}
    verdicts[ALL] = [_of_camera([row[name] for name in CRITERIA]) for row in rows]
    made = []
    for name, given in verdicts.items():
        right, wrong, unjudged = (given.count(one) for one in VERDICTS)
        judged = right + wrong
        low, high = (None, None) if not judged else wilson(right, judged)
        if judged and judged == population:
            low = high = right / judged
        made.append(Result(name, right, wrong, unjudged, right / judged if judged else None, low, high))
    return made


def wilson(right: int, judged: int) -> tuple[float, float]:
    """The 95 % score interval of a share, without correction for continuity.

    Notes
    -----
    E. B. Wilson, *Probable Inference*, J. Am. Stat. Assoc. 22 (1927) 209–212; R. G. Newcombe, Stat. Med. 17
    (1998) 857–872, method 3. It stays within 0 and 1, also for none or all right in a small sample.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    if not 0 <= right <= judged or judged == 0:
        raise ValueError(
            f"{right} right of {judged} judged: give 0 ≤ right ≤ judged, and at least one judged"
        )
    share, square = right / judged, Z * Z
    middle = share + square / (2 * judged)
    reach = Z * math.sqrt(share * (1 - share) / judged + square / (4 * judged**2))
    scale = 1 + square / judged
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if right == 0 else (middle - reach) / scale
    high = 1.0 if right == judged else (middle + reach) / scale
    return low, high


def finite_factor(drawn: int, population: int) -> float:
    """By how much the interval would shrink for being drawn without replacement: √((N − n) / (N − 1)).

    W. G. Cochran, *Sampling Techniques* (3rd ed., 1977), section 2.6; commonly left out while n is below 5 %
    of N. It is told beside the interval, not multiplied in: the interval then errs on the safe side.
    """
    if not 1 <= drawn <= population:
        raise ValueError(f"{drawn} drawn of {population}: give 1 ≤ drawn ≤ population")
    return 0.0 if drawn == population else math.sqrt((population - drawn) / (population - 1))


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write a sheet down: JSON in UTF-8, keys sorted, no blanks; this is what is hashed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of `canonical`, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def is_judged(row: Mapping[str, Any]) -> bool:
    """Whether a camera has a verdict for each criterion."""
    return all(row[name] in VERDICTS for name in CRITERIA)


def _of_camera(given: Sequence[str | None]) -> str | None:
    if None in given:
        return None
    if WRONG in given:
        return WRONG
    return UNJUDGED if UNJUDGED in given else RIGHT


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()
