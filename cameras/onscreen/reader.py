"""When the clock of a camera is read, where, and when a reading is believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.onscreen.lines import Image, Line, cleaned, lines
from cameras.onscreen.texts import readings
from geo.errors import InputRefused, LianfangError, Sentence, message_of

#: Reads one line, dark on white: all of it, or of digits and the signs between them alone.
ReadLine = Callable[[Image, bool], str]

#: A clock further off than this is taken for misread: none runs for so long without anybody's noticing.
FURTHEST: Final = timedelta(days=400)
#: The same where month and day may be exchanged.
AMBIGUOUS: Final = timedelta(days=1)
#: Two readings lie at least so far apart, so that a clock that stands, or a sign on a wall, is told from one
#: that runs.
APART_MS: Final = 5_000
#: By so much may the clock seem to run fast or slow between them: it shows whole seconds, and a picture of a
#: stream is known to about one.
SLACK_MS: Final = 2_000

# A reading is believed that so many ways of cleaning the line agree on, when no other way tells another time.
_FEWEST_VOTES: Final = 2
# Pictures tried in a round, one after another, for the first reading and for the second.
_TRIES: Final = 3
# A second reading that comes later than this is a first one.
_LATEST_MS: Final = 600_000
# Rounds without any reading after which the corners are looked through only in every so-many-th round.
_PATIENT_ROUNDS: Final = 5
_SELDOM: Final = 60
# Rounds after which a place where nothing is read any more is given up.
_FORGOTTEN: Final = 10
_MOST_LINES: Final = 2


@dataclass(frozen=True)
class Region:
    """A part of a picture: its left and upper edge, width and height as shares of the picture's."""

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        within = all(0.0 <= part <= 1.0 for part in (self.left, self.top))
        if not (within and 0 < self.width <= 1 - self.left + 1e-9 and 0 < self.height <= 1 - self.top + 1e-9):
            raise InputRefused(
                Sentence(
                    "the clock's place %(place)s is no part of a picture; give left, top, width and height "
                    "in per cent of it, such as 60,0,40,10",
                    place=",".join(
                        f"{100 * part:g}" for part in (self.left, self.top, self.width, self.height)
                    ),
                )
            )

    @staticmethod
    def parsed(text: str) -> Region:
        """A region from "left,top,width,height" in per cent.

        Raises
        ------
        InputRefused
        """
        try:
            left, top, width, height = (float(part) / 100.0 for part in text.split(","))
        except ValueError as error:
            raise InputRefused(
                Sentence(
                    "the clock's place '%(place)s' is not read; give left, top, width and height in per cent "
                    "of the picture, such as 60,0,40,10",
                    place=text,
                )
            ) from error
        return Region(left, top, width, height)

    def cut(self, grey: Image) -> tuple[int, int, Image]:
        """Left and upper edge in pixels, and a copy of this part."""
        height, width = grey.shape
        # Of a picture of a few rows too, something is left.
        x, y = min(round(self.left * width), width - 1), min(round(self.top * height), height - 1)
        right, bottom = round((self.left + self.width) * width), round((self.top + self.height) * height)
        return x, y, grey[y : max(y + 1, bottom), x : max(x + 1, right)].copy()


#: Where cameras write their clock.
CORNERS: Final = (
    Region(0.0, 0.0, 0.75, 0.16),
    Region(0.25, 0.0, 0.75, 0.16),
    Region(0.25, 0.84, 0.75, 0.16),
    Region(0.0, 0.84, 0.75, 0.16),
)


@dataclass(frozen=True)
class _Found:
    """A reading of the clock, and the line it stands on as a region."""

    shown: datetime
    place: Region


@dataclass
class ClockReader:
    """Reads the clock of one camera's pictures.

    Parameters
    ----------
    read : callable
    zone : tzinfo
        That of the clock.
    every_s : float
        A round of readings begins so often.
    place : Region, optional
        Where the clock stands. Without it the corners are looked through, and where it was found is kept.
    executor : Executor, optional
        Reads beside the caller, who must not wait: a stream goes on. What was read is then told at a later
        picture, carried on to it.

    Notes
    -----
    A round is two readings, `APART_MS` apart at least, between which the clock must have gone on as time did.
    Only then is the second one told. A line is cleaned in several ways; it is read when two of them give the
    same time and none another.
    """

    read: ReadLine
    zone: tzinfo
    every_s: float = 60.0
    place: Region | None = None
    executor: Executor | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"read": 0, "unread": 0})
    problem: Sentence | None = None
    _is_given: bool = field(init=False)
    _due_ms: int | None = None
    _began_ms: int | None = None
    _first: tuple[datetime, int] | None = None
    _tries: int = 0
    _failed: int = 0
    _pending: tuple[Future[_Found | None], int] | None = None

    def __post_init__(self) -> None:
        self._is_given = self.place is not None

    def look(self, picture: NDArray[np.uint8], at_ms: int) -> int | None:
        """The time on the screen at this picture, epoch milliseconds; None where nothing new is known.

        Parameters
        ----------
        picture : (h, w, 3) array of uint8
            Blue, green, red.
        at_ms : int
            When it was taken, epoch milliseconds. Pictures come in order.
        """
        if self.problem is not None:
            return None
        if self._pending is None and self._is_due(at_ms):
            if self._began_ms is None:
                self._began_ms = at_ms
            parts = self._parts(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8))
            expected = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone).replace(tzinfo=None)
            if self.executor is None:
                done: Future[_Found | None] = Future()
                try:
                    done.set_result(found(parts, self.read, expected, picture.shape[:2]))
                except LianfangError as error:
                    done.set_exception(error)
                self._pending = done, at_ms
            else:
                job = self.executor.submit(found, parts, self.read, expected, picture.shape[:2])
                self._pending = job, at_ms
        if self._pending is None or not self._pending[0].done():
            return None
        job, read_ms = self._pending
        self._pending = None
        try:
            told = self._taken(job.result(), read_ms)
        except LianfangError as error:
            # Whoever asked is told, and the pictures are judged on.
            self.problem = Sentence("the clock is not read any more: %(why)s", why=message_of(error))
            return None
        return None if told is None else told + at_ms - read_ms

    def _is_due(self, at_ms: int) -> bool:
        if self._due_ms is not None and at_ms < self._due_ms:
            return False
        return self._first is None or at_ms - self._first[1] >= APART_MS

    def _parts(self, grey: Image) -> list[tuple[int, int, Image]]:
        return [part.cut(grey) for part in ((self.place,) if self.place is not None else CORNERS)]

    def _taken(self, now: _Found | None, read_ms: int) -> int | None:
        self._tries += 1
        if now is None:
            if self._tries >= _TRIES:
                self._end_round(read_ms, is_read=False)
            return None
        if not self._is_given:
            self.place = now.place
        first, self._first = self._first, (now.shown, read_ms)
        if first is None or read_ms - first[1] > _LATEST_MS:
            self._tries = 0
            return None
        ran_ms = (now.shown - first[0]) / timedelta(milliseconds=1)
        told = _instant_ms(now.shown, self.zone)
        if abs(ran_ms - (read_ms - first[1])) > SLACK_MS or told is None:
            if self._tries >= _TRIES:
                self._end_round(read_ms, is_read=False)
            return None
        self._end_round(read_ms, is_read=True)
        return told

    def _end_round(self, read_ms: int, *, is_read: bool) -> None:
        self.counts["read" if is_read else "unread"] += 1
        began_ms = read_ms if self._began_ms is None else self._began_ms
        self._first, self._tries, self._began_ms = None, 0, None
        self._failed = 0 if is_read else self._failed + 1
        rounds = 1
        if self._failed >= _FORGOTTEN and self.place is not None and not self._is_given:
            self.place, self._failed = None, 0
        if self._failed >= _PATIENT_ROUNDS and self.place is None:
            rounds = _SELDOM
        self._due_ms = began_ms + round(self.every_s * 1000 * rounds)


def found(
    parts: list[tuple[int, int, Image]], read: ReadLine, expected: datetime, shape: tuple[int, ...]
) -> _Found | None:
    """The first clock in some parts of a picture.

    Parameters
    ----------
    parts : list of (left, top, (h, w) array of uint8)
        Grey parts, and where they lie in the picture.
    read : callable
    expected : datetime
        What a right clock shows, without a zone.
    shape : (height, width, ...)
        Of the picture.
    """
    for x, y, grey in parts:
        for line in lines(grey)[:_MOST_LINES]:
            shown = agreed(grey, line, read, expected)
            if shown is not None:
                return _Found(shown, _around(line, x, y, shape))
    return None


def agreed(grey: Image, line: Line, read: ReadLine, expected: datetime) -> datetime | None:
    """The time that at least two ways of cleaning a line tell, if none tells another that could be."""
    votes: Counter[datetime] = Counter()
    for whole, digits in cleaned(grey, line):
        for image, is_digits in ((whole, False), (digits, False), (digits, True)):
            told = readings(read(image, is_digits))
            nearest = min(told, key=lambda one: abs(one - expected), default=None)
            if nearest is None:
                continue
            # Where month and day may be either way round, only a clock that is right to a day tells which.
            if abs(nearest - expected) <= (FURTHEST if len(told) == 1 else AMBIGUOUS):
                votes[nearest] += 1
        if len(votes) > 1:
            return None
    ((shown, number),) = votes.most_common(1) or [(expected, 0)]
    return shown if number >= _FEWEST_VOTES else None


def _around(line: Line, x: int, y: int, shape: tuple[int, ...]) -> Region:
    """The line with room for a longer weekday and for a sign that was not found, as a region."""
    height, width = shape[:2]
    left = max(0, x + line.left - 4 * line.height)
    right = min(width, x + line.left + line.width + 4 * line.height)
    top, bottom = max(0, y + line.top - line.height), min(height, y + line.top + 2 * line.height)
    return Region(left / width, top / height, (right - left) / width, (bottom - top) / height)


def _instant_ms(shown: datetime, zone: tzinfo) -> int | None:
    """Epoch milliseconds of a reading; None in the hour that a clock change skips or repeats."""
    early, late = (shown.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        return None
    return round(early.timestamp() * 1000)
