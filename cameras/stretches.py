"""What the frames of one camera were, stretch by stretch, while they are still coming in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cameras.diagnosis import LOST, REASONS, Thresholds, diagnose
from cameras.frames.columns import LOST_EVENT, FrameBatch

MEASURES: Final = ("luma", "contrast", "sharpness", "similarity", "noise", "cast", "shift")
# A state that lasts longer than this is judged anew from its last frames, so that they do not pile up.
_MOST_ROWS: Final = 20_000
_KEPT_ROWS: Final = 2_000


@dataclass(frozen=True)
class Stretch:
    """Frames one after another that are called the same.

    Parameters
    ----------
    reason : str
        Of `cameras.diagnosis.REASONS`; "" for pictures in good order, "lost" for a loss event.
    start_ms, end_ms : int
        Epoch milliseconds of its first and last frame.
    frames : int
    measures : dict of str to float
        Mean of each measure that some of its frames have.
    """

    reason: str
    start_ms: int
    end_ms: int
    frames: int
    measures: dict[str, float]


class Stretches:
    """Takes frames of one camera and source in the order of time, and gives its stretches as they end."""

    def __init__(self, limits: Thresholds | None = None) -> None:
        self.limits = Thresholds() if limits is None else limits
        self._held = FrameBatch.of([], [])
        # How many of those held stand in a stretch already.
        self._placed = 0
        self._open: _Open | None = None

    def add(self, frames: FrameBatch) -> list[Stretch]:
        """The stretches that have ended with these frames.

        The newest frames wait: they may yet turn out to be the beginning of a frozen picture.
        """
        self._held = FrameBatch.concatenate([self._held, frames])
        return self._place(max(self._placed, len(self._held) - self.limits.frozen_frames + 1))

    @property
    def current(self) -> Stretch | None:
        """The stretch that goes on, as far as it is known by now."""
        return None if self._open is None else self._open.stretch()

    def finish(self) -> list[Stretch]:
        """The stretches that are left when no more frames come."""
        ended = self._place(len(self._held))
        if self._open is not None:
            ended.append(self._open.stretch())
            self._open = None
        return ended

    def _place(self, until: int) -> list[Stretch]:
        codes = diagnose(self._held, self.limits)[1]
        codes[self._held.event == LOST_EVENT] = LOST
        ended = []
        for row in range(self._placed, until):
            reason = REASONS[codes[row]]
            if self._open is not None and self._open.reason != reason:
                ended.append(self._open.stretch())
                self._open = None
            if self._open is None:
                self._open = _Open(reason)
            self._open.take(self._held, row)
        self._placed = until
        # What comes after a picture in good order does not hang on what came before it.
        fine = np.flatnonzero(codes[:until] == 0)
        cut = int(fine[-1]) if len(fine) else 0
        if until - cut > _MOST_ROWS:
            cut = until - _KEPT_ROWS
        self._held = self._held.take(slice(cut, None))
        self._placed -= cut
        return ended


class _Open:
    """A stretch that goes on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.times: list[int] = []
        self.count = 0
        self.sums = np.zeros(len(MEASURES))
        self.measured = np.zeros(len(MEASURES), dtype=np.int64)

    def take(self, frames: FrameBatch, row: int) -> None:
        self.count += 1
        self.times = [*self.times[:1], int(frames.captured_ms[row])]
        values = np.array([getattr(frames, name)[row] for name in MEASURES])
        known = np.isfinite(values)
        self.sums[known] += values[known]
        self.measured += known

    def stretch(self) -> Stretch:
        means = {
            name: float(total / number)
            for name, total, number in zip(MEASURES, self.sums, self.measured, strict=True)
            if number
        }
        return Stretch(self.reason, self.times[0], self.times[-1], self.count, means)
