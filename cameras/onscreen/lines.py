"""Lines of text in a corner of a picture, cut out and cleaned for whoever reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

#: Signs are enlarged or shrunk to this height, at which readers of text do best.
SIGN_PX: Final = 36
# Lower signs are not read: a 3 and an 8 are the same then.
_LOWEST_PX: Final = 7
# A date with a time has 14 digits, a few of which may touch each other or what is behind them.
_FEWEST_SIGNS: Final = 10
# A low part is enlarged to this height first: signs that touch come apart.
_PART_PX: Final = 160
# Levels from which on a sign is white. Several, for what is behind the signs may be nearly as bright.
_WHITE: Final = (205, 170, 140, 235)
# Levels between which a sign becomes white.
_RAMPS: Final = ((-55, 15), (-20, 40), (-90, 0))
_EDGE_PX: Final = 14


@dataclass(frozen=True)
class Line:
    """A line of signs of one height.

    Parameters
    ----------
    left, top, width, height : int
        Pixels in the picture it was looked for in.
    is_dark : bool
        Dark signs on bright ground.
    """

    left: int
    top: int
    width: int
    height: int
    is_dark: bool
    white: int


def lines(grey: Image) -> list[Line]:
    """Lines that may be a clock, the longest first.

    Parameters
    ----------
    grey : (h, w) array of uint8
        A part of a picture.
    """
    scale = max(1.0, _PART_PX / grey.shape[0])
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    large = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    found: list[tuple[int, Line]] = []
    for is_dark in (False, True):
        levels = 255 - large if is_dark else large
        for white in _WHITE:
            for signs, box in _rows(levels >= white, _LOWEST_PX * scale):
                left, top, width, height = (round(part / scale) for part in box)
                found.append((signs, Line(left, top, width, height, is_dark, white)))
    found.sort(key=lambda one: (one[1].is_dark, -one[0]))
    kept: list[Line] = []
    for _, line in found:
        if not any(_same(line, other) for other in kept):
            kept.append(line)
    return kept


def _same(one: Line, other: Line) -> bool:
    """Whether two lines share most of their height."""
    if one.is_dark != other.is_dark:
        return False
    shared = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return shared > 0.5 * min(one.height, other.height)


def _rows(mask: NDArray[np.bool_], lowest_px: float) -> list[tuple[int, tuple[int, int, int, int]]]:
    """(How many signs, box) of rows of connected spots of one height."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, width, height = (stats[1:, at] for at in range(4))
    fits = (height >= lowest_px) & (width <= 3 * height) & (height < 0.7 * mask.shape[0])
    # Signs do not reach beyond the part of the picture.
    fits &= (top > 0) & (top + height < mask.shape[0])
    left, top, width, height = (part[fits] for part in (left, top, width, height))
    order = np.argsort(left, kind="stable")
    left, top, width, height = (part[order] for part in (left, top, width, height))
    rows = []
    used = np.zeros(len(left), dtype=np.bool_)
    for at in range(len(left)):
        if used[at]:
            continue
        tall = int(height[at])
        slack = max(1.5, 0.15 * tall)
        alike = (np.abs(top - top[at]) <= slack) & (np.abs(top + height - top[at] - tall) <= slack) & ~used
        members = np.flatnonzero(alike)
        # Two words of a clock stand less than a weekday apart.
        gaps = left[members][1:] - (left + width)[members][:-1]
        for group in np.split(members, np.flatnonzero(gaps > 5 * tall) + 1):
            # Signs that touch are one spot.
            signs = int(np.maximum(1, np.round(width[group] / (0.65 * tall))).sum())
            if signs >= _FEWEST_SIGNS:
                used[group] = True
                x, right = int(left[group].min()), int((left + width)[group].max())
                y, bottom = int(np.median(top[group])), int(np.median((top + height)[group]))
                rows.append((signs, (x, y, right - x, bottom - y)))
    return rows


def cleaned(grey: Image, line: Line) -> list[tuple[Image, Image]]:
    """The line as dark signs on white, in several ways, each with all of it and with digits alone."""
    pad = max(2, round(0.45 * line.height))
    # Room beyond both ends: a weekday or a second sign may be thinner than the rest.
    side = max(4, round(1.0 * line.height))
    top, bottom = max(0, line.top - pad), min(grey.shape[0], line.top + line.height + pad)
    left, right = max(0, line.left - side), min(grey.shape[1], line.left + line.width + side)
    part = grey[top:bottom, left:right]
    levels = 255 - part if line.is_dark else part
    scale = SIGN_PX / line.height
    size = (max(1, round(levels.shape[1] * scale)), max(1, round(levels.shape[0] * scale)))
    large = np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    made = []
    for low, high in _RAMPS:
        made.append(_signs(large, line.white + low, min(255, line.white + high), (line.top - top) * scale))
    return made


def _signs(large: Image, low: int, high: int, above: float) -> tuple[Image, Image]:
    """White spots as black ones, without those that reach beyond the line: they are behind it."""
    mask = (large >= (low + high) // 2).astype(np.uint8)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    stats = np.asarray(boxes, dtype=np.int32)
    top, width, height = stats[:, 1], stats[:, 2], stats[:, 3]
    inside = (top >= above - 0.3 * SIGN_PX) & (top + height <= above + 1.3 * SIGN_PX)
    inside &= width <= 3 * SIGN_PX
    inside[0] = False
    inside &= ~_within(stats, inside)
    ramp = np.clip((large.astype(np.float32) - low) * (255.0 / (high - low)), 0, 255)
    return _drawn(ramp, inside[labels]), _drawn(ramp, (inside & _digits(stats, above))[labels])


def _drawn(ramp: NDArray[np.float32], spots: NDArray[np.bool_]) -> Image:
    near = cv2.dilate(spots.astype(np.uint8), np.ones((5, 5), np.uint8))
    drawn = np.asarray(255 - ramp * near, dtype=np.uint8)
    return np.asarray(
        cv2.copyMakeBorder(drawn, _EDGE_PX, _EDGE_PX, _EDGE_PX, _EDGE_PX, cv2.BORDER_CONSTANT, value=255),
        dtype=np.uint8,
    )


def _digits(stats: NDArray[np.int32], above: float) -> NDArray[np.bool_]:
    """Spots that may be digits, or signs between them; a Chinese character is higher than a digit."""
    left, top, width, height = (stats[:, at] for at in range(4))
    bottom, slack = top + height, 0.1 * SIGN_PX
    tall = (np.abs(top - above) <= slack) & (np.abs(bottom - above - SIGN_PX) <= slack)
    tall &= width <= 0.95 * SIGN_PX
    middle = top + height / 2 - above
    dash = (height <= 0.25 * SIGN_PX) & (width >= 1.3 * height) & (width <= 0.7 * SIGN_PX)
    dash &= np.abs(middle - 0.58 * SIGN_PX) <= 0.2 * SIGN_PX
    dot = (height <= 0.3 * SIGN_PX) & (width <= 0.3 * SIGN_PX) & (height >= 0.08 * SIGN_PX)
    centre = left + width / 2
    pair = np.zeros(len(stats), dtype=np.bool_)
    for at in np.flatnonzero(dot):
        near = dot & (np.abs(centre - centre[at]) <= 0.1 * SIGN_PX)
        away = np.abs(middle - middle[at])
        pair[at] = bool((near & (away > 0.25 * SIGN_PX) & (away < 0.75 * SIGN_PX)).any())
    return tall | dash | pair


def _within(stats: NDArray[np.int32], signs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spots that lie within a sign's box: what is behind the hole of a 0."""
    left, top = stats[:, 0], stats[:, 1]
    right, bottom = left + stats[:, 2], top + stats[:, 3]
    tall = np.flatnonzero(signs & (stats[:, 3] > 0.6 * SIGN_PX) & (stats[:, 2] < 1.2 * SIGN_PX))
    found = np.zeros(len(stats), dtype=np.bool_)
    for at in tall:
        found |= (left > left[at]) & (right < right[at]) & (top > top[at]) & (bottom < bottom[at])
    return found
