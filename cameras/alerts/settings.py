"""What counts as usually watched, and which losses are told."""

from __future__ import annotations

from dataclasses import dataclass

from cameras.causes import CAUSES, REPAIR, UNMEASURED

#: Causes that come and go: what is broken, and what nobody measures. The others lie in records and walls.
PASSING = tuple(cause.name for cause in CAUSES if cause.list is REPAIR or cause.rank == UNMEASURED)


@dataclass(frozen=True)
class AlertSettings:
    """When ground counts as usually watched.

    Parameters
    ----------
    window_min : int
        How much of the time before now is looked at, minutes: a loss shows once it fills so much of it that
        a slot of that length would be open.
    silence_min : int
        Ground that a silent source leaves unmeasured is told after so many minutes without a word of it:
        gateways hand in by the batch.
    days : int
        How many days before today are looked at, at the same time of day.
    fewest_days : int
        So many of them must have been analysed at that time; with fewer nothing is told.
    open_share : float
        Ground that was open on at most this share of them is usually watched.
    """

    window_min: int = 1
    silence_min: int = 10
    days: int = 14
    fewest_days: int = 3
    open_share: float = 0.2

    def __post_init__(self) -> None:
        if not 1 <= self.window_min <= 240:
            raise ValueError(f"window_min {self.window_min} min; give 1 to 240")
        if not 0 <= self.silence_min <= 240:
            raise ValueError(f"silence_min {self.silence_min} min; give 0 to 240")
        if not 1 <= self.fewest_days <= 366 or not 1 <= self.days <= 366:
            raise ValueError(f"{self.days} days, {self.fewest_days} at least; give 1 to 366 of each")
        if not 0 <= self.open_share < 1:
            raise ValueError(f"open_share {self.open_share}; give a share of at least 0 and below 1")
