"""One small picture of each fault, as evidence, where a site allows it (docs/diagnosis.md, "Stills")."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2

from cameras.diagnosis import LOST, REASONS
from cameras.picture import Image, shrunk
from cameras.stretches import Stretch

#: Enough to see that a picture is dark, blocked or turned away. A face that does not fill a quarter of the
#: picture has fewer than 40 pixels across, too few to know it by.
WIDTH_PX: Final = 160
#: Of one fault no more than one picture in so long, should it come and go.
APART_MS: Final = 3_600_000
_QUALITY: Final = 80
_MOST_HELD: Final = 512


@dataclass(frozen=True)
class Still:
    """A picture of a fault.

    Parameters
    ----------
    taken_ms : int
        Epoch milliseconds.
    reason : str
        Of `cameras.diagnosis.REASONS`.
    jpeg : bytes
        At most `WIDTH_PX` wide.
    """

    taken_ms: int
    reason: str
    jpeg: bytes


class Stills:
    """Holds the newest pictures of one camera, and hands out the first of each fault.

    Parameters
    ----------
    held : int
        A fault is known up to so many pictures after it began.
    """

    def __init__(self, held: int) -> None:
        self._pictures: deque[tuple[int, bytes]] = deque(maxlen=min(held, _MOST_HELD))
        self._last: dict[str, int] = {}

    def see(self, taken_ms: int, picture: Image) -> None:
        """The next picture (blue, green, red)."""
        _, encoded = cv2.imencode(".jpg", shrunk(picture, WIDTH_PX), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        self._pictures.append((taken_ms, encoded.tobytes()))

    def of(self, stretches: list[Stretch]) -> list[Still]:
        """A picture of each stretch that is a fault, none for what has one or had one within the hour."""
        found = []
        for one in stretches:
            if one.reason in ("", REASONS[LOST]):
                continue
            before = self._last.get(one.reason)
            if before is not None and one.start_ms - before < APART_MS:
                continue
            picture = next((held for held in self._pictures if one.start_ms <= held[0] <= one.end_ms), None)
            if picture is not None:
                self._last[one.reason] = one.start_ms
                found.append(Still(picture[0], one.reason, picture[1]))
        return found
