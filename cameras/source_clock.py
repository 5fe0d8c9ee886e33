"""What the times of a source's deliveries say of its clock.

A batch arrives after its newest frame was captured, by some delay that is never negative. By the clock of
the source it arrives *delay - offset* later, the offset being how far that clock runs ahead. So the least of
these lags bounds the offset from below, whatever the delays are: offset >= -least lag. A clock that runs
behind looks like a delivery that is late, and no lag alone can tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Two clocks that are set over a network, and the second in which a batch is sent.
SLACK_S: Final = 5.0
#: So many batches, none of which came in time, are more than a bad connection.
FEWEST: Final = 10
UNKNOWN, FINE, AHEAD, LATE = "unknown", "fine", "ahead", "late"


@dataclass(frozen=True)
class SourceClock:
    """What is known of a source's clock.

    Parameters
    ----------
    state : str
        unknown (too few batches), fine, ahead (for certain), late (behind, or its batches are held back).
    offset_s : float
        By how much at least it is ahead, or by how much at least all of its batches were late; else 0.
    spread_s : float
        How far the lags of the batches lie apart: the offset is known no better.
    """

    state: str
    offset_s: float = 0.0
    spread_s: float = 0.0


def source_clock(batches: int, least_s: float, greatest_s: float, patience_s: float) -> SourceClock:
    """What the lags of a source's batches say of its clock.

    Parameters
    ----------
    batches : int
    least_s, greatest_s : float
        Seconds from the newest frame of a batch, by its own clock, to its arrival by ours.
    patience_s : float
        How long a frame of the source counts; one that comes no later is in time.
    """
    if not batches:
        return SourceClock(UNKNOWN)
    spread_s = greatest_s - least_s
    if least_s < -SLACK_S:
        return SourceClock(AHEAD, -least_s, spread_s)
    if batches < FEWEST:
        return SourceClock(UNKNOWN, 0.0, spread_s)
    if least_s > patience_s + SLACK_S:
        return SourceClock(LATE, least_s, spread_s)
    return SourceClock(FINE, 0.0, spread_s)
