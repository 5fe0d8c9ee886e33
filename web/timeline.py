"""Strips of periods on one axis of time, as ``components/timeline.html`` draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from web.i18n import Translator

THINNEST = 0.0012
"""Share of the axis below which a period would not be seen."""
STEPS_MIN = (15, 30, 60, 120, 180, 360, 720, 1440)
MOST_TICKS = 13


@dataclass(frozen=True)
class Period:
    """A half-open period of a line.

    Parameters
    ----------
    start, end : datetime
    title : str
        What it is, in the reader's language; said with its times.
    tone : str
        good, warn, bad, info or quiet; or `colour`, which goes before it.
    text : str
        Something short drawn into it, in `ink`.
    """

    start: datetime
    end: datetime
    title: str
    tone: str = "quiet"
    colour: str = ""
    text: str = ""
    ink: str = "#ffffff"


@dataclass(frozen=True)
class Line:
    """One strip: its name, where that leads, its periods."""

    label: str
    periods: Sequence[Period]
    href: str = ""


@dataclass(frozen=True)
class Tick:
    """A mark on the axis; minor ones are left out on a phone."""

    percent: float
    words: str
    minor: bool


@dataclass(frozen=True)
class Timeline:
    """Lines over `[start, end)`."""

    start: datetime
    end: datetime
    lines: Sequence[Line]

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a time line from {self.start} to {self.end} has no length")

    def bars(self, line: Line) -> Iterator[tuple[float, float, Period]]:
        """Left end and width, in per cent of the axis, of the periods of a line that lie on it."""
        for period in line.periods:
            if period.end <= self.start or period.start >= self.end:
                continue
            left = max(0.0, self._share(period.start))
            width = max(THINNEST, min(1.0, self._share(period.end)) - left)
            yield round(100 * left, 3), round(100 * width, 3), period

    def ticks(self, t: Translator) -> list[Tick]:
        """Marks at whole steps of local time, at most `MOST_TICKS`; every second one is minor."""
        minutes = (self.end - self.start) / timedelta(minutes=1)
        step = next((one for one in STEPS_MIN if minutes / one <= MOST_TICKS - 1), STEPS_MIN[-1])
        local = self.start.astimezone(t.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        made = []
        number = -(-(local - midnight) // timedelta(minutes=step))
        while (at := midnight + timedelta(minutes=step) * number) <= self.end:
            words = "24:00" if at == self.end and at.hour == at.minute == 0 else f"{at:%H:%M}"
            made.append(Tick(round(100 * self._share(at), 3), words, number % 2 == 1))
            number += 1
        return made

    def _share(self, moment: datetime) -> float:
        return (moment - self.start) / (self.end - self.start)
