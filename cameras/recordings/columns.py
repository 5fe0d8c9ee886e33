"""What lists of recordings say, as arrays, and what their readers must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cameras.frames.columns import Int64Array, Rejected
from cameras.frames.times import epoch_ms

#: Columns of a CSV of recordings; the last one may be missing.
COLUMNS: Final = ("camera", "start", "end", "kind")
REQUIRED: Final = COLUMNS[:3]


@dataclass(frozen=True)
class ListOptions:
    """What a reader of lists must be told, for it looks up no camera, no clock and no setting itself.

    Parameters
    ----------
    cameras : mapping of str to int
        Camera id by code.
    zone : tzinfo
        The zone in which a time without one is read.
    seen_at : datetime
        Timezone-aware; when the lists said what they say. Nothing can have been recorded later.
    since, until : datetime, optional
        Timezone-aware; for which time the lists were asked, where they do not say so themselves. Without an
        end, until they were seen.
    block_bytes, max_line_bytes : int
        How much of a file is held at a time, and the longest line allowed.
    """

    cameras: Mapping[str, int]
    zone: tzinfo
    seen_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    block_bytes: int = 8_000_000
    max_line_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        for name in ("seen_at", "since", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} {moment} has no time zone; give a timezone-aware time")
        if self.until is not None and self.since is None:
            raise ValueError(f"until {self.until} stands without a beginning; give both")
        if self.since is not None and self.since >= (self.until or self.seen_at):
            raise ValueError(f"the asked time from {self.since} is empty; give an end after it")

    @property
    def asked(self) -> tuple[int, int] | None:
        """The asked time in epoch milliseconds, half-open, up to when the lists were seen."""
        if self.since is None:
            return None
        return bounded(epoch_ms(self.since), epoch_ms(self.until or self.seen_at), self.seen_ms)

    @property
    def seen_ms(self) -> int:
        """When the lists were seen, epoch milliseconds."""
        return epoch_ms(self.seen_at)

    @property
    def latest_ms(self) -> int:
        """Times later than this one, epoch milliseconds, are refused: that clock is not to be believed."""
        return epoch_ms(self.seen_at + timedelta(days=1))


def bounded(start_ms: int, end_ms: int, seen_ms: int) -> tuple[int, int] | None:
    """An asked time as far as it was over when the answer came; None where nothing of it was."""
    return (start_ms, min(end_ms, seen_ms)) if start_ms < min(end_ms, seen_ms) else None


@dataclass(frozen=True)
class Answer:
    """One list: the answer, in however many messages, to one question.

    Parameters
    ----------
    number : int
        Which of the file, from 0.
    cameras : tuple of int
        Cameras that the answer itself is about, beside those that its recordings name.
    asked : tuple of int, optional
        The time asked for, epoch milliseconds, half-open; None where nothing states it.
    complete : bool
        All came that it says it has; of one that is not, nobody knows what else is there.
    """

    number: int
    cameras: tuple[int, ...] = ()
    asked: tuple[int, int] | None = None
    complete: bool = True


@dataclass(frozen=True, eq=False)
class ListBatch:
    """What a stretch of a file gave.

    Parameters
    ----------
    camera, start_ms, end_ms : (n,) arrays of int64
        Recorded periods, half-open, epoch milliseconds; none is empty or ends after the list was seen.
    kind : (n,) array of int16
        Place in `KINDS`.
    answer : (n,) array of int32
        Number of the answer that lists it.
    answers : tuple of Answer
        All of the file, in its last batch.
    rejected : tuple of Rejected
        Recordings that cannot be taken.
    unjudged : (k,) array of int32
        The answers that recordings belong to which cannot be taken.
    notes : tuple of str
        Remarks, made once a file.
    """

    camera: Int64Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    start_ms: Int64Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    end_ms: Int64Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    kind: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    answer: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    answers: tuple[Answer, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    unjudged: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.camera)
