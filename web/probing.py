"""A probe that keeps watching a camera: pictures in, frames stored, words out."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from types import FrameType
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from cameras.diagnosis import Thresholds, is_clock_wrong
from cameras.frames import FrameBatch, ReadBatch
from cameras.frames.columns import LOST_EVENT, NO_TIME
from cameras.frames.times import epoch_ms
from cameras.frames.video import AccessRefused, Taking, is_stream, judged_video, shown
from cameras.onscreen import ClockReader
from cameras.picture import Watcher
from cameras.repository.stills import add_stills
from cameras.services.ingesting import KEPT_PROBLEMS
from cameras.services.probing import Probed, Watched, note_watched, store_frames
from cameras.stills import Stills
from cameras.stretches import MEASURES, Stretch, Stretches
from geo.db import transaction
from geo.errors import InputRefused, Sentence
from geo.scope import WHOLE_SITE
from web.maps.words import REASONS
from web.settings import current

#: Frames of a live stream are stored so often; as much may be lost when the machine dies.
STORED_EVERY_S: Final = 3.0
STORED_ROWS: Final = 1000
#: What a probe made is noted beside the deliveries of its source so often, and when something was refused.
NOTED_EVERY_S: Final = 60.0
#: Waits between two attempts to reach a stream, doubled each time.
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0

_WORDS: Final = {"": "in good order", **REASONS}
_DIGITS: Final = {"similarity": 3, "shift": 3}


@contextmanager
def stopped_by_signal() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending the program where it stands."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Probe:
    """One camera watched.

    Parameters
    ----------
    engine : Engine
    source : str
        File or address of the pictures.
    probed : Probed
    limits : Thresholds
    every_s : float
        One picture is judged every so many seconds.
    for_s : float
        Ends after so many seconds: of the recording, or of watching.
    stop : threading.Event
        Ends the probe soon after it is set.
    tell : callable
        Takes each sentence.
    clock : ClockReader, optional
        Reads the clock on the screen.
    stills : Stills, optional
        Keeps a small picture of each fault, where the site allows it.
    """

    engine: Engine
    source: str
    probed: Probed
    limits: Thresholds
    every_s: float
    for_s: float
    stop: threading.Event
    tell: Callable[[str], None]
    clock: ClockReader | None = None
    stills: Stills | None = None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("pictures", "new", "known", "refused", "reconnects"), 0)
    )
    stretches: list[Stretch] = field(default_factory=list)
    _told: Stretches = field(init=False)
    _watcher: Watcher = field(init=False)
    _waiting: list[FrameBatch] = field(default_factory=list)
    _stored_at: float = 0.0
    _begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    _problems: list[str] = field(default_factory=list)
    _newest_ms: int | None = None
    _noted: tuple[int, float] = (-1, 0.0)
    _offset_s: float | None = None
    _is_wrong: bool = False

    def __post_init__(self) -> None:
        self._told = Stretches(self.limits)
        self._watcher = Watcher(fixed=self.probed.fixed, limits=self.limits)

    def run(self) -> dict[str, Any]:
        """Watch until the recording ends, the time is over or somebody asks to stop; answers what was seen.

        Raises
        ------
        InputRefused
            For a recording that cannot be read, a stream of which no picture came at all, and one that takes
            neither name nor password before the first.
        """
        self._stored_at = time.monotonic()
        is_live = self.probed.options.begins is None and is_stream(self.source)
        try:
            if is_live:
                # Nobody listens to a stream while a line is read: beside it, then.
                with ThreadPoolExecutor(1) as readers:
                    if self.clock is not None:
                        self.clock.executor = readers
                    self._watch()
            else:
                self._read(
                    Taking(self.every_s, for_s=self.for_s, should_stop=self.stop.is_set, **self._lookers)
                )
        finally:
            # What was seen before it broke off is not thrown away.
            self._store(last=True)
        self._say(self._told.finish())
        if self.counts["refused"]:
            self.tell(f"{self.counts['refused']} pictures or packets were refused")
        if self.clock is not None and self._offset_s is None:
            self.tell("no clock was read on the screen")
        clock = {} if self.clock is None else {"clock": {**self.clock.counts, "offset_s": self._offset_s}}
        return {
            **self.counts,
            **clock,
            "states": [
                {
                    "state": one.reason or "fine",
                    "from": _iso(one.start_ms),
                    "until": _iso(one.end_ms),
                    "frames": one.frames,
                    **{name: round(value, 4) for name, value in one.measures.items()},
                }
                for one in self.stretches
            ],
        }

    def _watch(self) -> None:
        ends = time.monotonic() + self.for_s

        def is_over() -> bool:
            return self.stop.is_set() or time.monotonic() >= ends

        taking = Taking(self.every_s, clock=_now, should_stop=is_over, **self._lookers)
        wait_s = FIRST_WAIT_S
        is_lost = False
        while not is_over():
            before = self.counts["pictures"]
            why = "the stream ended or fell silent"
            try:
                self._read(taking)
                is_lost = True
            except AccessRefused as refused:
                # Cameras lock an account after a few wrong passwords, so nothing is tried again at once.
                if not self.counts["pictures"]:
                    raise
                why, wait_s = str(refused), LONGEST_WAIT_S
            except InputRefused as refused:
                why = str(refused)
            if is_over():
                break
            if self.counts["pictures"] > before:
                wait_s = FIRST_WAIT_S
            elif not is_lost:
                # Out of reach from the start: it is lost since now at the latest.
                self._take(ReadBatch(self._loss()))
                is_lost = True
            self._store()
            self.tell(f"{shown(self.source)}: {why}; tried again in {wait_s:g} s")
            self.stop.wait(min(wait_s, max(0.0, ends - time.monotonic())))
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)
            self.counts["reconnects"] += 1
        if not self.counts["pictures"] and not self.stop.is_set():
            raise InputRefused(
                Sentence(
                    "%(file)s: no picture came in %(seconds)s s; check address, password and network",
                    file=shown(self.source),
                    seconds=f"{self.for_s:g}",
                )
            )

    @property
    def _lookers(self) -> dict[str, Any]:
        return {"reader": self.clock, "keep": None if self.stills is None else self.stills.see}

    def _read(self, taking: Taking) -> None:
        for batch in judged_video(self.source, self.probed.options, self._watcher, taking):
            self._take(batch)

    def _take(self, batch: ReadBatch) -> None:
        for told in (*batch.notes, *batch.rejected[:5]):
            self.tell(str(told))
        self.counts["refused"] += len(batch.rejected)
        self._problems += [str(one) for one in batch.rejected[: KEPT_PROBLEMS - len(self._problems)]]
        if len(batch.frames):
            self._newest_ms = max(self._newest_ms or 0, int(batch.frames.captured_ms.max()))
        self.counts["pictures"] += int((batch.frames.event != LOST_EVENT).sum())
        self._waiting.append(batch.frames)
        rows = sum(map(len, self._waiting))
        if rows >= STORED_ROWS or time.monotonic() - self._stored_at >= STORED_EVERY_S:
            self._store()
        self._say(self._told.add(batch.frames))
        self._say_clock(batch.frames)

    def _store(self, *, last: bool = False) -> None:
        frames = FrameBatch.concatenate(self._waiting)
        refused, noted_at = self._noted
        is_news = refused != self.counts["refused"] or time.monotonic() - noted_at >= NOTED_EVERY_S
        if len(frames) or last:
            with transaction(self.engine, scope=WHOLE_SITE) as session:
                new = store_frames(session, frames)
                if is_news or last:
                    note_watched(session, self.probed, self._watched(len(frames)), now=_now())
                    self._noted = (self.counts["refused"], time.monotonic())
            self.counts["new"] += new
            self.counts["known"] += len(frames) - new
        # Only now: what is not stored stays, should the database be away.
        self._waiting = []
        self._stored_at = time.monotonic()

    def _watched(self, waiting: int) -> Watched:
        newest = None if self._newest_ms is None else datetime.fromtimestamp(self._newest_ms / 1000, UTC)
        return Watched(
            shown(self.source),
            self._begun,
            self.counts["new"] + self.counts["known"] + waiting,
            self.counts["refused"],
            tuple(self._problems),
            newest,
        )

    def _loss(self) -> FrameBatch:
        options = self.probed.options
        return FrameBatch.of(
            [options.camera or 0], [epoch_ms(_now())], source=options.source or 0, event=LOST_EVENT
        )

    def _say_clock(self, frames: FrameBatch) -> None:
        """What is new of the clock on the screen: its first reading, and whether it is wrong."""
        for at in np.flatnonzero(frames.osd_ms != NO_TIME):
            captured_ms = int(frames.captured_ms[at])
            offset_s = (int(frames.osd_ms[at]) - captured_ms) / 1000
            is_wrong = is_clock_wrong(offset_s, self._is_wrong, self.limits)
            if self._offset_s is None or is_wrong != self._is_wrong:
                when = _local(captured_ms, self.probed.options.zone)
                way = "ahead" if offset_s > 0 else "behind"
                said = f"wrong: {abs(offset_s):.0f} s {way}" if is_wrong else f"right ({offset_s:+.0f} s)"
                self.tell(f"{when}: the clock on the screen is {said}")
            self._offset_s, self._is_wrong = offset_s, is_wrong

    def _say(self, ended: list[Stretch]) -> None:
        for one in ended:
            self.tell(described(one, self.probed.options.zone))
        self.stretches = [*self.stretches, *ended][-1000:]
        if self.stills is not None:
            now = self._told.current
            found = self.stills.of([*ended, now] if now is not None else ended)
            if found:
                with transaction(self.engine, scope=WHOLE_SITE) as session:
                    # A probe runs for weeks, and the site may have thought better of it since.
                    if current(session)["files.stills"] != "on":
                        return
                    add_stills(session, self.probed.options.camera or 0, found)


def described(one: Stretch, zone: tzinfo) -> str:
    """A stretch in words: when, what, and the means of its measures."""
    start, end = (_local(ms, zone) for ms in (one.start_ms, one.end_ms))
    if one.reason == "lost":
        return f"{start}: signal lost"
    values = ", ".join(
        f"{name} {one.measures[name]:.{_DIGITS.get(name, 1)}f}" for name in MEASURES if name in one.measures
    )
    until = end[11:] if end[:10] == start[:10] else end
    return f"{start} to {until}: {_WORDS[one.reason]} ({one.frames} pictures; {values})"


def _local(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def _now() -> datetime:
    return datetime.now(UTC)
