"""Frames from the pictures of a video file or a live stream: decoded with PyAV, judged by `cameras.picture`.

`cv2.VideoCapture` is not used: of an interlaced stream it hands out one picture again and again as if all
were good (DOMAIN §3), and a camera that works would be called frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cameras.frames.columns import Int64Array, ReadBatch, ReadOptions, Rejected
from cameras.frames.times import epoch_ms
from cameras.frames.validate import validated
from cameras.onscreen import ClockReader
from cameras.picture import Image, Measures, Watcher
from geo.errors import InputRefused, Sentence

#: A decoded stream without frames for so long has lost its signal (DOMAIN §5).
LOST_AFTER_S: Final = 5.0
#: How long a source may take to answer before it counts as out of reach.
OPEN_WITHIN_S: Final = 10.0
#: What may be watched. A stream names no file of this machine: see `_LIVE_OPTIONS`.
SCHEMES: Final = ("rtsp", "rtsps", "http", "https", "rtmp", "udp", "tcp")
#: 8K has 33 million; a broken file may claim any number.
MOST_PIXELS: Final = 40_000_000

_FILE_OPTIONS: Final = {"protocol_whitelist": "file"}
# Over UDP a full line loses packets, and a picture with holes is not what the camera saw.
_LIVE_OPTIONS: Final = {
    "protocol_whitelist": "rtsp,rtsps,rtp,srtp,http,https,rtmp,udp,tcp,tls,httpproxy",
    "rtsp_transport": "tcp",
}
# A year; no recording is longer, so a time beyond it is none.
_LONGEST_MS: Final = 366 * 86_400_000
_USUAL_RATE: Final = 25
# Pictures of a file in one block; a live stream gives each as it comes.
_BLOCK: Final = 64
_MEASURES: Final = ("luma", "contrast", "sharpness", "similarity", "noise", "cast", "shift")


class AccessRefused(InputRefused):
    """A camera or server that wants another name and password."""


@dataclass(frozen=True)
class Taking:
    """How pictures are taken from a video.

    Parameters
    ----------
    every_s : float
        One picture is judged every so many seconds; above 0.
    clock : callable, optional
        The time now, timezone-aware. Given for a live stream: its pictures were taken when they come, and
        each is handed on at once. Without it pictures were taken at `ReadOptions.begins` + their time in
        the video.
    for_s : float
        Pictures later than so many seconds after the first are not taken.
    should_stop : callable, optional
        Asked between packets.
    reader : ClockReader, optional
        Reads the clock on the screen from judged pictures. Give the same one again after a stream broke off.
    keep : callable, optional
        Is shown each judged picture (blue, green, red) and when it was taken, epoch milliseconds.
    """

    every_s: float = 1.0
    clock: Callable[[], datetime] | None = None
    for_s: float = float("inf")
    should_stop: Callable[[], bool] = field(default=lambda: False)
    reader: ClockReader | None = None
    keep: Callable[[int, Image], None] | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.every_s < float("inf"):
            raise InputRefused(
                Sentence(
                    "pictures every %(seconds)s s cannot be judged; give seconds above 0, such as 1",
                    seconds=self.every_s,
                )
            )


def is_stream(source: str) -> bool:
    """Whether a source is an address, not a file."""
    return "://" in source


def shown(source: str) -> str:
    """A source as it may be printed: without the name, password and question that an address may carry."""
    if not is_stream(source):
        return Path(source).name
    scheme, _, rest = source.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def judged_video(
    source: str, options: ReadOptions, watcher: Watcher, taking: Taking | None = None
) -> Iterator[ReadBatch]:
    """Frames with measures from the pictures of a video, in their order.

    Parameters
    ----------
    source : str
        Path of a file in any form that FFmpeg decodes, or an address (`SCHEMES`).
    options : ReadOptions
        With `camera` and, where no clock is given, `begins`.
    watcher : Watcher
        Remembers the picture before and the scene. Give the same one again after a stream broke off.
    taking : Taking, optional

    Yields
    ------
    ReadBatch
        Rows in the order of time. After `LOST_AFTER_S` without a picture there is a loss event at the
        millisecond after the last one: the signal was lost from then on, though known only later. Where a
        live stream ends, or is silent for that long, such an event ends it. Packets that cannot be decoded
        are kept aside with their reason.

    Raises
    ------
    InputRefused
        For a file or stream that cannot be opened (`AccessRefused` where name and password are not taken),
        has no video, or of which no picture can be decoded.
    """
    rules = taking or Taking()
    if rules.clock is None and options.begins is None:
        raise InputRefused(
            Sentence(
                "%(file)s: a video does not tell when it was taken; say when it began (--begins)",
                file=shown(source),
            )
        )
    with _opened(source) as container:
        yield from _Run(source, container, options, watcher, rules).batches()


def _opened(source: str) -> Any:
    if is_stream(source):
        scheme = source.partition("://")[0].lower()
        if scheme not in SCHEMES:
            raise InputRefused(
                Sentence(
                    "%(address)s: addresses of kind '%(scheme)s' are not read; give one of %(known)s",
                    address=shown(source),
                    scheme=scheme,
                    known=", ".join(SCHEMES),
                )
            )
        address, settings = source, _LIVE_OPTIONS
    else:
        # "file:" keeps a name such as "concat:…" from being read as an order to FFmpeg.
        address, settings = f"file:{Path(source).absolute()}", _FILE_OPTIONS
    try:
        return av.open(address, options=dict(settings), timeout=(OPEN_WITHIN_S, LOST_AFTER_S))
    except (av.HTTPUnauthorizedError, av.HTTPForbiddenError) as error:
        raise AccessRefused(
            Sentence(
                "%(file)s: name and password are not taken (%(why)s); correct them in the address, such as "
                "rtsp://name:password@host/path",
                file=shown(source),
                why=_why(error),
            )
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s: cannot be read as a video (%(why)s); give a file such as .ts or .mp4, or an "
                "address such as rtsp://host/path",
                file=shown(source),
                why=_why(error),
            )
        ) from error


def _why(error: Exception) -> str:
    """What FFmpeg says, without the address, which may hold a password."""
    return getattr(error, "strerror", None) or type(error).__name__


class _Run:
    """One pass over an opened video."""

    def __init__(
        self, source: str, container: Any, options: ReadOptions, watcher: Watcher, rules: Taking
    ) -> None:
        self.source = source
        self.container = container
        self.options = options
        self.watcher = watcher
        self.rules = rules
        self.rows: list[dict[str, Any]] = []
        self.rejected: list[Rejected] = []
        self.notes: list[str] = []
        self.number = 0
        self.packets = 0
        self.pictures = 0
        self.last_ms: int | None = None
        # Since when a live stream is listened to, or when its last picture came.
        self.heard_ms = 0 if rules.clock is None else epoch_ms(rules.clock())
        self.due_ms: int | None = None
        # What is added to the times in the video, where they jump back.
        self.ahead_ms = 0
        # Whether it was left off before its end.
        self.is_over = False

    def batches(self) -> Iterator[ReadBatch]:
        stream = self._stream()
        first_ms: int | None = None
        for frame in self._decoded(stream):
            if frame is None:
                if len(self.rejected) >= _BLOCK:
                    yield self._block()
                continue
            self.pictures += 1
            at_ms = self._time_ms(frame, stream)
            first_ms = at_ms if first_ms is None else first_ms
            if at_ms - first_ms > self.rules.for_s * 1000:
                self.is_over = True
                break
            since_ms = self.last_ms if self.rules.clock is None else self.heard_ms
            if self.last_ms is not None and since_ms is not None and at_ms - since_ms > LOST_AFTER_S * 1000:
                self._lost(self.last_ms)
            self.last_ms = self.heard_ms = at_ms
            if self.due_ms is None or at_ms >= self.due_ms:
                self._judge(frame, at_ms)
            if self.rows and (self.rules.clock or len(self.rows) >= _BLOCK):
                yield self._block()
                if self.rules.clock is not None:
                    # While the caller was busy, nobody listened: that is no silence of the camera.
                    self.heard_ms = epoch_ms(self.rules.clock())
        self.is_over |= self.rules.should_stop()
        if not self.pictures and not self.is_over:
            told = "".join(f" ({one.reason})" for one in self.rejected[-1:])
            raise InputRefused(
                Sentence(
                    "%(file)s: no picture can be decoded%(why)s; give a video that plays",
                    file=shown(self.source),
                    why=told,
                )
            )
        if self.rules.clock and self.last_ms is not None and not self.is_over:
            self._lost(self.last_ms)
        if self.rows or self.rejected or self.notes:
            yield self._block()

    def _stream(self) -> Any:
        for stream in self.container.streams.video:
            # Without a context nobody here knows how it is coded; a picture for a sleeve is no video.
            if stream.codec_context and not stream.disposition & av.stream.Disposition.attached_pic:
                stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
                # Threads by picture would hold back as many pictures of a live stream as there are threads.
                stream.thread_type = "SLICE" if self.rules.clock else "AUTO"
                return stream
        raise InputRefused(
            Sentence(
                "%(file)s: there are no pictures in it that can be decoded; give a video",
                file=shown(self.source),
            )
        )

    def _decoded(self, stream: Any) -> Iterator[Any]:
        """Pictures in the order in which they are shown; None for a packet that cannot be decoded."""
        packets = self.container.demux(stream)
        while not self.rules.should_stop():
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                # A stream that is silent for too long ends here as well.
                self._keep_aside(Sentence("the video breaks off (%(why)s)", why=_why(error)))
                return
            # What a silent stream had kept back is handed out when it is given up: that is no new picture.
            if packet is None or self._is_mute() or (self.rules.clock is not None and not packet.size):
                return
            self.packets += 1
            try:
                frames = packet.decode()
            except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
                self._keep_aside(Sentence("cannot be decoded (%(why)s)", why=_why(error)))
                frames = [None]
            yield from frames

    def _is_mute(self) -> bool:
        """Whether packets of a live stream come, and no picture has come out of them for too long."""
        if self.rules.clock is None:
            return False
        return epoch_ms(self.rules.clock()) - self.heard_ms > LOST_AFTER_S * 1000

    def _time_ms(self, frame: Any, stream: Any) -> int:
        if self.rules.clock is not None:
            return epoch_ms(self.rules.clock())
        assert self.options.begins is not None
        began = epoch_ms(self.options.begins)
        # Microseconds at which the first of its streams begins.
        start = self.container.start_time or 0
        into_ms = None if frame.time is None else round(frame.time * 1000 - start / 1000)
        step = max(1, round(1000 / float(stream.guessed_rate or _USUAL_RATE)))
        if into_ms is None or not 0 <= into_ms <= _LONGEST_MS:
            # A raw stream has no times, a broken one any: its pictures come as fast as its head says.
            return began if self.last_ms is None else self.last_ms + step
        at_ms = began + into_ms + self.ahead_ms
        if self.last_ms is not None and at_ms < self.last_ms:
            # Recordings joined end to end, or a counter that ran over: time goes on.
            self.ahead_ms += self.last_ms + step - at_ms
            at_ms = self.last_ms + step
            self._note(Sentence("times in the video jump back; they are taken as going on"))
        return at_ms

    def _judge(self, frame: Any, at_ms: int) -> None:
        try:
            picture: Image = frame.reformat(format="bgr24", threads=1).to_ndarray()
        except (av.FFmpegError, ValueError, MemoryError) as error:
            self._keep_aside(Sentence("cannot be decoded (%(why)s)", why=_why(error)))
            return
        # Of an interlaced picture the one field: both together show what moves twice, as a comb.
        line_px = 2 if frame.interlaced_frame and len(picture) > 1 else 1
        found = self.watcher.measures(np.ascontiguousarray(picture[::line_px]), line_px=line_px)
        if self.rules.keep is not None:
            self.rules.keep(at_ms, picture)
        self._row(at_ms, frame.width, frame.height, found, self._on_screen(picture, at_ms))
        step = max(1, round(self.rules.every_s * 1000))
        due = at_ms if self.due_ms is None else self.due_ms
        # In step with the first picture; after a gap not every one that was missed is made up for.
        self.due_ms = due + step * ((at_ms - due) // step + 1)

    def _on_screen(self, picture: Image, at_ms: int) -> int | None:
        reader = self.rules.reader
        if reader is None or reader.problem is not None:
            return None
        # The whole picture, not one field: the clock does not move.
        shown = reader.look(picture, at_ms)
        if reader.problem is not None:
            self._note(reader.problem)
        return shown

    def _row(self, at_ms: int, width: float, height: float, found: Measures, osd_ms: int | None) -> None:
        self.number += 1
        row = {
            "number": self.number,
            "captured_ms": at_ms,
            "width_px": width,
            "height_px": height,
            "event": "",
            "osd_ms": osd_ms,
        }
        self.rows.append(row | {name: getattr(found, name) for name in _MEASURES})

    def _lost(self, last_ms: int) -> None:
        self.number += 1
        empty = dict.fromkeys(("width_px", "height_px", *_MEASURES), np.nan)
        self.rows.append(
            {"number": self.number, "captured_ms": last_ms + 1, "event": "lost", "osd_ms": None, **empty}
        )

    def _keep_aside(self, reason: Sentence) -> None:
        self.rejected.append(Rejected(self.packets, "", "", reason, "packet"))

    def _note(self, note: Sentence) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _block(self) -> ReadBatch:
        rows, self.rows = self.rows, []
        rejected, self.rejected = self.rejected, []
        notes, self.notes = self.notes, []
        lines: Int64Array = np.array([row["number"] for row in rows], dtype=np.int64)
        moments = pa.array([row["captured_ms"] for row in rows], pa.timestamp("ms", tz="UTC"))
        raw = {
            "captured_at": moments,
            "event": pa.array([row["event"] for row in rows], pa.string()),
            "osd_at": pa.array([row["osd_ms"] for row in rows], pa.timestamp("ms", tz="UTC")),
            **{
                name: pa.array(_column(rows, name), from_pandas=True)
                for name in ("width_px", "height_px", *_MEASURES)
            },
        }
        # A stream may be watched for weeks: what is too late to be true is asked against now.
        clock = self.rules.clock
        options = self.options if clock is None else replace(self.options, now=clock())
        return validated(raw, lines, options, rejected=rejected, notes=notes, unit="picture")


def _column(rows: list[dict[str, Any]], name: str) -> NDArray[np.float64]:
    return np.array([row[name] for row in rows], dtype=np.float64)
